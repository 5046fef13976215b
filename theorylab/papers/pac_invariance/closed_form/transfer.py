"""Exact transfer: what holds on environments whose moments span those of the family holds on the whole family."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import moderate, numbers, real, whole_number

__all__ = ["NotSpanningError", "SpanningWeights", "moment_span_dimension", "spanning_weights"]


class NotSpanningError(ValueError):
    """The training environments do not span the family; the message gives their rank."""


class SpanningWeights(NamedTuple):
    """Weights lambda (..., N) with M = sum_e lambda_e M_e, and the relative residual (...) of that equation."""

    weights: np.ndarray
    residual: Any


def _stacked(second_moments: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    m = moderate("second_moments", numbers("second_moments", second_moments), most=1e60)
    if m.ndim != 3 or m.shape[1] != m.shape[2] or 0 in m.shape or not np.all(np.isfinite(m)):
        raise ValueError(f"second_moments must be finite, of shape (N, q, q) with N >= 1; got {m.shape}")
    if np.any(np.diagonal(m, axis1=1, axis2=2) < 0.0):
        raise ValueError("second_moments must have diagonals >= 0; got a negative entry")
    # Nodes on scales of their own would hide dimensions; entries must not be scaled one by one, or structural zeros would count.
    scale = 1.0 / np.sqrt(np.maximum(np.mean(np.diagonal(m, axis1=1, axis2=2), axis=0), 1e-300))
    upper = np.triu_indices(m.shape[1])
    return (m * scale[:, None] * scale)[:, upper[0], upper[1]], scale


def moment_span_dimension(second_moments: ArrayLike, *, tolerance: float = 1e-10) -> int:
    """Return the numerical rank of N stacked moments, the dimension of their span.

    Nodes are scaled to mean square 1 first. Take three times as many environments as dimensions are expected: very small coefficients hide some.

    Parameters
    ----------
    second_moments
        (N, q, q).
    tolerance
        Singular values below this share of the largest count as zero.

    Raises
    ------
    ValueError
        If the shape does not fit or an entry is not finite.
    """
    rows, _ = _stacked(second_moments)
    # Environments with large coefficients must not drown the others.
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.all(lengths > 0.0):
        raise ValueError("second_moments must not be 0; got a matrix of zeros")
    rows, tolerance = rows / lengths, real("tolerance", tolerance, minimum=0.0, below=1.0)
    values = np.linalg.svd(rows, compute_uv=False)
    return int(np.sum(values > tolerance * values[0]))


def spanning_weights(second_moments: ArrayLike, moment: ArrayLike, *, dimension: int | None = None) -> SpanningWeights:
    """Return the weights of least norm that write new moments as combinations of the training moments.

    With them, for every representation and head, G on the new environment is at most sum of |lambda_e| times the largest G on the training ones: S w
    - c is linear in M. Derived here.

    Parameters
    ----------
    second_moments
        Training moments, (N, q, q).
    moment
        New ones, (..., q, q).
    dimension
        D, the dimension of the family, if it is known: fewer independent training moments are then refused.

    Raises
    ------
    ValueError
        If a shape does not fit or an entry is not finite.
    NotSpanningError
        If the training moments span less than `dimension`; the message gives their rank.
    """
    rows, scale = _stacked(second_moments)
    if dimension is not None:
        wanted = whole_number("dimension", dimension)
        rank = moment_span_dimension(second_moments)
        if rank < wanted:
            raise NotSpanningError(f"second_moments must span the {wanted} dimensions of the family; got rank {rank} from {len(rows)} environments")
    new = moderate("moment", numbers("moment", moment), most=1e60)
    if new.ndim < 2 or new.shape[-2:] != (len(scale), len(scale)) or not np.all(np.isfinite(new)):
        raise ValueError(f"moment must be finite, of shape (..., {len(scale)}, {len(scale)}); got {new.shape}")
    upper = np.triu_indices(len(scale))
    wanted_rows = (new * scale[:, None] * scale)[..., upper[0], upper[1]]
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    weights = wanted_rows @ np.linalg.pinv((rows / size), rcond=1e-12)
    residual = np.linalg.norm(weights @ (rows / size) - wanted_rows, axis=-1) / np.linalg.norm(wanted_rows, axis=-1)
    return SpanningWeights(weights / size[:, 0], residual)
