"""How far directions estimated from unlabelled samples lie from the mean: likelihood, L1 and L2 principal components, and labelled means.

Besides each squared angle its first-order term, the squared score at the truth: elementary in law, so a control variate.
"""

from __future__ import annotations

from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.symmetric_mixture import axis_mean, draw_symmetric_mixture
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.unlabeled_ood_gmm.monte_carlo.mixture_fits import absolute_direction, leading_direction, mixture_mean, settled
from theorylab.validation import moderate, real, whole_number

__all__ = ["draw_aligned_features", "sample_direction_errors", "sample_direction_errors_raw"]

_SPHERE_STARTS, _SPHERE_STEPS = 32, 60
# Random starts of the search for the largest sum of |<w, x>|, and how far from the truth they lie, times sqrt(n): farther than most maxima.
_RESTARTS, _SPREAD = 2, 3.0

# A mean shorter than that is 0 up to the tolerance of its search: where a second moment exceeds 1 by e, the length is of order sqrt(e).
_NOTHING = 1e-6


def draw_aligned_features(rng: Any, size: int, *, dimension: int, sample_size: int, half_distance: float) -> Any:
    """Draw data sets of samples ``x = mu + z``, (size, d, n), mu of length s along the first coordinate.

    The labels are all 1: what sees x and -x alike does not notice. d >= 2, n >= 1 and s > 0.
    """
    size, (dimension, sample_size, half_distance) = check_draw(rng, size), _checked(dimension, sample_size, half_distance)
    features = rng.standard_normal((size, dimension, sample_size))
    features[:, 0, :] += half_distance
    return features


def _checked(dimension: int, sample_size: int, half_distance: float) -> tuple[int, int, float]:
    d, n = whole_number("dimension", dimension, minimum=2), whole_number("sample_size", sample_size)
    return d, n, moderate("half_distance", real("half_distance", half_distance, above=0.0), most=1e50, least=1e-50)


def likely_direction(features: Any, start: Any, leading: Any, namespace: Any) -> Any:
    """Return the direction (R, d), of no particular length, of the mean that maximises the likelihood.

    If no second moment exceeds 1 the likelihood is largest at 0, where log cosh t <= t^2/2 is tight. The steps of EM then are those of the power
    method but for terms of third order, and so their direction tends to the first eigenvector, as does that of the largest likelihood on a small
    sphere: this is what 0 stands for.

    Parameters
    ----------
    features, start
        (R, d, n) samples, and where EM starts, (d,).
    leading
        First eigenvectors of the second moments, (R, d).
    namespace
        The array module of the arguments.
    """
    mean = mixture_mean(features, start, namespace=namespace)
    vanished = (mean**2).sum(axis=1) < _NOTHING**2
    return namespace.where(vanished[:, None], leading, mean)


def _scaled_sine(directions: Any, samples: int, half_distance: float) -> Any:
    """Return n s^2 sin^2/(d - 1) for the angle of each direction (R, d) to the first coordinate."""
    across = (directions[:, 1:] ** 2).sum(axis=1)
    return samples * half_distance**2 / (directions.shape[1] - 1) * across / (across + directions[:, 0] ** 2)


def _scaled_score(responses: Any, across: Any) -> Any:
    """Return |sum_j h_j x_j|^2 / (n (d - 1)) for h (R, n) and the coordinates (R, d - 1, n) off the mean."""
    sums = (across @ responses[:, :, None])[:, :, 0]
    return (sums**2).sum(axis=1) / (across.shape[1] * across.shape[2])


def _block(*, dimension: int, sample_size: int, **_: object) -> int:
    numbers = float(dimension) * sample_size
    return fitting_block(numbers=2.0 * numbers, nanoseconds=(60.0 + dimension) * numbers)


@block_size(_block)
def sample_direction_errors(rng: Any, size: int, *, dimension: int, sample_size: int, half_distance: float) -> dict[str, Any]:
    """Estimate the direction of the mean from n samples in four ways, and compare it with the truth.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    dimension, sample_size, half_distance
        d >= 2, n and s > 0, in units of the standard deviation.

    Returns
    -------
    dict
        "likelihood", "absolute", "leading" and "labeled": ``n s^2 sin^2/(d - 1)`` for the maximum of the likelihood (EM, and where that vanishes the
        direction in which it does), that of ``sum_j |<w, x_j>|`` (the best of several ascents), the first eigenvector of the second moments, and the
        mean of the labelled samples. Their scores ``|sum_j h(t_j) x_j|^2 / (n (d - 1))`` off the mean, at the true margins t_j: "likelihood_score"
        with h = tanh(s t), "absolute_score" with h = sign(t), "leading_score" with h = t. "from_truth_nearer": 1, 0 or -1 as the ascent of the sum
        from the truth alone ends nearer to the truth than "absolute", at the same place, or farther off. All moments exist. Skewness near
        sqrt(8/(d - 1)); a squared angle less its score over (E h)^2, t ~ N(s, 1), is far less spread.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    ConvergenceError
        If EM does not end.
    """
    size = check_draw(rng, size)
    d, n, s = _checked(dimension, sample_size, half_distance)
    xp = namespace_of(rng)
    features = draw_aligned_features(rng, size, dimension=d, sample_size=n, half_distance=s)
    truth = axis_mean(xp, s, d)
    margins, across = features[:, 0, :], features[:, 1:, :]
    leading = leading_direction(features, namespace=xp)
    likely = likely_direction(features, truth, leading, xp)
    near = absolute_direction(features, [truth], namespace=xp)
    others = [truth + _SPREAD / n**0.5 * rng.standard_normal((size, d)) for _ in range(_RESTARTS)]
    absolute = _scaled_sine(absolute_direction(features, [near, likely, leading, *others], namespace=xp), n, s)
    return {
        "likelihood": _scaled_sine(likely, n, s),
        "absolute": absolute,
        "from_truth_nearer": xp.sign(absolute - _scaled_sine(near, n, s)),
        "leading": _scaled_sine(leading, n, s),
        "labeled": _scaled_sine(features.sum(axis=2), n, s),
        "likelihood_score": _scaled_score(xp.tanh(s * margins), across),
        "absolute_score": _scaled_score(xp.sign(margins), across),
        "leading_score": _scaled_score(margins, across),
    }


@block_size(_block)
def sample_direction_errors_raw(rng: Any, size: int, *, dimension: int, sample_size: int, half_distance: float) -> dict[str, Any]:
    """Do what `sample_direction_errors` does word for word: with labels that the unlabelled estimators do not see, and EM step by step.

    Parameters
    ----------
    rng, size, dimension, sample_size, half_distance
        As for `sample_direction_errors`.

    Returns
    -------
    dict
        "likelihood", "absolute" (the best of 32 ascents from anywhere), "leading" (by powers) and "labeled", equal in law to those of
        `sample_direction_errors`.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    d, n, s = _checked(dimension, sample_size, half_distance)
    xp = namespace_of(rng)
    features, labels = draw_symmetric_mixture(rng, size, sample_size=n, mean=axis_mean(xp, s, d))
    mean = xp.zeros((size, d))
    mean[:, 0] = s
    likely = settled(mean, lambda w: (xp.tanh((features * w[:, None, :]).sum(axis=2))[:, :, None] * features).mean(axis=1), 1e-12, xp)
    absolute, height = mean, xp.zeros(size)
    for _ in range(_SPHERE_STARTS):
        direction = rng.standard_normal((size, d))
        for _ in range(_SPHERE_STEPS):
            direction = (xp.sign((features * direction[:, None, :]).sum(axis=2))[:, :, None] * features).mean(axis=1)
        direction = _unit(direction, xp)
        reached = abs((features * direction[:, None, :]).sum(axis=2)).sum(axis=1)
        absolute = xp.where((reached > height)[:, None], direction, absolute)
        height = xp.maximum(reached, height)
    second = (features[:, :, :, None] * features[:, :, None, :]).mean(axis=1)
    leading = settled(mean, lambda w: _unit((second @ w[:, :, None])[:, :, 0], xp), 1e-14, xp)
    named = {"likelihood": likely, "absolute": absolute, "leading": leading, "labeled": (labels[:, :, None] * features).mean(axis=1)}
    return {name: _scaled_sine(directions, n, s) for name, directions in named.items()}


def _unit(vectors: Any, namespace: Any) -> Any:
    return vectors / namespace.sqrt((vectors**2).sum(axis=1))[:, None]
