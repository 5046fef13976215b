"""Small convex problems by the thousand: the point that makes the largest of N Euclidean norms smallest.

cvxpy solves one such problem in milliseconds, most of them spent on setting it up; a sweep needs 1e5 of them. `minimax_norms` solves a batch by a
compiled primal-dual interior-point method, `minimax_norms_reference` one problem by cvxpy.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.numerics.convex_kernels import minimax_kernel

__all__ = ["MinimaxError", "MinimaxSolution", "minimax_norms", "minimax_norms_reference"]

# A constraint with a smaller multiplier does not hold the solution in place.
SUPPORT_LEVEL = 1e-6


class MinimaxError(RuntimeError):
    """A minimax problem has no unique solution or was not solved."""


class MinimaxSolution(NamedTuple):
    """Solutions of T problems: points (T, r), values (T,), multipliers (T, N) that sum to 1, and how many of them hold the solution, (T,)."""

    points: np.ndarray
    values: np.ndarray
    multipliers: np.ndarray
    supports: np.ndarray


def _checked(matrices: ArrayLike, vectors: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(matrices, dtype=np.float64), np.asarray(vectors, dtype=np.float64)
    if a.ndim != 4 or b.shape != a.shape[:3] or 0 in a.shape:
        raise ValueError(f"matrices must have shape (T, N, m, r) and vectors (T, N, m), no length 0; got {a.shape} and {b.shape}")
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
        raise ValueError("matrices and vectors must be finite; got NaN or infinite entries")
    return np.ascontiguousarray(a), np.ascontiguousarray(b)


def minimax_norms(matrices: ArrayLike, vectors: ArrayLike) -> MinimaxSolution:
    """Return argmin over w of max over i of |A_i w - b_i|, Euclidean, for T problems of the same shape.

    A primal-dual interior-point method on the squared norms (relative duality gap 1e-13), then Newton steps on the constraints that hold the
    solution. With m = 1 the problems are Chebyshev fits, with A_i = I smallest enclosing balls.

    Parameters
    ----------
    matrices
        A, (T, N, m, r).
    vectors
        b, (T, N, m).

    Raises
    ------
    ValueError
        If shapes do not fit or an entry is not finite.
    MinimaxError
        If the matrices of a problem, stacked, have dependent columns, or a problem was not solved.
    """
    a, b = _checked(matrices, vectors)
    count, n, _, r = a.shape
    points, values, multipliers = np.zeros((count, r)), np.zeros(count), np.zeros((count, n))
    steps = np.zeros(count, dtype=np.int64)
    # Columns of one length, so that the units of the point do not matter.
    lengths = np.sqrt((a**2).sum(axis=(1, 2)))
    lengths[lengths == 0.0] = 1.0
    minimax_kernel(a / lengths[:, None, None, :], b, points, values, multipliers, steps)
    reasons = {-2: "has no unique solution: its stacked matrices have dependent columns", -1: "was not solved: the method did not settle"}
    for code, reason in reasons.items():
        bad = np.flatnonzero(steps == code)
        if bad.size:
            raise MinimaxError(f"problem {bad[0]} {reason} ({bad.size} of {count} problems)")
    return MinimaxSolution(points / lengths, values, multipliers, (multipliers > SUPPORT_LEVEL).sum(axis=1))


def minimax_norms_reference(matrices: ArrayLike, vectors: ArrayLike) -> tuple[np.ndarray, float]:
    """Return the point and the value of one problem, A (N, m, r) and b (N, m), as cvxpy finds them: a second-order cone program.

    Raises
    ------
    ValueError
        If shapes do not fit or an entry is not finite.
    MinimaxError
        If cvxpy does not solve it.
    """
    import cvxpy

    a, b = _checked(np.asarray(matrices)[None], np.asarray(vectors)[None])
    point, level = cvxpy.Variable(a.shape[3]), cvxpy.Variable()
    cones = [cvxpy.SOC(level, matrix @ point - vector) for matrix, vector in zip(a[0], b[0], strict=True)]
    problem = cvxpy.Problem(cvxpy.Minimize(level), cones)
    with warnings.catch_warnings():
        # "Solution may be inaccurate": beyond 1e-8 or so the solver stops where it stands.
        warnings.simplefilter("ignore", UserWarning)
        problem.solve(solver=cvxpy.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    if point.value is None or level.value is None or problem.status not in ("optimal", "optimal_inaccurate"):
        raise MinimaxError(f"cvxpy did not solve the problem: {problem.status}")
    return np.asarray(point.value), float(np.asarray(level.value))
