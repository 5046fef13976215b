r"""Gradient flow from the usual initialisation (derived here; isotropic tasks, tau^2 general).

On a = b = 0 (invariant, because L_even is quadratic in (a, b)), start from c = sqrt(d) alpha and A = alpha I. A stays a multiple of I, c^2 -
|A|_F^2 is conserved, and p = c alpha obeys p' = 4 sqrt(d) p (n tau^2 - k p) with k = n (tau^2 (n + d + 1) + sigma^2): from alpha' = 2 c (n tau^2
- k p), c' = 2 d alpha (n tau^2 - k p) and c^2 = d alpha^2 = sqrt(d) p.

In the raw weights the layer is deeper and the law another one. From W_K = W_Q = kappa diag(I, 0), W_V = s e e^T and h = s e with e the last
axis, the four weights keep this form, with kappa' = -2 kappa c (k p - n tau^2), s' = -2 d s kappa^2 (k p - n tau^2), c = s^2, A = kappa^2 I, p =
c kappa^2. With equal norms, s^2 = d kappa^2, that is p' = 8 sqrt(d) p^{3/2} (n tau^2 - k p); for q = sqrt(p/eta), q' = 4 sqrt(d eta) n tau^2 q^2
(1 - q^2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.one_step_gd.closed_form._arguments import isotropic_problem, scalar
from theorylab.papers.one_step_gd.closed_form.learning_rate import optimal_learning_rate, plain_step_loss
from theorylab.validation import array_of_shape, moderate, reals, whole_number

__all__ = [
    "balanced_raw_start",
    "balanced_start",
    "gradient_flow_logistic",
    "gradient_flow_loss",
    "layer_imbalance",
    "raw_gradient_flow_time",
]


def balanced_start(initial_step: float, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the weights (v, M) with a = b = 0, A = alpha I, c = sqrt(d) alpha and c A = p_0 I.

    Formula: ``alpha = sqrt(p_0) / d^{1/4}``.

    Parameters
    ----------
    initial_step
        p_0 > 0, the learning rate that the layer starts with.
    dimension
        d >= 1.

    Returns
    -------
    tuple of ndarray
        v, shape (d + 1,), and M, shape (d + 1, d), with c^2 = |A|_F^2.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    d = whole_number("dimension", dimension)
    alpha = np.sqrt(scalar("initial_step", initial_step, above=0.0)) / d**0.25
    v, m = np.zeros(d + 1), np.zeros((d + 1, d))
    v[-1], m[:-1] = np.sqrt(d) * alpha, alpha * np.eye(d)
    return v, m


def balanced_raw_start(initial_step: float, dimension: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    r"""Return raw weights (W_K, W_Q, W_V, h) of equal norms with a = b = 0 and c A = p_0 I.

    Formula: ``W_K = W_Q = kappa diag(I, 0)``, ``W_V = s e e^T``, ``h = s e``, ``kappa^2 = sqrt(p_0/d)``, ``s^2 = d kappa^2``.

    Parameters
    ----------
    initial_step
        p_0 > 0, the learning rate that the layer starts with.
    dimension
        d >= 1.

    Returns
    -------
    tuple of ndarray
        W_K, W_Q, W_V, each (d + 1, d + 1), and h, (d + 1,).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    d = whole_number("dimension", dimension)
    kappa = (scalar("initial_step", initial_step, above=0.0) / d) ** 0.25
    key, value, head = kappa * np.eye(d + 1), np.zeros((d + 1, d + 1)), np.zeros(d + 1)
    key[-1, -1] = 0.0
    value[-1, -1] = head[-1] = np.sqrt(d) * kappa
    return key, key.copy(), value, head


def gradient_flow_logistic(
    time: ArrayLike,
    initial_step: ArrayLike,
    context_length: ArrayLike,
    dimension: ArrayLike,
    noise_variance: ArrayLike,
    prior_variance: ArrayLike = 1.0,
) -> Any:
    r"""Return the learning rate p(t) of the layer under d(v, M)/dt = -grad L from the balanced start.

    Formula: ``p(t) = eta / (1 + (eta/p_0 - 1) exp(-4 sqrt(d) n tau^2 t))``.

    Parameters
    ----------
    time
        t >= 0; broadcasts.
    initial_step
        p_0 > 0; broadcasts.
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        p(t), where P = p(t) I.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived in the module's docstring. Convergence from such a start without noise is in arXiv:2306.09927.
    """
    check_broadcast(
        time=time,
        initial_step=initial_step,
        context_length=context_length,
        dimension=dimension,
        noise_variance=noise_variance,
        prior_variance=prior_variance,
    )
    t = reals("time", time, minimum=0.0)
    start = reals("initial_step", initial_step, above=0.0)
    n, d, _, prior, _ = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    eta = optimal_learning_rate(context_length, dimension, noise_variance, prior_variance)
    return eta / (1.0 + (eta / start - 1.0) * np.exp(-4.0 * np.sqrt(d) * n * prior * t))


def raw_gradient_flow_time(
    step: ArrayLike,
    initial_step: ArrayLike,
    context_length: ArrayLike,
    dimension: ArrayLike,
    noise_variance: ArrayLike,
    prior_variance: ArrayLike = 1.0,
) -> Any:
    r"""Return when the layer reaches the learning rate p under gradient flow of its raw weights from the balanced raw start.

    Formula: ``t = [g(sqrt(p/eta)) - g(sqrt(p_0/eta))] / (4 sqrt(d eta) n tau^2)``, ``g(q) = artanh q - 1/q``.

    Parameters
    ----------
    step
        p in [p_0, eta); broadcasts.
    initial_step
        p_0 in (0, eta); broadcasts.
    context_length, dimension, noise_variance, prior_variance
        As in `optimal_learning_rate`.

    Returns
    -------
    float or ndarray
        t.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived in the module's docstring: dq / (q^2 (1 - q^2)) = dg.
    """
    n, d, _, prior, _ = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    eta = optimal_learning_rate(context_length, dimension, noise_variance, prior_variance)
    start, end = reals("initial_step", initial_step, above=0.0), reals("step", step, above=0.0)
    check_broadcast(noise_variance=np.asarray(eta), initial_step=np.asarray(start), step=np.asarray(end))
    if np.any(start > end) or np.any(end >= eta):
        raise ValueError(f"step must lie between initial_step and the optimal learning rate; got step {step!r} and initial_step {initial_step!r}")
    q, q_start = np.sqrt(end / eta), np.sqrt(start / eta)
    return (np.arctanh(q) - 1.0 / q - np.arctanh(q_start) + 1.0 / q_start) / (4.0 * np.sqrt(d * eta) * n * prior)


def gradient_flow_loss(
    time: ArrayLike,
    initial_step: ArrayLike,
    context_length: ArrayLike,
    dimension: ArrayLike,
    noise_variance: ArrayLike,
    prior_variance: ArrayLike = 1.0,
) -> Any:
    r"""Return the population loss along the balanced gradient flow.

    Formula: `plain_step_loss` at `gradient_flow_logistic`.

    Parameters
    ----------
    time, initial_step, context_length, dimension, noise_variance, prior_variance
        As in `gradient_flow_logistic`.

    Returns
    -------
    float or ndarray
        L(t), label noise included.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(time=time, initial_step=initial_step, context_length=context_length, dimension=dimension, noise_variance=noise_variance)
    step = gradient_flow_logistic(time, initial_step, context_length, dimension, noise_variance, prior_variance)
    return plain_step_loss(step, context_length, dimension, noise_variance, prior_variance)


def layer_imbalance(value_vector: ArrayLike, key_query_matrix: ArrayLike) -> float:
    r"""Return |v|^2 - |M|_F^2, which gradient flow conserves from every start; with a = b = 0 it is c^2 - |A|_F^2.

    Parameters
    ----------
    value_vector
        v, shape (d + 1,).
    key_query_matrix
        M, shape (d + 1, d).

    Returns
    -------
    float
        The imbalance.

    Raises
    ------
    ValueError
        If a shape does not fit.

    Notes
    -----
    Derived here: L depends on v and M only through their tensor product, so v . dL/dv = <M, dL/dM>.
    """
    v = moderate("value_vector", array_of_shape("value_vector", value_vector, ("d + 1",)))
    m = moderate("key_query_matrix", array_of_shape("key_query_matrix", key_query_matrix, (v.shape[0], v.shape[0] - 1)))
    return float(np.sum(v**2) - np.sum(m**2))
