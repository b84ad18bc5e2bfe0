"""Measure simulation in bulk: what a scenario of a minute costs among a thousand, what a second process brings, what a day takes.

`python -m benchmarks.many_scenarios [--scenarios 1000] [--hours 24]` plays scenarios of 60 s in closed loop with scripted-fast,
each run in a process of its own, then one session of a day, and prints a table. It takes a few minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

from simulations.many import play_many
from tests.simulations.day import measured as a_day
from tests.simulations.minutes import minute


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--measure", nargs=2, type=int, metavar=("N", "PROCESSES"), help=argparse.SUPPRESS)
    parser.add_argument("--day", type=int, metavar="HOURS", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure or args.day:
        print(json.dumps(played(*args.measure) if args.measure else a_day(60 * args.day, 60)))
        return
    print(f"{'scenarios':>9} {'processes':>9} {'wall s':>8} {'CPU ms each':>12} {'times real time':>16} {'turns':>7} {'RSS MB':>7}")
    for n, processes in [(args.scenarios // 10, 1), (args.scenarios, 1), (args.scenarios, 2)]:
        of = _apart("--measure", n, processes)
        figures = f"{of['wall_s']:8.2f} {of['cpu_s'] / n * 1e3:12.1f} {60 * n / of['wall_s']:16.0f} {of['turns']:7} {of['rss_mb']:7.0f}"
        print(f"{n:9} {processes:9} {figures}", flush=True)
    of = _apart("--day", args.hours)
    print(f"a session of {args.hours} h: {of['before_mb']:.1f} MB after the first hour, {of['grown_mb']:.1f} MB more at its end")


def played(n: int, processes: int) -> dict[str, float]:
    """Play the first `n` scenarios and return seconds of wall and CPU, without what starts this process, and its largest RSS."""
    list(play_many([(minute(0), 0)]))  # imports, and what is made once
    wall, cpu = time.perf_counter(), _cpu()
    outcomes = list(play_many([(minute(k), k) for k in range(n)], processes=processes))
    rss = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return {"wall_s": time.perf_counter() - wall, "cpu_s": _cpu() - cpu, "rss_mb": rss, "turns": sum(each.turns for each in outcomes)}


def _apart(*arguments: object) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.many_scenarios", *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _cpu() -> float:
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


if __name__ == "__main__":
    main()
