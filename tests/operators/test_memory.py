"""What a recording holds of its assistant is given back, at the times it had."""

from __future__ import annotations

import numpy as np
import pytest

from omniflow_graph import Event, RecordingError, Session, replay, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.recording import Manifest, Recording, StreamInfo, open_recording, write_recording
from omniflow_graph.trace.stored import save_trace
from operators.duplex import duplex
from operators.memory import Memory, holds_assistant, window_of
from operators.turns import Turn, turns
from operators.words import Decision, Say, Wave
from recordings import bundled


def recorded(path, session) -> Recording:
    """Run the fast model and keep its trace, with what came in."""
    trace = run_direct(duplex(model="scripted-fast"), session)
    save_trace(trace, path, recording=open_recording(bundled()["three_questions"]), copy_inputs=True)
    return open_recording(path)


def pieces(path, starts: list[float], length: float = 1.0, texts: list[str] | None = None) -> Recording:
    """Write a recording that holds nothing of the assistant but its sound, and perhaps its turns."""
    streams = {"env-audio": StreamInfo("audio", rate_hz=16_000), "out-stream": StreamInfo("audio", "out", 24_000)}
    events = [Event(0, "env-audio", 0, bytes(640))]
    events += [Event(seconds(start), "out-stream", n, np.full(round(length * 24_000), n, "<i2").tobytes()) for n, start in enumerate(starts)]
    if texts is not None:
        streams["turns"] = StreamInfo("value", "out")
        events += [Event(seconds(starts[n]), "turns", n, {"text": text}) for n, text in enumerate(texts)]
    events.sort(key=lambda event: event.time)
    write_recording(path, Manifest("sound", seconds(10), streams), events)
    return open_recording(path)


@pytest.fixture(scope="module")
def session() -> Session:
    return open_recording(bundled()["three_questions"]).session()


def test_a_trace_gives_back_its_decisions_and_its_sound(tmp_path, session):
    recording = recorded(tmp_path / "trace.mcap", session)
    first = run_direct(duplex(model="scripted-fast"), session)
    again = replay(duplex(model="recorded", recording=recording), recording, engine="direct")
    assert turns(again) == turns(first)
    assert again.digest == first.digest


def test_a_trace_is_given_back_at_the_times_its_session_measured(tmp_path, session):
    slow = Session(
        session.name, session.sources, session.end, costs={(stage, n): seconds(0.5) for stage in ("decide", "speech", "wave") for n in range(30)}
    )
    recording = recorded(tmp_path / "trace.mcap", slow)
    again = replay(duplex(model="recorded", recording=recording), recording, engine="direct")
    assert [turn.start for turn in turns(again)] == [turn.start for turn in turns(run_direct(duplex(model="scripted-fast"), slow))]
    assert turns(again)[0].start == seconds(6.5)


def test_a_trace_of_any_windows_says_how_long_they_are(tmp_path, session):
    for window in (0.2, 1.0):
        save_trace(run_direct(duplex(model="scripted-fast", window=window), session), tmp_path / "trace.mcap")
        assert window_of(open_recording(tmp_path / "trace.mcap")) == seconds(window)
    assert window_of(open_recording(bundled()["dialogue_zh"])) is None


@pytest.mark.parametrize("cost", ["measured", "declared"])
def test_a_trace_is_given_back_at_the_costs_of_then_though_nobody_measured_them(tmp_path, session, cost):
    slow = duplex(model="scripted-fast").replace("decide", cost=seconds(0.4)).replace("wave", cost=[seconds(0.1), seconds(0.3)])
    trace = run_direct(slow, session)
    save_trace(trace, tmp_path / "trace.mcap", recording=open_recording(bundled()["three_questions"]), copy_inputs=True)
    recording = open_recording(tmp_path / "trace.mcap")
    assert recording.costs() == {}
    assert replay(duplex(model="recorded", recording=recording), recording, engine="direct", cost=cost).digest == trace.digest


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.8, 0.9, 0.95])
def test_a_trace_that_was_cut_is_given_back_up_to_there(tmp_path, session, share):
    whole = recorded(tmp_path / "trace.mcap", session)
    content = whole.path.read_bytes()
    (tmp_path / "cut.mcap").write_bytes(content[: int(share * len(content))])
    cut = open_recording(tmp_path / "cut.mcap")
    trace = replay(duplex(model="recorded", recording=cut), cut, engine="direct")
    then = [(event.time, event.data) for event in whole.events(["out-stream"]) if event.time < trace.end - seconds(1)]
    assert [(event.time, event.data) for event in trace["out-stream"]][: len(then)] == then


def test_a_wave_that_is_missing_is_silence(tmp_path, session):
    whole = recorded(tmp_path / "trace.mcap", session)
    memory = Memory.of(whole, seconds(1))
    memory.waves.pop((1, 1))
    assert memory.wave(None, Event(0, "speech", 0, Say(1, 1, True, "", "")))[1] == []
    assert len(memory.wave(None, Event(0, "speech", 0, Say(1, 0, False, "", "")))[1]) == 1


def test_decisions_of_other_windows_are_refused(tmp_path, session):
    recording = recorded(tmp_path / "trace.mcap", session)
    with pytest.raises(ValueError, match=r"trace\.mcap: was decided in windows of 1 s, got 0\.2 s; replay with --window 1,"):
        duplex(model="recorded", recording=recording, window=0.2)


def test_sound_alone_is_given_back_when_it_sounded(tmp_path):
    recording = pieces(tmp_path / "sound.mcap", [2.3, 3.3, 6.0], texts=["Yes.", "No."])
    trace = replay(duplex(model="recorded", recording=recording), recording, engine="direct")
    assert [(e.time, e.data) for e in trace["out-stream"]] == [(e.time, e.data) for e in recording.events(["out-stream"])]
    assert turns(trace) == [
        Turn(seconds(2.3), seconds(4.3), "Yes.", "the recording speaks at 2.30 s", 1, False),
        Turn(seconds(6.0), seconds(7.0), "No.", "the recording speaks at 6.00 s", 2, False),
    ]


@pytest.mark.parametrize("window", [0.5, 1.0, 2.0])
def test_every_piece_of_an_answer_is_given_back_with_words_or_without(tmp_path, window):
    for texts in (None, ["Yes.", "No."]):
        recording = pieces(tmp_path / "sound.mcap", [2.3, 3.3, 4.3, 5.3, 7.5], texts=texts)
        trace = replay(duplex(model="recorded", recording=recording, window=window), recording, engine="direct")
        assert [(e.time, e.data) for e in trace["out-stream"]] == [(e.time, e.data) for e in recording.events(["out-stream"])]
        assert [(turn.start, turn.end) for turn in turns(trace)] == [(seconds(2.3), seconds(6.3)), (seconds(7.5), seconds(8.5))]


def test_sound_without_words_is_given_back_too(tmp_path):
    recording = pieces(tmp_path / "sound.mcap", [2.0])
    trace = replay(duplex(model="recorded", recording=recording), recording, engine="direct")
    assert turns(trace) == [Turn(seconds(2.0), seconds(3.0), "", "the recording speaks at 2.00 s", 1, False)]


def test_sound_does_not_depend_on_the_length_of_a_window(tmp_path):
    recording = pieces(tmp_path / "sound.mcap", [2.3, 3.3, 6.0])
    traces = [replay(duplex(model="recorded", recording=recording, window=window), recording, engine="direct") for window in (0.2, 1.0, 2.0)]
    assert len({trace.digests["out-stream"] for trace in traces}) == 1


def test_the_bundled_dialogue_is_given_back():
    recording = open_recording(bundled()["dialogue_zh"])
    found = turns(replay(duplex(model="recorded", recording=recording), recording, engine="direct"))
    assert [(turn.start, turn.text) for turn in found] == [(e.time, e.data["text"]) for e in recording.events(["turns"])]


def test_a_recording_holds_an_assistant_if_there_is_anything_of_it(tmp_path, session):
    names = {name: holds_assistant(open_recording(path)) for name, path in bundled().items()}
    assert [name for name, holds in names.items() if holds] == ["dialogue_zh"]
    assert holds_assistant(recorded(tmp_path / "trace.mcap", session))


def test_a_recording_without_an_assistant_is_refused():
    with pytest.raises(ValueError, match=r"three_questions\.mcap: holds no assistant to give back; replay it with --model scripted"):
        duplex(model="recorded", recording=open_recording(bundled()["three_questions"]))


def test_a_script_is_nothing_to_a_recorded_model():
    with pytest.raises(ValueError, match=r"takes no script, got lines\.yaml"):
        duplex(model="recorded", recording=open_recording(bundled()["dialogue_zh"]), script="lines.yaml")


DECISION = Decision(1, "speak", "why", 1, 0, True, "yes", "yes")
WAVE = Wave(1, 0, True, "yes", np.ones(240, "<i2"))
WINDOW = {"k": 0, "start": 0, "end": seconds(1)}
ODD = [
    ("decide", 5, "'int' object is not iterable"),
    ("decide", "talk", "dictionary update sequence element #0 has length 1; 2 is required"),
    ("decide", {"k": 1}, "Decision.__new__() missing 2 required positional arguments: 'choice' and 'cause'"),
    ("decide", {**DECISION._asdict(), "mood": 1}, "Decision.__new__() got an unexpected keyword argument 'mood'"),
    ("decide", DECISION._replace(k=[1]), "its k is (1,)"),
    ("decide", DECISION._replace(text=None), "its text is None"),
    ("wave", WAVE._replace(samples=np.ones(240, "<f4")), "its samples is float32[240]"),
    ("wave", WAVE._replace(samples=np.ones((240, 2), "<i2")), "its samples is int16[240, 2]"),
    ("wave", WAVE._replace(samples="loud"), "its samples is loud"),
    ("wave", WAVE._replace(at="soon"), "its at is soon"),
    ("window", 5, "it has no start and end"),
    ("window", {**WINDOW, "end": 0}, "it has no start and end"),
    ("window", {**WINDOW, "end": "late"}, "it has no start and end"),
]


@pytest.mark.parametrize(("stream", "payload", "why"), ODD, ids=range(len(ODD)))
def test_what_no_assistant_leaves_is_refused_by_its_stream_number_and_time(tmp_path, stream, payload, why):
    streams = {"env-audio": StreamInfo("audio", rate_hz=16_000), **{name: StreamInfo("value", "out") for name in ("window", "decide", "wave")}}
    whole = {"window": WINDOW, "decide": DECISION, "wave": WAVE} | {stream: payload}
    events = [Event(seconds(n), name, 7, data) for n, (name, data) in enumerate(whole.items(), 1)]
    write_recording(tmp_path / "a.mcap", Manifest("a", streams=streams), [Event(0, "env-audio", 0, bytes(640)), *events])
    time = [*whole].index(stream) + 1
    with pytest.raises(RecordingError) as caught:
        Memory.of(open_recording(tmp_path / "a.mcap"), seconds(1))
    where = f"{tmp_path / 'a.mcap'}: stream '{stream}', event 7 at {time}.000 s"
    assert str(caught.value) == f"{where}: is not what an assistant leaves there ({why}); replay it with --model scripted"


@pytest.mark.parametrize(
    ("info", "payload", "words"),
    [
        (StreamInfo("audio", "out", 16_000), bytes(640), "is audio at 16000 Hz, None; wants sound at 24000 Hz, mono, pcm-s16, so replay it with"),
        (StreamInfo("audio", "out", 24_000, "pcm-f32"), bytes(4), "is audio at 24000 Hz, pcm-f32; wants sound at 24000 Hz"),
        (StreamInfo("text", "out"), "a text", "is of kind 'text'; wants sound at 24000 Hz"),
    ],
)
def test_sound_that_the_player_cannot_take_is_refused(tmp_path, info, payload, words):
    streams = {"env-audio": StreamInfo("audio", rate_hz=16_000), "out-stream": info}
    write_recording(tmp_path / "a.mcap", Manifest("a", streams=streams), [Event(0, "out-stream", 0, payload)])
    with pytest.raises(RecordingError, match=f"a.mcap: stream 'out-stream' {words}"):
        Memory.of(open_recording(tmp_path / "a.mcap"), seconds(1))


@pytest.mark.parametrize("turn", ["a text", 5, {"text": 5}])
def test_turns_without_words_are_refused(tmp_path, turn):
    pieces(tmp_path / "a.mcap", [1.0])
    streams = open_recording(tmp_path / "a.mcap").manifest.streams | {"turns": StreamInfo("value", "out")}
    write_recording(tmp_path / "b.mcap", Manifest("b", streams=streams), [Event(seconds(2), "turns", 3, turn)])
    with pytest.raises(RecordingError, match=r"b.mcap: stream 'turns', event 3 at 2.000 s: is not what an assistant leaves there \(it has no text\)"):
        Memory.of(open_recording(tmp_path / "b.mcap"), seconds(1))
