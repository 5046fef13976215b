"""The commands on a cluster: the same tables and verdicts as without one, and one line on stderr when its scheduler goes away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest
from cli_support import PROGRAM, SLUG, refused, slow_blocks, theorylab, verdicts
from local_cluster import local_processes

pytest.importorskip("distributed")

ENVIRONMENT = {**os.environ, "DASK_THEORYLAB__PATIENCE": "30"}


@pytest.fixture
def cluster(tmp_path):
    # With HOLD the twentieth slow block of a worker lasts until somebody ends it.
    with local_processes(tmp_path / "cluster", environment={"HOLD": "1"}) as processes:
        processes.wait_for_workers(2)
        yield processes


def run_until_scheduler_dies(cluster, project, words, ledger):
    """Start a command on the cluster, kill the scheduler when slow blocks are in the ledger, and return (exit code, stdout, stderr)."""
    command = [PROGRAM, *map(str, words), "--scheduler", str(cluster.scheduler_file)]
    process = subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=ENVIRONMENT
    )
    try:
        deadline = time.monotonic() + 100
        while slow_blocks(ledger) < 4:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "no block arrived"
            time.sleep(0.02)
        cluster.kill_scheduler()
        out, err = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return process.returncode, out, err


def test_simulation_whose_scheduler_dies_goes_on_without_it(cluster, project, tmp_path):
    results = tmp_path / "results"
    ledger = results / "ledger.sqlite"
    words = ("simulate", SLUG, "--name", "slow", "--results", results)
    code, _, err = run_until_scheduler_dies(cluster, project, words, ledger)
    assert code == 2
    assert err.count("\n") == 1, err
    assert err.startswith("theorylab: error: the cluster failed while drawing sample_slowly() (the scheduler at tcp://127.0.0.1:")
    assert err.endswith(" is lost); finished blocks are kept, run again to go on\n")
    kept = slow_blocks(ledger)
    assert kept >= 4

    again = theorylab(*words, cwd=project)
    assert (again.returncode, again.stderr) == (0, "")
    assert f"{512 * (slow_blocks(ledger) - kept):,} new replicates" in again.stdout
    fresh = theorylab("simulate", SLUG, "--name", "slow", "--results", tmp_path / "fresh", cwd=project)
    assert fresh.returncode == 0
    tables = [json.loads((folder / "sweeps" / SLUG / "slow.quick.json").read_text()) for folder in (results, tmp_path / "fresh")]
    assert tables[0]["rows"] == tables[1]["rows"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_check_whose_scheduler_dies_keeps_what_was_decided(cluster, project, tmp_path, jobs):
    ledger = tmp_path / "ledger.sqlite"
    code, out, err = run_until_scheduler_dies(cluster, project, ("check", SLUG, "--results", tmp_path, "--jobs", jobs), ledger)
    assert code == 2, (out, err)
    assert err == f"theorylab: error: pytest could not check {SLUG} (its exit code was 2); see its message above\n"
    assert "theorylab: the cluster failed while drawing sample_slowly() (the scheduler at tcp://127.0.0.1:" in out
    # Side by side on the cluster, the quick claim may have waited behind the slow one; what was not decided must not be there.
    decided = verdicts(tmp_path) if (tmp_path / "evidence.json").exists() else {}
    assert decided == {"CLI-1": "holds"} if jobs == 1 else "CLI-2" not in decided
    kept = slow_blocks(ledger)
    if jobs > 1:
        return

    again = theorylab("check", SLUG, "--results", tmp_path, cwd=project)
    assert (again.returncode, again.stderr) == (0, ""), again.stdout
    assert slow_blocks(ledger) > kept
    assert verdicts(tmp_path) == {"CLI-1": "holds", "CLI-2": "holds"}


def test_all_commands_take_a_scheduler_file_from_another_folder(project, tmp_path):
    with local_processes(tmp_path / "cluster", workers=1) as cluster:
        file = os.path.relpath(cluster.scheduler_file, project / "simulations")
        results = tmp_path / "results"
        words = ("reproduce", SLUG, "--results", results, "--scheduler", file, "--jobs", "1")
        answer = theorylab(*words, cwd=project / "simulations")
        assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout
        log = cluster.log()
    assert verdicts(results) == {"CLI-1": "holds", "CLI-2": "holds"}
    assert (results / "figures" / SLUG / "slow.png").exists()
    assert log.count("Receive client connection") >= 3  # the check of the settings, the tests, the sweeps
    alone = theorylab("simulate", SLUG, "--results", tmp_path / "alone", cwd=project)
    assert alone.returncode == 0
    for name in ("cheap", "slow"):
        tables = [json.loads((folder / "sweeps" / SLUG / f"{name}.quick.json").read_text())["rows"] for folder in (results, tmp_path / "alone")]
        assert tables[0] == tables[1]


@pytest.mark.parametrize("command", ["check", "simulate", "figure", "reproduce"])
def test_a_scheduler_file_that_is_not_there(command, tmp_path, capsys):
    for scheduler in ("nowhere.json", ""):
        line = refused(capsys, command, SLUG, "--scheduler", scheduler, "--results", tmp_path / "results")
        assert f"'{scheduler}' is not the address of a scheduler" in line
        assert "no scheduler file of that name" in line
