"""Spread a replay over processes of this machine: one Bytewax cluster, a partition per session.

Bytewax's cluster ports and the files by which the processes hand back their traces carry pickles: the addresses are
loopback, the folder is private (mode 0700) and removed.
"""

from __future__ import annotations

import json
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from omniflow_graph.errors import RunError, noted
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.loading import load_graph
from omniflow_graph.trace.trace import Trace

STOP = "stop"  # a file in the folder: word for all processes


@dataclass(frozen=True)
class Job:
    """Say what every process of a cluster runs. All of it can be written as JSON."""

    graph: str  # module:function
    recordings: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)  # for the graph's function
    seed: int = 0
    batch: int = 256
    workers: int = 1
    keep: tuple[str, ...] | None = None
    cost: str = "recorded"


@dataclass
class Cluster:
    """Be a run that several processes share: asked to stop, it leaves word for all of them."""

    folder: Path

    @property
    def stopped(self) -> bool:
        """Tell whether it was asked to stop."""
        return (self.folder / STOP).exists()

    @stopped.setter
    def stopped(self, wanted: bool) -> None:
        if wanted and self.folder.exists():  # once it is over nobody reads it
            (self.folder / STOP).touch()


def run_cluster(job: Job, graph: Graph, processes: int, *, control: Callable[[Cluster], None] | None = None) -> dict[str, Trace]:
    """Run a job on several processes and return each session's trace.

    `control` is handed the Cluster, whose `stopped` may be set from a signal handler: what was done by then is
    returned, and nothing of a session that had not begun. Raises what an operator raised in one of them, or RunError if
    a process died. No process outlives the call.
    """
    with tempfile.TemporaryDirectory(prefix="omniflow-") as name:
        folder, members = Path(name), []
        if control:
            control(Cluster(folder))
        (folder / "job.json").write_text(json.dumps({**asdict(job), "addresses": _addresses(processes)}))
        try:
            for n in range(processes):
                members.append(_started(folder, n))
            codes = _wait(members)
        finally:
            for member in members:
                member.kill()
                member.wait()
        return {session: replace(trace, graph=graph) for traces in _results(folder, codes) for session, trace in traces.items()}


def _started(folder: Path, n: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "omniflow_graph.engine.cluster", str(folder), str(n)]
    with open(_said(folder, n), "wb") as said:  # a file takes all that a process may say; a pipe that nobody reads fills up
        # in a session of its own, so that Ctrl-C is for us: we leave word
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True)


def _wait(members: list[subprocess.Popen]) -> list[int | None]:
    """Wait until all are done, or one is not well: the others might wait for it for ever. Returns exit codes, None if it runs."""
    codes = [member.poll() for member in members]
    while None in codes and not any(codes):
        with suppress(subprocess.TimeoutExpired):
            members[codes.index(None)].wait(0.05)
        codes = [member.poll() for member in members]
    return codes


def _results(folder: Path, codes: list[int | None]) -> list[dict[str, Trace]]:
    """Read what each process left. Raises the error that one of them left, or RunError for one that left nothing."""
    paths = [folder / f"{n}.pickle" for n in range(len(codes))]
    found = [pickle.loads(path.read_bytes()) for path in paths if path.exists()]  # by our own children, a moment ago
    for result in found:
        if isinstance(result, BaseException):
            raise result
    lost = [n for n, path in enumerate(paths) if not path.exists()]
    if lost:
        words = {n: _said(folder, n).read_text(errors="replace").strip() for n in lost}
        first = min(lost, key=lambda n: (codes[n] is None, "PanicException" in words[n]))  # peers of a dead process panic a moment later
        code = codes[first]
        how = "was stopped" if code is None else f"was killed by signal {-code}" if code < 0 else f"left with code {code}"
        raise RunError(f"process {first} of the cluster {how} before it was done: {words[first][-2000:] or 'it said nothing'}")
    return found


def _said(folder: Path, n: int) -> Path:
    return folder / f"{n}.stderr"


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
        traces = compile_flow(graph).run(
            feeds,
            seed=job.seed,
            batch=job.batch,
            workers=job.workers,
            keep=job.keep,
            control=partial(_stop_when_asked, Path(folder)),
            cluster=(number, addresses),
        )
        result = {name: replace(trace, graph=None) for name, trace in traces.items()}  # functions of a graph do not pickle
    except Exception as error:
        result = _portable(error)
    part = Path(folder) / f"{number}.part"
    part.write_bytes(pickle.dumps(result))
    part.rename(Path(folder) / f"{number}.pickle")
    if isinstance(result, Exception):
        sys.exit(1)  # so that nobody waits for the others


def _stop_when_asked(folder: Path, run: Any) -> None:
    """Look for word from whoever started us, as long as we live; without them nobody wants what we do."""
    starter = os.getppid()

    def look() -> None:
        while not (folder / STOP).exists():
            asleep.wait(0.05)
            if os.getppid() != starter:
                os._exit(1)
        run.stopped = True

    asleep = threading.Event()
    threading.Thread(target=look, daemon=True).start()


def _portable(error: Exception) -> Exception:
    """Return the error itself if it survives a pickle, and else a RunError that says the same, notes included."""
    try:
        again = pickle.loads(pickle.dumps(error))
        if type(again) is type(error) and str(again) == str(error):
            return error
    except Exception:  # an exception may refuse in any way it likes; its words are still worth keeping
        pass
    said = RunError(f"{type(error).__name__}: {error}")
    for words in getattr(error, "__notes__", ()):
        noted(said, words)
    return said


if __name__ == "__main__":
    _member(sys.argv[1], int(sys.argv[2]))
