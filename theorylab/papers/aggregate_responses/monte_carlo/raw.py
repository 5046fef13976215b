"""The setting of arXiv:2401.11081 word for word: draw samples, average them in bags, minimise the loss, measure the error."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, checked_array, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.aggregate_responses.monte_carlo.settings import (
    BagDesign,
    checked_centre,
    checked_design,
    checked_variances,
    checked_weights,
)
from theorylab.validation import instance, reals

__all__ = ["BaggedSamples", "bag_averages", "draw_bagged_samples", "interpolating_coefficients", "sample_raw_risk"]

# Rows per feature, and weight, from which the Gram matrix of a Gaussian design is so well conditioned that the normal equations are safe.
_SAFE_RATIO, _SAFE_WEIGHT = 1.5, 1e-4


class BaggedSamples(NamedTuple):
    """A batch of samples, bag by bag: features (size, n, d), labels (size, n), and the true coefficients (d,)."""

    features: Any
    labels: Any
    coefficients: Any


def draw_bagged_samples(rng: Any, size: int, design: BagDesign, squared_signal_norm: float, noise_variance: float) -> BaggedSamples:
    """Draw x ~ N(0, I_d), y = <x, theta0> + e, e ~ N(0, sigma^2); sample i is in bag i // k, theta0 = sqrt(r2 / d) (1, ..., 1)."""
    instance("design", design, BagDesign)
    size = check_draw(rng, size)
    n, d, xp = design.sample_size, design.dimension, namespace_of(rng)
    coefficients = xp.full(d, np.sqrt(squared_signal_norm / d))
    features = rng.standard_normal((size, n, d))
    labels = features @ coefficients + np.sqrt(noise_variance) * rng.standard_normal((size, n))
    return BaggedSamples(features, labels, coefficients)


def bag_averages(values: Any, bag_size: int) -> Any:
    """Return the mean of each k consecutive entries along the second axis: (size, n, ...) to (size, n / k, ...)."""
    return values.reshape(values.shape[0], -1, bag_size, *values.shape[2:]).mean(axis=2)


def _by_orthogonal_factors(xp: Any, rows: Any, targets: Any) -> Any:
    """Return argmin |targets - rows theta|^2, of smallest norm if it is not unique; (size, r, d) of full rank and (size, r)."""
    if rows.shape[1] >= rows.shape[2]:
        orthogonal, triangular = xp.linalg.qr(rows)
        return xp.linalg.solve(triangular, orthogonal.swapaxes(1, 2) @ targets[:, :, None])[:, :, 0]
    orthogonal, triangular = xp.linalg.qr(rows.swapaxes(1, 2))
    return (orthogonal @ xp.linalg.solve(triangular.swapaxes(1, 2), targets[:, :, None]))[:, :, 0]


def interpolating_coefficients(features: Any, bag_means: Any, *, bag_size: int, weights: ArrayLike, namespace: Any = np) -> Any:
    """Return the minimiser of (1 - weight) L_bag + weight L_ins for each data set and weight.

    L_bag = |ybar - Xbar theta|^2 / m, L_ins = |repeat(ybar) - X theta|^2 / n, sample i in bag i // k. Three cases that are not each other's limits:
    weight 0 with fewer bags than features, the solution of smallest norm of Xbar theta = ybar; fewer samples than features, that of
    X theta = repeat(ybar); all else is unique.

    Parameters
    ----------
    features
        (size, n, d), in general position.
    bag_means
        ybar, (size, n / k).
    bag_size
        k >= 1.
    weights
        rho, (L,), each 0 or from 1e-9 to 1.
    namespace
        The array module of `features`, numpy or cupy.

    Returns
    -------
    array of shape (size, L, d)

    Raises
    ------
    ValueError
        If a shape does not fit, k does not divide n, or a weight is out of range.
    """
    xp = namespace
    features, bag_means = checked_array("features", features, ("size", "n", "d"), minimum=-1e50, maximum=1e50), checked_array("bag_means", bag_means)
    size, n, d = features.shape
    design = checked_design(n, d, bag_size)
    k, m = design.bag_size, design.bags
    if bag_means.shape != (size, m):
        raise ValueError(f"bag_means must have shape ({size}, {m}); got shape {bag_means.shape}")
    rho = checked_weights(weights)
    averages, repeated = bag_averages(features, k), xp.repeat(bag_means, k, axis=1)
    bag_gram, bag_moment = _normal_equations(averages, bag_means)
    sample_gram, sample_moment = _normal_equations(features, repeated)
    coefficients = xp.empty((size, rho.size, d))
    for j, weight in enumerate(rho.tolist()):
        if (m if weight == 0.0 else n) >= _SAFE_RATIO * d and (weight == 0.0 or weight >= _SAFE_WEIGHT):
            gram = (1.0 - weight) * bag_gram + weight * sample_gram
            moment = (1.0 - weight) * bag_moment + weight * sample_moment
            try:
                coefficients[:, j] = xp.linalg.solve(gram, moment[:, :, None])[:, :, 0]
            except np.linalg.LinAlgError:
                raise ValueError("features must be in general position; got a data set whose features depend on each other") from None
        elif weight == 0.0:
            coefficients[:, j] = _by_orthogonal_factors(xp, averages, bag_means)
        else:
            scales = np.sqrt((1.0 - weight) / m), np.sqrt(weight / n)
            rows = xp.concatenate([scales[0] * averages, scales[1] * features], axis=1)
            targets = xp.concatenate([scales[0] * bag_means, scales[1] * repeated], axis=1)
            if n >= d:
                coefficients[:, j] = _by_orthogonal_factors(xp, rows, targets)
            else:
                # The rows have rank n: what lies below the cut of singular values is rounding.
                inverse = xp.linalg.pinv(rows, rcond=(m + n) * 2.0**-52)
                coefficients[:, j] = (inverse @ targets[:, :, None])[:, :, 0]
    return coefficients


def _normal_equations(rows: Any, targets: Any) -> tuple[Any, Any]:
    """Return half the second and minus half the first derivative, at 0, of the mean square |targets - rows theta|^2 / r."""
    r = rows.shape[1]
    return rows.swapaxes(1, 2) @ rows / r, (targets[:, None, :] @ rows)[:, 0] / r


def _raw_block(*, sample_size: int, dimension: int, bag_size: int, weights: ArrayLike, **_: object) -> int:
    n, d, _k, m = checked_design(sample_size, dimension, bag_size)
    rho = checked_weights(weights)
    stacked = n < _SAFE_RATIO * d or bool(np.any((rho > 0.0) & (rho < _SAFE_WEIGHT)))
    solves = rho.size * (2.0 * d**3 + (4.0 * (n + m) * d * min(n, d) if stacked else 0.0))
    return fitting_block(nanoseconds=12.0 * n * d + 0.06 * (2.0 * n * d**2 + solves), numbers=(2 + 4 * stacked) * n * d + (4 + rho.size) * d**2)


@block_size(_raw_block)
def sample_raw_risk(
    rng: Any,
    size: int,
    *,
    sample_size: int,
    dimension: int,
    bag_size: int,
    weights: ArrayLike,
    squared_signal_norm: float = 1.0,
    noise_variance: float = 1.0,
    centre: ArrayLike = 0.0,
) -> dict[str, Any]:
    """Sample the realised error |theta - theta0|^2 of the interpolating estimator on raw data, for several weights on the same data.

    n = m k samples x ~ N(0, I_d), y = <x, theta0> + N(0, sigma^2), averaged in m bags; theta minimises (1 - weight) L_bag + weight L_ins
    (`interpolating_coefficients`). The error is the prediction risk on a new sample without the irreducible sigma^2.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    sample_size, dimension, bag_size
        n, d and k, integers >= 1, n a multiple of k; every shape.
    weights
        rho, (L,), each 0 or from 1e-9 to 1.
    squared_signal_norm, noise_variance
        r2 = |theta0|^2 > 0 and sigma^2 >= 0.
    centre
        One number or one for each weight, subtracted before "risk_squared" is squared: near the mean of the risk, that column is well
        conditioned for a variance.

    Returns
    -------
    dict of arrays of shape (size, L)
        "risk", "alignment" <theta, theta0> / r2, and "risk_squared" (risk - centre)^2. With weight > 0 the mean of the risk exists if
        |n - d| > 1, its variance if |n - d| > 3; with weight 0 the number of bags m stands for n. Skewness 0.3 to 2 away from there.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    arXiv:2401.11081, section 2.
    """
    size = check_draw(rng, size)
    design = checked_design(sample_size, dimension, bag_size)
    rho = checked_weights(weights)
    reals("squared_signal_norm", squared_signal_norm, above=0.0)
    r2, sigma2 = checked_variances(squared_signal_norm, noise_variance)
    middle, xp = checked_centre(centre, rho.size), namespace_of(rng)
    data = draw_bagged_samples(rng, size, design, r2, sigma2)
    bag_means = bag_averages(data.labels, design.bag_size)
    theta = interpolating_coefficients(data.features, bag_means, bag_size=design.bag_size, weights=rho, namespace=xp)
    risk = ((theta - data.coefficients) ** 2).sum(axis=2)
    return {"risk": risk, "alignment": theta @ data.coefficients / r2, "risk_squared": (risk - xp.asarray(middle)) ** 2}
