"""The compiled pieces of the logistic solver against plain expressions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from theorylab.numerics.logistic_regression import curvature_kernels, kernels, loss_kernels
from theorylab.numerics.logistic_regression.newton import newton_batch
from theorylab.numerics.logistic_regression.quasi_newton import solve_batch

RNG = np.random.default_rng()


def padded(m: int, p: int) -> np.ndarray:
    design = np.zeros((-(-m // 8) * 8, -(-p // 8) * 8))
    design[:m, :p] = RNG.standard_normal((m, p))
    return design


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-800.0, 800.0), min_size=1, max_size=40))
def test_exponentials(arguments: list[float]) -> None:
    u = np.array(arguments)
    results, bits = np.empty(u.size), np.empty(u.size, np.int64)
    kernels.exponentials(u, results, bits)
    np.testing.assert_allclose(results, np.exp(-np.minimum(np.abs(u), 700.0)), rtol=1e-14, atol=0.0)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 300])
def test_log_product(count: int) -> None:
    factors = np.concatenate([RNG.uniform(1.0, 2.0**15, count), [np.nan]])
    np.testing.assert_allclose(kernels.log_product(factors, count), np.log(factors[:count]).sum(), rtol=1e-13)


@pytest.mark.parametrize(("m", "p"), [(1, 1), (8, 8), (9, 3), (50, 11), (40, 26)])
def test_weighted_sums(m: int, p: int) -> None:
    design, weights = padded(m, p), RNG.standard_normal(-(-m // 8) * 8)
    weights[m:] = 0.0
    total, scores, gram = np.empty(design.shape[1]), np.empty(design.shape[0]), np.full((design.shape[1],) * 2, np.nan)
    kernels.weighted_sum(design, weights, total)
    np.testing.assert_allclose(total, weights @ design, atol=1e-12)
    kernels.sample_scores(design, total, scores)
    np.testing.assert_allclose(scores, design @ total, atol=1e-10)
    kernels.weighted_gram(design, weights, gram)
    np.testing.assert_allclose(np.tril(gram), np.tril((design.T * weights) @ design), atol=1e-12)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_padded_design(fit_intercept: bool) -> None:
    features = 10.0 + RNG.standard_normal((13, 5))
    features[:, 2] = 1 / 3
    design, centre = np.zeros((16, 8)), np.empty(5)
    kernels.padded_design(features, fit_intercept, design, centre)
    expected = np.zeros((16, 8))
    expected[:13, :5] = features - fit_intercept * features.mean(axis=0)
    expected[:13, 5] = fit_intercept
    np.testing.assert_allclose(design, expected, atol=1e-13)
    np.testing.assert_allclose(centre, fit_intercept * features.mean(axis=0))
    assert not fit_intercept or np.all(design[:, 2] == 0.0)


@pytest.mark.parametrize("p", [1, 2, 5, 6, 17])
def test_cholesky(p: int) -> None:
    root = RNG.standard_normal((p, p + 2))
    matrix, right = root @ root.T, RNG.standard_normal(p)
    factor, solution = np.tril(matrix), right.copy()
    least = kernels.cholesky_in_place(factor, p)
    expected = np.linalg.cholesky(matrix)
    np.testing.assert_allclose(np.tril(factor), expected, rtol=1e-9)
    np.testing.assert_allclose(least, min(1.0, (np.diag(expected) ** 2 / np.diag(matrix)).min()), rtol=1e-6)
    kernels.cholesky_solve(factor, p, solution)
    np.testing.assert_allclose(solution, np.linalg.solve(matrix, right), rtol=1e-6)


def test_cholesky_of_singular_matrices() -> None:
    factor = np.tril(np.ones((3, 3)))
    assert kernels.cholesky_in_place(factor, 3) < 1e-15
    assert np.isfinite(factor).all()
    zero = np.zeros((2, 2))
    assert kernels.cholesky_in_place(zero, 2) == 0.0
    assert np.isfinite(zero).all()


@pytest.mark.parametrize("free", [1, 2, 4])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_loss(free: int, scale: float) -> None:
    m, rows = 21, 24
    labels = RNG.integers(0, free + 1, m)
    answers, scores = np.zeros((free, rows)), np.zeros((free, rows))
    scores[:, :m] = scale * RNG.standard_normal((free, m))
    for k in range(free):
        answers[k, :m] = labels == k
    full = np.concatenate([scores[:, :m], np.zeros((1, m))]).T
    shares, top, total, bits = np.empty((free, rows)), np.empty(rows), np.empty(rows), np.empty(rows, np.int64)
    loss = loss_kernels.loss_and_shares(scores, answers, m, shares, top, total, bits)
    np.testing.assert_allclose(loss, -log_softmax(full, axis=1)[np.arange(m), labels].sum(), rtol=1e-12)
    np.testing.assert_allclose(shares[:, :m], softmax(full, axis=1)[:, :free].T, rtol=1e-12, atol=1e-300)
    lead = loss_kernels.smallest_lead(scores, labels, m)
    own = full[np.arange(m), labels]
    rivals = full.copy()
    rivals[np.arange(m), labels] = -np.inf
    np.testing.assert_allclose(lead, (own - rivals.max(axis=1)).min())
    if scale == 1.0:
        move = np.zeros((free, rows))
        move[:, :m] = RNG.standard_normal((free, m))

        def at(step: float) -> float:
            return loss_kernels.loss_and_shares(scores + step * move, answers, m, np.empty_like(shares), top, total, bits)

        first, second = loss_kernels.line_slopes(shares, answers, move, m)
        np.testing.assert_allclose(first, (at(1e-4) - at(-1e-4)) / 2e-4, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(second, (at(1e-3) - 2 * loss + at(-1e-3)) / 1e-6, rtol=1e-4)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("free", [1, 3])
def test_hessian_and_direction(free: int, whole: bool, single: bool) -> None:
    m, p, d, ridge = 30, 6, 5, 0.7
    design = padded(m, p)
    rows, columns = design.shape
    shares = np.zeros((free, rows))
    if whole:
        shares[:, :m] = softmax(RNG.standard_normal((m, free + 1)), axis=1)[:, :free].T
    else:
        shares[:, :m] = 1 / (free + 1)
    expected = np.zeros((free * p, free * p))
    centring = np.eye(free) - 1 / (free + 1)
    for i in range(m):
        share = shares[:, i]
        expected += np.kron(np.diag(share) - np.outer(share, share), np.outer(design[i, :p], design[i, :p]))
    expected += ridge * np.kron(centring, np.diag([1.0] * d + [0.0] * (p - d)))
    factor, weights, gram = np.zeros((free * p, free * p)), np.zeros(rows), np.zeros((columns, columns))
    least = curvature_kernels.factored_hessian(design, design.astype(np.float32), single, shares, whole, (m, p, d), ridge, weights, gram, factor)
    assert 0.0 < least <= 1.0
    gradient = np.zeros((free, columns))
    gradient[:, :p] = RNG.standard_normal((free, p))
    memory = curvature_kernels.MEMORY
    pairs, products, flat, direction = np.zeros((2, memory, free, columns)), np.ones(memory), np.zeros(free * p), np.zeros((free, columns))
    curvature_kernels.quasi_newton_direction(gradient, factor, p, whole, pairs[0], pairs[1], products, 0, flat, direction)
    np.testing.assert_allclose(direction[:, :p].ravel(), -np.linalg.solve(expected, gradient[:, :p].ravel()), rtol=1e-4 if single else 1e-8)
    # With pairs the secant equation of the newest holds: the inverse Hessian takes the response to the change.
    for row in range(memory + 3):
        change, response = pairs[0, row % memory, :, :p], pairs[1, row % memory, :, :p]
        change[:] = RNG.standard_normal((free, p))
        response[:] = (expected @ change.ravel()).reshape(free, p)
        products[row % memory] = (change * response).sum()
    curvature_kernels.quasi_newton_direction(pairs[1, 2], factor, p, whole, pairs[0], pairs[1], products, memory + 3, flat, direction)
    np.testing.assert_allclose(direction[:, :p], -pairs[0, 2, :, :p], rtol=1e-8)


@pytest.mark.parametrize("features", [7, 100])
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_first_step_goes_in_newtons_direction(classes: int, features: int) -> None:
    x, labels = RNG.standard_normal((2, 150, features)), RNG.integers(0, classes, (2, 150))
    compiled = solve_batch(x, labels, classes, 1.0, False, 1e-8, 1, False)[0]
    options = {"tolerance": 1e-8, "maximum_iterations": 1, "stop_when_separated": False}
    plain = newton_batch(x, labels, classes, np.ones(features), **options).coefficients
    for one, other in zip(compiled, plain, strict=True):
        cosine = (one * other).sum() / np.linalg.norm(one) / np.linalg.norm(other)
        np.testing.assert_allclose(cosine, 1.0, atol=1e-9)
