"""What a run took is read off its trace: deadlines, lead, staleness and answers, to the nanosecond."""

from __future__ import annotations

from dataclasses import replace

import pytest

from operators.duplex import duplex
from operators.scripted.script import Rule
from simulations.real_time.figures import figures, rows, verdict
from simulations.real_time.timing import Timing, timing
from simulations.scenario import MS, Answered, At, Begun, Phrase, Scenario, interrupt, mhm, say
from simulations.world import simulate

S = 1000 * MS
LINE = "It is a lamp."  # thirteen letters of 60 ms
ASKED = Scenario("asked", 8 * S, (say("What is that?", At(S)),), script=(Rule("speech_ends", 1, LINE),))
LONG = "It is a lamp of brass, made a hundred years ago, and it has hung in many houses since."


def timed(scenario: Scenario, **costs: int) -> Timing:
    graph = duplex(model="scripted-fast", script=scenario.script)
    for stage, ms in costs.items():
        graph = graph.replace(stage, cost=ms * MS)
    return timing(simulate(scenario, graph))


def test_an_answer_is_timed_from_the_end_of_the_question_and_its_words_from_what_was_seen():
    found = timed(ASKED)  # asked up to 1.74 s, noticed at 2.24 s, decided on at 3 s, heard 0.29 s later
    ends = [120, 300, 420, 780]  # ms into the answer at which its words end
    assert found == Timing(8, 0, (), tuple((290 + end) * MS for end in ends), (3290 * MS - 1740 * MS,), 0)


def test_each_answer_is_timed_by_itself():
    twice = replace(ASKED, user=(*ASKED.user, say("And that?")), script=tuple(Rule("speech_ends", n, LINE) for n in (1, 2)))
    assert timed(twice).stale == timed(ASKED).stale * 2


def test_the_lead_is_what_was_still_to_sound_when_more_came():
    found = timed(replace(ASKED, script=(Rule("speech_ends", 1, LONG),)))
    assert (min(found.leads) > 0, len(found.leads)) == (True, 4)


def test_a_voice_that_is_slow_leaves_silences():
    found = timed(replace(ASKED, script=(Rule("speech_ends", 1, LONG),)), wave=1500)
    assert min(found.leads) < 0
    assert not figures([found])["holds"]


def test_a_decision_that_takes_longer_than_a_window_misses_its_deadline():
    assert timed(ASKED, decide=1001, speech=0, wave=0).missed == 8
    assert timed(ASKED, decide=1000, speech=0, wave=0).missed == 0


def test_a_window_of_which_several_answers_are_late_is_missed_once():
    assert timed(ASKED, speech=1500, wave=1500).missed == 1


def test_a_window_that_was_dropped_is_missed():
    graph = duplex(model="scripted-fast").replace("decide", cost=1900 * MS, overrun="newest")
    trace = simulate(ASKED, graph)
    dropped = {seq for step in trace.stages["decide"] for seq in step.dropped}
    assert (len(dropped), timing(trace).missed) == (3, 8)


def test_words_that_were_cut_off_do_not_count_as_heard():
    told = replace(ASKED, length=12 * S, script=(Rule("speech_ends", 1, LONG),))
    whole, cut = timed(told), timed(replace(told, user=(*told.user, interrupt("No no, please stop, I mean the other one.", Phrase("lamp")))))
    assert cut.stale == whole.stale[: len(cut.stale)]
    assert [len(of.stale) for of in (whole, cut)] == [19, 10]  # up to "made a hundred years"


def test_who_goes_on_without_having_been_answered_is_counted_and_a_nod_or_an_interruption_is_not():
    acts = say("What is that?", At(S)), say("And that one there?", At(1900 * MS))
    assert timed(replace(ASKED, user=acts)).unanswered == 1
    assert timed(replace(ASKED, user=(*ASKED.user, mhm(Begun(100 * MS)), interrupt("Stop.", Begun(300 * MS))))).unanswered == 0
    assert timed(replace(ASKED, script=(), user=(say("What is that?", At(S)), say("Well?", Answered(patience=S)))), decide=1).unanswered == 2


def test_what_a_trace_did_not_keep_is_named():
    with pytest.raises(ValueError, match="the trace of 'asked 0' did not keep decide, play, heard, wave, user; run with keep=None"):
        timing(simulate(ASKED, keep=()))


def test_figures_tell_the_median_what_most_keep_to_and_the_worst():
    many = [Timing(10, n == 19, ((20 - n) * 50 * MS,), (n * S,), (n * S,), n) for n in range(20)]
    found = figures(many)
    assert found["windows"] == 200
    assert found["missed"] == {"median": 0, "p95": 0, "worst": 1}
    assert found["reply_s"] == {"median": 9, "p95": 18, "worst": 19}
    assert found["lead_s"] == {"median": 0.55, "p95": 0.1, "worst": 0.05}
    assert verdict(found) == "does not hold real time: 1 of 200 windows missed, and 0 silences in the middle of answers"


def test_figures_of_nothing_say_so():
    found = figures([Timing(3, 0, (), (), (), 0)])
    assert rows(found)[2] == ["lead of the sound, s", "-", "-", "-"]
    assert verdict(found).startswith("holds real time, each stage on its own: 3 windows, none missed")
