"""Draw what happens in a session: who says what when, what changes to be seen, and what else is heard. All from one seed.

A timeline is drawn for windows of 1.0 s, whatever windows it is heard in: what users do must not depend on them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph.events import SECOND
from simulations.nano.bank import Clip, said_by
from simulations.nano.durations import durations_ns
from simulations.nano.oracle import HEARD_AFTER, Uttered
from simulations.nano.scenes import Scene
from simulations.nano.voices import LOUDNESS
from simulations.nano.words import COLOURS, KETTLE, PHRASES, PROMPTS, answer, event_answer

RATE_HZ = 16_000
SAMPLE = SECOND // RATE_HZ
LOOK = 900_000_000  # ns: a picture is taken so late in every second
OF_KIND: dict[str, list[int]] = {}
for _n, _of in enumerate(PHRASES):
    OF_KIND.setdefault(_of.kind, []).append(_n)

# How often a user does what, when nothing is awaited, and when something is.
DOES = {
    "colour": 9, "blocks": 9, "kettle": 8, "is-it": 9, "count": 15, "hello": 4, "tell-me": 22, "chat": 11, "back-channel": 3, "stop": 2, "change": 5,
    "pause": 3,
}  # fmt: skip
AWAITING = {
    "event": 40, "decoy": 16, "colour": 4, "blocks": 4, "kettle": 4, "is-it": 4, "count": 8, "hello": 1, "tell-me": 5, "chat": 7, "back-channel": 2,
    "stop": 1, "pause": 4,
}  # fmt: skip
# The same in a drill, of what is hardest to learn: to compare what was named with what is to be seen.
COMPARES = {"is-it": 45, "tell-me": 35, "change": 20}
COMPARES_AWAITING = {"event": 45, "decoy": 30, "is-it": 15, "tell-me": 10}
UNASKED = {"event": 36, "decoy": 40, "pause": 24}
NEVER = {"decoy": 60, "pause": 40}  # what is awaited does not come


class Beep(NamedTuple):
    """Say what beeps in the room: from when on, how high, how long, how loud at its peaks."""

    begin: int
    hertz: int
    ms: int
    loudness: int


@dataclass(frozen=True)
class Surroundings:
    """Say what is heard besides people: mean loudness of a hiss, of low rumble, of music; beeps; the assistant's echo."""

    noise: int = 0
    rumble: int = 0
    music: int = 0
    beeps: tuple[Beep, ...] = ()
    echo: int = 0  # permille of its loudness
    echo_delay: int = 120_000_000  # ns


@dataclass(frozen=True)
class Timeline:
    """Put down what happens in a session."""

    seed: int
    split: str
    length: int  # ns
    prompt: int
    uttered: tuple[Uttered, ...]
    changes: tuple[tuple[int, Scene], ...]  # from when on what is to be seen; the first at 0
    pictures: tuple[int, ...]  # when they are taken; none without a camera
    around: Surroundings

    def scene_at(self, time: int) -> Scene:
        """Return what is to be seen at a time."""
        return self.changes[bisect_right(self.changes, time, key=lambda change: change[0]) - 1][1]

    @property
    def seen(self) -> tuple[tuple[int, Scene], ...]:
        """Return what each picture shows."""
        return tuple((time, self.scene_at(time)) for time in self.pictures)


@dataclass
class _Drawing:
    """Remember how far a timeline is drawn."""

    rng: np.random.Generator
    length: int
    voice: dict[int, tuple[Clip, ...]]
    other: dict[int, tuple[Clip, ...]]
    permille: int
    far: int
    scene: Scene
    camera: bool
    at: int = 0
    uttered: list[Uttered] = field(default_factory=list)
    changes: list[tuple[int, Scene]] = field(default_factory=list)
    awaited: list[int] = field(default_factory=list)
    standing: tuple[int, ...] = ()

    def between(self, low: float, high: float) -> int:
        """Draw a time, in whole samples."""
        return int(self.rng.uniform(low, high) * RATE_HZ) * SAMPLE

    def one_of(self, of: Any) -> Any:
        """Draw one of a list."""
        return of[int(self.rng.integers(len(of)))]

    def chance(self, share: float) -> bool:
        """Draw whether something is so."""
        return bool(self.rng.random() < share)


def timeline(seed: int, *, split: str = "train", length: int = 20 * SECOND, prompt: int | None = None, drill: bool = False) -> Timeline:
    """Draw a session of a split's voices. The same seed draws the same; `prompt` is drawn too where it is not given.

    A `drill` holds little but comparisons: is the lamp so, has what is awaited come about.
    """
    rng = np.random.default_rng([seed, *split.encode()])
    drawn = int(rng.integers(1, len(PROMPTS))) if rng.random() < 0.3 else 0
    prompt = drawn if prompt is None else prompt
    wordless = rng.random() < (0.75 if prompt else 0.04)  # nobody says anything
    d = _drawing(rng, split, length, prompt)
    does = (NEVER if rng.random() < 0.25 else UNASKED) if wordless else COMPARES if drill else DOES
    awaiting = COMPARES_AWAITING if drill else AWAITING
    d.at = d.between(0.2, 3)
    while d.at < length - 2 * SECOND:
        _do(d, _weighted(rng, awaiting if d.awaited and not wordless else does))
    around = _around(d, wordless)
    fits = [of for of in d.uttered if of.end <= length - 200 * SAMPLE]
    pictures = _pictures(d) if d.camera else ()
    return Timeline(seed, split, length, prompt, tuple(sorted(fits)), tuple(sorted(d.changes, key=lambda of: of[0])), pictures, around)


def unmanned(seed: int, *, split: str = "train", length: int = 20 * SECOND) -> Timeline:
    """Draw a session in which nobody speaks and nothing changes, with noise, music and beeps all through."""
    rng = np.random.default_rng([seed, 1])
    scene = Scene(int(rng.integers(len(COLOURS))), int(rng.integers(6)), int(rng.integers(2)))
    beeps = [
        Beep(
            (second * RATE_HZ + int(rng.integers(8_000))) * SAMPLE,
            int(rng.integers(400, 2500)),
            int(rng.integers(80, 400)),
            int(rng.integers(200, 4000)),
        )
        for second in range(1, length // SECOND - 1)
        if rng.random() < 0.05
    ]
    around = Surroundings(int(rng.integers(20, 300)), int(rng.integers(20, 300)), int(rng.integers(20, 300)), tuple(beeps))
    pictures = tuple(second * SECOND + LOOK for second in range(length // SECOND))
    return Timeline(seed, split, length, 0, (), ((0, scene),), pictures, around)


def _drawing(rng: np.random.Generator, split: str, length: int, prompt: int) -> _Drawing:
    by = said_by(split)
    names = list(by)
    voice, other = (by[names[int(n)]] for n in rng.integers(len(names), size=2))
    permille = int(1000 * 10 ** (rng.uniform(-14, 6) / 20))
    standing = PROMPTS[prompt].awaits
    scene = Scene(int(rng.integers(len(COLOURS))), int(rng.integers(6)), int(rng.random() < 0.3))
    if rng.random() < 0.9:  # what is awaited is seldom so from the beginning
        scene = _without(scene, standing, rng)
    d = _Drawing(rng, length, voice, other, permille, 0, scene, rng.random() >= (0.0 if prompt else 0.03), standing=standing)
    d.far = int(permille * 10 ** (d.rng.uniform(-10, 0) / 20))
    d.changes.append((0, d.scene))
    return d


def _without(scene: Scene, awaited: tuple[int, ...] | list[int], rng: np.random.Generator) -> Scene:
    """Draw another lamp, and turn the kettle off, where they are what is awaited."""
    if scene.lamp in awaited:
        scene = scene._replace(lamp=int(rng.choice([n for n in range(len(COLOURS)) if n not in awaited])))
    return scene._replace(kettle=0) if KETTLE in awaited else scene


def _weighted(rng: np.random.Generator, weights: dict[str, int]) -> str:
    drawn = int(rng.integers(sum(weights.values())))
    for name, weight in weights.items():
        drawn -= weight
        if drawn < 0:
            return name
    raise AssertionError


def _pictures(d: _Drawing) -> tuple[int, ...]:
    """Take one picture a second; in some sessions some are missing."""
    taken = [second * SECOND + LOOK for second in range(d.length // SECOND)]
    if d.chance(0.08):
        return tuple(time for n, time in enumerate(taken) if n == 0 or not d.chance(0.25))
    return tuple(taken)


def _do(d: _Drawing, what: str) -> None:
    """Let the user do one thing, and move on to when something else can happen."""
    if what == "pause":
        d.at += d.between(0.8, 3)
    elif what in ("change", "decoy", "event"):
        _change(d, what)
    elif what in ("chat", "back-channel", "stop"):
        who = "talker" if what == "chat" and d.chance(0.6) else "user"
        d.at = _utter(d, d.one_of(OF_KIND[what]), d.at, who) + d.between(0.5, 2)
    else:
        _ask(d, what)


def _utter(d: _Drawing, phrase: int, begin: int, who: str = "user") -> int:
    """Let somebody say a phrase; returns when it ends. What does not fit into the session is not said."""
    clip = d.one_of((d.other if who == "talker" else d.voice)[phrase])
    end = begin + len(clip.samples) * SAMPLE
    d.uttered.append(Uttered(begin, end, phrase, clip.index, d.far if who == "talker" else d.permille, who))
    return end


def _ask(d: _Drawing, kind: str) -> None:
    """Ask something, and wait for the answer, or talk into it; what changes meanwhile is not what was asked about."""
    phrase = _phrase(d, kind)
    began, end = d.at, _utter(d, phrase, d.at)
    if kind == "tell-me" and PHRASES[phrase].argument not in d.awaited:
        d.awaited.append(PHRASES[phrase].argument)
    line = answer(PHRASES[phrase], d.scene if d.camera else None)
    sounds = _answered_at(end)
    over = sounds + sum(durations_ns(line))
    if d.awaited and kind in ("count", "hello") and d.chance(0.3):  # two things at once
        _move(d, d.between(0, (over - began) / SECOND) + began, "event")
        over += 2 * SECOND
    if kind == "count" and d.chance(0.75):
        over = _talk_into(d, phrase, sounds, over)
    d.at = over + d.between(0.3, 2.2)


def _phrase(d: _Drawing, kind: str) -> int:
    phrases = OF_KIND[kind]
    if kind == "count" and d.chance(0.7):
        phrases = phrases[-4:]  # those worth interrupting
    if kind == "is-it" and d.chance(0.4):
        phrases = [n for n in phrases if PHRASES[n].argument == d.scene.lamp]
    if kind == "tell-me" and d.chance(0.95):
        phrases = [n for n in phrases if not _shown(d.scene, PHRASES[n].argument)]
    return d.one_of(phrases)


def _answered_at(end: int) -> int:
    return -(-(end + HEARD_AFTER) // SECOND) * SECOND


def _talk_into(d: _Drawing, phrase: int, sounds: int, over: int) -> int:
    """Say something while the assistant counts; returns when all is said."""
    kind = _weighted(d.rng, {"stop": 50, "back-channel": 28, "colour": 5, "blocks": 5, "kettle": 4, "hello": 3, "chat": 5})
    latest = max((over - sounds) / SECOND - 1.3, 0.2)  # later it would come to nothing
    said = d.one_of(OF_KIND[kind])
    end = _utter(d, said, sounds + d.between(0.1, latest), "talker" if kind == "chat" else "user")
    if kind == "stop":
        return _answered_at(end)
    line = answer(PHRASES[said], d.scene if d.camera else None)
    return _answered_at(end) + sum(durations_ns(line)) if line else max(over, end)


def _shown(scene: Scene, awaited: int) -> bool:
    return bool(scene.kettle) if awaited == KETTLE else scene.lamp == awaited


def _change(d: _Drawing, what: str) -> None:
    """Let something change that is awaited, or something else."""
    line = _move(d, d.at, what)
    wait = sum(durations_ns(line)) / SECOND + 2 if line else 0
    d.at += d.between(1, 3) + int(wait * RATE_HZ) * SAMPLE


def _move(d: _Drawing, time: int, what: str) -> str:
    """Change the scene from a time on; returns what will be said about it."""
    waited = [*d.awaited, *(of for of in d.standing if not _shown(d.scene, of))]
    if what == "event" and waited:
        now = d.one_of(waited)
        others = [of for of in waited if of != now and (of == KETTLE or now == KETTLE)]
        for of in [now, *(others if d.chance(0.25) else [])]:
            d.scene = d.scene._replace(kettle=1) if of == KETTLE else d.scene._replace(lamp=of)
            d.awaited = [other for other in d.awaited if other != of]
    else:
        d.scene = _otherwise(d, waited)
    d.changes.append((time, d.scene))
    return event_answer(waited[0]) if what == "event" and waited else ""


def _otherwise(d: _Drawing, waited: list[int]) -> Scene:
    """Change something that nobody waits for: what has been awaited may go, or something else may come."""
    scene = d.scene
    part = _weighted(d.rng, {"lamp": 50, "kettle": 25, "blocks": 25})
    if part == "lamp":
        lamps = [n for n in range(len(COLOURS)) if n != scene.lamp and n not in waited]
        return scene._replace(lamp=d.one_of(lamps))
    if part == "kettle" and not (KETTLE in waited and not scene.kettle):
        return scene._replace(kettle=1 - scene.kettle)
    return scene._replace(blocks=(scene.blocks + int(d.rng.integers(1, 6))) % 6)


def _around(d: _Drawing, wordless: bool) -> Surroundings:
    """Draw noise, so many decibels softer than the user, music, beeps, and how loud the assistant's echo is."""
    level = LOUDNESS * d.permille // 1000
    noise, rumble, music = (int(level * 10 ** (-d.rng.uniform(low, 32) / 20)) for low in ((2, 2, 6) if wordless else (8, 6, 12)))
    taken, beeps = [(of.begin, of.end) for of in d.uttered if of.who == "talker"], []
    while d.chance(0.22):
        begin, ms = d.between(0.3, d.length / SECOND - 0.8), int(d.rng.integers(80, 400))
        hertz, loudness, end = int(d.rng.integers(400, 2500)), int(level * d.rng.uniform(0.3, 2)), begin + ms * SECOND // 1000
        if all(end + SECOND // 4 < other or over + SECOND // 4 < begin for other, over in taken):  # a talker does one thing at a time
            taken.append((begin, end))
            beeps.append(Beep(begin, hertz, ms, loudness))
    echo = int(1000 * 10 ** (d.rng.uniform(-30, -20) / 20)) if d.chance(0.75) else 0
    kept = (d.chance(0.7), d.chance(0.45), d.chance(0.3 if wordless else 0.1))
    noise, rumble, music = (value if keep else 0 for value, keep in zip((noise, rumble, music), kept))
    return Surroundings(noise, rumble, music, tuple(sorted(beeps)), echo, d.between(0.1, 0.3))
