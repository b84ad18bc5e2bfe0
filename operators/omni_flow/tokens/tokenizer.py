"""Turn text into token ids and back: by the published tokenizer from a folder, or byte by byte where there is none.

A tokenizer knows text only. Marks such as `<|listen|>` have their ids in `vocabulary`, and are written by those who lay out
tokens: nothing that somebody says or types can become one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from operators.omni_flow.tokens.vocabulary import NAMES, SPECIAL_FROM, is_special

FILE = "tokenizer.json"


class Tokenizer(Protocol):
    """Turn text into ids below `vocabulary.SPECIAL_FROM`, and ids into text; `decode` leaves marks out."""

    @property
    def name(self) -> str:
        """Return what it is called where its ids are shown."""
        ...

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text, none of them a mark."""
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids."""
        ...


@dataclass(frozen=True)
class Bytes:
    """Take each byte of UTF-8 as an id: reversible, and no model's vocabulary.

    >>> Bytes().encode("né"), Bytes().decode((110, 195, 169))
    ((110, 195, 169), 'né')
    """

    name: str = "bytes"

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the bytes."""
        return tuple(text.encode())

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of the bytes; what is cut inside a character reads as U+FFFD."""
        return bytes(token for token in ids if token < 256).decode(errors="replace")


@dataclass(frozen=True)
class Published:
    """Hold a tokenizer that was read from a folder."""

    name: str
    inner: Any = field(repr=False, compare=False)

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text as the model was trained on it, without a token before or after."""
        return tuple(self.inner.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; what is cut inside a character reads as U+FFFD."""
        return self.inner.decode([token for token in ids if not is_special(token)])


def load_tokenizer(folder: str | Path) -> Published:
    """Read the tokenizer of a checkpoint's folder: its tokenizer.json. Needs the package tokenizers.

    Its marks are taken out, since text is all that is encoded (spec 1.6). Raises ValueError for a folder without that file,
    a file that is no tokenizer, and one whose marks have other ids than the published vocabulary.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise ValueError(f"tokenizer {folder}: wants a folder with a {FILE}, such as a checkpoint's; there is none")
    try:
        from tokenizers import Tokenizer as Fast
    except ImportError:
        raise ValueError(f"tokenizer {folder}: wants the package tokenizers; pip install 'omniflow-graph[tokenizer]'") from None
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        marks = {mark["content"]: mark["id"] for mark in described.pop("added_tokens", None) or []}
        foreign = _foreign(marks, len(described["model"]["vocab"]))
        inner = None if foreign else Fast.from_str(json.dumps({**described, "added_tokens": []}))
    except Exception as error:  # the package raises Exception itself
        raise ValueError(f"tokenizer {path}: cannot be read as one ({' '.join(str(error).split())})") from None
    if foreign:
        raise ValueError(f"tokenizer {path}: wants the vocabulary of MiniCPM-o 4.5, marks from {SPECIAL_FROM} on, got {foreign}; name its own folder")
    return Published(str(folder), inner)


def _foreign(marks: dict[str, int], size: int) -> str:
    """Name what shows that a vocabulary is another; empty if nothing does."""
    ids = {written: token for token, written in NAMES.items()}
    other = [f"{written} as {token}" for written, token in marks.items() if ids.get(written, token) != token]
    return other[0] if other else f"{size} entries of text" if size > SPECIAL_FROM else ""
