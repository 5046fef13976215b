"""Row kernels against their plain twins in numba's simulator of a GPU; run by ``test_row_kernels.py`` in a process of its own.

The simulator must be chosen before numba is imported, and what a kernel calls must be plain Python there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from theorylab.models import jacobi, spiked_wishart, tridiagonal_device, wishart
from theorylab.numerics import convex, convex_device
from theorylab.numerics.generalized_chi_squared import contour, contour_device
from theorylab.papers.aggregate_responses.monte_carlo import spectra, spectrum_device
from theorylab.papers.one_step_gd import device_kernels, kernels

# More than one launch group of threads, so that the last one is used in part.
SIZE = 130


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng()


@pytest.mark.parametrize("k", [1, 2, 7])
def test_resolvent_traces(rng: np.random.Generator, k: int) -> None:
    pair = wishart.LaguerreBidiagonal(rng.chisquare(3.0, (SIZE, k)), rng.chisquare(2.0, (SIZE, k - 1)))
    for shift in (1e-9, 0.7):
        found = tridiagonal_device.resolvent_traces(np, *pair, shift)
        np.testing.assert_allclose(found, wishart.resolvent_trace_plain(pair, shift), rtol=1e-12)


def tridiagonal(rng: np.random.Generator, k: int) -> tuple[np.ndarray, np.ndarray]:
    diagonal, squares = rng.normal(0.0, 2.0, (SIZE, k)), rng.chisquare(1.0, (SIZE, k - 1))
    diagonal[: SIZE // 4] = np.arange(k)  # small entries at the top, then at the bottom, so that both directions occur
    diagonal[SIZE // 4 : SIZE // 2] = -np.arange(k)
    return diagonal, squares


@pytest.mark.parametrize("k", [1, 2, 9])
def test_largest_eigenvalues(rng: np.random.Generator, k: int) -> None:
    diagonal, squares = tridiagonal(rng, k)
    expected = jacobi.tridiagonal_eigenvalues_plain(diagonal, squares)[:, -1]
    np.testing.assert_allclose(tridiagonal_device.largest_eigenvalues(np, diagonal, squares), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 9])
def test_spectra(rng: np.random.Generator, k: int) -> None:
    diagonal, squares = tridiagonal(rng, k)
    squares[: SIZE // 8] = 0.0
    before = diagonal.copy(), squares.copy()
    expected = jacobi.tridiagonal_eigenvalues_plain(diagonal, squares)
    np.testing.assert_allclose(tridiagonal_device.tridiagonal_eigenvalues(np, diagonal, squares), expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(diagonal, before[0])
    np.testing.assert_array_equal(squares, before[1])


def test_a_spectrum_that_is_not_found_is_nan(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    diagonal, squares = tridiagonal(rng, 9)
    monkeypatch.setattr(tridiagonal_device, "_SWEEPS", 0)
    assert np.isnan(tridiagonal_device.tridiagonal_eigenvalues(np, diagonal, squares)).any(axis=1).all()


@pytest.mark.parametrize("k", [1, 2, 9])
def test_first_weights(rng: np.random.Generator, k: int) -> None:
    diagonal, squares = rng.chisquare(3.0, (SIZE, k)), 0.01 + rng.chisquare(1.0, (SIZE, k - 1))
    dense = np.zeros((SIZE, k, k))
    places = np.arange(k)
    dense[:, places, places] = diagonal
    dense[:, places[1:], places[:-1]] = np.sqrt(squares)
    values, vectors = np.linalg.eigh(dense)
    found = tridiagonal_device.first_weights(np, diagonal, squares, np.ascontiguousarray(values[:, -1]))
    np.testing.assert_allclose(found, vectors[:, 0, -1] ** 2, rtol=1e-7, atol=1e-12)
    largest = np.ascontiguousarray(values[:, -1])
    np.testing.assert_allclose(found, spiked_wishart.first_weight_plain(diagonal, squares, largest), rtol=1e-7, atol=1e-9)


def test_spectrum_sums(rng: np.random.Generator) -> None:
    eigenvalues, weights = rng.random((SIZE, 6)), np.array([1e-3, 0.4, 1.0])
    found = spectrum_device.spectrum_sums_device(np, eigenvalues, weights)
    np.testing.assert_allclose(found, spectra.spectrum_sums_plain(eigenvalues, weights), rtol=1e-11, atol=1e-13)


def test_log_laplace(rng: np.random.Generator) -> None:
    shape = (5, 4)
    spectrum = contour.Spectra(rng.gamma(1.0, 1.0, shape), rng.gamma(2.0, 1.0, shape), rng.gamma(1.0, 1.0, shape) * (rng.random(shape) < 0.7))
    spectrum.weights[0, 2:] = 0.0
    s = rng.normal(0.0, 1.0, (5, 11)) * 10.0 ** rng.uniform(-9, 6, (5, 11)) + 1j * rng.normal(0.0, 10.0, (5, 11))
    found = contour_device.log_laplace_device(np, *spectrum, s)
    np.testing.assert_allclose(found, contour._log_laplace(spectrum, s), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("count", "n", "m", "r"), [(3, 6, 2, 2), (2, 30, 1, 1), (2, 1, 3, 1), (2, 26, 2, 2)])
def test_minimax_problems(rng: np.random.Generator, count: int, n: int, m: int, r: int) -> None:
    a, b = rng.standard_normal((count, n, m, r)), rng.standard_normal((count, n, m))
    b[0] = a[0] @ np.ones(r)  # a common solution
    before = a.copy(), b.copy()
    found = convex_device.minimax_on_device(np, a, b)
    expected = convex._solve_on_host(np, a, b)
    np.testing.assert_array_equal(found[3], expected[3])
    for one, other in zip(found[:3], expected[:3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(a, before[0])
    np.testing.assert_array_equal(b, before[1])


def test_problems_without_a_unique_solution(rng: np.random.Generator) -> None:
    a, b = np.ones((2, 4, 2, 2)), rng.standard_normal((2, 4, 2))
    assert (convex_device.minimax_on_device(np, a, b)[3] == -2).all()


@pytest.mark.parametrize("d", [1, 2])
def test_descents(rng: np.random.Generator, d: int) -> None:
    setting: tuple[Any, ...] = (4, d, 0.3)
    starts = 0.3 * rng.standard_normal((3, (d + 1) ** 2))
    ends, iterations = device_kernels.descend(np, starts, *setting, 1e-10, 30)
    expected, counts = kernels.bfgs_rows(starts, *setting, 1e-10, 30)
    np.testing.assert_array_equal(iterations, counts)
    np.testing.assert_allclose(ends, expected, rtol=1e-9, atol=1e-12)
    excess, gradients, hessians = device_kernels.derivatives(np, ends, *setting)
    gradient = np.empty(starts.shape[1])
    for row, end in enumerate(ends):
        np.testing.assert_allclose(excess[row], kernels.excess_and_gradient(end, *setting, gradient), rtol=1e-12)
        np.testing.assert_allclose(gradients[row], gradient, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(hessians[row], kernels.hessian(end, *setting), rtol=1e-9, atol=1e-9)
