"""A checkpoint switches between duplex and turn-based mode in one graph: what is carried is told again, all else is forgotten."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from omniflow_graph import Event, Session, Trace, Window, replay, seconds
from omniflow_graph.chance import Rng
from operators.minicpm_o.chat_pipeline import COST_NS, Answering
from operators.minicpm_o.mode_pipeline import Both, Eyes, InDuplex, InTurns, answers, fresh, hear, look
from operators.minicpm_o.pipeline import COSTS_NS, Checkpoint, Ears, Perceived
from operators.omni_flow.modes.switch import Flushed, Frame, Line, State, Switched
from operators.omni_flow.turn_based.messages import Image, Message
from operators.scripted.session_modes import Switch
from operators.switching import switching
from operators.turn_taking.exchange import UserTurn
from operators.turn_taking.transcript import Transcript
from operators.turns import told
from tests.operators.minicpm_o import small
from tests.operators.minicpm_o.conftest import with_tokenizer
from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.test_pipeline import NOISE, picture

pytestmark = pytest.mark.model
TO_TURNS, TO_DUPLEX = "turn-based", "duplex"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    needs_torch()
    return str(with_tokenizer(small.write(tmp_path_factory.mktemp("modes") / "checkpoint", small.TALKING)))


def graph(folder: str, **options):
    """Build the graph, with short answers in turn-based mode."""
    built = switching(model=folder, decode="greedy", **options)
    stage = built.nodes["answer"].fn
    chat = stage.keywords["chat"]
    short = type(chat)(chat.func, **{**chat.keywords, "answering": Answering(greedy=True, most=3)})
    return built.replace("answer", fn=type(stage)(stage.func, **{**stage.keywords, "chat": short}))


def session(*modes: tuple[float, str], length: float = 6.0, messages=((3.0, "Who?"),)) -> Session:
    sound = [(seconds(0.1 * n), NOISE[1600 * n : 1600 * (n + 1)].tobytes()) for n in range(int(10 * length))]
    typed = [(seconds(at), text) for at, text in messages]
    sources = {"env-visual": [(seconds(0.5), picture(1))], "env-audio": sound, "messages": typed}
    return Session("s", {**sources, "mode": [(seconds(at), mode) for at, mode in modes]}, seconds(length))


@pytest.fixture(scope="module")
def both_ways(folder) -> Trace:
    return replay(graph(folder), session((2.3, TO_TURNS), (4.1, TO_DUPLEX)), engine="direct")


def test_each_mode_answers_in_its_own_time(both_ways):
    after = sum(COSTS_NS.values())
    assert [(event.time, event.data.k, event.data.choice) for event in both_ways["decide"]] == [
        (seconds(1) + after, 0, "speak"),
        (seconds(2) + after, 1, "speak"),
        (seconds(2.3), -1, "stop"),
        (seconds(3) + COST_NS, -1, "speak"),
        (seconds(5) + after, 4, "speak"),
        (seconds(6) + after, 5, "speak"),
    ]
    assert [event.data.response for event in both_ways["decide"]] == [1, 1, 1, 2, 3, 3]


def test_a_switch_is_told_with_what_is_lost_and_the_answer_that_is_cut_short(both_ways):
    first, second = (event.data for event in both_ways["modes"])
    assert first._replace(dropped=()) == Switched(seconds(2.3), TO_DUPLEX, TO_TURNS, "reset", (), (), Flushed(1, "switched to turn-based"))
    assert [name for name, _ in first.dropped] == ["windows", "rows", "history", "lines", "frames"]
    assert (second.flushed, [name for name, _ in second.dropped]) == (None, ["rounds", "rows", "lines"])
    assert second.dropped[-1] == ("lines", 2)  # what was typed and answered since the first switch
    assert [turn.get("stopped", False) for turn in told(both_ways)] == [True, False, False]


def test_a_session_that_is_reset_goes_on_as_a_new_one(folder, both_ways):
    """Nothing of before counts: the windows after the last switch are answered as those of a session that begins with them."""
    alone = replay(graph(folder, begin=TO_TURNS), session((4.1, TO_DUPLEX), messages=()), engine="direct")
    assert [event.data.text for event in alone["decide"]] == [event.data.text for event in both_ways["decide"]][-2:]


def test_both_engines_come_to_the_same(folder, both_ways):
    assert replay(graph(folder), session((2.3, TO_TURNS), (4.1, TO_DUPLEX)), engine="bytewax").digest == both_ways.digest


def test_what_is_carried_is_kept_and_changes_what_is_said(folder, both_ways):
    carried = replay(graph(folder, how="carry"), session((2.3, TO_TURNS), (4.1, TO_DUPLEX)), engine="direct")
    first, second = (event.data for event in carried["modes"])
    assert (first.kept, second.kept) == ((("lines", 1), ("frames", 1)), (("lines", 3), ("frames", 1)))
    texts, others = ([event.data.text for event in trace["decide"]] for trace in (carried, both_ways))
    assert texts[:3] == others[:3]
    assert all(text != other for text, other in zip(texts[3:5], others[3:5]))


def test_what_is_carried_is_told_before_the_next_turn_or_window():
    lines = (Line("user", "Who?", 1), Line("assistant", "A cat.", 2))
    state = State(InDuplex(), lines=lines, frame=Frame(1, picture(3)))
    turns = fresh(TO_TURNS, "carry", state)
    assert isinstance(turns, InTurns)
    shown = Image(40, 30, picture(3))
    assert turns.chat.due == (Message("user", "Who?"), Message("assistant", "A cat."), Message("user", (shown,)))
    assert fresh(TO_DUPLEX, "carry", replace(state, inner=turns)) == InDuplex(told="\n\nprevious: user: Who?\nassistant: A cat.")
    assert fresh(TO_DUPLEX, "reset", replace(state, inner=turns)) == InDuplex()


def test_a_carried_picture_that_cannot_be_decoded_is_left_out():
    turns = fresh(TO_TURNS, "carry", State(InDuplex(), frame=Frame(1, b"broken")))
    assert isinstance(turns, InTurns)
    assert turns.chat.due == ()


def order(to: str, shown: bytes | None = None) -> Event:
    return Event(9, "work", 0, Switch(to, Transcript(frame=Frame(1, shown) if shown else None)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("how", "kept"), [("carry", True), ("reset", False)])
def test_the_last_picture_is_shown_with_the_first_window_of_duplex_if_it_is_carried(how, kept):
    eyes, (passed,) = look(Eyes(), order(TO_DUPLEX, b"x"), model=None, how=how)  # type: ignore[arg-type]
    assert (eyes, passed) == (Eyes(b"x" if kept else b""), order(TO_DUPLEX, b"x").data)
    assert look(Eyes(b"x"), order(TO_TURNS, b"x"), model=None, how=how)[0] == Eyes()  # type: ignore[arg-type]


def test_a_carried_picture_is_shown_once_and_only_if_the_window_has_none(folder):
    see = partial(look, model=Checkpoint(folder), how="carry")
    dark = Event(seconds(1), "work", 0, Window(0, 0, seconds(1), seconds(1), False, ()))
    lit = lit_by(picture(2))
    eyes, (shown,) = see(Eyes(picture(1)), dark)
    assert (eyes, shown.pictures[0].tolist()) == (Eyes(), see(Eyes(), lit_by(picture(1)))[1][0].pictures[0].tolist())
    assert see(eyes, dark)[1][0].pictures == ()
    assert see(Eyes(picture(1)), lit)[1][0].pictures[0].tolist() == see(Eyes(), lit)[1][0].pictures[0].tolist() != shown.pictures[0].tolist()


def lit_by(shown: bytes) -> Event:
    return Event(seconds(1), "work", 0, Window(0, 0, seconds(1), seconds(1), False, (Event(0, "env-visual", 0, shown),)))


def test_a_switch_makes_the_encoder_of_sound_forget_and_a_turn_does_not():
    heard = Ears(frames=(np.zeros((1, 80), np.float32),))
    assert hear(heard, order(TO_TURNS), model=None)[0].frames == ()  # type: ignore[arg-type]
    assert hear(heard, Event(9, "work", 0, UserTurn(1, 0, 1)), model=None)[0] is heard  # type: ignore[arg-type]


def test_after_a_crash_the_session_goes_on_in_its_mode(folder):
    assert stepped(folder, lost=True) == stepped(folder, lost=False)


def stepped(folder: str, *, lost: bool) -> list[str]:
    """Answer two windows, switch, and answer two turns; lose before each what no snapshot keeps."""
    both, found, rng = Both(State(fresh(TO_DUPLEX, "reset"))), [], Rng(1, "s", "answer")
    think = graph(folder, how="carry").nodes["answer"].fn
    heard = np.random.default_rng(1).standard_normal((10, 16)).astype(np.float32)
    given = [Perceived(k, seconds(k + 1), (), heard) for k in range(2)]
    steps = [*given, order(TO_TURNS).data, UserTurn(1, 0, 1, text="Who?"), UserTurn(2, 2, 3, text="What?")]
    for n, data in enumerate(steps):
        both = pickle.loads(pickle.dumps(both)) if lost else both
        both, answered = think(both, Event(seconds(n + 1), "hear", n, data), rng)
        found += [getattr(each, "text", type(each).__name__) for each in answered]
    assert answers is think.func
    assert Checkpoint(folder)() is not None
    return found
