"""Regressors that choose covariates by testing invariance: invariant causal prediction, and the best invariant subset."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from theorylab.papers.pac_invariance.estimators.environments import GroupedMoments, grouped_moments
from theorylab.papers.pac_invariance.estimators.invariance_tests import SubsetTest, subset_tests
from theorylab.papers.pac_invariance.estimators.regressors import LinearPredictor, centred
from theorylab.validation import real, whole_number

__all__ = ["BestInvariantSubsetRegressor", "InvariantCausalPrediction", "NoInvariantSubsetError"]

# 2^16 subsets take seconds.
MOST_SUBSETS = 2**16


class NoInvariantSubsetError(ValueError):
    """No subset of the covariates passes the tests of invariance."""


class _SubsetPredictor(LinearPredictor):
    failure_probability: float
    largest: int | None

    def _tests(self, X: Any, y: Any, groups: ArrayLike | None) -> tuple[float, GroupedMoments, list[SubsetTest]]:
        level = real("failure_probability", self.failure_probability, above=0.0, below=1.0)
        rows, targets = self._rows(X, y)
        p = rows.shape[1]
        largest = p if self.largest is None else min(p, whole_number("largest", self.largest, minimum=0))
        if sum(math.comb(p, size) for size in range(largest + 1)) > MOST_SUBSETS:
            raise ValueError(f"largest must leave at most {MOST_SUBSETS} subsets of {p} covariates; got {self.largest!r}: choose covariates before")
        # Centred by the overall means: the constant is still fitted, and sums of squares keep their digits.
        rows, targets, self._middle, self._level = centred(rows, targets, True)
        moments = grouped_moments(rows, targets, groups, constant=True)
        tests = subset_tests(moments, largest=largest)
        self.p_values_ = {test.columns: test.p_value for test in tests}
        self.n_environments_ = len(moments.names)
        return level, moments, tests

    def _use(self, chosen: SubsetTest, p: int) -> None:
        self.coef_ = np.zeros(p)
        self.coef_[list(chosen.columns)] = chosen.coefficients
        self.intercept_ = float(self._level + chosen.intercept - self._middle @ self.coef_)


class InvariantCausalPrediction(_SubsetPredictor):
    """Invariant causal prediction (Peters, Buehlmann, Meinshausen 2016, arXiv:1501.01332).

    Tests every subset of covariates for invariance; the covariates that are in all accepted subsets are causes of the target, all at once with
    probability at least 1 - delta, if no intervention acts on the target and the model is linear and Gaussian. It errs on the side of silence:
    a cause that no intervention tells apart stays out.

    Parameters
    ----------
    failure_probability
        delta in (0, 1), the level of the tests.
    largest
        Most covariates in a subset; all when None.

    Attributes
    ----------
    causes_
        Positions of the covariates that are in every accepted subset.
    accepted_
        The accepted subsets; empty if none is, which speaks against the assumptions.
    p_values_
        From each subset to its p-value.
    confidence_intervals_
        (p, 2): unions over accepted subsets of the usual intervals of level 1 - delta (0 where a covariate is left out), so each covers with
        probability at least 1 - 2 delta; NaN if no subset is accepted.
    coef_, intercept_
        Least squares on the causes, for `predict`.
    """

    def __init__(self, failure_probability: float = 0.05, *, largest: int | None = None) -> None:
        self.failure_probability = failure_probability
        self.largest = largest

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Without environments it finds no cause and predicts the mean.
        tags.regressor_tags.poor_score = True
        return tags

    def fit(self, X: Any, y: Any, groups: ArrayLike | None = None) -> InvariantCausalPrediction:
        """Fit to rows X (n, p), targets y (n,) and the environment of each row, (n,); without groups nothing can be told apart.

        Raises
        ------
        ValueError
            If a parameter is out of range, shapes do not fit, covariates are dependent or an environment has too few rows.
        """
        delta, moments, tests = self._tests(X, y, groups)
        accepted = [test for test in tests if test.p_value > delta]
        p = moments.second_moments.shape[1] - 2
        self.accepted_ = [test.columns for test in accepted]
        common = set(range(p)) if accepted else set()
        for test in accepted:
            common &= set(test.columns)
        self.causes_ = tuple(sorted(common))
        self.confidence_intervals_ = np.full((p, 2), np.nan)
        if accepted:
            quantile = float(stats.norm.isf(delta / 2.0))
            ends = np.zeros((len(accepted), p, 2))
            for row, test in zip(ends, accepted, strict=True):
                for column, estimate, error in zip(test.columns, test.coefficients, test.standard_errors, strict=True):
                    row[column] = estimate - quantile * error, estimate + quantile * error
            self.confidence_intervals_ = np.stack([ends[..., 0].min(axis=0), ends[..., 1].max(axis=0)], axis=1)
        self._use(next(test for test in tests if test.columns == self.causes_), p)
        return self


class BestInvariantSubsetRegressor(_SubsetPredictor):
    """Least squares on the subset of covariates with the least residual variance among those that pass the tests of invariance.

    Unlike `InvariantCausalPrediction` it may use effects of the target that no intervention touches; unlike pooled least squares it leaves out what
    moves. A linear combination of covariates can be invariant, and better, where no subset is (`InvariantRiskRegressor`).

    Parameters
    ----------
    failure_probability
        delta in (0, 1), the level of the tests.
    largest
        Most covariates in a subset; all when None.

    Attributes
    ----------
    columns_
        Positions of the chosen covariates.
    p_values_
        From each subset to its p-value.
    coef_, intercept_
        The predictor, zero on the covariates left out.
    """

    def __init__(self, failure_probability: float = 0.05, *, largest: int | None = None) -> None:
        self.failure_probability = failure_probability
        self.largest = largest

    def fit(self, X: Any, y: Any, groups: ArrayLike | None = None) -> BestInvariantSubsetRegressor:
        """Fit to rows X (n, p), targets y (n,) and the environment of each row, (n,).

        Raises
        ------
        ValueError
            If a parameter is out of range, shapes do not fit, covariates are dependent or an environment has too few rows.
        NoInvariantSubsetError
            If no subset is accepted.
        """
        delta, moments, tests = self._tests(X, y, groups)
        accepted = [test for test in tests if test.p_value > delta]
        if not accepted:
            best = max(tests, key=lambda test: test.p_value)
            raise NoInvariantSubsetError(
                f"no subset of covariates is invariant at failure_probability={delta:g}; the best is {best.columns} with p-value {best.p_value:.3g}"
            )
        chosen = min(accepted, key=lambda test: test.residual_variance)
        self.columns_ = chosen.columns
        self._use(chosen, moments.second_moments.shape[1] - 2)
        return self
