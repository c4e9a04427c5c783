#!/usr/bin/python3
"""Tests of runs.py, with peers that are shell scripts."""

import os
import stat
import tempfile
import time
import unittest
from unittest import mock

import runs
from matrix import Row, Work

FIGURES = '{"value": 5, "unit": "ns", "version": "1", "count": 3, "others": {}}'


def is_running(process):
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as status:
            return status.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class RunsTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def peer(self, name, script):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as program:
            program.write(f'#!/bin/bash\n[[ $1 == --list ]] && echo ping && exit\n{script}\n')
        os.chmod(path, stat.S_IRWXU)
        return runs.Peer(name, path)

    def measure(self, *peers, least_threads=None):
        row = Row(Work("ping", "", 3, least_threads=least_threads or {}), 1, 3)
        return runs.measure(row, peers, repetitions=2, retries=0)

    def child_of_peer(self):
        with open(os.path.join(self.folder, "child"), encoding="ascii") as child:
            return int(child.read())

    def expect_child_ends(self):
        child = self.child_of_peer()
        for _ in range(1000):
            if not is_running(child):
                return
            time.sleep(0.01)
        self.fail(f"process {child} is still there")

    def leaving_a_child(self, then):
        return f"sleep 1000 & echo $! > {self.folder}/child; {then}"

    def test_figures_of_each_repetition(self):
        outcome = self.measure(self.peer("a", f"echo '{FIGURES}'"))
        self.assertEqual([run.figures["value"] for run in outcome.runs["a"]], [5, 5])
        self.assertEqual(outcome.failures, {})

    def test_who_fails_is_named_and_the_others_go_on(self):
        outcome = self.measure(self.peer("bad", "exit 3"), self.peer("good", f"echo '{FIGURES}'"),
                               self.peer("mute", "true"))
        self.assertEqual(list(outcome.runs), ["good"])
        self.assertEqual(len(outcome.runs["good"]), 2)
        self.assertIn("bad --work=ping --threads=1 --count=3 ended with 3",
                      outcome.failures["bad"])
        self.assertIn("printed no figures", outcome.failures["mute"])

    def test_nothing_waits_for_processes_that_are_left_behind(self):
        outcome = self.measure(self.peer("a", self.leaving_a_child(f"echo '{FIGURES}'")))
        self.assertEqual(len(outcome.runs["a"]), 2)
        self.expect_child_ends()

    def test_who_hangs_is_stopped_with_its_children(self):
        with mock.patch.object(runs, "MOST_SECONDS", 3):
            outcome = self.measure(self.peer("a", self.leaving_a_child("wait")))
        self.assertIn("ended with -9", outcome.failures["a"])
        self.expect_child_ends()

    def test_who_needs_more_threads_is_left_out(self):
        outcome = self.measure(self.peer("a", "exit 3"), least_threads={"a": 2})
        self.assertEqual((outcome.runs, outcome.failures), ({}, {}))


if __name__ == "__main__":
    unittest.main()
