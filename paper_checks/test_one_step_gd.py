"""arXiv:2307.03576: one layer of linear self-attention learns one step of gradient descent. The theorem, its loss, and the algebra behind them.

n context_length, d dimension, sigma^2 noise_variance, tau^2 prior_variance, lambda = sigma^2 / tau^2, Sigma feature_covariance, Omega
task_covariance, t = tr(Sigma Omega), v = (a; c) value_vector, M = (A; b^T) key_query_matrix, P = c A^T + b a^T, S = X^T X.
"""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulate
from theorylab.pytest_plugin import claim

PAPER = "arXiv:2307.03576"

# A parameter setting with every block of v and M in use.
VALUE_VECTOR = (0.3, -0.2, 0.1, 0.5)
KEY_QUERY_MATRIX = ((0.05, 0.01, 0.0), (0.0, 0.04, -0.02), (0.02, 0.0, 0.06), (0.03, -0.01, 0.02))
# The same in raw weights W_K, W_Q, W_V, h, for d = 2.
RAW_WEIGHTS = {
    "key_weights": ((0.2, -0.2, -0.6), (-0.7, 0.4, -0.7), (-0.1, -0.2, -0.1)),
    "query_weights": ((-0.1, 0.4, 0.3), (0.0, -0.4, 0.9), (0.9, -0.5, -0.3)),
    "value_weights": ((0.0, 0.6, 0.5), (0.3, 0.4, 0.5), (0.3, -0.1, -0.1)),
    "head": (0.4, -0.5, -1.2),
}
IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
STRETCHED = ((1.0, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, 0.0, 0.25))
SHRUNK = ((1.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 4.0))
DESIGNS = pytest.mark.parametrize(
    ("sigma", "omega"),
    [(IDENTITY, IDENTITY), (STRETCHED, IDENTITY), (STRETCHED, SHRUNK)],
    ids=["isotropic", "stretched", "whitened-prior"],
)

# GD-1 ------------------------------------------------------------------------------------------------------------------------------------

population_loss = claim(
    "GD-1",
    kind="identity",
    statement="The population loss of the layer splits into a part odd in the labels and a part even in them, each a polynomial in the weights.",
    tex=r"L(v,M)=L_{\mathrm{odd}}(P)+L_{\mathrm{even}},\quad P=cA^\top+ba^\top",
    source="derived here",
)


@population_loss
@pytest.mark.parametrize(
    ("context_length", "dimension", "task_rank"),
    [(1, 1, None), (3, 1, None), (2, 2, None), (3, 2, None), (2, 3, None), (2, 2, 1), (1, 3, 2)],
)
def test_population_loss_by_enumeration(lab: Laboratory, context_length: int, dimension: int, task_rank: int | None) -> None:
    """Every constant: the real layer on all prompts of a finite world with the same moments, full or singular priors."""
    n, noise = context_length, 0.7
    v, m, sigma, omega = simulate.draw_setting(np.random.default_rng([lab.seed, n, dimension]), dimension, task_rank=task_rank)
    claimed = theory.population_loss(v, m, n, sigma, omega, noise)
    seen = simulate.enumerate_population_loss(v, m, n, noise, feature_covariance=sigma, task_covariance=omega)

    a, c, big_a, b = v[:-1], v[-1], m[:-1], m[-1]
    p = c * big_a.T + np.outer(b, a)
    one_example = n * np.trace(sigma @ p @ sigma @ omega @ sigma @ p.T)
    labels = n * np.trace(sigma @ p @ sigma @ p.T)
    spread_of_norm = c**2 * (b @ sigma @ b) * n * (n + 2) * 2 * np.sum((sigma @ omega) * (sigma @ omega).T)
    spread_of_gram = n * np.trace(sigma @ big_a @ sigma @ big_a.T) * (a @ sigma @ a)
    same_example = 4 * n * c * b @ sigma @ big_a.T @ sigma @ omega @ sigma @ a
    slips = {
        "odd": {
            "E[X^T y y^T X] with n for n + 1": claimed["odd"] - one_example,
            "E[X^T y y^T X] without label noise": claimed["odd"] - noise * labels,
            "E[X^T y y^T X] without tr(Sigma Omega)": claimed["odd"] - np.sum(sigma * omega) * labels,
        },
        "even": {
            "E|y|^4 without the spread of |w|": claimed["even"] - spread_of_norm,
            "E[S B S] without the n tr(Sigma B) Sigma term": claimed["even"] - spread_of_gram,
            "E[|y|^2 S] without the example itself": claimed["even"] - same_example,
        },
        "total": {"the odd part is all": claimed["odd"], "one prompt more": theory.population_loss(v, m, n + 1, sigma, omega, noise)["total"]},
    }
    for part, wrong in slips.items():
        assert lab.identical(claimed[part], seen[part], relative=1e-12, refutes=wrong, question=f"{part} loss by enumeration")


@population_loss
@pytest.mark.parametrize(("context_length", "dimension"), [(2, 1), (2, 2)])
def test_odd_and_even_part_do_not_interact(lab: Laboratory, context_length: int, dimension: int) -> None:
    """Flipping task and noise kills the cross term; a task with a mean cannot be flipped."""
    v, m, sigma, omega = simulate.draw_setting(np.random.default_rng([lab.seed, context_length, dimension]), dimension)
    prompts = {"feature_covariance": sigma, "task_covariance": omega}
    seen = simulate.enumerate_population_loss(v, m, context_length, 0.7, **prompts)
    assert lab.identical(seen["odd"] + seen["even"], seen["total"], relative=1e-13, question="no cross term")
    shifted = simulate.enumerate_population_loss(v, m, context_length, 0.7, **prompts, prior_mean=np.ones(dimension))
    assert lab.refutes(lab.identical(shifted["odd"] + shifted["even"], shifted["total"], relative=1e-13), "no cross term for tasks with a mean")


@population_loss
@pytest.mark.parametrize(("context_length", "dimension"), [(1, 1), (3, 1), (1, 2), (2, 2)])
def test_gradient_by_backward_pass(lab: Laboratory, context_length: int, dimension: int) -> None:
    """The derivative in every weight, from the layer's own backward pass on all prompts of the finite world."""
    v, m, sigma, omega = simulate.draw_setting(np.random.default_rng([lab.seed, context_length, dimension]), dimension)
    claimed = np.vstack([part.reshape(-1, 1) for part in theory.population_loss_gradient(v, m, context_length, sigma, omega, 0.7)])
    seen = simulate.enumerate_loss_gradient(v, m, context_length, 0.7, feature_covariance=sigma, task_covariance=omega)
    noiseless = np.vstack([part.reshape(-1, 1) for part in theory.population_loss_gradient(v, m, context_length, sigma, omega, 0.0)])
    wrong = {"without the factor 2": claimed / 2, "without label noise": noiseless}
    assert lab.identical(claimed, np.vstack([part.reshape(-1, 1) for part in seen]), relative=1e-12, refutes=wrong)


@population_loss
@pytest.mark.parametrize(("context_length", "dimension"), [(1, 1), (3, 1), (1, 2), (2, 2)])
def test_second_variant_by_enumeration(lab: Laboratory, context_length: int, dimension: int) -> None:
    """With the query token in the sum: the same odd part, another even part, by enumerating the query as well."""
    v, m, sigma, omega = simulate.draw_setting(np.random.default_rng([lab.seed, context_length, dimension]), dimension)
    problem = (v, m, context_length, sigma, omega, 0.7)
    claimed, without = theory.population_loss_with_query_token(*problem), theory.population_loss(*problem)
    seen = simulate.enumerate_population_loss(v, m, context_length, 0.7, feature_covariance=sigma, task_covariance=omega, include_query=True)
    for part in ("odd", "even", "total"):
        wrong = {} if part == "odd" else {"the query token changes nothing": without[part]}
        assert lab.identical(claimed[part], seen[part], relative=1e-12, refutes=wrong, question=f"{part} loss with the query token")
    assert lab.identical(claimed["odd"], without["odd"], relative=1e-14, question="the odd part is that of the first variant")


@population_loss
@DESIGNS
def test_population_loss_on_gaussian_prompts(lab: Laboratory, sigma: tuple, omega: tuple) -> None:
    """Raw Gaussian prompts through the layer, the query integrated out."""
    claimed = theory.population_loss(VALUE_VECTOR, KEY_QUERY_MATRIX, 6, sigma, omega, 0.5)
    run = lab.run(
        simulate.sample_prompt_losses,
        value_vector=VALUE_VECTOR,
        key_query_matrix=KEY_QUERY_MATRIX,
        context_length=6,
        noise_variance=0.5,
        feature_covariance=sigma,
        task_covariance=omega,
    )
    c, b, product = VALUE_VECTOR[-1], np.array(KEY_QUERY_MATRIX[-1]), np.array(sigma) @ omega
    spread_of_norm = 6 * 8 * 2 * np.sum(product * product.T) * c**2 * (b @ sigma @ b)
    wrong = {"the odd part is all": claimed["odd"], "E|y|^4 without the spread of |w|": claimed["total"] - spread_of_norm}
    assert run.mean("loss").agrees_with(claimed["total"], relative=0.016 if lab.scale == "quick" else 0.004, refutes=wrong)


@population_loss
@pytest.mark.parametrize("include_query", [False, True], ids=["prompt-only", "with-query"])
def test_population_loss_word_for_word(lab: Laboratory, include_query: bool) -> None:
    """Raw key, query, value and head weights, raw query, noisy query label: both variants of the layer, every matrix in its place."""
    key, query, value, head = RAW_WEIGHTS.values()
    problem = (4, np.eye(2), np.eye(2), 0.5)
    losses = theory.population_loss, theory.population_loss_with_query_token
    loss, other = losses if not include_query else losses[::-1]
    claimed = loss(*theory.effective_parameters(key, query, value, head), *problem)
    wrong = {
        "the odd part is all": claimed["odd"],
        "the other variant": other(*theory.effective_parameters(key, query, value, head), *problem)["total"],
        "W_V for its transpose": loss(*theory.effective_parameters(key, query, np.transpose(value), head), *problem)["total"],
    }
    if not include_query:
        wrong["keys and queries exchanged"] = loss(*theory.effective_parameters(query, key, value, head), *problem)["total"]
        raw_loss = theory.raw_population_loss(key, query, value, head, *problem)
        assert lab.identical(raw_loss, claimed["total"], relative=1e-14, question="raw weights enter by v and M only")
    run = lab.run(simulate.sample_layer_losses, **RAW_WEIGHTS, context_length=4, noise_variance=0.5, include_query=include_query)
    assert run.mean().agrees_with(claimed["total"], relative=0.05 if lab.scale == "quick" else 0.01, refutes=wrong)


# GD-2 ------------------------------------------------------------------------------------------------------------------------------------

one_gradient_step = claim(
    "GD-2",
    kind="optimum",
    statement="Every global minimiser of the pretraining loss predicts like one gradient step from zero, with learning rate 1/(n + d + 1 + lambda).",
    tex=r"\eta=\frac{\mathbb{E}[w_{\mathrm{ridge}}^\top X^\top y]}{\mathbb{E}\|X^\top y\|^2}=\frac{1}{n+d+1+\lambda}",
    source=f"{PAPER}, Theorem 1; closed form derived here",
)


@one_gradient_step
@pytest.mark.parametrize(
    ("context_length", "dimension", "noise_variance", "prior_variance"),
    [(10, 5, 1.0, 1.0), (6, 4, 0.7, 2.5), (5, 4, 6.0, 1.0)],
)
def test_learning_rate_on_raw_prompts(lab: Laboratory, context_length: int, dimension: int, noise_variance: float, prior_variance: float) -> None:
    """The ratio of the theorem, from raw labels and ridge regression on each prompt: only this route can see the noise terms."""
    setting = {
        "context_length": context_length,
        "dimension": dimension,
        "noise_variance": noise_variance,
        "prior_variance": prior_variance,
    }
    n, d, lam = context_length, dimension, noise_variance / prior_variance
    run = lab.run(simulate.sample_learning_rate_terms, **setting)
    eta = run.mean("correlation") / run.mean("squared_gradient")
    wrong = {"n + d + lambda": 1 / (n + d + lam), "no noise": 1 / (n + d + 1), "noise times d": 1 / (n + d + 1 + noise_variance * d), "n": 1 / n}
    if prior_variance != 1.0:
        wrong["sigma^2 for lambda"] = 1 / (n + d + 1 + noise_variance)
    assert eta.agrees_with(theory.optimal_learning_rate(**setting), relative=0.015 if lab.scale == "quick" else 0.004, refutes=wrong)


@one_gradient_step
@pytest.mark.parametrize(
    ("context_length", "dimension", "noise_variance", "prior_variance"),
    [(10, 5, 1.0, 1.0), (4, 6, 2.0, 1.0), (6, 4, 0.7, 2.5), (4, 9, 0.0, 1.0)],
)
def test_numerator_with_ridge_and_least_squares(
    lab: Laboratory, context_length: int, dimension: int, noise_variance: float, prior_variance: float
) -> None:
    """The numerator is tau^2 n d for every noise; with ordinary least squares for ridge it would be more."""
    setting = {
        "context_length": context_length,
        "dimension": dimension,
        "noise_variance": noise_variance,
        "prior_variance": prior_variance,
    }
    ridge, least_squares = theory.expected_ridge_correlation(**setting), theory.expected_least_squares_correlation(**setting)
    top = lab.run(simulate.sample_learning_rate_terms, **setting, statistics=("correlation",)).mean("correlation")
    wrong, margin = {"n^2 for n d": prior_variance * context_length**2}, 0.03 if lab.scale == "quick" else 0.006
    if noise_variance > 0.0:
        wrong["least squares for ridge"] = least_squares
    assert top.agrees_with(ridge, relative=margin, refutes=wrong)
    if noise_variance > 0.0:
        other = lab.run(simulate.sample_learning_rate_terms, **setting, estimate="least_squares", statistics=("correlation",))
        assert other.mean("correlation").agrees_with(least_squares, relative=margin, refutes={"ridge": ridge})


@one_gradient_step
@pytest.mark.parametrize(("context_length", "dimension"), [(1, 3), (4, 1), (2, 2), (2, 3)])
@pytest.mark.parametrize(("noise_variance", "prior_variance"), [(0.0, 1.0), (0.7, 2.5)])
def test_moments_by_enumeration(lab: Laboratory, context_length: int, dimension: int, noise_variance: float, prior_variance: float) -> None:
    """Both expectations exactly: in the numerator the task stands for its posterior mean w_ridge."""
    n, d, tau2 = context_length, dimension, prior_variance
    setting = (n, d, noise_variance, tau2)
    seen = simulate.enumerate_prompt_terms(n, d, noise_variance, prior_variance=tau2)
    wrong = {"n + d": n * d * (tau2 * (n + d) + noise_variance), "n^2": tau2 * n**2 * d}
    if noise_variance > 0.0:
        wrong |= {"no noise": n * d * tau2 * (n + d + 1), "noise per direction": n * d * (tau2 * (n + d + 1) + d * noise_variance)}
        wrong = {label: value for label, value in wrong.items() if d > 1 or label != "noise per direction"}
    assert lab.identical(theory.expected_squared_gradient(*setting), seen["squared_gradient"], relative=1e-12, refutes=wrong)
    slip = {"one example more": tau2 * (n + 1) * d}
    if noise_variance > 0.0:
        slip["least squares for ridge"] = theory.expected_least_squares_correlation(*setting)
    assert lab.identical(theory.expected_ridge_correlation(*setting), seen["correlation"], relative=1e-12, refutes=slip)
    eta = seen["correlation"] / seen["squared_gradient"]
    assert lab.identical(theory.optimal_learning_rate(*setting), eta, relative=1e-12, refutes={"n + d": 1 / (n + d + noise_variance / tau2)})


@one_gradient_step
def test_learning_rate_from_wishart_traces(lab: Laboratory) -> None:
    """The ratio with task and noise integrated out, E tr S / (E tr S^2 + lambda E tr S), over a wide grid of sizes."""
    points = [(10, 5), (20, 8), (4, 9), (1, 3), (2, 3), (64, 16), (16, 64)]
    ratios = (0.0, 0.25)
    if lab.scale == "full":
        points, ratios = [(2**i, 2**j) for i in range(10) for j in range(10)], (0.0, 0.1, 1.0, 10.0)
    for n, d in points:
        run = lab.run(simulate.sample_wishart_traces, context_length=n, dimension=d, statistics=("trace", "trace_of_square"))
        for lam in ratios:
            claimed = theory.optimal_learning_rate(n, d, lam)
            eta = run.mean("trace") / (run.mean("trace_of_square") + lam * run.mean("trace"))
            wrong = {"n + d": 1 / (n + d + lam), "n": 1 / (n + lam)}
            assert eta.agrees_with(claimed, relative=min(0.02, 0.3 * claimed), refutes=wrong)


@one_gradient_step
@pytest.mark.parametrize(("context_length", "dimension"), [(10, 5), (20, 20)])
def test_learning_rate_is_not_the_inverse_curvature(lab: Laboratory, context_length: int, dimension: int) -> None:
    """1/lambda_max(S), the classical step, is another number: the learned step overshoots along the top eigenvector."""
    eta = theory.optimal_learning_rate(context_length, dimension, 0.25)
    run = lab.run(simulate.sample_largest_step, context_length=context_length, dimension=dimension, learning_rate=eta)
    assert run.mean().inside(1.1, 2.0)
    assert lab.refutes(run.mean().agrees_with(1.0, relative=0.05), "eta = 1 / E lambda_max(S)")


@one_gradient_step
@pytest.mark.parametrize(
    ("context_length", "dimension", "noise_variance"),
    [(8, 3, 0.5), (3, 2, 2.0), (1, 3, 0.0), (5, 1, 1.0)],
)
def test_global_minimum_is_one_gradient_step(lab: Laboratory, context_length: int, dimension: int, noise_variance: float) -> None:
    """Zero gradient, positive curvature but for one scale, and no descent from random weights ever gets below."""
    n, d, sigma2 = context_length, dimension, noise_variance
    setting, problem = (n, d, sigma2), (n, np.eye(d), np.eye(d), sigma2)
    rng = np.random.default_rng([lab.seed, n, d])
    starts = 0.3 / np.sqrt(n) * rng.normal(size=(60 if lab.scale == "quick" else 1000, (d + 1) ** 2))
    ends, _ = simulate.descend_many(starts, context_length=n, dimension=d, noise_variance=sigma2)
    v, m = ends[:, : d + 1], ends[:, d + 1 :].reshape(-1, d + 1, d)
    found = theory.population_loss(v, m, *problem)["total"]
    point = theory.global_minimiser(n, d, sigma2, 0.5)
    near_misses = {"n + d + lambda": 1 / (n + d + sigma2), "no regularisation": 1 / n, "n + 1 + lambda": 1 / (n + 1 + sigma2)}
    if sigma2 > 0.0:
        near_misses["no noise"] = 1 / (n + d + 1)
    assert lab.optimum(
        theory.minimum_pretraining_loss(*setting),
        gradient=np.concatenate([part.ravel() for part in theory.population_loss_gradient(*point, *problem)]),
        curvatures=np.linalg.eigvalsh(theory.population_loss_hessian(*point, *problem)),
        searches=found,
        flat_directions=1,
        refutes={label: theory.plain_step_loss(rate, *setting) for label, rate in near_misses.items()},
    )

    # What the best descents have learned, on fresh prompts: the same predictor, with and without the query token in the sum.
    prompts = simulate.draw_prompts(rng, 50, context_length=n, dimension=d, noise_variance=sigma2, with_query=True)
    step = np.einsum("sn,snd,sd->s", prompts.labels, prompts.features, prompts.query)
    best = int(np.argmin(found))
    weights = simulate.draw_raw_weights(rng, v[best], m[best])
    for include_query in (False, True):
        output = simulate.linear_attention_predict(*weights, prompts.features, prompts.labels, prompts.query, include_query=include_query)
        wrong = {label: rate * step for label, rate in near_misses.items()}
        assert lab.identical(theory.optimal_learning_rate(*setting) * step, output, relative=1e-6, refutes=wrong)
