"""Find codecs by name: ours, and those that installed packages bring along under the entry point `omniflow.codecs`.

An entry is a function `codec(stream, **options) -> Codec`; its options are `int`, `float` or `str`, as it annotates them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.metadata import entry_points
from urllib.parse import parse_qsl

from omniflow_graph.live.codecs import imagezmq, lekiwi, lerobot, omniflow1, raw_jpeg, raw_pcm
from omniflow_graph.live.codecs.record import Codec, Writer

GROUP = "omniflow.codecs"
OURS: dict[str, Callable[..., Codec]] = {
    "omniflow/1": omniflow1.codec,
    "raw-jpeg": raw_jpeg.codec,
    "unitree": raw_jpeg.codec,
    "lerobot": lerobot.codec,
    "lekiwi": lekiwi.codec,
    "imagezmq": imagezmq.codec,
    "raw-pcm": raw_pcm.codec,
}
WRITERS: dict[str, Callable[..., Writer]] = {
    "omniflow/1": omniflow1.writer,
    "raw-jpeg": raw_jpeg.writer,
    "unitree": raw_jpeg.writer,
    "lerobot": lerobot.writer,
    "lekiwi": lekiwi.writer,
    "imagezmq": imagezmq.writer,
    "raw-pcm": raw_pcm.writer,
}
READS = {"int": int, "float": float, "str": str}


def codec_of(text: str, stream: str) -> Codec:
    """Make the codec that is written `NAME` or `NAME?option=value&...`. Raises ValueError that names what is wrong.

    >>> codec_of("raw-pcm?rate=48000&channels=2", "env-audio").rate_hz
    16000
    """
    name, _, query = text.partition("?")
    make = OURS.get(name) or next((entry.load() for entry in entry_points(group=GROUP) if entry.name == name), None)
    if make is None:
        known = ", ".join([*OURS, *(entry.name for entry in entry_points(group=GROUP))])
        raise ValueError(f"stream {stream!r}: there is no codec {name!r}; there are {known}")
    return make(stream, **_options(make, name, query, stream))


def writer_of(text: str, stream: str) -> Writer:
    """Make what writes records as a codec reads them, written as in `codec_of`. Raises ValueError that names what is wrong.

    >>> from omniflow_graph.live.codecs.record import Record
    >>> writer_of("imagezmq?name=front", "env-visual")(Record("env-visual", b"jpeg"))
    [b'{"msg": "front"}', b'jpeg']
    """
    name, _, query = text.partition("?")
    if name not in WRITERS:
        raise ValueError(f"stream {stream!r}: nothing writes {name!r}; there are {', '.join(WRITERS)}")
    return WRITERS[name](stream, **_options(WRITERS[name], name, query, stream))


def _options(make: Callable[..., object], name: str, query: str, stream: str) -> dict[str, int | float | str]:
    parameters = dict(list(inspect.signature(make).parameters.items())[1:])
    options = {}
    for option, value in parse_qsl(query, keep_blank_values=True):
        if option not in parameters:
            raise ValueError(f"stream {stream!r}: codec {name!r} has no option {option!r}; it has {', '.join(parameters) or 'none'}")
        options[option] = _read(value, parameters[option], f"stream {stream!r}: codec {name!r}, option {option!r}")
    return options


def _read(value: str, parameter: inspect.Parameter, whose: str) -> int | float | str:
    kind = parameter.annotation if isinstance(parameter.annotation, str) else getattr(parameter.annotation, "__name__", "str")
    try:
        return READS.get(kind, str)(value)
    except ValueError:
        raise ValueError(f"{whose}: wants {'a whole number' if kind == 'int' else 'a number'}, got {value!r}") from None
