"""Words that come window by window become one line of sound, with marks where words end, the same every time."""

import numpy as np
import pytest

from operators.nano.speech import saying
from operators.nano.speech.saying import LINE_END, LONGEST, NO_WORD, NOTHING, Saying, step
from tests.operators.nano.speech.tiny import babbling

pytest.importorskip("torch", reason="wants the extra model, to draw weights")

ALL = ("one,", "two,", "three")


def said(*windows):
    state, sounds, marks = Saying(), [], []
    for n, words in enumerate(windows):
        state, samples, more = step(babbling(), state, words, n + 1 == len(windows))
        sounds.append(samples)
        marks += more
    return sounds, marks


def test_a_line_says_where_its_words_end():
    (sound,), marks = said(ALL)
    assert [mark.characters for mark in marks] == [4, 9, 15]
    assert [mark.sample % 960 for mark in marks] == [0, 0, 0]
    assert marks[-1].sample == len(sound) <= 3 * LONGEST * 960
    assert sound.dtype == np.int16


@pytest.mark.parametrize("windows", [[("one,",), ("two,", "three")], [("one,", "two,"), ("three",), ()], [("one,",), (), ("two,",), ("three",)]])
def test_marks_count_from_the_beginning_of_the_line(windows):
    sounds, marks = said(*windows)
    assert [mark.characters for mark in marks] == [4, 9, 15]
    assert marks[-1].sample == sum(map(len, sounds))


def test_eighty_five_milliseconds_wait_for_the_next_window():
    (first, rest), marks = said(("one,", "two,"), ("three",))
    assert len(first) == marks[1].sample - 960 - 3 * 240 - 360
    assert len(first) + len(rest) == marks[2].sample


def test_the_same_words_sound_the_same_every_time():
    (first, second), _ = said(("one,", "two,"), ("three",))
    (again, more), _ = said(("one,", "two,"), ("three",))
    assert np.array_equal(first, again)
    assert np.array_equal(second, more)


def test_how_units_are_cut_into_windows_does_not_show_in_the_sound():
    units = [3, 77, 400, 12, 12, 501, 9, 250, 31, 100]
    whole = vocoded([units])
    for cut in (1, 2, 5, 9):
        assert np.abs(vocoded([units[:cut], units[cut:]]) - whole).max() < 1e-4
    assert np.abs(vocoded([[unit] for unit in units]) - whole).max() < 1e-4


def vocoded(pieces):
    speech, state, sounds = babbling(), Saying(), []
    for n, piece in enumerate(pieces):
        last = n + 1 == len(pieces)
        state = saying.replace(state, units=(*state.units, *piece, *([NOTHING] if last else [])))
        state, frames = saying._frames(speech, state)
        state, wave = saying._wave(speech, state, frames, last)
        sounds.append(wave)
    return np.concatenate(sounds)


def test_after_the_last_words_a_new_line_begins():
    state, _, _ = step(babbling(), Saying(), ALL, True)
    assert (state.said, state.characters, state.cache.shape[3], state.units) == (0, 0, 0, (NOTHING,))


def test_a_step_leaves_the_state_it_was_given_as_it_was():
    state, _, _ = step(babbling(), Saying(), ("one,",), False)
    before = [each.copy() for each in (state.cache, state.flow, state.vocoder, state.wave.pulses)]
    step(babbling(), state, ("two,",), False)
    assert all(np.array_equal(a, b) for a, b in zip(before, (state.cache, state.flow, state.vocoder, state.wave.pulses)))


def test_a_line_of_no_words_is_silent_and_short():
    (sound,), marks = said(())
    assert (len(sound), marks) == (0, [])


def test_a_word_that_was_never_learned_is_refused():
    with pytest.raises(ValueError, match=r"speech: cannot say 'four'; its words are one,, two,, three, okay"):
        step(babbling(), Saying(), ("one,", "four"), True)


def test_the_decoder_reads_a_windows_words_before_it_says_them(monkeypatch):
    read = []
    decode = saying._decode

    def listening(speech, token, now, after, cache):
        read.append((token, now, after))
        scores, cache = decode(speech, token, now, after, cache)
        scores = np.full_like(scores, -1.0)
        scores[saying.WORD_END if len(read) % 2 == 0 else 7] = 1.0
        return scores, cache

    monkeypatch.setattr(saying, "_decode", listening)
    step(babbling(), Saying(), ("two,", "okay"), True)
    two, okay = saying.FIRST_WORD + 1, saying.FIRST_WORD + 3
    assert read[:4] == [(saying.BEGIN, NO_WORD, NO_WORD), (two, NO_WORD, NO_WORD), (okay, NO_WORD, NO_WORD), (LINE_END, two, okay)]
    assert {each[1:] for each in read[4:]} >= {(two, okay), (okay, LINE_END)}
