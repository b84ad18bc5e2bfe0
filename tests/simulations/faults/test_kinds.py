"""Each fault does to an event what its name says, and draws for that event alone."""

from __future__ import annotations

import numpy as np
import pytest

from omniflow_graph import Event
from omniflow_graph.chance import Rng
from operators.words import Ack, Wave
from simulations.faults import kinds
from simulations.faults.kinds import bursts, corrupt, disconnect, drift, duplicate, jitter, jump, loss, reorder, slow, stall
from simulations.faults.verdicts import Delay, Drop, Pass

MS = 1_000_000
RNG = Rng(0, "s", "mic")


def hits(fault, times, seed: int = 0) -> list[int]:
    """Return the numbers of the events that a fault does not leave alone."""
    rng = Rng(seed, "s", "mic")
    return [n for n, time in enumerate(times) if fault(Event(time, "mic", n, b"abcd"), rng) != Pass()]


def on(fault, time: int, data: object = b"abcd", seq: int = 0):
    return fault(Event(time * MS, "mic", seq, data), RNG)


def test_jitter_delays_by_no_more_than_it_says_and_reaches_both_ends():
    delays = {on(jitter(most=3), 0, seq=n).by for n in range(50)}
    assert delays == {0, 1, 2, 3}


def test_so_many_of_a_thousand_are_lost():
    assert len(hits(loss(permille=20), range(10_000))) == pytest.approx(200, abs=45)
    assert hits(loss(permille=0), range(10_000)) == []
    assert hits(loss(permille=1000), range(100)) == list(range(100))


def test_what_is_lost_at_a_lower_share_is_lost_at_a_higher_one():
    few, many = (set(hits(loss(permille=share), range(1000))) for share in (30, 60))
    assert few < many


def test_another_seed_loses_others():
    assert hits(loss(permille=100), range(200), seed=1) != hits(loss(permille=100), range(200), seed=2)


def test_a_burst_takes_all_of_its_stretch_and_of_no_other():
    lost = hits(bursts(permille=300, length=100 * MS), range(0, 2000 * MS, 20 * MS))
    stretches = {n // 5 for n in lost}
    assert lost == [n for n in range(100) if n // 5 in stretches]
    assert 0 < len(stretches) < 20


def test_which_stretch_is_lost_does_not_hang_on_what_comes_in_it():
    every, some = range(0, 2000 * MS, 20 * MS), range(0, 2000 * MS, 50 * MS)
    stretches = [{time // (100 * MS) for n, time in enumerate(times) if n in set(hits(bursts(300, 100 * MS), times))} for times in (every, some)]
    assert stretches[0] == stretches[1]


def test_a_duplicate_comes_twice():
    assert on(duplicate(permille=1000, after=7), 0) == (Pass(), Delay(7, reason="duplicate"))
    assert on(duplicate(permille=0), 0) == Pass()


def test_one_that_is_held_back_comes_later():
    assert on(reorder(permille=1000, by=30 * MS), 0) == Delay(30 * MS, reason="reorder")


def test_a_clock_that_drifts_is_later_and_later():
    assert [on(drift(ppm=100), time).by for time in (0, 1000, 3_600_000)] == [0, 100_000, 360 * MS]


def test_a_clock_that_was_put_back_is_late_from_then_on():
    assert [on(jump(at=10 * MS, by=5), time) for time in (9, 10, 900)] == [Pass(), Delay(5, reason="jump"), Delay(5, reason="jump")]


def test_who_is_disconnected_is_not_heard_until_it_is_over():
    assert [on(disconnect(at=10 * MS, length=10 * MS), time) for time in (9, 10, 19, 20)] == [Pass(), Drop("disconnect"), Drop("disconnect"), Pass()]


def test_what_is_stalled_comes_at_the_end_of_the_stall():
    assert [time + on(stall(at=10 * MS, length=10 * MS), time).by // MS for time in (10, 13, 19)] == [20, 20, 20]
    assert [on(stall(at=10 * MS, length=10 * MS), time) for time in (9, 20)] == [Pass(), Pass()]


def test_bytes_that_are_corrupted_stay_as_many():
    data, reason = on(corrupt(permille=1000), 0, bytes(100))
    assert (len(data), reason) == (100, "corrupt")
    changed = [n for n, byte in enumerate(data) if byte]
    assert changed == list(range(changed[0], min(changed[0] + 8, 100)))


def test_an_array_that_is_corrupted_keeps_its_form_and_the_record_around_it_the_rest():
    samples = np.zeros((10, 3), "<i2")
    other = on(corrupt(permille=1000), 0, samples)[0]
    assert (other.shape, other.dtype, samples.any()) == (samples.shape, samples.dtype, False)
    assert other.any()
    wave = on(corrupt(permille=1000), 0, Wave(1, 2, True, "a", samples))[0]
    assert wave[:4] == (1, 2, True, "a")
    assert wave.samples.any()


@pytest.mark.parametrize("data", [Ack(1, 2), "text", 7, None, b"", np.zeros(0)])
def test_what_has_no_bytes_to_change_is_dropped(data):
    assert on(corrupt(permille=1000), 0, data) == Drop("corrupt")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: loss(permille=1001), "loss: wants permille to be a whole number from 0 to 1000, got 1001"),
        (lambda: loss(permille=True), "loss: wants permille to be a whole number from 0 to 1000, got True"),
        (lambda: jitter(most=-1), "jitter: wants most to be a whole number from 0 to"),
        (lambda: jitter(most=0.5), "jitter: wants most to be a whole number from 0 to"),
        (lambda: bursts(permille=3, length=0), "bursts: wants a length above 0"),
        (lambda: slow(permille=-1), "slow: wants permille to be a whole number from 0 to 1000000, got -1"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_when_it_is_made(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_an_option_that_a_fault_does_not_have_is_an_error_that_names_those_it_has():
    with pytest.raises(TypeError, match=r"bursts: .*'size'.*; wants \(permille, length\)"):
        bursts(permille=3, length=1, size=4)


def test_every_fault_says_what_it_does():
    assert all(getattr(kinds, name).__doc__ for name in ("jitter", "loss", "corrupt", "slow", "stalled"))
