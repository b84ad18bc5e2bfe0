"""`omniflow nano eval` refuses in one line what it cannot do, and shows each measure with its n."""

from __future__ import annotations

import json

import pytest

from simulations.commands import nano
from simulations.nano.judging import Tally
from tests.omniflow_graph.commands.calls import Shell


@pytest.fixture
def omniflow(capsys, tmp_path, monkeypatch) -> Shell:
    (tmp_path / "manifest.json").write_text(json.dumps({"splits": ["train"], "seeds": [[1000, 2000]]}))
    monkeypatch.setattr(nano, "MANIFEST", tmp_path / "manifest.json")
    return Shell(capsys)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--voices", "train"], "the model was trained with the voices 'train', which tells nothing; take heldout, flite-awb, one-voice"),
        (["--voices", "mine"], "wants voices out of train, heldout, flite-awb, one-voice, got 'mine'"),
        (["--seed", "999", "--sessions", "2"], "the model was trained with seeds 1000 to 1999, got 999 to 1000; take others"),
        (["--seed", "-1"], "--seed: wants a whole number from 0 to 2**64 - 1, got -1"),
        (["--sessions", "0"], "wants 1 to 100000 sessions, 1 to 64 processes and 5 to 86400 s, got 0, "),
        (["--length", "2"], "and 5 to 86400 s, got 300, "),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_one_line(omniflow, arguments, words):
    found = omniflow("nano", "eval", *arguments)
    assert found.code != 0
    assert words in found.err
    assert found.err.count("\n") == 1


def test_without_weights_it_says_where_they_come_from(omniflow, tmp_path):
    (tmp_path / "manifest.json").unlink()
    assert "there are no weights, as " in omniflow("nano", "eval").err


def test_each_measure_is_shown_with_its_n(capsys):
    nano._show(nano.metrics(Tally(both=3, hit=[1, 0], latency=[0.5, 0.75], sound=[1.0], minutes=2.0, false_turns=1)))
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert (rows["f1"], rows["turn_hit"], rows["exact"]) == (["1.000", "3"], ["0.500", "2"], ["-", "0"])
    assert (rows["latency_p90_s"], rows["sound_median_s"], rows["false_turns_per_minute"]) == (["0.750", "2"], ["1.000", "1"], ["0.500", "2.0"])
