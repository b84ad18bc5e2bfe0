"""Keep Python's garbage collector from walking over and over what a run only adds to.

A trace is hundreds of thousands of small values that stay; each generation's walk over them, and over all that was loaded
before, finds nothing. Cycles that operators leave behind are still found, only later.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 500_000  # more values than before, until the collector looks at them: what sixteen sessions under way have come and go


@contextmanager
def rare_collection() -> Iterator[None]:
    """Collect less often as long as the block runs, and leave alone what was there before; then as it was."""
    thresholds, ours = gc.get_threshold(), not gc.get_freeze_count()
    if ours:
        gc.freeze()
    gc.set_threshold(max(thresholds[0], YOUNG) if thresholds[0] else 0, *thresholds[1:])  # 0: somebody switched it off
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if ours:
            gc.unfreeze()
