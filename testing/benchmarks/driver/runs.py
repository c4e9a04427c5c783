"""Runs of peers, each in a fresh process, in turns."""

import json
import os
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field

import noise
from noise import Share
from summary import Summary, best_of

# For one run; a peer that hangs must not hang all of it.
MOST_SECONDS = 300


class RunFailed(Exception):
    """A peer ended badly, too late, or without figures."""


class Peer:
    """A program that does works and prints what it measured: see works/peer_main.h."""

    def __init__(self, name, program):
        self.name = name
        self._program = program
        self.works = subprocess.run([program, "--list"], check=True, text=True,
                                    stdout=subprocess.PIPE).stdout.split()

    def run(self, row, retries):
        """One run; another one in its place, so many times at most, where others disturb it."""
        for attempt in range(retries + 1):
            calibration = noise.calibrate()
            watch = noise.Watch(row.threads)
            figures, usage = self._measure(row)
            share = watch.share(usage)
            if not share.disturbs or attempt == retries:
                return Run(figures, share, calibration, attempt)

    def _measure(self, row):
        command = [self._program, f"--work={row.work.name}", f"--threads={row.threads}",
                   f"--count={row.count_for(self.name)}"]
        status, output, usage = _run_to_its_end(command)
        shown = " ".join([self.name, *command[1:]])
        if status != 0:
            raise RunFailed(f"{shown} ended with {status} (-9: stopped after {MOST_SECONDS} s)")
        try:
            return json.loads(output), usage
        except ValueError:
            raise RunFailed(f"{shown} printed no figures, but {output!r}") from None


def _run_to_its_end(command):
    """Exit status, output and usage. Processes that the program has left behind end, too."""
    # A file: what is left behind would keep a pipe open.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, start_new_session=True)
        timer = threading.Timer(MOST_SECONDS, os.killpg, [process.pid, signal.SIGKILL])
        timer.start()
        try:
            # Without reaping it, so that the number of the group stays its own.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        finally:
            timer.cancel()
            timer.join()
            os.killpg(process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return process.returncode, output.read(), usage


@dataclass
class Run:
    figures: dict
    share: Share
    calibration: float
    repeated: int


@dataclass
class Outcome:
    """All runs of a row, by the peers' names."""

    row: object
    runs: dict = field(default_factory=dict)
    failures: dict = field(default_factory=dict)  # of those who have no runs for it: what it was

    def summaries(self):
        return {name: Summary.of([run.figures["value"] for run in runs])
                for name, runs in self.runs.items()}

    def other(self, name, key):
        """The median of one of the other figures, or None."""
        values = [run.figures.get("others", {}).get(key) for run in self.runs[name]]
        return None if None in values else Summary.of(values).median

    def verdict(self):
        runs = [run for each in self.runs.values() for run in each]
        return noise.verdict_of([run.share for run in runs], [run.calibration for run in runs],
                                max(len(each) for each in self.runs.values()))

    def unit(self):
        return next(iter(self.runs.values()))[0].figures["unit"]

    def as_json(self):
        summaries = self.summaries()
        verdict = self.verdict()
        best = summaries[best_of(summaries)].median
        return {
            "work": self.row.work.name,
            "what": self.row.work.what,
            "curve": self.row.curve,
            "threads": self.row.threads,
            "count": self.row.count,
            "unit": self.unit(),
            "noise": {"foreign": verdict.foreign, "unsteady": verdict.unsteady,
                      "least_ratio": verdict.least_ratio, "reasons": verdict.reasons},
            "peers": {name: self._peer_as_json(name, summary, best)
                      for name, summary in summaries.items()},
        }

    def _peer_as_json(self, name, summary, best):
        runs = self.runs[name]
        keys = runs[0].figures.get("others", {})
        return {
            "version": runs[0].figures["version"],
            "count": runs[0].figures["count"],
            "values": [run.figures["value"] for run in runs],
            "median": summary.median,
            "quartiles": [summary.low, summary.high],
            "of_best": summary.median / best if best else None,
            "others": {key: self.other(name, key) for key in keys},
            "repeated": sum(run.repeated for run in runs),
        }


def measure(row, peers, repetitions, retries):
    """A B C A B C ...: what else the machine does meets all alike. Who fails is out of the row."""
    able = [peer for peer in peers if row.work.name in peer.works and row.is_for(peer.name)]
    outcome = Outcome(row, {peer.name: [] for peer in able})
    for _ in range(repetitions):
        for peer in able:
            if peer.name not in outcome.failures:
                _measure_once(peer, outcome, retries)
    return outcome


def _measure_once(peer, outcome, retries):
    try:
        outcome.runs[peer.name].append(peer.run(outcome.row, retries))
    except RunFailed as failure:
        del outcome.runs[peer.name]
        outcome.failures[peer.name] = str(failure)
