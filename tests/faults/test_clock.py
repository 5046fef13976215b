"""A clock that is set back, or stands still, changes nothing but the dates."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import bench_samplers
import numpy as np
import pytest
from fault_project import SLUG, record_of, run

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.ledger import Ledger, LedgerError

# Loaded by the interpreter before the program: every look at the clock is an hour earlier than the one before, from the year 2001 on.
BACKWARDS = """
import time
_now = 1_000_000_000.0
_gmtime, _localtime, _strftime = time.gmtime, time.localtime, time.strftime
def _time():
    global _now
    _now -= 3600.0
    return _now
time.time, time.time_ns = _time, lambda: int(_time() * 1e9)
time.gmtime = lambda seconds=None: _gmtime(_time() if seconds is None else seconds)
time.localtime = lambda seconds=None: _localtime(_time() if seconds is None else seconds)
time.strftime = lambda form, moment=None: _strftime(form, time.localtime() if moment is None else moment)
"""


def test_a_program_under_a_clock_that_runs_backwards(project: Path, undisturbed: dict[str, object], tmp_path: Path) -> None:
    module = tmp_path / "clock" / "sitecustomize.py"
    module.parent.mkdir()
    module.write_text(BACKWARDS, encoding="utf-8")
    results = tmp_path / "results"
    words = ("simulate", SLUG, "--name", "slow", "--results", results)
    for _ in range(2):  # the second time everything that is there is dated later than now
        folders = os.pathsep.join(filter(None, [str(module.parent), os.environ.get("PYTHONPATH")]))
        code, output, errors = run(project, *words, environment={"PYTHONPATH": folders})
        assert (code, errors) == (0, "")
    assert "(0 new replicates" in output
    assert record_of(results) == undisturbed


def test_a_verdict_does_not_look_at_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    def verdict() -> tuple[str, object]:
        lab = Laboratory(3, seconds=100.0)
        answer = lab.run(bench_samplers.sample_gamma_pair).mean("first").agrees_with(2.0, relative=0.1, refutes={"one": 1.0})
        return answer.state, answer.interval

    before = verdict()
    moments = iter(np.linspace(1e9, 0.0, 100_000))
    monkeypatch.setattr(time, "time", lambda: float(next(moments)))
    assert verdict() == before
    assert before[0] == "holds"


def test_blocks_dated_in_the_future_are_blocks(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    engine = Engine(Ledger(path))
    lab = Laboratory(3, engine=engine)
    mean = lab.run(bench_samplers.sample_gamma_pair).mean("first")
    first = mean.measure(relative=0.1)
    drawn = engine.replicates_drawn
    engine.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE record SET created = '2999-01-01T00:00:00Z'")
    connection.commit()
    connection.close()
    engine = Engine(Ledger(path))
    assert Laboratory(3, engine=engine).run(bench_samplers.sample_gamma_pair).mean("first").measure(relative=0.1) == first
    assert engine.replicates_drawn == 0 < drawn


def test_two_accidents_at_one_time_keep_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "strftime", lambda *words: "20010101-000000")
    path = tmp_path / "ledger.sqlite"
    for accident in range(3):
        ledger = Ledger(path)
        ledger.insert(ledger.record("one"), 10 * accident, np.full((10, 15), float(accident)))
        ledger.close()
        content = bytearray(path.read_bytes())
        content[4096] ^= 0xFF  # the first byte of the table of records
        path.write_bytes(content)
        with pytest.raises(LedgerError, match=r"it is kept as ledger\.sqlite\.damaged-20010101-000000"):
            Ledger(path)
    assert len([file for file in tmp_path.iterdir() if ".damaged-" in file.name]) == 3
    ledger = Ledger(path)
    assert ledger.vectors(ledger.record("one"), 30)[:, 0].tolist() == [0.0] * 10 + [1.0] * 10 + [2.0] * 10
