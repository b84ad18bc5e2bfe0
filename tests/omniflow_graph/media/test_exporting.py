"""A recording becomes media that other programs play, and a folder of it becomes the same recording again."""

from __future__ import annotations

import io
import json
import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import Event, seconds
from omniflow_graph.media.exporting import export_media, sound_of
from omniflow_graph.media.importing import import_media
from omniflow_graph.recording import Manifest, Recording, StreamInfo, open_recording, write_recording

FRAME_NS = 20_000_000
STREAMS = {
    "env-visual": StreamInfo("image", format="jpeg"),
    "env-audio": StreamInfo("audio", rate_hz=16_000, format="pcm-s16"),
    "out-stream": StreamInfo("audio", "out", 24_000, "pcm-s16"),
    "text": StreamInfo("text", "out"),
    "decide": StreamInfo("value", "out"),
}


def picture(colour: str, size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=90)
    return out.getvalue()


def tone(n: int, rate: int, pitch: int) -> bytes:
    return (8000 * np.sin(np.arange(n) * 2 * np.pi * pitch / rate)).astype("<i2").tobytes()


SOUND = tone(24_000, 16_000, 400)
EVENTS = [
    *(Event(k * FRAME_NS, "env-audio", k, SOUND[k * 640 : (k + 1) * 640]) for k in range(75)),
    *(Event(seconds(time), "env-visual", n, picture(colour)) for n, (time, colour) in enumerate([(0.1, "red"), (0.5, "lime"), (1.25, "blue")])),
    Event(seconds(0.5), "out-stream", 0, tone(12_000, 24_000, 800)),
    Event(seconds(0.5), "text", 0, "grün 月"),
    Event(seconds(0.5), "decide", 0, {"choice": "speak", "wave": np.zeros(3, "<i2")}),
]


def recording(folder: Path, events: list[Event] = EVENTS) -> Recording:
    write_recording(folder / "talk.mcap", Manifest("talk", streams=STREAMS, licence="CC0"), sorted(events, key=lambda event: event.time))
    return open_recording(folder / "talk.mcap")


def test_a_folder_holds_sound_pictures_and_text(tmp_path):
    written = export_media(recording(tmp_path), tmp_path / "out")
    names = [
        "000000.100000000.jpg",
        "000000.500000000.jpg",
        "000001.250000000.jpg",
        "decide.jsonl",
        "env-audio.wav",
        "manifest.json",
        "out-stream.wav",
        "text.jsonl",
    ]
    assert sorted(path.name for path in written) == sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert (tmp_path / "out" / "000000.500000000.jpg").read_bytes() == picture("lime")
    with wave.open(str(tmp_path / "out" / "env-audio.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.readframes(10**6)) == (16_000, 1, SOUND)
    with wave.open(str(tmp_path / "out" / "out-stream.wav")) as file:
        assert (file.getframerate(), file.readframes(10**6)) == (24_000, bytes(24_000) + tone(12_000, 24_000, 800))
    assert (tmp_path / "out" / "text.jsonl").read_text("utf-8") == '{"time_s": 0.5, "seq": 0, "data": "grün 月"}\n'
    assert json.loads((tmp_path / "out" / "decide.jsonl").read_text())["data"] == {"choice": "speak", "wave": "int16[3]"}
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["licence"] == "CC0"


def test_a_folder_imports_again_as_it_was(tmp_path):
    export_media(recording(tmp_path), tmp_path / "out")
    manifest = import_media(tmp_path / "out", tmp_path / "again.mcap")
    again = open_recording(tmp_path / "again.mcap")
    kept = ["env-visual", "env-audio"]
    assert list(again.events()) == list(recording(tmp_path).events(kept))
    assert list(manifest.streams) == kept


@given(samples=st.lists(st.integers(-32768, 32767), min_size=1, max_size=700), times=st.lists(st.integers(0, 10**10), max_size=3, unique=True))
@settings(deadline=None, max_examples=30)
def test_samples_and_times_survive_a_folder(tmp_path_factory, samples, times):
    folder = tmp_path_factory.mktemp("any")
    sound = np.array(samples + [0] * (-len(samples) % 320), "<i2").tobytes()
    events = [Event(k * FRAME_NS, "env-audio", k, sound[k * 640 : (k + 1) * 640]) for k in range(len(sound) // 640)]
    events += [Event(time, "env-visual", n, picture("red", (8, 8))) for n, time in enumerate(sorted(times))]
    before = recording(folder, events)
    export_media(before, folder / "out")
    import_media(folder / "out", folder / "again.mcap")
    assert list(open_recording(folder / "again.mcap").events()) == list(before.events())


def test_pieces_of_sound_stand_where_their_times_say(tmp_path):
    one = np.ones(24, "<i2")
    pieces = [(1_000_000, one), (2_000_000 + 20, 2 * one), (4_000_000, 3 * one), (4_500_000, 4 * one)]
    found = sound_of(recording(tmp_path, [Event(time, "out-stream", n, data.tobytes()) for n, (time, data) in enumerate(pieces)]), "out-stream")
    assert found.tolist() == [0] * 24 + [1] * 24 + [2] * 24 + [0] * 24 + [3] * 12 + [4] * 24


def test_pieces_that_follow_each_other_have_no_gap_where_half_a_sample_is_rounded(tmp_path):
    pieces = [Event(20_833, "out-stream", 0, b"\1\0" * 24_000), Event(1_000_020_834, "out-stream", 1, b"\1\0" * 24_000)]
    assert sound_of(recording(tmp_path, pieces), "out-stream").tolist() == [1] * 48_000


def test_what_is_too_loud_together_is_clipped(tmp_path):
    loud = (20_000 * np.sin(np.arange(24_000) * 2 * np.pi * 400 / 16_000)).astype("<i2").tobytes()
    same = (20_000 * np.sin(np.arange(36_000) * 2 * np.pi * 400 / 24_000)).astype("<i2").tobytes()
    (path,) = export_media(recording(tmp_path, [Event(0, "env-audio", 0, loud), Event(0, "out-stream", 0, same)]), tmp_path / "a.mp4")
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    power = np.abs(np.fft.rfft(sound[9600:57_600])) ** 2
    assert power[395:406].sum() / power.sum() > 0.9


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_video_shows_the_pictures_and_sounds_like_all_of_it(tmp_path, suffix):
    (path,) = export_media(recording(tmp_path), tmp_path / f"talk{suffix}")
    with av.open(str(path)) as container:
        seen = [(round(frame.pts * frame.time_base * 1000), frame.to_ndarray(format="rgb24")[24, 32]) for frame in container.decode(video=0)]
    assert [(time, "RGB"[int(np.argmax(pixel))]) for time, pixel in seen] == [(100, "R"), (500, "G"), (1250, "B")]
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    early, late = (np.abs(np.fft.rfft(sound[start : start + 9600])) for start in (4800, 30_000))
    assert int(np.argmax(early)) == 400 // 5
    assert {int(at) for at in np.argsort(late)[-2:]} == {400 // 5, 800 // 5}
    assert len(sound) == pytest.approx(72_000, abs=1024)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["talk.mcap", path.name]


def test_a_video_imports_again_with_the_same_times(tmp_path):
    export_media(recording(tmp_path), tmp_path / "talk.mp4")
    manifest = import_media(tmp_path / "talk.mp4", tmp_path / "again.mcap", fps=100)
    times = [event.time for event in open_recording(tmp_path / "again.mcap").events(["env-visual"])]
    assert (times, manifest.streams["env-audio"].events) == ([seconds(0.1), seconds(0.5), seconds(1.25)], 75)


def test_a_video_can_be_of_sound_or_of_pictures_alone(tmp_path):
    for kind, stream in (("audio", "env-audio"), ("video", "env-visual")):
        (path,) = export_media(recording(tmp_path, [event for event in EVENTS if event.stream == stream]), tmp_path / f"{kind}.mp4")
        with av.open(str(path)) as container:
            assert [each.type for each in container.streams] == [kind]


def broken_picture(folder: Path) -> Recording:
    return recording(folder, [Event(5, "env-visual", 0, b"no picture")])


def without_rate(folder: Path) -> Recording:
    info = replace(STREAMS["env-audio"], rate_hz=None)
    write_recording(folder / "talk.mcap", Manifest("talk", streams={"env-audio": info}), [Event(0, "env-audio", 0, bytes(4))])
    return open_recording(folder / "talk.mcap")


@pytest.mark.parametrize(
    ("make", "dest", "words"),
    [
        (recording, "talk.avi", "wants a name that ends in .mp4 or .mkv, or a folder"),
        (recording, "none/talk.mp4", "cannot be written (No such file or directory)"),
        (recording, ".", "is not empty; name a new folder"),
        (lambda folder: recording(folder, []), "out", "holds no events to export"),
        (lambda folder: recording(folder, [EVENTS[-1]]), "a.mp4", "holds neither sound nor pictures, so no video can be made"),
        (broken_picture, "a.mp4", "the picture on 'env-visual' at 5 ns cannot be decoded"),
        (without_rate, "out", "stream 'env-audio' has no rate_hz in the manifest"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_one_sentence(tmp_path, make, dest, words):
    made = make(tmp_path)
    with pytest.raises(RecordingError) as caught:
        export_media(made, tmp_path / dest)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*.mp4*"))
