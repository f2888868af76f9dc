# SPDX-License-Identifier: Apache-2.0
"""Medians with their spread, tables, and the rows of the report: what is measured against what, and the goals."""

import dataclasses
import statistics


@dataclasses.dataclass
class Spread:
    median: float
    smallest: float
    largest: float

    def text(self, digits=2):
        return f"{self.median:.{digits}f} ({self.smallest:.{digits}f}..{self.largest:.{digits}f})"


def spread(values):
    return Spread(statistics.median(values), min(values), max(values))


def ratio(mine, other):
    """Of measurements of the same rounds, round by round."""
    return spread([one / two for one, two in zip(mine, other)])


@dataclasses.dataclass
class Row:
    """One line of the report. `beat` is the least that is good enough, `reach` the goal; None = nobody has set one."""

    number: int
    measure: str
    ours: dict  # name: Spread
    peers: dict  # name: Spread
    beat: float | None
    reach: float | None
    unit: str = "of raw"
    smaller_is_better: bool = False

    def verdict(self, name):
        value = self.ours[name].median
        def passes(goal):
            return value <= goal if self.smaller_is_better else value >= goal
        if self.beat is None:
            return ""
        if self.reach is not None and passes(self.reach):
            return "reached"
        return "beaten" if passes(self.beat) else "behind"


def table(heading, rows):
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def digits_of(row):
    return 1 if row.unit in ("us", "ms") else 2


def report(rows):
    """The rows as a table of Markdown."""
    lines = []
    for row in rows:
        digits = digits_of(row)
        peers = "<br>".join(f"{name} {value.text(digits)}" for name, value in row.peers.items()) or "nobody"
        for name, value in row.ours.items():
            goals = f"{row.beat} / {row.reach}" if row.beat is not None else ""
            lines.append([row.number, row.measure, name, value.text(digits), row.unit, peers, goals, row.verdict(name)])
            peers = "as above" if row.peers else "nobody"
    return table(["row", "measure", "acknowledgement", "ours", "unit", "peers", "beat / reach", ""], lines)
