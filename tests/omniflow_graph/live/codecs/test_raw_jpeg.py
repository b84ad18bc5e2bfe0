"""Bare pictures are taken, and those behind Unitree's 12 bytes with their time and number."""

from __future__ import annotations

import struct

import pytest

from omniflow_graph.live.codecs.raw_jpeg import codec
from omniflow_graph.live.codecs.record import CodecError, Record
from tests.omniflow_graph.live.codecs.pictures import JPEG, lying

READ = codec("env-visual").read


def test_a_bare_picture_has_no_time():
    assert READ([JPEG]) == [Record("env-visual", JPEG)]


def test_the_12_bytes_hold_its_time_and_its_number():
    assert READ([struct.pack("dI", 1_700_000_000.5, 77) + JPEG]) == [
        Record("env-visual", JPEG, 1_700_000_000_500_000_000, 77, clock="unix"),
    ]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([JPEG, JPEG], "wants 1 part, got 2"),
        ([b""], "no JPEG, neither at its start nor behind 12 bytes"),
        ([bytes(11) + JPEG], "no JPEG, neither"),
        ([struct.pack("dI", float("nan"), 0) + JPEG], "a timestamp is Unix seconds, got nan"),
        ([struct.pack("dI", 1.0, 0) + lying(50_000, 50_000)], "a picture of 50000 x 50000"),
    ],
)
def test_anything_else_is_refused(parts, words):
    with pytest.raises(CodecError, match=words):
        READ(parts)
