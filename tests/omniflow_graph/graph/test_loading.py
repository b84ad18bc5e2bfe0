"""`module:function` finds a graph in the working directory or installed; what it does not find, it says in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from omniflow_graph import GraphError, seconds
from omniflow_graph.graph.loading import load_graph

ROOT = Path(__file__).parents[3]
MINE = """
from omniflow_graph import Graph, seconds

def echo(*, window: float = 1.0, model: str | None = None) -> Graph:
    g = Graph(model or "echo")
    g.sink("out", g.align("w", g.source("mic"), length=seconds(window)))
    return g

def of_anything(**options) -> Graph:
    return echo().replace("w", length=len(options))

def plain() -> Graph:
    return echo()

def picky(name, *, window) -> Graph:
    return echo()

def unread() -> Graph:
    g = Graph("unread")
    g.source("mic")
    return g

def nothing(): ...
def failing(): raise KeyError("mine")

made = echo(window=3.0)
number = 3
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Be in a folder of one's own, with a module; forget both afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    known = set(sys.modules)
    (tmp_path / "mine_to_load.py").write_text(MINE)
    yield tmp_path
    for name in set(sys.modules) - known:
        if name.partition(".")[0].endswith("_to_load"):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "options", "length"),
    [
        ("echo", None, 1.0),
        ("echo", {"window": 0.2}, 0.2),
        ("echo", {"window": None, "model": None}, 1.0),
        ("echo", {"recording": object(), "playback": "recorded"}, 1.0),
        ("plain", {}, 1.0),
        ("made", {"playback": "recorded"}, 3.0),
        ("of_anything", {"window": 1, "recording": object(), "model": None}, 2e-9),
        ("picky", {"name": "a", "window": 2}, 1.0),
    ],
)
def test_a_function_of_the_working_directory_is_handed_what_it_takes(here, name, options, length):
    assert load_graph(f"mine_to_load:{name}", options).nodes["w"].length == seconds(length)
    assert sys.path[-1] == str(here)


def test_the_working_directory_is_searched_last(here):
    (here / "json.py").write_text("raise RuntimeError('never imported')")
    with pytest.raises(GraphError, match=r"module 'json' has no 'graph'; it has .*dumps"):
        load_graph("json:graph")
    load_graph("mine_to_load:made")
    assert sys.path.count(str(here)) == 1


def test_a_module_in_a_package_is_found(here):
    (here / "pack_to_load").mkdir()
    (here / "pack_to_load" / "inner.py").write_text(MINE)
    assert load_graph("pack_to_load.inner:made").name == "echo"
    with pytest.raises(GraphError, match=r"^graph 'pack_to_load.outer:made': no module 'pack_to_load.outer' here or installed; run from"):
        load_graph("pack_to_load.outer:made")


@pytest.mark.parametrize(
    ("reference", "options", "words"),
    [
        ("mine_to_load", {}, "graph 'mine_to_load': wants module:function, such as operators.duplex:duplex"),
        (":echo", {}, "graph ':echo': wants module:function, such as operators.duplex:duplex"),
        ("mine_to_load:", {}, "graph 'mine_to_load:': wants module:function, such as operators.duplex:duplex"),
        ("./mine_to_load.py:echo", {}, "graph './mine_to_load.py:echo': wants module:function, such as operators.duplex:duplex"),
        (
            "nowhere_to_load:echo",
            {},
            "graph 'nowhere_to_load:echo': no module 'nowhere_to_load' here or installed; run from the folder that holds it",
        ),
        (
            "mine_to_load.py:echo",
            {},
            "graph 'mine_to_load.py:echo': no module 'mine_to_load.py' here or installed; run from the folder that holds it",
        ),
        (
            "mine_to_load:ecko",
            {},
            "graph 'mine_to_load:ecko': module 'mine_to_load' has no 'ecko'; it has Graph, seconds, echo, of_anything, plain, picky, "
            "unread, nothing, failing",
        ),
        ("mine_to_load:echo", {"script": "a", "fps": 3}, "graph 'mine_to_load:echo': takes no fps, script; it takes window, model"),
        ("mine_to_load:plain", {"window": 1.0}, "graph 'mine_to_load:plain': takes no window; it takes nothing"),
        ("mine_to_load:made", {"window": 1.0}, "graph 'mine_to_load:made': takes no window: it is no function; name one that returns a graph"),
        ("mine_to_load:picky", {"window": 1.0}, "graph 'mine_to_load:picky': needs name, which is not given; give each parameter a default"),
        ("mine_to_load:number", {}, "graph 'mine_to_load:number': wants a Graph or a function that returns one, got int"),
        ("mine_to_load:nothing", {}, "graph 'mine_to_load:nothing': wants a Graph or a function that returns one, got NoneType"),
        ("mine_to_load:unread", {}, "graph 'unread': no sink needs 'mic'; add g.sink('out', 'mic') or remove it"),
    ],
)
def test_what_names_no_graph_is_refused_with_a_way_out(here, reference, options, words):
    with pytest.raises(GraphError) as refused:
        load_graph(reference, options)
    assert str(refused.value) == words


@pytest.mark.parametrize("missing", ["nowhere", "numpy.nowhere", "hungry"])
def test_what_a_module_fails_to_import_is_not_mistaken_for_the_module(here, missing):
    (here / "hungry_to_load.py").write_text(f"import {missing}")
    with pytest.raises(ModuleNotFoundError, match=f"No module named '{missing}'"):
        load_graph("hungry_to_load:echo")


def test_what_the_function_raises_is_its_own(here):
    with pytest.raises(KeyError, match="mine"):
        load_graph("mine_to_load:failing")


def test_a_folder_that_hides_one_of_our_packages_is_named(tmp_path):
    (tmp_path / "operators").mkdir()
    (tmp_path / "operators" / "__init__.py").touch()
    (tmp_path / "operators" / "duplex.py").write_text(MINE)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    command = [sys.executable, "-m", "omniflow_graph.command", "graph", "operators.duplex:echo"]
    found = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    folder = (tmp_path / "operators").resolve()
    words = f"omniflow: the folder {folder} hides the package 'operators' of omniflow-graph; rename it, or run from another folder\n"
    assert (found.returncode, found.stdout, found.stderr) == (2, "", words)
