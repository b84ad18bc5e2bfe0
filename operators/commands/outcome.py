"""Sum up a replay: for machines as one object, for people as a table, and as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from omniflow_graph.canonical import payload_digest
from omniflow_graph.events import SECOND
from omniflow_graph.recording import Recording
from omniflow_graph.trace.stored import save_trace
from omniflow_graph.trace.trace import Trace
from operators.turns import turns

HEARD = "out-stream"


def outcome(trace: Trace, recording: Recording, *, wall_s: float, load_s: float) -> dict[str, Any]:
    """Return what `omniflow replay --json` prints. Times are seconds of the session, or of the wall where named so."""
    duration = trace.end / SECOND
    windows = [name for name, node in trace.graph.nodes.items() if node.kind == "align"]
    heard = counterfactual_from(trace, recording)
    return {
        "session": trace.session,
        "duration_s": duration,
        "wall_s": round(wall_s, 6),
        "x_realtime": round(duration / wall_s, 2) if wall_s > 0 else None,
        "load_s": round(load_s, 6),
        "windows": sum(len(trace.edges[name]) for name in windows),
        "complete": trace.complete,
        "digest": trace.digest,
        "edges": {name: {"events": len(events), "digest": trace.digests[name]} for name, events in trace.edges.items()},
        "turns": [
            {"start_s": turn.start / SECOND, "end_s": turn.end / SECOND, "text": turn.text, "cause": turn.cause}
            for turn in (turns(trace) if HEARD in trace.edges else [])
        ],
        "files": {},
        "counterfactual_from_s": None if heard is None else heard / SECOND,
    }


def counterfactual_from(trace: Trace, recording: Recording) -> int | None:
    """Return when the user of the recording begins to react to another assistant than this one: the first time at
    which what is heard now differs from what was heard then; None if it never does."""
    if HEARD not in trace.edges:
        return None
    info = recording.manifest.streams.get(HEARD)
    then = [(e.time, payload_digest(e.data)) for e in recording.events([HEARD])] if info is not None else []
    now = list(zip((e.time for e in trace.edges[HEARD]), trace.payloads[HEARD]))
    differing = [min(pair)[0] for pair in zip(then, now) if pair[0] != pair[1]]
    rest = then[len(now) :] or now[len(then) :]
    return min([*differing[:1], *(time for time, _ in rest[:1])], default=None)


def show(found: dict[str, Any], recording: Recording) -> None:
    """Print the turns as a table, then how long it took and the digest."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if recording.damage:
        console.print(f"warning: {recording.damage}", style="yellow", markup=False)
    table = Table(title=f"{found['session']}: what was said, when and why", title_justify="left", pad_edge=False)
    for column in ("from", "to", "text", "cause"):
        table.add_column(column, justify="right" if column in ("from", "to") else "left", no_wrap=column in ("from", "to"))
    for turn in found["turns"]:
        table.add_row(f"{turn['start_s']:.2f} s", f"{turn['end_s']:.2f} s", turn["text"], turn["cause"])
    console.print(table)
    if not found["complete"]:
        console.print("stopped before its end; this is what was done by then", style="yellow")
    for name, path in found["files"].items():
        console.print(f"{name:10} {path}", highlight=False, markup=False, soft_wrap=True)
    speed = f"{found['duration_s']:.2f} s in {found['wall_s']:.2f} s: {found['x_realtime']}x real time (loading: {found['load_s']:.2f} s)"
    console.print(f"{speed}, {found['windows']} windows", highlight=False)
    console.print(f"digest     decisions {found['digest']['decisions'][:16]}  media {found['digest']['media'][:16]}", highlight=False)


def write_files(folder: Path, trace: Trace, recording: Recording, found: dict[str, Any], *, model: str | None, copy_inputs: bool) -> dict[str, str]:
    """Write trace.mcap, speech.wav (left: the room, right: the assistant) and turns.json. Returns their paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / name for name in ("trace.mcap", "speech.wav", "turns.json")}
    save_trace(trace, paths["trace.mcap"], recording=recording, model=model, copy_inputs=copy_inputs)
    if HEARD in trace.edges:
        import soundfile

        from operators.mix import stereo

        samples, rate = stereo(trace, recording.session())
        soundfile.write(paths["speech.wav"], samples, rate, subtype="PCM_16")
    else:
        del paths["speech.wav"]
    paths["turns.json"].write_text(json.dumps(found["turns"], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return {name.split(".")[0]: str(path) for name, path in paths.items()}
