"""The mean of labelled samples as a classifier: raw data sets with fresh test samples, and the angle from two or three scalars in any dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import attacked_error, direction_error, draw_symmetric_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.validation import array_of_shape, real, whole_number

__all__ = ["sample_mean_rule", "sample_mean_rule_raw", "sample_shifted_mean_rule"]


def _raw_block(*, mean: Sequence[float], labeled_size: int, test_size: int, **_: object) -> int:
    drawn = (labeled_size + test_size) * len(mean)
    return fitting_block(numbers=2 * drawn, nanoseconds=20.0 * drawn)


@block_size(_raw_block)
def sample_mean_rule_raw(
    rng: Any,
    size: int,
    *,
    mean: Sequence[float],
    labeled_size: int,
    test_size: int = 1,
    standard_deviation: float = 1.0,
    labeled_mean: Sequence[float] | None = None,
    labeled_deviation: float = 1.0,
    radius: float = 0.0,
) -> dict[str, Any]:
    """Sample the error of the mean rule on fresh test samples, word for word: draw labelled samples, average y x, classify.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    mean, standard_deviation
        mu0, (d,), and sigma0 > 0 of the test samples y mu0 + sigma0 z.
    labeled_size
        m >= 1 labelled samples.
    test_size
        Test samples of a data set, >= 1.
    labeled_mean, labeled_deviation
        mu1 and sigma1 of the labelled samples, if they come from another domain; without them mu0 and sigma0.
    radius
        Euclidean length by which every test sample is moved against its label, >= 0.

    Returns
    -------
    dict
        "error", the fraction of test samples that are misclassified, (size,), in [0, 1]: the indicator if ``test_size`` is 1.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    m, tests = whole_number("labeled_size", labeled_size), whole_number("test_size", test_size)
    home = xp.asarray(array_of_shape("mean", mean, ("d",)))
    sigma = real("standard_deviation", standard_deviation, above=0.0)
    away, spread = home, sigma
    if labeled_mean is not None:
        away, spread = (
            xp.asarray(array_of_shape("labeled_mean", labeled_mean, (len(home),))),
            real("labeled_deviation", labeled_deviation, above=0.0),
        )
    step = real("radius", radius, minimum=0.0)
    # In units of the standard deviation, and back.
    features, labels = draw_symmetric_mixture(rng, size, sample_size=m, mean=away / spread)
    direction = spread * (labels[:, :, None] * features).mean(axis=1)
    points, classes = draw_symmetric_mixture(rng, size, sample_size=tests, mean=home / sigma)
    unit = direction / xp.sqrt((direction**2).sum(axis=-1, keepdims=True))
    moved = sigma * points - step * classes[:, :, None] * unit[:, None, :]
    scores = (moved @ direction[:, :, None])[:, :, 0]
    return {"error": (classes * scores <= 0.0).mean(axis=1)}


@block_size(fitting_block(numbers=10.0, nanoseconds=40.0))
def sample_mean_rule(rng: Any, size: int, *, dimension: int, labeled_size: int, half_distance: float, radius: float = 0.0) -> dict[str, Any]:
    """Sample the risk of the mean rule, exact given the rule, from one normal and one chi-square variable a data set.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension, labeled_size
        d >= 1, m >= 1; they cost nothing.
    half_distance
        s = |mu0|/sigma0 > 0.
    radius
        Euclidean length by which every test sample is moved against its label, in standard deviations, >= 0.

    Returns
    -------
    dict
        "cosine" of the angle to mu0, in [-1, 1]; "risk" under attack, in (0, 1); "excess", the risk less that of the true direction under the same
        attack, >= 0; (size,) each. All moments exist. For many samples the excess is a multiple of a chi-square variable with d - 1 degrees of
        freedom: its skewness is up to sqrt(8/(d - 1)), 2.9 in the plane.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    d, m = whole_number("dimension", dimension), whole_number("labeled_size", labeled_size)
    s, step = real("half_distance", half_distance, above=0.0), real("radius", radius, minimum=0.0)
    along = m**0.5 * s + rng.standard_normal(size)
    square = along**2 + rng.chisquare(d - 1.0, size) if d > 1 else along**2
    cosine = along / xp.sqrt(square)
    risk = attacked_error(cosine, s, step, xp)
    return {"cosine": cosine, "risk": risk, "excess": risk - attacked_error(xp.ones(1), s, step, xp)}


@block_size(fitting_block(numbers=10.0, nanoseconds=60.0))
def sample_shifted_mean_rule(
    rng: Any, size: int, *, dimension: int, labeled_size: int, half_distance: float, shifted_half_distance: float, alignment: float
) -> dict[str, Any]:
    """Sample the risk at home of the mean of labelled samples from another domain, exact given the rule, from three scalars a data set.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension
        d >= 2; costs nothing.
    labeled_size
        k >= 1 samples y mu1 + sigma1 z.
    half_distance, shifted_half_distance
        s = |mu0|/sigma0 > 0, s1 = |mu1|/sigma1 >= 0.
    alignment
        cos(mu0, mu1) in [-1, 1].

    Returns
    -------
    dict
        "cosine" of the angle to mu0, in [-1, 1], and "risk", in (0, 1); (size,) each. All moments exist.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    xp = namespace_of(rng)
    d, k = whole_number("dimension", dimension, minimum=2), whole_number("labeled_size", labeled_size)
    s = real("half_distance", half_distance, above=0.0)
    shifted = k**0.5 * real("shifted_half_distance", shifted_half_distance, minimum=0.0)
    cosine_of_means = real("alignment", alignment, minimum=-1.0, maximum=1.0)
    along = shifted * cosine_of_means + rng.standard_normal(size)
    across = shifted * (1.0 - cosine_of_means**2) ** 0.5 + rng.standard_normal(size)
    square = along**2 + across**2
    if d > 2:
        square = square + rng.chisquare(d - 2.0, size)
    cosine = along / xp.sqrt(square)
    return {"cosine": cosine, "risk": direction_error(cosine, s, xp)}
