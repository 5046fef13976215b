"""The sampler of half-planes against labelled points in the plane, and what its columns must satisfy row by row."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.tools.sampling import DeviceGenerator, assert_equal_in_law, assert_same_mean, cupy_or_skip
from theorylab.backend import generator
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias.monte_carlo import sample_half_planes


def labelled_points(rng: np.random.Generator, size: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of directions that agree with the teacher on n points, and the mean error of those, by trying a fine grid of directions."""
    teacher = 2 * np.pi * rng.random(size)
    points = 2 * np.pi * rng.random((size, n))
    labels = np.cos(points - teacher[:, None]) > 0
    turns = (np.arange(2000) + 0.5) / 2000 * 2 * np.pi - np.pi
    share, risk = np.empty(size), np.empty(size)
    for row in range(size):
        consistent = np.all((np.cos(points[row][:, None] - teacher[row] - turns) > 0) == labels[row][:, None], axis=0)
        share[row] = consistent.mean()
        risk[row] = (abs(turns[consistent]) / np.pi).mean() if consistent.any() else 0.0
    return share, risk


@pytest.mark.parametrize("n", [2, 6])
def test_arcs_are_those_of_labelled_points(n: int) -> None:
    share, risk = labelled_points(np.random.default_rng(), 6000, n)
    found = sample_half_planes(np.random.default_rng(), 60_000, sample_size=n, target_error=0.1)
    assert_equal_in_law(np.exp(-found["nats"]), share)
    assert_same_mean(found["risk"], risk)
    assert_same_mean(found["nats"], theory.circle_version_space(n).nats)
    assert_same_mean(found["risk"], theory.circle_version_space(n).gibbs_risk)


@pytest.mark.parametrize("n", [1, 5])
def test_columns_of_a_row(n: int) -> None:
    found = sample_half_planes(np.random.default_rng(1), 500, sample_size=n, target_error=0.1, failure_probability=0.3)
    boundaries = np.random.default_rng(1).random((500, n))
    a, b = boundaries.min(axis=1), 1 - boundaries.max(axis=1)
    assert found["nats"] == pytest.approx(-np.log((a + b) / 2), rel=1e-10)
    assert found["bias"] == pytest.approx(theory.circle_required_bias(a, b, 0.1), rel=1e-9, abs=1e-12)
    assert found["sum"] == pytest.approx(found["nats"] + found["bias"], rel=1e-12)
    assert np.all(found["sum"] >= math.log(10.0) - 1e-9)
    # Means over the arcs by the midpoint rule.
    u = (np.arange(4000) + 0.5) / 4000

    def over_arcs(of: Callable[[np.ndarray], np.ndarray], cut: float = 1.0) -> np.ndarray:
        return sum((np.where(s[:, None] * u <= cut, of(s[:, None] * u), 0.0) * s[:, None]).mean(axis=1) for s in (a, b))

    assert found["risk"] == pytest.approx(over_arcs(lambda r: r) / (a + b), rel=1e-4)
    loss = over_arcs(lambda r: -np.log1p(-r)) / (a + b)
    full = theory.occam_bound(found["nats"], n, 0.3)
    clear = abs(loss - full) > 1e-3
    np.testing.assert_array_equal(found["violated"][clear], (loss > full)[clear])
    clear = abs(loss - found["nats"] / (4 * n)) > 1e-3
    np.testing.assert_array_equal(found["quarter_violated"][clear], (loss > found["nats"] / (4 * n))[clear])
    if n > 1:
        assert found["restricted"] == pytest.approx(0.5 * over_arcs(lambda r: (1 - r) ** -n, 1 / n), rel=3e-3)
    else:
        assert "restricted" not in found


def test_restricted_identity() -> None:
    for n in (2, 5):
        found = sample_half_planes(np.random.default_rng(), 50_000, sample_size=n, target_error=0.1)
        assert_same_mean(found["restricted"], 1 / n)
        assert found["violated"].mean() <= 0.2
        assert found["quarter_violated"].mean() > 0.2


def test_device_generator_and_bad_input() -> None:
    plain = sample_half_planes(np.random.default_rng(3), 50, sample_size=4, target_error=0.1)
    device = sample_half_planes(DeviceGenerator(3), 50, sample_size=4, target_error=0.1)
    for name, values in plain.items():
        np.testing.assert_array_equal(values, device[name])
        assert values.shape == (50,)
    with pytest.raises(ValueError, match="sample_size must be an integer >= 1; got 0"):
        sample_half_planes(np.random.default_rng(0), 3, sample_size=0, target_error=0.1)
    with pytest.raises(ValueError, match=r"target_error must be finite and > 0 and <= 1; got 1.5"):
        sample_half_planes(np.random.default_rng(0), 3, sample_size=2, target_error=1.5)


@pytest.mark.gpu
def test_half_planes_on_a_device() -> None:
    cupy = cupy_or_skip()
    there = sample_half_planes(generator("cupy", 1, 0), 20_000, sample_size=5, target_error=0.1)
    assert isinstance(there["nats"], cupy.ndarray)
    assert_equal_in_law(cupy.asnumpy(there["nats"]), sample_half_planes(np.random.default_rng(), 20_000, sample_size=5, target_error=0.1)["nats"])
