"""A line of a terminal says how it goes as long as it goes, and is taken away then."""

from __future__ import annotations

import io
import threading

from operators.live.status import CLEAR, WIDTH, shown


def test_a_line_is_shown_again_and_again_and_then_taken_away():
    screen, twice, said = io.StringIO(), threading.Event(), []

    def line() -> str:
        said.append(f"{len(said)} s" + "x" * WIDTH)
        if len(said) == 2:
            twice.set()
        return said[-1]

    with shown(line, screen, every=0.001):
        assert twice.wait(30)
    assert screen.getvalue() == "".join(CLEAR + each[:WIDTH] for each in said) + CLEAR


def test_nothing_is_shown_of_what_is_over_at_once():
    screen = io.StringIO()
    with shown(lambda: "never", screen, every=60):
        pass
    assert screen.getvalue() == CLEAR
