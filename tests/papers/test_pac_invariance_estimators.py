"""The regressors of pac_invariance on rows: scikit-learn's own checks, what must not matter, scaling, and least squares as a special case."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut
from sklearn.utils.estimator_checks import parametrize_with_checks

from theorylab.papers.pac_invariance.estimators import (
    AnchorRegressor,
    BestInvariantSubsetRegressor,
    InvariantCausalPrediction,
    InvariantRiskRegressor,
    MinimaxGapRegressor,
    NoInvariantSubsetError,
    environment_labels,
    grouped_moments,
)

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
ESTIMATORS: list[Any] = [
    InvariantRiskRegressor(10.0),
    AnchorRegressor(),
    MinimaxGapRegressor(),
    MinimaxGapRegressor("excess_risk"),
    MinimaxGapRegressor("head"),
    InvariantCausalPrediction(1e-9),
    BestInvariantSubsetRegressor(1e-9),
]
NAMES = ["irm", "anchor", "gradient", "excess", "head", "icp", "subset"]
every = pytest.mark.parametrize("estimator", ESTIMATORS, ids=NAMES)


def draw(environments: int = 8, rows: int = 400, seed: int = 0) -> Rows:
    """Draw Y = X0 - X1 + e with moving causes, a child X3 of moving strength, and an X2 that has no part in it."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(environments):
        x = rng.standard_normal((rows, 4)) * rng.uniform(0.5, 2.0, 4) + rng.standard_normal(4)
        y = x[:, 0] - x[:, 1] + rng.standard_normal(rows)
        x[:, 3] = rng.standard_normal() * y + 0.7 * rng.standard_normal(rows)
        parts.append((x, y))
    return np.vstack([x for x, _ in parts]), np.concatenate([y for _, y in parts]), np.repeat(np.arange(environments), rows)


def close(found: Any, expected: Any, tolerance: float) -> None:
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=tolerance * np.max(np.abs(expected)))


@parametrize_with_checks(
    [
        InvariantRiskRegressor(),
        AnchorRegressor(),
        MinimaxGapRegressor(),
        InvariantCausalPrediction(largest=2),
        BestInvariantSubsetRegressor(largest=4),
    ]
)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@every
def test_clones_and_pickles_predict_the_same(estimator: Any) -> None:
    x, y, groups = draw()
    fitted = clone(estimator).fit(x, y, groups)
    again = clone(fitted)
    with pytest.raises(NotFittedError):
        again.predict(x)
    assert again.get_params() == estimator.get_params()
    assert again.fit(x, y, groups).coef_.tolist() == fitted.coef_.tolist()
    assert pickle.loads(pickle.dumps(fitted)).predict(x).tolist() == fitted.predict(x).tolist()
    np.testing.assert_allclose(fitted.predict(x), x @ fitted.coef_ + fitted.intercept_, rtol=1e-13, atol=1e-13)


@every
def test_names_of_environments_and_the_order_of_rows_do_not_matter(estimator: Any) -> None:
    x, y, groups = draw()
    fitted = clone(estimator).fit(x, y, groups)
    words = np.array([f"site {number}" for number in range(8)])[groups]
    for labels in (words, words.astype(object), groups + 0.5, list(words)):
        same = clone(estimator).fit(x, y, labels)
        assert same.coef_.tolist() == fitted.coef_.tolist()
    order = np.random.default_rng(5).permutation(len(y))
    for other in (clone(estimator).fit(x, y, -groups), clone(estimator).fit(x[order], y[order], words[order])):
        close(other.coef_, fitted.coef_, 1e-6)
        close(other.intercept_, fitted.intercept_, 1e-5)


def test_environments_do_matter() -> None:
    x, y, groups = draw()
    mixed = np.random.default_rng(6).permutation(groups)
    for estimator in ESTIMATORS:
        difference = np.abs(clone(estimator).fit(x, y, groups).coef_ - clone(estimator).fit(x, y, mixed).coef_).max()
        assert difference > 1e-3, estimator


@every
def test_scaling_and_shifting_the_target(estimator: Any) -> None:
    x, y, groups = draw()
    fitted = clone(estimator).fit(x, y, groups)
    other = clone(estimator)
    if isinstance(other, InvariantRiskRegressor):
        # Risks go as the square, squared gradients as the fourth power.
        other.set_params(penalty=estimator.penalty / 400.0)
    other.fit(x, -20.0 * y + 3.0, groups)
    close(other.coef_, -20.0 * fitted.coef_, 1e-6)
    close(other.intercept_, 3.0 - 20.0 * fitted.intercept_, 1e-5)


@pytest.mark.parametrize("index", [0, 1, 3, 5, 6], ids=["irm", "anchor", "excess", "icp", "subset"])
def test_scaling_and_shifting_the_covariates(index: int) -> None:
    x, y, groups = draw()
    fitted, other = (clone(ESTIMATORS[index]) for _ in range(2))
    scale, shift = np.array([0.01, -3.0, 20.0, 0.5]), np.array([5.0, -2.0, 1.0, 0.3])
    fitted.fit(x, y, groups)
    other.fit(x * scale + shift, y, groups)
    close(other.coef_ * scale, fitted.coef_, 1e-6)
    close(other.predict(x * scale + shift), fitted.predict(x), 1e-6)


@pytest.mark.parametrize("kind", ["gradient", "head"])
def test_gaps_that_are_lengths_turn_with_the_covariates(kind: str) -> None:
    x, y, groups = draw()
    turn = np.linalg.qr(np.random.default_rng(7).standard_normal((4, 4)))[0]
    fitted, turned = MinimaxGapRegressor(kind).fit(x, y, groups), MinimaxGapRegressor(kind).fit(x @ turn, y, groups)
    close(turn @ turned.coef_, fitted.coef_, 1e-8)
    assert turned.gap_ == pytest.approx(fitted.gap_, rel=1e-9)
    stretched = MinimaxGapRegressor(kind).fit(x * [0.1, 1.0, 1.0, 10.0], y, groups)
    assert np.abs(stretched.coef_ * [0.1, 1.0, 1.0, 10.0] - fitted.coef_).max() > 1e-3


@pytest.mark.parametrize("intercept", [True, False])
def test_without_penalty_it_is_least_squares(intercept: bool) -> None:
    x, y, groups = draw()
    line = LinearRegression(fit_intercept=intercept).fit(x, y)
    shuffled = np.random.default_rng(1).permutation(len(y))
    for fitted in (
        InvariantRiskRegressor(0.0, fit_intercept=intercept).fit(x, y, groups),
        AnchorRegressor(1.0, fit_intercept=intercept).fit(x, y, groups),
        AnchorRegressor(1.0, fit_intercept=intercept).fit(x, y, np.minimum(groups, 3)),
        AnchorRegressor(1.0, fit_intercept=intercept).fit(x, y, anchors=x[shuffled][:, :2]),
    ):
        close(fitted.coef_, line.coef_, 1e-10)
        close(fitted.intercept_ + 1.0, line.intercept_ + 1.0, 1e-10)
    assert np.abs(InvariantRiskRegressor(1.0, fit_intercept=intercept).fit(x, y, groups).coef_ - line.coef_).max() > 1e-3
    assert np.abs(AnchorRegressor(2.0, fit_intercept=intercept).fit(x, y, groups).coef_ - line.coef_).max() > 1e-4


@pytest.mark.parametrize("intercept", [True, False])
def test_one_environment_is_least_squares(intercept: bool) -> None:
    x, y, _ = draw()
    line = LinearRegression(fit_intercept=intercept).fit(x, y)
    one: list[Any] = [InvariantRiskRegressor(penalty, fit_intercept=intercept) for penalty in (0.5, 1e3)]
    one += [MinimaxGapRegressor(kind, fit_intercept=intercept) for kind in ("gradient", "excess_risk", "head")]
    # With an intercept the one anchor is the constant, of which centring leaves nothing.
    one += [AnchorRegressor(gamma) for gamma in (0.0, 7.0)] if intercept else []
    for estimator in one:
        for labels in (None, np.full(len(y), "all")):
            fitted = clone(estimator).fit(x, y, labels)
            close(fitted.coef_, line.coef_, 1e-7)
            close(fitted.intercept_ + 1.0, line.intercept_ + 1.0, 1e-7)
    assert BestInvariantSubsetRegressor().fit(x, y).n_environments_ == 1


def test_environments_of_different_sizes_weigh_alike_in_irm() -> None:
    x, y, groups = draw()
    kept = (groups > 1) | (np.arange(len(y)) % 4 == 0)
    x, y, groups = x[kept], y[kept], groups[kept]
    weights = 1.0 / np.bincount(groups)[groups]
    line = LinearRegression(fit_intercept=False).fit(x, y, sample_weight=weights)
    close(InvariantRiskRegressor(0.0, fit_intercept=False).fit(x, y, groups).coef_, line.coef_, 1e-10)
    assert np.abs(line.coef_ - LinearRegression(fit_intercept=False).fit(x, y).coef_).max() > 1e-4


def test_indicators_as_anchors_are_the_environments() -> None:
    x, y, groups = draw()
    indicators = np.eye(8)[groups]
    for intercept in (True, False):
        by_name = AnchorRegressor(30.0, fit_intercept=intercept).fit(x, y, groups)
        by_anchor = AnchorRegressor(30.0, fit_intercept=intercept).fit(x, y, anchors=indicators)
        close(by_anchor.coef_, by_name.coef_, 1e-10)


def test_gamma_zero_is_least_squares_within_environments() -> None:
    x, y, groups = draw()
    within = [part - np.array([part[groups == g].mean(axis=0) for g in range(8)])[groups] for part in (x, y)]
    close(AnchorRegressor(0.0).fit(x, y, groups).coef_, LinearRegression(fit_intercept=False).fit(*within).coef_, 1e-10)


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
def test_the_minimax_predictor_is_the_reference_solution_and_no_neighbour_is_better() -> None:
    x, y, groups = draw(environments=5, rows=60)
    moments = grouped_moments(x, y, groups, constant=True).second_moments
    s, c = moments[:, :-1, :-1], moments[:, :-1, -1]
    rng = np.random.default_rng(2)
    for kind in ("gradient", "excess_risk", "head"):
        fitted = MinimaxGapRegressor(kind).fit(x, y, groups)
        reference = MinimaxGapRegressor(kind, solver="cvxpy").fit(x, y, groups)
        close(fitted.coef_, reference.coef_, 1e-5)
        assert fitted.gap_ == pytest.approx(reference.gap_, rel=1e-6)
        assert (fitted.decision_variables_, fitted.n_environments_) == (6, 5)
        assert 2 <= fitted.supports_ <= 5
        head = np.append(fitted.coef_, fitted.intercept_)
        near = np.vstack([head, head + 1e-3 * rng.standard_normal((200, 5))])
        half = np.einsum("eij,kj->kei", s, near) - c
        away = np.linalg.solve(s, half[..., None])[..., 0]
        gap = {"gradient": 2.0 * np.linalg.norm(half, axis=2), "excess_risk": (half * away).sum(axis=2), "head": np.linalg.norm(away, axis=2)}[kind]
        largest = gap.max(axis=1)
        assert largest[0] == pytest.approx(fitted.gap_, rel=1e-9)
        assert np.all(largest[1:] > largest[0])


def test_grid_search_over_environments() -> None:
    x, y, groups = draw(rows=100)
    search = GridSearchCV(AnchorRegressor(), {"gamma": [1.0, 1e4]}, cv=LeaveOneGroupOut(), scoring="neg_mean_squared_error").fit(x, y, groups=groups)
    assert search.best_estimator_.coef_.shape == (4,)


def test_moments_of_groups_by_hand() -> None:
    x, y, groups = draw(environments=3, rows=20)
    names, numbers = environment_labels(np.array(["b", "c", "a"])[groups], 60)
    assert (names.tolist(), numbers[[0, 20, 40]].tolist()) == (["a", "b", "c"], [1, 2, 0])
    assert environment_labels(None, 4)[1].tolist() == [0, 0, 0, 0]
    found = grouped_moments(x, y, numbers, constant=True)
    for number in range(3):
        whole = np.column_stack([x, np.ones(60), y])[numbers == number]
        np.testing.assert_allclose(found.second_moments[number], whole.T @ whole / 20, rtol=1e-12)
        np.testing.assert_allclose(found.means[number], whole.mean(axis=0), rtol=1e-12)
    assert found.rows.tolist() == [20, 20, 20]


BAD: list[tuple[Any, str]] = [
    (InvariantRiskRegressor(-1.0), "penalty must be finite and >= 0; got -1.0"),
    (InvariantRiskRegressor(np.nan), "penalty must be finite and >= 0; got nan"),
    (InvariantRiskRegressor(starts=0), "starts must be an integer >= 1; got 0"),
    (InvariantRiskRegressor(random_state=-1), "random_state must be an integer >= 0; got -1"),
    (AnchorRegressor(-0.5), "gamma must be finite and >= 0; got -0.5"),
    (MinimaxGapRegressor("risk"), "gap_kind must be one of 'gradient', 'excess_risk', 'head'; got 'risk'"),
    (MinimaxGapRegressor(solver="exact"), "solver must be one of 'batched', 'cvxpy'; got 'exact'"),
    (InvariantCausalPrediction(0.0), "failure_probability must be finite and > 0 and < 1; got 0.0"),
    (BestInvariantSubsetRegressor(1.0), "failure_probability must be finite and > 0 and < 1; got 1.0"),
    (InvariantCausalPrediction(largest=-1), "largest must be an integer >= 0; got -1"),
    (BestInvariantSubsetRegressor(largest=1.5), "largest must be an integer >= 0; got 1.5"),
]


@pytest.mark.parametrize(("estimator", "message"), BAD, ids=[f"{message.split()[0]}-{i}" for i, (_, message) in enumerate(BAD)])
def test_bad_parameters_are_named(estimator: Any, message: str) -> None:
    x, y, groups = draw(rows=20)
    with pytest.raises(ValueError, match=message):
        estimator.fit(x, y, groups)


@every
def test_bad_rows_are_named(estimator: Any) -> None:
    x, y, groups = draw(rows=20)
    with pytest.raises(ValueError, match=r"groups must have shape \(160,\), the environment of each row; got \(159,\)"):
        clone(estimator).fit(x, y, groups[1:])
    with pytest.raises(ValueError, match=r"groups must have shape \(160,\), the environment of each row; got \(160, 1\)"):
        clone(estimator).fit(x, y, groups[:, None])
    with pytest.raises(ValueError, match="NaN"):
        clone(estimator).fit(np.where(x > 1.0, np.nan, x), y, groups)
    with pytest.raises(ValueError, match="infinity"):
        clone(estimator).fit(x, np.where(y > 1.0, np.inf, y), groups)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        clone(estimator).fit(x, y[1:], groups)
    with pytest.raises(ValueError, match="expecting 4 features"):
        clone(estimator).fit(x, y, groups).predict(x[:, :3])


def test_bad_anchors_and_dependent_columns_are_named() -> None:
    x, y, groups = draw(rows=20)
    with pytest.raises(ValueError, match="groups and anchors must not both be given"):
        AnchorRegressor().fit(x, y, groups, anchors=x)
    for anchors in (x[:, 0], x[1:], np.full_like(x, np.nan)):
        with pytest.raises(ValueError, match=r"anchors must be finite, of shape \(160, a\)"):
            AnchorRegressor().fit(x, y, anchors=anchors)
    doubled = x[:, [0, 1, 1]]
    for estimator in (InvariantRiskRegressor(), MinimaxGapRegressor(), InvariantCausalPrediction(), BestInvariantSubsetRegressor()):
        with pytest.raises(ValueError, match="independent"):
            estimator.fit(doubled, y, groups)
    with pytest.raises(ValueError, match="largest must leave at most 65536 subsets of 17 covariates; got None"):
        InvariantCausalPrediction().fit(np.random.default_rng(0).standard_normal((160, 17)), y, groups)
    with pytest.raises(ValueError, match="groups must have more than 1 rows each to test 0 covariates; got 1 in 9"):
        InvariantCausalPrediction().fit(x, y, np.where(np.arange(160) == 0, 9, groups))
    with pytest.raises(NoInvariantSubsetError, match=r"no subset of covariates is invariant at failure_probability=0.5; the best is \("):
        BestInvariantSubsetRegressor(0.5).fit(x, y * (1.0 + 20.0 * groups), groups)
