#!/usr/bin/env python3
"""Write the images that BinadeImagesTests reads, and what Pillow makes of them: NAME and NAME.bytes, channels x height x width.

    pip install pillow numpy
    python3 record_images.py
"""
import pathlib

import numpy
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent


def write(name, image, mode, **options):
    image.save(HERE / name, **options)
    pixels = numpy.asarray(Image.open(HERE / name).convert(mode))
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    (HERE / f"{name}.bytes").write_bytes(numpy.ascontiguousarray(planes).tobytes())


def main():
    y, x = numpy.mgrid[0:11, 0:13]
    colours = numpy.stack([(x * 19) % 256, (y * 23) % 256, (x * y * 3) % 256], 2).astype(numpy.uint8)
    grey = ((x * 7 + y * 13) % 256).astype(numpy.uint8)
    write("colours.png", Image.fromarray(colours), "RGB")
    write("grey.png", Image.fromarray(grey), "L")
    write("palette.png", Image.fromarray(colours).convert("P", palette=Image.Palette.ADAPTIVE, colors=16), "RGB")
    write("colours.jpg", Image.fromarray(colours), "RGB", quality=90)
    write("subsampled.jpeg", Image.fromarray(colours), "RGB", quality=75, subsampling=2)
    write("grey.jpg", Image.fromarray(grey), "L", quality=90)
    write("progressive.jpg", Image.fromarray(colours), "RGB", quality=80, progressive=True)


if __name__ == "__main__":
    main()
