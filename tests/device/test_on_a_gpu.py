"""The same kernels and the same blocks on a real device: equal to the plain versions, and no wait for the host inside a block."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampling import cupy_or_skip

from theorylab.device import DeviceGenerator
from theorylab.device.memory import measured_footprint
from theorylab.device.rows import can_run
from theorylab.models import jacobi, spiked_wishart, wishart
from theorylab.numerics.convex import minimax_norms
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.numerics.generalized_chi_squared.contour import Spectra, log_tails
from theorylab.papers.aggregate_responses.monte_carlo.spectra import spectrum_sums, spectrum_sums_plain
from theorylab.papers.one_step_gd.kernels import bfgs_rows

pytestmark = pytest.mark.gpu
KEY = int.from_bytes(np.random.default_rng().bytes(16), "little")
SIZE = 3000


def draws(rng: DeviceGenerator, size: int) -> list[Any]:
    return [
        rng.random((size, 3)),
        rng.standard_normal((5, size)),
        rng.standard_gamma([0.02, 0.7, 1.0, 3.5, 900.0], (size, 5)),
        rng.chisquare(np.arange(7, 0, -1), (size, 7)),
        rng.integers(0, 10, size),
        rng.exponential(2.0, size),
        rng.binomial([7, 10**3, 10**6, 2**40], [0.1, 0.9, 2e-6, 0.3], (size, 4)),
        rng.multinomial(500, [0.01, 0.0, 0.3, 0.69], size),
    ]


@pytest.mark.parametrize("blocks", [1, 4])
def test_variates_are_those_of_array_operations(blocks: int) -> None:
    cupy = cupy_or_skip()
    size = 128 * blocks
    device = draws(DeviceGenerator(cupy, KEY, 5, blocks, size), size)
    for found, expected in zip(device, draws(DeviceGenerator(np, KEY, 5, blocks, size), size), strict=True):
        np.testing.assert_allclose(found.get(), expected, rtol=1e-10, atol=1e-12)


def test_recursions_are_those_of_the_processor() -> None:
    cupy = cupy_or_skip()
    rng = np.random.default_rng()
    pair = wishart.laguerre_bidiagonal(rng, SIZE, degrees_of_freedom=90, dimension=60)
    on_device = wishart.LaguerreBidiagonal(*map(cupy.asarray, pair))
    assert can_run(on_device.diagonal), "numba cannot compile for this device: install theorylab[gpu]"
    np.testing.assert_allclose(wishart.resolvent_trace(on_device, 0.3).get(), wishart.resolvent_trace(pair, 0.3), rtol=1e-10)
    table, device_table = wishart.tridiagonal_entries(pair), wishart.tridiagonal_entries(on_device)
    np.testing.assert_allclose(wishart.largest_eigenvalue(*device_table).get(), wishart.largest_eigenvalue(*table), rtol=1e-10)
    np.testing.assert_allclose(spiked_wishart.first_weight(*device_table).get(), spiked_wishart.first_weight(*table), rtol=1e-6, atol=1e-10)
    spectrum = jacobi.tridiagonal_eigenvalues(*table)
    np.testing.assert_allclose(jacobi.tridiagonal_eigenvalues(*device_table).get(), spectrum, rtol=0, atol=1e-10 * np.abs(spectrum).max())


def test_sums_over_spectra_are_those_of_the_processor() -> None:
    cupy = cupy_or_skip()
    eigenvalues, weights = np.random.default_rng().random((SIZE, 40)), np.array([1e-3, 0.4, 1.0])
    found = spectrum_sums(cupy.asarray(eigenvalues), cupy.asarray(weights), namespace=cupy)
    np.testing.assert_allclose(found.get(), spectrum_sums_plain(eigenvalues, weights), rtol=1e-10)


def test_tails_are_those_of_the_processor() -> None:
    cupy = cupy_or_skip()
    rng = np.random.default_rng()
    tables = rng.gamma(1.0, 1.0, (200, 16)), rng.gamma(2.0, 1.0, (200, 16)), rng.gamma(1.0, 1.0, (200, 16))
    law = GeneralizedChiSquared(*tables)
    points = np.asarray(law.mean()) * rng.uniform(0.05, 3.0, 200)
    for found, expected in zip(
        log_tails(Spectra(*map(cupy.asarray, tables)), cupy.asarray(points)), log_tails(Spectra(*tables), points), strict=True
    ):
        np.testing.assert_allclose(found.get(), expected, rtol=1e-10, atol=1e-13)


def test_descents_end_where_those_of_the_processor_end() -> None:
    cupy = cupy_or_skip()
    from theorylab.papers.one_step_gd.device_kernels import descend

    starts = 0.3 * np.random.default_rng().standard_normal((500, 9))
    ends, _ = descend(cupy, cupy.asarray(starts), 10, 2, 0.5, 1e-10, 3)
    np.testing.assert_allclose(ends.get(), bfgs_rows(starts, 10, 2, 0.5, 1e-10, 3)[0], rtol=1e-8, atol=1e-10)


def test_minimax_problems_have_the_solutions_of_the_processor() -> None:
    cupy = cupy_or_skip()
    rng = np.random.default_rng()
    for n, m, r in ((12, 1, 1), (40, 3, 3), (200, 1, 2)):
        a, b = rng.standard_normal((500, n, m, r)), rng.standard_normal((500, n, m))
        found, expected = minimax_norms(cupy.asarray(a), cupy.asarray(b)), minimax_norms(a, b)
        np.testing.assert_allclose(found.values.get(), expected.values, rtol=1e-10)
        np.testing.assert_allclose(found.points.get(), expected.points, rtol=1e-8, atol=1e-9)
        np.testing.assert_array_equal(found.supports.get(), expected.supports)


def test_a_footprint_is_seen() -> None:
    cupy = cupy_or_skip()
    _, footprint, free = measured_footprint(cupy, lambda: cupy.zeros(2**20))
    assert footprint >= 8 * 2**20
    assert free > 0
