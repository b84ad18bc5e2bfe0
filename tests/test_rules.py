"""What no test of a part would notice: clocks, chance, the direction of imports, heavy imports, paths of one machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "omniflow_graph": {"omniflow_graph"},
    "recordings": {"recordings", "omniflow_graph"},
    "operators": {"operators", "recordings", "omniflow_graph"},
    "simulations": {"simulations", "operators", "recordings", "omniflow_graph"},
}
OURS = {*MAY_IMPORT, "tests", "benchmarks"}
CLOCK = "omniflow_graph/clock.py"
SLOW = {"PIL", "av", "bytewax", "hibari", "mcap_ros2", "onnxruntime", "rerun", "soundfile", "torch", "transformers", "zmq"}
AT_THE_TOP = {"bytewax": "omniflow_graph/engine/*.py"}  # it subclasses Bytewax's, and is itself imported inside functions
ONLY_IN = {
    "zmq": ("omniflow_graph/live/*.py",),
    "hypothesis": ("omniflow_graph/testing/strategies.py", "omniflow_graph/testing/stepping.py", "simulations/proving/strategies.py"),
}
MAKERS = {"Generator", "PCG64", "Philox", "Random", "SeedSequence", "default_rng"}  # chance, but from a seed
DRAWS = {"os.urandom", "uuid.uuid1", "uuid.uuid4"}
MACHINE = re.compile(r"(?<![\w.:~/-])/(?:home|root|Users|mnt|tmp|work|workspace)/\w")


def clocks(path: str, source: str) -> Iterator[str]:
    """Name the imports of real clocks outside the one file for them."""
    for name, line, _ in _imports(path, source):
        if _top(name) in ("time", "datetime") and path != CLOCK:
            yield f"{path}:{line} imports {_top(name)}; only {CLOCK} may"


def chance(path: str, source: str) -> Iterator[str]:
    """Name the draws that no seed decides."""
    tree = ast.parse(source)
    known = dict(_names(tree))
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    parts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)) and id(node) not in parts:
            name = _dotted(node, known)
            if _is_unseeded(name, calls.get(id(node))):
                yield f"{path}:{node.lineno} uses {name}, which no seed decides; take an rng"


def direction(path: str, source: str) -> Iterator[str]:
    """Name the imports of ours that run against the one way."""
    package = _top(path, "/")
    for name, line, _ in _imports(path, source):
        if _top(name) in OURS - MAY_IMPORT[package]:
            yield f"{path}:{line} imports {_top(name)}; {package} must not know it"


def doors(path: str, source: str) -> Iterator[str]:
    """Name the heavy imports that stand at a module's top level, or outside the modules that are for them."""
    for name, line, at_top in _imports(path, source):
        top = _top(name)
        if top in ONLY_IN and not any(map(PurePosixPath(path).match, ONLY_IN[top])):
            yield f"{path}:{line} imports {top}; only {', '.join(ONLY_IN[top])} may"
        elif at_top and top in SLOW and not PurePosixPath(path).match(AT_THE_TOP.get(top, "nowhere")):
            yield f"{path}:{line} imports {top} at its top level; import it inside the function that needs it"


def machines(path: str, source: str) -> Iterator[str]:
    """Name the lines that hold a path of somebody's machine."""
    for line, text in enumerate(source.splitlines(), start=1):
        if found := MACHINE.search(text):
            yield f"{path}:{line} names a folder of one machine, {found[0]}...; take it from the caller"


@pytest.mark.parametrize("rule", [clocks, chance, direction, doors])
def test_every_module_keeps_the_rule(rule):
    broken = [words for path, source in _sources(*MAY_IMPORT) for words in rule(path, source)]
    assert broken == []


def test_no_file_names_a_folder_of_one_machine():
    texts = [*_sources(*MAY_IMPORT, "tests", "benchmarks"), *_sources("operators", "recordings", kind="*.yaml")]
    texts += [(name, (ROOT / name).read_text()) for name in ("Makefile", "pyproject.toml", ".ci/run")]
    assert [words for path, source in texts for words in machines(path, source)] == []


def test_the_walk_sees_the_modules_that_the_rules_are_about():
    seen = {path for path, _ in _sources(*MAY_IMPORT)}
    assert {CLOCK, "omniflow_graph/engine/flow.py", "omniflow_graph/live/feed.py", "operators/commands/replay.py"} <= seen


BROKEN = [
    (clocks, "operators/senses/ears.py", "import time", "imports time; only omniflow_graph/clock.py may"),
    (clocks, "operators/senses/ears.py", "def f():\n    from time import sleep", "imports time; only omniflow_graph/clock.py may"),
    (clocks, "simulations/room/users.py", "import datetime as d", "imports datetime; only omniflow_graph/clock.py may"),
    (chance, "operators/a.py", "import random\nrandom.random()", "uses random.random, which"),
    (chance, "operators/a.py", "import random\nrandom.Random()", "uses random.Random, which"),
    (chance, "operators/a.py", "import random\npick(random)", "uses random, which"),
    (chance, "operators/a.py", "from random import choice as pick\npick([1, 2])", "uses random.choice, which"),
    (chance, "operators/a.py", "import numpy as np\nnp.random.rand(3)", "uses numpy.random.rand, which"),
    (chance, "operators/a.py", "import numpy\nnumpy.random.seed(3)", "uses numpy.random.seed, which"),
    (chance, "operators/a.py", "from numpy.random import default_rng\ndefault_rng()", "uses numpy.random.default_rng, which"),
    (chance, "operators/a.py", "import numpy as np\nnp.random.default_rng(None)", "uses numpy.random.default_rng, which"),
    (chance, "operators/a.py", "import secrets\nsecrets.token_hex()", "uses secrets.token_hex, which"),
    (chance, "omniflow_graph/a.py", "import uuid\nuuid.uuid4()", "uses uuid.uuid4, which"),
    (direction, "omniflow_graph/a.py", "from operators.duplex import duplex", "imports operators; omniflow_graph must"),
    (direction, "omniflow_graph/a.py", "def f():\n    import simulations", "imports simulations; omniflow_graph must"),
    (direction, "omniflow_graph/a.py", "import recordings", "imports recordings; omniflow_graph must"),
    (direction, "operators/a.py", "import numpy, simulations.room.users", "imports simulations; operators must"),
    (direction, "recordings/a.py", "import operators", "imports operators; recordings must"),
    (direction, "simulations/a.py", "import tests.data", "imports tests; simulations must"),
    (doors, "operators/models.py", "import torch", "imports torch at its top level"),
    (doors, "operators/models.py", "class Model:\n    import transformers", "imports transformers at its top level"),
    (doors, "operators/models.py", "try:\n    import onnxruntime as o\nexcept ImportError:\n    o = None", "imports onnx"),
    (doors, "omniflow_graph/media/importing.py", "import av", "imports av at its top level"),
    (doors, "omniflow_graph/graph/graph.py", "from bytewax import operators", "imports bytewax at its top level"),
    (doors, "omniflow_graph/live/feed.py", "import zmq", "imports zmq at its top level"),
    (doors, "omniflow_graph/recording/wire.py", "def f():\n    import zmq", "imports zmq; only omniflow_graph/live/*.py may"),
    (doors, "simulations/room/users.py", "import hypothesis", "imports hypothesis; only omniflow_graph/testing/strategies.py, "),
    (doors, "omniflow_graph/testing/asking.py", "def f():\n    import hypothesis", "simulations/proving/strategies.py may"),
    (machines, "tests/a.py", "there = '" + "/ho" + "me/somebody/clip.wav'", "names a folder of one machine"),
    (machines, "tests/a.py", "there = open('" + "/tm" + "p/x')", "names a folder of one machine"),
]


@pytest.mark.parametrize(("rule", "path", "source", "words"), BROKEN)
def test_a_rule_names_the_file_the_line_and_what_broke_it(rule, path, source, words):
    (broken,) = rule(path, source)
    assert broken.startswith(f"{path}:")
    assert words in broken


KEPT = [
    (clocks, CLOCK, "import time\nfrom datetime import datetime"),
    (clocks, "operators/a.py", "from omniflow_graph.events import Event\nfirst = Event.time"),
    (chance, "operators/a.py", "def f(rng):\n    return rng.random()"),
    (chance, "operators/a.py", "import random\ndef f(rng: random.Random, seed):\n    return random.Random(seed)"),
    (chance, "operators/a.py", "import numpy as np\nnp.random.default_rng(7)"),
    (direction, "operators/a.py", "from recordings import bundled\nfrom omniflow_graph.graph.graph import Graph\nfrom . import b"),
    (doors, "operators/models.py", "def load():\n    import torch"),
    (doors, "operators/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
    (doors, "omniflow_graph/engine/flow.py", "from bytewax.dataflow import Dataflow"),
    (doors, "omniflow_graph/live/feed.py", "def serve():\n    import zmq"),
    (doors, "simulations/proving/strategies.py", "from hypothesis import strategies as st"),
    (doors, "omniflow_graph/testing/strategies.py", "from hypothesis import strategies as st"),
    (doors, "omniflow_graph/testing/stepping.py", "from hypothesis.stateful import rule"),
    (machines, "operators/a.py", 'url = "https://example.org/home/x"\npath = "sessions/work/x"'),
]


@pytest.mark.parametrize(("rule", "path", "source"), KEPT)
def test_a_rule_leaves_alone_what_keeps_it(rule, path, source):
    assert list(rule(path, source)) == []


def _sources(*folders: str, kind: str = "*.py") -> list[tuple[str, str]]:
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob(kind))
    return [(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def _imports(path: str, source: str) -> Iterator[tuple[str, int, bool]]:
    """List what a module imports, with the line, and whether importing the module runs it."""
    waiting: list[tuple[ast.AST, bool]] = [(ast.parse(source), True)]
    while waiting:
        node, at_top = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno, at_top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (_top(path, "/") if node.level else node.module or ""), node.lineno, at_top
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or _is_for_types(node):
            at_top = False
        waiting += [(child, at_top) for child in ast.iter_child_nodes(node)]


def _names(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """List the names that imports bind, and the dotted name of what each stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((a.asname, a.name) if a.asname else (_top(a.name), _top(a.name)) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((a.asname or a.name, f"{node.module}.{a.name}") for a in node.names)


def _dotted(node: ast.AST, known: dict[str, str]) -> str:
    """Return the full name that an expression such as `np.random.rand` stands for; empty if it is no imported name."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    owner = _dotted(node.value, known) if isinstance(node, ast.Attribute) else ""
    return f"{owner}.{node.attr}" if owner else ""


def _is_unseeded(name: str, call: ast.Call | None) -> bool:
    if name in DRAWS or name in ("random", "numpy.random"):
        return True
    module, _, what = name.rpartition(".")
    if module not in ("random", "numpy.random", "secrets"):
        return False
    return what not in MAKERS or (call is not None and not _is_seeded(call))


def _is_seeded(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in given)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _top(name: str, separator: str = ".") -> str:
    return name.partition(separator)[0]
