"""The displays of the two theorems, distances of domains and angles under contamination: limits, invariances and errors."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from theorylab.papers.unlabeled_ood_gmm import closed_form as theory

NORMS = st.floats(0.0, 4.0)


def test_bounds_broadcast_and_split() -> None:
    bound = theory.theorem_nonrobust_bound(20, np.array([100, 1000]), [[0], [10], [10**6]], mean_norm=1.0)
    assert bound.value.shape == bound.direction.shape == bound.labels.shape == (3, 2)
    assert bound.value == pytest.approx(bound.direction + bound.labels, rel=1e-15)
    assert np.all(np.diff(bound.direction, axis=0) < 0)
    assert np.all(bound.labels[0] == bound.labels[2])
    robust = theory.theorem_robust_bound(20, 100, 50, slope=[0.0, 1.0, 3.0])
    assert robust.direction == pytest.approx(robust.direction[1] * np.array([0.0, 1.0, 3.0]), rel=1e-14)
    assert robust.value[0] == pytest.approx(math.sqrt(2 * math.log(20) / 100), rel=1e-14)


def test_defaults_are_those_of_one_domain() -> None:
    one = theory.theorem_nonrobust_bound(20, 100, 50, mean_norm=1.3, standard_deviation=0.8, wasserstein_shift=0.2)
    named = theory.theorem_nonrobust_bound(
        20, 100, 50, mean_norm=1.3, standard_deviation=0.8, shifted_mean_norm=1.3, shifted_standard_deviation=0.8, wasserstein_shift=0.2
    )
    assert one == named
    assert one.value > theory.theorem_nonrobust_bound(20, 100, 50, mean_norm=1.3, standard_deviation=0.8).value
    strict = theory.theorem_nonrobust_bound(20, 100, 50, mean_norm=1.3, failure_probability=1e-6)
    assert strict.value > theory.theorem_nonrobust_bound(20, 100, 50, mean_norm=1.3).value


def test_corollaries_by_hand() -> None:
    assert theory.corollary_unlabeled_size(20, 2000) == 200_000.0
    assert theory.corollary_shift([10, 20], 1000) == pytest.approx([0.01, 0.02])
    assert theory.corollary_dimension_free_sizes(10) == (0.1, 1000.0)
    assert theory.corollary_error_sizes(50, 0.1) == pytest.approx((500.0, 5e7))
    assert theory.sufficient_unlabeled_size(20, [0.5, 1.0, 3.0]) == pytest.approx([3200.0, 200.0, 200.0])


@settings(max_examples=50, deadline=None)
@given(first=NORMS, second=NORMS, third=NORMS, scale=st.floats(0.1, 10.0))
def test_both_are_distances(first: float, second: float, third: float, scale: float) -> None:
    for distance in (theory.mixture_wasserstein1, theory.mixture_total_variation):
        value = distance(first, second)
        assert value == pytest.approx(distance(second, first), abs=1e-14)
        assert value >= 0.0
        assert value <= distance(first, third) + distance(third, second) + 1e-12
    assert theory.mixture_total_variation(scale * first, scale * second, scale) == pytest.approx(
        theory.mixture_total_variation(first, second), abs=1e-12
    )
    assert theory.mixture_wasserstein1(first, second) <= abs(first - second) + 1e-12


@pytest.mark.parametrize(("first", "second"), [(0.0, 1e-3), (0.7, 0.7001), (0.0, 8.0), (3.0, 4.5)])
def test_distances_keep_their_digits(first: float, second: float) -> None:
    with mpmath.workdps(40):
        u0, u1 = mpmath.mpf(first), mpmath.mpf(second)
        start = (u0 + u1) / 2 + (mpmath.mpf("1.0") if u0 == 0 else 0)
        root = mpmath.findroot(lambda x: mpmath.log(mpmath.cosh(u1 * x)) - mpmath.log(mpmath.cosh(u0 * x)) - (u1**2 - u0**2) / 2, start)
        tail = lambda u: mpmath.ncdf(u - root) + mpmath.ncdf(-u - root)  # noqa: E731
        variation = tail(u1) - tail(u0)
        size = lambda u: u * (2 * mpmath.ncdf(u) - 1) + 2 * mpmath.npdf(u)  # noqa: E731
        transport = size(u1) - size(u0)
    assert theory.mixture_total_variation(first, second) == pytest.approx(float(variation), rel=1e-8, abs=0.0)
    assert theory.mixture_wasserstein1(first, second) == pytest.approx(float(transport), rel=1e-8, abs=0.0)


def test_distances_broadcast() -> None:
    assert theory.mixture_wasserstein1([0.0, 1.0], [[0.5], [2.0], [3.0]]).shape == (3, 2)
    assert theory.mixture_total_variation(1.0, 1.0) == 0.0
    assert theory.mean_absolute_margin(0.0, 2.0) == pytest.approx(2 * math.sqrt(2 / math.pi), rel=1e-14)
    assert theory.mean_absolute_margin(-1.2) == pytest.approx(theory.mean_absolute_margin(1.2), rel=1e-14)
    assert theory.mean_shift_per_wasserstein(9.0) == pytest.approx(1.0, rel=1e-12)


def test_without_contamination_the_mean_is_found() -> None:
    assert theory.contaminated_ramp_angle(1.0, 1.0, 0.0, 5.0) == pytest.approx(0.0, abs=1e-6)
    assert theory.contaminated_absolute_angle(1.0, 0.0, 5.0) == pytest.approx(0.0, abs=1e-6)
    assert theory.contaminated_leading_angle(1.0, 0.0, 5.0) == 0.0
    # Outliers on the mean's own ground turn nothing.
    assert theory.contaminated_ramp_angle(1.0, 1.0, 0.1, 0.0) == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(s=st.floats(0.5, 2.5), tau=st.floats(0.3, 3.0), eps=st.floats(0.001, 0.3), length=st.floats(0.0, 50.0))
def test_the_bound_on_the_angle_holds(s: float, tau: float, eps: float, length: float) -> None:
    angle, limit = theory.contaminated_ramp_angle(s, tau, eps, length), theory.contaminated_ramp_angle_bound(s, tau, eps)
    assert angle <= limit + 1e-7
    assert 0.0 <= limit <= 0.5 * np.pi
    if limit < 0.5 * np.pi - 1e-6:
        assert theory.ramp_excess(limit, s, tau) == pytest.approx(eps / (1 - eps), rel=1e-9)


def test_ramp_excess_by_hand() -> None:
    assert theory.ramp_excess(0.0, 1.0, 1.0) == 0.0
    narrow = theory.ramp_excess(0.5 * np.pi, 1.0, 1e-5) / 1e-5
    assert narrow == pytest.approx(norm.pdf(0) - norm.pdf(1), rel=1e-6)
    assert theory.ramp_excess([0.1, 0.2], [[1.0], [2.0], [3.0]], 1.0).shape == (3, 2)


SIZES = (20, 100, 50)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.theorem_nonrobust_bound(0, 10, 10, mean_norm=1.0), "dimension must be an integer >= 1; got 0"),
        (lambda: theory.theorem_nonrobust_bound(5, 0, 10, mean_norm=1.0), "labeled_size must be an integer >= 1"),
        (lambda: theory.theorem_nonrobust_bound(5, 10, -1, mean_norm=1.0), "unlabeled_size must be an integer >= 0"),
        (lambda: theory.theorem_nonrobust_bound(*SIZES, mean_norm=-1.0), "mean_norm must be finite and >= 0"),
        (lambda: theory.theorem_nonrobust_bound(*SIZES, mean_norm=1.0, standard_deviation=0.0), "standard_deviation must be finite and > 0"),
        (lambda: theory.theorem_nonrobust_bound(*SIZES, mean_norm=1.0, shifted_mean_norm=-1.0), "shifted_mean_norm must be finite and >= 0"),
        (lambda: theory.theorem_nonrobust_bound(*SIZES, mean_norm=1.0, shifted_standard_deviation=0.0), "shifted_standard_deviation must be finite"),
        (lambda: theory.theorem_nonrobust_bound(*SIZES, mean_norm=1.0, wasserstein_shift=-0.1), "wasserstein_shift must be finite and >= 0"),
        (
            lambda: theory.theorem_nonrobust_bound(*SIZES, mean_norm=1.0, failure_probability=0.0),
            "failure_probability must be finite and > 0 and < 1",
        ),
        (
            lambda: theory.theorem_nonrobust_bound(*SIZES, mean_norm=1.0, failure_probability=1.0),
            "failure_probability must be finite and > 0 and < 1",
        ),
        (lambda: theory.theorem_nonrobust_bound(*SIZES, mean_norm=1.0, constant=0.0), "constant must be finite and > 0"),
        (lambda: theory.theorem_robust_bound(*SIZES, slope=-1.0), "slope must be finite and >= 0"),
        (lambda: theory.theorem_robust_bound(*SIZES, slope=1.0, wasserstein_shift=np.nan), "wasserstein_shift must be finite"),
        (lambda: theory.theorem_robust_bound(*SIZES, slope=1.0, standard_deviation=-1.0), "standard_deviation must be finite and > 0"),
        (lambda: theory.theorem_robust_bound(*SIZES, slope=1.0, mean_norm=-1.0), "mean_norm must be finite and >= 0"),
        (lambda: theory.corollary_unlabeled_size(1.5, 3), "dimension must be an integer >= 1"),
        (lambda: theory.corollary_shift(2, 0), "labeled_size must be an integer >= 1"),
        (lambda: theory.corollary_dimension_free_sizes(0), "dimension must be an integer >= 1"),
        (lambda: theory.corollary_error_sizes(5, 1.0), "error must be finite and > 0 and < 1"),
        (lambda: theory.sufficient_unlabeled_size(5, 0.0), "half_distance must be finite and > 0"),
        (lambda: theory.mixture_wasserstein1(-1.0, 1.0), "mean_norm0 must be finite and >= 0"),
        (lambda: theory.mixture_wasserstein1(1.0, np.inf), "mean_norm1 must be finite and >= 0"),
        (lambda: theory.mixture_total_variation(1.0, -1.0), "mean_norm1 must be finite and >= 0"),
        (lambda: theory.mixture_total_variation(1.0, 2.0, 0.0), "standard_deviation must be finite and > 0"),
        (lambda: theory.mean_shift_per_wasserstein(0.0), "half_distance must be finite and > 0"),
        (lambda: theory.mean_absolute_margin(1.0, 0.0), "margin_deviation must be finite and > 0"),
        (lambda: theory.contaminated_ramp_angle(1.0, 1.0, 1.0, 2.0), "contamination must be finite and >= 0 and < 1"),
        (lambda: theory.contaminated_ramp_angle(1.0, 0.0, 0.1, 2.0), "threshold must be finite and > 0"),
        (lambda: theory.contaminated_absolute_angle(0.0, 0.1, 2.0), "half_distance must be finite and > 0"),
        (lambda: theory.contaminated_leading_angle(1.0, 0.1, -2.0), "outlier_length must be finite and >= 0"),
        (lambda: theory.contaminated_ramp_angle_bound(1.0, 1.0, -0.1), "contamination must be finite and >= 0 and < 1"),
        (lambda: theory.ramp_excess(2.0, 1.0, 1.0), "angle must be finite"),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
