"""What the leading order of the private risk hides: predicting 0, or ridge regression, on privatised bag means."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.aggregate_responses.closed_form._limit_arguments import ratio_above_one, scales
from theorylab.papers.aggregate_responses.closed_form.fixed_point import asymptotic_risk
from theorylab.papers.aggregate_responses.closed_form.private_risk import private_risk_limit
from theorylab.papers.aggregate_responses.closed_form.ridge_limit import best_ridge_risk
from theorylab.validation import moderate, plain, reals

__all__ = ["null_predictor_epsilon", "private_ridge_risk_limit"]


def private_ridge_risk_limit(
    samples_per_feature: ArrayLike,
    bag_size: ArrayLike,
    squared_signal_norm: ArrayLike = 1.0,
    noise_variance: ArrayLike = 1.0,
    unit_bag_noise_variance: ArrayLike = 0.0,
) -> Any:
    r"""Return the limiting risk of ridge regression with its best penalty on privatised bag means; bag size 1 is best, always.

    Formula: `ridge_risk_limit` with noise variance ``sigma^2 + D2/k``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 0; broadcasts.
    bag_size
        k >= 1, not necessarily an integer here, so that monotony can be examined between the integers; broadcasts.
    squared_signal_norm
        r2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.
    unit_bag_noise_variance
        D2 >= 0 (`unit_bag_noise_variance`; 0 is no privacy); broadcasts.

    Returns
    -------
    float or ndarray
        The risk, which does not fall when k grows.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: theta0's posterior precision is n/(k sigma^2 + D2) times W/(n/k) with W ~ Wishart_d(n/k). In k the factor falls and the spectrum
    of W/(n/k) spreads out in convex order, and tr (I + .)^-1 is convex and decreasing.
    """
    check_broadcast(
        samples_per_feature=samples_per_feature,
        bag_size=bag_size,
        squared_signal_norm=squared_signal_norm,
        noise_variance=noise_variance,
        unit_bag_noise_variance=unit_bag_noise_variance,
    )
    psi = moderate("samples_per_feature", reals("samples_per_feature", samples_per_feature, above=0.0), most=1e50, least=1e-50)
    k = reals("bag_size", bag_size, minimum=1.0)
    r2, noise = scales(squared_signal_norm, noise_variance)
    return best_ridge_risk(psi / k, r2, noise + reals("unit_bag_noise_variance", unit_bag_noise_variance, minimum=0.0) / k)


def null_predictor_epsilon(
    samples_per_feature: ArrayLike,
    bag_size: ArrayLike,
    weight: ArrayLike,
    squared_signal_norm: ArrayLike,
    noise_variance: ArrayLike,
    clip: ArrayLike,
    *,
    largest_weight: float = 1.0,
) -> Any:
    r"""Return the epsilon above which the private estimator has, in the limit, a smaller risk than the predictor 0.

    Formula: ``sqrt(8 T^2 V / (k [r2 - risk without privacy]))``, infinite where the estimator without privacy is no better than 0.

    Parameters
    ----------
    samples_per_feature, bag_size, weight, squared_signal_norm, noise_variance, largest_weight
        As in `asymptotic_risk`.
    clip
        T > 0; broadcasts.

    Returns
    -------
    float or ndarray
        The crossover epsilon > 0.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the predictor 0 has risk r2 and `private_risk_limit` is the risk without privacy plus 8 T^2 V/(k epsilon^2).
    """
    check_broadcast(
        samples_per_feature=samples_per_feature,
        bag_size=bag_size,
        weight=weight,
        squared_signal_norm=squared_signal_norm,
        noise_variance=noise_variance,
        clip=clip,
    )
    psi = ratio_above_one(samples_per_feature)
    r2 = moderate("squared_signal_norm", reals("squared_signal_norm", squared_signal_norm, minimum=0.0))
    noiseless = asymptotic_risk(psi, bag_size, weight, r2, noise_variance, largest_weight=largest_weight).risk
    price = private_risk_limit(psi, bag_size, weight, 0.0, 0.0, clip, 1.0, largest_weight=largest_weight).variance
    advantage = r2 - noiseless
    with np.errstate(invalid="ignore", divide="ignore"):
        return plain(np.where(advantage > 0.0, np.sqrt(price / np.where(advantage > 0.0, advantage, 1.0)), np.inf))
