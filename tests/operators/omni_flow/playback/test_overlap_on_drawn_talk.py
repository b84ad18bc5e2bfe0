"""On any talk the assistant stops when the definition says: more speech, or a stricter policy, never lets it go on for longer."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from operators.omni_flow.playback.overlap import Choice, Duration, ListenOnly, OnSpeech, Overlapping, OverlapPolicy, step
from operators.senses.ears import Hearing, Talk, follow

MS = 1_000_000
FRAME = 20 * MS


@st.composite
def talk(draw: st.DrawFn) -> list[bool]:
    """Draw who talks when, in frames: speech and silence by turns."""
    lengths = draw(st.lists(st.integers(1, 70), max_size=8))
    return [bool(n % 2) for n, length in enumerate(lengths) for _ in range(length)] + [False] * 30


answers = st.tuples(st.integers(0, 150), st.integers(1, 200)).map(lambda drawn: range(drawn[0], sum(drawn)))  # frames in which it is to be heard
times = st.sampled_from([0, 100, 300, 700, 1200, 2000]).map(lambda ms: ms * MS)
durations = st.builds(lambda a, b, add: Duration(min(a, b), max(a, b, 1), add), times, times, st.booleans())
policies = st.one_of(st.just(ListenOnly()), st.just(OnSpeech()), durations)


def heard(talk: list[bool]) -> list[Hearing]:
    """Hear frames as the pipeline does."""
    state, found = Talk(), []
    for speech in talk:
        state, hearing = follow(state, 900 * speech, speech, FRAME)
        found.append(hearing)
    return found


def run(policy: OverlapPolicy, talk: list[bool], answer: range) -> list[tuple[int, Choice]]:
    """Return what was chosen in which frame; False and True for the answer, as one that is never heard straight after another."""
    state, found = Overlapping(), []
    for n, hearing in enumerate(heard(talk)):
        state, choices = step(state, policy, hearing, n in answer)
        found += [(n, choice) for choice in choices]
    return found


def stopped(policy: OverlapPolicy, talk: list[bool], answer: range) -> int:
    return next((n for n, choice in run(policy, talk, answer) if choice.choice == "stop"), len(talk))


def by_definition(policy: Duration, talk: list[bool], answer: range) -> int:
    """Find the frame of the stop: for each, add up what was said over the answer up to it by those who count then."""
    hearings = heard(talk)
    for now in answer:
        if now >= len(hearings):
            break
        total = 0
        for utterance, frames in groupby(range(now + 1), key=lambda n: hearings[n].utterance):
            frames = list(frames)
            before = max((hearings[n].spoken_ns for n in frames if n < answer.start), default=0)
            spoken, over = hearings[frames[-1]].spoken_ns, any(n in answer and hearings[n].talking for n in frames)
            running = hearings[now].utterance == utterance and hearings[now].talking
            if utterance and over and (running or (policy.accumulated and spoken >= policy.short_ack)):
                total += spoken - before
        if hearings[now].talking and total >= policy.barge_in:
            return now
    return len(hearings)


@given(durations, talk(), answers)
def test_the_assistant_stops_when_the_definition_says(policy, talk, answer):
    assert stopped(policy, talk, answer) == by_definition(policy, talk, answer)


@given(policies, talk(), answers, st.lists(answers, max_size=3))
def test_more_speech_over_an_answer_never_turns_a_stop_into_going_on(policy, talk, answer, more):
    louder = [speech or (n in answer and any(n in each for each in more)) for n, speech in enumerate(talk)]
    assert stopped(policy, louder, answer) <= stopped(policy, talk, answer)


@given(talk(), answers, durations, times, times)
def test_a_policy_that_lets_less_pass_stops_no_later(talk, answer, policy, short_ack, barge_in):
    barge_in = max(1, min(barge_in, policy.barge_in))
    stricter = Duration(min(short_ack, policy.short_ack, barge_in), barge_in)
    found = [stopped(each, talk, answer) for each in (OnSpeech(), stricter, policy, ListenOnly())]
    assert found == sorted(found)
    assert stopped(Duration(0, 1), talk, answer) == stopped(OnSpeech(), talk, answer)


@given(talk(), answers)
def test_listen_only_never_stops(talk, answer):
    assert {choice.choice for _, choice in run(ListenOnly(), talk, answer)} <= {"continue"}


@given(policies, talk(), answers)
def test_all_policies_agree_that_there_is_nothing_to_choose_when_nobody_overlaps(policy, talk, answer):
    polite = [speech and n not in answer for n, speech in enumerate(talk)]
    assert run(policy, polite, answer) == []


@given(policies, talk(), answers)
def test_each_utterance_over_an_answer_comes_to_one_choice_until_it_is_stopped(policy, talk, answer):
    hearings, choices = heard(talk), run(policy, talk, answer)
    spoken = [hearing.spoken_ns for hearing in hearings]
    over = {
        h.utterance
        for n, h in enumerate(hearings)
        if n in answer and h.talking and (h.utterance > hearings[n - 1].utterance or spoken[n] > spoken[n - 1])
    }
    stop = next((choice.utterance for _, choice in choices if choice.choice == "stop"), max(over, default=0))
    assert [choice.utterance for _, choice in choices] == sorted(each for each in over if each <= stop)
