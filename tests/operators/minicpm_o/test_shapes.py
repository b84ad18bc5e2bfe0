"""Every weight of the published checkpoint is known by its name and shape; what is missing, extra or misshapen is named."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import pytest

from operators.minicpm_o.config import Config
from operators.minicpm_o.shapes import check_shapes, counted, expected
from tests.operators.minicpm_o.small import SMALL

SHAPES = expected(SMALL)


def test_the_published_checkpoint_has_so_many_weights():
    whole, silent = expected(Config()), expected(replace(Config(), speech=None))
    assert (len(whole), sum(map(prod, whole.values())), len(silent)) == (1414, 9_371_787_666, 1220)


def test_some_of_them_are_as_the_specification_says():
    whole = expected(Config())
    assert {name: whole[name] for name in ("resampler.attn.in_proj_weight", "apm.conv1.weight", "llm.model.layers.35.self_attn.k_proj.weight")} == {
        "resampler.attn.in_proj_weight": (12288, 4096),
        "apm.conv1.weight": (1024, 80, 3),
        "llm.model.layers.35.self_attn.k_proj.weight": (1024, 4096),
    }
    assert whole["tts.head_code.0.parametrizations.weight.original1"] == (6562, 768)
    assert "apm.layers.0.self_attn.k_proj.bias" not in whole


def test_a_checkpoint_that_is_whole_passes():
    check_shapes(SHAPES, SMALL, "there")


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({name: shape for name, shape in SHAPES.items() if "conv1.b" not in name}, r"lacks apm.conv1.bias, \[16\]"),
        ({**SHAPES, "apm.conv3.bias": (16,)}, "holds apm.conv3.bias, which MiniCPM-o 4.5 has not"),
        ({**SHAPES, "resampler.query": (63, 32)}, r"wants resampler.query as \[64, 32\], by its config.json, got \[63, 32\]"),
        ({name: shape for name, shape in SHAPES.items() if "apm" not in name}, r"lacks apm.conv1.bias, \[16\], and 36 more"),
    ],
)
def test_a_key_that_is_wrong_is_named(held, words):
    with pytest.raises(ValueError, match=words):
        check_shapes(held, SMALL, "there")


def test_layers_are_counted_and_another_number_in_the_config_is_told():
    more = replace(SMALL, sight=replace(SMALL.sight, num_hidden_layers=3))
    with pytest.warns(UserWarning, match="says 3 layers of vpm, the weights hold 2"):
        assert counted(more, SHAPES, "there") == SMALL


def test_a_layer_of_which_one_weight_is_missing_is_counted_and_missed():
    held = {name: shape for name, shape in SHAPES.items() if name != "vpm.encoder.layers.1.mlp.fc1.bias"}
    with pytest.raises(ValueError, match=r"lacks vpm.encoder.layers.1.mlp.fc1.bias"):
        check_shapes(held, counted(SMALL, held, "there"), "there")


def test_speech_is_there_with_all_of_its_weights_or_not_at_all():
    whole = replace(SMALL, speech=Config().speech)
    assert counted(whole, SHAPES, "there").speech is None
    with pytest.raises(ValueError, match="lacks tts"):
        check_shapes({**SHAPES, "tts.model.norm.weight": (768,)}, counted(whole, [*SHAPES, "tts.model.norm.weight"], "there"), "there")
