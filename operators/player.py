"""Play waves one after another and say what was heard: a scan that wakes itself while something sounds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from omniflow_graph import Event, Wake
from operators.words import WAVE_HZ, Ack, Fence, Sound, Wave, duration

ACK_NS = 200_000_000  # while something sounds, what was heard is acknowledged so often

Answers = list[tuple[int, Sound | Ack] | Wake]


@dataclass(frozen=True)
class Player:
    """Remember what sounds since when, what waits (begin, wave), and how much of the answer was heard before."""

    wave: Wave | None = None
    since: int = 0
    ack_at: int = 0  # when to look at the wave again; a wake before that was asked for by a wave that was cut
    waiting: tuple[tuple[int, Wave], ...] = ()
    free_at: int = 0
    response: int = 0  # the answer that was begun, and not heard to its end; 0 if there is none
    before: int = 0  # samples of this answer that sounded in earlier waves
    epoch: int = 0  # waves of an older one are not played


def play(player: Player, cause: Event[Wave | Fence] | Wake) -> tuple[Player, Answers]:
    """Start each wave at max(when it came, when the one before it ends); acknowledge what was heard up to now.

    A fence stops at once what is of an older epoch: what was queued never sounds, nor what comes late. A wave of a newer epoch
    does the same, whatever became of its fence. Each answer that is cut is acknowledged as final, also if nothing of it sounded.
    The player acts as long as its input is open: what still sounds then is not acknowledged.
    """
    if isinstance(cause, Wake):
        return _go_on(player, cause.time)
    given, answers = cause.data, []
    if given.epoch > player.epoch:
        player, answers = _fall_silent(player, cause.time, given.epoch)
    if isinstance(given, Fence) or given.epoch < player.epoch:
        return player, answers
    player, more = _queue(player, cause.time, given)
    return player, [*answers, *more]


def _fall_silent(player: Player, time: int, epoch: int) -> tuple[Player, Answers]:
    """Stop, and say how far each answer was heard: the one that sounds, or is between two of its waves, and those that wait."""
    heard = {player.response: _played(player, time) if player.wave else player.before} if player.response else {}
    for _, wave in player.waiting:
        heard.setdefault(wave.response, 0)
    acks = [(time, Ack(response, played, True, player.epoch, time)) for response, played in heard.items()]
    return Player(free_at=time, epoch=epoch), [*acks]


def _queue(player: Player, time: int, wave: Wave) -> tuple[Player, Answers]:
    begin = max(time, player.free_at, wave.at)
    player = replace(player, free_at=begin + duration(len(wave.samples)))
    if begin > time or player.wave is not None:
        return replace(player, waiting=(*player.waiting, (begin, wave))), [Wake(begin)] if begin > time else []
    return _start(player, time, wave)


def _start(player: Player, time: int, wave: Wave) -> tuple[Player, Answers]:
    before = player.before if wave.response == player.response else 0
    player = replace(player, wave=wave, since=time, ack_at=_next(wave, time, time), response=wave.response, before=before)
    return player, [(time, Sound(wave.response, wave.part, wave.text, wave.samples, wave.last, wave.epoch, wave.marks)), Wake(player.ack_at)]


def _next(wave: Wave, since: int, time: int) -> int:
    """Return when to acknowledge again: at the end at the latest, and later than now."""
    return max(time + 1, min(time + ACK_NS, since + duration(len(wave.samples))))


def _go_on(player: Player, time: int) -> tuple[Player, Answers]:
    answers: Answers = []
    wave = player.wave
    if wave is not None and time < player.ack_at:
        return player, []
    if wave is not None:
        if time < player.since + duration(len(wave.samples)):
            player = replace(player, ack_at=_next(wave, player.since, time))
            return player, [(time, Ack(wave.response, _played(player, time), False, wave.epoch, time)), Wake(player.ack_at)]
        played = player.before + len(wave.samples)
        answers.append((time, Ack(wave.response, played, wave.last, wave.epoch, time)))
        player = replace(player, wave=None, response=0 if wave.last else wave.response, before=0 if wave.last else played)
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
