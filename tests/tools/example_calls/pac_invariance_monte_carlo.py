"""Valid calls of what `theorylab.papers.pac_invariance.monte_carlo` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "core_rows": [{"rng": np.random.default_rng(1), "shape": (200, 3)}],
    "count_patterns": [{"rng": np.random.default_rng(1), "size": 60, "interventions": 6, "features": 1}],
    "draw_features": [{"rng": np.random.default_rng(1), "size": 36}],
    "draw_moments": [{"rng": np.random.default_rng(1), "size": 50, "name": "core"}],
    "extended_core": [{"rng": np.random.default_rng(1), "covariates": 8}],
    "observational_moment": [{"name": "core"}],
    "sample_chain_environments": [{"rng": np.random.default_rng(1), "shape": (10000,)}],
    "sample_core_heads": [
        {"rng": np.random.default_rng(1), "size": 8, "interventions": 7, "fresh": 25, "nodes": (1, 2, 4), "gap_kind": "head"},
        {"rng": np.random.default_rng(1), "size": 2600, "interventions": 6, "fresh": 5, "nodes": (1, 4), "gap_kind": "head", "family": "core_pulled"},
    ],
    "sample_empirical_gap": [
        {"rng": np.random.default_rng(1), "size": 15000, "sample_size": 9, "nodes": (4,), "head": (0.5,)},
        {"rng": np.random.default_rng(1), "size": 20000, "sample_size": 1, "route": "rows"},
    ],
    "sample_fixed_head": [{"rng": np.random.default_rng(1), "size": 4000, "interventions": 4, "fresh": 12}],
    "sample_gap_perturbation": [{"rng": np.random.default_rng(1), "size": 200, "sample_size": 30, "features": 4}],
    "sample_hull": [{"rng": np.random.default_rng(1), "size": 400, "interventions": 5, "fresh": 20}],
    "sample_invariant_risk": [{"rng": np.random.default_rng(1), "size": 1, "interventions": 8, "family": "core_pulled", "fresh": 50}],
    "sample_largest_parent_gap": [{"rng": np.random.default_rng(1), "size": 3000, "sample_size": 9, "interventions": 4, "threshold": 1.5}],
    "sample_missing_mass": [{"rng": np.random.default_rng(1), "size": 20000, "probabilities": (0.25, 0.25, 0.25, 0.25), "interventions": 8}],
    "sample_product_moments": [{"rng": np.random.default_rng(1), "size": 60000, "first": 0, "second": 0}],
    "sample_range_violation": [{"rng": np.random.default_rng(1), "size": 3000, "interventions": 5, "fresh": 30, "density_ratio": 3.0}],
    "sample_scalar_head": [{"rng": np.random.default_rng(1), "size": 6, "interventions": 5, "fresh": 40, "gap_kind": "head"}],
    "sample_shift_heads": [{"rng": np.random.default_rng(1), "size": 4, "interventions": 5, "fresh": 30, "features": 2}],
    "sample_star_learner": [{"rng": np.random.default_rng(1), "size": 60, "probabilities": (0.5, 0.3, 0.2), "interventions": 2}],
    "sample_subset_suprema": [{"rng": np.random.default_rng(1), "size": 3, "covariates": 7, "interventions": 6, "fresh": 40}],
    "sample_uniform_violation": [{"rng": np.random.default_rng(1), "size": 5, "interventions": 7, "fresh": 25, "directions": 40}],
    "violation_counts": [
        {"features": np.array([[1.0], [-1.0], [1.5]]), "functionals": np.array([[[0.5]], [[0.5]]]), "thresholds": np.array([1.0, 1.5])}
    ],
    "named_family": [{"name": "core"}],
    "sample_spurious_root": [{"rng": np.random.default_rng(1), "size": 2, "interventions": 3, "nodes": 9, "starts": 2}],
}

EXCEPTIONS: dict[str, str] = {}
