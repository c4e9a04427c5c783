#!/usr/bin/env python3
"""Writes lines that are not URLs, or nearly: always the same ones.

    testing/bad_urls.py > urls

Some are URLs, of any host: have them fetched by a proxy of your own only.
"""

import random
import sys

RANDOM_LINES = 500

# What ORIGIN stands for below.
ORIGIN = b"http://127.0.0.1:1"

LINES = [
    b"", b" ", b"\t", b"#", b"http", b"http:", b"http:/", b"http://", b"http:///", b"//", b"/", b"?",
    b"://", b"http://:", b"http://:80", b"http://@", b"http://@/", b"http://a:b@", b"http://?",
    b"http://#", b"http://[", b"http://]", b"http://[]", b"http://[]/", b"http://[::", b"http://[::1",
    b"http://[::1]x/", b"http://[1:2:3]/", b"http://[::g]/", b"http://[::1%25lo]:1/",
    b"http://127.0.0.1:/", b"http://127.0.0.1:0/", b"http://127.0.0.1:65536/",
    b"http://127.0.0.1:-1/", b"http://127.0.0.1:99999999999999999999/", b"http://127.0.0.1:8x/",
    b"http://127.0.0.1:1/", b"http://127.0.0.1.:1/", b"http://127.1:1/", b"http://2130706433:1/",
    b"http://0x7f.1:1/", b"http://256.256.256.256/", b"http://1.2.3/", b"http://-/", b"http://./",
    b"http://../", b"http://a..invalid/", b"http://.invalid/", b"http://a b/", b"http://a\tb/",
    b"http://a%20b/", b"http://%/", b"http://%00/", b"http://%zz/", b"http://\x00/", b"http://\x7f/",
    b"http://\xff\xfe/", b"http://\xc3\xa9.invalid/", b"http://no.such.host.invalid/",
    b"http://" + b"a" * 64 + b".invalid/", b"http://" + b"a" * 5000 + b"/",
    b"http://" + b"a." * 2000 + b"invalid/", b"HTTP://NO.SUCH.HOST.INVALID", b"http:\\\\host\\path",
    b"ftp://127.0.0.1/", b"file:///etc/passwd", b"javascript:alert(1)", b"data:,x", b"mailto:a@b",
    b"gopher://127.0.0.1/", b"unix:/tmp/socket", b"httpx://127.0.0.1/", b"ht tp://127.0.0.1/",
    b"http s://127.0.0.1/", b"--help", b"-o", b"-", b"--", b"{", b"}", b"{}", b"{id}", b"{1..}",
    b"{..1}", b"{1..2", b"{1..99999999999999999999}", b"{a..Z}", b"{1..10..0}", b"{1..10..-1}",
    b"ORIGIN/{", b"ORIGIN/}", b"ORIGIN/{}", b"ORIGIN/{1..", b"ORIGIN/{1..99999999999999999999}",
    b"ORIGIN/{1..3..0}", b"ORIGIN/{z..a}", b"ORIGIN/{1..2}{1..2", b"ORIGIN/{{1..2}}",
    b"ORIGIN", b"ORIGIN?", b"ORIGIN#", b"ORIGIN//", b"ORIGIN/..", b"ORIGIN/../../../etc/passwd",
    b"ORIGIN/%", b"ORIGIN/%2", b"ORIGIN/%00", b"ORIGIN/%zz", b"ORIGIN/\xff\xfe", b"ORIGIN/\x00",
    b"ORIGIN/\x01\x02", b"ORIGIN/a b", b"ORIGIN/a\tb", b"ORIGIN/a\\b", b"ORIGIN/\xe2\x82\xac",
    b"ORIGIN/ HTTP/1.1\\r\\nX: y", b"ORIGIN/\rX: y", b"ORIGIN/?a=b&c=d?e#f#g", b"ORIGIN/\"'<>`",
    b"ORIGIN/" + b"a" * 7000, b"ORIGIN/" + b"a" * 100000, b"ORIGIN/" + b"../" * 10000,
    b"ORIGIN/?" + b"a=b&" * 10000, b"ORIGIN/" + b"%41" * 5000, b"\x00" * 1000, b"\xff" * 1000,
    b"\xef\xbb\xbfORIGIN/", b"\xfe\xff\x00h", b"a" * 1000000,
]

# What random lines are made of.
PIECES = [
    b"http", b"https", b":", b"/", b"//", b"@", b"[", b"]", b"{", b"}", b"..", b"1", b"9", b"?", b"#",
    b"%", b"%2", b"\x00", b"\xff", b" ", b"a", b".", b"-", b"\\", b"127.0.0.1", b"::1", b"id",
    b"ORIGIN",
]


def random_line(source):
    line = b"".join(source.choices(PIECES, k=source.randrange(1, 12)))
    return source.choice([b"", b"", b"http://", b"ORIGIN/"]) + line


def main():
    source = random.Random(1)
    lines = LINES + [random_line(source) for _ in range(RANDOM_LINES)]
    sys.stdout.buffer.write(b"".join(line.replace(b"ORIGIN", ORIGIN) + b"\n" for line in lines))


if __name__ == "__main__":
    main()
