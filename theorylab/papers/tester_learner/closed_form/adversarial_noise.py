r"""The worst adversarial flips against the ramp loss under a Gaussian marginal: a sharp threshold, and an explicit constant in O(opt).

A flip takes 2 l'(a) b s off the component towards w*, so the worst flips of a given mass are those of largest |b| in the band, where b s > 0 (a
knapsack with equal costs): |b| >= t there. With T = max(t, a |cot theta|)

    opt = 2 int_0^{sigma/2} phi(a) [Phi(-t) + Phi(-T)] da,   G_A = h(sin(theta)/sigma) - (4/sigma) int_0^{sigma/2} phi(a) [phi(t) + phi(T)] da.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import normal_density
from theorylab.papers.tester_learner.closed_form.surrogate_gradient import gradient_profile
from theorylab.validation import moderate, plain, reals

__all__ = [
    "BestWidth",
    "adversarial_error_ratio",
    "adversarial_flip_threshold",
    "adversarial_minimum_gradient",
    "adversarial_threshold",
    "adversarial_worst_gradient",
    "best_adversarial_width",
]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)


class BestWidth(NamedTuple):
    """The ramp width that gives the smallest constant: opt/sigma, and the bound on err/opt there."""

    error_over_width: float
    ratio: float


def adversarial_threshold() -> float:
    r"""Return the share of the band that must be flipped for a stationary point at a right angle, for narrow ramps.

    Formula: ``2 Phi(-sqrt(2 log 2)) = .239032``: there 4 phi(t)/sqrt(2 pi) = 1/pi, that is phi(t) = phi(0)/2. In units of sigma the mass is
    ``phi(0)`` times as much, opt/sigma = .0953599. Derived here.
    """
    return float(2.0 * ndtr(-np.sqrt(2.0 * np.log(2.0))))


def _band_integrals(t: float, cotangent: float, half: float, density: bool) -> tuple[float, float]:
    """Return int_0^half of w(a) [Phi(-t) + Phi(-T)] and of w(a) [phi(t) + phi(T)], w = phi or, if not `density`, phi(0)."""
    kink = min(t / cotangent, half) if cotangent > 0.0 else half
    tails, heights = 0.0, 0.0
    for low, high in ((0.0, kink), (kink, half)):
        if high <= low:
            continue
        # For small theta the integrand lives near the kink, within a few 1/|cot theta|.
        middle = min(high, low + 12.0 / cotangent) if cotangent > 0.0 else high
        for begin, end in ((low, middle), (middle, high)):
            if end <= begin:
                continue
            a = 0.5 * (begin + end) + 0.5 * (end - begin) * _NODES
            weight = 0.5 * (end - begin) * _WEIGHTS * (normal_density(a) if density else normal_density(0.0))
            reach = np.maximum(t, a * cotangent)
            tails += float(np.sum(weight * (ndtr(-t) + ndtr(-reach))))
            heights += float(np.sum(weight * (normal_density(t) + normal_density(reach))))
    return tails, heights


def _threshold(mass: float, cotangent: float, half: float, density: bool) -> float:
    """Return t at which 2 int w [Phi(-t) + Phi(-T)] is the mass; 0 if even all of the region is less."""
    if 2.0 * _band_integrals(0.0, cotangent, half, density)[0] <= mass:
        return 0.0
    return float(brentq(lambda t: 2.0 * _band_integrals(t, cotangent, half, density)[0] - mass, 0.0, 38.0, xtol=1e-14, rtol=1e-13))


def _checked(angle: ArrayLike, ramp_width: ArrayLike, optimal_error: ArrayLike) -> tuple[np.ndarray, ...]:
    theta = np.asarray(moderate("angle", reals("angle", angle, above=0.0, below=np.pi), least=1e-100))
    width = np.asarray(moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50))
    mass = np.asarray(reals("optimal_error", optimal_error, above=0.0, below=0.5))
    return tuple(np.broadcast_arrays(theta, width, mass))


def adversarial_flip_threshold(angle: ArrayLike, ramp_width: ArrayLike, optimal_error: ArrayLike) -> Any:
    """Return the t beyond which |b| is flipped by the worst flips of this mass; 0 where the band holds less mass to be flipped.

    Parameters
    ----------
    angle
        theta in (0, pi).
    ramp_width
        sigma > 0.
    optimal_error
        Mass of the flips, opt in (0, 1/2).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(angle=angle, ramp_width=ramp_width, optimal_error=optimal_error)
    theta, width, mass = _checked(angle, ramp_width, optimal_error)
    cells = zip(theta.ravel(), width.ravel(), mass.ravel(), strict=True)
    values = [_threshold(float(m), abs(float(np.cos(t) / np.sin(t))), 0.5 * float(s), True) for t, s, m in cells]
    return plain(np.array(values).reshape(theta.shape))


def adversarial_worst_gradient(angle: ArrayLike, ramp_width: ArrayLike, optimal_error: ArrayLike) -> Any:
    r"""Return the least component towards w* that flips of a mass can leave of minus the gradient, G_A; negative if they turn the learner away.

    Parameters
    ----------
    angle, ramp_width, optimal_error
        As in `adversarial_flip_threshold`.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(angle=angle, ramp_width=ramp_width, optimal_error=optimal_error)
    theta, width, mass = _checked(angle, ramp_width, optimal_error)
    thresholds = np.asarray(adversarial_flip_threshold(theta, width, mass))
    cells = zip(theta.ravel(), width.ravel(), thresholds.ravel(), strict=True)
    losses = [4.0 / s * _band_integrals(float(t), abs(float(np.cos(a) / np.sin(a))), 0.5 * float(s), True)[1] for a, s, t in cells]
    return plain(np.asarray(gradient_profile(np.sin(theta) / width)) - np.array(losses).reshape(theta.shape))


def adversarial_minimum_gradient(angle: ArrayLike, ramp_width: ArrayLike, optimal_error: ArrayLike) -> Any:
    """Return the least norm of the gradient over all flips of at most this mass, max(0, G_A); arguments as in `adversarial_worst_gradient`."""
    check_broadcast(angle=angle, ramp_width=ramp_width, optimal_error=optimal_error)
    return plain(np.maximum(adversarial_worst_gradient(angle, ramp_width, optimal_error), 0.0))


def _narrow_gradient(ratio: float, mass: float) -> float:
    """Return G_A for sigma -> 0 at sin(theta)/sigma = ratio and opt/sigma = mass, where a cot(theta) = (a/sigma)/ratio."""
    t = _threshold(mass, 1.0 / ratio, 0.5, False)
    return float(gradient_profile(ratio)) - 4.0 * _band_integrals(t, 1.0 / ratio, 0.5, False)[1]


def adversarial_error_ratio(error_over_width: ArrayLike) -> Any:
    r"""Return the bound on err/opt that holds at every stationary point with theta <= pi/2, for narrow ramps.

    Formula: ``1 + r/(pi o)`` with o = opt/sigma and r the largest sin(theta)/sigma at which G_A = 0: err <= opt + theta/pi. Infinite from
    o = .0953599 on, where a stationary point exists at a right angle.

    Parameters
    ----------
    error_over_width
        opt/sigma > 0.

    Raises
    ------
    ValueError
        If a value is not positive.
    """
    masses = np.asarray(reals("error_over_width", error_over_width, above=0.0))
    return plain(np.array([_ratio(float(mass)) for mass in masses.ravel()]).reshape(masses.shape))


def _ratio(mass: float) -> float:
    if mass >= adversarial_threshold() * normal_density(0.0):
        return np.inf
    high = 1.0
    while _narrow_gradient(high, mass) <= 0.0:
        high *= 2.0
        if high > 1e9:
            return np.inf
    root = brentq(lambda ratio: _narrow_gradient(ratio, mass), 1e-6 * mass, high, xtol=1e-15, rtol=1e-13)
    return 1.0 + float(root) / (np.pi * mass)


@cache
def best_adversarial_width() -> BestWidth:
    """Return the opt/sigma with the smallest bound on err/opt, and that bound: about .0453 and 2.651, so sigma = 22.06 opt."""
    found = minimize_scalar(_ratio, bounds=(0.01, 0.09), method="bounded", options={"xatol": 1e-9})
    return BestWidth(float(found.x), float(found.fun))
