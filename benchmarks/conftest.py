"""How benchmarks run: CPU time of the process, since the wall belongs to whoever else is busy; medians, and ratios to ours."""

from __future__ import annotations

import platform
import statistics
from datetime import date

import pytest

BASE = "omniflow-graph"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one line a benchmark: what it costs a frame, or how many times real time it is."""
    session = getattr(terminalreporter.config, "_benchmarksession", None)
    rows = [each for each in getattr(session, "benchmarks", ()) if each.extra_info and each.stats.data]  # what failed has none
    if not rows:
        return
    terminalreporter.section(f"{date.today()}, {platform.python_implementation()} {platform.python_version()}, {platform.machine()}, CPU time")
    per_frame = {row.params["name"]: statistics.median(row.stats.data) / row.extra_info["frames"] * 1e6 for row in rows if "frames" in row.extra_info}
    for name, cost in per_frame.items():
        ratio = f"{cost / per_frame[BASE]:7.2f}x" if BASE in per_frame else ""
        terminalreporter.write_line(f"{name:36} {cost:9.2f} us a frame {ratio}")
    for row in rows:
        if "seconds" in row.extra_info:
            times = row.extra_info["seconds"] / statistics.median(row.stats.data)
            terminalreporter.write_line(f"{row.name:60} {times:9.0f}x real time")
