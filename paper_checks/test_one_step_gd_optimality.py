"""arXiv:2307.03576: why nothing does better than one step, and which step it is for every Gaussian design and prior.

n context_length, d dimension, sigma^2 noise_variance, Sigma feature_covariance, Omega task_covariance, t = tr(Sigma Omega), v = (a; c)
value_vector, M = (A; b^T) key_query_matrix, P = c A^T + b a^T, theta = M^T G v the weights that the layer predicts with.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from theorylab.laboratory import Laboratory
from theorylab.models.linear_regression import Prompts
from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulate
from theorylab.pytest_plugin import claim

PAPER = "arXiv:2307.03576"
VALUE_VECTOR = (0.3, -0.2, 0.1, 0.5)
KEY_QUERY_MATRIX = ((0.05, 0.01, 0.0), (0.0, 0.04, -0.02), (0.02, 0.0, 0.06), (0.03, -0.01, 0.02))
# The same with more than the optimal learning rate.
LONG_STEP = (0.2, 0.1, -0.3, 0.6), ((0.3, 0.05, 0.0), (0.0, 0.25, -0.05), (0.05, 0.0, 0.3), (0.01, -0.02, 0.01))
IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
STRETCHED = ((1.0, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, 0.0, 0.25))
SHRUNK = ((1.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 4.0))

# GD-4 ------------------------------------------------------------------------------------------------------------------------------------

pythagoras = claim(
    "GD-4",
    kind="identity",
    statement="At every parameter setting the loss is the minimum loss plus the mean squared distance from the optimal step's predictor.",
    tex=r"L(v,M)=L^*+\mathbb{E}\|\theta(v,M)-P^*X^\top y\|_\Sigma^2",
    source=f"{PAPER}, Lemmas 1 and 2; for all parameters derived here",
)


@pythagoras
@pytest.mark.parametrize(("context_length", "dimension", "draws"), [(1, 1, 10), (1, 2, 20), (2, 2, 10), (1, 3, 10), (3, 2, 1), (2, 3, 1)])
def test_pythagoras_by_enumeration(lab: Laboratory, context_length: int, dimension: int, draws: int) -> None:
    """All three sides of the triangle at random parameters of several scales, full covariances."""
    n, noise = context_length, 0.5
    rng = np.random.default_rng([lab.seed, n, dimension])
    for draw in range(draws if lab.scale == "quick" else 10 * draws):
        v, m, sigma, omega = simulate.draw_setting(rng, dimension, scale=(1.0, 0.1, 3.0)[draw % 3])
        problem = (n, sigma, omega, noise)
        covariances = {"feature_covariance": sigma, "task_covariance": omega}
        best, minimum = theory.optimal_preconditioner(*problem), theory.minimum_loss_general(*problem)
        seen = simulate.enumerate_pythagoras(v, m, best, n, noise, **covariances)
        size, loss = seen["layer_error"], theory.population_loss(v, m, *problem)["total"]
        assert lab.identical(0.0, seen["defect"], absolute=1e-12 * size, question="the sides are orthogonal")
        wrong = {"the even part costs nothing": theory.preconditioned_loss(v[-1] * m[:-1].T + np.outer(m[-1], v[:-1]), *problem) - minimum}
        assert lab.identical(theory.excess_over_minimum(v, m, *problem), seen["distance"], relative=1e-11, refutes=wrong)
        assert lab.identical(minimum - noise, seen["step_error"], relative=1e-12, question="error of the best step")
        assert lab.identical(minimum + seen["distance"], loss, relative=1e-12, question="L = L* + distance")

        # About another step the triangle is not right-angled, by just as much as the closed form says.
        other = theory.optimal_preconditioner(n + 1, sigma, omega, noise)
        shifted = simulate.enumerate_pythagoras(v, m, other, n, noise, **covariances)["defect"]
        p = v[-1] * m[:-1].T + np.outer(m[-1], v[:-1])
        claimed = theory.pythagoras_defect(p, other, *problem)
        assert lab.identical(claimed, shifted, absolute=1e-12 * size, refutes={"right-angled about any step": 0.0})


@pythagoras
@pytest.mark.parametrize(
    ("sigma", "omega", "weights"),
    [(IDENTITY, IDENTITY, (VALUE_VECTOR, KEY_QUERY_MATRIX)), (IDENTITY, IDENTITY, LONG_STEP), (STRETCHED, SHRUNK, (VALUE_VECTOR, KEY_QUERY_MATRIX))],
    ids=["short-step", "long-step", "whitened-prior"],
)
def test_pythagoras_on_raw_prompts(lab: Laboratory, sigma: tuple, omega: tuple, weights: tuple) -> None:
    """The paired sides on Gaussian prompts, about the optimal step and read against the step with n for n + 1 and without tr(Sigma Omega)."""
    problem = (6, sigma, omega, 0.5)
    best = theory.optimal_preconditioner(*problem)
    run = lab.run(
        simulate.sample_pythagoras,
        value_vector=weights[0],
        key_query_matrix=weights[1],
        preconditioner=best.round(12),
        context_length=6,
        noise_variance=0.5,
        feature_covariance=sigma,
        task_covariance=omega,
        statistics=("defect", "distance"),
    )
    (v, m), inverse, labels = map(np.array, weights), np.linalg.inv(omega), np.sum(np.multiply(sigma, omega)) + 0.5
    p = v[-1] * m[:-1].T + np.outer(m[-1], v[:-1])
    others = {
        "n for n + 1": np.linalg.inv(np.multiply(6, sigma) + labels * inverse),
        "without the trace": np.linalg.inv(np.multiply(7, sigma) + 0.5 * inverse),
    }
    wrong = {f"right-angled about the step with {label}": theory.pythagoras_defect(p, other, *problem) for label, other in others.items()}
    assert run.mean("defect").agrees_with(0.0, absolute=0.08, refutes=wrong)
    parts = {"L - sigma^2 for L - L*": theory.population_loss(v, m, *problem)["total"] - 0.5}
    assert run.mean("distance").agrees_with(theory.excess_over_minimum(v, m, *problem), relative=0.06, refutes=parts)


@pythagoras
@pytest.mark.parametrize(("sigma", "omega"), [(IDENTITY, IDENTITY), (STRETCHED, SHRUNK)], ids=["isotropic", "whitened-prior"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_distance_from_the_bayes_predictor(lab: Laboratory, sigma: tuple, omega: tuple, scale: float) -> None:
    """The companion: loss = Bayes loss + mean squared distance from ridge regression, with one constant for all parameters."""
    run = lab.run(
        simulate.sample_bayes_distance,
        value_vector=tuple(scale * entry for entry in VALUE_VECTOR),
        key_query_matrix=KEY_QUERY_MATRIX,
        context_length=6,
        noise_variance=0.5,
        feature_covariance=sigma,
        task_covariance=omega,
        statistics=("difference", "bayes_error"),
    )
    constant, minimum = theory.bayes_excess_exact(6, 3, 0.5), theory.icl_excess(6, 3, 0.5)
    assert run.mean("difference").agrees_with(constant, absolute=0.05, refutes={"the constant is that of linear attention": minimum})
    cross_term = run.mean("difference") - run.mean("bayes_error")
    assert cross_term.agrees_with(0.0, absolute=0.05, refutes={"the constant is that of linear attention": minimum - constant})


@pythagoras
def test_no_setting_is_better(lab: Laboratory) -> None:
    """The excess is positive off the minimisers, at hundreds of random settings near and far, and zero on them."""
    rng = np.random.default_rng([lab.seed, 4])
    smallest = np.inf
    for draw in range(150 if lab.scale == "quick" else 100_000):
        d, n = 1 + draw % 4, int(rng.integers(1, 40))
        v, m, sigma, omega = simulate.draw_setting(rng, d, scale=10.0 ** rng.uniform(-2, 1))
        smallest = min(smallest, theory.excess_over_minimum(v, m, n, sigma, omega, 0.5))
        if draw < 50:
            loss, minimum = theory.population_loss(v, m, n, sigma, omega, 0.5)["total"], theory.minimum_loss_general(n, sigma, omega, 0.5)
            assert lab.identical(minimum + theory.excess_over_minimum(v, m, n, sigma, omega, 0.5), loss, relative=1e-12)
            at_best = np.append(np.zeros(d), 2.0), np.vstack([theory.optimal_preconditioner(n, sigma, omega, 0.5) / 2.0, np.zeros(d)])
            assert lab.identical(0.0, theory.excess_over_minimum(*at_best, n, sigma, omega, 0.5), absolute=1e-13)
            assert lab.identical(minimum, theory.population_loss(*at_best, n, sigma, omega, 0.5)["total"], relative=1e-12, refutes={"the noise": 0.5})
    assert lab.exact(smallest).greater_than(0.0)


# GD-8 ------------------------------------------------------------------------------------------------------------------------------------

optimal_preconditioner = claim(
    "GD-8",
    kind="optimum",
    statement="For every Gaussian design and prior the optimum is one preconditioned step; whitened priors give Theorem 2, isotropic ones do not.",
    tex=r"P^*=[(n+1)\Sigma+(\mathrm{tr}(\Sigma\Omega)+\sigma^2)\Omega^{-1}]^{-1},\quad L^*=\sigma^2+t-n\,\mathrm{tr}(\Sigma P^*\Sigma\Omega)",
    source=f"{PAPER}, Theorem 2; general form derived here",
)


@optimal_preconditioner
@pytest.mark.parametrize("task_rank", [None, 1], ids=["full-prior", "rank-one-prior"])
@pytest.mark.parametrize(("context_length", "dimension"), [(1, 1), (2, 2), (3, 2), (1, 3), (2, 3)])
def test_preconditioner_by_normal_equations(lab: Laboratory, context_length: int, dimension: int, task_rank: int | None) -> None:
    """P* = E[w (X^T y)^T] E[X^T y y^T X]^-1 and its loss, from all prompts of the finite world."""
    n, noise = context_length, 0.5
    _, _, sigma, omega = simulate.draw_setting(np.random.default_rng([lab.seed, n, dimension]), dimension, task_rank=task_rank)

    def moments(prompts: Prompts) -> dict[str, np.ndarray]:
        gradient = (prompts.labels[:, None, :] @ prompts.features)[:, 0]
        return {"cross": prompts.task[:, :, None] * gradient[:, None, :], "gram": gradient[:, :, None] * gradient[:, None, :]}

    seen = simulate.prompt_expectation(
        moments, context_length=n, dimension=dimension, noise_variance=noise, feature_covariance=sigma, task_covariance=omega
    )
    best = seen["cross"] @ np.linalg.inv(seen["gram"])
    labels = np.trace(sigma @ omega) + noise
    product, identity = sigma @ omega, np.eye(dimension)
    wrong = {
        "n for n + 1": omega @ np.linalg.inv(n * product + labels * identity),
        "without the trace": omega @ np.linalg.inv((n + 1) * product + noise * identity),
        "without the noise": omega @ np.linalg.inv((n + 1) * product + (labels - noise) * identity),
        "ridge": omega @ np.linalg.inv(n * product + noise * identity),
    }
    claimed = theory.optimal_preconditioner(n, sigma, omega, noise)
    assert lab.identical(claimed, best, relative=1e-10, refutes=wrong, question="P* by normal equations")
    lowest = labels - np.trace(sigma @ best @ seen["cross"].T)
    dropped = {"n^2 for n" if n > 1 else "no gain": labels - (n**2 if n > 1 else 0) * np.trace(product @ sigma @ claimed)}
    assert lab.identical(theory.minimum_loss_general(n, sigma, omega, noise), lowest, relative=1e-12, refutes=dropped, question="L*")


@optimal_preconditioner
@pytest.mark.parametrize("prior", ["whitened", "isotropic", "full", "rank-one"])
def test_preconditioner_is_the_minimum(lab: Laboratory, prior: str) -> None:
    """Descents on the whole layer, which know no preconditioner, never get below it and end in it; all near misses lie above."""
    n, d, noise = 6, 3, 0.5
    rng = np.random.default_rng([lab.seed, 8])
    sigma = np.array(STRETCHED)
    omega = {"whitened": np.array(SHRUNK), "isotropic": np.eye(d)}.get(prior)
    if omega is None:
        _, _, sigma, omega = simulate.draw_setting(rng, d, task_rank=None if prior == "full" else 1)
    loss = theory.PopulationLoss(n, sigma, omega, noise)

    def flat(point: np.ndarray) -> tuple[float, np.ndarray]:
        v, m = point[: d + 1], point[d + 1 :].reshape(d + 1, d)
        return float(loss.value(v, m)), np.concatenate([part.ravel() for part in loss.gradient(v, m)])

    # A start in three ends in the minimum, the others in stationary points above it.
    found = [minimize(flat, 0.1 * rng.normal(size=(d + 1) ** 2), jac=True, method="BFGS", options={"gtol": 1e-9}) for _ in range(40)]
    claimed, labels, product = theory.optimal_preconditioner(n, sigma, omega, noise), np.trace(sigma @ omega) + noise, sigma @ omega
    best = min(found, key=lambda search: search.fun).x
    learned = best[d] * best[d + 1 :].reshape(d + 1, d)[:-1].T + np.outer(best[-d:], best[:d])
    plain, along_inverse = theory.best_plain_learning_rate(n, sigma, omega, noise), np.linalg.inv(sigma)
    near_misses = {
        "n for n + 1": omega @ np.linalg.inv(n * product + labels * np.eye(d)),
        "without the trace": omega @ np.linalg.inv((n + 1) * product + noise * np.eye(d)),
        "ridge": omega @ np.linalg.inv(n * product + noise * np.eye(d)),
        "the best plain step": plain * np.eye(d),
        "the isotropic learning rate": theory.optimal_learning_rate(n, d, noise) * np.eye(d),
    }
    if prior != "whitened":
        near_misses["Sigma^-1 / (n + d + 1 + sigma^2)"] = along_inverse / (n + d + 1 + noise)
    if prior != "rank-one":
        inverse_form = np.linalg.inv((n + 1) * sigma + labels * np.linalg.inv(omega))
        assert lab.identical(claimed, inverse_form, relative=1e-11, refutes=near_misses, question="both forms of P*")
    assert lab.identical(claimed, learned, relative=1e-5, refutes=near_misses, question="P* is what descent learns")
    at_best = np.append(np.zeros(d), 1.0), np.vstack([claimed, np.zeros(d)])
    problem = (n, sigma, omega, noise)
    assert lab.optimum(
        theory.minimum_loss_general(*problem),
        gradient=np.concatenate([part.ravel() for part in theory.population_loss_gradient(*at_best, *problem)]),
        curvatures=np.linalg.eigvalsh(theory.population_loss_hessian(*at_best, *problem)),
        searches=[search.fun for search in found],
        flat_directions=1,
        refutes={label: theory.preconditioned_loss(p, *problem) for label, p in near_misses.items()},
    )
    around = [theory.preconditioned_loss((plain + shift) * np.eye(d), *problem) for shift in (-1e-3, 1e-3)]
    assert lab.exact(theory.preconditioned_loss(plain * np.eye(d), *problem)).less_than(min(around))


@optimal_preconditioner
@pytest.mark.parametrize(("context_length", "dimension", "noise_variance"), [(6, 3, 0.5), (20, 5, 0.0), (2, 4, 3.0)])
def test_whitened_priors_forget_the_design(lab: Laboratory, context_length: int, dimension: int, noise_variance: float) -> None:
    """Theorem 2: for Omega = Sigma^-1 the step is Sigma^-1 / (n + d + 1 + sigma^2) and the loss that of the isotropic task."""
    n, d, noise = context_length, dimension, noise_variance
    _, _, sigma, omega = simulate.draw_setting(np.random.default_rng([lab.seed, n, d]), d)
    inverse = np.linalg.inv(sigma)
    eta = theory.optimal_learning_rate(n, d, noise)
    wrong = {"n + d + sigma^2": inverse / (n + d + noise), "no preconditioner": eta * np.eye(d)}
    assert lab.identical(theory.optimal_preconditioner(n, sigma, inverse, noise), eta * inverse, relative=1e-12, refutes=wrong)
    isotropic, other = theory.minimum_pretraining_loss(n, d, noise), theory.minimum_loss_general(n, sigma, omega, noise)
    assert lab.identical(isotropic, theory.minimum_loss_general(n, sigma, inverse, noise), relative=1e-12)
    assert lab.refutes(lab.identical(isotropic, other, relative=1e-9), "the loss is that for every prior")

    # Isotropic prior: not Sigma^-1, but flattened in the directions of small variance.
    flattened = np.linalg.inv((n + 1) * sigma + (np.trace(sigma) + noise) * np.eye(d))
    wrong = {"proportional to Sigma^-1": inverse * np.trace(flattened) / np.trace(inverse)}
    claimed = theory.optimal_preconditioner(n, sigma, np.eye(d), noise)
    assert lab.identical(claimed, flattened, relative=1e-12, refutes=wrong)
    assert lab.exact(float(np.linalg.cond(claimed))).less_than(float(np.linalg.cond(sigma)))


@optimal_preconditioner
@pytest.mark.parametrize("omega", [SHRUNK, IDENTITY], ids=["whitened", "isotropic"])
def test_preconditioner_against_near_misses_on_prompts(lab: Laboratory, omega: tuple) -> None:
    """Paired on the same Gaussian covariates: how much each near miss costs, and the minimum loss itself."""
    n, noise, sigma = 6, 0.5, np.array(STRETCHED)
    labels, inverse = np.trace(sigma @ omega) + noise, np.linalg.inv(omega)
    problem = (n, sigma, omega, noise)
    steps = [theory.optimal_preconditioner(*problem)]
    steps += [np.linalg.inv(k * sigma + spread * inverse) for k, spread in ((n, labels), (n + 1, noise), (n, noise))]
    prompts = {"preconditioners": np.round(steps, 12), "context_length": n, "noise_variance": noise}
    columns = tuple(f"error_{j}" for j in range(4))
    run = lab.run(simulate.sample_conditional_preconditioner_errors, **prompts, feature_covariance=sigma, task_covariance=omega, statistics=columns)
    minimum = theory.minimum_loss_general(*problem)
    for column, step in zip(columns[1:], steps[1:], strict=True):
        cost = theory.preconditioned_loss(step, *problem) - minimum
        assert (run.mean(column) - run.mean("error_0")).agrees_with(cost, relative=0.25, refutes={"as good as P*": 0.0})
    best_plain = theory.preconditioned_loss(theory.best_plain_learning_rate(*problem) * np.eye(3), *problem)
    assert (run.mean("error_0") + noise).agrees_with(minimum, relative=0.02, refutes={"the best plain step": best_plain})

    raw = lab.run(simulate.sample_preconditioner_errors, **prompts, feature_covariance=sigma, task_covariance=omega, statistics=columns[:3:2])
    assert (raw.mean("error_2") - raw.mean("error_0")).greater_than(0.0, refutes={"as good as P*": 0.0})
