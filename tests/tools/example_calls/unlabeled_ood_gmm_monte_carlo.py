"""Valid calls of what `theorylab.papers.unlabeled_ood_gmm.monte_carlo` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

START = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
FEATURES = np.random.default_rng(7).standard_normal((2, 3, 12)) + np.array([[1.0], [0.0], [0.0]])

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "draw_aligned_features": [{"rng": np.random.default_rng(1), "size": 10, "dimension": 5, "sample_size": 40, "half_distance": 1.0}],
    "fewest_errors_angle": [{"points": np.array([[[-0.8776, 0.4794], [-0.995, -0.09983], [-0.7648, -0.6442]]]), "namespace": np}],
    "log_sphere_integral": [{"concentration": np.array([0.1, 1.0, 30.0, 900.0]), "dimension": 4, "namespace": np}],
    "plane_ramp_angle": [{"first": np.array([[-1.0]]), "second": np.array([[-1.0]]), "threshold": float("inf"), "namespace": np}],
    "sample_attacked_errors": [
        {
            "rng": np.random.default_rng(1),
            "size": 50,
            "directions": ((1.0, 0.5, 0.2), (0.0, 1.0, -1.0)),
            "mean": (0.5, 0.7, -0.1),
            "radius": 0.2,
            "norm": "l2",
        },
        {
            "rng": np.random.default_rng(1),
            "size": 32768,
            "directions": ((1.0, 0.8, 0.5, 0.3, 0.1, 0.0), (0.7565, 0.2783, 0.513, 0.05652, -0.1435, -0.2435), (0.3231, 0.06154, 0.0, 0.0, 0.0, 0.0)),
            "mean": (1.0, 0.8, 0.5, 0.3, 0.1, 0.0),
            "radius": 0.6,
            "norm": "linf",
            "covariance": (
                (1.2, 0.2, 0.2, 0.2, 0.2, 0.2),
                (0.2, 2.2, 0.2, 0.2, 0.2, 0.2),
                (0.2, 0.2, 0.7, 0.2, 0.2, 0.2),
                (0.2, 0.2, 0.2, 1.2, 0.2, 0.2),
                (0.2, 0.2, 0.2, 0.2, 1.2, 0.2),
                (0.2, 0.2, 0.2, 0.2, 0.2, 1.2),
            ),
        },
    ],
    "sample_contaminated_angles": [
        {
            "rng": np.random.default_rng(1),
            "size": 25,
            "sample_size": 40,
            "half_distance": 1.0,
            "threshold": 1.2,
            "contamination": 0.1,
            "outlier_length": 3.0,
        }
    ],
    "sample_direction_errors": [{"rng": np.random.default_rng(1), "size": 4000, "dimension": 3, "sample_size": 60, "half_distance": 1.8}],
    "sample_joint_excess": [
        {
            "rng": np.random.default_rng(1),
            "size": 64,
            "dimension": 4,
            "labeled_size": 3000,
            "unlabeled_size": 20000,
            "half_distance": 1.2,
            "score_scale": 6.112e-05,
        }
    ],
    "sample_linear_errors": [
        {
            "rng": np.random.default_rng(1),
            "size": 50,
            "directions": ((1.0, 0.5, 0.2), (0.0, 1.0, -1.0)),
            "mean": (0.5, 0.7, -0.1),
            "standard_deviation": 1.2,
        },
        {
            "rng": np.random.default_rng(1),
            "size": 50,
            "directions": ((1.0, 0.5, 0.2), (0.0, 1.0, -1.0)),
            "mean": (0.5, 0.7, -0.1),
            "covariance": ((1.0, 0.5, 0.0), (0.5, 2.0, 0.0), (0.0, 0.0, 0.3)),
        },
    ],
    "sample_margins": [{"rng": np.random.default_rng(1), "size": 4096, "margin_mean": 1.0, "margin_deviation": 1.0}],
    "sample_mean_rule": [{"rng": np.random.default_rng(1), "size": 65536, "dimension": 20, "labeled_size": 10, "half_distance": 1.5, "radius": 1.5}],
    "sample_mean_rule_raw": [
        {"rng": np.random.default_rng(1), "size": 50, "mean": (0.6, 0.0, 0.8), "labeled_size": 5, "test_size": 3, "radius": 0.2},
        {"rng": np.random.default_rng(1), "size": 50, "mean": (0.6, 0.8), "labeled_size": 5, "labeled_mean": (1.0, 0.0), "labeled_deviation": 2.0},
    ],
    "sample_message_passing": [
        {
            "rng": np.random.default_rng(1),
            "size": 2000,
            "dimension": 30,
            "labeled_size": 10,
            "unlabeled_size": 40,
            "half_distance": 0.8,
            "shifted_half_distance": 0.8,
            "alignment": 1.0,
        }
    ],
    "sample_paired_rules": [{"rng": np.random.default_rng(1), "size": 1, "dimension": 3, "labeled_size": 30, "half_distance": 1.0, "ridge": 0.01}],
    "sample_plane_erm": [{"rng": np.random.default_rng(1), "size": 500, "labeled_size": 30, "half_distance": 1.0}],
    "sample_plane_ramp": [
        {"rng": np.random.default_rng(1), "size": 500, "sample_size": 40, "mean": (0.6, 0.8), "threshold": 1.5, "deviations": (1.0, 1.4)}
    ],
    "sample_posterior_rule": [{"rng": np.random.default_rng(1), "size": 50, "dimension": 3, "labeled_size": 4, "half_distance": 1.0}],
    "sample_pseudo_label_step": [
        {
            "rng": np.random.default_rng(1),
            "size": 3000,
            "dimension": 5,
            "labeled_size": 6,
            "unlabeled_size": 12,
            "half_distance": 0.8,
            "shifted_half_distance": 1.2,
            "alignment": 0.6,
        }
    ],
    "sample_pseudo_label_step_raw": [
        {
            "rng": np.random.default_rng(1),
            "size": 6000,
            "dimension": 3,
            "labeled_size": 6,
            "unlabeled_size": 12,
            "half_distance": 0.8,
            "shifted_half_distance": 1.2,
            "alignment": 0.6,
        }
    ],
    "sample_robust_risk": [
        {"rng": np.random.default_rng(1), "size": 40, "sample_size": 7, "margin_mean": 0.6, "margin_deviation": 1.1, "radius": 50.0, "slope": 1.2}
    ],
    "sample_scatter_rules": [
        {
            "rng": np.random.default_rng(1),
            "size": 2,
            "dimension": 1,
            "labeled_size": 9,
            "unlabeled_size": 20,
            "half_distance": 1.0,
            "scale_ratio": 2.0,
        }
    ],
    "sample_self_trained_risk": [
        {
            "rng": np.random.default_rng(1),
            "size": 2500,
            "dimension": 8,
            "labeled_size": 4,
            "unlabeled_size": 20,
            "half_distance": 1.0,
            "shifted_half_distance": 1.1,
            "alignment": 0.9,
            "unlabeled_weight": 5.0,
        }
    ],
    "sample_shifted_mean_rule": [
        {
            "rng": np.random.default_rng(1),
            "size": 50,
            "dimension": 2,
            "labeled_size": 9,
            "half_distance": 1.0,
            "shifted_half_distance": 1.3,
            "alignment": -1.0,
        }
    ],
    "sample_sign_votes": [{"rng": np.random.default_rng(1), "size": 1000, "dimension": 3, "labeled_size": 1, "half_distance": 0.9, "alignment": 0.5}],
    "sample_sorted_distance": [{"rng": np.random.default_rng(1), "size": 20, "sample_size": 30, "mean_norm0": 0.4, "mean_norm1": 1.3}],
    "sample_spectral_rule": [
        {
            "rng": np.random.default_rng(1),
            "size": 3000,
            "dimension": 6,
            "labeled_size": 4,
            "unlabeled_size": 15,
            "half_distance": 0.8,
            "shifted_half_distance": 1.2,
            "alignment": 0.6,
        }
    ],
    "sample_spectral_rule_raw": [
        {
            "rng": np.random.default_rng(1),
            "size": 3000,
            "dimension": 6,
            "labeled_size": 4,
            "unlabeled_size": 15,
            "half_distance": 0.8,
            "shifted_half_distance": 1.2,
            "alignment": 0.6,
        }
    ],
    "sample_test_selected_risk": [{"rng": np.random.default_rng(1), "size": 2500, "dimension": 8, "candidates": 1, "half_distance": 1.0}],
    "sample_total_variation": [{"rng": np.random.default_rng(1), "size": 100, "mean_norm0": 1.0, "mean_norm1": 1.0}],
    "sample_unlabeled_ramp": [
        {
            "rng": np.random.default_rng(1),
            "size": 40000,
            "dimension": 3,
            "mean_length": 0.9,
            "alignments": (1.0, 0.6, 0.0, -1.0),
            "threshold": 2.0,
            "standard_deviation": 1.5,
        }
    ],
    "sample_weighted_excess": [
        {
            "rng": np.random.default_rng(1),
            "size": 200,
            "dimension": 3,
            "labeled_size": 12,
            "unlabeled_size": 50,
            "half_distance": 1.6,
            "shift": 0.7,
            "labeled_weight": 0.0,
            "score_scale": 0.02,
        }
    ],
    "transport_program": [{"margins": np.array([-1.0, 0.5, 1.0, 2.0]), "radius": 0.125, "places": np.array([-0.5])}],
    "absolute_direction": [
        {
            "features": FEATURES,
            "starts": [START],
        }
    ],
    "leading_direction": [{"features": FEATURES}],
    "mixture_mean": [
        {
            "features": FEATURES,
            "start": START,
            "labeled_sum": np.ones((2, 3)),
            "labeled_size": 2,
            "tolerance": 1e-8,
        }
    ],
    "sample_direction_errors_raw": [{"rng": np.random.default_rng(1), "size": 2, "dimension": 3, "sample_size": 20, "half_distance": 1.0}],
    "sample_weighted_excess_raw": [
        {
            "rng": np.random.default_rng(1),
            "size": 2,
            "dimension": 3,
            "labeled_size": 5,
            "unlabeled_size": 20,
            "half_distance": 1.0,
            "shift": 0.5,
            "labeled_weight": 0.5,
        }
    ],
}

EXCEPTIONS: dict[str, str] = {}
