"""A small project to run commands in, and how the tests call the program."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sysconfig
from pathlib import Path

from theorylab.cli.main import run

ROOT = Path(__file__).parents[2]
PROGRAM = str(Path(sysconfig.get_path("scripts")) / "theorylab")
SLUG = "one_step_gd"

# A project of its own: what is tested here is the command line, not a paper. Its slow sampler takes 0.02 s a block, and with HOLD set its twentieth
# block lasts until somebody interrupts it: by then the engine has put several blocks into the ledger.
SIMULATIONS = """
import os, time
from theorylab.montecarlo.samplers import block_size

calls = 0

@block_size(512)
def sample_square(rng, size, *, scale=1.0):
    return (scale * rng.standard_normal(size)) ** 2

@block_size(512)
def sample_slowly(rng, size):
    global calls
    calls += 1
    time.sleep(100 if calls == 20 and "HOLD" in os.environ else 0.02)
    return rng.standard_normal(size) ** 2

def row(measured):
    return {"estimate": measured.estimate, "low": measured.low, "high": measured.high, "replicates": measured.replicates}

def cheap(lab):
    return [row(lab.run(sample_square, scale=2.0).mean().measure(relative=0.1))]

def slow(lab):
    return [row(lab.run(sample_slowly).mean().measure(relative=0.03))]

SWEEPS = {"cheap": cheap, "slow": slow}
"""
FIGURES = """
from theorylab.plotting import new_figure

def draw(rows):
    figure, (axes,) = new_figure()
    axes.plot([row["estimate"] for row in rows], "o")
    return figure

FIGURES = {"cheap": draw, "slow": draw}
"""
CHECKS = """
from theorylab.pytest_plugin import claim
from simulations.one_step_gd import sample_slowly, sample_square

@claim("CLI-1", kind="expectation", statement="A squared standard normal has mean 1.", source="derived here")
def test_mean(lab):
    assert lab.run(sample_square).mean().agrees_with(1.0, relative=0.1, refutes={"one half": 0.5})

@claim("CLI-2", kind="expectation", statement="The same, slowly.", source="derived here")
def test_slow_mean(lab):
    assert lab.run(sample_slowly).mean().agrees_with(1.0, relative=0.1, refutes={"one half": 0.5})
"""


def theorylab(*words, cwd=ROOT, **options):
    """Run the installed program in a process of its own."""
    return subprocess.run([PROGRAM, *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=120, check=False, **options)


def refused(capsys, *words):
    """Run the command line in this process, require exit code 2 and one line on stderr, and return the line."""
    code = run([str(word) for word in words])
    captured = capsys.readouterr()
    assert code == 2, captured
    assert captured.err.startswith("theorylab: error: ")
    assert captured.err.count("\n") == 1
    assert captured.err.endswith("\n")
    return captured.err


def digest(path):
    return hashlib.blake2b(path.read_bytes()).hexdigest()


def foreign_ledger(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.execute("INSERT INTO recipes VALUES ('bread')")
    connection.commit()
    connection.close()
    return path


def info(path, capsys):
    capsys.readouterr()
    assert run(["ledger", "info", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def slow_blocks(path):
    """Count the blocks of the slow sampler in a ledger that another process may be writing."""
    if not path.exists():
        return 0
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = "SELECT count(*) FROM block JOIN record ON record.id = block.record WHERE identity LIKE '%sample_slowly%'"
        return connection.execute(rows).fetchone()[0]
    except sqlite3.OperationalError:  # the tables are still being made
        return 0
    finally:
        connection.close()


def verdicts(results):
    return {record["claim"]: record["verdict"] for record in json.loads((results / "evidence.json").read_text())}
