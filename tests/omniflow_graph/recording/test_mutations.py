"""Whatever becomes of a file, reading it gives what was written up to the damage, and says so, or is refused in a line."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omniflow_graph import Event, GraphError, RecordingError, RunError, diff, explain, replay
from omniflow_graph.canonical import payload_digest
from omniflow_graph.recording import Recording, open_recording
from omniflow_graph.trace.stored import load_trace
from operators.duplex import duplex
from operators.reasons import why
from tests.conftest import FULL
from tests.omniflow_graph.recording.mutations import TOO_LARGE, Kept, Mutation, accidents, forgeries, keep, spliced, write

EXAMPLES = 500 if FULL else 50
ROOT = Path(__file__).resolve().parents[3]
DRAWN = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    return keep(tmp_path_factory.mktemp("mutations"))


def same(a: list[Event], b: list[Event]) -> bool:
    """Tell whether events are the same; arrays in them are compared by their digest."""
    return [event._replace(data=payload_digest(event.data)) for event in a] == [event._replace(data=payload_digest(event.data)) for event in b]


def read(path: Path) -> tuple[Recording, list[Event]] | None:
    """Open and read a recording; None if it is refused."""
    try:
        recording = open_recording(path)
        return recording, list(recording.events())
    except RecordingError as error:
        one_line(error, path)
        return None


def use(path: Path, engine: str) -> None:
    """Replay a recording, and ask it as a trace for causes and differences. Nothing may go wrong without a word for it."""
    graph = duplex(model="scripted-fast", script=str(path.with_name("script.yaml")))
    for step in (lambda: replay(graph, path, engine=engine, cost="declared"), lambda: ask(path)):
        try:
            step()
        except (RecordingError, GraphError, RunError, KeyError) as error:
            one_line(error)


def ask(path: Path) -> None:
    trace = load_trace(path)
    str(diff(trace, load_trace(path.with_name("trace.mcap"))))
    explain(why(trace))


def one_line(error: Exception, path: Path | None = None) -> None:
    words = str(error.args[0])
    assert words.strip()
    assert "\n" not in words
    if path is not None:
        assert words.startswith(f"{path}: ")


def broken(kept: Kept, mutations: list[Mutation]) -> Path:
    return write(kept.folder / "broken.mcap", kept.content, mutations)


def one_or_more(mutation: st.SearchStrategy[Mutation]) -> st.SearchStrategy[list[Mutation]]:
    """Draw one, mostly: the second hides what the first would show."""
    return mutation.map(lambda one: [one]) | mutation.map(lambda one: [one]) | st.lists(mutation, min_size=2, max_size=3)


@given(mutations=one_or_more(accidents()), engine=st.sampled_from(["direct"] * 4 + ["bytewax"]))
@DRAWN
def test_after_an_accident_all_events_are_read_or_the_damage_is_said(kept, mutations, engine):
    path = broken(kept, mutations)
    found = read(path)
    if found:
        recording, events = found
        assert recording.damage is None or ("\n" not in recording.damage and str(path) in recording.damage)
        assert recording.damage is not None or same(events, kept.events)
    use(path, engine)


@given(mutations=one_or_more(forgeries() | accidents()))
@DRAWN
def test_a_forged_file_is_refused_in_a_line_or_used(kept, mutations):
    path = broken(kept, mutations)
    read(path)
    use(path, "direct")


# Memory


def many(folder: str, count: int) -> None:
    """Read and use many broken files; print the most memory that was held, in MB. Runs in a process of its own."""
    kept = keep(Path(folder))

    @given(mutations=one_or_more(forgeries() | accidents()))
    @settings(max_examples=count, suppress_health_check=list(HealthCheck), deadline=None, database=None)
    def run(mutations: list[Mutation]) -> None:
        path = broken(kept, mutations)
        read(path)
        use(path, "direct")

    run()
    for record in TOO_LARGE.values():
        path = Path(folder) / "broken.mcap"
        path.write_bytes(spliced(kept, record))
        read(path)
        use(path, "direct")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


@pytest.mark.full
def test_five_hundred_broken_files_take_less_than_300_mb(tmp_path):
    code = "import sys; from tests.omniflow_graph.recording.test_mutations import many; many(sys.argv[1], int(sys.argv[2]))"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), "500"], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 300
