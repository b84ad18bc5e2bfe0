"""Evaluate nano in closed loop: sessions it was not trained on, played through the graph, and judged.

The graph is the whole pipeline, with one operator replaced: what is decided to be said is said by hibari itself, whose
voice the network learned. So the room echoes the right voice, and no speech is synthesised that nobody listens to.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from omniflow_graph import Event, Graph
from omniflow_graph.graph.plan import Plan, plan
from operators.duplex import duplex
from operators.omni_flow.playback.marks import Mark, even_marks
from operators.words import Say, Wave
from simulations.nano.assistant_voice import spoken
from simulations.nano.judging import Tally, judge, said_in
from simulations.nano.sessions import Session, pictures_of, scenario_of, session
from simulations.nano.voices import SPLITS
from simulations.nano.words import PROMPTS, lines
from simulations.world import closed, simulate

KEPT = ("decide", "play")
SHARE = 4  # sessions that a process is handed at a time


@dataclass(frozen=True)
class Played:
    """Say what is played: which voices, in windows of how many seconds, and what of the model's graph is set besides."""

    voices: str = "heldout"
    window: float = 1.0
    length: float = 20.0
    options: tuple[tuple[str, Any], ...] = ()

    def session(self, seed: int) -> Session:
        """Draw a session."""
        return session(seed, window=self.window, split=self.voices, length=self.length)

    def plan(self, of: Session) -> Plan:
        """Plan the closed graph for a session: for its prompt."""
        return _planned(self.window, PROMPTS[of.prompt].text, self.options)


@lru_cache(maxsize=32)
def _planned(window: float, prompt: str, options: tuple[tuple[str, Any], ...]) -> Plan:
    return plan(closed(spoken_by_hibari(duplex(**{"model": "nano", "window": window, "prompt": prompt, **dict(options)}))))


def spoken_by_hibari(graph: Graph) -> Graph:
    """Return a pipeline whose words hibari says, not the network that learned to."""
    return graph.replace("wave", say)


def say(state: Any, event: Event[Say]) -> tuple[Any, list[Wave]]:
    """Say the words of a window as they sound in the line they are from; what is in no line is said by itself."""
    of = event.data
    text = of.text.strip()
    samples, begin = in_line(text, of.part == 0) if text else (np.zeros(0, "<i2"), 0)
    return state, [Wave(of.response, of.part, of.last, of.text, samples, 0, of.epoch, even_marks(of.text, len(samples), Mark(begin, of.begin)))]


@lru_cache(maxsize=1024)
def in_line(text: str, first: bool = True) -> tuple[np.ndarray, int]:
    """Find words in a line, at its beginning if they are the `first`; returns int16 at 24 kHz, and which of the line's samples that begins with."""
    words = text.split()
    for line in lines():
        have, (samples, timed) = line.split(), spoken(line)
        for begin in range(1 if first else len(have)):
            if have[begin : begin + len(words)] == words:
                start, over = (timed[begin][1] if begin else 0), begin + len(words)
                return samples[start : timed[over][1] if over < len(have) else len(samples)], start
    return spoken(text)[0], 0


def evaluate(
    seeds: Iterable[int], of: Played = Played(), *, processes: int = 1, looked: Callable[[np.ndarray], Sequence[Any]] | None = None
) -> Tally:
    """Play a session for each seed, and count what was right. `looked` tells what eyes make of pictures: lamp, blocks, kettle."""
    found, one = Tally(), partial(play, of=of, looked=looked)
    if processes == 1:
        for tally in map(one, seeds):
            found.add(tally)
        return found
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        for tally in pool.map(one, seeds, chunksize=SHARE):
            found.add(tally)
    return found


def play(seed: int, of: Played, looked: Callable[[np.ndarray], Sequence[Any]] | None = None) -> Tally:
    """Play one session, and judge it."""
    drawn = of.session(seed)
    tally = judge(drawn, said_in(simulate(scenario_of(drawn), of.plan(drawn), seed=seed, keep=KEPT)))
    if looked and drawn.drawn.pictures:
        seen = [tuple(map(int, scene)) for scene in looked(pictures_of(drawn.drawn))]
        tally.looks += [int(scene != tuple(right)) for scene, (_, right) in zip(seen, drawn.drawn.seen, strict=True)]
    return tally


def refuse_trained(manifest: Path, voices: str, seeds: range) -> None:
    """Raise ValueError for voices and seeds that a checkpoint was trained with, as its manifest says: {splits, seeds}."""
    if voices not in SPLITS:
        raise ValueError(f"nano eval: wants voices out of {', '.join(SPLITS)}, got {voices!r}")
    trained: Mapping[str, Any] = json.loads(manifest.read_text())
    if voices in trained["splits"]:
        rest = ", ".join(split for split in SPLITS if split not in trained["splits"])
        raise ValueError(f"nano eval: the model was trained with the voices {voices!r}, which tells nothing; take {rest}")
    for first, after in trained["seeds"]:
        if seeds.start < after and first < seeds.stop:
            raise ValueError(
                f"nano eval: the model was trained with seeds {first} to {after - 1}, got {seeds.start} to {seeds.stop - 1}; take others"
            )
