"""Sessions are written as the runtime will feed them: what is written can be read back as windows, and says what the oracle says."""

from __future__ import annotations

import numpy as np

from operators.nano.vocabulary import Vocabulary
from operators.omni_flow.tokens.vocabulary import AUDIO, CHUNK_EOS, LISTEN, PLACEHOLDER, SPEAK, TTS_BOS, TURN_EOS, UNIT, UNIT_END, name
from simulations.nano.oracle import Turn, Uttered
from simulations.nano.sessions import Session, Told, session
from simulations.nano.training.sequences import batch, config_of, sequence
from simulations.nano.words import ANSWER_WORDS
from tests.simulations.nano.standing_in import needs_espeak

CONFIG = config_of()
WORDS = Vocabulary(CONFIG.texts)


def windows(ids: np.ndarray) -> list[list[int]]:
    """Cut a sequence behind each window; the prompt goes with the first."""
    ends = np.flatnonzero(ids == UNIT_END) + 1
    return [part.tolist() for part in np.split(ids, ends)[:-1]]


def told(listen: bool, said: str = "", ends: str = "") -> Told:
    return Told((0,) * 10, None, listen, tuple(ANSWER_WORDS.index(word) for word in said.split()), ends)


@needs_espeak
def test_a_window_holds_what_is_perceived_and_what_is_right():
    for of in (session(seed, split="one-voice") for seed in range(30)):
        ids, chosen = sequence(of, CONFIG)
        parts = windows(ids)
        assert len(parts) == len(of.told)
        assert [part.count(AUDIO) for part in parts] == [len(each.heard) for each in of.told]
        assert [part.count(PLACEHOLDER) for part in parts] == [4 * bool(each.seen) for each in of.told]
        assert [WORDS.decode(part[part.index(UNIT) :]).split() for part in parts] == [[ANSWER_WORDS[word] for word in each.said] for each in of.told]
        assert all((SPEAK in part) != (LISTEN in part) for part in parts)
        assert {name(token) for token in ids[chosen] if token >= 150_000} <= {
            "<|listen|>", "<|speak|>", "<|turn_eos|>", "<|chunk_eos|>", "<|tts_bos|>",
        }  # fmt: skip
        assert not chosen[np.isin(ids, (UNIT, UNIT_END, AUDIO, PLACEHOLDER))].any()


def answers(windows_told: list[Told], begins: list[int]) -> list[list[str]]:
    """Write windows, and return of each what the model chooses."""
    of = Session(None, 10**9, tuple(windows_told), tuple(Turn(k, "", "count") for k in begins))  # type: ignore[arg-type]
    object.__setattr__(of, "drawn", type("Drawn", (), {"prompt": 0}))
    ids, chosen = sequence(of, CONFIG)
    ends = np.flatnonzero(ids == UNIT_END)
    cut = np.split(np.arange(len(ids)), ends + 1)[:-1]
    return [[WORDS.texts[i] if i < len(WORDS.texts) else name(int(i)) for i in ids[part][chosen[part]]] for part in cut]


def test_what_is_stopped_ends_its_turn_before_it_listens():
    assert answers([told(False, "one, two,", "chunk"), told(True), told(True)], [0]) == [
        ["<|speak|>", "one,", "two,", "<|chunk_eos|>"],
        ["<|turn_eos|>", "<|listen|>"],
        ["<|listen|>"],
    ]


def test_another_answer_inside_a_turn_begins_with_a_mark_of_its_own():
    assert answers([told(False, "one, two,", "chunk"), told(False, "hello there", "turn"), told(False, "okay", "turn")], [0, 1, 2]) == [
        ["<|speak|>", "one,", "two,", "<|chunk_eos|>"],
        ["<|speak|>", "<|tts_bos|>", "hello", "there", "<|turn_eos|>", "<|chunk_eos|>"],
        ["<|speak|>", "okay", "<|turn_eos|>", "<|chunk_eos|>"],
    ]


def test_a_window_in_which_no_word_is_due_speaks_without_any():
    assert answers([told(False, "okay", "chunk"), told(False, "", "chunk")], [0])[1] == ["<|speak|>", "<|chunk_eos|>"]


@needs_espeak
def test_sequences_side_by_side_are_filled_up_behind_their_ends():
    sessions = [session(seed, split="one-voice") for seed in (1, 2)]
    of = batch(sessions, CONFIG)
    for n, each in enumerate(sessions):
        ids, chosen = sequence(each, CONFIG)
        assert np.array_equal(of.sound[n, : len(ids)], ids == AUDIO)
        assert np.array_equal(of.chosen[n, : len(ids)], chosen)
        assert not of.chosen[n, len(ids) :].any()
        assert not of.sound[n, len(ids) :].any()


def test_marks_and_words_have_rows_of_their_own():
    assert len({*WORDS.rows[list(WORDS.ids)]}) == len(WORDS.ids)
    assert WORDS.rows[CHUNK_EOS] != WORDS.rows[TURN_EOS] != WORDS.rows[TTS_BOS]
    assert Uttered(0, 1, 0).kind == "colour"
