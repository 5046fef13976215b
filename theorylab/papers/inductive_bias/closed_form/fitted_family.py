"""The family that the paper fits to sampled test errors, a scaled noncentral chi-squared law: where the fit tends to, and how noisy it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import polygamma, psi

from theorylab.backend import check_broadcast
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared, log_chi_squared_cdf
from theorylab.validation import instance, moderate, plain, real, reals

__all__ = [
    "GammaFit",
    "ScaledNoncentral",
    "fitted_bias_limit",
    "fitted_bias_standard_deviation",
    "gamma_bias",
    "gamma_fit_limit",
    "gamma_shape",
    "sankaran_fallback_bias",
    "sankaran_score",
    "scaled_noncentral_chi2_from_cumulants",
]


_TAIL_NODES = 160


class GammaFit(NamedTuple):
    """Shape a and mean of a Gamma law: the fitted family on its boundary of no noncentrality, 2 a degrees of freedom."""

    shape: Any
    mean: Any


class ScaledNoncentral(NamedTuple):
    """scale times a noncentral chi-squared variable with df degrees of freedom and noncentrality nc."""

    degrees: float
    noncentrality: float
    scale: float


def scaled_noncentral_chi2_from_cumulants(first: float, second: float, third: float) -> ScaledNoncentral:
    """Return the member of the family with these cumulants.

    Formula: scale = (k2 - sqrt(k2^2 - k1 k3/2))/(2 k1), nc = k2/(2 scale^2) - k1/scale, df = 2 k1/scale - k2/(2 scale^2); derived here.

    Parameters
    ----------
    first, second, third
        Cumulants, > 0.

    Raises
    ------
    ValueError
        If a cumulant is not positive or no member has them: k2^2 < k1 k3/2, as for every weighted sum of central terms with unequal weights.
    """
    named = {"first": first, "second": second, "third": third}
    k1, k2, k3 = (moderate(name, real(name, value, above=0.0), most=1e50, least=1e-50) for name, value in named.items())
    discriminant = k2**2 - 0.5 * k1 * k3
    if discriminant < -1e-12 * k2**2:
        raise ValueError(f"third must be at most 2 second^2/first for a scaled noncentral chi-squared law; got {k3:g} > {2 * k2**2 / k1:g}")
    scale = (k2 - math.sqrt(max(discriminant, 0.0))) / (2.0 * k1)
    if scale <= 1e-14 * k2 / k1:
        raise ValueError(f"third must be larger, else the scale is lost in rounding; got {k3:g} with first {k1:g} and second {k2:g}")
    degrees = 2.0 * k1 / scale - k2 / (2.0 * scale**2)
    if degrees <= 0.0:
        raise ValueError(f"third must exceed 3 second^2/(2 first) for positive degrees of freedom; got {k3:g} <= {1.5 * k2**2 / k1:g}")
    return ScaledNoncentral(degrees, k2 / (2.0 * scale**2) - k1 / scale, scale)


def gamma_shape(log_mean_minus_mean_log: ArrayLike) -> Any:
    """Return the shape a of the Gamma law of greatest likelihood, the root of log a - psi(a) = log(mean) - mean(log), by Newton steps in log a.

    Parameters
    ----------
    log_mean_minus_mean_log
        From 1e-14 to 1e6, any shape.

    Raises
    ------
    ValueError
        If an entry is out of range (0 if all values are equal).
    """
    c = np.asarray(moderate("log_mean_minus_mean_log", reals("log_mean_minus_mean_log", log_mean_minus_mean_log, above=0.0), most=1e6, least=1e-14))
    # Minka's start is within two percent.
    a = (3.0 - c + np.sqrt((c - 3.0) ** 2 + 24.0 * c)) / (12.0 * c)
    for _ in range(8):
        f = np.log(a) - psi(a) - c
        a = a * np.exp(-f / (1.0 - a * polygamma(1, a)))
    return plain(a)


def gamma_fit_limit(distribution: GeneralizedChiSquared) -> GammaFit:
    """Return the Gamma law to which the fit tends as the number of hypotheses grows, log a - psi(a) = log Lbar - E log L.

    Parameters
    ----------
    distribution
        Law of the test error, without offset.

    Raises
    ------
    ValueError
        If there is an offset: the family has none.
    """
    instance("distribution", distribution, GeneralizedChiSquared)
    if np.any(distribution.offset != 0.0):
        raise ValueError(f"distribution must have offset 0, as the family has none; got {np.max(distribution.offset):g}")
    mean = distribution.mean()
    return GammaFit(gamma_shape(np.log(mean) - distribution.mean_log()), mean)


def gamma_bias(fit: GammaFit, target_error: ArrayLike) -> Any:
    """Return -log P(Gamma(a, mean/a) <= eps), at any depth.

    Parameters
    ----------
    fit
        From `gamma_fit_limit`, or fitted.
    target_error
        eps > 0; broadcasts.

    Raises
    ------
    ValueError
        If eps is not positive.
    """
    instance("fit", fit, GammaFit)
    eps = np.asarray(moderate("target_error", reals("target_error", target_error, above=0.0), most=1e90))
    check_broadcast(fit=np.asarray(fit.shape), target_error=eps)
    place, degrees = np.broadcast_arrays(2.0 * np.asarray(fit.shape) * eps / np.asarray(fit.mean), 2.0 * np.asarray(fit.shape))
    return plain(np.maximum(0.0, -log_chi_squared_cdf(place, degrees)))


def fitted_bias_limit(distribution: GeneralizedChiSquared, target_error: ArrayLike) -> Any:
    """Return the bias that the paper's estimate tends to where the fit ends on the boundary of no noncentrality, whatever the number of hypotheses.

    Exact for equal eigenvalues without residuals. Else its ratio to the required bias tends to 2 a/H as eps falls: below 1 where residuals are small,
    above 1 where they are large (1.25 for KRON(256, 32, 64)); there the family has members with noncentrality that fit better.

    Parameters
    ----------
    distribution
        As in `gamma_fit_limit`.
    target_error
        eps > 0.

    Raises
    ------
    ValueError
        If there is an offset or eps is not positive.
    """
    instance("distribution", distribution, GeneralizedChiSquared)
    return gamma_bias(gamma_fit_limit(distribution), target_error)


def fitted_bias_standard_deviation(distribution: GeneralizedChiSquared, target_error: float, hypotheses: ArrayLike = 1) -> Any:
    """Return the standard deviation c(eps)/sqrt(S) of the fitted bias for many hypotheses, by the delta method.

    Formula: c^2 = g^T V g, V the covariance of (L, log L) under the true law and g the gradient of the fitted bias in their means. Cov(L, log L) =
    -d/ds and E log^2 L come from E exp(-s L): with M(s), E[L log L] = integral of (M'(s) - M'(0) e^-s)/s, and the second moment of log L by
    quadrature of the law itself. Derived here.

    Parameters
    ----------
    distribution
        A single law without offset.
    target_error
        eps > 0.
    hypotheses
        S, >= 1.

    Raises
    ------
    ValueError
        If the law is a batch or has an offset, or a number is out of range.
    """
    instance("distribution", distribution, GeneralizedChiSquared)
    if distribution.weights.ndim != 1:
        raise ValueError(f"distribution must be a single law; got a batch of shape {distribution.weights.shape[:-1]}")
    eps = real("target_error", target_error, above=0.0)
    mean, mean_log = float(distribution.mean()), float(distribution.mean_log())
    covariance = _covariance_with_log(distribution, mean, mean_log)

    shape = float(gamma_fit_limit(distribution).shape)
    step = 1e-5

    def slope(of: Callable[[float], float]) -> float:
        return (of(1.0 + step) - of(1.0 - step)) / (2.0 * step)

    # Derivatives of the bias in log a and in log eps, and of log a in log Lbar - E log L: small differences of a gap that is small would cancel.
    by_shape = slope(lambda factor: float(gamma_bias(GammaFit(shape * factor, mean), eps)))
    by_error = slope(lambda factor: float(gamma_bias(GammaFit(shape, mean), eps * factor)))
    of_gap = by_shape / (1.0 - shape * float(polygamma(1, shape)))
    gradient = np.array([(of_gap - by_error) / mean, -of_gap])
    return plain(math.sqrt(gradient @ covariance @ gradient) / np.sqrt(reals("hypotheses", hypotheses, minimum=1.0)))


def _covariance_with_log(distribution: GeneralizedChiSquared, mean: float, mean_log: float) -> np.ndarray:
    w, h, delta = distribution.weights, distribution.degrees, distribution.noncentrality
    # E L e^(-s L) falls at least like 1/s.
    v = np.arange(-60.0, 140.0, 0.05)
    s = np.exp(v) / mean
    laplace = np.exp(np.asarray(distribution.log_laplace(s)))
    part = w / (1.0 + 2.0 * s[:, None] * w)
    tilted_mean = (part * (h + delta / (1.0 + 2.0 * s[:, None] * w))).sum(axis=1)
    # E L log L = integral over s of (mean e^(-s mean) - E L e^(-s L))/s, plus mean times the log of the scale.
    cross = 0.05 * float((mean * np.exp(-s * mean) - tilted_mean * laplace).sum()) + mean * math.log(mean)
    second = _second_moment_of_log(distribution, mean)
    variance = float(distribution.var())
    off = cross - mean * mean_log
    return np.array([[variance, off], [off, second - mean_log**2]])


@lru_cache(maxsize=1)
def _rule() -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(_TAIL_NODES)


def _second_moment_of_log(distribution: GeneralizedChiSquared, mean: float) -> float:
    """Return E log^2 L from the two tails of T = log L: E T^2 = c^2 - integral below c of 2 t F + integral above c of 2 t (1 - F)."""
    centre = math.log(mean)
    total = centre**2
    x, weights = _rule()
    for side, tail in ((-1.0, distribution.logcdf), (1.0, distribution.logsf)):
        # Up to where the tail is below e^-60.
        reach = 1.0
        while float(tail(math.exp(centre + side * reach))) > -60.0:
            reach *= 1.5
        t = centre + side * 0.5 * reach * (x + 1.0)
        total += side * 0.5 * reach * float(weights @ (2.0 * t * np.exp(tail(np.exp(t)))))
    return total


def sankaran_score(target_error: ArrayLike, degrees: ArrayLike, noncentrality: ArrayLike, scale: ArrayLike = 1.0) -> Any:
    """Return Sankaran's normal score z of a noncentral chi-squared variable (1963): P is near Phi(z) in the bulk.

    Formula: with k = df + nc, h = 1 - 2 k (df + 3 nc)/(3 (df + 2 nc)^2), p = (df + 2 nc)/k^2, m = (h - 1)(1 - 3 h):
    z = ((x/k)^h - (1 + h p (h - 1 - (2 - h) m p/2)))/(h sqrt(2 p) (1 + m p/2)).

    Parameters
    ----------
    target_error
        eps >= 0; all arguments broadcast.
    degrees, noncentrality, scale
        df > 0, nc >= 0, scale > 0, all from 1e-50 to 1e50 or 0.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    x, unit = np.asarray(reals("target_error", target_error, minimum=0.0)), np.asarray(reals("scale", scale, above=0.0))
    df, nc = np.asarray(reals("degrees", degrees, above=0.0)), np.asarray(reals("noncentrality", noncentrality, minimum=0.0))
    for name, value in (("target_error", x), ("scale", unit), ("degrees", df), ("noncentrality", nc)):
        moderate(name, value, most=1e50, least=1e-50)
    check_broadcast(target_error=x, degrees=df, noncentrality=nc, scale=unit)
    x = x / unit
    k = df + nc
    h = 1.0 - 2.0 * k * (df + 3.0 * nc) / (3.0 * (df + 2.0 * nc) ** 2)
    p = (df + 2.0 * nc) / k**2
    m = (h - 1.0) * (1.0 - 3.0 * h)
    return plain(((x / k) ** h - (1.0 + h * p * (h - 1.0 - 0.5 * (2.0 - h) * m * p))) / (h * np.sqrt(2.0 * p) * (1.0 + 0.5 * m * p)))


def sankaran_fallback_bias(target_error: ArrayLike, degrees: ArrayLike, noncentrality: ArrayLike, scale: ArrayLike = 1.0) -> Any:
    """Return z^2/2, which the published code reports where its logarithm underflows: bounded, while the truth grows like (df/2) log(1/eps).

    Parameters
    ----------
    target_error, degrees, noncentrality, scale
        As in `sankaran_score`.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    return plain(0.5 * np.asarray(sankaran_score(target_error, degrees, noncentrality, scale)) ** 2)
