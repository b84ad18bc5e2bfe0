"""Score how the assistant took turns from who spoke when: exact, in nanoseconds, without a detector, a transcript or a judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omniflow_graph import Trace
from omniflow_graph.events import SECOND
from simulations.metrics.fdb import latency, takes_turn
from simulations.metrics.parts import Part
from simulations.metrics.spans import both, merged, total
from simulations.metrics.timeline import Answer, Timeline, timeline
from simulations.metrics.turns import PAUSE_NS, Turn, between, going_on, reply, turns_of

CUE_NS = 5 * SECOND  # what is said unasked so long after a change of scene is about it


@dataclass(frozen=True)
class Score:
    """Hold what was counted in a session, or in several: counts, and times in ns. What each is, `score` says."""

    session: str
    told_by: str  # user or listen: what tells when the user spoke
    turns: int = 0
    taken: int = 0
    latencies: tuple[int, ...] = ()
    stops: tuple[int, ...] = ()
    talked_on: int = 0
    paused: int = 0
    pauses_kept: int = 0
    acknowledgements: int = 0
    carried_on: int = 0
    bystanders: int = 0
    bystanders_ignored: int = 0
    overlap: int = 0
    user_speech: int = 0
    answers: int = 0
    false_starts: int = 0
    cues: int | None = None
    hits: tuple[int, ...] = ()
    false_alarms: int = 0


def score(trace: Trace, *, pause: int = PAUSE_NS, cue: int = CUE_NS) -> Score:
    """Score one session from its trace. Raises ValueError for a trace that does not tell who spoke when."""
    return scored(timeline(trace), pause=pause, cue=cue)


def scored(line: Timeline, *, pause: int = PAUSE_NS, cue: int = CUE_NS) -> Score:
    """Score one session from its timeline. A turn T is what the user says that wants the floor, with its pauses (`turns_of`).

    * takeover: `taken` of `turns`. The words that T is answered with (`reply`) span 1 s or are more than 3.
    * response latency: for each turn taken, max(0, begin of the first such word - end of T).
    * stop latency: for each thing said to take the floor that begins while an answer goes on, and is the last one to do
      so before that answer is cut short: the answer's end - the begin of what was said. `talked_on`: the answer goes on
      beyond its end instead. One that ends by itself meanwhile counts as neither.
    * pause handling: `pauses_kept` of `paused`. Of turns with a pause, that did not begin over an answer: the words of
      answers that begin within the turn, up to its end, are no takeover.
    * backchannels: `carried_on` of `acknowledgements`: what the user says as "mhm" while an answer goes on does not
      cut it short. `bystanders`: the same of what is said to or by somebody else.
    * overlap: how long the user and the assistant sound at the same time; of `user_speech`.
    * false starts: of `answers`, those that begin within a turn, also in a pause of it.
    * proactive: an answer is asked for if it is a false start, or the first one that goes on beyond the end of a turn. Any
      other one is a hit (its delay after the change of scene) if the scene changed within `cue` before it, each change for
      one answer; else a false alarm.
    """
    turns = turns_of(line, pause)
    latencies = [latency(reply(turn, line.answers), turn.end) for turn in turns]
    taken = tuple(each for each in latencies if each is not None)
    paused = [turn for turn in turns if turn.pauses and not going_on(line.answers, turn.begin)]
    kept = [turn for turn in paused if not takes_turn(between(line.answers, turn.begin, turn.end))]
    onsets = _onsets(line, turns)
    floor = [(onset, end) for onset, end in onsets if onset.floor]
    nods = [end for onset, end in onsets if onset.who == "user" and onset.kind == "mhm"]
    others = [end for onset, end in onsets if not onset.floor and not (onset.who == "user" and onset.kind == "mhm")]
    user = merged((part.begin, part.end) for part in line.parts if part.who == "user")
    sound = merged(span for answer in line.answers for span in answer.spans)
    false_starts = [answer for answer in line.answers if any(turn.begin < answer.begin < turn.end for turn in turns)]
    hits, alarms = _unasked(line, turns, false_starts, cue)
    return Score(
        line.session, line.told_by, len(turns), len(taken), taken,
        tuple(end.silent - onset.begin for onset, end in floor if end.stopped), sum(end.talked_on for _, end in floor),
        len(paused), len(kept), len(nods), sum(not end.stopped for end in nods), len(others), sum(not end.stopped for end in others),
        total(both(user, sound)), total(user), len(line.answers), len(false_starts),
        None if line.cues is None else len(line.cues), hits, alarms,
    )  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """Say what became of an answer that somebody talked over."""

    silent: int  # when it ended
    stopped: bool  # it was cut short, and nobody else spoke up before
    talked_on: bool  # it went on beyond the end of what was said


def _onsets(line: Timeline, turns: Sequence[Turn]) -> list[tuple[Part, Outcome]]:
    """List what was said while an answer was going on, and what became of that; a turn counts once for each answer."""
    found: list[tuple[Part, Answer]] = []
    whole = {part: Part(part.kind, part.begin, turn.end) for turn in turns for part in turn.parts}
    for part in line.parts:
        answer = going_on(line.answers, part.begin)
        again = part.floor and any(of is answer and one.end == whole[part].end for one, of in found if one.floor)
        if answer and not again:
            found.append((whole.get(part, part), answer))
    lasts = {answer.response: n for n, (_, answer) in enumerate(found)}
    return [(part, _outcome(part, answer, lasts[answer.response] == n)) for n, (part, answer) in enumerate(found)]


def _outcome(part: Part, answer: Answer, last: bool) -> Outcome:
    stopped = answer.stopped and last
    return Outcome(answer.end, stopped, not stopped and answer.end > part.end)


def _unasked(line: Timeline, turns: Sequence[Turn], false_starts: Sequence[Answer], cue: int) -> tuple[tuple[int, ...], int]:
    """Return the delays of hits, and count the false alarms."""
    asked = {answer.response for answer in false_starts}
    for turn in turns:
        asked |= {answer.response for answer in [a for a in line.answers if turn.since <= a.begin < turn.next and a.end > turn.end][:1]}
    left, hits, alarms = list(line.cues or ()), [], 0
    for answer in (answer for answer in line.answers if answer.response not in asked):
        near = [time for time in left if answer.begin - cue <= time <= answer.begin]
        if near:
            left.remove(near[0])
            hits.append(answer.begin - near[0])
        else:
            alarms += 1
    return tuple(hits), alarms
