# SPDX-License-Identifier: Apache-2.0
"""Seconds as a picture: a panel for each case with the rate above and percentiles below, all panels with the same scales. The
ground is white, so that it reads the same on a dark page; lines differ in dash as well as in colour."""

import math
from xml.sax.saxutils import escape

WIDTH, COLUMNS, TOP = 960, 3, 78
PANEL_WIDTH, PANEL_HEIGHT = WIDTH // COLUMNS, 290
LEFT, RIGHT = 64, 16  # of a panel
RATE_TOP, RATE_HEIGHT, TIME_TOP, TIME_HEIGHT = 30, 90, 138, 110
INK, PALE, GRID = "#202020", "#606060", "#d8d8d8"
# name, key of a second, colour, dashes
RATE = ("writes per second", "writes", "#1a4f8b", "none")
TIMES = (("p99", "p99_us", "#b25c00", "none"), ("p99.9", "p999_us", "#7b1fa2", "4 2"))


def ceiling(value):
    """The next of 1, 2, 5, 10, ..."""
    power = 10 ** math.floor(math.log10(max(value, 1e-9)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def text(x, y, words, anchor="start", colour=PALE, size=11):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(words)}</text>'


def line(points, colour, dashes):
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.4" stroke-dasharray="{dashes}"/>'


class Scales:
    """Of all panels: seconds from the establish, writes per second from 0, milliseconds by powers of ten."""

    def __init__(self, cases, establish_at):
        seconds = [second for case in cases for second in case["seconds"]]
        times = [second[key] / 1e3 for second in seconds for _name, key, *_style in TIMES if second[key] > 0]
        self.first, self.last = -establish_at, max(len(case["seconds"]) for case in cases) - establish_at
        self.most = ceiling(max((second["writes"] for second in seconds), default=1))
        self.decades = (math.floor(math.log10(min(times, default=1))), math.ceil(math.log10(max(times, default=10))))
        if self.decades[0] == self.decades[1]:
            self.decades = (self.decades[0], self.decades[0] + 1)

    def x(self, second):
        return LEFT + (second - self.first) / (self.last - self.first) * (PANEL_WIDTH - LEFT - RIGHT)

    def rate_y(self, rate):
        return RATE_TOP + (1 - rate / self.most) * RATE_HEIGHT

    def time_y(self, milliseconds):
        low, high = self.decades
        return TIME_TOP + (high - math.log10(max(milliseconds, 10 ** low))) / (high - low) * TIME_HEIGHT


def axes(scales):
    right, bottom = PANEL_WIDTH - RIGHT, TIME_TOP + TIME_HEIGHT
    out = []
    for rate in (0, scales.most / 2, scales.most):
        y = scales.rate_y(rate)
        label = f"{rate / 1e3:g} k" if rate else "0"
        out += [f'<path d="M{LEFT} {y:.1f}H{right}" stroke="{GRID}"/>', text(LEFT - 5, y + 4, label, "end")]
    for decade in range(scales.decades[0], scales.decades[1] + 1):
        y = scales.time_y(10 ** decade)
        out += [f'<path d="M{LEFT} {y:.1f}H{right}" stroke="{GRID}"/>', text(LEFT - 5, y + 4, f"{10.0 ** decade:g} ms", "end")]
    step = 20 if scales.last - scales.first > 40 else 5 if scales.last - scales.first > 10 else 1
    for second in range(math.ceil(scales.first / step) * step, scales.last + 1, step):
        out.append(text(scales.x(second), bottom + 15, f"{second} s", "middle"))
    at = scales.x(0)
    out.append(f'<path d="M{at:.1f} {RATE_TOP}V{RATE_TOP + RATE_HEIGHT}M{at:.1f} {TIME_TOP}V{bottom}" stroke="{INK}"/>')
    return out


def panel(title, case, scales, establish_at):
    def points(place, key, unit):
        return [(scales.x(index - establish_at + 0.5), place(second[key] / unit)) for index, second in enumerate(case["seconds"])]
    out = [text(LEFT, 18, title, colour=INK, size=13), *axes(scales)]
    if case["seconds"]:
        out.append(line(points(scales.rate_y, RATE[1], 1), *RATE[2:]))
        out += [line(points(scales.time_y, key, 1e3), colour, dashes) for _name, key, colour, dashes in TIMES]
    return out


def timeline(cases, establish_at, heading, facts):
    """`cases`: each with `title` and `seconds`. The establish comes after so many seconds."""
    scales = Scales(cases, establish_at)
    height = TOP + PANEL_HEIGHT * math.ceil(len(cases) / COLUMNS)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" role="img">',
           f"<title>{escape(heading)}</title>", f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
           text(12, 22, heading, colour=INK, size=15), text(12, 42, facts)]
    x = 12
    for name, _key, colour, dashes in (RATE, *TIMES):
        out += [line([(x, 58), (x + 26, 58)], colour, dashes), text(x + 32, 62, name, colour=INK)]
        x += 60 + 7 * len(name)
    for index, case in enumerate(cases):
        out.append(f'<g transform="translate({index % COLUMNS * PANEL_WIDTH} {TOP + index // COLUMNS * PANEL_HEIGHT})">')
        out += [*panel(case["title"], case, scales, establish_at), "</g>"]
    return "\n".join([*out, "</svg>"]) + "\n"
