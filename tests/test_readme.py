"""The README is true: its examples print what they say, its tree names every module, its commands exist."""

from __future__ import annotations

import ast
import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_print_what_stands_beside_them(capsys):
    known: dict = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        for statement in ast.parse(block).body:
            source = ast.get_source_segment(block, statement) or ""
            said = re.search(r"print\(.*\)\s+# (.*)", block.splitlines()[statement.end_lineno - 1])
            exec(compile(source, "<README.md>", "exec"), known)  # no file: nobody is to read the source of a function there
            out = capsys.readouterr().out
            if said:
                assert said[1].startswith(out.strip()), source
    tests = [example for name, example in known.items() if name.startswith("test_")]
    assert len(tests) == 1
    for example in tests:
        example()


def test_the_chain_that_an_example_prints_goes_from_the_decision_to_samples_and_frames(capsys):
    block = next(block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "why(" in block)
    exec(block, {})
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    edges = [line.removeprefix("<- ").split()[0] for line in lines if not line.startswith(("#", "("))]  # the rest of a range
    assert edges == ["decide", "window", "look", "env-visual", "listen", "env-audio"]


def test_the_tree_names_every_module():
    tree = README.partition("## The tree")[2].partition("## What is not there yet")[0]
    named = set(re.findall(r"[\w]+\.py", tree))
    folders = ("omniflow_graph", "operators", "simulations")
    modules = {path.name for folder in folders for path in (ROOT / folder).rglob("*.py") if path.parent.name != "commands"} - {"__init__.py"}
    assert named == modules


def test_the_commands_exist():
    shown = set(re.findall(r"^omniflow (\w+) ", README, re.MULTILINE))
    assert shown == {entry.name for entry in entry_points(group="omniflow.commands")} - {"selftest"}


@pytest.mark.parametrize("words", ["make demo", "make test", "## How time works", "## What is not there yet"])
def test_what_a_newcomer_needs_is_there(words):
    assert words in README
