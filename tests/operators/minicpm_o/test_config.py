"""A checkpoint's config.json is read for the sizes that it gives; what it leaves out is as published, and what is no size is refused."""

from __future__ import annotations

import json

import pytest

from operators.minicpm_o.config import Config, read_config
from tests.operators.minicpm_o.small import SMALL, described


def read(folder, **changed):
    (folder / "config.json").write_text(json.dumps({**described(SMALL), **changed}))
    return read_config(folder)


def test_sizes_are_those_of_the_file(tmp_path):
    assert read(tmp_path) == SMALL


def test_what_is_left_out_is_as_published(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "minicpmo"}')
    assert read_config(tmp_path) == Config()


def test_the_base_of_rotations_is_found_where_newer_files_have_it(tmp_path):
    assert read(tmp_path, rope_parameters={"rope_theta": 5e5}).language.rope_theta == 5e5


def test_heads_share_the_width_where_no_width_of_theirs_is_given(tmp_path):
    of = {name: value for name, value in described(SMALL).items() if name != "head_dim"}
    (tmp_path / "config.json").write_text(json.dumps(of))
    assert read_config(tmp_path).language.head_dim == 32 // 4


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"model_type": "qwen3"}, "wants model_type 'minicpmo', got 'qwen3'"),
        ({"hidden_size": 0}, "wants hidden_size as a whole number above 0, such as 4096, got 0"),
        ({"hidden_size": "32"}, "wants hidden_size as a whole number above 0, such as 4096, got '32'"),
        ({"query_num": True}, "wants query_num as a whole number above 0, such as 64, got True"),
        ({"vision_config": 3}, "wants an object for vision_config, got 3"),
        ({"vision_config": {"hidden_size": 17, "num_attention_heads": 2}}, "wants vision_config.hidden_size as a multiple of 2, got 17"),
        ({"num_attention_heads": 3}, "wants num_attention_heads as a multiple of 2, got 3"),
        ({"tie_word_embeddings": True}, "wants tie_word_embeddings False, as MiniCPM-o 4.5 has it, got True"),
        ({"rms_norm_eps": float("nan")}, "wants rms_norm_eps as a number above 0, such as 1e-06, got nan"),
    ],
)
def test_what_is_no_config_of_this_model_is_refused(tmp_path, changed, words):
    with pytest.raises(ValueError, match=r"^checkpoint") as refused:
        read(tmp_path, **changed)
    assert words in str(refused.value)


def test_a_folder_without_one_is_no_checkpoint(tmp_path):
    with pytest.raises(ValueError, match=r"wants a folder with a config.json; there is none"):
        read_config(tmp_path)


def test_a_file_that_is_cut_off_is_no_config(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "minic')
    with pytest.raises(ValueError, match="cannot be read as JSON"):
        read_config(tmp_path)
