"""Risks of linear rules, plain and under attack: invariances, limits, optimality conditions, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from theorylab.papers.unlabeled_ood_gmm.closed_form import (
    adversarial_linear_risk,
    bayes_direction,
    bayes_risk,
    linear_risk,
    optimal_robust_classifier,
)

MEAN = np.array([1.0, -0.7, 0.2])
COVARIANCE = np.array([[1.0, 0.3, 0.0], [0.3, 2.0, -0.5], [0.0, -0.5, 0.8]])
NORMS = ("l2", "linf")


def length_of(mean: np.ndarray, norm: str) -> float:
    return float(np.linalg.norm(mean, ord=2 if norm == "l2" else np.inf))


def random_case(seed: int, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((dimension, dimension + 2))
    return rng.standard_normal(dimension), root @ root.T / dimension + 0.2 * np.eye(dimension)


def test_shapes_and_plain_numbers() -> None:
    directions = np.random.default_rng(0).standard_normal((4, 5, 3))
    assert linear_risk(directions, MEAN).shape == (4, 5)
    assert isinstance(linear_risk([1, 0, 0], MEAN), float)
    assert adversarial_linear_risk(directions, MEAN, np.zeros(5), norm="linf", covariance=COVARIANCE).shape == (4, 5)
    assert isinstance(bayes_risk(1), float)
    assert bayes_risk([[0.0, 1.0]]).shape == (1, 2)


def test_values() -> None:
    assert linear_risk([1, 0, 0], MEAN, standard_deviation=2.0) == pytest.approx(ndtr(-0.5), rel=1e-14, abs=0.0)
    assert linear_risk([0, 1, 0], MEAN, covariance=COVARIANCE) == pytest.approx(ndtr(0.7 / np.sqrt(2.0)), rel=1e-14, abs=0.0)
    assert bayes_risk(0.0) == 0.5
    assert adversarial_linear_risk([1, 1, 0], MEAN, 0.1, norm="linf") == pytest.approx(ndtr((0.2 - 0.3) / np.sqrt(2)), rel=1e-14, abs=0.0)
    assert adversarial_linear_risk([1, 1, 0], MEAN, 0.1, norm="l2") == pytest.approx(ndtr(0.1 - 0.3 / np.sqrt(2)), rel=1e-14, abs=0.0)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), factor=st.floats(1e-3, 1e3), power=st.integers(-150, 150), norm=st.sampled_from(NORMS))
def test_invariances(seed: int, factor: float, power: int, norm: str) -> None:
    """The length of w does not matter, nor the unit of x; an attack only hurts; the opposite rule errs where this one does not."""
    rng = np.random.default_rng(seed)
    mean, covariance = random_case(seed, 4)
    direction, radius = rng.standard_normal(4), float(rng.uniform(0.0, 1.0))
    risk = linear_risk(direction, mean, covariance=covariance)
    assert linear_risk(direction * 10.0**power, mean, covariance=covariance) == pytest.approx(risk, rel=1e-12, abs=0.0)
    assert linear_risk(direction, factor * mean, covariance=factor**2 * covariance) == pytest.approx(risk, rel=1e-11, abs=0.0)
    assert linear_risk(-direction, mean, covariance=covariance) == pytest.approx(1.0 - risk, abs=1e-13)
    attacked = adversarial_linear_risk(direction, mean, radius, norm=norm, covariance=covariance)
    assert attacked >= risk
    scaled = adversarial_linear_risk(direction, factor * mean, factor * radius, norm=norm, covariance=factor**2 * covariance)
    assert scaled == pytest.approx(attacked, rel=1e-10, abs=0.0)
    assert adversarial_linear_risk(direction, mean, 0.0, norm=norm, covariance=covariance) == risk
    # A rotation turns everything alike, but not the cube.
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    turned = adversarial_linear_risk(turn @ direction, turn @ mean, radius, norm="l2", covariance=turn @ covariance @ turn.T)
    assert turned == pytest.approx(adversarial_linear_risk(direction, mean, radius, norm="l2", covariance=covariance), rel=1e-9, abs=0.0)


def test_a_covariance_that_is_isotropic() -> None:
    directions = np.random.default_rng(1).standard_normal((6, 3))
    for norm in NORMS:
        with_matrix = adversarial_linear_risk(directions, MEAN, 0.3, norm=norm, covariance=2.25 * np.eye(3))
        np.testing.assert_allclose(with_matrix, adversarial_linear_risk(directions, MEAN, 0.3, norm=norm, standard_deviation=1.5), rtol=1e-13)
        matrix, number = (
            optimal_robust_classifier(MEAN, 0.3, norm=norm, **scale) for scale in ({"covariance": 2.25 * np.eye(3)}, {"standard_deviation": 1.5})
        )
        assert matrix.risk == pytest.approx(number.risk, rel=1e-12, abs=0.0)


def test_best_direction_without_attack() -> None:
    best = bayes_direction(MEAN, COVARIANCE)
    np.testing.assert_allclose(COVARIANCE @ best, MEAN, atol=1e-14)
    risk = linear_risk(best, MEAN, covariance=COVARIANCE)
    assert risk == pytest.approx(bayes_risk(np.sqrt(MEAN @ best)), rel=1e-13, abs=0.0)
    others = np.random.default_rng(2).standard_normal((5000, 3))
    assert np.min(linear_risk(others, MEAN, covariance=COVARIANCE)) >= risk


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), dimension=st.integers(1, 12), share=st.floats(0.0, 0.99), norm=st.sampled_from(NORMS))
def test_optimality_conditions(seed: int, dimension: int, share: float, norm: str) -> None:
    """mu - Sigma w is radius times a subgradient of the dual norm at w: then w minimises a convex function, and its risk is that of (mu - z)."""
    mean, covariance = random_case(seed, dimension)
    radius = share * length_of(mean, norm)
    best = optimal_robust_classifier(mean, radius, norm=norm, covariance=covariance)
    move, scale = mean - covariance @ best.direction, np.max(np.abs(mean))
    assert best.note == ""
    if norm == "l2":
        np.testing.assert_allclose(move, radius * best.direction / np.linalg.norm(best.direction), atol=1e-9 * scale)
    else:
        kept = best.direction != 0.0
        np.testing.assert_allclose(move[kept], radius * np.sign(best.direction[kept]), atol=1e-9 * scale)
        assert np.all(np.abs(move) <= radius + 1e-9 * scale)
    distance = (mean - move) @ best.direction
    assert best.risk == pytest.approx(bayes_risk(np.sqrt(distance)), rel=1e-7, abs=1e-300)


def test_isotropic_optima() -> None:
    sharp = optimal_robust_classifier(MEAN, 0.5, norm="linf", standard_deviation=1.3)
    kept = np.array([0.5, -0.2, 0.0])
    np.testing.assert_allclose(sharp.direction / np.linalg.norm(sharp.direction), kept / np.linalg.norm(kept), atol=1e-12)
    assert sharp.risk == pytest.approx(ndtr(-np.linalg.norm(kept) / 1.3), rel=1e-12, abs=0.0)
    round_one = optimal_robust_classifier(MEAN, 0.5, norm="l2", standard_deviation=1.3)
    np.testing.assert_allclose(round_one.direction / np.linalg.norm(round_one.direction), MEAN / np.linalg.norm(MEAN), atol=1e-12)
    assert round_one.risk == pytest.approx(ndtr((0.5 - np.linalg.norm(MEAN)) / 1.3), rel=1e-12, abs=0.0)


def test_nearly_singular_covariances() -> None:
    """The coordinates settle, and the ridge is found, when two features are almost the same and when scales differ widely."""
    twins = np.array([[1.0, 1 - 1e-6, 0.2], [1 - 1e-6, 1.0, 0.2], [0.2, 0.2, 1.0]])
    for covariance in (twins, np.diag([1e-4, 1.0, 1e4])):
        for norm in NORMS:
            best = optimal_robust_classifier(MEAN, 0.3, norm=norm, covariance=covariance)
            rng = np.random.default_rng(3)
            nearby = best.direction * (1 + 1e-3 * rng.standard_normal((2000, 3)))
            assert np.min(adversarial_linear_risk(nearby, MEAN, 0.3, norm=norm, covariance=covariance)) >= best.risk * (1 - 1e-9)


@pytest.mark.parametrize("norm", NORMS)
def test_constant_rules(norm: str) -> None:
    length = length_of(MEAN, norm)
    for radius in (length, 2 * length):
        best = optimal_robust_classifier(MEAN, radius, norm=norm, covariance=COVARIANCE)
        assert (best.risk, best.direction.tolist()) == (0.5, [0.0, 0.0, 0.0])
        assert "constant" in best.note
    near = [optimal_robust_classifier(MEAN, length * (1 - gap), norm=norm, covariance=COVARIANCE).risk for gap in (1e-2, 1e-4, 1e-6)]
    assert near == sorted(near)
    assert near[-1] == pytest.approx(0.5, abs=1e-5)
    assert optimal_robust_classifier(np.zeros(2), 0.0, norm=norm).risk == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_risk([0.0, 0.0, 0.0], MEAN), "direction is undefined"),
        (lambda: linear_risk([np.nan, 0.0, 1.0], MEAN), "direction is undefined"),
        (lambda: linear_risk([[1.0, 0.0, 1.0], [np.inf, 0.0, 1.0]], MEAN), "direction is undefined"),
        (lambda: linear_risk([1.0, 0.0], MEAN), "direction must be real numbers of shape"),
        (lambda: linear_risk(["a", "b", "c"], MEAN), "direction must be real numbers"),
        (lambda: linear_risk([], []), "mean must have shape"),
        (lambda: linear_risk([1.0, 0.0, 0.0], [1.0, np.nan, 0.0]), "mean must be finite"),
        (lambda: linear_risk([1.0, 0.0, 0.0], MEAN, standard_deviation=0.0), "standard_deviation must be finite and > 0"),
        (lambda: linear_risk([1.0, 0.0, 0.0], MEAN, covariance=-np.eye(3)), "covariance must be positive definite"),
        (lambda: linear_risk([1.0, 0.0, 0.0], MEAN, covariance=np.triu(np.ones((3, 3)))), "covariance must be symmetric"),
        (lambda: linear_risk([1.0, 0.0, 0.0], MEAN, covariance=np.eye(2)), "covariance must have shape"),
        (lambda: linear_risk([1.0, 0.0, 0.0], MEAN, covariance=COVARIANCE, standard_deviation=2.0), "standard_deviation must be 1"),
        (lambda: bayes_risk(-0.1), "half_distance must be finite and >= 0"),
        (lambda: bayes_risk(np.nan), "half_distance must be finite"),
        (lambda: bayes_direction([0.0, 0.0], np.eye(2)), "direction is undefined"),
        (lambda: adversarial_linear_risk([1.0, 0.0, 0.0], MEAN, -0.1, norm="l2"), "radius must be finite and >= 0"),
        (lambda: adversarial_linear_risk([1.0, 0.0, 0.0], MEAN, 0.1, norm="l1"), "norm must be one of 'l2', 'linf'"),
        (lambda: adversarial_linear_risk([0.0, 0.0, 0.0], MEAN, 0.1, norm="l2"), "direction is undefined"),
        (lambda: optimal_robust_classifier(MEAN, np.nan, norm="l2"), "radius must be finite"),
        (lambda: optimal_robust_classifier(MEAN, 0.1, norm="L2"), "norm must be one of"),
        (lambda: optimal_robust_classifier([], 0.1, norm="l2"), "mean must have shape"),
        (lambda: optimal_robust_classifier(MEAN, 0.1, norm="l2", standard_deviation=-1.0), "standard_deviation must be finite and > 0"),
        (lambda: optimal_robust_classifier(MEAN, 0.1, norm="linf", covariance=np.ones((3, 3))), "covariance must be positive definite"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
