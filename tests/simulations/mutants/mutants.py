"""Small mistakes, planted one at a time: in the engine, or in an operator of the pipeline, which is then replaced by name."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from omniflow_graph import Event, Graph, Wake, Window
from omniflow_graph.chance import Draws, Rng
from omniflow_graph.engine import island as islands
from omniflow_graph.engine.cells import Align, Merge
from omniflow_graph.engine.stages import Stage
from omniflow_graph.events import SECOND, Causes, made
from operators.duplex import duplex
from operators.omni_flow.interleaving.admission import FixedRatio
from operators.omni_flow.playback import ledger
from operators.player import Answers, Player, play
from operators.scripted import perceive
from operators.scripted.mind import INTERLEAVINGS, Listening, Mind
from operators.senses import ears
from operators.words import Ack, Fence, Sound, Wave
from simulations.scenario import MS
from tests.simulations.mutants.held import Made

LATE = 200 * MS


class Mutant(NamedTuple):
    """Say what is wrong, how it is planted, by which look it is seen, and which invariants of the kit break at least."""

    name: str
    plant: Callable[[pytest.MonkeyPatch], Made]
    look: str
    killed_by: set[str]


def replaced(name: str, **changes: Any) -> Made:
    """Build the pipeline with one operator replaced."""
    return lambda **options: duplex(**options).replace(name, **changes)


def around(name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]], **changes: Any) -> Made:
    """Build the pipeline with something around the function of one operator."""

    def build(**options: Any) -> Graph:
        graph = duplex(**options)
        return graph.replace(name, fn=wrap(graph.nodes[name].fn or duplex), **changes)

    return build


# The engine.


def window_off_by_one(patch: pytest.MonkeyPatch) -> Made:
    """An event on the edge of two windows goes into the earlier one."""
    before = Align.before
    patch.setattr(Align, "before", lambda self, end: before(self, end + 1))
    return duplex


def first_window_shift(patch: pytest.MonkeyPatch) -> Made:
    """The first window is longer, by a third, as in some runtimes: all others are shifted."""
    patch.setattr(Align, "begin", lambda self: self.island.at(self.node.length * 4 // 3, self.rank))
    return duplex


def event_in_two_windows(patch: pytest.MonkeyPatch) -> Made:
    """The last event of a window is kept for the next one."""
    before = Align.before

    def kept(self: Align, end: int) -> tuple[tuple[Event, ...], Causes]:
        events, made_of = before(self, end)
        if events:
            last = events[-1]
            self.held[self.node.inputs.index(last.stream)].insert(0, last)
        return events, made_of

    patch.setattr(Align, "before", kept)
    return duplex


def window_takes_all(patch: pytest.MonkeyPatch) -> Made:
    """A window takes all that has come in, later than its end or not."""
    before = Align.before
    patch.setattr(Align, "before", lambda self, end: before(self, 1 << 60))
    return duplex


def unsorted_merge(patch: pytest.MonkeyPatch) -> Made:
    """A merge lets its last input go first."""
    take = Merge.take
    patch.setattr(Merge, "take", lambda self, port, event: take(self, -port, event))
    return duplex


def answers_at_once(patch: pytest.MonkeyPatch) -> Made:
    """A stage answers when it starts, whatever it costs."""

    def work(self: Stage, start: int, taken: list[Event], dropped: list[Event]) -> None:
        self.state, answers, cost = self.called(start, taken)
        self.free_at = start + cost
        self.told(start, self.free_at, taken, dropped)
        for data in answers:
            self.edge.answer(start, data, ((taken[0].stream, taken[0].seq, taken[-1].seq),), start)

    patch.setattr(Stage, "work", work)
    return duplex


def feedback_forgets_its_delay(patch: pytest.MonkeyPatch) -> Made:
    """What is led back comes at half its delay."""

    def take(self: Any, port: int, event: Event) -> None:
        back = made(
            Event, (event.time + self.feedback.delay // 2, self.feedback.name, event.seq, event.data, ((event.stream, event.seq, event.seq),), None)
        )
        self.made.append(back)
        for each, to in self.takers:
            each(to, back)

    patch.setattr(islands._Back, "take", take)
    return duplex


def seed_ignored(patch: pytest.MonkeyPatch) -> Made:
    """What is drawn is the same under every seed."""
    drawn = Rng.__call__
    patch.setattr(Rng, "__call__", lambda self, cause: drawn(replace(self, seed=0), cause))
    return duplex


def unseeded_draw(patch: pytest.MonkeyPatch) -> Made:
    """Chance comes from a generator that everybody shares."""
    patch.setattr(Draws, "below", lambda self, n: random.randrange(n))
    return duplex


# The pipeline.


def wall_clock_read(patch: pytest.MonkeyPatch) -> Made:
    """A stage costs what the wall says."""
    return replaced("decide", cost=lambda event: time.perf_counter_ns() % (100 * MS))


def late_flush(patch: pytest.MonkeyPatch) -> Made:
    """The player heeds a fence 200 ms late."""

    def late(state: tuple[Player, Event | None], cause: Event[Wave | Fence] | Wake) -> tuple[tuple[Player, Event | None], Answers]:
        player, fence = state
        if isinstance(cause, Event) and isinstance(cause.data, Fence):
            return (player, cause), [Wake(cause.time + LATE)]
        if fence and cause.time >= fence.time + LATE:
            player, answers = play(player, fence._replace(time=cause.time))
            return (player, None), answers
        player, answers = play(player, cause)
        return (player, fence), answers

    return replaced("play", fn=late, state=(Player(), None))


def old_epoch_played(patch: pytest.MonkeyPatch) -> Made:
    """The player does not heed a fence at all: what it was given plays out."""
    return around("play", lambda own: lambda player, cause: (player, []) if _is_fence(cause) else own(player, cause))


def _is_fence(cause: Event | Wake) -> bool:
    return isinstance(cause, Event) and isinstance(cause.data, Fence)


def two_voices(patch: pytest.MonkeyPatch) -> Made:
    """The player begins each wave when it comes, whatever still sounds."""

    def at_once(own: Callable[..., Any]) -> Callable[..., Any]:
        return lambda player, cause: own(replace(player, wave=None, free_at=0) if _is_wave(cause) else player, cause)

    return around("play", at_once)


def _is_wave(cause: Event | Wake) -> bool:
    return isinstance(cause, Event) and isinstance(cause.data, Wave)


def unheard_text_kept(patch: pytest.MonkeyPatch) -> Made:
    """What is remembered of an answer that was cut short is all of it."""
    patch.setattr(ledger, "heard_text", lambda text, marks, samples: text)
    return duplex


def heard_before_it_sounds(patch: pytest.MonkeyPatch) -> Made:
    """The player acknowledges a wave as soon as it begins."""

    def early(own: Callable[..., Any]) -> Callable[..., Any]:
        def played(player: Player, cause: Event[Wave | Fence] | Wake) -> tuple[Player, Answers]:
            player, answers = own(player, cause)
            sound = next((data for time, data in (each for each in answers if not isinstance(each, Wake)) if isinstance(data, Sound)), None)
            ack = [(cause.time, Ack(sound.response, player.before + len(sound.samples), False, sound.epoch, cause.time))] if sound else []
            return player, [*answers, *ack]

        return played

    return around("play", early)


def ack_applied_twice(patch: pytest.MonkeyPatch) -> Made:
    """The model takes each acknowledgement twice."""

    def twice(own: Callable[..., Any]) -> Callable[..., Any]:
        def decide(mind: Mind, event: Event[Window]) -> Any:
            events = tuple(each for one in event.data.events for each in [one] * (1 + (one.stream == "playback")))
            return own(mind, event._replace(data=event.data._replace(events=events)))

        return decide

    return around("decide", twice)


def frame_used_twice(patch: pytest.MonkeyPatch) -> Made:
    """The ears hear each frame twice."""

    def twice(own: Callable[..., Any]) -> Callable[..., Any]:
        def hear(talk: Any, cause: Event | Wake) -> tuple[Any, list]:
            talk, _ = own(talk, cause)
            return own(talk, cause)

        return hear

    return around("listen", twice)


def stuck_in_listen(patch: pytest.MonkeyPatch) -> Made:
    """The model does not notice that its answer is over."""

    known = perceive._known
    patch.setattr(perceive, "_known", lambda mind, heard, now: mind if isinstance(mind.turn, Listening) else known(mind, heard, now))
    return duplex


def question_forgotten(patch: pytest.MonkeyPatch) -> Made:
    """The model counts an utterance, and forgets that it was to answer it."""
    return around("decide", lambda own: lambda mind, event: own(replace(mind, due=()), _deaf(event)))


def _deaf(event: Event[Window]) -> Event[Window]:
    return event._replace(data=event.data._replace(events=tuple(each for each in event.data.events if not getattr(each.data, "ended", False))))


def voices_in_noise(patch: pytest.MonkeyPatch) -> Made:
    """The ears take for speech whatever is louder than a whisper, and a gate before them opens and closes once a second."""
    patch.setattr(ears, "LOUD", 120)

    def gated(own: Callable[..., Any]) -> Callable[..., Any]:
        return lambda talk, cause: own(talk, cause._replace(data=bytes(len(cause.data))) if cause.time // SECOND % 2 else cause)

    return around("listen", gated)


def never_yields(patch: pytest.MonkeyPatch) -> Made:
    """Nobody can stop the assistant."""
    return lambda **options: duplex(overlap="listen-only", **options)


def no_back_pressure(patch: pytest.MonkeyPatch) -> Made:
    """Words are given at a fixed rate, three times as fast as they are said."""
    patch.setitem(INTERLEAVINGS, "tail", FixedRatio(10))
    return duplex


def runs_ahead(patch: pytest.MonkeyPatch) -> Made:
    """All words are given at once."""
    return lambda **options: duplex(interleave="text-first", **options)


ORDER, WINDOWS, MERGES, STAGES = {"times_in_order"}, {"windows_tile_time"}, {"merges_in_order"}, {"stages_take_turns"}
FUTURE, FUNCTION, SEED = {"no_output_knows_the_future"}, {"replay_is_a_function"}, {"draws_follow_the_seed"}

MUTANTS = (
    Mutant("window off by one", window_off_by_one, "in_small", WINDOWS),
    Mutant("first-window shift", first_window_shift, "in_small", WINDOWS),
    Mutant("event in two windows", event_in_two_windows, "in_small", WINDOWS),
    Mutant("window takes all", window_takes_all, "in_small", WINDOWS | FUTURE | ORDER),
    Mutant("unsorted merge", unsorted_merge, "in_small", MERGES),
    Mutant("answers before it is done", answers_at_once, "in_small", STAGES),
    Mutant("feedback forgets its delay", feedback_forgets_its_delay, "in_small", ORDER),
    Mutant("seed ignored", seed_ignored, "under_seeds", SEED),
    Mutant("unseeded draw", unseeded_draw, "under_seeds", SEED),
    Mutant("wall-clock read", wall_clock_read, "again", FUNCTION),
    Mutant("late flush", late_flush, "in_talk", {"nothing_old_sounds", "acknowledgements_make_sense"}),
    Mutant("old epoch played", old_epoch_played, "in_talk", {"nothing_old_sounds", "acknowledgements_make_sense"}),
    Mutant("two voices at once", two_voices, "in_talk", {"one_voice", "acknowledgements_make_sense"}),
    Mutant("unheard text kept", unheard_text_kept, "in_talk", {"heard_is_what_sounded"}),
    Mutant("heard before it sounds", heard_before_it_sounds, "in_talk", {"heard_is_what_sounded", "acknowledgements_make_sense"}),
    Mutant("ack applied twice", ack_applied_twice, "in_talk", {"acknowledgements_make_sense"}),
    Mutant("frame used twice", frame_used_twice, "in_talk", {"ears_count_time_once", "questions_are_answered"}),
    Mutant("stuck listen", stuck_in_listen, "in_talk", {"never_stuck"}),
    Mutant("question forgotten", question_forgotten, "in_talk", {"questions_are_answered"}),
    Mutant("voices in noise", voices_in_noise, "in_noise", {"silent_in_noise"}),
    Mutant("never yields", never_yields, "in_talk", {"never_over_a_speaking_user"}),
    Mutant("no back-pressure", no_back_pressure, "in_talk", {"lead_is_bounded", "staleness_is_bounded"}),
    Mutant("runs ahead", runs_ahead, "in_talk", {"staleness_is_bounded"}),
)
