"""A session is a function of its seed; as numbers, as sound and as a Scenario in closed loop it is the same session."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from omniflow_graph.graph.plan import plan
from simulations.nano.sessions import Session, pictures_of, rendered, scenario_of, session
from simulations.nano.words import PHRASES, USER_WORDS
from simulations.room.pictures import png
from simulations.world import closed, simulate
from tests.simulations.nano.standing_in import needs_espeak, standing_in

pytestmark = needs_espeak
MANY = range(150)


def drawn(seed: int, **options) -> Session:
    return session(seed, split="one-voice", **options)


def test_the_same_seed_draws_the_same_session():
    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)
    assert all(np.array_equal(one, other) for one, other in zip(rendered(drawn(3)), rendered(drawn(3)), strict=True))


def test_what_happens_does_not_depend_on_the_window():
    assert drawn(3, window=0.2).drawn == drawn(3).drawn
    assert len(drawn(3, window=0.2).told) == 100


def test_each_word_is_told_where_it_sounds():
    for of in map(drawn, MANY[:20]):
        heard = [word for told in of.told for word in told.heard]
        alone = [u for u in of.drawn.uttered if not any(v is not u and v.begin < u.end and u.begin < v.end for v in of.drawn.uttered)]
        for u in alone:
            sounding = heard[u.begin // 100_000_000 : u.end // 100_000_000 + 1]
            inside = [word for n, word in enumerate(sounding) if word and word != (sounding[n - 1] if n else 0)]
            known = [USER_WORDS.index(word) for word in PHRASES[u.phrase].words]
            assert [word for word in inside if word in known] == [word for word in known if word in inside]
            assert len(inside) >= len(known) / 2


def test_nobody_talks_over_themselves():
    for of in map(drawn, MANY):
        for who in ("user", "talker"):
            mine = [u for u in of.drawn.uttered if u.who == who]
            assert all(one.end <= other.begin for one, other in pairwise(mine))


def test_sessions_hold_what_the_model_is_to_learn():
    all_ = [drawn(seed) for seed in MANY]
    turns = [turn for of in all_ for turn in of.turns]
    assert {turn.kind for turn in turns} == {"colour", "blocks", "kettle", "is-it", "count", "hello", "tell-me", "event"}
    counts = {
        "asked": sum(turn.kind == "event" and turn.asked for turn in turns), "unasked": sum(not turn.asked for turn in turns),
        "stopped": sum(turn.stopped == "stop" for turn in turns), "through": sum(bool(turn.through) for turn in turns),
        "chat": sum(u.kind == "chat" for of in all_ for u in of.drawn.uttered), "wordless": sum(not of.drawn.uttered for of in all_),
        "echo": sum(of.drawn.around.echo > 0 for of in all_), "beeps": sum(len(of.drawn.around.beeps) for of in all_),
        "blind": sum(not of.drawn.pictures for of in all_),
    }  # fmt: skip
    least = {"asked": 30, "unasked": 30, "stopped": 8, "through": 6, "chat": 25, "wordless": 15, "echo": 80, "beeps": 15, "blind": 1}
    assert {name: count for name, count in counts.items() if count < least[name]} == {}


def test_a_standing_instruction_needs_nobody_to_speak():
    wordless = [of for of in map(drawn, MANY) if of.prompt and not of.drawn.uttered]
    assert {turn.kind for of in wordless for turn in of.turns} == {"event"}
    assert any(not of.turns for of in wordless), "what never comes, and decoys, are met with silence"


def test_in_closed_loop_the_microphone_hears_the_same():
    quiet = (
        of for of in map(drawn, range(400)) if of.drawn.uttered and not (of.drawn.around.noise or of.drawn.around.rumble or of.drawn.around.echo)
    )
    of = next(quiet)  # a room's own noise, and what an echo is of, are the loop's
    trace = simulate(scenario_of(of), plan(closed(standing_in(of))), keep=("env-audio",))
    assert b"".join(event.data for event in trace["env-audio"]) == rendered(of)[0].tobytes()


def test_in_closed_loop_the_camera_sees_the_same_and_misses_the_same():
    of = next(of for of in map(drawn, range(400)) if 0 < len(of.drawn.pictures) < 18)
    trace = simulate(scenario_of(of), plan(closed(standing_in(of))), keep=("env-visual",))
    assert tuple(event.time for event in trace["env-visual"]) == of.drawn.pictures
    assert [event.data for event in trace["env-visual"]] == [png(picture) for picture in pictures_of(of.drawn)]


def test_a_drill_compares_what_was_named_with_what_is_seen():
    turns = [turn for seed in MANY[:60] for turn in drawn(seed, drill=True, prompt=0).turns]
    assert {turn.kind for turn in turns} == {"is-it", "tell-me", "event"}
    assert sum(turn.kind == "event" for turn in turns) > len(turns) / 5
