"""Whatever a model chooses, a window keeps its limits, can be read back, and leaves a state to go on from."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.omni_flow.deciding.choosing import Choice
from operators.omni_flow.deciding.generating import generate_unit
from operators.omni_flow.deciding.steps import Fed, Generating, Stop, Talk, begin, close, step
from operators.omni_flow.tokens.groups import Form
from operators.omni_flow.tokens.parsing import parse
from operators.omni_flow.tokens.vocabulary import (
    AUDIO,
    CHUNK_EOS,
    CHUNK_TTS_EOS,
    IM_END,
    LISTEN,
    SPEAK,
    TTS_BOS,
    TTS_PAD,
    TURN_EOS,
    UNIT,
    UNIT_END,
    is_special,
)
from tests.operators.omni_flow.deciding.talks import LETTERS, WORDS, answered, scripted, text_of

FORMS = [Form(boundaries, control) for boundaries in ("explicit", "implicit") for control in ("LS", "LT")]
LT, BARE = Form(control="LT"), Form(boundaries="implicit")
MARKS = (LISTEN, SPEAK, TURN_EOS, CHUNK_EOS, CHUNK_TTS_EOS, TTS_BOS, TTS_PAD, UNIT, UNIT_END, IM_END)
FORCES = (None, None, None, "force_listen", "interrupt", "vad")


@st.composite
def settings_drawn(draw):
    form = draw(st.sampled_from(FORMS))
    return Generating(form, draw(st.integers(3, 22)), draw(st.integers(4, 28)), draw(st.integers(0, 2)), draw(st.sampled_from(("continue", "stop"))))


def windows_drawn():
    """Draw what a model would choose in each window, over and over, and whether it is forced."""
    token = st.sampled_from((*MARKS, *WORDS, *LETTERS[:3]))
    return st.lists(st.tuples(st.lists(token, min_size=1, max_size=5), st.sampled_from(FORCES)), min_size=1, max_size=5)


def run(windows, settings):
    talk, found = Talk(), []
    for tokens, forced in windows:
        before = talk
        talk, outcome = generate_unit(talk, scripted(cycle(tokens)), settings, text_of=text_of, forced=forced)
        found.append((before, outcome, talk))
    return found


@given(windows_drawn(), settings_drawn())
def test_a_window_never_exceeds_its_limits(windows, settings):
    for _, outcome, _ in run(windows, settings):
        explicit, control = settings.form.explicit, settings.form.control == "LS"
        words = [token for token in outcome.content if not is_special(token)]
        assert len(outcome.content) <= settings.cap - explicit
        assert len(outcome.fed) <= settings.cap + control + explicit + (1 if outcome.ends else 0)
        assert len(outcome.text) < settings.characters or len(words) == 1


@given(windows_drawn(), settings_drawn())
def test_what_was_fed_can_be_read_back_as_windows(windows, settings):
    tokens = []
    for _, outcome, _ in run(windows, settings):
        tokens += [*[UNIT] * settings.form.explicit, *[AUDIO] * 10, *outcome.fed]
    groups = parse(tokens, settings.form)
    assert [group.k for group in groups] == list(range(len(windows)))
    said = [tuple(token for token in outcome.content if token != TURN_EOS) for _, outcome, _ in run(windows, settings)]
    assert [getattr(group.answer, "ids", ()) for group in groups] == said


@given(windows_drawn(), settings_drawn())
def test_a_turn_is_open_after_a_window_exactly_if_it_spoke_and_did_not_end_it(windows, settings):
    for before, outcome, after in run(windows, settings):
        speaks = outcome.choice == "speak"
        assert after == Talk(before.windows + 1, in_turn=speaks and not outcome.turn_ended)
        assert (outcome.ends is not None) == outcome.turn_ended == bool(outcome.restarts)
        assert outcome.turn_ended or not before.in_turn or speaks
        if outcome.ends:
            assert outcome.ends.kind == ("drain" if speaks else "flush")


@given(windows_drawn(), settings_drawn())
def test_from_every_state_a_listen_leads_to_silence(windows, settings):
    *_, (_, _, talk) = run(windows, replace(settings, listen_in_turn="stop"))
    talk, outcome = generate_unit(talk, lambda fed: Choice(LISTEN), replace(settings, listen_in_turn="stop"), text_of=text_of)
    assert (talk.in_turn, outcome.choice) == (False, "listen")


@given(windows_drawn(), settings_drawn())
def test_what_is_conditioned_on_stands_where_it_was_fed(windows, settings):
    for _, outcome, _ in run(windows, settings):
        assert tuple(outcome.fed[row] for row in outcome.condition.rows) == outcome.condition.ids
        assert outcome.condition.ids in (outcome.content, ())
        assert 0 <= outcome.unfed <= len(outcome.fed)


TAME = (
    st.just((LISTEN, CHUNK_EOS))
    | st.lists(st.sampled_from((1, 2, 3, TTS_BOS)), max_size=4).map(lambda words: (SPEAK, *words, CHUNK_EOS))
    | st.lists(st.sampled_from((1, 2, 3)), max_size=4).map(lambda words: (SPEAK, *words, TURN_EOS, CHUNK_TTS_EOS))
    | st.just((SPEAK, *LETTERS[:18]))
    | st.just((LISTEN, 1, CHUNK_EOS))
)


@given(st.lists(st.tuples(TAME, st.booleans()), min_size=1, max_size=6))
def test_where_no_quirk_is_touched_the_reference_does_the_same(windows):
    talk = theirs = Talk()
    for tokens, forced in windows:
        if forced and talk.in_turn:
            continue  # Q5
        why = "interrupt" if forced else None
        talk, ours = generate_unit(talk, scripted(iter(tokens)), Generating(), text_of=text_of, forced=why)
        theirs, same = generate_unit(theirs, scripted(iter(tokens)), Generating(reference_compatible=True), text_of=text_of, forced=why)
        assert (talk, ours) == (theirs, same)


def test_a_step_is_pure():
    now = begin(Talk(), Generating(), k=0)
    after, done = step(now, SPEAK, Generating(), text_of)
    assert (now.fed, after.fed, done) == ((), (SPEAK,), Fed((SPEAK,)))
    assert step(now, SPEAK, Generating(), text_of) == (after, done)
    same, done = step(after, CHUNK_EOS, Generating(), text_of)
    assert (same, done) == (after, Stop(CHUNK_EOS, "chunk_eos"))
    assert close(after, Stop(CHUNK_EOS, "chunk_eos"), Generating()).fed == (SPEAK, CHUNK_EOS, UNIT_END)


def test_without_a_control_token_a_text_token_is_content_at_once():
    window, after = answered([1, 2, CHUNK_EOS], [3, TURN_EOS, LISTEN], settings=Generating(LT))
    assert (window.fed, window.condition.ids, list(window.condition.rows)) == ((1, 2, CHUNK_EOS, UNIT_END), (1, 2), [0, 1])
    assert (after.fed, after.choice) == ((3, TURN_EOS, CHUNK_EOS, UNIT_END), "speak")


def test_without_a_control_token_20_steps_are_19_of_content():
    (window,) = answered([*LETTERS[:19]], settings=Generating(LT))
    assert (window.reason, len(window.content)) == ("cap", 19)


def test_without_a_control_token_a_turn_goes_on_silently_with_a_pad():
    for token, reason in ((CHUNK_EOS, "chunk_eos"), (TTS_PAD, "pad")):
        (window,) = answered([token], settings=Generating(LT), talk=Talk(in_turn=True))
        assert (window.choice, window.reason, window.fed, window.content) == ("speak", reason, (TTS_PAD, CHUNK_EOS, UNIT_END), ())


def test_a_pad_is_stray_between_turns_after_text_and_in_forms_without_it():
    assert [window.reason for window in answered([TTS_PAD], [1, TTS_PAD], settings=Generating(LT))] == ["stray", "stray"]
    assert [window.reason for window in answered([TTS_PAD], [SPEAK, TTS_PAD])] == ["stray", "stray"]


@pytest.mark.parametrize(("mode", "choice", "kind"), [("stop", "listen", "flush"), ("continue", "speak", "drain")])
def test_without_a_control_token_a_turns_end_and_a_listen_stop_it_or_not(mode, choice, kind):
    (window,) = answered([TURN_EOS, LISTEN], settings=Generating(LT, listen_in_turn=mode), talk=Talk(in_turn=True))
    assert (window.choice, window.ends and window.ends.kind) == (choice, kind)


def test_without_boundaries_no_mark_is_fed_and_the_cap_forces_none():
    listens, speaks, silent, pads = answered([LISTEN], [SPEAK, *LETTERS[:19]], [SPEAK, CHUNK_EOS], [SPEAK, TTS_PAD], settings=Generating(BARE))
    assert (listens.fed, speaks.fed, silent.fed, pads.fed) == ((LISTEN,), (SPEAK, *LETTERS[:19]), (SPEAK, TTS_PAD), (SPEAK, TTS_PAD))
    assert (speaks.reason, len(speaks.content), pads.reason) == ("cap", 19, "pad")


def test_without_boundaries_the_reference_feeds_no_listen_and_the_units_end():
    settings = Generating(BARE, reference_compatible=True)
    listens, speaks = answered([LISTEN], [SPEAK, *LETTERS[:19]], settings=settings)
    assert (listens.fed, speaks.fed) == ((UNIT_END,), (SPEAK, *LETTERS[:19], UNIT_END))
