"""A disk that is full or may not be written costs one line and no block."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fault_disk
import numpy as np
import pytest
from fault_project import PROGRAM, complaint, record_of, simulate

from theorylab.evidence.store import write_whole
from theorylab.montecarlo.ledger import Ledger, LedgerError

DATA = np.random.default_rng(0).standard_normal((400, 70))


@pytest.mark.skipif(not fault_disk.allowed(), reason="this system lets nobody mount a small disk")
def test_small_full_and_read_only_disks() -> None:
    done = subprocess.run([sys.executable, fault_disk.__file__, "--quick"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^3 trials, no block lost$", done.stdout, re.M)


def test_a_file_that_may_not_grow(project: Path, undisturbed: dict[str, Any], tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (80 * 1024,) * 2)

    code, _, errors = simulate(project, "slow", tmp_path, limit=limit)
    assert "cannot use the ledger" in complaint(code, errors)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    assert list(ledger.verify()) == []
    kept = ledger.info().blocks
    ledger.close()
    code, output, errors = simulate(project, "slow", tmp_path)
    assert (code, errors) == (0, "")
    assert f"({512 * (len(undisturbed['blocks']) - kept):,} new replicates" in output
    assert record_of(tmp_path) == undisturbed


def test_what_was_finished_before_the_disk_was_full_is_there(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    record = ledger.record("one")
    ledger._connection.execute("PRAGMA max_page_count = 40")
    kept = 0
    while kept < 200:
        ledger.insert(record, kept, DATA[kept : kept + 10])
        kept += 10
    with pytest.raises(LedgerError, match=r"^cannot use the ledger .*: database or disk is full$"):
        ledger.insert(record, kept, DATA[kept:])
    # The same ledger goes on as soon as there is room, as it does in a session that stays open.
    assert ledger.missing(record, 400)[0] == kept
    ledger._connection.execute("PRAGMA max_page_count = 4000")
    ledger.insert(record, kept, DATA[kept:])
    assert ledger.vectors(record, 400).tobytes() == DATA.tobytes()
    ledger.close()
    assert list(Ledger(path).verify()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_nobody_can_take() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([PROGRAM, "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert "No space left on device" in complaint(done.returncode, done.stderr)


def test_a_text_that_does_not_fit_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    write_whole(path, "old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        with pytest.raises(OSError, match=rf"cannot write {path}: File too large"):
            write_whole(path, "new" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["table.json"]


def _as_nobody(action: Callable[[], object]) -> str:
    """Run ``action`` in a child that is nobody, whom modes stop as they stop no root; return what it says of its error."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - in the child
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            action()
            said = "nothing"
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(there, said.encode())
        os._exit(0)
    os.close(there)
    with os.fdopen(here) as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.parametrize("what", ["folder", "file", "unreadable file", "new file"])
def test_a_place_that_may_not_be_written(tmp_path: Path, what: str) -> None:
    # Nobody must be able to come here at all.
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o755)
    tmp_path.chmod(0o755)
    path = tmp_path / "home" / "ledger.sqlite"
    ledger = Ledger(path)
    ledger.insert(ledger.record("one"), 0, DATA[:20])
    ledger.close()
    content = path.read_bytes()
    path.parent.chmod(0o777 if what.endswith("file") and what != "new file" else 0o555)
    path.chmod({"unreadable file": 0o000, "file": 0o444}.get(what, 0o666))
    target = path.with_name("new.sqlite") if what == "new file" else path

    def use() -> None:
        Ledger(target).insert(1, 20, DATA[20:])

    said = _as_nobody(use)
    assert re.match(r"LedgerError: cannot (open|use|read) the ledger .*: (attempt to write|unable to open|Permission denied)", said), said
    path.parent.chmod(0o755)
    path.chmod(0o644)
    assert path.read_bytes() == content
    ledger = Ledger(path)
    ledger.insert(ledger.record("one"), 20, DATA[20:])
    assert ledger.vectors(1, 400).tobytes() == DATA.tobytes()
