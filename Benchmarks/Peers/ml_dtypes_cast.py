#!/usr/bin/env python3
"""ml_dtypes' `astype`, for `binade audit`: ml_dtypes_cast.py FORMAT [float32|float64]."""
import sys

import ml_dtypes
import numpy

from streams import serve

name = sys.argv[1]
source = numpy.dtype(sys.argv[2] if len(sys.argv) > 2 else "float32")
target = numpy.dtype(getattr(ml_dtypes, name, name))
unsigned = numpy.uint8 if target.itemsize == 1 else numpy.uint16
# Types of fewer than 8 bits keep their code in the low bits of a byte.
bits = {"float4_e2m1fn": 4, "float6_e2m3fn": 6, "float6_e3m2fn": 6, "int4": 4, "uint4": 4, "int2": 2, "uint2": 2}
mask = unsigned((1 << bits.get(name, 8 * target.itemsize)) - 1)
serve(lambda x: x.astype(target).view(unsigned) & mask, source)
