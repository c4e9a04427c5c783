#!/usr/bin/python3
"""Tests of summary.py."""

import unittest

from summary import Summary, best_of, quantile, ratio


class SummaryTest(unittest.TestCase):

    def test_median_and_quartiles_of_seven(self):
        summary = Summary.of([7, 1, 6, 2, 5, 3, 4])
        self.assertEqual(summary, Summary(median=4, low=2.5, high=5.5, least=1, most=7))
        self.assertAlmostEqual(summary.spread, 3 / 2 / 4)

    def test_one_value_has_no_spread(self):
        summary = Summary.of([3.0])
        self.assertEqual((summary.median, summary.low, summary.high), (3, 3, 3))
        self.assertEqual(summary.spread, 0)

    def test_an_outlier_moves_neither_median_nor_spread_much(self):
        summary = Summary.of([10, 10, 10, 11, 11, 11, 1000])
        self.assertEqual(summary.median, 11)
        self.assertLess(summary.spread, 0.05)

    def test_a_median_of_zero_has_no_spread(self):
        self.assertEqual(Summary.of([0, 0, 0, 1]).spread, 0)

    def test_no_values_are_an_error(self):
        with self.assertRaisesRegex(ValueError, "no values"):
            Summary.of([])

    def test_quantiles_lie_between_neighbours(self):
        self.assertEqual(quantile([10, 20], 0.5), 15)
        self.assertEqual(quantile([30, 10, 20], 0.25), 15)
        self.assertEqual(quantile([1, 2, 3], 1), 3)

    def test_those_whose_middle_halves_overlap_are_not_told_apart(self):
        slow, fast = Summary.of([10, 11, 12, 13]), Summary.of([7, 8, 9, 10])
        self.assertFalse(slow.overlaps(fast))
        self.assertTrue(slow.overlaps(Summary.of([9, 10, 11, 12])))
        self.assertTrue(slow.overlaps(slow))


class RatioTest(unittest.TestCase):

    def test_ratio(self):
        self.assertEqual(ratio(3, 2), 1.5)

    def test_nothing_to_divide_by(self):
        self.assertIsNone(ratio(1, 0))

    def test_best_is_the_smallest_median(self):
        self.assertEqual(best_of({"a": Summary.of([1, 9, 9]), "b": Summary.of([5, 5, 5])}), "b")


if __name__ == "__main__":
    unittest.main()
