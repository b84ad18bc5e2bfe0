"""The blocked model perceives nothing while it speaks; the passive one speaks only when somebody has spoken."""

from __future__ import annotations

from functools import partial

from omniflow_graph import Event, Window, seconds
from operators.models import MODELS
from operators.omni_flow.playback.overlap import Choice, Duration, ListenOnly
from operators.scripted.mind import Listening, Mind
from operators.scripted.paradigms import Blocked, busy_until, decide_blocked, when_asked
from operators.scripted.script import Rule
from operators.senses.ears import Hearing
from operators.senses.eyes import Glance
from operators.words import Ack, Decision

SPEAKS = Mind(turn=Listening(unheard=1), responses=1)


def window(*events: tuple[float, str, object]) -> Event[Window]:
    held = tuple(Event(seconds(time), stream, n, data) for n, (time, stream, data) in enumerate(events))
    return Event(seconds(3), "window", 2, Window(2, seconds(2), seconds(3), seconds(3), False, held))


def over(time: float) -> tuple[float, str, Ack]:
    """Say that the answer was heard to its end."""
    return time, "playback", Ack(1, 2400, True, 0, seconds(time))


def handed(state: Blocked, event: Event[Window], overlap=Duration()) -> tuple[Blocked, list[str], Decision]:
    """Return the state after a window, what of it was perceived, as "stream time", and the decision."""
    seen: list[str] = []

    def decide(mind: Mind, event: Event[Window]) -> tuple[Mind, list[Decision]]:
        cut = {True: " cut"}
        seen.extend(f"{e.stream} {e.time / 1e9:g}{cut.get(getattr(e.data, 'cut', None), '')}" for e in event.data.events)
        return mind, [Decision(event.data.k, "listen", "")]

    after, (decision,) = decide_blocked(state, event, decide=decide, overlap=overlap)
    return after, seen, decision


def ended(utterance: int, ms: int) -> Hearing:
    return Hearing(0, False, utterance, ms * 1_000_000, True)


def test_who_listens_perceives_all():
    event = window((2.1, "listen", ended(1, 900)), (2.2, "look", Glance(0, 1, False)))
    assert handed(Blocked(Mind()), event)[1] == ["listen 2.1", "look 2.2"]


def test_while_an_answer_sounds_nothing_is_heard_or_seen():
    event = window((2.1, "listen", ended(1, 900)), (2.2, "look", Glance(1000, 2, True)), (2.3, "playback", Ack(1, 10, False, 0, seconds(2.3))))
    assert handed(Blocked(SPEAKS), event)[1] == ["playback 2.3"]


def test_from_when_the_answer_is_over_all_is_perceived_again():
    event = window((2.1, "listen", ended(1, 900)), over(2.5), (2.5, "listen", ended(2, 900)))
    _, seen, decision = handed(Blocked(SPEAKS), event)
    assert (seen, [choice.utterance for choice in decision.overlap]) == (["playback 2.5", "listen 2.5"], [1])
    assert busy_until(SPEAKS, event.data) == seconds(2.5)


def test_another_answer_that_is_over_ends_nothing():
    event = window((2.4, "playback", Ack(7, 10, True, 0, seconds(2.4))))
    assert busy_until(SPEAKS, event.data) == seconds(3)


def test_an_utterance_that_was_missed_is_told_and_counts_but_for_a_short_acknowledgement():
    event = window((2.1, "listen", ended(4, 900)), (2.8, "listen", ended(5, 300)))
    state, _, decision = handed(Blocked(SPEAKS), event)
    assert state.mind.speeches == 1
    reasons = [f"not perceived: utterance {n} ended after {ms} ms, while answer 1 was said" for n, ms in ((4, 900), (5, 300))]
    assert decision.overlap == (Choice("continue", reasons[0], 1, 4, 900_000_000, 0), Choice("continue", reasons[1], 1, 5, 300_000_000, 0))
    assert handed(Blocked(SPEAKS), event, ListenOnly())[0].mind.speeches == 2


def test_a_scene_that_began_meanwhile_begins_when_it_is_seen():
    _, seen, _ = handed(Blocked(SPEAKS, scene=1), window((2.1, "look", Glance(1000, 2, True)), over(2.5), (2.6, "look", Glance(0, 2, False))))
    assert seen == ["playback 2.5", "look 2.6 cut"]


def test_a_scene_that_was_seen_already_does_not_begin_again():
    state, seen, _ = handed(Blocked(Mind(), scene=1), window((2.1, "look", Glance(1000, 2, True)), (2.6, "look", Glance(0, 2, False))))
    assert (state.scene, seen) == (2, ["look 2.1 cut", "look 2.6"])


def test_the_first_scene_is_no_new_one():
    assert handed(Blocked(Mind()), window((2.1, "look", Glance(0, 1, False))))[1] == ["look 2.1"]


def test_nothing_is_left_of_a_script_but_what_answers_somebody():
    asked = Rule("speech_ends", 1, "Yes.")
    assert when_asked((asked, Rule("scene", 2, "Oh."), Rule("at", seconds(3), "It is three."))) == (asked,)


def test_both_are_models_and_say_their_names():
    made = {name: MODELS[name](length=seconds(1)) for name in ("blocked", "passive", "scripted-fast")}
    assert [model.name for model in made.values()] == list(made)
    assert isinstance(made["blocked"].decide, partial)
    assert {model.hear for model in made.values()} == {made["scripted-fast"].hear}
