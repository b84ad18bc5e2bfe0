"""By each convention about the first unit, every frame is in one unit and every sample in one, or left over: 80 at most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph import seconds
from operators.omni_flow.first_window import CONVENTIONS, cut

SAMPLE_NS = 62_500


def ranges(samples: int, convention: str, **options) -> list[tuple[int, int, int]]:
    return [(unit.zeros, unit.start, unit.end) for unit in cut([(0, samples)], [], convention, **options).units]


def shown(samples: int, convention: str, *times: float) -> list[list[float]]:
    found = cut([(0, samples)], [(seconds(time), time) for time in times], convention)
    return [[item for _, item in unit.frames] for unit in found.units]


def test_plain_gives_each_unit_its_second():
    assert ranges(40_000, "plain") == [(0, 0, 16_000), (0, 16_000, 32_000), (0, 32_000, 40_000)]


def test_the_demo_puts_560_zeros_in_front_and_holds_80_samples_over():
    assert ranges(48_000, "demo") == [(560, 0, 15_920), (0, 15_920, 31_920), (0, 31_920, 47_920)]
    assert cut([(0, 48_000)], [], "demo").left_over == (47_920, 48_000)


def test_the_demo_takes_16480_samples_first_and_then_16000_whatever_the_session():
    for samples in (50, 80, 9_000, 16_000, 32_000):
        taken = [zeros + end - start for zeros, start, end in ranges(samples, "demo")]
        assert taken == [16_480, 16_000][: len(taken)]


def test_long_first_closes_the_first_unit_at_1030_ms_and_the_others_each_second():
    assert ranges(40_000, "long-first") == [(0, 0, 16_480), (0, 16_480, 32_480), (0, 32_480, 40_000)]
    assert [ranges(samples, "long-first") for samples in (100, 16_480)] == [[(0, 0, 100)], [(0, 0, 16_480)]]


def test_a_shorter_window_is_cut_alike():
    window = {"window_ns": seconds(0.2)}
    assert ranges(6_400, "plain", **window) == [(0, 0, 3_200), (0, 3_200, 6_400)]
    assert ranges(6_400, "demo", **window) == [(560, 0, 3_120), (0, 3_120, 6_320)]
    assert ranges(6_400, "long-first", **window) == [(0, 0, 3_680), (0, 3_680, 6_400)]


def test_a_frame_on_the_edge_of_two_units_belongs_to_the_later_one():
    assert shown(48_000, "plain", 0, 0.99999, 1.0, 2.5) == [[0, 0.99999], [1.0], [2.5]]
    assert shown(48_000, "demo", 0, 0.999, 1.0, 2.5) == [[0, 0.999], [1.0], [2.5]]
    assert shown(48_000, "long-first", 0, 1.029, 1.03, 2.029, 2.03) == [[0, 1.029], [1.03, 2.029], [2.03]]


def test_frames_after_the_last_sample_go_on_in_units_without_sound():
    assert shown(16_000, "plain", 0.5, 1.5, 3.5) == [[0.5], [1.5], [], [3.5]]
    assert shown(0, "demo", 0.5, 1.5) == [[0.5], [1.5]]
    assert ranges(0, "demo") == []


def test_a_gap_in_the_sound_takes_no_unit_and_its_frames_go_with_what_follows():
    chunks = [(0, 16_000), (seconds(5), 16_000)]
    found = cut(chunks, [(seconds(4), "in the gap"), (seconds(5.5), "after it")], "plain")
    assert [(unit.start, unit.end, [item for _, item in unit.frames]) for unit in found.units] == [
        (0, 16_000, []),
        (16_000, 32_000, ["in the gap", "after it"]),
    ]


def test_the_sound_of_a_unit_is_its_zeros_and_its_samples():
    session = np.arange(1, 32_001, dtype=np.int32)
    first, second = (unit.sound(session) for unit in cut([(0, 32_000)], [], "demo").units)
    assert first.tolist() == [0] * 560 + list(range(1, 15_921))
    assert second.tolist() == list(range(15_921, 31_921))
    assert first.dtype == np.int32


@st.composite
def inputs(draw) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Draw chunks of uneven length, a gap or an overlap between some, and frames at uneven times."""
    chunks, time = [], draw(st.integers(0, 3)) * seconds(0.4)
    for count in draw(st.lists(st.integers(1, 20_000), max_size=6)):
        chunks.append((time, count))
        time += max(0, count * SAMPLE_NS + draw(st.sampled_from([0, 0, 1, -7_000_000, seconds(0.7)])))
    times = draw(st.lists(st.integers(0, seconds(8)), max_size=8))
    return chunks, [(time, n) for n, time in enumerate(sorted(times))]


@given(inputs(), st.sampled_from(CONVENTIONS), st.sampled_from([1.0, 0.5, 0.2, 0.1]))
def test_each_frame_and_each_sample_is_used_once_or_left_over(given_inputs, convention, window):
    chunks, frames = given_inputs
    found = cut(chunks, frames, convention, window_ns=seconds(window))
    assert [unit.k for unit in found.units] == list(range(len(found.units)))
    assert [frame for unit in found.units for frame in unit.frames] == frames
    used = [position for unit in found.units for position in (unit.start, unit.end)]
    assert used == sorted(used)
    assert used[2:-1:2] == used[1:-2:2]
    first, last, total = used[0] if used else 0, used[-1] if used else 0, sum(count for _, count in chunks)
    assert (first, *found.left_over) == (0, last, total)
    assert total - last <= 80
    assert sum(unit.zeros for unit in found.units[1:]) == 0


@given(inputs())
def test_the_conventions_differ_only_where_a_unit_ends(given_inputs):
    chunks, frames = given_inputs
    plain, demo, long = (cut(chunks, frames, convention) for convention in CONVENTIONS)
    assert [unit.frames for unit in plain.units] == [unit.frames for unit in demo.units]
    total = sum(count for _, count in chunks)
    assert [unit.end for unit in demo.units] == [max(0, min(total, (unit.k + 1) * 16_000) - 80) for unit in plain.units]
    assert [unit.end for unit in long.units] == [min(total, (unit.k + 1) * 16_000 + 480) for unit in long.units]


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (([], [], "first"), {}, "wants a convention out of plain, demo, long-first, got 'first'"),
        (([(0, 5), (-1, 5)], []), {}, "wants chunks in the order of their times, got -1 ns after 0 ns"),
        (([], [(2, "b"), (1, "a")]), {}, "wants frames in the order of their times, got 1 ns after 2 ns"),
        (([(0, 5), (0, -1)], []), {}, "wants chunks of 0 samples or more, got -1"),
        (([], []), {"window_ns": 0}, "wants a window of whole samples, 62500 ns each, got 0 ns"),
        (([], []), {"window_ns": 100}, "wants a window of whole samples, 62500 ns each, got 100 ns"),
    ],
)
def test_what_cannot_be_cut_is_refused(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        cut(*arguments, **options)
