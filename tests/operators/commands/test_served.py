"""What was served is replayed as it was served, unless another way is asked for."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from omniflow_graph import RecordingError
from omniflow_graph.recording import Manifest, Recording
from operators.commands.served import LIVE, Served, as_served, served_in
from operators.commands.settings import DEFAULT_GRAPH

WAY = Served(DEFAULT_GRAPH, "scripted-fast", "script.yaml", 0.5, "env-audio,playback,telemetry", 3, {"overlap": "on-speech"})


def recording(way: Served | None = WAY, **notes: Any) -> Recording:
    return Recording(Path("x.mcap"), Manifest("x", notes={"served": way.noted()} if way else notes), ())


def asked(**given: Any) -> Namespace:
    return Namespace(**{"graph": DEFAULT_GRAPH, "model": None, "script": None, "window": None, "seed": 0, "set": [], **given})


def filled(args: Namespace, *opened: Recording) -> Namespace:
    as_served(args, list(opened))
    return args


def test_what_was_not_asked_for_is_as_it_was():
    assert filled(asked(), recording()) == asked(
        graph=LIVE,
        model="scripted-fast",
        script="script.yaml",
        window=0.5,
        seed=3,
        set=[f"graph={DEFAULT_GRAPH}", "beside=env-audio,playback,telemetry", "overlap=on-speech"],
    )


def test_what_is_asked_for_stays():
    args = filled(asked(window=0.2, seed=5, script="other.yaml", set=["overlap=listen-only"]), recording())
    assert (args.window, args.seed, args.script, args.set[-1]) == (0.2, 5, "other.yaml", "overlap=listen-only")


@pytest.mark.parametrize("given", [{"model": "scripted"}, {"graph": "my:graph"}])
def test_another_model_or_graph_is_not_mixed_with_it(given):
    assert filled(asked(**given), recording()) == asked(**given)


def test_recordings_that_were_served_otherwise_or_not_at_all_are_left_alone():
    assert filled(asked(), recording(None)) == asked()
    assert filled(asked(), recording(), recording(None)) == asked()
    assert filled(asked()) == asked()


def test_where_there_is_a_player_its_word_counts():
    assert [Served("g", None, None, None, beside, 0).options()["playback"] for beside in ("a,playback", "a")] == ["recorded", "simulated"]


def test_notes_that_say_something_else_are_said():
    assert served_in(recording(None)) is None
    with pytest.raises(RecordingError, match="its notes do not say how it was served"):
        served_in(recording(None, served={"graph": "x"}))
