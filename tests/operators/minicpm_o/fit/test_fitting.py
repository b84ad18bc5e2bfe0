"""A model in 4 bit runs a window and says what memory it took; the published sizes stay below 12 GB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.small import SPEAKING, TALKING

pytestmark = pytest.mark.model
TINY = replace(TALKING, speech=replace(SPEAKING, llm_dim=16))


@pytest.fixture(scope="module")
def found():
    needs_torch()
    pytest.importorskip("onnx", reason="the package onnx is not installed: pip install '.[model]'")
    from operators.minicpm_o.fit.fitting import fit
    from operators.minicpm_o.voice.shapes import VocoderSizes
    from tests.operators.minicpm_o.voice.drawn import SMALL as VOICE

    told = []
    found = fit("full-size", config=TINY, sizes=VOICE, vocoder_sizes=VocoderSizes("causal", 16, 8), fast=True, told=told.append)
    return found, told


def test_a_window_runs(found):
    ran = found[0].ran
    assert (ran.rows, ran.samples, 1 <= ran.tokens <= 22) == (77, 24_000, True)  # unit, a look of 64 with its marks, a second of sound
    assert found[1][-4:] == ["prepared", "taken in", "answered", "spoken"]


def test_each_part_is_told_with_the_bytes_that_it_holds(found):
    parts = found[0].components
    assert parts["embeddings"] == 151_748 * 16 * 2
    head = 151_748 * (128 + 4)
    layer = (16 + 8 + 8 + 16 + 24 + 24 + 16) * (64 + 4)  # each row is filled up to 128 weights, and has a scale
    norms = (2 * 16 + 2 * 8 + 16) * 2
    assert parts["language"] == head + layer + norms
    assert set(parts) == {"language", "embeddings", "vision", "resampler", "audio", "audio_projector", "speech", "voice", "cache"}
    assert all(size > 0 for size in parts.values())


def test_it_is_told_as_text_and_as_json(found):
    from operators.minicpm_o.fit.fitting import table

    lines = table(found[0]).splitlines()
    assert lines[-1] == "below 12 GB"
    assert any(line.startswith("one window ran: 77 rows in, ") for line in lines)
    described = json.loads(json.dumps(found[0].described()))
    assert (described["window_ran"], described["fits"], described["window"]["samples"]) == (True, True, 24_000)
    assert described["peak_rss_bytes"] > sum(described["components"].values())
    assert described["speed"]["tokens_per_s"] > 0


def test_more_than_12_gb_do_not_fit(found):
    from operators.minicpm_o.fit.fitting import table

    large = replace(found[0], peak_rss_bytes=12_000_000_000)
    assert (large.fits, table(large).splitlines()[-1]) == (False, "not below 12 GB")


def test_a_checkpoint_s_folder_fits_too(tmp_path, monkeypatch, capsys):
    needs_torch()
    import argparse

    from operators.commands import model
    from operators.minicpm_o.fit import fitting
    from tests.operators.minicpm_o import small
    from tests.operators.minicpm_o.voice import drawn

    folder = small.write(drawn.write(tmp_path), TINY)
    parser = argparse.ArgumentParser()
    model.add(parser)
    assert model.run(parser.parse_args(["fit", str(folder), "--json"])) == 0
    out = capsys.readouterr().out.strip().splitlines()
    assert json.loads(out[-1])["components"]["embeddings"] == 151_748 * 16 * 2
    monkeypatch.setattr(fitting, "MOST", 1)
    assert model.run(parser.parse_args(["fit", str(folder)])) == 1


@pytest.mark.full
def test_the_published_sizes_stay_below_12_gb():
    """Made weight by weight in a process of its own; some minutes."""
    needs_torch()
    command = [sys.executable, "-m", "omniflow_graph.command", "model", "fit", "full-size", "--speed", "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.strip().splitlines()[-1])
    print(ran.stdout)
    assert found["window_ran"]
    assert found["peak_rss_bytes"] < 12_000_000_000
    assert sum(found["components"].values()) < found["peak_rss_bytes"]
