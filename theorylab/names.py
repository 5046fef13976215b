"""Names that become files: one check for all of them, without numpy, since the command line needs it before anything is computed."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

__all__ = ["file_name", "file_path"]


def file_path(argument: str, path: Any) -> Path:
    """Return ``path`` as a `Path` if it is one, or the text of one.

    Raises
    ------
    ValueError
        If it is something else, or holds a NUL character, which no path can.
    """
    if not isinstance(path, str | PurePath) or "\0" in str(path):
        raise ValueError(f"{argument} must be the path of a file or folder; got {path!r:.80}")
    return Path(path)


def file_name(argument: str, name: Any) -> str:
    """Return ``name`` if it can only be the name of one visible file in a folder, on every system.

    Parameters
    ----------
    argument
        What the message calls it.
    name
        The name.

    Raises
    ------
    ValueError
        If it is no text, is empty, begins with a dot, or holds a separator of paths or drives or a character that cannot be printed.
    """
    if not isinstance(name, str) or not name or name.startswith(".") or not name.isprintable() or set(name) & set("/\\:"):
        raise ValueError(
            f"{argument} must be the name of one file, without leading dot, slash, backslash, colon and control characters; got {name!r}"
        )
    return name
