r"""What one unlabelled sample of the symmetric mixture knows of its mean, in units of a labelled one: g(s^2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import moderate, plain, reals

__all__ = ["mean_tanh", "unlabeled_information"]

# The integrands below have their nearest poles at a distance pi/2 from the real line, so the trapezoid rule with this step errs by exp(-pi^2/step).
_STEP = 0.25
_NORMAL_GRID = _STEP * np.arange(-52, 53)
_HYPERBOLIC_GRID = _STEP * np.arange(-160, 161)


def mean_tanh(signal: ArrayLike) -> Any:
    r"""Return g(a) = E tanh(a + sqrt(a) Z) = E tanh(a + sqrt(a) Z)^2, Z standard normal.

    Formula: ``g(a) = 1 - e^(-a/2) E sech(sqrt(a) Z)`` (derived here: put x = a + sqrt(a) Z into E sech^2 = 1 - E tanh^2 and drop the odd part of the
    integrand). Increasing and concave from 0, with slope 1, to 1.

    Parameters
    ----------
    signal
        a >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1), of relative error below 1e-14: below a = 1 the squares are integrated, which keeps small values exact.

    Raises
    ------
    ValueError
        If an entry is negative or not finite.
    """
    a = np.asarray(reals("signal", signal, minimum=0.0))
    root = np.sqrt(a)[..., None]
    weight = _STEP / np.sqrt(2.0 * np.pi)
    few = np.minimum(root, 1.0)
    small = weight * np.sum(np.tanh(few**2 + few * _NORMAL_GRID) ** 2 * np.exp(-0.5 * _NORMAL_GRID**2), axis=-1)
    many = np.maximum(root, 1.0)
    spread = np.exp(-0.5 * (_HYPERBOLIC_GRID / many) ** 2) / np.cosh(_HYPERBOLIC_GRID)
    large = 1.0 - weight * np.exp(-0.5 * np.maximum(a, 1.0)) * np.sum(spread, axis=-1) / many[..., 0]
    return plain(np.where(a < 1.0, small, large))


def unlabeled_information(half_distance: ArrayLike) -> Any:
    r"""Return how many labelled samples one unlabelled sample is worth for the direction of the mean, g(s^2).

    Formula: ``E tanh(s^2 + s Z)``, the Fisher information on mu (orthogonal to mu) of an unlabelled sample over that of a labelled one.

    Parameters
    ----------
    half_distance
        s >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1): about s^2 for weak and 1 for strong signals.

    Raises
    ------
    ValueError
        If an entry is negative or not finite.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027: the score is ``tanh(<mu, x>) x`` off mu, of variance E tanh^2 in each direction.
    """
    s = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0))
    return mean_tanh(np.square(s))
