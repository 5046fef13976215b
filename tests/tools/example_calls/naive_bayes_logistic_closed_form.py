"""Valid calls of what `theorylab.papers.naive_bayes_logistic.closed_form` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "bayes_distance": [{"mean_gap": [-3.0], "covariance": [[4.0]]}],
    "bayes_error": [{"mean_gap": [3.0], "covariance": [[4.0]]}],
    "bounded_conditional_regret": [{"probabilities": [0.5, 0.3, 0.2], "predicted": 1, "bound": 1.0}],
    "bounded_score_transform": [{"difference": [0.5, 0.9], "bound": 1.0, "class_count": 2}],
    "collinear_bayes_error": [{"class_positions": (0.0, 1.0), "precision_sum": 1.0}],
    "conditional_regret_infimum": [{"probabilities": [0.5, 0.5], "predicted": 1}],
    "conditional_regret_minimiser": [{"probabilities": [0.5, 0.5], "predicted": 0}],
    "conditional_zero_one_regret": [{"probabilities": np.array([0.5, 0.5]), "predicted": 0}],
    "dimension_free_bounds": [{"gaps": [1.0], "multiplicities": [16], "count_first": 200.0, "count_second": 200.0, "variance": "known"}],
    "dimension_free_bounds_random_counts": [{"gaps": [0.9], "multiplicities": [40], "sample_size": 12, "variance": "known"}],
    "distance_ratio": [{"mean_gap": [-3.0], "covariance": [[4.0]]}],
    "excess_error_bound": [{"class_count": 3, "weight_bound": 2.0, "intercept_bound": 0.5, "second_moment": 9.0, "sample_size": 100}],
    "excess_error_sample_size": [{"class_count": 2, "weight_bound": 1, "intercept_bound": 0, "second_moment": 1, "tolerance": 1}],
    "grouped_bayes_error": [{"gaps": (0.6325, 2.0), "multiplicities": (5, 5), "class_positions": (-0.5, 0.5), "standard_deviations": (3.162, 1.0)}],
    "isotropic_design": [{"dimension": 3}],
    "isotropic_near_tie_probability": [{"tau": 0.0, "dimension": 4, "mahalanobis_distance": 1.924}],
    "kantorovich_direction": [{"covariance": np.array([[9.0, 0.3], [0.3, 1.0]]), "side": "difference"}],
    "kantorovich_ratio": [{"covariance": [[4.0]]}],
    "large_dimension_excess_ratio": [{"mahalanobis_distance": 1}],
    "largest_reachable_difference": [{"bound": 1.0, "class_count": 3}],
    "largest_uncharged_difference": [{"bound": 1.0, "class_count": 3}],
    "log_odds_difference_moments": [{"gaps": [0.8], "count_first": 9, "count_second": 14, "variance": "known"}],
    "log_odds_error_probability": [{"tau": 0.4374, "gaps": [0.8], "multiplicities": [1], "count_first": 14, "count_second": 9, "variance": "known"}],
    "logistic_excess_coefficient": [{"dimension": 5, "mahalanobis_distance": 1.0, "random_counts": True}],
    "logistic_loss_excess_coefficient": [{"dimension": 5, "class_count": 2, "mahalanobis_distance": 1.0, "random_counts": True}],
    "logistic_proportional_limit": [{"half_distance": 1.0, "dimension_ratio": 0.01}],
    "logistic_proximal_point": [{"point": 449.4, "proximal_parameter": 1.0}],
    "logistic_psi": [{"difference": [0.2, 0.6, 0.9]}],
    "logistic_psi_inverse": [{"surrogate_regret": 5e-19}],
    "mean_fisher_weight": [{"mahalanobis_distance": 1}],
    "naive_bayes_asymptotic_error": [{"mean_gap": [3.0], "covariance": [[4.0]]}],
    "naive_bayes_class_error": [
        {
            "gaps": [0.55, 0.9],
            "multiplicities": [14, 3],
            "count_own": 4,
            "count_other": 7,
            "variance": "pooled",
            "degrees_of_freedom": 9,
            "log_prior_odds": -0.5596,
        }
    ],
    "naive_bayes_constant_sample_size": [{"target": 0.05, "signal_strength": 2.0}],
    "naive_bayes_distance": [{"mean_gap": [3.0], "covariance": [[4.0]]}],
    "naive_bayes_excess_coefficient": [{"gaps": (2.0,), "multiplicities": [1], "variance": "known", "random_counts": False}],
    "naive_bayes_expected_error": [{"gaps": 0.5, "multiplicities": 9, "count_first": 5, "count_second": 9, "variance": "known"}],
    "naive_bayes_expected_error_random_counts": [{"gaps": [0.5], "multiplicities": [9], "sample_size": 2, "variance": "known"}],
    "naive_bayes_linear_sample_rate": [{"target": 0.05678, "squared_distance": 0.1}],
    "naive_bayes_normal_sample_size": [{"target": 0.1, "mahalanobis_distance": 3.0, "dimension": 10}],
    "naive_bayes_proportional_limit": [{"mahalanobis_distance": 2.0, "dimension_ratio": 1.0}],
    "naive_bayes_real_sample_size": [{"target": 0.06374, "gaps": [1.026], "multiplicities": [117]}],
    "naive_bayes_sample_size": [{"target": 0.5, "gaps": [1.0], "multiplicities": [9], "random_counts": False, "variance": "pooled"}],
    "naive_bayes_sample_size_exponent": [{"signal_exponent": 0.5}],
    "near_tie_chebyshev_bound": [{"tau": [0.0, 1.0], "class_means": [[1.0], [-1.0]], "covariance": [[1.0]]}],
    "near_tie_chernoff_bound": [{"tau": 0.1, "mean_gap": [1.0, 1.0], "covariance": np.array([[1.0, 0.8], [0.8, 1.0]])}],
    "near_tie_excess_bound": [{"gaps": [2.0], "multiplicities": [6], "count_first": 380, "count_second": 420, "variance": "known"}],
    "near_tie_probability": [{"tau": 0.1, "mean_gap": [1.0, 1.0], "covariance": np.array([[1.0, 0.8], [0.8, 1.0]])}],
    "near_tie_probability_on_a_line": [{"tau": 20.0, "class_positions": (-0.5, 0.5), "precision_sum": 3.7, "dimension": 4}],
    "near_tie_union_bound": [{"tau": 3.0, "class_means": [[1.0], [-1.0]], "covariance": [[1.0]]}],
    "pairs_design": [{"pair_correlation": 0.4, "dimension": 12, "naive_bayes_distance": 3.0, "scaled": False}],
    "paper_design": [{"class_count": 3, "dimension": 6, "rescaled": True}],
    "parallel_fisher_weight": [{"mahalanobis_distance": 0.7}],
    "rademacher_bound": [{"class_count": 3, "weight_bound": 2.0, "intercept_bound": 0.5, "second_moment": 9.0, "sample_size": 100}],
    "reachable_transform": [{"difference": 0.0, "bound": 1.144, "class_count": 2}],
    "score_gap_mean": [{"class_means": [[1.0], [-1.0]], "covariance": [[1.0]]}],
    "score_gap_variance": [{"class_means": [[1.0], [-1.0]], "covariance": [[1.0]]}],
    "separability_probability": [{"sample_size": 30, "dimension": 13, "fit_intercept": True}],
    "separability_threshold": [{"half_distance": 0}],
    "sharp_multiclass_transform": [{"difference": 0.2, "top_two_mass": 0.5}],
    "sup_norm_joint_probability": [{"class_count": 2, "dimension": 10, "sample_size": 200, "tolerance": 0.3}],
    "sup_norm_probability": [{"dimension": 200, "sample_size": 800, "tolerance": 0.1}],
    "sup_norm_sample_size": [{"dimension": 2, "tolerance": 0.4, "failure_probability": 0.1}],
    "sup_norm_sample_size_bound": [{"dimension": 2, "tolerance": 0.4, "failure_probability": 0.1}],
    "sup_norm_sample_size_slope": [{"dimension": 2, "tolerance": 0.5, "failure_probability": 0.1}],
    "sup_norm_variance_degrees_of_freedom": [{"dimension": 2, "tolerance": 0.5, "failure_probability": 0.1}],
    "sup_norm_variance_probability": [{"dimension": 200, "degrees_of_freedom": 400, "tolerance": 0.25}],
    "uniform_convergence_bound": [{"class_count": 3, "weight_bound": 2.0, "intercept_bound": 0.5, "second_moment": 9.0, "sample_size": 100}],
}

EXCEPTIONS: dict[str, str] = {
    "ProportionalLimit": "a record of results, made by the function that returns it",
}
