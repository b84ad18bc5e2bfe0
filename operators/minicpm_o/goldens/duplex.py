"""Compare duplex sessions with what the reference did in them: every row that was fed, every decision, every cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from operators.minicpm_o import duplexing, thinking
from operators.minicpm_o.door import torch
from operators.minicpm_o.duplexing import Deciding, Session
from operators.minicpm_o.goldens.inputs import HZ, Goldens, arrays, described, samples
from operators.minicpm_o.goldens.tally import Tally
from operators.minicpm_o.goldens.tts import Followed
from operators.minicpm_o.hearing import hear
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.speaking import decoder, units
from operators.minicpm_o.tokenizer import Text
from operators.omni_flow.context.sliding import Evicted, Policy
from operators.omni_flow.deciding.choosing import Choosing
from operators.omni_flow.deciding.outcome import Outcome
from operators.omni_flow.deciding.steps import Generating
from operators.omni_flow.tokens.vocabulary import SPEAK

CHOOSING = {  # by the reference's names
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "text_repetition_penalty": "repetition",
    "text_repetition_window_size": "repetition_window",
    "length_penalty": "length_penalty",
    "listen_prob_scale": "listen_scale",
    "listen_top_k": "listen_top_k",
}
POLICY = {
    "basic_window_high_tokens": "high",
    "basic_window_low_tokens": "low",
    "context_max_units": "max_units",
    "context_previous_max_tokens": "max_previous",
}
MODES = {"off": "none", "basic": "basic", "context": "context"}


def duplex(goldens: Goldens, folder: Path, weights: Weights, text: Text) -> Tally:
    """Compare all sessions of a folder."""
    tally = Tally()
    for path in sorted(folder.glob("d*.json")):
        tally.cases += 1
        case, held = described(path), arrays(path.with_suffix(".npz"))
        _session(tally, case, held, goldens, with_head(weights, held["lm_head_row_ids"], held["lm_head_rows"]), text)
    return tally


def with_head(weights: Weights, ids: np.ndarray, rows: np.ndarray) -> Weights:
    """Return weights some of whose rows of the head are others: a script that the model then follows."""
    t, language = torch(), torch().nn.Module()
    language.model = weights.language.model
    head = weights.language.lm_head.weight.clone()
    head[t.from_numpy(ids)] = t.from_numpy(rows).to(head)
    language.lm_head = t.nn.Linear(1, 1, bias=False)
    language.lm_head.weight = t.nn.Parameter(head, requires_grad=False)
    return replace(weights, language=language)


@dataclass
class Replayed:
    """Follow the recorded events with a session of ours."""

    tally: Tally
    case: dict[str, Any]
    held: dict[str, np.ndarray]
    goldens: Goldens
    weights: Weights
    text: Text
    fed: list[int] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    gone: list[Evicted] = field(default_factory=list)
    turn: units.Turn | None = None

    @property
    def name(self) -> str:
        """Return the case's name, shortened."""
        return self.case["name"].split("_")[0]

    def policy(self) -> Policy:
        """Return what is remembered."""
        given = self.case["cfg"]
        bounds = {ours: given[theirs] for theirs, ours in POLICY.items() if theirs in given}
        return Policy(mode=MODES[given.get("sliding_window_mode", "off")], limit=None, **bounds)  # type: ignore[arg-type]

    def deciding(self) -> Deciding:
        """Return how windows are answered, as the reference did."""
        given = {ours: self.case["gen"][theirs] for theirs, ours in CHOOSING.items() if theirs in self.case["gen"]}
        choosing = Choosing(mode=self.case["decode_mode"], reference_compatible=True, **given)
        generating = Generating(force_listen=self.case["cfg"].get("force_listen_count", 0), reference_compatible=True)
        return Deciding(self.text.decode, generating, choosing, np.asarray(self.text.bad, np.intp))


def _session(tally: Tally, case: dict[str, Any], held: dict[str, np.ndarray], goldens: Goldens, weights: Weights, text: Text) -> None:
    now = Replayed(tally, case, held, goldens, weights, text)
    units = list(_units(case["events"]))
    session = _prepared(now, units[0])
    drawn = [draw["u"] for event in case["events"] if event["ev"] == "decode" for draw in event.get("multinomials", ())]
    numbers = iter(drawn)
    draw = (lambda: next(numbers)) if drawn else None
    for k, events in enumerate(units[1:]):
        session = _unit(now, k, events, session, draw)
    tally.same(f"{now.name}, draws left", len(list(numbers)), 0)
    tally.same(f"{now.name}, all that was fed", now.fed, case["total_ids"])
    tally.same(f"{now.name}, all that was said", now.said, case["res_ids"])


def _units(events: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Cut events before each unit; what comes first prepares the session."""
    part: list[dict[str, Any]] = []
    for event in events:
        if event["ev"] == "unit_begin":
            yield part
            part = []
        part.append(event)
    yield part


def _prepared(now: Replayed, events: list[dict[str, Any]]) -> Session:
    begin, end = events[0], events[-1]
    feeds = [event for event in events if event["ev"] == "feed"]
    prefix, suffix = (now.text.read(begin.get(part) or "") for part in ("prefix", "suffix"))
    voice = samples(now.goldens.sound("ref")) if any(feed["ids"] is None for feed in feeds) else None
    session = duplexing.prepare(now.weights, prefix, suffix, reference=voice, policy=now.policy())
    rows = [*prefix, *(hear(now.weights, [voice])[0] if voice is not None else ()), *suffix]
    _compare_feeds(now, "prompt", feeds, rows, {}, 0)
    now.tally.same(f"{now.name}, prompt", (session.cache.length, session.context.protected), (end["kv"], end["preserve"]))
    return session


def _unit(now: Replayed, k: int, events: list[dict[str, Any]], session: Session, draw: Any) -> Session:
    begin, name, start = events[0], f"{now.name} unit {k}", session.cache.length
    found = {event["ev"]: event for event in events}
    pictures = [now.goldens.larger if n < 0 else now.goldens.frames[n] for n in begin["frames"] or ()]
    sound = samples(now.goldens.user(k * HZ, HZ)) if begin["audio"] else None
    session = duplexing.take_in(now.weights, session, sound=sound, pictures=pictures, most=begin["max_slice_nums"])
    if not now.tally.same(f"{name}, taken in", session.taken is not None, found["prefill_result"]["success"]):
        return session
    taken = session.taken
    assert taken is not None
    forced = "force_listen" if begin["force_listen_override"] else None
    session, outcome, states = duplexing.answer(now.weights, session, now.deciding(), draw, forced=forced)
    _compare_result(now, name, outcome, session, found["generate_result"], start + len(taken.ids))
    session, gone, rest = duplexing.close(now.weights, session, now.text.decode)
    after = [taken.hidden, *states, *rest]
    hidden = dict(zip(range(start + len(taken.ids) - 1, start + len(taken.ids) + len(outcome.fed)), after))
    _compare_feeds(now, name, [event for event in events if event["ev"] == "feed"], [*_rows(taken), *outcome.fed], hidden, start)
    _compare_speech(now, k, outcome, after[1:], found.get("tts_chunk"))
    now.gone += gone
    now.fed += outcome.fed
    now.said += [token for token in outcome.fed[:-2] if token != SPEAK and not outcome.forced]
    if "unit_end" in found:
        _compare_end(now, name, session, found["unit_end"])
    return session


def _rows(taken: duplexing.Taken) -> list[Any]:
    """Return what was fed, row by row: an id, or an embedding."""
    arrays, rows, at = iter(taken.embeddings), [], 0
    while at < len(taken.ids):
        if taken.ids[at] in (duplexing.PLACEHOLDER, duplexing.AUDIO):
            rows += list(next(arrays))
        else:
            rows.append(taken.ids[at])
        at = len(rows)
    return rows


def _compare_feeds(now: Replayed, name: str, feeds: list[dict[str, Any]], rows: list[Any], hidden: dict[int, np.ndarray], start: int) -> None:
    """Compare rows that were fed from row `start` of the cache on, and hidden states and logits by row."""
    now.tally.same(f"{name}, rows", len(rows), sum(feed["n"] for feed in feeds))
    for feed in feeds:
        at = feed["past"] - start
        part = rows[at : at + feed["n"]]
        if feed["ids"] is not None:
            now.tally.same(f"{name}, ids at {feed['past']}", part, feed["ids"])
        else:
            pieces = [row[None] if isinstance(row, np.ndarray) else (row,) for row in part]
            now.tally.like(f"{name}, embeddings at {feed['past']}", thinking.embedded(now.weights, pieces).float().numpy(), feed["embeds"])
        last = feed["past"] + feed["n"] - 1
        if feed["ret_logits"] and last in hidden:
            now.tally.like(f"{name}, hidden state at {last}", hidden[last], feed["hidden_last"])
            now.tally.logits(f"{name}, logits at {last}", thinking.logits(now.weights, hidden[last]), feed["logits"])


def _compare_result(now: Replayed, name: str, outcome: Outcome, session: Session, result: dict[str, Any], rows: int) -> None:
    drains = outcome.ends is not None and outcome.ends.kind == "drain"
    got = (outcome.choice == "listen", outcome.text, drains, not session.talk.in_turn, rows + len(outcome.fed) - 2)
    forced = outcome.ends is not None and outcome.ends.kind == "flush"
    now.tally.same(f"{name}, came to", got[:2], (result["is_listen"], result["text"]))
    if not forced:
        now.tally.same(f"{name}, ends", got[2:], (result["end_of_turn"], result["current_turn_ended"], result["kv"]))


def _compare_speech(now: Replayed, k: int, outcome: Outcome, states: list[np.ndarray], chunk: dict[str, Any] | None) -> None:
    """Compare the hidden states that speech is made of, and the speech, where it was recorded."""
    wanted, name = [now.held[key] for n in range(64) if (key := f"unit{k}_hidden{n}") in now.held], f"{now.name} unit {k}"
    hidden = [states[row] for row in outcome.condition.rows]
    if wanted:
        now.tally.near(f"{name}, hidden states of speech", hidden, wanted)
    if now.weights.speech is None or not any(event["ev"] == "tts_chunk" for event in now.case["events"]):
        return
    turn = now.turn or units.silent(now.weights)
    if now.tally.same(f"{name}, speaks", outcome.choice == "speak", chunk is not None) and chunk is not None:
        turn = _speak(now, name, turn, outcome, np.stack(hidden) if hidden else np.zeros((0, decoder.sizes(now.weights).llm_dim), np.float32), chunk)
    now.turn = units.silent(now.weights) if "codes" in outcome.restarts else turn


def _speak(now: Replayed, name: str, turn: units.Turn, outcome: Outcome, hidden: np.ndarray, chunk: dict[str, Any]) -> units.Turn:
    """Say what a window said, and compare it."""
    ends, follow = outcome.ends is not None, Followed(now.tally, name, chunk["steps"], chunk["raw_logits"])
    of, ids = decoder.sizes(now.weights), outcome.condition.ids
    rows = torch().cat([decoder.conditions(now.weights, ids, hidden), decoder.mark(now.weights, of.audio_bos_token_id)])
    now.tally.like(f"{name}, conditions", rows.float().numpy(), chunk["cond"])
    now.tally.same(f"{name}, before", (turn.position, turn.cache.length), (chunk["text_start_pos"], chunk["kv_before"]))
    before = turn.cache.length
    turn, codes = units.speak(now.weights, turn, ids, hidden, ends=ends, draw=follow.draw, told=follow.told)
    grown = before + len(rows) + len(codes) if ends else turn.cache.length
    now.tally.same(f"{name}, codes", (list(codes), grown), (chunk["tokens"], chunk["kv_after"]))
    follow.ends()
    return turn


def _compare_end(now: Replayed, name: str, session: Session, end: dict[str, Any]) -> None:
    cache, context = session.cache, session.context
    got = (cache.length, [unit.length for unit in context.units], context.protected, list(context.previous))
    now.tally.same(f"{name}, cache", got, (end["kv"], end["unit_lengths"], end["preserve"], end["previous_ids"]))
    net = sum(each.tokens for each in now.gone) - len(context.previous)  # by how much the cache is shorter
    gone = (sum(len(each.units) for each in now.gone), net)
    now.tally.same(f"{name}, forgotten", gone, (end["dropped_units"], end["dropped_tokens"]))
    last = cache.layout.layers - 1
    for key, rows in (("key0", cache.keys(0)), ("key_last", cache.keys(last)), ("value_last", cache.values(last))):
        if key in end:
            now.tally.like(f"{name}, {key}", rows[None].float().numpy(), end[key])
