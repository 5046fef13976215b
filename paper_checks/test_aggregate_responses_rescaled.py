"""arXiv:2401.11081, beyond the paper: the instance-level estimator times the bag size, which is unbiased.

n sample_size, d dimension, k bag_size, m = n/k bags, r2 squared_signal_norm, sigma^2 noise_variance, psi = n/d, SNR = r2/sigma^2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.pytest_plugin import claim

DERIVED = "derived here"
Shape = tuple[int, int, int]


def sizes(shape: Shape) -> dict[str, Any]:
    """Name the three sizes."""
    return dict(zip(("sample_size", "dimension", "bag_size"), shape, strict=True))


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
