"""The speech that ships says every line of nano's world about as the voice it learned from does: no recogniser is needed to tell."""

import numpy as np
import pytest

from operators.nano.speech.bundled import CHECKPOINT, speech
from operators.nano.speech.saying import Saying, step
from simulations.nano.assistant_voice import spoken
from simulations.nano.speech_eval import mel_distance, nano_voice
from simulations.nano.words import ANSWER_WORDS, lines


def test_it_knows_every_word_that_is_answered():
    assert set(ANSWER_WORDS) <= set(speech().words)


@pytest.mark.parametrize("line", ["the lamp is red", "i see two blocks", "one, two, three, four"])
def test_a_line_sounds_more_like_itself_than_like_another(line):
    said = nano_voice(speech())(line)
    others = "yes it is boiling", "no it is purple", "the kettle is boiling now"
    assert mel_distance(spoken(line)[0], said) < 0.8 * min(mel_distance(spoken(other)[0], said) for other in others)


def test_every_line_takes_as_long_as_it_should():
    say = nano_voice(speech())
    ratios = {line: len(say(line)) / len(spoken(line)[0]) for line in lines()[::5]}
    assert all(0.85 < ratio < 1.2 for ratio in ratios.values()), ratios


def test_a_line_that_comes_word_by_word_is_said_to_its_end():
    state, sounds, marks = Saying(), [], []
    words = ["i", "see", "two", "blocks"]
    for n, word in enumerate(words):
        state, samples, more = step(speech(), state, (word,), n + 1 == len(words))
        sounds.append(samples)
        marks += more
    sound = np.concatenate(sounds)
    assert 0.7 < len(sound) / len(spoken("i see two blocks")[0]) < 1.6
    assert [mark.characters for mark in marks] == [1, 5, 9, 16]
    assert marks[-1].sample == len(sound)


def test_what_ships_is_small():
    assert sum(path.stat().st_size for path in CHECKPOINT.glob("speech_*.onnx")) < 400_000
    assert (CHECKPOINT / "model.safetensors").stat().st_size <= 12_000_000
