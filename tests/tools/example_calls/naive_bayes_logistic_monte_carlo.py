"""Valid calls of what `theorylab.papers.naive_bayes_logistic.monte_carlo` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.models.gaussian_mixture import GroupedMixture
from theorylab.papers.naive_bayes_logistic.monte_carlo.fitted_rules import NaiveBayesFit

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "closest_law_regret": [{"probabilities": [0.8, 0.2], "predicted": 0}],
    "conditioned_class_error": [{"distance": 0.9, "dimension": 1, "count_own": 6, "count_other": 2, "degrees_of_freedom": 6}],
    "draw_conditional_laws": [{"rng": np.random.default_rng(1), "size": 480, "class_count": 2}],
    "draw_two_classes": [{"rng": np.random.default_rng(1), "size": 5, "sample_size": 60, "dimension": 6, "half_distance": 0.8}],
    "expected_log_loss": [
        {
            "normal": np.array([[1.3]]),
            "offset": np.array([0.0]),
            "mixture": GroupedMixture(class_means=np.array([[0.65], [-0.65]]), standard_deviations=np.array([1.0]), pair_correlation=None),
            "namespace": np,
        }
    ],
    "fit_naive_bayes_batched": [
        {
            "features": np.array([[[1.0, 5.0], [3.0, 5.0], [7.0, 5.0]]]),
            "labels": np.array([[0, 0, 1]]),
            "class_count": 2,
            "variance": "class",
            "variance_floor": 0.25,
            "namespace": np,
        }
    ],
    "fitted_linear_scores": [{"points": [[0.0], [1.0]], "masses": [0.25, 0.75], "conditional_laws": [[0.7, 0.3], [0.4, 0.6]]}],
    "inverted_class_error": [
        {
            "gaps": [0.5],
            "multiplicities": [12],
            "count_own": 5,
            "count_other": 8,
            "variance": "pooled",
            "degrees_of_freedom": (11,),
            "nodes": 30,
            "panels": 60,
        }
    ],
    "least_linear_regret": [{"point": [3.0, 4.0], "probabilities": [0.8, 0.2], "predicted": 1, "weight_norm": 0.02, "largest_intercept": 0.1}],
    "least_regret": [{"difference": 0.2, "class_count": 3, "bound": 1.0}],
    "least_scored_regret": [{"probabilities": [0.8, 0.2], "predicted": 1, "bound": 0.2}],
    "linear_rule": [
        {
            "fit": NaiveBayesFit(
                class_counts=np.array([[6.0, 3.0], [4.0, 5.0], [4.0, 5.0]]),
                means=np.array(
                    [
                        [[0.4576, 0.5359, -0.1812, 0.3274], [-0.2814, -0.09189, -0.5553, -0.4136]],
                        [[1.095, 0.2298, 0.487, 0.8015], [-0.5012, 0.0596, -0.39, -1.516]],
                        [[0.5601, 0.8237, 0.03646, 0.4921], [-0.6623, -0.4341, -1.065, 0.3827]],
                    ]
                ),
                variances=np.array([[[1.435, 1.031, 0.2456, 1.002]], [[0.5725, 1.747, 0.825, 0.5875]], [[0.4525, 0.6408, 0.8053, 0.4723]]]),
            ),
            "namespace": np,
        }
    ],
    "load_digit_images": [{"digits": (3, 8)}],
    "sample_collinear_classes": [
        {
            "rng": np.random.default_rng(1),
            "size": 40000,
            "gaps": (0.5, 0.1),
            "multiplicities": (4, 30),
            "class_positions": (0.0, 1.0, 3.0),
            "standard_deviations": (3.0, 0.2),
        }
    ],
    "sample_correlated_classes": [
        {"rng": np.random.default_rng(1), "size": 40000, "class_means": ((2.0, 0.0), (0.0, 0.0)), "covariance": ((1.0, 0.6), (0.6, 1.0)), "label": 0}
    ],
    "sample_digits_error": [{"rng": np.random.default_rng(1), "size": 4, "sample_size": 30, "digits": (3, 8)}],
    "sample_isotropic_logistic_error": [
        {
            "rng": np.random.default_rng(1),
            "size": 20,
            "gaps": (0.8,),
            "multiplicities": (30,),
            "ridge": 0.5,
            "sample_size": 9,
            "standard_deviations": (2.0,),
        },
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "gaps": (0.8,),
            "multiplicities": (4,),
            "ridge": 0.5,
            "class_counts": (20, 25),
            "standard_deviations": (2.0,),
        },
        {
            "rng": np.random.default_rng(1),
            "size": 8000,
            "gaps": (0.8,),
            "multiplicities": (30,),
            "ridge": 0.5,
            "class_counts": (3, 8),
            "standard_deviations": (2.0,),
            "fit_intercept": False,
        },
    ],
    "sample_largest_mean_error": [{"rng": np.random.default_rng(1), "size": 33, "dimension": 7, "sample_size": 12}],
    "sample_largest_variance_error": [{"rng": np.random.default_rng(1), "size": 33, "dimension": 7, "degrees_of_freedom": 4.5}],
    "sample_library_error": [
        {"rng": np.random.default_rng(1), "size": 33, "gaps": (0.7,), "multiplicities": (4,), "sample_size": 8, "test_points": 5}
    ],
    "sample_log_odds_errors": [
        {"rng": np.random.default_rng(1), "size": 33, "gaps": (0.8, 0.3), "multiplicities": (2, 3), "variance": "known", "sample_size": 9},
        {"rng": np.random.default_rng(1), "size": 33, "gaps": (0.8, 0.3), "multiplicities": (2, 3), "variance": "pooled", "class_counts": (4, 7)},
    ],
    "sample_logistic_error": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "gaps": (0.9, 0.3),
            "multiplicities": (3, 5),
            "ridge": 1.0,
            "class_counts": (5, 7),
            "standard_deviations": (2.0, 0.7),
            "pair_correlation": 0.6,
            "fit_intercept": False,
        },
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "gaps": (0.9, 0.3),
            "multiplicities": (3, 5),
            "ridge": 1.0,
            "sample_size": 11,
            "standard_deviations": (2.0, 0.7),
        },
    ],
    "sample_logistic_excess": [
        {"rng": np.random.default_rng(1), "size": 6, "dimension": 3, "mahalanobis_distance": 1.3, "sample_size": 80, "random_counts": True}
    ],
    "sample_logistic_stopping_size": [
        {"rng": np.random.default_rng(1), "size": 6000, "gaps": (1.0,), "multiplicities": (6,), "target_error": 0.2, "step": 8}
    ],
    "sample_multinomial_loss_excess": [
        {
            "rng": np.random.default_rng(1),
            "size": 17,
            "gaps": (1.1, 0.4),
            "multiplicities": (1, 2),
            "class_positions": (-1.0, 0.0, 1.0),
            "sample_size": 120,
            "test_points": 5,
        }
    ],
    "sample_naive_bayes_error": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "gaps": (0.9, 0.4),
            "multiplicities": (3, 5),
            "variance": "class",
            "class_counts": (2, 4, 3),
            "class_positions": (-0.5, 0.5, 1.5),
        },
        {"rng": np.random.default_rng(1), "size": 33, "gaps": (2.0,), "multiplicities": (1,), "variance": "known", "sample_size": 2},
    ],
    "sample_naive_bayes_error_raw": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "gaps": (0.9, 0.4),
            "multiplicities": (3, 5),
            "variance": "pooled",
            "sample_size": 15,
            "class_positions": (0.0, 1.0, 2.5, 4.0),
            "pair_correlation": 0.5,
        },
        {"rng": np.random.default_rng(1), "size": 33, "gaps": (0.9, 0.4), "multiplicities": (3, 5), "variance": "class", "class_counts": (3, 5)},
    ],
    "sample_paired_errors": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "gaps": (0.9, 0.3),
            "multiplicities": (3, 5),
            "ridge": 1.0,
            "sample_size": 12,
            "standard_deviations": (2.0, 0.7),
            "pair_correlation": 0.6,
            "partner_scale": 0.2,
        },
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "gaps": (0.9, 0.3),
            "multiplicities": (3, 5),
            "ridge": 1.0,
            "class_counts": (3, 4, 6),
            "class_positions": (-1.0, 0.5, 1.5),
            "standard_deviations": (2.0, 0.7),
        },
    ],
    "sample_parameter_errors": [
        {"rng": np.random.default_rng(1), "size": 33, "class_count": 3, "dimension": 4, "sample_size": 12},
        {"rng": np.random.default_rng(1), "size": 33, "class_count": 3, "dimension": 4, "class_counts": (1, 2, 3)},
    ],
    "sample_parameter_errors_raw": [
        {"rng": np.random.default_rng(1), "size": 33, "class_count": 3, "dimension": 4, "sample_size": 12},
        {"rng": np.random.default_rng(1), "size": 12, "class_count": 3, "dimension": 4, "class_counts": (2, 3, 4)},
    ],
    "sample_proportional_logistic": [{"rng": np.random.default_rng(1), "size": 5, "half_distance": 0.8, "sample_size": 60, "dimension": 6}],
    "sample_rademacher_average": [
        {"rng": np.random.default_rng(1), "size": 17, "class_count": 3, "dimension": 3, "mahalanobis_distance": 1.3, "sample_size": 80}
    ],
    "sample_score_gaps": [
        {
            "rng": np.random.default_rng(1),
            "size": 33,
            "gaps": (0.8, 0.3),
            "multiplicities": (2, 3),
            "class_positions": (-1.0, 0.5, 2.0),
            "standard_deviations": (2.0, 0.5),
            "pair_correlation": 0.6,
            "shift": 0.1,
            "true_class": 1,
            "compared": (2, 0),
            "centre": 0.3,
        }
    ],
    "sample_score_squares": [
        {"rng": np.random.default_rng(1), "size": 17, "dimension": 3, "mahalanobis_distance": 1.3, "sample_size": 80, "random_counts": False}
    ],
    "sample_separability": [
        {"rng": np.random.default_rng(1), "size": 4000, "sample_size": 12, "dimension": 4, "half_distance": 0.0, "fit_intercept": True}
    ],
    "sample_stopping_size": [
        {
            "rng": np.random.default_rng(1),
            "size": 4096,
            "gaps": (0.4472, 2.0),
            "multiplicities": (10, 10),
            "target_error": 0.02,
            "step": 2,
            "class_positions": (-0.5, 0.5),
            "standard_deviations": (4.472, 1.0),
        }
    ],
    "class_scores": [
        {
            "fit": NaiveBayesFit(class_counts=np.array([[2, 3]]), means=np.array([[[0.0, 1.0], [1.0, 0.5]]]), variances=np.array([[[1.0, 2.0]]])),
            "points": np.array([[[0.5, 0.5]]]),
        }
    ],
    "draw_scored_distributions": [{"rng": np.random.default_rng(1), "size": 3, "class_count": 2, "points": 2, "concentration": 1.0}],
    "strictly_separable": [{"rows": np.array([[1.0, 0.5], [0.5, 1.0], [-0.1, 2.0]])}],
}

EXCEPTIONS: dict[str, str] = {}
