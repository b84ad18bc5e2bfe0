"""Tell stories for the demo: sessions of nano's world that are worth seeing, in voices that it was not trained with.

`python -m simulations.nano.stories FOLDER` writes them as recordings, as they lie in recordings/nano.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from heapq import merge
from pathlib import Path
from typing import NamedTuple

from omniflow_graph.events import SECOND, Event, seconds
from omniflow_graph.media.found import audio_frames
from omniflow_graph.recording import Manifest, RecordingWriter, StreamInfo
from simulations.nano.bank import said_by
from simulations.nano.oracle import Uttered
from simulations.nano.scenes import called
from simulations.nano.sessions import Session, judged, picture_name, pixels, sounding
from simulations.nano.timeline import LOOK, SAMPLE, Beep, Surroundings, Timeline
from simulations.nano.words import PHRASES, PROMPTS
from simulations.room.pictures import png

SPLIT = "heldout"
LICENCE = "Apache-2.0; synthetic voices, drawn pictures; see LICENCE.md"
PHRASE = {phrase.text: n for n, phrase in enumerate(PHRASES)}
PROMPT = {prompt.text: n for n, prompt in enumerate(PROMPTS)}
PLAIN = PROMPTS[0].text


class Story(NamedTuple):
    """Tell a story: what it shows, what happens when (in seconds), and what is right to say, with the window it begins in."""

    name: str
    about: str
    length: int
    said: tuple[tuple[float, str], ...]  # by the user; by somebody else in the room, if it begins with "*"
    seen: tuple[tuple[float, str], ...]  # from when on
    answers: tuple[tuple[int, str], ...]
    prompt: str = PLAIN
    voice: str = "espeak en-us+m6"
    other: str = "espeak en-us+f3"
    decibels: int = 0  # how loud people are, beside a usual clip
    around: Surroundings = Surroundings(noise=1)


STORIES = (
    Story(
        "nano_questions", "three questions about what is to be seen, each answered from the picture of that second", 13,
        ((0.7, "what colour is the lamp"), (4.4, "how many blocks are there"), (8.7, "is the kettle boiling")),
        ((0, "blue lamp, 3 blocks, kettle off"), (7.2, "blue lamp, 3 blocks, kettle boiling")),
        ((2, "the lamp is blue"), (5, "i see three blocks"), (10, "yes it is boiling")),
    ),
    Story(
        "nano_barge_in", "it counts, is told to stop, and is silent at once; then it is asked something else", 11,
        ((0.8, "count to ten"), (2.9, "stop please"), (7.4, "is the lamp red")),
        ((0, "green lamp, 1 blocks, kettle off"),),
        ((1, "one, two, three, four, five, six,"), (8, "no it is green")), voice="espeak en-gb+m7",
    ),
    Story(
        "nano_reminder", "it is asked to say when the lamp turns green: not at blue, not at blocks, but at green, once", 14,
        ((0.6, "tell me when the lamp turns green"),),
        ((0, "red lamp, 2 blocks, kettle off"), (5.3, "blue lamp, 2 blocks, kettle off"), (8.2, "blue lamp, 4 blocks, kettle off"),
         (10.4, "green lamp, 4 blocks, kettle off")),
        ((2, "okay"), (10, "the lamp is green now")), voice="espeak en-gb+f5",
    ),
    Story(
        "nano_unasked", "nobody says a word: it speaks up because its prompt says to, when the kettle boils", 11, (),
        ((0, "yellow lamp, 1 blocks, kettle off"), (3.2, "purple lamp, 1 blocks, kettle off"), (7.4, "purple lamp, 1 blocks, kettle boiling")),
        ((7, "the kettle is boiling now"),), prompt="say so when the kettle boils", around=Surroundings(noise=8, rumble=10),
    ),
    Story(
        "nano_nod", "while it counts the user nods, 'uh huh', and it goes on", 9,
        ((0.7, "count to eight"), (3.2, "uh huh")),
        ((0, "purple lamp, 0 blocks, kettle off"),),
        ((1, "one, two, three, four, five, six, seven, eight"),), voice="espeak en-gb+linda",
    ),
    Story(
        "nano_not_for_it", "two people talk to each other, of a lunch bag and of smoking; only the greeting is for it", 12,
        ((0.8, "my lunch bag is blue"), (3.4, "*he will stop smoking"), (6.3, "pass me the water"), (9.6, "hello there")),
        ((0, "red lamp, 5 blocks, kettle boiling"),),
        ((10, "hello there"),), voice="espeak en-us+Mario", other="espeak en-us+Annie",
    ),
    Story(
        "nano_noise_only", "noise, music, beeps, and things that change, but not what it is to speak up at: it keeps silent", 9, (),
        ((0, "green lamp, 2 blocks, kettle off"), (3.3, "blue lamp, 2 blocks, kettle off"), (6.1, "blue lamp, 5 blocks, kettle off")),
        (), prompt="say so when the lamp turns red or the kettle boils",
        around=Surroundings(25, 40, 80, (Beep(seconds(2.5), 880, 200, 1500), Beep(seconds(7.25), 1320, 150, 1500))),
    ),
    Story(
        "nano_two_at_once", "the kettle, which it is to watch, boils while it is asked to count: it counts, then tells", 13,
        ((0.5, "tell me when the kettle boils"), (6.0, "count to five")),
        ((0, "yellow lamp, 2 blocks, kettle off"), (7.1, "yellow lamp, 2 blocks, kettle boiling")),
        ((2, "okay"), (7, "one, two, three, four, five"), (9, "the kettle is boiling now")), voice="espeak en-gb-scotland+paul",
    ),
    Story(
        "nano_in_vain", "it is to tell when the lamp turns yellow, which never comes; asked, it answers what is there", 14,
        ((0.6, "tell me when the lamp turns yellow"), (11.3, "which colour do you see")),
        ((0, "blue lamp, 1 blocks, kettle off"), (5.2, "green lamp, 1 blocks, kettle off"), (8.4, "red lamp, 1 blocks, kettle boiling")),
        ((2, "okay"), (12, "the lamp is red")), voice="espeak en-us+f3", other="espeak en-us+m6",
    ),
    Story(
        "nano_no_camera", "there is no camera: it says so, and goes on talking", 10,
        ((0.9, "how many blocks do you see"), (4.6, "count to four")),
        (), ((2, "i see nothing"), (5, "one, two, three, four")), voice="espeak en-gb+klatt3",
    ),
    Story(
        "nano_change_of_mind", "while it counts it is asked something else, and answers that", 10,
        ((0.6, "count to ten"), (2.6, "is the lamp purple")),
        ((0, "purple lamp, 4 blocks, kettle off"),),
        ((1, "one, two, three, four, five, six,"), (3, "yes it is purple")), voice="espeak en-us+Annie",
    ),
    Story(
        "nano_busy_room", "a soft voice, noise and the echo of its own voice; both things that its prompt names come at once", 14,
        ((1.2, "good morning"), (9.5, "how many blocks are there"), (5.1, "*the train was late today")),
        ((0, "blue lamp, 2 blocks, kettle off"), (4.3, "red lamp, 2 blocks, kettle boiling")),
        ((2, "hello there"), (4, "the lamp is red now"), (5, "the kettle is boiling now"), (11, "i see two blocks")),
        prompt="say so when the lamp turns red or the kettle boils", voice="espeak en-gb+m7", other="espeak en-gb+f5", decibels=-8,
        around=Surroundings(noise=25, rumble=40, echo=60),
    ),
)  # fmt: skip


def told(story: Story, window: float = 1.0) -> Session:
    """Return a story as a session, with what is right in each window."""
    changes = tuple((seconds(at), called(scene)) for at, scene in story.seen)
    pictures = tuple(second * SECOND + LOOK for second in range(story.length)) if story.seen else ()
    uttered = tuple(sorted(_uttered(story, at, text) for at, text in story.said))
    seed = STORIES.index(story)
    length = story.length * SECOND
    return judged(Timeline(seed, SPLIT, length, PROMPT[story.prompt], uttered, changes, pictures, story.around), seconds(window))


def _uttered(story: Story, at: float, text: str) -> Uttered:
    who = "talker" if text.startswith("*") else "user"
    phrase = PHRASE[text.removeprefix("*")]
    clip = said_by(SPLIT)[story.other if who == "talker" else story.voice][phrase][0]
    begin = round(seconds(at) / SAMPLE) * SAMPLE
    return Uttered(begin, begin + len(clip.samples) * SAMPLE, phrase, clip.index, round(1000 * 10 ** (story.decibels / 20)), who)


def write(story: Story, folder: Path) -> Path:
    """Write a story as a recording: sound in frames of 20 ms, a picture a second, what it shows, the prompt, what is right to say."""
    of = told(story)
    streams = {"env-audio": StreamInfo("audio", rate_hz=16_000, format="pcm-s16")}
    streams |= {"env-visual": StreamInfo("image", format="png")} if of.drawn.pictures else {}
    notes = {"prompt": story.prompt, "story": story.about, "answers": [[window, line] for window, line in story.answers]}
    source = f"a session of nano's world: {story.about}"
    path = folder / f"{story.name}.mcap"
    with RecordingWriter(path, Manifest(story.name, of.drawn.length, streams, source=source, licence=LICENCE, notes=notes)) as writer:
        for event in merge(_pictures(of), audio_frames([(0, sounding(of))]), key=lambda event: event.time):
            writer.add(event)
    return path


def _pictures(of: Session) -> Iterator[Event]:
    for n, time in enumerate(of.drawn.pictures):
        yield Event(time, "env-visual", n, png(pixels(picture_name(of.drawn, time)), pack=True))


if __name__ == "__main__":
    for each in STORIES:
        print(write(each, Path(sys.argv[1])))
