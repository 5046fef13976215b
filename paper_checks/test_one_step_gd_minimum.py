"""Claim GD-3 of arXiv:2307.03576: the minimum of the population loss, and what it tends to."""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# GD-3 ------------------------------------------------------------------------------------------------------------------------------------

minimum_loss = claim(
    "GD-3",
    kind="identity",
    statement="The minimum loss is sigma^2 + tau^2 d (d + 1 + lambda) / (n + d + 1 + lambda): from the zero predictor's loss down to the noise.",
    tex=r"L^*=\sigma^2+\tau^2d(1-n\eta)=\sigma^2+\tau^2d\,\frac{d+1+\lambda}{n+d+1+\lambda}",
    source="derived here",
)
MINIMA = pytest.mark.parametrize(
    ("context_length", "dimension", "noise_variance", "prior_variance"),
    [(10, 5, 1.0, 1.0), (20, 8, 0.25, 1.0), (6, 4, 0.7, 2.5), (4, 9, 0.0, 1.0)],
)


@minimum_loss
@MINIMA
def test_minimum_loss_given_the_covariates(
    lab: Laboratory, context_length: int, dimension: int, noise_variance: float, prior_variance: float
) -> None:
    """Task and noise integrated out: the loss of the step is a function of tr S and tr S^2."""
    n, d, sigma2, tau2 = context_length, dimension, noise_variance, prior_variance
    lam = sigma2 / tau2
    run = lab.run(
        simulate.sample_test_length_excess,
        context_length=n,
        test_length=n,
        dimension=d,
        noise_variance=sigma2,
        learning_rate=theory.optimal_learning_rate(n, d, sigma2, tau2),
        prior_variance=tau2,
        statistics=("summed",),
    )
    wrong = {
        "without the 1": sigma2 + tau2 * d * (d + lam) / (n + d + lam),
        "sigma^2 for lambda" if tau2 != 1.0 else "the zero predictor": (
            theory.minimum_pretraining_loss(n, d, sigma2) * tau2 if tau2 != 1.0 else sigma2 + tau2 * d
        ),
        "ridge regression": sigma2 + theory.bayes_excess_exact(n, d, lam, tau2),
    }
    claimed = theory.minimum_pretraining_loss(n, d, sigma2, tau2)
    assert (run.mean("summed") + sigma2).agrees_with(claimed, relative=0.01 if lab.scale == "quick" else 0.001, refutes=wrong)


@minimum_loss
@pytest.mark.parametrize(("context_length", "dimension", "noise_variance"), [(10, 5, 1.0), (6, 3, 0.5)])
def test_minimum_loss_on_raw_prompts(lab: Laboratory, context_length: int, dimension: int, noise_variance: float) -> None:
    """The layer at the minimiser on raw prompts: with the query integrated out, and the squared error word for word."""
    n, d, sigma2 = context_length, dimension, noise_variance
    claimed, wrong = theory.minimum_pretraining_loss(n, d, sigma2), {"without the 1": sigma2 + d * (d + sigma2) / (n + d + sigma2)}
    v, m = theory.global_minimiser(n, d, sigma2, 0.5)
    prompts = {"context_length": n, "noise_variance": sigma2}
    run = lab.run(simulate.sample_prompt_losses, value_vector=v, key_query_matrix=m, **prompts, statistics=("loss",))
    assert run.mean("loss").agrees_with(claimed, relative=0.02, refutes=wrong)
    weights = dict(zip(("key_weights", "query_weights", "value_weights", "head"), simulate.raw_weights(v, m), strict=True))
    raw = lab.run(simulate.sample_layer_losses, **weights, **prompts)
    assert raw.mean().agrees_with(claimed, relative=0.05, refutes=wrong)


@minimum_loss
@pytest.mark.parametrize(("context_length", "dimension"), [(1, 3), (4, 1), (2, 2)])
@pytest.mark.parametrize(("noise_variance", "prior_variance"), [(0.0, 1.0), (0.7, 2.5)])
def test_minimum_loss_by_enumeration(lab: Laboratory, context_length: int, dimension: int, noise_variance: float, prior_variance: float) -> None:
    """Exactly: the real layer at the minimiser, and plain steps of any size."""
    n, d, sigma2, tau2 = context_length, dimension, noise_variance, prior_variance
    v, m = theory.global_minimiser(n, d, sigma2, 0.5, tau2)
    seen = simulate.enumerate_population_loss(v, m, n, sigma2, task_covariance=tau2 * np.eye(d))
    claimed, eta = theory.minimum_pretraining_loss(n, d, sigma2, tau2), theory.optimal_learning_rate(n, d, sigma2, tau2)
    lam = sigma2 / tau2
    wrong = {"without the 1": sigma2 + tau2 * d * (d + lam) / (n + d + lam), "d for n": sigma2 + tau2 * d * (1 - d * eta) if n != d else sigma2}
    assert lab.identical(claimed, seen["total"], relative=1e-12, refutes=wrong, question="loss at the minimiser")
    assert lab.identical(sigma2 + tau2 * d * (1 - n * eta), claimed, relative=1e-14, question="both forms")
    rate = float(np.random.default_rng([lab.seed, n, d]).normal())
    means = simulate.enumerate_prompt_terms(n, d, sigma2, prior_variance=tau2)
    stepped = sigma2 + means["squared_task"] - 2 * rate * means["correlation"] + rate**2 * means["squared_gradient"]
    assert lab.identical(theory.plain_step_loss(rate, n, d, sigma2, tau2), stepped, relative=1e-11, question="loss of any plain step")


@minimum_loss
@pytest.mark.parametrize(("dimension", "noise_variance", "prior_variance"), [(5, 1.0, 1.0), (2, 0.7, 2.5)])
def test_minimum_loss_falls_to_the_noise(lab: Laboratory, dimension: int, noise_variance: float, prior_variance: float) -> None:
    """From the zero predictor's loss at n = 0 down to sigma^2, at rate 1/n with the constant tau^2 d (d + 1 + lambda)."""
    d, sigma2, tau2 = dimension, noise_variance, prior_variance
    sizes = (10**4, 10**5, 10**6, 10**7)
    excess = np.array([theory.icl_excess(n, d, sigma2, tau2) for n in sizes])
    assert lab.limit(sizes, excess, order=1.0, within=0.01, refutes={"n^-1/2": 0.5, "n^-2": 2.0})
    constant = tau2 * d * (d + 1 + sigma2 / tau2)
    wrong = {"without the 1": tau2 * d * (d + sigma2 / tau2), "without the noise": tau2 * d * (d + 1)}
    assert lab.identical(constant, sizes[-1] * excess[-1], relative=1e-5, refutes=wrong, question="constant of the rate")
    lengths = np.arange(1, 200)
    losses = theory.minimum_pretraining_loss(lengths, d, sigma2, tau2)
    zero = theory.plain_step_loss(0.0, 1, d, sigma2, tau2)
    assert lab.exact(float(np.diff(losses).max())).less_than(0.0)
    assert lab.exact(float(losses[0])).inside(sigma2, zero)
    assert lab.identical(sigma2 + tau2 * d, zero, relative=1e-14, question="loss of the zero predictor")
