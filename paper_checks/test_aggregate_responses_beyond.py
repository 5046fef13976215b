"""arXiv:2401.11081, beyond the paper: ridge on the bag means, the rescaled instance-level estimator.

n sample_size, d dimension, k bag_size, m = n/k bags, rho weight, r2 squared_signal_norm, sigma^2 noise_variance, psi = n/d, c = psi/k,
SNR = r2/sigma^2, A = k Xbar'Xbar.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import hyperu

from theorylab.laboratory import Laboratory
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.pytest_plugin import claim

DERIVED = "derived here"
Shape = tuple[int, int, int]


def sizes(shape: Shape) -> dict[str, Any]:
    """Name the three sizes."""
    return dict(zip(("sample_size", "dimension", "bag_size"), shape, strict=True))


# AGG-9 -----------------------------------------------------------------------------------------------------------------------------------

nothing_linear_beats_ridge = claim(
    "AGG-9",
    kind="bound",
    statement="Given the features, no estimator linear in the bag means has less risk, averaged over directions of the signal, than ridge "
    "regression on them: the interpolating estimator is worse at every weight, at every finite bag size.",
    tex=r"\mathbb{E}\,\mathrm{risk}(\rho)>\sigma^2\,\mathbb{E}\,\mathrm{tr}(A+\lambda^*I)^{-1},\quad\lambda^*=\sigma^2d/r_2,\quad"
    r"\to\sigma^2s,\ \ell s^2+(c+\ell-1)s=1",
    source=f"{DERIVED}: with theta0 ~ N(0, (r2/d) I) ridge is the posterior mean, and the within-bag scatter is independent of the bag means",
)

# n, d, k, then r2 and sigma^2: many bags, few bags, one feature, few samples.
RIDGE_SETTINGS = [((60, 12, 4), 2.0, 1.5), ((40, 20, 4), 0.7, 0.4), ((21, 2, 7), 1.0, 3.0), ((12, 20, 3), 1.6, 0.5), ((120, 20, 3), 1.0, 1.0)]


@nothing_linear_beats_ridge
@pytest.mark.parametrize(("shape", "r2", "noise"), RIDGE_SETTINGS[:4])
def test_ridge_risk_from_features(lab: Laboratory, shape: Shape, r2: float, noise: float) -> None:
    """The exact ridge risk, in parts, against ridge regression on random bag means."""
    n, d, k = shape
    run = lab.run(
        simulate.sample_ridge_risk,
        statistics=("bias_squared", "variance", "risk"),
        **sizes(shape),
        penalty=noise * d / r2,
        weights=(0.5,),
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    claimed = theory.ridge_risk_exact(*shape, r2, noise)
    margin = lab.at_scale(0.01, 0.002)
    wrong = {
        "penalty sigma^2 / r2": theory.ridge_risk_exact(*shape, r2, noise, penalty=noise / r2).risk,
        "penalty r2 d / sigma^2": theory.ridge_risk_exact(*shape, r2, noise, penalty=r2 * d / noise).risk,
        "A replaced by its mean m I": noise * d / (n / k + noise * d / r2),
        "bags are samples": theory.ridge_risk_exact(n, d, 1, r2, noise).risk,
        "signal norm left out": theory.ridge_risk_exact(*shape, 1.0, noise).risk,
    }
    if r2 == 1.0:
        del wrong["signal norm left out"]
    assert run.mean("risk").agrees_with(claimed.risk, relative=margin, refutes=wrong)
    assert run.mean("bias_squared").agrees_with(claimed.bias_squared, relative=2 * margin, refutes={"bias and variance swapped": claimed.variance})
    assert run.mean("variance").agrees_with(claimed.variance, relative=2 * margin, refutes={"bias and variance swapped": claimed.bias_squared})


@nothing_linear_beats_ridge
@pytest.mark.parametrize(("shape", "r2", "noise"), RIDGE_SETTINGS)
def test_best_penalty(lab: Laboratory, shape: Shape, r2: float, noise: float) -> None:
    """lambda* = sigma^2 d / r2 is the minimum over penalties, and there the risk is below r2."""
    (_, d, k), best = shape, noise * shape[1] / r2

    def risk(penalty: float) -> float:
        return theory.ridge_risk_exact(*shape, r2, noise, penalty=penalty).risk

    step = 0.02 * best
    left, centre, right = risk(best - step), risk(best), risk(best + step)
    outer = risk(best - 2 * step), risk(best + 2 * step)
    gradient = (8 * (right - left) - (outer[1] - outer[0])) / (12 * step)
    curvature = (16 * (left + right) - 30 * centre - sum(outer)) / (12 * step**2)
    searched = minimize_scalar(lambda log_penalty: risk(float(np.exp(log_penalty))), bounds=np.log([best / 50, best * 50]), method="bounded")
    wrong = {"twice it": risk(2 * best), "sigma^2 / r2": risk(best / d), "k sigma^2 d / r2, as for means without sqrt(k)": risk(k * best)}
    if r2 != 1.0:
        wrong["sigma^2 d"] = risk(noise * d)
    assert lab.optimum(
        theory.ridge_risk_exact(*shape, r2, noise).risk,
        gradient=gradient * best,
        curvatures=[curvature * best**2],
        searches=[searched.fun, risk(0.9 * best), risk(1.1 * best)],
        tolerance=1e-5,
        refutes=wrong,
    )
    assert lab.exact(centre, 1e-9).less_than(r2, refutes={"the null predictor is as good": r2})


@nothing_linear_beats_ridge
@pytest.mark.parametrize(("m", "d", "k"), [(8, 1, 3), (5, 1, 1), (1, 1, 4), (1, 6, 5), (1, 2, 2)])
def test_ridge_risk_with_one_feature_or_one_bag(lab: Laboratory, m: int, d: int, k: int) -> None:
    """A has one random eigenvalue, chi-squared with N = max(m, d) degrees of freedom: sigma^2 E tr (A + lambda* I)^-1 is Tricomi's function."""
    r2, noise = np.random.default_rng([lab.seed, m, d]).uniform(0.3, 3.0, size=2)
    best, half = noise * d / r2, max(m, d) / 2
    trace = (d - 1) / best + best ** (half - 1) / 2**half * hyperu(half, half, best / 2)
    claimed = theory.ridge_risk_exact(m * k, d, k, r2, noise).risk
    wrong = {"one bag more": theory.ridge_risk_exact((m + 1) * k, d, k, r2, noise).risk}
    wrong["A replaced by its mean"] = noise * d / (m + best)
    assert lab.identical(claimed, noise * trace, relative=1e-9, refutes=wrong)


@nothing_linear_beats_ridge
@pytest.mark.parametrize(("shape", "r2", "noise"), RIDGE_SETTINGS[:4])
def test_ridge_beats_every_weight_on_the_same_features(lab: Laboratory, shape: Shape, r2: float, noise: float) -> None:
    """Feature matrix by feature matrix: the excess is the mean squared distance to ridge, a right angle, so it is positive without exception."""
    weights = (0.0, 0.02, 0.1, 0.4, 1.0)
    parameters = {"weights": weights, "squared_signal_norm": r2, "noise_variance": noise}
    best = noise * shape[1] / r2
    drawn = lab.replicates(simulate.sample_ridge_risk, least=200, **sizes(shape), penalty=best, **parameters)
    excess, distance = drawn["excess"][:200], drawn["distance"][:200]
    other = lab.replicates(simulate.sample_ridge_risk, least=200, **sizes(shape), penalty=1.5 * best, **parameters)
    # Near singular bag means both sides are large, and so is their rounding: hence relative to each pair's own size.
    slant = (other["excess"] / other["distance"])[:200]
    wrong = {"any other penalty": slant, "no excess": np.zeros_like(excess), "twice the distance": 2 * excess / distance}
    assert lab.identical(excess / distance, np.ones_like(excess), relative=1e-8, refutes=wrong, question="excess = distance to ridge")
    assert lab.exact(excess.min()).greater_than(0.0, refutes={"a tie": 0.0, "worse by the best penalty": -1e-12})


@nothing_linear_beats_ridge
@pytest.mark.parametrize(("shape", "r2", "noise"), RIDGE_SETTINGS)
def test_ridge_beats_the_best_weight_exactly(lab: Laboratory, shape: Shape, r2: float, noise: float) -> None:
    """Exact risks at finite size on a grid of weights, above 1 too, at both ends and for the rescaled estimator; also where bags are many."""
    n, d, _ = shape
    ridge = theory.ridge_risk_exact(*shape, r2, noise).risk
    weights = np.concatenate([[0.0], np.geomspace(1e-4, 1.0, 20), [1.7, 4.0]])
    risks = list(theory.interpolation_risk_exact(*shape, weights, r2, noise, largest_weight=5.0).risk)
    if n > d + 1:
        risks += [theory.rescaled_instance_risk_exact(*shape, r2, noise).risk]
    assert np.min(risks) > ridge + 1e-5
    assert lab.exact(np.min(risks), 1e-8).greater_than(ridge, refutes={"the best weight is as good": ridge})
    against = lab.exact(ridge, 1e-8).at_least(np.min(risks), tightness=0.0)
    lab.refutes(against, "the interpolating estimator is optimal among those linear in the bag means")


@nothing_linear_beats_ridge
def test_excess_with_many_bags(lab: Laboratory) -> None:
    """With more bags than features too the best weight is worse: the mean excess over ridge, theory minus theory against one sample of both."""
    shape, r2, noise = (60, 12, 4), 2.0, 1.5
    weights = (0.1, 0.24, 1.0)
    run = lab.run(
        simulate.sample_ridge_risk,
        statistics=tuple(f"excess[{number}]" for number in range(3)),
        **sizes(shape),
        penalty=9.0,
        weights=weights,
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    ridge = theory.ridge_risk_exact(*shape, r2, noise).risk
    claimed = theory.interpolation_risk_exact(*shape, np.array(weights), r2, noise).risk - ridge
    limit = theory.asymptotic_risk(5.0, 4, np.array(weights), r2, noise).risk - theory.ridge_risk_limit(5.0, 4, r2, noise)
    for number, gap in enumerate(claimed):
        wrong = {"optimal with more bags than features": 0.0, "all the risk is excess": gap + ridge}
        if number < 2:
            wrong["as for n, d -> infinity"] = limit[number]
        assert run.mean(f"excess[{number}]").agrees_with(gap, relative=lab.at_scale(0.03, 0.01), refutes=wrong)


@nothing_linear_beats_ridge
def test_no_noise_is_a_tie(lab: Laboratory) -> None:
    """Without noise the best penalty is 0, ridge is weight 0, and weight 0 alone attains the bound."""
    for shape in ((60, 12, 4), (40, 20, 4)):
        tie = theory.interpolation_risk_exact(*shape, 0.0, 1.3, 0.0).risk
        other = theory.interpolation_risk_exact(*shape, 0.3, 1.3, 0.0).risk
        assert lab.identical(
            theory.ridge_risk_exact(*shape, 1.3, 0.0).risk, tie, absolute=1e-12, refutes={"any weight is as good without noise": other}
        )
        nearly = theory.ridge_risk_exact(*shape, 1.3, 1e-7).risk
        assert lab.identical(nearly, tie, absolute=1e-5, refutes={"any weight is as good without noise": other})


@nothing_linear_beats_ridge
def test_the_bound_needs_the_average_over_directions(lab: Laboratory) -> None:
    """Least squares on the one feature along theta0 is linear in the bag means too, and better at that theta0: the bound is an average."""
    along_the_signal = lab.exact(theory.bag_level_risk_exact(60, 1, 4, 2.0, 1.5).risk, 1e-12)
    ridge = theory.ridge_risk_exact(60, 12, 4, 2.0, 1.5).risk
    lab.refutes(along_the_signal.at_least(ridge, tightness=0.0), "the bound holds for every estimator at each fixed direction")
    # Averaged over directions the same estimator loses the d - 1 features that it ignores, which act as noise.
    ignored = 2.0 * 11 / 12
    averaged = ignored + theory.bag_level_risk_exact(60, 1, 4, 2.0, 1.5 + ignored).risk
    assert lab.exact(averaged, 1e-12).greater_than(ridge, refutes={"as at the signal": theory.bag_level_risk_exact(60, 1, 4, 2.0, 1.5).risk})


@nothing_linear_beats_ridge
@pytest.mark.parametrize(("psi", "k", "r2", "noise"), [(6.0, 3, 1.0, 1.0), (2.0, 4, 1.4, 0.5), (5.0, 5, 0.6, 2.0), (0.75, 3, 1.0, 0.8)])
def test_ridge_limit(lab: Laboratory, psi: float, k: int, r2: float, noise: float) -> None:
    """The exact risk tends to sigma^2 s at order 1/d, and s solves its quadratic equation."""
    limit, ratio, c = theory.ridge_risk_limit(psi, k, r2, noise), noise / r2, psi / k
    s = limit / noise
    wrong = {
        "c for c - 1": ratio * s**2 + (c + ratio) * s,
        "psi for c": ratio * s**2 + (psi + ratio - 1) * s,
        "l of the linear term left out": ratio * s**2 + (c - 1) * s,
    }
    assert lab.identical(ratio * s**2 + (c + ratio - 1) * s, 1.0, relative=1e-12, refutes=wrong, question="the quadratic equation of s")
    dimensions = np.array([12, 24, 48, 96])
    exact = np.array([theory.ridge_risk_exact(round(psi * d), int(d), k, r2, noise).risk for d in dimensions])
    assert lab.limit(dimensions, exact - limit, order=1.0, within=0.1, refutes={"d^-1/2": 0.5, "d^-2": 2.0})
    wrong = {
        "A replaced by its mean": noise / (c + ratio),
        "signal-to-noise ratio inverted": theory.ridge_risk_limit(psi, k, noise, r2) * noise / r2 if r2 != noise else 2 * limit,
        "bag size left out": theory.ridge_risk_limit(psi, 1, r2, noise),
    }
    assert lab.exact(exact[-1], 1e-9).agrees_with(limit, relative=0.01, refutes=wrong)


@nothing_linear_beats_ridge
def test_price_of_the_best_weight_in_the_limit(lab: Laboratory) -> None:
    """On a grid of psi, k and SNR, psi < k and psi > k alike, the best weight of any size costs more than ridge; 0.446 against 0.414 at (6, 3, 1)."""
    psi = np.geomspace(1.05, 30.0, lab.at_scale(30, 90))[:, None, None]
    k = np.array([2, 3, 4, 5, 7, 10, 20, 50])[:, None]
    snr = np.geomspace(0.05, 50.0, 13)
    weight = theory.optimal_weight(psi, k, snr, upper=50.0)
    ratio = theory.asymptotic_risk(psi, k, weight, snr, 1.0, largest_weight=50.0).risk / theory.ridge_risk_limit(psi, k, snr, 1.0)
    assert lab.exact(ratio.min(), 1e-12).greater_than(1.00001, refutes={"a tie somewhere": 1.0})
    many_bags = ratio[np.broadcast_to(psi > k, ratio.shape)]
    lab.refutes(lab.exact(many_bags.max(), 1e-9).at_most(1.0, tightness=0.0), "worse only when psi < k")
    best = theory.asymptotic_risk(6.0, 3, theory.optimal_weight(6.0, 3, 1.0)).risk
    assert lab.identical(theory.ridge_risk_limit(6.0, 3), np.sqrt(2) - 1, relative=1e-12, refutes={"optimal interpolation": best})
    assert lab.exact(best, 1e-9).agrees_with(0.446080, absolute=1e-6, refutes={"ridge": np.sqrt(2) - 1})


@nothing_linear_beats_ridge
@pytest.mark.parametrize(("c", "snr"), [(1.5, 1.0), (0.6, 3.0), (4.0, 0.5)])
def test_the_price_closes_with_the_bag_size(lab: Laboratory, c: float, snr: float) -> None:
    """At fixed bags per feature the gap of the best weight closes like 1/k: the within-bag scatter becomes a multiple of the identity."""
    k = np.array([20, 60, 180, 540])
    weight = theory.optimal_weight(c * k, k, snr)
    gap = theory.asymptotic_risk(c * k, k, weight, snr, 1.0).risk - theory.ridge_risk_limit(c * k, k, snr, 1.0)
    assert lab.limit(k, gap, order=1.0, within=0.05, refutes={"k^-1/2": 0.5, "k^-2": 2.0, "it stays": 0.0})


# AGG-12 ----------------------------------------------------------------------------------------------------------------------------------

rescaled_instance_level = claim(
    "AGG-12",
    kind="expectation",
    statement="The instance-level estimator times the bag size is unbiased, exists with fewer bags than features, and beats the bag-level "
    "estimator below the signal-to-noise ratio k / (psi - k).",
    tex=r"\mathbb{E}\,k\hat\theta_1=\theta_0,\quad\mathrm{risk}\to\frac{(k-1)r_2+k\sigma^2}{\psi-1},\quad\mathrm{SNR}<\frac{k}{\psi-k}",
    source=DERIVED,
)


def misread_rescaled_risk(shape: Shape, r2: float, noise: float) -> dict[str, dict[str, float]]:
    """Return near misses of both parts of the rescaled risk by label."""
    n, d, k = shape
    unscaled, variance = theory.instance_level_risk_exact(*shape, r2, noise), theory.rescaled_instance_risk_exact(*shape, r2, noise).variance
    return {
        "bias": {
            "no bias, since the mean is theta0": 0.0,
            "k^2 times the bias of theta_1": k**2 * unscaled.bias_squared,
            "the limit taken as exact": theory.rescaled_instance_risk_limit(n / d, k, r2, noise).bias_squared,
            "k for k - 1": r2 * k * d / (n - d - 1),
        },
        "variance": {"as of theta_1": unscaled.variance, "k times that of theta_1": k * unscaled.variance, "of the bag level": variance / k},
    }


@rescaled_instance_level
@pytest.mark.parametrize(("shape", "r2", "noise"), [((60, 12, 4), 1.0, 1.0), ((24, 8, 4), 0.7, 1.6), ((35, 6, 7), 2.2, 0.4)])
def test_rescaled_risk(lab: Laboratory, shape: Shape, r2: float, noise: float) -> None:
    """Bias and variance given random features; with six bags for eight features as well, where the bag level has no unbiased estimator."""
    run = lab.run(
        simulate.sample_instance_parts,
        statistics=("rescaled_bias_squared", "rescaled_variance", "alignment"),
        **sizes(shape),
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    claimed, wrong, margin = (
        theory.rescaled_instance_risk_exact(*shape, r2, noise),
        misread_rescaled_risk(shape, r2, noise),
        lab.at_scale(0.02, 0.005),
    )
    bias_margin = lab.at_scale(0.01, 0.003)
    assert run.mean("rescaled_bias_squared").agrees_with(claimed.bias_squared, relative=bias_margin, refutes=wrong["bias"])
    assert run.mean("rescaled_variance").agrees_with(claimed.variance, relative=margin, refutes=wrong["variance"])
    mean = {"theta_1 is unbiased already": float(shape[2]), "k - 1 for k": (shape[2] - 1) / shape[2]}
    assert (shape[2] * run.mean("alignment")).agrees_with(1.0, relative=bias_margin, refutes=mean)


@rescaled_instance_level
@pytest.mark.parametrize(("shape", "r2", "noise"), [((24, 8, 4), 0.7, 0.6), ((40, 4, 5), 1.0, 1.0)])
def test_rescaled_estimator_on_raw_data(lab: Laboratory, shape: Shape, r2: float, noise: float) -> None:
    """Labels and all: theta_1 by least squares on n samples that carry the means of their bags, then times k."""
    k = shape[2]
    run = lab.run(
        simulate.sample_raw_risk,
        statistics=("risk[0]", "alignment[0]"),
        **sizes(shape),
        weights=(1.0,),
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    wrong = {"theta_1 is unbiased already": float(k), "k - 1 for k": (k - 1) / k}
    assert (k * run.mean("alignment[0]")).agrees_with(1.0, relative=lab.at_scale(0.03, 0.01), refutes=wrong)
    # |k theta - theta0|^2 = k^2 |theta - theta0|^2 + 2 k (k-1) <theta, theta0> - (k^2 - 1) r2, replicate by replicate.
    rescaled = k**2 * run.mean("risk[0]") + 2 * k * (k - 1) * r2 * run.mean("alignment[0]") - (k**2 - 1) * r2
    claimed = theory.rescaled_instance_risk_exact(*shape, r2, noise)
    wrong = {"no bias": claimed.variance, "k^2 times the risk of theta_1": k**2 * theory.instance_level_risk_exact(*shape, r2, noise).risk}
    assert rescaled.agrees_with(claimed.risk, relative=lab.at_scale(0.05, 0.015), refutes=wrong)


@rescaled_instance_level
@pytest.mark.parametrize(("psi", "k", "r2", "noise"), [(6.0, 3, 1.0, 1.0), (2.5, 4, 0.6, 1.7), (12.0, 2, 2.0, 0.5)])
def test_rescaled_limit(lab: Laboratory, psi: float, k: int, r2: float, noise: float) -> None:
    """Both parts tend to their limits at order 1/d, for psi below and above the bag size."""
    dimensions = np.array([24, 48, 96, 192, 384])
    exact = theory.rescaled_instance_risk_exact(np.rint(psi * dimensions).astype(int), dimensions, k, r2, noise)
    limit = theory.rescaled_instance_risk_limit(psi, k, r2, noise)
    orders = {"d^-1/2": 0.5, "d^-2": 2.0}
    assert lab.limit(dimensions, exact.bias_squared - limit.bias_squared, order=1.0, within=0.05, refutes=orders, question="bias tends to its limit")
    assert lab.limit(dimensions, exact.variance - limit.variance, order=1.0, within=0.05, refutes=orders, question="variance tends to its limit")
    wrong = {
        "k r2 for (k - 1) r2": (k * r2 + k * noise) / (psi - 1),
        "variance only": limit.variance,
        "psi for psi - 1": limit.risk * (psi - 1) / psi,
    }
    assert lab.identical(limit.risk, ((k - 1) * r2 + k * noise) / (psi - 1), relative=1e-12, refutes=wrong)
    assert lab.exact(exact.risk[-1], 1e-12).agrees_with(limit.risk, relative=0.015, refutes=wrong)


@rescaled_instance_level
@pytest.mark.parametrize("shape", [(60, 12, 1), (9, 4, 1)])
def test_bags_of_one(lab: Laboratory, shape: Shape) -> None:
    """With bags of one it is ordinary least squares, as the bag level is."""
    ordinary = theory.bag_level_risk_exact(*shape, 2.0, 0.7)
    rescaled = theory.rescaled_instance_risk_exact(*shape, 2.0, 0.7)
    more = theory.rescaled_instance_risk_exact(3 * shape[0], shape[1], 3, 2.0, 0.7)
    assert lab.identical(rescaled[:3], ordinary[:3], relative=1e-13, refutes={"as many bags of three": more[:3]})


@rescaled_instance_level
@pytest.mark.parametrize(("psi", "k"), [(6.0, 3), (12.0, 3), (9.0, 7), (2.5, 2)])
def test_rescaled_threshold(lab: Laboratory, psi: float, k: int) -> None:
    """The limiting risks of the two unbiased estimators cross at SNR = k / (psi - k), which is not where theta_1 itself crosses."""
    snr = theory.snr_threshold_bag_vs_rescaled_instance(psi, k)
    gaps = theory.rescaled_instance_risk_limit(psi, k, snr * np.array([0.9, 1.0, 1.1]), 1.0).risk - theory.bag_level_risk_limit(psi, k).risk
    assert lab.identical(gaps[1], 0.0, absolute=1e-12, refutes={"bag level ahead": gaps[2], "rescaled ahead": gaps[0]}, question="crossing")
    assert lab.exact(gaps[0]).less_than(0.0, refutes={"no gap": 0.0})
    assert lab.exact(gaps[2]).greater_than(0.0, refutes={"no gap": 0.0})
    wrong = {"as theta_1 without the factor": theory.snr_threshold_bag_vs_instance(psi, k), "1 / (psi - k)": 1 / (psi - k), "k / psi": k / psi}
    assert lab.identical(snr, k / (psi - k), relative=1e-13, refutes=wrong)


@rescaled_instance_level
@pytest.mark.parametrize(
    ("shape", "r2", "wins"), [((180, 30, 3), 0.5, True), ((180, 30, 3), 1.5, False), ((72, 4, 3), 0.05, True), ((72, 4, 3), 1.0, False)]
)
def test_two_unbiased_estimators_at_finite_size(lab: Laboratory, shape: Shape, r2: float, wins: bool) -> None:
    """On either side of the threshold, sampled: at psi = 6, k = 3, SNR = 1/2 the rescaled estimator has risk 0.81 against 1.03."""
    rescaled = lab.run(simulate.sample_instance_parts, **sizes(shape), squared_signal_norm=r2).mean("rescaled_risk")
    bags = lab.run(simulate.sample_bag_level_variance, **sizes(shape)).mean("variance")
    gap = theory.rescaled_instance_risk_exact(*shape, r2).risk - theory.bag_level_risk_exact(*shape, r2).risk
    wrong = {"the bag-level loss is the best unbiased linear choice" if wins else "the rescaled estimator always wins": 0.0, "other winner": -gap}
    assert (rescaled - bags).agrees_with(gap, absolute=lab.at_scale(0.3, 0.05) * abs(gap), refutes=wrong)


@rescaled_instance_level
def test_what_the_bag_level_is_best_at(lab: Laboratory) -> None:
    """Given the features the bag level is unbiased, and best among such: any P with P Xbar = I has no less variance. k theta_1 is not such."""
    rng = np.random.default_rng([lab.seed, 12])
    n, d, k = 36, 5, 3
    features = rng.standard_normal((n, d))
    averages = np.sqrt(k) * features.reshape(-1, k, d).mean(axis=1)
    least_squares = np.linalg.pinv(averages)
    rescaled = k * np.linalg.solve(features.T @ features, averages.T)
    others = rng.standard_normal((50, d, n // k)) @ (np.eye(n // k) - averages @ least_squares)
    unbiased = (least_squares + 0.3 * others) @ averages
    assert lab.identical(
        unbiased, np.broadcast_to(np.eye(d), unbiased.shape), absolute=1e-10, refutes={"k theta_1 given the features": rescaled @ averages}
    )
    least = np.sum(least_squares**2)
    assert lab.exact(np.sum((least_squares + 0.3 * others) ** 2, axis=(1, 2)).min()).greater_than(least, refutes={"half of it": least / 2})
