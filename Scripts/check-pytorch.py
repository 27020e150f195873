#!/usr/bin/env python3
"""Train a network, load its file in PyTorch, strictly, and compare the logits of both.

    pip install torch numpy
    python3 Scripts/check-pytorch.py .build/release/binade

The network is ResNet-8 on the embedded digits. Exit status 1 where logits differ by more than 1e-4 of the greatest.
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


def main():
    if len(sys.argv) != 2:
        sys.exit("check-pytorch.py: name the program to run, as in check-pytorch.py .build/release/binade")
    digits = ROOT / "models/mnist5k"
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.argv[1], "train", "--output", folder, "--epochs", "2", "--limit", "512", "--batch", "32"]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        model, logits = f"{folder}/model.safetensors", f"{folder}/logits.npy"
        run = [sys.argv[1], "evaluate", "--model", model, "--data", str(digits), "--logits", logits]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        tensors, metadata = load(model)
        own = numpy.load(logits)
    network = ResNet8()
    network.load_state_dict(tensors, strict=True)
    network.eval()
    images = numpy.fromfile(digits / "t10k-images-idx3-ubyte", numpy.uint8)[16:].reshape(-1, 1, 28, 28)
    mean, deviation = float(metadata["mean"]), float(metadata["std"])
    with torch.inference_mode():
        other = network((torch.tensor(images).float() / 255 - mean) / deviation).numpy()
    difference = numpy.abs(own - other).max() / numpy.abs(other).max()
    print(f"{len(tensors)} tensors loaded strictly; logits of {len(other)} images differ by at most {difference:.1e}")
    sys.exit(int(difference > 1e-4))


if __name__ == "__main__":
    main()
