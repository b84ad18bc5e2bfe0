"""Put a page together: one HTML file with all it needs in it, which opens from disk and asks no network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from omniflow_graph import Session, Trace, diff
from omniflow_graph.events import SECOND
from omniflow_graph.files import written
from omniflow_graph.trace.lag import behind
from omniflow_graph.trace.summary import Summary, summary
from operators.report.gather import gather

HERE = Path(__file__).parent


def page(runs: Sequence[tuple[Trace, Session | None]], *, about: Sequence[str] = (), sound: bool = True) -> str:
    """Return the page of one run, or of two compared: a trace each, with the session it was made of, for sound and pictures.

    `about` are words for the line below the title. Raises ValueError for none or more than two runs.
    """
    if not 1 <= len(runs) <= 2:
        raise ValueError(f"page: wants one run or two to compare, got {len(runs)}")
    shown = [gather(trace, inputs, sound=sound) for trace, inputs in runs]
    sums = [summary(trace) for trace, _ in runs]
    told = [*_about(runs[0][0]), *about, *(f"not summed up: {note}" for each in sums for note in each.notes)]
    data = {"runs": shown, "about": told, "numbers": _numbers(runs, shown, sums), "difference": _difference(runs)}
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")  # nothing in it may end the script
    title = runs[0][0].session.replace("&", "&amp;").replace("<", "&lt;")
    css, js = ((HERE / f"page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(title=title, css=css, js=js, data=text)


def write_page(path: Path, runs: Sequence[tuple[Trace, Session | None]], *, about: Sequence[str] = (), sound: bool = True) -> Path:
    """Write the page of `page` to a file, whole or not at all. Raises RecordingError where that cannot be written."""
    text = page(runs, about=about, sound=sound)
    with written(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


def _about(trace: Trace) -> list[str]:
    length = f"{trace.end / SECOND:g} s" + ("" if trace.complete else ", stopped before its end")
    return [f"graph {trace.graph.name}", length, f"seed {trace.seed}", f"decisions {trace.digest['decisions'][:12]}"]


def _difference(runs: Sequence[tuple[Trace, Session | None]]) -> dict[str, Any] | None:
    found = diff(runs[0][0], runs[1][0]) if len(runs) == 2 else None
    return found and {"t": round(found.time / 1e6, 3), "text": str(found)}


def _numbers(runs: Sequence[tuple[Trace, Session | None]], shown: Sequence[dict[str, Any]], sums: Sequence[Summary]) -> list[list[Any]]:
    """Return what is told on top: name, value, of how many, whether it is bad. Of two runs both values, if they are not the same."""
    sides = [{row[0]: row for row in _told(trace, of, came_to)} for (trace, _), of, came_to in zip(runs, shown, sums)]
    names = list(dict.fromkeys(name for side in sides for name in side))
    return [_beside(name, [side.get(name) for side in sides]) for name in names]


def _beside(name: str, rows: list[list[Any] | None]) -> list[Any]:
    """Put the values of a figure side by side."""
    known = [row for row in rows if row]
    values = [row[1] if row else "-" for row in rows]
    same = len({*values}) == 1
    of = known[0][2] if all(row == known[0] for row in rows) else "A, B"
    return [name, values[0] if same else ", ".join(values), of, any(row[3] for row in known)]


def _told(trace: Trace, shown: dict[str, Any], came_to: Summary) -> list[list[Any]]:
    rows: list[list[Any]] = [["windows", str(len(shown["windows"])), "", False]]
    if shown["decisions"]:
        rows.append(["turns", str(len(shown["turns"])), "", False])
    rows += [[figure.name, figure.shown, figure.of, figure.bad] for figure in came_to.figures if figure.shown]
    rows += [[f"{each.stage} ends behind by", f"{each.lag / SECOND:.2f} s", "", True] for each in behind(trace)]
    counts = {kind: sum(event[1] == kind for event in shown["events"]) for kind in ("flush", "fault")}
    return rows + [[kind, str(n), "", kind == "fault"] for kind, n in counts.items() if n]
