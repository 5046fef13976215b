"""Hard data for the regressors of pac_invariance: units, offsets, constant and dependent columns, exact fits, environments of very different size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from theorylab.numerics.convex import minimax_norms
from theorylab.papers.pac_invariance.estimators import (
    AnchorRegressor,
    BestInvariantSubsetRegressor,
    InvariantCausalPrediction,
    InvariantRiskRegressor,
    MinimaxGapRegressor,
    environment_gaps,
)

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
UNITS = np.array([1e-6, 1e6, 1.0, 1e3])


def draw(environments: int = 8, rows: int = 2000, seed: int = 0) -> Rows:
    """Draw Y = X0 - X1 + e with moving causes, a child X3 of moving strength, and an X2 that has no part in it."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(environments):
        x = rng.standard_normal((rows, 4)) * rng.uniform(0.5, 2.0, 4) + rng.standard_normal(4)
        y = x[:, 0] - x[:, 1] + rng.standard_normal(rows)
        x[:, 3] = rng.standard_normal() * y + 0.7 * rng.standard_normal(rows)
        parts.append((x, y))
    return np.vstack([x for x, _ in parts]), np.concatenate([y for _, y in parts]), np.repeat(np.arange(environments), rows)


@pytest.mark.parametrize(
    "estimator",
    [
        AnchorRegressor(),
        InvariantRiskRegressor(10.0),
        MinimaxGapRegressor("excess_risk"),
        InvariantCausalPrediction(1e-9),
        BestInvariantSubsetRegressor(1e-9),
    ],
    ids=["anchor", "irm", "excess", "icp", "subset"],
)
def test_units_of_columns_from_a_millionth_to_a_million(estimator: Any) -> None:
    x, y, groups = draw()
    fitted = clone(estimator).fit(x, y, groups)
    other = clone(estimator).fit(x * UNITS, y, groups)
    np.testing.assert_allclose(other.coef_ * UNITS, fitted.coef_, rtol=0.0, atol=1e-5)
    assert other.intercept_ == pytest.approx(fitted.intercept_, abs=1e-5)


def test_anchors_in_small_units_count_too() -> None:
    x, y, _ = draw()
    anchors = np.random.default_rng(1).standard_normal((len(y), 2)) + x[:, :2]
    plain = AnchorRegressor(50.0).fit(x, y, anchors=anchors)
    np.testing.assert_allclose(AnchorRegressor(50.0).fit(x, y, anchors=anchors * [1e-7, 1e7]).coef_, plain.coef_, atol=1e-8)


def test_minimax_problems_in_other_units_of_the_point() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((20, 12, 3, 3)), rng.standard_normal((20, 12, 3))
    plain = minimax_norms(a, b)
    units = np.array([1e-7, 1e5, 1.0])
    scaled = minimax_norms(a * units, b)
    np.testing.assert_allclose(scaled.values, plain.values, rtol=1e-9)
    np.testing.assert_allclose(scaled.points * units, plain.points, atol=1e-6)
    assert scaled.supports.tolist() == plain.supports.tolist()


def test_large_offsets_are_taken_out() -> None:
    x, y, groups = draw()
    for estimator in (AnchorRegressor(), InvariantRiskRegressor(10.0), InvariantCausalPrediction(1e-9), BestInvariantSubsetRegressor(1e-9)):
        fitted, other = clone(estimator).fit(x, y, groups), clone(estimator).fit(x + 1e7, y - 1e7, groups)
        np.testing.assert_allclose(other.coef_, fitted.coef_, atol=1e-5)


SUBSETS: list[Any] = [InvariantCausalPrediction(), BestInvariantSubsetRegressor(1e-9)]
NEEDS_INDEPENDENCE: list[Any] = [InvariantRiskRegressor(10.0), MinimaxGapRegressor("excess_risk"), *SUBSETS]


@pytest.mark.parametrize("spoil", ["sum", "constant", "constant in each environment", "nearly"])
def test_dependent_columns_are_refused(spoil: str) -> None:
    x, y, groups = draw(rows=300)
    noise = np.random.default_rng(3).standard_normal(len(y))
    # .3 is no binary number, so means of it are not exact.
    x[:, 2] = {
        "sum": x[:, 0] + x[:, 1],
        "constant": np.full(len(y), 0.3),
        "constant in each environment": 0.3 * groups + 0.1,
        "nearly": x[:, 0] + 1e-8 * noise,
    }[spoil]
    # With one intercept for all, a column may be constant within environments if it differs between them.
    for estimator in SUBSETS if spoil == "constant in each environment" else NEEDS_INDEPENDENCE:
        with pytest.raises(ValueError, match="X must have independent columns in every environment"):
            clone(estimator).fit(x, y, groups)
    if spoil == "nearly":
        return
    fitted = AnchorRegressor(1.0).fit(x, y, groups)
    np.testing.assert_allclose(fitted.predict(x), LinearRegression().fit(x, y).predict(x), atol=1e-6)


def test_environments_with_fewer_rows_than_columns_are_named() -> None:
    x, y, groups = draw(rows=50)
    names = np.where(np.arange(len(y)) < 3, "late", "site")
    names = np.char.add(names, np.where(np.arange(len(y)) < 3, "", groups.astype(str)))
    for estimator in (InvariantRiskRegressor(), MinimaxGapRegressor()):
        with pytest.raises(ValueError, match=r"X must have independent columns .* in late with 3 rows \(1 of 9 environments\)"):
            estimator.fit(x, y, names)
    with pytest.raises(ValueError, match="groups must have more than 3 rows each to test 2 covariates; got 3 in late"):
        InvariantCausalPrediction().fit(x, y, names)
    with pytest.raises(ValueError, match="in late with 3 rows"):
        environment_gaps(LinearRegression().fit(x, y), x, y, names)


def test_an_exact_fit_is_invariant() -> None:
    x, _, groups = draw(rows=200)
    for y in (x[:, 0] - x[:, 1], 1e5 + 1e-3 * (x[:, 0] - x[:, 1])):
        fitted = InvariantCausalPrediction().fit(x[:, :3], y, groups)
        assert fitted.accepted_ == [(0, 1), (0, 1, 2)]
        assert fitted.causes_ == (0, 1)
    for level in (0.0, 0.3):
        constant = InvariantCausalPrediction().fit(x[:, :3], np.full(len(x), level), groups)
        assert set(constant.p_values_.values()) == {1.0}
        assert constant.predict(x[:5, :3]).tolist() == pytest.approx([level] * 5)


def test_one_environment_a_hundred_million_times_as_wide_does_not_drown_the_others() -> None:
    rng, groups = np.random.default_rng(4), np.repeat([0, 1, 2], 40)
    x, y = rng.standard_normal((3, 40, 1)), rng.standard_normal((3, 40))
    x -= x.mean(axis=1, keepdims=True)
    x[0] *= 1e8
    y[1:] += 0.5 * x[1:, :, 0]

    def squares(*numbers: int) -> float:
        features = np.column_stack([np.ones(40 * len(numbers)), np.concatenate([x[number] for number in numbers])])
        return float(np.linalg.lstsq(features, np.concatenate([y[number] for number in numbers]), rcond=1e-300)[1][0])

    least = 1.0
    for number in range(3):
        own, rest = squares(number), squares(*({0, 1, 2} - {number}))
        chow = (squares(0, 1, 2) - own - rest) / 2.0 / ((own + rest) / 116.0)
        ratio = (own / 38.0) / (rest / 78.0)
        least = min(least, stats.f.sf(chow, 2, 116), 2.0 * stats.f.sf(ratio, 38, 78), 2.0 * stats.f.cdf(ratio, 38, 78))
    found = InvariantCausalPrediction().fit(x.reshape(-1, 1), y.ravel(), groups)
    assert found.p_values_[0,] == pytest.approx(6.0 * least, rel=1e-6)


def test_penalty_zero_is_least_squares_with_equal_weight_for_each_environment() -> None:
    x, y, groups = draw(rows=400)
    kept = (groups > 1) | (np.arange(len(y)) % 4 == 0)
    x, y, groups = x[kept], y[kept], groups[kept]
    line = LinearRegression().fit(x, y, sample_weight=1.0 / np.bincount(groups)[groups])
    fitted = InvariantRiskRegressor(0.0).fit(x, y, groups)
    np.testing.assert_allclose(fitted.coef_, line.coef_, atol=1e-10)
    assert fitted.intercept_ == pytest.approx(line.intercept_, abs=1e-10)


@pytest.mark.parametrize("estimator", [AnchorRegressor(), *NEEDS_INDEPENDENCE], ids=["anchor", "irm", "excess", "icp", "subset"])
def test_labels_that_name_no_environment_are_refused(estimator: Any) -> None:
    x, y, groups = draw(rows=50)
    for labels in (np.where(groups == 1, np.nan, groups), [None if group == 1 else f"site {group}" for group in groups]):
        with pytest.raises(ValueError, match="groups must name the environment of each row; got missing labels"):
            clone(estimator).fit(x, y, np.asarray(labels))
    mixed = np.array([int(group) if group == 1 else f"site {group}" for group in groups], dtype=object)
    with pytest.raises(ValueError, match=r"groups must be labels of one kind; got \['int', 'str'\]"):
        clone(estimator).fit(x, y, mixed)


def test_gaps_want_a_fitted_regressor_and_finite_rows() -> None:
    x, y, groups = draw(rows=50)
    with pytest.raises(ValueError, match=r"regressor must be fitted and linear, with coef_ and intercept_; got MinimaxGapRegressor\(\)"):
        environment_gaps(MinimaxGapRegressor(), x, y, groups)
    with pytest.raises(ValueError, match="X and y must be finite; got NaN or infinite entries"):
        environment_gaps(LinearRegression().fit(x, y), np.where(x > 1.0, np.nan, x), y, groups)


def test_the_default_penalty_of_irm_follows_rows_and_units_and_keeps_the_predictor() -> None:
    for rows in (1000, 10_000):
        x, y, groups = draw(rows=rows, seed=rows)
        fitted = InvariantRiskRegressor().fit(x, y, groups)
        assert np.linalg.norm(fitted.coef_ - [1.0, -1.0, 0.0, 0.0]) < 8.0 / np.sqrt(rows)
        other = InvariantRiskRegressor().fit(x, 1000.0 * y, groups)
        np.testing.assert_allclose(other.coef_, 1000.0 * fitted.coef_, atol=1e-3)
        assert 1e6 * other.penalty_ == pytest.approx(fitted.penalty_, rel=1e-6)
        assert 0.01 < fitted.penalty_ / rows < 0.05
        # Past the bound the zero predictor would be better: its objective is the mean square of Y.
        risk, nothing = (np.mean([np.var(part[groups == number]) for number in range(8)]) for part in (y - fitted.predict(x), y))
        assert risk + 2.0 * fitted.penalty_ * fitted.squared_gradient_ < nothing
        assert risk + 800.0 * fitted.penalty_ * fitted.squared_gradient_ > nothing
