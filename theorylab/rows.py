"""Rows of a sweep: how a simulated point, its interval and its parameters are written down, in the same way for every paper."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from theorylab.evidence.intervals import binomial_interval
from theorylab.quantities import Quantity
from theorylab.validation import array_of_shape, instance, real, reals, whole_number

__all__ = ["LEVEL", "Row", "Rows", "histogram", "known", "point", "powers_of_two", "sample_mean", "share", "spread"]

Row = dict[str, Any]
Rows = list[Row]

# Error level of the intervals in figures.
LEVEL = 0.01
# Larger powers of two are no floats.
_LARGEST_POWER = 1023


def point(quantity: Quantity, *, relative: float | None = None, absolute: float | None = None, **fields: Any) -> Row:
    """Measure a quantity and return it as a row.

    Parameters
    ----------
    quantity
        What is measured.
    relative, absolute
        The wanted half-width of the 99 % interval, one of the two.
    **fields
        Parameters of the point and names of its panel and curve.

    Returns
    -------
    dict
        The fields, then ``estimate``, ``low``, ``high``, ``replicates`` and ``waiting`` (why the interval is not ready, or ``""``).

    Raises
    ------
    ValueError
        If not exactly one half-width is given.
    """
    measured = instance("quantity", quantity, Quantity).measure(relative=relative, absolute=absolute, level=LEVEL)
    return fields | {
        "estimate": measured.estimate,
        "low": measured.low,
        "high": measured.high,
        "replicates": measured.replicates,
        "waiting": measured.waiting,
    }


def spread(values: np.ndarray, **fields: Any) -> Row:
    """Return the mean and the range of a few independent results, too dear for an interval, as a row with ``fields`` in front."""
    values = np.asarray(reals("values", values))
    return fields | {"estimate": values.mean(), "low": values.min(), "high": values.max(), "replicates": values.size, "waiting": ""}


def known(value: float, **fields: Any) -> Row:
    """Return a number that is computed, not estimated, as a row, with ``fields`` in front: a random problem that is solved exactly, for example."""
    value = real("value", value)
    return fields | {"estimate": value, "low": value, "high": value, "replicates": 1, "waiting": ""}


def sample_mean(values: np.ndarray, **fields: Any) -> Row:
    """Return the mean of a few independent results (at least 2) with Student's 99 % interval as a row, with ``fields`` in front.

    For results without heavy tails that are too dear for the engine, such as those of `theorylab.quantities.Run.few`.
    """
    values = np.asarray(reals("values", values))
    if values.size < 2 or not np.isfinite(values.std()):
        raise ValueError(f"values must be at least 2 numbers whose squares are finite; got {values.size}")
    mean, error = values.mean(), values.std(ddof=1) / np.sqrt(values.size)
    half = -special.stdtrit(values.size - 1, LEVEL / 2) * error
    return fields | {"estimate": mean, "low": mean - half, "high": mean + half, "replicates": values.size, "waiting": ""}


def share(successes: int, trials: int, **fields: Any) -> Row:
    """Return the share of successes with its exact 99 % binomial interval as a row, with ``fields`` in front."""
    trials = whole_number("trials", trials)
    successes = whole_number("successes", successes, minimum=0, maximum=trials)
    interval = binomial_interval(successes, trials, LEVEL)
    return fields | {"estimate": successes / trials, "low": interval.low, "high": interval.high, "replicates": trials, "waiting": ""}


def histogram(values: np.ndarray, edges: np.ndarray, **fields: Any) -> Rows:
    """Return the share of ``values`` in each bin as rows, with exact 99 % binomial intervals.

    Parameters
    ----------
    values
        Replicates, (size,).
    edges
        Increasing edges of the bins, (bins + 1,).
    **fields
        Go in front of every row.

    Returns
    -------
    list of dict
        Rows with ``bin_from``, ``bin_to``, ``estimate``, ``low``, ``high``, ``replicates`` and ``waiting``.

    Raises
    ------
    ValueError
        If a value lies outside the edges: a histogram that drops values shows another law.
    """
    values, edges = array_of_shape("values", values, ("size",)), array_of_shape("edges", edges, ("edges",))
    if edges.size < 2 or np.any(np.diff(edges) <= 0.0) or values.size == 0:
        raise ValueError(f"edges must be at least 2 increasing numbers, for at least 1 of values; got {edges.size} for {values.size}")
    counts, _ = np.histogram(values, edges)
    if counts.sum() != values.size:
        raise ValueError(f"values must lie in [{edges[0]:g}, {edges[-1]:g}]; got {values.min():g} to {values.max():g}")
    bins = zip(edges[:-1], edges[1:], counts, strict=True)
    return [share(int(count), values.size, **fields, bin_from=left, bin_to=right) for left, right, count in bins]


def powers_of_two(first: int, last: int) -> list[int]:
    """Return 2^first, ..., 2^last."""
    first, last = whole_number("first", first, minimum=0), whole_number("last", last, minimum=0, maximum=_LARGEST_POWER)
    return [1 << exponent for exponent in range(first, last + 1)]
