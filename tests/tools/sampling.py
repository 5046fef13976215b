"""What tests of samplers share: a device-like generator, and comparisons in mean and in law that fail by chance less than once in 1e9."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from theorylab.backend import BackendError, check_backend

__all__ = ["DeviceGenerator", "assert_drawn_alike", "assert_equal_in_law", "assert_same_mean", "cupy_or_skip"]


def cupy_or_skip() -> Any:
    """Return cupy, or skip the test where it or a GPU is missing."""
    cupy = pytest.importorskip("cupy")
    try:
        check_backend("cupy")
    except BackendError as error:
        pytest.skip(str(error))
    return cupy


class DeviceGenerator:
    """A generator that offers no more than a device's does."""

    namespace = np

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def standard_normal(self, shape):
        return self._rng.standard_normal(shape)

    def random(self, shape):
        return self._rng.random(shape)

    def standard_gamma(self, a, shape):
        return self._rng.standard_gamma(a, shape)

    def chisquare(self, df, shape):
        return self._rng.chisquare(df, shape)

    def integers(self, low, high, shape):
        return self._rng.integers(low, high, shape)


def assert_drawn_alike(device: np.ndarray, host: np.ndarray, *, random_counts: bool) -> None:
    """The same numbers from a device's generator as from numpy's of the same seed; where classes are drawn by chance, a device draws whole candidates
    in place of those that lack a class, and only shape and range can be compared here (the laws are compared in `test_device_samplers`)."""
    if not random_counts:
        np.testing.assert_array_equal(device, host)
    assert device.shape == host.shape
    assert np.all(np.isfinite(device))


def assert_same_mean(values: np.ndarray, expected: Any, skewness: float = 3.0) -> None:
    """Eight standard errors, of both sides if both are samples; there must be values enough for the skewness.

    The tail of a studentised mean of skewed values is near exp(-z^2 / 2 + |skewness| z^3 / (3 sqrt n)): at z = 8 below 1e-9 up to skewness 3 at 2500
    values, 6 at 1e4, 25 at 2e5 and 35 at 4e5.
    """
    assert values.size >= 2500 * (skewness / 3.0) ** 2
    variance = values.var() / values.size
    if np.ndim(expected):
        other = np.asarray(expected)
        variance, expected = variance + other.var() / other.size, other.mean()
    assert abs(values.mean() - expected) < 8 * np.sqrt(variance) + 1e-12


def assert_equal_in_law(first: np.ndarray, second: np.ndarray) -> None:
    """Two-sample Kolmogorov-Smirnov by the inequality of Dvoretzky, Kiefer and Wolfowitz (Massart's constant): fails with probability < 1e-10."""
    points = np.sort(np.concatenate([first, second]))
    below = [np.searchsorted(np.sort(sample), points, side="right") / sample.size for sample in (first, second)]
    assert np.max(np.abs(below[0] - below[1])) < sum(np.sqrt(np.log(2 / 5e-11) / (2 * sample.size)) for sample in (first, second))
