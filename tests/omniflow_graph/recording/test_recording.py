"""A recording gives back what was written, in order, whatever happened to the file."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniflow_graph.canonical import edge_digest
from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event, Stamps, seconds
from omniflow_graph.recording import Manifest, RecordingWriter, StreamInfo, open_recording, write_recording
from omniflow_graph.session import Session

STREAMS = {
    "eye": StreamInfo("image", format="jpeg"),
    "mic": StreamInfo("audio", rate_hz=16_000, format="pcm-s16"),
    "words": StreamInfo("text", "out"),
    "decide": StreamInfo("value", "out"),
}
MANIFEST = Manifest("talk", streams=STREAMS, allowance=7, source="a test", licence="CC0", notes={"a": [1, None]})


class Ack(NamedTuple):
    response: int
    played: int


def frames(n: int, step: int = 20_000_000) -> list[Event[bytes]]:
    """Make n frames of sound that zstd cannot make small."""
    noise = random.Random(n)
    return [Event(k * step, "mic", k, noise.randbytes(640)) for k in range(n)]


def written(path: Path, events: list, manifest: Manifest = MANIFEST) -> Path:
    write_recording(path, manifest, events)
    return path


@pytest.fixture
def rec(tmp_path) -> Path:
    return tmp_path / "talk.mcap"


# What was written comes back


def test_all_that_is_known_of_an_event_comes_back(rec):
    stamps = Stamps(captured=3, arrived=40, started=None, late=True, sender_seq=9)
    events = [
        Event(0, "eye", 0, b"\xff\xd8"),
        Event(0, "mic", 5, bytes(640), stamps=stamps),
        Event(20, "mic", 2**40, b"\x01\x00"),
        Event(30, "words", 0, "zwölf 月", (("mic", 5, 2**40), ("eye", 0, 0))),
        Event(30, "decide", 0, {"k": 0, "p": 0.1, "why": None, "parts": [1, "a", b"b", [True]]}),
    ]
    assert list(open_recording(written(rec, events)).events()) == events


def test_a_namedtuple_comes_back_equal_with_names_and_makes_the_record_that_it_was(rec):
    (event,) = open_recording(written(rec, [Event(0, "decide", 0, Ack(1, 480))])).events()
    assert (event.data, event.data.played, Ack(**event.data)) == (Ack(1, 480), 480, Ack(1, 480))


@pytest.mark.parametrize("form", ["<i2", ">f4", "?", "<c16"])
def test_an_array_comes_back_as_it_was(rec, form):
    array = np.arange(12).reshape(3, 4)[:, ::2].astype(form)
    (event,) = open_recording(written(rec, [Event(0, "decide", 0, {"wave": array})])).events()
    assert event.data.wave.tolist() == array.tolist()
    assert event.data.wave.dtype == array.dtype.newbyteorder("<")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3) | st.builds(Ack, inner, inner),
    max_leaves=6,
)
PAYLOADS = {
    "eye": st.binary(),
    "mic": st.binary().map(lambda data: data * 2),
    "words": st.text(st.characters(exclude_categories=["Cs"])),
    "decide": VALUES,
}


@st.composite
def sessions(draw):
    """Draw events in any order of writing, each stream's own times in order."""
    events = []
    for stream in draw(st.lists(st.sampled_from(list(STREAMS)), unique=True)):
        times = sorted(draw(st.lists(st.integers(0, 4 * SECOND) | st.integers(0, 3), max_size=5)))
        events += [Event(time, stream, seq, draw(PAYLOADS[stream])) for seq, time in enumerate(times)]
    return draw(st.permutations(events)) if draw(st.booleans()) else sorted(events, key=lambda event: event.time)


@given(events=sessions())
@settings(deadline=None)
def test_events_come_back_by_time_then_stream_then_seq_in_whatever_order_they_were_written(tmp_path_factory, events):
    recording = open_recording(written(tmp_path_factory.mktemp("any") / "a.mcap", events))
    rank = list(STREAMS)
    assert list(recording.events()) == sorted(events, key=lambda event: (event.time, rank.index(event.stream), event.seq))
    assert recording.damage is None


@given(data=VALUES)
@settings(deadline=None)
def test_a_payload_keeps_its_digest(tmp_path_factory, data):
    event = Event(0, "decide", 0, data)
    recording = open_recording(written(tmp_path_factory.mktemp("any") / "a.mcap", [event]))
    assert recording.manifest.streams["decide"].digest == edge_digest([event]).hex() == edge_digest(recording.events()).hex()


def test_some_streams_can_be_read_alone(rec):
    recording = open_recording(written(rec, [Event(0, "eye", 0, b"e"), Event(0, "mic", 0, b"mm")]))
    assert list(recording.events(["mic"])) == [Event(0, "mic", 0, b"mm")]
    with pytest.raises(RecordingError, match=r"holds no stream 'mike'; it has eye, mic, words, decide"):
        recording.events(["mike"])


# The manifest


def test_the_manifest_comes_back_with_end_counts_and_digests(rec):
    events = frames(3)
    write_recording(rec, MANIFEST, events)
    streams = {name: replace(info, events=0) for name, info in STREAMS.items()}
    streams["mic"] = replace(STREAMS["mic"], events=3, digest=edge_digest(events).hex())
    manifest = open_recording(rec).manifest
    assert manifest == replace(MANIFEST, end=40_000_001, streams=streams, ordered=True)
    assert list(manifest.streams) == list(STREAMS)


def test_a_stream_that_was_written_out_of_order_has_a_count_and_no_digest(rec):
    manifest = open_recording(written(rec, frames(3)[::-1])).manifest
    assert (manifest.streams["mic"].events, manifest.streams["mic"].digest, manifest.ordered) == (3, None, False)


def test_what_is_known_only_at_the_end_is_said_when_closing(rec):
    with RecordingWriter(rec, MANIFEST) as writer:
        writer.close(end=seconds(2), model="scripted", seed=3)
    manifest = open_recording(rec).manifest
    assert (manifest.end, manifest.model, manifest.seed) == (seconds(2), "scripted", 3)


def test_a_session_has_what_came_in_with_its_allowance_and_the_costs_of_stages(rec):
    heard = Event(5, "mic", 0, b"mm", stamps=Stamps(captured=4))
    with RecordingWriter(rec, MANIFEST) as writer:
        writer.add(heard)
        writer.add(Event(9, "words", 0, "hm"))
        writer.cost("decide", 3, 120, 9)
        writer.cost("decide", 4, 130)
        writer.cost("wave", 0, 150, declared=True)
        writer.close(end=50)
    costs = {("decide", 3): 120, ("decide", 4): 130}
    assert open_recording(rec).session() == Session("talk", {"eye": [], "mic": [heard]}, 50, 7, costs)
    assert open_recording(rec).session(declared=True).costs == {**costs, ("wave", 0): 150}
    assert open_recording(rec).costs() == costs


def test_an_input_that_stands_by_reference_is_named_and_not_taken_for_silence(rec):
    streams = {**STREAMS, "mic": replace(STREAMS["mic"], digest="ab" * 32, events=50)}
    recording = open_recording(written(rec, [Event(0, "words", 0, "hm")], replace(MANIFEST, streams=streams, source="talk_in.mcap")))
    assert recording.manifest.streams["mic"] == streams["mic"]
    assert [event.stream for event in recording.events()] == ["words"]
    with pytest.raises(RecordingError, match=r"stream 'mic' stands in it by reference only; replay talk_in.mcap"):
        recording.session()


# A file appears whole or not at all


def test_the_file_appears_when_it_is_closed(rec):
    with RecordingWriter(rec, MANIFEST) as writer:
        writer.add(frames(1)[0])
        assert [path.name for path in rec.parent.iterdir()] == ["talk.mcap.part"]
    assert [path.name for path in rec.parent.iterdir()] == ["talk.mcap"]


def test_nothing_is_left_after_an_error(rec):
    def broken():
        yield frames(1)[0]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_recording(rec, MANIFEST, broken())
    assert list(rec.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Event(0, "ear", 0, b""), "stream 'ear' is not in the manifest, which has eye, mic, words, decide"),
        (Event(0, "mic", 0, "text"), "stream 'mic', event 0 at 0 ns: is not what a stream of kind audio can hold"),
        (Event(0, "mic", 0, np.zeros(3, "<i2")), "stream 'mic', event 0 at 0 ns: is not what a stream of kind audio can hold"),
        (Event(0, "words", 0, b"bytes"), "stream 'words', event 0 at 0 ns: is not what a stream of kind text can hold"),
        (Event(9, "decide", 4, {1, 2}), "stream 'decide', event 4 at 9 ns: is not what a stream of kind value can hold"),
        (Event(9, "decide", 4, {1: 2}), "stream 'decide', event 4 at 9 ns: is not what a stream of kind value can hold"),
        (Event(9, "decide", 4, np.array([object()])), "stream 'decide', event 4 at 9 ns: is not what"),
        (Event(-1, "words", 0, "early"), "stream 'words', event 0 at -1 ns: is not what"),
    ],
)
def test_what_a_stream_cannot_hold_is_refused(rec, event, words):
    with pytest.raises(RecordingError) as caught:
        write_recording(rec, MANIFEST, [event])
    assert words in str(caught.value)
    assert list(rec.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (Manifest("a", streams={"mic": StreamInfo("sound")}), "stream 'mic' has the kind 'sound'; wants one of audio, image, text, value"),
        (Manifest("a", streams={"mic": StreamInfo("audio", "input")}), "stream 'mic' has the role 'input'; wants one of in, out"),
        (Manifest("a", streams={"omniflow/costs": StreamInfo("audio")}), "a stream cannot be called 'omniflow/costs'"),
        (Manifest("a", notes={"a": object()}), "its manifest cannot be written"),
    ],
)
def test_a_manifest_without_meaning_is_refused_at_the_door(rec, manifest, words):
    with pytest.raises(RecordingError) as caught:
        RecordingWriter(rec, manifest)
    assert words in str(caught.value)
    assert list(rec.parent.iterdir()) == []


def test_a_folder_is_no_file_to_write_to(rec):
    for folder in (rec.parent, Path(".")):
        with pytest.raises(RecordingError, match="is a folder; name a file that ends in"):
            RecordingWriter(folder, MANIFEST)


def test_a_folder_that_is_not_there_is_named(rec):
    with pytest.raises(RecordingError, match=r"cannot be written \(No such file or directory\)"):
        write_recording(rec.parent / "none" / "a.mcap", MANIFEST, [])


# Cut, killed, damaged


def test_a_file_cut_at_any_byte_gives_the_events_up_to_the_cut(rec):
    events = frames(150)
    whole = written(rec, events).read_bytes()
    counts, refused = [], []
    for cut in [*range(0, len(whole), 997), *range(len(whole) - 64, len(whole))]:
        rec.write_bytes(whole[:cut])
        try:
            recording = open_recording(rec)
        except RecordingError:  # not even the first manifest is there
            refused.append(cut)
            continue
        read = list(recording.events())
        assert read == events[: len(read)]
        assert recording.damage is not None
        assert str(rec) in recording.damage
        assert recording.session().end == (read[-1].time + 1 if read else 0)
        counts.append(len(read))
    assert counts == sorted(counts)
    assert refused == [0]
    assert {0, 50, 100, 150} <= set(counts)


@pytest.mark.parametrize("step", [20_000_000, 300_000_000])
def test_a_killed_writer_loses_at_most_a_second_of_the_session(rec, step):
    events = frames(160, step)
    with RecordingWriter(rec, MANIFEST) as writer:
        for event in events:
            writer.add(event)
            killed = rec.with_name("killed.mcap")
            killed.write_bytes(rec.with_name("talk.mcap.part").read_bytes())
            read = list(open_recording(killed).events())
            assert read == events[: len(read)]
            assert [lost for lost in events[len(read) : event.seq] if lost.time <= event.time - SECOND] == []


def test_a_part_left_by_a_killed_writer_is_pointed_out_and_can_be_opened(rec):
    part = rec.with_name("talk.mcap.part")
    with RecordingWriter(rec, MANIFEST) as writer:
        for event in frames(51):
            writer.add(event)
        with pytest.raises(RecordingError, match=r"there is no such file; its writer was killed; open .*talk.mcap.part"):
            open_recording(rec)
        assert list(open_recording(part).events()) == frames(51)[:50]


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
@settings(deadline=None)
def test_a_flipped_bit_never_changes_an_event(tmp_path_factory, at, bit):
    path = tmp_path_factory.mktemp("any") / "a.mcap"
    events = frames(60)
    content = bytearray(written(path, events).read_bytes())
    content[at % len(content)] ^= 1 << bit
    path.write_bytes(content)
    try:
        read = list(open_recording(path).events(["mic"]))
    except RecordingError:  # it hit the manifest
        return
    assert read == events[: len(read)]


def test_a_damaged_chunk_ends_the_events_and_is_said(rec):
    content = bytearray(written(rec, frames(150)).read_bytes())
    content[len(content) // 2] ^= 1
    rec.write_bytes(content)
    recording = open_recording(rec)
    assert recording.damage is None
    assert list(recording.events()) == frames(150)[:50]
    assert recording.damage is not None
    assert "is damaged (crc validation failed" in recording.damage
    assert recording.session().end == 49 * 20_000_000 + 1


# What is no recording


def foreign(path: Path) -> None:
    from mcap.writer import Writer

    with open(path, "wb") as file:
        writer = Writer(file)
        writer.start()
        channel = writer.register_channel("/chatter", "json", 0)
        writer.add_message(channel, 0, b"{}", 0)
        writer.finish()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"RIFF\x00\x00WAVE" * 99), "is no recording (not an MCAP file); turn media into one with `omniflow import"),
        (lambda path: path.write_bytes(b"\x89MCAP0\r\n" + bytes(99)), "has no omniflow manifest"),
        (foreign, "has no omniflow manifest, so another program wrote it or it was cut at its start"),
        (lambda path: path.mkdir(), "a folder without any .mcap file"),
        (lambda path: None, "there is no such file; `omniflow import SRC DEST` makes recordings"),
    ],
)
def test_what_is_no_recording_is_refused_with_a_way_out(rec, make, words):
    make(rec)
    with pytest.raises(RecordingError) as caught:
        open_recording(rec)
    assert str(caught.value).startswith(f"{rec}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


# Segments


def segments(folder: Path, sizes: list[int], first: int = 0) -> list[Event[bytes]]:
    events = frames(sum(sizes))
    for number, size in enumerate(sizes, first):
        begin = sum(sizes[: number - first])
        write_recording(folder / f"talk.{number:03}.mcap", MANIFEST, events[begin : begin + size])
    return events


def test_a_folder_of_numbered_segments_is_one_recording(tmp_path):
    events = segments(tmp_path, [60, 70, 30], first=998)
    recording = open_recording(tmp_path)
    assert [segment.path.name for segment in recording.segments] == ["talk.998.mcap", "talk.999.mcap", "talk.1000.mcap"]
    assert list(recording.events()) == events
    assert (recording.manifest.end, recording.manifest.streams["mic"].events, recording.damage) == (events[-1].time + 1, 160, None)


def test_the_segments_after_a_cut_one_are_read_and_the_cut_is_said(tmp_path):
    events = segments(tmp_path, [100, 20])
    path = tmp_path / "talk.000.mcap"
    path.write_bytes(path.read_bytes()[:45_000])
    recording = open_recording(tmp_path)
    assert list(recording.events()) == events[:50] + events[100:]
    assert recording.damage == f"{path}: was cut before it was closed; what was written up to then is read"


def test_the_part_of_a_killed_writer_is_the_last_segment(tmp_path):
    events = segments(tmp_path, [60, 60])
    last = tmp_path / "talk.001.mcap"
    last.rename(tmp_path / "talk.001.mcap.part")
    assert list(open_recording(tmp_path).events()) == events


def test_a_missing_segment_is_named(tmp_path):
    segments(tmp_path, [10, 10, 10])
    (tmp_path / "talk.001.mcap").unlink()
    with pytest.raises(RecordingError, match=r"between talk.000.mcap and talk.002.mcap a segment is missing"):
        open_recording(tmp_path)


def test_a_folder_of_two_recordings_is_refused(tmp_path):
    written(tmp_path / "a.mcap", [])
    written(tmp_path / "b.mcap", [])
    with pytest.raises(RecordingError, match=r"holds more than one recording \(a.mcap, b.mcap\); name one of them"):
        open_recording(tmp_path)


# Other people's readers


def test_an_independent_reader_sees_foxglove_messages(rec):
    from mcap.reader import make_reader
    from mcap_protobuf.decoder import DecoderFactory

    events = [
        Event(20, "eye", 0, b"\xff\xd8"),
        Event(seconds(1.5), "mic", 7, b"\x01\x00", stamps=Stamps(captured=5)),
        Event(seconds(1.5), "words", 0, "hello"),
        Event(seconds(1.5), "decide", 0, Ack(1, 2)),
    ]
    with open(written(rec, events), "rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        found = {
            c.topic: (s.name, m.log_time, m.publish_time, m.sequence, d)
            for s, c, m, d in reader.iter_decoded_messages(["/eye", "/mic", "/words", "/decide"])
        }
    assert {topic: entry[:4] for topic, entry in found.items()} == {
        "/eye": ("foxglove.CompressedImage", 20, 20, 0),
        "/mic": ("foxglove.RawAudio", seconds(1.5), 5, 7),
        "/words": ("foxglove.Log", seconds(1.5), seconds(1.5), 0),
        "/decide": ("omniflow.Value", seconds(1.5), seconds(1.5), 0),
    }
    eye, mic, words, decide = (found[topic][4] for topic in ("/eye", "/mic", "/words", "/decide"))
    assert (eye.format, eye.data) == ("jpeg", b"\xff\xd8")
    assert (mic.format, mic.sample_rate, mic.number_of_channels, mic.data) == ("pcm-s16", 16_000, 1, b"\x01\x00")
    assert (mic.timestamp.seconds, mic.timestamp.nanos) == (1, 500_000_000)
    assert (words.message, decide.json) == ("hello", '{"response": 1, "played": 2}')


def test_the_same_events_make_the_same_file(tmp_path):
    assert written(tmp_path / "a.mcap", frames(60)).read_bytes() == written(tmp_path / "b.mcap", frames(60)).read_bytes()
