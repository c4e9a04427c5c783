#!/usr/bin/python3
"""How many instructions a task takes, by callgrind.

    instructions_test.py RUN_BATCH instructions.golden [--update]

A task may take a tenth more than the golden number says: after that, the test is red. Where a
change is worth it, or has made a task cheaper,

    ./bazelw run //testing/benchmarks/guards:instructions_test -- --update

writes the new numbers, so that the change shows in review.
"""

import re
import sys

import counting

TOLERANCE = 0.1


def instructions(valgrind, run_batch, batch, tasks):
    done = counting.run([valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", run_batch,
                         batch, str(tasks)])
    collected = re.search(r"Collected : (\d+)", done.stdout)
    if done.returncode != 0 or collected is None:
        sys.exit(f"{batch}: callgrind ended with {done.returncode}:\n{done.stdout}")
    return int(collected.group(1))


def read_golden(path):
    with open(path, encoding="ascii") as golden:
        lines = [line.split() for line in golden if not line.startswith("#")]
    return {batch: int(number) for batch, number in lines}


def write_golden(path, counted):
    with open(path, encoding="ascii") as golden:
        comments = [line for line in golden if line.startswith("#")]
    with open(path, "w", encoding="ascii") as golden:
        golden.writelines(comments)
        golden.writelines(f"{batch} {number}\n" for batch, number in counted.items())


def main():
    run_batch, golden_path = sys.argv[1:3]
    valgrind = counting.tool("valgrind")
    golden = read_golden(golden_path)
    counted = {
        batch: round(counting.per_task(
            lambda tasks, batch=batch: instructions(valgrind, run_batch, batch, tasks),
            1_000, 6_000))
        for batch in golden
    }
    if "--update" in sys.argv:
        write_golden(golden_path, counted)
    dearer = []
    for batch, number in counted.items():
        print(f"{batch}: {number} instructions a task, golden {golden[batch]}")
        if number > golden[batch] * (1 + TOLERANCE):
            dearer.append(batch)
        elif number < golden[batch] * (1 - TOLERANCE):
            print("  cheaper than the golden number: --update it")
    if dearer and "--update" not in sys.argv:
        sys.exit(f"tasks have become dearer: {', '.join(dearer)}\n\n{__doc__}")


if __name__ == "__main__":
    main()
