"""Simulators of rules from labelled samples: raw against short, rules against library fits, attacks against the worst move, devices, bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator as BareGenerator
from sampling import assert_equal_in_law, assert_same_mean, cupy_or_skip
from scipy.special import ive, ndtr
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from theorylab.backend import DeviceGenerator
from theorylab.models.symmetric_mixture import cosines, draw_symmetric_mixture
from theorylab.montecarlo.samplers import make_request
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate

DIRECTIONS = ((1.0, 0.5, 0.2), (0.0, 1.0, -1.0))
CASES: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "raw": (simulate.sample_mean_rule_raw, {"mean": (0.6, 0.0, 0.8), "labeled_size": 5, "test_size": 3, "radius": 0.2}, "error"),
    "raw, shifted": (
        simulate.sample_mean_rule_raw,
        {"mean": (0.6, 0.8), "labeled_size": 5, "labeled_mean": (1.0, 0.0), "labeled_deviation": 2.0},
        "error",
    ),
    "scalars": (simulate.sample_mean_rule, {"dimension": 5, "labeled_size": 9, "half_distance": 1.0, "radius": 0.3}, "risk"),
    "one dimension": (simulate.sample_mean_rule, {"dimension": 1, "labeled_size": 2, "half_distance": 1.0}, "risk"),
    "shifted": (
        simulate.sample_shifted_mean_rule,
        {"dimension": 4, "labeled_size": 9, "half_distance": 1.0, "shifted_half_distance": 1.3, "alignment": 0.6},
        "risk",
    ),
    "in the plane": (
        simulate.sample_shifted_mean_rule,
        {"dimension": 2, "labeled_size": 9, "half_distance": 1.0, "shifted_half_distance": 1.3, "alignment": -1.0},
        "risk",
    ),
    "points": (simulate.sample_linear_errors, {"directions": DIRECTIONS, "mean": (0.5, 0.7, -0.1), "standard_deviation": 1.2}, "difference"),
    "correlated": (
        simulate.sample_linear_errors,
        {"directions": DIRECTIONS, "mean": (0.5, 0.7, -0.1), "covariance": ((1.0, 0.5, 0.0), (0.5, 2.0, 0.0), (0.0, 0.0, 0.3))},
        "difference",
    ),
    "cube": (simulate.sample_attacked_errors, {"directions": DIRECTIONS, "mean": (0.5, 0.7, -0.1), "radius": 0.2, "norm": "linf"}, "difference"),
    "ball": (simulate.sample_attacked_errors, {"directions": DIRECTIONS, "mean": (0.5, 0.7, -0.1), "radius": 0.2, "norm": "l2"}, "difference"),
    "paired": (simulate.sample_paired_rules, {"dimension": 3, "labeled_size": 20, "half_distance": 1.0, "ridge": 0.01}, "logistic_cost"),
    "posterior": (simulate.sample_posterior_rule, {"dimension": 3, "labeled_size": 4, "half_distance": 1.0}, "posterior_error"),
}


@pytest.mark.gpu
@pytest.mark.parametrize("case", CASES)
def test_device_and_host_agree(case: str) -> None:
    sampler, parameters, column = CASES[case]
    cupy, size = cupy_or_skip(), 4096
    device = sampler(DeviceGenerator(cupy, int.from_bytes(np.random.default_rng().bytes(16), "little"), 0), size, **parameters)
    assert all(hasattr(values, "get") for values in device.values())
    assert_same_mean(device[column].get(), sampler(np.random.default_rng(), size, **parameters)[column])


@pytest.mark.parametrize("case", CASES)
def test_a_device_generator_on_the_host_agrees(case: str) -> None:
    sampler, parameters, column = CASES[case]
    values = sampler(BareGenerator(np.random.default_rng().integers(2**60)), 4096, **parameters)[column]
    host = sampler(np.random.default_rng(), 4096, **parameters)
    assert all(len(values) == 4096 for values in host.values())
    assert_same_mean(values, host[column])


@pytest.mark.parametrize("case", CASES)
def test_seeds_repeat(case: str) -> None:
    sampler, parameters, _ = CASES[case]
    first, second = (sampler(np.random.default_rng(5), 50, **parameters) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    block = make_request(sampler, parameters).block
    assert block & (block - 1) == 0


@pytest.mark.parametrize(("dimension", "labeled_size", "half_distance"), [(2, 3, 0.7), (6, 10, 1.5), (1, 3, 0.5)])
def test_scalars_have_the_law_of_raw_data(dimension: int, labeled_size: int, half_distance: float) -> None:
    rng = np.random.default_rng()
    mean = np.zeros(dimension)
    mean[-1] = -half_distance
    features, labels = draw_symmetric_mixture(rng, 20_000, sample_size=labeled_size, mean=mean)
    raw = cosines((labels[:, :, None] * features).mean(axis=1), mean)
    short = simulate.sample_mean_rule(rng, 20_000, dimension=dimension, labeled_size=labeled_size, half_distance=half_distance)
    assert_equal_in_law(raw, short["cosine"])
    np.testing.assert_allclose(short["risk"], ndtr(-half_distance * short["cosine"]), rtol=1e-12)
    np.testing.assert_allclose(short["excess"], short["risk"] - ndtr(-half_distance), atol=1e-15)


def test_shifted_scalars_have_the_law_of_raw_data() -> None:
    rng = np.random.default_rng()
    home, away, deviation = np.array([0.4, 1.0, 0.0, 0.3]), np.array([1.0, 0.2, -0.8, 0.0]), 1.7
    features, labels = draw_symmetric_mixture(rng, 20_000, sample_size=6, mean=away / deviation)
    raw = cosines((labels[:, :, None] * features).mean(axis=1), home)
    lengths = np.linalg.norm(home), np.linalg.norm(away)
    setting = {
        "half_distance": float(lengths[0]),
        "shifted_half_distance": float(lengths[1] / deviation),
        "alignment": float(home @ away / np.prod(lengths)),
    }
    assert_equal_in_law(raw, simulate.sample_shifted_mean_rule(rng, 20_000, dimension=4, labeled_size=6, **setting)["cosine"])


def test_raw_errors_have_the_mean_of_conditional_risks() -> None:
    rng = np.random.default_rng()
    raw = simulate.sample_mean_rule_raw(rng, 10_000, mean=(0.0, 1.2, 1.6), labeled_size=4, test_size=5, standard_deviation=2.0, radius=0.5)["error"]
    short = simulate.sample_mean_rule(rng, 10_000, dimension=3, labeled_size=4, half_distance=1.0, radius=0.25)["risk"]
    assert_same_mean(raw, short)
    assert set(np.unique(np.round(5 * raw))) <= set(range(6))


def test_very_many_dimensions_cost_nothing() -> None:
    values = simulate.sample_mean_rule(np.random.default_rng(), 4096, dimension=10**8, labeled_size=10**8, half_distance=1.5)
    assert values["cosine"].mean() == pytest.approx(1.5 / np.sqrt(1 + 1.5**2), abs=1e-4)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_attacks_are_the_worst_moves(norm: str) -> None:
    """On the same draws the attacker fools exactly the points whose margin is below the radius times the dual norm."""
    parameters = {"directions": DIRECTIONS, "mean": (0.5, 0.7, -0.1), "standard_deviation": 0.8}
    attacked = simulate.sample_attacked_errors(np.random.default_rng(8), 3000, radius=0.3, norm=norm, **parameters)["error"]
    rng = np.random.default_rng(8)
    labels = 2.0 * rng.integers(0, 2, (3000,)) - 1.0
    points = labels[:, None] * np.array(parameters["mean"]) + 0.8 * rng.standard_normal((3000, 3))
    rules = np.array(DIRECTIONS)
    worst = 0.3 * np.linalg.norm(rules, ord=2 if norm == "l2" else 1, axis=1)
    np.testing.assert_array_equal(attacked, labels[:, None] * (points @ rules.T) <= worst)
    plain = simulate.sample_linear_errors(np.random.default_rng(8), 3000, **parameters)
    np.testing.assert_array_equal(
        simulate.sample_attacked_errors(np.random.default_rng(8), 3000, radius=0.0, norm=norm, **parameters)["error"], plain["error"]
    )
    np.testing.assert_array_equal(plain["difference"], plain["error"][:, 0] - plain["error"][:, 1])


def test_least_squares_is_discriminant_analysis() -> None:
    """The second-moment scatter gives the direction of the library's pooled scatter when the classes are made to mirror each other."""
    rng = np.random.default_rng(3)
    features, labels = draw_symmetric_mixture(rng, 1, sample_size=30, mean=np.array([1.0, 0.0, 0.0]))
    x, y = features[0], labels[0]
    scatter = np.linalg.solve(x.T @ x / 30, (y[:, None] * x).mean(axis=0))
    mirrored = np.concatenate([x, -x]), np.concatenate([y, -y])
    library = LinearDiscriminantAnalysis(solver="lsqr").fit(*mirrored).coef_[0]
    assert abs(scatter @ library) / np.linalg.norm(scatter) / np.linalg.norm(library) == pytest.approx(1.0, abs=1e-12)
    values = simulate.sample_paired_rules(np.random.default_rng(3), 1, dimension=3, labeled_size=30, half_distance=1.0, ridge=0.01)
    assert values["least_squares"][0] == pytest.approx(ndtr(-scatter[0] / np.linalg.norm(scatter)), rel=1e-10, abs=0.0)
    assert values["logistic_cost"][0] == values["logistic"][0] - values["mean"][0]


@pytest.mark.parametrize("dimension", [2, 3, 4, 11])
def test_sphere_integrals_are_bessel_functions(dimension: int) -> None:
    kappa, order = np.array([0.1, 1.0, 30.0, 900.0]), dimension / 2 - 1
    exact = np.log(ive(order, kappa)) + kappa - order * np.log(kappa)
    found = simulate.log_sphere_integral(kappa, dimension)
    np.testing.assert_allclose(np.diff(found), np.diff(exact), rtol=1e-10)


def test_posterior_rule() -> None:
    """The rule is the mean rule, and its error is as frequent as it says."""
    values = simulate.sample_posterior_rule(np.random.default_rng(), 20_000, dimension=4, labeled_size=3, half_distance=1.1)
    assert not values["disagrees"].any()
    assert_same_mean(values["error"], values["posterior_error"])
    assert np.all((values["posterior_error"] > 0.0) & (values["posterior_error"] <= 0.5))


@pytest.mark.parametrize(
    ("case", "changes", "message"),
    [
        ("raw", {"labeled_size": 0}, "labeled_size must be"),
        ("raw", {"test_size": 0}, "test_size must be"),
        ("raw", {"standard_deviation": 0.0}, "standard_deviation must be finite and > 0"),
        ("raw", {"labeled_mean": (1.0,)}, "labeled_mean must have shape"),
        ("raw", {"radius": -0.1}, "radius must be finite and >= 0"),
        ("raw, shifted", {"labeled_deviation": -1.0}, "labeled_deviation must be"),
        ("scalars", {"dimension": 0}, "dimension must be"),
        ("scalars", {"half_distance": 0.0}, "half_distance must be finite and > 0"),
        ("scalars", {"radius": float("nan")}, "radius must be finite"),
        ("shifted", {"alignment": 1.5}, "alignment must be"),
        ("shifted", {"dimension": 1}, "dimension must be one integer >= 2|dimension must be an integer >= 2"),
        ("points", {"directions": ((0.0, 0.0, 0.0),)}, "direction is undefined"),
        ("points", {"directions": ((1.0, 0.0),)}, "directions must have shape"),
        ("points", {"standard_deviation": -1.0}, "standard_deviation must be"),
        ("correlated", {"covariance": ((1.0, 2.0, 0.0), (2.0, 1.0, 0.0), (0.0, 0.0, 1.0))}, "covariance must be positive definite"),
        ("cube", {"norm": "l1"}, "norm must be one of"),
        ("cube", {"radius": -1.0}, "radius must be"),
        ("cube", {"mean": (0.1,) * 13, "directions": ((1.0,) * 13,)}, "at most 12 entries"),
        ("ball", {"steps": 0}, "steps must be"),
        ("paired", {"labeled_size": 3}, "labeled_size must be > dimension"),
        ("paired", {"ridge": 0.0}, "ridge must be finite and > 0"),
        ("posterior", {"dimension": 1}, "dimension must be"),
        ("posterior", {"half_distance": -1.0}, "half_distance must be"),
    ],
)
def test_bad_input(case: str, changes: dict[str, Any], message: str) -> None:
    sampler, parameters, _ = CASES[case]
    with pytest.raises(ValueError, match=message):
        sampler(np.random.default_rng(0), 2, **(parameters | changes))
