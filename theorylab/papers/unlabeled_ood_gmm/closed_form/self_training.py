r"""One round of self-training: unlabelled samples take the labels that a first rule gives them, and their mean is the second rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import normal_density
from theorylab.validation import moderate, numbers, plain, reals

__all__ = ["labeled_overlap", "self_training_overlap"]


def labeled_overlap(half_distance: ArrayLike, labeled_ratio: ArrayLike) -> Any:
    r"""Return the limit of the cosine between the mean of labelled samples and the true mean.

    Formula: ``s / sqrt(s^2 + d/m)``.

    Parameters
    ----------
    half_distance
        s >= 0; broadcasts.
    labeled_ratio
        m/d > 0; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the noise of the mean has the squared length d/m.
    """
    check_broadcast(half_distance=half_distance, labeled_ratio=labeled_ratio)
    s = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50)
    ratio = moderate("labeled_ratio", reals("labeled_ratio", labeled_ratio, above=0.0), least=1e-100)
    return plain(s / np.sqrt(np.square(s) + 1.0 / np.asarray(ratio)))


def self_training_overlap(
    cosine: ArrayLike,
    half_distance: ArrayLike,
    unlabeled_ratio: ArrayLike,
    *,
    alignment: ArrayLike = 1.0,
) -> Any:
    r"""Return the limit of the cosine to mu0 of the mean of pseudo-labelled samples, sum sign<w, x_j> x_j.

    Formula: ``(p s1 r + 2 f c0) / sqrt(p^2 s1^2 + 4 f^2 + 4 p s1 f c1 + d/n)`` with c1 = r c0, p = 1 - 2 Phi(-s1 c1), f = phi(s1 c1).

    Parameters
    ----------
    cosine
        c0 of the first rule w to mu0, in [-1, 1], see `labeled_overlap`; broadcasts.
    half_distance
        s1 = |mu1|/sigma1 >= 0 of the unlabelled samples, fresh ones that w has not seen; broadcasts.
    unlabeled_ratio
        n/d > 0, or infinity; broadcasts.
    alignment
        r = cos(mu0, mu1) in [-1, 1]; what w has off mu0 is orthogonal to mu1 in high dimension. Broadcasts.

    Returns
    -------
    float or ndarray
        In [-1, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here for the setting of arXiv:2310.00027: by Stein's identity E sign<w, x> x = p mu1 + 2 f w/|w|, and the noise of the mean has the
    squared length d/n.
    """
    c0 = reals("cosine", cosine, minimum=-1.0, maximum=1.0)
    s1 = moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e50)
    r = reals("alignment", alignment, minimum=-1.0, maximum=1.0)
    ratio = numbers("unlabeled_ratio", unlabeled_ratio)
    infinite = np.isposinf(ratio)
    reals("unlabeled_ratio", np.where(infinite, 1.0, ratio), above=0.0)
    check_broadcast(cosine=c0, half_distance=s1, unlabeled_ratio=ratio, alignment=r)
    c1 = r * np.asarray(c0)
    pull, push = 1.0 - 2.0 * ndtr(-s1 * c1), 2.0 * normal_density(s1 * c1)
    length = np.square(pull * s1) + np.square(push) + 2.0 * pull * push * s1 * c1 + 1.0 / ratio
    return plain((pull * s1 * r + push * c0) / np.sqrt(length))
