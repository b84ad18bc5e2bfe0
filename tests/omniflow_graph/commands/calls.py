"""Call the command line as a shell does, in this process: what it prints, what it refuses."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from omniflow_graph.command import main


class Answer(NamedTuple):
    """Hold what a call came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Read the last line as JSON."""
        return json.loads(self.out.splitlines()[-1])


class Shell:
    """Call `omniflow` with arguments."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self.captured = captured

    def __call__(self, *arguments: object) -> Answer:
        """Call it, and return exit code, stdout and stderr."""
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:  # how argparse refuses
            code = int(end.code or 0)
        return Answer(code, *self.captured.readouterr())

    def refused(self, *arguments: object) -> str:
        """Call it, and return the one line that says what is wrong."""
        code, out, err = self(*arguments)
        assert (code, out, err.count("\n"), err[-1:]) == (2, "", 1, "\n"), f"wants a refusal in one line, got {code}: {out}{err}"
        assert "Traceback" not in err
        return err[:-1]
