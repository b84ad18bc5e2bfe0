"""A player of what a live session says: frame after frame, with word of what was heard, and silence when it is told so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from operators.words import duration

ACK_NS = 200_000_000  # while something sounds


@dataclass
class Heard:
    """Hold a frame that sounds, will sound or has sounded. Times are ns of the player's clock."""

    start: int
    end: int
    response: int
    epoch: int
    at: int  # in its answer, in samples
    samples: bytes
    last: bool


@dataclass
class Speaker:
    """Remember what sounds when. Of frames that come late the time is that of their coming; none sounds before the one before it."""

    frames: list[Heard] = field(default_factory=list)  # that have not sounded whole
    sounded: list[Heard] = field(default_factory=list)  # those that have, for whoever writes them down; `take` empties it
    free_at: int = 0
    epoch: int = 0
    told_at: int = 0
    told: tuple[int, int] = (0, 0)  # (answer, samples) of the last acknowledgement
    newest: tuple[int, int] = (-1, -1)  # (epoch, seq): a frame that comes twice sounds once

    def frame(self, now: int, header: Mapping[str, Any], samples: bytes) -> None:
        """Queue a frame."""
        epoch, key = header["epoch"], (header["epoch"], header["seq"])
        if epoch < self.epoch or key <= self.newest:
            return
        self.newest, self.epoch = key, epoch
        start = max(now, self.free_at)
        self.free_at = start + duration(len(samples) // 2)
        self.frames.append(Heard(start, self.free_at, header["response"], epoch, header["at"], samples, header["last"]))

    def flush(self, now: int, header: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Fall silent at once; returns the acknowledgement of how far the answer was heard, if one was being said."""
        acks = self.acks(now)
        self.epoch = max(self.epoch, header["epoch"])
        cut = self.frames
        self.frames, self.free_at = [], now
        if not cut:
            return acks
        return [*acks, self._ack(now, cut[0].response, self._played(cut[0], now), True, cut[0].epoch)]

    def acks(self, now: int) -> list[dict[str, Any]]:
        """Return what to acknowledge by now: each 200 ms, and when an answer is over."""
        found = []
        while self.frames and self.frames[0].end <= now:
            frame = self.frames.pop(0)
            self.sounded.append(frame)
            if frame.last:
                found.append(self._ack(frame.end, frame.response, frame.at + len(frame.samples) // 2, True, frame.epoch))
            elif frame.end - self.told_at >= ACK_NS:
                found.append(self._ack(frame.end, frame.response, frame.at + len(frame.samples) // 2, False, frame.epoch))
        return found

    def take(self) -> list[Heard]:
        """Hand over what has sounded since the last time."""
        taken, self.sounded = self.sounded, []
        return taken

    def _played(self, frame: Heard, now: int) -> int:
        return frame.at + max(0, min(len(frame.samples) // 2, (now - frame.start) * len(frame.samples) // 2 // max(frame.end - frame.start, 1)))

    def _ack(self, at: int, response: int, played: int, final: bool, epoch: int) -> dict[str, Any]:
        self.told_at, self.told = at, (response, played)
        return {"response": response, "played_samples": played, "final": final, "epoch": epoch, "at": at}
