"""Behave like a user: a scan that hears the assistant and does one act after another, each when its trigger comes.

A user makes up their mind a frame before they speak: an utterance's event has the time of that, and its `begin` is when
its first sample sounds.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from omniflow_graph.chance import Rng
from omniflow_graph.events import Event, Wake
from operators.words import Ack, Sound, duration
from simulations.room.speech import Hush, Utterance, spoken
from simulations.scenario import Act, Answered, At, Begun, Gap, Phrase, Scenario, Trigger, Wait

NEVER = -1  # of an act whose time has passed


class Answer(NamedTuple):
    """Hold what was heard of the assistant's last answer: since when and until when it sounds, and its words."""

    response: int = 0
    began: int = 0
    until: int = 0
    over: bool = True  # no more of it will come
    text: str = ""
    samples: int = 0
    marks: tuple[tuple[int, int], ...] = ()  # (time, characters said by then)


class User(NamedTuple):
    """Remember who one is, which act comes next, since when it is waited for, what one is saying and has heard."""

    scenario: Scenario | None = None
    acts: tuple[Act, ...] = ()
    who: str = "user"
    next: int = 0
    since: int = 0  # the act before was over
    said: Utterance | None = None  # the last one
    count: int = 0
    answer: Answer = Answer()
    mhm_at: int = 0
    woken: int = -1


Doings = list[tuple[int, Utterance | Hush] | Wake]


def behave(user: User, cause: Event[Scenario | Sound | Ack] | Wake, rng: Rng, who: str = "user") -> tuple[User, Doings]:
    """Hear what sounds, and do what is due: `who` is "user", or "talker", somebody who does not hear the assistant."""
    now = cause.time
    if isinstance(cause, Event):
        of = cause.data
        user = _begun(of, who) if isinstance(of, Scenario) else user._replace(answer=heard(user.answer, of, now))
    if user.scenario is None:
        return user, []
    doings: Doings = []
    user = _yield(user, now, doings)
    user = _nod(user, now, doings)
    user = _act(user, now, rng, doings)
    return _awake(user, now, rng, doings)


def _begun(scenario: Scenario, who: str) -> User:
    acts = scenario.user if who == "user" else scenario.room.talker
    return User(scenario, acts, who)


def heard(answer: Answer, of: Sound | Ack, now: int) -> Answer:
    """Take in that a part of an answer begins to sound, or that it is over."""
    if isinstance(of, Ack):
        return answer._replace(until=min(answer.until, now), over=True) if of.final and of.response == answer.response else answer
    if of.response != answer.response:
        answer = Answer(of.response, now, now, False)
    marks = tuple((now + duration(sample - answer.samples), characters) for sample, characters in of.marks)
    n = answer.samples + len(of.samples)
    return answer._replace(until=now + duration(len(of.samples)), over=of.last, text=answer.text + of.text, samples=n, marks=answer.marks + marks)


def due(when: Trigger, since: int, answer: Answer, first: bool = False) -> int | None:
    """Return when an act is due, `NEVER` if its time has passed, None if nobody knows yet.

    >>> second = 1_000_000_000
    >>> due(Begun(second), 0, Answer(1, 2 * second, 9 * second, False)), due(Begun(second), 0, Answer(1, 0, second // 2))
    (3000000000, -1)
    """
    if isinstance(when, At):
        return max(when.time, since)
    if isinstance(when, Wait):
        return since + when.wait
    if isinstance(when, Answered):
        return _answered(when, since, answer, first)
    if answer.until <= since:
        return None
    if isinstance(when, Gap):
        return NEVER if answer.over else answer.until + when.length
    at = max(answer.began, since) if isinstance(when, Begun) else _phrase(when, answer)
    if at is None:
        return NEVER if answer.over else None
    return NEVER if answer.over and at + when.wait >= answer.until else at + when.wait


def _answered(when: Answered, since: int, answer: Answer, first: bool) -> int | None:
    if first:  # there is nothing to be answered
        return since + when.wait
    return answer.until + when.wait if answer.until > since and answer.over else None


def _phrase(when: Phrase, answer: Answer) -> int | None:
    """Return when the last word of a phrase was heard."""
    place = answer.text.casefold().find(when.text.casefold())
    end = place + len(when.text)
    return next((time for time, characters in answer.marks if characters >= end), answer.until) if place >= 0 else None


def _act(user: User, now: int, rng: Rng, doings: Doings) -> User:
    """Do all acts that are due: usually one; those whose time has passed are left out."""
    while user.next < len(user.acts):
        act, at = user.acts[user.next], _planned(user, rng)
        if at is None or (at != NEVER and at > now + _frame(user)):
            return _lose_patience(user, act, now, doings) if at is None else user
        begin = _soonest(user, now, at)
        over = user.answer.over and user.answer.until <= begin
        if at == NEVER or (over and isinstance(act.when, (Begun, Phrase, Gap))):
            user = user._replace(next=user.next + 1)
        elif act.kind == "leave":
            user = user._replace(next=len(user.acts))
        else:
            user = _speak(user._replace(next=user.next + 1), act.kind, act.text, begin, now, doings, act.how)
    return user


def _lose_patience(user: User, act: Act, now: int, doings: Doings) -> User:
    """Give up waiting for an answer that does not come, or does not end."""
    at = _patience(user, act)
    if at is None or at > now + _frame(user):
        return user
    begin = _soonest(user, now, at)
    assert isinstance(act.when, Answered)
    if act.when.otherwise == "leave":
        return user._replace(next=len(user.acts))
    if act.when.otherwise == "repeat" and user.said:
        return _speak(user, "repeat", user.said.text, begin, now, doings)
    return _speak(user._replace(next=user.next + 1), act.kind, act.text, begin, now, doings, act.how)


def _patience(user: User, act: Act) -> int | None:
    return max(user.since, user.answer.until) + act.when.patience if isinstance(act.when, Answered) else None


def _planned(user: User, rng: Rng) -> int | None:
    """Return when the next act is due, with what chance adds: a function of the act, whatever else happens."""
    assert user.scenario
    at = due(user.acts[user.next].when, user.since, user.answer, user.said is None)
    if at is None or at == NEVER or not user.scenario.jitter:
        return at
    return at + rng(Wake(user.next)).below(user.scenario.jitter + 1)


def _speak(user: User, kind: str, text: str, begin: int, now: int, doings: Doings, how: str = "") -> User:
    assert user.scenario
    samples, words = spoken(text, how or user.scenario.speech, user.who)
    said = Utterance(user.count + 1, kind, text, words, begin, samples, user.who)
    doings.append((now, said))
    return user._replace(said=said, count=user.count + 1, since=max(said.end, user.since))


def _nod(user: User, now: int, doings: Doings) -> User:
    """Say "mhm" now and then while an answer sounds."""
    every, answer = user.scenario.mhm_every if user.scenario else 0, user.answer
    if not every or user.who != "user" or answer.until <= now:
        return user
    at = user.mhm_at if user.mhm_at > answer.began else answer.began + every
    user = user._replace(mhm_at=at)
    if at > now + _frame(user):
        return user
    begin = _soonest(user, now, at)
    talking = user.said is not None and user.said.end > now
    if not talking and begin < answer.until:
        since = user.since
        user = _speak(user, "mhm", "mhm", begin, now, doings)._replace(since=since)  # what is waited for has not come yet
    return user._replace(mhm_at=at + every)


def _yield(user: User, now: int, doings: Doings) -> User:
    """Break off when the assistant has talked at the same time for too long."""
    at = _yields_at(user)
    if at is None or at > now:
        return user
    assert user.said
    doings.append((now, Hush(user.said.n, user.who)))
    n = max(now - user.said.begin, 0) * len(user.said.samples) // max(user.said.end - user.said.begin, 1)
    return user._replace(said=user.said._replace(samples=user.said.samples[:n]), since=now)


def _yields_at(user: User) -> int | None:
    """Return when the user breaks off, if all goes on as it does."""
    said, answer, patience = user.said, user.answer, user.scenario.yields if user.scenario else 0
    if not patience or said is None or user.who != "user" or said.kind == "interrupt":
        return None
    at = max(said.begin, answer.began) + patience
    return at if at < min(said.end, answer.until) else None


def _awake(user: User, now: int, rng: Rng, doings: Doings) -> tuple[User, Doings]:
    """Ask to be woken when there may be something to do next."""
    frame, times = _frame(user), []
    if user.next < len(user.acts):
        at = _planned(user, rng)
        at = _patience(user, user.acts[user.next]) if at is None else at
        times += [at - frame] if at is not None and at != NEVER else []
    if user.scenario and user.scenario.mhm_every and user.answer.until > now and user.who == "user":
        times.append(user.mhm_at - frame)
    if (at := _yields_at(user)) is not None:
        times.append(at)
    if times and (wake := max(min(times), now + 1)) != user.woken:
        doings.append(Wake(wake))
        user = user._replace(woken=wake)
    return user, doings


def _soonest(user: User, now: int, at: int) -> int:
    """Return when one can begin to speak: the frame that is heard now cannot hold it any more, nor what one still says."""
    frame = _frame(user)
    begin = max(at, (now // frame + 1) * frame)
    return max(begin, user.said.end) if user.said and user.said.end > begin else begin


def _frame(user: User) -> int:
    return user.scenario.frame if user.scenario else 0


talk = partial(behave, who="talker")
