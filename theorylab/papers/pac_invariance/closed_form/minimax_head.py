"""Heads that make the largest gap over environments smallest: convex, r + 1 variables, one small cone program each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.numerics.convex import minimax_norms, minimax_norms_reference
from theorylab.papers.pac_invariance.closed_form.gaps import GAP_KINDS, feature_moments
from theorylab.validation import choice, moderate, numbers

__all__ = ["MinimaxHead", "gap_as_norm", "minimax_head"]


class MinimaxHead(NamedTuple):
    """Heads (..., r), their largest gap (...) and the number of environments that hold them in place (...)."""

    head: np.ndarray
    gap: np.ndarray
    supports: np.ndarray


def gap_as_norm(feature_second_moment: np.ndarray, cross: np.ndarray, gap_kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return A (..., r, r) and b (..., r) with gap = |A w - b|, or its square root for the excess risk.

    Gradient: A = 2 S, b = 2 c. Excess risk: S = L L^T, A = L^T, b = L^-1 c. Head: A = I, b = S^-1 c.

    Parameters
    ----------
    feature_second_moment, cross
        S and c from `feature_moments`.
    gap_kind
        "gradient", "excess_risk" or "head".
    """
    choice("gap_kind", gap_kind, GAP_KINDS)
    feature_second_moment, cross = numbers("feature_second_moment", feature_second_moment), numbers("cross", cross)
    s_shape = feature_second_moment.shape
    if len(s_shape) < 2 or s_shape[-1] != s_shape[-2] or s_shape[-1] == 0 or cross.shape[-1:] != s_shape[-1:]:
        raise ValueError(f"feature_second_moment and cross must have shapes (..., r, r) and (..., r); got {s_shape} and {cross.shape}")
    moderate("feature_second_moment", feature_second_moment, most=1e60)
    moderate("cross", cross, most=1e60)
    if gap_kind != "gradient" and not np.all(np.linalg.eigvalsh(feature_second_moment)[..., 0] > 0.0):
        raise ValueError("feature_second_moment must be positive definite for this kind of gap")
    if gap_kind == "gradient":
        return 2.0 * feature_second_moment, 2.0 * cross
    if gap_kind == "head":
        eye = np.broadcast_to(np.eye(cross.shape[-1]), feature_second_moment.shape)
        return eye, np.linalg.solve(feature_second_moment, cross[..., None])[..., 0]
    factor = np.linalg.cholesky(feature_second_moment)
    return np.swapaxes(factor, -1, -2), np.linalg.solve(factor, cross[..., None])[..., 0]


def minimax_head(
    second_moments: ArrayLike, target: int, representation: ArrayLike | None = None, gap_kind: str = "gradient", *, solver: str = "batched"
) -> MinimaxHead:
    """Return argmin over w of the largest gap over N environments, for one or many training sets.

    Parameters
    ----------
    second_moments
        (..., N, q, q): the last batch axis runs over the environments of one training set.
    target, representation
        As in `feature_moments`; one representation for all.
    gap_kind
        "gradient", "excess_risk" or "head".
    solver
        "batched" (`theorylab.numerics.convex.minimax_norms`) or "cvxpy", the reference, one problem at a time.

    Raises
    ------
    ValueError
        As in `feature_moments`, or if the kind or the solver is unknown.
    MinimaxError
        If a problem is not solved.
    """
    kind, how = choice("gap_kind", gap_kind, GAP_KINDS), choice("solver", solver, ("batched", "cvxpy"))
    s, c, _ = feature_moments(second_moments, target, representation)
    if s.ndim < 3:
        raise ValueError(f"second_moments must have shape (..., N, q, q); got {np.shape(second_moments)}")
    a, b = gap_as_norm(s, c, kind)
    n, r = b.shape[-2:]
    a, b, batch = a.reshape(-1, n, r, r), b.reshape(-1, n, r), b.shape[:-2]
    if how == "batched":
        found = minimax_norms(a, b)
        points, values, supports = found.points, found.values, found.supports
    else:
        solved = [minimax_norms_reference(*problem) for problem in zip(a, b, strict=True)]
        points, values = np.array([point for point, _ in solved]), np.array([value for _, value in solved])
        norms = np.linalg.norm((a @ points[:, None, :, None])[..., 0] - b, axis=-1)
        supports = (norms > values[:, None] * (1.0 - 1e-6)).sum(axis=1)
    gaps = values**2 if kind == "excess_risk" else values
    return MinimaxHead(points.reshape(*batch, r), gaps.reshape(batch), supports.reshape(batch))
