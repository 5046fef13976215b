"""The paper's synthetic experiment: self-trained rules on raw data, and what choosing by the test set makes of no data at all."""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, cosines, direction_error, draw_symmetric_mixture, plane_mean
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.unlabeled_ood_gmm.estimators.ascent import ascend
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.settings import checked_domains
from theorylab.validation import real, whole_number

__all__ = ["sample_self_trained_risk", "sample_test_selected_risk"]


def _block(*, dimension: int, labeled_size: int, unlabeled_size: int, **_: object) -> int:
    numbers = 1.0 * dimension * (labeled_size + unlabeled_size)
    return fitting_block(numbers=2.0 * numbers, nanoseconds=60.0 * numbers)


@block_size(_block)
def sample_self_trained_risk(
    rng: Any,
    size: int,
    *,
    dimension: int,
    labeled_size: int,
    unlabeled_size: int,
    half_distance: float,
    shifted_half_distance: float,
    alignment: float,
    unlabeled_weight: float,
) -> dict[str, Any]:
    """Sample the risk of the robust self-trained rule in the limit of small slopes, exact given the rule.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension, labeled_size, unlabeled_size
        d >= 2, m >= 1 and n >= 1.
    half_distance, shifted_half_distance
        s > 0 and s1 > 0, in units of the standard deviation.
    alignment
        cos(mu0, mu1) in [-1, 1].
    unlabeled_weight
        kappa >= 0.

    Returns
    -------
    dict
        "risk" of the self-trained rule and "labeled_risk" of its start, the labelled mean, in (0, 1); "objective_gain", what the ascent gained, >= 0;
        (size,) each, with all moments. Where the labels sometimes turn the rule to its wrong side the risk has two humps.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, m, n, s, away, r = checked_domains(dimension, labeled_size, unlabeled_size, half_distance, shifted_half_distance, alignment)
    weight = real("unlabeled_weight", unlabeled_weight, minimum=0.0)
    xp = namespace_of(rng)
    home = axis_mean(xp, s, d)
    features, labels = draw_symmetric_mixture(rng, size, sample_size=m, mean=home)
    unlabeled, _ = draw_symmetric_mixture(rng, size, sample_size=n, mean=plane_mean(xp, away, r, d))
    signed = labels[:, :, None] * features
    start = signed.mean(axis=1)
    found = ascend(signed, unlabeled, start, weight, namespace=xp)
    before = start / xp.sqrt((start**2).sum(axis=1))[:, None]
    first = xp.maximum((signed @ before[:, :, None])[:, :, 0], 0.0).mean(axis=1) + weight * abs((unlabeled @ before[:, :, None])[:, :, 0]).mean(
        axis=1
    )
    return {
        "risk": direction_error(cosines(found.directions, home), s, xp),
        "labeled_risk": direction_error(cosines(start, home), s, xp),
        "objective_gain": found.value - first,
    }


def _selection_block(*, candidates: int, **_: object) -> int:
    return fitting_block(numbers=4.0 * candidates, nanoseconds=60.0 * candidates)


@block_size(_selection_block)
def sample_test_selected_risk(rng: Any, size: int, *, dimension: int, candidates: int, half_distance: float) -> dict[str, Any]:
    """Sample the risk of the best of K random directions that have seen no data, chosen by their accuracy on an unlimited test set.

    Parameters
    ----------
    rng, size
        Generator and number of selections.
    dimension, candidates
        d >= 2 and K >= 1.
    half_distance
        s > 0.

    Returns
    -------
    dict
        "risk" and "cosine" of the chosen direction, (size,) each, with all moments.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp, d, count = namespace_of(rng), whole_number("dimension", dimension, minimum=2), whole_number("candidates", candidates)
    s = real("half_distance", half_distance, above=0.0)
    along = rng.standard_normal((size, count))
    best = (along / xp.sqrt(along**2 + rng.chisquare(d - 1.0, (size, count)))).max(axis=1)
    return {"risk": direction_error(best, s, xp), "cosine": best}
