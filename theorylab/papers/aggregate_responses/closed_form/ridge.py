r"""Ridge regression on the bag means: the best that any estimator linear in them can do, exactly at finite size.

With G = sqrt(k) Xbar and z = sqrt(k) ybar = G theta0 + N(0, sigma^2 I_m), ridge is (A + lambda I)^-1 G' z, A = G'G ~ Wishart_d(m). The within-bag
scatter is independent of (Xbar, ybar) and so carries no information on theta0. For theta0 ~ N(0, (r2/d) I) ridge with lambda* = sigma^2 d / r2 is the
posterior mean; its risk depends on theta0 through its norm only, so it is the least risk, averaged over directions of theta0, of every estimator
linear in ybar given the features, the interpolating ones included.
"""

from __future__ import annotations

import numpy as np

from theorylab.numerics.laguerre_ensemble import laguerre_ensemble
from theorylab.papers.aggregate_responses.closed_form._size_arguments import decomposition, signal_and_noise, single_sizes
from theorylab.papers.aggregate_responses.closed_form.end_points import bag_level_risk_exact
from theorylab.papers.aggregate_responses.closed_form.fewer_bags import minimum_norm_risk_exact
from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition
from theorylab.validation import moderate, real

__all__ = ["ridge_risk_exact"]


def ridge_risk_exact(
    sample_size: int,
    dimension: int,
    bag_size: int,
    squared_signal_norm: float = 1.0,
    noise_variance: float = 1.0,
    *,
    penalty: float | None = None,
) -> RiskDecomposition:
    r"""Return bias, variance and risk of ridge regression on the bag means, by default with the best penalty.

    Formula: ``bias_squared = (r2/d) E [sum_i (lambda/(lambda + mu_i))^2 + (d - m)_+]``, ``variance = sigma^2 E sum_i mu_i / (lambda + mu_i)^2`` over
    the min(m, d) nonzero eigenvalues of A ~ Wishart_d(m), m = n/k. At lambda* = sigma^2 d/r2 the risk is ``sigma^2 E tr (A + lambda* I)^-1``.

    Parameters
    ----------
    sample_size
        n, a multiple of k.
    dimension
        d >= 1; min(m, d) up to about 300.
    bag_size
        k >= 1.
    squared_signal_norm
        r2 >= 0.
    noise_variance
        sigma^2 >= 0.
    penalty
        lambda >= 0 in ``sum_a k (ybar_a - <xbar_a, theta>)^2 + lambda |theta|^2``; None means lambda*.

    Returns
    -------
    RiskDecomposition
        Floats. Without signal the best penalty is infinite and the risk 0; penalty 0 is the (minimum-norm) bag-level estimator.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the quadrature over the spectrum did not converge.

    Notes
    -----
    Derived here (module's docstring).
    """
    n, d, k, m = single_sizes(sample_size, dimension, bag_size)
    r2, noise = signal_and_noise(
        moderate("squared_signal_norm", real("squared_signal_norm", squared_signal_norm)),
        moderate("noise_variance", real("noise_variance", noise_variance)),
    )
    if penalty is None and r2 == 0.0:
        return RiskDecomposition(0.0, 0.0, 0.0)
    ridge = noise * d / r2 if penalty is None else moderate("penalty", real("penalty", penalty, minimum=0.0), least=1e-100)
    if ridge == 0.0:
        return (bag_level_risk_exact if m >= d else minimum_norm_risk_exact)(n, d, k, r2, noise)
    # lambda/(lambda + s^2) has poles at s = +- i sqrt(lambda); a mesh that grows geometrically from there resolves them for every lambda.
    largest = (np.sqrt(m) + np.sqrt(d) + 10.0) ** 2
    spectrum = laguerre_ensemble(m, d, breakpoints=ridge * 4.0 ** np.arange(-2, max(0.0, np.log2(largest / ridge) / 2.0)))
    bias = (spectrum.mean(lambda mu: (ridge / (ridge + mu)) ** 2).value + max(d - m, 0)) / d
    return decomposition(bias, spectrum.mean(lambda mu: mu / (ridge + mu) ** 2).value, r2, noise, "")
