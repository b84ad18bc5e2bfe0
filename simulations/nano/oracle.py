"""Decide as nano ought to: window by window, from what was said and seen by then, with the words that will be heard next.

The rules: an utterance counts in the window that ends at least 0.2 s after it; what is seen is the last picture by the end
of the window; a question takes the place of what is being said, "stop" ends it, nothing else does; what is awaited is
said when it is to be seen and nothing else is left to say; a word is said in the window before it sounds (spec 5.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from simulations.nano.durations import durations_ns
from simulations.nano.scenes import Scene, shows
from simulations.nano.words import ANSWER_WORDS, ASKS, PHRASES, answer, event_answer

HEARD_AFTER = 200_000_000  # ns: the least time between the end of an utterance and the end of a window that answers it
WORD = {word: n for n, word in enumerate(ANSWER_WORDS)}


class Uttered(NamedTuple):
    """Say what somebody says when, in ns of the session."""

    begin: int
    end: int
    phrase: int
    clip: int = -1  # of the split's bank
    permille: int = 1000  # how loud, of the clip's loudness
    who: str = "user"  # or talker, somebody else in the room

    @property
    def kind(self) -> str:
        """Return what it is meant as."""
        return PHRASES[self.phrase].kind


class Turn(NamedTuple):
    """Say what the assistant ought to say: from which window on, which line, and why."""

    window: int
    line: str
    kind: str  # of the phrase that is answered, or "event"
    asked: bool = True  # False: spoken up by a standing instruction
    after: int = 0  # ns: the end of the utterance that is answered, or the time of the first picture that shows the event
    words: int = 0  # how many of the line are said
    stopped: str = ""  # what cut it short: "stop", or the kind of what was asked instead
    through: tuple[int, ...] = ()  # windows in which a back-channel or talk for others ended, and more words were to come


class Verdict(NamedTuple):
    """Say what is right in one window."""

    listen: bool
    said: tuple[int, ...] = ()  # ANSWER_WORDS
    ends: str = ""  # "chunk": more words will come; "turn": none will


class Policy(NamedTuple):
    """Remember what is left to say, and what is awaited."""

    line: str = ""
    begun: int = 0  # the window in which its first word was said
    done: int = 0  # how many of its words were said
    once: tuple[int, ...] = ()  # awaited because a user asked, until it was said
    standing: tuple[int, ...] = ()  # awaited every time
    silent: tuple[int, ...] = ()  # of the standing ones: said, and not over since


def decide_all(
    uttered: Sequence[Uttered], seen: Sequence[tuple[int, Scene]], awaits: tuple[int, ...], windows: int, length: int
) -> tuple[tuple[Verdict, ...], tuple[Turn, ...]]:
    """Return what is right in each window of `length` ns, and the turns that this makes.

    `seen` are the pictures, each with its time, in order; `awaits` is what the prompt says to speak up at.
    """
    policy, verdicts, turns = Policy(standing=awaits), [], []
    ended = sorted((-(-(of.end + HEARD_AFTER) // length) - 1, of.end, of) for of in uttered)
    newest = {time // length: (time, scene) for time, scene in seen}
    shown: Scene | None = None
    for k in range(windows):
        now = []
        while ended and ended[0][0] <= k:
            now.append(ended.pop(0)[2])
        since, shown = newest.get(k, (k * length, shown))
        policy = _hear(policy, k, now, shown, turns)
        policy = _await(policy, k, shown, turns, since)
        policy, verdict = _say(policy, k, length)
        if turns and verdict.said:
            turns[-1] = turns[-1]._replace(words=policy.done or len(turns[-1].line.split()))
        verdicts.append(verdict)
    return tuple(verdicts), tuple(turns)


def _hear(policy: Policy, k: int, now: Sequence[Uttered], shown: Scene | None, turns: list[Turn]) -> Policy:
    for of in now:
        phrase = PHRASES[of.phrase]
        if policy.line and phrase.kind not in ASKS and phrase.kind != "stop":
            turns[-1] = turns[-1]._replace(through=(*turns[-1].through, k))
            continue
        if phrase.kind in (*ASKS, "stop") and policy.line:
            turns[-1] = turns[-1]._replace(stopped=phrase.kind)
            policy = policy._replace(line="")
        if line := answer(phrase, shown):
            once = (*policy.once, *({phrase.argument} - {*policy.once})) if phrase.kind == "tell-me" else policy.once
            policy = policy._replace(line=line, begun=k, done=0, once=once)
            turns.append(Turn(k, line, phrase.kind, after=of.end))
    return policy


def _await(policy: Policy, k: int, shown: Scene | None, turns: list[Turn], since: int) -> Policy:
    if shown is None:
        return policy
    policy = policy._replace(silent=tuple(of for of in policy.silent if shows(shown, of)))
    if policy.line:
        return policy
    due = [of for of in (*policy.once, *policy.standing) if shows(shown, of) and (of in policy.once or of not in policy.silent)]
    if not due:
        return policy
    of = due[0]
    line, asked = event_answer(of), of in policy.once
    turns.append(Turn(k, line, "event", asked, since))
    silent = (*policy.silent, *({of} & {*policy.standing} - {*policy.silent}))
    return policy._replace(line=line, begun=k, done=0, once=tuple(other for other in policy.once if other != of), silent=silent)


def _say(policy: Policy, k: int, length: int) -> tuple[Policy, Verdict]:
    """Say the words that begin to sound before the next window does; the first one sounds when its window is over."""
    if not policy.line:
        return policy, Verdict(True)
    words = policy.line.split()
    upto = due_by(policy.line, (k - policy.begun + 1) * length)
    said = tuple(WORD[word] for word in words[policy.done : upto])
    if upto == len(words):
        return policy._replace(line="", done=0), Verdict(False, said, "turn")
    return policy._replace(done=upto), Verdict(False, said, "chunk")


def due_by(line: str, time: int) -> int:
    """Count the words of a line that begin to sound before a time, in ns since its first one did."""
    begins, count = 0, 0
    for duration in durations_ns(line):
        count += begins < time
        begins += duration
    return count
