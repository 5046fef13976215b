"""arXiv:2307.03576, beyond Theorem 1: covariates, priors and noises that are not Gaussian.

n context_length, d dimension, sigma^2 noise_variance, tau^2 prior_variance, lambda = sigma^2 / tau^2, m I = E[|x|^2 x x^T], S = X^T X.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from theorylab.laboratory import Laboratory
from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulate
from theorylab.pytest_plugin import claim

DERIVED = "derived here"

# GD-11 -----------------------------------------------------------------------------------------------------------------------------------

other_laws = claim(
    "GD-11",
    kind="optimum",
    statement="For covariates, symmetric priors and noises of any law, learning rate and loss depend on E[|x|^2 x x^T] = m I and variances only.",
    tex=r"\eta=\frac1{n-1+m+\lambda},\quad L^*=\sigma^2+\tau^2d\,(1-n\eta)",
    source=DERIVED,
)


@other_laws
@pytest.mark.parametrize(
    ("covariate_law", "prior", "noise_law"),
    [
        ("rademacher", "one_hot", "rademacher"),
        ("rademacher", "gaussian", "gaussian"),
        ("gaussian", "one_hot", "rademacher"),
        ("gaussian", "gaussian", "gaussian"),
    ],
)
@pytest.mark.parametrize(("context_length", "dimension"), [(3, 2), (2, 3)])
def test_best_step_for_finite_laws(lab: Laboratory, covariate_law: str, prior: str, noise_law: str, context_length: int, dimension: int) -> None:
    """All prompts enumerated: no matrix P does better than eta I, and the prior and the noise enter by their variances only."""
    n, d, noise, tau2 = context_length, dimension, 0.7, 1.6
    terms = simulate.enumerate_prompt_terms(n, d, noise, prior_variance=tau2, covariate_law=covariate_law, prior=prior, noise_law=noise_law)
    slope, gram = terms["task_by_gradient"], terms["gradient_by_gradient"]
    m = theory.squared_norm_moment(covariate_law, d)
    eta = theory.optimal_learning_rate_from_moments(n, m, noise / tau2)
    best = slope @ np.linalg.inv(gram)
    wrong = {
        "sigma^2 for lambda": theory.optimal_learning_rate_from_moments(n, m, noise),
        "the other law's moment": theory.optimal_learning_rate_from_moments(n, 2 * d + 2 - m, noise / tau2),
        "m = d + kurtosis": theory.optimal_learning_rate_from_moments(n, m + 1, noise / tau2),
    }
    matrices = {label: rate * np.eye(d) for label, rate in wrong.items()}
    assert lab.identical(eta * np.eye(d), best, relative=1e-12, refutes=matrices, question="best preconditioner")
    assert lab.optimum(
        theory.minimum_loss_from_moments(n, d, m, noise, tau2),
        gradient=2 * (eta * gram - slope),
        curvatures=2 * np.linalg.eigvalsh(gram),
        searches=[noise + terms["squared_task"] - np.trace(best @ slope.T)],
        tolerance=1e-12,
        refutes={label: noise + terms["squared_task"] - 2 * rate * np.trace(slope) + rate**2 * np.trace(gram) for label, rate in wrong.items()},
    )


@other_laws
@pytest.mark.parametrize(
    ("covariate_law", "degrees_of_freedom", "margin"),
    [("sphere", None, 0.01), ("rademacher", None, 0.01), ("uniform", None, 0.02), ("laplace", None, 0.03), ("student_t", 30.0, 0.02)],
)
@pytest.mark.parametrize(("context_length", "dimension"), [(8, 4), (5, 3)])
def test_learning_rate_from_raw_covariates(
    lab: Laboratory, covariate_law: str, degrees_of_freedom: float | None, margin: float, context_length: int, dimension: int
) -> None:
    """1/eta = E tr S^2 / (n d) + lambda from raw covariates."""
    n, d, lam = context_length, dimension, 0.5
    m = theory.squared_norm_moment_student(d, degrees_of_freedom) if degrees_of_freedom else theory.squared_norm_moment(covariate_law, d)
    run = lab.run(
        simulate.sample_covariate_traces, covariate_law=covariate_law, context_length=n, dimension=d, student_degrees_of_freedom=degrees_of_freedom
    )
    inverse_rate = 1 / theory.optimal_learning_rate_from_moments(n, m, lam)
    wrong = {"Gaussian covariates": n + d + 1 + lam, "m = d + kurtosis": inverse_rate + 1, "n for n - 1 and m - 1": inverse_rate - 1}
    assert (run.mean("trace_of_square") / (n * d) + lam).agrees_with(inverse_rate, relative=margin, refutes=wrong)


@other_laws
@pytest.mark.parametrize(("covariate_law", "degrees_of_freedom"), [("sphere", None), ("rademacher", None), ("uniform", None), ("student_t", 30.0)])
def test_learning_rate_on_raw_prompts(lab: Laboratory, covariate_law: str, degrees_of_freedom: float | None) -> None:
    """Raw labels of one-hot tasks with two-point noise: learning rate and loss."""
    n, d, noise, tau2 = 8, 4, 3.0, 1.5
    m = theory.squared_norm_moment_student(d, degrees_of_freedom) if degrees_of_freedom else theory.squared_norm_moment(covariate_law, d)
    eta = theory.optimal_learning_rate_from_moments(n, m, noise / tau2)
    run = lab.run(
        simulate.sample_prompt_terms,
        statistics=("correlation", "squared_gradient", "squared_task"),
        covariate_law=covariate_law,
        student_degrees_of_freedom=degrees_of_freedom,
        prior="one_hot",
        noise_law="rademacher",
        context_length=n,
        dimension=d,
        noise_variance=noise,
        prior_variance=tau2,
    )
    wrong = {
        "Gaussian covariates": theory.optimal_learning_rate(n, d, noise, tau2),
        "no noise": theory.optimal_learning_rate_from_moments(n, m, 0.0),
        "sigma^2 for lambda": theory.optimal_learning_rate_from_moments(n, m, noise),
        "m = d + kurtosis": 1 / (1 / eta + 1),
    }
    assert (run.mean("correlation") / run.mean("squared_gradient")).agrees_with(eta, relative=0.02, refutes=wrong)
    loss = run.mean("squared_task") - 2 * eta * run.mean("correlation") + eta**2 * run.mean("squared_gradient") + noise
    claimed = theory.minimum_loss_from_moments(n, d, m, noise, tau2)
    wrong = {"zero predictor": noise + tau2 * d, "without label noise": claimed - noise, "n - 1 for n": claimed + tau2 * d * eta}
    assert loss.agrees_with(claimed, relative=0.02, refutes=wrong)


@other_laws
def test_fourth_moments_of_covariate_laws(lab: Laboratory) -> None:
    """The moment m is d - 1 + kurtosis for iid coordinates, d on the sphere, (d + 2) E r^4 for x = r g: fourth moments from scipy's laws."""
    fourth = {"gaussian": stats.norm.moment(4), "uniform": stats.uniform(-np.sqrt(3), 2 * np.sqrt(3)).moment(4), "rademacher": 1.0}
    fourth["laplace"] = stats.laplace(scale=np.sqrt(0.5)).moment(4)
    for d in (1, 4, 11):
        for law, kurtosis in fourth.items():
            wrong = {"d + kurtosis": d + kurtosis, "kurtosis only": kurtosis - 1}
            assert lab.identical(theory.squared_norm_moment(law, d), d - 1 + kurtosis, relative=1e-9, refutes=wrong, question=f"m, {law}")
            assert lab.identical(theory.squared_norm_moment_from_kurtosis(d, kurtosis), d - 1 + kurtosis, relative=1e-12, refutes=wrong)
        assert lab.identical(theory.squared_norm_moment("sphere", d), d, relative=1e-12, refutes={"Gaussian": d + 2}, question="m, sphere")
        for nu in (4.5, 6.0, 10.0, 30.0):
            radial = (nu - 2) ** 2 * stats.invgamma(nu / 2, scale=0.5).moment(2)
            wrong = {"Gaussian": d + 2, "d for d + 2": d * radial, "variance nu/(nu - 2)": (d + 2) * nu / (nu - 4)}
            assert lab.identical(
                theory.squared_norm_moment_student(d, nu), (d + 2) * radial, relative=1e-9, refutes=wrong, question=f"m, t of {nu:g}"
            )
