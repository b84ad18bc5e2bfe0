"""Sound of a bag that would take all memory, or plays at no rate that there is, is refused by its topic's name."""

from __future__ import annotations

import pytest

from omniflow_graph.errors import RecordingError
from omniflow_graph.media import rosbag2_sound
from omniflow_graph.media.importing import import_media
from tests.omniflow_graph.media.bags import bag


def sound(path, data: bytes, pieces: int = 1, **said):
    info = {"channels": 1, "sample_rate": 16_000, "sample_format": "S16LE", "bitrate": 0, "coding_format": "wave", **said}
    return bag(path, (0, "/info", "AudioInfo", info), *((n, "/audio", "AudioData", {"data": data}) for n in range(pieces)))


@pytest.mark.parametrize("rate", [1, 999, 384_001, 2**32 - 1])
def test_a_rate_that_there_is_not_is_refused(tmp_path, rate):
    path = sound(tmp_path / "a.mcap", bytes(640), sample_rate=rate)
    with pytest.raises(RecordingError, match=f"topic /audio is said to have {rate} samples a second; wants 1000 to 384000, say it by --rate"):
        import_media(path, tmp_path / "out.mcap")
    assert import_media(path, tmp_path / "out.mcap", rate_hz=16_000).end == 20_000_000


def test_more_mp3_than_is_to_be_held_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(rosbag2_sound, "LONGEST", 2 << 20)
    path = sound(tmp_path / "a.mcap", bytes(1 << 20), 3, coding_format="mp3")
    with pytest.raises(RecordingError, match="topic /audio holds more than 2 MB of MP3; cut the bag into shorter ones"):
        import_media(path, tmp_path / "out.mcap")
