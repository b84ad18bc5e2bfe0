"""What cannot be served is said before a socket is open, and a deadline that was missed is counted."""

from __future__ import annotations

import pytest

from omniflow_graph import Graph, Session, replay, seconds
from omniflow_graph.command import main
from operators.commands.serve import checked, missed

FEED = "--feed=env-audio=omniflow/1@tcp://127.0.0.1:5555"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--feed", "env-audio"], "--feed: wants STREAM=CODEC@ENDPOINT"),
        ([FEED, "--allowance", "-1"], "--allowance: wants 0 to 10000, got -1.0"),
        ([FEED, "--until-idle", "nan"], "--until-idle: wants 0.01 to 1e+06, got nan"),
        ([FEED, "--sessions", "0"], "--sessions: wants 1 to 10000, got 0"),
        ([FEED, "--seed", "-1"], "--seed: wants"),
        ([FEED, "--model", "gpt"], "wants a model out of scripted"),
        ([FEED, "--set", "beside"], "--set: wants NAME=VALUE"),
        (["--feed", "env-audio=omniflow/1@bind+tcp://*:5555"], "tcp://*:5555: other machines can get at it"),
        ([FEED, "--out", "tcp://0.0.0.0:5600"], "tcp://0.0.0.0:5600: other machines can get at it"),
        ([FEED, "--control", "tcp://0.0.0.0:5600"], "tcp://0.0.0.0:5600: other machines can get at it"),
    ],
)
def test_what_cannot_be_served_is_said(args, words, capsys):
    assert main(["serve", *args]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert words in err


def test_a_window_that_was_done_after_the_next_one_could_begin_missed_its_deadline():
    g = Graph("slow")
    window = g.align("window", g.source("mic"), length=seconds(1))
    g.sink("out", g.stage("model", window, lambda state, event: (state, []), cost=[seconds(0.9), seconds(1.2), seconds(0.5), seconds(0.1)]))
    trace = replay(g, Session("s", {"mic": [(0, 1)]}, end=seconds(4)), engine="direct")
    assert missed(trace, 0) == 1  # the second is done at 3.2 s, the third at 3.7 s


def test_an_acknowledgement_that_is_none_stays_outside():
    checked("playback", {"response": 1, "played_samples": 5})
    checked("env-audio", b"anything")
    with pytest.raises(ValueError, match="wants what was heard of an answer"):
        checked("playback", {"response": "one"})
