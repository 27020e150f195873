#!/usr/bin/env python3
"""APyTypes, for `binade audit --returns values`: apytypes_cast.py EXPONENT_BITS SIGNIFICAND_BITS [from_array|cast].

APyTypes' floats are IEEE-like: infinities and NaNs in the greatest exponent.
"""
import sys

import apytypes
import numpy

from streams import serve

exponent_bits, significand_bits = int(sys.argv[1]), int(sys.argv[2])
how = sys.argv[3] if len(sys.argv) > 3 else "from_array"


def convert(x):
    if how == "cast":
        wide = apytypes.APyFloatArray.from_array(x, exp_bits=8, man_bits=23)
        narrow = wide.cast(exp_bits=exponent_bits, man_bits=significand_bits)
    else:
        narrow = apytypes.APyFloatArray.from_array(x, exp_bits=exponent_bits, man_bits=significand_bits)
    return narrow.to_numpy().astype(numpy.float32)


serve(convert)
