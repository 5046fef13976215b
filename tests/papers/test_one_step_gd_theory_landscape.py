"""Minima, saddles and traps of the loss of arXiv:2307.03576: Hessian spectra, the rank-one branch, spurious minima."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

from theorylab.papers.one_step_gd import closed_form as cf


def isotropic(n: int, d: int, noise: float, prior: float = 1.0) -> tuple:
    return n, np.eye(d), prior * np.eye(d), noise


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 12), d=st.integers(1, 5), noise=st.floats(0.0, 3.0), scale=st.floats(0.2, 2.0), prior=st.floats(0.3, 3.0))
def test_spectrum_at_the_minimum(n: int, d: int, noise: float, scale: float, prior: float) -> None:
    v, m = cf.global_minimiser(n, d, noise, scale, prior)
    problem = isotropic(n, d, noise, prior)
    assert cf.population_loss(v, m, *problem)["total"] == pytest.approx(cf.minimum_pretraining_loss(n, d, noise, prior), rel=1e-11)
    hessian = cf.population_loss_hessian(v, m, *problem)
    spectrum = cf.hessian_spectrum_at_minimum(n, d, noise, scale, prior)
    assert spectrum.shape == ((d + 1) ** 2,)
    assert spectrum == pytest.approx(np.linalg.eigvalsh(hessian), abs=1e-10 * spectrum[-1])
    assert max(abs(part).max() for part in cf.population_loss_gradient(v, m, *problem)) < 1e-9 * spectrum[-1]


def test_reference_spectra() -> None:
    eta = cf.optimal_learning_rate(4, 2, 0.0)
    assert cf.hessian_spectrum_at_minimum(4, 2, 0.0, (eta * np.sqrt(2)) ** 0.5) == pytest.approx(
        [0.0, 3.8845, 3.8845, 11.3137, 11.3137, 11.3137, 22.6274, 79.352, 79.352], abs=5e-5
    )
    eta = cf.optimal_learning_rate(8, 3, 0.5)
    assert cf.hessian_spectrum_at_minimum(8, 3, 0.5, (eta * np.sqrt(3)) ** 0.5) == pytest.approx(
        [0.0] + [5.1764] * 3 + [27.7128] * 8 + [55.4256] + [408.2987] * 3, abs=5e-5
    )


@pytest.mark.parametrize("scale", [0.4, -1.3])
def test_dimension_one_has_a_second_branch_of_minimisers(scale: float) -> None:
    n, noise = 4, 0.5
    for v, m in (cf.global_minimiser(n, 1, noise, scale), cf.rank_one_point(n, 1, noise, scale)):
        assert cf.population_loss(v, m, *isotropic(n, 1, noise))["total"] == pytest.approx(0.884615385, abs=1e-9)
    assert cf.rank_one_excess(n, 1, noise) == 0.0


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 20), d=st.integers(2, 6), noise=st.floats(0.0, 40.0), scale=st.floats(0.3, 3.0))
def test_rank_one_points_are_critical_and_their_stability_is_the_sign_of_r_minus_one(n: int, d: int, noise: float, scale: float) -> None:
    v, m = cf.rank_one_point(n, d, noise, scale)
    problem = isotropic(n, d, noise)
    loss = cf.population_loss(v, m, *problem)["total"]
    assert loss == pytest.approx(cf.rank_one_loss(n, d, noise), rel=1e-12)
    assert loss - cf.minimum_pretraining_loss(n, d, noise) == pytest.approx(cf.rank_one_excess(n, d, noise), rel=1e-9)
    hessian = cf.population_loss_hessian(v, m, *problem)
    largest = np.abs(hessian).max()
    assert max(abs(part).max() for part in cf.population_loss_gradient(v, m, *problem)) < 1e-11 * largest
    ratio = cf.rank_one_stability_ratio(n, d, noise)
    assert ratio < 4.0 / (d - 1)
    # The unstable direction: c and the part of A orthogonal to u.
    block = np.zeros((hessian.shape[0], 2))
    block[d, 0] = 1.0
    block[d + 1 :, 1] = np.concatenate([np.diag([0.0] + [1.0] * (d - 1)), np.zeros((1, d))]).ravel() / np.sqrt(d - 1)
    # Minimised over the component of A along u u^T, which the cross term couples to c.
    along = np.zeros((hessian.shape[0], 1))
    along[d + 1] = 1.0
    basis = np.concatenate([block, along], axis=1)
    reduced = basis.T @ hessian @ basis
    if abs(ratio - 1.0) > 1e-6:
        assert (np.linalg.eigvalsh(reduced)[0] > 0.0) == (ratio > 1.0)
        assert (np.linalg.eigvalsh(hessian)[0] > -1e-10 * largest) == (ratio > 1.0)


def test_rank_one_point_lies_along_the_first_axis() -> None:
    v, m = cf.rank_one_point(4, 2, 0.5)
    assert np.array_equal(v, [1.0, 0.0, 0.0])
    assert m[-1] == pytest.approx([1 / 7.5, 0.0], rel=1e-14)
    assert not np.any(m[:-1])


def test_reference_stability() -> None:
    assert cf.rank_one_stability_ratio([1, 2], [2, 2], 0.0) == pytest.approx([7 / 6, 0.92], rel=1e-12)
    assert cf.rank_one_loss(1, 2, 0.0) == pytest.approx(1.75)
    assert cf.minimum_pretraining_loss(1, 2, 0.0) == pytest.approx(1.5)
    thresholds = [cf.rank_one_threshold_noise_variance(*sizes) for sizes in ((10, 2), (4, 2), (5, 3))]
    assert thresholds == pytest.approx([9.825485, 3.557107, 16.876641], abs=1e-6)
    # sigma^2 -> infinity.
    assert cf.rank_one_stability_ratio(7, 3, 1e9) == pytest.approx(4 * 8 / (9 * 2), rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 60), d=st.integers(2, 8))
def test_threshold_is_where_the_ratio_crosses_one(n: int, d: int) -> None:
    threshold = cf.rank_one_threshold_noise_variance(n, d)
    if np.isinf(threshold):
        assert d >= 5 or (d == 4 and n <= 2)
        assert np.all(cf.rank_one_stability_ratio(n, d, np.logspace(-2, 8, 50)) < 1.0)
        return
    assert np.all(cf.rank_one_stability_ratio(n, d, threshold + np.logspace(-3, 6, 30)) > 1.0)
    if threshold > 0.0:
        assert threshold == pytest.approx(brentq(lambda s: cf.rank_one_stability_ratio(n, d, s) - 1.0, 0.0, 2 * threshold + 1), rel=1e-8)
        assert np.all(cf.rank_one_stability_ratio(n, d, threshold * np.linspace(0.0, 0.999, 30)) < 1.0)


@pytest.mark.parametrize(
    ("n", "d", "noise", "excess"),
    [
        (10, 2, 0.0, 0.615751),
        (100, 2, 0.0, 0.343987),
        (1000, 2, 0.0, 0.121896),
        (10_000, 2, 0.0, 0.039580),
        (1000, 3, 0.0, 0.211537),
        (1000, 5, 0.0, 0.384688),
        (3000, 10, 0.0, 0.476989),
        (2000, 3, 4.0, 0.158494),
        (20_000, 3, 4.0, 0.049445),
        (200_000, 3, 4.0, 0.015541),
        (24, 3, 0.0, 0.8994),
        (53, 4, 0.0, 0.9928),
        (89, 5, 0.0, 1.0493),
        (134, 6, 0.0, 1.0850),
    ],
)
def test_spurious_minima(n: int, d: int, noise: float, excess: float) -> None:
    trap = cf.spurious_minimum(n, d, noise)
    assert trap is not None
    assert trap.excess == pytest.approx(excess, abs=6e-5 if n in (24, 53, 89, 134) else 6e-7)
    problem = isotropic(n, d, noise)
    loss = cf.population_loss(trap.value_vector, trap.key_query_matrix, *problem)["total"]
    assert trap.loss == pytest.approx(loss, rel=1e-12)
    assert trap.excess == pytest.approx(loss - cf.minimum_pretraining_loss(n, d, noise), abs=1e-8 * (d + noise))
    eigenvalues = np.linalg.eigvalsh(cf.population_loss_hessian(trap.value_vector, trap.key_query_matrix, *problem))
    assert np.sum(np.abs(eigenvalues) < 1e-10 * eigenvalues[-1]) == d
    assert eigenvalues[d] > 1e-6 * eigenvalues[-1]
    assert np.linalg.norm(trap.value_vector) == pytest.approx(np.linalg.norm(trap.key_query_matrix), rel=1e-12)


@pytest.mark.parametrize(("n", "d", "noise"), [(23, 3, 0.0), (52, 4, 0.0), (88, 5, 0.0), (133, 6, 0.0), (1, 2, 0.0), (10, 2, 9.9), (3, 8, 0.0)])
def test_no_spurious_minimum_of_this_family(n: int, d: int, noise: float) -> None:
    assert cf.spurious_minimum(n, d, noise) is None


def test_the_trap_holds_a_descent_and_the_saddle_does_not() -> None:
    def descend(n: int, d: int, noise: float, v: np.ndarray, m: np.ndarray) -> float:
        loss = cf.PopulationLoss(*isotropic(n, d, noise))

        def objective(point: np.ndarray) -> tuple[float, np.ndarray]:
            parts = point[: d + 1], point[d + 1 :].reshape(d + 1, d)
            return loss.value(*parts), np.concatenate([part.ravel() for part in loss.gradient(*parts)])

        start = np.concatenate([v, m.ravel()])
        start = start + 0.01 * np.linalg.norm(start) * np.random.default_rng(0).standard_normal(start.size)
        found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-9})
        return float(found.fun - cf.minimum_pretraining_loss(n, d, noise))

    trap = cf.spurious_minimum(10, 2, 0.0)
    assert trap is not None
    assert descend(10, 2, 0.0, trap.value_vector, trap.key_query_matrix) == pytest.approx(trap.excess, abs=1e-7)
    assert descend(1, 2, 0.0, *cf.rank_one_point(1, 2, 0.0, 0.5)) == pytest.approx(0.25, abs=1e-7)
    assert descend(8, 5, 0.0, *cf.rank_one_point(8, 5, 0.0, 0.3)) < 1e-6


@pytest.mark.parametrize(("d", "noise"), [(2, 0.0), (3, 4.0), (6, 1.0)])
def test_spurious_excess_approaches_its_limit_at_order_one_over_root_n(d: int, noise: float) -> None:
    n = np.array([10**6, 4 * 10**6])
    distance = np.array([cf.spurious_minimum(int(size), d, noise).excess for size in n]) / cf.spurious_excess_limit(n, d) - 1.0
    assert np.all(np.abs(distance) < 0.01)
    assert distance[0] / distance[1] == pytest.approx(2.0, rel=0.1)


def test_scalar_functions_broadcast() -> None:
    n, d, noise = np.array([[1], [5]]), np.array([2, 3, 4]), 0.5
    for function in (cf.rank_one_excess, cf.rank_one_loss, cf.rank_one_stability_ratio):
        grid = function(n, d, noise)
        assert grid.shape == (2, 3)
        assert grid[1, 2] == function(5, 4, 0.5)
    assert cf.spurious_excess_limit(n, d).shape == (2, 3)
