#!/usr/bin/env python3
"""A training step of ResNet-20 in PyTorch, as a worker of bench_peers.py: forward, loss, backward, SGD with Nesterov momentum."""
import argparse

import torch
from torch.nn import functional

from resnet20_torch import ResNet20
from sampling import serve

KINDS = ("eager", "channels-last", "compile", "bfloat16", "bfloat16-channels-last")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.05)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    layout = torch.channels_last if "channels-last" in options.kind else torch.contiguous_format
    network = ResNet20().train().to(memory_format=layout)
    images = torch.randn(options.batch, 3, 32, 32).to(memory_format=layout)
    labels = torch.arange(options.batch) % 10
    optimizer = torch.optim.SGD(network.parameters(), 1e-6, 0.9, nesterov=True, weight_decay=5e-4)
    forward = torch.compile(network) if options.kind == "compile" else network

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled="bfloat16" in options.kind):
            loss = functional.cross_entropy(forward(images), labels)
        loss.backward()
        optimizer.step()

    description = {
        "name": f"PyTorch {torch.__version__.split('+')[0]}", "kernel": options.kind, "workCount": options.batch,
        "unit": "images",
    }
    serve(step, description, options.seconds)


main()
