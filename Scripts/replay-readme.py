#!/usr/bin/env python3
"""Run every command that README.md shows, as it is written there.

Usage: replay-readme.py PROGRAM

Each "$ binade ..." line of a console block is run by bash in a scratch folder, which holds the small inputs that the
page speaks of; what stands below it must come in the output, in this order ("..." stands for anything). A command that
takes minutes, or needs what is not here, is named with the reason why it is left out: ResNet-20 and CIFAR-10 are taken
from BINADE_DATA and BINADE_CIFAR10.
"""
import importlib.util
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def commands(page):
    """Pairs of a command and the lines shown below it."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", page, re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = part.rstrip("\n").split("\n")
            count = next(i for i, line in enumerate(lines) if not line.endswith("\\")) + 1
            command = "\n".join(lines[:count])
            found.append((re.sub(r"\s{2,}# .*$", "", command), lines[count:]))
    return found


def prepare(folder, page, program):
    """The inputs that the page speaks of."""
    numbers = [(i % 97 - 48) / 16 for i in range(4096)]
    (folder / "x.f32").write_bytes(struct.pack(f"<{len(numbers)}f", *numbers))
    for name in ("a.bin", "b.bin"):
        (folder / name).write_bytes(bytes(i * (3 if name == "a.bin" else 5) % 127 for i in range(1000)))
    for name, text in re.findall(r"^```yaml\n# (\S+\.yaml)\n(.*?)^```$", page, re.M | re.S):
        (folder / name).write_text(text)
    tools = folder / "bin"
    tools.mkdir()
    (tools / "binade").symlink_to(program)
    scripts = {
        tools / "producer": "cat x.f32",
        folder / "cast": "cat >cast.f64 && binade encode --format bfloat16 --input cast.f64 --output -",
    }
    for path, line in scripts.items():
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)
    (folder / "Benchmarks").symlink_to(ROOT / "Benchmarks")
    for name, variable, below in (
        ("resnet20.safetensors", "BINADE_DATA", "models/resnet20-cifar10jpeg.safetensors"),
        ("cifar10", "BINADE_CIFAR10", ""),
    ):
        source = pathlib.Path(os.environ.get(variable, "/nowhere")).resolve() / below
        if source.exists():
            (folder / name).symlink_to(source)


def reason_to_leave_out(command, folder):
    if not command.startswith(("binade ", "producer ")):
        return "another program; 'make example' runs it" if command.startswith("swift ") else "another program"
    if "--exhaustive" in command or "--certificate" in command:
        return "a proof of minutes; 'make certificates' runs it"
    if command.startswith("binade train") and "cifar10" in command:
        return "a training run of an hour"
    for name in ("resnet20.safetensors", "cifar10"):
        if name in command and not (folder / name).exists():
            return f"{name} is not here (BINADE_DATA, BINADE_CIFAR10)"
    if "ml_dtypes" in command and importlib.util.find_spec("ml_dtypes") is None:
        return "ml_dtypes is not installed"
    return None


def missing_line(shown, output):
    """The first line shown that the output does not have after those before it."""
    lines = iter(line.rstrip() for line in output.split("\n"))
    for line in shown:
        if line.strip() != "..." and line.rstrip() not in lines:
            return line
    return None


def main():
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit("replay-readme.py: name the program to run, as in replay-readme.py .build/release/binade")
    program = pathlib.Path(sys.argv[1]).resolve()
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    replayed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(folder, page, program)
        environment = dict(os.environ, PATH=f"{folder / 'bin'}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
        for command, shown in commands(page):
            reason = reason_to_leave_out(command, folder)
            if reason:
                print(f"left out: {command.splitlines()[0]}: {reason}", flush=True)
                continue
            start = time.monotonic()
            run = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=600,
            )
            # An audit that finds mismatches says so with 1.
            if run.returncode not in ((0, 1) if command.startswith("binade audit") else (0,)):
                sys.exit(f"{command}: exit status {run.returncode}\n{run.stdout}{run.stderr}")
            line = missing_line(shown, run.stdout)
            if line is not None:
                sys.exit(f"{command}: not in the output: {line}\n{run.stdout}")
            print(f"{time.monotonic() - start:6.1f} s  {command.splitlines()[0]}", flush=True)
            replayed += 1
    print(f"README.md: {replayed} commands run as written")


if __name__ == "__main__":
    main()
