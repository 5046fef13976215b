"""Closed forms of arXiv:2401.11081 and what follows from them: pure functions of the parameters, grouped by theme."""

from __future__ import annotations

from theorylab.papers.aggregate_responses.closed_form.bags import (
    average_over_bags,
    bag_codes,
    means_by_code,
)
from theorylab.papers.aggregate_responses.closed_form.end_points import (
    bag_level_risk_exact,
    instance_level_risk_exact,
    rescaled_instance_risk_exact,
)
from theorylab.papers.aggregate_responses.closed_form.exact_risk import (
    expected_shrinkage_exact,
    interpolation_risk_exact,
)
from theorylab.papers.aggregate_responses.closed_form.fewer_bags import (
    minimum_norm_risk_exact,
    overparametrised_risk_exact,
    small_weight_limit_risk_exact,
)
from theorylab.papers.aggregate_responses.closed_form.fixed_point import (
    RiskDerivative,
    asymptotic_risk,
    asymptotic_risk_derivative,
    asymptotic_shrinkage,
    asymptotic_unconditional_bias,
    fixed_point_root,
)
from theorylab.papers.aggregate_responses.closed_form.interpolating_estimator import (
    interpolating_estimator,
    least_within_bag_variance_interpolator,
    minimum_norm_bag_estimator,
    minimum_norm_interpolator,
)
from theorylab.papers.aggregate_responses.closed_form.limits import (
    bag_level_risk_limit,
    instance_level_risk_limit,
    minimum_norm_risk_limit,
    overparametrised_risk_limit,
    peak_variance_asymptotic,
    rescaled_instance_risk_limit,
    small_weight_risk_limit,
)
from theorylab.papers.aggregate_responses.closed_form.losses import (
    bag_level_loss,
    convex_loss_gap_bounds,
    instance_level_loss,
    interpolating_loss,
    within_bag_variance,
)
from theorylab.papers.aggregate_responses.closed_form.optimal_weight import (
    optimal_weight,
    optimal_weight_rule_of_thumb,
)
from theorylab.papers.aggregate_responses.closed_form.privacy import (
    gaussian_mechanism_delta,
    gaussian_standard_deviation,
    label_sensitivity,
    laplace_scale,
    log_likelihood_ratio,
    privacy_loss,
)
from theorylab.papers.aggregate_responses.closed_form.private_alternatives import (
    null_predictor_epsilon,
    private_ridge_risk_limit,
)
from theorylab.papers.aggregate_responses.closed_form.private_bag_size import (
    OptimalBagSize,
    critical_weight,
    optimal_bag_size,
    optimal_bag_size_instance_level,
)
from theorylab.papers.aggregate_responses.closed_form.private_risk import (
    leading_order_private_risk,
    private_noise_variance,
    private_risk_exact,
    private_risk_limit,
    unit_bag_noise_variance,
)
from theorylab.papers.aggregate_responses.closed_form.ridge import (
    ridge_risk_exact,
)
from theorylab.papers.aggregate_responses.closed_form.ridge_limit import (
    ridge_risk_limit,
)
from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition
from theorylab.papers.aggregate_responses.closed_form.second_order import (
    risk_second_order,
    second_order_coefficient,
)
from theorylab.papers.aggregate_responses.closed_form.thresholds import (
    risk_derivatives_at_instance_level,
    snr_threshold_bag_vs_instance,
    snr_threshold_bag_vs_instance_exact,
    snr_threshold_bag_vs_rescaled_instance,
    snr_threshold_interior_weight,
)

__all__ = [
    "OptimalBagSize",
    "RiskDecomposition",
    "RiskDerivative",
    "asymptotic_risk",
    "asymptotic_risk_derivative",
    "asymptotic_shrinkage",
    "asymptotic_unconditional_bias",
    "average_over_bags",
    "bag_codes",
    "bag_level_loss",
    "bag_level_risk_exact",
    "bag_level_risk_limit",
    "convex_loss_gap_bounds",
    "critical_weight",
    "expected_shrinkage_exact",
    "fixed_point_root",
    "gaussian_mechanism_delta",
    "gaussian_standard_deviation",
    "instance_level_loss",
    "instance_level_risk_exact",
    "instance_level_risk_limit",
    "interpolating_estimator",
    "interpolating_loss",
    "interpolation_risk_exact",
    "label_sensitivity",
    "laplace_scale",
    "leading_order_private_risk",
    "least_within_bag_variance_interpolator",
    "log_likelihood_ratio",
    "means_by_code",
    "minimum_norm_bag_estimator",
    "minimum_norm_interpolator",
    "minimum_norm_risk_exact",
    "minimum_norm_risk_limit",
    "null_predictor_epsilon",
    "optimal_bag_size",
    "optimal_bag_size_instance_level",
    "optimal_weight",
    "optimal_weight_rule_of_thumb",
    "overparametrised_risk_exact",
    "overparametrised_risk_limit",
    "peak_variance_asymptotic",
    "privacy_loss",
    "private_noise_variance",
    "private_ridge_risk_limit",
    "private_risk_exact",
    "private_risk_limit",
    "rescaled_instance_risk_exact",
    "rescaled_instance_risk_limit",
    "ridge_risk_exact",
    "ridge_risk_limit",
    "risk_derivatives_at_instance_level",
    "risk_second_order",
    "second_order_coefficient",
    "small_weight_limit_risk_exact",
    "small_weight_risk_limit",
    "snr_threshold_bag_vs_instance",
    "snr_threshold_bag_vs_instance_exact",
    "snr_threshold_bag_vs_rescaled_instance",
    "snr_threshold_interior_weight",
    "unit_bag_noise_variance",
    "within_bag_variance",
]
