"""Simulators of arXiv:2401.11081: raw data, pairs of Wishart matrices, Jacobi spectra, privacy, overlapping bags. They know no closed form."""

from theorylab.papers.aggregate_responses.monte_carlo.conditional import sample_conditional_risk
from theorylab.papers.aggregate_responses.monte_carlo.overlapping_bags import sample_overlapping_bags
from theorylab.papers.aggregate_responses.monte_carlo.privacy import sample_gaussian_releases, sample_private_releases, sample_private_risk
from theorylab.papers.aggregate_responses.monte_carlo.raw import interpolating_coefficients, sample_raw_risk
from theorylab.papers.aggregate_responses.monte_carlo.real_data import load_standardised_diabetes, sample_diabetes_error
from theorylab.papers.aggregate_responses.monte_carlo.ridge import sample_ridge_risk
from theorylab.papers.aggregate_responses.monte_carlo.shapes import sample_bag_level_variance, sample_instance_parts, sample_least_variance_risk
from theorylab.papers.aggregate_responses.monte_carlo.spectra import sample_jacobi_risk
from theorylab.papers.aggregate_responses.monte_carlo.wishart_pairs import sample_wishart_risk

__all__ = [
    "interpolating_coefficients",
    "load_standardised_diabetes",
    "sample_bag_level_variance",
    "sample_conditional_risk",
    "sample_diabetes_error",
    "sample_gaussian_releases",
    "sample_instance_parts",
    "sample_jacobi_risk",
    "sample_least_variance_risk",
    "sample_overlapping_bags",
    "sample_private_releases",
    "sample_private_risk",
    "sample_raw_risk",
    "sample_ridge_risk",
    "sample_wishart_risk",
]
