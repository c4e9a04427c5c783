#!/usr/bin/env python3
"""Prints 'N passed, N failed' over the stages of a CI run.

Each argument is STAGE=PATH, with a --build_event_json_file of `bazel test`, or
STAGE=passed or STAGE=failed for a stage that is one check. A test that was not
built or not run has failed, and a run of Bazel that failed otherwise, ended
early or had no test is one failure. The exit status is 0 when something passed
and nothing failed.
"""

import json
import sys

GOOD = ("PASSED", "FLAKY")


def read_events(path):
    """The outcome of each test of one run, and of the run itself where it is bad."""
    outcomes = {}
    overall = "DID NOT FINISH"
    try:
        with open(path) as events:
            for event in map(json.loads, events):
                kind = event["id"]
                if event.get("configured", {}).get("testSize"):
                    outcomes.setdefault(kind["targetConfigured"]["label"], "NOT RUN")
                if "testSummary" in event:
                    label = kind["testSummary"]["label"]
                    outcomes[label] = event["testSummary"]["overallStatus"]
                if "finished" in event:
                    overall = event["finished"]["exitCode"]["name"]
    except (OSError, ValueError):
        pass  # No file, or one cut short: the run did not finish.
    if overall != "SUCCESS" and all(status in GOOD for status in outcomes.values()):
        outcomes["(the build)"] = overall
    return outcomes


def main():
    passed = 0
    failures = []
    for argument in sys.argv[1:]:
        stage, _, result = argument.partition("=")
        if result in ("passed", "failed"):
            outcomes = {"(the check)": result.upper()}
        else:
            outcomes = read_events(result)
        for label, status in sorted(outcomes.items()):
            if status in GOOD:
                passed += 1
            else:
                failures.append(f"{status}: {label} in '{stage}'")
    print(*failures, f"{passed} passed, {len(failures)} failed", sep="\n")
    return 0 if passed and not failures else 1


if __name__ == "__main__":
    sys.exit(main())
