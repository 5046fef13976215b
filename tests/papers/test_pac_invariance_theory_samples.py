"""Gaps of finite samples: means by drawn rows and Wishart moments, the bound by its law, perturbations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tests.tools.sampling import assert_same_mean
from theorylab.models.structural_equations import structural_second_moment
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance.reference_models import core_model

CORE = structural_second_moment(*core_model().model)
PARENTS = np.diag([1.29, 0.9])


@pytest.mark.parametrize(("columns", "head", "n"), [([1, 2], [0.9, -0.8], 20), ([3], [0.5], 1), ([3], [0.5], 20), ([1, 2, 3], [0.5, -0.4, 0.3], 7)])
def test_mean_square_of_drawn_rows(columns: list[int], head: list[float], n: int) -> None:
    rng = np.random.default_rng([1, n, len(columns)])
    x = rng.standard_normal((25_000, n, 6)) @ np.linalg.cholesky(CORE).T
    z, y = x[:, :, [0, 1, 2, 4, 5]][:, :, columns], x[:, :, 3]
    gradients = 2.0 * (z * (z @ head - y)[..., None]).mean(axis=1)
    exact = theory.expected_squared_empirical_gap(CORE, 3, theory.selection(columns, 5), head, n)
    assert_same_mean((gradients**2).sum(axis=1), exact, skewness=9.0)


def test_mean_square_printed_values() -> None:
    cases = {
        (1, 2): ([0.9, -0.8], {20: 0.26280, 200: 0.026280}),
        (3,): ([0.5], {20: 2.81497}),
        (1, 2, 3): ([0.5, -0.4, 0.3], {200: 0.962664}),
    }
    for columns, (head, values) in cases.items():
        found = theory.expected_squared_empirical_gap(CORE, 3, theory.selection(list(columns), 5), head, list(values))
        assert found == pytest.approx(list(values.values()), rel=6e-6)
    phi = theory.selection([3], 5)
    # With rows without number it is the square of the gap.
    exact = theory.invariance_gap(CORE, 3, phi, [0.5])
    assert theory.expected_squared_empirical_gap(CORE, 3, phi, [0.5], 10**12) == pytest.approx(exact**2, rel=1e-10)
    assert theory.expected_squared_empirical_gap(CORE, 3, phi, [0.5], [[1, 2], [3, 4]]).shape == (2, 2)


def test_bound_by_its_formula() -> None:
    s = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, -0.2], [0.1, -0.2, 0.6]])
    largest = np.linalg.eigvalsh(s)[-1]
    for n, x, risk in ((1, 0.5, 0.6), (50, 3.0, 2.0)):
        spread = np.trace(s) + 2 * math.sqrt(np.trace(s @ s) * x) + 2 * largest * x
        exact = 2 * math.sqrt(risk * spread * (1 + 2 * math.sqrt(x / n) + 2 * x / n) / n)
        assert theory.empirical_gap_bound(s, risk, n, x) == pytest.approx(exact, rel=1e-13)
    assert theory.empirical_gap_bound(s, 1.0, [5, 6, 7], 1.0).shape == (3,)


def test_bound_holds_under_the_exact_law() -> None:
    """Two independent parents: (2/n) sqrt(.6 chi2_n) |S^(1/2) g|; the bound is exceeded less often than it allows, though not never."""
    rng, n, x = np.random.default_rng(2), 30, 1.0
    g = rng.standard_normal((100_000, 2))
    gaps = 2 / n * np.sqrt(0.6 * rng.chisquare(n, 100_000) * (g**2 @ [1.29, 0.9]))
    share = np.mean(gaps > theory.empirical_gap_bound(PARENTS, 0.6, n, x))
    assert 0.001 < share < 2 * math.exp(-x)
    # Laurent and Massart's bound for each factor.
    tail = stats.chi2.sf(n * (1 + 2 * math.sqrt(x / n) + 2 * x / n), n)
    assert tail < math.exp(-x)


def test_rows_needed_are_the_smallest() -> None:
    assert theory.samples_per_environment(PARENTS, 0.6, threshold=0.3, interventions=20, failure_probability=0.05) == 875
    assert theory.samples_per_environment(PARENTS, 0.6, threshold=0.2, interventions=100, failure_probability=0.05) == 2214
    for eps, interventions, delta in ((0.3, 20, 0.05), (0.05, 3, 0.4), (1.0, 1000, 1e-6)):
        n = theory.samples_per_environment(PARENTS, 0.6, threshold=eps, interventions=interventions, failure_probability=delta)
        x = math.log(2 * interventions / delta)
        assert theory.empirical_gap_bound(PARENTS, 0.6, n, x) <= eps < theory.empirical_gap_bound(PARENTS, 0.6, n - 1, x)
    assert theory.samples_per_environment(PARENTS, 0.6, threshold=1e6, interventions=1, failure_probability=0.5) == 1


def test_perturbation_bound() -> None:
    rng = np.random.default_rng(3)
    ratios = []
    for r in (1, 2, 5):
        for _ in range(60):
            phi, w = rng.standard_normal((r, 5)), rng.standard_normal(r)
            x = rng.standard_normal((50, 6)) @ np.linalg.cholesky(CORE).T
            error = x.T @ x / 50 - CORE
            change = abs(theory.invariance_gap(CORE + error, 5, phi, w) - theory.invariance_gap(CORE, 5, phi, w))
            ratios.append(change / theory.gap_perturbation_bound(phi, w, error))
    assert 0.2 < max(ratios) <= 1.0
    # Attained by an error along (Phi^T w, -1) and a direction that Phi passes on.
    w, direction = np.array([0.6]), np.array([0.6, -1.0])
    error = 0.01 * np.outer([1.0, 0.0], direction)
    m = np.array([[1.0, 0.6], [0.6, 2.0]])
    change = theory.invariance_gap(m + error, 1, np.eye(1), w)
    assert change == pytest.approx(theory.gap_perturbation_bound(np.eye(1), w, error), rel=1e-9)
    stacked = theory.gap_perturbation_bound(np.eye(1), w, np.stack([error, 2 * error, 0 * error]))
    assert stacked == pytest.approx(change * np.array([1.0, 2.0, 0.0]), rel=1e-9)
    phi = np.array([[3.0, 0.0], [0.0, 1.0]])
    assert theory.gap_perturbation_bound(phi, [1.0, 2.0], np.eye(3)) == pytest.approx(2 * 3 * math.sqrt(1 + 9 + 4), rel=1e-13)
