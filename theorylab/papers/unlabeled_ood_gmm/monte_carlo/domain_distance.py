"""Distances between the unlabelled laws of two domains from samples, along their common direction."""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, draw_symmetric_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import moderate, real, whole_number

__all__ = ["sample_sorted_distance", "sample_total_variation"]


def _sorted_block(*, sample_size: int, **_: object) -> int:
    return fitting_block(numbers=6.0 * sample_size, nanoseconds=200.0 * sample_size)


@block_size(_sorted_block)
def sample_sorted_distance(rng: Any, size: int, *, sample_size: int, mean_norm0: float, mean_norm1: float) -> dict[str, Any]:
    """Sample the Wasserstein-1 distance between two empirical laws: the mean distance of their sorted samples.

    Parameters
    ----------
    rng, size
        Generator and number of pairs of samples.
    sample_size
        Samples of each law.
    mean_norm0, mean_norm1
        >= 0, in standard deviations.

    Returns
    -------
    dict
        "distance" (size,), >= 0, all moments; its mean exceeds the distance of the laws by the order of 1/sqrt(sample_size).

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp, n = namespace_of(rng), whole_number("sample_size", sample_size)
    norms = [real(name, value, minimum=0.0) for name, value in (("mean_norm0", mean_norm0), ("mean_norm1", mean_norm1))]
    ordered = [xp.sort(draw_symmetric_mixture(rng, size, sample_size=n, mean=axis_mean(xp, u, 1))[0][:, :, 0], axis=1) for u in norms]
    return {"distance": abs(ordered[1] - ordered[0]).mean(axis=1)}


def sample_total_variation(rng: Any, size: int, *, mean_norm0: float, mean_norm1: float, dimension: int = 1) -> dict[str, Any]:
    """Sample (1 - p0(x)/p1(x))_+ for x of the second law, whose mean is the total variation distance.

    Parameters
    ----------
    rng, size
        Generator and number of samples.
    mean_norm0, mean_norm1
        >= 0, in standard deviations; both means along (1, ..., 1).
    dimension
        d >= 1.

    Returns
    -------
    dict
        "distance" (size,), in [0, 1].

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp, d = namespace_of(rng), whole_number("dimension", dimension)
    means = [
        xp.full(d, moderate(name, real(name, value, minimum=0.0)) / d**0.5)
        for name, value in (("mean_norm0", mean_norm0), ("mean_norm1", mean_norm1))
    ]
    x = draw_symmetric_mixture(rng, size, sample_size=1, mean=means[1])[0][:, 0]
    densities = [sum(xp.exp(-0.5 * ((x - sign * mean) ** 2).sum(axis=1)) for sign in (1.0, -1.0)) for mean in means]
    return {"distance": xp.maximum(1.0 - densities[0] / densities[1], 0.0)}
