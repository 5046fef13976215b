r"""The weight of least limiting risk, and why there is only one (derived here).

With the fixed point's a and b (see `fixed_point`), c = psi/k, D = a(1-a) + (k-1) b(1-b) and V = a^2/D, the derivatives of squared bias and
variance in the weight share the factor db/drho > 0, and the risk falls where SNR H < 1, rises where SNR H > 1::

    H = c^2 b D [c (k-1) D + psi a^2] / (a (1-b)) - psi c (k-1) b^2.

One stationary point. Let x = c a and g = c (k-1) - 1, so that c (k-1) b = 1 - x and g + x = c (k-1)(1-b) > 0. Eliminating D,
(k-1) H = (1-x) Q(x) with Q(x) = 4 - k + [g^2/x - k x^2] / (g+x), and x falls as the weight grows. Where Q <= 0 the risk falls with the weight.
Q decreases in x: its derivative has the sign of -g^2 (g+2x)/x^2 - k x (x+2g), where g + 2x > 0; only g = -G < 0 with G < x < 2G could make it
positive, but with x = G z the claim is k G z^3 (2-z) <= 2z - 1, which follows from 2z - 1 - z^3 (2-z) = (z-1)^3 (z+1) >= 0 for z > 1 and
k G < 1, that is psi > 1. So H decreases in x wherever it is positive: SNR H crosses 1 at most once, and from below as the weight grows. At
weight 0+, H <= 0 (0 if psi >= k, -(1-c)^3/(c (k-1)) if psi < k), so the best weight is never 0. The crossing exists at some finite weight
unless psi = k/(k-1) (as many within-bag degrees of freedom as features), where (k-1) H = (1-x)(4 - k - k x)
stays below max(4 - k, 0).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.roots import log_bisection
from theorylab.papers.aggregate_responses.closed_form._limit_arguments import more_samples_than_features
from theorylab.papers.aggregate_responses.closed_form.fixed_point import solve_fixed_point
from theorylab.validation import plain, real, reals

__all__ = ["optimal_weight", "optimal_weight_rule_of_thumb"]

SMALLEST_WEIGHT = 1e-250
LARGEST_RATIO = 1e200


def _rises(psi: Any, k: Any, rho: Any, snr: Any) -> Any:
    """Return whether the limiting risk rises in the weight at ``rho``, i.e. SNR H > 1."""
    point = solve_fixed_point(psi, k, rho)
    c, within = psi / k, psi / k * (k - 1.0)
    gain = c * c * point.b * point.spread * (within * point.spread + psi * point.a * point.a) / (point.a * point.one_minus_b)
    return snr * (gain - psi * within * point.b * point.b) > 1.0


def optimal_weight(samples_per_feature: ArrayLike, bag_size: ArrayLike, signal_to_noise_ratio: ArrayLike, upper: float = 1.0) -> Any:
    r"""Return the weight in (0, ``upper``] at which the limiting risk of the interpolating estimator is least.

    Formula: the only root of ``d risk / d rho`` (see the module), or ``upper`` if the risk still falls there.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 1; broadcasts.
    bag_size
        k >= 1, integer; broadcasts. For bags of one all weights are the same estimator; min(1, ``upper``) is returned.
    signal_to_noise_ratio
        SNR = r2/sigma^2 in [0, 1e200]; broadcasts.
    upper
        Largest weight considered, in (1e-250, 1e100]; weights above 1 are considered only if it says so.

    Returns
    -------
    float or ndarray
        The best weight, to a relative error of about 1e-12 in general; ``upper`` exactly where the risk falls all the way.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here, with the proof that the stationary point is unique and a minimum. At weight 1 the condition is
    `snr_threshold_interior_weight`.
    """
    check_broadcast(samples_per_feature=samples_per_feature, bag_size=bag_size, signal_to_noise_ratio=signal_to_noise_ratio)
    psi, k = more_samples_than_features(samples_per_feature, bag_size)
    snr = reals("signal_to_noise_ratio", signal_to_noise_ratio, minimum=0.0, maximum=LARGEST_RATIO)
    top = real("upper", upper, above=SMALLEST_WEIGHT, maximum=1e100)
    psi, k, snr = np.broadcast_arrays(psi, k, snr)
    root = log_bisection(lambda rho: _rises(psi, k, rho, snr), np.full(psi.shape, SMALLEST_WEIGHT), top)
    best = np.where(_rises(psi, k, top, snr), root, top)
    return plain(np.where(k == 1.0, min(1.0, top), best))


def optimal_weight_rule_of_thumb(samples_per_feature: ArrayLike, bag_size: ArrayLike, signal_to_noise_ratio: ArrayLike) -> Any:
    r"""Return an approximation of the best weight for many samples per feature: the one that acts like the best ridge penalty.

    Formula: ``1 / (SNR psi (1 - 1/k))``; relative error of order 1/psi.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 1; broadcasts.
    bag_size
        k >= 2, integer; broadcasts.
    signal_to_noise_ratio
        SNR > 0; broadcasts.

    Returns
    -------
    float or ndarray
        The approximation; not capped at 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: for psi large the within-bag scatter rho B is close to its mean rho (n - n/k) I, and the best ridge penalty is sigma^2 d/r2.
    """
    check_broadcast(samples_per_feature=samples_per_feature, bag_size=bag_size, signal_to_noise_ratio=signal_to_noise_ratio)
    psi, k = more_samples_than_features(samples_per_feature, bag_size, smallest_bag_size=2)
    snr = reals("signal_to_noise_ratio", signal_to_noise_ratio, above=0.0)
    return plain(k / (snr * psi * (k - 1.0)))
