"""Fisher's rule on raw samples, with the scatter of the labelled samples or of independent unlabelled ones, for features of unequal scale."""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw, namespace_of, special_functions
from theorylab.models.symmetric_mixture import draw_symmetric_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import real, whole_number

__all__ = ["sample_scatter_rules"]


def _block(*, dimension: int, labeled_size: int, unlabeled_size: int, **_: object) -> int:
    d, total = dimension, labeled_size + unlabeled_size
    return fitting_block(numbers=3.0 * d * total, nanoseconds=25.0 * d * total + 0.1 * d * d * (total + d))


@block_size(_block)
def sample_scatter_rules(
    rng: Any, size: int, *, dimension: int, labeled_size: int, unlabeled_size: int, half_distance: float, scale_ratio: float = 1.0
) -> dict[str, Any]:
    """Sample the risk of three linear discriminants that share the class mean of the labelled samples; exact given the rules.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension
        d >= 1.
    labeled_size, unlabeled_size
        m >= 1 and n > d; with m <= d the scatter of the labelled samples is singular, and its two rules are left out.
    half_distance
        D = sqrt(mu' Sigma^-1 mu) > 0. The mean has equally many standard deviations in every feature.
    scale_ratio
        >= 1: the variances of the features run geometrically from 1/ratio to ratio.

    Returns
    -------
    dict
        Risks in (0, 1), (size,) each, with all moments: "total_scatter" with the second moments of the unlabelled samples, "labeled_scatter" with
        those of the labelled ones, "pooled_scatter" with the latter around their class means.

    Raises
    ------
    ValueError
        If a parameter is out of range; among others n <= d, for which the scatter is singular.
    """
    size = check_draw(rng, size)
    d, m = whole_number("dimension", dimension), whole_number("labeled_size", labeled_size)
    n = whole_number("unlabeled_size", unlabeled_size, minimum=d + 1)
    distance, ratio = real("half_distance", half_distance, above=0.0), real("scale_ratio", scale_ratio, minimum=1.0)
    xp = namespace_of(rng)
    scales = ratio ** (0.5 * xp.linspace(-1.0, 1.0, d)) if d > 1 else xp.ones(1)
    centre = xp.full(d, distance / d**0.5)
    labeled, labels = draw_symmetric_mixture(rng, size, sample_size=m, mean=centre)
    unlabeled, _ = draw_symmetric_mixture(rng, size, sample_size=n, mean=centre)
    labeled *= scales
    unlabeled *= scales
    average = (labels[:, :, None] * labeled).mean(axis=1)

    def risk(scatter: Any) -> Any:
        rule = xp.linalg.solve(scatter, average[:, :, None])[:, :, 0] * scales
        return special_functions(xp).ndtr(-(rule @ centre) / xp.sqrt((rule**2).sum(axis=1)))

    risks = {"total_scatter": risk(unlabeled.swapaxes(1, 2) @ unlabeled / n)}
    if m > d:
        second = labeled.swapaxes(1, 2) @ labeled / m
        risks |= {"labeled_scatter": risk(second), "pooled_scatter": risk(second - average[:, :, None] * average[:, None, :])}
    return risks
