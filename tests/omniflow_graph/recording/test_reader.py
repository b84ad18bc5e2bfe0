"""What stands beside an event, and what a stage cost, is what it should be, or is refused in a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgpack
import pytest
from mcap.writer import Writer

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import Event, Stamps
from omniflow_graph.recording import Manifest, Recording, StreamInfo, open_recording
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


COSTS = [7, [], ["think"], ["think", 0, -1], ["think", 0, 2**60], ["think", 0, 1.5], ["think", "0", 5], [["think"], 0, 5], b"\xc1"]


@pytest.mark.parametrize("cost", COSTS, ids=range(len(COSTS)))
def test_nonsense_for_a_cost_is_refused(tmp_path, cost):
    refused(recording(tmp_path / "a.mcap", cost=cost), "/omniflow/costs")


def refused(found: Recording, *topics: str) -> None:
    with pytest.raises(RecordingError) as caught:
        found.session()
    assert any(str(caught.value).startswith(f"{found.path}: a message on {topic} at 7 ns cannot be decoded (") for topic in topics)
    assert "\n" not in str(caught.value)
