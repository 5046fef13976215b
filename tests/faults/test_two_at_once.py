"""Two processes on one ledger at once: same bits, whoever of them is killed, stopped or interrupted while it holds the lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fault_project import SLUG, record_of, run, start

import theorylab.montecarlo.ledger as ledger_module
from theorylab.evidence.store import group_by_claim, read_evidence, write_evidence
from theorylab.files import locked
from theorylab.montecarlo.ledger import Ledger, LedgerError

HOLDER = """
import sys, time
import numpy as np
from theorylab.montecarlo.ledger import Ledger
ledger = Ledger(sys.argv[1])
record = ledger.record("one")
ledger.insert(record, 0, np.full((5, 5), 7.0))
with ledger._transaction():
    ledger._connection.execute("INSERT INTO block VALUES (?, 99, ?, 0)", (record, b"half"))
    print("holds", flush=True)
    time.sleep(1000)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A process in the middle of a transaction."""
    path = tmp_path / "ledger.sqlite"
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "holds\n"
    yield path, process
    process.kill()
    process.wait()
    process.stdout.close()


def finish(ledger: Ledger) -> None:
    record = ledger.record("one")
    assert ledger.missing(record, 8) == [5, 6, 7]
    ledger.insert(record, 5, np.full((3, 5), 7.0))
    assert (ledger.vectors(record, 8) == 7.0).all()
    assert list(ledger.verify()) == []


def test_who_is_killed_in_a_transaction_leaves_no_lock_and_no_half(holder: tuple[Path, subprocess.Popen[str]]) -> None:
    path, process = holder
    waiting = Ledger(path)
    threading.Timer(0.3, process.kill).start()
    finish(waiting)  # waits until the other is dead
    waiting.close()
    assert Ledger(path).info().blocks == 8


def test_who_holds_the_lock_too_long_is_waited_for_and_then_named(
    holder: tuple[Path, subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, process = holder
    process.send_signal(signal.SIGSTOP)
    waiting = Ledger(path)
    monkeypatch.setattr(ledger_module, "_WAIT", 0.5)
    begin = time.monotonic()
    with pytest.raises(LedgerError, match=r"^cannot use the ledger .*: database is locked$"):
        waiting.insert(waiting.record("one"), 5, np.ones((3, 5)))
    assert 0.4 < time.monotonic() - begin < 10
    process.kill()
    process.wait()
    finish(waiting)


def test_control_c_does_not_wait_for_the_lock(holder: tuple[Path, subprocess.Popen[str]]) -> None:
    path, _ = holder
    waiting = Ledger(path)
    begin = time.monotonic()
    # Whoever runs this in the background of a shell has Ctrl-C switched off.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            waiting.insert(waiting.record("one"), 5, np.ones((3, 5)))
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - begin < 10
    assert not waiting._connection.in_transaction


@pytest.mark.parametrize("second", ["same", "other"])
def test_two_programs_at_once_find_what_one_finds(project: Path, undisturbed: dict[str, Any], tmp_path: Path, second: str) -> None:
    words = ("simulate", SLUG, "--name", "slow", "--results", tmp_path)
    other = words if second == "same" else ("check", SLUG, "--results", tmp_path)
    programs = [start(project, *words), start(project, *other)]
    for program in programs:
        _, errors = program.communicate(timeout=200)
        assert (program.returncode, errors) == (0, "")
    found = record_of(tmp_path)
    assert found["slow.quick.json"] == undisturbed["slow.quick.json"]
    assert undisturbed["blocks"].items() <= found["blocks"].items()
    if second == "same":
        assert found == undisturbed
    else:
        assert found["F-1"][0] == found["F-2"][0] == "holds"
    assert run(project, "ledger", "verify", tmp_path / "ledger.sqlite")[0] == 0


def test_who_finds_a_ledger_replaced_writes_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    record = ledger.record("one")
    ledger.insert(record, 0, np.ones((2, 5)))
    path.rename(path.with_name("elsewhere"))
    for _ in range(2):
        with pytest.raises(LedgerError, match=r"^the ledger .* has been moved away or replaced since it was opened: run again$"):
            ledger.insert(record, 2, np.ones((2, 5)))
        Ledger(path).close()
    ledger.close()
    # What stood in the log, which did not move, is in the new one.
    assert Ledger(path).vectors(1, 2).tobytes() == np.ones((2, 5)).tobytes()


TWICE = """
import os, subprocess, sys
import numpy as np
from theorylab.montecarlo.ledger import Ledger
path = sys.argv[1]
first = Ledger(path)
first.insert(first.record("one"), 0, np.ones((2, 5)))
second = Ledger(path)
passer_by = "import sys; from theorylab.montecarlo.ledger import Ledger; ledger = Ledger(sys.argv[1]); ledger.info(); ledger.close()"
subprocess.run([sys.executable, "-c", passer_by, path], check=True)
first.insert(1, 2, np.ones((3, 5)))
os._exit(0)
"""


def test_a_ledger_that_is_open_twice_keeps_its_log_when_another_process_leaves(tmp_path: Path) -> None:
    # Locks of a file belong to a process: any of its parts that closes the file gives them all up, and then it seems to be in nobody's use.
    path = tmp_path / "ledger.sqlite"
    subprocess.run([sys.executable, "-c", TWICE, str(path)], check=True)
    assert Ledger(path).missing(1, 5) == []


def test_who_goes_to_another_folder_keeps_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    ledger = Ledger("ledger.sqlite")
    monkeypatch.chdir(tmp_path)
    ledger.insert(ledger.record("one"), 0, np.ones((2, 5)))
    assert ledger.missing(1, 3) == [2]
    assert [file.name for file in tmp_path.iterdir()] == ["here"]


def evidence(claim: str) -> list[dict[str, Any]]:
    question = {"question": "a at most 2", "verdict": "holds", "theory": 2.0, "estimate": 1.0, "interval": [0.9, 1.1], "margin": [None, 2.0]}
    record = {
        **{"paper": "p", "claim": claim, "kind": "bound", "statement": "a is at most b", "tex": "", "source": "derived here"},
        "assertions": [{**question, "replicates": 512, "seconds": 0.25, "test": claim}],
        "counterclaims": [{"label": "wrong", "verdict": "refuted", "half_widths": None, "test": claim}],
        "tests": [{"id": claim, "outcome": "passed", "seconds": 1.5}],
        **{"seed": 0, "scale": "quick", "backend": "numpy", "alpha": 1e-6, "version": "1"},
    }
    return group_by_claim([record])


def test_evidence_of_many_at_once_is_all_there(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    writers = []
    for number in range(6):
        child = os.fork()
        if child == 0:  # pragma: no cover - in the child
            try:
                for part in range(5):
                    write_evidence(path, evidence(f"C-{number}-{part}"))
                os._exit(0)
            except BaseException:
                os._exit(1)
        writers.append(child)
    assert [os.waitpid(writer, 0)[1] for writer in writers] == [0] * 6
    assert {record["claim"] for record in read_evidence(path)} == {f"C-{number}-{part}" for number in range(6) for part in range(5)}
    assert [file.name for file in tmp_path.iterdir()] == ["evidence.json"]


def test_a_lock_is_for_one_and_ends_with_its_holder(tmp_path: Path) -> None:
    order: list[str] = []

    def other() -> None:
        with locked(tmp_path):
            order.append("other")

    with locked(tmp_path), locked(tmp_path):  # who holds it may ask again
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join(10)
    assert order == ["first", "other"]
    with locked(tmp_path / "nowhere"):
        assert list(tmp_path.iterdir()) == []
