"""Thresholds, the best weight and the ridge floor: crossings, uniqueness, certificates and reference values."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from theorylab.papers.aggregate_responses import closed_form as cf

PSI = np.concatenate([1.0 + np.geomspace(1e-2, 1.0, 12), np.linspace(2.3, 20.0, 18)])[:, None, None]
BAG_SIZES = np.array([2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50])[:, None]
SNR = np.geomspace(0.05, 5e3, 13)


def test_bag_against_instance_level_crosses_at_the_threshold() -> None:
    assert cf.snr_threshold_bag_vs_instance(6, 3) == pytest.approx(21 / 11, rel=1e-14)
    assert cf.snr_threshold_bag_vs_instance(8, 5) == pytest.approx(2.471264, abs=5e-7)
    for psi, k, gap in ((6, 3, 0.0933), (8, 5, 0.1638)):
        threshold = cf.snr_threshold_bag_vs_instance(psi, k)
        gaps = [cf.bag_level_risk_limit(psi, k, f * threshold).risk - cf.instance_level_risk_limit(psi, k, f * threshold).risk for f in (0.9, 1, 1.1)]
        assert gaps == pytest.approx([gap, 0.0, -gap], abs=6e-5)


@settings(max_examples=80, deadline=None)
@given(c=st.floats(1.001, 50.0), k=st.integers(2, 60), noise=st.floats(0.1, 9.0))
def test_the_thresholds_equate_the_risks(c: float, k: int, noise: float) -> None:
    psi = c * k
    bag = cf.bag_level_risk_limit(psi, k, 1.0, noise).risk
    threshold = cf.snr_threshold_bag_vs_instance(psi, k)
    assert cf.instance_level_risk_limit(psi, k, threshold * noise, noise).risk == pytest.approx(bag, rel=1e-11)
    rescaled = cf.snr_threshold_bag_vs_rescaled_instance(psi, k)
    assert cf.rescaled_instance_risk_limit(psi, k, rescaled * noise, noise).risk == pytest.approx(bag, rel=1e-11)
    # Below its threshold the rescaled estimator wins, above it the bag level.
    assert cf.rescaled_instance_risk_limit(psi, k, 0.9 * rescaled * noise, noise).risk < bag
    assert cf.instance_level_risk_limit(psi, k, 1.1 * threshold * noise, noise).risk > bag
    assert rescaled == pytest.approx(1.0 / (c - 1.0), rel=1e-11)


@pytest.mark.parametrize(("n", "d", "k"), [(24, 4, 3), (60, 10, 5), (240, 40, 3), (6, 1, 2), (150, 47, 3)])
def test_the_exact_threshold_equates_the_exact_risks(n: int, d: int, k: int) -> None:
    threshold = cf.snr_threshold_bag_vs_instance_exact(n, d, k)
    bag = cf.bag_level_risk_exact(n, d, k, threshold * 0.7, 0.7).risk
    assert cf.instance_level_risk_exact(n, d, k, threshold * 0.7, 0.7).risk == pytest.approx(bag, rel=1e-12)
    m = n // k
    fluctuation = Fraction(d * n * n - d * n + 2 * d + n * n - 5 * n + 2, (n - 1) * (n + 2) * (n - d - 1))
    bias = Fraction((k - 1) ** 2, k * k) + Fraction(k - 1, k * k) * fluctuation
    rational = (Fraction(d, m - d - 1) - Fraction(d, k * (n - d - 1))) / bias
    assert threshold == float(rational)


def test_the_exact_threshold_tends_to_the_limit_at_order_one_over_d() -> None:
    limit = cf.snr_threshold_bag_vs_instance(6, 3)
    distances = [cf.snr_threshold_bag_vs_instance_exact(6 * d, d, 3) - limit for d in (1000, 10_000)]
    assert distances[0] / distances[1] == pytest.approx(10.0, rel=0.02)
    assert 0.0 < distances[0] < 0.01


def test_reference_values_of_the_best_weight() -> None:
    assert cf.snr_threshold_interior_weight(6, 3) == pytest.approx(1 / 3, rel=1e-14)
    assert cf.snr_threshold_interior_weight(2, 4) == pytest.approx(4.0, rel=1e-14)
    for snr, weight, risk in ((1.0, 0.267704, 0.446080), (0.34, 0.97668, 0.232871), (5.0, 0.043488, 0.775251)):
        best = cf.optimal_weight(6, 3, snr)
        assert best == pytest.approx(weight, abs=4e-6)
        assert cf.asymptotic_risk(6, 3, best, snr, 1.0).risk == pytest.approx(risk, abs=6e-7)
    assert cf.instance_level_risk_limit(6, 3, 0.34).risk == pytest.approx(0.232889, abs=6e-7)
    assert cf.optimal_weight(6, 3, 0.30) == 1.0
    free = cf.optimal_weight(6, 3, 0.30, upper=10.0)
    assert free == pytest.approx(1.13336, abs=6e-6)
    assert cf.asymptotic_risk(6, 3, free, 0.30, largest_weight=2.0).risk == pytest.approx(0.212877, abs=6e-7)
    assert cf.instance_level_risk_limit(6, 3, 0.30).risk == pytest.approx(0.213333, abs=6e-7)
    assert cf.optimal_weight(2, 4, 2.0) == 1.0
    assert cf.instance_level_risk_limit(2, 4, 1.0, 0.5).risk == pytest.approx(0.875)
    far = cf.optimal_weight(2, 4, 2.0, upper=10.0)
    assert far == pytest.approx(2.114, abs=6e-4)
    assert cf.asymptotic_risk(2, 4, far, 1.0, 0.5, largest_weight=3.0).risk == pytest.approx(0.85824, abs=6e-6)
    by_bag_size = cf.optimal_weight(6, [2, 3, 5, 12, 20], 1.0)
    assert by_bag_size == pytest.approx([0.3164, 0.2677, 0.2535, 0.2613, 0.2675], abs=6e-5)
    assert cf.optimal_weight(20, 3, 1.0) == pytest.approx(0.0719, abs=6e-5)
    assert cf.optimal_weight_rule_of_thumb(20, 3, 1.0) == pytest.approx(0.0750, abs=1e-12)


def test_the_rule_of_thumb_has_an_error_of_order_one_over_psi() -> None:
    psi, snr = np.array([1e3, 1e4]), 3.0
    error = cf.optimal_weight_rule_of_thumb(psi, 5, snr) / cf.optimal_weight(psi, 5, snr) - 1.0
    assert np.all(np.abs(error) < 3.0 / psi)
    assert error[0] / error[1] == pytest.approx(10.0, rel=0.02)


@settings(max_examples=60, deadline=None)
@given(psi=st.floats(1.05, 40.0), k=st.integers(2, 40), log_snr=st.floats(-2.0, 4.0))
def test_best_weight_against_a_forty_digit_stationary_point(psi: float, k: int, log_snr: float) -> None:
    snr = 10.0**log_snr
    best = cf.optimal_weight(psi, k, snr, upper=1e6)
    if best == 1e6:
        assert abs(psi - k / (k - 1)) < 0.05
        return

    def slope(log_weight: Any) -> Any:
        rho = mpmath.exp(log_weight)
        quadratic, linear = rho * (psi - 1), mpmath.mpf(psi) / k - 1 + rho * (psi - mpmath.mpf(psi) / k - 1)
        s = (-linear + mpmath.sqrt(linear**2 + 4 * quadratic)) / (2 * quadratic)
        e1 = mpmath.mpf(psi) / k * s / (1 + s)
        variance = s / (1 + (k - 1) * rho * ((1 + s) / (1 + rho * s)) ** 2)
        e2 = mpmath.mpf(psi) / k * (s**2 + variance) / (1 + s) ** 2
        return snr * ((1 - e1) ** 2 + mpmath.mpf(psi) / (mpmath.mpf(psi) - 1) * (e2 - e1**2)) + variance

    with mpmath.workdps(60):
        step, centre = mpmath.mpf(10) ** -15, mpmath.log(mpmath.mpf(best))
        low, middle, high = (slope(centre + sign * step) for sign in (-1, 0, 1))
        curvature = (high - 2 * middle + low) / step**2
        newton = (high - low) / (2 * step) / curvature
    assert curvature > 0
    assert float(newton) == pytest.approx(0.0, abs=1e-10)


def test_the_risk_has_one_stationary_point_on_a_scan() -> None:
    """The sign of the derivative changes once, at the weight returned; below 1 exactly above the threshold."""
    weights = np.geomspace(1e-9, 1e3, 300)
    slope = cf.asymptotic_risk_derivative(PSI[..., None], BAG_SIZES[..., None], weights, SNR[:, None], 1.0, largest_weight=1e3).risk
    rises = slope > 0.0
    assert np.all(np.diff(rises.astype(int), axis=-1) >= 0)
    best = cf.optimal_weight(PSI, BAG_SIZES, SNR, upper=1e3)
    far = np.abs(np.log(weights / best[..., None])) > 1e-6
    assert np.array_equal(rises[far], (weights > best[..., None])[far])
    threshold = cf.snr_threshold_interior_weight(PSI, BAG_SIZES)
    decided = np.abs(SNR / threshold - 1.0) > 1e-9
    assert np.array_equal((cf.optimal_weight(PSI, BAG_SIZES, SNR) < 1.0)[decided], (threshold < SNR)[decided])
    assert cf.optimal_weight(PSI, BAG_SIZES, SNR) == pytest.approx(np.minimum(best, 1.0), rel=1e-9)


def test_with_as_many_within_bag_degrees_of_freedom_as_features_weak_signals_have_no_best_weight() -> None:
    """At psi = k/(k-1) the risk falls for ever if (k-1)/SNR exceeds 4 - k."""
    assert cf.optimal_weight(2.0, 2, 0.49, upper=1e50) == 1e50
    shrinkage = 1.0 - np.sqrt(0.5 / 0.51)
    assert cf.optimal_weight(2.0, 2, 0.51, upper=1e50) == pytest.approx(((1.0 - shrinkage) / shrinkage) ** 2, rel=1e-10)
    assert cf.optimal_weight(1.25, 5, 1e6, upper=1e50) == 1e50
    assert cf.optimal_weight(1.26, 5, 1e6, upper=1e50) < 1e50


@pytest.mark.parametrize(("psi", "k", "snr"), [(6.0, 3, 1.0), (2.0, 4, 30.0), (15.0, 8, 0.6), (4.0, 4, 5.0)])
def test_best_weight_against_a_bounded_minimiser(psi: float, k: int, snr: float) -> None:
    def risk(weight: float) -> float:
        return float(cf.asymptotic_risk(psi, k, weight, snr, 1.0).risk)

    found = minimize_scalar(risk, bounds=(1e-6, 1.0), method="bounded", options={"xatol": 1e-9})
    best = cf.optimal_weight(psi, k, snr)
    assert found.x == pytest.approx(best, rel=2e-5)
    assert risk(best) <= found.fun * (1 + 1e-14)


def test_edges_of_the_best_weight() -> None:
    assert cf.optimal_weight(6.0, 1, [0.1, 5.0]) == pytest.approx([1.0, 1.0])
    assert cf.optimal_weight(6.0, 1, 5.0, upper=0.5) == 0.5
    assert cf.optimal_weight(6.0, 3, 0.0) == 1.0
    assert cf.optimal_weight(6.0, 3, 1.0, upper=0.1) == 0.1
    # For strong signals and more bags than features it falls like 1/SNR.
    assert cf.optimal_weight(6.0, 3, 1e60) / cf.optimal_weight(6.0, 3, 1e61) == pytest.approx(10.0, rel=1e-10)
    assert cf.optimal_weight(PSI, BAG_SIZES, SNR).shape == (30, 11, 13)


@settings(max_examples=60, deadline=None)
@given(psi=st.floats(1.01, 60.0), k=st.integers(1, 60), r2=st.just(0.0) | st.floats(1e-6, 9.0), noise=st.just(0.0) | st.floats(1e-6, 9.0))
def test_derivatives_at_the_instance_level(psi: float, k: int, r2: float, noise: float) -> None:
    closed = cf.risk_derivatives_at_instance_level(psi, k, r2, noise)
    general = cf.asymptotic_risk_derivative(psi, k, 1.0, r2, noise)
    size = r2 * k + noise
    assert closed.bias_squared == pytest.approx(general.bias_squared, abs=1e-12 * size)
    assert closed.variance == pytest.approx(general.variance, rel=1e-12)
    assert closed.risk == pytest.approx(closed.bias_squared + closed.variance, abs=1e-14 * size)
    if k > 1:
        threshold = cf.snr_threshold_interior_weight(psi, k)
        if np.isfinite(threshold):
            zero = cf.risk_derivatives_at_instance_level(psi, k, threshold, 1.0)
            assert zero.risk == pytest.approx(0.0, abs=1e-12 * abs(zero.variance))
        else:
            assert closed.bias_squared <= 0.0


def test_derivatives_at_the_instance_level_by_hand() -> None:
    assert cf.risk_derivatives_at_instance_level(6, 3, 2.0, 5.0)[:] == pytest.approx((72 / 162, -20 / 54, 72 / 162 - 20 / 54), rel=1e-14)


def test_reference_values_of_ridge() -> None:
    assert cf.ridge_risk_limit(6, 3) == pytest.approx(np.sqrt(2.0) - 1.0, rel=1e-14)
    k = np.array([3, 10, 100, 1000])
    best = cf.optimal_weight(1.5 * k, k, 1.0)
    assert cf.asymptotic_risk(1.5 * k, k, best).risk == pytest.approx([0.55548, 0.51136, 0.50101, 0.50010], abs=6e-6)
    assert cf.ridge_risk_limit(1.5 * k, k) == pytest.approx(0.5, rel=1e-14)
    assert cf.ridge_risk_limit(6, 3, [2.0, 0.0, 2.0], [0.0, 1.0, 0.0]) == pytest.approx(0.0, abs=0.0)
    assert cf.ridge_risk_limit(1.5, 3, 2.0, 0.0) == pytest.approx(1.0, rel=1e-14)
    assert cf.ridge_risk_limit(1.5, 3, 0.0, 0.0) == 0.0


@settings(max_examples=60, deadline=None)
@given(psi=st.floats(0.1, 60.0), k=st.integers(1, 30), r2=st.floats(0.1, 9.0), noise=st.floats(1e-3, 9.0))
def test_ridge_solves_its_equation(psi: float, k: int, r2: float, noise: float) -> None:
    s = cf.ridge_risk_limit(psi, k, r2, noise) / noise
    ratio, c = noise / r2, psi / k
    assert ratio * s * s + (c + ratio - 1.0) * s == pytest.approx(1.0, rel=1e-10)
    assert 0.0 < s * noise <= r2
    assert cf.ridge_risk_limit(psi, k, 3 * r2, 3 * noise) == pytest.approx(3 * s * noise, rel=1e-12)


def test_no_weight_reaches_ridge() -> None:
    best = cf.optimal_weight(PSI, BAG_SIZES, SNR, upper=1e3)
    ratio = cf.asymptotic_risk(PSI, BAG_SIZES, best, SNR, 1.0, largest_weight=1e3).risk / cf.ridge_risk_limit(PSI, BAG_SIZES, SNR, 1.0)
    assert ratio.min() > 1.0 + 1e-8


@pytest.mark.parametrize("function", [cf.snr_threshold_bag_vs_instance, cf.snr_threshold_bag_vs_rescaled_instance, cf.snr_threshold_interior_weight])
def test_bad_input_of_the_thresholds(function: Any) -> None:
    for k in (1, 2.5, 0):
        with pytest.raises(ValueError, match="bag_size"):
            function(6.0, k)
    with pytest.raises(ValueError, match="samples_per_feature"):
        function(1.0, 3)
    if function is cf.snr_threshold_interior_weight:
        assert function([1.2, 6.0], 5)[0] == np.inf
    else:
        with pytest.raises(ValueError, match="more bags than features"):
            function([6.0, 3.0], 3)


@pytest.mark.parametrize(
    ("n", "d", "k", "named"),
    [(25, 4, 3, "multiple"), (15, 4, 3, "finite"), (24, 4, 1, "bag_size"), (24, 0, 3, "dimension"), (24.5, 4, 3, "sample_size")],
)
def test_bad_input_of_the_exact_threshold(n: Any, d: Any, k: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        cf.snr_threshold_bag_vs_instance_exact(n, d, k)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((1.0, 3, 1.0), "samples_per_feature"),
        ((6.0, 2.5, 1.0), "bag_size"),
        ((6.0, 3, -1.0), "signal_to_noise_ratio"),
        ((6.0, 3, np.inf), "signal_to_noise_ratio"),
    ],
)
def test_bad_input_of_the_best_weight(arguments: tuple[Any, ...], named: str) -> None:
    for function in (cf.optimal_weight, cf.optimal_weight_rule_of_thumb):
        with pytest.raises(ValueError, match=named):
            function(*arguments)
    for upper in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="upper"):
            cf.optimal_weight(6.0, 3, 1.0, upper=upper)
    with pytest.raises(ValueError, match="signal_to_noise_ratio"):
        cf.optimal_weight_rule_of_thumb(6.0, 3, 0.0)
    with pytest.raises(ValueError, match="bag_size"):
        cf.optimal_weight_rule_of_thumb(6.0, 1, 1.0)
