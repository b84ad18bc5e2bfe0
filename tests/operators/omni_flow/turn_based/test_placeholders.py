"""Pictures and sounds make room for their embeddings, between their marks."""

from __future__ import annotations

import pytest

from operators.omni_flow.tokens.vocabulary import name
from operators.omni_flow.turn_based.messages import Audio, Image
from operators.omni_flow.turn_based.placeholders import Embeddings, Rendering, expanded


def shown(*pieces, **given) -> str:
    """Write what pieces become, embeddings as their count."""
    said = expanded(pieces, Rendering(**given))
    return "".join(f"{piece.count}" if isinstance(piece, Embeddings) else piece if isinstance(piece, str) else name(piece) for piece in said)


def sound(samples: int) -> Audio:
    return Audio(bytes(2 * samples))


LOOK, CELL = "<image>64</image>", "<slice>64</slice>"


def test_a_small_picture_is_its_overview_with_its_number():
    assert shown("a", Image(448, 448), "b", Image(448, 448)) == f"a<image_id>0</image_id>{LOOK}b<image_id>1</image_id>{LOOK}"
    assert shown(Image(448, 448), image_ids=False) == LOOK


def test_the_cells_of_a_large_one_follow_row_by_row():
    assert shown(Image(1280, 720), image_ids=False) == f"{LOOK}{CELL * 3}\n{CELL * 3}"
    assert shown(Image(1280, 720), image_ids=False, most=2) == LOOK + CELL * 2
    assert shown(Image(720, 1280), image_ids=False, most=2) == f"{LOOK}{CELL}\n{CELL}"
    assert shown(Image(1280, 720), image_ids=False, most=1) == LOOK


@pytest.mark.parametrize(
    ("samples", "whole", "seconds"),
    [
        (16_000, "10", ["10"]),
        (32_000, "20", ["10", "10"]),
        (16_560, "10", ["10"]),
        (24_000, "15", ["10", "5"]),
        (480_000, "300", ["10"] * 30),
        (496_000, "310", ["10"] * 31),
        (1_280, "0", []),
        (1_281, "1", ["1"]),
        (0, "0", []),
    ],
)
def test_a_sound_has_room_for_ten_embeddings_a_second_in_one_piece_or_second_by_second(samples, whole, seconds):
    assert shown(sound(samples)) == f"<|audio_start|>{whole}<|audio_end|>"
    assert shown(sound(samples), stream_input=True) == "".join(f"<|audio_start|>{n}<|audio_end|>" for n in seconds)


def test_the_formula_of_the_specification_gives_the_same_for_any_length():
    for samples in range(1, 64_000, 37):
        mel = -(-samples // 160)
        tokens = ((mel - 1) // 2 + 1 - 5) // 5 + 1
        assert shown(sound(samples)) == f"<|audio_start|>{tokens}<|audio_end|>", samples


def test_embeddings_say_what_they_are_of():
    found = [
        piece
        for piece in expanded([Image(1280, 720), sound(32_000), sound(1_600)], Rendering(most=2, stream_input=True))
        if isinstance(piece, Embeddings)
    ]
    assert [each[1:] for each in found] == [("visual", 0, 0), ("visual", 0, 1), ("visual", 0, 2), ("audio", 0, 0), ("audio", 0, 1), ("audio", 1, 0)]


@pytest.mark.parametrize("given", [{"most": 0}, {"limit": 0}])
def test_bounds_below_one_are_refused(given):
    with pytest.raises(ValueError, match="rendering: wants most and limit of 1 or more, or limit None, got most "):
        Rendering(**given)
