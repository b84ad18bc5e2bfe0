"""Lay the sound of a ROS 2 bag on the bag's clock: PCM with 16 bits at any rate, or MP3."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, seconds
from omniflow_graph.media.decoding import resampled, sound
from omniflow_graph.media.found import RATE_HZ, Found, Wanted, counted
from omniflow_graph.media.rosbag2_reading import AUDIO_INFO, Message, Topic, messages_of

GAP = seconds(0.2)  # log times jitter by less
RATES = (8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
SLOWEST, FASTEST = 1000, 384_000  # samples a second
LONGEST = 256 << 20  # bytes of MP3, which is is decoded as a whole: 18 h at 32 kbit/s
LAYER_III = re.compile(rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")


def sound_of(path: Path, files: list[Path], topics: dict[str, Topic], topic: Topic, wanted: Wanted, found: Found) -> Iterator[tuple[int, np.ndarray]]:
    """Yield sound at 16 kHz on the bag's clock: PCM with 16 bits, or MP3, as an AudioInfo topic or the bytes say."""
    infos = (messages_of(files, each, {}) for each in topics.values() if each.type == AUDIO_INFO and each.messages)
    info = next((message.content for message in itertools.chain(*infos)), None)
    messages = messages_of(files, topic, {})
    first = list(itertools.islice(messages, 8))
    messages = itertools.chain(first, messages)
    if info.coding_format == "mp3" if info else all(LAYER_III.match(bytes(message.content.data)) for message in first):
        whole = _joined(path, topic, messages)
        yield from ((first[0].time + time, samples) for time, samples in sound(path, RATE_HZ, whole))
        return
    if info and info.sample_format not in ("", "S16LE"):
        raise RecordingError(f"{path}: topic {topic.name} holds {info.sample_format} samples; wants S16LE, or mp3")
    known = wanted.rate_hz or (info.sample_rate if info else 0)
    rate, channels = known or RATE_HZ, max(info.channels, 1) if info else 1
    if not SLOWEST <= rate <= FASTEST:
        raise RecordingError(f"{path}: topic {topic.name} is said to have {rate} samples a second; wants {SLOWEST} to {FASTEST}, say it by --rate")
    pcm = _pcm(path, topic, messages, rate, channels, found, guessed=not known)
    yield from pcm if rate == RATE_HZ else resampled(pcm, rate, RATE_HZ)


def _joined(path: Path, topic: Topic, messages: Iterable[Message]) -> bytes:
    """Put the pieces of an MP3 together. Raises RecordingError for more than LONGEST."""
    whole = bytearray()
    for message in messages:
        whole += message.content.data
        if len(whole) > LONGEST:
            raise RecordingError(f"{path}: topic {topic.name} holds more than {LONGEST >> 20} MB of MP3; cut the bag into shorter ones")
    return bytes(whole)


def _pcm(
    path: Path, topic: Topic, messages: Iterator[Message], rate: int, channels: int, found: Found, *, guessed: bool
) -> Iterator[tuple[int, np.ndarray]]:
    """Lay samples one after another; where messages come more than GAP later than that, they stand where they came."""
    rest, anchor, taken, total, first, last, gaps = b"", 0, 0, 0, None, 0, []
    for time, _, content in messages:
        due = anchor + taken * SECOND // rate
        if first is None or time - due > GAP:
            gaps += [] if first is None else [time - due]
            anchor, taken, rest, due = time, 0, b"", time
        data = rest + bytes(content.data)
        whole = len(data) // (2 * channels) * 2 * channels
        samples, rest = np.frombuffer(data[:whole], "<i2").reshape(-1, channels), data[whole:]
        yield due, samples[:, 0] if channels == 1 else samples.mean(axis=1).round().astype("<i2")
        first, last = time if first is None else first, time
        taken, total = taken + len(samples), total + len(samples)
    lasted = (last - (first or 0)) / SECOND
    if guessed and total / rate > 1.5 * lasted + 2:
        likely = min(RATES, key=lambda each: abs(each - total / max(lasted, 0.001)))
        words = f"{total / rate:.1f} s of sound at {rate} Hz in {lasted:.1f} s"
        raise RecordingError(f"{path}: topic {topic.name} holds {words}; say its true rate, such as --rate {likely}")
    if gaps:
        found.left_out.append(f"sound of {topic.name} in {counted(len(gaps), 'gap')}, {sum(gaps) / SECOND:.2f} s in all, where none came: silence")
