"""`omniflow machines` lists the published machines, with what a scenario comes to on each."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from typing import Any

import pytest

from omniflow_graph.command import main
from simulations.real_time.machines import MACHINES

HELLO = """
length: 5000
user:
- {say: "What is that?", at: 500}
assistant:
- {when: {speech_ends: 1}, say: "It is a lamp."}
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("scenarios") / "hello.yaml"
    path.write_text(HELLO)
    return str(path)


@pytest.fixture(scope="module")
def found(scenario) -> dict[str, Any]:
    out = io.StringIO()
    with redirect_stdout(out):
        assert main(["machines", scenario, "--json"]) == 0
    return json.loads(out.getvalue())


def test_every_machine_is_listed_with_its_published_and_predicted_factors(found):
    assert [each["machine"] for each in found["machines"]] == list(MACHINES)
    assert {each["machine"]: (each["published_rtf"], each["predicted_rtf"]) for each in found["machines"]} == {
        "rtx4090-f16": (0.21, {"listens": 0.103, "speaks": 0.655}),
        "m4-max": (None, {"listens": 0.089, "speaks": 0.849}),
        "rtx4090": (0.21, {"listens": 0.033, "speaks": 0.21}),
        "rtx5080": (0.32, {"listens": 0.05, "speaks": 0.32}),
        "rtx5070": (0.4, {"listens": 0.063, "speaks": 0.4}),
        "dgx-spark": (0.17, {"listens": 0.027, "speaks": 0.17}),
        "dgx-spark-pytorch": (2.42, {"listens": 0.38, "speaks": 2.42}),
        "a100-eager": (0.9, {"listens": 0.141, "speaks": 0.9}),
        "a100-compiled": (0.5, {"listens": 0.079, "speaks": 0.5}),
    }
    assert (found["scenario"], found["seed"]) == ("hello", 0)


def test_the_slowest_answers_last_and_is_late(found):
    by_name = {each["machine"]: each for each in found["machines"]}
    replies = {name: of["reply_s"]["median"] for name, of in by_name.items()}
    assert max(replies, key=replies.__getitem__) == "dgx-spark-pytorch"
    assert (by_name["dgx-spark"]["holds"], by_name["dgx-spark"]["one_processor"]["late"]) == ("yes", 0)
    assert (by_name["dgx-spark-pytorch"]["holds"] != "yes", by_name["dgx-spark-pytorch"]["one_processor"]["late"] > 0) == (True, True)


def test_people_read_a_table(scenario, capsys):
    assert main(["machines", scenario]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "hello, by machine"
    assert lines[1].split() == ["machine", "RTF", "listens", "speaks", "from", "busy", "late", "silent", "replies", "holds"]
    assert [line.split()[0] for line in lines[2 : 2 + len(MACHINES)]] == list(MACHINES)


def test_a_scenario_that_is_not_there_is_refused(capsys):
    assert main(["machines", "nowhere"]) == 2
    assert "scenario nowhere: there is no such file, nor a bundled scenario" in capsys.readouterr().err
