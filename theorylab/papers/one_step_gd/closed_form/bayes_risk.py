r"""What linear attention pays against the Bayes predictor, which is ridge regression (derived here).

Setting: x ~ N(0, I_d), w ~ N(0, tau^2 I), lambda = sigma^2 / tau^2, S ~ Wishart_d(n, I). The posterior of w has covariance tau^2 (I +
S/lambda)^-1, so the Bayes excess is R_B = tau^2 E tr (I + S/lambda)^-1, and linear attention has R_1 = `icl_excess`. The gap R_1 - R_B = E|eta
X^T y - w_ridge|^2 is symmetric under n <-> d, because S and X X^T share their nonzero eigenvalues.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.numerics.laguerre_ensemble import wishart_linear_statistic
from theorylab.numerics.random_matrix import marchenko_pastur_ridge_mean
from theorylab.papers.one_step_gd.closed_form.learning_rate import icl_excess
from theorylab.validation import integers, moderate, plain, reals

__all__ = [
    "bayes_excess_dimension_one",
    "bayes_excess_exact",
    "bayes_excess_jensen_floor",
    "bayes_excess_marchenko_pastur",
    "bayes_gap_exact",
    "icl_excess_limit",
    "inefficiency_limit",
]


def bayes_excess_exact(context_length: ArrayLike, dimension: ArrayLike, noise_ratio: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return the Bayes excess R_B exactly at finite size, without sampling (min(n, d) up to about 300; beyond, it raises).

    Formula: ``tau^2 [ E sum_i lambda/(lambda + mu_i) + (d - n)_+ ]`` over the min(n, d) nonzero eigenvalues mu_i of S, by de Bruijn's Pfaffian; for
    lambda = 0, ``tau^2 (d - n)_+``.

    Parameters
    ----------
    context_length
        n >= 1; broadcasts.
    dimension
        d >= 1; broadcasts.
    noise_ratio
        lambda = sigma^2 / tau^2 >= 0; broadcasts.
    prior_variance
        tau^2 > 0; broadcasts.

    Returns
    -------
    float or ndarray
        R_B, to about 1e-12 relative.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the quadrature did not converge.

    Notes
    -----
    Derived here; see `theorylab.numerics.laguerre_ensemble`.
    """
    n = integers("context_length", context_length)
    d = integers("dimension", dimension)
    ratio = reals("noise_ratio", noise_ratio, minimum=0.0)
    prior = reals("prior_variance", prior_variance, above=0.0)
    check_broadcast(context_length=n, dimension=d, noise_ratio=ratio, prior_variance=prior)
    excess = prior * np.vectorize(_unit_bayes_excess, otypes=[np.float64])(n, d, ratio)
    return plain(excess)


def _unit_bayes_excess(n: int, d: int, ratio: float) -> float:
    null_directions = float(max(d - n, 0))
    if ratio == 0.0:
        return null_directions
    # lambda/(lambda + s^2) has poles at s = +- i sqrt(lambda); a mesh that grows geometrically from there resolves them for every lambda.
    largest = (np.sqrt(n) + np.sqrt(d) + 10.0) ** 2
    ladder = ratio * 4.0 ** np.arange(-2, max(0.0, np.log2(largest / ratio) / 2.0))
    return null_directions + wishart_linear_statistic(lambda mu: ratio / (ratio + mu), n, d, breakpoints=ladder).value


def bayes_gap_exact(context_length: ArrayLike, dimension: ArrayLike, noise_ratio: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return the price R_1 - R_B = E|eta X^T y - w_ridge|^2 of linear attention.

    Formula: `icl_excess` minus `bayes_excess_exact`; symmetric under n <-> d.

    Parameters
    ----------
    context_length, dimension, noise_ratio, prior_variance
        As in `bayes_excess_exact`.

    Returns
    -------
    float or ndarray
        The gap, >= 0.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the quadrature did not converge.

    Notes
    -----
    Derived here: w_ridge is the posterior mean, so E|theta - w|^2 = R_B + E|theta - w_ridge|^2 for every predictor.
    """
    ratio = reals("noise_ratio", noise_ratio, minimum=0.0)
    prior = reals("prior_variance", prior_variance, above=0.0)
    return icl_excess(context_length, dimension, ratio * prior, prior) - bayes_excess_exact(context_length, dimension, ratio, prior)


def bayes_excess_dimension_one(context_length: ArrayLike, noise_ratio: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return the Bayes excess in dimension one.

    Formula: ``tau^2 (lambda/2)^{n/2} U(n/2, n/2, lambda/2)`` with Tricomi's U, evaluated as ``tau^2 z e^z E_p(z)`` with z = lambda/2, p = n/2
    and the generalised exponential integral E_p (U(p, p, z) = z^{1-p} e^z E_p(z)); 0 for lambda = 0.

    Parameters
    ----------
    context_length
        n >= 1; broadcasts.
    noise_ratio
        lambda >= 0; broadcasts.
    prior_variance
        tau^2 > 0; broadcasts.

    Returns
    -------
    float or ndarray
        R_B for d = 1, to about 1e-14 relative.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the continued fraction did not converge.

    Notes
    -----
    Derived here: E lambda/(lambda + chi2_n). scipy's `hyperu` is NaN for large n (n = 100, lambda = 0.5), hence the two stable routes.
    """
    check_broadcast(context_length=context_length, noise_ratio=noise_ratio)
    n = integers("context_length", context_length)
    ratio = reals("noise_ratio", noise_ratio, minimum=0.0)
    prior = reals("prior_variance", prior_variance, above=0.0)
    excess = prior * np.vectorize(_scaled_exponential_integral, otypes=[np.float64])(n, 0.5 * ratio)
    return plain(excess)


def _scaled_exponential_integral(n: int, z: float) -> float:
    """Return z e^z E_{n/2}(z)."""
    if z == 0.0:
        return 0.0
    if z < 1.0:
        # E_{p+1} = (e^-z - z E_p)/p upwards from p = 1/2 or 1; stable because z/p < 1 from the second step on.
        from scipy.special import erfcx, exp1

        scaled = np.sqrt(np.pi * z) * erfcx(np.sqrt(z)) if n % 2 else z * np.exp(z) * exp1(z)
        for twice_order in range(1 if n % 2 else 2, n, 2):
            scaled = z * (1.0 - scaled) / (0.5 * twice_order)
        return float(scaled)
    # Lentz's algorithm on E_p = e^-z / (z + p - p/(z + p + 2 - 2 (p + 1)/(z + p + 4 - ...))): below 200 terms for z >= 1/2.
    order = 0.5 * n
    denominator = z + order
    ratio_up, ratio_down = np.inf, 1.0 / denominator
    fraction = ratio_down
    for k in range(1, 10_000):
        numerator = -k * (order - 1.0 + k)
        denominator += 2.0
        ratio_down = 1.0 / (numerator * ratio_down + denominator)
        ratio_up = denominator + numerator / ratio_up
        change = ratio_up * ratio_down
        fraction *= change
        if abs(change - 1.0) < 1e-15:
            return float(z * fraction)
    raise ConvergenceError(f"the continued fraction of E_p(z) did not converge at p = {order:g}, z = {z:g}")


def bayes_excess_jensen_floor(context_length: ArrayLike, dimension: ArrayLike, noise_ratio: ArrayLike, prior_variance: ArrayLike = 1.0) -> Any:
    r"""Return a lower bound of the Bayes excess.

    Formula: ``tau^2 d lambda / (lambda + n) <= R_B``.

    Parameters
    ----------
    context_length, dimension, noise_ratio, prior_variance
        As in `bayes_excess_exact`.

    Returns
    -------
    float or ndarray
        The bound.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: S -> tr (I + S/lambda)^-1 is convex and E S = n I.
    """
    check_broadcast(context_length=context_length, dimension=dimension, noise_ratio=noise_ratio, prior_variance=prior_variance)
    n = integers("context_length", context_length)
    d = integers("dimension", dimension)
    ratio = reals("noise_ratio", noise_ratio, minimum=0.0)
    return reals("prior_variance", prior_variance, above=0.0) * d * ratio / (ratio + n)


def inefficiency_limit(dimension: ArrayLike, noise_ratio: ArrayLike) -> Any:
    r"""Return the limit of R_1 / R_B for n -> infinity at fixed dimension: linear attention is never efficient.

    Formula: ``(d + 1 + lambda) / lambda = 1 + (d + 1) tau^2 / sigma^2``.

    Parameters
    ----------
    dimension
        d >= 1; broadcasts.
    noise_ratio
        lambda > 0; broadcasts.

    Returns
    -------
    float or ndarray
        The limit, > 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: n R_1 -> tau^2 d (d + 1 + lambda) and n R_B -> tau^2 d lambda.
    """
    check_broadcast(dimension=dimension, noise_ratio=noise_ratio)
    d = integers("dimension", dimension)
    ratio = reals("noise_ratio", noise_ratio, above=0.0)
    return (d + 1.0 + ratio) / ratio


def icl_excess_limit(features_per_sample: ArrayLike, noise_to_signal: ArrayLike) -> Any:
    r"""Return the limit of R_1 / r^2 in the proportional regime d/n -> gamma, tau^2 = r^2/d, s = sigma^2/r^2.

    Formula: ``gamma (1 + s) / (1 + gamma (1 + s))``.

    Parameters
    ----------
    features_per_sample
        gamma > 0; broadcasts.
    noise_to_signal
        s >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        The limit, in (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here from `icl_excess` with lambda = s d.
    """
    check_broadcast(features_per_sample=features_per_sample, noise_to_signal=noise_to_signal)
    gamma = moderate("features_per_sample", reals("features_per_sample", features_per_sample, above=0.0), most=1e30, least=1e-30)
    scaled = gamma * (1.0 + moderate("noise_to_signal", reals("noise_to_signal", noise_to_signal, minimum=0.0), most=1e30))
    return scaled / (1.0 + scaled)


def bayes_excess_marchenko_pastur(features_per_sample: ArrayLike, noise_to_signal: ArrayLike) -> Any:
    r"""Return the limit of R_B / r^2 in the proportional regime d/n -> gamma, tau^2 = r^2/d, s = sigma^2/r^2.

    Formula: ``[-(1 - gamma + z) + sqrt((1 - gamma + z)^2 + 4 gamma z)] / (2 gamma)`` with z = gamma s; for s = 0, ``(1 - 1/gamma)_+``.

    Parameters
    ----------
    features_per_sample
        gamma > 0; broadcasts.
    noise_to_signal
        s >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        The limit, in [0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Marchenko-Pastur law: R_B / r^2 = (1/d) E tr z (z I + S/n)^-1 with z = lambda/n = s d/n.
    """
    check_broadcast(features_per_sample=features_per_sample, noise_to_signal=noise_to_signal)
    gamma = moderate("features_per_sample", reals("features_per_sample", features_per_sample, above=0.0), most=1e30, least=1e-30)
    return marchenko_pastur_ridge_mean(gamma * moderate("noise_to_signal", reals("noise_to_signal", noise_to_signal, minimum=0.0), most=1e30), gamma)
