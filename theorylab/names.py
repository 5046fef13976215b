"""Names that become files: one check for all of them, without numpy, since the command line needs it before anything is computed."""

from __future__ import annotations

from typing import Any

__all__ = ["file_name"]


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
