"""`simulate --dry-run`: a table or a document, and nothing left behind."""

from __future__ import annotations

import json

import pytest
from cli_support import SLUG, digest, foreign_ledger, refused, theorylab


def test_a_dry_run_says_what_the_run_then_draws_and_leaves_nothing(project, tmp_path):
    results = tmp_path / "results"
    answer = theorylab("simulate", SLUG, "--dry-run", "--json", "--results", results, cwd=project)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert not results.exists()
    document = json.loads(answer.stdout)
    assert [sweep["sweep"] for sweep in document["sweeps"]] == ["cheap", "slow"]
    cheap, slow = document["sweeps"]
    # The slow sampler sleeps 0.02 s a block, and sleeping takes no processor time.
    assert cheap["incomplete"] == slow["incomplete"] == ""
    theorylab("simulate", SLUG, "--name", "cheap", "--results", results, cwd=project)
    drawn = json.loads((results / "sweeps" / SLUG / "cheap.quick.json").read_text())["rows"][0]["replicates"]
    assert drawn / 2 <= cheap["replicates"] <= 2 * drawn
    before = digest(results / "ledger.sqlite")
    again = theorylab("simulate", SLUG, "--name", "cheap", "--dry-run", "--results", results, cwd=project)
    assert again.stdout.splitlines()[1].split()[:2] == [SLUG, "cheap"]
    assert digest(results / "ledger.sqlite") == before
    assert sorted(path.name for path in results.iterdir()) == ["ledger.sqlite", "sweeps"]


def test_a_dry_run_shows_hours_on_workers(project):
    answer = theorylab("simulate", SLUG, "--name", "cheap", "--dry-run", "--jobs", 8, "--seed", "random", cwd=project)
    assert (answer.returncode, answer.stderr) == (0, "")
    shown = answer.stdout.splitlines()
    assert shown[0].split()[-2:] == ["on", "8"]
    assert shown[2].startswith("total")
    assert not (project / "results").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dry-run", "--name", "nothing"], "unknown sweep 'nothing'"),
        (["--dry-run", "--scale", "huge"], "scale"),
        (["--dry-run", "--jobs", "0"], "jobs"),
        (["--dry-run", "--calibration-seconds", "-1"], "calibration seconds"),
        (["--dry-run", "--backend", "torch"], "backend must be one of"),
        (["--dry-run", "--seed", "one"], "--seed"),
        (["--dry-run", "--scheduler", "nowhere"], "scheduler"),
        (["--json"], "belong to --dry-run"),
        (["--calibration-seconds", "3"], "belong to --dry-run"),
    ],
)
def test_bad_input_is_one_line(capsys, tmp_path, words, message):
    assert message in refused(capsys, "simulate", SLUG, "--results", tmp_path / "results", *words)
    assert not (tmp_path / "results").exists()


def test_a_file_that_is_no_ledger_is_refused(capsys, tmp_path):
    path = foreign_ledger(tmp_path / "recipes.sqlite")
    before = digest(path)
    assert "not a theorylab ledger" in refused(capsys, "simulate", SLUG, "--dry-run", "--ledger", path)
    assert digest(path) == before
