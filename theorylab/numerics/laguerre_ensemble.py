r"""Exact expectations of linear statistics of real Wishart eigenvalues, without sampling.

The eigenvalues of a beta = 1 ensemble have a joint density proportional to ``prod_{i<j} |mu_i - mu_j| prod_i w(mu_i)``. Written in a variable
s with mu = mu(s) increasing, and with any N polynomials phi_i in mu, de Bruijn's formula turns the N-fold integral into a Pfaffian:

    E prod_i (1 + e f(mu_i)) = Pf A(e) / Pf A(0),
    A_ij(e) = int int sgn(s' - s) psi_i(s) psi_j(s') (1 + e f)(1 + e f') ds ds',    psi_i = phi_i h,  h(s) ds = w(mu) dmu.

Its derivative at e = 0 is ``E sum_i f(mu_i) = tr(A0^-1 A1) / 2`` with the factor f + f' in A1; for odd N both matrices are bordered by the single
integrals of psi_i and psi_i f. Here psi_i are orthonormal in L2(ds), which keeps A0 well conditioned (polynomials that are orthonormal for h alone
lose every digit near N = 40). The weight enters only as a function of s, so that a Jacobi weight (mu = sin^2 s) needs no new code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from theorylab.numerics.gaussian_integrals import ConvergenceError, QuadratureResult
from theorylab.validation import reals, whole_number

__all__ = ["expected_linear_statistic", "wishart_linear_statistic"]

Function = Callable[[np.ndarray], np.ndarray]

_NODES = 24
_PANELS = 40
# P(largest singular value > sqrt(n) + sqrt(d) + t) < exp(-t^2/2), and the psi_i decay alike: at t = 9 nothing of double precision is left.
_MARGIN = 9.0


def wishart_linear_statistic(
    statistic: Function, degrees_of_freedom: int, dimension: int, *, breakpoints: Sequence[float] | np.ndarray = (), relative_tolerance: float = 1e-10
) -> QuadratureResult:
    r"""Return E sum_i f(mu_i) over the min(n, d) nonzero eigenvalues of S ~ Wishart_d(n, I).

    Formula: `expected_linear_statistic` with N = min(n, d), mu = s^2 and h(s) = s^{|n-d|} exp(-s^2/2) (s runs over the singular values of X).

    Parameters
    ----------
    statistic
        f, vectorised over eigenvalues mu > 0; analytic near the positive axis, apart from the breakpoints.
    degrees_of_freedom
        n >= 1, the number of rows of X in S = X^T X.
    dimension
        d >= 1. The d - min(n, d) zero eigenvalues are NOT in the sum.
    breakpoints
        Eigenvalues at which the mesh gets an extra edge: kinks of f, or a geometric ladder towards a near singularity.
    relative_tolerance
        Largest accepted error estimate relative to |value|.

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
    Derivation in the module's docstring (de Bruijn 1955). ``f(mu) = mu^2`` returns n d (n + d + 1).
    """
    n = whole_number("degrees_of_freedom", degrees_of_freedom)
    d = whole_number("dimension", dimension)
    exponent, count = abs(n - d), min(n, d)
    edges = np.sqrt(np.atleast_1d(reals("breakpoints", breakpoints, above=0.0))) if len(breakpoints) else ()
    return expected_linear_statistic(
        statistic,
        count,
        log_weight=lambda s: exponent * np.log(s) - 0.5 * s**2,
        eigenvalue=np.square,
        support=(max(0.0, abs(np.sqrt(n) - np.sqrt(d)) - _MARGIN), np.sqrt(n) + np.sqrt(d) + _MARGIN),
        breakpoints=edges,
        relative_tolerance=relative_tolerance,
    )


def expected_linear_statistic(
    statistic: Function,
    count: int,
    *,
    log_weight: Function,
    eigenvalue: Function,
    support: tuple[float, float],
    breakpoints: Sequence[float] | np.ndarray = (),
    relative_tolerance: float = 1e-10,
) -> QuadratureResult:
    r"""Return E sum_i f(mu_i) for N points with density proportional to prod_{i<j} |mu(s_i) - mu(s_j)| prod_i h(s_i).

    Formula: ``tr(A0^-1 A1) / 2`` as in the module's docstring.

    Parameters
    ----------
    statistic
        f, vectorised over eigenvalues.
    count
        N >= 1.
    log_weight
        log h(s), vectorised; any additive constant.
    eigenvalue
        mu(s), vectorised and increasing on the support. Laguerre: s^2; Jacobi: sin(s)^2.
    support
        (low, high): outside it the psi_i must be negligible.
    breakpoints
        Values of s at which the mesh gets an extra edge; those outside the support are ignored.
    relative_tolerance
        Largest accepted error estimate relative to |value|.

    Returns
    -------
    QuadratureResult
        Value at the finer mesh and its distance from the value at two thirds of the panels.

    Raises
    ------
    ValueError
        If N is not a positive integer or the support is empty.
    ConvergenceError
        If the two meshes disagree, or f is not finite at a node.
    """
    size = whole_number("count", count)
    tolerance = float(reals("relative_tolerance", relative_tolerance, above=0.0, below=1.0))
    low, high = float(support[0]), float(support[1])
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(f"support must be (low, high), finite with low < high; got {support!r}")
    # psi_i has i oscillations; half a panel for each leaves 24 nodes for two half waves of a product.
    panels = max(_PANELS, size // 2)
    coarse, value = (
        _pfaffian_expectation(statistic, size, log_weight, eigenvalue, _mesh(low, high, number, breakpoints)) for number in (2 * panels // 3, panels)
    )
    error = abs(value - coarse)
    # Negated, so that NaN counts as not converged.
    if not error <= tolerance * abs(value):
        raise ConvergenceError(f"the linear statistic did not converge to {tolerance:g}: {coarse!r} and {value!r} on two meshes")
    return QuadratureResult(value, error)


def _mesh(low: float, high: float, panels: int, breakpoints: Sequence[float] | np.ndarray) -> np.ndarray:
    extra = [float(point) for point in breakpoints if low < point < high]
    return np.unique(np.concatenate([np.linspace(low, high, panels + 1), extra]))


def _pfaffian_expectation(statistic: Function, size: int, log_weight: Function, eigenvalue: Function, edges: np.ndarray) -> float:
    nodes, weights, antiderivative = _rule()
    half = 0.5 * np.diff(edges)[:, None]
    s = 0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes
    mass = half * weights
    mu = np.asarray(eigenvalue(s), dtype=np.float64)
    f = np.asarray(statistic(mu), dtype=np.float64)
    if f.shape != s.shape:
        raise ValueError(f"statistic must return an array of shape {s.shape}; got shape {f.shape}")
    if not np.all(np.isfinite(f)):
        raise ConvergenceError(f"the statistic is not finite at eigenvalue {mu[~np.isfinite(f)][0]:.6g}")
    psi = _orthonormal_functions(size, mu, log_weight(s), mass)
    # signed[i](s') = int sgn(s' - s) psi_i(s) ds = 2 (integral up to s') - (whole integral), panel by panel.
    inside = half * (psi @ antiderivative.T)
    panel_integrals = np.sum(psi * mass, axis=-1)
    before = np.cumsum(panel_integrals, axis=-1) - panel_integrals
    whole = np.sum(panel_integrals, axis=-1)
    signed = (2.0 * (inside + before[..., None]) - whole[:, None, None]).reshape(size, -1)
    weighted = (psi * mass).reshape(size, -1)
    a0 = signed @ weighted.T
    # int int sgn psi_i psi_j' f' is half of A1; its other half is minus the transpose.
    a1 = signed @ (weighted * f.ravel()).T
    a0, a1 = 0.5 * (a0 - a0.T), a1 - a1.T
    if size % 2:
        border, weighted_border = whole, weighted @ f.ravel()
        a0 = np.block([[a0, border[:, None]], [-border[None, :], np.zeros((1, 1))]])
        a1 = np.block([[a1, weighted_border[:, None]], [-weighted_border[None, :], np.zeros((1, 1))]])
    return 0.5 * float(np.trace(np.linalg.solve(a0, a1)))


def _orthonormal_functions(size: int, mu: np.ndarray, log_weight: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Return psi_i = phi_i(mu) h, orthonormal on the mesh, shape (size, panels, nodes), by Lanczos orthogonalised twice."""
    root_mass = np.sqrt(mass).ravel()
    # An affine map of mu changes no span and keeps the recurrence well scaled when the eigenvalues sit far from zero.
    x = ((2.0 * mu - mu.min() - mu.max()) / (mu.max() - mu.min())).ravel()
    basis = np.empty((size, x.size))
    vector = np.exp(log_weight - np.max(log_weight)).ravel() * root_mass
    for i in range(size):
        if i:
            vector = x * basis[i - 1]
            for _ in range(2):
                vector -= (basis[:i] @ vector) @ basis[:i]
        basis[i] = vector / np.linalg.norm(vector)
    psi: np.ndarray = (basis / root_mass).reshape(size, *mu.shape)
    return psi


@lru_cache(maxsize=1)
def _rule() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Gauss-Legendre nodes, weights, and the matrix that integrates the interpolant from -1 to each node."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    values = np.polynomial.legendre.legvander(nodes, _NODES)
    degree = np.arange(_NODES)
    to_coefficients = (degree[:, None] + 0.5) * values[:, :_NODES].T * weights
    # int_{-1}^x P_m = (P_{m+1} - P_{m-1}) / (2m + 1), and x + 1 for m = 0.
    integrals = np.empty((_NODES, _NODES))
    integrals[:, 0] = nodes + 1.0
    integrals[:, 1:] = (values[:, 2:] - values[:, : _NODES - 1]) / (2.0 * degree[1:] + 1.0)
    return nodes, weights, integrals @ to_coefficients
