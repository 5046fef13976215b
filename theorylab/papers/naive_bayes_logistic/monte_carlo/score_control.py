"""The excess error and log loss of logistic regression without a penalty, and the score statistics that nearly determine them.

Two equally likely classes, features N(+-(delta/2) e_1, I_d): any mixture with a common covariance looks so after a linear map, which logistic
regression without a penalty does not notice. The fit moves by the inverse Fisher information times the score at the true log-odds ``delta x_1``, so
the excess is nearly a quadratic form of that score, which needs no fit and whose mean is elementary: a control variate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from theorylab.backend import check_draw, checked_array, namespace_of
from theorylab.models.gaussian_mixture import GroupedMixture, draw_features, draw_labels, grouped_mixture, two_class_error
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.naive_bayes_logistic.monte_carlo.logistic import fitted
from theorylab.validation import flag, instance, integers, moderate, real, whole_number

__all__ = ["expected_log_loss", "sample_logistic_excess", "sample_multinomial_loss_excess", "sample_rademacher_average", "sample_score_squares"]

# Nodes of the trapezoid rule for E log(1 + exp(-t)), t normal: exact to 1e-13 for standard deviations up to 5.
_NODES = np.linspace(-9.0, 9.0, 121)


def expected_log_loss(normal: Any, offset: Any, mixture: GroupedMixture, *, namespace: Any = np) -> Any:
    """Return the expected log loss of the log-odds normal'x + offset of class 0 against class 1, classes being equally likely.

    Parameters
    ----------
    normal, offset
        (R, d) and (R,).
    mixture
        Two classes, independent features.
    namespace
        The array module of the arguments.

    Returns
    -------
    array (R,)
        By the trapezoid rule in the margin, which is normal given the class.
    """
    instance("mixture", mixture, GroupedMixture)
    xp = namespace
    if mixture.class_count != 2 or mixture.pair_correlation is not None:
        raise ValueError(f"mixture must have 2 classes and independent features; got {mixture.class_count} classes")
    normal = checked_array("normal", normal, ("R", mixture.dimension), minimum=-1e100, maximum=1e100)
    offset = checked_array("offset", offset, normal.shape[:1], minimum=-1e100, maximum=1e100)
    spread = xp.sqrt((normal**2 * xp.asarray(mixture.standard_deviations**2)).sum(axis=1))
    margins = xp.asarray([1.0, -1.0]) * (normal @ xp.asarray(mixture.class_means).T + offset[:, None])
    nodes = xp.asarray(_NODES)
    weights = np.exp(-0.5 * _NODES**2)
    points = margins[:, :, None] + spread[:, None, None] * nodes
    losses = xp.maximum(-points, 0.0) + xp.log1p(xp.exp(-abs(points)))
    return 0.5 * (losses @ xp.asarray(weights / weights.sum())).sum(axis=1)


def _two_classes(dimension: int, mahalanobis_distance: float) -> GroupedMixture:
    d = whole_number("dimension", dimension)
    delta = moderate("mahalanobis_distance", real("mahalanobis_distance", mahalanobis_distance, above=0.0), most=30.0, least=1e-50)
    return grouped_mixture((delta, 0.0), (1, d - 1)) if d > 1 else grouped_mixture((delta,), (1,))


def _training_set(rng: Any, size: int, mixture: GroupedMixture, sample_size: int, random_counts: bool) -> tuple[Any, Any]:
    """Return features (size, m, d) and labels (size, m)."""
    m = whole_number("sample_size", sample_size, minimum=2)
    if random_counts:
        labels = draw_labels(rng, size, class_count=2, sample_size=m)
    else:
        if m % 2:
            raise ValueError(f"sample_size must be even for fixed counts of one half each; got {m}")
        labels = draw_labels(rng, size, class_count=2, class_counts=(m // 2, m // 2))
    return draw_features(rng, mixture, labels), labels


def _score_squares(xp: Any, features: Any, labels: Any, distance: float) -> tuple[Any, Any]:
    """Return the squared score at the true log-odds, divided by m: of the intercept and all orthogonal weights, and of the weight along the mean."""
    residuals = (labels == 0) - 1.0 / (1.0 + xp.exp(-distance * features[:, :, 0]))
    squares = (residuals[:, None, :] @ features)[:, 0] ** 2
    m = labels.shape[1]
    return (squares[:, 1:].sum(axis=1) + residuals.sum(axis=1) ** 2) / m, squares[:, 0] / m


def _score_block(*, dimension: int, sample_size: int, **_: object) -> int:
    numbers = float(sample_size) * (dimension + 3.0)
    return fitting_block(numbers=3.0 * numbers, nanoseconds=25.0 * numbers)


@block_size(_score_block)
def sample_score_squares(
    rng: Any, size: int, *, dimension: int, mahalanobis_distance: float, sample_size: int, random_counts: bool
) -> dict[str, Any]:
    """Sample the score of logistic regression at the truth, squared, without fitting anything.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    dimension, mahalanobis_distance
        d >= 1 and delta in (0, 30].
    sample_size
        m >= 2; even for fixed counts.
    random_counts
        Whether labels are independent (both classes present), or m/2 of each.

    Returns
    -------
    dict
        "score_square", ``((sum_i r_i)^2 + sum_{j > 1} (sum_i r_i x_ij)^2) / m`` with residuals ``r_i = 1{y_i = 0} - sigmoid(delta x_i1)``, and
        "parallel_score_square", ``(sum_i r_i x_i1)^2 / m``. All moments exist; nearly chi-squared, with skewness up to sqrt(8/d) and sqrt(8).

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    random_counts = flag("random_counts", random_counts)
    size = check_draw(rng, size)
    mixture = _two_classes(dimension, mahalanobis_distance)
    features, labels = _training_set(rng, size, mixture, sample_size, random_counts)
    across, along = _score_squares(namespace_of(rng), features, labels, float(mahalanobis_distance))
    return {"score_square": across, "parallel_score_square": along}


def _excess_block(*, dimension: int, sample_size: int, **_: object) -> int:
    numbers = float(sample_size) * (dimension + 3.0)
    return fitting_block(numbers=4.0 * numbers, nanoseconds=150.0 * numbers)


@block_size(_excess_block)
def sample_logistic_excess(
    rng: Any, size: int, *, dimension: int, mahalanobis_distance: float, sample_size: int, random_counts: bool
) -> dict[str, Any]:
    """Fit logistic regression with an intercept and no penalty to raw training sets, and compare it with the true log-odds.

    Parameters
    ----------
    rng, size, dimension, mahalanobis_distance, sample_size, random_counts
        As for `sample_score_squares`.

    Returns
    -------
    dict
        "excess", m times (error of the fit - error of the truth), both exact given the fit; "loss_excess", m times the same difference of expected
        log losses; "score_square" and "parallel_score_square", as from `sample_score_squares`; "consistency_ratio", the excess error divided by
        sqrt(2 excess log loss); "weight_norm" and "intercept_size", |w_k| and |b_k| of the scores in their symmetric form. Where separable data
        have negligible probability (m at least 10 d / delta*, say) the skewness of "excess" and "loss_excess" is 1 to 2 at small d; less a multiple
        of their score statistics it is near 0.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    SeparableDataError
        If a training set is separable, so that there is no fit: no mean over all training sets exists then.
    ConvergenceError
        If a fit has not converged.
    """
    random_counts = flag("random_counts", random_counts)
    size = check_draw(rng, size)
    mixture, xp = _two_classes(dimension, mahalanobis_distance), namespace_of(rng)
    features, labels = _training_set(rng, size, mixture, sample_size, random_counts)
    distance, m = float(mahalanobis_distance), labels.shape[1]
    fit = fitted(features, labels, 2, ridge=0.0, namespace=xp)
    normal, offset = fit.weights[:, 0] - fit.weights[:, 1], fit.intercepts[:, 0] - fit.intercepts[:, 1]
    truth = xp.zeros((1, mixture.dimension))
    truth[0, 0] = distance
    origin = xp.zeros(1)
    excess = two_class_error(normal, offset, mixture) - two_class_error(truth, origin, mixture)
    loss_excess = expected_log_loss(normal, offset, mixture, namespace=xp) - expected_log_loss(truth, origin, mixture, namespace=xp)
    across, along = _score_squares(xp, features, labels, distance)
    return {
        "excess": m * excess,
        "loss_excess": m * loss_excess,
        "score_square": across,
        "parallel_score_square": along,
        "consistency_ratio": excess / xp.sqrt(2.0 * loss_excess),
        "weight_norm": 0.5 * xp.sqrt((normal**2).sum(axis=1)),
        "intercept_size": 0.5 * abs(offset),
    }


def _multinomial_block(*, multiplicities: Sequence[int], class_positions: Sequence[float], sample_size: int, test_points: int, **_: object) -> int:
    d, classes = int(sum(multiplicities)), len(class_positions)
    numbers = sample_size * (d + 3.0 * classes) + test_points * (d + 3.0 * classes)
    return fitting_block(numbers=2.0 * numbers, nanoseconds=60.0 * classes * (d + 2.0) * sample_size + 40.0 * test_points * (d + classes))


@block_size(_multinomial_block)
def sample_multinomial_loss_excess(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    class_positions: Sequence[float],
    sample_size: int,
    test_points: int = 64,
) -> dict[str, Any]:
    """Fit multinomial logistic regression with intercepts and no penalty to K classes, and measure its excess log loss on fresh points.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    gaps, multiplicities, class_positions
        The mixture, of unit variances; see `theorylab.models.gaussian_mixture.grouped_mixture`.
    sample_size
        m; labels are independent, every class present.
    test_points
        Fresh points a training set; the label of a point is averaged out.

    Returns
    -------
    dict
        "loss_excess", m times the mean over the points of the Kullback-Leibler divergence of the fitted from the true class probabilities: given
        the fit its mean is the excess log loss. Skewness near 1 for a dozen parameters or more.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    SeparableDataError
        If a training set is separable.
    ConvergenceError
        If a fit has not converged.
    """
    size = check_draw(rng, size)
    mixture, xp = grouped_mixture(gaps, multiplicities, class_positions=class_positions), namespace_of(rng)
    classes, m = mixture.class_count, whole_number("sample_size", sample_size, minimum=mixture.class_count)
    labels = draw_labels(rng, size, class_count=classes, sample_size=m)
    features = draw_features(rng, mixture, labels)
    fit = fitted(features, labels, classes, ridge=0.0, namespace=xp)
    points = draw_features(rng, mixture, rng.integers(0, classes, (size, whole_number("test_points", test_points))))
    means = xp.asarray(mixture.class_means)
    true = _log_probabilities(xp, points @ means.T - 0.5 * (means**2).sum(axis=1))
    estimated = _log_probabilities(xp, points @ fit.weights.swapaxes(1, 2) + fit.intercepts[:, None])
    return {"loss_excess": m * (xp.exp(true) * (true - estimated)).sum(axis=2).mean(axis=1)}


def _log_probabilities(xp: Any, scores: Any) -> Any:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - xp.log(xp.exp(shifted).sum(axis=-1, keepdims=True))


def _rademacher_block(*, class_count: int, dimension: int, sample_size: int, **_: object) -> int:
    numbers = float(sample_size) * (dimension + class_count)
    return fitting_block(numbers=2.0 * numbers, nanoseconds=30.0 * numbers)


@block_size(_rademacher_block)
def sample_rademacher_average(
    rng: Any, size: int, *, class_count: int, dimension: int, mahalanobis_distance: float, sample_size: int
) -> dict[str, Any]:
    """Sample the two parts of the Rademacher average of K linear scores, by raw features of two classes and raw signs.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    class_count
        K >= 2, the number of scores.
    dimension, mahalanobis_distance, sample_size
        d >= 1, delta > 0 and m >= 2.

    Returns
    -------
    dict
        "weights", ``sqrt(m)`` times the supremum ``sum_k |sum_i eps_ik x_i| / m`` over weights of norm 1, and "intercepts", the same for
        intercepts of magnitude 1, ``sum_k |sum_i eps_ik| / m``. All moments exist.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    mixture, classes = _two_classes(dimension, mahalanobis_distance), int(integers("class_count", class_count, minimum=2))
    features, labels = _training_set(rng, size, mixture, sample_size, True)
    xp, m = namespace_of(rng), labels.shape[1]
    signs = 2.0 * rng.integers(0, 2, (size, classes, m)) - 1.0
    return {
        "weights": xp.sqrt(((signs @ features) ** 2).sum(axis=2)).sum(axis=1) / np.sqrt(m),
        "intercepts": abs(signs.sum(axis=2)).sum(axis=1) / np.sqrt(m),
    }
