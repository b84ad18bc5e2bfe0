"""A session folder of the MiniCPM-o demo becomes a recording that gives back what its assistant said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omniflow_graph import replay
from omniflow_graph.errors import RecordingError
from omniflow_graph.events import Event, seconds
from omniflow_graph.media.importing import import_media
from omniflow_graph.recording import Manifest, open_recording
from operators.duplex import duplex
from operators.turns import turns
from tests.omniflow_graph.media.test_importing import BLUE, RED, picture, tone, wav

PAGE = "when the page played a sound, which nobody recorded: it is laid as the page would play it, had nothing come late"
SPOKE = (16_000, 24_000)  # samples of the two pieces of the first turn: 0.667 s and 1 s


class Session:
    """Write a session folder as the demo does: five units of a second, the third and the fourth answered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("user_audio", "user_frames", "ai_audio"):
            (folder / name).mkdir(parents=True)
        self.chunks = [self.unit(n) for n in range(5)]
        self.speak(2, "Hello, ", tone(SPOKE[0], 24_000))
        self.speak(3, "you.", tone(SPOKE[1], 24_000), end_of_turn=True)

    def unit(self, n: int) -> dict[str, Any]:
        wav(self.folder / "user_audio" / f"{n:03}.wav", np.full(16_000, n, "<i2"))
        (self.folder / "user_frames" / f"{n:03}.jpg").write_bytes(picture((RED, BLUE)[n % 2]))
        names = {"user_audio": f"user_audio/{n:03}.wav", "user_frame": f"user_frames/{n:03}.jpg"}
        timing = {"prefill_ms": 80.0, "llm_ms": 60.0, "all_ms": 200.0, "wall_clock_ms": 300.0, "kv_cache_length": 60 * n}
        return {"index": n, "receive_ts_ms": 1500.0 + 1000 * n, **names, "result": {"mode": "LISTEN", "timing": timing}}

    def speak(self, n: int, text: str, samples: np.ndarray | None, **more: Any) -> None:
        self.chunks[n]["result"] |= {"mode": "SPEAK", "text": text, **more}
        if samples is not None:
            name = f"ai_audio/turn_0_chunk_{n:03}.wav"
            wav(self.folder / name, samples, 24_000)
            self.chunks[n]["result"] |= {"ai_audio": name, "ai_audio_duration_ms": len(samples) / 24}

    def imported(self, **options: Any) -> tuple[Manifest, dict[str, list[Event]]]:
        about = {"session_id": "adx_7", "mode": "duplex", "worker_id": 0, "start_ts": "2026-03-01T10:00:00+00:00", "chunks": self.chunks}
        (self.folder / "recording.json").write_text(json.dumps(about))
        manifest = import_media(self.folder, self.folder.with_suffix(".mcap"), **options)
        recording = open_recording(self.folder.with_suffix(".mcap"))
        return manifest, {name: list(recording.events([name])) for name in manifest.streams}


@pytest.fixture
def session(tmp_path) -> Session:
    return Session(tmp_path / "adx_7")


def said(streams: dict[str, list[Event]]) -> list[tuple[int, int, str]]:
    return [(event.data.start_ns, event.data.end_ns, event.data.text) for event in streams["turns"]]


def test_what_was_heard_and_seen_is_laid_unit_after_unit(session):
    manifest, streams = session.imported()
    assert b"".join(event.data for event in streams["env-audio"]) == np.repeat(np.arange(5, dtype="<i2"), 16_000).tobytes()
    frames = [(seconds(n), (session.folder / f"user_frames/{n:03}.jpg").read_bytes()) for n in range(5)]
    assert [(event.time, event.data) for event in streams["env-visual"]] == frames
    assert (manifest.session, manifest.end) == ("adx_7", seconds(5.3) + 1)
    assert {name: info.role for name, info in manifest.streams.items()} == {
        "env-visual": "in",
        "env-audio": "in",
        "out-stream": "out",
        "turns": "out",
        "results": "out",
    }
    assert manifest.notes["left_out"] == [PAGE]


def test_an_answer_sounds_200_ms_after_it_was_made_and_its_pieces_touch(session):
    _, streams = session.imported()
    start = seconds(3.5)  # the third unit ends at 3.0 s, was answered 0.3 s later, and the page waits 0.2 s
    second = start + seconds(16_000 / 24_000)  # though it was made at 4.3 s only: see the silence in between
    assert second < seconds(4.3)
    (first, last) = streams["out-stream"]
    assert (first.time, last.time) == (start, seconds(4.3))
    assert first.data == tone(16_000, 24_000).tobytes() + bytes(2 * 3200)  # 0.8 s up to the next piece
    assert last.data == tone(24_000, 24_000).tobytes()
    assert said(streams) == [(start, seconds(5.3), "Hello, you.")]


def test_what_each_unit_came_to_is_kept_with_the_time_at_which_it_was_known(session):
    _, streams = session.imported()
    assert [event.time for event in streams["results"]] == [seconds(n + 1.3) for n in range(5)]
    assert streams["results"][3].data == {
        "index": 3,
        "mode": "SPEAK",
        "text": "you.",
        "end_of_turn": True,
        "timing": {"prefill_ms": 80.0, "llm_ms": 60.0, "all_ms": 200.0, "wall_clock_ms": 300.0, "kv_cache_length": 180},
    }


def test_the_recorded_model_gives_the_assistant_back(session):
    session.speak(4, "And more.", tone(12_000, 24_000))
    _, streams = session.imported()
    recording = open_recording(session.folder.with_suffix(".mcap"))
    found = turns(replay(duplex(model="recorded", recording=recording), recording))
    assert [(turn.start, turn.text) for turn in found] == [(seconds(3.5), "Hello, you."), (seconds(5.5), "And more.")]
    assert [(start, text) for start, _, text in said(streams)] == [(turn.start, turn.text) for turn in found]


def test_a_turn_that_would_touch_the_one_before_begins_20_ms_later(session):
    session.speak(3, "you.", tone(48_000, 24_000), end_of_turn=True)
    session.speak(4, "And more.", tone(12_000, 24_000))
    manifest, streams = session.imported()
    assert said(streams) == [(seconds(3.5), seconds(6.3), "Hello, you."), (seconds(6.32), seconds(6.82), "And more.")]
    assert manifest.end == seconds(6.82)


def test_a_turn_ends_when_the_assistant_listens_again(session):
    session.chunks[3]["result"] = {"mode": "LISTEN", "timing": {}}
    session.speak(4, "Again.", tone(2400, 24_000), end_of_turn=True)
    assert said(session.imported()[1]) == [(seconds(3.5), 4_166_666_666, "Hello,"), (seconds(5.5), seconds(5.6), "Again.")]


def test_words_without_a_sound_are_left_out_unless_their_turn_sounds(session):
    session.speak(0, "Mute.", None, end_of_turn=True)
    session.speak(4, " Late.", None)
    session.chunks[3]["result"].pop("end_of_turn")
    manifest, streams = session.imported()
    assert [text for _, _, text in said(streams)] == ["Hello, you. Late."]
    assert manifest.notes["left_out"] == ["a turn that has words and no sound: 'Mute.'", PAGE]


def test_a_pause_of_the_user_is_silence_and_a_slow_server_is_none(session):
    for chunk, received in zip(session.chunks, (1500, 2500, 6500, 7500, 8500)):
        chunk["receive_ts_ms"] = received
    manifest, streams = session.imported()
    assert [event.time for event in streams["env-visual"]] == [seconds(n) for n in (0, 1, 5, 6, 7)]
    assert manifest.notes["left_out"][0] == "what was to be heard in 1 pause, 3.0 s in all: silence"
    for n, chunk in enumerate(session.chunks):
        chunk["receive_ts_ms"] = 1500 + 2400 * n
        chunk["result"]["timing"]["wall_clock_ms"] = 2390.0
    manifest, streams = session.imported()
    assert [event.time for event in streams["env-visual"]] == [seconds(n) for n in range(5)]
    assert streams["results"][4].time == seconds(5 + 4 * 1.4 + 2.39)
    assert manifest.notes["left_out"] == [PAGE]


def test_what_lies_beside_and_what_the_demo_did_not_keep_is_named(session):
    del session.chunks[1]["user_audio"]
    wav(session.folder / "merged_replay.wav", tone(320))
    (session.folder / "user_images").mkdir()
    (session.folder / "user_videos").mkdir()
    (session.folder / "user_videos" / "0.mp4").write_bytes(b"")
    manifest, streams = session.imported(fps=0.5)
    assert [event.time for event in streams["env-visual"]] == [0, seconds(2), seconds(4)]
    assert not any(streams["env-audio"][60].data)
    assert manifest.notes["left_out"] == [
        "1 unit of which the demo kept no sound: silence of 1 s each",
        PAGE,
        "merged_replay.wav: not looked at, as recording.json names all that a session holds",
        "user_videos: not looked at, as recording.json names all that a session holds",
        "2 pictures: at most 0.5 a second are kept; --fps keeps more",
    ]


def test_a_session_of_sound_alone_has_no_pictures(session):
    for chunk in session.chunks:
        del chunk["user_frame"]
    assert list(session.imported(name="talk")[0].streams) == ["env-audio", "out-stream", "turns", "results"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: (s.folder / "user_audio/002.wav").unlink(), "user_audio/002.wav: is missing, and recording.json names it; put it back"),
        (lambda s: (s.folder / "ai_audio/turn_0_chunk_003.wav").write_bytes(b"RI"), "chunk_003.wav: cannot be decoded as sound or video"),
        (lambda s: (s.folder / "user_frames/004.jpg").write_bytes(b"JF"), "user_frames/004.jpg: is no picture that can be decoded"),
        (lambda s: s.chunks[1].update(user_audio="../../secret.wav"), "recording.json: names '../../secret.wav', which is outside"),
        (lambda s: s.chunks[1].update(receive_ts_ms="soon"), "recording.json: is not what the demo writes (ValueError("),
        (
            lambda s: s.chunks[1].update(receive_ts_ms=1e12),
            "recording.json: is not what the demo writes (ValueError('unit 1 came 999999998 s late'))",
        ),
        (lambda s: s.chunks.__setitem__(1, 7), "recording.json: is not what the demo writes (AttributeError("),
        (lambda s: s.chunks.clear(), "recording.json: its list of chunks is empty; wants a session in which somebody was heard"),
    ],
)
def test_what_is_not_whole_is_refused_in_one_sentence_and_leaves_nothing(session, change, words):
    change(session)
    with pytest.raises(RecordingError) as caught:
        session.imported()
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(session.folder))
    assert not list(session.folder.parent.glob("*.mcap*"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "recording.json: cannot be read as JSON (Expecting property name"),
        ('{"mode": "half_duplex", "turns": []}', "recording.json: has no list of chunks (mode 'half_duplex'); wants a session of mode 'duplex'"),
        ("[]", "recording.json: has no list of chunks (mode None); wants a session of mode 'duplex'"),
        (None, "has no recording.json, which the demo writes when the session ends; stop the session at the server, or import "),
    ],
)
def test_another_session_is_refused_with_the_way_out(session, tmp_path, content, words):
    (session.folder / "meta.json").write_text("{}")
    if content is not None:
        (session.folder / "recording.json").write_text(content)
    with pytest.raises(RecordingError) as caught:
        import_media(session.folder, tmp_path / "out.mcap")
    assert words in str(caught.value)
    assert not list(tmp_path.glob("out*"))


def test_the_sound_of_a_session_that_was_killed_imports_alone(session, tmp_path):
    shutil.rmtree(session.folder / "ai_audio")
    manifest = import_media(session.folder / "user_audio", tmp_path / "out.mcap")
    assert (manifest.end, list(manifest.streams)) == (seconds(5), ["env-audio"])
