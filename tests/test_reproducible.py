"""The same seed gives the same evidence, tables, figures and report, wherever and however it is run; `make versions` asks the same of versions."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from environments import ENVIRONMENTS, ROOT, constraints_of, lowest_versions
from reproducible import ALL_DIGITS, Ran, compare_claims, compare_evidence, compare_runs, differences_table, equal_digits, without_times

# Five claims of two papers, in a few seconds: seeds, kernels, exact enumeration, quadrature, several tests of one claim in one file.
CLAIMS = ("paper_checks/test_one_step_gd.py", "paper_checks/test_tester_learner.py")
FIGURE = ("one_step_gd", "test_length")
HOME = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}


def _another_locale() -> dict[str, str]:
    """Return variables of a locale with other letters or decimal signs if one is there, else of one that knows ASCII only."""
    there = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split() if os.name == "posix" else []
    for name in ("tr_TR.utf8", "tr_TR", "de_DE.utf8", "de_DE"):
        if name in there:
            return {"LC_ALL": name}
    return {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


ABROAD = {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "12345", "OPENBLAS_NUM_THREADS": "2", **_another_locale()}


def _run(*words: object, cwd: Path, variables: dict[str, str], umask: int = 0o022) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTEST", "PYTHON"))}
    command = [sys.executable, *(str(word) for word in words)]
    # This checkout, wherever the command runs and whichever one is installed.
    variables = inherited | {"PYTHONPATH": str(ROOT)} | variables
    done = subprocess.run(command, cwd=cwd, env=variables, umask=umask, capture_output=True, check=False, timeout=120)
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, output[-3000:] + done.stderr.decode(errors="replace")[-3000:]
    return output


def _check(results: Path, *options: str, cwd: Path = ROOT, variables: dict[str, str] = HOME, umask: int = 0o022) -> list[dict[str, Any]]:
    given = (f"--theory-results={results}", f"--theory-ledger={results / 'ledger.sqlite'}", f"--rootdir={ROOT}", "-p", "no:cacheprovider")
    _run("-m", "pytest", "-q", *given, *options, *(ROOT / claims for claims in CLAIMS), cwd=cwd, variables=variables, umask=umask)
    return json.loads((results / "evidence.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return the evidence of seed 0, at home."""
    found = _check(tmp_path_factory.mktemp("home"))
    assert {record["paper"] for record in found} == {"one_step_gd", "tester_learner"}
    assert sum(assertion["replicates"] > 0 for record in found for assertion in record["assertions"]) > 50
    return found


def test_elsewhere(evidence: list[dict[str, Any]], tmp_path: Path) -> None:
    """Another folder, locale, time zone, hash seed, umask, and number of BLAS threads."""
    there = _check(tmp_path / "results ä" if "PYTHONUTF8" not in ABROAD else tmp_path / "results", cwd=tmp_path, variables=ABROAD, umask=0o077)
    assert without_times(there) == without_times(evidence)
    # When it was is said in universal time, of which this folder's clock is fourteen hours ahead.
    ages = [(datetime.now(UTC) - datetime.fromisoformat(record["checked"])).total_seconds() for record in there]
    assert all(-2 < age < 600 for age in ages)
    assert [path for path in tmp_path.rglob("*.json") if path.stat().st_mode & 0o077] == []


def test_with_two_processes(evidence: list[dict[str, Any]], tmp_path: Path) -> None:
    assert without_times(_check(tmp_path, "-n", "2")) == without_times(evidence)


def test_another_seed_gives_other_evidence(evidence: list[dict[str, Any]], tmp_path: Path) -> None:
    """If not, the tests here would compare nothing."""
    other = _check(tmp_path, "--theory-seed=1", "-k", "test_angle_is_disagreement")
    (mine,) = [record for record in evidence if record["claim"] == other[0]["claim"]]
    known = {assertion["test"]: assertion["estimate"] for assertion in mine["assertions"] if "test_angle_is_disagreement" in assertion["test"]}
    assert {assertion["test"] for assertion in other[0]["assertions"]} == set(known)
    assert all(assertion["estimate"] != known[assertion["test"]] for assertion in other[0]["assertions"])


def test_tables_figures_and_report_to_the_byte(evidence: list[dict[str, Any]], tmp_path: Path) -> None:
    slug, name = FIGURE
    written = []
    for place, cwd, variables, jobs in (("home", ROOT, HOME, 1), ("abroad", tmp_path, ABROAD, 2)):
        results = tmp_path / place
        results.mkdir()
        (results / "evidence.json").write_text(json.dumps(evidence), encoding="utf-8")
        main = ("-c", "from theorylab.cli import main; main()")
        _run(*main, "figure", slug, "--name", name, "--format", "png,pdf,svg", "--jobs", jobs, "--results", results, cwd=cwd, variables=variables)
        _run(*main, "report", "--results", results, cwd=cwd, variables=variables)
        table = json.loads((results / "sweeps" / slug / f"{name}.quick.json").read_text(encoding="utf-8"))
        files = {path.name: path.read_bytes() for path in (results / "figures" / slug).iterdir()}
        written.append((without_times(table), files, (results / "report" / "index.html").read_bytes()))
    assert sorted(written[0][1]) == [f"{name}.{kind}" for kind in ("pdf", "png", "svg")]
    assert written[0] == written[1]


# The comparison itself ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "digits"),
    [
        (1.0, 1.0, ALL_DIGITS),
        (None, None, ALL_DIGITS),
        (None, 1.0, 0),
        (1.0, 2.0, 0),
        (1.0, -1.0, 0),
        (0.0, 1e-300, 0),
        (1.2345678, 1.2345679, 7),
        (1e300, 1.001e300, 3),
        (1.0, 1.0 + 2**-52, 15),
    ],
)
def test_equal_digits(one: float | None, other: float | None, digits: int) -> None:
    assert equal_digits(one, other) == equal_digits(other, one) == digits


def test_times_are_left_out_wherever_they_are() -> None:
    assert without_times({"seconds": 1, "a": [{"checked": "now", "b": 2}], "seed": 0}) == {"a": [{"b": 2}], "seed": 0}


CHANGES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("holds became refuted", lambda record: record.update(verdict="refuted")),
    ("tests became", lambda record: record["tests"].pop()),
    ("assertions became", lambda record: record["assertions"].pop()),
    ("counterclaim", lambda record: record["counterclaims"][0].update(verdict="survives")),
    ("holds became undecided", lambda record: record["assertions"][0].update(verdict="undecided")),
]


@pytest.mark.parametrize(("words", "change"), CHANGES)
def test_a_change_of_words_is_seen(evidence: list[dict[str, Any]], words: str, change: Callable[[dict[str, Any]], object]) -> None:
    other = copy.deepcopy(evidence[0])
    assert compare_claims(evidence[0], other).words == []
    change(other)
    assert any(words in each for each in compare_claims(evidence[0], other).words)


def test_a_change_of_numbers_is_measured(evidence: list[dict[str, Any]]) -> None:
    other = copy.deepcopy(evidence)
    changed = next(each for each in other[0]["assertions"] if each["replicates"] and None not in each["margin"])
    half = (changed["margin"][1] - changed["margin"][0]) / 2
    changed["interval"][1] += 0.01 * half
    differences = compare_evidence(evidence, other)
    found = differences[other[0]["paper"], other[0]["claim"]]
    assert found.words == []
    assert 0 < found.digits == found.digits_of["interval"] < ALL_DIGITS
    assert all(digits == ALL_DIGITS for name, digits in found.digits_of.items() if name != "interval")
    assert found.moved == pytest.approx(0.01, rel=1e-6)
    assert found.where.startswith("interval of ")
    assert all(each.is_none for each in differences.values() if each is not found)
    own = [each for key, each in differences.items() if key[0] == other[0]["paper"]]
    first = differences_table(differences).splitlines()[2]
    assert first == f"| `one_step_gd` | {len(own)} | {len(own) - 1} | all | all | {found.digits} | all | 1e-02 | 0 |"
    bound = {**changed, "margin": [None, changed["estimate"] + half]}
    assert compare_claims(
        {**other[0], "assertions": [bound]}, {**other[0], "assertions": [{**bound, "estimate": bound["estimate"] - 0.5 * half}]}
    ).moved == (pytest.approx(0.5))
    assert [each.words for each in compare_evidence(evidence, evidence[1:]).values() if each.words] == [["only in the first run"]]


def test_runs_are_good_if_verdicts_streams_and_unit_tests_are(evidence: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    def good(changed: list[dict[str, Any]], streams: set[str], passes: bool) -> bool:
        return compare_runs({"pinned": Ran({"numpy": "2"}, evidence, {"a"}, True), "newest": Ran({"numpy": "3"}, changed, streams, passes)})

    assert good(evidence, {"a"}, True)
    assert "| numpy | 2 | 3 |" in capsys.readouterr().out
    moved, undecided = copy.deepcopy(evidence), copy.deepcopy(evidence)
    moved[0]["assertions"][0]["estimate"] += 1e-12
    undecided[0]["verdict"] = "undecided"
    assert good(moved, {"a"}, True)
    assert not good(undecided, {"a"}, True)
    assert "holds became undecided" in capsys.readouterr().out
    assert not good(evidence[1:], {"a"}, True)
    assert not good(evidence, {"a", "b"}, True)
    assert not good(evidence, {"a"}, False)


def test_environments_are_held_to_what_their_names_say() -> None:
    held = {name: constraints_of(name, ROOT) for name in ENVIRONMENTS}
    assert held["lowest"] == lowest_versions(ROOT / "pyproject.toml")
    assert held["newest"] == []
    pinned = dict(line.split("==") for line in held["pinned"] if not line.startswith("#"))
    # Every direct dependency is pinned, at or above its lower bound.
    for line in held["lowest"]:
        name, lowest = line.split("==")
        assert [int(part) for part in pinned[name].split(".")] >= [int(part) for part in lowest.split(".")], name
    with pytest.raises(ValueError, match="environment must be one of pinned, lowest, newest; got 'oldest'"):
        constraints_of("oldest", ROOT)


def test_every_dependency_has_one_lower_bound(tmp_path: Path) -> None:
    lowest = lowest_versions(ROOT / "pyproject.toml")
    assert len(lowest) > 15
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9.]+", line) for line in lowest)
    for requirement, message in (("numpy", "of the form"), ("numpy<3", "of the form"), ("a>=2", "two lower bounds")):
        pyproject = tmp_path / "pyproject.toml"
        pyproject.write_text(f'[project]\ndependencies = ["a>=1", "{requirement}"]\noptional-dependencies.test = []\n', encoding="utf-8")
        with pytest.raises(ValueError, match=message):
            lowest_versions(pyproject)
