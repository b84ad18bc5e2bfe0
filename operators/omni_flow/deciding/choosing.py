"""Choose one token from logits: MiniCPM-o 4.5's rule for text inside a window, in numpy. Chance is handed in.

Source: spec 5.5. What its reference does by mistake is done only with `reference_compatible`:

| quirk | the reference | here |
|---|---|---|
| Q1 | `listen_scale` and `listen_top_k` act on `<|im_end|>` | on `<|listen|>` |
| | `listen_scale` multiplies a logit below 0, too, which lowers it | a scale above 1 makes listening likelier, whatever the sign |
| Q2 | the repetition penalty divides a logit below 0, too, which makes what was said likelier | it multiplies it |

Q13 is a matter of what is handed in: a model that computes in bfloat16 may hand in logits with ties; here is no rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, IM_END, LISTEN, SIZE, TTS_PAD, TURN_EOS

Draw = Callable[[], float]  # the next number in [0, 1), such as `rng(event).random`
By = Literal["probe", "rank", "rule"]


class Choice(NamedTuple):
    """Hold a token, how likely listening was, how likely the token was (both before all rules; None where nobody knows), and what chose it.

    `by`: "probe", `<|chunk_eos|>` before all rules; "rank", `listen_top_k`; "rule", the rest, which alone enters the history.
    """

    token: int
    p_listen: float | None = None
    p: float | None = None
    by: By = "rule"

    @property
    def probed(self) -> bool:
        """Tell whether it was chosen before all rules; then one number was drawn, otherwise two."""
        return self.by == "probe"

    @property
    def recorded(self) -> bool:
        """Tell whether it enters the history that the repetition penalty looks at."""
        return self.by == "rule"


NextToken = Callable[[tuple[int, ...]], Choice]


@dataclass(frozen=True)
class Choosing:
    """Say how a token is chosen. The defaults are those of the published server.

    `repetition` is over the distinct tokens among the last `repetition_window`; `length_penalty` above 1 makes `<|turn_eos|>`
    less likely, `listen_scale` above 1 makes listening likelier; `listen_top_k` listens at once if listening ranks so high.
    `may_pad` lets `<|tts_pad|>` be chosen, for models of the form LT, which learn it. Raises ValueError for what has no meaning.
    """

    mode: Literal["sampling", "greedy"] = "sampling"
    temperature: float = 0.7
    top_k: int | None = 20
    top_p: float = 0.8
    repetition: float = 1.05
    repetition_window: int = 512
    length_penalty: float = 1.1
    listen_scale: float = 1.0
    listen_top_k: int | None = None
    may_pad: bool = False
    reference_compatible: bool = False

    def __post_init__(self) -> None:
        """Check what was given."""
        if self.mode not in ("sampling", "greedy"):
            raise ValueError(f"choosing: wants mode sampling or greedy, got {self.mode!r}")
        for name in ("temperature", "repetition", "length_penalty", "listen_scale"):
            if not 0 < (value := getattr(self, name)) < float("inf"):
                raise ValueError(f"choosing: wants {name} above 0, got {value!r}; 1.0 changes nothing")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"choosing: wants top_p above 0, up to 1, got {self.top_p!r}; 1.0 keeps all")
        for name in ("top_k", "listen_top_k", "repetition_window"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise ValueError(f"choosing: wants {name} 1 or more, got {value!r}")


def choose(logits: np.ndarray, history: Sequence[int], draw: Draw | None, settings: Choosing, *, bad: np.ndarray | Sequence[int] = ()) -> Choice:
    """Choose a token. `logits`: [151748], left as they are. `history`: the tokens of earlier choices that are `recorded`.

    `bad` are ids never to be chosen. `draw` is asked once for the probe and once for the token: each time the first id is
    taken at which the summed probabilities, in float64 and in the order of ids, exceed the number. Greedy asks for none;
    without a `draw` the likeliest is taken. Raises ValueError for logits of another shape, NaN, or nothing to choose from.

    >>> logits = np.zeros(SIZE, np.float32)
    >>> logits[LISTEN] = 20
    >>> choose(logits, [], None, Choosing()).token == LISTEN
    True
    """
    if logits.shape != (SIZE,):
        raise ValueError(f"choose: wants logits [{SIZE}], one row of the published vocabulary, got {list(logits.shape)}")
    if settings.mode == "greedy":
        draw = None
    logits = logits if logits.dtype.itemsize > 2 else logits.astype(np.float32)
    peak = logits.max()
    if not np.isfinite(peak):
        raise ValueError(f"choose: wants finite logits, got {peak} as the greatest; look at what the model was fed")
    weights = np.exp(logits - peak)
    total = float(weights.sum(dtype=np.float64))
    p_listen = float(weights[LISTEN]) / total
    if _is_chunk_eos(weights, total, draw):
        return Choice(CHUNK_EOS, p_listen, float(weights[CHUNK_EOS]) / total, "probe")
    ruled = _ruled(logits, history, settings, bad)
    favoured = IM_END if settings.reference_compatible else LISTEN
    if settings.listen_top_k is not None and np.count_nonzero(ruled > ruled[favoured]) < settings.listen_top_k:
        return Choice(favoured, p_listen, float(weights[favoured]) / total, "rank")
    token = int(ruled.argmax()) if draw is None else _drawn(ruled, draw(), settings)
    if ruled[token] == -np.inf:
        raise ValueError("choose: wants at least one id that is not forbidden, got none; look at bad")
    return Choice(token, p_listen, float(weights[token]) / total, "rule")


def _is_chunk_eos(weights: np.ndarray, total: float, draw: Draw | None) -> bool:
    """Tell whether `<|chunk_eos|>` is what is drawn from the raw probabilities; nothing else has to be known of that draw."""
    if draw is None:
        return int(weights.argmax()) == CHUNK_EOS
    below = float(weights[:CHUNK_EOS].sum(dtype=np.float64))
    return below <= draw() * total < below + float(weights[CHUNK_EOS])


def _ruled(logits: np.ndarray, history: Sequence[int], settings: Choosing, bad: np.ndarray | Sequence[int]) -> np.ndarray:
    """Return the logits after what is forbidden, repeated, ends a turn, or listens: the one copy that is made."""
    ruled = logits.copy()
    ruled[np.asarray(bad, np.intp)] = -np.inf
    ruled[CHUNK_EOS] = -np.inf
    if not settings.may_pad:
        ruled[TTS_PAD] = -np.inf
    compatible = settings.reference_compatible
    if settings.repetition != 1 and history:
        said = np.fromiter(set(history[-settings.repetition_window :]), np.intp)
        ruled[said] = ruled[said] / settings.repetition if compatible else _weaker(ruled[said], settings.repetition)
    ruled[TURN_EOS] = _weaker(ruled[TURN_EOS], settings.length_penalty)
    if settings.listen_scale != 1 and compatible:
        ruled[IM_END] *= settings.listen_scale
    elif settings.listen_scale != 1:
        ruled[LISTEN] = _weaker(ruled[LISTEN], 1 / settings.listen_scale)
    return ruled


def _weaker(logits: np.ndarray, by: float) -> np.ndarray:
    """Make logits less likely, whatever their sign, if `by` is above 1."""
    return np.where(logits > 0, logits / by, logits * by)


def _drawn(ruled: np.ndarray, number: float, settings: Choosing) -> int:
    """Draw from what top-k and top-p leave. Ties with the k-th are kept, and so is the token that crosses p."""
    k = SIZE if settings.top_k is None else min(settings.top_k, SIZE)
    least = np.partition(ruled, SIZE - k)[SIZE - k]
    ids = np.flatnonzero(ruled >= least if least > -np.inf else ruled > -np.inf)
    if not len(ids):
        return 0  # which is forbidden, as all are
    weights = np.exp((ruled[ids].astype(np.float64) - float(ruled.max())) / settings.temperature)
    weights /= weights.sum()
    order = np.argsort(-ruled[ids], kind="stable")
    before = np.cumsum(weights[order])[:-1]
    kept = np.sort(order[: 1 + int(np.searchsorted(before, settings.top_p, "right"))])
    sums = np.cumsum(weights[kept] / weights[kept].sum())
    return int(ids[kept[min(int(np.searchsorted(sums, number, "right")), len(kept) - 1)]])  # rounding may leave the last sum below 1


def chooser(
    logits_of: Callable[[tuple[int, ...]], np.ndarray],
    settings: Choosing,
    draw: Draw | None,
    *,
    history: Sequence[int] = (),
    bad: np.ndarray | Sequence[int] = (),
) -> NextToken:
    """Make a window's `next_token` of a model: `logits_of(tokens)` feeds them, none at first, and returns the logits at the last.

    `history` is what was recorded before this window; what it chooses itself is added as it goes.
    """
    said = list(history)

    def next_token(fed: tuple[int, ...]) -> Choice:
        choice = choose(logits_of(fed), said, draw, settings, bad=bad)
        if choice.recorded:
            said.append(choice.token)
        return choice

    return next_token


def remembered(history: Sequence[int], recorded: Sequence[int], settings: Choosing) -> tuple[int, ...]:
    """Add what a window recorded to the history, and forget what the repetition penalty no longer sees.

    >>> remembered((1, 2), (3,), Choosing(repetition_window=2))
    (2, 3)
    """
    return (*history, *recorded)[-settings.repetition_window :]
