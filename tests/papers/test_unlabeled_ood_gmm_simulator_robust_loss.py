"""The fewest training errors by sorting, the robust risk of samples, and distances of domains: against slow references."""

from __future__ import annotations

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_equal_in_law, cupy_or_skip

from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate

ROBUST = {"sample_size": 7, "margin_mean": 0.6, "margin_deviation": 1.1, "radius": 0.1, "slope": 1.2}


def fewest_by_search(points: np.ndarray) -> int:
    angles = np.linspace(-np.pi, np.pi, 20_001)
    return int(np.min(np.sum(points @ np.array([np.cos(angles), np.sin(angles)]) <= 0, axis=0)))


def errors_at(points: np.ndarray, angle: float) -> int:
    return int(np.sum(points @ np.array([np.cos(angle), np.sin(angle)]) <= 0))


@pytest.mark.parametrize("samples", [1, 2, 3, 10, 41])
def test_fewest_errors_are_found(samples: int) -> None:
    rng = np.random.default_rng(samples)
    points = rng.standard_normal((60, samples, 2)) + np.array([0.4, 0.0])
    angles, errors = simulate.fewest_errors_angle(points)
    for own, angle, count in zip(points, angles, errors, strict=True):
        assert errors_at(own, angle) == count == fewest_by_search(own)


def test_the_middle_of_the_best_arc() -> None:
    """Three samples that a whole arc of rules gets right; its middle, also where the arc passes the angle pi."""
    for turn in np.linspace(-np.pi, np.pi, 13):
        points = np.array([[np.cos(turn + a), np.sin(turn + a)] for a in (-0.5, 0.1, 0.7)])
        angle, errors = simulate.fewest_errors_angle(points[None])
        assert errors[0] == 0
        assert np.cos(angle[0] - (turn + 0.1)) == pytest.approx(1.0, abs=1e-12)


def test_plane_erm_returns_angles_and_risks() -> None:
    values = simulate.sample_plane_erm(np.random.default_rng(1), 500, labeled_size=30, half_distance=1.0)
    assert np.all((values["angle"] >= 0) & (values["angle"] <= np.pi))
    assert values["squared_angle"] == pytest.approx(values["angle"] ** 2)
    assert np.all((values["excess"] >= 0) & (values["training_error"] <= 0.5))
    near = values["angle"] < 0.05
    assert values["excess"][near] == pytest.approx(0.5 * 0.24197 * values["angle"][near] ** 2, rel=0.01)


def test_robust_risk_moves_the_cheapest_first() -> None:
    values = simulate.sample_robust_risk(np.random.default_rng(2), 50, **ROBUST)
    margins = 0.6 + 1.1 * np.random.default_rng(2).standard_normal((50, 7))
    for own, risk in zip(margins, values["risk"], strict=True):
        budget, lost = 0.7, 0.0
        for cost in np.sort(own):
            if cost <= 0:
                lost += 1
            elif cost <= budget:
                budget, lost = budget - cost, lost + 1
            else:
                lost += budget / cost
                break
        assert risk == pytest.approx(lost / 7, abs=1e-12)
    assert np.all(values["risk"] <= values["dual"] + 1e-12)
    assert values["scaled_difference"] == pytest.approx(7 * (values["risk"] - values["dual"]), abs=1e-12)


def test_robust_risk_at_its_ends() -> None:
    still = simulate.sample_robust_risk(np.random.default_rng(3), 40, **ROBUST | {"radius": 0.0})["risk"]
    margins = 0.6 + 1.1 * np.random.default_rng(3).standard_normal((40, 7))
    assert still == pytest.approx((margins <= 0).mean(axis=1))
    assert simulate.sample_robust_risk(np.random.default_rng(3), 40, **ROBUST | {"radius": 50.0})["risk"] == pytest.approx(np.ones(40))


def test_transport_program_by_hand() -> None:
    margins = np.array([-1.0, 0.5, 1.0, 2.0])
    assert simulate.transport_program(margins, 0.125, np.zeros(1)) == pytest.approx(0.5, abs=1e-9)
    assert simulate.transport_program(margins, 0.25, np.array([0.0, 0.3, -1.0])) == pytest.approx(0.625, abs=1e-9)
    # Without a place on the boundary the nearest one beyond it is dearer.
    assert simulate.transport_program(margins, 0.125, np.array([-0.5])) == pytest.approx(0.25 + 0.125, abs=1e-9)


@pytest.mark.parametrize(
    ("sampler", "setting", "name"),
    [
        (simulate.sample_plane_erm, {"labeled_size": 12, "half_distance": 1.0}, "angle"),
        (simulate.sample_robust_risk, ROBUST, "risk"),
        (simulate.sample_margins, {"margin_mean": 0.6, "margin_deviation": 1.1}, "margin"),
    ],
)
def test_the_device_path(sampler, setting: dict, name: str) -> None:
    assert_equal_in_law(sampler(DeviceGenerator(1), 4000, **setting)[name], sampler(np.random.default_rng(2), 4000, **setting)[name])


@pytest.mark.gpu
def test_on_a_device() -> None:
    cupy = cupy_or_skip()
    points = np.random.default_rng(5).standard_normal((20, 15, 2)) + 0.3
    host, device = simulate.fewest_errors_angle(points), simulate.fewest_errors_angle(cupy.asarray(points), namespace=cupy)
    assert device[0].get() == pytest.approx(host[0], rel=1e-10)
    assert np.array_equal(device[1].get(), host[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: simulate.sample_plane_erm(rng, 2, labeled_size=0, half_distance=1.0), "labeled_size must be an integer >= 1"),
        (lambda rng: simulate.sample_plane_erm(rng, 2, labeled_size=5, half_distance=-1.0), "half_distance must be finite and > 0"),
        (lambda rng: simulate.sample_robust_risk(rng, 2, **ROBUST | {"sample_size": 1.5}), "sample_size must be an integer >= 1"),
        (lambda rng: simulate.sample_robust_risk(rng, 2, **ROBUST | {"radius": -0.1}), "radius must be finite and >= 0"),
        (lambda rng: simulate.sample_robust_risk(rng, 2, **ROBUST | {"slope": np.inf}), "slope must be finite and >= 0"),
        (lambda rng: simulate.sample_margins(rng, 2, margin_mean=0.0, margin_deviation=0.0), "margin_deviation must be finite and > 0"),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
