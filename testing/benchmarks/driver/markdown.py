"""What compare.py wrote as JSON, as tables for a page."""

import noise
from machine import text_of
from matrix import threads_text
from tables import US, time_text


def page(results):
    """A table of all works, and one for each curve."""
    rows = results["rows"]
    parts = []
    for threads in sorted({row["threads"] for row in rows if not row["curve"]}):
        chosen = [row for row in rows if not row["curve"] and row["threads"] == threads]
        parts.append(_table(chosen, threads_text(threads), _work))
    for work in sorted({(row["curve"], row["work"]) for row in rows if row["curve"]}):
        chosen = [row for row in rows if (row["curve"], row["work"]) == work]
        parts.append(_table(chosen, f"`{work[1]}` by {work[0]}", _point))
    parts += [f"({failure}.)\n" for failure in results.get("failures", [])]
    parts.append(f"({results['repetitions']} repetitions. {_versions(rows)}. "
                 f"{text_of(results['machine'])}.)\n")
    return "\n".join(parts)


def _versions(rows):
    return ", ".join(sorted({peer["version"] for row in rows
                             for name, peer in row["peers"].items() if name != US}))


def _work(row):
    return f"`{row['work']}`, {row['count']:,}"


def _point(row):
    return f"{row['threads']}" if row["curve"] == "threads" else f"{row['count']:,}"


def _table(rows, title, label):
    """Medians; ours with the spread, and how many times as long the best of the others takes.

    A ~ says that the two cannot be told apart.
    """
    names = [US] + sorted({name for row in rows for name in row["peers"]} - {US})
    lines = [_line([title, *names, "best other / ours"]), _line(["---"] * (len(names) + 2))]
    for row in rows:
        verdict = noise.verdict_in(row)
        noisy = "" if verdict.quiet else " (noisy)"
        lines.append(_line([label(row) + noisy, *(_cell(row, name) for name in names),
                            _lead(row, verdict.least_ratio)]))
    return "\n".join(lines) + "\n"


def _line(cells):
    return "| " + " | ".join(cells) + " |"


def _is_shown(row, peer):
    """A curve has no points of those who did fewer."""
    return peer is not None and not (row["curve"] and peer["count"] != row["count"])


def _cell(row, name):
    peer = row["peers"].get(name)
    if not _is_shown(row, peer):
        return ""
    text = time_text(peer["median"], row["unit"])
    if peer["count"] != row["count"]:
        text += f" ({peer['count']:,})"
    if name == US:
        low, high = peer["quartiles"]
        text += f" ± {(high - low) / 2 / peer['median']:.0%}" if peer["median"] else ""
    return text


def _lead(row, least_ratio):
    ours = row["peers"].get(US)
    others = [peer for name, peer in row["peers"].items() if name != US and _is_shown(row, peer)]
    if not ours or not ours["median"] or not others:
        return ""
    best = min(others, key=lambda peer: peer["median"])
    lead = best["median"] / ours["median"]
    alike = _overlap(ours, best) or max(lead, 1 / lead) < least_ratio
    return ("~" if alike else "") + f"{lead:.2f}"


def _overlap(one, other):
    """As Summary.overlaps()."""
    return (one["quartiles"][0] <= other["quartiles"][1] and
            other["quartiles"][0] <= one["quartiles"][1])
