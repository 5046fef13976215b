"""The evidence file: one record per claim, merged over runs, written whole or not at all.

The format is stable: a JSON list of records with the fields ``paper, claim, kind, statement, tex, source, verdict, blind, assertions,
counterclaims, tests, seconds, seed, scale, backend, alpha, version``. ``docs/evidence.md`` describes each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from theorylab.evidence.claims import overall_verdict

__all__ = ["group_by_claim", "merge_evidence", "read_evidence", "write_evidence", "write_json"]

_SETTINGS = ("seed", "scale", "backend", "alpha", "version")


def group_by_claim(tests: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the records of single tests into one record per (paper, claim), in order of first appearance."""
    grouped: dict[tuple[str, str], dict[str, Any]] = {}
    for test in tests:
        key = (test["paper"], test["claim"])
        known = grouped.get(key)
        grouped[key] = _settled(test if known is None else {**known, **{name: known[name] + test[name] for name in _LISTS}})
    return list(grouped.values())


_LISTS = ("assertions", "counterclaims", "tests")


def _settled(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record with its verdict, blindness and seconds worked out from its parts."""
    outcomes = [test["outcome"] for test in record["tests"]]
    verdict = overall_verdict(assertion["verdict"] for assertion in record["assertions"])
    blind = not record["counterclaims"] or any(each["verdict"] != "refuted" for each in record["counterclaims"])
    if verdict == "holds" and any(outcome != "passed" for outcome in outcomes):
        # The numbers are fine but the check is not (it is blind, or it raised); only "holds" passes, so it must not say so.
        verdict = "undecided"
    seconds = round(sum(test["seconds"] for test in record["tests"]), 3)
    return {**record, "verdict": verdict, "blind": blind, "seconds": seconds}


def merge_evidence(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put new records in the place of old ones of the same claim; what other tests of a claim found under the same settings is kept."""
    merged = {(record["paper"], record["claim"]): record for record in old}
    for record in new:
        key = (record["paper"], record["claim"])
        before = merged.get(key)
        if before is not None and all(before.get(name) == record[name] for name in _SETTINGS):
            rerun = {test["id"] for test in record["tests"]}
            kept = {
                "tests": [test for test in before["tests"] if test["id"] not in rerun],
                "assertions": [assertion for assertion in before["assertions"] if assertion["test"] not in rerun],
                "counterclaims": [counterclaim for counterclaim in before["counterclaims"] if counterclaim["test"] not in rerun],
            }
            record = _settled({**record, **{name: kept[name] + record[name] for name in _LISTS}})
        merged[key] = record
    return list(merged.values())


def read_evidence(path: Path) -> list[dict[str, Any]]:
    """Return the records of an evidence file, or none if there is no such file.

    Raises
    ------
    ValueError
        If the file is not an evidence file.
    """
    if not path.exists():
        return []
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} cannot be read as an evidence file ({error}); move it away and run again") from error
    fields = {"paper", "claim", "verdict", *_LISTS}
    if not isinstance(records, list) or any(not isinstance(record, dict) or not fields <= record.keys() for record in records):
        raise ValueError(f"{path} is not an evidence file (a list of claims); move it away and run again")
    return records


def write_evidence(path: Path, records: list[dict[str, Any]]) -> None:
    """Merge ``records`` into the evidence file at ``path``."""
    write_json(path, merge_evidence(read_evidence(path), records))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all: to a neighbour first, which then takes its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    draft.replace(path)
