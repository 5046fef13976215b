"""What the risk curve of arXiv:2401.11081 costs by each road, measured in one run on one BLAS thread.

Run as a script to see the tables, or with pytest to have the ratios checked:

    python benchmarks/bench_aggregate_responses.py
    pytest benchmarks/bench_aggregate_responses.py

The price of a curve is the time of a replicate times the variance of its values: the time to a given standard error is in proportion to it. All roads
are timed in turn, here and now, and the least time of each counts, so that a neighbour's load hits all alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal
from sklearn.linear_model import LinearRegression
from threadpoolctl import threadpool_limits

from theorylab.models.jacobi import jacobi_tridiagonal, tridiagonal_eigenvalues, tridiagonal_eigenvalues_plain
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulator

SAMPLE_SIZE, DIMENSION, BAG_SIZE = 600, 100, 3
WEIGHTS = tuple(float(weight) for weight in np.linspace(0.0, 1.0, 22)[1:])
SETTING = {"sample_size": SAMPLE_SIZE, "dimension": DIMENSION, "bag_size": BAG_SIZE, "weights": WEIGHTS}


class Road(NamedTuple):
    """One way to the curve: milliseconds a replicate, and the standard deviation of a replicate's risk (root mean square over the weights)."""

    name: str
    milliseconds: float
    deviation: float

    @property
    def price(self) -> float:
        """Seconds to a standard error of 1e-3 of the risk."""
        return 1e-3 * self.milliseconds * (self.deviation / 1e-3) ** 2


def least_times(calls: dict[str, tuple[Callable[[int], object], int]], rounds: int) -> dict[str, float]:
    """Time the calls in turn, `rounds` times after a warming one, and return the least milliseconds a replicate of each."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for attempt in range(rounds + 1):
        for name, (call, replicates) in calls.items():
            start = time.perf_counter()
            call(replicates)
            if attempt:
                times[name].append(1e3 * (time.perf_counter() - start) / replicates)
    return {name: min(found) for name, found in times.items()}


def draw_data(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw one data set: features, their bag averages, bag means of the labels."""
    features = rng.standard_normal((SAMPLE_SIZE, DIMENSION))
    labels = features @ np.full(DIMENSION, DIMENSION**-0.5) + rng.standard_normal(SAMPLE_SIZE)
    return features, features.reshape(-1, BAG_SIZE, DIMENSION).mean(axis=1), labels.reshape(-1, BAG_SIZE).mean(axis=1)


def least_squares_curve(features: np.ndarray, averages: np.ndarray, bag_means: np.ndarray) -> np.ndarray:
    """Solve each weight by numpy's least squares on the stacked rows of both losses."""
    repeated = np.repeat(bag_means, BAG_SIZE)
    curve = []
    for weight in WEIGHTS:
        bag, instance = np.sqrt((1.0 - weight) * BAG_SIZE), np.sqrt(weight)
        rows, targets = np.concatenate([bag * averages, instance * features]), np.concatenate([bag * bag_means, instance * repeated])
        curve.append(np.linalg.lstsq(rows, targets, rcond=None)[0])
    return np.array(curve)


def scikit_learn_curve(features: np.ndarray, averages: np.ndarray, bag_means: np.ndarray) -> np.ndarray:
    """Solve each weight by scikit-learn's linear regression, with sample weights for the two losses."""
    rows, targets = np.concatenate([averages, features]), np.concatenate([bag_means, np.repeat(bag_means, BAG_SIZE)])
    curve = []
    for weight in WEIGHTS:
        sample_weight = np.repeat([(1.0 - weight) * BAG_SIZE, weight], [len(averages), len(features)])
        curve.append(LinearRegression(fit_intercept=False).fit(rows, targets, sample_weight=sample_weight).coef_)
    return np.array(curve)


def spread(values: np.ndarray) -> float:
    """Return the standard deviation over the replicates, root mean square over the weights."""
    return float(np.sqrt(values.var(axis=0).mean()))


def measure_roads() -> list[Road]:
    """Return all roads to the curve of 21 weights at d = 100, n = 600, k = 3."""
    rng = np.random.default_rng()

    def loop(solve: Callable[..., np.ndarray]) -> Callable[[int], object]:
        return lambda size: [((solve(*draw_data(rng)) - DIMENSION**-0.5) ** 2).sum(axis=1) for _ in range(size)]

    samplers = {
        "scikit-learn, weight by weight": (loop(scikit_learn_curve), 1),
        "least squares, weight by weight": (loop(least_squares_curve), 1),
        "raw sampler, shared Gram matrices": (lambda size: simulator.sample_raw_risk(rng, size, **SETTING), 16),
        "raw features, rest integrated": (lambda size: simulator.sample_conditional_risk(rng, size, **SETTING), 2),
        "two Wishart matrices": (lambda size: simulator.sample_wishart_risk(rng, size, **SETTING), 16),
        "Jacobi spectrum": (lambda size: simulator.sample_jacobi_risk(rng, size, **SETTING), 256),
    }
    with threadpool_limits(1):
        milliseconds = least_times(samplers, rounds=4)
        raw = spread(simulator.sample_raw_risk(rng, 256, **SETTING)["risk"])
        integrated = spread(simulator.sample_wishart_risk(rng, 256, **SETTING)["risk"])
        spectral = spread(simulator.sample_jacobi_risk(rng, 4096, **SETTING)["risk"])
    deviations = [raw, raw, raw, integrated, integrated, spectral]
    return [Road(name, milliseconds[name], deviation) for name, deviation in zip(samplers, deviations, strict=True)]


def measure_eigenvalues() -> dict[str, float]:
    """Return microseconds for the eigenvalues of one tridiagonal matrix of the Jacobi model with d = 100, by three solvers."""
    diagonal, squares = jacobi_tridiagonal(
        np.random.default_rng(), 64, first_degrees_of_freedom=200, second_degrees_of_freedom=400, dimension=DIMENSION
    )
    roots = np.sqrt(squares)
    calls = {
        "scipy, one by one": (lambda size: [eigvalsh_tridiagonal(diagonal[i], roots[i], lapack_driver="sterf") for i in range(size)], 64),
        "LAPACK, dense batch": (lambda size: tridiagonal_eigenvalues_plain(diagonal, squares), 64),
        "compiled batch": (lambda size: tridiagonal_eigenvalues(diagonal, squares), 64),
    }
    with threadpool_limits(1):
        return {name: 1e3 * milliseconds for name, milliseconds in least_times(calls, rounds=5).items()}


def measure_surface() -> tuple[float, tuple[int, ...]]:
    """Return the seconds for the limiting risk at 40 ratios x 10 bag sizes x 20 signal-to-noise ratios x 100 weights, and its shape."""
    ratios, bag_sizes = np.linspace(1.2, 20.0, 40)[:, None, None, None], np.arange(1, 11)[:, None, None]
    noise, weights = 1.0 / np.geomspace(0.1, 10.0, 20)[:, None], np.linspace(0.01, 1.0, 100)
    start = time.perf_counter()
    risk = theory.asymptotic_risk(ratios, bag_sizes, weights, 1.0, noise).risk
    return time.perf_counter() - start, np.shape(risk)


def test_a_spectrum_is_worth_a_thousand_data_sets() -> None:
    """The ratio is in the hundred thousands on a quiet machine."""
    roads = measure_roads()
    show_roads(roads)
    price = {road.name: road.price for road in roads}
    assert price["least squares, weight by weight"] > 1000.0 * price["Jacobi spectrum"]
    assert price["scikit-learn, weight by weight"] > 1000.0 * price["Jacobi spectrum"]
    assert price["least squares, weight by weight"] > 1000.0 * price["two Wishart matrices"]


def test_peers_compute_the_same_curve() -> None:
    features, averages, bag_means = draw_data(np.random.default_rng())
    own = simulator.interpolating_coefficients(features[None], bag_means[None], bag_size=BAG_SIZE, weights=WEIGHTS)[0]
    np.testing.assert_allclose(least_squares_curve(features, averages, bag_means), own, atol=1e-10)
    np.testing.assert_allclose(scikit_learn_curve(features, averages, bag_means), own, atol=1e-10)


def test_compiled_eigenvalues_are_worth_having() -> None:
    microseconds = measure_eigenvalues()
    print(microseconds)
    assert microseconds["compiled batch"] < 0.7 * microseconds["LAPACK, dense batch"]


def test_the_surface_takes_less_than_five_seconds() -> None:
    seconds, shape = measure_surface()
    assert shape == (40, 10, 20, 100)
    assert seconds < 5.0


def show_roads(roads: list[Road]) -> None:
    """Print the table of roads; the last column is the price relative to least squares weight by weight."""
    reference = next(road.price for road in roads if road.name.startswith("least squares"))
    print(
        f"{f'd={DIMENSION}, n={SAMPLE_SIZE}, {len(WEIGHTS)} weights':36}{'ms/replicate':>14}{'s.d. of risk':>14}{'s to 1e-3':>12}{'times less':>12}"
    )
    for road in roads:
        print(f"{road.name:36}{road.milliseconds:14.3f}{road.deviation:14.5f}{road.price:12.4g}{reference / road.price:12.4g}")


if __name__ == "__main__":
    show_roads(measure_roads())
    for name, microseconds in measure_eigenvalues().items():
        print(f"eigenvalues of a tridiagonal matrix, d={DIMENSION}, {name:20}{microseconds:10.1f} us")
    print(f"limiting risk, 40 x 10 x 20 x 100 points: {measure_surface()[0]:.3f} s")
