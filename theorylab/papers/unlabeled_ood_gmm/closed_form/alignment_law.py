r"""The angle between the mean of labelled samples and the true mean, and expectations over it by quadrature.

w sqrt(m)/sigma0 is normal with mean nu e and covariance I, nu = sqrt(m) s. Its coordinate u along e is N(nu, 1), the length of the rest, y, is a chi
variable with d - 1 degrees of freedom, independent of it. In polar coordinates (rho, alpha) of the half-plane (u, y >= 0) the density
``rho^(d-1) sin(alpha)^(d-2) exp(-(rho^2 - 2 rho nu cos(alpha) + nu^2)/2)`` is smooth, and most of it lies within a distance of order 1 of its top.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.validation import function as checked_function
from theorylab.validation import integers, moderate, plain, real, reals, whole_number

__all__ = ["alignment_expectation", "robust_mean_classifier_risk"]

_INNER, _INNER_WEIGHTS = np.polynomial.legendre.leggauss(80)
_PANEL, _PANEL_WEIGHTS = np.polynomial.legendre.leggauss(24)
# The radius is integrated so far from the top of its density, whose logarithm bends at least like -t^2/2.
_REACH = 9.0


def _angle_density(angle: np.ndarray, d: int, nu: float) -> np.ndarray:
    """Return the density of the angle in (0, pi): the integral over the radius, around the top of its integrand."""
    height = nu * np.cos(angle)
    top = 0.5 * (height + np.sqrt(height**2 + 4.0 * (d - 1.0)))
    start = np.maximum(top - _REACH, 0.0)
    half = 0.5 * (top + _REACH - start)
    radius = start[:, None] + half[:, None] * (1.0 + _INNER)
    constant = gammaln(0.5 * (d - 1.0)) + 0.5 * (d - 3.0) * np.log(2.0) + 0.5 * np.log(2.0 * np.pi)
    # (rho - nu cos)^2 + (nu sin)^2 is the squared distance from (nu, 0).
    distance = (radius - height[:, None]) ** 2 + (nu * np.sin(angle[:, None])) ** 2
    logarithm = (d - 1.0) * np.log(radius) + (d - 2.0) * np.log(np.sin(angle[:, None])) - 0.5 * distance - constant
    return np.asarray(half * np.sum(_INNER_WEIGHTS * np.exp(logarithm), axis=-1))


def alignment_expectation(function: Callable[[np.ndarray], np.ndarray], dimension: int, signal: float, *, steepness: float = 0.0) -> float:
    r"""Return E f(cos) for the angle between a vector of law N(nu e, I_d) and the unit vector e.

    Formula: in one dimension ``f(1) Phi(nu) + f(-1) Phi(-nu)``, otherwise the integral over the density of the angle, in panels.

    Parameters
    ----------
    function
        f, smooth and vectorised on [-1, 1].
    dimension
        d >= 1.
    signal
        nu >= 0; sqrt(m) s for the mean of m labelled samples.
    steepness
        log(max |f| / |E f|), roughly: how far into its tail the law is needed when f is largest where the law is rare.

    Returns
    -------
    float
        The relative error is about 1e-13 for d up to 1e6 and 1e-12 for d near 1e8: common errors of the density cancel in the division by its total.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If panels of half the width change the value, or the density does not integrate to 1.
    """
    function = checked_function("function", function)
    d, nu = whole_number("dimension", dimension), moderate("signal", real("signal", signal, minimum=0.0))
    rarity = moderate("steepness", real("steepness", steepness, minimum=0.0), most=1e6)
    if d == 1:
        ends = np.asarray(function(np.array([1.0, -1.0])))
        return float(ends[0] * ndtr(nu) + ends[1] * ndtr(-nu))
    # The density in the half-plane falls at least like exp(-t^2/2) with the distance t from its top.
    length, reach = np.hypot(nu, np.sqrt(d - 1.0)), 2.0 + np.sqrt(2.0 * (35.0 + rarity))
    spread = np.arcsin(min(1.0, reach / length)) if reach < length else np.pi
    centre = np.arctan2(np.sqrt(d - 1.0), nu)
    low, high = max(centre - spread, 0.0), min(centre + spread, np.pi)
    panels = int(np.ceil(2.0 * reach / 3.0))
    found = []
    for count in (panels, 2 * panels):
        edges = np.linspace(low, high, count + 1)
        half = 0.5 * np.diff(edges)[:, None]
        angles = (edges[:-1, None] + half * (1.0 + _PANEL)).ravel()
        weights = (half * _PANEL_WEIGHTS).ravel() * _angle_density(angles, d, nu)
        values = np.asarray(function(np.cos(angles)))
        found.append((float(np.sum(weights * values)), float(np.sum(weights * np.abs(values))), float(np.sum(weights))))
    (coarse, _, _), (value, size, total) = found
    tolerance = 1e-10 + 1e-14 * d
    if abs(total - 1.0) > 100.0 * tolerance or abs(value - coarse) > tolerance * size:
        raise ConvergenceError(f"the expectation over the angle did not converge: {value:.12g} after {coarse:.12g}, total probability {total:.12g}")
    return value / total


def robust_mean_classifier_risk(dimension: ArrayLike, labeled_size: ArrayLike, half_distance: ArrayLike, radius: ArrayLike) -> Any:
    r"""Return the expected risk of the mean of m labelled samples when an attacker moves every test sample.

    Formula: ``E Phi(eps - s cos)`` over the angle between w and mu0.

    Parameters
    ----------
    dimension, labeled_size
        d >= 1 and m >= 1, integers; they broadcast.
    half_distance
        s >= 0; broadcasts.
    radius
        eps >= 0, the Euclidean length of a move in standard deviations; broadcasts.

    Returns
    -------
    float or ndarray
        In (0, 1), of relative error about 1e-12. Above 1/2 a constant rule is better.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the quadrature does not converge.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027: the worst move lowers the margin of every sample by eps |w|.
    """
    check_broadcast(dimension=dimension, labeled_size=labeled_size, half_distance=half_distance, radius=radius)
    d, m = integers("dimension", dimension), integers("labeled_size", labeled_size)
    s, eps = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50), reals("radius", radius, minimum=0.0)

    def one(d: int, m: int, s: float, eps: float) -> float:
        # Beyond this nothing is left in double precision.
        rarity = 0.5 * min(max(s - eps, 0.0), 100.0) ** 2
        return alignment_expectation(lambda cosine: ndtr(eps - s * cosine), int(d), float(np.sqrt(m) * s), steepness=float(rarity))

    return plain(np.vectorize(one, otypes=[float])(d, m, s, eps))
