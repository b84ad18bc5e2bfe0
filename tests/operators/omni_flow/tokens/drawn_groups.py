"""Sessions of groups that a form can express, drawn window by window with the turn that goes on."""

from __future__ import annotations

from hypothesis import strategies as st

from operators.omni_flow.tokens.groups import Form, Group, Listen, Picture, Speak
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, CHUNK_TTS_EOS, LISTEN, PLACEHOLDER, SPECIAL_FROM, TTS_BOS

FORMS = [
    Form(boundaries, control, tenths * 100_000_000) for boundaries in ("explicit", "implicit") for control in ("LS", "LT") for tenths in (10, 5, 2, 1)
]

text_ids = st.integers(0, SPECIAL_FROM - 1).filter(lambda token: token != PLACEHOLDER) | st.just(TTS_BOS)
pictures = st.lists(st.sampled_from([0, 0, 1, 2, 25]).map(Picture), max_size=3).map(tuple)


@st.composite
def sessions(draw) -> tuple[Form, bool, list[Group]]:
    """Draw a form, whether a turn goes on before the first window, and groups from any window on."""
    form, before, first = draw(st.sampled_from(FORMS)), draw(st.booleans()), draw(st.integers(0, 3))
    groups, in_turn = [], before
    for k in range(first, first + draw(st.integers(0, 6))):
        shown = draw(pictures)
        audio = draw(st.integers(0 if shown else 1, form.audio_tokens))
        answer = draw(answers(form, in_turn))
        in_turn = isinstance(answer, Speak) and (not answer.ends or answer.ends[-1] < len(answer.ids))
        groups.append(Group(k, shown, audio, answer))
    return form, before, groups


@st.composite
def answers(draw, form: Form, in_turn: bool) -> Listen | Speak:
    """Draw an answer."""
    if draw(st.booleans()):
        return Listen(cuts=in_turn)
    ids = tuple(draw(st.lists(text_ids, max_size=5)))
    ends = sorted(draw(st.lists(st.integers(0, len(ids)), max_size=2)))
    held = form.control == "LS" and in_turn and draw(st.booleans())
    closings = [CHUNK_EOS] + [LISTEN] * (form.control == "LS" and ends[-1:] == [len(ids)]) + [CHUNK_TTS_EOS] * form.explicit
    return Speak(ids, tuple(ends), held, draw(st.sampled_from(closings)))
