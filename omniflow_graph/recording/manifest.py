"""What a recording says of itself: its streams, its end, where it comes from, and what made it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from omniflow_graph.errors import RecordingError

LONGEST = 2**53  # ns a session lasts, 104 days: up to there a time is exact as a float, too, and in JSON
MOST_HZ = 2**32 - 1  # what RawAudio and WAV have room for
KINDS = ("audio", "image", "text", "value")
ROLES = ("in", "out")
KNOWN = {
    "seed": ((int, type(None)), "a whole number or none"),
    "ordered": ((bool, type(None)), "true, false or none"),
    "graph": ((dict, type(None)), "a map or none"),
    "notes": ((dict,), "a map"),
    "versions": ((dict,), "a map"),
}
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
    _check(manifest, whose)
    for name, info in manifest.streams.items():
        for what, value, known in (("kind", info.kind, KINDS), ("role", info.role, ROLES)):
            if value not in known:
                raise RecordingError(f"{whose}: stream {name!r} has the {what} {value!r}; wants one of {', '.join(known)}")
        if not name or name.startswith(RESERVED):
            raise RecordingError(f"{whose}: a stream cannot be called {name!r}, that is ours; give it another name")
        if not name.isprintable():
            raise RecordingError(f"{whose}: a stream cannot be called {name!r}, that cannot be printed; give it another name")
    try:
        return json.dumps(asdict(manifest))  # keys as they stand: the order of the streams means something
    except (TypeError, ValueError, RecursionError) as error:
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
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RecordingError(f"{whose}: its manifest cannot be read ({error}); install the newest omniflow-graph") from None


def _check(manifest: Manifest, whose: object) -> None:
    """Refuse what is of another type than it is declared, or out of all bounds."""
    texts = {"session": manifest.session, "source": manifest.source, "licence": manifest.licence}
    for what, value in (texts | {"model": manifest.model or "", "graph_hash": manifest.graph_hash or ""}).items():
        if not isinstance(value, str) or not _is_text(value):
            raise RecordingError(f"{whose}: its {what} is {value!r}; wants text")
    for what, value in {"end": manifest.end, "allowance": manifest.allowance}.items():
        if not (what == "end" and value is None) and (type(value) is not int or not 0 <= value <= LONGEST):
            raise RecordingError(f"{whose}: its {what} is {value!r}; wants 0 to {LONGEST} ns, which is 104 days, as an int")
    for what, (types, words) in KNOWN.items():
        if type(getattr(manifest, what)) not in types:
            raise RecordingError(f"{whose}: its {what} is {getattr(manifest, what)!r}; wants {words}")
    for name, info in manifest.streams.items():
        for what, value, most in (("rate_hz", info.rate_hz, MOST_HZ), ("events", info.events, 2**63)):
            if value is not None and (type(value) is not int or not (what == "rate_hz") <= value <= most):
                raise RecordingError(f"{whose}: stream {name!r} has the {what} {value!r}; wants {int(what == 'rate_hz')} to {most}, as an int")
        if info.digest is not None and (type(info.digest) is not str or not re.fullmatch("[0-9a-f]{64}", info.digest)):
            raise RecordingError(f"{whose}: stream {name!r} has the digest {info.digest!r}; wants 64 hexadecimal digits")


def _is_text(value: str) -> bool:
    """Tell whether it can be written as UTF-8: JSON can hold half of a pair of surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
