"""Every word is found where it is decided on and where it is heard."""

from __future__ import annotations

from omniflow_graph import seconds
from operators.report.words import spoken_words
from tests.operators.commands.rooms import answered, room, script

ms = 1_000_000


def test_a_word_has_the_time_of_its_decision_and_of_its_sound(tmp_path):
    words = spoken_words(answered(room(tmp_path), script(tmp_path)))
    assert [word.text for word in words] == ["I", " can", " hear", " you", " very", " well", " now."]
    first, second = words[:2]
    assert (first.decided, first.heard, first.until, first.decision) == (seconds(2.12), 2290 * ms, 2350 * ms, 1)
    assert (second.heard, second.until) == (2350 * ms, 2590 * ms)
    assert {word.decided for word in words} == {seconds(2.12), seconds(3.12)}  # the last one had to wait for the next window
    assert words[-1].until == 2290 * ms + 29 * 60 * ms


def test_words_that_were_cut_short_say_so_and_end_where_it_fell_silent(tmp_path):
    talked_over = room(tmp_path, (0.5, 1.5), (2.6, 5.5), end=8.0)
    words = spoken_words(
        answered(talked_over, script(tmp_path, "I can hear you very well now, and I shall go on to say so for long."), overlap="on-speech")
    )
    assert [word.cut for word in words] == sorted(word.cut for word in words)  # once silent, silent
    assert any(word.cut for word in words)
    assert not words[0].cut
    assert max(word.until for word in words if not word.cut) <= seconds(4.0)


def test_of_a_graph_in_which_nobody_speaks_there_are_no_words():
    from omniflow_graph import Graph, Session, replay

    g = Graph("meter")
    g.sink("out", g.map("loud", g.source("mic"), lambda event: event.data))
    assert spoken_words(replay(g, Session("s", {"mic": [(0, 1)]}, end=1))) == []
