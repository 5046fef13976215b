"""The samplers of one_step_gd agree with each other, prompt by prompt, in mean and in law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampling import assert_equal_in_law, assert_same_mean

from theorylab.models.wishart import wishart_matrices
from theorylab.numerics.enumeration import product_expectation, three_point_law
from theorylab.papers.one_step_gd import monte_carlo as simulator

LAYER = {"value_vector": (0.3, -0.2, 0.5), "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.1, -0.05))}
SIGMA, OMEGA = ((1.0, 0.3), (0.3, 0.6)), ((2.0, -0.5), (-0.5, 1.0))
GENERAL = {"feature_covariance": SIGMA, "task_covariance": OMEGA}
PLAIN = {"context_length": 3, "dimension": 2}
STEPS = (((0.2, 0.0), (0.0, 0.2)), ((0.1, 0.05), (0.0, 0.3)))
MILD = {"value_vector": (0.1, -0.05, 0.5), "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.03, -0.02))}


def test_raw_layer_and_integrated_query_have_the_enumerated_mean() -> None:
    size, setting = 200_000, {"context_length": 2, "noise_variance": 0.5, **GENERAL}
    names = ("key_weights", "query_weights", "value_weights", "head")
    raw_weights = dict(zip(names, simulator.raw_weights(**MILD), strict=True))
    exact = simulator.enumerate_population_loss(**MILD, **setting)
    assert_same_mean(simulator.sample_prompt_losses(np.random.default_rng(), size, **MILD, **setting)["loss"], exact["total"])
    assert_same_mean(simulator.sample_layer_losses(np.random.default_rng(), size, **raw_weights, **setting), exact["total"])
    exact = simulator.enumerate_population_loss(**MILD, **setting, include_query=True)
    raw = simulator.sample_layer_losses(np.random.default_rng(), size, **raw_weights, **setting, include_query=True)
    assert_same_mean(raw, exact["total"])


def test_columns_of_the_layer_prompt_by_prompt() -> None:
    """The same seed gives the same prompts, so G can be formed and the definitions evaluated with it."""
    size, sigma = 50, np.array(SIGMA)
    setting = {"context_length": 3, "noise_variance": 0.5, **GENERAL}
    prompts = simulator.draw_prompts(np.random.default_rng(8), size, dimension=2, **setting)
    tokens = np.concatenate([prompts.features, prompts.labels[:, :, None]], axis=2)
    gram = tokens.swapaxes(1, 2) @ tokens
    (a, c), matrix = np.split(np.array(LAYER["value_vector"]), [2]), np.array(LAYER["key_query_matrix"])
    A, b = matrix[:2], matrix[2]
    theta = gram @ np.append(a, c) @ matrix
    moment, squared_labels = gram[:, :2, 2], gram[:, 2, 2]
    odd = moment @ (c * A + np.outer(a, b))
    even = gram[:, :2, :2] @ a @ A + squared_labels[:, None] * c * b

    def squared(u: np.ndarray) -> np.ndarray:
        return np.einsum("bi,ij,bj->b", u, sigma, u)

    losses = simulator.sample_prompt_losses(np.random.default_rng(8), size, **LAYER, **setting)
    np.testing.assert_allclose(losses["loss"], 0.5 + squared(theta - prompts.task), rtol=1e-11)
    np.testing.assert_allclose(losses["odd"], 0.5 + squared(odd - prompts.task), rtol=1e-11)
    np.testing.assert_allclose(losses["even"], squared(even), rtol=1e-9, atol=1e-13)
    sides = simulator.sample_pythagoras(np.random.default_rng(8), size, **LAYER, preconditioner=STEPS[1], **setting)
    step = moment @ np.array(STEPS[1]).T
    expected = {"layer_error": theta - prompts.task, "step_error": step - prompts.task, "distance": theta - step}
    for name, vectors in expected.items():
        np.testing.assert_allclose(sides[name], squared(vectors), rtol=1e-9)
    np.testing.assert_allclose(sides["defect"], sides["layer_error"] - sides["step_error"] - sides["distance"], rtol=1e-9, atol=1e-11)


def test_query_bias_entries_prompt_by_prompt() -> None:
    setting = {"context_length": 3, "noise_variance": 0.5, "prior_mean": (1.0, 0.5)}
    prompts = simulator.draw_prompts(np.random.default_rng(8), 50, dimension=2, **setting)
    entries = simulator.sample_query_bias_gradient(np.random.default_rng(8), 50, preconditioner=STEPS[1], **setting)
    for i in range(50):
        X, y, w = prompts.features[i], prompts.labels[i], prompts.task[i]
        expected = (y @ y) * (w - np.array(STEPS[1]) @ X.T @ y)
        assert [entries["entry_0"][i], entries["entry_1"][i]] == pytest.approx(list(expected), rel=1e-11)


def test_ridge_columns_prompt_by_prompt() -> None:
    """lam is noise over prior variance, which only a prior variance other than 1 can tell from the noise variance."""
    prompts = simulator.draw_prompts(np.random.default_rng(8), 30, context_length=3, dimension=2, noise_variance=0.5, task_covariance=2.5 * np.eye(2))
    setting = {**PLAIN, "noise_variance": 0.5, "prior_variance": 2.5}
    terms = simulator.sample_learning_rate_terms(np.random.default_rng(8), 30, **setting)
    gaps = simulator.sample_bayes_gap(np.random.default_rng(8), 30, **setting, learning_rate=0.15)
    for i in range(30):
        X, y, w = prompts.features[i], prompts.labels[i], prompts.task[i]
        ridge = np.linalg.inv(X.T @ X + 0.2 * np.eye(2)) @ X.T @ y
        assert terms["correlation"][i] == pytest.approx(ridge @ X.T @ y, rel=1e-11)
        assert terms["squared_gradient"][i] == pytest.approx(np.sum((X.T @ y) ** 2), rel=1e-11)
        assert gaps["gap"][i] == pytest.approx(np.sum((0.15 * X.T @ y - ridge) ** 2), rel=1e-9)
        assert gaps["ridge_error"][i] == pytest.approx(np.sum((ridge - w) ** 2), rel=1e-9)
        assert gaps["step_error"][i] == pytest.approx(np.sum((0.15 * X.T @ y - w) ** 2), rel=1e-9)


def test_every_estimate_of_the_task_has_the_numerator_of_the_task_or_more() -> None:
    """Ridge is the posterior mean, so its correlation has the mean of the task's; least squares keeps the noise in its range."""
    size, setting = 200_000, {"context_length": 3, "dimension": 2, "noise_variance": 0.5}
    exact = simulator.enumerate_prompt_terms(3, 2, 0.5)
    drawn = {
        estimate: simulator.sample_learning_rate_terms(np.random.default_rng(), size, **setting, estimate=estimate)
        for estimate in ("ridge", "least_squares", "task")
    }
    assert_same_mean(drawn["ridge"]["correlation"], exact["correlation"])
    assert_same_mean(drawn["task"]["correlation"], exact["correlation"])
    assert_same_mean(drawn["least_squares"]["correlation"], exact["correlation"] + 0.5 * 2)
    assert_same_mean(drawn["ridge"]["squared_gradient"], exact["squared_gradient"])
    terms = simulator.sample_prompt_terms(np.random.default_rng(), size, **setting)
    for name, column in terms.items():
        assert_same_mean(column, exact[name])
    assert_equal_in_law(terms["correlation"], drawn["task"]["correlation"])


@pytest.mark.parametrize(("n", "d"), [(4, 2), (2, 4), (3, 3)])
def test_ridge_excess_from_the_spectrum_is_the_error_of_raw_ridge(n: int, d: int) -> None:
    size, setting = 150_000, {"context_length": n, "dimension": d, "noise_variance": 0.7, "prior_variance": 2.0}
    short = simulator.sample_bayes_excess(np.random.default_rng(), size, **setting)
    raw = simulator.sample_bayes_gap(np.random.default_rng(), size, **setting, learning_rate=0.1)
    assert_same_mean(raw["ridge_error"], short)
    assert np.all((short >= 0) & (short <= 2.0 * d))
    X = np.random.default_rng().standard_normal((20_000, n, d))
    dense = 0.7 * np.trace(np.linalg.inv(X.swapaxes(1, 2) @ X + 0.35 * np.eye(d)), axis1=1, axis2=2)
    assert_equal_in_law(dense, short)


def test_noiseless_ridge_excess_counts_the_unseen_directions() -> None:
    for n, d in ((2, 5), (5, 2)):
        values = simulator.sample_bayes_excess(np.random.default_rng(), 10, context_length=n, dimension=d, noise_variance=0.0, prior_variance=3.0)
        np.testing.assert_array_equal(values, 3.0 * max(d - n, 0))


def test_bayes_distance_is_the_isotropic_gap_in_the_isotropic_case() -> None:
    layer = {"value_vector": (0.0, 0.0, 1.0), "key_query_matrix": ((0.15, 0.0), (0.0, 0.15), (0.0, 0.0))}
    general = simulator.sample_bayes_distance(np.random.default_rng(3), 500, **layer, context_length=3, noise_variance=0.5)
    isotropic = simulator.sample_bayes_gap(np.random.default_rng(3), 500, context_length=3, dimension=2, noise_variance=0.5, learning_rate=0.15)
    np.testing.assert_allclose(general["distance"], isotropic["gap"], rtol=1e-9)
    np.testing.assert_allclose(general["bayes_error"], isotropic["ridge_error"], rtol=1e-9)
    np.testing.assert_allclose(general["layer_error"], isotropic["step_error"], rtol=1e-9)
    mapped = simulator.sample_bayes_distance(np.random.default_rng(), 150_000, **LAYER, context_length=3, noise_variance=0.5, **GENERAL)
    other = simulator.sample_bayes_distance(np.random.default_rng(), 150_000, **layer, context_length=3, noise_variance=0.5, **GENERAL)
    assert_same_mean(mapped["difference"], mapped["bayes_error"])
    assert_same_mean(mapped["difference"], other["difference"])


def test_conditional_errors_have_the_means_of_the_raw_ones() -> None:
    setting = {"preconditioners": STEPS, "context_length": 3, "noise_variance": 0.5, **GENERAL}
    raw = simulator.sample_preconditioner_errors(np.random.default_rng(), 200_000, **setting)
    conditional = simulator.sample_conditional_preconditioner_errors(np.random.default_rng(), 200_000, **setting)
    for name in ("error_0", "error_1"):
        assert_same_mean(raw[name], conditional[name])
        assert conditional[name].var() < raw[name].var()
    assert_same_mean(raw["error_1"] - raw["error_0"], conditional["error_1"] - conditional["error_0"])


def test_conditional_errors_are_the_means_over_task_and_noise_replicate_by_replicate() -> None:
    """The same seed gives the same S; any X with X^T X = S will do, and task and noise are enumerated (the error has degree 2 in each)."""
    setting = {"context_length": 3, "noise_variance": 0.5, **GENERAL}
    errors = simulator.sample_conditional_preconditioner_errors(np.random.default_rng(4), 5, preconditioners=STEPS, **setting)
    grams = wishart_matrices(np.random.default_rng(4), 5, degrees_of_freedom=3, feature_covariance=SIGMA)
    task_factor = np.linalg.cholesky(OMEGA)
    for i, gram in enumerate(grams):
        X = np.linalg.cholesky(gram).T
        for j, step in enumerate(STEPS):

            def error(z: np.ndarray, X: np.ndarray = X, step: Any = step) -> np.ndarray:
                task = z[:, :2] @ task_factor.T
                labels = task @ X.T + np.sqrt(0.5) * z[:, 2:]
                deviation = labels @ X @ np.array(step).T - task
                return np.einsum("bi,ij,bj->b", deviation, np.array(SIGMA), deviation)

            assert errors[f"error_{j}"][i] == pytest.approx(product_expectation(error, [three_point_law()] * 4), rel=1e-11)


def test_test_length_excess_is_the_raw_error_of_the_step_at_that_length() -> None:
    n, m, d, eta = 5, 3, 2, 0.12
    short = simulator.sample_test_length_excess(
        np.random.default_rng(), 200_000, context_length=n, test_length=m, dimension=d, noise_variance=0.5, prior_variance=1.5, learning_rate=eta
    )
    exact = simulator.enumerate_prompt_terms(m, d, 0.5, prior_variance=1.5)
    for name, step in (("summed", eta), ("averaged", n * eta / m)):
        assert_same_mean(short[name], exact["squared_task"] - 2 * step * exact["correlation"] + step**2 * exact["squared_gradient"])
        raw = simulator.sample_bayes_gap(
            np.random.default_rng(), 200_000, context_length=m, dimension=d, noise_variance=0.5, prior_variance=1.5, learning_rate=step
        )
        assert_same_mean(short[name], raw["step_error"])


def test_traces_and_largest_step_have_the_law_of_raw_gaussian_covariates() -> None:
    raw = simulator.sample_covariate_traces(np.random.default_rng(), 40_000, covariate_law="gaussian", context_length=4, dimension=3)
    short = simulator.sample_wishart_traces(np.random.default_rng(), 40_000, context_length=4, dimension=3)
    for name, column in raw.items():
        assert_equal_in_law(column, short[name])
    X = np.random.default_rng().standard_normal((20_000, 4, 3))
    top = simulator.sample_largest_step(np.random.default_rng(), 40_000, context_length=4, dimension=3, learning_rate=0.2)
    assert_equal_in_law(0.2 * np.linalg.norm(X, 2, axis=(1, 2)) ** 2, top)


@pytest.mark.parametrize(("link", "symmetrised"), [("relu", True), ("relu", False), ("sign", False), ("tanh", True)])
def test_short_teacher_terms_agree_with_raw_ones(link: str, symmetrised: bool) -> None:
    setting = {"link": link, "context_length": 3, "dimension": 4, "noise_variance": 0.5, "symmetrised": symmetrised}
    short = simulator.sample_teacher_terms(np.random.default_rng(), 200_000, **setting)
    raw = simulator.sample_raw_teacher_terms(np.random.default_rng(), 200_000, **setting)
    for name in ("correlation", "query_correlation", "squared_label"):
        assert_same_mean(short[name], raw[name])
    assert_equal_in_law(short["correlation"], raw["correlation"])
    assert_equal_in_law(short["squared_label"], raw["squared_label"])
    assert_same_mean(short["squared_gradient"], raw["squared_gradient"])
    assert_same_mean(short["query_correlation"], short["correlation"])


def test_teacher_terms_and_losses_have_the_enumerated_means() -> None:
    exact = simulator.enumerate_teacher_terms("shifted_square", 2, 0.5)
    short = simulator.sample_teacher_terms(np.random.default_rng(), 400_000, link="shifted_square", context_length=2, dimension=2, noise_variance=0.5)
    for name in ("correlation", "squared_gradient", "squared_label"):
        assert_same_mean(short[name], exact[name])
    # A cubic or quadratic label makes theta's square of degree 8 or more: mild weights keep its tail light.
    layer = {"value_vector": (0.1, -0.1, 0.2), "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.02, -0.01))}
    loss = simulator.enumerate_teacher_loss(layer["value_vector"], layer["key_query_matrix"], "shifted_square", 2, 0.5)
    drawn = simulator.sample_teacher_losses(
        np.random.default_rng(), 400_000, **layer, link="shifted_square", context_length=2, noise_variance=0.5, symmetrised=True
    )
    assert_same_mean(drawn["loss"], loss)
    assert_same_mean(drawn["squared_error"], loss)


def test_networks_of_one_unit_and_of_many_share_their_correlation() -> None:
    """beta_f.X^T y has mean n E|beta_f|^2 = n d / 4 at every width and output law; labels have variance d / 2."""
    for width, law, d in ((1, "rademacher", 2), (6, "gaussian", 2), (8, "rademacher", 4)):
        terms = simulator.sample_network_terms(
            np.random.default_rng(), 200_000, width=width, context_length=3, dimension=d, noise_variance=0.5, output_law=law
        )
        assert_same_mean(terms["correlation"], 3 * d / 4)
        assert_same_mean(terms["squared_label"], d / 2 + 0.5)
        if width == 8:
            assert_same_mean(terms["query_correlation"], 3 * d / 4)
