"""What cannot be served is said before a socket is open, and a deadline that was missed is counted."""

from __future__ import annotations

import msgpack
import pytest

from omniflow_graph import Graph
from omniflow_graph.clock import WallClock
from omniflow_graph.command import main
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.endpoints import endpoint_of
from omniflow_graph.live.feed import LiveFeed
from omniflow_graph.live.sinks import Publisher, Subscriber
from omniflow_graph.recording.wire import pack_value
from operators.commands.play import Player
from operators.commands.serve import checked, lines, told_by
from operators.live.progress import Progress

FEED = "--feed=env-audio=omniflow/1@tcp://127.0.0.1:5555"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--feed", "env-audio"], "--feed: wants STREAM=CODEC@ENDPOINT"),
        ([FEED, "--allowance", "-1"], "--allowance: wants 0 to 10000, got -1.0"),
        ([FEED, "--until-idle", "nan"], "--until-idle: wants 0.01 to 1e+06, got nan"),
        ([FEED, "--grace", "-1"], "--grace: wants 0 to 1e+06, got -1.0"),
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


def test_an_acknowledgement_that_is_none_stays_outside():
    checked("playback", {"response": 1, "played_samples": 5})
    checked("env-audio", b"anything")
    with pytest.raises(ValueError, match="wants what was heard of an answer"):
        checked("playback", {"response": "one"})


def test_who_was_replaced_is_told_once():
    replaced = {"what": "replaced", "stream": "playback", "generation": 7}
    with Publisher(endpoint_of("tcp://127.0.0.1:*", "pub", True)) as publisher, Subscriber(endpoint_of(publisher.address), "live/") as subscriber:
        assert publisher.wait_for_subscriber(30)
        tell = told_by(publisher)
        for generation in (7, 7, 8):
            tell("live", {**replaced, "generation": generation})
        heard = [subscriber.receive(30_000) for _ in range(2)]
    assert [parts[0] for parts in heard if parts] == [b"live/replaced"] * 2
    assert [msgpack.unpackb(parts[2]) for parts in heard if parts] == [replaced, {**replaced, "generation": 8}]


def test_a_player_that_was_replaced_stops(capsys):
    player = Player("live", WallClock(0))
    for generation in (player.generation + 1, player.generation):
        assert not player.stopped
        player.take(0, encode("live/replaced", 0, None, pack_value({"stream": "playback", "generation": generation}), edge="replaced"))
    assert player.stopped
    assert capsys.readouterr().err == "omniflow: another player plays live now\n"


def test_the_line_tells_of_no_more_sessions_than_fit():
    with LiveFeed(Graph("none"), []) as feed:
        feed.sessions.update((name, feed._begun(name, 0)) for name in "abcd")
        assert [words.split()[0] for words in lines(feed, Progress(Graph("none"), 0), None, 5).split(" | ")] == ["a", "b", "c"]
        feed.sessions.clear()
