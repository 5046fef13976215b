"""Linear regressors for rows that come from several environments, in scikit-learn's manner: ``fit(X, y, groups)``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from theorylab.papers.pac_invariance.closed_form import GAP_KINDS, minimax_head, prediction_risk
from theorylab.papers.pac_invariance.estimators.environments import environment_labels, grouped_moments, require_independent
from theorylab.papers.pac_invariance.estimators.population import irm_v1, pooled_least_squares
from theorylab.validation import choice, flag, real, whole_number

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


def centred(X: np.ndarray, y: np.ndarray, centre: bool, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return X and y without their (weighted) means, and these; without ``centre`` as they are, and zeros."""
    if not flag("fit_intercept", centre):
        return X, y, np.zeros(X.shape[1]), 0.0
    middle, level = np.average(X, axis=0, weights=weights), float(np.average(y, weights=weights))
    # What is left of a constant would be rounding.
    return np.where(np.ptp(X, axis=0) > 0.0, X - middle, 0.0), np.where(np.ptp(y) > 0.0, y - level, 0.0), middle, level


def _least_squares(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the least-squares coefficients, of least norm in units of the columns' lengths: no column is dropped for being short."""
    lengths = np.sqrt((X**2).sum(axis=0))
    lengths[lengths == 0.0] = 1.0
    return (np.linalg.lstsq(X / lengths, y, rcond=None)[0].T / lengths).T


class InvariantRiskRegressor(LinearPredictor):
    """Invariant risk minimisation with a scalar head, IRMv1 (arXiv:1907.02893), for linear predictors.

    Minimises, over v, mean risk + penalty * mean squared gradient over the environments, each weighted alike. Local minima: several starts, the
    penalty is raised step by step. With rows from a family whose moments span D dimensions, D environments are what it needs in general, and fewer
    than that fool it (arXiv:2205.15196 and the claims here).

    Rows leave gradients of order 1/sqrt(n) that only the zero predictor avoids: at an invariant v with residual variance s their mean square is about
    4 s v^T S v/n, worth more than the risk v^T S v that v saves once penalty > n/(4 s). Then the least objective is at v = 0.

    Parameters
    ----------
    penalty
        >= 0, in units of 1/y^2; 0 is pooled least squares with environments of equal weight. When None, a tenth of the above, n/(40 s), with the
        residual variance s of pooled least squares and the harmonic mean n of the environments' rows: it grows with the rows and follows the units.
    fit_intercept
        Whether to centre X and y first, by the average of the environments' means.
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
    penalty_
        The penalty that was used.
    n_environments_
        Number of environments seen.
    """

    def __init__(self, penalty: float | None = None, *, fit_intercept: bool = True, starts: int = 16, random_state: int = 0) -> None:
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
        numbers = environment_labels(groups, len(rows))[1]
        rows, targets, middle, level = centred(rows, targets, self.fit_intercept, 1.0 / np.bincount(numbers)[numbers])
        moments = require_independent(grouped_moments(rows, targets, groups))
        m, p = moments.second_moments, rows.shape[1]
        if self.penalty is None:
            noise = float(np.mean(prediction_risk(m, p, pooled_least_squares(m, p))))
            exact = noise <= 1e-12 * float(np.mean(m[:, p, p]))
            self.penalty_ = 0.0 if exact else float(1.0 / (40.0 * noise * np.mean(1.0 / moments.rows)))
        else:
            self.penalty_ = real("penalty", self.penalty, minimum=0.0)
        found = irm_v1(m, p, penalty=self.penalty_, starts=self.starts, random_state=self.random_state)
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
        gamma = real("gamma", self.gamma, minimum=0.0)
        rows, targets = self._rows(X, y)
        if groups is not None and anchors is not None:
            raise ValueError("groups and anchors must not both be given; got both")
        rows, targets, middle, level = centred(rows, targets, self.fit_intercept)
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
            projected = given @ _least_squares(given, whole)
        changed = whole + (np.sqrt(gamma) - 1.0) * projected
        self.coef_ = _least_squares(changed[:, :-1], changed[:, -1])
        self.intercept_ = float(level - middle @ self.coef_)
        return self


class MinimaxGapRegressor(LinearPredictor):
    """The linear predictor whose largest gap over the environments is smallest.

    A convex program in p + 1 variables (one more with an intercept), so scenario theory says how often a fresh environment of the same kind, with as
    many rows, violates the gap: `certify` with ``origin="minimax"``. The gap of an environment is that of its own rows.

    Parameters
    ----------
    gap_kind
        "gradient": 2 |S w - c|; "excess_risk": (w - w_e)^T S (w - w_e); "head": |w - w_e|. The first and the last depend on the units of X.
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
        flag("fit_intercept", self.fit_intercept)
        moments = require_independent(grouped_moments(rows, targets, groups, constant=self.fit_intercept))
        size = moments.second_moments.shape[1] - 1
        found = minimax_head(moments.second_moments, size, None, self.gap_kind, solver=self.solver)
        p = rows.shape[1]
        self.coef_, self.intercept_ = found.head[:p], float(found.head[p]) if self.fit_intercept else 0.0
        self.gap_, self.supports_ = float(found.gap), int(found.supports)
        self.decision_variables_, self.n_environments_ = whole_number("decision_variables", size + 1), len(moments.names)
        return self
