"""arXiv:2307.03576, beyond the theorem: the trained layer on prompts of another length, and its step against the prompt's own curvature.

n context_length, m test_length, d dimension, sigma^2 noise_variance, tau^2 prior_variance, lambda = sigma^2 / tau^2, eta the optimal learning rate,
S = X^T X, gamma = d/n.
"""

from __future__ import annotations

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.numerics.random_matrix import largest_eigenvalue_location
from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulate
from theorylab.pytest_plugin import claim

DERIVED = "derived here"

# GD-13 -----------------------------------------------------------------------------------------------------------------------------------

other_prompt_length = claim(
    "GD-13",
    kind="identity",
    statement="On m examples, the step learned at n has an excess that falls only to m = n + (d + 1 + lambda)/2 and then grows; averaging cures it.",
    tex=r"\tau^2 d\,[1-2m\eta+\eta^2m(m+d+1+\lambda)]\ \text{(sum)},\quad "
    r"\tau^2 d\,[1-2n\eta+(n\eta)^2(m+d+1+\lambda)/m]\ \text{(mean)}",
    source=DERIVED,
)


def misread_test_excess(
    test_length: int, context_length: int, dimension: int, noise_variance: float, prior_variance: float, averaged: bool
) -> dict[str, float]:
    """Return near misses of the excess at another length by label."""
    m, n, d, tau2 = test_length, context_length, dimension, prior_variance
    eta = theory.optimal_learning_rate(n, d, noise_variance, tau2)
    step = n * eta / m if averaged else eta
    exact = theory.excess_at_test_length(m, n, d, noise_variance, tau2, normalised=averaged)
    return {
        "the layer trained at this length": theory.icl_excess(m, d, noise_variance, tau2),
        "the excess at the training length": theory.icl_excess(n, d, noise_variance, tau2),
        "the other normalisation": theory.excess_at_test_length(m, n, d, noise_variance, tau2, normalised=not averaged),
        "no label noise": exact - d * step**2 * m * noise_variance,
        "m + d for m + d + 1": exact - tau2 * d * step**2 * m,
    }


@other_prompt_length
@pytest.mark.parametrize("averaged", [False, True], ids=["summed", "averaged"])
@pytest.mark.parametrize(("test_length", "dimension"), [(1, 2), (3, 2), (2, 3), (5, 1)])
def test_excess_by_enumeration(lab: Laboratory, test_length: int, dimension: int, averaged: bool) -> None:
    """The real layer, its weights set for n = 7 examples, on all prompts of m examples of a finite world with the same moments."""
    m, n, d, noise, prior = test_length, 7, dimension, 0.7, 2.5
    eta = theory.optimal_learning_rate(n, d, noise, prior) * (n / m if averaged else 1.0)
    v, key_query = np.append(np.zeros(d), 1.0), np.vstack([eta * np.eye(d), np.zeros(d)])
    seen = simulate.enumerate_population_loss(v, key_query, m, noise, task_covariance=prior * np.eye(d))["total"] - noise
    claimed = theory.excess_at_test_length(m, n, d, noise, prior, normalised=averaged)
    assert lab.identical(claimed, seen, relative=1e-12, refutes=misread_test_excess(m, n, d, noise, prior, averaged))


@other_prompt_length
@pytest.mark.parametrize("setting", [(5, 10, 4, 0.5, 1.0), (16, 10, 4, 0.5, 1.0), (40, 10, 4, 0.5, 1.0), (20, 6, 3, 0.9, 1.8)])
def test_excess_from_spectra(lab: Laboratory, setting: tuple[int, int, int, float, float]) -> None:
    """Task and noise integrated out, both normalisations on the same random spectra."""
    m, n, d, noise, prior = setting
    run = lab.run(
        simulate.sample_test_length_excess,
        statistics=("summed", "averaged"),
        test_length=m,
        context_length=n,
        dimension=d,
        noise_variance=noise,
        prior_variance=prior,
        learning_rate=theory.optimal_learning_rate(n, d, noise, prior),
    )
    margin = 0.01 if lab.scale == "quick" else 0.004
    for statistic, averaged in (("summed", False), ("averaged", True)):
        claimed = theory.excess_at_test_length(m, n, d, noise, prior, normalised=averaged)
        assert run.mean(statistic).agrees_with(claimed, relative=margin, refutes=misread_test_excess(*setting, averaged))


@other_prompt_length
def test_excess_on_raw_prompts(lab: Laboratory) -> None:
    """Raw prompts of 5 examples through the real layer with the weights for 10."""
    eta = theory.optimal_learning_rate(10, 4, 0.5)
    key_query = [[eta if row == column else 0.0 for column in range(4)] for row in range(5)]
    run = lab.run(
        simulate.sample_prompt_losses,
        value_vector=(0.0, 0.0, 0.0, 0.0, 1.0),
        key_query_matrix=key_query,
        context_length=5,
        noise_variance=0.5,
    )
    claimed = 0.5 + theory.excess_at_test_length(5, 10, 4, 0.5)
    wrong = {"the layer trained at this length": 0.5 + theory.icl_excess(5, 4, 0.5), "as at the training length": 0.5 + theory.icl_excess(10, 4, 0.5)}
    assert run.mean("loss").agrees_with(claimed, relative=0.02, refutes=wrong)


@other_prompt_length
def test_training_length_is_the_same_for_both(lab: Laboratory) -> None:
    """At m = n both normalisations are the trained layer itself, at random settings."""
    rng = np.random.default_rng([lab.seed, 13])
    n, d = rng.integers(1, 30, size=(2, 20))
    noise, prior = rng.uniform(0.1, 3.0, size=(2, 20))
    trained = theory.icl_excess(n, d, noise, prior)
    for averaged in (False, True):
        claimed = theory.excess_at_test_length(n, n, d, noise, prior, normalised=averaged)
        wrong = {"one example more": theory.excess_at_test_length(n + 1, n, d, noise, prior, normalised=averaged)}
        assert lab.identical(claimed, trained, relative=1e-12, refutes=wrong)


@other_prompt_length
def test_best_test_length_by_enumeration(lab: Laboratory) -> None:
    """A layer trained on n = 1 example in dimension one: best at m = 3 if lambda = 2, worthless at m = 5 if lambda = 1; all prompts enumerated."""
    eta = theory.optimal_learning_rate(1, 1, 2.0)
    seen = {m: simulate.enumerate_population_loss((0.0, 1.0), ((eta,), (0.0,)), m, 2.0)["total"] - 2.0 for m in range(1, 6)}
    best = theory.optimal_test_length(1, 1, 2.0)
    assert lab.identical(best, 3.0, absolute=1e-12, refutes={"m = n": 1.0, "n + d + 1 + lambda": 5.0}, question="best test length")
    assert lab.optimum(
        theory.excess_at_test_length(3, 1, 1, 2.0),
        gradient=(seen[4] - seen[2]) / 2,
        curvatures=[seen[4] - 2 * seen[3] + seen[2]],
        searches=list(seen.values()),
        tolerance=1e-12,
        refutes={"least at the training length": seen[1], "the longer the better": seen[5]},
    )
    eta = theory.optimal_learning_rate(1, 1, 1.0)
    harmful = theory.harmful_test_length(1, 1, 1.0)
    assert lab.identical(harmful, 5.0, absolute=1e-12, refutes={"2 / eta": 2 / eta, "2 n + d + lambda": 4.0}, question="harmful test length")
    seen = {m: simulate.enumerate_population_loss((0.0, 1.0), ((eta,), (0.0,)), m, 1.0)["total"] - 1.0 for m in (2, 4, 5)}
    wrong = {"at m = 2": seen[2], "at m = 4": seen[4]}
    assert lab.identical(1.0, seen[5], relative=1e-12, refutes=wrong, question="at that length as bad as predicting zero")


@other_prompt_length
def test_more_context_hurts(lab: Laboratory) -> None:
    """Sum attention at (n, d, sigma^2) = (10, 4, .5): better at 13 than at 10 examples, worse than no prediction beyond 25.5."""
    eta = theory.optimal_learning_rate(10, 4, 0.5)
    shared = {"context_length": 10, "dimension": 4, "noise_variance": 0.5, "learning_rate": eta}
    at = {m: lab.run(simulate.sample_test_length_excess, test_length=m, **shared).mean("summed") for m in (10, 13, 20, 32)}
    assert lab.identical(
        theory.optimal_test_length(10, 4, 0.5), 12.75, relative=1e-12, refutes={"m = n": 10.0}, question="best length, 10 + (4 + 1 + .5)/2"
    )
    assert (at[13] - at[10]).less_than(0.0)
    lab.refutes((at[13] - at[10]).greater_than(0.0), "sum attention is best at the training length")
    assert at[20].less_than(4.0, refutes={"harmful from 2n on": 4.0})
    assert at[32].greater_than(4.0, refutes={"more context never hurts": 4.0})
    rng = np.random.default_rng([lab.seed, 14])
    n, d, ratio = rng.integers(1, 20, size=3)
    harmful = theory.harmful_test_length(n, d, 1.5 * ratio, 1.5)
    excess = theory.excess_at_test_length(round(harmful), n, d, 1.5 * ratio, 1.5)
    wrong = {"d + 1 + lambda left out": theory.excess_at_test_length(2 * n, n, d, 1.5 * ratio, 1.5)}
    assert lab.identical(excess, 1.5 * d, relative=1e-12, refutes=wrong, question="at 2n + d + 1 + lambda the excess is tau^2 d again")


@other_prompt_length
def test_averaging_leaves_a_bias(lab: Laboratory) -> None:
    """Averaged attention improves with every example, at order 1/m, down to tau^2 d (1 - n eta)^2 and not to zero."""
    n, d, noise, prior = 10, 4, 0.5, 1.7
    bias = theory.long_prompt_bias(n, d, noise, prior)
    lengths = np.array([10, 100, 1000, 10000])
    excess = theory.excess_at_test_length(lengths, n, d, noise, prior, normalised=True)
    assert lab.limit(lengths, excess - bias, order=1.0, within=0.02, refutes={"m^-1/2": 0.5, "m^-2": 2.0})
    assert lab.exact(np.diff(theory.excess_at_test_length(np.arange(1, 200), n, d, noise, prior, normalised=True)).max()).less_than(0.0)
    run = lab.run(
        simulate.sample_test_length_excess,
        context_length=n,
        test_length=2000,
        dimension=d,
        noise_variance=noise,
        prior_variance=prior,
        learning_rate=theory.optimal_learning_rate(n, d, noise, prior),
    )
    # A full step of size 1/m would leave no bias; without the square the bias is that of the training length.
    wrong = {"no bias": 0.0, "the excess at the training length": theory.icl_excess(n, d, noise, prior), "as Bayes": noise * d / 2000}
    assert run.mean("averaged").agrees_with(bias, relative=0.02, refutes=wrong)


# GD-14 -----------------------------------------------------------------------------------------------------------------------------------

size_of_the_step = claim(
    "GD-14",
    kind="limit",
    statement="Against the prompt's top curvature the optimal step tends to 1 + 2 sqrt(gamma)/(1 + gamma): it overshoots but stays stable.",
    tex=r"\eta\lambda_{\max}(S)\to\frac{(1+\sqrt\gamma)^2}{1+\gamma}\in(1,2]",
    source=f"{DERIVED}; Tracy-Widom law at finite size",
)


@size_of_the_step
@pytest.mark.parametrize(("context_length", "dimension"), [(1000, 100), (400, 100), (200, 100), (100, 100), (50, 200), (25, 100), (800, 400)])
def test_largest_step_on_random_spectra(lab: Laboratory, context_length: int, dimension: int) -> None:
    """The mean over prompts against the limit with its Tracy-Widom correction; four times the sizes at full scale."""
    factor, margin, noise = (1, 0.005, 0.5) if lab.scale == "quick" else (4, 0.002, 0.5)
    n, d = factor * context_length, factor * dimension
    eta = theory.optimal_learning_rate(n, d, noise)
    run = lab.run(simulate.sample_largest_step, context_length=n, dimension=d, learning_rate=eta)
    centre, _ = largest_eigenvalue_location(n, d)
    claimed = theory.largest_step(n, d, noise)
    wrong = {
        "neither overshoots nor falls short": 1.0,
        "the limit already": theory.largest_step_limit(d / n),
        "no Tracy-Widom correction": eta * centre,
        "the opposite correction": 2 * eta * centre - claimed,
        "the curvature of the mean, n": n * eta,
    }
    assert run.mean().agrees_with(claimed, relative=margin, refutes=wrong)
    assert run.mean().agrees_with(theory.largest_step(n, d, noise, centring="johnstone"), relative=2 * margin, refutes=wrong)
    assert run.mean().inside(1.0, 2.0, refutes={"below 1": 1.0 - 1e-9, "unstable": 2.0 + 1e-9})


@size_of_the_step
@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.0, 2.0, 9.0])
def test_largest_step_approaches_its_limit(lab: Laboratory, gamma: float) -> None:
    """The finite-size mean approaches the limit from below at order d^-2/3."""
    dimensions = np.array([10**4, 10**5, 10**6, 10**7])
    lengths = np.rint(dimensions / gamma).astype(int)
    for noise in (0.0, 3.0):
        distances = theory.largest_step_limit(gamma) - theory.largest_step(lengths, dimensions, noise)
        assert lab.limit(dimensions, distances, order=2 / 3, within=0.02, refutes={"d^-1": 1.0, "d^-1/2": 0.5, "d^-1/3": 1 / 3})
    root = np.sqrt(gamma)
    assert lab.identical(
        theory.largest_step_limit(gamma),
        (1 + root) ** 2 / (1 + gamma),
        relative=1e-12,
        refutes={"never overshoots": 1.0, "only half the overshoot": 1 + root / (1 + gamma)},
    )


@size_of_the_step
def test_largest_step_is_largest_for_square_prompts(lab: Laboratory) -> None:
    """The limit is symmetric under gamma -> 1/gamma, at most 2, and 2 only at gamma = 1; so are the means at d = 100."""
    gamma = np.geomspace(0.05, 20.0, 41)
    limit = theory.largest_step_limit(gamma)
    assert lab.identical(
        limit, limit[::-1], relative=1e-12, refutes={"monotone in gamma": np.sort(limit)}, question="symmetric under gamma -> 1/gamma"
    )
    assert lab.exact(limit.max(), 1e-12).agrees_with(2.0, relative=1e-9, refutes={"1": 1.0, "4": 4.0})
    assert lab.identical(1.0, gamma[limit.argmax()], relative=1e-9, refutes={"1/2": 0.5}, question="place of the maximum")
    means = {
        n: lab.run(simulate.sample_largest_step, context_length=n, dimension=100, learning_rate=theory.optimal_learning_rate(n, 100, 0.5)).mean()
        for n in (1000, 100, 25)
    }
    assert (means[100] - means[1000]).greater_than(0.0)
    assert (means[100] - means[25]).greater_than(0.0)
    lab.refutes((means[25] - means[100]).greater_than(0.0), "the step grows with gamma")


@size_of_the_step
def test_approach_on_random_spectra(lab: Laboratory) -> None:
    """At gamma = 1 the distance 2 - E eta lambda_max falls like d^-2/3 along a ladder of sizes (steeper by a little at these sizes)."""
    sizes = [50, 100, 200, 400] if lab.scale == "quick" else [100, 200, 400, 800, 1600]
    distances = [
        2.0 - lab.run(simulate.sample_largest_step, context_length=d, dimension=d, learning_rate=theory.optimal_learning_rate(d, d, 0.5)).mean()
        for d in sizes
    ]
    exponent = lab.exponent(sizes, distances)
    assert exponent.agrees_with(-2 / 3, absolute=0.12, refutes={"d^-1": -1.0, "d^-1/2": -0.5, "d^-1/3": -1 / 3})


@size_of_the_step
def test_single_prompts_may_be_unstable(lab: Laboratory) -> None:
    """On square prompts about one draw in ten exceeds 2 at d = 100; at gamma = 1/4 hardly any; below 1 there is none to be seen."""
    square = lab.run(simulate.sample_largest_step, context_length=100, dimension=100, learning_rate=theory.optimal_learning_rate(100, 100, 0.5))
    assert square.probability_above(2.0).inside(0.05, 0.2, refutes={"stable on every prompt": 0.0, "unstable on every other prompt": 0.5})
    assert square.probability_below(1.0).at_most(0.005, tightness=0.0, refutes={"one prompt in fifty is not overshot": 0.02})
    long = lab.run(simulate.sample_largest_step, context_length=400, dimension=100, learning_rate=theory.optimal_learning_rate(400, 100, 0.5))
    assert long.probability_above(2.0).at_most(0.005, tightness=0.0, refutes={"one prompt in fifty is unstable": 0.02})
