"""Run everything again, otherwise: what a run depends on behind its graph's back shows as the first event that differs.

A process of its own does it, with another hash seed: on Bytewax in other batches, then, in the same process, directly;
each time operators that are ready at one instant have their turns in another order.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from omniflow_graph.engine.messages import BATCH
from omniflow_graph.engine.replay import feed_of
from omniflow_graph.errors import RunError
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.loading import resolve
from omniflow_graph.graph.plan import plan
from omniflow_graph.trace.diff import Difference, diff
from omniflow_graph.trace.trace import Trace

HASH_SEEDS = ("1", "2")
SAME = "the same twice: with another hash seed, in other batches, with other turns at one instant, on Bytewax and directly"


@dataclass(frozen=True)
class Way:
    """Say how a run is done. Nothing of it may show in what comes of it."""

    engine: str
    batch: int = BATCH  # events that enter at a time, on Bytewax
    order: int = 0  # of turns at one instant

    def __str__(self) -> str:
        """Say it in words."""
        return f"on Bytewax in batches of {self.batch}" if self.engine == "bytewax" else "for the second time in one process, directly"

    def replay(self, graph: Graph, what: Any, *, seed: int = 0, cost: str = "measured", keep: Iterable[str] | None = None) -> Trace:
        """Run a graph over one session, as `replay` does, in this way."""
        planned, feed = plan(graph, order=self.order), feed_of(what, cost)
        if self.engine == "direct":
            from omniflow_graph.engine.direct import run_direct

            return run_direct(planned, feed, seed=seed, keep=keep)
        from omniflow_graph.engine.flow import run_bytewax

        return run_bytewax(planned, [feed], seed=seed, batch=self.batch, keep=keep)[feed.name]


WAYS = (Way("bytewax", 7, 1), Way("direct", order=2))

Runs = Callable[..., Iterable[tuple[str, Trace]]]  # (way, **given) -> sessions by name, each with its trace


@dataclass(frozen=True)
class Apart:
    """Say which session came out otherwise when it was run again, in which way, and the first event that differs."""

    session: str
    way: Way
    first: Difference

    def __str__(self) -> str:
        """Print it: how it was run, then the difference; a is the first run."""
        how = f"in another process, with another hash seed and another order of turns, {self.way}"
        return f"session {self.session!r} does not come out the same twice: it differs when it is run again {how}\n{self.first}"


def again(traces: Mapping[str, Trace], run: str, given: Mapping[str, Any]) -> Apart | None:
    """Run sessions again and return how the first of them that comes out otherwise does; None if none does.

    `traces` are of the first runs, by name. `run` names a function, `module:function`, that is called as
    `function(way, **given)`, where `given` can be written as JSON, and yields (name, trace) for the same sessions, each run
    by `way.replay` or as `way` says. It is called once for each of WAYS. Raises RunError if a run breaks off there.
    """
    with tempfile.TemporaryDirectory(prefix="omniflow-") as name:  # for us alone: what comes back is a pickle
        folder = Path(name)
        digests = {session: trace.digests for session, trace in traces.items()}
        (folder / "job.json").write_text(json.dumps({"run": run, "given": dict(given), "digests": digests}))
        seed = next(seed for seed in HASH_SEEDS if seed != os.environ.get("PYTHONHASHSEED"))
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        done = subprocess.run([sys.executable, "-m", "omniflow_graph.trace.twice", name], env=environment, capture_output=True, text=True)
        if done.returncode:
            words = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise RunError(f"run again in another process, it breaks off: {words[0]}")
        found = pickle.loads((folder / "apart.pickle").read_bytes())
    if found is None:
        return None
    session, n, trace = found
    first = traces[session]
    difference = diff(first, replace(trace, graph=first.graph))
    assert difference, "digests differ"
    return Apart(session, WAYS[n], difference)


def _apart(run: Runs, given: Mapping[str, Any], digests: Mapping[str, Any]) -> tuple[str, int, Trace] | None:
    """Return the first session that differs, with the number of the way, and its trace; the graph stays here, as functions do not pickle."""
    for n, way in enumerate(WAYS):
        for session, trace in run(way, **given):
            if trace.digests != digests[session]:
                return session, n, replace(trace, graph=None)  # type: ignore[arg-type]
    return None


def _main(folder: Path) -> None:
    job = json.loads((folder / "job.json").read_text())
    try:
        found = _apart(resolve(job["run"]), job["given"], job["digests"])
    except Exception as error:  # whatever an operator raises; on one line, for whoever waits
        sys.exit(" ".join("; ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())]).split()))
    (folder / "apart.pickle").write_bytes(pickle.dumps(found))


def told(found: Apart | None) -> dict[str, Any] | None:
    """Return the same for JSON."""
    if found is None:
        return None
    first = found.first
    return {
        "session": found.session, "way": asdict(found.way), "edge": first.edge, "time_s": first.time / 1e9, "index": first.index,
        "fed_by": first.fed_by.splitlines(), "words": str(found),
    }  # fmt: skip


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
