"""The mixtures that arXiv:2302.02334 and what follows from it are studied on, as keyword arguments of whatever takes a grouped mixture.

A grouped mixture (see `theorylab.models.gaussian_mixture`) has class means ``class_positions[k] * gaps[g] * standard_deviations[g]`` and the
standard deviation ``standard_deviations[g]`` in each of the ``multiplicities[g]`` features of group g.
"""

from __future__ import annotations

import math
from typing import Any

from theorylab.validation import flag, real, whole_number

__all__ = ["isotropic_design", "pairs_design", "paper_design"]

Design = dict[str, Any]


def paper_design(class_count: int, dimension: int, *, rescaled: bool = False) -> Design:
    """Return the mixture of the paper's simulations.

    Formula: ``mu_k = a_k (1, ..., 1)`` with ``a = (-1, 1, 2, 4, ..., 2^(K-2))``; the first floor(d/2) features have variance d, the others 1.

    Parameters
    ----------
    class_count
        K >= 2.
    dimension
        d >= 2.
    rescaled
        Whether the features are shifted and divided by ``2^(K-3)``, as the paper's code does for K > 2. Naive Bayes does not notice, a logistic
        regression with a ridge penalty does.

    Returns
    -------
    dict
        ``gaps`` (between the first two classes), ``multiplicities``, ``standard_deviations`` (two groups) and ``class_positions`` a_k / 2 (K).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2302.02334, the simulations.
    """
    rescaled = flag("rescaled", rescaled)
    classes, d = whole_number("class_count", class_count, minimum=2, maximum=60), whole_number("dimension", dimension, minimum=2)
    means = [-1.0] + [2.0**power for power in range(classes - 1)]
    unit = 2.0 ** (classes - 3)
    shift, scale = (unit, unit) if rescaled and classes > 2 else (0.0, 1.0)
    return {
        "gaps": (2.0 / math.sqrt(d), 2.0),
        "multiplicities": (d // 2, d - d // 2),
        "standard_deviations": (math.sqrt(d) / scale, 1.0 / scale),
        "class_positions": tuple(0.5 * (mean - shift) for mean in means),
    }


def isotropic_design(dimension: int) -> Design:
    """Return the control of the paper's two-class simulation: means +-1 as there, but the variance 4 in every feature.

    Parameters
    ----------
    dimension
        d >= 1.

    Returns
    -------
    dict
        As `paper_design`, with one group.

    Raises
    ------
    ValueError
        If ``dimension`` is not an integer >= 1.

    Notes
    -----
    Derived here. The standardised gap of every feature is 1.
    """
    d = whole_number("dimension", dimension)
    return {"gaps": (1.0,), "multiplicities": (d,), "standard_deviations": (2.0,), "class_positions": (-0.5, 0.5)}


def pairs_design(pair_correlation: float, dimension: int, naive_bayes_distance: float, *, scaled: bool = True) -> Design:
    """Return two classes whose features come in adjacent correlated pairs, the first of which tells the classes apart and the second does not.

    Formula: d/2 pairs of correlation rho with the gap ``delta_NB / sqrt(d/2)`` on the first of each; if ``scaled``, the pairs that fit into the
    first floor(d/4) pairs have standard deviation ``sqrt(d)``, the others 1.

    Parameters
    ----------
    pair_correlation
        rho in (-1, 1).
    dimension
        d, an even integer >= 4.
    naive_bayes_distance
        delta_NB > 0: naive Bayes takes the classes for so many standard deviations apart.
    scaled
        Whether the first half of the pairs is scaled. Naive Bayes does not notice, a logistic regression with a ridge penalty does.

    Returns
    -------
    dict
        ``gaps``, ``multiplicities`` (numbers of pairs), ``standard_deviations`` and ``pair_correlation``.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    scaled = flag("scaled", scaled)
    rho = real("pair_correlation", pair_correlation, above=-1.0, below=1.0)
    d = whole_number("dimension", dimension, minimum=4)
    if d % 2:
        raise ValueError(f"dimension must be an even integer >= 4; got {d}")
    gap = real("naive_bayes_distance", naive_bayes_distance, above=0.0) / math.sqrt(d / 2)
    if not scaled:
        return {"gaps": (gap,), "multiplicities": (d // 2,), "standard_deviations": (1.0,), "pair_correlation": rho}
    first = d // 4
    return {
        "gaps": (gap, gap),
        "multiplicities": (first, d // 2 - first),
        "standard_deviations": (math.sqrt(d), 1.0),
        "pair_correlation": rho,
    }
