"""Vapnik-Chervonenkis bounds: how many patterns a class can make, and how many points make every consistent member right nearly everywhere."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import betaln, logsumexp

from theorylab.numerics.roots import smallest_integer
from theorylab.validation import moderate, real, whole_number

__all__ = ["consistent_failure_bound", "consistent_points_needed", "consistent_violation_bound", "log_pattern_bound", "polynomial_class_vc_bound"]


def log_pattern_bound(vc_dimension: float, points: int) -> float:
    """Return the logarithm of sum over i <= v of C(n, i), the most patterns that a class of VC dimension v makes on n points (Sauer 1972).

    Parameters
    ----------
    vc_dimension
        v >= 0; of a real bound the whole part counts.
    points
        n >= 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    v, n = math.floor(real("vc_dimension", vc_dimension, minimum=0.0)), whole_number("points", points)
    if v >= n:
        return n * math.log(2.0)
    i = np.arange(v + 1)
    return float(logsumexp(-betaln(n - i + 1.0, i + 1.0) - math.log(n + 1.0)))


def consistent_failure_bound(vc_dimension: float, points: int, violation_probability: float) -> float:
    """Return the bound of Blumer, Ehrenfeucht, Haussler and Warmuth (1989) on P(a member without a violation on N points has V > eta).

    Formula: 2 sum over i <= v of C(2N, i) 2^(-eta N/2), at most 1, for N >= 8/eta; 1 below, where the argument does not apply.

    Parameters
    ----------
    vc_dimension
        v >= 0.
    points
        N >= 1.
    violation_probability
        eta in (0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    n, eta = whole_number("points", points), real("violation_probability", violation_probability, above=0.0, below=1.0)
    if n * eta < 8.0:
        return 1.0
    return math.exp(min(0.0, math.log(2.0) * (1.0 - eta * n / 2.0) + log_pattern_bound(vc_dimension, 2 * n)))


def consistent_points_needed(vc_dimension: float, violation_probability: float, failure_probability: float) -> int:
    """Return the smallest N >= 8/eta with `consistent_failure_bound` at most delta from there on: of order (v log(1/eta) + log(1/delta))/eta.

    Parameters
    ----------
    vc_dimension
        v from 0 to 10^6.
    violation_probability, failure_probability
        eta in [1e-9, 1) and delta in (0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    eta = moderate("violation_probability", real("violation_probability", violation_probability, above=0.0, below=1.0), least=1e-9)
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    moderate("vc_dimension", real("vc_dimension", vc_dimension, minimum=0.0), most=1e6)
    # The bound first grows with N, up to v/eta or so, but is cut at 1 there; where it has fallen below 1 it goes on falling.
    return smallest_integer(lambda n: consistent_failure_bound(vc_dimension, n, eta) <= delta, math.ceil(8.0 / eta))


def consistent_violation_bound(vc_dimension: float, points: int, failure_probability: float) -> float:
    """Return the smallest eta with `consistent_failure_bound` at most delta; 1 where the bound says nothing.

    Parameters
    ----------
    vc_dimension, points
        v >= 0 and N >= 1.
    failure_probability
        delta in (0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    n, delta = whole_number("points", points), real("failure_probability", failure_probability, above=0.0, below=1.0)
    eta = max(8.0 / n, 2.0 / n * (1.0 + (log_pattern_bound(vc_dimension, 2 * n) - math.log(delta)) / math.log(2.0)))
    return min(1.0, eta)


def polynomial_class_vc_bound(parameters: float, degree: float) -> float:
    """Return 2 n log2(12 degree), which bounds the VC dimension of sign classes of polynomials in n parameters (Anthony and Bartlett 1999, Thm 8.3).

    Parameters
    ----------
    parameters
        n >= 1.
    degree
        Of the polynomials in the parameters, >= 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    return 2.0 * real("parameters", parameters, minimum=1.0) * math.log2(12.0 * real("degree", degree, minimum=1.0))
