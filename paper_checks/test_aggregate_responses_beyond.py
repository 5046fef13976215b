"""arXiv:2401.11081, beyond the paper: ridge on the bag means.

n sample_size, d dimension, k bag_size, m = n/k bags, rho weight, r2 squared_signal_norm, sigma^2 noise_variance, psi = n/d, c = psi/k,
SNR = r2/sigma^2, A = k Xbar'Xbar.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

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
    tex=r"\mathbb{E}\,\mathrm{risk}(\rho)>\sigma^2\,\mathbb{E}\,\mathrm{tr}(A+\lambda^*I)^{-1},\quad\lambda^*=\sigma^2d/r_2,\quad "
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
    """A has one random eigenvalue, chi-squared with N = max(m, d) degrees of freedom: E (lambda + mu)^-p is Tricomi's function, p = 1, 2."""
    r2, noise = np.random.default_rng([lab.seed, m, d]).uniform(0.3, 3.0, size=2)
    best, half = noise * d / r2, max(m, d) / 2

    def parts(penalty: float) -> tuple[float, float]:
        ridge = mpmath.mpf(penalty)
        first, second = (ridge ** (half - p) / mpmath.mpf(2) ** half * mpmath.hyperu(half, half + 1 - p, ridge / 2) for p in (1, 2))
        return float(r2 / d * (d - 1 + ridge**2 * second)), float(noise * (first - ridge * second))

    claimed = theory.ridge_risk_exact(m * k, d, k, r2, noise)
    wrong = {"one bag more": theory.ridge_risk_exact((m + 1) * k, d, k, r2, noise).risk, "A replaced by its mean": noise * d / (m + best)}
    assert lab.identical(claimed.risk, sum(parts(best)), relative=1e-11, refutes=wrong, question="at the best penalty")
    # From penalties that do nothing to penalties that leave nothing.
    for penalty in best * 10.0 ** np.array([-7, -4, -1, 1, 3]):
        (bias, variance), found = parts(penalty), theory.ridge_risk_exact(m * k, d, k, r2, noise, penalty=penalty)
        assert lab.identical(found.bias_squared, bias, relative=1e-11, refutes={"at the best penalty": claimed.bias_squared, "its square": bias**2})
        assert lab.identical(found.variance, variance, relative=1e-11, refutes={"at the best penalty": claimed.variance, "no noise": 0.0})


@nothing_linear_beats_ridge
@pytest.mark.parametrize(("m", "d", "k"), [(16, 5, 3), (5, 16, 2), (90, 40, 2), (40, 90, 3), (200, 6, 2)])
def test_ridge_at_both_ends_of_the_penalty(lab: Laboratory, m: int, d: int, k: int) -> None:
    """Small penalties cost what inverse Wishart moments say, large ones leave the moments of A itself; penalty 0 is weight 0."""
    low, high, spare = min(m, d), max(m, d), abs(m - d)
    inverse, squared = low / (spare - 1), low * (high - 1) / (spare * (spare - 1) * (spare - 3))
    trace, of_square = m * d, m * d * (m + d + 1)
    r2, noise, lost = 1.7, 0.6, max(d - m, 0) / d
    weak, strong = 1e-7 * spare, 1e7 * high
    found = theory.ridge_risk_exact(m * k, d, k, r2, noise, penalty=weak)
    seen = (found.bias_squared / r2 - lost) * d / weak**2 if m > d else squared, (inverse - found.variance / noise) / weak
    wrong = {"one eigenvalue": (1 / spare**2, 2 / spare**2), "eigenvalues in step": (low / (spare - 1) ** 2, 2 * low / (spare - 1) ** 2)}
    assert lab.identical((squared, 2 * squared), seen, relative=1e-3, refutes=wrong, question="slopes at small penalties")
    found = theory.ridge_risk_exact(m * k, d, k, r2, noise, penalty=1e-6 * weak)
    limit = r2 * lost, noise * inverse
    assert lab.identical(limit, found[:2], relative=1e-9, refutes={"d - m for d - m - 1": (r2 * lost, noise * low / spare)}, question="their limit")
    found = theory.ridge_risk_exact(m * k, d, k, r2, noise, penalty=strong)
    seen = (1 - found.bias_squared / r2) * strong * d, found.variance / noise * strong**2, (trace - found.variance / noise * strong**2) * strong
    wrong = {"tr A alone": (2 * trace, trace, 2 * trace**2 / low), "tr A = m": (2 * m, m, 2 * m**2)}
    for j, value in enumerate((2 * trace, trace, 2 * of_square)):
        misread = {label: other[j] for label, other in wrong.items() if label == "tr A = m" or j == 2}
        assert lab.identical(value, seen[j], relative=1e-4 if j < 2 else 0.02, refutes=misread, question="moments at large penalties")
    nothing, weight_zero = theory.ridge_risk_exact(m * k, d, k, r2, noise, penalty=0.0), theory.interpolation_risk_exact(m * k, d, k, 0.0, r2, noise)
    assert lab.identical(
        nothing[:3], weight_zero[:3], relative=1e-14, refutes={"at the best penalty": theory.ridge_risk_exact(m * k, d, k, r2, noise)[:3]}
    )
    silent = theory.ridge_risk_exact(m * k, d, k, 0.0, noise)
    assert lab.identical(silent[:3], np.zeros(3), absolute=1e-300, refutes={"with a signal": nothing[:3]}, question="no signal, no risk")


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
    # In the limit: without noise the directions that the bags miss are lost, and without signal nothing is.
    c, r2, noise = np.array([0.4, 0.9, 1.0, 1.6]), np.array([[1.3], [0.0], [0.0]]), np.array([[0.0], [0.7], [0.0]])
    seen = np.outer([1.3, 0.0, 0.0], np.maximum(1 - c, 0))
    wrong = {"some is lost with more bags than features too": np.outer([1.3, 0.0, 0.0], np.abs(1 - c)), "nothing is lost": 0.0}
    assert lab.identical(theory.ridge_risk_limit(5 * c, 5, r2, noise), seen, absolute=1e-14, refutes=wrong, question="without noise, without signal")
    # Little noise: with more bags than features what is left is the variance of the bag level, with fewer the lost share and that of least norm.
    few, many = theory.ridge_risk_limit(5 * c[[0, 3]], 5, 1.3, 1e-13)
    wrong = {"all directions": 1e-13, "c for c - 1": 1e-13 / 1.6}
    assert lab.identical(many, 1e-13 / 0.6, relative=1e-9, refutes=wrong, question="little noise, many bags")
    assert lab.identical(few, 1.3 * 0.6 + 1e-13 * 0.4 / 0.6, relative=2e-15, refutes={"no share is lost": 1e-13}, question="little noise, few bags")


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
@pytest.mark.parametrize(
    ("psi", "k", "r2", "noise"), [(6.0, 3, 1.0, 1.0), (2.0, 4, 1.4, 0.5), (5.0, 5, 0.6, 2.0), (0.75, 3, 1.0, 0.8), (6.0, 4, 0.12, 0.05)]
)
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
