r"""The worst Massart noise against the ramp loss under a Gaussian marginal, and what it does to learners.

Per row in the band the component towards w* is (1 - 2 eta(x)) l'(a) b s, s = sign<w*, x>. Noise that wants it small is eta exactly where b s > 0 and
0 elsewhere. Given a = t, E_b (b s)_+- = phi(0) +- phi(t cot theta). With A(u) = sqrt(2 pi) erf(u/(2 sqrt 2))/u integration over the band gives

    G_M = [(1 - eta) A(sigma/sin theta) - eta A(sigma)]/pi.        (derived here)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf

from theorylab.backend import check_broadcast
from theorylab.numerics.roots import log_bisection
from theorylab.validation import moderate, plain, reals

__all__ = ["averaging_angle", "massart_critical_angle", "massart_critical_ratio", "massart_minimum_gradient", "massart_worst_gradient"]


def _band_factor(u: np.ndarray) -> np.ndarray:
    """Return A(u), which falls from 1 at 0."""
    return np.asarray(np.sqrt(2.0 * np.pi) * erf(u / (2.0 * np.sqrt(2.0))) / u)


def massart_worst_gradient(angle: ArrayLike, ramp_width: ArrayLike, noise_rate: ArrayLike) -> Any:
    r"""Return the least component towards w* that Massart noise can leave of minus the gradient.

    Formula: ``G_M = [(1 - eta) A(sigma/sin theta) - eta A(sigma)]/pi``, ``A(u) = sqrt(2 pi) erf(u/(2 sqrt 2))/u``; negative if the noise can even
    turn the learner away from w*.

    Parameters
    ----------
    angle
        theta in (0, pi).
    ramp_width
        sigma > 0.
    noise_rate
        eta in [0, 1/2).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(angle=angle, ramp_width=ramp_width, noise_rate=noise_rate)
    theta = np.asarray(moderate("angle", reals("angle", angle, above=0.0, below=np.pi), least=1e-100))
    width = np.asarray(moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50))
    eta = np.asarray(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    return plain(((1.0 - eta) * _band_factor(width / np.sin(theta)) - eta * _band_factor(width)) / np.pi)


def massart_minimum_gradient(angle: ArrayLike, ramp_width: ArrayLike, noise_rate: ArrayLike) -> Any:
    """Return the least norm of the gradient over all Massart noise, max(0, G_M): by turning less of it on, the noise can make it 0 where G_M < 0.

    Parameters and errors as in `massart_worst_gradient`.
    """
    check_broadcast(angle=angle, ramp_width=ramp_width, noise_rate=noise_rate)
    return plain(np.maximum(massart_worst_gradient(angle, ramp_width, noise_rate), 0.0))


def _critical_ratio(level: np.ndarray) -> np.ndarray:
    """Return the r at which A(1/r) = level, in (0, 1): A(1/r) rises from 0 to 1."""
    return log_bisection(lambda r: _band_factor(1.0 / r) > level, 1e-8 * level, 1.0 / np.sqrt(np.maximum(1.0 - level, 1e-15)))


def massart_critical_ratio(noise_rate: ArrayLike) -> Any:
    r"""Return r*(eta) = sin(theta)/sigma up to which Massart noise can hold the learner, for narrow ramps.

    Formula: the root of ``sqrt(2 pi) r erf(1/(2 sqrt(2) r)) = eta/(1 - eta)``. It is near ``eta/((1 - eta) sqrt(2 pi))`` for small eta and near
    ``1/sqrt(48 (1 - 2 eta))`` near eta = 1/2, which is the condition sigma <= c sqrt(1 - 2 eta) sin(theta) of arXiv:2002.05632 with its constant.

    Parameters
    ----------
    noise_rate
        eta in [0, 1/2).

    Raises
    ------
    ValueError
        If a rate is out of range.
    """
    eta = np.asarray(moderate("noise_rate", reals("noise_rate", noise_rate, minimum=0.0, below=0.5), least=1e-100))
    level = np.where(eta > 0.0, eta / (1.0 - eta), 0.5)
    return plain(np.where(eta > 0.0, _critical_ratio(level), 0.0))


def massart_critical_angle(ramp_width: ArrayLike, noise_rate: ArrayLike) -> Any:
    r"""Return the largest angle at which Massart noise can make w stationary, theta with ``A(sigma/sin theta)/A(sigma) = eta/(1 - eta)``.

    Parameters
    ----------
    ramp_width
        sigma > 0.
    noise_rate
        eta in [0, 1/2).

    Returns
    -------
    float or ndarray
        In [0, pi/2): proportional to sigma for narrow ramps, sin(theta) = sigma r*(eta).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(ramp_width=ramp_width, noise_rate=noise_rate)
    width = np.asarray(moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50))
    eta = np.asarray(moderate("noise_rate", reals("noise_rate", noise_rate, minimum=0.0, below=0.5), least=1e-100))
    level = np.where(eta > 0.0, eta / (1.0 - eta), 0.5) * _band_factor(width)
    sine = width * _critical_ratio(level)
    return plain(np.where(eta > 0.0, np.arcsin(np.minimum(sine, 1.0)), 0.0))


def averaging_angle(angle: ArrayLike, noise_rate: ArrayLike) -> Any:
    r"""Return the angle to w* of E[y x] when the noise is turned against the direction at `angle` from w*.

    With flips of probability eta where ``b s > 0``, E[y b] = sqrt(2/pi) (sin theta - eta (1 + sin theta)) and E[y a] = sqrt(2/pi) (1 - eta) cos
    theta, so the formula is ``theta + arctan(eta/((1 - eta) cos theta) - tan theta)``. Derived here.

    Parameters
    ----------
    angle
        theta in [0, pi/2).
    noise_rate
        eta in [0, 1/2).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(angle=angle, noise_rate=noise_rate)
    theta = np.asarray(moderate("angle", reals("angle", angle, minimum=0.0, below=np.pi / 2.0), least=1e-100))
    eta = np.asarray(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    return plain(theta + np.arctan(eta / ((1.0 - eta) * np.cos(theta)) - np.tan(theta)))
