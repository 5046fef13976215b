"""Valid calls of what `theorylab.papers.unlabeled_ood_gmm.closed_form` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "adversarial_linear_risk": [
        {"direction": np.array([-0.08304]), "mean": np.array([-1.303]), "radius": 1.212, "norm": "l2", "covariance": np.array([[1.104]])},
        {
            "direction": np.array(
                [
                    [0.3456, 0.8216, 0.3304],
                    [-1.303, 0.9054, 0.4464],
                    [-0.537, 0.5811, 0.3646],
                    [0.2941, 0.02842, 0.5467],
                    [-0.7365, -0.1629, -0.4821],
                    [0.5988, 0.03972, -0.2925],
                ]
            ),
            "mean": np.array([1.0, -0.7, 0.2]),
            "radius": 0.3,
            "norm": "l2",
            "standard_deviation": 1.5,
        },
    ],
    "anisotropy_threshold": [{"half_distance": 1.0, "threshold": 0.0}],
    "bayes_direction": [{"mean": np.array([1.2, 0.7]), "covariance": np.array([[1.0, 0.3], [0.3, 2.0]])}],
    "bayes_risk": [{"half_distance": 1}],
    "best_smoothing_bound": [{"half_distance": 1.0, "robust_excess": 0.0}],
    "break_even_shift": [{"dimension": 2, "labeled_size": 10, "half_distance": 1.0}],
    "chernoff_density": [{"place": 0.0}],
    "contaminated_absolute_angle": [{"half_distance": 1.0, "contamination": 0.0, "outlier_length": 5.0}],
    "contaminated_leading_angle": [{"half_distance": 1.0, "contamination": 0.0, "outlier_length": 5.0}],
    "contaminated_ramp_angle": [{"half_distance": 1.05, "threshold": 1.515, "contamination": 0.07111, "outlier_length": 0.006524}],
    "contaminated_ramp_angle_bound": [{"half_distance": 0.5, "threshold": 1.002, "contamination": 0.005}],
    "corollary_dimension_free_sizes": [{"dimension": 10}],
    "corollary_error_sizes": [{"dimension": 50, "error": 0.1}],
    "corollary_shift": [{"dimension": [10, 20], "labeled_size": 1000}],
    "corollary_unlabeled_size": [{"dimension": 20, "labeled_size": 2000}],
    "dro_bias_coefficient": [{"margin_mean": 0.7, "margin_deviation": 1.2, "radius": 0.1}],
    "erm_angle_scale": [{"half_distance": 1.0}],
    "erm_cube_root_constant": [{"half_distance": 1.0}],
    "expected_ramp_loss": [{"margin_mean": 0.5, "margin_deviation": 1.0, "slope": 3.091}],
    "expected_unlabeled_ramp": [{"margin_mean": 1.0, "margin_deviation": 1.0, "threshold": 1.0}],
    "inner_product_sign_probability": [{"dimension": 7, "inner_product": 1.309, "squared_norms": 24.33}],
    "known_direction_excess": [{"labeled_size": 3, "half_distance": 0.0}],
    "known_shift_overlap": [{"half_distance": 1.2, "alignment": 0.0, "labeled_ratio": 0.4}],
    "labeled_lda_risk": [{"half_distance": 1.4, "labeled_ratio": 1.000000000001}],
    "labeled_overlap": [{"half_distance": 1.0, "labeled_ratio": 0.5}],
    "linear_risk": [
        {"direction": [1, 0, 0], "mean": np.array([1.0, -0.7, 0.2])},
        {"direction": [0, 1, 0], "mean": np.array([1.0, -0.7, 0.2]), "covariance": np.array([[1.0, 0.3, 0.0], [0.3, 2.0, -0.5], [0.0, -0.5, 0.8]])},
    ],
    "margins_of": [
        {"direction": np.array([-1.166]), "mean": np.array([-1.303]), "covariance": np.array([[1.104]])},
        {
            "direction": np.array(
                [
                    [0.3456, 0.8216, 0.3304],
                    [-1.303, 0.9054, 0.4464],
                    [-0.537, 0.5811, 0.3646],
                    [0.2941, 0.02842, 0.5467],
                    [-0.7365, -0.1629, -0.4821],
                    [0.5988, 0.03972, -0.2925],
                ]
            ),
            "mean": np.array([1.0, -0.7, 0.2]),
            "standard_deviation": 1.5,
        },
    ],
    "mean_absolute_margin": [{"margin_mean": 5.96e-08}],
    "mean_classifier_excess": [{"dimension": 282, "labeled_size": 192, "half_distance": 2.0}],
    "mean_classifier_excess_leading": [{"dimension": 3, "labeled_size": 50, "half_distance": 2.0, "radius": 0.5}],
    "mean_classifier_proportional_limit": [{"half_distance": 1.5, "labeled_ratio": 1.0}],
    "mean_classifier_risk": [{"dimension": 20, "labeled_size": 200, "half_distance": 1.0}],
    "mean_classifier_risk_series": [{"dimension": 94, "labeled_size": 121, "half_distance": 5.997e-144}],
    "mean_shift_per_wasserstein": [{"half_distance": 9.0}],
    "mean_tanh": [{"signal": 2.25}],
    "mixture_total_variation": [{"mean_norm0": 0.5184, "mean_norm1": 6.053e-171}],
    "mixture_wasserstein1": [{"mean_norm0": 2.553, "mean_norm1": 1.4}],
    "optimal_labeled_weight": [{"dimension": 20, "labeled_size": 400, "unlabeled_size": 4000, "half_distance": 1.0, "shift": 0.6}],
    "optimal_robust_classifier": [{"mean": np.array([-0.2971]), "radius": 0.0, "norm": "l2", "covariance": np.array([[7.746]])}],
    "out_of_domain_mean_risk": [{"dimension": 7, "labeled_size": 12, "half_distance": 0.9, "shifted_half_distance": 0.0, "alignment": 0.3}],
    "pca_efficiency": [{"half_distance": 1}],
    "proportional_break_even_shift": [{"labeled_ratio": 4.0}],
    "ramp_efficiency": [{"half_distance": 1, "threshold": 2}],
    "ramp_excess": [{"angle": 1.232, "half_distance": 2.291, "threshold": 0.638}],
    "ramp_loss": [{"margin": 0.0, "slope": 7.0, "cost": "squared_distance"}],
    "ramp_meets_pca": [{}],
    "robust_mean_classifier_risk": [{"dimension": 1, "labeled_size": 1, "half_distance": 0.0, "radius": 0.0}],
    "self_training_overlap": [{"cosine": [0.2, 0.5], "half_distance": 1.0, "unlabeled_ratio": 3.0, "alignment": [[1.0], [0.5]]}],
    "semisupervised_excess": [{"dimension": 2, "labeled_size": 10, "unlabeled_size": 5, "half_distance": 1.0}],
    "semisupervised_overlap": [{"half_distance": 1, "labeled_ratio": 1, "unlabeled_ratio": 1}],
    "shifted_semisupervised_overlap": [{"half_distance": 1, "shifted_half_distance": 1, "alignment": 1.0, "labeled_ratio": 1, "unlabeled_ratio": 1}],
    "sign_error": [{"labeled_size": 1000000, "half_distance": 1.2, "alignment": 0.5}],
    "smoothing_gap": [{"half_distance": 0.0, "slope": 1e-09}],
    "smoothing_gap_leading": [{"half_distance": 1.0, "slope": 1000000.0}],
    "smoothing_prefactor": [{"half_distance": 1.0}],
    "spectral_overlap": [{"half_distance": 1.2, "unlabeled_ratio": 1000000000000.0}],
    "spectral_risk": [
        {"half_distance": 1.2, "unlabeled_ratio": 1000000000000.0, "labeled_size": 1000000, "shifted_half_distance": 0.8, "alignment": 0.5}
    ],
    "sufficient_unlabeled_size": [{"dimension": 20, "half_distance": [0.5, 1.0, 3.0]}],
    "theorem_nonrobust_bound": [
        {
            "dimension": 20,
            "labeled_size": 100,
            "unlabeled_size": 50,
            "mean_norm": 1.3,
            "standard_deviation": 0.8,
            "shifted_mean_norm": 1.3,
            "shifted_standard_deviation": 0.8,
            "wasserstein_shift": 0.2,
        }
    ],
    "theorem_robust_bound": [{"dimension": 20, "labeled_size": 100, "unlabeled_size": 50, "slope": [0.0, 1.0, 3.0]}],
    "total_scatter_lda_risk": [{"half_distance": 1.4, "labeled_ratio": float("inf"), "unlabeled_ratio": float("inf")}],
    "unlabeled_direction_excess": [{"half_distance": 1.0, "shift": 0.3}],
    "unlabeled_information": [{"half_distance": 1}],
    "unlabeled_plane_choice": [
        {"mean": [0.09196, 1.297], "covariance_matrix": np.array([[0.8, 0.0], [0.0, 0.8]]), "threshold": 0.0, "cost": "mahalanobis"}
    ],
    "wasserstein_dro_dual": [{"margins": [0.408], "radius": 0.0}],
    "wasserstein_dro_empirical": [{"margins": [0.0], "radius": 1.5}],
    "wasserstein_dro_risk": [{"margin_mean": 0.7, "margin_deviation": 1.2, "radius": 0.1}],
    "weighted_excess": [
        {"dimension": 200, "labeled_size": 2286, "unlabeled_size": 200, "half_distance": 0.1, "shift": 3.75, "labeled_weight": 0.0, "form": "angle"}
    ],
    "alignment_expectation": [{"function": np.square, "dimension": 5, "signal": 2.0, "steepness": 1.0}],
    "chernoff_moments": [{}],
    "erm_angle_constant": [{"half_distance": [0.5, 1.0]}],
}

EXCEPTIONS: dict[str, str] = {}
