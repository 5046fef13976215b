"""Where the closed forms begin and end: the last argument that each accepts and the first that it refuses, close together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from theorylab.papers.aggregate_responses import closed_form as cf

Call = Callable[[Any], Any]


def refused(call: Call, value: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        call(value)


# A call of one argument, a value just inside its range, one just outside, and the name in the message.
EDGES: dict[str, tuple[Call, Any, Any, str]] = {
    "exact private weight": (lambda rho: cf.private_risk_exact(24, 5, 3, rho, 1.0, 1.0, 2.0, 3.0).risk, 1.0, 1.05, "weight"),
    "best bag size, weight": (lambda rho: cf.optimal_bag_size(4.7, rho, [1, 2]), 1.0, 1.05, "weight"),
    "best bag size, ratio": (lambda psi: cf.optimal_bag_size(psi, 0.5, [1, 2]), 1.05, 1.0, "samples_per_feature"),
    "best bag size, noise": (lambda noise: cf.optimal_bag_size(4.7, 0.5, [1, 2], 1.0, noise, 0.3), 0.0, -0.05, "noise_variance"),
    "best bag size, privacy": (lambda unit: cf.optimal_bag_size(4.7, 0.5, [1, 2], 1.0, 1.0, unit), 0.0, -0.05, "unit_bag_noise_variance"),
    "instance level, privacy": (lambda unit: cf.optimal_bag_size_instance_level(4.7, 1.0, 1.0, unit).bag_size, 0.0, -0.05, "unit_bag"),
    "instance level, ratio": (lambda psi: cf.optimal_bag_size_instance_level(psi, 1.0, 1.0, 3.0, 9).bag_size, 1.05, 1.0, "samples_per_feature"),
    "instance level, largest": (lambda most: cf.optimal_bag_size_instance_level(4.7, 1.0, 1.0, 3.0, most).bag_size, 1, 0, "largest_bag_size"),
    "peak, weight": (lambda rho: cf.peak_variance_asymptotic(3, rho), 1.0, 1.05, "weight"),
    "peak, small weight": (lambda rho: cf.peak_variance_asymptotic(3, rho), 0.05, 0.0, "weight"),
    "peak, bag size": (lambda k: cf.peak_variance_asymptotic(k, 0.5), 2, 1, "bag_size"),
    "critical weight, bag size": (lambda k: cf.critical_weight(4.7, k), 2, 1, "largest_bag_size"),
    "critical weight, ratio": (lambda psi: cf.critical_weight(psi, 5), 1.05, 1.0, "samples_per_feature"),
    "best weight, ratio": (lambda psi: cf.optimal_weight(psi, 3, 1.0), 1.05, 1.0, "samples_per_feature"),
    "best weight, signal": (lambda snr: cf.optimal_weight(4.7, 3, snr), 1e200, 1.05e200, "signal_to_noise_ratio"),
    "best weight, no signal": (lambda snr: cf.optimal_weight(4.7, 3, snr), 0.0, -0.05, "signal_to_noise_ratio"),
    "best weight, upper": (lambda upper: cf.optimal_weight(4.7, 3, 1.0, upper), 1e100, 1.05e100, "upper"),
    "best weight, least upper": (lambda upper: cf.optimal_weight(4.7, 3, 1.0, upper), 1.05e-250, 1e-250, "upper"),
    "rule of thumb, signal": (lambda snr: cf.optimal_weight_rule_of_thumb(4.7, 3, snr), 0.05, 0.0, "signal_to_noise_ratio"),
    "rule of thumb, bag size": (lambda k: cf.optimal_weight_rule_of_thumb(4.7, k, 1.0), 2, 1, "bag_size"),
    "coefficient, ratio": (lambda psi: cf.second_order_coefficient(psi, 3, 0.5).risk, 1.05, 1.0, "samples_per_feature"),
    "coefficient, bag size": (lambda k: cf.second_order_coefficient(4.7, k, 0.5).risk, 1.0, 0.95, "bag_size"),
    "second order, dimension": (lambda d: cf.risk_second_order(24, d, 2, 0.5).risk, 2, 1, "dimension"),
    "second order, samples": (lambda n: cf.risk_second_order(n, 10, 2, 0.9).risk, 12, 10, "sample_size"),
    "second order, odd samples": (lambda n: cf.risk_second_order(n, 10, 3, 0.9).risk, 12, 9, "sample_size"),
    "second order, one more": (lambda d: cf.risk_second_order(12, d, 3, 0.9).risk, 10, 11, "sample_size"),
    "ridge, penalty": (lambda penalty: cf.ridge_risk_exact(24, 5, 3, penalty=penalty).risk, 0.0, -0.05, "penalty"),
    "private ridge, bag size": (lambda k: cf.private_ridge_risk_limit(4.7, k), 1.0, 0.95, "bag_size"),
    "private ridge, ratio": (lambda psi: cf.private_ridge_risk_limit(psi, 3), 0.05, 0.0, "samples_per_feature"),
    "private ridge, privacy": (lambda unit: cf.private_ridge_risk_limit(4.7, 3, 1.0, 1.0, unit), 0.0, -0.05, "unit_bag_noise_variance"),
    "ridge limit, ratio": (lambda psi: cf.ridge_risk_limit(psi, 3), 0.05, 0.0, "samples_per_feature"),
    "null predictor, signal": (lambda r2: cf.null_predictor_epsilon(4.7, 3, 0.5, r2, 0.05, 1.0), 0.5, -0.05, "squared_signal_norm"),
    "null predictor, ratio": (lambda psi: cf.null_predictor_epsilon(psi, 3, 0.5, 9.0, 0.001, 1.0) * 0.0 + 1.0, 1.9, 1.0, "samples_per_feature"),
    "few samples, ratio": (lambda psi: cf.overparametrised_risk_limit(psi, 3).risk, 0.95, 1.0, "samples_per_feature"),
    "few samples, none": (lambda psi: cf.overparametrised_risk_limit(psi, 3).risk, 0.05, 0.0, "samples_per_feature"),
    "few bags, ratio": (lambda psi: cf.minimum_norm_risk_limit(psi, 3).risk, 2.95, 3.0, "samples_per_feature"),
    "few bags, none": (lambda psi: cf.minimum_norm_risk_limit(psi, 3).risk, 0.05, 0.0, "samples_per_feature"),
    "small weights, ratio": (lambda psi: cf.small_weight_risk_limit(psi, 3).risk, 1.05, 1.0, "samples_per_feature"),
    "bag level, ratio": (lambda psi: cf.bag_level_risk_limit(psi, 3).risk, 3.05, 3.0, "samples_per_feature"),
    "threshold, bag size": (lambda k: cf.snr_threshold_bag_vs_instance(4.7, k), 2, 1, "bag_size"),
    "exact threshold, samples": (lambda n: cf.snr_threshold_bag_vs_instance_exact(n, 4, 3), 18, 15, "sample_size"),
    "exact threshold, bag size": (lambda k: cf.snr_threshold_bag_vs_instance_exact(24, 4, k), 2, 1, "bag_size"),
    "curvature": (lambda upper: cf.convex_loss_gap_bounds([1.0, 2.5], [0, 0], 0.5, upper)[1], 0.5, 0.45, "curvature_upper"),
    "least delta": (lambda delta: cf.gaussian_standard_deviation(1.0, 0.5, delta), 1.05e-290, 0.95e-290, "delta"),
    "largest delta": (lambda delta: cf.gaussian_standard_deviation(1.0, 0.5, delta), 0.95, 1.0, "delta"),
    "delta above one": (lambda delta: cf.gaussian_standard_deviation(1.0, 0.5, delta), 0.99, 1.05, "delta"),
    "least epsilon": (lambda epsilon: cf.gaussian_standard_deviation(1.0, epsilon, 0.01), 1e-6, 0.95e-6, "epsilon"),
    "epsilon in range": (lambda epsilon: cf.gaussian_standard_deviation(1.0, epsilon, 0.01), 1.05e-6, 0.0, "epsilon"),
    "largest epsilon": (lambda epsilon: cf.gaussian_standard_deviation(1.0, epsilon, 0.01), 1e6, 1.05e6, "epsilon"),
    "sensitivity": (lambda change: cf.gaussian_standard_deviation(change, 0.5, 0.01), 0.05, 0.0, "sensitivity"),
    "epsilon of delta": (lambda epsilon: cf.gaussian_mechanism_delta(1.0, 1.0, epsilon), 0.05, 0.0, "epsilon"),
    "Laplace clip": (lambda clip: cf.laplace_scale(clip, 3, 0.5), 0.05, 0.0, "clip"),
    "Laplace epsilon": (lambda epsilon: cf.laplace_scale(1.0, 3, epsilon), 0.05, 0.0, "epsilon"),
    "Laplace scale": (lambda scale: cf.privacy_loss(1.0, 3, scale), 0.05, 0.0, "laplace_scale"),
    "ratio's scale": (lambda scale: cf.log_likelihood_ratio([0.3], [0.0], [1.0], scale), 0.05, 0.0, "laplace_scale"),
    "private clip": (lambda clip: cf.unit_bag_noise_variance(clip, 0.5), 0.05, 0.0, "clip"),
    "private epsilon": (lambda epsilon: cf.unit_bag_noise_variance(1.0, epsilon), 0.05, 0.0, "epsilon"),
    "private noise": (lambda noise: cf.private_risk_limit(4.7, 3, 0.5, 1.0, noise, 1.0, 1.0).risk, 0.0, -0.05, "noise_variance"),
}
# The weighted formulas: their argument lists before and after the weight, without and with a bound of their own.
WEIGHTED: dict[str, Callable[..., Any]] = {
    "fixed_point_root": lambda *rho, **most: cf.fixed_point_root(4.7, 3, *rho, **most),
    "asymptotic_shrinkage": lambda *rho, **most: cf.asymptotic_shrinkage(4.7, 3, *rho, **most),
    "asymptotic_unconditional_bias": lambda *rho, **most: cf.asymptotic_unconditional_bias(4.7, 3, *rho, **most),
    "asymptotic_risk": lambda *rho, **most: cf.asymptotic_risk(4.7, 3, *rho, **most).risk,
    "asymptotic_risk_derivative": lambda *rho, **most: cf.asymptotic_risk_derivative(4.7, 3, *rho, **most).variance,
    "expected_shrinkage_exact": lambda *rho, **most: cf.expected_shrinkage_exact(24, 5, 3, *rho, **most),
    "interpolation_risk_exact": lambda *rho, **most: cf.interpolation_risk_exact(24, 5, 3, *rho, **most).risk,
    "risk_second_order": lambda *rho, **most: cf.risk_second_order(24, 5, 3, *rho, **most).risk,
    "second_order_coefficient": lambda *rho, **most: cf.second_order_coefficient(4.7, 3, *rho, **most).variance,
    "private_risk_limit": lambda *rho, **most: cf.private_risk_limit(4.7, 3, *rho, 1.3, 0.7, 2.0, 3.0, **most).risk,
    "leading_order_private_risk": lambda *rho, **most: cf.leading_order_private_risk(4.7, 3, *rho, 2.0, 3.0, **most),
    "null_predictor_epsilon": lambda *rho, **most: cf.null_predictor_epsilon(4.7, 3, *rho, 2.0, 0.3, 2.0, **most),
    "interpolating_loss": lambda *rho, **most: cf.interpolating_loss([1.0, 2.5, 0.2], [0.3, 0.9], [0, 1, 1], *rho, **most),
    "interpolating_estimator": lambda *rho, **most: cf.interpolating_estimator([[1.0], [2.5], [0.2]], [0, 1, 1], [0.3, 0.9], *rho, **most)[0],
}


@pytest.mark.parametrize("edge", EDGES)
def test_the_last_value_inside_and_the_first_outside(edge: str) -> None:
    call, inside, outside, named = EDGES[edge]
    assert np.isfinite(call(inside))
    refused(call, outside, named)


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_end_at_one_or_at_the_bound_that_was_given(name: str) -> None:
    formula = WEIGHTED[name]
    assert np.isfinite(formula(1.0))
    assert np.isfinite(formula(2.0, largest_weight=2.0))
    assert np.isfinite(formula(0.05, largest_weight=0.05))
    refused(formula, 1.05, "weight must be")
    refused(lambda rho: formula(rho, largest_weight=2.0), 2.05, "weight must be")
    refused(lambda most: formula(0.05, largest_weight=most), 0.0, "largest_weight must be")
    refused(formula, -0.05, "weight must be")


def test_a_message_names_the_first_pair_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="got 10 with bag_size 3"):
        cf.instance_level_risk_exact([[12], [10]], 3, [3, 4])
    with pytest.raises(ValueError, match="got 15 with bag_size 2"):
        cf.bag_level_risk_exact([12, 15, 18], 3, [3, 2, 6])


def test_large_sizes_do_not_overflow() -> None:
    """Products such as d n^2 leave the range of int64."""
    risk = cf.instance_level_risk_exact(6 * 10**8, 10**8, 3)
    assert risk[:2] == pytest.approx(cf.instance_level_risk_limit(6.0, 3)[:2], rel=1e-6)
    assert cf.snr_threshold_bag_vs_instance_exact(6 * 10**8, 10**8, 3) == pytest.approx(cf.snr_threshold_bag_vs_instance(6.0, 3), rel=1e-6)
