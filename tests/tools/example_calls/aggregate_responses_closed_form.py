"""Valid calls of what `theorylab.papers.aggregate_responses.closed_form` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "asymptotic_risk": [{"samples_per_feature": 231.3, "bag_size": 4, "weight": 0.0, "squared_signal_norm": 0.0, "noise_variance": 0.0}],
    "asymptotic_risk_derivative": [{"samples_per_feature": 1.5, "bag_size": 40, "weight": 1.0, "squared_signal_norm": 0.0, "noise_variance": 0.0}],
    "asymptotic_shrinkage": [{"samples_per_feature": 2, "bag_size": 4, "weight": 0.2}],
    "asymptotic_unconditional_bias": [{"samples_per_feature": 1.01, "bag_size": 9, "weight": 0.0005886, "squared_signal_norm": 0.1}],
    "average_over_bags": [
        {"values": np.array([[1.646, 2.146, 1.808, 1.635, 1.271, 1.938, 1.313, 2.675, 2.891, 1.15]]), "codes": np.array([0]), "sizes": np.array([1])}
    ],
    "bag_codes": [{"bag_labels": np.array([0]), "number_of_bags": 1}],
    "bag_level_loss": [{"predictions": np.array([0.002361]), "bag_means": np.array([0.9531]), "bag_labels": np.array([0]), "loss": "poisson"}],
    "bag_level_risk_exact": [{"sample_size": 60, "dimension": 4, "bag_size": 4, "squared_signal_norm": 1.4, "noise_variance": 0.3}],
    "bag_level_risk_limit": [{"samples_per_feature": 121.8, "bag_size": 16, "squared_signal_norm": 7.61, "noise_variance": 7.61}],
    "convex_loss_gap_bounds": [{"predictions": np.array([1.215]), "bag_labels": np.array([0]), "curvature_lower": -1, "curvature_upper": 1}],
    "critical_weight": [{"samples_per_feature": 6, "largest_bag_size": 5}],
    "expected_shrinkage_exact": [{"sample_size": 120, "dimension": 15, "bag_size": 4, "weight": 0.0}],
    "fixed_point_root": [{"samples_per_feature": 6, "bag_size": 3, "weight": 0.3}],
    "gaussian_mechanism_delta": [{"sensitivity": 0.2035, "standard_deviation": 1.0, "epsilon": 0.7}],
    "gaussian_standard_deviation": [{"sensitivity": 0.02, "epsilon": 1.023, "delta": 2.538e-30}],
    "instance_level_loss": [{"predictions": np.array([1.215]), "bag_means": np.array([0.9505]), "bag_labels": np.array([0]), "loss": "poisson"}],
    "instance_level_risk_exact": [{"sample_size": 60, "dimension": 10, "bag_size": 3, "squared_signal_norm": 0.0, "noise_variance": 1.585}],
    "instance_level_risk_limit": [{"samples_per_feature": 62.71, "bag_size": 27, "squared_signal_norm": 2.08, "noise_variance": 2.322}],
    "interpolating_estimator": [
        {
            "features": np.array([[1.646, 2.146, 1.808, 1.635, 1.271, 1.938, 1.313, 2.675, 2.891, 1.15]]),
            "bag_labels": np.array([0]),
            "bag_means": np.array([1.0]),
            "weight": 1.0,
        }
    ],
    "interpolating_loss": [
        {"predictions": np.array([-15.89]), "bag_means": np.array([0.2291]), "bag_labels": np.array([0]), "weight": 3.0, "largest_weight": 3.0}
    ],
    "interpolation_risk_exact": [
        {"sample_size": 60, "dimension": 10, "bag_size": 3, "weight": 0.6, "squared_signal_norm": 1.5, "noise_variance": 1.585}
    ],
    "label_sensitivity": [{"clip": 2.0, "bag_size": np.array([2, 1, 3]), "overlap": 2, "norm": "l2"}],
    "laplace_scale": [{"clip": 1.5, "bag_size": 6, "epsilon": 0.25, "overlap": 3}],
    "leading_order_private_risk": [{"samples_per_feature": 6, "bag_size": 5, "weight": 0.3, "clip_constant": 2.05, "epsilon": 1.3}],
    "least_within_bag_variance_interpolator": [
        {
            "features": np.array([[1.646, 2.146, 1.808, 1.635, 1.271, 1.938, 1.313, 2.675, 2.891, 1.15]]),
            "bag_labels": np.array([0]),
            "bag_means": np.array([1.0]),
        }
    ],
    "log_likelihood_ratio": [{"release": [0.0, 5.0], "bag_means": [1.0, 1.0], "neighbour_bag_means": [-2.0, 1.0], "laplace_scale": 0.5}],
    "means_by_code": [{"bag_means": np.array([1.0]), "bag_labels": np.array([0])}],
    "minimum_norm_bag_estimator": [
        {
            "features": np.array([[1.646, 2.146, 1.808, 1.635, 1.271, 1.938, 1.313, 2.675, 2.891, 1.15]]),
            "bag_labels": np.array([0]),
            "bag_means": np.array([1.0]),
        }
    ],
    "minimum_norm_risk_exact": [{"sample_size": 60, "dimension": 30, "bag_size": 3, "squared_signal_norm": 2.0, "noise_variance": 1.5}],
    "minimum_norm_risk_limit": [{"samples_per_feature": 24.83, "bag_size": 34, "squared_signal_norm": 7.219, "noise_variance": 7.219}],
    "null_predictor_epsilon": [
        {"samples_per_feature": 3, "bag_size": 5, "weight": 0.0, "squared_signal_norm": 1.0, "noise_variance": 1.0, "clip": 2.0}
    ],
    "optimal_bag_size": [
        {
            "samples_per_feature": 6,
            "weight": 0.03083,
            "bag_sizes": np.array([1, 2, 3, 4, 5]),
            "squared_signal_norm": 0.0,
            "noise_variance": 0.0,
            "unit_bag_noise_variance": 7.0,
        }
    ],
    "optimal_bag_size_instance_level": [
        {"samples_per_feature": 6.0, "unit_bag_noise_variance": 2.0, "largest_bag_size": 1},
        {"samples_per_feature": 6.0, "squared_signal_norm": [0.34, 0.33, 0.5, 1.01]},
    ],
    "optimal_weight": [{"samples_per_feature": 2, "bag_size": 4, "signal_to_noise_ratio": 2.0, "upper": 10.0}],
    "optimal_weight_rule_of_thumb": [{"samples_per_feature": 20, "bag_size": 3, "signal_to_noise_ratio": 1.0}],
    "overparametrised_risk_exact": [{"sample_size": 2, "dimension": 14, "bag_size": 1}],
    "overparametrised_risk_limit": [{"samples_per_feature": 0.8, "bag_size": 2, "squared_signal_norm": 1.7, "noise_variance": 0.6}],
    "peak_variance_asymptotic": [{"bag_size": 5, "weight": 0.25}],
    "privacy_loss": [{"clip": 1.5, "bag_size": [6, 3], "laplace_scale": [[2.0], [1.0]], "overlap": 2}],
    "private_noise_variance": [{"clip": 4.799, "bag_size": 1, "epsilon": 6.0}],
    "private_ridge_risk_limit": [
        {"samples_per_feature": 0.6931, "bag_size": 2, "squared_signal_norm": 0.1, "noise_variance": 1e-06, "unit_bag_noise_variance": 1e-06}
    ],
    "private_risk_exact": [
        {
            "sample_size": 60,
            "dimension": 10,
            "bag_size": 3,
            "weight": 0.5,
            "squared_signal_norm": 1.0,
            "noise_variance": 0.4,
            "clip": 2.0,
            "epsilon": 1.0,
        }
    ],
    "private_risk_limit": [
        {"samples_per_feature": 6, "bag_size": 5, "weight": 0.3, "squared_signal_norm": 0.0, "noise_variance": 0.0, "clip": 2.05, "epsilon": 1.3}
    ],
    "rescaled_instance_risk_exact": [{"sample_size": 216, "dimension": 6, "bag_size": 6, "squared_signal_norm": 1.7, "noise_variance": 0.6}],
    "rescaled_instance_risk_limit": [{"samples_per_feature": 2, "bag_size": 5, "squared_signal_norm": 3.0, "noise_variance": 0.7}],
    "ridge_risk_exact": [{"sample_size": 60, "dimension": 30, "bag_size": 3, "squared_signal_norm": 2.0, "noise_variance": 1.5, "penalty": 0.0}],
    "ridge_risk_limit": [{"samples_per_feature": 45.99, "bag_size": 25, "squared_signal_norm": 0.3, "noise_variance": 9.869}],
    "risk_derivatives_at_instance_level": [{"samples_per_feature": 6, "bag_size": 3, "squared_signal_norm": 2.0, "noise_variance": 5.0}],
    "risk_second_order": [{"sample_size": 160, "dimension": 40, "bag_size": 2, "weight": 0.1}],
    "second_order_coefficient": [{"samples_per_feature": 6, "bag_size": 3, "weight": 0.3, "squared_signal_norm": 1.7, "noise_variance": 0.6}],
    "small_weight_limit_risk_exact": [{"sample_size": 20000, "dimension": 10000, "bag_size": 4, "squared_signal_norm": 1.7, "noise_variance": 0.6}],
    "small_weight_risk_limit": [{"samples_per_feature": 8.748, "bag_size": 17}],
    "snr_threshold_bag_vs_instance": [{"samples_per_feature": 8, "bag_size": 5}],
    "snr_threshold_bag_vs_instance_exact": [{"sample_size": 240, "dimension": 40, "bag_size": 3}],
    "snr_threshold_bag_vs_rescaled_instance": [{"samples_per_feature": 47.05, "bag_size": 47}],
    "snr_threshold_interior_weight": [{"samples_per_feature": 2, "bag_size": 4}],
    "unit_bag_noise_variance": [{"clip": 4.799, "epsilon": 6.0}],
    "within_bag_variance": [{"predictions": np.array([0.8525]), "bag_labels": np.array([0])}],
    "minimum_norm_interpolator": [
        {"features": np.array([[1.0, 0.0, 2.0, 1.0], [0.0, 1.0, 1.0, 3.0]]), "bag_labels": np.array([0, 1]), "bag_means": np.array([1.0, 2.0])}
    ],
}

EXCEPTIONS: dict[str, str] = {}
