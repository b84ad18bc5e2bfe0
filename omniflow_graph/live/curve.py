"""Keep strangers out: CURVE, with a key pair for each machine and a folder of those that are let in.

`omniflow keys DIR` makes `server.key`, `server.key_secret` and the folder `allowed/`; a sensor's machine has a pair of its own,
whose public half lies in `allowed/` here, and the server's public half there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SERVER, ALLOWED = "server", "allowed"
DOMAIN = "omniflow"  # of ZAP; without one libzmq would ask nobody


@dataclass
class Curve:
    """Secure sockets with the keys of a folder. `own` is whose secret key is used: "server", or the name of a client."""

    folder: Path
    own: str = SERVER
    _guards: list[Any] = field(default_factory=list, init=False, repr=False)

    def secure(self, socket: Any, *, server: bool) -> None:
        """Give a socket its keys, before it binds (as the server, which asks the allow-list) or connects. Raises ValueError."""
        public, secret = self._pair(self.own)
        socket.curve_publickey, socket.curve_secretkey = public, secret
        if server:
            self._guard(socket.context)
            socket.curve_server = True
            socket.zap_domain = DOMAIN.encode()
        else:
            socket.curve_serverkey = self._pair(SERVER, secret=False)[0]

    def _pair(self, name: str, *, secret: bool = True) -> tuple[bytes, bytes]:
        from zmq.auth import load_certificate

        path = self.folder / f"{name}.key{'_secret' if secret else ''}"
        try:
            public, private = load_certificate(str(path))
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: is no key ({error}); `omniflow keys {self.folder}` makes them") from None
        if secret and private is None:
            raise ValueError(f"{path}: holds no secret key; `omniflow keys {self.folder}` makes them")
        return public, private or b""

    def _guard(self, context: Any) -> None:
        """Let in, on this context, those whose public keys are in the folder `allowed`."""
        from zmq.auth.thread import ThreadAuthenticator

        if any(guard.context is context for guard in self._guards):
            return
        guard = ThreadAuthenticator(context)
        guard.start()
        guard.configure_curve(domain=DOMAIN, location=str(self.folder / ALLOWED))
        self._guards.append(guard)

    def close(self, context: Any) -> None:
        """Let the guard of a context go, before that is ended."""
        for guard in [each for each in self._guards if each.context is context]:
            guard.stop()
            self._guards.remove(guard)


def make_keys(folder: Path, client: str | None = None) -> list[Path]:
    """Make the server's keys, unless they are there, and those of a client, who is let in. Returns what was made.

    Raises ValueError for a client that has keys already.
    """
    from zmq.auth import create_certificates

    allowed = folder / ALLOWED
    allowed.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o700)
    made = []
    if not (folder / f"{SERVER}.key_secret").exists():
        made += _made(create_certificates(str(folder), SERVER))
    if client is not None:
        if (allowed / f"{client}.key").exists() or (folder / f"{client}.key_secret").exists():
            raise ValueError(f"{folder}: {client!r} has keys already; remove them first, or choose another name")
        made += _made(create_certificates(str(folder), client))
        (allowed / f"{client}.key").write_bytes((folder / f"{client}.key").read_bytes())
        made.append(allowed / f"{client}.key")
    return made


def _made(paths: Any) -> list[Path]:
    public, secret = map(Path, paths)
    secret.chmod(0o600)
    return [public, secret]
