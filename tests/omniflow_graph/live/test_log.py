"""A session's log is a recording in numbered segments, and one that was cut goes on in the next."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from omniflow_graph import Event, RecordingError
from omniflow_graph.events import SECOND
from omniflow_graph.live.log import LiveLog, kept
from omniflow_graph.recording import Manifest, StreamInfo, open_recording
from omniflow_graph.recording.named import recordings_at


def log(folder: Any, name: str = "ann") -> LiveLog:
    return LiveLog(folder, Manifest(name, streams={"mic": StreamInfo("value"), "eye": StreamInfo("value")}))


def test_what_was_logged_is_a_recording_in_a_folder_of_its_name(tmp_path):
    events = [Event(0, "mic", 0, 1), Event(9, "mic", 1, 2), Event(5, "eye", 0, 3)]
    made = log(tmp_path)
    for event in events:
        made.add(event)
    made.cost("model", 0, 77)
    made.close(20, {"live": {"late": 1}})
    recording = open_recording(tmp_path / "ann")
    assert [file.name for file in (tmp_path / "ann").iterdir()] == ["ann.000.mcap"]
    assert list(recording.events()) == [events[0], events[2], events[1]]
    assert (recording.costs(), recording.manifest.end, recording.manifest.notes) == ({("model", 0): 77}, 20, {"live": {"late": 1}})


def test_segments_are_numbered_and_read_as_one(tmp_path):
    for n in range(3):
        made = log(tmp_path)
        made.add(Event(n, "mic", n, n))
        made.close(n + 1, {})
    assert sorted(file.name for file in (tmp_path / "ann").iterdir()) == ["ann.000.mcap", "ann.001.mcap", "ann.002.mcap"]
    recording = kept(tmp_path, "ann")
    assert [event.data for event in recording.events()] == [0, 1, 2]
    assert recording.manifest.end == 3


def test_a_new_segment_begins_every_so_often_and_nothing_is_lost_between(tmp_path):
    made = LiveLog(tmp_path, Manifest("ann", streams={"mic": StreamInfo("value"), "eye": StreamInfo("value")}), every=2 * SECOND)
    events = []
    for n in range(12):  # every half second; the eye is always ahead of what has been promised
        events += [Event(n * SECOND // 2 + 9, "eye", n, n), Event(n * SECOND // 2, "mic", n, -n)]
        for event in events[-2:]:
            made.add(event)
        made.cost("model", n, n)
        made.reach(n * SECOND // 2)
    made.close(6 * SECOND, {"live": {"late": 1}})
    assert sorted(file.name for file in (tmp_path / "ann").iterdir()) == ["ann.000.mcap", "ann.001.mcap", "ann.002.mcap"]
    recording = kept(tmp_path, "ann")
    assert list(recording.events()) == sorted(events, key=lambda event: event.time)
    assert (len(recording.costs()), recording.manifest.end, recording.damage) == (12, 6 * SECOND, None)
    assert open_recording(tmp_path / "ann" / "ann.002.mcap").manifest.notes == {"live": {"late": 1}}


def test_one_that_was_cut_keeps_what_was_flushed_and_goes_on_in_the_next(tmp_path):
    cut = log(tmp_path)
    for n in range(4):
        cut.add(Event(n * SECOND // 2, "mic", n, n))
    made = log(tmp_path)  # as when the process was killed: the first is not closed
    made.add(Event(9 * SECOND, "mic", 9, 9))
    made.close(10 * SECOND, {})
    assert sorted(file.name for file in (tmp_path / "ann").iterdir()) == ["ann.000.mcap.part", "ann.001.mcap"]
    assert [event.data for event in kept(tmp_path, "ann").events()] == [0, 1, 9]
    cut.writer.abandon()


def test_what_was_written_is_flushed_once_a_second_also_when_nothing_comes(tmp_path):
    made = log(tmp_path)
    made.add(Event(5, "mic", 0, 0))
    assert list(open_recording(tmp_path / "ann").events()) == []
    made.reach(SECOND)
    assert recordings_at(tmp_path) == [tmp_path / "ann"]  # also what was never closed
    assert [event.data for event in open_recording(tmp_path / "ann").events()] == [0]
    made.writer.abandon()


def test_a_writer_that_was_killed_as_it_began_leaves_nothing_to_stumble_over(tmp_path):
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "ann.000.mcap.part").touch()
    assert kept(tmp_path, "ann") is None
    assert kept(tmp_path, "bob") is None


def test_threads_may_write_at_once(tmp_path):
    made = log(tmp_path)
    writers = [threading.Thread(target=lambda of=of: [made.cost(of, n, n) for n in range(500)]) for of in ("a", "b")]
    for writer in writers:
        writer.start()
    for n in range(500):
        made.add(Event(n, "mic", n, n))
    for writer in writers:
        writer.join()
    made.close(500, {})
    recording = open_recording(tmp_path / "ann")
    assert (len(list(recording.events())), len(recording.costs()), recording.damage) == (500, 1000, None)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a b", "é", "x" * 65, "a\x00"])
def test_a_session_whose_name_is_no_folder_is_refused(tmp_path, name):
    with pytest.raises(RecordingError, match="cannot be the name of a folder"):
        log(tmp_path, name)
    assert (list(tmp_path.iterdir()), kept(tmp_path, name)) == ([], None)
