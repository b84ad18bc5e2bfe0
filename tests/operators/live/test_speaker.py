"""A player plays frame after frame, says what was heard of them, and falls silent at once when it is told to."""

from __future__ import annotations

from typing import Any

from operators.live.speaker import Speaker

MS = 1_000_000
FRAME = bytes(960)  # 20 ms


def head(n: int, *, response: int = 1, epoch: int = 0, last: bool = False) -> dict[str, Any]:
    return {"seq": n, "response": response, "epoch": epoch, "at": n * 480, "last": last}


def speaking(frames: int, now: int = 0) -> Speaker:
    """Be a player that got so many frames of an answer at once; the last one ends it."""
    speaker = Speaker()
    for n in range(frames):
        speaker.frame(now, head(n, last=n == frames - 1), FRAME)
    return speaker


def ack(played: int, at_ms: float, *, final: bool = False, response: int = 1, epoch: int = 0) -> dict[str, Any]:
    return {"response": response, "played_samples": played, "final": final, "epoch": epoch, "at": round(at_ms * MS)}


def test_frames_sound_one_after_the_other_as_they_come():
    speaker = speaking(3, now=100 * MS)
    assert [(frame.start // MS, frame.end // MS) for frame in speaker.frames] == [(100, 120), (120, 140), (140, 160)]
    speaker.frame(500 * MS, head(3), FRAME)
    assert speaker.frames[-1].start == 500 * MS


def test_what_was_heard_is_acknowledged_each_200_ms_and_at_the_end():
    speaker = speaking(25)
    found = [each for now in range(0, 600, 10) for each in speaker.acks(now * MS)]
    assert found == [ack(4800, 200), ack(9600, 400), ack(12_000, 500, final=True)]
    assert (len(speaker.take()), speaker.take(), speaker.acks(900 * MS)) == (25, [], [])


def test_a_flush_cuts_the_answer_where_it_sounds():
    speaker = speaking(25)
    assert speaker.acks(200 * MS) == [ack(4800, 200)]
    assert speaker.flush(310 * MS, {"epoch": 1}) == [ack(7440, 310, final=True)]
    assert (speaker.acks(900 * MS), speaker.frames) == ([], [])
    speaker.frame(320 * MS, head(25), FRAME)  # of the epoch before
    assert speaker.frames == []
    speaker.frame(330 * MS, head(26, response=2, epoch=1), FRAME)
    assert [frame.start for frame in speaker.frames] == [330 * MS]


def test_a_flush_of_silence_has_nothing_to_say():
    assert Speaker().flush(5, {"epoch": 1}) == []


def test_a_frame_that_comes_twice_sounds_once():
    speaker = speaking(2)
    speaker.frame(5, head(1), FRAME)
    assert len(speaker.frames) == 2
