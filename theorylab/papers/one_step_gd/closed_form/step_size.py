r"""How large the optimal step is against the prompt's own curvature (derived here).

One gradient step contracts the error along the top eigenvector of S = X^T X by 1 - eta lambda_max(S): it overshoots if eta lambda_max > 1 and
would diverge, repeated, if eta lambda_max > 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.numerics.random_matrix import largest_eigenvalue_mean
from theorylab.papers.one_step_gd.closed_form._arguments import isotropic_problem
from theorylab.papers.one_step_gd.closed_form.learning_rate import optimal_learning_rate
from theorylab.validation import integers, moderate, reals

__all__ = ["largest_step", "largest_step_limit"]


def largest_step_limit(features_per_sample: ArrayLike) -> Any:
    r"""Return the limit of eta lambda_max(S) for d/n -> gamma at fixed sigma^2 and tau^2.

    Formula: ``(1 + sqrt(gamma))^2 / (1 + gamma) = 1 + 2 sqrt(gamma) / (1 + gamma)``, in (1, 2], equal to 2 only at gamma = 1 and the same at
    gamma and 1/gamma.

    Parameters
    ----------
    features_per_sample
        gamma = d/n > 0; broadcasts.

    Returns
    -------
    float or ndarray
        The limit.

    Raises
    ------
    ValueError
        If gamma is not positive.

    Notes
    -----
    lambda_max / n -> (1 + sqrt(gamma))^2 (Bai and Yin) and n eta -> 1/(1 + gamma).
    """
    gamma = moderate("features_per_sample", reals("features_per_sample", features_per_sample, above=0.0), most=1e30, least=1e-30)
    return 1.0 + 2.0 * np.sqrt(gamma) / (1.0 + gamma)


def largest_step(
    context_length: ArrayLike,
    dimension: ArrayLike,
    noise_variance: ArrayLike,
    prior_variance: ArrayLike = 1.0,
    *,
    centring: str = "ma",
) -> Any:
    r"""Return the finite-size approximation of E eta lambda_max(S).

    Formula: ``(mu + E[TW_1] s) / (n + d + 1 + lambda)`` with the Tracy-Widom mean E[TW_1] = -1.20653 and centre mu and scale s of
    `largest_eigenvalue_location`.

    Parameters
    ----------
    context_length
        n >= 2; broadcasts.
    dimension
        d >= 1; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.
    prior_variance
        tau^2 > 0; broadcasts.
    centring
        "ma" (symmetric in n and d, the more accurate) or "johnstone".

    Returns
    -------
    float or ndarray
        Within 0.2% of the mean for min(n, d) >= 50.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Tracy-Widom law of the largest eigenvalue (Johnstone 2001).
    """
    n = integers("context_length", context_length, minimum=2)
    isotropic_problem(n, dimension, noise_variance, prior_variance)
    return largest_eigenvalue_mean(n, dimension, centring=centring) * optimal_learning_rate(n, dimension, noise_variance, prior_variance)
