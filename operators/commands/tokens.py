"""Print a session as token groups, window by window: what was seen, what was heard, what was answered."""

from __future__ import annotations

import argparse
import json
import sys

from omniflow_graph import Trace, replay, seconds
from omniflow_graph.events import SECOND
from omniflow_graph.recording import open_recording
from omniflow_graph.recording.named import brought, named
from omniflow_graph.trace.stored import load_trace
from operators.commands.groups_shown import Session, described, shown
from operators.commands.settings import playback_of
from operators.duplex import duplex
from operators.omni_flow.interleaving.dialogue import load_dialogue
from operators.omni_flow.interleaving.interleave import supervise
from operators.omni_flow.tokens.groups import Form
from operators.omni_flow.tokens.layout import layout
from operators.omni_flow.tokens.tokenizer import Bytes, Tokenizer, load_tokenizer
from operators.omni_flow.tokens.trace_groups import groups_of, window_ns
from operators.omni_flow.tokens.training import loss_mask, supervised

MODEL = "scripted-fast"  # decides where the recording is no trace
LONGEST = 3600  # seconds, a window


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("recording", metavar="REC", help=f"a trace, or a recording to replay with {MODEL}; bundled: {', '.join(brought())}")
    parser.add_argument("--window", type=float, metavar="S", help="length of a window in seconds; default: the trace's, or 1.0")
    parser.add_argument("--control", choices=("LS", "LT"), default="LS", help="listen or speak, then text; or listen or text. Default: %(default)s")
    parser.add_argument(
        "--boundaries", choices=("explicit", "implicit"), default="explicit", help="marks around groups, or none; default: %(default)s"
    )
    parser.add_argument("--tokenizer", metavar="DIR", help="a folder with a tokenizer.json; default: text is written byte by byte")
    parser.add_argument("--supervision", metavar="WORDS.json", help="answers with timed words: print the training sequence with its loss mask")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Lay out the session, and print it."""
    if args.window is not None and not 0 < args.window <= LONGEST:
        raise ValueError(f"--window: wants seconds, more than 0 and up to {LONGEST}, got {args.window}")
    form = Form(args.boundaries, args.control, seconds(args.window or 1.0))
    tokenizer = load_tokenizer(args.tokenizer) if args.tokenizer else Bytes()
    trace = _trace(args.recording, args.window)
    form = Form(args.boundaries, args.control, window_ns(trace))
    found = _training(trace, form, tokenizer, args.supervision) if args.supervision else _session(trace, form, tokenizer)
    print(json.dumps(described(found)) if args.json else shown(found))
    return 0


def _trace(path: str, window: float | None) -> Trace:
    """Read a trace, or make one. Raises ValueError if a trace has other windows than are wanted."""
    where = named(path)
    recording = open_recording(where / "trace.mcap" if (where / "trace.mcap").exists() else where)
    if recording.manifest.graph is None:
        graph = duplex(model=MODEL, window=window or 1.0, playback=playback_of(None, recording))
        trace = replay(graph, recording, engine="direct")
        _warn(recording.damage)
        return trace
    trace = load_trace(recording.path, tell=_warn)
    if window is not None and seconds(window) != (had := window_ns(trace)):
        raise ValueError(f"--window: {path} was decided in windows of {had / SECOND:g} s, got {window:g}; leave it out, or name the recording")
    return trace


def _warn(damage: str | None) -> None:
    if damage:
        print(f"omniflow: warning: {damage}", file=sys.stderr)


def _session(trace: Trace, form: Form, tokenizer: Tokenizer) -> Session:
    groups = groups_of(trace, tokenizer)
    return Session(trace.session, form, tokenizer.name, groups, layout(groups, form), lambda k, ids: tokenizer.decode(ids))


def _training(trace: Trace, form: Form, tokenizer: Tokenizer, path: str) -> Session:
    """Lay out what the windows should have been answered with, according to the words in a file."""
    units = supervise(load_dialogue(path, tokenizer).in_windows_of(form.window_ns))
    groups = supervised(groups_of(trace, Bytes()), units)
    sequence, texts = layout(groups, form), {unit.unit: unit.text for unit in units}
    text_in = f"{path}'s tokens, else {tokenizer.name}"
    return Session(trace.session, form, text_in, groups, sequence, lambda k, ids: texts[k], loss_mask(sequence))
