"""Compare a checkpoint with a folder of goldens, component by component, and say how far it is off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from operators.minicpm_o.goldens import chats, duplex, senses, token2wav, tts
from operators.minicpm_o.goldens.inputs import Goldens
from operators.minicpm_o.goldens.tally import TOLERANCE, Tally
from operators.minicpm_o.loading import Weights, load
from operators.minicpm_o.tokenizer import Text

Compare = Callable[[Goldens, Path, Weights, Text], Tally]

COMPONENTS: dict[str, tuple[str, Compare]] = {  # by the letter of their folder
    "slicing": ("a", lambda goldens, folder, weights, text: senses.slicing(goldens, folder, text)),
    "tokenizer": ("a", lambda goldens, folder, weights, text: senses.tokens(goldens, folder, text)),
    "vision": ("b", lambda goldens, folder, weights, text: senses.vision(goldens, folder, weights)),
    "audio": ("c", lambda goldens, folder, weights, text: senses.audio(goldens, folder, weights)),
    "duplex": ("d", duplex.duplex),
    "chat": ("f", chats.chats),
    "half_duplex": ("i", chats.half_duplex),
    "tts": ("e", lambda goldens, folder, weights, text: tts.tts(folder, weights)),
    "token2wav": ("g", lambda goldens, folder, weights, text: token2wav.token2wav(folder)),
}


def compared(checkpoint: str | Path, folder: str | Path, tokenizer: str | Path | None = None) -> Iterator[tuple[str, Tally]]:
    """Load a checkpoint in float32 and compare each component that the folder has. Raises ValueError for what cannot be read."""
    goldens = Goldens(Path(folder))
    weights = load(checkpoint, precision="fp32")
    text = goldens.text(Path(checkpoint), Path(tokenizer) if tokenizer else None)
    for name, (letter, compare) in COMPONENTS.items():
        if (part := goldens.parts(letter)) is not None:
            yield name, _tallied(name, compare, goldens, part, weights, text)


def _tallied(name: str, compare: Compare, goldens: Goldens, part: Path, weights: Weights, text: Text) -> Tally:
    try:
        return compare(goldens, part, weights, text)
    except (KeyError, IndexError, TypeError, StopIteration, OSError) as error:
        raise ValueError(f"goldens {part}: what was recorded of {name} cannot be read ({error!r}); make it again") from error


def table(found: dict[str, Tally]) -> str:
    """Write what was found as text, and what was wrong below it."""
    lines = [f"{'component':<12}{'cases':>6}{'compared':>10}{'max abs diff':>14}{'not equal':>11}"]
    for name, tally in found.items():
        verdict = "" if tally.passes else "  off"
        lines.append(f"{name:<12}{tally.cases:>6}{tally.compared:>10}{tally.max_abs_diff:>14.2e}{tally.exact_mismatches:>11}{verdict}")
    lines += [f"{name}: {note}" for name, tally in found.items() for note in tally.notes]
    good = bool(found) and all(tally.passes for tally in found.values())
    wanted = f"all within {TOLERANCE:g}, and equal where it must be" if good else f"off by more than {TOLERANCE:g}, or not equal"
    return "\n".join([*lines, wanted if found else "nothing to compare with"])
