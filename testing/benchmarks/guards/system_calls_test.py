#!/usr/bin/python3
"""How many system calls a task of a batch takes, by strace: next to none.

    system_calls_test.py RUN_BATCH
"""

import re
import sys
import tempfile

import counting

# Memory that grows takes some, and so does each round of 1,000 that a pool is held up for. Between
# processes, each side waits when the other is not ahead: 0.03 a task on two processors, idle or
# busy, 0.07 on a single one.
MOST = {
    "submit": 0.02,
    "submit_first": 0.01,
    "post": 0.02,
    "map": 0.01,
    "then": 0.01,
    "as_completed": 0.01,
    "fork_join": 0.01,
    "process_submit": 0.2,
}


def system_calls(strace, run_batch, batch, tasks):
    with tempfile.NamedTemporaryFile("r") as summary:
        done = counting.run([strace, "-f", "-c", "-o", summary.name, run_batch, batch, str(tasks)])
        text = summary.read()
    if "PTRACE" in done.stdout or "ptrace" in done.stdout:
        counting.skip("programs may not be traced here: " + done.stdout.strip())
    total = re.search(r"^\s*100\.00\s.*\btotal$", text, re.MULTILINE)
    if done.returncode != 0 or total is None:
        sys.exit(f"{batch}: strace ended with {done.returncode}:\n{done.stdout}{text}")
    # % time, seconds, usecs/call, calls, errors (where there were some), "total"
    return int(total.group(0).split()[3])


def main():
    run_batch = sys.argv[1]
    strace = counting.tool("strace")
    dear = []
    for batch, most in MOST.items():
        counted = counting.per_task(
            lambda tasks, batch=batch: system_calls(strace, run_batch, batch, tasks),
            1_000, 21_000)
        print(f"{batch}: {counted:.4f} system calls a task, at most {most}")
        if counted > most:
            dear.append(batch)
    if dear:
        sys.exit("tasks make more system calls than they should: " + ", ".join(dear) +
                 "\nstrace -f run_batch BATCH TASKS shows which ones.")


if __name__ == "__main__":
    main()
