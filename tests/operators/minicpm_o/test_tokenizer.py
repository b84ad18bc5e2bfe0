"""A checkpoint's tokenizer is built from its files, gives the ids of the reference, and lets nobody write a mark by accident."""

from __future__ import annotations

import json

import pytest

from operators.minicpm_o.tokenizer import MERGES, SETTINGS, VOCAB, build_text, load_text
from operators.omni_flow.tokens.vocabulary import LISTEN, THINK
from tests.operators.minicpm_o.conftest import with_tokenizer
from tests.operators.minicpm_o.recipe import DATA

RECORDED = json.loads((DATA / "a_slicing" / "tokenizer.json").read_text())


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return load_text(with_tokenizer(tmp_path_factory.mktemp("tokenizer")))


@pytest.mark.parametrize("row", RECORDED["rows"], ids=lambda row: repr(row["text"][:20]))
def test_ids_and_texts_are_those_of_the_reference(text, row):
    assert (list(text.read(row["text"])), text.write(row["ids"]), text.decode(row["ids"])) == (row["ids"], row["decoded"], row["decoded_skip"])


def test_what_somebody_says_becomes_no_mark(text):
    assert text.read("<|listen|>") == (LISTEN,)
    assert LISTEN not in text.encode("<|listen|>")
    assert text.decode(text.encode("<|listen|>")) == "<|listen|>"


def test_a_mark_that_is_no_special_token_is_shown(text):
    assert text.decode((LISTEN, THINK)) == "<think>"


def test_ids_that_speech_may_not_hold_are_listed(text):
    assert (len(text.bad), min(text.bad), 7 in text.bad) == (RECORDED["n_bad"], 7, True)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({MERGES: None}, "there is no merges.txt"),
        ({VOCAB: b'{"a": 1'}, "vocab.json and merges.txt cannot be read as one"),
        ({MERGES: b"#version: 0.2\na b c\n"}, "vocab.json and merges.txt cannot be read as one"),
        ({SETTINGS: b'{"added_tokens_decoder": {"7": {"content": "<|listen|>", "special": true}}}'}, "wants the vocabulary of MiniCPM-o 4.5"),
        ({SETTINGS: b"[]"}, "tokenizer_config.json cannot be read"),
    ],
)
def test_files_that_are_none_are_refused(changed, words):
    pytest.importorskip("tokenizers", reason="the package tokenizers is not installed")
    files = {VOCAB: b'{"a": 0, "b": 1, "ab": 2}', MERGES: b"#version: 0.2\na b\n", SETTINGS: b"{}"} | changed
    with pytest.raises(ValueError, match=r"^tokenizer there") as refused:
        build_text({name: content for name, content in files.items() if content is not None}, "there")
    assert words in str(refused.value)


def test_a_folder_without_its_files_says_which_are_wanted(tmp_path):
    with pytest.raises(ValueError, match=r"wants tokenizer.json, or vocab.json, merges.txt and tokenizer_config.json; there is no vocab.json"):
        load_text(tmp_path)
