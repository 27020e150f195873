#!/usr/bin/env python3
"""Train ResNet-20 on CIFAR-10 in PyTorch by the recipe of `binade train --architecture resnet20-cifar --epochs 30`.

  python3 Benchmarks/Peers/train_torch.py --data cifar10 --seed 0

One cycle to 0.1, SGD with Nesterov momentum 0.9, decay 5e-4 of weights alone, batch 128, a crop within a rim of 4 pixels and a mirror
image drawn for each image. Order, crops and initial weights are PyTorch's own.
"""
import argparse
import pathlib
import time

import numpy
import torch
from torch.nn import functional

from resnet20_torch import ResNet20

MEAN = (0.4914, 0.4822, 0.4465)
DEVIATION = (0.2470, 0.2435, 0.2616)


def images_of(folder, names):
    records = numpy.concatenate([numpy.fromfile(folder / name, numpy.uint8).reshape(-1, 3073) for name in names])
    pixels = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).astype(numpy.float32) / 255)
    mean, deviation = (torch.tensor(each).reshape(1, 3, 1, 1) for each in (MEAN, DEVIATION))
    return (pixels - mean) / deviation, torch.from_numpy(records[:, 0].astype(numpy.int64))


def augmented(images, generator):
    count = len(images)
    padded = functional.pad(images, (4, 4, 4, 4))
    rows, columns = (torch.randint(0, 9, (count, 1), generator=generator) + torch.arange(32) for _ in range(2))
    mirrored = torch.rand(count, 1, generator=generator) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    number = torch.arange(count)[:, None, None]
    # Indexing puts the channels last.
    crops = padded.permute(0, 2, 3, 1)[number, rows[:, :, None], columns[:, None, :]]
    return crops.permute(0, 3, 1, 2)


@torch.no_grad()
def accuracy(network, images, labels):
    network.eval()
    right = sum(int((network(x).argmax(1) == y).sum()) for x, y in zip(images.split(500), labels.split(500)))
    network.train()
    return 100 * right / len(labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="CIFAR-10's binary files")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true", help="torch.compile the network")
    parser.add_argument("--checkpoint", type=pathlib.Path, help="written after each epoch; a run goes on from it")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)
    images, labels = images_of(options.data, [f"data_batch_{number}.bin" for number in range(1, 6)])
    test = images_of(options.data, ["test_batch.bin"])
    network = ResNet20().train().to(memory_format=torch.channels_last)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            torch.nn.init.kaiming_normal_(module.weight)
    groups = [
        {"params": [each for each in network.parameters() if each.ndim > 1], "weight_decay": 5e-4},
        {"params": [each for each in network.parameters() if each.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(groups, options.learning_rate, 0.9, nesterov=True)
    steps = len(images) // options.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=steps * options.epochs, base_momentum=0.85, max_momentum=0.9,
    )
    stateful = {"network": network, "optimizer": optimizer, "schedule": schedule}
    first, spent = 0, 0.0
    if options.checkpoint and options.checkpoint.exists():
        state = torch.load(options.checkpoint)
        for name, part in stateful.items():
            part.load_state_dict(state[name])
        generator.set_state(state["generator"])
        first, spent = state["epochs"], state["seconds"]
    step_network = torch.compile(network) if options.compile else network
    start = time.time() - spent
    for epoch in range(first, options.epochs):
        total = 0.0
        for step, chosen in enumerate(torch.randperm(len(images), generator=generator).split(options.batch)[:steps]):
            batch = augmented(images[chosen], generator).contiguous(memory_format=torch.channels_last)
            loss = functional.cross_entropy(step_network(batch), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(
            f"epoch {epoch + 1}: loss {total / steps:.4f}, top-1 {accuracy(network, *test):.2f} %, {time.time() - start:.0f} s",
            flush=True,
        )
        if options.checkpoint:
            state = {name: part.state_dict() for name, part in stateful.items()}
            state |= {"generator": generator.get_state(), "epochs": epoch + 1, "seconds": time.time() - start}
            partial = options.checkpoint.with_suffix(".partial")
            torch.save(state, partial)
            partial.replace(options.checkpoint)


main()
