"""Media become sessions: sound in frames of 20 ms, pictures at the times at which they are to be seen."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import Event, seconds
from omniflow_graph.media.found import audio_frames
from omniflow_graph.media.importing import import_media
from omniflow_graph.recording import Manifest, StreamInfo, open_recording

FRAME_NS = 20_000_000
RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def tone(n: int, rate: int = 16_000) -> np.ndarray:
    return (8000 * np.sin(np.arange(n) * 2 * np.pi * 440 / rate)).astype("<i2")


def wav(path: Path, samples: np.ndarray, rate: int = 16_000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1] if samples.ndim > 1 else 1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48), form: str = "JPEG", **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form, **options)
    return out.getvalue()


def mux_sound(container, stream, samples: np.ndarray, sound_from: int = 0) -> None:
    """Encode samples at 16 kHz, the first of them at `sound_from`."""
    if not stream.codec_context.is_open:  # its frame size is known then
        stream.open()
    resampler = av.AudioResampler(format=stream.format, layout="mono", rate=stream.rate, frame_size=stream.codec_context.frame_size or 1024)
    frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
    frame.rate, at = 16_000, sound_from * stream.rate // 16_000
    for out in [*resampler.resample(frame), *resampler.resample(None)]:
        out.pts, out.time_base = at, Fraction(1, stream.rate)
        at += out.samples
        container.mux(stream.encode(out))
    container.mux(stream.encode(None))


def video(path: Path, times_ms: list[int], samples: np.ndarray | None = None, image: Image.Image | None = None, sound_from: int = 0) -> Path:
    """Write a video whose pictures stand at these times, with sound at 16 kHz from `sound_from` samples on."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx" if path.suffix == ".webm" else "mpeg4", rate=25)
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 64, 48, "yuv420p", 4_000_000
        codec, rate = ("libopus", 48_000) if path.suffix == ".webm" else ("aac", 16_000)
        sound = container.add_stream(codec, rate=rate, layout="mono") if samples is not None else None
        for n, time in enumerate(times_ms):
            frame = av.VideoFrame.from_image(image or Image.new("RGB", (64, 48), (RED, GREEN, BLUE)[n % 3])).reformat(format="yuv420p")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            mux_sound(container, sound, samples, sound_from)
    return path


def imported(source: Path, **options) -> tuple[Manifest, dict[str, list[Event]]]:
    manifest = import_media(source, source.with_suffix(".rec.mcap"), **options)
    recording = open_recording(source.with_suffix(".rec.mcap"))
    assert recording.manifest == manifest
    assert recording.damage is None
    return manifest, {name: list(recording.events([name])) for name in manifest.streams}


def heard(streams: dict[str, list[Event]]) -> np.ndarray:
    return np.frombuffer(b"".join(event.data for event in streams["env-audio"]), "<i2")


def colours(streams: dict[str, list[Event]]) -> Iterator[str]:
    for event in streams["env-visual"]:
        pixel = Image.open(io.BytesIO(event.data)).convert("RGB").getpixel((32, 24))
        yield "RGB"[int(np.argmax(pixel))]


# Sound


def test_a_wav_at_16_khz_keeps_every_sample_and_is_filled_up_to_20_ms(tmp_path):
    samples = tone(16_000 + 5)
    manifest, streams = imported(wav(tmp_path / "hello.wav", samples), licence="CC0", source_note="a tone")
    frames = streams["env-audio"]
    assert [(event.time, event.seq, len(event.data)) for event in frames] == [(k * FRAME_NS, k, 640) for k in range(51)]
    assert heard(streams).tolist() == samples.tolist() + [0] * 315
    assert (manifest.session, manifest.end, manifest.licence, manifest.source) == ("hello", 51 * FRAME_NS, "CC0", "a tone")
    assert list(manifest.streams) == ["env-audio"]


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.opus", "a.mp3", "a.m4a"])
def test_other_sound_files_are_heard_at_the_same_moments(tmp_path, name):
    samples = np.concatenate([np.zeros(8000, "<i2"), tone(8000), np.zeros(8000, "<i2")])
    codec = {".flac": "flac", ".ogg": "libopus", ".opus": "libopus", ".mp3": "libmp3lame", ".m4a": "aac"}[Path(name).suffix]
    if codec not in av.codecs_available:
        pytest.skip(f"this build of PyAV has no {codec}")
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codec, rate=48_000 if codec == "libopus" else 16_000, layout="mono")
        mux_sound(container, stream, samples)
    _, streams = imported(tmp_path / name)
    loud = np.abs(heard(streams).astype(int)) > 2000
    assert abs(int(np.argmax(loud)) - 8000) < 60
    assert abs(len(loud) - 1 - int(np.argmax(loud[::-1])) - 16_000) < 400
    assert abs(len(loud) - 24_000) <= 1600


def test_stereo_at_another_rate_becomes_mono_at_16_khz(tmp_path):
    left = tone(48_000, 48_000)
    _, streams = imported(wav(tmp_path / "a.wav", np.stack([left, left], axis=1), 48_000))
    assert len(streams["env-audio"]) == 50
    assert np.abs(heard(streams)[200:-200].astype(int) - tone(16_000)[200:-200]).max() < 400


def test_gaps_in_sound_are_silence():
    one = np.ones(320, "<i2")
    frames = list(audio_frames([(seconds(1), one), (seconds(1.02), one), (seconds(1.1), one[:100])], zero=seconds(0.97)))
    assert [event.time for event in frames] == [k * FRAME_NS for k in range(7)]
    assert heard({"env-audio": frames}).tolist() == [0] * 480 + [1] * 640 + [0] * 960 + [1] * 100 + [0] * 60


# Video


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".mov"])
def test_a_video_gives_pictures_at_their_times_and_sound(tmp_path, suffix):
    if suffix == ".webm" and not {"libvpx", "libopus"} <= av.codecs_available:
        pytest.skip("this build of PyAV has no webm encoders")
    times = [0, 100, 250, 700, 1000, 1900, 2050]
    manifest, streams = imported(video(tmp_path / f"a{suffix}", times, tone(35_200)), fps=1000.0, name="room")
    assert [(event.time, event.seq) for event in streams["env-visual"]] == [(time * 1_000_000, n) for n, time in enumerate(times)]
    assert list(colours(streams)) == ["R", "G", "B", "R", "G", "B", "R"]
    assert len(streams["env-audio"]) == pytest.approx(110, abs=6)  # an encoder's last packet may hold padding
    assert np.abs(heard(streams)[2000:32_000].astype(int)).max() > 5000
    assert (manifest.session, list(manifest.streams)) == ("room", ["env-visual", "env-audio"])
    assert manifest.end == pytest.approx(seconds(2.2), abs=seconds(0.1))


def test_an_mp4_says_where_its_sound_ends(tmp_path):
    _, streams = imported(video(tmp_path / "a.mp4", [0], tone(32_000)))
    assert len(streams["env-audio"]) == 100


def test_sound_that_stops_for_a_while_goes_on_at_its_time(tmp_path):
    with av.open(str(tmp_path / "a.mka"), "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for begin in (0, 48_000):
            for start in range(0, 16_000, 1600):
                frame = av.AudioFrame.from_ndarray(tone(16_000)[None, start : start + 1600], format="s16", layout="mono")
                frame.rate, frame.pts, frame.time_base = 16_000, begin + start, Fraction(1, 16_000)
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    loud = np.flatnonzero(np.abs(heard(imported(tmp_path / "a.mka")[1])) > 2000)
    assert [(int(loud[n]), int(loud[n + 1])) for n in np.flatnonzero(np.diff(loud) > 1600)] == [
        (pytest.approx(16_000, abs=20), pytest.approx(48_000, abs=20))
    ]


def test_two_pictures_a_second_are_kept_by_default_the_first_of_each_half(tmp_path):
    manifest, streams = imported(video(tmp_path / "a.mp4", [0, 100, 499, 500, 600, 1700, 1800, 2000]))
    assert [event.time // 1_000_000 for event in streams["env-visual"]] == [0, 500, 1700, 2000]
    assert manifest.notes == {"left_out": ["4 pictures: at most 2 a second are kept; --fps keeps more"]}


def test_tracks_beyond_the_first_of_a_kind_are_named(tmp_path):
    with av.open(str(tmp_path / "a.mka"), "w", format="matroska") as container:
        voices = [container.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(2)]
        for n, stream in enumerate(voices):
            mux_sound(container, stream, np.full(320, n + 1, "<i2"))
    manifest, streams = imported(tmp_path / "a.mka")
    assert heard(streams).tolist() == [1] * 320
    assert manifest.notes == {"left_out": ["a track of audio: the first sound and the first video are taken"]}


def test_a_session_begins_with_its_first_picture_or_sound(tmp_path):
    late_sound = imported(video(tmp_path / "a.mkv", [3000, 3500, 4000], tone(16_000), sound_from=56_000))[1]
    assert [event.time // 1_000_000 for event in late_sound["env-visual"]] == [0, 500, 1000]
    loud = np.abs(heard(late_sound).astype(int)) > 2000
    assert int(np.argmax(loud)) == pytest.approx(8000, abs=400)
    early_sound = imported(video(tmp_path / "b.mkv", [4000, 4500], tone(32_000), sound_from=56_000))[1]
    assert [event.time // 1_000_000 for event in early_sound["env-visual"]] == [pytest.approx(500, abs=25), pytest.approx(1000, abs=25)]


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [
        ((1, 0, 0, 0, 1, 0, 0, 0, 1), (0, 0)),
        ((0, 1, 0, -1, 0, 0, 48, 0, 1), (1, 0)),  # a quarter clockwise: what stood left above, stands right above
        ((-1, 0, 0, 0, -1, 0, 64, 48, 1), (1, 1)),
        ((0, -1, 0, 1, 0, 0, 0, 64, 1), (0, 1)),
    ],
)
def test_a_turned_video_is_seen_upright(tmp_path, matrix, corner):
    image = Image.new("RGB", (64, 48), BLUE)
    image.paste(RED, (0, 0, 24, 16))
    path = video(tmp_path / "phone.mp4", [0, 40], image=image)
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44  # where the track header keeps its display matrix
    fixed = [value << (30 if n % 3 == 2 else 16) for n, value in enumerate(matrix)]
    content[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in fixed)
    path.write_bytes(content)
    seen = Image.open(io.BytesIO(imported(path)[1]["env-visual"][0].data))
    assert seen.size == ((64, 48) if matrix[0] else (48, 64))
    for right in (0, 1):
        for below in (0, 1):
            red, _, blue = seen.getpixel((right * (seen.width - 9) + 4, below * (seen.height - 9) + 4))
            assert (red > blue) == ((right, below) == corner)


def test_wide_pictures_are_scaled_down_and_small_ones_left(tmp_path):
    path = video(tmp_path / "a.mp4", [0])
    assert Image.open(io.BytesIO(imported(path, width=32)[1]["env-visual"][0].data)).size == (32, 24)
    assert Image.open(io.BytesIO(imported(path, width=640)[1]["env-visual"][0].data)).size == (64, 48)


# Folders


def test_a_folder_of_sound_and_pictures_named_by_seconds(tmp_path):
    folder = tmp_path / "visit"
    folder.mkdir()
    wav(folder / "mic.wav", tone(32_000))
    files = {0.25: picture(RED), 1.5: picture(GREEN, (20, 10)), 12.5: picture(BLUE)}
    for time, content in files.items():
        (folder / f"{time}.jpg").write_bytes(content)
    (folder / "notes.txt").write_text("not looked at")
    manifest, streams = imported(folder)
    assert manifest.notes == {"left_out": ["1 other file: notes.txt"]}
    assert [(event.time, event.data) for event in streams["env-visual"]] == [(seconds(time), content) for time, content in files.items()]
    assert heard(streams).tolist() == tone(32_000).tolist()
    assert (manifest.session, manifest.end) == ("visit", seconds(12.5) + 1)
    assert manifest.streams["env-visual"] == StreamInfo("image", format="jpeg", events=3, digest=manifest.streams["env-visual"].digest)


def test_pictures_named_by_index_stand_at_fps_from_the_first_one_on(tmp_path):
    for n in (1, 2, 10):
        (tmp_path / f"{n:03}.png").write_bytes(picture(RED, form="PNG"))
    assert [event.time for event in imported(tmp_path)[1]["env-visual"]] == [0, seconds(0.5), seconds(4.5)]
    assert [event.time for event in imported(tmp_path, fps=10)[1]["env-visual"]] == [0, seconds(0.1), seconds(0.9)]
    assert [event.time for event in imported(tmp_path, fps=3)[1]["env-visual"]] == [0, 333_333_333, seconds(3)]
    assert list(colours(imported(tmp_path)[1])) == ["R", "R", "R"]


def test_of_several_sound_files_the_one_called_env_audio_is_taken(tmp_path):
    wav(tmp_path / "env-audio.wav", tone(320))
    wav(tmp_path / "out-stream.wav", tone(999))
    assert len(imported(tmp_path)[1]["env-audio"]) == 1
    (tmp_path / "env-audio.wav").rename(tmp_path / "mic.wav")
    with pytest.raises(RecordingError, match=r"holds 2 sound files \(mic.wav, out-stream.wav\); leave one, or call it env-audio"):
        imported(tmp_path)


def test_a_picture_that_a_camera_laid_on_its_side_is_turned(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "1.0.jpg").write_bytes(picture(RED, exif=exif))
    assert Image.open(io.BytesIO(imported(tmp_path)[1]["env-visual"][0].data)).size == (48, 64)


# What cannot be imported


def cut_video(path: Path) -> None:
    content = video(path, [0, 500]).read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("none.mp4", lambda path: None, "there is no such file or folder"),
        ("text.mp4", lambda path: path.write_text("hello " * 99), "cannot be decoded as sound or video"),
        ("empty.wav", lambda path: path.write_bytes(b""), "cannot be decoded as sound or video"),
        ("cut.mp4", cut_video, "cannot be decoded as sound or video"),
        ("silent.wav", lambda path: wav(path, tone(0)), "holds neither sound nor pictures that can be decoded"),
        ("a.mcap", lambda path: import_media(wav(path.with_suffix(".wav"), tone(320)), path), "is a recording already; replay it as it is"),
        ("b.mcap", lambda path: path.write_bytes(b""), "is no MCAP file, or damaged at its start; name another file"),
        ("folder", lambda path: path.mkdir(), "a folder with neither sound (.wav,"),
    ],
)
def test_what_is_no_media_is_refused_in_one_sentence_and_leaves_nothing(tmp_path, name, make, words):
    make(tmp_path / name)
    with pytest.raises(RecordingError) as caught:
        import_media(tmp_path / name, tmp_path / "out.mcap")
    assert str(caught.value).startswith(str(tmp_path / name))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("1.5.jpg", picture(RED)[:300], "is no picture that can be decoded"),
        ("1.5.jpg", b"RIFF" * 9, "is no picture that can be decoded"),
        ("cat.jpg", picture(RED), "a picture's name is its time in seconds (12.5.jpg) or its index (0001.jpg); rename it"),
    ],
)
def test_a_picture_that_cannot_be_used_is_named(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        import_media(tmp_path, tmp_path / "out.mcap")
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert words in str(caught.value)
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("options", [{"fps": 0}, {"fps": -1.0}, {"fps": float("nan")}, {"width": 0}, {"quality": 0}])
def test_options_without_meaning_are_refused(tmp_path, options):
    with pytest.raises(RecordingError, match="wants"):
        import_media(wav(tmp_path / "a.wav", tone(320)), tmp_path / "out.mcap", **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"unit_s": 1.0}, "is no folder of numbered WAV files, so --unit has no meaning; leave it out"),
        ({"rate_hz": 8000}, "is no ROS 2 bag, so --rate has no meaning; leave it out"),
        ({"topics": ["/audio"]}, "is no ROS 2 bag, so --topic has no meaning; leave it out"),
        ({"unit_s": 0.0}, "wants a unit to be 0.02 to 3600 seconds, got 0.0"),
        ({"unit_s": float("nan")}, "wants a unit to be 0.02 to 3600 seconds, got nan"),
        ({"rate_hz": 16}, "wants a rate of 1000 to 384000 samples a second, got 16"),
    ],
)
def test_options_for_something_else_are_refused(tmp_path, options, words):
    path = wav(tmp_path / "a.wav", tone(320))
    with pytest.raises(RecordingError) as caught:
        import_media(path, tmp_path / "out.mcap", **options)
    assert str(caught.value) == f"{path}: {words}"


def test_of_a_lerobot_data_set_a_video_is_named(tmp_path):
    for name in ("meta/info.json", "data/chunk-000/episode_000000.parquet", "videos/chunk-000/top/episode_000000.mp4"):
        (tmp_path / "set" / name).parent.mkdir(parents=True)
        (tmp_path / "set" / name).write_bytes(b"")
    words = f"of a LeRobot data set only videos are imported: name one, such as {tmp_path}/set/videos/chunk-000/top/episode_000000.mp4"
    with pytest.raises(RecordingError, match=words):
        import_media(tmp_path / "set", tmp_path / "out.mcap")


def test_importing_twice_gives_the_same_recording(tmp_path):
    path = video(tmp_path / "a.mp4", [0, 500, 1000], tone(16_000))
    first, second = import_media(path, tmp_path / "1.mcap"), import_media(path, tmp_path / "2.mcap")
    assert first == second
    assert first.streams["env-audio"].digest is not None
    assert (tmp_path / "1.mcap").read_bytes() == (tmp_path / "2.mcap").read_bytes()
    assert first.end == pytest.approx(seconds(1.04), abs=1)
