"""Cut the user's speech into utterances, each to be answered as a whole: the detector of half-duplex mode, as pure steps.

Source: spec 8.2. An utterance begins where speech is likelier than 0.7, once that lasts for 128 ms, and ends after 500 ms without;
it is given with 30 ms on either side. For 0.5 s from the begin, and while an answer is being given, nothing is listened to. Speech
goes on while it is likelier than 0.55: the specification names one threshold, and the detector's own iterator goes on down to 0.15
below it. The published server gives the detector 1,024 samples at a time; ours takes the 512 that it was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from omniflow_graph.events import SECOND
from operators.senses.ears import CHUNK, RATE_HZ, Hearing, Talk, follow

BYTE_NS = SECOND // RATE_HZ // 2  # a sample has two


@dataclass(frozen=True)
class Segmenting:
    """Say how utterances are cut. Likelihoods are in permille, times in ns.

    `chunk`: how many samples a Hearing speaks of; None if each speaks of one frame.
    """

    threshold: int = 700
    release: int = 550
    pad: int = 30_000_000
    guard: int = 500_000_000
    chunk: int | None = CHUNK


SERVER = Segmenting()  # as the published server has it


class Utterance(NamedTuple):
    """Hold what was said: 16-bit samples at 16 kHz from `start` to `end`, of which `spoken_ns` are speech. Counted from 1."""

    number: int
    start: int
    end: int
    spoken_ns: int
    pcm: bytes


class Segmenter(NamedTuple):
    """Remember what may become an utterance.

    Nothing that sounds before `opens` is listened to, and nothing while `closed`. `waiting` is sound that was not judged yet, and
    ends at `until`. `lead` is what came just before speech; `kept`, speech and the pauses in it: `size` bytes, the last speech
    ends after `spoken` of them.
    """

    opens: int = 0
    closed: bool = False
    talk: Talk = Talk()
    waiting: tuple[bytes, ...] = ()
    until: int = 0
    lead: bytes = b""
    kept: tuple[bytes, ...] = ()
    size: int = 0
    spoken: int = 0

    @property
    def unfinished_ns(self) -> int:
        """Return how much of an utterance was said that has not ended."""
        return self.spoken * BYTE_NS if self.talk.talking else 0


def opened(segmenter: Segmenter, at: int) -> Segmenter:
    """Listen to what sounds from `at` on."""
    return forgotten(segmenter)._replace(opens=at, closed=False)


def closed(segmenter: Segmenter) -> Segmenter:
    """Listen to nothing from now on."""
    return forgotten(segmenter)._replace(closed=True)


def forgotten(segmenter: Segmenter) -> Segmenter:
    """Forget what was said of an utterance that has not ended; numbers go on."""
    return segmenter._replace(talk=Talk(segmenter.talk.utterance), lead=b"", kept=(), size=0, spoken=0)


def take(segmenter: Segmenter, pcm: bytes, time: int, settings: Segmenting = SERVER) -> Segmenter:
    """Take in a frame that begins at `time`, before what is heard in it."""
    waiting = (*segmenter.waiting, pcm) if settings.chunk is None else (b"".join(segmenter.waiting) + pcm,)
    return segmenter._replace(waiting=waiting, until=time + len(pcm) * BYTE_NS)


def hear(segmenter: Segmenter, hearing: Hearing, settings: Segmenting = SERVER) -> tuple[Segmenter, Utterance | None]:
    """Judge the sound that a Hearing speaks of. Returns an utterance where it ends one.

    >>> segmenter = take(Segmenter(), bytes(2 * CHUNK), 0)
    >>> hear(segmenter, Hearing(900, False, 0, 0, False))[0].size
    1024
    """
    before = sum(map(len, segmenter.waiting))
    chunk, segmenter = _next(segmenter, settings)
    if segmenter.closed or segmenter.until - before * BYTE_NS < segmenter.opens:
        return forgotten(segmenter), None
    speech = hearing.permille >= (settings.release if segmenter.talk.talking else settings.threshold)
    talk, heard = follow(segmenter.talk, hearing.permille, speech, len(chunk) * BYTE_NS)
    pad = settings.pad // BYTE_NS // 2 * 2
    if not speech and not segmenter.talk.talking:
        lead = (segmenter.lead + b"".join(segmenter.kept) + chunk)[-pad:] if pad else b""
        return segmenter._replace(talk=talk, lead=lead, kept=(), size=0, spoken=0), None
    size = segmenter.size + len(chunk)
    segmenter = segmenter._replace(talk=talk, kept=(*segmenter.kept, chunk), size=size, spoken=size if speech else segmenter.spoken)
    return _ended(segmenter, pad) if heard.ended else (segmenter, None)


def _next(segmenter: Segmenter, settings: Segmenting) -> tuple[bytes, Segmenter]:
    """Take the sound off that is judged next."""
    first, *others = segmenter.waiting or (b"",)
    n = len(first) if settings.chunk is None else 2 * settings.chunk
    rest = (first[n:],) if n < len(first) else ()
    return first[:n], segmenter._replace(waiting=(*rest, *others))


def _ended(segmenter: Segmenter, pad: int) -> tuple[Segmenter, Utterance]:
    whole = b"".join(segmenter.kept)
    pcm = segmenter.lead + whole[: segmenter.spoken + pad]
    judged = segmenter.until - sum(map(len, segmenter.waiting)) * BYTE_NS
    end = judged - max(0, len(whole) - segmenter.spoken - pad) * BYTE_NS
    talk = segmenter.talk
    utterance = Utterance(talk.utterance, end - len(pcm) * BYTE_NS, end, talk.spoken_ns, pcm)
    return forgotten(segmenter)._replace(lead=whole[-pad:] if pad else b""), utterance
