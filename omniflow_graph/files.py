"""Read what is a file and not too long; leave whole files behind, or none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from omniflow_graph.errors import RecordingError

LONGEST = 16 << 20  # bytes of a text that people or programs wrote down


def whole(path: Path, most: int = LONGEST) -> bytes:
    """Read a whole file. Raises RecordingError for a pipe or a device, which might never end, and for a longer one; OSError."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise RecordingError(f"{path}: is no file; name one")
    with open(path, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise RecordingError(f"{path}: is longer than {most} bytes; name another file")
    return content


def printable(name: str) -> str:
    """Return a file's name as a text that can be written down: names may hold bytes that are none in any encoding.

    >>> printable("caf\\udce9.wav")
    'caf?.wav'
    """
    return name.encode(errors="replace").decode()


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Give a block the name of a file to write, and rename that to `path` after it, if it was written.

    If the block fails, nothing is left. Raises RecordingError where nothing can be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        unblock(part)
        if path.is_dir():
            raise IsADirectoryError(0, "Is a directory")
        yield part
        if part.exists():
            os.replace(part, path)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError):
            raise RecordingError(f"{path}: cannot be written ({error.strerror or error}); name another folder") from None
        raise


def unblock(part: Path) -> None:
    """Remove what a killed writer left: to write into a pipe would wait for its reader, into a link would reach elsewhere."""
    part.unlink(missing_ok=True)


@contextmanager
def cleared(folder: Path) -> Iterator[None]:
    """Let a block make a folder. If the block fails, what it made is removed, as far as it is empty."""
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for each in missing:
                each.rmdir()
        raise
