"""Samplers of distances between domains and of contaminated samples: word for word on the same draws, and as on a device."""

from __future__ import annotations

import numpy as np
import pytest
from sampling import DeviceGenerator as BareGenerator
from sampling import assert_equal_in_law, assert_same_mean, cupy_or_skip
from scipy.stats import wasserstein_distance

from theorylab.backend import DeviceGenerator
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate

SORTED = {"sample_size": 30, "mean_norm0": 0.4, "mean_norm1": 1.3}
VARIATION = {"mean_norm0": 0.4, "mean_norm1": 1.3, "dimension": 3}
CONTAMINATED = {"sample_size": 40, "half_distance": 1.0, "threshold": 1.2, "contamination": 0.1, "outlier_length": 3.0}


def test_distance_of_sorted_samples_is_the_library_one() -> None:
    values = simulate.sample_sorted_distance(np.random.default_rng(1), 20, **SORTED)["distance"]
    rng = np.random.default_rng(1)
    samples = []
    for norm in (0.4, 1.3):
        labels = 2.0 * rng.integers(0, 2, (20, 30)) - 1.0
        samples.append(rng.standard_normal((20, 30, 1))[:, :, 0] + labels * norm)
    for value, first, second in zip(values, *samples, strict=True):
        assert value == pytest.approx(wasserstein_distance(first, second), rel=1e-12)


def test_total_variation_lies_between_nought_and_one() -> None:
    values = simulate.sample_total_variation(np.random.default_rng(2), 2000, **VARIATION)["distance"]
    assert values.shape == (2000,)
    assert np.all((values >= 0) & (values <= 1))
    equal = simulate.sample_total_variation(np.random.default_rng(2), 100, mean_norm0=1.0, mean_norm1=1.0)["distance"]
    assert equal == pytest.approx(np.zeros(100), abs=1e-12)


def test_contaminated_angles_by_a_grid() -> None:
    values = simulate.sample_contaminated_angles(np.random.default_rng(3), 25, **CONTAMINATED)
    rng = np.random.default_rng(3)
    labels = 2.0 * rng.integers(0, 2, (25, 40)) - 1.0
    noise = rng.standard_normal((25, 40, 2))
    noise[:, :, 0] += labels
    replaced = rng.random((25, 40)) < 0.1
    points = np.where(replaced[:, :, None], np.stack([np.zeros((25, 40)), 3.0 * labels], axis=2), noise)
    grid = np.linspace(-np.pi / 2, np.pi / 2, 20_001)
    directions = np.array([np.cos(grid), np.sin(grid)])
    for k in range(25):
        size = np.abs(points[k] @ directions)
        for name, objective in (("ramp", np.minimum(size, 1.2).sum(axis=0)), ("absolute", size.sum(axis=0)), ("leading", (size**2).sum(axis=0))):
            reached = np.interp(values[name][k], grid, objective), np.interp(-values[name][k], grid, objective)
            assert max(reached) >= objective.max() - 2e-3


CASES = [
    (simulate.sample_sorted_distance, SORTED, "distance"),
    (simulate.sample_total_variation, VARIATION, "distance"),
    (simulate.sample_contaminated_angles, CONTAMINATED, "ramp"),
]


@pytest.mark.parametrize(("sampler", "setting", "name"), CASES)
def test_a_device_generator_on_the_host_agrees(sampler, setting: dict, name: str) -> None:
    assert_equal_in_law(sampler(BareGenerator(1), 2000, **setting)[name], sampler(np.random.default_rng(2), 2000, **setting)[name])


@pytest.mark.gpu
@pytest.mark.parametrize(("sampler", "setting", "name"), CASES)
def test_device_and_host_agree(sampler, setting: dict, name: str) -> None:
    device = sampler(DeviceGenerator(cupy_or_skip(), 7, 0), 4096, **setting)
    assert all(hasattr(values, "get") for values in device.values())
    assert_same_mean(device[name].get(), sampler(np.random.default_rng(), 4096, **setting)[name])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: simulate.sample_sorted_distance(rng, 2, **SORTED | {"sample_size": 0}), "sample_size must be an integer >= 1"),
        (lambda rng: simulate.sample_sorted_distance(rng, 2, **SORTED | {"mean_norm1": -1.0}), "mean_norm1 must be finite and >= 0"),
        (lambda rng: simulate.sample_total_variation(rng, 2, **VARIATION | {"dimension": 0}), "dimension must be an integer >= 1"),
        (
            lambda rng: simulate.sample_contaminated_angles(rng, 2, **CONTAMINATED | {"contamination": 1.0}),
            "contamination must be finite and >= 0 and < 1",
        ),
        (lambda rng: simulate.sample_contaminated_angles(rng, 2, **CONTAMINATED | {"threshold": 0.0}), "threshold must be finite and > 0"),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
