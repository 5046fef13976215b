"""Matrix-variate Beta eigenvalues: exact first and second moments for every shape, and the two leading orders in the dimension."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma
from scipy.stats import beta

from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.numerics.jacobi_ensemble import jacobi_ensemble, jacobi_linear_statistic_expansion


@st.composite
def shapes(draw: st.DrawFn, largest: int = 25) -> tuple[int, int, int]:
    d = draw(st.integers(1, largest))
    m = draw(st.integers(0, largest))
    return m, draw(st.integers(max(0, d - m), largest)), d


@settings(max_examples=40, deadline=None)
@given(shape=shapes())
def test_trace_moments_are_those_of_two_random_projections(shape: tuple[int, int, int]) -> None:
    """tr U = tr P Q for projections of ranks m and d in R^n; E (tr PQ)^2 and E tr (PQ)^2 from the rotation average of Q x Q."""
    m, p, d = shape
    n = m + p
    ensemble = jacobi_ensemble(m, p, d)
    assert ensemble.mean(lambda u: 0.0 * u + 1.0).value == pytest.approx(d, rel=1e-12)
    assert ensemble.mean(lambda u: u).value == pytest.approx(d * m / n, rel=1e-12)
    if n > 1:
        # E[Q A Q] = (a + b) A + b tr(A) I for the rank-d projection Q, and E[tr(QA)^2] = a tr(A)^2 + 2 b tr(A^2), with a, b from its first traces.
        b = (n * d - d**2) / (n * (n - 1) * (n + 2))
        a = (d**2 - 2 * n * b) / n**2
        assert ensemble.mean_square(lambda u: u).value == pytest.approx(a * m**2 + 2 * b * m, rel=1e-11)
        assert ensemble.mean(np.square).value == pytest.approx((a + b) * m + b * m**2, rel=1e-11)
        # Complement: replacing A by B turns u into 1 - u.
        other = jacobi_ensemble(p, m, d).mean_square(lambda u: 1.0 / (2.0 - u)).value
        assert ensemble.mean_square(lambda u: 1.0 / (1.0 + u)).value == pytest.approx(other, rel=1e-11)


@settings(max_examples=25, deadline=None)
@given(d=st.integers(1, 20), excess=st.integers(2, 12), p=st.integers(1, 30))
def test_inverse_and_log_determinant(d: int, excess: int, p: int) -> None:
    m = d + excess
    # The logarithm is singular at 0, where few spectra go: edges at halving angles resolve it.
    ensemble = jacobi_ensemble(m, p, d, breakpoints=4.0 ** -np.arange(1.0, 20.0))
    assert ensemble.mean(lambda u: 1.0 / u).value == pytest.approx(d * (m + p - d - 1) / (m - d - 1), rel=1e-10)
    # det U is a product of independent Beta((m - i)/2, p/2).
    logs = sum(digamma((m - i) / 2) - digamma((m + p - i) / 2) for i in range(d))
    assert ensemble.mean(np.log).value == pytest.approx(logs, rel=1e-10)
    variance = sum(_trigamma((m - i) / 2) - _trigamma((m + p - i) / 2) for i in range(d))
    assert ensemble.mean_square(np.log).value == pytest.approx(variance + logs**2, rel=1e-9)


def _trigamma(x: float) -> float:
    from scipy.special import polygamma

    return float(polygamma(1, x))


@settings(max_examples=20, deadline=None)
@given(m=st.integers(1, 30), p=st.integers(1, 30), ratio=st.floats(0.02, 3.0))
def test_dimension_one_is_a_beta_variable(m: int, p: int, ratio: float) -> None:
    expected = beta(m / 2, p / 2).expect(lambda u: (1.0 / (ratio + u)) ** 2, epsabs=0, epsrel=1e-9)
    ensemble = jacobi_ensemble(m, p, 1)
    assert ensemble.mean_square(lambda u: 1.0 / (ratio + u)).value == pytest.approx(expected, rel=1e-7)
    assert ensemble.mean_square(lambda u: 1.0 / (ratio + u)).value == pytest.approx(ensemble.mean(lambda u: 1.0 / (ratio + u) ** 2).value, rel=1e-12)


@pytest.mark.parametrize(("m", "p", "d"), [(400, 800, 200), (201, 1000, 201), (20_000, 30_000, 5), (5, 20_000, 4), (150, 170, 220)])
def test_large_sizes_keep_their_digits(m: int, p: int, d: int) -> None:
    n = m + p
    ensemble = jacobi_ensemble(m, p, d)
    b = (n * d - d**2) / (n * (n - 1) * (n + 2))
    a = (d**2 - 2 * n * b) / n**2
    assert ensemble.mean(lambda u: u).value == pytest.approx(d * m / n, rel=1e-11)
    assert ensemble.mean_square(lambda u: u).value == pytest.approx(a * m**2 + 2 * b * m, rel=1e-11)


def test_a_pole_close_to_the_spectrum_needs_a_ladder() -> None:
    ensemble = jacobi_ensemble(8, 8, 8)
    with pytest.raises(ConvergenceError):
        ensemble.mean(lambda u: 1e-6 / (1e-6 + u))
    fine, finer = (
        jacobi_ensemble(8, 8, 8, breakpoints=1e-6 * step ** np.arange(-2, 9 * np.log(4) / np.log(step))).mean_square(lambda u: 1e-6 / (1e-6 + u))
        for step in (4.0, 2.0)
    )
    assert fine.value == pytest.approx(finer.value, rel=1e-10)


@settings(max_examples=20, deadline=None)
@given(c=st.floats(0.1, 6.0), other=st.floats(0.0, 6.0))
def test_expansion_of_the_trace_is_exact_and_atoms_are_counted(c: float, other: float) -> None:
    if c + other < 1.0:
        other = 1.0
    first, second = jacobi_linear_statistic_expansion(lambda u: np.stack([u, 0.0 * u + 1.0]), c, other)
    assert first == pytest.approx([c / (c + other), 1.0], rel=1e-10)
    assert second == pytest.approx([0.0, 0.0], abs=1e-12)


@pytest.mark.parametrize(("c", "other"), [(2.0, 4.0), (3.5, 0.5), (1.5, 1.0)])
def test_expansion_of_the_inverse(c: float, other: float) -> None:
    """d (n - d - 1)/(m - d - 1) = d (psi - 1)/(c - 1) + [(psi - 1) - (c - 1)] / (c - 1)^2 + O(1/d)."""
    first, second = jacobi_linear_statistic_expansion(lambda u: 1.0 / u, c, other)
    assert first == pytest.approx((c + other - 1.0) / (c - 1.0), rel=1e-11)
    assert second == pytest.approx(other / (c - 1.0) ** 2, rel=1e-10)


@pytest.mark.parametrize(("c", "other"), [(2, 4), (1, 2), (3, 1), (1, 0.5), (0.5, 1.5), (0.5, 0.75)])
def test_exact_mean_minus_expansion_falls_like_one_over_d(c: float, other: float) -> None:
    def statistic(u: np.ndarray) -> np.ndarray:
        return 1.0 / (0.2 + u)

    first, second = jacobi_linear_statistic_expansion(statistic, c, other)
    left = [d * (jacobi_ensemble(int(c * d), int(other * d), d).mean(statistic).value - d * first - second) for d in (40, 80)]
    without = jacobi_ensemble(int(c * 80), int(other * 80), 80).mean(statistic).value - 80 * first
    assert left[1] == pytest.approx(left[0], rel=0.1, abs=0.01)
    assert abs(left[1]) / 80 < abs(without) / 5
    assert abs(without) > 0.02


@pytest.mark.parametrize(("c", "other"), [(1.0 + 1e-6, 2.0), (1.0 - 1e-6, 2.0), (2.0, 1.0 + 1e-6), (0.5, 1.0 - 1e-9)])
def test_expansion_next_to_a_closing_gap(c: float, other: float) -> None:
    """Nearly as many degrees of freedom as dimensions: poles of the density approach the spectrum, but nothing happens to smooth means."""
    near = jacobi_linear_statistic_expansion(lambda u: np.exp(u), c, other)
    rounded = jacobi_linear_statistic_expansion(lambda u: np.exp(u), float(np.round(c, 3)), float(np.round(other, 3)))
    assert near == pytest.approx(rounded, rel=1e-4, abs=1e-4)


def test_expansion_refuses_an_atom_at_a_pole() -> None:
    with pytest.raises(ConvergenceError, match="not finite at eigenvalue 0, which has a positive share"):
        jacobi_linear_statistic_expansion(lambda u: 1.0 / u, 0.5, 2.0)


def test_expansion_refuses_a_singular_edge() -> None:
    with pytest.raises(ConvergenceError, match="did not converge"):
        jacobi_linear_statistic_expansion(lambda u: 1.0 / (1e-14 + u), 1.0, 2.0)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match=r"must be at least dimension = 5, else A \+ B is singular; got 2 \+ 2"):
        jacobi_ensemble(2, 2, 5)
    with pytest.raises(ValueError, match="first_degrees_of_freedom must be an integer >= 0; got -1"):
        jacobi_ensemble(-1, 7, 2)
    with pytest.raises(ValueError, match=r"second_degrees_of_freedom must be an integer >= 0; got 2\.5"):
        jacobi_ensemble(3, 2.5, 2)
    with pytest.raises(ValueError, match="dimension must be an integer >= 1; got 0"):
        jacobi_ensemble(3, 2, 0)
    with pytest.raises(ValueError, match="breakpoints must be finite and > 0 and < 1"):
        jacobi_ensemble(3, 2, 2, breakpoints=[1.0])
    with pytest.raises(ValueError, match="first_ratio must be finite and > 0"):
        jacobi_linear_statistic_expansion(np.sqrt, 0.0, 2.0)
    with pytest.raises(ValueError, match=r"first_ratio \+ second_ratio must be at least 1"):
        jacobi_linear_statistic_expansion(np.sqrt, 0.3, 0.3)
