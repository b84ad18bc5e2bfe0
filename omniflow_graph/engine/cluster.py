"""Spread a replay over processes of this machine: one Bytewax cluster, a partition per session.

Bytewax's cluster ports and the files by which the processes hand back their traces carry pickles: the addresses are
loopback, the folder is private (mode 0700) and removed.
"""

from __future__ import annotations

import itertools
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

from omniflow_graph.engine.messages import BATCH
from omniflow_graph.engine.recovery import Recovery
from omniflow_graph.errors import RunError, noted
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.loading import load_graph, resolve
from omniflow_graph.trace.trace import Trace

RESTARTS = 100  # after so many deaths something else is wrong
STOP = "stop"  # a file in the folder: word for all processes


@dataclass(frozen=True)
class Job:
    """Say what every process of a cluster runs. All of it can be written as JSON."""

    graph: str  # module:function
    recordings: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)  # for the graph's function
    seed: int = 0
    batch: int = BATCH
    workers: int = 1
    keep: tuple[str, ...] | None = None
    cost: str = "measured"
    finish: str | None = None  # module:function that is handed each trace where its session ends; None: return the trace
    finishing: dict[str, Any] = field(default_factory=dict)  # for that function
    recover: str | None = None  # folder of a run that goes on after a crash

    @property
    def recovery(self) -> Recovery | None:
        """Return the folder of a run that goes on."""
        return Recovery(Path(self.recover)) if self.recover else None


def run_job(
    job: Job,
    *,
    cluster: tuple[int, list[str]] | None = None,
    control: Callable[[Any], None] | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> dict[str, Any]:
    """Run a job in this process, alone or as one of a cluster, and return what came of the sessions that ended here."""
    from omniflow_graph.engine.flow import compile_flow
    from omniflow_graph.recording import open_recording
    from omniflow_graph.recording.feed import RecordedFeed

    opened = [open_recording(path) for path in job.recordings]
    graph = load_graph(job.graph, {**job.options, "recording": opened[0]})
    feeds = [RecordedFeed(recording, job.cost) for recording in opened]
    finish = partial(resolve(job.finish), **job.finishing) if job.finish else None
    return compile_flow(graph).run(
        feeds,
        seed=job.seed,
        batch=job.batch,
        workers=job.workers,
        keep=job.keep,
        cluster=cluster,
        control=control,
        progress=progress,
        finish=finish,
        recovery=job.recovery,
    )


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


def run_cluster(
    job: Job,
    graph: Graph,
    processes: int,
    *,
    control: Callable[[Cluster], None] | None = None,
    warn: Callable[[str], None] | None = None,
    inherited: tuple[int, ...] = (),
) -> dict[str, Any]:
    """Run a job on several processes and return each session's trace, or what the job's `finish` made of it.

    `control` is handed the Cluster, whose `stopped` may be set from a signal handler: what was done by then is
    returned, and nothing of a session that had not begun. With a recovery folder, which must be prepared, a process that
    dies is no end: Bytewax does not go on without it, so all are started again, from the last snapshot, and `warn` is
    told. `inherited` are file descriptors for all processes, such as a lock. Raises what an operator raised in one of
    them, or RunError if a process died. No process outlives the call.
    """
    for attempt in itertools.count(1):
        try:
            results = _attempt(job, processes, control, inherited)
            break
        except Died as error:
            if not job.recover or attempt > RESTARTS:
                raise RunError(str(error)) from None
            if warn:
                warn(f"{error}; all are started again, from the last snapshot")
    if job.recovery:
        results = job.recovery.results()
    return {name: replace(each, graph=graph) if isinstance(each, Trace) else each for name, each in results.items()}


class Died(Exception):
    """Say which process died, and how."""


def _attempt(job: Job, processes: int, control: Callable[[Cluster], None] | None, inherited: tuple[int, ...]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="omniflow-") as name:
        folder, members = Path(name), []
        if control:
            control(Cluster(folder))
        (folder / "job.json").write_text(json.dumps({**asdict(job), "addresses": _addresses(processes), "starter": os.getpid()}))
        try:
            for n in range(processes):
                members.append(_started(folder, n, inherited))
            codes = _wait(members)
        finally:
            for member in members:
                member.kill()
                member.wait()
        return {session: result for results in _results(folder, codes) for session, result in results.items()}


def _started(folder: Path, n: int, inherited: tuple[int, ...]) -> subprocess.Popen:
    command = [sys.executable, "-m", "omniflow_graph.engine.cluster", str(folder), str(n)]
    with open(_said(folder, n), "wb") as said:  # a file takes all that a process may say; a pipe that nobody reads fills up
        # in a session of its own, so that Ctrl-C is for us: we leave word
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True, pass_fds=inherited)


def _wait(members: list[subprocess.Popen]) -> list[int | None]:
    """Wait until all are done, or one is not well: the others might wait for it for ever. Returns exit codes, None if it runs."""
    codes = [member.poll() for member in members]
    while None in codes and not any(codes):
        with suppress(subprocess.TimeoutExpired):
            members[codes.index(None)].wait(0.05)
        codes = [member.poll() for member in members]
    return codes


def _results(folder: Path, codes: list[int | None]) -> list[dict[str, Any]]:
    """Read what each process left. Raises the error that one of them left, or Died for one that left nothing."""
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
        raise Died(f"process {first} of the cluster {how} before it was done: {words[first][-2000:] or 'it said nothing'}")
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
    """Be one process of the cluster: run the job, and leave what came of the sessions that ended here."""
    given = json.loads((Path(folder) / "job.json").read_text())
    addresses, starter = given.pop("addresses"), given.pop("starter")
    job, result = Job(**given), None
    try:
        results = run_job(job, cluster=(number, addresses), control=partial(_stop_when_asked, Path(folder), starter))
        # functions of a graph do not pickle; what is in the recovery folder need not be handed over
        result = {} if job.recover else {name: replace(of, graph=None) if isinstance(of, Trace) else of for name, of in results.items()}
    except Exception as error:
        result = _portable(error)
    part = Path(folder) / f"{number}.part"
    part.write_bytes(pickle.dumps(result))
    part.rename(Path(folder) / f"{number}.pickle")
    if isinstance(result, Exception):
        sys.exit(1)  # so that nobody waits for the others


def _stop_when_asked(folder: Path, starter: int, run: Any) -> None:
    """Look for word from whoever started us, as long as we live; without them nobody wants what we do."""

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
