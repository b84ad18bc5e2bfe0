"""Read where sensors are: `STREAM=CODEC@ENDPOINT`, such as `env-audio=omniflow/1@tcp://127.0.0.1:5555`.

Before the endpoint may stand how to open it: `sub+`, `pull+`, `dealer+` or `rep+`, and `bind+` or `connect+`; without them it is
a SUB that connects. Several feeds may name one endpoint: each takes its own out of the messages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from omniflow_graph.live.codecs.record import Codec
from omniflow_graph.live.codecs.registry import codec_of

FORM = "STREAM=CODEC@ENDPOINT, as in env-audio=omniflow/1@tcp://127.0.0.1:5555"
KINDS = ("sub", "pull", "dealer", "rep")
TRANSPORTS = ("tcp", "ipc", "inproc")
LOOPBACK = re.compile(r"127\.\d+\.\d+\.\d+|localhost|\[::1\]")


@dataclass(frozen=True)
class Endpoint:
    """Say which socket to open where."""

    address: str
    kind: str = "sub"
    bind: bool = False

    def __str__(self) -> str:
        return f"{self.kind}+{'bind' if self.bind else 'connect'}+{self.address}"

    @property
    def is_open(self) -> bool:
        """Tell whether other machines can get at it."""
        return self.bind and self.address.startswith("tcp://") and not LOOPBACK.fullmatch(self.address[6:].rpartition(":")[0])


@dataclass(frozen=True)
class FeedSpec:
    """Say what one stream is fed from."""

    stream: str
    codec: Codec
    endpoint: Endpoint

    @property
    def is_sensor(self) -> bool:
        """Tell whether it speaks all the time, so that silence means something."""
        return self.codec.kind in ("audio", "image") or self.stream.startswith("state/")


def feeds_of(texts: Sequence[str]) -> list[FeedSpec]:
    """Read feeds; `A,B=CODEC@ENDPOINT` are two. Raises ValueError that names what is wrong and how it is written."""
    return [spec for text in texts for spec in _feeds(text)]


def _feeds(text: str) -> list[FeedSpec]:
    streams, sign, rest = text.partition("=")
    codec, at, where = rest.rpartition("@")
    if not (sign and at and streams and codec and where):
        raise ValueError(f"--feed: wants {FORM}, got {text!r}")
    endpoint = endpoint_of(where)
    found = []
    for stream in streams.split(","):
        if not stream or not stream.isprintable() or stream.startswith("omniflow/") or stream in ("telemetry", "control"):
            raise ValueError(f"--feed: a stream cannot be called {stream!r} in {text!r}; wants {FORM}")
        found.append(FeedSpec(stream, codec_of(codec, stream), endpoint))
    return found


def endpoint_of(text: str, kind: str = "sub", bind: bool = False) -> Endpoint:
    """Read an endpoint; `kind` and `bind` are what it is if nothing stands before it. Raises ValueError.

    >>> endpoint_of("pull+bind+tcp://127.0.0.1:5556")
    Endpoint(address='tcp://127.0.0.1:5556', kind='pull', bind=True)
    """
    head, sign, rest = text.partition("://")
    *words, transport = head.split("+")
    for word in words:
        if word in KINDS or word == kind:
            kind = word
        elif word in ("bind", "connect"):
            bind = word == "bind"
        else:
            raise ValueError(f"endpoint {text!r}: wants {', '.join(KINDS)}, bind or connect before the address, got {word!r}")
    address = f"{transport}://{rest}"
    if not sign or transport not in TRANSPORTS or not rest:
        raise ValueError(f"endpoint {text!r}: wants {' or '.join(each + '://...' for each in TRANSPORTS)}, got {address!r}")
    if transport == "tcp" and not re.fullmatch(r".+:(\d{1,5}|\*)", rest):
        raise ValueError(f"endpoint {text!r}: wants tcp://HOST:PORT, got {address!r}")
    return Endpoint(address, kind, bind)


def check_reach(endpoint: Endpoint, *, secured: bool, insecure: bool) -> None:
    """Raise ValueError for an endpoint that any machine could write to: what comes in there unsecured may be from anybody."""
    if endpoint.is_open and not secured and not insecure:
        raise ValueError(
            f"{endpoint.address}: other machines can get at it, and nothing keeps them out; wants --keys DIR (`omniflow keys DIR` makes them), "
            "an address of 127.0.0.1, or --insecure to take whatever comes"
        )
