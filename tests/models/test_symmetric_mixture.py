"""The mirrored pair of Gaussian classes: its draws, and the error of a direction against fresh points."""

from __future__ import annotations

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_same_mean
from scipy.stats import norm

from theorylab.models.symmetric_mixture import attacked_error, axis_mean, cosines, direction_error, draw_symmetric_mixture, plane_mean


def test_means_have_the_length_and_the_angle_that_was_asked_for() -> None:
    assert axis_mean(np, 1.5, 3).tolist() == [1.5, 0.0, 0.0]
    mean = plane_mean(np, 2.0, -0.3, 5)
    assert np.linalg.norm(mean) == pytest.approx(2.0, rel=1e-15)
    assert cosines(mean[None], axis_mean(np, 0.7, 5)) == pytest.approx([-0.3], rel=1e-15)
    assert np.count_nonzero(mean) == 2
    assert plane_mean(np, 2.0, 1.0, 1).tolist() == [2.0]
    assert plane_mean(np, 2.0, -1.0, 4).tolist() == [-2.0, 0.0, 0.0, 0.0]
    # Nearly parallel means keep their angle.
    assert plane_mean(np, 1.0, 1.0 - 1e-14, 2)[1] == pytest.approx(np.sqrt(2e-14), rel=0.01)


def test_two_directions_need_two_dimensions() -> None:
    with pytest.raises(ValueError, match="dimension must be >= 2 for means that are not parallel; got 1"):
        plane_mean(np, 1.0, 0.5, 1)


@pytest.mark.parametrize("make", [np.random.default_rng, DeviceGenerator])
def test_samples_are_the_label_times_the_mean_and_noise(make) -> None:
    mean = np.array([1.0, -2.0, 0.0])
    features, labels = draw_symmetric_mixture(make(3), 4000, sample_size=4, mean=mean)
    assert features.shape == (4000, 4, 3)
    assert labels.shape == (4000, 4)
    assert set(np.unique(labels)) == {-1.0, 1.0}
    assert_same_mean(labels.ravel(), 0.0)
    noise = features - labels[:, :, None] * mean
    for power, expected in ((1, 0.0), (2, 1.0), (4, 3.0)):
        assert_same_mean(noise.ravel() ** power, expected)
    for column in range(3):
        assert_same_mean((labels * features[:, :, column]).ravel(), mean[column])
    assert_same_mean((noise[:, :, 0] * noise[:, :, 2]).ravel(), 0.0)
    assert_same_mean(labels[:, 0] * labels[:, 1], 0.0)


def test_no_samples_are_an_empty_data_set() -> None:
    features, labels = draw_symmetric_mixture(np.random.default_rng(0), 5, sample_size=0, mean=np.ones(2))
    assert features.shape == (5, 0, 2)
    assert labels.shape == (5, 0)


def test_cosines_ignore_lengths() -> None:
    directions = np.array([[1.0, 0.0], [-3.0, 0.0], [5.0, 5.0]])
    assert cosines(directions, np.array([0.2, 0.0])) == pytest.approx([1.0, -1.0, np.sqrt(0.5)], rel=1e-15)


def test_errors_against_points() -> None:
    rng = np.random.default_rng(8)
    direction, mean, radius = np.array([[0.6, -1.1, 0.4]]), np.array([0.9, -0.7, 0.0]), 0.35
    features, labels = draw_symmetric_mixture(rng, 1, sample_size=200_000, mean=mean)
    margins = labels[0] * (features[0] @ direction[0]) / np.linalg.norm(direction)
    cosine, s = cosines(direction, mean), float(np.linalg.norm(mean))
    assert_same_mean(1.0 * (margins < 0), float(direction_error(cosine, s, np)[0]))
    assert_same_mean(1.0 * (margins < radius), float(attacked_error(cosine, s, radius, np)[0]))
    assert direction_error(np.array([1.0, 0.0, -1.0]), 1.2, np) == pytest.approx([norm.sf(1.2), 0.5, norm.cdf(1.2)], rel=1e-14)
