"""Draw worlds, with Hypothesis: users, rooms, cameras, faults, and whole scenarios. Small ones come first, so failures shrink to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

try:
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("drawing needs Hypothesis; pip install 'omniflow-graph[sim]'", name=error.name) from error

from omniflow_graph.events import seconds
from operators.scripted.script import Rule
from simulations.scenario import MS, Act, Answered, At, Begun, Echo, Gap, Phrase, Room, Scenario, Shot, Wait, aside, interrupt, leave, mhm, say

QUESTIONS = ("Hello?", "What is that?", "And what is beside it, over there?", "Tell me more.")
STOPS = ("Stop.", "No, wait, please stop it right there.", "No no, that is not at all what I wanted to know.")
ANSWERS = (
    "Yes.",
    "It is a lamp.",
    "It is an old lamp of brass, and beside it stands a kettle that somebody has left on the stove.",
    "It is red, and it has been red for as long as I can see, which is not very long, but longer than you think.",
    "First take the lid off, then pour in the water, then put the lid on again, and last of all light the stove beneath it.",
)
SCENES = ("a lamp", "a kettle", "dark", "frozen", "live")
FAULTY = ("env-audio", "env-visual")
STEP = 20 * MS


@cache  # making strategies takes longer than drawing from them
def times(most: int, least: int = 0) -> st.SearchStrategy[int]:
    """Draw a time of up to `most` ns, in steps of 20 ms: a frame's. What `jitter` adds is between them."""
    return st.integers(least // STEP, most // STEP).map(lambda n: min(max(least, n * STEP), most))


@cache
def users(*, longest: int = seconds(12), most: int = 4) -> st.SearchStrategy[tuple[Act, ...]]:
    """Draw what a user does: up to `most` acts, the first one at a time, the last one perhaps to leave."""
    first = st.builds(say, st.sampled_from(QUESTIONS), st.builds(At, times(longest // 3)))
    later = st.lists(_acts(), min_size=min(1, most - 1), max_size=most - 1)
    last = st.sampled_from(((), (), (leave(Wait(seconds(1))),)))
    return st.one_of(
        st.just(()), st.tuples(first), st.tuples(first, _interruptions()), st.builds(lambda one, more, end: (one, *more, *end), first, later, last)
    )


@cache
def _interruptions() -> st.SearchStrategy[Act]:
    phrase = st.builds(Phrase, st.sampled_from(("lamp", "red")), times(seconds(1)))
    return st.builds(interrupt, st.sampled_from(STOPS), st.one_of(st.builds(Begun, times(seconds(2))), phrase, st.just(Gap(600 * MS))))


@cache
def _acts() -> st.SearchStrategy[Act]:
    patience = st.sampled_from((seconds(3), seconds(6)))
    answered = st.builds(Answered, times(seconds(1)), patience, st.sampled_from(("go-on", "repeat")))
    return st.one_of(
        st.builds(say, st.sampled_from(QUESTIONS), st.one_of(answered, st.builds(Wait, times(seconds(2), 600 * MS)))),
        _interruptions(),
        st.builds(mhm, st.builds(Begun, times(seconds(2)))),
        st.builds(aside, st.just("I am on the phone."), st.builds(Wait, times(seconds(2), 600 * MS))),
    )


@cache
def rooms(*, talker: bool = True) -> st.SearchStrategy[Room]:
    """Draw a room: quiet, or with some noise, music, an echo too soft to be taken for speech, perhaps somebody else who talks."""
    talks = st.lists(st.builds(aside, st.just("See you."), st.builds(At, times(seconds(12)))), max_size=1).map(tuple) if talker else st.just(())
    echo = st.one_of(st.none(), st.builds(Echo, times(200 * MS, 20 * MS), st.integers(0, 60)))
    return st.one_of(st.just(Room()), st.builds(Room, st.integers(0, 150), st.integers(0, 100), echo, talks))


@cache
def cameras(*, longest: int = seconds(12)) -> st.SearchStrategy[tuple[Shot, ...]]:
    """Draw up to four shots; without any the camera is off."""
    shots = st.lists(st.builds(Shot, times(longest), st.sampled_from(SCENES)), max_size=4)
    return shots.map(lambda drawn: tuple(sorted(drawn, key=lambda shot: shot.at)))


@cache
def scripts() -> st.SearchStrategy[tuple[Rule, ...]]:
    """Draw what a scripted assistant says: to the first utterance, to a few more, to a new scene, at a time."""
    lines = st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=4)
    spoken = lines.map(lambda drawn: [Rule("speech_ends", n, line) for n, line in enumerate(drawn, 1)])
    seen = st.lists(st.builds(Rule, st.just("scene"), st.integers(2, 3), st.sampled_from(ANSWERS)), max_size=1)
    due = st.lists(st.builds(Rule, st.just("at"), times(seconds(8)), st.sampled_from(ANSWERS)), max_size=1)
    return st.builds(lambda *some: tuple(rule for rules in some for rule in rules), spoken, seen, due)


def faults(edges: Sequence[str] = FAULTY, *, most: int = 2) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    """Draw faults for some edges, as a scenario writes them: `(("env-audio", "loss(permille=20)"), ...)`."""
    return _faults(tuple(edges), most)


@cache
def _faults(edges: tuple[str, ...], most: int) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    one = st.one_of(
        st.integers(0, 80).map("jitter(most_ms={})".format),
        st.integers(0, 200).map("loss(permille={})".format),
        st.integers(0, 200).map("duplicate(permille={})".format),
        st.builds("bursts(permille={}, length_ms={})".format, st.integers(0, 200), st.integers(20, 400)),
        st.builds("reorder(permille={}, by_ms={})".format, st.integers(0, 200), st.integers(0, 100)),
        st.integers(0, 1000).map("drift(ppm={})".format),
        st.builds("jump(at_ms={}, by_ms={})".format, st.integers(0, 8000), st.integers(0, 500)),
        st.builds("disconnect(at_ms={}, length_ms={})".format, st.integers(0, 8000), st.integers(1, 3000)),
        st.builds("stall(at_ms={}, length_ms={})".format, st.integers(0, 8000), st.integers(1, 1500)),
        st.integers(0, 50).map("corrupt(permille={})".format),
    )
    each = st.one_of(one, st.builds("both({}, {})".format, one, one))
    return st.dictionaries(st.sampled_from(edges), each, max_size=most).map(lambda drawn: tuple(sorted(drawn.items())))


@st.composite
def scenarios(draw: st.DrawFn, *, longest: int = seconds(12), faulty: bool = False, name: str = "drawn") -> Scenario:
    """Draw a whole scenario, up to `longest` ns: user, room, camera, script, habits; with faults only if they are asked for."""
    return Scenario(
        name,
        draw(times(longest, longest // 3), label="length"),
        user=draw(users(longest=longest), label="user"),
        room=draw(rooms(), label="room"),
        camera=draw(cameras(longest=longest), label="camera"),
        script=draw(scripts(), label="script"),
        jitter=draw(st.sampled_from((0, 0, 300 * MS)), label="jitter"),
        mhm_every=draw(st.sampled_from((0, 0, seconds(1.5))), label="mhm_every"),
        yields=draw(st.sampled_from((0, 0, 400 * MS)), label="yields"),
        faults=draw(faults(), label="faults") if faulty else (),
    )
