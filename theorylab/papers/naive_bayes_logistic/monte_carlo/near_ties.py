"""Near ties of the scores of naive Bayes at its best, and how far the log-odds of a fitted rule are from theirs at a test point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.gaussian_mixture import draw_class_counts, draw_features, grouped_mixture, training_size
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import choice, items, real, whole_number

__all__ = ["sample_log_odds_errors", "sample_score_gaps"]


def _gaps_block(*, multiplicities: Sequence[int], class_positions: Sequence[float], pair_correlation: float | None, **_: object) -> int:
    d = int(sum(multiplicities)) * (1 if pair_correlation is None else 2)
    return fitting_block(numbers=d * (3.0 + len(class_positions)), nanoseconds=d * (30.0 + 10.0 * len(class_positions)))


@block_size(_gaps_block)
def sample_score_gaps(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    class_positions: Sequence[float] = (0.5, -0.5),
    standard_deviations: float | Sequence[float] = 1.0,
    pair_correlation: float | None = None,
    shift: float = 0.0,
    true_class: int | None = None,
    compared: tuple[int, int] = (0, 1),
    centre: float = 0.0,
) -> dict[str, Any]:
    """Sample test points, and the scores ``-sum_i (x_i - mu_ki)^2 / (2 Sigma_ii)`` that naive Bayes with all parameters known gives them.

    Parameters
    ----------
    rng, size
        Generator and number of test points.
    gaps, multiplicities, class_positions, standard_deviations, pair_correlation
        The mixture, see `theorylab.models.gaussian_mixture.grouped_mixture`; classes are equally likely.
    shift
        t: how far an adversary may move the log-likelihood of each feature under each class. It is added d times to the score of class 0 and
        taken off that of every other class.
    true_class
        The class of all test points; random if None.
    compared
        Two classes k1, k2.
    centre
        c, for "squared_difference".

    Returns
    -------
    dict
        "gap", the difference of the two largest scores divided by d; "wrong", whether the largest score is not that of the true class;
        "shifted_wrong", the same after the shift; "difference", (score_k1 - score_k2)/d; "squared_difference", d (difference - c)^2. Scores have
        all moments; "squared_difference" has a skewness of about 3 at its mean.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    layout: dict[str, Any] = {"standard_deviations": standard_deviations, "class_positions": class_positions, "pair_correlation": pair_correlation}
    mixture, xp = grouped_mixture(gaps, multiplicities, **layout), namespace_of(rng)
    classes, d = mixture.class_count, mixture.dimension
    first, second = (_class_number("compared", number, classes) for number in items("compared", compared, length=2))
    labels = rng.integers(0, classes, (size, 1))
    if true_class is not None:
        labels[:] = _class_number("true_class", true_class, classes)
    points = draw_features(rng, mixture, labels)[:, 0]
    means, variances = xp.asarray(mixture.class_means), xp.asarray(mixture.standard_deviations**2)
    scores = xp.stack([-0.5 * ((points - means[k]) ** 2 / variances).sum(axis=1) for k in range(classes)], axis=1)
    ordered = xp.sort(scores, axis=1)
    moved = scores + real("shift", shift) * d * xp.asarray([1.0] + [-1.0] * (classes - 1))
    difference = (scores[:, first] - scores[:, second]) / d
    return {
        "gap": (ordered[:, -1] - ordered[:, -2]) / d,
        "wrong": scores.argmax(axis=1) != labels[:, 0],
        "shifted_wrong": moved.argmax(axis=1) != labels[:, 0],
        "difference": difference,
        "squared_difference": d * (difference - real("centre", centre)) ** 2,
    }


def _class_number(name: str, value: int, classes: int) -> int:
    number = whole_number(name, value, minimum=0)
    if number >= classes:
        raise ValueError(f"{name} must be below the number of classes, {classes}; got {number}")
    return number


def _errors_block(*, multiplicities: Sequence[int], sample_size: int | None, **_: object) -> int:
    d = int(sum(multiplicities))
    numbers = 6.0 * d + (sample_size or 0)
    return fitting_block(numbers=numbers, nanoseconds=110.0 * d + 10.0 * (sample_size or 0))


@block_size(_errors_block)
def sample_log_odds_errors(
    rng: Any,
    size: int,
    *,
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    variance: str,
    sample_size: int | None = None,
    class_counts: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Sample a training set and a test point of two classes, and compare the fitted log-odds with those of known parameters, feature by feature.

    Features are independent and in standard units; the training set enters by its class means, ``N(mu_k, 1/m_k)``, and pooled variances, chi-squared
    with m - 2 degrees of freedom divided by m.

    Parameters
    ----------
    rng, size
        Generator and number of pairs of a training set and a test point.
    gaps, multiplicities
        Standardised mean differences and the number of features that have them.
    variance
        "known" or "pooled".
    sample_size, class_counts
        m for random counts, both classes present, or (m_0, m_1) for fixed ones; one of them.

    Returns
    -------
    dict
        "first_error", the error lhat - l of the first feature, in favour of the true class; "absolute_error", the mean over features and the log
        of the prior odds of the magnitude of the error, times (terms / d); "largest_error", the largest of these magnitudes; "total_error",
        their signed sum, and "squared_total_error"; "limit_wrong" and "fitted_wrong", whether the rule with known parameters and the fitted one
        are wrong; "unexplained", whether they disagree although the log-odds exceed the error. With pooled variances the errors have moments of
        order below (m - 2)/2: ask for means where m is at least 30.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    mixture, xp = grouped_mixture(gaps, multiplicities), namespace_of(rng)
    choice("variance", variance, ("known", "pooled"))
    counts = draw_class_counts(rng, size, class_count=2, sample_size=sample_size, class_counts=class_counts)
    d = mixture.dimension
    true = rng.integers(0, 2, size)
    means = xp.asarray(mixture.class_means)
    fitted = means + rng.standard_normal((size, 2, d)) / xp.sqrt(counts)[:, :, None]
    points = means[true] + rng.standard_normal((size, d))
    own, other = (xp.take_along_axis(fitted, labels[:, None, None], axis=1)[:, 0] for labels in (true, 1 - true))
    limit = 0.5 * ((points - means[1 - true]) ** 2 - (points - means[true]) ** 2)
    log_odds = 0.5 * ((points - other) ** 2 - (points - own) ** 2)
    if variance == "pooled":
        m = training_size(sample_size, class_counts)
        if m <= 2:
            raise ValueError(f"sample_size must exceed 2 with pooled variances; got {m}")
        log_odds = log_odds * m / rng.chisquare(m - 2, (size, d))
    of_true = xp.take_along_axis(counts, true[:, None], axis=1)[:, 0]
    prior = xp.log(of_true / (counts.sum(axis=1) - of_true))
    errors = log_odds - limit
    total, full = errors.sum(axis=1) + prior, limit.sum(axis=1)
    limit_wrong, fitted_wrong = full < 0.0, full + total < 0.0
    magnitudes = abs(errors)
    return {
        "first_error": errors[:, 0],
        "absolute_error": (magnitudes.sum(axis=1) + abs(prior)) / d,
        "largest_error": xp.maximum(magnitudes.max(axis=1), abs(prior)),
        "total_error": total,
        "squared_total_error": total**2,
        "limit_wrong": limit_wrong,
        "fitted_wrong": fitted_wrong,
        "unexplained": (limit_wrong != fitted_wrong) & (abs(full) > abs(total)),
    }
