r"""The gradient of the surrogate loss at an angle from the target, under a Gaussian marginal and random classification noise.

With a = <w, x>, b along the part of w* orthogonal to w: sign<w*, x> = sign(b + a cot theta), and E_b[b sign(b + t cot theta)] = 2 phi(t cot theta).
Since phi(t) phi(t cot theta) = exp(-t^2/(2 sin^2 theta))/(2 pi), the gradient has no other component and points towards w* with the length

    G = (1 - 2 eta)/pi * integral of l'(t) exp(-t^2/(2 sin^2 theta)) dt.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf

from theorylab.backend import check_broadcast
from theorylab.numerics.roots import log_bisection
from theorylab.papers.tester_learner.closed_form.surrogate_losses import LOSSES, surrogate_loss_slope
from theorylab.validation import choice, moderate, plain, reals

__all__ = ["angle_from_gradient_norm", "gradient_profile", "surrogate_gradient"]

_SQRT_2_OVER_PI = np.sqrt(2.0 / np.pi)
# Below this ratio the Gaussian is narrower than the pieces of the smooth ramp, and its moments are exact; above it quadrature is.
_NARROW = 0.3


def gradient_profile(ratio: ArrayLike, loss: str = "ramp") -> Any:
    r"""Return h(r) = G/(1 - 2 eta) as a function of r = sin(theta)/sigma alone.

    Formula: ``h(r) = (1/pi) integral of l'_1(t) exp(-t^2/(2 r^2)) dt`` with the slope l'_1 at width 1. For the ramp
    ``sqrt(2/pi) r erf(1/(2 sqrt(2) r))``. It increases from 0, like ``sqrt(2/pi) r l'_1(0)``, to 1/pi.

    Parameters
    ----------
    ratio
        r >= 0.
    loss
        "ramp", "smooth_ramp" or "logistic".

    Returns
    -------
    float or ndarray
        Of relative error about 1e-14.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    r = np.asarray(reals("ratio", ratio, minimum=0.0))
    kind = choice("loss", loss, LOSSES)
    safe = np.where(r > 0.0, r, 1.0)
    value = {"ramp": _ramp, "smooth_ramp": _smooth_ramp, "logistic": _logistic}[kind](safe)
    return plain(np.where(r > 0.0, value, 0.0))


def _ramp(r: np.ndarray) -> np.ndarray:
    return np.asarray(_SQRT_2_OVER_PI * r * erf(0.5 / np.sqrt(2.0) / r))


def _smooth_ramp(r: np.ndarray) -> np.ndarray:
    # On 1/6 <= t <= 1/2 the slope is -3/4 + 15 t - 27 t^2.
    def moments(x: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rest = np.exp(-0.5 * (x / r) ** 2)
        zeroth = r * np.sqrt(np.pi / 2.0) * erf(x / r / np.sqrt(2.0))
        return zeroth, -(r**2) * np.expm1(-0.5 * (x / r) ** 2), r**2 * (zeroth - x * rest)

    inner, outer = moments(1.0 / 6.0), moments(0.5)
    exact = inner[0] - 0.75 * (outer[0] - inner[0]) + 15.0 * (outer[1] - inner[1]) - 27.0 * (outer[2] - inner[2])
    nodes, weights = np.polynomial.legendre.leggauss(24)
    total = np.zeros_like(r)
    for low, high in ((0.0, 1.0 / 6.0), (1.0 / 6.0, 0.5)):
        t = 0.5 * (high + low) + 0.5 * (high - low) * nodes
        heights = surrogate_loss_slope(t, 1.0, "smooth_ramp") * weights * 0.5 * (high - low)
        total = total + np.sum(heights * np.exp(-0.5 * (t / r[..., None]) ** 2), axis=-1)
    return np.asarray(2.0 / np.pi * np.where(r < _NARROW, exact, total))


def _logistic(r: np.ndarray) -> np.ndarray:
    # The trapezoid rule on an analytic integrand, in units of the narrower of its two factors.
    unit = np.minimum(r, 1.0)[..., None]
    x = np.linspace(-45.0, 45.0, 901)
    t = unit * x
    tail = np.exp(-np.abs(t))
    heights = tail / (1.0 + tail) ** 2 * np.exp(-0.5 * (t / r[..., None]) ** 2)
    return np.asarray(unit[..., 0] * 0.1 * np.sum(heights, axis=-1) / np.pi)


def surrogate_gradient(angle: ArrayLike, ramp_width: ArrayLike, noise_rate: ArrayLike, loss: str = "ramp") -> Any:
    r"""Return G, the component of minus the gradient towards w* and its only one.

    Formula: ``(1 - 2 eta) h(sin(theta)/sigma)``, see `gradient_profile`. Only theta = 0 and theta = pi are stationary.

    Parameters
    ----------
    angle
        theta in [0, pi].
    ramp_width
        sigma > 0.
    noise_rate
        eta in [0, 1/2).
    loss
        "ramp", "smooth_ramp" or "logistic".

    Returns
    -------
    float or ndarray
        In [0, (1 - 2 eta)/pi).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here, see the module; arXiv:2302.14853 says that it is large unless the angle is small.
    """
    check_broadcast(angle=angle, ramp_width=ramp_width, noise_rate=noise_rate)
    theta = np.asarray(reals("angle", angle, minimum=0.0, maximum=np.pi))
    width = np.asarray(moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50))
    eta = np.asarray(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    # sin(pi) in doubles is 1e-16, and the loss is stationary there.
    sine = np.where(theta == np.pi, 0.0, np.sin(theta))
    return plain((1.0 - 2.0 * eta) * gradient_profile(sine / width, loss))


def angle_from_gradient_norm(gradient_norm: ArrayLike, ramp_width: ArrayLike, noise_rate: ArrayLike) -> Any:
    r"""Return min(theta, pi - theta) of the ramp loss from the norm of its gradient.

    Formula: ``arcsin(sigma h^-1(|grad|/(1 - 2 eta)))``, for small angles ``sigma |grad| sqrt(pi/2)/(1 - 2 eta)``. The root is found by bisection.

    Parameters
    ----------
    gradient_norm
        In [0, (1 - 2 eta) h(1/sigma)]: no angle has a larger gradient.
    ramp_width, noise_rate
        sigma > 0 and eta in [0, 1/2).

    Returns
    -------
    float or ndarray
        In [0, pi/2].

    Raises
    ------
    ValueError
        If an argument is out of range, or the norm is larger than any under this noise.
    """
    check_broadcast(gradient_norm=gradient_norm, ramp_width=ramp_width, noise_rate=noise_rate)
    norm = np.asarray(reals("gradient_norm", gradient_norm, minimum=0.0))
    width = np.asarray(moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50))
    eta = np.asarray(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    norm, width, eta = np.broadcast_arrays(norm, width, eta)
    level = norm / (1.0 - 2.0 * eta)
    largest = gradient_profile(1.0 / width)
    if np.any(level > largest * (1.0 + 1e-12)):
        worst = float(np.max(norm))
        raise ValueError(
            f"gradient_norm must be at most (1 - 2 noise_rate) h(1/ramp_width), {float(np.min((1 - 2 * eta) * largest)):.6g}; got {worst:.6g}"
        )
    # h(r) >= r h(1/sigma) sigma for r <= 1/sigma, since h is concave there.
    ratio = log_bisection(lambda r: gradient_profile(r) > level, 1e-300, 1.0 / width)
    return plain(np.where(level > 0.0, np.arcsin(np.clip(width * ratio, 0.0, 1.0)), 0.0))
