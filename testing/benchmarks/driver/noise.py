"""How quiet the machine was, and whether that is quiet enough to conclude anything.

Two measures. The first is how much processor time programs other than the measured one used while
it ran, by /proc/stat, as a share of what the processors that the run needs had; time that the
hypervisor gave to others counts. The second is how long one fixed loop takes before each run: it
shows what processor counters do not, such as a neighbour on the same core or a clock that changes.
"""

import math
import os
import resource
import time
from dataclasses import dataclass

from summary import quantile

# Above one of these, a row has no conclusion. What they are and why: docs/design/benchmarks.md.
MOST_FOREIGN = 0.05
MOST_UNSTEADY = 0.50

# Three standard errors of a ratio of two medians, each of one run whose quartiles are this far apart:
# a median has 1.25 times the error of a mean, quartiles are 1.35 standard deviations apart.
ERROR_OF_RATIO = 3 * math.sqrt(2) * 1.25 / 1.35

# A single run is repeated when others took more than this share, and at least so long:
# the kernel counts in ticks of 10 ms.
MOST_FOREIGN_IN_A_RUN = 0.10
LEAST_FOREIGN_SECONDS = 0.04

CALIBRATION_ROUNDS = 100_000
CALIBRATION_LOOPS = 5


@dataclass(frozen=True)
class Share:
    """Seconds of processor time: of others, and of the processors that the run needs."""

    foreign: float = 0.0
    total: float = 0.0

    def __add__(self, other):
        return Share(self.foreign + other.foreign, self.total + other.total)

    @property
    def part(self):
        return self.foreign / self.total if self.total else 0.0

    @property
    def disturbs(self):
        return self.part > MOST_FOREIGN_IN_A_RUN and self.foreign > LEAST_FOREIGN_SECONDS


@dataclass(frozen=True)
class Verdict:
    foreign: float  # the share of others, maybe above 1, over all runs of a row
    unsteady: float  # the calibration loop: distance of the quartiles by the median
    repetitions: int

    @property
    def least_ratio(self):
        """A smaller ratio of two medians is none: the machine alone can make as much."""
        return 1 + ERROR_OF_RATIO * self.unsteady / math.sqrt(self.repetitions)

    @property
    def reasons(self):
        reasons = []
        if self.foreign > MOST_FOREIGN:
            reasons.append(f"other programs used {self.foreign:.1%} of the processors that a "
                           f"run needs (at most {MOST_FOREIGN:.0%})")
        if self.unsteady > MOST_UNSTEADY:
            reasons.append(f"a fixed loop's time varied by {self.unsteady:.1%} "
                           f"(at most {MOST_UNSTEADY:.0%})")
        return reasons

    @property
    def quiet(self):
        return not self.reasons


def verdict_of(shares, calibrations, repetitions):
    median = quantile(calibrations, 0.5)
    return Verdict(sum(shares, Share()).part,
                   (quantile(calibrations, 0.75) - quantile(calibrations, 0.25)) / median,
                   repetitions)


def verdict_in(row):
    """Of a row of what --json wrote: by this version's rules."""
    return Verdict(row["noise"]["foreign"], row["noise"]["unsteady"],
                   max(len(peer["values"]) for peer in row["peers"].values()))


def _time_of_loop():
    begin = time.perf_counter()
    total = 0
    for i in range(CALIBRATION_ROUNDS):
        total += i
    return time.perf_counter() - begin


def calibrate():
    """Seconds that a fixed loop takes, some milliseconds: the least of several times.

    One interrupt, or the wake-up of a processor that slept, says nothing of the run that follows.
    """
    return min(_time_of_loop() for _ in range(CALIBRATION_LOOPS))


def parse_processor_times(first_line):
    """(busy, all) in seconds, from the first line of /proc/stat."""
    ticks = [int(field) for field in first_line.split()[1:9]]
    user, nice, system, idle, io_wait, interrupts, soft_interrupts, stolen = ticks
    busy = user + nice + system + interrupts + soft_interrupts + stolen
    seconds = 1 / os.sysconf("SC_CLK_TCK")
    return busy * seconds, (busy + idle + io_wait) * seconds


def _processor_times():
    with open("/proc/stat", encoding="ascii") as stat:
        return parse_processor_times(stat.readline())


def _own_seconds(usage):
    return usage.ru_utime + usage.ru_stime


def needed_part(threads, processors):
    """Of the machine. One more than threads: whoever submits runs, too.

    On a large machine, a few busy neighbours are a small part of all, and disturb nevertheless.
    """
    return min(1.0, (threads + 1) / processors)


class Watch:
    """Tells the share of others from its construction on, in a run with so many threads."""

    def __init__(self, threads):
        self._needed = needed_part(threads, os.cpu_count())
        self._busy, self._total = _processor_times()
        self._own = _own_seconds(resource.getrusage(resource.RUSAGE_SELF))

    def share(self, child_usage):
        """`child_usage`: what wait4() said of the measured program."""
        busy, total = _processor_times()
        own = _own_seconds(resource.getrusage(resource.RUSAGE_SELF)) - self._own
        foreign = busy - self._busy - own - _own_seconds(child_usage)
        return Share(max(foreign, 0.0), (total - self._total) * self._needed)
