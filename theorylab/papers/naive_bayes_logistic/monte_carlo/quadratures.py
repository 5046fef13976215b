"""Two deterministic routes to the expected error of two-class naive Bayes, beside sampling it; slow and plain.

`conditioned_class_error` knows no characteristic function: given the fit, the score of a test point is normal. `inverted_class_error` goes through
the eigenvalues of each feature's quadratic form, quadrature in t itself and in the standard deviations themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.special import gammaln, ndtr

from theorylab.validation import array_of_shape, choice, integers, moderate, real, whole_number

__all__ = ["conditioned_class_error", "inverted_class_error"]

_MOST_NODES = 2000


def conditioned_class_error(
    distance: float, dimension: int, count_own: float, count_other: float, *, degrees_of_freedom: int | None = None, nodes: int = 240
) -> float:
    """Return the expected error on test points of one class by averaging the error given the fitted means, and variance.

    With u the difference of the fitted means, x minus their middle is normal given u, so the score is; its law depends on the length of u and its
    angle with the true difference only. Two Gauss-Legendre rules, and a third over the variance of a single feature.

    Parameters
    ----------
    distance
        delta >= 0, the distance of the classes in standard deviations.
    dimension
        d >= 1.
    count_own, count_other
        Training points of the test point's class and of the other, > 0.
    degrees_of_freedom
        None: the variances are known. Else ``m s^2 ~ chi^2`` with so many, and d must be 1.
    nodes
        Of each rule.

    Returns
    -------
    float
        The error, to 1e-10 or better with enough nodes.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    d, delta = whole_number("dimension", dimension), real("distance", distance, minimum=0.0)
    own, other = (real(name, count, above=0.0) for name, count in (("count_own", count_own), ("count_other", count_other)))
    nodes = whole_number("nodes", nodes, minimum=2, maximum=_MOST_NODES)
    moderate("distance", delta, most=1e6)
    for name, count in (("count_own", own), ("count_other", other)):
        moderate(name, count, most=1e9, least=1e-3)
    if degrees_of_freedom is not None:
        degrees_of_freedom = whole_number("degrees_of_freedom", degrees_of_freedom)
    if degrees_of_freedom is not None and d != 1:
        raise ValueError(f"dimension must be 1 where the variance is estimated; got {d}")
    spread = 1.0 / own + 1.0 / other
    slope = 0.5 * (1.0 / other - 1.0 / own) / spread
    noise = np.sqrt(1.0 + 0.25 * spread - slope**2 * spread)
    x, w = np.polynomial.legendre.leggauss(nodes)
    middle = np.sqrt(delta**2 + spread * (d - 1))
    low, high = max(0.0, middle - 12.0 * np.sqrt(spread)), middle + 12.0 * np.sqrt(spread)
    length, width = (0.5 * (low + high) + 0.5 * (high - low) * x)[:, None], 0.5 * (high - low) * w
    if d == 1:
        cosine, density = np.array([1.0, -1.0]), -0.5 * np.log(2.0 * np.pi * spread) * np.ones(2)
        measure = np.ones(2)
    else:
        angle = 0.5 * np.pi * (x + 1.0)
        constant = -0.5 * d * np.log(spread) - (0.5 * d - 1.0) * np.log(2.0) - 0.5 * np.log(np.pi) - gammaln(0.5 * (d - 1))
        cosine, measure, density = np.cos(angle), 0.5 * np.pi * w, (d - 2) * np.log(np.sin(angle)) + constant
    density = density + (d - 1) * np.log(length) - (length**2 - 2.0 * length * delta * cosine + delta**2) / (2.0 * spread)
    drift = (0.5 - slope) * delta * cosine + slope * length
    scale, shares = np.ones(1), np.ones(1)
    if degrees_of_freedom is not None:
        scale, shares = _standard_deviations(degrees_of_freedom, own + other, nodes)
    errors = [width @ (np.exp(density) * ndtr(-(np.log(own / other) * s**2 / length + drift) / noise)) @ measure for s in scale]
    return float(shares @ np.array(errors))


def inverted_class_error(
    gaps: Sequence[float],
    multiplicities: Sequence[int],
    count_own: int,
    count_other: int,
    *,
    variance: str,
    degrees_of_freedom: Sequence[int],
    nodes: int = 80,
    panels: int = 160,
) -> float:
    """Return the expected error on test points of one class by inverting the characteristic function of its score.

    The quadratic form of a feature is ``sum_j lambda_j (w_j + b_j)^2 / 2`` for independent standard normal w_j, which gives the characteristic
    function ``prod_j (1 - i t lambda_j)^(-1/2) exp(i t lambda_j b_j^2 / (2 (1 - i t lambda_j)))``. Panels of t from 0 on, ever
    longer: at 0 the integrand has only some derivatives.

    Parameters
    ----------
    gaps, multiplicities
        Standardised mean differences of the groups of features and how many features each has; a dozen features at least, or t must go far.
    count_own, count_other
        Training points of the test point's class and of the other.
    variance
        "pooled" or "class".
    degrees_of_freedom
        (nu,) for one variance per feature, ``m s^2 ~ chi^2_nu``; (nu_own, nu_other) for one per class, ``m_k s_k^2 ~ chi^2``. At least 4 each.
    nodes
        Of the rule for every standard deviation.
    panels
        Of t, of 8 nodes each.

    Returns
    -------
    float
        The error.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    choice("variance", variance, ("pooled", "class"))
    own, other = whole_number("count_own", count_own), whole_number("count_other", count_other)
    nodes, panels = whole_number("nodes", nodes, minimum=2, maximum=_MOST_NODES), whole_number("panels", panels, maximum=_MOST_NODES)
    gaps = moderate("gaps", array_of_shape("gaps", gaps, ("groups",)), most=1e6).tolist()
    multiplicities = np.atleast_1d(integers("multiplicities", multiplicities)).ravel().tolist()
    if len(gaps) != len(multiplicities):
        raise ValueError(f"multiplicities must be as many as gaps; got {len(multiplicities)} and {len(gaps)}")
    degrees_of_freedom = np.atleast_1d(integers("degrees_of_freedom", degrees_of_freedom, minimum=4)).ravel().tolist()
    if len(degrees_of_freedom) != (1 if variance == "pooled" else 2):
        raise ValueError(f"degrees_of_freedom must be {'one number' if variance == 'pooled' else 'two numbers'}; got {degrees_of_freedom}")
    if variance == "pooled":
        s1, shares = _standard_deviations(degrees_of_freedom[0], own + other, nodes)
        s2 = s1
    else:
        first, second = _standard_deviations(degrees_of_freedom[0], own, nodes), _standard_deviations(degrees_of_freedom[1], other, nodes)
        s1, s2 = (grid.ravel() for grid in np.meshgrid(first[0], second[0], indexing="ij"))
        shares = np.outer(first[1], second[1]).ravel()
    root = np.linalg.cholesky(np.array([[1.0 + 1.0 / own, 1.0], [1.0, 1.0 + 1.0 / other]]))
    forms = np.zeros((s1.size, 2, 2))
    forms[:, 0, 0], forms[:, 1, 1] = -1.0 / s1**2, 1.0 / s2**2
    eigenvalues, vectors = np.linalg.eigh(root.T @ forms @ root)
    shifts = np.linalg.solve(root, np.array([0.0, 1.0])) @ vectors
    x, w = np.polynomial.legendre.leggauss(8)
    longest = 40.0 / np.sqrt(sum(k * (g**2 + 1.0 / own + 1.0 / other) for g, k in zip(gaps, multiplicities, strict=True)))
    edges = longest * np.linspace(0.0, 1.0, panels + 1) ** 3
    total = 0.0
    for low, high in pairwise(edges):
        t = 0.5 * (low + high) + 0.5 * (high - low) * x
        linear = t[:, None, None] * eigenvalues
        phase = np.exp(1j * t[:, None] * np.log(s2 / s1)) / np.sqrt(1.0 - 1j * linear).prod(axis=2)
        value = np.exp(1j * t * np.log(own / other))
        for gap, multiplicity in zip(gaps, multiplicities, strict=True):
            exponent = (0.5j * linear * (gap * shifts) ** 2 / (1.0 - 1j * linear)).sum(axis=2)
            value = value * ((phase * np.exp(exponent)) @ shares) ** multiplicity
        total += float(0.5 * (high - low) * w @ (value.imag / t))
    return 0.5 - total / np.pi


def _standard_deviations(degrees: int, scale: float, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes s and weights for ``scale s^2 ~ chi^2_degrees``."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    # A chi variable lies within 9 of its mean, which is below the root of its degrees of freedom; powers of a uniform grid crowd towards 0,
    # where a score whose variance is nearly 0 oscillates.
    low, high, power = max(0.0, np.sqrt(degrees) - 9.0), np.sqrt(degrees) + 9.0, 3
    fraction = 0.5 * (1.0 + x)
    chi = low + (high - low) * fraction**power
    density = (degrees - 1) * np.log(chi) - 0.5 * chi**2 - (0.5 * degrees - 1.0) * np.log(2.0) - gammaln(0.5 * degrees)
    return chi / np.sqrt(scale), (high - low) * 0.5 * power * fraction ** (power - 1) * w * np.exp(density)
