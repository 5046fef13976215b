"""Samplers of private releases, overlapping bags and the diabetes data: the contract, their definitions replicate by replicate, their laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator
from scipy.stats import laplace, norm
from sklearn.linear_model import LinearRegression

from theorylab.montecarlo.samplers import make_request
from theorylab.papers.aggregate_responses import monte_carlo as simulator

RISK = {"sample_size": 24, "dimension": 3, "bag_size": 4, "squared_signal_norm": 2.5, "noise_variance": 0.6}
RELEASE = {"label": 2.0, "clip": 1.5, "bag_size": 3}
OVERLAPPING = {"sample_size": 24, "dimension": 3, "bag_size": 3}
SAMPLERS: list[tuple[Any, dict[str, Any], dict[str, tuple[int, ...]]]] = [
    (simulator.sample_private_risk, {**RISK, "weight": 0.3, "clip": 1.2, "laplace_scale": 0.5}, {"risk": (), "clipped": ()}),
    (simulator.sample_private_risk, {**RISK, "weight": 0.0}, {"risk": (), "clipped": ()}),
    (simulator.sample_private_releases, {**RELEASE, "laplace_scale": 0.7}, {"release": ()}),
    (simulator.sample_gaussian_releases, {**RELEASE, "standard_deviation": 0.7}, {"release": ()}),
    (simulator.sample_overlapping_bags, {**OVERLAPPING, "overlap": 1}, {"noise_variance_part": (), "private_part": ()}),
    (simulator.sample_overlapping_bags, {**OVERLAPPING, "overlap": 3}, {"noise_variance_part": (), "private_part": ()}),
    (simulator.sample_diabetes_error, {"bag_size": 20, "weights": (0.0, 0.1, 1.0)}, {"error": (3,)}),
    (
        simulator.sample_diabetes_error,
        {"bag_size": 20, "weights": (0.0, 0.1), "training_size": 120, "clip": 2.0, "laplace_scale": 0.3},
        {"error": (2,)},
    ),
]


@pytest.mark.parametrize(("sampler", "parameters", "names"), SAMPLERS)
def test_sampler_contract(sampler, parameters: dict[str, Any], names: dict[str, tuple[int, ...]]) -> None:
    values = sampler(np.random.default_rng(5), 33, **parameters)
    again, repeated = sampler(DeviceGenerator(5), 33, **parameters), sampler(np.random.default_rng(5), 33, **parameters)
    assert set(values) == set(names)
    for name, column in values.items():
        assert column.shape == (33, *names[name])
        assert column.dtype == np.float64
        assert np.all(np.isfinite(column))
        np.testing.assert_array_equal(column, again[name])
        np.testing.assert_array_equal(column, repeated[name])
    assert 8 <= make_request(sampler, parameters).block <= 4096


def test_blocks_shrink_with_the_problem() -> None:
    large = {"sample_size": 2000, "dimension": 200, "bag_size": 5}
    assert make_request(simulator.sample_private_risk, {**large, "weight": 1.0}).block <= 16
    assert make_request(simulator.sample_overlapping_bags, {**large, "overlap": 3}).block <= 16


def laplace_noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Laplace noise from the same uniform variates as the samplers take it: Laplace(1) = E1 - E2."""
    first, second = rng.random(shape), rng.random(shape)
    return np.log(1.0 - first) - np.log(1.0 - second)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("clip", "scale"), [(None, 0.0), (1.2, 0.5)])
def test_private_risk_replicate_by_replicate(weight: float, clip: float | None, scale: float) -> None:
    """The same draws, put through scikit-learn's least squares on stacked rows."""
    values = simulator.sample_private_risk(np.random.default_rng(8), 20, **RISK, weight=weight, clip=clip, laplace_scale=scale)
    rng = np.random.default_rng(8)
    features, noise = rng.standard_normal((20, 24, 3)), rng.standard_normal((20, 24))
    added = scale * laplace_noise(rng, (20, 6)) if scale else np.zeros((20, 6))
    theta0 = np.array([np.sqrt(2.5), 0.0, 0.0])
    for i, X in enumerate(features):
        y = X @ theta0 + np.sqrt(0.6) * noise[i]
        kept = y if clip is None else np.clip(y, -clip, clip)
        released = kept.reshape(6, 4).mean(axis=1) + added[i]
        rows = np.vstack([X.reshape(6, 4, 3).mean(axis=1), X])
        targets = np.append(released, np.repeat(released, 4))
        model = LinearRegression(fit_intercept=False).fit(rows, targets, sample_weight=np.append(np.full(6, 4 * (1 - weight)), np.full(24, weight)))
        assert values["risk"][i] == pytest.approx(np.sum((model.coef_ - theta0) ** 2), rel=1e-8)
        assert values["clipped"][i] == pytest.approx(np.mean(kept != y))


def assert_has_law(sample: np.ndarray, distribution: Any) -> None:
    """Kolmogorov-Smirnov by the inequality of Dvoretzky, Kiefer and Wolfowitz (Massart's constant): fails with probability < 1e-10."""
    ordered = np.sort(sample)
    theory = distribution.cdf(ordered)
    ranks = np.arange(sample.size + 1) / sample.size
    distance = max(np.max(ranks[1:] - theory), np.max(theory - ranks[:-1]))
    assert distance < np.sqrt(np.log(2 / 1e-10) / (2 * sample.size))


@pytest.mark.parametrize(("label", "other", "mean"), [(9.0, 0.0, 0.5), (-9.0, 0.0, -0.5), (0.6, -9.0, (0.6 - 3.0) / 3), (0.3, 0.0, 0.1)])
def test_releases_have_their_law(label: float, other: float, mean: float) -> None:
    parameters = {**RELEASE, "label": label, "other_label": other}
    released = simulator.sample_private_releases(np.random.default_rng(), 200_000, **parameters, laplace_scale=0.7)["release"]
    assert_has_law(released, laplace(mean, 0.7))
    released = simulator.sample_gaussian_releases(np.random.default_rng(), 200_000, **parameters, standard_deviation=0.7)["release"]
    assert_has_law(released, norm(mean, 0.7))


@pytest.mark.parametrize("overlap", [1, 2, 3])
def test_overlapping_bags_replicate_by_replicate(overlap: int) -> None:
    """With the averaging matrix K written out."""
    values = simulator.sample_overlapping_bags(np.random.default_rng(8), 10, **OVERLAPPING, overlap=overlap)
    rng = np.random.default_rng(8)
    features = rng.standard_normal((10, 24, 3))
    orders = [np.tile(np.arange(24), (10, 1))] + [np.argsort(rng.random((10, 24)), axis=1) for _ in range(overlap - 1)]
    for i, X in enumerate(features):
        K = np.zeros((8 * overlap, 24))
        for partition, order in enumerate(orders):
            for position, sample in enumerate(order[i]):
                K[8 * partition + position // 3, sample] = 1.0 / 3.0
        P = np.linalg.pinv(K @ X)
        assert values["noise_variance_part"][i] == pytest.approx(np.sum((P @ K) ** 2), rel=1e-9)
        assert values["private_part"][i] == pytest.approx(overlap**2 * np.sum(P**2), rel=1e-9)


def test_one_partition_is_an_inverse_wishart_trace() -> None:
    """E tr (Xbar'Xbar)^-1 = k d / (m - d - 1); d = 4, m = 30: skewness below 2, 8 standard errors."""
    values = simulator.sample_overlapping_bags(np.random.default_rng(), 40_000, sample_size=60, dimension=4, bag_size=2, overlap=1)
    for name, expected in {"noise_variance_part": 4 / 25, "private_part": 8 / 25}.items():
        assert abs(values[name].mean() - expected) < 8 * values[name].std() / np.sqrt(40_000)


def test_diabetes_data_are_standardised() -> None:
    features, labels = simulator.load_standardised_diabetes()
    assert (features.shape, labels.shape) == ((442, 10), (442,))
    np.testing.assert_allclose(features.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(features.var(axis=0), 1.0)
    assert (labels.mean(), labels.var()) == pytest.approx((0.0, 1.0), abs=1e-12)
    features[:] = labels[:] = 0.0
    assert simulator.load_standardised_diabetes()[1].var() == pytest.approx(1.0)


@pytest.mark.parametrize(("bag_size", "training_size"), [(5, 340), (20, 120)])
def test_diabetes_errors_replicate_by_replicate(bag_size: int, training_size: int) -> None:
    """Least squares on centred stacked rows, with clipping and noise; 6 bags for 10 features need the solution of least norm at weight 0."""
    weights, m = (0.0, 0.05, 1.0), training_size // bag_size
    parameters = {"bag_size": bag_size, "weights": weights, "training_size": training_size, "clip": 1.5, "laplace_scale": 0.2}
    errors = simulator.sample_diabetes_error(np.random.default_rng(8), 5, **parameters)["error"]
    rng, (X, y) = np.random.default_rng(8), simulator.load_standardised_diabetes()
    orders = np.argsort(rng.random((5, 442)), axis=1)
    added = 0.2 * laplace_noise(rng, (5, m))
    for i, order in enumerate(orders):
        x, test = X[order[:training_size]], order[training_size:]
        released = np.clip(y[order[:training_size]], -1.5, 1.5).reshape(m, bag_size).mean(axis=1) + added[i]
        centred, targets = x - x.mean(axis=0), released - released.mean()
        averages = centred.reshape(m, bag_size, 10).mean(axis=1)
        for j, weight in enumerate(weights):
            top, bottom = np.sqrt((1 - weight) * bag_size), np.sqrt(weight)
            rows, values = np.vstack([top * averages, bottom * centred]), np.append(top * targets, bottom * np.repeat(targets, bag_size))
            theta = np.linalg.lstsq(rows, values, rcond=1e-10)[0]
            predicted = released.mean() + (X[test] - x.mean(axis=0)) @ theta
            assert errors[i, j] == pytest.approx(np.mean((y[test] - predicted) ** 2), rel=1e-7)


@pytest.mark.parametrize(
    ("sampler", "parameters", "message"),
    [
        (simulator.sample_private_risk, {**RISK, "weight": 0.3, "sample_size": 25}, "sample_size must be a multiple of the bag_size 4; got 25"),
        (simulator.sample_private_risk, {**RISK, "weight": 0.0, "dimension": 6}, "dimension must be smaller than the number of bags"),
        (simulator.sample_private_risk, {**RISK, "weight": 0.3, "dimension": 24}, "dimension must be smaller than the sample size, 24"),
        (simulator.sample_private_risk, {**RISK, "weight": 1.2}, "weight must each be 0 or from"),
        (simulator.sample_private_risk, {**RISK, "weight": 0.3, "clip": 0.0}, "clip must be finite and > 0"),
        (simulator.sample_private_risk, {**RISK, "weight": 0.3, "laplace_scale": -1.0}, "laplace_scale must be finite and >= 0"),
        (simulator.sample_private_risk, {**RISK, "weight": 0.3, "noise_variance": -1.0}, "noise_variance must be"),
        (simulator.sample_private_risk, {**RISK, "weight": 0.3, "bag_size": 0}, "bag_size must be an integer >= 1"),
        (simulator.sample_private_releases, {**RELEASE, "laplace_scale": 0.0}, "laplace_scale must be finite and > 0"),
        (simulator.sample_private_releases, {**RELEASE, "label": np.nan, "laplace_scale": 1.0}, "label must be finite"),
        (simulator.sample_private_releases, {**RELEASE, "other_label": np.inf, "laplace_scale": 1.0}, "other_label must be finite"),
        (simulator.sample_private_releases, {**RELEASE, "clip": -1.0, "laplace_scale": 1.0}, "clip must be"),
        (simulator.sample_gaussian_releases, {**RELEASE, "standard_deviation": 0.0}, "standard_deviation must be"),
        (simulator.sample_overlapping_bags, {**OVERLAPPING, "overlap": 0}, "overlap must be an integer >= 1"),
        (simulator.sample_overlapping_bags, {**OVERLAPPING, "dimension": 8, "overlap": 2}, "dimension must be smaller than the number of bags"),
        (simulator.sample_overlapping_bags, {**OVERLAPPING, "bag_size": 5, "overlap": 2}, "sample_size must be a multiple"),
        (simulator.sample_diabetes_error, {"bag_size": 3, "weights": (0.5,)}, "training_size must be a multiple of the bag size 3"),
        (simulator.sample_diabetes_error, {"bag_size": 1, "weights": (0.5,), "training_size": 433}, "at most 432; got 433"),
        (simulator.sample_diabetes_error, {"bag_size": 1, "weights": (0.5,), "training_size": 21}, "training_size must be an integer >= 22"),
        (simulator.sample_diabetes_error, {"bag_size": 2, "weights": ()}, "weights must"),
        (simulator.sample_diabetes_error, {"bag_size": 2, "weights": (0.5, -0.1)}, "weights must"),
        (simulator.sample_diabetes_error, {"bag_size": 2, "weights": (0.5,), "clip": np.nan}, "clip must be"),
    ],
)
def test_bad_input(sampler, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sampler(np.random.default_rng(0), 3, **parameters)
