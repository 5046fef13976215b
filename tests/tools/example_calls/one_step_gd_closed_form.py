"""Valid calls of what `theorylab.papers.one_step_gd.closed_form` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.papers.one_step_gd.closed_form.nonlinear_teachers import TeacherMoments

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "balanced_raw_start": [{"initial_step": 0.007022, "dimension": 2}],
    "balanced_start": [{"initial_step": 0.02, "dimension": 1}],
    "bayes_excess_dimension_one": [{"context_length": 5, "noise_ratio": 0.0}],
    "bayes_excess_exact": [{"context_length": [3, 5, 7], "dimension": 5, "noise_ratio": 0.0, "prior_variance": 2.0}],
    "bayes_excess_jensen_floor": [{"context_length": 5, "dimension": 3, "noise_ratio": 0.01, "prior_variance": 0.01}],
    "bayes_excess_marchenko_pastur": [{"features_per_sample": 1e-06, "noise_to_signal": 3.0}],
    "bayes_gap_exact": [{"context_length": 5, "dimension": 3, "noise_ratio": 0.0}],
    "best_plain_learning_rate": [
        {"context_length": 1, "feature_covariance": np.array([[3.922]]), "task_covariance": np.array([[0.4282]]), "noise_variance": 1.008}
    ],
    "effective_parameters": [
        {
            "key_weights": np.array([[0.1728, 0.4108], [0.1652, -0.6516]]),
            "query_weights": np.array([[0.4527, 0.2232], [-0.2685, 0.2906]]),
            "value_weights": np.array([[0.1823, 0.1471], [0.01421, 0.2734]]),
            "head": np.array([-0.3682, -0.08145]),
        }
    ],
    "excess_at_test_length": [
        {"test_length": 46, "context_length": 46, "dimension": 46, "noise_variance": 0.0119, "prior_variance": 0.1, "normalised": True}
    ],
    "excess_over_minimum": [
        {
            "value_vector": np.array([0.153, -0.1952]),
            "key_query_matrix": np.array([[0.2381], [0.07239]]),
            "context_length": 3,
            "feature_covariance": np.array([[1.181]]),
            "task_covariance": np.array([[1.798]]),
            "noise_variance": 0.294,
        }
    ],
    "expected_least_squares_correlation": [{"context_length": 9, "dimension": 5, "noise_variance": 0.5, "prior_variance": 2.0}],
    "expected_ridge_correlation": [{"context_length": 9, "dimension": 5, "noise_variance": 0.5, "prior_variance": 2.0}],
    "expected_squared_gradient": [{"context_length": 9, "dimension": 5, "noise_variance": 0.5, "prior_variance": 2.0}],
    "global_minimiser": [{"context_length": 5, "dimension": 3, "noise_variance": 0.0, "scale": 0.7}],
    "gradient_flow_logistic": [
        {"time": 1000.0, "initial_step": 0.02, "context_length": 4, "dimension": 2, "noise_variance": 0.3, "prior_variance": 2.5}
    ],
    "gradient_flow_loss": [{"time": 0.01, "initial_step": 0.1, "context_length": 5, "dimension": 3, "noise_variance": 0.5}],
    "harmful_test_length": [{"context_length": 9, "dimension": 5, "noise_variance": 0.5, "prior_variance": 2.0}],
    "hessian_spectrum_at_minimum": [{"context_length": 5, "dimension": 3, "noise_variance": 0.01, "scale": 0.7, "prior_variance": 0.01}],
    "icl_excess": [{"context_length": 9, "dimension": 5, "noise_variance": 0.5, "prior_variance": 2.0}],
    "icl_excess_limit": [{"features_per_sample": 4.0, "noise_to_signal": 0.2}],
    "inefficiency_limit": [{"dimension": 5, "noise_ratio": 1.0}],
    "largest_step": [{"context_length": [100, 400, 50, 800], "dimension": [100, 100, 200, 400], "noise_variance": 0.5, "centring": "johnstone"}],
    "largest_step_limit": [{"features_per_sample": 1.0}],
    "layer_imbalance": [{"value_vector": np.array([0.0, 0.4471]), "key_query_matrix": np.array([[0.4471], [0.0]])}],
    "long_prompt_bias": [{"context_length": 9, "dimension": 5, "noise_variance": 0.5, "prior_variance": 2.0}],
    "minimum_loss_from_moments": [{"context_length": 5, "dimension": 3, "squared_norm_moment": 9.0, "noise_variance": 0.01, "prior_variance": 0.01}],
    "minimum_loss_general": [
        {"context_length": 7, "feature_covariance": np.array([[0.9399]]), "task_covariance": np.array([[0.8335]]), "noise_variance": 1.759}
    ],
    "minimum_pretraining_loss": [
        {"context_length": np.array([[1], [4], [9]]), "dimension": np.array([2, 5]), "noise_variance": 0.5, "prior_variance": 2.0}
    ],
    "nonlinear_minimum_loss": [
        {"linear_power": 8.0, "weighted_power": 48.0, "power": 8.0, "dimension": 4, "context_length": 10, "noise_variance": 0.5}
    ],
    "nonlinear_population_loss": [
        {
            "value_vector": np.array([0.05, -0.03, 0.2]),
            "key_query_matrix": np.array([[-0.06518, -0.01747], [0.1664, 0.06591], [-0.1641, -0.0005203]]),
            "context_length": 2,
            "moments": TeacherMoments(linear_power=9.0, weighted_power=120.0, power=15.0, fourth_moment=10400.0),
            "noise_variance": 0.4,
        }
    ],
    "nonlinear_teacher_moments": [{"link": "sign", "dimension": 4}],
    "optimal_learning_rate": [{"context_length": 16, "dimension": 16, "noise_variance": 5.246, "prior_variance": 5.246}],
    "optimal_learning_rate_from_moments": [{"context_length": 5, "squared_norm_moment": 9.0, "noise_ratio": 1.0}],
    "optimal_learning_rate_nonlinear": [{"linear_power": 1.0, "weighted_power": 12.0, "dimension": 4, "context_length": 4, "noise_variance": 0.5}],
    "optimal_preconditioner": [
        {"context_length": 7, "feature_covariance": np.array([[0.9399]]), "task_covariance": np.array([[0.8335]]), "noise_variance": 1.759}
    ],
    "optimal_test_length": [{"context_length": 9, "dimension": 5, "noise_variance": 0.5, "prior_variance": 2.0}],
    "plain_step_loss": [{"learning_rate": 0.0, "context_length": 53, "dimension": 53, "noise_variance": 0.0331, "prior_variance": 3.933}],
    "population_loss": [
        {
            "value_vector": np.array([0.3059, -0.03288]),
            "key_query_matrix": np.array([[0.2205], [-0.05774]]),
            "context_length": 4,
            "feature_covariance": np.array([[0.3592]]),
            "task_covariance": np.array([[1.193]]),
            "noise_variance": 0.2476,
        }
    ],
    "population_loss_gradient": [
        {
            "value_vector": np.array([0.3059, -0.03211]),
            "key_query_matrix": np.array([[0.2212], [-0.05774]]),
            "context_length": 4,
            "feature_covariance": np.array([[0.3592]]),
            "task_covariance": np.array([[1.193]]),
            "noise_variance": 0.2476,
        }
    ],
    "population_loss_hessian": [
        {
            "value_vector": np.array([0.0, 0.2]),
            "key_query_matrix": np.array([[0.3846], [0.0]]),
            "context_length": 11,
            "feature_covariance": np.array([[1.0]]),
            "task_covariance": np.array([[0.3]]),
            "noise_variance": 0.0,
        }
    ],
    "population_loss_with_query_token": [
        {
            "value_vector": np.array([1.128, -1.283]),
            "key_query_matrix": np.array([[0.6123], [0.005217]]),
            "context_length": 5,
            "feature_covariance": np.array([[1.544]]),
            "task_covariance": np.array([[0.3529]]),
            "noise_variance": 0.9072,
        }
    ],
    "preconditioned_loss": [
        {
            "preconditioner": np.array([[0.4537]]),
            "context_length": 3,
            "feature_covariance": np.array([[0.3916]]),
            "task_covariance": np.array([[0.3183]]),
            "noise_variance": 0.07837,
        }
    ],
    "prior_mean_even_correlation": [{"preconditioner": np.array([[0.1]]), "context_length": 3, "prior_mean": np.array([0.8]), "noise_variance": 0.5}],
    "prior_mean_gradient": [
        {"scale": 0.6, "preconditioner": np.array([[0.1]]), "context_length": 3, "prior_mean": np.array([0.8]), "noise_variance": 0.5}
    ],
    "pythagoras_defect": [
        {
            "preconditioner": np.array([[0.1891, -0.5227], [-0.4131, -2.441]]),
            "reference": np.array([[0.13, 0.0], [0.0, 0.13]]),
            "context_length": 3,
            "feature_covariance": np.array([[1.0, 0.0], [0.0, 1.0]]),
            "task_covariance": np.array([[1.0, 0.0], [0.0, 1.0]]),
            "noise_variance": 0.3745,
        }
    ],
    "rank_one_excess": [{"context_length": 8, "dimension": 3, "noise_variance": 0.5}],
    "rank_one_loss": [{"context_length": 5, "dimension": 4, "noise_variance": 0.5}],
    "rank_one_point": [{"context_length": 4, "dimension": 1, "noise_variance": 0.5, "scale": -1.3}],
    "rank_one_stability_ratio": [{"context_length": 128, "dimension": 2, "noise_variance": 0.0}],
    "rank_one_threshold_noise_variance": [{"context_length": 5, "dimension": 3}],
    "raw_gradient_flow_time": [{"step": [0.01, 0.03, 0.05], "initial_step": 0.01, "context_length": 6, "dimension": 3, "noise_variance": 0.5}],
    "raw_population_loss": [
        {
            "key_weights": np.array([[1.02, -1.278, 0.209], [-0.2839, -0.2263, -0.1078], [-1.01, -0.116, -0.4326]]),
            "query_weights": np.array([[1.661, 0.1129, -0.1763], [-0.1406, -0.334, -0.5276], [-0.1954, 0.241, -0.1193]]),
            "value_weights": np.array([[0.4789, -0.0999, 0.01213], [0.7729, 0.2726, -0.2526], [-0.09142, 0.2703, 0.9675]]),
            "head": np.array([-0.1348, -0.1218, 0.5012]),
            "context_length": 4,
            "feature_covariance": np.array([[1.0, 0.0], [0.0, 0.6]]),
            "task_covariance": np.array([[1.0, 0.2], [0.2, 0.7]]),
            "noise_variance": 0.3,
        }
    ],
    "raw_population_loss_gradient": [
        {
            "key_weights": np.array([[0.3037, 0.0, 0.0], [0.0, 0.3037, 0.0], [0.0, 0.0, 0.0]]),
            "query_weights": np.array([[0.3037, 0.0, 0.0], [0.0, 0.3037, 0.0], [0.0, 0.0, 0.0]]),
            "value_weights": np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.4296]]),
            "head": np.array([0.0, 0.0, 0.4296]),
            "context_length": 4,
            "feature_covariance": np.array([[1.0, 0.0], [0.0, 1.0]]),
            "task_covariance": np.array([[2.5, 0.0], [0.0, 2.5]]),
            "noise_variance": 0.3,
        }
    ],
    "raw_population_loss_hessian": [
        {
            "key_weights": np.array([[1.02, -1.278, 0.209], [-0.2839, -0.2263, -0.1078], [-1.01, -0.116, -0.4326]]),
            "query_weights": np.array([[1.661, 0.1129, -0.1763], [-0.1406, -0.334, -0.5276], [-0.1954, 0.241, -0.1193]]),
            "value_weights": np.array([[0.4789, -0.0999, 0.01213], [0.7729, 0.2726, -0.2526], [-0.09142, 0.2703, 0.9675]]),
            "head": np.array([-0.1348, -0.1218, 0.5012]),
            "context_length": 4,
            "feature_covariance": np.array([[1.0, 0.0], [0.0, 0.6]]),
            "task_covariance": np.array([[1.0, 0.2], [0.2, 0.7]]),
            "noise_variance": 0.3,
        }
    ],
    "relu_network_moments": [{"dimension": 4}],
    "spurious_excess_limit": [{"context_length": np.array([1000000, 4000000]), "dimension": 6}],
    "spurious_minimum": [{"context_length": 4000000, "dimension": 2, "noise_variance": 0.0}],
    "squared_norm_moment": [{"law": "sphere", "dimension": 2}],
    "squared_norm_moment_from_kurtosis": [{"dimension": 2, "kurtosis": 1.8}],
    "squared_norm_moment_student": [{"dimension": 4, "degrees_of_freedom": 4.001}],
    "PopulationLoss": [
        {"context_length": 4, "feature_covariance": np.eye(2), "task_covariance": np.array([[1.0, 0.2], [0.2, 0.5]]), "noise_variance": 0.5}
    ],
}

EXCEPTIONS: dict[str, str] = {}
