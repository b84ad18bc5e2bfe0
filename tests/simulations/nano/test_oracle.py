"""The oracle answers in the window that ends 0.2 s after an utterance, stops when told to, and speaks up once."""

from __future__ import annotations

from omniflow_graph.events import SECOND, seconds
from simulations.nano.oracle import Uttered, Verdict, decide_all
from simulations.nano.scenes import Scene
from simulations.nano.words import ANSWER_WORDS, KETTLE, PHRASES

PHRASE = {phrase.text: n for n, phrase in enumerate(PHRASES)}


def said(text: str, end: float) -> Uttered:
    return Uttered(seconds(end) - SECOND // 2, seconds(end), PHRASE[text])


def shown(*scenes: Scene) -> list[tuple[int, Scene]]:
    """Show one scene a second."""
    return [(n * SECOND + seconds(0.9), scene) for n, scene in enumerate(scenes)]


def words(verdicts: tuple[Verdict, ...]) -> list[str]:
    """Write what is said in each window; "/" where the turn ends, "-" for listening."""
    return ["-" if of.listen else " ".join(ANSWER_WORDS[word] for word in of.said) + "/" * (of.ends == "turn") for of in verdicts]


def decided(uttered: list[Uttered], scenes: list[tuple[int, Scene]], awaits: tuple[int, ...] = (), windows: int = 5, length: float = 1.0):
    verdicts, turns = decide_all(uttered, scenes, awaits, windows, seconds(length))
    return words(verdicts), turns


def test_what_ends_a_fifth_of_a_second_before_the_window_is_answered_in_it():
    scenes = shown(*[Scene(2)] * 5)
    assert decided([said("what colour is the lamp", 1.8)], scenes)[0] == ["-", "the lamp is blue/", "-", "-", "-"]
    assert decided([said("what colour is the lamp", 1.801)], scenes)[0] == ["-", "-", "the lamp is blue/", "-", "-"]


def test_what_is_seen_is_the_last_picture_of_the_window():
    scenes = shown(Scene(0), Scene(1), Scene(2), Scene(3), Scene(4))
    assert decided([said("what colour is the lamp", 2.5)], scenes)[0][2] == "the lamp is blue/"


def test_words_are_said_in_the_window_before_they_sound():
    assert decided([said("count to five", 0.5)], shown(Scene()), windows=4)[0] == ["one, two, three,", "four, five/", "-", "-"]
    fine = decided([said("count to three", 0.5)], shown(Scene()), windows=10, length=0.2)[0]
    assert fine == ["-", "-", "-", "one,", "", "two,", "three/", "-", "-", "-"]


def test_stop_ends_what_is_said_and_nothing_else():
    heard, turns = decided([said("count to ten", 0.5), said("stop", 1.5)], shown(Scene()))
    assert heard == ["one, two, three,", "-", "-", "-", "-"]
    assert [(turn.words, turn.stopped) for turn in turns] == [(3, "stop")]
    assert decided([said("stop", 1.5)], shown(Scene())) == (["-"] * 5, ())


def test_it_goes_on_through_a_back_channel_and_talk_for_others():
    heard, turns = decided([said("count to eight", 0.5), said("uh huh", 1.4), said("pass me the water", 1.7)], shown(Scene()))
    assert heard == ["one, two, three,", "four, five, six,", "seven, eight/", "-", "-"]
    assert turns[0].through == (1, 1)


def test_another_question_takes_the_place_of_the_answer():
    heard, turns = decided([said("count to ten", 0.5), said("is the lamp red", 1.5)], shown(*[Scene(0)] * 3))
    assert heard == ["one, two, three,", "yes it is red/", "-", "-", "-"]
    assert [turn.stopped for turn in turns] == ["is-it", ""]


def test_what_a_user_asked_to_be_told_is_told_once():
    scenes = shown(Scene(0), Scene(0), Scene(1), Scene(0), Scene(1))
    heard, turns = decided([said("tell me when the lamp turns green", 0.5)], scenes)
    assert heard == ["okay/", "-", "the lamp is green now/", "-", "-"]
    assert [(turn.kind, turn.asked, turn.after) for turn in turns] == [("tell-me", True, seconds(0.5)), ("event", True, seconds(2.9))]


def test_a_standing_instruction_speaks_up_each_time_anew():
    off, on = Scene(), Scene(kettle=1)
    heard, turns = decided([], shown(off, on, on, on, off, on), (KETTLE,), windows=7)
    assert heard == ["-", "the kettle is boiling", "now/", "-", "-", "the kettle is boiling", "now/"]
    assert [turn.asked for turn in turns] == [False, False]


def test_decoys_are_met_with_silence():
    assert decided([], shown(Scene(0), Scene(2), Scene(3, 2, 1), Scene(4), Scene(2)), (1,)) == (["-"] * 5, ())


def test_a_question_goes_before_what_comes_about_at_the_same_time():
    heard, _ = decided([said("hello", 1.5)], shown(Scene(0), Scene(1), Scene(1)), (1,))
    assert heard == ["-", "hello there/", "the lamp is green now/", "-", "-"]
