"""Describe a session before it happens: what a user does and when, the room around, what the camera sees. Values only.

All times are nanoseconds of session time; a scenario file (`scenario_file`) has milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from omniflow_graph.events import SECOND

MS = 1_000_000
LONGEST = 10**6 * SECOND  # eleven days
OTHERWISE = ("repeat", "go-on", "leave")
SPEECH = ("hum", "voice", "clips")


@dataclass(frozen=True)
class At:
    """At a time of the session, or as soon as the act before it is over."""

    time: int


@dataclass(frozen=True)
class Wait:
    """So long after the act before it is over."""

    wait: int = 0


@dataclass(frozen=True)
class Answered:
    """When an answer has been heard to its end, and nobody has spoken for `wait` since.

    If no answer has begun `patience` after the act before, the user gives up waiting and does what `otherwise` says:
    "repeat" the last words, "go-on" with the next act, or "leave".
    """

    wait: int = 600 * MS
    patience: int = 8 * SECOND
    otherwise: str = "go-on"


@dataclass(frozen=True)
class Begun:
    """So long after an answer has begun to sound; never, if it is over by then."""

    wait: int = 0


@dataclass(frozen=True)
class Phrase:
    """So long after these words of an answer were heard; never, if it is over by then."""

    text: str
    wait: int = 200 * MS


@dataclass(frozen=True)
class Gap:
    """When the assistant has fallen silent for so long in the middle of an answer."""

    length: int


Trigger = At | Wait | Answered | Begun | Phrase | Gap


@dataclass(frozen=True)
class Act:
    """What the user does next: says a text when its trigger comes, or, without one, leaves and says nothing any more.

    `kind` is what it is meant as: "say" wants an answer, "interrupt" wants silence, "mhm" wants nothing, "aside" is not
    for the assistant. `how` is how it is said, where that is not the scenario's `speech`: "nano SPLIT CLIP PERMILLE" is a clip of
    nano's voices, so loud, "beep HERTZ MS LOUDNESS" no speech at all.
    """

    kind: str
    when: Trigger
    text: str = ""
    how: str = ""


def say(text: str, when: Trigger = Answered()) -> Act:
    """Say something that is to be answered."""
    return Act("say", when, text)


def interrupt(text: str, when: Trigger = Begun(SECOND)) -> Act:
    """Talk over an answer so that it stops."""
    return Act("interrupt", when, text)


def mhm(when: Trigger = Begun(SECOND), text: str = "mhm") -> Act:
    """Show that one listens; the answer is to go on."""
    return Act("mhm", when, text)


def aside(text: str, when: Trigger = Wait(SECOND)) -> Act:
    """Say something to somebody else."""
    return Act("aside", when, text)


def leave(when: Trigger = Wait()) -> Act:
    """Fall silent for good."""
    return Act("leave", when)


@dataclass(frozen=True)
class Echo:
    """What the microphone hears of the assistant: so much later, at so many permille of its loudness."""

    delay: int = 120 * MS
    permille: int = 100


@dataclass(frozen=True)
class Room:
    """What is heard besides the user."""

    noise: int = 0  # mean loudness of a hiss, in steps of a 16-bit sample; `noise_at` converts a ratio to speech
    music: int = 0  # the same of three notes that go on and on
    echo: Echo | None = None
    talker: tuple[Act, ...] = ()  # somebody else, who does not hear the assistant: acts with At or Wait
    rumble: int = 0  # the mean loudness of low noise, as of an engine


@dataclass(frozen=True)
class Shot:
    """From a time on the camera sees a scene, by any name.

    "dark" is black; at "off" no picture is taken; from "frozen" to "live" it shows what it saw last.
    """

    at: int
    scene: str


@dataclass(frozen=True)
class Scenario:
    """Put together a session: `length` long, the user's acts one after another, the room, the shots of the camera.

    `jitter` delays every trigger by up to so much, drawn from the seed. `mhm_every` lets the user say "mhm" so often while
    an answer sounds. `yields` makes the user break off when the assistant has talked at the same time for so long. `look`
    is how long after it is due a picture is taken. `frame` is how long a frame of sound is; a user reacts within one.
    `speech` is "hum", made in integers and the same on every machine, "voice", a real one, or "clips", what people say in
    the sample sessions. `script` is what a scripted assistant says: rules as in a script file. `faults` are written as
    `{edge: fault}`; see `faults`.
    """

    name: str
    length: int
    user: tuple[Act, ...] = ()
    room: Room = Room()
    camera: tuple[Shot, ...] = ()
    jitter: int = 0
    mhm_every: int = 0
    yields: int = 0
    frame: int = 20 * MS
    fps: int = 2
    speech: str = "hum"
    script: tuple[Any, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()
    look: int = 0

    def __post_init__(self) -> None:
        for words in _faults_of(self):
            raise ValueError(f"scenario {self.name!r}: {words}")


def then(first: Scenario, second: Scenario) -> Scenario:
    """Play one scenario after another: times of the second count from the end of the first.

    The second one's camera takes over then; its first act waits until then. Room, voice and everything else are the
    first one's.
    """
    start = first.length
    later = tuple(_later(act, start, not n) for n, act in enumerate(second.user))
    camera = (*first.camera, *(replace(shot, at=shot.at + start) for shot in second.camera))
    name, script = f"{first.name}, then {second.name}", (*first.script, *second.script)
    return replace(first, name=name, length=start + second.length, user=(*first.user, *later), camera=camera, script=script)


def over(first: Scenario, second: Scenario) -> Scenario:
    """Lay what is around in one scenario over another: the louder noise and music, all talkers, shots and faults."""
    a, b = first.room, second.room
    room = Room(max(a.noise, b.noise), max(a.music, b.music), a.echo or b.echo, (*a.talker, *b.talker), max(a.rumble, b.rumble))
    camera = tuple(sorted((*first.camera, *second.camera), key=lambda shot: shot.at))
    longest = max(first.length, second.length)
    return replace(
        first, name=f"{first.name}, {second.name}", length=longest, user=first.user or second.user, room=room, camera=camera,
        faults=(*first.faults, *second.faults), script=first.script or second.script,
    )  # fmt: skip


def _later(act: Act, start: int, first: bool) -> Act:
    if isinstance(act.when, At):
        return replace(act, when=At(act.when.time + start))
    return replace(act, when=At(start + act.when.wait)) if first and isinstance(act.when, Wait) else act


def _faults_of(scenario: Scenario) -> list[str]:
    """Say what is wrong with a scenario, most of all with its times."""
    s, found = scenario, []
    if not 0 < s.length <= LONGEST:
        found.append(f"wants a length of up to {LONGEST // SECOND} s, got {s.length} ns")
    if not MS <= s.frame <= SECOND or s.frame % 62_500:
        found.append(f"wants frames of 1 to 1,000 ms, in whole samples of 62,500 ns, got {s.frame} ns")
    if not 1 <= s.fps <= 60 or min(s.jitter, s.mhm_every, s.yields, s.look, s.room.noise, s.room.rumble, s.room.music) < 0:
        found.append("wants 1 to 60 pictures a second, and neither jitter, mhm_every, yields, look, noise, rumble nor music below 0")
    if s.speech not in SPEECH:
        found.append(f"wants speech to be one of {', '.join(SPEECH)}, got {s.speech!r}")
    if s.room.echo and (s.room.echo.delay < s.frame or not 0 <= s.room.echo.permille <= 1000):
        found.append(f"wants an echo of 0 to 1,000 permille that comes at least a frame ({s.frame // MS} ms) later, got {s.room.echo}")
    if any(act.kind == "leave" for act in s.user[:-1]):
        found.append("the user leaves and then does something; make leaving the last act")
    if any(not isinstance(act.when, (At, Wait)) for act in s.room.talker):
        found.append("somebody else in the room does not hear the assistant; give each of their acts At or Wait")
    if [shot.at for shot in s.camera] != sorted(shot.at for shot in s.camera):
        found.append("wants the shots of the camera in the order of their times")
    for act in (*s.user, *s.room.talker):
        found += _wrong(act)
    return found


def _wrong(act: Act) -> list[str]:
    when = act.when
    times = [value for value in vars(when).values() if isinstance(value, int)]
    if act.kind != "leave" and not act.text.strip():
        return [f"an act of the kind {act.kind!r} wants words to say"]
    if any(not 0 <= time <= LONGEST for time in times):
        return [f"{act.kind} {act.text!r}: wants times from 0 to {LONGEST // SECOND} s, got {when}"]
    if isinstance(when, Answered) and when.otherwise not in OTHERWISE:
        return [f"{act.kind} {act.text!r}: wants otherwise to be one of {', '.join(OTHERWISE)}, got {when.otherwise!r}"]
    if isinstance(when, Phrase) and not when.text.strip():
        return [f"{act.kind} {act.text!r}: wants the words of the phrase"]
    return []
