"""`omniflow interleave` lays answers out in windows as the oracle does, and refuses what it cannot in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operators.omni_flow.interleaving.dialogue import dialogue
from operators.omni_flow.interleaving.interleave import supervise
from tests.operators.omni_flow.interleaving.spoken import CASES, turn

THREE = turn(("a", 0, 0.7), ("b", 0.7, 1.3), ("c", 1.3, 2.4), first_unit=1)


@pytest.fixture
def talk(tmp_path) -> Path:
    """An answer of three words that begins in window 1, in a file."""
    path = tmp_path / "talk.json"
    path.write_text(json.dumps({"unit_s": 1.0, "look_ahead_s": 0.3, "turns": [THREE]}), "utf-8")
    return path


def texts(omniflow, *arguments: object) -> list[str]:
    return [unit["text"] for unit in omniflow("interleave", *arguments, "--json").json["units"]]


@pytest.mark.parametrize("name", CASES)
def test_the_windows_of_the_oracle_come_out_of_its_words(omniflow, tmp_path, name):
    case = {key: CASES[name][key] for key in ("unit_s", "look_ahead_s", "turns")}
    (tmp_path / "words.json").write_text(json.dumps(case), "utf-8")
    units = omniflow("interleave", tmp_path / "words.json", "--json").json["units"]
    wanted = CASES[name]["units"]
    assert [[unit["unit"], unit["ids"]] for unit in units] == [[unit["unit"], unit["ids"][1:-1]] for unit in wanted[: len(units)]]
    assert [unit["voiced"] for unit in units] == [unit.voiced and [time / 1e9 for time in unit.voiced] for unit in supervise(dialogue(case))]


def test_json_has_each_window_with_its_text_and_the_sound_that_is_spoken(omniflow, talk):
    answered = omniflow("interleave", talk, "--json")
    assert (answered.code, answered.err, answered.json) == (
        0,
        "",
        {
            "units": [
                {"unit": 0, "text": "", "end_of_turn": False, "voiced": None, "ids": [151705]},
                {"unit": 1, "text": "ab", "end_of_turn": False, "voiced": [0.0, 1.0], "ids": [151706, 100, 101, 151718]},
                {"unit": 2, "text": "c", "end_of_turn": False, "voiced": [1.0, 2.0], "ids": [151706, 102, 151718]},
                {"unit": 3, "text": "", "end_of_turn": True, "voiced": [2.0, 2.4], "ids": [151706, 151717, 151718]},
            ]
        },
    )


def test_it_is_shown_as_lines_for_people(omniflow, talk):
    assert omniflow("interleave", talk).out.splitlines() == [
        "window  sound spoken         text",
        "     0  listens",
        "     1    0.000 to   1.000 s ab",
        "     2    1.000 to   2.000 s c",
        "     3    2.000 to   2.400 s  [end of turn]",
    ]
    assert omniflow("interleave", talk, "--window", 0.5).out.splitlines()[1:3] == [
        "     0  listens, up to window 1",
        "     2    0.000 to   0.500 s ab",
    ]


def test_options_choose_the_windows_the_look_ahead_and_the_way(omniflow, talk):
    assert texts(omniflow, talk, "--look-ahead", 0.4) == ["", "abc", "", ""]
    assert texts(omniflow, talk, "--window", 0.5) == ["", "", "ab", "", "c", "", ""]
    assert texts(omniflow, talk, "--strategy", "text-first") == ["", "abc", "", ""]
    assert texts(omniflow, talk, "--strategy", "fixed-ratio", "--rate", 5, "--window", 0.5) == ["", "", "abc", "", "", "", ""]
    assert texts(omniflow, talk, "--strategy", "fixed-ratio") == texts(omniflow, talk, "--strategy", "fixed-ratio", "--rate", 4)


def test_deferred_tokens_are_the_look_ahead_instead_of_the_files_unless_both_are_given(omniflow, talk):
    talk.write_text(json.dumps({"unit_s": 1.0, "look_ahead_s": 0.4, "turns": [THREE]}), "utf-8")
    deferred = omniflow("interleave", talk, "--defer-tokens", 1, "--json").json["units"]
    assert [(unit["text"], unit["voiced"]) for unit in deferred] == [
        ("", None),
        ("ab", [0.0, 0.7]),
        ("c", [0.7, 1.3]),
        ("", [1.3, 2.3]),
        ("", [2.3, 2.4]),
    ]
    both = omniflow("interleave", talk, "--defer-tokens", 2, "--look-ahead", 0.4, "--json").json["units"]
    assert [(unit["text"], unit["voiced"]) for unit in both] == [("", None), ("abc", [0.0, 0.7]), ("", [0.7, 1.7]), ("", [1.7, 2.4])]


def test_what_was_said_is_printed_as_it_is(omniflow, tmp_path):
    (tmp_path / "talk.json").write_text(json.dumps({"unit_s": 1, "look_ahead_s": 0, "turns": [turn(("[b]球[/b]", 0, 0.5))]}), "utf-8")
    assert omniflow("interleave", tmp_path / "talk.json").out.splitlines()[1].endswith(" [b]球[/b] [end of turn]")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "wants a WORDS.json or --compare"),
        (["{talk}", "--compare"], "wants no WORDS.json with --compare"),
        (["{talk}", "--window", "0"], "--window: wants 0.001 to 3600, got 0.0"),
        (["{talk}", "--window", "nan"], "--window: wants 0.001 to 3600, got nan"),
        (["{talk}", "--look-ahead", "-0.1"], "--look-ahead: wants 0 to 3600, got -0.1"),
        (["{talk}", "--defer-tokens", "-1"], "--defer-tokens: wants 0 to 1000, got -1"),
        (["{talk}", "--rate", "3"], "--rate: goes with --strategy fixed-ratio"),
        (["{talk}", "--strategy", "fixed-ratio", "--rate", "6"], "argument --rate: invalid choice: 6"),
        (["{talk}", "--strategy", "text-first", "--look-ahead", "1"], "--look-ahead: goes with --strategy tail"),
        (["{talk}", "--strategy", "text-first", "--defer-tokens", "1"], "--defer-tokens: goes with --strategy tail"),
        (["{talk}", "--seeds", "3"], "--seeds: goes with --compare"),
        (["{talk}", "--plot", "a.svg"], "--plot: goes with --compare"),
        (["--compare", "--plot", "a.png"], "--plot: writes SVG, so wants a name that ends in .svg, got a.png"),
        (["--compare", "--seeds", "0"], "--seeds: wants 1 to 100000, got 0"),
        (["--compare", "--strategy", "tail"], "--compare: measures all strategies on answers of its own"),
        (["{talk}x"], "talk.jsonx"),
        (["{folder}"], "is a folder"),
        (["{folder}/bad.json"], "bad.json: turn 1, word 2 'b': has no field start_s"),
        (["{folder}/bad.json", "--tokenizer", "{folder}"], "wants a folder with a tokenizer.json"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(omniflow, talk, arguments, words):
    bad = json.loads(talk.read_text("utf-8"))
    del bad["turns"][0]["words"][1]["start_s"]
    (talk.parent / "bad.json").write_text(json.dumps(bad), "utf-8")
    assert words in omniflow.refused("interleave", *(argument.format(talk=talk, folder=talk.parent) for argument in arguments))
