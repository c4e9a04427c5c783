#!/usr/bin/python3
"""CPython's ThreadPoolExecutor and ProcessPoolExecutor, as one of the peers.

    python_pools.py --work=ping --threads=2 --count=1000
    python_pools.py --list

The works, and what is printed, are those of works/*.h.
"""

import argparse
import json
import math
import multiprocessing
import platform
import statistics
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed, wait

PRODUCERS = 4
LARGE = 64 << 20


def nothing():
    return 0


def increment(n):
    return n + 1


def echo(data):
    return data


def make(size):
    return b"x" * size


def cheap(x):
    return math.sin(x) * math.exp(-x)


def sum_of(inputs):
    return sum(map(cheap, inputs))


class Stopwatch:
    """Wall and processor time in nanoseconds, from its construction on."""

    def __init__(self):
        self.begin, self.processor_begin = time.perf_counter_ns(), time.process_time_ns()

    def wall(self):
        return time.perf_counter_ns() - self.begin

    def processor(self):
        return time.process_time_ns() - self.processor_begin


def peak_resident():
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def percentile(values, part):
    return sorted(values)[int(part * (len(values) - 1))]


def figures(value, unit="ns", **others):
    return {"value": value, "unit": unit, "others": others}


def median_of(times):
    return figures(statistics.median(times), p99_ns=percentile(times, 0.99))


def time_each(count, call):
    times = []
    for _ in range(count):
        stopwatch = Stopwatch()
        call()
        times.append(stopwatch.wall())
    return median_of(times)


def steady_state(tasks, run, **others):
    rounds, steady = 0, Stopwatch()
    while rounds < 2 or steady.wall() < 2e8:
        run()
        rounds += 1
    return figures(steady.wall() / tasks / rounds, cpu_ns=steady.processor() / tasks / rounds,
                   **others)


def submit_then_get(pool, count):
    for future in [pool.submit(nothing) for _ in range(count)]:
        future.result()


def submit_get(threads, count):
    with ThreadPoolExecutor(threads) as pool:
        resident, first = peak_resident(), Stopwatch()
        submit_then_get(pool, count)
        others = {"first_round_ns": first.wall() / count,
                  "bytes_per_task": (peak_resident() - resident) / count}
        return steady_state(count, lambda: submit_then_get(pool, count), **others)


def post(threads, count):
    def run():
        with ThreadPoolExecutor(threads) as pool:
            for _ in range(count):
                pool.submit(nothing)

    return steady_state(count, run)


def producers4(threads, count):
    each = max(count // PRODUCERS, 1)
    with ThreadPoolExecutor(threads) as pool:

        def run():
            producers = [threading.Thread(target=submit_then_get, args=(pool, each))
                         for _ in range(PRODUCERS)]
            for producer in producers:
                producer.start()
            for producer in producers:
                producer.join()

        return steady_state(each * PRODUCERS, run)


def ping(threads, count):
    with ThreadPoolExecutor(threads) as pool:
        submit_then_get(pool, 100)
        stopwatch = Stopwatch()
        measured = time_each(count, lambda: pool.submit(nothing).result())
        measured["others"]["cpu_ns"] = stopwatch.processor() / count
        return measured


def map_elements(threads, count):
    inputs = [i / count for i in range(count)]
    loop = Stopwatch()
    sum_of(inputs)
    serial = loop.wall()
    size = count // (8 * threads) + 1
    with ThreadPoolExecutor(threads) as pool:
        stopwatch = Stopwatch()
        sum(pool.map(sum_of, [inputs[i:i + size] for i in range(0, count, size)]))
        return figures(stopwatch.wall() / count, speedup=serial / stopwatch.wall())


def busy_task(starts):
    begin = time.perf_counter_ns()
    starts.append(begin)
    while time.perf_counter_ns() < begin + 20_000:
        pass


def run_burst(pool):
    starts, begin = [], time.perf_counter_ns()
    for future in [pool.submit(busy_task, starts) for _ in range(8)]:
        future.result()
    return min(starts) - begin, time.perf_counter_ns() - begin


def wakeups(threads, count):
    bursts = []
    with ThreadPoolExecutor(threads) as pool:
        run_burst(pool)
        stopwatch = Stopwatch()
        for _ in range(count):
            time.sleep(200e-6)
            bursts.append(run_burst(pool))
        burnt = stopwatch.processor() / 1e9
    starts = [start for start, _ in bursts]
    return figures(statistics.median(starts), cpu_s=burnt, p99_ns=percentile(starts, 0.99),
                   burst_ns=statistics.median(whole for _, whole in bursts))


def idle(threads, count):
    with ThreadPoolExecutor(threads) as pool:
        run_burst(pool)
        stopwatch = Stopwatch()
        time.sleep(count / 1000)
        return figures(stopwatch.processor() / 1e6, unit="ms")


def time_futures(threads, count, consume):
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(nothing) for _ in range(count)]
        wait(futures)
        stopwatch = Stopwatch()
        consume(futures)
        return figures(stopwatch.wall() / count)


def many_as_completed(threads, count):
    return time_futures(threads, count,
                        lambda futures: sum(f.result() for f in as_completed(futures)))


def many_wait(threads, count):
    return time_futures(threads, count, wait)


def process_round_trip(_, count):
    with ProcessPoolExecutor(1) as pool:
        pool.submit(increment, 0).result()
        return time_each(count, lambda: pool.submit(increment, 1).result())


def process_after_pause(_, count):
    times = []
    with ProcessPoolExecutor(1) as pool:
        pool.submit(increment, 0).result()
        for _ in range(count):
            time.sleep(0.001)
            stopwatch = Stopwatch()
            pool.submit(increment, 1).result()
            times.append(stopwatch.wall())
    return median_of(times)


def process_tiny(threads, count):
    with ProcessPoolExecutor(threads) as pool:
        list(pool.map(increment, range(100)))
        stopwatch = Stopwatch()
        for future in [pool.submit(increment, i) for i in range(count)]:
            future.result()
        return figures(stopwatch.wall() / count)


def process_map(threads, count, chunksize=1):
    with ProcessPoolExecutor(threads) as pool:
        list(pool.map(increment, range(100)))
        stopwatch = Stopwatch()
        sum(pool.map(increment, range(count), chunksize=chunksize))
        return figures(stopwatch.wall() / count)


def process_map_64(threads, count):
    return process_map(threads, count, chunksize=64)


def process_echo(_, count):
    data = make(1 << 20)
    with ProcessPoolExecutor(1) as pool:
        pool.submit(echo, data).result()
        return time_each(count, lambda: pool.submit(echo, data).result())


def process_argument(_, count):
    data = make(LARGE)
    with ProcessPoolExecutor(1) as pool:
        pool.submit(len, data).result()
        return time_each(count, lambda: pool.submit(len, data).result())


def process_result(_, count):
    with ProcessPoolExecutor(1) as pool:
        pool.submit(make, LARGE).result()
        return time_each(count, lambda: pool.submit(make, LARGE).result())


def start_times(count, method):
    times = []
    for _ in range(count):
        stopwatch = Stopwatch()
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
            pool.submit(increment, 1).result()
            times.append(stopwatch.wall())
    return times


def process_start(_, count):
    # As ours, from nothing; and, beside it, by a fork of this process.
    measured = median_of(start_times(count, "spawn"))
    measured["others"]["fork_ns"] = statistics.median(start_times(count, "fork"))
    return measured


WORKS = {
    "as_completed": many_as_completed,
    "idle": idle,
    "map": map_elements,
    "ping": ping,
    "post": post,
    "process_after_pause": process_after_pause,
    "process_argument": process_argument,
    "process_echo": process_echo,
    "process_map": process_map,
    "process_map_64": process_map_64,
    "process_result": process_result,
    "process_round_trip": process_round_trip,
    "process_start": process_start,
    "process_tiny": process_tiny,
    "producers4": producers4,
    "submit_get": submit_get,
    "wait": many_wait,
    "wakeups": wakeups,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--list", action="store_true", help="print the works")
    parser.add_argument("--work", choices=WORKS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--count", type=int, default=1000)
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(WORKS))
        return
    head = {"peer": "python", "version": "CPython " + platform.python_version(),
            "work": arguments.work, "threads": arguments.threads, "count": arguments.count}
    print(json.dumps(head | WORKS[arguments.work](arguments.threads, arguments.count)))


if __name__ == "__main__":
    main()
