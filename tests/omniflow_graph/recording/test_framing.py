"""Each kind of damage is said in its own words, and what stands before it is read; no length is believed before."""

from __future__ import annotations

import os
import struct
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lz4.frame
import numpy as np
import pytest
import zstandard

from omniflow_graph.canonical import payload_digest
from omniflow_graph.errors import RecordingError
from omniflow_graph.events import Event
from omniflow_graph.recording import Manifest, Recording, StreamInfo, open_recording, segment, write_recording
from omniflow_graph.recording.framing import CHANNEL, CHUNK, MAGIC, MESSAGE, METADATA, Damaged, records
from tests.omniflow_graph.recording.mutations import TOO_LARGE, Kept, Record, chunked, cut, joined, keep, of_file, packed, raw_of, spliced

MESSAGE_INDEX = 0x07


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    return keep(tmp_path_factory.mktemp("framing"))


def changed(kept: Kept, change: Callable[[list[Record], list[int]], object]) -> Recording:
    """Change a whole file's records, given the places of its chunks, and open it."""
    whole = of_file(kept.content)
    change(whole, [n for n, record in enumerate(whole) if record.opcode == CHUNK])
    path = kept.folder / "broken.mcap"
    path.write_bytes(MAGIC + joined(whole) + MAGIC)
    return open_recording(path)


def digested(events: list[Event]) -> list[Event]:
    """Put digests for payloads: arrays do not compare to one truth."""
    return [event._replace(data=payload_digest(event.data)) for event in events]


def put(whole: list[Record], at: int, **changes: object) -> None:
    whole[at] = whole[at]._replace(**changes)


def swap(whole: list[Record], chunks: list[int]) -> None:
    whole[chunks[-2]], whole[chunks[-1]] = whole[chunks[-1]], whole[chunks[-2]]


def at_byte(record: Record, at: int, content: bytes) -> bytes:
    return record.content[:at] + content + record.content[at + len(content) :]


def flip(whole: list[Record], chunks: list[int]) -> None:
    raw = bytearray(raw_of(whole[chunks[1]].content))
    raw[len(raw) // 2] ^= 1
    fixed = chunked(bytes(raw))
    put(whole, chunks[1], content=fixed[:24] + whole[chunks[1]].content[24:28] + fixed[28:], length=len(fixed))


def plain(whole: list[Record], chunks: list[int]) -> None:
    """Let a chunk stand as it is, not packed, and say that it is a byte longer."""
    raw = raw_of(whole[chunks[1]].content)
    content = packed(len(raw) + 1, raw, b"")[9:]
    put(whole, chunks[1], content=content, length=len(content))


def in_chunk(change: Callable[[list[Record], int], object], opcode: int = MESSAGE) -> Callable[[list[Record], list[int]], None]:
    """Change the first record of a kind in the first chunk that has one, and make sizes and checksum of the chunk fit."""

    def forge(whole: list[Record], chunks: list[int]) -> None:
        for at in chunks:
            inner = cut(raw_of(whole[at].content))
            places = [n for n, record in enumerate(inner) if record.opcode == opcode]
            if places:
                change(inner, places[0])
                content = chunked(joined(inner))
                put(whole, at, content=content, length=len(content))
                return

    return forge


DAMAGE = {
    "swapped": (swap, "its messages are out of order"),
    "repeated": (lambda whole, chunks: whole.insert(chunks[2], whole[chunks[1]]), "its messages are out of order"),
    "repeated at once": (
        in_chunk(lambda inner, at: inner.insert(at, inner[at])),
        "messages in {chunks} chunks, and held",
    ),
    "last chunk lost": (lambda whole, chunks: whole.pop(chunks[-1]), "messages in {less} chunks, and held"),
    "chunk hidden": (lambda whole, chunks: put(whole, chunks[-1], opcode=MESSAGE_INDEX), "messages in {less} chunks, and held"),
    "flipped": (flip, "crc validation failed in a chunk"),
    "checksum flipped": (lambda whole, chunks: put(whole, chunks[1], content=at_byte(whole[chunks[1]], 24, b"abcd")), "crc validation failed"),
    "size": (lambda whole, chunks: put(whole, chunks[1], content=at_byte(whole[chunks[1]], 16, b"\x07")), "is announced, and"),
    "size of what is not packed": (plain, "is announced, and holds"),
    "compression": (lambda whole, chunks: put(whole, chunks[1], content=at_byte(whole[chunks[1]], 32, b"gzip")), "is packed by 'gzip', wants zstd"),
    "length of its name": (lambda whole, chunks: put(whole, chunks[1], content=at_byte(whole[chunks[1]], 28, b"\xff" * 4)), "shorter than its own"),
    "packed length": (lambda whole, chunks: put(whole, chunks[1], content=at_byte(whole[chunks[1]], 36, b"\xff" * 4)), "packed bytes are announced"),
    "long record": (in_chunk(lambda inner, at: put(inner, at, length=2**40)), "a record of 1099511627776 bytes is announced where"),
    "short message": (in_chunk(lambda inner, at: put(inner, at, length=7)), "a message of 7 bytes is announced"),
    "zeros": (in_chunk(lambda inner, at: inner.insert(at, Record(0, b"", 0))), "zeros stand where a record is to begin"),
    "unknown channel": (
        in_chunk(lambda inner, at: put(inner, at, content=at_byte(inner[at], 0, b"\xff\xff"))),
        "number 65535 is used for a channel or schema, and declared nowhere",
    ),
    "long topic": (in_chunk(lambda inner, at: put(inner, at, content=at_byte(inner[at], 4, b"\xff\xff")), CHANNEL), "a text of 65535 bytes"),
    "odd topic": (in_chunk(lambda inner, at: put(inner, at, content=at_byte(inner[at], 8, b"\xff")), CHANNEL), "codec can't decode byte 0xff"),
    "other topic": (
        in_chunk(lambda inner, at: put(inner, at, content=at_byte(inner[at], 9, b"E")), CHANNEL),
        "it holds messages on '/Emniflow/records/env-audio', which its manifest does not name",
    ),
}


@pytest.mark.parametrize(("change", "words"), DAMAGE.values(), ids=list(DAMAGE))
def test_damage_is_said_and_what_stands_before_it_is_read(kept, change, words):
    recording = changed(kept, change)
    assert recording.damage is None
    read = list(recording.events())
    count = sum(record.opcode == CHUNK for record in of_file(kept.content))
    assert words.format(chunks=count, less=count - 1) in (recording.damage or "")
    assert recording.damage == f"{recording.path}: is damaged ({recording.damage.partition('(')[2]}"
    if change not in (swap, DAMAGE["repeated at once"][0]):
        assert digested(read) == digested(kept.events)[: len(read)]
        assert recording.session().end == max((event.time for event in read if event.stream == "env-audio"), default=-1) + 1


def test_the_last_manifest_is_checked_and_without_it_the_first_one_counts(kept):
    def forge(whole: list[Record], chunks: list[int]) -> None:
        last = max(n for n, record in enumerate(whole) if record.opcode == METADATA)
        put(whole, last, content=whole[last].content.replace(b'"end": 3500000000', b'"end": 3600000000'))

    recording = changed(kept, forge)
    assert recording.damage == f"{recording.path}: is damaged (its last manifest cannot be read); what was written up to then is read"
    assert digested(list(recording.events())) == digested(kept.events)


PACKINGS = {
    "without a size": (b"zstd", zstandard.ZstdCompressor(write_content_size=False).compress),
    "by lz4": (b"lz4", lz4.frame.compress),
    "not at all": (b"", bytes),
}


@pytest.mark.parametrize(("how", "pack"), PACKINGS.values(), ids=list(PACKINGS))
def test_chunks_are_read_however_they_are_packed(kept, how, pack):
    def repack(whole: list[Record], chunks: list[int]) -> None:
        for at in chunks:
            raw = raw_of(whole[at].content)
            content = packed(len(raw), pack(raw), how)[9:]
            put(whole, at, content=content, length=len(content))

    recording = changed(kept, repack)
    assert digested(list(recording.events())) == digested(kept.events)
    assert recording.damage is None


def test_threads_unpack_chunks_at_the_same_time(tmp_path):
    loud = np.random.default_rng(1).integers(-9, 9, 500_000, "<i2").tobytes()
    write_recording(tmp_path / "loud.mcap", Manifest("loud", streams={"mic": StreamInfo("audio", rate_hz=16_000)}), [Event(0, "mic", 0, loud)])

    def read(_: int) -> tuple[bool, str | None]:
        found = open_recording(tmp_path / "loud.mcap")
        return [event.data for event in found.events()] == [loud], found.damage

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(read, range(60))) == [(True, None)] * 60


# Nothing of what a length announces is allocated before it is compared with what is there


@pytest.mark.parametrize("record", TOO_LARGE.values(), ids=list(TOO_LARGE))
def test_what_is_announced_is_not_allocated(kept, record):
    path = kept.folder / "broken.mcap"
    path.write_bytes(spliced(kept, record))
    tracemalloc.start()
    recording = open_recording(path)
    events = list(recording.events())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
    assert recording.damage is not None
    assert digested(events) == digested(kept.events)[: len(events)]


def on_paper(path: Path, start: bytes) -> Path:
    """Write a file that begins so and goes on with zeros for 32 GiB."""
    path.write_bytes(start)
    os.truncate(path, 2**35)
    return path


def test_a_file_that_is_long_only_on_paper_is_neither_held_nor_read_for_hours(tmp_path):
    for start, words in ((b"", "zeros stand where a record is"), (struct.pack("<BQ", CHUNK, 2**34), "17179869184 bytes is announced, more")):
        with open(on_paper(tmp_path / "a.mcap", start), "rb") as file, pytest.raises(Damaged, match=words):
            list(records(file, (CHUNK,)))
    with pytest.raises(RecordingError, match="has no omniflow manifest"):
        open_recording(on_paper(tmp_path / "a.mcap", MAGIC))


def test_a_small_file_that_holds_very_much_is_not_unpacked_to_its_end(tmp_path, monkeypatch):
    path, streams = tmp_path / "a.mcap", {"mic": StreamInfo("audio", rate_hz=16_000)}
    write_recording(path, Manifest("a", streams=streams), [Event(n, "mic", n, bytes(1 << 20)) for n in range(8)])
    assert path.stat().st_size < 8192
    assert len(list(open_recording(path).events())) == 8
    monkeypatch.setattr(segment, "MUCH", 4 << 20)
    with pytest.raises(RecordingError, match=r"a.mcap: holds more than 4 MB in a file of 4 KB, as nothing does that was heard or seen; "):
        list(open_recording(path).events())
    monkeypatch.setattr(segment, "DENSEST", 4000)
    assert len(list(open_recording(path).events())) == 8
