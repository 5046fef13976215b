"""What the closed forms of pac_invariance refuse, and how they say it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from theorylab.models.structural_equations import structural_second_moment
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance.reference_models import core_model

M = structural_second_moment(*core_model().model)
SEVERAL = np.stack([M, 2.0 * M])
EYE = np.eye(2)


@pytest.mark.parametrize("call", [theory.feature_moments, theory.best_head, lambda m, t, phi: theory.invariance_gap(m, t, phi, [1.0] * len(phi))])
@pytest.mark.parametrize(
    "phi",
    [[[1.0, 0, 0, 0, 0], [2.0, 0, 0, 0, 0]], [[1.0, 0, 0, 0, 0], [0.0] * 5], np.random.default_rng(0).standard_normal((6, 5)).tolist()],
    ids=["multiples", "zero row", "more features than covariates"],
)
def test_dependent_features_are_refused(call: Callable[..., Any], phi: list[list[float]]) -> None:
    message = r"^representation must give independent features, so that E z z\^T can be inverted; got rank-deficient ones \(smallest eigenvalue"
    with pytest.raises(ValueError, match=message) as caught:
        call(M, 3, phi)
    assert f"after scaling, r = {len(phi)}, p = 5)" in str(caught.value)


def test_one_bad_environment_is_enough() -> None:
    bad = M.copy()
    bad[0] = bad[:, 0] = 0.0
    with pytest.raises(ValueError, match=r"^second_moment must give independent features, so that"):
        theory.feature_moments(np.stack([M, bad]), 3)
    assert theory.feature_moments(np.stack([M, bad]), 3, theory.selection([1, 2], 5)).cross.shape == (2, 2)
    # Nearly dependent ones, of any size, are let through.
    near = np.array([[1.0, 0, 0, 0, 0], [1.0, 1e-5, 0, 0, 0]])
    for size in (1e-9, 1.0, 1e9):
        assert np.all(np.isfinite(theory.best_head(M, 3, size * near).head))


LEFT_OUT = "family_dimension, or for gradients covariates and representation_rank, must be given; got neither"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.feature_moments(np.ones((2, 3)), 0), r"second_moment must have shape \(..., q, q\) with q >= 2; got \(2, 3\)"),
        (lambda: theory.feature_moments(np.ones((1, 1)), 0), r"second_moment must have shape \(..., q, q\) with q >= 2; got \(1, 1\)"),
        (lambda: theory.feature_moments(np.ones(4), 0), r"second_moment must have shape \(..., q, q\) with q >= 2; got \(4,\)"),
        (lambda: theory.feature_moments(M * np.nan, 0), "second_moment must be finite; got NaN or infinite entries"),
        (lambda: theory.feature_moments(M, 6), "target must be a node from 0 to 5; got 6"),
        (lambda: theory.feature_moments(M, -1), "target must be an integer >= 0; got -1"),
        (lambda: theory.feature_moments(M, 3, np.ones((0, 5))), r"representation must have shape \(..., r, 5\) with r >= 1; got \(0, 5\)"),
        (lambda: theory.feature_moments(M, 3, np.ones((2, 6))), r"representation must have shape \(..., r, 5\) with r >= 1; got \(2, 6\)"),
        (lambda: theory.feature_moments(M, 3, np.ones(5)), r"representation must have shape \(..., r, 5\) with r >= 1; got \(5,\)"),
        (lambda: theory.feature_moments(M, 3, [[1, 0, 0, 0, np.inf]]), "representation must be finite; got NaN or infinite entries"),
        (lambda: theory.invariance_gap(M, 3, None, np.ones(4)), r"head must be finite, of shape \(..., 5\); got shape \(4,\)"),
        (lambda: theory.invariance_gap(M, 3, None, 1.0), r"head must be finite, of shape \(..., 5\); got shape \(\)"),
        (lambda: theory.invariance_gap(M, 3, None, [1, 2, 3, 4, np.nan]), r"head must be finite, of shape \(..., 5\); got shape \(5,\)"),
        (lambda: theory.invariance_gap(M, 3, None, np.ones(5), "risk"), "gap_kind must be one of 'gradient', 'excess_risk', 'head'; got 'risk'"),
        (lambda: theory.prediction_risk(M, 3, np.ones(6)), r"coefficients must have shape \(..., 5\); got \(6,\)"),
        (lambda: theory.prediction_risk(M, 3, 2.0), r"coefficients must have shape \(..., 5\); got \(\)"),
        (lambda: theory.selection([], 5), r"columns must be at least one and different positions from 0 to 4; got \[\]"),
        (lambda: theory.selection([1, 1], 5), r"columns must be at least one and different positions from 0 to 4; got \[1, 1\]"),
        (lambda: theory.selection([0.5], 5), r"columns must be at least one and different positions from 0 to 4; got \[0.5\]"),
        (lambda: theory.selection([5], 5), r"columns must be positions from 0 to 4; got \[5\]"),
        (lambda: theory.selection([-1], 5), r"columns must be positions from 0 to 4; got \[-1\]"),
        (lambda: theory.selection([0], 0), "covariates must be an integer >= 1; got 0"),
        (lambda: theory.minimax_head(M, 3), r"second_moments must have shape \(..., N, q, q\); got \(6, 6\)"),
        (lambda: theory.minimax_head(SEVERAL, 3, None, "risk"), "gap_kind must be one of"),
        (lambda: theory.minimax_head(SEVERAL, 3, solver="slsqp"), "solver must be one of 'batched', 'cvxpy'; got 'slsqp'"),
        (lambda: theory.minimax_head(SEVERAL, 3, [[1.0] * 5] * 2), "representation must give independent features"),
        (lambda: theory.moment_family_dimension(np.ones((2, 2)), [0]), "coefficients must have a zero diagonal; got 1 at node 0"),
        (lambda: theory.moment_family_dimension(EYE[::-1], [0]), "coefficients must belong to an acyclic graph; got a cycle"),
        (lambda: theory.moment_family_dimension(np.zeros((2, 2)), [2]), r"sites must be different nodes from 0 to 1; got \[2\]"),
        (lambda: theory.moment_family_dimension(np.zeros((2, 2)), [0, 0]), r"sites must be different nodes from 0 to 1; got \[0, 0\]"),
        (lambda: theory.moment_family_dimension(np.zeros((2, 2)), []), "sites must name at least one node; got none"),
        (lambda: theory.moment_family_dimension(np.zeros((2, 2)), [0], "new"), "kind must be one of 'soft', 'hard', 'scale', 'shift'; got 'new'"),
        (lambda: theory.largest_family_dimension(0, 1), "sites must be an integer >= 1; got 0"),
        (lambda: theory.largest_family_dimension(1, -1), "in_degree must be an integer >= 0; got -1"),
        (lambda: theory.moment_span_dimension(M), r"second_moments must be finite, of shape \(N, q, q\) with N >= 1; got \(6, 6\)"),
        (lambda: theory.moment_span_dimension(np.ones((0, 2, 2))), "second_moments must be finite, of shape"),
        (lambda: theory.moment_span_dimension(np.ones((3, 2, 1))), "second_moments must be finite, of shape"),
        (lambda: theory.moment_span_dimension(SEVERAL * np.nan), "second_moments must be finite, of shape"),
        (lambda: theory.spanning_weights(SEVERAL, EYE), r"moment must be finite, of shape \(..., 6, 6\); got \(2, 2\)"),
        (lambda: theory.spanning_weights(SEVERAL, M[0]), r"moment must be finite, of shape \(..., 6, 6\); got \(6,\)"),
        (lambda: theory.spanning_weights(SEVERAL, np.full((6, 6), np.inf)), r"moment must be finite, of shape \(..., 6, 6\); got \(6, 6\)"),
        (lambda: theory.spanning_weights(SEVERAL, M, dimension=0), "dimension must be an integer >= 1; got 0"),
        (
            lambda: theory.spanning_weights(SEVERAL, M, dimension=2),
            "second_moments must span the 2 dimensions of the family; got rank 1 from 2 environments",
        ),
        (lambda: theory.vc_dimension_bound("head", family_dimension=3), "event must be one of 'gradient', 'risk'; got 'head'"),
        (lambda: theory.vc_dimension_bound("gradient"), LEFT_OUT),
        (lambda: theory.vc_dimension_bound("risk", covariates=3, representation_rank=1), LEFT_OUT),
        (lambda: theory.vc_dimension_bound("gradient", family_dimension=0), "family_dimension must be an integer >= 1; got 0"),
        (lambda: theory.vc_dimension_bound("gradient", covariates=3), "covariates and representation_rank must be given together; got 3 and None"),
        (
            lambda: theory.vc_dimension_bound("risk", representation_rank=3),
            "covariates and representation_rank must be given together; got None and 3",
        ),
        (
            lambda: theory.vc_dimension_bound("gradient", covariates=2, representation_rank=3),
            "representation_rank must be at most covariates; got 3 for 2",
        ),
        (lambda: theory.vc_dimension_bound("gradient", covariates=2, representation_rank=0), "representation_rank must be an integer >= 1; got 0"),
        (lambda: theory.expected_squared_empirical_gap(M, 3, None, [1.0], 3), r"head must have shape \(5,\); got \(1,\)"),
        (lambda: theory.expected_squared_empirical_gap(M, 3, None, np.ones(5), 0), "sample_size must be an integer >= 1; got 0"),
        (lambda: theory.expected_squared_empirical_gap(M, 3, None, np.ones(5), 1.5), "sample_size must be an integer >= 1; got 1.5"),
        (lambda: theory.empirical_gap_bound([[1.0, 2.0]], 1.0, 3, 1.0), r"feature_moment must be a symmetric \(r, r\) matrix; got shape \(1, 2\)"),
        (lambda: theory.empirical_gap_bound([[1.0, 2.0], [0.0, 1.0]], 1.0, 3, 1.0), r"feature_moment must be a symmetric \(r, r\) matrix; got"),
        (lambda: theory.empirical_gap_bound(EYE, 0.0, 3, 1.0), "risk must be finite and > 0; got"),
        (lambda: theory.empirical_gap_bound(EYE, 1.0, 0, 1.0), "sample_size must be an integer >= 1; got 0"),
        (lambda: theory.empirical_gap_bound(EYE, 1.0, 3, 0.0), "log_inverse_level must be finite and > 0; got"),
        (
            lambda: theory.samples_per_environment(EYE, 1.0, threshold=0.0, interventions=1, failure_probability=0.1),
            "threshold must be finite and > 0; got",
        ),
        (
            lambda: theory.samples_per_environment(EYE, 1.0, threshold=1.0, interventions=0, failure_probability=0.1),
            "interventions must be an integer >= 1; got 0",
        ),
        (
            lambda: theory.samples_per_environment(EYE, 1.0, threshold=1.0, interventions=1, failure_probability=1.0),
            "failure_probability must be finite and > 0 and < 1; got",
        ),
        (
            lambda: theory.gap_perturbation_bound(EYE, [1.0], np.eye(3)),
            r"representation, head and moment_error must have shapes \(r, p\), \(r,\), \(..., p \+ 1, p \+ 1\); got \(2, 2\), \(1,\), \(3, 3\)",
        ),
        (lambda: theory.gap_perturbation_bound(EYE, [1.0, 1.0], np.eye(2)), "representation, head and moment_error must have shapes"),
        (lambda: theory.gap_perturbation_bound([1.0], [1.0], np.eye(2)), "representation, head and moment_error must have shapes"),
        (lambda: theory.noisy_observation_minimax_gap(1.0, -1.0, 1, 0.5, 2.0), "sensor_variance must be finite and >= 0; got"),
        (lambda: theory.noisy_observation_minimax_gap(1.0, 1.0, 0, 0.5, 2.0), "sensors must be an integer >= 1; got 0"),
        (lambda: theory.noisy_observation_minimax_gap(1.0, 1.0, 1, 0.0, 2.0), "low must be finite and > 0; got"),
        (lambda: theory.noisy_observation_minimax_gap(1.0, 1.0, 1, [2.0, 0.1], 0.5), r"low must be at most high; got \[2.0, 0.1\] and 0.5"),
        (lambda: theory.noisy_observation_minimax_gap(np.nan, 1.0, 1, 0.5, 2.0), "cause_effect must be finite; got"),
        (
            lambda: theory.latent_representation(EYE, np.ones((4, 3))),
            r"representation and mixing must have shapes \(r, l\) and \(p, l\); got \(2, 2\) and \(4, 3\)",
        ),
        (lambda: theory.latent_representation(EYE, np.ones((4, 2))), "mixing must have full column rank 2; got rank 1"),
        (
            lambda: theory.latent_representation(np.eye(3), np.random.default_rng(1).standard_normal((2, 3))),
            "mixing must have full column rank 3; got",
        ),
        (lambda: theory.chain_head(1.0, 1.0, 0.0, 1.0), "target_variance must be finite and > 0; got"),
        (lambda: theory.chain_head(1.0, 1.0, 1.0, -1.0), "child_variance must be finite and > 0; got"),
        (lambda: theory.chain_head(np.nan, 1.0, 1.0, 1.0), "cause_effect must be finite; got"),
        (lambda: theory.chain_risk_under_intervention([1.0], 1.0, 1.0, 1.0, 1.0), r"head must have shape \(2,\); got shape \(1,\)"),
        (lambda: theory.chain_risk_under_intervention([1.0, 1.0], 1.0, 0.0, 1.0, 1.0), "cause_variance must be finite and > 0; got"),
        (lambda: theory.chain_risk_under_intervention([1.0, 1.0], 1.0, 1.0, 1.0, -1.0), "child_moment must be finite and >= 0; got"),
        (lambda: theory.unmixing_predictor(0.0, 1.0, 1.0), "target_variance must be finite and > 0; got"),
        (lambda: theory.unmixing_predictor(1.0, 1.0, 0.0), "measurement_variance must be finite and > 0; got"),
        (lambda: theory.unfaithful_child_variance(2.0, 0.5, 1.0), "child_effect must be finite and > 0 and < 2; got"),
        (lambda: theory.unfaithful_child_variance(0.0, 0.5, 1.0), "child_effect must be finite and > 0 and < 2; got"),
        (lambda: theory.unfaithful_child_variance(1.0, 0.0, 1.0), "invariant_coefficient must be finite and > 0; got"),
        (lambda: theory.unfaithful_child_variance(1.0, 0.5, 0.0), "target_marginal_variance must be finite and > 0; got"),
        (lambda: theory.range_violation_means(0, 2.0), "interventions must be an integer >= 1; got 0"),
        (lambda: theory.range_violation_means(3, 0.9), "density_ratio must be finite and >= 1; got"),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
