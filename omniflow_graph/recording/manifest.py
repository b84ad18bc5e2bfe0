"""What a recording says of itself: its streams, its end, where it comes from, and what made it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from omniflow_graph.errors import RecordingError

KINDS = ("audio", "image", "text", "value")
ROLES = ("in", "out")
RESERVED = "omniflow/"  # stream names that begin so would meet our own topics


@dataclass(frozen=True)
class StreamInfo:
    """Describe one stream. With a digest and no messages it stands by reference: another recording holds it."""

    kind: str  # audio, image, text, value
    role: str = "in"  # in: what the session was given; out: what a run made of it
    rate_hz: int | None = None
    format: str | None = None  # pcm-s16, jpeg, png
    digest: str | None = None
    events: int | None = None


@dataclass(frozen=True)
class Manifest:
    """Say what a recording is. `streams` stand in the order of their rank among events of one time."""

    session: str
    end: int | None = None  # the session's End; None while it is being written
    streams: dict[str, StreamInfo] = field(default_factory=dict)
    allowance: int = 0
    graph: dict[str, Any] | None = None
    graph_hash: str | None = None
    model: str | None = None
    seed: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    source: str = ""
    licence: str = ""
    notes: dict[str, Any] = field(default_factory=dict)
    ordered: bool | None = None  # whether log time never goes backwards; None until the file is closed


def write_manifest(manifest: Manifest, whose: object) -> str:
    """Write a manifest as JSON. Raises RecordingError, which names `whose` it is, for one that has no meaning."""
    for name, info in manifest.streams.items():
        for what, value, known in (("kind", info.kind, KINDS), ("role", info.role, ROLES)):
            if value not in known:
                raise RecordingError(f"{whose}: stream {name!r} has the {what} {value!r}; wants one of {', '.join(known)}")
        if not name or name.startswith(RESERVED):
            raise RecordingError(f"{whose}: a stream cannot be called {name!r}, that is ours; give it another name")
    try:
        return json.dumps(asdict(manifest))  # keys as they stand: the order of the streams means something
    except (TypeError, ValueError) as error:
        raise RecordingError(f"{whose}: its manifest cannot be written ({error}); notes are numbers, text, lists, maps") from None


def read_manifest(text: str, whose: object) -> Manifest:
    """Read what `write_manifest` wrote. Raises RecordingError, which names `whose` it is."""
    try:
        given = json.loads(text)
        streams = {name: StreamInfo(**info) for name, info in given.pop("streams").items()}
        manifest = Manifest(streams=streams, **given)
        write_manifest(manifest, whose)
        return manifest
    except RecordingError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordingError(f"{whose}: its manifest cannot be read ({error}); install the newest omniflow-graph") from None
