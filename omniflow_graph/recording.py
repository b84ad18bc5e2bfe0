"""A session on disk: an MCAP file with what came in, what came out, when, and with which graph, model and seed.

`log_time` is the event's time, so reading in log order is graph order; `publish_time` is when it was captured,
`sequence` its seq. What else is known of an event (stamps, causes, digest) is a msgpack record under
`/omniflow/records/`, written just before it; costs of stages are under `/omniflow/costs`.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import msgpack

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event, Stamps
from omniflow_graph.session import Session
from omniflow_graph.wire import codecs

CHUNK = 256 * 1024
NAME = "omniflow"
RECORDS, COSTS = "/omniflow/records/", "/omniflow/costs"
KINDS = ("audio", "image", "text", "value")


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
    ordered: bool | None = None  # whether log time never goes backwards; None if nobody saw the file to its end


class RecordingWriter:
    """Write a recording event by event, in the order of their times. Use as a context manager.

    It writes beside the file, to `NAME.part`, and renames it into place when it is closed; after an error nothing is
    left. Once a second of session time everything is flushed, so a kill loses at most that. Raises RecordingError for
    a stream that the manifest does not name, and for a payload that its kind cannot hold.
    """

    def __init__(self, path: str | os.PathLike[str], manifest: Manifest) -> None:
        from mcap.writer import CompressionType, Writer

        self.path, self.manifest = Path(path), manifest
        for name, info in manifest.streams.items():
            if info.kind not in KINDS:
                raise RecordingError(f"{self.path}: stream {name!r} has the kind {info.kind!r}; wants one of {', '.join(KINDS)}")
        self._part = self.path.with_name(self.path.name + ".part")
        try:
            self._file: BinaryIO = open(self._part, "wb")  # noqa: SIM115 - closed by close() or abandon()
        except OSError as error:
            raise RecordingError(f"{self.path}: cannot be written ({error.strerror}); name another folder") from None
        self._writer = Writer(self._file, chunk_size=CHUNK, compression=CompressionType.ZSTD)
        self._writer.start(profile="", library="omniflow-graph")
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        self._second, self.last, self._ordered = 0, -1, True
        self._write_manifest()

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self.abandon()
        elif not self._file.closed:
            self.close()

    def add(self, event: Event[Any], digest: bytes | None = None) -> None:
        """Write one event. `digest` is that of its payload, kept where the payload itself is only summed up."""
        info = self.manifest.streams.get(event.stream)
        if info is None:
            raise RecordingError(f"{self.path}: stream {event.stream!r} is not in the manifest, which has {', '.join(self.manifest.streams)}")
        try:
            content = codecs()[info.kind].write(event.time, event.data, info.rate_hz, info.format)
        except (TypeError, ValueError) as error:
            raise RecordingError(f"{self.path}: stream {event.stream!r} at {event.time} ns holds what {info.kind} cannot: {error}") from None
        self._flush_at(event.time)
        captured = event.time
        if event.stamps or event.made_of or digest:
            stamps = list(event.stamps) if event.stamps else None
            captured = event.stamps.captured if event.stamps and event.stamps.captured is not None else event.time
            self._raw(RECORDS + event.stream, event.time, msgpack.packb([event.seq, stamps, event.made_of, digest]), event.seq)
        self._message(self._channel(event.stream, info), event.time, content, event.seq, max(captured, 0))

    def cost(self, stage: str, seq: int, nanoseconds: int, time: int) -> None:
        """Write what a step of a stage cost: the step that took the event with this seq, at this time."""
        self._flush_at(time)
        self._raw(COSTS, time, msgpack.packb([stage, seq, nanoseconds]), seq)

    def close(self, end: int | None = None, **changes: Any) -> None:
        """Finish the file. `end` is the session's End (default: just after the last event)."""
        known = self.manifest.end if end is None else end
        end = max(self.last + 1, 0) if known is None else known
        self.manifest = replace(self.manifest, end=end, ordered=self._ordered, **changes)
        self._write_manifest()
        self._writer.finish()
        self._file.close()
        os.replace(self._part, self.path)

    def abandon(self) -> None:
        """Close and remove what was written so far."""
        self._file.close()
        self._part.unlink(missing_ok=True)

    def _flush_at(self, time: int) -> None:
        self._ordered = self._ordered and time >= self.last
        self.last = max(self.last, time)
        if time // SECOND != self._second:
            self._second = time // SECOND
            self._writer.flush()

    def _write_manifest(self) -> None:
        self._writer.add_metadata(NAME, {"manifest": json.dumps(asdict(self.manifest))})

    def _channel(self, stream: str, info: StreamInfo) -> int:
        if stream not in self._channels:
            name, encoding, content = codecs()[info.kind].schema
            if name not in self._schemas:
                self._schemas[name] = self._writer.register_schema(name, encoding, content)
            self._channels[stream] = self._writer.register_channel("/" + stream, "protobuf", self._schemas[name])
        return self._channels[stream]

    def _raw(self, topic: str, time: int, content: bytes, seq: int) -> None:
        if topic not in self._channels:
            self._channels[topic] = self._writer.register_channel(topic, "msgpack", 0)
        self._message(self._channels[topic], time, content, seq, time)

    def _message(self, channel: int, time: int, content: bytes, seq: int, captured: int) -> None:
        self._writer.add_message(channel, time, content, captured, seq & 0xFFFFFFFF)


def write_recording(path: str | os.PathLike[str], manifest: Manifest, events: Iterable[Event[Any]]) -> None:
    """Write a whole recording. Raises RecordingError, and then leaves nothing behind."""
    with RecordingWriter(path, manifest) as writer:
        for event in events:
            writer.add(event)


@dataclass
class Recording:
    """Read a recording. `damage` says, once it has been read, up to where it could be; None if all is well."""

    path: Path
    manifest: Manifest
    segments: tuple[Path, ...]
    damage: str | None = None

    def events(self, streams: Iterable[str] | None = None) -> Iterator[Event[Any]]:
        """Yield events in the order (time, order of the streams, seq). A damaged file gives all up to the damage."""
        wanted = frozenset(self.manifest.streams if streams is None else streams)
        return (event for event, _ in self.records(wanted))

    def records(self, streams: Iterable[str]) -> Iterator[tuple[Event[Any], bytes | None]]:
        """Yield events in order, each with the payload digest that was written beside it, if one was."""
        rank = {name: n for n, name in enumerate(self.manifest.streams)}
        held: list[tuple[int, int, int, Event[Any], bytes | None]] = []
        for event, digest in self._read(frozenset(streams)):
            if held and event.time > held[0][0]:
                yield from _released(held)
                held = []
            held.append((event.time, rank[event.stream], event.seq, event, digest))
        yield from _released(held)

    def costs(self) -> dict[tuple[str, int], int]:
        """Return what was measured: `{(stage, seq of what it took): nanoseconds}`."""
        return {(stage, seq): cost for stage, seq, cost in (msgpack.unpackb(raw) for topic, raw, *_ in self._messages() if topic == COSTS)}

    def session(self) -> Session:
        """Return what came in, as a session to run a graph on."""
        names = [name for name, info in self.manifest.streams.items() if info.role == "in"]
        sources: dict[str, list[Event[Any]]] = {name: [] for name in names}
        last = -1
        for event in self.events(names):
            sources[event.stream].append(event)
            last = max(last, event.time)
        end = self.manifest.end if self.manifest.end is not None and not self.damage else last + 1
        return Session(self.manifest.session, sources, end, self.manifest.allowance, self.costs() or None)

    def _read(self, wanted: frozenset[str]) -> Iterator[tuple[Event[Any], bytes | None]]:
        beside: dict[tuple[str, int], list[Any]] = {}
        read = {name: codecs()[info.kind].read for name, info in self.manifest.streams.items()}
        for topic, content, time, seq in self._messages() if self.manifest.ordered else self._sorted():
            if topic.startswith(RECORDS):
                stream = topic[len(RECORDS) :]
                if stream in wanted:
                    beside[stream, seq] = msgpack.unpackb(content)
                continue
            stream = topic[1:]
            if stream not in wanted:
                continue
            full, stamps, made_of, digest = beside.pop((stream, seq), (seq, None, (), None))
            causes = tuple((name, first, last) for name, first, last in made_of)
            yield Event(time, stream, full, read[stream](content), causes, Stamps(*stamps) if stamps else None), digest

    def _sorted(self) -> Iterator[tuple[str, bytes, int, int]]:
        return iter(sorted(self._messages(), key=lambda message: message[2]))

    def _messages(self) -> Iterator[tuple[str, bytes, int, int]]:
        """Yield (topic, content, log time, sequence) as they stand in the file, up to where it is damaged."""
        self.damage = None
        for path in self.segments:
            with open(path, "rb") as file:
                try:
                    for channel, message in _stream(file):
                        yield channel.topic, message.data, message.log_time, message.sequence
                except _unreadable() as error:
                    why = str(error) or type(error).__name__
                    self.damage = f"{path}: damaged at byte {file.tell()} ({why}); what stands before was read"
                    return


def open_recording(path: str | os.PathLike[str]) -> Recording:
    """Open a recording, or a folder of numbered segments. Raises RecordingError naming the file and the way out."""
    path = Path(path)
    if not path.exists():
        raise RecordingError(f"{path}: there is no such file; `omniflow import SRC DEST` makes recordings")
    segments = tuple(sorted(path.glob("*.mcap"))) if path.is_dir() else (path,)
    if not segments:
        raise RecordingError(f"{path}: a folder without any .mcap file; name a recording")
    manifests = [_manifest(segment) for segment in segments]
    streams = {name: info for manifest in manifests for name, info in manifest.streams.items()}
    ordered = all(manifest.ordered for manifest in manifests)
    return Recording(path, replace(manifests[0], end=manifests[-1].end, streams=streams, ordered=ordered), segments)


def _released(held: list[tuple]) -> Iterator[tuple[Event[Any], bytes | None]]:
    held.sort(key=lambda entry: entry[:3])
    return ((event, digest) for *_, event, digest in held)


def _unreadable() -> tuple[type[BaseException], ...]:
    from mcap.exceptions import McapError
    from zstandard import ZstdError

    return McapError, ZstdError, struct.error, ValueError, EOFError, KeyError, IndexError, UnicodeDecodeError


def _stream(file: BinaryIO) -> Iterator[tuple[Any, Any]]:
    """Yield (channel, message) in file order, without any seek."""
    from mcap.records import Channel, Message
    from mcap.stream_reader import StreamReader

    channels: dict[int, Any] = {}
    for record in StreamReader(file).records:
        if isinstance(record, Message):
            yield channels[record.channel_id], record
        elif isinstance(record, Channel):
            channels[record.id] = record


def _manifest(path: Path) -> Manifest:
    """Read the newest manifest of a file: the last one of a whole file, the first one of a cut one."""
    found = None
    with open(path, "rb") as file:
        if file.read(8) != b"\x89MCAP0\r\n":
            raise RecordingError(f"{path}: not a recording (no MCAP file); turn media into one with `omniflow import {path} NAME.mcap`")
        file.seek(0)
        for found in _manifests(file):
            pass
    if found is None:
        raise RecordingError(f"{path}: an MCAP file without an omniflow manifest; it was written by another program, or cut at its start")
    try:
        given = json.loads(found)
        streams = {name: StreamInfo(**info) for name, info in given.pop("streams").items()}
        return Manifest(streams=streams, **given)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordingError(f"{path}: its manifest cannot be read ({error}); it may be from a newer version") from None


def _manifests(file: BinaryIO) -> Iterator[str]:
    from mcap.reader import make_reader
    from mcap.records import Metadata
    from mcap.stream_reader import StreamReader

    try:
        found = [record.metadata["manifest"] for record in make_reader(file).iter_metadata() if record.name == NAME]
        if found:
            yield found[-1]
            return
    except _unreadable():
        pass  # cut: there is no index, so read from the front
    file.seek(0)
    try:
        for record in StreamReader(file).records:
            if isinstance(record, Metadata) and record.name == NAME:
                yield record.metadata["manifest"]
    except _unreadable():
        return


def roles(manifest: Manifest, role: str) -> Mapping[str, StreamInfo]:
    """Pick the streams of one role."""
    return {name: info for name, info in manifest.streams.items() if info.role == role}
