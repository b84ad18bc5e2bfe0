"""What operators load is loaded before the clock starts, wherever in a function it is bound; a recording chooses its model."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

import recordings
from omniflow_graph import Graph
from omniflow_graph.recording import open_recording
from operators.commands.settings import DEFAULT_GRAPH, _loads, model_of, settings, warm
from operators.duplex import duplex
from operators.scripted import voice
from operators.senses import ears


@dataclass(frozen=True)
class Bound:
    tool: Callable[[Any], Any]

    def __call__(self, event: Any) -> Any:
        return self.tool(event)


def test_a_loader_is_found_in_partials_and_callable_objects_and_called_once():
    loaded: list[str] = []

    def tool(event: Any) -> Any:
        return event.data

    def use(event: Any, *, of: Any) -> Any:
        return of(event)

    tool.load = partial(loaded.append, "tool")
    g = Graph("g")
    g.sink("out", g.map("a", g.source("mic"), partial(use, of=Bound(tool))), g.map("b", "mic", tool), g.map("c", "mic", lambda event: None))
    warm(g)
    assert loaded == ["tool"]


def test_the_scripted_model_loads_its_ears_and_its_voice():
    found = {load for node in duplex().nodes.values() for load in _loads(node.fn)}
    assert found == {ears.detector, voice.load}
    assert not {load for node in duplex(model="scripted-fast").nodes.values() for load in _loads(node.fn)}


def test_any_parameter_of_the_graph_may_be_set():
    assert settings(["overlap=duration(short_ack=1,barge_in=2)", "force_listen=3", "text=a: [b"]) == {
        "overlap": "duration(short_ack=1,barge_in=2)",
        "force_listen": 3,
        "text": "a: [b",
    }


@pytest.mark.parametrize(
    ("given", "words"), [("model=nano", "model has an option of its own: --model"), ("overlap", "wants NAME=VALUE"), ("1=2", "wants NAME=VALUE")]
)
def test_what_cannot_be_set_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        settings([given])


@pytest.mark.parametrize(
    ("name", "asked", "model"),
    [
        ("three_questions", {}, "scripted"),
        ("nano_reminder", {}, "nano"),
        ("nano_reminder", {"script": "mine.yaml"}, "scripted"),
        ("nano_reminder", {"model": "scripted-fast"}, "scripted-fast"),
        ("nano_reminder", {"graph": "mine:graph"}, None),
    ],
)
def test_a_recording_of_nanos_world_is_played_to_nano_unless_another_is_asked_for(name, asked, model):
    args = Namespace(**{"graph": DEFAULT_GRAPH, "model": None, "script": None, **asked})
    assert model_of(args, open_recording(recordings.path(name))) == model
