"""Sum up a replay: for machines as one object, for people as a table, and as files."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from omniflow_graph import Session
from omniflow_graph.canonical import payload_digest
from omniflow_graph.commands.console import console
from omniflow_graph.events import SECOND
from omniflow_graph.files import cleared, written
from omniflow_graph.recording import Recording, open_recording
from omniflow_graph.trace.lag import behind
from omniflow_graph.trace.stored import save_trace
from omniflow_graph.trace.trace import Trace
from operators.models import senses_of
from operators.senses.eyes import MOST_PIXELS, see
from operators.turns import SPOKEN, said, told, unvoiced

HEARD = "out-stream"
LONGEST_NAME = 200  # bytes; file systems take 255, with what is added to it


def finished(
    trace: Trace, *, recordings: dict[str, str], out: str | None, model: str | None, copy_inputs: bool, run: dict[str, Any]
) -> dict[str, Any]:
    """Sum up one session of many where it ends, and write its files to a folder of its name. `recordings` maps names to paths."""
    recording = open_recording(recordings[trace.session])
    list(recording.records([]))  # damage shows when a recording is read,
    if recording.damage:
        recording.session()  # and what it leads to, when that is to be run
    found = outcome(trace, recording)
    if out:
        folder = Path(out) / folder_name(trace.session)
        found["files"] = write_files(folder, trace, recording, found, model=model, copy_inputs=copy_inputs, run=run)
    return found


def folder_name(session: str) -> str:
    """Turn the name of a session into that of a folder."""
    name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in session).lstrip(".")
    return name.encode()[:LONGEST_NAME].decode(errors="ignore") or "session"


def timed(duration_s: float, wall_s: float, load_s: float) -> dict[str, Any]:
    """Say how long a run took, by the wall, and how many times real time that is."""
    return {"wall_s": round(wall_s, 6), "x_realtime": round(duration_s / wall_s, 2) if wall_s > 0 else None, "load_s": round(load_s, 6)}


def outcome(trace: Trace, recording: Recording | None = None) -> dict[str, Any]:
    """Return what `omniflow replay --json` prints, but for what the wall says. Times are seconds of the session.

    What was simulated has no recording.
    """
    duration = (trace.end if trace.complete else reached(trace)) / SECOND
    windows = [name for name, node in trace.graph.nodes.items() if node.kind == "align"]
    heard, late = counterfactual_from(trace, recording) if recording else None, behind(trace)
    return {
        "session": trace.session,
        "duration_s": duration,
        "windows": sum(len(trace.edges[name]) for name in windows),
        "complete": trace.complete,
        "digest": trace.digest,
        "edges": {name: _edge(trace, name) for name in trace.edges},
        "turns": told(trace),
        "files": {},
        "damage": recording.damage if recording else None,
        "counterfactual_from_s": None if heard is None else heard / SECOND,
        "behind": [{"stage": each.stage, "lag_s": each.lag / SECOND, "window_s": each.window / SECOND} for each in late],
        "warnings": [f"session {trace.session!r}: {words}" for words in (*map(str, late), *_silent(trace), *_unseen(trace))],
    }


def _edge(trace: Trace, name: str) -> dict[str, Any]:
    events = trace.edges[name]
    first, last = (events[0].time / SECOND, events[-1].time / SECOND) if events else (None, None)
    return {"events": len(events), "first_s": first, "last_s": last, "digest": trace.digests[name]}


def _unseen(trace: Trace) -> list[str]:
    """Say, on one line an edge, that some pictures could not be seen."""
    found = []
    for name, node in trace.graph.nodes.items():
        broken = [event for event in trace.edges[name] if event.data.broken] if node.fn is see else []
        if broken:
            number = "a picture" if len(broken) == 1 else f"{len(broken)} pictures"
            at = f"{'at' if len(broken) == 1 else 'the first at'} {broken[0].time / SECOND:.3f} s"
            found.append(f"{number} on {node.inputs[0]!r} could not be decoded, {at}: no JPEG or PNG, damaged, or of more than {MOST_PIXELS} pixels")
    return found


def _silent(trace: Trace) -> list[str]:
    """Say, on one line, that some of what was to be said has no sound."""
    parts = unvoiced(trace)
    if not parts:
        return []
    rest = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
    return [f"there is no wave for answer {parts[0][0]}, part {parts[0][1]}{rest}; silence stands in its place"]


def reached(trace: Trace) -> int:
    """Return how far a run came that was stopped: the last time at which anything came in."""
    return max((events[-1].time for name in trace.graph.sources() if (events := trace.edges[name])), default=0)


def counterfactual_from(trace: Trace, recording: Recording) -> int | None:
    """Return when the user of the recording begins to react to another assistant than this one: the first time at
    which what is heard now differs from what was heard then; None if it never does, or not before the run was stopped.

    What begins to sound is compared, and how much of it was heard, where the recording knows: it may be cut short now.
    """
    if HEARD not in trace.edges:
        return None
    found = [_differs_from(trace, recording, edge) for edge in (HEARD, "heard") if edge == HEARD or edge in recording.manifest.streams]
    return min((time for time in found if time is not None), default=None)


def _differs_from(trace: Trace, recording: Recording, edge: str) -> int | None:
    then = [(e.time, payload_digest(e.data)) for e in recording.events([edge])] if edge in recording.manifest.streams else []
    now = list(zip((e.time for e in trace.edges.get(edge, ())), trace.payloads.get(edge, ())))
    differing = [min(pair)[0] for pair in zip(then, now) if pair[0] != pair[1]]
    rest = now[len(then) :] or (then[len(now) :] if trace.complete else [])
    return min([*differing[:1], *(time for time, _ in rest[:1])], default=None)


def show(found: dict[str, Any], recording: Recording) -> None:
    """Print the turns as a table, also those without sound, or of a graph in which nobody speaks its edges; then how long it took and the digest."""
    screen = console()
    screen.print(_turns(found) if found["turns"] or found["edges"].keys() >= SPOKEN else _edges(found))
    if not found["complete"]:
        screen.print("stopped before its end; this is what was done by then", style="yellow")
    for name, path in found["files"].items():
        screen.print(f"{name:10} {path}", soft_wrap=True)
    speed = f"{found['duration_s']:.2f} s in {found['wall_s']:.2f} s: {found['x_realtime']}x real time (loading: {found['load_s']:.2f} s)"
    screen.print(f"{speed}, {found['windows']} windows")
    screen.print(f"digest     decisions {found['digest']['decisions'][:16]}  media {found['digest']['media'][:16]}")


def _turns(found: dict[str, Any]) -> Any:
    from rich.table import Table

    what = "written" if any(turn.get("written") for turn in found["turns"]) else "said"
    table = Table(title=f"{found['session']}: what was {what}, when and why", title_justify="left", pad_edge=False)
    for column in ("from", "to", "text", "cause"):
        table.add_column(column, justify="right" if column in ("from", "to") else "left", no_wrap=column in ("from", "to"), overflow="fold")
    for turn in found["turns"]:
        table.add_row(f"{turn['start_s']:.2f} s", f"{turn['end_s']:.2f} s", said(turn), turn["cause"])
    return table


def _edges(found: dict[str, Any]) -> Any:
    from rich.table import Table

    table = Table(title=f"{found['session']}: what was on each edge", title_justify="left", pad_edge=False)
    for column in ("edge", "events", "first", "last", "digest"):
        table.add_column(column, justify="right" if column in ("events", "first", "last") else "left", no_wrap=column != "edge", overflow="fold")
    for name, edge in found["edges"].items():
        times = ["" if edge[key] is None else f"{edge[key]:.3f} s" for key in ("first_s", "last_s")]
        table.add_row(name, str(edge["events"]), *times, edge["digest"][:16])
    return table


def show_all(found: dict[str, Any]) -> None:
    """Print one line a session, then how long it took."""
    from rich.table import Table

    screen = console()
    table = Table(pad_edge=False)
    for column in ("session", "length", "windows", "turns", "decisions", ""):
        table.add_column(column, justify="right" if column in ("length", "windows", "turns") else "left")
    for each in found["sessions"]:
        about = each["damage"] or ("" if each["complete"] else "stopped before its end")
        table.add_row(
            each["session"], f"{each['duration_s']:.2f} s", str(each["windows"]), str(len(each["turns"])), each["digest"]["decisions"][:16], about
        )
    screen.print(table)
    screen.print(f"{found['duration_s']:.2f} s in {found['wall_s']:.2f} s: {found['x_realtime']}x real time (loading: {found['load_s']:.2f} s)")


def write_files(
    folder: Path,
    trace: Trace,
    recording: Recording | None,
    found: dict[str, Any],
    *,
    model: str | None,
    copy_inputs: bool,
    given: Collection[str] = (),
    run: dict[str, Any] | None = None,
) -> dict[str, str]:
    """Write trace.mcap, speech.wav (left: the room, right: the assistant) and turns.json. Returns their paths by name.

    `run` are the options of the run, which the trace keeps, and `given` edges that are to be read as input though
    operators made them. What was simulated has no recording.
    """
    paths = {name: folder / name for name in ("trace.mcap", "speech.wav", "turns.json")}
    notes = {"run": run or {}, **({"senses": senses_of(recording)} if recording and model == "recorded" else {})}
    with cleared(folder), ExitStack() as parts:
        folder.mkdir(parents=True, exist_ok=True)
        turns = parts.enter_context(written(paths["turns.json"]))
        turns.write_text(json.dumps(found["turns"], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if set(trace.edges) >= SPOKEN:
            from operators.commands.speech import write_speech

            speech = parts.enter_context(written(paths["speech.wav"]))
            room = recording.session() if recording else Session(trace.session, {edge: trace[edge] for edge in given}, trace.end)
            if words := write_speech(speech, trace, room, None if trace.complete else reached(trace)):
                found["warnings"].append(f"session {trace.session!r}: {words}")
        save_trace(trace, paths["trace.mcap"], recording=recording, model=model, copy_inputs=copy_inputs, given=given, notes=notes)
    return {name.split(".")[0]: str(path) for name, path in paths.items() if path.exists()}
