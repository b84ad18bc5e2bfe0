"""`omniflow diff` exits 1 where two traces differ, and names the first event that does."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniflow_graph import Trace, seconds
from omniflow_graph.recording import Manifest, StreamInfo, write_recording
from omniflow_graph.trace.stored import save_trace
from tests.omniflow_graph.trace.parrot import NUMBERS, parrot, traced

LINES = """\
first difference: edge 'loud', event 2, at 2.000 s
  a: #8 at 2000000000 ns: 9
  b: #8 at 2000000000 ns: 12
  loud #8 at 2.000 s: 9
    <- mic #8 at 2.000 s: {}
"""
BY_REFERENCE = f"by reference, of 9 events in the recording (value, digest {traced().digests['mic'][:12]})"
LINES = LINES.format(BY_REFERENCE)


def page_of(a: Path, b: Path) -> str:
    return f"side by side, on one page: omniflow report {a} {b}\n"


def kept(trace: Trace, folder: Path) -> Path:
    folder.mkdir()
    save_trace(trace, folder / "trace.mcap")
    return folder


@pytest.fixture
def a(tmp_path) -> Path:
    return kept(traced(), tmp_path / "a")


@pytest.fixture
def b(tmp_path) -> Path:
    return kept(traced(*NUMBERS[:8], NUMBERS[8] + 3), tmp_path / "b")


def test_traces_that_differ_exit_1_and_show_where(omniflow, a, b):
    assert omniflow("diff", a, b) == (1, LINES + page_of(a, b), "")
    assert omniflow("diff", a / "trace.mcap", b / "trace.mcap") == (1, LINES + page_of(a / "trace.mcap", b / "trace.mcap"), "")


def test_the_page_of_both_is_named_as_a_shell_takes_it(omniflow, a, b, tmp_path):
    b.rename(tmp_path / "b, then")
    assert (
        omniflow("diff", a, tmp_path / "b, then").out.splitlines()[-1] == f"side by side, on one page: omniflow report {a} '{tmp_path / 'b, then'}'"
    )


def test_traces_that_do_not_differ_exit_0(omniflow, a, tmp_path):
    assert omniflow("diff", a, kept(traced(), tmp_path / "c")) == (0, f"equal: 7 edges, digest {traced().digest['media'][:16]}\n", "")


def test_json_is_one_object_with_the_difference_and_both_digests(omniflow, a, b):
    first = {"edge": "loud", "time_s": 2.0, "index": 2, "fed_by": ["loud #8 at 2.000 s: 9", f"  <- mic #8 at 2.000 s: {BY_REFERENCE}"]}
    digests = [traced().digest, traced(*NUMBERS[:8], NUMBERS[8] + 3).digest]
    differ, equal = omniflow("diff", a, b, "--json"), omniflow("diff", b, b, "--json")
    assert (differ.code, differ.out.count("\n"), differ.json) == (1, 1, {"equal": False, "first": first, "digest": digests, "damage": [], "runs": {}})
    assert (equal.code, equal.json) == (0, {"equal": True, "first": None, "digest": digests[1:] * 2, "damage": [], "runs": {}})


def test_before_the_difference_stands_in_what_the_runs_differ(omniflow, a, tmp_path):
    graph = parrot().replace("window", length=seconds(0.5))
    other = tmp_path / "c"
    other.mkdir()
    save_trace(traced(graph=graph, seed=7), other / "trace.mcap", model="parrot", notes={"run": {"script": "words.yaml"}})
    code, out, err = omniflow("diff", a, other)
    assert (code, out.splitlines()[:6], err) == (1, [
        "model: a none, b parrot",
        "seed: a 0, b 7",
        f"graph_hash: a {parrot().hash()[:12]}, b {graph.hash()[:12]}",
        "windows_s: a window 1.0, b window 0.5",
        "script: a none, b words.yaml",
        "first difference: edge 'window', event 0, at 0.500 s",
    ], "")  # fmt: skip
    assert omniflow("diff", a, other, "--json").json["runs"]["seed"] == [0, 7]


def test_runs_that_came_to_the_same_in_different_ways_are_equal(omniflow, a, tmp_path):
    other = tmp_path / "c"
    other.mkdir()
    save_trace(traced(seed=7), other / "trace.mcap")
    assert omniflow("diff", a, other) == (0, f"seed: a 0, b 7\nequal: 7 edges, digest {traced().digest['media'][:16]}\n", "")


def test_an_edge_without_events_that_one_lacks_has_no_time(omniflow, tmp_path):
    with_more, without = traced(0), traced(0)
    del without.edges["squawk"], without.payloads["squawk"], without.digests["squawk"]
    found = omniflow("diff", kept(with_more, tmp_path / "c"), kept(without, tmp_path / "d"), "--json").json["first"]
    assert found == {"edge": "squawk", "time_s": None, "index": None, "fed_by": ["only a has this edge; there is no event on it"]}


def test_what_is_no_trace_is_refused(omniflow, a, tmp_path):
    recording, media, empty = tmp_path / "talk.mcap", tmp_path / "talk.wav", tmp_path / "empty"
    write_recording(recording, Manifest("talk", streams={"mic": StreamInfo("value")}), [])
    media.write_bytes(b"RIFF" + bytes(99))
    empty.mkdir()
    assert omniflow.refused("diff", a, recording).endswith(
        f"a recording of a session, not a trace; make one with `omniflow replay {recording} --out DIR`"
    )
    assert omniflow.refused("diff", recording, a).startswith(f"omniflow: {recording}: a recording of a session, not a trace")
    assert "talk.wav: is no recording (not an MCAP file)" in omniflow.refused("diff", a, media)
    assert "nowhere: there is no such file" in omniflow.refused("diff", tmp_path / "nowhere", a)
    assert "empty: a folder without a trace.mcap" in omniflow.refused("diff", a, empty)
    assert omniflow.refused("diff", a) == "omniflow diff: the following arguments are required: B; see omniflow diff --help"


def test_a_damaged_trace_is_not_called_equal(omniflow, a, tmp_path):
    whole = (Path(a) / "trace.mcap" if Path(a).is_dir() else Path(a)).read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(whole[:-40])
    code, out, err = omniflow("diff", a, cut)
    assert (code, out) == (1, "no difference in what can be read of both; one is damaged, so they are not called equal\n")
    assert err.startswith(f"omniflow: warning: {cut}: was cut")
    assert omniflow("diff", cut, a, "--json").json["equal"] is False
