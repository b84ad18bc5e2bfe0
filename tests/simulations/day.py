"""Play a long session and say how much memory it takes: `python -m tests.simulations.day MINUTES AFTER`."""

from __future__ import annotations

import json
import resource
import sys

from omniflow_graph.events import SECOND
from omniflow_graph.trace.trace import Note
from operators.scripted.script import Rule
from simulations.scenario import MS, Answered, Echo, Room, Scenario, Shot, mhm, say
from simulations.world import simulate

EVERY = 20  # seconds from a question to the next; each third one is answered


def day(minutes: int) -> Scenario:
    """Ask and be answered all day, in a room with an echo, in front of a camera."""
    questions = minutes * 60 // EVERY
    asked = Answered(wait=2 * SECOND, patience=EVERY * SECOND - 4 * SECOND, otherwise="go-on")
    acts = [act for n in range(questions) for act in (say("What is this thing here?", asked), mhm())[: 1 + (n % 3 == 0)]]
    rules = tuple(Rule("speech_ends", n, f"It is number {n}, and it stands upon the table.") for n in range(1, questions, 3))
    shots = tuple(Shot(n * 60 * SECOND, f"scene {n % 7}") for n in range(minutes))
    return Scenario("day", minutes * 60 * SECOND, tuple(acts), Room(echo=Echo()), shots, frame=100 * MS, script=rules)


def measured(minutes: int, after: int) -> dict[str, object]:
    """Play it; return the largest RSS in MB after so many minutes, and at the end."""
    reached, most = 0, 0.0

    def watch(note: Note) -> None:
        nonlocal reached, most
        for event in note.events.get("window", ([], []))[0]:
            reached = event.time
        if reached <= after * 60 * SECOND:
            most = peak_mb()

    trace = simulate(day(minutes), keep=(), watch=watch)
    return {"before_mb": most, "grown_mb": peak_mb() - most, "reached_s": reached // SECOND, "digest": trace.digest["media"]}


def peak_mb() -> float:
    """Return the largest RSS so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(measured(*map(int, sys.argv[1:]))))
