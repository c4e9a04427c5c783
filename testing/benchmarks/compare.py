#!/usr/bin/python3
"""Measures Cohort beside other thread pools, and beside CPython's, in turns.

    ./bazelw run --config=opt //testing/benchmarks:compare
    ./bazelw run --config=opt //testing/benchmarks:compare -- \\
        --works=submit_get,ping --peers=cohort,tbb_arena --threads=1,2,4,8 --json=figures.json
    ./bazelw run --config=opt //testing/benchmarks:compare -- --works= --curves=outstanding,threads
    ./bazelw run --config=opt //testing/benchmarks:compare -- --from=figures.json --plots=plots \\
        --markdown=tables.md

Each run of a work is a process of its own. A table shows medians, half the distance of the
quartiles, and ratios; a ~ stands before the ratio of those who cannot be told apart from the best.
A peer that fails at a work is left out of its table, and named at the end. The exit status is 1
when one has failed, or the machine was too noisy for one of the tables to mean anything.
How it measures, and why so: docs/design/benchmarks.md.
"""

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "driver"))

# pylint: disable=wrong-import-position
import machine
import markdown
import matrix
import noise
import plots
import runs
import tables


def names_in(text):
    return [name for name in text.split(",") if name]


def numbers_in(text):
    numbers = [int(name) for name in names_in(text)]
    if not numbers or min(numbers) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: numbers from 1 on, with commas between them")
    return numbers


def in_users_directory(path):
    """Where the user named it, not where Bazel runs this."""
    return os.path.join(os.environ.get("BUILD_WORKING_DIRECTORY", ""), path)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", action="append", default=[], metavar="PEER=PROGRAM",
                        help=argparse.SUPPRESS)
    parser.add_argument("--works", type=names_in, metavar="A,B",
                        default=[work.name for work in matrix.WORKS],
                        help="default: " + ", ".join(work.name for work in matrix.WORKS))
    parser.add_argument("--peers", type=names_in, default=matrix.PEERS, metavar="A,B",
                        help="default: " + ", ".join(matrix.PEERS))
    parser.add_argument("--threads", type=numbers_in, default=[2], metavar="N,M", help="default: 2")
    parser.add_argument("--repetitions", type=int, default=7, help="default: 7")
    parser.add_argument("--scale", type=float, default=1.0,
                        help="so many times the usual counts (default: 1)")
    parser.add_argument("--curves", type=names_in, default=[], metavar="outstanding,threads",
                        help="cost by the number of outstanding tasks, of threads")
    parser.add_argument("--retries", type=int, default=2,
                        help="how often a run that other programs disturb is repeated (default: 2)")
    parser.add_argument("--json", metavar="FILE", help="write all figures")
    parser.add_argument("--markdown", metavar="FILE", help="write tables for a page")
    parser.add_argument("--plots", metavar="DIR", help="draw SVG files")
    parser.add_argument("--from", dest="source", metavar="FILE",
                        help="measure nothing, show what --json wrote")
    return parser.parse_args()


def peers_of(arguments):
    programs = dict(pair.split("=", 1) for pair in arguments.binary)
    unknown = [name for name in arguments.peers if name not in programs]
    if unknown:
        sys.exit(f"compare: no peer {unknown[0]!r}; there are " + ", ".join(programs))
    return [runs.Peer(name, programs[name]) for name in arguments.peers]


def rows_of(arguments):
    try:
        works = [matrix.work_named(name) for name in arguments.works]
    except ValueError as error:
        sys.exit(f"compare: --works: {error}")
    return (matrix.matrix(works, arguments.threads, arguments.scale) +
            matrix.curves(arguments.curves, arguments.scale))


def report(outcome):
    print(f"\n{outcome.row.title}")
    if outcome.runs:
        print("\n".join(tables.table_of(outcome)))
        print(tables.noise_text(outcome.verdict()))
    print("".join(f"FAILED: {failure}\n" for failure in outcome.failures.values()), end="",
          flush=True)


def measure(arguments):
    described = machine.describe()
    print(machine.text_of(described))
    peers = peers_of(arguments)
    outcomes, failures = [], []
    for row in rows_of(arguments):
        outcome = runs.measure(row, peers, arguments.repetitions, arguments.retries)
        if outcome.runs or outcome.failures:
            report(outcome)
        if outcome.runs:
            outcomes.append(outcome)
        failures += outcome.failures.values()
    return {"machine": described, "repetitions": arguments.repetitions, "failures": failures,
            "rows": [outcome.as_json() for outcome in outcomes]}


def conclude(results):
    """Returns the exit status."""
    failures = results.get("failures", [])
    for failure in failures:
        print(f"compare: {failure}", file=sys.stderr)
    noisy = [row for row in results["rows"]
             if not noise.verdict_in(row).quiet]
    if not noisy:
        return 1 if failures else 0
    print(f"\ncompare: {len(noisy)} of {len(results['rows'])} tables have no conclusion, the "
          "machine was too noisy: end what else runs, and run it again", file=sys.stderr)
    return 1


def main():
    arguments = parse_arguments()
    if arguments.plots:
        plots.require()
    if arguments.source:
        with open(in_users_directory(arguments.source), encoding="utf-8") as source:
            results = json.load(source)
    else:
        results = measure(arguments)
    if arguments.json:
        with open(in_users_directory(arguments.json), "w", encoding="utf-8") as target:
            json.dump(results, target, indent=1)
    if arguments.markdown:
        with open(in_users_directory(arguments.markdown), "w", encoding="utf-8") as target:
            target.write(markdown.page(results))
    if arguments.plots:
        for path in plots.draw(results, in_users_directory(arguments.plots)):
            print(path)
    return conclude(results)


if __name__ == "__main__":
    sys.exit(main())
