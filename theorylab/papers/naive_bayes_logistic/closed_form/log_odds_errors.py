r"""How far the per-feature log-odds of a fitted naive Bayes rule are from their limit at a test point, for two classes and independent features.

In standard units a feature of gap delta has the log-odds ``l = delta (z + delta/2)`` at a test point of the first class, z ~ N(0, 1). The fitted rule
has ``(z + delta/2 - v)(delta + u) / s^2`` with u and v the errors of the difference and of the midpoint of the class means and ``s^2`` the variance
that it uses (1 if known, chi-squared with m - 2 degrees of freedom divided by m if pooled). Given u and s^2 the difference is Gaussian, so that its
moments are elementary and its absolute moment and tail are integrals over u and s^2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, gammainccinv, gammaincinv, ndtr

from theorylab.numerics.gaussian_integrals import ConvergenceError, gaussian_expectation
from theorylab.papers.naive_bayes_logistic.closed_form._arguments import checked_gaps, checked_groups
from theorylab.validation import choice, moderate, plain, real, reals

__all__ = ["LogOddsDifference", "log_odds_difference_moments", "log_odds_error_probability"]

_VARIANCES = ("known", "pooled")
_TOLERANCE = 1e-10
# Nodes per standard deviation of log s^2, and per unit.
_VARIANCE_NODES = 3.0
# Gaps that are as good as 0.
_NO_GAP = 1e-12
# Added to the tail of a feature: the quadrature has no relative accuracy where the whole mass lies beyond 13 standard deviations.
_NEGLIGIBLE = 1e-40


class LogOddsDifference(NamedTuple):
    """Moments of the difference between fitted and limiting log-odds of a feature at a test point of the first class.

    Attributes
    ----------
    mean, variance, mean_absolute
        Expectation, variance, and expectation of the magnitude, (G,).
    """

    mean: np.ndarray
    variance: np.ndarray
    mean_absolute: np.ndarray


def log_odds_difference_moments(gaps: ArrayLike, count_first: float, count_second: float, *, variance: str) -> LogOddsDifference:
    r"""Return mean, variance and mean magnitude of the error of the per-feature log-odds.

    Formula, known variances: mean ``-(1/m1 - 1/m2)/2``, variance ``1/m1 + 1/m2 + delta^2/m2 + (1/m1^2 + 1/m2^2)/2``; at m1 = m2 = m/2 this is
    ``(4/m)(1 + 1/m) + 2 delta^2/m``. Pooled: the fitted log-odds are divided by s^2, ``E s^-2 = m/(m-4)``, ``E s^-4 = m^2/((m-4)(m-6))``. The mean
    magnitude is a folded normal mean, integrated over u (and s^2).

    Parameters
    ----------
    gaps
        delta_i (G,), one per group of features.
    count_first, count_second
        m1, m2 > 0, fixed; real numbers are allowed. The test point is of the first class; for one of the second exchange them.
    variance
        "known" or "pooled" (m1 + m2 > 6).

    Returns
    -------
    LogOddsDifference

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the quadrature did not converge.

    Notes
    -----
    Derived here.
    """
    delta, m1, m2 = checked_gaps(gaps), *checked_counts(count_first, count_second, variance)
    mean, second = error_moments(delta, m1, m2, variance)
    magnitude = [_expectation(_folded_mean, float(gap), m1, m2, variance, abs(float(gap))) for gap in delta]
    return LogOddsDifference(mean, second - mean**2, np.array(magnitude))


def log_odds_error_probability(
    tau: ArrayLike, gaps: ArrayLike, multiplicities: ArrayLike, count_first: float, count_second: float, *, variance: str
) -> Any:
    r"""Return P(the largest error of the per-feature log-odds and of the log prior odds exceeds tau), test points balanced.

    Formula: ``1 - prod_i P(|lhat_i - l_i| <= tau)``, averaged over the two classes of the test point; 1 if ``|log(m1/m2)| > tau``.

    Parameters
    ----------
    tau
        > 0, scalar or array.
    gaps, multiplicities
        delta_i (G,) and the number of features that have it (G,), integers >= 1.
    count_first, count_second
        m1, m2 > 0, fixed.
    variance
        "known" or "pooled" (m1 + m2 > 6).

    Returns
    -------
    float or ndarray
        Of the shape of tau.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the quadrature did not converge.

    Notes
    -----
    Derived here. The errors of different features are independent, so this is the exact value of what a union bound over features bounds.
    """
    delta, count = checked_groups(gaps, multiplicities)
    m1, m2 = checked_counts(count_first, count_second, variance)
    thresholds = np.asarray(reals("tau", tau, above=0.0))
    prior = abs(np.log(m1 / m2))

    def exceeded(threshold: float) -> float:
        if prior > threshold:
            return 1.0

        def tail(centre: Any, spread: Any) -> Any:
            with np.errstate(divide="ignore", over="ignore"):
                return ndtr((centre - threshold) / spread) + ndtr((-centre - threshold) / spread) + _NEGLIGIBLE

        total = 0.0
        for counts in ((m1, m2), (m2, m1)):
            finest = [min(abs(gap), threshold) if abs(gap) > _NO_GAP else threshold for gap in delta.tolist()]
            tails = np.array([_expectation(tail, float(gap), *counts, variance, scale) for gap, scale in zip(delta, finest, strict=True)])
            total -= 0.5 * float(np.expm1(count @ np.log1p(-np.minimum(tails, 1.0 - 1e-16))))
        return total

    return plain(np.array([exceeded(float(threshold)) for threshold in thresholds.ravel()]).reshape(thresholds.shape))


# What the bounds share -----------------------------------------------------------------------------------------------------------------------


def checked_counts(count_first: float, count_second: float, variance: str) -> tuple[float, float]:
    """Return the two counts, if the second moment of the fitted log-odds exists."""
    m1, m2 = (
        moderate(name, real(name, count, above=0.0), most=1e50, least=1e-50)
        for name, count in (("count_first", count_first), ("count_second", count_second))
    )
    if choice("variance", variance, _VARIANCES) == "pooled" and m1 + m2 <= 6.0:
        raise ValueError(f"count_first + count_second must exceed 6 with pooled variances, for E s^-4 to exist; got {m1 + m2:g}")
    return m1, m2


def error_moments(delta: np.ndarray, m1: Any, m2: Any, variance: str) -> tuple[Any, Any]:
    """Return mean and second moment of lhat - l for a test point of the first class; everything broadcasts."""
    mean = -0.5 * (1.0 / m1 - 1.0 / m2) + 0.0 * delta
    spread = 1.0 / m1 + 1.0 / m2 + delta**2 / m2 + 0.5 * (1.0 / m1**2 + 1.0 / m2**2)
    if variance == "known":
        return mean, spread + mean**2
    # The rule with known variances has log-odds L of mean delta^2/2 + mean, variance delta^2 + spread, and covariance delta^2 with l.
    total = m1 + m2
    inverse, inverse_square = total / (total - 4.0), total**2 / ((total - 4.0) * (total - 6.0))
    limit, fitted = 0.5 * delta**2, 0.5 * delta**2 + mean
    second = inverse_square * (delta**2 + spread + fitted**2) - 2.0 * inverse * (delta**2 + fitted * limit) + delta**2 + limit**2
    return inverse * fitted - limit, second


# Integrals over the errors of the means and of the variance ----------------------------------------------------------------------------------


def _expectation(kernel: Callable[[Any, Any], Any], delta: float, m1: float, m2: float, variance: str, finest: float) -> float:
    """Return E kernel(c, s), where lhat - l is N(c, s^2) given u and the variance estimate, and the kernel bends over lengths of u near `finest`."""
    spread = np.sqrt(1.0 / m1 + 1.0 / m2)
    slope = 0.5 * (1.0 / m1 - 1.0 / m2) / spread**2
    # v = slope u + N(0, rest^2).
    rest = spread * np.sqrt(max(0.25 - slope**2, 0.0))
    precision, weights = (np.ones(1), np.ones(1)) if variance == "known" else _inverse_variances(m1 + m2)

    def integrand(z: np.ndarray) -> np.ndarray:
        u = spread * z[:, None]
        fitted = precision * (delta + u)
        centre = 0.5 * delta * (fitted - delta) - slope * u * fitted
        return np.asarray(kernel(centre, np.hypot(fitted - delta, rest * fitted)) @ weights)

    # At a gap of 0 the spread is proportional to |u|; at a small one, or a small threshold, panels shrink towards u = 0 until they resolve it.
    finest = min(finest, finest / spread)
    halvings = int(np.ceil(np.log2(8.0 / finest))) if _NO_GAP < finest < 8.0 else 0
    graded = [sign * 2.0**-power for power in range(1, halvings + 1) for sign in (-1.0, 1.0)]
    return gaussian_expectation(integrand, kinks=(0.0, *graded), relative_tolerance=_TOLERANCE).value


def _folded_mean(centre: Any, spread: Any) -> Any:
    """Return E |N(centre, spread^2)|."""
    with np.errstate(divide="ignore", over="ignore"):
        ratio = centre / spread
        return spread * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * ratio**2) + centre * erf(ratio / np.sqrt(2.0))


def _inverse_variances(total: float) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights for 1/s^2, m s^2 ~ chi-squared with m - 2 degrees of freedom: the trapezoid rule in log s^2."""
    half = 0.5 * (total - 2.0)
    # Where 1 or s^-4, weighted by the density, has nothing left; log s^2 has a standard deviation near half^(-1/2).
    low, high = np.log(gammaincinv(half - 2.0, 1e-14)), np.log(gammainccinv(half, 1e-20))
    nodes = np.linspace(low, high, int(np.ceil((high - low) * _VARIANCE_NODES * np.sqrt(max(half, 1.0)))))
    # Relative to the peak at log(half): the gamma function would lose digits at large counts.
    weights = np.exp(half * (nodes - np.log(half)) - (np.exp(nodes) - half))
    weights /= weights.sum()
    # The first two inverse moments of the variance are known, and the rule must give them.
    precision = 0.5 * total * np.exp(-nodes)
    seen = weights @ np.stack([precision, precision**2], axis=1)
    exact = np.array([total / (total - 4.0), total**2 / ((total - 4.0) * (total - 6.0))])
    if np.any(np.abs(seen / exact - 1.0) > _TOLERANCE):
        raise ConvergenceError(f"the quadrature over the variance estimate is off by {np.max(np.abs(seen / exact - 1.0)):.2g} at m = {total:g}")
    return precision, weights
