"""A session on disk: an MCAP file with what came in, what came out, when, and with which graph, model and seed.

`log_time` is the event's time, so reading in log order is graph order; `publish_time` is when it was captured,
`sequence` its seq. What else is known of an event (stamps, causes, digest) is a msgpack record under
`/omniflow/records/`, written just before it; costs of stages are under `/omniflow/costs`.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgpack

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Causes, Event, Stamps, made
from omniflow_graph.recording.framing import Damaged
from omniflow_graph.recording.manifest import LONGEST, Manifest, StreamInfo
from omniflow_graph.recording.segment import Message, Segment, messages, open_segment
from omniflow_graph.recording.wire import codecs, reading
from omniflow_graph.recording.writer import COSTS, DECLARED, RECORDS
from omniflow_graph.session import KnownCosts, Session

GAP = 60 * SECOND  # what is longer counts as a time of which a recording holds nothing
LONGEST_GAP, MOST_SILENT = 24 * 3600 * SECOND, 7 * 24 * 3600 * SECOND  # between two events; of a session in all
UNKNOWN = ", and a stage whose cost is lost costs what it declares"

Costs = dict[tuple[str, int], int]


@dataclass
class Recording:
    """Read a recording. `damage` is None, or a sentence that says what could not be read; reading may find more."""

    path: Path
    manifest: Manifest
    segments: tuple[Segment, ...] = field(repr=False)
    damage: str | None = None
    lost: bool = field(default=False, init=False, repr=False)  # whether reading found damage in a file that was closed

    def events(self, streams: Iterable[str] | None = None) -> Iterator[Event[Any]]:
        """Yield events in the order (time, order of the streams, seq). A damaged file gives all up to the damage.

        Lists and tuples come back as lists, records with named fields as `wire.Row` (a tuple) or `wire.Fields` (a
        dict) whose fields read as attributes, arrays as arrays; digests are the same. Raises RecordingError for a
        stream that is not in the manifest.
        """
        return (event for event, _ in self.records(self.manifest.streams if streams is None else streams))

    def records(self, streams: Iterable[str], costs: Costs | None = None, *, declared: bool = False) -> Iterator[tuple[Event[Any], bytes | None]]:
        """Yield events in order, each with the payload digest that was written beside it, if one was.

        `costs`, if given, is filled with what stages were measured to cost; with `declared`, also with what they cost
        because somebody said so.
        """
        wanted = dict.fromkeys(streams)
        for name in wanted:
            if name not in self.manifest.streams:
                raise RecordingError(f"{self.path}: holds no stream {name!r}; it has {', '.join(self.manifest.streams)}")
        return self._ranked(self._read(wanted, costs, declared))

    def costs(self) -> Costs:
        """Return what was measured: `{(stage, seq of what it took): nanoseconds}`."""
        found: Costs = {}
        for _ in self.records([], found):
            pass
        return found

    def session(self, *, declared: bool = False) -> Session:
        """Return what came in, as a session to run a graph on, with what stages were measured to cost.

        With `declared` they cost again what they cost then, whoever said so. Where the recording is damaged, a step whose
        cost is lost costs what its stage declares. Raises RecordingError if some of it is elsewhere, and for a session of
        which hardly anything is there: each of its windows takes time and memory.
        """
        sources: dict[str, list[Event[Any]]] = {name: [] for name, info in self.manifest.streams.items() if info.role == "in"}
        costs: Costs = {}
        last, silent = -1, 0
        for event, _ in self.records(sources, costs, declared=declared):
            if event.time - last > GAP:
                silent = self._checked_gap(max(last, 0), event.time, silent, f"stream {event.stream!r} goes on")
            events = sources[event.stream]
            if events and event.seq <= events[-1].seq:
                raise RecordingError(
                    f"{self.path}: stream {event.stream!r} has number {event.seq} at {event.time / SECOND:.3f} s after number {events[-1].seq}; "
                    "wants numbers that increase: take away what stands in it twice, such as a copy of a segment"
                )
            events.append(event)
            last = event.time
        for name, events in sources.items():
            if not events and not self.damage and self.manifest.streams[name].digest and self.manifest.streams[name].events:
                raise RecordingError(
                    f"{self.path}: stream {name!r} stands in it by reference only; replay {self.manifest.source or 'the recording it came from'}, "
                    "or write this one again with --copy-inputs"
                )
        closed = self.manifest.ordered is not None and not self.lost
        end = self.manifest.end if closed and self.manifest.end is not None else last + 1
        self._checked_gap(max(last, 0), end, silent, "it ends")
        if costs and not closed:
            costs = KnownCosts(costs)
            self.damage = self.damage and f"{self.damage.removesuffix(UNKNOWN)}{UNKNOWN}"
        return Session(self.manifest.session, sources, end, self.manifest.allowance, costs or None)

    def _checked_gap(self, before: int, after: int, silent: int, what: str) -> int:
        """Add a gap to those that there were. Raises RecordingError if it, or all of them, are too long to be meant."""
        silent += max(after - before - GAP, 0)
        if after - before <= LONGEST_GAP and silent <= MOST_SILENT:
            return silent
        long = f"{(after - before) / SECOND:.0f} s after anything before it, more than a day"
        long = long if after - before > LONGEST_GAP else f"and holds nothing for {silent / SECOND:.0f} s in all, more than a week"
        raise RecordingError(
            f"{self.path}: {what} at {after / SECOND:.3f} s, {long}; write it again with times that count from the session's begin, or cut it there"
        )

    def _ranked(self, records: Iterator[tuple[Event[Any], bytes | None]]) -> Iterator[tuple[Event[Any], bytes | None]]:
        """Put events of one time in order: by stream, then by seq."""
        rank = {name: n for n, name in enumerate(self.manifest.streams)}
        held: list[tuple[Event[Any], bytes | None]] = []
        for entry in records:
            if held and entry[0].time != held[0][0].time:
                if entry[0].time < held[0][0].time:
                    self._is_damaged(self.path, "its messages are out of order")
                    break
                yield from held if len(held) == 1 else sorted(held, key=lambda each: (rank[each[0].stream], each[0].seq))
                held = []
            held.append(entry)
        yield from sorted(held, key=lambda each: (rank[each[0].stream], each[0].seq))

    def _read(self, wanted: Iterable[str], costs: Costs | None, declared: bool) -> Iterator[tuple[Event[Any], bytes | None]]:
        used = {name: self.manifest.streams[name] for name in wanted}
        streams = {"/" + name: (name, reading(info.kind, info.rate_hz, info.format)) for name, info in used.items()}
        notes = {RECORDS + name: name for name in wanted}
        topics = {"/" + name: codecs()[info.kind].schema[0] for name, info in used.items()} | dict.fromkeys(notes, "")
        if costs is not None:
            topics[COSTS] = ""
        beside: dict[tuple[str, int], list[Any]] = {}
        for topic, time, seq, content in self._in_log_order(topics):
            if time > LONGEST:
                raise RecordingError(
                    f"{self.path}: a message on {topic} has time {time} ns, and a session lasts up to {LONGEST} ns (104 days); "
                    "write it again with times that count from the session's begin"
                )
            try:
                if topic in streams:
                    stream, read = streams[topic]
                    if beside and (note := beside.pop((stream, seq), None)) is not None:
                        full, stamps, made_of, digest = note
                        if type(full) is not int or not (digest is None or type(digest) is bytes):
                            raise ValueError(f"the record beside it has the seq {full!r} and the digest {digest!r}")
                        yield Event(time, stream, full, read(content), _causes(made_of), Stamps(*stamps) if stamps else None), digest
                    else:
                        yield made(Event, (time, stream, seq, read(content), (), None)), None
                elif topic in notes:
                    beside[notes[topic], seq] = msgpack.unpackb(content)
                elif costs is not None:
                    stage, taken, ns, *origin = msgpack.unpackb(content)
                    if type(taken) is not int or type(ns) is not int or not 0 <= ns <= LONGEST or origin not in ([], [DECLARED]):
                        raise ValueError(f"{stage!r} cost {ns!r} ns for {taken!r}, {origin!r}")
                    if declared or not origin:
                        costs[stage, taken] = ns
            except _undecodable() as error:
                words = " ".join(str(error).split()) or type(error).__name__
                raise RecordingError(
                    f"{self.path}: a message on {topic} at {time} ns cannot be decoded ({words}); another program wrote it, or damaged it"
                ) from None

    def _in_log_order(self, topics: dict[str, str]) -> Iterator[Message]:
        """Yield messages by log time. They are sorted, in memory, only where it goes backwards."""
        if self._is_ordered():
            return self._messages(topics)
        return iter(sorted(self._messages(topics), key=lambda message: message.time))

    def _is_ordered(self) -> bool:
        if len(self.segments) == 1 and self.manifest.ordered is not None:
            return self.manifest.ordered
        last = 0
        for message in self._messages(None):
            if message.time < last:
                return False
            last = message.time
        return True

    def _messages(self, topics: dict[str, str] | None) -> Iterator[Message]:
        """Yield messages as they stand in the files, each file up to where it is damaged. `topics` have these schemas."""
        known = {"/" + name for name in self.manifest.streams}
        for segment in self.segments:
            try:
                yield from messages(segment.path, topics, known)
            except Damaged as error:
                if segment.cut is None:  # of a cut one it is known, and said better
                    self._is_damaged(segment.path, str(error))

    def _is_damaged(self, path: Path, why: str) -> None:
        self.lost, self.damage = True, f"{path}: is damaged ({why}); what was read before that counts, the rest is lost"


def open_recording(path: str | os.PathLike[str]) -> Recording:
    """Open a recording, or a folder of numbered segments (`NAME.000.mcap`, ...) as one. Raises RecordingError."""
    path = Path(path)
    part = path.with_name(path.name + ".part") if path.name else path
    try:
        exists = path.exists()
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise RecordingError(f"{path}: cannot be read ({error.strerror}); name a recording, a file that ends in .mcap") from None
    if not exists:
        way = f"its writer was killed; open {part}" if part.exists() else "`omniflow import SRC DEST` makes recordings"
        raise RecordingError(f"{path}: there is no such file; {way}")
    segments = tuple(open_segment(file) for file in (_numbered(path) if path.is_dir() else [path]))
    manifest, last = segments[0].manifest, segments[-1].manifest
    if len(segments) > 1:
        manifest = replace(manifest, end=last.end, ordered=last.ordered, streams=_joined([segment.manifest for segment in segments]))
    cuts = [segment.cut for segment in segments if segment.cut]
    return Recording(path, manifest, segments, "; ".join(cuts) or None)


def _numbered(folder: Path) -> list[Path]:
    """List the segments of a folder in their order; a single recording may have any name."""
    files = [*folder.glob("*.mcap"), *(part for part in folder.glob("*.mcap.part") if not part.with_suffix("").exists())]
    if not files:
        raise RecordingError(f"{folder}: a folder without any .mcap file; name a recording")
    if len(files) == 1:
        return files
    found = {file: re.fullmatch(r"(.+)\.(\d+)\.mcap(\.part)?", file.name) for file in files}
    if None in found.values() or len({match[1] for match in found.values() if match}) > 1:
        names = ", ".join(sorted(file.name for file in files))
        raise RecordingError(f"{folder}: holds more than one recording ({names}); name one of them")
    numbers = {file: int(match[2]) for file, match in found.items() if match}
    files.sort(key=numbers.__getitem__)
    for before, after in itertools.pairwise(files):
        if numbers[after] != numbers[before] + 1:
            raise RecordingError(f"{folder}: between {before.name} and {after.name} a segment is missing; put it back, or name one of them")
    return files


def _joined(manifests: list[Manifest]) -> dict[str, StreamInfo]:
    """Add up the streams of segments. A digest is of a whole stream, so that of one segment is none of theirs."""
    joined: dict[str, StreamInfo] = {}
    for manifest in manifests:
        for name, info in manifest.streams.items():
            before = joined[name].events if name in joined else 0
            joined[name] = replace(info, events=None if info.events is None or before is None else before + info.events, digest=None)
    return joined


def _causes(made_of: list[list[Any]]) -> Causes:
    causes = tuple((name, first, last) for name, first, last in made_of)
    for name, first, last in causes:
        if type(name) is not str or type(first) is not int or type(last) is not int:
            raise ValueError(f"it was made of {name!r} {first!r} to {last!r}")
    return causes


def _undecodable() -> tuple[type[BaseException], ...]:
    from google.protobuf.message import DecodeError
    from msgpack.exceptions import UnpackException

    return DecodeError, UnpackException, ValueError, TypeError, LookupError, OverflowError, MemoryError, RecursionError
