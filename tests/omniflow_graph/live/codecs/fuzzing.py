"""Be fuzzed by atheris, which looks at what runs: `python -m tests.omniflow_graph.live.codecs.fuzzing -runs=10000`."""

from __future__ import annotations

import sys
from typing import Any

MOST_PARTS = 4


def main(args: list[str]) -> None:
    """Hand what it thinks of to every codec. It ends the process: with 0, if only records and refusals came out."""
    import atheris  # type: ignore[import-not-found]

    with atheris.instrument_imports(include=["omniflow_graph.live.codecs"]):
        from tests.omniflow_graph.live.codecs.test_any_bytes import check

    def once(data: bytes) -> Any:
        given = atheris.FuzzedDataProvider(data)
        cuts = [given.ConsumeIntInRange(0, 200) for _ in range(given.ConsumeIntInRange(0, MOST_PARTS))]
        named = [b"env-audio"] if given.ConsumeBool() else []
        check([*named, *map(given.ConsumeBytes, cuts)])

    atheris.Setup([sys.argv[0], *args], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
