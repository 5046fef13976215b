"""A small project to do harm to: samplers that fail in every way, and the program run on them as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "theorylab")
SLUG = "one_step_gd"

# What a sampler does wrong is one of its parameters, and it does so for as long as HEALED is not set and after a few blocks, which stay finished.
SIMULATIONS = """
import os, signal, sys, time
import numpy as np
from theorylab.montecarlo.samplers import block_size

blocks = 0

@block_size(512)
def sample_slowly(rng, size, *, shift=0.0):
    time.sleep(0.01)
    return rng.standard_normal(size) ** 2 + shift

@block_size(512)
def sample_wrongly(rng, size, *, how):
    global blocks
    blocks += 1
    values = rng.standard_normal(size) ** 2
    time.sleep(0.005)
    if blocks < 5 or "HEALED" in os.environ:
        return values
    if how == "raise":
        raise RuntimeError("no\\nsuch luck")
    if how == "exit":
        sys.exit(0)
    if how == "shape":
        return values[:-1]
    if how == "matrix":
        return values[:, None]
    if how == "nothing":
        return None
    if how == "complex":
        return values + 0j
    if how == "text":
        return values.astype(str)
    if how == "objects":
        return values.astype(object)
    if how == "nan":
        values[7] = np.nan
    if how == "inf":
        values[7] = -np.inf
    if how == "huge":
        values[7] = 1e200
    if how == "memory":
        return np.ones((2**20, size, 2**10))[0, :, 0]
    if how == "much":  # 3 GiB, to be run with less
        return np.ones((size * 3, 2**18)).sum(axis=1)[:size]
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        while True:
            time.sleep(1000)
    return values

def row(measured):
    return {"estimate": measured.estimate, "low": measured.low, "high": measured.high, "replicates": measured.replicates}

def slow(lab):
    return [row(lab.run(sample_slowly, shift=shift).mean().measure(relative=0.04)) for shift in (0.0, 1.0)]

def wrong(lab, how):
    return [row(lab.run(sample_wrongly, how=how).mean().measure(relative=0.05))]

def few(lab):
    return [{"largest": float(lab.run(sample_wrongly, how="raise").few(12000).max())}]

WRONGS = ("raise exit shape matrix nothing complex text objects nan inf huge memory much kill hang").split()
SWEEPS = {"slow": slow, "few": few} | {how: (lambda lab, how=how: wrong(lab, how)) for how in WRONGS}
"""
FIGURES = """
from theorylab.plotting import new_figure

def draw(rows):
    figure, (axes,) = new_figure()
    axes.plot([row["estimate"] for row in rows], "o")
    return figure

FIGURES = {"slow": draw}
"""
CHECKS = """
from theorylab.pytest_plugin import claim
from simulations.one_step_gd import sample_slowly, sample_wrongly

@claim("F-1", kind="expectation", statement="A squared standard normal has mean 1.", source="derived here")
def test_mean(lab):
    assert lab.run(sample_slowly).mean().agrees_with(1.0, relative=0.1, refutes={"one half": 0.5})

@claim("F-2", kind="expectation", statement="A shifted one has mean 3.", source="derived here")
def test_shifted_mean(lab):
    assert lab.run(sample_slowly, shift=2.0).mean().agrees_with(3.0, relative=0.03, refutes={"two": 2.0})
"""


def make_project(root: Path) -> Path:
    """Write the project into a new folder."""
    for name, text in (("simulations", SIMULATIONS), ("figures", FIGURES), ("paper_checks/test_", CHECKS)):
        path = root / (f"{name}{SLUG}.py" if name.endswith("_") else f"{name}/{SLUG}.py")
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    return root


def hear_control_c() -> None:
    """Switch Ctrl-C on in a new process: for what a shell runs in the background it is off, and for the children of that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def start(
    project: Path, *words: object, environment: Mapping[str, str] | None = None, limit: Callable[[], object] | None = None
) -> subprocess.Popen[str]:
    """Start the program in a process group of its own, as a terminal does, with limits if there are any."""

    def prepare() -> None:
        hear_control_c()
        if limit is not None:
            limit()

    return subprocess.Popen(
        [PROGRAM, *map(str, words)],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **(environment or {})},
        preexec_fn=prepare,
    )


def run(project: Path, *words: object, **options: Any) -> tuple[int, str, str]:
    """Run the program; return exit code, output and errors."""
    process = start(project, *words, **options)
    try:
        output, errors = process.communicate(timeout=200)
    except BaseException:
        os.killpg(process.pid, 9)
        process.communicate()
        raise
    return process.returncode, output, errors


def simulate(project: Path, name: str, results: Path, *more: object, **options: Any) -> tuple[int, str, str]:
    """Run one sweep."""
    return run(project, "simulate", SLUG, "--name", name, "--results", results, *more, **options)


def complaint(code: int, errors: str, expected: int = 2) -> str:
    """Return the one line that the program has said, having required that it is one."""
    assert code == expected, (code, errors)
    assert errors.count("\n") == 1, errors
    assert errors.endswith("\n"), errors
    assert errors.startswith("theorylab: "), errors
    return errors


def blocks_in(ledger: Path) -> dict[tuple[str, int], bytes]:
    """Return every block of a ledger, which may be in use, with its bytes."""
    if not ledger.exists():
        return {}
    connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT identity, number, moments FROM block JOIN record ON record.id = block.record").fetchall()
    except sqlite3.OperationalError:  # the tables are still being made
        return {}
    finally:
        connection.close()
    return {(identity, number): moments for identity, number, moments in rows}


def record_of(results: Path) -> dict[str, Any]:
    """Return all that a run has found out, without what tells of its own time: blocks, tables of sweeps, verdicts."""
    found: dict[str, Any] = {"blocks": blocks_in(results / "ledger.sqlite")}
    for table in sorted((results / "sweeps").rglob("*.json")):
        found[table.name] = json.loads(table.read_text(encoding="utf-8"))["rows"]
    evidence = results / "evidence.json"
    if evidence.exists():
        for record in json.loads(evidence.read_text(encoding="utf-8")):
            questions = [{key: value for key, value in each.items() if key != "seconds"} for each in record["assertions"]]
            found[record["claim"]] = record["verdict"], questions, record["counterclaims"]
    return found
