"""A turn of the user can be written as the message that a model is given."""

from __future__ import annotations

import io

import pytest

from operators.omni_flow.turn_based.messages import Audio, Message
from operators.turn_taking.exchange import UserTurn, image_of, message_of


def picture(width: int, height: int, form: str = "JPEG") -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, form)
    return out.getvalue()


def test_a_turn_is_its_pictures_and_what_was_said_or_typed():
    spoken = message_of(UserTurn(1, 0, 5, pcm=bytes(8), pictures=(picture(30, 20), picture(5, 6, "PNG"))))
    assert [(part.width, part.height) for part in spoken.parts[:2]] == [(30, 20), (5, 6)]
    assert spoken.parts[2:] == (Audio(bytes(8)),)
    assert message_of(UserTurn(2, 5, 5, text="Hello")) == Message("user", ("Hello",))


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError, match="picture: wants one that is encoded as JPEG or PNG, got 5 bytes of something else"):
        image_of(b"hello")
