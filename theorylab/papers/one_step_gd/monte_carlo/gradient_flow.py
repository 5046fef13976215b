"""Gradient flow d weights / dt = -gradient, for any gradient, of the effective parameters (v, M) or of the raw weights of the layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.one_step_gd.monte_carlo.layer import checked_parameters
from theorylab.validation import array_of_shape, function, real, reals

__all__ = ["descend", "descend_raw_weights"]


def descend(
    gradient: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    times: ArrayLike,
    *,
    relative_tolerance: float = 1e-11,
) -> tuple[np.ndarray, np.ndarray]:
    """Follow the gradient flow d(v, M)/dt = -gradient(v, M) and return (v, M) at the given times.

    Parameters
    ----------
    gradient
        Maps v, (d+1,) and M, (d+1, d), to the gradients of a loss with respect to them.
    value_vector, key_query_matrix
        The start, at time 0.
    times
        (T,), increasing, from 0 to 10^6.
    relative_tolerance
        Of each step of the Dormand-Prince 8(5,3) method, above 1e-13.

    Returns
    -------
    tuple of arrays of shapes (T, d+1) and (T, d+1, d)

    Raises
    ------
    ValueError
        If a shape does not fit or the times do not increase from 0.
    RuntimeError
        If the integration fails before the last time.
    """
    vector, matrix, _ = checked_parameters(value_vector, key_query_matrix)
    vectors, matrices = _follow(gradient, (vector, matrix), times, relative_tolerance)
    return vectors, matrices


def descend_raw_weights(
    gradient: Callable[..., Sequence[np.ndarray]],
    key_weights: ArrayLike,
    query_weights: ArrayLike,
    value_weights: ArrayLike,
    head: ArrayLike,
    times: ArrayLike,
    *,
    relative_tolerance: float = 1e-11,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Follow the gradient flow of the layer's own weights and return W_K, W_Q, W_V and h at the given times.

    Parameters
    ----------
    gradient
        Maps W_K, W_Q, W_V, (d+1, d+1), and h, (d+1,), to the four gradients of a loss with respect to them.
    key_weights, query_weights, value_weights, head
        The start, at time 0.
    times, relative_tolerance
        As in `descend`.

    Returns
    -------
    tuple of arrays of shapes (T, d+1, d+1), three times, and (T, d+1)

    Raises
    ------
    ValueError
        If a shape does not fit or the times do not increase from 0.
    RuntimeError
        If the integration fails before the last time.
    """
    vector = array_of_shape("head", head, ("d + 1",))
    named = {"key_weights": key_weights, "query_weights": query_weights, "value_weights": value_weights}
    matrices = (array_of_shape(name, value, (vector.size, vector.size)) for name, value in named.items())
    keys, queries, values, heads = _follow(gradient, (*matrices, vector), times, relative_tolerance)
    return keys, queries, values, heads


def _follow(gradient: Callable[..., Sequence[Any]], start: Sequence[np.ndarray], times: ArrayLike, relative_tolerance: float) -> list[np.ndarray]:
    """Return the flow of several arrays at the given times, each with the times in front."""
    from scipy.integrate import solve_ivp

    function("gradient", gradient)
    moments = np.atleast_1d(reals("times", times, minimum=0.0, maximum=1e6))
    if moments.ndim != 1 or np.any(np.diff(moments) <= 0.0):
        raise ValueError(f"times must be a list of increasing numbers >= 0; got {times!r}")
    tolerance = real("relative_tolerance", relative_tolerance, above=1e-13, below=1.0)
    ends = np.cumsum([part.size for part in start])

    def parts_of(states: np.ndarray) -> list[np.ndarray]:
        return [part.reshape(*states.shape[:-1], *like.shape) for part, like in zip(np.split(states, ends[:-1], axis=-1), start, strict=True)]

    def velocity(_: float, state: np.ndarray) -> np.ndarray:
        return -np.concatenate([np.ravel(part) for part in gradient(*parts_of(state))])

    initial = np.concatenate([part.ravel() for part in start])
    if moments[-1] == 0.0:
        return parts_of(initial[None])
    solution = solve_ivp(velocity, (0.0, moments[-1]), initial, method="DOP853", t_eval=moments, rtol=tolerance, atol=1e-3 * tolerance)
    if not solution.success:
        raise RuntimeError(f"gradient flow could not be followed to time {moments[-1]:g}: {solution.message}")
    return parts_of(solution.y.T.copy())
