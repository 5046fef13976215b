"""Estimators of pac_invariance (arXiv:2205.15196): invariant predictors from rows or moments of several environments, and certificates."""

from __future__ import annotations

from theorylab.papers.pac_invariance.estimators.certificate import ORIGINS, InvarianceCertificate, certify, certify_gaps, environment_gaps
from theorylab.papers.pac_invariance.estimators.environments import GroupedMoments, environment_labels, grouped_moments
from theorylab.papers.pac_invariance.estimators.invariance_tests import SubsetTest, subset_tests
from theorylab.papers.pac_invariance.estimators.population import (
    InvariantRisk,
    InvariantSubset,
    anchor_regression,
    best_invariant_subset,
    invariant_subsets,
    irm_v1,
    plausible_causes,
    pooled_least_squares,
)
from theorylab.papers.pac_invariance.estimators.regressors import AnchorRegressor, InvariantRiskRegressor, LinearPredictor, MinimaxGapRegressor
from theorylab.papers.pac_invariance.estimators.subset_regressors import (
    BestInvariantSubsetRegressor,
    InvariantCausalPrediction,
    NoInvariantSubsetError,
)

__all__ = [
    "ORIGINS",
    "AnchorRegressor",
    "BestInvariantSubsetRegressor",
    "GroupedMoments",
    "InvarianceCertificate",
    "InvariantCausalPrediction",
    "InvariantRisk",
    "InvariantRiskRegressor",
    "InvariantSubset",
    "LinearPredictor",
    "MinimaxGapRegressor",
    "NoInvariantSubsetError",
    "SubsetTest",
    "anchor_regression",
    "best_invariant_subset",
    "certify",
    "certify_gaps",
    "environment_gaps",
    "environment_labels",
    "grouped_moments",
    "invariant_subsets",
    "irm_v1",
    "plausible_causes",
    "pooled_least_squares",
    "subset_tests",
]
