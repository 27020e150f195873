#!/usr/bin/env python3
"""gfloat's `round_ndarray`, for `binade audit --returns values`.

gfloat_round.py NAME [saturate], with NAME one of gfloat.formats without `format_info_` (ocp_e4m3, ocp_e8m0 ...), or a
P3109 name such as binary8p3uf.
"""
import re
import sys

import gfloat
import gfloat.formats
import numpy

from streams import serve

name = sys.argv[1]
p3109 = re.fullmatch(r"binary(\d+)p(\d+)([su])([ef])", name)
if p3109:
    signedness = gfloat.types.Signedness.Signed if p3109[3] == "s" else gfloat.types.Signedness.Unsigned
    domain = gfloat.types.Domain.Extended if p3109[4] == "e" else gfloat.types.Domain.Finite
    info = gfloat.formats.format_info_p3109(int(p3109[1]), int(p3109[2]), signedness, domain)
else:
    info = getattr(gfloat.formats, "format_info_" + name)
saturate = sys.argv[2:] == ["saturate"]
serve(
    lambda x: numpy.asarray(
        gfloat.round_ndarray(info, x.astype(numpy.float64), gfloat.RoundMode.TiesToEven, saturate),
        dtype=numpy.float32,
    )
)
