"""Naive Bayes and logistic regression on the same training sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.gaussian_mixture import draw_features, draw_labels, grouped_mixture, linear_rule_error, training_size
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.naive_bayes_logistic.monte_carlo.fitted_rules import fit_naive_bayes_batched, linear_rule
from theorylab.papers.naive_bayes_logistic.monte_carlo.logistic import fit_nanoseconds, fitted
from theorylab.validation import real

__all__ = ["sample_paired_errors"]


def _paired_block(
    *,
    multiplicities: Sequence[int],
    class_positions: Sequence[float],
    pair_correlation: float | None,
    sample_size: int | None,
    class_counts: Sequence[int] | None,
    **_: object,
) -> int:
    d = int(sum(multiplicities)) * (1 if pair_correlation is None else 2)
    classes, m = len(class_positions), training_size(sample_size, class_counts)
    return fitting_block(nanoseconds=fit_nanoseconds(m, d, classes) + 20.0 * m * d, numbers=5 * m * d)


@block_size(_paired_block)
def sample_paired_errors(
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
    partner_scale: float = 1.0,
) -> dict[str, Any]:
    """Sample the errors of pooled naive Bayes and of logistic regression, both fitted to the same raw training set.

    Parameters
    ----------
    rng, size
        Generator and number of training sets.
    gaps, multiplicities, class_positions, standard_deviations, pair_correlation
        The mixture of two or three classes, see `theorylab.models.gaussian_mixture.grouped_mixture`.
    partner_scale
        Factor > 0 on the second feature of every pair before the rules are fitted; 1 without pairs. Naive Bayes does not notice, the penalty does.
    ridge
        Coefficient of the penalty of logistic regression, >= 0; with 0 the sampler raises where a training set is separable.
    sample_size
        m >= K + 1: random class counts, uniform classes, every class present.
    class_counts
        Instead of ``sample_size``: (m_0, ..., m_{K-1}), fixed.

    Returns
    -------
    dict
        "naive_bayes" and "logistic", the errors of the two rules, exact given the fits, and "difference", the first less the second; (size,) each,
        in [-1, 1], so every moment exists. The skewness of the difference is below 1 unless both errors are tiny.

    Raises
    ------
    ValueError
        If a parameter is out of range, there are more than three classes, or a training set leaves a feature no variance.
    SeparableDataError
        If ``ridge`` is 0 and a training set is separable.
    ConvergenceError
        If a fit has not converged: the penalty is tiny, say, and a training set separable.
    """
    size = check_draw(rng, size)
    mixture = grouped_mixture(
        gaps, multiplicities, standard_deviations=standard_deviations, class_positions=class_positions, pair_correlation=pair_correlation
    )
    xp, classes = namespace_of(rng), mixture.class_count
    scale = real("partner_scale", partner_scale, above=0.0)
    if pair_correlation is None and scale != 1.0:
        raise ValueError(f"partner_scale must be 1 for features that have no partners; got {partner_scale!r}")
    if classes > 3:
        raise ValueError(f"class_positions must hold 2 or 3 numbers; got {classes}")
    labels = draw_labels(rng, size, class_count=classes, sample_size=sample_size, class_counts=class_counts)
    features = draw_features(rng, mixture, labels)
    scales = xp.ones(mixture.dimension)
    scales[1::2] = scale
    if scale != 1.0:
        features = features * scales
    generative = linear_rule(fit_naive_bayes_batched(features, labels, classes, variance="pooled", namespace=xp), namespace=xp)
    discriminative = fitted(features, labels, classes, ridge=ridge, namespace=xp)
    # A rule on scaled features is the rule of scaled weights on the mixture's own.
    naive_bayes = linear_rule_error(generative[0] * scales, generative[1], mixture)
    logistic = linear_rule_error(discriminative.weights * scales, discriminative.intercepts, mixture)
    return {"naive_bayes": naive_bayes, "logistic": logistic, "difference": naive_bayes - logistic}
