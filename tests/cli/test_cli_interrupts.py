"""Ctrl-C: finished blocks stay, and a second run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

from cli_support import PROGRAM, SLUG, slow_blocks, theorylab, verdicts

from theorylab.cli.main import run

INTERRUPTED = "theorylab: interrupted; finished blocks are in the ledger, run the same command again to go on from there"


def interrupt(project, words, ledger, *, whole_group=True):
    """Start a command, press Ctrl-C when blocks of the slow sampler are in the ledger, and return (exit code, lines of stderr)."""
    process = subprocess.Popen(
        [PROGRAM, *map(str, words)],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "HOLD": "1"},
    )
    deadline = time.monotonic() + 100
    while slow_blocks(ledger) < 4:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "no block arrived"
        time.sleep(0.02)
    # A terminal signals the whole group; `kill -INT` signals one process.
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=100)
    return process.returncode, err.splitlines()


def test_interrupted_simulation_goes_on(project, tmp_path):
    results = tmp_path / "results"
    ledger = results / "ledger.sqlite"
    words = ("simulate", SLUG, "--name", "slow", "--results", results)
    assert interrupt(project, words, ledger) == (130, [INTERRUPTED])
    assert not (results / "sweeps").exists()
    kept = slow_blocks(ledger)
    assert 4 <= kept < 20

    again = theorylab(*words, cwd=project)
    assert (again.returncode, again.stderr) == (0, "")
    assert f"{512 * (slow_blocks(ledger) - kept):,} new replicates" in again.stdout

    fresh = theorylab("simulate", SLUG, "--name", "slow", "--results", tmp_path / "fresh", cwd=project)
    assert fresh.returncode == 0
    tables = [json.loads((folder / "sweeps" / SLUG / "slow.quick.json").read_text()) for folder in (results, tmp_path / "fresh")]
    assert tables[0]["rows"] == tables[1]["rows"]


def test_interrupted_check_keeps_blocks_and_evidence(project, tmp_path):
    ledger = tmp_path / "ledger.sqlite"
    words = ("check", SLUG, "--results", tmp_path)
    assert interrupt(project, words, ledger) == (130, [INTERRUPTED])
    kept = slow_blocks(ledger)
    assert 4 <= kept < 20
    assert verdicts(tmp_path)["CLI-1"] == "holds"
    assert verdicts(tmp_path).get("CLI-2") != "holds"

    again = theorylab(*words, cwd=project)
    assert (again.returncode, again.stderr) == (0, ""), again.stdout
    assert slow_blocks(ledger) > kept
    assert verdicts(tmp_path) == {"CLI-1": "holds", "CLI-2": "holds"}


def test_interrupt_of_the_program_alone_reaches_the_tests(project, tmp_path):
    assert interrupt(project, ("check", SLUG, "--results", tmp_path), tmp_path / "ledger.sqlite", whole_group=False) == (130, [INTERRUPTED])
    assert verdicts(tmp_path)["CLI-1"] == "holds"


def test_interrupt_of_a_run_in_memory_says_that_nothing_was_kept(monkeypatch, tmp_path, capsys):
    import theorylab.cli.commands as commands

    def press_control_c(command, root):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "run_tests", press_control_c)
    assert run(["check", SLUG, "--seed", "5", "--results", str(tmp_path)]) == 130
    assert capsys.readouterr().err == (
        "theorylab: interrupted; with a seed of its own this run kept its blocks in memory; name a file with --ledger to keep them\n"
    )
