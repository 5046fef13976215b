"""Rows drawn inside the band of the gradient, flips integrated out: the same means as raw rows from a small share of the draws."""

from __future__ import annotations

import math
from typing import Any

from theorylab.backend import check_draw, namespace_of, special_functions
from theorylab.models.label_noise import halfspace_labels
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.tester_learner.estimators.learner import checked_width
from theorylab.validation import choice, real, whole_number

__all__ = ["sample_band_flips", "sample_band_gradient", "sample_band_moments", "sample_worst_flips"]


def _in_band(rng: Any, size: int, half_width: float) -> tuple[Any, float]:
    """Return a drawn from N(0, 1) within the band, by inversion, and the mass of the band."""
    functions = special_functions(namespace_of(rng))
    low = 0.5 - 0.5 * math.erf(half_width / math.sqrt(2.0))
    return functions.ndtri(low + (1.0 - 2.0 * low) * rng.random((size,))), 1.0 - 2.0 * low


@block_size(fitting_block(numbers=10.0, nanoseconds=25.0))
def sample_band_gradient(
    rng: Any, size: int, *, angle: float, ramp_width: float, noise_rate: float, noise: str = "random", loss: str = "ramp"
) -> dict[str, Any]:
    """Sample the contribution of rows in the band to the component of minus the gradient towards w*, labels replaced by their means.

    Parameters
    ----------
    rng, size
        Generator and number of rows.
    angle
        theta in (0, pi).
    ramp_width
        sigma > 0.
    noise_rate
        eta in [0, 1/2).
    noise
        "random", or "oriented" towards the worst Massart noise.
    loss
        "ramp" or "smooth_ramp".

    Returns
    -------
    dict
        "gradient" P[band] (1 - 2 eta(x)) l'(a) s b, the mean of which is G.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    theta = real("angle", angle, above=0.0, below=math.pi)
    sigma = checked_width(ramp_width)
    eta = real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    kind, shape = choice("noise", noise, ("random", "oriented")), choice("loss", loss, ("ramp", "smooth_ramp"))
    a, mass = _in_band(rng, size, sigma / 2.0)
    b = rng.standard_normal((size,))
    towards = b * halfspace_labels(math.cos(theta) * a + math.sin(theta) * b)
    keep = 1.0 - 2.0 * eta if kind == "random" else 1.0 - 2.0 * eta * (towards > 0.0)
    slope: Any = 1.0 / sigma
    if shape == "smooth_ramp":
        u = namespace_of(rng).maximum(3.0 * (abs(a) / sigma - 1.0 / 6.0), 0.0)
        slope = (1.0 + 2.0 * u - 3.0 * u**2) / sigma
    return {"gradient": mass * slope * keep * towards}


@block_size(fitting_block(numbers=10.0, nanoseconds=25.0))
def sample_band_flips(rng: Any, size: int, *, angle: float, ramp_width: float, flip_threshold: float) -> dict[str, Any]:
    """Sample rows in the band whose label is flipped where |b| is large and b times the clean label positive.

    Parameters
    ----------
    rng, size
        Generator and number of rows.
    angle, ramp_width
        theta in (0, pi) and sigma > 0.
    flip_threshold
        |b| from which labels are flipped, >= 0.

    Returns
    -------
    dict
        "gradient": contributions to the component of minus the gradient towards w*; "flipped": P[band] where a label is flipped, else 0.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    theta = real("angle", angle, above=0.0, below=math.pi)
    sigma = checked_width(ramp_width)
    threshold = real("flip_threshold", flip_threshold, minimum=0.0)
    a, mass = _in_band(rng, size, sigma / 2.0)
    b = rng.standard_normal((size,))
    towards = b * halfspace_labels(math.cos(theta) * a + math.sin(theta) * b)
    flipped = towards >= threshold
    return {"gradient": mass / sigma * towards * (1.0 - 2.0 * flipped), "flipped": mass * flipped}


@block_size(lambda *, sample_size, **_: fitting_block(numbers=6.0 * sample_size, nanoseconds=120.0 * sample_size))
def sample_worst_flips(rng: Any, size: int, *, angle: float, ramp_width: float, flipped_mass: float, sample_size: int) -> dict[str, Any]:
    """Sample data sets of rows in the band on which an adversary flips what hurts most, row by row, up to a mass.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    angle, ramp_width
        theta in (0, pi) and sigma > 0.
    flipped_mass
        Mass of the flips under the whole Gaussian, at most that of the band.
    sample_size
        Rows in the band, n >= 2.

    Returns
    -------
    dict
        "gradient": the component of minus the gradient towards w* after the flips, up to O(1/n); "other": after as many flips of rows at random among
        those that hurt.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    theta = real("angle", angle, above=0.0, below=math.pi)
    sigma = checked_width(ramp_width)
    rho = real("flipped_mass", flipped_mass, minimum=0.0, below=0.5)
    n = whole_number("sample_size", sample_size, minimum=2)
    xp = namespace_of(rng)
    a, mass = _in_band(rng, size * n, sigma / 2.0)
    a = a.reshape(size, n)
    b = rng.standard_normal((size, n))
    towards = b * halfspace_labels(math.cos(theta) * a + math.sin(theta) * b)
    # At most all of them.
    count = min(round(n * rho / mass), n)
    total = towards.sum(axis=1)
    ordered = xp.sort(towards, axis=1)[:, n - count :]
    hurt = xp.where(towards > 0.0, towards, 0.0)
    # `count` of the rows that hurt, at random: their mean times count.
    at_random = count * hurt.sum(axis=1) / xp.maximum((towards > 0.0).sum(axis=1), 1)
    scale = mass / sigma / n
    return {"gradient": scale * (total - 2.0 * xp.maximum(ordered, 0.0).sum(axis=1)), "other": scale * (total - 2.0 * at_random)}


@block_size(2048)
def sample_band_moments(rng: Any, size: int, *, half_width: float, dimension: int) -> dict[str, Any]:
    """Sample rows of N(0, I) in `dimension` dimensions that lie in the band, the first that do of a few candidates each, and their powers.

    Parameters
    ----------
    rng, size
        Generator and number of rows.
    half_width
        c > 0 of the band |x_0| <= c.
    dimension
        d >= 2.

    Returns
    -------
    dict
        "inside": 1 where a fresh row lies in the band; "square", "distance": a^2 and |a| of a row in the band; "across": mean of the squares of the
        other coordinates; "fourth": mean of their fourth powers; "product": a times the second coordinate.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    c = real("half_width", half_width, above=0.0)
    d = whole_number("dimension", dimension, minimum=2)
    xp = namespace_of(rng)
    x = rng.standard_normal((size, d))
    inside = abs(x[:, 0]) <= c
    a = xp.where(inside, x[:, 0], 0.0)
    # Rows outside are drawn again, a alone: the other coordinates are independent of it.
    waiting = xp.flatnonzero(~inside)
    while waiting.size:
        fresh = rng.standard_normal((int(waiting.size),))
        hit = abs(fresh) <= c
        a[waiting[hit]] = fresh[hit]
        waiting = waiting[~hit]
    z = x[:, 1:]
    return {
        "inside": 1.0 * inside,
        "square": a**2,
        "distance": abs(a),
        "across": (z**2).mean(axis=1),
        "fourth": (z**4).mean(axis=1),
        "product": a * z[:, 0],
    }
