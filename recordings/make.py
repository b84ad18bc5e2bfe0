"""Make the sample sessions from the media they come from: `python -m recordings.make MEDIA_FOLDER`.

Kept to show how they were made. Decoders differ between builds of ffmpeg, so a file made again may have another digest.
"""

from __future__ import annotations

import heapq
import sys
from pathlib import Path

import numpy as np

from omniflow_graph.events import SECOND, Event, seconds
from omniflow_graph.media.found import AUDIO, FRAME_NS, RATE_HZ, audio_frames, read_sound
from omniflow_graph.media.importing import import_media
from omniflow_graph.recording import Manifest, RecordingWriter, StreamInfo

HERE = Path(__file__).parent
WAVE_HZ = 24_000
PAUSE = seconds(0.5)  # between one speaker and the next
DIALOGUE = (  # what is asked, and what the assistant answered
    ("从地球到月球有多远?", "地球到月球的平均距离大约是三十八万公里。"),
    ("圆周率约等于多少?", "圆周率约等于三点一四一五九。"),
)


def three_questions(media: Path) -> None:
    """Import the video of three pictures and three questions."""
    import_media(
        media / "video" / "session_3questions_22s.mp4",
        HERE / "three_questions.mcap",
        name="three_questions",
        fps=2.0,
        width=320,
        quality=50,  # small enough to be package data
        licence="Apache-2.0; holds a photograph by danielbuechele (flickr), CC-BY-2.0; see three_questions.LICENCE.md",
        source_note="three photographs one after another, and a question about each in synthetic speech",
    )


def dialogue_zh(media: Path, case: str = "case_1_02") -> None:
    """Lay a user's two turns and the assistant's two real answers one after another."""
    folder, at = media / "dialogues_zh" / case, PAUSE
    heard: list[tuple[int, np.ndarray]] = []
    pieces: list[Event[bytes]] = []
    turns: list[Event[dict]] = []
    for n, (question, text) in enumerate(DIALOGUE):
        heard.append((at, read_sound(folder / f"user_audio_{n}.opus")))
        begin = _on_grid(at + len(heard[-1][1]) * SECOND // RATE_HZ + PAUSE)
        answer = read_sound(folder / f"ai_spoken_{n}.opus", WAVE_HZ)
        for start in range(0, len(answer), WAVE_HZ):
            piece = answer[start : start + WAVE_HZ].tobytes()
            pieces.append(Event(begin + start // WAVE_HZ * SECOND, "out-stream", len(pieces), piece))
        end = begin + len(answer) * SECOND // WAVE_HZ
        turns.append(Event(begin, "turns", n, {"start_ns": begin, "end_ns": end, "text": text, "question": question}))
        at = _on_grid(end + PAUSE)
    heard.append((at + PAUSE - FRAME_NS, np.zeros(RATE_HZ * FRAME_NS // SECOND, "<i2")))  # silence, up to the end
    streams = {
        AUDIO: StreamInfo("audio", rate_hz=RATE_HZ, format="pcm-s16"),
        "out-stream": StreamInfo("audio", "out", WAVE_HZ, "pcm-s16"),
        "turns": StreamInfo("value", "out"),
    }
    note = f"a published dialogue ({case}): a user's two questions and an assistant's two answers"
    manifest = Manifest("dialogue_zh", at + PAUSE, streams, source=note, licence="MIT, Copyright (c) 2026 ModelBest Inc.; see dialogue_zh.LICENCE.md")
    with RecordingWriter(HERE / "dialogue_zh.mcap", manifest) as writer:
        for event in heapq.merge(audio_frames(heard), pieces, turns, key=lambda event: event.time):
            writer.add(event)


def _on_grid(time: int) -> int:
    """Return the next time at which a frame of 20 ms begins."""
    return -(-time // FRAME_NS) * FRAME_NS


if __name__ == "__main__":
    three_questions(Path(sys.argv[1]))
    dialogue_zh(Path(sys.argv[1]))
