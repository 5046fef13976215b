"""Speed of the exact tail against the published estimate, and of the estimators that reach the tail, as ratios in one run.

``python benchmarks/bench_inductive_bias.py`` prints tables; ``pytest benchmarks/bench_inductive_bias.py`` asserts the ratios.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy.stats import ncx2

from theorylab.montecarlo.threads import one_blas_thread
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias import monte_carlo as simulate
from theorylab.papers.inductive_bias.estimators import fit_bias
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task


def seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """Return the least processor time of some rounds after one that warms up."""
    work()
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def exact_and_fitted() -> dict[str, float]:
    """Return seconds of the exact bias of KRON(4, 32, 64) and of what the paper fits to 1e4 sampled errors."""
    base = theory.task_distribution(kronecker_task(4, 32, 64))
    eps = 0.1 * base.mean()
    errors = np.asarray(base.rvs(10_000, 0))
    begin = time.process_time()
    degrees, noncentrality, _, scale = ncx2.fit(errors, floc=0)
    published = time.process_time() - begin
    print(f"published fit: {degrees:.2f} degrees, noncentrality {noncentrality:.4f}, {-ncx2.logcdf(eps, degrees, noncentrality, 0, scale):.3f} nats")
    print(f"exact: {theory.required_inductive_bias(base, eps):.5f} nats")
    return {
        "published likelihood fit, S = 1e4": published,
        "Gamma fit, S = 1e4": seconds(lambda: fit_bias(errors, eps)),
        "exact, R = 64": seconds(lambda: theory.required_inductive_bias(base, eps), 20),
    }


def many_spectra() -> dict[str, float]:
    """Return seconds of 1e4 spectra of 16 terms, both tails."""
    rng = np.random.default_rng(0)
    law = GeneralizedChiSquared(rng.exponential(size=(10_000, 16)), 1.0, rng.exponential(size=(10_000, 16)))
    mean = np.asarray(law.mean())
    return {"lower tails": seconds(lambda: law.logcdf(0.1 * mean), 2), "upper tails": seconds(lambda: law.logsf(3.0 * mean), 2)}


def tails() -> dict[str, float]:
    """Return seconds of splitting to some 1500 nats and of 1e3 networks of width 256 and depth 3."""
    rng = np.random.default_rng(0)
    base = theory.task_distribution(kronecker_task(4, 32, 64))
    values, shift = base.weights, np.sqrt(base.noncentrality)
    eps = float(base.mean() * 1e-21)
    nats = float(theory.required_inductive_bias(base, eps))
    found = {}
    begin = time.process_time()
    estimate = simulate.splitting(rng, lambda z: (values * (z + shift) ** 2).sum(axis=1), len(values), eps, particles=200, level=0.2, moves=10)
    found[f"splitting to {nats:.0f} nats (found {estimate:.0f})"] = time.process_time() - begin
    setting = {"dimension": 3, "train": 6, "test": 6, "depth": 3, "target_errors": (0.3,), "nugget": 0.01}
    begin = time.process_time()
    for _ in range(20):
        simulate.sample_finite_width(rng, 50, width=256, **setting)
    found["1e3 networks of width 256, depth 3"] = time.process_time() - begin
    return found


def test_exact_is_a_thousand_times_faster_than_the_published_fit() -> None:
    """The ratio, not the time."""
    with one_blas_thread():
        found = exact_and_fitted()
    assert found["published likelihood fit, S = 1e4"] > 1000 * found["exact, R = 64"]


def main() -> None:
    """Print the tables."""
    with one_blas_thread():
        for table in (exact_and_fitted, many_spectra, tails):
            for name, value in table().items():
                print(f"{name:50s} {value:10.5f} s")


if __name__ == "__main__":
    main()
