"""Picking rows of a sweep for the panels and series of a figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from theorylab.rows import Row, Rows
from theorylab.validation import items, real, reals, record, text

__all__ = ["column", "distinct", "rescaled", "select", "whole_numbers"]


def select(rows: Rows, **fields: Any) -> Rows:
    """Return the rows that have these fields with these values."""
    return [row for row in items("rows", rows, dict) if all(row.get(name) == value for name, value in fields.items())]


def column(rows: Rows, name: str) -> list[Any]:
    """Return one field of all rows."""
    return [record("rows", row, (text("name", name),))[name] for row in items("rows", rows, dict)]


def distinct(rows: Iterable[Row], name: str) -> list[Any]:
    """Return the values that a field takes, in ascending order."""
    try:
        return sorted(set(column(rows, name)))  # type: ignore[arg-type]
    except TypeError as error:
        raise ValueError(f"name must be a field whose values can be put in order ({error}); got {name!r}") from None


def rescaled(rows: Rows, factors: Iterable[float]) -> Rows:
    """Return the rows with estimate and interval times a positive factor, one factor a row."""
    listed = [real("factors", factor, above=0.0) for factor in items("factors", factors)]
    if len(listed) != len(items("rows", rows, dict)):
        raise ValueError(f"factors must be as many as rows; got {len(listed)} and {len(rows)}")
    for row in rows:
        for name in ("estimate", "low", "high"):
            reals(f"{name} of rows", record("rows", row, (name,))[name], finite=False)
    return [row | {name: row[name] * factor for name in ("estimate", "low", "high")} for row, factor in zip(rows, listed, strict=True)]


def whole_numbers(least: float, most: float) -> np.ndarray:
    """Return integers from ``least`` to ``most``, dense enough for a curve over a logarithmic axis."""
    most = real("most", most, minimum=real("least", least, above=0.0), maximum=1e18)
    return np.unique(np.round(np.geomspace(least, most, 120)).astype(int))
