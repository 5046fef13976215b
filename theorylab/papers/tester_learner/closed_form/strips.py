r"""How often two halfspaces at a small angle can disagree if only moments are known: strip by strip, or globally.

w* = cos(theta) w + sin(theta) v disagrees with w at x only where |<v, x>| tan(theta) >= |<w, x>|. In a strip |<w, x>| in [lo, hi) whose second
moment along v is at most lambda, Chebyshev's inequality bounds the share by min(1, lambda tan^2(theta)/lo^2).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, factorial2

from theorylab.backend import check_broadcast
from theorylab.validation import choice, integers, moderate, plain, reals

__all__ = [
    "GlobalBound",
    "global_disagreement_bound",
    "moment_disagreement_constant",
    "strip_disagreement_bound",
    "strip_moment_ratio",
    "strip_ratio_limit",
]

MOMENTS = ("chebyshev", "cantelli")
_REACH = 9.0
_MOST_STRIPS = 10**7
_LARGEST_DEGREE = 300


def strip_disagreement_bound(angle: ArrayLike, strip_ratio: ArrayLike, moment: str = "chebyshev") -> Any:
    r"""Return the bound on P[disagree] for strips of width s tan(theta) on which mass and second moments are a Gaussian's.

    Formula: ``sum over i >= 0 of P[i s t <= |a| < (i + 1) s t] q(i s)``, t = tan(theta), q(u) = min(1, 1/u^2) by Chebyshev's inequality. If also the
    mean of sign(a) b is known to vanish in each strip, a disagreement is a deviation to one side, and q(u) = 1/(1 + u^2) (Cantelli).

    Parameters
    ----------
    angle
        theta in (0, pi/2): beyond, w and w* disagree more than they agree, and -w is to be compared.
    strip_ratio
        s > 0.
    moment
        "chebyshev" or "cantelli".

    Returns
    -------
    float or ndarray
        At least theta/pi.

    Raises
    ------
    ValueError
        If an argument is out of range, or there would be more than 10^7 strips: use `strip_ratio_limit` there.
    """
    check_broadcast(angle=angle, strip_ratio=strip_ratio)
    theta = np.asarray(reals("angle", angle, above=0.0, below=np.pi / 2.0))
    ratio = np.asarray(moderate("strip_ratio", reals("strip_ratio", strip_ratio, above=0.0)))
    narrowest = float(np.min(ratio * np.tan(theta)))
    if narrowest < _REACH / _MOST_STRIPS:
        raise ValueError(f"strip_ratio times tan(angle) must be at least {_REACH / _MOST_STRIPS:g}; got {narrowest:.3g}")
    kind = choice("moment", moment, MOMENTS)
    theta, ratio = np.broadcast_arrays(theta, ratio)
    cells = zip(theta.ravel(), ratio.ravel(), strict=True)
    return plain(np.array([_strip_sum(float(np.tan(t)), float(s), kind) for t, s in cells]).reshape(theta.shape))


def _strip_sum(tangent: float, ratio: float, kind: str) -> float:
    width = ratio * tangent
    index = np.arange(int(np.ceil(_REACH / width)) + 1)
    edges = erf(width * index / np.sqrt(2.0))
    masses = np.append(np.diff(edges), 1.0 - edges[-1])
    u = ratio * index
    share = 1.0 / np.maximum(u, 1.0) ** 2 if kind == "chebyshev" else 1.0 / (1.0 + u**2)
    return float(np.sum(masses * share))


def strip_ratio_limit(strip_ratio: ArrayLike, moment: str = "chebyshev") -> Any:
    r"""Return the limit of the bound over theta/pi for small angles.

    Formula: ``2 phi(0) pi s sum over i of q(i s)``; for s -> 0 the integral of q: ``2 phi(0) pi 2 = 5.0133`` by Chebyshev and
    ``2 phi(0) pi (pi/2) = 3.9374`` by Cantelli; for s = 1 ``2 phi(0) pi (1 + pi^2/6) = 6.6300``.

    Parameters
    ----------
    strip_ratio
        s >= 0; 0 means the limit.
    moment
        "chebyshev" or "cantelli".

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    ratio = np.asarray(moderate("strip_ratio", reals("strip_ratio", strip_ratio, minimum=0.0), least=1e-100))
    kind = choice("moment", moment, MOMENTS)
    scale = np.sqrt(2.0 * np.pi)
    if kind == "cantelli":
        # sum over i >= 0 of 1/(1 + (i s)^2) = (1 + (pi/s) coth(pi/s))/2.
        safe = np.where(ratio > 0.0, ratio, 1.0)
        return plain(scale * np.where(ratio > 0.0, 0.5 * (safe + np.pi / np.tanh(np.pi / safe)), np.pi / 2.0))
    return plain(np.array([_chebyshev_limit(float(s)) for s in ratio.ravel()]).reshape(ratio.shape) * scale)


def _chebyshev_limit(ratio: float) -> float:
    if ratio == 0.0:
        return 2.0
    from scipy.special import polygamma

    # Strips that begin below 1 count fully; sum over i >= k of 1/i^2 is the trigamma function at k.
    whole = int(np.ceil(1.0 / ratio))
    return ratio * whole + float(polygamma(1, whole)) / ratio


def strip_moment_ratio(degree: ArrayLike) -> Any:
    r"""Return the limit of the bound over theta/pi for narrow strips on which the moment of an even degree k is a Gaussian's.

    Formula: ``2 phi(0) pi m_k^(1/k) k/(k - 1)``, m_k = (k - 1)!!: the integral of min(1, m_k/u^k). Smallest for k = 4.

    Parameters
    ----------
    degree
        Even integers from 2 to 300: the double factorials of others leave double precision.

    Raises
    ------
    ValueError
        If a degree is odd or out of range.
    """
    k = _even(degree)
    return plain(np.sqrt(2.0 * np.pi) * factorial2(k - 1) ** (1.0 / k) * k / (k - 1.0))


def _even(degree: ArrayLike) -> np.ndarray:
    k = np.asarray(integers("degree", degree, minimum=2))
    if np.any(k % 2):
        raise ValueError(f"degree must be an even integer >= 2; got {np.asarray(degree).tolist()}")
    if np.any(k > _LARGEST_DEGREE):
        raise ValueError(f"degree must be at most {_LARGEST_DEGREE}, for double factorials in double precision; got {np.asarray(degree).tolist()}")
    return k


def moment_disagreement_constant(degree: ArrayLike) -> Any:
    r"""Return c_k of the bound P[disagree] <= c_k tan(theta)^(k/(k + 1)) from global moments: E b^k at most a Gaussian's, and bands no heavier.

    The band of half-width s is given up, and beyond it Markov's inequality is used: ``P[|a| <= s] + P[|b| t >= s] <= sqrt(2/pi) s + m_k t^k/s^k``,
    least at ``s = (k m_k t^k sqrt(pi/2))^(1/(k + 1))``, so
    ``c_k = sqrt(2/pi) (1 + 1/k) (k m_k sqrt(pi/2))^(1/(k + 1))``. Derived here.

    Parameters
    ----------
    degree
        Even integers from 2 to 300.

    Raises
    ------
    ValueError
        If a degree is odd or out of range.
    """
    k = _even(degree)
    return plain(np.sqrt(2.0 / np.pi) * (1.0 + 1.0 / k) * (k * factorial2(k - 1) * np.sqrt(np.pi / 2.0)) ** (1.0 / (k + 1.0)))


class GlobalBound(NamedTuple):
    """A bound on P[disagree], and the half-width of the band that is given up for it."""

    value: Any
    half_width: Any


def global_disagreement_bound(angle: ArrayLike, degree: ArrayLike) -> GlobalBound:
    r"""Return the bound from global moments of degree k, ``c_k tan(theta)^(k/(k + 1))``, see `moment_disagreement_constant`.

    It is polynomially worse than theta for every fixed k; k of order log(1/theta) gives theta sqrt(log(1/theta)), at the cost of d^k moments.

    Parameters
    ----------
    angle
        theta in (0, pi/2).
    degree
        Even integers >= 2.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(angle=angle, degree=degree)
    tangent = np.tan(np.asarray(reals("angle", angle, above=0.0, below=np.pi / 2.0)))
    k = _even(degree)
    value = moment_disagreement_constant(k) * tangent ** (k / (k + 1.0))
    half_width = (k * factorial2(k - 1) * np.sqrt(np.pi / 2.0)) ** (1.0 / (k + 1.0)) * tangent ** (k / (k + 1.0))
    return GlobalBound(plain(value), plain(half_width))
