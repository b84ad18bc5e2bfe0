"""Count how far what came out is from what was recorded: the greatest difference of numbers, and what should be equal and is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

TOLERANCE = 1e-4  # of activations and logits, in float32
PROBES = 64


@dataclass
class Tally:
    """Hold what was found in one component: cases, the greatest difference, how many things are not equal, and the first words on each."""

    cases: int = 0
    max_abs_diff: float = 0.0
    exact_mismatches: int = 0
    compared: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def passes(self) -> bool:
        """Tell whether all is as it should be. Nothing compared is nothing shown."""
        return self.max_abs_diff <= TOLERANCE and not self.exact_mismatches and self.cases > 0

    def same(self, what: str, got: Any, wanted: Any) -> bool:
        """Compare what must be equal."""
        self.compared += 1
        if got == wanted:
            return True
        self.exact_mismatches += 1
        self._note(f"{what}: wants {_short(wanted)}, got {_short(got)}")
        return False

    def near(self, what: str, got: Any, wanted: Any) -> float:
        """Compare arrays of numbers. Another shape, or what is not finite, is infinitely far."""
        got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
        self.compared += 1
        if got.shape != wanted.shape or not np.isfinite(got).all():
            return self._far(what, float("inf"), f"{list(got.shape)} instead of {list(wanted.shape)}, or not finite")
        return self._far(what, float(np.abs(got - wanted).max(initial=0.0)))

    def like(self, what: str, got: np.ndarray, checksum: Mapping[str, Any]) -> float:
        """Compare an array with the checksum of one: by the least difference that any of its elements must have."""
        if not self.same(f"{what}, shape", list(got.shape), list(checksum["shape"])):
            return float("inf")
        flat = np.asarray(got, np.float64).ravel()
        far = [abs(float(flat.sum()) - checksum["sum"]) / max(len(flat), 1)]
        far += [abs(float(np.linalg.norm(flat)) - checksum["l2"]) / max(len(flat), 1) ** 0.5]
        far += [abs(float(np.abs(flat).sum()) - checksum["abssum"]) / max(len(flat), 1)]
        far += list(np.abs(flat[:8] - checksum["first8"])) + list(np.abs(flat[-8:] - checksum["last8"]))
        self.compared += 1
        return self._far(what, float(max(far)) if np.isfinite(flat).all() else float("inf"))

    def logits(self, what: str, got: np.ndarray, recorded: Mapping[str, Any]) -> float:
        """Compare logits [vocabulary] with what was recorded of them: the likeliest, some at places from a fixed seed, and sums."""
        far = self.near(f"{what}, likeliest", got[recorded["top_ids"]], recorded["top_vals"])
        far = max(far, self.near(f"{what}, probes", got[probes(len(got))], recorded["probe_vals"]))
        finite = np.isfinite(got)
        self.same(f"{what}, first", int(got.argmax()), recorded["top_ids"][0])
        total, norm = got[finite].sum(dtype=np.float64), np.linalg.norm(got[finite].astype(np.float64))
        return max(far, self._far(what, max(abs(total - recorded["sum"]) / len(got), abs(norm - recorded["l2"]) / len(got) ** 0.5)))

    def _far(self, what: str, difference: float, why: str = "") -> float:
        self.max_abs_diff = max(self.max_abs_diff, difference)
        if difference > TOLERANCE:
            self._note(f"{what}: {why or f'differs by {difference:.3g}'}")
        return difference

    def _note(self, words: str) -> None:
        if len(self.notes) < 10:
            self.notes.append(words)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 160 else f"{text[:150]}... ({len(value) if isinstance(value, Sequence) else len(text)})"


def probes(size: int) -> np.ndarray:
    """Return the places at which logits were recorded: drawn once from a fixed seed, sorted, each once."""
    return np.unique(np.floor(splitmix(0xC0FFEE, PROBES) * size).astype(np.intp))


def splitmix(seed: int, count: int) -> np.ndarray:
    """Return numbers in [0, 1) of 24 bits, by splitmix64.

    >>> splitmix(0xC0FFEE, 2).round(3).tolist()
    [0.791, 0.925]
    """
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) / float(1 << 24)
