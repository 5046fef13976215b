"""Linear regressors for rows that come from several environments, in scikit-learn's manner: ``fit(X, y, groups)``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from theorylab.papers.pac_invariance.closed_form import GAP_KINDS, minimax_head
from theorylab.papers.pac_invariance.estimators.environments import environment_labels, grouped_moments
from theorylab.papers.pac_invariance.estimators.population import irm_v1
from theorylab.validation import choice, reals, whole_number

__all__ = ["AnchorRegressor", "InvariantRiskRegressor", "LinearPredictor", "MinimaxGapRegressor"]


class LinearPredictor(RegressorMixin, BaseEstimator):
    """What the regressors of this paper share: checks of the rows and the prediction X coef_ + intercept_."""

    coef_: np.ndarray
    intercept_: float

    def _rows(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        rows, targets = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        return rows, np.asarray(targets, dtype=np.float64)

    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions (n,) for rows X (n, p)."""
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, dtype=np.float64, reset=False) @ self.coef_ + self.intercept_)


def _centred(X: np.ndarray, y: np.ndarray, centre: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    if not centre:
        return X, y, np.zeros(X.shape[1]), 0.0
    middle, level = X.mean(axis=0), float(y.mean())
    return X - middle, y - level, middle, level


class InvariantRiskRegressor(LinearPredictor):
    """Invariant risk minimisation with a scalar head, IRMv1 (arXiv:1907.02893), for linear predictors.

    Minimises, over v, mean risk + penalty * mean squared gradient over the environments, each weighted alike. Local minima: several starts, the
    penalty is raised step by step. With rows from a family whose moments span D dimensions, D environments are what it needs in general, and fewer
    than that fool it (arXiv:2205.15196 and the claims here); rows leave gradients of order 1/sqrt(rows) that no predictor can bring to zero.

    Parameters
    ----------
    penalty
        >= 0; 0 is pooled least squares with environments of equal weight.
    fit_intercept
        Whether to centre X and y by their overall means first.
    starts
        Number of starts, >= 1.
    random_state
        Seed of the starts, an integer >= 0.

    Attributes
    ----------
    coef_, intercept_
        The predictor, (p,) and float.
    squared_gradient_
        Mean squared gradient over the training environments.
    n_environments_
        Number of environments seen.
    """

    def __init__(self, penalty: float = 1e4, *, fit_intercept: bool = True, starts: int = 16, random_state: int = 0) -> None:
        self.penalty = penalty
        self.fit_intercept = fit_intercept
        self.starts = starts
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: ArrayLike | None = None) -> InvariantRiskRegressor:
        """Fit to rows X (n, p), targets y (n,) and the environment of each row, (n,); without groups all rows are one environment.

        Raises
        ------
        ValueError
            If a parameter is out of range, shapes do not fit or covariates are dependent.
        """
        rows, targets = self._rows(X, y)
        rows, targets, middle, level = _centred(rows, targets, self.fit_intercept)
        moments = grouped_moments(rows, targets, groups)
        found = irm_v1(moments.second_moments, rows.shape[1], penalty=self.penalty, starts=self.starts, random_state=self.random_state)
        self.coef_, self.intercept_ = found.coefficients, float(level - middle @ found.coefficients)
        self.squared_gradient_, self.n_environments_ = found.squared_gradient, len(moments.names)
        return self


class AnchorRegressor(LinearPredictor):
    """Anchor regression (arXiv:1801.06229): least squares that is protected against shifts along the anchors, up to strength gamma.

    Minimises |(1 - P) r|^2 + gamma |P r|^2 over the residuals r, P the projection on the anchors: by default the environments' indicators, so that it
    sees their means only. Where all environments have the same mean, every gamma is pooled least squares.

    Parameters
    ----------
    gamma
        >= 0; 1 is pooled least squares.
    fit_intercept
        Whether to centre X and y (and anchors) by their overall means first.

    Attributes
    ----------
    coef_, intercept_
        The predictor, (p,) and float.
    """

    def __init__(self, gamma: float = 10.0, *, fit_intercept: bool = True) -> None:
        self.gamma = gamma
        self.fit_intercept = fit_intercept

    def fit(self, X: Any, y: Any, groups: ArrayLike | None = None, *, anchors: ArrayLike | None = None) -> AnchorRegressor:
        """Fit to rows X (n, p), targets y (n,) and the environment of each row, (n,), or anchors (n, a) of any kind.

        Raises
        ------
        ValueError
            If gamma is negative, shapes do not fit, or both groups and anchors are given.
        """
        gamma = float(reals("gamma", self.gamma, minimum=0.0))
        rows, targets = self._rows(X, y)
        if groups is not None and anchors is not None:
            raise ValueError("groups and anchors must not both be given; got both")
        rows, targets, middle, level = _centred(rows, targets, self.fit_intercept)
        whole = np.column_stack([rows, targets])
        if anchors is None:
            numbers = environment_labels(groups, len(rows))[1]
            counts = np.bincount(numbers)
            means = np.array([np.bincount(numbers, column) for column in whole.T]).T / counts[:, None]
            projected = means[numbers]
        else:
            given = np.asarray(anchors, dtype=np.float64)
            if given.ndim != 2 or len(given) != len(rows) or not np.all(np.isfinite(given)):
                raise ValueError(f"anchors must be finite, of shape ({len(rows)}, a); got {given.shape}")
            given = given - given.mean(axis=0) if self.fit_intercept else given
            projected = given @ np.linalg.lstsq(given, whole, rcond=None)[0]
        changed = whole + (np.sqrt(gamma) - 1.0) * projected
        self.coef_ = np.linalg.lstsq(changed[:, :-1], changed[:, -1], rcond=None)[0]
        self.intercept_ = float(level - middle @ self.coef_)
        return self


class MinimaxGapRegressor(LinearPredictor):
    """The linear predictor whose largest gap over the environments is smallest.

    A convex program in p + 1 variables (one more with an intercept), so scenario theory says how often a fresh environment of the same kind, with as
    many rows, violates the gap: `certify` with ``origin="minimax"``. The gap of an environment is that of its own rows.

    Parameters
    ----------
    gap_kind
        "gradient": 2 |S w - c|; "excess_risk": (w - w_e)^T S (w - w_e); "head": |w - w_e|.
    fit_intercept
        Whether a constant is one more feature. It is part of the program, not taken out beforehand, so that the guarantee holds.
    solver
        "batched", an interior-point method of this package, or "cvxpy".

    Attributes
    ----------
    coef_, intercept_
        The predictor, (p,) and float.
    gap_
        The largest gap over the training environments.
    supports_
        How many environments hold the solution in place.
    decision_variables_
        Variables of the program, the gap included.
    n_environments_
        Number of environments seen.
    """

    def __init__(self, gap_kind: str = "gradient", *, fit_intercept: bool = True, solver: str = "batched") -> None:
        self.gap_kind = gap_kind
        self.fit_intercept = fit_intercept
        self.solver = solver

    def fit(self, X: Any, y: Any, groups: ArrayLike | None = None) -> MinimaxGapRegressor:
        """Fit to rows X (n, p), targets y (n,) and the environment of each row, (n,); without groups all rows are one environment.

        Raises
        ------
        ValueError
            If a parameter is unknown, shapes do not fit or features are dependent in an environment.
        """
        choice("gap_kind", self.gap_kind, GAP_KINDS)
        rows, targets = self._rows(X, y)
        moments = grouped_moments(rows, targets, groups, constant=self.fit_intercept)
        size = moments.second_moments.shape[1] - 1
        found = minimax_head(moments.second_moments, size, None, self.gap_kind, solver=self.solver)
        p = rows.shape[1]
        self.coef_, self.intercept_ = found.head[:p], float(found.head[p]) if self.fit_intercept else 0.0
        self.gap_, self.supports_ = float(found.gap), int(found.supports)
        self.decision_variables_, self.n_environments_ = whole_number("decision_variables", size + 1), len(moments.names)
        return self
