"""What cannot be published is said before a socket is open."""

from __future__ import annotations

import pytest

from omniflow_graph.command import main

WHERE = "@tcp://127.0.0.1:*"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--feed", "env-audio"], "--feed: wants STREAM=CODEC@ENDPOINT"),
        (["--feed", f"env-touch=omniflow/1{WHERE}"], "holds no env-touch; it has env-"),
        (["--feed", f"env-audio=pickle{WHERE}"], "nothing writes 'pickle'; there are omniflow/1"),
        (["--feed", f"env-audio=raw-jpeg{WHERE}"], "--feed: raw-jpeg holds image, and env-audio is audio; omniflow/1 holds all"),
        (["--feed", f"env-audio=omniflow/1{WHERE}", "--pace", "0"], "--pace: wants 0.01 to 100, got 0.0"),
    ],
)
def test_what_cannot_be_published_is_said(args, words, capsys):
    assert main(["publish", "three_questions", *args]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert words in err
