"""Train each arm with each seed for equally many steps, let it talk in closed loop, and print what came of it: mean and spread.

`python -m benchmarks.ablation.run` (`make ablation`): 18 runs, an hour and a half on two idle cores. What is done is kept, a file for each
run, and not done again. All arms learn from the same sessions, with the same errors of perception, and are judged by the same ones.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.ablation.arms import ARMS, LEARNED, TESTED, drawn
from benchmarks.ablation.deciding import Mind, talk
from benchmarks.ablation.figure import SHOWN, figure
from benchmarks.ablation.writing import written
from omniflow_graph.events import SECOND
from operators.omni_flow.tokens.groups import Form
from simulations.nano.judging import Tally, judge, metrics
from simulations.nano.training.descent import descend

PARTS = ("llm.", "audio_projection_layer.", "resampler.proj.")
LISTENING = 0.4  # how much a decision to listen counts


def trained(form: Form, seed: int, steps: int, count: int) -> tuple[Any, Any, list[float]]:
    """Train a model in a form: on `count` new sessions a step. Returns it, its config, and the losses."""
    import torch

    from operators.nano.modules import skeleton
    from simulations.nano.training.mind import begin
    from simulations.nano.training.sequences import config_of

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    config = config_of(window=form.window_ns / SECOND)
    root = skeleton(config)
    begin(root, config, seed)

    def loss_of(step: int) -> Any:
        return _loss(root, config, form, np.random.default_rng([seed, step]), count)

    root.train()
    weights = [weight for name, weight in root.named_parameters() if name.startswith(PARTS)]
    losses = descend("ablation", weights, loss_of, steps, rate=2e-3, warm=50)
    root.eval()
    return root, config, losses


def _loss(root: Any, config: Any, form: Form, rng: np.random.Generator, count: int) -> Any:
    import torch

    from operators.nano.vocabulary import MARKS
    from operators.omni_flow.tokens.vocabulary import LISTEN
    from simulations.nano.training.mind import embedded
    from simulations.nano.training.perceiving import by_oracle
    from simulations.nano.training.sequences import Batch
    from simulations.nano.training.thinking import hidden_at

    sessions = [drawn(LEARNED + int(seed), form) for seed in rng.integers(1 << 32, size=count)]
    of = written(sessions, config, form)
    rows = embedded(root, Batch(of.rows, of.sound, of.sight, of.places), by_oracle(root, config, sessions, rng))
    logits = hidden_at(root.llm, config, rows, of.places) @ root.llm.lm_head.weight.T
    right = torch.from_numpy(of.right)
    weight = torch.where(right == MARKS.index(LISTEN), LISTENING, 1.0)
    return (torch.nn.functional.cross_entropy(logits, right, reduction="none") * weight).sum() / weight.sum()


def measured(root: Any, config: Any, form: Form, sessions: int) -> dict[str, Any]:
    """Let a model talk in sessions that it does not know; return its measures."""
    import torch

    from simulations.nano.training.perceiving import by_oracle

    found = Tally()
    for seed in range(TESTED, TESTED + sessions):
        of = drawn(seed, form)
        with torch.no_grad():
            sound, pictures = by_oracle(root, config, [of], np.random.default_rng([seed, 5]))
        found.add(judge(of, talk(Mind(root, config, sound, pictures), config, form, of)))
    return metrics(found)


def run(arm: str, seed: int, steps: int, count: int, sessions: int, folder: Path) -> dict[str, Any]:
    """Train and test one arm with one seed, or read what it came to."""
    path = folder / f"{arm.replace(' ', '_')}_{seed}_{steps}x{count}_{sessions}.json"
    if path.is_file():
        return json.loads(path.read_text())
    root, config, losses = trained(ARMS[arm], seed, steps, count)
    found = {"arm": arm, "seed": seed, "steps": steps, "loss": round(mean(losses[-20:]), 4), "metrics": measured(root, config, ARMS[arm], sessions)}
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    return found


def table(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a table in Markdown: of each arm and measure the mean over its seeds, and how far these are apart."""
    lines = ["| arm | loss | " + " | ".join(SHOWN) + " |", "|---|" + "--:|" * (len(SHOWN) + 1)]
    for arm in dict.fromkeys(of["arm"] for of in runs):
        mine = [of for of in runs if of["arm"] == arm]
        cells = [spread([of["loss"] for of in mine]), *(spread([of["metrics"][name] for of in mine]) for name in SHOWN)]
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    return lines


def spread(values: Iterable[float | None]) -> str:
    """Write a mean, and from where to where the values go.

    >>> spread([0.5, 0.75, 0.25]), spread([None])
    ('0.500 (0.250-0.750)', '-')
    """
    known = [value for value in values if value is not None]
    return f"{mean(known):.3f} ({min(known):.3f}-{max(known):.3f})" if known else "-"


def main() -> None:
    """Run all arms, print the table, draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--count", type=int, default=16, help="sessions a step")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sessions", type=int, default=100, help="sessions to be judged by")
    parser.add_argument("--arm", action="append", choices=list(ARMS), help="only this one; may be repeated")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--folder", type=Path, default=Path("build/ablation"))
    parser.add_argument("--figure", type=Path, default=Path("build/ablation/ablation.svg"))
    args = parser.parse_args()
    each = [(arm, seed, args.steps, args.count, args.sessions, args.folder) for seed in range(args.seeds) for arm in args.arm or ARMS]
    runs = []
    with ProcessPoolExecutor(args.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(run, *zip(*each)):  # a seed of every arm before the next: half of it is a comparison, too
            runs.append(found)
            print(json.dumps(found), flush=True)
    runs.sort(key=lambda of: list(ARMS).index(of["arm"]))
    print("\n".join(table(runs)))
    args.figure.parent.mkdir(parents=True, exist_ok=True)
    args.figure.write_text(figure(runs), "utf-8")


if __name__ == "__main__":
    main()
