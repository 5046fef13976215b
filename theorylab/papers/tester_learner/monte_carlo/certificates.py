"""Certificates against the truth: on whole data sets of a scenario, and in the smallest setting in which one can fail."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.models.label_noise import flip_labels, halfspace_labels, oriented_massart_noise
from theorylab.montecarlo.samplers import block_size, fitting_block, host_only
from theorylab.papers.tester_learner.estimators.adversary_search import bound_against
from theorylab.papers.tester_learner.estimators.certificate import band_moments, certified_tangent, massart_certificate, sample_disagreement_bound
from theorylab.papers.tester_learner.estimators.learner import fit_surrogate
from theorylab.papers.tester_learner.estimators.marginal_tests import run_tests
from theorylab.papers.tester_learner.monte_carlo.marginals import sample_marginal
from theorylab.papers.tester_learner.monte_carlo.scenarios import draw_scenario
from theorylab.validation import choice, reals, whole_number

__all__ = ["sample_certificate", "sample_direction_bound", "sample_far_points", "sample_right_angle_certificate", "sample_strip_bound"]


@host_only("judges one data set after the other with estimators written for numpy")
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
        numpy's generator and number of data sets.
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
    n = whole_number("sample_size", sample_size, minimum=4)
    names = ("certified", "true", "disagreement", "excess", "violated", "excess_violated", "refused", "gaussian_violated")
    found: dict[str, np.ndarray] = {name: np.empty(size) for name in names}
    half = n // 2
    axis = np.eye(1, dimension)[0] if choice("start", start, ("axis", "average")) == "axis" else None
    for r in range(size):
        x, y, clean, flips, target = draw_scenario(rng, scenario, sample_size=n, dimension=dimension, ramp_width=ramp_width, noise_rate=noise_rate)
        w = fit_surrogate(x[:half], y[:half], ramp_width=ramp_width, noise_rate=noise_rate, start=axis).direction
        fresh = x[half:]
        options: Any = {"noise_rate": noise_rate, "failure_probability": failure_probability}
        certificate = massart_certificate(fresh, y[half:], w, ramp_width=ramp_width, **options)
        cosine = min(1.0, abs(float(w @ target)))
        w = w if w @ target >= 0.0 else -w
        excess = float(np.mean((1.0 - 2.0 * flips) * (halfspace_labels(x @ w) != clean)))
        true = math.acos(cosine)
        # As if the band were Gaussian: unit moments, and Hoelder's factor 1/sqrt 3 replaced by sqrt(2/pi).
        moments = certificate.parts[0]
        assumed = moments._replace(smallest=1.0, largest=1.0, fourth=math.pi / 2.0)
        naive = math.atan(certified_tangent(assumed, **options, label_noise=False))
        values = (certificate.angle, true, certificate.disagreement, excess, true > certificate.angle, excess > certificate.disagreement)
        for name, value in zip(names, (*values, certificate.angle >= math.pi / 2.0, true > naive), strict=True):
            found[name][r] = value
    return found


@host_only("judges one data set after the other with estimators written for numpy")
@block_size(lambda *, rows, dimension, **_: fitting_block(numbers=4.0 * rows * dimension, nanoseconds=60.0 * rows * dimension + 1.5e5))
def sample_right_angle_certificate(
    rng: Any, size: int, *, rows: int, dimension: int, noise_rate: float, failure_probability: float = 0.05
) -> dict[str, Any]:
    """Sample certificates of a direction at a right angle to w*, given m Gaussian rows in its band: whatever they say is a violation.

    Parameters
    ----------
    rng, size
        numpy's generator and number of bands.
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
    m, d = whole_number("rows", rows), whole_number("dimension", dimension, minimum=2)
    eta = float(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    direction = np.eye(1, d)[0]
    found: dict[str, np.ndarray] = {name: np.empty(size) for name in ("with_noise_term", "without")}
    for r in range(size):
        x = rng.standard_normal((m, d))
        x[:, 0] = 0.1 * (2.0 * rng.random(m) - 1.0)
        y = halfspace_labels(x[:, 1]) * np.where(rng.random(m) < eta, -1.0, 1.0)
        moments = band_moments(x, y, direction, half_width=0.1)
        options: Any = {"noise_rate": eta, "failure_probability": failure_probability}
        found["with_noise_term"][r] = math.isfinite(certified_tangent(moments, **options))
        found["without"][r] = math.isfinite(certified_tangent(moments, **options, label_noise=False))
    return found


@host_only("judges one data set after the other with estimators written for numpy")
@block_size(lambda *, sample_size, dimension, **_: fitting_block(numbers=4.0 * sample_size * dimension, nanoseconds=100.0 * sample_size * dimension))
def sample_strip_bound(rng: Any, size: int, *, marginal: str, dimension: int, sample_size: int, angle: float, tilted: bool = True) -> dict[str, Any]:
    """Sample how often two halfspaces at an angle disagree on rows of a marginal, and what strips say of it.

    Parameters
    ----------
    rng, size
        numpy's generator and number of data sets.
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
    d = whole_number("dimension", dimension, minimum=2)
    theta = float(reals("angle", angle, above=0.0, below=math.pi / 2.0))
    w, across = np.eye(1, d)[0], np.eye(1, d, 1)[0]
    if tilted:
        w = np.cos(np.arange(d) + 0.5)
        w /= np.linalg.norm(w)
        across -= across @ w * w
        across /= np.linalg.norm(across)
    found: dict[str, np.ndarray] = {name: np.empty(size) for name in ("disagreement", "bound", "violated")}
    for r in range(size):
        x = sample_marginal(marginal, sample_size, d, rng)
        differ = halfspace_labels(x @ w) != halfspace_labels(math.cos(theta) * (x @ w) + math.sin(theta) * (x @ across))
        found["disagreement"][r] = np.mean(differ)
        found["bound"][r] = sample_disagreement_bound(x, w, math.tan(theta))
    found["violated"] = 1.0 * (found["disagreement"] > found["bound"])
    return found


@host_only("judges one data set after the other with estimators written for numpy")
@block_size(lambda *, sample_size, dimension, **_: fitting_block(numbers=4.0 * sample_size * dimension, nanoseconds=60.0 * sample_size * dimension))
def sample_far_points(
    rng: Any, size: int, *, angle: float, share: float, dimension: int, sample_size: int, ramp_width: float, place: tuple[float, float] = (0.2, -3.0)
) -> dict[str, Any]:
    """Sample how often two halfspaces disagree, and whether the tolerant tests accept, if a small share of the rows lies at two far points.

    Parameters
    ----------
    rng, size
        numpy's generator and number of data sets.
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
    theta = float(reals("angle", angle, above=0.0, below=math.pi / 2.0))
    part = float(reals("share", share, minimum=0.0, below=1.0))
    found: dict[str, np.ndarray] = {name: np.empty(size) for name in ("disagreement", "accepted")}
    for r in range(size):
        x = rng.standard_normal((sample_size, dimension))
        sides = 2.0 * rng.integers(0, 2, (sample_size,)) - 1.0
        x[:, :2] = np.where((rng.random((sample_size,)) < part)[:, None], sides[:, None] * np.array(place), x[:, :2])
        other = math.cos(theta) * x[:, 0] + math.sin(theta) * x[:, 1]
        found["disagreement"][r] = np.mean(halfspace_labels(x[:, 0]) != halfspace_labels(other))
        found["accepted"][r] = run_tests(x, np.eye(1, dimension)[0], ramp_width=ramp_width).accepted
    return found


@host_only("judges one data set after the other with estimators written for numpy")
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
    theta = float(reals("angle", angle, above=0.0, below=math.pi / 2.0))
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
