"""Each reduction takes away all that it can and nothing else: what stays keeps its number, its payload and its place in its window."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph import Session
from simulations.shrinking import reductions
from simulations.shrinking.reductions import Case, closed, emptied, faults, frames, in_time, least, silenced, streams, within_windows

GRID = 100


def case(end: int = 1_000, **events: list[tuple[int, object]]) -> Case:
    return Case(Session("s", events, end)).numbered()


def shown(of: Case, stream: str = "mic") -> list[tuple]:
    return [(event.time, event.seq, event.data) for event in of.session.sources[stream]]


def holds(*wanted: object, stream: str = "mic") -> Callable[[Case], bool]:
    """Fail as long as these payloads are there."""
    return lambda of: {*wanted} <= {event.data for event in of.session.sources[stream]}


TALK = case(mic=[(n * 50, n) for n in range(20)], eye=[(n * 100 + 7, n) for n in range(10)])


@given(st.sets(st.integers(0, 60)), st.integers(1, 61))
def test_what_is_needed_stays_and_nothing_else(needed, n):
    wanted = {each for each in needed if each < n}
    assert least(range(n), lambda rest: wanted <= {*rest}) == sorted(wanted)


@given(st.sets(st.integers(0, 30)), st.lists(st.sets(st.integers(0, 30), min_size=1), max_size=4))
def test_of_what_is_left_no_single_stretch_of_one_can_go(all_of, any_of):
    """Fails when `least` gives up after the first stretch that cannot go."""

    def still(rest):
        return all(each & {*rest} for each in any_of)

    items = sorted(all_of.union(*any_of))
    found = least(items, still)
    assert still(found)
    if len(any_of) < 2:
        assert all(not still([each for each in found if each != gone]) for gone in found)


def test_windows_are_cut_out_and_what_comes_later_moves_up_to_the_same_place_in_its_window():
    found = in_time(TALK, holds(5, 17), GRID)
    assert shown(found) == [(0, 4, 4), (50, 5, 5), (100, 16, 16), (150, 17, 17)]
    assert (shown(found, "eye"), found.end) == ([(7, 2, 2), (107, 8, 8)], 200)


def test_ends_move_with_what_is_before_them():
    ends = Case(Session("s", {"mic": [(250, 1)], "eye": []}, {"mic": 290, "eye": 130})).numbered()
    assert in_time(ends, holds(1), GRID).session.end == {"mic": 90, "eye": 0}
    partial = in_time(case(end=950, mic=[(920, 1)]), holds(1), GRID)
    assert (shown(partial), partial.end) == ([(20, 0, 1)], 50)


def test_windows_that_cannot_be_cut_out_are_emptied_and_times_stay():
    def late(of: Case) -> bool:
        return any(event.time == 550 for event in of.session.sources["mic"])

    found = emptied(TALK, late, GRID)
    assert (shown(found), shown(found, "eye"), found.end) == ([(500, 10, 10), (550, 11, 11)], [(507, 5, 5)], 1_000)


def test_whole_streams_go():
    assert shown(streams(TALK, holds(3), GRID), "eye") == []
    assert shown(streams(TALK, holds(3, stream="eye"), GRID)) == []


def test_frames_go_one_by_one():
    found = frames(TALK, holds(2, 11), GRID)
    assert (shown(found), shown(found, "eye")) == ([(100, 2, 2), (550, 11, 11)], [])


def test_tenths_of_windows_go():
    found = within_windows(case(mic=[(53, 1), (271, 2)]), holds(1, 2), GRID)
    assert (shown(found), found.end) == ([(3, 0, 1), (11, 1, 2)], 20)


def test_the_end_comes_just_after_the_last_event_or_with_its_window():
    found = [closed(case(mic=[(250, 1)]), fails, GRID).end for fails in (lambda of: True, lambda of: of.end >= 300, lambda of: of.end > 300)]
    assert found == [251, 300, 1_000]
    assert closed(case(mic=[]), lambda of: True, GRID).end == 0


def test_faults_go():
    two = Case(TALK.session, (("mic", "loss(permille=20)"), ("eye", "loss(permille=30)")))
    assert faults(two, lambda of: ("eye", "loss(permille=30)") in of.faults, GRID).faults == (("eye", "loss(permille=30)"),)


def test_frames_of_sound_fall_silent_and_stay_as_long_as_they_were():
    loud = case(mic=[(0, b"\1\2"), (10, b"\0\0"), (20, b"\3\4\5\6"), (30, 7)], eye=[(0, b"\1")])
    found = silenced(loud, holds(b"\1\2"), ["mic", "nobody"])
    assert shown(found) == [(0, 0, b"\1\2"), (10, 1, b"\0\0"), (20, 2, b"\0\0\0\0"), (30, 3, 7)]
    assert shown(found, "eye") == [(0, 0, b"\1")]


@given(st.sampled_from([0, *range(1, 20, 3)]), st.sampled_from(reductions.REDUCTIONS))
def test_every_reduction_gives_something_that_still_fails(payload, reduced):
    assert holds(payload)(reduced(TALK, holds(payload), GRID))
