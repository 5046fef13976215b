"""Gaps computed from n rows per environment: mean square, exact law at an invariant pair, rows that are enough."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.numerics.roots import smallest_integer
from theorylab.papers.pac_invariance.closed_form.gaps import feature_moments
from theorylab.validation import integers, moderate, numbers, plain, real, whole_number

__all__ = ["empirical_gap_bound", "expected_squared_empirical_gap", "gap_perturbation_bound", "samples_per_environment"]


def expected_squared_empirical_gap(
    second_moment: ArrayLike, target: int, representation: ArrayLike | None, head: ArrayLike, sample_size: ArrayLike
) -> Any:
    """Return E G^2 for the gradient gap of a fixed head, computed from n rows of zero-mean Gaussian nodes.

    Formula: 4 |m|^2 + (4/n)(risk tr S + |m|^2) with m = c - S w (derived here from Isserlis' theorem).

    Parameters
    ----------
    second_moment, target, representation
        As in `feature_moments`, one environment.
    head
        w, (r,).
    sample_size
        n, integers >= 1, any shape.

    Raises
    ------
    ValueError
        If a shape does not fit, features are dependent, or n is not a positive integer.
    """
    s, c, yy = feature_moments(second_moment, target, representation)
    w = moderate("head", numbers("head", head), most=1e60)
    if w.shape != c.shape:
        raise ValueError(f"head must have shape {c.shape}; got {w.shape}")
    n = np.asarray(integers("sample_size", sample_size))
    m = c - s @ w
    risk = yy - 2.0 * w @ c + w @ s @ w
    square = float(m @ m)
    return plain(4.0 * square + 4.0 / n * (risk * np.trace(s) + square))


def empirical_gap_bound(feature_moment: ArrayLike, risk: float, sample_size: ArrayLike, log_inverse_level: float) -> Any:
    """Return what the empirical gap of an invariant pair exceeds with probability at most 2 exp(-x).

    There the residual is independent of the features, so G = (2/n) sqrt(risk chi2_n) |S^(1/2) g| with independent chi2_n and g ~ N(0, I). The bound
    takes Laurent and Massart's for both: 2 sqrt(risk (tr S + 2 sqrt(tr(S^2) x) + 2 largest x)(1 + 2 sqrt(x/n) + 2 x/n)/n). Derived here.

    Parameters
    ----------
    feature_moment
        S, (r, r).
    risk
        Variance of the residual, > 0.
    sample_size
        n, integers >= 1, any shape.
    log_inverse_level
        x > 0.

    Raises
    ------
    ValueError
        If S is not a symmetric matrix or a number is out of range.
    """
    s = moderate("feature_moment", numbers("feature_moment", feature_moment), most=1e60)
    if s.ndim != 2 or s.shape[0] != s.shape[1] or s.size == 0 or not np.allclose(s, s.T):
        raise ValueError(f"feature_moment must be a symmetric (r, r) matrix; got shape {s.shape}")
    variance, x = moderate("risk", real("risk", risk, above=0.0), most=1e60), real("log_inverse_level", log_inverse_level, above=0.0)
    n = np.asarray(integers("sample_size", sample_size))
    values = np.linalg.eigvalsh(s)
    spread = values.sum() + 2.0 * math.sqrt(float((values**2).sum()) * x) + 2.0 * values[-1] * x
    return plain(2.0 * np.sqrt(variance * spread * (1.0 + 2.0 * np.sqrt(x / n) + 2.0 * x / n) / n))


def samples_per_environment(feature_moment: ArrayLike, risk: float, *, threshold: float, interventions: int, failure_probability: float) -> int:
    """Return an n with which the largest empirical gap of an invariant pair over N environments is at most eps, with probability at least 1 - delta.

    Formula: the smallest n with `empirical_gap_bound` at most eps at x = log(2 N/delta); of order risk (tr S + largest log(N/delta))/eps^2. The
    number of covariates does not enter. Sufficient, not necessary: half of it is enough, too.

    Parameters
    ----------
    feature_moment
        S, (r, r), the same in all environments (or the largest).
    risk
        Variance of the residual, > 0.
    threshold
        eps > 0.
    interventions
        N >= 1.
    failure_probability
        delta in (0, 1).

    Raises
    ------
    ValueError
        If S is not a symmetric matrix or a number is out of range.
    """
    eps = real("threshold", threshold, above=0.0)
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    x = math.log(2.0 * whole_number("interventions", interventions) / delta)
    if float(empirical_gap_bound(feature_moment, risk, 2**60, x)) > eps:
        raise ValueError(f"risk must be smaller, or threshold larger, for any number of samples to do; got {risk!r:.80} and {threshold!r:.80}")
    return smallest_integer(lambda n: float(empirical_gap_bound(feature_moment, risk, n, x)) <= eps, 1)


def gap_perturbation_bound(representation: ArrayLike, head: ArrayLike, moment_error: ArrayLike) -> Any:
    """Return 2 |Phi| |error| sqrt(1 + |Phi^T w|^2), which the change of the gradient gap cannot exceed when the moments change by an error.

    Deterministic, for every representation and head at once: G = 2 |Phi M_x. v| with v = (Phi^T w, -1). Spectral norms. Derived here.

    Parameters
    ----------
    representation
        Phi, (r, p).
    head
        w, (r,).
    moment_error
        (..., q, q).

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    phi, w, error = (
        moderate("representation", numbers("representation", representation), most=1e60),
        moderate("head", numbers("head", head), most=1e60),
        moderate("moment_error", numbers("moment_error", moment_error), most=1e60),
    )
    if phi.ndim != 2 or w.shape != phi.shape[:1] or error.shape[-2:] != (phi.shape[1] + 1,) * 2:
        raise ValueError(
            f"representation, head and moment_error must have shapes (r, p), (r,), (..., p + 1, p + 1); got {phi.shape}, {w.shape}, {error.shape}"
        )
    norm = np.linalg.norm(error, 2, axis=(-2, -1))
    return plain(2.0 * np.linalg.norm(phi, 2) * norm * math.sqrt(1.0 + float(((phi.T @ w) ** 2).sum())))
