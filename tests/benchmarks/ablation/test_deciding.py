"""Who chooses in every arm what is right is fed the very sequence that is learned from, and judged to be right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.ablation import arms
from benchmarks.ablation.arms import ARMS
from benchmarks.ablation.deciding import talk
from benchmarks.ablation.writing import _sequence, words_of
from operators.omni_flow.tokens.groups import Form
from simulations.nano.judging import judge, metrics
from simulations.nano.sessions import Session
from simulations.nano.training.sequences import config_of
from tests.simulations.nano.standing_in import needs_espeak

CONFIG = config_of()


class Right:
    """Choose what is right, read off the sequence that is learned from."""

    def __init__(self, session: Session, form: Form) -> None:
        self.ids, places, right = _sequence(session, CONFIG, form)
        self.right, self.fed = dict(zip(places.tolist(), right.tolist())), []

    def __call__(self, ids: Sequence[int]) -> np.ndarray:
        self.fed += list(ids)
        scores = np.zeros(len(words_of(CONFIG).ids))
        scores[words_of(CONFIG).rows[self.right.get(len(self.fed) - 1, 0)]] = 1
        return scores


@needs_espeak
@pytest.mark.parametrize("form", ARMS.values(), ids=ARMS)
def test_what_is_right_is_fed_as_it_is_learned(form):
    for seed in range(22, 30):
        session = arms.drawn(seed, form, "one-voice")
        right = Right(session, form)
        found = metrics(judge(session, talk(right, CONFIG, form, session)))
        assert right.fed == right.ids.tolist()
        assert {found["f1"], found["exact"], found["in_window"], found["barge_in_stop"], found["backchannel_keep"]} <= {1.0, None}
        assert found["false_turns_per_minute"] == 0


@needs_espeak
def test_not_every_window_of_a_second_has_a_picture_and_all_arms_see_the_same():
    sessions = [[arms.drawn(seed, form, "one-voice").drawn for form in ARMS.values()] for seed in range(20)]
    assert all(of == drawn[0] for drawn in sessions for of in drawn)
    seen = sum(len(drawn[0].pictures) for drawn in sessions)
    assert 0.5 < seen / (20 * 20) < 0.75
