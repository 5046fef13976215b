"""What the records of an evidence file are made of, field by field: the file may have been written by anybody, so nothing in it is taken on trust."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["check_records"]

_VERDICTS = ("holds", "refuted", "undecided")

_Field = tuple[Callable[[Any], bool], str]


def _is_text(value: Any) -> bool:
    # Half of a surrogate pair is a valid JSON text, which no file could hold.
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _is_number(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def _is_number_or_null(value: Any) -> bool:
    return value is None or _is_number(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value) and value >= 0


def _is_range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_is_number_or_null(end) for end in value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


_TEXT: _Field = (_is_text, "a text")
_COUNT: _Field = (_is_count, "an integer >= 0")
_DURATION: _Field = (lambda value: _is_number(value) and value >= 0, "a number >= 0")
_OPTIONAL: _Field = (_is_number_or_null, "a finite number or null")
_RANGE: _Field = (_is_range, "a list of two finite numbers or nulls")
_VERDICT: _Field = (lambda value: value in _VERDICTS, f"one of {', '.join(_VERDICTS)}")
_LIST: _Field = (_is_list, "a list")

_RECORD: Mapping[str, _Field] = {
    "paper": _TEXT,
    "claim": _TEXT,
    "kind": _TEXT,
    "statement": _TEXT,
    "tex": _TEXT,
    "source": _TEXT,
    "verdict": _VERDICT,
    "blind": (lambda value: isinstance(value, bool), "true or false"),
    "assertions": _LIST,
    "counterclaims": _LIST,
    "tests": _LIST,
    "seconds": _DURATION,
    "seed": _COUNT,
    "scale": _TEXT,
    "backend": _TEXT,
    "alpha": (lambda value: _is_number(value) and 0 < value < 1, "a number in (0, 1)"),
    "version": _TEXT,
}
_PARTS: Mapping[str, Mapping[str, _Field]] = {
    "assertions": {
        "question": _TEXT,
        "verdict": _VERDICT,
        "theory": _OPTIONAL,
        "estimate": _OPTIONAL,
        "interval": _RANGE,
        "margin": _RANGE,
        "replicates": _COUNT,
        "seconds": _DURATION,
        "test": _TEXT,
    },
    "counterclaims": {
        "label": _TEXT,
        "verdict": (lambda value: value in ("refuted", "survives"), "refuted or survives"),
        "half_widths": _OPTIONAL,
        "test": _TEXT,
    },
    "tests": {"id": _TEXT, "outcome": _TEXT, "seconds": _DURATION},
}
# Fields that a file of an earlier release may lack; where they are, they are used as the others are.
_LATER: Mapping[str, Mapping[str, _Field]] = {
    "record": {"estimands": _COUNT, "checked": _TEXT},
    "assertions": {"replicates_needed": _OPTIONAL, "reason": _TEXT},
    "tests": {"estimands": _COUNT},
}


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _check(where: str, record: Any, fields: Mapping[str, _Field], later: Mapping[str, _Field]) -> None:
    if not isinstance(record, dict):
        raise ValueError(f"{where} must be a record; got {_shown(record)}")
    for name, (fits, valid) in {**fields, **later}.items():
        if name not in record and name in fields:
            raise ValueError(f"{where} has no field {name}")
        if name in record and not fits(record[name]):
            raise ValueError(f"{name} of {where} must be {valid}; got {_shown(record[name])}")


def check_records(records: Any) -> list[dict[str, Any]]:
    """Return ``records`` if they are a list of claims as `docs/evidence.md` describes them; fields that it does not name are left alone.

    Raises
    ------
    ValueError
        If a field is missing or holds what it never holds; the message names the field and its place.
    """
    if not isinstance(records, list):
        raise ValueError("records must be a list of claims")
    for number, record in enumerate(records, start=1):
        _check(f"claim {number}", record, _RECORD, _LATER["record"])
        for kind, fields in _PARTS.items():
            for place, part in enumerate(record[kind], start=1):
                _check(f"{kind}[{place}] of claim {number}", part, fields, _LATER.get(kind, {}))
    return records
