"""Count rows of the cache: how many a window takes, and when there is no more room."""

from __future__ import annotations

from omniflow_graph.events import SECOND
from operators.omni_flow.context.sliding import Context
from operators.omni_flow.tokens.groups import Form
from operators.omni_flow.tokens.vocabulary import VISUAL_TOKENS


def window_rows(form: Form, *, pictures: int = 0, slices: int = 0, audio: bool = True, said: int | None = None) -> int:
    """Return how many rows a window takes: a listening one, or one that says so many tokens (`<|turn_eos|>` counts).

    >>> [window_rows(Form()), window_rows(Form(), pictures=1), window_rows(Form(), said=18)]
    [13, 79, 32]
    """
    marks = 2 if form.explicit else 0
    inputs = (pictures + slices) * (VISUAL_TOKENS + 2) + audio * form.audio_tokens
    if said is None:
        return marks + inputs + 1
    return marks + inputs + (form.control == "LS") + (max(said, 1) if form.pads else said) + form.explicit


def overflow_time(context: Context, *, rows_per_window: float | None = None, window_ns: int = SECOND) -> int | None:
    """Forecast when something has to go for the first time from now on: session time in ns, None if nothing ever will.

    At the rate so far, or a given one; windows that came in count for time. 8,192 rows are 103 s of listening and seeing, 629 s of
    listening alone.

    >>> from operators.omni_flow.context.sliding import Policy, begin_context
    >>> alone = begin_context(Policy("none"), prefix=10)
    >>> [overflow_time(alone, rows_per_window=rows) // SECOND for rows in (79, 13)]
    [103, 629]
    """
    policy = context.policy
    rate = rows_per_window if rows_per_window is not None else context.rows / context.windows if context.windows else 0
    bounds = [policy.limit] if policy.limit is not None else []
    bounds += [policy.high] if policy.mode == "basic" else []
    left = [(bound - context.length) / rate for bound in bounds if rate > 0]
    left += [policy.max_units - len(context.units)] if policy.mode == "context" else []
    return int((context.windows + max(0, min(left))) * window_ns) if left else None
