#!/usr/bin/env python3
"""Writes one lcov report from gcov's JSON files, or from lcov reports.

Stands in for Bazel's CoverageOutputGenerator, which Debian does not package.
"""

import argparse
import collections
import glob
import gzip
import json
import os
import re
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coverage_dir")
    parser.add_argument("--reports_file")
    parser.add_argument("--output_file", required=True)
    parser.add_argument("--filter_sources", action="append", default=[])
    args, _ = parser.parse_known_args()

    skip = [re.compile(pattern) for pattern in args.filter_sources]
    lines = collections.defaultdict(collections.Counter)

    for path in glob.glob(f"{args.coverage_dir}/**/*.gcov.json.gz", recursive=True):
        with gzip.open(path) as report:
            for source in json.load(report)["files"]:
                name = source["file"]
                if any(pattern.fullmatch(name) for pattern in skip):
                    continue
                for line in source["lines"]:
                    lines[name][line["line_number"]] += line["count"]

    if args.reports_file:
        with open(args.reports_file) as names:
            for path in names.read().split():
                if not os.path.exists(path):
                    continue
                with open(path) as report:
                    for entry in report:
                        key, _, value = entry.strip().partition(":")
                        if key == "SF":
                            name = value
                        elif key == "DA":
                            number, count = value.split(",")[:2]
                            lines[name][int(number)] += int(count)

    with open(args.output_file, "w") as output:
        for name, counts in sorted(lines.items()):
            hit = sum(1 for count in counts.values() if count)
            output.write(f"SF:{name}\n")
            for number, count in sorted(counts.items()):
                output.write(f"DA:{number},{count}\n")
            output.write(f"LH:{hit}\nLF:{len(counts)}\nend_record\n")


if __name__ == "__main__":
    sys.exit(main())
