"""What a codec's writer writes its reader reads: the same record, as far as the format can hold it."""

from __future__ import annotations

import pytest

from omniflow_graph.live.codecs.record import Record
from omniflow_graph.live.codecs.registry import OURS, WRITERS, codec_of, writer_of
from tests.omniflow_graph.live.codecs.pictures import JPEG

AT = 1_700_000_000_500_000_000
SOUND = Record("env-audio", b"\x01\x00\x02\x00", 5, 7, "ann", "boot:1", 9)
PICTURE = Record("env-visual/front", JPEG, AT, 7, "ann", "unix", 9)
STATE = Record("state/joints", {"x.vel": 0.5, "arm.pos": -3.0}, 5, 7, "ann", "boot:1", 9)
TEXT = Record("messages", "Grüß dich", 5, 7)


@pytest.mark.parametrize(
    ("text", "record", "read"),
    [
        ("omniflow/1", SOUND, SOUND),
        ("omniflow/1", PICTURE, PICTURE),
        ("omniflow/1", STATE, STATE),
        ("omniflow/1", TEXT, TEXT),
        ("raw-pcm", SOUND, Record("env-audio", SOUND.data)),
        ("raw-jpeg", PICTURE, Record("env-visual/front", JPEG)),
        ("unitree", PICTURE, Record("env-visual/front", JPEG)),
        ("imagezmq?name=front", PICTURE, Record("env-visual/front", JPEG)),
        ("lerobot", PICTURE, Record("env-visual/front", JPEG, AT, clock="unix")),
        ("lerobot?camera=head", PICTURE._replace(clock="boot:1"), Record("env-visual/front", JPEG, clock="unix")),
        ("lekiwi?camera=front", PICTURE, Record("env-visual/front", JPEG)),
        ("lekiwi", STATE, Record("state/joints", STATE.data)),
    ],
)
def test_what_is_written_is_read(text: str, record: Record, read: Record):
    assert codec_of(text, record.stream).read(writer_of(text, record.stream)(record)) == [read]


def test_all_that_is_read_is_written():
    assert list(WRITERS) == list(OURS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pickle", "stream 'mic': nothing writes 'pickle'; there are omniflow/1, raw-jpeg"),
        ("raw-pcm?rate=8000", "codec 'raw-pcm' has no option 'rate'"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str):
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        writer_of(text, "mic")
