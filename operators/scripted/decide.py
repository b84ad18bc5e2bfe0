"""Listen or speak: one decision per window, each with its reason, as a pure function of what the window holds."""

from __future__ import annotations

from dataclasses import replace

from omniflow_graph import Event, Window
from operators.omni_flow.interleaving.admission import Admit, Progress, Slot, grant
from operators.omni_flow.playback.ledger import Sent, fenced, sent
from operators.omni_flow.playback.marks import Mark, even_marks
from operators.scripted.mind import Listening, Manners, Mind, Pace, Speaking
from operators.scripted.perceive import perceive
from operators.scripted.remember import remember
from operators.scripted.script import Script
from operators.words import Decision, words_of

CERTAIN = 1000  # permille


def decide(
    mind: Mind, event: Event[Window], *, script: Script, pace: Pace, manners: Manners = Manners(), forced: str = ""
) -> tuple[Mind, list[Decision]]:
    """Answer a window with one decision.

    A line is due when its rule's trigger comes; it is said when nobody talks and nothing sounds, a few words a window:
    `pace` tells how long they take, `manners` how many of them a window is given, what stops the assistant, and for how
    long it only listens. `forced` says why it may not speak in this window, if it may not.
    """
    window = event.data
    before = perceive(mind, window, script, manners.overlap)
    mind, decision = _decided(before, window, pace, manners, forced)
    context, open_answers, remembered = remember(before, window, decision)
    told = decision._replace(overlap=mind.choices, notices=mind.notices, context=(remembered,))
    return replace(mind, choices=(), notices=(), context=context, open=open_answers), [told]


def _decided(mind: Mind, window: Window, pace: Pace, manners: Manners, forced: str) -> tuple[Mind, Decision]:
    turn = mind.turn
    over = next((each for each in mind.choices if each.choice == "stop" and each.response == mind.audible), None)
    if over:
        return _stop(mind, window, over.response, over.reason, pace)
    if forced:
        return mind, _listens(mind, window.k, forced, "force_listen")
    if isinstance(turn, Speaking):
        return _go_on(mind, turn, window, "the line goes on", manners.admit, pace)
    if window.k < manners.force_listen:
        return mind, _listens(mind, window.k, f"forced to listen in the first {manners.force_listen} windows", "force_listen")
    if not mind.due:
        return mind, _listens(mind, window.k, "nothing to say")
    if mind.talking or turn.unheard:
        who = "the user is talking" if mind.talking else "the last answer still sounds"
        return mind, _listens(mind, window.k, f"waits: {who}")
    return _begin(mind, window, manners.admit, pace)


def _listens(mind: Mind, k: int, cause: str, forced: str = "") -> Decision:
    return Decision(k, "listen", cause, epoch=mind.ledger.epoch, p_listen=CERTAIN, forced=forced)


def _stop(mind: Mind, window: Window, response: int, cause: str, pace: Pace) -> tuple[Mind, Decision]:
    """Fall silent at once: a new epoch begins, and what was made for the old one never sounds."""
    stopped = Decision(window.k, "stop", cause, response, epoch=mind.ledger.epoch, p_listen=CERTAIN, ends="flush")
    return replace(mind, turn=Listening(), ledger=fenced(mind.ledger, window.end + pace.delay)), stopped


def _begin(mind: Mind, window: Window, admit: Admit, pace: Pace) -> tuple[Mind, Decision]:
    due, response = mind.due[0], mind.responses + 1
    words, progress = tuple(words_of(due.text)), Progress(response, begins=window.end + pace.delay)
    turn = Speaking(response, due.text, words, pace(due.text), 0, 0, progress)
    return _go_on(replace(mind, due=mind.due[1:], responses=response), turn, window, due.cause, admit, pace)


def _go_on(mind: Mind, turn: Speaking, window: Window, cause: str, admit: Admit, pace: Pace) -> tuple[Mind, Decision]:
    """Give the next words; none where enough of them wait to be heard."""
    n = max(admit(turn.progress, _slot(turn, window, pace.delay), turn.durations), turn.begin == 0)  # a turn begins with a word
    text, last = "".join(turn.words[:n]), n == len(turn.words)
    why = cause if n else f"{cause}: enough of it is still to be heard"
    decision = Decision(
        window.k, "speak", why, turn.response, turn.part, last, text, turn.line, turn.begin, mind.ledger.epoch, ends="drain" if last else ""
    )
    if n:
        mind = _sent(mind, turn, text, last, window.end + pace.delay, pace)
    further = replace(
        turn, words=turn.words[n:], durations=turn.durations[n:], begin=turn.begin + len(text), part=turn.part + bool(n),
        progress=grant(turn.progress, turn.durations[:n]),
    )  # fmt: skip
    return replace(mind, turn=Listening(turn.response, turn.progress.begins) if last else further), decision


def _sent(mind: Mind, turn: Speaking, text: str, last: bool, begin: int, pace: Pace) -> Mind:
    """Take down what the player will get of this."""
    before, after = (pace.samples(turn.line, at) for at in (turn.begin, turn.begin + len(text)))
    marks = even_marks(text, after - before, Mark(before, turn.begin))
    ledger, notices = sent(mind.ledger, Sent(turn.response, mind.ledger.epoch, after - before, begin, text, marks, last))
    return replace(mind, ledger=ledger, notices=(*mind.notices, *notices))


def _slot(turn: Speaking, window: Window, delay: int) -> Slot:
    """Say which stretch of the answer's sound this window is to fill: as long as itself, which may be several in one."""
    start, length = window.end + delay, window.end - window.start
    return Slot((start - turn.progress.begins) // length, window.end, start, start + length)
