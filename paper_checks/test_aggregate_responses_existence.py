"""arXiv:2401.11081: what the risks are made of: linear in r2 and sigma^2, finite away from square matrices, one spectrum read twice.

n sample_size, d dimension, k bag_size, m = n/k bags, rho weight, r2 = ||theta0||^2 squared_signal_norm, sigma^2 noise_variance, psi = n/d. A is the
scatter of the bag averages, B that within bags; M = A + rho B. Bias is conditional on the features: E ||E[theta|X] - theta0||^2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.polynomial import Chebyshev

from theorylab.laboratory import Laboratory
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.pytest_plugin import claim

Formula = Callable[..., Any]

# AGG-18 ----------------------------------------------------------------------------------------------------------------------------------

parts_of_the_risk = claim(
    "AGG-18",
    kind="structure",
    statement="Squared bias is r2, variance sigma^2 times a number of the sizes alone, finite only two degrees of freedom away from a square matrix.",
    tex=r"\mathrm{risk}=r_2\,b(n,d,k,\rho)+\sigma^2\,v(n,d,k,\rho),\qquad "
    r"\mathbb{E}\,\mathrm{tr}\,W_d(n)^{-1}=\tfrac{d}{n-d-1}<\infty\iff n\ge d+2",
    source="derived here: the estimator is linear in theta0 and in the noise; the trace of an inverse Wishart matrix",
)

# Formulas that give bias, variance and risk, each with its sizes in general position.
OF_ALL_SCALES: list[tuple[Formula, tuple[Any, ...]]] = [
    (theory.bag_level_risk_exact, (36, 5, 3)),
    (theory.instance_level_risk_exact, (36, 5, 3)),
    (theory.rescaled_instance_risk_exact, (36, 5, 3)),
    (theory.minimum_norm_risk_exact, (24, 14, 4)),
    (theory.small_weight_limit_risk_exact, (24, 14, 4)),
    (theory.overparametrised_risk_exact, (9, 18, 3)),
    (theory.interpolation_risk_exact, (24, 5, 3, 0.35)),
    (theory.risk_second_order, (60, 12, 3, 0.35)),
    (theory.second_order_coefficient, (4.7, 3, 0.35)),
    (theory.bag_level_risk_limit, (7.3, 3)),
    (theory.instance_level_risk_limit, (2.6, 3)),
    (theory.rescaled_instance_risk_limit, (2.6, 3)),
    (theory.minimum_norm_risk_limit, (2.3, 4)),
    (theory.small_weight_risk_limit, (2.3, 4)),
    (theory.overparametrised_risk_limit, (0.6, 3)),
    (theory.asymptotic_risk, (4.7, 3, 0.35)),
    (theory.asymptotic_risk_derivative, (4.7, 3, 0.35)),
    (theory.risk_derivatives_at_instance_level, (4.7, 3)),
]


@parts_of_the_risk
@pytest.mark.parametrize(("formula", "sizes"), OF_ALL_SCALES)
def test_bias_scales_with_the_signal_and_variance_with_the_noise(lab: Laboratory, formula: Formula, sizes: tuple[Any, ...]) -> None:
    """Without scales a formula is at the paper's r2 = sigma^2 = 1; without signal there is no bias, and without noise no variance."""
    r2, noise = np.random.default_rng([lab.seed, 18]).uniform([1.5, 0.2], [3.0, 0.8])
    bias, variance = formula(*sizes)[:2]
    wrong = {
        "signal and noise exchanged": (noise * bias, r2 * variance, noise * bias + r2 * variance),
        "the root of the noise variance": (r2 * bias, noise**0.5 * variance, r2 * bias + noise**0.5 * variance),
    }
    seen = (r2 * bias, noise * variance, r2 * bias + noise * variance)
    assert lab.identical(formula(*sizes, r2, noise)[:3], seen, relative=1e-12, refutes=wrong)
    nothing = formula(*sizes, 0.0, 0.0)[:3]
    assert lab.identical(nothing, (0.0, 0.0, 0.0), absolute=1e-300, refutes={"a bias without signal": (bias, variance, bias + variance)})


@parts_of_the_risk
def test_tuned_estimators_know_the_ratio_only(lab: Laboratory) -> None:
    """Where the noise sets a penalty or a bag size, the risk grows with both scales together, and the choice depends on their ratio."""
    factor, clip, psi = 2.7, 1.9, np.array([2 / 0.95, 2 / 1.05])
    unit = [
        theory.ridge_risk_exact(36, 5, 3).risk,
        theory.ridge_risk_limit(4.7, 3),
        theory.private_ridge_risk_limit(4.7, 3),
        theory.private_ridge_risk_limit(4.7, 3, unit_bag_noise_variance=2.0),
        theory.asymptotic_unconditional_bias(4.7, 3, 0.35),
    ]
    scaled = [
        theory.ridge_risk_exact(36, 5, 3, factor, factor).risk,
        theory.ridge_risk_limit(4.7, 3, factor, factor),
        theory.private_ridge_risk_limit(4.7, 3, factor, factor, 0.0),
        theory.private_ridge_risk_limit(4.7, 3, factor, factor, 2.0 * factor),
        theory.asymptotic_unconditional_bias(4.7, 3, 0.35, factor),
    ]
    wrong = {"scales that do not matter": unit, "the noise alone": [theory.ridge_risk_limit(4.7, 3, 1.0, factor)] * 5}
    assert lab.identical(scaled, factor * np.array(unit), relative=1e-12, refutes=wrong)
    # Without privacy bags of two beat single labels iff r2/sigma^2 < 2/psi: on either side of r2 = sigma^2 by five per cent.
    seen = [theory.optimal_bag_size(psi, 1.0, [1, 2]), theory.optimal_bag_size_instance_level(psi, largest_bag_size=2).bag_size]
    by_ratio = [theory.optimal_bag_size(psi, 1.0, [1, 2], clip, clip), theory.optimal_bag_size_instance_level(psi, clip, clip, 0.0, 2).bag_size]
    assert lab.identical(by_ratio, seen, absolute=0.5, refutes={"SNR < 1/psi": [[1, 1]] * 2, "SNR < 4/psi": [[2, 2]] * 2})
    assert lab.identical([[1, 2]] * 2, seen, absolute=0.5, refutes={"the other way round": [[2, 1]] * 2}, question="bags of two iff SNR < 2/psi")


def invertible_on_average(rows: Any, columns: Any) -> Any:
    """Return whether the inverse Gram matrix of a Gaussian matrix has a mean, that of 1/chi-squared with |rows - columns| + 1 degrees of freedom."""
    return (np.abs(rows - columns) + 1) / 2 - 1 > 0


def grid_of_sizes() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return n, d, k, m for bags of one, two and three around every square."""
    d, m, k = (axis.ravel() for axis in np.meshgrid(np.arange(1, 10), np.arange(1, 13), np.array([1, 2, 3]), indexing="ij"))
    return m * k, d, k, m


def indicators(answer: theory.RiskDecomposition) -> np.ndarray:
    """Return whether bias, variance and risk are finite."""
    return np.array([np.isfinite(np.asarray(part)) for part in answer[:3]], dtype=float)


@parts_of_the_risk
@pytest.mark.parametrize("name", ["bags", "fewer bags", "instance", "rescaled", "small weights", "fewer samples"])
def test_where_the_means_exist(lab: Laboratory, name: str) -> None:
    """Every size around m = d and n = d: variance and bias are finite exactly where the inverse matrices in them have means."""
    n, d, k, m = grid_of_sizes()
    on_bags, on_samples = invertible_on_average(m, d), invertible_on_average(n, d)
    # Bags of one leave no bias; with one feature the bias given the features is bounded.
    unbiased = (k == 1) | ((d == 1) & (n >= d))
    formula, inside, bias, variance = {
        "bags": (theory.bag_level_risk_exact, m >= d, m > 0, on_bags),
        "fewer bags": (theory.minimum_norm_risk_exact, m <= d, m > 0, on_bags),
        "instance": (theory.instance_level_risk_exact, n >= d, on_samples | unbiased, on_samples),
        "rescaled": (theory.rescaled_instance_risk_exact, n >= d, on_samples | unbiased, on_samples),
        "small weights": (theory.small_weight_limit_risk_exact, n >= d, on_samples | (m >= d), on_bags & (on_samples | (m >= d))),
        "fewer samples": (theory.overparametrised_risk_exact, n <= d, on_samples | (k == 1), on_samples),
    }[name]
    answer = formula(n[inside], d[inside], k[inside])
    seen = np.array([bias, variance, bias & variance], dtype=float)[:, inside]
    relevant = m if name in ("bags", "fewer bags") else n
    wrong = {"all that are not square": np.broadcast_to((relevant != d)[inside], seen.shape).astype(float), "everywhere": np.ones(seen.shape)}
    assert lab.identical(indicators(answer), seen, absolute=0.5, refutes=wrong, question=f"{name}: which means exist")
    assert (answer.reason == "") == bool(np.all(seen))
    # Without noise and signal nothing diverges, and one reason is given where something does.
    silent = formula(n[inside], d[inside], k[inside], 0.0, 0.0)
    assert silent.reason == ""
    assert lab.identical(np.array(silent[:3]), np.zeros(seen.shape), absolute=1e-300, refutes={"infinite where the mean is": 1 - seen})
    # One step outside, each names the range.
    outside = {"bags": (8, 9, 1), "fewer bags": (10, 9, 1), "fewer samples": (10, 9, 1)}.get(name, (8, 9, 2))
    with pytest.raises(ValueError, match="risk_exact"):
        formula(*outside)


@parts_of_the_risk
def test_where_the_means_exist_at_every_weight(lab: Laboratory) -> None:
    """The same for the formulas that take a weight, at weight 0 and between: each side of m = d and n = d has its own rule."""
    n, d, k, m = grid_of_sizes()
    few = (np.abs(m - d) <= 3) | (np.abs(n - d) <= 3)
    n, d, k, m = n[few], d[few], k[few], m[few]
    on_bags, on_samples = invertible_on_average(m, d), invertible_on_average(n, d)
    unbiased = (k == 1) | ((d == 1) & (n >= d))
    weights = np.array([0.0, 0.4])
    between = np.array([on_samples | unbiased, on_samples, on_samples])
    seen = np.stack([np.array([m > 0, on_bags, on_bags]), between], axis=-1).astype(float)
    wrong = {"finite at every weight where it is at 0": seen[..., [0, 0]], "everywhere": np.ones(seen.shape)}
    both = [theory.interpolation_risk_exact(int(n_), int(d_), int(k_), weights) for n_, d_, k_ in zip(n, d, k, strict=True)]
    assert lab.identical(np.stack([indicators(answer) for answer in both], axis=1), seen, absolute=0.5, refutes=wrong)
    assert [answer.reason == "" for answer in both] == [bool(np.all(column)) for column in np.moveaxis(seen, 1, 0)]
    positive = [
        theory.interpolation_risk_exact(2, 1, 2, 0.4),
        theory.interpolation_risk_exact(3, 1, 3, 0.4),
        theory.interpolation_risk_exact(4, 3, 2, 0.4),
    ]
    assert [answer.reason == "" for answer in positive] == [False, True, False]
    sizes = [(int(n_), int(d_), int(k_)) for n_, d_, k_ in zip(n, d, k, strict=True) if n_ >= d_ and n_ // k_ >= d_]
    private = [theory.private_risk_exact(*size, np.array([0.0, 0.4, 1.0]), 1.4, 0.6, 1.2, 3.0) for size in sizes]
    enough = (n >= d) & (m >= d)
    seen = np.stack([seen[:, enough, 0], seen[:, enough, 1], seen[:, enough, 1]], axis=-1)
    wrong = {"privacy noise makes the means finite": np.ones(seen.shape)}
    assert lab.identical(np.stack([indicators(answer) for answer in private], axis=1), seen, absolute=0.5, refutes=wrong)


@parts_of_the_risk
@pytest.mark.parametrize("k", [2, 3, 5])
def test_first_sizes_with_a_mean(lab: Laboratory, k: int) -> None:
    """Two degrees of freedom from a square the trace of the inverse is the dimension itself, and the threshold between the ends exists."""
    d = 10 * k - 2
    n = d + 2
    claimed = [
        theory.bag_level_risk_exact(k * (d + 2), d, k).variance,
        theory.minimum_norm_risk_exact(k * (d - 2), d, k).variance,
        theory.instance_level_risk_exact(n, d, k).variance,
        theory.interpolation_risk_exact(n, d, k, 1.0).variance,
        theory.rescaled_instance_risk_exact(n, d, k).variance,
        theory.overparametrised_risk_exact(n, n + 2, k).variance,
    ]
    seen = [d, d - 2, d / k, d / k, d * k, n / k]
    wrong = {"d/(n - d)": [each / 2 for each in seen], "d + 1 for d": [d + 1, d - 1, (d + 1) / k, (d + 1) / k, (d + 1) * k, (n + 1) / k]}
    assert lab.identical(claimed, seen, relative=1e-9, refutes=wrong)
    spectrum, rational = theory.interpolation_risk_exact(n, d, k, 1.0).bias_squared, theory.instance_level_risk_exact(n, d, k).bias_squared
    limit = theory.instance_level_risk_limit(n / d, k).bias_squared
    assert lab.identical(rational, spectrum, relative=1e-9, refutes={"(1 - 1/k)^2": (1 - 1 / k) ** 2, "the limit": limit})
    bag, instance = theory.bag_level_risk_exact(k * (d + 2), d, k), theory.instance_level_risk_exact(k * (d + 2), d, k)
    crossing = (bag.variance - instance.variance) / instance.bias_squared
    wrong = {"variance of the bag level alone": bag.variance / instance.bias_squared}
    assert lab.identical(theory.snr_threshold_bag_vs_instance_exact(k * (d + 2), d, k), crossing, relative=1e-12, refutes=wrong)
    with pytest.raises(ValueError, match="risk to be finite"):
        theory.snr_threshold_bag_vs_instance_exact(k * (d + 1), d, k)


# AGG-19 ----------------------------------------------------------------------------------------------------------------------------------

exchange = claim(
    "AGG-19",
    kind="identity",
    statement="With bags of two the scatter between bags and within them may be exchanged: weight 1/rho is weight rho read the other way round.",
    tex=r"e_1(\rho)+e_1(1/\rho)=1,\quad b(\rho)-b(1/\rho)=e_1(1/\rho)-e_1(\rho)\quad(k=2)",
    source="derived here: I - M^{-1} A = (B + A/rho)^{-1} B, and with m = n - m the two have one law",
)
FAR = 1e20


@exchange
@pytest.mark.parametrize(("n", "d"), [(24, 5), (20, 13), (12, 1), (60, 31), (80, 20)])
def test_exchange_at_finite_size(lab: Laboratory, n: int, d: int) -> None:
    """Mean and bias at weights from 1e-18 to 1e18, on both sides of m = d: what one weight shrinks the inverse weight keeps."""
    rho = np.array([1e-18, 1e-7, 3e-5, 1e-2, 0.3, 0.9])
    low, high = (theory.expected_shrinkage_exact(n, d, 2, each, largest_weight=FAR) for each in (rho, 1 / rho))
    wrong = {"the mean is theta0/k at all weights": 0.5, "symmetric": 2 * low, "above 1 as at 1": low + 0.5}
    assert lab.identical(low + high, np.ones(6), relative=1e-11, refutes=wrong, question="the means add up to theta0")
    bias, mirrored = (theory.interpolation_risk_exact(n, d, 2, each, largest_weight=FAR).bias_squared for each in (rho, 1 / rho))
    wrong = {"the same bias": 0.0, "the other sign": low - high, "half of it": (high - low) / 2}
    assert lab.identical(bias - mirrored, high - low, absolute=1e-10, refutes=wrong, question="and the biases differ as they do")
    # Each weight by itself, and all at once.
    single = [theory.expected_shrinkage_exact(n, d, 2, float(each), largest_weight=FAR) for each in (*rho, *(1 / rho))]
    together = theory.expected_shrinkage_exact(n, d, 2, np.append(rho, 1 / rho), largest_weight=FAR)
    assert lab.identical(together, single, relative=1e-11, refutes={"as at weight 1": 0.5}, question="from one mesh for all weights")


@exchange
@pytest.mark.parametrize("psi", [1.1, 1.7, 2.0, 4.6, 30.0])
def test_exchange_in_the_limit(lab: Laboratory, psi: float) -> None:
    """The limits obey it too; and the root of the fixed point, the trace of the inverse, is rho times that at the inverse weight."""
    rho = np.array([1e-18, 1e-7, 3e-5, 1e-2, 0.3, 0.9])
    low, high = (theory.asymptotic_shrinkage(psi, 2, each, largest_weight=FAR) for each in (rho, 1 / rho))
    wrong = {"the mean is theta0/k at all weights": 0.5, "symmetric": 2 * low}
    assert lab.identical(low + high, np.ones(6), relative=1e-13, refutes=wrong, question="the means add up to theta0")
    first, second = (theory.asymptotic_risk(psi, 2, each, largest_weight=FAR) for each in (rho, 1 / rho))
    wrong = {"the same bias": 0.0, "the other sign": low - high}
    assert lab.identical(first.bias_squared - second.bias_squared, high - low, absolute=1e-11, refutes=wrong, question="and so do the biases")
    roots = [theory.fixed_point_root(psi, 2, each, largest_weight=FAR) for each in (rho, 1 / rho)]
    assert lab.identical(rho * roots[0], roots[1], relative=1e-12, refutes={"the same root": roots[0], "rho^2": rho**2 * roots[0]})


FEATURES, BAGS = np.random.default_rng(19).normal(size=(12, 3)), np.repeat(np.arange(6), 2)
MEANS = np.array([0.3, -1.2, 0.8, 2.1, -0.4, 0.9])
# Each as a function of the weight and of the largest weight that is allowed.
OF_THE_WEIGHT: dict[str, Formula] = {
    "root": lambda *rho, **most: theory.fixed_point_root(4.7, 3, *rho, **most),
    "mean in the limit": lambda *rho, **most: theory.asymptotic_shrinkage(4.7, 3, *rho, **most),
    "bias of the mean": lambda *rho, **most: theory.asymptotic_unconditional_bias(4.7, 3, *rho, **most),
    "risk in the limit": lambda *rho, **most: theory.asymptotic_risk(4.7, 3, *rho, **most).risk,
    "slope": lambda *rho, **most: theory.asymptotic_risk_derivative(4.7, 3, *rho, **most).risk,
    "mean": lambda *rho, **most: theory.expected_shrinkage_exact(24, 5, 3, *rho, **most),
    "risk": lambda *rho, **most: theory.interpolation_risk_exact(24, 5, 3, *rho, **most).risk,
    "second order": lambda *rho, **most: theory.risk_second_order(24, 5, 3, *rho, **most).risk,
    "coefficient": lambda *rho, **most: theory.second_order_coefficient(4.7, 3, *rho, **most).risk,
    "private": lambda *rho, **most: theory.private_risk_limit(4.7, 3, *rho, 1.3, 0.7, 2.0, 3.0, **most).risk,
    "leading order": lambda *rho, **most: theory.leading_order_private_risk(4.7, 3, *rho, 2.0, 3.0, **most),
    "null predictor": lambda *rho, **most: theory.null_predictor_epsilon(4.7, 3, *rho, 2.0, 0.3, 2.0, **most),
    "loss": lambda rho, **most: theory.interpolating_loss(FEATURES[:, 0], MEANS, BAGS, rho, **most),
    "estimator": lambda rho, **most: theory.interpolating_estimator(FEATURES, BAGS, MEANS, rho, **most)[0],
}


@exchange
@pytest.mark.parametrize("name", OF_THE_WEIGHT)
def test_weights_above_one_continue_the_others(lab: Laboratory, name: str) -> None:
    """Every formula is analytic in the weight at the instance level, so what holds below 1 fixes it above; there it has to be asked for."""
    formula = OF_THE_WEIGHT[name]
    # In log rho the nearest singularity, at a negative weight, is far from the real line.
    curve = Chebyshev.interpolate(lambda log: np.array([formula(float(each)) for each in np.exp(log)]), 16, domain=[np.log(0.25), 0.0])
    weights = np.array([1.05, 1.1])
    above = np.array([formula(float(rho), largest_weight=1.1) for rho in weights])
    wrong = {"as at weight 1": np.full(2, formula(1.0)), "mirrored at 1": np.array([formula(float(1 / rho)) for rho in weights])}
    assert lab.identical(above, curve(np.log(weights)), relative=1e-9, refutes=wrong)
    for weight, most in ((1.05, {}), (1.15, {"largest_weight": 1.1})):
        with pytest.raises(ValueError, match="weight must be"):
            formula(weight, **most)
