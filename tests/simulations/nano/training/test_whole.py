"""All stages in small: what comes out is written as a checkpoint that onnxruntime and torch load, and that its manifest describes."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import pytest

from operators.nano import loading, modules
from operators.nano.tensors import read_tensors, write_tensors
from simulations.nano.training import mind, whole
from simulations.nano.training.exporting import seal, write
from simulations.nano.training.perceiving import by_oracle, by_senses
from simulations.nano.training.sequences import batch
from simulations.nano.training.thinking import hidden_at
from tests.simulations.nano.standing_in import needs_espeak
from tests.simulations.nano.training.small import small

torch = pytest.importorskip("torch", reason="needs torch: pip install 'omniflow-graph[model]'")
pytest.importorskip("onnx", reason="needs onnx: pip install 'omniflow-graph[model]'")
pytestmark = needs_espeak
TINY = whole.Plan(ears=(1, 1e-3), eyes=(1, 1e-3), mind=(1, 1e-3), compared=(1, 1e-3), grounded=(1, 1e-3), joint=(1, 1e-3))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    shown: list[str] = []
    root, config = whole.train(folder, 3, plan=TINY, config=small(), split="one-voice", show=lambda stage, *_: shown.append(stage))
    write(root, config, folder / "checkpoint")
    return root, config, folder, shown


def test_all_stages_are_run_in_their_order(trained):
    _, _, folder, shown = trained
    assert shown == ["ears", "eyes", "mind", "compared", "grounded", "joint"]
    assert sorted(path.stem for path in folder.glob("*.pt")) == sorted(shown)


def test_what_is_done_is_not_done_again(trained):
    root, config, folder, _ = trained
    shown: list[str] = []
    again, _ = whole.train(folder, 3, plan=TINY, config=config, split="one-voice", show=lambda stage, *_: shown.append(stage))
    assert shown == []
    assert all(torch.equal(one, other) for one, other in zip(root.parameters(), again.parameters(), strict=True))


def test_what_is_written_is_loaded_by_onnxruntime_and_by_torch(trained):
    _, config, folder, _ = trained
    nano, weights = loading.load(folder / "checkpoint"), modules.load_modules(folder / "checkpoint")
    assert nano.config == config
    assert nano.speech is None
    pieces = [nano.vocabulary.encode("the lamp is red"), np.ones((3, config.width), np.float32)]
    hidden = [each.thinking.feed(each, each.thinking.begin(each), pieces)[1] for each in (nano, weights)]
    assert np.abs(hidden[0] - hidden[1]).max() < 1e-4


def test_speech_that_is_there_stays(trained):
    root, config, folder, _ = trained
    path = folder / "checkpoint" / "model.safetensors"
    write_tensors(path, {**read_tensors(path), "speech.one": np.arange(3, dtype=np.float16)})
    write(root, config, folder / "checkpoint")
    assert read_tensors(path, "speech.")["one"].tolist() == [0, 1, 2]


def test_a_manifest_keeps_what_it_said_and_digests_anew(trained):
    checkpoint = trained[2] / "checkpoint"
    seal(checkpoint, seed=3)
    seal(checkpoint, splits=["train"])
    said = json.loads((checkpoint / "manifest.json").read_text())
    assert (said["seed"], said["splits"]) == (3, ["train"])
    assert said["sha256"]["model.safetensors"] == sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest()
    assert "manifest.json" not in said["sha256"]


def test_the_last_layer_where_something_is_chosen_is_as_transformers_computes_it_everywhere(trained):
    root, config, _, _ = trained
    sessions = mind.drawn(np.random.default_rng(4), 3, split="one-voice")
    of = batch(sessions, config)
    before = np.roll(of.chosen, -1, axis=1)
    with torch.no_grad():
        rows = mind.embedded(root, of, by_oracle(root, config, sessions, np.random.default_rng(5)))
        whole_ = root.llm.model(inputs_embeds=rows, use_cache=False).last_hidden_state
        assert (whole_[torch.from_numpy(before)] - hidden_at(root.llm, config, rows, before)).abs().max() < 1e-4


def test_ears_and_eyes_give_as_many_tokens_as_an_oracle(trained):
    root, config, _, _ = trained
    sessions = mind.drawn(np.random.default_rng(6), 2, split="one-voice")
    with torch.no_grad():
        told, sensed = by_oracle(root, config, sessions, np.random.default_rng(7)), by_senses(root, config, sessions)
    assert [each.shape for each in told] == [each.shape for each in sensed]


def test_sessions_with_something_to_compare_are_preferred():
    drawn, telling = (of(np.random.default_rng(8), 40, split="one-voice") for of in (mind.drawn, mind.telling))
    assert len(telling) == 40
    assert sum(map(mind._compared, telling)) > sum(map(mind._compared, drawn))
