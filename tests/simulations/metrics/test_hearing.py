"""Where nobody knows what the user said, it is told from what was heard: from the first frame of speech to the last."""

from __future__ import annotations

from itertools import accumulate

import pytest

from omniflow_graph import Event
from operators.senses.ears import OFF, ON, Talk, follow
from simulations.metrics.hearing import parts_heard
from tests.simulations.metrics.lines import MS, part

FRAME = 20


def listened(*stretches: tuple[int, int], frame: int = FRAME) -> list[Event]:
    """What the ears say of (permille, ms) one after another."""
    talk, events = Talk(), []
    for (permille, length), over in zip(stretches, accumulate(length for _, length in stretches)):
        for time in range(over - length, over, frame):
            talk, hearing = follow(talk, permille, permille >= (OFF if talk.talking else ON), frame * MS)
            events.append(Event(time * MS, "listen", len(events), hearing))
    return events


def test_an_utterance_begins_with_its_first_frame_and_ends_with_its_last():
    events = listened((0, 1000), (1000, 800), (0, 1000))
    assert parts_heard(events, [], 9000 * MS) == [part("say", 1000, 1800)]


def test_a_short_silence_is_part_of_it_and_a_long_one_ends_it():
    events = listened((1000, 400), (0, 480), (1000, 200), (0, 500), (1000, 300), (0, 1000))
    assert parts_heard(events, [], 9000 * MS) == [part("say", 0, 1080), part("say", 1580, 1880)]


def test_what_is_too_short_to_be_speech_is_none():
    assert parts_heard(listened((0, 100), (1000, 120), (0, 1000)), [], 9000 * MS) == []


def test_a_click_before_it_is_not_its_beginning():
    events = listened((1000, 60), (0, 40), (1000, 400), (0, 1000))
    assert parts_heard(events, [], 9000 * MS) == [part("say", 100, 500)]


def test_speech_that_is_softer_once_it_has_begun_is_still_speech():
    events = listened((ON, 200), (OFF, 300), (OFF - 1, 1000))
    assert parts_heard(events, [], 9000 * MS) == [part("say", 0, 500)]


def test_what_is_said_up_to_the_end_of_the_session_is_said():
    assert parts_heard(listened((0, 1000), (1000, 400)), [], 1400 * MS) == [part("say", 1000, 1400)]
    assert parts_heard(listened((0, 1000), (1000, 400)), [], 1390 * MS) == [part("say", 1000, 1390)]


@pytest.mark.parametrize(("length", "kind"), [(680, "mhm"), (700, "interrupt"), (2000, "interrupt")])
def test_what_begins_over_an_answer_is_an_acknowledgement_if_it_is_short(length, kind):
    events = listened((0, 1000), (1000, length), (0, 1000))
    assert parts_heard(events, [(500 * MS, 1001 * MS)], 9000 * MS) == [part(kind, 1000, 1000 + length)]


def test_what_begins_as_an_answer_begins_or_ends_is_not_over_it():
    events = listened((0, 1000), (1000, 400), (0, 1000))
    assert parts_heard(events, [(1000 * MS, 3000 * MS)], 9000 * MS) == parts_heard(events, [(0, 1000 * MS)], 9000 * MS) == [part("say", 1000, 1400)]
