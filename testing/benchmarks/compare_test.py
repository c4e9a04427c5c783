#!/usr/bin/python3
"""Every work of every peer that needs no further packages, with tiny counts, through compare.py.

    compare_test.py COMPARE PEER=PROGRAM...
"""

import json
import os
import subprocess
import sys
import tempfile

# What Cohort must have measured: a work that it silently cannot do any more would go unnoticed.
COHORTS_WORKS = {
    "as_completed", "fork_join", "idle", "map", "pieces", "ping", "post", "process_after_pause",
    "process_argument", "process_echo", "process_map", "process_map_64", "process_map_auto",
    "process_recovery", "process_result", "process_round_trip", "process_shared",
    "process_start", "process_tiny", "producers4", "submit_get", "wait", "wakeups",
}


def run(compare, peers, *arguments):
    names = ",".join(peer.split("=", 1)[0] for peer in peers)
    with tempfile.TemporaryDirectory() as folder:
        figures = os.path.join(folder, "figures.json")
        command = [compare, *(f"--binary={peer}" for peer in peers), f"--peers={names}",
                   "--scale=1e-9", "--repetitions=1", "--retries=0", f"--json={figures}",
                   *arguments]
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, check=False)
        print(done.stdout)
        # 1: too noisy, which is no matter here, or a failure.
        assert done.returncode in (0, 1), done.returncode
        with open(figures, encoding="utf-8") as source:
            results = json.load(source)
    assert not results["failures"], results["failures"]
    return done.stdout, results["rows"]


def check_row(row):
    for name, peer in row["peers"].items():
        where = f"{row['work']} of {name}"
        assert len(peer["values"]) == 1, where
        assert all(value >= 0 for value in peer["values"]), where
        assert peer["median"] > 0 or row["work"] == "idle", where
    assert any(peer["of_best"] in (1, None) for peer in row["peers"].values()), row["work"]


def check_matrix(compare, peers):
    text, rows = run(compare, peers)
    done = {row["work"] for row in rows if "cohort" in row["peers"]}
    assert done == COHORTS_WORKS, done ^ COHORTS_WORKS
    for row in rows:
        assert row["work"] + ", " in text, row["work"]
        check_row(row)


def check_curves(compare, peers):
    cohort = [peer for peer in peers if peer.startswith("cohort=")]
    _, rows = run(compare, cohort, "--works=", "--curves=outstanding,threads")
    threads = {row["threads"] for row in rows if row["curve"] == "threads"}
    assert {1, 2, 64} <= threads, threads
    assert any(row["curve"] == "outstanding" for row in rows)


def main():
    compare, peers = os.path.realpath(sys.argv[1]), sys.argv[2:]
    check_matrix(compare, peers)
    check_curves(compare, peers)


if __name__ == "__main__":
    main()
