"""The language model computes what transformers' own does, and its cache is a value: forked, cut back, moved, and left as it was."""

from __future__ import annotations

import numpy as np
import pytest

from operators.minicpm_o.thinking import begin, carry_out, feed, feed_many, logits
from operators.omni_flow.context.cache_plan import CachePlan, Prefill, Rows, joined
from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model
IDS = tuple(range(7, 37))


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def off(left, right):
    return float(np.abs(left - right).max())


def fed(weights, ids=IDS):
    return feed(weights, begin(weights), [ids])


def test_it_computes_what_transformers_computes(weights):
    import torch

    config = weights.language.config
    config._attn_implementation = "eager"
    theirs = type(weights.language)(config)
    theirs.load_state_dict(weights.language.state_dict())
    with torch.inference_mode():
        wanted = theirs(torch.tensor([IDS])).logits[0].numpy()
    assert off(logits(weights, fed(weights)[1]), wanted) < 1e-5


def test_piece_by_piece_comes_to_the_same_as_all_at_once(weights):
    cache, whole = fed(weights)
    one, first = feed(weights, begin(weights), [IDS[:11]])
    two, second = feed(weights, one, [IDS[11:12]])
    three, third = feed(weights, two, [IDS[12:20], IDS[20:]])
    assert off(np.concatenate([first, second, third]), whole) < 1e-5
    assert off(three.keys(1).numpy(), cache.keys(1).numpy()) < 1e-5


def test_embeddings_are_fed_as_ids_are(weights):
    rows = weights.language.model.embed_tokens.weight[list(IDS)].numpy()
    assert off(feed(weights, begin(weights), [IDS[:3], rows[3:9], IDS[9:]])[1], fed(weights)[1]) < 1e-6


def test_a_fork_changes_nothing_of_what_it_came_from(weights):
    cache, _ = fed(weights)
    before = cache.keys(0).clone()
    left, _ = feed(weights, cache, [(1, 2, 3)])
    right, states = feed(weights, cache, [(4, 5)])
    again, _ = feed(weights, left, [(6,)])
    assert (cache.length, left.length, right.length, again.length) == (30, 33, 32, 34)
    assert bool((cache.keys(0) == before).all())
    assert off(states, feed(weights, begin(weights), [(*IDS, 4, 5)])[1][-2:]) < 1e-5
    assert off(feed(weights, left, [(9,)])[1], feed(weights, begin(weights), [(*IDS, 1, 2, 3, 9)])[1][-1:]) < 1e-5


def test_a_cache_that_is_cut_back_goes_on_from_there(weights):
    cache, _ = fed(weights)
    assert off(feed(weights, cache.truncated(10), [IDS[10:]])[1], fed(weights)[1][10:]) < 1e-5
    assert cache.length == 30
    with pytest.raises(ValueError, match="wants a length of 0 to 30, got 31"):
        cache.truncated(31)


def test_sessions_in_one_pass_come_to_what_each_comes_to_alone(weights):
    long, _ = fed(weights)
    short, _ = fed(weights, IDS[:4])
    given = [(long, [(3,)]), (short, [(4, 5, 6)]), (begin(weights), [IDS])]
    for (cache, pieces), (after, states) in zip(given, feed_many(weights, given)):
        alone, wanted = feed(weights, cache, pieces)
        assert (after.length, off(states, wanted) < 1e-5, off(after.values(1).numpy(), alone.values(1).numpy()) < 1e-5) == (alone.length, True, True)


def test_rows_that_move_have_keys_as_if_they_had_always_been_there(weights):
    cache, _ = fed(weights)
    moved = carry_out(weights, cache, joined(30, (Rows(0, 5, 0), Rows(12, 30, 5))))
    wanted, _ = feed(weights, begin(weights), [(*IDS[:5], *IDS[12:])])
    assert moved.length == 23
    assert off(moved.keys(0).numpy(), wanted.keys(0).numpy()) < 1e-5  # of the first layer, which sees no other row
    assert bool((moved.values(1) == cache.values(1)[:, [*range(5), *range(12, 30)]]).all())


def test_a_plan_is_carried_out_part_by_part(weights):
    cache, _ = fed(weights)
    plan = joined(30, (Rows(0, 5, 0), Prefill((1, 2), 5), Rows(20, 30, 7), Prefill((3,), 17)))
    new = carry_out(weights, cache, plan)
    head, _ = feed(weights, cache.truncated(5), [(1, 2)])
    assert (new.length, cache.length) == (18, 30)
    assert off(new.keys(1)[:, :7].numpy(), head.keys(1).numpy()) < 1e-5
    assert bool((new.values(1)[:, 7:17] == cache.values(1)[:, 20:30]).all())


def test_a_plan_that_cuts_back_copies_nothing(weights):
    cache, _ = fed(weights)
    assert carry_out(weights, cache, joined(30, (Rows(0, 9, 0),))).store is cache.store


def test_a_plan_for_another_cache_is_refused(weights):
    with pytest.raises(ValueError, match="wants a plan for a cache of 30 rows, got one for 29"):
        carry_out(weights, fed(weights)[0], CachePlan(29, ()))


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([(300,)], "wants ids of 0 to 299, got 300 to 300"),
        ([(-1, 5)], "wants ids of 0 to 299, got -1 to 5"),
        ([np.zeros((2, 31), np.float32)], r"wants finite embeddings .n, 32., got \[2, 31\]"),
        ([np.full((2, 32), np.nan, np.float32)], r"got \[2, 32\], finite: False"),
    ],
)
def test_rows_that_are_none_are_refused_and_the_cache_goes_on(weights, pieces, words):
    cache, _ = fed(weights)
    with pytest.raises(ValueError, match=words):
        feed(weights, cache, [(1,), *pieces])
    assert off(feed(weights, cache, [(1,)])[1], feed(weights, begin(weights), [(*IDS, 1)])[1][-1:]) < 1e-5


def test_half_the_precision_comes_close(weights, tmp_path):
    from operators.minicpm_o.loading import load
    from tests.operators.minicpm_o.small import write

    half = load(write(tmp_path / "c"), precision="bf16")
    assert off(fed(half)[1], fed(weights)[1]) < 0.1
