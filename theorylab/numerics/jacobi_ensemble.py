r"""Exact and asymptotic means of linear statistics of the matrix-variate Beta law, without sampling.

Let A ~ Wishart_d(m, I) and B ~ Wishart_d(p, I) be independent, m + p >= d, and u_1, ..., u_d the eigenvalues of U = (A + B)^{-1/2} A (A + B)^{-1/2}:
(d - m)_+ of them are 0, (d - p)_+ are 1, and the other N = min(d, m, p, m + p - d) form the beta = 1 Jacobi ensemble, with density
``prod_{i<j} |u_i - u_j| prod_i u_i^{(|m-d|-1)/2} (1 - u_i)^{(|p-d|-1)/2}``. With u = sin^2 t, h(t) = sin^{|m-d|} t cos^{|p-d|} t on (0, pi/2) in
`theorylab.numerics.orthogonal_ensembles`; t are the principal angles between a random m-dimensional and a random d-dimensional subspace of
R^{m+p}, counted from orthogonality.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.numerics.orthogonal_ensembles import MOST, Function, OrthogonalEnsemble, checked_breakpoints
from theorylab.validation import function, real, whole_number

__all__ = ["LinearStatisticExpansion", "jacobi_ensemble", "jacobi_linear_statistic_expansion"]

# Angles are (1/sqrt 2)-Lipschitz on the rotation group, whose concentration gives P(angle > edge + e) < exp(-(m + p - 2) e^2 / 4).
_MARGIN = 9.0 * np.sqrt(2.0)
_FIRST_NODES, _MOST_NODES = 128, 1 << 20


class LinearStatisticExpansion(NamedTuple):
    """Two orders of E sum_i f(u_i) = d `per_dimension` + `correction` + O(1/d) at fixed ratios.

    Attributes
    ----------
    per_dimension
        The limit of (1/d) E sum f.
    correction
        The order-one term.
    """

    per_dimension: Any
    correction: Any


def jacobi_ensemble(
    first_degrees_of_freedom: int, second_degrees_of_freedom: int, dimension: int, *, breakpoints: Sequence[float] | np.ndarray = ()
) -> OrthogonalEnsemble:
    r"""Return all d eigenvalues of (A + B)^{-1/2} A (A + B)^{-1/2} as an ensemble that answers any number of questions.

    Formula: N = min(d, m, p, m + p - d) free eigenvalues u = sin^2 t with h(t) = sin^{|m-d|} t cos^{|p-d|} t, (d - m)_+ at 0 and (d - p)_+ at 1.

    Parameters
    ----------
    first_degrees_of_freedom
        m >= 0, of A.
    second_degrees_of_freedom
        p >= 0, of B; m + p >= d, so that A + B is invertible.
    dimension
        d >= 1.
    breakpoints
        Eigenvalues in (0, 1) at which the mesh gets an extra edge: kinks of f, or a geometric ladder towards a near singularity.

    Returns
    -------
    OrthogonalEnsemble
        Its `mean` and `mean_square` give E sum f and E (sum f)^2, forced eigenvalues included.

    Raises
    ------
    ValueError
        If a size is not an integer in its range, or a breakpoint is not in (0, 1).
    """
    m = whole_number("first_degrees_of_freedom", first_degrees_of_freedom, minimum=0, maximum=MOST)
    p = whole_number("second_degrees_of_freedom", second_degrees_of_freedom, minimum=0, maximum=MOST)
    d = whole_number("dimension", dimension, maximum=MOST)
    if m + p < d:
        raise ValueError(
            f"first_degrees_of_freedom + second_degrees_of_freedom must be at least dimension = {d}, else A + B is singular; got {m} + {p}"
        )
    at_zero, at_one = abs(m - d), abs(p - d)
    angles = [float(np.arcsin(np.sqrt(np.sin(angle) ** 2))) for angle in _edge_angles(m / (m + p), d / (m + p))]
    margin = _MARGIN / np.sqrt(max(m + p - 2, 1))
    edges = np.arcsin(np.sqrt(checked_breakpoints(breakpoints, above=0.0, below=1.0)))
    return OrthogonalEnsemble(
        min(d, m, p, m + p - d),
        log_weight=lambda t: at_zero * np.log(np.sin(t)) + at_one * np.log(np.cos(t)),
        eigenvalue=lambda t: np.sin(t) ** 2,
        support=(max(0.0, min(angles) - margin), min(0.5 * np.pi, max(angles) + margin)),
        breakpoints=edges,
        fixed=((0.0, max(d - m, 0)), (1.0, max(d - p, 0))),
    )


def jacobi_linear_statistic_expansion(
    statistic: Function, first_ratio: float, second_ratio: float, *, relative_tolerance: float = 1e-12
) -> LinearStatisticExpansion:
    r"""Return the first two orders in d of E sum_i f(u_i), at m/d -> c and p/d -> c'.

    Formula, with psi = c + c', ``sqrt(u_pm) = |sqrt((c/psi)(1 - 1/psi)) +- sqrt((1/psi)(1 - c/psi))|``:
    ``per_dimension = (psi/(2 pi)) int f(u) sqrt((u_+ - u)(u - u_-)) / (u (1 - u)) du + (1 - c)_+ f(0) + (1 - c')_+ f(1)``,
    ``correction = (f(u_-) + f(u_+))/4 - (1/(2 pi)) int f(u) / sqrt((u_+ - u)(u - u_-)) du``.

    Parameters
    ----------
    statistic
        f, vectorised over [0, 1], analytic near it; may return a stack of shape (..., length of its argument).
    first_ratio
        c = m/d > 0.
    second_ratio
        c' = p/d >= 0, with c + c' >= 1.
    relative_tolerance
        Largest accepted difference of the last two resolutions, relative to the mean of |f|.

    Returns
    -------
    LinearStatisticExpansion
        Both orders; ``d per_dimension + correction`` at the actual m/d and p/d has an error O(1/d).

    Raises
    ------
    ValueError
        If a ratio is out of range.
    ConvergenceError
        If the trapezoidal sums do not settle (f nearly singular at an edge).

    Notes
    -----
    The main term is the density of the free product of two projections (Wachter). The correction is that of every one-cut beta = 1 ensemble: a
    quarter of the values at the two ends minus half of the arcsine mean. It is exact for f = u (main term d m/n, correction 0) and, to O(1/d), for
    f = 1/u, whose mean is d (m + p - d - 1)/(m - d - 1).
    """
    function("statistic", statistic)
    c = real("first_ratio", first_ratio, above=0.0)
    other = real("second_ratio", second_ratio, minimum=0.0)
    tolerance = real("relative_tolerance", relative_tolerance, above=0.0, below=1.0)
    psi = c + other
    if psi < 1.0:
        raise ValueError(f"first_ratio + second_ratio must be at least 1, else A + B is singular; got {c:g} + {other:g}")
    inner, outer = _edge_angles(c / psi, 1.0 / psi)
    low, high = np.sin(inner) ** 2, np.sin(outer) ** 2
    half, above = 0.5 * (high - low), np.cos(outer) ** 2

    at_zero, at_one = (_end_value(statistic, place, atom) for place, atom in ((0.0, 1.0 - c), (1.0, 1.0 - other)))

    def at_resolution(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # u = middle + half cos(phi): both integrands become even, periodic and analytic in phi, so the midpoint rule converges exponentially.
        phi = (np.arange(number) + 0.5) * (np.pi / number)
        u = low + 2.0 * half * np.cos(0.5 * phi) ** 2
        # Where an edge touches 0 or 1, u (1 - u) vanishes with sin^2(phi): both factors are formed without cancellation.
        one_minus_u = above + 2.0 * half * np.sin(0.5 * phi) ** 2
        values = np.asarray(statistic(u), dtype=np.float64)
        bulk = 0.5 * psi * (half * np.sin(phi)) ** 2 / (u * one_minus_u) / number
        rest = values - at_zero[..., None] * one_minus_u - at_one[..., None] * u
        return rest @ bulk, 0.5 * values.mean(axis=-1), np.abs(values) @ bulk + 0.5 * np.abs(values).mean(axis=-1)

    number, before = _FIRST_NODES, at_resolution(_FIRST_NODES)
    while number < _MOST_NODES:
        number *= 2
        now = at_resolution(number)
        if all(np.all(np.abs(new - old) <= tolerance * now[2]) for new, old in zip(now[:2], before[:2], strict=True)):
            # The mean of u is c/psi, atoms included, and the rest vanishes at the atoms.
            main = now[0] + at_zero * (other / psi) + at_one * (c / psi)
            correction = 0.25 * np.asarray(statistic(np.array([low, high])), dtype=np.float64).sum(axis=-1) - now[1]
            return LinearStatisticExpansion(main[()], correction[()])
        before = now
    raise ConvergenceError(f"the mean over the limiting spectrum did not converge to {tolerance:g} with {number} nodes")


def _end_value(statistic: Function, place: float, atom: float) -> np.ndarray:
    """Return f at 0 or 1, or 0 where it is not finite.

    f(0) (1 - u) + f(1) u is integrated in closed form: what is left of f cancels the poles of 1/(u (1 - u)), which come close to the spectrum when
    c or c' is close to 1. A function with poles of its own there is integrated as it is, unless there is an atom.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value = np.asarray(statistic(np.array([place])), dtype=np.float64)[..., 0]
    finite = np.isfinite(value)
    if atom > 0.0 and not np.all(finite):
        raise ConvergenceError(f"the statistic is not finite at eigenvalue {place:g}, which has a positive share of the spectrum")
    return np.where(finite, value, 0.0)


def _edge_angles(first_share: float, dimension_share: float) -> tuple[float, float]:
    """Return t with sin^2 t = u_- and u_+: difference and sum of the angles whose squared sines are m/(m + p) and d/(m + p)."""
    first, second = np.arcsin(np.sqrt(first_share)), np.arcsin(np.sqrt(dimension_share))
    return abs(first - second), first + second
