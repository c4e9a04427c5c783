#!/usr/bin/env python3
"""What one writes with Pillow: pillow_pool.py plain|thumbnail OUT FILE..., on two processes."""

import concurrent.futures
import pathlib
import sys

from PIL import Image


def resize(how, out, path):
    target = pathlib.Path(out) / pathlib.Path(path).name
    with Image.open(path) as image:
        if how == "thumbnail":
            # Lets the JPEG decoder do a part, and leaves a factor of two to Lanczos.
            image.thumbnail((800, 600), Image.Resampling.LANCZOS, reducing_gap=2.0)
        else:
            scale = min(800 / image.width, 600 / image.height)
            size = (round(image.width * scale), round(image.height * scale))
            image = image.resize(size, Image.Resampling.LANCZOS)
        image.save(target, quality=85, optimize=True)


def main(how, out, paths):
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        list(pool.map(resize, [how] * len(paths), [out] * len(paths), paths, chunksize=4))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
