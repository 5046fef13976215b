"""Ctrl-C at any moment of any command is one line and exit code 130, and the same command goes on to the same record."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import fault_interrupts
import numpy as np
import pytest
from fault_interrupts import Stop
from fault_project import hear_control_c

from theorylab.montecarlo.ledger import Ledger

LOST = """
import gc, os, signal, sys, time
from theorylab.cli import main as door

class Unlucky:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass

def run(arguments):
    Unlucky()
    time.sleep(20)
    return 0

sys.modules["theorylab.cli.main"].run = run
door(["list"])
"""


def test_random_moments(tmp_path: Path) -> None:
    stops = fault_interrupts.experiment(tmp_path, 3, signal.SIGINT, commands=("simulate", "check"))
    assert [stop for stop in stops if stop.kind == "FAULT"] == []
    assert sum(stop.kind == "one line, exit code 130" for stop in stops) > 0


def test_a_fault_would_be_seen() -> None:
    line = "theorylab: interrupted; x\n"
    kinds = {
        (130, line): "one line, exit code 130",
        (130, line + line): "FAULT",
        (1, line): "FAULT",
        (130, 'Traceback\n  File "x/theorylab/cli/main.py", line 1\nKeyboardInterrupt\n'): "FAULT",
        (0, "x"): "FAULT",
        (0, ""): fault_interrupts.MISSED,
    }
    for (code, errors), kind in kinds.items():
        assert Stop("check", 1.0, True, code, errors, 0, 5).kind == kind, (code, errors)


def test_one_that_python_would_forget_is_raised_again() -> None:
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, timeout=60, check=False, preexec_fn=hear_control_c)
    assert (done.returncode, done.stdout) == (130, "")
    assert fault_interrupts.LINE.fullmatch(done.stderr), done.stderr


def test_where_it_is_switched_off_it_stays_so() -> None:
    # As for a command that a shell runs in the background.
    script = "import os, signal; from theorylab.cli import sigint; sigint.watch(); os.kill(os.getpid(), signal.SIGINT); print(sigint.pressed())"
    ignoring = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    command = [sys.executable, "-c", ignoring, sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")


def leave_half(ledger: Ledger, record: int) -> None:
    with ledger._transaction():
        ledger._connection.execute("INSERT INTO block VALUES (?, 0, ?, 0)", (record, b"half"))
        raise KeyboardInterrupt


@pytest.mark.parametrize("moment", ["begun", "inserted"])
def test_an_interrupted_transaction_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    record = ledger.record("one")
    execute = ledger._patiently

    def press(statement: str, *values: object) -> object:
        cursor = execute(statement, *values)  # type: ignore[arg-type]
        if statement.startswith("BEGIN") and moment == "begun":
            raise KeyboardInterrupt
        return cursor

    monkeypatch.setattr(ledger, "_patiently", press)
    rows = np.ones((4, 5))
    if moment == "inserted":
        with pytest.raises(KeyboardInterrupt):
            leave_half(ledger, record)
    else:
        with pytest.raises(KeyboardInterrupt):
            ledger.insert(record, 0, rows)
    monkeypatch.undo()
    # As the engine does on its way out.
    ledger.insert(record, 0, rows)
    assert ledger.vectors(record, 4).tobytes() == rows.tobytes()
    ledger.close()
    assert Ledger(path).info().blocks == 4
