"""Logistic regressions on many small data sets, and the expected error of naive Bayes: what they cost here and by scikit-learn.

All is measured in one run on one thread. The batched solver stands against a loop over scikit-learn's; the exact expected error against sampling
sufficient statistics, raw data, and a loop over scikit-learn's classifier.

Run as a script to see the table, or with pytest to have the ratios checked:

    python benchmarks/bench_naive_bayes_logistic.py
    pytest benchmarks/bench_naive_bayes_logistic.py

scikit-learn fits data set by data set, by its solvers lbfgs and newton-cholesky at their default tolerance; the faster of them counts. Times are
processor times, all are taken in turn, here and now, and the least of each counts, so that a neighbour's load does little and hits all alike. How
accurate the batched solver is, is measured against scikit-learn at a tolerance of 1e-10. For naive Bayes the unit is the time to one accuracy:
milliseconds a replicate times the variance of a replicate, over the square of the wanted standard error.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from threadpoolctl import threadpool_info, threadpool_limits

from theorylab.numerics.logistic_regression import fit_logistic_batched
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate

# (samples, features, classes) -> how many times faster the batched solver must be.
REQUIRED = {
    (60, 10, 2): 40.0,
    (200, 20, 2): 10.0,
    (400, 50, 2): 3.0,
    (1000, 100, 2): 1.0,
    (60, 10, 3): 20.0,
    (200, 20, 3): 8.0,
    (300, 50, 3): 2.0,
    (300, 20, 5): 2.0,
}


class Timing(NamedTuple):
    """Milliseconds a data set, and the largest difference of a coefficient from those of a tightly converged scikit-learn."""

    batched: float
    lbfgs: float
    newton: float
    deviation: float

    @property
    def ratio(self) -> float:
        """How many times faster the batched solver is than the faster of scikit-learn's."""
        return min(self.lbfgs, self.newton) / self.batched


def draw(rng: np.random.Generator, replicates: int, samples: int, features: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw data sets of normal classes whose means are at the distance 2 from one another, so that they overlap."""
    means = np.sqrt(2.0) * np.linalg.qr(rng.standard_normal((features, classes)))[0].T
    labels = rng.integers(0, classes, (replicates, samples))
    labels[:, :classes] = np.arange(classes)
    return rng.standard_normal((replicates, samples, features)) + means[labels], labels


def peer(solver: str, features: np.ndarray, labels: np.ndarray, tolerance: float = 1e-4) -> list[LogisticRegression]:
    """Fit scikit-learn's model to each data set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return [LogisticRegression(solver=solver, tol=tolerance, max_iter=1000).fit(*own) for own in zip(features, labels, strict=True)]


def least_times(calls: dict[str, tuple[Callable[[], object], int]], rounds: int = 5) -> dict[str, float]:
    """Time the calls in turn, `rounds` times after a warming one, and return the least milliseconds a data set of each."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for attempt in range(rounds + 1):
        for name, (call, replicates) in calls.items():
            start = time.process_time()
            call()
            if attempt:
                times[name].append(1e3 * (time.process_time() - start) / replicates)
    return {name: min(found) for name, found in times.items()}


def measure(samples: int, features: int, classes: int) -> Timing:
    """Time the solvers on data sets of one size, and compare their coefficients."""
    rng = np.random.default_rng()
    many = max(8, 3_000_000 // (samples * features * 20))
    few = 6
    x, y = draw(rng, many, samples, features, classes)
    with threadpool_limits(1):
        times = least_times(
            {
                "batched": (lambda: fit_logistic_batched(x, y, classes, ridge=1.0), many),
                "lbfgs": (lambda: peer("lbfgs", x[:few], y[:few]), few),
                "newton-cholesky": (lambda: peer("newton-cholesky", x[:few], y[:few]), few),
            }
        )
        fit = fit_logistic_batched(x[:few], y[:few], classes, ridge=1.0)
        tight = peer("newton-cholesky", x[:few], y[:few], 1e-10)
    differences = fit.weights - fit.weights[:, :1]
    deviation = 0.0
    for own, model in zip(differences, tight, strict=True):
        coefficients = np.concatenate([np.zeros_like(model.coef_), model.coef_]) if classes == 2 else model.coef_ - model.coef_[:1]
        deviation = max(deviation, float(np.abs(own - coefficients).max()))
    return Timing(times["batched"], times["lbfgs"], times["newton-cholesky"], deviation)


def measure_isotropic(dimension: int) -> dict[str, float]:
    """Return milliseconds for the error of one fit to 14 isotropic samples from raw features and from their Gram factor."""
    rng, setting = np.random.default_rng(), {"ridge": 1.0, "class_counts": (7, 7), **theory.isotropic_design(dimension)}
    with threadpool_limits(1):
        return least_times(
            {
                "raw features": (lambda: simulate.sample_logistic_error(rng, 64, **setting), 64),
                "Gram factor": (lambda: simulate.sample_isotropic_logistic_error(rng, 256, **setting), 256),
            }
        )


def loop_over_library(rng: np.random.Generator, replicates: int, counts: tuple[int, int], gap: float, features: int, test_points: int) -> np.ndarray:
    """Return test errors (replicates,) of scikit-learn's GaussianNB, fitted to one training set after the other."""
    labels, truth = np.repeat([0, 1], counts), np.repeat([0, 1], test_points)
    errors = np.empty(replicates)
    for replicate in range(replicates):
        train = rng.standard_normal((labels.size, features)) + gap * labels[:, None]
        test = rng.standard_normal((truth.size, features)) + gap * truth[:, None]
        errors[replicate] = np.mean(GaussianNB(var_smoothing=0.0).fit(train, labels).predict(test) != truth)
    return errors


def measure_expected_error(standard_error: float = 1e-4) -> dict[str, float]:
    """Return the seconds that each way takes to the expected error of naive Bayes with variances of each class, to one standard error."""
    rng, counts, gap, features = np.random.default_rng(), (6, 6), 0.7, 12
    setting = {"gaps": (gap,), "multiplicities": (features,), "variance": "class", "class_counts": counts}
    samples = {
        "scikit-learn, 100 test points a class": (lambda size: loop_over_library(rng, size, counts, gap, features, 100), 200),
        "raw data": (lambda size: simulate.sample_naive_bayes_error_raw(rng, size, **setting)["error"], 2000),
        "sufficient statistics": (lambda size: simulate.sample_naive_bayes_error(rng, size, **setting)["error"], 20_000),
    }
    with threadpool_limits(1):
        times = least_times({name: (lambda draw=draw, size=size: draw(size), size) for name, (draw, size) in samples.items()})
        needed = {name: draw(10 * size).var() / standard_error**2 for name, (draw, size) in samples.items()}
        exact = least_times({"exact": (lambda: theory.naive_bayes_expected_error([gap], [features], *counts, variance="class"), 1)})
    return {name: 1e-3 * times[name] * needed[name] for name in samples} | {"exact": 1e-3 * exact["exact"]}


def measure_exact_curve() -> float:
    """Return the seconds of the exact expected error at 100 training sizes with random class counts, in the paper's mixture of 100 features."""
    design = theory.paper_design(2, 100)
    with threadpool_limits(1):
        start = time.process_time()
        theory.naive_bayes_expected_error_random_counts(design["gaps"], design["multiplicities"], np.arange(4, 104), variance="pooled")
        return time.process_time() - start


def test_exact_errors_cost_less_than_simulated_ones() -> None:
    seconds = measure_expected_error()
    print(seconds)
    assert seconds["exact"] < 0.1 * seconds["sufficient statistics"] < 0.1 * seconds["scikit-learn, 100 test points a class"]
    assert measure_exact_curve() < 5.0


def test_batched_fits_are_faster_and_the_same() -> None:
    for size, required in REQUIRED.items():
        timing = measure(*size)
        show(size, timing)
        assert timing.ratio > required
        assert timing.deviation < 1e-6


def test_gram_factor_pays_at_large_dimension() -> None:
    milliseconds = measure_isotropic(2000)
    print(milliseconds)
    assert milliseconds["Gram factor"] < 0.2 * milliseconds["raw features"]


def show(size: tuple[int, int, int], timing: Timing) -> None:
    """Print a line of the table."""
    samples, features, classes = size
    print(
        f"{samples:6}{features:6}{classes:4}{timing.batched:12.4f}{timing.lbfgs:12.3f}{timing.newton:12.3f}"
        f"{timing.ratio:10.1f}{timing.deviation:12.1e}{REQUIRED.get(size, 0.0):10g}"
    )


if __name__ == "__main__":
    kernels = {entry.get("architecture") for entry in threadpool_info() if entry["user_api"] == "blas"}
    print(f"BLAS kernels: {', '.join(sorted(map(str, kernels)))}")
    print(f"{'m':>6}{'d':>6}{'K':>4}{'batched ms':>12}{'lbfgs':>12}{'newton':>12}{'ratio':>10}{'deviation':>12}{'required':>10}")
    for each in [*REQUIRED, (112, 100, 2), (400, 400, 2), (400, 100, 7)]:
        show(each, measure(*each))
    for name, milliseconds in measure_isotropic(2000).items():
        print(f"isotropic, d=2000, m=14, {name:14}{milliseconds:10.4f} ms")
    for name, seconds in measure_expected_error().items():
        print(f"expected error of naive Bayes to 1e-4, {name:40}{seconds:10.3g} s")
    print(f"exact expected errors at 100 training sizes, random class counts{'':15}{measure_exact_curve():10.3g} s")
