"""Say what becomes of an event on an edge, Pass, Delay or Drop; and hold a fault, which says it, so that it can be written down."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, NamedTuple

from omniflow_graph.chance import Draws, Rng
from omniflow_graph.events import SECOND, Event, Wake

LONGEST = 10**6 * SECOND
TIMES = ("most", "length", "after", "by", "at", "start", "end")  # options in nanoseconds
BOUNDS = {"permille": (0, 1000), "ppm": (0, 1_000_000), "n": (1, 10**9), **dict.fromkeys(TIMES, (0, LONGEST))}


class Unchanged:
    """Stand where a payload stays what it is."""

    def __repr__(self) -> str:
        return "UNCHANGED"


UNCHANGED = Unchanged()


class Pass(NamedTuple):
    """Let an event through, perhaps with another payload; `reason` says why that."""

    data: Any = UNCHANGED
    reason: str = ""


class Delay(NamedTuple):
    """Let an event through `by` ns later; `in_order`: and not before what came before it."""

    by: int
    data: Any = UNCHANGED
    reason: str = ""
    in_order: bool = False


class Drop(NamedTuple):
    """Let nothing through."""

    reason: str


Verdict = Pass | Delay | Drop
Fault = Callable[[Event[Any], Rng], Verdict | tuple[Verdict, ...]]
"""Say what becomes of an event on an edge; of several verdicts each is a copy of it."""

DOES: dict[str, Callable[..., Any]] = {}  # what faults do, by the names that they are written with,
MAKES: dict[str, Callable[..., Written]] = {}  # and what makes them
OF_STAGES = ("slow", "stalled")  # those of a stage, not of events


@dataclass(frozen=True)
class Written:
    """Hold a fault as it is written: its name, the faults in it, its options. `str` writes it; `fault_of` reads that."""

    name: str
    inside: tuple[Fault, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    def __call__(self, event: Event[Any], rng: Rng) -> Verdict | tuple[Verdict, ...]:
        """Say what becomes of an event."""
        return DOES[self.name](event, rng, *self.inside, **dict(self.options))

    def __str__(self) -> str:
        options = [f"{name}_ms={value / 1_000_000:.15g}" if name in TIMES else f"{name}={value}" for name, value in self.options]
        return f"{self.name}({', '.join([*map(str, self.inside), *options])})"


def fault(does: Callable[..., Any]) -> Callable[..., Written]:
    """Make of `does(event, rng, *faults, **options)` what is called with faults and options, and returns a fault.

    Raises ValueError for an option out of its bounds, TypeError for one that it does not have.
    """
    DOES[does.__name__] = does
    taken = inspect.Signature(list(inspect.signature(does).parameters.values())[2:])

    @wraps(does, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def written(*given: Any, **named: Any) -> Written:
        try:
            bound = taken.bind(*given, **named)
        except TypeError as error:
            raise TypeError(f"{does.__name__}: {error}; wants ({', '.join(map(str, taken.parameters))})") from None
        inside, options = [], []
        for name, value in bound.arguments.items():
            of = value if taken.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL else (value,)
            inside += of if name.startswith("fault") else ()
            options += [] if name.startswith("fault") else [(name, value)]
        check(does.__name__, inside, dict(options))
        return Written(does.__name__, tuple(inside), tuple(options))

    written.__signature__ = taken  # type: ignore[attr-defined]
    MAKES[does.__name__] = written
    return written


def check(name: str, inside: Sequence[Any], options: dict[str, Any]) -> None:
    """Raise ValueError for what no fault can be made of."""
    for option, value in options.items():
        least, most = (0, 10**6) if (name, option) == ("slow", "permille") else BOUNDS.get(option, (None, None))
        if most is not None and not (type(value) is int and least <= value <= most):
            raise ValueError(f"{name}: wants {option} to be a whole number from {least} to {most}, got {value!r}")
    if any(not callable(each) for each in inside):
        raise ValueError(f"{name}: wants faults, functions of (event, rng), got {next(each for each in inside if not callable(each))!r}")
    if odd := [each for each in inside if isinstance(each, Written) and each.name in OF_STAGES]:
        raise ValueError(f"{name}: {odd[0].name} is of a stage, and stands alone; give it an entry of its own")
    if options.get("length") == 0:
        raise ValueError(f"{name}: wants a length above 0")
    if name == "during" and options["start"] >= options["end"]:
        raise ValueError(f"during: wants a start before its end, got {options['start']} and {options['end']} ns")


def verdicts(of: Fault, event: Event[Any], rng: Rng) -> tuple[Verdict, ...]:
    """Return what becomes of each copy of an event. Raises TypeError for an answer that is no verdict, and for a delay below 0."""
    given = of(event, rng)
    found: tuple[Any, ...] = given if type(given) is tuple else (given,)
    if not found or not all(map(_is_verdict, found)):
        raise TypeError(f"fault {of}: answers {given!r} to event {event.seq}; wants Pass, Delay by 0 ns or more, Drop, or a tuple of them")
    return found


def _is_verdict(of: Any) -> bool:
    return type(of) in (Pass, Drop) or (type(of) is Delay and type(of.by) is int and of.by >= 0)


def draws(rng: Rng, kind: str, cause: Event[Any] | Wake) -> Draws:
    """Start the draws of one kind of fault for an event, or for a stretch of time, named by a Wake."""
    return replace(rng, operator=f"{rng.operator}/{kind}")(cause)
