"""Valid calls of what `theorylab.papers.pac_invariance.closed_form` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]


MOMENT = np.array([[2.0, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 1.5]])


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "best_head": [{"second_moment": np.array([[0.3063, 0.217], [0.217, 0.21]]), "target": 1}],
    "chain_head": [{"cause_effect": 1.2, "child_effect": 1.0, "target_variance": 0.8, "child_variance": 0.5}],
    "chain_risk_under_intervention": [
        {"head": np.array([0.4, -0.9]), "cause_effect": 1.5, "cause_variance": 2.0, "target_variance": 0.6, "child_moment": 0.0}
    ],
    "empirical_gap_bound": [{"feature_moment": np.array([[1.29, 0.0], [0.0, 0.9]]), "risk": 0.6, "sample_size": 400, "log_inverse_level": 2.3}],
    "feature_moments": [{"second_moment": np.array([[[0.3063, 0.217], [0.217, 0.21]]]), "target": 1}],
    "gap_as_norm": [{"feature_second_moment": np.array([[[3.719, 1.847], [1.847, 1.0]]]), "cross": np.array([[2.618, 1.3]]), "gap_kind": "gradient"}],
    "invariance_gap": [
        {
            "second_moment": np.array(
                [
                    [
                        [1.085, 0.7853, -0.05661, 1.376],
                        [0.7853, 2.001, 0.006184, 1.441],
                        [-0.05661, 0.006184, 1.0, -0.1164],
                        [1.376, 1.441, -0.1164, 2.612],
                    ]
                ]
            ),
            "target": 3,
            "representation": None,
            "head": np.array([1.039, 0.3123, -0.05955]),
        }
    ],
    "largest_family_dimension": [{"sites": 4, "in_degree": 3}],
    "minimax_head": [{"second_moments": np.array([[[3.719, 1.847, 2.618], [1.847, 1.0, 1.3], [2.618, 1.3, 1.9]]]), "target": 2}],
    "moment_family_dimension": [{"coefficients": np.array([[0.0, -0.0], [0.0, 0.0]]), "sites": np.array([1]), "kind": "shift", "joint": False}],
    "noisy_observation_minimax_gap": [{"cause_effect": 2.0, "sensor_variance": 1.0, "sensors": 3, "low": 1.5, "high": 1.5}],
    "prediction_risk": [{"second_moment": np.array([[[0.3063, 0.217], [0.217, 0.21]]]), "target": 1, "coefficients": np.array([0.7085])}],
    "range_violation_means": [{"interventions": 4, "density_ratio": 1.5}],
    "samples_per_environment": [
        {"feature_moment": np.array([[1.29, 0.0], [0.0, 0.9]]), "risk": 0.6, "threshold": 1000000.0, "interventions": 1, "failure_probability": 0.5}
    ],
    "selection": [{"columns": [3], "covariates": 5}],
    "spanning_weights": [
        {
            "second_moments": np.array([[[1.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 9.0]]]),
            "moment": np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
        }
    ],
    "unfaithful_child_variance": [{"child_effect": 0.5, "invariant_coefficient": 0.6, "target_marginal_variance": 2.24}],
    "unmixing_predictor": [{"target_variance": 0.6, "effect": -0.7, "measurement_variance": 0.7}],
    "vc_dimension_bound": [
        {"event": "risk", "family_dimension": 500, "covariates": 3, "representation_rank": 2},
        {"event": "gradient", "covariates": 10, "representation_rank": 10, "any_threshold": False},
    ],
    "expected_squared_empirical_gap": [
        {"second_moment": MOMENT, "target": 2, "representation": np.eye(2), "head": np.array([0.5, 0.25]), "sample_size": [10, 20]}
    ],
    "gap_perturbation_bound": [{"representation": np.eye(2), "head": np.array([0.5, 0.25]), "moment_error": 0.1 * MOMENT}],
    "latent_representation": [{"representation": np.array([[1.0, 0.5]]), "mixing": np.array([[2.0, 0.0], [0.5, 1.0]])}],
    "moment_span_dimension": [{"second_moments": np.stack([MOMENT, 2.0 * MOMENT, np.eye(3)]), "tolerance": 1e-8}],
}

EXCEPTIONS: dict[str, str] = {}
