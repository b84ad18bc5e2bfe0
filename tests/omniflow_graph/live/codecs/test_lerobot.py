"""A camera of LeRobot's server is picked out of its JSON, with its time."""

from __future__ import annotations

import base64
import json

import pytest

from omniflow_graph.live.codecs.lerobot import codec
from omniflow_graph.live.codecs.record import CodecError, Record
from tests.omniflow_graph.live.codecs.pictures import JPEG, jpeg, lying


def message(images, timestamps) -> list[bytes]:
    """Write as the server does: ImageServer.run in lerobot.cameras.zmq.image_server, 0.4.4."""
    return [json.dumps({"timestamps": timestamps, "images": {name: base64.b64encode(data).decode() for name, data in images.items()}}).encode()]


BOTH = message({"front": JPEG, "wrist": jpeg(8, 8)}, {"front": 10.5, "wrist": 10.75})


def test_the_last_word_of_the_streams_name_names_the_camera():
    assert codec("env-visual/front").read(BOTH) == [Record("env-visual/front", JPEG, 10_500_000_000, clock="unix")]


def test_any_camera_can_feed_any_stream():
    assert codec("env-visual", camera="wrist").read(BOTH) == [Record("env-visual", jpeg(8, 8), 10_750_000_000, clock="unix")]


def test_a_camera_without_a_new_picture_is_not_there():
    assert codec("env-visual", camera="wrist").read(message({"front": JPEG}, {"front": 1.0})) == []


def test_a_picture_without_a_stamp_has_no_time():
    assert codec("env-visual", camera="front").read(message({"front": JPEG}, {})) == [Record("env-visual", JPEG, clock="unix")]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([b"topic", *BOTH], "wants 1 part, got 2"),
        ([b"{"], "its JSON cannot be read"),
        ([b"\xff"], "its JSON cannot be read"),
        ([b"[1]"], "wants a JSON object"),
        ([b'{"images": [1]}'], "wants maps images and timestamps"),
        ([b'{"images": {"front": 5}}'], "its base64 cannot be read"),
        ([b'{"images": {"front": "####"}}'], "its base64 cannot be read"),
        ([b'{"images": {"front": ""}}'], "no JPEG or PNG"),
        (message({"front": JPEG}, {"front": "now"}), "a timestamp is Unix seconds"),
        (message({"front": lying(20_000, 20_000)}, {}), "a picture of 20000 x 20000"),
        ([b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"], "JSON of more than 4096 items"),
        ([b'{"a": ' + b"[" * 4000 + b"]" * 4000 + b"}"], "its JSON cannot be read"),
    ],
)
def test_anything_else_is_refused(parts, words):
    with pytest.raises(CodecError, match=words):
        codec("env-visual", camera="front").read(parts)
