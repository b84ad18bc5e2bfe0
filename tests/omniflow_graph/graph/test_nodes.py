"""A node says whether its function asks for chance, and gives every session a state of its own."""

from __future__ import annotations

from functools import partial, wraps

import pytest

from omniflow_graph.graph.nodes import Node, first_state, takes_rng


def draw(event, rng):
    return rng(event).random()


def passes_all(fn):
    @wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


def settles(fn):
    @wraps(fn)
    def wrapper(event):
        return fn(event, rng=None)

    return wrapper


class Drop:
    def __call__(self, event, *, rng):
        return rng(event).random() < 0.5


@pytest.mark.parametrize(
    "fn", [draw, Drop(), Drop().__call__, partial(draw), passes_all(draw), partial(passes_all(draw)), lambda event, *, rng=None: 1]
)
def test_a_function_with_a_parameter_named_rng_asks_for_chance(fn):
    assert takes_rng(fn)


@pytest.mark.parametrize("fn", [len, str, partial(draw, None, None), settles(draw), passes_all(len), lambda event, **more: 1, lambda event, ring: 1])
def test_any_other_function_does_not(fn):
    assert not takes_rng(fn)


def test_a_state_is_copied_and_a_function_of_no_arguments_is_called():
    given = {"seen": [1]}
    state = first_state(Node("n", "scan", state=given))
    assert state == given
    assert state is not given
    assert state["seen"] is not given["seen"]
    made = [first_state(Node("n", "scan", state=list)) for _ in range(2)]
    assert made == [[], []]
    assert made[0] is not made[1]
