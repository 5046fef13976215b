"""arXiv:2302.02334: the law of the two-class naive Bayes score, through its characteristic function. Derived here.

Features are standardised to unit variance. For a test point x of the class with m1 training points (the other has m2) the score difference is

    T = log(m1/m2) + sum_i [ log(s_2i/s_1i) - p_i^2/(2 s_1i^2) + q_i^2/(2 s_2i^2) ],   p = x - muhat_1,  q = x - muhat_2,

and the fitted rule errs when T < 0. (p_i, q_i) is Gaussian with means (0, delta_i), variances 1 + 1/m1 and 1 + 1/m2, covariance 1, and independent
of the variance estimates. Given these, with a1 = t/s_1^2 and a2 = t/s_2^2,

    E exp(i (a2 q^2 - a1 p^2)/2) = D^{-1/2} exp( (i delta^2/2) a2 (1 + i (1 + 1/m1) a1) / D ),
    D = 1 + i ((1 + 1/m1) a1 - (1 + 1/m2) a2) + a1 a2 (1/m1 + 1/m2 + 1/(m1 m2)).

The real part of D is at least 1 for real t, so the principal root is the right one. One variance for both classes, s^2 = chi^2_nu / m, leaves an
average over log s^2, whose density is analytic with exponential tails: the trapezoid rule with the step of log t needs D on one grid of log a only.
With one variance for each class, s_1^2 = G B/m1 and s_2^2 = G (1 - B)/m2 for independent G ~ chi^2 and B ~ beta: the same average over log G, and
one over logit B. Values are kept as differences from 1, so that powers up to 10^6 of them stay accurate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import polygamma

from theorylab.numerics.characteristic_functions import LogarithmicGrid
from theorylab.validation import instance

__all__ = ["FeatureGroups", "KnownVariance", "PooledVariance", "SeparateVariances", "integration_ray", "score_characteristic_function"]

# Nodes whose weight is this small, relative to the largest, are left out: exp(-35) = 6e-16.
_NEGLIGIBLE = -35.0
# The logarithm of a modulus that counts as 0.
_VANISHED = -60.0
# Largest step of a quadrature in standard deviations of its variable: a Gaussian then leaves exp(-2 (pi/0.9)^2) = 3e-11 at twice the step.
_STEPS_PER_DEVIATION = 0.45


class FeatureGroups(NamedTuple):
    """Features of equal gap: standardised mean differences (G,) and how many features have them (G,)."""

    gaps: np.ndarray
    multiplicities: np.ndarray


class KnownVariance(NamedTuple):
    """The variances are known: s^2 = 1."""

    @property
    def step(self) -> float:
        """Largest sensible step of log t."""
        return 0.1


class PooledVariance(NamedTuple):
    """One variance estimate per feature for both classes, s^2 ~ chi^2_degrees / scale."""

    degrees: float
    scale: float

    @property
    def step(self) -> float:
        """Largest sensible step of log s^2 and log t."""
        return min(0.1, _STEPS_PER_DEVIATION * float(np.sqrt(polygamma(1, self.degrees / 2))))

    def nodes(self, step: float) -> tuple[float, np.ndarray]:
        """Return the largest node of log s^2 and the weights (S,) from there downwards in equal steps."""
        # With x = log s^2 - log(degrees/scale) the logarithm of the density is (degrees/2)(x + 1 - e^x) below its maximum at 0.
        reach = -2.0 * _NEGLIGIBLE / self.degrees
        x = step * np.arange(np.ceil(np.log1p(reach + np.sqrt(2.0 * reach)) / step), -np.ceil((reach + 1.0) / step) - 1.0, -1.0)
        logarithm = 0.5 * self.degrees * (x - np.expm1(x))
        kept = logarithm > _NEGLIGIBLE
        weights = np.exp(logarithm[kept])
        return float(x[kept][0] + np.log(self.degrees / self.scale)), weights / weights.sum()


class SeparateVariances(NamedTuple):
    """One variance estimate per feature and class, s_k^2 ~ chi^2_{degrees_k} / m_k, independent, for the own and the other class of a test point."""

    own_degrees: float
    other_degrees: float
    dimension: int

    @property
    def step(self) -> float:
        """Largest sensible step of log G and log t."""
        return min(0.2, _STEPS_PER_DEVIATION * float(np.sqrt(polygamma(1, 0.5 * (self.own_degrees + self.other_degrees)))))

    def logit_nodes(self, step: float) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        """Return the step of logit B that goes with a step of log t, and log B, log(1 - B) and the weights, (K,) each.

        B ~ beta(own_degrees/2, other_degrees/2).
        """
        p, q = 0.5 * self.own_degrees, 0.5 * self.other_degrees
        # The density in logit B has its singularities at +-i pi, twice as far away as those in log t: twice the step. With one or two features the
        # characteristic function lasts to larger t, where exp(i t log(s_2/s_1)) turns faster.
        first = min(2.0 * self.step, _STEPS_PER_DEVIATION * float(np.sqrt(polygamma(1, p) + polygamma(1, q))))
        width = first * min(1.0, step / self.step) * (1.0 if self.dimension > 2 else 0.25)
        mode = np.log(p / q)
        logit = mode + width * np.arange(-np.ceil((4.0 - _NEGLIGIBLE / p) / width), np.ceil((4.0 - _NEGLIGIBLE / q) / width) + 1.0)
        log_b, log_rest = -np.logaddexp(0.0, -logit), -np.logaddexp(0.0, logit)
        logarithm = p * (log_b + np.logaddexp(0.0, -mode)) + q * (log_rest + np.logaddexp(0.0, mode))
        kept = logarithm > _NEGLIGIBLE
        weights = np.exp(logarithm[kept])
        return width, log_b[kept], log_rest[kept], weights / weights.sum()


def score_characteristic_function(
    grid: LogarithmicGrid,
    groups: FeatureGroups,
    count_own: np.ndarray,
    count_other: np.ndarray,
    log_prior_odds: np.ndarray,
    variance: KnownVariance | PooledVariance | SeparateVariances,
) -> np.ndarray:
    """Return E exp(i t T) at the points of the grid, (L, N) complex.

    Parameters
    ----------
    grid
        Points t of laws. Rays off the real line only where the variances are known or pooled.
    groups
        The features.
    count_own, count_other
        Training points of the test point's class and of the other class, (L,), of all laws that ``grid.laws`` chooses from.
    log_prior_odds
        The constant in T, (L,); log(m1/m2) for the fitted prior.
    variance
        Which variances the rule divides by; common to the L laws.

    Returns
    -------
    ndarray
        (rows of the grid, N) complex.
    """
    instance("grid", grid, LogarithmicGrid)
    instance("groups", groups, FeatureGroups)
    instance("variance", variance, (KnownVariance, PooledVariance, SeparateVariances))
    own, other, odds = (values[grid.laws, None] for values in (count_own, count_other, log_prior_odds))
    points = grid.points
    real, imaginary = np.zeros(points.shape), points.real * odds
    for gap, multiplicity in zip(groups.gaps.tolist(), groups.multiplicities.tolist(), strict=True):
        if isinstance(variance, KnownVariance):
            excess = _gaussian_excess(points, points, own, other, gap)
        elif isinstance(variance, PooledVariance):
            excess = _averaged_excess(grid, variance, own, other, gap)
        else:
            excess = np.stack([_separate_excess(grid, law, variance, own[law], other[law], gap) for law in range(len(own))])
        log_real, log_imaginary = _logarithm_above_one(excess)
        # A whole power of the principal logarithm is the power itself.
        real += multiplicity * log_real
        imaginary += multiplicity * log_imaginary
    # Where the features' part has vanished the ray may bend back to the real line: what exp(i t odds) does there does not matter.
    modulus = np.zeros(points.shape)
    np.exp(real - points.imag * odds, out=modulus, where=real > _VANISHED)
    values = np.empty(modulus.shape, dtype=np.complex128)
    np.multiply(modulus, np.cos(imaginary), out=values.real)
    np.multiply(modulus, np.sin(imaginary), out=values.imag)
    return values


def integration_ray(
    groups: FeatureGroups,
    count_own: np.ndarray,
    count_other: np.ndarray,
    log_prior_odds: np.ndarray,
    variance: KnownVariance | PooledVariance | SeparateVariances,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the size of T and the angle of the ray to integrate its characteristic function on, (L,) each; arguments as there."""
    instance("groups", groups, FeatureGroups)
    instance("variance", variance, (KnownVariance, PooledVariance, SeparateVariances))
    own, other, odds = count_own, count_other, log_prior_odds
    spread = 1.0 / own + 1.0 / other
    squared_distance, dimension = float(np.sum(groups.multiplicities * groups.gaps**2)), int(groups.multiplicities.sum())
    # The mean of T with known variances, and roughly its standard deviation.
    mean = 0.5 * squared_distance + odds + 0.5 * dimension * (1.0 / other - 1.0 / own)
    scale = np.sqrt(squared_distance + dimension * spread)
    if isinstance(variance, SeparateVariances):
        return scale, np.zeros(own.size)
    return scale, _angle(dimension, spread, odds, mean / scale, variance.step)


def _angle(dimension: int, spread: np.ndarray, odds: np.ndarray, distance: np.ndarray, step: float) -> np.ndarray:
    """Return the angle of the ray of integration: not 0 where exp(i t E T), or exp(i t odds), turns many times before the rest has vanished."""

    def vanished(exponent: float) -> np.ndarray:
        """Return where the modulus of the rest is exp(-exponent) or less: it is about (1 + spread t^2)^(-d/2) if the gaps have no part in it."""
        return np.asarray(np.sqrt(np.expm1(2.0 * exponent / dimension) / spread))

    far = np.abs(distance) > 4.0
    if not np.any(odds):
        return np.where(far, np.sign(distance) * 0.7, 0.0)
    against = odds * distance < 0.0
    # Turned with the mean of T and against the odds, exp(i t odds) grows: by no more than exp(15) before the rest has vanished.
    steep = np.where(against, np.arcsin(np.minimum(np.sin(0.7), 15.0 / np.maximum(np.abs(odds) * vanished(60.0), 1.0))), 0.7)
    # Turned with the odds and against the mean the whole grows, up to exp(distance^2 sin^2/2 / cos 2 angle).
    mild = np.where(against, np.arcsin(np.minimum(0.5, 2.0 / np.maximum(np.abs(distance), 4.0))), 0.5)
    slow = np.where(np.abs(odds) * vanished(33.0) * step > 0.5, np.sign(odds) * mild, 0.0)
    return np.where(far, np.sign(distance) * steep, slow)


def _gaussian_excess(first: np.ndarray, second: np.ndarray, own: np.ndarray, other: np.ndarray, gap: float) -> np.ndarray:
    """Return E exp(i (a2 q^2 - a1 p^2)/2) - 1 for one feature."""
    determinant = 1j * ((first - second) + first / own - second / other) + first * second * (1 / own + 1 / other + 1 / (own * other))
    log_real, log_imaginary = _logarithm_above_one(determinant)
    exponent = (0.5j * gap**2) * second * (1.0 + 1j * (1.0 + 1.0 / own) * first) / (1.0 + determinant)
    return _exponential_above_one(exponent.real - 0.5 * log_real, exponent.imag - 0.5 * log_imaginary)


def _averaged_excess(grid: LogarithmicGrid, variance: PooledVariance, own: np.ndarray, other: np.ndarray, gap: float) -> np.ndarray:
    """Return the average of `_gaussian_excess` over the pooled variance of one feature."""
    largest, weights = variance.nodes(grid.step)
    shared = grid._replace(start=grid.start - largest, length=grid.length + weights.size - 1).points
    return _moving_average(_gaussian_excess(shared, shared, own, other, gap), weights)


def _moving_average(table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return sum_n weights[n] table[:, j + n], (R, N - S + 1), for a table (R, N) and S weights."""
    average = np.empty((len(table), table.shape[1] - weights.size + 1), dtype=np.complex128)
    for row, out in zip(table, average, strict=True):
        out.real = np.correlate(row.real, weights, "valid")
        out.imag = np.correlate(row.imag, weights, "valid")
    return average


def _separate_excess(grid: LogarithmicGrid, law: int, variance: SeparateVariances, own: np.ndarray, other: np.ndarray, gap: float) -> np.ndarray:
    """Return the average over both variances of one feature of exp(i t log(s_2/s_1)) E exp(i (a2 q^2 - a1 p^2)/2), minus 1, for one law, (N,)."""
    total = PooledVariance(variance.own_degrees + variance.other_degrees, own[0] + other[0])
    largest, weights = total.nodes(grid.step)
    width, log_b, log_rest, shares = variance.logit_nodes(grid.step)
    start, numbers = grid.start[law], np.arange(grid.length + weights.size - 1)
    t, shared = np.exp(start + grid.step * numbers[: grid.length]), np.exp(start - largest + grid.step * numbers)
    log_fractions = np.log(own / (own + other)) - log_b, np.log(other / (own + other)) - log_rest
    table = _gaussian_excess(np.exp(log_fractions[0])[:, None] * shared, np.exp(log_fractions[1])[:, None] * shared, own, other, gap)
    average = _moving_average(table, weights)
    turn = _exponential_above_one(np.zeros((shares.size, grid.length)), 0.5 * (log_fractions[0] - log_fractions[1])[:, None] * t)
    excess = shares @ (turn + (1.0 + turn) * average)
    # From one node of logit B to the next the phase of exp(i t log(s_2/s_1)) advances by t width/2: near pi the nodes tell nothing any more.
    return np.where(t * width < 1.6 * np.pi, excess, -1.0)


def _logarithm_above_one(excess: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return real and imaginary part of the principal log(1 + z), accurate for small z."""
    x, y = excess.real, excess.imag
    # With less than one degree of freedom 1/s^2 may be so large that the square is infinite, and the modulus of 1/(1 + z) is 0.
    with np.errstate(over="ignore"):
        square = x * (2.0 + x) + y * y
    real = 0.5 * np.log1p(np.maximum(square, -0.5))
    small = square < -0.5
    if np.any(small):
        # |1 + z|^2 - 1 has no digits left for a small |1 + z|; 0 gives minus infinity, and exp of that 0.
        with np.errstate(divide="ignore"):
            real[small] = np.log(np.hypot(1.0 + x[small], y[small]))
    return real, np.arctan2(y, 1.0 + x)


def _exponential_above_one(real: np.ndarray, imaginary: np.ndarray) -> np.ndarray:
    """Return exp(x + i y) - 1, accurate for small x and y."""
    growth = np.expm1(real)
    half_sine, half_cosine = np.sin(0.5 * imaginary), np.cos(0.5 * imaginary)
    values = np.empty(growth.shape, dtype=np.complex128)
    values.real = growth - 2.0 * half_sine**2 * (1.0 + growth)
    values.imag = 2.0 * half_sine * half_cosine * (1.0 + growth)
    return values
