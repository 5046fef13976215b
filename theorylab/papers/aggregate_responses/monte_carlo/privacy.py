"""Samplers of privately released bag averages, arXiv:2401.11081: labels clipped to [-T, T], averaged over a bag, and noise added."""

from __future__ import annotations

import math
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.aggregate_responses.monte_carlo.settings import checked_design, checked_variances, checked_weights
from theorylab.validation import moderate, real, reals, whole_number

__all__ = ["sample_gaussian_releases", "sample_private_releases", "sample_private_risk"]


def draw_laplace(rng: Any, shape: int | tuple[int, ...]) -> Any:
    """Draw Laplace variates of scale 1, as differences of two exponential variates (the inverse distribution function meets log 0)."""
    xp = namespace_of(rng)
    return xp.log1p(-rng.random(shape)) - xp.log1p(-rng.random(shape))


def clipped(xp: Any, labels: Any, clip: float | None) -> Any:
    """Return the labels clipped to [-clip, clip], or as they are if ``clip`` is None."""
    return labels if clip is None else xp.clip(labels, -clip, clip)


def checked_clip(clip: float | None) -> float | None:
    """Return a positive clipping bound, or None for no clipping."""
    return None if clip is None else real("clip", clip, above=0.0)


def _private_risk_block(*, sample_size: int, dimension: int, **_: object) -> int:
    numbers = (sample_size + 3 * dimension) * (dimension + 1)
    return fitting_block(nanoseconds=15 * numbers + sample_size * dimension**2 / 4, numbers=3 * numbers)


@block_size(_private_risk_block)
def sample_private_risk(
    rng: Any,
    size: int,
    *,
    sample_size: int,
    dimension: int,
    bag_size: int,
    weight: float,
    squared_signal_norm: float = 1.0,
    noise_variance: float = 1.0,
    clip: float | None = None,
    laplace_scale: float = 0.0,
) -> dict[str, Any]:
    """Sample the realised risk of the interpolating estimator on privately released bag averages, word for word.

    Features x_i ~ N(0, I_d) and labels y_i = <x_i, theta0> + N(0, sigma^2) are drawn, the labels are clipped to [-T, T] and averaged over bags
    of k, Laplace noise of scale b is added to every average, and theta minimises (1 - rho) L_bag + rho L_ins on what was released.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    sample_size, dimension, bag_size
        n, d, k >= 1; n is a multiple of k, and n > d, or n / k > d if the weight is 0, so that the minimiser is one point.
    weight
        rho in [0, 1].
    squared_signal_norm, noise_variance
        r2 = |theta0|^2 >= 0 and sigma^2 >= 0; all of theta0 lies along the first axis, which the law of the features does not notice.
    clip
        T > 0, or None for no clipping.
    laplace_scale
        b >= 0.

    Returns
    -------
    dict
        "risk", |theta - theta0|^2, and "clipped", the part of the labels that clipping moved. With r rows more than features, r = n - d for
        rho > 0 and n / k - d for rho = 0, the risk has moments of every order below (r + 1) / 2: ask for means where r is at least 8.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, d, k, m = checked_design(sample_size, dimension, bag_size)
    (rho,) = checked_weights((real("weight", weight),), name="weight").tolist()
    rows = n if rho else m
    if rows <= d:
        held = "the sample size" if rho else "the number of bags sample_size / bag_size (the weight is 0)"
        raise ValueError(f"dimension must be smaller than {held}, {rows}, for the minimiser to be unique; got {d}")
    signal, deviation = (math.sqrt(variance) for variance in checked_variances(squared_signal_norm, noise_variance))
    bound, scale = checked_clip(clip), moderate("laplace_scale", real("laplace_scale", laplace_scale, minimum=0.0))
    xp = namespace_of(rng)
    features = rng.standard_normal((size, n, d))
    labels = signal * features[:, :, 0] + deviation * rng.standard_normal((size, n))
    kept = clipped(xp, labels, bound)
    released = kept.reshape(size, m, k).mean(axis=2)
    if scale:
        released = released + scale * draw_laplace(rng, (size, m))
    averages = features.reshape(size, m, k, d).mean(axis=2)
    # n times the loss has the gradient 2 (C theta - k sum_a xbar_a released_a): the within-bag part of the features meets no label.
    matrix = (1.0 - rho) * k * (averages.swapaxes(1, 2) @ averages)
    if rho:
        matrix = matrix + rho * (features.swapaxes(1, 2) @ features)
    theta = xp.linalg.solve(matrix, k * (averages.swapaxes(1, 2) @ released[:, :, None]))[:, :, 0]
    theta[:, 0] -= signal
    return {"risk": (theta * theta).sum(axis=1), "clipped": (kept != labels).mean(axis=1)}


def _bag_mean_of(label: float, other_label: float, clip: float, bag_size: int) -> float:
    """Return the exact mean of a bag that holds one sample with `label` and k - 1 with `other_label`, all clipped."""
    bound, k = real("clip", clip, above=0.0), whole_number("bag_size", bag_size)
    first, others = (min(max(real(name, value), -bound), bound) for name, value in (("label", label), ("other_label", other_label)))
    return (first + (k - 1) * others) / k


def sample_private_releases(
    rng: Any, size: int, *, label: float, clip: float, bag_size: int, laplace_scale: float, other_label: float = 0.0
) -> dict[str, Any]:
    """Sample the Laplace release of one bag in which one person's label is `label` and everybody else's is `other_label`.

    Two values of `label` are two neighbouring data sets; label = T and label = -T are the pair that is easiest to tell apart.

    Parameters
    ----------
    rng, size
        Generator and number of releases.
    label, other_label
        Labels before clipping.
    clip
        T > 0.
    bag_size
        k >= 1.
    laplace_scale
        b > 0.

    Returns
    -------
    dict
        "release", the clipped bag mean + Laplace(b). All moments exist.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    scale = moderate("laplace_scale", real("laplace_scale", laplace_scale, above=0.0))
    return {"release": _bag_mean_of(label, other_label, clip, bag_size) + scale * draw_laplace(rng, size)}


def sample_gaussian_releases(
    rng: Any, size: int, *, label: float, clip: float, bag_size: int, standard_deviation: float, other_label: float = 0.0
) -> dict[str, Any]:
    """Sample the Gaussian release of one bag in which one person's label is `label` and everybody else's is `other_label`.

    Parameters
    ----------
    rng, size
        Generator and number of releases.
    label, other_label
        Labels before clipping.
    clip
        T > 0.
    bag_size
        k >= 1.
    standard_deviation
        s > 0.

    Returns
    -------
    dict
        "release", the clipped bag mean + N(0, s^2). All moments exist.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    scale = reals("standard_deviation", standard_deviation, above=0.0)
    return {"release": _bag_mean_of(label, other_label, clip, bag_size) + scale * rng.standard_normal(size)}
