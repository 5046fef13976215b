"""Ridge regression on the bag means in the proportional limit: the floor under every estimator that is linear in the bag means."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.aggregate_responses.closed_form._limit_arguments import scales
from theorylab.validation import integers, moderate, plain, reals

__all__ = ["ridge_risk_limit"]


def best_ridge_risk(bags_per_feature: Any, r2: Any, noise: Any) -> Any:
    """Return the positive root R of R^2 + [(c-1) r2 + sigma^2] R - r2 sigma^2 = 0, at checked arguments."""
    linear = (bags_per_feature - 1.0) * r2 + noise
    discriminant_root = np.sqrt(linear * linear + 4.0 * r2 * noise)
    # Of the two expressions of the positive root, the one without a difference of almost equal numbers.
    positive = np.greater_equal(linear, 0.0)
    denominator = linear + discriminant_root
    quotient = 2.0 * r2 * noise / np.where(positive & np.greater(denominator, 0.0), denominator, 1.0)
    return plain(np.where(positive, quotient, 0.5 * (discriminant_root - linear)))


def ridge_risk_limit(
    samples_per_feature: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> Any:
    r"""Return the limiting risk of ridge regression on the bag means with its best penalty, which no weight of the interpolating loss reaches.

    Formula: ``sigma^2 s`` with the positive root s of ``l s^2 + (c + l - 1) s - 1 = 0``, ``l = sigma^2/r2``, ``c = psi/k``; at
    sigma^2 = 0, ``r2 (1 - c)_+``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 0; broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    squared_signal_norm
        r2 = ||theta0||^2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        The risk, at most r2.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the within-bag scatter is independent of bag means and responses, so for theta0 uniform on a sphere the posterior mean under
    a Gaussian prior of the same second moment, ridge with penalty sigma^2 d/r2, is best among estimators linear in the bag responses; its risk
    is sigma^2 E tr (A + (sigma^2 d/r2) I)^-1, and s is the limit of that trace (Marchenko-Pastur).
    """
    check_broadcast(
        samples_per_feature=samples_per_feature, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    psi = moderate("samples_per_feature", reals("samples_per_feature", samples_per_feature, above=0.0), most=1e50, least=1e-50)
    k = 1.0 * integers("bag_size", bag_size)
    return best_ridge_risk(psi / k, *scales(squared_signal_norm, noise_variance))
