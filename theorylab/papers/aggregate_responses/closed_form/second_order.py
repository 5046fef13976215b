r"""The finite-size correction of the limit: E risk = R_inf + R_1/d + O(1/d^2), in elementary integrals.

The exact expectations of `exact_risk` need E p^2, E q and E sum u/C^2. To the order that matters E sum f(u) = d f_0 + f_1 + O(1/d), with f_0 the
mean over the limiting spectrum and f_1 the correction of `theorylab.numerics.jacobi_ensemble.jacobi_linear_statistic_expansion`. The variance of p is
O(1), so that (E p)^2 may stand for E p^2: in x = (p^2 - 2 d y)/d^2 and in d y, y = (d q - p^2)/(d (d-1)(d+2)), it only counts at O(1/d^2).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.jacobi_ensemble import jacobi_linear_statistic_expansion
from theorylab.papers.aggregate_responses.closed_form._size_arguments import checked_weight, decomposition, signal_and_noise, single_sizes
from theorylab.papers.aggregate_responses.closed_form.exact_risk import bias_from_moments
from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition
from theorylab.validation import moderate, real, whole_number

__all__ = ["risk_second_order", "second_order_coefficient"]


def risk_second_order(
    sample_size: int,
    dimension: int,
    bag_size: int,
    weight: ArrayLike,
    squared_signal_norm: ArrayLike = 1.0,
    noise_variance: ArrayLike = 1.0,
    *,
    largest_weight: float = 1.0,
) -> RiskDecomposition:
    r"""Return bias, variance and risk of the interpolating estimator with an error O(1/d^2).

    Formula: ``r2 [x + y + y (n d - 2)/(n - d - 1)]`` and ``sigma^2 t / (n - d - 1)`` with y = (d q - p^2)/(d (d-1)(d+2)), x = (p^2 - 2 d y)/d^2 and
    p, q, t the two-term means of sum g, sum g^2, sum u/C^2 at the actual n, m, d.

    Parameters
    ----------
    sample_size
        n > d + 1, a multiple of k.
    dimension
        d >= 2.
    bag_size
        k >= 1.
    weight
        rho in (0, largest_weight]; near m = d it should be well above 1/d^2.
    squared_signal_norm
        r2 >= 0; broadcasts against rho.
    noise_variance
        sigma^2 >= 0; broadcasts against rho.
    largest_weight
        Upper end of the range of rho.

    Returns
    -------
    RiskDecomposition
        Entries of the broadcast shape of rho, r2 and sigma^2.

    Raises
    ------
    ValueError
        If an argument is out of range, or rho = 0 (whose risk is elementary: `bag_level_risk_exact`, `minimum_norm_risk_exact`).
    ConvergenceError
        If the integrals did not converge.

    Notes
    -----
    Derived here. Dropping the correction (as if the ensemble were complex) leaves an error of order 1/d.
    """
    n, d, _, m = single_sizes(sample_size, dimension, bag_size)
    whole_number("dimension", d, minimum=2)
    whole_number("sample_size", n, minimum=d + 2)
    rho = _positive_weight(weight, largest_weight)
    r2, noise = signal_and_noise(squared_signal_norm, noise_variance)
    means = _expansions(m / d, (n - m) / d, rho)
    p, q, t = (d * first + second for first, second in means)
    return decomposition(bias_from_moments(n, d, p**2, q), t / (n - d - 1), r2, noise, "")


def second_order_coefficient(
    samples_per_feature: float,
    bag_size: float,
    weight: ArrayLike,
    squared_signal_norm: ArrayLike = 1.0,
    noise_variance: ArrayLike = 1.0,
    *,
    largest_weight: float = 1.0,
) -> RiskDecomposition:
    r"""Return the coefficients of 1/d in E bias^2, E variance and E risk.

    Formula, with p = d p_0 + p_1 and so on, D_0 = q_0 - p_0^2, D_1 = q_1 - 2 p_0 p_1: ``bias: r2 [2 p_0 p_1 + D_0 + (psi/(psi-1)) (D_1 - D_0 +
    D_0/(psi-1))]``, ``variance: sigma^2 [t_1/(psi-1) + t_0/(psi-1)^2]``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 1.
    bag_size
        k >= 1, here any real number.
    weight
        rho in (0, largest_weight].
    squared_signal_norm
        r2 >= 0; broadcasts against rho.
    noise_variance
        sigma^2 >= 0; broadcasts against rho.
    largest_weight
        Upper end of the range of rho.

    Returns
    -------
    RiskDecomposition
        R_1 in its two parts and their sum. They may be negative.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the integrals did not converge.

    Notes
    -----
    Derived here: expansion of `risk_second_order` in 1/d at fixed psi and k.
    """
    check_broadcast(weight=weight, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance)
    psi = moderate("samples_per_feature", real("samples_per_feature", samples_per_feature, above=1.0), most=1e50, least=1e-50)
    k = real("bag_size", bag_size, minimum=1.0)
    rho = _positive_weight(weight, largest_weight)
    r2, noise = signal_and_noise(squared_signal_norm, noise_variance)
    (p0, p1), (q0, q1), (t0, t1) = _expansions(psi / k, psi - psi / k, rho)
    spread0, spread1 = q0 - p0**2, q1 - 2.0 * p0 * p1
    bias = 2.0 * p0 * p1 + spread0 + psi / (psi - 1.0) * (spread1 - spread0 + spread0 / (psi - 1.0))
    return decomposition(bias, t1 / (psi - 1.0) + t0 / (psi - 1.0) ** 2, r2, noise, "")


class _Expansion(NamedTuple):
    first: Any
    second: Any


def _expansions(first_ratio: float, second_ratio: float, rho: np.ndarray) -> tuple[_Expansion, _Expansion, _Expansion]:
    """Return the two-term means of g, g^2 and u/C^2 at every weight."""
    column = rho.reshape(-1, 1)

    def stack(u: np.ndarray) -> np.ndarray:
        mixed = u + column * (1.0 - u)
        g = column * (1.0 - u) / mixed
        return np.stack([g, g**2, u / mixed**2])

    main, correction = jacobi_linear_statistic_expansion(stack, first_ratio, second_ratio)
    p, q, t = (_Expansion(main[i].reshape(rho.shape), correction[i].reshape(rho.shape)) for i in range(3))
    return p, q, t


def _positive_weight(weight: ArrayLike, largest_weight: float) -> np.ndarray:
    rho = np.asarray(checked_weight(weight, largest_weight))
    if np.any(rho == 0.0):
        raise ValueError("weight must be > 0 here; at weight 0 the exact risk is elementary (bag_level_risk_exact, minimum_norm_risk_exact)")
    return rho
