"""Writes PNG files, good ones and others, with nothing but the standard library."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"

GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}

# Where each of the seven passes of an interlaced file begins, and its steps.
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2)]


def chunk(name, payload, crc=None):
    body = name + payload
    return struct.pack(">I", len(payload)) + body + struct.pack(">I", zlib.crc32(body)
                                                                 if crc is None else crc)


def header(width, height, colour, depth=8, interlaced=False):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def row(columns, y, depth, pixel):
    """One line without a filter. pixel(x, y) gives the samples."""
    samples = [sample for x in columns for sample in pixel(x, y)]
    if depth == 16:
        return b"\0" + struct.pack(">%dH" % len(samples), *samples)
    if depth == 8:
        return b"\0" + bytes(samples)
    bits = "".join(format(sample, "0%db" % depth) for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return b"\0" + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def rows(width, height, depth, pixel, interlaced=False):
    if not interlaced:
        return b"".join(row(range(width), y, depth, pixel) for y in range(height))
    return b"".join(
        row(range(left, width, across), y, depth, pixel)
        for left, top, across, down in PASSES
        for y in range(top, height, down)
        if left < width)


def png(width, height, colour, pixel, depth=8, interlaced=False, extra=b""):
    """A whole file. `extra`: chunks between the header and the picture."""
    data = zlib.compress(rows(width, height, depth, pixel, interlaced), 6)
    return (SIGNATURE + header(width, height, colour, depth, interlaced) + extra +
            picture(data) + chunk(b"IEND", b""))


def picture(data):
    """In chunks, as encoders write them."""
    return b"".join(chunk(b"IDAT", data[i:i + 1024]) for i in range(0, len(data), 1024))


def zeros(count):
    """So many zero bytes, compressed, without ever having them all."""
    compressor = zlib.compressobj(9)
    parts = []
    step = bytes(1 << 20)
    for _ in range(count >> 20):
        parts.append(compressor.compress(step))
    parts.append(compressor.compress(bytes(count & (1 << 20) - 1)))
    return b"".join(parts) + compressor.flush()
