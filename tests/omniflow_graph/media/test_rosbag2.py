"""A ROS 2 bag becomes a recording: pictures, sound and text in the order in which they were logged."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from mcap.reader import make_reader
from PIL import Image

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import Stamps, seconds
from omniflow_graph.media.importing import import_media
from omniflow_graph.recording import open_recording
from tests.omniflow_graph.media.bags import BEGAN, bag, compressed, header, raw
from tests.omniflow_graph.media.test_importing import BLUE, GREEN, RED, colours, heard, imported, mux_sound, picture, tone

CAMERA = "/camera/image/compressed"
SECOND = seconds(1)


def speech(samples, *, of=1600, rate=16_000, begin=0, topic="/audio"):
    """Cut samples into messages, logged one after another without a break."""
    return [(begin + n * SECOND // rate, topic, "AudioData", {"data": samples[n : n + of].tobytes()}) for n in range(0, len(samples), of)]


def info(**said):
    return (
        0,
        "/audio_info",
        "AudioInfo",
        {"channels": 1, "sample_rate": 16_000, "sample_format": "S16LE", "bitrate": 0, "coding_format": "wave", **said},
    )


def test_pictures_sound_and_text_come_in_at_their_log_times_and_keep_their_stamps(tmp_path):
    shots = [(seconds(t), CAMERA, "CompressedImage", compressed(seconds(t) - 30_000_000, picture(c))) for t, c in ((0, RED), (0.5, GREEN), (1, BLUE))]
    words = [(seconds(0.7), "/chat/said", "String", {"data": "hello"}), (seconds(0.9), "/chat/said", "String", {"data": "你好"})]
    manifest, streams = imported(bag(tmp_path / "visit.mcap", *shots, *speech(tone(16_000)), *words))
    lag = 30_000_000  # the session begins when the first message was captured
    assert [(e.time, e.seq, e.data, e.stamps) for e in streams["env-visual"]] == [
        (seconds(t) + lag, n, picture(c), Stamps(seconds(t), seconds(t) + lag)) for n, (t, c) in enumerate(((0, RED), (0.5, GREEN), (1, BLUE)))
    ]
    assert heard(streams).tolist() == [0] * 480 + tone(16_000).tolist() + [0] * 160
    assert [(e.time, e.data) for e in streams["chat/said"]] == [(seconds(0.7) + lag, "hello"), (seconds(0.9) + lag, "你好")]
    assert (manifest.session, manifest.end, manifest.notes) == ("visit", seconds(1.04), {"left_out": []})
    assert [(name, info.kind, info.role) for name, info in manifest.streams.items()] == [
        ("env-visual", "image", "in"),
        ("env-audio", "audio", "in"),
        ("chat/said", "text", "in"),
    ]


def test_log_time_orders_and_capture_time_is_the_publish_time_of_ours(tmp_path):
    shots = [(seconds(t), CAMERA, "CompressedImage", compressed(seconds(captured), picture(RED))) for t, captured in ((0, 0), (1, 0.9), (2, 0.8))]
    imported(bag(tmp_path / "a.mcap", *reversed(shots)))
    with open(tmp_path / "a.rec.mcap", "rb") as file:
        times = [(message.log_time, message.publish_time) for _, _, message in make_reader(file).iter_messages(topics=["/env-visual"])]
    assert times == [(0, 0), (seconds(1), seconds(0.9)), (seconds(2), seconds(0.8))]


def test_png_becomes_jpeg_and_wide_pictures_are_scaled_down(tmp_path):
    path = bag(tmp_path / "a.mcap", (0, CAMERA, "CompressedImage", compressed(0, picture(GREEN, form="PNG"), "rgb8; png compressed bgr8")))
    streams = imported(path, width=48)[1]
    shown = Image.open(io.BytesIO(streams["env-visual"][0].data))
    assert (shown.format, shown.size, list(colours(streams))) == ("JPEG", (48, 36), ["G"])


@pytest.mark.parametrize(
    ("encoding", "pixel", "seen"),
    [("rgb8", (200, 100, 0), (200, 100, 0)), ("bgr8", (0, 100, 200), (200, 100, 0)), ("mono8", (90,), (90, 90, 90))],
)
def test_raw_pictures_are_encoded_whatever_fills_up_their_lines(tmp_path, encoding, pixel, seen):
    line = bytes(pixel) * 16 + b"\xee" * 5
    path = bag(tmp_path / "a.mcap", (0, "/camera/image_raw", "Image", raw(0, line * 8, 16, 8, encoding)))
    shown = Image.open(io.BytesIO(imported(path)[1]["env-visual"][0].data)).convert("RGB")
    assert shown.size == (16, 8)
    assert np.abs(np.asarray(shown).astype(int) - seen).max() <= 4


def test_two_pictures_a_second_are_kept_by_default(tmp_path):
    shots = [(seconds(n / 10), CAMERA, "CompressedImage", compressed(seconds(n / 10), picture(RED, (8, 8)))) for n in range(20)]
    manifest, streams = imported(bag(tmp_path / "a.mcap", *shots))
    assert [e.time for e in streams["env-visual"]] == [0, seconds(0.5), seconds(1), seconds(1.5)]
    assert manifest.notes["left_out"] == ["16 pictures: at most 2 a second are kept; --fps keeps more"]
    assert len(imported(tmp_path / "a.mcap", fps=100)[1]["env-visual"]) == 20


def test_stamps_of_another_clock_are_left_out(tmp_path):
    simulated = {**compressed(0, picture(RED)), "header": {"stamp": {"sec": 12, "nanosec": 5}, "frame_id": ""}}
    manifest, streams = imported(bag(tmp_path / "a.mcap", (0, CAMERA, "CompressedImage", simulated)))
    assert [(e.time, e.stamps) for e in streams["env-visual"]] == [(0, None)]
    assert manifest.notes["left_out"] == [f"1 stamp of {CAMERA}: more than 10 s from the log time"]


# Sound


def test_a_late_message_is_no_gap_and_a_lost_second_is_silence(tmp_path):
    pieces = speech(np.arange(1, 8001, dtype="<i2"))
    jittering = [(time + 90_000_000 * (n % 2), *rest) for n, (time, *rest) in enumerate(pieces[:3])]
    later = [(time + SECOND, *rest) for time, *rest in pieces[3:]]
    manifest, streams = imported(bag(tmp_path / "a.mcap", *jittering, *later))
    wanted = np.arange(1, 8001, dtype="<i2")
    assert heard(streams).tolist() == [*wanted[:4800], *[0] * 16_000, *wanted[4800:]]
    assert manifest.notes["left_out"] == ["sound of /audio in 1 gap, 1.00 s in all, where none came: silence"]


def test_samples_that_are_cut_in_two_by_messages_are_joined(tmp_path):
    whole = tone(3200).tobytes()
    parts = [(n, "/audio", "AudioData", {"data": part}) for n, part in enumerate((whole[:999], whole[999:2000], whole[2000:]))]
    assert heard(imported(bag(tmp_path / "a.mcap", *parts))[1]).tobytes() == whole


@pytest.mark.parametrize("told", [True, False])
def test_sound_at_another_rate_is_resampled_as_the_bag_or_the_user_says(tmp_path, told):
    pieces = speech(tone(48_000, 48_000), of=480, rate=48_000)
    path = bag(tmp_path / "a.mcap", *([info(sample_rate=48_000)] if told else []), *pieces)
    streams = imported(path, **({} if told else {"rate_hz": 48_000}))[1]
    assert len(heard(streams)) == 16_000
    assert np.abs(heard(streams)[200:-200].astype(int) - tone(16_000)[200:-200]).max() < 400


def test_stereo_becomes_mono(tmp_path):
    both = np.stack([np.full(3200, 100, "<i2"), np.full(3200, 300, "<i2")], axis=1)
    streams = imported(bag(tmp_path / "a.mcap", info(channels=2), *speech(both)))[1]
    assert heard(streams).tolist() == [200] * 3200


@pytest.mark.parametrize("told", [True, False])
def test_mp3_is_decoded(tmp_path, told):
    av = pytest.importorskip("av")
    if "libmp3lame" not in av.codecs_available:
        pytest.skip("this build of PyAV has no libmp3lame")
    with av.open(str(tmp_path / "a.mp3"), "w") as container:
        stream = container.add_stream("libmp3lame", rate=16_000, layout="mono")
        mux_sound(container, stream, np.concatenate([np.zeros(8000, "<i2"), tone(16_000)]))
    with av.open(str(tmp_path / "a.mp3")) as container:
        packets = [bytes(packet) for packet in container.demux() if packet.size]
    pieces = [(n * 36_000_000, "/audio", "AudioData", {"data": packet}) for n, packet in enumerate(packets)]
    loud = np.abs(heard(imported(bag(tmp_path / "a.mcap", *([info(coding_format="mp3")] if told else []), *pieces))[1]).astype(int)) > 2000
    assert abs(int(np.argmax(loud)) - 8000) < 2000
    assert 23_000 < len(loud) < 28_000


def test_a_wrong_rate_is_noticed(tmp_path):
    path = bag(tmp_path / "a.mcap", *speech(tone(5 * 44_100, 44_100), rate=44_100))
    with pytest.raises(RecordingError, match=r"topic /audio holds 13.8 s of sound at 16000 Hz in 5.0 s; say its true rate, such as --rate 44100"):
        import_media(path, tmp_path / "out.mcap")
    assert not list(tmp_path.glob("out*"))


# Topics


def test_what_is_not_taken_is_named(tmp_path):
    path = bag(
        tmp_path / "a.mcap",
        (0, "/camera/image", "Image", raw(0, bytes(12), 2, 2)),
        (0, CAMERA, "CompressedImage", compressed(0, picture(RED))),
        (0, "/depth/image/compressedDepth", "CompressedImage", compressed(0, b"...")),
        (0, "/joints", "Int32", {"data": 1}),
        (1, "/joints", "Int32", {"data": 2}),
    )
    assert imported(path)[0].notes["left_out"] == [
        "topic /camera/image (sensor_msgs/msg/Image, 1 message)",
        "topic /depth/image/compressedDepth (sensor_msgs/msg/CompressedImage, 1 message)",
        "topic /joints (std_msgs/msg/Int32, 2 messages)",
    ]


@pytest.fixture
def several(tmp_path):
    return bag(
        tmp_path / "several.mcap",
        (0, "/left", "CompressedImage", compressed(0, picture(RED))),
        (0, "/right", "CompressedImage", compressed(0, picture(BLUE))),
        (0, "/asr", "String", {"data": "a"}),
        (0, "/tts", "String", {"data": "b"}),
        *speech(tone(320)),
    )


def test_of_several_topics_of_a_kind_one_is_named(several, tmp_path):
    manifest, streams = imported(several, topics=["/right"])
    assert list(colours(streams)) == ["B"]
    assert list(manifest.streams) == ["env-visual", "env-audio", "asr", "tts"]
    assert manifest.notes["left_out"] == ["topic /left (sensor_msgs/msg/CompressedImage, 1 message)"]
    assert list(imported(several, topics=["/left", "/tts"])[0].streams) == ["env-visual", "env-audio", "tts"]
    with pytest.raises(RecordingError, match=r"has 2 topics of pictures \(/left, /right\); choose one by --topic NAME"):
        import_media(several, tmp_path / "out.mcap")
    with pytest.raises(RecordingError, match=r"has no topic '/up' that can be imported; wants one of: /asr, /audio, /left, /right, /tts"):
        import_media(several, tmp_path / "out.mcap", topics=["/up"])


# Bags in a folder


def folder(path, names, storage="mcap"):
    path.mkdir()
    listed = "".join(f"\n    - {name}" for name in names)
    (path / "metadata.yaml").write_text(
        f"rosbag2_bagfile_information:\n  version: 9\n  storage_identifier: {storage}\n  relative_file_paths:{listed}\n"
    )
    return path


def test_a_bag_in_several_files_is_read_as_one(tmp_path):
    path = folder(tmp_path / "drive", ["drive_0.mcap", "drive_1.mcap"])
    whole = speech(tone(3200), of=160)
    bag(path / "drive_0.mcap", *whole[:10])
    bag(path / "drive_1.mcap", *whole[10:], (5, "/said", "String", {"data": "early"}))
    manifest, streams = imported(path)
    assert (manifest.session, heard(streams).tolist(), [e.time for e in streams["said"]]) == ("drive", tone(3200).tolist(), [5])


@pytest.mark.parametrize(
    ("names", "storage", "words"),
    [
        (["a.db3"], "sqlite3", "drive: is stored as sqlite3 (a.db3); wants plain .mcap: `ros2 bag convert` writes that"),
        (["a.mcap.zstd"], "mcap", "drive: is stored as mcap (a.mcap.zstd); wants plain .mcap"),
        (["a.mcap"], "mcap", "drive/a.mcap: is missing, and metadata.yaml names it; put it back"),
        ([], "[", "drive/metadata.yaml: cannot be read ("),
    ],
)
def test_a_folder_that_cannot_be_read_says_the_way_out(tmp_path, names, storage, words):
    with pytest.raises(RecordingError) as caught:
        import_media(folder(tmp_path / "drive", names, storage), tmp_path / "out.mcap")
    assert str(caught.value).startswith(f"{tmp_path}/{words}")


# What cannot be imported


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([(0, "/n", "Int32", {"data": 1})], "holds std_msgs/msg/Int32"),
        ([], "wants sensor_msgs/msg/CompressedImage, sensor_msgs/msg/Image, audio_common_msgs/msg/AudioData or std_msgs/msg/String"),
        ([(7, CAMERA, "CompressedImage", compressed(0, b"???"))], f"topic {CAMERA}, message at {BEGAN + 7} ns: is no picture that can be decoded"),
        (
            [(7, "/i", "Image", raw(0, bytes(16), 2, 2, "16UC1"))],
            "is a picture of encoding '16UC1'; wants rgb8, bgr8, mono8, or a CompressedImage topic",
        ),
        (
            [(7, "/i", "Image", raw(0, bytes(11), 2, 2, step=6))],
            "11 bytes do not make a picture of 2 x 2 rgb8, 6 bytes a line; cut the bag before it",
        ),
        ([info(sample_format="F32LE"), *speech(tone(320))], "topic /audio holds F32LE samples; wants S16LE, or mp3"),
        ([*speech(tone(320)), *speech(tone(320), begin=seconds(90_000))], "the clock jumps by 90000 s in /audio; cut the bag where it does"),
        ([*speech(tone(320)), (seconds(90_000), "/t", "String", {"data": ""})], "topics begin 90000 s apart; cut the bag where its clock jumps"),
    ],
)
def test_a_bag_that_cannot_be_used_is_refused_in_one_sentence_and_leaves_nothing(tmp_path, messages, words):
    with pytest.raises(RecordingError) as caught:
        import_media(bag(tmp_path / "a.mcap", *messages), tmp_path / "out.mcap")
    assert str(caught.value).startswith(str(tmp_path / "a.mcap"))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("out*"))


def test_a_cut_or_damaged_bag_is_refused_with_the_way_out(tmp_path):
    path = bag(tmp_path / "a.mcap", *speech(tone(16_000)))
    whole = path.read_bytes()
    for content in (whole[:-2000], whole[:400] + bytes(64) + whole[464:], whole[:100]):
        path.write_bytes(content)
        with pytest.raises(RecordingError, match=r"a.mcap: (is damaged \(.*\)|has no index); `mcap recover"):
            import_media(path, tmp_path / "out.mcap")
        assert not list(tmp_path.glob("out*"))


def test_without_the_extra_the_way_to_it_is_said(tmp_path, monkeypatch):
    path = bag(tmp_path / "a.mcap", *speech(tone(320)))
    monkeypatch.setitem(sys.modules, "mcap_ros2.decoder", None)
    with pytest.raises(RecordingError, match=r"a.mcap: is a ROS 2 bag, which wants `pip install 'omniflow-graph\[ros2\]'`"):
        import_media(path, tmp_path / "out.mcap")


def test_an_mcap_file_of_another_kind_is_named(tmp_path):
    from mcap.writer import Writer

    with open(tmp_path / "a.mcap", "wb") as file:
        other = Writer(file)
        other.start(profile="px4", library="drone")
        other.finish()
    with pytest.raises(RecordingError, match=r"is an MCAP file of another kind \(profile 'px4', written by 'drone'\); wants one of ROS 2"):
        import_media(tmp_path / "a.mcap", tmp_path / "out.mcap")


def test_what_was_imported_is_a_recording_like_any_other(tmp_path):
    path = bag(tmp_path / "a.mcap", *speech(tone(16_000)), (0, "/said", "String", {"data": header(0)["frame_id"]}))
    import_media(path, tmp_path / "out.mcap")
    session = open_recording(tmp_path / "out.mcap").session()
    assert (list(session.sources), session.end) == (["env-audio", "said"], seconds(1))
