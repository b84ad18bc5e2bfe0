"""During a run the garbage collector looks less often, and not at what was there before; afterwards all is as it was."""

from __future__ import annotations

import gc
import weakref
from contextlib import suppress

import pytest

from omniflow_graph.engine.collecting import YOUNG, rare_collection


class Knot:
    """Be a cycle."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_it_was():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_thresholds_and_what_is_frozen_are_put_back_also_after_an_error():
    gc.set_threshold(700, 10, 10)
    seen = []
    with suppress(ZeroDivisionError), rare_collection():
        seen += [gc.get_threshold(), gc.get_freeze_count() > 0]
        raise ZeroDivisionError
    assert seen == [(YOUNG, 10, 10), True]
    assert (gc.get_threshold(), gc.get_freeze_count()) == ((700, 10, 10), 0)


def test_what_somebody_else_settled_is_left_alone():
    gc.set_threshold(0, 10, 10)
    gc.freeze()
    with rare_collection():
        assert gc.get_threshold()[0] == 0
    assert (gc.get_threshold()[0], gc.get_freeze_count() > 0) == (0, True)


def test_cycles_that_come_about_meanwhile_are_still_found():
    with rare_collection():
        lost = weakref.ref(Knot())
        kept = [[] for _ in range(2 * YOUNG)]
        assert lost() is None
    assert len(kept) == 2 * YOUNG
