r"""Gradient flow from the usual initialisation (derived here; isotropic tasks, tau^2 general).

On a = b = 0 (invariant, because L_even is quadratic in (a, b)), start from c = sqrt(d) alpha and A = alpha I. A stays a multiple of I, c^2 -
|A|_F^2 is conserved, and p = c alpha obeys p' = 4 sqrt(d) p (n tau^2 - k p) with k = n (tau^2 (n + d + 1) + sigma^2): from alpha' = 2 c (n tau^2
- k p), c' = 2 d alpha (n tau^2 - k p) and c^2 = d alpha^2 = sqrt(d) p.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.one_step_gd.closed_form._arguments import isotropic_problem
from theorylab.papers.one_step_gd.closed_form.learning_rate import optimal_learning_rate, plain_step_loss
from theorylab.validation import array_of_shape, reals, whole_number

__all__ = ["balanced_start", "gradient_flow_logistic", "gradient_flow_loss", "layer_imbalance"]


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
    alpha = float(np.sqrt(reals("initial_step", initial_step, above=0.0)) / d**0.25)
    v, m = np.zeros(d + 1), np.zeros((d + 1, d))
    v[-1], m[:-1] = np.sqrt(d) * alpha, alpha * np.eye(d)
    return v, m


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
    t = reals("time", time, minimum=0.0)
    start = reals("initial_step", initial_step, above=0.0)
    n, d, _, prior, _ = isotropic_problem(context_length, dimension, noise_variance, prior_variance)
    eta = optimal_learning_rate(context_length, dimension, noise_variance, prior_variance)
    return eta / (1.0 + (eta / start - 1.0) * np.exp(-4.0 * np.sqrt(d) * n * prior * t))


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
    v = array_of_shape("value_vector", value_vector, ("d + 1",))
    m = array_of_shape("key_query_matrix", key_query_matrix, (v.shape[0], v.shape[0] - 1))
    return float(np.sum(v**2) - np.sum(m**2))
