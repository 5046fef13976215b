"""Exact expectations over finitely many independent variables with finite laws, by visiting every point of the product space.

A polynomial has the same mean under two laws that share their moments up to its degree *in each single variable*. So the mean of a
polynomial of Gaussians is a finite sum: the three-point law matches N(0, 1) through degree 5, Gauss-Hermite with k points through degree
2k - 1. No library enumerates a product in bounded memory with compensated sums, which is what keeps 10^6 points at 1e-15 relative.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import array_of_shape, items, whole_number
from theorylab.validation import function as check_function

__all__ = ["FiniteLaw", "equally_likely", "gauss_hermite_law", "product_expectation", "rademacher_law", "three_point_law"]


class FiniteLaw(NamedTuple):
    """A law on finitely many real values."""

    values: np.ndarray
    probabilities: np.ndarray


def three_point_law() -> FiniteLaw:
    """Return the law P(0) = 2/3, P(+-sqrt 3) = 1/6, whose moments agree with those of N(0, 1) through order 5 (the sixth is 9, not 15)."""
    root = math.sqrt(3.0)
    return FiniteLaw(np.array([-root, 0.0, root]), np.array([1.0, 4.0, 1.0]) / 6.0)


def gauss_hermite_law(points: int = 8) -> FiniteLaw:
    """Return the law on `points` values whose moments agree with those of N(0, 1) through order 2 points - 1."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(whole_number("points", points))
    return FiniteLaw(nodes, weights / math.fsum(weights))


def rademacher_law() -> FiniteLaw:
    """Return the fair sign."""
    return equally_likely([-1.0, 1.0])


def equally_likely(values: ArrayLike) -> FiniteLaw:
    """Return the uniform law on the listed values."""
    listed = array_of_shape("values", values, ("points",))
    if listed.size == 0:
        raise ValueError("values must hold at least one number; got none")
    return FiniteLaw(listed, np.full(listed.size, 1.0 / listed.size))


def _product(laws: Sequence[FiniteLaw]) -> tuple[np.ndarray, np.ndarray]:
    """Return all points (N, len(laws)) of the product of `laws` and their probabilities (N,)."""
    if not laws:
        return np.zeros((1, 0)), np.ones(1)
    points = np.stack([grid.ravel() for grid in np.meshgrid(*(law.values for law in laws), indexing="ij")], axis=1)
    probabilities = np.ones(1)
    for law in laws:
        probabilities = np.multiply.outer(probabilities, law.probabilities).ravel()
    return points, probabilities


def product_expectation(
    function: Callable[[np.ndarray], Any],
    laws: Sequence[FiniteLaw],
    *,
    batch_points: int = 1 << 14,
    maximum_points: int = 1 << 25,
) -> Any:
    """Return E function(Z_1, ..., Z_r) for independent Z_j with the given finite laws, exactly up to rounding.

    Parameters
    ----------
    function
        Maps points (N, r) to values (N, ...), or to a dict of such arrays.
    laws
        One finite law per variable.
    batch_points
        About how many points are passed to `function` at once.
    maximum_points
        The largest product that is worth visiting.

    Returns
    -------
    float or array, or a dict of them
        The shape of one value of `function`.

    Raises
    ------
    ValueError
        If the product has more than `maximum_points` points, or if `function` returns another number of values than points.

    Notes
    -----
    Batches are summed pairwise and the batch sums are added with one rounding (`math.fsum`).
    """
    check_function("function", function)
    laws = items("laws", laws, FiniteLaw)
    batch_points, maximum_points = whole_number("batch_points", batch_points), whole_number("maximum_points", maximum_points)
    total = math.prod(law.values.size for law in laws)
    if total > maximum_points:
        raise ValueError(f"laws: their product must have at most {maximum_points} points; got {total}")
    split = len(laws)
    inner_points = 1
    while split > 0 and inner_points * laws[split - 1].values.size <= batch_points:
        split -= 1
        inner_points *= laws[split].values.size
    inner, inner_probabilities = _product(laws[split:])
    points = np.empty((inner_points, len(laws)))
    points[:, split:] = inner
    sums: dict[str, list[np.ndarray]] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    bare = True
    for indices in itertools.product(*(range(law.values.size) for law in laws[:split])):
        probability = 1.0
        for variable, index in enumerate(indices):
            points[:, variable] = laws[variable].values[index]
            probability *= laws[variable].probabilities[index]
        values = function(points)
        bare = not isinstance(values, Mapping)
        for name, value in ({"": values} if bare else values).items():
            array = np.asarray(value, dtype=float)
            if array.shape[:1] != (inner_points,):
                raise ValueError(f"function must return one value per point, ({inner_points}, ...); got shape {array.shape}")
            shapes[name] = array.shape[1:]
            # Rows are made contiguous because numpy sums pairwise along the last axis only.
            rows = np.ascontiguousarray(array.reshape(inner_points, -1).T) * inner_probabilities
            sums.setdefault(name, []).append(probability * rows.sum(axis=1))
    means = {name: _add(parts, shapes[name]) for name, parts in sums.items()}
    return means[""] if bare else means


def _add(parts: list[np.ndarray], shape: tuple[int, ...]) -> Any:
    table = np.array(parts)
    mean = np.array([math.fsum(column) for column in table.T]).reshape(shape)
    return float(mean) if shape == () else mean
