r"""The largest error of a rule over all laws within a Wasserstein distance, for normal margins and for a sample of margins.

Moving a sample of margin t > 0 over the boundary costs t, so the worst law spends the allowed transport on the smallest positive margins.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import normal_density
from theorylab.numerics.roots import log_bisection
from theorylab.papers.unlabeled_ood_gmm.closed_form.ramp import ramp_loss
from theorylab.validation import moderate, plain, real, reals

__all__ = ["EmpiricalDRO", "PopulationDRO", "dro_bias_coefficient", "wasserstein_dro_dual", "wasserstein_dro_empirical", "wasserstein_dro_risk"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_PLACES = 0.5 * (1.0 + _NODES)


class PopulationDRO(NamedTuple):
    """Floats or arrays.

    Attributes
    ----------
    risk
        The largest error.
    threshold
        tau: margins up to it are moved over the boundary; infinite if all are. 1/tau is the price at which the dual is attained.
    """

    risk: Any
    threshold: Any


class EmpiricalDRO(NamedTuple):
    """Floats or arrays.

    Attributes
    ----------
    risk
        The largest error.
    slope
        gamma, the derivative of the risk with respect to the radius; 0 if every sample is moved.
    """

    risk: Any
    slope: Any


def _moved(mean: Any, deviation: Any, tau: Any, power: int) -> Any:
    """Return E[t^power; 0 < t < tau], power 1 or 2, for t ~ N(mean, deviation^2); by quadrature where the differences would cancel."""
    start, end = -mean / deviation, (tau - mean) / deviation
    # From the side on which the law is thin, where a difference keeps its digits.
    within = np.where(start > 0.0, ndtr(-start) - ndtr(-end), ndtr(end) - ndtr(start))
    first = mean * within + deviation * (normal_density(start) - normal_density(end))
    wide = first if power == 1 else mean * first + deviation**2 * within - deviation * tau * normal_density(end)
    width = np.minimum(tau / deviation, 1.0)[..., None]
    scaled = np.sum(0.5 * _WEIGHTS * (width * _PLACES) ** power * normal_density(start[..., None] + width * _PLACES), axis=-1)
    return np.where(tau < deviation, deviation**power * width[..., 0] * scaled, wide)


def wasserstein_dro_risk(margin_mean: ArrayLike, margin_deviation: ArrayLike, radius: ArrayLike) -> PopulationDRO:
    r"""Return the largest error over all laws within a Wasserstein-1 distance of normal margins.

    Formula: ``Phi((tau - M)/sigma)`` with ``E[t; 0 < t < tau] = eps``; 1 with tau infinite if ``eps >= E max(t, 0)``.

    Parameters
    ----------
    margin_mean, margin_deviation
        M, finite, and sigma > 0; broadcast.
    radius
        eps >= 0, in the unit of the margin; broadcasts.

    Returns
    -------
    PopulationDRO
        At radius 0 the error Phi(-M/sigma) itself, with tau = 0.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the robust loss of arXiv:2310.00027; duality: Blanchet & Murthy, arXiv:1604.01446. The tau is exact to rounding.
    """
    check_broadcast(margin_mean=margin_mean, margin_deviation=margin_deviation, radius=radius)
    mean, deviation = (
        moderate("margin_mean", reals("margin_mean", margin_mean), most=1e50),
        moderate("margin_deviation", reals("margin_deviation", margin_deviation, above=0.0), most=1e50, least=1e-50),
    )
    eps = moderate("radius", reals("radius", radius, minimum=0.0), most=1e50, least=1e-80)
    mean, deviation, eps = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (mean, deviation, eps)))
    positive = mean * ndtr(mean / deviation) + deviation * normal_density(mean / deviation)
    all_moved, none_moved = eps >= positive, eps == 0.0
    high = np.maximum(mean, 0.0) + 40.0 * deviation
    tau = log_bisection(lambda place: _moved(mean, deviation, place, 1) > eps, 1e-200 * deviation, high)
    tau = np.where(all_moved, np.inf, np.where(none_moved, 0.0, tau))
    return PopulationDRO(plain(np.where(all_moved, 1.0, ndtr((tau - mean) / deviation))), plain(tau))


def dro_bias_coefficient(margin_mean: ArrayLike, margin_deviation: ArrayLike, radius: ArrayLike) -> Any:
    r"""Return the limit of m (E v_m - v) for the robust risk v_m of m samples of normal margins.

    Formula: ``-(E[t^2; 0 < t < tau] - eps^2) / (2 tau^3 f(tau))``, f the density of the margin.

    Parameters
    ----------
    margin_mean, margin_deviation, radius
        As in `wasserstein_dro_risk`, with 0 < eps < E max(t, 0).

    Returns
    -------
    float or ndarray
        Negative: v_m is a minimum of averages, so its mean is below v at every m.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the dual of the sample is minimised at a gamma that differs from 1/tau by the sampling error of the budget, and the gain of that
    minimisation is that error's variance over twice the curvature tau^3 f(tau).
    """
    check_broadcast(margin_mean=margin_mean, margin_deviation=margin_deviation, radius=radius)
    mean, deviation = (
        moderate("margin_mean", reals("margin_mean", margin_mean), most=1e50),
        moderate("margin_deviation", reals("margin_deviation", margin_deviation, above=0.0), most=1e50, least=1e-50),
    )
    eps = moderate("radius", reals("radius", radius, above=0.0), most=1e50, least=1e-80)
    mean, deviation, eps = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (mean, deviation, eps)))
    tau = np.asarray(wasserstein_dro_risk(mean, deviation, eps).threshold)
    if np.any(np.isinf(tau)):
        raise ValueError(f"radius must be below the mean of the positive part of the margin; got {radius!r}")
    density = normal_density((tau - mean) / deviation) / deviation
    curvature = tau**3 * density
    if not np.all(curvature > 1e-250):
        raise ValueError(f"radius must leave a threshold at which double precision knows the density of the margin; got {radius!r:.80}")
    return plain(-(_moved(mean, deviation, tau, 2) - eps**2) / (2.0 * curvature))


def _sample(margins: ArrayLike, radius: float) -> tuple[np.ndarray, float]:
    t = np.asarray(reals("margins", margins))
    if t.ndim == 0:
        raise ValueError(f"margins must have shape (..., m); got one number, {margins!r}")
    return t, real("radius", radius, minimum=0.0)


def wasserstein_dro_empirical(margins: ArrayLike, radius: float) -> EmpiricalDRO:
    r"""Return the largest error over all laws within a Wasserstein-1 distance of a sample, by moving the cheapest samples first.

    Formula: sort the positive margins; move them over the boundary until the budget m eps is spent, the last one in part.

    Parameters
    ----------
    margins
        t_i = y_i <w, x_i>/|w|, (..., m), finite.
    radius
        eps >= 0.

    Returns
    -------
    EmpiricalDRO
        Of shape (...).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    The greedy solution of a fractional knapsack; the robust labelled term of arXiv:2310.00027 at its best price.
    """
    t, eps = _sample(margins, radius)
    count = t.shape[-1]
    ordered = np.sort(np.maximum(t, 0.0), axis=-1)
    spent = np.cumsum(ordered, axis=-1)
    moved = np.sum(spent <= count * eps, axis=-1)
    # What is left goes into the next sample.
    last = np.minimum(moved, count - 1)[..., None]
    price = np.take_along_axis(ordered, last, axis=-1)[..., 0]
    before = np.where(moved > 0, np.take_along_axis(spent, np.maximum(moved - 1, 0)[..., None], axis=-1)[..., 0], 0.0)
    all_moved = moved == count
    safe = np.where(all_moved, 1.0, price)
    part = np.where(all_moved, 0.0, (count * eps - before) / safe)
    return EmpiricalDRO(plain((moved + part) / count), plain(np.where(all_moved, 0.0, 1.0 / safe)))


def wasserstein_dro_dual(margins: ArrayLike, radius: float) -> EmpiricalDRO:
    r"""Return the same risk from the dual problem, by looking at every price at which the objective can be least.

    Formula: ``min over gamma >= 0 of gamma eps + (1/m) sum ramp_gamma(t_i)``; it is convex and piecewise linear in gamma with kinks at the 1/t_i.

    Parameters
    ----------
    margins
        (m,), finite.
    radius
        eps >= 0.

    Returns
    -------
    EmpiricalDRO
        Floats. O(m^2).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Strong duality: Blanchet & Murthy, arXiv:1604.01446. The ramp is the robust loss of arXiv:2310.00027.
    """
    t, eps = _sample(margins, radius)
    if t.ndim != 1:
        raise ValueError(f"margins must have shape (m,); got shape {t.shape}")
    prices = np.concatenate([[0.0], 1.0 / t[t > 1e-300]])
    values = prices * eps + np.mean(ramp_loss(t, prices[:, None]), axis=-1)
    best = int(np.argmin(values))
    return EmpiricalDRO(float(values[best]), float(prices[best]))
