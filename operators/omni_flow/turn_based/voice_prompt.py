# ruff: noqa: RUF001, the commas of Chinese are meant
"""The first message of a turn-based conversation: speak with the voice of this sample, and as whom.

Source: spec 7.2, the system content is [prefix, reference sound, suffix]. The specification leaves the wording free: it is ours, and
not what the published checkpoint was trained on; who wants that gives another `wording`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

from operators.omni_flow.turn_based.messages import Audio, Message

Variant = Literal["omni", "audio_assistant", "audio_roleplay", "voice_cloning", "default"]
Language = Literal["en", "zh"]


class Wording(NamedTuple):
    """Hold what is said before the voice's sample and after it."""

    prefix: str
    suffix: str = ""


EN, ZH = "Take on the voice that you hear in this sample.", "请用下面这段录音里的声音说话。"
WORDINGS: dict[tuple[Variant, Language], Wording] = {
    ("omni", "en"): Wording(EN, "You see, hear and speak. Help with what is in front of you, in this voice."),
    ("omni", "zh"): Wording(ZH, "你能看、能听、能说。请用这个声音，就眼前的事情提供帮助。"),
    ("audio_assistant", "en"): Wording(EN, "You are an assistant who listens and answers in this voice, briefly and to the point."),
    ("audio_assistant", "zh"): Wording(ZH, "你是一位语音助手，请用这个声音简短、切题地回答。"),
    ("audio_roleplay", "en"): Wording(EN, "You are the person whom this voice belongs to. Stay that person in all you say."),
    ("audio_roleplay", "zh"): Wording(ZH, "你就是这个声音的主人，请始终以这个人的身份说话。"),
    ("voice_cloning", "en"): Wording(EN),
    ("voice_cloning", "zh"): Wording(ZH),
    ("default", "en"): Wording("You are a helpful assistant. You are spoken to, shown things or written to, and answer in text and in speech."),
    ("default", "zh"): Wording("你是一位乐于助人的助手。你会听到、看到或读到内容，并用文字和语音回答。"),
}


def voice_prompt(variant: Variant, language: Language = "en", reference: Audio | None = None, *, wording: Wording | None = None) -> Message:
    """Make the system message of a variant. All but `default` want the sample of a voice; `default` takes none.

    Raises ValueError for another variant or language, and for a sample that is missing or not wanted.

    >>> voice_prompt("voice_cloning", "zh", Audio(bytes(2))).content
    ('请用下面这段录音里的声音说话。', Audio())
    """
    for given, known in ((variant, get_args(Variant)), (language, get_args(Language))):
        if given not in known:
            raise ValueError(f"voice prompt: wants one of {', '.join(known)}, got {given!r}")
    if (reference is None) != (variant == "default"):
        wants, got = ("no reference", "one") if variant == "default" else ("a reference", "none")
        raise ValueError(f"voice prompt: {variant} wants {wants}, got {got}; a voice goes with any variant but default")
    prefix, suffix = wording or WORDINGS[variant, language]
    sound = () if reference is None else (reference,)
    return Message("system", tuple(part for part in (prefix, *sound, suffix) if part))


def spoken_as(messages: Iterable[Message], reference: Audio | None = None) -> Audio | None:
    """Return the sample that speech is made after: the one given for that, else the first sound of the messages; None if there is none."""
    return reference or next((audio for message in messages for audio in message.sounds), None)
