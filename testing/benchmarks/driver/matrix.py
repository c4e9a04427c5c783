"""What is measured: works, how many of what in each, and curves."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Work:
    name: str
    what: str
    count: int
    least: int = 1000  # however small the scale
    # Of peers for whom `count` would take minutes.
    counts: dict = field(default_factory=dict)
    # Peers that run a task where it is submitted when they have fewer threads.
    least_threads: dict = field(default_factory=dict)
    shown: tuple = ()  # others of its figures that belong into the table


def threads_text(threads):
    return "1 thread" if threads == 1 else f"{threads} threads"


@dataclass(frozen=True)
class Row:
    """One line-up of peers."""

    work: Work
    threads: int
    count: int
    curve: str = ""  # "outstanding" or "threads", or of none

    def count_for(self, peer):
        return min(self.count, self.work.counts.get(peer, self.count))

    def is_for(self, peer):
        return self.threads >= self.work.least_threads.get(peer, 1)

    @property
    def title(self):
        return (f"{self.work.name}, {threads_text(self.threads)}, {self.count:,}: "
                f"{self.work.what}")


_SLOW = {"python": 100_000, "std_async": 5_000}
_NEEDS_A_WORKER = {"openmp": 2}

WORKS = [
    Work("submit_get", "tasks with futures from one thread, then all results", 1_000_000,
         counts=_SLOW, shown=("cpu_ns", "first_round_ns", "bytes_per_task")),
    Work("post", "tasks without futures, then a wait for all", 1_000_000, counts=_SLOW,
         shown=("cpu_ns", "first_round_ns")),
    Work("producers4", "the same with futures from four threads at once", 1_000_000,
         counts=_SLOW, shown=("cpu_ns",)),
    Work("ping", "submit one and get it, in an idle pool: the median", 100_000, least=100,
         counts={"python": 20_000, "std_async": 20_000}, least_threads=_NEEDS_A_WORKER,
         shown=("p99_ns", "cpu_ns")),
    Work("fork_join", "Fibonacci without a cut-off: each spawn", 1_400_000,
         shown=("cpu_ns",)),
    Work("map", "a cheap function of each element, chunks chosen", 10_000_000,
         counts={"python": 1_000_000}, shown=("speedup",)),
    Work("pieces", "the same, eight pieces a thread by hand", 10_000_000, shown=("speedup",)),
    Work("wakeups", "8 tasks of 20 us after 200 us: until the first one starts, the median",
         1_000, least=10, least_threads=_NEEDS_A_WORKER, shown=("p99_ns", "burst_ns", "cpu_s")),
    Work("idle", "an idle pool: processor time", 2_000, least=20),
    Work("as_completed", "going through futures that are done", 1_000_000, counts=_SLOW),
    Work("wait", "one wait for futures that are done", 1_000_000, counts=_SLOW),
    Work("process_round_trip", "processes: submit one and get it, the median", 10_000, least=20,
         counts={"python": 2_000}, shown=("p99_ns",)),
    Work("process_after_pause", "processes: the same after 1 ms of sleep", 1_000, least=10,
         shown=("p99_ns",)),
    Work("process_tiny", "processes: calls with futures, then all results", 100_000, least=100,
         counts={"python": 20_000}),
    Work("process_map", "processes: a map in chunks of one", 100_000, least=100,
         counts={"python": 20_000}),
    Work("process_map_64", "processes: a map in chunks of 64", 100_000, least=100),
    Work("process_map_auto", "processes: a map in chunks that the pool chooses", 100_000,
         least=100),
    Work("process_echo", "processes: 1 MiB there and back, the median", 200, least=5,
         shown=("p99_ns",)),
    Work("process_argument", "processes: an argument of 64 MiB, the median", 15, least=1),
    Work("process_result", "processes: a result of 64 MiB, the median", 15, least=1),
    Work("process_shared", "processes: a SharedBuffer of 64 MiB, filled and read, the median", 15,
         least=1),
    Work("process_start", "processes: from no pool to the first result, the median", 30, least=2,
         counts={"python": 10}, shown=("p99_ns", "fork_ns")),
    Work("process_recovery", "processes: from a worker's end to the next result, the median", 30,
         least=2, shown=("p99_ns",)),
]

PEERS = ["cohort", "tbb_arena", "tbb_group", "asio", "boost_thread", "openmp", "std_async",
         "python"]

OUTSTANDING = [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
CROWDS = [1, 2, 4, 8, 16, 32, 64]
CROWD_COUNT = 500_000


def work_named(name):
    for work in WORKS:
        if work.name == name:
            return work
    raise ValueError(f"no work {name!r}; there are " + ", ".join(w.name for w in WORKS))


def scaled(work, count, scale):
    return max(int(count * scale), min(work.least, count))


def matrix(works, threads, scale):
    return [Row(work, number, scaled(work, work.count, scale))
            for work in works for number in threads]


def curves(names, scale):
    """Cost by the number of outstanding tasks, and by the number of threads."""
    rows = []
    if "outstanding" in names:
        work = work_named("submit_get")
        rows += [Row(work, 2, scaled(work, count, scale), "outstanding")
                 for count in OUTSTANDING]
    if "threads" in names:
        rows += [Row(work, threads, scaled(work, CROWD_COUNT, scale), "threads")
                 for work in (work_named("submit_get"), work_named("post"))
                 for threads in CROWDS]
    return rows
