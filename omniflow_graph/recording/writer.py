"""Write a recording event by event, so that a killed writer loses at most one second of the session."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import msgpack

from omniflow_graph.canonical import Digester, EdgeDigest
from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.files import unblock
from omniflow_graph.recording.framing import LARGEST
from omniflow_graph.recording.manifest import LONGEST, Manifest, StreamInfo, write_manifest
from omniflow_graph.recording.segment import CHECK, KEY, NAME, checksum
from omniflow_graph.recording.wire import codecs

CHUNK = 256 * 1024
RECORDS, COSTS = "/omniflow/records/", "/omniflow/costs"
DECLARED = "declared"  # stands behind a cost that nobody measured
SEQUENCE = 0xFFFFFFFF  # MCAP's sequence has 32 bits

_pack: Any = msgpack.Packer().pack  # no `default` hook: nothing in Python runs inside, so threads may share it


class RecordingWriter:
    """Write a recording, best in the order of times. Use as a context manager.

    It writes beside the file, to `NAME.part`, and renames it into place when it is closed; after an error nothing is
    left. Once a second of session time everything is flushed, so a kill loses at most that. Raises RecordingError for
    a stream that the manifest does not name, and for a payload that its kind cannot hold.

    >>> with RecordingWriter("a.mcap", Manifest("a", streams={"mic": StreamInfo("audio")})) as writer:  # doctest: +SKIP
    ...     writer.add(Event(0, "mic", 0, bytes(640)))
    """

    def __init__(self, path: str | os.PathLike[str], manifest: Manifest) -> None:
        from mcap.writer import CompressionType, Writer

        self.path, self.manifest = Path(path), manifest
        if not self.path.name or self.path.is_dir():
            raise RecordingError(f"{self.path}: is a folder; name a file that ends in .mcap")
        about = write_manifest(replace(manifest, ordered=None), self.path)  # until it is closed nobody knows
        self._part = self.path.with_name(self.path.name + ".part")
        try:
            unblock(self._part)
            self._file: BinaryIO = open(self._part, "wb")  # noqa: SIM115 - closed by close() or abandon()
        except OSError as error:
            raise self._unwritten(error) from None
        self._writer = Writer(self._file, chunk_size=CHUNK, compression=CompressionType.ZSTD)
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        self._second, self._last, self._ordered = 0, -1, True
        self._edges: dict[str, EdgeDigest | None] = {name: EdgeDigest() for name in manifest.streams}
        self._times = dict.fromkeys(manifest.streams, 0)
        self._counts = dict.fromkeys(manifest.streams, 0)
        self._digest_of = Digester()
        try:
            self._writer.start(profile="", library="omniflow-graph")
            self._writer.add_metadata(NAME, {KEY: about, CHECK: checksum(about)})
            self._writer.flush()
        except BaseException as error:
            self.abandon()
            if isinstance(error, OSError):
                raise self._unwritten(error) from None
            raise

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
            known = ", ".join(self.manifest.streams)
            raise RecordingError(f"{self.path}: stream {event.stream!r} is not in the manifest, which has {known}; add it there")
        try:
            if event.time > LONGEST:
                raise ValueError(f"a session lasts up to {LONGEST} ns, which is 104 days; count from its begin")
            content = codecs()[info.kind].write(event.time, event.data, info.rate_hz, info.format)
            if len(content) > LARGEST:
                raise ValueError(f"it has {len(content)} bytes, and one event up to {LARGEST}")
            self._count(event, digest)
            self._flush_at(event.time)
            if event.stamps or event.made_of or digest or event.seq > SEQUENCE:
                self._raw(RECORDS + event.stream, event.time, [event.seq, event.stamps and list(event.stamps), event.made_of, digest], event.seq)
            captured = event.stamps.captured if event.stamps else None
            self._message(self._channel(event.stream, info), event.time, content, event.seq, event.time if captured is None else max(captured, 0))
        except OSError as error:
            raise self._unwritten(error) from None
        except (TypeError, ValueError, OverflowError, RecursionError, struct.error) as error:
            where = f"{self.path}: stream {event.stream!r}, event {event.seq} at {event.time} ns"
            raise RecordingError(f"{where}: is not what a stream of kind {info.kind} can hold ({error})") from None

    def cost(self, stage: str, seq: int, ns: int, time: int | None = None, *, declared: bool = False) -> None:
        """Write what a step of a stage cost: the step that took the event with this seq, by default just now.

        It was measured, unless it is said to be as `declared`.
        """
        time = max(self._last, 0) if time is None else time
        try:
            self._flush_at(time)
            self._raw(COSTS, time, [stage, seq, ns, *([DECLARED] if declared else [])], seq)
        except OSError as error:
            raise self._unwritten(error) from None

    def reach(self, time: int) -> None:
        """Note that nothing earlier than `time` will be written: once a second what was written is flushed, also if no more comes."""
        try:
            self._flush_at(time)
        except OSError as error:
            raise self._unwritten(error) from None

    def close(self, end: int | None = None, **changes: Any) -> None:
        """Finish the file. `end` is the session's End (default: just after the last event), `changes` the manifest's.

        Counts and digests of the streams go into the manifest, unless it has their digest already.
        """
        known = self.manifest.end if end is None else end
        streams = {name: self._counted(name, info) for name, info in self.manifest.streams.items()}
        found: dict[str, Any] = {"end": self._last + 1 if known is None else known, "streams": streams, "ordered": self._ordered}
        try:
            self.manifest = replace(self.manifest, **{**found, **changes})
            about = write_manifest(self.manifest, self.path)
            self._writer.flush()  # events first: who finds the last manifest has all of them
            self._writer.add_metadata(NAME, {KEY: about, CHECK: checksum(about)})
            self._writer.finish()
            self._file.close()
            os.replace(self._part, self.path)
        except BaseException as error:
            self.abandon()
            if isinstance(error, OSError):
                raise self._unwritten(error) from None
            raise

    def abandon(self) -> None:
        """Close and remove what was written so far."""
        try:
            with suppress(OSError):  # a full disk does not take what is still in the buffer
                self._file.close()
        finally:
            self._part.unlink(missing_ok=True)

    def _unwritten(self, error: OSError) -> RecordingError:
        return RecordingError(f"{self.path}: cannot be written ({error.strerror or error}); name another folder")

    def _count(self, event: Event[Any], digest: bytes | None) -> None:
        name, edge = event.stream, self._edges[event.stream]
        self._counts[name] += 1
        if event.time < self._times[name]:
            edge = self._edges[name] = None  # a digest is chained by time, so a stream out of order has none
        self._times[name] = event.time
        if edge is not None and self.manifest.streams[name].digest is None:
            edge.add(event.time, event.seq, digest or self._digest_of(event.data))

    def _counted(self, name: str, info: StreamInfo) -> StreamInfo:
        edge, count = self._edges[name], self._counts[name]
        if info.digest is not None:
            return info
        return replace(info, events=count, digest=edge.digest().hex() if edge is not None and count else None)

    def _flush_at(self, time: int) -> None:
        self._ordered = self._ordered and time >= self._last
        self._last = max(self._last, time)
        if time // SECOND > self._second:
            self._second = time // SECOND
            self._writer.flush()

    def _channel(self, stream: str, info: StreamInfo) -> int:
        if stream not in self._channels:
            name, encoding, content = codecs()[info.kind].schema
            if name not in self._schemas:
                self._schemas[name] = self._writer.register_schema(name, encoding, content)
            self._channels[stream] = self._writer.register_channel("/" + stream, "protobuf", self._schemas[name])
        return self._channels[stream]

    def _raw(self, topic: str, time: int, entry: list[Any], seq: int) -> None:
        if topic not in self._channels:
            self._channels[topic] = self._writer.register_channel(topic, "msgpack", 0)
        self._message(self._channels[topic], time, _pack(entry), seq, time)

    def _message(self, channel: int, time: int, content: bytes, seq: int, captured: int) -> None:
        self._writer.add_message(channel, time, content, captured, seq & SEQUENCE)


def write_recording(path: str | os.PathLike[str], manifest: Manifest, events: Iterable[Event[Any]]) -> None:
    """Write a whole recording. Raises RecordingError, and then leaves nothing behind."""
    with RecordingWriter(path, manifest) as writer:
        for event in events:
            writer.add(event)
