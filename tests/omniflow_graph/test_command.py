"""A command is found by its entry point; what it refuses is one line on stderr and the exit code 2, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from omniflow_graph.command import main, show_notes

ROOT = Path(__file__).parents[2]

SAY = '''"""Say a word 100 % of the time.

More about it, at length."""

def add(parser):
    parser.add_argument("word")
    parser.add_argument("--times", type=int, default=1)

def run(args):
    print(args.word * args.times)
    return int(args.word == "no")
'''
FAIL = '''"""Fail as the argument says."""

from omniflow_graph import GraphError, RecordingError, RunError

def noted(error):
    error.__notes__ = ["in map 'm', session 's', at 5 ns (0.000 s)"]
    return error

ERRORS = {
    "graph": lambda: GraphError("graph 'g': is empty"),
    "recording": lambda: RecordingError("a.mcap: is\\n  empty"),
    "run": lambda: noted(RunError("answers too early")),
    "value": lambda: ValueError("--pace: wants more than 0, got 0"),
    "key": lambda: KeyError("no edge 'a' in this trace; there are b"),
    "file": lambda: FileNotFoundError(2, "No such file or directory", "a.yaml"),
    "folder": lambda: IsADirectoryError(21, "Is a directory", "a"),
    "way": lambda: NotADirectoryError(20, "Not a directory", "a.yaml/b"),
    "lock": lambda: PermissionError(13, "Permission denied", "a.yaml"),
    "disk": lambda: OSError(5, "Input/output error", "a.yaml"),
    "plug": lambda: OSError("nothing is plugged in"),
    "silent": lambda: ValueError(),
    "operator's value": lambda: noted(ValueError("mine")),
    "operator's key": lambda: noted(KeyError("mine")),
    "operator's pipe": lambda: noted(BrokenPipeError("mine")),
    "bug": lambda: TypeError("a mistake of ours"),
    "interrupt": KeyboardInterrupt,
}

def add(parser):
    parser.add_argument("kind")

def run(args):
    raise ERRORS[args.kind]()
'''
OPERATOR = '''"""Run a graph whose operator fails."""

from omniflow_graph import Graph, Session, replay

def divide(event):
    return 1 // event.data

def add(parser):
    parser.add_argument("--engine", default="direct")

def run(args):
    g = Graph("g")
    g.sink("out", g.map("inverse", g.source("mic"), divide))
    replay(g, Session("talk", {"mic": [(0, 1), (2_000_000_000, 0)]}, end=3_000_000_000), engine=args.engine)
'''
BARE = "def add(parser): ...\ndef run(args): return 0\n"


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Iterator[Path]:
    """Install commands of another package: modules beside the metadata that names them."""
    commands = {"say": SAY, "fail": FAIL, "operate": OPERATOR, "bare": BARE}
    for name, source in commands.items():
        (tmp_path / f"mine_{name}.py").write_text(source)
    register(tmp_path, *commands)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("mine_")]:
        del sys.modules[name]


def register(folder: Path, *commands: str) -> None:
    about = folder / f"mine_{len(commands)}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mine_{len(commands)}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("\n".join(["[omniflow.commands]", *(f"{name} = mine_{name}" for name in commands)]))


def exited(capsys, *argv: str) -> tuple[int, str, str]:
    """Run a command as the script does: what it returns, or leaves with, and all it printed."""
    try:
        code = main(list(argv))
    except SystemExit as leaving:
        code = leaving.code
    out, err = capsys.readouterr()
    return code, out, err


# Found


def test_a_command_of_another_package_runs_and_gives_the_exit_code(installed, capsys):
    assert exited(capsys, "say", "yes", "--times", "2") == (0, "yesyes\n", "")
    assert exited(capsys, "say", "no") == (1, "no\n", "")
    assert exited(capsys, "bare") == (0, "", "")


def test_only_the_module_of_the_command_is_loaded(installed, capsys, monkeypatch):
    more = installed / "more"
    more.mkdir()
    (more / "mine_broken.py").write_text("raise ImportError('loaded without need')")
    register(more, "broken")
    monkeypatch.syspath_prepend(str(more))
    assert exited(capsys, "say", "yes") == (0, "yes\n", "")
    with pytest.raises(ImportError, match="loaded without need"):
        main(["broken"])


def test_a_command_that_cannot_be_loaded_is_listed_with_the_reason_and_hides_no_other(installed, capsys, monkeypatch):
    more = installed / "more"
    more.mkdir()
    (more / "mine_broken.py").write_text("import a_package_that_is_not_there")
    register(more, "broken")
    monkeypatch.syspath_prepend(str(more))
    code, out, err = exited(capsys, "--help")
    words = " ".join(out.split())
    assert (code, err) == (0, "")
    assert "broken (cannot be loaded: ModuleNotFoundError: No module named 'a_package_that_is_not_there')" in words
    assert "say Say a word 100 % of the time." in words
    assert exited(capsys, "sey")[2].startswith("omniflow: argument COMMAND: invalid choice: 'sey' (choose from ")
    with pytest.raises(ModuleNotFoundError):
        main(["broken"])


def test_the_version_is_that_of_the_installed_package(installed, capsys):
    assert exited(capsys, "--version") == (0, f"omniflow-graph {version('omniflow-graph')}\n", "")


def test_help_names_every_command_by_the_first_line_of_its_docstring(installed, capsys):
    code, out, err = exited(capsys, "--help")
    assert (code, err) == (0, "")
    words = " ".join(out.split())
    for part in ("say Say a word 100 % of the time.", "fail Fail as the argument says.", "bare", "graph Print a graph", "replay Replay a recording"):
        assert part in words
    assert "at length" not in words
    assert "Say a word 100 % of the time. More about it, at length." in " ".join(exited(capsys, "say", "--help")[1].split())


# Refused


def test_an_unknown_command_is_answered_with_those_that_there_are(installed, capsys):
    code, out, err = exited(capsys, "sey", "yes")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("omniflow: argument COMMAND: invalid choice: 'sey' (choose from ")
    assert err.endswith("); see omniflow --help\n")
    assert {"say", "fail", "graph", "replay"} <= set(err.replace("'", " ").replace(",", " ").split())


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "omniflow: the following arguments are required: COMMAND; see omniflow --help"),
        (["say"], "omniflow say: the following arguments are required: word; see omniflow say --help"),
        (["say", "yes", "--times", "x"], "omniflow say: argument --times: invalid int value: 'x'; see omniflow say --help"),
        (["say", "yes", "--loud"], "omniflow: unrecognized arguments: --loud; see omniflow --help"),
        (["fail", "graph"], "omniflow: graph 'g': is empty"),
        (["fail", "recording"], "omniflow: a.mcap: is empty"),
        (["fail", "run"], "omniflow: answers too early; in map 'm', session 's', at 5 ns (0.000 s)"),
        (["fail", "value"], "omniflow: --pace: wants more than 0, got 0"),
        (["fail", "silent"], "omniflow: ValueError"),
        (["fail", "key"], "omniflow: no edge 'a' in this trace; there are b"),
        (["fail", "file"], "omniflow: a.yaml: there is no such file or folder"),
        (["fail", "folder"], "omniflow: a: is a folder, and a file is wanted"),
        (["fail", "way"], "omniflow: a.yaml/b: a part of this path is no folder"),
        (["fail", "lock"], "omniflow: a.yaml: may not be opened"),
        (["fail", "disk"], "omniflow: a.yaml: input/output error"),
        (["fail", "plug"], "omniflow: nothing is plugged in"),
        (["graph", "nowhere"], "omniflow: graph 'nowhere': wants module:function, such as operators.duplex:duplex"),
    ],
)
def test_bad_usage_and_bad_input_are_one_line_on_stderr(installed, capsys, argv, words):
    assert exited(capsys, *argv) == (2, "", words + "\n")


@pytest.mark.parametrize(
    ("kind", "error"), [("operator's value", ValueError), ("operator's key", KeyError), ("operator's pipe", BrokenPipeError), ("bug", TypeError)]
)
def test_the_error_of_an_operator_and_a_mistake_of_ours_keep_their_traceback(installed, kind, error):
    with pytest.raises(error, match=r"mine|a mistake of ours"):
        main(["fail", kind])


def test_an_interrupt_has_the_exit_code_of_its_signal(installed, capsys):
    assert exited(capsys, "fail", "interrupt") == (130, "", "")


# As a process


def process(folder: Path, *argv: str, **how) -> subprocess.CompletedProcess:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), **how.pop("env", {})}
    command = [sys.executable, "-m", "omniflow_graph.command", *argv]
    return subprocess.run(command, env=env, cwd=folder, stderr=subprocess.PIPE, text=True, check=False, **how)


def test_a_failing_operator_shows_the_line_that_failed_and_where_in_the_session(installed):
    done = process(installed, "operate", stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (1, "")
    assert "return 1 // event.data" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.rstrip().endswith("\nin map 'inverse', session 'talk', at 2000000000 ns (2.000 s)")
    assert done.stderr.count("in map 'inverse'") == 1


def test_notes_stand_below_the_error_where_python_prints_none(capsys):
    error = ValueError("mine")
    error.__notes__ = ["in map 'm', session 's', at 5 ns (0.000 s)", "and another"]  # type: ignore[attr-defined]
    bare = ValueError("mine")
    for each in (error, bare):
        show_notes(type(each), each, None)
    own = list(error.__notes__) if sys.version_info >= (3, 11) else []  # what Python prints by itself
    assert capsys.readouterr().err.splitlines() == ["ValueError: mine", *own, *error.__notes__, "ValueError: mine"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("times", ["1", "100000"])
def test_a_reader_that_has_enough_is_no_error(installed, unbuffered, times):
    reader, writer = os.pipe()
    os.close(reader)
    done = process(installed, "say", "yes", "--times", times, stdout=writer, env={"PYTHONUNBUFFERED": unbuffered})
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_said_once(installed):
    with open("/dev/full", "w") as full:
        done = process(installed, "say", "yes", stdout=full, env={"PYTHONUNBUFFERED": ""})
    assert (done.returncode, done.stderr) == (2, "omniflow: No space left on device\n")
