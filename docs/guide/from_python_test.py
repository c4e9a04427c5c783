#!/usr/bin/env python3
"""The Python of from_python.md, between markers, in tests of what it claims.

Each test has a twin in from_python_test.cc, which expects the same.
"""

import logging
import sys
import unittest

# [includes]
import asyncio
import functools
import itertools
import os
import threading
import time
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from concurrent.futures import TimeoutError  # the builtin one since Python 3.11
from concurrent.futures.process import BrokenProcessPool
from concurrent.futures.thread import BrokenThreadPool
# [/includes]


# [functions]
def power(base, exponent):
    return base**exponent

def square(x):
    return x * x

def length(word):
    return len(word)

def parse(text):
    return int(text)  # raises ValueError
# [/functions]


# [keywords]
def fetch(url, retries=0, verify=True):
    return f"{url} {'verified' if verify else 'not verified'}, {retries} retries"
# [/keywords]


# [initializer]
class Connection:
    def __init__(self, name):
        self.name = name

    def query(self, id):
        return f"{self.name}:{id}"

local = threading.local()  # one for each worker

def connect():
    local.connection = Connection("db")

def query(id):
    return local.connection.query(id)
# [/initializer]


# [process_crash]
def exit_with(status):
    os._exit(status)
# [/process_crash]


# [process_initializer]
def load(language):
    global dictionary  # one in each worker
    dictionary = {"one": "un" if language == "fr" else "eins"}

def translate(word):
    return dictionary[word]
# [/process_initializer]


# [coroutine]
async def sum_of_squares(pool, a, b):
    first = asyncio.wrap_future(pool.submit(square, a))  # both run at the same time
    second = asyncio.wrap_future(pool.submit(square, b))
    return await first + await second  # no thread is blocked meanwhile
# [/coroutine]


# [generic]
def total_length(executor: Executor, words):
    return sum(executor.map(length, words))
# [/generic]


# [retry]
def with_retries(attempts, fn, *args):
    while True:
        try:
            return fn(*args)
        except OSError:
            attempts -= 1
            if attempts <= 0:
                raise
# [/retry]


class FromPython(unittest.TestCase):
    def held(self, result=None):
        """Returns a task that ends when the test does, or when its event is set."""
        gate = threading.Event()
        self.addCleanup(gate.set)

        def task(*_):
            task.begun.set()
            gate.wait()
            return result

        task.begun, task.gate = threading.Event(), gate
        return task

    def pool(self, workers):
        pool = ThreadPoolExecutor(workers)
        self.addCleanup(pool.shutdown)
        return pool

    def test_submit(self):
        # [submit]
        with ThreadPoolExecutor(max_workers=4) as pool:
            future = pool.submit(power, 2, 10)
            value = future.result()  # 1024
        # [/submit]
        self.assertEqual(value, 1024)

    def test_keywords(self):
        pool = self.pool(1)
        # [keywords]
        url = "https://example.org"
        page = pool.submit(fetch, url, retries=3, verify=False)
        # [/keywords]
        self.assertEqual(page.result(), "https://example.org not verified, 3 retries")

    def test_references(self):
        pool = self.pool(1)
        # [references]
        numbers = [3, 1, 2]
        pool.submit(numbers.sort).result()  # numbers is [1, 2, 3]: all arguments are references
        # [/references]
        self.assertEqual(numbers, [1, 2, 3])

    def test_map(self):
        pool = self.pool(4)
        # [map]
        words = ["one", "three", "eleven"]
        lengths = list(pool.map(length, words))  # 3, 5, 6
        # [/map]
        self.assertEqual(lengths, [3, 5, 6])

    def test_map_several(self):
        pool = self.pool(4)
        # [map_several]
        bases = [2, 3, 10]
        exponents = [5, 2, 1, 7]
        powers = list(pool.map(power, bases, exponents))  # 32, 9, 10
        # [/map_several]
        self.assertEqual(powers, [32, 9, 10])

    @unittest.skipIf(sys.version_info < (3, 14), "buffersize is of Python 3.14")
    def test_map_lazily(self):
        pool = self.pool(4)
        # [map_lazily]
        for n in pool.map(square, itertools.count(), buffersize=8):  # Python 3.14
            if n > 1000:
                first_above_1000 = n  # 1024
                break
        # [/map_lazily]
        self.assertEqual(first_above_1000, 1024)

    def test_chunks(self):
        pool = self.pool(4)
        # [chunks]
        total = sum(pool.map(square, range(1000), chunksize=100))  # only processes heed it
        # [/chunks]
        self.assertEqual(total, 332833500)

    def test_map_errors(self):
        pool = self.pool(4)
        # [map_errors]
        texts = ["1", "two", "3"]
        numbers = []
        for future in [pool.submit(parse, text) for text in texts]:  # map would end at "two"
            try:
                numbers.append(future.result())
            except ValueError:
                numbers.append(-1)
        # 1, -1, 3
        # [/map_errors]
        self.assertEqual(numbers, [1, -1, 3])

    def test_wait(self):
        pool = self.pool(4)
        slow = self.held(4)
        futures = [pool.submit(square, 3), pool.submit(slow)]
        # [wait_first]
        done, not_done = wait(futures, return_when=FIRST_COMPLETED)
        # [/wait_first]
        self.assertEqual(done, {futures[0]})
        self.assertEqual(not_done, {futures[1]})
        # [wait_timeout]
        done, not_done = wait(futures, timeout=0.05)  # never raises
        # [/wait_timeout]
        self.assertEqual(len(not_done), 1)
        slow.gate.set()
        # [wait_all]
        wait(futures)
        # [/wait_all]
        self.assertTrue(all(future.done() for future in futures))

    def test_wait_exception(self):
        pool = self.pool(4)
        futures = [pool.submit(parse, "x"), pool.submit(self.held())]
        # [wait_exception]
        done, not_done = wait(futures, return_when=FIRST_EXCEPTION)
        # [/wait_exception]
        self.assertEqual(done, {futures[0]})

    def test_as_completed(self):
        pool = self.pool(4)
        words = ["one", "three", "eleven"]
        # [as_completed]
        word_of = {pool.submit(length, word): word for word in words}

        lengths = {}
        for future in as_completed(word_of):
            lengths[word_of[future]] = future.result()
        # [/as_completed]
        self.assertEqual(lengths, {"one": 3, "three": 5, "eleven": 6})

    def test_progress(self):
        pool = self.pool(4)
        shown = []

        def show(done, total):
            shown.append(f"{done}/{total}")

        # [progress]
        futures = [pool.submit(square, i) for i in range(3)]

        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            show(done, len(futures))  # 1/3, 2/3, 3/3
        # [/progress]
        self.assertEqual(shown, ["1/3", "2/3", "3/3"])

    def test_callback(self):
        # [callback]
        outcomes = []

        def count(future):
            outcomes.append("succeeded" if future.exception() is None else "failed")

        with ThreadPoolExecutor(4) as pool:
            pool.submit(parse, "1").add_done_callback(count)
            pool.submit(parse, "two").add_done_callback(count)
        # [/callback]
        self.assertCountEqual(outcomes, ["succeeded", "failed"])

    def test_timeout_result(self):
        pool = self.pool(1)
        slow = self.held()
        # [timeout_result]
        future = pool.submit(slow)
        try:
            future.result(timeout=0.05)
        except TimeoutError:
            late = True  # the task goes on
        # [/timeout_result]
        self.assertTrue(late)

    def test_timeout_as_completed(self):
        pool = self.pool(2)
        futures = [pool.submit(square, 2), pool.submit(self.held())]
        futures[0].result()
        results = []
        # [timeout_as_completed]
        try:
            for future in as_completed(futures, timeout=0.05):
                results.append(future.result())
        except TimeoutError as error:
            message = str(error)  # 1 (of 2) futures unfinished
        # [/timeout_as_completed]
        self.assertEqual(results, [4])
        self.assertEqual(message, "1 (of 2) futures unfinished")

    def test_timeout_map(self):
        pool = self.pool(1)
        held, begun, inputs, results = self.held(), [], [1, 2, 3], []

        def work(n):
            begun.append(n)
            return held() if n == 2 else n

        # [timeout_map]
        try:
            for n in pool.map(work, inputs, timeout=0.05):
                results.append(n)
        except TimeoutError:
            pass  # what has not begun is cancelled
        # [/timeout_map]
        held.gate.set()
        pool.shutdown()
        self.assertLessEqual(len(results), 1)
        self.assertLessEqual(len(begun), 2)

    def test_cancel(self):
        pool = self.pool(1)
        slow = self.held()
        # [cancel]
        running = pool.submit(slow)
        waiting = pool.submit(square, 7)
        # [/cancel]
        slow.begun.wait()
        # [cancel]
        first = running.cancel()  # False: it has begun
        second = waiting.cancel()  # True: it will never run
        over = waiting.done()  # True, but wait() does not yet count it as done
        # [/cancel]
        self.assertEqual((first, second, over), (False, True, True))
        self.assertEqual(wait([waiting], timeout=0).not_done, {waiting})
        with self.assertRaises(CancelledError):
            waiting.result()

    def test_isolate(self):
        pool = self.pool(4)
        texts = ["1", "two", "3"]
        # [isolate]
        future_of = {text: pool.submit(parse, text) for text in texts}

        results, errors = {}, {}
        for text, future in future_of.items():
            try:
                results[text] = future.result()
            except Exception as error:
                errors[text] = str(error)
        # [/isolate]
        self.assertEqual(results, {"1": 1, "3": 3})
        self.assertEqual(list(errors), ["two"])

    def test_fail_fast(self):
        pool = self.pool(1)
        futures = [pool.submit(parse, "x"), pool.submit(self.held()), pool.submit(square, 2)]
        with self.assertRaises(ValueError):
            # [fail_fast]
            done, not_done = wait(futures, return_when=FIRST_EXCEPTION)
            for future in not_done:
                future.cancel()
            for future in done:
                future.result()  # raises the failure
            # [/fail_fast]
        self.assertTrue(futures[2].cancelled())

    def test_collect_errors(self):
        pool = self.pool(4)
        futures = [pool.submit(parse, text) for text in ["1", "two", "three"]]
        # [collect_errors]
        errors = [error for future in futures if (error := future.exception()) is not None]
        # [/collect_errors]
        self.assertEqual(len(errors), 2)

    def test_scope(self):
        done = []

        def task():
            done.append(1)

        # [scope]
        with ThreadPoolExecutor(2) as pool:
            for _ in range(10):
                pool.submit(task)
        # waits: all ten are done
        # [/scope]
        self.assertEqual(len(done), 10)

    def test_shutdown(self):
        for way in range(4):
            pool = self.pool(1)
            slow = self.held(1)
            if way < 2:
                slow.gate.set()
            first = pool.submit(slow)
            slow.begun.wait()
            if way == 0:
                # [shutdown]
                pool.shutdown()  # all tasks have run
                # [/shutdown]
            elif way == 1:
                # [shutdown_cancel]
                pool.shutdown(cancel_futures=True)  # what ran has ended, the rest is cancelled
                # [/shutdown_cancel]
            elif way == 2:
                # [shutdown_no_wait]
                pool.shutdown(wait=False)  # returns at once; all tasks will run
                # [/shutdown_no_wait]
            else:
                # [shutdown_now]
                pool.shutdown(wait=False, cancel_futures=True)  # at once; what runs goes on
                # [/shutdown_now]
            self.assertEqual(first.done(), way < 2)
            with self.assertRaises(RuntimeError):
                pool.submit(square, 1)
            slow.gate.set()
            self.assertEqual(first.result(), 1)

    def test_initializer(self):
        # [initializer]
        with ThreadPoolExecutor(max_workers=2, initializer=connect) as pool:
            row = pool.submit(query, 7)  # "db:7"
        # [/initializer]
        self.assertEqual(row.result(), "db:7")

    def test_broken(self):
        logging.disable()
        # [broken]
        def refuse():
            raise RuntimeError("no database")

        pool = ThreadPoolExecutor(initializer=refuse)
        try:
            pool.submit(square, 2).result()
        except BrokenThreadPool as error:
            why = str(error)  # does not say what refuse() raised: that is in the log
        # [/broken]
        self.assertTrue(why)

    def test_names(self):
        # [names]
        with ThreadPoolExecutor(max_workers=2, thread_name_prefix="fetch") as pool:
            name = pool.submit(lambda: threading.current_thread().name)  # "fetch_0"
        # [/names]
        self.assertEqual(name.result(), "fetch_0")

    def test_workers(self):
        # [workers]
        io = ThreadPoolExecutor()  # min(32, usable CPUs + 4)
        many = ThreadPoolExecutor(100)  # mostly waits for a network
        cpu = ThreadPoolExecutor(os.cpu_count())  # computes, in code that lets go of the GIL
        # [/workers]
        self.assertEqual(many._max_workers, 100)

    def test_bounded(self):
        handled = []

        def handle(line):
            handled.append(line)

        # [bounded]
        room = threading.Semaphore(4 + 8)
        with ThreadPoolExecutor(max_workers=4) as pool:
            for line in range(1000):
                room.acquire()  # waits while 4 tasks run and 8 are queued
                pool.submit(handle, line).add_done_callback(lambda _: room.release())
        # [/bounded]
        self.assertEqual(len(handled), 1000)

    @unittest.skipIf(sys.version_info < (3, 14), "buffersize is of Python 3.14")
    def test_window(self):
        answers = 0
        call = abs
        # [window]
        with ThreadPoolExecutor(16) as pool:
            for answer in pool.map(call, range(100), buffersize=3):  # Python 3.14
                answers += answer  # at most 3 calls are in flight
        # [/window]
        self.assertEqual(answers, 4950)

    def test_pace(self):
        pool = self.pool(4)
        requests, replies = [1, 2, 3], []
        # [pace]
        due = time.monotonic()
        for request in requests:
            time.sleep(max(0, due - time.monotonic()))
            replies.append(pool.submit(square, request))
            due += 0.005  # 200 a second
        # [/pace]
        self.assertEqual(replies[-1].result(), 9)

    def test_nested(self):
        # [nested]
        pool = ThreadPoolExecutor(1)

        def outer_task():
            inner = pool.submit(square, 6)
            return inner.result() + 6  # waits for ever: the only worker is busy waiting

        outer = pool.submit(outer_task)
        # [/nested]
        with self.assertRaises(TimeoutError):
            outer.result(timeout=0.2)
        pool.shutdown(wait=False, cancel_futures=True)
        with self.assertRaises(CancelledError):
            outer.result()

    def test_stop(self):
        pool = self.pool(1)
        # [stop]
        stop = threading.Event()

        def count():
            n = 0
            while not stop.is_set():
                n += 1  # some work
            return n

        rounds = pool.submit(count)
        stop.set()
        n = rounds.result()  # no exception: the task ended by itself
        # [/stop]
        self.assertGreaterEqual(n, 0)

    def test_growing(self):
        pool = self.pool(4)
        # [growing]
        # The pages that a page links to: here 2n and 2n + 1, up to 15.
        def links(page):
            return [2 * page, 2 * page + 1] if page < 8 else []

        seen = {1}
        pending = {pool.submit(links, 1)}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                for page in future.result():
                    if page not in seen:
                        seen.add(page)
                        pending.add(pool.submit(links, page))
        # [/growing]
        self.assertEqual(len(seen), 15)

    def test_then(self):
        pool = self.pool(2)
        # [then]
        number = pool.submit(parse, "12")
        text = Future()

        def deliver(done):
            try:
                text.set_result(str(done.result()))
            except BaseException as error:
                text.set_exception(error)

        number.add_done_callback(deliver)
        # [/then]
        self.assertEqual(text.result(), "12")

    def test_when_all_and_any(self):
        pool = self.pool(2)
        slow = self.held(5)
        # [when_all]
        futures = [pool.submit(square, 2), pool.submit(square, 3)]
        all_results = [future.result() for future in futures]  # blocks; 4 and 9
        # [/when_all]
        self.assertEqual(all_results, [4, 9])
        # [when_any]
        mirrors = [pool.submit(slow), pool.submit(square, 5)]
        fastest = next(as_completed(mirrors))  # blocks
        index = mirrors.index(fastest)
        # [/when_any]
        self.assertEqual((index, fastest.result()), (1, 25))

    def test_coroutine(self):
        # [coroutine]
        with ThreadPoolExecutor(2) as pool:
            value = asyncio.run(sum_of_squares(pool, 3, 4))  # 25
        # [/coroutine]
        self.assertEqual(value, 25)

    def test_generic(self):
        words = ["one", "three", "eleven"]
        # [generic]
        with ThreadPoolExecutor(4) as pool:
            total = total_length(pool, words)  # 14
        # [/generic]
        self.assertEqual(total, 14)

    def test_post(self):
        ticks = []

        def tick(n):
            ticks.append(n)

        with ThreadPoolExecutor(2) as pool:
            # [post]
            pool.submit(tick, 3)  # the future is dropped, and an exception with it
            # [/post]
        self.assertEqual(ticks, [3])

    def test_retry(self):
        pool = self.pool(1)
        calls = []

        def flaky():
            calls.append(1)
            if len(calls) < 3:
                raise OSError("not yet")
            return len(calls)

        # [retry]
        third = pool.submit(with_retries, 3, flaky)
        # [/retry]
        self.assertEqual(third.result(), 3)

    def test_process_submit(self):
        # [process_submit]
        if __name__ == "__main__":  # a worker may import this file
            with ProcessPoolExecutor(max_workers=4) as pool:
                value = pool.submit(power, 2, 10).result()  # 1024
        # [/process_submit]
        self.assertEqual(value, 1024)

    def test_process_lambda(self):
        pool = ProcessPoolExecutor(1)
        self.addCleanup(pool.shutdown)
        # [process_lambda]
        future = pool.submit(lambda x: x + 1, 4)
        why = future.exception()  # cannot be pickled
        # [/process_lambda]
        self.assertIsNotNone(why)

    def test_process_state(self):
        pool = ProcessPoolExecutor(1)
        self.addCleanup(pool.shutdown)
        # [process_state]
        powers_of_2 = functools.partial(power, 2)  # a closure cannot be pickled
        powers = list(pool.map(powers_of_2, [3, 5]))  # 8, 32
        # [/process_state]
        self.assertEqual(powers, [8, 32])

    def test_process_crash(self):
        # [process_crash]
        pool = ProcessPoolExecutor(2)
        bad = pool.submit(exit_with, 3)
        try:
            bad.result()
        except BrokenProcessPool as error:
            why = str(error)  # does not say which process ended, nor how
        try:
            pool.submit(square, 7)  # the pool is of no use any more
        except BrokenProcessPool:
            usable = False
        # [/process_crash]
        self.assertIn("terminated abruptly", why)
        self.assertFalse(usable)

    def test_process_initializer(self):
        # [process_initializer]
        with ProcessPoolExecutor(2, initializer=load, initargs=("fr",)) as pool:
            one = pool.submit(translate, "one")  # "un"
        # [/process_initializer]
        self.assertEqual(one.result(), "un")

    @unittest.skipIf(sys.version_info < (3, 11), "max_tasks_per_child is of Python 3.11")
    def test_process_max_tasks(self):
        # [process_max_tasks]
        with ProcessPoolExecutor(1, max_tasks_per_child=2) as pool:
            pids = {pool.submit(os.getpid).result() for _ in range(4)}  # 2 processes
        # [/process_max_tasks]
        self.assertEqual(len(pids), 2)

    def test_process_chunks(self):
        # [process_chunks]
        with ProcessPoolExecutor(2) as pool:
            total = sum(pool.map(square, range(1000), chunksize=100))
        # [/process_chunks]
        self.assertEqual(total, 332833500)

    @unittest.skipIf(sys.version_info < (3, 14), "kill_workers is of Python 3.14")
    def test_process_kill(self):
        # [process_kill]
        pool = ProcessPoolExecutor(2)
        endless = pool.submit(time.sleep, 3600)
        pool.kill_workers()  # Python 3.14
        # [/process_kill]
        self.assertIsInstance(endless.exception(), (BrokenProcessPool, CancelledError))

    def test_promise(self):
        # [promise]
        future = Future()
        if future.set_running_or_notify_cancel():
            future.set_result(42)
        # [/promise]
        self.assertEqual(future.result(), 42)


if __name__ == "__main__":
    unittest.main()
