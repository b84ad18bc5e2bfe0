"""How long words take is what the assistant's voice took."""

import pytest

from omniflow_graph.events import SECOND
from simulations.nano.assistant_voice import RATE_HZ, spoken
from simulations.nano.durations import duration_ns, durations_ns

LINE = "the lamp is red now"


def test_the_words_of_a_line_take_as_long_as_its_sound():
    samples, words = spoken(LINE)
    assert len(durations_ns(LINE)) == 5
    assert sum(durations_ns(LINE)) == pytest.approx(len(samples) * SECOND // RATE_HZ, abs=5)
    assert durations_ns(LINE)[0] == words[1][1] * SECOND // RATE_HZ


def test_a_word_is_asked_for_by_name():
    assert duration_ns("red", LINE) == durations_ns(LINE)[3]


def test_a_word_with_a_pause_after_it_takes_longer():
    assert duration_ns("one,", "one, two, three") > duration_ns("one", "i see one block")


def test_a_word_that_the_line_does_not_hold_is_an_error():
    with pytest.raises(ValueError, match="word 'blue': is not in the line 'the lamp is red now'"):
        duration_ns("blue", LINE)
