"""Lines are said, cut into units, and kept: what was said once is not said again."""

import numpy as np
import pytest

from simulations.nano.training import corpus as module
from simulations.nano.training.corpus import corpus, pieces, strings, utterance


def test_a_line_is_whole_units_and_words_share_them():
    said = utterance("one, two")
    assert said.words == ("one,", "two")
    assert len(said.samples) == 960 * said.ends[-1]
    assert said.frames.shape == (4 * said.ends[-1], 82)
    assert 0 < said.ends[0] < said.ends[1]


def test_strings_are_drawn_from_a_seed_and_end_without_a_comma():
    drawn = strings(("a", "b,"), 50, seed=3)
    assert drawn == strings(("a", "b,"), 50, seed=3) != strings(("a", "b,"), 50, seed=4)
    assert {len(line.split()) for line in drawn} == set(range(1, 8))
    assert not any(line.endswith(",") for line in drawn)


def test_pieces_are_all_runs_of_words_but_whole_lines():
    assert pieces(["one, two", "two"]) == ["one"]
    assert pieces(["no it is"]) == ["no", "no it", "it", "it is", "is"]


def test_what_was_said_is_read_again(tmp_path, monkeypatch):
    first = corpus(["okay", "yes", "okay"], tmp_path)
    monkeypatch.setattr(module, "utterance", lambda line: pytest.fail(f"says {line!r} again"))
    again = corpus(["okay", "yes"], tmp_path)
    assert [said.words for said in again] == [said.words for said in first] == [("okay",), ("yes",)]
    for one, other in zip(first, again):
        assert one.ends == other.ends
        assert all(np.array_equal(a, b) for a, b in zip(one[2:], other[2:]))
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]
