"""arXiv:2307.03576: training finds the gradient step: exact trajectories of gradient flow, and minibatches on the layer's own weights.

n context_length, d dimension, sigma^2 noise_variance, tau^2 prior_variance, v = (a; c) value_vector, M = (A; b^T) key_query_matrix,
P = c A^T + b a^T = p I along the flow, eta the optimal learning rate. Isotropic tasks throughout.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from theorylab.laboratory import Laboratory
from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# GD-6 ------------------------------------------------------------------------------------------------------------------------------------

training = claim(
    "GD-6",
    kind="limit",
    statement="From the usual initialisation gradient flow converges to the gradient step; its learning rate follows a logistic law.",
    tex=r"p(t)=\eta\big/\bigl(1+(\eta/p_0-1)e^{-4\sqrt d\,n\tau^2t}\bigr)",
    source="derived here; convergence without noise in arXiv:2306.09927",
)


@training
@pytest.mark.parametrize(
    ("context_length", "dimension", "noise_variance", "prior_variance"),
    [(6, 3, 0.5, 1.0), (10, 2, 2.0, 2.5), (4, 1, 0.0, 0.4), (3, 6, 1.0, 1.0)],
)
def test_logistic_trajectory(lab: Laboratory, context_length: int, dimension: int, noise_variance: float, prior_variance: float) -> None:
    """Gradient flow of the exact population loss through the whole transition, from a start a hundred times too small."""
    n, d, tau2, setting = context_length, dimension, prior_variance, (context_length, dimension, noise_variance, prior_variance)
    eta = theory.optimal_learning_rate(*setting)
    start, rate = 0.01 * eta, 4 * np.sqrt(d) * n * tau2
    times = np.linspace(0.0, 2.0, 9) * np.log(100.0) / rate
    loss = theory.PopulationLoss(n, np.eye(d), tau2 * np.eye(d), noise_variance)
    v, m = simulate.descend(loss.gradient, *theory.balanced_start(start, d), times)
    claimed = theory.gradient_flow_logistic(times, start, *setting)
    learned = v[:, -1, None, None] * m[:, :-1].swapaxes(1, 2)
    wrong = {"half the rate": theory.gradient_flow_logistic(times / 2, start, *setting)}
    if d > 1:
        wrong["4 n without sqrt d"] = theory.gradient_flow_logistic(times / np.sqrt(d), start, *setting)
    if tau2 != 1.0:
        wrong["4 sqrt(d) n without tau^2"] = theory.gradient_flow_logistic(times / tau2, start, *setting)
    if noise_variance:
        wrong["to the noiseless step"] = theory.gradient_flow_logistic(times, start, n, d, 0.0, tau2)
    shaped = {label: other[:, None, None] * np.eye(d) for label, other in wrong.items()}
    assert lab.identical(claimed[:, None, None] * np.eye(d), learned, relative=1e-8, refutes=shaped)
    losses = {label: theory.plain_step_loss(other, *setting) for label, other in wrong.items()}
    assert lab.identical(theory.gradient_flow_loss(times, start, *setting), loss.value(v, m), relative=1e-8, refutes=losses, question="loss")
    assert lab.identical(np.zeros_like(v[:, :-1]), v[:, :-1] + m[:, -1], absolute=1e-13, question="a = b = 0 is invariant")


@training
@pytest.mark.parametrize(("context_length", "dimension"), [(2, 1), (1, 2)])
def test_logistic_trajectory_of_the_real_layer(lab: Laboratory, context_length: int, dimension: int) -> None:
    """The same with the gradient from the layer's backward pass on all prompts: no formula for the loss is used."""
    setting = (context_length, dimension, 0.5)
    eta = theory.optimal_learning_rate(*setting)
    times = np.linspace(0.0, 2.0, 5) * np.log(100.0) / (4 * np.sqrt(dimension) * context_length)

    def backward(v: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return simulate.enumerate_loss_gradient(v, m, context_length, 0.5)

    v, m = simulate.descend(backward, *theory.balanced_start(0.01 * eta, dimension), times, relative_tolerance=1e-9)
    claimed = theory.gradient_flow_logistic(times, 0.01 * eta, *setting)
    wrong = {"half the rate": theory.gradient_flow_logistic(times / 2, 0.01 * eta, *setting)}
    assert lab.identical(claimed, v[:, -1] * m[:, 0, 0], relative=1e-6, refutes=wrong)


@training
@pytest.mark.parametrize(
    ("context_length", "dimension", "prior_variance", "route"),
    [(6, 3, 1.0, "polynomial"), (20, 5, 2.5, "polynomial"), (2, 1, 0.4, "layer"), (1, 2, 1.0, "layer")],
)
def test_training_all_weights_of_the_layer(lab: Laboratory, context_length: int, dimension: int, prior_variance: float, route: str) -> None:
    """Gradient flow of W_K, W_Q, W_V and h, four equal factors: it arrives at the same step, by a law that is not the logistic one."""
    n, d, sigma2, tau2 = context_length, dimension, 0.5, prior_variance
    setting, omega = (n, d, sigma2, tau2), tau2 * np.eye(d)
    eta = theory.optimal_learning_rate(*setting)

    def gradient(*weights: np.ndarray) -> tuple[np.ndarray, ...]:
        if route == "polynomial":
            return theory.raw_population_loss_gradient(*weights, n, np.eye(d), omega, sigma2)
        slopes = simulate.enumerate_loss_gradient(*simulate.reduced_parameters(*weights), n, sigma2, task_covariance=omega)
        return simulate.raw_weight_gradients(*slopes, *weights)

    reached = np.array([0.05, 0.3, 0.7, 0.99, 1 - 1e-6])
    start = 0.01 * eta
    times = theory.raw_gradient_flow_time(reached * eta, start, *setting)
    path = simulate.descend_raw_weights(gradient, *theory.balanced_raw_start(start, d), times, relative_tolerance=1e-9)
    v, m = simulate.reduced_parameters(*path)
    learned = v[:, -1, None, None] * m[:, :-1].swapaxes(1, 2) / eta
    wrong = {"the logistic law": theory.gradient_flow_logistic(times, start, *setting)[:, None, None] * np.eye(d) / eta}
    assert lab.identical(reached[:, None, None] * np.eye(d), learned, relative=1e-6, refutes=wrong)


@training
@pytest.mark.parametrize(("context_length", "dimension"), [(4, 2), (8, 3)])
def test_imbalance_is_conserved(lab: Laboratory, context_length: int, dimension: int) -> None:
    """|v|^2 - |M|_F^2 is conserved from every start and for all covariances; c^2 - |A|_F^2 is so on a = b = 0 only."""
    d, rng = dimension, np.random.default_rng([lab.seed, dimension])
    v, m, sigma, omega = simulate.draw_setting(rng, d, scale=0.3)
    loss = theory.PopulationLoss(context_length, sigma, omega, 0.5)
    curvature = float(np.linalg.eigvalsh(loss.hessian(v, m))[-1])
    times = np.linspace(0.0, 3.0, 4) / curvature
    path = list(zip(*simulate.descend(loss.gradient, v, m, times), strict=True))
    conserved = [theory.layer_imbalance(*point) for point in path]
    partial = [float(v[-1] ** 2 - np.sum(m[:-1] ** 2)) for v, m in path]
    assert lab.identical(np.full(4, conserved[0]), conserved, absolute=1e-9, refutes={"c^2 - |A|^2": np.array(conserved) + partial - partial[0]})
    v[:-1], m[-1] = 0.0, 0.0
    vectors, matrices = simulate.descend(loss.gradient, v, m, times)
    assert lab.identical(np.zeros((4, d)), np.abs(vectors[:, :-1]) + np.abs(matrices[:, -1]), absolute=1e-13, question="a = b = 0 is invariant")


@training
@pytest.mark.parametrize(("context_length", "dimension", "noise_variance"), [(20, 4, 0.5), (1, 2, 0.0), (10, 2, 12.0)])
def test_every_start_without_a_and_b_converges(lab: Laboratory, context_length: int, dimension: int, noise_variance: float) -> None:
    """On a = b = 0 all other critical points, c = 0 with tr A = 0, are strict saddles, and no descent ends there."""
    n, d, sigma2 = context_length, dimension, noise_variance
    rng, minimum = np.random.default_rng([lab.seed, n, d]), theory.minimum_pretraining_loss(n, d, sigma2)
    problem = (n, np.eye(d), np.eye(d), sigma2)
    inside = 0.3 / np.sqrt(n) * rng.normal(size=(100, (d + 1) ** 2))
    inside[:, :d] = inside[:, -d:] = 0.0
    ends, _ = simulate.descend_many(inside, context_length=n, dimension=d, noise_variance=sigma2)
    worst = float(theory.population_loss(ends[:, : d + 1], ends[:, d + 1 :].reshape(-1, d + 1, d), *problem)["total"].max())
    wrong = {"some end at c = 0": d + sigma2, "some end on the rank-one branch": theory.rank_one_loss(n, d, sigma2)}
    assert lab.identical(minimum, worst, relative=1e-9, refutes=wrong, question="the worst of 100 descents with a = b = 0")

    square = rng.normal(size=(d, d))
    for matrix in (square - np.trace(square) / d * np.eye(d), square):
        v, m = np.zeros(d + 1), np.vstack([matrix, np.zeros(d)])
        slope = np.concatenate([part.ravel() for part in theory.population_loss_gradient(v, m, *problem)])
        if matrix is square:
            assert lab.refutes(lab.identical(np.zeros_like(slope), slope, absolute=1e-9), "critical for every A")
            continue
        assert lab.identical(np.zeros_like(slope), slope, absolute=1e-11, question="c = 0, tr A = 0 is critical")
        block = np.ix_(range(d, d + 1 + d * d), range(d, d + 1 + d * d))
        curvature = np.linalg.eigvalsh(theory.population_loss_hessian(v, m, *problem)[block])
        stiffness = n * (n + d + 1 + sigma2) * np.sum(matrix**2)
        claimed = stiffness - np.hypot(stiffness, 2 * n * np.sqrt(d))
        assert lab.identical(claimed / curvature[-1], curvature[0] / curvature[-1], absolute=1e-12, refutes={"not strict": 0.0})


@training
def test_minibatch_training(lab: Laboratory) -> None:
    """Adam on raw prompts, all of W_K, W_Q, W_V and h: the learning rate found tells the noise and the 1 in n + d + 1 + sigma^2."""
    effort = {"batch_size": 64, "steps": 400} if lab.scale == "quick" else {"batch_size": 256, "steps": 4000}
    n, d, sigma2 = 4, 2, 2.0
    eta, minimum = theory.optimal_learning_rate(n, d, sigma2), theory.minimum_pretraining_loss(n, d, sigma2)
    rng, start = np.random.default_rng([lab.seed, n, d]), theory.balanced_raw_start(0.02 * eta, d)
    trained = simulate.train_linear_attention(
        rng, 8, context_length=n, dimension=d, noise_variance=sigma2, **effort, optimiser_step=0.02, initial_weights=start
    )
    v, m = trained["value_vector"], trained["key_query_matrix"]
    learned = v[:, -1] * np.trace(m[:, :-1], axis1=1, axis2=2) + np.einsum("ri,ri->r", v[:, :-1], m[:, -1])
    wrong = {"n + d + sigma^2": 1 / (n + d + sigma2), "no noise": 1 / (n + d + 1), "untrained": 0.02 * eta}
    assert lab.identical(eta, float(np.mean(learned)) / d, relative=0.08, refutes=wrong, question="learning rate after minibatch training")
    excess = float(np.mean(theory.population_loss(v, m, n, np.eye(d), np.eye(d), sigma2)["total"])) - minimum
    near = {label: theory.plain_step_loss(rate, n, d, sigma2) - minimum for label, rate in wrong.items() if label != "n + d + sigma^2"}
    assert lab.identical(0.0, excess, absolute=0.03, refutes=near, question="excess after minibatch training")


@training
@pytest.mark.parametrize(("context_length", "dimension", "noise_variance"), [(8, 3, 0.5), (12, 4, 1.0)])
def test_descent_from_random_raw_weights(lab: Laboratory, context_length: int, dimension: int, noise_variance: float) -> None:
    """Where no trap is known, descents on the raw weights from random starts find the gradient step; at full scale minibatches do, too."""
    n, d, sigma2 = context_length, dimension, noise_variance
    problem, rng = (n, np.eye(d), np.eye(d), sigma2), np.random.default_rng([lab.seed, n, d])
    shapes, minimum = [(d + 1, d + 1)] * 3 + [(d + 1,)], theory.minimum_pretraining_loss(n, d, sigma2)
    loss, ends = theory.PopulationLoss(*problem), np.cumsum([int(np.prod(shape)) for shape in shapes])

    def flat(point: np.ndarray) -> tuple[float, np.ndarray]:
        weights = [part.reshape(shape) for part, shape in zip(np.split(point, ends[:-1]), shapes, strict=True)]
        reduced = simulate.reduced_parameters(*weights)
        slopes = simulate.raw_weight_gradients(*loss.gradient(*reduced), *weights)
        return float(loss.value(*reduced)), np.concatenate([slope.ravel() for slope in slopes])

    tries = 10 if lab.scale == "quick" else 1000
    found = [minimize(flat, 0.3 * rng.normal(size=ends[-1]), jac=True, method="BFGS", options={"gtol": 1e-5}).fun for _ in range(tries)]
    wrong = {"the zero predictor": d + sigma2, "the noiseless step": theory.plain_step_loss(1 / (n + d + 1), n, d, sigma2)}
    assert lab.identical(minimum, min(found), relative=1e-8, refutes=wrong, question=f"best of {tries} descents on raw weights")
    if lab.scale == "full":
        trained = simulate.train_linear_attention(rng, 8, context_length=n, dimension=d, noise_variance=sigma2)
        loss = theory.population_loss(trained["value_vector"], trained["key_query_matrix"], *problem)["total"]
        assert lab.identical(minimum, float(np.median(loss)), absolute=5e-3, refutes={"the zero predictor": d + sigma2})
