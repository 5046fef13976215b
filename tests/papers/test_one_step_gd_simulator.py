"""The real linear-attention layer, its enumerations and its training: against naive loops, known moments and each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.numerics.enumeration import gauss_hermite_law, product_expectation
from theorylab.papers.one_step_gd import monte_carlo as simulator

RNG = np.random.default_rng


def random_layer(rng: np.random.Generator, dimension: int, scale: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    return scale * rng.standard_normal(dimension + 1), scale * rng.standard_normal((dimension + 1, dimension))


def naive_output(keys, queries, values, head, X, y, x_query, include_query: bool) -> float:
    """One prompt, token by token, as the definition is written."""
    d = X.shape[1]
    tokens = [np.append(X[i], y[i]) for i in range(len(y))]
    query = np.append(x_query, 0.0)
    total = np.zeros(d + 1)
    for token in [*tokens, query] if include_query else tokens:
        total += (values @ token) * (token @ keys.T @ queries @ query)
    return float(head @ total)


@given(n=st.integers(1, 5), d=st.integers(1, 4), include_query=st.booleans())
@settings(max_examples=25, deadline=None)
def test_layer_is_the_definition_token_by_token(n: int, d: int, include_query: bool) -> None:
    rng = RNG()
    weights = [rng.standard_normal((d + 1, d + 1)) for _ in range(3)]
    head, X, y, x_query = rng.standard_normal(d + 1), rng.standard_normal((6, n, d)), rng.standard_normal((6, n)), rng.standard_normal((6, d))
    expected = [naive_output(*weights, head, *prompt, include_query) for prompt in zip(X, y, x_query, strict=True)]
    output = simulator.linear_attention_predict(*weights, head, X, y, x_query, include_query=include_query)
    np.testing.assert_allclose(output, expected, rtol=1e-11, atol=1e-11)
    if not include_query:
        vector, matrix = simulator.reduced_parameters(*weights, head)
        theta = simulator.attention_coefficients(vector, matrix, X, y)
        np.testing.assert_allclose((theta * x_query).sum(axis=1), expected, rtol=1e-11, atol=1e-11)


def test_raw_weights_realise_the_reduced_parameters() -> None:
    vector, matrix = random_layer(RNG(), 3)
    again, matrix_again = simulator.reduced_parameters(*simulator.raw_weights(vector, matrix))
    np.testing.assert_array_equal(again, vector)
    np.testing.assert_array_equal(matrix_again, matrix)


def test_layer_names_the_shape_it_expects() -> None:
    square, head, X, y, query = np.eye(3), np.ones(3), np.ones((4, 5, 2)), np.ones((4, 5)), np.ones((4, 2))
    for arguments, message in (
        ((np.eye(2), square, square, head, X, y, query), r"key_weights must have shape \(d \+ 1, d \+ 1\) = \(3, 3\); got shape \(2, 2\)"),
        ((square, square, square, np.ones(2), X, y, query), r"head must have shape \(d \+ 1,\) = \(3,\)"),
        ((square, square, square, head, X, y[:, :4], query), r"y must have shape \(size, n\) = \(4, 5\)"),
        ((square, square, square, head, X, y, query[:, :1]), r"x_query must have shape \(size, d\) = \(4, 2\)"),
        ((square, square, square, head, X[0], y, query), r"X must have shape \(size, n, d\)"),
    ):
        with pytest.raises(ValueError, match=message):
            simulator.linear_attention_predict(*arguments)


def test_enumeration_of_a_zero_layer_and_of_gaussian_moments() -> None:
    sigma, omega = np.array([[1.0, 0.3], [0.3, 0.6]]), np.array([[2.0, -0.5], [-0.5, 1.0]])
    losses = simulator.enumerate_population_loss(np.zeros(3), np.zeros((3, 2)), 2, 0.4, feature_covariance=sigma, task_covariance=omega)
    assert losses["total"] == pytest.approx(0.4 + np.trace(sigma @ omega), rel=1e-14)
    assert losses["even"] == 0.0
    # E|X^T y|^2 from E S^2 = n (n + d + 1) I and the noise, for w ~ N(0, tau2 I).
    for n, d, sigma2, tau2 in ((3, 2, 0.5, 2.5), (2, 2, 0.0, 1.0), (4, 1, 1.0, 0.3)):
        terms = simulator.enumerate_prompt_terms(n, d, sigma2, prior_variance=tau2)
        assert terms["squared_gradient"] == pytest.approx(n * d * (tau2 * (n + d + 1) + sigma2), rel=1e-13)
        assert terms["correlation"] == pytest.approx(tau2 * n * d, rel=1e-13)
        assert terms["squared_task"] == pytest.approx(tau2 * d, rel=1e-14)
        np.testing.assert_allclose(terms["task_by_gradient"], tau2 * n * np.eye(d), atol=1e-12)
        assert simulator.enumerate_squared_gradient(n, d, sigma2, prior_variance=tau2) == terms["squared_gradient"]


@pytest.mark.parametrize("include_query", [False, True])
def test_the_finite_world_loses_nothing_against_a_finer_one(include_query: bool) -> None:
    """n = d = 1 with more Gauss-Hermite points than the degrees need, through the definition token by token."""
    vector, matrix = random_layer(RNG(), 1, scale=1.0)
    weights = simulator.raw_weights(vector, matrix)

    def squared_error(z: np.ndarray) -> np.ndarray:
        x, w, query = 1.3 * z[:, 0], 0.7 * z[:, 1], 1.3 * z[:, 3]
        y = x * w + np.sqrt(0.4) * z[:, 2]
        outputs = [naive_output(*weights, np.array([[a]]), np.array([b]), np.array([c]), include_query) for a, b, c in zip(x, y, query, strict=True)]
        return (np.array(outputs) - w * query) ** 2

    finer = product_expectation(squared_error, [gauss_hermite_law(12 if variable == 3 else 6) for variable in range(4)])
    loss = simulator.enumerate_population_loss(
        vector, matrix, 1, 0.4, feature_covariance=[[1.69]], task_covariance=[[0.49]], include_query=include_query
    )
    assert loss["total"] == pytest.approx(0.4 + finer, rel=1e-12)


def test_parts_of_the_loss_add_up_and_only_signs_of_labels_separate_them() -> None:
    vector, matrix = random_layer(RNG(), 2)
    losses = simulator.enumerate_population_loss(vector, matrix, 2, 0.5, prior_mean=[0.0, 0.0])
    assert losses["total"] == pytest.approx(losses["odd"] + losses["even"], rel=1e-13)
    biased = simulator.enumerate_population_loss(vector, matrix, 2, 0.5, prior_mean=[1.0, -0.5])
    assert abs(biased["total"] - biased["odd"] - biased["even"]) > 1e-6


def test_enumerated_gradient_is_the_difference_quotient_of_the_enumerated_loss() -> None:
    """L is quadratic in each single coordinate, so central differences are exact for any step."""
    vector, matrix = random_layer(RNG(), 2)
    setting = {"feature_covariance": np.diag([1.0, 0.5]), "task_covariance": [[1.0, 0.2], [0.2, 2.0]], "prior_mean": [0.3, -0.2]}

    def loss(v, M):
        return simulator.enumerate_population_loss(v, M, 2, 0.5, **setting)["total"]

    value_gradient, matrix_gradient = simulator.enumerate_loss_gradient(vector, matrix, 2, 0.5, **setting)
    for i in range(3):
        step = np.eye(3)[i]
        assert value_gradient[i] == pytest.approx((loss(vector + step, matrix) - loss(vector - step, matrix)) / 2, rel=1e-10, abs=1e-10)
    for i, j in ((0, 0), (1, 0), (2, 1)):
        step = np.zeros((3, 2))
        step[i, j] = 1.0
        assert matrix_gradient[i, j] == pytest.approx((loss(vector, matrix + step) - loss(vector, matrix - step)) / 2, rel=1e-10, abs=1e-10)


def test_query_bias_gradient_is_a_part_of_the_loss_gradient() -> None:
    step_matrix = np.array([[0.2, 0.05], [0.0, 0.1]])
    entry = simulator.enumerate_query_bias_gradient([1.0, 0.5], step_matrix, 2, 0.5)
    scale = 1.7
    matrix = np.vstack([step_matrix.T / scale, np.zeros(2)])
    _, gradient = simulator.enumerate_loss_gradient([0.0, 0.0, scale], matrix, 2, 0.5, prior_mean=[1.0, 0.5])
    np.testing.assert_allclose(-gradient[-1] / (2 * scale), entry, rtol=1e-12)


def test_a_step_is_at_no_distance_from_its_own_layer() -> None:
    step_matrix = np.array([[0.2, 0.05], [0.02, 0.1]])
    matrix = np.vstack([step_matrix.T / 2.0, np.zeros(2)])
    sides = simulator.enumerate_pythagoras([0.0, 0.0, 2.0], matrix, step_matrix, 2, 0.5, feature_covariance=np.diag([1.0, 0.3]))
    assert sides["distance"] == pytest.approx(0.0, abs=1e-28)
    assert sides["layer_error"] == pytest.approx(sides["step_error"], rel=1e-14)
    assert sides["defect"] == pytest.approx(sides["layer_error"] - sides["step_error"] - sides["distance"], abs=1e-14)


def test_finite_worlds_of_signs_are_enumerated_as_they_are() -> None:
    """n = d = 1: w = +-1, x = +-1, noise +-s: correlation 1, |X^T y|^2 = (w + s e)^2."""
    terms = simulator.enumerate_prompt_terms(1, 1, 0.7, covariate_law="rademacher", prior="one_hot", noise_law="rademacher")
    assert terms["correlation"] == pytest.approx(1.0, rel=1e-15)
    assert terms["squared_gradient"] == pytest.approx(1.7, rel=1e-15)
    three = simulator.enumerate_prompt_terms(3, 2, 0.7, covariate_law="rademacher", prior="one_hot", noise_law="rademacher")
    assert three["correlation"] / three["squared_gradient"] == pytest.approx(1 / (3 - 1 + 2 + 0.7), rel=1e-14)


def test_enumerated_prompts_have_their_second_moments() -> None:
    mean, sigma, omega = np.array([1.0, -0.5]), np.array([[1.0, 0.3], [0.3, 0.6]]), np.array([[2.0, -0.5], [-0.5, 1.0]])
    for prior in ("gaussian", "one_hot"):
        moments = simulator.prompt_expectation(
            lambda prompts: {
                "task": prompts.task,
                "tasks": (prompts.task - mean)[:, :, None] * (prompts.task - mean)[:, None, :],
                "features": prompts.features[:, 1, :, None] * prompts.features[:, 1, None, :],
                "query": prompts.query[:, :, None] * prompts.query[:, None, :],
                "noise": (prompts.labels - np.einsum("bnd,bd->bn", prompts.features, prompts.task)) ** 2,
                "cross": prompts.features[:, 0, :, None] * prompts.query[:, None, :],
            },
            context_length=2,
            dimension=2,
            noise_variance=0.4,
            feature_covariance=sigma,
            task_covariance=omega,
            prior_mean=mean,
            prior=prior,
            query_points=2,
        )
        expected = {"task": mean, "tasks": omega, "features": sigma, "query": sigma, "noise": [0.4, 0.4], "cross": np.zeros((2, 2))}
        for name, value in expected.items():
            np.testing.assert_allclose(moments[name], value, atol=1e-13)


def test_what_cannot_be_enumerated_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"covariate_law must be one of .* to be enumerated; got 'laplace'"):
        simulator.enumerate_prompt_terms(2, 2, 0.5, covariate_law="laplace")
    with pytest.raises(ValueError, match="context_length and dimension must be small"):
        simulator.enumerate_prompt_terms(10, 3, 0.5)
    with pytest.raises(ValueError, match=r"key_query_matrix must have shape \(3, 2\)"):
        simulator.enumerate_population_loss(np.ones(3), np.ones((3, 3)), 2, 0.5)
    with pytest.raises(ValueError, match="link must be one of"):
        simulator.enumerate_teacher_terms("tanh", 2, 0.5)
    with pytest.raises(ValueError, match=r"value_vector must have shape \(3,\)"):
        simulator.enumerate_teacher_loss(np.ones(4), np.ones((4, 3)), "cube", 2, 0.5)


def test_linear_teachers_on_the_circle_are_linear_tasks() -> None:
    """u uniform on the circle has the second moments of w ~ N(0, I / 2), and the losses of plain steps see no others."""
    terms = simulator.enumerate_teacher_terms("linear", 2, 0.3)
    tasks = simulator.enumerate_prompt_terms(2, 2, 0.3, prior_variance=0.5)
    assert terms["correlation"] == pytest.approx(tasks["correlation"], rel=1e-13)
    assert terms["squared_gradient"] == pytest.approx(tasks["squared_gradient"], rel=1e-13)
    task = simulator.enumerate_population_loss([0.0, 0.0, 1.0], [[0.2, 0.0], [0.0, 0.2], [0.0, 0.0]], 2, 0.3, task_covariance=0.5 * np.eye(2))
    loss = simulator.enumerate_teacher_loss([0.0, 0.0, 1.0], [[0.2, 0.0], [0.0, 0.2], [0.0, 0.0]], "linear", 2, 0.3)
    assert loss == pytest.approx(task["total"], rel=1e-13)


def test_link_moments_are_the_known_gaussian_moments() -> None:
    known = {
        "linear": (1.0, 1.0),
        "sign": (np.sqrt(2 / np.pi), 1.0),
        "relu": (0.5, 0.5),
        "absolute": (0.0, 1.0),
        "square": (0.0, 3.0),
        "cube": (3.0, 15.0),
        "shifted_square": (1.0, 4.0),
        "hermite3": (0.0, 6.0),
    }
    for link, moments in known.items():
        assert simulator.link_moments(link) == pytest.approx(moments, rel=1e-11, abs=1e-13)
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    slope, square = simulator.link_moments("tanh")
    assert slope == pytest.approx(float(weights @ (nodes * np.tanh(nodes))) / np.sqrt(2 * np.pi), rel=1e-9)
    assert square == pytest.approx(float(weights @ np.tanh(nodes) ** 2) / np.sqrt(2 * np.pi), rel=1e-9)
    with pytest.raises(ValueError, match="link must be one of"):
        simulator.link_moments("step")


def test_batch_gradient_reaches_every_raw_weight() -> None:
    """The output is linear in each single weight, so the squared error is quadratic in it and central differences are exact."""
    rng = RNG()
    d, n, batch = 2, 3, 7
    weights = [0.5 * rng.standard_normal(shape) for shape in [(2, d + 1, d + 1)] * 3 + [(2, d + 1)]]
    X, y = rng.standard_normal((2, batch, n, d)), rng.standard_normal((2, batch, n))
    query, label = rng.standard_normal((2, batch, d)), rng.standard_normal((2, batch))

    def losses(changed):
        outputs = [simulator.linear_attention_predict(*(weight[run] for weight in changed), X[run], y[run], query[run]) for run in range(2)]
        return ((np.array(outputs) - label) ** 2).mean(axis=1)

    loss, value_gradient, matrix_gradient = simulator.batch_gradient(*simulator.reduced_parameters(*weights), X, y, query, label)
    np.testing.assert_allclose(loss, losses(weights), rtol=1e-12)
    for j, gradient in enumerate(simulator.raw_weight_gradients(value_gradient, matrix_gradient, *weights)):
        assert gradient.shape == weights[j].shape
        for index in np.ndindex(weights[j].shape[1:]):
            upper, lower = list(weights), list(weights)
            upper[j], lower[j] = weights[j].copy(), weights[j].copy()
            upper[j][(slice(None), *index)] += 1.0
            lower[j][(slice(None), *index)] -= 1.0
            np.testing.assert_allclose(gradient[(slice(None), *index)], (losses(upper) - losses(lower)) / 2, rtol=1e-9, atol=1e-10)


def test_training_reaches_the_step_size_that_prompts_ask_for() -> None:
    """About half of the runs stay in traps here; that all 32 do has probability 2e-10. Gradient noise leaves 0.003 on each entry."""
    trained = simulator.train_linear_attention(RNG(), 32, context_length=4, dimension=2, noise_variance=0.25, steps=400, batch_size=128)
    assert trained["losses"].shape == (400, 32)
    assert trained["key_weights"].shape == (32, 3, 3)
    best = int(np.argmin(trained["losses"][-50:].mean(axis=0)))
    assert trained["losses"][-50:, best].mean() < 1.35 < trained["losses"][:20].mean()
    vector, matrix = trained["value_vector"][best], trained["key_query_matrix"][best]
    step_matrix = vector[-1] * matrix[:-1].T + np.outer(matrix[-1], vector[:-1])
    np.testing.assert_allclose(step_matrix, np.eye(2) / 7.25, atol=0.03)


def test_trained_layers_are_reported_in_columns() -> None:
    columns = simulator.sample_trained_layers(RNG(), 3, context_length=2, dimension=2, noise_variance=0.1, steps=3, batch_size=8, prior_variance=2.0)
    assert {name: column.shape for name, column in columns.items()} == dict.fromkeys(
        ("learning_rate", "anisotropy", "value_share", "bias_share"), (3,)
    )
    assert np.all((columns["value_share"] >= 0) & (columns["value_share"] <= 1))


def test_gradient_flow_follows_a_known_solution_and_refuses_bad_times() -> None:
    times = np.array([0.0, 0.5, 2.0])
    vectors, matrices = simulator.descend(lambda v, M: (v, 3.0 * M), [1.0, 2.0], [[1.0], [-1.0]], times)
    np.testing.assert_allclose(vectors, np.exp(-times)[:, None] * [1.0, 2.0], rtol=1e-10)
    np.testing.assert_allclose(matrices, np.exp(-3 * times)[:, None, None] * [[1.0], [-1.0]], rtol=1e-10)
    for times_out_of_order in ([1.0, 0.5], [-1.0], []):
        with pytest.raises(ValueError, match="times"):
            simulator.descend(lambda v, M: (v, M), [1.0, 2.0], [[1.0], [-1.0]], times_out_of_order)


def test_gradient_flow_of_the_layer_conserves_its_scale_and_lowers_its_loss() -> None:
    """theta is unchanged under v -> s v, M -> M / s, so |v|^2 - |M|^2 is constant along the flow."""
    vector, matrix = random_layer(RNG(), 1)
    vectors, matrices = simulator.descend(lambda v, M: simulator.enumerate_loss_gradient(v, M, 2, 0.5), vector, matrix, np.linspace(0.0, 0.3, 4))
    balance = (vectors**2).sum(axis=1) - (matrices**2).sum(axis=(1, 2))
    np.testing.assert_allclose(balance, balance[0], atol=1e-9)
    losses = [simulator.enumerate_population_loss(v, M, 2, 0.5)["total"] for v, M in zip(vectors, matrices, strict=True)]
    assert np.all(np.diff(losses) < 0)
