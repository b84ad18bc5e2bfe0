"""Name the special tokens of the published vocabulary: what frames a window's group, what is decided in it, what ends speech."""

from __future__ import annotations

SIZE = 151_748  # every id is below; the highest added token is the last one

END_OF_TEXT, IM_START, IM_END = 151_643, 151_644, 151_645
THINK, THINK_END = 151_667, 151_668
IMAGE, IMAGE_END = 151_669, 151_670
SLICE, SLICE_END = 151_679, 151_680
IMAGE_ID, IMAGE_ID_END = 151_681, 151_682
UNIT, UNIT_END = 151_683, 151_684
SPEECH_BOS, SPEECH_TEXT_EOS = 151_687, 151_692  # <focus>, </perception>: rows that the speech decoder reads as its own marks
AUDIO_START, AUDIO, AUDIO_END = 151_697, 151_698, 151_699
TTS_BOS, TTS_EOS = 151_703, 151_704
LISTEN, SPEAK, INTERRUPT = 151_705, 151_706, 151_707
TURN_BOS, TURN_EOS = 151_716, 151_717
CHUNK_EOS, CHUNK_BOS, CHUNK_TTS_BOS, CHUNK_TTS_EOS = 151_718, 151_719, 151_720, 151_721
TTS_PAD = 151_722
PLACEHOLDER = 128_244  # <unk>: an ordinary row that stands where an embedding of a picture or of sound goes in

NAMES: dict[int, str] = {
    END_OF_TEXT: "<|endoftext|>",
    IM_START: "<|im_start|>",
    IM_END: "<|im_end|>",
    THINK: "<think>",
    THINK_END: "</think>",
    IMAGE: "<image>",
    IMAGE_END: "</image>",
    SLICE: "<slice>",
    SLICE_END: "</slice>",
    IMAGE_ID: "<image_id>",
    IMAGE_ID_END: "</image_id>",
    UNIT: "<unit>",
    UNIT_END: "</unit>",
    SPEECH_BOS: "<focus>",
    SPEECH_TEXT_EOS: "</perception>",
    AUDIO_START: "<|audio_start|>",
    AUDIO: "<|audio|>",
    AUDIO_END: "<|audio_end|>",
    TTS_BOS: "<|tts_bos|>",
    TTS_EOS: "<|tts_eos|>",
    LISTEN: "<|listen|>",
    SPEAK: "<|speak|>",
    INTERRUPT: "<|interrupt|>",
    TURN_BOS: "<|turn_bos|>",
    TURN_EOS: "<|turn_eos|>",
    CHUNK_EOS: "<|chunk_eos|>",
    CHUNK_BOS: "<|chunk_bos|>",
    CHUNK_TTS_BOS: "<|chunk_tts_bos|>",
    CHUNK_TTS_EOS: "<|chunk_tts_eos|>",
    TTS_PAD: "<|tts_pad|>",
    PLACEHOLDER: "<unk>",
}

SPECIAL_FROM = 151_643  # ids from here on are added tokens; what is below is text, and the placeholder

VISUAL_TOKENS = 64  # a picture, or a slice of one, whatever its size
AUDIO_TOKENS_HZ = 10  # of sound, without wrappers


def is_special(token: int) -> bool:
    """Tell whether a token is none of the text: an added token, or the placeholder.

    >>> is_special(LISTEN), is_special(PLACEHOLDER), is_special(100)
    (True, True, False)
    """
    return token >= SPECIAL_FROM or token == PLACEHOLDER


def name(token: int) -> str:
    """Return how a token is written, if it is one of the special ones; its number otherwise.

    >>> name(SPEAK), name(42)
    ('<|speak|>', '42')
    """
    return NAMES.get(token, str(token))
