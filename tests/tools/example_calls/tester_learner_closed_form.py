"""Valid calls of what `theorylab.papers.tester_learner.closed_form` offers."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXCEPTIONS"]

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "adversarial_error_ratio": [{"error_over_width": 0.3}],
    "adversarial_flip_threshold": [{"angle": 1, "ramp_width": 1, "optimal_error": 0.1}],
    "adversarial_minimum_gradient": [{"angle": 1, "ramp_width": 1, "optimal_error": 0.1}],
    "adversarial_threshold": [{}],
    "adversarial_worst_gradient": [{"angle": 1, "ramp_width": 1, "optimal_error": 0.1}],
    "angle_disagreement_probability": [{"angle": 1}],
    "angle_from_gradient_norm": [{"gradient_norm": 0, "ramp_width": 1, "noise_rate": 0}],
    "asymptotic_angle_rms": [{"sample_size": 1, "dimension": 2, "ramp_width": 1, "noise_rate": 0}],
    "averaging_angle": [{"angle": 0.0, "noise_rate": 0.2}],
    "band_mass_bounds": [{"sample_size": 5, "half_width": 1}],
    "band_mass_false_rejection": [{"sample_size": 5, "half_width": 1}],
    "band_mean_distance": [{"half_width": 1}],
    "band_probability": [{"half_width": 1}],
    "band_second_moment": [{"half_width": 1}],
    "band_test_sample_size": [{"half_width": 1, "failure_probability": 0.1}],
    "central_quadrature_weight": [{"nodes": 7}],
    "certified_angle_limit": [{"half_width": 1, "noise_rate": 0}],
    "contraction_factor": [{"ramp_width": 1, "noise_rate": 0, "step": 1}],
    "degree_for_band_from_above": [{"half_width": 1}],
    "degree_for_band_from_below": [{"half_width": 1}],
    "edge_of_second_moments": [{"rows": 2331371, "dimension": 400001}],
    "first_moment_gap": [{"nodes": 7}],
    "flipped_label_error": [{"angle": 1, "flipped_mass": 0.5, "where": "far"}],
    "flipped_label_optimum": [{"flipped_mass": 0.5813, "where": "near"}],
    "global_disagreement_bound": [{"angle": 1, "degree": 2}],
    "gradient_flow_iterations": [{"start": 1, "end": 0, "ramp_width": 1, "noise_rate": 0, "step": 1}],
    "gradient_profile": [{"ratio": 0.393}],
    "largest_stable_step": [{"ramp_width": 1, "noise_rate": 0}],
    "massart_critical_angle": [{"ramp_width": 1, "noise_rate": 0}],
    "massart_critical_ratio": [{"noise_rate": 0.3}],
    "massart_excess_range": [{"disagreement": 1, "noise_rate": 0}],
    "massart_minimum_gradient": [{"angle": 1, "ramp_width": 1, "noise_rate": 0}],
    "massart_worst_gradient": [{"angle": 1, "ramp_width": 1, "noise_rate": 0}],
    "moment_disagreement_constant": [{"degree": 2}],
    "population_angles": [{"start": 0.5, "iterations": 0, "ramp_width": 1, "noise_rate": 0, "step": 1}],
    "population_iterations": [{"start": 1.5, "end": 0.3, "ramp_width": 0.3, "noise_rate": 0.1, "step": 0.1}],
    "random_classification_error": [{"angle": 1, "noise_rate": 0}],
    "raw_moment_sample_size": [{"nodes": 8}],
    "rows_for_second_moments": [{"dimension": 2}],
    "smallest_quadrature_node": [{"nodes": 7}],
    "strip_disagreement_bound": [{"angle": 1.473, "strip_ratio": 1.0, "moment": "cantelli"}],
    "strip_moment_ratio": [{"degree": 2}],
    "strip_ratio_limit": [{"strip_ratio": 1, "moment": "cantelli"}],
    "surrogate_gradient": [{"angle": 1.5, "ramp_width": 0.1, "noise_rate": 0.3}],
    "surrogate_loss": [{"margin": 0, "ramp_width": 1, "loss": "logistic"}],
    "surrogate_loss_slope": [{"margin": 0, "ramp_width": 1, "loss": "logistic"}],
    "best_adversarial_width": [{}],
    "critical_flipped_mass": [{}],
}

EXCEPTIONS: dict[str, str] = {}
