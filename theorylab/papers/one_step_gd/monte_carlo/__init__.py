"""Simulators of arXiv:2307.03576: the real layer, samplers for every claim, exact enumerations, training. They know no closed form."""

from theorylab.models.linear_regression import draw_prompts
from theorylab.papers.one_step_gd.monte_carlo.covariate_samplers import sample_covariate_traces
from theorylab.papers.one_step_gd.monte_carlo.curvature import enumerate_loss_hessian
from theorylab.papers.one_step_gd.monte_carlo.descent import descend_many, sample_descent_outcomes
from theorylab.papers.one_step_gd.monte_carlo.enumerations import (
    enumerate_loss_gradient,
    enumerate_population_loss,
    enumerate_prompt_terms,
    enumerate_pythagoras,
    enumerate_query_bias_gradient,
    enumerate_squared_gradient,
)
from theorylab.papers.one_step_gd.monte_carlo.finite_prompts import prompt_expectation
from theorylab.papers.one_step_gd.monte_carlo.gradient_flow import descend, descend_raw_weights
from theorylab.papers.one_step_gd.monte_carlo.layer import (
    attention_coefficients,
    gram_apply,
    linear_attention_predict,
    raw_weights,
    reduced_parameters,
)
from theorylab.papers.one_step_gd.monte_carlo.layer_samplers import sample_layer_losses, sample_prompt_losses, sample_pythagoras
from theorylab.papers.one_step_gd.monte_carlo.ridge_samplers import sample_bayes_distance, sample_bayes_gap, sample_learning_rate_terms
from theorylab.papers.one_step_gd.monte_carlo.settings import Setting, draw_raw_weights, draw_setting
from theorylab.papers.one_step_gd.monte_carlo.spectral_samplers import (
    sample_bayes_excess,
    sample_conditional_preconditioner_errors,
    sample_largest_step,
    sample_test_length_excess,
    sample_wishart_traces,
)
from theorylab.papers.one_step_gd.monte_carlo.step_samplers import sample_preconditioner_errors, sample_prompt_terms, sample_query_bias_gradient
from theorylab.papers.one_step_gd.monte_carlo.teacher_enumerations import enumerate_teacher_loss, enumerate_teacher_terms
from theorylab.papers.one_step_gd.monte_carlo.teacher_samplers import (
    sample_network_terms,
    sample_raw_teacher_terms,
    sample_teacher_losses,
    sample_teacher_terms,
)
from theorylab.papers.one_step_gd.monte_carlo.teachers import LINKS, apply_link, link_moments
from theorylab.papers.one_step_gd.monte_carlo.training import (
    batch_gradient,
    raw_weight_gradients,
    sample_trained_layers,
    train_linear_attention,
)

__all__ = [
    "LINKS",
    "Setting",
    "apply_link",
    "attention_coefficients",
    "batch_gradient",
    "descend",
    "descend_many",
    "descend_raw_weights",
    "draw_prompts",
    "draw_raw_weights",
    "draw_setting",
    "enumerate_loss_gradient",
    "enumerate_loss_hessian",
    "enumerate_population_loss",
    "enumerate_prompt_terms",
    "enumerate_pythagoras",
    "enumerate_query_bias_gradient",
    "enumerate_squared_gradient",
    "enumerate_teacher_loss",
    "enumerate_teacher_terms",
    "gram_apply",
    "linear_attention_predict",
    "link_moments",
    "prompt_expectation",
    "raw_weight_gradients",
    "raw_weights",
    "reduced_parameters",
    "sample_bayes_distance",
    "sample_bayes_excess",
    "sample_bayes_gap",
    "sample_conditional_preconditioner_errors",
    "sample_covariate_traces",
    "sample_descent_outcomes",
    "sample_largest_step",
    "sample_layer_losses",
    "sample_learning_rate_terms",
    "sample_network_terms",
    "sample_preconditioner_errors",
    "sample_prompt_losses",
    "sample_prompt_terms",
    "sample_pythagoras",
    "sample_query_bias_gradient",
    "sample_raw_teacher_terms",
    "sample_teacher_losses",
    "sample_teacher_terms",
    "sample_test_length_excess",
    "sample_trained_layers",
    "sample_wishart_traces",
    "train_linear_attention",
]
