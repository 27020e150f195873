"""Block formats of torchao against Binade's: the same scales and elements, code for code.

usage: torchao_blocks.py BINADE [ROWS]

Needs torch and torchao (a CPU is enough). For every MX format and rule of torchao, and for NVFP4 in one level, both convert the
same float32 rows; what differs is counted by what the block holds. The exit status is 0 if all differences are of the kinds that
Benchmarks/Peers/README.md explains.
"""

import math
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
from torchao.prototype.mx_formats.config import ScaleCalculationMode
from torchao.prototype.mx_formats.mx_tensor import DTYPE_FP6_E2M3, DTYPE_FP6_E3M2, to_mx
from torchao.prototype.mx_formats.nvfp4_tensor import nvfp4_quantize

ROW = 256
MX = {
    "mxfp8_e4m3": torch.float8_e4m3fn,
    "mxfp8_e5m2": torch.float8_e5m2,
    "mxfp6_e2m3": DTYPE_FP6_E2M3,
    "mxfp6_e3m2": DTYPE_FP6_E3M2,
    "mxfp4_e2m1": torch.float4_e2m1fn_x2,
}
# The greatest value of the elements.
GREATEST = {"mxfp8_e4m3": 448.0, "mxfp8_e5m2": 57344.0, "mxfp6_e2m3": 7.5, "mxfp6_e3m2": 28.0, "mxfp4_e2m1": 6.0}
RULES = ["floor", "ceil", "rceil", "even"]


def inputs(rows):
    """Rows of normal and heavy-tailed numbers at scales from 2^-149 to 2^127, ties, zeros, and some that are not finite."""
    random = numpy.random.default_rng(1)
    shape = (rows, ROW)
    values = random.standard_normal(shape)
    values[::3] = random.laplace(size=values[::3].shape)
    values[1::3] *= 10.0 ** random.uniform(-3, 3, values[1::3].shape)
    # Values with few bits meet the ends between neighbours exactly.
    values[::5] = numpy.ldexp(random.integers(-64, 65, values[::5].shape), -3)
    values = values * 2.0 ** random.integers(-145, 120, (rows, 1))
    values[random.random(shape) < 0.01] = 0
    values[::7, :64] = 0
    # All float32 patterns, every seventeenth row: subnormals, infinities and NaN among them.
    with numpy.errstate(over="ignore"):
        result = values.astype(numpy.float32)
    bits = random.integers(0, 2**32, result[::17].shape, dtype=numpy.uint32)
    result[::17] = bits.view(numpy.float32)
    return result


def binade(program, values, format, options):
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: str(pathlib.Path(folder, name + ".npy")) for name in ("x", "codes", "scales")}
        numpy.save(paths["x"], values)
        command = [program, "quantize", "--format", format, "--input", paths["x"]]
        command += ["--codes", paths["codes"], "--scales", paths["scales"]] + options
        subprocess.run(command, check=True, capture_output=True)
        return numpy.load(paths["codes"]), numpy.load(paths["scales"])


def unpacked(bytes):
    """Two elements of four bits in each byte, the first in the low half."""
    bytes = bytes.numpy()
    return numpy.stack([bytes & 15, bytes >> 4], axis=-1).reshape(bytes.shape[0], -1)


def mx(values, dtype, rule):
    scales, codes = to_mx(torch.from_numpy(values), dtype, 32, ScaleCalculationMode(rule))
    packed = dtype == torch.float4_e2m1fn_x2
    return unpacked(codes.view(torch.uint8)) if packed else codes.view(torch.uint8).numpy(), scales.view(torch.uint8).numpy()


def nvfp4(values):
    scales, codes = nvfp4_quantize(torch.from_numpy(values))
    return unpacked(codes.view(torch.uint8)), scales.view(torch.uint8).numpy()


def kinds(values, length, smallest, largest):
    """What each block holds: the last that applies.

    `smallest`: magnitudes below which torchao has scales of its own; `largest`: the greatest value of an element where the rule is
    rceil, whose float32 logarithm is whole just above powers of two; else None.
    """
    blocks = values.reshape(values.shape[0], -1, length)
    greatest = numpy.abs(blocks).max(-1)
    result = numpy.full(greatest.shape, "others", dtype=object)
    if largest:
        fraction, _ = numpy.frexp(greatest.astype(numpy.float64) / largest)
        result[(fraction > 0.5) & (fraction < 0.5 + 2.0**-17)] = "log2"
    result[greatest < smallest] = "small"
    result[~numpy.isfinite(blocks).all(-1)] = "not finite"
    return result


def compare(name, values, ours, theirs, length, smallest, largest=None):
    (codes, scales), (their_codes, their_scales) = ours, theirs
    kind = kinds(values, length, smallest, largest)
    by_block = (codes.reshape(scales.shape + (length,)) != their_codes.reshape(scales.shape + (length,))).any(-1)
    scale_differs = scales != their_scales
    row = [name, f"{scales.size}"]
    expected = True
    for group in ("others", "log2", "small", "not finite"):
        chosen = kind == group
        both = int((chosen & (by_block | scale_differs)).sum())
        of_scales = int((chosen & scale_differs).sum())
        row.append(f"{both} of {int(chosen.sum())} ({of_scales} scales)")
        expected = expected and (both == 0 or group != "others")
    print("| " + " | ".join(row) + " |", flush=True)
    if not expected:
        place = numpy.argwhere((kind == "others") & (by_block | scale_differs))[0]
        block = values.reshape(values.shape[0], -1, length)[tuple(place)]
        print(f"  first: {block.tolist()}, scales {scales[tuple(place)]} and {their_scales[tuple(place)]}", file=sys.stderr)
    return expected


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program, rows = sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 8192
    values = inputs(rows)
    print("| format | blocks | others | log2 | small | not finite |\n|---|---|---|---|---|---|")
    good = True
    for format, dtype in MX.items():
        for rule in RULES:
            ours = binade(program, values, format, ["--scale-rule", rule])
            smallest = 2.0 ** (math.floor(math.log2(GREATEST[format])) - 125)
            largest = GREATEST[format] if rule == "rceil" else None
            good &= compare(f"{format}, {rule}", values, ours, mx(values, dtype, rule), 32, smallest, largest)
    near = values.copy()
    # One level has scales from 2^-9 to 448 only: rows about 1.
    near[2::17] = numpy.random.default_rng(2).standard_normal(near[2::17].shape) * 10
    good &= compare("nvfp4", near, binade(program, near, "nvfp4", []), nvfp4(near), 16, 6 * 2.0**-6)
    sys.exit(0 if good else 1)


main()
