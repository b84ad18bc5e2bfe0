"""Test conversations: who spoke when, what was heard, does the assistant stop in time, does it reply in time.

Found as `omniflow_graph.testing`, too. Who speaks is read off the edge `user` of a simulation, else off `listen`, what
the ears heard; what sounds off `play`, `heard` and `decide`, as in `operators.duplex`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from omniflow_graph import Event, Trace, explain
from omniflow_graph.events import SECOND
from operators.reasons import follower
from operators.sounding import Sounding, by_answer, sounds
from operators.turns import turns

__all__ = ["assert_replies_within", "assert_stops_within", "heard", "sounds", "speech", "turns"]

WANTS_ANSWER = ("say", "repeat", "speech")
TALKS = (*WANTS_ANSWER, "interrupt", "mhm", "aside")


class Speech(NamedTuple):
    """Say that the user spoke in [start, end). `kind` is what it was meant as, or "speech" where nobody knows."""

    start: int
    end: int
    kind: str
    text: str
    event: Event[Any]  # that tells of it


def heard(trace: Trace) -> list[str]:
    """Return what was heard of each turn: its text; of one that was cut short, the words of which at least half sounded."""
    return [turn.text if turn.heard is None else turn.heard for turn in turns(trace)]


def speech(trace: Trace) -> list[Speech]:
    """List when the user spoke. Raises KeyError for a trace without an edge that tells."""
    if "user" in trace.edges:
        return _meant(trace)
    if "listen" in trace.edges:
        return _listened(trace)
    raise KeyError(f"the trace of {trace.session!r} has neither an edge 'user' nor 'listen' that says who speaks; it has {', '.join(trace.edges)}")


def _meant(trace: Trace) -> list[Speech]:
    """Read it off the user's own utterances; one that was broken off ends there."""
    hushed = {event.data.n: event.time for event in trace["user"] if not hasattr(event.data, "begin")}
    said = [event for event in trace["user"] if hasattr(event.data, "begin")]
    ends = [min(event.data.end, hushed.get(event.data.n, event.data.end)) for event in said]
    return [Speech(event.data.begin, end, event.data.kind, event.data.text, event) for event, end in zip(said, ends) if end > event.data.begin]


def _listened(trace: Trace) -> list[Speech]:
    """Read it off what the ears heard: an utterance begins when its first speech did, and ends with its last."""
    found: dict[int, Speech] = {}
    before = 0
    for event in trace["listen"]:
        hearing = event.data
        if hearing.talking and hearing.spoken_ns > before:
            known = found.get(hearing.utterance)
            start = known.start if known else max(0, event.time - hearing.spoken_ns)
            found[hearing.utterance] = Speech(start, event.time, "speech", "", event)
        before = hearing.spoken_ns if hearing.talking else 0
    return list(found.values())


def assert_stops_within(trace: Trace, ns: int, *, kinds: Collection[str] = TALKS, least: int = 1) -> list[int]:
    """Assert that the assistant never goes on for more than `ns` while the user talks over it; return for how long it did, each time.

    It counts from when both are to be heard. `kinds` are those utterances that are meant, such as ("interrupt",); where the
    ears alone know of them, all are "speech". What the user says in less than `ns` cannot fail; if fewer than `least` were
    said over an answer, that does. Raises AssertionError with the chain of causes of what went on sounding.
    """
    spoken = sounds(trace)
    over = [(each, found) for each in speech(trace) if each.kind in kinds and each.start < trace.end and (found := _over(each, spoken))]
    for each, (start, end, last) in over:
        if min(end, trace.end) - start > ns:
            words = f"after the user began to talk over answer {last.response} at {start / SECOND:.3f} s {_quoted(each)}, wants silence"
            raise AssertionError(_failed(trace, f"{words} within {ns / SECOND:.3f} s; it sounded until {end / SECOND:.3f} s", last.event))
    _enough(trace, len(over), least, "utterances over an answer")
    return [end - start for _, (start, end, _) in over]


def _over(each: Speech, spoken: Sequence[Sounding]) -> tuple[int, int, Sounding] | None:
    """Return from when to when somebody talks over the answer that sounds as they begin, or begins meanwhile; its gaps count."""
    found = [sound for sound in spoken if sound.start < each.end and each.start < sound.end]
    found = [sound for sound in found if sound.response == found[0].response]
    return (max(found[0].start, each.start), min(found[-1].end, each.end), found[-1]) if found else None


def assert_replies_within(trace: Trace, ns: int, *, kinds: Collection[str] = WANTS_ANSWER, least: int = 1) -> list[int]:
    """Assert that what the user says is followed, up to `ns` after its end, by the first sound of another answer; return after how long.

    Utterances of other `kinds` want no answer, nor does one after which the user goes on within `ns`, or the session ends.
    If fewer than `least` want one, that fails. Raises AssertionError with the chain of causes of what came instead.
    """
    said, begun = speech(trace), _begun(sounds(trace))
    found = []
    for n, each in enumerate(said):
        goes_on = any(each.end <= other.start < each.end + ns for other in said[n + 1 :])
        reply = next((sound for sound in begun if sound.start >= each.end), None)
        if reply and reply.start <= each.end + ns and each.kind in kinds:
            found.append(reply.start - each.end)
        elif each.kind in kinds and not goes_on and each.end + ns < trace.end:
            came = f"the next one begins {(reply.start - each.end) / SECOND:.3f} s later" if reply else "none comes"
            words = f"after the user said {_quoted(each)} up to {each.end / SECOND:.3f} s, wants an answer within {ns / SECOND:.3f} s; {came}"
            raise AssertionError(_failed(trace, words, reply.event if reply else _decided(trace, each.end) or each.event))
    _enough(trace, len(found), least, "utterances that want an answer")
    return found


def _begun(spoken: Sequence[Sounding]) -> list[Sounding]:
    """Pick the first sound of each answer."""
    return [waves[0] for waves in by_answer(spoken).values()]


def _decided(trace: Trace, time: int) -> Event[Any] | None:
    """Return the first decision after a time: why nothing was said."""
    return next((event for event in trace.edges.get("decide", ()) if event.time >= time), None)


def _quoted(each: Speech) -> str:
    return f"({each.kind} {each.text!r})" if each.text else "(as the ears heard it)"


def _enough(trace: Trace, got: int, least: int, what: str) -> None:
    if got < least:
        raise AssertionError(f"session {trace.session!r}, seed {trace.seed}: wants {least} {what} or more, got {got}: nothing would be proved")


def _failed(trace: Trace, words: str, event: Event[Any]) -> str:
    return f"session {trace.session!r}, seed {trace.seed}: {words}\n{why(trace, event)}"


def why(trace: Trace, event: Event[Any]) -> str:
    """Print an event's chain of causes: word <- wave <- decision <- window <- frames and samples."""
    return explain(follower(trace)(event))


QUERIES = {"turns": turns, "heard": heard, "speech": speech, "sounds": sounds}
