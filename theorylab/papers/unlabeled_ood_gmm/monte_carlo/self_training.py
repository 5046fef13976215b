"""One round of self-training: raw data sets, and the same in three coordinates."""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, cosines, draw_symmetric_mixture, plane_mean
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.settings import checked_domains

__all__ = ["sample_pseudo_label_step", "sample_pseudo_label_step_raw"]


def _raw_block(*, dimension: int, labeled_size: int, unlabeled_size: int, **_: object) -> int:
    drawn = 1.0 * dimension * (labeled_size + unlabeled_size)
    return fitting_block(numbers=3.0 * drawn, nanoseconds=30.0 * drawn)


@block_size(_raw_block)
def sample_pseudo_label_step_raw(
    rng: Any,
    size: int,
    *,
    dimension: int,
    labeled_size: int,
    unlabeled_size: int,
    half_distance: float,
    shifted_half_distance: float,
    alignment: float,
) -> dict[str, Any]:
    """Sample the rule after one round word for word: w = mean of y x over labelled samples, then the mean of sign<w, x> x over unlabelled ones.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension, labeled_size, unlabeled_size
        d >= 3, m >= 1 and n >= 1.
    half_distance, shifted_half_distance
        s > 0 and s1 > 0, in units of the standard deviation.
    alignment
        cos(mu0, mu1) in [-1, 1].

    Returns
    -------
    dict
        "first_cosine" and "cosine" to mu0 before and after the round, in [-1, 1], (size,) each, with all moments.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, m, n, s, away, cosine = checked_domains(
        dimension, labeled_size, unlabeled_size, half_distance, shifted_half_distance, alignment, least_dimension=3
    )
    xp = namespace_of(rng)
    home = axis_mean(xp, 1.0, d)
    labeled, labels = draw_symmetric_mixture(rng, size, sample_size=m, mean=s * home)
    unlabeled, _ = draw_symmetric_mixture(rng, size, sample_size=n, mean=plane_mean(xp, away, cosine, d))
    first = (labels[:, :, None] * labeled).mean(axis=1)
    signs = xp.sign(unlabeled @ first[:, :, None])
    return {"first_cosine": cosines(first, home), "cosine": cosines((signs * unlabeled).mean(axis=1), home)}


def _block(*, unlabeled_size: int, **_: object) -> int:
    return fitting_block(numbers=8.0 * unlabeled_size, nanoseconds=60.0 * unlabeled_size)


@block_size(_block)
def sample_pseudo_label_step(
    rng: Any,
    size: int,
    *,
    dimension: int,
    labeled_size: int,
    unlabeled_size: int,
    half_distance: float,
    shifted_half_distance: float,
    alignment: float,
) -> dict[str, Any]:
    """Sample what `sample_pseudo_label_step_raw` samples, equal in law, in O(n) whatever the dimension.

    In the plane of the means and the part of w off it the pseudo-labels are decided; the other d - 3 coordinates of the new sum are sqrt(n) N(0, I),
    independent of everything, and only their length matters.

    Parameters
    ----------
    rng, size, dimension, labeled_size, unlabeled_size, half_distance, shifted_half_distance, alignment
        As in `sample_pseudo_label_step_raw`.

    Returns
    -------
    dict
        "first_cosine" and "cosine".

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, m, n, s, away, cosine = checked_domains(
        dimension, labeled_size, unlabeled_size, half_distance, shifted_half_distance, alignment, least_dimension=3
    )
    xp = namespace_of(rng)
    first = xp.empty((size, 3))
    first[:, :2] = rng.standard_normal((size, 2)) / m**0.5
    first[:, 0] += s
    first[:, 2] = xp.sqrt(rng.chisquare(d - 2.0, (size,)) / m)
    unlabeled, _ = draw_symmetric_mixture(rng, size, sample_size=n, mean=plane_mean(xp, away, cosine, 3))
    signs = xp.sign(unlabeled @ first[:, :, None])
    total = (signs * unlabeled).sum(axis=1)
    square = (total**2).sum(axis=1)
    if d > 3:
        square = square + n * rng.chisquare(d - 3.0, (size,))
    return {"first_cosine": first[:, 0] / xp.sqrt((first**2).sum(axis=1)), "cosine": total[:, 0] / xp.sqrt(square)}
