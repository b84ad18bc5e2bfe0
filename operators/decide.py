"""Listen or speak: one decision per window, each with its reason, as a pure function of what the window holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from omniflow_graph import Event, RecordingError, Window
from omniflow_graph.events import SECOND
from omniflow_graph.trace.why import brief
from operators.omni_flow.admission import Admit, Progress, Slot, grant, report
from operators.script import Rule, Script
from operators.words import Decision, words_of

BARGE_IN_NS = 600_000_000  # so much speech over the assistant's stops it; less is a back-channel ("mhm")
CERTAIN = 1000  # permille


class Pace(Protocol):
    """Tell how a voice says a line."""

    @property
    def delay(self) -> int:
        """Return how long after a window's end its sound begins, in ns."""
        ...

    def __call__(self, line: str) -> tuple[int, ...]:
        """Return how long each word takes, in ns."""
        ...


@dataclass(frozen=True)
class Listening:
    """Nothing is being said. `unheard` is the answer that still sounds, 0 if all is quiet."""

    unheard: int = 0


@dataclass(frozen=True)
class Speaking:
    """A line is being said, a few words in each window: as many as will be heard soon."""

    response: int
    line: str
    words: tuple[str, ...]  # that have not been given yet,
    durations: tuple[int, ...]  # how long each of them takes to say, in ns,
    begin: int  # and where in the line they begin
    part: int  # of the next words
    first: int  # window of the answer
    progress: Progress


@dataclass(frozen=True)
class Due:
    """A line waits for its turn."""

    text: str
    cause: str


@dataclass(frozen=True)
class Mind:
    """Remember what decides: whose turn it is, what is due, what was heard so far."""

    turn: Listening | Speaking = Listening()
    due: tuple[Due, ...] = ()
    responses: int = 0
    speeches: int = 0  # utterances that ended and were no back-channel
    talking: bool = False
    utterance: int = 0  # the current one, or the last
    spoken_ns: int = 0  # of it
    over: int = 0  # the utterance that began while the assistant was to be heard; 0 if none did
    talked_over: tuple[int, int] | None = None  # the one that was long enough to stop it, and how long it was by then
    epoch: int = 0


def decide(mind: Mind, event: Event[Window], *, script: Script, pace: Pace, admit: Admit) -> tuple[Mind, list[Decision]]:
    """Answer a window with one decision.

    A line is due when its rule's trigger comes; it is said when nobody talks and nothing sounds, a few words a window:
    `pace` tells how long they take, `admit` how many of them a window is given. The assistant stops when 600 ms have
    been said over it.
    """
    window = event.data
    mind = perceive(mind, window, script)
    turn = mind.turn
    audible = turn.response if isinstance(turn, Speaking) else turn.unheard
    if audible and mind.talked_over:
        return _stop(mind, window.k, audible, *mind.talked_over)
    if isinstance(turn, Speaking):
        return _go_on(mind, turn, window, "the line goes on", admit, pace)
    if not mind.due:
        return mind, [_listens(mind, window.k, "nothing to say")]
    if mind.talking or turn.unheard:
        who = "the user is talking" if mind.talking else "the last answer still sounds"
        return mind, [_listens(mind, window.k, f"waits: {who}")]
    return _begin(mind, window, admit, pace)


def perceive(mind: Mind, window: Window, script: Script) -> Mind:
    """Take in a window, event by event, and note which lines became due."""
    for rule in script:
        if rule.trigger == "at" and window.start <= rule.n < window.end:
            mind = _now_due(mind, rule, f"it is {rule.n / SECOND:g} s")
    for event in window.events:
        if event.stream == "listen":
            mind = _heard(mind, event, script)
        elif event.stream == "look":
            mind = _saw(mind, event, script)
        else:
            mind = _was_heard(mind, event, _is_last(event))
    return mind


def _was_heard(mind: Mind, event: Event[Any], last: bool) -> Mind:
    """Take in what was heard of the answer that is being said, or that the last one was heard to its end."""
    turn, heard = mind.turn, event.data
    if isinstance(turn, Speaking):
        return replace(mind, turn=replace(turn, progress=report(turn.progress, heard.response, heard.played_samples, event.time)))
    return replace(mind, turn=Listening()) if last and heard.response == turn.unheard else mind


def _is_last(event: Event[Any]) -> bool:
    """Tell whether no more of an answer will be heard. Raises RecordingError for what does not say so."""
    response, final = (getattr(event.data, name, None) for name in ("response", "final"))
    if type(response) is not int or type(final) is not bool:
        where = f"stream {event.stream!r}, event {event.seq} at {event.time / SECOND:.3f} s"
        got = f"{brief(event.data)}; replay with --playback simulated"
        raise RecordingError(f"{where}: wants what was heard of an answer (response, played_samples, final), got {got}")
    return final


def _heard(mind: Mind, event: Event[Any], script: Script) -> Mind:
    hearing = event.data
    if hearing.talking and not mind.talking:
        audible = isinstance(mind.turn, Speaking) or bool(mind.turn.unheard)
        mind = replace(mind, over=hearing.utterance if audible else 0)
    if (mind.talking, mind.utterance, mind.spoken_ns) != (hearing.talking, hearing.utterance, hearing.spoken_ns):
        mind = replace(mind, talking=hearing.talking, utterance=hearing.utterance, spoken_ns=hearing.spoken_ns)
    if mind.over == hearing.utterance and mind.over and hearing.spoken_ns >= BARGE_IN_NS:  # another may begin in this window
        mind = replace(mind, talked_over=(hearing.utterance, hearing.spoken_ns))
    if not hearing.ended or (mind.over == hearing.utterance and hearing.spoken_ns < BARGE_IN_NS):
        return mind
    mind = replace(mind, speeches=mind.speeches + 1)
    return _triggered(mind, script, "speech_ends", mind.speeches, f"user speech {mind.speeches} ended at {event.time / SECOND:.2f} s")


def _saw(mind: Mind, event: Event[Any], script: Script) -> Mind:
    glance = event.data
    return _triggered(mind, script, "scene", glance.scene, f"scene {glance.scene} began at {event.time / SECOND:.2f} s") if glance.cut else mind


def _triggered(mind: Mind, script: Script, trigger: str, n: int, cause: str) -> Mind:
    for rule in script:
        if rule.trigger == trigger and rule.n == n:
            mind = _now_due(mind, rule, cause)
    return mind


def _now_due(mind: Mind, rule: Rule, cause: str) -> Mind:
    return replace(mind, due=(*mind.due, Due(rule.text, cause)))


def _listens(mind: Mind, k: int, cause: str) -> Decision:
    return Decision(k, "listen", cause, epoch=mind.epoch, p_listen=CERTAIN)


def _stop(mind: Mind, k: int, response: int, utterance: int, spoken_ns: int) -> tuple[Mind, list[Decision]]:
    """Fall silent at once: a new epoch begins, and what was made for the old one never sounds."""
    cause = f"talked over by utterance {utterance} for {spoken_ns / SECOND:.2f} s"
    stopped = Decision(k, "stop", cause, response, epoch=mind.epoch, p_listen=CERTAIN, ends="flush")
    return replace(mind, turn=Listening(), talked_over=None, epoch=mind.epoch + 1), [stopped]


def _begin(mind: Mind, window: Window, admit: Admit, pace: Pace) -> tuple[Mind, list[Decision]]:
    due, response = mind.due[0], mind.responses + 1
    words, progress = tuple(words_of(due.text)), Progress(response, begins=window.end + pace.delay)
    turn = Speaking(response, due.text, words, pace(due.text), 0, 0, window.k, progress)
    mind = replace(mind, due=mind.due[1:], responses=response, over=0, talked_over=None)
    return _go_on(mind, turn, window, due.cause, admit, pace)


def _go_on(mind: Mind, turn: Speaking, window: Window, cause: str, admit: Admit, pace: Pace) -> tuple[Mind, list[Decision]]:
    """Give the next words; none where enough of them wait to be heard."""
    turn = _assumed(turn, window)
    n = max(admit(turn.progress, _slot(turn, window, pace.delay), turn.durations), turn.begin == 0)  # a turn begins with a word
    text, last = "".join(turn.words[:n]), n == len(turn.words)
    decision = Decision(
        window.k, "speak", cause if n else f"{cause}: enough of it is still to be heard", turn.response, turn.part, last, text, turn.line,
        turn.begin, mind.epoch, ends="drain" if last else "",
    )  # fmt: skip
    further = replace(
        turn, words=turn.words[n:], durations=turn.durations[n:], begin=turn.begin + len(text), part=turn.part + bool(n),
        progress=grant(turn.progress, turn.durations[:n]),
    )  # fmt: skip
    return replace(mind, turn=Listening(unheard=turn.response) if last else further), [decision]


def _assumed(turn: Speaking, window: Window) -> Speaking:
    """Take the schedule for what was heard if nobody has said so for two windows."""
    known = turn.progress.begins if turn.progress.reported is None else turn.progress.reported
    if window.end - known < 2 * (window.end - window.start):
        return turn
    heard = min(turn.progress.heard + window.end - known, turn.progress.next)
    return replace(turn, progress=replace(turn.progress, heard=heard, reported=window.end))


def _slot(turn: Speaking, window: Window, delay: int) -> Slot:
    """Say which stretch of the answer's sound this window is to fill."""
    n, length = window.k - turn.first, window.end - window.start
    start = turn.progress.begins + n * length
    return Slot(n, window.end + delay, start, start + length)
