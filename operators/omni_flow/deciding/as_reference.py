"""The same steps with the mistakes of the published runtime, for parity with it. `generating` has the table of them."""

from __future__ import annotations

from omniflow_graph.events import made
from operators.omni_flow.deciding.outcome import BOTH, Ends
from operators.omni_flow.deciding.steps import DRAIN, TERMINATORS, Answering, Closed, Fed, Generating, Stop, TextOf
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, LISTEN, TTS_BOS, TURN_EOS, UNIT_END


def step_as_reference(now: Answering, token: int, settings: Generating, text_of: TextOf) -> tuple[Answering, Fed | Stop]:
    """Take the token that was chosen. The first is never content (Q8); any other is, whatever it is."""
    k, forced, was_in_turn, in_turn, left, fed, start = now
    if token == LISTEN and in_turn:
        token = TTS_BOS
    if token in TERMINATORS:
        return now, Stop(token, TERMINATORS[token])
    if fed and len(text_of((*fed[start:], token))) >= settings.characters:
        return now._replace(in_turn=True), Stop(CHUNK_EOS, "characters", True)  # also if a turn has just ended
    return made(Answering, (k, forced, was_in_turn, token != TURN_EOS, left - 1, (*fed, token), start or 1)), made(Fed, ((token,),))


def close_as_reference(now: Answering, stop: Stop, settings: Generating) -> Closed:
    """Close a window with what was chosen. Without boundaries no terminator is fed, and `</unit>` is."""
    fed, listens, end = now.fed, stop.terminator == LISTEN, len(now.fed)
    written = (*fed, stop.terminator, UNIT_END) if settings.form.explicit else (*fed, UNIT_END)
    if listens:  # Q4: also if a turn ended here
        ends = Ends("flush", now.forced) if now.forced and now.was_in_turn else None
        return Closed(written, "listen", now.start, end, now.in_turn, ends, ("vocoder",) if ends else ())  # Q5
    ends = DRAIN if fed[-1:] == (TURN_EOS,) else None
    return Closed(written, "speak", now.start, end, now.in_turn, ends, BOTH if ends else ())
