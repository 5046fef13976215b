"""Logistic regression with a ridge penalty fitted to random training sets, and the error of the fit.

The rule of the simulations of arXiv:2302.02334: minimise (ridge / 2) |w|^2 plus the sum of the log losses, intercepts free, as scikit-learn does with
C = 1 / ridge (the paper's C is 1). Training sets are drawn and fitted; given the fit its error is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.gaussian_mixture import GroupedMixture, draw_features, draw_labels, exact_or_drawn_error, grouped_mixture, training_size
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.numerics.logistic_regression import LogisticFit, fit_logistic_batched
from theorylab.validation import flag, instance, whole_number

__all__ = ["checked_convergence", "error_columns", "fit_nanoseconds", "fitted", "sample_logistic_error"]


def fit_nanoseconds(sample_size: int, dimension: int, class_count: int) -> float:
    """Return roughly what drawing and fitting one training set takes on one core."""
    m, free, p = sample_size, class_count - 1, min(dimension, 2 * sample_size) + 1
    hessians = 1.5 * free * (free + 1) * m * p * (0.6 + 0.03 * p) + 0.04 * (free * p) ** 3
    return 20.0 * m * dimension + hessians + 10.0 * free * m * (0.2 * p + 6.0) + 5000.0


def fitted(
    features: Any, labels: Any, class_count: int, *, ridge: float, fit_intercept: bool = True, tolerance: float = 1e-8, namespace: Any
) -> LogisticFit:
    """Fit all training sets; none may be separable without penalty, and all must converge.

    Raises
    ------
    SeparableDataError
        If ridge is 0 and a training set is separable.
    ConvergenceError
        If a fit has not converged.
    """
    fit_intercept = flag("fit_intercept", fit_intercept)
    options: dict[str, Any] = {"ridge": ridge, "fit_intercept": fit_intercept, "tolerance": tolerance, "namespace": namespace}
    return checked_convergence(fit_logistic_batched(features, labels, class_count, on_separable="raise", **options))


def checked_convergence(fit: LogisticFit) -> LogisticFit:
    """Return the fit if every training set that has a finite solution has converged to it.

    Raises
    ------
    ConvergenceError
        If one has not.
    """
    instance("fit", fit, LogisticFit)
    open_ones = ~(fit.converged | fit.separable)
    if bool(open_ones.any()):
        raise ConvergenceError(f"logistic regression has not converged on {int(open_ones.sum())} of {len(open_ones)} training sets")
    return fit


def error_columns(rng: Any, fit: LogisticFit, mixture: GroupedMixture, test_points: int) -> dict[str, Any]:
    """Return the error of each fit, exact for two or three classes and over `test_points` fresh points a class for more, and its square root."""
    instance("fit", fit, LogisticFit)
    instance("mixture", mixture, GroupedMixture)
    error = exact_or_drawn_error(rng, fit.weights, fit.intercepts, mixture, test_points=test_points)
    return {"error": error, "root_error": namespace_of(rng).sqrt(error)}


def _logistic_block(
    *,
    multiplicities: Sequence[int],
    class_positions: Sequence[float],
    pair_correlation: float | None,
    sample_size: int | None,
    class_counts: Sequence[int] | None,
    test_points: int,
    **_: object,
) -> int:
    d = int(sum(multiplicities)) * (1 if pair_correlation is None else 2)
    classes, m = len(class_positions), training_size(sample_size, class_counts)
    drawn = classes**2 * test_points if classes > 3 else 0
    return fitting_block(nanoseconds=fit_nanoseconds(m, d, classes) + 15.0 * drawn, numbers=4 * m * d + drawn)


@block_size(_logistic_block)
def sample_logistic_error(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    ridge: float,
    sample_size: int | None = None,
    class_counts: Sequence[int] | None = None,
    class_positions: Sequence[float] = (0.5, -0.5),
    standard_deviations: float | Sequence[float] = 1.0,
    pair_correlation: float | None = None,
    fit_intercept: bool = True,
    test_points: int = 256,
) -> dict[str, Any]:
    """Sample the misclassification probability of logistic regression: draw a training set, fit, compute the error of the fitted rule.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    gaps, multiplicities, class_positions, standard_deviations, pair_correlation
        The mixture, see `theorylab.models.gaussian_mixture.grouped_mixture`. With a penalty the standard deviations matter.
    ridge
        Coefficient of the penalty, >= 0. With 0 the sampler raises where a training set is separable, since there is no fit whose error could be
        taken: use it only where that has negligible probability.
    sample_size
        m: random class counts, uniform classes, every class present.
    class_counts
        Instead of ``sample_size``: (m_0, ..., m_{K-1}), fixed.
    fit_intercept
        Whether the scores have intercepts, which are not penalised.
    test_points
        Test points of every class for each fit, where the error given the fit has to be drawn: more than three classes.

    Returns
    -------
    dict
        "error" and "root_error", its square root, (size,) each, from 0 to 1, so every moment exists. Where errors are small the skewness of "error"
        is 2 to 3 in tens of features and falls with the dimension; that of "root_error" is near 1.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    SeparableDataError
        If ``ridge`` is 0 and a training set is separable.
    ConvergenceError
        If a fit has not converged: the penalty is tiny, say, and a training set separable.
    """
    fit_intercept = flag("fit_intercept", fit_intercept)
    size = check_draw(rng, size)
    mixture = grouped_mixture(
        gaps, multiplicities, standard_deviations=standard_deviations, class_positions=class_positions, pair_correlation=pair_correlation
    )
    points, classes = whole_number("test_points", test_points), mixture.class_count
    labels = draw_labels(rng, size, class_count=classes, sample_size=sample_size, class_counts=class_counts)
    fit = fitted(draw_features(rng, mixture, labels), labels, classes, ridge=ridge, fit_intercept=fit_intercept, namespace=namespace_of(rng))
    return error_columns(rng, fit, mixture, points)
