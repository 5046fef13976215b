"""Labels of halfspaces and their noise: by hand, on batches, against counting, without a device and with one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.sampling import cupy_or_skip
from theorylab.models import label_noise as noise

MARGINS = np.array([-2.0, -0.5, -0.0, 0.0, 0.5, 2.0])


def test_labels_by_hand() -> None:
    """A margin of 0, of either sign, has the label 1."""
    np.testing.assert_array_equal(noise.halfspace_labels(MARGINS), [-1, -1, 1, 1, 1, 1])
    assert noise.halfspace_labels(MARGINS).dtype == float
    assert noise.halfspace_labels(MARGINS.astype(np.float32)).shape == (6,)


def test_noise_by_hand() -> None:
    np.testing.assert_array_equal(noise.random_classification_noise(MARGINS, 0.2), np.full(6, 0.2))
    np.testing.assert_array_equal(noise.far_flips(MARGINS, 0.5), [1, 1, 0, 0, 1, 1])
    np.testing.assert_array_equal(noise.near_flips(MARGINS, 0.5), [0, 1, 1, 1, 1, 0])
    coordinates = np.array([1.0, -1.0, 1.0, 0.0, -1.0, 1.0])
    np.testing.assert_array_equal(noise.oriented_massart_noise(MARGINS, coordinates, 0.3), [0, 0.3, 0.3, 0, 0, 0.3])
    np.testing.assert_array_equal(noise.flip_labels(np.array([0.0, 0.2, 0.5]), np.array([1.0, -1.0, 1.0]), np.array([0.1, 0.2, 0.6])), [-1, -1, -1])
    np.testing.assert_array_equal(noise.flip_labels(np.array([0.0, 0.999]), np.ones(2), np.array([0.0, 1.0])), [1, -1])


def test_excess_by_hand() -> None:
    """Four rows: the rule is wrong on two, with (1 - 2 eta(x)) of .6 and -1."""
    margins, clean, flips = np.array([1.0, -1.0, 0.0, -2.0]), np.array([1.0, 1.0, -1.0, -1.0]), np.array([0.3, 0.2, 1.0, 0.0])
    assert noise.excess_error(margins, clean, flips) == pytest.approx((0.6 - 1.0) / 4, rel=1e-15)
    assert noise.excess_error(clean, clean, flips) == 0.0
    assert noise.excess_error(-clean, clean, flips) == pytest.approx((0.4 + 0.6 - 1.0 + 1.0) / 4, rel=1e-15)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rate=st.floats(0.0, 0.49))
def test_excess_is_the_difference_of_two_errors(seed: int, rate: float) -> None:
    """With the flips drawn, the mean over their law: by enumeration of e and 1 - e."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((3, 50, 4))
    target, rule = rng.standard_normal(4), rng.standard_normal(4)
    clean = noise.halfspace_labels(features @ target)
    flips = noise.oriented_massart_noise(features @ target, features[..., 0], rate)
    assert flips.shape == clean.shape == (3, 50)
    wrong = np.where(noise.halfspace_labels(features @ rule) == clean, flips, 1 - flips)
    excess = noise.excess_error(features @ rule, clean, flips)
    assert excess.shape == (3,)
    np.testing.assert_allclose(excess, wrong.mean(axis=-1) - flips.mean(axis=-1), atol=1e-15)
    disagree = (noise.halfspace_labels(features @ rule) != clean).mean(axis=-1)
    assert np.all((1 - 2 * rate) * disagree - 1e-15 <= excess)
    assert np.all(excess <= disagree + 1e-15)


def test_far_and_near_flips_are_complements() -> None:
    margins = np.random.default_rng(1).standard_normal((2, 100))
    np.testing.assert_array_equal(noise.far_flips(margins, 0.7) + noise.near_flips(margins, 0.7), np.ones((2, 100)))
    np.testing.assert_array_equal(noise.far_flips(margins, 0.0), np.ones((2, 100)))


def test_flips_have_their_probability() -> None:
    """Within six standard errors of 1e5 draws."""
    uniforms = np.random.default_rng(2).random((3, 100_000))
    rates = np.array([[0.0], [0.2], [0.45]])
    labels = noise.flip_labels(uniforms, 1.0, rates)
    assert set(np.unique(labels)) == {-1.0, 1.0}
    share = (labels < 0).mean(axis=-1)
    assert np.all(np.abs(share - rates[:, 0]) <= 6 * np.sqrt(rates[:, 0] * (1 - rates[:, 0]) / 100_000))


def check_namespace(xp: Any) -> None:
    margins, coordinates = xp.asarray(MARGINS), xp.asarray(MARGINS[::-1].copy())
    clean = noise.halfspace_labels(margins)
    for flips, plain in (
        (noise.random_classification_noise(margins, 0.2), noise.random_classification_noise(MARGINS, 0.2)),
        (noise.oriented_massart_noise(margins, coordinates, 0.2), noise.oriented_massart_noise(MARGINS, MARGINS[::-1], 0.2)),
        (noise.far_flips(margins, 0.5), noise.far_flips(MARGINS, 0.5)),
        (noise.near_flips(margins, 0.5), noise.near_flips(MARGINS, 0.5)),
    ):
        assert isinstance(flips, xp.ndarray)
        assert flips.get().tolist() == plain.tolist()
        labels = noise.flip_labels(xp.full(6, 0.1), clean, flips)
        assert labels.get().tolist() == noise.flip_labels(np.full(6, 0.1), noise.halfspace_labels(MARGINS), plain).tolist()
        excess = noise.excess_error(coordinates, clean, flips)
        assert float(excess) == pytest.approx(float(noise.excess_error(MARGINS[::-1], noise.halfspace_labels(MARGINS), plain)), rel=1e-14, abs=1e-15)


@pytest.mark.gpu
def test_on_a_device() -> None:
    check_namespace(cupy_or_skip())
