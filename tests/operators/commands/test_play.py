"""Server, sensor and player are three processes: what is said is heard, and what was heard comes back."""

from __future__ import annotations

import json
import wave

import numpy as np
import pytest

from omniflow_graph import Event
from omniflow_graph.events import SECOND
from omniflow_graph.recording import Manifest, StreamInfo, open_recording, write_recording
from operators.commands.play import write_wav
from operators.live.speaker import Heard
from tests.simulations.commands.serving import running, serving


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A recording in which somebody speaks for half a second, soon."""
    path = tmp_path_factory.mktemp("room") / "room.mcap"
    rng = np.random.default_rng(5)
    frames = [(rng.integers(-9000, 9000, 320) * (10 <= n < 50)).astype("<i2").tobytes() for n in range(150)]
    manifest = Manifest("room", streams={"env-audio": StreamInfo("audio", rate_hz=16_000)}, end=3 * SECOND)
    write_recording(path, manifest, [Event(n * 20_000_000, "env-audio", n, frame) for n, frame in enumerate(frames)])
    return path


def test_what_is_said_is_played_and_acknowledged_and_the_recording_replays(room, tmp_path, capsys):
    from omniflow_graph.command import main

    script = tmp_path / "script.yaml"
    script.write_text("- when: {speech_ends: 1}\n  say: One two three four five six.\n")
    args = (
        "--script",
        script,
        "--window",
        0.2,
        "--out",
        "tcp://127.0.0.1:*",
        "--until-idle",
        2,
        "--feed",
        "playback=omniflow/1@bind+tcp://127.0.0.1:*",
    )
    with serving(tmp_path / "rec", *args, streams="env-audio") as server:
        sensors, out = server.addresses  # of one address there is one socket
        with running("play", out, "--ack", f"connect+{sensors}", "--wav", tmp_path / "heard.wav", "--until-idle", 8, "--json", wait=True) as player:
            feed = f"env-audio=omniflow/1@connect+{sensors}"
            with running("publish", room, "--feed", feed, "--json") as sensor:
                sensor.result()
                served, played = server.result(), player.result()
    assert played["frames"] > 20
    assert "".join(played["texts"]) == served["turns"][0]["text"] == "One two three four five six."
    recording = open_recording(tmp_path / "rec" / "live")
    heard = [event.data for event in recording.events(["playback"])]
    assert len(heard) == played["acks"] > 2
    assert (heard[-1]["final"], heard[0]["response"]) == (True, 1)
    with wave.open(str(tmp_path / "heard.wav")) as file:
        assert (file.getframerate(), file.getnframes() >= heard[-1]["played_samples"]) == (24_000, True)
    assert main(["replay", str(tmp_path / "rec"), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["digest"], again["turns"]) == (served["digest"], served["turns"])


def test_a_wav_holds_each_frame_at_its_time(tmp_path):
    one = np.full(480, 7, "<i2").tobytes()
    write_wav(tmp_path / "a.wav", [Heard(5, 20_000_005, 1, 0, 0, one, False), Heard(40_000_005, 60_000_005, 1, 0, 480, one, True)])
    with wave.open(str(tmp_path / "a.wav")) as file:
        samples = np.frombuffer(file.readframes(9999), "<i2")
    assert [samples[at] for at in (0, 479, 480, 959, 960, 1439)] == [7, 7, 0, 0, 7, 7]
    assert len(samples) == 1440
    write_wav(tmp_path / "b.wav", [])
