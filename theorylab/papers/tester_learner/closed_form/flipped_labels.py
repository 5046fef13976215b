r"""The best halfspace when a share of the labels is flipped near the boundary or far from it: it need not be the clean one.

Under a Gaussian marginal, with flips where |<w*, x>| <= t ("near") or >= t ("far"), t > 0: on the part |<w*, x>| <= t the halfspaces at angle theta
disagree with probability ``2 int_0^t phi(s) Phi(-s cot theta) ds``, whose derivative in theta is ``(1 - exp(-t^2/(2 sin^2 theta)))/pi``. Derived
here.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtri, owens_t

from theorylab.backend import check_broadcast
from theorylab.validation import choice, plain, real, reals

__all__ = ["FlippedOptimum", "critical_flipped_mass", "flipped_label_error", "flipped_label_optimum"]

WHERE = ("far", "near")


class FlippedOptimum(NamedTuple):
    """Where the best halfspace is, and its error."""

    angle: float
    error: float


def _threshold(mass: np.ndarray, where: str) -> np.ndarray:
    """Return the t beyond which, or within which, |<w*, x>| has this mass."""
    return np.asarray(-ndtri(mass / 2.0) if where == "far" else ndtri(0.5 + mass / 2.0))


def flipped_label_error(angle: ArrayLike, flipped_mass: ArrayLike, where: str) -> Any:
    r"""Return the error of the halfspace at an angle from the clean one.

    Formula: ``rho + (1/pi) int_0^theta (1 - 2 exp(-t^2/(2 sin^2 u))) du`` for far flips, ``rho -`` the same for near ones; err(pi - theta) =
    1 - err(theta). With v = cot u the integral is one of Owen's T: ``theta/pi + 4 T(t, cot theta)`` for far flips, one minus that for near ones.

    Parameters
    ----------
    angle
        theta in [0, pi].
    flipped_mass
        rho in (0, 1).
    where
        "far" or "near" to the boundary of the clean halfspace.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(angle=angle, flipped_mass=flipped_mass)
    theta = np.asarray(reals("angle", angle, minimum=0.0, maximum=np.pi))
    mass = np.asarray(reals("flipped_mass", flipped_mass, above=0.0, below=1.0))
    kind = choice("where", where, WHERE)
    # The tangent of pi/2 - theta keeps its digits near a right angle, and is large enough at 0.
    far = theta / np.pi + 4.0 * owens_t(_threshold(mass, kind), np.tan(np.pi / 2.0 - theta))
    return plain(far if kind == "far" else 1.0 - far)


def flipped_label_optimum(flipped_mass: float, where: str) -> FlippedOptimum:
    r"""Return the angle of the best halfspace to the clean one, and its error opt.

    With ``sin(theta) = t/sqrt(2 log 2)`` the error is stationary. Near flips: that is the minimum, below rho, while rho <= 1 - rho_c, and -w* with
    1 - rho is best beyond. Far flips: w* with rho is best while rho <= rho_c, and beyond it pi minus that angle. At the limits both are equally good.

    Parameters
    ----------
    flipped_mass
        rho in (0, 1).
    where
        "far" or "near".

    Returns
    -------
    FlippedOptimum
        theta* in [0, pi] and opt < 1/2; opt_near(rho) = opt_far(1 - rho).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    mass = real("flipped_mass", flipped_mass, above=0.0, below=1.0)
    kind = choice("where", where, WHERE)
    # All labels turned round, near flips of mass rho are far flips of mass 1 - rho.
    near_mass = mass if kind == "near" else 1.0 - mass
    if near_mass > 1.0 - critical_flipped_mass():
        found = FlippedOptimum(float(np.pi), 1.0 - near_mass)
    else:
        sine = float(_threshold(np.asarray(near_mass), "near")) / np.sqrt(2.0 * np.log(2.0))
        angle = float(np.arcsin(sine))
        found = FlippedOptimum(angle, float(flipped_label_error(angle, near_mass, "near")))
    return found if kind == "near" else FlippedOptimum(float(np.pi) - found.angle, found.error)


@cache
def critical_flipped_mass() -> float:
    r"""Return rho_c = .418745, the mass of far flips up to which the clean halfspace is the best: ``max over theta of err_far(theta) = 1 - rho``."""

    def surplus(mass: float) -> float:
        sine = float(_threshold(np.asarray(mass), "far")) / np.sqrt(2.0 * np.log(2.0))
        return float(flipped_label_error(np.arcsin(sine), mass, "far")) - (1.0 - mass)

    return float(brentq(surplus, 0.3, 0.49, xtol=1e-15, rtol=1e-14))
