"""arXiv:2406.15941, networks: finite width against the Gaussian limit, trained ensembles against the fitted family, model classes in nats."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import binom, gamma, kstest
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.tree import DecisionTreeRegressor

from theorylab.laboratory import Laboratory
from theorylab.numerics.gaussian_process import interpolating_posterior, relu_network_kernel
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias import monte_carlo as simulate
from theorylab.papers.inductive_bias.estimators import network_loss, splitting_bias
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.pytest_plugin import claim

width = claim(
    "IB-15",
    kind="ordering",
    statement="A prior of finite width needs more nats than its Gaussian limit in the tail; after data it can need fewer.",
    tex=r"P_N(L\le\epsilon)=E_WF(\epsilon;K_N),\qquad I_N-I_\infty\sim\tfrac cN",
    source="derived here for arXiv:2406.15941, which samples trained networks instead",
)


def _limit(train: int, nugget: float) -> GeneralizedChiSquared:
    task = kronecker_task(3, train, 6, normalized=True)
    kernel = relu_network_kernel(task.inputs, 1) + nugget * np.eye(train + 6)
    return theory.error_spectrum(*interpolating_posterior(kernel, train, task.targets[:train]), task.targets[train:])


@width
def test_gaussian_limits(lab: Laboratory) -> None:
    """4.16547, 7.54742, 14.68893 nats without data and 4.9521, 10.4108, 15.8238 with six points."""
    found = np.asarray(theory.required_inductive_bias(_limit(0, 1e-6), [0.3, 0.1, 0.01]))
    after = np.asarray(theory.required_inductive_bias(_limit(6, 0.01), [0.3, 0.1, 0.03]))
    assert lab.identical(found, [4.16547, 7.54742, 14.68893], absolute=6e-6, refutes={"with data": after})
    assert lab.identical(after, [4.9521, 10.4108, 15.8238], absolute=6e-5, refutes={"without": found})


@width
def test_narrow_priors_need_more(lab: Laboratory) -> None:
    """Width 32, no data, eps = .1: the mean chance is below the limit's; and its mean square root."""
    nats = float(theory.required_inductive_bias(_limit(0, 1e-6), 0.1))
    setting = {"dimension": 3, "train": 0, "test": 6, "width": 32, "depth": 1, "target_errors": (0.1,), "nugget": 1e-6}
    run = lab.run(simulate.sample_finite_width, **setting)
    assert (run.mean("chance_0") * math.exp(nats)).named("P_N/P_inf").less_than(1.0, refutes={"I_N = I_inf": 1.0})


@width
def test_sign_after_data(lab: Laboratory) -> None:
    """Width 256, six training points, eps = .3: evidence adapts the kernel, and fewer nats are needed."""
    nats = float(theory.required_inductive_bias(_limit(6, 0.01), 0.3))
    setting = {"dimension": 3, "train": 6, "test": 6, "width": 256, "depth": 1, "target_errors": (0.3,), "nugget": 0.01}
    run = lab.run(simulate.sample_finite_width, **setting)
    chance = (run.mean("joint_0") / run.mean("evidence")).named("P_N")
    assert chance.greater_than(math.exp(-nats), refutes={"the sign of the prior": 0.99 * math.exp(-nats)})


@width
def test_forward_passes(lab: Laboratory) -> None:
    """Plain passes through random networks of width 16 agree with hidden layers whose read-out is integrated out."""
    setting = {"dimension": 3, "test": 6, "width": 16, "depth": 1, "nugget": 0.01}
    exact = lab.run(simulate.sample_finite_width, **setting, train=0, target_errors=(0.3,)).mean("chance_0")
    limit = float(_limit(0, 0.01).cdf(0.3))
    passes = lab.run(simulate.sample_width_errors, **setting).probability_below(0.3)
    assert (passes - exact).named("difference").agrees_with(0.0, absolute=0.0025, refutes={"no hit": -limit})


trained = claim(
    "IB-16",
    kind="ordering",
    statement="Bias read off a test error only reorders test errors; and errors of trained networks do not follow the fitted family.",
    tex=r"\mathrm{MSE}_1<\mathrm{MSE}_2\iff I(\mathrm{MSE}_1)>I(\mathrm{MSE}_2)",
    source="arXiv:2406.15941, Section 4, on synthetic tasks",
)


@trained
def test_model_classes_in_nats(lab: Laboratory) -> None:
    """KRON(4, 64, 128) under the Laplace kernel: linear 10.85, tree 4.61, 3 neighbours 62.65, posterior mean 104.86, a network far above."""
    task = kronecker_task(4, 64, 128)
    x, y, x_test, y_test = task.inputs[:64], task.targets[:64, 0], task.inputs[64:], task.targets[64:, 0]
    law = theory.task_distribution(task)
    mean, _ = theory.task_posterior(task)
    models = {
        "linear": LinearRegression(),
        "tree": DecisionTreeRegressor(random_state=0),
        "neighbours": KNeighborsRegressor(3),
        "network": MLPRegressor(hidden_layer_sizes=(64,), random_state=0, max_iter=3000, solver="lbfgs", alpha=1e-6),
    }
    errors = {name: float(np.mean((model.fit(x, y).predict(x_test) - y_test) ** 2)) for name, model in models.items()}
    errors["posterior mean"] = float(np.mean((mean[:, 0] - y_test) ** 2))
    nats = {name: float(theory.required_inductive_bias(law, error)) for name, error in errors.items()}
    found = [nats[name] for name in ("linear", "neighbours", "posterior mean")]
    assert lab.identical(found, [10.85, 62.65, 104.86], relative=2e-3, refutes={"exchanged": [62.65, 10.85, 104.86]})
    by_error, by_nats = sorted(errors, key=errors.__getitem__), sorted(nats, key=lambda name: -nats[name])
    assert lab.identical(float(by_error == by_nats), 1.0, absolute=0.5, refutes={"another order": 0.0})
    assert lab.exact(nats["network"] - nats["posterior mean"]).greater_than(30.0, refutes={"no more than the kernel": 0.0})


@trained
def test_trained_networks_leave_the_family(lab: Laboratory) -> None:
    """2048 networks of 8 units: a Gamma law is rejected and gives too few nats in the lower tail, on networks that it was not fitted to."""
    count = lab.at_scale(2048, 16_384)
    run = lab.run(simulate.sample_trained_errors, dimension=2, train=16, test=64, width=8)
    errors = run.few(count)
    first, second = errors[: count // 2], errors[count // 2 :]
    shape = float(theory.gamma_shape(math.log(first.mean()) - float(np.log(first).mean())))
    fitted = gamma(shape, scale=first.mean() / shape)
    distance = float(kstest(second, fitted.cdf).statistic)
    assert lab.exact(distance).greater_than(0.05, refutes={"the family fits": 1.0 / math.sqrt(count / 2)})
    threshold = float(np.quantile(first, 0.02))
    hits = int(np.sum(second <= threshold))
    # Fewer hits than the fit says: by an exact binomial tail at the level of all claims.
    claimed = float(fitted.cdf(threshold))
    tail = float(binom.cdf(hits, count // 2, claimed))
    assert lab.exact(tail).less_than(lab.alpha, refutes={"as often as fitted": 0.5})
    low = -math.log(max(hits, 1) / (count / 2)) + math.log(claimed)
    assert lab.exact(low).greater_than(0.4, refutes={"the fit's nats": 0.0})


@width
def test_splitting_over_all_weights(lab: Laboratory) -> None:
    """Width 16 at eps = .1, near 7.8 nats: splitting with every weight as a coordinate against hidden layers with the read-out integrated out."""
    task = kronecker_task(3, 0, 6, normalized=True)
    space = network_loss(task.inputs, task.targets[:, 0], width=16, nugget=0.01)
    chances = lab.run(simulate.sample_finite_width, dimension=3, train=0, test=6, width=16, depth=1, target_errors=(0.1,), nugget=0.01)
    layers = -math.log(float(np.mean(chances.few(8192, "chance_0"))))
    found = splitting_bias(space.loss, space.dimension, 0.1, particles=300, moves=15, runs=8, random_state=lab.seed)
    limit = float(theory.required_inductive_bias(_limit(0, 0.01), 0.1))
    assert lab.identical(found.nats, layers, absolute=0.4, refutes={"a level more": layers + 2.3, "half": layers / 2})
    assert lab.exact(limit).less_than(layers, refutes={"the same": layers + 0.2})
