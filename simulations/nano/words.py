"""Write down what is said in nano's world: what users say, what the assistant answers, and what it is told beforehand.

Lines of the assistant are words joined by single spaces; a comma belongs to its word, which is another word than without.
"""

from __future__ import annotations

from typing import NamedTuple

COLOURS = ("red", "green", "blue", "yellow", "purple")
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
LEAST, MOST = 3, 10  # of what is counted to
KETTLE = len(COLOURS)  # what is awaited: a colour of the lamp, or, by this number, that the kettle boils

# What a phrase is meant as. Answered are: colour, blocks, kettle, is-it, count, hello, and the two that ask to be told.
ASKS = ("colour", "blocks", "kettle", "is-it", "count", "hello", "tell-me")
VISUAL = ("colour", "blocks", "kettle", "is-it")


class Phrase(NamedTuple):
    """Say something that users say: in words, what it is meant as, and which colour, number or event it names."""

    text: str
    kind: str  # one of ASKS, or stop, back-channel, chat
    argument: int = -1

    @property
    def words(self) -> tuple[str, ...]:
        """Return its words."""
        return tuple(self.text.split())


class Prompt(NamedTuple):
    """Say what the assistant is told before a session: in words, and what it is to speak up at, every time, unasked."""

    text: str
    awaits: tuple[int, ...] = ()  # colours of the lamp, or KETTLE

    @property
    def words(self) -> tuple[str, ...]:
        """Return its words."""
        return tuple(self.text.split())


def _phrases() -> tuple[Phrase, ...]:
    asked = {
        "colour": ("what colour is the lamp", "which colour do you see", "tell me the colour of the lamp"),
        "blocks": ("how many blocks are there", "how many blocks do you see"),
        "kettle": ("is the kettle boiling", "does the kettle boil"),
        "hello": ("hello", "hello there", "good morning"),
        "stop": ("stop", "be quiet", "stop please"),
        "back-channel": ("uh huh", "okay", "right", "i see"),
        "chat": (
            "my lunch bag is blue", "he will stop smoking", "pass me the water", "the train was late today",
            "she likes the green door", "dinner is nearly ready", "we are out of milk", "i saw him at the market",
            "there were seven people at the party", "close the window behind you",
        ),
    }  # fmt: skip
    plain = [Phrase(text, kind) for kind, texts in asked.items() for text in texts]
    about = [Phrase(f"is the lamp {colour}", "is-it", n) for n, colour in enumerate(COLOURS)]
    counts = [Phrase(f"count to {NUMBERS[n]}", "count", n) for n in range(LEAST, MOST + 1)]
    tells = [Phrase(f"tell me when the lamp turns {colour}", "tell-me", n) for n, colour in enumerate(COLOURS)]
    return (*plain, *about, *counts, *tells, Phrase("tell me when the kettle boils", "tell-me", KETTLE))


PHRASES = _phrases()
USER_WORDS = ("", *sorted({word for phrase in PHRASES for word in phrase.words}))  # index 0: no word

PROMPTS = (
    Prompt("answer what you are asked"),
    Prompt("say so when the kettle boils", (KETTLE,)),
    *(Prompt(f"say so when the lamp turns {colour}", (n,)) for n, colour in enumerate(COLOURS)),
    Prompt("say so when the lamp turns red or the kettle boils", (0, KETTLE)),
)
PROMPT_WORDS = tuple(sorted({word for prompt in PROMPTS for word in prompt.words}))


def colour_answer(colour: int) -> str:
    """Say which colour the lamp has."""
    return f"the lamp is {COLOURS[colour]}"


def blocks_answer(blocks: int) -> str:
    """Say how many blocks there are.

    >>> blocks_answer(0), blocks_answer(1), blocks_answer(3)
    ('i see no blocks', 'i see one block', 'i see three blocks')
    """
    return f"i see {NUMBERS[blocks]} block{'' if blocks == 1 else 's'}"


def kettle_answer(kettle: int) -> str:
    """Say whether the kettle boils."""
    return "yes it is boiling" if kettle else "no it is not boiling"


def is_it_answer(colour: int, asked: int) -> str:
    """Say whether the lamp has the colour that was asked for, and if not, which."""
    return f"yes it is {COLOURS[colour]}" if colour == asked else f"no it is {COLOURS[colour]}"


def count_answer(to: int) -> str:
    """Count from one, slowly enough to be interrupted: a comma is a pause."""
    return ", ".join(NUMBERS[1 : to + 1])


def event_answer(awaited: int) -> str:
    """Say that what was awaited has come about.

    >>> event_answer(0), event_answer(KETTLE)
    ('the lamp is red now', 'the kettle is boiling now')
    """
    return "the kettle is boiling now" if awaited == KETTLE else f"the lamp is {COLOURS[awaited]} now"


NOTHING_ANSWER = "i see nothing"  # where there is no camera
HELLO_ANSWER = "hello there"
TELL_ANSWER = "okay"


def answer(phrase: Phrase, scene: tuple[int, int, int] | None) -> str:
    """Return the line that answers a phrase, given what is seen: lamp, blocks, kettle; empty for what is not to be answered.

    >>> answer(PHRASES[0], (2, 0, 0)), answer(PHRASES[0], None), PHRASES[10].kind, answer(PHRASES[10], (2, 0, 0))
    ('the lamp is blue', 'i see nothing', 'stop', '')
    """
    if scene is None and phrase.kind in VISUAL:
        return NOTHING_ANSWER
    colour, blocks, kettle = scene or (0, 0, 0)
    return {
        "colour": lambda: colour_answer(colour),
        "blocks": lambda: blocks_answer(blocks),
        "kettle": lambda: kettle_answer(kettle),
        "is-it": lambda: is_it_answer(colour, phrase.argument),
        "count": lambda: count_answer(phrase.argument),
        "hello": lambda: HELLO_ANSWER,
        "tell-me": lambda: TELL_ANSWER,
    }.get(phrase.kind, str)()


def lines() -> tuple[str, ...]:
    """List every line that the assistant ever says, each once, in an order that does not change."""
    colours = range(len(COLOURS))
    said = [HELLO_ANSWER, TELL_ANSWER, NOTHING_ANSWER, *map(colour_answer, colours), *map(blocks_answer, range(6)), *map(kettle_answer, (0, 1))]
    said += [is_it_answer(colour, asked) for colour in colours for asked in (colour, colour - 1)]
    said += [*map(count_answer, range(LEAST, MOST + 1)), *map(event_answer, range(KETTLE + 1))]
    return tuple(dict.fromkeys(said))


ANSWER_WORDS = tuple(sorted({word for line in lines() for word in line.split()}))
