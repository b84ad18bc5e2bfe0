"""Train the decoder of speech tokens: a Llama that reads the words of a window and writes their units, window after window.

A sequence is, for each window, its words (and LINE_END after the last), then the units of each word with WORD_END after them.
Which words belong to a window is the rule of time-aligned interleaving (TAIL, paper section 3.2): those whose sound begins in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from operators.nano.speech.saying import BEGIN, FIRST_WORD, LINE_END, NO_WORD, UNITS, WORD_END
from simulations.nano.training.causal import Weights
from simulations.nano.training.corpus import Utterance
from simulations.nano.training.descent import Progress, descend, quiet
from simulations.nano.training.units import Units

WIDTH, INNER, LAYERS, HEADS = 160, 432, 4, 4
UNIT_SECONDS = 0.04
IGNORED = -100


Line = tuple[np.ndarray, Sequence[int], Sequence[int]]  # units, where words end, their tokens


class Sequence_(NamedTuple):
    """Hold one line as tokens, each with the word that is being said and the one after it, and what is to follow each."""

    tokens: np.ndarray
    now: np.ndarray  # the token of the word that is said at this place; NO_WORD among words that are read
    after: np.ndarray  # the next word's, LINE_END, or NO_WORD if the window does not hold it
    wanted: np.ndarray  # a unit or WORD_END; IGNORED among words that are read


def sequence(units: np.ndarray, ends: Sequence[int], words: Sequence[int], chunks: Sequence[int]) -> Sequence_:
    """Lay a line out. `ends` says where each word's units end, `words` are their tokens, `chunks` how many words each window brings."""
    tokens, now, after, wanted = [BEGIN], [NO_WORD], [NO_WORD], [IGNORED]
    first = 0
    for size in chunks:
        read = [*words[first : first + size], *([LINE_END] if first + size == len(words) else [])]
        tokens += read
        now += [NO_WORD] * len(read)
        after += [NO_WORD] * len(read)
        wanted += [IGNORED] * len(read)
        for place, word in enumerate(words[first : first + size]):
            begin = ends[first + place - 1] if first + place else 0
            said = [*map(int, units[begin : ends[first + place]]), WORD_END]
            following = read[place + 1] if place + 1 < len(read) else NO_WORD
            now[-1], after[-1], wanted[-1] = word, following, said[0]
            tokens += said
            now += [word] * len(said)
            after += [following] * len(said)
            wanted += [*said[1:], IGNORED]
        first += size
    return Sequence_(*(np.array(each, np.int64) for each in (tokens, now, after, wanted)))


def chunks(ends: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Draw which words come in which window: by the TAIL rule for windows of 0.2, 0.5 or 1.0 s begun at any time; all at once; or anyhow."""
    starts = np.array([0, *ends[:-1]]) * UNIT_SECONDS
    way = rng.random()
    if way < 0.6:
        length = rng.choice([0.2, 0.5, 1.0], p=[0.15, 0.25, 0.6])
        windows = np.floor((starts + rng.random() * length) / length)
        return [int(count) for count in np.unique(windows, return_counts=True)[1]]
    if way < 0.75:
        return [len(ends)]
    cuts = np.flatnonzero(rng.random(len(ends) - 1) < 0.4) + 1
    return np.diff(np.array([0, *cuts, len(ends)])).tolist()


def skeleton() -> Any:
    """Make the decoder: transformers' Llama, as the published speech decoder is one. It is given embeddings, and needs no table of its own."""
    from transformers import LlamaConfig, LlamaModel

    settings = LlamaConfig(
        vocab_size=1,
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=None,
    )
    return LlamaModel(settings)


def begin(vocabulary: int, seed: int) -> tuple[Any, Weights]:
    """Return the decoder and all its weights under the names they ship by: `speaking.` and what a Llama calls them."""
    import torch

    torch.manual_seed(seed)
    model = skeleton()
    model.embed_tokens.requires_grad_(False)
    rng = np.random.default_rng([seed, 26])
    tables = {name: rng.standard_normal((size, WIDTH)) * 0.5 for name, size in (("token", vocabulary), ("now", vocabulary), ("after", vocabulary))}
    for name in ("now", "after"):
        tables[name] = tables[name][UNITS:]  # of words only
    weights = {f"speaking.{name}": torch.tensor(table, dtype=torch.float32, requires_grad=True) for name, table in tables.items()}
    weights["speaking.out.w"] = torch.tensor(rng.standard_normal((UNITS + 1, WIDTH)) * 0.02, dtype=torch.float32, requires_grad=True)
    named = {f"speaking.{name}": value for name, value in model.named_parameters() if value.requires_grad}
    return model, {**weights, **named}


def logits(model: Any, weights: Weights, tokens: Any, now: Any, after: Any) -> Any:
    """Score the next unit, or WORD_END, after each place. [batch, n] -> [batch, n, 513]."""
    import torch.nn.functional as F

    x = F.embedding(tokens, weights["speaking.token"]) + F.embedding(now - UNITS, weights["speaking.now"])
    x = x + F.embedding(after - UNITS, weights["speaking.after"])
    return F.linear(model(inputs_embeds=x, use_cache=False).last_hidden_state, weights["speaking.out.w"])


def train(
    said: Sequence[Utterance],
    units: Units,
    vocabulary: Sequence[str],
    share: Sequence[float],
    steps: int,
    seed: int,
    show: Progress = quiet,
    size: int = 24,
) -> Weights:
    """Train on lines, drawn by their shares. `vocabulary` names the words. Returns the weights, by name."""
    model, weights = begin(FIRST_WORD + len(vocabulary), seed)
    tokens = {word: FIRST_WORD + n for n, word in enumerate(vocabulary)}
    lines = [(units.of(each.frames), each.ends, [tokens[word] for word in each.words]) for each in said]
    rng = np.random.default_rng([seed, 27])
    odds = np.asarray(share, np.float64) / np.sum(share)
    batches = batched(lambda: lines[int(rng.choice(len(lines), p=odds))], rng, size)
    descend("speaking", weights.values(), lambda step: loss(model.train(), weights, next(batches), rng), steps, rate=2e-3, decay=0.05, show=show)
    return weights


def batched(draw: Callable[[], Line], rng: np.random.Generator, size: int = 24, ahead: int = 4) -> Iterator[list[Sequence_]]:
    """Lay out lines, and give them in batches of about the same length: what fills a batch up is computed for nothing."""
    while True:
        drawn = [draw() for _ in range(size * ahead)]
        laid = sorted((sequence(of, ends, words, chunks(ends, rng)) for of, ends, words in drawn), key=lambda each: len(each.tokens))
        for n in rng.permutation(ahead):
            yield laid[n * size : (n + 1) * size]


def loss(model: Any, weights: Weights, laid: Sequence[Sequence_], rng: np.random.Generator | None = None, dirty: float = 0.08) -> Any:
    """Return the cross entropy of what is wanted. With an `rng`, a share of units that are read is another one: so slips do not add up."""
    import torch
    import torch.nn.functional as F

    length = max(len(each.tokens) for each in laid)
    fill = (BEGIN, NO_WORD, NO_WORD, IGNORED)
    tokens, now, after, wanted = (np.stack([np.pad(each[n], (0, length - len(each[n])), constant_values=fill[n]) for each in laid]) for n in range(4))
    if rng is not None:
        other = (rng.random(tokens.shape) < dirty) & (tokens < UNITS)
        tokens = np.where(other, rng.integers(0, UNITS, tokens.shape), tokens)
    scores = logits(model, weights, *(torch.tensor(each) for each in (tokens, now, after)))
    return F.cross_entropy(scores.flatten(0, 1), torch.tensor(wanted).flatten(), ignore_index=IGNORED)


def step(weights: Weights, token: Any, now: Any, after: Any, cache: Any) -> tuple[Any, Any]:
    """Score what follows one more token, as `logits` does, with the keys and values of all before it.

    token, now, after [1]; cache [layers, 2, heads, past, width / heads]. Returns [513] and the cache, one longer.
    """
    import torch
    import torch.nn.functional as F

    x = weights["speaking.token"][token] + weights["speaking.now"][now - UNITS] + weights["speaking.after"][after - UNITS]
    deep = WIDTH // HEADS
    angle = cache.shape[3] * 10_000.0 ** (-torch.arange(0, deep, 2) / deep)
    turn = torch.cat([angle, angle]).float()
    kept = []
    for n in range(LAYERS):
        w = {name.split(f"layers.{n}.")[1]: value for name, value in weights.items() if f"layers.{n}." in name}
        y = _normed(x, w["input_layernorm.weight"])
        query, key, value = (F.linear(y, w[f"self_attn.{name}_proj.weight"]).view(HEADS, 1, deep) for name in "qkv")
        keys = torch.cat([cache[n, 0], _turned(key, turn)], dim=1)
        values = torch.cat([cache[n, 1], value], dim=1)
        heard = torch.softmax(_turned(query, turn) @ keys.transpose(1, 2) / deep**0.5, dim=-1) @ values
        x = x + F.linear(heard.reshape(1, WIDTH), w["self_attn.o_proj.weight"])
        y = _normed(x, w["post_attention_layernorm.weight"])
        x = x + F.linear(F.silu(F.linear(y, w["mlp.gate_proj.weight"])) * F.linear(y, w["mlp.up_proj.weight"]), w["mlp.down_proj.weight"])
        kept.append(torch.stack([keys, values]))
    return F.linear(_normed(x, weights["speaking.norm.weight"]), weights["speaking.out.w"])[0], torch.stack(kept)


def _normed(x: Any, weight: Any) -> Any:
    import torch

    return weight * x * torch.rsqrt((x * x).mean(dim=-1, keepdim=True) + 1e-6)


def _turned(x: Any, turn: Any) -> Any:
    """Turn pairs of a query or key by its place: rotary embeddings, halves as pairs."""
    import torch

    left, right = x.chunk(2, dim=-1)
    return x * torch.cos(turn) + torch.cat([-right, left], dim=-1) * torch.sin(turn)
