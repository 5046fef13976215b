"""The errors that remain with unlimited data: printed values, symmetries, limits, broadcasting, the worst direction, error messages."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from theorylab.papers.naive_bayes_logistic import closed_form as theory

PAIR = np.array([[1.0, 0.8], [0.8, 1.0]])


def covariance(seed: int, dimension: int, count: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(count, dimension, 2 * dimension)) * np.exp(rng.normal(size=(count, dimension, 1)))
    sigma = factors @ factors.swapaxes(1, 2)
    return 0.5 * (sigma + sigma.swapaxes(1, 2))


# Two classes -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("correlation", "bayes"), [(0.4, 0.0508535), (0.3, 0.0579257), (0.0, 0.0668072)])
def test_pairs_with_the_gap_on_the_first(correlation: float, bayes: float) -> None:
    sigma, gap = np.kron(np.eye(20), [[1.0, correlation], [correlation, 1.0]]), np.tile([3 / math.sqrt(20), 0.0], 20)
    assert theory.naive_bayes_asymptotic_error(gap, sigma) == pytest.approx(0.0668072, abs=5e-8)
    assert theory.bayes_error(gap, sigma) == pytest.approx(bayes, abs=5e-8)


def test_equicorrelated_features() -> None:
    sigma = 0.5 * np.eye(10) + 0.5
    even, single = np.full(10, 0.6), np.eye(10)[0] * 1.5
    assert theory.naive_bayes_asymptotic_error(even, sigma) == pytest.approx(0.3429152, abs=5e-8)
    assert theory.bayes_error(even, sigma) == pytest.approx(0.3429152, abs=5e-8)
    assert theory.naive_bayes_asymptotic_error(single, sigma) == pytest.approx(0.2266274, abs=5e-8)
    assert theory.bayes_error(single, sigma) == pytest.approx(0.1559365, abs=5e-8)


def test_one_feature() -> None:
    for error in (theory.bayes_error, theory.naive_bayes_asymptotic_error):
        assert error([3.0], [[4.0]]) == pytest.approx(norm.sf(0.75))
    assert theory.kantorovich_ratio([[4.0]]) == 1.0
    assert theory.distance_ratio([-3.0], [[4.0]]) == pytest.approx(1.0)


def test_equal_classes_are_told_apart_by_a_coin() -> None:
    assert theory.bayes_error([0.0, 0.0], PAIR) == 0.5
    assert theory.naive_bayes_asymptotic_error([0.0, 0.0], PAIR) == 0.5
    assert theory.naive_bayes_distance([0.0, 0.0], PAIR) == 0.0


def test_leading_axes_broadcast() -> None:
    sigma, gap = covariance(1, 4, 6), np.random.default_rng(2).normal(size=(3, 1, 4))
    for function in (
        theory.bayes_error,
        theory.naive_bayes_asymptotic_error,
        theory.bayes_distance,
        theory.naive_bayes_distance,
        theory.distance_ratio,
    ):
        table = function(gap, sigma)
        assert table.shape == (3, 6)
        assert table[2, 5] == pytest.approx(function(gap[2, 0], sigma[5]), rel=1e-12)
        assert function(gap, sigma[0]).shape == (3, 1)
        assert function(gap[0, 0], sigma).shape == (6,)
        assert isinstance(function(gap[0, 0], sigma[0]), float)
    assert theory.kantorovich_ratio(sigma).shape == (6,)
    assert theory.kantorovich_direction(sigma).shape == (6, 4)
    assert isinstance(theory.kantorovich_ratio(sigma[0]), float)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), dimension=st.integers(1, 6), sign=st.sampled_from([-1.0, 1.0]))
def test_units_and_signs_do_not_matter_and_naive_bayes_is_between_the_bounds(seed: int, dimension: int, sign: float) -> None:
    rng = np.random.default_rng(seed)
    sigma, gap = covariance(seed, dimension)[0], rng.normal(size=dimension) * 0.5
    units = np.exp(rng.normal(size=dimension) * 3) * rng.choice([-1.0, 1.0], size=dimension)
    moved, other = sigma * np.outer(units, units), sign * gap * units
    for function in (theory.bayes_error, theory.naive_bayes_asymptotic_error, theory.distance_ratio):
        assert function(other, moved) == pytest.approx(function(gap, sigma), rel=1e-7)
    assert theory.kantorovich_ratio(moved) == pytest.approx(theory.kantorovich_ratio(sigma), rel=1e-7)
    assert theory.kantorovich_ratio(sigma) - 1e-9 <= theory.distance_ratio(gap, sigma) <= 1 + 1e-12
    assert theory.bayes_error(gap, sigma) - 1e-12 <= theory.naive_bayes_asymptotic_error(gap, sigma) <= 0.5


def test_independent_features_cost_nothing() -> None:
    rng = np.random.default_rng(3)
    sigma, gap = np.diag(np.exp(rng.normal(size=(50, 5)) * 4)[0]), rng.normal(size=(50, 5))
    np.testing.assert_allclose(theory.distance_ratio(gap, sigma), 1.0, rtol=1e-12)
    assert theory.kantorovich_ratio(sigma) == pytest.approx(1.0, rel=1e-12)


# The worst case ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("correlation", [0.8, -0.8, 0.1])
@pytest.mark.parametrize("side", ["sum", "difference"])
def test_two_features_by_hand(correlation: float, side: str) -> None:
    sigma = np.array([[9.0, 3 * correlation], [3 * correlation, 1.0]])
    assert theory.kantorovich_ratio(sigma) == pytest.approx(math.sqrt(1 - correlation**2), rel=1e-12)
    # The sum and the difference of (1, 1) and (1, -1) are the two features, one by one.
    direction = theory.kantorovich_direction(sigma, side)
    assert np.sum(np.abs(direction) > 1e-12) == 1
    assert np.linalg.norm(direction / [3.0, 1.0]) == pytest.approx(math.sqrt(2))
    assert theory.distance_ratio(direction, sigma) == pytest.approx(theory.kantorovich_ratio(sigma), rel=1e-12)


def test_the_two_worst_directions_are_different_and_equally_bad() -> None:
    sigma = covariance(4, 5)[0]
    first, second = (theory.kantorovich_direction(sigma, side) for side in ("sum", "difference"))
    scales = np.sqrt(np.diag(sigma))
    assert abs((first / scales) @ (second / scales)) < 1e-12
    for direction in (first, second):
        assert theory.distance_ratio(direction, sigma) == pytest.approx(theory.kantorovich_ratio(sigma), rel=1e-10)


# Classes on a line -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("classes", "dimension", "error"), [(2, 10, 0.00950824), (3, 40, 0.00786318), (5, 100, 7.6124e-5), (7, 40, 0.00337079)])
def test_paper_design(classes: int, dimension: int, error: float) -> None:
    kappa = dimension // 2 / dimension + dimension - dimension // 2
    assert theory.collinear_bayes_error((-1, 1, 2, 4, 8, 16, 32)[:classes], kappa) == pytest.approx(error, rel=2e-5)


@settings(max_examples=40, deadline=None)
@given(
    positions=st.lists(st.floats(-3.0, 3.0), min_size=2, max_size=6),
    kappa=st.floats(0.01, 9.0),
    shift=st.floats(-5.0, 5.0),
    scale=st.floats(0.1, 10.0),
    seed=st.integers(0, 1000),
)
def test_order_origin_and_unit_of_the_line_do_not_matter(positions: list[float], kappa: float, shift: float, scale: float, seed: int) -> None:
    a = np.array(positions)
    reference = theory.collinear_bayes_error(a, kappa)
    shuffled = np.random.default_rng(seed).permutation(a)
    assert theory.collinear_bayes_error(shift - scale * shuffled, kappa / scale**2) == pytest.approx(reference, rel=1e-9, abs=1e-12)
    assert 0.0 <= reference <= 1 - 1 / a.size + 1e-12


def test_ends_of_the_range() -> None:
    positions = (0.0, 1.0, 1.5, 7.0)
    assert theory.collinear_bayes_error(positions, 0.0) == pytest.approx(3 / 4)
    assert theory.collinear_bayes_error(positions, 1e6) == 0.0
    # Two classes at one place, a third far away: half of two thirds are wrong.
    assert theory.collinear_bayes_error((0.0, 50.0, 0.0), 1.0) == pytest.approx(1 / 3)
    # A far class halves a pair's share.
    assert theory.collinear_bayes_error((0.0, 1.0, 90.0), 4.0) == pytest.approx(2 / 3 * norm.sf(1.0))


@pytest.mark.parametrize(("classes", "dimension", "error"), [(2, 10, 0.00950824), (3, 40, 0.00786318), (5, 100, 7.6124e-5), (7, 40, 0.00337079)])
@pytest.mark.parametrize("rescaled", [False, True])
def test_a_design_has_the_error_of_its_line(classes: int, dimension: int, error: float, rescaled: bool) -> None:
    assert theory.grouped_bayes_error(**theory.paper_design(classes, dimension, rescaled=rescaled)) == pytest.approx(error, rel=2e-5)
    assert theory.grouped_bayes_error((0.5, 1.0), (4, 3)) == pytest.approx(norm.cdf(-1.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gaps": (np.inf, 1.0)}, "gaps must be finite"),
        ({"multiplicities": (3, -1)}, "multiplicities must be an integer >= 1"),
        ({"multiplicities": (3,)}, r"multiplicities must have shape \(2,\)"),
        ({"class_positions": (1.0,)}, "class_positions must hold at least 2"),
        ({"class_positions": 1.0}, r"class_positions must have shape \(K,\)"),
        ({"standard_deviations": 0.0}, "standard_deviations must be finite and > 0"),
    ],
)
def test_bad_groups_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        theory.grouped_bayes_error(**({"gaps": (0.5, 1.0), "multiplicities": (4, 3)} | change))


def test_two_classes_are_the_general_formula() -> None:
    sigma, direction = covariance(5, 4)[0], np.array([1.0, -2.0, 0.5, 0.1])
    error = theory.collinear_bayes_error((0.3, 1.5), theory.bayes_distance(direction, sigma) ** 2)
    assert error == pytest.approx(theory.bayes_error(1.2 * direction, sigma), rel=1e-12)


def test_positions_and_precisions_broadcast() -> None:
    table = theory.collinear_bayes_error([[[0.0, 1.0]], [[0.0, 2.0]]], [1.0, 4.0, 9.0])
    np.testing.assert_allclose(table, norm.sf(0.5 * np.outer([1.0, 2.0], [1.0, 2.0, 3.0])))
    assert isinstance(theory.collinear_bayes_error((0.0, 1.0), 1.0), float)


# Bad input ---------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gap", "sigma", "message"),
    [
        ([1.0, 1.0], [[1.0, 0.5], [0.4, 1.0]], "covariance must be symmetric"),
        ([1.0, 1.0], [[1.0, 2.0], [2.0, 1.0]], "positive definite; got smallest eigenvalue -1 "),
        ([1.0, 1.0], [[1.0, 1.0], [1.0, 1.0]], "positive definite"),
        ([1.0, 1.0], [[0.0, 0.0], [0.0, 1.0]], "positive diagonal; got a variance of 0"),
        ([1.0, 1.0], [[1.0, np.nan], [np.nan, 1.0]], "covariance must be finite"),
        ([1.0, np.inf], np.eye(2), "mean_gap must be finite"),
        ([1.0, 1.0, 1.0], np.eye(2), r"mean_gap must have shape \(..., 2\)"),
        ([1.0, 1.0], np.eye(2)[:1], r"covariance must have shape \(..., d, d\)"),
        ([1.0, 1.0], [1.0, 2.0], r"covariance must have shape \(..., d, d\)"),
        (np.ones((3, 2)), np.stack([np.eye(2)] * 2), "leading axes that broadcast"),
    ],
)
def test_bad_arguments_of_two_classes(gap: object, sigma: object, message: str) -> None:
    for function in (theory.bayes_error, theory.naive_bayes_asymptotic_error, theory.distance_ratio):
        with pytest.raises(ValueError, match=message):
            function(gap, sigma)


def test_small_units_are_not_indefinite() -> None:
    sigma = PAIR * np.outer([1e-9, 1e9], [1e-9, 1e9])
    assert theory.bayes_error([1e-9, 0.0], sigma) == pytest.approx(norm.sf(0.5 / 0.6))
    # One covariance of a batch is enough.
    with pytest.raises(ValueError, match="positive definite"):
        theory.kantorovich_ratio(np.stack([PAIR, 2 * PAIR - np.eye(2)]))


def test_other_bad_arguments() -> None:
    with pytest.raises(ValueError, match="mean_gap must not be 0"):
        theory.distance_ratio([[1.0, 0.0], [0.0, 0.0]], PAIR)
    with pytest.raises(ValueError, match="side must be one of 'sum', 'difference'; got 'both'"):
        theory.kantorovich_direction(PAIR, "both")
    with pytest.raises(ValueError, match="at least 2 features"):
        theory.kantorovich_direction([[1.0]])
    with pytest.raises(ValueError, match="class_positions must hold at least 2 numbers; got 1"):
        theory.collinear_bayes_error([1.0], 1.0)
    with pytest.raises(ValueError, match="precision_sum must be finite and >= 0"):
        theory.collinear_bayes_error([1.0, 2.0], -1.0)
    with pytest.raises(ValueError, match="class_positions must be finite"):
        theory.collinear_bayes_error([1.0, np.nan], 1.0)
