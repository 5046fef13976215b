"""Wishart representations: equal to dense linear algebra replicate by replicate, equal in law to X^T X."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampling import assert_equal_in_law
from scipy.linalg import eigvalsh_tridiagonal
from scipy.stats import chi2

from theorylab.models import wishart
from theorylab.models.wishart import LaguerreBidiagonal
from theorylab.models.wishart_kernels import chi_squared_rows

SHAPES = [(1, 1), (1, 4), (4, 1), (2, 2), (3, 5), (5, 3), (12, 7)]


def spectra(diagonal: np.ndarray, squared_off_diagonal: np.ndarray) -> np.ndarray:
    if diagonal.shape[1] == 1:
        return diagonal
    return np.array([eigvalsh_tridiagonal(row, np.sqrt(off)) for row, off in zip(diagonal, squared_off_diagonal, strict=True)])


@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_bartlett_factor_has_its_shape_and_is_lower_trapezoidal(n: int, d: int) -> None:
    factors = wishart.bartlett_factors(np.random.default_rng(), 6, degrees_of_freedom=n, dimension=d)
    assert factors.shape == (6, d, min(n, d))
    assert np.all(np.triu(factors, 1) == 0.0)
    assert np.all(np.diagonal(factors, axis1=1, axis2=2) > 0.0)


@pytest.mark.parametrize(("n", "d"), [(3, 5), (6, 3), (2, 2)])
def test_bartlett_bidiagonal_and_raw_matrices_have_one_law(n: int, d: int) -> None:
    size = 20_000
    raw = np.random.default_rng().standard_normal((size, n, d))
    gram = raw.swapaxes(1, 2) @ raw
    bartlett = wishart.wishart_matrices(np.random.default_rng(), size, degrees_of_freedom=n, dimension=d)
    diagonal, off = wishart.laguerre_tridiagonal(np.random.default_rng(), size, degrees_of_freedom=n, dimension=d)
    identity = np.eye(d)
    resolvent = np.trace(np.linalg.inv(gram + 0.3 * identity), axis1=1, axis2=2)
    assert_equal_in_law(resolvent, np.trace(np.linalg.inv(bartlett + 0.3 * identity), axis1=1, axis2=2))
    assert_equal_in_law(resolvent, (1 / (spectra(diagonal, off) + 0.3)).sum(axis=1) + max(d - n, 0) / 0.3)
    assert_equal_in_law(gram[:, 0, -1], bartlett[:, 0, -1])
    assert_equal_in_law(np.linalg.eigvalsh(gram)[:, -1], wishart.largest_eigenvalue(diagonal, off))
    trace, trace_of_square = wishart.wishart_traces(np.random.default_rng(), size, degrees_of_freedom=n, dimension=d)
    assert_equal_in_law((gram**2).sum(axis=(1, 2)), trace_of_square)
    assert_equal_in_law((gram**2).sum(axis=(1, 2)) / np.trace(gram, axis1=1, axis2=2) ** 2, trace_of_square / trace**2)


@pytest.mark.parametrize("degrees", [1.0, 2.0, 3.0, 7.0, 400.0])
def test_compiled_chi_squared_draws_have_their_law(degrees: float) -> None:
    """Against the exact distribution function, by the same inequality, and against mean and variance at eight standard errors."""
    size = 500_000
    drawn = chi_squared_rows(np.random.default_rng(), np.array([degrees, 5.0]), size)
    assert drawn.shape == (size, 2)
    for column, freedom in zip(drawn.T, (degrees, 5.0), strict=True):
        uniform = np.sort(chi2.cdf(column, freedom))
        steps = np.arange(size + 1) / size
        assert max(np.max(uniform - steps[:-1]), np.max(steps[1:] - uniform)) < np.sqrt(np.log(2 / 1e-10) / (2 * size))
        assert abs(column.mean() - freedom) < 8 * np.sqrt(2 * freedom / size)
        assert abs(((column - freedom) ** 2).mean() / (2 * freedom) - 1) < 8 * np.sqrt((2 + 12 / freedom) / size)
    centred = drawn - [degrees, 5.0]
    assert abs((centred[:, 0] * centred[:, 1]).mean()) < 8 * np.sqrt(4 * degrees * 5 / size)
    assert abs((centred[1:, 0] * centred[:-1, 0]).mean()) < 8 * 2 * degrees / np.sqrt(size)


def test_spectra_drawn_by_a_device_generator_have_the_same_law() -> None:
    class Device:
        namespace = np
        chisquare = staticmethod(np.random.default_rng().chisquare)

    mine = wishart.laguerre_bidiagonal(np.random.default_rng(), 40_000, degrees_of_freedom=5, dimension=3)
    theirs = wishart.laguerre_bidiagonal(Device(), 40_000, degrees_of_freedom=5, dimension=3)
    assert_equal_in_law(wishart.resolvent_trace(mine, 0.3), wishart.resolvent_trace(theirs, 0.3))
    assert wishart.laguerre_bidiagonal(Device(), 4, degrees_of_freedom=5, dimension=1).below.shape == (4, 0)


def test_wishart_matrices_carry_their_covariance() -> None:
    sigma = np.array([[2.0, 0.3], [0.3, 0.5]])
    size = 40_000
    gram = wishart.wishart_matrices(np.random.default_rng(), size, degrees_of_freedom=3, feature_covariance=sigma)
    error = gram.std(axis=0) / np.sqrt(size)
    assert np.all(np.abs(gram.mean(axis=0) - 3 * sigma) < 7 * error)


@given(n=st.integers(1, 12), d=st.integers(1, 12), shift=st.floats(1e-3, 1e3))
@settings(max_examples=40, deadline=None)
def test_kernels_agree_with_their_references_and_with_dense_spectra(n: int, d: int, shift: float) -> None:
    bidiagonal = wishart.laguerre_bidiagonal(np.random.default_rng(), 5, degrees_of_freedom=n, dimension=d)
    diagonal, off = wishart.tridiagonal_entries(bidiagonal)
    eigenvalues = spectra(diagonal, off)
    # The dense eigenvalues are the weak side: an eigenvalue near 0 has an absolute error of 1e-15 times the largest one.
    tolerance = 1e-12 + 1e-14 * eigenvalues[:, -1].max() / shift
    np.testing.assert_allclose(wishart.resolvent_trace(bidiagonal, shift), (1 / (eigenvalues + shift)).sum(axis=1), rtol=tolerance)
    np.testing.assert_allclose(wishart.resolvent_trace(bidiagonal, shift), wishart.resolvent_trace_plain(bidiagonal, shift), rtol=1e-13)
    np.testing.assert_allclose(wishart.largest_eigenvalue(diagonal, off), eigenvalues[:, -1], rtol=1e-13)
    np.testing.assert_allclose(wishart.largest_eigenvalue_plain(diagonal, off), eigenvalues[:, -1], rtol=1e-13)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 19])
def test_rows_side_by_side_are_those_of_one_row_alone_to_the_last_bit(size: int) -> None:
    bidiagonal = wishart.laguerre_bidiagonal(np.random.default_rng(), size, degrees_of_freedom=40, dimension=30)
    alone = [wishart.resolvent_trace(LaguerreBidiagonal(*(entries[row : row + 1] for entries in bidiagonal)), 0.3)[0] for row in range(size)]
    np.testing.assert_array_equal(wishart.resolvent_trace(bidiagonal, 0.3), alone)
    np.testing.assert_allclose(alone, wishart.resolvent_trace_plain(bidiagonal, 0.3), rtol=1e-13)


def test_resolvent_trace_keeps_its_digits_when_the_shift_is_tiny() -> None:
    alpha, beta, shift = [1e-9, 3.0, 1e-4, 2.0], [0.5, 1e-6, 7.0], 1e-12
    with mpmath.workdps(60):
        root = mpmath.matrix(4, 4)
        for i in range(4):
            root[i, i] = mpmath.sqrt(mpmath.mpf(alpha[i]))
        for i in range(3):
            root[i + 1, i] = mpmath.sqrt(mpmath.mpf(beta[i]))
        inverse = (root * root.T + mpmath.mpf(shift) * mpmath.eye(4)) ** -1
        exact = float(sum(inverse[i, i] for i in range(4)))
    bidiagonal = LaguerreBidiagonal(np.array([alpha]), np.array([beta]))
    assert wishart.resolvent_trace(bidiagonal, shift)[0] == pytest.approx(exact, rel=1e-14)
    assert wishart.resolvent_trace_plain(bidiagonal, shift)[0] == pytest.approx(exact, rel=1e-14)


def test_largest_eigenvalue_of_matrices_that_are_negative_decoupled_or_degenerate() -> None:
    diagonal = np.array([[-3.0, -1.0, -2.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [5.0, -5.0, 5.0]])
    off = np.array([[0.1, 0.2], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    expected = spectra(diagonal, off)[:, -1]
    np.testing.assert_allclose(wishart.largest_eigenvalue(diagonal, off), expected, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(wishart.largest_eigenvalue_plain(diagonal, off), expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: wishart.bartlett_factors(rng, 2, degrees_of_freedom=0, dimension=2), "degrees_of_freedom must be .*>= 1; got 0"),
        (lambda rng: wishart.laguerre_bidiagonal(rng, 2, degrees_of_freedom=2, dimension=1.5), "dimension must be .*>= 1; got 1.5"),
        (lambda rng: wishart.wishart_matrices(rng, 2, degrees_of_freedom=2), "dimension must be given"),
        (
            lambda rng: wishart.wishart_matrices(rng, 2, degrees_of_freedom=2, feature_covariance=[[1.0, 2.0], [2.0, 1.0]]),
            "feature_covariance must be positive definite",
        ),
        (
            lambda rng: wishart.resolvent_trace(wishart.laguerre_bidiagonal(rng, 2, degrees_of_freedom=2, dimension=2), 0.0),
            "shift must be finite and > 0",
        ),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng())
