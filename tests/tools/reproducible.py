"""Is the evidence the same elsewhere? The comparison that tests use, and the program that runs it over dependency versions.

``make versions`` makes two environments in a temporary folder, one with the lowest versions that pyproject.toml allows and one with the newest,
installs the package, checks the claims of two papers (``--all``: of all) with the same seed in both, and compares every number.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAPERS = ("one_step_gd", "inductive_bias")
# Not a number of the claims: how long it took and when it was.
TIMES = ("seconds", "checked")
NUMBERS = ("theory", "estimate", "interval", "margin", "replicates")
# Double precision has no more.
ALL_DIGITS = 16
_CACHES = (".hypothesis", ".benchmarks", ".ipynb_checkpoints", ".*_cache", "__pycache__")
_NEVER_COPIED = (".git", ".venv", "results", "build", "dist", "*.egg-info", *_CACHES)


def without_times(content: Any) -> Any:
    """Return evidence or the table of a sweep without what differs between any two runs."""
    if isinstance(content, dict):
        return {name: without_times(value) for name, value in content.items() if name not in TIMES}
    return [without_times(each) for each in content] if isinstance(content, list) else content


def equal_digits(one: float | None, other: float | None) -> int:
    """Return how many leading digits two numbers share, `ALL_DIGITS` if they are the same."""
    if one == other:
        return ALL_DIGITS
    if one is None or other is None:
        return 0
    return max(0, min(ALL_DIGITS - 1, math.floor(-math.log10(abs(one - other) / max(abs(one), abs(other))))))


@dataclass
class Difference:
    """How two runs of one claim differ."""

    digits: int = ALL_DIGITS
    where: str = ""
    # Largest difference of an estimate or of an interval's end, as a part of the room that the margin leaves.
    moved: float = 0.0
    words: list[str] = field(default_factory=list)


def _moved(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return how far estimate and interval moved, as a part of half the margin, or for a bound of the room between it and the estimate."""
    pairs = [(one["estimate"], other["estimate"]), *zip(one["interval"], other["interval"], strict=True)]
    distance = max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=0.0)
    if distance == 0.0:
        return 0.0
    low, high = one["margin"]
    if low is not None and high is not None:
        return distance / ((high - low) / 2) if high > low else math.inf
    room = abs((high if low is None else low) - one["estimate"])
    return distance / room if room else math.inf


def compare_claims(one: dict[str, Any], other: dict[str, Any]) -> Difference:
    """Compare two records of a claim, number by number."""
    found = Difference()
    if one["verdict"] != other["verdict"]:
        found.words.append(f"{one['verdict']} became {other['verdict']}")
    for name in ("tests", "counterclaims", "assertions"):
        if len(one[name]) != len(other[name]):
            found.words.append(f"{len(one[name])} {name} became {len(other[name])}")
    for a, b in zip(one["counterclaims"], other["counterclaims"], strict=False):
        if a["verdict"] != b["verdict"]:
            found.words.append(f"counterclaim {a['label']!r}: {a['verdict']} became {b['verdict']}")
    for a, b in zip(one["assertions"], other["assertions"], strict=False):
        if (a["test"], a["verdict"]) != (b["test"], b["verdict"]):
            found.words.append(f"{a['test']}: {a['verdict']} became {b['verdict']} of {b['test']}")
            continue
        found.moved = max(found.moved, _moved(a, b))
        # Two routes that agree differ by rounding alone; how much, against what is allowed, is told, but its digits mean nothing.
        if a["theory"] == b["theory"] == 0.0 and not a["replicates"]:
            continue
        for name in NUMBERS:
            pairs = zip(a[name], b[name], strict=True) if isinstance(a[name], list) else [(a[name], b[name])]
            digits = min(equal_digits(*pair) for pair in pairs)
            if digits < found.digits:
                found.digits, found.where = digits, f"{name} of {a['test'].rpartition('::')[2]}: {a[name]} and {b[name]}"
    return found


def compare_evidence(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> dict[tuple[str, str], Difference]:
    """Compare two evidence files claim by claim; a claim that only one of them has is a difference in words."""
    mine, theirs = ({(record["paper"], record["claim"]): record for record in records} for records in (one, other))
    differences = {key: compare_claims(mine[key], theirs[key]) for key in mine if key in theirs}
    for key in mine.keys() ^ theirs.keys():
        differences[key] = Difference(0, words=[f"only in the {'first' if key in mine else 'second'} run"])
    return differences


def streams(ledger: Path) -> set[str]:
    """Return what keyed the random numbers of every record: seed, sampler and parameters, without what only says which record it is."""
    connection = sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)
    try:
        identities = [json.loads(text) for (text,) in connection.execute("SELECT identity FROM record")]
    finally:
        connection.close()
    return {json.dumps({name: each[name] for name in ("seed", "sampler", "parameters")}, sort_keys=True) for each in identities}


# Environments ----------------------------------------------------------------------------------------------------------------------------


def lowest_versions(pyproject: Path, extra: str = "test") -> list[str]:
    """Return one constraint ``name==version`` for every lower bound of the dependencies and of an extra.

    Raises
    ------
    ValueError
        If a requirement has no lower bound: then nobody knows what the package needs.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    bounds: dict[str, str] = {}
    for requirement in [*project["dependencies"], *project["optional-dependencies"][extra]]:
        found = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?>=([0-9.]+)", requirement.replace(" ", ""))
        if found is None:
            raise ValueError(f"requirement must be of the form name>=version; got {requirement!r}")
        name, version = found.groups()
        if bounds.setdefault(name, version) != version:
            raise ValueError(f"requirement {name} has two lower bounds, {bounds[name]} and {version}")
    return [f"{name}=={version}" for name, version in bounds.items()]


def copy_checkout(target: Path, source: Path = ROOT) -> Path:
    """Copy the checkout, without what was installed, built or computed in it; return the copy."""
    return shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_NEVER_COPIED))


def _run(*command: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], text=True, check=False, **options)


def make_environment(folder: Path, source: Path, python: str, constraints: list[str]) -> Path:
    """Make a virtual environment with a copy of the checkout at ``source`` installed in it; return its folder of programs."""
    checkout, programs = copy_checkout(folder / "checkout", source), folder / "environment" / "bin"
    given = folder / "constraints.txt"
    given.write_text("".join(f"{line}\n" for line in constraints), encoding="utf-8")
    install = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", given]
    for command in ([python, "-m", "venv", folder / "environment"], [*install, "--editable", f"{checkout}[test]"]):
        done = _run(*command, capture_output=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise RuntimeError(f"cannot make the environment {folder.name} ({last})")
    return programs


def installed_versions(programs: Path, names: list[str]) -> dict[str, str]:
    """Return the versions of packages in an environment."""
    code = "import sys, importlib.metadata as m; print(*(m.version(name) for name in sys.argv[1:]))"
    return dict(zip(names, _run(programs / "python", "-c", code, *names, capture_output=True).stdout.split(), strict=True))


def check_papers(folder: Path, programs: Path, papers: list[str], seed: int) -> list[dict[str, Any]]:
    """Check papers in an environment, from nothing; return the evidence."""
    results = folder / "results"
    variables = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    words = ["check", *papers, "--seed", seed, "--results", results, "--ledger", results / "ledger.sqlite"]
    done = _run(programs / "theorylab", *words, cwd=folder / "checkout", env=variables, stdout=subprocess.PIPE)
    lines = done.stdout.strip().splitlines() or ["no output"]
    print(f"{folder.name}: {lines[-1]}", *(lines[-60:-1] if done.returncode else []), sep="\n", flush=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"theorylab check ended with exit code {done.returncode} in the environment {folder.name}")
    records: list[dict[str, Any]] = json.loads((results / "evidence.json").read_text(encoding="utf-8"))
    return records


def _print_differences(differences: dict[tuple[str, str], Difference]) -> int:
    """Print one line for each claim that differs, and how many do not; return how many changed in words."""
    by_paper: dict[str, list[tuple[str, Difference]]] = defaultdict(list)
    for (paper, claim), difference in sorted(differences.items()):
        by_paper[paper].append((claim, difference))
    for paper, claims in by_paper.items():
        same = sum(each.digits == ALL_DIGITS and not each.words for _, each in claims)
        print(f"\n{paper}: {same} of {len(claims)} claims equal in every digit")
        for claim, each in claims:
            if each.digits < ALL_DIGITS or each.words:
                print(f"  {claim}: {each.digits} equal digits, moved by {each.moved:.1e} of the margin; {'; '.join(each.words) or each.where}")
    return sum(bool(each.words) for each in differences.values())


def main() -> int:
    """Compare the lowest and the newest versions; return 1 if a verdict or a random stream differs, 2 if an environment cannot be made."""
    parser = argparse.ArgumentParser(description="Check claims with the lowest and the newest versions of the dependencies, and compare.")
    parser.add_argument("papers", nargs="*", default=list(PAPERS), help=f"slugs (default: {' '.join(PAPERS)})")
    parser.add_argument("--all", action="store_true", help="all papers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lowest-python", default=sys.executable, help="interpreter of the lowest environment")
    parser.add_argument("--newest-python", default=sys.executable, help="interpreter of the newest environment")
    parser.add_argument("--keep", type=Path, help="make the environments in this folder and leave them there")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from theorylab.papers import find_paper, slugs

    papers = list(slugs()) if options.all else options.papers
    try:
        papers = [find_paper(slug).slug for slug in papers]
        lowest = lowest_versions(ROOT / "pyproject.toml")
        with tempfile.TemporaryDirectory(prefix="theorylab-versions-") as temporary:
            base = options.keep.resolve() if options.keep else Path(temporary)
            base.mkdir(parents=True, exist_ok=True)
            evidence, versions, keys = [], [], []
            # One copy for both: somebody may be editing the checkout.
            source = copy_checkout(base / "source")
            for name, python, constraints in (("lowest", options.lowest_python, lowest), ("newest", options.newest_python, [])):
                (base / name).mkdir()
                programs = make_environment(base / name, source, python, constraints)
                versions.append(installed_versions(programs, [line.partition("==")[0] for line in lowest]))
                evidence.append(check_papers(base / name, programs, papers, options.seed))
                keys.append(streams(base / name / "results" / "ledger.sqlite"))
    except (ValueError, RuntimeError, OSError) as error:
        print(f"reproducible: error: {error}", file=sys.stderr)
        return 2
    print(f"\n{'package':<20}{'lowest':<12}newest")
    for package, version in versions[0].items():
        print(f"{package:<20}{version:<12}{versions[1][package]}")
    changed = _print_differences(compare_evidence(*evidence))
    print(f"\n{len(keys[0] & keys[1])} random streams are the same in both, {len(keys[0] ^ keys[1])} are not")
    for key in sorted(keys[0] ^ keys[1]):
        print(f"  {key}")
    return 1 if changed or keys[0] != keys[1] else 0


if __name__ == "__main__":
    sys.exit(main())
