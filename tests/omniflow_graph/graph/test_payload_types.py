"""Annotations say what flows on an edge; what they do not say, or say in a form that we do not read, fits everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, Literal, NamedTuple, NewType, Optional, Protocol, TypedDict, TypeVar, Union

import numpy as np
import numpy.typing as npt
import pytest

from omniflow_graph import Event, Graph, GraphError, Jpeg, Pcm16, Wake, Window
from omniflow_graph.graph.payload_types import fits, given_by, holds_media, shown, takes_events, union, wanted_by

T = TypeVar("T")
Loud = NewType("Loud", Pcm16)


class Named(Protocol):
    name: str


class Row(TypedDict):
    n: int


class Sound(NamedTuple):
    text: str
    samples: np.ndarray


class Ack(NamedTuple):
    played: int


@dataclass(frozen=True)
class Tree:
    left: Tree | None
    value: int


@dataclass(frozen=True)
class Album:
    picture: Jpeg | None
    next: Album | None


class Ears:
    def __call__(self, event: Event[Pcm16]) -> int:
        return len(event.data)

    def hear(self, state: int, event: Event[Pcm16]) -> tuple[int, list[bool]]:
        return state, [True]


# What a function wants


def takes_rng_first(rng, event: Event[int]) -> int:
    return event.data


def remembers(last: Event[int] | None, cause: Event[str] | Wake) -> tuple[Event[str], list]:
    return cause, []


def either(event: Event[int] | Event[str]) -> str:
    return str(event.data)


def counted(fn):
    @wraps(fn)
    def wrapper(*args):
        return fn(*args)

    return wrapper


def stateless(fn):
    @wraps(fn)
    def wrapper(state, event):
        return state, [fn(event)]

    return wrapper


@pytest.mark.parametrize(
    ("kind", "fn", "wanted"),
    [
        ("map", lambda event: 1, Any),
        ("map", len, Any),
        ("map", Ears(), Pcm16),
        ("stage", Ears().hear, Pcm16),
        ("map", partial(takes_rng_first, None), int),
        ("map", counted(Ears.__call__.__get__(Ears())), Pcm16),
        ("scan", remembers, str),
        ("stage", partial(remembers), str),
        ("stage", stateless(either), int | str),
        ("map", either, int | str),
    ],
)
def test_a_function_wants_what_the_parameter_that_takes_the_event_says(kind, fn, wanted):
    assert wanted_by(kind, fn) == wanted


def bare(event: Event) -> int:
    return 1


def unknown(event: Event[Nowhere]) -> int:  # noqa: F821 - a name that cannot be resolved says nothing
    return 1


@pytest.mark.parametrize("fn", [bare, unknown])
def test_what_is_not_said_is_anything(fn):
    assert wanted_by("map", fn) is Any


def any_tuple(event: tuple) -> int:
    return 1


def any_object(event: object) -> int:
    return 1


def any_named(event: Named) -> int:
    return 1


def only_wakes(state: int, cause: Wake) -> tuple[int, list]:
    return state, []


def payload(sound: npt.NDArray[np.int16]) -> int:
    return len(sound)


def test_a_parameter_takes_events_unless_it_is_annotated_as_something_that_no_event_is():
    assert all(takes_events("map", fn) for fn in (len, Ears(), bare, unknown, either, any_tuple, any_object, any_named, counted(payload)))
    assert takes_events("scan", only_wakes)
    assert not takes_events("map", payload)


# What a function gives


def maybe(event: Event) -> int | None: ...
def nothing(event: Event) -> None: ...
def optional(event: Event) -> Optional[str]: ...  # noqa: UP045 - the old way of writing it
def plays(state: int, cause: Event) -> tuple[int, list[tuple[int, Sound] | tuple[int, Ack] | Wake]]: ...
def wakes(state: int, cause: Wake) -> tuple[int, list[Wake]]: ...
def loose(state: int, cause: Event) -> tuple[int, list]: ...
def model(state: int, event: Event) -> tuple[int, list[str]]: ...
def wrong(state: int, event: Event) -> list[str]: ...


@pytest.mark.parametrize(
    ("kind", "fn", "given"),
    [
        ("map", maybe, int),
        ("map", nothing, Any),
        ("map", optional, str),
        ("map", lambda event: 1, Any),
        ("scan", plays, Sound | Ack),
        ("scan", wakes, Any),
        ("scan", loose, Any),
        ("stage", model, str),
        ("stage", loose, Any),
        ("stage", wrong, Any),
        ("scan", wrong, Any),
    ],
)
def test_a_function_gives_what_its_answer_says(kind, fn, given):
    assert given_by(kind, fn) == given


def passes(event: Event[T]) -> T:
    return event.data


def first(state: None, event: Event[Any]) -> tuple[None, list[T]]:
    return state, [event.data]


def test_what_a_function_passes_on_keeps_its_type():
    g = Graph("g")
    edge = g.map("same", g.map("again", g.source("mic", Pcm16), passes), passes)
    assert g.type_of(edge) is Pcm16
    assert g.map("ears", edge, Ears()) == "ears"
    assert g.type_of(g.stage("first", edge, first)) is Any


# What fits


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (int, Any),
        (Any, int),
        (int, int),
        (bool, int),
        (int, object),
        (int, float),
        (float, complex),
        (np.float64, float),
        (int, int | str),
        (bool | int, int),
        (Union[int, str], str | int),
        (Pcm16, Pcm16),
        (Pcm16, bytes),
        (Loud, Pcm16),
        (Loud, bytes),
        (list[int], list),
        (npt.NDArray[np.int16], np.ndarray),
        (Sound, tuple),
        (Sound, Named),
        (dict, Row),
        (Literal["a"], str),
        (str, Literal["a"]),
        (T, Pcm16),
        (Pcm16, T),
        ("Later", int),
    ],
)
def test_a_payload_fits(got, wanted):
    assert fits(got, wanted)


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (int, str),
        (float, int),
        (object, int),
        (int | str, int),
        (int | None, int),
        (bytes, Pcm16),
        (Jpeg, Pcm16),
        (Pcm16, Loud),
        (list[int], tuple),
        (np.ndarray, bytes),
        (Ack, Sound),
        (Window, Ack),
    ],
)
def test_a_payload_does_not_fit(got, wanted):
    assert not fits(got, wanted)


def test_joined_types_hold_each_once_and_anything_swallows_the_rest():
    assert union(int, str | int, Optional[str]) == Union[int, str, None]  # noqa: UP045
    assert union(int, Any) is Any
    assert union() is Any


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (Any, "Any"),
        (int, "int"),
        (Pcm16, "Pcm16"),
        (int | None, "int | None"),
        (Union[Sound, Ack], "Sound | Ack"),
        (list[int], "list[int]"),
        (T, "T"),
    ],
)
def test_a_type_is_written_as_people_write_it(of, words):
    assert shown(of) == words


def test_a_wrong_connection_names_both_types_as_people_write_them():
    g = Graph("g")
    g.source("mic", Union[Jpeg, None])
    with pytest.raises(GraphError, match=r"^map 'ears': wants events of Pcm16, got Jpeg \| None from 'mic'; put"):
        g.map("ears", "mic", Ears())


# Sound and pictures


@pytest.mark.parametrize(
    "of", [bytes, Pcm16, Loud, np.ndarray, npt.NDArray[np.int16], Sound, Ack | Sound, Jpeg | None, list[Sound], dict[str, bytes], Album, list[Album]]
)
def test_bytes_arrays_and_what_holds_them_are_media(of):
    assert holds_media(of)


@pytest.mark.parametrize("of", [Any, int, str, Ack, Tree, list[Tree], T, Literal["a"], Row, Window, None, "Later"])
def test_anything_else_is_not(of):
    assert not holds_media(of)


def later(event: Event[NotThereYet]) -> int:  # noqa: F821 # type: ignore[name-defined]
    return event.data


def test_a_name_that_means_nothing_yet_is_read_once_it_does(monkeypatch):
    before = wanted_by("map", later)
    monkeypatch.setitem(later.__globals__, "NotThereYet", float)
    assert (before, wanted_by("map", later)) == (Any, float)
