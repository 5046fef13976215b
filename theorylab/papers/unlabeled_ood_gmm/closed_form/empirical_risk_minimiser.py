r"""The rule with the fewest training errors, in the plane: its angle shrinks like the cube root of the sample size.

Near the truth the training error at the angle theta is R* + k theta^2/2 plus a Brownian motion of variance b |theta|/m, with k = s phi(s) the
curvature of the risk and b = phi(s) sqrt(2/pi) the probability of the wedge between two rules per angle. Rescaled, its minimum is at Chernoff's C.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.numerics.gaussian_integrals import normal_density
from theorylab.papers.unlabeled_ood_gmm.closed_form.chernoff_law import chernoff_moments
from theorylab.validation import moderate, plain, reals

__all__ = ["erm_angle_constant", "erm_angle_scale", "erm_cube_root_constant"]


def erm_angle_scale(half_distance: ArrayLike) -> Any:
    r"""Return the c for which m^(1/3) theta / c tends to Chernoff's law.

    Formula: ``(4 b/k^2)^(1/3)``, k = s phi(s), b = phi(s) sqrt(2/pi).

    Parameters
    ----------
    half_distance
        s > 0; broadcasts.

    Returns
    -------
    float or ndarray
        Radians.

    Raises
    ------
    ValueError
        If an entry is not positive.

    Notes
    -----
    Derived here: with theta = c u/m^(1/3) the process sqrt(b theta/m) W - k theta^2/2 is a multiple of W(u) - u^2 for this c. Kim & Pollard (1990).
    """
    s = moderate("half_distance", reals("half_distance", half_distance, above=0.0), most=25, least=1e-50)
    curvature, wedge = s * normal_density(s), normal_density(s) * np.sqrt(2.0 / np.pi)
    return plain(np.cbrt(4.0 * wedge / np.square(curvature)))


def erm_angle_constant(half_distance: ArrayLike) -> Any:
    r"""Return the limit of m^(1/3) E |theta| for the minimiser of the training error in the plane.

    Formula: ``(4 b/k^2)^(1/3) E |C|``, see `erm_angle_scale`.

    Parameters
    ----------
    half_distance
        s > 0; broadcasts.

    Returns
    -------
    float or ndarray
        Radians.

    Raises
    ------
    ValueError
        If an entry is not positive.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027, d = 2.
    """
    return plain(np.multiply(erm_angle_scale(half_distance), chernoff_moments().mean_absolute))


def erm_cube_root_constant(half_distance: ArrayLike) -> Any:
    r"""Return the limit of m^(2/3) times the expected excess risk of the minimiser of the training error in the plane.

    Formula: ``(k/2) (4 b/k^2)^(2/3) E C^2``, see `erm_angle_scale`.

    Parameters
    ----------
    half_distance
        s > 0; broadcasts.

    Returns
    -------
    float or ndarray
        0.1780 at s = 1.

    Raises
    ------
    ValueError
        If an entry is not positive.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027, d = 2: between the rate 1/m of the labelled mean and the worst-case rate m^(-1/2).
    """
    s = moderate("half_distance", reals("half_distance", half_distance, above=0.0), most=25, least=1e-50)
    return plain(0.5 * s * normal_density(s) * np.square(erm_angle_scale(s)) * chernoff_moments().mean_square)
