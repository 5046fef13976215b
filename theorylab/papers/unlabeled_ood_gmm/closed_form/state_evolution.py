r"""The best that any rule can do with m labelled and n unlabelled samples when m, n and d grow together, with and without a shift between them.

Every coordinate of the two means is a pair of unit normal variables of correlation r = cos(mu0, mu1), up to scale. Labelled samples measure the
first one with the precision A0 = (m/d) s^2. Unlabelled ones would measure the second with (n/d) s1^2 if their labels were known; the labels are
guessed from what is known of the mean itself, and guesses of overlap q1 are worth g(s1^2 q1) of a label. The fixed point of this loop is the
Bayes-optimal overlap.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.roots import log_bisection
from theorylab.papers.unlabeled_ood_gmm.closed_form.unlabeled_information import mean_tanh
from theorylab.validation import moderate, plain, reals

__all__ = ["Overlaps", "known_shift_overlap", "semisupervised_overlap", "shifted_semisupervised_overlap"]

_LEAST_OVERLAP = 1e-200


class Overlaps(NamedTuple):
    """Limits of the squared cosines between the posterior means and the true means.

    Attributes
    ----------
    home, shifted
        q0 for mu0 and q1 for mu1: floats or arrays in [0, 1).
    """

    home: Any
    shifted: Any


def shifted_semisupervised_overlap(
    half_distance: ArrayLike,
    shifted_half_distance: ArrayLike,
    alignment: ArrayLike,
    labeled_ratio: ArrayLike,
    unlabeled_ratio: ArrayLike,
) -> Overlaps:
    r"""Return the Bayes-optimal overlaps with both means; the best risk tends to Phi(-s sqrt(q0)).

    Formula: ``A0 = (m/d) s^2``, ``A1 = (n/d) s1^2 g(s1^2 q1)``, ``D = (1 + A0)(1 + A1) - r^2 A0 A1``,
    ``q1 = 1 - (1 + A0 (1 - r^2))/D``, ``q0 = 1 - (1 + A1 (1 - r^2))/D``: one minus the diagonal of ``([[1, r], [r, 1]]^-1 + diag(A0, A1))^-1``.

    Parameters
    ----------
    half_distance, shifted_half_distance
        s = |mu0|/sigma0 >= 0 and s1 = |mu1|/sigma1 >= 0; broadcast.
    alignment
        r = cos(mu0, mu1) in [-1, 1]; broadcasts.
    labeled_ratio, unlabeled_ratio
        m/d >= 0 and n/d >= 0; broadcast. Without labels the overlaps are those of the direction up to its sign.

    Returns
    -------
    Overlaps
        Exact to rounding: the right side of the equation for q1 is increasing and concave, so its largest fixed point is the only positive one.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Without a shift: Lelarge & Miolane, arXiv:1907.03792. With a shift derived here by state evolution, so by the reasoning of the replica method
    rather than a proof; approximate message passing reaches it.
    """
    check_broadcast(
        half_distance=half_distance,
        shifted_half_distance=shifted_half_distance,
        alignment=alignment,
        labeled_ratio=labeled_ratio,
        unlabeled_ratio=unlabeled_ratio,
    )
    s = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50)
    away = moderate("shifted_half_distance", reals("shifted_half_distance", shifted_half_distance, minimum=0.0), most=1e50)
    r = reals("alignment", alignment, minimum=-1.0, maximum=1.0)
    labels = moderate("labeled_ratio", reals("labeled_ratio", labeled_ratio, minimum=0.0), most=1e50)
    unlabeled = moderate("unlabeled_ratio", reals("unlabeled_ratio", unlabeled_ratio, minimum=0.0), most=1e50)
    s, away, r, labels, unlabeled = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (s, away, r, labels, unlabeled)))
    home_precision, apart = labels * s**2, (1.0 - r) * (1.0 + r)

    def shifted_precision(overlap: np.ndarray) -> Any:
        return unlabeled * away**2 * mean_tanh(away**2 * overlap)

    def overlaps(precision: Any) -> tuple[Any, Any]:
        # Written without the terms that cancel.
        determinant = 1.0 + home_precision + precision + home_precision * precision * apart
        home = (home_precision * (1.0 + precision * apart) + r**2 * precision) / determinant
        shifted = (precision * (1.0 + home_precision * apart) + r**2 * home_precision) / determinant
        return home, shifted

    found = log_bisection(lambda q: overlaps(shifted_precision(q))[1] < q, np.full(s.shape, _LEAST_OVERLAP), 1.0)
    found = np.where(found > 2.0 * _LEAST_OVERLAP, found, 0.0)
    home, shifted = overlaps(shifted_precision(found))
    return Overlaps(plain(home), plain(shifted))


def semisupervised_overlap(half_distance: ArrayLike, labeled_ratio: ArrayLike, unlabeled_ratio: ArrayLike) -> Any:
    r"""Return the Bayes-optimal overlap with the mean when labelled and unlabelled samples come from one domain.

    Formula: the positive solution of ``q/(1 - q) = s^2 [m/d + (n/d) g(s^2 q)]``; the best risk tends to Phi(-s sqrt(q)).

    Parameters
    ----------
    half_distance
        s >= 0; broadcasts.
    labeled_ratio, unlabeled_ratio
        m/d >= 0 and n/d >= 0; broadcast. Without labels it is 0 up to the spectral threshold (n/d) s^4 = 1.

    Returns
    -------
    float or ndarray
        In [0, 1), exact to rounding.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Lelarge & Miolane, arXiv:1907.03792. Setting of arXiv:2310.00027.
    """
    check_broadcast(half_distance=half_distance, labeled_ratio=labeled_ratio, unlabeled_ratio=unlabeled_ratio)
    return shifted_semisupervised_overlap(half_distance, half_distance, 1.0, labeled_ratio, unlabeled_ratio).home


def known_shift_overlap(half_distance: ArrayLike, alignment: ArrayLike, labeled_ratio: ArrayLike) -> Any:
    r"""Return the Bayes-optimal overlap with mu0 when unlimited unlabelled samples make mu1 known.

    Formula: ``r^2 + (1 - r^2)^2 A / (1 + (1 - r^2) A)`` with A = (m/d) s^2.

    Parameters
    ----------
    half_distance
        s >= 0; broadcasts.
    alignment
        r = cos(mu0, mu1) in [-1, 1]; broadcasts.
    labeled_ratio
        m/d >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1]; r^2 without labels, which is what the other domain's direction alone gives.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: mu0 given mu1 is normal around r mu1 with variance 1 - r^2 a coordinate, and the labelled samples add the precision A.
    """
    check_broadcast(half_distance=half_distance, alignment=alignment, labeled_ratio=labeled_ratio)
    s = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50)
    r = reals("alignment", alignment, minimum=-1.0, maximum=1.0)
    precision = moderate("labeled_ratio", reals("labeled_ratio", labeled_ratio, minimum=0.0), most=1e50) * np.square(s)
    apart = 1.0 - np.square(r)
    return plain(np.square(r) + apart**2 * precision / (1.0 + apart * precision))
