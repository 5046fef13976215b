"""Prompts of random linear regression: shapes, second moments, laws, ridge estimates, error messages."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from theorylab.models import linear_regression as model

SIGMA = np.array([[1.5, 0.4, 0.0], [0.4, 0.8, -0.2], [0.0, -0.2, 0.5]])
OMEGA = np.array([[1.0, 0.5, 0.0], [0.5, 2.0, 0.1], [0.0, 0.1, 0.7]])


def assert_mean(values: np.ndarray, expected: np.ndarray | float) -> None:
    """Eight standard errors: the tail of a studentised mean, near exp(-z^2 / 2 + |skewness| z^3 / (3 sqrt n)), stays below 1e-9 up to skewness 35."""
    error = values.std(axis=0) / np.sqrt(values.shape[0])
    assert np.all(np.abs(values.mean(axis=0) - expected) <= 8 * error + 1e-12)


@pytest.mark.parametrize("law", model.COVARIATE_LAWS)
def test_covariates_have_mean_zero_and_the_covariance(law: str) -> None:
    nu = 13.0 if law == "student_t" else None
    size = 100_000
    drawn = model.draw_covariates(np.random.default_rng(), size, 2, dimension=3, law=law, student_degrees_of_freedom=nu, feature_covariance=SIGMA)
    assert drawn.shape == (size, 2, 3)
    assert_mean(drawn, 0.0)
    assert_mean(drawn[:, 0, :, None] * drawn[:, 0, None, :], SIGMA)
    assert_mean(drawn[:, 0, :, None] * drawn[:, 1, None, :], 0.0)


@pytest.mark.parametrize("law", ["gaussian", "sphere", "rademacher", "uniform", "laplace", "student_t"])
def test_squared_norm_moment_is_the_moment_of_the_sampler(law: str) -> None:
    nu = 30.0 if law == "student_t" else None
    moment = model.squared_norm_moment(law, 4, student_degrees_of_freedom=nu)
    x = model.draw_covariates(np.random.default_rng(), 400_000, 1, dimension=4, law=law, student_degrees_of_freedom=nu)[:, 0]
    assert_mean((x**2).sum(axis=1) * (x**2).mean(axis=1), moment)


def test_squared_norm_moment_of_named_laws() -> None:
    kurtosis = {"gaussian": 3.0, "rademacher": 1.0, "uniform": 1.8, "laplace": 6.0}
    for law, value in kurtosis.items():
        assert model.squared_norm_moment(law, 5) == pytest.approx(4 + value, rel=1e-12)
    assert model.squared_norm_moment("sphere", 5) == 5.0
    for nu in (4.1, 4.5, 10.0, 300.0):
        assert model.squared_norm_moment("student_t", 5, student_degrees_of_freedom=nu) == pytest.approx(7 * (nu - 2) / (nu - 4), rel=1e-10)


def test_bounded_laws_take_their_values() -> None:
    rng = np.random.default_rng()
    sphere = model.draw_covariates(rng, 50, 3, dimension=4, law="sphere")
    np.testing.assert_allclose((sphere**2).sum(axis=2), 4.0)
    assert set(np.unique(model.draw_covariates(rng, 50, 3, dimension=4, law="rademacher"))) == {-1.0, 1.0}
    assert np.abs(model.draw_covariates(rng, 50, 3, dimension=4, law="uniform")).max() <= np.sqrt(3.0)
    tasks = model.draw_tasks(rng, 200, dimension=4, prior="one_hot")
    assert np.all(np.sort(np.abs(tasks), axis=1) == [0.0, 0.0, 0.0, 2.0])
    np.testing.assert_allclose(np.abs(model.draw_noise(rng, (50,), noise_variance=0.25, law="rademacher")), 0.5)
    np.testing.assert_allclose(np.linalg.norm(model.draw_sphere(rng, 20, dimension=3), axis=1), 1.0)


@pytest.mark.parametrize("prior", model.PRIORS)
def test_tasks_have_their_mean_and_covariance(prior: str) -> None:
    mean = np.array([0.5, 0.0, -1.0])
    tasks = model.draw_tasks(np.random.default_rng(), 200_000, dimension=3, prior=prior, task_covariance=OMEGA, prior_mean=mean)
    assert_mean(tasks, mean)
    assert_mean((tasks - mean)[:, :, None] * (tasks - mean)[:, None, :], OMEGA)


def test_a_singular_task_covariance_is_allowed() -> None:
    singular = np.outer([1.0, 2.0, -1.0], [1.0, 2.0, -1.0])
    tasks = model.draw_tasks(np.random.default_rng(), 100, dimension=3, task_covariance=singular)
    np.testing.assert_allclose(tasks, tasks[:, :1] * [1.0, 2.0, -1.0], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("noise_law", model.NOISE_LAWS)
def test_labels_are_the_task_plus_noise(noise_law: str) -> None:
    prompts = model.draw_prompts(
        np.random.default_rng(), 50_000, context_length=2, dimension=3, noise_variance=0.3, noise_law=noise_law, with_query=True
    )
    assert prompts.features.shape == (50_000, 2, 3)
    assert prompts.query.shape == (50_000, 3)
    residual = prompts.labels - np.einsum("bnd,bd->bn", prompts.features, prompts.task)
    query_residual = prompts.query_label - np.einsum("bd,bd->b", prompts.query, prompts.task)
    noise = np.column_stack([residual, query_residual])
    assert_mean(noise, 0.0)
    assert_mean(noise[:, :, None] * noise[:, None, :], 0.3 * np.eye(3))
    without = model.draw_prompts(np.random.default_rng(), 5, context_length=2, dimension=3, noise_variance=0.0)
    assert without.query is None
    np.testing.assert_allclose(without.labels, np.einsum("bnd,bd->bn", without.features, without.task))


@pytest.mark.parametrize(("n", "d"), [(7, 3), (3, 7), (4, 4)])
def test_ridge_weights_agree_with_scikit_learn_and_with_least_squares(n: int, d: int) -> None:
    rng = np.random.default_rng()
    X, y = rng.standard_normal((6, n, d)), rng.standard_normal((6, n))
    untouched = X.copy()
    expected = np.array([Ridge(alpha=0.7, fit_intercept=False, solver="svd").fit(a, b).coef_ for a, b in zip(X, y, strict=True)])
    np.testing.assert_allclose(model.ridge_weights(X, y, 0.7), expected, rtol=1e-9, atol=1e-10)
    if n != d:
        shortest = np.array([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(X, y, strict=True)])
        np.testing.assert_allclose(model.ridge_weights(X, y, 0.0), shortest, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(X, untouched)


def test_covariance_factor_squares_to_the_matrix() -> None:
    for matrix in (OMEGA, np.diag([1.0, 0.0, 2.0])):
        factor = model.covariance_factor("task_covariance", matrix, definite=False)
        np.testing.assert_allclose(factor @ factor.T, matrix, atol=1e-14)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"context_length": 0}, "context_length must be .*>= 1"),
        ({"dimension": 2.5}, "dimension must be .*>= 1"),
        ({"noise_variance": -0.1}, "noise_variance must be finite and >= 0"),
        ({"noise_variance": float("nan")}, "noise_variance must be finite and >= 0"),
        ({"covariate_law": "cauchy"}, "law must be one of 'gaussian'"),
        ({"prior": "flat"}, "prior must be one of"),
        ({"noise_law": "cauchy"}, "law must be one of"),
        ({"feature_covariance": np.diag([1.0, -1.0])}, "feature_covariance must be positive definite"),
        ({"feature_covariance": np.eye(3)}, r"feature_covariance must have shape \(2, 2\)"),
        ({"task_covariance": np.diag([1.0, -1.0])}, "task_covariance must be positive semidefinite"),
        ({"prior_mean": [1.0]}, r"prior_mean must have shape \(2,\)"),
        ({"covariate_law": "student_t"}, "student_degrees_of_freedom must be a number > 2"),
        ({"covariate_law": "student_t", "student_degrees_of_freedom": 2.0}, "student_degrees_of_freedom must be finite and > 2"),
    ],
)
def test_bad_input_is_named(parameters: dict, message: str) -> None:
    valid = {"context_length": 3, "dimension": 2, "noise_variance": 0.1}
    with pytest.raises(ValueError, match=message):
        model.draw_prompts(np.random.default_rng(), 4, **(valid | parameters))


def test_missing_fourth_moments_and_negative_ridge_are_errors() -> None:
    with pytest.raises(ValueError, match="fourth moment does not exist"):
        model.squared_norm_moment("student_t", 3, student_degrees_of_freedom=4.0)
    with pytest.raises(ValueError, match="noise_ratio must be finite and >= 0"):
        model.ridge_weights(np.ones((1, 2, 2)), np.ones((1, 2)), -1.0)
