"""The wheel holds what it should and nothing else, and importing the framework costs next to nothing."""

from __future__ import annotations

import configparser
import importlib
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("omniflow_graph", "operators", "recordings", "simulations")
BUNDLED = (
    *(f"recordings/three_questions.{kind}" for kind in ("mcap", "LICENCE.md", "expected.json")),
    *(f"recordings/nano/{path.name}" for path in sorted((ROOT / "recordings" / "nano").iterdir())),
)
MOST_CPU_SECONDS = 0.5
UNWANTED = ("hypothesis", "torch", "zmq")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the wheel from a copy of the tree, offline; what an earlier build left behind cannot get in."""
    _skip_without("pip", 21, 3)
    _skip_without("setuptools", 77, 0)
    folder = tmp_path_factory.mktemp("wheel")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / "tree" / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, folder / "tree" / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    built = subprocess.run([*command, "--wheel-dir", folder, folder / "tree"], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_every_module_the_scripts_and_the_bundled_recording_and_no_more(wheel):
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    data = [*(ROOT / "operators" / "scripted").glob("*.yaml"), *(ROOT / "operators" / "omni_flow" / "interleaving").glob("answers_zh.*")]
    data += (path for path in (ROOT / "operators" / "report").glob("page.*") if path.suffix != ".py")
    data += (ROOT / "simulations" / "scenarios").glob("*.yaml")
    data += (ROOT / "operators" / "nano" / "checkpoint").glob("*")
    wanted = {path.relative_to(ROOT).as_posix() for path in [*modules, *data]} | set(BUNDLED)
    assert {name for name in _names(wheel) if ".dist-info/" not in name} == wanted


def test_the_wheel_carries_the_licence_and_the_notices_word_for_word(wheel):
    with zipfile.ZipFile(wheel) as opened:
        for name in ("LICENSE", "NOTICE"):
            (path,) = [each for each in opened.namelist() if each.endswith(f".dist-info/licenses/{name}")]
            assert opened.read(path) == (ROOT / name).read_bytes()


def test_the_bundled_recording_is_found_where_only_the_wheel_is(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path)
    names = "import os, recordings; print(*(name for name, path in recordings.bundled().items() if os.path.isfile(path)))"
    said = subprocess.run([sys.executable, "-c", names], cwd=tmp_path, env=_environment(tmp_path), capture_output=True, text=True)
    names = sorted(path.removesuffix(".mcap").rpartition("/")[2] for path in BUNDLED if path.endswith(".mcap"))
    assert (said.stdout.split(), said.stderr) == (names, "")


def test_the_commands_are_the_modules_that_add_one(wheel):
    files = [path for package in PACKAGES for path in (ROOT / package / "commands").glob("*.py")]
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files}
    assert sorted(_entry_points(wheel, "omniflow.commands").values()) == sorted(filter(_adds_a_command, modules))


def test_the_program_starts_where_the_command_line_says_it_does(wheel):
    assert _entry_points(wheel, "console_scripts") == {"omniflow": "omniflow_graph.command:main"}


def test_importing_the_framework_is_cheap_and_loads_nothing_heavy():
    # CPU time of a process of its own: a busy machine makes it wait, and does not make it dearer.
    code = (
        "import resource, sys\n"
        "def spent():\n"
        "    usage = resource.getrusage(resource.RUSAGE_SELF)\n"
        "    return usage.ru_utime + usage.ru_stime\n"
        "before = spent()\n"
        "import omniflow_graph\n"
        "print(spent() - before)\n"
        f"print(*[name for name in {UNWANTED!r} if name in sys.modules])\n"
    )
    said = subprocess.run([sys.executable, "-c", code], env=_environment(ROOT), capture_output=True, text=True)
    assert said.stderr == ""
    spent, loaded = said.stdout.split("\n")[:2]
    assert loaded == ""
    assert float(spent) < MOST_CPU_SECONDS


def _names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        return [name for name in opened.namelist() if not name.endswith("/")]


def _entry_points(wheel: Path, group: str) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as opened:
        (path,) = [name for name in opened.namelist() if name.endswith(".dist-info/entry_points.txt")]
        parser = configparser.ConfigParser(delimiters=("=",))
        parser.read_string(opened.read(path).decode())
    return dict(parser[group]) if parser.has_section(group) else {}


def _adds_a_command(name: str) -> bool:
    module = importlib.import_module(name)
    return callable(getattr(module, "add", None)) and callable(getattr(module, "run", None))


def _environment(first: Path) -> dict[str, str]:
    """Return this environment with a folder from which packages are imported before those of the checkout."""
    return {**os.environ, "PYTHONPATH": str(first)}


def _skip_without(package: str, *least: int) -> None:
    wanted = f"{package}>={'.'.join(map(str, least))}"
    try:
        held = version(package)
    except PackageNotFoundError:
        pytest.skip(f"builds a wheel, for which it needs {wanted}; there is none here")
    if tuple(map(int, held.split(".")[:2])) < least:
        pytest.skip(f"builds a wheel, for which it needs {wanted}; here is {held}")
