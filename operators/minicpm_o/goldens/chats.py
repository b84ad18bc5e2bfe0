"""Compare turn-based answers and half-duplex conversations with what the reference did: what was fed, logits, and the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from operators.minicpm_o import chatting, thinking
from operators.minicpm_o.goldens.duplex import with_head
from operators.minicpm_o.goldens.inputs import HZ, Goldens, arrays, described
from operators.minicpm_o.goldens.tally import Tally, splitmix
from operators.minicpm_o.goldens.tts import Followed, ends_likely
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.replying import CHAT, HALF_DUPLEX, SIGNS, Reply, cleaned, processed, reply
from operators.minicpm_o.speaking import groups
from operators.minicpm_o.speaking.utterance import spoken, utter
from operators.minicpm_o.tokenizer import Text
from operators.minicpm_o.voice.conformer import AHEAD
from operators.minicpm_o.voice.streaming import SILENCE
from operators.omni_flow.turn_based import half_duplex as steps
from operators.omni_flow.turn_based.half_duplex import HalfDuplexing
from operators.omni_flow.turn_based.messages import Audio, Image, Message, Part, Role, chat, written
from operators.omni_flow.turn_based.placeholders import Rendering
from operators.omni_flow.turn_based.rendering import render
from operators.omni_flow.turn_based.slicing import slices

SHOWN = ("<image>./</image>", "<audio>./</audio>")
SEED = 909  # of speech in half-duplex mode
GROUP = 10  # tokens
TOKEN = HZ // 10  # samples of a token of sound
FITS = 1e-3  # of sums of rows
T = TypeVar("T")


def chats(goldens: Goldens, folder: Path, weights: Weights, text: Text) -> Tally:
    """Compare the answers to all conversations of a folder."""
    tally, heads = Tally(), {}
    for path in folder.glob("*lm_head_rows.npz"):
        heads |= arrays(path)
    for name, case in described(folder / "chat.json").items():
        tally.cases += 1
        scripted = with_head(weights, heads[f"{name}__row_ids"], heads[f"{name}__rows"]) if case["lm_head_override"] else weights
        _chat(tally, name, case, goldens, scripted, text)
    return tally


def _chat(tally: Tally, name: str, case: dict[str, Any], goldens: Goldens, weights: Weights, text: Text) -> None:
    given, (prompt,) = case["kwargs"], case["prompt"]
    rendering = Rendering(
        omni=given.get("omni_mode", False),
        stream_input=given.get("stream_input", False),
        thinking=given.get("enable_thinking", False),
        speech=given.get("use_tts_template", False),
        most=given.get("max_slice_nums", 9),
        image_ids=given.get("use_image_id", True),
    )
    wanted = [token for token, count in case["input_ids_rle"] for _ in range(count)]
    messages = _found(case, rendering, goldens, weights, text)
    rendered = render(messages, text, rendering)
    pieces = chatting.rows_of(weights, rendered, rendering, together=True)
    shown = written(chat(messages, join=rendering.join, thinking=rendering.thinking, speech=rendering.speech))
    tally.same(f"{name}, prompt", shown, prompt)
    tally.same(f"{name}, ids", list(rendered.tokens), wanted)
    for kind, key in (("visual", "image_bound"), ("audio", "audio_bounds")):
        tally.same(f"{name}, {key}", [[span.start, span.end] for span in rendered.spans if span.kind == kind], case[key][0])
    rows = thinking.embedded(weights, pieces).float().numpy()
    tally.like(f"{name}, rows", rows, case["inputs_embeds"])
    tally.near(f"{name}, each row", rows.sum(axis=1, dtype=np.float64) / rows.shape[1], np.asarray(case["inputs_embeds_rowsum_f64"]) / rows.shape[1])
    cache, hidden = thinking.feed(weights, thinking.begin(weights), pieces)
    settings = replace(CHAT, mode="greedy", repetition=case["gen_kwargs"]["repetition_penalty"], most=case["gen_kwargs"]["max_new_tokens"])
    _, found = reply(weights, cache, hidden[-1], settings)
    _compare_reply(tally, name, case, weights, hidden[-1], found)
    if weights.speech is not None and "tts_steps" in case:
        _compare_spoken(tally, name, case, weights, rendered.tokens, found)
    shown = text.decode(found.ids)
    tally.same(f"{name}, answer", cleaned(shown, reference_compatible=True), case["answer"])


def _compare_spoken(tally: Tally, name: str, case: dict[str, Any], weights: Weights, given: Sequence[int], found: Reply) -> None:
    """Say an answer, and compare the codes with those that the vocoder was given."""
    ids = [*given, *found.ids, *([found.end] if found.end is not None else [])]
    place, follow = spoken(ids), Followed(tally, name, case["tts_steps"])
    said = place is not None and case["kwargs"].get("generate_audio", False)
    if not tally.same(f"{name}, speaks", said, bool(case["vocoder_calls"])) or not said or place is None:
        return
    hidden = found.states[place.start - len(given) : place.stop - len(given)]
    codes = utter(ends_likely(weights), ids[place.start : place.stop], hidden, draw=follow.draw, told=follow.told)
    wanted = [code for call in case["vocoder_calls"][1:] for code in (call[1] if call is case["vocoder_calls"][-1] else call[1][:-AHEAD])]
    tally.same(f"{name}, codes", list(codes), wanted)
    follow.ends()


def _compare_reply(tally: Tally, name: str, case: dict[str, Any], weights: Weights, hidden: np.ndarray, found: Reply) -> None:
    ids = [*found.ids, *([found.end] if found.end is not None else [])]
    tally.same(f"{name}, ids of the answer", ids, case["sequences"])
    settings = replace(CHAT, repetition=case["gen_kwargs"]["repetition_penalty"])
    for n, state in enumerate([hidden, *found.states][: len(case["raw_logits"])]):
        logits = thinking.logits(weights, state)
        tally.like(f"{name}, hidden state {n}", state, case["hidden_last"][n])
        tally.logits(f"{name}, logits {n}", logits, case["raw_logits"][n])
        tally.logits(f"{name}, processed logits {n}", processed(logits, ids[:n], settings), case["processed_scores"][n])


def _found(case: dict[str, Any], rendering: Rendering, goldens: Goldens, weights: Weights, text: Text) -> list[Message]:
    """Find the messages of a case: of all pictures and places in the user's sound, those whose embeddings are nearest to the recorded ones."""
    (prompt,), (bounds,) = case["prompt"], case["audio_bounds"]
    choices = list(_fitting(goldens, case["tgt_sizes"][0], rendering.most, prompt.count(SHOWN[0])))

    def messages(pictures: list[Image], start: int) -> list[Message]:
        return _messages(prompt, rendering.join, pictures, bounds, goldens, start)

    def far(kind: str, pictures: list[Image], start: int) -> float:
        rendered = render(messages(pictures, start), text, rendering)
        only = replace(rendered, spans=tuple(span for span in rendered.spans if span.kind == kind))
        only = replace(only, images=only.images if kind == "visual" else (), clips=only.clips if kind == "audio" else ())
        rows = thinking.embedded(weights, chatting.rows_of(weights, only, rendering, together=True)).float().numpy().sum(axis=1, dtype=np.float64)
        places = [place for span in only.spans for place in range(span.start, span.end)]
        if len(rows) != len(case["inputs_embeds_rowsum_f64"]) or not places:
            return float("inf")
        return float(np.abs(rows[places] - np.asarray(case["inputs_embeds_rowsum_f64"])[places]).max())

    pictures = _nearest(choices, lambda each: far("visual", each, 0)) if len(choices) > 1 else [*choices, []][0]
    starts = range(0, len(goldens.sound("user")), TOKEN) if SHOWN[1] in prompt else (0,)
    return messages(pictures, _nearest(starts, lambda start: far("audio", pictures, start)))


def _nearest(choices: Iterable[T], far: Callable[[T], float]) -> T:
    """Return the first choice that fits, else the nearest."""
    best = None
    for choice in choices:
        distance = far(choice)
        if best is None or distance < best[0]:
            best = (distance, choice)
        if distance < FITS:
            break
    if best is None:
        raise ValueError("goldens: wants pictures that come to the recorded looks, got none in inputs/")
    return best[1]


def _fitting(goldens: Goldens, sizes: list[list[int]], most: int, count: int) -> Iterator[list[Image]]:
    """List the ways in which so many pictures can have come to looks of these sizes, no more and no less."""
    if not count:
        if not sizes:
            yield []
        return
    for picture in goldens.pool:
        cut = [list(each) for each in slices(picture.shape[1], picture.shape[0], most).patches]
        if sizes[: len(cut)] == cut:
            for others in _fitting(goldens, sizes[len(cut) :], most, count - 1):
                yield [_image(picture), *others]


def _image(picture: np.ndarray) -> Image:
    from PIL import Image as Pillow

    written_to = BytesIO()
    Pillow.fromarray(picture).save(written_to, "PNG", compress_level=1)
    return Image(picture.shape[1], picture.shape[0], written_to.getvalue())


def _messages(prompt: str, join: str, pictures: list[Image], bounds: list[list[int]], goldens: Goldens, start: int) -> list[Message]:
    """Read the messages of a prompt, with pictures in order, and sounds: the voice in what the system says, else the user's seconds."""
    images, lengths, messages = iter(pictures), _lengths(bounds, prompt, join), []
    at = start
    for role, content in re.findall(r"<\|im_start\|>(system|user|assistant)\n(.*?)<\|im_end\|>\n", prompt, re.DOTALL):
        parts: list[Part] = []
        for piece in _split(content, join):
            if piece == SHOWN[0]:
                parts.append(next(images))
            elif piece == SHOWN[1] and role == "system":
                next(lengths)
                parts.append(Audio(goldens.sound("ref").tobytes()))
            elif piece == SHOWN[1]:
                count = next(lengths) * TOKEN
                parts.append(Audio(goldens.user(at, count).tobytes()))
                at += count
            else:
                parts.append(piece)
        messages.append(Message(_role(role), parts))
    return messages


def _role(name: str) -> Role:
    return next(role for role in ("system", "user", "assistant") if role == name)  # type: ignore[return-value]


def _lengths(bounds: list[list[int]], prompt: str, join: str) -> Iterator[int]:
    """Return how many tokens each sound has; where each second is wrapped by itself, those of a sound follow one another closely."""
    counts = [end - start for start, end in bounds]
    if join or len(counts) == prompt.count(SHOWN[1]):
        return iter(counts)
    joined = list(accumulate(counts, lambda total, more: total + more))
    gaps = [0, *(n + 1 for n, (left, right) in enumerate(pairwise(bounds)) if right[0] - left[1] > 2), len(counts)]
    return iter([(joined[end - 1] - (joined[start - 1] if start else 0)) for start, end in pairwise(gaps)])


def _split(content: str, join: str) -> Iterator[str]:
    """Cut a message's content into its parts."""
    pieces = re.split("(" + "|".join(map(re.escape, SHOWN)) + ")", content)
    for n, piece in enumerate(pieces):
        if piece in SHOWN:
            yield piece
            continue
        text = piece.removeprefix(join) if n else piece
        text = text.removesuffix(join) if n + 1 < len(pieces) else text
        if text:
            yield text


def half_duplex(goldens: Goldens, folder: Path, weights: Weights, text: Text) -> Tally:
    """Compare all half-duplex conversations of a folder, the text of them."""
    tally = Tally()
    for name, events in described(folder / "half_duplex.json")["cases"].items():
        tally.cases += 1
        _conversation(tally, name, events, goldens, weights, text)
    return tally


def _conversation(tally: Tally, name: str, events: list[dict[str, Any]], goldens: Goldens, weights: Weights, text: Text) -> None:
    settings = HalfDuplexing(stream_input=True)
    now, shown, second, n = chatting.begin(weights), 0, 0, 0
    numbers, calls = iter(splitmix(SEED, 1 << 12).tolist()), _calls(events)
    while n < len(events):
        kind = events[n + 1]["ev"] if n + 1 < len(events) else ""
        if kind == "prefill":
            message, pictures, sounds = _given(events[n + 1]["prompt"], goldens, shown, second)
            shown, second = shown + pictures, second + sounds
            now = _compare_given(tally, f"{name} {n}", events[n], events[n + 1]["prompt"], now, message, weights, text, settings)
            n += 2
            continue
        fed = n + 1 + next(k for k, event in enumerate(events[n + 1 :]) if event["ev"] == "generated")
        now, found = _compare_answer(tally, f"{name} {n}", events[n : fed + 1], now, weights, text, settings)
        if weights.speech is not None and events[fed]["ids"] is not None and (given := next(calls, None)):
            _compare_groups(tally, f"{name} {n}", given, ends_likely(weights), found, numbers)
        n = fed + 1


def _given(prompt: str, goldens: Goldens, shown: int, second: int) -> tuple[Message, int, int]:
    """Read the message of a prompt. Returns also how many pictures and seconds of the user it took."""
    found = re.fullmatch(r"(?:<\|tts_eos\|>)?(?:<\|im_end\|>\n)?(?:<\|im_start\|>(\w+)\n)?(.*?)(?:<\|im_end\|>\n)?", prompt, re.DOTALL)
    assert found is not None
    role, parts, pictures, sounds = found[1] or "user", [], 0, 0
    for piece in _split(found[2], ""):
        if piece == SHOWN[0]:
            parts.append(_image(goldens.frames[(shown + pictures) % len(goldens.frames)]))
            pictures += 1
        elif piece == SHOWN[1] and role == "system":
            parts.append(Audio(goldens.sound("ref").tobytes()))
        elif piece == SHOWN[1]:
            parts.append(Audio(goldens.user((second + sounds) * HZ, HZ).tobytes()))
            sounds += 1
        else:
            parts.append(piece)
    return Message(_role(role), parts), pictures, sounds


def _compare_given(
    tally: Tally,
    name: str,
    event: dict[str, Any],
    prompt: str,
    now: chatting.Conversation,
    message: Message,
    weights: Weights,
    text: Text,
    settings: HalfDuplexing,
) -> chatting.Conversation:
    _, feed = steps.prefill(now.where, message, text, settings)
    _, pieces = chatting.encoded(weights, now.heard, feed, settings)
    tally.like(f"{name}, rows", thinking.embedded(weights, pieces).float().numpy(), event["embeds"])
    now = chatting.listen(weights, now, message, text, settings)
    tally.same(f"{name}, cache", now.cache.length, event["kv"])
    if tally.same(f"{name}, was fed", now.hidden is not None, True) and now.hidden is not None:
        tally.logits(f"{name}, logits", thinking.logits(weights, now.hidden), event["logits"])
    return now


def _compare_answer(
    tally: Tally, name: str, events: list[dict[str, Any]], now: chatting.Conversation, weights: Weights, text: Text, settings: HalfDuplexing
) -> tuple[chatting.Conversation, Reply]:
    opened, *fed, generated = events
    forbidden = (*text.bad, *SIGNS) if generated["ids"] is not None else ()  # where it is spoken, too
    replying = replace(HALF_DUPLEX, mode="greedy", most=len(fed), forbidden=forbidden)
    _, feed = steps.generate(now.where, text, settings)
    tally.like(f"{name}, opening", thinking.embedded(weights, [feed.rendered.tokens]).float().numpy(), opened["embeds"])
    first, hidden = thinking.feed(weights, now.cache, [feed.rendered.tokens])
    tally.same(f"{name}, opened", first.length, opened["kv"])
    now, found = chatting.respond(weights, now, text, settings, replying)
    tally.logits(f"{name}, first logits", thinking.logits(weights, hidden[-1]), opened["logits"])
    tally.same(f"{name}, tokens", len(found.ids), len(fed))
    for n, (token, state, event) in enumerate(zip(found.ids, found.states, fed)):
        tally.like(f"{name}, token {n}", thinking.embedded(weights, [(token,)]).float().numpy(), event["embeds"])
        tally.logits(f"{name}, logits after {n}", thinking.logits(weights, state), event["logits"])
    if generated["ids"] is None:
        tally.same(f"{name}, text", text.decode(found.ids), "".join(piece for piece, _ in generated["yields"]))
    else:
        tally.same(f"{name}, ids", list(found.ids), generated["ids"])
    tally.same(f"{name}, cache", now.cache.length, generated["kv"])
    return now, found


def _compare_groups(tally: Tally, name: str, calls: list[int], weights: Weights, found: Reply, numbers: Iterator[float]) -> None:
    """Say an answer group by group, and compare the codes with those that the vocoder was given."""
    answer, said, over = groups.silent(weights), [SILENCE] * AHEAD, found.end is not None
    for start in range(0, len(found.ids), GROUP):
        part, last = slice(start, start + GROUP), start + GROUP >= len(found.ids)
        answer, pieces = groups.say(weights, answer, found.ids[part], found.states[part], over=over and last, draw=lambda: next(numbers))
        said += [code for piece in pieces for code in piece.codes]
    tally.same(f"{name}, codes", [*said, *answer.waiting], calls)


def _calls(events: list[dict[str, Any]]) -> Iterator[list[int]]:
    """Return the codes that the vocoder was given for each answer: each call but the last ends with three that the next begins with."""
    codes: list[int] = []
    for _, given, last in (call for event in events for call in event.get("vocoder_calls", ()) if call[0] == "stream"):
        codes += given if last else given[:-AHEAD]
        if last:
            yield codes
            codes = []
