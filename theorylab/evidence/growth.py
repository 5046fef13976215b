"""Rates: the exponent of a power law along a ladder of sizes, and the choice between logarithmic and power growth.

The points of a ladder may come from independent experiments or from one; either way the covariance of the points is in the moments.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from theorylab.evidence.estimands import Combination, LogCombination, Ratio
from theorylab.validation import array_of_shape, items

__all__ = ["exponent_of_growth", "logarithmic_curvature", "power_curvature"]


def _logarithms(sizes: Sequence[float], points: Sequence[Combination], least: int) -> np.ndarray:
    n = array_of_shape("sizes", sizes, ("sizes",))
    points = items("points", points, Combination)
    if n.size != len(points) or n.size < least:
        raise ValueError(f"a rate needs at least {least} sizes and as many points; got {n.size} and {len(points)}")
    if np.any(n <= 0) or len(set(n.tolist())) != n.size:
        raise ValueError("sizes must be positive and different")
    if np.ptp(np.log(n)) < 1e-6:
        raise ValueError(f"sizes must differ by more than rounding; got {n.tolist()}")
    return np.log(n)


def exponent_of_growth(sizes: Sequence[float], points: Sequence[Combination]) -> LogCombination:
    """Return the least-squares slope of ``log(point)`` on ``log(size)`` as an estimand (>= 2 sizes)."""
    x = _logarithms(sizes, points, 2)
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    return LogCombination(tuple(zip(points, weights.tolist(), strict=True)))


def _curvature_weights(x: np.ndarray) -> np.ndarray:
    """Return the contrast that reads the coefficient of u^2, u = (x - mean) / range, and is blind to 1 and u."""
    u = (x - x.mean()) / (x.max() - x.min())
    basis = np.stack([np.ones_like(u), u], axis=1)
    residual = u**2 - basis @ np.linalg.lstsq(basis, u**2, rcond=None)[0]
    return residual / np.sum(residual**2)


def logarithmic_curvature(sizes: Sequence[float], points: Sequence[Combination]) -> Ratio:
    """Return the curvature of ``point`` against ``log(size)`` over the ladder, relative to its slope: 0 for ``a + b log(size)`` (>= 3 sizes)."""
    x = _logarithms(sizes, points, 3)
    u = (x - x.mean()) / (x.max() - x.min())
    slope = u / np.sum(u**2)
    top, bottom = Combination(()), Combination(())
    for point, curve, tilt in zip(points, _curvature_weights(x).tolist(), slope.tolist(), strict=True):
        top, bottom = top.plus(point.scaled(curve)), bottom.plus(point.scaled(tilt))
    return Ratio(top, bottom)


def power_curvature(sizes: Sequence[float], points: Sequence[Combination]) -> LogCombination:
    """Return the curvature of ``log(point)`` against ``log(size)`` over the ladder: 0 for ``a * size**b`` (>= 3 sizes)."""
    x = _logarithms(sizes, points, 3)
    return LogCombination(tuple(zip(points, _curvature_weights(x).tolist(), strict=True)))
