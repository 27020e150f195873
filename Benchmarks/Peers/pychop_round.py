#!/usr/bin/env python3
"""pychop's rounding, for `binade audit --returns values`: pychop_round.py EXPONENT_BITS SIGNIFICAND_BITS [MODE]."""
import sys

import numpy
import pychop

from streams import serve

pychop.backend("numpy")
mode = int(sys.argv[3]) if len(sys.argv) > 3 else 1
chop = pychop.Chop(exp_bits=int(sys.argv[1]), sig_bits=int(sys.argv[2]), rmode=mode)
serve(lambda x: numpy.asarray(chop(x), dtype=numpy.float32))
