"""Approximate message passing for the mean of a symmetric mixture from labelled and shifted unlabelled samples, on raw data.

It passes guesses back and forth between the coordinates of the mean and the labels of the unlabelled samples, each time less what a guess owes to
itself (the Onsager term). Its only statistics are two matrix-vector products an iteration.
"""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, cosines, direction_error, draw_symmetric_mixture, plane_mean
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.settings import checked_domains
from theorylab.validation import whole_number

__all__ = ["sample_message_passing"]


def _block(*, dimension: int, unlabeled_size: int, iterations: int, **_: object) -> int:
    numbers = 1.0 * dimension * unlabeled_size
    return fitting_block(numbers=2.5 * numbers, nanoseconds=(25.0 + 1.0 * iterations) * numbers)


@block_size(_block)
def sample_message_passing(
    rng: Any,
    size: int,
    *,
    dimension: int,
    labeled_size: int,
    unlabeled_size: int,
    half_distance: float,
    shifted_half_distance: float,
    alignment: float,
    iterations: int = 30,
) -> dict[str, Any]:
    """Sample the angles that message passing reaches from the labelled samples' mean.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension, labeled_size, unlabeled_size
        d >= 2, m >= 1 and n >= 1.
    half_distance, shifted_half_distance
        s > 0 and s1 > 0, in units of the standard deviation.
    alignment
        r = cos(mu0, mu1) in [-1, 1].
    iterations
        Number of rounds, >= 1.

    Returns
    -------
    dict
        "cosine" to mu0 and "shifted_cosine" to mu1 of the estimates of the two means, in [-1, 1], the latter 0 where there is no estimate; "risk" of
        the first at home, exact given the rule; (size,) each, with all moments.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    The means are s theta0/sqrt(d) and s1 theta1/sqrt(d), whose coordinates count as unit normal pairs of correlation r.
    """
    size = check_draw(rng, size)
    d, m, n, s, away, r = checked_domains(dimension, labeled_size, unlabeled_size, half_distance, shifted_half_distance, alignment)
    rounds = whole_number("iterations", iterations)
    xp = namespace_of(rng)
    home_mean, shifted_mean = axis_mean(xp, s, d), plane_mean(xp, away, r, d)
    unlabeled, _ = draw_symmetric_mixture(rng, size, sample_size=n, mean=shifted_mean)
    average = home_mean + rng.standard_normal((size, d)) / m**0.5
    # Fields are precision times observation; a field f of precision A on theta enters the posterior as exp(f theta - A theta^2/2).
    home_field, home_precision = (m * s / d**0.5) * average, m * s**2 / d
    correlation = xp.asarray([[1.0, r], [r, 1.0]])

    def posterior(field: Any, precision: Any) -> tuple[Any, Any, Any]:
        """Return the means of theta0 and theta1, (R, d) each, and the variance (R,) of theta1, without the inverse of C: r = 1 is fine."""
        weights = xp.zeros((size, 2, 2))
        weights[:, 0, 0], weights[:, 1, 1] = home_precision, precision
        variance = xp.linalg.solve(xp.eye(2) + correlation @ weights, xp.broadcast_to(correlation, (size, 2, 2)))
        home = variance[:, 0, 0, None] * home_field + variance[:, 0, 1, None] * field
        shifted = variance[:, 1, 0, None] * home_field + variance[:, 1, 1, None] * field
        return home, shifted, variance[:, 1, 1]

    field, precision = xp.zeros((size, d)), xp.zeros(size)
    guesses = xp.zeros((size, n))
    scale = away / d**0.5
    home, shifted, variance = posterior(field, precision)
    for _ in range(rounds):
        margins = scale * (unlabeled @ shifted[:, :, None])[:, :, 0] - away**2 * variance[:, None] * guesses
        guesses = xp.tanh(margins)
        certain = (guesses**2).mean(axis=1)
        precision = away**2 * (n / d) * certain
        owed = away**2 * (n / d) * (1.0 - certain)
        field = scale * (guesses[:, None, :] @ unlabeled)[:, 0, :] - owed[:, None] * shifted
        home, shifted, variance = posterior(field, precision)
    cosine = cosines(home, home_mean)
    # At alignment 0 the labels say nothing of mu1, and its estimate stays 0.
    known = (shifted != 0.0).any(axis=1)
    turned = xp.where(known, cosines(xp.where(known[:, None], shifted, 1.0), shifted_mean), 0.0)
    return {"cosine": cosine, "shifted_cosine": turned, "risk": direction_error(cosine, s, xp)}
