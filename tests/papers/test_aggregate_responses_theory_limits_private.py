"""Risk of the private estimator: noise term, best bag size in every branch, the critical weight, and what the leading order hides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.papers.aggregate_responses import closed_form as cf

CLIP_600 = np.sqrt(4.2 * np.log(600.0))


def clip_of(sample_size: int, constant: float = 2.05) -> float:
    return constant * np.sqrt(np.log(sample_size))


@settings(max_examples=50, deadline=None)
@given(clip=st.floats(0.1, 20.0), k=st.integers(1, 50), epsilon=st.floats(0.05, 10.0))
def test_the_noise_term_is_bag_size_times_the_laplace_variance(clip: float, k: int, epsilon: float) -> None:
    scale = cf.laplace_scale(clip, k, epsilon)
    assert cf.private_noise_variance(clip, k, epsilon) == pytest.approx(k * 2.0 * scale**2, rel=1e-13)
    assert cf.unit_bag_noise_variance(clip, epsilon) == pytest.approx(cf.private_noise_variance(clip, 1, epsilon), rel=1e-15)
    assert cf.private_noise_variance(clip, k, epsilon) == pytest.approx(cf.unit_bag_noise_variance(clip, epsilon) / k, rel=1e-15)


def test_noise_term_by_hand() -> None:
    assert cf.unit_bag_noise_variance(3.0, 2.0) == 18.0
    assert cf.private_noise_variance(3.0, [1, 3, 6], 2.0).tolist() == [18.0, 6.0, 3.0]


def test_exact_private_risks() -> None:
    assert cf.private_risk_exact(300, 50, 5, 1.0, 1.0, 1.0, clip_of(300), 2.0).risk == pytest.approx(1.0977695, abs=6e-8)
    assert cf.private_risk_exact(300, 50, 5, 0.5, 1.0, 1.0, clip_of(300), 4.0).risk == pytest.approx(0.861149, abs=6e-7)
    assert cf.private_risk_limit(6, 5, 0.5, 1.0, 1.0, clip_of(300), 4.0).risk == pytest.approx(0.85933, abs=6e-6)
    assert cf.private_risk_exact(120, 20, 4, 0.3, 1.0, 0.6, clip_of(120), 3.0).risk == pytest.approx(1.285770, abs=6e-7)
    assert cf.private_risk_exact(60, 10, 3, 1.0, 1.0, 0.5, clip_of(60), 2.0).risk == pytest.approx(1.306805, abs=6e-7)
    # Half the Laplace scale is half the clip or twice the epsilon, and a quarter of the noise.
    assert cf.private_risk_exact(120, 20, 4, 0.3, 1.0, 0.6, clip_of(120), 6.0).risk == pytest.approx(0.6738, abs=6e-5)
    assert cf.private_risk_exact(60, 10, 3, 1.0, 1.0, 0.5, 0.5 * clip_of(60), 2.0).risk == pytest.approx(0.7215, abs=6e-5)
    assert cf.private_risk_exact(300, 50, 5, 1.0, 1.0, 1.0, clip_of(300), 4.0).risk == pytest.approx(0.81, abs=6e-3)


def test_exact_private_risk_puts_every_weight_where_it_belongs() -> None:
    """Weights in any order and shape; epsilon and signal broadcast against them."""
    weights, r2, epsilon = np.array([[1.0, 0.2], [0.0, 0.6]]), np.array([0.0, 1.5]), 3.0
    answer = cf.private_risk_exact(60, 10, 3, weights, r2, 0.4, 2.0, epsilon)
    noise = 0.4 + 8.0 * 4.0 / (3 * 9.0)
    for row in range(2):
        for column in range(2):
            weight, signal = weights[row, column], r2[column]
            if weight == 0.0:
                single = cf.bag_level_risk_exact(60, 10, 3, signal, noise)
            elif weight == 1.0:
                single = cf.instance_level_risk_exact(60, 10, 3, signal, noise)
            else:
                single = cf.interpolation_risk_exact(60, 10, 3, weight, signal, noise)
            for entry in range(3):
                assert answer[entry][row, column] == pytest.approx(single[entry], rel=1e-11)
    assert isinstance(cf.private_risk_exact(60, 10, 3, 0.5, 1.0, 0.4, 2.0, 1.0).risk, float)
    assert cf.private_risk_exact(60, 10, 3, 1.0, 1.0, 0.4, 2.0, [1.0, 2.0, 4.0]).risk.shape == (3,)
    infinite = cf.private_risk_exact(33, 10, 3, [0.0, 1.0], 1.0, 0.4, 2.0, 1.0)
    assert np.isinf(infinite.risk).tolist() == [True, False]
    assert infinite.reason


@settings(max_examples=60, deadline=None)
@given(
    psi=st.floats(1.05, 40.0),
    k=st.integers(1, 20),
    weight=st.floats(1e-4, 1.0),
    r2=st.floats(0.1, 5.0),
    noise=st.just(0.0) | st.floats(1e-6, 5.0),
    unit=st.floats(0.1, 200.0),
)
def test_private_limit_adds_the_noise_to_the_variance_only(psi: float, k: int, weight: float, r2: float, noise: float, unit: float) -> None:
    clip, epsilon = np.sqrt(unit), np.sqrt(8.0)
    private, plain = cf.private_risk_limit(psi, k, weight, r2, noise, clip, epsilon), cf.asymptotic_risk(psi, k, weight, r2, 1.0)
    assert private.bias_squared == plain.bias_squared
    assert private.variance == pytest.approx((noise + unit / k) * plain.variance, rel=1e-12)
    leading = cf.leading_order_private_risk(psi, k, weight, clip, epsilon)
    assert leading == pytest.approx(unit * plain.variance / k, rel=1e-12)


def test_the_leading_order_is_reached_like_the_inverse_of_log_n() -> None:
    constant, epsilon, log_n = 2.05, 1.3, np.array([1e3, 1e4])
    risk = cf.private_risk_limit(6, 5, 0.3, 1.0, 1.0, constant * np.sqrt(log_n), epsilon).risk
    leading = cf.leading_order_private_risk(6, 5, 0.3, constant, epsilon)
    assert leading == pytest.approx(8.0 * constant**2 * cf.asymptotic_risk(6, 5, 0.3).variance / (5 * epsilon**2), rel=1e-13)
    distance = risk / log_n - leading
    assert distance[0] / distance[1] == pytest.approx(10.0, rel=1e-9)
    assert distance[0] == pytest.approx(cf.asymptotic_risk(6, 5, 0.3).risk / 1e3, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(psi=st.floats(8.5, 40.0), noise=st.just(0.0) | st.floats(1e-6, 5.0), unit=st.just(0.0) | st.floats(1e-6, 200.0))
def test_at_the_bag_level_single_labels_are_best(psi: float, noise: float, unit: float) -> None:
    sizes = np.arange(1, 9)
    assert cf.optimal_bag_size(psi, 0.0, sizes, 1.0, noise + 0.01, unit) == 1
    risk = cf.asymptotic_risk(psi, sizes, 0.0, 1.0, noise + unit / sizes).risk
    assert risk == pytest.approx((sizes * noise + unit) / (psi - sizes), rel=1e-11)


def test_best_bag_size_at_the_instance_level() -> None:
    best = cf.optimal_bag_size_instance_level(6.0, 1.0, 1.0, [2.0, 20.0, 200.0])
    assert best.real_optimum == pytest.approx([1.5, 6.0, 51.0], rel=1e-14)
    assert best.bag_size.tolist() == [2.0, 6.0, 51.0]
    sizes = np.array([1, 2, 4, 6, 8])
    assert cf.asymptotic_risk(6.0, sizes, 1.0, 1.0, 1.0 + 20.0 / sizes).risk == pytest.approx([4.2, 1.4, 0.9, 0.8667, 0.875], abs=6e-5)
    # Without privacy: a real size above 1 is best below SNR 1, an integer one only below 2/psi.
    for snr, values in ((0.5, [0.2, 0.25, 0.3111]), (0.34, [0.2, 0.202]), (0.33, [0.2, 0.199])):
        assert cf.asymptotic_risk(6.0, np.arange(1, len(values) + 1), 1.0, snr, 1.0).risk == pytest.approx(values, abs=6e-5)
    integers = cf.optimal_bag_size_instance_level(6.0, [0.34, 0.33, 0.5, 1.01], 1.0)
    assert integers.bag_size.tolist() == [1.0, 2.0, 1.0, 1.0]
    assert (integers.real_optimum > 1.0).tolist() == [True, True, True, False]


@settings(max_examples=200, deadline=None)
@given(
    psi=st.floats(1.01, 20.0),
    r2=st.just(0.0) | st.floats(1e-6, 5.0),
    noise=st.just(0.0) | st.floats(1e-6, 5.0),
    unit=st.just(0.0) | st.floats(1e-6, 60.0),
    largest=st.integers(1, 60),
)
def test_best_bag_size_at_the_instance_level_against_enumeration(psi: float, r2: float, noise: float, unit: float, largest: int) -> None:
    """All branches: convex with an inner or outer vertex, convex and falling, concave."""
    sizes = np.arange(1, largest + 1)
    risk = cf.asymptotic_risk(psi, sizes, 1.0, r2, noise + unit / sizes).risk
    best = cf.optimal_bag_size_instance_level(psi, r2, noise, unit, largest)
    scale = (r2 * psi + noise + unit) / (psi - 1.0)
    assert risk[int(best.bag_size) - 1] <= risk.min() + 1e-12 * scale
    t = np.linspace(1.0 / largest, 1.0, 2001)
    continuous = (r2 * (psi - 2.0) + unit) * t**2 - (r2 * (2.0 * psi - 3.0) - noise) * t
    at_best = (r2 * (psi - 2.0) + unit) / best.real_optimum**2 - (r2 * (2.0 * psi - 3.0) - noise) / best.real_optimum
    assert at_best <= continuous.min() + 1e-11 * scale * (psi - 1.0)
    if risk.min() < np.partition(risk, 1)[1] - 1e-9 * scale if largest > 1 else True:
        assert best.bag_size == 1 + np.argmin(risk)
        assert cf.optimal_bag_size(psi, 1.0, sizes, r2, noise, unit) == best.bag_size


def test_branches_of_the_best_bag_size_by_name() -> None:
    function = cf.optimal_bag_size_instance_level
    # Convex and falling in k: no signal to lose.
    assert function(6.0, 0.1, 1.0, 5.0) == (np.inf, np.inf)
    assert function(6.0, 0.1, 1.0, 5.0, 40) == (40.0, 40.0)
    # Vertex below 1.
    assert function(6.0, 5.0, 0.1, 0.0) == (1.0, 1.0)
    # Concave, either end.
    assert function(1.3, 1.0, 0.5, 0.0) == (np.inf, np.inf)
    assert function(1.9, 1.0, 0.01, 0.0, 30) == (1.0, 1.0)
    assert function(1.3, 1.0, 0.5, 0.0, 30) == (30.0, 30.0)
    assert function(1.3, 1.0, 0.01, 0.0, 30) == (1.0, 1.0)
    # Vertex beyond the largest size, and a largest size between floor and ceiling.
    assert function(6.0, 1.0, 1.0, 200.0, 10) == (10.0, 10.0)
    assert function(6.0, 1.0, 1.0, 2.0, 1) == (1.0, 1.0)
    # Size 2 beats 1 iff 1/k* < 3/4.
    for unit, size in ((1.34, 2.0), (1.33, 1.0)):
        answer = function(6.0, 1.0, 1.0, unit)
        assert answer.real_optimum == pytest.approx(2.0 * (4.0 + unit) / 8.0)
        assert (1.0 / answer.real_optimum < 0.75) == (size == 2.0)
        assert answer.bag_size == size


def test_critical_weight_reference_values() -> None:
    assert cf.critical_weight([6, 10, 6, 3], [5, 5, 2, 5]) == pytest.approx([0.0280298, 0.0272712, 0.0575624, 0.0], abs=6e-8)
    sizes = np.arange(1, 6)
    for factor, best in ((0.9, 1), (1.1, 5)):
        weight = factor * cf.critical_weight(6, 5)
        assert sizes[np.argmin(cf.leading_order_private_risk(6, sizes, weight, 2.0, 1.0))] == best
        assert cf.optimal_bag_size(6, weight, sizes, 0.0, 0.0, 7.0) == best


@settings(max_examples=80, deadline=None)
@given(psi=st.floats(1.05, 50.0), k=st.integers(2, 40))
def test_critical_weight_equates_the_leading_orders_and_solves_the_quadratic(psi: float, k: int) -> None:
    weight = cf.critical_weight(psi, k)
    constant = k**3 - k**2 * psi - k * psi**2 + psi**2
    if abs(constant) > 1e-6 * k**3:
        assert (weight == 0.0) == (constant > 0.0)
    if weight > 0.0:
        assert cf.asymptotic_risk(psi, k, weight).variance / k == pytest.approx(1.0 / (psi - 1.0), rel=1e-8)
        square = k**3 * (psi - 1) ** 2 + k**2 * psi * (psi - 1) * (psi - 3) - 2 * k * psi**3 + 3 * k * psi**2 + psi**3
        linear = 2 * k**3 * (psi - 1) + 2 * k**2 * psi * (2 * psi - 1) + 2 * k * psi**2 * (psi - 1) - 2 * psi**3
        size = square * weight**2 + abs(linear) * weight + abs(constant)
        assert square * weight**2 + linear * weight + constant == pytest.approx(0.0, abs=1e-9 * size + 1e-11 * k**3)
        assert weight < 1.0
    else:
        assert cf.small_weight_risk_limit(psi, k).variance / k <= (1.0 + 1e-9) / (psi - 1.0)


def test_the_best_bag_size_to_leading_order_is_one_or_the_largest() -> None:
    psi = np.concatenate([np.linspace(1.05, 3.0, 20), np.linspace(3.3, 30.0, 25)])[:, None]
    weight = np.geomspace(1e-5, 1.0, 30)
    for largest in (2, 3, 5, 9, 17, 30):
        critical = cf.critical_weight(psi, largest)
        best = cf.optimal_bag_size(psi, weight, np.arange(1, largest + 1), 0.0, 0.0, 1.0)
        decided = np.abs(weight - critical) > 1e-9
        assert np.array_equal(best[decided], np.where(weight > critical, largest, 1)[decided])
    # Jointly best: instance level with the largest bags.
    risk = cf.leading_order_private_risk(6.0, np.arange(1, 6)[:, None], np.linspace(0.0, 1.0, 51), 2.0, 1.0)
    assert np.unravel_index(np.argmin(risk), risk.shape) == (4, 50)


def test_null_predictor_crossover() -> None:
    crossing = cf.null_predictor_epsilon(6, 5, 1.0, 1.0, 1.0, CLIP_600)
    assert crossing == pytest.approx(2.4435, abs=6e-5)
    for r2, noise, weight in ((1.0, 1.0, 1.0), (2.0, 0.3, 0.4)):
        crossing = cf.null_predictor_epsilon(6, 5, weight, r2, noise, CLIP_600)
        assert cf.private_risk_limit(6, 5, weight, r2, noise, CLIP_600, crossing).risk == pytest.approx(r2, rel=1e-12)
        assert cf.private_risk_limit(6, 5, weight, r2, noise, CLIP_600, 1.01 * crossing).risk < r2
    assert cf.null_predictor_epsilon(6, 5, [1.0, 0.0], [[1e-3], [1.0]], 1.0, 2.0).shape == (2, 2)
    assert cf.null_predictor_epsilon(6, 5, 0.1, 0.01, 1.0, 2.0) == np.inf
    assert cf.null_predictor_epsilon(3, 5, 0.0, 1.0, 1.0, 2.0) == np.inf


def test_private_ridge_reference_values() -> None:
    for unit, ridge, k, best in ((2.0, 0.35890, 2, 0.49392), (20.0, 0.78405, 6, 0.86667), (200.0, 0.97115, 51, 0.98431)):
        assert cf.private_ridge_risk_limit(6.0, 1, 1.0, 1.0, unit) == pytest.approx(ridge, abs=6e-6)
        sizes = np.arange(1, 80)
        weights = np.minimum(cf.optimal_weight(6.0, sizes, 1.0 / (1.0 + unit / sizes)), 1.0)
        risk = cf.asymptotic_risk(6.0, sizes, weights, 1.0, 1.0 + unit / sizes).risk
        assert sizes[np.argmin(risk)] == k
        assert risk.min() == pytest.approx(best, abs=6e-6)
    assert cf.asymptotic_risk(6.0, 1, 1.0, 1.0, 21.0).risk == pytest.approx(4.2)


@settings(max_examples=100, deadline=None)
@given(
    psi=st.floats(0.2, 40.0),
    r2=st.floats(0.1, 5.0),
    noise=st.just(0.0) | st.floats(1e-6, 5.0),
    unit=st.just(0.0) | st.floats(1e-6, 200.0),
    k=st.floats(1.0, 40.0),
    step=st.floats(0.01, 10.0),
)
def test_with_ridge_aggregation_never_helps(psi: float, r2: float, noise: float, unit: float, k: float, step: float) -> None:
    small, large = (cf.private_ridge_risk_limit(psi, size, r2, noise, unit) for size in (k, k + step))
    assert small <= large * (1.0 + 1e-12)
    whole = int(k)
    assert cf.private_ridge_risk_limit(psi, whole, r2, noise, unit) == pytest.approx(
        cf.ridge_risk_limit(psi, whole, r2, noise + unit / whole), rel=1e-12
    )


BAD: list[tuple[Any, tuple[Any, ...], str]] = [
    (cf.unit_bag_noise_variance, (0.0, 1.0), "clip"),
    (cf.unit_bag_noise_variance, (1.0, 0.0), "epsilon"),
    (cf.private_noise_variance, (1.0, 2.5, 1.0), "bag_size"),
    (cf.private_noise_variance, (-1.0, 2, 1.0), "clip"),
    (cf.private_risk_limit, (6.0, 3, 0.5, 1.0, 1.0, 1.0, 0.0), "epsilon"),
    (cf.private_risk_limit, (6.0, 3, 0.5, 1.0, 1.0, 0.0, 1.0), "clip"),
    (cf.private_risk_limit, (6.0, 3, 1.5, 1.0, 1.0, 1.0, 1.0), "weight"),
    (cf.private_risk_limit, (1.0, 3, 0.5, 1.0, 1.0, 1.0, 1.0), "overparametrised"),
    (cf.private_risk_limit, (6.0, 3, 0.5, 1.0, -1.0, 1.0, 1.0), "noise_variance"),
    (cf.private_risk_exact, (60, 10, 3, 1.5, 1.0, 1.0, 1.0, 1.0), "weight"),
    (cf.private_risk_exact, (61, 10, 3, 0.5, 1.0, 1.0, 1.0, 1.0), "sample_size"),
    (cf.private_risk_exact, (60, 10, 3, 0.5, 1.0, 1.0, 1.0, -1.0), "epsilon"),
    (cf.leading_order_private_risk, (6.0, 3, 0.5, 0.0, 1.0), "clip"),
    (cf.leading_order_private_risk, (6.0, 3, 0.5, 1.0, 0.0), "epsilon"),
    (cf.null_predictor_epsilon, (6.0, 3, 0.5, 1.0, 1.0, 0.0), "clip"),
    (cf.null_predictor_epsilon, (6.0, 3, 1.5, 1.0, 1.0, 1.0), "weight"),
    (cf.private_ridge_risk_limit, (6.0, 0.5), "bag_size"),
    (cf.private_ridge_risk_limit, (6.0, 3, 1.0, 1.0, -1.0), "unit_bag_noise_variance"),
    (cf.optimal_bag_size_instance_level, (1.0,), "overparametrised"),
    (cf.optimal_bag_size_instance_level, (6.0, 1.0, 1.0, 1.0, 2.5), "largest_bag_size"),
    (cf.optimal_bag_size, (6.0, 0.5, [1, 2.5]), "bag_sizes"),
    (cf.optimal_bag_size, (6.0, 0.5, 3), "bag_sizes"),
    (cf.optimal_bag_size, (6.0, 0.0, [6, 7]), "no size of the set"),
    (cf.optimal_bag_size, (6.0, 1.5, [1, 2]), "weight"),
    (cf.critical_weight, (6.0, 1), "largest_bag_size"),
    (cf.critical_weight, (1.0, 5), "samples_per_feature"),
]


@pytest.mark.parametrize(("function", "arguments", "named"), BAD)
def test_bad_input(function: Any, arguments: tuple[Any, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        function(*arguments)
