"""A manifest has a meaning, or is refused in a line that names what has none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from omniflow_graph.errors import RecordingError
from omniflow_graph.recording.manifest import LONGEST, Manifest, StreamInfo, read_manifest, write_manifest

MANIFEST = Manifest("talk", 10**9, {"mic": StreamInfo("audio", rate_hz=16_000, format="pcm-s16", digest="ab" * 32, events=3)}, seed=2**70)


def changed(**fields) -> str:
    return json.dumps(json.loads(write_manifest(MANIFEST, "a")) | fields)


def stream(**fields) -> dict:
    return {"mic": {"kind": "audio", **fields}}


def test_a_manifest_comes_back():
    assert read_manifest(write_manifest(MANIFEST, "a"), "a") == MANIFEST
    longest = replace(MANIFEST, end=LONGEST, allowance=LONGEST)
    assert read_manifest(write_manifest(longest, "a"), "a") == longest


NONSENSE = [
    ("", "its manifest cannot be read (Expecting value"),
    ("null", "its manifest cannot be read"),
    ("[]", "its manifest cannot be read"),
    ("{}", "its manifest cannot be read ('streams')"),
    ("[" * 100_000, "its manifest cannot be read (maximum recursion depth exceeded"),
    ("9" * 5000, "its manifest cannot be read (Exceeds the limit"),
    (changed(colour="red"), "its manifest cannot be read"),
    (changed(session=None), "its session is None; wants text"),
    (changed(session="\ud800"), r"its session is '\ud800'; wants text"),
    (changed(model=7), "its model is 7; wants text"),
    (changed(end=-1), f"its end is -1; wants 0 to {LONGEST} ns, which is 104 days, as an int"),
    (changed(end=2**63), f"its end is {2**63}; wants"),
    (changed(end=1e9), "its end is 1000000000.0; wants"),
    (changed(end=True), "its end is True; wants"),
    (changed(allowance=None), "its allowance is None; wants"),
    (changed(seed=1.5), "its seed is 1.5; wants a whole number or none"),
    (changed(ordered="no"), "its ordered is 'no'; wants true, false or none"),
    (changed(graph=[]), "its graph is []; wants a map or none"),
    (changed(notes=[]), "its notes is []; wants a map"),
    (changed(streams=[]), "its manifest cannot be read"),
    (changed(streams={"mic": "audio"}), "its manifest cannot be read"),
    (changed(streams={"a\nb": {"kind": "audio"}}), r"a stream cannot be called 'a\nb', that cannot be printed"),
    (changed(streams=stream(rate_hz=0)), "stream 'mic' has the rate_hz 0; wants 1 to"),
    (changed(streams=stream(rate_hz=2**32)), f"stream 'mic' has the rate_hz {2**32}; wants 1 to"),
    (changed(streams=stream(events=-1)), "stream 'mic' has the events -1; wants 0 to"),
    (changed(streams=stream(digest="ab")), "stream 'mic' has the digest 'ab'; wants 64 hexadecimal digits"),
    (changed(streams=stream(kind=["audio"])), "stream 'mic' has the kind ['audio']; wants one of audio, image, text, value"),
]


@pytest.mark.parametrize(("text", "words"), NONSENSE, ids=[words[:50] for _, words in NONSENSE])
def test_nonsense_is_refused_and_named(text, words):
    with pytest.raises(RecordingError) as caught:
        read_manifest(text, "a.mcap")
    assert str(caught.value).startswith(f"a.mcap: {words}")
    assert "\n" not in str(caught.value)
