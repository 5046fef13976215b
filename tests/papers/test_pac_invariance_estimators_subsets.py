"""Invariant causal prediction and the best invariant subset on rows: exact level, power, intervals, and the test statistics by hand."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from theorylab.models.structural_equations import (
    StructuralModel,
    environment_model,
    intervention_family,
    sample_environments,
    sample_structural_equations,
)
from theorylab.papers.pac_invariance.estimators import (
    BestInvariantSubsetRegressor,
    InvariantCausalPrediction,
    NoInvariantSubsetError,
    grouped_moments,
    subset_tests,
)
from theorylab.papers.pac_invariance.reference_models import core_model

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
# Random tests fail a right package once in a million.
LEVEL = 1e-6


def rows_of(rng: np.random.Generator, models: list[StructuralModel], size: int, target: int) -> Rows:
    parts = [sample_structural_equations(rng, size, coefficients=b, noise_variances=w, noise_means=mean) for b, w, mean in models]
    whole = np.concatenate(parts)
    return np.delete(whole, target, axis=1), whole[:, target], np.repeat(np.arange(len(models)), size)


def core_rows(rng: np.random.Generator, sites: list[int], environments: int, size: int) -> Rows:
    family = intervention_family(*core_model().model, sites=sites, target=3)
    drawn = sample_environments(rng, environments, family)
    return rows_of(rng, [environment_model(family, drawn, index) for index in range(environments)], size, 3)


def null_rows(rng: np.random.Generator, sizes: list[int]) -> Rows:
    """Draw Y = 1 + X0 - X1/2 + e in environments whose covariates have laws of their own, heavy-tailed ones among them."""
    x = np.vstack([rng.uniform(0.3, 3.0, 2) * rng.standard_t(3, (size, 2)) + rng.normal(0.0, 2.0, 2) for size in sizes])
    y = 1.0 + x @ [1.0, -0.5] + 0.7 * rng.standard_normal(len(x))
    return x, y, np.repeat(np.arange(len(sizes)), sizes)


def p_value(rows: Rows, columns: tuple[int, ...]) -> float:
    tests = subset_tests(grouped_moments(*rows, constant=True), largest=len(columns))
    return next(test.p_value for test in tests if test.columns == columns)


def test_p_values_of_two_environments_are_exact() -> None:
    # Chow's statistic and the ratio of variances are independent, so twice the smaller p-value is min(2 U, 2 U') of uniform U, U'.
    rng = np.random.default_rng(31)
    found = np.array([p_value(null_rows(rng, [9, 14]), (0, 1)) for _ in range(2000)])
    assert stats.binomtest(int(np.sum(found <= 0.1)), len(found), 1.0 - 0.95**2).pvalue > LEVEL
    below = found[found < 1.0]
    assert stats.kstest(1.0 - (1.0 - below / 2.0) ** 2, stats.uniform(0.0, 0.75).cdf).pvalue > LEVEL
    assert stats.binomtest(len(below), len(found), 0.75).pvalue > LEVEL


def test_true_causes_are_rejected_no_more_often_than_the_level_says() -> None:
    rng = np.random.default_rng(32)
    rejected = np.array([p_value(null_rows(rng, [8, 10, 12, 9, 11]), (0, 1)) <= 0.1 for _ in range(1200)])
    assert stats.binomtest(int(rejected.sum()), len(rejected), 0.1, alternative="greater").pvalue > LEVEL
    # Bonferroni's bound gives little away: a level that has been halved once too often does.
    assert stats.binomtest(int(rejected.sum()), len(rejected), 0.05, alternative="less").pvalue > LEVEL


def test_without_interventions_no_cause_is_claimed() -> None:
    rng, model = np.random.default_rng(33), core_model().model
    claims = 0
    for _ in range(250):
        fitted = InvariantCausalPrediction(0.1, largest=2).fit(*rows_of(rng, [model] * 3, 25, 3))
        claims += fitted.causes_ != ()
    # The empty set is invariant too.
    assert stats.binomtest(claims, 250, 0.1, alternative="greater").pvalue > LEVEL


def test_statistics_by_hand() -> None:
    rng = np.random.default_rng(34)
    x, y, groups = null_rows(rng, [12, 17, 15])

    def squares(inside: np.ndarray) -> float:
        return float(sm.OLS(y[inside], sm.add_constant(x[inside][:, [0]])).fit().ssr)

    tests = {test.columns: test for test in subset_tests(grouped_moments(x, y, groups, constant=True), largest=2)}
    least = 1.0
    for number, size in enumerate([12, 17, 15]):
        own, rest, everything = squares(groups == number), squares(groups != number), squares(groups >= 0)
        chow = (everything - own - rest) / 2 / ((own + rest) / 40)
        ratio = (own / (size - 2)) / (rest / (42 - size))
        tail = min(stats.f.sf(ratio, size - 2, 42 - size), stats.f.cdf(ratio, size - 2, 42 - size))
        least = min(least, stats.f.sf(chow, 2, 40), 2.0 * tail)
    assert tests[0,].p_value == pytest.approx(min(1.0, 6.0 * least), rel=1e-9)
    for columns in ((), (1,), (0, 1)):
        line = sm.OLS(y, np.column_stack([np.ones(44), x[:, list(columns)]])).fit()
        np.testing.assert_allclose(np.append(tests[columns].intercept, tests[columns].coefficients), line.params, rtol=1e-9)
        np.testing.assert_allclose(tests[columns].standard_errors, line.bse[1:], rtol=1e-9)
        assert tests[columns].residual_variance == pytest.approx(line.mse_resid, rel=1e-9)
    single = subset_tests(grouped_moments(x, y, None, constant=True), largest=1)
    assert [test.columns for test in single] == [(), (0,), (1,)]
    assert {test.p_value for test in single} == {1.0}


def test_core_gives_the_one_parent_that_an_intervention_touches() -> None:
    for seed in range(3):
        rows = core_rows(np.random.default_rng([35, seed]), [1, 4], 8, 4000)
        fitted = InvariantCausalPrediction(LEVEL).fit(*rows)
        assert fitted.causes_ == (1,)
        assert (1, 2) in fitted.accepted_
        assert all(1 in columns for columns in fitted.accepted_)
        assert (0, 1, 2, 3, 4) not in fitted.accepted_
        assert fitted.coef_[[0, 2, 3, 4]].tolist() == [0.0, 0.0, 0.0, 0.0]
        assert fitted.accepted_ == [columns for columns, p in fitted.p_values_.items() if p > LEVEL]
        assert len(fitted.p_values_) == 32
        best = BestInvariantSubsetRegressor(LEVEL).fit(*rows)
        assert best.p_values_ == fitted.p_values_
        assert set(best.columns_) >= {1, 2}
        assert not set(best.columns_) & {3, 4}
        assert np.mean((rows[1] - best.predict(rows[0])) ** 2) == pytest.approx(0.6, rel=0.05)


def test_both_parents_are_found_when_all_covariates_are_touched() -> None:
    for seed in range(3):
        rows = core_rows(np.random.default_rng([36, seed]), [0, 1, 2, 4, 5], 8, 4000)
        fitted = InvariantCausalPrediction(LEVEL).fit(*rows)
        assert fitted.causes_ == (1, 2)
        np.testing.assert_allclose(fitted.coef_, [0.0, 0.9, -0.8, 0.0, 0.0], atol=0.05)
        low, high = fitted.confidence_intervals_.T
        assert np.all((low <= fitted.coef_) & (fitted.coef_ <= high))
        assert np.all(high[[1, 2]] - low[[1, 2]] < 0.2)
        columns = set(BestInvariantSubsetRegressor(LEVEL).fit(*rows).columns_)
        assert {1, 2} <= columns <= {0, 1, 2}


def test_confidence_intervals_cover_the_causal_coefficients() -> None:
    rng, delta, repeats = np.random.default_rng(37), 0.1, 500
    missed = np.zeros(2)
    for _ in range(repeats):
        low, high = InvariantCausalPrediction(delta).fit(*null_rows(rng, [25, 20, 30])).confidence_intervals_.T
        missed += (low > [1.0, -0.5]) | (high < [1.0, -0.5])
    # A miss needs the causes rejected, or their own interval to miss.
    for count in missed.astype(int):
        assert stats.binomtest(int(count), repeats, 2.0 * delta, alternative="greater").pvalue > LEVEL


def test_nothing_is_accepted_when_the_target_is_touched() -> None:
    rng = np.random.default_rng(38)
    models = [core_model().model._replace(noise_variances=np.array([1.0, 0.8, 0.9, w, 0.5, 0.7])) for w in (0.1, 0.6, 4.0)]
    rows = rows_of(rng, models, 2000, 3)
    fitted = InvariantCausalPrediction(LEVEL).fit(*rows)
    assert (fitted.causes_, fitted.accepted_) == ((), [])
    assert np.all(np.isnan(fitted.confidence_intervals_))
    assert fitted.predict(rows[0]).tolist() == pytest.approx([rows[1].mean()] * 6000)
    with pytest.raises(
        NoInvariantSubsetError, match=r"no subset of covariates is invariant at failure_probability=1e-06; the best is \(.*\) with p-value"
    ):
        BestInvariantSubsetRegressor(LEVEL).fit(*rows)


def test_largest_limits_the_search() -> None:
    rows = core_rows(np.random.default_rng(39), [1, 4], 4, 100)
    for largest, count in ((0, 1), (1, 6), (2, 16), (9, 32)):
        fitted = InvariantCausalPrediction(largest=largest).fit(*rows)
        assert len(fitted.p_values_) == count
        assert max(map(len, fitted.p_values_)) == min(largest, 5)
    whole = InvariantCausalPrediction().fit(*rows).p_values_
    assert all(whole[columns] == p for columns, p in InvariantCausalPrediction(largest=2).fit(*rows).p_values_.items())
