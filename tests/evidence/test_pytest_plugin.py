"""The plugin in whole pytest runs: what passes, what fails and why, what is printed and what is written."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

# In-process runs forget what they import, and numpy cannot be loaded twice, so all of it is loaded before.
import theorylab.evidence.store
import theorylab.evidence.table
import theorylab.laboratory
import theorylab.papers
import theorylab.session  # noqa: F401

# Plugins that are not wanted inside; that of hypothesis would load the library anew in every run.
QUIET = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:benchmark")
SAMPLERS = """
import pytest
from theorylab.pytest_plugin import claim

def sample_square(rng, size, *, scale=1.0):
    return (scale * rng.standard_normal(size)) ** 2

def sample_coin(rng, size, *, probability=0.5):
    return (rng.random(size) < probability).astype(float)

square = claim("SQ-1", kind="expectation", statement="A squared normal has mean 1.", tex="E X^2 = 1", source="derived here")
"""
GOOD = """
@square
def test_square(lab):
    lab.run(sample_square).mean().agrees_with(1.0, relative=0.1, refutes={"twice": 2.0})
"""


def check(pytester: pytest.Pytester, body: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(test_demo=SAMPLERS + body)
    return pytester.runpytest_inprocess(*QUIET, *arguments)


def evidence(pytester: pytest.Pytester) -> list[dict[str, Any]]:
    return json.loads((pytester.path / "results" / "evidence.json").read_text(encoding="utf-8"))


def test_a_true_claim_passes_and_leaves_its_evidence(pytester: pytest.Pytester) -> None:
    result = check(pytester, GOOD)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*claims of demo*",
            "claim*verdict*theory*estimate*margin*",
            "SQ-1*holds*1*± 0.1*1/1*",
            "1 of 1 claims hold; *any of 1 estimands raises a false alarm is below 1e-06",
            "seed 0 (repeat with --theory-seed 0), scale quick",
            "evidence: *evidence.json",
        ]
    )
    (found,) = evidence(pytester)
    wanted = {"paper", "claim", "kind", "statement", "tex", "source", "verdict", "blind", "assertions", "counterclaims", "tests", "seconds"}
    assert wanted | {"seed", "scale", "backend", "alpha", "version"} <= set(found)
    expected = {"paper": "demo", "claim": "SQ-1", "kind": "expectation", "tex": "E X^2 = 1", "source": "derived here", "verdict": "holds"}
    assert {name: found[name] for name in expected} == expected
    assert (found["seed"], found["scale"], found["backend"], found["alpha"], found["blind"]) == (0, "quick", "numpy", 1e-6, False)
    (assertion,) = found["assertions"]
    assert {"question", "verdict", "theory", "estimate", "interval", "margin", "replicates"} <= set(assertion)
    assert assertion["question"] == "value agrees with 1 within 10 %"
    assert assertion["margin"] == pytest.approx([0.9, 1.1])
    assert assertion["margin"][0] <= assertion["interval"][0] < assertion["estimate"] < assertion["interval"][1] <= assertion["margin"][1]
    assert assertion["replicates"] >= 4096
    (counterclaim,) = found["counterclaims"]
    assert (counterclaim["label"], counterclaim["verdict"]) == ("twice", "refuted")
    assert (pytester.path / "results" / "ledger.sqlite").exists()


@pytest.mark.parametrize(
    ("body", "message", "verdict"),
    [
        ("lab.run(sample_square).mean().agrees_with(1.0, relative=0.1)", "*SQ-1 is blind: it names no counterclaim that its data must refute*", None),
        (
            "lab.run(sample_square).mean().at_most(1.5, tightness=0.0, refutes={'a hair more': 1.5 + 1e-9})\n"
            "    lab.run(sample_coin).mean().less_than(0.6, refutes={'six tenths': 0.6})\n"
            "    other = lab.run(sample_coin).mean().agrees_with(0.5, absolute=0.2)\n"
            "    lab.refutes(other, 'a coin is fair')",
            "*SQ-1 is blind: the data do not refute 'a coin is fair'*",
            None,
        ),
        (
            "assert not lab.run(sample_square).mean().agrees_with(2.0, relative=0.1, refutes={'one': 1.0})",
            "*SQ-1: refuted: value agrees with 2 *a statement meant to be false goes through lab.refutes*",
            "refuted",
        ),
        (
            "lab.run(sample_square).mean().agrees_with(1.0, relative=1e-9, refutes={'two': 2.0})",
            "*SQ-1: undecided: value agrees with 1 *",
            "undecided",
        ),
        (
            "assert not lab.run(sample_square).mean().agrees_with(1.0, relative=1e-9, refutes={'two': 2.0})",
            "*UndecidedError: undecided: value agrees*",
            "undecided",
        ),
        ("pass", "*SQ-1 asked no question*", "undecided"),
        (
            "lab.run(sample_square).mean().agrees_with(1.0, relative=0.1, refutes={'near': 1.05})",
            "*'near' (1.05) lies inside the claim's band*",
            "undecided",
        ),
        ("lab.run(sample_square, skale=2.0).mean().agrees_with(1.0, relative=0.1)", "*skale*", "undecided"),
    ],
)
def test_a_claim_that_is_no_evidence_fails_and_says_why(pytester: pytest.Pytester, body: str, message: str, verdict: str | None) -> None:
    result = check(pytester, f"@square\ndef test_square(lab):\n    {body}\n", "--theory-seed", "7")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message])
    (found,) = evidence(pytester)
    assert found["verdict"] == (verdict or "undecided")
    assert found["verdict"] != "holds"


def test_a_false_statement_that_the_data_refute_is_a_counterclaim(pytester: pytest.Pytester) -> None:
    body = """
@square
def test_square(lab):
    mean = lab.run(sample_square).mean()
    assert mean.agrees_with(1.0, relative=0.1)
    assert lab.refutes(mean.agrees_with(1.3, relative=0.1), "thirteen tenths")
"""
    result = check(pytester, body)
    result.assert_outcomes(passed=1)
    (found,) = evidence(pytester)
    assert len(found["assertions"]) == 1
    assert [(each["label"], each["verdict"]) for each in found["counterclaims"]] == [("thirteen tenths", "refuted")]


def test_tests_of_one_claim_share_a_row_and_the_worst_counts(pytester: pytest.Pytester) -> None:
    body = """
@square
@pytest.mark.parametrize("value", [1.0, 3.0])
def test_square(lab, value):
    lab.run(sample_square).mean().agrees_with(value, relative=0.1, refutes={"twice": 2.0})
"""
    result = check(pytester, body)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["SQ-1*refuted*", "0 of 1 claims hold*2 estimands*"])
    (found,) = evidence(pytester)
    assert [test["outcome"] for test in found["tests"]] == ["passed", "failed"]
    assert found["verdict"] == "refuted"


def test_the_fixture_and_the_marker_belong_together(pytester: pytest.Pytester) -> None:
    result = check(pytester, "def test_plain(lab):\n    pass\n\n@square\ndef test_without():\n    pass\n")
    result.assert_outcomes(errors=1, failed=1)
    result.stdout.fnmatch_lines_random(["*the fixture lab belongs to claims*", "*SQ-1: a claim's test must use the fixture lab*"])


def test_plain_tests_are_untouched(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_plain="def test_sum():\n    assert 1 + 1 == 2\n")
    result = pytester.runpytest_inprocess(*QUIET)
    result.assert_outcomes(passed=1)
    assert "theorylab:" not in result.stdout.str()
    assert "claims" not in result.stdout.str()
    assert not (pytester.path / "results").exists()


def test_a_random_seed_is_printed_and_repeats_the_run(pytester: pytest.Pytester) -> None:
    first = check(pytester, GOOD, "--theory-seed", "random")
    first.assert_outcomes(passed=1)
    (seed,) = set(re.findall(r"--theory-seed (\d+)", first.stdout.str()))
    (once,) = evidence(pytester)
    assert once["seed"] == int(seed) > 0
    assert not (pytester.path / "results" / "ledger.sqlite").exists()
    again = check(pytester, GOOD, "--theory-seed", seed)
    again.stdout.fnmatch_lines([f"theorylab: --theory-seed {seed} --scale quick*", f"seed {seed} (repeat with --theory-seed {seed}), scale quick"])
    (twice,) = evidence(pytester)
    assert twice["assertions"][0]["estimate"] == once["assertions"][0]["estimate"]
    assert check(pytester, GOOD, "--theory-seed", str(int(seed) + 1)).ret == 0
    assert evidence(pytester)[0]["assertions"][0]["estimate"] != once["assertions"][0]["estimate"]


def test_workers_reach_the_same_verdicts(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    body = GOOD + GOOD.replace("SQ-1", "SQ-2").replace("test_square", "test_again").replace("relative=0.1", "relative=0.05")
    assert check(pytester, body, "--theory-seed", "3").ret == 0
    (alone,) = evidence(pytester)
    (pytester.path / "results" / "evidence.json").unlink()
    result = check(pytester, body, "--theory-seed", "3", "-n", "2")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["SQ-1*holds*", "seed 3*"])
    (spread,) = evidence(pytester)

    def facts(record: dict[str, Any]) -> list[tuple[Any, ...]]:
        return sorted((each["test"], each["verdict"], each["estimate"], *each["interval"], each["replicates"]) for each in record["assertions"])

    assert facts(spread) == facts(alone)
    assert len(facts(spread)) == 2


def test_settings_reach_the_laboratory_and_the_record(pytester: pytest.Pytester) -> None:
    body = """
@square
def test_square(lab):
    assert (lab.seed, lab.scale, lab.alpha) == (9, "full", 0.01)
    lab.run(sample_square).mean().agrees_with(1.0, relative=0.1, refutes={"twice": 2.0})
"""
    results, ledger = pytester.path / "elsewhere", pytester.path / "own.sqlite"
    options = ["--theory-seed", "9", "--scale", "full", "--theory-alpha", "0.01", "--theory-results", str(results), "--theory-ledger", str(ledger)]
    check(pytester, body, *options).assert_outcomes(passed=1)
    (found,) = json.loads((results / "evidence.json").read_text(encoding="utf-8"))
    assert (found["seed"], found["scale"], found["alpha"]) == (9, "full", 0.01)
    assert ledger.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--theory-seed", "-1"], "*--theory-seed must be a non-negative integer or 'random'; got '-1'*"),
        (["--theory-seed", "1.5"], "*--theory-seed must be a non-negative integer or 'random'; got '1.5'*"),
        (["--theory-alpha", "0"], "*--theory-alpha must be in (0, 1); got 0.0*"),
        (["--theory-alpha", "1"], "*--theory-alpha must be in (0, 1); got 1.0*"),
        (["--theory-jobs", "0"], "*--theory-jobs must be an integer >= 1; got 0*"),
        (["--scale", "huge"], "*--scale*invalid choice*"),
        (["--backend", "abacus"], "*--backend*invalid choice*"),
    ],
)
def test_bad_options_are_refused_in_one_line(pytester: pytest.Pytester, arguments: list[str], message: str) -> None:
    result = check(pytester, GOOD, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert not (pytester.path / "results").exists()


def test_a_foreign_ledger_stops_the_run_untouched(pytester: pytest.Pytester) -> None:
    foreign = pytester.path / "notes.txt"
    foreign.write_text("not a ledger, but somebody's notes; long enough to be read as a header of some file\n" * 20)
    before = foreign.read_bytes()
    result = check(pytester, GOOD, "--theory-ledger", str(foreign))
    assert result.ret == 2
    assert "theorylab: " in result.stdout.str() + result.stderr.str()
    assert "notes.txt" in result.stdout.str() + result.stderr.str()
    assert foreign.read_bytes() == before
    # Workers too must say why; pytest-xdist drops the message of an exit.
    result = check(pytester, GOOD, "--theory-ledger", str(foreign), "-n", "1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["theorylab: *notes.txt is not a theorylab ledger*"])
    assert foreign.read_bytes() == before


def test_a_damaged_evidence_file_is_named_and_kept(pytester: pytest.Pytester) -> None:
    path = pytester.path / "results" / "evidence.json"
    path.parent.mkdir()
    path.write_text("{")
    result = check(pytester, GOOD)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["theorylab: cannot write *evidence.json: *move it away and run again"])
    assert path.read_text() == "{"


def test_a_bare_claim_marker_is_a_usage_error(pytester: pytest.Pytester) -> None:
    result = check(pytester, "@pytest.mark.claim('SQ-1')\ndef test_square(lab):\n    pass\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*mark claims with theorylab.pytest_plugin.claim*"])
