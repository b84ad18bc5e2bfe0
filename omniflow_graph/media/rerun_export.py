"""Write a recording or a trace for the Rerun viewer: sound, pictures, text, states and numbers on one timeline, with a layout."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.media.exporting import sound_of
from omniflow_graph.recording import Recording
from omniflow_graph.trace.why import brief

TIMELINE = "session"
MOST_STATES = 12  # different texts of a field that is shown as a state
EXTRA = "is written with rerun-sdk; pip install 'omniflow-graph[viz]'"


def export_rerun(recording: Recording, dest: Path) -> Path:
    """Write an .rrd file: each stream under its name, what stages cost under `cost/`. Returns its path.

    Of records, a field of numbers becomes a curve, and one of few texts, such as what was chosen, a lane of states.
    Raises RecordingError for a stream that cannot be shown, and where the viewer's package is not installed.
    """
    try:
        import rerun as rr  # pyright: ignore[reportMissingImports]
        import rerun.blueprint as rrb  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError:
        raise RecordingError(f"{dest}: {EXTRA}") from None
    events = {name: list(recording.events([name])) for name in recording.manifest.streams}
    stream = rr.RecordingStream("omniflow-graph", recording_id=recording.manifest.session)
    stream.save(dest)
    for name, of in events.items():
        _sound(stream, recording, name) if recording.manifest.streams[name].kind == "audio" and of else _rest(stream, recording, name, of)
    for stage, start, done in _steps(recording):
        _log(stream, start, f"cost/{stage}", rr.Scalars((done - start) / 1e6))
    stream.send_blueprint(_layout(rrb, recording, events))
    stream.flush()
    stream.disconnect()
    return dest


def _log(stream: Any, time: int, path: str, what: Any) -> None:
    stream.set_time(TIMELINE, duration=time / SECOND)
    stream.log(path, what)


def _sound(stream: Any, recording: Recording, name: str) -> None:
    """Log a stream of sound as one file, from the beginning of the session."""
    import rerun as rr  # pyright: ignore[reportMissingImports]

    samples, out = sound_of(recording, name), io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, recording.manifest.streams[name].rate_hz or 0, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    _log(stream, 0, name, rr.AssetAudio(contents=out.getvalue(), media_type="audio/wav"))


def _rest(stream: Any, recording: Recording, name: str, events: Iterable[Event[Any]]) -> None:
    import rerun as rr  # pyright: ignore[reportMissingImports]

    info, events = recording.manifest.streams[name], list(events)
    states = _states(events)
    for event in events:
        if info.kind == "image":
            kind = f"image/{'png' if info.format == 'png' or event.data[:4] == PNG else 'jpeg'}"
            _log(stream, event.time, name, rr.EncodedImage(contents=event.data, media_type=kind))
            continue
        _log(stream, event.time, f"{name}/log", rr.TextLog(brief(event.data, 300)))
        for field, value in _fields(event.data):
            if field in states and isinstance(value, str):
                _log(stream, event.time, f"{name}/{field}", rr.StateChange(state=value or "none"))
            elif isinstance(value, (int, float)):
                _log(stream, event.time, f"{name}/{field}", rr.Scalars(float(value)))


PNG = b"\x89PNG"


def _fields(data: Any) -> Iterator[tuple[str, Any]]:
    """Yield what can be drawn of a record: its numbers and its texts."""
    pairs = zip(data._fields, data) if hasattr(data, "_fields") else data.items() if isinstance(data, dict) else ()
    yield from ((str(name), value) for name, value in pairs if isinstance(value, (bool, int, float, str)))


def _states(events: Iterable[Event[Any]]) -> set[str]:
    """Name the fields whose texts are few enough to be states."""
    known: dict[str, set[str]] = {}
    for event in events:
        for field, value in _fields(event.data):
            if isinstance(value, str):
                known.setdefault(field, set()).add(value)
    return {field for field, values in known.items() if 1 < len(values) <= MOST_STATES}


def _steps(recording: Recording) -> Iterator[tuple[str, int, int]]:
    """Yield when each stage of a trace worked; of a recording that is no trace, what was measured."""
    for stage, start, done, *_ in recording.manifest.notes.get("steps", ()):
        yield str(stage), int(start), int(done)


def _layout(rrb: Any, recording: Recording, events: dict[str, list[Event[Any]]]) -> Any:
    """Lay out pictures, sound, states, curves and text from top to bottom."""
    kinds = {name: recording.manifest.streams[name].kind for name, of in events.items() if of}
    pictures = [rrb.Spatial2DView(origin=name, name=name) for name, kind in kinds.items() if kind == "image"]
    sounds = [rrb.AudioView(origin=name, name=name) for name, kind in kinds.items() if kind == "audio"]
    states = [f"/{name}/{field}" for name in kinds for field in sorted(_states(events[name]))]
    rows = [rrb.Horizontal(*pictures, rrb.TextLogView(origin="/", name="text"))]
    rows += sounds
    rows += [rrb.StateTimelineView(origin="/", contents=states, name="states")] if states else []
    rows.append(rrb.TimeSeriesView(origin="cost", name="cost of stages, ms"))
    return rrb.Blueprint(rrb.Vertical(*rows), collapse_panels=True)
