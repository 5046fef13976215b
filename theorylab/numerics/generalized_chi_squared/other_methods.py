"""Older methods for the same law, for comparison: Ruben's series (1962), Imhof's integral (1961), the approximation of Lugannani and Rice (1980)."""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import gammaln, hyp1f1, log_ndtr, logsumexp

__all__ = ["imhof_cdf", "log_chi_squared_cdf", "lugannani_rice_log_cdf", "ruben_log_cdf"]

_MOST_TERMS = 200_000


def log_chi_squared_cdf(place: float | np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Return log P(chi^2_h <= place) by Kummer's function, far below the smallest double, too.

    Formula: with a = h/2, z = place/2: a log z - z - log Gamma(a + 1) + log 1F1(1; a + 1; z).
    """
    a, z = 0.5 * np.asarray(degrees, dtype=float), 0.5 * np.asarray(place)
    return a * np.log(z) - z - gammaln(a + 1.0) + np.log(hyp1f1(1.0, a + 1.0, z))


def ruben_log_cdf(weights: np.ndarray, degrees: np.ndarray, noncentrality: np.ndarray, place: float) -> float:
    """Return log P(Q <= place) as a mixture of chi-squared laws with the smallest weight as their scale; all terms are positive.

    The coefficients a_k follow from k a_k = sum over j < k of b_(k - j) a_j with 2 b_k = sum of h g^k + k delta (w_min/w) g^(k - 1), g = 1 - w_min/w.

    Raises
    ------
    ValueError
        If the series does not converge in 2e5 terms: weights too far apart.
    """
    keep = weights > 0
    w, h, delta = weights[keep], degrees[keep], noncentrality[keep]
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
    """Return P(Q <= place) by numerical inversion of the characteristic function: an absolute error near 1e-10, no digits of small probabilities."""

    def integrand(u: float) -> float:
        wu = weights * u
        angle = 0.5 * (degrees * np.arctan(wu) + noncentrality * wu / (1.0 + wu**2)).sum() - 0.5 * place * u
        size = 0.25 * (degrees * np.log1p(wu**2)).sum() + 0.5 * (noncentrality * wu**2 / (1.0 + wu**2)).sum()
        return float(np.sin(angle) * np.exp(-size) / u)

    return 0.5 - quad(integrand, 0.0, np.inf, limit=2000, epsabs=1e-10)[0] / np.pi


def lugannani_rice_log_cdf(weights: np.ndarray, degrees: np.ndarray, noncentrality: np.ndarray, place: float) -> float:
    """Return the saddle-point approximation of log P(Q <= place) for a place below the mean."""

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
