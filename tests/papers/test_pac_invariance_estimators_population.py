"""Predictors of pac_invariance from moments: graph against moments, the claims on CORE, and what rows converge to."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from theorylab.models.structural_equations import (
    environment_model,
    intervention_family,
    is_d_separated,
    random_coefficients,
    sample_environments,
    sample_structural_equations,
    structural_second_moment,
    total_effects,
)
from theorylab.papers.pac_invariance.closed_form import minimax_head, prediction_risk, unmixing_predictor
from theorylab.papers.pac_invariance.estimators import (
    AnchorRegressor,
    BestInvariantSubsetRegressor,
    InvariantRiskRegressor,
    InvariantSubset,
    MinimaxGapRegressor,
    anchor_regression,
    best_invariant_subset,
    invariant_subsets,
    irm_v1,
    plausible_causes,
    pooled_least_squares,
)
from theorylab.papers.pac_invariance.monte_carlo import draw_moments
from theorylab.papers.pac_invariance.reference_models import core_model

CAUSAL = np.array([0.0, 0.9, -0.8, 0.0, 0.0])
# The parents' own prediction and X5 - .6 X4 = -.7 Y + e, by precision.
MIX = unmixing_predictor(0.6, -0.7, 0.7)
UNMIXING = MIX.parent_weight * CAUSAL + MIX.measurement_weight * np.array([0.0, 0.0, 0.0, -0.6, 1.0])


def shifted_core(rng: np.random.Generator, environments: int) -> tuple[np.ndarray, np.ndarray]:
    """Return second moments and means of CORE with the noise means of all covariates drawn from N(0, 1)."""
    model = core_model().model
    noise = np.zeros((environments, 6))
    noise[:, [0, 1, 2, 4, 5]] = rng.standard_normal((environments, 5))
    means = noise @ total_effects(model.coefficients).T
    return structural_second_moment(*model) + means[:, :, None] * means[:, None, :], means


def exact_rows(rng: np.random.Generator, moments: np.ndarray, means: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows of N environments whose means and second moments are the given ones to the last digits, target 3, and their environments."""
    parts = []
    for moment, mean in zip(moments, means, strict=True):
        noise = rng.standard_normal((rows, 6))
        white = np.linalg.qr(noise - noise.mean(axis=0))[0] * np.sqrt(rows)
        parts.append(mean + white @ np.linalg.cholesky(moment - np.outer(mean, mean)).T)
    whole = np.vstack(parts)
    return np.delete(whole, 3, axis=1), whole[:, 3], np.repeat(np.arange(len(moments)), rows)


def test_invariant_subsets_are_those_that_separate_the_target_from_the_interventions() -> None:
    rng = np.random.default_rng(11)
    invariant = 0
    for _ in range(30):
        b = random_coefficients(rng, 6, in_degree=2)
        target, *sites = rng.permutation(6)[:3].tolist()
        family = intervention_family(b, rng.uniform(0.4, 1.2, 6), sites=sites, target=target)
        drawn = sample_environments(rng, 6, family)
        moments = np.array([structural_second_moment(*environment_model(family, drawn, index)) for index in range(6)])
        with_switch = np.zeros((7, 7))
        with_switch[:6, :6] = b
        with_switch[sites, 6] = 1.0
        found = {subset.columns: subset for subset in invariant_subsets(moments, target)}
        covariates = [node for node in range(6) if node != target]
        for code in range(32):
            columns = tuple(position for position in range(5) if code >> position & 1)
            given = [covariates[position] for position in columns]
            assert (columns in found) == is_d_separated(with_switch, target, 6, given), (b, target, sites, given)
        invariant += len(found)
        for subset in found.values():
            whole = np.zeros(5)
            whole[list(subset.columns)] = subset.head
            np.testing.assert_allclose(prediction_risk(moments, target, whole), subset.risk, rtol=1e-7)
        parents = tuple(position for position, node in enumerate(covariates) if b[target, node] != 0.0)
        assert parents in found
        assert set(plausible_causes(list(found.values()))) <= set(parents)
        best = best_invariant_subset(moments, target)
        assert best.risk <= found[parents].risk * (1.0 + 1e-9)
        assert best.risk == pytest.approx(min(subset.risk for subset in found.values()), rel=1e-9)
    assert 0 < invariant < 30 * 32


def test_coefficients_alone_do_not_make_a_subset_invariant() -> None:
    # Y = X1 + X2 + e, and the variance of X1 moves: the coefficient of X2 stays, its residual variance does not.
    b = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    moments = np.array([structural_second_moment(b, [variance, 1.0, 0.7]) for variance in (0.5, 1.0, 2.0)])
    assert [subset.columns for subset in invariant_subsets(moments, 2)] == [(0,), (0, 1)]
    assert [subset.columns for subset in invariant_subsets(moments, 2, largest=1)] == [(0,)]
    assert plausible_causes([]) == ()
    assert plausible_causes([InvariantSubset((0, 2), np.ones(2), 1.0), InvariantSubset((2, 3), np.ones(2), 1.0)]) == (2,)


def test_causes_that_no_intervention_touches_stay_out() -> None:
    moments = draw_moments(np.random.default_rng(12), 10, "core")
    subsets = invariant_subsets(moments, 3)
    assert plausible_causes(subsets) == (1,)
    best = best_invariant_subset(moments, 3)
    assert best.columns[:2] == (1, 2)
    assert best.risk == pytest.approx(0.6, rel=1e-10)
    everywhere = draw_moments(np.random.default_rng(13), 10, "core_all")
    assert plausible_causes(invariant_subsets(everywhere, 3)) == (1, 2)


def test_irm_finds_the_unmixing_predictor_with_ten_environments() -> None:
    rng = np.random.default_rng(14)
    for _ in range(15):
        found = irm_v1(draw_moments(rng, 10, "core"), 3)
        np.testing.assert_allclose(found.coefficients, UNMIXING, atol=1e-4)
        assert found.risk == pytest.approx(MIX.risk, rel=1e-4)
        assert found.squared_gradient < 1e-8


def test_irm_with_two_environments_is_fooled() -> None:
    rng, fresh = np.random.default_rng(15), draw_moments(np.random.default_rng(16), 200, "core")
    s, c = np.delete(np.delete(fresh, 3, 1), 3, 2), np.delete(fresh[:, :, 3], 3, 1)
    fooled = 0
    for _ in range(10):
        found = irm_v1(draw_moments(rng, 2, "core"), 3)
        v = found.coefficients
        fooled += bool(found.squared_gradient < 1e-6 and np.max(np.abs(2.0 * (s @ v - c) @ v)) > 0.01)
    # A set in a hundred is close to none that fools.
    assert fooled >= 7


def test_irm_penalty_trades_risk_for_the_gradient() -> None:
    moments = draw_moments(np.random.default_rng(17), 12, "core_pulled")
    path = [irm_v1(moments, 3, penalty=penalty) for penalty in (0.0, 0.1, 1.0, 10.0, 1e3, 1e5)]
    np.testing.assert_allclose(path[0].coefficients, pooled_least_squares(moments, 3), rtol=1e-10)
    for before, after in pairwise(path):
        assert after.risk >= before.risk * (1.0 - 1e-12)
        assert after.squared_gradient <= before.squared_gradient * (1.0 + 1e-9)
    assert path[0].squared_gradient > 1e3 * path[-1].squared_gradient
    # The objective cannot be larger than that of an invariant predictor.
    assert path[-1].risk + 1e5 * path[-1].squared_gradient <= MIX.risk * (1.0 + 1e-10)


def test_anchor_with_environments_of_mean_zero_is_pooled_least_squares() -> None:
    moments = draw_moments(np.random.default_rng(18), 12, "core")
    pooled = pooled_least_squares(moments, 3)
    rows = exact_rows(np.random.default_rng(19), moments, np.zeros((12, 6)), 20)
    for gamma in (0.0, 1.0, 10.0, 1e6):
        np.testing.assert_allclose(anchor_regression(moments, np.zeros((12, 6)), 3, gamma=gamma), pooled, rtol=1e-12)
        np.testing.assert_allclose(AnchorRegressor(gamma).fit(*rows).coef_, pooled, rtol=0.0, atol=1e-9)
    assert np.abs(anchor_regression(*shifted_core(np.random.default_rng(20), 12), 3, gamma=10.0) - pooled).max() > 0.1


def test_anchor_goes_to_the_causal_vector_with_shifts_of_all_covariates() -> None:
    for seed in range(5):
        moments, means = shifted_core(np.random.default_rng(seed), 30)
        path = np.array([anchor_regression(moments, means, 3, gamma=gamma) for gamma in np.geomspace(1.0, 1e6, 13)])
        away = np.linalg.norm(path - CAUSAL, axis=1)
        assert np.all(np.diff(away) < 0.0)
        assert away[0] > 0.1
        assert away[-1] < 1e-4
        # Residuals' means are what is shrunk, whatever the coordinates.
        spread = np.delete(means, 3, axis=1)
        assert np.all(np.diff(np.linalg.norm((path - CAUSAL) @ spread.T, axis=1)) < 0.0)


def test_rows_with_exact_moments_give_the_population_predictors() -> None:
    rng = np.random.default_rng(21)
    moments, means = shifted_core(rng, 9)
    moments[:, 4:, 4:] += 0.3 * np.arange(9)[:, None, None] * np.eye(2)
    x, y, groups = exact_rows(rng, moments, means, 30)
    for gamma in (0.0, 3.0, 100.0):
        found = AnchorRegressor(gamma, fit_intercept=False).fit(x, y, groups)
        np.testing.assert_allclose(found.coef_, anchor_regression(moments, means, 3, gamma=gamma), atol=1e-9)
    irm = InvariantRiskRegressor(50.0, fit_intercept=False).fit(x, y, groups)
    exact = irm_v1(moments, 3, penalty=50.0)
    np.testing.assert_allclose(irm.coef_, exact.coefficients, atol=1e-6)
    assert irm.squared_gradient_ == pytest.approx(exact.squared_gradient, rel=1e-4)
    centre = means.mean(axis=0)
    centred = moments - means[:, :, None] * means[:, None, :] + (means - centre)[:, :, None] * (means - centre)[:, None, :]
    with_intercept = InvariantRiskRegressor(50.0).fit(x, y, groups)
    np.testing.assert_allclose(with_intercept.coef_, irm_v1(centred, 3, penalty=50.0).coefficients, atol=1e-6)
    assert with_intercept.intercept_ == pytest.approx(centre[3] - np.delete(centre, 3) @ with_intercept.coef_, abs=1e-9)


def test_rows_converge_to_the_population_predictors() -> None:
    rng = np.random.default_rng(22)
    family = intervention_family(*core_model().model, sites=[0, 1, 2, 4, 5], kind="shift", target=3)
    errors, repeats = {size: np.zeros(4) for size in (100, 10_000)}, 8
    for _ in range(repeats):
        environments = sample_environments(rng, 12, family)
        models = [environment_model(family, environments, index) for index in range(12)]
        means = np.array([total_effects(b) @ noise for b, _, noise in models])
        moments = np.array([structural_second_moment(*model) for model in models])
        subset = best_invariant_subset(moments, 3)
        centre = means.mean(axis=0)
        middle = moments - means[:, :, None] * centre - centre[:, None] * means[:, None, :] + np.outer(centre, centre)
        # With a constant that is a seventh node.
        wider = np.block([[moments, means[:, :, None]], [means[:, None, :], np.ones((12, 1, 1))]])
        limits = [
            anchor_regression(middle, means - centre, 3, gamma=20.0),
            irm_v1(middle, 3, penalty=1.0).coefficients,
            minimax_head(wider, 3, None, "excess_risk").head[:5],
            subset.head @ np.eye(5)[list(subset.columns)],
        ]
        for size, total in errors.items():
            samples = [sample_structural_equations(rng, size, coefficients=b, noise_variances=w, noise_means=noise) for b, w, noise in models]
            rows, groups = np.concatenate(samples), np.repeat(np.arange(12), size)
            fits = [AnchorRegressor(20.0), InvariantRiskRegressor(1.0), MinimaxGapRegressor("excess_risk"), BestInvariantSubsetRegressor(1e-9)]
            for index, (fit, goal) in enumerate(zip(fits, limits, strict=True)):
                total[index] += np.linalg.norm(fit.fit(np.delete(rows, 3, axis=1), rows[:, 3], groups).coef_ - goal) / repeats
    # A hundred times the rows, about a tenth of the error; few rows can also leave a subset in that is not invariant.
    assert np.all(errors[10_000] < 0.3 * errors[100])
    assert np.all(errors[10_000][:3] > 0.02 * errors[100][:3])
    assert np.all(errors[10_000] < 0.05)


def test_bad_moments_are_named() -> None:
    moments, means = shifted_core(np.random.default_rng(23), 4)
    with pytest.raises(ValueError, match=r"second_moments must have shape \(N, q, q\), one matrix per environment; got \(6, 6\)"):
        pooled_least_squares(moments[0], 3)
    with pytest.raises(ValueError, match="target must be a node from 0 to 5; got 6"):
        irm_v1(moments, 6)
    with pytest.raises(ValueError, match="second_moment must be finite"):
        invariant_subsets(moments * np.nan, 3)
    with pytest.raises(ValueError, match=r"means must have shape \(4, 6\); got \(4, 5\)"):
        anchor_regression(moments, means[:, :5], 3, gamma=1.0)
    for gamma in (-1.0, np.inf):
        with pytest.raises(ValueError, match=f"gamma must be finite and >= 0; got {gamma}"):
            anchor_regression(moments, means, 3, gamma=gamma)
    for options, message in (
        ({"penalty": -1.0}, "penalty must be finite and >= 0; got -1.0"),
        ({"starts": 0}, "starts must be an integer >= 1; got 0"),
        ({"random_state": -2}, "random_state must be an integer >= 0; got -2"),
    ):
        with pytest.raises(ValueError, match=message):
            irm_v1(moments, 3, **options)
    with pytest.raises(ValueError, match="tolerance must be finite and > 0; got 0"):
        invariant_subsets(moments, 3, tolerance=0)
    with pytest.raises(ValueError, match="largest must be an integer >= 0; got -1"):
        invariant_subsets(moments, 3, largest=-1)
    scaled = np.array([structural_second_moment(np.eye(3, k=-1), [1.0, variance, 1.0]) for variance in (1.0, 2.0)])
    with pytest.raises(ValueError, match=r"second_moments must leave some subset invariant; got none \(is there an intervention on the target\?\)"):
        best_invariant_subset(scaled, 1)
    with pytest.raises(ValueError, match="rank-deficient"):
        pooled_least_squares(moments[:, [0, 1, 1, 3]][:, :, [0, 1, 1, 3]], 3)
