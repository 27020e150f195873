#!/usr/bin/env python3
"""Conversions of other libraries as workers of bench_peers.py; the protocol is in sampling.py.

Standard normal float32, into memory that is there before wherever the library allows that.
"""
import argparse
import importlib.metadata

import numpy

from sampling import serve


def numbers(count):
    return numpy.random.default_rng(1).standard_normal(count, dtype=numpy.float32)


def ml_dtypes_encode(name, count, threads):
    import ml_dtypes

    source, target = numbers(count), numpy.empty(count, dtype=getattr(ml_dtypes, name))
    return lambda: numpy.copyto(target, source, casting="unsafe")


def torch_encode(name, count, threads):
    import torch

    torch.set_num_threads(threads)
    source = torch.from_numpy(numbers(count))
    target = torch.empty(count, dtype=getattr(torch, name))
    return lambda: target.copy_(source)


def gfloat_round(name, count, threads):
    import gfloat
    import gfloat.formats

    source = numbers(count)
    format_info = getattr(gfloat.formats, f"format_info_{name}")
    # gfloat rounds to values and has no way to name the memory they go to.
    return lambda: gfloat.round_ndarray(format_info, source)


def qtorch_round(name, count, threads):
    import torch
    from qtorch.quant import float_quantize

    torch.set_num_threads(threads)
    source = torch.from_numpy(numbers(count))
    exponent, significand = (int(part) for part in name.split(","))
    return lambda: float_quantize(source, exponent, significand, rounding="nearest")


LIBRARIES = {
    "ml_dtypes": ml_dtypes_encode, "torch": torch_encode, "gfloat": gfloat_round, "qtorch": qtorch_round,
}
NAMES = {"torch": "PyTorch"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=LIBRARIES)
    parser.add_argument("format", help="as the library calls it")
    parser.add_argument("--count", type=int, default=1 << 20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.05)
    options = parser.parse_args()
    run = LIBRARIES[options.library](options.format, options.count, options.threads)
    version = importlib.metadata.version(options.library).split("+")[0]
    description = {
        "name": f"{NAMES.get(options.library, options.library)} {version}", "kernel": options.format,
        "workCount": options.count, "unit": "elements",
    }
    serve(run, description, options.seconds)


main()
