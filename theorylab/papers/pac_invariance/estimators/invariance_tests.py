"""Do coefficients and residual variance of a subset differ between environments? Exact F tests from moments alone."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.special import fdtr, fdtrc

from theorylab.papers.pac_invariance.estimators.environments import GroupedMoments
from theorylab.validation import instance, whole_number

__all__ = ["SubsetTest", "subset_tests"]


class SubsetTest(NamedTuple):
    """A subset of covariates (positions), its pooled coefficients with their standard errors, intercept, residual variance and p-value."""

    columns: tuple[int, ...]
    coefficients: np.ndarray
    standard_errors: np.ndarray
    intercept: float
    residual_variance: float
    p_value: float


class _Fits(NamedTuple):
    squares: np.ndarray
    freedom: np.ndarray


def _fits(gram: np.ndarray, rows: np.ndarray, width: int) -> _Fits:
    """Return residual sums of squares and degrees of freedom of least squares of the last column on the others, for stacked Gram matrices."""
    s, c, yy = gram[:, :-1, :-1], gram[:, :-1, -1], gram[:, -1, -1]
    inverse = np.linalg.inv(s)
    # The share of a column that the others leave, inverted.
    inflation = np.diagonal(s, axis1=1, axis2=2) * np.diagonal(inverse, axis1=1, axis2=2)
    if not np.all((inflation > 0.0) & (inflation < 1e11)):
        raise np.linalg.LinAlgError
    squares = yy - (c * (inverse @ c[..., None])[..., 0]).sum(axis=1)
    # What an exact fit leaves is rounding.
    return _Fits(np.where(squares > 64 * width * np.finfo(float).eps * yy, squares, 0.0), rows - width)


def subset_tests(moments: GroupedMoments, *, largest: int) -> list[SubsetTest]:
    """Test every subset of at most ``largest`` covariates for invariance.

    For each environment against all others together: Chow's F test of equal coefficients (intercept included), and the two-sided F test of equal
    residual variances. Both are exact for Gaussian residuals that are independent of the covariates with the same law everywhere, so the smallest
    p-value times twice the number of comparisons (one for two environments) is a p-value.

    Parameters
    ----------
    moments
        From `grouped_moments` with ``constant=True``.
    largest
        Most covariates in a subset.

    Raises
    ------
    ValueError
        If an environment has too few rows for a subset, or covariates are dependent in one.
    """
    instance("moments", moments, GroupedMoments)
    n, p = moments.rows, moments.second_moments.shape[1] - 2
    largest = min(whole_number("largest", largest, minimum=0), p)
    gram = moments.second_moments * n[:, None, None]
    total = gram.sum(axis=0)
    # Sums of the others, not differences from the total: a large environment must not drown the rest.
    none = np.zeros_like(gram[:1])
    others = np.concatenate([none, np.cumsum(gram[:-1], axis=0)]) + np.concatenate([np.cumsum(gram[:0:-1], axis=0)[::-1], none])
    environments = len(n)
    comparisons = {1: 0, 2: 1}.get(environments, environments)
    found = []
    for size in range(largest + 1):
        for columns in combinations(range(p), size):
            where = np.array([*columns, p, p + 1])
            width = size + 1
            own, rest_rows, all_rows = gram[:, where[:, None], where], others[:, where[:, None], where], total[np.ix_(where, where)]
            if np.min(n) <= width:
                few = moments.names[np.argmin(n)]
                raise ValueError(f"groups must have more than {width} rows each to test {size} covariates; got {np.min(n)} in {few}")
            try:
                pooled = _fits(all_rows[None], np.array([n.sum()]), width)
                p_value = 1.0
                if comparisons:
                    one, rest = _fits(own, n, width), _fits(rest_rows, n.sum() - n, width)
                    both = one.squares + rest.squares
                    freedom = one.freedom + rest.freedom
                    tiny = 1e-300
                    chow = (pooled.squares - both) / width / np.maximum(both / freedom, tiny)
                    ratio = (one.squares / one.freedom) / np.maximum(rest.squares / rest.freedom, tiny)
                    tails = np.minimum(fdtrc(one.freedom, rest.freedom, ratio), fdtr(one.freedom, rest.freedom, ratio))
                    tails = np.where((one.squares == 0.0) & (rest.squares == 0.0), 0.5, tails)
                    # Rounding may leave a negative ratio.
                    least = min(float(fdtrc(width, freedom, np.maximum(chow, 0.0)).min()), float(2.0 * tails.min()))
                    p_value = min(1.0, 2.0 * comparisons * least)
                inverse = np.linalg.inv(all_rows[:-1, :-1])
            except np.linalg.LinAlgError:
                raise ValueError(f"X must have independent columns in every environment; got dependent ones among {columns}") from None
            coefficients = inverse @ all_rows[:-1, -1]
            variance = float(pooled.squares[0] / pooled.freedom[0])
            errors = np.sqrt(np.maximum(variance * np.diag(inverse), 0.0))
            found.append(SubsetTest(columns, coefficients[:-1], errors[:-1], float(coefficients[-1]), variance, p_value))
    return found
