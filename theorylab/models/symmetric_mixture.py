"""Two Gaussian classes that mirror each other at the origin: x = y mu + sigma z with y = +-1 by a fair coin and z standard normal.

The mixture of labelled data, and, with another mean, of unlabelled data from a shifted domain. Rules are directions w: the class of x is the sign
of <w, x>. Only lengths and angles matter when the covariance is sigma^2 I, so sigma is 1 here, the first mean lies along the first coordinate and
the second one in the plane of the first two. Arrays are batch first; numpy or cupy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.backend import check_draw, checked_array, special_functions
from theorylab.validation import real, whole_number

__all__ = ["attacked_error", "axis_mean", "cosines", "direction_error", "draw_symmetric_mixture", "plane_mean"]

# Rounding may carry a cosine beyond 1.
_ROUNDED = 1.0 + 1e-9


def axis_mean(namespace: Any, length: float, dimension: int) -> Any:
    """Return the mean (d,) of this length along the first coordinate."""
    mean = namespace.zeros(whole_number("dimension", dimension))
    mean[0] = real("length", length)
    return mean


def plane_mean(namespace: Any, length: float, alignment: float, dimension: int) -> Any:
    """Return the mean (d,) of this length whose angle to the first coordinate has the cosine `alignment`, in the plane of the first two.

    In one dimension only alignments of 1 and -1 exist; others are refused.

    Raises
    ------
    ValueError
        If `dimension` is 1 and `alignment` is neither 1 nor -1.
    """
    length, alignment, dimension = (
        real("length", length),
        real("alignment", alignment, minimum=-1.0, maximum=1.0),
        whole_number("dimension", dimension),
    )
    mean = axis_mean(namespace, length * alignment, dimension)
    if abs(alignment) != 1.0:
        if dimension < 2:
            raise ValueError(f"dimension must be >= 2 for means that are not parallel; got {dimension}")
        mean[1] = length * math.sqrt((1.0 - alignment) * (1.0 + alignment))
    return mean


def draw_symmetric_mixture(rng: Any, size: int, *, sample_size: int, mean: Any) -> tuple[Any, Any]:
    """Draw data sets of independent samples ``x = y mean + z``.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    sample_size
        Samples of a data set, n >= 0.
    mean
        (d,), an array of the generator's module.

    Returns
    -------
    tuple of arrays
        Features (size, n, d) and labels (size, n), -1.0 or 1.0. A class may be absent: the coins are independent.
    """
    size, sample_size = check_draw(rng, size), whole_number("sample_size", sample_size, minimum=0)
    mean = checked_array("mean", mean, ("d",))
    labels = 2.0 * rng.integers(0, 2, (size, sample_size)) - 1.0
    features = rng.standard_normal((size, sample_size, len(mean)))
    features += labels[:, :, None] * mean
    return features, labels


def cosines(directions: Any, mean: Any) -> Any:
    """Return the cosines (R,) of the angles between directions (R, d), none of which is 0, and a mean (d,) that is not 0."""
    mean, directions = checked_array("mean", mean, ("d",)), checked_array("directions", directions)
    if directions.ndim == 0 or directions.shape[-1] != mean.shape[0]:
        raise ValueError(f"directions must have shape (R, {mean.shape[0]}), as mean has; got shape {directions.shape}")
    lengths = ((directions**2).sum(axis=-1) * (mean**2).sum()) ** 0.5
    if isinstance(lengths, np.ndarray | np.floating) and not np.all((lengths > 0.0) & (lengths < np.inf)):
        raise ValueError("directions and mean must have lengths whose squares are neither 0 nor infinite")
    return directions @ mean / lengths


def direction_error(cosine: Any, half_distance: float, namespace: Any) -> Any:
    """Return the misclassification probability Phi(-s cos) of directions at these cosines to the mean, whose length is s = `half_distance`."""
    cosine = checked_array("cosine", cosine, minimum=-_ROUNDED, maximum=_ROUNDED)
    return special_functions(namespace).ndtr(-real("half_distance", half_distance, minimum=0.0) * cosine)


def attacked_error(cosine: Any, half_distance: float, radius: float, namespace: Any) -> Any:
    """Return the misclassification probability Phi(radius - s cos) if every sample is moved by `radius` in Euclidean length at its worst."""
    cosine = checked_array("cosine", cosine, minimum=-_ROUNDED, maximum=_ROUNDED)
    return special_functions(namespace).ndtr(real("radius", radius, minimum=0.0) - real("half_distance", half_distance, minimum=0.0) * cosine)
