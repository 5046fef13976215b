"""Labelled and unlabelled samples together: weighted directions under a shift of the mean, the joint likelihood, and the vote on the sign."""

from __future__ import annotations

import math
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import cosines, direction_error, draw_symmetric_mixture, plane_mean
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.mixture_fits import mixture_mean, settled
from theorylab.validation import moderate, real, whole_number

__all__ = ["sample_joint_excess", "sample_sign_votes", "sample_weighted_excess", "sample_weighted_excess_raw"]


def _mixture_features(rng: Any, size: int, sample_size: int, mean: Any) -> Any:
    """Draw features (size, d, n) whose labels are all 1: estimators that see x and -x alike do not notice."""
    features = rng.standard_normal((size, len(mean), sample_size))
    features += mean[:, None]
    return features


def _checked(dimension: int, labeled_size: int, unlabeled_size: int, half_distance: float) -> tuple[int, int, int, float]:
    return (
        whole_number("dimension", dimension, minimum=2),
        whole_number("labeled_size", labeled_size),
        whole_number("unlabeled_size", unlabeled_size),
        moderate("half_distance", real("half_distance", half_distance, above=0.0), most=1e50, least=1e-50),
    )


def _excess(xp: Any, directions: Any, mean: Any, half_distance: float) -> Any:
    return direction_error(cosines(directions, mean), half_distance, xp) - direction_error(xp.ones(1), half_distance, xp)


def _block(*, dimension: int, unlabeled_size: int, **_: object) -> int:
    numbers = float(dimension) * unlabeled_size
    return fitting_block(numbers=2.0 * numbers, nanoseconds=25.0 * numbers)


@block_size(_block)
def sample_weighted_excess(
    rng: Any,
    size: int,
    *,
    dimension: int,
    labeled_size: int,
    unlabeled_size: int,
    half_distance: float,
    shift: float,
    labeled_weight: float,
    score_scale: float,
) -> dict[str, Any]:
    """Train on m labelled samples, on n unlabelled ones of another mean, and on both, and compare with the best rule.

    The mean of the unlabelled samples is mu0 + beta v, v a unit vector orthogonal to mu0; they give the maximum of their likelihood (EM), with the
    sign that is nearer to the truth. The labelled mean is drawn as what it is, normal.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    dimension, labeled_size, unlabeled_size, half_distance
        d >= 2, m, n and s = |mu0| > 0, in units of the standard deviation.
    shift
        beta >= 0.
    labeled_weight
        a in [0, 1] of the labelled mean; the mean of the likelihood has 1 - a.
    score_scale
        c >= 0, for the control variates only.

    Returns
    -------
    dict
        "labeled", "unlabeled" and "weighted": m times the excess error of the labelled mean, the likelihood's mean, and the weighted sum of both.
        "unlabeled_control" and "weighted_control": m times the squared length, off mu0, of beta v + c S and of a e + (1 - a)(beta v + c S); e is
        the error of the labelled mean and S = sum_j tanh(<mu1, x_j>) x_j off mu1. All moments exist; the excess less ``phi(s)/(2 s)`` times its
        control is hardly spread where c S is the first-order error of the likelihood's mean.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    ConvergenceError
        If EM does not end.
    """
    size = check_draw(rng, size)
    d, m, n, s = _checked(dimension, labeled_size, unlabeled_size, half_distance)
    beta = real("shift", shift, minimum=0.0)
    weight = real("labeled_weight", labeled_weight, minimum=0.0, maximum=1.0)
    scale = moderate("score_scale", real("score_scale", score_scale, minimum=0.0), most=1e50)
    xp = namespace_of(rng)
    mean, shifted = _two_means(xp, d, s, beta)
    noise = rng.standard_normal((size, d)) / math.sqrt(m)
    features = _mixture_features(rng, size, n, shifted)
    # EM's own sign is that of its start.
    unlabeled = mixture_mean(features, shifted, namespace=xp)
    labeled = mean + noise
    score = (features @ xp.tanh(shifted[None, None, :] @ features).swapaxes(1, 2))[:, :, 0]
    score = score - (score @ shifted)[:, None] * shifted / (shifted**2).sum()
    first_order = (shifted - mean) + scale * score

    def control(error: Any) -> Any:
        return m * (error[:, 1:] ** 2).sum(axis=1)

    return {
        "labeled": m * _excess(xp, labeled, mean, s),
        "unlabeled": m * _excess(xp, unlabeled, mean, s),
        "weighted": m * _excess(xp, weight * labeled + (1.0 - weight) * unlabeled, mean, s),
        "unlabeled_control": control(first_order),
        "weighted_control": control(weight * noise + (1.0 - weight) * first_order),
    }


def _two_means(xp: Any, dimension: int, half_distance: float, shift: float) -> tuple[Any, Any]:
    """Return mu0 and mu0 + beta v, (d,) each."""
    length = math.hypot(half_distance, shift)
    return plane_mean(xp, half_distance, 1.0, dimension), plane_mean(xp, length, half_distance / length, dimension)


@block_size(_block)
def sample_weighted_excess_raw(
    rng: Any, size: int, *, dimension: int, labeled_size: int, unlabeled_size: int, half_distance: float, shift: float, labeled_weight: float
) -> dict[str, Any]:
    """Do what `sample_weighted_excess` does word for word: draw and average labelled samples, and hide the labels of the others.

    Parameters
    ----------
    rng, size, dimension, labeled_size, unlabeled_size, half_distance, shift, labeled_weight
        As for `sample_weighted_excess`.

    Returns
    -------
    dict
        "labeled", "unlabeled" and "weighted", equal in law to those of `sample_weighted_excess`.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, m, n, s = _checked(dimension, labeled_size, unlabeled_size, half_distance)
    xp, weight = namespace_of(rng), real("labeled_weight", labeled_weight, minimum=0.0, maximum=1.0)
    mean, shifted = _two_means(xp, d, s, real("shift", shift, minimum=0.0))
    features, labels = draw_symmetric_mixture(rng, size, sample_size=m, mean=mean)
    labeled = (labels[:, :, None] * features).mean(axis=1)
    others, _ = draw_symmetric_mixture(rng, size, sample_size=n, mean=shifted)
    start = xp.zeros((size, d)) + shifted
    unlabeled = settled(start, lambda w: (xp.tanh((others * w[:, None, :]).sum(axis=2))[:, :, None] * others).mean(axis=1), 1e-12, xp)
    both = weight * labeled + (1.0 - weight) * unlabeled
    named = {"labeled": labeled, "unlabeled": unlabeled, "weighted": both}
    return {name: m * _excess(xp, directions, mean, s) for name, directions in named.items()}


@block_size(_block)
def sample_joint_excess(
    rng: Any, size: int, *, dimension: int, labeled_size: int, unlabeled_size: int, half_distance: float, score_scale: float
) -> dict[str, Any]:
    """Train on m labelled and n unlabelled samples of one law by maximum likelihood, and compare with the best rule.

    Parameters
    ----------
    rng, size, dimension, labeled_size, unlabeled_size, half_distance
        As for `sample_weighted_excess`.
    score_scale
        c >= 0, for the control variate only.

    Returns
    -------
    dict
        "joint", m times the excess error of the most likely mean; "joint_control", m times the squared length off mu0 of
        ``c (sum_i y_i x_i + sum_j tanh(s t_j) x_j)``, t_j the margin at mu0/s. All moments exist.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    ConvergenceError
        If EM does not end.
    """
    size = check_draw(rng, size)
    d, m, n, s = _checked(dimension, labeled_size, unlabeled_size, half_distance)
    scale = moderate("score_scale", real("score_scale", score_scale, minimum=0.0), most=1e50)
    xp = namespace_of(rng)
    mean, _ = _two_means(xp, d, s, 0.0)
    labeled_sum = m * mean + math.sqrt(m) * rng.standard_normal((size, d))
    features = _mixture_features(rng, size, n, mean)
    joint = mixture_mean(features, mean, labeled_sum=labeled_sum, labeled_size=m, namespace=xp)
    score = labeled_sum + (features @ xp.tanh(s * features[:, :1, :]).swapaxes(1, 2))[:, :, 0]
    return {"joint": m * _excess(xp, joint, mean, s), "joint_control": m * scale**2 * (score[:, 1:] ** 2).sum(axis=1)}


def _vote_block(*, dimension: int, labeled_size: int, **_: object) -> int:
    numbers = float(dimension) * labeled_size
    return fitting_block(numbers=4.0 * numbers, nanoseconds=30.0 * numbers)


@block_size(_vote_block)
def sample_sign_votes(rng: Any, size: int, *, dimension: int, labeled_size: int, half_distance: float, alignment: float) -> dict[str, Any]:
    """Let m labelled samples choose between a direction w and its opposite, by raw samples.

    Parameters
    ----------
    rng, size
        Generator and number of votes.
    dimension, labeled_size, half_distance
        d >= 1, m and s > 0.
    alignment
        Cosine of the angle between w and the mean, in [-1, 1].

    Returns
    -------
    dict
        1.0 where the vote goes against the sign of w that is right for a positive alignment, else 0.0: "mean_vote", by the sign of
        ``sum_i y_i <w, x_i>``; "majority_vote", by how many samples w classifies rightly, ties by a coin.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, m = whole_number("dimension", dimension), whole_number("labeled_size", labeled_size)
    s = moderate("half_distance", real("half_distance", half_distance, above=0.0), most=1e50, least=1e-50)
    r = real("alignment", alignment, minimum=-1.0, maximum=1.0)
    xp = namespace_of(rng)
    # The direction is the first axis, and the mean lies at its angle to it.
    features, labels = draw_symmetric_mixture(rng, size, sample_size=m, mean=plane_mean(xp, s, r, d))
    margins = labels * features[:, :, 0]
    ballot = xp.sign(margins).sum(axis=1) + rng.random(size) - 0.5
    return {"mean_vote": 1.0 * (margins.sum(axis=1) < 0.0), "majority_vote": 1.0 * (ballot < 0.0)}
