"""The command line: `omniflow COMMAND`. Each command is registered by the package that owns it."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import Any, Protocol

from omniflow_graph.errors import GraphError, RecordingError, RunError

GROUP = "omniflow.commands"
REFUSED = 2
SAID = {  # what the system says in fewer words, where it speaks of a file
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "is a folder, and a file is wanted",
    errno.ENOTDIR: "a part of this path is no folder",
    errno.EACCES: "may not be opened",
    errno.EPERM: "may not be opened",
    errno.EEXIST: "is there already",
}


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
    if sys.version_info < (3, 11):
        sys.excepthook = show_notes
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr does: a file's name may hold what is in no encoding
    parser = _Parser(prog="omniflow", description="Replay, inspect and compare streaming multimodal sessions.")
    parser.add_argument("--version", action="version", version=f"omniflow-graph {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    given = sys.argv[1:] if argv is None else argv
    for name, module in sorted(_commands(given[0] if given else "").items()):
        if isinstance(module, str):  # nobody can get to it: what is wanted and cannot be loaded has raised
            commands.add_parser(name, help=module.replace("%", "%%"))
            continue
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
    line = "; ".join([_words(error), *getattr(error, "__notes__", ())])
    print("omniflow: " + " ".join(line.split()), file=sys.stderr)
    return REFUSED


def _words(error: BaseException) -> str:
    """Write an error as a plain sentence: without its class, without the system's numbers."""
    if isinstance(error, KeyError) and error.args:
        return str(error.args[0])
    if isinstance(error, OSError) and error.strerror:
        said = SAID.get(error.errno or 0, error.strerror[:1].lower() + error.strerror[1:])
        return f"{error.filename}: {said}" if error.filename else error.strerror
    return str(error) or type(error).__name__


def show_notes(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Print an error that nobody caught, and its notes below it, as CPython does by itself from 3.11 on."""
    sys.__excepthook__(kind, error, trace)
    for note in getattr(error, "__notes__", ()):
        print(note, file=sys.stderr)


def _version() -> str:
    try:
        return version("omniflow-graph")
    except PackageNotFoundError:  # run from a folder, not installed
        return "of no installed package"


def _commands(wanted: str) -> dict[str, Command | str]:
    """Load the command that is wanted; all that installed packages registered, if there is none of that name.

    In the place of one of the latter that cannot be imported stands the reason: it is not to hide the others.
    """
    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    if wanted in entries:
        return {wanted: entries[wanted].load()}
    return {} if wanted == "--version" else {name: _loaded(entry) for name, entry in entries.items()}


def _loaded(entry: EntryPoint) -> Command | str:
    try:
        return entry.load()
    except Exception as error:  # whatever a module of somebody's raises when it is imported
        return f"(cannot be loaded: {type(error).__name__}: {' '.join(str(error).split())})"


if __name__ == "__main__":
    sys.exit(main())
