#!/usr/bin/env python3
"""Writes compile_commands.json for this workspace's own sources.

Asks Bazel for its compile actions; builds nothing. Build once before, so that
the external repositories are there.
"""

import json
import os
import subprocess
import sys

# GCC options that clang-tidy and clangd refuse.
GCC_ONLY = {"-fno-canonical-system-headers", "-Wno-free-nonheap-object"}


def bazel(*args):
    return subprocess.run(
        ["bazel", *args], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def main():
    root = bazel("info", "workspace").strip()
    external = os.path.join(bazel("info", "output_base").strip(), "external")
    query = json.loads(
        bazel("aquery", 'mnemonic("CppCompile", //...)', "--output=jsonproto")
    )
    commands = {}
    for action in query["actions"]:
        arguments = []
        for argument in action["arguments"]:
            if argument in GCC_ONLY or argument.endswith('="redacted"'):
                continue
            if argument.startswith("external/"):
                argument = external + argument[len("external") :]
                if arguments[-1] == "-iquote":
                    arguments[-1] = "-isystem"
            arguments.append(argument)
        source = arguments[arguments.index("-c") + 1]
        if os.path.exists(os.path.join(root, source)) and not os.path.isabs(source):
            commands[source] = {
                "directory": root,
                "file": source,
                "arguments": arguments,
            }
    with open(os.path.join(root, "compile_commands.json"), "w") as output:
        json.dump([commands[source] for source in sorted(commands)], output, indent=1)
    print(f"{len(commands)} commands", file=sys.stderr)


if __name__ == "__main__":
    main()
