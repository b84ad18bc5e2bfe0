"""Make the sample sessions from the media they come from: `python recordings/make.py MEDIA_FOLDER`.

Kept to show how they were made. Decoders differ between builds of ffmpeg, so a file made again may have another digest.
"""

from __future__ import annotations

import heapq
import sys
from pathlib import Path

import numpy as np

from omniflow_graph import Event, seconds
from omniflow_graph.importing import AUDIO, RATE_HZ, audio_frames, import_media, read_sound
from omniflow_graph.recording import Manifest, StreamInfo, write_recording

HERE = Path(__file__).parent
WAVE_HZ = 24_000
PAUSE = 0.5  # seconds between one speaker and the next


def three_questions(media: Path) -> None:
    """Import the video of three pictures and three questions."""
    import_media(
        media / "video" / "session_3questions_22s.mp4", HERE / "three_questions.mcap", name="three_questions", fps=1.0,
        licence="see three_questions.LICENCE.md", note="composed from three photographs and synthetic speech; see three_questions.LICENCE.md",
    )  # fmt: skip


def dialogue_zh(media: Path, case: str = "case_1_02") -> None:
    """Lay a user's two turns and the assistant's two real answers one after another."""
    folder, at = media / "dialogues_zh" / case, PAUSE
    user = np.zeros(0, "<i2")
    pieces: list[Event[bytes]] = []
    turns: list[Event[dict]] = []
    for n in range(2):
        asked = read_sound(folder / f"user_audio_{n}.opus")
        user = np.concatenate([user, np.zeros(round(at * RATE_HZ) - len(user), "<i2"), asked])
        at += len(asked) / RATE_HZ + PAUSE
        answer = _at_24_khz(folder / f"ai_spoken_{n}.opus")
        begin = round(at * 1000) * 1_000_000
        for start in range(0, len(answer), WAVE_HZ):
            pieces.append(Event(begin + seconds(start / WAVE_HZ), "out-stream", len(pieces), answer[start : start + WAVE_HZ].tobytes()))
        end = begin + seconds(len(answer) / WAVE_HZ)
        turns.append(Event(begin, "turns", n, {"start_ns": begin, "end_ns": end, "text": f"(answer {n + 1}, in Chinese)"}))
        at = end / 1e9 + PAUSE
    length = round((at + 0.5) * 50) * RATE_HZ // 50
    frames = list(audio_frames(np.concatenate([user, np.zeros(length - len(user), "<i2")])))
    streams = {
        "env-visual": StreamInfo("image", format="jpeg"),
        AUDIO: StreamInfo("audio", rate_hz=RATE_HZ, format="pcm-s16"),
        "out-stream": StreamInfo("audio", "out", WAVE_HZ, "pcm-s16"),
        "turns": StreamInfo("value", "out"),
    }
    manifest = Manifest(
        "dialogue_zh", len(frames) * 20_000_000, streams, source=f"a published dialogue ({case}); see dialogue_zh.LICENCE.md", licence="MIT"
    )
    write_recording(HERE / "dialogue_zh.mcap", manifest, heapq.merge(frames, pieces, turns, key=lambda event: event.time))


def _at_24_khz(path: Path) -> np.ndarray:
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=WAVE_HZ)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(container.streams.audio[0]) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in [*frames, *resampler.resample(None)]])


if __name__ == "__main__":
    three_questions(Path(sys.argv[1]))
    dialogue_zh(Path(sys.argv[1]))
