"""A session of the published model that switches between duplex and turn-based mode: one set of weights, a state in one mode at a time.

A switch moves no weights and feeds no rows, so it is over at once: what is carried is fed with the next window, or the next turn.
Source: spec 7.5; what stays and what goes is `omni_flow.modes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

from omniflow_graph import Event, Graph
from omniflow_graph.chance import Rng
from operators.minicpm_o import chat_pipeline, pipeline
from operators.minicpm_o.chat_pipeline import Chat
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.pipeline import COSTS_NS, Checkpoint, Ears, Mind, Perceived, Seen, decoded
from operators.minicpm_o.seeing import see
from operators.minicpm_o.tokenizer import Text
from operators.omni_flow.context.sliding import Policy
from operators.omni_flow.deciding.choosing import Choosing
from operators.omni_flow.deciding.steps import Generating
from operators.omni_flow.modes.states import Contents, DuplexState, Inner, Mode, TurnBasedState, some
from operators.omni_flow.modes.switch import How, Line, State, Switched, recalled, retold, switch
from operators.omni_flow.tokens.prompt import SYSTEM
from operators.scripted.answering import NO_WINDOW
from operators.scripted.session_modes import Switch
from operators.turn_taking.exchange import Answer, UserTurn, image_of
from operators.turn_taking.transcript import KEPT
from operators.words import Decision

Model = Callable[[], tuple[Weights, Text]]


@dataclass(frozen=True)
class InDuplex:
    """Hold a duplex session of the model; `told` goes on with its system prompt."""

    mind: Mind = field(default_factory=Mind)
    told: str = ""

    @property
    def mode(self) -> Mode:
        """Name the mode."""
        return "duplex"

    @property
    def contents(self) -> Contents:
        """Say what is lost if it goes."""
        session = self.mind.session
        return DuplexState(session.talk, session.context, session.history).contents if session else ()


@dataclass(frozen=True)
class InTurns:
    """Hold a turn-based session of the model; when it is left, also what is lost of the user's, as `Switch` tells."""

    chat: Chat = field(default_factory=Chat)
    unanswered: int = 0
    unfinished_ns: int = 0

    @property
    def mode(self) -> Mode:
        """Name the mode."""
        return "turn-based"

    @property
    def contents(self) -> Contents:
        """Say what is lost if it goes."""
        conversation = self.chat.conversation
        inner = TurnBasedState(conversation.where).contents if conversation else some(messages=len(self.chat.messages))
        return (*inner, *some(unanswered=self.unanswered, unfinished_ns=self.unfinished_ns))


class Both(NamedTuple):
    """Hold a session that can switch, and what the assistant has said in it, which nobody else has written down: it has no sound."""

    state: State
    said: tuple[Line, ...] = ()


class Eyes(NamedTuple):
    """Keep a picture that was carried over, to be shown with the first window of duplex."""

    picture: bytes = b""


def switching_stages(g: Graph, folder: str, work: str, fence: str, *, begin: Mode, how: How, system: str = SYSTEM, decode: str = "sampling") -> str:
    """Add what looks, hears and answers in either mode, all let go of at a switch; returns the edge of answers, decisions and switches."""
    model = Checkpoint(folder)
    of = {"fence": fence, "cancellable": True}
    looked = g.stage("look", work, partial(look, model=model, how=how), state=Eyes(), cost=partial(cost, windows=COSTS_NS["look"]), **of)
    heard = g.stage("hear", looked, partial(hear, model=model), state=Ears(), cost=partial(cost, windows=COSTS_NS["listen"]), **of)
    duplex = {"system": system, "generating": Generating(), "choosing": Choosing(mode=decode), "policy": Policy()}  # type: ignore[arg-type]
    taught = chat_pipeline.conversing(folder, decode=decode).answer
    think = partial(answers, how=how, duplex=partial(pipeline.decide, model=model, **duplex), chat=taught)
    state = Both(State(fresh(begin, "reset")))
    return g.stage("answer", heard, think, state=state, cost=partial(cost, windows=COSTS_NS["decide"], turns=chat_pipeline.COST_NS), **of)


def cost(event: Event[Any], *, windows: int, turns: int = 0) -> int:
    """Return what a window or a turn of the user costs; a switch costs nothing."""
    return turns if isinstance(event.data, UserTurn) else 0 if isinstance(event.data, Switch) else windows


def look(eyes: Eyes, event: Event[Any], *, model: Model, how: How) -> tuple[Eyes, list[UserTurn | Switch | Seen]]:
    """Encode the pictures of a window; after a switch that carries it, the last picture before it is shown if there is no newer one."""
    data = event.data
    if isinstance(data, Switch):
        frame = data.transcript.frame
        return Eyes(frame.picture if frame and how == "carry" and data.to == "duplex" else b""), [data]
    if isinstance(data, UserTurn):
        return eyes, [data]
    _, (seen,) = pipeline.look(None, event, model=model, most=1)
    if eyes.picture and not seen.pictures and (picture := decoded(eyes.picture)) is not None:
        seen = seen._replace(pictures=tuple(see(model()[0], [picture], 1)))
    return Eyes(), [seen]


def hear(ears: Ears, event: Event[Any], *, model: Model) -> tuple[Ears, list[UserTurn | Switch | Perceived]]:
    """Encode the sound of a window; a switch makes the encoder forget."""
    data = event.data
    if isinstance(data, Seen):
        ears, perceived = pipeline.listen(ears, event, model=model)
        return ears, [*perceived]
    return (Ears() if isinstance(data, Switch) else ears), [data]


def answers(
    both: Both, event: Event[UserTurn | Switch | Perceived], rng: Rng, *, how: How, duplex: Callable[..., Any], chat: Callable[..., Any]
) -> tuple[Both, list[Answer | Decision | Switched]]:
    """Answer a window in duplex and a turn of the user in turn-based mode; switch when that is ordered."""
    data, (state, said) = event.data, both
    if isinstance(data, Switch):
        return _switched(both, data, event.time, how)
    if isinstance(data, UserTurn):
        assert isinstance(state.inner, InTurns)
        after, found = chat(state.inner.chat, event, rng)
        return Both(replace(state, inner=InTurns(after)), _written(said, found[0].text, event.time)), found
    assert isinstance(state.inner, InDuplex)
    system = duplex.keywords["system"] + state.inner.told  # type: ignore[attr-defined]
    mind, (decision,) = duplex(state.inner.mind, event, rng, system=system)
    goes_on = decision.choice == "speak" and decision.part > 0
    answer = mind.response if mind.session and mind.session.talk.in_turn else 0
    return Both(replace(state, inner=replace(state.inner, mind=mind), answer=answer), _written(said, decision.text, event.time, goes_on)), [decision]


def _written(said: tuple[Line, ...], text: str, time: int, goes_on: bool = False) -> tuple[Line, ...]:
    """Write down what the assistant says, each answer as one line."""
    if not text:
        return said
    if goes_on and said:
        return (*said[:-1], said[-1]._replace(text=said[-1].text + text))
    return (*said, Line("assistant", text, time))[-KEPT:]


def _switched(both: Both, order: Switch, time: int, how: How) -> tuple[Both, list[Answer | Decision | Switched]]:
    """Switch; an answer that is not over is flushed."""
    state, transcript, inner = both.state, order.transcript, both.state.inner
    if isinstance(inner, InTurns):
        inner = replace(inner, unanswered=order.unanswered, unfinished_ns=order.unfinished_ns)
    lines = tuple(sorted((*both.said, *transcript.told), key=lambda line: line.time))[-KEPT:]
    state, told = switch(replace(state, inner=inner, lines=lines, frame=transcript.frame), order.to, how, time, fresh=fresh)
    both = Both(state, both.said if how == "carry" else ())
    if not told.flushed:
        return both, [told]
    response, reason = told.flushed
    return both, [told, Decision(NO_WINDOW, "stop", reason, response, ends="flush")]


def fresh(to: Mode, how: How, state: State | None = None) -> Inner:
    """Begin a mode: answers are numbered on, and what is carried is told before the next window or turn."""
    given = _given(state.inner) if state else 0
    carried = state if state and how == "carry" else None
    if to == "duplex":
        return InDuplex(Mind(response=given), recalled(carried.lines) if carried else "")
    frame = carried.frame if carried else None
    shown = image_of(frame.picture) if frame and decoded(frame.picture) is not None else None
    return InTurns(Chat(retold(carried.lines, shown) if carried else (), answers=given))


def _given(inner: Inner) -> int:
    """Return how many answers were given so far."""
    return inner.mind.response if isinstance(inner, InDuplex) else inner.chat.answers if isinstance(inner, InTurns) else 0
