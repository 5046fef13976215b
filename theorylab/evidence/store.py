"""The evidence file: one record per claim, merged over runs, written whole or not at all.

The format is stable: a JSON list of records with the fields ``paper, claim, kind, statement, tex, source, verdict, blind, assertions,
counterclaims, tests, seconds, seed, scale, backend, alpha, version``. ``docs/evidence.md`` describes each.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from theorylab.evidence.claims import overall_verdict
from theorylab.evidence.format import check_records
from theorylab.files import locked
from theorylab.validation import instance, items
from theorylab.validation import record as checked_record
from theorylab.validation import text as checked_text

__all__ = ["group_by_claim", "in_order", "merge_evidence", "read_evidence", "write_evidence", "write_json", "write_whole"]

_SETTINGS = ("seed", "scale", "backend", "alpha", "version")


def group_by_claim(tests: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the records of single tests into one record per (paper, claim), in order of first appearance."""
    grouped: dict[tuple[str, str], dict[str, Any]] = {}
    for test in _records("tests", tests):
        key = (test["paper"], test["claim"])
        known = grouped.get(key)
        grouped[key] = _settled(test if known is None else {**known, **{name: known[name] + test[name] for name in _LISTS}})
    return list(grouped.values())


_LISTS = ("assertions", "counterclaims", "tests")


def _records(name: str, records: Any) -> list[dict[str, Any]]:
    """Return records of claims as a list, if they have what they are put in order by."""
    found = items(name, records, dict)
    for each in found:
        checked_record(name, each, ("paper", "claim", *_LISTS))
    return found


def _settled(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record with its verdict, blindness, estimands and seconds worked out from its parts."""
    outcomes = [test["outcome"] for test in record["tests"]]
    verdict = overall_verdict(assertion["verdict"] for assertion in record["assertions"])
    blind = not record["counterclaims"] or any(each["verdict"] != "refuted" for each in record["counterclaims"])
    if verdict == "holds" and any(outcome != "passed" for outcome in outcomes):
        # The numbers are fine but the check is not (it is blind, or it raised); only "holds" passes, so it must not say so.
        verdict = "undecided"
    seconds = round(sum(test["seconds"] for test in record["tests"]), 3)
    estimands = sum(test.get("estimands", 0) for test in record["tests"])
    return {**record, "verdict": verdict, "blind": blind, "estimands": estimands, "seconds": seconds}


def in_order(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records by paper and claim, and the parts of each by test, so that the order in which several processes finish leaves no trace.

    GD-2 comes before GD-10; what one test asked stays in the order in which it asked.
    """
    ordered = []
    for record in sorted(_records("records", records), key=lambda record: (_natural(record["paper"]), _natural(record["claim"]))):
        tests = sorted(record["tests"], key=lambda test: _natural(test["id"]))
        parts = {name: sorted(record[name], key=lambda part: _natural(part["test"])) for name in ("assertions", "counterclaims")}
        ordered.append({**record, **parts, "tests": tests})
    return ordered


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a sort key by which the numbers in a text count as numbers."""
    return [(0, int(part), part) if part[0].isdecimal() else (1, 0, part) for part in re.split(r"(\d{1,100})", text) if part]


def merge_evidence(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put new records in the place of old ones of the same claim; what other tests of a claim found under the same settings is kept."""
    merged = {(record["paper"], record["claim"]): record for record in _records("old", old)}
    for record in _records("new", new):
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
    instance("path", path, Path)
    if not path.exists():
        return []
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    # ValueError also covers text that is not UTF-8, and integers of more digits than Python converts.
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as an evidence file ({error}); move it away and run again") from error
    try:
        return check_records(records)
    except ValueError as error:
        raise ValueError(f"{path} is not an evidence file ({error}); move it away and run again") from error


def write_evidence(path: Path, records: list[dict[str, Any]]) -> None:
    """Merge ``records`` into the evidence file at ``path``."""
    instance("path", path, Path)
    records = _records("records", records)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two runs that end at once would each merge into what the other has not yet written.
    with locked(path.parent):
        write_json(path, in_order(merge_evidence(read_evidence(path), records)))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all."""
    instance("path", path, Path)
    try:
        written = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        written.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"content must be what JSON has a form for, with finite numbers ({error})") from None
    write_whole(path, written + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a text file whole or not at all: to a neighbour first, which then takes its place."""
    instance("path", path, Path)
    checked_text("text", text)
    if not path.name:
        raise ValueError(f"path must name a file; got {str(path)!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    # A draft that a killed process left behind goes. What stands there must be ours: whoever may write this folder could have put a link there,
    # and mode "x" follows none.
    draft.unlink(missing_ok=True)
    try:
        with draft.open("x", encoding="utf-8") as stream:
            stream.write(text)
            # Else a power cut could leave the new name with nothing behind it.
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        # A full disk names no file.
        raise OSError(error.errno, f"cannot write {path}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
