"""The rule with the fewest training errors in the plane, exactly, by sorting the angles at which a sample changes sides; any array module."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.backend import check_draw, checked_array, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, direction_error, draw_symmetric_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import real, whole_number

__all__ = ["fewest_errors_angle", "sample_plane_erm"]


def fewest_errors_angle(points: Any, *, namespace: Any = np) -> tuple[Any, Any]:
    """Return the angles of directions with the fewest nonpositive products with the points, and these numbers.

    Parameters
    ----------
    points
        y_i x_i, (R, m, 2), none of them 0.
    namespace
        The array module of the points.

    Returns
    -------
    tuple of arrays (R,)
        Angles in [-pi, 2 pi), each the middle of the first of the best arcs from -pi on, and the numbers of errors. O(m log m).

    Raises
    ------
    ValueError
        If there are no such points.
    """
    points = checked_array("points", points, ("R", "m", 2))
    if 0 in points.shape:
        raise ValueError(f"points must have shape (R, m, 2) with m >= 1; got shape {points.shape}")
    xp, samples = namespace, points.shape[1]
    place = xp.arctan2(points[:, :, 1], points[:, :, 0])
    # A sample is right on the half circle around its own angle: it begins a quarter turn before and ends a quarter turn after.
    begins = (place + 0.5 * math.pi) % (2.0 * math.pi) - math.pi
    ends = (place + 1.5 * math.pi) % (2.0 * math.pi) - math.pi
    events = xp.concatenate([begins, ends], axis=1)
    order = xp.argsort(events, axis=1)
    steps = xp.where(order < samples, 1, -1)
    # At -pi a sample is right if its half circle has begun and not ended, that is if it ends before it begins.
    right = (ends < begins).sum(axis=1)[:, None] + xp.cumsum(steps, axis=1)
    best = xp.argmax(right, axis=1)[:, None]
    ordered = xp.take_along_axis(events, order, axis=1)
    start = xp.take_along_axis(ordered, best, axis=1)[:, 0]
    after = xp.take_along_axis(ordered, (best + 1) % (2 * samples), axis=1)[:, 0]
    end = xp.where(best[:, 0] == 2 * samples - 1, after + 2.0 * math.pi, after)
    return 0.5 * (start + end), samples - xp.take_along_axis(right, best, axis=1)[:, 0]


def _block(*, labeled_size: int, **_: object) -> int:
    return fitting_block(numbers=16.0 * labeled_size, nanoseconds=300.0 * labeled_size)


@block_size(_block)
def sample_plane_erm(rng: Any, size: int, *, labeled_size: int, half_distance: float) -> dict[str, Any]:
    """Sample the angle and the excess risk of the rule with the fewest training errors, d = 2; the risk is exact given the rule.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    labeled_size
        m >= 1.
    half_distance
        s > 0.

    Returns
    -------
    dict
        "angle" to the mean, in [0, pi]; "squared_angle"; "excess" risk, in [0, 1]; "training_error", the least share of errors, in [0, 1/2]; (size,)
        each, with all moments. Skewness about 0.9, 2.5 and 2.5 for the first three.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp, m = namespace_of(rng), whole_number("labeled_size", labeled_size)
    s = real("half_distance", half_distance, above=0.0)
    features, labels = draw_symmetric_mixture(rng, size, sample_size=m, mean=axis_mean(xp, s, 2))
    theta, errors = fewest_errors_angle(labels[:, :, None] * features, namespace=xp)
    angle = xp.abs((theta + math.pi) % (2.0 * math.pi) - math.pi)
    excess = direction_error(xp.cos(angle), s, xp) - direction_error(xp.ones(1), s, xp)
    return {"angle": angle, "squared_angle": angle**2, "excess": excess, "training_error": errors / m}
