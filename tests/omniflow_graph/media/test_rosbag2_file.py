"""A bag's messages come in the order of log times, however its file is laid out, and no length in it is believed."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from mcap.writer import IndexType, Writer

from omniflow_graph.media import rosbag2_file
from omniflow_graph.media.rosbag2_file import Channel, Schema, contents, messages, written_by
from omniflow_graph.recording.framing import CHUNK, MAGIC, MESSAGE, SCHEMA, STATISTICS, Damaged
from tests.omniflow_graph.recording.mutations import TOO_LARGE, Record, chunked, cut, joined, of_file, raw_of

TEXT = Schema("std_msgs/msg/String", "ros2msg", b"string data")


def file(path: Path, *said: tuple[int, str, bytes], **options) -> Path:
    """Write messages (log time, topic, content) in this order, each some hundred bytes; a chunk ends after 500."""
    with open(path, "wb") as out:
        writer = Writer(out, **{"chunk_size": 500, **options})
        writer.start(profile="ros2", library="a recorder")
        schema = writer.register_schema(*TEXT)
        channels = {topic: writer.register_channel(topic, "cdr", schema) for topic in dict.fromkeys(topic for _, topic, _ in said)}
        for time, topic, content in said:
            writer.add_message(channels[topic], time, content, time)
        writer.finish()
    return path


def read(path: Path, topic: str) -> list[tuple[int, bytes]]:
    return [(time, content) for time, _, content in messages(path, topic)]


SAID = [(time, "/even" if time % 2 == 0 else "/odd", bytes([time]) * 120) for time in (3, 1, 2, 9, 4, 4, 7, 0, 8, 12, 10, 30, 22, 21)]
LAYOUTS = {
    "chunks": {},
    "one chunk": {"chunk_size": 1 << 20},
    "no chunks": {"use_chunking": False},
    "no index of messages": {"index_types": IndexType.CHUNK},
}


@pytest.mark.parametrize("options", LAYOUTS.values(), ids=list(LAYOUTS))
def test_messages_come_by_log_time_and_then_as_they_stand(tmp_path, options):
    path = file(tmp_path / "a.mcap", *SAID, **options)
    for topic in ("/even", "/odd"):
        wanted = sorted(((time, content) for time, on, content in SAID if on == topic), key=lambda item: item[0])
        assert read(path, topic) == wanted
    assert read(path, "/none") == []


def test_of_messages_of_one_time_the_one_that_stands_first_comes_first(tmp_path):
    said = [(4, "/even", b"a" * 300), (0, "/even", b"b" * 90), (4, "/even", b"c" * 90)]  # a chunk of the first, and one of the others
    assert read(file(tmp_path / "a.mcap", *said, chunk_size=200), "/even") == [(time, content) for time, _, content in (said[1], said[0], said[2])]


def test_what_a_file_holds_is_read_off_its_end(tmp_path):
    found = contents(file(tmp_path / "a.mcap", *SAID))
    assert found.channels == {1: Channel("/odd", "cdr", TEXT), 2: Channel("/even", "cdr", TEXT)}
    assert found.counts == {1: 5, 2: 9}
    assert contents(file(tmp_path / "b.mcap", *SAID, use_statistics=False)).counts is None


def test_who_wrote_it_stands_at_its_begin(tmp_path):
    path = file(tmp_path / "a.mcap", *SAID)
    assert written_by(path) == ("ros2", "a recorder")
    for content in (b"", MAGIC, path.read_bytes()[:20], MAGIC + struct.pack("<BQ", 1, 2**63), MAGIC + joined([Record(1, b"\xff" * 8, 8)]), b"RIFF"):
        path.write_bytes(content)
        assert written_by(path) is None


# Damage


def changed(path: Path, change: Callable[[list[Record], list[int]], object]) -> Path:
    """Change a file's records, given the places of its chunks."""
    whole = of_file(file(path, *SAID).read_bytes())
    change(whole, [n for n, record in enumerate(whole) if record.opcode == CHUNK])
    path.write_bytes(MAGIC + joined(whole) + MAGIC)
    return path


def put(whole: list[Record], at: int, content: bytes) -> None:
    whole[at] = Record(whole[at].opcode, content, len(content))


def late(whole: list[Record], chunks: list[int]) -> None:
    """Let the chunk with the earliest message say that it begins at 5, and the file go on as if that were so."""
    first = next(at for at in chunks if struct.unpack_from("<Q", whole[at].content)[0] == 0)
    put(whole, first, struct.pack("<Q", 5) + whole[first].content[8:])


def inner(kind: int, change: Callable[[list[Record], int], object]) -> Callable[[list[Record], list[int]], None]:
    """Change the first record of a kind in the first chunk, and make all around it fit."""

    def forge(whole: list[Record], chunks: list[int]) -> None:
        records = cut(raw_of(whole[chunks[0]].content))
        change(records, next(n for n, record in enumerate(records) if record.opcode == kind))
        put(whole, chunks[0], whole[chunks[0]].content[:8] + chunked(joined(records))[8:])

    return forge


def first_of(whole: list[Record], opcode: int) -> int:
    return next(n for n, record in enumerate(whole) if record.opcode == opcode)


DAMAGE = {
    "a chunk that begins earlier": (late, "a message is earlier than its chunk says"),
    "a channel": (
        inner(MESSAGE, lambda records, at: put(records, at, b"\x09\x00" + records[at].content[2:])),
        "a message is of channel 9, which is declared nowhere",
    ),
    "a long record": (
        inner(MESSAGE, lambda records, at: records.__setitem__(at, records[at]._replace(length=2**40))),
        "a record of 1099511627776 bytes is announced where",
    ),
    "a short message": (inner(MESSAGE, lambda records, at: put(records, at, b"short")), "unpack_from requires a buffer"),
    "a flipped byte": (lambda whole, chunks: put(whole, chunks[1], whole[chunks[1]].content[:-1] + b"?"), "."),
    "a long text": (lambda whole, chunks: put(whole, first_of(whole, SCHEMA), b"\1\0\xff\xff\xff\xff"), "a text of 4294967295 bytes is announced"),
    "odd counts": (lambda whole, chunks: put(whole, first_of(whole, STATISTICS), whole[first_of(whole, STATISTICS)].content[:-1]), "multiple of"),
    "an empty chunk": (lambda whole, chunks: put(whole, chunks[0], b""), "unpack"),
}


@pytest.mark.parametrize(("change", "words"), DAMAGE.values(), ids=list(DAMAGE))
def test_damage_is_said(tmp_path, change, words):
    with pytest.raises((Damaged, struct.error), match=words):
        [read(changed(tmp_path / "a.mcap", change), topic) for topic in ("/even", "/odd")]


@pytest.mark.parametrize("record", TOO_LARGE.values(), ids=list(TOO_LARGE))
def test_what_is_announced_is_not_allocated(tmp_path, record):
    path = file(tmp_path / "a.mcap", *SAID)
    whole = of_file(path.read_bytes())
    at = first_of(whole, CHUNK)
    path.write_bytes(MAGIC + joined(whole[:at]) + record + joined(whole[at:]) + MAGIC)
    tracemalloc.start()
    with pytest.raises((Damaged, struct.error)):
        read(path, "/even")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_of_messages_out_of_order_only_so_many_are_held(tmp_path, monkeypatch):
    monkeypatch.setattr(rosbag2_file, "HELD", 3 << 20)
    piece = bytes(1 << 20)
    back = [(time, "/even", piece) for time in (8, 6, 4, 2, 0)]
    assert len(read(file(tmp_path / "a.mcap", *reversed(back)), "/even")) == 5
    with pytest.raises(Damaged, match="more than 3 MB of messages are out of order"):
        read(file(tmp_path / "a.mcap", *back, chunk_size=1 << 30), "/even")
