"""`omniflow why` leads from what sounded back to the frames and samples that it was decided on."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniflow_graph import replay
from omniflow_graph.recording import open_recording
from omniflow_graph.trace.stored import save_trace
from operators.duplex import duplex
from recordings import bundled
from tests.omniflow_graph.trace.parrot import traced
from tests.operators.commands.rooms import answered, room, script

WORD = """\
out-stream #0 at 2.290 s: 69120 bytes
  <- play #0 at 2.290 s: response=1  part=0  text=I can hear you very well  samples=int16[34560]  last=False  epoch=0  mar...
    <- cues #0 at 2.290 s: response=1  part=0  last=False  text=I can hear you very well  samples=int16[34560]  at=0  epoch=...
      <- wave #0 at 2.290 s: response=1  part=0  last=False  text=I can hear you very well  samples=int16[34560]  at=0  epoch=...
        <- speech #0 at 2.140 s: response=1  part=0  last=False  text=I can hear you very well  line=I can hear you very well now....
"""
DECISION = """\
decide #1 at 2.120 s: k=1  choice=speak  cause=user speech 1 ended at 1.98 s  response=1  part=0  last=False  text=I ca...
  <- window #1 at 2.000 s: window 1 [1 s, 2 s)
    <- listen #50..99 at 1.000 s: permille=1000  talking=True  utterance=1  spoken_ns=520000000  ended=False
       (48 between)
       #99 at 1.980 s: permille=0  talking=False  utterance=1  spoken_ns=1000000000  ended=True
      <- env-audio #50..99 at 1.000 s: by reference, of 225 events in room.mcap (audio, 16000 Hz, digest 7776fb85e407)
"""


@pytest.fixture(scope="module")
def answer(tmp_path_factory) -> Path:
    """A trace in which one question is answered, as `omniflow replay --out` leaves it."""
    folder = tmp_path_factory.mktemp("answer")
    recording = room(folder)
    save_trace(answered(recording, script(folder)), folder / "trace.mcap", recording=recording)
    return folder / "trace.mcap"


def first_line(omniflow, *arguments: object) -> str:
    code, out, err = omniflow("why", *arguments)
    assert (code, err) == (0, "")
    return out.splitlines()[0]


def test_a_word_goes_back_to_its_wave_its_decision_its_window_and_the_samples_in_it(omniflow, answer):
    first, *rest = DECISION.splitlines(keepends=True)
    decision = "".join(["          <- " + first, *("          " + line for line in rest)])
    assert omniflow("why", answer) == (0, WORD + decision, "")


def test_the_decision_of_a_window_is_asked_for_by_its_number(omniflow, answer):
    assert omniflow("why", answer, "--window", 1) == (0, DECISION, "")
    told = "decide #0 at 1.120 s: k=0  choice=listen  cause=nothing to say  response=0  part=0  last=False  begin=0  epoch=0  p_lis..."
    assert first_line(omniflow, answer, "--window", 0) == told


def test_what_followed_from_a_window_is_found_on_any_edge(omniflow, answer):
    found = [first_line(omniflow, answer, "--window", 1, "--edge", edge).split(":")[0] for edge in ("window", "text", "wave", "out-stream")]
    assert found == ["window #1 at 2.000 s", "text #1 at 2.120 s", "wave #0 at 2.290 s", "out-stream #0 at 2.290 s"]
    assert first_line(omniflow, answer, "--window", 2, "--edge", "out-stream").startswith("out-stream #9 at 3.730 s")


def test_what_sounded_at_a_time_is_the_last_that_began(omniflow, answer):
    found = [first_line(omniflow, answer, "--at", at).split(":")[0] for at in (2.29, 3.72, 3.73, 1e9)]
    assert found == ["out-stream #0 at 2.290 s"] * 2 + ["out-stream #9 at 3.730 s"] * 2
    assert first_line(omniflow, answer, "--at", 2.13, "--edge", "decide").startswith("decide #1 at 2.120 s")


def test_a_turn_is_asked_for_by_its_number_from_1(omniflow, answer):
    assert omniflow("why", answer, "--turn", 1) == omniflow("why", answer)
    assert omniflow("why", answer, "--turn", 1, "--edge", "decide") == (0, DECISION, "")


def test_a_folder_stands_for_the_trace_in_it(omniflow, answer):
    assert omniflow("why", answer.parent, "--window", 1) == (0, DECISION, "")


def test_what_was_heard_of_an_answer_goes_back_to_the_wave_that_sounded(omniflow, answer):
    lines = omniflow("why", answer, "--edge", "heard", "--at", 4.0).out.splitlines()
    assert [line.split(":")[0].strip() for line in lines[:3]] == ["heard #10 at 3.930 s", "<- play #10 at 3.930 s", "<- wave #1 at 3.290 s"]
    assert "part=1" in lines[2]


def test_a_wave_that_waited_for_its_time_is_found_among_those_that_wait(omniflow, tmp_path):
    """Two seconds of sound are decided in one window of two seconds; each second is begun by a wake of the player."""
    dialogue = open_recording(bundled()["dialogue_zh"])
    graph = duplex(model="recorded", window=2.0, recording=dialogue)
    save_trace(replay(graph, dialogue, engine="direct"), tmp_path / "trace.mcap")
    chains = [omniflow("why", tmp_path, "--at", at, "--json").json["chain"] for at in (3.88, 4.88)]
    for part, chain in enumerate(chains):
        assert [link["edge"] for link in chain[:6]] == ["out-stream", "play", "wave", "speech", "decide", "window"]
        assert all(f"part={part}  " in link["data"] for link in chain[1:5])


def test_json_holds_the_chain_link_by_link(omniflow, answer):
    answered = omniflow("why", answer, "--window", 1, "--json")
    assert (answered.code, answered.out.count("\n")) == (0, 1)
    chain = answered.json["chain"]
    assert [(link["depth"], link["edge"], link["seqs"], link["time_s"]) for link in chain] == [
        (0, "decide", [1, 1], 2.12),
        (1, "window", [1, 1], 2.0),
        (2, "listen", [50, 99], 1.0),
        (3, "env-audio", [50, 99], 1.0),
    ]
    assert chain[1]["data"] == "window 1 [1 s, 2 s)"
    last = {"between": 48, "seq": 99, "time_s": 1.98, "data": "permille=0  talking=False  utterance=1  spoken_ns=1000000000  ended=True"}
    assert [link["more"] for link in chain] == [[], [], [last], []]


def test_what_was_decided_on_is_shown_wherever_in_the_window_it_stands(omniflow, tmp_path):
    recording = room(tmp_path, (0.5, 1.2))
    save_trace(answered(recording, script(tmp_path)), tmp_path / "trace.mcap", recording=recording)
    lines = [line.strip() for line in omniflow("why", tmp_path / "trace.mcap", "--window", 1).out.splitlines()]
    assert lines[2:7] == [
        "<- listen #50..99 at 1.000 s: permille=1000  talking=True  utterance=1  spoken_ns=520000000  ended=False",
        "(33 between)",
        "#84 at 1.680 s: permille=0  talking=False  utterance=1  spoken_ns=700000000  ended=True",
        "(14 between)",
        "#99 at 1.980 s: permille=0  talking=False  utterance=1  spoken_ns=700000000  ended=False",
    ]


def test_an_edge_of_any_graph_can_be_asked_for(omniflow, tmp_path):
    save_trace(traced(), tmp_path / "trace.mcap")
    trace = tmp_path / "trace.mcap"
    assert first_line(omniflow, trace, "--edge", "think") == "think #0 at 1.100 s: k=0  text=2 up to 7"
    assert first_line(omniflow, trace, "--edge", "think", "--at", 3.1) == "think #1 at 3.100 s: k=2  text=1 up to 9"
    assert first_line(omniflow, trace, "--edge", "think", "--window", 2) == "think #1 at 3.100 s: k=2  text=1 up to 9"
    every = "mic, loud, window, think, squawk, play, again"
    begin = "this graph has no edge 'out-stream' to begin at; name one with --edge (and --at SECONDS): "
    for arguments in ([], ["--at", "1"]):
        assert omniflow.refused("why", trace, *arguments) == f"omniflow: {begin}{every}"
    assert omniflow.refused("why", trace, "--window", "0") == f"omniflow: {begin.replace('out-stream', 'decide')}{every}"
    assert omniflow.refused("why", trace, "--turn", "1", "--edge", "think") == (
        "omniflow: turns are those of the duplex pipeline, and this graph has no decide, heard, out-stream; ask with --edge NAME --at SECONDS"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{trace}", "--window", "9"], "edge 'decide' holds nothing made of window 9; it has 5 events"),
        (["{trace}", "--window", "-1"], "edge 'decide' holds nothing made of window -1"),
        (["{trace}", "--window", "x"], "argument --window: invalid int value: 'x'"),
        (["{trace}", "--turn", "0"], "there is no turn 0; the trace has 1"),
        (["{trace}", "--turn", "2"], "there is no turn 2; the trace has 1"),
        (["{trace}", "--turn", "1", "--edge", "look"], "edge 'look' has no part in turn 1"),
        (["{trace}", "--at", "1.5"], "edge 'out-stream' has no event up to 1.500 s"),
        (["{trace}", "--at", "-1"], "--at: wants a second of the session, 0 to 1e9, got -1.0"),
        (["{trace}", "--at", "nan"], "--at: wants a second of the session, 0 to 1e9, got nan"),
        (["{trace}", "--at", "inf"], "--at: wants a second of the session, 0 to 1e9, got inf"),
        (["{trace}", "--at", "1e300"], "--at: wants a second of the session, 0 to 1e9, got 1e+300"),
        (["{trace}", "--at", "1", "--turn", "1"], "argument --turn: not allowed with argument --at"),
        (["{trace}", "--edge", "mouth"], "no edge 'mouth' in this trace; there are env-visual, env-audio, look"),
        (["{trace}", "--edge", "env-audio"], "edge 'env-audio' holds no event in this trace (by reference, of 225 events in room.mcap (audio, 16000"),
        (["{trace}", "--edge", "env-audio", "--at", "1"], "); replay with --copy-inputs to have them in it"),
        (["{trace}", "--edge", "look"], "edge 'look' holds no event in this trace; name another one"),
        (["{recording}"], "a recording of a session, not a trace; make one with `omniflow replay"),
        (["{folder}"], "a folder without a trace.mcap; `omniflow replay REC --out"),
        (["{folder}/nothing"], "nothing: there is no such file"),
        ([], "the following arguments are required: TRACE"),
    ],
)
def test_what_cannot_be_explained_is_refused(omniflow, answer, tmp_path, arguments, words):
    given = {"trace": answer, "recording": answer.parent / "room.mcap", "folder": tmp_path}
    assert words in omniflow.refused("why", *(argument.format(**given) for argument in arguments))


def test_a_trace_in_which_nothing_was_said_says_what_to_ask_instead(omniflow, tmp_path):
    recording = room(tmp_path)
    save_trace(answered(recording, script(tmp_path, first=9)), tmp_path / "trace.mcap")
    assert omniflow.refused("why", tmp_path / "trace.mcap").endswith("edge 'out-stream' holds no event: the assistant said nothing; try --window 0")
