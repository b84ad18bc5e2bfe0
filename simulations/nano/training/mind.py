"""Train the language model to decide: on sessions that are drawn anew in every step, first as an oracle perceives them, then as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from operators.nano.config import Config
from operators.nano.vocabulary import MARKS
from operators.omni_flow.tokens.vocabulary import LISTEN
from simulations.nano.sessions import Session, session
from simulations.nano.training.perceiving import Perceived, by_oracle, by_senses
from simulations.nano.training.sequences import Batch, batch
from simulations.nano.training.thinking import hidden_at

SEEDS = (1 << 40, (1 << 40) + (1 << 31))  # sessions to learn from are drawn from the seeds between
LISTENING = 0.4  # how much a decision to listen counts, of which there are most
ANSWERING = 4.0  # and "yes" and "no", of which there are few: whether two things are alike is what is learned last


def embedded(root: Any, of: Batch, perceived: Perceived) -> Any:
    """Put words, sounds and pictures into their places: [sessions, longest, D]."""
    import torch

    sound, pictures = perceived
    rows = torch.nn.functional.embedding(torch.from_numpy(of.rows), root.llm.model.embed_tokens.weight)
    rows = rows.masked_scatter(torch.from_numpy(of.sound)[..., None], sound)
    return rows.masked_scatter(torch.from_numpy(of.sight)[..., None], pictures)


def chosen(root: Any, config: Config, of: Batch, perceived: Perceived) -> tuple[Any, Any]:
    """Return the logits over rows wherever the model chooses, and what is right there."""
    import torch

    hidden = hidden_at(root.llm, config, embedded(root, of, perceived), np.roll(of.chosen, -1, axis=1))
    return hidden @ root.llm.lm_head.weight.T, torch.from_numpy(of.rows[of.chosen])


def loss_of(root: Any, config: Config, of: Batch, perceived: Perceived) -> Any:
    """Return the loss of a batch."""
    import torch

    logits, right = chosen(root, config, of, perceived)
    weight = torch.ones(len(MARKS) + len(config.texts))
    weight[MARKS.index(LISTEN)] = LISTENING
    weight[[len(MARKS) + config.texts.index(word) for word in ("yes", "no")]] = ANSWERING
    weight = weight[right]
    return (torch.nn.functional.cross_entropy(logits, right, reduction="none") * weight).sum() / weight.sum()


def drawn(rng: np.random.Generator, count: int, *, window: float = 1.0, split: str = "train") -> list[Session]:
    """Draw sessions."""
    return [session(int(seed), window=window, split=split) for seed in rng.integers(*SEEDS, size=count)]


def telling(rng: np.random.Generator, count: int, *, window: float = 1.0, split: str = "train") -> list[Session]:
    """Draw half as many again, and leave out some in which nothing is compared: no event, no question whether the lamp is red."""
    found = sorted(drawn(rng, count + count // 2, window=window, split=split), key=_compared, reverse=True)
    return [*found[: count // 2], *(found[n] for n in sorted(rng.permutation(np.arange(count // 2, len(found)))[: count - count // 2]))]


def _compared(of: Session) -> int:
    """Count what is compared in a session: what is asked with what is seen, what is awaited with what changes."""
    turns = sum(turn.kind in ("is-it", "event") for turn in of.turns)
    return 2 * turns + len(of.drawn.changes) * bool(of.prompt or any(turn.kind == "tell-me" for turn in of.turns))


def oracle_loss(root: Any, config: Config, rng: np.random.Generator, split: str = "train", count: int = 24) -> Any:
    """Return the loss of sessions as an oracle perceives them."""
    return _by_oracle(root, config, drawn(rng, count, window=config.window, split=split), rng)


def compared_loss(root: Any, config: Config, rng: np.random.Generator, split: str = "train", count: int = 24) -> Any:
    """Return the loss of sessions as an oracle perceives them, of which most have something to compare."""
    return _by_oracle(root, config, telling(rng, count, window=config.window, split=split), rng)


def _by_oracle(root: Any, config: Config, sessions: list[Session], rng: np.random.Generator) -> Any:
    return loss_of(root, config, batch(sessions, config), by_oracle(root, config, sessions, rng))


def real_loss(root: Any, config: Config, rng: np.random.Generator, split: str = "train", count: int = 16) -> Any:
    """Return the loss of sessions as the model itself perceives them."""
    sessions = telling(rng, count, window=config.window, split=split)
    return loss_of(root, config, batch(sessions, config), by_senses(root, config, sessions))


def begin(root: Any, config: Config, seed: int) -> None:
    """Draw first weights for words and what is perceived: a word has the same vector whether it is written, heard or seen."""
    import torch

    rng = np.random.default_rng([seed, 99])
    vectors: dict[str, np.ndarray] = {}

    def of(word: str) -> np.ndarray:
        return vectors.setdefault(word.rstrip(","), rng.normal(0, 0.35, config.width))

    def own() -> np.ndarray:
        return rng.normal(0, 0.35, config.width)

    def phrase(text: str) -> np.ndarray:
        return np.sum([of(word) for word in text.split()], axis=0) / max(len(text.split()), 1) ** 0.5 + own() if text else own() * 0.1

    rows = np.array([own() for _ in MARKS] + [of(word) + own() for word in config.texts])
    sound = np.array([(of(word) + own()) if word else own() * 0.1 for word in config.heard] + [phrase(text) for text in config.phrases])
    telling = [[_telling(name) for name in names] for names in config.scene]
    seen = [np.array([of(word) + own() for word in part]) for part in telling]
    values = {
        "llm.model.embed_tokens.weight": rows,
        "llm.lm_head.weight": rng.normal(0, 0.05, rows.shape),
        "audio_projection_layer.weight": sound.T,
        **{f"resampler.proj.{n}.weight": each.T for n, each in enumerate([*seen, np.concatenate(seen)])},
    }
    weights = dict(root.named_parameters())
    with torch.no_grad():
        for name, value in values.items():
            weights[name].copy_(torch.from_numpy(value))


def _telling(name: str) -> str:
    """Return the word of a name that tells it from others: the lamp's colour, how many blocks, that the kettle boils.

    >>> [_telling(name) for name in ("red lamp", "one block", "kettle off", "kettle boiling")]
    ['red', 'one', 'off', 'boiling']
    """
    first, last = name.split()
    return last if first == "kettle" else first


def right_windows(root: Any, config: Config, sessions: Sequence[Session], perceived: Perceived) -> tuple[float, float]:
    """Return in which share of windows that listen, and that speak, all is chosen rightly, given all that was right before."""
    import torch

    of = batch(sessions, config)
    with torch.no_grad():
        logits, right = chosen(root, config, of, perceived)
    hits = (logits.argmax(-1) == right).numpy()
    starts = np.flatnonzero((of.chosen & ~np.roll(of.chosen, 1, axis=1))[of.chosen])
    good, first = np.minimum.reduceat(hits, starts), right.numpy()[starts]
    listens = first == MARKS.index(LISTEN)
    return float(good[listens].mean()), float(good[~listens].mean())
