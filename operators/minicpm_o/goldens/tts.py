"""Compare the speech decoder with what the reference did: conditions, the logits of each code, codes, caches; in units, groups, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from operators.minicpm_o.door import torch
from operators.minicpm_o.goldens.inputs import arrays, described
from operators.minicpm_o.goldens.tally import Tally
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.speaking import decoder, groups, units
from operators.minicpm_o.speaking.coding import UNITS
from operators.minicpm_o.speaking.utterance import utter

LIKELY = 8.0  # length of the end code's row in the variant in which it is likely
WINDOW = 48  # rows of "sliding_window", as recorded


def tts(folder: Path, weights: Weights) -> Tally:
    """Compare all that a folder has of the speech decoder."""
    tally, recorded, held = Tally(), described(folder / "tts.json"), arrays(folder / "conditions.npz")
    _conditions(tally, held, weights)
    for name, case in recorded["cases"].items():
        tally.cases += 1
        kind, variant, *how = name.split("/")
        with_end = ends_likely(weights) if variant == "eos_likely" else weights
        if kind == "chunks":
            _units(tally, name, case, held, with_end, how[0])
        elif kind == "stream":
            _groups(tally, name, case, held, attending(with_end, how[0]))
        else:
            _utterance(tally, name, case, held, with_end)
    return tally


def ends_likely(weights: Weights) -> Weights:
    """Return weights whose end code's row of the head is longer."""
    of, head = decoder.sizes(weights), weights.code_head.clone()  # type: ignore[union-attr]
    direction = weights.speech.head_code[0].parametrizations.weight.original1[of.end]  # type: ignore[union-attr]
    head[of.end] = LIKELY * direction / torch().linalg.vector_norm(direction)
    return replace(weights, code_head=head)


def attending(weights: Weights, kind: str) -> Weights:
    """Return weights that forget in another way."""
    of = replace(decoder.sizes(weights), attention_type=kind, streaming_sliding_window_audio_window_size=WINDOW)
    return replace(weights, config=replace(weights.config, speech=of))


class Followed:
    """Follow choices with what was recorded of them: numbers to draw, logits and how likely codes were, one after the other."""

    def __init__(self, tally: Tally, name: str, steps: Sequence[Mapping[str, Any]], raw: Sequence[Mapping[str, Any]] = ()) -> None:
        """Begin with the first."""
        self.tally, self.name, self.steps, self.raw, self.n, self.drawn = tally, name, steps, raw, 0, 0

    @property
    def draw(self) -> Callable[[], float] | None:
        """Return what gives the recorded numbers; None where the likeliest was chosen."""
        return self._next if self.steps and self.steps[0]["u"] is not None else None

    def _next(self) -> float:
        self.drawn += 1
        return self.steps[self.drawn - 1]["u"]

    def told(self, logits: np.ndarray, likely: np.ndarray) -> None:
        """Compare a choice."""
        n, name = self.n, f"{self.name}, code {self.n}"
        self.n += 1
        if n < len(self.raw) and self.raw[n]:
            compare_logits(self.tally, name, logits, self.raw[n])
        if n < len(self.steps):
            count = self.steps[n].get("n_nonzero", self.steps[n].get("nnz"))
            self.tally.same(f"{name}, likely codes", int((likely > 0).sum()), count)
            if "top_ids" in self.steps[n]:
                self.tally.near(f"{name}, likely", likely[self.steps[n]["top_ids"]], self.steps[n]["top_p"])

    def ends(self) -> None:
        """See that there were as many as recorded."""
        self.tally.same(f"{self.name}, choices", self.n, len(self.steps))


def compare_logits(tally: Tally, name: str, logits: np.ndarray, recorded: Mapping[str, Any]) -> None:
    """Compare logits of codes with what was recorded of them: the likeliest, the end's, and sums."""
    tally.near(f"{name}, likeliest", logits[recorded["top_ids"]], recorded["top_vals"])
    tally.near(f"{name}, the end", logits[-1], recorded["eos"])
    tally.near(f"{name}, sum", logits.sum(dtype=np.float64) / len(logits), recorded["sum"] / len(logits))
    tally.near(f"{name}, length", np.linalg.norm(logits.astype(np.float64)) / len(logits) ** 0.5, recorded["l2"] / len(logits) ** 0.5)


def _said(held: Mapping[str, np.ndarray]) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Return what is said, part by part: token ids and hidden states."""
    for n in range(sum(key.startswith("ids") for key in held)):
        yield tuple(held[f"ids{n}"].tolist()), held[f"hidden{n}"]


def _conditions(tally: Tally, held: Mapping[str, np.ndarray], weights: Weights) -> None:
    of = decoder.sizes(weights)
    for name, token in (("audio_bos", of.audio_bos_token_id), ("text_eos", of.text_eos_token_id)):
        tally.near(name, decoder.mark(weights, token).float().numpy(), held[name])
    for n, (ids, hidden) in enumerate(_said(held)):
        with torch().inference_mode():
            tally.near(f"projected {n}", decoder.projected(weights, torch().from_numpy(hidden)).float().numpy(), held[f"proj{n}"])
        tally.near(f"condition {n}", decoder.conditions(weights, ids, hidden).float().numpy(), held[f"cond{n}"])


def _units(tally: Tally, name: str, case: Sequence[Mapping[str, Any]], held: Mapping[str, np.ndarray], weights: Weights, mode: str) -> None:
    turn = units.silent(weights)
    for n, ((ids, hidden), chunk) in enumerate(zip(_said(held), case)):
        follow = Followed(tally, f"{name} {n}", chunk["steps"], chunk["raw"])
        tally.same(f"{name} {n}, position", (turn.position, len(ids) + 1), (chunk["text_start_pos"], chunk["cond_len"]))
        ends, cache = n + 1 == len(case), turn.cache.length
        turn, codes = units.speak(weights, turn, ids, hidden, ends=ends, draw=follow.draw, settings=UNITS, told=follow.told)
        rows = cache + len(ids) + 1 + len(codes) if ends else turn.cache.length
        tally.same(f"{name} {n}, codes", (list(codes), rows), (chunk["tokens"], chunk["kv"]))
        follow.ends()
    tally.same(f"{name}, is over", (turn.position, turn.cache.length), (0, 0))


def _groups(tally: Tally, name: str, case: Sequence[Mapping[str, Any]], held: Mapping[str, np.ndarray], weights: Weights) -> None:
    answer = groups.silent(weights)
    for n, ((ids, hidden), chunk) in enumerate(zip(_said(held), case)):
        follow, over = Followed(tally, f"{name} {n}", chunk["steps"], chunk["raw"]), n + 1 == len(case)
        most = len(chunk["raw"]) if chunk["steps"][-1]["chosen"] != decoder.sizes(weights).end else groups.MOST
        answer, pieces = groups.say(weights, answer, ids, hidden, over=over, draw=follow.draw, most=most, told=follow.told)
        tally.same(f"{name} {n}, pieces", [[list(piece.codes), piece.last] for piece in pieces], chunk["yields"])
        got = (len(ids) + over + 1, len(answer.waiting), answer.position, answer.cache.length, len(answer.codes))
        tally.same(
            f"{name} {n}, state", got, tuple(chunk[key] for key in ("cond_len_with_bos", "buffer_left", "text_start_pos", "kv", "n_generated"))
        )
        follow.ends()


def _utterance(tally: Tally, name: str, case: Mapping[str, Any], held: Mapping[str, np.ndarray], weights: Weights) -> None:
    said, follow = list(_said(held)), Followed(tally, name, case["steps"], case["raw"])
    ids, hidden = tuple(token for each, _ in said for token in each), np.concatenate([each for _, each in said])
    tally.same(f"{name}, rows", len(ids) + 2, case["cond_len"])
    tally.same(f"{name}, codes", list(utter(weights, ids, hidden, draw=follow.draw, told=follow.told)), case["tokens"])
    follow.ends()
