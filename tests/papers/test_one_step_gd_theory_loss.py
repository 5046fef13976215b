"""The population loss of arXiv:2307.03576 as a polynomial: enumeration, gradients, gauge, Pythagoras, preconditioners."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from theorylab.papers.one_step_gd import closed_form as cf


def random_covariance(rng: np.random.Generator, d: int) -> np.ndarray:
    root = rng.standard_normal((d, d))
    return root @ root.T / d + 0.3 * np.eye(d)


def random_problem(seed: int, d: int | None = None) -> tuple[np.ndarray, np.ndarray, int, np.ndarray, np.ndarray, float]:
    """v, M, n, Sigma, Omega, sigma^2."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 5)) if d is None else d
    scale = 10.0 ** rng.uniform(-1.5, 0.0)
    v, m = scale * rng.standard_normal(d + 1), scale * rng.standard_normal((d + 1, d))
    return v, m, int(rng.integers(1, 9)), random_covariance(rng, d), random_covariance(rng, d), float(rng.uniform(0.0, 2.0))


def enumerated_losses(v: np.ndarray, m: np.ndarray, n: int, sigma: np.ndarray, omega: np.ndarray, noise: float, *, query_token: bool) -> dict:
    """The layer's definition, summed over a product rule that is exact for this polynomial: three points a coordinate, four for the query."""
    d = sigma.shape[0]
    root_sigma, root_omega = np.linalg.cholesky(sigma), np.linalg.cholesky(omega)
    points = np.array(list(product((-np.sqrt(3.0), 0.0, np.sqrt(3.0)), repeat=n * d + n + d)))
    weights = np.prod(np.where(points == 0.0, 2.0 / 3.0, 1.0 / 6.0), axis=1)
    x = points[:, : n * d].reshape(-1, n, d) @ root_sigma.T
    w = points[:, n * d : n * d + d] @ root_omega.T
    y = np.einsum("pnd,pd->pn", x, w) + np.sqrt(noise) * points[:, n * d + d :]
    tokens = np.concatenate([x, y[..., None]], axis=2)
    gram = np.einsum("pni,pnj->pij", tokens, tokens)
    nodes, mass = np.polynomial.hermite.hermgauss(4)
    total, odd_part, even_part = 0.0, 0.0, 0.0
    for choice in product(range(4), repeat=d):
        query = root_sigma @ (np.sqrt(2.0) * nodes[list(choice)])
        weight = np.prod(mass[list(choice)]) / np.pi ** (d / 2)
        token = np.append(query, 0.0)
        sums = gram + np.outer(token, token) if query_token else gram
        output = np.einsum("i,pij,jk,k->p", v, sums, m, query)
        preconditioner = v[-1] * m[:-1].T + np.outer(m[-1], v[:-1])
        odd_output = np.einsum("k,kj,pnj,pn->p", query, preconditioner, x, y)
        total += weight * (weights @ (w @ query - output) ** 2)
        odd_part += weight * (weights @ (w @ query - odd_output) ** 2)
        even_part += weight * (weights @ (output - odd_output) ** 2)
    return {"total": total + noise, "odd": odd_part + noise, "even": even_part}


@pytest.mark.parametrize(("n", "d", "seed"), [(1, 1, 0), (3, 1, 1), (1, 2, 2), (2, 2, 3), (2, 2, 4)])
@pytest.mark.parametrize("query_token", [False, True])
def test_loss_by_enumeration_of_the_layer(n: int, d: int, seed: int, query_token: bool) -> None:
    v, m, _, sigma, omega, noise = random_problem(seed, d)
    function = cf.population_loss_with_query_token if query_token else cf.population_loss
    enumerated = enumerated_losses(v, m, n, sigma, omega, noise, query_token=query_token)
    closed = function(v, m, n, sigma, omega, noise)
    for part in ("total", "odd", "even"):
        assert closed[part] == pytest.approx(enumerated[part], rel=1e-11, abs=1e-12)


def test_reference_values() -> None:
    v = np.array([0.3, -0.2, 0.1, 0.5])
    m = np.array([[0.05, 0.01, 0], [0, 0.04, -0.02], [0.02, 0, 0.06], [0.03, -0.01, 0.02]])
    identity, sigma = np.eye(3), np.diag([1.0, 0.5, 0.25])
    first = cf.population_loss(v, m, 6, identity, identity, 0.5)
    assert (first["total"], first["odd"], first["even"]) == pytest.approx((3.07577, 2.639678, 0.436092), abs=1e-10)
    second = cf.population_loss(v, m, 6, sigma, identity, 0.5)
    assert (second["total"], second["odd"], second["even"]) == pytest.approx((1.97926425, 1.82496225, 0.154302), abs=1e-10)
    assert cf.population_loss(v, m, 6, sigma, np.linalg.inv(sigma), 0.5)["total"] == pytest.approx(3.26423262, abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_gradient_and_hessian_are_derivatives(seed: int) -> None:
    v, m, *problem = random_problem(seed)
    size, d = v.size, v.size - 1
    flat = np.concatenate([v, m.ravel()])

    def value(point: np.ndarray) -> float:
        return cf.population_loss(point[:size], point[size:].reshape(size, d), *problem)["total"]

    def gradient(point: np.ndarray) -> np.ndarray:
        parts = cf.population_loss_gradient(point[:size], point[size:].reshape(size, d), *problem)
        return np.concatenate([part.ravel() for part in parts])

    def difference(function, direction: np.ndarray, step: float):
        # Fourth order: the error of a polynomial of degree six is of order step^4.
        one, two = (
            function(flat + step * direction) - function(flat - step * direction),
            function(flat + 2 * step * direction) - function(flat - 2 * step * direction),
        )
        return (8 * one - two) / (12 * step)

    hessian = cf.population_loss_hessian(v, m, *problem)
    grad_scale, hessian_scale = 1.0 + np.max(np.abs(gradient(flat))) + abs(value(flat)), 1.0 + np.max(np.abs(hessian))
    step = 1e-3 * np.linalg.norm(flat)
    for direction in np.eye(flat.size):
        assert difference(value, direction, step) == pytest.approx(gradient(flat) @ direction, abs=1e-8 * grad_scale / min(1.0, np.linalg.norm(flat)))
        assert difference(gradient, direction, step) == pytest.approx(hessian @ direction, abs=1e-8 * hessian_scale)
    assert hessian == pytest.approx(hessian.T, abs=1e-12 * hessian_scale)


def test_batches_agree_with_single_settings() -> None:
    rng = np.random.default_rng(0)
    v, m = rng.standard_normal((4, 1, 3)), rng.standard_normal((5, 3, 2))
    problem = (3, random_covariance(rng, 2), random_covariance(rng, 2), 0.4)
    losses, (grad_v, grad_m) = cf.population_loss(v, m, *problem), cf.population_loss_gradient(v, m, *problem)
    extended = cf.population_loss_with_query_token(v, m, *problem)
    assert losses["total"].shape == (4, 5)
    assert grad_v.shape == (4, 5, 3)
    assert grad_m.shape == (4, 5, 3, 2)
    for i, j in product(range(4), range(5)):
        single = cf.population_loss(v[i, 0], m[j], *problem)
        assert isinstance(single["total"], float)
        for part in single:
            assert losses[part][i, j] == pytest.approx(single[part], rel=1e-12)
        assert extended["total"][i, j] == pytest.approx(cf.population_loss_with_query_token(v[i, 0], m[j], *problem)["total"], rel=1e-12)
        parts = cf.population_loss_gradient(v[i, 0], m[j], *problem)
        assert grad_v[i, j] == pytest.approx(parts[0], rel=1e-11)
        assert grad_m[i, j] == pytest.approx(parts[1], rel=1e-11, abs=1e-12)
    row = cf.population_loss(v[:, 0], m[0], *problem)["total"]
    assert row == pytest.approx(losses["total"][:, 0], rel=1e-12)
    matrices = rng.standard_normal((6, 2, 2))
    batch = cf.preconditioned_loss(matrices, *problem)
    assert batch == pytest.approx([cf.preconditioned_loss(matrix, *problem) for matrix in matrices], rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), scale=st.floats(0.1, 10.0))
def test_pythagoras_and_gauge(seed: int, scale: float) -> None:
    v, m, *problem = random_problem(seed)
    best = cf.minimum_loss_general(*problem)
    loss = cf.population_loss(v, m, *problem)
    assert loss["even"] >= 0.0
    assert loss["total"] >= best * (1 - 1e-12)
    assert cf.excess_over_minimum(v, m, *problem) == pytest.approx(loss["total"] - best, rel=1e-9, abs=1e-11 * loss["total"])
    assert cf.population_loss(scale * v, m / scale, *problem)["total"] == pytest.approx(loss["total"], rel=1e-11)
    assert cf.population_loss(-v, -m, *problem)["total"] == pytest.approx(loss["total"], rel=1e-13)
    with_query = cf.population_loss_with_query_token(v, m, *problem)
    assert with_query["odd"] == pytest.approx(loss["odd"], rel=1e-12)
    assert with_query["even"] >= -1e-10 * loss["total"]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_coordinates_do_not_matter(seed: int) -> None:
    """x -> R x for an invertible R changes Sigma, Omega and the weights together, and no loss."""
    v, m, n, sigma, omega, noise = random_problem(seed)
    d = sigma.shape[0]
    r = np.random.default_rng(seed + 1).standard_normal((d, d)) + 2.0 * np.eye(d)
    inverse = np.linalg.inv(r)
    moved_v = np.append(inverse.T @ v[:-1], v[-1])
    moved_m = np.concatenate([inverse.T @ m[:-1] @ inverse, m[-1:] @ inverse])
    moved = (n, r @ sigma @ r.T, inverse.T @ omega @ inverse, noise)
    assert cf.population_loss(moved_v, moved_m, *moved)["total"] == pytest.approx(cf.population_loss(v, m, n, sigma, omega, noise)["total"], rel=1e-7)
    assert cf.optimal_preconditioner(*moved) == pytest.approx(
        inverse.T @ cf.optimal_preconditioner(n, sigma, omega, noise) @ inverse, rel=1e-6, abs=1e-8
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_optimal_preconditioner_is_the_minimum(seed: int) -> None:
    *_, n, sigma, omega, noise = random_problem(seed)
    d = sigma.shape[0]
    best = cf.optimal_preconditioner(n, sigma, omega, noise)
    lowest = cf.preconditioned_loss(best, n, sigma, omega, noise)
    assert cf.minimum_loss_general(n, sigma, omega, noise) == pytest.approx(lowest, rel=1e-11)
    label_variance = np.trace(sigma @ omega) + noise
    assert best == pytest.approx(np.linalg.inv((n + 1) * sigma + label_variance * np.linalg.inv(omega)), rel=1e-9, abs=1e-12)
    rng = np.random.default_rng(seed)
    nearby = best + 0.1 * np.max(np.abs(best)) * rng.standard_normal((20, d, d))
    assert np.all(cf.preconditioned_loss(nearby, n, sigma, omega, noise) > lowest)
    rate = cf.best_plain_learning_rate(n, sigma, omega, noise)
    plain = cf.preconditioned_loss(rate * np.eye(d)[None] * np.array([1.0, 0.99, 1.01])[:, None, None], n, sigma, omega, noise)
    assert plain[0] < min(plain[1:])
    assert plain[0] >= lowest * (1 - 1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), unit=st.floats(1e-6, 1e6))
def test_units_of_the_labels_do_not_matter(seed: int, unit: float) -> None:
    *_, n, sigma, omega, noise = random_problem(seed)
    moved = (n, sigma, unit * omega, unit * noise)
    assert cf.optimal_preconditioner(*moved) == pytest.approx(cf.optimal_preconditioner(n, sigma, omega, noise), rel=1e-9, abs=1e-12)
    assert cf.best_plain_learning_rate(*moved) == pytest.approx(cf.best_plain_learning_rate(n, sigma, omega, noise), rel=1e-12)
    assert cf.minimum_loss_general(*moved) == pytest.approx(unit * cf.minimum_loss_general(n, sigma, omega, noise), rel=1e-10)


def test_numerical_search_finds_the_preconditioner() -> None:
    *_, n, sigma, omega, noise = random_problem(11, 3)
    found = minimize(lambda p: cf.preconditioned_loss(p.reshape(3, 3), n, sigma, omega, noise), np.zeros(9), tol=1e-12)
    assert found.x.reshape(3, 3) == pytest.approx(cf.optimal_preconditioner(n, sigma, omega, noise), abs=1e-6)


def test_preconditioner_special_cases() -> None:
    sigma, identity, n, noise = np.diag([1.0, 0.5, 0.25]), np.eye(3), 6, 0.5
    inverse = np.linalg.inv(sigma)
    assert cf.optimal_preconditioner(n, sigma, inverse, noise) == pytest.approx(inverse / (n + 3 + 1 + noise), rel=1e-13)
    assert cf.minimum_loss_general(n, sigma, inverse, noise) == pytest.approx(cf.minimum_pretraining_loss(n, 3, noise), rel=1e-13)
    assert cf.minimum_loss_general(n, sigma, inverse, noise) == pytest.approx(1.785714, abs=1e-6)
    assert np.diag(cf.optimal_preconditioner(n, sigma, identity, noise)) == pytest.approx([0.10810811, 0.17391304, 0.25], abs=1e-8)
    assert cf.minimum_loss_general(n, sigma, identity, noise) == pytest.approx(1.24673179, abs=1e-8)
    assert cf.best_plain_learning_rate(n, sigma, inverse, noise) == pytest.approx(0.126984, abs=1e-6)
    assert cf.best_plain_learning_rate(n, sigma, identity, noise) == pytest.approx(0.12, rel=1e-12)
    assert cf.preconditioned_loss(0.12 * identity, n, sigma, identity, noise) == pytest.approx(1.305, rel=1e-12)
    assert cf.optimal_preconditioner(n, identity, 2.5 * identity, noise) == pytest.approx(
        cf.optimal_learning_rate(n, 3, noise, 2.5) * identity, rel=1e-13
    )
    assert cf.minimum_loss_general(n, identity, 2.5 * identity, noise) == pytest.approx(cf.minimum_pretraining_loss(n, 3, noise, 2.5), rel=1e-13)
    assert cf.best_plain_learning_rate(n, identity, 2.5 * identity, noise) == pytest.approx(cf.optimal_learning_rate(n, 3, noise, 2.5), rel=1e-13)
    assert cf.preconditioned_loss(0.07 * identity, n, identity, 2.5 * identity, noise) == pytest.approx(cf.plain_step_loss(0.07, n, 3, noise, 2.5))


def test_singular_task_covariance_is_a_limit() -> None:
    sigma, noise = random_covariance(np.random.default_rng(5), 3), 0.4
    direction = np.array([1.0, -2.0, 0.5])
    singular = np.outer(direction, direction)
    limit = cf.optimal_preconditioner(5, sigma, singular + 1e-9 * np.eye(3), noise)
    assert cf.optimal_preconditioner(5, sigma, singular, noise) == pytest.approx(limit, abs=1e-7)
    assert np.linalg.matrix_rank(cf.optimal_preconditioner(5, sigma, singular, noise), tol=1e-9) == 1
    assert np.array_equal(cf.optimal_preconditioner(5, sigma, np.zeros((3, 3)), noise), np.zeros((3, 3)))


@pytest.mark.parametrize("seed", range(6))
def test_pythagoras_defect(seed: int) -> None:
    _, _, n, sigma, omega, noise = random_problem(seed, 2)
    rng = np.random.default_rng(seed)
    p, r = rng.standard_normal((2, 2)), rng.standard_normal((2, 2))
    problem = (n, sigma, omega, noise)
    # E|theta - R X^T y|^2 is the quadratic part of the loss of P - R: twice the even mean of P - R and R - P about the loss of the zero step.
    separation = 0.5 * (cf.preconditioned_loss(p - r, *problem) + cf.preconditioned_loss(r - p, *problem)) - cf.preconditioned_loss(0 * p, *problem)
    expected = cf.preconditioned_loss(p, *problem) - cf.preconditioned_loss(r, *problem) - separation
    assert cf.pythagoras_defect(p, r, *problem) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert cf.pythagoras_defect(p, cf.optimal_preconditioner(*problem), *problem) == pytest.approx(0.0, abs=1e-9 * abs(expected))
    d, eta, other = 2, cf.optimal_learning_rate(n, 2, noise), 0.13
    isotropic = cf.pythagoras_defect(p, other * np.eye(d), n, np.eye(d), np.eye(d), noise)
    assert isotropic == pytest.approx(2 * n * (other / eta - 1) * (np.trace(p) - d * other), rel=1e-9)


# Raw weights


def raw_weights(seed: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    key, query, value = 0.5 * rng.standard_normal((3, d + 1, d + 1))
    return key, query, value, 0.5 * rng.standard_normal(d + 1)


@pytest.mark.parametrize("d", [1, 2, 4])
def test_effective_parameters_reproduce_the_layer(d: int) -> None:
    key, query, value, head = raw_weights(d, d)
    rng = np.random.default_rng(d + 10)
    tokens, query_token = rng.standard_normal((5, d + 1)), np.append(rng.standard_normal(d), 0.0)
    output = sum((head @ value @ token) * (token @ key.T @ query @ query_token) for token in tokens)
    v, m = cf.effective_parameters(key, query, value, head)
    assert (v @ tokens.T @ tokens @ m) @ query_token[:-1] == pytest.approx(output, rel=1e-12)


def test_raw_loss_gradient_hessian_and_gauge() -> None:
    d = 2
    weights = raw_weights(3, d)
    problem = (4, np.diag([1.0, 0.6]), np.array([[1.0, 0.2], [0.2, 0.7]]), 0.3)
    loss = cf.raw_population_loss(*weights, *problem)
    assert loss == pytest.approx(cf.population_loss(*cf.effective_parameters(*weights), *problem)["total"], rel=1e-13)
    gradient = cf.raw_population_loss_gradient(*weights, *problem)
    hessian = cf.raw_population_loss_hessian(*weights, *problem)
    shapes = [weight.shape for weight in weights]
    ends = np.cumsum([weight.size for weight in weights])[:-1]
    flat = np.concatenate([weight.ravel() for weight in weights])
    flat_gradient = np.concatenate([part.ravel() for part in gradient])

    def unpack(point: np.ndarray) -> list[np.ndarray]:
        return [part.reshape(shape) for part, shape in zip(np.split(point, ends), shapes, strict=True)]

    def gradient_at(point: np.ndarray) -> np.ndarray:
        return np.concatenate([part.ravel() for part in cf.raw_population_loss_gradient(*unpack(point), *problem)])

    step = 1e-5
    for i, direction in enumerate(np.eye(flat.size)):
        slope = (
            cf.raw_population_loss(*unpack(flat + step * direction), *problem) - cf.raw_population_loss(*unpack(flat - step * direction), *problem)
        ) / (2 * step)
        assert slope == pytest.approx(flat_gradient[i], abs=1e-6 * (1 + np.max(np.abs(flat_gradient))))
        column = (gradient_at(flat + step * direction) - gradient_at(flat - step * direction)) / (2 * step)
        assert column == pytest.approx(hessian[i], abs=1e-6 * np.max(np.abs(hessian)))
    rng = np.random.default_rng(8)
    r, s = rng.standard_normal((3, 3)) + 2 * np.eye(3), rng.standard_normal((3, 3)) + 2 * np.eye(3)
    key, query, value, head = weights
    moved = (r @ key, np.linalg.inv(r).T @ query, s @ value, np.linalg.inv(s).T @ head)
    assert cf.raw_population_loss(*moved, *problem) == pytest.approx(loss, rel=1e-10)
    other_column = np.linalg.solve(key.T, key.T @ query + np.outer(np.ones(3), [0.0, 0.0, 5.0]))
    assert cf.raw_population_loss(key, other_column, value, head, *problem) == pytest.approx(loss, rel=1e-10)


def test_rank_of_the_raw_hessian_at_a_minimiser() -> None:
    d, n, noise = 2, 4, 0.3
    v, m = cf.global_minimiser(n, d, noise, 0.6)
    key, _, value, _ = raw_weights(21, d)
    query = np.linalg.solve(key.T, np.concatenate([m, np.array([[0.3], [-0.2], [0.1]])], axis=1))
    head = np.linalg.solve(value.T, v)
    hessian = cf.raw_population_loss_hessian(key, query, value, head, n, np.eye(d), np.eye(d), noise)
    eigenvalues = np.linalg.eigvalsh(hessian)
    assert hessian.shape == (30, 30)
    assert np.sum(np.abs(eigenvalues) > 1e-9 * eigenvalues[-1]) == (d + 1) ** 2 - 1
    assert eigenvalues[0] > -1e-12 * eigenvalues[-1]
