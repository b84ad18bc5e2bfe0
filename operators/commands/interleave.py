"""Lay answers whose words have times out in windows: which text stands in which window, and what of the sound is spoken in it.

WORDS.json holds unit_s, look_ahead_s and turns, each with first_unit, duration_s, words (text, start_s, end_s) and tokens
(id, text). With --compare, no file is read: time-aligned interleaving is measured beside text first and fixed ratios.
"""

from __future__ import annotations

import argparse
import json
from itertools import groupby
from pathlib import Path
from typing import Any

from omniflow_graph.commands.console import console
from omniflow_graph.events import SECOND, seconds
from operators.commands.comparing import compare, show
from operators.omni_flow.interleaving.dialogue import LONGEST, SHORTEST, Dialogue, load_dialogue
from operators.omni_flow.interleaving.interleave import Interleaving, Unit, fixed_ratio, supervise, text_first, time_aligned
from operators.omni_flow.interleaving.staleness_plot import svg
from operators.omni_flow.tokens.tokenizer import load_tokenizer
from operators.omni_flow.tokens.vocabulary import LISTEN

RATES = (3, 4, 5)  # tokens a second
USUAL = {"window": 1.0, "look_ahead": 0.3, "seeds": 200}  # of --compare
BOUNDS = {"window": (SHORTEST / SECOND, LONGEST / SECOND), "look_ahead": (0, LONGEST / SECOND), "defer_tokens": (0, 1000), "seeds": (1, 100_000)}
GOES_WITH = {  # what is of no use elsewhere
    "look_ahead": "tail",
    "defer_tokens": "tail",
    "rate": "fixed-ratio",
    "seeds": "compare",
    "plot": "compare",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("words", metavar="WORDS.json", nargs="?", help="answers whose words have times")
    parser.add_argument("--strategy", choices=("tail", "text-first", "fixed-ratio"), help="default: tail, time-aligned interleaving")
    parser.add_argument("--window", type=float, metavar="S", help="length of a window in seconds; default: unit_s of the file")
    parser.add_argument("--look-ahead", type=float, metavar="S", help="text comes so much earlier than its sound; default: look_ahead_s of the file")
    parser.add_argument("--defer-tokens", type=int, metavar="N", help="speak the last N tokens of a window in the next; look-ahead is 0 unless given")
    parser.add_argument("--rate", type=int, choices=RATES, help="tokens a second of fixed-ratio; default: 4")
    parser.add_argument("--tokenizer", metavar="DIR", help="folder of a tokenizer, for a file without tokens")
    parser.add_argument("--compare", action="store_true", help="measure staleness and silence, on simulated dialogues and on the bundled recordings")
    parser.add_argument("--seeds", type=int, metavar="N", help=f"so many simulated dialogues; default: {USUAL['seeds']}")
    parser.add_argument("--plot", metavar="FILE.svg", help="draw staleness and silence word by word")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Lay out one file, or compare."""
    _check(args)
    if args.compare:
        _compare(args)
        return 0
    dialogue = load_dialogue(args.words, load_tokenizer(args.tokenizer) if args.tokenizer else None)
    if args.window is not None:
        dialogue = dialogue.in_windows_of(seconds(args.window))
    units = supervise(dialogue, _interleaving(args, dialogue), defer_tokens=args.defer_tokens or 0)
    if args.json:
        print(json.dumps({"units": [_plain(unit) for unit in units]}))
    else:
        _show(units)
    return 0


def _interleaving(args: argparse.Namespace, dialogue: Dialogue) -> Interleaving:
    if args.strategy == "text-first":
        return text_first
    if args.strategy == "fixed-ratio":
        return fixed_ratio(args.rate or 4)
    given = dialogue.look_ahead if args.defer_tokens is None else 0
    return time_aligned(given if args.look_ahead is None else seconds(args.look_ahead))


def _compare(args: argparse.Namespace) -> None:
    unit, look_ahead, seeds = (getattr(args, name) if getattr(args, name) is not None else usual for name, usual in USUAL.items())
    found, curves = compare(seconds(unit), seconds(look_ahead), seeds)
    if args.plot:
        Path(args.plot).write_text(
            svg(curves, f"{found['simulated']['answers']} answers in windows of {unit:g} s, look-ahead {look_ahead:g} s"), "utf-8"
        )
    if args.json:
        print(json.dumps(found))
    else:
        show(found)


def _check(args: argparse.Namespace) -> None:
    if bool(args.words) == args.compare:
        raise ValueError(f"wants {'no' if args.compare else 'a'} WORDS.json {'with' if args.compare else 'or'} --compare")
    if args.compare and (args.strategy or args.tokenizer or args.defer_tokens is not None):
        raise ValueError("--compare: measures all strategies on answers of its own; leave out --strategy, --tokenizer and --defer-tokens")
    kind = "compare" if args.compare else args.strategy or "tail"
    for option, wanted in GOES_WITH.items():
        if getattr(args, option) is not None and kind != wanted and not (args.compare and option == "look_ahead"):
            raise ValueError(f"--{option.replace('_', '-')}: goes with {'--compare' if wanted == 'compare' else f'--strategy {wanted}'}")
    for option, (least, most) in BOUNDS.items():
        value = getattr(args, option)
        if value is not None and not least <= value <= most:
            raise ValueError(f"--{option.replace('_', '-')}: wants {least:g} to {most:g}, got {value}")
    if args.plot and Path(args.plot).suffix != ".svg":
        raise ValueError(f"--plot: writes SVG, so wants a name that ends in .svg, got {args.plot}")


def _plain(unit: Unit) -> dict[str, Any]:
    voiced = unit.voiced and [time / SECOND for time in unit.voiced]
    return {"unit": unit.unit, "text": unit.text, "end_of_turn": unit.end_of_turn, "voiced": voiced, "ids": unit.ids}


def _show(units: list[Unit]) -> None:
    screen = console()
    screen.print("window  sound spoken         text", style="bold")
    for listens, run in groupby(units, key=lambda unit: unit.ids == (LISTEN,)):
        if listens:
            first, *more = run
            screen.print(f"{first.unit:6}  listens" + (f", up to window {more[-1].unit}" if more else ""))
            continue
        for unit in run:
            spoken = "{:7.3f} to {:7.3f} s".format(*(time / SECOND for time in unit.voiced)) if unit.voiced else ""
            screen.print(f"{unit.unit:6}  {spoken:20} {unit.text}{' [end of turn]' if unit.end_of_turn else ''}", soft_wrap=True)
