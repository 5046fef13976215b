r"""Exact expectations of sums over the eigenvalues of real (beta = 1) random matrix ensembles, without sampling.

The N free eigenvalues of a beta = 1 ensemble have a joint density proportional to ``prod_{i<j} |mu_i - mu_j| prod_i w(mu_i)``. Written in a variable
s with mu = mu(s) increasing, and with any N polynomials phi_i in mu, de Bruijn's formula (1955) turns the N-fold integral into a Pfaffian:

    E prod_i (1 + e f(mu_i)) = Pf A(e) / Pf A(0),
    A_ij(e) = int int sgn(s' - s) psi_i(s) psi_j(s') (1 + e f)(1 + e f') ds ds',    psi_i = phi_i h,  h(s) ds = w(mu) dmu.

With A(e) = A0 + e A1 + e^2 A2, X1 = A0^-1 A1 and X2 = A0^-1 A2, ``Pf A(e) / Pf A(0) = exp(tr log(1 + e X1 + e^2 X2) / 2)``, so the coefficients of
e and e^2 are

    E sum_i f(mu_i)              = tr(X1) / 2,
    E sum_{i<j} f(mu_i) f(mu_j)  = tr(X2) / 2 - tr(X1^2) / 4 + tr(X1)^2 / 8.

A1 has the factor f + f', A2 the factor f f'; for odd N the matrices are bordered, by int psi_i in A0, by int psi_i f in A1, by 0 in A2. The trace of
X1 is linear in f, hence an integral of f against the density of the eigenvalues, which is made once for all f.

Here psi_i are orthonormal in L2(ds), which keeps A0 well conditioned (polynomials that are orthonormal for h alone lose every digit near N = 40).
The weight enters only as log h(s), so that large exponents neither overflow nor underflow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from theorylab.numerics.gaussian_integrals import ConvergenceError, QuadratureResult
from theorylab.validation import array_of_shape, function, items, moderate, real, reals, whole_number

__all__ = ["Function", "OrthogonalEnsemble"]

Function = Callable[[np.ndarray], np.ndarray]

_NODES = 24
_PANELS = 40
# Beyond such sizes the square roots that the ends of the support are made of have lost their digits.
MOST = 10**12


def checked_breakpoints(breakpoints: Any, *, above: float | None = None, below: float | None = None) -> np.ndarray:
    """Return breakpoints, perhaps none, as a vector of numbers inside bounds."""
    found = array_of_shape("breakpoints", breakpoints, ("breakpoints",))
    return found if found.size == 0 else np.asarray(reals("breakpoints", found, above=above, below=below))


class OrthogonalEnsemble:
    r"""The eigenvalues of a beta = 1 ensemble: build it once, then ask for the means of many linear statistics.

    A statistic is a vectorised function f of an eigenvalue. It may return a stack, shape (..., *shape of its argument): then every answer has the
    leading shape, and all members share one mesh and one basis.

    Parameters
    ----------
    count
        N >= 0, the number of free eigenvalues.
    log_weight
        log h(s), vectorised; any additive constant.
    eigenvalue
        mu(s), vectorised and increasing on the support. Laguerre: s^2; Jacobi: sin(s)^2.
    support
        (low, high): outside it the psi_i must be negligible.
    breakpoints
        Values of s at which the mesh gets an extra edge (a kink of f, a ladder towards a near singularity); those outside the support are ignored.
    fixed
        Eigenvalues that are not random, as pairs (value, multiplicity); they are included in every sum.

    Raises
    ------
    ValueError
        If N is not an integer >= 0, a multiplicity is negative, or the support is empty.
    """

    def __init__(
        self,
        count: int,
        *,
        log_weight: Function,
        eigenvalue: Function,
        support: tuple[float, float],
        breakpoints: Sequence[float] | np.ndarray = (),
        fixed: Sequence[tuple[float, int]] = (),
    ) -> None:
        self.count = whole_number("count", count, minimum=0)
        function("log_weight", log_weight)
        function("eigenvalue", eigenvalue)
        pairs = [items("fixed", pair, length=2) for pair in items("fixed", fixed)]
        self.fixed = tuple((real("value in fixed", value), whole_number("multiplicity", times, minimum=0)) for value, times in pairs)
        low, high = (moderate("support", real("support", end)) for end in items("support", support, length=2))
        breakpoints = checked_breakpoints(breakpoints)
        if not low < high:
            raise ValueError(f"support must be (low, high), finite with low < high; got {support!r}")
        # psi_i has i oscillations; half a panel for each leaves 24 nodes for two half waves of a product.
        panels = max(_PANELS, self.count // 2)
        numbers = (2 * panels // 3, panels) if self.count else ()
        self._meshes = [_Mesh(self.count, log_weight, eigenvalue, _edges(low, high, number, breakpoints)) for number in numbers]

    def mean(self, statistic: Function, *, relative_tolerance: float = 1e-10) -> QuadratureResult:
        """Return E sum_i f(mu_i), the fixed eigenvalues included.

        Parameters
        ----------
        statistic
            f; finite on the support, and smooth between the breakpoints.
        relative_tolerance
            Largest accepted error estimate relative to E sum_i |f(mu_i)|.

        Returns
        -------
        QuadratureResult
            Value at the finer mesh and its distance from the value at two thirds of the panels; floats, or arrays for a stack of statistics.

        Raises
        ------
        ValueError
            If the statistic does not return the shape that it should.
        ConvergenceError
            If the two meshes disagree, or f is not finite at a node.
        """
        function("statistic", statistic)
        constant = self._fixed_sum(statistic)
        pairs = [(mesh.integral(values), mesh.integral(np.abs(values))) for mesh, values in self._evaluated(statistic)]
        return _compared([constant + value for value, _ in pairs] or [constant], pairs[-1][1] if pairs else 0.0, relative_tolerance)

    def mean_square(self, statistic: Function, *, relative_tolerance: float = 1e-10) -> QuadratureResult:
        """Return E (sum_i f(mu_i))^2, the fixed eigenvalues included.

        Formula: ``E sum_i f_i^2 + 2 E sum_{i<j} f_i f_j`` over the free ones, plus ``2 c E sum_i f_i + c^2`` with c the sum over the fixed ones.

        Parameters
        ----------
        statistic
            f; finite on the support, and smooth between the breakpoints.
        relative_tolerance
            Largest accepted error estimate relative to E sum_i f_i^2 + (E sum_i |f_i|)^2.

        Returns
        -------
        QuadratureResult
            Value and error estimate, as for `mean`.

        Raises
        ------
        ValueError
            If the statistic does not return the shape that it should.
        ConvergenceError
            If the two meshes disagree, or f is not finite at a node.
        """
        function("statistic", statistic)
        constant = self._fixed_sum(statistic)
        answers, scale = [], np.zeros(())
        for mesh, values in self._evaluated(statistic):
            squares, first = mesh.integral(values**2), mesh.integral(values)
            answers.append(squares + 2.0 * mesh.pair_sums(values) + 2.0 * constant * first + constant**2)
            scale = squares + (np.abs(constant) + mesh.integral(np.abs(values))) ** 2
        return _compared(answers or [constant**2], scale, relative_tolerance)

    def _fixed_sum(self, statistic: Function) -> np.ndarray:
        total = np.zeros(())
        for value, times in self.fixed:
            if times:
                at_value = np.asarray(statistic(np.array([value])), dtype=np.float64)[..., 0]
                if not np.all(np.isfinite(at_value)):
                    raise ConvergenceError(f"the statistic is not finite at eigenvalue {value:.6g}")
                total = total + times * at_value
        return total

    def _evaluated(self, statistic: Function) -> list[tuple[_Mesh, np.ndarray]]:
        found = []
        for mesh in self._meshes:
            values = np.asarray(statistic(mesh.eigenvalues), dtype=np.float64)
            if values.shape[values.ndim - 1 :] != mesh.eigenvalues.shape:
                raise ValueError(f"statistic must return an array of shape (..., {mesh.eigenvalues.size}); got shape {values.shape}")
            if not np.all(np.isfinite(values)):
                where = np.isfinite(values).all(axis=tuple(range(values.ndim - 1)))
                raise ConvergenceError(f"the statistic is not finite at eigenvalue {mesh.eigenvalues[~where][0]:.6g}")
            found.append((mesh, values))
        return found


def _compared(answers: list[Any], scale: Any, relative_tolerance: float) -> QuadratureResult:
    tolerance = real("relative_tolerance", relative_tolerance, above=0.0, below=1.0)
    coarse, value = np.asarray(answers[0]), np.asarray(answers[-1])
    error = np.abs(value - coarse)
    # Negated, so that NaN counts as not converged.
    if not np.all(error <= tolerance * scale):
        worst = np.argmax(error)
        raise ConvergenceError(
            f"the linear statistic did not converge to {tolerance:g}: {coarse.flat[worst]!r} and {value.flat[worst]!r} on two meshes"
        )
    parts: list[Any] = [part.item() if part.ndim == 0 else part for part in (value, error)]
    return QuadratureResult(*parts)


def _edges(low: float, high: float, panels: int, breakpoints: Sequence[float] | np.ndarray) -> np.ndarray:
    extra = [float(point) for point in breakpoints if low < point < high]
    return np.unique(np.concatenate([np.linspace(low, high, panels + 1), extra]))


class _Mesh:
    """One mesh with what does not depend on the statistic: the basis, A0 and its inverse, the density."""

    def __init__(self, size: int, log_weight: Function, eigenvalue: Function, edges: np.ndarray) -> None:
        nodes, weights, _ = _rule()
        self._half = 0.5 * np.diff(edges)[:, None]
        s = 0.5 * (edges[1:] + edges[:-1])[:, None] + self._half * nodes
        self._mass = (self._half * weights).ravel()
        self.eigenvalues = np.asarray(eigenvalue(s), dtype=np.float64).ravel()
        self._size = size
        self._psi = _orthonormal_functions(size, self.eigenvalues, np.asarray(log_weight(s)).ravel(), self._mass)
        self._weighted = self._psi * self._mass
        self._signed, border = self._signed_integrals(self._psi)
        a0 = self._signed @ self._weighted.T
        self._inverse = np.linalg.inv(self._bordered(a0 - a0.T, 2.0 * border) / 2.0)
        # tr(X1)/2 as a sum over nodes: A1 = a1 - a1^T with a1 = signed diag(f) weighted^T, and the inverse is antisymmetric.
        self._density = -np.einsum("im,im->m", self._signed, self._inverse[:size, :size] @ self._weighted)
        if size % 2:
            self._density -= self._inverse[:size, size] @ self._weighted

    def integral(self, values: np.ndarray) -> np.ndarray:
        """Return E sum_i f over the last axis of f at the nodes."""
        return np.asarray(values @ self._density)

    def pair_sums(self, values: np.ndarray) -> np.ndarray:
        """Return E sum_{i<j} f_i f_j for every member of a stack of statistics at the nodes."""
        flat = values.reshape(-1, self.eigenvalues.size)
        return np.array([self._pair_sum(f) for f in flat]).reshape(values.shape[:-1])

    def _pair_sum(self, f: np.ndarray) -> float:
        weighted = self._weighted * f
        a1 = self._signed @ weighted.T
        x1 = self._inverse @ self._bordered(a1 - a1.T, weighted.sum(axis=1))
        a2 = self._signed_integrals(self._psi * f)[0] @ weighted.T
        trace_x2 = np.sum(self._inverse[: self._size, : self._size] * (a2.T - a2)) / 2.0
        return float(trace_x2 / 2.0 - np.sum(x1 * x1.T) / 4.0 + np.trace(x1) ** 2 / 8.0)

    def _signed_integrals(self, functions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return int sgn(s' - s) g(s) ds at all nodes s', and int g(s) ds, for every row g."""
        panels = functions.reshape(len(functions), *self._half.shape[:1], _NODES)
        inside = self._half * (panels @ _rule()[2].T)
        each = (functions * self._mass).reshape(panels.shape).sum(axis=-1)
        before = np.cumsum(each, axis=-1) - each
        whole = each.sum(axis=-1)
        # 2 (integral up to s') - (whole integral), panel by panel.
        return (2.0 * (inside + before[..., None]) - whole[:, None, None]).reshape(functions.shape), whole

    def _bordered(self, matrix: np.ndarray, border: np.ndarray) -> np.ndarray:
        if self._size % 2 == 0:
            return matrix
        return np.block([[matrix, border[:, None]], [-border[None, :], np.zeros((1, 1))]])


def _orthonormal_functions(size: int, mu: np.ndarray, log_weight: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Return psi_i = phi_i(mu) h, orthonormal on the mesh, shape (size, nodes), by Lanczos orthogonalised twice."""
    root_mass = np.sqrt(mass)
    # An affine map of mu changes no span and keeps the recurrence well scaled when the eigenvalues sit far from zero.
    x = (2.0 * mu - mu.min() - mu.max()) / (mu.max() - mu.min())
    basis = np.empty((size, x.size))
    vector = np.exp(log_weight - np.max(log_weight)) * root_mass
    for i in range(size):
        if i:
            vector = x * basis[i - 1]
            for _ in range(2):
                vector -= (basis[:i] @ vector) @ basis[:i]
        basis[i] = vector / np.linalg.norm(vector)
    psi: np.ndarray = basis / root_mass
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
