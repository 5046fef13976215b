r"""The layer's raw weights, and what they amount to.

The layer outputs ``h^T sum_i (W_V v_i)(v_i^T W_K^T W_Q v_query)`` with tokens v_i = (x_i; y_i) and v_query = (x_q; 0). So only v = W_V^T h and
the first d columns M of W_K^T W_Q matter: the maps (W_K, W_Q) -> (R W_K, R^-T W_Q) and (h, W_V) -> (R^-T h, R W_V), the last column of W_K^T W_Q
and one scale between v and M leave the predictor unchanged. Derived here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.one_step_gd.closed_form.loss_polynomial import PopulationLoss, prepared_loss
from theorylab.validation import array_of_shape, moderate

__all__ = ["effective_parameters", "raw_population_loss", "raw_population_loss_gradient", "raw_population_loss_hessian"]


def effective_parameters(
    key_weights: ArrayLike, query_weights: ArrayLike, value_weights: ArrayLike, head: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the effective parameters (v, M) of the raw weights.

    Formula: ``v = W_V^T h``, ``M = (W_K^T W_Q)`` without its last column.

    Parameters
    ----------
    key_weights, query_weights, value_weights
        W_K, W_Q, W_V, each (d + 1, d + 1).
    head
        h, (d + 1,).

    Returns
    -------
    tuple of ndarray
        v = (a; c), shape (d + 1,), and M = (A; b^T), shape (d + 1, d).

    Raises
    ------
    ValueError
        If a shape does not fit the head's, or an entry is not finite.
    """
    key, query, value, head = _checked(key_weights, query_weights, value_weights, head)
    return value.T @ head, key.T @ query[:, :-1]


def raw_population_loss(
    key_weights: ArrayLike,
    query_weights: ArrayLike,
    value_weights: ArrayLike,
    head: ArrayLike,
    context_length: int,
    feature_covariance: ArrayLike,
    task_covariance: ArrayLike,
    noise_variance: float,
) -> float:
    r"""Return the population loss as a function of the raw weights.

    Formula: `population_loss` at `effective_parameters`.

    Parameters
    ----------
    key_weights, query_weights, value_weights, head
        As in `effective_parameters`.
    context_length, feature_covariance, task_covariance, noise_variance
        As in `population_loss`.

    Returns
    -------
    float
        L, label noise included.

    Raises
    ------
    ValueError
        If an argument is out of range or a shape does not fit.
    """
    loss = prepared_loss(context_length, feature_covariance, task_covariance, noise_variance)
    key, query, value, head = _checked(key_weights, query_weights, value_weights, head, loss.dimension)
    return float(loss.value(value.T @ head, key.T @ query[:, :-1]))


def raw_population_loss_gradient(
    key_weights: ArrayLike,
    query_weights: ArrayLike,
    value_weights: ArrayLike,
    head: ArrayLike,
    context_length: int,
    feature_covariance: ArrayLike,
    task_covariance: ArrayLike,
    noise_variance: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    r"""Return the gradient of `raw_population_loss` with respect to W_K, W_Q, W_V and h.

    Formula: with g = dL/dv and N = (dL/dM, 0): ``dW_K = W_Q N^T, dW_Q = W_K N, dW_V = h g^T, dh = W_V g``.

    Parameters
    ----------
    key_weights, query_weights, value_weights, head, context_length, feature_covariance, task_covariance, noise_variance
        As in `raw_population_loss`.

    Returns
    -------
    tuple of ndarray
        Shaped like the weights.

    Raises
    ------
    ValueError
        If an argument is out of range or a shape does not fit.
    """
    loss = prepared_loss(context_length, feature_covariance, task_covariance, noise_variance)
    return _gradient(loss, *_checked(key_weights, query_weights, value_weights, head, loss.dimension))


def raw_population_loss_hessian(
    key_weights: ArrayLike,
    query_weights: ArrayLike,
    value_weights: ArrayLike,
    head: ArrayLike,
    context_length: int,
    feature_covariance: ArrayLike,
    task_covariance: ArrayLike,
    noise_variance: float,
) -> np.ndarray:
    r"""Return the Hessian of `raw_population_loss` in the coordinates (W_K, W_Q, W_V, h), each row by row.

    Formula: complex-step derivative of the polynomial gradient, exact to rounding.

    Parameters
    ----------
    key_weights, query_weights, value_weights, head, context_length, feature_covariance, task_covariance, noise_variance
        As in `raw_population_loss`.

    Returns
    -------
    ndarray
        Shape (k, k) with k = 3 (d + 1)^2 + (d + 1). At a generic minimiser its rank is (d + 1)^2 - 1.

    Raises
    ------
    ValueError
        If an argument is out of range or a shape does not fit.
    """
    loss = prepared_loss(context_length, feature_covariance, task_covariance, noise_variance)
    weights = _checked(key_weights, query_weights, value_weights, head, loss.dimension)
    shapes = [weight.shape for weight in weights]
    ends = np.cumsum([weight.size for weight in weights])
    point = np.concatenate([weight.ravel() for weight in weights])
    step = 1e-30
    hessian = np.empty((point.size, point.size))
    for column in range(point.size):
        moved = point.astype(np.complex128)
        moved[column] += 1j * step
        parts = [part.reshape(shape) for part, shape in zip(np.split(moved, ends[:-1]), shapes, strict=True)]
        gradient = _gradient(loss, *parts)
        hessian[:, column] = np.concatenate([part.ravel() for part in gradient]).imag / step
    return 0.5 * (hessian + hessian.T)


def _gradient(
    loss: PopulationLoss, key: np.ndarray, query: np.ndarray, value: np.ndarray, head: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    grad_v, grad_m = loss.gradient(value.T @ head, key.T @ query[:, :-1])
    padded = np.concatenate([grad_m, np.zeros((grad_m.shape[0], 1))], axis=1)
    return query @ padded.T, key @ padded, np.outer(head, grad_v), value @ grad_v


def _checked(
    key_weights: ArrayLike, query_weights: ArrayLike, value_weights: ArrayLike, head: ArrayLike, dimension: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    vector = array_of_shape("head", head, ("d + 1" if dimension is None else dimension + 1,))
    size = vector.shape[0]
    if size < 2:
        raise ValueError(f"head must have shape (d + 1,) with d >= 1; got shape {vector.shape}")
    moderate("head", vector, most=1e50)
    key = moderate("key_weights", array_of_shape("key_weights", key_weights, (size, size)), most=1e50)
    query = moderate("query_weights", array_of_shape("query_weights", query_weights, (size, size)), most=1e50)
    return key, query, moderate("value_weights", array_of_shape("value_weights", value_weights, (size, size)), most=1e50), vector
