"""The exact minimiser of the unlabelled ramp in the plane, by sorting the angles at which its slope jumps; any array module.

Maximising ``F(b) = sum_j min(|<w, x_j>|, tau)`` over w = (cos b, sin b) minimises ``sum_j max(0, 1 - |<w, x_j>|/tau)``. Between jumps F is
``A cos b + B sin b + tau K``: K samples lie beyond tau, and (A, B) is the sum of the others with their signs. Over half a turn a sample jumps where w
is orthogonal to it and, if it is longer than tau, at the two angles where its margin is tau.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from theorylab.backend import check_draw, checked_array, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import array_of_shape, real, reals, whole_number

__all__ = ["plane_ramp_angle", "sample_plane_ramp"]

_RIGHT = 0.5 * math.pi


def _folded(angle: Any, namespace: Any) -> tuple[Any, Any]:
    """Return angles of (-pi, pi) moved into [-pi/2, pi/2) by half a turn where needed, and -1.0 where they moved, else 1.0."""
    moved = 1.0 * (angle >= _RIGHT) - 1.0 * (angle < -_RIGHT)
    return angle - math.pi * moved, 1.0 - 2.0 * namespace.abs(moved)


def _jumps(first: Any, second: Any, threshold: float, namespace: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Return the angles of all jumps of (A, B, K) and what they add, (R, 3 n), and (A, B, K) at b = -pi/2; ``first`` is not negative."""
    xp = namespace
    place = xp.arctan2(second, first)
    zero, passed = _folded(place + _RIGHT, xp)
    # Past its zero a sample below the first axis has a negative margin, and one above it a positive one.
    after = -passed
    if math.isinf(threshold):
        beyond = xp.zeros(second.shape, dtype=bool)
        angles, signs, counts = zero, 2.0 * after, 0.0 * zero
        samples = 1
    else:
        radius = xp.sqrt(first**2 + second**2)
        far = radius > threshold
        width = xp.arccos(threshold / xp.where(far, radius, threshold))
        enter, sign_before = _folded(place - width, xp)
        leave, sign_behind = _folded(place + width, xp)
        beyond = far & (abs(second) > threshold)
        angles = xp.concatenate([zero, enter, leave], axis=1)
        signs = xp.concatenate([2.0 * after, -1.0 * far * sign_before, 1.0 * far * sign_behind], axis=1)
        counts = xp.concatenate([0.0 * zero, 1.0 * far, -1.0 * far], axis=1)
        samples = 3
    repeated_first, repeated_second = (xp.concatenate([part] * samples, axis=1) for part in (first, second))
    within = -after * ~beyond
    start = ((within * first).sum(axis=1), (within * second).sum(axis=1), 1.0 * beyond.sum(axis=1))
    return angles, signs * repeated_first, signs * repeated_second, counts, start


def plane_ramp_angle(first: Any, second: Any, threshold: float, *, namespace: Any = np) -> Any:
    """Return the angles (R,), in [-pi/2, pi/2], of the directions that maximise sum_j min(|<w, x_j>|, tau) over the plane.

    Parameters
    ----------
    first, second
        Coordinates (R, n) of the samples.
    threshold
        tau > 0, or infinite: then the sum is that of |<w, x_j>|.
    namespace
        The array module of the coordinates.

    Returns
    -------
    array (R,)
        The global maximum, in O(n log n).

    Raises
    ------
    ValueError
        If an argument is out of range, or the coordinates differ in shape.
    """
    first = checked_array("first", first, ("R", "n"), minimum=-1e100, maximum=1e100)
    second = checked_array("second", second, first.shape, minimum=-1e100, maximum=1e100)
    if not isinstance(threshold, float):
        threshold = real("threshold", threshold)
    threshold = float(reals("threshold", threshold, above=0.0, finite=False))
    xp = namespace
    flip = xp.where(first < 0.0, -1.0, 1.0)
    angles, jump_first, jump_second, counts, start = _jumps(first * flip, second * flip, threshold, xp)
    order = xp.argsort(angles, axis=1)

    def along(initial: Any, jumps: Any) -> Any:
        """Return the running sum on all arcs, (R, events + 1)."""
        return xp.cumsum(xp.concatenate([initial[:, None], xp.take_along_axis(jumps, order, axis=1)], axis=1), axis=1)

    a, b = along(start[0], jump_first), along(start[1], jump_second)
    level = 0.0 if math.isinf(threshold) else threshold * along(start[2], counts)
    edge = xp.full((len(angles), 1), _RIGHT)
    ends = xp.concatenate([-edge, xp.take_along_axis(angles, order, axis=1), edge], axis=1)
    cosine, sine = xp.cos(ends), xp.sin(ends)
    left, right = a * cosine[:, :-1] + b * sine[:, :-1], a * cosine[:, 1:] + b * sine[:, 1:]
    # An arc has its top inside if F rises at its left end and falls at its right end.
    top_inside = (b * cosine[:, :-1] > a * sine[:, :-1]) & (b * cosine[:, 1:] < a * sine[:, 1:])
    tops = xp.where(top_inside, xp.sqrt(a**2 + b**2), xp.maximum(left, right)) + level
    best = xp.arange(len(angles)), xp.argmax(tops, axis=1)
    inner = xp.arctan2(b[best], a[best])
    at_end = xp.where(left[best] >= right[best], ends[:, :-1][best], ends[:, 1:][best])
    return xp.where(top_inside[best], inner, at_end)


def _block(*, sample_size: int, threshold: float, **_: object) -> int:
    events = float(sample_size) * (1.0 if math.isinf(threshold) else 3.0)
    return fitting_block(numbers=16.0 * events, nanoseconds=200.0 * events)


@block_size(_block)
def sample_plane_ramp(
    rng: Any, size: int, *, sample_size: int, mean: Sequence[float], threshold: float, deviations: Sequence[float] = (1.0, 1.0)
) -> dict[str, Any]:
    """Minimise the unlabelled ramp exactly on samples of ``N(mu, Sigma)/2 + N(-mu, Sigma)/2`` in the plane, Sigma diagonal.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    sample_size
        n >= 1.
    mean
        mu, two numbers that are not both 0.
    threshold
        tau > 0, or infinite.
    deviations
        Square roots of the diagonal of Sigma, > 0.

    Returns
    -------
    dict
        "angle" from the first axis, in [-pi/2, pi/2]; with c the angle between minimiser and mean: "sine_square", sin^2 c, and "scaled_sine",
        sqrt(n) |mu| |sin c|; "score", ``|sum_j h_j u_j| / sqrt(n)``, u_j the coordinate of x_j across the mean and h_j the sign of its coordinate
        along it, or 0 beyond tau. All moments exist; skewness near 1, less for "scaled_sine" less a multiple of "score".

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, centre = whole_number("sample_size", sample_size), array_of_shape("mean", mean, (2,))
    scale = reals("deviations", array_of_shape("deviations", deviations, (2,)), above=0.0)
    tau = math.inf if threshold == math.inf else real("threshold", threshold, above=0.0)
    length = float(np.hypot(*centre))
    if length == 0.0:
        raise ValueError(f"mean must not be 0: it has no direction; got {mean!r}")
    xp = namespace_of(rng)
    # A sample and its mirror image count alike, so the labels may all be 1.
    normals = rng.standard_normal((2, size, n))
    first, second = float(centre[0]) + float(scale[0]) * normals[0], float(centre[1]) + float(scale[1]) * normals[1]
    angle = plane_ramp_angle(first, second, tau, namespace=xp)
    cosine, sine = float(centre[0]) / length, float(centre[1]) / length
    along, across = cosine * first + sine * second, cosine * second - sine * first
    sine_square = (cosine * xp.sin(angle) - sine * xp.cos(angle)) ** 2
    return {
        "angle": angle,
        "sine_square": sine_square,
        "scaled_sine": length * xp.sqrt(n * sine_square),
        "score": abs((xp.sign(along) * (abs(along) < tau) * across).sum(axis=1)) / n**0.5,
    }
