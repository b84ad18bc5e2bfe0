"""A simulated user does one act after another, each when its trigger comes, and reacts to what is heard, within a frame."""

from __future__ import annotations

import pytest

from simulations.room.speech import spoken
from simulations.scenario import MS, Answered, At, Begun, Gap, Phrase, Room, Wait, aside, interrupt, leave, mhm, say
from tests.simulations.talks import does, says, scenario, stops

ASK = say("What?", At(1000 * MS))


def asked_at(time: float, text: str = "What?", kind: str = "say") -> tuple:
    return (time, time + len(spoken(text)[0]) / 16, kind, text)


def test_a_user_speaks_at_a_time():
    assert does(scenario(ASK)) == [asked_at(1000)]


def test_what_was_to_be_said_earlier_than_the_act_before_was_over_is_said_then():
    assert does(scenario(ASK, say("Well?", At(1100 * MS)))) == [asked_at(1000), asked_at(1300, "Well?")]


def test_a_user_waits_from_the_end_of_the_act_before():
    assert does(scenario(ASK, say("Well?", Wait(500 * MS)))) == [asked_at(1000), asked_at(1800, "Well?")]


def test_a_user_waits_for_the_end_of_the_answer_and_then_a_while():
    acts = ASK, say("And that?", Answered(700 * MS))
    assert does(scenario(*acts), says(2000, "A lamp.")) == [asked_at(1000), asked_at(2000 + 350 + 700, "And that?")]


def test_an_answer_of_several_parts_is_over_with_the_last_one():
    parts = says(2000, "A lamp,", last=False), says(4000, " I think.", part=1, start=7)
    acts = ASK, say("And that?", Answered(700 * MS))
    assert does(scenario(*acts), *parts) == [asked_at(1000), asked_at(4000 + 450 + 700, "And that?")]


def test_a_user_has_patience_as_long_as_the_assistant_speaks():
    acts = ASK, say("And that?", Answered(700 * MS, patience=2000 * MS))
    long = "It is a lamp of brass, and if you ask me,"
    assert does(scenario(*acts), says(2000, long, last=False)) == [asked_at(1000), asked_at(2000 + 50 * len(long) + 2000, "And that?")]


def test_what_is_due_while_one_speaks_is_said_after_that():
    acts = ASK, interrupt("Stop.", Phrase("is", 0)), interrupt("Now.", Phrase("is a", 0))
    first = asked_at(2250, "Stop.", "interrupt")
    assert does(scenario(*acts), says(2000, "It is a lamp of brass, I think.")) == [asked_at(1000), first, asked_at(first[1], "Now.", "interrupt")]


@pytest.mark.parametrize(
    ("otherwise", "then"),
    [
        ("go-on", [asked_at(3300, "And that?")]),
        ("repeat", [asked_at(3300, "What?", "repeat"), asked_at(5600, "What?", "repeat")]),
        ("leave", []),
    ],
)
def test_a_user_who_is_not_answered_loses_patience(otherwise, then):
    acts = ASK, say("And that?", Answered(0, patience=2000 * MS, otherwise=otherwise))
    assert does(scenario(*acts, length=7500)) == [asked_at(1000), *then]


def test_a_user_interrupts_so_long_after_an_answer_has_begun():
    acts = ASK, interrupt("Stop.", Begun(400 * MS))
    assert does(scenario(*acts), says(2000, "It is a lamp, I think.")) == [asked_at(1000), asked_at(2400, "Stop.", "interrupt")]


def test_a_user_interrupts_at_a_phrase_wherever_parts_are_cut():
    parts = says(2000, "It is a lamp", last=False), says(2600, " of brass and so on.", part=1, start=12)
    heard = 2600 + 50 * len(" of brass")
    acts = ASK, interrupt("Stop.", Phrase("LAMP of brass", 100 * MS))
    assert does(scenario(*acts), *parts) == [asked_at(1000), asked_at(heard + 100, "Stop.", "interrupt")]


def test_a_user_interrupts_where_the_assistant_falters():
    parts = says(2000, "It is", last=False), says(4000, " a lamp.", part=1, start=5)
    acts = ASK, interrupt("Well?", Gap(600 * MS))
    assert does(scenario(*acts), *parts) == [asked_at(1000), asked_at(2250 + 600, "Well?", "interrupt")]


@pytest.mark.parametrize("when", [Begun(600 * MS), Phrase("kettle"), Phrase("lamp", 500 * MS), Gap(100 * MS)], ids=str)
def test_an_interruption_whose_answer_is_over_is_left_out(when):
    acts = ASK, interrupt("Stop.", when), say("Thanks.", Answered(500 * MS))
    assert does(scenario(*acts), says(2000, "A lamp.")) == [asked_at(1000), asked_at(2850, "Thanks.")]


def test_an_answer_that_was_cut_short_is_over():
    acts = ASK, say("And that?", Answered(700 * MS))
    assert does(scenario(*acts), says(2000, "A lamp,", last=False), stops(2100)) == [asked_at(1000), asked_at(2800, "And that?")]


def test_a_user_who_leaves_says_nothing_any_more():
    assert does(scenario(ASK, leave()), says(2000, "A lamp.")) == [asked_at(1000)]


def test_a_user_nods_while_an_answer_sounds_and_goes_on_waiting_for_its_end():
    acts = ASK, say("Thanks.", Answered(500 * MS))
    found = does(scenario(*acts, mhm_every=400 * MS), says(2000, "It is a lamp of brass, I think."))  # up to 3.55 s
    assert [(start, kind) for start, _, kind, _ in found] == [(1000, "say"), (2400, "mhm"), (2800, "mhm"), (3200, "mhm"), (4050, "say")]


def test_a_nod_may_be_an_act():
    assert does(scenario(ASK, mhm(Begun(100 * MS))), says(2000, "A lamp.")) == [asked_at(1000), asked_at(2100, "mhm", "mhm")]


def test_a_user_who_yields_breaks_off_when_both_have_talked_for_so_long():
    long = say("Let me tell you about my day.", At(1000 * MS))
    assert does(scenario(long, yields=500 * MS), says(1200, "Please go on, I am listening to you.")) == [
        asked_at(1000, "Let me tell you about my day."),
        (1700, "hush"),
    ]


def test_somebody_else_does_not_hear_the_assistant():
    other = scenario(ASK, room=Room(talker=(aside("Hello Ann.", At(300 * MS)), aside("Bye.", Wait(1000 * MS)))))
    first = asked_at(300, "Hello Ann.", "aside")
    assert does(other, who="talker") == [first, asked_at(first[1] + 1000, "Bye.", "aside")]


def test_chance_delays_an_act_by_its_seed_alone_whatever_else_happens_when():
    acts = scenario(ASK, say("Well?", Answered(100 * MS)), say("Bye.", Wait()), jitter=300 * MS)
    found, again, other = (does(acts, says(5000, "A lamp."), seed=seed) for seed in (1, 1, 2))
    later = does(acts, says(6000, "A lamp."), seed=1)
    assert found == again != other
    assert [start for start, *_ in later] == [found[0][0], found[1][0] + 1000, found[2][0] + 1000]
    assert 1000 <= found[0][0] <= 1300
    assert 5450 <= found[1][0] <= 5750


def test_a_user_makes_up_their_mind_no_later_than_a_frame_before():
    late = scenario(ASK, interrupt("Stop.", Begun()), frame=100 * MS)
    assert does(late, says(2030, "It is a lamp, I think.")) == [asked_at(1000), asked_at(2100, "Stop.", "interrupt")]
