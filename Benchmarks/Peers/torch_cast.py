#!/usr/bin/env python3
"""PyTorch's `Tensor.to`, for `binade audit`: torch_cast.py FORMAT [float32|float64]."""
import sys

import numpy
import torch

from streams import serve

target = getattr(torch, sys.argv[1])
source = numpy.dtype(sys.argv[2] if len(sys.argv) > 2 else "float32")
integer = torch.uint8 if torch.empty(0, dtype=target).element_size() == 1 else torch.int16
serve(lambda x: torch.from_numpy(x).to(target).view(integer).numpy(), source)
