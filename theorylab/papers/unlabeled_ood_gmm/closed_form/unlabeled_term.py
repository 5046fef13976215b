r"""How well unlabelled samples tell the direction of their mean: the ramp of the paper, the first eigenvector, and the best that there is.

In d dimensions and for many samples the angle c to the mean has ``n s^2 E sin^2 c / (d - 1) -> 1/e``, e the efficiency: what one unlabelled sample
is worth in labelled ones. Whatever maximises sum_j rho(<w, x_j>), rho even with rho' = h, has ``e = (E h(t))^2 / E h(t)^2`` at a margin t ~ N(s, 1)
(derived here: the score across the mean has the variance E h^2, and the slope of its mean is s E h). So e <= E tanh(s t) = g(s^2) by Cauchy and
Schwarz, as E h(t) = E h(t) tanh(s t), with equality for the likelihood alone, h = tanh(s t).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf

from theorylab.backend import check_broadcast
from theorylab.numerics.roots import log_bisection
from theorylab.validation import moderate, plain, reals

__all__ = ["pca_efficiency", "ramp_efficiency", "ramp_meets_pca"]

# A normal density is integrated over this much below its end, in panels narrow enough for 20 points of Gauss and Legendre.
_REACH, _PANELS = 24.0, 48
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_PLACES = ((np.arange(_PANELS)[:, None] + 0.5 * (1.0 + _NODES)) / _PANELS).ravel()
_SHARES = np.tile(0.5 * _WEIGHTS / _PANELS, _PANELS)


def ramp_efficiency(half_distance: ArrayLike, threshold: ArrayLike) -> Any:
    r"""Return the efficiency of the unlabelled ramp E max(0, 1 - |t|/tau).

    Formula: ``e = D^2/P``, D = P(0 < t < tau) - P(-tau < t < 0), P = P(|t| < tau), t ~ N(s, 1); ``(2 Phi(s) - 1)^2`` for an infinite tau, where the
    term becomes the mean of |t|. Strictly increasing in tau (derived here: D'/P' = tanh(s tau), and D/P is a mean of smaller such values, so
    2 D'/D > P'/P), and near ``s^2 phi(s) tau^3 / 2`` for a small one: the sharper the ramp, the less it learns.

    Parameters
    ----------
    half_distance
        s >= 0; broadcasts.
    threshold
        tau = 1/gamma' > 0, may be infinite; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1), of relative error about 1e-13.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the unlabelled term of arXiv:2310.00027.
    """
    check_broadcast(half_distance=half_distance, threshold=threshold)
    s = np.asarray(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50))
    given = np.asarray(threshold, dtype=np.float64) if np.asarray(threshold).dtype.kind in "iuf" else np.asarray(reals("threshold", threshold))
    endless = np.isposinf(given)
    tau = np.asarray(reals("threshold", np.where(endless, 1.0, given), above=0.0))
    s, tau, endless = np.broadcast_arrays(s, tau, endless)
    top = np.minimum(tau, s + 0.5 * _REACH)[..., None]
    low = np.maximum(top - _REACH, 0.0)
    t = low + (top - low) * _PLACES
    density = np.exp(-0.5 * np.square(t - s[..., None])) * _SHARES
    mirrored = np.exp(-2.0 * s[..., None] * t)
    # Common factors: the width of the interval, and 1/sqrt(2 pi).
    inside = np.sum(density * (1.0 + mirrored), axis=-1)
    slope = np.sum(density * -np.expm1(-2.0 * s[..., None] * t), axis=-1)
    unit = (top - low)[..., 0] / np.sqrt(2.0 * np.pi)
    finite = unit * slope * np.divide(slope, inside, out=np.zeros_like(inside), where=inside > 0.0)
    return plain(np.where(endless, np.square(erf(s / np.sqrt(2.0))), finite))


def pca_efficiency(half_distance: ArrayLike) -> Any:
    r"""Return the efficiency of the first eigenvector of the second moments, s^2/(1 + s^2).

    Parameters
    ----------
    half_distance
        s >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1).

    Raises
    ------
    ValueError
        If an entry is negative or not finite.

    Notes
    -----
    Textbook (a spike of s^2 in white noise); h(t) = t in the formula above.
    """
    square = np.square(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50))
    return plain(square / (1.0 + square))


def ramp_meets_pca() -> float:
    """Return the half-distance, 1.18704, at which the ramp of infinite tau is as efficient as the first eigenvector: worse below it, better above.

    The root of ``(2 Phi(s) - 1)^2 = s^2/(1 + s^2)``, to rounding.
    """
    return float(log_bisection(lambda s: ramp_efficiency(s, np.inf) > pca_efficiency(s), 0.5, 2.0))
