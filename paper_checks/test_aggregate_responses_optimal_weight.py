"""arXiv:2401.11081: which loss is better, bag level (weight 0) or instance level (weight 1), and when a weight in between beats both.

n sample_size, d dimension, k bag_size, m = n/k bags, rho weight, r2 squared_signal_norm, sigma^2 noise_variance, psi = n/d samples_per_feature,
SNR = r2/sigma^2 signal_to_noise_ratio. Limits are for n/d -> psi.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.polynomial import Chebyshev
from scipy.optimize import minimize_scalar

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.samplers import entries
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# AGG-7 -----------------------------------------------------------------------------------------------------------------------------------

which_end_wins = claim(
    "AGG-7",
    kind="ordering",
    statement="With more bags than features the bag level beats the instance level if and only if the SNR exceeds a threshold SNR*(psi, k).",
    tex=r"\mathrm{SNR}^*=\frac{k[(k+1)\psi-k]}{(\psi-k)[(k-1)\psi-k+2]},\quad\psi>k\ge2",
    source="that a threshold exists: arXiv:2401.11081; closed form derived here",
)


def misread_threshold(psi: float, k: int) -> dict[str, float]:
    """Return near misses of SNR* by label."""
    gap = k / (psi - k) - 1 / (k * (psi - 1))
    return {
        "instance-level bias (1 - 1/k)^2 only": gap / (1 - 1 / k) ** 2,
        "that of k times the instance-level estimator": k / (psi - k),
        "instance-level variance without 1/k": (k / (psi - k) - 1 / (psi - 1)) / theory.instance_level_risk_limit(psi, k).bias_squared,
        "instance level free of variance": k / (psi - k) / theory.instance_level_risk_limit(psi, k).bias_squared,
    }


def gap_of_ends(psi: float, k: int, snr: float) -> float:
    """Return the limiting risk of the bag level minus that of the instance level at unit noise, from the fixed point."""
    return float(theory.asymptotic_risk(psi, k, 0.0, snr).risk - theory.asymptotic_risk(psi, k, 1.0, snr).risk)


@which_end_wins
@pytest.mark.parametrize(("samples_per_feature", "bag_size"), [(6.0, 3), (8.0, 5), (2.5, 2), (20.0, 3), (9.0, 8), (60.0, 20)])
def test_threshold_in_the_limit(lab: Laboratory, samples_per_feature: float, bag_size: int) -> None:
    """The gap of the two risks vanishes at SNR* and has the claimed sign on both sides."""
    psi, k = samples_per_feature, bag_size
    threshold = theory.snr_threshold_bag_vs_instance(psi, k)
    zero, slope = gap_of_ends(psi, k, 0.0), gap_of_ends(psi, k, 1.0) - gap_of_ends(psi, k, 0.0)
    assert lab.identical(threshold, -zero / slope, relative=1e-12, refutes=misread_threshold(psi, k), question="zero of the gap, linear in SNR")
    below, above = (lab.exact(gap_of_ends(psi, k, factor * threshold)) for factor in (0.9, 1.1))
    assert below.agrees_with(0.1 * zero, relative=1e-9, refutes={"the ends are as good": 0.0, "the bag level wins at low SNR": -0.1 * zero})
    assert above.agrees_with(-0.1 * zero, relative=1e-9, refutes={"the ends are as good": 0.0, "the instance level wins at high SNR": 0.1 * zero})


@which_end_wins
@pytest.mark.parametrize("bag_size", [2, 3, 7])
def test_threshold_at_the_edges(lab: Laboratory, bag_size: int) -> None:
    """It grows without bound towards as many bags as features (psi -> k) and falls like 1/psi for many samples."""
    k = bag_size
    near = theory.snr_threshold_bag_vs_instance(k + 1e-9, k)
    wrong = {"finite at psi = k": 0.0, "as k/(psi - k)": float(k)}
    assert lab.identical(1e-9 * near, k**3 / (k * k - 2 * k + 2), relative=1e-5, refutes=wrong, question="residue at psi = k")
    many = 1e9 * theory.snr_threshold_bag_vs_instance(1e9, k)
    wrong = {"k^2/(k-1)^2, one loss free of variance": k**3 / (k - 1) ** 2, "as k/(psi - k)": float(k), "a positive SNR remains": 1e9}
    assert lab.identical(many, k * (k + 1) / (k - 1), relative=1e-6, refutes=wrong, question="psi SNR* for many samples")


@which_end_wins
@pytest.mark.parametrize(("samples_per_feature", "bag_size"), [(6, 3), (8, 5), (3, 2), (12, 4)])
def test_threshold_at_finite_size(lab: Laboratory, samples_per_feature: int, bag_size: int) -> None:
    """The finite threshold equates the exact risks (the instance level from the Pfaffian), and tends to SNR* at order 1/d."""
    psi, k = samples_per_feature, bag_size
    for d in (5, 20):
        bag, instance = (theory.interpolation_risk_exact(psi * k * d, k * d, k, weight) for weight in (0.0, 1.0))
        wrong = {"the limit": theory.snr_threshold_bag_vs_instance(psi, k)}
        crossing = (bag.variance - instance.variance) / instance.bias_squared
        assert lab.identical(theory.snr_threshold_bag_vs_instance_exact(psi * k * d, k * d, k), crossing, relative=1e-10, refutes=wrong)
    dimensions = np.array([100, 200, 400]) * k
    exact = np.array([theory.snr_threshold_bag_vs_instance_exact(psi * int(d), int(d), k) for d in dimensions])
    distances = exact - theory.snr_threshold_bag_vs_instance(psi, k)
    assert lab.limit(dimensions, distances, order=1.0, within=0.1, refutes={"order d^-1/2": 0.5, "order d^-2": 2.0})
    for label, value in misread_threshold(psi, k).items():
        lab.refutes(lab.exact(2 * exact[2] - exact[1]).agrees_with(value, relative=1e-3), label)


@which_end_wins
@pytest.mark.parametrize(("sample_size", "dimension", "bag_size"), [(60, 4, 3), (96, 6, 4), (64, 8, 2)])
def test_threshold_on_raw_features(lab: Laboratory, sample_size: int, dimension: int, bag_size: int) -> None:
    """Both estimators on the same drawn features: equal at the finite threshold, each ahead on its side."""
    n, d, k = sample_size, dimension, bag_size
    threshold, limit = theory.snr_threshold_bag_vs_instance_exact(n, d, k), theory.snr_threshold_bag_vs_instance(n / d, k)
    shape = {"sample_size": n, "dimension": d, "bag_size": k, "weights": (0.0, 1.0)}
    run = lab.run(simulate.sample_conditional_risk, statistics=("risk[0]", "risk[1]"), squared_signal_norm=threshold, **shape)
    bag = theory.bag_level_risk_exact(n, d, k).risk
    slope = theory.instance_level_risk_exact(n, d, k).bias_squared
    wrong = {f"crossing at {label}": slope * (threshold - value) for label, value in misread_threshold(n / d, k).items() if value > 1.2 * threshold}
    wrong["crossing at the limit"] = slope * (threshold - limit)
    assert (run.mean("risk[0]") - run.mean("risk[1]")).agrees_with(0.0, absolute=0.02 * bag, refutes=wrong)
    for factor, ahead in ((0.7, 1.0), (1.3, -1.0)):
        run = lab.run(simulate.sample_conditional_risk, statistics=("risk[0]", "risk[1]"), squared_signal_norm=factor * threshold, **shape)
        gap = ahead * (run.mean("risk[0]") - run.mean("risk[1]"))
        assert gap.greater_than(0.0, refutes={"the other end wins": -0.1 * bag})


# AGG-8 -----------------------------------------------------------------------------------------------------------------------------------

best_weight = claim(
    "AGG-8",
    kind="optimum",
    statement="For k >= 2 the limiting risk has a single minimum in rho > 0: never at rho = 0 if psi > k, and below rho = 1 iff SNR > SNR_1(psi, k).",
    tex=r"\mathrm{SNR}_1=\frac{k}{(k-1)\psi-2k+3},\quad V'(1)=-\tfrac{2(k-1)}{k^2\psi},\ B'(1)=\tfrac{2(k-1)[(k-1)\psi-2k+3]}{k^3\psi}",
    source="that interpolation can beat both ends: arXiv:2401.11081; threshold, derivatives and single minimum derived here",
)
FAR = 1e4


def risk_at(weight: Any, psi: Any, k: Any, snr: Any) -> Any:
    """Return the limiting risk at unit noise, at weights up to 10^4."""
    return theory.asymptotic_risk(psi, k, weight, snr, largest_weight=FAR).risk


def parts_by_moments(psi: float, k: int, rho: complex) -> tuple[complex, complex]:
    """Return squared bias and variance at unit scales by the moments e1 and e2, analytic in the weight."""
    linear, c = psi / k * (1 + (k - 1) * rho) - 1 - rho, psi / k
    s = (-linear + np.sqrt(linear**2 + 4 * rho * (psi - 1))) / (2 * rho * (psi - 1))
    variance = s / (1 + (k - 1) * rho * ((1 + s) / (1 + rho * s)) ** 2)
    e1, e2 = c * s / (1 + s), c * (s * s + variance) / (1 + s) ** 2
    return (1 - e1) ** 2 + psi / (psi - 1) * (e2 - e1**2), variance


@best_weight
@pytest.mark.parametrize(
    ("psi", "k", "snr"), [(6.0, 3, 1.0), (6.0, 3, 0.34), (6.0, 3, 0.3), (6.0, 3, 5.0), (2.0, 4, 2.0), (2.0, 4, 30.0), (4.0, 4, 3.0), (15.0, 8, 0.6)]
)
def test_best_weight_is_the_minimum(lab: Laboratory, psi: float, k: int, snr: float) -> None:
    """The claimed weight, above 1 too: slope and curvature there by a complex step, and bounded searches from several brackets."""
    best = theory.optimal_weight(psi, k, snr, upper=100.0)

    def slope(rho: float) -> float:
        bias, variance = parts_by_moments(psi, k, rho + 1e-30j)
        return float((snr * bias + variance).imag / 1e-30)

    def by_moments(log_rho: float) -> float:
        bias, variance = parts_by_moments(psi, k, float(np.exp(log_rho)))
        return float((snr * bias + variance).real)

    ends = np.log(best) + np.array([-3.0, 3.0])
    options = {"xatol": 1e-9}
    searches = [minimize_scalar(by_moments, bounds=tuple(ends + shift), method="bounded", options=options) for shift in (-1, 0, 1)]
    curvature = (slope(1.001 * best) - slope(0.999 * best)) / (0.002 * best)
    near = {
        "5 % less": risk_at(0.95 * best, psi, k, snr),
        "5 % more": risk_at(1.05 * best, psi, k, snr),
        "half the weight": risk_at(best / 2, psi, k, snr),
        "twice the weight": risk_at(2 * best, psi, k, snr),
        "instance level": risk_at(1.0, psi, k, snr),
        "the rule for many samples per feature": risk_at(theory.optimal_weight_rule_of_thumb(psi, k, snr), psi, k, snr),
    } | ({"bag level": risk_at(0.0, psi, k, snr)} if psi > k else {})
    found = [search.fun for search in searches]
    value = float(risk_at(best, psi, k, snr))
    assert lab.optimum(value, gradient=slope(best), curvatures=curvature, searches=found, refutes=near)
    places = np.exp([search.x for search in searches])
    assert lab.identical(np.full(3, best), places, relative=1e-5, refutes={"1 % more": 1.01 * best}, question="place of the minimum")
    wrong = {"half of it": min(best, 1.0) / 2, "2 as the bound": 2.0}
    assert lab.identical(theory.optimal_weight(psi, k, snr), min(best, 1.0), relative=1e-9, refutes=wrong, question="min(rho*, 1) on [0, 1]")


@best_weight
def test_single_minimum_on_a_scan(lab: Laboratory) -> None:
    """Random (psi, k, SNR), weights 1e-8 to 1e4: the risk falls and then rises, and the turn is at rho* and below 1 iff SNR > SNR_1."""
    rng, number = np.random.default_rng([lab.seed, 8]), lab.at_scale(2000, 20000)
    psi, k = 1 + np.exp(rng.uniform(np.log(1e-3), np.log(300.0), number)), rng.integers(2, 60, number)
    snr = np.exp(rng.uniform(np.log(1e-4), np.log(1e4), number))
    weights = np.geomspace(1e-8, FAR, 400)
    risks = risk_at(weights, psi[:, None], k[:, None], snr[:, None])
    rise = np.diff(risks, axis=1) / risks[:, 1:]
    # Steps within rounding of zero are neither up nor down; a fall after a rise would be a second minimum.
    risen = np.logical_or.accumulate(rise > 1e-13, axis=1)
    second_minima = float(np.sum(np.any(risen & (rise < -1e-13), axis=1)))
    assert lab.identical(0.0, second_minima, absolute=0.5, refutes={"a second minimum in one of them": 1.0}, question="second minima")
    best, lowest = theory.optimal_weight(psi, k, snr, upper=FAR), weights[np.argmin(risks, axis=1)]
    sharp = (lowest > weights[1]) & (lowest < weights[-2]) & (np.abs(rise).max(axis=1) > 1e-6)
    apart = np.abs(np.log(best / lowest))[sharp & (np.ptp(risks, axis=1) > 1e-3 * risks.min(axis=1))]
    assert lab.exact(float(np.quantile(apart, 0.99))).less_than(2 * np.log(weights[1] / weights[0]), refutes={"off by a factor of 2": np.log(2.0)})
    below = (risk_at(0.9999, psi, k, snr) < risk_at(1.0, psi, k, snr)).astype(float)
    threshold = theory.snr_threshold_interior_weight(psi, k)
    clear = np.abs(snr / threshold - 1) > 0.05
    wrong = {
        "a best weight below 1 always": np.ones(clear.sum()),
        "never": np.zeros(clear.sum()),
        "above SNR = k/(psi - k)": ((snr > k / np.maximum(psi - k, 1e-300)) & (psi > k))[clear].astype(float),
    }
    assert lab.identical((snr > threshold)[clear].astype(float), below[clear], absolute=0.5, refutes=wrong, question="falls towards 1 from within")
    assert lab.identical((theory.optimal_weight(psi, k, snr) < 1.0)[clear].astype(float), below[clear], absolute=0.5, refutes=wrong)


@best_weight
@pytest.mark.parametrize("key", range(8))
def test_derivatives_at_the_instance_level(lab: Laboratory, key: int) -> None:
    """At weight 1 by a complex step through the moments; the threshold is where they cancel, if the bias rises at all."""
    rng = np.random.default_rng([lab.seed, 80, key])
    psi, k, r2, noise = 1 + float(np.exp(rng.uniform(-2, 3))), int(rng.integers(2, 13)), *rng.uniform(1.2, 3.0, 2)
    bias, variance = (part.imag / 1e-30 for part in parts_by_moments(psi, k, 1 + 1e-30j))
    claimed = theory.risk_derivatives_at_instance_level(psi, k, r2, noise)
    wrong = {"the other sign": -r2 * bias, "k^2 for k^3": k * r2 * bias, "no noise": 0.0}
    assert lab.identical(claimed.bias_squared, r2 * bias, relative=1e-8, refutes=wrong)
    wrong = {"k for k - 1": -2 * noise / (k * psi), "k for k^2": k * noise * variance, "no dependence": 0.0}
    assert lab.identical(claimed.variance, noise * variance, relative=1e-8, refutes=wrong)
    assert lab.identical(claimed.risk, r2 * bias + noise * variance, relative=1e-7, refutes={"the bias alone": r2 * bias})
    threshold = theory.snr_threshold_interior_weight(psi, k)
    wrong = {"k/(psi - k)": k / (psi - k), "2k - 2 for 2k - 3": k / ((k - 1) * psi - 2 * k + 2)}
    if bias > 0:
        assert lab.identical(threshold, -variance / bias, relative=1e-8, refutes=wrong, question="SNR_1")
    else:
        assert lab.identical(0.0, 1 / threshold, absolute=1e-15, refutes={"some SNR is enough": 1e-6}, question="1/SNR_1")
        assert lab.identical(1.0, theory.optimal_weight(psi, k, 1e9), absolute=1e-12, refutes={"a weight below 1": 0.5})


@best_weight
@pytest.mark.parametrize("key", range(6))
def test_slope_at_every_weight(lab: Laboratory, key: int) -> None:
    """The derivatives of both parts at random weights, below and above 1, by a complex step; at rho* they cancel, and at weight 1 are as stated."""
    rng = np.random.default_rng([lab.seed, 81, key])
    psi, k, r2, noise = 1 + float(np.exp(rng.uniform(0.2, 2.5))), int(rng.integers(2, 9)), *map(float, rng.uniform([1.3, 0.3], [3.0, 0.8]))
    weights = np.exp(rng.uniform(-3, 1.5, 5))
    found = theory.asymptotic_risk_derivative(psi, k, weights, r2, noise, largest_weight=10.0)
    seen = np.array([[part.imag / 1e-30 for part in parts_by_moments(psi, k, rho + 1e-30j)] for rho in weights])
    slopes = np.array([r2 * seen[:, 0], noise * seen[:, 1], seen @ [r2, noise]])
    wrong = {
        "both parts grow": np.abs(slopes),
        "in log rho": slopes * weights,
        "scales exchanged": slopes * np.array([[noise / r2], [r2 / noise], [1]]),
    }
    assert lab.identical(found, slopes, relative=1e-9, refutes=wrong)
    best = theory.optimal_weight(psi, k, r2 / noise, upper=1e4)
    at_best = theory.asymptotic_risk_derivative(psi, k, best, r2, noise, largest_weight=FAR)
    assert lab.identical(
        at_best.bias_squared, -at_best.variance, relative=1e-7, refutes={"the bias rises first": 0.0}, question="they cancel at rho*"
    )
    general, stated = theory.asymptotic_risk_derivative(psi, k, 1.0, r2, noise), theory.risk_derivatives_at_instance_level(psi, k, r2, noise)
    assert lab.identical(stated, general, relative=1e-11, refutes={"without noise": theory.risk_derivatives_at_instance_level(psi, k, r2, 0.0)})
    alone = theory.asymptotic_risk_derivative(psi, 1, weights, r2, noise, largest_weight=10.0)
    assert lab.identical(alone, np.zeros((3, 5)), absolute=1e-300, refutes={"bags of one know the weight": slopes})
    any_weight = [theory.optimal_weight(psi, 1, r2 / noise, upper=upper) for upper in (0.4, 1.0, 7.0)]
    assert lab.identical(any_weight, [0.4, 1.0, 1.0], absolute=1e-12, refutes={"the largest": [0.4, 1.0, 7.0]}, question="then weight 1 will do")
    with pytest.raises(ValueError, match="weight must be > 0"):
        theory.asymptotic_risk_derivative(psi, k, 0.0)


@best_weight
@pytest.mark.parametrize(("psi", "k"), [(6.0, 3), (2.5, 2), (20.0, 7)])
def test_never_the_bag_level(lab: Laboratory, psi: float, k: int) -> None:
    """At rho = 0 the bias starts like rho^2 and the variance falls with slope -2 k (k-1) psi^2/(psi-k)^3, so a small weight always helps."""
    weights = np.array([1e-4, 1e-5, 1e-6])
    parts, start = theory.asymptotic_risk(psi, k, weights), theory.asymptotic_risk(psi, k, 0.0)
    orders = {"the bias starts linearly": 1.0, "the bias starts like rho^3": 3.0}
    assert lab.limit(1 / weights, parts.bias_squared, order=2.0, within=0.05, refutes=orders, question="squared bias in 1/rho")
    slope = -2 * k * (k - 1) * psi**2 / (psi - k) ** 3
    wrong = {"flat": 0.0, "the variance rises": -slope, "without psi^2": slope / psi**2}
    assert lab.identical(slope, (parts.variance[2] - start.variance) / 1e-6, relative=1e-2, refutes=wrong, question="slope of the variance at 0")
    snr = 1e6
    best = theory.optimal_weight(psi, k, snr)
    assert lab.exact(float(risk_at(best, psi, k, snr) / start.risk - 1)).less_than(-1e-9, refutes={"the bag level is best at high SNR": 0.0})


@best_weight
@pytest.mark.parametrize(("psi", "k", "snr"), [(6, 3, 1.0), (4, 2, 2.0), (2, 4, 20.0)])
def test_best_weight_of_the_exact_risk(lab: Laboratory, psi: int, k: int, snr: float) -> None:
    """The minimiser of the exact expected risk at d = 40, 80, 160 tends to rho* at order 1/d."""
    limit, dimensions, places = theory.optimal_weight(psi, k, snr), np.array([40, 80, 160]), []
    for d in dimensions:

        def risk(log_weights: np.ndarray, d: int = int(d)) -> Any:
            return theory.interpolation_risk_exact(psi * d, d, k, np.exp(log_weights), snr, largest_weight=10.0).risk

        curve = Chebyshev.interpolate(risk, 24, domain=np.log(limit) + np.array([-0.7, 0.7]))
        stationary = curve.deriv().roots()
        inside = stationary.real[(np.abs(stationary.imag) < 1e-9) & (np.abs(stationary.real - np.log(limit)) < 0.6)]
        assert lab.identical(1.0, float(inside.size), absolute=0.5, refutes={"none": 0.0, "two": 2.0}, question="stationary points near rho*")
        places.append(float(np.exp(inside[0])))
    orders = {"order d^-1/2": 0.5, "order d^-2": 2.0, "another limit": 0.0}
    assert lab.limit(dimensions, np.array(places) - limit, order=1.0, within=0.15, refutes=orders)
    wrong = {"rule for many samples per feature": theory.optimal_weight_rule_of_thumb(psi, k, snr), "instance level": 1.0, "bag level": 0.0}
    assert lab.exact(2 * places[2] - places[1]).agrees_with(limit, relative=0.01, refutes=wrong)


@best_weight
def test_weight_curve_on_common_spectra(lab: Laboratory) -> None:
    """The curve at d = 40, n = 240, k = 3, SNR = 1 from one set of Jacobi spectra: every point exact, the lowest at rho*, both ends behind."""
    best = theory.optimal_weight(6, 3, 1.0)
    weights = (0.02, 0.1, 0.18, best, 0.4, 0.6, 0.8, 1.0)
    shape = {"sample_size": 240, "dimension": 40, "bag_size": 3, "weights": weights}
    curve = lab.run(simulate.sample_jacobi_risk, statistics=entries("risk", len(weights)), separate=True, **shape)
    rho = np.array(weights)
    exact, corrected, limits = (
        theory.interpolation_risk_exact(240, 40, 3, rho).risk,
        theory.risk_second_order(240, 40, 3, rho).risk,
        risk_at(rho, 6, 3, 1.0),
    )
    for number, (value, limit) in enumerate(zip(exact, limits, strict=True)):
        wrong = {"no dependence on the weight": 0.65, "variance only": float(theory.asymptotic_risk(6, 3, weights[number]).variance)}
        wrong |= {"the limit is exact at d = 40": limit} if abs(limit / value - 1) > 0.005 else {}
        assert curve.mean(f"risk[{number}]").agrees_with(value, relative=0.004, refutes=wrong)
    assert lab.identical(corrected[1:], exact[1:], relative=1e-3, refutes={"without the term 1/d": limits[1:]})
    paired = lab.run(simulate.sample_jacobi_risk, statistics=entries("risk", len(weights)), **shape)
    for number, other in enumerate(weights):
        if other != best:
            excess = paired.mean(f"risk[{number}]") - paired.mean("risk[3]")
            assert excess.greater_than(0.0, refutes={f"weight {other:g} is better": -1e-3})


@best_weight
@pytest.mark.parametrize(("psi", "k", "snr"), [(6, 3, 0.2), (2, 4, 2.0)])
def test_below_the_threshold_the_instance_level_is_best(lab: Laboratory, psi: int, k: int, snr: float) -> None:
    """Where SNR < SNR_1 no weight in [0, 1] beats weight 1, although larger ones do: so not every interpolation helps. Jacobi spectra, d = 40."""
    weights = (0.1, 0.3, 0.6, 0.9, 1.0, 1.3)
    run = lab.run(
        simulate.sample_jacobi_risk,
        statistics=entries("risk", len(weights)),
        sample_size=40 * psi,
        dimension=40,
        bag_size=k,
        weights=weights,
        squared_signal_norm=snr,
        largest_weight=2.0,
    )
    for number, weight in enumerate(weights):
        if weight < 1.0:
            excess = run.mean(f"risk[{number}]") - run.mean("risk[4]")
            assert excess.greater_than(0.0, refutes={"some weight below 1 beats both ends": -1e-4})
    assert (run.mean("risk[5]") - run.mean("risk[4]")).less_than(0.0, refutes={"weight 1 is the minimum over all weights": 1e-4})
    inside = min(risk_at(np.linspace(0.01, 0.99, 99), psi, k, snr))
    lab.refutes(lab.exact(float(inside - risk_at(1.0, psi, k, snr))).less_than(0.0), "interpolation strictly beats both ends at every SNR")


@best_weight
def test_no_simple_law_in_the_bag_size(lab: Laboratory) -> None:
    """At psi = 6, SNR = 1 the best weight first falls and then rises with k = 2, 3, 5, 12, 20; the exact risk at d = 40 has the same pattern."""
    sizes, grid = np.array([2, 3, 5, 12, 20]), np.geomspace(0.2, 0.4, 81)
    limit = theory.optimal_weight(6.0, sizes, 1.0)
    exact = [grid[np.argmin(theory.interpolation_risk_exact(240, 40, int(k), grid).risk)] for k in sizes]
    wrong = {"proportional to 1/k": 2 * limit[0] / sizes, "proportional to k/(k-1)": limit[0] / 2 * sizes / (sizes - 1), "one for all k": limit[0]}
    assert lab.identical(limit, np.array(exact), relative=0.03, refutes=wrong, question="best weights at d = 40")
    assert lab.exact(float(limit[2] - limit[0])).less_than(0.0, refutes={"rising in k": 0.01})
    assert lab.exact(float(limit[4] - limit[2])).greater_than(0.0, refutes={"falling in k": -0.01})


@best_weight
@pytest.mark.parametrize(("k", "snr"), [(2, 1.0), (3, 3.0), (8, 0.5)])
def test_rule_of_thumb_for_many_samples(lab: Laboratory, k: int, snr: float) -> None:
    """For many samples per feature rho* ~ 1/(SNR psi (1 - 1/k)), with a relative error of order 1/psi; it is no identity."""
    psi = np.array([1e3, 1e4, 1e5])
    rule, best = theory.optimal_weight_rule_of_thumb(psi, k, snr), theory.optimal_weight(psi, k, snr)
    assert lab.limit(psi, rule / best - 1, order=1.0, within=0.05, refutes={"order psi^-1/2": 0.5, "exact at leading order only": 0.0})
    wrong = {"without 1 - 1/k": 1 / (snr * psi), "1 - 1/k the other way": (1 - 1 / k) / (snr * psi)}
    assert lab.identical(rule[1:], best[1:], relative=2e-3, refutes={label: value[1:] for label, value in wrong.items()})
    at_six = theory.optimal_weight_rule_of_thumb(6.0, k, snr), theory.optimal_weight(6.0, k, snr)
    lab.refutes(lab.identical(*at_six, relative=1e-2), "exact at psi = 6")
