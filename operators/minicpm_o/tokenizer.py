"""Build a checkpoint's tokenizer from its files: tokenizer.json, or vocab.json and merges.txt, with the marks of tokenizer_config.json.

Qwen2's byte-level BPE: normalised to NFC, split by its expression, bytes written as letters. Source: spec 1.6.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from omniflow_graph.files import whole
from operators.omni_flow.tokens.tokenizer import FILE, Published, load_tokenizer
from operators.omni_flow.tokens.vocabulary import NAMES, SPECIAL_FROM, is_special

VOCAB, MERGES, SETTINGS = "vocab.json", "merges.txt", "tokenizer_config.json"
SPLIT = (  # words with a contraction, single digits, signs, line breaks, spaces: as Qwen2 was trained
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Text:
    """Hold a checkpoint's tokenizer: `inner` for text without marks, `marks` by their name, `bad` ids that no speech may hold."""

    inner: Published
    marks: Mapping[str, int] = field(repr=False)
    plain: frozenset[int] = field(repr=False, default=frozenset())  # marks that are shown in text
    bad: tuple[int, ...] = field(repr=False, default=())

    @property
    def name(self) -> str:
        """Return what it is called where its ids are shown."""
        return self.inner.name

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the ids of a text, none of them a mark."""
        return self.inner.encode(text)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids, marks left out but for those that are `plain`, such as `<think>`."""
        ids = tuple(ids)
        if self.plain.isdisjoint(ids):
            return self.inner.decode(ids)
        return self.write(token for token in ids if token in self.plain or not is_special(token))

    def read(self, written: str) -> tuple[int, ...]:
        """Return the ids of a text in which marks are written by name, as templates are: never of what somebody else has written."""
        return tuple(token for piece in self._between.split(written) for token in self._piece(piece))

    def write(self, ids: Iterable[int]) -> str:
        """Return the text of ids with marks by name, so that `read` gives the ids again."""
        names = {token: name for name, token in self.marks.items()}
        text: list[str] = []
        run: list[int] = []
        for token in (*ids, None):
            if token is None or token in names:
                text.append(self.inner.decode(run))
                text.append(names[token] if token is not None else "")
                run = []
            else:
                run.append(token)
        return "".join(text)

    def _piece(self, piece: str) -> tuple[int, ...]:
        return (self.marks[piece],) if piece in self.marks else self.encode(piece)

    @cached_property
    def _between(self) -> re.Pattern[str]:
        return re.compile("(" + "|".join(map(re.escape, sorted(self.marks, key=len, reverse=True))) + ")")


def load_text(folder: str | Path) -> Text:
    """Build the tokenizer of a checkpoint's folder. Needs the package tokenizers.

    Raises ValueError for a folder without its files, and for files of another vocabulary.
    """
    folder = Path(folder)
    files = {name: whole(folder / name) for name in (VOCAB, MERGES, SETTINGS) if (folder / name).is_file()}
    if (folder / FILE).is_file():
        return text_of(files.get(SETTINGS, b"{}"), load_tokenizer(folder))
    return build_text(files, str(folder))


def build_text(files: Mapping[str, bytes], name: str) -> Text:
    """Build a tokenizer of the contents of vocab.json, merges.txt and tokenizer_config.json. Raises ValueError."""
    missing = [wanted for wanted in (VOCAB, MERGES, SETTINGS) if wanted not in files]
    if missing:
        raise ValueError(
            f"tokenizer {name}: wants {FILE}, or {VOCAB}, {MERGES} and {SETTINGS}; there is no {missing[0]}; copy it from the checkpoint"
        )
    try:
        vocabulary = json.loads(files[VOCAB])
        lines = [line for line in files[MERGES].decode().split("\n") if line and not line.startswith("#version")]
        inner = Published(name, _byte_level(vocabulary, [(left, right) for left, right in (line.split(" ") for line in lines)]))
    except Exception as error:  # the package raises Exception itself
        raise ValueError(f"tokenizer {name}: {VOCAB} and {MERGES} cannot be read as one ({' '.join(str(error).split())[:200]})") from None
    if len(vocabulary) > SPECIAL_FROM:
        raise ValueError(f"tokenizer {name}: wants the vocabulary of MiniCPM-o 4.5, {SPECIAL_FROM} entries of text, got {len(vocabulary)}")
    return text_of(files[SETTINGS], inner)


def text_of(settings: bytes, inner: Published) -> Text:
    """Add to a tokenizer of text the marks that tokenizer_config.json lists. Raises ValueError where they are another vocabulary's."""
    try:
        described = json.loads(settings)
        added = {int(token): mark for token, mark in described.get("added_tokens_decoder", {}).items()}
        marks = {mark["content"]: token for token, mark in added.items()} or {name: token for token, name in NAMES.items()}
        plain = frozenset(token for token, mark in added.items() if not mark["special"])
        bad = tuple(int(token) for token in described.get("bad_token_ids", ()))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"tokenizer {inner.name}: {SETTINGS} cannot be read ({error!r}); copy it again") from None
    other = [f"{name} as {marks.get(name)}" for token, name in NAMES.items() if marks.get(name) != token]
    if other:
        raise ValueError(f"tokenizer {inner.name}: wants the vocabulary of MiniCPM-o 4.5, got {other[0]}; name its own folder")
    return Text(inner, marks, plain, bad)


def _byte_level(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Any:
    try:
        from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    except ImportError:
        raise ValueError("wants the package tokenizers; pip install 'omniflow-graph[tokenizer]'") from None
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, fuse_unk=False, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFC()
    words = pre_tokenizers.Split(Regex(SPLIT), behavior="isolated", invert=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer
