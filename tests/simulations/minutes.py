"""A thousand scenarios of a minute, no two alike."""

from __future__ import annotations

from operators.scripted.script import Rule
from simulations.scenario import MS, Answered, At, Begun, Echo, Phrase, Room, Scenario, Shot, interrupt, mhm, say

S = 1000 * MS
LINE = "It is a lamp that stands upon the table, and it shines all day long."
SCRIPT = tuple(Rule("speech_ends", n, LINE) for n in range(1, 9)) + tuple(Rule("scene", n, "That is new.") for n in (2, 5))


def minute(n: int) -> Scenario:
    """Make one of a thousand scenarios of 60 s: questions, nods, interruptions, pictures, each at other times."""
    questions = [say("What is this thing over here?", Answered(wait=(400 + 37 * (n % 20)) * MS, patience=6 * S)) for _ in range(7)]
    between = [interrupt("No, stop it, please, I mean that one.", Phrase("table")), mhm(Begun((500 + n % 7 * 100) * MS))]
    acts = [act for k, question in enumerate(questions) for act in (question, between[(n + k) % 2])]
    shots = tuple(Shot(k * 9 * S + n * MS, f"scene {n + k}") for k in range(6))
    room = Room(echo=Echo(permille=60), noise=n % 2 * 50)
    return Scenario(f"minute {n}", 60 * S, (say("Hello there!", At(n * MS)), *acts), room, shots, jitter=300 * MS, frame=100 * MS, script=SCRIPT)
