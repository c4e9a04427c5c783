#!/usr/bin/env python3
"""Compares the code blocks of Markdown files with tested source code.

A block of C++ or Python follows a comment that names it:

    <!-- [submit] -->
    ```cpp
    Future<int> future = pool.submit(power, 2, 10);
    ```

Its text is that between two markers in a source file of the same language, with the common
indentation removed. Regions of one name in a file are joined, with an empty line between.

    // [submit]
    Future<int> future = pool.submit(power, 2, 10);
    // [/submit]

Fails when a block differs from its region or has no name, or when a region is in no block.
With --update, writes the regions into the Markdown files instead.
"""

import argparse
import difflib
import pathlib
import re
import sys
import textwrap

LANGUAGES = {".cc": "cpp", ".py": "python"}
MARKER = re.compile(r"\s*(?://|#) \[(/?)([a-z0-9_]+)\]\s*$")
NAME = re.compile(r"<!-- \[([a-z0-9_]+)\] -->$")
FENCE = re.compile(r"```(\w*)$")


def dedent(lines):
    return textwrap.dedent("\n".join(lines)).strip("\n").split("\n")


def read_regions(path, regions):
    """Adds what `path` has to `regions`, by language and name. Returns what is wrong with it."""
    name, start, problems = None, 0, []
    lines = path.read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        marker = MARKER.match(line)
        if not marker:
            continue
        closing, found = marker.group(1) == "/", marker.group(2)
        if closing != (name is not None) or (closing and found != name):
            problems.append(f"{path}:{i + 1}: unexpected marker {line.strip()!r}")
        if closing:
            key = (LANGUAGES[path.suffix], found)
            text = dedent(lines[start:i])
            regions[key] = regions[key] + [""] + text if key in regions else text
        name, start = (None, 0) if closing else (found, i + 1)
    if name is not None:
        problems.append(f"{path}: no end of [{name}]")
    return problems


def check_block(where, key, block, regions):
    """Returns what is wrong with one block."""
    if key[1] is None:
        return [f"{where}: a {key[0]} block without a <!-- [name] --> before it"]
    if key not in regions:
        return [f"{where}: no {key[0]} region [{key[1]}] in the sources"]
    if block == regions[key]:
        return []
    diff = difflib.unified_diff(regions[key], block, "source", str(where), lineterm="")
    return ["\n".join(diff)]


def check_page(path, regions, used):
    """Returns the page's lines as they should be, and what is wrong with them as they are."""
    lines = path.read_text(encoding="utf-8").splitlines()
    output, problems, i = [], [], 0
    while i < len(lines):
        output.append(lines[i])
        fence = FENCE.match(lines[i])
        i += 1
        if not fence:
            continue
        end = i
        while end < len(lines) and lines[end] != "```":
            end += 1
        block = lines[i:end]
        if fence.group(1) in LANGUAGES.values():
            named = NAME.match(output[-2]) if len(output) > 1 else None
            key = (fence.group(1), named.group(1) if named else None)
            used.add(key)
            problems += check_block(f"{path}:{i}", key, block, regions)
            block = regions.get(key, block)
        output += block + ["```"]
        i = end + 1
    return output, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true")
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()

    regions, used, problems = {}, set(), []
    for path in options.files:
        if path.suffix in LANGUAGES:
            problems += read_regions(path, regions)
    for path in options.files:
        if path.suffix == ".md":
            output, found = check_page(path, regions, used)
            if options.update:
                path.write_text("\n".join(output) + "\n", encoding="utf-8")
                found = []
            problems += found
    problems += [f"the {key[0]} region [{key[1]}] is in no page" for key in regions.keys() - used]

    print("\n".join(sorted(problems)) or f"{len(used)} blocks are as tested")
    return 1 if problems or not used else 0


if __name__ == "__main__":
    sys.exit(main())
