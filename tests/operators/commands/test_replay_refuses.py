"""Whatever `omniflow replay` is given that it cannot do, it says so in one line, and exits 2."""

from __future__ import annotations

import os

import pytest

from tests.operators.commands.rooms import ASK, FAST

REFUSED = [
    ([], "the following arguments are required: REC"),
    (["nowhere.mcap"], "nowhere.mcap: there is no such file"),
    (["notes.txt"], "notes.txt: is no recording (not an MCAP file)"),
    (["folder"], "folder: a folder without any .mcap file"),
    (["out"], "stream 'env-audio' stands in it by reference only; replay room.mcap, or write this one again with --copy-inputs"),
    (["room.mcap", "--model", "gpt"], "wants a model out of scripted, scripted-fast, recorded, nano, blocked, passive, got 'gpt'"),
    (["room.mcap", "--model", "recorded"], "room.mcap: holds no assistant to give back; replay it with --model scripted"),
    (["room.mcap", "--playback", "recorded"], "room.mcap: holds no 'playback' stream; replay it with --playback simulated"),
    (["room.mcap", "--playback", "loud"], "argument --playback: invalid choice: 'loud' (choose from 'recorded', 'simulated')"),
    (["room.mcap", "--engine", "steam"], "argument --engine: invalid choice: 'steam'"),
    (["room.mcap", "--cost", "free"], "argument --cost: invalid choice: 'free'"),
    (["room.mcap", "--colour"], "unrecognized arguments: --colour"),
    *((["room.mcap", "--window", bad], "--window: wants seconds, more than 0 and up to 1e9, got") for bad in ("0", "-1", "nan", "inf", "1e300")),
    *((["room.mcap", "--window", bad], "wants a window of 0.001 to 3600 seconds, got") for bad in ("1e-9", "3601", "1e9")),
    (["room.mcap", "--window", "wide"], "argument --window: invalid float value: 'wide'"),
    *((["room.mcap", "--pace", bad], "--pace: wants 0.001 or more, got") for bad in ("0", "-1", "nan", "inf", "1e-300")),
    *((["room.mcap", "--batch", bad], "--batch: wants 1 to 1000000, got") for bad in ("0", "-1", "9" * 30)),
    *((["room.mcap", "--workers", bad], "--workers: wants 1 to 256, got") for bad in ("0", "-3", "257")),
    *((["room.mcap", "--processes", bad], "--processes: wants 1 to 64, got") for bad in ("0", "-3", "65")),
    (["room.mcap", "--batch", "1.5"], "argument --batch: invalid int value: '1.5'"),
    (["room.mcap", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
    *((["room.mcap", "--seed", bad], "--seed: wants a whole number from 0 to 2**64 - 1, got") for bad in ("-1", str(2**64))),
    (["room.mcap", "--processes", "2", "--engine", "direct"], "--processes: goes with --engine bytewax and without --pace"),
    (["room.mcap", "--processes", "2", "--pace", "1"], "--processes: goes with --engine bytewax and without --pace"),
    (["room.mcap", "--script", "nowhere.yaml"], "omniflow: nowhere.yaml: there is no such file or folder"),
    (["room.mcap", "--script", "folder"], "omniflow: folder: is a folder, and a file is wanted"),
    (["room.mcap", "--script", "notes.txt"], "script notes.txt: is not YAML"),
    (["room.mcap", "--script", "room.mcap"], "script room.mcap: is not"),
    (["out", "--model", "recorded", "--script", "script.yaml"], "stream 'env-audio' stands in it by reference only"),
    (["room.mcap", "--graph", "graphs_for_replay"], "wants module:function, such as operators.duplex:duplex"),
    (["room.mcap", "--graph", "..:duplex"], "wants module:function"),
    (["room.mcap", "--graph", "nowhere_at_all:duplex"], "no module 'nowhere_at_all' here or installed"),
    (
        ["room.mcap", "--graph", "graphs_for_replay:nothing"],
        "has no 'nothing'; it has Graph, length, listener, draw, lottery, elsewhere, broken, text, needs",
    ),
    (["room.mcap", "--graph", "graphs_for_replay:text"], "wants a Graph or a function that returns one, got str"),
    (["room.mcap", "--graph", "graphs_for_replay:needs"], "needs more, which is not given"),
    (["room.mcap", "--graph", "graphs_for_replay:empty"], "graph 'empty': is empty; add a source and a sink"),
    (["room.mcap", "--graph", "graphs_for_replay:listener", "--window", "1"], "takes no window; it takes nothing"),
    (["room.mcap", "--graph", "graphs_for_replay:listener", *FAST], "takes no model; it takes nothing"),
    (["room.mcap", "--graph", "graphs_for_replay:elsewhere"], "holds env-visual, env-audio, and the graph reads thermometer"),
    (["room.mcap", *FAST, "--out", "notes.txt"], "--out notes.txt: cannot be made (File exists); name another folder"),
    (["room.mcap", *FAST, "--out", "notes.txt/out"], "--out notes.txt/out: cannot be made (Not a directory); name another folder"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=[" ".join(arguments)[:60] for arguments, _ in REFUSED])
def test_what_cannot_be_replayed_is_refused_in_one_line(omniflow, here, arguments, words):
    if arguments[:1] == ["out"]:
        assert omniflow(*ASK, "--out", "out").code == 0
    assert words in omniflow.refused("replay", *arguments)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_must_not_be_written_to_is_refused(omniflow, here):
    (here / "folder").chmod(0o500)
    assert "--out folder: cannot be written to; name another folder" in omniflow.refused(*ASK, "--out", "folder")
    assert "--out folder/new: cannot be made (Permission denied)" in omniflow.refused(*ASK, "--out", "folder/new")


def test_a_recorded_assistant_takes_no_script(omniflow, here):
    assert "takes no script, got script.yaml" in omniflow.refused("replay", "dialogue_zh", "--model", "recorded", "--script", "script.yaml")
