#!/usr/bin/env python3
"""Record 20 steps of PyTorch on the embedded digits: resnet8-20steps.safetensors, which PyTorchStepTests compares with.

    pip install torch safetensors numpy
    python3 record_steps.py ../../../models/mnist5k

It starts from the embedded weights with every eighth label moved on by one, so that there is something to learn; step i takes
images 64 i to 64 i + 63 as they are. SGD, Nesterov momentum 0.9, learning rate 0.001, decay 1e-4 on all parameters.
"""
import json
import pathlib
import sys

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.added = stride, outputs - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.added:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.added // 2, self.added - self.added // 2))
        return F.relu(y + x)


class ResNet8(nn.Module):
    def __init__(self, widths=(8, 16, 32)):
        super().__init__()
        self.conv1 = nn.Conv2d(1, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.layer1 = nn.Sequential(Block(widths[0], widths[0], 1))
        self.layer2 = nn.Sequential(Block(widths[0], widths[1], 2))
        self.layer3 = nn.Sequential(Block(widths[1], widths[2], 2))
        self.linear = nn.Linear(widths[2], 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    folder = pathlib.Path(sys.argv[1])
    images = numpy.fromfile(folder / "train-images-idx3-ubyte", numpy.uint8)[16:].reshape(-1, 1, 28, 28)
    labels = numpy.fromfile(folder / "train-labels-idx1-ubyte", numpy.uint8)[8:]
    inputs = (torch.tensor(images).float() / 255 - 0.1307) / 0.3081
    targets = torch.tensor(labels.astype(numpy.int64))
    targets[::8] = (targets[::8] + 1) % 10
    network = ResNet8()
    network.load_state_dict(load_file(folder / "resnet8-mnist5k.safetensors"), strict=True)
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), 0.001, 0.9, nesterov=True, weight_decay=1e-4)
    losses = []
    for step in range(20):
        batch = slice(64 * step, 64 * step + 64)
        optimizer.zero_grad()
        loss = F.cross_entropy(network(inputs[batch]), targets[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    state = {name: value.float() for name, value in network.state_dict().items() if value.dim() > 0}
    output = pathlib.Path(__file__).parent / "resnet8-20steps.safetensors"
    save_file(state, output, metadata={"losses": json.dumps(losses), "torch": torch.__version__})
    print(losses)


if __name__ == "__main__":
    main()
