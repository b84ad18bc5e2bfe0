"""What is computed anew after a crash, and stands in no snapshot: caches."""

from __future__ import annotations

from typing import Any


class Kept:
    """Hold what is computed anew and never kept: a snapshot of it is empty."""

    def __init__(self, value: Any = None) -> None:
        """Hold a value."""
        self.value = value

    def __reduce__(self) -> tuple[type[Kept], tuple[()]]:
        """Leave the value out."""
        return Kept, ()
