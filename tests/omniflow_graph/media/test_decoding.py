"""What a media file says of its sizes is compared with bounds before anything is made of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND
from omniflow_graph.media import decoding
from omniflow_graph.media.decoding import Look, Slots, pictures, sound


def sounds_at(path: Path, *seconds: float) -> Path:
    """Write a tenth of a second of sound at each of these times."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for time in seconds:
            frame = av.AudioFrame.from_ndarray(np.ones((1, 1600), "<i2"), format="s16", layout="mono")
            frame.rate, frame.pts, frame.time_base = 16_000, round(time * 16_000), Fraction(1, 16_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def film(path: Path) -> Path:
    """Write a video of one picture of 64 x 48 pixels."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    return path


def test_sound_that_jumps_by_hours_has_a_gap_and_by_more_than_a_day_is_refused(tmp_path):
    times = [time for time, _ in sound(sounds_at(tmp_path / "a.mkv", 0, 80_000), 16_000)]
    assert (times[0], max(times) // SECOND) == (0, 80_000)
    with pytest.raises(RecordingError, match=r"b.mkv: its sound jumps by .* s, more than a day; cut it there"):
        list(sound(sounds_at(tmp_path / "b.mkv", 0, 100_000), 16_000))


def test_a_video_of_too_many_pixels_is_refused(tmp_path, monkeypatch):
    path = film(tmp_path / "a.mkv")
    assert len(list(pictures(path, Slots(None), Look()))) == 1
    monkeypatch.setattr(decoding, "MOST_PIXELS", 1000)
    with pytest.raises(RecordingError, match=r"a.mkv: is a video of 64 x 48, more than 1000 pixels; scale it down"):
        list(pictures(path, Slots(None), Look()))
