"""What Ctrl-C does to a command, and to the tests that a command has started."""

from __future__ import annotations

import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from theorylab.cli.sigint import GO_ON, Interrupted
from theorylab.project import ProjectError

__all__ = ["Commands", "Interrupted", "run_tests"]


class Commands(TyperGroup):
    """The program's commands."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Read the words of the command line."""
        try:
            return super().make_context(*args, **kwargs)
        except KeyboardInterrupt:
            raise Interrupted(GO_ON) from None

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted(str(error) or GO_ON) from None


# After Ctrl-C: how long the tests may take to close the ledger and write the evidence, before they are told again, and then before they are killed.
GRACE_SECONDS = (5.0, 10.0)


def run_tests(command: list[str], root: Path) -> int:
    """Run pytest and return its exit code; on Ctrl-C it may finish writing what it has.

    Raises
    ------
    KeyboardInterrupt
        After the tests have ended.
    """
    # Until pytest can deal with Ctrl-C in good order, it is held back from it; the plugin knows, and takes it when the session has begun.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    process = subprocess.Popen(command, cwd=root)
    try:
        if held is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        code = process.wait()
        if code < 0:
            raise ProjectError(f"pytest was killed by signal {-code}; run the same command again")
        return code
    except KeyboardInterrupt:
        # A terminal sends Ctrl-C to the tests too; a signal sent to this process alone has to be passed on.
        for seconds in GRACE_SECONDS:
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                break
            process.send_signal(signal.SIGINT)
        raise
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
