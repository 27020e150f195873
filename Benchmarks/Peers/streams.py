"""Numbers in, answers out: the protocol of `binade audit`, for converters written in Python."""
import sys

import numpy

CHUNK = 1 << 20


def serve(convert, dtype=numpy.float32):
    """Reads numbers of `dtype` from standard input up to its end and writes what `convert` makes of each piece."""
    dtype = numpy.dtype(dtype).newbyteorder("<")
    source, target = sys.stdin.buffer, sys.stdout.buffer
    rest = b""
    while True:
        data = source.read(CHUNK * dtype.itemsize)
        if not data:
            break
        data = rest + data
        whole = len(data) - len(data) % dtype.itemsize
        rest = data[whole:]
        # Copied: converters may want to write to their input.
        numbers = numpy.frombuffer(data[:whole], dtype=dtype).copy()
        with numpy.errstate(all="ignore"):
            answer = convert(numbers)
        target.write(numpy.ascontiguousarray(answer).tobytes())
    target.flush()
