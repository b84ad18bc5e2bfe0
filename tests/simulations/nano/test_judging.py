"""Judging finds nothing wrong with the oracle, and of each planted fault what it is, and only that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulations.nano.judging import Said, Tally, judge, meet, metrics
from simulations.nano.sessions import Session, session
from simulations.nano.words import PHRASES
from tests.simulations.nano.standing_in import Decisions, needs_espeak, right_decisions

pytestmark = needs_espeak
SEEDS = range(40)


def turns_of(decisions: Decisions) -> list[Said]:
    found: dict[int, Said] = {}
    for d in decisions:
        if d.choice == "speak":
            before = found.get(d.response, Said({}, False))
            found[d.response] = Said({**before.words, d.k: tuple(d.text.split())}, before.last or d.last)
    return list(found.values())


def judged(change) -> dict:
    tally = Tally()
    for of in (session(seed, split="one-voice") for seed in SEEDS):
        tally.add(judge(of, turns_of(change(of, right_decisions(of)))))
    return metrics(tally)


def right(of: Session, decisions: Decisions) -> Decisions:
    return decisions


def without(kind: str, asked: bool = True):
    """Do not take turns of a kind."""

    def change(of: Session, decisions: Decisions) -> Decisions:
        gone = {n for n, turn in enumerate(of.turns, 1) if (turn.kind, turn.asked) == (kind, asked)}
        return [d._replace(choice="listen") if d.response in gone else d for d in decisions]

    return change


def wrong_words(of: Session, decisions: Decisions) -> Decisions:
    wrong = {n for n, turn in enumerate(of.turns, 1) if turn.kind == "blocks"}
    return [d._replace(text=d.text.replace("see", "not")) if d.response in wrong else d for d in decisions]


def wrong_event(of: Session, decisions: Decisions) -> Decisions:
    wrong = {n for n, turn in enumerate(of.turns, 1) if turn.kind == "event" and turn.asked}
    return [d._replace(text=d.text.replace("is", "was")) if d.response in wrong else d for d in decisions]


def a_window_late(of: Session, decisions: Decisions) -> Decisions:
    """Greet a window later."""
    late = {n for n, turn in enumerate(of.turns, 1) if turn.kind == "hello"}
    return [d._replace(k=d.k + 1) if d.response in late else d for d in decisions]


def answers_chat(of: Session, decisions: Decisions) -> Decisions:
    chats = {k for k, told in enumerate(of.told) if told.listen and any(PHRASES[phrase].kind == "chat" for phrase in told.ended)}
    return [d._replace(choice="speak", text="okay", response=100 + d.k, last=True) if d.k in chats else d for d in decisions]


def speaks_out_of_the_blue(of: Session, decisions: Decisions) -> Decisions:
    calm = [k for k, told in enumerate(of.told) if told.listen and all(not of.told[j].ended for j in range(max(k - 1, 0), k + 1))]
    far = [k for k in calm if all(abs(turn.window - k) > 3 for turn in of.turns)][:1]
    return [d._replace(choice="speak", text="okay", response=100 + d.k, last=True) if d.k in far else d for d in decisions]


def does_not_stop(of: Session, decisions: Decisions) -> Decisions:
    """Count on, two windows more, to the end."""
    found = []
    for d in decisions:
        over = [n for n, turn in enumerate(of.turns, 1) if turn.stopped == "stop" and d.choice != "speak" and 0 < d.k - turn.window <= 3]
        found.append(d._replace(choice="speak", response=over[0], text="", last=True) if over else d)
    return found


def stops_at_a_back_channel(of: Session, decisions: Decisions) -> Decisions:
    found = []
    for d in decisions:
        through = of.turns[d.response - 1].through if d.choice == "speak" else ()
        found.append(d._replace(choice="listen") if through and d.k >= through[0] else d)
    return found


RIGHT = {"false_turns_per_minute": 0.0, "chat_false_alarm": 0.0, "vision_error": None}


@pytest.mark.parametrize(
    ("change", "worse"),
    [
        (right, set()),
        (wrong_words, {"exact"}),
        (wrong_event, {"exact", "proactive_exact"}),
        (a_window_late, {"f1", "in_window", "latency"}),
        (without("blocks"), {"f1", "turn_hit", "exact"}),
        (without("event"), {"f1", "turn_hit", "exact", "proactive_hit", "proactive_exact"}),
        (without("event", asked=False), {"f1", "turn_hit", "exact", "unasked_hit", "unasked_exact"}),
        (answers_chat, {"f1", "false_turns_per_minute", "chat_false_alarm"}),
        (speaks_out_of_the_blue, {"f1", "false_turns_per_minute"}),
        (does_not_stop, {"f1", "barge_in_stop"}),
        (stops_at_a_back_channel, {"f1", "exact", "backchannel_keep"}),
    ],
)
def test_a_fault_lowers_its_own_measures(change, worse):
    found = judged(change)
    rates = {name: value for name, value in found.items() if name not in ("n", "latency_median_s", "latency_p90_s", "sound_median_s")}
    off = {name for name, value in rates.items() if value != RIGHT.get(name, 1.0)}
    slow = {"latency"} if change is a_window_late and found["n"]["latency"] == judged(right)["n"]["latency"] else set()
    assert off | slow == worse


def test_the_oracle_answers_after_a_fifth_of_a_second_to_one_and_a_fifth():
    found = judged(right)
    assert 0.2 <= found["latency_median_s"] <= found["latency_p90_s"] <= 1.2


def test_a_turn_meets_one_that_begins_up_to_a_second_before_or_two_after_it():
    of = next(of for of in (session(seed, split="one-voice") for seed in SEEDS) if len(of.turns) == 1)
    k = of.turns[0].window
    met = [meet(of, [Said({k + off: ("okay",)}, True)]) != {} for off in (-2, -1, 0, 1, 2, 3)]
    assert met == [False, True, True, True, True, False]


def test_each_turn_meets_one_at_most_the_nearest():
    of = next(of for of in (session(seed, split="one-voice") for seed in SEEDS) if len(of.turns) == 1)
    k = of.turns[0].window
    near, far = Said({k: ("okay",)}, True), Said({k + 1: ("okay",)}, True)
    assert meet(of, [far, near]) == {0: near}
    assert judge(of, [far, near]).false_turns == 1


def test_without_any_case_there_is_no_figure():
    assert {value for name, value in metrics(Tally()).items() if name != "n"} == {None}


def test_sessions_are_added_up():
    one, two = Tally(both=2, hit=[1]), Tally(both=3, hit=[0], minutes=0.5)
    both = replace(one)
    both.add(two)
    assert both == Tally(both=5, hit=[1, 0], minutes=0.5)
