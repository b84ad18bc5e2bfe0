"""A tokenizer turns text into ids and back, and nothing that somebody says into a mark."""

from __future__ import annotations

import json
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.omni_flow.tokens.tokenizer import Bytes, load_tokenizer
from operators.omni_flow.tokens.vocabulary import LISTEN, NAMES, SPECIAL_FROM, TURN_EOS
from tests.operators.omni_flow.tokens.published import tokenizer


@given(st.text())
def test_bytes_are_read_back_as_the_text_they_were(text):
    assert Bytes().decode(Bytes().encode(text)) == text


def test_marks_have_no_text():
    assert Bytes().decode((LISTEN, 104, 105, TURN_EOS)) == "hi"
    assert Bytes().decode((195,)) == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("system\nStreaming Omni Conversation.\n", (8948, 198, 76509, 85225, 50830, 624)),
        ("\n\nprevious: ", (271, 19702, 25, 220)),
        ("\n", (198,)),
        ("assistant\n", (77091, 198)),
        ("\n\n", (271,)),
    ],
)
def test_the_published_tokenizer_gives_the_ids_of_the_specification(text, ids):
    assert tokenizer().encode(text) == ids
    assert tokenizer().decode(ids) == text


def test_the_published_tokenizer_takes_what_looks_like_a_mark_for_text():
    for written in NAMES.values():
        ids = tokenizer().encode(f"say {written} twice")
        assert max(ids) < SPECIAL_FROM
        assert NAMES.keys().isdisjoint(ids)
        assert tokenizer().decode((LISTEN, *ids)) == f"say {written} twice"


def small(folder, marks=(), text=None):
    """Write a tokenizer of five entries."""
    vocab = {"a": 0, "b": 1, "ab": 2, "<": 3, ">": 4}
    described = {"version": "1.0", "added_tokens": [_mark(token, written) for written, token in marks],
                 "model": {"type": "BPE", "vocab": vocab, "merges": [["a", "b"]]}}  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(described) if text is None else text)
    return folder


def _mark(token: int, written: str) -> dict:
    return {"id": token, "content": written, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}


def test_marks_that_a_folder_knows_are_left_to_those_who_lay_out_tokens(tmp_path):
    pytest.importorskip("tokenizers", reason="the package tokenizers is not installed")
    found = load_tokenizer(small(tmp_path, [("<ab>", 5), ("<|listen|>", LISTEN)]))
    assert (found.name, found.encode("ab<ab>"), found.decode((2, LISTEN))) == (str(tmp_path), (2, 3, 2, 4), "ab")


@pytest.mark.parametrize(
    ("marks", "text", "words"),
    [
        ([("<|listen|>", 5)], None, "wants the vocabulary of MiniCPM-o 4.5, marks from 151643 on, got <|listen|> as 5; name its own folder"),
        ([], "{", "tokenizer.json: cannot be read as one (Expecting property name"),
        ([], "[]", "tokenizer.json: cannot be read as one"),
        ([], "{}", "tokenizer.json: cannot be read as one"),
        ([], '{"added_tokens": [1]}', "tokenizer.json: cannot be read as one"),
    ],
)
def test_another_models_tokenizer_and_what_is_none_are_refused(tmp_path, marks, text, words):
    pytest.importorskip("tokenizers", reason="the package tokenizers is not installed")
    with pytest.raises(ValueError, match=re.escape(words)):
        load_tokenizer(small(tmp_path, marks, text))


def test_a_larger_vocabulary_is_refused(tmp_path):
    pytest.importorskip("tokenizers", reason="the package tokenizers is not installed")
    larger = json.dumps({"model": {"type": "BPE", "vocab": {str(token): token for token in range(SPECIAL_FROM + 1)}, "merges": []}})
    with pytest.raises(ValueError, match="marks from 151643 on, got 151644 entries of text; name its own folder"):
        load_tokenizer(small(tmp_path, text=larger))


def test_a_folder_without_the_file_is_refused_in_one_sentence(tmp_path):
    for given_folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            ValueError, match=f"tokenizer {given_folder}: wants a folder with a tokenizer.json, such as a checkpoint's; there is none"
        ):
            load_tokenizer(given_folder)


def test_without_the_package_it_is_said_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ValueError, match=r"wants the package tokenizers; pip install 'omniflow-graph\[tokenizer\]'"):
        load_tokenizer(small(tmp_path))
