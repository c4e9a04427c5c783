"""Draws what compare.py wrote as JSON, as SVG."""

import os
import sys

import noise
from tables import time_text

OURS, THEIRS = "#0b6e4f", "#7a8794"
OTHERS = ["#c44536", "#3a6ea5", "#e0a030", "#7d4f9e", "#5fb3b3", "#8c564b", "#444444"]


def require():
    """Ends the program where nothing can be drawn."""
    _pyplot()


def _pyplot():
    try:
        import matplotlib
    except ImportError:
        sys.exit("compare: --plots needs Matplotlib: apt-get install python3-matplotlib")
    matplotlib.use("svg")
    # The same figures give the same file.
    matplotlib.rcParams["svg.hashsalt"] = "cohort"
    matplotlib.rcParams["font.size"] = 9
    import matplotlib.pyplot
    return matplotlib.pyplot


def draw(results, folder):
    """Returns the files."""
    os.makedirs(folder, exist_ok=True)
    rows = results["rows"]
    files = []
    for threads in sorted({row["threads"] for row in rows if not row["curve"]}):
        chosen = [row for row in rows if not row["curve"] and row["threads"] == threads]
        files.append(_draw_matrix(chosen, os.path.join(folder, f"matrix_{threads}_threads.svg")))
    for curve, label in (("outstanding", "outstanding tasks"), ("threads", "threads")):
        chosen = [row for row in rows if row["curve"] == curve]
        for work in sorted({row["work"] for row in chosen}):
            path = os.path.join(folder, f"{curve}_{work}.svg")
            files.append(_draw_curve([row for row in chosen if row["work"] == work], curve, label,
                                     path))
    return files


def _save(figure, path):
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    _pyplot().close(figure)
    return path


def _draw_matrix(rows, path):
    """A panel for each work, a point for each peer, on a logarithmic scale."""
    columns = 2
    lines = (len(rows) + columns - 1) // columns
    figure, axes = _pyplot().subplots(lines, columns, figsize=(11, 2.3 * lines), squeeze=False)
    for panel in axes.flat[len(rows):]:
        panel.axis("off")
    for row, panel in zip(rows, axes.flat):
        _draw_points(row, panel)
    figure.tight_layout()
    return _save(figure, path)


def _draw_points(row, panel):
    """Medians with their quartiles, the best on top. No bars: a logarithmic axis has no zero."""
    names = sorted(row["peers"], key=lambda name: -row["peers"][name]["median"])
    for place, name in enumerate(names):
        peer = row["peers"][name]
        errors = [[abs(peer["median"] - quartile)] for quartile in peer["quartiles"]]
        panel.errorbar(peer["median"], place, xerr=errors, fmt="o", capsize=2,
                       color=OURS if name == "cohort" else THEIRS)
        panel.annotate(time_text(peer["median"], row["unit"]), (peer["median"], place),
                       xytext=(8, 3), textcoords="offset points", fontsize=7)
    panel.set_yticks(range(len(names)), names)
    panel.set_ylim(-0.7, len(names) - 0.3)
    if all(row["peers"][name]["median"] > 0 for name in names):
        panel.set_xscale("log")
    panel.margins(x=0.15)
    panel.xaxis.set_minor_formatter(_nothing)
    noisy = "" if noise.verdict_in(row).quiet else " (noisy)"
    panel.set_title(f"{row['work']}{noisy}: {row['unit']}, less is better", loc="left")
    panel.grid(axis="x", alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)


def _nothing(*_):
    return ""


def _draw_curve(rows, curve, label, path):
    figure, panel = _pyplot().subplots(figsize=(7, 4))
    others = iter(OTHERS)
    for name in sorted({name for row in rows for name in row["peers"]}):
        points = [(row["threads"] if curve == "threads" else row["count"],
                   row["peers"][name]["median"])
                  for row in rows
                  if name in row["peers"] and row["peers"][name]["count"] == row["count"]]
        if points:
            ours = name == "cohort"
            panel.plot(*zip(*points), marker="o", markersize=4, label=name,
                       color=OURS if ours else next(others), linewidth=2.5 if ours else 1.2)
    panel.set_xscale("log", base=2 if curve == "threads" else 10)
    panel.set_yscale("log")
    panel.set_xlabel(label)
    panel.set_ylabel(f"{rows[0]['work']}: {rows[0]['unit']} a task")
    panel.grid(alpha=0.3)
    panel.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    panel.spines[["top", "right"]].set_visible(False)
    return _save(figure, path)
