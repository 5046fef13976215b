"""Closed forms of arXiv:2307.03576 and what follows from them: pure functions of the parameters, grouped by theme.

`learning_rate` the optimal step and its loss; `population_loss` the loss at any weights (formulas in `loss_polynomial`); `raw_weights` the
layer's own weights; `preconditioner` general design and prior; `bayes_risk` the price against ridge; `nonlinear_teachers`, `covariate_laws`,
`prior_mean` beyond the centred linear Gaussian task; `landscape`, `spurious_minima` minima, saddles and traps; `dynamics` gradient flow;
`prompt_length` other test lengths; `step_size` the step against the prompt's curvature.
"""

from __future__ import annotations

from theorylab.papers.one_step_gd.closed_form.bayes_risk import (
    bayes_excess_dimension_one,
    bayes_excess_exact,
    bayes_excess_jensen_floor,
    bayes_excess_marchenko_pastur,
    bayes_gap_exact,
    icl_excess_limit,
    inefficiency_limit,
)
from theorylab.papers.one_step_gd.closed_form.covariate_laws import (
    minimum_loss_from_moments,
    optimal_learning_rate_from_moments,
    squared_norm_moment,
    squared_norm_moment_from_kurtosis,
    squared_norm_moment_student,
)
from theorylab.papers.one_step_gd.closed_form.dynamics import (
    balanced_raw_start,
    balanced_start,
    gradient_flow_logistic,
    gradient_flow_loss,
    layer_imbalance,
    raw_gradient_flow_time,
)
from theorylab.papers.one_step_gd.closed_form.landscape import (
    global_minimiser,
    hessian_spectrum_at_minimum,
    rank_one_excess,
    rank_one_loss,
    rank_one_point,
    rank_one_stability_ratio,
    rank_one_threshold_noise_variance,
)
from theorylab.papers.one_step_gd.closed_form.learning_rate import (
    expected_least_squares_correlation,
    expected_ridge_correlation,
    expected_squared_gradient,
    icl_excess,
    minimum_pretraining_loss,
    optimal_learning_rate,
    plain_step_loss,
)
from theorylab.papers.one_step_gd.closed_form.loss_polynomial import (
    PopulationLoss,
)
from theorylab.papers.one_step_gd.closed_form.nonlinear_teachers import (
    TeacherMoments,
    nonlinear_minimum_loss,
    nonlinear_population_loss,
    nonlinear_teacher_moments,
    optimal_learning_rate_nonlinear,
    relu_network_moments,
)
from theorylab.papers.one_step_gd.closed_form.population_loss import (
    population_loss,
    population_loss_gradient,
    population_loss_hessian,
    population_loss_with_query_token,
)
from theorylab.papers.one_step_gd.closed_form.preconditioner import (
    best_plain_learning_rate,
    excess_over_minimum,
    minimum_loss_general,
    optimal_preconditioner,
    preconditioned_loss,
    pythagoras_defect,
)
from theorylab.papers.one_step_gd.closed_form.prior_mean import (
    prior_mean_even_correlation,
    prior_mean_gradient,
)
from theorylab.papers.one_step_gd.closed_form.prompt_length import (
    excess_at_test_length,
    harmful_test_length,
    long_prompt_bias,
    optimal_test_length,
)
from theorylab.papers.one_step_gd.closed_form.raw_weights import (
    effective_parameters,
    raw_population_loss,
    raw_population_loss_gradient,
    raw_population_loss_hessian,
)
from theorylab.papers.one_step_gd.closed_form.spurious_minima import (
    SpuriousMinimum,
    spurious_excess_limit,
    spurious_minimum,
)
from theorylab.papers.one_step_gd.closed_form.step_size import (
    largest_step,
    largest_step_limit,
)

__all__ = [
    "PopulationLoss",
    "SpuriousMinimum",
    "TeacherMoments",
    "balanced_raw_start",
    "balanced_start",
    "bayes_excess_dimension_one",
    "bayes_excess_exact",
    "bayes_excess_jensen_floor",
    "bayes_excess_marchenko_pastur",
    "bayes_gap_exact",
    "best_plain_learning_rate",
    "effective_parameters",
    "excess_at_test_length",
    "excess_over_minimum",
    "expected_least_squares_correlation",
    "expected_ridge_correlation",
    "expected_squared_gradient",
    "global_minimiser",
    "gradient_flow_logistic",
    "gradient_flow_loss",
    "harmful_test_length",
    "hessian_spectrum_at_minimum",
    "icl_excess",
    "icl_excess_limit",
    "inefficiency_limit",
    "largest_step",
    "largest_step_limit",
    "layer_imbalance",
    "long_prompt_bias",
    "minimum_loss_from_moments",
    "minimum_loss_general",
    "minimum_pretraining_loss",
    "nonlinear_minimum_loss",
    "nonlinear_population_loss",
    "nonlinear_teacher_moments",
    "optimal_learning_rate",
    "optimal_learning_rate_from_moments",
    "optimal_learning_rate_nonlinear",
    "optimal_preconditioner",
    "optimal_test_length",
    "plain_step_loss",
    "population_loss",
    "population_loss_gradient",
    "population_loss_hessian",
    "population_loss_with_query_token",
    "preconditioned_loss",
    "prior_mean_even_correlation",
    "prior_mean_gradient",
    "pythagoras_defect",
    "rank_one_excess",
    "rank_one_loss",
    "rank_one_point",
    "rank_one_stability_ratio",
    "rank_one_threshold_noise_variance",
    "raw_gradient_flow_time",
    "raw_population_loss",
    "raw_population_loss_gradient",
    "raw_population_loss_hessian",
    "relu_network_moments",
    "spurious_excess_limit",
    "spurious_minimum",
    "squared_norm_moment",
    "squared_norm_moment_from_kurtosis",
    "squared_norm_moment_student",
]
