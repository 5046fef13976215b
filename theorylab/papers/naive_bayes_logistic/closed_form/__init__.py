"""Closed forms of arXiv:2302.02334 and what follows from them: pure functions of the parameters, grouped by theme."""

from __future__ import annotations

from theorylab.papers.naive_bayes_logistic.closed_form.asymptotic_errors import (
    bayes_distance,
    bayes_error,
    collinear_bayes_error,
    distance_ratio,
    grouped_bayes_error,
    kantorovich_direction,
    kantorovich_ratio,
    naive_bayes_asymptotic_error,
    naive_bayes_distance,
)
from theorylab.papers.naive_bayes_logistic.closed_form.bounded_scores import (
    bounded_conditional_regret,
    bounded_score_transform,
    largest_reachable_difference,
    largest_uncharged_difference,
    reachable_transform,
)
from theorylab.papers.naive_bayes_logistic.closed_form.conditional_regret import (
    conditional_regret_infimum,
    conditional_regret_minimiser,
    conditional_zero_one_regret,
)
from theorylab.papers.naive_bayes_logistic.closed_form.consistency_transforms import logistic_psi, logistic_psi_inverse, sharp_multiclass_transform
from theorylab.papers.naive_bayes_logistic.closed_form.designs import isotropic_design, pairs_design, paper_design
from theorylab.papers.naive_bayes_logistic.closed_form.dimension_free import (
    DimensionFreeBounds,
    OptimisedBound,
    dimension_free_bounds,
    dimension_free_bounds_random_counts,
    near_tie_excess_bound,
)
from theorylab.papers.naive_bayes_logistic.closed_form.excess_coefficients import (
    large_dimension_excess_ratio,
    logistic_excess_coefficient,
    logistic_loss_excess_coefficient,
    mean_fisher_weight,
    naive_bayes_excess_coefficient,
    parallel_fisher_weight,
)
from theorylab.papers.naive_bayes_logistic.closed_form.expected_error import (
    naive_bayes_class_error,
    naive_bayes_expected_error,
    naive_bayes_expected_error_random_counts,
)
from theorylab.papers.naive_bayes_logistic.closed_form.log_odds_errors import (
    LogOddsDifference,
    log_odds_difference_moments,
    log_odds_error_probability,
)
from theorylab.papers.naive_bayes_logistic.closed_form.near_ties import (
    isotropic_near_tie_probability,
    near_tie_chebyshev_bound,
    near_tie_chernoff_bound,
    near_tie_probability,
    near_tie_probability_on_a_line,
    near_tie_union_bound,
    score_gap_mean,
    score_gap_variance,
)
from theorylab.papers.naive_bayes_logistic.closed_form.phase_diagram import (
    naive_bayes_constant_sample_size,
    naive_bayes_linear_sample_rate,
    naive_bayes_normal_sample_size,
    naive_bayes_proportional_limit,
    naive_bayes_sample_size_exponent,
)
from theorylab.papers.naive_bayes_logistic.closed_form.proportional_limit import (
    NoFiniteSolutionError,
    ProportionalLimit,
    logistic_proportional_limit,
    logistic_proximal_point,
)
from theorylab.papers.naive_bayes_logistic.closed_form.sample_size import naive_bayes_real_sample_size, naive_bayes_sample_size
from theorylab.papers.naive_bayes_logistic.closed_form.separability import separability_probability, separability_threshold
from theorylab.papers.naive_bayes_logistic.closed_form.sup_norm import (
    sup_norm_joint_probability,
    sup_norm_probability,
    sup_norm_sample_size,
    sup_norm_sample_size_bound,
    sup_norm_sample_size_slope,
    sup_norm_variance_degrees_of_freedom,
    sup_norm_variance_probability,
)
from theorylab.papers.naive_bayes_logistic.closed_form.uniform_convergence import (
    excess_error_bound,
    excess_error_sample_size,
    rademacher_bound,
    uniform_convergence_bound,
)

__all__ = [
    "DimensionFreeBounds",
    "LogOddsDifference",
    "NoFiniteSolutionError",
    "OptimisedBound",
    "ProportionalLimit",
    "bayes_distance",
    "bayes_error",
    "bounded_conditional_regret",
    "bounded_score_transform",
    "collinear_bayes_error",
    "conditional_regret_infimum",
    "conditional_regret_minimiser",
    "conditional_zero_one_regret",
    "dimension_free_bounds",
    "dimension_free_bounds_random_counts",
    "distance_ratio",
    "excess_error_bound",
    "excess_error_sample_size",
    "grouped_bayes_error",
    "isotropic_design",
    "isotropic_near_tie_probability",
    "kantorovich_direction",
    "kantorovich_ratio",
    "large_dimension_excess_ratio",
    "largest_reachable_difference",
    "largest_uncharged_difference",
    "log_odds_difference_moments",
    "log_odds_error_probability",
    "logistic_excess_coefficient",
    "logistic_loss_excess_coefficient",
    "logistic_proportional_limit",
    "logistic_proximal_point",
    "logistic_psi",
    "logistic_psi_inverse",
    "mean_fisher_weight",
    "naive_bayes_asymptotic_error",
    "naive_bayes_class_error",
    "naive_bayes_constant_sample_size",
    "naive_bayes_distance",
    "naive_bayes_excess_coefficient",
    "naive_bayes_expected_error",
    "naive_bayes_expected_error_random_counts",
    "naive_bayes_linear_sample_rate",
    "naive_bayes_normal_sample_size",
    "naive_bayes_proportional_limit",
    "naive_bayes_real_sample_size",
    "naive_bayes_sample_size",
    "naive_bayes_sample_size_exponent",
    "near_tie_chebyshev_bound",
    "near_tie_chernoff_bound",
    "near_tie_excess_bound",
    "near_tie_probability",
    "near_tie_probability_on_a_line",
    "near_tie_union_bound",
    "pairs_design",
    "paper_design",
    "parallel_fisher_weight",
    "rademacher_bound",
    "reachable_transform",
    "score_gap_mean",
    "score_gap_variance",
    "separability_probability",
    "separability_threshold",
    "sharp_multiclass_transform",
    "sup_norm_joint_probability",
    "sup_norm_probability",
    "sup_norm_sample_size",
    "sup_norm_sample_size_bound",
    "sup_norm_sample_size_slope",
    "sup_norm_variance_degrees_of_freedom",
    "sup_norm_variance_probability",
    "uniform_convergence_bound",
]
