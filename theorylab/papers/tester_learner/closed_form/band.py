r"""What a Gaussian has in a band |a| <= c around a hyperplane, a = <w, x>: mass and moments along w. Orthogonally it is standard normal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, gammainc

from theorylab.validation import moderate, plain, reals

__all__ = ["band_mean_distance", "band_probability", "band_second_moment"]


def band_probability(half_width: ArrayLike) -> Any:
    r"""Return P[|a| <= c] = erf(c/sqrt 2), near ``2 c phi(0) (1 - c^2/6)``.

    Parameters
    ----------
    half_width
        c > 0.

    Raises
    ------
    ValueError
        If a half-width is not positive.
    """
    return plain(erf(np.asarray(moderate("half_width", reals("half_width", half_width, above=0.0), least=1e-100)) / np.sqrt(2.0)))


def band_second_moment(half_width: ArrayLike) -> Any:
    r"""Return E[a^2 | |a| <= c].

    Formula: ``1 - 2 c phi(c)/P = c^2/3 - 2 c^4/45 + O(c^6)``, computed as P(chi^2_3 <= c^2)/P(chi^2_1 <= c^2) to keep its relative accuracy.

    Parameters
    ----------
    half_width
        c > 0.

    Raises
    ------
    ValueError
        If a half-width is not positive.
    """
    square = 0.5 * np.asarray(moderate("half_width", reals("half_width", half_width, above=0.0), least=1e-100)) ** 2
    return plain(gammainc(1.5, square) / gammainc(0.5, square))


def band_mean_distance(half_width: ArrayLike) -> Any:
    r"""Return E[|a| | |a| <= c] = (2 phi(0) - 2 phi(c))/P.

    Parameters
    ----------
    half_width
        c > 0.

    Raises
    ------
    ValueError
        If a half-width is not positive.
    """
    c = np.asarray(moderate("half_width", reals("half_width", half_width, above=0.0), least=1e-100))
    return plain(-np.sqrt(2.0 / np.pi) * np.expm1(-0.5 * c**2) / erf(c / np.sqrt(2.0)))
