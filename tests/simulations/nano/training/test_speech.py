"""Speech is trained stage by stage, and a run that was cut goes on with the next stage."""

import numpy as np
import pytest

from simulations.nano.training import speech
from simulations.nano.training.corpus import Utterance
from simulations.nano.training.speech import Said, kept


def test_a_stage_that_is_done_is_read(tmp_path):
    path = tmp_path / "folder" / "units.npz"
    assert kept(path, lambda: {"a": np.arange(3)})["a"].tolist() == [0, 1, 2]
    assert kept(path, lambda: pytest.fail("makes it again"))["a"].tolist() == [0, 1, 2]


def test_a_stage_that_is_cut_leaves_nothing_that_looks_done(tmp_path):
    def cut():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path / "units.npz", cut)
    assert not (tmp_path / "units.npz").exists()


def test_lines_pieces_and_strings_are_drawn_by_their_shares():
    one = Utterance((), (), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))
    said = Said([one] * 2, [one] * 3, [one] * 5)
    assert len(said.all) == len(said.shares) == 10
    assert said.shares == pytest.approx([0.15] * 2 + [0.05] * 3 + [0.11] * 5)


def test_every_stage_is_kept_in_the_order_in_which_one_needs_the_other(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch", reason="wants the extra model")
    from tests.simulations.nano.training.babble import LINES, WORDS

    monkeypatch.setattr(speech, "collected", lambda folder, seed, count: Said(LINES, LINES, LINES))
    monkeypatch.setattr(speech, "ANSWER_WORDS", WORDS)
    monkeypatch.setattr(speech, "speech_graphs", lambda weights: {"all": str(len(weights)).encode()})
    stages = []
    trained = speech.train(tmp_path, 5, steps=speech.Steps(1, 1, 1, 1), show=lambda stage, *rest: stages.append(stage))
    assert stages == ["vocoder", "flow", "speaking", "tuning"]
    assert trained.words == WORDS
    assert {weight.dtype for weight in trained.weights.values()} == {np.dtype(np.float16)}
    again = speech.train(tmp_path, 5, steps=speech.Steps(1, 1, 1, 1), show=lambda *shown: pytest.fail("trains again"))
    assert all(np.array_equal(again.weights[name], weight) for name, weight in trained.weights.items())
    assert torch.get_num_threads() == 1
