"""Strips and quadrature marginals: references by other routes, limits, bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import roots_hermitenorm
from scipy.stats import norm

from theorylab.papers.tester_learner import closed_form as theory

SHARES: dict[str, Callable[[float], float]] = {"chebyshev": lambda u: min(1.0, 1.0 / u**2) if u > 0 else 1.0, "cantelli": lambda u: 1 / (1 + u**2)}


def gaussian_moment(degree: int) -> float:
    return 2 * quad(lambda z: z**degree * norm.pdf(z), 0, 25, epsabs=0, epsrel=1e-12)[0]


# Strips


@pytest.mark.parametrize("kind", ["chebyshev", "cantelli"])
@pytest.mark.parametrize(("theta", "ratio"), [(0.02, 1.0), (0.1, 0.25), (0.4, 0.7), (1.3, 0.4), (1.0, 9.0)])
def test_strip_bound_by_its_sum(theta: float, ratio: float, kind: str) -> None:
    width = ratio * math.tan(theta)
    strips = range(int(14 / width) + 2)
    reference = sum(2 * (norm.sf(i * width) - norm.sf((i + 1) * width)) * SHARES[kind](i * ratio) for i in strips)
    assert theory.strip_disagreement_bound(theta, ratio, kind) == pytest.approx(reference, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(theta=st.floats(0.01, 1.5), ratio=st.floats(0.05, 5.0))
def test_strip_bound_bounds(theta: float, ratio: float) -> None:
    chebyshev, cantelli = (theory.strip_disagreement_bound(theta, ratio, kind) for kind in ("chebyshev", "cantelli"))
    assert theta / np.pi <= cantelli <= chebyshev <= 1.0 + 1e-12
    # Halving the strips cannot hurt.
    assert theory.strip_disagreement_bound(theta, ratio / 2) <= chebyshev + 1e-12


def test_strip_bound_printed_values() -> None:
    for kind, values in (("chebyshev", [6.5654, 5.2900, 4.9766]), ("cantelli", [5.1418, 4.1887, 3.9009])):
        np.testing.assert_allclose(theory.strip_disagreement_bound(0.02, [1.0, 0.25, 0.02], kind) * np.pi / 0.02, values, atol=6e-5)
    for kind, values in (("chebyshev", [6.2949, 5.0528]), ("cantelli", [4.8890, 3.9597])):
        np.testing.assert_allclose(theory.strip_disagreement_bound(0.1, [1.0, 0.25], kind) * np.pi / 0.1, values, atol=6e-5)
    assert theory.strip_disagreement_bound(0.3, 0.5) == theory.strip_disagreement_bound(0.3, 0.5, "chebyshev")
    assert theory.strip_disagreement_bound([0.1, 0.2], [[0.2], [0.4], [0.6]]).shape == (3, 2)
    assert isinstance(theory.strip_disagreement_bound(1, 1), float)
    # Narrow strips at an angle near pi/2 are few.
    assert theory.strip_disagreement_bound(1.55, 1e-5) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("kind", ["chebyshev", "cantelli"])
def test_strip_limit(kind: str) -> None:
    for ratio in (0.3, 0.5, 1.0, 2.5):
        terms = 200_000
        partial = sum(SHARES[kind](i * ratio) for i in range(400)) + np.sum(1.0 / (ratio * np.arange(400, terms)) ** 2 - (kind == "cantelli") * 1e-30)
        limit = theory.strip_ratio_limit(ratio, kind)
        assert limit == pytest.approx(math.sqrt(2 * np.pi) * ratio * partial, rel=1e-4)
        # The bound comes to it as theta falls.
        assert theory.strip_disagreement_bound(1e-4, ratio, kind) * np.pi / 1e-4 == pytest.approx(limit, rel=2e-3)
    with mpmath.workdps(20):
        for ratio in (0.37, 1.0, 4.0):
            exact = mpmath.nsum(
                lambda i, ratio=ratio: min(1, 1 / (i * ratio) ** 2) if kind == "chebyshev" else 1 / (1 + (i * ratio) ** 2), [3, mpmath.inf]
            )
            exact += sum(SHARES[kind](i * ratio) for i in range(3))
            assert theory.strip_ratio_limit(ratio, kind) == pytest.approx(float(mpmath.sqrt(2 * mpmath.pi) * ratio * exact), rel=1e-11)


def test_strip_limit_by_hand() -> None:
    assert theory.strip_ratio_limit(0.0) == pytest.approx(5.0133, abs=6e-5)
    assert theory.strip_ratio_limit(0.0, "cantelli") == pytest.approx(3.9374, abs=6e-5)
    assert theory.strip_ratio_limit(1.0) == pytest.approx(math.sqrt(2 * np.pi) * (1 + np.pi**2 / 6), rel=1e-14)
    for kind in ("chebyshev", "cantelli"):
        assert theory.strip_ratio_limit(1e-5, kind) == pytest.approx(theory.strip_ratio_limit(0.0, kind), rel=2e-5)
        assert theory.strip_ratio_limit([[0.0, 0.2, 1.0]], kind).shape == (1, 3)
        assert theory.strip_ratio_limit([0.0, 0.2], kind)[1] == pytest.approx(theory.strip_ratio_limit(0.2, kind), rel=1e-15)
        assert isinstance(theory.strip_ratio_limit(1, kind), float)
    # Strips that are nearly all of the line: the middle one counts.
    assert theory.strip_ratio_limit(1e4) == pytest.approx(1e4 * math.sqrt(2 * np.pi), rel=1e-7)


def test_narrow_strips_with_higher_moments() -> None:
    np.testing.assert_allclose(theory.strip_moment_ratio([2, 4, 6]), [5.01326, 4.39854, 4.72374], atol=6e-6)
    for k in (2, 4, 8, 14):
        moment = gaussian_moment(k)
        reach = moment ** (1 / k)
        area = reach + quad(lambda u, k=k, moment=moment: moment / u**k, reach, np.inf)[0]
        assert theory.strip_moment_ratio(k) == pytest.approx(math.sqrt(2 * np.pi) * area, rel=1e-8)
    assert np.argmin(theory.strip_moment_ratio([2, 4, 6, 8, 10])) == 1
    assert isinstance(theory.strip_moment_ratio(2), float)


def test_global_bound_is_the_least_of_the_trade() -> None:
    np.testing.assert_allclose(theory.moment_disagreement_constant([2, 4, 8, 16]), [1.62578, 1.71514, 1.94495, 2.37607], atol=6e-6)
    for theta, k in ((0.3, 2), (0.01, 4), (1.2, 6)):
        t, moment = math.tan(theta), gaussian_moment(k)
        found = minimize_scalar(
            lambda logs, t=t, k=k, moment=moment: math.sqrt(2 / np.pi) * math.exp(logs) + moment * (t / math.exp(logs)) ** k,
            bounds=(-8, 4),
            method="bounded",
            options={"xatol": 1e-10},
        )
        bound = theory.global_disagreement_bound(theta, k)
        assert bound.value == pytest.approx(found.fun, rel=1e-10)
        assert bound.half_width == pytest.approx(math.exp(found.x), rel=1e-4)
        assert bound.value == pytest.approx(theory.moment_disagreement_constant(k) * t ** (k / (k + 1)), rel=1e-14)
        at_width = math.sqrt(2 / np.pi) * bound.half_width + moment * (t / bound.half_width) ** k
        assert at_width == pytest.approx(bound.value, rel=1e-13)
        # There the derivative vanishes.
        assert math.sqrt(2 / np.pi) * bound.half_width == pytest.approx(k * moment * (t / bound.half_width) ** k, rel=1e-12)
    ratios = theory.global_disagreement_bound([[1e-2], [1e-4]], [2, 4, 8, 16]).value * np.pi / [[1e-2], [1e-4]]
    np.testing.assert_allclose(ratios, [[23.71, 13.54, 10.19, 9.79], [110.04, 34.00, 17.00, 12.83]], atol=6e-3)
    for number in theory.global_disagreement_bound(1, 2):
        assert isinstance(number, float)
    assert isinstance(theory.moment_disagreement_constant(2), float)
    assert theory.global_disagreement_bound([0.1, 0.2], [[2], [4], [6]]).half_width.shape == (3, 2)


# Quadrature marginals


def test_nodes_match_moments_up_to_their_degree() -> None:
    for k in (1, 2, 3, 4, 6, 7):
        nodes, weights = roots_hermitenorm(k)
        weights = weights / weights.sum()
        for degree in range(0, 2 * k, 2):
            assert np.sum(weights * nodes**degree) == pytest.approx(math.prod(range(1, degree, 2)), rel=1e-11)
        gap = math.prod(range(1, 2 * k, 2)) - np.sum(weights * nodes ** (2 * k))
        assert theory.first_moment_gap(k) == pytest.approx(gap, rel=1e-9)
        assert theory.first_moment_gap(k) == pytest.approx(math.factorial(k), rel=1e-13)
        assert theory.smallest_quadrature_node(k) == pytest.approx(np.min(np.abs(nodes)), abs=1e-13)
        centre = weights[k // 2] if k % 2 else 0.0
        assert theory.central_quadrature_weight(k) == pytest.approx(centre, rel=1e-12)


def test_quadrature_printed_values() -> None:
    np.testing.assert_allclose(theory.smallest_quadrature_node([2, 4, 6, 10, 20]), [1.0, 0.741964, 0.616707, 0.484936, 0.346964], atol=6e-7)
    np.testing.assert_allclose(theory.central_quadrature_weight([3, 5, 11, 51, 201]), [0.666667, 0.533333, 0.369408, 0.174641, 0.0882921], atol=6e-7)
    assert theory.central_quadrature_weight(10**6 + 1) == pytest.approx(math.sqrt(np.pi / 2e6), rel=1e-5)
    assert theory.smallest_quadrature_node(200) == pytest.approx(np.pi / (2 * math.sqrt(200)), rel=2e-3)
    np.testing.assert_array_equal(theory.smallest_quadrature_node([[1, 3], [5, 7]]), np.zeros((2, 2)))
    np.testing.assert_array_equal(theory.central_quadrature_weight([2, 4, 100]), np.zeros(3))
    assert theory.central_quadrature_weight(1) == pytest.approx(1.0, rel=1e-14)
    for quantity in (theory.smallest_quadrature_node, theory.central_quadrature_weight, theory.first_moment_gap, theory.raw_moment_sample_size):
        assert isinstance(quantity(4), float)
    assert theory.first_moment_gap([[2], [3]]).shape == (2, 1)


def test_sample_sizes_of_testers() -> None:
    np.testing.assert_allclose([theory.raw_moment_sample_size(k) for k in (4, 6, 8)], [1.4e4, 2.4e6, 4.7e8], rtol=0.02)
    for k in (1, 2, 3, 5):
        variance = gaussian_moment(4 * k) - gaussian_moment(2 * k) ** 2
        # The mean of n rows differs by two standard errors.
        assert 2 * math.sqrt(variance / theory.raw_moment_sample_size(k)) == pytest.approx(math.factorial(k), rel=1e-10)
    # Then a Gaussian band has twice its mean's share or more with probability delta at most.
    n = theory.band_test_sample_size(0.3, 0.05)
    assert n == pytest.approx(8 * math.log(40) / (norm.cdf(0.3) - norm.cdf(-0.3)), rel=1e-13)
    assert theory.band_mass_false_rejection(math.ceil(n), 0.3) < 0.05
    assert theory.band_test_sample_size([0.1, 0.2], [[0.1], [0.2], [0.3]]).shape == (3, 2)
    assert isinstance(theory.band_test_sample_size(1, 0.1), float)


def test_degrees_for_a_band() -> None:
    for c in (0.01, 0.02):
        above = round(theory.degree_for_band_from_above(c)) // 2 * 2 + 1
        assert theory.central_quadrature_weight(above) / theory.band_probability(c) == pytest.approx(2.0, rel=2e-3)
        below = round(theory.degree_for_band_from_below(c)) // 2 * 2
        below = min(below, 400)
        assert theory.degree_for_band_from_below(np.pi / 2 / math.sqrt(below)) == pytest.approx(below, rel=1e-13)
    c = theory.smallest_quadrature_node(300)
    assert theory.degree_for_band_from_below(c) == pytest.approx(300, rel=4e-3)
    assert theory.degree_for_band_from_above([0.1, 0.2]).shape == (2,)
    assert isinstance(theory.degree_for_band_from_below(1), float)


RATE = r"noise_rate must be finite and >= 0 and < 0\.5; got"
WIDTH = "ramp_width must be finite and > 0; got"
STRIP_ANGLE = "angle must be finite and > 0 and < 1.5708; got"
DEGREE = "degree must be an even integer >= 2; got "
HALF = "half_width must be finite and > 0; got"
DEFAULTS: dict[str, Any] = {"ramp_width": 0.3, "noise_rate": 0.1, "step": 0.1}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.strip_disagreement_bound(0.0, 1.0), STRIP_ANGLE + r" 0\.0"),
        (lambda: theory.strip_disagreement_bound(1e-4, 1e-4), r"strip_ratio times tan\(angle\) must be at least 9e-07; got 1e-08"),
        (lambda: theory.strip_disagreement_bound(np.pi / 2, 1.0), STRIP_ANGLE),
        (lambda: theory.strip_disagreement_bound(0.1, 0.0), "strip_ratio must be finite and > 0; got"),
        (lambda: theory.strip_disagreement_bound(0.1, 1.0, "markov"), "moment must be one of 'chebyshev', 'cantelli'; got 'markov'"),
        (lambda: theory.strip_ratio_limit(-0.1), "strip_ratio must be finite and >= 0; got"),
        (lambda: theory.strip_ratio_limit(0.1, "markov"), "moment must be one of"),
        (lambda: theory.strip_moment_ratio(3), DEGREE + "3"),
        (lambda: theory.strip_moment_ratio(0), "degree must be an integer >= 2; got"),
        (lambda: theory.moment_disagreement_constant([2, 5]), DEGREE + r"\[2, 5\]"),
        (lambda: theory.global_disagreement_bound(0.1, 7), DEGREE),
        (lambda: theory.global_disagreement_bound(0.0, 2), STRIP_ANGLE),
        (lambda: theory.global_disagreement_bound(np.pi / 2, 2), STRIP_ANGLE),
        (lambda: theory.smallest_quadrature_node(0), "nodes must be an integer >= 1; got"),
        (lambda: theory.central_quadrature_weight(1.5), "nodes must be an integer >= 1; got"),
        (lambda: theory.first_moment_gap(0), "nodes must be an integer >= 1; got"),
        (lambda: theory.raw_moment_sample_size(0), "nodes must be an integer >= 1; got"),
        (lambda: theory.band_test_sample_size(0.0, 0.1), HALF),
        (lambda: theory.band_test_sample_size(0.1, 0.0), "failure_probability must be finite and > 0 and < 1; got"),
        (lambda: theory.band_test_sample_size(0.1, 1.0), "failure_probability must be finite and > 0 and < 1; got"),
        (lambda: theory.degree_for_band_from_above(0.0), HALF),
        (lambda: theory.degree_for_band_from_below(-1.0), HALF),
        (lambda: theory.band_mass_false_rejection(0, 0.1), "sample_size must be an integer >= 1; got"),
        (lambda: theory.band_mass_false_rejection(10, 0.0), HALF),
        (lambda: theory.band_mass_false_rejection(10, 0.1, -0.1), "lower must be finite and >= 0 and < 1; got"),
        (lambda: theory.band_mass_false_rejection(10, 0.1, 1.0), "lower must be finite and >= 0 and < 1; got"),
        (lambda: theory.band_mass_false_rejection(10, 0.1, 0.5, 1.0), "upper must be finite and > 1; got"),
        (lambda: theory.band_mass_bounds(0, 0.1), "sample_size must be an integer >= 1; got"),
        (lambda: theory.edge_of_second_moments(0, 2), "rows must be an integer >= 1; got"),
        (lambda: theory.edge_of_second_moments(5, 1), "dimension must be an integer >= 2; got"),
        (lambda: theory.rows_for_second_moments(1), "dimension must be an integer >= 2; got"),
        (lambda: theory.rows_for_second_moments(2, -0.1), "lower must be finite and >= 0 and < 1; got"),
        (lambda: theory.rows_for_second_moments(2, 1.0), "lower must be finite and >= 0 and < 1; got"),
        (lambda: theory.rows_for_second_moments(2, 0.5, 1.0), "upper must be finite and > 1; got"),
        (lambda: theory.population_angles(0.0, 3, **DEFAULTS), "start must be finite and > 0 and < 3.14159; got"),
        (lambda: theory.population_angles(np.pi, 3, **DEFAULTS), "start must be finite and > 0 and < 3.14159; got"),
        (lambda: theory.population_angles(1.0, -1, **DEFAULTS), "iterations must be an integer >= 0; got"),
        (lambda: theory.population_angles(1.0, 3, **DEFAULTS | {"step": 0.0}), "step must be finite and > 0; got"),
        (lambda: theory.population_angles(1.0, 3, **DEFAULTS | {"noise_rate": 0.5}), RATE),
        (lambda: theory.population_iterations(0.0, 0.1, **DEFAULTS), "start must be finite and > 0 and < 3.14159; got"),
        (lambda: theory.population_iterations(np.pi, 0.1, **DEFAULTS), "start must be finite and > 0 and < 3.14159; got"),
        (lambda: theory.population_iterations(1.0, 1.0, **DEFAULTS), "end must be finite and > 0 and < 1; got"),
        (lambda: theory.population_iterations(1.0, 0.0, **DEFAULTS), "end must be finite and > 0 and < 1; got"),
        (lambda: theory.population_iterations(1.0, 0.1, **DEFAULTS | {"step": 0.0}), "step must be finite and > 0; got"),
        (lambda: theory.gradient_flow_iterations(-0.1, 0.1, 0.3, 0.1, 0.1), "start must be finite and >= 0 and <= 3.14159; got"),
        (lambda: theory.gradient_flow_iterations(1.0, 3.2, 0.3, 0.1, 0.1), "end must be finite and >= 0 and <= 3.14159; got"),
        (lambda: theory.gradient_flow_iterations(1.0, -0.1, 0.3, 0.1, 0.1), "end must be finite and >= 0 and <= 3.14159; got"),
        (lambda: theory.gradient_flow_iterations(1.0, 0.1, 0.0, 0.1, 0.1), WIDTH),
        (lambda: theory.gradient_flow_iterations(1.0, 0.1, 0.3, 0.5, 0.1), RATE),
        (lambda: theory.gradient_flow_iterations(1.0, 0.1, 0.3, -0.1, 0.1), RATE),
        (lambda: theory.gradient_flow_iterations(1.0, 0.1, 0.3, 0.1, 0.0), "step must be finite and > 0; got"),
        (lambda: theory.contraction_factor(0.0, 0.1, 0.1), WIDTH),
        (lambda: theory.contraction_factor(0.3, 0.5, 0.1), RATE),
        (lambda: theory.contraction_factor(0.3, -0.1, 0.1), RATE),
        (lambda: theory.contraction_factor(0.3, 0.1, 0.0), "step must be finite and > 0; got"),
        (lambda: theory.largest_stable_step(0.3, 0.5), RATE),
        (lambda: theory.asymptotic_angle_rms(0, 2, 0.3, 0.1), "sample_size must be an integer >= 1; got"),
        (lambda: theory.asymptotic_angle_rms(10, 1, 0.3, 0.1), "dimension must be an integer >= 2; got"),
        (lambda: theory.asymptotic_angle_rms(10, 2, 0.0, 0.1), WIDTH),
        (lambda: theory.asymptotic_angle_rms(10, 2, 0.3, 0.5), RATE),
        (lambda: theory.asymptotic_angle_rms(10, 2, 0.3, -0.1), RATE),
        (lambda: theory.certified_angle_limit(0.0, 0.1), HALF),
        (lambda: theory.certified_angle_limit(0.1, 0.5), RATE),
        (lambda: theory.certified_angle_limit(0.1, -0.1), RATE),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_moment_gaps_end_where_weights_lose_their_digits() -> None:
    assert theory.first_moment_gap(150) > 0.0
    with pytest.raises(ValueError, match=r"^nodes must be at most 150, beyond which the weights lose their digits; got 151$"):
        theory.first_moment_gap([3, 151])
