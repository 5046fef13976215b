"""Closed forms of tester_learner (arXiv:2302.14853): gradients, noise at its worst, null laws of the tests, and what bounded moments imply."""

from __future__ import annotations

from theorylab.papers.tester_learner.closed_form.adversarial_noise import (
    BestWidth,
    adversarial_error_ratio,
    adversarial_flip_threshold,
    adversarial_minimum_gradient,
    adversarial_threshold,
    adversarial_worst_gradient,
    best_adversarial_width,
)
from theorylab.papers.tester_learner.closed_form.band import band_mean_distance, band_probability, band_second_moment
from theorylab.papers.tester_learner.closed_form.certificate_limit import certified_angle_limit
from theorylab.papers.tester_learner.closed_form.completeness import (
    MassBounds,
    band_mass_bounds,
    band_mass_false_rejection,
    edge_of_second_moments,
    rows_for_second_moments,
)
from theorylab.papers.tester_learner.closed_form.descent import (
    asymptotic_angle_rms,
    contraction_factor,
    gradient_flow_iterations,
    largest_stable_step,
    population_angles,
    population_iterations,
)
from theorylab.papers.tester_learner.closed_form.disagreement import (
    ExcessRange,
    angle_disagreement_probability,
    massart_excess_range,
    random_classification_error,
)
from theorylab.papers.tester_learner.closed_form.flipped_labels import (
    FlippedOptimum,
    critical_flipped_mass,
    flipped_label_error,
    flipped_label_optimum,
)
from theorylab.papers.tester_learner.closed_form.massart_noise import (
    averaging_angle,
    massart_critical_angle,
    massart_critical_ratio,
    massart_minimum_gradient,
    massart_worst_gradient,
)
from theorylab.papers.tester_learner.closed_form.quadrature_marginals import (
    band_test_sample_size,
    central_quadrature_weight,
    degree_for_band_from_above,
    degree_for_band_from_below,
    first_moment_gap,
    raw_moment_sample_size,
    smallest_quadrature_node,
)
from theorylab.papers.tester_learner.closed_form.strips import (
    GlobalBound,
    global_disagreement_bound,
    moment_disagreement_constant,
    strip_disagreement_bound,
    strip_moment_ratio,
    strip_ratio_limit,
)
from theorylab.papers.tester_learner.closed_form.surrogate_gradient import angle_from_gradient_norm, gradient_profile, surrogate_gradient
from theorylab.papers.tester_learner.closed_form.surrogate_losses import LOSSES, surrogate_loss, surrogate_loss_slope

__all__ = [
    "LOSSES",
    "BestWidth",
    "ExcessRange",
    "FlippedOptimum",
    "GlobalBound",
    "MassBounds",
    "adversarial_error_ratio",
    "adversarial_flip_threshold",
    "adversarial_minimum_gradient",
    "adversarial_threshold",
    "adversarial_worst_gradient",
    "angle_disagreement_probability",
    "angle_from_gradient_norm",
    "asymptotic_angle_rms",
    "averaging_angle",
    "band_mass_bounds",
    "band_mass_false_rejection",
    "band_mean_distance",
    "band_probability",
    "band_second_moment",
    "band_test_sample_size",
    "best_adversarial_width",
    "central_quadrature_weight",
    "certified_angle_limit",
    "contraction_factor",
    "critical_flipped_mass",
    "degree_for_band_from_above",
    "degree_for_band_from_below",
    "edge_of_second_moments",
    "first_moment_gap",
    "flipped_label_error",
    "flipped_label_optimum",
    "global_disagreement_bound",
    "gradient_flow_iterations",
    "gradient_profile",
    "largest_stable_step",
    "massart_critical_angle",
    "massart_critical_ratio",
    "massart_excess_range",
    "massart_minimum_gradient",
    "massart_worst_gradient",
    "moment_disagreement_constant",
    "population_angles",
    "population_iterations",
    "random_classification_error",
    "raw_moment_sample_size",
    "rows_for_second_moments",
    "smallest_quadrature_node",
    "strip_disagreement_bound",
    "strip_moment_ratio",
    "strip_ratio_limit",
    "surrogate_gradient",
    "surrogate_loss",
    "surrogate_loss_slope",
]
