"""Certificates of pac_invariance: what they say, how often they are wrong, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import comb
from sklearn.linear_model import LinearRegression, Ridge

from theorylab.papers.pac_invariance.closed_form import invariance_gap, minimax_head, selection
from theorylab.papers.pac_invariance.estimators import (
    ORIGINS,
    AnchorRegressor,
    MinimaxGapRegressor,
    certify,
    certify_gaps,
    environment_gaps,
    grouped_moments,
)
from theorylab.papers.pac_invariance.monte_carlo import draw_moments, sample_chain_environments

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
# Random tests fail a right package once in a million.
LEVEL = 1e-6
KINDS = ("gradient", "excess_risk", "head")


def chain_rows(rng: np.random.Generator, environments: int, size: int) -> Rows:
    """Draw rows of (X1, X2) and Y in CHAIN environments of random strengths, ``size`` each."""
    first, second, noise = (rng.standard_normal((environments, size)) for _ in range(3))
    cause = np.sqrt(0.5 + 1.5 * rng.random((environments, 1))) * first
    target = 1.2 * cause + np.sqrt(0.8) * second
    child = (1.0 + 0.5 * rng.standard_normal((environments, 1))) * target + np.sqrt(0.3 + 1.2 * rng.random((environments, 1))) * noise
    return np.stack([cause, child], axis=2).reshape(-1, 2), target.ravel(), np.repeat(np.arange(environments), size)


def chain_gaps(w: np.ndarray, s: np.ndarray, c: np.ndarray) -> np.ndarray:
    return np.asarray(2.0 * np.abs(s * w - c))


def test_gaps_are_those_of_the_mean_squared_error() -> None:
    x, y, groups = chain_rows(np.random.default_rng(41), 4, 30)
    for regressor in (LinearRegression(), LinearRegression(fit_intercept=False), AnchorRegressor(5.0), Ridge(10.0).set_params(fit_intercept=True)):
        regressor.fit(x, y)
        intercept = float(regressor.intercept_)
        found = {kind: environment_gaps(regressor, x, y, groups, gap_kind=kind) for kind in KINDS}
        for number in range(4):
            own, goal = x[groups == number], y[groups == number]
            features = np.column_stack([own, np.ones(30)]) if intercept else own
            w = np.append(regressor.coef_, intercept) if intercept else regressor.coef_
            best, least = np.linalg.lstsq(features, goal, rcond=None)[:2]
            residual = goal - features @ w
            assert found["gradient"][number] == pytest.approx(np.linalg.norm(2.0 * features.T @ residual / 30), rel=1e-9)
            assert found["excess_risk"][number] == pytest.approx(float(residual @ residual - least[0]) / 30, rel=1e-8)
            assert found["head"][number] == pytest.approx(np.linalg.norm(w - best), rel=1e-9)
    assert environment_gaps(LinearRegression().fit(x, y), x, y, np.zeros(120)).shape == (1,)
    assert environment_gaps(LinearRegression().fit(x, y), x, y, np.zeros(120)).max() < 1e-12


def test_gaps_follow_the_sorted_names() -> None:
    x, y, groups = chain_rows(np.random.default_rng(42), 4, 30)
    line = LinearRegression().fit(x, y)
    plain = environment_gaps(line, x, y, groups)
    np.testing.assert_allclose(environment_gaps(line, x, y, np.array(["d", "c", "b", "a"])[groups]), plain[::-1], rtol=1e-12)
    order = np.random.default_rng(43).permutation(120)
    np.testing.assert_allclose(environment_gaps(line, x[order], y[order], groups[order]), plain, rtol=1e-11)


def test_level_of_a_fixed_head_and_the_largest_gap() -> None:
    rng, delta, n, runs = np.random.default_rng(44), 0.1, 19, 3000
    pool = np.sort(chain_gaps(np.array(0.4), *sample_chain_environments(rng, (200_000,))))
    gaps = chain_gaps(np.array(0.4), *sample_chain_environments(rng, (runs, n)))
    wrong = 0
    for row in gaps:
        found = certify_gaps(row, failure_probability=delta)
        violation = 1.0 - np.searchsorted(pool, found.threshold, side="right") / len(pool)
        wrong += violation > found.violation_bound
    # V ~ Beta(1, N): the level is reached exactly.
    assert stats.binomtest(wrong, runs, delta).pvalue > LEVEL


def test_level_of_a_fixed_head_and_a_given_threshold() -> None:
    # All answers, and all probabilities of them: no chance is involved.
    n, delta = 25, 0.05
    bounds = np.array(
        [certify_gaps(1.0 * (np.arange(n) < count), threshold=0.5, failure_probability=delta).violation_bound for count in range(n + 1)]
    )
    assert np.all(np.diff(bounds[:-1]) > 0.0)
    assert bounds[-1] == 1.0
    for violation in np.linspace(0.01, 0.99, 99):
        assert stats.binom(n, violation).pmf(np.arange(n + 1))[bounds < violation].sum() <= delta
    # And no smaller bounds would do.
    for count in range(n):
        assert stats.binom(n, bounds[count]).cdf(count) == pytest.approx(delta, rel=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_level_of_a_minimax_head_with_one_feature(kind: str) -> None:
    rng, delta, n, runs = np.random.default_rng([45, KINDS.index(kind)]), 0.1, 12, 2000

    def moments(shape: tuple[int, ...]) -> np.ndarray:
        s, c = sample_chain_environments(rng, shape)
        return np.stack([np.stack([s, c], axis=-1), np.stack([c, 4.0 + 0.0 * s], axis=-1)], axis=-2)

    drawn, fresh = moments((runs, n)), moments((10_000,))
    heads = minimax_head(drawn, 1, None, kind)
    gaps = invariance_gap(drawn, 1, None, heads.head[:, None, :], kind)
    wrong = 0
    for head, level, row in zip(heads.head, heads.gap, gaps, strict=True):
        found = certify_gaps(row, threshold=level * (1.0 + 1e-9), origin="minimax", decision_variables=2, failure_probability=delta)
        assert found.violations == 0
        wrong += np.mean(invariance_gap(fresh, 1, None, head, kind) > found.threshold) > found.violation_bound
    # V ~ Beta(2, N - 1) exactly.
    assert stats.binomtest(wrong, runs, delta).pvalue > LEVEL


def test_level_of_a_minimax_head_with_three_features() -> None:
    rng, delta, n, runs = np.random.default_rng(46), 0.1, 15, 1000
    phi = selection([1, 2, 3], 5)
    drawn, fresh = draw_moments(rng, runs * n, "core").reshape(runs, n, 6, 6), draw_moments(rng, 4000, "core")
    heads = minimax_head(drawn, 3, phi, "head")
    gaps = invariance_gap(drawn, 3, phi, heads.head[:, None, :], "head")
    best = np.linalg.solve((phi @ np.delete(np.delete(fresh, 3, 1), 3, 2) @ phi.T), (np.delete(fresh[:, :, 3], 3, 1) @ phi.T)[..., None])[..., 0]
    wrong = 0
    for head, level, row in zip(heads.head, heads.gap, gaps, strict=True):
        found = certify_gaps(row, threshold=level * (1.0 + 1e-9), origin="minimax", decision_variables=4, failure_probability=delta)
        wrong += np.mean(np.linalg.norm(best - head, axis=1) > found.threshold) > found.violation_bound
    assert stats.binomtest(wrong, runs, delta, alternative="greater").pvalue > LEVEL


@pytest.mark.parametrize("intercept", [False, True])
def test_level_of_rows_that_are_fitted_and_certified(intercept: bool) -> None:
    rng, delta, n, size, runs = np.random.default_rng([47, intercept]), 0.1, 14, 20, 400
    x, y, groups = chain_rows(rng, 3000, size)
    fresh = grouped_moments(x[:, [1]], y, groups, constant=intercept).second_moments
    wrong = 0
    for _ in range(runs):
        x, y, groups = chain_rows(rng, n, size)
        fitted = MinimaxGapRegressor(fit_intercept=intercept).fit(x[:, [1]], y, groups)
        found = certify(fitted, x[:, [1]], y, groups, origin="minimax", failure_probability=delta)
        assert (found.violations, found.interventions) == (0, n)
        assert found.violation_bound == pytest.approx(stats.beta(2 + intercept, n - 1 - intercept).isf(delta), rel=1e-9)
        head = [*fitted.coef_, fitted.intercept_][: 1 + intercept]
        wrong += np.mean(invariance_gap(fresh, 1 + intercept, None, head) > found.threshold) > found.violation_bound
    # Exact with one free number, an upper bound with two.
    assert stats.binomtest(wrong, runs, delta, alternative="greater" if intercept else "two-sided").pvalue > LEVEL


def test_a_head_from_other_rows_is_certified_as_fixed() -> None:
    rng = np.random.default_rng(48)
    trained = AnchorRegressor(3.0).fit(*chain_rows(rng, 6, 40))
    x, y, groups = chain_rows(rng, 30, 40)
    gaps = environment_gaps(trained, x, y, groups, gap_kind="excess_risk")
    eps = float(np.median(gaps))
    found = certify(trained, x, y, groups, gap_kind="excess_risk", threshold=eps)
    assert (found.violations, found.interventions, found.origin, found.threshold) == (15, 30, "fixed", eps)
    assert found == certify_gaps(gaps, threshold=eps)
    assert found.violation_bound == pytest.approx(stats.beta(16, 15).isf(0.05), rel=1e-9)
    strictest = certify(trained, x, y, groups, gap_kind="excess_risk")
    assert (strictest.violations, strictest.threshold) == (0, gaps.max())
    assert strictest.violation_bound == pytest.approx(1.0 - 0.05 ** (1.0 / 30.0), rel=1e-12)


def test_bound_for_any_origin_solves_the_uniform_bound() -> None:
    n, delta = 2000, 0.05
    for v in (0, 1, 6):
        eta = certify_gaps(np.ones(n), origin="any", vc_dimension=v, failure_probability=delta).violation_bound
        patterns = float(comb(2 * n, np.arange(v + 1)).sum())
        assert 2.0 * patterns * 2.0 ** (-eta * n / 2.0) == pytest.approx(delta, rel=1e-6)
        assert 8.0 / n <= eta < 1.0
    # A head that was chosen with the environments may have been the one, and no other, that suits them.
    for origin, options in (("any", {"vc_dimension": 1.0}), ("minimax", {"decision_variables": 2})):
        gaps = np.append(np.ones(n - 1), 3.0)
        assert certify_gaps(gaps, threshold=3.0, origin=origin, **options).violation_bound < 0.02
        assert certify_gaps(gaps, threshold=2.0, origin=origin, **options).violation_bound == 1.0


def test_bounds_shrink_with_environments_and_grow_with_freedom() -> None:
    for origin, few, many in (("minimax", {"decision_variables": 2}, {"decision_variables": 5}), ("any", {"vc_dimension": 2}, {"vc_dimension": 9})):
        bounds = [certify_gaps(np.ones(n), origin=origin, **few).violation_bound for n in (400, 800, 1600)]
        assert np.all(np.diff(bounds) < 0.0)
        assert certify_gaps(np.ones(400), origin=origin, **many).violation_bound > bounds[0]
        assert certify_gaps(np.ones(400), **few, origin=origin, failure_probability=1e-4).violation_bound > bounds[0]
        assert bounds[0] > certify_gaps(np.ones(400)).violation_bound
    assert certify_gaps(np.ones(3), origin="minimax", decision_variables=4).violation_bound == 1.0


def test_sentences() -> None:
    gaps = np.arange(1.0, 31.0)
    beginning = "10 of 30 environments have a gap above 20; "
    assert certify_gaps(gaps, threshold=20.0).sentence == beginning + "a fresh one has with probability at most 0.4994, at confidence 0.95"
    chosen = certify_gaps(gaps, threshold=20.0, origin="minimax", decision_variables=2)
    assert chosen.sentence == beginning + "nothing is promised for a fresh one (the head was chosen with these environments)"
    few = certify_gaps(gaps, origin="any", vc_dimension=50)
    assert few.sentence == "0 of 30 environments have a gap above 30; nothing is promised for a fresh one"
    assert certify_gaps(gaps, failure_probability=0.01).sentence.endswith("at most 0.1423, at confidence 0.99")
    with pytest.raises(AttributeError):
        few.threshold = 0.0  # type: ignore[misc]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"gaps": []}, r"gaps must be finite and >= 0; got \[\]"),
    ({"gaps": [[1.0]]}, r"gaps must have shape \(N,\); got \(1, 1\)"),
    ({"gaps": [1.0, -1.0]}, "gaps must be finite and >= 0; got"),
    ({"gaps": [1.0, np.nan]}, "gaps must be finite and >= 0; got"),
    ({"threshold": -1.0}, "threshold must be finite and >= 0; got -1.0"),
    ({"threshold": np.inf}, "threshold must be finite and >= 0; got inf"),
    ({"failure_probability": 0.0}, "failure_probability must be finite and > 0 and < 1; got 0.0"),
    ({"failure_probability": 1.0}, "failure_probability must be finite and > 0 and < 1; got 1.0"),
    ({"origin": "trained"}, "origin must be one of 'fixed', 'minimax', 'any'; got 'trained'"),
    ({"origin": "minimax"}, "decision_variables must be given for origin='minimax'; got None"),
    ({"origin": "any"}, "vc_dimension must be given for origin='any'; got None"),
    ({"decision_variables": 2}, "decision_variables must be left out for origin='fixed'; got 2"),
    ({"vc_dimension": 2}, "vc_dimension must be left out for origin='fixed'; got 2"),
    ({"origin": "minimax", "decision_variables": 2, "vc_dimension": 2}, "vc_dimension must be left out for origin='minimax'; got 2"),
    ({"origin": "minimax", "decision_variables": 1}, "decision_variables must be an integer >= 2; got 1"),
    ({"origin": "minimax", "decision_variables": 2.5}, "decision_variables must be an integer >= 2; got 2.5"),
    ({"origin": "any", "vc_dimension": -1.0}, "vc_dimension must be finite and >= 0; got"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[f"{next(iter(options))}-{i}" for i, (options, _) in enumerate(BAD)])
def test_bad_numbers_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        certify_gaps(**{"gaps": [1.0, 2.0, 3.0], **options})


def test_bad_rows_and_regressors_are_named() -> None:
    x, y, groups = chain_rows(np.random.default_rng(49), 4, 20)
    line, fitted = LinearRegression().fit(x, y), MinimaxGapRegressor().fit(x, y, groups)
    for rows, targets, shapes in ((x[:, :1], y, r"\(80, 1\) and \(80,\)"), (x, y[1:], r"\(80, 2\) and \(79,\)"), (y, y, r"\(80,\) and \(80,\)")):
        with pytest.raises(ValueError, match=r"X and y must have shapes \(n, 2\) and \(n,\); got " + shapes):
            environment_gaps(line, rows, targets, groups)
    with pytest.raises(ValueError, match=r"groups must have shape \(80,\), the environment of each row; got \(79,\)"):
        environment_gaps(line, x, y, groups[1:])
    with pytest.raises(ValueError, match="gap_kind must be one of 'gradient', 'excess_risk', 'head'; got 'risk'"):
        environment_gaps(line, x, y, groups, gap_kind="risk")
    with pytest.raises(ValueError, match="must be finite"):
        environment_gaps(line, np.where(x > 1.0, np.nan, x), y, groups)
    with pytest.raises(ValueError, match="independent"):
        environment_gaps(line, x[:, [0, 0]], y, groups)
    for origin in ORIGINS:
        with pytest.raises(ValueError, match="failure_probability must be finite and > 0 and < 1; got 2"):
            certify(fitted, x, y, groups, origin=origin, failure_probability=2.0, vc_dimension=3.0 if origin == "any" else None)
    with pytest.raises(
        ValueError, match="regressor must be a MinimaxGapRegressor fitted with gap_kind='gradient' for origin='minimax'; got LinearRegr"
    ):
        certify(line, x, y, groups, origin="minimax")
    with pytest.raises(ValueError, match="regressor must be a MinimaxGapRegressor fitted with gap_kind='head' for origin='minimax'; got MinimaxGap"):
        certify(fitted, x, y, groups, origin="minimax", gap_kind="head")
    with pytest.raises(ValueError, match="origin must be one of"):
        certify(fitted, x, y, groups, origin="trained")
    with pytest.raises(ValueError, match="vc_dimension must be given for origin='any'; got None"):
        certify(line, x, y, groups, origin="any")
