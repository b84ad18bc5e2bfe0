"""Hand out answers whose words have real times: those that are bundled, and longer ones drawn from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import recordings
from omniflow_graph.canonical import pack
from omniflow_graph.chance import Draws
from omniflow_graph.recording import open_recording
from operators.omni_flow.interleaving.dialogue import Answer, Dialogue, Token, Word, dialogue

BUNDLED = Path(__file__).parent / "answers_zh.json"  # MIT; answers_zh.LICENCE.md
SHORTEST, LONGEST = 5, 90  # words of a drawn answer
MOST_ANSWERS = 3  # of a drawn dialogue


@dataclass(frozen=True)
class Phrase:
    """Hold words and tokens that begin and end together, from 0, and how long they take with the pause after them, in ns."""

    words: tuple[Word, ...]
    tokens: tuple[Token, ...]
    duration: int


@cache
def bundled() -> dict[str, Dialogue]:
    """Return the bundled dialogues by name: ten answers in Chinese, 0.06 s precise."""
    return {name: dialogue(data, name=name) for name, data in json.loads(BUNDLED.read_text(encoding="utf-8")).items()}


def phrases(answer: Answer) -> list[Phrase]:
    """Cut an answer wherever a word and a token begin together."""
    words, tokens = answer.words, answer.tokens
    cuts = [n for n, token in enumerate(tokens) if token.onset == words[token.word].start and (not n or tokens[n - 1].word < token.word)]
    found = []
    for begin, end in zip(cuts, [*cuts[1:], len(tokens)]):
        first, last = tokens[begin].word, tokens[end].word if end < len(tokens) else len(words)
        start = answer.start(begin)
        shifted = [token._replace(word=token.word - first, start=token.start - start, onset=token.onset - start) for token in tokens[begin:end]]
        spoken = [word._replace(start=word.start - start, end=word.end - start) for word in words[first:last]]
        found.append(Phrase(tuple(spoken), tuple(shifted), answer.start(end) - start))
    return found


def joined(parts: Sequence[Phrase]) -> Answer:
    """Say phrases one after another."""
    words: list[Word] = []
    tokens: list[Token] = []
    at = 0
    for part in parts:
        tokens += [token._replace(word=token.word + len(words), start=token.start + at, onset=token.onset + at) for token in part.tokens]
        words += [word._replace(start=word.start + at, end=word.end + at) for word in part.words]
        at += part.duration
    return Answer(0, at, tuple(words), tuple(tokens))


def drawn(seed: int) -> list[Answer]:
    """Draw the answers of one dialogue: one to three of 5 to 90 words, phrase by phrase from the bundled ones, which all are as likely."""
    pool = [phrase for each in bundled().values() for answer in each.answers for phrase in phrases(answer)]
    draws = Draws(pack(seed), pack("answers"))
    return [_drawn(pool, draws) for _ in range(1 + draws.below(MOST_ANSWERS))]


def _drawn(pool: Sequence[Phrase], draws: Draws) -> Answer:
    wanted, parts = SHORTEST + draws.below(LONGEST - SHORTEST + 1), []
    while sum(len(part.words) for part in parts) < wanted:
        parts.append(pool[draws.below(len(pool))])
    return joined(parts)


def recorded(unit: int) -> dict[str, list[tuple[Answer, int]]]:
    """Return what bundled recordings have of the bundled answers, each with how long after a window of `unit` ns it sounds."""
    known = {text(answer): answer for each in bundled().values() for answer in each.answers}
    found = {}
    for name, path in recordings.bundled().items():
        recording = open_recording(path)
        turns = [turn.data for turn in recording.events(["turns"])] if "turns" in recording.manifest.streams else []
        here = [(known[turn["text"]], turn["start_ns"] % unit) for turn in turns if turn["text"] in known]
        found |= {name: here} if here else {}
    return found


def text(answer: Answer) -> str:
    """Return what an answer says."""
    return "".join(token.text for token in answer.tokens)
