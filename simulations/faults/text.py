"""Read a fault as it is written: `jitter(most_ms=80)`, `both(jitter(most_ms=80), loss(permille=20))`. Times are milliseconds."""

from __future__ import annotations

import ast
from reprlib import repr as quoted
from typing import Any

from simulations.faults import combining, kinds  # noqa: F401  # all that they make is known here
from simulations.faults.verdicts import MAKES, TIMES, Written

LONGEST_TEXT, DEEPEST = 2_000, 20  # letters; faults in faults
MS = 1_000_000


def fault_of(text: str) -> Written:
    """Read a fault; nothing in it is run. Raises ValueError that names what is wrong, and where.

    >>> fault = fault_of("during(loss(permille=20), start_ms=500, end_ms=2000)")
    >>> fault.name, dict(fault.options), str(fault)
    ('during', {'start': 500000000, 'end': 2000000000}, 'during(loss(permille=20), start_ms=500, end_ms=2000)')
    """
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise ValueError(f"fault: wants a text of up to {LONGEST_TEXT} letters, such as loss(permille=20), got {quoted(text)}")
    try:
        return _fault(ast.parse(text.strip(), mode="eval").body, f"fault {text.strip()!r}")
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError(f"fault {text!r}: cannot be read; wants name(faults, option=number), as in loss(permille=20)") from None


def _fault(node: ast.expr, whose: str, depth: int = 1) -> Written:
    if depth > DEEPEST:
        raise ValueError(f"{whose}: holds faults in faults, more than {DEEPEST} deep")
    known = sorted(MAKES.keys() - {"only"})
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise ValueError(f"{whose}: wants a fault such as loss(permille=20), got {ast.unparse(node)}")
    name = node.func.id
    if name == "only":
        raise ValueError(f"{whose}: only(...) takes a function, which cannot be written; make it in Python")
    if name not in known:
        raise ValueError(f"{whose}: there is no fault {name!r}; there are {', '.join(known)}")
    inside = [_fault(argument, whose, depth + 1) for argument in node.args]
    try:
        return MAKES[name](*inside, **_options(node, whose))
    except (TypeError, ValueError) as error:
        raise error if str(error).startswith(whose) else ValueError(f"{whose}: {_in_ms(str(error))}") from None


def _options(node: ast.Call, whose: str) -> dict[str, Any]:
    found = {}
    for keyword in node.keywords:
        value: Any = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg is None or type(value) not in (int, float) or not 0 <= value < 10**15:
            raise ValueError(f"{whose}: wants option=number, got {ast.unparse(keyword)}")
        option = keyword.arg.removesuffix("_ms")
        if (option in TIMES) != (option != keyword.arg):
            wanted = f"{option}_ms" if option in TIMES else option
            raise ValueError(f"{whose}: wants {wanted}={value}, got {keyword.arg}={value}; times are in milliseconds, nothing else is")
        found[option] = round(value * MS) if option in TIMES else value
    return found


def _in_ms(words: str) -> str:
    """Name options as they are written."""
    for option in TIMES:
        words = words.replace(f"'{option}'", f"'{option}_ms'")
    return words
