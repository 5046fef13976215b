"""Samplers of pac_invariance: hulls, bands, patterns and counts over all representations against qhull and loops; bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.spatial import ConvexHull, Delaunay

from tests.tools.sampling import assert_equal_in_law, assert_same_mean, cupy_or_skip
from theorylab.papers.pac_invariance import monte_carlo as simulate


def numbers(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_hull_kernel_against_qhull() -> None:
    rng = numbers(18)
    for train in (3, 4, 10, 40):
        points = rng.standard_normal((12, train + 60, 2)) * [1.0, 5.0] + 2.0
        outside, vertices, more = np.zeros(12), np.zeros(12), np.zeros(12)
        simulate.hull_kernel(points, train, outside, vertices, more)
        for row in range(12):
            assert vertices[row] == len(ConvexHull(points[row, :train]).vertices)
            assert more[row] == len(ConvexHull(points[row, : train + 1]).vertices)
            assert outside[row] == np.sum(Delaunay(points[row, :train]).find_simplex(points[row, train:]) < 0)


def test_hulls_of_environments() -> None:
    found = simulate.sample_hull(numbers(19), 3000, interventions=6, fresh=30)
    assert_same_mean(found["difference"], 0.0)
    assert found["difference"] == pytest.approx(found["hull_mass"] - found["vertex_share"], abs=1e-15)
    assert found["short_difference"] == pytest.approx(found["hull_mass"] - found["short_share"], abs=1e-15)
    assert np.all((found["short_share"] * 6 >= 3) & (found["short_share"] <= 1))
    rng, raw = numbers(20), []
    for _ in range(800):
        points = np.stack(simulate.draw_features(rng, 36), axis=1)
        raw.append(np.mean(Delaunay(points[:6]).find_simplex(points[6:]) < 0))
    assert_equal_in_law(found["hull_mass"], np.array(raw))


def test_worst_bands() -> None:
    n, m = 7, 25
    found = simulate.sample_uniform_violation(numbers(21), 5, interventions=n, fresh=m, directions=40)
    first, second = simulate.draw_features(numbers(21), (5, n + m))
    for row in range(5):
        worst = 0.0
        for index in range(40):
            along = np.cos(np.pi * index / 40) * first[row] + np.sin(np.pi * index / 40) * second[row]
            worst = max(worst, np.mean([not along[:n].min() <= value <= along[:n].max() for value in along[n:]]))
        assert found["supremum"][row] == pytest.approx(worst, abs=1e-15)
        assert found["log_supremum"][row] == pytest.approx(np.log(max(worst, 1 / (2 * m))), rel=1e-12)
    # No band of the right kind can hold less than the hull.
    many = simulate.sample_uniform_violation(numbers(22), 400, interventions=5, fresh=20)
    hull = simulate.sample_hull(numbers(22), 400, interventions=5, fresh=20)
    assert np.all(many["supremum"] <= hull["hull_mass"] + 1e-12)
    assert many["supremum"].mean() > 0.6 * hull["hull_mass"].mean()


def test_patterns_are_counted_once() -> None:
    for n in (1, 2):
        # Quadratic forms of three features shatter two points.
        assert simulate.count_patterns(numbers(23), 4000, interventions=n) == 2**n
    few = simulate.count_patterns(numbers(24), 300, interventions=10)
    more = simulate.count_patterns(numbers(24), 45_000, interventions=10)
    assert few < 300
    assert 57 <= more <= 848
    assert 57 <= simulate.count_patterns(numbers(25), 20_000, interventions=10, features=1) <= 848


@pytest.mark.parametrize("features", [1, 3])
def test_patterns_by_a_loop(features: int) -> None:
    found = simulate.count_patterns(numbers(33), 60, interventions=6, features=features)
    rng, patterns = numbers(33), set()
    first, second = simulate.draw_features(rng, 6)
    functionals, ranks = rng.standard_normal((60, features, 3)), rng.integers(0, 7, 60)
    for functional, rank in zip(functionals, ranks, strict=True):
        gaps = [float(np.linalg.norm(functional @ [1.0, t, v])) for t, v in zip(first, second, strict=True)]
        limit = np.inf if rank == 6 else sorted(gaps)[rank]
        patterns.add(tuple(gap >= limit for gap in gaps))
    assert found == len(patterns)


def test_patterns_of_more_events_than_a_batch() -> None:
    found = simulate.count_patterns(numbers(34), 20_004, interventions=24)
    rng = numbers(34)
    points = np.stack([np.ones(24), *simulate.draw_features(rng, 24)])
    patterns = set()
    for count in (20_000, 4):
        gaps = np.linalg.norm(rng.standard_normal((count, 2, 3)) @ points, axis=1)
        for row, rank in zip(gaps, rng.integers(0, 25, count), strict=True):
            patterns.add(tuple(np.argsort(np.argsort(row)) >= rank))
    assert found == len(patterns)


@pytest.mark.parametrize("tile", [1, 2, 3, 7, 4096])
@pytest.mark.parametrize("r", [1, 2, 3])
def test_counts_by_a_loop(tile: int, r: int) -> None:
    rng = numbers(26)
    features, functionals = rng.standard_normal((23, 4)), rng.standard_normal((11, r, 4))
    thresholds = rng.uniform(0.5, 8.0, 11)
    thresholds[0] = 0.0
    found = simulate.violation_counts(features, functionals, thresholds, tile=tile)
    exact = [sum(2 * np.linalg.norm(functional @ f) > eps for f in features) for functional, eps in zip(functionals, thresholds, strict=True)]
    assert found.tolist() == exact
    assert exact[0] == 23
    assert found.dtype == np.int64


def test_a_gap_at_the_threshold_is_no_violation() -> None:
    found = simulate.violation_counts(np.array([[1.0], [-1.0], [1.5]]), np.full((2, 1, 1), 0.5), np.array([1.0, 1.5]))
    assert found.tolist() == [1, 0]


@pytest.mark.gpu
def test_counts_on_a_gpu() -> None:
    cupy = cupy_or_skip()
    rng = numbers(27)
    arrays = rng.standard_normal((500, 4)), rng.standard_normal((40, 2, 4)), rng.uniform(0.5, 8.0, 40)
    found = simulate.violation_counts(*(cupy.asarray(array) for array in arrays), tile=64)
    assert found.get().tolist() == simulate.violation_counts(*arrays).tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: simulate.sample_hull(rng, 2, interventions=2, fresh=3), "interventions must be an integer >= 3; got 2"),
        (lambda rng: simulate.sample_uniform_violation(rng, 2, interventions=3, fresh=4, directions=0), "directions must be an integer >= 1; got 0"),
        (lambda rng: simulate.count_patterns(rng, 5, interventions=63), "interventions must be at most 62; got 63"),
        (lambda rng: simulate.count_patterns(rng, 5, interventions=3, features=0), "features must be an integer >= 1; got 0"),
        (
            lambda rng: simulate.violation_counts(np.ones((3, 2)), np.ones((4, 1, 3)), np.ones(4)),
            r"features, functionals and thresholds must have shapes \(T, D\), \(H, r, D\) and \(H,\); got \(3, 2\), \(4, 1, 3\) and \(4,\)",
        ),
        (lambda rng: simulate.violation_counts(np.ones((3, 2)), np.ones((4, 1, 2)), np.ones(3)), "features, functionals and thresholds must have"),
        (lambda rng: simulate.violation_counts(np.ones((3, 2)), np.ones((4, 2)), np.ones(4)), "features, functionals and thresholds must have"),
        (lambda rng: simulate.violation_counts(np.ones((3, 2)), np.ones((4, 1, 2)), np.ones(4), tile=0), "tile must be an integer >= 1; got 0"),
    ],
)
def test_bad_input(call: Callable[[np.random.Generator], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        call(numbers(0))
