"""A camera's pictures come as JPEG, no more than are wanted, and a microphone's sound in frames; what is not there is said so."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from omniflow_graph.live.codecs.record import picture_size
from omniflow_graph.live.devices import FRAME_NS, Sensed, camera, microphone, thinned


@pytest.fixture
def lavfi() -> None:
    """Need libavdevice's device for test pictures, which is not in every build of av."""
    import av

    try:
        av.format.ContainerFormat("lavfi")
    except ValueError:
        pytest.skip("av was built without lavfi")


@pytest.mark.usefixtures("lavfi")
@pytest.mark.parametrize(("fps", "n"), [(2, 2), (5, 5), (10, 10), (100, 10)])
def test_a_second_of_a_camera_is_as_many_pictures_as_are_wanted(fps: float, n: int):
    pictures = list(camera("lavfi:testsrc=size=64x48:rate=10:duration=1", fps))
    assert [(picture_size("test", each.data), each.age) for each in pictures] == [((64, 48), 0)] * n
    assert len({each.data for each in pictures}) > 1  # the test picture counts seconds


def test_frames_without_a_time_of_their_own_are_kept():
    frames = [SimpleNamespace(time=time) for time in (0.0, 0.1, 0.5, 0.9, None, 1.0)]
    assert [frame.time for frame in thinned(frames, 2)] == [0.0, 0.5, None, 1.0]


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("/dev/video77", "camera '/dev/video77': cannot be opened"),
        ("nonsense:front", "camera 'nonsense:front': cannot be opened"),
        ("lavfi:sine=duration=1", "camera 'lavfi:sine=duration=1': "),
    ],
)
def test_a_camera_that_is_none_is_said(device: str, words: str):
    with pytest.raises(ValueError) as caught:
        camera(device, 2)
    assert str(caught.value).startswith(words)
    assert "/dev/video0" in str(caught.value)


def test_without_sounddevice_there_is_no_microphone(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(ValueError, match=r"microphone 'default': no sound card can be read .*; pip install sounddevice"):
        microphone("default")


class Card(ModuleType):
    """Stand for sounddevice, which needs a sound card: one microphone, called `usb`, which has number 3, too."""

    class PortAudioError(Exception):
        """Be its error."""

    def RawInputStream(self, **given: Any) -> Any:
        self.given = given
        if given["device"] not in (None, 3, "usb"):
            raise self.PortAudioError("Error querying device")
        return self

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def read(self, n: int) -> tuple[bytearray, bool]:
        return bytearray(2 * n), False


def test_a_microphone_is_read_in_frames_that_began_before_they_came(monkeypatch):
    card = Card("sounddevice")
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    for device, chosen in (("default", None), ("3", 3), ("usb", "usb")):
        sound: Any = microphone(device)
        assert [next(sound) for _ in range(2)] == [Sensed(bytes(640), FRAME_NS)] * 2
        sound.close()
        assert (card.given, card.closed) == (
            {"samplerate": 16_000, "channels": 1, "dtype": "int16", "device": chosen, "blocksize": 320},
            True,
        )
    with pytest.raises(ValueError, match=r"microphone 'hdmi': cannot be opened .Error querying device.; `python -m sounddevice` lists"):
        microphone("hdmi")
