"""Small convex problems by the thousand: the point that makes the largest of N Euclidean norms smallest.

cvxpy solves one such problem in milliseconds, most of them spent on setting it up; a sweep needs 1e5 of them. `minimax_norms` solves a batch by a
compiled primal-dual interior-point method, `minimax_norms_reference` one problem by cvxpy.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import array_module
from theorylab.device.rows import can_run
from theorylab.numerics.convex_kernels import Room, minimax_kernel, room_shapes
from theorylab.validation import numbers

__all__ = ["MinimaxError", "MinimaxSolution", "minimax_norms", "minimax_norms_reference"]

# A constraint with a smaller multiplier does not hold the solution in place.
SUPPORT_LEVEL = 1e-6


class MinimaxError(RuntimeError):
    """A minimax problem has no unique solution or was not solved."""


class MinimaxSolution(NamedTuple):
    """Solutions of T problems: points (T, r), values (T,), multipliers (T, N) that sum to 1, and how many of them hold the solution, (T,)."""

    points: Any
    values: Any
    multipliers: Any
    supports: Any


def _check_shapes(matrices: tuple[int, ...], vectors: tuple[int, ...]) -> None:
    if len(matrices) != 4 or vectors != matrices[:3] or 0 in matrices:
        raise ValueError(f"matrices must have shape (T, N, m, r) and vectors (T, N, m), no length 0; got {matrices} and {vectors}")


def _checked(matrices: ArrayLike, vectors: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    a, b = numbers("matrices", matrices), numbers("vectors", vectors)
    _check_shapes(a.shape, b.shape)
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
        raise ValueError("matrices and vectors must be finite; got NaN or infinite entries")
    return a, b


def minimax_norms(matrices: Any, vectors: Any) -> MinimaxSolution:
    """Return argmin over w of max over i of |A_i w - b_i|, Euclidean, for T problems of the same shape.

    A primal-dual interior-point method on the squared norms (relative duality gap 1e-13), then Newton steps on the constraints that hold the
    solution. With m = 1 the problems are Chebyshev fits, with A_i = I smallest enclosing balls.

    Parameters
    ----------
    matrices
        A, (T, N, m, r).
    vectors
        b, (T, N, m). Arrays of a device give a solution there; where numba cannot compile for it, the host solves them.

    Raises
    ------
    ValueError
        If shapes do not fit or an entry is not finite.
    MinimaxError
        If the matrices of a problem, stacked, have dependent columns, or a problem was not solved.
    """
    if array_module(matrices) is np:
        return _solved(np, *_checked(matrices, vectors))
    _check_shapes(matrices.shape, vectors.shape)
    xp = array_module(matrices)
    if can_run(matrices):
        # Numbers that are not finite end as problems that were not solved.
        return _solved(xp, matrices, vectors)
    return MinimaxSolution(*(xp.asarray(part) for part in _solved(np, *_checked(matrices.get(), vectors.get()))))


def _solved(xp: Any, a: Any, b: Any) -> MinimaxSolution:
    count, n, m, r = a.shape
    # On an orthonormal basis of the stacked columns neither their units nor near dependence cost digits.
    rows = a.reshape(count, n * m, r)
    lengths = xp.sqrt((rows**2).sum(axis=1))
    lengths = xp.where(lengths > 0.0, lengths, 1.0)
    dependent = xp.ones(count, dtype=bool)
    if n * m >= r:
        bases, triangles = xp.linalg.qr(rows / lengths[:, None, :])
        dependent = xp.linalg.svd(triangles, compute_uv=False)[:, -1] <= 1e-14 * max(n * m, r)
    if bool(dependent.any()):
        raise MinimaxError(_failure(_on_host(dependent), "has no unique solution: its stacked matrices have dependent columns"))
    solve = _solve_on_host if xp is np else _solve_on_device
    points, values, multipliers, steps = solve(xp, bases.reshape(a.shape), b)
    failed = ~((steps >= 0) & xp.isfinite(values))
    if bool(failed.any()):
        raise MinimaxError(_failure(_on_host(failed), "was not solved: the method did not settle"))
    points = xp.linalg.solve(triangles, points[..., None])[..., 0] / lengths
    return MinimaxSolution(points, values, multipliers, (multipliers > SUPPORT_LEVEL).sum(axis=1))


def _solve_on_host(_: Any, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    count, n, _, r = a.shape
    points, values, multipliers, steps = np.zeros((count, r)), np.zeros(count), np.zeros((count, n)), np.zeros(count, dtype=np.int64)
    shapes = zip(Room._fields, room_shapes(n, r), strict=True)
    room = Room(*(np.empty(shape, dtype=np.int64 if name == "places" else np.float64) for name, shape in shapes))
    minimax_kernel(a.copy(), b.copy(), points, values, multipliers, steps, room)
    return points, values, multipliers, steps


def _solve_on_device(xp: Any, a: Any, b: Any) -> tuple[Any, Any, Any, Any]:
    from theorylab.numerics.convex_device import minimax_on_device

    return minimax_on_device(xp, a, b)


def _on_host(array: Any) -> np.ndarray:
    return np.asarray(array if array_module(array) is np else array.get())


def _failure(failed: np.ndarray, reason: str) -> str:
    return f"problem {np.flatnonzero(failed)[0]} {reason} ({failed.sum()} of {len(failed)} problems)"


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

    a, b = _checked(numbers("matrices", matrices)[None], numbers("vectors", vectors)[None])
    point, level = cvxpy.Variable(a.shape[3]), cvxpy.Variable()
    cones = [cvxpy.SOC(level, matrix @ point - vector) for matrix, vector in zip(a[0], b[0], strict=True)]
    problem = cvxpy.Problem(cvxpy.Minimize(level), cones)
    with warnings.catch_warnings():
        # "Solution may be inaccurate": beyond 1e-8 or so the solver stops where it stands.
        warnings.simplefilter("ignore", UserWarning)
        try:
            problem.solve(solver=cvxpy.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
        except cvxpy.SolverError as error:
            raise MinimaxError(f"cvxpy did not solve the problem: {' '.join(str(error).split())}") from None
    if point.value is None or level.value is None or problem.status not in ("optimal", "optimal_inaccurate"):
        raise MinimaxError(f"cvxpy did not solve the problem: {problem.status}")
    return np.asarray(point.value), float(np.asarray(level.value))
