"""A command has a meaning, or is refused in words."""

from __future__ import annotations

import pytest

from omniflow_graph.live.commands import checked_command


@pytest.mark.parametrize(
    "command",
    [
        {"do": "open", "system": "Be brief.", "voice": b"RIFF", "mode": "duplex", "options": {"speed": 1.5}},
        {"do": "open"},
        {"do": "text", "text": "Hello"},
        {"do": "mode", "mode": "turn-based"},
        *({"do": do} for do in ("force_listen", "interrupt", "pause", "resume", "close")),
    ],
)
def test_a_command_is_taken_as_it_is_but_for_its_session(command):
    assert checked_command({**command, "session": "ann"}) == command


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "wants a map with do: one of open, text, mode, force_listen"),
        ({"do": "fly"}, "wants a map with do: one of"),
        ({"do": ["open"]}, "wants a map with do: one of"),
        ({"do": "close", "now": True}, "close: has no 'now'; it has nothing more"),
        ({"do": "open", "sytem": "x"}, "open: has no 'sytem'; it has system, voice, mode, options"),
        ({"do": "text"}, "text: wants text"),
        ({"do": "text", "text": ""}, "text: wants another text, got ''"),
        ({"do": "text", "text": "x" * 16_001}, "text: wants another text"),
        ({"do": "open", "voice": bytes(70_000)}, "open: wants another voice"),
        ({"do": "open", "options": {1: 2}}, "open: wants another options"),
    ],
)
def test_anything_else_is_refused(given, words):
    with pytest.raises(ValueError) as caught:
        checked_command(given)
    assert words in str(caught.value)
