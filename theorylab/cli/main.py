"""The entry point: every trouble that a user can cause is one line on stderr and exit code 2; Ctrl-C is 130."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from theorylab.cli.commands import app
from theorylab.cli.interrupts import Interrupted

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
    for stream in (sys.stdout, sys.stderr):
        # What the terminal's character set lacks, such as ≤ or the letters of a name, comes escaped instead of ending the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    try:
        return app(arguments, standalone_mode=False, prog_name="theorylab") or 0
    except Interrupted as error:
        print(f"theorylab: interrupted; {error}", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        # Click's exceptions are known by what they offer: where their classes live differs between releases of typer.
        if hasattr(error, "format_message"):
            return _complain(error.format_message())
        if isinstance(error, _user_errors()):
            return _complain(str(error))
        raise


def _complain(message: str) -> int:
    line = " ".join(message.split())
    # A message may quote a damaged or foreign file, and what moves a cursor there is not for the terminal.
    print(f"theorylab: error: {''.join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)}", file=sys.stderr)
    return BAD_INPUT
