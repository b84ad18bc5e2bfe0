"""Play what `omniflow serve --out` puts out: on a sound card or into a WAV, and acknowledge what was heard."""

from __future__ import annotations

import argparse
import json
import sys
import wave
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np

from omniflow_graph.clock import WallClock
from omniflow_graph.events import SECOND
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.codecs.record import CodecError
from omniflow_graph.live.codecs.text import read_msgpack
from omniflow_graph.live.curve import Curve
from omniflow_graph.live.endpoints import endpoint_of
from omniflow_graph.live.own_clock import own_clock
from omniflow_graph.live.sinks import Publisher, Subscriber
from omniflow_graph.recording.wire import pack_value
from operators.commands.stopping import stoppable
from operators.live.speaker import Heard, Speaker
from operators.words import WAVE_HZ

LOOK_MS = 10
LONGEST = 3600 * WAVE_HZ  # of a WAV, in samples: what is silent for long is cut short


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("endpoint", metavar="ENDPOINT", help="where `serve --out` publishes, as in tcp://127.0.0.1:5600")
    parser.add_argument("--session", default="live", metavar="NAME", help="default: %(default)s")
    parser.add_argument("--ack", metavar="ENDPOINT", help="publish acknowledgements there; serve takes them with --feed playback=omniflow/1@ENDPOINT")
    parser.add_argument("--wav", metavar="FILE", help="write the sound there; default: play it, if sounddevice is installed")
    parser.add_argument("--until-idle", type=float, metavar="S", help="end when nothing came for so long")
    parser.add_argument("--keys", metavar="DIR", help="CURVE: the folder with the server's public key and this machine's own")
    parser.add_argument("--client", default="player", metavar="NAME", help="whose keys these are; default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")


def run(args: argparse.Namespace) -> int:
    """Play until it is stopped, or nothing comes."""
    curve = Curve(Path(args.keys), args.client) if args.keys else None
    player = Player(args.session, WallClock(0))
    with stoppable() as stop, ExitStack() as held:
        if args.ack:
            player.acks = held.enter_context(Publisher(endpoint_of(args.ack, "pub"), clock=player.clock, curve=curve))
        device = _device(held) if args.wav is None else None
        subscriber = held.enter_context(Subscriber(endpoint_of(args.endpoint), f"{args.session}/", curve=curve))
        with suppress(KeyboardInterrupt):
            stop.run = player
            print(f"omniflow: playing {args.session} from {args.endpoint}", file=sys.stderr, flush=True)
            player.play(subscriber, device, args.until_idle)
    if args.wav:
        write_wav(Path(args.wav), player.heard)
    print(json.dumps(player.summary()) if args.json else f"{player.frames} frames, {player.told} acknowledgements", flush=True)
    return 128 + stop.signal if stop.signal else 0


class Player:
    """Join a speaker to its sockets. `stopped` ends it."""

    def __init__(self, session: str, clock: WallClock) -> None:
        self.session, self.clock, self.speaker = session, clock, Speaker()
        self.acks: Publisher | None = None
        self.stopped = False
        self.frames = self.told = self.flushes = 0
        self.heard: list[Heard] = []
        self.texts: list[str] = []
        self.generation = clock.now()

    def play(self, subscriber: Subscriber, device: Any, until_idle: float | None) -> None:
        """Take what comes, and acknowledge as it sounds."""
        last = self.clock.now()
        while not self.stopped and (until_idle is None or self.clock.now() - last < until_idle * SECOND or self.speaker.frames):
            parts, now = subscriber.receive(LOOK_MS), self.clock.now()
            if parts is not None:
                last = now
                self.take(now, parts, device)
            self.acknowledge(self.speaker.acks(now))
            self.heard += self.speaker.take()

    def take(self, now: int, parts: list[bytes], device: Any = None) -> None:
        """Take one message; what is none is left."""
        try:
            header = read_msgpack("play", parts[1] if len(parts) == 3 else b"")
            edge = header["edge"]
            if edge == "speech":
                self.speaker.frame(now, header, parts[2])
                self.frames += 1
                if device is not None:
                    device.write(np.frombuffer(parts[2], "<i2"))
            elif edge == "flush":
                self.flushes += 1
                self.acknowledge(self.speaker.flush(now, header))
            elif edge == "replaced":
                self._replaced(read_msgpack("play", parts[2]))
            elif edge == "text":
                self.texts.append(parts[2].decode(errors="replace"))
        except (CodecError, KeyError, TypeError, ValueError) as error:
            print(f"omniflow: a message that cannot be played: {error}", file=sys.stderr)

    def _replaced(self, what: Any) -> None:
        """End, if another player has taken this one's place."""
        if (what["stream"], what["generation"]) == ("playback", self.generation):
            print(f"omniflow: another player plays {self.session} now", file=sys.stderr)
            self.stopped = True

    def acknowledge(self, acks: list[dict[str, Any]]) -> None:
        """Send acknowledgements: records of the stream `playback`."""
        for ack in acks:
            at = ack.pop("at")
            if self.acks is not None:
                head = {"session": self.session, "gen": self.generation, "clk": own_clock()}
                self.acks.put(0, encode("playback", self.told, at, pack_value(ack), **head))
            self.told += 1

    def summary(self) -> dict[str, Any]:
        """Say what was played."""
        return {"session": self.session, "frames": self.frames, "acks": self.told, "flushes": self.flushes, "texts": self.texts}


def write_wav(path: Path, heard: list[Heard]) -> None:
    """Write what sounded to a WAV, each frame at its time, counted from the first."""
    zero = heard[0].start if heard else 0
    places = [(frame.start - zero) * WAVE_HZ // SECOND for frame in heard]
    size = min(max((at + len(frame.samples) // 2 for at, frame in zip(places, heard)), default=0), LONGEST)
    sound = np.zeros(size, "<i2")
    for at, frame in zip(places, heard):
        part = np.frombuffer(frame.samples, "<i2")[: max(size - at, 0)]
        sound[at : at + len(part)] = part
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(WAVE_HZ)
        file.writeframes(sound.tobytes())


def _device(held: ExitStack) -> Any:
    """Open the sound card. Raises ValueError without sounddevice."""
    try:
        import sounddevice  # type: ignore[import-not-found]
    except (ImportError, OSError) as error:
        raise ValueError(f"play: no sound card ({error}); pip install sounddevice, or name a file: --wav heard.wav") from None
    return held.enter_context(sounddevice.OutputStream(samplerate=WAVE_HZ, channels=1, dtype="int16"))
