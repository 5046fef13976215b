"""What the certificate needs of many samples at once, by dense sums in any array module: moments of bands, and bounds by strips.

The same numbers as `band_moments` and `sample_disagreement_bound`; samples come first in every array.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from theorylab.montecarlo.samplers import fetch
from theorylab.papers.tester_learner.estimators.batches import extreme_eigenvalues, orthogonal_bases
from theorylab.papers.tester_learner.estimators.certificate import (
    DENSE_DIMENSION,
    STRIP_RATIOS,
    BandMoments,
    Certificate,
    certificate_of,
    certified_tangent,
    strip_edges,
)

__all__ = ["band_moments_of", "band_moments_of_many", "certificates_of_many", "strip_bounds_of_many"]

# Products of coordinates that are held at once, in numbers.
_HELD = 2**24


def certificates_of_many(
    namespace: Any, features: Any, labels: Any, directions: Any, *, ramp_width: float, noise_rate: float, failure_probability: float, bands: int = 4
) -> list[Certificate]:
    """Return `massart_certificate` of every sample, without flipped labels.

    Parameters
    ----------
    namespace
        numpy or cupy.
    features, labels, directions
        (R, n, d), d <= 41, (R, n) and (R, d), of length 1.
    ramp_width, noise_rate, failure_probability, bands
        As in `massart_certificate`, checked.

    Raises
    ------
    ValueError
        If d is larger.
    """
    level = failure_probability / (2.0 * bands)
    widths = [ramp_width / 2.0 / 2.0**k for k in range(bands)]
    numbers = fetch(namespace.stack([band_moments_of_many(namespace, features, labels, directions, half_width=width) for width in widths], axis=1))
    parts = [[band_moments_of(row, width) for row, width in zip(sample, widths, strict=True)] for sample in numbers]
    options: Any = {"noise_rate": noise_rate, "failure_probability": level}
    tangents = np.array([[certified_tangent(part, **options) for part in sample] for sample in parts])
    best = tangents.argmin(axis=1)
    least = tangents.min(axis=1)
    # Where nothing is certain the bound is not used.
    bounds = fetch(strip_bounds_of_many(namespace, features, directions, namespace.asarray(np.where(np.isfinite(least), least, 1.0))))
    return [
        certificate_of(sample, float(tangent), int(band), float(bound), features.shape[1], failure_probability)
        for sample, tangent, band, bound in zip(parts, least, best, bounds, strict=True)
    ]


def band_moments_of_many(namespace: Any, features: Any, labels: Any, directions: Any, *, half_width: float) -> Any:
    """Return m, mean |<w, x>|, |mean y z|, the extreme eigenvalues of mean z z^T and the bound on fourth moments, (R, 6), as `band_moments` does.

    Parameters
    ----------
    namespace
        numpy or cupy.
    features, labels, directions
        (R, n, d), (R, n) and (R, d), of length 1; d is at most 41, for the matrix of fourth moments is formed.
    half_width
        c of the bands |<w, x>| <= c.

    Raises
    ------
    ValueError
        If d is larger.
    """
    xp, p = namespace, features.shape[2] - 1
    if p > DENSE_DIMENSION:
        raise ValueError(f"dimension must be at most {DENSE_DIMENSION + 1} for many samples at once; got {p + 1}")
    margins = (features @ directions[:, :, None])[:, :, 0]
    chosen = 1.0 * (abs(margins) <= half_width)
    rows = chosen.sum(axis=1)
    count = xp.maximum(rows, 1.0)
    z = features @ orthogonal_bases(xp, directions)
    kept = z * chosen[:, :, None]
    smallest, largest = extreme_eigenvalues(xp, kept.swapaxes(1, 2) @ z / count[:, None, None])
    gradient = ((labels * chosen)[:, None, :] @ z)[:, 0] / count[:, None]
    fourth = _largest_fourth_moments(xp, kept, count)
    # With fewer rows than coordinates the second moments are singular, so nothing is certain.
    regular = (rows >= p) & (smallest > 0.0)
    columns = (rows, (abs(margins) * chosen).sum(axis=1) / count, xp.sqrt((gradient**2).sum(axis=1)), xp.where(regular, smallest, 0.0), largest)
    return xp.stack([*columns, xp.where(regular, fourth, math.inf)], axis=1)


def band_moments_of(numbers: np.ndarray, half_width: float) -> BandMoments:
    """Return a row of what `band_moments_of_many` returns, on the host, as `BandMoments`."""
    return BandMoments(half_width, int(numbers[0]), *(float(number) for number in numbers[1:]))


def _largest_fourth_moments(xp: Any, z: Any, count: Any) -> Any:
    """Return `largest_fourth_moment` of rows (R, n, p), of which those that are 0 do not count."""
    samples, n, p = z.shape
    rows, columns = np.triu_indices(p)
    least = -2.0 * np.eye(rows.size)
    diagonal = np.flatnonzero(rows == columns)
    least[np.ix_(diagonal, diagonal)] -= 1.0
    scale = xp.asarray(np.where(rows == columns, 1.0, math.sqrt(2.0)))
    left, right = xp.asarray(rows), xp.asarray(columns)
    matrix = xp.zeros((samples, rows.size, rows.size))
    chunk = max(_HELD // (samples * rows.size), 64)
    for begin in range(0, n, chunk):
        part = z[:, begin : begin + chunk]
        products = part[:, :, left] * part[:, :, right] * scale
        matrix = matrix + products.swapaxes(1, 2) @ products
    return 3.0 + extreme_eigenvalues(xp, matrix / count[:, None, None] + xp.asarray(least))[1]


def strip_bounds_of_many(namespace: Any, features: Any, directions: Any, tangents: Any) -> Any:
    """Return `sample_disagreement_bound` of every sample, (R,).

    Parameters
    ----------
    namespace
        numpy or cupy.
    features, directions, tangents
        (R, n, d), (R, d) of length 1, and t > 0, (R,).
    """
    xp = namespace
    margins = abs((features @ directions[:, :, None])[:, :, 0])
    z = features @ orthogonal_bases(xp, directions)
    # In units of the tangent. The host must know how many strips there are.
    places = margins / tangents[:, None]
    reach = float(places.max())
    bounds = [_strip_sums(xp, z, places, strip_edges(ratio, reach)) for ratio in STRIP_RATIOS]
    return xp.stack(bounds).min(axis=0) / features.shape[1]


def _strip_sums(xp: Any, z: Any, places: Any, edges: list[float]) -> Any:
    """Return the sum over the strips between ``edges`` of rows min(1, lambda_max t^2/lo^2); rows at 0 and in the first strip count in full."""
    total = 1.0 * (places <= edges[1]).sum(axis=1)
    for low, high in pairwise(edges[1:]):
        chosen = 1.0 * ((places > low) & (places <= high))
        _, largest = extreme_eigenvalues(xp, (z * chosen[:, :, None]).swapaxes(1, 2) @ z)
        total = total + xp.minimum(chosen.sum(axis=1), largest / low**2)
    return total
