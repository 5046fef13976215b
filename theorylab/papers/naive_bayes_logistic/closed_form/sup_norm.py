r"""All parameters of naive Bayes at once: how many samples until the largest error of d estimates is below a tolerance.

The lemma behind "m = O(log d)" is a union bound over features. For Gaussian features the probability is known exactly, and with it the sample size:
it grows like ``(2 / tolerance^2) log d`` for means and like ``2 log d / (tolerance - log(1 + tolerance))`` for variances.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtr, chdtrc, erfc, gammaln, ndtri

from theorylab.backend import check_broadcast
from theorylab.numerics.roots import log_bisection
from theorylab.validation import integers, moderate, plain, real, reals, whole_number

__all__ = [
    "sup_norm_joint_probability",
    "sup_norm_probability",
    "sup_norm_sample_size",
    "sup_norm_sample_size_bound",
    "sup_norm_sample_size_slope",
    "sup_norm_variance_degrees_of_freedom",
    "sup_norm_variance_probability",
]

# The probability of the joint event is a sum over class counts, of which there are so many at most.
_MOST_COUNTS = 2_000_000


def sup_norm_probability(dimension: ArrayLike, sample_size: ArrayLike, tolerance: ArrayLike) -> Any:
    r"""Return P(max_i |mean of m samples of feature i - mu_i| <= tolerance) for d independent features of variance 1.

    Formula: ``(2 Phi(eps sqrt(m)) - 1)^d``.

    Parameters
    ----------
    dimension
        d, integers >= 1.
    sample_size
        m > 0 samples of the class whose mean it is; real numbers are allowed.
    tolerance
        eps > 0. All arguments broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here; exact, where arXiv:2302.02334 has a bound.
    """
    check_broadcast(dimension=dimension, sample_size=sample_size, tolerance=tolerance)
    d, eps = integers("dimension", dimension), moderate("tolerance", reals("tolerance", tolerance, above=0.0), most=1e50, least=1e-50)
    m = reals("sample_size", sample_size, above=0.0)
    return plain(_all_below(_mean_tail(m, eps), d))


def sup_norm_sample_size(dimension: ArrayLike, tolerance: ArrayLike, failure_probability: ArrayLike) -> Any:
    r"""Return the m (a real number) at which the means of d features are all within the tolerance with probability 1 - failure_probability.

    Formula: ``m = (z / eps)^2``, ``z = Phi^-1((1 + (1 - p)^(1/d)) / 2)``: the inverse of `sup_norm_probability`.

    Parameters
    ----------
    dimension
        d, integers >= 1.
    tolerance
        eps > 0.
    failure_probability
        p in (0, 1). All arguments broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    check_broadcast(dimension=dimension, tolerance=tolerance, failure_probability=failure_probability)
    d, eps, p = _arguments(dimension, tolerance, failure_probability)
    return plain((ndtri(_feature_tail(d, p)) / eps) ** 2)


def sup_norm_sample_size_slope(dimension: ArrayLike, tolerance: ArrayLike, failure_probability: ArrayLike) -> Any:
    r"""Return the derivative of `sup_norm_sample_size` with respect to log d; it tends to 2 / tolerance^2 from below.

    Formula: ``(2 z / eps^2) (1 - p)^(1/d) (-log(1 - p)) / (2 d phi(z))``.

    Parameters
    ----------
    dimension, tolerance, failure_probability
        As for `sup_norm_sample_size`.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here. In terms of the sample size m the distance from the limit is ``(2 / eps^2) / (m eps^2)`` to leading order.
    """
    check_broadcast(dimension=dimension, tolerance=tolerance, failure_probability=failure_probability)
    d, eps, p = _arguments(dimension, tolerance, failure_probability)
    z = -ndtri(_feature_tail(d, p))
    # -log(1 - p) / (d phi(z)), without the underflow of either factor.
    quotient = np.exp(np.log(-np.log1p(-p)) - np.log(d) + 0.5 * z**2 + 0.5 * np.log(2.0 * np.pi))
    return plain(z / eps**2 * np.exp(np.log1p(-p) / d) * quotient)


def sup_norm_sample_size_bound(dimension: ArrayLike, tolerance: ArrayLike, failure_probability: ArrayLike) -> Any:
    r"""Return a sample size that is enough by the union bound, ``2 log(2 d / p) / eps^2``.

    Parameters
    ----------
    dimension, tolerance, failure_probability
        As for `sup_norm_sample_size`, of which this is an upper bound.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    From ``P(|Z| > z) <= 2 exp(-z^2/2)``, as for bounded or sub-Gaussian features.
    """
    check_broadcast(dimension=dimension, tolerance=tolerance, failure_probability=failure_probability)
    d, eps, p = _arguments(dimension, tolerance, failure_probability)
    return plain(2.0 * (np.log(2.0 * d) - np.log(p)) / eps**2)


def sup_norm_variance_probability(dimension: ArrayLike, degrees_of_freedom: ArrayLike, tolerance: ArrayLike) -> Any:
    r"""Return P(max_i |s_i^2 - 1| <= tolerance) for unbiased variance estimates of d independent features of variance 1.

    Formula: ``[F((1 + eps) nu) - F((1 - eps) nu)]^d``, F the chi-squared distribution function with nu degrees of freedom.

    Parameters
    ----------
    dimension
        d, integers >= 1.
    degrees_of_freedom
        nu > 0.
    tolerance
        eps > 0; the lower end counts only if eps < 1. All arguments broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    check_broadcast(dimension=dimension, degrees_of_freedom=degrees_of_freedom, tolerance=tolerance)
    d, eps = integers("dimension", dimension), moderate("tolerance", reals("tolerance", tolerance, above=0.0), most=1e50, least=1e-50)
    nu = reals("degrees_of_freedom", degrees_of_freedom, above=0.0)
    return plain(_all_below(_variance_tail(nu, nu, eps), d))


def sup_norm_variance_degrees_of_freedom(dimension: ArrayLike, tolerance: ArrayLike, failure_probability: ArrayLike) -> Any:
    r"""Return the degrees of freedom at which the variances of d features are all within the tolerance with probability 1 - failure_probability.

    Formula: the inverse of `sup_norm_variance_probability`. Per unit of log d it grows by ``2 / (eps - log(1 + eps))`` in the limit, which is
    ``4 / eps^2`` only for small tolerances.

    Parameters
    ----------
    dimension
        d, integers >= 1.
    tolerance
        eps in (0, 1).
    failure_probability
        p in (0, 1). All arguments broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here; the limit is the large-deviation rate of the chi-squared law.
    """
    check_broadcast(dimension=dimension, tolerance=tolerance, failure_probability=failure_probability)
    d, eps, p = _arguments(dimension, tolerance, failure_probability)
    moderate("tolerance", reals("tolerance", tolerance, above=0.0, below=1.0), most=1e50, least=1e-50)
    d, eps, p = np.broadcast_arrays(d, eps, p)
    tail = 2.0 * _feature_tail(d, p)
    # Chernoff: either tail is at most exp(-nu (eps - log(1 + eps)) / 2).
    enough = 2.0 * np.log(4.0 / tail) / (eps - np.log1p(eps))
    return plain(log_bisection(lambda nu: _variance_tail(nu, nu, eps) <= tail, np.full(np.shape(enough), 1e-6), enough))


def sup_norm_joint_probability(class_count: int, dimension: ArrayLike, sample_size: int, tolerance: float) -> Any:
    r"""Return the probability that every parameter estimate of naive Bayes is within the tolerance at once, with random class counts.

    Formula: the mean over the class counts m_k (multinomial, every class present) of ``1{max_k |m_k/m - 1/K| <= eps}`` times
    ``[prod_k (2 Phi(eps sqrt(m_k)) - 1)]^d`` times ``[F((1 + eps) m) - F((1 - eps) m)]^d``, F chi-squared with m - K degrees of freedom: the K d
    class means, the d pooled variances (divided by m) and the K proportions, for features of variance 1.

    Parameters
    ----------
    class_count
        K >= 2.
    dimension
        d, integers >= 1, one or several.
    sample_size
        m > K.
    tolerance
        eps > 0.

    Returns
    -------
    float or ndarray
        Of the shape of d.

    Raises
    ------
    ValueError
        If an argument is out of range, or there are more than two million vectors of class counts.

    Notes
    -----
    Derived here: given the counts, means and variances are independent.
    """
    classes, m = whole_number("class_count", class_count, minimum=2), whole_number("sample_size", sample_size)
    if m <= classes:
        raise ValueError(f"sample_size must exceed class_count = {classes}; got {m}")
    eps, d = moderate("tolerance", real("tolerance", tolerance, above=0.0), most=1e50, least=1e-50), integers("dimension", dimension)
    # Counts within the tolerance, but for the last one, which is what they leave.
    inside = np.arange(1, m)
    inside = inside[np.abs(inside / m - 1.0 / classes) <= eps]
    if float(inside.size) ** (classes - 1) > _MOST_COUNTS:
        raise ValueError(f"sample_size must leave at most {_MOST_COUNTS} vectors of class counts to sum over; got {m}, {inside.size}^{classes - 1}")
    counts = np.stack([axis.ravel() for axis in np.meshgrid(*[inside] * (classes - 1), indexing="ij")], axis=1)
    counts = np.concatenate([counts, m - counts.sum(axis=1, keepdims=True)], axis=1)
    last = counts[:, -1]
    counts = counts[(last >= 1) & (np.abs(last / m - 1.0 / classes) <= eps)]
    log_weights = gammaln(m + 1.0) - gammaln(counts + 1.0).sum(axis=1) - m * np.log(classes)
    weights = np.exp(log_weights) / _every_class_present(classes, m)
    feature = np.log1p(-_mean_tail(counts, eps)).sum(axis=1) + np.log1p(-_variance_tail(m - classes, m, eps))
    return plain(np.exp(np.multiply.outer(d, feature)) @ weights)


# What they are made of -----------------------------------------------------------------------------------------------------------------------


def _arguments(dimension: ArrayLike, tolerance: ArrayLike, failure_probability: ArrayLike) -> tuple[Any, Any, Any]:
    return (
        integers("dimension", dimension),
        moderate("tolerance", reals("tolerance", tolerance, above=0.0), most=1e50, least=1e-50),
        reals("failure_probability", failure_probability, above=0.0, below=1.0),
    )


def _mean_tail(sample_size: Any, eps: Any) -> Any:
    """Return P(|mean of m standard normal variates| > eps)."""
    return erfc(eps * np.sqrt(sample_size / 2.0))


def _variance_tail(nu: Any, divisor: Any, eps: Any) -> Any:
    """Return P(|chi2_nu / divisor - 1| > eps)."""
    return chdtr(nu, np.maximum(1.0 - eps, 0.0) * divisor) + chdtrc(nu, (1.0 + eps) * divisor)


def _all_below(tail: Any, d: Any) -> Any:
    """Return (1 - tail)^d without losing a small tail."""
    with np.errstate(divide="ignore"):
        return np.exp(d * np.log1p(-tail))


def _feature_tail(d: Any, p: Any) -> Any:
    """Return the one-sided tail that each of d features may have, (1 - (1 - p)^(1/d)) / 2."""
    return -0.5 * np.expm1(np.log1p(-p) / d)


def _every_class_present(classes: int, m: int) -> float:
    """Return the probability that m uniform labels show every class (inclusion and exclusion)."""
    terms = [
        (-1.0) ** k * np.exp(gammaln(classes + 1.0) - gammaln(k + 1.0) - gammaln(classes - k + 1.0)) * (1.0 - k / classes) ** m
        for k in range(classes)
    ]
    return float(sum(terms))
