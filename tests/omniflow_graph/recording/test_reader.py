"""What stands beside an event, what a stage cost, and when all that was, is what can be meant, or is refused in a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgpack
import pytest
from mcap.writer import Writer

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import Event, Stamps, seconds
from omniflow_graph.recording import Manifest, Recording, RecordingWriter, StreamInfo, open_recording
from omniflow_graph.recording.manifest import write_manifest
from omniflow_graph.recording.segment import KEY, NAME
from omniflow_graph.recording.wire import codecs


def recording(path: Path, note: Any = None, cost: Any = None) -> Recording:
    """Write a recording of one event at 7 ns, with a record beside it and a cost, packed here or as they are."""
    text = codecs()["text"]
    with open(path, "wb") as file:
        writer = Writer(file)
        writer.start()
        schema = writer.register_schema(*text.schema)
        channels = [writer.register_channel(topic, "msgpack", 0) for topic in ("/omniflow/records/words", "/omniflow/costs")]
        for channel, entry in zip(channels, (note, cost)):
            if entry is not None:
                writer.add_message(channel, 7, entry if isinstance(entry, bytes) else msgpack.packb(entry), 7, 3)
        writer.add_message(writer.register_channel("/words", "protobuf", schema), 7, text.write(7, "hi", None, None), 7, 3)
        writer.add_metadata(NAME, {KEY: write_manifest(Manifest("a", 9, {"words": StreamInfo("text")}, ordered=True), path)})
        writer.finish()
    return open_recording(path)


def test_a_record_says_what_is_known_of_the_event_beside_it(tmp_path):
    known = [2**40, [5, 6, None, True, 9], [["mic", 0, 4]], b"d" * 33]
    (found,) = recording(tmp_path / "a.mcap", known).records(["words"])
    assert found == (Event(7, "words", 2**40, "hi", (("mic", 0, 4),), Stamps(5, 6, None, True, 9)), b"d" * 33)


NOTES = [
    7,
    {},
    [3],
    ["3", None, [], None],
    [None, None, [], None],
    [3, None, None, None],
    [3, None, [["mic", 0]], None],
    [3, None, [["mic", "0", 4]], None],
    [3, None, [[7, 0, 4]], None],
    [3, [1] * 6, [], None],
    [3, None, [], "digest"],
    b"",
    b"\xc1",
    b"\x94\x03",
    b"\x91" * 5000,
]


@pytest.mark.parametrize("note", NOTES, ids=range(len(NOTES)))
def test_nonsense_beside_an_event_is_refused(tmp_path, note):
    refused(recording(tmp_path / "a.mcap", note), "/omniflow/records/words", "/words")


COSTS = [
    7,
    [],
    ["think"],
    ["think", 0, -1],
    ["think", 0, 2**60],
    ["think", 0, 1.5],
    ["think", "0", 5],
    [["think"], 0, 5],
    ["think", 0, 5, "guessed"],
    ["think", 0, 5, "declared", 1],
    b"\xc1",
]


@pytest.mark.parametrize("cost", COSTS, ids=range(len(COSTS)))
def test_nonsense_for_a_cost_is_refused(tmp_path, cost):
    refused(recording(tmp_path / "a.mcap", cost=cost), "/omniflow/costs")


def refused(found: Recording, *topics: str) -> None:
    with pytest.raises(RecordingError) as caught:
        found.session()
    assert any(str(caught.value).startswith(f"{found.path}: a message on {topic} at 7 ns cannot be decoded (") for topic in topics)
    assert "\n" not in str(caught.value)


# Sessions of which hardly anything is there

DAY = 24 * 3600


def sparse(path: Path, *times: float, end: float | None = None) -> Recording:
    """Write a recording of a word at each of these seconds, closed at its end."""
    with RecordingWriter(path, Manifest("a", streams={"words": StreamInfo("text")})) as writer:
        for n, time in enumerate(times):
            writer.add(Event(seconds(time), "words", n, "hm"))
        writer.close(None if end is None else seconds(end))
    return open_recording(path)


ABSURD = [
    ([0, DAY + 1], None, "stream 'words' goes on at 86401.000 s, 86401 s after anything before it, more than a day"),
    ([DAY + 1], None, "stream 'words' goes on at 86401.000 s, 86401 s after anything before it, more than a day"),
    ([5], 9e6, "it ends at 9000000.000 s, 8999995 s after anything before it, more than a day"),
    ([], 9e6, "it ends at 9000000.000 s, 9000000 s after anything before it, more than a day"),
    (range(0, 9 * DAY, DAY), None, "stream 'words' goes on at 691200.000 s, and holds nothing for"),
    (range(0, 15 * DAY, DAY // 2), None, "stream 'words' goes on at 648000.000 s, and holds nothing for"),
]


@pytest.mark.parametrize(("times", "end", "words"), ABSURD)
def test_a_session_without_anything_for_more_than_a_day_is_not_run(tmp_path, times, end, words):
    found = sparse(tmp_path / "a.mcap", *times, end=end)
    with pytest.raises(RecordingError) as caught:
        found.session()
    assert str(caught.value).startswith(f"{found.path}: {words}")
    assert str(caught.value).endswith("; write it again with times that count from the session's begin, or cut it there")
    assert len(list(found.events())) == len(times)  # to look at, it is what it is


@pytest.mark.parametrize(("times", "end"), [([0, DAY], 2 * DAY), (range(0, 6 * DAY, DAY), None), ([], DAY), (range(0, 612_000, 60), None)])
def test_a_session_of_long_silences_is_run(tmp_path, times, end):
    assert len(sparse(tmp_path / "a.mcap", *times, end=end).session().sources["words"]) == len(times)
