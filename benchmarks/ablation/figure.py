"""Draw what the arms came to: a panel for each measure, a dot for each seed, a line at the mean. SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any
from xml.sax.saxutils import escape

SHOWN = ("f1", "turn_hit", "exact", "in_window", "proactive_exact", "unasked_exact", "barge_in_stop", "latency_median_s", "false_turns_per_minute")
WIDE, HIGH, COLUMNS = 300, 190, 3  # of a panel, in pixels; panels side by side
LEFT, TOP, ROW = 120, 30, 22


def figure(runs: Sequence[Mapping[str, Any]]) -> str:
    """Return the figure as SVG."""
    arms = list(dict.fromkeys(of["arm"] for of in runs))
    panels = [_panel(n, name, arms, runs) for n, name in enumerate(SHOWN)]
    wide, high = WIDE * COLUMNS, HIGH * -(-len(SHOWN) // COLUMNS)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="11" fill="#333">'
    return "\n".join([head, f'<rect width="{wide}" height="{high}" fill="#fff"/>', *panels, "</svg>\n"])


def _panel(n: int, name: str, arms: Sequence[str], runs: Sequence[Mapping[str, Any]]) -> str:
    """Draw one measure: from 0 to 1, or to its greatest value."""
    x, y = n % COLUMNS * WIDE, n // COLUMNS * HIGH
    values = {arm: [of["metrics"][name] for of in runs if of["arm"] == arm and of["metrics"][name] is not None] for arm in arms}
    most = max([1.0, *(value for of in values.values() for value in of)])
    room = WIDE - LEFT - 20
    parts = [f'<g transform="translate({x},{y})">', f'<text x="{LEFT}" y="18" font-weight="bold">{escape(name)}</text>']
    bottom = TOP + ROW * len(arms)
    for share in (0, 0.5, 1):
        at = LEFT + room * share
        parts.append(
            f'<path d="M{at:.1f} {TOP}V{bottom}" stroke="#ddd"/><text x="{at:.1f}" y="{bottom + 13}" text-anchor="middle">{most * share:.2g}</text>'
        )
    for row, arm in enumerate(arms):
        middle = TOP + ROW * row + ROW // 2
        parts.append(f'<text x="{LEFT - 8}" y="{middle + 4}" text-anchor="end">{escape(arm)}</text>')
        parts += [f'<circle cx="{LEFT + room * value / most:.1f}" cy="{middle}" r="3.5" fill="#36c" fill-opacity=".55"/>' for value in values[arm]]
        if values[arm]:
            at = LEFT + room * mean(values[arm]) / most
            parts.append(f'<path d="M{at:.1f} {middle - 8}V{middle + 8}" stroke="#c33" stroke-width="2"/>')
    return "".join([*parts, "</g>"])
