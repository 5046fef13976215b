"""Linear tasks with a nonzero prior mean, w ~ N(m, I): rotation invariance is broken and no gradient step is optimal (derived here)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.one_step_gd.closed_form._arguments import nonzero, scalar
from theorylab.validation import array_of_shape, moderate, whole_number

__all__ = ["prior_mean_even_correlation", "prior_mean_gradient"]


def prior_mean_even_correlation(preconditioner: ArrayLike, context_length: int, prior_mean: ArrayLike, noise_variance: float) -> np.ndarray:
    r"""Return E[|y|^2 (w - P X^T y)] for LINEAR tasks w ~ N(m, I) with a nonzero mean.

    Formula: ``n (|m|^2 + d + 2 + sigma^2)(I - (n + 2) P) m``.

    Parameters
    ----------
    preconditioner
        P, (d, d).
    context_length
        n >= 1.
    prior_mean
        m, (d,).
    noise_variance
        sigma^2 >= 0.

    Returns
    -------
    ndarray
        Shape (d,). Not zero for any plain or optimal step when m != 0.

    Raises
    ------
    ValueError
        If an argument is out of range or a shape does not fit.

    Notes
    -----
    Derived here: given w, E|y|^2 = n (|w|^2 + sigma^2) and E[|y|^2 X^T y] = n (n + 2)(|w|^2 + sigma^2) w; E[|w|^2 w] = (|m|^2 + d + 2) m.
    """
    mean = array_of_shape("prior_mean", prior_mean, ("d",))
    d = mean.shape[0]
    p = array_of_shape("preconditioner", preconditioner, (d, d))
    n = whole_number("context_length", context_length)
    noise = moderate("noise_variance", scalar("noise_variance", noise_variance, minimum=0.0))
    correlation: np.ndarray = n * (float(mean @ mean) + d + 2.0 + noise) * (mean - (n + 2.0) * (p @ mean))
    return correlation


def prior_mean_gradient(scale: float, preconditioner: ArrayLike, context_length: int, prior_mean: ArrayLike, noise_variance: float) -> np.ndarray:
    r"""Return dL/db at a = b = 0, c A^T = P, for linear tasks w ~ N(m, I): with a nonzero mean no gradient step is optimal.

    Formula: ``-2 c E[|y|^2 (w - P X^T y)]``, the expectation from `prior_mean_even_correlation`.

    Parameters
    ----------
    scale
        c != 0.
    preconditioner, context_length, prior_mean, noise_variance
        As in `prior_mean_even_correlation`.

    Returns
    -------
    ndarray
        Shape (d,).

    Raises
    ------
    ValueError
        If an argument is out of range or a shape does not fit.

    Notes
    -----
    Derived here: rotation invariance, the assumption that makes the step optimal, is broken by m.
    """
    return -2.0 * nonzero("scale", scale) * prior_mean_even_correlation(preconditioner, context_length, prior_mean, noise_variance)
