"""Who spoke when is read off a trace; the assistant stops, and replies, in time, or the failure says why not."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest

import recordings
from omniflow_graph import Trace, replay, seconds
from omniflow_graph.testing import about
from operators.duplex import duplex
from operators.scripted.script import Rule
from operators.testing import assert_replies_within, assert_stops_within, heard, sounds, speech
from simulations.scenario import MS, At, Begun, Scenario, Wait, interrupt, mhm, say
from simulations.world import simulate
from tests.omniflow_graph.testing.small import ran

LAMP = "It is an old lamp of brass, and beside it stands a kettle that somebody has left on the stove."


def talk(*acts, lines=(LAMP, "Which one?"), length: float = 16, **options) -> Trace:
    script = tuple(Rule("speech_ends", n, line) for n, line in enumerate(lines, 1))
    return simulate(Scenario("talk", seconds(length), user=acts, script=script), **options)


ASKS = say("What is that?", At(400 * MS))
TALKS_OVER = interrupt("No no, that is not at all what I wanted to know, please.", Begun(seconds(1)))


@lru_cache(maxsize=1)
def interrupted() -> Trace:
    return talk(ASKS, TALKS_OVER)


@lru_cache(maxsize=1)
def recorded() -> Trace:
    return replay(duplex(model="scripted-fast"), recordings.path("three_questions"))


def test_a_simulated_user_speaks_when_they_say_so():
    trace = talk(ASKS, mhm(Begun(seconds(0.5))))
    assert [(each.start, each.kind, each.text) for each in speech(trace)] == [
        (seconds(0.4), "say", "What is that?"),
        (sounds(trace)[0].start + seconds(0.5), "mhm", "mhm"),
    ]


def test_one_who_breaks_off_speaks_until_then():
    scenario = Scenario("both", seconds(10), user=(ASKS, TALKS_OVER), yields=0)
    long = say("And what stands beside it, and behind it, and over there?", Begun(seconds(1)))
    trace = simulate(replace(scenario, user=(ASKS, long), yields=300 * MS), script=interrupted()["scenario"][0].data.script)
    hushed = next(event for event in trace["user"] if not hasattr(event.data, "begin"))
    assert speech(trace)[1].end == hushed.time
    assert speech(trace)[1].end < trace["user"][1].data.end


def test_where_only_the_ears_know_an_utterance_begins_with_its_first_speech():
    spoken = [(each.start, each.end, each.kind) for each in speech(recorded())]
    assert len(spoken) == 4
    assert all(kind == "speech" for *_, kind in spoken)
    assert all(start < end for start, end, _ in spoken)
    ended = [event.time for event in recorded()["listen"] if event.data.ended]
    assert [(end - said) / MS for (_, said, _), end in zip(spoken, ended)] == [500.0] * 4


def test_what_sounds_ends_where_it_was_cut():
    last = sounds(interrupted())[-2:]
    fence = interrupted()["fence"][0].time
    assert fence in [sound.end for sound in sounds(interrupted())]
    assert [sound.response for sound in last] == [1, 2]


def test_of_what_was_cut_short_the_words_that_were_heard_count():
    assert [text[:25] for text in heard(interrupted())] == ["It is an old lamp of bras", "Which one?"]
    assert about(interrupted()).heard()[0] == about(interrupted()).turns()[0].heard


def test_an_assistant_that_stops_in_time_passes_and_says_how_long_it_went_on():
    (long,) = assert_stops_within(interrupted(), seconds(3))
    (over,) = [each for each in speech(interrupted()) if each.kind == "interrupt"]
    assert long == interrupted()["fence"][0].time - over.start


def test_an_assistant_that_goes_on_too_long_fails_with_the_chain_of_what_sounded():
    (long,) = assert_stops_within(interrupted(), seconds(3))
    assert_stops_within(interrupted(), long)
    with pytest.raises(AssertionError) as failed:
        assert_stops_within(interrupted(), long - 1)
    first, second, *rest = str(failed.value).splitlines()
    assert first.startswith("session 'talk 0', seed 0: after the user began to talk over answer 1 at ")
    assert "(interrupt 'No no, that is not at all what I wanted to know, please.'), wants silence within" in first
    assert second.startswith("play #")
    assert [line.split()[1] for line in rest if line.strip().startswith("<-")][:4] == ["wave", "speech", "decide", "window"]


def test_a_short_mhm_does_not_have_to_stop_anybody():
    trace = talk(ASKS, mhm(Begun(seconds(0.5))))
    assert assert_stops_within(trace, 200 * MS) == [180 * MS]
    with pytest.raises(AssertionError, match="wants 1 utterances over an answer or more, got 0: nothing would be proved"):
        assert_stops_within(trace, seconds(1), kinds=("interrupt",))


def test_an_assistant_that_replies_in_time_passes_and_says_after_how_long():
    (after,) = assert_replies_within(talk(ASKS), seconds(2.5))
    assert after == sounds(talk(ASKS))[0].start - speech(talk(ASKS))[0].end
    assert [after / MS for after in assert_replies_within(recorded(), seconds(2))] == [1770.0, 1730.0, 1150.0]


def test_an_assistant_that_replies_too_late_fails_with_the_chain_of_its_answer():
    (after,) = assert_replies_within(talk(ASKS), seconds(2.5))
    assert_replies_within(talk(ASKS), after)
    with pytest.raises(AssertionError, match=r"wants an answer within .*; the next one begins .* s later\nplay #0 at"):
        assert_replies_within(talk(ASKS), after - 1)


def test_an_assistant_that_never_replies_fails_with_what_it_decided_instead():
    with pytest.raises(AssertionError, match=r"none comes\ndecide #\d+ at .* choice=listen  cause=nothing to say"):
        assert_replies_within(talk(ASKS, lines=()), seconds(2))


def test_one_after_whom_the_user_goes_on_wants_no_answer_yet():
    trace = talk(ASKS, say("I mean, over there.", Wait(600 * MS)), lines=("A lamp.",), length=10)
    assert len(speech(trace)) == 2
    assert len(assert_replies_within(trace, seconds(2.5))) == 1


def test_a_graph_in_which_nobody_tells_who_speaks_is_named_with_its_edges():
    with pytest.raises(KeyError, match="has neither an edge 'user' nor 'listen' that says who speaks; it has mic, eye, both"):
        speech(ran())
