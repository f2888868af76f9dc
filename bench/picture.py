# SPDX-License-Identifier: Apache-2.0
"""The rows of the report as a picture: for each a bar of ours, marks where the goals are, and a mark of the best peer. Bars are
drawn so that longer is better and the goal to beat is at one place in every row."""

from xml.sax.saxutils import escape

WIDTH, ROW_HEIGHT, LEFT, RIGHT, TOP = 960, 22, 430, 60, 56
BEAT_AT = 0.4  # of the bar's room
COLOURS = {"reached": "#2e7d32", "beaten": "#558b2f", "behind": "#b25c00"}


def score(row, value):
    """1 = just what is to be beaten; more is better."""
    if value <= 0:
        return 0.0
    return row.beat / value if row.smaller_is_better else value / row.beat


def picture(rows, facts):
    lines = [(row, name) for row in rows if row.beat is not None for name in row.ours]
    height = TOP + ROW_HEIGHT * len(lines) + 20
    room = WIDTH - LEFT - RIGHT

    def place(value):
        return LEFT + min(value * BEAT_AT, 1.0) * room

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
           'font-size="12" role="img">',
           "<title>Twintrack against the goals and the best peer of each row</title>",
           f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
           f'<text x="12" y="20" font-size="15" fill="#202020">Against what is to be beaten (line), the goal (double line) '
           'and the best peer (diamond); longer is better</text>',
           f'<text x="12" y="40" fill="#606060">{escape(facts)}</text>',
           f'<line x1="{place(1)}" y1="{TOP - 6}" x2="{place(1)}" y2="{height - 14}" stroke="#404040"/>']
    for index, (row, name) in enumerate(lines):
        y = TOP + index * ROW_HEIGHT
        value = row.ours[name].median
        text = f"{row.number}  {row.measure} ({name.split()[-1]})"
        out.append(f'<text x="12" y="{y + 14}" fill="#202020">{escape(text[:62])}</text>')
        out.append(f'<rect x="{LEFT}" y="{y + 4}" width="{place(score(row, value)) - LEFT:.1f}" height="12" '
                   f'fill="{COLOURS[row.verdict(name)]}"><title>{row.verdict(name)}</title></rect>')
        if row.reach is not None:
            at = place(score(row, row.reach))
            out.append(f'<path d="M{at:.1f} {y + 2}v16m3 0v-16" stroke="#404040" fill="none"/>')
        if row.peers:
            best = max(score(row, peer.median) for peer in row.peers.values())
            out.append(f'<path d="M{place(best):.1f} {y + 4}l5 6l-5 6l-5 -6z" fill="#1a4f8b"/>')
        digits = 1 if row.unit in ("us", "ms") else 2
        out.append(f'<text x="{WIDTH - RIGHT + 6}" y="{y + 14}" fill="#202020">{value:.{digits}f}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
