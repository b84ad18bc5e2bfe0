"""Payloads that were read from a recording get the types back that their edge declares."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple, Optional, Protocol

import numpy as np
import pytest

from omniflow_graph.canonical import payload_digest
from omniflow_graph.recording.typed import typed
from omniflow_graph.recording.wire import pack_value, unpack_value


class Mark(NamedTuple):
    at: int
    word: str


class Colour(Enum):
    RED = 1


@dataclass(frozen=True)
class Shot:
    scene: str
    marks: tuple[Mark, ...] = ()
    colour: Any = None


class Line(NamedTuple):
    marks: list[Mark]
    pair: tuple[int, tuple[str, str]]
    best: Optional[Mark] = None  # noqa: UP045 - what somebody's module may say


class Talks(Protocol):
    def talk(self) -> str: ...


VALUES = [
    (Mark(3, "cat"), Mark),
    (Mark(3, "cat"), Shot | Mark),
    (Shot("street", (Mark(1, "a"), Mark(2, "b"))), Mark | Shot),
    (Line([Mark(1, "a")], (1, ("b", "c")), Mark(2, "d")), Line),
    (Line([], (1, ("b", "c"))), Line),
    ((1, 2), tuple[int, ...]),
    ([Mark(1, "a")], list[Mark]),
    (7, int | str),
    ("text", Any),
    (None, Mark | None),
]


@pytest.mark.parametrize(("value", "of"), VALUES)
def test_what_is_read_is_what_was_written(value, of):
    again = typed(unpack_value(pack_value(value)), of)
    assert (again, type(again)) == (value, type(value))
    assert payload_digest(again) == payload_digest(value)


def test_an_array_stays_an_array():
    class Wave(NamedTuple):
        samples: np.ndarray

    again = typed(unpack_value(pack_value(Wave(np.arange(3, dtype="<i2")))), Wave)
    assert (type(again), again.samples.tolist(), again.samples.dtype) == (Wave, [0, 1, 2], np.dtype("<i2"))


@pytest.mark.parametrize("of", [Mark, Shot, Mark | Shot, Literal["a"], Talks, Colour, tuple[int, int], dict[str, int]])
def test_what_does_not_fit_stays_as_it_was_read(of):
    read = unpack_value(pack_value({"another": 1}))
    assert typed(read, of) is read


def test_a_choice_is_known_by_its_value():
    assert typed(1, Colour) is Colour.RED
    assert typed(2, Colour) == 2
