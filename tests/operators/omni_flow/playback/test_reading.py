"""An acknowledgement is read from whatever says how much of which answer was heard; what does not is refused by stream, number and time."""

from __future__ import annotations

from typing import Any

import pytest

from omniflow_graph import Event, RecordingError, seconds
from omniflow_graph.recording.wire import Fields, Row
from operators.omni_flow.playback.reading import read_ack
from operators.words import Ack

WHOLE = {"response": 2, "played_samples": 480, "final": True, "epoch": 1, "time": 9}


def read(data: Any) -> Ack:
    return read_ack(Event(seconds(0.25), "playback", 4, data))


@pytest.mark.parametrize("data", [Ack(**WHOLE), WHOLE, Fields(WHOLE), Row(tuple(WHOLE), tuple(WHOLE.values())), {**WHOLE, "battery": "low"}])
def test_a_record_and_a_map_say_the_same(data):
    assert read(data) == Ack(2, 480, True, 1, 9)


@pytest.mark.parametrize("data", [{"response": 2, "played_samples": 480}, Row(("response", "played_samples"), (2, 480))])
def test_what_is_left_out_is_taken_as_of_the_first_epoch_of_when_it_came_and_of_an_answer_that_goes_on(data):
    assert read(data) == Ack(2, 480, False, 0, seconds(0.25))


BAD = [
    ("loud", "loud"),
    (None, "None"),
    (b"1234", "4 bytes"),
    (7, "7"),
    ({}, ""),
    ({"response": 1}, "response=1"),
    ({"played_samples": 1}, "played_samples=1"),
    *[({**WHOLE, name: wrong}, "response=") for name, wrong in {**dict.fromkeys(WHOLE, "1"), "played_samples": 1.5, "final": 1}.items()],
    ({**WHOLE, "response": True}, "response=True"),
    (Ack("1", 0, True), "response=1"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("data", "got"), BAD)
def test_what_does_not_say_what_was_heard_is_refused_by_its_stream_number_and_time(data, got):
    with pytest.raises(RecordingError) as caught:
        read(data)
    words = "stream 'playback', event 4 at 0.250 s: wants what was heard of an answer (response, epoch, played_samples, time), got "
    assert str(caught.value).startswith(words + got)
    assert str(caught.value).endswith("; replay with --playback simulated")
