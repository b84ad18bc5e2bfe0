"""The rate of sound is known where a function declares it: what it gives, or what it takes of a source."""

from __future__ import annotations

from functools import partial

from omniflow_graph import Event, Graph, Pcm16, seconds
from omniflow_graph.graph.rates import Taker, rates, takers


def voiced(event: Event, *, loud: int = 1) -> Pcm16:
    return event.data


def heard(state: None, event: Event) -> tuple[None, list[str]]:
    return state, []


voiced.rate_hz, heard.takes_hz = 24_000, 16_000  # type: ignore[attr-defined]


def test_what_an_operator_gives_has_its_rate_wherever_it_is_led():
    g = Graph("g")
    g.merge("all", g.source("mic", Pcm16))
    g.map("voice", "all", partial(voiced, loud=2))
    g.feedback("echo", "voice", "all", delay=1)
    g.sink("out", "voice")
    assert rates(g) == {"voice": 24_000, "echo": 24_000}


def test_a_source_has_the_rate_that_is_taken_of_it_through_merges_and_windows():
    g = Graph("g")
    both = g.merge("both", g.source("mic", Pcm16), g.source("phone", Pcm16), g.source("eye"))
    g.sink("out", g.stage("ear", g.align("window", both, length=seconds(1)), heard))
    assert takers(g) == {"mic": Taker("ear", 16_000), "phone": Taker("ear", 16_000)}
    assert rates(g) == {"mic": 16_000, "phone": 16_000}


def test_whoever_changes_sound_before_it_is_heard_may_be_given_any():
    g = Graph("g")
    g.sink("out", g.stage("ear", g.map("made", g.source("mic", Pcm16), lambda event: event.data), heard))
    assert rates(g) == {}


def test_of_several_who_hear_a_source_the_first_counts():
    g = Graph("g")
    g.stage("ear", g.source("mic", Pcm16), heard)
    g.stage("other", "mic", heard)
    g.sink("out", "ear", "other")
    assert takers(g) == {"mic": Taker("ear", 16_000)}
