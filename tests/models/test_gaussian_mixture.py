"""Grouped Gaussian mixtures: moments of what is drawn, counts and labels, exact errors of linear rules against drawn test points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_same_mean
from scipy.special import ndtr

from theorylab.models._class_labels import _candidates_needed
from theorylab.models.gaussian_mixture import (
    draw_class_counts,
    draw_features,
    draw_labels,
    drawn_rule_error,
    exact_or_drawn_error,
    grouped_mixture,
    linear_rule_error,
    two_class_error,
)

PAIRS = {"gaps": (0.7, 0.3), "multiplicities": (2, 1), "standard_deviations": (2.0, 0.5), "pair_correlation": -0.6}
SINGLES = {"gaps": (0.7, 0.3), "multiplicities": (3, 2), "standard_deviations": (2.0, 0.5)}


def test_groups_become_features() -> None:
    mixture = grouped_mixture(**SINGLES, class_positions=(-1.0, 1.0, 2.0))
    assert (mixture.dimension, mixture.class_count, mixture.pair_correlation) == (5, 3, None)
    loadings = np.array([1.4, 1.4, 1.4, 0.15, 0.15])
    assert mixture.class_means == pytest.approx(np.outer([-1.0, 1.0, 2.0], loadings))
    assert mixture.covariance == pytest.approx(np.diag([4.0, 4.0, 4.0, 0.25, 0.25]))


def test_pairs_are_adjacent_and_only_the_first_tells_the_classes_apart() -> None:
    mixture = grouped_mixture(**PAIRS)
    assert mixture.dimension == 6
    assert mixture.class_means[0] == pytest.approx([0.7, 0.0, 0.7, 0.0, 0.075, 0.0])
    block, zero = np.array([[1.0, -0.6], [-0.6, 1.0]]), np.zeros((2, 2))
    assert mixture.covariance == pytest.approx(np.block([[4 * block, zero, zero], [zero, 4 * block, zero], [zero, zero, 0.25 * block]]))


def test_one_group_may_be_given_as_numbers() -> None:
    assert grouped_mixture(0.5, 3).class_means == pytest.approx(np.outer([0.5, -0.5], np.full(3, 0.5)))


@pytest.mark.parametrize("parameters", [SINGLES, PAIRS])
def test_features_have_their_moments(parameters: dict) -> None:
    mixture = grouped_mixture(**parameters)
    rng = np.random.default_rng(1)
    labels = draw_labels(rng, 20_000, class_count=2, class_counts=(1, 1))
    features = draw_features(rng, mixture, labels)
    assert features.shape == (20_000, 2, mixture.dimension)
    for label in range(2):
        centred = features[:, label] - mixture.class_means[label]
        deviation = np.sqrt(np.diag(mixture.covariance))
        assert np.all(np.abs(centred.mean(axis=0)) < 8 * deviation / np.sqrt(20_000))
        assert np.abs(np.cov(centred.T) / np.outer(deviation, deviation) - mixture.covariance / np.outer(deviation, deviation)).max() < 0.08


@pytest.mark.parametrize("make", [lambda: np.random.default_rng(2), lambda: DeviceGenerator(2)])
def test_random_counts_are_those_of_labels_given_that_every_class_is_there(make: Callable[[], Any]) -> None:
    rng = make()
    counts = draw_class_counts(rng, 50_000, class_count=2, sample_size=4)
    assert counts.min() == 1
    assert np.all(counts.sum(axis=1) == 4)
    for first, share in ((1, 4 / 14), (2, 6 / 14), (3, 4 / 14)):
        assert_same_mean(1.0 * (counts[:, 0] == first), share)
    labels = draw_labels(rng, 2000, class_count=3, sample_size=7, least_count=2)
    assert min(np.bincount(row, minlength=3).min() for row in labels) == 2
    # Exchangeable: no place in the training set is tied to a class.
    assert_same_mean(1.0 * (draw_labels(rng, 20_000, class_count=2, sample_size=3)[:, 2] == 0), 0.5)


def test_a_device_takes_the_first_valid_of_enough_candidates() -> None:
    # The chance that a set lacks a class, to the power of the number of candidates; beyond 64 of them sets are drawn again instead.
    for classes, size, least, needed in ((2, 200, 1, 1), (2, 20, 1, 4), (3, 12, 1, 13), (2, 2, 2, 0), (10, 20, 2, 0), (2, 2, 1, 0)):
        assert _candidates_needed(classes, size, least) == needed
    lacking = 3 * (2 / 3) ** 12
    assert lacking**13 < 1e-20 < lacking**12
    rng = DeviceGenerator(5)
    counts = draw_class_counts(rng, 300, class_count=10, sample_size=20)  # here sets are drawn again
    assert counts.min() == 1


def test_fixed_counts_are_what_was_asked() -> None:
    rng = np.random.default_rng(3)
    assert draw_class_counts(rng, 3, class_count=2, class_counts=(3, 9)).tolist() == [[3, 9]] * 3
    assert draw_labels(rng, 2, class_count=3, class_counts=(1, 2, 1)).tolist() == [[0, 1, 1, 2]] * 2


def test_the_error_of_a_rule_known_by_hand() -> None:
    mixture = grouped_mixture((2.0,), (1,))
    # Classes at +1 and -1: threshold 0 is Bayes, threshold -1/2 errs with Phi(-3/2) and Phi(-1/2).
    errors = two_class_error(np.ones((3, 1)) * [[1.0], [3.0], [-1.0]], np.array([0.0, 1.5, 0.0]), mixture)
    assert errors == pytest.approx([ndtr(-1.0), 0.5 * (ndtr(-1.5) + ndtr(-0.5)), ndtr(1.0)], rel=1e-14)
    assert two_class_error(np.zeros((2, 1)), np.array([1.0, 0.0]), mixture) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("parameters", [SINGLES, PAIRS])
@pytest.mark.parametrize("positions", [(0.5, -0.5), (-1.0, 1.0, 2.0)])
def test_exact_errors_are_those_of_drawn_points(parameters: dict, positions: tuple) -> None:
    mixture = grouped_mixture(**parameters, class_positions=positions)
    rng, classes = np.random.default_rng(4), len(positions)
    # Rules near the true scores, so that all classes are predicted.
    ideal = np.linalg.solve(mixture.covariance, mixture.class_means.T).T
    weights = ideal + 0.1 * rng.standard_normal((5, classes, mixture.dimension))
    intercepts = -0.5 * (ideal * mixture.class_means).sum(axis=1) + 0.2 * rng.standard_normal((5, classes))
    exact = linear_rule_error(weights, intercepts, mixture)
    labels = draw_labels(rng, 5, class_count=classes, class_counts=(40_000,) * classes)
    predicted = (draw_features(rng, mixture, labels) @ weights.swapaxes(1, 2) + intercepts[:, None, :]).argmax(axis=2)
    drawn = drawn_rule_error(rng, weights, intercepts, mixture, test_points=40_000 * classes)
    for raw in ((predicted != labels).mean(axis=1), drawn):
        assert np.all(np.abs(raw - exact) < 8 * np.sqrt(0.25 / (40_000 * classes)))


def test_errors_are_exact_where_they_can_be() -> None:
    rng = np.random.default_rng(6)
    for positions, exact in (((0.5, -0.5), True), ((0.0, 1.0, 2.0), True), ((0.0, 1.0, 2.0, 3.0), False)):
        mixture = grouped_mixture((0.8,), (3,), class_positions=positions)
        weights, intercepts = mixture.class_means[None] + np.zeros((2, 1, 1)), -0.5 * (mixture.class_means**2).sum(axis=1)[None] + np.zeros((2, 1))
        errors = exact_or_drawn_error(rng, weights, intercepts, mixture, test_points=500)
        assert (errors[0] == errors[1]) == exact
        device = exact_or_drawn_error(DeviceGenerator(7), weights, intercepts, mixture, test_points=20_000)
        assert np.abs(device - errors).max() < 8 * 0.5 / np.sqrt(500 * len(positions))


def test_three_classes_with_two_alike_are_two() -> None:
    # A class whose score is far below is never predicted: the two others behave as a pair.
    mixture = grouped_mixture((1.0,), (4,), class_positions=(-0.5, 0.5, 0.5))
    weights = np.concatenate([mixture.class_means[:2], np.zeros((1, 4))])[None]
    intercepts = np.array([[0.0, 0.0, -60.0]])
    assert linear_rule_error(weights, intercepts, mixture) == pytest.approx([(2 * ndtr(-1.0) + 1.0) / 3], abs=1e-14)


def test_a_device_generator_suffices() -> None:
    rng, mixture = DeviceGenerator(5), grouped_mixture(**PAIRS, class_positions=(0.0, 1.0, 2.0))
    labels = draw_labels(rng, 4, class_count=3, sample_size=9)
    assert draw_features(rng, mixture, labels).shape == (4, 9, 6)
    assert drawn_rule_error(rng, np.ones((4, 3, 6)), np.zeros((4, 3)), mixture, test_points=6).shape == (4,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gaps": ()}, "gaps must"),
        ({"gaps": (np.nan, 1.0)}, "gaps must be finite"),
        ({"multiplicities": (3,)}, r"multiplicities must have shape \(2,\)"),
        ({"multiplicities": (3, 0)}, "multiplicities must be an integer >= 1"),
        ({"standard_deviations": (1.0, 0.0)}, "standard_deviations must be finite and > 0"),
        ({"standard_deviations": (1.0, 1.0, 1.0)}, "standard_deviations must be one number"),
        ({"class_positions": (1.0,)}, "class_positions must hold at least 2"),
        ({"pair_correlation": 1.0}, "pair_correlation must be finite and > -1 and < 1"),
    ],
)
def test_bad_mixtures_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        grouped_mixture(**(SINGLES | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "give one of sample_size and class_counts"),
        ({"sample_size": 4, "class_counts": (2, 2)}, "give one of sample_size and class_counts"),
        ({"sample_size": 1}, "sample_size must be an integer >= 2; got 1"),
        ({"sample_size": 5, "least_count": 3}, "sample_size must be an integer >= 6; got 5"),
        ({"class_counts": (3, 0)}, "got 0 for class 1"),
        ({"class_counts": (3, 1), "least_count": 2}, "got 1 for class 1"),
        ({"class_counts": (3, 1, 1)}, r"class_counts must have shape \(2,\)"),
        ({"sample_size": 4, "class_count": 1}, "class_count must be an integer >= 2"),
    ],
)
@pytest.mark.parametrize("draw", [draw_class_counts, draw_labels])
def test_bad_counts_are_refused(draw, change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw(np.random.default_rng(0), 2, **({"class_count": 2} | change))


def test_bad_rules_are_refused() -> None:
    four = grouped_mixture((1.0,), (2,), class_positions=(0.0, 1.0, 2.0, 3.0))
    with pytest.raises(ValueError, match="2 or 3 classes for an exact error; got 4"):
        linear_rule_error(np.ones((1, 4, 2)), np.zeros((1, 4)), four)
    with pytest.raises(ValueError, match="mixture must have 2 classes; got 4"):
        two_class_error(np.ones((1, 2)), np.zeros(1), four)
    with pytest.raises(ValueError, match="test_points must be a multiple of the 4 classes; got 6"):
        drawn_rule_error(np.random.default_rng(0), np.ones((1, 4, 2)), np.zeros((1, 4)), four, test_points=6)
