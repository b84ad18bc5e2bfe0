"""The command line: `omniflow COMMAND`. Each command is registered by the package that owns it."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.metadata import entry_points
from typing import Protocol

from omniflow_graph.errors import GraphError, RecordingError, RunError

GROUP = "omniflow.commands"
REFUSED = 2


class Command(Protocol):
    """Be a module that adds one command: its `__doc__` is the help, `add` names the arguments, `run` does it."""

    def add(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it, and return the exit code: 0, or 1 for a negative answer."""
        ...


class _Parser(argparse.ArgumentParser):
    """Say what is wrong in one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(REFUSED, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for a negative answer, 2 for bad usage or bad input."""
    parser = _Parser(prog="omniflow", description="Replay, inspect and compare streaming multimodal sessions.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    given = sys.argv[1:] if argv is None else argv
    for name, module in sorted(_commands(given[0] if given else "").items()):
        words = (module.__doc__ or "").strip()
        summary = words.partition("\n")[0].replace("%", "%%")  # argparse fills in what begins with one
        module.add(commands.add_parser(name, help=summary, description=words))
        commands.choices[name].set_defaults(module=module)
    args = parser.parse_args(given)
    try:
        code = args.module.run(args)
        sys.stdout.flush()  # now, since at exit nobody could catch what goes wrong
        return code
    except (GraphError, RecordingError, RunError) as error:
        return refuse(error)
    except (OSError, ValueError, KeyError) as error:
        if getattr(error, "__notes__", None):  # an operator's own error: whoever wrote it needs the traceback
            raise
        _drop_unprinted()
        return 0 if isinstance(error, BrokenPipeError) else refuse(error)  # whoever read it (`| head`) has enough
    except KeyboardInterrupt:
        return 130


def _drop_unprinted() -> None:
    """Let go of what stdout does not take any more, or Python complains of it at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def refuse(error: BaseException) -> int:
    """Say on one line of stderr what is wrong and where, and return the exit code for it."""
    words = error.args[0] if isinstance(error, KeyError) and error.args else error
    kind = "" if isinstance(error, (GraphError, RecordingError, RunError, OSError, KeyError)) else f"{type(error).__name__}: "
    line = "; ".join([f"{kind}{words}", *getattr(error, "__notes__", ())])
    print("omniflow: " + " ".join(line.split()), file=sys.stderr)
    return REFUSED


def _commands(wanted: str) -> dict[str, Command]:
    """Load the command that is wanted; all that installed packages registered, if there is none of that name."""
    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    return {name: entry.load() for name, entry in entries.items() if name == wanted or wanted not in entries}


if __name__ == "__main__":
    sys.exit(main())
