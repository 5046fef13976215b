"""The private aggregator: what it releases, what it guarantees to the last digit, and an audit that tells the right scale from its half."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.base import clone

from theorylab.papers.aggregate_responses.estimators import PrivateAggregator, audit_privacy

BAGS = np.array(["b", "a", "a", "c", "c", "c"])
LABELS = np.array([0.5, 9.0, 1.0, -9.0, 0.0, 1.0])


def laplace_log_ratio(release: np.ndarray, mean: np.ndarray, other: np.ndarray, scales: np.ndarray) -> Any:
    return ((np.abs(release - other) - np.abs(release - mean)) / scales).sum(axis=-1)


@pytest.mark.parametrize("mechanism", ["laplace", "gaussian"])
def test_releases_are_clipped_means_and_noise(mechanism: str) -> None:
    """Means and standard deviations within 8 standard errors; Laplace variance 2 b^2."""
    aggregator = PrivateAggregator(0.7, 2.0, mechanism, delta=1e-5 if mechanism == "gaussian" else None, random_state=np.random.default_rng())
    released = aggregator.sample_releases(LABELS, BAGS, 200_000)
    scales = aggregator.noise_scales(BAGS)
    deviations = scales * (np.sqrt(2.0) if mechanism == "laplace" else 1.0)
    assert released.shape == (200_000, 3)
    np.testing.assert_array_less(np.abs(released.mean(axis=0) - [1.5, 0.5, -1.0 / 3.0]), 8 * deviations / np.sqrt(200_000))
    # The kurtosis of Laplace is 6: the variance has the relative standard error sqrt(5 / N).
    np.testing.assert_allclose(released.var(axis=0), deviations**2, rtol=8 * np.sqrt(5 / 200_000))
    kurtosis = np.mean(((released - released.mean(axis=0)) / released.std(axis=0)) ** 4, axis=0)
    assert np.all(kurtosis > 4.5) if mechanism == "laplace" else np.all(kurtosis < 3.5)


def test_scales() -> None:
    np.testing.assert_allclose(PrivateAggregator(0.7, 2.0).noise_scales(BAGS), [4.0 / (2 * 0.7), 4.0 / 0.7, 4.0 / (3 * 0.7)])
    np.testing.assert_allclose(PrivateAggregator(0.7, 2.0, overlap=3).noise_scales(BAGS), 3 * PrivateAggregator(0.7, 2.0).noise_scales(BAGS))
    gaussian = PrivateAggregator(0.7, 2.0, "gaussian", delta=1e-5)
    # 5.16649 standard deviations per unit of sensitivity.
    np.testing.assert_allclose(gaussian.noise_scales(BAGS), 5.16649 * 4.0 / np.array([2, 1, 3]), rtol=1e-5)
    overlapping = clone(gaussian).set_params(overlap=4)
    np.testing.assert_allclose(overlapping.noise_scales(BAGS), 2.0 * gaussian.noise_scales(BAGS))


@pytest.mark.parametrize("factor", [1.0, 0.5])
@pytest.mark.parametrize("overlap", [1, 2])
def test_laplace_loss_is_the_largest_log_ratio_on_a_grid(factor: float, overlap: int) -> None:
    """Every label is moved from -T to T; the ratio is piecewise linear with corners at the means, so a grid with these holds the maximum."""
    bags = BAGS if overlap == 1 else np.column_stack([BAGS, ["x", "x", "y", "y", "y", "y"]])
    aggregator = PrivateAggregator(0.7, 2.0, overlap=overlap)
    scales = factor * aggregator.noise_scales(bags)
    table = bags.reshape(6, -1)
    names = np.unique(table)
    worst = 0.0
    for person in range(6):
        y = np.zeros(6)
        y[person] = 2.0
        means = [np.array([value[(table == name).any(axis=1)].mean() for name in names]) for value in (y, -y)]
        moved = np.flatnonzero(means[0] != means[1])
        axes = [np.linspace(-5.0, 5.0, 101) if a in moved else np.array([0.0]) for a in range(len(names))]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(names))
        worst = max(worst, float(np.max(np.abs(laplace_log_ratio(grid, means[0], means[1], scales)))))
    guarantee = aggregator.privacy_loss(bags, scales)
    assert guarantee == (pytest.approx(worst, rel=1e-12), 0.0)
    assert worst == pytest.approx(0.7 / factor, rel=1e-12)
    assert aggregator.privacy_loss(bags).epsilon == pytest.approx(0.7, rel=1e-12)


def test_fewer_overlaps_than_allowed_lose_less() -> None:
    assert PrivateAggregator(0.7, 2.0, overlap=2).privacy_loss(BAGS).epsilon == pytest.approx(0.35, rel=1e-12)
    halves = PrivateAggregator(0.7, 2.0, "gaussian", delta=1e-3, overlap=2).privacy_loss(BAGS)
    assert halves.delta < 0.5e-3


@pytest.mark.parametrize("factor", [1.0, 0.5])
@pytest.mark.parametrize("overlap", [1, 2])
def test_gaussian_delta_by_integration(factor: float, overlap: int) -> None:
    """delta = integral of (p - e^epsilon q)_+, which for Gaussian noise depends on the length of the shift in standard deviations alone."""
    bags = BAGS if overlap == 1 else np.column_stack([BAGS, ["x", "x", "y", "y", "y", "y"]])
    aggregator = PrivateAggregator(0.7, 2.0, "gaussian", delta=1e-3, overlap=overlap)
    scales = factor * aggregator.noise_scales(bags)
    sizes = dict(zip(*np.unique(bags, return_counts=True), strict=True))
    position = {name: i for i, name in enumerate(sorted(sizes))}
    shift = max(np.sqrt(sum((4.0 / (sizes[name] * scales[position[name]])) ** 2 for name in row)) for row in bags.reshape(6, -1))
    start = 0.7 / shift - shift / 2  # log p/q = shift x + shift^2 / 2 exceeds epsilon from here on, x counted from the mean of p

    def excess(x: float) -> float:
        return float(norm.pdf(x) - np.exp(0.7) * norm.pdf(x + shift))

    expected = quad(excess, start, 12.0, epsabs=1e-14, epsrel=1e-10)[0]
    guarantee = aggregator.privacy_loss(bags, scales)
    assert guarantee == (0.7, pytest.approx(expected, rel=1e-7))
    assert (guarantee.delta == pytest.approx(1e-3, rel=1e-8)) if factor == 1.0 else (guarantee.delta > 5e-3)


def test_bags_in_several_columns_share_their_names() -> None:
    bags = np.array([["a", "b"], ["b", "c"], ["c", "a"]])
    aggregator = PrivateAggregator(1e6, 100.0, overlap=2, random_state=0)
    np.testing.assert_allclose(aggregator.aggregate([1.0, 2.0, 4.0], bags), [2.5, 1.5, 3.0], atol=0.02)


def test_seeds_clones_and_pickles() -> None:
    aggregator = PrivateAggregator(1.0, 2.0, random_state=3)
    np.testing.assert_array_equal(aggregator.aggregate(LABELS, BAGS), aggregator.aggregate(LABELS, BAGS))
    fresh = PrivateAggregator(1.0, 2.0)
    assert not np.array_equal(fresh.aggregate(LABELS, BAGS), fresh.aggregate(LABELS, BAGS))
    stream = PrivateAggregator(1.0, 2.0, random_state=np.random.default_rng(3))
    assert not np.array_equal(stream.aggregate(LABELS, BAGS), stream.aggregate(LABELS, BAGS))
    for copy in (clone(aggregator), pickle.loads(pickle.dumps(aggregator))):
        assert copy.get_params() == aggregator.get_params()
        np.testing.assert_array_equal(copy.aggregate(LABELS, BAGS), aggregator.aggregate(LABELS, BAGS))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"epsilon": 0.0}, "epsilon must be finite and > 0"),
        ({"epsilon": -1.0}, "epsilon must be"),
        ({"epsilon": float("nan")}, "epsilon must be"),
        ({"clip": 0.0}, "clip must be finite and > 0"),
        ({"clip": float("inf")}, "clip must be"),
        ({"mechanism": "uniform"}, "mechanism must be one of"),
        ({"delta": 1e-5}, "delta must be None for the laplace mechanism"),
        ({"mechanism": "gaussian"}, "delta must be > 0 and < 1"),
        ({"mechanism": "gaussian", "delta": 0.0}, "delta must be"),
        ({"mechanism": "gaussian", "delta": 1.0}, "delta must be"),
        ({"epsilon": [1.0, 2.0]}, "epsilon must be one number"),
        ({"overlap": 0}, "overlap must be an integer >= 1"),
        ({"overlap": 1.5}, "overlap must be"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PrivateAggregator(**{"epsilon": 1.0, "clip": 2.0, **parameters}).aggregate(LABELS, BAGS)


@pytest.mark.parametrize(
    ("labels", "bags", "message"),
    [
        ([1.0, np.nan, 2.0], [0, 0, 1], "labels must be finite"),
        ([1.0, 2.0], [0, 0, 1], r"labels must have shape \(3,\)"),
        ([1.0, 2.0, 3.0], [[0, 1], [1, 2], [2, 0]], "at most overlap = 1 bags"),
        ([1.0, 2.0, 3.0], [0.0, np.nan, 1.0], "bags must not be missing"),
        ([], [], "bags must have shape"),
        ([1.0], 3, "bags must have shape"),
    ],
)
def test_bad_data(labels: Any, bags: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PrivateAggregator(1.0, 2.0).aggregate(labels, bags)


def test_a_bag_counts_once_and_scales_are_positive() -> None:
    with pytest.raises(ValueError, match="at most once for each sample"):
        PrivateAggregator(1.0, 2.0, overlap=2).aggregate([1.0, 2.0], [[0, 0], [0, 1]])
    with pytest.raises(ValueError, match="noise_scales must be"):
        PrivateAggregator(1.0, 2.0).privacy_loss(BAGS, [1.0, 0.0, 1.0])
    with pytest.raises(ValueError, match="releases must be"):
        PrivateAggregator(1.0, 2.0).sample_releases(LABELS, BAGS, 0)


def laplace_bag(scale: float) -> Any:
    """A bag of five, clipped at 2, as somebody else might have written it."""

    def mechanism(labels: np.ndarray, releases: int, rng: np.random.Generator) -> np.ndarray:
        return np.clip(labels, -2.0, 2.0).mean() + rng.laplace(0.0, scale, releases)

    return mechanism


PAIR = {"labels": [2.0, 0.0, 0.0, 0.0, 0.0], "neighbour": [-2.0, 0.0, 0.0, 0.0, 0.0]}


def test_audit_accepts_the_right_scale_and_catches_its_half() -> None:
    """Error probability 1e-9 for an accusation. The bounds lie .05 below the truth, with a standard error of .007: other failures are rarer."""
    right = audit_privacy(laplace_bag(0.8 / 0.7), epsilon=0.7, **PAIR)
    assert not right.refuted
    assert 0.55 < right.epsilon_lower <= 0.7
    half = audit_privacy(laplace_bag(0.4 / 0.7), epsilon=0.7, **PAIR)
    assert half.refuted
    assert 1.2 < half.epsilon_lower <= 1.4
    assert (half.claimed_epsilon, half.delta, half.error_probability, half.releases) == (0.7, 0.0, 1e-9, 100_000)
    assert half.counts[0] > 2 * half.counts[1]


def test_audit_of_the_aggregator() -> None:
    single = audit_privacy(PrivateAggregator(0.7, 2.0, random_state=np.random.default_rng()), bags=BAGS)
    assert not single.refuted
    assert single.epsilon_lower > 0.55
    overlapping = np.column_stack([BAGS, ["x", "x", "y", "y", "y", "y"]])
    double = audit_privacy(PrivateAggregator(1.4, 2.0, overlap=2, random_state=np.random.default_rng()), bags=overlapping)
    assert not double.refuted
    # One coordinate alone could show no more than half of epsilon.
    assert double.epsilon_lower > 1.0
    gaussian = PrivateAggregator(0.7, 2.0, "gaussian", delta=0.02, random_state=np.random.default_rng())
    assert not audit_privacy(gaussian, bags=BAGS).refuted
    assert audit_privacy(gaussian, bags=BAGS, delta=0.0).epsilon_lower > 0.7
    # A claim is judged as it is made.
    assert audit_privacy(PrivateAggregator(2.0, 2.0, random_state=np.random.default_rng()), bags=BAGS, epsilon=1.0).refuted


def test_audit_with_a_fixed_seed_draws_fresh_noise() -> None:
    aggregator = PrivateAggregator(0.7, 2.0, random_state=5)
    assert audit_privacy(aggregator, bags=BAGS, releases=20_000) == audit_privacy(aggregator, bags=BAGS, releases=20_000)
    assert not audit_privacy(aggregator, bags=BAGS, releases=20_000).refuted
    assert aggregator.random_state == 5


def test_audit_of_no_privacy_and_of_perfect_privacy() -> None:
    plain = audit_privacy(lambda labels, releases, rng: np.full(releases, labels.mean()), epsilon=3.0, releases=10_000, **PAIR)
    assert plain.refuted
    assert plain.counts == (5000, 0)
    silent = audit_privacy(lambda labels, releases, rng: rng.random((releases, 2)), epsilon=0.01, releases=10_000, **PAIR)
    assert not silent.refuted
    assert silent.epsilon_lower == 0.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epsilon": None}, "epsilon must be given"),
        ({"epsilon": 0.0}, "epsilon must be finite and > 0"),
        ({"delta": 1.0}, "delta must be"),
        ({"labels": None}, "labels must be given"),
        ({"neighbour": [-2.0, 1.0, 0.0, 0.0, 0.0]}, "in exactly one entry; got 2"),
        ({"neighbour": PAIR["labels"]}, "in exactly one entry; got 0"),
        ({"neighbour": [1.0]}, "neighbour must have shape"),
        ({"releases": 10}, "releases must be an integer >= 1000"),
        ({"error_probability": 0.0}, "error_probability must be"),
        ({"bags": [0] * 5}, "bags must be left out"),
        ({"mechanism": 3}, "mechanism must be"),
        ({"mechanism": PrivateAggregator(1.0, 1.0)}, "bags must be given"),
        ({"mechanism": lambda labels, releases, rng: np.full(releases, np.nan)}, "finite releases"),
        ({"mechanism": lambda labels, releases, rng: 1.0}, "mechanism must return shape"),
    ],
)
def test_bad_audits(changes: dict[str, Any], message: str) -> None:
    arguments = {"mechanism": laplace_bag(1.0), "epsilon": 0.7, "releases": 1000, **PAIR, **changes}
    with pytest.raises(ValueError, match=message):
        audit_privacy(arguments.pop("mechanism"), **arguments)
