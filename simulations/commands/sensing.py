"""Publish what is plugged in: a thread for each device, which sends what it gives at once, with when that was captured."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from omniflow_graph.clock import WallClock
from omniflow_graph.live.codecs.record import Record, Writer
from omniflow_graph.live.devices import Sensed, camera, microphone
from omniflow_graph.live.own_clock import own_clock
from omniflow_graph.live.sinks import Publisher

MIC, CAMERA = "env-audio", "env-visual"
KINDS = {MIC: "audio", CAMERA: "image"}
LOOK = 0.1  # seconds between two looks at whether it was stopped


def devices_of(mic: str | None, eye: str | None, fps: float, fed: list[str]) -> dict[str, Iterator[Sensed]]:
    """Return what each stream is sensed by. Raises ValueError if what is fed is not what is sensed, or `fps` is none."""
    if not 0.01 <= fps <= 120:
        raise ValueError(f"--fps: wants 0.01 to 120, got {fps}")
    found = ({MIC: microphone(mic)} if mic is not None else {}) | ({CAMERA: camera(eye, fps)} if eye is not None else {})
    if set(found) != set(fed):
        raise ValueError(f"--feed: wants {' and '.join(found)}, which --mic and --camera give, got {', '.join(fed)}")
    return found


@dataclass
class Sensing:
    """Send what devices give until they end, one of them fails, `length` ns have passed, or `stopped` is set."""

    devices: Mapping[str, Iterator[Sensed]]
    writers: Mapping[str, Writer]
    publishers: Mapping[str, Publisher]  # by stream
    clock: WallClock
    session: str | None = None
    length: int | None = None
    stopped: bool = False
    sent: int = 0
    failure: Exception | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> int:
        """Send, and return how many messages that were. Raises what a device raised."""
        self.begin = self.clock.now()
        threads = [threading.Thread(target=self._guarded, args=(stream,), name=f"sensor {stream}", daemon=True) for stream in self.devices]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads) and not self._over():
            for thread in threads:
                thread.join(LOOK)
        self.stopped = True  # a device that waits for something to come does not hold the others up
        if self.failure:
            raise self.failure
        return self.sent

    def _over(self) -> bool:
        return self.stopped or (self.length is not None and self.clock.now() - self.begin >= self.length)

    def _guarded(self, stream: str) -> None:
        try:
            self._sense(stream)
        except Exception as error:  # in a thread nobody would see it: `run` raises it
            self.failure, self.stopped = error, True

    def _sense(self, stream: str) -> None:
        for seq, (data, age) in enumerate(self.devices[stream]):
            if self._over():
                return
            record = Record(stream, data, self.clock.now() - age, seq, self.session, own_clock(), self.begin)
            self.publishers[stream].put(0, self.writers[stream](record))
            with self._lock:
                self.sent += 1
