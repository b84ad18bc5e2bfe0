"""What a fuzzer makes up by looking at what runs is a record or refused, too: `pip install atheris`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("atheris", exc_type=ImportError)
pytestmark = [pytest.mark.full, pytest.mark.peers]
RUNS, SEED = 10_000, 7


def test_ten_thousand_inputs_that_were_looked_for_are_records_or_refused():
    here = Path(__file__).parents[4]
    command = [sys.executable, "-m", "tests.omniflow_graph.live.codecs.fuzzing", f"-runs={RUNS}", f"-seed={SEED}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=here, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"Done {RUNS} runs" in done.stderr
