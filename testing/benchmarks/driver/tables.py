"""Outcomes as text."""

from summary import best_of, ratio

US = "cohort"


def time_text(value, unit):
    if unit == "ms":
        return f"{value:.2f} ms"
    for limit, divisor, name in ((1e4, 1, "ns"), (1e7, 1e3, "us"), (1e10, 1e6, "ms")):
        if value < limit:
            return f"{value / divisor:,.1f} {name}"
    return f"{value / 1e9:,.1f} s"


def other_text(key, value):
    if value is None:
        return "-"
    if key.endswith("_ns"):
        return time_text(value, "ns")
    if key == "bytes_per_task":
        return f"{value:,.0f} B"
    return f"{value:.2f}"


def ratio_text(value):
    return "-" if value is None else f"{value:.2f}"


def table_of(outcome):
    """Lines of text, the best first. A ~ says that two cannot be told apart from the best."""
    summaries = outcome.summaries()
    best, unit = best_of(summaries), outcome.unit()
    least_ratio = outcome.verdict().least_ratio
    ours = summaries.get(US)
    shown = outcome.row.work.shown
    rows = [["peer", "median", "+-", "least", "x best", "x Cohort", *shown]]
    for name in sorted(summaries, key=lambda name: summaries[name].median):
        summary = summaries[name]
        alike = summary.overlaps(summaries[best]) or summary.median < (
            least_ratio * summaries[best].median)
        mark = "~" if name != best and alike else ""
        rows.append([
            name + _fewer(outcome, name),
            time_text(summary.median, unit),
            f"{summary.spread:.0%}",
            time_text(summary.least, unit),
            mark + ratio_text(ratio(summary.median, summaries[best].median)),
            ratio_text(ratio(summary.median, ours.median)) if ours else "-",
            *(other_text(key, outcome.other(name, key)) for key in shown),
        ])
    return aligned(rows)


def _fewer(outcome, name):
    count = outcome.row.count_for(name)
    return "" if count == outcome.row.count else f" ({count:,})"


def aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
            for row in rows]


def noise_text(verdict):
    if verdict.quiet:
        return (f"others used {verdict.foreign:.1%} of the processors that a run needs; a fixed "
                f"loop varied by {verdict.unsteady:.1%}: ratios below "
                f"{verdict.least_ratio:.2f} are none")
    return "TOO NOISY, no conclusion: " + "; ".join(verdict.reasons)
