"""Older methods for the same law, for comparison: Ruben's series (1962), Imhof's integral (1961), the approximation of Lugannani and Rice (1980)."""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import gammainc, gammaln, hyp1f1, log_ndtr, logsumexp

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.validation import array_of_shape, moderate, plain, real, reals

__all__ = ["imhof_cdf", "log_chi_squared_cdf", "lugannani_rice_log_cdf", "ruben_log_cdf"]

_MOST_TERMS = 200_000
# Products of larger numbers would leave the range of floating point.
_LARGEST = 1e100


def _one_law(weights: np.ndarray, degrees: np.ndarray, noncentrality: np.ndarray, place: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return the terms of positive weight of one sum, each (R,), and the place."""
    w = array_of_shape("weights", weights, ("R",))
    h, delta = array_of_shape("degrees", degrees, w.shape), array_of_shape("noncentrality", noncentrality, w.shape)
    for name, part in (("weights", w), ("degrees", h), ("noncentrality", delta)):
        if part.size:
            reals(name, part, minimum=0.0, maximum=_LARGEST)
    keep = (w > 0.0) & (h > 0.0)
    if not np.any(keep):
        raise ValueError("weights must hold at least one that is positive, with positive degrees; got none")
    return w[keep], h[keep], delta[keep], real("place", place, above=0.0, maximum=_LARGEST)


def log_chi_squared_cdf(place: float | np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Return log P(chi^2_h <= place) by Kummer's function, far below the smallest double, too.

    Formula: with a = h/2, z = place/2: a log z - z - log Gamma(a + 1) + log 1F1(1; a + 1; z); above the mean, where nothing is small and 1F1 may
    overflow, the logarithm of the incomplete gamma function.

    Raises
    ------
    ValueError
        If the place or the degrees are not positive, or they do not broadcast.
    """
    h, y = reals("degrees", degrees, above=0.0), reals("place", place, above=0.0)
    a, z = 0.5 * np.asarray(moderate("degrees", h, least=1e-200)), 0.5 * np.asarray(moderate("place", y, least=1e-300))
    check_broadcast(degrees=a, place=z)
    low = np.minimum(z, a)
    below = a * np.log(low) - low - gammaln(a + 1.0) + np.log(hyp1f1(1.0, a + 1.0, low))
    return plain(np.where(z > a, np.log(gammainc(a, np.maximum(z, a))), below))


def ruben_log_cdf(weights: np.ndarray, degrees: np.ndarray, noncentrality: np.ndarray, place: float) -> float:
    """Return log P(Q <= place) as a mixture of chi-squared laws with the smallest weight as their scale; all terms are positive.

    The coefficients a_k follow from k a_k = sum over j < k of b_(k - j) a_j with 2 b_k = sum of h g^k + k delta (w_min/w) g^(k - 1), g = 1 - w_min/w.

    Raises
    ------
    ValueError
        If the series does not converge in 2e5 terms: weights too far apart.
    """
    w, h, delta, place = _one_law(weights, degrees, noncentrality, place)
    scale = w.min()
    g = 1.0 - scale / w
    total = h.sum()
    log_first = -0.5 * delta.sum() + 0.5 * (h * np.log(scale / w)).sum()
    # The coefficients are divided by the first one, which may underflow.
    needed = int(min(_MOST_TERMS, 200 + 60 * (1 + delta.sum() + total) * w.max() / scale))
    if needed > 20_000:
        raise ValueError(
            f"weights must be within a factor of some hundreds for Ruben's series, degrees not in thousands; got a ratio of {w.max() / scale:.3g}"
        )
    k = np.arange(1, needed)
    powers = g[:, None] ** (k - 1)
    b = 0.5 * ((h * g)[:, None] * powers + k * (delta * scale / w)[:, None] * powers).sum(axis=0)
    a = np.zeros(needed)
    a[0] = 1.0
    shift = 0.0
    logs = np.full(needed, -np.inf)
    logs[0] = 0.0
    for n in range(1, needed):
        a[n] = (b[:n][::-1] @ a[:n]) / n
        logs[n] = (np.log(a[n]) if a[n] > 0 else -np.inf) + shift
        if a[n] > 1e250:
            a[: n + 1] *= 1e-250
            shift += 250.0 * np.log(10.0)
    terms = logs + log_first + log_chi_squared_cdf(place / scale, total + 2.0 * np.arange(needed))
    return float(logsumexp(terms))


def imhof_cdf(weights: np.ndarray, degrees: np.ndarray, noncentrality: np.ndarray, place: float) -> float:
    """Return P(Q <= place) by numerical inversion of the characteristic function: an absolute error near 1e-10, no digits of small probabilities.

    Raises
    ------
    ValueError
        If a number is out of range, or lengths differ.
    ConvergenceError
        If the integral does not converge: few degrees of freedom, or weights or a place far apart.
    """
    weights, degrees, noncentrality, place = _one_law(weights, degrees, noncentrality, place)
    scale = float((weights * (degrees + noncentrality)).sum() + weights.max())
    if place > 1e4 * scale:
        raise ConvergenceError(f"Imhof's integrand oscillates too fast at this place, {place:.6g}, for a mean of {scale - weights.max():.6g}")

    def integrand(u: float) -> float:
        wu = weights * u
        angle = 0.5 * (degrees * np.arctan(wu) + noncentrality * wu / (1.0 + wu**2)).sum() - 0.5 * place * u
        size = 0.25 * (degrees * np.log1p(wu**2)).sum() + 0.5 * (noncentrality * wu**2 / (1.0 + wu**2)).sum()
        return float(np.sin(angle) * np.exp(-size) / u)

    integral, error, *_ = quad(integrand, 0.0, np.inf, limit=2000, epsabs=1e-10, full_output=1)
    if not error < 1e-4:
        raise ConvergenceError(f"Imhof's integral did not converge at this place: {integral:.6g} with an error of {error:.2g}")
    return float(0.5 - integral / np.pi)


def lugannani_rice_log_cdf(weights: np.ndarray, degrees: np.ndarray, noncentrality: np.ndarray, place: float) -> float:
    """Return the saddle-point approximation of log P(Q <= place) for a place below the mean.

    Raises
    ------
    ValueError
        If a number is out of range, lengths differ, or the place is not below the mean.
    """
    weights, degrees, noncentrality, place = _one_law(weights, degrees, noncentrality, place)
    mean = float((weights * (degrees + noncentrality)).sum())
    moderate("place", place, least=1e-100)
    if not place < mean:
        raise ValueError(f"place must be below the mean {mean:g}; got {place:g}")

    def slope(s: float) -> float:
        part = weights / (1.0 + 2.0 * s * weights)
        return float(place - (part * (degrees + noncentrality / (1.0 + 2.0 * s * weights))).sum())

    high = 1.0 / place
    while slope(high) < 0.0:
        high *= 2.0
    s = brentq(slope, 0.0, high, xtol=1e-300, rtol=1e-14)
    scaled = 1.0 + 2.0 * s * weights
    log_m = -0.5 * (degrees * np.log(scaled)).sum() - (noncentrality * s * weights / scaled).sum()
    curvature = (2.0 * (weights / scaled) ** 2 * (degrees + 2.0 * noncentrality / scaled)).sum()
    root = -np.sqrt(-2.0 * (log_m + s * place))
    u = -s * np.sqrt(curvature)
    # Phi(root) + phi(root)(1/root - 1/u), relative to Phi(root).
    log_density = -0.5 * root**2 - 0.5 * np.log(2.0 * np.pi)
    return float(log_ndtr(root) + np.log1p(np.exp(log_density - log_ndtr(root)) * (1.0 / root - 1.0 / u)))
