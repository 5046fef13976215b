r"""The mean of the labelled samples as a classifier: its exact risk at every dimension and sample size.

The rule is sign<w, x> with w = (1/m) sum y_i x_i ~ N(mu0, sigma0^2 I/m). Averaged over a test sample too, its risk is the probability that two
independent normal vectors point into opposite half-spaces, U = sqrt(m) w/sigma0 ~ N(a, I) and V = y x/sigma0 ~ N(b, I). The same probability is
the risk of every other direction that is normal with covariance tau^2 I, such as the mean of labelled samples from another domain.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, expm1, log1p, ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.validation import integers, moderate, plain, reals

__all__ = [
    "inner_product_sign_probability",
    "mean_classifier_excess",
    "mean_classifier_risk",
    "out_of_domain_mean_risk",
]

# Beyond exp(-40) of its height the integrand is dropped; two rules must agree. The last ones are for probabilities like 1e-100 in few dimensions.
_DROP = 40.0
_RULES = tuple(np.polynomial.legendre.leggauss(count) for count in (120, 180, 360, 540))
_AGREEMENT = 1e-11


def _exponent(theta: Any, d: Any, product: Any, apart: Any) -> Any:
    """Return the logarithm of cos^(d-1) exp(-N sin^2/2 + i p sin cos) at complex angles; N = 2 (p + apart), so that no large terms cancel."""
    sine = np.sin(theta)
    return 0.5 * (d - 1.0) * log1p(-(sine**2)) - apart * sine**2 + 1j * product * sine * np.exp(1j * theta)


def _saddle(d: np.ndarray, product: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Return the eta > 0 at which the integrand on the line u + i eta is flattest at u = 0, by bisection of a convex function's derivative."""
    low = np.full(d.shape, 1e-9)
    high = 1.0 + 0.5 * np.log1p(apart + 2.0 * product)
    for _ in range(40):
        eta = np.sqrt(low * high)
        slope = (d - 1.0) * np.tanh(eta) - 1.0 / np.tanh(eta) + apart * np.sinh(2.0 * eta) - product * np.exp(-2.0 * eta)
        low, high = np.where(slope < 0.0, eta, low), np.where(slope < 0.0, high, eta)
    return high


def _opposite(d: np.ndarray, product: np.ndarray, apart: np.ndarray) -> np.ndarray:
    r"""Return P(<U, V> < 0) where ``product`` = <a, b> >= 0 and ``apart`` = |a - b|^2/2, so that it is at most 1/2.

    The contour of Gil-Pelaez' integral is moved from the real axis to ``theta = u + i eta cos(u)^2``, past no pole: P = -Im(integral over u in
    (0, pi/2))/pi of the integrand over sin(theta). With eta at the saddle nothing cancels, and small probabilities keep their digits.
    """
    eta = _saddle(d, product, apart)
    decay = 0.5 * (d - 1.0) / np.cosh(eta) ** 2 + apart * np.cosh(2.0 * eta) + product * np.exp(-2.0 * eta)
    end = np.arcsin(np.sqrt(_DROP / np.maximum(decay, _DROP)))

    def integral(rule: tuple[np.ndarray, np.ndarray], which: np.ndarray) -> np.ndarray:
        nodes, weights = rule
        lift = eta[which][:, None]
        u = 0.5 * end[which][:, None] * (1.0 + nodes)
        theta = u + 1j * lift * np.cos(u) ** 2
        speed = 1.0 - 1j * lift * np.sin(2.0 * u)
        logarithm = _exponent(theta, d[which][:, None], product[which][:, None], apart[which][:, None])
        terms = np.exp(logarithm) * speed / np.sin(theta)
        return np.asarray(-0.5 * end[which] * np.sum(weights * terms.imag, axis=-1) / np.pi)

    probability, open_ones, gap = np.empty(d.shape), np.ones(d.shape, dtype=bool), np.empty(0)
    for coarse, fine in zip(_RULES[::2], _RULES[1::2], strict=True):
        first, second = (integral(rule, open_ones) for rule in (coarse, fine))
        probability[open_ones], gap = second, np.abs(second - first)
        open_ones[open_ones] = gap > _AGREEMENT * np.abs(second) + np.finfo(np.float64).tiny
        if not np.any(open_ones):
            return np.minimum(probability, 0.5)
    raise ConvergenceError(f"the integral of the sign probability did not converge: two rules differ by {float(np.max(gap)):.3g}")


def _sign_probability(d: Any, product: Any, apart: Any) -> Any:
    """Return P(<U, V> < 0) where ``product`` = <a, b> and ``apart`` = (|a|^2 + |b|^2)/2 - |<a, b>|."""
    d, product, apart = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (d, product, apart)))
    smaller = _opposite(d, np.abs(product), apart)
    return plain(np.where(product >= 0.0, smaller, 1.0 - smaller))


def inner_product_sign_probability(dimension: ArrayLike, inner_product: ArrayLike, squared_norms: ArrayLike) -> Any:
    r"""Return P(<U, V> < 0) for independent U ~ N(a, I_d) and V ~ N(b, I_d).

    Formula: ``1/2 - (1/pi) int_0^{pi/2} cos(t)^(d-1) exp(-N sin(t)^2 / 2) sin(p sin(2 t) / 2) / sin(t) dt`` with p = <a, b>, N = |a|^2 + |b|^2.

    Parameters
    ----------
    dimension
        d >= 1, integers; broadcasts.
    inner_product
        p = <a, b>, with 2 |p| <= N; broadcasts.
    squared_norms
        N = |a|^2 + |b|^2 >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1]. The relative error of values below 1/2 is about 1e-13, also where they are as small as 1e-200, as long as N - 2 |p| keeps digits.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If two quadrature rules disagree.

    Notes
    -----
    Derived here: <U, V> = (|U + V|^2 - |U - V|^2)/4 with independent squares, so 2 <U, V> is a difference of noncentral chi-squares with
    characteristic function ``(1 + 4 t^2)^(-d/2) exp((2 i p t - 2 N t^2) / (1 + 4 t^2))``; Gil-Pelaez' formula with t = tan(theta)/2.
    """
    check_broadcast(dimension=dimension, inner_product=inner_product, squared_norms=squared_norms)
    d = integers("dimension", dimension)
    p = np.asarray(reals("inner_product", inner_product))
    total = np.asarray(reals("squared_norms", squared_norms, minimum=0.0))
    if np.any(2.0 * np.abs(p) > total * (1.0 + 1e-12)):
        raise ValueError(f"squared_norms must be >= 2 |inner_product|, as |a|^2 + |b|^2 is; got {squared_norms!r} for {inner_product!r}")
    return _sign_probability(d, p, np.maximum(0.5 * total - np.abs(p), 0.0))


def mean_classifier_risk(dimension: ArrayLike, labeled_size: ArrayLike, half_distance: ArrayLike) -> Any:
    r"""Return the expected risk of the mean of m labelled samples, exactly.

    Formula: ``P(chi2'_d((sqrt(m) + 1)^2 s^2 / 2) < chi2'_d((sqrt(m) - 1)^2 s^2 / 2))`` for independent noncentral chi-squares: the probability of
    `inner_product_sign_probability` with <a, b> = sqrt(m) s^2 and |a|^2 + |b|^2 = (m + 1) s^2.

    Parameters
    ----------
    dimension, labeled_size
        d >= 1 and m >= 1, integers; they broadcast.
    half_distance
        s = |mu0|/sigma0 >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        In (0, 1/2], of relative error about 1e-13 for d and m up to 1e8 and beyond.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If two quadrature rules disagree.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027. With |mu0| and sigma0 known this rule is the Bayes rule for the uniform prior on the sphere,
    among all rules, and has the same risk everywhere on it; so no rule of m labelled samples has a smaller largest risk.
    """
    check_broadcast(dimension=dimension, labeled_size=labeled_size, half_distance=half_distance)
    d, m = integers("dimension", dimension), integers("labeled_size", labeled_size)
    s, root = np.asarray(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e06)), np.sqrt(m)
    return _sign_probability(d, root * s**2, 0.5 * ((root - 1.0) * s) ** 2)


def out_of_domain_mean_risk(
    dimension: ArrayLike, labeled_size: ArrayLike, half_distance: ArrayLike, shifted_half_distance: ArrayLike, alignment: ArrayLike
) -> Any:
    r"""Return the expected risk at home of the mean of labelled samples from a shifted domain, exactly.

    Formula: `inner_product_sign_probability` with <a, b> = sqrt(k) s1 s cos(mu0, mu1) and |a|^2 + |b|^2 = k s1^2 + s^2.

    Parameters
    ----------
    dimension
        d >= 1, integers; broadcasts.
    labeled_size
        k >= 1 labelled samples of y mu1 + sigma1 z; broadcasts.
    half_distance, shifted_half_distance
        s = |mu0|/sigma0 >= 0 and s1 = |mu1|/sigma1 >= 0; broadcast.
    alignment
        cos(mu0, mu1) in [-1, 1]; broadcasts. In one dimension only -1 and 1 exist.

    Returns
    -------
    float or ndarray
        In (0, 1), of relative error about 1e-13.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If two quadrature rules disagree.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027.
    """
    check_broadcast(
        dimension=dimension, labeled_size=labeled_size, half_distance=half_distance, shifted_half_distance=shifted_half_distance, alignment=alignment
    )
    d, k = integers("dimension", dimension), integers("labeled_size", labeled_size)
    s = np.asarray(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e06))
    shifted = np.sqrt(k) * moderate("shifted_half_distance", reals("shifted_half_distance", shifted_half_distance, minimum=0.0), most=1e06)
    cosine = np.asarray(reals("alignment", alignment, minimum=-1.0, maximum=1.0))
    if np.any((np.asarray(d) == 1) & (np.abs(cosine) != 1.0)):
        raise ValueError(f"alignment must be -1 or 1 in one dimension; got {alignment!r}")
    return _sign_probability(d, shifted * s * cosine, 0.5 * (shifted - s) ** 2 + shifted * s * (1.0 - np.abs(cosine)))


def mean_classifier_excess(dimension: ArrayLike, labeled_size: ArrayLike, half_distance: ArrayLike) -> Any:
    r"""Return the expected excess risk of the mean of m labelled samples, without the cancellation of a difference.

    Formula: `mean_classifier_risk` less Phi(-s). If m s^2 >= 144, s^2 <= 4 m and d <= m min(s^2, 1), where they are close, both are one integral
    in w = sqrt(m) s sin(theta) on the line x + i s:
    ``-(1/pi) Im int_0^inf exp(-w^2/2 + i s w) [cos^(d-2) exp(-w^2/(2 m) + i s w (cos - 1)) - 1] dw/w``, cos^2 = 1 - w^2/(m s^2).
    In one dimension ``(1 - 2 Phi(-s)) Phi(-sqrt(m) s)``.

    Parameters
    ----------
    dimension, labeled_size
        d >= 1 and m >= 1, integers; they broadcast.
    half_distance
        s > 0; broadcasts.

    Returns
    -------
    float or ndarray
        Positive, of relative error about 1e-11 for s >= 0.3, however large m is; below it grows to 4e-12/s where m s^2 < 144.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If two quadrature rules disagree.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027.
    """
    check_broadcast(dimension=dimension, labeled_size=labeled_size, half_distance=half_distance)
    d, m = integers("dimension", dimension), integers("labeled_size", labeled_size)
    s = moderate("half_distance", reals("half_distance", half_distance, above=0.0), most=1e06)
    size, samples, half = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (d, m, s)))
    direct = np.asarray(mean_classifier_risk(d, m, s)) - ndtr(-half)
    result = np.where(size == 1.0, erf(half / np.sqrt(2.0)) * ndtr(-np.sqrt(samples) * half), direct)
    joint = (size > 1.0) & (size <= samples * np.minimum(half**2, 1.0)) & (half**2 <= 4.0 * samples) & (samples * half**2 >= 144.0)
    result[joint] = _joint_excess(size[joint], samples[joint], half[joint])
    return plain(result)


def _joint_excess(d: np.ndarray, m: np.ndarray, s: np.ndarray) -> np.ndarray:
    d, m, s = d[:, None], m[:, None], s[:, None]
    found = []
    for nodes, weights in _RULES[:2]:
        reach = 0.5 * (1.0 + nodes) * np.sqrt(2.0 * _DROP)
        w = reach + 1j * s
        square = w**2 / (m * s**2)
        short = -square / (1.0 + np.sqrt(1.0 - square))
        change = expm1(0.5 * (d - 2.0) * log1p(-square) - 0.5 * w**2 / m + 1j * s * w * short)
        # On the line exp(-w^2/2 + i s w) is exp(-x^2/2 - s^2/2), the saddle of Phi(-s).
        terms = weights * np.exp(-0.5 * (reach**2 + s**2)) * (change / w).imag
        found.append(-0.5 * np.sqrt(2.0 * _DROP) * np.sum(terms, axis=-1) / np.pi)
    gap = np.abs(found[1] - found[0])
    if np.any(gap > _AGREEMENT * np.abs(found[1]) + 1e-12 * np.exp(-0.5 * s[:, 0] ** 2) / m[:, 0]):
        raise ConvergenceError(f"the integral of the excess risk did not converge: two rules differ by {float(np.max(gap)):.3g}")
    return found[1]
