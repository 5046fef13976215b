"""arXiv:2401.11081: many samples and features at once. The limits of bias and variance, and where they diverge.

n sample_size, d dimension, k bag_size, m = n/k bags, rho weight, r2 squared_signal_norm, sigma^2 noise_variance, psi = n/d samples_per_feature.
Squared bias and variance are conditional on the features. The paper's Theorem 2.5 states such limits through unknowns of its own; the equations
checked here are derived here, from the same model, and are not the paper's.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from theorylab.laboratory import Laboratory
from theorylab.numerics.jacobi_ensemble import jacobi_linear_statistic_expansion
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# AGG-5 -----------------------------------------------------------------------------------------------------------------------------------

limits = claim(
    "AGG-5",
    kind="limit",
    statement="For n/d -> psi > 1 bias and variance of the interpolating estimator tend to rational functions of one root s of a quadratic.",
    tex=r"\tfrac{\psi}{k}\left[\tfrac{s}{1+s}+(k-1)\tfrac{\rho s}{1+\rho s}\right]=1,\quad "
    r"V=\frac{s}{1+(k-1)\rho\left(\frac{1+s}{1+\rho s}\right)^2},\quad "
    r"B=(1-e_1)^2+\tfrac{\psi}{\psi-1}(e_2-e_1^2),\ e_1=\tfrac{\psi}{k}\tfrac{s}{1+s},\ e_2=\tfrac{\psi}{k}\tfrac{s^2+V}{(1+s)^2}",
    source="derived here (deterministic equivalent, freeness); existence of the limits: arXiv:2401.11081, Theorem 2.5",
)
# psi, k, rho, r2, sigma^2
Setting = tuple[float, int, float, float, float]
S1, S2 = (6.0, 3, 0.3, 1.0, 1.0), (2.0, 4, 0.2, 1.0, 0.5)


def draw_setting(lab: Laboratory, key: int) -> Setting:
    """Return a random psi in (1.1, 13), k in 2..12, rho in (0.03, 1), r2 and sigma^2 in (1.2, 3)."""
    rng = np.random.default_rng([lab.seed, key])
    psi, rho = 1.0 + np.exp(rng.uniform(-2.0, 2.5)), np.exp(rng.uniform(-3.5, 0.0))
    return float(psi), int(rng.integers(2, 13)), float(rho), *map(float, rng.uniform(1.2, 3.0, 2))


def misread_bias(psi: float, k: int, rho: float, r2: float) -> dict[str, float]:
    """Return near misses of the squared bias by label."""
    claimed = theory.asymptotic_risk(psi, k, rho, r2, largest_weight=10.0).bias_squared
    of_the_mean = theory.asymptotic_unconditional_bias(psi, k, rho, r2, largest_weight=10.0)
    return {
        "bias of the mean over the features": of_the_mean,
        "total scatter replaced by its mean, psi/(psi-1) -> 1": of_the_mean + (claimed - of_the_mean) * (psi - 1) / psi,
        "no bias at any weight": 0.0,
    } | ({"the signal norm is left out": claimed / r2} if r2 != 1.0 else {})


def misread_variance(psi: float, k: int, rho: float, noise: float) -> dict[str, float]:
    """Return near misses of the variance by label."""
    s, c = theory.fixed_point_root(psi, k, rho, largest_weight=10.0), psi / k
    # With rho (n - m) I for rho B it is ridge on the bag means; the root h of the trace solves l h + c h/(1+h) = 1.
    penalty = rho * (psi - c)
    middle = c + penalty - 1
    h = (np.sqrt(middle**2 + 4 * penalty) - middle) / (2 * penalty)
    return {
        "the trace of the inverse, V = s": noise * s,
        "k for k - 1": noise * s / (1 + k * rho * ((1 + s) / (1 + rho * s)) ** 2),
        "within-bag scatter replaced by its mean": noise * c * h / (penalty * (1 + h) ** 2 + c),
    } | ({"the noise is left out": theory.asymptotic_risk(psi, k, rho, largest_weight=10.0).variance} if noise != 1.0 else {})


def root_by_weight_on_bags(psi: float, k: int, rho: float, alpha: complex) -> complex:
    """Return the trace h of the inverse of alpha A + rho B over d, from its quadratic; analytic in alpha."""
    quadratic, linear = alpha * rho * (psi - 1), psi / k * (alpha + (k - 1) * rho) - alpha - rho
    return (-linear + np.sqrt(linear**2 + 4 * quadratic)) / (2 * quadratic)


@limits
@pytest.mark.parametrize("key", range(12))
def test_limits_from_derivatives_of_the_root(lab: Laboratory, key: int) -> None:
    """The route of the derivation: bracketed root s; V and e2 as derivatives in the weight on A (by a complex step); the bias by freeness."""
    psi, k, rho, r2, noise = draw_setting(lab, key)

    def excess(log_s: float) -> float:
        s = np.exp(log_s)
        return psi / k * (s / (1 + s) + (k - 1) * rho * s / (1 + rho * s)) - 1

    s = float(np.exp(brentq(excess, -30.0, 30.0, xtol=1e-14)))
    wrong = {"without the within-bag rows": float(theory.fixed_point_root(psi, k, 1e-9)), "all rows alike": 1 / (psi - 1)}
    assert lab.identical(theory.fixed_point_root(psi, k, rho), s, relative=1e-11, refutes=wrong, question="root of the fixed point")
    alpha = 1 + 1e-30j
    h = root_by_weight_on_bags(psi, k, rho, alpha)
    e1, e2 = psi / k * s / (1 + s), -(psi / k * h / (1 + alpha * h)).imag / 1e-30
    bias = r2 * ((1 - e1) ** 2 + psi / (psi - 1) * (e2 - e1**2))
    claimed = theory.asymptotic_risk(psi, k, rho, r2, noise)
    assert lab.identical(theory.asymptotic_shrinkage(psi, k, rho), e1, relative=1e-11, refutes={"mean is theta0 / k": 1 / k, "unbiased": 1.0})
    assert lab.identical(claimed.variance, noise * -h.imag / 1e-30, relative=1e-10, refutes=misread_variance(psi, k, rho, noise))
    assert lab.identical(claimed.bias_squared, bias, relative=1e-9, refutes=misread_bias(psi, k, rho, r2))
    assert lab.identical(claimed.risk, bias - noise * h.imag / 1e-30, relative=1e-9, refutes={"the bias alone": bias})


@limits
@pytest.mark.parametrize("key", range(100, 112))
def test_limits_from_the_limiting_spectrum(lab: Laboratory, key: int) -> None:
    """Another route: integrals over Wachter's law of U = S^-1/2 A S^-1/2, without any fixed point."""
    psi, k, rho, r2, noise = draw_setting(lab, key)

    def integrands(u: np.ndarray) -> np.ndarray:
        mixed = rho + (1 - rho) * u
        g = rho * (1 - u) / mixed
        return np.stack([g, g**2, u / mixed**2])

    (p, q, t), _ = jacobi_linear_statistic_expansion(integrands, psi / k, psi - psi / k)
    bias, variance = r2 * (p**2 + psi / (psi - 1) * (q - p**2)), noise * t / (psi - 1)
    claimed = theory.asymptotic_risk(psi, k, rho, r2, noise)
    assert lab.identical(theory.asymptotic_shrinkage(psi, k, rho), 1 - p, relative=1e-10, refutes={"mean is theta0 / k": 1 / k, "unbiased": 1.0})
    assert lab.identical(theory.asymptotic_unconditional_bias(psi, k, rho, r2), r2 * p**2, relative=1e-10, refutes={"given the features": bias})
    assert lab.identical(claimed.variance, variance, relative=1e-10, refutes=misread_variance(psi, k, rho, noise))
    assert lab.identical(claimed.bias_squared, bias, relative=1e-10, refutes=misread_bias(psi, k, rho, r2))


@limits
@pytest.mark.parametrize("key", range(200, 206))
def test_special_cases(lab: Laboratory, key: int) -> None:
    """The bag level (rho = 0, psi > k), the instance level (rho = 1), and bags of one, where every weight is least squares on all samples."""
    psi, k, rho, r2, noise = draw_setting(lab, key)
    wide = psi + k
    bag, instance = theory.asymptotic_risk(wide, k, 0.0, r2, noise), theory.asymptotic_risk(psi, k, 1.0, r2, noise)
    single = theory.asymptotic_risk(psi, 1, rho, r2, noise)
    wrong = {"n for m": noise / (wide - 1), "divided by k": noise / (wide / k - 1) / k}
    assert lab.identical(bag.variance, noise / (wide / k - 1), relative=1e-12, refutes=wrong, question="variance at weight 0")
    assert lab.identical(bag.bias_squared, 0.0, absolute=1e-12, refutes={"as the instance level": instance.bias_squared}, question="and no bias")
    assert lab.identical(instance.variance, noise / (k * (psi - 1)), relative=1e-12, refutes={"without 1/k": noise / (psi - 1)})
    frozen = r2 * (1 - 1 / k) ** 2
    assert lab.identical(instance.bias_squared, frozen + r2 * (k - 1) / k**2 / (psi - 1), relative=1e-12, refutes={"(1 - 1/k)^2": frozen})
    assert lab.identical(single.variance, noise / (psi - 1), relative=1e-12, refutes={"shrunk by the weight": noise * rho / (psi - 1)})
    assert lab.identical(single.bias_squared, 0.0, absolute=1e-12, refutes={"bias for bags of one": instance.bias_squared})


@limits
@pytest.mark.parametrize("setting", [S1, S2, (4.0, 2, 0.1, 2.0, 0.7), (1.5, 3, 0.6, 0.5, 1.4), (10.0, 5, 0.05, 1.5, 3.0), (6.0, 3, 2.5, 1.0, 0.4)])
def test_exact_expectations_approach_the_limits(lab: Laboratory, setting: Setting) -> None:
    """The exact expectations (no sampling) approach the limits at order 1/d, weights above 1 and fewer bags than features included."""
    psi, k, rho, r2, noise = setting
    d = np.array([40, 80, 160])
    exact = [theory.interpolation_risk_exact(round(psi * each), int(each), k, rho, r2, noise, largest_weight=10.0) for each in d]
    claimed = theory.asymptotic_risk(psi, k, rho, r2, noise, largest_weight=10.0)
    orders = {"order d^-1/2": 0.5, "order d^-2": 2.0, "no limit": 0.0}
    for part, wrong in (("bias_squared", misread_bias(psi, k, rho, r2)), ("variance", misread_variance(psi, k, rho, noise))):
        values, limit = np.array([getattr(each, part) for each in exact]), getattr(claimed, part)
        assert lab.limit(d, values - limit, order=1.0, within=0.1, refutes=orders, question=f"{part} approaches its limit")
        # Extrapolated in 1/d the last two leave an error of order 1/d^2.
        assert lab.exact(2 * values[2] - values[1]).agrees_with(limit, relative=2e-3, refutes=wrong)


@limits
@pytest.mark.parametrize("setting", [S1, S2, (10.0, 5, 0.05, 1.5, 3.0)])
def test_random_spectra_at_d_40(lab: Laboratory, setting: Setting) -> None:
    """Jacobi spectra at d = 40 decide between the exact value, which includes the term 1/d, and the bare limit; no near miss survives."""
    psi, k, rho, r2, noise = setting
    n = round(40 * psi)
    run = lab.run(
        simulate.sample_jacobi_risk,
        statistics=("bias_squared[0]", "variance[0]", "shrinkage[0]"),
        sample_size=n,
        dimension=40,
        bag_size=k,
        weights=(rho,),
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    exact, limit = theory.interpolation_risk_exact(n, 40, k, rho, r2, noise), theory.asymptotic_risk(psi, k, rho, r2, noise)
    # Below half the distance to the limit, so that the limit is a counterclaim itself, where few spectra can decide that.
    for part, wrong in (("bias_squared", misread_bias(psi, k, rho, r2)), ("variance", misread_variance(psi, k, rho, noise))):
        value, bare = getattr(exact, part), getattr(limit, part)
        distance = abs(value / bare - 1)
        margin = max(distance / 2.5, 2.5e-3)
        reachable = {"the limit is exact at d = 40": bare} if margin < 0.9 * distance else {}
        assert run.mean(f"{part}[0]").agrees_with(value, relative=margin, refutes=wrong | reachable)
    mean = theory.asymptotic_shrinkage(psi, k, rho)
    assert run.mean("shrinkage[0]").agrees_with(mean, relative=0.01, refutes={"unbiased": 1.0, "mean is theta0 / k": 1 / k})


@limits
@pytest.mark.parametrize("setting", [S1, S2])
def test_random_spectra_in_high_dimension(lab: Laboratory, setting: Setting) -> None:
    """Jacobi spectra at d = 300 (1000 at full scale) against the bare limits."""
    psi, k, rho, r2, noise = setting
    d, margin = lab.at_scale((300, 0.004), (1000, 0.0015))
    run = lab.run(
        simulate.sample_jacobi_risk,
        statistics=("bias_squared[0]", "variance[0]"),
        sample_size=round(d * psi),
        dimension=d,
        bag_size=k,
        weights=(rho,),
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    claimed = theory.asymptotic_risk(psi, k, rho, r2, noise)
    assert run.mean("bias_squared[0]").agrees_with(claimed.bias_squared, relative=margin, refutes=misread_bias(psi, k, rho, r2))
    assert run.mean("variance[0]").agrees_with(claimed.variance, relative=margin, refutes=misread_variance(psi, k, rho, noise))


@limits
@pytest.mark.parametrize("setting", [S1, S2, (4.0, 2, 0.1, 2.0, 0.7)])
def test_limits_on_raw_features(lab: Laboratory, setting: Setting) -> None:
    """The estimator itself on drawn features at d = 20, noise and direction of theta0 averaged, against the limit with its next term 1/d."""
    psi, k, rho, r2, noise = setting
    run = lab.run(
        simulate.sample_conditional_risk,
        statistics=("bias_squared[0]", "variance[0]", "alignment[0]"),
        sample_size=round(20 * psi),
        dimension=20,
        bag_size=k,
        weights=(rho,),
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    claimed, mean = theory.risk_second_order(round(20 * psi), 20, k, rho, r2, noise), theory.asymptotic_shrinkage(psi, k, rho)
    assert run.mean("bias_squared[0]").agrees_with(claimed.bias_squared, relative=0.025, refutes=misread_bias(psi, k, rho, r2))
    assert run.mean("variance[0]").agrees_with(claimed.variance, relative=0.025, refutes=misread_variance(psi, k, rho, noise))
    assert run.mean("alignment[0]").agrees_with(mean, relative=0.02, refutes={"unbiased": 1.0, "mean is theta0 / k": 1 / k})


# AGG-10 ----------------------------------------------------------------------------------------------------------------------------------

peaks = claim(
    "AGG-10",
    kind="rate",
    statement="Weight 0 peaks only at psi = k, every weight > 0 only at psi = 1, in bias and variance; at psi = k the peak is rho^-1/2 high.",
    tex=r"\psi=k:\ V\sim\frac{1}{2\sqrt{(k-1)\rho}},\qquad "
    r"\psi\to1:\ |\psi-1|\,B\to\tfrac{k-1}{k^2},\ |\psi-1|\,V\to\tfrac1k\ \text{for every }\rho>0",
    source="derived here",
)


@peaks
@pytest.mark.parametrize("bag_size", [2, 3, 5, 7, 10, 50])
def test_exponent_and_height_at_the_peak_of_the_bag_level(lab: Laboratory, bag_size: int) -> None:
    """At psi = k, over weights 1e-8 to 1e-4: exponent -1/2 and the constant in front; for k = 2 the formula is exact at every weight."""
    k, weights = bag_size, np.geomspace(1e-8, 1e-4, 9)
    variance = theory.asymptotic_risk(k, k, weights).variance
    orders = {"1/rho": 1.0, "rho^-1/3": 1 / 3, "a finite peak": 0.0}
    assert lab.limit(1 / weights[::-1], 1 / variance[::-1], order=0.5, within=0.01, refutes=orders, question="1/V at the peak shrinks")
    slope = float(np.polyfit(np.log(weights), np.log(variance), 1)[0])
    assert lab.identical(-0.5, slope, absolute=0.01, refutes={"1/rho": -1.0, "rho^-1/3": -1 / 3}, question="exponent fitted over four decades")
    wrong = {"without 1/2": 1 / np.sqrt((k - 1) * 1e-8), "k for k - 1": 0.5 / np.sqrt(k * 1e-8)} | ({"no k": 0.5e4} if k > 2 else {})
    assert lab.identical(theory.peak_variance_asymptotic(k, 1e-8), variance[0], relative=1e-3, refutes=wrong, question="height at weight 1e-8")
    rho = np.append(np.random.default_rng([lab.seed, k]).uniform(1e-3, 1.0, 20), 1.0)
    peak, leading = theory.asymptotic_risk(k, k, rho).variance, theory.peak_variance_asymptotic(k, rho)
    if k == 2:
        assert lab.identical(1 / np.sqrt(4 * rho), peak, relative=1e-12, refutes={"k for k - 1": 1 / np.sqrt(8 * rho)}, question="k = 2")
    else:
        lab.refutes(lab.identical(leading, peak, relative=0.01), "exact at every weight for k > 2 too")
        small = np.array([1e-3, 1e-5, 1e-7])
        ratio = theory.asymptotic_risk(k, k, small).variance / theory.peak_variance_asymptotic(k, small)
        assert lab.limit(1 / small, 1 - ratio, order=0.5, within=0.05, refutes={"order rho": 1.0}, question="1 - V/leading term")


@peaks
@pytest.mark.parametrize("weight", [0.1, 0.01, 0.001])
def test_random_spectra_at_the_peak(lab: Laboratory, weight: float) -> None:
    """As many bags as features (d = m = 60, k = 3): Jacobi spectra against the exact variance; the limit comes closer as d grows."""
    exact = theory.interpolation_risk_exact(180, 60, 3, weight)
    limit = theory.asymptotic_risk(3, 3, weight)
    run = lab.run(
        simulate.sample_jacobi_risk, statistics=("bias_squared[0]", "variance[0]"), sample_size=180, dimension=60, bag_size=3, weights=(weight,)
    )
    wrong = {"rho^-1": 0.25 / weight, "without 1/2": 2 * theory.peak_variance_asymptotic(3, weight), "the bag level's infinity": 1e3}
    wrong["k for k - 1"] = 0.5 / np.sqrt(3 * weight)
    assert run.mean("variance[0]").agrees_with(exact.variance, relative=0.01, refutes=wrong)
    assert run.mean("bias_squared[0]").agrees_with(exact.bias_squared, relative=0.04, refutes={"no bias": 0.0, "as with bags only": 1 - 1 / 3})
    distances = [theory.interpolation_risk_exact(3 * d, d, 3, weight).variance - limit.variance for d in (60, 120)]
    assert lab.exact(distances[1] / distances[0]).inside(0.3, 0.6, refutes={"the distance to the limit stays": 1.0})


@peaks
def test_exponent_on_random_spectra(lab: Laboratory) -> None:
    """The exponent from simulation alone: d = m = 100, k = 2, one set of spectra for all weights."""
    weights = (0.4, 0.2, 0.1, 0.05)
    columns = tuple(f"variance[{number}]" for number in range(4))
    run = lab.run(simulate.sample_jacobi_risk, statistics=columns, sample_size=200, dimension=100, bag_size=2, weights=weights)
    slope = lab.exponent(weights, [run.mean(column) for column in columns])
    assert slope.agrees_with(-0.5, absolute=0.03, refutes={"1/rho": -1.0, "rho^-1/3": -1 / 3})


@peaks
@pytest.mark.parametrize("bag_size", [2, 3, 6])
def test_where_the_limits_diverge(lab: Laboratory, bag_size: int) -> None:
    """Approaching psi = k at weight 0 and psi = 1 at positive weights, from both sides: the same residue for every weight."""
    k, step = bag_size, 1e-7
    sides = (theory.minimum_norm_risk_limit(k - step, k), theory.bag_level_risk_limit(k + step, k))
    for bag in sides:
        assert lab.identical(k, step * bag.variance, relative=1e-5, refutes={"finite": 0.0, "as for k = 1": 1.0}, question="residue at psi = k")
        assert lab.exact(bag.bias_squared).at_most(1.0, tightness=0.0, refutes={"the bias of the bag level diverges too": 1e6})
    at_one = theory.minimum_norm_risk_limit(1.0, k)
    wrong = {"the bag level peaks at psi = 1": 1e6}
    assert lab.identical(at_one.variance, 1 / (k - 1), relative=1e-12, refutes=wrong, question="bag-level variance at psi = 1")
    rho = np.array([0.01, 0.1, 0.5, 1.0])
    below, above = theory.overparametrised_risk_limit(1 - step, k), theory.asymptotic_risk(1 + step, k, rho)
    bias, variance = np.append(above.bias_squared, below.bias_squared), np.append(above.variance, below.variance)
    wrong = {"the bias stays finite": 0.0, "without 1/k^2": float(k - 1), "(k-1)/k": 1 - 1 / k}
    assert lab.identical(np.full(5, (k - 1) / k**2), step * bias, relative=1e-3, refutes=wrong, question="residue of the bias at psi = 1")
    wrong = {"the variance stays finite": 0.0, "least squares on all samples": 1.0}
    assert lab.identical(np.full(5, 1 / k), step * variance, relative=1e-3, refutes=wrong, question="residue of the variance at psi = 1")
    middle = theory.asymptotic_risk(k, k, rho).risk
    ends = theory.asymptotic_risk(1 + step, k, rho).risk
    assert lab.exact(float((middle / ends).max())).less_than(1e-4, refutes={"positive weights diverge at psi = k": 1.0})


@peaks
def test_two_places_of_the_peak_on_raw_features(lab: Laboratory) -> None:
    """On drawn features, d = 12 and k = 3, by probabilities since means diverge: weight 0 against weight 0.3 with n = d and with m = d."""
    shape = {"dimension": 12, "bag_size": 3, "weights": (0.0, 0.3)}
    few, many = (lab.run(simulate.sample_conditional_risk, sample_size=n, **shape) for n in (12, 36))
    likely, rare = {"no peak there": 0.05}, {"a peak there as well": 0.6}
    assert few.probability_above(2.0, "variance[1]").greater_than(0.5, refutes=likely)
    assert few.probability_above(2.0, "bias_squared[1]").greater_than(0.5, refutes=likely)
    assert few.probability_above(2.0, "variance[0]").less_than(0.1, refutes=rare)
    assert many.probability_above(2.0, "variance[0]").greater_than(0.5, refutes=likely)
    assert many.probability_above(2.0, "variance[1]").less_than(0.01, refutes=rare)
    assert many.probability_above(2.0, "bias_squared[1]").less_than(0.01, refutes=rare)
    assert few.mean("bias_squared[0]").agrees_with(1 - 4 / 12, relative=1e-6, refutes={"the bias of the bag level peaks too": 2.0})


@peaks
@pytest.mark.parametrize("bag_size", [2, 3, 7])
def test_weight_zero_on_both_sides_of_its_peak(lab: Laboratory, bag_size: int) -> None:
    """At weight 0 the trace diverges from psi = k downwards and the mean is the share of directions that the bags span; no noise, no peak."""
    k, psi = bag_size, bag_size * np.array([0.6, 0.85, 1.0, 1.15, 2.5])
    c = psi / k
    inverse_root = 1 / theory.fixed_point_root(psi, k, 0.0)
    wrong = {"psi - 1, as without bags": psi - 1, "it ends nowhere": c - 1}
    assert lab.identical(inverse_root, np.maximum(c - 1, 0), absolute=1e-14, refutes=wrong, question="inverse of the trace")
    mean, lost = theory.asymptotic_shrinkage(psi, k, 0.0), theory.asymptotic_unconditional_bias(psi, k, 0.0, 1.7)
    assert lab.identical(mean, np.minimum(c, 1), relative=1e-14, refutes={"unbiased": 1.0, "theta0/k": 1 / k}, question="mean")
    wrong = {"no bias": 0.0, "1 - c, as given the features": 1.7 * np.maximum(1 - c, 0), "beyond the peak too": 1.7 * (1 - c) ** 2}
    assert lab.identical(lost, 1.7 * np.maximum(1 - c, 0) ** 2, absolute=1e-14, refutes=wrong, question="bias of the mean")
    nearly = theory.asymptotic_unconditional_bias(psi, k, 1e-12, 1.7)
    assert lab.identical(lost, nearly, absolute=1e-5, refutes={"no bias": 0.0}, question="and of small weights")
    noisy, silent = theory.asymptotic_risk(psi, k, 0.0, 1.7, 0.6), theory.asymptotic_risk(psi[2:], k, 0.0, 1.7, 0.0)
    finite = np.array([np.isfinite(part) for part in noisy[:3]], dtype=float)
    seen = np.array([c >= 1, c > 1, c > 1], dtype=float)
    assert lab.identical(finite, seen, absolute=0.5, refutes={"no peak": np.ones((3, 5)), "from the peak on": seen[[0, 0, 0]]})
    assert lab.identical(noisy.variance[3:], 0.6 / (c[3:] - 1), relative=1e-13, refutes={"n for m": 0.6 / (psi[3:] - 1)})
    assert lab.identical(silent[:3], np.zeros((3, 3)), absolute=1e-300, refutes={"a peak without noise": 1e6})
    assert silent.reason == ""
    assert "as many bags as features" in theory.asymptotic_risk(float(k), k, 0.0).reason
    assert "fewer bags than features" in theory.asymptotic_risk(0.85 * k, k, 0.0).reason
