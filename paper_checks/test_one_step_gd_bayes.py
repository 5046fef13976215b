"""arXiv:2307.03576, beyond the theorem: the price of one gradient step against ridge regression, the Bayes predictor.

n context_length, d dimension, sigma^2 noise_variance, tau^2 prior_variance, lambda = sigma^2 / tau^2, eta the optimal learning rate,
R_1 the excess of linear attention, R_B that of the Bayes predictor (ridge regression with penalty lambda), gamma = d/n, s = sigma^2 / (tau^2 d).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import hyperu

from theorylab.laboratory import Laboratory
from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulate
from theorylab.pytest_plugin import claim

DERIVED = "derived here"
Setting = tuple[int, int, float, float]

# GD-7 ------------------------------------------------------------------------------------------------------------------------------------

price_of_linear_attention = claim(
    "GD-7",
    kind="expectation",
    statement="Linear attention pays the gap R_1 - R_B to ridge regression: symmetric in n and d, and a constant factor for long prompts.",
    tex=r"\mathbb{E}|\eta X^\top y-w_{\mathrm{ridge}}|^2=R_1-R_B,\quad R_B=\tau^2\,\mathbb{E}\,\mathrm{tr}(I+S/\lambda)^{-1},"
    r"\quad \tfrac{R_1}{R_B}\to 1+(d+1)\tfrac{\tau^2}{\sigma^2}",
    source=f"{DERIVED}; Marchenko-Pastur law for d/n fixed",
)


def misread_bayes_excess(context_length: int, dimension: int, noise_variance: float, prior_variance: float) -> dict[str, float]:
    """Return near misses of R_B by label."""
    n, d, lam, tau2 = context_length, dimension, noise_variance / prior_variance, prior_variance
    exact = theory.bayes_excess_exact(n, d, lam, tau2)
    wrong = {
        "one example more": theory.bayes_excess_exact(n + 1, d, lam, tau2),
        "linear attention is Bayes": theory.icl_excess(n, d, noise_variance, tau2),
    }
    if noise_variance > 0:
        wrong["E tr of the inverse = tr of the inverse mean"] = theory.bayes_excess_jensen_floor(n, d, lam, tau2)
    if tau2 != 1.0:
        wrong["sigma^2 for lambda"] = theory.bayes_excess_exact(n, d, noise_variance, tau2)
        wrong["prior variance left out"] = exact / tau2
    if d > n:
        wrong["directions without data cost nothing"] = exact - tau2 * (d - n)
    return wrong


@price_of_linear_attention
@pytest.mark.parametrize(
    "setting",
    [(10, 5, 1.0, 1.0), (5, 10, 1.0, 1.0), (3, 1, 0.5, 1.0), (8, 1, 2.0, 1.0), (4, 4, 0.5, 2.5), (2, 6, 0.8, 0.4), (12, 3, 0.9, 2.0)],
)
def test_bayes_excess_from_spectra(lab: Laboratory, setting: Setting) -> None:
    """The exact Bayes excess against random spectra: a ridge trace for each."""
    n, d, noise, prior = setting
    run = lab.run(simulate.sample_bayes_excess, context_length=n, dimension=d, noise_variance=noise, prior_variance=prior)
    claimed = theory.bayes_excess_exact(n, d, noise / prior, prior)
    margin = 0.01 if lab.scale == "quick" else 0.003
    assert run.mean().agrees_with(claimed, relative=margin, refutes=misread_bayes_excess(*setting))


@price_of_linear_attention
@pytest.mark.parametrize("setting", [(10, 5, 1.0, 1.0), (5, 10, 1.0, 1.0), (4, 4, 1.0, 0.5), (3, 8, 0.0, 1.0)])
def test_price_on_raw_prompts(lab: Laboratory, setting: Setting) -> None:
    """Raw prompts, ridge regression on each: the excess of the step, that of ridge, and the mean squared distance between the two."""
    n, d, noise, prior = setting
    lam = noise / prior
    run = lab.run(
        simulate.sample_bayes_gap,
        statistics=("gap", "step_error", "ridge_error"),
        context_length=n,
        dimension=d,
        noise_variance=noise,
        prior_variance=prior,
        learning_rate=theory.optimal_learning_rate(n, d, noise, prior),
    )
    step, ridge, gap = (
        theory.icl_excess(n, d, noise, prior),
        theory.bayes_excess_exact(n, d, lam, prior),
        theory.bayes_gap_exact(n, d, lam, prior),
    )
    margin = 0.03 if lab.scale == "quick" else 0.01
    misread_step = prior * d * (d + lam) / (n + d + lam)
    assert run.mean("step_error").agrees_with(step, relative=0.02, refutes={"d + lambda for d + 1 + lambda": misread_step, "Bayes": ridge})
    assert run.mean("ridge_error").agrees_with(ridge, relative=margin, refutes=misread_bayes_excess(*setting))
    wrong = {
        "the layer is as good as Bayes": 0.0,
        "ridge knows the task": step,
        "d + lambda for d + 1 + lambda": misread_step - ridge,
        "Jensen's floor for the Bayes excess": step - theory.bayes_excess_jensen_floor(n, d, lam, prior),
    }
    assert run.mean("gap").agrees_with(gap, relative=margin, refutes=wrong)
    # Ridge is the posterior mean, so the triangle (step, ridge, task) has a right angle at ridge.
    assert (run.mean("step_error") - run.mean("ridge_error")).agrees_with(gap, relative=2 * margin, refutes=wrong)


@price_of_linear_attention
def test_swap_symmetry_on_raw_prompts(lab: Laboratory) -> None:
    """Swapping n and d leaves the gap alone and moves both excesses by tau^2 (d - n)."""
    runs = [
        lab.run(
            simulate.sample_bayes_gap,
            statistics=("gap", "step_error", "ridge_error"),
            context_length=n,
            dimension=d,
            noise_variance=1.0,
            learning_rate=theory.optimal_learning_rate(n, d, 1.0),
        )
        for n, d in ((5, 10), (10, 5))
    ]
    wide, tall = runs
    gap = theory.bayes_gap_exact(10, 5, 1.0)
    wrong = {"the gap is proportional to d": gap, "the gap is proportional to n": -gap}
    assert (wide.mean("gap") - tall.mean("gap")).agrees_with(0.0, absolute=0.06, refutes=wrong)
    for error in ("ridge_error", "step_error"):
        wrong = {"symmetric in n and d": 0.0, "one direction more": 6.0, "one direction fewer": 4.0}
        assert (wide.mean(error) - tall.mean(error)).agrees_with(10 - 5, relative=0.03, refutes=wrong)


@price_of_linear_attention
@pytest.mark.parametrize(("context_length", "dimension"), [(10, 5), (2, 7), (13, 6), (1, 9), (30, 17)])
def test_swap_symmetry_is_exact(lab: Laboratory, context_length: int, dimension: int) -> None:
    """The same at every size, from the closed forms, at a random noise level and prior."""
    rng = np.random.default_rng([lab.seed, context_length, dimension])
    lam, tau2 = rng.uniform(0.1, 3.0, size=2)
    n, d = context_length, dimension
    gap, swapped = theory.bayes_gap_exact(n, d, lam, tau2), theory.bayes_gap_exact(d, n, lam, tau2)
    wrong = {"with one example more": theory.bayes_gap_exact(n + 1, d, lam, tau2)}
    assert lab.identical(swapped, gap, relative=1e-9, refutes=wrong, question="the gap is symmetric in n and d")
    shift = theory.bayes_excess_exact(n, d, lam, tau2) - theory.bayes_excess_exact(d, n, lam, tau2)
    assert lab.identical(
        theory.icl_excess(n, d, lam * tau2, tau2) - theory.icl_excess(d, n, lam * tau2, tau2),
        shift,
        relative=1e-9,
        refutes={"no shift": 0.0},
        question="both excesses move by the same under the swap",
    )
    assert lab.identical(tau2 * (d - n), shift, relative=1e-9, refutes={"tau^2 (n - d)": tau2 * (n - d)}, question="by tau^2 (d - n)")


@price_of_linear_attention
@pytest.mark.parametrize(("context_length", "noise_ratio"), [(1, 0.3), (2, 0.05), (3, 0.5), (5, 4.0), (8, 2.0)])
def test_bayes_excess_in_dimension_one(lab: Laboratory, context_length: int, noise_ratio: float) -> None:
    """Three routes: the Pfaffian, the exponential integral, Tricomi's function."""
    n, z = context_length, noise_ratio / 2
    pfaffian = theory.bayes_excess_exact(n, 1, noise_ratio, 1.7)
    wrong = {
        "one example more": theory.bayes_excess_dimension_one(n + 1, noise_ratio, 1.7),
        "lambda for lambda/2": 1.7 * noise_ratio ** (n / 2) * hyperu(n / 2, n / 2, noise_ratio),
    }
    assert lab.identical(theory.bayes_excess_dimension_one(n, noise_ratio, 1.7), pfaffian, relative=1e-10, refutes=wrong)
    assert lab.identical(1.7 * z ** (n / 2) * hyperu(n / 2, n / 2, z), pfaffian, relative=1e-10, refutes=wrong)


@price_of_linear_attention
@pytest.mark.parametrize(("context_length", "dimension"), [(10, 5), (5, 12), (7, 7), (9, 1)])
def test_bayes_excess_under_large_noise(lab: Laboratory, context_length: int, dimension: int) -> None:
    """For large lambda, R_B = tau^2 (d - E tr S / lambda + E tr S^2 / lambda^2) up to lambda^-3, with the Wishart moments nd and nd(n+d+1)."""
    n, d = context_length, dimension
    ratios = np.array([1e3, 2e3, 4e3, 8e3])
    expansion = d - n * d / ratios + n * d * (n + d + 1) / ratios**2
    distances = theory.bayes_excess_exact(n, d, ratios) - expansion
    assert lab.limit(ratios, distances, order=3.0, within=0.05, refutes={"a wrong second moment": 2.0, "a wrong mean": 1.0})
    crude = expansion - n * d / ratios**2
    against = lab.limit(ratios, theory.bayes_excess_exact(n, d, ratios) - crude, order=3.0, within=0.05)
    lab.refutes(against, "E tr S^2 = n d (n + d)")


@price_of_linear_attention
@pytest.mark.parametrize(("context_length", "dimension"), [(10, 5), (20, 4), (5, 12), (3, 8)])
def test_bayes_excess_under_small_noise(lab: Laboratory, context_length: int, dimension: int) -> None:
    """Noise-free ridge misses the d - n unseen directions only; the noise adds lambda E tr S^-1 (inverse Wishart mean)."""
    n, d, lam, tau2 = context_length, dimension, 1e-7, 1.6
    few, many = min(n, d), max(n, d)
    unseen = theory.bayes_excess_exact(n, d, 0.0, tau2)
    excess = theory.bayes_excess_exact(n, d, lam, tau2)
    wrong = {"every direction is unseen": tau2 * d, "n - d for (d - n)_+": tau2 * (n - d)}
    assert lab.identical(unseen, excess, absolute=1e-5, refutes=wrong, question="excess without noise")
    slope = tau2 * few / (many - few - 1)
    wrong = {"many - few for many - few - 1": tau2 * few / (many - few), "large samples": tau2 * few / many}
    assert lab.identical((excess - unseen) / lam, slope, relative=1e-4, refutes=wrong, question="slope in the noise ratio")


@price_of_linear_attention
@pytest.mark.parametrize(("dimension", "noise_ratio"), [(5, 1.0), (2, 4.0)])
def test_jensen_floor(lab: Laboratory, dimension: int, noise_ratio: float) -> None:
    """R_B >= tau^2 d lambda / (lambda + n) at every n: loose for short prompts, tight for long ones."""
    for n in (1, 3, 10, 100):
        excess = lab.exact(theory.bayes_excess_exact(n, dimension, noise_ratio, 1.3), 1e-9)
        assert excess.at_least(theory.bayes_excess_jensen_floor(n, dimension, noise_ratio, 1.3), tightness=0.0)
    n = 3000
    floor = theory.bayes_excess_jensen_floor(n, dimension, noise_ratio, 1.3)
    assert lab.exact(theory.bayes_excess_exact(n, dimension, noise_ratio, 1.3), 1e-12).at_least(floor, tightness=0.995)
    short = lab.exact(theory.bayes_excess_exact(10, dimension, noise_ratio), 1e-9)
    inverse_mean = dimension * noise_ratio / (noise_ratio + 10 - dimension - 1)
    lab.refutes(short.at_least(inverse_mean, tightness=0.0), "a floor from the inverse Wishart mean, n - d - 1 for n")


@price_of_linear_attention
@pytest.mark.parametrize(("dimension", "noise_variance", "prior_variance"), [(5, 1.0, 1.0), (3, 0.9, 2.0), (1, 0.2, 1.0)])
def test_linear_attention_is_never_efficient(lab: Laboratory, dimension: int, noise_variance: float, prior_variance: float) -> None:
    """With n growing at fixed d, R_1 / R_B tends to 1 + (d + 1) / lambda, at order 1/n; seen on random spectra at n = 2000 too."""
    d, noise, prior = dimension, noise_variance, prior_variance
    lam = noise / prior
    limit = theory.inefficiency_limit(d, lam)
    lengths = np.array([200, 2000, 20000])
    ratios = theory.icl_excess(lengths, d, noise, prior) / theory.bayes_excess_exact(lengths, d, lam, prior)
    assert lab.limit(lengths, ratios - limit, order=1.0, within=0.05, refutes={"n^-1/2": 0.5, "n^-2": 2.0})
    wrong = {"linear attention is efficient": 1.0, "(d + lambda) / lambda": (d + lam) / lam}
    if prior != 1.0:
        wrong["sigma^2 for lambda"] = theory.inefficiency_limit(d, noise)
    assert lab.exact(ratios[-1], 1e-6).agrees_with(limit, relative=2e-3, refutes=wrong)
    run = lab.run(simulate.sample_bayes_excess, context_length=2000, dimension=d, noise_variance=noise, prior_variance=prior)
    assert (theory.icl_excess(2000, d, noise, prior) / run.mean()).agrees_with(limit, relative=0.02, refutes=wrong)


def misread_proportional_limit(features_per_sample: float, noise_to_signal: float) -> dict[str, float]:
    """Return near misses of the limit of R_B by label."""
    gamma, s = features_per_sample, noise_to_signal
    wrong = {
        "no noise": theory.bayes_excess_marchenko_pastur(gamma, 0.0),
        "as linear attention": theory.icl_excess_limit(gamma, s),
        "Jensen's floor": gamma * s / (1 + gamma * s),
    }
    if gamma != 1.0:
        wrong["z = s for z = gamma s"] = theory.bayes_excess_marchenko_pastur(gamma, s / gamma)
        wrong["1/gamma for gamma"] = theory.bayes_excess_marchenko_pastur(1 / gamma, s)
    return wrong


@price_of_linear_attention
@pytest.mark.parametrize(("gamma", "s"), [(1.0, 0.1), (2.0, 1.0), (0.5, 0.5), (4.0, 0.2)])
def test_proportional_limit(lab: Laboratory, gamma: float, s: float) -> None:
    """With d/n = gamma and tau^2 = 1/d both excesses approach their limits at order 1/d."""
    dimensions = np.array([12, 24, 48, 96])
    lengths = np.rint(dimensions / gamma).astype(int)
    bayes = theory.bayes_excess_exact(lengths, dimensions, s * dimensions, 1 / dimensions)
    linear = theory.icl_excess(lengths, dimensions, s, 1 / dimensions)
    bayes_limit, linear_limit = theory.bayes_excess_marchenko_pastur(gamma, s), theory.icl_excess_limit(gamma, s)
    orders = {"d^-1/2": 0.5, "d^-2": 2.0}
    assert lab.limit(dimensions, bayes - bayes_limit, order=1.0, within=0.06, refutes=orders, question="R_B approaches its limit")
    assert lab.limit(dimensions, linear - linear_limit, order=1.0, within=0.06, refutes=orders, question="R_1 approaches its limit")
    assert lab.exact(bayes[-1], 1e-9).agrees_with(bayes_limit, relative=0.02, refutes=misread_proportional_limit(gamma, s))
    wrong = {"gamma / (1 + gamma)": gamma / (1 + gamma), "s for 1 + s": gamma * s / (1 + gamma * s), "as ridge": bayes_limit}
    assert lab.exact(linear[-1], 1e-12).agrees_with(linear_limit, relative=0.02, refutes=wrong)


@price_of_linear_attention
@pytest.mark.parametrize(("gamma", "s"), [(1.0, 0.1), (2.0, 1.0), (0.5, 0.5)])
def test_marchenko_pastur_on_large_prompts(lab: Laboratory, gamma: float, s: float) -> None:
    """Random spectra at d = 400, where the finite-size bias is below 0.2 percent; at d = 1600 at full scale."""
    d, margin = (400, 0.003) if lab.scale == "quick" else (1600, 0.001)
    run = lab.run(simulate.sample_bayes_excess, context_length=round(d / gamma), dimension=d, noise_variance=s, prior_variance=1 / d)
    claimed = theory.bayes_excess_marchenko_pastur(gamma, s)
    assert run.mean().agrees_with(claimed, relative=margin, refutes=misread_proportional_limit(gamma, s))


@price_of_linear_attention
def test_noise_free_gap_peaks_at_half(lab: Laboratory) -> None:
    """Without noise the gap of the limits is 1/2 at gamma = 1, less elsewhere, and the same at gamma and 1/gamma up to the factor gamma."""
    gamma = np.geomspace(0.1, 10.0, 41)
    gap = theory.icl_excess_limit(gamma, 0.0) - theory.bayes_excess_marchenko_pastur(gamma, 0.0)
    assert lab.identical(
        theory.bayes_excess_marchenko_pastur(gamma, 0.0),
        theory.bayes_excess_exact(1000, np.rint(1000 * gamma), 0.0, 1 / np.rint(1000 * gamma)),
        absolute=1e-3,
        refutes={"no unseen directions": 0.0, "1 - gamma": np.maximum(1 - gamma, 0.0)},
        question="(1 - 1/gamma)_+ is the share of unseen directions",
    )
    peak = lab.exact(gap.max(), 1e-12)
    assert peak.agrees_with(0.5, relative=1e-9, refutes={"1": 1.0, "1/4": 0.25})
    assert lab.identical(1.0, gamma[gap.argmax()], relative=1e-9, refutes={"at gamma = 2": 2.0, "at gamma = 1/2": 0.5}, question="place of the peak")
    assert lab.identical(gap[::-1], gap * gamma, relative=1e-12, refutes={"symmetric without the factor gamma": gap}, question="swap")
    lab.refutes(lab.exact(np.diff(gap).min()).at_least(0.0, tightness=0.0), "the gap grows with gamma")
    for n, d in ((40, 20), (20, 40), (60, 20)):
        smaller = theory.bayes_gap_exact(n, d, 0.0, 1 / d)
        assert lab.exact(smaller).less_than(theory.bayes_gap_exact(d, d, 0.0, 1 / d))


@price_of_linear_attention
@pytest.mark.parametrize(("gamma", "order"), [(0.5, 1.0), (2.0, 1.0), (4.0, 1.0), (1.0, 0.5)])
def test_fixed_noise_is_negligible_in_large_dimension(lab: Laboratory, gamma: float, order: float) -> None:
    """At tau^2 = 1 and sigma^2 = 1, R_B / d approaches the noise-free limit: at order 1/d, but d^-1/2 at gamma = 1, where spectra reach zero."""
    dimensions = np.array([12, 24, 48, 96])
    lengths = np.rint(dimensions / gamma).astype(int)
    distances = theory.bayes_excess_exact(lengths, dimensions, 1.0) / dimensions - theory.bayes_excess_marchenko_pastur(gamma, 0.0)
    assert lab.limit(dimensions, distances, order=order, within=0.1, refutes={"the other order": 1.5 - order})
