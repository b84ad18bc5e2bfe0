"""Play a scenario in closed loop: what was said, when and why; or, with many seeds, whether it holds real time.

The same seed gives the same session, with the same digest, always.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from omniflow_graph import Trace
from omniflow_graph.clock import wall_seconds
from omniflow_graph.commands.console import console
from omniflow_graph.engine.replay import check_seed
from omniflow_graph.events import SECOND
from omniflow_graph.trace.twice import SAME, Apart, Way, again, told
from operators.commands.outcome import folder_name, outcome, timed, write_files
from operators.commands.replay import make_folder
from operators.commands.settings import DEFAULT_GRAPH, add_echo, settings, warm
from operators.turns import said
from simulations.many import World, play_many, summed
from simulations.real_time.figures import figures, rows, verdict
from simulations.room.speech import Utterance
from simulations.scenario import Scenario
from simulations.scenario_file import bundled, load_scenario
from simulations.world import SIGHT, SOUND, session_of

MOST = {"seeds": 1_000_000, "processes": 64}  # a typo is not to take the machine down
MOST_TWICE = 100


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("scenario", metavar="SCENARIO", help=f"a scenario file, or a bundled one: {', '.join(bundled())}")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="decides every draw; default: 0")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="play it with so many seeds, from --seed on")
    parser.add_argument("--graph", metavar="M:F", default=DEFAULT_GRAPH, help="module:function; default: %(default)s")
    parser.add_argument("--model", metavar="NAME", help="scripted, scripted-fast; default: scripted-fast, of a graph that has models")
    parser.add_argument("--script", metavar="FILE", help="YAML with what a scripted model says when; default: what the scenario says")
    parser.add_argument("--window", type=float, metavar="S", help="length of a window in seconds; default: 1.0")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any other parameter of the graph's function")
    add_echo(parser)
    parser.add_argument("--on", metavar="MACHINE", help="let stages cost what they cost there, such as rtx4090, or measured:REC")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="spread the seeds over so many")
    parser.add_argument("--twice", action="store_true", help="play everything again, otherwise, and show the first event that differs; exit 1")
    parser.add_argument("--out", metavar="DIR", help="write trace.mcap, speech.wav and turns.json there; of many seeds, into a folder each")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")


def run(args: argparse.Namespace) -> int:
    """Play it, print what came of it, write the files. Returns 1 if it does not come out the same twice."""
    _check(args)
    scenario, world, began = load_scenario(args.scenario), _world(args), wall_seconds()
    if args.out:
        make_folder(Path(args.out))
    warm(world.plan(scenario).graph)
    loaded = wall_seconds()
    found = _one(args, scenario, world) if args.seeds == 1 else _many(args, scenario, world)
    found |= timed(found["duration_s"], wall_seconds() - loaded, loaded - began)
    if args.twice:
        found["apart"] = told(_again(args, scenario, world))
    for words in found.get("warnings", ()):
        print(f"omniflow: warning: {words}", file=sys.stderr)
    if args.json:
        print(json.dumps(found))
    else:
        (_show_one if args.seeds == 1 else _show_many)(found)
        if args.twice:
            print(found["apart"]["words"] if found["apart"] else SAME)
    return int(bool(found.get("apart")))


def _again(args: argparse.Namespace, scenario: Scenario, world: World) -> Apart | None:
    """Play everything again, in another process, and return the first event that differs."""
    traces = {trace.session: trace for trace in play_many(_sessions(args, scenario), world, finish=_whole, keep=None)}
    asked = {name: value for name, value in vars(args).items() if name not in ("module", "command")}
    return again(traces, "simulations.commands.simulate:play_again", {"asked": asked})


def _whole(trace: Trace) -> Trace:
    return trace


def play_again(way: Way, *, asked: dict[str, Any]) -> Iterator[tuple[str, Trace]]:
    """Play in another process what was played in the first one."""
    args = argparse.Namespace(**asked)
    scenario, world = load_scenario(args.scenario), _world(args)
    for of, seed in _sessions(args, scenario):
        session = session_of(of, seed)
        yield session.name, way.replay(world.plan(of).graph, session, seed=seed)


def _sessions(args: argparse.Namespace, scenario: Scenario) -> list[tuple[Scenario, int]]:
    return [(scenario, seed) for seed in range(args.seed, args.seed + args.seeds)]


def _check(args: argparse.Namespace) -> None:
    for name, most in MOST.items():
        if not 1 <= getattr(args, name) <= most:
            raise ValueError(f"--{name}: wants 1 to {most}, got {getattr(args, name)}")
    check_seed(args.seed, "--seed: wants")
    check_seed(args.seed + args.seeds - 1, "--seeds: wants the last of them to be")
    if args.twice and args.seeds > MOST_TWICE:
        raise ValueError(f"--twice: holds all sessions in memory, so wants up to {MOST_TWICE} --seeds, got {args.seeds}")
    if args.window is not None and not 0 < args.window <= 1e9:
        raise ValueError(f"--window: wants seconds, more than 0 and up to 1e9, got {args.window}")


def _world(args: argparse.Namespace) -> World:
    given = {"model": args.model, "window": args.window, "script": args.script, **settings(args.set)}
    return World(args.graph, tuple((name, value) for name, value in given.items() if value is not None), args.on)


def _one(args: argparse.Namespace, scenario: Scenario, world: World) -> dict[str, Any]:
    (found,) = play_many([(scenario, args.seed)], world, finish=partial(_finished, out=args.out, run=_noted(args)), keep=None)
    return found


def _finished(trace: Trace, *, out: str | None, run: dict[str, Any], apart: bool = False) -> dict[str, Any]:
    """Sum up one session, and write its files."""
    found = outcome(trace) | {"seed": trace.seed, "user": list(_user(trace))}
    if (times := summed(trace).timing) is not None:
        found["figures"] = figures([times])
    if out:
        folder = Path(out) / folder_name(trace.session) if apart else Path(out)
        given = [edge for edge in (SOUND, SIGHT) if edge in trace.edges]
        found["files"] = write_files(folder, trace, None, found, model=run["model"], copy_inputs=True, given=given, run=run)
    return found


def _noted(args: argparse.Namespace) -> dict[str, Any]:
    """Return what a trace keeps of the options of its run."""
    own = {"scenario": Path(args.scenario).name, "graph": args.graph, "model": args.model, "script": args.script, "on": args.on}
    return {**own, **settings(args.set)}


def _user(trace: Trace) -> Iterator[dict[str, Any]]:
    """Tell what people said; of one who broke off, all that was meant to be said."""
    for event in (*trace["user"], *trace["talker"]):
        if isinstance(event.data, Utterance):
            of = event.data
            yield {"start_s": of.begin / SECOND, "end_s": of.end / SECOND, "who": of.who, "kind": of.kind, "text": of.text}


def _many(args: argparse.Namespace, scenario: Scenario, world: World) -> dict[str, Any]:
    sessions = _sessions(args, scenario)
    if args.out:
        finish, keep = partial(_kept, out=args.out, run=_noted(args)), None
        played = list(play_many(sessions, world, processes=args.processes, finish=finish, keep=keep))
    else:
        played = list(play_many(sessions, world, processes=args.processes))
    timings = [each.timing for each in played if each.timing is not None]
    return {
        "scenario": scenario.name,
        "seeds": [args.seed, args.seed + args.seeds - 1],
        "on": args.on,
        "duration_s": scenario.length * args.seeds / SECOND,
        "turns": sum(each.turns for each in played),
        **({"figures": figures(timings)} if timings else {}),
        "sessions": [{"session": each.session, "seed": each.seed, "turns": each.turns, "digest": each.digest} for each in played],
    }


def _kept(trace: Trace, *, out: str, run: dict[str, Any]) -> Any:
    _finished(trace, out=out, run=run, apart=True)
    return summed(trace)


def _show_one(found: dict[str, Any]) -> None:
    from rich.table import Table

    screen = console()
    table = Table(title=f"{found['session']}: what was said, when and why", title_justify="left", pad_edge=False)
    for column in ("from", "to", "who", "text", "cause"):
        table.add_column(column, justify="right" if column in ("from", "to") else "left", no_wrap=column in ("from", "to", "who"), overflow="fold")
    lines = [(u["start_s"], u["end_s"], u["who"], u["text"], u["kind"]) for u in found["user"]]
    lines += [(turn["start_s"], turn["end_s"], "assistant", said(turn), turn["cause"]) for turn in found["turns"]]
    for start, end, *rest in sorted(lines):
        table.add_row(f"{start:.2f} s", f"{end:.2f} s", *rest)
    screen.print(table)
    for name, path in found["files"].items():
        screen.print(f"{name:10} {path}", soft_wrap=True)
    if "figures" in found:
        screen.print(verdict(found["figures"]))
    screen.print(_speed(found))
    screen.print(f"digest     decisions {found['digest']['decisions'][:16]}  media {found['digest']['media'][:16]}")


def _show_many(found: dict[str, Any]) -> None:
    from rich.table import Table

    screen = console()
    first, last = found["seeds"]
    title = f"{found['scenario']}, seeds {first} to {last}{', on ' + found['on'] if found['on'] else ''}: {found['turns']} turns"
    table = Table(title=title, title_justify="left", pad_edge=False)
    for column in ("", "median", "95 in 100", "worst"):
        table.add_column(column, justify="right" if column else "left")
    for row in rows(found["figures"]) if "figures" in found else []:
        table.add_row(*row)
    screen.print(table)
    if "figures" in found:
        screen.print(verdict(found["figures"]))
    screen.print(_speed(found))


def _speed(found: dict[str, Any]) -> str:
    return f"{found['duration_s']:.2f} s in {found['wall_s']:.2f} s: {found['x_realtime']}x real time (loading: {found['load_s']:.2f} s)"
