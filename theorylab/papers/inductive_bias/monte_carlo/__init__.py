"""Samplers of inductive_bias (arXiv:2406.15941): test errors, fits to them, tails by tilting and splitting, networks, half-planes."""

from __future__ import annotations

from theorylab.papers.inductive_bias.monte_carlo.error_draws import ROUTES, sample_errors, sample_gamma_fit, sample_hits, sample_near_fits
from theorylab.papers.inductive_bias.monte_carlo.half_planes import sample_half_planes
from theorylab.papers.inductive_bias.monte_carlo.networks import (
    INITIALISATIONS,
    hidden_features,
    sample_finite_width,
    sample_trained_errors,
    sample_width_errors,
)
from theorylab.papers.inductive_bias.monte_carlo.tails import sample_last_particle, sample_splitting, sample_tilted_weight, splitting

__all__ = [
    "INITIALISATIONS",
    "ROUTES",
    "hidden_features",
    "sample_errors",
    "sample_finite_width",
    "sample_gamma_fit",
    "sample_half_planes",
    "sample_hits",
    "sample_last_particle",
    "sample_near_fits",
    "sample_splitting",
    "sample_tilted_weight",
    "sample_trained_errors",
    "sample_width_errors",
    "splitting",
]
