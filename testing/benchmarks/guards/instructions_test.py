#!/usr/bin/python3
"""How many instructions of its own code a task takes, by callgrind.

    instructions_test.py RUN_BATCH instructions.golden [--update]

Only the program's own instructions count: those of the C and C++ libraries depend on the machine,
on which glibc chooses among several versions of a function. A task may take a tenth more than the
golden number says: after that, the test is red. Where a change is worth it, or has made a task
cheaper,

    ./bazelw run //testing/benchmarks/guards:instructions_test -- --update

writes the new numbers, so that the change shows in review. Other processors and compilers than
those of the golden file make other code; there the test is skipped.
"""

import os
import sys
import tempfile

import counting

TOLERANCE = 0.1


def instructions(valgrind, run_batch, batch, tasks):
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as profile:
        done = counting.run([valgrind, "--tool=callgrind", "--compress-strings=no",
                             "--compress-pos=no", f"--callgrind-out-file={profile.name}",
                             run_batch, batch, str(tasks)])
        own = instructions_of(os.path.basename(run_batch), profile)
    if done.returncode != 0 or not own:
        sys.exit(f"{batch}: callgrind ended with {done.returncode}, {own} instructions:\n"
                 f"{done.stdout}")
    return own


def instructions_of(program, profile):
    """The sum over the functions of this program: `profile` is in callgrind's format.

    A line "ob=..." names the file that the following functions are in. A cost is a line of place
    and number; the one after "calls=..." is that of the called function, counted where that is.
    """
    total, is_own, is_call = 0, False, False
    for line in profile:
        if line.startswith("ob="):
            is_own = os.path.basename(line[len("ob="):].strip()) == program
        elif line[0].isdigit():
            if is_own and not is_call:
                total += int(line.split()[1])
            is_call = False
        elif line.startswith("calls="):
            is_call = True
    return total


def read_golden(path):
    """What made the program, and the numbers."""
    with open(path, encoding="ascii") as golden:
        made_by, *lines = [line.strip() for line in golden if not line.startswith("#")]
    return made_by, {batch: int(number) for batch, number in map(str.split, lines)}


def write_golden(path, made_by, counted):
    with open(path, encoding="ascii") as golden:
        comments = [line for line in golden if line.startswith("#")]
    with open(path, "w", encoding="ascii") as golden:
        golden.writelines(comments)
        golden.write(made_by + "\n")
        golden.writelines(f"{batch} {number}\n" for batch, number in counted.items())


def count_all(run_batch, batches):
    valgrind = counting.tool("valgrind")
    return {
        batch: round(counting.per_task(
            lambda tasks, batch=batch: instructions(valgrind, run_batch, batch, tasks),
            1_000, 6_000))
        for batch in batches
    }


def check(counted, golden):
    dearer = []
    for batch, number in counted.items():
        print(f"{batch}: {number} instructions a task, golden {golden[batch]}")
        if number > golden[batch] * (1 + TOLERANCE):
            dearer.append(batch)
        elif number < golden[batch] * (1 - TOLERANCE):
            print("  cheaper than the golden number: --update it")
    if dearer:
        sys.exit(f"tasks have become dearer: {', '.join(dearer)}\n\n{__doc__}")


def main():
    run_batch, golden_path = sys.argv[1:3]
    made_by = counting.run([run_batch, "--made-by"]).stdout.strip()
    golden_made_by, golden = read_golden(golden_path)
    if "--update" in sys.argv:
        write_golden(golden_path, made_by, count_all(run_batch, golden))
        return
    if made_by != golden_made_by:
        counting.skip(f"made by {made_by}, the golden numbers by {golden_made_by}")
    check(count_all(run_batch, golden), golden)


if __name__ == "__main__":
    main()
