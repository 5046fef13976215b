"""Sampler of bag-level least squares on several random partitions of the same samples, a question beyond arXiv:2401.11081."""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.aggregate_responses.monte_carlo.settings import checked_design
from theorylab.validation import whole_number

__all__ = ["sample_overlapping_bags"]


def _overlapping_block(*, sample_size: int, dimension: int, overlap: int, **_: object) -> int:
    numbers = (overlap + 2) * sample_size * (dimension + 1)
    return fitting_block(nanoseconds=8 * numbers + overlap * sample_size * dimension**2 / 8, numbers=2 * numbers)


@block_size(_overlapping_block)
def sample_overlapping_bags(rng: Any, size: int, *, sample_size: int, dimension: int, bag_size: int, overlap: int) -> dict[str, Any]:
    """Sample the variance, given the features, of bag-level least squares on the t n/k averages of t independent random partitions.

    With K the (t n/k, n) averaging matrix, Xbar = K X and P the pseudo-inverse of Xbar, the estimator is P (K y + noise). Label noise of
    variance 1 gives it the variance |P K|_F^2. Privacy noise must grow with the overlap: a label is in t averages, so the Laplace scale is t
    times, and the variance of the noise of one average t^2 times, that of a single partition; the latter is the unit here.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    sample_size, dimension, bag_size
        n, d, k >= 1; n is a multiple of k and n / k > d.
    overlap
        t, from 1 to 10^4, the number of partitions.

    Returns
    -------
    dict
        "noise_variance_part", |P K|_F^2, and "private_part", t^2 |P|_F^2. At t = 1 they are traces of an inverse Wishart matrix with m = n / k
        degrees of freedom, which have moments of every order below (m - d + 1) / 2.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, d, k, m = checked_design(sample_size, dimension, bag_size)
    t = whole_number("overlap", overlap, maximum=10**4)
    if m <= d:
        raise ValueError(f"dimension must be smaller than the number of bags sample_size / bag_size, {m}; got {d}")
    xp = namespace_of(rng)
    features = rng.standard_normal((size, n, d))
    # The samples are exchangeable, so the first partition may be the one in order.
    averages = features.reshape(size, m, k, d).mean(axis=2)
    gram = averages.swapaxes(1, 2) @ averages
    # Row i of K' Xbar: the sum over the partitions of the average of the bag that sample i is in, over k.
    shared = xp.repeat(averages, k, axis=1)
    for _ in range(t - 1):
        order = xp.argsort(rng.random((size, n)), axis=1)
        averages = xp.take_along_axis(features, order[:, :, None], axis=1).reshape(size, m, k, d).mean(axis=2)
        gram = gram + averages.swapaxes(1, 2) @ averages
        place = xp.argsort(order, axis=1) // k
        shared = shared + xp.take_along_axis(averages, place[:, :, None], axis=1)
    shared = shared / k
    inverse = xp.linalg.inv(gram)
    # |P K|_F^2 = tr(M^-1 Z'Z M^-1) with M = Xbar'Xbar and Z = K' Xbar.
    passed = shared @ inverse
    return {
        "noise_variance_part": (passed * passed).sum(axis=(1, 2)),
        "private_part": float(t * t) * xp.trace(inverse, axis1=1, axis2=2),
    }
