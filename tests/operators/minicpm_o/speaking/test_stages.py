"""A checkpoint that can speak is heard: codes, sound and the player in the graph; the same after its caches were lost."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from omniflow_graph import Event, Session, replay, seconds
from omniflow_graph.chance import Rng
from operators.duplex import duplex
from operators.minicpm_o.pipeline import COSTS_NS as THINKING_NS
from operators.minicpm_o.pipeline import Thought, published
from operators.minicpm_o.speaking.stages import COSTS_NS, VOICE, Mouth, Throat, silence, sound, speak, voice_of
from operators.minicpm_o.voice import save_prompt
from operators.words import Decision, Fence
from tests.operators.minicpm_o import small
from tests.operators.minicpm_o.conftest import with_tokenizer
from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.voice import drawn

pytestmark = pytest.mark.model
NOISE = (np.random.default_rng(4).standard_normal(6 * 16_000) * 2000).astype("<i2")


@pytest.fixture(scope="module")
def mute(tmp_path_factory):
    needs_torch()
    return str(with_tokenizer(small.write(tmp_path_factory.mktemp("codes") / "checkpoint", small.SINGING)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    needs_torch()
    place = with_tokenizer(small.write(tmp_path_factory.mktemp("sound") / "checkpoint", small.SINGING))
    save_prompt(drawn.write(place) / VOICE, drawn.prompt())
    return str(place)


def session(length=3.0):
    sounds = [(seconds(0.1 * n), NOISE[1600 * n : 1600 * (n + 1)].tobytes()) for n in range(int(10 * length))]
    return Session("s", {"env-visual": [], "env-audio": sounds}, seconds(length))


def test_both_engines_say_the_same(folder):
    graph = duplex(model=folder)
    direct, bytewax = (replay(graph, session(), engine=engine) for engine in ("direct", "bytewax"))
    assert direct.digest == bytewax.digest


def test_a_window_that_speaks_has_codes_then_sound_and_what_was_heard_comes_back(folder):
    trace = replay(duplex(model=folder), session(5.0), engine="direct", keep=["codes", "out-stream", "heard", "decide"])
    spoken = [event for event in trace["decide"] if event.data.choice == "speak"]
    assert [event.time for event in trace["codes"]] == [event.time + COSTS_NS["speak"] for event in spoken] != []
    begun = [event.time for event in trace["out-stream"]]
    assert begun[0] == trace["codes"][0].time + COSTS_NS["wave"]
    acks = [event.data for event in trace["heard"]]
    assert [ack.played_samples for ack in acks] == sorted(ack.played_samples for ack in acks)
    assert acks[-1].played_samples > 0


def test_without_a_voice_it_ends_with_codes(mute):
    trace = replay(published(mute, force_listen=0), session(), engine="direct", keep=["codes", "decide"])
    assert {"codes", "decide", "text"} <= set(trace.edges)
    assert "wave" not in trace.edges
    assert trace["decide"][0].time == seconds(1) + sum(THINKING_NS.values())


def thoughts():
    rng = np.random.default_rng(6)
    for part in range(3):
        decision = Decision(part, "speak", "chunk_eos", response=1, part=part, last=part == 2, text=" so it is")
        yield Event(seconds(part + 1), "said", part, Thought(decision, (5, 6), rng.standard_normal((2, 16), np.float32)))


def said(folder, lost):
    """Run the stages by hand; lose what no snapshot keeps before each window."""
    nodes, mouth, throat, found = published(folder).nodes, Mouth(), Throat(), []
    for event in thoughts():
        if lost:
            mouth, throat = pickle.loads(pickle.dumps((mouth, throat)))
        mouth, (coded,) = speak(mouth, event, Rng(7, "s", "speak"), model=nodes["speak"].fn.keywords["model"])
        throat, waves = sound(throat, Event(event.time, "speak", event.seq, coded), voice=nodes["wave"].fn.keywords["voice"])
        found.append((coded.codes, [(wave.part, wave.last, wave.samples.tolist(), wave.marks) for wave in waves]))
    return found


def test_caches_are_left_out_of_a_snapshot_and_computed_anew(folder):
    whole, lost = said(folder, False), said(folder, True)
    assert [codes for codes, _ in lost] == [codes for codes, _ in whole]
    assert [[wave[3] for wave in waves] for _, waves in lost] == [[wave[3] for wave in waves] for _, waves in whole]
    for (_, (one,)), (_, (other,)) in zip(whole, lost):
        assert np.abs(np.subtract(one[2], other[2])).max(initial=0) <= 1


def test_words_are_marked_to_the_end_of_each_part(folder):
    ends, before = [], 0
    for _, ((_, _, samples, marks),) in said(folder, False):
        before += len(samples)
        ends.append(marks[-1][0] == before)
    assert ends == [True, True, True]


def test_another_answer_begins_anew(folder):
    model = published(folder).nodes["speak"].fn.keywords["model"]
    first, *_ = thoughts()
    mouth, _ = speak(Mouth(), first, Rng(7, "s", "speak"), model=model)
    other = Event(first.time, "said", 1, first.data._replace(decision=first.data.decision._replace(response=2)))
    mouth, _ = speak(mouth, other, Rng(7, "s", "speak"), model=model)
    assert (mouth.response, len(mouth.turn.fed)) == (2, 1)


def test_a_flush_orders_silence_and_a_drain_does_not():
    flushed = Decision(3, "listen", "force_listen", response=2, epoch=4, ends="flush")
    assert silence(Event(0, "decide", 3, flushed)) == Fence(5, 2, "force_listen")
    assert silence(Event(0, "decide", 3, flushed._replace(ends="drain"))) is None


def test_a_prompt_without_a_voice_is_refused_when_the_graph_is_built(mute, tmp_path):
    with pytest.raises(ValueError, match=r"wants a voice in .*no such folder"):
        voice_of(mute, str(tmp_path / "voice.npz"))
