"""First and second moments of linear statistics by de Bruijn's Pfaffian, on ensembles whose answers are known by other routes."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.numerics.laguerre_ensemble import laguerre_ensemble
from theorylab.numerics.orthogonal_ensembles import OrthogonalEnsemble


def gaussian_ensemble(count: int) -> OrthogonalEnsemble:
    """Return the eigenvalues of the Gaussian orthogonal ensemble with off-diagonal variance 1/2 and diagonal variance 1."""
    edge = np.sqrt(2.0 * count) + 8.0
    return OrthogonalEnsemble(count, log_weight=lambda s: -0.5 * s**2, eigenvalue=lambda s: s, support=(-edge, edge))


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 30), d=st.integers(1, 30))
def test_wishart_trace_and_trace_of_square_have_their_second_moments(n: int, d: int) -> None:
    ensemble = laguerre_ensemble(n, d)
    # tr S is chi-squared with n d degrees of freedom.
    assert ensemble.mean_square(lambda mu: mu).value == pytest.approx(n * d * (n * d + 2), rel=1e-11)
    assert ensemble.mean_square(lambda mu: 0.0 * mu + 3.0).value == pytest.approx(9.0 * min(n, d) ** 2, rel=1e-11)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 25, 60])
def test_gaussian_ensemble_has_its_trace_moments(count: int) -> None:
    ensemble = gaussian_ensemble(count)
    assert ensemble.mean(np.square).value == pytest.approx(count * (count + 1) / 2, rel=1e-11)
    assert ensemble.mean(lambda s: s).value == pytest.approx(0.0, abs=1e-11 * count**1.5)
    # The trace is N(0, count); tr M^2 is a sum of count (count + 1)/2 squares, so its variance is that many times 2 (variance 1 each).
    assert ensemble.mean_square(lambda s: s).value == pytest.approx(count, rel=1e-10)
    squares = count * (count + 1) / 2
    assert ensemble.mean_square(np.square).value == pytest.approx(squares * (squares + 2), rel=1e-10)


@pytest.mark.parametrize("count", [2, 3])
def test_pairs_of_a_curved_statistic_agree_with_direct_integration(count: int) -> None:
    """E (sum f)^2 for f = 1/(1 + mu) on Laguerre spectra with two and with three eigenvalues, integrated without a Pfaffian."""
    n, d = count + 2, count
    nodes, weights = np.polynomial.legendre.leggauss(60)
    # Ordered singular values 0 < s_1 < s_2 (< s_3) by successive maps from the unit cube: the integrand is then a smooth function.
    half_nodes, half_weights = 0.5 * (nodes + 1.0), 0.5 * weights
    largest = 14.0 * half_nodes
    grids = np.meshgrid(largest, *[half_nodes] * (count - 1), indexing="ij")
    mass = np.ones_like(grids[0])
    for axis in range(count):
        shape = [1] * count
        shape[axis] = -1
        mass = mass * ((14.0 if axis == 0 else 1.0) * half_weights).reshape(shape)
    values = [grids[0]]
    for fraction in grids[1:]:
        mass = mass * values[-1]
        values.append(values[-1] * fraction)
    density = mass
    for i in range(count):
        density = density * values[i] ** (n - d) * np.exp(-0.5 * values[i] ** 2)
        for j in range(i):
            density = density * (values[j] ** 2 - values[i] ** 2)
    total = sum(1.0 / (1.0 + s**2) for s in values)
    expected = np.sum(density * total**2) / np.sum(density)
    assert laguerre_ensemble(n, d).mean_square(lambda mu: 1.0 / (1.0 + mu)).value == pytest.approx(expected, rel=1e-9)


def test_two_eigenvalues_with_a_statistic_of_both_signs() -> None:
    def density(s: float, t: float) -> float:
        return abs(s - t) * np.exp(-0.5 * (s**2 + t**2))

    def product(s: float, t: float) -> float:
        return density(s, t) * (np.sin(s + 0.3) + np.sin(t + 0.3)) ** 2

    mass = dblquad(density, -9, 9, -9, lambda t: t, epsabs=1e-11, epsrel=1e-11)[0]
    both = dblquad(product, -9, 9, -9, lambda t: t, epsabs=1e-11, epsrel=1e-11)[0]
    assert gaussian_ensemble(2).mean_square(lambda s: np.sin(s + 0.3)).value == pytest.approx(both / mass, rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 12), d=st.integers(1, 12), scale=st.floats(0.1, 5.0))
def test_a_stack_answers_as_its_members_do(n: int, d: int, scale: float) -> None:
    ensemble = laguerre_ensemble(n, d)
    members = [lambda mu: scale / (1.0 + mu), lambda mu: np.exp(-mu), lambda mu: mu]
    stack = ensemble.mean(lambda mu: np.stack([f(mu) for f in members]))
    squares = ensemble.mean_square(lambda mu: np.stack([f(mu) for f in members]).reshape(3, 1, -1))
    assert np.shape(stack.value) == np.shape(stack.error) == (3,)
    assert np.shape(squares.value) == (3, 1)
    for i, f in enumerate(members):
        assert stack.value[i] == pytest.approx(ensemble.mean(f).value, rel=1e-13)
        assert squares.value[i, 0] == pytest.approx(ensemble.mean_square(f).value, rel=1e-13)
    assert np.all(squares.value[:, 0] >= stack.value**2 * (1 - 1e-12))


def test_fixed_eigenvalues_enter_every_sum() -> None:
    free = OrthogonalEnsemble(3, log_weight=lambda s: -0.5 * s**2, eigenvalue=lambda s: s, support=(-11.0, 11.0))
    more = OrthogonalEnsemble(
        3, log_weight=lambda s: -0.5 * s**2, eigenvalue=lambda s: s, support=(-11.0, 11.0), fixed=((0.5, 2), (1.0, 1), (9.0, 0))
    )
    constant = 2 * np.cos(0.5) + np.cos(1.0)
    first, second = free.mean(np.cos).value, free.mean_square(np.cos).value
    assert more.mean(np.cos).value == pytest.approx(first + constant, rel=1e-13)
    assert more.mean_square(np.cos).value == pytest.approx(second + 2 * constant * first + constant**2, rel=1e-12)
    nothing_free = OrthogonalEnsemble(0, log_weight=np.negative, eigenvalue=np.square, support=(0.0, 1.0), fixed=((0.5, 2), (1.0, 1)))
    assert nothing_free.mean(np.cos).value == pytest.approx(constant, rel=1e-15)
    assert nothing_free.mean_square(lambda u: np.stack([np.cos(u), u])).value == pytest.approx([constant**2, 4.0], rel=1e-15)


def test_one_eigenvalue_is_one_integral() -> None:
    ensemble = OrthogonalEnsemble(1, log_weight=lambda s: 3.0 * np.log(s) - s, eigenvalue=np.square, support=(0.0, 60.0))
    exact = mpmath.quad(lambda s: s**3 * mpmath.exp(-s) / (1 + s**2) ** 2, [0, 1, 5, 60]) / 6
    assert ensemble.mean_square(lambda mu: 1.0 / (1.0 + mu)).value == pytest.approx(float(exact), rel=1e-11)


def test_what_does_not_converge_is_refused_for_both_moments() -> None:
    ensemble = laguerre_ensemble(6, 5)
    with pytest.raises(ConvergenceError, match="did not converge"):
        ensemble.mean(lambda mu: np.sign(mu - 3.0))
    with pytest.raises(ConvergenceError, match="did not converge"):
        ensemble.mean_square(lambda mu: np.sign(mu - 3.0))
    with pytest.raises(ConvergenceError, match="not finite at eigenvalue"):
        ensemble.mean_square(lambda mu: np.where(mu > 4.0, np.nan, mu))
    fixed = OrthogonalEnsemble(1, log_weight=np.negative, eigenvalue=np.square, support=(1.0, 2.0), fixed=((0.0, 1),))
    with pytest.raises(ConvergenceError, match="not finite at eigenvalue 0"), np.errstate(divide="ignore"):
        fixed.mean(lambda mu: 1.0 / mu)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="support must be"):
        OrthogonalEnsemble(2, log_weight=np.negative, eigenvalue=np.square, support=(2.0, 1.0))
    with pytest.raises(ValueError, match="count must be an integer >= 0"):
        OrthogonalEnsemble(-1, log_weight=np.negative, eigenvalue=np.square, support=(0.0, 1.0))
    with pytest.raises(ValueError, match="multiplicity must be an integer >= 0"):
        OrthogonalEnsemble(1, log_weight=np.negative, eigenvalue=np.square, support=(0.0, 1.0), fixed=((0.0, -1),))
    with pytest.raises(ValueError, match="statistic must return an array of shape"):
        laguerre_ensemble(3, 2).mean(lambda mu: mu[:-1])
    with pytest.raises(ValueError, match="relative_tolerance"):
        laguerre_ensemble(3, 2).mean(np.sqrt, relative_tolerance=2.0)
