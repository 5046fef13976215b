"""Closed forms of pac_invariance (arXiv:2205.15196): gaps, dimensions of families, transfer, complexity, finite samples, comparisons."""

from __future__ import annotations

from theorylab.papers.pac_invariance.closed_form.comparisons import (
    ChainHead,
    RangeViolation,
    Unmixing,
    chain_head,
    chain_risk_under_intervention,
    range_violation_means,
    unfaithful_child_variance,
    unmixing_predictor,
)
from theorylab.papers.pac_invariance.closed_form.complexity import EVENTS, vc_dimension_bound
from theorylab.papers.pac_invariance.closed_form.family_dimension import largest_family_dimension, moment_family_dimension
from theorylab.papers.pac_invariance.closed_form.finite_samples import (
    empirical_gap_bound,
    expected_squared_empirical_gap,
    gap_perturbation_bound,
    samples_per_environment,
)
from theorylab.papers.pac_invariance.closed_form.gaps import (
    GAP_KINDS,
    BestHead,
    FeatureMoments,
    best_head,
    feature_moments,
    invariance_gap,
    prediction_risk,
    selection,
)
from theorylab.papers.pac_invariance.closed_form.indirect_observation import NoisyMinimax, latent_representation, noisy_observation_minimax_gap
from theorylab.papers.pac_invariance.closed_form.minimax_head import MinimaxHead, gap_as_norm, minimax_head
from theorylab.papers.pac_invariance.closed_form.transfer import NotSpanningError, SpanningWeights, moment_span_dimension, spanning_weights

__all__ = [
    "EVENTS",
    "GAP_KINDS",
    "BestHead",
    "ChainHead",
    "FeatureMoments",
    "MinimaxHead",
    "NoisyMinimax",
    "NotSpanningError",
    "RangeViolation",
    "SpanningWeights",
    "Unmixing",
    "best_head",
    "chain_head",
    "chain_risk_under_intervention",
    "empirical_gap_bound",
    "expected_squared_empirical_gap",
    "feature_moments",
    "gap_as_norm",
    "gap_perturbation_bound",
    "invariance_gap",
    "largest_family_dimension",
    "latent_representation",
    "minimax_head",
    "moment_family_dimension",
    "moment_span_dimension",
    "noisy_observation_minimax_gap",
    "prediction_risk",
    "range_violation_means",
    "samples_per_environment",
    "selection",
    "spanning_weights",
    "unfaithful_child_variance",
    "unmixing_predictor",
    "vc_dimension_bound",
]
