"""Certificates against the truth: on whole data sets of a scenario, and in the smallest setting in which one can fail."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.models.label_noise import excess_error, flip_labels, halfspace_labels, oriented_massart_noise
from theorylab.montecarlo.samplers import block_size, fetch, fitting_block, host_only
from theorylab.papers.tester_learner.estimators.adversary_search import bound_against
from theorylab.papers.tester_learner.estimators.batches import accepted, fetched, joined_summaries, judge_many, learn_many, summarise_many
from theorylab.papers.tester_learner.estimators.certificate import band_moments, certified_tangent, massart_certificate, sample_disagreement_bound
from theorylab.papers.tester_learner.estimators.certificate_batches import (
    band_moments_of,
    band_moments_of_many,
    certificates_of_many,
    strip_bounds_of_many,
)
from theorylab.papers.tester_learner.estimators.learner import checked_level, checked_width, fit_surrogate
from theorylab.papers.tester_learner.estimators.regions import paper_regions, summarise
from theorylab.papers.tester_learner.monte_carlo.marginals import MARGINALS, sample_marginal
from theorylab.papers.tester_learner.monte_carlo.scenarios import draw_scenario
from theorylab.validation import array_of_shape, choice, flag, moderate, real, whole_number

__all__ = ["sample_certificate", "sample_direction_bound", "sample_far_points", "sample_right_angle_certificate", "sample_strip_bound"]


@block_size(
    lambda *, sample_size, dimension, **_: fitting_block(numbers=3.0 * sample_size * dimension, nanoseconds=90.0 * sample_size * dimension + 3e6)
)
def sample_certificate(
    rng: Any,
    size: int,
    *,
    scenario: str,
    dimension: int,
    sample_size: int,
    ramp_width: float,
    noise_rate: float,
    failure_probability: float = 0.05,
    start: str = "axis",
) -> dict[str, Any]:
    """Sample what a certificate says of the learner's answer, beside the truth.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    scenario
        One of `SCENARIOS`.
    dimension, sample_size, ramp_width, noise_rate, failure_probability
        d, n (half learns, half certifies), sigma, eta and delta.
    start
        "axis" or "average".

    Returns
    -------
    dict
        "certified" and "true" angles (min(theta, pi - theta)), "disagreement" certified, "excess" of the better of w and -w on the rows; "violated"
        (0 or 1) if the angle is; "excess_violated" if the excess is; "refused" if nothing is certain; "gaussian_violated": whether the certificate
        would be violated if mean |b| were taken from a Gaussian, sqrt(2/pi).
    """
    size = check_draw(rng, size)
    n, d = whole_number("sample_size", sample_size, minimum=4), whole_number("dimension", dimension, minimum=2)
    ramp_width, failure_probability = checked_width(ramp_width), checked_level(failure_probability)
    half, axis = n // 2, np.eye(1, d)[0] if choice("start", start, ("axis", "average")) == "axis" else None
    draw: Any = {"sample_size": n, "dimension": d, "ramp_width": ramp_width, "noise_rate": noise_rate}
    learn: Any = {"ramp_width": ramp_width, "noise_rate": noise_rate, "start": axis}
    options: Any = {"noise_rate": noise_rate, "failure_probability": failure_probability}
    xp = namespace_of(rng)
    if isinstance(rng, np.random.Generator):
        certificates, truths = [], np.empty((size, 2))
        for r in range(size):
            x, y, clean, flips, target = draw_scenario(rng, scenario, **draw)
            w = fit_surrogate(x[:half], y[:half], **learn).direction
            certificates.append(massart_certificate(x[half:], y[half:], w, ramp_width=ramp_width, **options))
            nearer = w if w @ target >= 0.0 else -w
            truths[r] = nearer @ target, excess_error(x @ nearer, clean, flips)
    else:
        x, y, clean, flips, target = draw_scenario(rng, scenario, **draw, replicates=size)
        w = learn_many(xp, x[:, :half], y[:, :half], **learn)
        certificates = certificates_of_many(xp, x[:, half:], y[:, half:], w, ramp_width=ramp_width, **options)
        cosines = w @ xp.asarray(target)
        nearer = w * xp.where(cosines >= 0.0, 1.0, -1.0)[:, None]
        truths = fetch(xp.stack([abs(cosines), excess_error((x @ nearer[:, :, None])[:, :, 0], clean, flips)], axis=1))
    angles, disagreements = (np.array(numbers) for numbers in zip(*((found.angle, found.disagreement) for found in certificates), strict=True))
    true, excess = np.arccos(np.minimum(truths[:, 0], 1.0)), truths[:, 1]
    # As if the band were Gaussian: unit moments, and Hoelder's factor 1/sqrt 3 replaced by sqrt(2/pi).
    assumed = [found.parts[0]._replace(smallest=1.0, largest=1.0, fourth=math.pi / 2.0) for found in certificates]
    naive = np.arctan([certified_tangent(moments, **options, label_noise=False) for moments in assumed])
    columns = {"certified": angles, "true": true, "disagreement": disagreements, "excess": excess}
    columns |= {"violated": 1.0 * (true > angles), "excess_violated": 1.0 * (excess > disagreements)}
    columns |= {"refused": 1.0 * (angles >= math.pi / 2.0), "gaussian_violated": 1.0 * (true > naive)}
    return {name: xp.asarray(column) for name, column in columns.items()}


@block_size(lambda *, rows, dimension, **_: fitting_block(numbers=4.0 * rows * dimension, nanoseconds=60.0 * rows * dimension + 1.5e5))
def sample_right_angle_certificate(
    rng: Any, size: int, *, rows: int, dimension: int, noise_rate: float, failure_probability: float = 0.05
) -> dict[str, Any]:
    """Sample certificates of a direction at a right angle to w*, given m Gaussian rows in its band: whatever they say is a violation.

    Parameters
    ----------
    rng, size
        Generator and number of bands.
    rows, dimension
        m >= 1 rows in the band and d >= 2.
    noise_rate
        eta of random classification noise.
    failure_probability
        delta.

    Returns
    -------
    dict
        "with_noise_term" and "without": 1 if the certificate says anything, with its term for the noise in the labels and without it.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    m, d = whole_number("rows", rows), whole_number("dimension", dimension, minimum=2)
    eta, delta = real("noise_rate", noise_rate, minimum=0.0, below=0.5), checked_level(failure_probability)
    direction, xp = np.eye(1, d)[0], namespace_of(rng)
    if isinstance(rng, np.random.Generator):
        moments = [band_moments(*_right_angle_band(rng, (m, d), eta), direction, half_width=0.1) for _ in range(size)]
    else:
        band = _right_angle_band(rng, (size, m, d), eta)
        numbers = band_moments_of_many(xp, *band, xp.zeros((size, d)) + xp.asarray(direction), half_width=0.1)
        moments = [band_moments_of(row, 0.1) for row in fetch(numbers)]
    options: Any = {"noise_rate": eta, "failure_probability": delta}
    said = {
        "with_noise_term": [certified_tangent(part, **options) for part in moments],
        "without": [certified_tangent(part, **options, label_noise=False) for part in moments],
    }
    return {name: xp.asarray(1.0 * np.isfinite(tangents)) for name, tangents in said.items()}


def _right_angle_band(rng: Any, shape: tuple[int, ...], noise_rate: float) -> tuple[Any, Any]:
    """Return rows within 0.1 of the boundary of the first axis, and labels of the second."""
    x = rng.standard_normal(shape)
    x[..., 0] = 0.1 * (2.0 * rng.random(shape[:-1]) - 1.0)
    flips = namespace_of(rng).where(rng.random(shape[:-1]) < noise_rate, -1.0, 1.0)
    return x, halfspace_labels(x[..., 1]) * flips


@block_size(lambda *, sample_size, dimension, **_: fitting_block(numbers=4.0 * sample_size * dimension, nanoseconds=100.0 * sample_size * dimension))
def sample_strip_bound(rng: Any, size: int, *, marginal: str, dimension: int, sample_size: int, angle: float, tilted: bool = True) -> dict[str, Any]:
    """Sample how often two halfspaces at an angle disagree on rows of a marginal, and what strips say of it.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    marginal
        Name for `sample_marginal`, with its default options.
    dimension, sample_size
        d >= 2 and n >= 1.
    angle
        theta in (0, pi/2), of w* = (cos theta, sin theta, 0, ...) to w, the first axis.
    tilted
        Whether the plane is turned to a generic one.

    Returns
    -------
    dict
        "disagreement" on the rows, "bound", and "violated" (0 or 1).

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    tilted = flag("tilted", tilted)
    size = check_draw(rng, size)
    d, sample_size = whole_number("dimension", dimension, minimum=2), whole_number("sample_size", sample_size)
    theta, marginal = real("angle", angle, above=0.0, below=math.pi / 2.0), choice("marginal", marginal, tuple(MARGINALS))
    w, across = np.eye(1, d)[0], np.eye(1, d, 1)[0]
    if tilted:
        w = np.cos(np.arange(d) + 0.5)
        w /= np.linalg.norm(w)
        across -= across @ w * w
        across /= np.linalg.norm(across)
    xp, cosine, sine = namespace_of(rng), math.cos(theta), math.sin(theta)
    if isinstance(rng, np.random.Generator):
        disagreement, bound = np.empty(size), np.empty(size)
        for r in range(size):
            x = sample_marginal(marginal, sample_size, d, rng)
            disagreement[r] = np.mean(halfspace_labels(x @ w) != halfspace_labels(cosine * (x @ w) + sine * (x @ across)))
            bound[r] = sample_disagreement_bound(x, w, math.tan(theta))
    else:
        x, (axis, other) = sample_marginal(marginal, sample_size, d, rng, replicates=size), map(xp.asarray, (w, across))
        disagreement = (halfspace_labels(x @ axis) != halfspace_labels(cosine * (x @ axis) + sine * (x @ other))).mean(axis=1)
        bound = strip_bounds_of_many(xp, x, xp.zeros((size, d)) + axis, xp.zeros(size) + math.tan(theta))
    return {"disagreement": disagreement, "bound": bound, "violated": 1.0 * (disagreement > bound)}


@block_size(lambda *, sample_size, dimension, **_: fitting_block(numbers=4.0 * sample_size * dimension, nanoseconds=60.0 * sample_size * dimension))
def sample_far_points(
    rng: Any, size: int, *, angle: float, share: float, dimension: int, sample_size: int, ramp_width: float, place: tuple[float, float] = (0.2, -3.0)
) -> dict[str, Any]:
    """Sample how often two halfspaces disagree, and whether the tolerant tests accept, if a small share of the rows lies at two far points.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    angle
        theta in (0, pi/2) of w* = (cos theta, sin theta, 0, ...) to w, the first axis.
    share
        In [0, 1): these rows have +-`place`, half each, for their first two coordinates; all other coordinates are standard normal.
    dimension, sample_size, ramp_width
        d >= 2, n >= 1 and sigma > 0.
    place
        Two numbers.

    Returns
    -------
    dict
        "disagreement", the share of the rows, and "accepted" (0 or 1).

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    theta = real("angle", angle, above=0.0, below=math.pi / 2.0)
    part, ramp_width = real("share", share, minimum=0.0, below=1.0), checked_width(ramp_width)
    dimension, sample_size = whole_number("dimension", dimension, minimum=2), whole_number("sample_size", sample_size)
    place = tuple(moderate("place", array_of_shape("place", place, (2,)), most=1e9).tolist())
    xp, axis, regions = namespace_of(rng), np.eye(1, dimension)[0], paper_regions(ramp_width)
    if isinstance(rng, np.random.Generator):
        disagreement, summaries = np.empty(size), []
        for r in range(size):
            x = _with_far_points(rng, (sample_size, dimension), part, place)
            disagreement[r] = _disagreement(x, theta)
            summaries.append(summarise(x, axis, regions))
        table = joined_summaries(summaries)
    else:
        x = _with_far_points(rng, (size, sample_size, dimension), part, place)
        disagreement = _disagreement(x, theta)
        table, _ = fetched(xp, summarise_many(xp, x, xp.zeros((size, dimension)) + xp.asarray(axis), regions))
    judged = judge_many(table, regions, rows=sample_size, dimension=dimension, mode="tolerant", failure_probability=0.05)
    return {"disagreement": disagreement, "accepted": xp.asarray(1.0 * accepted(judged))}


def _with_far_points(rng: Any, shape: tuple[int, ...], share: float, place: tuple[float, float]) -> Any:
    x, xp = rng.standard_normal(shape), namespace_of(rng)
    sides = 2.0 * rng.integers(0, 2, shape[:-1]) - 1.0
    x[..., :2] = xp.where((rng.random(shape[:-1]) < share)[..., None], sides[..., None] * xp.asarray(np.array(place)), x[..., :2])
    return x


def _disagreement(x: Any, theta: float) -> Any:
    other = math.cos(theta) * x[..., 0] + math.sin(theta) * x[..., 1]
    return (halfspace_labels(x[..., 0]) != halfspace_labels(other)).mean(axis=-1)


@host_only("sorts the rows of one data set after the other")
@block_size(lambda *, sample_size, **_: fitting_block(numbers=8.0 * sample_size, nanoseconds=400.0 * sample_size + 5e5))
def sample_direction_bound(
    rng: Any, size: int, *, scenario: str, sample_size: int, angle: float, half_width: float, noise_rate: float, failure_probability: float = 0.05
) -> dict[str, Any]:
    """Sample the bound on the excess error along the true direction, in the plane, for a w that is fixed beforehand.

    Parameters
    ----------
    rng, size
        numpy's generator and number of data sets.
    scenario
        One of `SCENARIOS`, for its marginal; w is the first axis, and the noise is turned against it.
    sample_size
        n >= 1 rows.
    angle
        theta in (0, pi/2) of w* to w.
    half_width, noise_rate, failure_probability
        c, eta and delta.

    Returns
    -------
    dict
        "bound"; "excess", the mean of (1 - 2 eta(x)) 1{disagree} on five times as many fresh rows; "violated" (0 or 1).

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    theta, sample_size = real("angle", angle, above=0.0, below=math.pi / 2.0), whole_number("sample_size", sample_size)
    half_width = moderate("half_width", real("half_width", half_width, above=0.0), least=1e-50)
    noise_rate, failure_probability = real("noise_rate", noise_rate, minimum=0.0, below=0.5), checked_level(failure_probability)
    found: dict[str, np.ndarray] = {name: np.empty(size) for name in ("bound", "excess", "violated")}
    for r in range(size):
        x, _, _, _, _ = draw_scenario(rng, scenario, sample_size=6 * sample_size, dimension=3, ramp_width=2.0 * half_width, noise_rate=noise_rate)
        margins, across = x[:, 0], x[:, 1]
        clean = halfspace_labels(math.cos(theta) * margins + math.sin(theta) * across)
        flips = oriented_massart_noise(clean, across, noise_rate)
        labels = flip_labels(rng.random(clean.size), clean, flips)
        seen = slice(0, sample_size)
        options: Any = {"half_width": half_width, "noise_rate": noise_rate, "failure_probability": failure_probability}
        found["bound"][r] = bound_against(margins[seen], across[seen], labels[seen], **options).excess_error
        rest = slice(sample_size, None)
        found["excess"][r] = np.mean((1.0 - 2.0 * flips[rest]) * (halfspace_labels(margins[rest]) != clean[rest]))
    found["violated"] = 1.0 * (found["excess"] > found["bound"])
    return found
