"""`omniflow graph` prints any graph that a module holds, as text or as a drawing."""

from __future__ import annotations

import sys

import pytest

from operators.duplex import duplex
from tests.omniflow_graph.trace.parrot import parrot

PARROT = "tests.omniflow_graph.trace.parrot:parrot"
MODULE = """
from omniflow_graph import Graph

def lonely(window: float = 1.0):
    g = Graph("lonely")
    g.sink("out", g.align("window", g.source("mic"), length=round(window * 10**9)))
    return g

ready = lonely()
empty = Graph("empty")

def needs(more):
    return ready

def text():
    return "a text"
"""


@pytest.fixture
def mine(tmp_path, monkeypatch) -> str:
    """A module of the user's own, in the working directory."""
    (tmp_path / "my_graphs_here.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    return "my_graphs_here"


def test_a_graph_is_printed_line_by_line(omniflow):
    assert omniflow("graph", PARROT) == (
        0,
        f"graph parrot  {parrot().hash()[:12]}\n"
        "  source   mic     : Pcm16\n"
        "  map      loud    <- mic  : int\n"
        "  align    window  <- loud, again  length 1 s  : Window\n"
        "  stage    think   <- window  cost 100 ms  : Word\n"
        "  map      squawk  <- think  : Pcm16\n"
        "  scan     play    <- squawk  : str\n"
        "  sink     out     <- think, play\n"
        "  feedback again   play -> window  delay 0 ns\n"
        "  island   window, think, squawk, play\n",
        "",
    )


def test_a_graph_is_drawn(omniflow):
    assert omniflow("graph", PARROT, "--mermaid") == (0, parrot().mermaid() + "\n", "")
    assert parrot().mermaid().startswith("flowchart LR\n")
    assert omniflow("graph", PARROT, "--svg") == (0, parrot().svg() + "\n", "")


def test_without_a_name_it_is_the_duplex_pipeline_with_the_model_and_window_asked_for(omniflow):
    assert omniflow("graph") == (0, duplex().text() + "\n", "")
    given = omniflow("graph", "--model", "scripted-fast", "--window", "0.2")
    assert given == (0, duplex(model="scripted-fast", window=0.2).text() + "\n", "")
    assert "align    window      <- look, listen, playback  length 200 ms" in given.out


def test_a_graph_of_ones_own_is_found_in_the_working_directory(omniflow, mine):
    lines = omniflow("graph", f"{mine}:lonely", "--window", "0.5").out.splitlines()
    assert (lines[0].split()[:2], lines[2]) == (["graph", "lonely"], "  align    window  <- mic  length 500 ms  : Window")
    assert omniflow("graph", f"{mine}:ready").out.splitlines()[2] == "  align    window  <- mic  length 1 s  : Window"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{mine}:nothing"], "module '{mine}' has no 'nothing'; it has Graph, lonely, needs, text"),
        (["{mine}:text"], "wants a Graph or a function that returns one, got str"),
        (["{mine}:needs"], "needs more, which is not given"),
        (["{mine}:empty"], "graph 'empty': is empty; add a source and a sink"),
        (["{mine}:lonely", "--model", "scripted"], "takes no model; it takes window"),
        (["{mine}:lonely", "--window", "nan"], "--window: wants seconds, more than 0 and up to 1e9, got nan"),
        (["{mine}"], "wants module:function, such as operators.duplex:duplex"),
        (["nowhere_at_all:graph"], "no module 'nowhere_at_all' here or installed; run from the folder that holds it"),
        (["..:graph"], "wants module:function"),
        (["--model", "gpt"], "wants a model out of scripted, scripted-fast, recorded, nano, blocked, passive, got 'gpt'"),
        (["{mine}:lonely", "--window", "1e300"], "--window: wants seconds, more than 0 and up to 1e9, got 1e+300"),
        (["--window", "0"], "--window: wants seconds, more than 0 and up to 1e9, got 0.0"),
        (["--window", "3601"], "wants a window of 0.001 to 3600 seconds, got 3601.0"),
        (["--window", "wide"], "argument --window: invalid float value: 'wide'"),
        (["--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_what_is_no_graph_is_refused(omniflow, mine, arguments, words):
    assert words.format(mine=mine) in omniflow.refused("graph", *(argument.format(mine=mine) for argument in arguments))
