"""Draw a session of nano's world from a seed: what happens, what is right in each window, and all of it as sound and pictures.

Symbolic it takes some milliseconds, so that a trainer can draw as many as it wants. As sound it is mixed by the room's own
microphone, and as a Scenario it is played against any graph: both give the same samples, but for the assistant's echo,
which here is that of an assistant who does everything right.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from omniflow_graph.events import SECOND, seconds
from simulations.nano.assistant_voice import spoken
from simulations.nano.bank import Clip, bank
from simulations.nano.oracle import HEARD_AFTER, Turn, decide_all
from simulations.nano.scenes import Layout, Scene, called, draw, lay_out, named
from simulations.nano.timeline import RATE_HZ, Timeline, timeline
from simulations.nano.words import PHRASES, PROMPTS
from simulations.room.microphone import Microphone, Source, mixed, two_thirds
from simulations.room.pictures import NANO
from simulations.room.speech import beep, louder
from simulations.scenario import Act, At, Echo, Room, Scenario, Shot

BIN = 100_000_000  # ns: what is heard is told so often
FRAME = 100_000_000  # ns of sound that are heard at a time; an echo takes at least as long
SAMPLE = SECOND // RATE_HZ
ACTS = {"stop": "interrupt", "back-channel": "mhm", "chat": "aside"}


class Told(NamedTuple):
    """Tell what there is to know about one window, and what is right in it."""

    heard: tuple[int, ...]  # which of USER_WORDS sounds in the middle of each 100 ms; 0: none
    seen: Scene | None  # what its last picture shows, if there is one
    listen: bool
    said: tuple[int, ...]  # ANSWER_WORDS
    ends: str  # "", "chunk", "turn"
    ended: tuple[int, ...] = ()  # which of PHRASES count in it: their ends are 0.2 s or more before its own


@dataclass(frozen=True)
class Session:
    """Hold a session: what happens in it, and what is right in each window."""

    drawn: Timeline
    window: int  # ns
    told: tuple[Told, ...]
    turns: tuple[Turn, ...]

    @property
    def prompt(self) -> int:
        """Return which of PROMPTS it has."""
        return self.drawn.prompt


def session(seed: int, *, window: float = 1.0, split: str = "train", length: float = 20.0, prompt: int | None = None, drill: bool = False) -> Session:
    """Draw a session: the same for the same seed, and the same happens in it whatever the window, in seconds, is."""
    return judged(timeline(seed, split=split, length=seconds(length), prompt=prompt, drill=drill), seconds(window))


def judged(drawn: Timeline, window: int) -> Session:
    """Say what is right in every window of a timeline."""
    windows = -(-drawn.length // window)
    verdicts, turns = decide_all(drawn.uttered, drawn.seen, PROMPTS[drawn.prompt].awaits, windows, window)
    heard, seen = _heard(drawn), {time // window: scene for time, scene in drawn.seen}
    ended: dict[int, tuple[int, ...]] = {}
    for of in drawn.uttered:
        k = -(-(of.end + HEARD_AFTER) // window) - 1
        ended[k] = (*ended.get(k, ()), of.phrase)
    told = tuple(
        Told(tuple(heard[k * window // BIN : (k + 1) * window // BIN].tolist()), seen.get(k), *verdict, ended.get(k, ()))
        for k, verdict in enumerate(verdicts)
    )
    return Session(drawn, window, told, turns)


def _heard(drawn: Timeline) -> np.ndarray:
    """Tell which word sounds when: the user's, where two people talk."""
    clips, bins = bank(drawn.split), np.zeros(-(-drawn.length // BIN), int)
    for of in sorted(drawn.uttered, key=lambda of: of.who == "user"):
        for word, start, end in clips[of.clip].words:
            begin, over = (-(-(of.begin + sample * SAMPLE - BIN // 2) // BIN) for sample in (start, end))
            bins[begin:over] = word
    return bins


def rendered(of: Session, clips: tuple[Clip, ...] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return a session as sound and pictures: int16 at 16 kHz [n], and uint8 [pictures, 64, 64, 3], as `drawn.pictures` are taken.

    `clips` is the bank that its split names, where that is at hand already.
    """
    return sounding(of, clips), pictures_of(of.drawn)


def sounding(of: Session, clips: tuple[Clip, ...] | None = None) -> np.ndarray:
    """Mix what the microphone hears: int16 at 16 kHz."""
    drawn, clips = of.drawn, clips or bank(of.drawn.split)
    sources = [Source(u.begin // SAMPLE, louder(clips[u.clip].samples, u.permille), u.who, n) for n, u in enumerate(drawn.uttered)]
    sources += [Source(b.begin // SAMPLE, beep(b.hertz, b.ms, b.loudness), "beep", n) for n, b in enumerate(drawn.around.beeps)]
    sources += _echoes(of)
    room = Microphone(scenario_of(of), drawn.seed, tuple(sources))
    n = drawn.length // SAMPLE
    return np.frombuffer(b"".join(mixed(room, first, min(RATE_HZ, n - first)) for first in range(0, n, RATE_HZ)), "<i2")


def _echoes(of: Session) -> list[Source]:
    """Lay what the assistant says, if it does all right, into the room: up to where it is stopped."""
    around, found = of.drawn.around, []
    for n, turn in enumerate(of.turns if around.echo else ()):
        begin = ((turn.window + 1) * of.window + around.echo_delay) // SAMPLE
        samples = echo_of(turn.line) * around.echo // 1000
        if turn.stopped:
            silent = next(k for k in range(turn.window + 1, len(of.told)) if of.told[k].listen or k in [t.window for t in of.turns])
            samples = samples[: (silent - turn.window) * of.window // SAMPLE]
        found.append(Source(begin, samples, "echo", n))
    return found


@lru_cache(maxsize=256)
def echo_of(line: str) -> np.ndarray:
    """Return a line of the assistant at 16 kHz, as a room gives it back."""
    return two_thirds(spoken(line)[0])


def pictures_of(drawn: Timeline) -> np.ndarray:
    """Draw all pictures of a session: uint8 [pictures, 64, 64, 3]."""
    return np.array([pixels(picture_name(drawn, time)) for time in drawn.pictures], np.uint8).reshape(-1, 64, 64, 3)


def picture_name(drawn: Timeline, time: int) -> str:
    """Name a picture: which session's things it shows, when it is taken, and the scene."""
    return f"{NANO}{drawn.seed} {time // SECOND}: {named(drawn.scene_at(time))}"


def pixels(name: str) -> np.ndarray:
    """Draw a picture by its name: uint8 [64, 64, 3]. Raises ValueError for a name that is none."""
    where, _, scene = name.removeprefix(NANO).partition(": ")
    try:
        seed, n = map(int, where.split())
    except ValueError:
        raise ValueError(f"picture: wants a name such as 'nano 7 0: red lamp, 3 blocks, kettle off', got {name!r}") from None
    return draw(called(scene), np.random.default_rng([seed, n]), _layout(seed))


@lru_cache(maxsize=64)
def _layout(seed: int) -> Layout:
    return lay_out(np.random.default_rng(seed))


def scenario_of(of: Session) -> Scenario:
    """Return a session as a Scenario, that is played against a graph in closed loop: with clips as speech."""
    drawn, around = of.drawn, of.drawn.around
    acts: dict[str, list[Act]] = {"user": [], "talker": []}
    for u in drawn.uttered:
        acts[u.who].append(Act(ACTS.get(u.kind, "say"), At(u.begin), PHRASES[u.phrase].text, f"nano {drawn.split} {u.clip} {u.permille}"))
    beeps = [Act("aside", At(b.begin), "beep", f"beep {b.hertz} {b.ms} {b.loudness}") for b in around.beeps]
    talker = tuple(sorted([*acts["talker"], *beeps], key=lambda act: vars(act.when)["time"]))
    echo = Echo(around.echo_delay, around.echo) if around.echo else None
    shots = _shots(drawn) if drawn.pictures else ()
    return Scenario(
        f"nano {drawn.split} {drawn.seed}", drawn.length, tuple(acts["user"]), Room(around.noise, around.music, echo, talker, around.rumble), shots,
        frame=FRAME, fps=1, look=900_000_000,
    )  # fmt: skip


def _shots(drawn: Timeline) -> tuple[Shot, ...]:
    taken = {time // SECOND: time for time in drawn.pictures}
    return tuple(Shot(second * SECOND, picture_name(drawn, taken[second]) if second in taken else "off") for second in range(drawn.length // SECOND))
