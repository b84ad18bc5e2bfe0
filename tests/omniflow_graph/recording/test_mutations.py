"""Whatever becomes of a file, reading it gives what was written up to the damage, and says so, or is refused in a line."""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import NamedTuple

import lz4.frame
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omniflow_graph import Event, GraphError, RecordingError, RunError, diff, explain, replay
from omniflow_graph.canonical import payload_digest
from omniflow_graph.recording import Recording, open_recording
from omniflow_graph.recording.framing import CHUNK, MAGIC, METADATA
from omniflow_graph.trace.stored import load_trace, save_trace
from operators.duplex import duplex
from operators.reasons import why
from tests.conftest import FULL
from tests.omniflow_graph.recording.mutations import Mutation, accidents, forgeries, joined, of_file, write
from tests.operators.commands.rooms import room, script

EXAMPLES = 500 if FULL else 50
ROOT = Path(__file__).resolve().parents[3]
DRAWN = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))


class Kept(NamedTuple):
    """Hold a run of the pipeline, kept with its inputs: a recording and a trace in one file."""

    content: bytes
    events: list[Event]
    folder: Path


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    folder = tmp_path_factory.mktemp("mutations")
    return keep(folder)


def keep(folder: Path) -> Kept:
    """Record a room, run the pipeline on it, and keep the run."""
    recording = room(folder, end=3.5)
    trace = replay(duplex(model="scripted-fast", script=script(folder)), recording, engine="direct")
    save_trace(trace, folder / "trace.mcap", recording=recording, copy_inputs=True)
    events = list(open_recording(folder / "trace.mcap").events())
    assert len(of_file((folder / "trace.mcap").read_bytes())) > 5
    return Kept((folder / "trace.mcap").read_bytes(), events, folder)


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
    for step in (lambda: replay(graph, path, engine=engine), lambda: ask(path)):
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


@given(mutations=st.lists(accidents(), min_size=1, max_size=3), engine=st.sampled_from(["direct"] * 4 + ["bytewax"]))
@DRAWN
def test_after_an_accident_all_events_are_read_or_the_damage_is_said(kept, mutations, engine):
    path = broken(kept, mutations)
    found = read(path)
    if found:
        recording, events = found
        assert recording.damage is None or ("\n" not in recording.damage and str(path) in recording.damage)
        assert recording.damage is not None or same(events, kept.events)
    use(path, engine)


@given(mutations=st.lists(forgeries() | accidents(), min_size=1, max_size=3))
@DRAWN
def test_a_forged_file_is_refused_in_a_line_or_used(kept, mutations):
    path = broken(kept, mutations)
    read(path)
    use(path, "direct")


# Nothing of what a length announces is allocated before it is compared with what is there


def packed(said: int, packed: bytes, how: bytes = b"zstd") -> bytes:
    """Make a chunk that says it holds so many bytes."""
    content = struct.pack("<QQQII", 0, 0, said, 0, len(how)) + how + struct.pack("<Q", len(packed)) + packed
    return struct.pack("<BQ", CHUNK, len(content)) + content


def announcing(size: int) -> bytes:
    """Make a zstd frame whose own head says that it holds so many bytes; it holds one."""
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + b"\x09\x00\x00x"


TOO_LARGE = {
    "a chunk of 2**63 bytes": packed(2**63, b"x"),
    "a chunk of 64 GiB in a frame of as many": packed(2**36, announcing(2**36)),
    "a frame of 64 GiB in a chunk of one byte": packed(1, announcing(2**36)),
    "a frame of 200 MB in a chunk of 10 MB": packed(10_000_000, zstandard.compress(bytes(200_000_000))),
    "a frame of 200 MB that says so": packed(200_000_000, zstandard.compress(bytes(200_000_000))),
    "a frame that does not say its size": packed(1000, zstandard.ZstdCompressor(write_content_size=False).compress(bytes(200_000_000))),
    "a window of 2 GiB": packed(2**20, b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x09\x00\x00x"),
    "200 MB by lz4 in a chunk of 1000": packed(1000, lz4.frame.compress(bytes(200_000_000)), b"lz4"),
    "a record of 1 GiB": struct.pack("<BQ", CHUNK, 2**30),
    "a record of 2**64 - 1 bytes": struct.pack("<BQ", METADATA, 2**64 - 1),
}


def spliced(kept: Kept, record: bytes) -> bytes:
    """Put a record after the first chunk."""
    first = next(n for n, each in enumerate(of_file(kept.content)) if each.opcode == CHUNK)
    records = of_file(kept.content)
    return MAGIC + joined(records[: first + 1]) + record + joined(records[first + 1 :]) + MAGIC


@pytest.mark.parametrize("record", TOO_LARGE.values(), ids=list(TOO_LARGE))
def test_what_is_announced_is_not_allocated(kept, record):
    path = kept.folder / "broken.mcap"
    path.write_bytes(spliced(kept, record))
    tracemalloc.start()
    found = read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
    recording, events = found or pytest.fail("it was refused")
    assert recording.damage is not None
    assert events == kept.events[: len(events)]


@pytest.mark.parametrize("record", [b"", struct.pack("<BQ", CHUNK, 2**34)], ids=["zeros", "a record of 16 GiB"])
def test_a_file_that_is_long_only_on_paper_is_neither_held_nor_read_for_hours(kept, record):
    path = kept.folder / "broken.mcap"
    path.write_bytes(kept.content[: len(kept.content) // 2] + record)
    os.truncate(path, 2**35)
    recording, events = read(path) or pytest.fail("it was refused")
    assert recording.damage == f"{path}: was cut before it was closed; what was written up to then is read"
    assert events == kept.events[: len(events)]


def many(folder: str, count: int) -> None:
    """Read and use many broken files; print the most memory that was held, in MB. Runs in a process of its own."""
    kept = keep(Path(folder))

    @given(mutations=st.lists(forgeries() | accidents(), min_size=1, max_size=3))
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
