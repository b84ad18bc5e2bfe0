"""List the machines whose speed was published, and what a scenario comes to on each: does it hold real time there?

Predicted is what a second takes in which the assistant listens, or speaks; it is put together from what was published of a
machine's parts, or laid out from its factor as a whole, which it then must come to. Busy is one processor that does all of it.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from omniflow_graph.commands.console import console
from omniflow_graph.engine.replay import check_seed
from omniflow_graph.events import SECOND
from operators.duplex import duplex
from simulations.real_time.figures import figures
from simulations.real_time.holds import holding, plain
from simulations.real_time.machines import MACHINES, Machine, on
from simulations.real_time.timing import timing
from simulations.scenario import Scenario
from simulations.scenario_file import bundled, load_scenario
from simulations.world import simulate

COLUMNS = ("machine", "RTF", "listens", "speaks", "from", "busy", "late", "silent", "replies", "holds")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    usual = "questions"
    parser.add_argument("scenario", metavar="SCENARIO", nargs="?", default=usual, help=f"a file, or out of {', '.join(bundled())}; default: {usual}")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="decides every draw; default: 0")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Play the scenario on each machine, and print a table."""
    check_seed(args.seed, "--seed: wants")
    scenario = load_scenario(args.scenario)
    found = [measured(machine, scenario, args.seed) for machine in MACHINES.values()]
    if args.json:
        print(json.dumps({"scenario": scenario.name, "seed": args.seed, "machines": found}))
    else:
        _show(found, scenario.name)
    return 0


def measured(machine: Machine, scenario: Scenario, seed: int = 0) -> dict[str, Any]:
    """Return what was published of a machine, what follows for a second, and what the scenario comes to on it. Times are in seconds."""
    graph = duplex(model="scripted-fast", script=scenario.script or None)  # type: ignore[arg-type]
    trace = simulate(scenario, on(graph, machine), seed=seed)
    heard = figures([timing(trace)])
    return {
        "machine": machine.name,
        "runs": machine.runs,
        "source": machine.source,
        "published_rtf": None if machine.published_rtf is None else machine.published_rtf / 1000,
        "predicted_rtf": {"listens": round(machine.parts.unit() / SECOND, 3), "speaks": round(machine.parts.second / SECOND, 3)},
        "basis": machine.basis,
        **plain(holding(trace)),
        **{name: heard[name] for name in ("windows_missed", "lead_s", "stale_s", "reply_s")},
    }


def _show(found: list[dict[str, Any]], scenario: str) -> None:
    from rich.table import Table

    screen = console()
    table = Table(title=f"{scenario}, by machine", title_justify="left", box=None, padding=(0, 1, 0, 0))
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in ("machine", "from") else "right", no_wrap=True)
    for each in found:
        table.add_row(*_row(each))
    screen.print(table)
    screen.print("RTF as published; predicted: of a second that listens, that speaks, and busy")
    screen.print("of the session; late: steps, on one processor; silent in mid-answer, replies: s")


def _row(of: dict[str, Any]) -> list[str]:
    one, published, reply = of["one_processor"], of["published_rtf"], of["reply_s"]["median"]
    predicted = [f"{of['predicted_rtf'][name]:.2f}" for name in ("listens", "speaks")]
    late = f"{one['late']} of {one['steps']}"
    rest = [f"{one['rtf']:.2f}", late, f"{of['silent_s']:.2f}", "-" if reply is None else f"{reply:.2f}", of["holds"]]
    return [of["machine"], "-" if published is None else f"{published:.2f}", *predicted, of["basis"], *rest]
