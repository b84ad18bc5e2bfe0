"""One state serves both modes: windows are decided in one, turns answered in the other, and a switch leads from each to the other."""

from __future__ import annotations

from functools import partial

from omniflow_graph import Event, Window, seconds
from operators.models import Pace
from operators.omni_flow.modes.switch import Flushed, Line, State, Switched
from operators.omni_flow.playback.ledger import Ledger
from operators.scripted.answering import Turns
from operators.scripted.decide import decide
from operators.scripted.mind import Mind
from operators.scripted.script import Rule
from operators.scripted.session_modes import InDuplex, InTurns, Switch, answers, counts, fresh, says
from operators.scripted.voice import tone
from operators.senses.ears import Hearing
from operators.turn_taking.exchange import Answer, UserTurn
from operators.turn_taking.transcript import Transcript
from operators.words import Ack, Decision

PACE = Pace(tone, 0)
SCRIPT = (Rule("speech_ends", 1, "one"), Rule("speech_ends", 2, "two"), Rule("at", seconds(9.5), "nine"))


def window(k: int, *given: tuple[float, str, object]) -> Window:
    events = tuple(Event(seconds(at), stream, n, data) for n, (at, stream, data) in enumerate(given))
    return Window(k, seconds(k), seconds(k + 1), seconds(k + 1), False, events)


def spoken(k: int, number: int = 1) -> Window:
    """Let an utterance end in a window."""
    return window(
        k, (k + 0.2, "listen", Hearing(900, True, number, seconds(0.9), False)), (k + 0.9, "listen", Hearing(0, False, number, seconds(0.9), True))
    )


def run(mode: str, *steps: tuple[float, object], how: str = "reset") -> tuple[State, list]:
    """Let the stage work on what comes at seconds."""
    state, found = State(fresh(mode, "reset")), []  # type: ignore[arg-type]
    duplex = partial(decide, script=SCRIPT, pace=PACE)
    for n, (at, data) in enumerate(steps):
        state, given = answers(state, Event(seconds(at), "work", n, data), duplex=duplex, script=SCRIPT, how=how)  # type: ignore[arg-type]
        found += given
    return state, found


def said(found: list) -> list[tuple]:
    """List (text, response, epoch) of what is said, "stop" of what is cut."""
    texts = [each for each in found if isinstance(each, Answer) or (isinstance(each, Decision) and each.choice != "listen")]
    return [((getattr(each, "choice", "") == "stop" and "stop") or each.text, each.response, each.epoch) for each in texts if each.response]


TURN = UserTurn(1, 0, 9)


def test_windows_are_decided_in_duplex_and_turns_answered_in_the_other_mode():
    assert said(run("duplex", (1, spoken(0)))[1]) == [("one", 1, 0)]
    assert said(run("turn-based", (1, TURN))[1]) == [("one", 1, 0)]


def test_a_reset_begins_to_count_anew_and_numbers_answers_on():
    over = Transcript(over=1)
    _, found = run("duplex", (1, spoken(0)), (5, Switch("turn-based", over)), (6, TURN), (7, Switch("duplex", Transcript(over=2))), (8, spoken(7, 5)))
    assert said(found) == [("one", 1, 0), ("one", 2, 0), ("one", 3, 0)]


def test_what_is_carried_goes_on_to_count():
    _, found = run("duplex", (1, spoken(0)), (5, Switch("turn-based", Transcript(over=1))), (6, TURN), how="carry")
    assert said(found) == [("one", 1, 0), ("two", 2, 0)]
    state, found = run("turn-based", (1, TURN), (5, Switch("duplex", Transcript(over=1))), (7, spoken(6)), how="carry")
    assert (said(found), counts(state.inner)) == ([("one", 1, 0), ("two", 2, 0)], Turns(2, 2, 0))


def test_an_answer_that_still_sounds_is_flushed_and_the_next_one_is_of_another_epoch():
    _, found = run(
        "duplex", (1, spoken(0)), (1.5, Switch("turn-based", Transcript())), (6, TURN), (6.5, Switch("duplex", Transcript())), (8, spoken(7))
    )
    assert said(found) == [("one", 1, 0), ("stop", 1, 0), ("one", 2, 1), ("stop", 2, 1), ("one", 3, 2)]
    stops = [each for each in found if isinstance(each, Decision) and each.choice == "stop"]
    assert [(each.k, each.cause, each.ends) for each in stops] == [(-1, "switched to turn-based", "flush"), (-1, "switched to duplex", "flush")]
    assert [each.flushed for each in found if isinstance(each, Switched)] == [Flushed(1, stops[0].cause), Flushed(2, stops[1].cause)]


def test_the_record_says_what_was_lost():
    told = Transcript((Line("assistant", "one", 5),), over=1)
    _, found = run("turn-based", (1, TURN), (5, Switch("duplex", told, unanswered=2, unfinished_ns=7)))
    assert found[-1] == Switched(
        seconds(5), "turn-based", "duplex", "reset", (), (("user_turns", 1), ("unanswered", 2), ("unfinished_ns", 7), ("lines", 1))
    )
    waiting = InDuplex(Mind(speeches=3), before=1)
    assert waiting.contents == (("user_turns", 3),)


def test_duplex_sees_nothing_of_what_was_before_it():
    early = window(5, (5.1, "listen", Hearing(0, False, 2, seconds(0.9), True)), (5.8, "playback", Ack(1, 9, True)), (5.9, "look", "x"))
    seen = []

    def duplex(mind, event):
        seen.append(event.data.events)
        return mind, []

    state = State(InDuplex(Mind(), before=1), since=seconds(5.5))
    answers(state, Event(seconds(6), "work", 0, early), duplex=duplex, script=SCRIPT, how="reset")
    assert [[each.data for each in events] for events in seen] == [["x"]]


def test_what_a_mode_begins_with():
    left = State(InTurns(Turns(2, 5, 1)), answer=5)
    assert fresh("duplex", "reset", left) == InDuplex(Mind(responses=5, ledger=Ledger(epoch=2)), before=5)
    assert fresh("duplex", "carry", left) == InDuplex(Mind(speeches=2, responses=5, ledger=Ledger(epoch=2)), before=5)
    assert fresh("turn-based", "carry", State(InDuplex(Mind(speeches=2, responses=5)))) == InTurns(Turns(2, 5, 0))


def test_decisions_are_said_as_they_are_answers_part_by_part_and_switches_not_at_all():
    decision = Decision(3, "listen", "nothing to say")
    told = [
        says(None, Event(0, "answer", 0, data), pace=PACE)[1]
        for data in (decision, Answer(1, "one", "why", 1), Switched(0, "duplex", "turn-based", "reset", (), ()))
    ]
    assert told == [[decision], [Decision(-1, "speak", "why", 1, 0, True, "one", "one", 0, 0, ends="drain")], []]
