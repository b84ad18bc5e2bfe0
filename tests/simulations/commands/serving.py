"""`omniflow serve` and `omniflow publish` as processes of their own, ended whatever happens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OMNIFLOW = [sys.executable, "-m", "omniflow_graph.command"]
PATIENCE = 60  # seconds


@dataclass
class Process:
    """Be a command that runs. `said` is the first line of its stderr, if it was waited for."""

    popen: subprocess.Popen[str]
    said: str = ""

    @property
    def addresses(self) -> list[str]:
        """Return where a server is."""
        return re.findall(r"tcp://[\d.:]+", self.said)

    def result(self) -> dict[str, Any]:
        """Wait for its end, and return the object that it printed."""
        out, err = self.popen.communicate(timeout=PATIENCE)
        assert self.popen.returncode == 0, err
        return json.loads(out.splitlines()[-1])


@contextmanager
def running(command: str, *args: Any, wait: bool = False) -> Iterator[Process]:
    """Start a command; with `wait` until it has said where it is."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    here = Path(__file__).parents[3]
    popen = subprocess.Popen(
        [*OMNIFLOW, command, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=here,
    )
    try:
        process = Process(popen)
        if wait:
            assert popen.stderr is not None
            process.said = popen.stderr.readline()
            assert process.said.startswith(("omniflow: serving", "omniflow: playing")), process.said + popen.stderr.read()
        yield process
    finally:
        popen.kill()
        popen.communicate()


def serving(folder: Path, *args: Any, streams: str = "env-audio,env-visual") -> Any:
    """Start a server of `scripted-fast` that records there, and binds what the system gives it."""
    feed = f"{streams}=omniflow/1@bind+tcp://127.0.0.1:*"
    return running("serve", "--model", "scripted-fast", "--feed", feed, "--record", folder, "--json", *args, wait=True)


def publishing(address: str, *args: Any) -> Any:
    """Start a publisher of a bundled recording."""
    feed = f"env-audio,env-visual=omniflow/1@connect+{address}"
    return running("publish", "three_questions", "--feed", feed, "--json", *args)
