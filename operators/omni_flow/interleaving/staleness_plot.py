"""Draw how staleness and silence grow word by word, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, GAP = 380, 250, 50, 46, 70  # of a panel, and around it
COLOURS = ("#0b6e4f", "#6bbf59", "#c1292e", "#f5b700", "#e8871e", "#8d5a97")

Curves = Mapping[str, Sequence[tuple[float, float]]]  # by name, for each word: seconds of staleness, seconds of silence so far


def svg(curves: Curves, title: str) -> str:
    """Draw two panels side by side: mean staleness, and mean silence so far, over the number of the word."""
    panels = [_panel(curves, n, n * (WIDTH + GAP) + LEFT, name) for n, name in enumerate(("staleness when heard, s", "silence so far, s"))]
    wide, high = 2 * WIDTH + GAP + 2 * LEFT, TOP + HEIGHT + 75
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12" fill="#333">',
            f'<rect width="{wide}" height="{high}" fill="#fff"/>',
            _text(LEFT, 18, title, size=14),
            *panels,
            *(_key(n, name) for n, name in enumerate(curves)),
            "</svg>\n",
        ]
    )


def _panel(curves: Curves, n: int, left: int, name: str) -> str:
    words = max((len(curve) for curve in curves.values()), default=1)
    step = _step(max((point[n] for curve in curves.values() for point in curve), default=0))
    top = 5 * step
    lines = [_text(left, TOP - 6, name)]
    for tick in range(6):
        y = TOP + HEIGHT * (1 - tick / 5)
        lines.append(f'<path d="M{left} {y:.1f}h{WIDTH}" stroke="#ddd"/>{_text(left - 6, y + 4, f"{tick * step:g}", anchor="end")}')
    for word in range(10, words + 1, 10):
        lines.append(_text(left + WIDTH * word / words, TOP + HEIGHT + 16, str(word), anchor="middle"))
    lines.append(_text(left + WIDTH / 2, TOP + HEIGHT + 32, "word of the answer", anchor="middle"))
    for colour, curve in reversed(list(zip(COLOURS, curves.values()))):  # the first on top
        points = " ".join(f"{left + WIDTH * k / words:.1f},{TOP + HEIGHT * (1 - point[n] / top):.1f}" for k, point in enumerate(curve, 1))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return "\n".join(lines)


def _step(most: float) -> float:
    """Return a round distance of five grid lines of which the last is not below the most."""
    return next(step for exponent in range(-3, 9) for step in (10.0**exponent * part for part in (1, 2, 3, 4, 5)) if 5 * step >= most)


def _key(n: int, name: str) -> str:
    x, y = LEFT + n % 6 * (2 * WIDTH + GAP + LEFT) / 6, TOP + HEIGHT + 60
    return f'<path d="M{x:.0f} {y - 4}h14" stroke="{COLOURS[n % len(COLOURS)]}" stroke-width="3"/>{_text(x + 18, y, name)}'


def _text(x: float, y: float, words: str, *, size: int = 12, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'
