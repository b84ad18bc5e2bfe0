"""What may be asked of a live session from outside, checked: each command that is taken is an event on its stream `control`.

A command is a map `{"do": ..., "session": ..., ...}`: `open` (with `system`, a text, `mode` and `options`), `text`, `mode`, `force_listen`,
`interrupt`, `pause`, `resume`, `close`. What a graph makes of it is the graph's: it has a source `control`, or sources `messages` and
`mode`, to which texts and modes go, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

COMMANDS = "control"
LONGEST_TEXT = 16_000
SAID = {"messages": "text", "mode": "text"}  # streams that a command puts an event on, if the graph reads them


def _text(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= LONGEST_TEXT


def _options(value: Any) -> bool:
    return type(value) is dict and len(value) <= 64 and all(type(key) is str for key in value)


FIELDS: dict[str, dict[str, Callable[[Any], bool]]] = {  # of each command; the first of `text` and `mode` is needed
    "open": {"system": _text, "voice": lambda value: type(value) is bytes and len(value) <= 64 << 10, "mode": _text, "options": _options},
    "text": {"text": _text},
    "mode": {"mode": _text},
    **{name: {} for name in ("force_listen", "interrupt", "pause", "resume", "close")},
}
NEEDED = {"text": "text", "mode": "mode"}


def checked_command(given: Any) -> dict[str, Any]:
    """Return a command that has a meaning. Raises ValueError that says what is wrong with another."""
    if not isinstance(given, Mapping) or type(given.get("do")) is not str or given["do"] not in FIELDS:
        raise ValueError(f"wants a map with do: one of {', '.join(FIELDS)}")
    do = given["do"]
    known = FIELDS[do]
    for name, value in given.items():
        if name not in ("do", "session") and name not in known:
            raise ValueError(f"{do}: has no {str(name)[:40]!r}; it has {', '.join(known) or 'nothing more'}")
        if name in known and not known[name](value):
            raise ValueError(f"{do}: wants another {name}, got {str(value)[:40]!r}")
    if do in NEEDED and NEEDED[do] not in given:
        raise ValueError(f"{do}: wants {NEEDED[do]}")
    return {name: value for name, value in given.items() if name != "session"}
