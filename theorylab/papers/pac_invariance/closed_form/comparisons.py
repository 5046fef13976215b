"""What invariance buys and costs in the reference models: exact risks of parents, unmixing, pooling, and of an unfaithful child."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.validation import array_of_shape, integers, plain, real, reals

__all__ = [
    "ChainHead",
    "RangeViolation",
    "Unmixing",
    "chain_head",
    "chain_risk_under_intervention",
    "range_violation_means",
    "unfaithful_child_variance",
    "unmixing_predictor",
]


class ChainHead(NamedTuple):
    """The best head on (X1, X2) of CHAIN and its risk."""

    head: np.ndarray
    risk: float


def chain_head(cause_effect: float, child_effect: float, target_variance: float, child_variance: float) -> ChainHead:
    """Return the least-squares head on cause and child of X1 -> Y -> X2.

    Formula: (b w2, a wY)/(a^2 wY + w2), risk wY w2/(a^2 wY + w2): free of the variance of the cause, so invariant to any intervention on it.

    Parameters
    ----------
    cause_effect, child_effect
        b and a.
    target_variance, child_variance
        wY and w2, > 0.

    Raises
    ------
    ValueError
        If a variance is not positive.
    """
    b, a = real("cause_effect", cause_effect), real("child_effect", child_effect)
    wy, w2 = real("target_variance", target_variance, above=0.0), real("child_variance", child_variance, above=0.0)
    whole = a**2 * wy + w2
    return ChainHead(np.array([b * w2, a * wy]) / whole, wy * w2 / whole)


def chain_risk_under_intervention(
    head: ArrayLike, cause_effect: float, cause_variance: float, target_variance: float, child_moment: ArrayLike
) -> Any:
    """Return the risk of a head on (X1, X2) of CHAIN when the child is set by hand to values of mean square s, independent of all else.

    Formula: wY + (b - v1)^2 w1 + v2^2 s: it grows without bound, whereas the cause alone keeps wY.

    Parameters
    ----------
    head
        (v1, v2).
    cause_effect
        b.
    cause_variance, target_variance
        w1 and wY, > 0.
    child_moment
        s >= 0, any shape.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    v = array_of_shape("head", head, (2,))
    w1, wy = real("cause_variance", cause_variance, above=0.0), real("target_variance", target_variance, above=0.0)
    s = np.asarray(reals("child_moment", child_moment, minimum=0.0))
    return plain(wy + (real("cause_effect", cause_effect) - v[0]) ** 2 * w1 + v[1] ** 2 * s)


class Unmixing(NamedTuple):
    """Head on (parents' contribution, measurement) and its risk."""

    parent_weight: float
    measurement_weight: float
    risk: float


def unmixing_predictor(target_variance: float, effect: float, measurement_variance: float) -> Unmixing:
    """Return the best use of the parents of Y and one measurement T = g Y + e of it that interventions do not touch.

    Formula: risk 1/(1/wY + g^2/w), weight g risk/w on T and risk/wY on the parents' own prediction (precisions add; derived here). In CORE with the
    mechanism of node 4 intervened on, T = X5 - .6 X4 = -.7 Y + e5 unmixes it: not causal, not a subset, invariant, and better than the parents.

    Parameters
    ----------
    target_variance
        wY > 0, the variance of Y given its parents.
    effect
        g.
    measurement_variance
        w > 0.

    Raises
    ------
    ValueError
        If a variance is not positive.
    """
    wy, w = real("target_variance", target_variance, above=0.0), real("measurement_variance", measurement_variance, above=0.0)
    g = real("effect", effect)
    risk = 1.0 / (1.0 / wy + g**2 / w)
    return Unmixing(risk / wy, g * risk / w, risk)


def unfaithful_child_variance(child_effect: ArrayLike, invariant_coefficient: float, target_marginal_variance: float) -> Any:
    """Return the noise variance of the child with which its own regression coefficient is w0 whatever its effect a, w2 = a vY/w0 - a^2 vY.

    Such a family is unfaithful: the child is exactly invariant though not d-separated from the interventions. The variance of the residual,
    vY (1 - w0 a), still moves. Derived here.

    Parameters
    ----------
    child_effect
        a in (0, 1/w0), any shape.
    invariant_coefficient
        w0 > 0.
    target_marginal_variance
        vY > 0.

    Raises
    ------
    ValueError
        If a number is out of range: the variance would not be positive.
    """
    w0 = real("invariant_coefficient", invariant_coefficient, above=0.0)
    vy = real("target_marginal_variance", target_marginal_variance, above=0.0)
    a = np.asarray(reals("child_effect", child_effect, above=0.0, below=1.0 / w0))
    return plain(a * vy / w0 - a**2 * vy)


class RangeViolation(NamedTuple):
    """Mean violation probability under the training law and under the other one."""

    training: Any
    other: Any


def range_violation_means(interventions: ArrayLike, density_ratio: float) -> RangeViolation:
    """Return mean violations of a one-parameter minimax head whose environments are numbers uniform on an interval.

    The gap of the head is largest at both ends of the range of the N training numbers, so a fresh environment violates if it lies outside. Under the
    training law 2/(N + 1); under the uniform law on the top 1/rho of the interval, whose density ratio is rho,
    rho/(N + 1) (1 - (1 - 1/rho)^(N+1) + rho^-(N+1)) (derived here: the mean of min(rho Z, 1) for the gap Z at the top, and what lies below the range
    when all of it is in the top part).

    Parameters
    ----------
    interventions
        N, integers >= 1.
    density_ratio
        rho >= 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    n, rho = np.asarray(integers("interventions", interventions)), real("density_ratio", density_ratio, minimum=1.0)
    other = rho / (n + 1.0) * (1.0 - (1.0 - 1.0 / rho) ** (n + 1.0) + rho ** -(n + 1.0))
    return RangeViolation(plain(2.0 / (n + 1.0)), plain(other))
