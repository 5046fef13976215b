r"""What one more sample is worth in the end: m times the excess error of naive Bayes and of logistic regression as m grows.

Two equally likely classes of independent features (naive Bayes) or of any common covariance (logistic regression), delta apart. A rule whose log-odds
are off by a small h(x) has the excess error ``phi(delta/2)/(4 delta) E[h^2 | log-odds 0]``, so both rules pay ``(delta/4) phi(delta/2) c / m`` with a
constant c that is affine in the dimension: naive Bayes ``4 d / delta^2``, logistic regression ``d / (A0 delta^2)`` to leading order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import gaussian_expectation
from theorylab.papers.naive_bayes_logistic.closed_form._arguments import checked_groups
from theorylab.validation import choice, flag, integers, moderate, plain, real, reals, whole_number

__all__ = [
    "large_dimension_excess_ratio",
    "logistic_excess_coefficient",
    "logistic_loss_excess_coefficient",
    "mean_fisher_weight",
    "naive_bayes_excess_coefficient",
    "parallel_fisher_weight",
]


def mean_fisher_weight(mahalanobis_distance: ArrayLike) -> Any:
    r"""Return A0 = E[p (1 - p)], p the probability of a class given the features: the Fisher information of an orthogonal weight or the intercept.

    Formula: ``A0 = exp(-delta^2/8) E[1 / (4 cosh(delta Z / 2))]``, Z ~ N(0, 1), since ``p (1 - p) = 1 / (4 cosh^2(delta z/2))`` and the mixture has
    the density ``phi(z) exp(-delta^2/8) cosh(delta z/2)``.

    Parameters
    ----------
    mahalanobis_distance
        delta > 0, scalar or array.

    Returns
    -------
    float or ndarray
        In (0, 1/4).

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the integral did not converge.

    Notes
    -----
    Derived here; Efron (1975) compares the two rules through this integral.
    """
    return _weight(mahalanobis_distance, lambda z: np.ones_like(z))


def parallel_fisher_weight(mahalanobis_distance: ArrayLike) -> Any:
    r"""Return A2 = E[p (1 - p) z^2], z the standardised feature along the mean difference: the Fisher information of the weight along it.

    Formula: ``A2 = exp(-delta^2/8) E[Z^2 / (4 cosh(delta Z / 2))]``.

    Parameters
    ----------
    mahalanobis_distance
        delta > 0, scalar or array.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the integral did not converge.

    Notes
    -----
    Derived here.
    """
    return _weight(mahalanobis_distance, np.square)


def naive_bayes_excess_coefficient(gaps: ArrayLike, multiplicities: ArrayLike, *, variance: str, random_counts: bool) -> float:
    r"""Return the limit of m (E R - Phi(-delta/2)) for naive Bayes on independent features.

    Formula: ``(delta/4) phi(delta/2) c`` with ``c = 4 (d - 1)/delta^2 + 1`` for known variances. Pooled ones add
    ``2 (1 - sum_i delta_i^4 / delta^4)``, those of each class ``(2/delta^2) sum_i [a^4 + 6 a^2 w + 3 w^2 - 2 a^2 - 2 w + 1]`` with ``a = delta_i/2``
    and ``w = 1 - delta_i^2/delta^2``, and the estimated prior odds ``4/delta^2`` if the counts are random.

    Parameters
    ----------
    gaps, multiplicities
        delta_i (G,), not all 0, and the number of features that have it (G,), integers >= 1.
    variance
        "known", "pooled" or "class".
    random_counts
        Whether the class counts are binomial, or fixed at m/2 each.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    random_counts = flag("random_counts", random_counts)
    delta, count = checked_groups(gaps, multiplicities, distinct_classes=True)
    moderate("gaps", delta, least=1e-50)
    choice("variance", variance, ("known", "pooled", "class"))
    square = float(count @ delta**2)
    constant = 4.0 * (float(count.sum()) - 1.0) / square + 1.0
    if variance == "pooled":
        constant += 2.0 * (1.0 - float(count @ delta**4) / square**2)
    elif variance == "class":
        a, w = 0.5 * delta, 1.0 - delta**2 / square
        constant += 2.0 / square * float(count @ (a**4 + 6.0 * a**2 * w + 3.0 * w**2 - 2.0 * a**2 - 2.0 * w + 1.0))
    if random_counts:
        constant += 4.0 / square
    return float(_unit(np.sqrt(square)) * constant)


def logistic_excess_coefficient(dimension: ArrayLike, mahalanobis_distance: ArrayLike, *, random_counts: bool) -> Any:
    r"""Return the limit of m (E R - Phi(-delta/2)) for logistic regression with an intercept and no penalty.

    Formula: ``(delta/4) phi(delta/2) c`` with ``c = d / (A0 delta^2)`` for random class counts. Fixed counts of m/2 each take ``4 / delta^2`` off c,
    since then the empirical prior odds do not move the intercept.

    Parameters
    ----------
    dimension
        d, integers >= 1.
    mahalanobis_distance
        delta > 0; broadcasts against d.
    random_counts
        Whether the class counts are binomial, or fixed.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the integral did not converge.

    Notes
    -----
    Derived here.
    """
    check_broadcast(dimension=dimension, mahalanobis_distance=mahalanobis_distance)
    random_counts = flag("random_counts", random_counts)
    d, delta = (
        integers("dimension", dimension),
        moderate("mahalanobis_distance", reals("mahalanobis_distance", mahalanobis_distance, above=0.0), most=1e06, least=1e-06),
    )
    constant = d / (mean_fisher_weight(delta) * delta**2)
    if not random_counts:
        constant = constant - 4.0 / delta**2
    return plain(_unit(delta) * constant)


def large_dimension_excess_ratio(mahalanobis_distance: ArrayLike) -> Any:
    r"""Return the limit, as d grows, of the ratio of logistic regression's coefficient to that of naive Bayes: ``1 / (4 A0)``.

    Parameters
    ----------
    mahalanobis_distance
        delta > 0, scalar or array.

    Returns
    -------
    float or ndarray
        Above 1; it grows like exp(delta^2/8) delta.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the integral did not converge.

    Notes
    -----
    Derived here; the same for fixed and random counts, and for known and pooled variances.
    """
    return 0.25 / mean_fisher_weight(mahalanobis_distance)


def logistic_loss_excess_coefficient(dimension: int, class_count: int, mahalanobis_distance: float | None = None, *, random_counts: bool) -> float:
    r"""Return the limit of m times the excess log loss of logistic regression with an intercept and no penalty.

    Formula: ``(K - 1)(d + 1)/2`` for random class counts, half the number of free parameters; ``(d + 1)/2 - 2 A0`` for two classes of fixed size m/2.

    Parameters
    ----------
    dimension
        d >= 1.
    class_count
        K >= 2; 2 if the counts are fixed.
    mahalanobis_distance
        delta > 0; needed for fixed counts only.
    random_counts
        Whether the class counts are multinomial, or fixed.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If an argument is out of range or missing.
    ConvergenceError
        If the integral did not converge.

    Notes
    -----
    Derived here; for random counts it is Wilks's theorem seen from the population's side.
    """
    random_counts = flag("random_counts", random_counts)
    d, classes = whole_number("dimension", dimension), whole_number("class_count", class_count, minimum=2)
    free = 0.5 * (classes - 1) * (d + 1)
    if random_counts:
        return free
    if classes != 2:
        raise ValueError(f"class_count must be 2 for fixed counts, where the limit is known; got {classes}")
    if mahalanobis_distance is None:
        raise ValueError("mahalanobis_distance must be given for fixed counts; got None")
    return free - 2.0 * float(
        mean_fisher_weight(moderate("mahalanobis_distance", real("mahalanobis_distance", mahalanobis_distance, above=0.0), most=1e06, least=1e-06))
    )


# What they are made of -----------------------------------------------------------------------------------------------------------------------


def _unit(delta: Any) -> Any:
    """Return (delta/4) phi(delta/2)."""
    return 0.25 * delta * np.exp(-0.125 * delta**2) / np.sqrt(2.0 * np.pi)


def _weight(mahalanobis_distance: ArrayLike, factor: Any) -> Any:
    """Return E[p (1 - p) factor(z)] for an even factor."""
    delta = np.asarray(moderate("mahalanobis_distance", reals("mahalanobis_distance", mahalanobis_distance, above=0.0), most=1e06, least=1e-06))

    def one(distance: float) -> float:
        # 1/cosh without overflow.
        def integrand(z: np.ndarray) -> np.ndarray:
            decay = np.exp(-0.5 * distance * np.abs(z))
            return np.asarray(factor(z) * 0.5 * decay / (1.0 + decay**2))

        return float(np.exp(-0.125 * distance**2)) * gaussian_expectation(integrand, relative_tolerance=1e-11).value

    return plain(np.array([one(float(distance)) for distance in delta.ravel()]).reshape(delta.shape))
