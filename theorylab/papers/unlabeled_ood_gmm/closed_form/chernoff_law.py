r"""Chernoff's law: where a two-sided Brownian motion less a parabola is largest, C = argmax {W(t) - t^2}."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import airy

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.validation import plain, reals

__all__ = ["ChernoffMoments", "chernoff_density", "chernoff_moments"]

# The transform below is analytic up to 2.9 from the real line and falls like exp(-u^(3/2)/3), so the trapezoid rule is exact to rounding.
_STEP = 0.1
_FREQUENCIES = _STEP * np.arange(-300, 301)
_REACH = 5.0


class ChernoffMoments(NamedTuple):
    """E |C| and E C^2."""

    mean_absolute: float
    mean_square: float


def chernoff_density(place: ArrayLike) -> Any:
    r"""Return the density of C.

    Formula: ``g(t) g(-t)/2`` with ``g(t) = (1/(2 pi)) int exp(-i u t) 2^(1/3)/Ai(i 2^(-1/3) u) du``.

    Parameters
    ----------
    place
        t, finite; broadcasts.

    Returns
    -------
    float or ndarray
        Of absolute error about 1e-14; symmetric, falling like exp(-2 |t|^3/3), and 0 beyond |t| = 5.

    Raises
    ------
    ValueError
        If an entry is not finite.

    Notes
    -----
    Groeneboom (1989).
    """
    t = np.asarray(reals("place", place))
    transform = 2.0 ** (1.0 / 3.0) / airy(1j * 2.0 ** (-1.0 / 3.0) * _FREQUENCIES)[0]
    inside = np.clip(t, -_REACH, _REACH)[..., None]
    left, right = (np.sum((np.exp(sign * 1j * inside * _FREQUENCIES) * transform).real, axis=-1) for sign in (1.0, -1.0))
    density = 0.5 * (_STEP / (2.0 * np.pi)) ** 2 * left * right
    return plain(np.where(np.abs(t) < _REACH, np.maximum(density, 0.0), 0.0))


@cache
def chernoff_moments() -> ChernoffMoments:
    """Return E |C| and E C^2, computed from the density.

    Returns
    -------
    ChernoffMoments
        0.41273... and 0.26355964..., of relative error below 1e-10.

    Raises
    ------
    ConvergenceError
        If the density does not integrate to 1.
    """
    nodes, weights = np.polynomial.legendre.leggauss(160)
    places = 0.5 * _REACH * (1.0 + nodes)
    mass = _REACH * weights * chernoff_density(places)
    if abs(mass.sum() - 1.0) > 1e-10:
        raise ConvergenceError(f"Chernoff's density integrates to {mass.sum():.12g}")
    return ChernoffMoments(float(mass @ places), float(mass @ places**2))
