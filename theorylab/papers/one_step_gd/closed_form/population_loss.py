"""The population loss of one layer of linear self-attention at any weights, with gradient and Hessian; formulas in `loss_polynomial`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.one_step_gd.closed_form._arguments import stack_of_shape
from theorylab.papers.one_step_gd.closed_form.loss_polynomial import frobenius, prepared_loss
from theorylab.validation import plain

__all__ = [
    "population_loss",
    "population_loss_gradient",
    "population_loss_hessian",
    "population_loss_with_query_token",
]


def population_loss(
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    context_length: int,
    feature_covariance: ArrayLike,
    task_covariance: ArrayLike,
    noise_variance: float,
) -> dict[str, Any]:
    r"""Return the population loss E (y_q - theta . x_q)^2 of the layer, with its odd and even part.

    Formula: in the docstring of `loss_polynomial`.

    Parameters
    ----------
    value_vector
        v = (a; c), shape (..., d + 1).
    key_query_matrix
        M = (A; b^T), shape (..., d + 1, d).
    context_length
        n >= 1.
    feature_covariance
        Sigma, (d, d), positive definite.
    task_covariance
        Omega, (d, d), positive semidefinite.
    noise_variance
        sigma^2 >= 0.

    Returns
    -------
    dict
        "total" (label noise included), "odd", "even": floats, or arrays of the batch shape.

    Raises
    ------
    ValueError
        If an argument is out of range or a shape does not fit Sigma.

    Notes
    -----
    Derived here for arXiv:2307.03576. The sum runs over the prompt without the query token; see `population_loss_with_query_token`.
    """
    loss = prepared_loss(context_length, feature_covariance, task_covariance, noise_variance)
    odd, even = loss.parts(*_weights(value_vector, key_query_matrix, loss.dimension))
    return {name: plain(part) for name, part in (("total", odd + even), ("odd", odd), ("even", even))}


def population_loss_gradient(
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    context_length: int,
    feature_covariance: ArrayLike,
    task_covariance: ArrayLike,
    noise_variance: float,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the gradient of `population_loss` with respect to v and M.

    Formula: ``dL_odd/dP = 2 n Sigma (P K - Omega Sigma)`` and the chain rule through P = c A^T + b a^T, plus the derivative of L_even.

    Parameters
    ----------
    value_vector, key_query_matrix, context_length, feature_covariance, task_covariance, noise_variance
        As in `population_loss`. In an optimiser, build `PopulationLoss` once and call its method `gradient`.

    Returns
    -------
    tuple of ndarray
        dL/dv, shape (..., d + 1), and dL/dM, shape (..., d + 1, d).

    Raises
    ------
    ValueError
        If an argument is out of range or a shape does not fit Sigma.

    Notes
    -----
    Derived here.
    """
    loss = prepared_loss(context_length, feature_covariance, task_covariance, noise_variance)
    return loss.gradient(*_weights(value_vector, key_query_matrix, loss.dimension))


def population_loss_hessian(
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    context_length: int,
    feature_covariance: ArrayLike,
    task_covariance: ArrayLike,
    noise_variance: float,
) -> np.ndarray:
    r"""Return the Hessian of `population_loss` in the coordinates (v, M row by row).

    Formula: complex-step derivative of the polynomial gradient, exact to rounding.

    Parameters
    ----------
    value_vector
        v, shape (d + 1,).
    key_query_matrix
        M, shape (d + 1, d).
    context_length, feature_covariance, task_covariance, noise_variance
        As in `population_loss`.

    Returns
    -------
    ndarray
        Shape ((d + 1)^2, (d + 1)^2), symmetric.

    Raises
    ------
    ValueError
        If an argument is out of range or a shape does not fit Sigma.

    Notes
    -----
    Derived here.
    """
    loss = prepared_loss(context_length, feature_covariance, task_covariance, noise_variance)
    v, m = _weights(value_vector, key_query_matrix, loss.dimension)
    if v.ndim != 1 or m.ndim != 2:
        raise ValueError(f"the Hessian takes one parameter setting; got shapes {v.shape} and {m.shape}")
    return loss.hessian(v, m)


def population_loss_with_query_token(
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    context_length: int,
    feature_covariance: ArrayLike,
    task_covariance: ArrayLike,
    noise_variance: float,
) -> dict[str, Any]:
    r"""Return the population loss of the variant whose attention sum includes the query token (x_q; 0).

    Formula: the output gains (a . x_q)(x_q^T A x_q), which is odd in x_q and even in y, so L_odd is unchanged and, with theta_e = A^T S a + c
    |y|^2 b, ``L_even = E[(theta_e . x_q + (a . x_q)(x_q^T A x_q))^2] >= 0``.

    Parameters
    ----------
    value_vector, key_query_matrix, context_length, feature_covariance, task_covariance, noise_variance
        As in `population_loss`.

    Returns
    -------
    dict
        "total", "odd", "even" as in `population_loss`. The infimum and the minimisers are those of `population_loss`.

    Raises
    ------
    ValueError
        If an argument is out of range or a shape does not fit Sigma.

    Notes
    -----
    Derived here. With H = (A + A^T)/2, E theta_e = n A^T Sigma a + c n (t + sigma^2) b, E[x (a.x)(x^T A x)] = tr(H Sigma) Sigma a + 2 Sigma H
    Sigma a, and E[(a.x)^2 (x^T A x)^2] from E of a product of three quadratic forms: with alpha = a^T Sigma a,
    ``alpha (tr(H Sigma)^2 + 2 tr((H Sigma)^2)) + 4 tr(H Sigma) a^T Sigma H Sigma a + 8 a^T Sigma H Sigma H Sigma a``.
    """
    loss = prepared_loss(context_length, feature_covariance, task_covariance, noise_variance)
    v, m = _weights(value_vector, key_query_matrix, loss.dimension)
    odd, even = loss.parts(v, m)
    sigma = np.asarray(feature_covariance, dtype=np.float64)
    a, c, big_a, b = v[..., :-1, None], v[..., -1:, None], m[..., :-1, :], m[..., -1, :, None]
    symmetric = 0.5 * (big_a + big_a.mT)
    sa = sigma @ a
    hs = symmetric @ sigma
    hsa = symmetric @ sa
    trace = np.trace(hs, axis1=-2, axis2=-1)[..., None, None]
    mean_even = context_length * (big_a.mT @ sa + c * loss.zero_loss * b)
    cross = trace * (mean_even.mT @ sa) + 2.0 * (mean_even.mT @ (sigma @ hsa))
    sixth = (a.mT @ sa) * (trace**2 + 2.0 * frobenius(hs, hs.mT)) + 4.0 * trace * (sa.mT @ hsa) + 8.0 * (hsa.mT @ (sigma @ hsa))
    even = even + (2.0 * cross + sixth)[..., 0, 0]
    return {name: plain(part) for name, part in (("total", odd + even), ("odd", odd), ("even", even))}


def _weights(value_vector: ArrayLike, key_query_matrix: ArrayLike, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    v = stack_of_shape("value_vector", value_vector, (dimension + 1,), "(d + 1,) for v = (a; c)")
    m = stack_of_shape("key_query_matrix", key_query_matrix, (dimension + 1, dimension), "(d + 1, d) for M = (A; b^T)")
    if v.shape[:-1] != m.shape[:-2]:
        try:
            batch = np.broadcast_shapes(v.shape[:-1], m.shape[:-2])
        except ValueError:
            raise ValueError(f"value_vector and key_query_matrix must have the same leading axes; got shapes {v.shape} and {m.shape}") from None
        v, m = np.broadcast_to(v, batch + v.shape[-1:]), np.broadcast_to(m, batch + m.shape[-2:])
    return v, m
