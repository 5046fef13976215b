"""Kernels, posteriors and conditioned draws against scikit-learn, wide random networks and brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, DotProduct, Matern

from tests.tools.sampling import assert_same_mean
from theorylab.numerics.gaussian_process import KERNELS, conditioned_draws, interpolating_posterior, relu_network_kernel, stationary_kernel

PEERS = {"laplace": Matern(1.7, nu=0.5), "rbf": RBF(1.7), "matern_3/2": Matern(1.7, nu=1.5), "matern_5/2": Matern(1.7, nu=2.5)}


def points(seed: int, count: int, dimension: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimension))


# Kernels


@pytest.mark.parametrize("kind", sorted(PEERS))
def test_kernels_of_scikit_learn(kind: str) -> None:
    x, z = points(1, 7), points(2, 5)
    np.testing.assert_allclose(stationary_kernel(x, z, kind, length_scale=1.7), PEERS[kind](x, z), rtol=1e-12)
    assert stationary_kernel(x, z, kind).shape == (7, 5)
    np.testing.assert_allclose(stationary_kernel(x, x, kind).diagonal(), 1.0, rtol=1e-14)
    np.testing.assert_allclose(stationary_kernel(2.5 * x, 2.5 * z, kind, length_scale=2.5), stationary_kernel(x, z, kind), rtol=1e-12)


def test_kernels_of_products() -> None:
    x, z = points(3, 7), points(4, 5)
    linear = DotProduct(1.0)(x / np.sqrt(3 * 1.7**2), z / np.sqrt(3 * 1.7**2)) / 2
    np.testing.assert_allclose(stationary_kernel(x, z, "linear", length_scale=1.7), linear, rtol=1e-12)
    for degree in (1, 2, 5):
        np.testing.assert_allclose(stationary_kernel(x, z, "polynomial", length_scale=1.7, degree=degree), linear**degree, rtol=1e-12)
    np.testing.assert_allclose(stationary_kernel(x, z, "polynomial", length_scale=1.7), linear**3, rtol=1e-12)
    np.testing.assert_array_equal(stationary_kernel(x, z), stationary_kernel(x, z, "laplace"))


@settings(max_examples=25, deadline=None)
@given(kind=st.sampled_from(KERNELS), seed=st.integers(0, 10**6), dimension=st.integers(1, 5), scale=st.floats(0.2, 5.0))
def test_kernels_are_symmetric_and_positive(kind: str, seed: int, dimension: int, scale: float) -> None:
    x = points(seed, 9, dimension)
    kernel = stationary_kernel(x, x, kind, length_scale=scale)
    np.testing.assert_allclose(kernel, kernel.T, rtol=1e-13)
    values = np.linalg.eigvalsh(kernel)
    assert values[0] > -1e-12 * values[-1]
    turn = np.linalg.qr(points(seed + 1, dimension, dimension))[0]
    np.testing.assert_allclose(stationary_kernel(x @ turn, x @ turn, kind, length_scale=scale), kernel, rtol=1e-9, atol=1e-13 * values[-1])
    network = np.linalg.eigvalsh(relu_network_kernel(x, 1 + seed % 4))
    assert network[0] > -1e-13 * network[-1]


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_network_kernel_by_wide_random_networks(depth: int) -> None:
    """The mean of each layer's Gram matrix, with that of the layer before, is the next one's."""
    rng, x = np.random.default_rng(), points(5, 6, 4)
    kernel = relu_network_kernel(x, depth)
    np.testing.assert_allclose(kernel.diagonal(), 1.0, rtol=1e-14)
    np.testing.assert_allclose(relu_network_kernel(7.0 * x * np.arange(1, 7)[:, None], depth), kernel, rtol=1e-12)
    if depth == 0:
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        np.testing.assert_allclose(kernel, x @ x.T, rtol=1e-12)
        return
    before = np.linalg.cholesky(relu_network_kernel(x, depth - 1) + 1e-13 * np.eye(6))
    units = np.maximum(rng.standard_normal((200_000, 6)) @ before.T, 0.0)
    for i in range(6):
        for j in range(i):
            assert_same_mean(2.0 * units[:, i] * units[:, j], kernel[i, j], skewness=6.0)


def test_network_kernel_at_its_ends() -> None:
    """Opposite inputs have nothing in common after one layer; equal ones everything; 1/pi for a right angle."""
    x = np.array([[1.0, 0.0], [-2.0, 0.0], [3.0, 0.0], [0.0, 1.0]])
    kernel = relu_network_kernel(x, 1)
    assert kernel[0] == pytest.approx([1.0, 0.0, 1.0, 1.0 / np.pi], abs=1e-15)
    deep = relu_network_kernel(points(6, 5), 200)
    assert deep.min() > 0.99


# Posteriors


def setting(seed: int, train: int, test: int, outputs: int, kind: str = "laplace") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = points(seed, train + test)
    return x, stationary_kernel(x, x, kind), np.random.default_rng(seed + 1).standard_normal((train, outputs))


@pytest.mark.parametrize(("kind", "nugget"), [("laplace", 0.0), ("rbf", 1e-10), ("matern_5/2", 0.3)])
def test_posterior_of_scikit_learn(kind: str, nugget: float) -> None:
    x, kernel, y = setting(7, 8, 5, 2, kind)
    peers: dict[str, Any] = {"laplace": Matern(nu=0.5), "rbf": RBF(), "matern_5/2": Matern(nu=2.5)}
    model = GaussianProcessRegressor(peers[kind], alpha=max(nugget, 1e-300), optimizer=None).fit(x[:8], y)
    mean, covariance = model.predict(x[8:], return_cov=True)
    found = interpolating_posterior(kernel, 8, y, nugget=nugget)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.covariance, covariance[..., 0], rtol=1e-7, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6), train=st.integers(0, 6), test=st.integers(1, 6), outputs=st.integers(1, 3), nugget=st.sampled_from([0.0, 1e-3, 2.0])
)
def test_posterior_by_the_precision_matrix(seed: int, train: int, test: int, outputs: int, nugget: float) -> None:
    _, kernel, y = setting(seed, train, test, outputs)
    found = interpolating_posterior(kernel, train, y, nugget=nugget)
    whole = kernel.copy()
    whole[:train, :train] += nugget * np.eye(train)
    precision = np.linalg.inv(whole)
    covariance = np.linalg.inv(precision[train:, train:])
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.mean, -covariance @ precision[train:, :train] @ y, rtol=1e-6, atol=1e-8)
    assert found.mean.shape == (test, outputs)
    np.testing.assert_array_equal(found.covariance, found.covariance.T)
    # More data never widens it.
    assert np.linalg.eigvalsh(kernel[train:, train:] - found.covariance)[0] > -1e-10


def test_limits_of_the_posterior() -> None:
    x, kernel, y = setting(8, 6, 4, 1)
    prior = interpolating_posterior(kernel, 0, np.zeros((0, 2)))
    np.testing.assert_array_equal(prior.covariance, kernel)
    assert prior.covariance is not kernel
    np.testing.assert_array_equal(prior.mean, np.zeros((10, 2)))
    weak = interpolating_posterior(kernel, 6, y, nugget=1e12)
    np.testing.assert_allclose(weak.mean, 0.0, atol=1e-10)
    np.testing.assert_allclose(weak.covariance, kernel[6:, 6:], atol=1e-10)
    again = np.concatenate([x[:6], x[:6]])
    known = interpolating_posterior(stationary_kernel(again, again), 6, y)
    np.testing.assert_allclose(known.mean, y, atol=1e-12)
    np.testing.assert_allclose(known.covariance, 0.0, atol=1e-12)
    # Two equal inputs with a nugget t count as one with t/2 at the mean of their targets.
    doubled = np.concatenate([x[:1], x])
    merged = stationary_kernel(x, x)[np.ix_([0, *range(6, 10)], [0, *range(6, 10)])]
    both = stationary_kernel(doubled, doubled)[np.ix_([0, 1, *range(7, 11)], [0, 1, *range(7, 11)])]
    two, one = interpolating_posterior(both, 2, [[1.0], [4.0]], nugget=0.1), interpolating_posterior(merged, 1, [[2.5]], nugget=0.05)
    np.testing.assert_allclose(two.mean, one.mean, rtol=1e-10)
    np.testing.assert_allclose(two.covariance, one.covariance, rtol=1e-10)


@pytest.mark.parametrize("kind", ["laplace", "rbf", "matern_3/2", "matern_5/2"])
@pytest.mark.parametrize("seed", range(5))
def test_equal_inputs_ask_for_a_nugget(kind: str, seed: int) -> None:
    x = points(seed, 12)
    x[7] = x[2]
    kernel = stationary_kernel(x, x, kind)
    with pytest.raises(np.linalg.LinAlgError, match=r"singular \(equal inputs\?\): give a nugget, such as 1e-10"):
        interpolating_posterior(kernel, 9, np.ones((9, 1)))
    assert np.all(np.isfinite(interpolating_posterior(kernel, 9, np.ones((9, 1)), nugget=1e-8).mean))


@pytest.mark.parametrize(("nugget", "outputs"), [(0.0, 1), (3.0, 2)])
def test_conditioned_draws_have_the_posterior_moments(nugget: float, outputs: int) -> None:
    x, _, y = setting(9, 4, 3, outputs)
    # Near points, so that what is added to the training values shows.
    kernel = stationary_kernel(x, x, length_scale=10.0)
    posterior = interpolating_posterior(kernel, 4, y, nugget=nugget)
    drawn = conditioned_draws(np.random.default_rng(), 40_000, kernel, 4, y, nugget=nugget)
    assert drawn.shape == (40_000, 3, outputs)
    for j in range(outputs):
        for a in range(3):
            assert_same_mean(drawn[:, a, j], posterior.mean[a, j], skewness=0.5)
            for b in range(a + 1):
                product = (drawn[:, a, j] - posterior.mean[a, j]) * (drawn[:, b, j] - posterior.mean[b, j])
                assert_same_mean(product, posterior.covariance[a, b])
    if outputs == 2:
        assert_same_mean((drawn[:, 0, 0] - posterior.mean[0, 0]) * (drawn[:, 0, 1] - posterior.mean[0, 1]), 0.0)
    prior = conditioned_draws(np.random.default_rng(), 40_000, kernel, 0, np.zeros((0, 1)))
    assert_same_mean(prior[:, 0, 0] * prior[:, 6, 0], kernel[0, 6])


def test_conditioned_draws_pass_through_known_points() -> None:
    x, _, y = setting(10, 5, 2, 2)
    again = np.concatenate([x[:5], x[:5]])
    drawn = conditioned_draws(np.random.default_rng(), 20, stationary_kernel(again, again), 5, y)
    np.testing.assert_allclose(drawn, np.broadcast_to(y, (20, 5, 2)), atol=1e-6)


# Bad input


def test_bad_kernels() -> None:
    x = points(11, 3)
    with pytest.raises(ValueError, match=r"kind must be one of 'laplace', 'rbf', .*; got 'gauss'"):
        stationary_kernel(x, x, "gauss")
    with pytest.raises(ValueError, match=r"second must have shape \(b, 3\); got shape \(3, 2\)"):
        stationary_kernel(x, x[:, :2])
    with pytest.raises(ValueError, match=r"first must have shape \(a, d\); got shape \(3,\)"):
        stationary_kernel(x[0], x)
    with pytest.raises(ValueError, match="first must be finite; got 9 entries"):
        stationary_kernel(np.nan * x, x)
    with pytest.raises(ValueError, match=r"length_scale must be finite and > 0; got 0.0"):
        stationary_kernel(x, x, length_scale=0.0)
    with pytest.raises(ValueError, match="degree must be an integer >= 1; got 0"):
        stationary_kernel(x, x, "polynomial", degree=0)
    with pytest.raises(ValueError, match="inputs must have no zero row"):
        relu_network_kernel(np.array([[0.0, 0.0], [1.0, 0.0]]), 1)
    with pytest.raises(ValueError, match="depth must be an integer >= 0; got -1"):
        relu_network_kernel(x, -1)


@pytest.mark.parametrize(
    ("kernel", "train", "targets", "nugget", "message"),
    [
        (np.eye(3)[:2], 1, [[1.0]], 0.0, r"kernel must be a symmetric \(n \+ m, n \+ m\) matrix; got shape \(2, 3\)"),
        (np.array([[1.0, 0.5], [0.2, 1.0]]), 1, [[1.0]], 0.0, "kernel must be a symmetric"),
        (np.eye(3) * np.nan, 1, [[1.0]], 0.0, "kernel must be finite; got 9 entries"),
        (np.eye(3), 3, np.ones((3, 1)), 0.0, "train must leave at least one test point; got 3 of 3"),
        (np.eye(3), -1, np.ones((3, 1)), 0.0, "train must be an integer >= 0; got -1"),
        (np.eye(3), 2, np.ones((1, 1)), 0.0, r"targets must have shape \(2, k\); got shape \(1, 1\)"),
        (np.eye(3), 2, np.ones(2), 0.0, r"targets must have shape \(2, k\); got shape \(2,\)"),
        (np.eye(3), 2, np.ones((2, 0)), 0.0, "targets must have at least one output; got none"),
        (np.eye(3), 1, [[np.nan]], 0.0, "targets must be finite; got 1 entries"),
        (np.eye(3), 1, [[1.0]], -1.0, "nugget must be finite and >= 0; got -1.0"),
    ],
)
def test_bad_posteriors(kernel: Any, train: int, targets: Any, nugget: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        interpolating_posterior(kernel, train, targets, nugget=nugget)


def test_indefinite_kernels() -> None:
    wrong = np.array([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(np.linalg.LinAlgError, match="the posterior covariance has an eigenvalue of -3: give a larger nugget"):
        interpolating_posterior(wrong, 1, [[1.0]])
    with pytest.raises(np.linalg.LinAlgError, match="the kernel has an eigenvalue of -1"):
        conditioned_draws(np.random.default_rng(0), 2, wrong, 1, [[1.0]])
