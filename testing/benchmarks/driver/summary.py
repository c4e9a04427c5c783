"""What a handful of repetitions says: median, spread, ratios, and what cannot be told apart."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Of values of which less is better. `low` and `high` are the quartiles."""

    median: float
    low: float
    high: float
    least: float
    most: float

    @staticmethod
    def of(values):
        if not values:
            raise ValueError("no values to summarise")
        return Summary(statistics.median(values), quantile(values, 0.25), quantile(values, 0.75),
                       min(values), max(values))

    @property
    def spread(self):
        """Half of the distance between the quartiles, as a share of the median."""
        return (self.high - self.low) / 2 / self.median if self.median else 0.0

    def overlaps(self, other):
        """Whether the middle halves of both have values in common."""
        return self.low <= other.high and other.low <= self.high


def quantile(values, part):
    """By linear interpolation between the neighbours."""
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def ratio(numerator, denominator):
    """None where there is nothing to divide by: an idle pool can use no time at all."""
    return numerator / denominator if denominator > 0 else None


def best_of(summaries):
    """The name of the one with the smallest median."""
    return min(summaries, key=lambda name: summaries[name].median)
