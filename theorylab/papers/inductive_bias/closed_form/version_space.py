"""Exact toys: half-planes through the origin that agree with a sample, caps of the sphere, and what a sample of hypotheses can certify."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincc, betaln, hyp2f1, psi

from theorylab.backend import check_broadcast
from theorylab.validation import integers, plain, real, reals

__all__ = [
    "CircleVersionSpace",
    "certified_bias_without_hits",
    "circle_required_bias",
    "circle_version_space",
    "occam_bound",
    "sphere_cap_log_probability",
]


class CircleVersionSpace(NamedTuple):
    """Mean nats that n labels give, risk of a random consistent half-plane, and nats that the next label gives."""

    nats: Any
    gibbs_risk: Any
    gain: Any


def circle_version_space(sample_size: ArrayLike) -> CircleVersionSpace:
    """Return what n uniform examples say about a half-plane through the origin, uniform prior on directions.

    Formula: the consistent set is an arc of A + B half-circles, A + B ~ Beta(2, n - 1) and P(V_n) = (A + B)/2, so E[-log P(V_n)] = H_n - 1 + log 2
    (H_n harmonic), Gibbs risk 2/(3 (n + 1)), gain 1/(n + 1). Derived here.

    Parameters
    ----------
    sample_size
        n, integers >= 2.

    Raises
    ------
    ValueError
        If n is below 2.
    """
    n = np.asarray(integers("sample_size", sample_size, minimum=2), dtype=float)
    return CircleVersionSpace(plain(psi(n + 1.0) - psi(1.0) - 1.0 + math.log(2.0)), plain(2.0 / (3.0 * (n + 1.0))), plain(1.0 / (n + 1.0)))


def circle_required_bias(left: ArrayLike, right: ArrayLike, target_error: ArrayLike) -> Any:
    """Return I(eps | data) = -log((min(A, eps) + min(B, eps))/(A + B)) for the arcs A and B on both sides of the teacher.

    Parameters
    ----------
    left, right
        A and B in (0, 1], as shares of a half-circle; all arguments broadcast.
    target_error
        eps in (0, 1].

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    check_broadcast(left=left, right=right, target_error=target_error)
    a, b = np.asarray(reals("left", left, above=0.0, maximum=1.0)), np.asarray(reals("right", right, above=0.0, maximum=1.0))
    eps = np.asarray(reals("target_error", target_error, above=0.0, maximum=1.0))
    return plain(-np.log((np.minimum(a, eps) + np.minimum(b, eps)) / (a + b)))


def sphere_cap_log_probability(target_error: ArrayLike, dimension: ArrayLike) -> Any:
    """Return log P(angle to the teacher <= pi eps) for a uniform direction in R^d, at any depth.

    Formula: half the regularised incomplete beta function at sin^2(pi eps) with (d - 1)/2 and 1/2; where it underflows, in logarithms by the
    hypergeometric function 2F1(d/2, 1; (d + 1)/2; sin^2(pi eps)), which is of order one there; linear in d.

    Parameters
    ----------
    target_error
        eps in (0, 1/2); the arguments broadcast.
    dimension
        d, integers >= 2.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    check_broadcast(target_error=target_error, dimension=dimension)
    eps = np.asarray(reals("target_error", target_error, above=0.0, below=0.5))
    d = np.asarray(integers("dimension", dimension, minimum=2), dtype=float)
    # The cosine by its own sine keeps the digits near eps = 1/2.
    sine, cosine, half = np.sin(np.pi * eps), np.sin(np.pi * (0.5 - eps)), 0.5 * (d - 1.0)
    direct = 0.5 * np.where(eps < 0.25, betainc(half, 0.5, sine**2), betaincc(0.5, half, cosine**2))
    # Where that underflows the series of 2F1 converges fast: sin^2 is not near 1.
    series = hyp2f1(half + 0.5, 1.0, half + 1.0, sine**2)
    deep = (d - 1.0) * np.log(sine) + np.log(cosine * series) - np.log(d - 1.0) - betaln(half, 0.5)
    with np.errstate(divide="ignore"):
        return plain(np.where(direct > 1e-290, np.log(direct), deep))


def occam_bound(nats: ArrayLike, sample_size: ArrayLike, failure_probability: float) -> Any:
    """Return (log 1/P(V_n) + log 1/delta)/n, which the mean of -log(1 - risk) over the consistent set exceeds with probability at most delta.

    Derived here: E over samples of E_P[1{consistent} (1 - R)^-n] = P(R < 1) <= 1, Markov and Jensen (Langford and Seeger's realisable case).

    Parameters
    ----------
    nats
        -log P(V_n) >= 0; broadcasts.
    sample_size
        n, integers >= 1.
    failure_probability
        delta in (0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    check_broadcast(nats=nats, sample_size=sample_size)
    given, n = np.asarray(reals("nats", nats, minimum=0.0)), np.asarray(integers("sample_size", sample_size))
    return plain((given - math.log(real("failure_probability", failure_probability, above=0.0, below=1.0))) / n)


def certified_bias_without_hits(hypotheses: ArrayLike, failure_probability: float) -> Any:
    """Return log S - log log(1/delta), the bias certified at level 1 - delta when none of S hypotheses reaches the target error.

    No hit has probability (1 - p)^S <= e^(-S p). Nothing above log S can ever be reported by counting, and no upper bound on I is possible without
    assumptions: mass below 1/S can move anywhere. Derived here.

    Parameters
    ----------
    hypotheses
        S, integers >= 1.
    failure_probability
        delta in (0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    s = np.asarray(integers("hypotheses", hypotheses), dtype=float)
    return plain(np.log(s) - math.log(-math.log(real("failure_probability", failure_probability, above=0.0, below=1.0))))
