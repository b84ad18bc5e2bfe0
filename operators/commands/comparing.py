"""Compare time-aligned interleaving with its alternatives, and show what each costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omniflow_graph.commands.console import console
from omniflow_graph.events import SECOND
from operators.omni_flow.interleaving.answers import drawn, recorded
from operators.omni_flow.interleaving.dialogue import Answer
from operators.omni_flow.interleaving.speaking import Cost
from operators.omni_flow.interleaving.staleness import WORDS, Heard, by_word, measure, strategies, summary
from operators.omni_flow.interleaving.staleness_plot import Curves


def compare(unit: int, look_ahead: int, seeds: int) -> tuple[dict[str, Any], Curves]:
    """Measure each strategy on simulated dialogues and on the bundled recordings; lengths in ns. Returns sums, and curves to draw."""
    answers = [answer for seed in range(seeds) for answer in drawn(seed)]
    ways = strategies(look_ahead)
    heard = {way.name: measure(answers, way, unit) for way in ways}
    found = {
        "window_s": unit / SECOND,
        "look_ahead_s": look_ahead / SECOND,
        "simulated": {"dialogues": seeds, "answers": len(answers), "strategies": [summary(*each) for each in heard.items()]},
        "recorded": {name: _recorded(of, unit, look_ahead) for name, of in recorded(unit).items()},
    }
    return found, {name: by_word(each, WORDS[-1][1]) for name, each in heard.items()}


def show(found: dict[str, Any]) -> None:
    """Print a table for the simulated dialogues, and one for each recording."""
    screen = console()
    simulated = found["simulated"]
    screen.print(_table(f"{simulated['dialogues']} simulated dialogues, {simulated['answers']} answers", simulated["strategies"]))
    for name, ways in found["recorded"].items():
        screen.print(_table(f"recording {name}, {ways[0]['answers']} answers", ways))


def _recorded(answers: Sequence[tuple[Answer, int]], unit: int, look_ahead: int) -> list[dict[str, Any]]:
    """Say the answers of a recording again; their sound begins as long after a window as it did, and costs no time."""
    found = []
    for way in strategies(look_ahead):
        heard: list[list[Heard]] = [words for answer, begins in answers for words in measure([answer], way, unit, Cost(begins=begins))]
        found.append(summary(way.name, heard))
    return found


def _table(title: str, ways: Sequence[dict[str, Any]]) -> Any:
    from rich.table import Table

    groups = [f"{first}-{last}" for first, last in (row["words"] for row in ways[0]["by_word"])]
    table = Table(title=f"{title}: mean and most, in seconds", title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column("\ninterleaving", no_wrap=True)
    names = ["silent\nmean", "\nmost", f"stale\n{groups[0]}", *(f"\n{group}" for group in groups[1:]), "\nmost", "lead\nmean", "\nmost"]
    for column in names:
        table.add_column(column, justify="right", no_wrap=True)
    for way in ways:
        ages = [row["staleness_s"] for row in way["by_word"]]
        shown = [*way["gap_s"].values(), *(each["mean"] for each in ages), max(each["most"] for each in ages), *way["lead_s"].values()]
        table.add_row(way["strategy"], *(f"{value:.2f}" for value in shown))
    return table
