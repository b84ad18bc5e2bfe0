"""The work that all are measured at: sound and pictures through five stages, the last of which cuts windows of a second.

N frames of sound, 640 bytes each 20 ms, and a picture of 64 KiB each second; four stages pass them on, the fifth puts
what belongs to `[k s, k + 1 s)` together. Whoever has no aligner of its own uses `Windower`.
"""

from __future__ import annotations

from typing import NamedTuple

SECOND = 1_000_000_000
FRAME_NS = 20_000_000
SOUND, PICTURE = bytes(640), bytes(65536)


class Frame(NamedTuple):
    """Hold one frame: when it was taken, of which stream (0 sound, 1 pictures), its number, its bytes."""

    time: int
    kind: int
    seq: int
    data: bytes


Window = tuple[int, tuple[int, ...], tuple[int, ...]]  # k, numbers of the sounds and of the pictures in it


def frames(seconds: int) -> list[Frame]:
    """Return the frames of a session in the order of their times, sound before a picture of the same time."""
    sound = [Frame(n * FRAME_NS, 0, n, SOUND) for n in range(seconds * 50)]
    pictures = [Frame(k * SECOND, 1, k, PICTURE) for k in range(seconds)]
    return sorted(sound + pictures)


def expected(seconds: int) -> list[Window]:
    """Return the windows that must come of it."""
    return [(k, tuple(range(50 * k, 50 * k + 50)), (k,)) for k in range(seconds)]


class Windower:
    """Put frames that come in order into windows of a second."""

    def __init__(self) -> None:
        self.windows: list[Window] = []
        self.k, self.held = 0, ([], [])

    def push(self, time: int, kind: int, seq: int) -> None:
        """Take the next frame."""
        if time // SECOND != self.k:
            self.close()
            self.k = time // SECOND
        self.held[kind].append(seq)

    def close(self) -> list[Window]:
        """Finish the window that is open, and return all."""
        if self.held[0] or self.held[1]:
            self.windows.append((self.k, tuple(self.held[0]), tuple(self.held[1])))
            self.held = ([], [])
        return self.windows
