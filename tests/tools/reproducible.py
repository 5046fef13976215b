"""Is the evidence the same elsewhere? The comparison that tests use, and the program that runs it over dependency versions.

``make versions`` makes three environments in a temporary folder, with the lowest versions that pyproject.toml allows, with the pinned ones and with
the newest, checks all claims with the same seed in each, and compares every number with that of the pinned versions. The claims are checked once more
with the pinned versions, but from another folder, with two processes, and with another time zone, locale, hash seed and number of BLAS threads. With
``--tests`` the unit tests are run in each environment too.
"""

from __future__ import annotations

import argparse
import json
import math
import sqlite3
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from environments import (
    ENVIRONMENTS,
    LEDGER,
    ROOT,
    check_elsewhere,
    check_papers,
    constraints_of,
    copy_checkout,
    installed_versions,
    lowest_versions,
    make_environment,
    run_unit_tests,
)

# Not a number of the claims: how long it took and when it was.
TIMES = ("seconds", "checked")
NUMBERS = ("theory", "estimate", "interval", "margin", "replicates")
# Double precision has no more.
ALL_DIGITS = 16


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

    # Fewest leading digits that two of its numbers share, by the name of the number, and where that is.
    digits_of: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NUMBERS, ALL_DIGITS))
    where: str = ""
    # Largest difference of an estimate or of an interval's end, as a part of the room that the margin leaves.
    moved: float = 0.0
    words: list[str] = field(default_factory=list)

    @property
    def digits(self) -> int:
        """Fewest equal digits of all."""
        return min(self.digits_of.values())

    @property
    def is_none(self) -> bool:
        """Whether there is none."""
        return self.digits == ALL_DIGITS and not self.words


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
                found.where = f"{name} of {a['test'].rpartition('::')[2]}: {a[name]} and {b[name]}"
            found.digits_of[name] = min(digits, found.digits_of[name])
    return found


def compare_evidence(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> dict[tuple[str, str], Difference]:
    """Compare two evidence files claim by claim; a claim that only one of them has is a difference in words."""
    mine, theirs = ({(record["paper"], record["claim"]): record for record in records} for records in (one, other))
    differences = {key: compare_claims(mine[key], theirs[key]) for key in mine if key in theirs}
    for key in mine.keys() ^ theirs.keys():
        differences[key] = Difference(words=[f"only in the {'first' if key in mine else 'second'} run"])
    return differences


def streams(ledger: Path) -> set[str]:
    """Return what keyed the random numbers of every record: seed, sampler and parameters, without what only says which record it is."""
    connection = sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)
    try:
        identities = [json.loads(text) for (text,) in connection.execute("SELECT identity FROM record")]
    finally:
        connection.close()
    return {json.dumps({name: each[name] for name in ("seed", "sampler", "parameters")}, sort_keys=True) for each in identities}


# The program ---------------------------------------------------------------------------------------------------------------------------------


@dataclass
class Ran:
    """What was found in one environment."""

    versions: dict[str, str]
    evidence: list[dict[str, Any]]
    streams: set[str]
    passes: bool


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown; all columns but the first hold numbers."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _digits(number: int) -> str:
    return "all" if number == ALL_DIGITS else str(number)


def differences_table(differences: dict[tuple[str, str], Difference]) -> str:
    """Return one row for each paper: how many claims are equal, and in the others the fewest equal digits of each kind of number."""
    by_paper: dict[str, list[Difference]] = defaultdict(list)
    for (paper, _), difference in sorted(differences.items()):
        by_paper[paper].append(difference)
    rows = []
    for paper, found in by_paper.items():
        equal = sum(each.is_none for each in found)
        fewest = [_digits(min(each.digits_of[name] for each in found)) for name in ("theory", "estimate", "interval", "replicates")]
        moved = max(each.moved for each in found)
        changed = sum(bool(each.words) for each in found)
        rows.append([f"`{paper}`", str(len(found)), str(equal), *fewest, f"{moved:.0e}" if moved else "0", str(changed)])
    return table(["paper", "claims", "equal", "theory", "estimate", "interval", "replicates", "moved", "verdicts changed"], rows)


def _differing(differences: dict[tuple[str, str], Difference]) -> list[str]:
    """Return one line for each claim that differs."""
    return [
        f"  {paper} {claim}: {each.digits} equal digits, moved by {each.moved:.1e} of the margin; {'; '.join(each.words) or each.where}"
        for (paper, claim), each in sorted(differences.items())
        if not each.is_none
    ]


def run_in(name: str, base: Path, source: Path, python: str, papers: list[str], seed: int, unit_tests: bool) -> Ran:
    """Make one environment and do in it what is asked."""
    (base / name).mkdir()
    programs = make_environment(base / name, source, python, constraints_of(name, source))
    versions = installed_versions(programs, [line.partition("==")[0] for line in lowest_versions(source / "pyproject.toml")])
    evidence = check_papers(base / name, programs, papers, seed)
    return Ran(versions, evidence, streams(base / name / "results" / LEDGER), not unit_tests or run_unit_tests(base / name, programs))


def run_all(names: list[str], base: Path, pythons: dict[str, str], papers: list[str], seed: int, unit_tests: bool) -> dict[str, Ran]:
    """Make the environments and do in each what is asked; in the first one once more, from elsewhere."""
    base.mkdir(parents=True, exist_ok=True)
    # One copy for all: somebody may be editing the checkout.
    source = copy_checkout(base / "source")
    runs = {name: run_in(name, base, source, pythons.get(name, sys.executable), papers, seed, unit_tests) for name in names}
    evidence = check_elsewhere(base / "elsewhere", base / names[0] / "environment" / "bin", papers, seed)
    runs["elsewhere"] = Ran(runs[names[0]].versions, evidence, streams(base / "elsewhere" / "results" / LEDGER), True)
    return runs


def compare_runs(runs: dict[str, Ran]) -> bool:
    """Print how every run differs from the first; tell whether verdicts and random streams are the same and all unit tests passed."""
    reference, *others = names = list(runs)
    print("\n" + table(["package", *names], [[package, *(runs[name].versions[package] for name in names)] for package in runs[reference].versions]))
    good = all(run.passes for run in runs.values())
    for name in others:
        differences = compare_evidence(runs[reference].evidence, runs[name].evidence)
        other = runs[reference].streams ^ runs[name].streams
        print(f"\n{reference} and {name}:\n\n{differences_table(differences)}\n", *_differing(differences), sep="\n")
        both = runs[reference].streams & runs[name].streams
        print(f"\n{len(both)} random streams are the same in both, {len(other)} are not", *sorted(other), sep="\n  ")
        good = good and not other and not any(each.words for each in differences.values())
    return good


def main() -> int:
    """Compare the versions; return 1 if a verdict or a random stream differs or a unit test fails, 2 if an environment cannot be made."""
    parser = argparse.ArgumentParser(description="Check claims with other versions of the dependencies, and compare.")
    parser.add_argument("papers", nargs="*", help="slugs (default: all)")
    parser.add_argument(
        "--environments", default=",".join(ENVIRONMENTS), help="which; the first is what the others are compared with (default: %(default)s)"
    )
    parser.add_argument("--tests", action="store_true", help="run the unit tests in each environment too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lowest-python", default=sys.executable, help="interpreter of the lowest environment")
    parser.add_argument("--newest-python", default=sys.executable, help="interpreter of the newest environment")
    parser.add_argument("--keep", type=Path, help="make the environments in this folder and leave them there")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from theorylab.papers import find_paper, slugs

    names = list(dict.fromkeys(options.environments.split(",")))
    pythons = {"lowest": options.lowest_python, "newest": options.newest_python}
    try:
        papers = [find_paper(slug).slug for slug in options.papers or slugs()]
        for name in names:
            constraints_of(name, ROOT)
        with tempfile.TemporaryDirectory(prefix="theorylab-versions-") as temporary:
            base = options.keep.resolve() if options.keep else Path(temporary)
            runs = run_all(names, base, pythons, papers, options.seed, options.tests)
    except (ValueError, RuntimeError, OSError) as error:
        print(f"reproducible: error: {error}", file=sys.stderr)
        return 2
    return 0 if compare_runs(runs) else 1


if __name__ == "__main__":
    sys.exit(main())
