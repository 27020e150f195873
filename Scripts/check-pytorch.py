#!/usr/bin/env python3
"""Train a network, load its file in PyTorch, strictly, and compare the logits of both.

    pip install torch numpy
    python3 Scripts/check-pytorch.py .build/release/binade

The networks are ResNet-8 on the embedded digits, once as it is and once without the channels that a search of formats has pruned. Exit
status 1 where logits differ by more than 1e-4 of the greatest.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "Tests/BinadeTrainingTests/Recorded"), str(ROOT / "Benchmarks/Peers")]
from record_steps import ResNet8  # noqa: E402
from resnet20_torch import load  # noqa: E402


def compare(program, options):
    """Trains, and compares the logits in float32; returns the greatest difference over the greatest logit."""
    digits = ROOT / "models/mnist5k"
    with tempfile.TemporaryDirectory() as folder:
        run = [program, "train", "--output", folder, "--limit", "512", "--batch", "32", *options]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        model, logits = f"{folder}/model.safetensors", f"{folder}/logits.npy"
        formats = ["--weights", "float32", "--activations", "float32"]
        run = [program, "evaluate", "--model", model, "--data", str(digits), "--logits", logits, *formats]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        tensors, metadata = load(model)
        own = numpy.load(logits)
    network = ResNet8()
    if options[-1] == "--channelwise" and "keptChannels" not in metadata:
        sys.exit("check-pytorch.py: the search has pruned no channel")
    fit(network, tensors)
    network.load_state_dict(tensors, strict=True)
    network.eval()
    images = numpy.fromfile(digits / "t10k-images-idx3-ubyte", numpy.uint8)[16:].reshape(-1, 1, 28, 28)
    mean, deviation = float(metadata["mean"]), float(metadata["std"])
    with torch.inference_mode():
        other = network((torch.tensor(images).float() / 255 - mean) / deviation).numpy()
    difference = numpy.abs(own - other).max() / numpy.abs(other).max()
    print(
        f"{len(tensors)} tensors, {sum(t.numel() for t in tensors.values())} numbers, loaded strictly; "
        f"logits of {len(other)} images differ by at most {difference:.1e}"
    )
    return difference


def fit(network, tensors):
    """Gives the blocks of a network as many channels inside as the file has."""
    for name, block in network.named_modules():
        weights = tensors.get(f"{name}.conv1.weight")
        if weights is None or not hasattr(block, "conv2"):
            continue
        inner, first, second = weights.shape[0], block.conv1, block.conv2
        block.conv1 = torch.nn.Conv2d(first.in_channels, inner, 3, first.stride, 1, bias=False)
        block.bn1 = torch.nn.BatchNorm2d(inner)
        block.conv2 = torch.nn.Conv2d(inner, second.out_channels, 3, 1, 1, bias=False)


def main():
    if len(sys.argv) != 2:
        sys.exit("check-pytorch.py: name the program to run, as in check-pytorch.py .build/release/binade")
    formats = "0,int2_midrise/uint2,int3_midrise/uint3,int4_midrise/uint4"
    pruned = ["--fracbits", "1.5", "--search-formats", formats, "--learning-rate", "0.02", "--channelwise"]
    runs = [["--epochs", "2"], ["--epochs", "10", *pruned]]
    sys.exit(int(max(compare(sys.argv[1], run) for run in runs) > 1e-4))


if __name__ == "__main__":
    main()
