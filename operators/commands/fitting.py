"""Refuse a recording whose sound or pictures are not what the graph's ears and eyes take: it would be misheard, and nobody told."""

from __future__ import annotations

from omniflow_graph import Graph, RecordingError
from omniflow_graph.recording import Recording, StreamInfo
from operators.senses import ears, eyes

SOUND = f"{ears.RATE_HZ} Hz, mono, pcm-s16"
HEARING, SEEING = (ears.hear, ears.hear_fast), (eyes.see, eyes.see_fast)


def check_streams(graph: Graph, recording: Recording) -> None:
    """Raise RecordingError if a stream that `hear` or `see` reads is something else, by what the manifest says of it.

    A graph that hears and sees in its own way may be given anything.
    """
    for node in graph.nodes.values():
        for stream in node.inputs:
            info = recording.manifest.streams.get(stream)
            if info is None or graph.nodes.get(stream) is None or graph.nodes[stream].kind != "source":
                continue
            if node.fn in HEARING and (got := _not_heard(info)):
                way = f"`omniflow export {recording.path} FOLDER` and `omniflow import FOLDER NEW.mcap` bring it to that"
                way = way if info.kind == "audio" and info.rate_hz and info.format in (None, "pcm-s16") else "write it again as that"
                raise RecordingError(f"{recording.path}: stream {stream!r} is {got}, and {node.name!r} takes sound at {SOUND}; {way}")
            if node.fn in SEEING and (got := _not_seen(info)):
                raise RecordingError(
                    f"{recording.path}: stream {stream!r} is {got}, and {node.name!r} takes JPEG or PNG; write it again as that, "
                    "or import its pictures with `omniflow import`"
                )


def _not_heard(info: StreamInfo) -> str | None:
    """Say what a stream is that ears cannot take; None if they can."""
    if info.kind != "audio":
        return f"of kind {info.kind!r}"
    if info.format not in (None, "pcm-s16"):
        return f"sound as {info.format!r}"
    if info.rate_hz != ears.RATE_HZ:
        return f"sound at {info.rate_hz} Hz" if info.rate_hz else "sound without a rate_hz in the manifest"
    return None


def _not_seen(info: StreamInfo) -> str | None:
    """Say what a stream is that eyes cannot take; None if they can."""
    if info.kind != "image":
        return f"of kind {info.kind!r}"
    return None if info.format in (None, "jpeg", "png") else f"pictures as {info.format!r}"
