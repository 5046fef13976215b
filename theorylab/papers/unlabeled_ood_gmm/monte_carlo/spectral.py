"""The leading eigenvector of unlabelled samples and the labelled samples' vote on its side: raw data sets, and the angles alone in any dimension."""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.spiked_wishart import draw_spiked_cosine, uniform_coordinate
from theorylab.models.symmetric_mixture import axis_mean, cosines, direction_error, draw_symmetric_mixture, plane_mean
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.settings import checked_domains

__all__ = ["sample_spectral_rule", "sample_spectral_rule_raw"]


def _columns(home: Any, shifted: Any, votes: Any, half_distance: float, namespace: Any) -> dict[str, Any]:
    side = namespace.where(votes > 0.0, 1.0, -1.0)
    return {"risk": direction_error(side * home, half_distance, namespace), "squared_cosine": shifted**2, "home_squared_cosine": home**2}


def _raw_block(*, dimension: int, unlabeled_size: int, labeled_size: int, **_: object) -> int:
    d, n = dimension, unlabeled_size
    return fitting_block(numbers=2.0 * (n + labeled_size) * d, nanoseconds=25.0 * (n + labeled_size) * d + 0.1 * n * d * d + 10.0 * d**3)


@block_size(_raw_block)
def sample_spectral_rule_raw(
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
    """Sample the spectral rule word for word: the first eigenvector of X'X, turned to the side on which most of the labels' weight lies.

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

    Returns
    -------
    dict
        "risk" at home, exact given the rule, in (0, 1); "squared_cosine" of the eigenvector to mu1 and "home_squared_cosine" to mu0, in [0, 1];
        (size,) each, with all moments.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, m, n, s, away, cosine = checked_domains(dimension, labeled_size, unlabeled_size, half_distance, shifted_half_distance, alignment)
    xp = namespace_of(rng)
    home_mean, shifted_mean = axis_mean(xp, s, d), plane_mean(xp, away, cosine, d)
    unlabeled, _ = draw_symmetric_mixture(rng, size, sample_size=n, mean=shifted_mean)
    labeled, labels = draw_symmetric_mixture(rng, size, sample_size=m, mean=home_mean)
    _, vectors = xp.linalg.eigh(unlabeled.swapaxes(1, 2) @ unlabeled)
    leading = vectors[:, :, -1]
    votes = ((labels[:, :, None] * labeled).sum(axis=1) * leading).sum(axis=1)
    return _columns(cosines(leading, home_mean), cosines(leading, shifted_mean), votes, s, xp)


def _block(*, dimension: int, unlabeled_size: int, **_: object) -> int:
    entries = min(dimension, unlabeled_size)
    return fitting_block(numbers=6.0 * entries, nanoseconds=200.0 * entries + 500.0)


@block_size(_block)
def sample_spectral_rule(
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
    """Sample what `sample_spectral_rule_raw` samples, equal in law, in O(min(n, d)): see `theorylab.models.spiked_wishart`.

    What the eigenvector has off mu1 has a uniform direction there, and the vote on a direction at the cosine c to mu0 is N(sqrt(m) s c, 1).

    Parameters
    ----------
    rng, size, dimension, labeled_size, unlabeled_size, half_distance, shifted_half_distance, alignment
        As in `sample_spectral_rule_raw`.

    Returns
    -------
    dict
        "risk", "squared_cosine" and "home_squared_cosine".

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, m, n, s, away, cosine = checked_domains(dimension, labeled_size, unlabeled_size, half_distance, shifted_half_distance, alignment)
    xp = namespace_of(rng)
    shifted = draw_spiked_cosine(rng, size, sample_size=n, dimension=d, mean_length=away)
    across = xp.sqrt(xp.maximum(1.0 - shifted**2, 0.0)) * uniform_coordinate(rng, size, d - 1)
    home = cosine * shifted + (1.0 - cosine**2) ** 0.5 * across
    return _columns(home, shifted, m**0.5 * s * home + rng.standard_normal((size,)), s, xp)
