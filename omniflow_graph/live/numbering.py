"""Tell by a sender's numbers what was lost, came twice, was overtaken, and whether the sender began anew."""

from __future__ import annotations

from dataclasses import dataclass, field

SPAN = 256  # numbers back from the newest that may still come


@dataclass
class Numbering:
    """Remember of one stream which number is next, which ones of the last are missing, and which sender it is.

    `note` says what a record is: "next"; "gap", `missed` numbers before it are missing; "reordered", one of those; "duplicate";
    "restarted", of a sender that began anew; "replaced", of one in whose place another has begun.
    """

    expected: int = 0
    begun: bool = False
    missing: set[int] = field(default_factory=set)
    generation: int | None = None
    newest: int = -1  # capture time
    missed: int = 0  # by the last gap

    def note(self, seq: int | None, captured: int | None, generation: int | None) -> str:
        """Say what the record with this number is."""
        if generation is not None and self.generation is not None and generation < self.generation:
            return "replaced"
        anew = self.begun and generation is not None and self.generation is not None and generation > self.generation
        self.generation = self.generation if generation is None else generation
        found = "restarted" if anew else self._numbered(seq, captured)
        if found == "restarted" or not self.begun:
            self.expected, self.missing, self.newest = 0 if seq is None else seq + 1, set(), -1
        self.begun = True
        if captured is not None and found != "duplicate":
            self.newest = max(self.newest, captured)
        return found

    def _numbered(self, seq: int | None, captured: int | None) -> str:
        if seq is None or not self.begun:
            return "next"
        if seq >= self.expected:
            first, self.missed = self.expected, seq - self.expected
            self.expected = seq + 1
            self.missing = {n for n in self.missing if n > seq - SPAN} | set(range(max(first, seq - SPAN + 1), seq))
            return "gap" if self.missed else "next"
        if seq in self.missing:
            self.missing.discard(seq)
            return "reordered"
        if seq < self.expected - SPAN or (captured is not None and captured > self.newest):
            return "restarted"
        return "duplicate"
