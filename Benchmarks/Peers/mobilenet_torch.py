#!/usr/bin/env python3
"""Print PyTorch's logits of small MobileNets whose weights and images follow from a formula, for MobileNetTests.

  python3 Benchmarks/Peers/mobilenet_torch.py

Parameters have the names of torchvision's mobilenet_v2 and of timm's mobilenetv1_100.
"""
import torch
from torch import nn


def channels(count, factor):
    wanted = count * factor
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def numbers(name, count):
    """Words of a linear congruence, begun with a hash of the name, as fractions from -0.5 to 0.5."""
    word = 0x811C9DC5
    for letter in name.encode():
        word = ((word ^ letter) * 0x01000193) % 2**32
    values = []
    for _ in range(count):
        word = (word * 1664525 + 1013904223) % 2**32
        values.append((word >> 8) / 2**24 - 0.5)
    return torch.tensor(values, dtype=torch.float64)


def fill(network):
    for name, tensor in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        values = numbers(name, tensor.numel()).reshape(tensor.shape)
        if tensor.ndim > 1:
            values = values * (12 * 2 / (tensor.numel() / tensor.shape[0])) ** 0.5
        elif name.endswith("running_var") or (name.endswith("weight") and not name.startswith("classifier")):
            values = 1 + values
        tensor.copy_(values)


def normalized(convolution, clips=True):
    return [convolution, nn.BatchNorm2d(convolution.out_channels)] + ([nn.ReLU6()] if clips else [])


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        hidden = inputs * expansion
        parts = []
        if expansion != 1:
            parts.append(nn.Sequential(*normalized(nn.Conv2d(inputs, hidden, 1, bias=False))))
        depthwise = nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False)
        parts.append(nn.Sequential(*normalized(depthwise)))
        parts += normalized(nn.Conv2d(hidden, outputs, 1, bias=False), clips=False)
        self.conv = nn.Sequential(*parts)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, factor, classes):
        super().__init__()
        last = channels(32, factor)
        parts = [nn.Sequential(*normalized(nn.Conv2d(3, last, 3, 2, 1, bias=False)))]
        for expansion, count, repeats, stride in (
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
        ):
            for block in range(repeats):
                parts.append(InvertedResidual(last, channels(count, factor), expansion, stride if block == 0 else 1))
                last = channels(count, factor)
        end = channels(1280, factor) if factor > 1 else 1280
        parts.append(nn.Sequential(*normalized(nn.Conv2d(last, end, 1, bias=False))))
        self.features = nn.Sequential(*parts)
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(end, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class Separable(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv_dw = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv_pw = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        x = nn.functional.relu6(self.bn1(self.conv_dw(x)))
        return nn.functional.relu6(self.bn2(self.conv_pw(x)))


class MobileNetV1(nn.Module):
    def __init__(self, factor, classes):
        super().__init__()
        last = channels(32, factor)
        self.conv_stem = nn.Conv2d(3, last, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(last)
        stages = []
        for repeats, stride, count in ((1, 1, 64), (2, 2, 128), (2, 2, 256), (6, 2, 512), (2, 2, 1024)):
            blocks = []
            for block in range(repeats):
                blocks.append(Separable(last, channels(count, factor), stride if block == 0 else 1))
                last = channels(count, factor)
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        self.classifier = nn.Linear(last, classes)

    def forward(self, x):
        x = nn.functional.relu6(self.bn1(self.conv_stem(x)))
        return self.classifier(self.blocks(x).mean((2, 3)))


@torch.no_grad()
def main():
    images = numbers("images", 2 * 3 * 48 * 40).reshape(2, 3, 48, 40)
    for kind in (MobileNetV1, MobileNetV2):
        full = sum(tensor.numel() for tensor in kind(1.0, 1000).parameters())
        network = kind(0.25, 5).double().eval()
        fill(network)
        print(f"{kind.__name__}: {full} parameters at width 1")
        for row in network(images):
            print("  " + ", ".join(f"{value:.9g}" for value in row.tolist()))


main()
