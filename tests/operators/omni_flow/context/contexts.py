"""Units and contexts for tests, and the cache that goes along with one."""

from __future__ import annotations

from operators.omni_flow.context.sliding import Context, Evicted, Policy, begin_context, enter, heard_up_to
from operators.omni_flow.context.token_log import Unit
from operators.omni_flow.tokens.vocabulary import AUDIO, CHUNK_EOS, LISTEN, SPEAK, UNIT, UNIT_END
from tests.operators.omni_flow.context.toy_cache import Cache, carry_out, empty, feed
from tests.operators.omni_flow.deciding.talks import text_of

PROMPT, SUFFIX = (901, 902, 903), (904, 905)


def listening(k: int, audio: int = 10) -> Unit:
    """Make a unit that listens."""
    return Unit(k, (UNIT, *[AUDIO] * audio, LISTEN, UNIT_END))


def speaking(k: int, *words: int, answer: int = 1) -> Unit:
    """Make a unit that says words."""
    return Unit(k, (UNIT, AUDIO, SPEAK, *words, CHUNK_EOS, UNIT_END), "audio", words, text_of(words), False, answer)


class Remembering:
    """Keep a context and its cache in step: after every change they are of one length."""

    def __init__(self, policy: Policy) -> None:
        self.context = begin_context(policy, len(PROMPT), SUFFIX)
        self.cache: Cache = feed(empty(), (*PROMPT, *SUFFIX))[0]
        self.evicted: list[Evicted] = []

    def enter(self, unit: Unit) -> None:
        """Feed a unit, and let the context take it in."""
        self.cache, _ = feed(self.cache, unit.ids)
        self._then(*enter(self.context, unit, text_of=text_of))

    def heard(self, answer: int, tokens: int, *, settled: bool = False) -> None:
        """Note how much of an answer was heard."""
        self._then(*heard_up_to(self.context, answer, tokens, settled=settled, text_of=text_of))

    def _then(self, context, evicted, plan) -> None:
        self.context, self.cache = context, carry_out(plan, self.cache)
        self.evicted += evicted
        assert self.cache.length == context.length == context.protected + sum(unit.length for unit in context.units)


def ids(context: Context) -> tuple[int, ...]:
    """List what stands in the cache by the log."""
    return (*PROMPT, *context.previous, *context.suffix, *(token for unit in context.units for token in unit.ids))
