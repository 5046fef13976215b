"""Jacobi spectra: tridiagonal eigenvalues equal to LAPACK's, spectra equal in law to those of two dense Wishart matrices, in every shape."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampling import assert_equal_in_law
from scipy.linalg import eigvalsh_tridiagonal
from scipy.stats import beta

from theorylab.models import jacobi
from theorylab.models.tridiagonal_kernels import tridiagonal_eigenvalue_rows

# (m, p, d): ordinary; m < d; p < d; both; m + p = d (nothing free); odd and even numbers of free eigenvalues; one feature; no B, no A.
SHAPES = [(5, 7, 3), (6, 5, 4), (3, 7, 5), (7, 3, 5), (4, 4, 5), (4, 3, 6), (2, 3, 5), (3, 3, 3), (4, 3, 1), (1, 1, 1), (4, 0, 3), (0, 4, 3)]


def degrees(m: int, p: int, d: int) -> dict[str, int]:
    return {"first_degrees_of_freedom": m, "second_degrees_of_freedom": p, "dimension": d}


def dense_eigenvalues(rng: np.random.Generator, size: int, m: int, p: int, d: int) -> np.ndarray:
    """Eigenvalues of S^{-1/2} A S^{-1/2} from the rows of A and B themselves."""
    rows = rng.standard_normal((size, m + p, d))
    between = rows[:, :m].swapaxes(1, 2) @ rows[:, :m]
    inverse = np.linalg.inv(np.linalg.cholesky(rows.swapaxes(1, 2) @ rows))
    return np.linalg.eigvalsh(inverse @ between @ inverse.swapaxes(1, 2))


@pytest.mark.parametrize(("m", "p", "d"), SHAPES)
def test_spectra_have_their_law_and_their_forced_eigenvalues(m: int, p: int, d: int) -> None:
    size, zeros, ones = 20_000, max(d - m, 0), max(d - p, 0)
    drawn = jacobi.jacobi_eigenvalues(np.random.default_rng(), size, **degrees(m, p, d))
    assert drawn.shape == (size, d)
    assert np.all(np.diff(drawn, axis=1) >= 0.0)
    assert np.all((drawn >= 0.0) & (drawn <= 1.0))
    assert np.all(drawn[:, :zeros] == 0.0)
    assert np.all(drawn[:, d - ones :] == 1.0)
    free, dense = drawn[:, zeros : d - ones], dense_eigenvalues(np.random.default_rng(), size, m, p, d)
    # The dense side loses digits where A + B is nearly singular, so its typical spectrum is asked.
    np.testing.assert_allclose(np.median(np.abs(dense[:, :zeros]), axis=0), 0.0, atol=1e-11)
    np.testing.assert_allclose(np.median(np.abs(dense[:, d - ones :] - 1.0), axis=0), 0.0, atol=1e-11)
    if free.shape[1]:
        assert np.all((free > 0.0) & (free < 1.0))
        dense = dense[:, zeros : d - ones]
        for statistic in (
            lambda u: u[:, 0],
            lambda u: u[:, -1],
            lambda u: u.sum(axis=1),
            lambda u: (u**2).sum(axis=1),
            lambda u: (u / (0.1 + u)).sum(axis=1),
            lambda u: np.diff(u, axis=1, prepend=0.0).max(axis=1),
        ):
            assert_equal_in_law(statistic(free), statistic(dense))


@pytest.mark.parametrize(("m", "p", "d"), [(20, 40, 10), (10, 60, 25), (60, 12, 25), (24, 16, 31)])
def test_mean_and_squares_of_larger_spectra(m: int, p: int, d: int) -> None:
    """E tr U = d m / n by the symmetry of the n rows; E tr U^2 against dense matrices. Bounded values: eight standard errors fail below 1e-13."""
    drawn = jacobi.jacobi_eigenvalues(np.random.default_rng(), 20_000, **degrees(m, p, d))
    trace, squares = drawn.sum(axis=1), (drawn**2).sum(axis=1)
    assert abs(trace.mean() - d * m / (m + p)) < 8 * trace.std() / np.sqrt(trace.size)
    dense = (dense_eigenvalues(np.random.default_rng(), 1_500, m, p, d) ** 2).sum(axis=1)
    assert abs(squares.mean() - dense.mean()) < 8 * np.sqrt(squares.var() / squares.size + dense.var() / dense.size)


@pytest.mark.parametrize(("m", "p"), [(1, 2), (4, 3), (7, 20)])
def test_one_feature_is_a_beta_variable(m: int, p: int) -> None:
    size = 100_000
    uniform = np.sort(beta.cdf(jacobi.jacobi_eigenvalues(np.random.default_rng(), size, **degrees(m, p, 1))[:, 0], m / 2, p / 2))
    steps = np.arange(size + 1) / size
    assert max(np.max(uniform - steps[:-1]), np.max(steps[1:] - uniform)) < np.sqrt(np.log(2 / 1e-10) / (2 * size))


def test_exchanging_the_two_matrices_mirrors_the_spectrum() -> None:
    first = jacobi.jacobi_eigenvalues(np.random.default_rng(), 30_000, **degrees(4, 9, 6))
    second = jacobi.jacobi_eigenvalues(np.random.default_rng(), 30_000, **degrees(9, 4, 6))
    assert_equal_in_law(first[:, -1], 1.0 - second[:, 0])
    assert_equal_in_law(first[:, 2], 1.0 - second[:, 3])


def test_spectra_drawn_by_a_device_generator_have_the_same_law() -> None:
    class Device:
        namespace = np
        chisquare = staticmethod(np.random.default_rng().chisquare)

    mine = jacobi.jacobi_eigenvalues(np.random.default_rng(), 30_000, **degrees(5, 7, 3))
    theirs = jacobi.jacobi_eigenvalues(Device(), 30_000, **degrees(5, 7, 3))
    for column in range(3):
        assert_equal_in_law(mine[:, column], theirs[:, column])


def lapack(diagonal: np.ndarray, off_diagonal: np.ndarray) -> np.ndarray:
    return np.array([eigvalsh_tridiagonal(row, off) for row, off in zip(diagonal, off_diagonal, strict=True)])


@given(k=st.integers(1, 60), seed=st.integers(0, 2**32 - 1), grading=st.floats(0.0, 40.0), sparse=st.booleans())
@settings(max_examples=60, deadline=None)
def test_kernel_equals_reference_and_lapack(k: int, seed: int, grading: float, sparse: bool) -> None:
    """Matrices of either sign, graded up to forty powers of ten, with or without zeros in both diagonals."""
    rng = np.random.default_rng(seed)
    scale = 10.0 ** (-grading * rng.uniform(size=(5, k)))
    diagonal, off = rng.standard_normal((5, k)) * scale, rng.standard_normal((5, k - 1)) * scale[:, 1:]
    if sparse:
        diagonal[rng.uniform(size=diagonal.shape) < 0.3] = 0.0
        off[rng.uniform(size=off.shape) < 0.3] = 0.0
    kernel, norm = jacobi.tridiagonal_eigenvalues(diagonal, off**2), np.abs(diagonal).max() + np.abs(off).max(initial=0.0)
    assert np.all(np.diff(kernel, axis=1) >= 0.0)
    np.testing.assert_allclose(kernel, lapack(diagonal, np.abs(off)), rtol=0.0, atol=1e-13 * norm)
    np.testing.assert_allclose(kernel, jacobi.tridiagonal_eigenvalues_plain(diagonal, off**2), rtol=0.0, atol=1e-13 * norm)


SPECIAL = {
    "zero": (np.zeros(4), np.zeros(3)),
    "zero diagonal": (np.zeros(7), np.ones(6)),
    "close pairs": (np.abs(np.arange(-10.0, 11.0)), np.ones(20)),
    "one value": (np.ones(5), np.zeros(4)),
    "tiny coupling": (np.ones(6), np.full(5, 1e-9)),
    "tiny numbers": (1e-150 * np.arange(1.0, 6.0), np.full(4, 1e-150)),
    "large numbers": (1e140 * np.arange(1.0, 6.0), np.full(4, 1e140)),
    "graded": (10.0 ** -np.arange(0.0, 60.0, 6), 10.0 ** -np.arange(3.0, 57.0, 6)),
    "graded upwards": (10.0 ** -np.arange(0.0, 60.0, 6)[::-1], 10.0 ** -np.arange(3.0, 57.0, 6)[::-1]),
}


def exact(diagonal: np.ndarray, off_diagonal_squares: np.ndarray) -> np.ndarray:
    """Return the eigenvalues of one matrix from sixty digits: some releases of LAPACK are worse than the kernel."""
    with mpmath.workdps(60):
        matrix = mpmath.diag([mpmath.mpf(float(x)) for x in diagonal])
        for i, square in enumerate(off_diagonal_squares):
            matrix[i, i + 1] = matrix[i + 1, i] = mpmath.sqrt(mpmath.mpf(float(square)))
        return np.sort([float(x) for x in mpmath.eigsy(matrix, eigvals_only=True)])


@pytest.mark.parametrize("name", SPECIAL)
def test_kernel_on_matrices_that_are_hard(name: str) -> None:
    diagonal, off = SPECIAL[name]
    norm = np.abs(diagonal).max() + off.max()
    kernel = jacobi.tridiagonal_eigenvalues(diagonal[None], off[None] ** 2)[0]
    np.testing.assert_allclose(kernel, exact(diagonal, off**2), rtol=0.0, atol=2e-15 * norm)


def test_kernel_is_accurate_to_the_last_digits() -> None:
    """k machine precisions is what any backward stable method may lose."""
    diagonal, squares = jacobi.jacobi_tridiagonal(np.random.default_rng(), 3, **degrees(30, 50, 25))
    drawn = jacobi.tridiagonal_eigenvalues(diagonal, squares)
    for row in range(3):
        np.testing.assert_allclose(drawn[row], exact(diagonal[row], squares[row]), rtol=0.0, atol=25 * 2.0**-52)


def test_matrices_that_are_not_numbers_do_not_converge() -> None:
    with pytest.raises(ArithmeticError, match="did not converge"):
        tridiagonal_eigenvalue_rows(np.array([[1.0, np.nan, 2.0]]), np.array([[1.0, 1.0]]))
    with pytest.raises(ValueError, match=r"^diagonal must be finite"):
        jacobi.tridiagonal_eigenvalues(np.array([[1.0, np.nan, 2.0]]), np.array([[1.0, 1.0]]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (degrees(-1, 3, 2), "first_degrees_of_freedom must be .*>= 0; got -1"),
        (degrees(3, 2.5, 2), "second_degrees_of_freedom must be .*>= 0; got 2.5"),
        (degrees(3, 2, 0), "dimension must be .*>= 1; got 0"),
        (degrees(2, 2, 5), "dimension must be .* from 1 to first_degrees_of_freedom [+] second_degrees_of_freedom = 4; got 5"),
    ],
)
def test_bad_input_is_named(wrong: dict[str, int], message: str) -> None:
    for draw in (jacobi.jacobi_eigenvalues, jacobi.jacobi_tridiagonal):
        with pytest.raises(ValueError, match=message):
            draw(np.random.default_rng(), 2, **wrong)
