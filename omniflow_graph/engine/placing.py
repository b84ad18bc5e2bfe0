"""Tell where Bytewax works on a key, so that a session can be read in the process that works on it.

What crosses processes is pickled. Bytewax sends a key to worker `h mod workers`, h being the hash that Rust's HashMap
uses by default (SipHash-1-3, both halves of its own key 0). Should a later one place keys otherwise, sessions cross
processes again, and nothing else changes.
"""

from __future__ import annotations

from functools import lru_cache

WHOLE = (1 << 64) - 1


@lru_cache(maxsize=1 << 16)
def placed(key: str, among: int) -> int:
    """Return which of `among` workers gets a key.

    >>> [placed(f"session {n}", 2) for n in range(8)]
    [0, 1, 1, 1, 0, 0, 0, 0]
    """
    return siphash(key.encode() + b"\xff") % among  # Rust ends a text with this byte


def siphash(data: bytes) -> int:
    """Return SipHash-1-3 of bytes, under the key 0."""
    state = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) % 256])
    for start in range(0, len(padded), 8):
        word = int.from_bytes(padded[start : start + 8], "little")
        state = _round(state[0], state[1], state[2], state[3] ^ word)
        state = (state[0] ^ word, *state[1:])
    a, b, c, d = state
    state = (a, b, c ^ 0xFF, d)
    for _ in range(3):
        state = _round(*state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _round(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    a, c = (a + b) & WHOLE, (c + d) & WHOLE
    b, d = _left(b, 13) ^ a, _left(d, 16) ^ c
    a = _left(a, 32)
    c, a = (c + b) & WHOLE, (a + d) & WHOLE
    b, d = _left(b, 17) ^ c, _left(d, 21) ^ a
    return a, b, _left(c, 32), d


def _left(word: int, by: int) -> int:
    return (word << by | word >> 64 - by) & WHOLE
