"""What became of mutants: the records of campaigns, the mutants that were judged equivalent, and the table of all."""

from __future__ import annotations

import contextlib
import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mutations import Mutant

__all__ = ["ALIVE", "EQUIVALENT", "Found", "judged", "latest", "name_of", "read", "table", "write"]

ROOT = Path(__file__).resolve().parents[2]
EQUIVALENT = ROOT / "tests" / "tools" / "equivalent_mutants"
OUTCOMES = ("claims", "units", "survived", "not reached", "no change")
ALIVE = ("survived", "not reached")


@dataclass(frozen=True)
class Found:
    """What became of a mutant: who noticed, by which test, in how many seconds."""

    mutant: Mutant
    outcome: str
    test: str
    seconds: float


def read(path: Path) -> list[dict[str, Any]]:
    """Return what a file holds; its last line may be cut."""
    entries = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                entries.append(json.loads(line))
    return entries


def write(path: Path, found: Found) -> None:
    """Add a line to a file."""
    entry = asdict(found)
    entry["mutant"]["path"] = os.path.relpath(found.mutant.path, ROOT)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def name_of(mutant: Mutant | dict[str, Any]) -> str:
    """Return the name of a mutant, which stays the same when lines are added above it."""
    entry = asdict(mutant) if isinstance(mutant, Mutant) else mutant
    path = Path(entry["path"])
    path = path.relative_to(ROOT) if path.is_absolute() else path
    twin = f" (#{entry['twin'] + 1})" if entry["twin"] else ""
    return f"{path} {entry['function']}: {entry['before']} -> {entry['after']} in {entry['statement']}{twin}"


def latest(path: Path) -> dict[str, dict[str, Any]]:
    """Return the last record of every mutant by its name, without those that nothing took."""
    return {name_of(entry["mutant"]): entry for entry in read(path) if entry["outcome"] != "no change"}


def judged(folder: Path = EQUIVALENT) -> dict[str, str]:
    """Return the mutants that were judged equivalent, with the reason.

    A file for each target has tables ``[[same]]`` of a ``reason`` and the names of the ``mutants``.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        for group in tomllib.loads(path.read_text(encoding="utf-8")).get("same", []):
            found |= dict.fromkeys(group["mutants"], group["reason"])
    return found


def table(folder: Path, names: dict[str, set[str]]) -> Iterator[str]:
    """Yield the lines of a table: mutants of every target there are and were tried, who killed them, what survived.

    Parameters
    ----------
    folder
        Of the records.
    names
        The mutants of every target by name; records of others are of code that is gone.
    """
    equivalent = judged()
    yield "| target | mutants | tried | killed by claims | killed by unit tests only | survived | equivalent | claims alone | killed |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for target, there in names.items():
        entries = {name: entry for name, entry in latest(folder / f"{target}.jsonl").items() if name in there}
        count = {outcome: sum(entry["outcome"] == outcome for entry in entries.values()) for outcome in OUTCOMES}
        same = sum(entry["outcome"] in ALIVE and name in equivalent for name, entry in entries.items())
        alive = sum(count[outcome] for outcome in ALIVE) - same
        real = max(len(entries) - same, 1)
        claims = f"{100 * count['claims'] / real:.1f} %"
        yield (
            f"| {target} | {len(there)} | {len(entries)} | {count['claims']} | {count['units']} | {alive} | {same} | {claims} "
            f"| {100 * (count['claims'] + count['units']) / real:.1f} % |"
        )
