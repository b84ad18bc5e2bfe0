"""A graph as a picture: every operator has a box of its own, right of what it reads; feedback is labelled with its delay."""

from __future__ import annotations

from xml.etree import ElementTree

from omniflow_graph import Graph, seconds
from operators.duplex import duplex

SVG = "{http://www.w3.org/2000/svg}"


def boxes(graph: Graph) -> dict[str, tuple[int, int, str]]:
    """Return for each name where its box is, and how it is drawn."""
    found = {}
    for group in ElementTree.fromstring(graph.svg()).iter(f"{SVG}g"):
        rect, name = group.find(f"{SVG}rect"), group.find(f"{SVG}text")
        assert rect is not None
        assert name is not None
        assert name.text is not None
        found[name.text] = int(rect.get("x", "")), int(rect.get("y", "")), rect.get("class", "")
    return found


def test_every_operator_has_a_box_of_its_own_right_of_what_it_reads():
    graph = duplex(model="scripted-fast")
    placed = boxes(graph)
    assert placed.keys() == graph.nodes.keys()
    assert len({place[:2] for place in placed.values()}) == len(placed)
    assert all(placed[of][0] < placed[name][0] for name, node in graph.nodes.items() for of in node.forward)


def test_islands_are_tinted_and_sources_are_not():
    placed = boxes(duplex(model="scripted-fast"))
    assert placed["decide"][2] == "stage island"
    assert placed["env-audio"][2] == "source"


def test_feedback_is_labelled_with_its_delay_and_costs_and_rates_are_told():
    g = Graph("a<b")
    tick = g.source("tick", int)
    joined = g.merge("joined", tick)
    g.sink("out", g.stage("work", joined, lambda state, event: (state, []), cost=seconds(0.3)))
    g.feedback("again", "work", joined, delay=seconds(1.5))
    words = [text.text for text in ElementTree.fromstring(g.svg()).iter(f"{SVG}text")]
    assert "again +1.5 s" in words
    assert "stage  cost 300 ms" in words
    assert "<title>a&lt;b</title>" in g.svg()
    assert any(text and text.endswith("24 kHz") for text in (each.text for each in ElementTree.fromstring(duplex().svg()).iter(f"{SVG}text")))
