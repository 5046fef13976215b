"""How much the exact short samplers of arXiv:2307.03576 save, measured in one run on one BLAS thread.

Run as a script to see the table, or with pytest to have the ratios checked:

    python benchmarks/bench_one_step_gd.py
    pytest benchmarks/bench_one_step_gd.py

Each row compares the cost per replicate of a short sampler with that of the plain way to the same number, both timed here and now.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from theorylab.models.wishart import laguerre_tridiagonal
from theorylab.papers.one_step_gd import monte_carlo as simulator
from theorylab.papers.one_step_gd.kernels import excess_and_gradient


class Row(NamedTuple):
    """Microseconds per replicate of the plain and the short way, and the least ratio that is worth having the short way for."""

    name: str
    plain: float
    short: float
    least_ratio: float

    @property
    def ratio(self) -> float:
        """How many times faster the short way is."""
        return self.plain / self.short


def compare(
    name: str, plain: Callable[[int], object], plain_replicates: int, short: Callable[[int], object], short_replicates: int, least_ratio: float
) -> Row:
    """Time both ways in turn, five times each after a warming call, and keep the least time of each: a neighbour's load then hits both alike."""
    times: dict[str, list[float]] = {"plain": [], "short": []}
    for attempt in range(6):
        for key, call, replicates in (("plain", plain, plain_replicates), ("short", short, short_replicates)):
            start = time.perf_counter()
            call(replicates)
            if attempt:
                times[key].append(1e6 * (time.perf_counter() - start) / replicates)
    return Row(name, min(times["plain"]), min(times["short"]), least_ratio)


def ridge_trace_row(context_length: int, dimension: int, plain_replicates: int, short_replicates: int, least_ratio: float) -> Row:
    """Time tr (X^T X + lam I)^-1: raw X, formed and inverted, against the bidiagonal model."""
    rng = np.random.default_rng()

    def plain(size: int) -> float:
        total = 0.0
        for _ in range(size):
            X = rng.standard_normal((context_length, dimension))
            total += float(np.trace(np.linalg.inv(X.T @ X + 0.5 * np.eye(dimension))))
        return total

    def short(size: int) -> np.ndarray:
        return np.asarray(simulator.sample_bayes_excess(rng, size, context_length=context_length, dimension=dimension, noise_variance=0.5))

    name = f"ridge trace, d={dimension}, n={context_length}"
    return compare(name, plain, plain_replicates, short, short_replicates, least_ratio)


def trace_row(context_length: int, dimension: int) -> Row:
    """Time tr S and tr S^2: raw X and its Gram matrix against the bidiagonal model."""
    rng = np.random.default_rng()
    setting = {"context_length": context_length, "dimension": dimension}

    def plain(size: int) -> object:
        return simulator.sample_covariate_traces(rng, size, covariate_law="gaussian", **setting)

    def short(size: int) -> object:
        return simulator.sample_wishart_traces(rng, size, **setting)

    return compare(f"tr S^2, d={dimension}, n={context_length}", plain, 256, short, 2048, 2.0)


def eigenvalue_row(context_length: int, dimension: int) -> Row:
    """Time the largest eigenvalue of one tridiagonal matrix: LAPACK's bisection against Laguerre's iteration (drawing included in both)."""
    rng = np.random.default_rng()
    last = min(context_length, dimension) - 1

    def plain(size: int) -> list[np.ndarray]:
        diagonals, off = laguerre_tridiagonal(rng, size, degrees_of_freedom=context_length, dimension=dimension)
        return [
            eigvalsh_tridiagonal(diagonal, np.sqrt(squares), select="i", select_range=(last, last))
            for diagonal, squares in zip(diagonals, off, strict=True)
        ]

    def short(size: int) -> np.ndarray:
        return np.asarray(simulator.sample_largest_step(rng, size, context_length=context_length, dimension=dimension, learning_rate=1.0))

    name = f"largest eigenvalue, d={dimension}, n={context_length}"
    return compare(name, plain, 128, short, 512, 1.5)


def descent_row(context_length: int, dimension: int) -> Row:
    """Time one descent from a random start: scipy's L-BFGS on the compiled loss and gradient against the compiled BFGS."""
    rng = np.random.default_rng()
    length, scale = (dimension + 1) ** 2, 0.3 / np.sqrt(context_length)

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty(length)
        return excess_and_gradient(x, context_length, dimension, 0.0, gradient), gradient

    def plain(size: int) -> list[float]:
        options = {"maxiter": 5000, "ftol": 1e-16, "gtol": 1e-9}
        return [minimize(loss, scale * rng.standard_normal(length), jac=True, method="L-BFGS-B", options=options).fun for _ in range(size)]

    def short(size: int) -> object:
        starts = scale * rng.standard_normal((size, length))
        return simulator.descend_many(starts, context_length=context_length, dimension=dimension, noise_variance=0.0)

    return compare(f"descent, d={dimension}, n={context_length}", plain, 40, short, 400, 20.0)


def measure() -> list[Row]:
    """Return all rows, measured one after the other on one BLAS thread."""
    with threadpool_limits(1):
        return [
            ridge_trace_row(10, 5, 2000, 4096, 10.0),
            ridge_trace_row(100, 50, 200, 2048, 20.0),
            ridge_trace_row(800, 400, 8, 512, 1000.0 / 3.0),
            trace_row(20, 8),
            trace_row(256, 128),
            eigenvalue_row(800, 400),
            descent_row(10, 2),
        ]


def test_short_samplers_are_worth_having() -> None:
    """A third of the ratios of a quiet machine is asked for, since a neighbour may slow down either side."""
    rows = measure()
    show(rows)
    slow = [row.name for row in rows if row.ratio < row.least_ratio]
    assert not slow


def show(rows: list[Row]) -> None:
    """Print the table."""
    print(f"{'':32}{'plain us':>12}{'short us':>12}{'ratio':>10}")
    for row in rows:
        print(f"{row.name:32}{row.plain:12.2f}{row.short:12.2f}{row.ratio:10.1f}")


if __name__ == "__main__":
    show(measure())
