"""Contests of one_step_gd, arXiv:2307.03576: the short samplers and kernels behind its figures against plain simulation and libraries.

Run them through the suite: ``python benchmarks/suite.py contests --only one_step_gd``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from agreement import assert_means_agree, spread
from contest import Contender, Contest
from scipy.linalg import eigvalsh_tridiagonal
from scipy.optimize import minimize
from sklearn.linear_model import Ridge

from theorylab.models.wishart import laguerre_tridiagonal, largest_eigenvalue
from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulator
from theorylab.papers.one_step_gd.closed_form.loss_polynomial import prepared_loss
from theorylab.papers.one_step_gd.kernels import excess_and_gradient

NOISE = 0.5
Generator = np.random.Generator


def draw_prompt(rng: Generator, n: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw features, labels and the task of one prompt."""
    features, task = rng.standard_normal((n, d)), rng.standard_normal(d)
    return features, features @ task + np.sqrt(NOISE) * rng.standard_normal(n), task


# Ridge regression on long contexts ------------------------------------------------------------------------------------------------------------


def inverted_traces(rng: Generator, size: int, n: int, d: int) -> np.ndarray:
    """Return sigma2 tr (X'X + sigma2 I)^-1: X drawn, X'X formed and inverted, one replicate after the other."""
    values = np.empty(size)
    for replicate in range(size):
        X = rng.standard_normal((n, d))
        values[replicate] = NOISE * np.trace(np.linalg.inv(X.T @ X + NOISE * np.eye(d)))
    return values


def ridge_errors_by_library(rng: Generator, size: int, n: int, d: int) -> np.ndarray:
    """Return |w_ridge - w|^2 of scikit-learn's ridge regression, one prompt after the other."""
    values = np.empty(size)
    for replicate in range(size):
        features, labels, task = draw_prompt(rng, n, d)
        values[replicate] = ((Ridge(alpha=NOISE, fit_intercept=False).fit(features, labels).coef_ - task) ** 2).sum()
    return values


def short_traces(rng: Generator, size: int, n: int, d: int) -> np.ndarray:
    """Return what `inverted_traces` does, in law, from bidiagonal matrices, in blocks that a cache holds."""
    setting = {"context_length": n, "dimension": d, "noise_variance": NOISE}
    block = max(256, 2**17 // d)
    return np.concatenate([simulator.sample_bayes_excess(rng, min(block, size - first), **setting) for first in range(0, size, block)])


def raw_ridge_errors(rng: Generator, size: int, n: int, d: int) -> np.ndarray:
    """Return |w_ridge - w|^2 on raw prompts, a batch at a time."""
    drawn = simulator.sample_bayes_gap(rng, size, context_length=n, dimension=d, noise_variance=NOISE, learning_rate=0.0)
    return np.asarray(drawn["ridge_error"])


def ridge_contest(rng: Generator, n: int, d: int, replicates: tuple[int, int, int, int], standard_error: float, target: float | None) -> Contest:
    """Find the excess loss of ridge regression, sigma2 E tr (X'X + sigma2 I)^-1."""
    short, plain, batched, library = replicates

    @cache
    def spread_of_traces() -> float:
        return spread(short_traces(rng, 4096, n, d))

    @cache
    def spread_of_errors() -> float:
        return spread(raw_ridge_errors(rng, max(batched, 100), n, d))

    def check() -> None:
        own = np.random.default_rng(0)
        few = max(20, min(500, 2_000_000 // (n * d)))
        samples = {
            "short": short_traces(own, 4096, n, d),
            "inverted": inverted_traces(own, few, n, d),
            "raw": raw_ridge_errors(own, few, n, d),
            "library": ridge_errors_by_library(own, few, n, d),
        }
        assert_means_agree(samples, {"exact": theory.bayes_excess_exact(n, d, NOISE)} if d <= 100 else None)

    contenders = (
        Contender("bidiagonal sampler, sample_bayes_excess", lambda: short_traces(rng, short, n, d), short, spread_of_traces),
        Contender("numpy, X'X formed and inverted (linalg.inv)", lambda: inverted_traces(rng, plain, n, d), plain, spread_of_traces),
        Contender("batched raw prompts, sample_bayes_gap", lambda: raw_ridge_errors(rng, batched, n, d), batched, spread_of_errors),
        Contender("scikit-learn Ridge, prompt by prompt", lambda: ridge_errors_by_library(rng, library, n, d), library, spread_of_errors),
    )
    title = f"excess loss of ridge regression by its trace, d = {d}, n = {n}"
    return Contest("one_step_gd", title, contenders, "equal means", check, standard_error, target)


def exact_contest(rng: Generator, n: int, d: int) -> Contest:
    """Find the same excess without sampling."""

    @cache
    def spread_of_traces() -> float:
        return spread(short_traces(rng, 8192, n, d))

    def check() -> None:
        own = np.random.default_rng(0)
        samples = {"short": short_traces(own, 50_000, n, d), "inverted": inverted_traces(own, 2000, n, d)}
        assert_means_agree(samples, {"exact": theory.bayes_excess_exact(n, d, NOISE)})

    contenders = (
        Contender("Pfaffian, bayes_excess_exact (to 1e-12)", lambda: [theory.bayes_excess_exact(n, d, NOISE) for _ in range(20)], 20),
        Contender("bidiagonal sampler, sample_bayes_excess", lambda: short_traces(rng, 40_960, n, d), 40_960, spread_of_traces),
        Contender("numpy, X'X formed and inverted (linalg.inv)", lambda: inverted_traces(rng, 1000, n, d), 1000, spread_of_traces),
    )
    title = f"excess loss of ridge regression exactly, d = {d}, n = {n}"
    return Contest("one_step_gd", title, contenders, "equal means", check, 1e-6)


# One gradient step ----------------------------------------------------------------------------------------------------------------------------


def step_errors(rng: Generator, size: int, n: int, d: int, rate: float) -> np.ndarray:
    """Return |eta X'y - w|^2, one prompt after the other."""
    values = np.empty(size)
    for replicate in range(size):
        features, labels, task = draw_prompt(rng, n, d)
        values[replicate] = ((rate * (labels @ features) - task) ** 2).sum()
    return values


def step_contest(rng: Generator, n: int, d: int) -> Contest:
    """Find the excess loss of the best gradient step, whose exact value is `icl_excess`."""
    rate = float(theory.optimal_learning_rate(n, d, NOISE))
    setting = {"context_length": n, "dimension": d, "noise_variance": NOISE}

    def short(own: Generator, size: int) -> np.ndarray:
        return np.asarray(simulator.sample_test_length_excess(own, size, test_length=n, learning_rate=rate, **setting)["summed"])

    def raw(own: Generator, size: int) -> np.ndarray:
        terms = simulator.sample_prompt_terms(own, size, **setting)
        return np.asarray(terms["squared_task"] - 2.0 * rate * terms["correlation"] + rate**2 * terms["squared_gradient"])

    @cache
    def spread_raw() -> float:
        return spread(raw(rng, 4096))

    def check() -> None:
        own = np.random.default_rng(0)
        samples = {"short": short(own, 20_000), "raw": raw(own, 2000), "plain": step_errors(own, 2000, n, d, rate)}
        assert_means_agree(samples, {"exact": theory.icl_excess(n, d, NOISE)})

    contenders = (
        Contender("traces of a bidiagonal matrix, sample_test_length_excess", lambda: short(rng, 32_768), 32_768, lambda: spread(short(rng, 32_768))),
        Contender("numpy, eta X'y, prompt by prompt", lambda: step_errors(rng, 1000, n, d, rate), 1000, spread_raw),
        Contender("batched raw prompts, sample_prompt_terms", lambda: raw(rng, 1024), 1024, spread_raw),
    )
    return Contest("one_step_gd", f"excess loss of one gradient step, d = {d}, n = {n}", contenders, "equal means", check, 1e-3)


# Kernels --------------------------------------------------------------------------------------------------------------------------------------


def eigenvalue_contest(rng: Generator, n: int, d: int) -> Contest:
    """Find the largest eigenvalues of the same tridiagonal matrices."""
    diagonals, squares = laguerre_tridiagonal(rng, 2048, degrees_of_freedom=n, dimension=d)
    roots, k = np.sqrt(squares), min(n, d)

    def by_bisection(size: int) -> np.ndarray:
        chosen: dict[str, Any] = {"select": "i", "select_range": (k - 1, k - 1)}
        return np.array([eigvalsh_tridiagonal(diagonals[i], roots[i], **chosen)[0] for i in range(size)])

    def dense(size: int) -> np.ndarray:
        matrices = np.zeros((size, k, k))
        inner = np.arange(k - 1)
        matrices[:, np.arange(k), np.arange(k)] = diagonals[:size]
        matrices[:, inner + 1, inner] = matrices[:, inner, inner + 1] = roots[:size]
        return np.linalg.eigvalsh(matrices)[:, -1]

    def check() -> None:
        own = largest_eigenvalue(diagonals[:20], squares[:20])
        np.testing.assert_allclose(by_bisection(20), own, rtol=1e-12)
        np.testing.assert_allclose(dense(20), own, rtol=1e-12)

    contenders = (
        Contender("Laguerre's iteration, largest_eigenvalue", lambda: largest_eigenvalue(diagonals, squares), len(diagonals)),
        Contender("scipy eigvalsh_tridiagonal (select='i'), one by one", lambda: by_bisection(512), 512),
        Contender("numpy eigvalsh of a batch", lambda: dense(8), 8),
    )
    return Contest("one_step_gd", f"largest eigenvalue of a tridiagonal matrix of {k} rows", contenders, "a matrix; equal to 1e-12", check)


def descent_contest(rng: Generator, n: int, d: int) -> Contest:
    """Descend on the population loss from the same random starts."""
    starts = (0.3 / np.sqrt(n)) * rng.standard_normal((4000, (d + 1) ** 2))
    sizes: dict[str, Any] = {"context_length": n, "dimension": d, "noise_variance": 0.0}
    population, least = prepared_loss(n, np.eye(d), np.eye(d), 0.0), float(theory.minimum_pretraining_loss(n, d, 0.0))
    options = {"maxiter": 5000, "ftol": 1e-16, "gtol": 1e-9}

    def compiled(x: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty(x.size)
        return excess_and_gradient(x, n, d, 0.0, gradient), gradient

    def in_numpy(x: np.ndarray) -> tuple[float, np.ndarray]:
        vector, matrix = x[: d + 1], x[d + 1 :].reshape(d + 1, d)
        slopes = population.gradient(vector, matrix)
        return float(population.value(vector, matrix)) - least, np.concatenate([np.ravel(slope) for slope in slopes])

    def by_library(loss: Any, size: int) -> np.ndarray:
        return np.array([minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x for start in starts[:size]])

    def check() -> None:
        trap = theory.spurious_minimum(n, d, 0.0)
        assert trap is not None
        known = np.array([0.0, trap.excess])
        own = simulator.descend_many(starts[:100], **sizes)[0]
        assert max(float(np.abs(compiled(end)[1]).max()) for end in own) < 1e-6
        # scipy's descents may follow the scale between v and M, which no prediction sees, and stop a little too early.
        for ends, allowed in ((own, 1e-9), (by_library(compiled, 100), 1e-4), (by_library(in_numpy, 20), 1e-4)):
            reached = np.array([compiled(end)[0] for end in ends])
            assert np.abs(reached[:, None] - known).min(axis=1).max() < allowed

    contenders = (
        Contender("compiled BFGS, descend_many", lambda: simulator.descend_many(starts, **sizes), len(starts)),
        Contender("scipy L-BFGS-B, loss in numpy", lambda: by_library(in_numpy, 40), 40),
        Contender("scipy L-BFGS-B, compiled loss", lambda: by_library(compiled, 200), 200),
    )
    title = f"descent on the population loss from a random start, d = {d}, n = {n}"
    return Contest("one_step_gd", title, contenders, "a descent; ends at the same levels to 1e-9 (scipy: 1e-4)", check)


def contests() -> list[Contest]:
    """Return the contests of this paper."""
    # Always the same data: the numbers of two days are compared.
    rng = np.random.default_rng(0)
    return [
        ridge_contest(rng, 800, 400, (8192, 8, 8, 4), 1e-4, 1000.0),
        ridge_contest(rng, 10, 5, (262_144, 10_000, 8192, 300), 1e-3, None),
        exact_contest(rng, 100, 50),
        step_contest(rng, 100, 50),
        eigenvalue_contest(rng, 800, 400),
        descent_contest(rng, 10, 2),
    ]
