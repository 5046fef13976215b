"""Label differential privacy: sensitivity, exact Laplace loss on a grid, exact Gaussian delta against high precision and quadrature."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from theorylab.papers.aggregate_responses import closed_form as cf


def largest_ratio(clip: float, bag_size: int, scale: float, overlap: int) -> float:
    """Return the largest |log likelihood ratio| on a grid of releases, over all pairs of labels on a grid in [-T, T]."""
    grid = np.linspace(-2.0 * clip, 2.0 * clip, 81)
    releases = np.stack([grid] * overlap + [np.full(81, 0.3)], axis=-1)
    largest = 0.0
    for label, other in product(np.linspace(-clip, clip, 5), repeat=2):
        means, neighbour = (np.array([entry / bag_size] * overlap + [0.1]) for entry in (label, other))
        largest = max(largest, np.max(np.abs(cf.log_likelihood_ratio(releases, means, neighbour, scale))))
    return largest


@pytest.mark.parametrize(("bag_size", "epsilon", "overlap"), [(5, 0.7, 1), (3, 2.0, 1), (4, 0.7, 3)])
def test_the_laplace_scale_gives_epsilon_exactly_and_half_of_it_gives_twice_as_much(bag_size: int, epsilon: float, overlap: int) -> None:
    clip = 2.05 * np.sqrt(np.log(600))
    scale = cf.laplace_scale(clip, bag_size, epsilon, overlap)
    assert largest_ratio(clip, bag_size, scale, overlap) == pytest.approx(epsilon, rel=1e-10)
    assert largest_ratio(clip, bag_size, 0.5 * scale, overlap) == pytest.approx(2.0 * epsilon, rel=1e-10)
    assert cf.privacy_loss(clip, bag_size, scale, overlap) == pytest.approx(epsilon, rel=1e-14)
    assert cf.privacy_loss(clip, bag_size, 0.5 * scale, overlap) == pytest.approx(2.0 * epsilon, rel=1e-14)


def test_values_by_hand() -> None:
    assert cf.label_sensitivity(1.5, 6, 4) == 2.0
    assert cf.label_sensitivity(1.5, 6, 4, norm="l2") == 1.0
    assert cf.label_sensitivity(1.5, 6) == cf.label_sensitivity(1.5, 6, norm="l2") == 0.5
    assert cf.laplace_scale(1.5, 6, 0.25) == 2.0
    assert cf.laplace_scale(1.5, 6, 0.25, 3) == 6.0
    assert cf.privacy_loss(1.5, 6, 2.0) == 0.25
    assert cf.privacy_loss(1.5, [6, 3], [[2.0], [1.0]], 2).tolist() == [[0.5, 1.0], [1.0, 2.0]]
    assert cf.laplace_scale([1.5, 3.0], [[6], [3]], 0.25).tolist() == [[2.0, 4.0], [4.0, 8.0]]
    assert isinstance(cf.laplace_scale(1, 2, 3), float)
    # Released at 0 the ratio of means 1 and -2 is (2 - 1)/b; beyond both it is 3/b.
    assert cf.log_likelihood_ratio([[0.0], [5.0], [-5.0]], [1.0], [-2.0], 0.5) == pytest.approx([2.0, 6.0, -6.0])
    assert cf.log_likelihood_ratio([0.0, 5.0], [1.0, 1.0], [-2.0, 1.0], 0.5) == pytest.approx(2.0)


@settings(max_examples=50, deadline=None)
@given(clip=st.floats(0.01, 50.0), k=st.integers(1, 100), epsilon=st.floats(0.01, 20.0), overlap=st.integers(1, 9))
def test_scale_and_loss_are_inverse(clip: float, k: int, epsilon: float, overlap: int) -> None:
    scale = cf.laplace_scale(clip, k, epsilon, overlap)
    assert cf.privacy_loss(clip, k, scale, overlap) == pytest.approx(epsilon, rel=1e-13)
    assert cf.label_sensitivity(clip, k, overlap) == pytest.approx(scale * epsilon, rel=1e-13)
    assert cf.label_sensitivity(clip, k, overlap, "l2") ** 2 * overlap == pytest.approx(cf.label_sensitivity(clip, k, overlap) ** 2, rel=1e-13)


def test_gaussian_reference_values() -> None:
    deviation = cf.gaussian_standard_deviation(1.0, 0.7, 1e-5)
    assert deviation == pytest.approx(5.16649, abs=6e-6)
    assert cf.gaussian_mechanism_delta(1.0, deviation, 0.7) == pytest.approx(1e-5, rel=1e-11)
    assert np.sqrt(2.0 * np.log(1.25e5)) / 0.7 == pytest.approx(6.9212, abs=6e-5)
    assert np.sqrt(2.0) * cf.laplace_scale(0.5, 1, 0.7) == pytest.approx(2.0203, abs=6e-5)


@pytest.mark.parametrize(("sensitivity", "deviation", "epsilon"), [(1.0, 5.16649, 0.7), (2.0, 1.0, 0.5), (0.4, 0.7, 1.3), (3.0, 0.6, 4.0)])
def test_gaussian_delta_is_the_hockey_stick_integral(sensitivity: float, deviation: float, epsilon: float) -> None:
    """Delta is the integral of (p - e^epsilon q)_+, where p = N(D, s^2) and q = N(0, s^2); p > e^epsilon q from one point on."""
    start = deviation**2 * epsilon / sensitivity + 0.5 * sensitivity
    p, q = norm(sensitivity, deviation), norm(0.0, deviation)
    ends = (start, start + 2.0 * deviation, start + 5.0 * deviation, max(start, sensitivity) + 40.0 * deviation)
    total = sum(quad(lambda y: p.pdf(y) - np.exp(epsilon) * q.pdf(y), low, high, epsabs=1e-16, epsrel=1e-12)[0] for low, high in pairwise(ends))
    assert cf.gaussian_mechanism_delta(sensitivity, deviation, epsilon) == pytest.approx(total, rel=1e-9)


@settings(max_examples=150, deadline=None)
@given(log_shift=st.floats(-6.0, 3.0), log_epsilon=st.floats(-6.0, 4.0), deviation=st.floats(0.1, 10.0))
def test_gaussian_delta_against_sixty_digits(log_shift: float, log_epsilon: float, deviation: float) -> None:
    epsilon, sensitivity = 10.0**log_epsilon, 10.0**log_shift * deviation
    with mpmath.workdps(60):
        w, level = mpmath.mpf(sensitivity) / mpmath.mpf(deviation), mpmath.mpf(epsilon)
        assume(level / w - w / 2 < 36)
        delta = mpmath.ncdf(w / 2 - level / w) - mpmath.exp(level) * mpmath.ncdf(-w / 2 - level / w)
    assert cf.gaussian_mechanism_delta(sensitivity, deviation, epsilon) == pytest.approx(float(delta), rel=2e-11)


@settings(max_examples=60, deadline=None)
@given(sensitivity=st.floats(0.01, 50.0), log_epsilon=st.floats(-5.0, 2.0), log_delta=st.floats(-40.0, -0.01))
def test_gaussian_deviation_inverts_delta(sensitivity: float, log_epsilon: float, log_delta: float) -> None:
    epsilon, delta = 10.0**log_epsilon, 10.0**log_delta
    deviation = cf.gaussian_standard_deviation(sensitivity, epsilon, delta)
    assert cf.gaussian_mechanism_delta(sensitivity, deviation, epsilon) == pytest.approx(delta, rel=1e-9)
    assert cf.gaussian_standard_deviation(2.0 * sensitivity, epsilon, delta) == pytest.approx(2.0 * deviation, rel=1e-12)


def test_gaussian_functions_broadcast_and_are_monotone() -> None:
    epsilon, delta = np.array([0.1, 1.0, 10.0])[:, None], np.array([1e-12, 1e-6, 0.5])
    deviation = cf.gaussian_standard_deviation(1.0, epsilon, delta)
    assert deviation.shape == (3, 3)
    assert np.all(np.diff(deviation, axis=0) < 0)
    assert np.all(np.diff(deviation, axis=1) < 0)
    assert np.all(np.diff(cf.gaussian_mechanism_delta(1.0, np.geomspace(0.01, 20.0, 200), 0.7)) <= 0)
    assert cf.gaussian_mechanism_delta(1.0, [1e-3, 1e3], 0.7) == pytest.approx([1.0, 0.0], abs=1e-12)
    assert isinstance(cf.gaussian_standard_deviation(1.0, 0.7, 1e-5), float)


BAD: list[tuple[Any, dict[str, Any], str]] = [
    (cf.laplace_scale, {"epsilon": 0.0}, "epsilon"),
    (cf.laplace_scale, {"epsilon": -1.0}, "epsilon"),
    (cf.laplace_scale, {"epsilon": np.nan}, "epsilon"),
    (cf.laplace_scale, {"clip": 0.0}, "clip"),
    (cf.laplace_scale, {"clip": np.inf}, "clip"),
    (cf.laplace_scale, {"bag_size": 2.5}, "bag_size"),
    (cf.laplace_scale, {"overlap": 0}, "overlap"),
    (cf.laplace_scale, {"overlap": 1.5}, "overlap"),
    (cf.privacy_loss, {"laplace_scale": 0.0}, "laplace_scale"),
    (cf.privacy_loss, {"clip": -1.0}, "clip"),
    (cf.privacy_loss, {"bag_size": 0}, "bag_size"),
    (cf.label_sensitivity, {"norm": "l3"}, "norm"),
    (cf.label_sensitivity, {"norm": 2}, "norm"),
    (cf.label_sensitivity, {"clip": 0.0}, "clip"),
    (cf.gaussian_mechanism_delta, {"epsilon": 0.0}, "epsilon"),
    (cf.gaussian_mechanism_delta, {"standard_deviation": 0.0}, "standard_deviation"),
    (cf.gaussian_mechanism_delta, {"sensitivity": 0.0}, "sensitivity"),
    (cf.gaussian_standard_deviation, {"delta": 0.0}, "delta"),
    (cf.gaussian_standard_deviation, {"delta": 1.0}, "delta"),
    (cf.gaussian_standard_deviation, {"delta": -1e-5}, "delta"),
    (cf.gaussian_standard_deviation, {"delta": 1e-300}, "delta"),
    (cf.gaussian_standard_deviation, {"epsilon": 0.0}, "epsilon"),
    (cf.gaussian_standard_deviation, {"sensitivity": np.nan}, "sensitivity"),
    (cf.log_likelihood_ratio, {"laplace_scale": 0.0}, "laplace_scale"),
    (cf.log_likelihood_ratio, {"release": [np.nan, 1.0]}, "release"),
    (cf.log_likelihood_ratio, {"release": 1.0}, "release must have shape"),
    (cf.log_likelihood_ratio, {"bag_means": [1.0, 2.0, 3.0]}, "broadcast"),
]
GOOD: dict[Any, dict[str, Any]] = {
    cf.laplace_scale: {"clip": 1.0, "bag_size": 3, "epsilon": 0.5, "overlap": 1},
    cf.privacy_loss: {"clip": 1.0, "bag_size": 3, "laplace_scale": 0.5, "overlap": 1},
    cf.label_sensitivity: {"clip": 1.0, "bag_size": 3, "overlap": 1, "norm": "l1"},
    cf.gaussian_mechanism_delta: {"sensitivity": 1.0, "standard_deviation": 2.0, "epsilon": 0.5},
    cf.gaussian_standard_deviation: {"sensitivity": 1.0, "epsilon": 0.5, "delta": 1e-5},
    cf.log_likelihood_ratio: {"release": [0.0, 1.0], "bag_means": [0.0, 1.0], "neighbour_bag_means": [0.5, 1.0], "laplace_scale": 1.0},
}


@pytest.mark.parametrize(("function", "changes", "named"), BAD)
def test_bad_input(function: Any, changes: dict[str, Any], named: str) -> None:
    assert np.isfinite(function(**GOOD[function]))
    with pytest.raises(ValueError, match=named):
        function(**GOOD[function] | changes)
