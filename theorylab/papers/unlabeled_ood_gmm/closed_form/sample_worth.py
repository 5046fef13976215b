r"""What unlabelled samples are worth beside labelled ones, with and without a shift of their mean, and how much shift they bear.

Lengths are in units of the standard deviation. A direction whose error off the mean has the expected squared length V costs, for small angles, the
excess risk ``phi(s) V / (2 s)``: m labelled samples have V = (d - 1)/m, n unlabelled ones V = (d - 1)/(n g(s^2)).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import ConvergenceError, normal_density
from theorylab.papers.unlabeled_ood_gmm.closed_form.mean_classifier import mean_classifier_excess
from theorylab.papers.unlabeled_ood_gmm.closed_form.unlabeled_information import unlabeled_information
from theorylab.validation import choice, integers, moderate, plain, reals

__all__ = [
    "break_even_shift",
    "known_direction_excess",
    "optimal_labeled_weight",
    "proportional_break_even_shift",
    "semisupervised_excess",
    "unlabeled_direction_excess",
    "weighted_excess",
]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_STEPS = 100


def _risk_rise(half_distance: Any, margin: Any) -> Any:
    """Return Phi(-s + x) - Phi(-s) for 0 <= x <= s, without cancellation."""
    s, x = np.broadcast_arrays(np.asarray(half_distance, dtype=np.float64), np.asarray(margin, dtype=np.float64))
    # Where s x is small, phi(s) times the integral of exp(s u - u^2/2) from 0 to x.
    short = np.minimum(x, 1.0 / np.maximum(s, 1.0))
    u = short[..., None] * 0.5 * (1.0 + _NODES)
    near = normal_density(s) * 0.5 * short * np.sum(_WEIGHTS * np.exp(s[..., None] * u - 0.5 * u**2), axis=-1)
    return np.where(x > short, ndtr(x - s) - ndtr(-s), near)


def _excess_of_square(half_distance: Any, square: Any, form: str) -> Any:
    """Return the excess risk of a direction whose error off the mean has this expected squared length."""
    s = np.asarray(half_distance, dtype=np.float64)
    if form == "leading":
        return normal_density(s) * square / (2.0 * s)
    ratio = square / s**2
    root = np.sqrt(1.0 + ratio)
    # s - s/root
    return _risk_rise(s, s * ratio / (root * (1.0 + root)))


def _sizes(dimension: ArrayLike, labeled_size: ArrayLike, unlabeled_size: ArrayLike, half_distance: ArrayLike) -> tuple[Any, Any, Any, Any]:
    return (
        np.asarray(integers("dimension", dimension), dtype=np.float64),
        np.asarray(integers("labeled_size", labeled_size), dtype=np.float64),
        np.asarray(integers("unlabeled_size", unlabeled_size, minimum=0), dtype=np.float64),
        np.asarray(moderate("half_distance", reals("half_distance", half_distance, above=0.0), most=1e50, least=1e-50)),
    )


def _squares(
    dimension: ArrayLike, labeled_size: ArrayLike, unlabeled_size: ArrayLike, half_distance: ArrayLike, shift: ArrayLike
) -> tuple[Any, Any, Any]:
    """Return A = (d - 1)/m, B = beta^2 + (d - 1)/(n g(s1^2)), and s; B is infinite without unlabelled samples."""
    d, m, n, s = _sizes(dimension, labeled_size, unlabeled_size, half_distance)
    beta = np.asarray(moderate("shift", reals("shift", shift, minimum=0.0), most=1e50))
    worth = n * unlabeled_information(np.hypot(s, beta))
    spread = np.divide(d - 1.0, worth, out=np.full(np.broadcast_shapes(d.shape, worth.shape), np.inf), where=worth > 0.0)
    return (d - 1.0) / m, np.where(n > 0.0, beta**2 + spread, np.inf), s


def _weight(labeled_square: Any, unlabeled_square: Any) -> Any:
    """Return B/(A + B); 1 where both vanish, or B is infinite."""
    a, b = np.broadcast_arrays(labeled_square, unlabeled_square)
    finite = np.where(np.isinf(b), 1.0, b)
    return np.where(np.isinf(b) | (a + finite == 0.0), 1.0, finite / np.where(a + finite > 0.0, a + finite, 1.0))


def semisupervised_excess(dimension: ArrayLike, labeled_size: ArrayLike, unlabeled_size: ArrayLike, half_distance: ArrayLike) -> Any:
    r"""Return the leading excess risk of the best use of m labelled and n unlabelled samples of one law, for fixed d.

    Formula: ``(d - 1) phi(s) / (2 s (m + n g(s^2)))``: one unlabelled sample is worth g(s^2) labelled ones.

    Parameters
    ----------
    dimension, labeled_size, unlabeled_size
        d >= 1, m >= 1 and n >= 0, integers; they broadcast. Without labels the sign of a direction cannot be told.
    half_distance
        s > 0; broadcasts.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here (Fisher information of the mean off its direction) for the setting of arXiv:2310.00027.
    """
    check_broadcast(dimension=dimension, labeled_size=labeled_size, unlabeled_size=unlabeled_size, half_distance=half_distance)
    d, m, n, s = _sizes(dimension, labeled_size, unlabeled_size, half_distance)
    return plain(_excess_of_square(s, (d - 1.0) / (m + n * unlabeled_information(s)), "leading"))


def optimal_labeled_weight(
    dimension: ArrayLike, labeled_size: ArrayLike, unlabeled_size: ArrayLike, half_distance: ArrayLike, shift: ArrayLike
) -> Any:
    r"""Return the weight of the labelled mean that is best beside the most likely mean of shifted unlabelled samples.

    Formula: ``a = B/(A + B)``, A = (d - 1)/m, B = beta^2 + (d - 1)/(n g(s^2 + beta^2)).

    Parameters
    ----------
    dimension, labeled_size, unlabeled_size
        d >= 1, m >= 1 and n >= 0, integers; they broadcast.
    half_distance
        s > 0; broadcasts.
    shift
        beta >= 0, |mu1 - mu0| for a shift orthogonal to mu0; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1]; 1 without unlabelled samples.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027.
    """
    check_broadcast(dimension=dimension, labeled_size=labeled_size, unlabeled_size=unlabeled_size, half_distance=half_distance, shift=shift)
    labeled, unlabeled, _ = _squares(dimension, labeled_size, unlabeled_size, half_distance, shift)
    return plain(_weight(labeled, unlabeled))


def weighted_excess(
    dimension: ArrayLike,
    labeled_size: ArrayLike,
    unlabeled_size: ArrayLike,
    half_distance: ArrayLike,
    shift: ArrayLike,
    *,
    labeled_weight: ArrayLike | None = None,
    form: str = "leading",
) -> Any:
    r"""Return the excess risk of ``a (labelled mean) + (1 - a) (most likely mean of shifted unlabelled samples)``, for fixed d.

    Formula: ``phi(s) V / (2 s)`` with ``V = a^2 A + (1 - a)^2 B``, A = (d - 1)/m, B = beta^2 + (d - 1)/(n g(s^2 + beta^2)); at the best weight
    ``V = A B/(A + B)``, below A for every shift. "leading" is right for small angles and overestimates for larger ones; "angle" puts the angle of
    tangent sqrt(V)/s into the risk, ``Phi(-s/sqrt(1 + V/s^2)) - Phi(-s)``, whose limit at n = infinity and a = 0 is exact.

    Parameters
    ----------
    dimension, labeled_size, unlabeled_size
        d >= 1, m >= 1 and n >= 0, integers; they broadcast.
    half_distance
        s > 0; broadcasts.
    shift
        beta >= 0, |mu1 - mu0| for a shift orthogonal to mu0; broadcasts.
    labeled_weight
        a in [0, 1], the best one if left out; broadcasts. Below 1 there must be unlabelled samples.
    form
        "leading" or "angle".

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027.
    """
    check_broadcast(
        dimension=dimension,
        labeled_size=labeled_size,
        unlabeled_size=unlabeled_size,
        half_distance=half_distance,
        shift=shift,
        labeled_weight=labeled_weight,
    )
    labeled, unlabeled, s = _squares(dimension, labeled_size, unlabeled_size, half_distance, shift)
    chosen = choice("form", form, ("leading", "angle"))
    if labeled_weight is None:
        square = _weight(labeled, unlabeled) * labeled
    else:
        weight = np.asarray(reals("labeled_weight", labeled_weight, minimum=0.0, maximum=1.0))
        if np.any(np.isinf(unlabeled) & (weight < 1.0)):
            raise ValueError(f"labeled_weight must be 1 without unlabelled samples; got {labeled_weight!r}")
        square = weight**2 * labeled + (1.0 - weight) ** 2 * np.where(np.isinf(unlabeled), 0.0, unlabeled)
    return plain(_excess_of_square(s, square, chosen))


def unlabeled_direction_excess(half_distance: ArrayLike, shift: ArrayLike) -> Any:
    r"""Return the excess risk of the mean of the unlabelled samples itself, their number infinite and its sign known.

    Formula: ``Phi(-s cos) - Phi(-s)``, cos = s/sqrt(s^2 + beta^2).

    Parameters
    ----------
    half_distance, shift
        s > 0 and beta >= 0, |mu1 - mu0| for a shift orthogonal to mu0; they broadcast.

    Returns
    -------
    float or ndarray
        Accurate relative to its size.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027.
    """
    check_broadcast(half_distance=half_distance, shift=shift)
    s = np.asarray(moderate("half_distance", reals("half_distance", half_distance, above=0.0), most=1e50, least=1e-50))
    beta = moderate("shift", reals("shift", shift, minimum=0.0), most=1e50)
    return plain(_excess_of_square(s, np.square(beta), "angle"))


def break_even_shift(dimension: ArrayLike, labeled_size: ArrayLike, half_distance: ArrayLike) -> Any:
    r"""Return the shift at which the mean of infinitely many unlabelled samples, its sign known, is as good as that of m labelled ones.

    Formula: beta* solves ``Phi(-s/sqrt(1 + beta^2/s^2)) = E R``, the exact risk `mean_classifier_risk` of m labelled samples. For smaller shifts the
    unlabelled samples are better.

    Parameters
    ----------
    dimension, labeled_size
        d >= 2 and m >= 1, integers; they broadcast.
    half_distance
        s > 0; broadcasts.

    Returns
    -------
    float or ndarray
        In standard deviations; relative error about 1e-11 where that of the excess risk is.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If Newton's method does not end.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027.
    """
    check_broadcast(dimension=dimension, labeled_size=labeled_size, half_distance=half_distance)
    integers("dimension", dimension, minimum=2)
    s = np.asarray(moderate("half_distance", reals("half_distance", half_distance, above=0.0), most=37))
    excess = np.asarray(mean_classifier_excess(dimension, labeled_size, half_distance))
    # The rise is convex in the margin that is lost, so Newton's method falls monotonically from here.
    lost = np.minimum(excess * np.sqrt(2.0 * np.pi) * np.exp(0.5 * s**2), s)
    for _ in range(_STEPS):
        slope = normal_density(lost - s)
        step = (_risk_rise(s, lost) - excess) / slope
        lost = np.clip(lost - step, 0.0, s)
        if np.all(np.abs(step) <= 1e-14 * lost):
            break
    else:
        raise ConvergenceError(f"the break-even shift was not found: Newton's last step was {float(np.max(np.abs(step))):.3g}")
    fraction = lost / s
    return plain(s * np.sqrt(fraction * (2.0 - fraction)) / (1.0 - fraction))


def proportional_break_even_shift(labeled_ratio: ArrayLike) -> Any:
    r"""Return the limit of `break_even_shift` for a fixed ratio m/d, ``1/sqrt(m/d)``, whatever s is.

    Parameters
    ----------
    labeled_ratio
        m/d > 0; broadcasts.

    Returns
    -------
    float or ndarray
        In standard deviations.

    Raises
    ------
    ValueError
        If an entry is not finite and positive.

    Notes
    -----
    Derived here: the cosine of m labelled samples tends to s/sqrt(s^2 + d/m). The condition of arXiv:2310.00027 on the shift is of order d/m.
    """
    return plain(1.0 / np.sqrt(reals("labeled_ratio", labeled_ratio, above=0.0)))


def known_direction_excess(labeled_size: ArrayLike, half_distance: ArrayLike) -> Any:
    r"""Return the excess risk when the direction of the mean is known and m labelled samples choose its sign.

    Formula: ``(2 Phi(s) - 1) Phi(-sqrt(m) s)``: exponential in m, not a power.

    Parameters
    ----------
    labeled_size
        m >= 1, integers; broadcasts.
    half_distance
        s >= 0; broadcasts.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here; the exponential value of labels for a known mixture is that of Castelli & Cover (1995).
    """
    check_broadcast(labeled_size=labeled_size, half_distance=half_distance)
    m = integers("labeled_size", labeled_size)
    s = np.asarray(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50))
    return plain(erf(s / np.sqrt(2.0)) * ndtr(-np.sqrt(m) * s))
