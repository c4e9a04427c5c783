#!/usr/bin/env python3
"""Measures the process pool beside CPython's, interleaved, and prints medians and ratios.

    ./bazelw run //pools/benchmark:compare_processes -- --repetitions 7

One repetition is a run of process_pool_benchmark and then the same work in CPython, each on an
otherwise idle machine as far as that can be had. The load average is printed, so that a reader can
tell a quiet run from another.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

TINY_TASKS = 20_000
LARGE = 64 << 20

# What it is; the benchmark's name; CPython's measure below; the aim in microseconds.
ROWS = [
    ("round trip, one after the other", "RoundTrip", "round_trip", 20),
    ("round trip, after a pause of 1 ms", "RoundTripFromIdle", "after_pause", None),
    ("bare pair of rings, after a pause", "BareRings", None, None),
    ("20,000 tiny tasks, chunksize 1", "TinyTasks/1", "tiny_1", 30e3),
    ("20,000 tiny tasks, chunksize 64", "TinyTasks/64", "tiny_64", None),
    ("20,000 tiny tasks, chosen chunks", "TinyTasks/0", None, None),
    ("64 MiB argument, given away", "LargeArgument/65536", "argument", 12e3),
    ("64 MiB argument, copied", "LargeCopiedArgument/65536", None, None),
    ("64 MiB result", "LargeResult/65536", "result", None),
    ("64 MiB SharedBuffer, full already", "SharedArgument/65536", None, 100),
    ("64 MiB SharedBuffer, filled and read", "SharedArgumentFilled/65536", None, None),
    ("the same in new memory", "SharedArgumentFresh/65536", None, None),
    ("first result of a new pool", "WorkerReady", "ready", 2.5e3),
    ("kill to the next task done", "Recovery", None, 10e3),
]


def increment(n):
    return n + 1


def length_of(data):
    return len(data)


def make(size):
    return b"x" * size


def microseconds(work):
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1e6


def measure_python():
    figures = {}
    with ProcessPoolExecutor(1) as pool:
        pool.submit(increment, 0).result()
        for name, pause in (("round_trip", 0), ("after_pause", 0.001)):
            rounds = []
            for _ in range(200):
                if pause:
                    time.sleep(pause)
                rounds.append(microseconds(lambda: pool.submit(increment, 1).result()))
            figures[name] = statistics.median(rounds)
        data = b"x" * LARGE
        figures["argument"] = microseconds(lambda: pool.submit(length_of, data).result())
        figures["result"] = microseconds(lambda: pool.submit(make, LARGE).result())
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(increment, range(100)))
        for chunk in (1, 64):
            figures[f"tiny_{chunk}"] = microseconds(
                lambda: list(pool.map(increment, range(TINY_TASKS), chunksize=chunk)))

    def ready():
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(increment, 1).result()

    figures["ready"] = microseconds(ready)
    return figures


def measure_cohort(binary):
    output = subprocess.run([binary, "--benchmark_format=json"], check=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    figures = {}
    for each in json.loads(output)["benchmarks"]:
        figures[each["name"].split("/iterations")[0]] = each["median"]
    return figures


def text_of(value):
    if value is None:
        return "-"
    if value < 1000:
        return f"{value:.1f} us"
    return f"{value / 1000:.2f} ms"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("--repetitions", type=int, default=7)
    arguments = parser.parse_args()
    ours, theirs = [], []
    for repetition in range(arguments.repetitions):
        print(f"repetition {repetition + 1} of {arguments.repetitions}, load "
              f"{os.getloadavg()[0]:.1f}", file=sys.stderr)
        ours.append(measure_cohort(arguments.binary))
        theirs.append(measure_python())
    print(f"CPython {sys.version.split()[0]}, {os.cpu_count()} CPUs, "
          f"{arguments.repetitions} repetitions, load {os.getloadavg()[0]:.1f}")
    print(f"{'work':37} {'Cohort':>10} {'spread':>20} {'aim':>10} {'CPython':>10} {'ratio':>7}")
    for name, key, python_key, aim in ROWS:
        values = [each[key] for each in ours if key in each]
        if not values:
            continue
        median = statistics.median(values)
        python = statistics.median(e[python_key] for e in theirs) if python_key else None
        spread = f"{text_of(min(values))}..{text_of(max(values))}"
        ratio = f"{python / median:.0f}x" if python else "-"
        print(f"{name:37} {text_of(median):>10} {spread:>20} {text_of(aim):>10} "
              f"{text_of(python):>10} {ratio:>7}")


if __name__ == "__main__":
    main()
