"""A window is answered with a decision: what is said of an answer, how one ends, is stopped, or gives way to another."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import pytest

from omniflow_graph import Event, Window, seconds
from operators.nano import deciding
from operators.nano.deciding import Mind, cause, decide
from operators.nano.hearing import Heard
from operators.nano.seeing import Seen
from operators.omni_flow.deciding.outcome import Ends, Outcome
from operators.omni_flow.tokens.vocabulary import TTS_BOS
from tests.operators.nano.shipped import MODEL, nano

NOTHING = nano().table[:0]


def window(k: int, *events: Event) -> Window:
    return Window(k, seconds(k), seconds(k + 1), seconds(k + 1), False, events)


def phrase(time: float, text: str) -> Event:
    return Event(seconds(time), "listen", 0, Heard(900, False, 1, 0, False, "", text, NOTHING))


def told(outcomes: Sequence[Outcome], in_turn: Sequence[bool]) -> list:
    """Tell outcomes one after another; returns what each came to."""
    mind, found = Mind(), []
    for k, (outcome, was) in enumerate(zip(outcomes, in_turn, strict=True)):
        mind, decisions = deciding._told(mind, outcome, window(k), was)
        found.append([(d.choice, d.response, d.part, d.text, d.line, d.begin, d.last, d.epoch, d.ends) for d in decisions])
    return found


def speaks(text: str, ended: bool = False, content: tuple[int, ...] = ()) -> Outcome:
    return Outcome(0, "speak", "chunk_eos", 0.25, content=content, text=text, turn_ended=ended, ends=Ends("drain", "turn_eos") if ended else None)


LISTENS = Outcome(0, "listen", "listen", 1.0)
STOPS = Outcome(0, "listen", "listen", 0.9, turn_ended=True, ends=Ends("flush", "listen"))


def test_an_answer_is_told_part_by_part_and_its_texts_joined_are_its_line():
    assert told([speaks("one, two,"), speaks("three", ended=True), LISTENS], [False, True, False]) == [
        [("speak", 1, 0, "one, two,", "one, two,", 0, False, 0, "")],
        [("speak", 1, 1, " three", "one, two, three", 9, True, 0, "drain")],
        [("listen", 0, 0, "", "", 0, False, 0, "")],
    ]


def test_listening_inside_a_turn_stops_it_and_begins_a_new_epoch():
    assert told([speaks("one,"), STOPS, speaks("okay", ended=True)], [False, True, False])[1:] == [
        [("stop", 1, 0, "", "", 0, False, 0, "flush")],
        [("speak", 2, 0, "okay", "okay", 0, True, 1, "drain")],
    ]


def test_another_answer_inside_a_turn_stops_the_first_one():
    assert told([speaks("one,"), speaks("hello there", ended=True, content=(TTS_BOS, 5))], [False, True])[1] == [
        ("stop", 1, 0, "", "", 0, False, 0, "flush"),
        ("speak", 2, 0, "hello there", "hello there", 0, True, 1, "drain"),
    ]


def test_the_cause_is_the_last_phrase_then_what_was_first_seen_then_that_an_answer_goes_on():
    seen = Event(seconds(3.9), "look", 0, Seen("red lamp", 2, True, False, NOTHING))
    assert cause(window(3, phrase(3.2, "stop"), phrase(3.6, ""), seen), True) == "heard 'stop', by 3.2 s"
    assert cause(window(3, seen), True) == "sees red lamp, since 3.9 s"
    assert (cause(window(3), True), cause(window(3), False)) == ("the answer goes on", "nothing new")
    still = Event(seconds(3.9), "look", 0, Seen("red lamp", 2, False, False, NOTHING))
    assert [cause(window(3, still), False, speaks) for speaks in (True, False)] == ["still sees red lamp", "nothing new"]


def test_a_window_without_anything_listens_and_costs_no_rows():
    mind, (decision,) = decide(
        Mind(), Event(seconds(1), "window", 0, window(0)), model=MODEL, prompt="answer what you are asked", force_listen=0, mode="basic"
    )
    assert (decision.choice, decision.k) == ("listen", 0)
    assert mind.session is not None
    assert mind.session.context.units == ()


@pytest.mark.parametrize("mode", ["basic", "context"])
def test_what_is_remembered_is_bounded(mode):
    quiet = [Event(seconds(n / 10), "listen", n, Heard(0, False, 0, 0, False, "", "", nano().table[0])) for n in range(10)]
    mind, how = Mind(), {"model": MODEL, "prompt": "answer what you are asked", "force_listen": 0, "mode": mode}
    for k in range(40):
        mind, _ = decide(mind, Event(seconds(k + 1), "window", k, window(k, *quiet)), **how)
    assert mind.cache.value.length == mind.session.context.length <= deciding.ROWS[0]
    assert len(mind.session.context.units) < 40
    assert mind.session.talk.windows == 40


def test_after_a_crash_the_cache_is_computed_anew_and_decides_the_same():
    quiet = [Event(seconds(n / 10), "listen", n, Heard(0, False, 0, 0, False, "", "", nano().table[3])) for n in range(10)]
    mind, how = Mind(), {"model": MODEL, "prompt": "answer what you are asked", "force_listen": 0, "mode": "basic"}
    for k in range(3):
        mind, _ = decide(mind, Event(seconds(k + 1), "window", k, window(k, *quiet)), **how)
    kept = pickle.loads(pickle.dumps(mind))
    assert kept.cache.value is None
    event = Event(seconds(4), "window", 3, window(3, *quiet))
    (went_on, one), (came_back, other) = decide(mind, event, **how), decide(kept, event, **how)
    assert one == other
    assert went_on.cache.value.keys == pytest.approx(came_back.cache.value.keys, abs=1e-4)
