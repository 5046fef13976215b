"""Ctrl-C from the first line of the program to its last: one line and exit code 130. Light, because it comes before everything else."""

from __future__ import annotations

import _thread
import signal
import sys
from types import FrameType
from typing import Any

__all__ = ["Interrupted", "no_more", "pressed", "watch"]

GO_ON = "finished blocks are in the ledger, run the same command again to go on from there"
_pressed = False


class Interrupted(Exception):  # noqa: N818 - it is no error
    """Ctrl-C, in a form that typer hands on: of a KeyboardInterrupt some releases leave only an exit code, others an Abort."""


def watch() -> None:
    """Remember Ctrl-C, and see to it that it is not lost; where a shell has switched it off, it stays so."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _press)
        sys.unraisablehook = _raise_again


def _press(number: int, frame: FrameType | None) -> None:
    global _pressed
    _pressed = True
    raise KeyboardInterrupt


def _raise_again(unraisable: Any) -> None:
    # Inside a destructor or a callback, as imports have them, Python prints an exception and forgets it.
    if hasattr(signal, "pthread_kill") and isinstance(unraisable.exc_type, type) and issubclass(unraisable.exc_type, KeyboardInterrupt):
        # From another thread, so that it comes when this call is over; as a signal, so that it ends a wait.
        _thread.start_new_thread(signal.pthread_kill, (_thread.get_ident(), signal.SIGINT))
    else:
        sys.__unraisablehook__(unraisable)


def pressed() -> bool:
    """Tell whether Ctrl-C has been pressed; what goes wrong afterwards, in libraries that made another exception of it, comes from that."""
    return _pressed


def no_more() -> None:
    """Ignore Ctrl-C from now on: all is done, and the interpreter only has to close."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
