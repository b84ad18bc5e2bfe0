"""Do things to events that should not happen to them: faults as functions `(event, rng) -> Pass | Delay | Drop`.

A fault is pure. What it draws is a function of the seed, the edge, its kind and the event, or the stretch of time: take away an
event, or another fault, and it does the same to all others. With less of `permille` the same events are hit, only fewer of them.
Times are nanoseconds; as text, `fault_of` reads milliseconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from omniflow_graph import Event, Wake
from omniflow_graph.chance import Draws, Rng
from simulations.faults.verdicts import MAKES, UNCHANGED, Delay, Drop, Pass, Verdict, Written, check, draws, fault

SCARS = 8  # bytes in a row that are corrupted


def _hits(rng: Rng, kind: str, cause: Event[Any] | Wake, permille: int) -> bool:
    return draws(rng, kind, cause).below(1000) < permille


@fault
def jitter(event: Event[Any], rng: Rng, most: int) -> Delay:
    """Delay each event by 0 to `most` ns, all alike likely. One may overtake another: `in_order` lets none."""
    return Delay(draws(rng, "jitter", event).below(most + 1), reason="jitter")


@fault
def loss(event: Event[Any], rng: Rng, permille: int) -> Verdict:
    """Drop so many of a thousand events."""
    return Drop("loss") if _hits(rng, "loss", event, permille) else Pass()


@fault
def bursts(event: Event[Any], rng: Rng, permille: int, length: int) -> Verdict:
    """Drop all in so many of a thousand stretches of time, `length` ns each."""
    return Drop("bursts") if _hits(rng, "bursts", Wake(event.time // length), permille) else Pass()


@fault
def duplicate(event: Event[Any], rng: Rng, permille: int, after: int = 0) -> Verdict | tuple[Verdict, ...]:
    """Let so many of a thousand events come twice, the copy `after` ns later."""
    return (Pass(), Delay(after, reason="duplicate")) if _hits(rng, "duplicate", event, permille) else Pass()


@fault
def reorder(event: Event[Any], rng: Rng, permille: int, by: int) -> Verdict:
    """Hold so many of a thousand events back by `by` ns, so that others overtake them."""
    return Delay(by, reason="reorder") if _hits(rng, "reorder", event, permille) else Pass()


@fault
def drift(event: Event[Any], rng: Rng, ppm: int) -> Delay:
    """Let what comes be later and later, by so many millionths: a sender's clock that is slow. None comes before it happened."""
    return Delay(event.time * ppm // 1_000_000, reason="drift")


@fault
def jump(event: Event[Any], rng: Rng, at: int, by: int) -> Verdict:
    """Let all from `at` on be `by` ns later: a clock that was put back. `during` ends it."""
    return Delay(by, reason="jump") if event.time >= at else Pass()


@fault
def disconnect(event: Event[Any], rng: Rng, at: int, length: int) -> Verdict:
    """Drop all in [at, at + length)."""
    return Drop("disconnect") if at <= event.time < at + length else Pass()


@fault
def stall(event: Event[Any], rng: Rng, at: int, length: int) -> Verdict:
    """Hold back all in [at, at + length), and let it come at its end, at once and in order."""
    return Delay(at + length - event.time, reason="stall") if at <= event.time < at + length else Pass()


@fault
def corrupt(event: Event[Any], rng: Rng, permille: int) -> Verdict:
    """Change some bytes in so many of a thousand payloads: bytes, an array, or the first of them in a record.

    What has no bytes to change is dropped, as by one who checks a sum.
    """
    drawn = draws(rng, "corrupt", event)
    if drawn.below(1000) >= permille:
        return Pass()
    changed = corrupted(event.data, drawn)
    return Drop("corrupt") if changed is UNCHANGED else Pass(changed, "corrupt")


def corrupted(data: Any, drawn: Draws) -> Any:
    """Return a payload with up to SCARS bytes changed, of the same type and length; UNCHANGED if it has none."""
    if isinstance(data, bytes):
        return _scarred(data, drawn) if data else UNCHANGED
    if isinstance(data, np.ndarray) and data.size and not data.dtype.hasobject:
        return np.frombuffer(_scarred(data.tobytes(), drawn), data.dtype).reshape(data.shape)
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        for n, item in enumerate(data):
            if isinstance(item, (bytes, np.ndarray)) and (other := corrupted(item, drawn)) is not UNCHANGED:
                return type(data)._make([*data[:n], other, *data[n + 1 :]])  # type: ignore[attr-defined]
    return UNCHANGED


def _scarred(data: bytes, drawn: Draws) -> bytes:
    start = drawn.below(len(data))
    scar = bytes(byte ^ (1 + drawn.below(255)) for byte in data[start : start + SCARS])
    return data[:start] + scar + data[start + SCARS :]


def slow(permille: int) -> Written:
    """Let a stage take so many thousandths of the time that it takes: 2000 is twice as long."""
    return _of_stage("slow", permille=permille)


def stalled(at: int, length: int) -> Written:
    """Let a stage begin nothing in [at, at + length)."""
    return _of_stage("stalled", at=at, length=length)


def _of_stage(name: str, **options: int) -> Written:
    check(name, (), options)
    return Written(name, (), tuple(options.items()))


MAKES.update(slow=slow, stalled=stalled)
