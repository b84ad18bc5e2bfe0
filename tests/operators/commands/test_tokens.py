"""`omniflow tokens` prints a session's token groups window by window, and a training sequence where its words are given."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from omniflow_graph import Event, Window
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.trace.stored import save_trace
from operators.duplex import duplex
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, LISTEN, SPEAK, TURN_EOS, UNIT, UNIT_END
from operators.words import Decision
from tests.operators.commands.rooms import room
from tests.operators.omni_flow.interleaving.spoken import turn
from tests.operators.omni_flow.tokens.published import folder

SHOWN = """\
room: 5 windows of 1 s, explicit LS, 87 tokens; text in bytes
    k tokens
    0     13  <unit> <|audio|>*10 <|listen|> </unit>
    1     24  <unit> <|audio|>*10 <|speak|> "I can hear" <|chunk_eos|> </unit>
    2     29  <unit> <|audio|>*10 <|speak|> " you well now." <|turn_eos|> <|chunk_eos|> </unit>
    3     13  <unit> <|audio|>*10 <|listen|> </unit>
    4      8  <unit> <|audio|>*5 <|listen|> </unit>
"""
TRAINING = """\
room: 5 windows of 1 s, explicit LS, 68 tokens; text in {}'s tokens, else bytes; [with loss]
    k tokens
    0     13  <unit> <|audio|>*10 [<|listen|>] </unit>
    1     15  <unit> <|audio|>*10 [<|speak|> "good" <|chunk_eos|>] </unit>
    2     14  <unit> <|audio|>*10 [<|speak|> <|chunk_eos|>] </unit>
    3     18  <unit> <|audio|>*10 [<|speak|> " mör" <|turn_eos|> <|chunk_eos|>] </unit>
    4      8  <unit> <|audio|>*5 [<|listen|>] </unit>
"""


LINE = "I can hear you well now."
SAID = {1: Decision(1, "speak", "", 1, 0, False, "I can hear", LINE), 2: Decision(2, "speak", "", 1, 1, True, " you well now.", LINE, 10)}


def decided(state: object, event: Event[Window]) -> tuple[object, list[Decision]]:
    """Speak in two windows, listen in the others."""
    return state, [SAID.get(event.data.k, Decision(event.data.k, "listen", ""))]


@pytest.fixture
def answer(here) -> Path:
    """A folder with a trace in which two windows are answered, beside its recording."""
    (here / "run").mkdir()
    graph = duplex(model="scripted-fast").replace("decide", fn=decided)
    save_trace(run_direct(graph, room(here).session()), here / "run" / "trace.mcap")
    return here


@pytest.fixture
def words(tmp_path) -> str:
    """An answer that begins in window 1, and whose second word sounds in window 3."""
    said = turn(("good", 0, 0.4), (" mör", 2.0, 2.4), first_unit=1)
    said["tokens"] = [{"id": 7, "text": "good"}, *({"id": n, "text": char} for n, char in enumerate([" m", "ö", "r"]))]
    path = tmp_path / "words.json"
    path.write_text(json.dumps({"unit_s": 1.0, "look_ahead_s": 0.0, "turns": [said]}))
    return str(path)


def test_a_trace_is_shown_with_its_own_decisions(omniflow, answer):
    assert omniflow("tokens", "run") == (0, SHOWN, "")
    assert omniflow("tokens", "run/trace.mcap", "--window", 1) == (0, SHOWN, "")


def test_a_recording_is_replayed_first(omniflow, tmp_path):
    path = room(tmp_path, (0.2, 0.8), (1.6, 2.2)).path
    shown = omniflow("tokens", path).out.splitlines()
    assert shown[0].startswith("room: 5 windows of 1 s, explicit LS, ")
    assert '<unit> <|audio|>*10 <|speak|> "An astronaut' in shown[4]  # as the default script answers the second question
    assert omniflow("tokens", path, "--window", 0.5).out.startswith("room: 9 windows of 0.5 s, explicit LS, ")


def test_each_form_is_shown_in_its_own_way(omniflow, answer):
    implicit = omniflow("tokens", "run", "--boundaries", "implicit", "--control", "LT").out.splitlines()
    assert implicit[0] == "room: 5 windows of 1 s, implicit LT, 73 tokens; text in bytes"
    assert implicit[3:5] == ['    1     20  <|audio|>*10 "I can hear"', '    2     25  <|audio|>*10 " you well now." <|turn_eos|>']


def test_pictures_are_shown_as_what_stands_for_them(omniflow):
    first = omniflow("tokens", "three_questions", "--window", 0.5).out.splitlines()[2]
    assert first == "    0     74  <unit> <image> <unk>*64 </image> <|audio|>*5 <|listen|> </unit>"


def test_json_holds_every_token_and_the_positions_of_embeddings(omniflow, answer):
    told = omniflow("tokens", "run", "--json")
    assert told.out.count("\n") == 1
    groups = told.json.pop("groups")
    spans = [[0, 10], [13, 23], [37, 47], [66, 76], [79, 84]]
    assert {**told.json, "groups": ...} == {
        "session": "room", "window_s": 1.0, "boundaries": "explicit", "control": "LS", "text_in": "bytes", "tokens": 87, "groups": ...,
        "spans": [[start + 1, end + 1, "audio", k, 0, 0] for k, (start, end) in enumerate(spans)],
    }  # fmt: skip
    assert groups[0] == {"k": 0, "start": 0, "tokens": [UNIT, *[151_698] * 10, LISTEN, UNIT_END], "answer": [11, 12], "text": ""}
    assert groups[2]["tokens"][11:] == [SPEAK, *b" you well now.", TURN_EOS, CHUNK_EOS, UNIT_END]
    assert [(group["k"], group["start"], group["answer"], group["text"]) for group in groups[1:4]] == [
        (1, 13, [24, 36], "I can hear"),
        (2, 37, [48, 65], " you well now."),
        (3, 66, [77, 78], ""),
    ]


def test_words_with_times_give_a_training_sequence_with_its_loss(omniflow, answer, words):
    assert omniflow("tokens", "run", "--supervision", words) == (0, TRAINING.format(words), "")
    told = omniflow("tokens", "run", "--supervision", words, "--json").json
    learned = [token for token, one in zip([token for group in told["groups"] for token in group["tokens"]], told["loss"]) if one]
    assert learned == [LISTEN, SPEAK, 7, CHUNK_EOS, SPEAK, CHUNK_EOS, SPEAK, 0, 1, 2, TURN_EOS, CHUNK_EOS, LISTEN]
    assert (len(told["loss"]), [group["text"] for group in told["groups"]]) == (68, ["", "good", "", " mör", ""])


def test_words_sound_at_their_time_in_windows_of_any_length(omniflow, answer, words):
    groups = omniflow("tokens", "room.mcap", "--window", 0.5, "--supervision", words, "--json").json["groups"]
    assert [group["k"] for group in groups if group["text"]] == [2, 6]


def test_words_without_tokens_are_encoded(omniflow, answer, words):
    told = json.loads(Path(words).read_text())
    del told["turns"][0]["tokens"]
    Path(words).write_text(json.dumps(told))
    assert omniflow("tokens", "run", "--supervision", words, "--json").json["groups"][1]["tokens"][12:-2] == list(b"good")


def test_the_published_tokenizer_writes_the_models_own_ids(omniflow, answer):
    told = omniflow("tokens", "run", "--tokenizer", folder(), "--json").json
    assert (told["text_in"], told["groups"][1]["tokens"][11:]) == (str(folder()), [SPEAK, 40, 646, 6723, CHUNK_EOS, UNIT_END])


def test_a_damaged_trace_is_shown_as_far_as_it_goes(omniflow, answer):
    whole = Path("run/trace.mcap").read_bytes()
    Path("run/trace.mcap").write_bytes(whole[: len(whole) * 3 // 4])
    code, out, err = omniflow("tokens", "run")
    assert (code, err.startswith("omniflow: warning: run/trace.mcap")) == (0, True)
    assert out.splitlines()[1:4] == SHOWN.splitlines()[1:4]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--window", "0.5"], "--window: run was decided in windows of 1 s, got 0.5; leave it out, or name the recording"),
        (["room.mcap", "--window", "0.25"], "wants a window of whole audio tokens, 0.1 s each, got 0.25 s"),
        (["room.mcap", "--window", "nan"], "--window: wants seconds, more than 0 and up to 3600, got nan"),
        (["room.mcap", "--window", "-1"], "--window: wants seconds, more than 0 and up to 3600, got -1.0"),
        (["room.mcap", "--window", "1e300"], "--window: wants seconds, more than 0 and up to 3600, got 1e+300"),
        (["room.mcap", "--control", "XX"], "argument --control: invalid choice: 'XX'"),
        (["nothing.mcap"], "nothing.mcap: there is no such file"),
        (["notes.txt"], "notes.txt"),
        (["run", "--tokenizer", "folder"], "tokenizer folder: wants a folder with a tokenizer.json"),
        (["run", "--supervision", "notes.txt"], "notes.txt: wants JSON with unit_s, look_ahead_s and turns"),
        (["run", "--supervision", "nowhere.json"], "nowhere.json"),
        ([], "the following arguments are required: REC"),
    ],
)
def test_what_cannot_be_shown_is_refused(omniflow, answer, arguments, said):
    assert said in omniflow.refused("tokens", *arguments)


def test_words_that_sound_after_the_session_are_refused(omniflow, answer, words):
    Path(words).write_text(re.sub('"first_unit": 1', '"first_unit": 3', Path(words).read_text()))
    assert "window 5: wants a window of the session, which has 0 to 4" in omniflow.refused("tokens", "run", "--supervision", words)
