"""`omniflow model check` compares a checkpoint with what was recorded: a table, one JSON object, and exit 1 where anything is off."""

from __future__ import annotations

import json
import shutil

import pytest

from omniflow_graph.command import refuse
from operators.commands import model
from tests.operators.minicpm_o.conftest import checkpoint  # noqa: F401, a fixture
from tests.operators.minicpm_o.recipe import DATA

pytestmark = pytest.mark.model


def run(capsys, *args):
    import argparse

    parser = argparse.ArgumentParser()
    model.add(parser)
    try:
        code = model.run(parser.parse_args(["check", *map(str, args)]))
    except ValueError as error:
        code = refuse(error)
    return code, capsys.readouterr()


@pytest.fixture
def goldens(tmp_path):
    """The quick ones: pictures cut, and text as ids."""
    folder = tmp_path / "goldens"
    shutil.copytree(DATA / "a_slicing", folder / "a_slicing")
    (folder / "inputs").symlink_to(DATA / "inputs")
    return folder


def test_what_agrees_is_0(capsys, checkpoint, goldens):  # noqa: F811
    code, out = run(capsys, checkpoint, "--goldens", goldens, "--json")
    lines = out.out.strip().split("\n")
    none_off = {"max_abs_diff": 0.0, "exact_mismatches": 0}
    assert code == 0
    assert lines[0].split() == ["component", "cases", "compared", "max", "abs", "diff", "not", "equal"]
    assert lines[-2] == "all within 0.0001, and equal where it must be"
    assert json.loads(lines[-1]) == {"components": {"slicing": {"cases": 20, **none_off}, "tokenizer": {"cases": 11, **none_off}}}


def test_what_does_not_agree_is_1_and_told(capsys, checkpoint, goldens):  # noqa: F811
    recorded = json.loads((goldens / "a_slicing" / "tokenizer.json").read_text())
    recorded["rows"][0]["ids"] = [1]
    (goldens / "a_slicing" / "tokenizer.json").write_text(json.dumps(recorded))
    code, out = run(capsys, checkpoint, "--goldens", goldens)
    assert code == 1
    assert "tokenizer: ids of 'Hello, world!': wants [1], got [9707, 11, 1879, 0]" in out.out


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("slicing.json", "{", "cannot be read"),
        ("slicing.json", "{}", "what was recorded of slicing cannot be read (KeyError('rows')); make it again"),
        ("tokenizer.json", None, "what was recorded of tokenizer cannot be read"),
    ],
)
def test_recordings_that_cannot_be_read_are_refused(capsys, checkpoint, goldens, name, content, words):  # noqa: F811
    path = goldens / "a_slicing" / name
    path.unlink() if content is None else path.write_text(content)
    code, out = run(capsys, checkpoint, "--goldens", goldens)
    assert (code, words in out.err) == (2, True)


def test_a_folder_without_goldens_and_one_without_a_checkpoint_are_refused(capsys, tmp_path):
    code, out = run(capsys, tmp_path, "--goldens", tmp_path)
    assert (code, "wants a folder with inputs/ and what was recorded of them" in out.err) == (2, True)
    (tmp_path / "inputs").mkdir()
    code, out = run(capsys, tmp_path, "--goldens", tmp_path)
    assert (code, "wants a folder with a config.json; there is none" in out.err) == (2, True)
