r"""The robust loss of the paper, a ramp, and its expectations under normal margins.

For the classification error and a transport cost gamma |z - x| the robust loss sup_z [1{y <w,z> <= 0} - gamma |z - x|] depends on a sample through
its margin t = y <w, x> / |w| alone: it is 1 for t <= 0 and falls to 0 with slope gamma. An unlabelled sample gets the rule's own label, hence |t|.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import normal_density
from theorylab.validation import choice, plain, reals

__all__ = ["expected_ramp_loss", "expected_unlabeled_ramp", "ramp_loss"]


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


def triangle_expectation(mean: Any, deviation: Any, tau: Any) -> Any:
    """Return E[max(0, 1 - t/tau); t > 0] for t ~ N(mean, deviation^2).

    Formula: ``Phi(b) - Phi(a) - {mean [Phi(b) - Phi(a)] + deviation [phi(a) - phi(b)]} / tau``, a = -mean/deviation, b = (tau - mean)/deviation. A
    triangle narrower than the deviation would lose digits in these differences; there Gauss and Legendre's 20 points are exact to rounding.
    """
    mean, deviation, tau = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (mean, deviation, tau)))
    start, end = -mean / deviation, (tau - mean) / deviation
    within = ndtr(end) - ndtr(start)
    wide = within - (mean * within + deviation * (normal_density(start) - normal_density(end))) / tau
    width = np.minimum(tau / deviation, 1.0)[..., None]
    places = 0.5 * (1.0 + _NODES)
    narrow = 0.5 * width[..., 0] * np.sum(_WEIGHTS * (1.0 - places) * normal_density(start[..., None] + width * places), axis=-1)
    return np.where(tau < deviation, narrow, wide)


def ramp_loss(margin: ArrayLike, slope: ArrayLike, *, cost: str = "distance") -> Any:
    r"""Return the robust loss of samples with these margins.

    Formula: ``min(1, max(0, 1 - gamma t))``; with the squared distance as cost ``max(0, 1 - gamma t^2)`` for t > 0 and 1 for t <= 0.

    Parameters
    ----------
    margin
        t = y <w, x> / |w|, finite; broadcasts.
    slope
        gamma >= 0, the price of moving a sample by one unit (of distance, or of its square); broadcasts.
    cost
        "distance" or "squared_distance".

    Returns
    -------
    float or ndarray
        In [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2310.00027, the robust self-supervised loss.
    """
    check_broadcast(margin=margin, slope=slope)
    t, gamma = reals("margin", margin), reals("slope", slope, minimum=0.0)
    price = gamma * (t if choice("cost", cost, ("distance", "squared_distance")) == "distance" else np.square(t))
    return plain(np.where(np.less_equal(t, 0.0), 1.0, np.maximum(1.0 - price, 0.0)))


def expected_ramp_loss(margin_mean: ArrayLike, margin_deviation: ArrayLike, slope: ArrayLike) -> Any:
    r"""Return the expected robust loss of a rule whose margins are normal.

    Formula: ``Phi(b) - gamma {M [Phi(b) - Phi(a)] + sigma [phi(a) - phi(b)]}``, a = -M/sigma, b = (1/gamma - M)/sigma.

    Parameters
    ----------
    margin_mean
        M = <w, mu>/|w|, finite; broadcasts.
    margin_deviation
        sigma > 0, the standard deviation of the margin; broadcasts.
    slope
        gamma > 0; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1], decreasing in M; absolute error about 1e-15.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the loss of arXiv:2310.00027: E max(0, 1 - gamma t) over t > 0, plus P(t <= 0).
    """
    check_broadcast(margin_mean=margin_mean, margin_deviation=margin_deviation, slope=slope)
    mean, deviation = reals("margin_mean", margin_mean), reals("margin_deviation", margin_deviation, above=0.0)
    gamma = reals("slope", slope, above=0.0)
    return plain(np.clip(ndtr(-mean / deviation) + triangle_expectation(mean, deviation, 1.0 / gamma), 0.0, 1.0))


def expected_unlabeled_ramp(margin_mean: ArrayLike, margin_deviation: ArrayLike, threshold: ArrayLike) -> Any:
    r"""Return the expected unlabelled term E max(0, 1 - |t|/tau) of a rule whose margins are normal.

    Formula: ``P(|t| < tau) - E[|t|; |t| < tau] / tau`` for t ~ N(M, sigma^2).

    Parameters
    ----------
    margin_mean
        M = <w, mu1>/|w|, finite; broadcasts.
    margin_deviation
        sigma > 0; broadcasts.
    threshold
        tau = 1/gamma' > 0, the margin beyond which a sample costs nothing; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1], even in M and strictly decreasing in |M|; absolute error about 1e-15.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the unlabelled term of arXiv:2310.00027.
    """
    check_broadcast(margin_mean=margin_mean, margin_deviation=margin_deviation, threshold=threshold)
    mean, deviation = reals("margin_mean", margin_mean), reals("margin_deviation", margin_deviation, above=0.0)
    tau = reals("threshold", threshold, above=0.0)
    return plain(np.clip(triangle_expectation(mean, deviation, tau) + triangle_expectation(np.negative(mean), deviation, tau), 0.0, 1.0))
