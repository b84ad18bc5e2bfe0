"""Refuse a recording whose sound or pictures are not what the graph's ears and eyes take: it would be misheard, and nobody told."""

from __future__ import annotations

from omniflow_graph import Graph, RecordingError
from omniflow_graph.graph.rates import takers
from omniflow_graph.recording import Recording, StreamInfo
from operators.senses import eyes

SEEING = (eyes.see, eyes.see_fast)


def check_streams(graph: Graph, recording: Recording) -> None:
    """Raise RecordingError if a stream that is heard or seen is something else, by what the manifest says of it.

    Who hears declares what it takes, as in `hear.takes_hz = 16_000`. A graph that hears and sees in its own way may be given anything.
    """
    for stream, taker in takers(graph).items():
        info = recording.manifest.streams.get(stream)
        if info is not None and (got := _not_heard(info, taker.hz)):
            way = f"`omniflow export {recording.path} FOLDER` and `omniflow import FOLDER NEW.mcap` bring it to that"
            way = way if info.kind == "audio" and info.rate_hz and info.format in (None, "pcm-s16") else "write it again as that"
            wanted = f"{taker.hz} Hz, mono, pcm-s16"
            raise RecordingError(f"{recording.path}: stream {stream!r} is {got}, and {taker.node!r} takes sound at {wanted}; {way}")
    for node in graph.nodes.values():
        for stream in node.inputs if node.fn in SEEING else ():
            info = recording.manifest.streams.get(stream) if stream in graph.sources() else None
            if info is not None and (got := _not_seen(info)):
                raise RecordingError(
                    f"{recording.path}: stream {stream!r} is {got}, and {node.name!r} takes JPEG or PNG; write it again as that, "
                    "or import its pictures with `omniflow import`"
                )


def _not_heard(info: StreamInfo, hz: int) -> str | None:
    """Say what a stream is that ears cannot take; None if they can."""
    if info.kind != "audio":
        return f"of kind {info.kind!r}"
    if info.format not in (None, "pcm-s16"):
        return f"sound as {info.format!r}"
    if info.rate_hz != hz:
        return f"sound at {info.rate_hz} Hz" if info.rate_hz else "sound without a rate_hz in the manifest"
    return None


def _not_seen(info: StreamInfo) -> str | None:
    """Say what a stream is that eyes cannot take; None if they can."""
    if info.kind != "image":
        return f"of kind {info.kind!r}"
    return None if info.format in (None, "jpeg", "png") else f"pictures as {info.format!r}"
