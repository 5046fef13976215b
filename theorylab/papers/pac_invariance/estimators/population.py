"""Invariant and pooled predictors from second moments, as if every environment had infinitely many rows."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.pac_invariance.closed_form import best_head, feature_moments, prediction_risk, selection
from theorylab.papers.pac_invariance.invariant_risk import minimise_invariant_risk
from theorylab.validation import items, moderate, numbers, real, whole_number

__all__ = [
    "InvariantRisk",
    "InvariantSubset",
    "anchor_regression",
    "best_invariant_subset",
    "invariant_subsets",
    "irm_v1",
    "plausible_causes",
    "pooled_least_squares",
]


class InvariantSubset(NamedTuple):
    """Positions of covariates whose head and residual variance are the same in all environments, their head and their risk."""

    columns: tuple[int, ...]
    head: np.ndarray
    risk: float


class InvariantRisk(NamedTuple):
    """Coefficients (p,) on all covariates, their mean risk, and the mean squared gradient that was penalised."""

    coefficients: np.ndarray
    risk: float
    squared_gradient: float


def _several(second_moments: ArrayLike, target: int) -> np.ndarray:
    m = moderate("second_moments", numbers("second_moments", second_moments), most=1e60)
    if m.ndim != 3:
        raise ValueError(f"second_moments must have shape (N, q, q), one matrix per environment; got {m.shape}")
    if 0 in m.shape or m.shape[1] != m.shape[2] or m.shape[1] < 2:
        raise ValueError(f"second_moments must have shape (N, q, q) with N >= 1 and q >= 2; got {m.shape}")
    feature_moments(m, target)
    return m


def pooled_least_squares(second_moments: ArrayLike, target: int) -> np.ndarray:
    """Return the coefficients (p,) of least mean risk over the environments.

    Parameters
    ----------
    second_moments
        (N, q, q).
    target
        The node of Y.

    Raises
    ------
    ValueError
        If a shape does not fit or covariates are dependent.
    """
    return best_head(_several(second_moments, target).mean(axis=0), target).head


def anchor_regression(second_moments: ArrayLike, means: ArrayLike, target: int, *, gamma: float) -> np.ndarray:
    """Return the coefficients (p,) of anchor regression with the environments as anchors (Rothenhaeusler et al. 2021, arXiv:1801.06229).

    Minimises E (r - E[r | environment])^2 + gamma E (E[r | environment])^2 over the residual r. gamma = 1 is pooled least squares; if all
    environments have mean zero, so is every gamma.

    Parameters
    ----------
    second_moments, means
        (N, q, q) and (N, q), of equally likely environments.
    target
        The node of Y.
    gamma
        >= 0.

    Raises
    ------
    ValueError
        If a shape does not fit, covariates are dependent or gamma is negative.
    """
    m = _several(second_moments, target)
    mu = moderate("means", numbers("means", means), most=1e60)
    if mu.shape != m.shape[:2]:
        raise ValueError(f"means must have shape {m.shape[:2]}; got {mu.shape}")
    between = mu.T @ mu / len(mu)
    return best_head(m.mean(axis=0) + (real("gamma", gamma, minimum=0.0) - 1.0) * between, target).head


def invariant_subsets(second_moments: ArrayLike, target: int, *, tolerance: float = 1e-8, largest: int | None = None) -> list[InvariantSubset]:
    """Return every subset of covariates with the same head and the same residual variance in all environments (Peters et al. 2016, arXiv:1501.01332).

    Parameters
    ----------
    second_moments
        (N, q, q).
    target
        The node of Y.
    tolerance
        Spread, relative to 1 + size, that counts as equal.
    largest
        Most covariates in a subset; all when left out. There are 2^p subsets in all.

    Returns
    -------
    list of InvariantSubset
        The empty set first, if the variance of Y itself does not move.

    Raises
    ------
    ValueError
        If a shape does not fit or covariates are dependent.
    """
    m, target = _several(second_moments, target), whole_number("target", target, minimum=0)
    p = m.shape[1] - 1
    level = real("tolerance", tolerance, above=0.0)
    most = p if largest is None else min(p, whole_number("largest", largest, minimum=0))
    found = []
    for size in range(most + 1):
        for columns in combinations(range(p), size):
            if size:
                head, risk = best_head(m, target, selection(columns, p))
            else:
                head, risk = np.zeros((len(m), 0)), m[:, target, target]
            if np.all(np.ptp(head, axis=0) <= level * (1.0 + np.abs(head).max(initial=0.0))) and np.ptp(risk) <= level * (1.0 + np.max(risk)):
                found.append(InvariantSubset(columns, head.mean(axis=0), float(np.mean(risk))))
    return found


def plausible_causes(subsets: list[InvariantSubset]) -> tuple[int, ...]:
    """Return the covariates that are in every one of the subsets: the answer of invariant causal prediction."""
    subsets = items("subsets", subsets, InvariantSubset)
    common = set(subsets[0].columns) if subsets else set()
    for subset in subsets[1:]:
        common &= set(subset.columns)
    return tuple(sorted(common))


def best_invariant_subset(second_moments: ArrayLike, target: int, *, tolerance: float = 1e-8) -> InvariantSubset:
    """Return the invariant subset of least risk.

    Parameters
    ----------
    second_moments, target, tolerance
        As in `invariant_subsets`.

    Raises
    ------
    ValueError
        As in `invariant_subsets`, or if no subset is invariant.
    """
    subsets = invariant_subsets(second_moments, target, tolerance=tolerance)
    if not subsets:
        raise ValueError("second_moments must leave some subset invariant; got none (is there an intervention on the target?)")
    return min(subsets, key=lambda subset: (round(subset.risk, 12), len(subset.columns)))


def irm_v1(second_moments: ArrayLike, target: int, *, penalty: float = 1e5, starts: int = 16, random_state: int = 0) -> InvariantRisk:
    """Return a minimiser of mean risk + penalty * mean squared gradient of a scalar head (IRMv1, Arjovsky et al. 2019, arXiv:1907.02893).

    The prediction is u v^T X with u fixed at 1; the gradient of the risk in u is 2 v^T (M_xx v - m_xy). Sums of squares: each start is followed
    by Levenberg and Marquardt's method, every other one while the penalty grows tenfold from 1. Not convex: the best of several starts is
    returned, which may miss the minimum, above all where an intervention reaches the target.

    Parameters
    ----------
    second_moments
        (N, q, q).
    target
        The node of Y.
    penalty
        >= 0.
    starts
        Pooled least squares, then random combinations of the environments' own predictors; >= 1.
    random_state
        Seed of these, >= 0.

    Raises
    ------
    ValueError
        If a shape does not fit, covariates are dependent or a number is out of range.
    """
    m = _several(second_moments, target)
    top = real("penalty", penalty, minimum=0.0)
    s, c = feature_moments(m, target)[:2]
    seed = whole_number("random_state", random_state, minimum=0)
    best = minimise_invariant_risk(s, c, penalty=top, starts=whole_number("starts", starts), random_state=seed)
    gradients = 2.0 * ((s @ best - c) @ best)
    return InvariantRisk(best, float(np.mean(prediction_risk(m, target, best))), float(np.mean(gradients**2)))
