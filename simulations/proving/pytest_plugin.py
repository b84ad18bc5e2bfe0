"""A plugin for pytest: fixtures that replay and simulate from one seed, and keep what a failing test ran as a recording.

Nothing of omniflow-graph is imported before a fixture is used. The fixtures are of the session, so that Hypothesis can
use them: each is a function without memory, but for the last run of the test that is under way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from omniflow_graph import Trace
    from omniflow_graph.recording import Recording

KEEP = ".omniflow/failures"
LONGEST_NAME = 150
RUN = pytest.StashKey[list[Any]]()  # the last trace of the test that is under way


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("omniflow", "omniflow-graph")
    group.addoption("--omniflow-seed", type=int, default=0, metavar="N", help="seed of all that `replay` and `simulate` draw (default: 0)")
    group.addoption("--omniflow-keep", metavar="DIR", help=f"folder for the recordings of what failing tests ran (default: {KEEP} below the rootdir)")


def pytest_configure(config: pytest.Config) -> None:
    """Begin without any run. Raises UsageError for what is no seed."""
    if not 0 <= (seed := _seed(config)) < 1 << 64:
        raise pytest.UsageError(f"--omniflow-seed: wants a whole number from 0 to 2**64 - 1, got {seed}")
    config.stash[RUN] = []


@pytest.fixture(scope="session")
def omniflow_seed(pytestconfig: pytest.Config) -> int:
    """Return the seed that the command line gave."""
    return _seed(pytestconfig)


def _seed(config: pytest.Config) -> int:
    seed: Any = config.getoption("--omniflow-seed")
    return seed


@pytest.fixture(scope="session")
def replay(pytestconfig: pytest.Config, omniflow_seed: int) -> Callable[..., Trace]:
    """Replay as `omniflow_graph.replay` does, from the seed of the command line; `what` may be a bundled recording's name."""
    from omniflow_graph import replay
    from omniflow_graph.recording.named import named

    def run(graph: Any, what: Any, **options: Any) -> Trace:
        what = named(what) if isinstance(what, (str, Path)) else what
        return _run(pytestconfig, replay(graph, what, **{"seed": omniflow_seed, **options}))

    return run


@pytest.fixture(scope="session")
def simulate(pytestconfig: pytest.Config, omniflow_seed: int) -> Callable[..., Trace]:
    """Simulate as `simulations.world.simulate` does, from the seed of the command line; the scenario may be a file or a bundled one's name."""
    from simulations.scenario_file import load_scenario
    from simulations.world import simulate

    def run(scenario: Any, *given: Any, **options: Any) -> Trace:
        scenario = load_scenario(scenario) if isinstance(scenario, (str, Path)) else scenario
        return _run(pytestconfig, simulate(scenario, *given, **{"seed": omniflow_seed, **options}))

    return run


@pytest.fixture
def recording(request: pytest.FixtureRequest) -> Callable[[str | Path], Recording]:
    """Open a recording by its name: beside the test, below the rootdir, or a bundled one."""
    from omniflow_graph.recording import open_recording
    from omniflow_graph.recording.named import named

    def opened(name: str | Path) -> Recording:
        places = [folder / name for folder in (request.path.parent, request.config.rootpath)]
        return open_recording(next((place for place in places if place.exists()), named(name)))

    return opened


def _run(config: pytest.Config, trace: Trace) -> Trace:
    """Remember what was run last."""
    config.stash[RUN][:] = [trace]
    return trace


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget what an earlier test ran."""
    item.config.stash[RUN].clear()


@pytest.hookimpl(hookwrapper=True)  # the older form, for the pytest that others have
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep what a failing test ran, and name it in the report."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed and (runs := item.config.stash[RUN]):
        report.sections.append(("omniflow", _kept(item, runs[-1])))


def _kept(item: pytest.Item, trace: Trace) -> str:
    """Write a recording of the last run, and say where it is and how to go on."""
    from omniflow_graph.trace.stored import save_trace
    from omniflow_graph.trace.trace import NOT_KEPT

    folder = Path(item.config.getoption("--omniflow-keep") or item.config.rootpath / KEEP)
    path = folder / f"{_file_name(item.nodeid)}.mcap"
    given = [edge for edge in ("env-audio", "env-visual") if edge in trace.edges]  # what a room was like, so that it can be replayed without
    whole = not any(event.data is NOT_KEPT for source in (*trace.graph.sources(), *given) for event in trace.edges[source])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not item.config.getoption("--omniflow-keep"):
            (folder.parent / ".gitignore").write_text("*\n")  # nobody means to commit these
        save_trace(trace, path, copy_inputs=whole, given=given, notes={"test": item.nodeid})
    except (OSError, ValueError) as error:
        return f"what this test ran last (session {trace.session!r}, seed {trace.seed}) cannot be kept: {error}"
    lacks = "" if whole else ", without its inputs, which the run did not keep"
    return f"the last run of this test, session {trace.session!r}, seed {trace.seed}, is kept{lacks}: {path}\nlook at it: omniflow inspect {path}"


def _file_name(nodeid: str) -> str:
    """Turn the name of a test into that of a file; of a long one the end tells most.

    >>> _file_name("tests/test_mine.py::test_it[a b]")
    'tests.test_mine.py--test_it-a_b'
    """
    name = nodeid.replace("::", "--").replace("/", ".").replace("[", "-").rstrip("]")
    return re.sub(r"[^\w.\-]", "_", name)[-LONGEST_NAME:].lstrip(".")
