"""Train all that speaks: units, then the vocoder, the flow and the decoder of units, each kept in a file, so that a cut run goes on."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from operators.nano.speech.bundled import CHECKPOINT, put
from simulations.nano.training import flow, speaking, vocoder
from simulations.nano.training.causal import Weights
from simulations.nano.training.corpus import Utterance, corpus, pieces, strings
from simulations.nano.training.descent import Progress, quiet
from simulations.nano.training.speech_graphs import rounded, speech_graphs
from simulations.nano.training.units import Units, learn
from simulations.nano.words import ANSWER_WORDS, lines

STRINGS = 2_000  # lines of words in any order
HELD_OUT = 60  # of them, for measuring
LINES_SHARE, PIECES_SHARE = 0.3, 0.15  # of what the decoder of units reads; the rest are strings


class Steps(NamedTuple):
    """Say how many steps each network is trained."""

    vocoder: int = 1_000
    flow: int = 800
    speaking: int = 800
    tuning: int = 500  # of the vocoder, on frames that the flow makes


STEPS = Steps()


class Said(NamedTuple):
    """Hold what is trained on: all lines of the assistant, pieces of them, and words in any order."""

    lines: list[Utterance]
    pieces: list[Utterance]
    strings: list[Utterance]

    @property
    def all(self) -> list[Utterance]:
        """Return all in one list."""
        return [*self.lines, *self.pieces, *self.strings]

    @property
    def shares(self) -> list[float]:
        """Return how often each is to be drawn."""
        shares = (LINES_SHARE, PIECES_SHARE, 1 - LINES_SHARE - PIECES_SHARE)
        return [share / len(part) for part, share in zip(self, shares) for _ in part]


class Trained(NamedTuple):
    """Hold what speech ships as: graphs by name, weights in float16 by name, and the words in the order of their tokens."""

    graphs: dict[str, bytes]
    weights: dict[str, np.ndarray]
    words: tuple[str, ...]


def train(folder: Path, seed: int, *, steps: Steps = STEPS, count: int = STRINGS, show: Progress = quiet) -> Trained:
    """Train speech from a seed, or go on where an earlier run in this folder stopped. On one thread: two next to another job are slower."""
    import torch

    torch.set_num_threads(1)
    said = collected(folder, seed, count)
    units = Units(**kept(folder / "units.npz", lambda: learn(said.all, seed)._asdict()))
    found = {
        **kept(folder / "vocoder.npz", lambda: plain(vocoder.train(said.all[::3], units.norm, steps.vocoder, seed, show))),
        **kept(folder / "flow.npz", lambda: plain(flow.train(said.all, units, steps.flow, seed, show))),
        **kept(folder / "speaking.npz", lambda: plain(speaking.train(said.all, units, ANSWER_WORDS, said.shares, steps.speaking, seed, show))),
    }
    found |= kept(folder / "tuning.npz", lambda: plain(tuned(found, said.all[::6], units, steps.tuning, seed, show)))
    weights = {name: torch.tensor(value) for name, value in found.items()}
    norm = {"norm.mean": units.mean.astype(np.float16), "norm.deviation": units.deviation.astype(np.float16)}
    return Trained(speech_graphs(weights), {**rounded(weights), **norm}, ANSWER_WORDS)


def tuned(found: Mapping[str, np.ndarray], said: Sequence[Utterance], units: Units, steps: int, seed: int, show: Progress) -> Weights:
    """Go on with the vocoder on what the flow makes of lines."""
    import torch

    of = {part: {name: torch.tensor(value) for name, value in found.items() if name.startswith(part)} for part in ("flow.", "vocoder.")}
    rng = np.random.default_rng([seed, 29])
    made = [(each, flow.made(of["flow."], units.of(each.frames), rng)) for each in said]
    return vocoder.tune(of["vocoder."], made, steps, seed, show)


def collected(folder: Path, seed: int, count: int) -> Said:
    """Let the assistant's voice say everything, or read what it said before."""
    known = list(lines())
    cut = pieces(known)
    said = corpus([*known, *cut, *strings(ANSWER_WORDS, count, seed)], folder)
    return Said(said[: len(known)], said[len(known) : len(known) + len(cut)], said[len(known) + len(cut) : -HELD_OUT])


def kept(path: Path, make: Callable[[], Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Read arrays from a file; if there is none, make them and write it, whole or not at all."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".part")
        with half.open("wb") as file:
            np.savez(file, **make())
        half.rename(path)
    with np.load(path) as data:
        return {name: data[name] for name in data.files}


def plain(weights: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return weights as arrays."""
    return {name: value.detach().numpy() for name, value in weights.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Train speech, and put it into nano's checkpoint: `python -m simulations.nano.training.speech [--seed S] [--work FOLDER] [--out FOLDER]`."""
    parser = ArgumentParser(prog="python -m simulations.nano.training.speech", description="Train nano's speech.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("build/nano/speech"), help="where stages are kept")
    parser.add_argument("--out", type=Path, default=CHECKPOINT, help="the checkpoint that gets it")
    given = parser.parse_args(arguments)

    def show(stage: str, step: int, steps: int, loss: float) -> None:
        if step % 25 == 0:
            print(f"{stage} {step}/{steps} loss {loss:.4f}", flush=True)

    put(given.out, *train(given.work, given.seed, show=show))
    return 0


if __name__ == "__main__":
    sys.exit(main())
