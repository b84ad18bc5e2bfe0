"""Payload types of sound and pictures as sensors send them. At run time they are plain bytes."""

from typing import NewType

Pcm16 = NewType("Pcm16", bytes)
"""Mono 16-bit little-endian samples. The event's time is that of the first sample; the stream knows the rate."""

Jpeg = NewType("Jpeg", bytes)
"""One encoded picture."""
