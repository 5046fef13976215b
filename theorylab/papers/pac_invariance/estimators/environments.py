"""Rows with environment labels, and their second moments environment by environment."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["GroupedMoments", "environment_labels", "grouped_moments"]


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
        If there is not one label for each row.
    """
    if groups is None:
        return np.array([0]), np.zeros(rows, dtype=np.int64)
    labels = np.asarray(groups)
    if labels.shape != (rows,):
        raise ValueError(f"groups must have shape ({rows},), the environment of each row; got {labels.shape}")
    names, numbers = np.unique(labels, return_inverse=True)
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
    names, numbers = environment_labels(groups, len(X))
    parts: list[Any] = [X, np.ones((len(X), 1)), y[:, None]] if constant else [X, y[:, None]]
    whole = np.concatenate(parts, axis=1)
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers, minlength=len(names))
    pieces = np.split(whole[order], np.cumsum(counts)[:-1])
    moments = np.array([piece.T @ piece / len(piece) for piece in pieces])
    return GroupedMoments(moments, np.array([piece.mean(axis=0) for piece in pieces]), counts, names)
