"""A run is compared with what is expected of it: by digests where they can be equal, else by turns or times."""

from __future__ import annotations

from dataclasses import replace

import pytest

from omniflow_graph import Trace, diff, replay, seconds
from operators.pinned.comparison import compare
from operators.pinned.expectation import Expectation, Settings, here, pin
from operators.turns import told
from tests.omniflow_graph.trace.parrot import NUMBERS, Word, parrot, talk, traced
from tests.operators.commands.rooms import LINE, answered, room, script

SETTINGS = Settings("tests.omniflow_graph.trace.parrot:parrot")
ELSEWHERE = {**here(), "numpy": "1.0"}
SAID = {"start_s": 2.29, "end_s": 4.03, "text": LINE, "cause": "user speech 1 ended at 1.98 s"}


def pinned(trace: Trace, exact: str = "everywhere") -> Expectation:
    return pin(trace, SETTINGS, exact=exact)


def shown(found) -> tuple:
    """An event as time, seq and what is known of its payload."""
    return found and (found.time, found.seq, str(found.data))


# By digests


@pytest.mark.parametrize("where", [here(), ELSEWHERE])
@pytest.mark.parametrize("exact", ["everywhere", "here"])
def test_the_same_run_is_as_expected_wherever_it_is_made(exact, where):
    found = compare(pinned(traced(), exact), traced(), where=where)
    assert (found.equal, found.by, found.first, found.lost, found.new, found.notes) == (True, "digests", None, [], [], ())


CHANGES = [(*NUMBERS[:8], 12), (*NUMBERS[:8], 0), (*NUMBERS, 3), (0,), (5, 5, *NUMBERS[2:])]


@pytest.mark.parametrize("numbers", CHANGES, ids=str)
def test_the_first_difference_is_that_of_the_two_traces(numbers):
    then, now = traced(), traced(*numbers)
    wanted, found = diff(now, then), compare(pinned(then), now)
    assert wanted is not None
    assert found.first is not None
    assert (found.equal, found.by) == (False, "digests")
    assert (found.first.edge, found.first.time, found.first.index) == (wanted.edge, wanted.time, wanted.index)
    assert [event and event[:3] for event in (found.first.a, found.first.b)] == [event and event[:3] for event in (wanted.a, wanted.b)]


def louder(said: int, event) -> tuple[int, list[Word]]:
    return said + 1, [Word(event.data.k, "AAH")] if event.data.k == 2 else []


def test_an_event_that_is_no_more_is_named_with_what_it_held_and_with_what_fed_it():
    found = compare(pinned(traced()), traced(graph=parrot(louder))).first
    assert (found.edge, found.index, shown(found.a), shown(found.b)) == (
        "think", 0, (seconds(3.1), 0, "Word(k=2, text='AAH')"), (seconds(1.1), 0, "k=0  text=2 up to 7"),
    )  # fmt: skip
    assert found.fed_by.splitlines() == [
        "think #0 at 1.100 s: k=0  text=2 up to 7",
        "  <- window #0 at 1.000 s: window 0 [0 s, 1 s)",
        "    <- loud #1..2 at 0.250 s: 5",
        "       #2 at 0.500 s: 7",
        "      <- mic #1..2 at 0.250 s: 4 bytes, and 1 more up to 0.500 s",
    ]


def test_an_event_that_is_new_is_named_with_what_fed_it():
    found = compare(pinned(traced(graph=parrot(louder))), traced()).first
    assert (found.edge, found.time, shown(found.a)) == ("think", seconds(1.1), (seconds(1.1), 0, "Word(k=0, text='2 up to 7')"))
    assert found.fed_by.splitlines()[1] == "  <- window #0 at 1.000 s: window 0 [0 s, 1 s)"


def test_an_edge_that_is_no_more_differs():
    found = compare(pinned(traced()), traced(graph=parrot(fed_back=False)))
    assert (found.equal, found.first.edge, found.first.time) == (False, "again", seconds(1.1))


def test_an_expectation_that_was_edited_says_so():
    then = pinned(traced())
    found = compare(replace(then, edges={**then.edges, "loud": replace(then.edges["loud"], digest="00" * 32)}), traced())
    assert (found.equal, found.first.edge, found.first.fed_by) == (False, "loud", "its digest differs, and no event: the expectation was edited")
    found = compare(replace(then, windows=4), traced())
    assert (found.equal, found.first, found.notes[0][:50]) == (False, None, "every event is as expected, and what is told of th")


# Where floats may differ: by times


def test_elsewhere_payloads_do_not_count_but_times_do():
    then = pinned(traced(), "here")
    alike, other = (traced(*numbers) for numbers in ((*NUMBERS[:8], 12), (*NUMBERS[:8], 0)))
    assert [compare(then, trace, where=here()).equal for trace in (alike, other)] == [False, False]
    found = [compare(then, trace, where=ELSEWHERE) for trace in (alike, other)]
    assert [(each.equal, each.by) for each in found] == [(True, "times"), (False, "times")]
    assert found[0].notes == (f"digests differ, and only times are compared: pinned elsewhere (numpy {here()['numpy']}, here 1.0)",)
    assert (found[1].first.edge, found[1].first.time, found[1].first.a) == ("loud", seconds(2), None)


def test_what_computes_in_integers_is_compared_by_digests_elsewhere_too():
    found = compare(pinned(traced()), traced(*NUMBERS[:8], 12), where=ELSEWHERE)
    assert (found.equal, found.by, found.first.edge) == (False, "digests", "mic")


# Where floats may differ: by turns


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> Trace:
    folder = tmp_path_factory.mktemp("said")
    return answered(room(folder), script(folder))


def other_wave(expected: Expectation, **turn) -> Expectation:
    """Change what was expected of the voice, and of the turn."""
    edges = {**expected.edges, "wave": replace(expected.edges["wave"], digest="00" * 32)}
    return replace(expected, edges=edges, turns=[{**expected.turns[0], **turn}] if turn else expected.turns)


@pytest.mark.parametrize(
    ("turn", "equal"), [({}, True), ({"end_s": 4.07}, True), ({"end_s": 3.99}, True), ({"end_s": 4.09}, False), ({"text": "I can hear you."}, False),
                        ({"start_s": 2.3}, False), ({"cause": "it is 2 s"}, False)],
)  # fmt: skip
def test_elsewhere_a_turn_begins_when_it_did_and_may_sound_50_ms_longer_or_shorter(said, turn, equal):
    assert told(said) == [SAID]
    found = compare(other_wave(pinned(said, "here"), **turn), said, where=ELSEWHERE)
    assert (found.equal, found.by, found.first is None) == (equal, "turns", equal)
    assert (found.lost, found.new) == (([], []) if equal else ([{**SAID, **turn}], [SAID]))


def test_elsewhere_a_turn_that_begins_later_is_named_with_what_was_expected(said):
    first = compare(other_wave(pinned(said, "here"), start_s=2.2), said, where=ELSEWHERE).first
    assert (first.edge, first.index, first.time, first.b.data) == ("play", 0, seconds(2.2), f"{LINE}  (until 4.030 s)")
    assert (first.a.time, first.fed_by) == (seconds(2.29), "because user speech 1 ended at 1.98 s")


def test_elsewhere_a_turn_that_is_new_is_named_with_what_fed_it(said):
    first = compare(replace(other_wave(pinned(said, "here")), turns=[]), said, where=ELSEWHERE).first
    assert (first.edge, first.index, first.time, first.b) == ("play", 0, seconds(2.29), None)
    assert [line.split("<- ")[-1].split()[0] for line in first.fed_by.splitlines()] == [
        "play", "cues", "wave", "speech", "decide", "window", "listen", "(48", "#99", "env-audio",
    ]  # fmt: skip


def test_elsewhere_a_turn_that_is_no_more_is_named(said):
    silence = {**SAID, "start_s": 4.0, "end_s": 4.4}
    then = other_wave(pinned(said, "here"))
    first = compare(replace(then, turns=[SAID, silence]), said, where=ELSEWHERE).first
    assert (first.edge, first.time, first.a, first.b.data) == ("play", seconds(4), None, f"{LINE}  (until 4.400 s)")


def test_a_run_on_bytewax_is_compared_as_well():
    assert compare(pinned(traced()), replay(parrot(), talk(*NUMBERS))).equal
