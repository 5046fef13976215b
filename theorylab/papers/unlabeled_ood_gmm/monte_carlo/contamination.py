"""Directions from unlabelled samples of which a small part lies far off the mean, in the plane of the mean and these outliers."""

from __future__ import annotations

import math
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, draw_symmetric_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.plane_ramp import plane_ramp_angle
from theorylab.validation import real, whole_number

__all__ = ["sample_contaminated_angles"]


def _block(*, sample_size: int, **_: object) -> int:
    return fitting_block(numbers=60.0 * sample_size, nanoseconds=900.0 * sample_size)


@block_size(_block)
def sample_contaminated_angles(
    rng: Any, size: int, *, sample_size: int, half_distance: float, threshold: float, contamination: float, outlier_length: float
) -> dict[str, Any]:
    """Choose directions by three unlabelled terms: each sample is y mu0 + z, or, with probability eps, one of the two points T v and -T v.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    sample_size
        n >= 1.
    half_distance, threshold
        s > 0 and tau > 0, in standard deviations.
    contamination, outlier_length
        eps in [0, 1) and T >= 0; v is a unit vector orthogonal to mu0.

    Returns
    -------
    dict
        The angles to mu0, in [0, pi/2], of the minimiser of ``sum max(0, 1 - |<w, x>|/tau)`` ("ramp"), of the maximiser of ``sum |<w, x>|``
        ("absolute") and of the first eigenvector of the second moments ("leading"). All moments exist. Where two directions are nearly as good an
        angle has two values.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp, n = namespace_of(rng), whole_number("sample_size", sample_size)
    s, tau = (real(name, value, above=0.0) for name, value in (("half_distance", half_distance), ("threshold", threshold)))
    eps, length = real("contamination", contamination, minimum=0.0, below=1.0), real("outlier_length", outlier_length, minimum=0.0)
    features, signs = draw_symmetric_mixture(rng, size, sample_size=n, mean=axis_mean(xp, s, 2))
    replaced = rng.random((size, n)) < eps
    first = xp.where(replaced, 0.0, features[:, :, 0])
    second = xp.where(replaced, length * signs, features[:, :, 1])
    # Twice the angle of the first axis of a 2 x 2 matrix is that of (difference of the squares, twice the product).
    double = xp.arctan2(2.0 * (first * second).sum(axis=1), (first**2 - second**2).sum(axis=1))
    return {
        "ramp": abs(plane_ramp_angle(first, second, tau, namespace=xp)),
        "absolute": abs(plane_ramp_angle(first, second, math.inf, namespace=xp)),
        "leading": 0.5 * abs(double),
    }
