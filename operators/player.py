"""Play waves one after another and say what was heard: a scan that wakes itself while something sounds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from omniflow_graph import Event, Wake
from operators.words import WAVE_HZ, Ack, Sound, Wave, duration

ACK_NS = 200_000_000  # while something sounds, what was heard is acknowledged so often

Answers = list[tuple[int, Sound | Ack] | Wake]


@dataclass(frozen=True)
class Player:
    """Remember what sounds since when, what waits (begin, wave), and how much of the answer was heard before."""

    wave: Wave | None = None
    since: int = 0
    waiting: tuple[tuple[int, Wave], ...] = ()
    free_at: int = 0
    response: int = 0
    before: int = 0  # samples of this answer that sounded in earlier waves


def play(player: Player, cause: Event[Wave] | Wake) -> tuple[Player, Answers]:
    """Start each wave at max(when it came, when the one before it ends); acknowledge what was heard up to now.

    A cut stops at once, and what was queued never sounds. The player acts as long as its input is open: what still
    sounds then is not acknowledged.
    """
    if isinstance(cause, Wake):
        return _go_on(player, cause.time)
    return cut(player, cause.time) if cause.data.cut else _queue(player, cause.time, cause.data)


def cut(player: Player, time: int) -> tuple[Player, Answers]:
    """Fall silent, and say how far the answer was heard."""
    quiet = replace(player, wave=None, waiting=(), free_at=time)
    if player.wave is None and not player.waiting:
        return quiet, []
    response = player.wave.response if player.wave else player.waiting[0][1].response
    played = _played(player, time) if player.wave else player.before if response == player.response else 0
    return quiet, [(time, Ack(response, played, True))]


def _queue(player: Player, time: int, wave: Wave) -> tuple[Player, Answers]:
    begin = max(time, player.free_at, wave.at)
    player = replace(player, free_at=begin + duration(len(wave.samples)))
    if begin > time or player.wave is not None:
        return replace(player, waiting=(*player.waiting, (begin, wave))), [Wake(begin)] if begin > time else []
    return _start(player, time, wave)


def _start(player: Player, time: int, wave: Wave) -> tuple[Player, Answers]:
    before = player.before if wave.response == player.response else 0
    player = replace(player, wave=wave, since=time, response=wave.response, before=before)
    return player, [(time, Sound(wave.response, wave.part, wave.text, wave.samples)), _next(player, time)]


def _next(player: Player, time: int) -> Wake:
    assert player.wave is not None
    return Wake(max(time + 1, min(time + ACK_NS, player.since + duration(len(player.wave.samples)))))


def _go_on(player: Player, time: int) -> tuple[Player, Answers]:
    answers: Answers = []
    wave = player.wave
    if wave is not None:
        ended = time >= player.since + duration(len(wave.samples))
        answers.append((time, Ack(wave.response, _played(player, time), ended and wave.last)))
        if not ended:
            return player, [*answers, _next(player, time)]
        player = replace(player, wave=None, before=player.before + len(wave.samples))
    if player.waiting and player.waiting[0][0] <= time:
        waiting = player.waiting
        player, more = _start(replace(player, waiting=waiting[1:]), time, waiting[0][1])
        answers += more
    elif player.waiting:
        answers.append(Wake(player.waiting[0][0]))
    return player, answers


def _played(player: Player, time: int) -> int:
    assert player.wave is not None
    return player.before + min(len(player.wave.samples), (time - player.since) * WAVE_HZ // 1_000_000_000)
