"""A checkpoint holds a turn-based conversation in the graph: what it answers goes on from all that was said, also after a crash."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from omniflow_graph import Event, Session, Trace, replay, seconds
from omniflow_graph.chance import Rng
from operators.minicpm_o.chat_pipeline import COST_NS, Answering, Chat, answer, at_once, conversing, decided
from operators.minicpm_o.pipeline import Checkpoint
from operators.omni_flow.turn_based.messages import Message
from operators.turn_based import turn_based
from operators.turn_taking.exchange import Answer, UserTurn
from operators.turns import told
from operators.words import Ack, Decision
from tests.operators.minicpm_o import small
from tests.operators.minicpm_o.conftest import with_tokenizer
from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.test_pipeline import picture

pytestmark = pytest.mark.model
SOUND = (np.random.default_rng(4).standard_normal(16_000) * 2000).astype("<i2").tobytes()
TURNS = (UserTurn(1, 0, 1, pcm=SOUND), UserTurn(2, 2, 2, text="Who?", pictures=(picture(1), b"broken")), UserTurn(3, 3, 4, pcm=SOUND[:8000]))
BRIEF = Answering(greedy=True, most=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    needs_torch()
    return str(with_tokenizer(small.write(tmp_path_factory.mktemp("chat") / "checkpoint", small.TALKING)))


def brief(graph):
    """Keep answers short."""
    stage = graph.nodes["answer"].fn
    return graph.replace("answer", fn=type(stage)(stage.func, **{**stage.keywords, "answering": replace(stage.keywords["answering"], most=3)}))


def said(folder: str, answering: Answering, turns=TURNS, *, lost: bool = False, chat: Chat | None = None, seed: int = 7) -> tuple[Chat, list[Answer]]:
    """Answer turns by hand; lose what no snapshot keeps before each."""
    chat, found, rng = chat or Chat(), [], Rng(seed, "s", "answer")
    for turn in turns:
        chat = pickle.loads(pickle.dumps(chat)) if lost else chat
        chat, answers = answer(chat, Event(seconds(turn.number), "turn", turn.number, turn), rng, model=Checkpoint(folder), answering=answering)
        found += answers
    return chat, found


@pytest.mark.parametrize("protocol", ["half-duplex", "chat"])
def test_every_turn_is_answered_and_what_came_before_counts(folder, protocol):
    answering = replace(BRIEF, protocol=protocol)
    chat, found = said(folder, answering)
    assert [(each.turn, each.response, each.cause) for each in found] == [
        (1, 1, "user speech 1 ended at 1.00 s"),
        (2, 2, "user message 2 came at 2.00 s"),
        (3, 3, "user speech 3 ended at 3.00 s"),
    ]
    assert all(each.text for each in found)
    alone = said(folder, answering, TURNS[2:])[1][0]
    rows = {"half-duplex": chat.conversation and chat.conversation.where.rows, "chat": len(chat.messages)}[protocol]
    assert (alone.text != found[2].text, rows) == (True, {"half-duplex": 146, "chat": 6}[protocol])


@pytest.mark.parametrize("protocol", ["half-duplex", "chat"])
def test_a_cache_that_was_lost_is_computed_anew(folder, protocol):
    answering = replace(BRIEF, protocol=protocol)
    assert said(folder, answering, lost=True)[1] == said(folder, answering)[1]


def test_a_snapshot_holds_what_was_fed_and_no_cache(folder):
    chat, _ = said(folder, BRIEF)
    assert chat.conversation is not None
    assert sum(map(len, chat.conversation.fed)) == chat.conversation.where.rows == 146
    assert len(pickle.dumps(chat)) < 146 * 16 * 4 + 4000  # as many numbers as if all rows were embeddings


def test_what_it_is_told_first_changes_what_it_says_and_is_told_once(folder):
    told = conversing(folder, decode="greedy", system="You are a parrot.").state
    assert told == Chat((Message("system", "You are a parrot."),))
    chat, found = said(folder, BRIEF, chat=told)
    assert (chat.due, found[0].text != said(folder, BRIEF)[1][0].text) == ((), True)


def test_the_seed_decides_what_is_drawn(folder):
    drawn = Answering(most=3)
    texts = [[each.text for each in said(folder, drawn, seed=seed)[1]] for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def room(length: float = 6.0) -> Session:
    """Hear noise, which is nobody's speech, and read two messages."""
    frames = [(seconds(0.1 * n), SOUND[3200 * (n % 10) : 3200 * (n % 10 + 1)]) for n in range(int(10 * length))]
    return Session(
        "room", {"env-audio": frames, "messages": [(seconds(1), "Who?"), (seconds(1.2), picture(2)), (seconds(3), "What?")]}, seconds(length)
    )


def test_in_the_graph_answers_are_decisions_that_are_read_at_once_and_both_engines_agree(folder):
    graph = brief(turn_based(model=folder, decode="greedy"))
    direct, bytewax = (replay(graph, room(), engine=engine) for engine in ("direct", "bytewax"))
    assert direct.digest == bytewax.digest
    done = [seconds(1) + COST_NS, seconds(3) + COST_NS]
    assert [(event.time, event.data.choice, event.data.response, event.data.last) for event in direct["decide"]] == [
        (done[0], "speak", 1, True),
        (done[1], "speak", 2, True),
    ]
    assert [event.data for event in direct["read"]] == [Ack(n, 0, True, time=time) for n, time in enumerate(done, 1)]
    assert len(direct["turn"][1].data.pictures) == 1


def test_the_run_is_told_as_turns_that_were_written(folder):
    trace: Trace = replay(brief(turn_based(model=folder, decode="greedy")), room(3.5), engine="direct")
    times = [at + COST_NS / 1e9 for at in (1.0, 3.0)]
    causes = ["user message 1 came at 1.00 s", "user message 2 came at 3.00 s"]
    assert told(trace) == [
        {"start_s": at, "end_s": at, "text": event.data.text, "cause": cause, "written": True}
        for at, cause, event in zip(times, causes, trace["decide"])
    ]


def test_an_answer_without_words_is_none():
    nothing, words = Event(5, "answer", 0, Answer(1, "", "the model said nothing")), Event(5, "answer", 1, Answer(2, "Yes.", "asked", 1))
    assert (decided(nothing), at_once(nothing)) == (Decision(-1, "listen", "the model said nothing"), None)
    assert (decided(words), at_once(words)) == (Decision(-1, "speak", "asked", 1, 0, True, "Yes.", "Yes.", ends="drain"), Ack(1, 0, True, time=5))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"decode": "beam"}, "wants decode sampling or greedy, got 'beam'"),
        ({"protocol": "duplex"}, "wants protocol half-duplex or chat, got 'duplex'"),
        ({"script": "lines.yaml"}, "takes no script, got lines.yaml"),
    ],
)
def test_what_it_cannot_do_is_refused_when_the_graph_is_built(tmp_path, given, words):
    with pytest.raises(ValueError, match=words):
        turn_based(model=str(tmp_path), **given)
