"""Train nano, all of it, from one seed: `python -m simulations.nano.training`. What is cut goes on where it was."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from operators.nano.loading import CHECKPOINT
from operators.nano.speech.bundled import put
from simulations.nano.bank import FOLDER
from simulations.nano.training import speech, whole
from simulations.nano.training.exporting import seal, write
from simulations.nano.training.mind import SEEDS
from simulations.nano.voices import SPLITS


def main(words: list[str] | None = None) -> int:
    """Train, and write the checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m simulations.nano.training", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=CHECKPOINT, metavar="DIR", help="where the checkpoint goes; default: what ships")
    parser.add_argument("--built", type=Path, default=FOLDER, metavar="DIR", help="where stages are kept; default: %(default)s")
    parser.add_argument("--silent", action="store_true", help="without speech of its own, which takes half the time")
    args = parser.parse_args(words)
    folder = whole.folder_of(args.built, args.seed)
    root, config = whole.train(folder, args.seed, show=shown)
    write(root, config, args.out)
    if not args.silent:
        put(args.out, *speech.train(args.built / "speech", args.seed, show=shown))
    command = f"python -m simulations.nano.training --seed {args.seed}"
    seal(args.out, command=command, seed=args.seed, splits=["train"], seeds=[list(SEEDS)], voices=list(voices("train")))
    print(f"nano: {args.out}")
    return 0


def voices(split: str) -> tuple[str, ...]:
    """Name the voices of a split."""
    return tuple(f"{voice.family} {voice.name}" for voice in SPLITS[split])


def shown(stage: str, step: int, steps: int, loss: float) -> None:
    """Show how far a stage is: a line that is written over."""
    print(f"\r{stage}: {step} of {steps}, loss {loss:.3f} ", end="\n" if step == steps else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
