#!/usr/bin/python3
"""Tests of markdown.py."""

import unittest

from markdown import page

MACHINE = {"processors": 2, "processor": "P", "memory_bytes": 2**31, "kernel": "6.1",
           "libc": "glibc 2.36", "date": "2026-01-02"}


def peer(median, quartiles=None, count=1000):
    return {"median": median, "quartiles": quartiles or [median, median], "count": count,
            "version": "Peer 1", "values": [median] * 9}


def row(peers, curve="", count=1000, foreign=0.0, unsteady=0.0):
    return {"work": "ping", "curve": curve, "threads": 2, "count": count, "unit": "ns",
            "peers": peers, "noise": {"foreign": foreign, "unsteady": unsteady}}


def lines_of(*rows, **more):
    return page({"machine": MACHINE, "repetitions": 7, "rows": list(rows)} | more).splitlines()


class PageTest(unittest.TestCase):

    def test_a_row_names_the_lead_over_the_best_of_the_others(self):
        lines = lines_of(row({"cohort": peer(100, [90, 110]), "b": peer(250), "a": peer(300)}))
        self.assertEqual(lines[0], "| 2 threads | cohort | a | b | best other / ours |")
        self.assertEqual(lines[2], "| `ping`, 1,000 | 100.0 ns ± 10% | 300.0 ns | 250.0 ns | 2.50 |")

    def test_who_cannot_do_a_work_has_an_empty_cell(self):
        lines = lines_of(row({"cohort": peer(1), "b": peer(2)}), row({"cohort": peer(1)}))
        self.assertEqual(lines[3], "| `ping`, 1,000 | 1.0 ns ± 0% |  |  |")

    def test_a_lead_that_may_be_chance_is_marked(self):
        near = row({"cohort": peer(100, [90, 110]), "a": peer(120, [105, 130]), "b": peer(200)})
        self.assertIn("| ~1.20 |", lines_of(near)[2])

    def test_so_is_one_that_the_machine_alone_can_make(self):
        peers = {"cohort": peer(100), "a": peer(120)}
        self.assertIn("| 1.20 |", lines_of(row(peers, unsteady=0.1))[2])
        self.assertIn("| ~1.20 |", lines_of(row(peers, unsteady=0.2))[2])
        self.assertIn("| ~0.83 |", lines_of(row({"cohort": peer(120), "a": peer(100)},
                                                unsteady=0.2))[2])

    def test_failures_are_told(self):
        self.assertIn("(b ended with 1.)", lines_of(row({"cohort": peer(1)}),
                                                    failures=["b ended with 1"]))

    def test_noise_is_told(self):
        self.assertIn("(noisy)", lines_of(row({"cohort": peer(1)}, foreign=0.5))[2])

    def test_a_curve_has_a_table_of_its_own(self):
        lines = lines_of(row({"cohort": peer(1)}, "outstanding", 1000),
                         row({"cohort": peer(2, count=10000)}, "outstanding", 10000))
        self.assertIn("`ping` by outstanding", lines[0])
        self.assertIn("| 10,000 | 2.0 ns", lines[3])

    def test_who_did_fewer_is_marked_and_has_no_place_in_a_curve(self):
        peers = {"cohort": peer(1), "b": peer(2, count=10)}
        self.assertIn("| 2.0 ns (10) |", lines_of(row(peers))[2])
        self.assertIn("± 0% |  |", lines_of(row(peers, "outstanding"))[2])

    def test_machine_and_versions_are_named(self):
        self.assertIn("7 repetitions. Peer 1. 2 x P, 2 GiB",
                      lines_of(row({"cohort": peer(1), "b": peer(2)}))[-1])


if __name__ == "__main__":
    unittest.main()
