"""Exact finite-size bias, variance, mean and risk: reference values, agreement of independent forms, limits, infinities, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from theorylab.papers.aggregate_responses import closed_form as cf

ENDS = [cf.bag_level_risk_exact, cf.instance_level_risk_exact, cf.rescaled_instance_risk_exact]
FEWER = [cf.minimum_norm_risk_exact, cf.small_weight_limit_risk_exact, cf.overparametrised_risk_exact]


@pytest.mark.parametrize(
    ("sizes", "weight", "bias", "variance", "shrinkage"),
    [
        ((240, 40, 3), 0.3, 0.2427894, 0.2068510, 0.5703299),
        ((120, 60, 4), 0.2, 0.7133219, 0.6779163, 0.3866908),
        ((60, 10, 5), 0.15, 0.3375296, 0.3014441, 0.5071978),
        ((40, 20, 4), 0.2, 0.7215098, 0.6977170, None),
        ((8, 5, 2), 0.3, 0.7172432, 1.9541165, None),
        ((18, 1, 3), 0.3, 0.191999, 0.068354, None),
    ],
)
def test_reference_values_at_every_weight(sizes: tuple, weight: float, bias: float, variance: float, shrinkage: float | None) -> None:
    risk = cf.interpolation_risk_exact(*sizes, weight, 2.5, 0.7)
    digits = 1e-6 if sizes[1] == 1 else 1e-7
    assert risk.bias_squared == pytest.approx(2.5 * bias, abs=2.5 * digits)
    assert risk.variance == pytest.approx(0.7 * variance, abs=digits)
    assert risk.risk == pytest.approx(risk.bias_squared + risk.variance, rel=1e-15)
    assert risk.reason == ""
    if shrinkage is not None:
        assert cf.expected_shrinkage_exact(*sizes, weight) == pytest.approx(shrinkage, abs=1e-7)


def test_reference_values_of_the_ends() -> None:
    assert cf.bag_level_risk_exact(240, 40, 3).variance == pytest.approx(1.025641, abs=1e-6)
    instance = cf.instance_level_risk_exact(240, 40, 3)
    assert instance[:2] == pytest.approx((0.489834, 0.0670017), abs=1e-6)
    rescaled = cf.rescaled_instance_risk_exact(180, 30, 3)
    assert rescaled[:2] == pytest.approx((0.411264, 0.604027), abs=1e-6)
    assert cf.bag_level_risk_exact(180, 60, 1, 3.0, 0.5) == pytest.approx((0.0, 0.5 * 60 / 119, 0.5 * 60 / 119, ""))


def test_reference_values_with_fewer_bags_than_features() -> None:
    assert cf.minimum_norm_risk_exact(80, 50, 4)[:2] == pytest.approx((0.6, 0.689655), abs=1e-6)
    assert cf.small_weight_limit_risk_exact(80, 50, 4)[:2] == pytest.approx((1.013793, 1.403092), abs=1e-6)
    over = cf.overparametrised_risk_exact(30, 50, 3)
    assert over[:2] == pytest.approx((1.010526, 0.526316), abs=1e-6)
    assert cf.overparametrised_risk_exact(30, 50, 3, 2.0, 0.5)[:2] == pytest.approx((2 * over[0], 0.5 * over[1]), rel=1e-15)


def test_the_whole_weight_curve() -> None:
    curve = cf.interpolation_risk_exact(240, 40, 3, [0.1, 0.2677, 0.6, 1.0])
    assert curve.risk == pytest.approx([0.5166547, 0.4488026, 0.4920851, 0.5568353], abs=1e-7)
    peak = cf.interpolation_risk_exact(180, 60, 3, [0.1, 0.01, 0.001]).variance
    assert peak == pytest.approx([0.891916, 3.304109, 11.060406], abs=1e-6)


@pytest.mark.parametrize("sizes", [(240, 40, 3), (120, 60, 4), (15, 2, 5), (18, 1, 3), (8, 5, 2), (30, 28, 3), (72, 13, 2), (21, 7, 7)])
def test_weight_one_has_two_independent_forms(sizes: tuple) -> None:
    assert cf.interpolation_risk_exact(*sizes, 1.0)[:3] == pytest.approx(cf.instance_level_risk_exact(*sizes)[:3], rel=1e-12)
    assert cf.expected_shrinkage_exact(*sizes, 1.0) == pytest.approx(1 / sizes[2], rel=1e-12)


def test_weight_one_keeps_its_digits_at_two_hundred_features() -> None:
    assert cf.interpolation_risk_exact(1200, 200, 3, 1.0)[:3] == pytest.approx(cf.instance_level_risk_exact(1200, 200, 3)[:3], rel=1e-12)


@settings(max_examples=10, deadline=None)
@given(m=st.integers(1, 12), k=st.integers(2, 5), weight=st.floats(0.01, 1.0), r2=st.floats(0.1, 5.0), noise=st.floats(0.1, 5.0))
def test_dimension_one_is_one_integral(m: int, k: int, weight: float, r2: float, noise: float) -> None:
    n = m * k

    law = beta(m / 2, (n - m) / 2)

    def integrand(u: float, power: int) -> float:
        mixed = weight + (1 - weight) * u
        return law.pdf(u) * ((weight * (1 - u) / mixed) ** 2 if power == 0 else u / mixed**2)

    # sin^2 removes the square-root singularities at both ends.
    bias, variance = (quad(lambda t, i=i: integrand(np.sin(t) ** 2, i) * np.sin(2 * t), 0, np.pi / 2, epsabs=1e-13, limit=200)[0] for i in (0, 1))
    risk = cf.interpolation_risk_exact(n, 1, k, weight, r2, noise)
    assert risk.bias_squared == pytest.approx(r2 * bias, rel=1e-8)
    if n > 2:
        assert risk.variance == pytest.approx(noise * variance / (n - 2), rel=1e-8)
    else:
        assert risk.variance == np.inf


@settings(max_examples=25, deadline=None)
@given(d=st.integers(1, 15), m=st.integers(1, 20), k=st.integers(1, 4), weights=st.lists(st.floats(0.001, 1.0), min_size=1, max_size=4))
def test_an_array_of_weights_answers_as_single_weights_do(d: int, m: int, k: int, weights: list[float]) -> None:
    n = m * k
    curve = cf.interpolation_risk_exact(n, d, k, np.array([weights]), 1.3, 0.6)
    single = [cf.interpolation_risk_exact(n, d, k, weight, 1.3, 0.6) for weight in weights]
    for part in range(3):
        assert curve[part].shape == (1, len(weights))
        assert curve[part][0] == pytest.approx([risk[part] for risk in single], rel=1e-9)
    assert (curve.reason == "") == bool(np.all(np.isfinite(curve.risk)))
    assert np.all(curve.bias_squared >= 0.0)
    if abs(n - d) > 1 and k > 1:
        # The bias conditional on the features exceeds that of the mean.
        shrinkage = cf.expected_shrinkage_exact(n, d, k, np.array(weights))
        assert np.all(curve.bias_squared[0] >= 1.3 * (1.0 - shrinkage) ** 2 * (1 - 1e-9))
        assert np.all((shrinkage > 0) & (shrinkage < 1))


@pytest.mark.parametrize("sizes", [(80, 50, 4), (60, 40, 3), (120, 15, 4), (40, 6, 2)])
def test_small_weights_tend_to_the_named_limit_and_not_to_weight_zero(sizes: tuple) -> None:
    n, d, k = sizes
    small = cf.interpolation_risk_exact(*sizes, 1e-9)
    assert small[:3] == pytest.approx(cf.small_weight_limit_risk_exact(*sizes)[:3], rel=1e-7)
    zero = cf.interpolation_risk_exact(*sizes, 0.0)
    if n // k >= d:
        assert zero == cf.bag_level_risk_exact(*sizes)
        assert small[:3] == pytest.approx(zero[:3], rel=1e-7, abs=1e-12)
        assert cf.expected_shrinkage_exact(*sizes, 0.0) == 1.0
    else:
        assert zero == cf.minimum_norm_risk_exact(*sizes)
        assert small.bias_squared > zero.bias_squared * (1 + 1e-3)
        assert small.variance > zero.variance * (1 + 1e-3)
        assert cf.expected_shrinkage_exact(*sizes, [0.0, 1e-9]) == pytest.approx([n / k / d] * 2, abs=1e-7)


def test_fewer_samples_than_features_make_the_weight_irrelevant() -> None:
    curve = cf.interpolation_risk_exact(30, 50, 3, [1e-6, 0.3, 1.0, 0.0], 1.7, 0.4)
    over = cf.overparametrised_risk_exact(30, 50, 3, 1.7, 0.4)
    assert curve.risk[:3] == pytest.approx([over.risk] * 3, rel=1e-15)
    assert curve.risk[3] == pytest.approx(cf.minimum_norm_risk_exact(30, 50, 3, 1.7, 0.4).risk, rel=1e-15)
    assert cf.expected_shrinkage_exact(30, 50, 3, [0.0, 0.5]) == pytest.approx([0.2, 0.2])
    single = cf.overparametrised_risk_exact(30, 50, 1)
    assert single[:2] == pytest.approx((1 - 30 / 50, 30 / 19))
    # From n slightly below to slightly above d: both sides of the peak are high.
    assert cf.overparametrised_risk_exact(48, 50, 3).risk > 5.0
    assert cf.interpolation_risk_exact(54, 50, 3, 0.5).risk > 3.0


def test_bags_of_one_are_ordinary_least_squares() -> None:
    for weight in (0.0, 0.2, 1.0):
        assert cf.interpolation_risk_exact(30, 12, 1, weight, 2.0, 3.0)[:3] == pytest.approx((0.0, 3.0 * 12 / 17, 3.0 * 12 / 17))
    assert cf.rescaled_instance_risk_exact(30, 12, 1) == cf.instance_level_risk_exact(30, 12, 1)
    assert cf.expected_shrinkage_exact(30, 12, 1, 0.4) == pytest.approx(1.0, rel=1e-14)


@settings(max_examples=50, deadline=None)
@given(d=st.integers(1, 30), m=st.integers(1, 40), k=st.integers(1, 6))
def test_rescaling_is_exact(d: int, m: int, k: int) -> None:
    """E ||k theta_1 - theta0||^2 from the second moments of theta_1: its bias is k^2 times the spread around E theta_1 = theta0/k."""
    n = m * k
    if n <= d + 1:
        return
    instance, rescaled = cf.instance_level_risk_exact(n, d, k, 1.7, 0.6), cf.rescaled_instance_risk_exact(n, d, k, 1.7, 0.6)
    assert rescaled.bias_squared == pytest.approx(k**2 * (instance.bias_squared - 1.7 * (1 - 1 / k) ** 2), rel=1e-9, abs=1e-12)
    assert rescaled.variance == pytest.approx(k**2 * instance.variance, rel=1e-13)


def test_ends_tend_to_their_limits_at_order_one_over_d() -> None:
    d = np.array([100, 1000])
    n = 6 * d
    instance = cf.instance_level_risk_exact(n, d, 3)
    gaps = d * np.abs(instance.bias_squared - ((1 - 1 / 3) ** 2 + 2 / (9 * 5)))
    assert gaps[0] == pytest.approx(gaps[1], rel=0.02)
    assert cf.rescaled_instance_risk_exact(n, d, 3)[:2] == pytest.approx((2 / 5, 3 / 5), rel=0.03)
    assert d * (cf.bag_level_risk_exact(n, d, 3).variance - 1.0) == pytest.approx([1.0, 1.0], rel=0.02)
    assert cf.interpolation_risk_exact(960, 160, 3, 0.3).risk == pytest.approx(cf.asymptotic_risk(6, 3, 0.3).risk, rel=0.01)


def test_closed_forms_broadcast() -> None:
    n, k = np.array([[24], [60]]), np.array([2, 3, 4])
    for function in (cf.instance_level_risk_exact, cf.rescaled_instance_risk_exact, cf.bag_level_risk_exact):
        table = function(n, 4, k, 1.4, 0.3)
        assert table.risk.shape == (2, 3)
        assert table.risk[1, 2] == function(60, 4, 4, 1.4, 0.3).risk
    table = cf.minimum_norm_risk_exact(n, 80, k)
    assert table.bias_squared == pytest.approx(1 - n / k / 80)
    assert isinstance(cf.minimum_norm_risk_exact(24, 80, 2).risk, float)


@pytest.mark.parametrize(
    ("function", "sizes", "infinite_bias", "words"),
    [
        (cf.bag_level_risk_exact, (12, 6, 2), False, "d + 2 bags"),
        (cf.bag_level_risk_exact, (14, 6, 2), False, "d + 2 bags"),
        (cf.minimum_norm_risk_exact, (12, 6, 2), False, "d - 2 bags"),
        (cf.minimum_norm_risk_exact, (10, 6, 2), False, "d - 2 bags"),
        (cf.instance_level_risk_exact, (12, 12, 2), True, "d + 2 samples"),
        (cf.instance_level_risk_exact, (12, 11, 2), True, "d + 2 samples"),
        (cf.rescaled_instance_risk_exact, (12, 11, 2), True, "d + 2 samples"),
        (cf.instance_level_risk_exact, (12, 11, 1), False, "d + 2 samples"),
        (cf.small_weight_limit_risk_exact, (12, 11, 2), True, "no finite mean"),
        (cf.small_weight_limit_risk_exact, (12, 12, 2), True, "no finite mean"),
        (cf.small_weight_limit_risk_exact, (14, 6, 2), False, "none of the variance"),
        (cf.small_weight_limit_risk_exact, (10, 6, 2), False, "none of the variance"),
        (cf.overparametrised_risk_exact, (12, 13, 2), True, "d - 2 samples"),
        (cf.overparametrised_risk_exact, (12, 12, 2), True, "d - 2 samples"),
        (cf.overparametrised_risk_exact, (12, 13, 1), False, "d - 2 samples"),
        (lambda *sizes: cf.interpolation_risk_exact(*sizes, 0.4), (12, 12, 2), True, "d + 2 samples"),
        (lambda *sizes: cf.interpolation_risk_exact(*sizes, 0.4), (12, 11, 2), True, "d + 2 samples"),
        (lambda *sizes: cf.interpolation_risk_exact(*sizes, 0.4), (12, 13, 2), True, "d - 2 samples"),
        (lambda *sizes: cf.interpolation_risk_exact(*sizes, 0.0), (12, 6, 2), False, "d + 2 bags"),
        (lambda *sizes: cf.interpolation_risk_exact(*sizes, 0.4), (2, 1, 2), False, "d + 2 samples"),
        (cf.instance_level_risk_exact, (2, 1, 2), False, "d + 2 samples"),
    ],
)
def test_means_that_do_not_exist_are_infinite_with_a_reason(function: object, sizes: tuple, infinite_bias: bool, words: str) -> None:
    risk = function(*sizes)  # type: ignore[operator]
    assert risk.variance == np.inf
    assert risk.risk == np.inf
    assert (risk.bias_squared == np.inf) == infinite_bias
    assert words in risk.reason


def test_no_noise_has_no_variance_and_no_signal_no_bias() -> None:
    for function in [*ENDS, *FEWER]:
        silent = function(12, 12, 1, 0.0, 0.0)
        assert silent == (0.0, 0.0, 0.0, "")
    risk = cf.interpolation_risk_exact(12, 12, 2, [0.3, 1.0], 0.0, [[0.0], [1.0]])
    assert risk.bias_squared.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert risk.variance.tolist() == [[0.0, 0.0], [np.inf, np.inf]]


def test_mixed_weights_report_each_reason_once() -> None:
    risk = cf.interpolation_risk_exact(12, 6, 2, [0.0, 0.5])
    assert risk.variance[0] == np.inf
    assert np.isfinite(risk.variance[1])
    assert "bags" in risk.reason
    assert cf.interpolation_risk_exact(24, 6, 2, [0.0, 0.5]).reason == ""


@pytest.mark.parametrize("function", [*ENDS, *FEWER])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((10, 3, 4), "sample_size must be a multiple of bag_size; got 10 with bag_size 4"),
        ((12, 3, 2.5), r"bag_size must be an integer >= 1; got 2\.5"),
        ((12, 3, 0), "bag_size must be an integer >= 1; got 0"),
        ((0, 3, 1), "sample_size must be an integer >= 1; got 0"),
        ((12, 0, 1), "dimension must be an integer >= 1; got 0"),
        ((12, 12, 1, -1.0), "squared_signal_norm must be finite and >= 0"),
        ((12, 12, 1, 1.0, -1.0), "noise_variance must be finite and >= 0"),
        ((12, 12, 1, 1.0, np.nan), "noise_variance must be finite and >= 0; got nan"),
    ],
)
def test_bad_input_is_named(function: object, arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(*arguments)  # type: ignore[operator]


def test_the_wrong_regime_names_the_right_function() -> None:
    for call, name in (
        (lambda: cf.bag_level_risk_exact(10, 6, 2), "minimum_norm_risk_exact"),
        (lambda: cf.minimum_norm_risk_exact(14, 6, 2), "bag_level_risk_exact"),
        (lambda: cf.instance_level_risk_exact(10, 11, 2), "overparametrised_risk_exact"),
        (lambda: cf.rescaled_instance_risk_exact(10, 11, 2), "overparametrised_risk_exact"),
        (lambda: cf.small_weight_limit_risk_exact(10, 11, 2), "overparametrised_risk_exact"),
        (lambda: cf.overparametrised_risk_exact(12, 11, 2), "interpolation_risk_exact"),
    ):
        with pytest.raises(ValueError, match=name):
            call()


def test_weights_above_one_must_be_allowed() -> None:
    for function in (cf.interpolation_risk_exact, cf.expected_shrinkage_exact, cf.risk_second_order):
        for weight in (-0.1, 1.1, np.nan, [0.5, 2.0]):
            with pytest.raises(ValueError, match="weight must be finite and >= 0 and <= 1"):
                function(24, 4, 2, weight)
        function(24, 4, 2, 1.1, largest_weight=2.0)
    # For rho -> infinity the predictions become constant on bags: the limit has no within-bag variance, so theta -> 0 if n - m >= d.
    assert cf.interpolation_risk_exact(60, 10, 3, 1e8, 2.0, largest_weight=1e9)[:2] == pytest.approx((2.0, 0.0), abs=1e-6)
    assert cf.expected_shrinkage_exact(60, 10, 3, 1e8, largest_weight=1e9) == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(ValueError, match="sample_size must differ from dimension = 12"):
        cf.expected_shrinkage_exact(12, 12, 2, 0.5)
    with pytest.raises(ValueError, match="sample_size must be one integer >= 1"):
        cf.interpolation_risk_exact([24, 48], 4, 2, 0.5)
