#!/usr/bin/env python3
"""Copy the smallest inputs of a minimized corpus, at most 48 and 128 KiB in all: keep-corpus.py FROM TO."""
import pathlib
import shutil
import sys

GREATEST_COUNT = 48
GREATEST_SIZE = 128 << 10


def main():
    source, target = (pathlib.Path(p) for p in sys.argv[1:3])
    inputs = sorted(source.iterdir(), key=lambda p: (p.stat().st_size, p.name))
    # Every size: the smallest ones alone would all be refused at the first byte.
    step = max(1, -(-len(inputs) // GREATEST_COUNT))
    kept, size = [], 0
    for path in inputs[::step]:
        if size + path.stat().st_size <= GREATEST_SIZE:
            kept.append(path)
            size += path.stat().st_size
    for old in target.iterdir():
        if not old.name.startswith("seed"):
            old.unlink()
    for path in kept:
        shutil.copyfile(path, target / path.name)
    print(f"{target}: {len(kept)} of {len(inputs)} inputs, {size} bytes")


if __name__ == "__main__":
    main()
