"""Valid calls of what `theorylab.numerics.concentration` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "all_seen_probability": [{"kinds": 4, "draws": 8}],
    "binomial_lower_tail": [{"count": 1, "trials": 2, "probability": 0.5}],
    "binomial_p_value": [{"count": 1, "trials": 2, "probability": 0.5}],
    "binomial_upper_bound": [{"count": 0, "trials": 10, "failure_probability": 0.025}],
    "binomial_upper_tail": [{"count": 9, "trials": 5, "probability": 0.3}],
    "chernoff_factor_bound": [{"mean": 1}],
    "consistent_failure_bound": [{"vc_dimension": 0, "points": 79, "violation_probability": 0.1}],
    "consistent_points_needed": [{"vc_dimension": 0, "violation_probability": 0.1, "failure_probability": 0.2}],
    "consistent_violation_bound": [{"vc_dimension": 6, "points": 80, "failure_probability": 0.05}],
    "log_pattern_bound": [{"vc_dimension": 6.9, "points": 6}],
    "mean_upper_bound": [{"sample_mean": 0, "sample_size": 1, "failure_probability": 0.1}],
    "missing_mass_moments": [{"probabilities": [1.0], "draws": 5}],
    "polynomial_class_vc_bound": [{"parameters": 1, "degree": 1}],
    "scenario_count_law": [{"decision_variables": 3, "scenarios": 3, "fresh": 6}],
    "scenario_violation_bound": [{"decision_variables": 5, "scenarios": 4, "failure_probability": 0.05}],
    "scenario_violation_law": [{"decision_variables": 3, "scenarios": 40}],
    "scenario_violation_tail": [{"decision_variables": 6, "scenarios": 384, "violation_probability": 0.02941}],
    "scenarios_needed": [{"decision_variables": 1, "violation_probability": 0.99, "failure_probability": 0.5}],
    "tracy_widom_cdf": [{"place": 0}],
    "tracy_widom_quantile": [{"probability": 1e-07, "upper": True}],
    "tracy_widom_sf": [{"place": 0}],
    "wishart_largest_edge": [{"degrees_of_freedom": 8, "dimension": 50}],
    "wishart_smallest_edge": [{"degrees_of_freedom": 85, "dimension": 4}],
}

EXCEPTIONS: dict[str, str] = {}
