"""The pipeline with a checkpoint runs in a graph: the same on both engines, and after its caches were lost."""

from __future__ import annotations

import pickle
from io import BytesIO

import numpy as np
import pytest

from omniflow_graph import Event, Session, replay, seconds
from omniflow_graph.chance import Rng
from operators.duplex import duplex
from operators.minicpm_o.pipeline import COSTS_NS, Ears, Mind, Perceived, Seen, decide, listen, published
from operators.omni_flow.context.sliding import Policy
from operators.omni_flow.deciding.choosing import Choosing
from operators.omni_flow.deciding.steps import Generating
from tests.operators.minicpm_o import small
from tests.operators.minicpm_o.conftest import with_tokenizer
from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model
NOISE = (np.random.default_rng(4).standard_normal(6 * 16_000) * 2000).astype("<i2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    needs_torch()
    return str(with_tokenizer(small.write(tmp_path_factory.mktemp("pipeline") / "checkpoint", small.TALKING)))


def picture(seed):
    from PIL import Image

    shown = BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (30, 40, 3), np.uint8)).save(shown, "JPEG")
    return shown.getvalue()


def session(length=4.0):
    sound = [(seconds(0.1 * n), NOISE[1600 * n : 1600 * (n + 1)].tobytes()) for n in range(int(10 * length))]
    pictures = [(seconds(0.5), picture(1)), (seconds(2.5), b"broken"), (seconds(3.2), picture(2))]
    return Session("s", {"env-visual": [each for each in pictures if each[0] < seconds(length)], "env-audio": sound}, seconds(length))


def test_both_engines_come_to_the_same(folder):
    graph = duplex(model=folder)
    direct, bytewax = (replay(graph, session(), engine=engine) for engine in ("direct", "bytewax"))
    assert direct.digest == bytewax.digest
    assert [decision.time - event.data.end for decision, event in zip(direct["decide"], direct["window"])] == [sum(COSTS_NS.values())] * 4


def test_a_window_shows_its_newest_picture_and_a_second_of_sound(folder):
    trace = replay(published(folder), session(), engine="direct")
    assert [(len(event.data.pictures), event.data.sound.shape) for event in trace["listen"]] == [
        (1, (10, 16)),
        (0, (10, 16)),
        (0, (10, 16)),
        (1, (10, 16)),
    ]


def test_the_seed_decides_what_is_drawn(folder):
    graph = published(folder, force_listen=0)
    texts = [[event.data for event in replay(graph, session(2.0), engine="direct", seed=seed)["text"]] for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_without_chance_the_seed_decides_nothing(folder):
    texts = [
        [event.data for event in replay(duplex(model=folder, decode="greedy"), session(2.0), engine="direct", seed=seed)["text"]] for seed in (1, 2)
    ]
    assert texts[0] == texts[1] != []


def test_the_first_windows_only_listen(folder):
    trace = replay(published(folder, force_listen=2), session(3.0), engine="direct")
    assert [event.data.choice for event in trace["decide"]][:2] == ["listen", "listen"]
    assert trace["decide"][0].data.cause == "force_listen"


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "lost"])
def test_caches_are_left_out_of_a_snapshot_and_computed_anew(folder, lost):
    assert run(folder, lost) == run(folder, False)


def run(folder, lost):
    """Run the stages by hand; lose what no snapshot keeps before each window."""
    model, ears, mind, found = published(folder).nodes["look"].fn.keywords["model"], Ears(), Mind(), []
    settings = {"system": "Be brief.", "generating": Generating(cap=5), "choosing": Choosing(), "policy": Policy("basic", high=90, low=60)}
    for k in range(5):
        if lost:
            ears, mind = pickle.loads(pickle.dumps((ears, mind)))
        heard = Event(seconds(k + 1), "look", k, Seen(k, seconds(k + 1), (), NOISE[k * 16_000 : (k + 1) * 16_000].tobytes()))
        ears, (perceived,) = listen(ears, heard, model=model)
        rng = Rng(7, "s", "decide")
        mind, (decision,) = decide(mind, Event(seconds(k + 1), "listen", k, Perceived(*perceived)), rng, model=model, **settings)
        found.append((decision.choice, decision.text, decision.response, decision.part))
    return found


def test_a_snapshot_is_small(folder):
    trace = run(folder, True)
    assert len(trace) == 5
    model, ears = published(folder).nodes["look"].fn.keywords["model"], Ears()
    for k in range(3):
        event = Event(seconds(k + 1), "look", k, Seen(k, seconds(k + 1), (), NOISE[k * 16_000 : (k + 1) * 16_000].tobytes()))
        ears, _ = listen(ears, event, model=model)
    assert len(pickle.dumps(ears)) < 3 * (64_000 + 104 * 80 * 4) + 3000  # samples and frames of 3 s, and no cache


@pytest.mark.parametrize(
    ("given", "words"), [({"window": 0}, "wants a window of 0.001 to 3600 seconds"), ({"decode": "beam"}, "wants mode sampling or greedy")]
)
def test_what_it_cannot_do_is_refused_when_the_graph_is_built(given, words):
    with pytest.raises(ValueError, match=words):
        published("anywhere", **given)
