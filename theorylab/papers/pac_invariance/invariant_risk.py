"""Minimising the penalised risk of IRMv1 from second moments: what the estimator and the simulator share, and the closed forms do not see."""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

from theorylab.validation import array_of_shape, moderate, real, whole_number

__all__ = ["minimise_invariant_risk"]


def minimise_invariant_risk(features: np.ndarray, cross: np.ndarray, *, penalty: float, starts: int, random_state: int) -> np.ndarray:
    """Return coefficients v (p,) that minimise mean risk + penalty * mean of (2 v^T (S v - c))^2 (IRMv1, arXiv:1907.02893).

    Sums of squares: each start is followed by Levenberg and Marquardt's method, every other one while the penalty grows tenfold from 1; the best of
    all starts counts.

    Parameters
    ----------
    features, cross
        S (N, p, p), positive definite, and c (N, p).
    penalty
        >= 0.
    starts
        Pooled least squares, then random combinations of the environments' own predictors; >= 1.
    random_state
        Seed of these, >= 0.
    """
    s = array_of_shape("features", features, ("N", "p", "p"))
    c, top = array_of_shape("cross", cross, s.shape[:2]), real("penalty", penalty, minimum=0.0, maximum=1e30)
    if s.size == 0 or s.shape[1] != s.shape[2] or not np.all(np.linalg.eigvalsh(s)[:, 0] > 0.0):
        raise ValueError(f"features must be positive definite matrices of shape (N, p, p); got shape {s.shape}")
    moderate("features", s, most=1e60)
    moderate("cross", c, most=1e60)
    starts, random_state = whole_number("starts", starts, maximum=100_000), whole_number("random_state", random_state, minimum=0)
    factor = np.linalg.cholesky(s.mean(axis=0))
    goal = np.linalg.solve(factor, c.mean(axis=0))

    def residuals(v: np.ndarray, weight: float) -> np.ndarray:
        return np.concatenate([factor.T @ v - goal, weight * 2.0 * ((s @ v - c) @ v)])

    def slopes(v: np.ndarray, weight: float) -> np.ndarray:
        return np.concatenate([factor.T, weight * 2.0 * (2.0 * s @ v - c)])

    own, pooled = np.linalg.solve(s, c[..., None])[..., 0], np.linalg.solve(factor.T, goal)
    rng = np.random.default_rng(random_state)
    best, lowest = pooled, np.inf
    for start in range(starts):
        v = pooled.copy() if start == 0 else rng.dirichlet(np.ones(len(s))) @ own + 0.5 * start / starts * rng.standard_normal(len(pooled))
        ladder = [*np.geomspace(1.0, top, max(2, 1 + int(np.ceil(np.log10(top))))), top] if top > 1.0 else [top]
        # Every other start goes straight to the full penalty: the ladder leads all of them into one basin.
        for level in ladder if start % 2 == 0 else [top]:
            weight = float(np.sqrt(level / len(s)))
            v = least_squares(residuals, v, slopes, method="lm", args=(weight,), xtol=1e-15, ftol=1e-15, gtol=1e-15).x
        value = float((residuals(v, float(np.sqrt(top / len(s)))) ** 2).sum())
        if value < lowest:
            best, lowest = v, value
    return best
