#!/usr/bin/env python3
"""Makes a folder of images that image programs have stumbled over, and says what is to be expected.

    make_corpus.py FOLDER

writes FOLDER/images/... and FOLDER/manifest.json, a list of

    {"file": "exif_6.jpg", "expect": "resized", "width": 32, "height": 48}
    {"file": "half.jpg", "expect": "failed", "kind": "damaged", "lenient": "resized"}
    {"file": "loop.jpg", "expect": "left out"}

where "expect" is what a resizer should do with it; "width" and "height" are those of the copy that
fits into 48x48, and "kind" is the kind of the error. "lenient" is what is to be expected when
damaged images are to be taken as far as they go; without it, the same as otherwise.
"""

import json
import os
import pathlib
import socket
import sys
import zlib

import jpeg
import png

WIDTH, HEIGHT = 96, 64

NOT_AN_IMAGE = {"expect": "failed", "kind": "not an image"}
UNSUPPORTED = {"expect": "failed", "kind": "unsupported"}
DAMAGED = {"expect": "failed", "kind": "damaged"}
CUT_OFF = {"expect": "failed", "kind": "damaged", "lenient": "resized"}
TOO_LARGE = {"expect": "failed", "kind": "too large"}
TOO_MANY_SCANS = {"expect": "failed", "kind": "too many scans"}
NOT_READ = {"expect": "failed", "kind": "not read"}
LEFT_OUT = {"expect": "left out"}


def resized(width=48, height=32):
    return {"expect": "resized", "width": width, "height": height}


def shade(x, y):
    return (x * 2 + y) % 256


def colour(x, y):
    return (shade(x, y), 128 + (x - 48) // 2, 128 + (y - 32) // 2)


class Corpus:

    def __init__(self, folder):
        self.images = pathlib.Path(folder) / "images"
        self.images.mkdir(parents=True)
        self.manifest = []

    def note(self, name, expected):
        text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
        self.manifest.append({"file": text, **expected})

    def add(self, name, content, expected):
        path = os.path.join(os.fsencode(self.images), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        self.note(name, expected)


def add_good_jpegs(corpus):
    good = jpeg.jpeg(WIDTH, HEIGHT, 3, colour)
    corpus.add("good.jpg", good, resized())
    corpus.add("gray.jpeg", jpeg.jpeg(WIDTH, HEIGHT, 1, lambda x, y: (shade(x, y),)), resized())
    corpus.add("upper_case.JPG", good, resized())
    for orientation in range(1, 9):
        size = (32, 48) if orientation > 4 else (48, 32)
        corpus.add("exif_%d.jpg" % orientation,
                   good[:2] + jpeg.exif(orientation) + good[2:], resized(*size))
    corpus.add("exif_0.jpg", good[:2] + jpeg.exif(0) + good[2:], resized())
    corpus.add("exif_cut_off.jpg",
               good[:2] + jpeg.segment(0xE1, b"Exif\0\0MM\0\x2a\xff\xff\xff\xff") + good[2:],
               resized())
    ink = lambda x, y: (shade(x, y), 255 - shade(x, y), 90, 200)
    corpus.add("cmyk.jpg", jpeg.jpeg(WIDTH, HEIGHT, 4, ink, jpeg.adobe(0)), resized())
    corpus.add("ycck.jpg", jpeg.jpeg(WIDTH, HEIGHT, 4, ink, jpeg.adobe(2)), resized())
    corpus.add("bad_profile.jpg",
               good[:2] + jpeg.segment(0xE2, b"ICC_PROFILE\0\1\1" + b"junk" * 99) + good[2:],
               resized())
    corpus.add("one_pixel.jpg", jpeg.jpeg(1, 1, 3, colour), resized(1, 1))
    corpus.add("long_line.jpg", jpeg.jpeg(8000, 1, 1, lambda x, y: (shade(x, y),)), resized(48, 1))
    corpus.add("no_end_marker.jpg", good[:-2], CUT_OFF)
    corpus.add("bytes_after_the_end.jpg", good + b"and more" * 99, resized())
    corpus.add("some_scans.jpg", jpeg.many_scans(WIDTH, HEIGHT, 1), resized())


def add_bad_jpegs(corpus):
    good = jpeg.jpeg(WIDTH, HEIGHT, 3, colour)
    start = good.index(b"\xff\xda") + 14
    corpus.add("half.jpg", good[:len(good) // 2], CUT_OFF)
    ones = good[:start + 200] + b"\xff\x00" * 60 + good[start + 320:]
    corpus.add("damaged_codes.jpg", ones, CUT_OFF)
    corpus.add("bytes_before_the_end.jpg", good[:-2] + b"stray" * 20 + good[-2:], CUT_OFF)
    corpus.add("bytes_before_the_data.jpg",
               good[:2] + jpeg.exif(1) + bytes(3) + good[2:], resized())
    corpus.add("header_only.jpg", good[:start - 14], DAMAGED)
    corpus.add("no_data.jpg", good[:start], DAMAGED)
    corpus.add("start_marker_only.jpg", jpeg.SOI, NOT_AN_IMAGE)
    corpus.add("start_and_junk.jpg", jpeg.SOI + b"\xff" + b"junk" * 99, DAMAGED)
    corpus.add("no_tables.jpg", good.replace(jpeg.tables(), b""), DAMAGED)
    corpus.add("zero_wide.jpg", with_size(good, 0, HEIGHT), DAMAGED)
    corpus.add("two_components.jpg",
               jpeg.jpeg(WIDTH, HEIGHT, 2, lambda x, y: (shade(x, y), 9)), UNSUPPORTED)
    frame = jpeg.frame(0xC0, WIDTH, HEIGHT, 3)
    for name, other in [
        ("12_bits.jpg", jpeg.frame(0xC1, WIDTH, HEIGHT, 3, 12)),
        ("lossless.jpg", jpeg.frame(0xC3, WIDTH, HEIGHT, 3)),
        ("hierarchical.jpg", jpeg.frame(0xC5, WIDTH, HEIGHT, 3)),
    ]:
        corpus.add(name, good.replace(frame, other), UNSUPPORTED)


def with_size(file, width, height):
    return file.replace(jpeg.frame(0xC0, WIDTH, HEIGHT, 3), jpeg.frame(0xC0, width, height, 3))


def add_good_pngs(corpus):
    gray = lambda x, y: (shade(x, y),)
    good = png.png(WIDTH, HEIGHT, png.RGB, colour)
    corpus.add("good.png", good, resized())
    corpus.add("upper_case.PNG", good, resized())
    corpus.add("gray.png", png.png(WIDTH, HEIGHT, png.GRAY, gray), resized())
    corpus.add("gray_alpha.png",
               png.png(WIDTH, HEIGHT, png.GRAY_ALPHA, lambda x, y: (shade(x, y), 4 * y)),
               resized())
    corpus.add("alpha.png", png.png(WIDTH, HEIGHT, png.RGBA, lambda x, y: colour(x, y) + (2 * x,)),
               resized())
    corpus.add("16_bits.png",
               png.png(WIDTH, HEIGHT, png.RGB, lambda x, y: (600 * x, 900 * y, 4711), 16),
               resized())
    for depth in (1, 2, 4):
        levels = (1 << depth) - 1
        corpus.add("%d_bit.png" % depth,
                   png.png(WIDTH, HEIGHT, png.GRAY, lambda x, y: ((x // 8 + y // 8) & levels,),
                           depth), resized())
    palette = png.chunk(b"PLTE", bytes(range(48))) + png.chunk(b"tRNS", bytes(range(0, 160, 10)))
    corpus.add("palette.png",
               png.png(WIDTH, HEIGHT, png.PALETTE, lambda x, y: ((x + y) % 16,), 4, extra=palette),
               resized())
    corpus.add("interlaced.png", png.png(WIDTH, HEIGHT, png.RGB, colour, interlaced=True),
               resized())
    corpus.add("one_pixel.png", png.png(1, 1, png.GRAY, gray), resized(1, 1))
    corpus.add("tall.png", png.png(1, 8000, png.GRAY, gray), resized(1, 48))
    corpus.add("text_bomb.png",
               good[:33] + png.chunk(b"zTXt", b"bomb\0\0" + png.zeros(200 << 20)) + good[33:],
               resized())
    corpus.add("bad_text_checksum.png",
               good[:33] + png.chunk(b"tEXt", b"a\0b", crc=1) + good[33:], resized())


def add_bad_pngs(corpus):
    good = png.png(WIDTH, HEIGHT, png.RGB, colour)
    data = zlib.compress(png.rows(WIDTH, HEIGHT, 8, colour))
    start = png.SIGNATURE + png.header(WIDTH, HEIGHT, png.RGB)
    end = png.chunk(b"IEND", b"")
    corpus.add("half.png", good[:len(good) // 2], CUT_OFF)
    corpus.add("bad_checksum.png", start + png.chunk(b"IDAT", data, crc=1) + end, CUT_OFF)
    junk = data[:len(data) // 2] + b"junk" * 99 + data[len(data) // 2:]
    corpus.add("damaged_data.png", start + png.chunk(b"IDAT", junk) + end, CUT_OFF)
    corpus.add("signature_only.png", png.SIGNATURE, DAMAGED)
    corpus.add("header_only.png", start, DAMAGED)
    corpus.add("no_data_interlaced.png",
               png.SIGNATURE + png.header(WIDTH, HEIGHT, png.RGB, interlaced=True) +
               png.chunk(b"IDAT", data[:2]) + end, DAMAGED)
    corpus.add("no_palette.png",
               png.png(WIDTH, HEIGHT, png.PALETTE, lambda x, y: (0,)), DAMAGED)
    corpus.add("zero_high.png", png.png(WIDTH, 0, png.RGB, colour), DAMAGED)


def add_bombs(corpus):
    good = jpeg.jpeg(WIDTH, HEIGHT, 3, colour)
    corpus.add("declared_65500.jpg", with_size(good, 65500, 65500), TOO_LARGE)
    side = 40000
    bomb = (png.SIGNATURE + png.header(side, side, png.GRAY, 1) +
            png.chunk(b"IDAT", png.zeros((side // 8 + 1) * side)) + png.chunk(b"IEND", b""))
    corpus.add("bomb_40000.png", bomb, TOO_LARGE)
    corpus.add("huge.png",
               png.SIGNATURE + png.header(2**31 - 1, 2**31 - 1, png.RGBA, 16) +
               png.chunk(b"IDAT", png.zeros(9999)) + png.chunk(b"IEND", b""), TOO_LARGE)
    corpus.add("long_side.png",
               png.SIGNATURE + png.header(300001, 1, png.GRAY) +
               png.chunk(b"IDAT", png.zeros(300002)) + png.chunk(b"IEND", b""), TOO_LARGE)
    corpus.add("scan_bomb.jpg", jpeg.many_scans(4000, 3000, 14), TOO_MANY_SCANS)


def add_lying_names(corpus):
    corpus.add("a_png.jpg", png.png(WIDTH, HEIGHT, png.RGB, colour), resized())
    corpus.add("a_jpeg.png", jpeg.jpeg(WIDTH, HEIGHT, 3, colour), resized())
    corpus.add("empty.jpg", b"", NOT_READ)
    corpus.add("one_byte.png", b"\x89", NOT_AN_IMAGE)
    corpus.add("text.jpg", b"This is no image.\n" * 99, NOT_AN_IMAGE)
    corpus.add("zeros.png", bytes(5000), NOT_AN_IMAGE)
    corpus.add("gif.jpg", b"GIF89a\1\0\1\0\0\0\0;", NOT_AN_IMAGE)


def add_odd_names(corpus):
    good = jpeg.jpeg(16, 16, 1, lambda x, y: (shade(x, y),))
    for name in [
        "-rf.jpg", "--size=1.jpg", "two\nlines.jpg", "with blank.jpg", "tab\t.jpg", "quote'\".jpg",
        "caf\u00e9 \u65e5\u672c.jpg", b"not utf-8 \xe9.jpg", "a.b.c.jpg", "n" * 251 + ".jpg",
        "some/folders/down/deep.jpg", "a_folder.jpg/inside.jpg", "%s%n.jpg", "$(reboot).jpg"
    ]:
        corpus.add(name, good, resized(16, 16))
    corpus.add(".hidden.jpg", good, LEFT_OUT)
    corpus.add("._apple_double.jpg", b"\0\5\x16\7" + bytes(99), LEFT_OUT)
    corpus.add("notes.txt", b"Names that are no image's are not looked at.\n", LEFT_OUT)


def add_what_is_no_file(corpus):
    os.mkfifo(corpus.images / "pipe.jpg")
    corpus.note("pipe.jpg", NOT_READ)
    bound = socket.socket(socket.AF_UNIX)
    # The whole path might be longer than an address of a socket can be.
    os.chdir(corpus.images)
    bound.bind("socket.png")
    corpus.note("socket.png", NOT_READ)
    for name, target in [("loop.jpg", "loop.jpg"), ("nowhere.jpg", "nothing"),
                         ("again.jpg", "good.jpg"), ("folder_loop", "."),
                         ("device.jpg", "/dev/zero")]:
        os.symlink(target, corpus.images / name)
        corpus.note(name, LEFT_OUT)
    good = jpeg.jpeg(16, 16, 1, lambda x, y: (shade(x, y),))
    corpus.add("unreadable.jpg", good, NOT_READ if os.geteuid() else resized(16, 16))
    os.chmod(corpus.images / "unreadable.jpg", 0)


def main(folder):
    corpus = Corpus(os.path.abspath(folder))
    for add in [
        add_good_jpegs, add_bad_jpegs, add_good_pngs, add_bad_pngs, add_bombs, add_lying_names,
        add_odd_names, add_what_is_no_file
    ]:
        add(corpus)
    with open(corpus.images.parent / "manifest.json", "w") as file:
        json.dump(corpus.manifest, file, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
