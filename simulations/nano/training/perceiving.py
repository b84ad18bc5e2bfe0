"""Give sessions as what is perceived of them: by an oracle that errs now and then, which costs nothing; or by ears and eyes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from operators.nano.config import Config
from operators.nano.mel import BEHIND, log_mel
from operators.nano.modules import hear, look, patches, picture_tokens, quiet, sound_tokens
from simulations.nano.sessions import BIN, Session, pictures_of, sounding
from simulations.nano.training.senses import pixels
from simulations.nano.training.sounds import ENDED, FORGOTTEN, TOKEN

Perceived = tuple[Any, Any]  # tokens of sound, tokens of pictures [.., D], in the order in which they stand in the sequences

MISHEARD, MISSED, IMAGINED, MISSEEN = 0.12, 0.03, 0.002, (0.003, 0.005, 0.003)  # how often an oracle errs


def ended(session: Session) -> np.ndarray:
    """Return for each token of sound one more than the phrase that has just ended, or 0."""
    bins, hop = np.zeros(-(-session.drawn.length // BIN), np.int64), BIN // TOKEN
    for of in session.drawn.uttered:
        first, after = (-(-(of.end + frames * hop) // BIN) - 1 for frames in (ENDED, FORGOTTEN))
        bins[max(first, 0) : after] = 1 + of.phrase
    return bins


def heard(session: Session) -> np.ndarray:
    """Return for each token of sound which word sounds."""
    return np.array([word for told in session.told for word in told.heard], np.int64)


def by_oracle(root: Any, config: Config, sessions: Sequence[Session], rng: np.random.Generator) -> Perceived:
    """Perceive what is there, with errors: words and phrases taken for others or missed, each more or less sure."""
    import torch

    words, phrases = (np.concatenate([of(session) for session in sessions]) for of in (heard, ended))
    n, known = len(words), (len(config.heard), len(config.phrases))
    words = _mistaken(words, np.roll(words, 1), 0.08, rng)
    words = _mistaken(words, rng.integers(0, known[0], n) * (rng.random(n) < 0.6), np.where(words > 0, MISHEARD, MISHEARD / 4), rng)
    phrases = _mistaken(phrases, rng.integers(0, known[1], n) * (rng.random(n) < 0.5), np.where(phrases > 0, MISSED, IMAGINED), rng)
    table = root.audio_projection_layer.weight.T
    sound = _unsure(table[: known[0]], words, _mistaken(words, rng.integers(0, known[0], n), 0.5, rng), rng)
    sound = sound + _unsure(table[known[0] :], phrases, _mistaken(phrases, np.zeros(n, np.int64), 0.7, rng), rng)
    seen = np.array([told.seen for session in sessions for told in session.told if told.seen], np.int64).reshape(-1, len(config.scene))
    logits = []
    for part, (names, rate) in enumerate(zip(config.scene, MISSEEN)):
        values = len(names)
        taken = _mistaken(seen[:, part], rng.integers(0, values, len(seen)), rate, rng)
        sure = 6 * torch.nn.functional.one_hot(torch.from_numpy(taken), values)
        logits.append(sure + torch.from_numpy(rng.normal(0, 0.5, (len(seen), values))).float())
    return sound, picture_tokens(root, logits).flatten(0, 1)


def _mistaken(right: np.ndarray, wrong: np.ndarray, rate: Any, rng: np.random.Generator) -> np.ndarray:
    return np.where(rng.random(len(right)) < rate, wrong, right)


def _unsure(table: Any, first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> Any:
    import torch

    sure = torch.from_numpy(1 - 0.45 * rng.random((len(first), 1)) ** 3).float()
    return table[torch.from_numpy(first)] * sure + table[torch.from_numpy(second)] * (1 - sure)


def by_senses(root: Any, config: Config, sessions: Sequence[Session]) -> Perceived:
    """Perceive sessions as sound and pictures, with the model's own ears and eyes."""
    import torch

    mel = np.stack([log_mel(np.pad(sounding(session), (BEHIND, 0))) for session in sessions])
    words, phrases, _ = hear(root.apm, config, torch.from_numpy(mel), quiet(config, len(mel)))
    sound = sound_tokens(root, words, phrases).flatten(0, 1)
    pictures = np.concatenate([_newest(session) for session in sessions])
    return sound, picture_tokens(root, look(root, patches(root.vpm, pixels(pictures)))).flatten(0, 1)


def _newest(session: Session) -> np.ndarray:
    """Draw the last picture of each window that has one."""
    last = {time // session.window: n for n, time in enumerate(session.drawn.pictures)}
    return pictures_of(session.drawn)[[*last.values()]]
