#!/usr/bin/env python3
"""ResNet-20 for CIFAR-10 in eager PyTorch, from the bytes of images to the classes, as a worker of bench_peers.py.

The model is a safetensors file as Binade reads it (shortcut A), the data a folder with test_batch.bin.
"""
import argparse
import json
import pathlib
import struct

import numpy
import torch
from torch import nn
from torch.nn import functional

from sampling import seconds_of, serve

BATCHES = (64, 128, 256)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.added = stride, outputs - inputs

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.stride != 1:
            # Shortcut A: every other pixel, half of the new channels on each side.
            half = self.added // 2
            x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, half, half))
        return functional.relu(x + y)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self.stage(16, 16, 1)
        self.layer2 = self.stage(16, 32, 2)
        self.layer3 = self.stage(32, 64, 2)
        self.linear = nn.Linear(64, 10)

    @staticmethod
    def stage(inputs, outputs, stride):
        return nn.Sequential(
            Block(inputs, outputs, stride), Block(outputs, outputs, 1), Block(outputs, outputs, 1)
        )

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean(dim=(2, 3)))


def load(path):
    """Tensors and metadata of a safetensors file."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    types = {"F32": numpy.float32, "I64": numpy.int64}
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        array = numpy.frombuffer(data[start:end], dtype=types[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    return tensors, metadata


def images_and_labels(folder, limit):
    records = numpy.fromfile(pathlib.Path(folder) / "test_batch.bin", dtype=numpy.uint8).reshape(-1, 3073)[:limit]
    images = torch.from_numpy(records[:, 1:].copy()).reshape(-1, 3, 32, 32)
    return images, torch.from_numpy(records[:, 0].astype(numpy.int64))


class Classifier:
    """The network with its normalization, run over all images in batches."""

    def __init__(self, options):
        tensors, metadata = load(options.model)
        self.network = ResNet20().eval()
        self.network.load_state_dict(tensors)
        self.mean, self.deviation = (
            torch.tensor([float(x) for x in metadata[key].split(",")]).reshape(1, 3, 1, 1) for key in ("mean", "std")
        )
        self.images, self.labels = images_and_labels(options.data, options.limit)

    def right_count(self, batch, memory_format):
        right = 0
        for first in range(0, len(self.images), batch):
            pixels = self.images[first : first + batch].to(torch.float32) / 255
            inputs = ((pixels - self.mean) / self.deviation).to(memory_format=memory_format)
            right += int((self.network(inputs).argmax(1) == self.labels[first : first + batch]).sum())
        return right

    def use(self, memory_format):
        self.network = self.network.to(memory_format=memory_format)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.05)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with torch.inference_mode():
        classifier = Classifier(options)
        trials = []
        for layout in (torch.contiguous_format, torch.channels_last):
            classifier.use(layout)
            for batch in BATCHES:
                classifier.right_count(batch, layout)
                trials.append((seconds_of(lambda: classifier.right_count(batch, layout), 1), batch, layout))
        _, batch, layout = min(trials, key=lambda trial: trial[0])
        classifier.use(layout)
        name = "channels_last" if layout == torch.channels_last else "NCHW"
        description = {
            "name": f"PyTorch {torch.__version__.split('+')[0]}", "kernel": f"batch {batch}, {name}",
            "workCount": len(classifier.images), "unit": "images",
            "facts": {"top1Count": classifier.right_count(batch, layout)},
        }
        serve(lambda: classifier.right_count(batch, layout), description, options.seconds)


if __name__ == "__main__":
    main()
