"""A form says how groups are written, and is checked where it is made."""

from __future__ import annotations

import pytest

from omniflow_graph import seconds
from operators.omni_flow.tokens.groups import Form


@pytest.mark.parametrize(("window", "tokens"), [(1.0, 10), (0.5, 5), (0.2, 2), (0.1, 1), (2.0, 20)])
def test_a_window_holds_ten_audio_tokens_a_second(window, tokens):
    assert Form(window_ns=seconds(window)).audio_tokens == tokens


def test_a_window_without_text_is_padded_where_nothing_else_would_be_in_it():
    padded = {(boundaries, control): Form(boundaries, control).pads for boundaries in ("explicit", "implicit") for control in ("LS", "LT")}
    assert padded == {("explicit", "LS"): False, ("explicit", "LT"): True, ("implicit", "LS"): True, ("implicit", "LT"): True}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"boundaries": "none"}, "wants boundaries explicit or implicit, got 'none'"),
        ({"control": "ls"}, "wants control LS or LT, got 'ls'"),
        ({"window_ns": 0}, "wants a window of whole audio tokens, 0.1 s each, got 0 s"),
        ({"window_ns": -100_000_000}, "got -0.1 s"),
        ({"window_ns": 250_000_000}, "got 0.25 s; take 1.0, 0.5, 0.2 or 0.1"),
    ],
)
def test_a_form_that_there_is_not_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        Form(**given)
