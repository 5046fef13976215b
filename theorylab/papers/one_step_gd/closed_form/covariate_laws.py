r"""Covariates and priors that are not Gaussian: only one fourth moment matters (derived here).

Let x_i be iid with E x x^T = I and E[|x|^2 x x^T] = m I, w symmetric (w and -w have one law) with E w w^T = tau^2 I, noise symmetric. Then E S^2
= n (n - 1 + m) I, and the argument of arXiv:2307.03576, Theorem 1, gives eta = 1 / (n - 1 + m + lambda). Gaussian covariates have m = d + 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.validation import choice, integers, moderate, reals

__all__ = [
    "minimum_loss_from_moments",
    "optimal_learning_rate_from_moments",
    "squared_norm_moment",
    "squared_norm_moment_from_kurtosis",
    "squared_norm_moment_student",
]

# E z^4 of the coordinate at unit variance.
_KURTOSIS = {"gaussian": 3.0, "rademacher": 1.0, "uniform": 9.0 / 5.0, "laplace": 6.0}


def squared_norm_moment(law: str, dimension: ArrayLike) -> Any:
    r"""Return m in E[|x|^2 x x^T] = m I for a named law of covariates with identity covariance.

    Formula: "sphere" (radius sqrt(d)): d; iid coordinates: ``d - 1 + kurtosis`` with kurtosis 3 ("gaussian"), 1 ("rademacher"), 9/5 ("uniform"),
    6 ("laplace").

    Parameters
    ----------
    law
        One of the names above.
    dimension
        d >= 1; broadcasts.

    Returns
    -------
    float or ndarray
        m >= d.

    Raises
    ------
    ValueError
        If the law is unknown or d < 1.
    """
    name = choice("law", law, ("gaussian", "sphere", "rademacher", "uniform", "laplace"))
    if name == "sphere":
        return 1.0 * integers("dimension", dimension)
    return squared_norm_moment_from_kurtosis(dimension, _KURTOSIS[name])


def squared_norm_moment_from_kurtosis(dimension: ArrayLike, kurtosis: ArrayLike) -> Any:
    r"""Return m = d - 1 + kurtosis for iid coordinates of mean 0 and variance 1.

    Parameters
    ----------
    dimension
        d >= 1; broadcasts.
    kurtosis
        E z^4 >= 1 of one coordinate (Gaussian 3); broadcasts.

    Returns
    -------
    float or ndarray
        m.

    Raises
    ------
    ValueError
        If d < 1 or the kurtosis is below 1, which no law with unit variance has.

    Notes
    -----
    Derived here: entry (j, j) of E[|x|^2 x x^T] is E x_j^4 + (d - 1) E x_j^2 E x_k^2.
    """
    check_broadcast(dimension=dimension, kurtosis=kurtosis)
    return integers("dimension", dimension) - 1.0 + reals("kurtosis", kurtosis, minimum=1.0)


def squared_norm_moment_student(dimension: ArrayLike, degrees_of_freedom: ArrayLike) -> Any:
    r"""Return m = (d + 2)(nu - 2)/(nu - 4) for the multivariate t law scaled to identity covariance.

    Parameters
    ----------
    dimension
        d >= 1; broadcasts.
    degrees_of_freedom
        nu > 4; the fourth moment does not exist otherwise.

    Returns
    -------
    float or ndarray
        m.

    Raises
    ------
    ValueError
        If d < 1 or nu <= 4.

    Notes
    -----
    Derived here: x = r g with g ~ N(0, I) and r^2 = (nu - 2)/chi2_nu, so m = (d + 2) E r^4.
    """
    check_broadcast(dimension=dimension, degrees_of_freedom=degrees_of_freedom)
    d = integers("dimension", dimension)
    try:
        nu = reals("degrees_of_freedom", degrees_of_freedom, above=4.0)
    except ValueError as error:
        raise ValueError(f"{error}; the fourth moment does not exist at or below 4") from None
    return (d + 2.0) * (nu - 2.0) / (nu - 4.0)


def optimal_learning_rate_from_moments(context_length: ArrayLike, squared_norm_moment: ArrayLike, noise_ratio: ArrayLike) -> Any:
    r"""Return the optimal learning rate for any covariate law with identity covariance and E[|x|^2 x x^T] = m I.

    Formula: ``eta = 1 / (n - 1 + m + lambda)``.

    Parameters
    ----------
    context_length
        n >= 1; broadcasts.
    squared_norm_moment
        m >= 1 (m >= d always); broadcasts.
    noise_ratio
        lambda = sigma^2 / tau^2 >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        eta.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(context_length=context_length, squared_norm_moment=squared_norm_moment, noise_ratio=noise_ratio)
    n = integers("context_length", context_length)
    m = reals("squared_norm_moment", squared_norm_moment, minimum=1.0)
    return 1.0 / (n - 1.0 + m + reals("noise_ratio", noise_ratio, minimum=0.0))


def minimum_loss_from_moments(
    context_length: ArrayLike,
    dimension: ArrayLike,
    squared_norm_moment: ArrayLike,
    noise_variance: ArrayLike,
    prior_variance: ArrayLike = 1.0,
) -> Any:
    r"""Return L* for any covariate law with identity covariance and E[|x|^2 x x^T] = m I.

    Formula: ``L* = sigma^2 + tau^2 d (1 - n eta)`` with eta from `optimal_learning_rate_from_moments`.

    Parameters
    ----------
    context_length
        n >= 1; broadcasts.
    dimension
        d >= 1; broadcasts.
    squared_norm_moment
        m >= d (Jensen); broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.
    prior_variance
        tau^2 > 0; broadcasts.

    Returns
    -------
    float or ndarray
        L*, label noise included.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(
        context_length=context_length,
        dimension=dimension,
        squared_norm_moment=squared_norm_moment,
        noise_variance=noise_variance,
        prior_variance=prior_variance,
    )
    noise = moderate("noise_variance", reals("noise_variance", noise_variance, minimum=0.0))
    prior = moderate("prior_variance", reals("prior_variance", prior_variance, above=0.0), least=1e-100)
    d = integers("dimension", dimension)
    m = reals("squared_norm_moment", squared_norm_moment)
    # Rounding of a computed m must not refuse the sphere, where m = d.
    if np.any(np.less(m, d * (1.0 - 1e-12))):
        raise ValueError(f"squared_norm_moment must be >= dimension; got {squared_norm_moment!r} for dimension {dimension!r}")
    n = integers("context_length", context_length)
    return noise + prior * d * (1.0 - n * optimal_learning_rate_from_moments(n, m, noise / prior))
