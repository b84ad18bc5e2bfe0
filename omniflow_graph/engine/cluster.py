"""Spread a replay over processes of this machine: one Bytewax cluster, a partition per session.

Bytewax's cluster ports and the files by which the processes hand back their traces carry pickles: the addresses are
loopback, the folder is private (mode 0700) and removed.
"""

from __future__ import annotations

import json
import pickle
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from omniflow_graph.errors import RunError
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.loading import load_graph
from omniflow_graph.trace.trace import Trace


@dataclass(frozen=True)
class Job:
    """Say what every process of a cluster runs. All of it can be written as JSON."""

    graph: str  # module:function
    recordings: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)  # for the graph's function
    seed: int = 0
    batch: int = 64
    workers: int = 1
    keep: tuple[str, ...] | None = None
    cost: str = "recorded"


def run_cluster(job: Job, graph: Graph, processes: int) -> dict[str, Trace]:
    """Run a job on several processes and return each session's trace.

    Raises what an operator raised in one of them, or RunError if a process died. No process outlives the call.
    """
    with tempfile.TemporaryDirectory(prefix="omniflow-") as folder:
        (Path(folder) / "job.json").write_text(json.dumps({**asdict(job), "addresses": _addresses(processes)}))
        command = [sys.executable, "-m", "omniflow_graph.engine.cluster", folder]
        running = [subprocess.Popen([*command, str(n)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for n in range(processes)]
        try:
            errors = [process.communicate()[1] for process in running]
        finally:
            for process in running:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        return {name: replace(trace, graph=graph) for n in range(processes) for name, trace in _result(folder, n, errors[n]).items()}


def _result(folder: str, n: int, error: bytes) -> dict[str, Trace]:
    path = Path(folder) / f"{n}.pickle"
    if not path.exists():
        raise RunError(f"process {n} of the cluster died before it was done: {error.decode(errors='replace').strip()[-2000:] or 'it said nothing'}")
    result = pickle.loads(path.read_bytes())  # written a moment ago by our own child, in a folder of mode 0700
    if isinstance(result, BaseException):
        raise result
    return result


def _addresses(processes: int) -> list[str]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(processes)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses


def _member(folder: str, number: int) -> None:
    """Be one process of the cluster: run the job, and leave the traces of the sessions that ended here."""
    from omniflow_graph.engine.flow import compile_flow
    from omniflow_graph.engine.replay import priced
    from omniflow_graph.recording import open_recording

    given = json.loads((Path(folder) / "job.json").read_text())
    addresses = given.pop("addresses")
    job = Job(**given)
    result: Any
    try:
        opened = [open_recording(path) for path in job.recordings]
        graph = load_graph(job.graph, {**job.options, "recording": opened[0]})
        feeds = [priced(recording.session(), job.cost) for recording in opened]
        traces = compile_flow(graph).run(feeds, seed=job.seed, batch=job.batch, workers=job.workers, keep=job.keep, cluster=(number, addresses))
        result = {name: replace(trace, graph=None) for name, trace in traces.items()}  # functions of a graph do not pickle
    except Exception as error:
        result = _portable(error)
    part = Path(folder) / f"{number}.part"
    part.write_bytes(pickle.dumps(result))
    part.rename(Path(folder) / f"{number}.pickle")


def _portable(error: Exception) -> Exception:
    """Return the error itself if it survives a pickle, and else a RunError that says the same."""
    try:
        again = pickle.loads(pickle.dumps(error))
        if type(again) is type(error) and str(again) == str(error):
            return error
    except Exception:  # an exception may refuse in any way it likes; its words are still worth keeping
        pass
    return RunError(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    _member(sys.argv[1], int(sys.argv[2]))
