"""The eigenvector of a spiked Wishart matrix without the matrix: equal to dense linear algebra replicate by replicate, equal in law to X'X."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from sampling import DeviceGenerator, assert_equal_in_law, assert_same_mean, cupy_or_skip

from theorylab.models.spiked_wishart import draw_spiked_cosine, first_weight, first_weight_plain, spiked_tridiagonal, uniform_coordinate
from theorylab.models.wishart import largest_eigenvalue

SHAPES = [(1, 4), (2, 2), (5, 2), (3, 7), (7, 3), (30, 20), (20, 30)]


def dense(diagonal: np.ndarray, squared_off_diagonal: np.ndarray) -> np.ndarray:
    off = np.sqrt(squared_off_diagonal)
    return np.array([np.diag(row) + np.diag(other, 1) + np.diag(other, -1) for row, other in zip(diagonal, off, strict=True)])


@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_first_weight_is_that_of_the_dense_eigenvector(n: int, d: int) -> None:
    rng = np.random.default_rng([n, d])
    matrix = spiked_tridiagonal(rng, 20, sample_size=n, dimension=d, mean_length=0.8)
    assert matrix.diagonal.shape == (20, min(n, d))
    assert matrix.squared_off_diagonal.shape == (20, min(n, d) - 1)
    vectors = np.linalg.eigh(dense(*matrix[:2]))[1][:, :, -1]
    weights = first_weight(*matrix[:2])
    assert weights == pytest.approx(vectors[:, 0] ** 2, rel=1e-9, abs=1e-18)
    assert first_weight_plain(*matrix[:2], largest_eigenvalue(*matrix[:2])) == pytest.approx(weights, rel=1e-6)


def test_small_weights_keep_their_digits() -> None:
    """A spike far below the threshold: the first entry of the first eigenvector is tiny, and right."""
    diagonal = np.array([[0.5, 1.0, 6.0, 30.0, 40.0, 41.0]])
    off = np.array([[1e-3, 1e-2, 0.1, 2.0, 5.0]])
    with mpmath.workdps(40):
        matrix = mpmath.matrix(dense(diagonal, off)[0].tolist())
        for i in range(5):
            matrix[i, i + 1] = matrix[i + 1, i] = mpmath.sqrt(mpmath.mpf(float(off[0, i])))
        values, vectors = mpmath.eigsy(matrix)
        top = max(range(6), key=lambda i: values[i])
        exact = float(vectors[0, top] ** 2)
    assert exact < 1e-9
    assert first_weight(diagonal, off) == pytest.approx([exact], rel=1e-9)


@pytest.mark.parametrize(("n", "d", "s"), [(40, 12, 0.7), (10, 25, 1.2), (3, 2, 0.5), (1, 6, 1.0), (2, 3, 0.1)])
def test_equal_in_law_to_raw_data(n: int, d: int, s: float) -> None:
    rng = np.random.default_rng([n, d, 1])
    data = rng.standard_normal((8000, n, d))
    data[:, :, 0] += s
    raw = np.linalg.eigh(data.swapaxes(1, 2) @ data)[1][:, 0, -1] ** 2
    assert_equal_in_law(raw, draw_spiked_cosine(rng, 8000, sample_size=n, dimension=d, mean_length=s) ** 2)


def test_the_spectrum_is_that_of_raw_data() -> None:
    rng = np.random.default_rng(3)
    data = rng.standard_normal((4000, 6, 4)) + 0.4
    matrix = spiked_tridiagonal(rng, 4000, sample_size=6, dimension=4, mean_length=0.8)
    raw, short = np.linalg.eigvalsh(data.swapaxes(1, 2) @ data), np.linalg.eigvalsh(dense(*matrix[:2]))
    for place in range(4):
        assert_equal_in_law(raw[:, place], short[:, place])


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_uniform_coordinate(dimension: int) -> None:
    values = uniform_coordinate(np.random.default_rng(dimension), 20_000, dimension)
    assert_same_mean(values, 0.0)
    assert_same_mean(values**2, 1.0 / dimension)
    if dimension == 1:
        assert set(np.unique(values)) == {-1.0, 1.0}
    if dimension == 5:
        assert_same_mean(values**4, 3.0 / 35.0)


def test_the_device_path_draws_the_same_law() -> None:
    rng, setting = np.random.default_rng(4), {"sample_size": 9, "dimension": 5, "mean_length": 0.9}
    device = draw_spiked_cosine(DeviceGenerator(5), 6000, **setting)
    assert_equal_in_law(device, draw_spiked_cosine(rng, 6000, **setting))


@pytest.mark.gpu
def test_on_a_device() -> None:
    cupy_or_skip()
    from theorylab.backend import generator

    setting = {"sample_size": 9, "dimension": 5, "mean_length": 0.9}
    device = draw_spiked_cosine(generator("cupy", 7, 0), 6000, **setting).get()
    assert_equal_in_law(device, draw_spiked_cosine(np.random.default_rng(4), 6000, **setting))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_size": 0}, "sample_size must be an integer >= 1; got 0"),
        ({"dimension": 1}, "dimension must be an integer >= 2; got 1"),
        ({"mean_length": 0.0}, "mean_length must be finite and > 0; got 0.0"),
        ({"mean_length": np.nan}, "mean_length must be finite and > 0; got nan"),
    ],
)
def test_bad_arguments(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_spiked_cosine(np.random.default_rng(0), 2, **{"sample_size": 4, "dimension": 3, "mean_length": 1.0} | change)


def test_a_large_problem_needs_no_matrix() -> None:
    """2e5 samples in dimension 1e5 would be 160 GB."""
    cosine = draw_spiked_cosine(np.random.default_rng(1), 2, sample_size=200_000, dimension=100_000, mean_length=1.2)
    assert cosine**2 == pytest.approx([0.5633] * 2, abs=0.02)
