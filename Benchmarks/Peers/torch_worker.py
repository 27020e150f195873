#!/usr/bin/env python3
"""PyTorch's products and convolutions as workers of bench_peers.py; the protocol is in sampling.py."""
import argparse
import warnings

import torch

from sampling import serve


def product(options, dtype):
    m, k, n = options.sizes
    a, b = torch.randn(m, k).to(dtype), torch.randn(k, n).to(dtype)
    c = torch.empty(m, n, dtype=dtype)
    return (lambda: torch.mm(a, b, out=c)), m * k * n


def quantized_product(options, engine):
    """A linear layer with prepacked int8 weights, bytes in and bytes out: a product and its requantization."""
    torch.backends.quantized.engine = engine
    m, k, n = options.sizes
    # Weights of m rows and activations of n columns, as Binade's product has them.
    scales = torch.full((m,), 0.03)
    weights = torch.quantize_per_channel(torch.randn(m, k), scales, torch.zeros(m, dtype=torch.long), 0, torch.qint8)
    activations = torch.quantize_per_tensor(torch.randn(n, k), 0.03, 128, torch.quint8)
    packed = torch.ops.quantized.linear_prepack(weights, None)
    return (lambda: torch.ops.quantized.linear(activations, packed, 1.0, 128)), m * k * n


def convolution(options, memory_format):
    """Sizes: batch, channels, height, width, outputs, kernel."""
    batch, channels, height, width, outputs, kernel = options.sizes
    images = torch.randn(batch, channels, height, width).to(memory_format=memory_format)
    weights = torch.randn(outputs, channels, kernel, kernel).to(memory_format=memory_format)
    padding = kernel // 2
    count = batch * outputs * height * width * channels * kernel * kernel
    return (lambda: torch.nn.functional.conv2d(images, weights, padding=padding)), count


KINDS = {
    "float32": lambda options: product(options, torch.float32),
    "bfloat16": lambda options: product(options, torch.bfloat16),
    "int8-fbgemm": lambda options: quantized_product(options, "fbgemm"),
    "int8-onednn": lambda options: quantized_product(options, "onednn"),
    "conv-nchw": lambda options: convolution(options, torch.contiguous_format),
    "conv-channels-last": lambda options: convolution(options, torch.channels_last),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("sizes", type=int, nargs="+", help="rows depth columns; of a convolution six sizes")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.05)
    options = parser.parse_args()
    # PyTorch announces that its quantized tensors will move to another package.
    warnings.filterwarnings("ignore")
    torch.set_num_threads(options.threads)
    with torch.inference_mode():
        run, count = KINDS[options.kind](options)
        version = torch.__version__.split("+")[0]
        description = {
            "name": f"PyTorch {version}", "kernel": options.kind, "workCount": count, "unit": "multiplyAccumulates",
        }
        serve(run, description, options.seconds)


main()
