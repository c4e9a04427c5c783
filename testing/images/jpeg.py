"""Writes JPEG files, good ones and others, with nothing but the standard library.

A small baseline encoder (ITU T.81): 8 bits, one scan, no subsampling, quality about 90; and the
segments of which files that no encoder would write can be put together.
"""

import math
import struct

SOI = b"\xff\xd8"
EOI = b"\xff\xd9"

# How a block's coefficients are ordered, from low to high frequencies.
ZIGZAG = sorted(
    range(64),
    key=lambda i: (i // 8 + i % 8, (i // 8 if (i // 8 + i % 8) % 2 else i % 8)),
)

COSINES = [
    [math.cos((2 * x + 1) * u * math.pi / 16) * (math.sqrt(0.125) if u == 0 else 0.5)
     for x in range(8)] for u in range(8)
]

QUANTUM = 4

# Every symbol there is, in codes of two lengths: no need for the tables of the standard. Of DC, the
# symbols are the 12 sizes of differences; of AC, runs of zeros and sizes.
DC_SYMBOLS = list(range(12))
AC_SYMBOLS = [0x00, 0xF0] + [run << 4 | size for run in range(16) for size in range(1, 11)]


def segment(marker, payload):
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def huffman_table(kind, number, symbols, length):
    """A DHT segment that gives each symbol a code of this length, in order."""
    counts = [0] * 16
    counts[length - 1] = len(symbols)
    return segment(0xC4, bytes([kind << 4 | number] + counts + symbols))


def frame(marker, width, height, components, precision=8):
    """A SOF segment."""
    payload = struct.pack(">BHHB", precision, height, width, components)
    for component in range(components):
        payload += bytes([component + 1, 0x11, 0])
    return segment(marker, payload)


def scan(components, first=0, last=63, high=0, low=0):
    """A SOS segment."""
    payload = bytes([len(components)])
    for component in components:
        payload += bytes([component, 0x00])
    return segment(0xDA, payload + bytes([first, last, high << 4 | low]))


def quantization():
    return segment(0xDB, bytes([0]) + bytes([QUANTUM] * 64))


class Bits:
    """Entropy-coded data: a 0 follows each byte of ones, and ones fill the last byte."""

    def __init__(self):
        self.data = bytearray()
        self.pending = 0
        self.count = 0

    def put(self, value, count):
        self.pending = self.pending << count | value
        self.count += count
        while self.count >= 8:
            self.count -= 8
            byte = self.pending >> self.count & 0xFF
            self.data.append(byte)
            if byte == 0xFF:
                self.data.append(0)
        self.pending &= (1 << self.count) - 1

    def end(self):
        if self.count:
            self.put((1 << (8 - self.count)) - 1, 8 - self.count)
        return bytes(self.data)


def transform(block):
    """The quantised coefficients of 8 rows of 8 samples, in the order of the file."""
    rows = [[sum(row[x] * COSINES[u][x] for x in range(8)) for u in range(8)] for row in block]
    coefficients = [
        round(sum(rows[y][u] * COSINES[v][y] for y in range(8)) / QUANTUM)
        for v in range(8) for u in range(8)
    ]
    return [coefficients[i] for i in ZIGZAG]


def put_number(bits, number):
    """What follows a symbol that says the size."""
    size = abs(number).bit_length()
    if size:
        bits.put(number if number > 0 else number + (1 << size) - 1, size)


def put_block(bits, coefficients, previous):
    difference = coefficients[0] - previous
    bits.put(DC_SYMBOLS.index(abs(difference).bit_length()), 4)
    put_number(bits, difference)
    zeros = 0
    for number in coefficients[1:]:
        if number == 0:
            zeros += 1
            continue
        while zeros > 15:
            bits.put(AC_SYMBOLS.index(0xF0), 8)
            zeros -= 16
        bits.put(AC_SYMBOLS.index(zeros << 4 | abs(number).bit_length()), 8)
        put_number(bits, number)
        zeros = 0
    if zeros:
        bits.put(AC_SYMBOLS.index(0x00), 8)


def entropy_coded(width, height, components, pixel):
    """The data of a scan of all components. pixel(x, y) gives the samples."""
    bits = Bits()
    previous = [0] * components
    for top in range(0, height, 8):
        for left in range(0, width, 8):
            block = [[pixel(min(left + x, width - 1), min(top + y, height - 1))
                      for x in range(8)] for y in range(8)]
            for component in range(components):
                plane = [[samples[component] - 128 for samples in row] for row in block]
                coefficients = transform(plane)
                put_block(bits, coefficients, previous[component])
                previous[component] = coefficients[0]
    return bits.end()


def tables():
    return (quantization() + huffman_table(0, 0, DC_SYMBOLS, 4) +
            huffman_table(1, 0, AC_SYMBOLS, 8))


def jpeg(width, height, components, pixel, extra=b""):
    """A whole file. `extra`: segments that come first."""
    return (SOI + extra + tables() + frame(0xC0, width, height, components) +
            scan(range(1, components + 1)) + entropy_coded(width, height, components, pixel) + EOI)


def exif(orientation):
    """An APP1 segment with an orientation, a camera's name and a place."""
    make = b"Corpus\0"
    entries = 3
    after = 8 + 2 + entries * 12 + 4
    directory = struct.pack(">H", entries)
    directory += struct.pack(">HHII", 0x010F, 2, len(make), after)
    directory += struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    directory += struct.pack(">HHII", 0x8825, 4, 1, after + len(make) + 1)
    gps = struct.pack(">HHHI4sI", 1, 1, 2, 2, b"N\0\0\0", 0)
    return segment(0xE1, b"Exif\0\0MM\0\x2a\0\0\0\x08" + directory + b"\0\0\0\0" + make + b"\0" + gps)


def adobe(transform_number):
    """An APP14 segment: 0 for CMYK as it is, 2 for YCCK."""
    return segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform_number))


def many_scans(width, height, planes):
    """A valid progressive file of one gray level, with a scan for each bit of each coefficient."""
    blocks = -(-width // 8) * -(-height // 8)
    ends = list(range(15))  # EOB0 to EOB14: that many bits of how many blocks are at their end
    parts = [SOI, quantization(), huffman_table(0, 0, [0], 1)]
    parts.append(huffman_table(1, 0, [end << 4 for end in ends], 4))
    parts += [frame(0xC2, width, height, 1), scan([1], 0, 0), bytes(-(-blocks // 8))]
    data = all_at_their_end(blocks)
    for coefficient in range(1, 64):
        for low in range(planes - 1, -1, -1):
            high = 0 if low == planes - 1 else low + 1
            parts += [scan([1], coefficient, coefficient, high, low), data]
    return b"".join(parts) + EOI


def all_at_their_end(blocks):
    bits = Bits()
    while blocks:
        size = min(blocks.bit_length() - 1, 14)
        run = min(blocks, (2 << size) - 1)
        bits.put(size, 4)
        bits.put(run - (1 << size), size)
        blocks -= run
    return bits.end()
