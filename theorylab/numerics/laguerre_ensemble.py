r"""Exact expectations of linear statistics of real Wishart eigenvalues, without sampling.

The min(n, d) nonzero eigenvalues of S ~ Wishart_d(n, I) form the beta = 1 Laguerre ensemble: with mu = s^2 (s a singular value of the data matrix),
h(s) = s^{|n-d|} exp(-s^2/2) in `theorylab.numerics.orthogonal_ensembles`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from theorylab.numerics.gaussian_integrals import QuadratureResult
from theorylab.numerics.orthogonal_ensembles import MOST, Function, OrthogonalEnsemble, checked_breakpoints
from theorylab.validation import whole_number

__all__ = ["laguerre_ensemble", "wishart_linear_statistic"]

# P(largest singular value > sqrt(n) + sqrt(d) + t) < exp(-t^2/2), and the psi_i decay alike: at t = 9 nothing of double precision is left.
_MARGIN = 9.0


def laguerre_ensemble(degrees_of_freedom: int, dimension: int, *, breakpoints: Sequence[float] | np.ndarray = ()) -> OrthogonalEnsemble:
    r"""Return the nonzero eigenvalues of S ~ Wishart_d(n, I) as an ensemble that answers any number of questions.

    Formula: N = min(n, d), mu = s^2, h(s) = s^{|n-d|} exp(-s^2/2).

    Parameters
    ----------
    degrees_of_freedom
        n >= 1, the number of rows of X in S = X^T X.
    dimension
        d >= 1. The d - min(n, d) zero eigenvalues are NOT in the ensemble.
    breakpoints
        Eigenvalues at which the mesh gets an extra edge: kinks of f, or a geometric ladder towards a near singularity.

    Returns
    -------
    OrthogonalEnsemble
        Its `mean` and `mean_square` give E sum f and E (sum f)^2.

    Raises
    ------
    ValueError
        If n or d is not a positive integer, or a breakpoint is not positive.
    """
    n = whole_number("degrees_of_freedom", degrees_of_freedom, maximum=MOST)
    d = whole_number("dimension", dimension, maximum=MOST)
    exponent = abs(n - d)
    edges = np.sqrt(checked_breakpoints(breakpoints, above=0.0))
    return OrthogonalEnsemble(
        min(n, d),
        log_weight=lambda s: exponent * np.log(s) - 0.5 * s**2,
        eigenvalue=np.square,
        support=(max(0.0, abs(np.sqrt(n) - np.sqrt(d)) - _MARGIN), np.sqrt(n) + np.sqrt(d) + _MARGIN),
        breakpoints=edges,
    )


def wishart_linear_statistic(
    statistic: Function, degrees_of_freedom: int, dimension: int, *, breakpoints: Sequence[float] | np.ndarray = (), relative_tolerance: float = 1e-10
) -> QuadratureResult:
    r"""Return E sum_i f(mu_i) over the min(n, d) nonzero eigenvalues of S ~ Wishart_d(n, I).

    Formula: `laguerre_ensemble` and de Bruijn's Pfaffian.

    Parameters
    ----------
    statistic
        f, vectorised over eigenvalues mu > 0; analytic near the positive axis, apart from the breakpoints.
    degrees_of_freedom, dimension, breakpoints
        As in `laguerre_ensemble`.
    relative_tolerance
        Largest accepted error estimate relative to E sum_i |f(mu_i)|.

    Returns
    -------
    QuadratureResult
        Value and error estimate.

    Raises
    ------
    ValueError
        If n or d is not a positive integer, or a breakpoint is not positive.
    ConvergenceError
        If two resolutions disagree.

    Notes
    -----
    Derivation in `theorylab.numerics.orthogonal_ensembles`. ``f(mu) = mu^2`` returns n d (n + d + 1).
    """
    return laguerre_ensemble(degrees_of_freedom, dimension, breakpoints=breakpoints).mean(statistic, relative_tolerance=relative_tolerance)
