"""Rows with environment labels, and their second moments environment by environment."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import array_of_shape, flag, instance, moderate, whole_number

__all__ = ["GroupedMoments", "environment_labels", "grouped_moments", "require_independent"]


class GroupedMoments(NamedTuple):
    """Moments of (X, Y) in N environments, Y last: second moments (N, p + 1, p + 1), means (N, p + 1), rows (N,), names (N,)."""

    second_moments: np.ndarray
    means: np.ndarray
    rows: np.ndarray
    names: np.ndarray


def environment_labels(groups: ArrayLike | None, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the names of the environments and the number (n,) of each row's; without groups all rows are one environment.

    Raises
    ------
    ValueError
        If there is not one label for each row, one is missing, or they cannot be sorted.
    """
    rows = whole_number("rows", rows)
    if groups is None:
        return np.array([0]), np.zeros(rows, dtype=np.int64)
    try:
        labels = np.asarray(groups)
    except ValueError:
        raise ValueError(f"groups must have shape ({rows},), the environment of each row; got a ragged list") from None
    if labels.shape != (rows,):
        raise ValueError(f"groups must have shape ({rows},), the environment of each row; got {labels.shape}")
    if any(label is None or label != label for label in labels.tolist()):
        raise ValueError("groups must name the environment of each row; got missing labels (None or NaN)")
    try:
        names, numbers = np.unique(labels, return_inverse=True)
    except TypeError:
        raise ValueError(f"groups must be labels of one kind; got {sorted({type(label).__name__ for label in labels.tolist()})}") from None
    return names, numbers


def grouped_moments(X: np.ndarray, y: np.ndarray, groups: ArrayLike | None, *, constant: bool = False) -> GroupedMoments:
    """Return the moments of covariates and target in each environment.

    Parameters
    ----------
    X, y
        (n, p) and (n,), finite.
    groups
        The environment of each row, (n,), or None for a single one.
    constant
        Put a covariate that is always 1 after the others.

    Raises
    ------
    ValueError
        If there is not one label for each row.
    """
    constant = flag("constant", constant)
    X, y = array_of_shape("X", X, ("n", "p")), array_of_shape("y", y, ("n",))
    if X.size == 0 or y.shape != X.shape[:1]:
        raise ValueError(f"X and y must have shapes (n, p) and (n,), n and p >= 1; got {X.shape} and {y.shape}")
    moderate("X", X)
    moderate("y", y)
    names, numbers = environment_labels(groups, len(X))
    parts: list[Any] = [X, np.ones((len(X), 1)), y[:, None]] if constant else [X, y[:, None]]
    whole = np.concatenate(parts, axis=1)
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers, minlength=len(names))
    pieces = np.split(whole[order], np.cumsum(counts)[:-1])
    moments = np.array([piece.T @ piece / len(piece) for piece in pieces])
    return GroupedMoments(moments, np.array([piece.mean(axis=0) for piece in pieces]), counts, names)


def require_independent(moments: GroupedMoments) -> GroupedMoments:
    """Return the moments if the covariates, with a constant if there is one, are independent in each environment.

    Raises
    ------
    ValueError
        If they are not, as far as rounding lets one tell.
    """
    instance("moments", moments, GroupedMoments)
    s = moments.second_moments[:, :-1, :-1]
    scale = np.sqrt(np.maximum(np.diagonal(s, axis1=1, axis2=2), 1e-300))
    smallest = np.linalg.eigvalsh(s / scale[:, :, None] / scale[:, None, :])[:, 0]
    bad = np.flatnonzero(smallest <= 100 * s.shape[1] * np.finfo(float).eps)
    if bad.size:
        raise ValueError(
            f"X must have independent columns in every environment (also of the constant, if there is an intercept); got dependent ones in "
            f"{moments.names[bad[0]]!s} with {moments.rows[bad[0]]} rows ({bad.size} of {len(s)} environments)"
        )
    return moments
