#!/usr/bin/python3
"""Tests of noise.py."""

import os
import unittest

from noise import (MOST_FOREIGN, MOST_UNSTEADY, Share, Verdict, calibrate, needed_part,
                   parse_processor_times, verdict_in, verdict_of)

TICKS = os.sysconf("SC_CLK_TCK")


class VerdictTest(unittest.TestCase):

    def test_a_quiet_machine(self):
        verdict = verdict_of([Share(0.01, 1), Share(0, 1)], [1.0, 1.01, 1.02], 7)
        self.assertTrue(verdict.quiet)
        self.assertEqual(verdict.reasons, [])

    def test_others_use_too_much(self):
        verdict = verdict_of([Share(0.2, 1), Share(0, 1)], [1.0, 1.0], 7)
        self.assertFalse(verdict.quiet)
        self.assertEqual(len(verdict.reasons), 1)
        self.assertIn("other programs used 10.0%", verdict.reasons[0])

    def test_a_long_run_counts_for_more_than_a_short_one(self):
        verdict = verdict_of([Share(0.1, 0.1), Share(0, 9.9)], [1.0], 7)
        self.assertAlmostEqual(verdict.foreign, 0.01)
        self.assertTrue(verdict.quiet)

    def test_the_fixed_loop_is_unsteady(self):
        verdict = verdict_of([Share(0, 1)], [1.0, 1.0, 2.0, 2.0], 7)
        self.assertFalse(verdict.quiet)
        self.assertIn("a fixed loop's time varied", verdict.reasons[0])

    def test_one_slow_loop_is_no_unsteadiness(self):
        self.assertTrue(verdict_of([Share(0, 1)], [1.0] * 9 + [5.0], 7).quiet)

    def test_the_limits_themselves_are_quiet(self):
        self.assertTrue(Verdict(MOST_FOREIGN, MOST_UNSTEADY, 7).quiet)
        self.assertEqual(len(Verdict(MOST_FOREIGN * 1.1, MOST_UNSTEADY * 1.1, 7).reasons), 2)

    def test_the_least_ratio_that_means_anything(self):
        self.assertEqual(Verdict(0, 0, 7).least_ratio, 1)
        self.assertAlmostEqual(Verdict(0, 0.3, 9).least_ratio, 1.39, places=2)
        self.assertLess(Verdict(0, 0.3, 36).least_ratio, Verdict(0, 0.3, 9).least_ratio)

    def test_what_was_written_is_judged_by_the_rules_of_now(self):
        row = {"noise": {"foreign": 0.2, "unsteady": 0.1, "reasons": []},
               "peers": {"a": {"values": [1, 2]}, "b": {"values": [1, 2, 3, 4]}}}
        verdict = verdict_in(row)
        self.assertFalse(verdict.quiet)
        self.assertEqual(verdict.repetitions, 4)

    def test_no_time_at_all(self):
        self.assertEqual(Share().part, 0)


class RunTest(unittest.TestCase):

    def test_neighbours_count_by_the_processors_that_the_run_needs(self):
        self.assertEqual(needed_part(threads=2, processors=2), 1)
        self.assertEqual(needed_part(threads=3, processors=64), 4 / 64)
        three_neighbours = Share(3, 64 * needed_part(threads=3, processors=64))
        self.assertFalse(verdict_of([three_neighbours], [1.0], 7).quiet)

    def test_a_run_is_disturbed_by_a_share_that_the_kernel_can_count(self):
        self.assertTrue(Share(0.2, 1).disturbs)
        self.assertFalse(Share(0.05, 1).disturbs)
        self.assertFalse(Share(0.01, 0.05).disturbs)  # one tick


class ProcessorTimesTest(unittest.TestCase):

    def test_stolen_time_is_busy_and_waiting_for_disks_is_not(self):
        busy, total = parse_processor_times("cpu  100 10 50 1000 200 5 5 30 0 0")
        self.assertAlmostEqual(busy * TICKS, 200)
        self.assertAlmostEqual(total * TICKS, 1400)

    def test_calibration_takes_time(self):
        self.assertGreater(calibrate(), 0)


if __name__ == "__main__":
    unittest.main()
