"""arXiv:2401.11081, below the paper's psi > 1 and psi > k: three estimators that are easily taken for one another.

- weight 0: of the solutions of the bag-level loss, the one of least norm (`minimum_norm_...`);
- the limit weight -> 0+, samples more than features: the interpolator of the bag means of least within-bag variance (`small_weight_...`,
  `least_within_bag_variance_...`);
- fewer samples than features, any weight > 0: the least-norm interpolator of every sample by its bag's mean (`overparametrised_...`,
  `minimum_norm_interpolator`).

n sample_size, d dimension, k bag_size, m = n/k bags, rho weight, r2 squared_signal_norm, sigma^2 noise_variance, psi = n/d, c = psi/k.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.pytest_plugin import claim

Shape = tuple[int, int, int]
RiskFormula = Callable[..., theory.RiskDecomposition]

fewer_bags_than_features = claim(
    "AGG-11",
    kind="expectation",
    statement="With fewer bags than features weight 0 and the limit of small weights are two estimators, and with fewer samples than features every "
    "positive weight is a third; bias and variance of each are exact at finite size.",
    tex=r"\text{(i) } 1-\tfrac md,\ \tfrac{m}{d-m-1};\quad "
    r"\text{(ii) } (1-\tfrac md)(1+\tfrac{m}{n-d-1}),\ \tfrac{m(n-m-1)}{(n-d-1)(d-m-1)};\quad "
    r"\text{(iii) } 1-\tfrac md+\tfrac{(n-m)m}{d(d-n-1)},\ \tfrac{m}{d-n-1}",
    source="derived here: projection on a random subspace; the Jacobi spectrum at small weights; block inverse of X X'",
)

# More samples but fewer bags than features; then fewer samples than features. Far enough from m = d and n = d for variances to exist.
FEWER_BAGS: list[Shape] = [(24, 14, 4), (40, 24, 5), (27, 16, 27)]
FEWER_SAMPLES: list[Shape] = [(9, 18, 3), (8, 20, 2), (12, 26, 12)]
MANY_SAMPLES = pytest.mark.parametrize("shape", FEWER_BAGS)
FEW_SAMPLES = pytest.mark.parametrize("shape", FEWER_SAMPLES)


def sizes(shape: Shape) -> dict[str, Any]:
    """Name the three sizes."""
    return dict(zip(("sample_size", "dimension", "bag_size"), shape, strict=True))


def formulas(shape: Shape) -> dict[str, tuple[float, float]]:
    """Return bias and variance, per r2 and sigma^2, that each of the three formulas gives for these sizes, in its range or not."""
    n, d, k = shape
    m = n / k
    return {
        "weight 0": (1 - m / d, m / (d - m - 1)),
        "weight -> 0+": ((1 - m / d) * (1 + m / (n - d - 1)), m * (n - m - 1) / ((n - d - 1) * (d - m - 1))),
        "fewer samples than features": (1 - m / d + (n - m) * m / (d * (d - n - 1)), m / (d - n - 1)),
    }


def draw(lab: Laboratory, shape: Shape) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw features (n, d), bag labels (n,) and bag means (m,)."""
    n, d, k = shape
    rng = np.random.default_rng([lab.seed, *shape])
    features = rng.standard_normal((n, d))
    labels = features @ rng.standard_normal(d) + rng.standard_normal(n)
    return features, np.repeat(np.arange(n // k), k), labels.reshape(-1, k).mean(axis=1)


# The estimators themselves ---------------------------------------------------------------------------------------------------------------


@fewer_bags_than_features
@MANY_SAMPLES
def test_two_interpolators_of_the_bag_means(lab: Laboratory, shape: Shape) -> None:
    """Both fit every bag mean; one has the least norm, the other the least within-bag variance. Each is found again by another route."""
    n, d, k = shape
    features, bags, means = data = draw(lab, shape)
    least_norm, least_variance = theory.minimum_norm_bag_estimator(*data), theory.least_within_bag_variance_interpolator(*data)
    averages = features.reshape(-1, k, d).mean(axis=1)
    null_space = np.linalg.svd(averages)[2][n // k :]
    instance = theory.interpolating_estimator(*data, 1.0)
    for theta in (least_norm, least_variance):
        assert lab.identical(
            averages @ theta, means, relative=1e-9, refutes={"weight 1 fits them too": averages @ instance}, question="fits the means"
        )

    assert lab.identical(np.linalg.pinv(averages) @ means, least_norm, relative=1e-9, refutes={"weight -> 0+": least_variance}, question="weight 0")
    assert lab.identical(theory.interpolating_estimator(*data, 0.0), least_norm, relative=1e-12, refutes={"weight -> 0+": least_variance})
    # Least squares in the null space of the bag means, on the deviations from them.
    deviations = features - averages[bags]
    shift = np.linalg.lstsq(deviations @ null_space.T, -deviations @ least_norm, rcond=None)[0]
    wrong = {"weight 0": least_norm}
    assert lab.identical(least_norm + null_space.T @ shift, least_variance, relative=1e-7, refutes=wrong, question="least within-bag variance")

    variances = [theory.within_bag_variance(features @ theta, bags) for theta in (least_variance, least_norm)]
    assert lab.exact(variances[0]).less_than(variances[1], refutes={"weight 0 varies as little": variances[1]})
    norms = [float(theta @ theta) for theta in (least_norm, least_variance)]
    assert lab.exact(norms[0]).less_than(norms[1], refutes={"weight -> 0+ is as short": norms[1]})
    # The third object does not exist here: no vector predicts n > d different samples.
    with pytest.raises(ValueError, match="linearly independent"):
        theory.minimum_norm_interpolator(*data)


@fewer_bags_than_features
@MANY_SAMPLES
def test_small_weights_do_not_tend_to_weight_zero(lab: Laboratory, shape: Shape) -> None:
    """theta_rho tends to the interpolator of least within-bag variance, at order rho, and stays away from weight 0."""
    data = draw(lab, shape)
    limit, zero = theory.least_within_bag_variance_interpolator(*data), theory.minimum_norm_bag_estimator(*data)
    weights = 10.0 ** -np.arange(4.0, 8.0)
    path = np.array([theory.interpolating_estimator(*data, weight) for weight in weights])
    distances = np.linalg.norm(path - limit, axis=1)
    assert lab.limit(1 / weights, distances, order=1.0, within=0.05, refutes={"rho^1/2": 0.5, "rho^2": 2.0, "no limit": 0.0})
    lab.refutes(
        lab.limit(1 / weights, np.linalg.norm(path - zero, axis=1), order=1.0, within=0.05), "weight -> 0+ is ridgeless regression (weight 0)"
    )
    features, _, means = data
    simulated = simulate.interpolating_coefficients(features[None], means[None], bag_size=shape[2], weights=(1e-9, 0.0))[0]
    assert lab.identical(simulated[0], limit, relative=1e-4, refutes={"weight 0": zero}, question="weight 1e-9, stacked least squares")
    assert lab.identical(simulated[1], zero, relative=1e-8, refutes={"weight -> 0+": limit}, question="weight 0, stacked least squares")


@fewer_bags_than_features
@FEW_SAMPLES
def test_every_positive_weight_is_one_estimator(lab: Laboratory, shape: Shape) -> None:
    """With fewer samples than features both terms of the loss vanish at every positive weight; weight 0 is still another estimator."""
    features, bags, means = data = draw(lab, shape)
    shortest, zero = theory.minimum_norm_interpolator(*data), theory.minimum_norm_bag_estimator(*data)
    weights = (1e-6, 1e-3, 0.1, 0.5, 1.0)
    wrong = {"weight 0": zero}
    stacked = simulate.interpolating_coefficients(features[None], means[None], bag_size=shape[2], weights=weights)[0]
    rotated = np.array([theory.interpolating_estimator(*data, weight) for weight in weights])
    same = np.broadcast_to(shortest, stacked.shape)
    assert lab.identical(rotated, same, relative=1e-10, refutes=wrong, question="the same at every positive weight")
    # Stacked rows scaled by the square root of the weight lose that many digits.
    assert lab.identical(stacked[1:], same[1:], relative=1e-9, refutes=wrong, question="stacked least squares at every weight")
    assert lab.identical(
        theory.least_within_bag_variance_interpolator(*data), shortest, relative=1e-10, refutes=wrong, question="the limit weight -> 0+"
    )
    fitted = means[bags]
    assert lab.identical(
        features @ shortest, fitted, relative=1e-10, refutes={"weight 0": features @ zero}, question="predicts the mean on every sample"
    )
    norms = float(zero @ zero), float(shortest @ shortest)
    assert lab.exact(norms[0]).less_than(norms[1], refutes={"as short as weight 0": norms[1]})


@fewer_bags_than_features
@pytest.mark.parametrize("shape", [(60, 7, 4), (35, 3, 7)])
def test_with_more_bags_there_is_no_gap(lab: Laboratory, shape: Shape) -> None:
    """With more bags than features the loss has one minimiser: weight 0 and its limit are ordinary least squares on the bag means."""
    data = draw(lab, shape)
    zero, instance = theory.minimum_norm_bag_estimator(*data), theory.interpolating_estimator(*data, 1.0)
    wrong = {"weight 1": instance}
    assert lab.identical(theory.least_within_bag_variance_interpolator(*data), zero, relative=1e-10, refutes=wrong)
    assert lab.identical(theory.interpolating_estimator(*data, 1e-10), zero, relative=1e-6, refutes=wrong)
    limit, exact = theory.small_weight_limit_risk_exact(*shape, 2.0, 0.3), theory.bag_level_risk_exact(*shape, 2.0, 0.3)
    assert lab.identical(limit[:3], exact[:3], relative=1e-13, refutes={"weight 1": theory.instance_level_risk_exact(*shape, 2.0, 0.3)[:3]})


# Bias and variance ----------------------------------------------------------------------------------------------------------------------


@fewer_bags_than_features
@pytest.mark.parametrize("shape", FEWER_BAGS + FEWER_SAMPLES)
def test_weight_zero(lab: Laboratory, shape: Shape) -> None:
    """(i) The bias is a trace, the same for every feature matrix; the variance on random features. Also with fewer samples than features."""
    r2, noise = 1.7, 0.6
    parameters = {**sizes(shape), "weights": (0.0,), "squared_signal_norm": r2, "noise_variance": noise}
    claimed, others = theory.minimum_norm_risk_exact(*shape, r2, noise), formulas(shape)
    del others["weight 0"]
    drawn = lab.replicates(simulate.sample_conditional_risk, least=50, **parameters)
    wrong = {label: r2 * bias for label, (bias, _) in others.items()}
    wrong |= {"no bias": 0.0, "m/d": r2 * shape[0] / shape[2] / shape[1]}
    seen = drawn["bias_squared"][:50, 0]
    assert lab.identical(np.full(50, claimed.bias_squared), seen, relative=1e-9, refutes=wrong, question="bias of every feature matrix")
    wrong = {label: noise * variance for label, (_, variance) in others.items()} | {
        "m / (d - m)": noise * shape[0] / (shape[2] * shape[1] - shape[0])
    }
    variance = lab.run(simulate.sample_bag_level_variance, **sizes(shape), noise_variance=noise).mean("variance")
    assert variance.agrees_with(claimed.variance, relative=lab.at_scale(0.03, 0.01), refutes=wrong)


@fewer_bags_than_features
@MANY_SAMPLES
def test_limit_of_small_weights(lab: Laboratory, shape: Shape) -> None:
    """(ii) The least-variance interpolator on random features: both parts."""
    r2, noise = 1.7, 0.6
    run = lab.run(
        simulate.sample_least_variance_risk,
        statistics=("bias_squared", "variance"),
        **sizes(shape),
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    claimed, others, margin = theory.small_weight_limit_risk_exact(*shape, r2, noise), formulas(shape), lab.at_scale(0.03, 0.01)
    del others["weight -> 0+"]
    wrong = {label: r2 * bias for label, (bias, _) in others.items()} | {"no bias": 0.0}
    assert run.mean("bias_squared").agrees_with(claimed.bias_squared, relative=margin, refutes=wrong)
    n, d, m = shape[0], shape[1], shape[0] // shape[2]
    wrong = {label: noise * variance for label, (_, variance) in others.items()}
    wrong["n - m for n - m - 1, without the second 1"] = noise * m * (n - m) / ((n - d) * (d - m - 1))
    assert run.mean("variance").agrees_with(claimed.variance, relative=margin, refutes=wrong)


@fewer_bags_than_features
@pytest.mark.parametrize("shape", [*FEWER_BAGS, (80, 50, 4), (36, 14, 6), (30, 12, 6)])
def test_exact_risk_at_small_weights(lab: Laboratory, shape: Shape) -> None:
    """(ii) The exact risk at every positive weight tends to it, at order rho, in both parts; weight 0 itself jumps to (i)."""
    weights = 10.0 ** -np.arange(4.0, 8.0)
    limit, zero = theory.small_weight_limit_risk_exact(*shape, 0.8, 1.9), theory.minimum_norm_risk_exact(*shape, 0.8, 1.9)
    path = theory.interpolation_risk_exact(*shape, weights, 0.8, 1.9)
    for part in ("bias_squared", "variance"):
        target, jumped = getattr(limit, part), getattr(zero, part)
        orders = {"rho^1/2": 0.5, "rho^2": 2.0}
        assert lab.limit(1 / weights, getattr(path, part) - target, order=1.0, within=0.05, refutes=orders, question=f"{part} tends to its limit")
        nearly = getattr(theory.interpolation_risk_exact(*shape, 1e-9, 0.8, 1.9), part)
        assert lab.identical(target, nearly, relative=1e-6, refutes={"weight 0": jumped}, question=f"{part} at weight 1e-9")
        at_zero = getattr(theory.interpolation_risk_exact(*shape, 0.0, 0.8, 1.9), part)
        assert lab.identical(jumped, at_zero, relative=1e-12, refutes={"weight -> 0+": target}, question=f"{part} at weight 0")


@fewer_bags_than_features
@MANY_SAMPLES
def test_the_jump_on_the_same_features(lab: Laboratory, shape: Shape) -> None:
    """Weight 1e-6 against weight 0, paired: the risk jumps by the difference of (ii) and (i), and every single bias is larger."""
    zero, limit = theory.minimum_norm_risk_exact(*shape), theory.small_weight_limit_risk_exact(*shape)
    run = lab.run(simulate.sample_conditional_risk, statistics=("risk[0]", "risk[1]"), **sizes(shape), weights=(0.0, 1e-6))
    jump = run.mean("risk[1]") - run.mean("risk[0]")
    wrong = {"continuous": 0.0, "from nothing": limit.risk, "of the bias only": limit.bias_squared - zero.bias_squared}
    assert jump.agrees_with(limit.risk - zero.risk, relative=lab.at_scale(0.05, 0.02), refutes=wrong)
    drawn = lab.replicates(simulate.sample_conditional_risk, least=50, **sizes(shape), weights=(0.0, 1e-6))
    for part in ("bias_squared", "variance"):
        growth = (drawn[part][:, 1] - drawn[part][:, 0]).min()
        assert lab.exact(growth).greater_than(0.0, refutes={"a feature matrix without a jump": 0.0})


@fewer_bags_than_features
@FEW_SAMPLES
def test_fewer_samples_than_features(lab: Laboratory, shape: Shape) -> None:
    """(iii) Bias and variance on random features, and the exact risk at every positive weight."""
    r2, noise = 1.7, 0.6
    n, d, k = shape
    parameters = {**sizes(shape), "squared_signal_norm": r2, "noise_variance": noise}
    run = lab.run(simulate.sample_conditional_risk, statistics=("bias_squared[0]", "variance[0]"), **parameters, weights=(0.3,))
    claimed, others = theory.overparametrised_risk_exact(*shape, r2, noise), formulas(shape)
    del others["fewer samples than features"]
    wrong = {label: r2 * bias for label, (bias, _) in others.items()} | {"1 - n/d": r2 * (1 - n / d)}
    assert run.mean("bias_squared[0]").agrees_with(claimed.bias_squared, relative=lab.at_scale(0.02, 0.007), refutes=wrong)
    wrong = {label: noise * variance for label, (_, variance) in others.items()}
    wrong |= {"n for m": k * claimed.variance, "d - n for d - n - 1": noise * n / k / (d - n)}
    assert run.mean("variance[0]").agrees_with(claimed.variance, relative=lab.at_scale(0.03, 0.01), refutes=wrong)
    every = np.array(theory.interpolation_risk_exact(*shape, np.array([1e-9, 0.3, 1.0]), r2, noise)[:3])
    same = np.broadcast_to(np.array(claimed[:3])[:, None], every.shape)
    weight_zero = np.array(theory.minimum_norm_risk_exact(*shape, r2, noise)[:3])[:, None]
    assert lab.identical(every, same, relative=1e-13, refutes={"weight 0": weight_zero}, question="the weight does not matter")


@fewer_bags_than_features
@pytest.mark.parametrize(("shape", "weights"), [((40, 24, 5), (0.0, 1e-6)), ((8, 20, 2), (0.0, 0.3))])
def test_all_three_on_raw_data(lab: Laboratory, shape: Shape, weights: tuple[float, float]) -> None:
    """Labels, averages, the loss minimised: the realised error at weight 0 (i), at a tiny weight (ii), with few samples (iii)."""
    run = lab.run(
        simulate.sample_raw_risk, statistics=("risk[0]", "risk[1]"), **sizes(shape), weights=weights, squared_signal_norm=1.5, noise_variance=0.5
    )
    positive = theory.small_weight_limit_risk_exact if shape[0] > shape[1] else theory.overparametrised_risk_exact
    zero, other = theory.minimum_norm_risk_exact(*shape, 1.5, 0.5), positive(*shape, 1.5, 0.5)
    margin = lab.at_scale(0.05, 0.02)
    assert run.mean("risk[0]").agrees_with(zero.risk, relative=margin, refutes={"a positive weight": other.risk, "noise only": zero.variance})
    assert run.mean("risk[1]").agrees_with(other.risk, relative=margin, refutes={"weight 0": zero.risk, "noise only": other.variance})


@fewer_bags_than_features
@pytest.mark.parametrize(("shape", "weight"), [((24, 14, 4), 0.0), ((24, 14, 4), 1e-6), ((9, 18, 3), 0.0), ((9, 18, 3), 0.3)])
def test_the_mean_does_not_tell_them_apart(lab: Laboratory, shape: Shape, weight: float) -> None:
    """All three average to (m/d) theta0, and so does every feature matrix over directions: their biases differ by fluctuations alone."""
    share = shape[0] / shape[2] / shape[1]
    drawn = lab.replicates(simulate.sample_conditional_risk, least=50, **sizes(shape), weights=(weight,))
    wrong = {"n/d": shape[0] / shape[1], "1/k": 1 / shape[2]}
    assert lab.identical(np.full(50, share), drawn["alignment"][:50, 0], absolute=1e-4 if 0 < weight < 1e-3 else 1e-10, refutes=wrong)
    claimed = theory.expected_shrinkage_exact(*shape, weight)
    assert lab.identical(claimed, share, absolute=1e-4 if 0 < weight < 1e-3 else 1e-12, refutes=wrong, question="E theta = (m/d) theta0")


# Limits, special cases, ranges ---------------------------------------------------------------------------------------------------------


@fewer_bags_than_features
@pytest.mark.parametrize(
    ("exact", "limit", "psi", "k"),
    [
        (theory.minimum_norm_risk_exact, theory.minimum_norm_risk_limit, 2.0, 4),
        (theory.minimum_norm_risk_exact, theory.minimum_norm_risk_limit, 0.5, 3),
        (theory.small_weight_limit_risk_exact, theory.small_weight_risk_limit, 2.0, 4),
        (theory.small_weight_limit_risk_exact, theory.small_weight_risk_limit, 1.5, 3),
        (theory.overparametrised_risk_exact, theory.overparametrised_risk_limit, 0.5, 3),
        (theory.overparametrised_risk_exact, theory.overparametrised_risk_limit, 0.75, 6),
    ],
)
def test_limits_in_large_dimension(lab: Laboratory, exact: RiskFormula, limit: RiskFormula, psi: float, k: int) -> None:
    """With n/d fixed the risk of each tends to its own limit at order 1/d."""
    dimensions = np.array([240, 480, 960, 1920])
    distances = exact(np.rint(psi * dimensions).astype(int), dimensions, k, 0.8, 1.9).risk - limit(psi, k, 0.8, 1.9).risk
    orders = {"d^-1/2": 0.5, "d^-2": 2.0, "another limit": 0.0}
    assert lab.limit(dimensions, distances, order=1.0, within=0.05, refutes=orders)


@fewer_bags_than_features
@pytest.mark.parametrize(("psi", "k"), [(2.0, 4), (1.5, 3), (5.0, 7)])
def test_both_limits_at_once(lab: Laboratory, psi: float, k: int) -> None:
    """The limiting risk at small weights tends to the limit of (ii), not of (i): first the dimension, then the weight."""
    weights = 10.0 ** -np.arange(4.0, 8.0)
    path, target, zero = (
        theory.asymptotic_risk(psi, k, weights, 0.8, 1.9),
        theory.small_weight_risk_limit(psi, k, 0.8, 1.9),
        theory.minimum_norm_risk_limit(psi, k, 0.8, 1.9),
    )
    for part in ("bias_squared", "variance"):
        values, value = getattr(path, part), getattr(target, part)
        assert lab.limit(1 / weights, values - value, order=1.0, within=0.05, refutes={"rho^1/2": 0.5, "rho^2": 2.0}, question=part)
        wrong = {"weight 0": getattr(zero, part)}
        assert lab.identical(value, values[-1], relative=1e-4, refutes=wrong, question=f"{part} at weight 1e-7")
    c = psi / k
    jump = target.risk - zero.risk
    assert lab.identical(
        jump, 0.8 * (1 - c) * c / (psi - 1) + 1.9 * c / (psi - 1), relative=1e-12, refutes={"none": 0.0, "of the noise": 1.9 * c / (psi - 1)}
    )


@fewer_bags_than_features
def test_the_limit_is_worse_in_both_parts(lab: Laboratory) -> None:
    """Over a grid of sizes: bias and variance of small weights, and of few samples, exceed those of weight 0, always by the stated amounts."""
    d, m, k = np.meshgrid(np.arange(6, 40, 3), np.arange(1, 30, 4), np.array([2, 3, 7]), indexing="ij")
    few = m < d - 1
    for inside, estimator in (((m * k > d + 1) & few, theory.small_weight_limit_risk_exact), (m * k < d - 1, theory.overparametrised_risk_exact)):
        at = (m * k)[inside], d[inside], k[inside]
        worse, zero = estimator(*at), theory.minimum_norm_risk_exact(*at)
        assert lab.exact((worse.bias_squared - zero.bias_squared).min()).greater_than(0.0, refutes={"a tie": 0.0})
        assert lab.exact((worse.variance - zero.variance).min()).greater_than(0.0, refutes={"a tie": 0.0})


@fewer_bags_than_features
@pytest.mark.parametrize(("n", "d"), [(8, 18), (4, 30), (1, 5)])
def test_bags_of_one(lab: Laboratory, n: int, d: int) -> None:
    """With bags of one the weight is void: fewer samples than features is ridgeless regression, 1 - n/d and n / (d - n - 1)."""
    claimed, ridgeless = theory.overparametrised_risk_exact(n, d, 1, 0.8, 1.9), theory.minimum_norm_risk_exact(n, d, 1, 0.8, 1.9)
    wrong = {"bags of two": theory.overparametrised_risk_exact(2 * n, d + n, 2, 0.8, 1.9)[:3]}
    assert lab.identical(claimed[:3], ridgeless[:3], relative=1e-13, refutes=wrong)
    expected = 0.8 * (1 - n / d), 1.9 * n / (d - n - 1)
    wrong = {"d - n for d - n - 1": (expected[0], 1.9 * n / (d - n)), "n/d": (0.8 * n / d, expected[1])}
    assert lab.identical(claimed[:2], expected, relative=1e-13, refutes=wrong)


@fewer_bags_than_features
def test_each_formula_refuses_the_other_range(lab: Laboratory) -> None:
    """Out of their range the formulas give nonsense, below zero, so each names the function to use instead."""
    outside = formulas((9, 18, 3))["weight -> 0+"], formulas((24, 14, 4))["fewer samples than features"]
    for _, variance in outside:
        lab.refutes(lab.exact(variance).at_least(0.0, tightness=0.0), "the formula holds on the other side of n = d")
    inside = formulas((24, 14, 4))["weight -> 0+"], formulas((9, 18, 3))["fewer samples than features"]
    claimed = theory.small_weight_limit_risk_exact(24, 14, 4)[:2], theory.overparametrised_risk_exact(9, 18, 3)[:2]
    assert lab.identical(claimed, inside, relative=1e-13, refutes={"the ranges swapped": outside})
    with pytest.raises(ValueError, match="overparametrised_risk_exact"):
        theory.small_weight_limit_risk_exact(9, 18, 3)
    with pytest.raises(ValueError, match="interpolation_risk_exact"):
        theory.overparametrised_risk_exact(24, 14, 4)
    with pytest.raises(ValueError, match="bag_level_risk_exact"):
        theory.minimum_norm_risk_exact(60, 12, 4)
