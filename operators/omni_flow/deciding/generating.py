"""Listen or speak: ask a model for one token after another until a window is answered.

Source: spec 5.4, generate and finalize. Taking the window in (prefill) comes before, `choosing` chooses a token, `steps` says
what becomes of it. What the published runtime does by mistake is done only with `reference_compatible` (`as_reference`):

| quirk | the reference | here |
|---|---|---|
| Q3 | at most 20 steps, whatever is set | `cap` |
| Q4 | text, `<|turn_eos|>` and `<|listen|>` in one window: it listens; text, sound and the end of the turn are lost | it speaks, and the turn ends |
| Q5 | listening that is forced inside a turn restarts the vocoder, and leaves the speech decoder where it was | restarts both |
| Q8 | a first token other than `<|speak|>` is fed, and neither said nor shown | `<|speak|>` is put before it, and it is content |
| Q10 | `<|chunk_eos|>` first: it speaks with an empty condition, also where there is nothing to go on with | inside a turn so, too; else it listens |
| Q11 | a token that was refused for length stays in the history | leaves it |
| Q20 | a window that took nothing in listens, and has no finalize that could be done | it listens, and nothing is left to be fed |
| | text after `<|turn_eos|>` begins a turn in the same window; that the last one ended is not said | is refused, and said in the next window |
| | `<|turn_eos|>` between turns ends nothing, and is said to | it listens |
| | any mark is content: `<unit>`, `<|im_end|>`, a second `<|speak|>` | is refused, so that what was fed can be read back |
| | a first word that alone has 28 characters is refused in every window anew | is said alone |
| | listening that is forced by count inside a turn becomes `<|tts_bos|>`, up to the cap | ends the turn, as by the caller |
| | a stopped session ends a turn in every window | once, if one goes on |
| | without boundaries `<|listen|>` is not fed, and `</unit>` is | the report's form: listen is fed, marks are not |

Q10 inside a turn is written with its `<|speak|>`, and listening always with `<|listen|>`: what was fed can be read back by `parsing`.
The reference knows neither `listen_in_turn="stop"` nor the form LT. With "stop", a turn in which the model listens is closed
as by force, `<|turn_eos|><|listen|>`, and its sound is flushed.
"""

from __future__ import annotations

from dataclasses import replace

from operators.omni_flow.deciding.as_reference import close_as_reference, step_as_reference
from operators.omni_flow.deciding.choosing import Choice, NextToken
from operators.omni_flow.deciding.outcome import BOTH, NOTHING_SAID, Condition, Ends, Force, Outcome
from operators.omni_flow.deciding.steps import CAP, Answering, Generating, Stop, Talk, TextOf, begin, close, step
from operators.omni_flow.tokens.vocabulary import LISTEN

FORCED = Choice(LISTEN, by="rank")  # by no rule, so it enters no history


def generate_unit(
    talk: Talk, next_token: NextToken | None, settings: Generating, *, text_of: TextOf, k: int | None = None, forced: Force | None = None
) -> tuple[Talk, Outcome]:
    """Answer window `k`, by default the next one: listen, or speak. Returns how the talk goes on, and what the window came to.

    `next_token(tokens)` feeds the model these tokens, none the first time, and chooses the next. None stands for a window that
    took nothing in. A window that is `forced` listens without asking, and ends a turn that goes on. What is left to be fed
    afterwards is the last `unfed` of `fed`: the terminator and `</unit>`, at the cap also the last of the content.

    >>> from operators.omni_flow.tokens.vocabulary import SPEAK, TURN_EOS, CHUNK_EOS
    >>> said = iter([SPEAK, 9707, TURN_EOS, CHUNK_EOS])
    >>> _, window = generate_unit(Talk(), lambda fed: Choice(next(said)), Generating(), text_of=lambda ids: "Hello")
    >>> window.choice, window.text, window.ends
    ('speak', 'Hello', Ends(kind='drain', reason='turn_eos'))
    """
    k = talk.windows if k is None else k
    if talk.stopped or next_token is None:
        return _unanswered(talk, settings, k)
    now = begin(talk, settings, k=k, forced=forced)
    take = step_as_reference if settings.reference_compatible else step
    given, recorded, stop, first, choice = 0, [], CAP, None, FORCED
    while now.left:
        if not now.forced:
            choice = next_token(now.fed[given:])
            given = len(now.fed)
            if choice.by == "rule":
                recorded.append(choice.token)
        first = first or choice
        now, done = take(now, choice.token, settings, text_of)
        if isinstance(done, Stop):
            stop = done
            break
    if stop.refused and choice.by == "rule" and not settings.reference_compatible:
        recorded.pop()  # Q11
    return _answered(now, stop, settings, text_of, given, (first or choice).p_listen, tuple(recorded), talk)


def _answered(
    now: Answering,
    stop: Stop,
    settings: Generating,
    text_of: TextOf,
    given: int,
    p_listen: float | None,
    recorded: tuple[int, ...],
    talk: Talk,
) -> tuple[Talk, Outcome]:
    closed = (close_as_reference if settings.reference_compatible else close)(now, stop, settings)
    said = closed.fed[closed.start : closed.end]
    speaks = closed.choice == "speak"
    return Talk(talk.windows + 1, closed.in_turn), Outcome(
        k=now.k,
        choice=closed.choice,
        reason=now.forced or stop.reason,
        p_listen=p_listen,
        forced=now.forced is not None,
        fed=closed.fed,
        unfed=len(closed.fed) - given,
        content=said,
        condition=Condition(said, closed.start) if speaks else NOTHING_SAID,
        text=text_of(said) if speaks and said else "",
        turn_ended=not closed.in_turn and (now.was_in_turn or bool(now.fed)),
        ends=closed.ends,
        restarts=closed.restarts,
        recorded=recorded,
    )


def _unanswered(talk: Talk, settings: Generating, k: int) -> tuple[Talk, Outcome]:
    """Listen without feeding anything: the session was stopped, or the window took nothing in (Q20). It does not count."""
    if not talk.stopped:
        return talk, Outcome(k, "listen", "no_input")
    ends = Ends("flush", "stopped") if talk.in_turn else None
    ended = talk.in_turn or settings.reference_compatible
    return replace(talk, in_turn=False), Outcome(k, "listen", "stopped", turn_ended=ended, ends=ends, restarts=BOTH if ends else ())
