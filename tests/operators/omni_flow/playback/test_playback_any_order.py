"""However acknowledgements are lost, doubled and reordered, they come to the same; of a true player, to the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from operators.omni_flow.interleaving.speaking import Stall
from operators.omni_flow.playback.ledger import Heard, Ledger, Sent, acknowledged, fenced, heard, sent
from operators.omni_flow.playback.sounding import FRAME_NS
from operators.words import Ack
from tests.operators.omni_flow.playback.playbacks import MS, SECOND, TEXT, ack, told, wave

FRAME = 480  # samples
LONG = 10**6 * SECOND  # a window after which nobody waits


class Player(NamedTuple):
    """Say what truly sounds: waves in ms, a loudspeaker that stops for a while, a flush that it finishes a part of a frame after."""

    waves: tuple[tuple[int, int, int], ...]  # (answer, begin, length)
    stall: Stall
    fence: int
    rest: int

    def played(self, response: int, time: int) -> int:
        """Return how many ms of an answer have sounded by a time."""
        now, free, found = self.stall.played(min(time, self.fence + self.rest)), 0, 0
        for of, begin, length in self.waves:
            begin = max(begin, free)
            free = begin + length
            found += max(0, min(length, now - begin)) if of == response else 0
        return found


@st.composite
def players(draw: st.DrawFn) -> Player:
    """Draw one: up to two answers in up to five waves."""
    lengths = draw(st.lists(st.tuples(st.integers(0, 400), st.sampled_from([0, 20, 100, 500])), min_size=1, max_size=5))
    second = draw(st.integers(1, 5))
    waves = tuple((1 + (n >= second), n * 100 + later, length) for n, (later, length) in enumerate(lengths))
    return Player(
        waves, Stall(draw(st.integers(0, 900)), draw(st.sampled_from([0, 0, 50, 700]))), draw(st.integers(0, 1500)), draw(st.integers(0, 20))
    )


def ledger_of(player: Player) -> Ledger:
    return told(*(wave(response, begin, length, text=TEXT) for response, begin, length in player.waves))[0]


def delivered(ledger: Ledger, acks: Sequence[Ack]) -> Ledger:
    for each in acks:
        ledger, _ = acknowledged(ledger, each)
    return ledger


def all_heard(ledger: Ledger, now: int = LONG, window: int = LONG) -> list[Heard]:
    return [heard(ledger, now, window, answer.response) for answer in ledger.answers]


@st.composite
def journeys(draw: st.DrawFn, acks: Sequence[Ack], fence: int) -> tuple[list[Ack], list[Ack]]:
    """Draw how acknowledgements arrive: before the fence and after it, doubled, in any order; none comes before the time it speaks of."""
    arriving = draw(st.permutations([*acks, *draw(st.lists(st.sampled_from(acks), max_size=3))])) if acks else []
    early = [each for each in arriving if each.time <= fence * MS and draw(st.booleans())]
    return early, [each for each in arriving if each not in early]


@st.composite
def true_acks(draw: st.DrawFn, player: Player) -> list[Ack]:
    """Draw what the player says: what has sounded, at any times."""
    known = sorted({response for response, _, _ in player.waves})
    said = draw(st.lists(st.tuples(st.sampled_from(known), st.integers(0, 2500)), max_size=8))
    return [ack(response, player.played(response, at), at) for response, at in said]


def wild_acks(samples: int = 20_000, times: tuple[int, int] = (0, 2500)) -> st.SearchStrategy[list[Ack]]:
    """Draw acknowledgements that need not be true, nor agree."""
    at = st.integers(*times).map(lambda ms: ms * MS)
    one = st.builds(Ack, st.integers(1, 3), st.integers(-9, samples), st.booleans(), st.integers(0, 1), at)
    return st.lists(one, max_size=8)


@given(players(), st.data())
def test_a_true_player_is_believed_to_the_sample_and_is_never_told_that_it_said_too_much(player, data):
    acks = data.draw(true_acks(player), label="acks")
    early, later = data.draw(journeys(acks, player.fence), label="early and later")
    ledger, found = ledger_of(player), set()
    for each in (*early, None, *later):
        ledger, notices = (fenced(ledger, player.fence * MS), []) if each is None else acknowledged(ledger, each)
        found |= {notice.kind for notice in notices}
    truth = {answer.response: max((each.played_samples for each in acks if each.response == answer.response), default=0) for answer in ledger.answers}
    assert {each.response: each.samples for each in all_heard(ledger)} == truth
    assert found <= {"duplicate", "back", "late"}


@given(players(), wild_acks(), st.data())
def test_in_any_order_and_however_often_the_same_acknowledgements_come_to_the_same(player, acks, data):
    orders = [data.draw(journeys(acks, player.fence)) for _ in range(2)]
    ledgers = [delivered(fenced(delivered(ledger_of(player), early), player.fence * MS), later) for early, later in orders]
    assert ledgers[0] == ledgers[1]


@given(players(), wild_acks(), st.booleans(), st.integers(0, 5000), st.sampled_from([100, 1000]))
def test_never_more_is_heard_than_was_sent_and_its_text_is_a_beginning(player, acks, fence, now, window):
    ledger = delivered(ledger_of(player), acks)
    ledger = fenced(ledger, player.fence * MS) if fence else ledger
    for answer, each in zip(ledger.answers, all_heard(ledger, now * MS, window * MS)):
        assert 0 <= each.samples <= answer.samples == 24 * sum(length for of, _, length in player.waves if of == answer.response)
        assert answer.text.startswith(each.text)


@given(players(), wild_acks(), wild_acks(times=(0, 9000)), st.integers(0, 9000))
def test_after_a_fence_nothing_grows_by_more_than_a_frame_over_what_the_player_said_at_it(player, before, after, now):
    """What it said at the fence is the last word: what it says later may be more by what it finishes."""
    at_fence = [ack(response, player.played(response, player.fence), player.fence) for response, _, _ in player.waves]
    said = [each for each in before if each.time <= player.fence * MS]
    ledger = fenced(delivered(ledger_of(player), [*said, *at_fence]), player.fence * MS)
    later = [each for each in after if each.time > player.fence * MS]
    for old, new in zip(all_heard(ledger), all_heard(delivered(ledger, later), now * MS, SECOND)):
        assert old.samples <= new.samples <= old.samples + FRAME


@given(players(), wild_acks(times=(0, 9000)), st.integers(0, 9000))
def test_nor_over_what_can_have_been_heard_by_then_whoever_says_it(player, acks, now):
    ledger = delivered(fenced(ledger_of(player), player.fence * MS), [each for each in acks if each.time > player.fence * MS])
    free_running = player._replace(stall=Stall(), rest=FRAME_NS // MS)
    for each in all_heard(ledger, now * MS, SECOND):
        assert each.samples <= 24 * free_running.played(each.response, LONG)


@given(players(), wild_acks(), st.integers(0, 5000), st.integers(0, 5000))
def test_while_nobody_says_anything_what_was_heard_never_shrinks(player, acks, now, later):
    ledger = delivered(ledger_of(player), acks)
    for old, new in zip(all_heard(ledger, now * MS, SECOND), all_heard(ledger, (now + later) * MS, SECOND)):
        assert old.samples <= new.samples
        assert old.final <= new.final


@given(players(), st.data())
def test_what_the_player_is_assumed_to_have_played_is_no_more_than_it_has_unless_it_stands_still(player, data):
    player = player._replace(stall=Stall(), fence=10**6)
    ledger = delivered(ledger_of(player), data.draw(true_acks(player)))
    now = data.draw(st.integers(2500, 9000))
    for each in all_heard(ledger, now * MS, 100 * MS):
        assert each.samples <= 24 * player.played(each.response, now)


def test_a_wave_that_comes_after_its_acknowledgement_is_not_heard_by_it():
    ledger, _ = sent(delivered(told(wave(1, 0, 100))[0], [ack(1, 500, 500)]), Sent(1, 0, 24_000, 100 * MS))
    assert heard(ledger, 500 * MS, SECOND, 1).samples == 2_400
