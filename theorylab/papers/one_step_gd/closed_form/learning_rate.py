r"""The optimal learning rate and the minimum loss for isotropic tasks (arXiv:2307.03576, Theorem 1).

Setting: x_i ~ N(0, I_d), w ~ N(0, tau^2 I_d), y_i = w.x_i + eps_i with eps_i ~ N(0, sigma^2), lambda = sigma^2 / tau^2. All functions broadcast.

The theorem gives ``eta = E[w_ridge^T X^T y] / E|X^T y|^2`` with w_ridge = (S + lambda I)^-1 X^T y, S = X^T X. Derived here: w_ridge = E[w | X,
y], so the numerator is E[w^T X^T y] = tau^2 E tr S = tau^2 n d; with E S^2 = n (n + d + 1) I the denominator is tau^2 n d (n + d + 1) + sigma^2
n d.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.one_step_gd.closed_form._arguments import isotropic_problem
from theorylab.validation import reals

__all__ = [
    "expected_least_squares_correlation",
    "expected_ridge_correlation",
    "expected_squared_gradient",
    "icl_excess",
    "minimum_pretraining_loss",
    "optimal_learning_rate",
    "plain_step_loss",
]


def optimal_learning_rate(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return the learning rate of the gradient step that the best linear attention layer takes.

    Formula: ``eta = 1 / (n + d + 1 + lambda)``, the step being ``eta * sum_i y_i x_i`` (a sum, not a mean).

    Parameters
    ----------
    context_length
        n >= 1.
    dimension
        d >= 1.
    noise_variance
        sigma^2 >= 0.
    prior_variance
        tau^2 > 0.

    Returns
    -------
    float or ndarray
        eta, broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2307.03576, Theorem 1, gives eta as a ratio of expectations; the closed form is derived in the module's docstring.
    """
    n, d, _, _, ratio = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    return 1.0 / (n + d + 1.0 + ratio)


def expected_ridge_correlation(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return E[w_ridge^T X^T y], the numerator of the optimal learning rate; the noise variance does not enter it.

    Formula: ``tau^2 n d`` for every sigma^2 >= 0.

    Parameters
    ----------
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        The expectation, broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: E[w_ridge^T X^T y] = E[w^T X^T y] because w_ridge is the posterior mean of w.
    """
    n, d, noise, prior, _ = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    # The zero broadcasts over a noise grid, which the value itself does not depend on.
    return prior * n * d + 0.0 * noise


def expected_least_squares_correlation(
    context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0
) -> Any:
    r"""Return E[w_ls^T X^T y] for the minimum-norm least-squares solution w_ls, which is NOT the numerator of eta.

    Formula: ``tau^2 n d + sigma^2 min(n, d)``.

    Parameters
    ----------
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        The expectation, broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: w_ls^T X^T y = y^T H y with H the projection on the columns of X, of rank min(n, d); H X w = X w.
    """
    n, d, noise, prior, _ = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    return prior * n * d + noise * np.minimum(n, d)


def expected_squared_gradient(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return E|X^T y|^2, the denominator of the optimal learning rate.

    Formula: ``n d (tau^2 (n + d + 1) + sigma^2)``.

    Parameters
    ----------
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        The expectation, broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: X^T y = S w + X^T eps, so the mean square is tau^2 E tr S^2 + sigma^2 E tr S.
    """
    n, d, noise, prior, _ = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    return n * d * (prior * (n + d + 1.0) + noise)


def plain_step_loss(
    learning_rate: ArrayLike, context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0
) -> Any:
    r"""Return E (y_q - rate * x_q^T X^T y)^2, the population loss of one plain gradient step with any learning rate.

    Formula: ``sigma^2 + tau^2 d (1 - 2 n rate + n (n + d + 1 + lambda) rate^2)``.

    Parameters
    ----------
    learning_rate
        Any real number; 0 is the zero predictor.
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        The loss, label noise included, broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here from E[w^T X^T y] = tau^2 n d and `expected_squared_gradient`.
    """
    check_broadcast(
        learning_rate=learning_rate, context_length=context_length, dimension=dimension, noise_variance=noise_variance, prior_variance=prior_variance
    )
    rate = reals("learning_rate", learning_rate)
    n, d, noise, prior, ratio = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    return noise + prior * d * (1.0 - 2.0 * n * rate + n * (n + d + 1.0 + ratio) * rate**2)


def icl_excess(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return the excess R_1 of the best linear attention layer over the irreducible noise.

    Formula: ``R_1 = tau^2 d (1 - n eta) = tau^2 d (d + 1 + lambda) / (n + d + 1 + lambda)``.

    Parameters
    ----------
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        The excess, broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the minimum over the rate of `plain_step_loss`, minus sigma^2.
    """
    n, d, _, prior, ratio = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    return prior * d * (d + 1.0 + ratio) / (n + d + 1.0 + ratio)


def minimum_pretraining_loss(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return the least population loss L* of one layer of linear self-attention.

    Formula: ``L* = sigma^2 + tau^2 d (d + 1 + lambda) / (n + d + 1 + lambda)``.

    Parameters
    ----------
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        L*, label noise included, broadcast.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here; the minimiser is that of arXiv:2307.03576, Theorem 1.
    """
    return icl_excess(context_length, dimension, noise_variance, prior_variance) + reals("noise_variance", noise_variance)
