"""The entry point: every trouble that a user can cause is one line on stderr and exit code 2; Ctrl-C is 130."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from theorylab.cli.sigint import GO_ON, Interrupted, no_more, pressed, watch

__all__ = ["main"]

BAD_INPUT = 2
INTERRUPTED = 130


def _user_errors() -> tuple[type[Exception], ...]:
    # Imported when something has gone wrong, since these modules load numpy and scipy.
    from theorylab.montecarlo.engine import WorkerError
    from theorylab.montecarlo.ledger import LedgerError
    from theorylab.montecarlo.samplers import SamplerError
    from theorylab.project import ProjectError
    from theorylab.session import SetupError

    return (ValueError, OSError, LedgerError, ProjectError, SetupError, SamplerError, WorkerError)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Parameters
    ----------
    arguments
        Words after the program's name; those of the process if None.
    """
    watch()
    code = BAD_INPUT
    try:
        for stream in (sys.stdout, sys.stderr):
            # What the terminal's character set lacks, such as ≤ or the letters of a name, comes escaped instead of ending the command.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        code = _flushed(run(list(sys.argv[1:] if arguments is None else arguments)))
    except KeyboardInterrupt:
        code = _interrupted(GO_ON)
    finally:
        no_more()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    try:
        # Here, so that Ctrl-C while all this is loaded is one line too.
        from theorylab.cli.commands import app

        return app(arguments, standalone_mode=False, prog_name="theorylab") or 0
    except Interrupted as error:
        return _interrupted(str(error))
    except BaseException as error:
        expected = isinstance(error, _user_errors())
        if pressed():
            return _interrupted(_words(error) if expected else GO_ON)
        # Click's exceptions are known by what they offer: where their classes live differs between releases of typer.
        if hasattr(error, "format_message"):
            return _complain(error.format_message())
        if isinstance(error, MemoryError):
            return _complain(f"not enough memory ({error})" if str(error) else "not enough memory")
        if expected:
            return _complain(_words(error))
        raise


def _words(error: BaseException) -> str:
    """Return what an exception says, without the number of an error of the system."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error)


def _flushed(code: int) -> int:
    """Return the exit code once all output is out, which a full disk may prevent."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # What is left would be tried once more when the interpreter closes.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return _complain(f"cannot write the output: {error.strerror or error}")
    return code


def _interrupted(message: str) -> int:
    _say(f"theorylab: interrupted; {message}")
    return INTERRUPTED


def _complain(message: str) -> int:
    _say(f"theorylab: error: {message}")
    return BAD_INPUT


def _say(message: str) -> None:
    line = " ".join(message.split())
    # A message may quote a damaged or foreign file, and what moves a cursor there is not for the terminal.
    print("".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line), file=sys.stderr)
