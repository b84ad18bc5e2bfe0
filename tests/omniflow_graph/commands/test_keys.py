"""Keys are made by one command, and named."""

from __future__ import annotations

import pytest

from omniflow_graph.command import main


def test_the_server_and_a_sensor_get_their_keys(tmp_path, capsys):
    assert main(["keys", str(tmp_path / "k"), "--client", "robot-1"]) == 0
    *made, words = capsys.readouterr().out.splitlines()
    names = ["server.key", "server.key_secret", "robot-1.key", "robot-1.key_secret", "allowed/robot-1.key"]
    assert made == [str(tmp_path / "k" / name) for name in names]
    assert words.startswith("copy server.key, robot-1.key and robot-1.key_secret to that machine")


@pytest.mark.parametrize("name", ["server", "../x", "", "a b"])
def test_a_client_has_a_name_that_is_a_file(tmp_path, capsys, name):
    assert main(["keys", str(tmp_path / "k"), "--client", name]) == 2
    assert "--client: wants letters, digits, - and _" in capsys.readouterr().err
    assert not (tmp_path / "k").exists()
