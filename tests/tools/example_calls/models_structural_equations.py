"""Valid calls of what `theorylab.models.structural_equations` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.models.structural_equations import clamped_decomposition, intervention_family, sample_environments
from theorylab.models.structural_equations.interventions import InterventionFamily
from theorylab.models.structural_equations.moments import StructuralModel

__all__ = ["EXAMPLES", "EXCEPTIONS"]


CHAIN = np.array([[0.0, 0.0, 0.0], [1.2, 0.0, 0.0], [0.0, 1.0, 0.0]])
FAMILY = intervention_family(CHAIN, [1.0, 0.8, 0.5], sites=[2])
FORM = clamped_decomposition(CHAIN, [1.0, 0.8, 0.5], sites=[2])
ENVIRONMENTS = sample_environments(np.random.default_rng(1), 3, FAMILY)


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "acyclic_coefficients": [{"coefficients": np.array([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.5, 0.0]])}],
    "ancestral_matrix": [{"coefficients": np.array([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.5, 0.0]])}],
    "apply_intervention": [
        {
            "coefficients": np.array([[0.0, 0.0, 0.0], [1.2, 0.0, 0.0], [0.0, 1.0, 0.0]]),
            "noise_variances": np.array([1.0, 0.8, 0.5]),
            "sites": [0, 2],
            "kind": "soft",
            "new_coefficients": np.array([[-0.0, 0.0, 0.0], [-0.0, 0.3232, -0.0]]),
            "new_variances": np.array([1.413, 1.466]),
        },
        {
            "coefficients": np.array([[0.0, 0.0, 0.0], [1.2, 0.0, 0.0], [0.0, 1.0, 0.0]]),
            "noise_variances": np.array([1.0, 0.8, 0.5]),
            "sites": [0, 2],
            "kind": "shift",
            "new_means": np.array([0.6887, 1.068]),
        },
    ],
    "clamped_decomposition": [
        {"coefficients": np.array([[0.0, 0.0], [-0.6486, 0.0]]), "noise_variances": np.array([0.7028, 0.5124]), "sites": np.array([0])}
    ],
    "intervention_family": [
        {
            "coefficients": np.array([[0.0, -0.0], [0.0, 0.0]]),
            "noise_variances": np.array([0.9573, 1.192]),
            "sites": np.array([1]),
            "kind": "shift",
            "joint": False,
        }
    ],
    "node_indices": [{"name": "given", "nodes": [], "size": 7, "empty": True}],
    "random_coefficients": [{"rng": np.random.default_rng(1), "nodes": 1, "in_degree": 3, "magnitude": (0.2, 0.7)}],
    "sample_environments": [
        {
            "rng": np.random.default_rng(1),
            "size": 36,
            "family": InterventionFamily(
                model=StructuralModel(
                    coefficients=np.array([[0.0, 0.0], [-0.6486, 0.0]]), noise_variances=np.array([0.7028, 0.5124]), noise_means=np.array([0.0, 0.0])
                ),
                sites=np.array([0]),
                kind="hard",
                joint=True,
                site_probabilities=np.array([1.0]),
                coefficient_mean=0.0,
                coefficient_scale=1.0,
                variance_range=(0.3, 2.0),
                mean_scale=1.0,
            ),
        }
    ],
    "sample_structural_equations": [{"rng": np.random.default_rng(1), "size": 3000, "coefficients": np.array([[0.0]]), "noise_variances": [4.0]}],
    "structural_model": [{"coefficients": np.array([[0.0]]), "noise_variances": np.array([0.4201]), "noise_means": np.array([-0.9058])}],
    "structural_second_moment": [{"coefficients": np.array([[0.0]]), "noise_variances": np.array([0.4201]), "noise_means": np.array([-0.9058])}],
    "topological_order": [{"coefficients": np.array([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.5, 0.0]])}],
    "total_effects": [{"coefficients": np.array([[0.0]])}],
    "clamped_features": [{"form": FORM, "family": FAMILY, "environments": ENVIRONMENTS}],
    "environment_model": [{"family": FAMILY, "environments": ENVIRONMENTS, "index": 1}],
    "feature_functionals": [{"form": FORM, "family": FAMILY, "left": np.eye(3), "right": np.array([1.0, 0.5, 0.25])}],
    "is_d_separated": [{"coefficients": CHAIN, "first": [0], "second": [2], "given": [1]}],
    "second_moment_from_clamped": [{"form": FORM, "family": FAMILY, "environments": ENVIRONMENTS, "nodes": [0, 2]}],
    "site_moments": [{"form": FORM, "family": FAMILY, "environments": ENVIRONMENTS}],
}

EXCEPTIONS: dict[str, str] = {
    "InterventionFamily": "a record, made by `intervention_family`, which checks its arguments",
}
