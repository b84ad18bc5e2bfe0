"""A session is read in the process that works on it, since Bytewax places keys as we think."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource, cluster_main

from omniflow_graph import Event
from omniflow_graph.engine.cluster import Job, run_cluster
from omniflow_graph.engine.partitions import SLOTS
from omniflow_graph.engine.placing import placed, siphash
from omniflow_graph.recording import Manifest, StreamInfo, write_recording
from tests.omniflow_graph.engine.where import where

KEYS = [*(f"session {n}" for n in range(40)), "", "a", "ä", "x" * 100, "1234567", "12345678"]


def test_the_hash_is_that_of_the_published_vector():
    assert siphash(b"") == 0xD1FBA762150C532C  # SipHash-1-3 of nothing, under the key 0


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_bytewax_gives_a_key_to_the_worker_we_say(workers):
    flow = Dataflow("placed")
    given = op.input("in", flow, TestingSource([(key, 1) for key in KEYS], batch_size=len(KEYS)))

    import threading

    op.output("out", op.stateful_map("where", given, lambda state, _: (None, threading.get_ident())), TestingSink(out := []))
    cluster_main(flow, [], 0, worker_count_per_proc=workers)
    found = defaultdict(set)
    for key, thread in out:
        found[thread].add(placed(key, workers))
    assert sorted(map(sorted, found.values())) == [[worker] for worker in range(workers)]


def test_partitions_and_workers_agree_where_one_divides_the_other():
    assert all(placed(key, SLOTS) % workers == placed(key, workers) for key in KEYS for workers in (1, 2, 4, 8, 16))


def test_sessions_do_not_cross_processes(tmp_path, monkeypatch):
    monkeypatch.chdir(Path(__file__).resolve().parents[3])
    names = [f"session {n}" for n in range(8)]
    for name in names:
        write_recording(tmp_path / f"{name}.mcap", Manifest(name, 40, {"mic": StreamInfo("value")}), [Event(4, "mic", 0, 1)])
    job = Job("tests.omniflow_graph.engine.where:where", tuple(str(tmp_path / f"{name}.mcap") for name in names))
    traces = run_cluster(job, where(), 2)
    read, worked = ({name: traces[name].array(edge)[0] for name in names} for edge in ("read", "worked"))
    assert read == worked
    assert len(set(read.values())) == 2
