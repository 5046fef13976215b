"""Separability of drawn training sets: proofs against a linear program, laws, devices, bad input. Random laws and the convex programs beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_same_mean
from scipy.optimize import linprog
from scipy.stats import binom

from theorylab.numerics.logistic_regression import is_separable
from theorylab.papers.naive_bayes_logistic import monte_carlo as mc

LOG_2 = float(np.log(2.0))


def by_linear_program(rows: np.ndarray) -> bool:
    """Look for w with rows @ w >= 1."""
    m, columns = rows.shape
    return linprog(np.zeros(columns), A_ub=-rows, b_ub=-np.ones(m), bounds=(None, None), method="highs").status == 0


@pytest.mark.parametrize(("m", "d", "r"), [(30, 13, 0.0), (12, 5, 0.0), (60, 20, 0.5), (126, 60, 0.5), (40, 9, 1.0), (6, 1, 0.0), (5, 9, 0.0)])
def test_two_proofs_agree_with_a_linear_program(m: int, d: int, r: float) -> None:
    features, labels = mc.draw_two_classes(np.random.default_rng(m), 25, sample_size=m, dimension=d, half_distance=r)
    seen = set()
    for x, y in zip(features, labels, strict=True):
        for design in (x, np.column_stack([x, np.ones(m)])):
            rows = design * (2.0 * y - 1.0)[:, None]
            answer = mc.strictly_separable(rows)
            assert answer == by_linear_program(rows)
            seen.add(answer)
        assert mc.strictly_separable(x * (2.0 * y - 1.0)[:, None]) == is_separable(x, y, 2, fit_intercept=False)
    assert m <= d or m > 2 * 60 or len(seen) == 2


def test_known_cases() -> None:
    assert mc.strictly_separable(np.array([[1.0, 0.0], [0.5, 1.0]]))
    assert not mc.strictly_separable(np.array([[1.0], [-1.0]]))
    assert not mc.strictly_separable(np.array([[1.0, 0.0], [-0.5, 0.9], [-0.5, -0.9]]))
    # A margin of 1e-5 is no rounding.
    assert mc.strictly_separable(np.array([[1.0, 1e-5], [-1.0, 1e-5]]))


def _goes_round(*_: object, **__: object) -> None:
    raise RuntimeError("Maximum number of iterations reached.")


def _ends_early(equations: np.ndarray, *_: object, **__: object) -> tuple[np.ndarray, float]:
    """Return no minimum, and say that it is one."""
    return np.zeros(equations.shape[1]), 0.0


@pytest.mark.parametrize("solver", [_goes_round, _ends_early], ids=["none", "too early"])
def test_the_linear_program_decides_where_the_solver_does_not(solver: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("theorylab.papers.naive_bayes_logistic.monte_carlo.separability.nnls", solver)
    test_known_cases()
    features, labels = mc.draw_two_classes(np.random.default_rng(3), 40, sample_size=12, dimension=5, half_distance=0.0)
    rows = features * (2.0 * labels - 1.0)[:, :, None]
    answers = [mc.strictly_separable(each) for each in rows]
    assert answers == [by_linear_program(each) for each in rows]
    assert len(set(answers)) == 2


@pytest.mark.parametrize(("m", "columns", "fit_intercept"), [(12, 5, False), (12, 5, True)])
def test_share_is_covers(m: int, columns: int, fit_intercept: bool) -> None:
    d = columns - fit_intercept
    values = mc.sample_separability(np.random.default_rng(1), 4000, sample_size=m, dimension=d, half_distance=0.0, fit_intercept=fit_intercept)
    assert set(values.tolist()) <= {0.0, 1.0}
    assert_same_mean(values, binom.cdf(columns - 1, m - 1, 0.5))


def test_drawn_classes() -> None:
    features, labels = mc.draw_two_classes(np.random.default_rng(2), 400, sample_size=50, dimension=3, half_distance=0.7)
    assert features.shape == (400, 50, 3)
    assert labels.shape == (400, 50)
    signs = 2.0 * labels - 1.0
    assert_same_mean((features[:, :, 0] * signs).ravel(), 0.7)
    assert_same_mean((features[:, :, 1] * signs).ravel(), 0.0)
    assert_same_mean(((features[:, :, 0] - 0.7 * signs) ** 2).ravel(), 1.0)
    assert_same_mean(labels.ravel(), 0.5)


def test_on_a_device() -> None:
    size = {"sample_size": 20, "dimension": 6, "half_distance": 0.5}
    for fit_intercept in (False, True):
        values = mc.sample_separability(DeviceGenerator(3), 50, fit_intercept=fit_intercept, **size)
        assert values.shape == (50,)
        again = mc.sample_separability(DeviceGenerator(3), 50, fit_intercept=fit_intercept, **size)
        assert np.array_equal(values, again)


def test_blocks_are_powers_of_two() -> None:
    for m, d in ((10, 2), (159, 60), (2000, 500)):
        block = mc.sample_separability.block_size(sample_size=m, dimension=d, half_distance=0.0, fit_intercept=True)
        assert block >= 1
        assert block & (block - 1) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [({"sample_size": 0}, "sample_size must be"), ({"dimension": 1.5}, "dimension must be"), ({"half_distance": -1.0}, "half_distance must be")],
)
def test_bad_input(change: dict, message: str) -> None:
    arguments = {"sample_size": 10, "dimension": 2, "half_distance": 0.0, "fit_intercept": False} | change
    with pytest.raises(ValueError, match=message):
        mc.sample_separability(np.random.default_rng(0), 2, **arguments)


# Random laws, and the convex programs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("concentration", [0.02, 1.0])
def test_random_laws(concentration: float) -> None:
    laws, predicted = mc.draw_conditional_laws(np.random.default_rng(4), 4000, class_count=3, concentration=concentration)
    assert laws.shape == (4000, 3)
    assert laws.sum(axis=1) == pytest.approx(np.ones(4000), abs=1e-12)
    assert laws.min() >= 0
    assert_same_mean(laws[:, 0], 1 / 3)
    assert_same_mean(predicted == 2, 1 / 3)
    # A symmetric Dirichlet law: E sum p^2 = (c + 1) / (K c + 1).
    assert_same_mean((laws**2).sum(axis=1), (concentration + 1) / (3 * concentration + 1))


def test_random_distributions_on_a_device() -> None:
    masses, laws, scores = mc.draw_scored_distributions(DeviceGenerator(5), 30, class_count=4, points=3)
    assert (masses.shape, laws.shape, scores.shape) == ((30, 3), (30, 3, 4), (30, 3, 4))
    assert masses.sum(axis=1) == pytest.approx(np.ones(30))
    assert np.all(np.isfinite(scores))
    with pytest.raises(ValueError, match="concentration must be"):
        mc.draw_conditional_laws(np.random.default_rng(0), 2, class_count=3, concentration=0.001)
    with pytest.raises(ValueError, match="class_count must be"):
        mc.draw_scored_distributions(np.random.default_rng(0), 2, class_count=1, points=3)


def test_convex_programs_on_known_cases() -> None:
    law = [0.8, 0.2]
    tied = LOG_2 + 0.8 * np.log(0.8) + 0.2 * np.log(0.2)
    assert mc.closest_law_regret(law, 1) == pytest.approx(tied, abs=1e-7)
    assert mc.closest_law_regret(law, 0) == pytest.approx(0.0, abs=1e-7)
    assert mc.least_scored_regret(law, 1, bound=30.0) == pytest.approx(tied, abs=1e-7)
    assert mc.least_regret(0.6, 2) == pytest.approx(tied, abs=1e-7)
    # Scores of width 2 reach odds of e^0.4 only: tied against these.
    short = LOG_2 - (np.log1p(np.exp(-0.4)) + 0.4 * 0.2)
    assert mc.least_scored_regret(law, 1, bound=0.2) == pytest.approx(short, abs=1e-7)
    assert mc.least_linear_regret([3.0, 4.0], law, 1, weight_norm=0.02, largest_intercept=0.1) == pytest.approx(short, abs=1e-7)
    assert mc.least_regret(0.2, 3, bound=1.0) == pytest.approx(0.0218186, abs=2e-7)
    with pytest.raises(RuntimeError, match="ended as infeasible"):
        mc.least_regret(0.9, 3, bound=0.1)


def test_fitted_linear_scores_are_those_of_logistic_regression() -> None:
    # Two points and an intercept fit both conditional laws exactly, so the risk is the mean entropy.
    risk, scores = mc.fitted_linear_scores([[0.0], [1.0]], [0.25, 0.75], [[0.7, 0.3], [0.4, 0.6]])
    entropy = [-(p * np.log(p) + (1 - p) * np.log(1 - p)) for p in (0.3, 0.6)]
    assert risk == pytest.approx(0.25 * entropy[0] + 0.75 * entropy[1], abs=1e-7)
    assert scores[:, 1] - scores[:, 0] == pytest.approx([np.log(3 / 7), np.log(1.5)], abs=1e-3)
