"""`omniflow report` writes one page beside the trace, with the pictures and the sound of what was replayed."""

from __future__ import annotations

import json

import pytest

from tests.operators.commands.rooms import ASK
from tests.operators.report.test_page import data_of


@pytest.fixture
def traced(omniflow, here):
    """Two traces, of two scripts."""
    assert omniflow(*ASK, "--out", "run")[0] == 0
    (here / "script.yaml").write_text("- when: {speech_ends: 1}\n  say: No.\n")
    assert omniflow(*ASK, "--out", "other")[0] == 0
    return here


def test_a_page_is_written_beside_the_trace_with_the_room_it_finds(omniflow, traced):
    code, out, _ = omniflow("report", "run", "--json")
    told = json.loads(out.splitlines()[-1])
    assert (code, told["page"], told["notes"]) == (0, "run/report.html", [])
    shown = data_of((traced / "run" / "report.html").read_text())
    assert shown["runs"][0]["turns"][0]["text"] == "I can hear you very well now."
    assert shown["runs"][0]["speech"] == [[620.0, 1960.0, 1]]
    assert told["bytes"] == (traced / "run" / "report.html").stat().st_size


def test_without_the_recording_the_page_says_what_it_lacks(omniflow, traced):
    (traced / "room.mcap").rename(traced / "elsewhere.mcap")
    code, out, _ = omniflow("report", "run", "--json", "--no-sound")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["notes"] == ["without pictures and sound of the room: room.mcap was not found; name it with --recording"]
    code, out, _ = omniflow("report", "run", "--json", "--recording", "elsewhere.mcap")
    assert json.loads(out.splitlines()[-1])["notes"] == []


def test_two_traces_are_compared(omniflow, traced):
    code, _, _ = omniflow("report", "run", "other", "-o", "both.html", "--no-sound")
    assert code == 0
    shown = data_of((traced / "both.html").read_text())
    assert shown["difference"]["t"] == 2120.0
    assert [run["turns"][0]["text"] for run in shown["runs"]] == ["I can hear you very well now.", "No."]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("report", "run", "run", "run"), "wants one trace, or two to compare, got 3"),
        (("report", "room.mcap"), "a recording of a session, not a trace"),
        (("report", "three_questions"), "a recording of a session, not a trace"),
        (("report", "run", "--recording", "gone.mcap"), "gone.mcap"),
        (("report", "run", "-o", "folder"), "folder: cannot be written"),
        (("report", "run", "-o", "missing/page.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(omniflow, traced, args, words):
    code, _, err = omniflow(*args)
    assert code != 0
    assert words in err
    assert "Traceback" not in err


def test_a_replay_writes_its_page_at_once(omniflow, here):
    code, out, _ = omniflow(*ASK, "--report", "why.html", "--json")
    assert (code, json.loads(out)["files"]) == (0, {"report": "why.html"})
    assert data_of((here / "why.html").read_text())["runs"][0]["turns"][0]["text"] == "I can hear you very well now."


def test_the_page_of_a_replay_is_of_one_recording(omniflow, here):
    assert "--report: is for one recording at a time" in omniflow.refused(*ASK, "--report", "why.html", "--recover", "kept")
