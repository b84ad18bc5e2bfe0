"""`omniflow simulate` plays a scenario in closed loop, sums many seeds up, and leaves a trace like any other."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from omniflow_graph.trace.stored import load_trace
from simulations.scenario_file import load_scenario
from simulations.world import simulate
from tests.omniflow_graph.commands.calls import Shell

TALK = """
length: 7000
jitter: 200
user:
- {say: "What is that?", at: 800}
- {say: "Thank you.", answered: 500}
camera:
- {at: 0, scene: a lamp}
assistant:
- {when: {speech_ends: 1}, say: "It is a lamp."}
"""


@pytest.fixture
def omniflow(capsys) -> Shell:
    """Call `omniflow` as a shell does."""
    return Shell(capsys)


@pytest.fixture
def talk(tmp_path, monkeypatch) -> Path:
    """A scenario in a file, in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.yaml").write_text(TALK)
    return tmp_path / "talk.yaml"


def test_one_seed_shows_who_said_what_when_and_why(omniflow, talk):
    answered = omniflow("simulate", talk)
    assert (answered.code, answered.err) == (0, "")
    lines = [line for line in answered.out.splitlines() if "│" in line]
    assert [who for line in lines if (who := line.split("│")[3].strip())] == ["user", "assistant", "user"]
    assert "It is a lamp." in answered.out
    assert "holds real time, each stage on its own: 7 windows" in answered.out
    assert simulate(load_scenario(talk)).digest["media"][:16] in answered.out


def test_json_tells_the_same_for_machines(omniflow, talk):
    found = omniflow("simulate", talk, "--seed", 5, "--json").json
    trace = simulate(load_scenario(talk), seed=5)
    assert (found["session"], found["seed"], found["digest"]) == ("talk 5", 5, trace.digest)
    assert [(each["who"], each["kind"], each["text"], each["start_s"]) for each in found["user"]] == [
        ("user", "say", event.data.text, event.data.begin / 1e9) for event in trace["user"]
    ]
    assert [turn["text"] for turn in found["turns"]] == ["It is a lamp."]
    assert found["figures"]["holds"] is True


def test_many_seeds_are_summed_up_in_a_table(omniflow, talk):
    answered = omniflow("simulate", talk, "--seeds", 3, "--seed", 4)
    assert answered.out.splitlines()[0].strip() == "talk, seeds 4 to 6: 3 turns"
    assert "first response, s" in answered.out
    assert "holds real time, each stage on its own: 21 windows" in answered.out


def test_many_seeds_as_json_have_each_session_with_its_digest(omniflow, talk):
    found, spread = (omniflow("simulate", talk, "--seed", 2, "--seeds", 3, "--processes", n, "--json").json for n in (1, 2))
    assert found["sessions"] == spread["sessions"]
    assert found["figures"] == spread["figures"]
    assert [(each["session"], each["digest"]) for each in found["sessions"]] == [
        (f"talk {seed}", simulate(load_scenario(talk), seed=seed).digest) for seed in (2, 3, 4)
    ]


def test_a_machine_that_is_too_slow_is_told(omniflow, talk):
    (talk.parent / "slow.yaml").write_text(TALK + 'faults:\n  decide: "slow(permille=20000)"\n')
    assert "does not hold real time: 7 of 7 windows missed" in omniflow("simulate", "slow.yaml").out


def test_another_machine_costs_otherwise_and_says_which(omniflow, talk):
    here, there = (omniflow("simulate", talk, "--seeds", 2, *on, "--json").json for on in ((), ("--on", "rtx4090")))
    assert (here["on"], there["on"]) == (None, "rtx4090")
    assert here["figures"]["reply_s"] != there["figures"]["reply_s"]
    assert "on rtx4090" in omniflow("simulate", talk, "--seeds", 2, "--on", "rtx4090").out


def test_what_is_written_is_a_trace_like_any_other(omniflow, talk):
    found = omniflow("simulate", talk, "--out", "run", "--json").json
    assert set(found["files"]) == {"trace", "speech", "turns"}
    assert load_trace("run").digest == found["digest"]
    assert "scenario" in omniflow("inspect", "run/trace.mcap").out
    assert "It is a lamp." in omniflow("why", "run", "--turn", 1).out
    assert omniflow("diff", "run", "run").code == 0
    assert json.loads(Path("run/turns.json").read_text()) == found["turns"]


def test_what_is_written_replays_also_where_no_camera_saw_anything(omniflow, talk):
    talk.write_text(TALK.replace("camera:\n- {at: 0, scene: a lamp}\n", ""))
    assert omniflow("simulate", talk, "--out", "blind").code == 0
    code, out, err = omniflow("replay", "blind", "--json", "--model", "scripted-fast", "--script", script_of(talk))
    assert (code, err) == (0, "")
    assert [turn["text"] for turn in json.loads(out)["turns"]] == ["It is a lamp."]


def script_of(talk: Path) -> Path:
    path = talk.with_name("script.yaml")
    path.write_text(talk.read_text().partition("assistant:\n")[2])
    return path


def test_what_is_written_replays_as_an_open_loop_to_the_same_answers(omniflow, talk):
    found = omniflow("simulate", talk, "--out", "run", "--json").json
    Path("lamp.yaml").write_text("- {when: {speech_ends: 1}, say: It is a lamp.}")
    again = omniflow("replay", "run/trace.mcap", "--model", "scripted-fast", "--script", "lamp.yaml", "--json").json
    back = omniflow("replay", "run/trace.mcap", "--json").json
    assert found["turns"] == again["turns"] == back["turns"]
    assert again["edges"]["env-audio"]["digest"] == found["edges"]["env-audio"]["digest"]
    assert again["edges"]["decide"]["digest"] == found["edges"]["decide"]["digest"]


def test_many_seeds_are_written_to_folders_of_their_own(omniflow, talk):
    omniflow("simulate", talk, "--seeds", 2, "--out", "runs")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["talk_0", "talk_1"]
    assert load_trace("runs/talk_1").digest == simulate(load_scenario(talk), seed=1).digest


def test_another_graph_model_script_and_settings_can_be_had(omniflow, talk):
    Path("kettle.yaml").write_text("- {when: {speech_ends: 1}, say: A kettle.}")
    assert omniflow("simulate", talk, "--script", "kettle.yaml", "--json").json["turns"][0]["text"] == "A kettle."
    assert omniflow("simulate", talk, "--window", 0.5, "--json").json["windows"] == 14
    assert omniflow("simulate", talk, "--set", "force_listen=7", "--json").json["turns"] == []
    taken = omniflow("simulate", talk, "--graph", "operators.turn_based:turn_based", "--json").json
    assert [turn["text"] for turn in taken["turns"]] == ["It is a lamp."]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "there is no such file, nor a bundled scenario; those are "),
        (["talk.yaml", "--seeds", 0], "--seeds: wants 1 to 1000000, got 0"),
        (["talk.yaml", "--processes", 65], "--processes: wants 1 to 64, got 65"),
        (["talk.yaml", "--seed", -1], "--seed: wants a whole number from 0 to 2**64 - 1, got -1"),
        (["talk.yaml", "--seed", 2**64 - 1, "--seeds", 2], "--seeds: wants the last of them to be a whole number"),
        (["talk.yaml", "--window", 0], "--window: wants seconds, more than 0"),
        (["talk.yaml", "--model", "magic"], "wants a model out of "),
        (["talk.yaml", "--on", "abacus"], "abacus"),
        (["talk.yaml", "--set", "model=x"], "model has an option of its own"),
        (["wrong.yaml"], "wrong.yaml, user, act 1: wants a map"),
    ],
    ids=str,
)
def test_what_has_no_meaning_is_refused_in_one_line(omniflow, talk, arguments, words):
    (talk.parent / "wrong.yaml").write_text("length: 9\nuser: [5]")
    answered = omniflow("simulate", *arguments)
    assert (answered.code, answered.out) == (2, "")
    assert words in answered.err
    assert answered.err.count("\n") == 1


def test_a_simulation_is_the_same_twice(omniflow, talk):
    code, out, err = omniflow("simulate", talk, "--seeds", 2, "--twice")
    assert (code, err, out.splitlines()[-1].split(":")[0]) == (0, "", "the same twice")
    assert "wants up to 100 --seeds, got 101" in omniflow.refused("simulate", talk, "--seeds", 101, "--twice")


COUNTS = """
import itertools
from operators.duplex import duplex

COUNT = itertools.count()

def counted(event):
    return next(COUNT)

def graph(script=None):
    g = duplex(model="scripted-fast", script=script)
    g.sink("counts", g.map("counted", "decide", counted))
    return g
"""


def test_a_simulation_that_depends_on_what_a_module_counts_is_not(omniflow, talk, monkeypatch):
    monkeypatch.setattr("sys.path", [*sys.path])
    (talk.parent / "mine_simulated.py").write_text(COUNTS)
    answered = omniflow("simulate", talk, "--graph", "mine_simulated:graph", "--twice", "--json")
    assert (answered.code, answered.json["apart"]["edge"], answered.json["apart"]["index"]) == (1, "counted", 0)
    assert answered.json["apart"]["fed_by"][1].startswith("  <- decide #0 at 1.120 s")
