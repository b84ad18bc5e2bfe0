"""Measure a run over many sessions: what one costs among a thousand, how memory grows, what a second process brings.

`python -m benchmarks.many_sessions [--sessions 1000] [--folder build/many]` records sessions of a minute once, replays them
with scripted-fast, each run in a process of its own, and prints a table. It takes a few minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.minute import record_minutes
from omniflow_graph.engine.cluster import Job, run_cluster, run_job
from omniflow_graph.graph.loading import load_graph

GRAPH = "operators.duplex:duplex"
OPTIONS = {"model": "scripted-fast", "playback": "simulated"}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path("build/many"))
    parser.add_argument("--measure", nargs=2, type=int, metavar=("N", "PROCESSES"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measured(args.folder, *args.measure)))
        return
    record_minutes(args.folder, args.sessions)
    print(f"{'sessions':>8} {'processes':>9} {'wall s':>8} {'CPU ms each':>12} {'times real time':>16} {'RSS MB':>7}")
    for n, processes in [(1, 1), (16, 1), (args.sessions // 10, 1), (args.sessions, 1), (args.sessions, 2)]:
        command = [sys.executable, "-m", "benchmarks.many_sessions", "--folder", str(args.folder), "--measure", str(n), str(processes)]
        of = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{n:8} {processes:9} {of['wall_s']:8.2f} {of['cpu_s'] / n * 1e3:12.1f} {60 * n / of['wall_s']:16.0f} {of['rss_mb']:7.0f}", flush=True)


def measured(folder: Path, n: int, processes: int) -> dict[str, float]:
    """Replay the first `n` sessions and return seconds of wall and CPU, without what starts a process, and its largest RSS."""
    paths = {path.stem: str(path) for path in sorted(folder.glob("*.mcap"))[:n]}
    run_job(_job(dict([next(iter(paths.items()))])))  # imports, and what is made once
    wall, cpu = time.perf_counter(), _cpu()
    results = run_job(_job(paths)) if processes == 1 else run_cluster(_job(paths), load_graph(GRAPH, OPTIONS), processes)
    assert sum(each["complete"] for each in results.values()) == n, "some sessions were not replayed to their end"
    rss = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return {"wall_s": time.perf_counter() - wall, "cpu_s": _cpu() - cpu, "rss_mb": rss}


def _job(paths: dict[str, str]) -> Job:
    finishing = {"recordings": paths, "out": None, "model": None, "copy_inputs": False, "run": {}}
    return Job(GRAPH, tuple(paths.values()), OPTIONS, finish="operators.commands.outcome:finished", finishing=finishing)


def _cpu() -> float:
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


if __name__ == "__main__":
    main()
