"""Say an answer window by window as an assistant would, on paper: what is admitted when, what it costs, when it is heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from omniflow_graph.events import SECOND
from operators.omni_flow.interleaving.admission import Admit, Progress, Slot, learnt, report
from operators.omni_flow.interleaving.dialogue import Answer
from operators.player import ACK_NS
from operators.words import WAVE_HZ

SPEECH_TOKENS_HZ = 25

Foresee = Callable[[Answer, int, int], tuple[int, Sequence[int]]]
"""Predict, of an answer, tokens admitted and ns spoken: how much sound is before the next token, how long each next one takes."""


@dataclass(frozen=True)
class Cost:
    """Say what a window costs, in ns: each text token, and each speech token with its sound; and when playback begins.

    Sound begins `begins` ns after the first decision, or when it is there, if that is later.
    """

    text: int = 0
    speech: int = 0
    begins: int = 0


FREE = Cost()
PUBLISHED = Cost(text=38_000_000, speech=14_500_000, begins=600_000_000)
"""On an RTX 4090 (llama.cpp-omni): 38 ms a text token; 8.5 ms a speech token, its sound 0.15 times as long; first sound in 0.6 s."""


class Stall(NamedTuple):
    """Say when a loudspeaker stops, in ns since the answer was decided on, and for how long. What is played waits."""

    at: int = 0
    length: int = 0

    def played(self, time: int) -> int:
        """Return how much time has passed for the loudspeaker."""
        return time if time < self.at else max(self.at, time - self.length)

    def heard(self, played: int) -> int:
        """Return when what it plays then is heard."""
        return played if played < self.at else played + self.length


NO_STALL = Stall()


class Said(NamedTuple):
    """Hold one window of an answer as it was said: times in ns since the answer was decided on, places in ns of its sound."""

    decided: int
    written: int  # when its text is there
    admitted: int  # tokens, with those of the windows before
    begin: int  # when its sound begins to be played, in time of the loudspeaker
    start: int
    end: int


def known(answer: Answer, admitted: int, spoken: int) -> tuple[int, Sequence[int]]:
    """Foresee as one who has heard the answer: each token takes as long as it will."""
    starts = [answer.start(n) for n in range(admitted, len(answer.tokens) + 1)]
    return starts[0], [after - start for start, after in pairwise(starts)]


def guessed(answer: Answer, admitted: int, spoken: int) -> tuple[int, Sequence[int]]:
    """Foresee as an assistant can: what is spoken is known; what is not takes as long as a token took up to now."""
    done = sum(answer.onset(n + 1) <= spoken for n in range(admitted))
    each = learnt([answer.onset(n + 1) - answer.onset(n) for n in range(done)])
    begun = max(0, spoken - answer.onset(done))
    return spoken + max(0, each * (admitted - done) - begun), [each] * (len(answer.tokens) - admitted)


def speak(answer: Answer, unit: int, admit: Admit, *, foresee: Foresee = known, cost: Cost = FREE, stall: Stall = NO_STALL) -> list[Said]:
    """Say an answer in windows of `unit` ns, one decided after another, with reports of what was heard as `operators.player` makes them.

    A window speaks as far as its text is there, and no more than it is long: 25 speech tokens a second.
    """
    said: list[Said] = []
    admitted = spoken = free = 0
    while spoken < answer.duration or admitted < len(answer.tokens):
        k = len(said)
        slot = Slot(k, max(free, k * unit), k * unit + cost.begins, (k + 1) * unit + cost.begins)
        before, durations = foresee(answer, admitted, spoken)
        new = admit(_reported(Progress(1, cost.begins, before, admitted), said, slot.decided, stall), slot, durations)
        start, spoken, admitted = spoken, max(spoken, min(spoken + unit, answer.onset(admitted + new))), admitted + new
        written = slot.decided + new * cost.text
        free = written + (spoken - start) * SPEECH_TOKENS_HZ * cost.speech // SECOND
        after = said[-1].begin + said[-1].end - said[-1].start if said else cost.begins
        said.append(Said(slot.decided, written, admitted, max(stall.played(free), after), start, spoken))
    return said


def heard_at(said: Sequence[Said], place: int, stall: Stall = NO_STALL) -> int:
    """Return when a place of the sound is heard, in ns since the answer was decided on."""
    window = next((window for window in said if window.start <= place < window.end), said[-1])
    return stall.heard(window.begin + place - window.start)


def gaps(said: Sequence[Said]) -> list[tuple[int, int]]:
    """List the places at which the sound was not there in time, and for how long it was silent, in ns. A stall is none."""
    sounds = [window for window in said if window.end > window.start]
    return [(b.start, b.begin - a.begin - (a.end - a.start)) for a, b in pairwise(sounds) if b.begin > a.begin + a.end - a.start]


def _reported(progress: Progress, said: Sequence[Said], time: int, stall: Stall) -> Progress:
    """Take down what the player said last: at the end of each window's sound, and every 200 ms in it."""
    now = stall.played(time)
    for window in reversed([window for window in said if window.end > window.start and window.begin < now]):
        size = window.end - window.start
        played = size if now >= window.begin + size else (now - window.begin) // ACK_NS * ACK_NS
        if played:
            return report(progress, 1, (window.start + played) * WAVE_HZ // SECOND, min(time, stall.heard(window.begin + played)))
    return progress
