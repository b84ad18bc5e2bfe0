"""What ears and eyes cannot take is refused before anything runs: at another rate a voice would be misheard, and nobody told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from omniflow_graph import Event, Graph, RecordingError, seconds
from omniflow_graph.recording import Manifest, StreamInfo, open_recording, write_recording
from operators.commands.fitting import check_streams
from operators.duplex import duplex
from operators.switching import switching
from operators.turn_based import turn_based
from tests.operators.commands.rooms import FAST, STREAMS

SOUND = STREAMS["env-audio"]
LOUD = np.full(320, 3000, "<i2").tobytes()
WAY = "`omniflow export odd.mcap FOLDER` and `omniflow import FOLDER NEW.mcap` bring it to that"

ODD = [
    ("env-audio", replace(SOUND, rate_hz=48_000), LOUD, f"sound at 48000 Hz, and 'listen' takes sound at 16000 Hz, mono, pcm-s16; {WAY}"),
    ("env-audio", replace(SOUND, rate_hz=8000), LOUD, "sound at 8000 Hz, and"),
    ("env-audio", replace(SOUND, rate_hz=None), LOUD, "sound without a rate_hz in the manifest, and 'listen' takes"),
    (
        "env-audio",
        replace(SOUND, format="pcm-f32"),
        bytes(4),
        "sound as 'pcm-f32', and 'listen' takes sound at 16000 Hz, mono, pcm-s16; write it again",
    ),
    ("env-audio", StreamInfo("text"), "words", "of kind 'text', and 'listen' takes sound"),
    ("env-audio", StreamInfo("value"), {"a": 1}, "of kind 'value', and 'listen' takes sound"),
    ("env-audio", StreamInfo("image"), b"?", "of kind 'image', and 'listen' takes sound"),
    (
        "env-visual",
        SOUND,
        LOUD,
        "of kind 'audio', and 'look' takes JPEG or PNG; write it again as that, or import its pictures with `omniflow import`",
    ),
    ("env-visual", StreamInfo("text"), "words", "of kind 'text', and 'look' takes JPEG or PNG"),
    ("env-visual", StreamInfo("image", format="h264"), b"?", "pictures as 'h264', and 'look' takes JPEG or PNG"),
]


def odd(stream: str, info: StreamInfo, payload: object) -> None:
    """Write odd.mcap, with one event on each stream."""
    events = [Event(n, name, 0, payload if name == stream else bytes(2)) for n, name in enumerate(STREAMS)]
    write_recording("odd.mcap", Manifest("odd", seconds(1), STREAMS | {stream: info}), events)


@pytest.mark.parametrize(("stream", "info", "payload", "words"), ODD, ids=[f"{words[:20]}" for *_, words in ODD])
@pytest.mark.parametrize("command", [["replay"], ["replay", "room.mcap"], ["check", "--accept"]], ids=" ".join)
def test_a_stream_that_cannot_be_taken_is_refused(omniflow, here, stream, info, payload, words, command):
    odd(stream, info, payload)
    assert f"odd.mcap: stream {stream!r} is {words}" in omniflow.refused(*command, "odd.mcap", *FAST)


def test_the_way_out_leads_out(omniflow, here):
    odd("env-audio", replace(SOUND, rate_hz=48_000), np.full(48_000, 3000, "<i2").tobytes())
    assert omniflow("export", "odd.mcap", "media").code == 0
    (here / "media" / "000000.000000000.jpg").unlink()  # what odd() writes there is no picture
    assert omniflow("import", "media", "even.mcap").code == 0
    assert open_recording("even.mcap").session().end == seconds(1)
    assert omniflow("replay", "even.mcap", *FAST).code == 0


def test_a_graph_that_hears_in_its_own_way_may_be_given_anything(here):
    odd("env-audio", replace(SOUND, rate_hz=48_000), LOUD)
    recording = open_recording("odd.mcap")
    check_streams(duplex(model="scripted-fast").replace("listen", fn=lambda state, event: (state, [])), recording)
    with pytest.raises(RecordingError, match="sound at 48000 Hz, and 'listen' takes"):
        check_streams(duplex(model="scripted"), recording)
    g = Graph("other")
    g.sink("out", g.map("level", g.source("env-audio"), lambda event: len(event.data)))
    check_streams(g, recording)


def test_a_recording_without_the_stream_is_told_elsewhere(here):
    write_recording("odd.mcap", Manifest("odd", streams={"mic": StreamInfo("text")}), [Event(0, "mic", 0, "")])
    check_streams(duplex(model="scripted-fast"), open_recording("odd.mcap"))


@pytest.mark.parametrize("speaks", [False, True])
def test_what_a_checkpoint_hears_is_checked_before_it_is_loaded(here, speaks):
    Path("config.json").write_text(json.dumps({"model_type": "minicpmo", "init_tts": speaks}))
    odd("env-audio", replace(SOUND, rate_hz=48_000), LOUD)
    recording = open_recording("odd.mcap")
    with pytest.raises(RecordingError, match="'env-audio' is sound at 48000 Hz, and 'look' takes sound at 16000 Hz"):
        check_streams(duplex(model=str(here)), recording)
    for build in (turn_based, switching):
        with pytest.raises(RecordingError, match="'env-audio' is sound at 48000 Hz, and 'listen' takes sound at 16000 Hz"):
            check_streams(build(model=str(here)), recording)
