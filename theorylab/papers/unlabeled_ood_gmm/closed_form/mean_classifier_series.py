r"""The exact risk of the mean of labelled samples as a series of beta integrals: a second route to `mean_classifier_risk`."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, gammaln

from theorylab.validation import moderate, real, whole_number

__all__ = ["mean_classifier_risk_series"]

_LARGEST_TERMS = 4_000_000


def _poisson(mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts whose Poisson weights exceed about exp(-40) of the largest, and these weights."""
    reach = 9.0 * np.sqrt(mean) + 40.0
    counts = np.arange(max(int(mean - reach), 0), int(mean + reach) + 1, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.where(counts > 0.0, counts * np.log(mean), 0.0)
    return counts, np.exp(logarithm - mean - gammaln(counts + 1.0))


def mean_classifier_risk_series(dimension: int, labeled_size: int, half_distance: float) -> float:
    r"""Return the expected risk of the mean of m labelled samples by a double series.

    Formula: ``sum_{j,k} Pois(j; L+/2) Pois(k; L-/2) I_{1/2}(d/2 + j, d/2 + k)`` with L+- = (sqrt(m) +- 1)^2 s^2/2 and I the regularised incomplete
    beta function: noncentral chi-squares are Poisson mixtures of central ones, and a ratio of those has a beta law.

    Parameters
    ----------
    dimension, labeled_size
        d >= 1 and m >= 1.
    half_distance
        s >= 0.

    Returns
    -------
    float
        In (0, 1/2], of absolute error about 1e-12: the weights of a long series are exponentials of large differences.

    Raises
    ------
    ValueError
        If an argument is out of range, or the series has more than four million terms (m s^2 beyond about 2e4); `mean_classifier_risk` has no limit.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027.
    """
    d, m = whole_number("dimension", dimension, maximum=10**9), whole_number("labeled_size", labeled_size)
    s = moderate("half_distance", real("half_distance", half_distance, minimum=0.0), most=1e50)
    root = np.sqrt(m)
    means = [0.25 * ((root + sign) * s) ** 2 for sign in (1.0, -1.0)]
    terms = np.prod([2.0 * (9.0 * np.sqrt(mean) + 40.0) for mean in means])
    if terms > _LARGEST_TERMS:
        raise ValueError(
            f"labeled_size and half_distance must give a series of at most {_LARGEST_TERMS} terms; got m = {m}, s = {s:g} with about {terms:.3g}"
        )
    (nearer, near_weights), (farther, far_weights) = (_poisson(mean) for mean in means)
    shares = betainc(0.5 * d + nearer[:, None], 0.5 * d + farther[None, :], 0.5)
    return float(near_weights @ shares @ far_weights)
