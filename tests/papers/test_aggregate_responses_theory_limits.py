"""Limits of bias and variance: the fixed point against high precision, the ends, the regimes beyond, the interpolation peak."""

from __future__ import annotations

import time
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.papers.aggregate_responses import closed_form as cf

ratios = st.floats(1.01, 60.0)
bag_sizes = st.integers(1, 40)
log_weights = st.floats(-10.0, 0.0)
LIMITS = [
    cf.bag_level_risk_limit,
    cf.instance_level_risk_limit,
    cf.rescaled_instance_risk_limit,
    cf.minimum_norm_risk_limit,
    cf.small_weight_risk_limit,
    cf.overparametrised_risk_limit,
    cf.ridge_risk_limit,
]


def textbook_limits(psi: float, k: int, weight: float) -> tuple[Any, Any, Any, Any]:
    """Return s, V, e1 and the coefficient of the squared bias in 40 digits, through e2 - e1^2."""
    with mpmath.workdps(40):
        psi, rho = mpmath.mpf(psi), mpmath.mpf(weight)
        quadratic, linear = rho * (psi - 1), psi / k - 1 + rho * (psi - psi / k - 1)
        s = (-linear + mpmath.sqrt(linear**2 + 4 * quadratic)) / (2 * quadratic)
        variance = s / (1 + (k - 1) * rho * ((1 + s) / (1 + rho * s)) ** 2)
        e1 = psi / k * s / (1 + s)
        e2 = psi / k * (s**2 + variance) / (1 + s) ** 2
        return s, variance, e1, (1 - e1) ** 2 + psi / (psi - 1) * (e2 - e1**2)


@settings(max_examples=150, deadline=None)
@given(psi=ratios, k=bag_sizes, log_weight=log_weights, r2=st.floats(0.1, 9.0), noise=st.floats(0.1, 9.0))
def test_stable_form_against_forty_digits(psi: float, k: int, log_weight: float, r2: float, noise: float) -> None:
    weight = 10.0**log_weight
    s, variance, e1, bias = textbook_limits(psi, k, weight)
    answer = cf.asymptotic_risk(psi, k, weight, r2, noise)
    assert cf.fixed_point_root(psi, k, weight) == pytest.approx(float(s), rel=1e-11)
    assert answer.variance == pytest.approx(noise * float(variance), rel=1e-11)
    assert cf.asymptotic_shrinkage(psi, k, weight) == pytest.approx(float(e1), rel=1e-12)
    if k > 1:
        assert answer.bias_squared == pytest.approx(r2 * float(bias), rel=1e-11)
        assert cf.asymptotic_unconditional_bias(psi, k, weight, r2) == pytest.approx(r2 * float((1 - e1) ** 2), rel=1e-11)
        assert answer.bias_squared >= cf.asymptotic_unconditional_bias(psi, k, weight, r2)
    assert answer.risk == pytest.approx(answer.bias_squared + answer.variance, rel=1e-15)
    assert answer.reason == ""


@pytest.mark.parametrize("weight", [1e-10, 1e-8, 1e-6, 1e-3])
@pytest.mark.parametrize(("psi", "k"), [(6.0, 3), (3.0, 3), (2.0, 4), (5.999, 6), (1.001, 7)])
def test_no_digit_is_lost_at_tiny_weights(psi: float, k: int, weight: float) -> None:
    _, variance, _, bias = textbook_limits(psi, k, weight)
    answer = cf.asymptotic_risk(psi, k, weight)
    assert answer.bias_squared == pytest.approx(float(bias), rel=1e-12)
    assert answer.variance == pytest.approx(float(variance), rel=1e-12)


def test_reference_values() -> None:
    first = cf.asymptotic_risk(6, 3, 0.3, 1.0, 1.0)
    assert cf.fixed_point_root(6, 3, 0.3) == pytest.approx(0.4, rel=1e-14)
    assert cf.asymptotic_shrinkage(6, 3, 0.3) == pytest.approx(0.571429, abs=5e-7)
    assert first[:3] == pytest.approx((0.240553, 0.206452, 0.447005), abs=5e-7)
    second = cf.asymptotic_risk(2, 4, 0.2, 1.0, 0.5)
    assert cf.fixed_point_root(2, 4, 0.2) == pytest.approx(3.449490, abs=5e-7)
    assert cf.asymptotic_shrinkage(2, 4, 0.2) == pytest.approx(0.387628, abs=5e-7)
    assert (second.bias_squared, 2.0 * second.variance) == pytest.approx((0.709279, 0.668559), abs=5e-7)
    # Without the fluctuation of the features.
    assert cf.asymptotic_unconditional_bias(6, 3, 0.3) == pytest.approx(0.1837, abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(psi=ratios, k=bag_sizes, weight=st.floats(1e-6, 1.0), r2=st.just(0.0) | st.floats(1e-6, 9.0), noise=st.just(0.0) | st.floats(1e-6, 9.0))
def test_special_cases(psi: float, k: int, weight: float, r2: float, noise: float) -> None:
    instance = cf.asymptotic_risk(psi, k, 1.0, r2, noise)
    assert instance[:3] == pytest.approx(cf.instance_level_risk_limit(psi, k, r2, noise)[:3], rel=1e-12)
    assert cf.asymptotic_shrinkage(psi, k, 1.0) == pytest.approx(1.0 / k, rel=1e-12)
    ordinary = cf.asymptotic_risk(psi, 1, weight, r2, noise)
    assert ordinary[:3] == pytest.approx((0.0, noise / (psi - 1.0), noise / (psi - 1.0)), rel=1e-12)
    assert cf.asymptotic_shrinkage(psi, 1, weight) == pytest.approx(1.0, rel=1e-12)
    bag = cf.asymptotic_risk(k * psi, k, 0.0, r2, noise)
    assert bag.bias_squared == 0.0
    assert bag[:3] == pytest.approx(cf.bag_level_risk_limit(k * psi, k, r2, noise)[:3], rel=1e-12)
    assert bag.variance == pytest.approx(noise / (psi - 1.0), rel=1e-12)
    assert cf.asymptotic_shrinkage(k * psi, k, 0.0) == pytest.approx(1.0, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(psi=ratios, k=st.integers(2, 40), log_weight=st.floats(-4.0, 1.0), r2=st.floats(0.1, 9.0), noise=st.floats(0.1, 9.0))
def test_derivatives_against_forty_digit_differences(psi: float, k: int, log_weight: float, r2: float, noise: float) -> None:
    weight = 10.0**log_weight
    with mpmath.workdps(40):
        step = mpmath.mpf(weight) * mpmath.mpf(10) ** -10
        above, below = (textbook_limits(psi, k, mpmath.mpf(weight) + sign * step) for sign in (1, -1))
        bias, variance = (float((above[i] - below[i]) / (2 * step)) for i in (3, 1))
    answer = cf.asymptotic_risk_derivative(psi, k, weight, r2, noise, largest_weight=10.0)
    size = r2 * abs(bias) + noise * abs(variance)
    assert answer.variance == pytest.approx(noise * variance, rel=1e-9)
    assert answer.bias_squared == pytest.approx(r2 * bias, abs=1e-9 * (size + r2 * k * k * abs(variance)))
    assert answer.risk == pytest.approx(answer.bias_squared + answer.variance, abs=1e-12 * size)


def test_weight_zero_without_more_bags_than_features_is_infinite_with_its_reason() -> None:
    peak = cf.asymptotic_risk(3.0, 3, 0.0, 2.0, 0.5)
    assert peak[:3] == (0.0, np.inf, np.inf)
    assert "as many bags as features" in peak.reason
    assert cf.asymptotic_risk(3.0, 3, 0.0, 2.0, 0.0)[:] == (0.0, 0.0, 0.0, "")
    few = cf.asymptotic_risk(2.0, 3, 0.0)
    assert few[:3] == (np.inf, np.inf, np.inf)
    assert "minimum_norm_risk_limit" in few.reason
    assert "small_weight_risk_limit" in few.reason
    assert cf.fixed_point_root([2.0, 3.0, 4.0], 3, 0.0) == pytest.approx([np.inf, np.inf, 3.0])
    # The projection on the span of the bag means is common to the minimum-norm solution and to the limit of small weights.
    assert cf.asymptotic_shrinkage([2.0, 3.0, 4.0], 3, 0.0) == pytest.approx([2.0 / 3.0, 1.0, 1.0], rel=1e-15)
    mixed = cf.asymptotic_risk([2.0, 3.0, 4.0], 3, [[0.0], [0.1]])
    assert np.isinf(mixed.risk).tolist() == [[True, True, False], [False, False, False]]


@settings(max_examples=60, deadline=None)
@given(psi=st.floats(1.05, 30.0), extra=st.integers(1, 20), r2=st.floats(0.1, 9.0), noise=st.floats(0.1, 9.0))
def test_small_weights_tend_to_their_limit_and_not_to_the_minimum_norm(psi: float, extra: int, r2: float, noise: float) -> None:
    k = int(np.floor(psi)) + 1 + extra
    c = psi / k
    limit, other = cf.small_weight_risk_limit(psi, k, r2, noise), cf.minimum_norm_risk_limit(psi, k, r2, noise)
    assert cf.asymptotic_risk(psi, k, 1e-13, r2, noise)[:3] == pytest.approx(limit[:3], rel=1e-6)
    assert other[:2] == pytest.approx((r2 * (1 - c), noise * c / (1 - c)), rel=1e-12)
    assert limit.bias_squared == pytest.approx(other.bias_squared * (1 + c / (psi - 1)), rel=1e-12)
    assert limit.variance == pytest.approx(other.variance * (psi - c) / (psi - 1), rel=1e-12)
    assert limit.bias_squared > other.bias_squared
    assert limit.variance > other.variance


@pytest.mark.parametrize(
    ("limit", "exact", "psi", "k"),
    [
        (cf.minimum_norm_risk_limit, "minimum_norm_risk_exact", 2.0, 4),
        (cf.minimum_norm_risk_limit, "minimum_norm_risk_exact", 0.8, 4),
        (cf.small_weight_risk_limit, "small_weight_limit_risk_exact", 2.0, 4),
        (cf.overparametrised_risk_limit, "overparametrised_risk_exact", 0.4, 4),
        (cf.overparametrised_risk_limit, "overparametrised_risk_exact", 0.8, 2),
        (cf.bag_level_risk_limit, "bag_level_risk_exact", 6.0, 3),
        (cf.instance_level_risk_limit, "instance_level_risk_exact", 6.0, 3),
        (cf.instance_level_risk_limit, "instance_level_risk_exact", 2.0, 4),
        (cf.rescaled_instance_risk_limit, "rescaled_instance_risk_exact", 6.0, 3),
        (cf.rescaled_instance_risk_limit, "rescaled_instance_risk_exact", 2.0, 4),
    ],
)
def test_explicit_limits_are_the_limits_of_the_exact_risks(limit: Any, exact: str, psi: float, k: int) -> None:
    """The distance falls like 1/d."""
    target = np.array(limit(psi, k, 1.7, 0.6)[:2])
    distances = []
    for dimension in (1000, 10_000):
        answer = getattr(cf, exact)(round(psi * dimension), dimension, k, 1.7, 0.6)
        distances.append(np.abs(np.array([answer.bias_squared, answer.variance]) - target))
    assert np.all(distances[0] < 0.01 * (1 + target))
    assert distances[1] == pytest.approx(0.1 * distances[0], rel=0.03, abs=1e-12)


def test_reference_values_of_the_ends() -> None:
    assert cf.bag_level_risk_limit(6, 3).risk == pytest.approx(1.0)
    assert cf.instance_level_risk_limit(6, 3)[:3] == pytest.approx((0.488889, 1 / 15, 0.555556), abs=5e-7)
    assert cf.rescaled_instance_risk_limit(6, 3)[:3] == pytest.approx((0.4, 0.6, 1.0))
    assert cf.rescaled_instance_risk_limit(6, 3, 0.5, 1.0).risk == pytest.approx(0.8)
    assert cf.rescaled_instance_risk_limit(2, 5, 3.0, 0.7)[:2] == pytest.approx((12.0, 3.5))


def test_variance_at_the_interpolation_peak() -> None:
    weights = np.array([1e-2, 1e-4, 1e-6, 1e-8])
    expected = {5: [0.85842, 0.98508, 0.99850, 0.99985], 7: [0.81143, 0.97974, 0.99796, 0.99980], 2: [1.0, 1.0, 1.0, 1.0]}
    for k, values in expected.items():
        assert cf.asymptotic_risk(k, k, weights).variance / cf.peak_variance_asymptotic(k, weights) == pytest.approx(values, abs=6e-6)
    assert cf.asymptotic_risk(2, 2, weights).variance == pytest.approx(0.5 / np.sqrt(weights), rel=1e-13)
    assert cf.peak_variance_asymptotic(5, 0.25) == pytest.approx(0.5)
    assert cf.asymptotic_risk(3, 3, [0.1, 0.01, 0.001]).variance == pytest.approx([0.88889, 3.2922, 10.93], abs=4e-3)
    fine = np.geomspace(1e-8, 1e-4, 20)
    for k in (2, 3, 5, 10, 50):
        slope = np.polyfit(np.log(fine), np.log(cf.asymptotic_risk(k, k, fine).variance), 1)[0]
        assert slope == pytest.approx(-0.5, abs=0.01)


def test_bias_and_variance_diverge_like_the_inverse_distance_to_as_many_samples_as_features() -> None:
    near, nearer = (cf.asymptotic_risk(1.0 + gap, 4, 0.2) for gap in (1e-6, 1e-7))
    assert nearer.bias_squared / near.bias_squared == pytest.approx(10.0, rel=1e-4)
    assert nearer.variance / near.variance == pytest.approx(10.0, rel=1e-4)


def test_whole_surface_is_one_fast_call() -> None:
    psi, k = np.linspace(1.1, 12.0, 40)[:, None, None, None], np.arange(1, 11)[:, None, None]
    snr, weight = np.geomspace(0.05, 50.0, 20)[:, None], np.linspace(0.01, 1.0, 100)
    start = time.perf_counter()
    surface = cf.asymptotic_risk(psi, k, weight, snr, 1.0)
    assert time.perf_counter() - start < 2.0
    assert surface.risk.shape == surface.bias_squared.shape == surface.variance.shape == (40, 10, 20, 100)
    assert surface.risk[7, 2, 5, 40] == cf.asymptotic_risk(psi[7, 0, 0, 0], 3, weight[40], snr[5, 0], 1.0).risk
    assert isinstance(cf.asymptotic_risk(6, 3, 0.3).risk, float)


@pytest.mark.parametrize("function", LIMITS)
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"bag_size": 2.5}, "bag_size"),
        ({"bag_size": 0}, "bag_size"),
        ({"squared_signal_norm": -1.0}, "squared_signal_norm"),
        ({"squared_signal_norm": np.nan}, "squared_signal_norm"),
        ({"noise_variance": -1.0}, "noise_variance"),
        ({"samples_per_feature": 0.0}, "samples_per_feature"),
        ({"samples_per_feature": np.inf}, "samples_per_feature"),
    ],
)
def test_bad_input_of_the_explicit_limits(function: Any, changes: dict[str, Any], named: str) -> None:
    psi = {cf.minimum_norm_risk_limit: 2.0, cf.small_weight_risk_limit: 2.0, cf.overparametrised_risk_limit: 0.5}.get(function, 6.0)
    with pytest.raises(ValueError, match=named):
        function(**{"samples_per_feature": psi, "bag_size": 3, "squared_signal_norm": 1.0, "noise_variance": 1.0} | changes)


@pytest.mark.parametrize(
    "function", [cf.fixed_point_root, cf.asymptotic_shrinkage, cf.asymptotic_unconditional_bias, cf.asymptotic_risk, cf.asymptotic_risk_derivative]
)
def test_bad_input_of_the_interpolating_limits(function: Any) -> None:
    for psi in (1.0, 0.5, [6.0, 1.0]):
        with pytest.raises(ValueError, match=r"samples_per_feature must be .*> 1; got .*overparametrised_risk_limit"):
            function(psi, 3, 0.5)
    for k in (2.5, 0, -1, np.nan):
        with pytest.raises(ValueError, match="bag_size"):
            function(6.0, k, 0.5)
    for weight in (-0.1, 1.0000001, np.nan, [0.5, 1.5]):
        with pytest.raises(ValueError, match="weight"):
            function(6.0, 3, weight)
    assert np.isfinite(function(6.0, 3, 1.5, largest_weight=2.0)[0] if function is cf.asymptotic_risk else 1.0)
    with pytest.raises(ValueError, match="weight"):
        function(6.0, 3, 2.5, largest_weight=2.0)
    with pytest.raises(ValueError, match="largest_weight"):
        function(6.0, 3, 0.5, largest_weight=0.0)


def test_bad_input_of_the_rest() -> None:
    with pytest.raises(ValueError, match="weight must be > 0"):
        cf.asymptotic_risk_derivative(6.0, 3, [0.0, 0.5])
    with pytest.raises(ValueError, match="more bags than features"):
        cf.bag_level_risk_limit([6.0, 3.0], 3)
    with pytest.raises(ValueError, match="fewer bags than features"):
        cf.minimum_norm_risk_limit(3.0, 3)
    with pytest.raises(ValueError, match="fewer bags than features"):
        cf.small_weight_risk_limit([2.0, 3.0], 3)
    with pytest.raises(ValueError, match="samples_per_feature"):
        cf.overparametrised_risk_limit(1.0, 3)
    with pytest.raises(ValueError, match="bag_size"):
        cf.peak_variance_asymptotic(1, 0.5)
    for weight in (0.0, 1.5):
        with pytest.raises(ValueError, match="weight"):
            cf.peak_variance_asymptotic(3, weight)
