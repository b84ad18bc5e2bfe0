"""LeKiwi's host is read in both its versions: state and cameras, each as a stream of its own."""

from __future__ import annotations

import base64
import json

import pytest

from omniflow_graph.live.codecs.lekiwi import codec
from omniflow_graph.live.codecs.record import CodecError, Record
from tests.omniflow_graph.live.codecs.pictures import JPEG

STATE = {"arm_gripper.pos": 0.5, "x.vel": -1}
V1 = [json.dumps({**STATE, "front": base64.b64encode(JPEG).decode(), "wrist": ""}).encode()]
V2 = [json.dumps({"_cams": ["front", "wrist"], **STATE}).encode(), JPEG, b""]


@pytest.mark.parametrize("parts", [V1, V2], ids=["v1", "v2"])
def test_state_and_cameras_are_streams(parts):
    assert codec("state/arm").read(parts) == [Record("state/arm", {"arm_gripper.pos": 0.5, "x.vel": -1.0})]
    assert codec("env-visual", camera="front").read(parts) == [Record("env-visual", JPEG)]
    assert codec("env-visual", camera="wrist").read(parts) == []  # it failed
    assert codec("env-visual", camera="back").read(parts) == []


def test_a_state_holds_numbers_only():
    odd = b'{"a": 1, "b": NaN, "c": Infinity, "d": true, "e": [1], "f": 99999999999999999999, "\\ud800": 1}'
    assert codec("state/arm").read([odd]) == [Record("state/arm", {"a": 1.0})]
    assert codec("state/arm").read([b'{"a": "x"}']) == []


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "parts, got 0"),
        ([b"{}"] * 18, "parts, got 18"),
        ([b"{}", JPEG], "1 pictures without _cams"),
        ([b'{"_cams": "front"}', JPEG], "wants _cams to name each of the 1 pictures"),
        ([b'{"_cams": ["front", "wrist"]}', JPEG], "wants _cams to name each of the 1 pictures"),
        ([b'{"_cams": [["front"]]}', JPEG], "wants _cams to name each"),
        ([b'{"front": 5}'], "its base64 cannot be read"),
        ([b'{"_cams": ["front"]}', b"GIF"], "no JPEG or PNG"),
    ],
)
def test_anything_else_is_refused(parts, words):
    with pytest.raises(CodecError, match=words):
        codec("env-visual", camera="front").read(parts)
