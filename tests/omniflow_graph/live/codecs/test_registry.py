"""Codecs are found by name, ours and those that packages bring along, and take options that are checked."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from omniflow_graph.live.codecs import registry
from omniflow_graph.live.codecs.record import Codec, Record
from omniflow_graph.live.codecs.registry import codec_of


def own(stream: str, gain: float = 1.0, name: str = "x") -> Codec:
    """Be somebody's codec."""
    return Codec("value", 1, lambda parts: [Record(stream, [gain, name, len(parts[0])])])


def test_an_option_changes_what_is_read():
    assert (codec_of("raw-pcm?channels=2", "env-audio").read([b"\x02\x00\x04\x00"])) == [Record("env-audio", b"\x03\x00")]


def test_the_codec_of_a_package_is_found_by_its_entry_point(monkeypatch):
    monkeypatch.setattr(registry, "entry_points", lambda group: [EntryPoint("own", f"{__name__}:own", group)])
    monkeypatch.setattr(EntryPoint, "load", lambda self: own)
    assert codec_of("own?gain=2.5&name=y%26", "state/x").read([b"abc"]) == [Record("state/x", [2.5, "y&", 3])]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pickle", "stream 'mic': there is no codec 'pickle'; there are omniflow/1, raw-jpeg, unitree, lerobot"),
        ("raw-pcm?rte=5", "stream 'mic': codec 'raw-pcm' has no option 'rte'; it has rate, channels, fmt, to"),
        ("raw-jpeg?x=5", "codec 'raw-jpeg' has no option 'x'; it has none"),
        ("raw-pcm?rate=fast", "codec 'raw-pcm', option 'rate': wants a whole number, got 'fast'"),
        ("omniflow/1?kind=smell", "wants kind to be one of audio, image, text, value, got 'smell'"),
    ],
)
def test_what_is_wrong_is_said(text, words):
    with pytest.raises(ValueError) as caught:
        codec_of(text, "mic")
    assert words in str(caught.value)
