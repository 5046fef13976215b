"""Logistic regression for many data sets at once: one call for the batch, and flags for each data set."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from theorylab.backend import array_module
from theorylab.numerics.logistic_regression.newton import Solution, newton_batch
from theorylab.numerics.logistic_regression.separability import SeparableDataError, is_rank_deficient, is_separable
from theorylab.validation import choice, flag, instance, moderate, real, whole_number

__all__ = ["LogisticFit", "fit_logistic_batched", "log_odds_form"]

# Below this relative pivot (or eigenvalue of the correlations) columns are suspected to be linearly dependent, and looked at singly.
DEPENDENT = 1e-9
# Scores that differ by more are on their way to infinity, perhaps: so near to 0 or 1 a probability hardly curves the objective.
FAR = 25.0


class LogisticFit(NamedTuple):
    """Fits of a batch of R data sets: score_k(x) = weights[r, k]' x + intercepts[r, k], predict the largest.

    Attributes
    ----------
    weights
        (R, K, d), of sum 0 over the classes; NaN where `separable`.
    intercepts
        (R, K), of sum 0 over the classes; NaN where `separable`, 0 without intercept.
    iterations
        (R,), steps taken.
    converged
        (R,), whether the coefficients are accurate to the tolerance.
    separable
        (R,), whether no finite solution exists.
    """

    weights: Any
    intercepts: Any
    iterations: Any
    converged: Any
    separable: Any


def log_odds_form(fit: LogisticFit) -> tuple[Any, Any]:
    """Return w (R, d) and b (R,) of the log-odds w'x + b of class 1 against class 0: scikit-learn's `coef_` and `intercept_` for two classes.

    Raises
    ------
    ValueError
        If the fit has more than two classes.
    """
    instance("fit", fit, LogisticFit)
    if fit.weights.shape[1] != 2:
        raise ValueError(f"fit must have 2 classes; got {fit.weights.shape[1]}")
    return fit.weights[:, 1] - fit.weights[:, 0], fit.intercepts[:, 1] - fit.intercepts[:, 0]


def fit_logistic_batched(
    features: Any,
    labels: Any,
    class_count: int,
    *,
    ridge: float,
    fit_intercept: bool = True,
    tolerance: float = 1e-8,
    maximum_iterations: int = 100,
    on_separable: str = "flag",
    namespace: Any = np,
) -> LogisticFit:
    """Fit a logistic regression to each data set of a batch.

    The objective is the SUM of the log losses plus a penalty, with free intercepts, as `sklearn.linear_model.LogisticRegression(C=1/ridge)` has it:

    - K = 2: one vector w for the log-odds of class 1, sum_i log(1 + exp(-s_i (w'x_i + b))) + (ridge / 2) |w|^2, s = +-1; returned as
      weights[:, 1] = w / 2 = -weights[:, 0] (`log_odds_form` gives w back). Per class the penalty is ridge sum_k |w_k|^2: twice that of K >= 3.
    - K >= 3: -sum_i log softmax(W x_i + b)_{y_i} + (ridge / 2) sum_k |w_k|^2. The minimum has sum_k w_k = 0; so has b by convention.
    - ridge = 0: the maximum-likelihood estimate with sum_k w_k = 0.

    Parameters
    ----------
    features
        (R, m, d), finite, R, m, d >= 1.
    labels
        (R, m), integers from 0 to class_count - 1.
    class_count
        K >= 2.
    ridge
        Coefficient of the penalty, >= 0.
    fit_intercept
        Whether the scores have an intercept; it is not penalised.
    tolerance
        Largest Newton decrement (g' H^-1 g)^(1/2) left, in (0, 1e-2]: about the error of the coefficients in units of their standard errors. The
        weights are off by at most tolerance / sqrt(ridge).
    maximum_iterations
        Newton steps (or cheaper ones, in the compiled solver) before a replicate counts as not converged, >= 1.
    on_separable
        What is done where no finite solution exists: with ridge = 0 on data that are separable, completely or not; with an intercept and any
        ridge where a class is absent, since its intercept has no limit. ``"flag"``: NaN coefficients and `separable` set; ``"raise"``:
        `SeparableDataError`, which names the replicate.
    namespace
        The array module of the arguments, numpy or cupy.

    Returns
    -------
    LogisticFit

    Raises
    ------
    ValueError
        If an argument is out of range; if ridge = 0, a data set is not separable, and its features (with the intercept) are linearly dependent,
        a constant one for example, so that infinitely many coefficients are maximum-likelihood estimates.
    SeparableDataError
        If ``on_separable="raise"`` and a replicate has no finite solution.

    Notes
    -----
    With numpy a compiled solver runs (see `quasi_newton`), else Newton's method in array operations (see `newton`); both never raise the objective.
    With more than 2 m features and ridge > 0 the data are first rotated into their span, which changes neither scores nor penalty. That a
    fit without penalty is separable is proved by an iterate with all samples strictly on their side; one that neither converges nor separates is
    decided by a linear program. A constant feature has the coefficient 0 when ridge > 0 and there is an intercept.
    """
    fit_intercept = flag("fit_intercept", fit_intercept)
    xp = namespace
    classes = whole_number("class_count", class_count, minimum=2)
    strength = moderate("ridge", real("ridge", ridge, minimum=0.0), most=1e50)
    limit = real("tolerance", tolerance, above=0.0, maximum=1e-2)
    steps = whole_number("maximum_iterations", maximum_iterations)
    choice("on_separable", on_separable, ("flag", "raise"))
    x, y = _checked_data(features, labels, classes, xp)
    replicates, _, d = x.shape
    hopeless = xp.zeros(replicates, dtype=bool)
    if fit_intercept:
        counts = (y[..., None] == xp.arange(classes)).sum(axis=1)
        hopeless = (counts == 0).any(axis=1)
    kept = xp.flatnonzero(~hopeless)
    weights, intercepts = xp.full((replicates, classes, d), xp.nan), xp.full((replicates, classes), xp.nan)
    iterations, converged = xp.zeros(replicates, dtype=int), xp.zeros(replicates, dtype=bool)
    separable = hopeless.copy()
    if kept.shape[0]:
        own_x, own_y = (x, y) if kept.shape[0] == replicates else (x[kept], y[kept])
        own_weights, own_intercepts, solution, dependent = _fit(own_x, own_y, classes, strength, bool(fit_intercept), limit, steps, xp)
        apart = solution.separated
        if strength == 0.0:
            scores = own_x @ own_weights.swapaxes(1, 2) + own_intercepts[:, None]
            far = (scores.max(axis=2) - scores.min(axis=2)).max(axis=1) > FAR
            _settle(own_x, own_y, classes, bool(fit_intercept), ~solution.converged | dependent | far, apart, kept, xp)
        weights[kept] = xp.where(apart[:, None, None], xp.nan, own_weights)
        intercepts[kept] = xp.where(apart[:, None], xp.nan, own_intercepts)
        iterations[kept], converged[kept], separable[kept] = solution.iterations, solution.converged & ~apart, apart
    if on_separable == "raise" and bool(separable.any()):
        first = int(xp.flatnonzero(separable)[0])
        reason = "a class has no samples and its intercept is free" if bool(hopeless[first]) else "the classes are separable and ridge is 0"
        raise SeparableDataError(first, reason)
    return LogisticFit(weights, intercepts, iterations, converged, separable)


def _checked_data(features: Any, labels: Any, class_count: int, xp: Any) -> tuple[Any, Any]:
    x, y = xp.asarray(features), xp.asarray(labels)
    if x.dtype.kind not in "iuf":
        raise ValueError(f"features must be real numbers of shape (R, m, d); got {x.dtype}")
    if x.ndim != 3 or 0 in x.shape:
        raise ValueError(f"features must have shape (R, m, d) with R, m, d >= 1; got shape {x.shape}")
    x = x.astype(xp.float64, copy=False)
    if not bool(xp.isfinite(x).all()):
        raise ValueError(f"features must be finite; got {int((~xp.isfinite(x)).sum())} entries that are NaN or infinite")
    if y.shape != x.shape[:2]:
        raise ValueError(f"labels must have shape {x.shape[:2]}, one a sample; got shape {y.shape}")
    if y.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers from 0 to {class_count - 1}; got {y.dtype}")
    if bool(((y < 0) | (y >= class_count)).any()):
        raise ValueError(f"labels must be integers from 0 to {class_count - 1}; got {int(y.min())} to {int(y.max())}")
    return x, y


def _fit(x: Any, y: Any, classes: int, ridge: float, fit_intercept: bool, tolerance: float, steps: int, xp: Any) -> tuple[Any, Any, Solution, Any]:
    """Return weights, intercepts, the solution, and which designs may be of deficient rank, for data in which every class is present."""
    replicates, m, d = x.shape
    rotation = None
    if ridge > 0.0 and d > 2 * m:
        # The penalty keeps the weights in the span of the samples, where m coordinates are enough. Below 2 m features the rotation costs more
        # than it saves.
        rotation, triangle = xp.linalg.qr(x.swapaxes(1, 2))
        x = triangle.swapaxes(1, 2)
    # Against the last class, v = w_0 - w_1 of two classes has w_0 = v / 2 = -w_1 and the penalty |v|^2 / 4; scikit-learn's is |v|^2 / 2.
    strength = 2.0 * ridge if classes == 2 else ridge
    solve = _solve_compiled if xp is np else _solve_plain
    solution, centre, dependent = solve(x, y, classes, strength, fit_intercept, tolerance, steps, xp)
    coefficients = xp.concatenate([solution.coefficients, xp.zeros((replicates, 1, solution.coefficients.shape[2]))], axis=1)
    coefficients = coefficients - coefficients.mean(axis=1, keepdims=True)
    weights, intercepts = coefficients[:, :, : x.shape[2]], xp.zeros((replicates, classes))
    if fit_intercept:
        intercepts = coefficients[:, :, -1] - (weights @ centre[..., None])[..., 0]
    if rotation is not None:
        weights = weights @ rotation.swapaxes(1, 2)
    return weights, intercepts, solution, dependent


def _solve_compiled(
    x: Any, y: Any, classes: int, ridge: float, fit_intercept: bool, tolerance: float, steps: int, xp: Any
) -> tuple[Solution, Any, Any]:
    """Return solution, centres and suspicion of dependent columns from the compiled solver."""
    from theorylab.numerics.logistic_regression.quasi_newton import solve_batch

    coefficients, centre, iterations, converged, separated, pivots, _ = solve_batch(
        np.ascontiguousarray(x), np.ascontiguousarray(y, dtype=np.int64), classes, ridge, fit_intercept, tolerance, steps, ridge == 0.0
    )
    # Dependent columns leave a pivot of rounding errors; with fewer samples than columns that is certain.
    dependent = (pivots < DEPENDENT) | (x.shape[1] < coefficients.shape[2])
    return Solution(coefficients, iterations, converged, separated), centre, dependent


def _solve_plain(x: Any, y: Any, classes: int, ridge: float, fit_intercept: bool, tolerance: float, steps: int, xp: Any) -> tuple[Solution, Any, Any]:
    """Return solution, centres and suspicion of dependent columns by Newton's method in array operations."""
    replicates, m, d = x.shape
    centre = xp.zeros((replicates, d))
    if fit_intercept:
        # A shift costs nothing when the intercept is free, and centred columns make the Hessian as well conditioned as it can be.
        centre = x.mean(axis=1)
        columns = x - centre[:, None]
        constant = xp.abs(columns).max(axis=1) <= 1e-13 * xp.abs(x).max(axis=1)
        x = xp.where(constant[:, None], 0.0, columns)
    design = xp.concatenate([x, xp.ones((replicates, m, 1))], axis=2) if fit_intercept else x
    penalty = xp.full(design.shape[2], ridge)
    penalty[d:] = 0.0
    solution = newton_batch(
        design,
        y,
        classes,
        penalty,
        tolerance=tolerance,
        maximum_iterations=steps,
        stop_when_separated=ridge == 0.0,
        namespace=xp,
    )
    dependent = xp.zeros(replicates, dtype=bool)
    if ridge == 0.0:
        gram = design.swapaxes(1, 2) @ design
        length = xp.sqrt(xp.einsum("rjj->rj", gram))
        scale = xp.where(length > 0.0, length, 1.0)
        spectrum = xp.linalg.eigvalsh(gram / (scale[:, :, None] * scale[:, None, :]))
        dependent = (spectrum[:, 0] < DEPENDENT) | (m < design.shape[2])
    return solution, centre, dependent


def _settle(x: Any, y: Any, classes: int, fit_intercept: bool, open_cases: Any, separated: Any, numbers: Any, xp: Any) -> None:
    """Decide, without penalty, what the iteration left open: mark data sets that are separable, refuse designs of deficient rank."""
    for place in xp.flatnonzero(open_cases & ~separated).tolist():
        own_x, own_y = _host(x[place]), _host(y[place])
        if is_separable(own_x, own_y, classes, fit_intercept=fit_intercept):
            separated[place] = True
        elif is_rank_deficient(own_x, fit_intercept=fit_intercept):
            constant = np.flatnonzero(np.ptp(own_x, axis=0) == 0.0 if fit_intercept else ~own_x.any(axis=0))
            which = f"feature {int(constant[0])} is constant" if constant.size else f"the {own_x.shape[1]} features are linearly dependent"
            raise ValueError(
                f"features must determine the coefficients when ridge is 0; got replicate {int(numbers[place])}, in which {which}: "
                "leave it out, or use ridge > 0"
            )


def _host(array: Any) -> np.ndarray:
    return np.asarray(array if array_module(array) is np else array.get())
