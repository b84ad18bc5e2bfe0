"""What the model still remembers: the units in its cache, and what goes when there are too many. Bookkeeping only.

Every change comes with a `CachePlan` that a model's key/value cache carries out. Source: spec 5.6. Rows of the cache are
[prefix][previous][suffix][units]; all but the units are protected, S rows. Always S + the units' lengths = the cache's length,
and a position is a row's number: there is no offset to keep (quirk Q21).

| mode | after a unit came in | beyond `limit`, in every mode |
|---|---|---|
| none | nothing goes | the oldest units go |
| basic | above `high` rows the oldest units go until `low` | |
| context | above `max_units` the oldest goes, and the text that it spoke is kept in `previous` | |

Overflow is an `Evicted`, never an error; the newest unit always stays. The reference knows no limit (its page stops a session
at 8,192 rows, the length in training), drops the newest unit, too, where nothing else helps, and feeds `previous` anew also where
it did not change, to the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal, NamedTuple

from operators.omni_flow.context.cache_plan import CachePlan, Prefill, Rows, joined
from operators.omni_flow.context.token_log import Unit, hear, without_unheard
from operators.omni_flow.deciding.steps import TextOf

Mode = Literal["none", "basic", "context"]
Keeps = Literal["as-generated", "as-heard"]
MARKER = (271, 19_702, 25, 220)  # "\n\nprevious: "


@dataclass(frozen=True)
class Policy:
    """Say how much is remembered, and whether what the user never heard is. The defaults are those of the published model.

    `keeps`: "as-generated" leaves in the cache what was said and not heard, and marks it in the log; "as-heard" takes it out once
    it is known. `limit`: rows that the cache may never exceed, None for no limit. Raises ValueError.
    """

    mode: Mode = "basic"
    keeps: Keeps = "as-generated"
    high: int = 4000
    low: int = 3500
    max_units: int = 24
    max_previous: int = 500
    limit: int | None = 8192
    marker: tuple[int, ...] = MARKER

    def __post_init__(self) -> None:
        """Check what was given."""
        if self.mode not in ("none", "basic", "context"):
            raise ValueError(f"policy: wants mode none, basic or context, got {self.mode!r}")
        if self.keeps not in ("as-generated", "as-heard"):
            raise ValueError(f"policy: wants keeps as-generated or as-heard, got {self.keeps!r}")
        if not 0 < self.low <= self.high:
            raise ValueError(f"policy: wants 0 < low <= high, got low {self.low} and high {self.high}")
        if self.max_units < 1 or self.max_previous < 0:
            raise ValueError(f"policy: wants max_units 1 or more and max_previous 0 or more, got {self.max_units} and {self.max_previous}")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"policy: wants a limit of 1 row or more, or None, got {self.limit}")


class Evicted(NamedTuple):
    """Record what was forgotten: the ids of the units, their rows, the cache's length afterwards, and why."""

    units: tuple[int, ...]
    tokens: int
    cache_length: int
    reason: str


@dataclass(frozen=True)
class Context:
    """Hold what is in the cache: `prefix` rows of the prompt, the ids of text kept from evicted units, the prompt's last ids, the units.

    `length` are the rows of all of it. `windows` and `rows` count what ever came in. `heard` is the answer that was settled last,
    and how much of it was heard.
    """

    policy: Policy
    prefix: int
    suffix: tuple[int, ...] = ()
    previous: tuple[int, ...] = ()
    units: tuple[Unit, ...] = ()
    length: int = 0
    windows: int = 0
    rows: int = 0
    heard: tuple[int, int] = (0, 0)

    @property
    def protected(self) -> int:
        """Return S, how many rows stand before the units."""
        return self.prefix + len(self.previous) + len(self.suffix)


def begin_context(policy: Policy, prefix: int, suffix: tuple[int, ...] = ()) -> Context:
    """Begin after the prompt was fed. `suffix` are its last ids, which stand behind `previous` in mode context; `prefix`, the rows before.

    Raises ValueError where the prompt leaves no room.
    """
    rows = prefix + len(suffix)
    rooms = {"low": policy.low} if policy.mode == "basic" else {}
    if policy.limit is not None:
        rooms["limit"] = policy.limit - (len(policy.marker) + policy.max_previous if policy.mode == "context" else 0)
    for name, room in rooms.items():
        if rows >= room:
            raise ValueError(f"context: wants a prompt of fewer than {room} rows, got {rows}; shorten it, or raise {name}")
    return Context(policy, prefix, suffix, length=rows)


def enter(context: Context, unit: Unit, *, text_of: TextOf | None = None) -> tuple[Context, list[Evicted], CachePlan]:
    """Take in the unit whose rows the cache now ends with, and forget what is too much. Returns what was forgotten, and what the cache does.

    `text_of` is for "as-heard" only, which takes words out of units. Raises ValueError where it is missing then.
    """
    if unit.answer:
        same = next((each for each in reversed(context.units) if each.answer == unit.answer), None)
        unit = replace(unit, first=same.first + len(same.words)) if same else unit
        if unit.answer == context.heard[0]:  # its answer was cut short while this window was being answered
            unit = hear(unit, context.heard[1], settled=True)
    policy, prefix, suffix, previous, rows = context.policy, context.prefix, context.suffix, context.previous, len(unit.ids)
    units, length = (*context.units, unit), context.length + rows
    return _settled(Context(policy, prefix, suffix, previous, units, length, context.windows + 1, context.rows + rows, context.heard), text_of)


def heard_up_to(
    context: Context, answer: int, tokens: int, *, settled: bool, text_of: TextOf | None = None
) -> tuple[Context, list[Evicted], CachePlan]:
    """Note how many of an answer's text tokens were heard, counted from its beginning. `settled`: it sounds no longer.

    Between windows only: the cache ends with the last unit. With "as-heard" what was never heard of a settled answer goes, and what
    stands behind that is fed anew. Text of evicted units that went into `previous` counts as heard. Raises ValueError for answer 0.
    """
    if answer < 1:
        raise ValueError(f"context: wants an answer's number, from 1, got {answer}; 0 is what belongs to none")
    units = tuple(hear(unit, tokens, settled=settled) if unit.answer == answer else unit for unit in context.units)
    return _settled(replace(context, units=units, heard=(answer, tokens) if settled and answer != context.heard[0] else context.heard), text_of)


def refill(context: Context) -> CachePlan:
    """Plan a cache from nothing but the prompt's prefix: after a crash, from the log."""
    return joined(context.prefix, (Rows(0, context.prefix, 0), _anew(context, 0, 0, (*context.previous, *context.suffix))))


def _settled(came: Context, text_of: TextOf | None) -> tuple[Context, list[Evicted], CachePlan]:
    """Take out what was never heard, if so wanted; forget what is too much; plan for both at once."""
    if came.policy.keeps == "as-generated" and _has_room(came):
        return came, [], joined(came.length, (Rows(0, came.length, 0),))
    units, places = came.units, {}
    if came.policy.keeps == "as-heard":
        if text_of is None:
            raise ValueError("context: wants text_of, got none; as-heard takes words out of units, whose text changes")
        edited = [without_unheard(unit, text_of) for unit in units]
        units = tuple(unit for unit, _ in edited)
        places = {n: place for n, (_, place) in enumerate(edited) if place is not None}
    evicted, gone = _too_much(came, units)
    previous = _previous(came, units[:gone])
    new = replace(came, previous=previous, units=units[gone:])
    new = replace(new, length=new.protected + sum(unit.length for unit in new.units))
    return new, evicted, _plan(came, new, gone, places)


def _has_room(context: Context) -> bool:
    """Tell at a stroke that nothing has to go, as after nearly every window."""
    policy, rows = context.policy, context.length
    if policy.mode == "context" and len(context.units) > policy.max_units:
        return False
    return rows <= (policy.high if policy.mode == "basic" else rows) and (policy.limit is None or rows <= policy.limit)


def _too_much(came: Context, units: tuple[Unit, ...]) -> tuple[list[Evicted], int]:
    """Count the oldest units that go, by the mode and by the limit. The newest stays."""
    policy, found, gone = came.policy, [], 0
    ends = list(accumulate((unit.length for unit in units), initial=0))

    def rows(n: int) -> int:
        return came.prefix + len(came.suffix) + len(_previous(came, units[:n])) + ends[-1] - ends[n]

    def go(above: float, until: float, reason: str) -> None:
        nonlocal gone
        first, goes = gone, gone
        if rows(goes) > above:
            while goes < len(units) - 1 and rows(goes) > until:
                goes += 1
        if goes > first:
            gone = goes
            found.append(Evicted(tuple(unit.id for unit in units[first:goes]), ends[goes] - ends[first], rows(goes), reason))

    if policy.mode == "basic":
        go(policy.high, policy.low, f"over {policy.high} rows")
    if policy.mode == "context" and len(units) > policy.max_units:
        gone = len(units) - policy.max_units
        found.append(Evicted(tuple(unit.id for unit in units[:gone]), ends[gone], rows(gone), f"over {policy.max_units} units"))
    if policy.limit is not None:
        go(policy.limit, policy.limit, f"over {policy.limit} rows, the limit")
    return found, gone


def _previous(context: Context, gone: tuple[Unit, ...]) -> tuple[int, ...]:
    """Add what units that go have spoken to the text that is kept, marks left out; what is too long goes from the left."""
    said = [token for unit in gone if not unit.is_listen for token in unit.words]
    if context.policy.mode != "context" or not said:
        return context.previous
    marker = context.policy.marker
    content = (*context.previous[len(marker) :], *said)
    content = content[max(0, len(content) - context.policy.max_previous) :]
    return (*marker, *content) if content else ()


def _plan(came: Context, new: Context, gone: int, places: dict[int, int]) -> CachePlan:
    """Plan the cache of `new` from that of `came`, whose first units are gone and some of whose others have changed from a place on."""
    starts = list(accumulate((unit.length for unit in came.units), initial=came.protected))
    changed = min((n for n in places if n >= gone), default=None)
    kept = came.length if changed is None else starts[changed] + places[changed]
    head = (Rows(0, came.protected, 0),)
    if new.previous != came.previous:
        head = (Rows(0, came.prefix, 0), Prefill((*new.previous, *new.suffix), came.prefix))
    parts = (*head, Rows(starts[gone], kept, new.protected))
    if changed is not None:
        parts = (*parts, _anew(new, changed - gone, places[changed]))
    return joined(came.length, parts)


def _anew(context: Context, n: int, place: int, before: tuple[int, ...] = ()) -> Prefill:
    """Feed unit `n` from a place on, and all that follow it."""
    units = context.units[n:]
    runs = tuple((unit.id, place * (unit is units[0]), unit.length) for unit in units)
    ids = tuple(token for unit in units for token in unit.ids)[place:]
    return Prefill((*before, *ids), context.length - len(ids) - len(before), runs)
