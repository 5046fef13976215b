r"""Any Gaussian design and prior: the optimal preconditioner, and optimality as Pythagoras' theorem.

Derived here from the loss of theta = P X^T y (see `loss_polynomial`), with t = tr(Sigma Omega) and K = (n + 1) Sigma Omega Sigma + (t + sigma^2)
Sigma: its gradient is 2 n Sigma (P K - Omega Sigma), which vanishes at P* = Omega Sigma K^-1. For Omega = Sigma^-1 this is arXiv:2307.03576,
Theorem 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.one_step_gd.closed_form._arguments import general_problem, stack_of_shape
from theorylab.papers.one_step_gd.closed_form.loss_polynomial import prepared_loss
from theorylab.validation import array_of_shape, moderate, plain

__all__ = [
    "best_plain_learning_rate",
    "excess_over_minimum",
    "minimum_loss_general",
    "optimal_preconditioner",
    "preconditioned_loss",
    "pythagoras_defect",
]


def optimal_preconditioner(context_length: int, feature_covariance: ArrayLike, task_covariance: ArrayLike, noise_variance: float) -> np.ndarray:
    r"""Return the matrix P* for which x_q^T P* X^T y is the output of every global minimiser.

    Formula: ``P* = Omega [(n + 1) Sigma Omega + (tr(Sigma Omega) + sigma^2) I]^-1``, symmetric; for invertible Omega it is
    ``[(n + 1) Sigma + (tr(Sigma Omega) + sigma^2) Omega^-1]^-1``.

    Parameters
    ----------
    context_length
        n >= 1.
    feature_covariance
        Sigma, (d, d), positive definite.
    task_covariance
        Omega, (d, d), positive semidefinite, possibly singular; not zero if sigma^2 = 0.
    noise_variance
        sigma^2 >= 0.

    Returns
    -------
    ndarray
        P*, shape (d, d).

    Raises
    ------
    ValueError
        If an argument is out of range, or Omega = 0 and sigma^2 = 0 (every P is then optimal).

    Notes
    -----
    Derived here; Omega = Sigma^-1 gives Sigma^-1 / (n + d + 1 + sigma^2), arXiv:2307.03576, Theorem 2. Omega = I is the preconditioner of
    arXiv:2306.09927 with noise.
    """
    n, sigma, omega, noise = general_problem(context_length, feature_covariance, task_covariance, noise_variance)
    label_variance = float(np.sum(sigma * omega)) + noise
    if label_variance <= 0.0:
        raise ValueError("task_covariance must not be zero when noise_variance is 0: all labels vanish and every preconditioner is optimal")
    # A symmetric root keeps the result symmetric and the system well conditioned for singular Omega: P* = R [(n+1) R Sigma R + l I]^-1 R.
    eigenvalues, vectors = np.linalg.eigh(omega)
    root = (vectors * np.sqrt(np.maximum(eigenvalues, 0.0))) @ vectors.T
    inner = (n + 1.0) * root @ sigma @ root + label_variance * np.eye(sigma.shape[0])
    result = root @ np.linalg.solve(inner, root)
    symmetric: np.ndarray = 0.5 * (result + result.T)
    return symmetric


def minimum_loss_general(context_length: int, feature_covariance: ArrayLike, task_covariance: ArrayLike, noise_variance: float) -> float:
    r"""Return L*, the least population loss over all layers.

    Formula: ``L* = sigma^2 + tr(Sigma Omega) - n tr(Sigma P* Sigma Omega)``.

    Parameters
    ----------
    context_length, feature_covariance, task_covariance, noise_variance
        As in `optimal_preconditioner`.

    Returns
    -------
    float
        L*, label noise included.

    Raises
    ------
    ValueError
        As in `optimal_preconditioner`.

    Notes
    -----
    Derived here. For Omega = Sigma^-1 it does not depend on Sigma.
    """
    n, sigma, omega, noise = general_problem(context_length, feature_covariance, task_covariance, noise_variance)
    best = optimal_preconditioner(n, sigma, omega, noise)
    return float(noise + np.sum(sigma * omega) - n * np.trace(sigma @ best @ sigma @ omega))


def preconditioned_loss(
    preconditioner: ArrayLike, context_length: int, feature_covariance: ArrayLike, task_covariance: ArrayLike, noise_variance: float
) -> Any:
    r"""Return L_odd(P), the population loss of the predictor x_q^T P X^T y.

    Formula: ``sigma^2 + t - 2 n tr(Sigma P Sigma Omega) + n tr(Sigma P K P^T)``.

    Parameters
    ----------
    preconditioner
        P, shape (..., d, d); any real matrices.
    context_length, feature_covariance, task_covariance, noise_variance
        As in `optimal_preconditioner`; Omega = 0 is allowed.

    Returns
    -------
    float or ndarray
        The loss, label noise included, of the batch shape.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived in `loss_polynomial`.
    """
    loss = prepared_loss(context_length, feature_covariance, task_covariance, noise_variance)
    p = stack_of_shape("preconditioner", preconditioner, (loss.dimension, loss.dimension), "(d, d)")
    value = loss.odd(p)
    return plain(value)


def best_plain_learning_rate(context_length: int, feature_covariance: ArrayLike, task_covariance: ArrayLike, noise_variance: float) -> float:
    r"""Return the learning rate of the best plain step P = eta I.

    Formula: ``eta = tr(Sigma^2 Omega) / tr(Sigma K)``.

    Parameters
    ----------
    context_length, feature_covariance, task_covariance, noise_variance
        As in `optimal_preconditioner`.

    Returns
    -------
    float
        eta; equals `optimal_learning_rate` for Sigma = I, Omega = tau^2 I.

    Raises
    ------
    ValueError
        As in `optimal_preconditioner`.

    Notes
    -----
    Derived here: the minimum of L_odd(eta I), a parabola in eta.
    """
    n, sigma, omega, noise = general_problem(context_length, feature_covariance, task_covariance, noise_variance)
    gram = _gram(n, sigma, omega, noise)
    norm = float(np.sum(sigma * gram))
    if norm <= 0.0:
        raise ValueError("task_covariance must not be zero when noise_variance is 0: all labels vanish and every learning rate is optimal")
    return float(np.trace(sigma @ sigma @ omega)) / norm


def excess_over_minimum(
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    context_length: int,
    feature_covariance: ArrayLike,
    task_covariance: ArrayLike,
    noise_variance: float,
) -> float:
    r"""Return E |theta(v, M) - P* X^T y|_Sigma^2, which is the whole excess L(v, M) - L* at EVERY parameter setting.

    Formula: ``n tr(Sigma (P - P*) K (P - P*)^T) + L_even(v, M)``.

    Parameters
    ----------
    value_vector
        v, shape (d + 1,).
    key_query_matrix
        M, shape (d + 1, d).
    context_length, feature_covariance, task_covariance, noise_variance
        As in `optimal_preconditioner`.

    Returns
    -------
    float
        A number >= 0; zero exactly at the minimisers.

    Raises
    ------
    ValueError
        As in `optimal_preconditioner`, or if a shape does not fit.

    Notes
    -----
    Derived here: the cross term is tr[Sigma (P - P*)(E[X^T y y^T X] P* - E[X^T y w^T])] = 0 because n K P* = n Sigma Omega, and the even part is
    orthogonal.
    """
    n, sigma, omega, noise = general_problem(context_length, feature_covariance, task_covariance, noise_variance)
    d = sigma.shape[0]
    v = moderate("value_vector", array_of_shape("value_vector", value_vector, (d + 1,)), most=1e50)
    m = moderate("key_query_matrix", array_of_shape("key_query_matrix", key_query_matrix, (d + 1, d)), most=1e50)
    best = optimal_preconditioner(n, sigma, omega, noise)
    difference = v[-1] * m[:-1].T + np.outer(m[-1], v[:-1]) - best
    _, even = prepared_loss(n, sigma, omega, noise).parts(v, m)
    return float(n * np.sum(sigma @ difference @ _gram(n, sigma, omega, noise) * difference) + even)


def pythagoras_defect(
    preconditioner: ArrayLike,
    reference: ArrayLike,
    context_length: int,
    feature_covariance: ArrayLike,
    task_covariance: ArrayLike,
    noise_variance: float,
) -> float:
    r"""Return E[|theta - w|^2 - |R X^T y - w|^2 - |theta - R X^T y|^2] in the norm of Sigma, for theta = P X^T y plus any even part.

    Formula: ``2 n tr[Sigma (R K - Omega Sigma)(P - R)^T]``; zero for every P exactly when R = P*. Isotropic with R = eta' I and tau = 1:
    ``2 n (eta'/eta - 1)(tr P - d eta')``.

    Parameters
    ----------
    preconditioner
        P, (d, d).
    reference
        R, (d, d).
    context_length, feature_covariance, task_covariance, noise_variance
        As in `optimal_preconditioner`; Omega = 0 is allowed.

    Returns
    -------
    float
        The mean of the paired difference.

    Raises
    ------
    ValueError
        If an argument is out of range or a shape does not fit.

    Notes
    -----
    Derived here: expand the squares; the even part of theta is orthogonal to R X^T y - w.
    """
    n, sigma, omega, noise = general_problem(context_length, feature_covariance, task_covariance, noise_variance)
    p = array_of_shape("preconditioner", preconditioner, sigma.shape)
    r = array_of_shape("reference", reference, sigma.shape)
    residual = r @ _gram(n, sigma, omega, noise) - omega @ sigma
    return float(2.0 * n * np.sum(sigma @ residual * (p - r)))


def _gram(n: int, sigma: np.ndarray, omega: np.ndarray, noise: float) -> np.ndarray:
    """Return K = E[X^T y y^T X] / n."""
    gram: np.ndarray = (n + 1.0) * sigma @ omega @ sigma + (float(np.sum(sigma * omega)) + noise) * sigma
    return gram
