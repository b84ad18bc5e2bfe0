"""Show a session's token groups: as lines, a window each, or for JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import groupby
from typing import Any, NamedTuple

from omniflow_graph.events import SECOND
from operators.omni_flow.tokens.groups import Form, Group, Speak, TokenSequence
from operators.omni_flow.tokens.vocabulary import is_special, name

TextOf = Callable[[int, tuple[int, ...]], str]  # of window k, some text ids of it


class Session(NamedTuple):
    """Hold what is printed."""

    name: str
    form: Form
    text_in: str  # what text ids are
    groups: list[Group]
    sequence: TokenSequence
    text_of: TextOf
    loss: tuple[int, ...] | None = None  # of each token, in a training sequence


def described(found: Session) -> dict[str, Any]:
    """Return all of it for JSON. Positions are those in the whole sequence."""
    form, loss = found.form, found.loss
    groups = [_group(found, n, start, end) for n, (start, end) in enumerate(_places(found))]
    about = {"session": found.name, "window_s": form.window_ns / SECOND, "boundaries": form.boundaries, "control": form.control}
    return {**about, "text_in": found.text_in, "tokens": len(found.sequence.tokens), "groups": groups, "spans": found.sequence.spans} | (
        {} if loss is None else {"loss": loss}
    )


def _group(found: Session, n: int, start: int, end: int) -> dict[str, Any]:
    group = found.groups[n]
    text = found.text_of(group.k, group.answer.ids) if isinstance(group.answer, Speak) and group.answer.ids else ""
    return {"k": group.k, "start": start, "tokens": found.sequence.tokens[start:end], "answer": found.sequence.answers[n], "text": text}


def shown(found: Session) -> str:
    """Return all of it as lines, a window each. What has loss stands in brackets."""
    form, sequence = found.form, found.sequence
    of = f"{len(found.groups)} windows of {form.window_ns / SECOND:g} s, {form.boundaries} {form.control}, {len(sequence.tokens)} tokens"
    lines = [f"{found.name}: {of}; text in {found.text_in}" + ("" if found.loss is None else "; [with loss]"), "    k tokens"]
    for group, (start, end), (first, last) in zip(found.groups, _places(found), sequence.answers):
        said, opening, closing = (_folded(found, group.k, sequence.tokens[a:b]) for a, b in ((first, last), (start, first), (last, end)))
        said = said if found.loss is None else f"[{said}]"
        lines.append(f"{group.k:5} {end - start:6}  " + " ".join(filter(None, (opening, said, closing))))
    return "\n".join(lines)


def _places(found: Session) -> list[tuple[int, int]]:
    """Return where each group's tokens begin and end."""
    ends = [end + found.form.explicit for _, end in found.sequence.answers]
    return list(zip([0, *ends], ends))


def _folded(found: Session, k: int, tokens: tuple[int, ...]) -> str:
    """Write tokens by name, runs of one as a product, text as it reads."""
    parts = []
    for marks, run in groupby(tokens, is_special):
        if marks:
            counted = [(token, len(list(same))) for token, same in groupby(run)]
            parts += [name(token) + (f"*{times}" if times > 1 else "") for token, times in counted]
        else:
            parts.append(json.dumps(found.text_of(k, tuple(run)), ensure_ascii=False))
    return " ".join(parts)
