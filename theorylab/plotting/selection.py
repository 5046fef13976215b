"""Picking rows of a sweep for the panels and series of a figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from theorylab.rows import Row, Rows

__all__ = ["column", "distinct", "rescaled", "select", "whole_numbers"]


def select(rows: Rows, **fields: Any) -> Rows:
    """Return the rows that have these fields with these values."""
    return [row for row in rows if all(row.get(name) == value for name, value in fields.items())]


def column(rows: Rows, name: str) -> list[Any]:
    """Return one field of all rows."""
    return [row[name] for row in rows]


def distinct(rows: Iterable[Row], name: str) -> list[Any]:
    """Return the values that a field takes, in ascending order."""
    return sorted({row[name] for row in rows})


def rescaled(rows: Rows, factors: Iterable[float]) -> Rows:
    """Return the rows with estimate and interval times a positive factor, one factor a row."""
    return [row | {name: row[name] * factor for name in ("estimate", "low", "high")} for row, factor in zip(rows, factors, strict=True)]


def whole_numbers(least: float, most: float) -> np.ndarray:
    """Return integers from ``least`` to ``most``, dense enough for a curve over a logarithmic axis."""
    return np.unique(np.round(np.geomspace(least, most, 120)).astype(int))
