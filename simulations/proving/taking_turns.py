"""What must be true of how turns are taken: questions are settled, noise is none, nobody is talked over, nobody waits for nothing."""

from __future__ import annotations

from typing import Any

from omniflow_graph import Event, Trace
from omniflow_graph.testing.violation import Violation, place
from operators.omni_flow.playback.overlap import Duration
from operators.omni_flow.playback.sounding import FRAME_NS
from operators.senses.ears import MIN_SILENCE_NS
from operators.testing import Sounding, Speech, sounds, speech
from simulations.proving.what_sounds import decided_on, soon, window_of

BARGE_IN, SHORT_NS = Duration().barge_in, Duration().short_ack
FORGOTTEN = ("mhm", "aside")  # kinds of speech that want nothing


def never_stuck(trace: Trace, *, windows: int = 3) -> list[Violation]:
    """A finished question is answered or declined within so many windows; nobody waits for an answer, or a user, that is over.

    What a decision says it waits for ("waits: ...") must be there: while it is quiet for `windows` windows on end, at
    least one of their decisions is another.
    """
    limit, found, since = windows * window_of(trace), [], None
    others = [(event.data.begin, event.data.end) for event in trace.edges.get("talker", ()) if hasattr(event.data, "begin")]
    talks = [*others, *((each.start, each.end) for each in speech(trace))]
    busy = [(start, end + MIN_SILENCE_NS) for start, end in talks] + [(each.start, each.end) for each in sounds(trace)]
    for event in trace["decide"]:
        waits = event.data.choice == "listen" and (event.data.cause.startswith("waits") or not event.data.cause)
        since = (event if since is None else since) if waits else None
        if since is None:
            continue
        quiet = max([decided_on(trace, since), *(end for start, end in busy if start <= event.time)])
        if event.time - quiet > limit:
            words = f"{event.data.cause or 'nothing is decided'}, as since {since.time} ns, and all has been quiet since {quiet} ns"
            found.append(Violation("never_stuck", event.time, words, place(event)))
            since = None
    return found + _unheeded(trace, limit)


def _unheeded(trace: Trace, limit: int) -> list[Violation]:
    """List the questions on which nothing is decided in time, although the user says no more."""
    found = []
    said = [each for each in speech(trace) if each.kind not in FORGOTTEN]
    for each in said:
        deadline = each.end + MIN_SILENCE_NS + limit
        decided = any(each.end + MIN_SILENCE_NS < event.time <= deadline for event in trace["decide"])
        if not decided and deadline < trace.end:
            words = f"on what the user said up to {each.end} ns ({each.text!r}) nothing is decided by {deadline} ns"
            found.append(Violation("never_stuck", deadline, words, place(each.event)))
    return found


def questions_are_answered(trace: Trace, *, within: int | None = None) -> list[Violation]:
    """What the scenario's script has an answer to is answered, up to `within` ns after it was said, by default two windows and a second.

    The n-th utterance that anybody ends, short acknowledgements aside, is to trigger its rule `speech_ends: n`. What comes
    after one that cannot be counted for sure, since it was said about when an answer began or ended, is not judged.
    """
    limit, spoken, found, n = within or soon(trace), sounds(trace), [], 0
    rules = {rule.n for rule in trace["scenario"][0].data.script if rule.trigger == "speech_ends"}
    said = _utterances(trace)
    for start, end, talked, event in said:
        if any(sound.start <= start and end <= sound.end for sound in spoken) and talked < SHORT_NS:
            continue
        if any(sound.start < end + window_of(trace) and start - window_of(trace) < sound.end for sound in spoken if sound.start < end):
            break
        n, deadline = n + 1, end + limit
        alone = not any(start < other < deadline for other, *_ in said)
        if n in rules and alone and deadline < trace.end and not any(end <= sound.start <= deadline for sound in spoken):
            words = f"utterance {n} ended at {end} ns, and no answer has begun by {deadline} ns"
            found.append(Violation("questions_are_answered", deadline, words, place(event)))
    return found


def _utterances(trace: Trace) -> list[tuple[int, int, int, Event[Any]]]:
    """List from when to when anybody speaks, for how long in all, with the last event of it; pauses too short to end it count in."""
    found: list[tuple[int, int, int, Event[Any]]] = []
    said = [(event.data.begin, event.data.end, event) for edge in ("user", "talker") for event in trace[edge] if hasattr(event.data, "begin")]
    for start, end, event in sorted(said, key=lambda each: each[:2]):
        if found and start < found[-1][1] + MIN_SILENCE_NS:
            first, last, talked, _ = found.pop()
            found.append((first, max(last, end), talked + end - start, event))
        else:
            found.append((start, end, end - start, event))
    return found


def silent_in_noise(trace: Trace) -> list[Violation]:
    """Each answer has an occasion of its own: somebody has spoken, the camera shows another scene, it is time for a line.

    Noise, music, the assistant's own echo and frames that are late are none.
    """
    scenario, found = trace["scenario"][0].data, []
    talked = [event.data.end for edge in ("user", "talker") for event in trace[edge] if hasattr(event.data, "begin")]
    lines = [rule.n for rule in scenario.script if rule.trigger == "at"]
    occasions = sorted([*talked, *lines, *(shot.at for shot in scenario.camera)])
    begun = [event for event in trace["decide"] if event.data.choice == "speak" and event.data.part == 0 and event.data.text]
    for n, event in enumerate(begun, 1):
        known = sum(time <= event.time for time in occasions)
        if known < n:
            words = f"answer {event.data.response} ({event.data.cause}) is the {n}th, and there were {known} occasions to speak by then"
            found.append(Violation("silent_in_noise", event.time, words, place(event)))
    return found


def never_over_a_speaking_user(trace: Trace, *, grace: int = BARGE_IN, windows: int = 1) -> list[Violation]:
    """Once the user has talked over an answer for `grace` ns, which `overlap` allows, it sounds for so many windows at most.

    A stage's time to decide, and two frames to hear and play out, come on top.
    """
    slack = max((step.done - step.start for step in trace.stages.get("decide", ())), default=0) + 2 * FRAME_NS
    spoken, found = sounds(trace), []
    for each in speech(trace):
        over = _over(each, spoken)
        began = _said_for(each, over[0].start, grace) if over else None
        last = max(over, key=lambda sound: sound.end) if over else None
        if began is None or last is None:
            continue
        until, limit = min(last.end, each.end, trace.end), began + windows * window_of(trace) + slack
        if until > limit:
            words = f"answer {last.response} sounds until {until} ns, over a user who had said enough by {began} ns; wants silence by {limit} ns"
            found.append(Violation("never_over_a_speaking_user", until, words, place(last.event)))
    return found


def _over(each: Speech, spoken: list[Sounding]) -> list[Sounding]:
    """List what sounds while somebody speaks: of the answer that they begin to talk over."""
    found = [sound for sound in spoken if sound.start < each.end and each.start < sound.end]
    return [sound for sound in found if sound.response == found[0].response]


def _said_for(each: Speech, since: int, grace: int) -> int | None:
    """Return when somebody has spoken for `grace` ns since a time, pauses between words not counted; None if they never do."""
    words = getattr(each.event.data, "words", ()) or ()
    begin = getattr(each.event.data, "begin", each.start)
    left = grace
    for start, end in [(begin + word.start, begin + word.end) for word in words] or [(each.start, each.end)]:
        start, end = max(start, since), min(end, each.end)
        if end - start >= left:
            return start + left
        left -= max(0, end - start)
    return None
