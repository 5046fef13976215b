r"""The loss surface beyond its global minimum: uniqueness, the rank-one branch, spurious local minima (derived here; Sigma = I, tau = 1).

With eta = 1/(n + d + 1 + sigma^2), D = d + sigma^2, mu = n (n D + 2), q = E|y|^4 = n (n + 2)(D^2 + 2 d):

* for d >= 2 the global minimisers are exactly a = 0, b = 0, A = (eta/c) I, c != 0; for d = 1 also A = 0, c = 0, a b = eta;
* the rank-one family A = 0, c = 0, a = alpha u, b = (eta/alpha) u (|u| = 1) is critical, with loss L* + (d - 1) n eta. The Hessian block in (A,
c) makes it a local minimum
  iff R > 1 (`rank_one_stability_ratio`);

Other local minima are in `spurious_minima`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.one_step_gd.closed_form._arguments import isotropic_problem, nonzero, scalar
from theorylab.validation import integers, reals, whole_number

__all__ = [
    "global_minimiser",
    "hessian_spectrum_at_minimum",
    "rank_one_excess",
    "rank_one_loss",
    "rank_one_point",
    "rank_one_stability_ratio",
    "rank_one_threshold_noise_variance",
]


def global_minimiser(
    context_length: int, dimension: int, noise_variance: float, scale: float, prior_variance: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the global minimiser with c = scale.

    Formula: ``v = (0; c)``, ``M = ((eta/c) I; 0)``.

    Parameters
    ----------
    context_length
        n >= 1.
    dimension
        d >= 1.
    noise_variance
        sigma^2 >= 0.
    scale
        c != 0, of either sign: the one free parameter.
    prior_variance
        tau^2 > 0.

    Returns
    -------
    tuple of ndarray
        v, shape (d + 1,), and M, shape (d + 1, d).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2307.03576, Theorem 1, in effective parameters.
    """
    d = whole_number("dimension", dimension)
    eta = _rate(context_length, d, noise_variance, prior_variance)
    c = nonzero("scale", scale)
    v, m = np.zeros(d + 1), np.zeros((d + 1, d))
    v[-1], m[:-1] = c, eta / c * np.eye(d)
    return v, m


def hessian_spectrum_at_minimum(context_length: int, dimension: int, noise_variance: float, scale: float, prior_variance: float = 1.0) -> np.ndarray:
    r"""Return the eigenvalues of the Hessian in (v, M) at the global minimiser with c = scale.

    Formula: with k = n (tau^2 (n + d + 1) + sigma^2): 0 once; ``2 k c^2``, d^2 - 1 times; ``2 k (c^2 + d eta^2/c^2)`` once; and d times each the
    two eigenvalues of ``2 [[(eta/c)^2 n (n + d + 1), eta mu], [eta mu, c^2 q]]``, mu = n^2 (tau^2 d + sigma^2) + 2 n tau^2,
    q = n (n + 2)(tau^4 d (d + 2) + 2 sigma^2 tau^2 d + sigma^4).

    Parameters
    ----------
    context_length, dimension, noise_variance, scale, prior_variance
        As in `global_minimiser`.

    Returns
    -------
    ndarray
        The (d + 1)^2 eigenvalues in ascending order.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here. One zero: the scale between v and M is the only flat direction.
    """
    n = whole_number("context_length", context_length)
    d = whole_number("dimension", dimension)
    noise = scalar("noise_variance", noise_variance, minimum=0.0)
    prior = scalar("prior_variance", prior_variance, above=0.0)
    c = nonzero("scale", scale)
    eta = _rate(n, d, noise, prior)
    k = n * (prior * (n + d + 1.0) + noise)
    mu = n**2 * (prior * d + noise) + 2.0 * n * prior
    q = n * (n + 2.0) * (prior**2 * d * (d + 2.0) + 2.0 * noise * prior * d + noise**2)
    block = 2.0 * np.array([[(eta / c) ** 2 * n * (n + d + 1.0), eta * mu], [eta * mu, c**2 * q]])
    simple = np.array([0.0, 2.0 * k * (c**2 + d * (eta / c) ** 2)])
    return np.sort(np.concatenate([simple, np.full(d * d - 1, 2.0 * k * c**2), np.repeat(np.linalg.eigvalsh(block), d)]))


def rank_one_point(context_length: int, dimension: int, noise_variance: float, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the rank-one critical point along the first axis.

    Formula: ``A = 0, c = 0, a = alpha e_1, b = (eta/alpha) e_1``.

    Parameters
    ----------
    context_length
        n >= 1.
    dimension
        d >= 1; for d = 1 the point is a second global minimiser.
    noise_variance
        sigma^2 >= 0.
    scale
        alpha != 0.

    Returns
    -------
    tuple of ndarray
        v, shape (d + 1,), and M, shape (d + 1, d).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    d = whole_number("dimension", dimension)
    eta = _rate(context_length, d, noise_variance)
    alpha = nonzero("scale", scale)
    v, m = np.zeros(d + 1), np.zeros((d + 1, d))
    v[0], m[-1, 0] = alpha, eta / alpha
    return v, m


def rank_one_excess(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike) -> Any:
    r"""Return the excess over L* of the rank-one critical points.

    Formula: ``(d - 1) n eta``.

    Parameters
    ----------
    context_length
        n >= 1; broadcasts.
    dimension
        d >= 1; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        The excess; 0 for d = 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: P = eta u u^T gains n eta once instead of d times.
    """
    n, d, noise, _, _ = isotropic_problem(context_length, dimension, noise_variance)
    return (d - 1.0) * n / (n + d + 1.0 + noise)


def rank_one_loss(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike) -> Any:
    r"""Return the loss of the rank-one critical points.

    Formula: ``sigma^2 + d - n eta``.

    Parameters
    ----------
    context_length, dimension, noise_variance
        As in `rank_one_excess`.

    Returns
    -------
    float or ndarray
        The loss, label noise included.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    n, d, noise, _, _ = isotropic_problem(context_length, dimension, noise_variance)
    return noise + d - n / (n + d + 1.0 + noise)


def rank_one_stability_ratio(context_length: ArrayLike, dimension: ArrayLike, noise_variance: ArrayLike) -> Any:
    r"""Return R: the rank-one critical points are local minima iff R > 1 and strict saddles iff R < 1.

    Formula: ``R = [4 (D - 1)((n + 1) D + 1) + 2 d (n + 2)^2] / [(n + 2)(d - 1)(n + 1 + D)^2]``, D = d + sigma^2.

    Parameters
    ----------
    context_length
        n >= 1; broadcasts.
    dimension
        d >= 2; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        R, always below 4/(d - 1): so no such trap exists for d >= 5.

    Raises
    ------
    ValueError
        If an argument is out of range; at d = 1 the branch is a global minimum and R is undefined.

    Notes
    -----
    Derived here: the Hessian along A = omega (I - u u^T), c is positive iff eta^2 (q - mu^2/(n (n + 2))) > n (d - 1). The bound: 4 (n + 2)(n + 1
    + D)^2 - 4 (D - 1)((n + 1) D + 1) > 8 (n + 1)(n + 2) D >= 2 d (n + 2)^2.
    """
    check_broadcast(context_length=context_length, dimension=dimension, noise_variance=noise_variance)
    n = 1.0 * integers("context_length", context_length)
    d = 1.0 * integers("dimension", dimension, minimum=2)
    total = d + reals("noise_variance", noise_variance, minimum=0.0)
    return stability_numerator(n, d, total) / ((n + 2.0) * (d - 1.0) * (n + 1.0 + total) ** 2)


def rank_one_threshold_noise_variance(context_length: int, dimension: int) -> float:
    r"""Return the noise variance beyond which the rank-one critical points are local minima.

    Formula: the largest root D of ``[4 (n + 1) - (n + 2)(d - 1)] D^2 - [4 n + 2 (n + 1)(n + 2)(d - 1)] D + 2 d (n + 2)^2 - 4 - (n + 1)^2 (n +
    2)(d - 1)`` (R = 1 cleared of its denominator), minus d.

    Parameters
    ----------
    context_length
        n >= 1.
    dimension
        d >= 2.

    Returns
    -------
    float
        The threshold; 0 if R > 1 at every noise variance, infinity if R < 1 for all large ones (always so for d >= 5).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    n = float(whole_number("context_length", context_length))
    d = float(whole_number("dimension", dimension, minimum=2))
    quadratic = 4.0 * (n + 1.0) - (n + 2.0) * (d - 1.0)
    linear = -4.0 * n - 2.0 * (n + 1.0) * (n + 2.0) * (d - 1.0)
    constant = 2.0 * d * (n + 2.0) ** 2 - 4.0 - (n + 1.0) ** 2 * (n + 2.0) * (d - 1.0)
    if quadratic <= 0.0:
        return float(np.inf)
    discriminant = linear**2 - 4.0 * quadratic * constant
    if discriminant < 0.0:
        return 0.0
    return max(float((np.sqrt(discriminant) - linear) / (2.0 * quadratic)) - d, 0.0)


def stability_numerator(n: Any, d: Any, total: Any) -> Any:
    """Return the numerator of R; total is D = d + sigma^2. Unchecked: lengths may be real."""
    return 4.0 * (total - 1.0) * ((n + 1.0) * total + 1.0) + 2.0 * d * (n + 2.0) ** 2


def _rate(context_length: Any, dimension: int, noise_variance: Any, prior_variance: Any = 1.0) -> float:
    n, d, _, _, ratio = isotropic_problem(
        whole_number("context_length", context_length), dimension, scalar("noise_variance", noise_variance, minimum=0.0), prior_variance
    )
    return float(1.0 / (n + d + 1.0 + ratio))
