"""Simulators of arXiv:2302.02334: naive Bayes, logistic regression, and both on the same data. They know no closed form."""

from __future__ import annotations

from theorylab.papers.naive_bayes_logistic.monte_carlo.conditional_laws import draw_conditional_laws, draw_scored_distributions
from theorylab.papers.naive_bayes_logistic.monte_carlo.convex_programs import (
    closest_law_regret,
    fitted_linear_scores,
    least_linear_regret,
    least_regret,
    least_scored_regret,
)
from theorylab.papers.naive_bayes_logistic.monte_carlo.fitted_rules import NaiveBayesFit, class_scores, fit_naive_bayes_batched, linear_rule
from theorylab.papers.naive_bayes_logistic.monte_carlo.gram import sample_isotropic_logistic_error
from theorylab.papers.naive_bayes_logistic.monte_carlo.library_fit import sample_library_error
from theorylab.papers.naive_bayes_logistic.monte_carlo.logistic import sample_logistic_error
from theorylab.papers.naive_bayes_logistic.monte_carlo.logistic_stopping import sample_logistic_stopping_size
from theorylab.papers.naive_bayes_logistic.monte_carlo.naive_bayes import sample_naive_bayes_error, sample_naive_bayes_error_raw
from theorylab.papers.naive_bayes_logistic.monte_carlo.near_ties import sample_log_odds_errors, sample_score_gaps
from theorylab.papers.naive_bayes_logistic.monte_carlo.paired import sample_paired_errors
from theorylab.papers.naive_bayes_logistic.monte_carlo.projected_points import sample_collinear_classes, sample_correlated_classes
from theorylab.papers.naive_bayes_logistic.monte_carlo.proportional import sample_proportional_logistic
from theorylab.papers.naive_bayes_logistic.monte_carlo.quadratures import conditioned_class_error, inverted_class_error
from theorylab.papers.naive_bayes_logistic.monte_carlo.real_data import load_digit_images, sample_digits_error
from theorylab.papers.naive_bayes_logistic.monte_carlo.score_control import (
    expected_log_loss,
    sample_logistic_excess,
    sample_multinomial_loss_excess,
    sample_rademacher_average,
    sample_score_squares,
)
from theorylab.papers.naive_bayes_logistic.monte_carlo.separability import draw_two_classes, sample_separability, strictly_separable
from theorylab.papers.naive_bayes_logistic.monte_carlo.stopping import sample_stopping_size
from theorylab.papers.naive_bayes_logistic.monte_carlo.sup_norm import (
    sample_largest_mean_error,
    sample_largest_variance_error,
    sample_parameter_errors,
    sample_parameter_errors_raw,
)

__all__ = [
    "NaiveBayesFit",
    "class_scores",
    "closest_law_regret",
    "conditioned_class_error",
    "draw_conditional_laws",
    "draw_scored_distributions",
    "draw_two_classes",
    "expected_log_loss",
    "fit_naive_bayes_batched",
    "fitted_linear_scores",
    "inverted_class_error",
    "least_linear_regret",
    "least_regret",
    "least_scored_regret",
    "linear_rule",
    "load_digit_images",
    "sample_collinear_classes",
    "sample_correlated_classes",
    "sample_digits_error",
    "sample_isotropic_logistic_error",
    "sample_largest_mean_error",
    "sample_largest_variance_error",
    "sample_library_error",
    "sample_log_odds_errors",
    "sample_logistic_error",
    "sample_logistic_excess",
    "sample_logistic_stopping_size",
    "sample_multinomial_loss_excess",
    "sample_naive_bayes_error",
    "sample_naive_bayes_error_raw",
    "sample_paired_errors",
    "sample_parameter_errors",
    "sample_parameter_errors_raw",
    "sample_proportional_logistic",
    "sample_rademacher_average",
    "sample_score_gaps",
    "sample_score_squares",
    "sample_separability",
    "sample_stopping_size",
    "strictly_separable",
]
