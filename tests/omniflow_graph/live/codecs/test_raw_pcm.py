"""Bare samples become what ears take: 16 bits, mono, at their rate."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from omniflow_graph.live.codecs.raw_pcm import codec
from omniflow_graph.live.codecs.record import CodecError, Record


def heard(samples, kind, **options):
    (record,) = codec("env-audio", **options).read([np.asarray(samples, kind).tobytes()])
    return np.frombuffer(record.data, "<i2").tolist()


def test_what_is_as_it_should_be_is_taken_as_it_is():
    assert codec("env-audio").read([b"\x01\x02\x03\x04"]) == [Record("env-audio", b"\x01\x02\x03\x04")]
    assert codec("env-audio").read([b""]) == []


@pytest.mark.parametrize(
    ("samples", "kind", "options", "found"),
    [
        ([100, 300, -5, -7], "<i2", {"channels": 2}, [200, -6]),
        ([0, 30, 60, 9, 9, 9], "<i2", {"rate": 48_000}, [30, 9]),
        ([1, 2, 3, 4, 5, 6, 7, 8], "<i2", {"rate": 32_000, "channels": 2}, [2, 6]),
        ([0.5, -0.5, 1.0, -1.0], "<f4", {"fmt": "f32"}, [16384, -16384, 32767, -32768]),
        ([9.0, float("nan"), float("inf"), -float("inf")], "<f4", {"fmt": "f32"}, [32767, 0, 32767, -32768]),
        ([20, 40], "<i2", {"rate": 16_000, "to": 8_000}, [30]),
    ],
)
def test_channels_rates_and_formats_are_brought_to_one(samples, kind, options, found):
    assert heard(samples, kind, **options) == found


def test_a_nan_that_signals_is_silence_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert codec("env-audio", fmt="f32").read([b"\x01\x00\xa0\x7f"]) == [Record("env-audio", b"\x00\x00")]


@pytest.mark.parametrize(
    ("options", "parts", "words"),
    [
        ({}, [b"a"], "1 bytes, wants a multiple of 2: 1 samples of 1 channels as s16"),
        ({"channels": 2}, [bytes(6)], "6 bytes, wants a multiple of 4"),
        ({"rate": 48_000, "fmt": "f32"}, [bytes(8)], "8 bytes, wants a multiple of 12"),
        ({}, [b"", b""], "wants 1 part, got 2"),
    ],
)
def test_samples_come_whole(options, parts, words):
    with pytest.raises(CodecError, match=words):
        codec("env-audio", **options).read(parts)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fmt": "mp3"}, "wants fmt to be one of s16, f32, got 'mp3'"),
        ({"channels": 0}, "wants 1 to 16 channels, got 0"),
        ({"rate": 44_100}, "wants a rate that is a whole multiple of 16000 Hz, got 44100"),
        ({"rate": 8_000}, "wants a rate that is a whole multiple of 16000 Hz, got 8000"),
        ({"to": 0}, "wants a rate that is a whole multiple of 0 Hz"),
    ],
)
def test_parameters_are_checked_before_anything_is_read(options, words):
    with pytest.raises(ValueError, match=words):
        codec("env-audio", **options)
