r"""Nonlinear target functions: still one plain gradient step (arXiv:2307.03576, Theorem 3; closed forms derived here).

Setting: x ~ N(0, I_d), y = f(x) + eps, the law of f invariant under f -> f(R .) for every orthogonal R. With beta_f = E[f(x) x | f] four moments
decide everything:

    B = E|beta_f|^2,    V = E[f(x)^2 |x|^2],    F = E f(x)^2,    F4 = E f(x)^4.

Derived: invariance makes E[X^T y beta_f^T] = n (B/d) I and E[X^T y y^T X] = n kappa I with kappa = V/d + sigma^2 + (n - 1) B/d, so P* = (B/d) /
kappa I. R = -I in the invariance kills every odd-even cross term, so that the whole loss L(v, M) is known too.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import gaussian_expectation
from theorylab.papers.one_step_gd.closed_form._arguments import scalar
from theorylab.validation import array_of_shape, choice, instance, integers, plain, reals, whole_number

__all__ = [
    "TeacherMoments",
    "nonlinear_minimum_loss",
    "nonlinear_population_loss",
    "nonlinear_teacher_moments",
    "optimal_learning_rate_nonlinear",
    "relu_network_moments",
]

_LINKS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], tuple[float, ...]]] = {
    "linear": (lambda z: z, ()),
    "sign": (np.sign, (0.0,)),
    "relu": (lambda z: np.maximum(z, 0.0), (0.0,)),
    "tanh": (np.tanh, ()),
    "cube": (lambda z: z**3, ()),
    "square": (lambda z: z**2, ()),
    "hermite3": (lambda z: z**3 - 3.0 * z, ()),
}


class TeacherMoments(NamedTuple):
    """The four moments of a rotation-invariant family of target functions.

    Attributes
    ----------
    linear_power
        B = E|beta_f|^2, beta_f = E[f(x) x | f].
    weighted_power
        V = E[f(x)^2 |x|^2].
    power
        F = E f(x)^2.
    fourth_moment
        F4 = E f(x)^4, or None where E[f(x)^2 | f] is not constant: the loss away from a = b = 0 then needs more than these moments.
    """

    linear_power: float
    weighted_power: float
    power: float
    fourth_moment: float | None


def nonlinear_teacher_moments(link: str | Callable[[np.ndarray], np.ndarray], dimension: int, *, kinks: Sequence[float] = ()) -> TeacherMoments:
    r"""Return the moments of the single-index family f(x) = phi(u . x), u uniform on the unit sphere.

    Formula: with z ~ N(0, 1), ``B = (E z phi)^2, V = E[phi^2 (z^2 + d - 1)], F = E phi^2, F4 = E phi^4``, by quadrature.

    Parameters
    ----------
    link
        phi: one of "linear", "sign", "relu", "tanh", "cube", "square", "hermite3" (z^3 - 3 z), or a vectorised function.
    dimension
        d >= 1.
    kinks
        Where a function given as `link` jumps or bends; the named links bring their own.

    Returns
    -------
    TeacherMoments
        (B, V, F, F4), each to about 1e-12.

    Raises
    ------
    ValueError
        If the link is unknown or d < 1.
    ConvergenceError
        If a quadrature did not converge.

    Notes
    -----
    Derived here. For even phi, and for "hermite3", B is 0: the layer learns to predict 0.
    """
    d = whole_number("dimension", dimension)
    if callable(link):
        function, breaks = link, tuple(kinks)
    else:
        function, breaks = _LINKS[choice("link", link, tuple(_LINKS))]
    power = gaussian_expectation(lambda z: function(z) ** 2, kinks=breaks).value
    overlap = gaussian_expectation(lambda z: z * function(z), kinks=breaks).value
    # An overlap that vanishes by symmetry comes out as rounding (|E z phi| <= sqrt(F)); its square would be a tiny B with a meaningless eta.
    strength = overlap if abs(overlap) > 1e-13 * np.sqrt(power) else 0.0
    return TeacherMoments(
        linear_power=strength**2,
        weighted_power=gaussian_expectation(lambda z: function(z) ** 2 * (z**2 + d - 1.0), kinks=breaks).value,
        power=power,
        fourth_moment=gaussian_expectation(lambda z: function(z) ** 4, kinks=breaks).value,
    )


def relu_network_moments(dimension: int) -> TeacherMoments:
    r"""Return the moments of random two-layer ReLU networks f(x) = sum_j a_j relu(w_j . x) of any width.

    Formula: ``B = d/4, V = d (d + 2)/2, F = d/2`` for w_j ~ N(0, I) and independent a_j of mean 0 with width * E a_j^2 = 1; F4 is not defined by
    these.

    Parameters
    ----------
    dimension
        d >= 1.

    Returns
    -------
    TeacherMoments
        (B, V, F, None).

    Raises
    ------
    ValueError
        If d < 1.

    Notes
    -----
    Derived here: units are uncorrelated, E[relu(w.x) x | w] = w/2, E[relu(w.x)^2 | x] = |x|^2/2.
    """
    d = whole_number("dimension", dimension)
    return TeacherMoments(0.25 * d, 0.5 * d * (d + 2.0), 0.5 * d, None)


def optimal_learning_rate_nonlinear(
    linear_power: ArrayLike, weighted_power: ArrayLike, dimension: ArrayLike, context_length: ArrayLike, noise_variance: ArrayLike
) -> Any:
    r"""Return the learning rate of the best layer for a rotation-invariant family of targets.

    Formula: ``eta = B / (V + sigma^2 d + (n - 1) B)``.

    Parameters
    ----------
    linear_power
        B >= 0; broadcasts. At B = 0 the rate is 0, with a warning that the minimiser is not unique.
    weighted_power
        V >= B; broadcasts.
    dimension
        d >= 1; broadcasts.
    context_length
        n >= 1; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        eta.

    Raises
    ------
    ValueError
        If an argument is out of range, or V < B, which no function has (Cauchy-Schwarz).

    Notes
    -----
    arXiv:2307.03576, Theorem 3, as a ratio of expectations; closed form derived in the module's docstring. Linear targets have B = d, V = d (d +
    2).
    """
    check_broadcast(
        linear_power=linear_power, weighted_power=weighted_power, dimension=dimension, context_length=context_length, noise_variance=noise_variance
    )
    power = reals("linear_power", linear_power, minimum=0.0)
    weighted = reals("weighted_power", weighted_power, minimum=0.0)
    d = integers("dimension", dimension)
    n = integers("context_length", context_length)
    noise = reals("noise_variance", noise_variance, minimum=0.0)
    # Rounding of quadratures must not refuse a family that attains V = B.
    if np.any(np.less(weighted, power * (1.0 - 1e-9))):
        raise ValueError(f"weighted_power must be >= linear_power; got {weighted_power!r} and {linear_power!r}")
    if np.any(np.equal(power, 0.0)):
        warnings.warn("the targets have no linear part (B = 0): the learning rate is 0 and the minimiser is not unique", UserWarning, stacklevel=2)
    denominator = np.asarray(weighted + noise * d + (n - 1.0) * power)
    # A zero denominator needs B = 0, where the rate is 0 whatever the denominator.
    rate = np.asarray(power / np.where(denominator == 0.0, 1.0, denominator))
    return plain(rate)


def nonlinear_minimum_loss(
    linear_power: ArrayLike,
    weighted_power: ArrayLike,
    power: ArrayLike,
    dimension: ArrayLike,
    context_length: ArrayLike,
    noise_variance: ArrayLike,
) -> Any:
    r"""Return L* for a rotation-invariant family of targets.

    Formula: ``L* = sigma^2 + F - n B eta``.

    Parameters
    ----------
    linear_power, weighted_power, dimension, context_length, noise_variance
        As in `optimal_learning_rate_nonlinear`.
    power
        F = E f(x)^2 >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        L*, label noise included.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    check_broadcast(
        linear_power=linear_power,
        weighted_power=weighted_power,
        power=power,
        dimension=dimension,
        context_length=context_length,
        noise_variance=noise_variance,
    )
    f = reals("power", power, minimum=0.0)
    rate = optimal_learning_rate_nonlinear(linear_power, weighted_power, dimension, context_length, noise_variance)
    return reals("noise_variance", noise_variance) + f - integers("context_length", context_length) * reals("linear_power", linear_power) * rate


def nonlinear_population_loss(
    value_vector: ArrayLike, key_query_matrix: ArrayLike, context_length: int, moments: TeacherMoments, noise_variance: float
) -> dict[str, float]:
    r"""Return the population loss of the layer at any weights, for a single-index family; the targets need not be sign-symmetric.

    Formula: with P = c A^T + b a^T, ``L_odd = sigma^2 + F - 2 n (B/d) tr P + n kappa |P|_F^2`` and
    ``L_even = n (n + 1)|A^T a|^2 + n |A|_F^2 |a|^2 + 2 c m_1 b^T A^T a + c^2 q_4 |b|^2``, kappa = V/d + sigma^2 + (n - 1) B/d, m_1 = n (V/d +
    sigma^2) + n (n - 1)(F + sigma^2), q_4 = n (F4 + 6 sigma^2 F + 3 sigma^4) + n (n - 1)(F + sigma^2)^2.

    Parameters
    ----------
    value_vector
        v = (a; c), shape (d + 1,).
    key_query_matrix
        M = (A; b^T), shape (d + 1, d).
    context_length
        n >= 1.
    moments
        From `nonlinear_teacher_moments` at the same d; needs F4.
    noise_variance
        sigma^2 >= 0.

    Returns
    -------
    dict
        "total" (label noise included), "odd", "even".

    Raises
    ------
    ValueError
        If an argument is out of range, a shape does not fit, or F4 is None.

    Notes
    -----
    Derived here for families in which E[f(x)^2 | f] is constant. relu(u.x), of nonzero mean, has the same loss as its sign-symmetrised version.
    """
    instance("moments", moments, TeacherMoments)
    v = array_of_shape("value_vector", value_vector, ("d + 1",))
    d = v.shape[0] - 1
    if d < 1:
        raise ValueError(f"value_vector must have shape (d + 1,) with d >= 1; got shape {v.shape}")
    m = array_of_shape("key_query_matrix", key_query_matrix, (d + 1, d))
    n = whole_number("context_length", context_length)
    noise = scalar("noise_variance", noise_variance, minimum=0.0)
    if moments.fourth_moment is None:
        raise ValueError(
            "moments must have a fourth_moment: this family's E[f(x)^2 | f] is not constant, so its loss is not a function of the four moments"
        )
    strength, weighted, f = moments.linear_power / d, moments.weighted_power / d, moments.power
    a, c, big_a, b = v[:-1], v[-1], m[:-1], m[-1]
    p = c * big_a.T + np.outer(b, a)
    kappa = weighted + noise + (n - 1.0) * strength
    mixed = n * (weighted + noise) + n * (n - 1.0) * (f + noise)
    fourth = n * (moments.fourth_moment + 6.0 * noise * f + 3.0 * noise**2) + n * (n - 1.0) * (f + noise) ** 2
    image = big_a.T @ a
    odd = noise + f - 2.0 * n * strength * np.trace(p) + n * kappa * np.sum(p**2)
    even = n * (n + 1.0) * image @ image + n * np.sum(big_a**2) * (a @ a) + 2.0 * c * mixed * (b @ image) + c**2 * fourth * (b @ b)
    return {"total": float(odd + even), "odd": float(odd), "even": float(even)}
