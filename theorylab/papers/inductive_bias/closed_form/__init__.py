"""Closed forms of inductive_bias (arXiv:2406.15941): the law of the test error and its tail, fitted families, growth, exact toys."""

from __future__ import annotations

from theorylab.papers.inductive_bias.closed_form.fitted_family import (
    GammaFit,
    ScaledNoncentral,
    fitted_bias_limit,
    fitted_bias_standard_deviation,
    gamma_bias,
    gamma_fit_limit,
    gamma_shape,
    sankaran_fallback_bias,
    sankaran_score,
    scaled_noncentral_chi2_from_cumulants,
)
from theorylab.papers.inductive_bias.closed_form.growth import (
    brownian_small_ball,
    distinct_points_rate,
    fourier_slope,
    lattice_counts,
    torus_small_ball,
    torus_spectrum,
)
from theorylab.papers.inductive_bias.closed_form.task_laws import task_distribution, task_posterior
from theorylab.papers.inductive_bias.closed_form.test_error import (
    KlBias,
    error_spectrum,
    kl_inductive_bias,
    radius_bound_bias,
    required_inductive_bias,
    small_ball_bias,
)
from theorylab.papers.inductive_bias.closed_form.three_parameter_fit import three_parameter_standard_deviation
from theorylab.papers.inductive_bias.closed_form.tilting import tilted_law, tilting_relative_variance, tilting_relative_variance_limit
from theorylab.papers.inductive_bias.closed_form.version_space import (
    CircleVersionSpace,
    certified_bias_without_hits,
    circle_required_bias,
    circle_version_space,
    occam_bound,
    sphere_cap_log_probability,
)

__all__ = [
    "CircleVersionSpace",
    "GammaFit",
    "KlBias",
    "ScaledNoncentral",
    "brownian_small_ball",
    "certified_bias_without_hits",
    "circle_required_bias",
    "circle_version_space",
    "distinct_points_rate",
    "error_spectrum",
    "fitted_bias_limit",
    "fitted_bias_standard_deviation",
    "fourier_slope",
    "gamma_bias",
    "gamma_fit_limit",
    "gamma_shape",
    "kl_inductive_bias",
    "lattice_counts",
    "occam_bound",
    "radius_bound_bias",
    "required_inductive_bias",
    "sankaran_fallback_bias",
    "sankaran_score",
    "scaled_noncentral_chi2_from_cumulants",
    "small_ball_bias",
    "sphere_cap_log_probability",
    "task_distribution",
    "task_posterior",
    "three_parameter_standard_deviation",
    "tilted_law",
    "tilting_relative_variance",
    "tilting_relative_variance_limit",
    "torus_small_ball",
    "torus_spectrum",
]
