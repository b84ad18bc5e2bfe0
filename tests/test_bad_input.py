"""Whatever file a command is given, it uses it, or says in one line what is wrong with it, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from omniflow_graph import Event, seconds
from omniflow_graph.recording import Manifest, RecordingWriter, StreamInfo, open_recording, write_recording
from omniflow_graph.recording.framing import CHUNK, MAGIC
from omniflow_graph.trace.stored import load_trace, save_trace
from tests.foreign import AUDIO, JSON, MANIFEST, PROTOBUF, ROS, SILENCE, mcap, png
from tests.omniflow_graph.commands.calls import Shell
from tests.omniflow_graph.recording.mutations import joined, of_file
from tests.operators.commands.rooms import ASK, FAST, STREAMS, answered, room, script

READERS = (["inspect", "X"], ["replay", "X", *FAST], ["export", "X", "out"], ["export", "X", "out.mp4"])
SOUND = Path(__file__).parent / "data" / "cards_001.wav"
TRACE_READERS = (["why", "X"], ["diff", "X", "kept"], ["diff", "kept", "X"])


@pytest.fixture
def omniflow(capsys) -> Shell:
    """Call `omniflow` as a shell does."""
    return Shell(capsys)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """Make a folder with a recording, a script, a run that was kept, and a sound."""
    folder = tmp_path_factory.mktemp("prepared")
    recording = room(folder, end=3.5)
    (folder / "kept").mkdir()
    save_trace(answered(recording, script(folder)), folder / "kept" / "trace.mcap", recording=recording)
    shutil.copy(SOUND, folder / "cards.wav")
    return folder


@pytest.fixture
def here(prepared, tmp_path, monkeypatch) -> Path:
    """Work in a copy of it."""
    monkeypatch.chdir(shutil.copytree(prepared, tmp_path / "here"))
    return tmp_path / "here"


def given(command: list[str], name: str) -> list[str]:
    return [name if word == "X" else word for word in command]


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def bound(path: Path) -> None:
    """Make a socket, whose name cannot be long."""
    path = path.relative_to(Path.cwd())
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


# What is no recording, for every command that reads one

NO_RECORDINGS = [
    ("none.mcap", lambda path: None, "there is no such file"),
    ("empty.mcap", lambda path: path.write_bytes(b""), "is empty"),
    ("short.mcap", lambda path: path.write_bytes(MAGIC[:3]), "is no recording (not an MCAP file)"),
    ("magic.mcap", lambda path: path.write_bytes(MAGIC), "has no omniflow manifest"),
    ("zeros.mcap", lambda path: path.write_bytes(MAGIC + bytes(10**6)), "has no omniflow manifest"),
    ("noise.mcap", lambda path: path.write_bytes(MAGIC + noise(9999)), "has no omniflow manifest"),
    ("talk.wav", lambda path: path.write_bytes(b"RIFF" + noise(999)), "is no recording (not an MCAP file); turn media into one"),
    ("pipe.mcap", os.mkfifo, "is no file"),
    ("pipes", lambda path: [path.mkdir(), os.mkfifo(path / "trace.mcap")], "is no file"),
    ("socket.mcap", bound, "is no file"),
    ("device.mcap", lambda path: path.symlink_to("/dev/zero"), "is no file"),
    ("folder", lambda path: path.mkdir(), "a folder without a"),
    ("x" * 300 + ".mcap", lambda path: None, "ile name too long"),
    ("json.mcap", lambda path: mcap(path, JSON), "has no omniflow manifest, so another program wrote it"),
    ("ros.mcap", lambda path: mcap(path, ROS), "has no omniflow manifest, so another program wrote it"),
    ("protobuf.mcap", lambda path: mcap(path, PROTOBUF), "has no omniflow manifest, so another program wrote it"),
    ("manifest.mcap", lambda path: mcap(path, manifest="{"), "its manifest cannot be read"),
    ("deep.mcap", lambda path: mcap(path, manifest="[" * 99_999), "its manifest cannot be read"),
    ("end.mcap", lambda path: mcap(path, manifest=MANIFEST.replace("1000000000", str(2**63))), f"its end is {2**63}; wants"),
]


@pytest.mark.parametrize(("name", "make", "words"), NO_RECORDINGS, ids=[name[:20] for name, _, _ in NO_RECORDINGS])
def test_what_is_no_recording_is_refused_by_all_that_read_one(omniflow, here, name, make, words):
    make(here / name)
    before = files(here)
    for command in READERS + TRACE_READERS:
        assert words in omniflow.refused(*given(command, name))
    assert files(here) == before


# Recordings whose messages cannot be meant

STRANGE = [
    ("ros", {"schema": "std_msgs/msg/String", "encoding": "cdr"}, "holds std_msgs/msg/String as 'cdr' on '/env-audio', wants foxglove.RawAudio"),
    ("json", {"encoding": "json"}, "holds foxglove.RawAudio as 'json' on '/env-audio', wants foxglove.RawAudio as 'protobuf'"),
    ("other", {"schema": "foxglove.CompressedImage"}, "holds foxglove.CompressedImage as 'protobuf' on '/env-audio', wants foxglove.RawAudio"),
    ("garbage", {"payload": b"\xff\xff\xff"}, "a message on /env-audio at 0 ns cannot be decoded"),
    ("stereo", {"payload": b"\x2d\x02\0\0\0"}, "cannot be decoded (sound at 0 Hz, 2 channels, ''; wants 16000 Hz, 1 channel, 'pcm-s16')"),
    ("rate", {"payload": b"\x25\x80\xbb\0\0"}, "cannot be decoded (sound at 48000 Hz, 0 channels, ''; wants 16000 Hz, 1 channel"),
    ("odd", {"payload": b"\x12\x03abc\x1a\x07pcm-s16"}, "cannot be decoded (3 bytes of 16-bit samples"),
]


@pytest.mark.parametrize(("changes", "words"), [case[1:] for case in STRANGE], ids=[case[0] for case in STRANGE])
def test_our_topics_with_something_else_on_them_are_refused(omniflow, here, changes, words):
    mcap(here / "a.mcap", SILENCE._replace(**changes), manifest=MANIFEST)
    before = files(here)
    for command in READERS:
        assert words in omniflow.refused(*given(command, "a.mcap"))
    assert files(here) == before


@pytest.mark.parametrize("time", [2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_times_that_no_session_reaches_are_refused(omniflow, here, time):
    mcap(here / "a.mcap", SILENCE, times=(0, time), manifest=MANIFEST)
    for command in READERS:
        refusal = omniflow.refused(*given(command, "a.mcap"))
        assert f"a.mcap: a message on /env-audio has time {time} ns, and a session lasts up to" in refusal


def test_times_that_go_back_are_sorted_where_that_is_said_and_damage_where_it_is_not(omniflow, here):
    back = SILENCE, *(SILENCE._replace(name=f"/env-{kind}", schema="foxglove.CompressedImage") for kind in ("visual",))
    mcap(here / "said.mcap", *back, times=(5, 7), manifest=MANIFEST.replace('"ordered": true', '"ordered": false'))
    mcap(here / "not.mcap", *back, times=(5, 7), manifest=MANIFEST)
    assert [(e.time, e.stream) for e in open_recording("said.mcap").events()] == [
        (time, stream) for time in (5, 7) for stream in ("env-visual", "env-audio")
    ]
    assert omniflow("inspect", "said.mcap", "--json").json["damage"] is None
    found = omniflow("inspect", "not.mcap", "--json").json
    assert "its messages are out of order" in found["damage"]
    assert found["streams"]["env-audio"]["events"] == 2


@pytest.mark.parametrize("payload", ["loud", None, {"response": 1}, 7])
def test_a_playback_that_is_none_is_refused(omniflow, here, payload):
    streams = {**STREAMS, "playback": StreamInfo("value")}
    write_recording("a.mcap", Manifest("a", streams=streams), [Event(seconds(0.5), "playback", 3, payload)])
    for command in (["replay", "a.mcap"], ["replay", "a.mcap", "room.mcap"], ["check", "--accept", "a.mcap"]):
        refusal = omniflow.refused(*command, *FAST)
        assert "stream 'playback', event 3 at 0.500 s: wants what was heard of an answer (response, epoch, played_samples, time), got" in refusal
    assert omniflow("replay", "a.mcap", *FAST, "--playback", "simulated").code == 0


def test_pictures_that_cannot_be_seen_are_said(omniflow, here):
    seen = [Event(seconds(n), "env-visual", n, picture) for n, picture in enumerate((THREADBARE, png(10_000, 10_000), b"?", THREADBARE))]
    write_recording("a.mcap", Manifest("a", streams=STREAMS), seen[:2])
    write_recording("b.mcap", Manifest("b", streams=STREAMS), seen)
    words = "no JPEG or PNG, damaged, or of more than 50000000 pixels"
    code, _, err = omniflow("replay", "a.mcap", "b.mcap", "--script", "script.yaml", "--model", "scripted")
    assert (code, err.splitlines()) == (0, [
        f"omniflow: warning: session 'a': a picture on 'env-visual' could not be decoded, at 1.000 s: {words}",
        f"omniflow: warning: session 'b': 2 pictures on 'env-visual' could not be decoded, the first at 1.000 s: {words}",
    ])  # fmt: skip


def test_a_session_that_is_absurdly_long_is_not_run(omniflow, here):
    write_recording("a.mcap", Manifest("a", streams=STREAMS), [LOUD, LOUD._replace(time=2**53 - 1, seq=1)])
    before = files(here)
    for command in (["replay"], ["replay", "room.mcap"], ["check", "--accept"]):
        refusal = omniflow.refused(*command, "a.mcap", *FAST)
        assert "a.mcap: stream 'env-audio' goes on at 9007199.255 s, 9007199 s after anything before it, more than a day; write it" in refusal
    assert files(here) == before


def test_a_graph_that_reads_other_streams_is_told_which_there_are(omniflow, here):
    write_recording("mic.mcap", Manifest("a", streams={"mic": StreamInfo("audio", rate_hz=16_000)}), [Event(0, "mic", 0, bytes(640))])
    assert "holds mic, and the graph reads env-visual, env-audio" in omniflow.refused("replay", "mic.mcap", *FAST)


BOMB = "- [&a0 [x], " + ", ".join(f"&a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)) + "]"  # written out, 9 to the power of 29
SMALL_FILES = [
    (["replay", "room.mcap", "--script", "X"], os.mkfifo, "X: is no file; name one"),
    (["replay", "room.mcap", "--script", "X"], lambda path: path.symlink_to("/dev/zero"), "X: is no file; name one"),
    (["replay", "room.mcap", "--script", "X"], lambda path: path.write_bytes(b" " * (2 << 20)), "X: is longer than 1048576 bytes; name another file"),
    (["replay", "room.mcap", "--script", "X"], lambda path: path.write_text("[" * 9999), "script X: holds lists in lists, deeper than any script"),
    (
        ["replay", "room.mcap", "--script", "X"],
        lambda path: path.write_text(BOMB),
        "rule 1: wants exactly 'when' and 'say', got [['x'], [['x'], ['x'], ",
    ),
    (["check", "X.mcap"], lambda path: os.mkfifo(path.with_name("X.expected.json")), "X.expected.json: is no file; name one"),
    (["selftest", "X"], os.mkfifo, "X: is no file; name one"),
]


@pytest.mark.parametrize(("command", "make", "words"), SMALL_FILES)
def test_what_is_no_small_file_is_refused_where_one_is_wanted(omniflow, here, command, make, words):
    shutil.copy("room.mcap", "X.mcap")
    make(here / "X")
    before = files(here)
    assert words in omniflow.refused(*command, *(FAST if command[0] != "selftest" else []))
    assert files(here) == before


def test_numbers_that_do_not_increase_are_refused_by_the_recording(omniflow, here):
    (here / "twice").mkdir()
    for n in range(2):
        shutil.copy("room.mcap", here / "twice" / f"room.00{n}.mcap")
    words = "twice: stream 'env-audio' has number 0 at 0.000 s after number 0; wants numbers that increase: take away what stands in it twice"
    assert words in omniflow.refused("replay", "twice", *FAST)


def test_a_name_that_is_no_text_is_written_down_without_what_cannot_be(omniflow, here):
    name = os.fsdecode(b"caf\xe9")
    shutil.copy("cards.wav", f"{name}.wav")
    assert omniflow("import", f"{name}.wav", f"{name}.mcap").code == 0
    assert omniflow("replay", f"{name}.mcap", *FAST, "--out", "new").code == 0
    manifest = open_recording("new/trace.mcap").manifest
    assert (manifest.session, manifest.source) == ("caf?", "caf?.mcap")


# Damage: what stands before it is used, and the damage is said


def cut_in_half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    return content[: len(content) // 3] + bytes([content[len(content) // 3] ^ 4]) + content[len(content) // 3 + 1 :]


@pytest.mark.parametrize(("damage", "words"), [(cut_in_half, "was cut before it was closed"), (flipped, "is damaged (")])
def test_a_damaged_recording_is_used_up_to_the_damage_with_a_warning(omniflow, here, damage, words):
    whole = omniflow("inspect", "room.mcap", "--json").json["streams"]["env-audio"]
    (here / "room.mcap").write_bytes(damage((here / "room.mcap").read_bytes()))
    found = omniflow("inspect", "room.mcap", "--json").json
    assert words in found["damage"]
    assert 0 < found["streams"]["env-audio"]["events"] < whole["events"]
    for command in (["replay", "room.mcap", *FAST], ["export", "room.mcap", "out"]):
        code, _, err = omniflow(*command)
        assert (code, err.count("\n")) == (0, 1)
        assert err.startswith(f"omniflow: warning: room.mcap: {words}")
    assert json.loads((here / "out" / "manifest.json").read_text())["session"] == "room"


@pytest.fixture
def measured(here) -> Path:
    """A recording of the same user, in which each decision was measured to cost 300 ms."""
    manifest, events = open_recording("room.mcap").manifest, list(open_recording("room.mcap").events())
    with RecordingWriter("measured.mcap", manifest) as writer:
        for event in events:
            writer.add(event)
            if event.time and event.time % seconds(1) == 0:
                writer.cost("decide", event.time // seconds(1) - 1, seconds(0.3), event.time)
    return here / "measured.mcap"


def test_beyond_the_damage_stages_cost_what_they_declare_and_that_is_said(omniflow, measured):
    assert "the recording holds no cost for event 3 of 'window'; replay with declared costs" in omniflow.refused("replay", "measured.mcap", *FAST)
    records = of_file(measured.read_bytes())
    last = max(n for n, record in enumerate(records) if record.opcode == CHUNK)  # the last second
    measured.write_bytes(MAGIC + joined(records[:last]))
    for several in ([], ["--recover", "kept_here"]):
        code, _, err = omniflow("replay", "measured.mcap", *several, *FAST, "--out", "run")
        words = "was cut before it was closed; what was written up to then is read, and a stage whose cost is lost costs what it declares"
        assert (code, err) == (0, f"omniflow: warning: measured.mcap: {words}\n")
    steps = load_trace("run/trace.mcap").stages["decide"]
    assert [step.done - step.start for step in steps] == [seconds(0.3), seconds(0.3), seconds(0.12)]


def test_damage_is_said_of_each_of_several_recordings(omniflow, here):
    (here / "broken.mcap").write_bytes(flipped((here / "room.mcap").read_bytes()))
    write_recording("other.mcap", Manifest("other", streams=STREAMS), [LOUD])
    code, _, err = omniflow("replay", "broken.mcap", "other.mcap", *FAST)
    assert (code, err.count("\n")) == (0, 1)
    assert err.startswith("omniflow: warning: broken.mcap: is damaged (")


def test_a_damaged_trace_is_compared_as_far_as_it_goes_with_a_warning(omniflow, here):
    trace = here / "kept" / "trace.mcap"
    (here / "broken.mcap").write_bytes(flipped(trace.read_bytes()))
    code, out, err = omniflow("diff", "kept", "broken.mcap")
    assert (code, out[:13], err.count("\n")) == (1, "no difference", 1)
    assert err.startswith("omniflow: warning: broken.mcap: is damaged (")


# What is no media

NO_LIST = "cannot be decoded as sound or video (Invalid argument)"  # though ffmpeg would follow it to another file
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\na.wav\n#EXT-X-ENDLIST\n"

NO_MEDIA = [
    ("none.wav", lambda path: None, "there is no such file"),
    ("empty.wav", lambda path: path.write_bytes(b""), "cannot be decoded as sound or video"),
    ("noise.mp4", lambda path: path.write_bytes(noise(9999)), "cannot be decoded as sound or video"),
    ("long.wav", lambda path: path.write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff" + noise(9)), "cannot be decoded as sound or video"),
    ("pipes", lambda path: [path.mkdir(), *(os.mkfifo(path / f"{n}.wav") for n in range(2))], "a folder with neither sound ("),
    ("list.txt", lambda path: [shutil.copy(SOUND, path.with_name("a.wav")), path.write_text("ffconcat version 1.0\nfile a.wav\n")], NO_LIST),
    ("list.m3u8", lambda path: [shutil.copy(SOUND, path.with_name("a.wav")), path.write_text(PLAYLIST)], NO_LIST),
    ("notes.txt", lambda path: path.write_text("no sound"), "cannot be decoded as sound or video"),
    ("pipe.wav", os.mkfifo, "is no file; wants mp4,"),
    ("pipe.mcap", os.mkfifo, "is no file; wants mp4,"),
    ("socket.mcap", bound, "is no file; wants mp4,"),
    ("device.mcap", lambda path: path.symlink_to("/dev/zero"), "is no file; wants mp4,"),
    ("cut.mcap", lambda path: path.write_bytes(MAGIC + b"\x01" + b"\xff" * 8), "is no MCAP file, or damaged at its start; name another file"),
    ("picture", lambda path: pictures(path, noise(99)), "0.5.png: is no picture that can be decoded (it does not begin like one)"),
    ("cut", lambda path: pictures(path, png(8, 8)[:45]), "0.5.png: is no picture that can be decoded"),
    ("large", lambda path: pictures(path, png(8000, 8000)), "(8000 x 8000, more than 50000000 pixels); wants JPEG or PNG"),
    ("larger", lambda path: pictures(path, png(10_000, 10_000)), "(10000 x 10000, more than 50000000 pixels); wants JPEG or PNG"),
    ("largest", lambda path: pictures(path, png(2**31 - 1, 2**31 - 1)), "0.5.png: is no picture that can be decoded"),
]


THREADBARE = png(20, 40)  # its thousand bytes are enough for its lines


def pictures(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "0.5.png").write_bytes(content)


@pytest.mark.parametrize(("name", "make", "words"), NO_MEDIA, ids=[name for name, _, _ in NO_MEDIA])
def test_what_is_no_media_is_not_imported(omniflow, tmp_path, monkeypatch, recwarn, name, make, words):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / name)
    before = files(tmp_path)
    assert words in omniflow.refused("import", name, "a.mcap")
    assert files(tmp_path) == before
    assert list(recwarn) == []  # outside of a test a warning is two lines on stderr


LOUD = Event(0, "env-audio", 0, bytes(640))
NO_EXPORTS = [
    ([Event(0, "env-visual", 0, noise(99))], {}, "out.mp4", "the picture on 'env-visual' at 0 ns cannot be decoded (it does not begin like one)"),
    ([Event(0, "env-visual", 0, png(10_000, 10_000))], {}, "out.mp4", "(10000 x 10000, more than 50000000 pixels); export to a folder"),
    ([LOUD, Event(seconds(10**6), "env-audio", 1, bytes(2))], {}, "out", "stream 'env-audio' sounds at 1e+06 s, at 16000 Hz more than the 4 GB"),
    ([LOUD, Event(seconds(10**6), "env-audio", 1, bytes(2))], {}, "out.mp4", "sounds at 1e+06 s, at 16000 Hz more than the 4 GB"),
    ([LOUD._replace(data=b"")], {}, "out.mp4", "holds sound without samples, so no video can be made"),
    ([LOUD], {"rate_hz": 2**32 - 1}, "out.mp4", "out.mp4: cannot be written ("),
    ([LOUD], {"rate_hz": None}, "out", "stream 'env-audio' has no rate_hz in the manifest"),
    ([LOUD], {"format": "pcm-f32"}, "out", "stream 'env-audio' has the format 'pcm-f32', and only pcm-s16 can be exported"),
]


@pytest.mark.parametrize(("events", "changes", "dest", "words"), NO_EXPORTS)
def test_what_cannot_be_exported_leaves_nothing(omniflow, tmp_path, monkeypatch, recwarn, events, changes, dest, words):
    monkeypatch.chdir(tmp_path)
    write_recording("a.mcap", Manifest("a", streams=STREAMS | {AUDIO[1:]: replace(STREAMS[AUDIO[1:]], **changes)}), events)
    assert words in omniflow.refused("export", "a.mcap", dest)
    assert files(tmp_path) == [tmp_path / "a.mcap"]
    assert list(recwarn) == []


# Where nothing can be written

FULL_DISK = """
import resource, sys
from omniflow_graph.command import main
replay = ["replay", "room.mcap", "--model", "scripted-fast", "--script", "script.yaml", "--out", "new"]
for most, arguments in (
    (2000, ["import", "cards.wav", "new.mcap"]), (2000, ["export", "room.mcap", "new"]), (2000, ["export", "room.mcap", "new.mp4"]),
    (2000, replay), (100, replay),
):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    print(main(arguments), flush=True)
"""


def test_a_full_disk_is_named_and_gets_nothing_half_written(here):
    before = files(here)
    done = subprocess.run([sys.executable, "-c", FULL_DISK], capture_output=True, text=True)
    assert (done.stdout, done.stderr.splitlines()) == (
        "2\n" * 5,
        [
            "omniflow: new.mcap: cannot be written (File too large); name another folder",
            "omniflow: new: cannot be written (File too large); name another place",
            "omniflow: new.mp4: cannot be written (File too large); name another place, or export to a folder",
            "omniflow: new/speech.wav: cannot be written (File too large); name another folder",
            "omniflow: new/turns.json: cannot be written (File too large); name another folder",
        ],
    )
    assert files(here) == before


WRITERS = (["import", "cards.wav", "new.mcap"], ["export", "room.mcap", "new.mp4"], [*ASK, "--out", "."], ["check", "room.mcap", *FAST, "--accept"])


@pytest.mark.parametrize("command", WRITERS)
def test_what_a_killed_writer_left_is_in_nobodys_way(omniflow, here, command):
    for name in ("new.mcap", "new.mp4", "trace.mcap", "speech.wav", "turns.json", "room.expected.json"):
        os.mkfifo(f"{name}.part")
    assert omniflow(*command).code == 0


def test_a_run_is_kept_whole_or_not_at_all(omniflow, here):
    (here / "new" / "trace.mcap.part").mkdir(parents=True)  # where the last of its files is to be written
    before = files(here)
    assert "new/trace.mcap: cannot be written (Is a directory)" in omniflow.refused(*ASK, "--out", "new")
    assert files(here) == before


REFUSED_RUNS = (["nowhere.mcap"], ["room.mcap", "--model", "gpt"], ["room.mcap", "--script", "nowhere.yaml"], ["room.mcap", "--seed", "-1"])


@pytest.mark.parametrize("arguments", REFUSED_RUNS)
def test_a_run_that_is_refused_leaves_no_folder(omniflow, here, arguments):
    (here / "kept_out").mkdir()
    before = files(here)
    for out in ("new", "new/inner/most", "kept_out"):
        omniflow.refused("replay", *arguments, "--out", out)
    assert files(here) == before


def test_a_run_is_not_written_over_what_it_reads(omniflow, here):
    (here / "runs" / "room").mkdir(parents=True)
    shutil.copy("room.mcap", "runs/room/trace.mcap")
    write_recording("other.mcap", Manifest("other", streams=STREAMS), [LOUD])
    refusal = omniflow.refused("replay", "runs/room/trace.mcap", "other.mcap", *FAST, "--out", "runs")
    assert refusal == "omniflow: --out runs: holds the recording that is replayed; name another folder"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a system without /dev/full")
def test_an_answer_that_cannot_be_printed_is_an_error_of_one_line(here):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "omniflow_graph.command", "inspect", "room.mcap"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (2, "omniflow: No space left on device\n")


NOWHERE = (["import", "cards.wav", "X/a.mcap"], ["export", "room.mcap", "X/out"], ["export", "room.mcap", "X/a.mp4"], [*ASK, "--out", "X/out"])


def test_a_file_is_no_folder_to_write_into(omniflow, here):
    before = files(here)
    for command in NOWHERE:
        assert "Not a directory" in omniflow.refused(*[word.replace("X", "script.yaml") for word in command])
    assert files(here) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_must_not_be_written_to_is_named(omniflow, here):
    (here / "locked").mkdir(mode=0o500)
    before = files(here)
    for command in NOWHERE:
        assert "Permission denied" in omniflow.refused(*[word.replace("X", "locked") for word in command])
    assert files(here) == before
