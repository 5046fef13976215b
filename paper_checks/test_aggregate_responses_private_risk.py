"""arXiv:2401.11081, the price of label privacy: risk of the interpolating estimator on noisy bag averages, and the best bag size.

n sample_size, d dimension, k bag_size, rho weight, r2 squared_signal_norm, sigma^2 noise_variance, psi samples_per_feature, T clip, epsilon,
b = 2T/(k epsilon) laplace_scale, D2 = 8 T^2/epsilon^2 the noise variance on a bag of one, V the limiting variance per unit of noise variance.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from theorylab.laboratory import Laboratory
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.pytest_plugin import claim
from theorylab.quantities import Quantity

PAPER = "arXiv:2401.11081"
C = 2.05


def growing_clip(sample_size: float) -> float:
    """Return the paper's T = C sqrt(log n), with C^2 > 2 (1 + sigma^2) at sigma^2 <= 1."""
    return C * math.sqrt(math.log(sample_size))


# AGG-14 ----------------------------------------------------------------------------------------------------------------------------------

private_risk = claim(
    "AGG-14",
    kind="optimum",
    statement="Privacy noise acts like the label noise D2/k; it makes bags of one best at weight 0, bags of k* at weight 1, and a jump between.",
    tex=r"r^2\,\mathrm{bias}^2+\Big(\sigma^2+\frac{8T^2}{k\varepsilon^2}\Big)V(\psi,k,\rho),\qquad "
    r"\frac{\mathrm{risk}}{\log n}\to\frac{8C^2V}{k\varepsilon^2}\ (T=C\sqrt{\log n})",
    source=f"{PAPER} (private risk, jump of the best bag size); the constants and bag sizes derived here",
)


@private_risk
@pytest.mark.parametrize(
    ("n", "d", "k", "weight", "r2", "noise", "clip", "epsilon"),
    [
        (60, 10, 3, 1.0, 1.0, 0.5, growing_clip(60), 2.0),
        (120, 20, 4, 0.3, 1.0, 0.6, growing_clip(120), 3.0),
        (48, 6, 2, 0.0, 2.3, 0.4, 7.5, 6.0),
        (40, 5, 5, 0.6, 0.5, 1.2, 6.0, 9.0),
    ],
)
def test_private_risk_on_raw_releases(
    lab: Laboratory, n: int, d: int, k: int, weight: float, r2: float, noise: float, clip: float, epsilon: float
) -> None:
    """Labels, clip, bag averages, Laplace noise, minimisation, word for word; the theory leaves the clipping out."""
    sizes, setting = (n, d, k, weight, r2), {"squared_signal_norm": r2, "noise_variance": noise, "clip": clip}
    run = lab.run(
        simulate.sample_private_risk,
        sample_size=n,
        dimension=d,
        bag_size=k,
        weight=weight,
        **setting,
        laplace_scale=theory.laplace_scale(clip, k, epsilon),
        statistics=("risk",),
    )
    claimed = theory.private_risk_exact(*sizes, noise, clip, epsilon)
    added = theory.private_noise_variance(clip, k, epsilon) * claimed.variance / (noise + theory.private_noise_variance(clip, k, epsilon))
    wrong = {
        "half the Laplace scale": theory.private_risk_exact(*sizes, noise, clip / 2, epsilon).risk,
        "D2/k^2 for D2/k": claimed.risk - added + added / k,
        "D2 for D2/k": claimed.risk - added + added * k,
        "variance b^2 of a Laplace variable": claimed.risk - added / 2,
        "no price": claimed.risk - added,
    }
    assert run.mean("risk").agrees_with(claimed.risk, relative=0.04 if lab.scale == "quick" else 0.015, refutes=wrong)


@private_risk
@pytest.mark.parametrize(
    ("psi", "k", "weight", "r2", "noise", "unit"), [(6, 3, 0.3, 1.7, 0.6, 5.0), (4, 2, 1.0, 0.5, 1.3, 9.0), (8, 4, 0.0, 1, 2, 3)]
)
def test_private_risk_approaches_its_limit(lab: Laboratory, psi: int, k: int, weight: float, r2: float, noise: float, unit: float) -> None:
    """At a fixed clip, at order 1/d; in both, the noise D2/k is added to sigma^2, as a bag average sees it."""
    clip, epsilon = math.sqrt(unit / 8) * 1.6, 1.6
    dimensions = np.array([8, 16, 32, 64]) if lab.scale == "quick" else np.array([10, 20, 40, 80, 120])
    exact = np.array([theory.private_risk_exact(psi * d, d, k, weight, r2, noise, clip, epsilon).risk for d in dimensions.tolist()])
    limit = theory.private_risk_limit(psi, k, weight, r2, noise, clip, epsilon)
    assert lab.limit(dimensions, exact - limit.risk, order=1.0, within=0.12, refutes={"d^-1/2": 0.5, "d^-2": 2.0})
    plain = theory.asymptotic_risk(psi, k, weight, r2, noise + unit / k)
    wrong = {
        label: theory.asymptotic_risk(psi, k, weight, r2, noise + added).risk
        for label, added in (("half the scale", unit / (4 * k)), ("D2/k^2", unit / k**2), ("D2", unit), ("no noise", 0.0))
    }
    assert lab.identical(limit.risk, plain.risk, relative=1e-13, refutes=wrong)
    scale = theory.laplace_scale(clip, k, epsilon)
    assert lab.identical(
        theory.private_noise_variance(clip, k, epsilon), k * 2 * scale**2, relative=1e-13, refutes={"b^2": k * scale**2, "2 b^2": 2 * scale**2}
    )


@private_risk
@pytest.mark.parametrize(("psi", "k", "weight", "epsilon"), [(6.0, 5, 0.3, 1.3), (3.0, 2, 1.0, 0.8), (12.0, 4, 0.0, 2.0)])
def test_leading_order_in_log_n(lab: Laboratory, psi: float, k: int, weight: float, epsilon: float) -> None:
    """Risk / log n with T = C sqrt(log n) approaches 8 C^2 V / (k epsilon^2), the rest being of order 1 / log n."""
    logarithms = np.array([1e2, 1e3, 1e4])
    ratios = theory.private_risk_limit(psi, k, weight, 1.4, 0.7, C * np.sqrt(logarithms), epsilon).risk / logarithms
    claimed = theory.leading_order_private_risk(psi, k, weight, C, epsilon)
    assert lab.limit(logarithms, ratios - claimed, order=1.0, within=0.01, refutes={"1 / log^2 n": 2.0, "1 / sqrt(log n)": 0.5})
    v = theory.asymptotic_risk(psi, k, weight).variance
    wrong = {"2 C^2 V / (k epsilon^2), as quoted": 2 * C**2 * v / (k * epsilon**2), "V / k^2": claimed / k}
    assert lab.identical(claimed, 8 * C**2 * v / (k * epsilon**2), relative=1e-13, refutes=wrong)


@private_risk
def test_single_labels_are_best_at_the_bag_level(lab: Laboratory) -> None:
    """At weight 0 the risk is (k sigma^2 + D2) / (psi - k), increasing in k whatever the privacy."""
    rng = np.random.default_rng([lab.seed, 14, 0])
    for _ in range(20):
        psi, noise, clip, epsilon = rng.uniform([5.5, 0.1, 0.2, 0.3], [30.0, 3.0, 4.0, 4.0])
        k = np.arange(1, math.ceil(psi))
        unit = theory.unit_bag_noise_variance(clip, epsilon)
        risk = theory.private_risk_limit(psi, k, 0.0, 1.0, noise, clip, epsilon).risk
        wrong = {"D2 / 4": (k * noise + unit / 4) / (psi - k), "D2 / k": (k * noise + unit / k) / (psi - k)}
        assert lab.identical(risk, (k * noise + unit) / (psi - k), relative=1e-12, refutes=wrong)
        assert lab.exact(float(np.diff(risk).min())).greater_than(0.0, refutes={"all bag sizes are alike": 0.0})


@private_risk
def test_bag_sizes_on_raw_releases(lab: Laboratory) -> None:
    """At n = 120, d = 20, D2 = 20: single labels beat bags of three at weight 0, and lose to bags of six by a factor of four at weight 1."""
    clip = 6.0
    epsilon = clip * math.sqrt(8 / 20)

    def mean_risk(k: int, weight: float) -> Quantity:
        scale = theory.laplace_scale(clip, k, epsilon)
        run = lab.run(
            simulate.sample_private_risk,
            sample_size=120,
            dimension=20,
            bag_size=k,
            weight=weight,
            clip=clip,
            laplace_scale=scale,
            statistics=("risk",),
        )
        return run.mean("risk")

    single, six, three = mean_risk(1, 1.0), mean_risk(6, 1.0), mean_risk(3, 0.0)
    assert (single / six).inside(4.0, 7.0, refutes={"aggregation does not help": 1.0, "as the noise per bag, k^2": 36.0})
    assert (three - single).greater_than(1.0, refutes={"aggregation helps at weight 0": -1.0, "it makes no difference": 0.0})


@private_risk
@pytest.mark.parametrize(("unit", "best", "integer"), [(2.0, 1.5, 2), (20.0, 6.0, 6), (200.0, 51.0, 51)])
def test_best_bag_size_at_the_instance_level(lab: Laboratory, unit: float, best: float, integer: int) -> None:
    """At psi = 6, r2 = sigma^2 = 1: k* = 1.5, 6, 51 at D2 = 2, 20, 200; far from k = 1 and from the largest bag."""
    found = theory.optimal_bag_size_instance_level(6.0, 1.0, 1.0, unit)
    quartered = theory.optimal_bag_size_instance_level(6.0, 1.0, 1.0, unit / 4)
    wrong = {"single labels are best": 1.0, "half the scale": quartered.real_optimum}
    assert lab.identical(best, found.real_optimum, relative=1e-13, refutes=wrong)
    assert lab.identical(integer, found.bag_size, absolute=0.5, refutes={"one more": integer + 1, "one less": integer - 1})


@private_risk
def test_bag_size_optimum_against_a_parabola_and_brute_force(lab: Laboratory) -> None:
    """In t = 1/k the risk at weight 1 is a quadratic: read off three bag sizes, tested on others; the vertex, and the best integer up to 400."""
    rng = np.random.default_rng([lab.seed, 14, 1])
    sizes = np.arange(1, 401)
    claimed, seen, vertices, fitted, wrong_vertices, deviations = [], [], [], [], [], []
    while len(claimed) < 60:
        psi, r2, noise, unit = 1.05 + 10 ** rng.uniform(-1, 1.3), 10 ** rng.uniform(-1, 1), 10 ** rng.uniform(-1, 1), 10 ** rng.uniform(-1, 2)
        epsilon = math.sqrt(8.0 / unit)
        risk = theory.private_risk_limit(psi, sizes, 1.0, r2, noise, 1.0, epsilon).risk
        curvature, slope, constant = np.linalg.solve(np.vander(1.0 / sizes[:3]), risk[:3])
        deviations.append((curvature / sizes**2 + slope / sizes + constant) / risk - 1)
        found = theory.optimal_bag_size_instance_level(psi, r2, noise, unit, largest_bag_size=400)
        claimed.append(found.bag_size)
        seen.append(sizes[risk.argmin()])
        vertex = -2 * curvature / slope if curvature > 0 and slope < 0 else math.inf
        if curvature > 0:
            vertices.append(found.real_optimum)
            wrong_vertices.append(theory.optimal_bag_size_instance_level(psi, r2, noise, unit / 4, largest_bag_size=400).real_optimum)
            fitted.append(min(max(vertex, 1.0), 400.0))
    wrong = {"always the largest": np.full(60, 400.0), "always one": np.ones(60)}
    assert lab.identical(claimed, seen, absolute=0.5, refutes=wrong, question="the best integer")
    assert lab.identical(vertices, fitted, relative=1e-7, refutes={"half the scale": wrong_vertices}, question="the vertex")
    assert lab.identical(
        np.zeros(400), np.abs(deviations).max(axis=0), absolute=1e-9, refutes={"off by a millionth": 1e-6}, question="a quadratic in 1/k"
    )
    tried = np.arange(1.05, 1.5, 0.005)
    stepped = np.array([theory.optimal_bag_size_instance_level(6.0, 1.0, 1.0, 4.0 * k - 4.0).bag_size for k in tried])
    risks = np.array([theory.private_risk_limit(6.0, sizes[:3], 1.0, 1.0, 1.0, 1.0, math.sqrt(8 / (4 * k - 4))).risk for k in tried])
    assert lab.identical(
        stepped,
        sizes[risks.argmin(axis=1)],
        absolute=0.5,
        question="k = 2 beats k = 1 iff k* > 4/3",
        refutes={"k* rounded": np.round(tried), "k* > 1 suffices": np.full(tried.size, 2.0)},
    )
    assert lab.identical(stepped, 1.0 + (tried > 4 / 3), absolute=0.5, refutes={"k* > 3/2": 1.0 + (tried > 3 / 2)})


@private_risk
@pytest.mark.parametrize("psi", [1.2, 1.4, 1.9])
def test_below_two_samples_per_feature_one_of_the_ends_is_best(lab: Laboratory, psi: float) -> None:
    """Without privacy the parabola is concave for psi < 2: single labels if SNR > 1/(psi - 1), else bags as large as possible."""
    snr = np.array([0.95, 1.05]) / (psi - 1)
    found = theory.optimal_bag_size_instance_level(psi, snr, 1.0)
    wrong = {"the vertex": (2 * psi - 3 - 1 / snr) / (2 * (psi - 2)), "the other end": [1.0, 0.0]}
    for best in found:
        assert lab.identical(1 / best, [0.0, 1.0], absolute=1e-12, refutes=wrong)


@private_risk
def test_aggregation_without_privacy_needs_a_weaker_signal(lab: Laboratory) -> None:
    """Without privacy a real k > 1 is best iff SNR < 1, but an integer k > 1 beats k = 1 iff SNR < 2/psi."""
    rng = np.random.default_rng([lab.seed, 14, 2])
    psi, snr = rng.uniform(2.1, 20.0, size=400), np.exp(rng.uniform(np.log(0.02), np.log(3.0), size=400))
    bags = np.arange(2, 40)
    single = theory.instance_level_risk_limit(psi, 1, snr, 1.0).risk
    best = theory.instance_level_risk_limit(psi[:, None], bags, snr[:, None], 1.0).risk.min(axis=1)
    threshold = (snr < 2 / psi).astype(float)
    assert lab.identical(threshold, best < single, absolute=0.5, refutes={"SNR < 1": snr < 1.0, "SNR < 1/psi": snr < 1 / psi})
    two = theory.instance_level_risk_limit(psi, 2, snr, 1.0).risk
    assert lab.identical(threshold, two < single, absolute=0.5, refutes={"k = 2 never wins": np.zeros(400)}, question="then k = 2 does")
    real = theory.optimal_bag_size_instance_level(psi, snr, 1.0).real_optimum
    assert lab.identical(snr < 1.0, real > 1.0, absolute=0.5, refutes={"SNR < 2/psi": threshold})
    values = theory.instance_level_risk_limit(6.0, np.array([1, 2, 3]), 0.5, 1.0).risk
    assert lab.identical([0.2, 0.25, 14 / 45], values, relative=1e-12, refutes={"k = 2 wins, since SNR < 1": [0.2, 0.19, 14 / 45]})


def weight_from_quadratic(psi: float, k: int) -> float:
    """Return rho_c as the positive root of the quadratic that V(psi, k, rho) = k/(psi-1) becomes when the fixed point is eliminated."""
    a = k**3 * (psi - 1) ** 2 + k**2 * psi * (psi - 1) * (psi - 3) - 2 * k * psi**3 + 3 * k * psi**2 + psi**3
    b = 2 * k**3 * (psi - 1) + k**2 * psi * (4 * psi - 2) + 2 * k * psi**2 * (psi - 1) - 2 * psi**3
    constant = k**3 - k**2 * psi - k * psi**2 + psi**2
    return 0.0 if constant >= 0 else (-b + math.sqrt(b * b - 4 * a * constant)) / (2 * a)


@private_risk
def test_critical_weight_is_the_root_of_a_quadratic(lab: Laboratory) -> None:
    """Reference values and random (psi, K) against the eliminated quadratic; at rho_c bags of K and single labels cost the same."""
    points = [(6.0, 5), (10.0, 5), (6.0, 2), (3.0, 5)]
    known = np.array([0.0280298, 0.0272712, 0.0575624, 0.0])
    values = np.array([theory.critical_weight(*point) for point in points])
    assert lab.identical(known, values, absolute=6e-8, refutes={"psi - 1 for psi": [theory.critical_weight(psi - 1, k) for psi, k in points]})
    rng = np.random.default_rng([lab.seed, 14, 3])
    settings = [(float(psi), int(k)) for psi, k in zip(rng.uniform(1.2, 30.0, 200), rng.integers(2, 31, 200), strict=True)]
    psi, k = (np.array(column) for column in zip(*settings, strict=True))
    claimed = theory.critical_weight(psi, k)
    roots = np.array([weight_from_quadratic(*setting) for setting in settings])
    assert lab.identical(claimed, roots, absolute=1e-11, refutes={"one sample per feature more": theory.critical_weight(psi + 1.0, k), "none": 0.0})
    inside = claimed > 0.0
    ends = theory.leading_order_private_risk(psi[inside], k[inside], claimed[inside], C, 1.3)
    single = theory.leading_order_private_risk(psi[inside], 1, claimed[inside], C, 1.3)
    slack = theory.leading_order_private_risk(psi[inside], k[inside], 0.9 * claimed[inside], C, 1.3)
    assert lab.identical(ends / single, np.ones(ends.size), relative=1e-9, refutes={"at 0.9 rho_c": slack / single})


@private_risk
def test_best_bag_size_jumps_from_one_to_the_largest(lab: Laboratory) -> None:
    """To leading order the best of {1, ..., K} is 1 below rho_c and K above, never between; over both, rho = 1 and k = K are best."""
    psi = np.array([1.2, 2.0, 3.0, 6.0, 10.0, 24.0])
    # Some of these ratios have no jump: bags of K are best at every weight above 0.
    weights = np.geomspace(1e-5, 1.0, lab.at_scale(60, 400))
    claimed, seen, last, jumps = [], [], [], []
    for largest in (2, 3, 5, 12):
        sizes = np.arange(1, largest + 1)
        risk = theory.leading_order_private_risk(psi[:, None, None], sizes, weights[:, None], C, 0.8)
        seen.append(sizes[risk.argmin(axis=-1)])
        critical = theory.critical_weight(psi, largest)[:, None]
        claimed.append(np.where(weights > critical, largest, 1))
        jumps.append(np.where(weights > 1.5 * critical, largest, 1))
        place = [np.unravel_index(np.argmin(table), table.shape) for table in risk]
        last += [(weights[row], sizes[column] / largest) for row, column in place]
        for factor, best in ((0.9, 1), (1.1, largest)):
            point = factor * theory.critical_weight(24.0, largest)
            found = theory.optimal_bag_size(24.0, point, sizes, 0.0, 0.0, 1.0)
            assert lab.identical(best, found, absolute=0.5, refutes={"another size": best % largest + 1})
    wrong = {
        "always the largest": np.stack([np.full(table.shape, table.max()) for table in seen]),
        "a later jump": np.stack(jumps),
        "single labels": 1,
    }
    assert lab.identical(np.stack(claimed), np.stack(seen), absolute=0.5, refutes=wrong)
    assert lab.identical(np.ones((24, 2)), np.array(last), absolute=1e-12, refutes={"an interior weight": 0.5, "rho = 1, k = 1": [1.0, 0.5]})


# AGG-15 ----------------------------------------------------------------------------------------------------------------------------------

hidden = claim(
    "AGG-15",
    kind="ordering",
    statement="What the leading order hides: predicting 0 wins at strong privacy, and for tuned ridge single labels are always best.",
    tex=r"\frac{r^2}{\log n}\to0;\qquad k\mapsto R_{\mathrm{ridge}}\Big(\frac{\psi}{k},\,\sigma^2+\frac{D_2}{k}\Big)\ \text{increasing}",
    source="derived here: ridge depends on n/(k sigma^2 + D2) and on the Wishart spectrum of n/k bags, whose spread grows in k",
)


@hidden
def test_null_predictor_wins_the_private_limit(lab: Laboratory) -> None:
    """Risk / log n of every (k, rho) has a positive limit, that of the predictor 0 has not."""
    sizes, weights = np.arange(1, 31), np.linspace(0.01, 1.0, 50)[:, None]
    for psi in (1.5, 6.0, 40.0):
        leading = theory.leading_order_private_risk(psi, sizes, weights, C, 3.0)
        assert lab.exact(float(leading.min())).greater_than(0.0, refutes={"some pair has a bounded risk": 0.0})
        log_n = 1.5 / float(leading.min())
        risk = theory.private_risk_limit(psi, sizes, weights, 1.0, 1.0, C * math.sqrt(log_n), 3.0).risk
        assert lab.exact(float(risk.min())).greater_than(1.0, refutes={"the null predictor's risk": 1.0})


@hidden
def test_epsilon_from_which_the_private_estimator_beats_zero(lab: Laboratory) -> None:
    """At n = 600, psi = 6, k = 5, rho = 1, C^2 = 4.2: epsilon = 2.4435, by root finding; and others."""
    clip = math.sqrt(4.2 * math.log(600))
    crossing = theory.null_predictor_epsilon(6.0, 5, 1.0, 1.0, 1.0, clip)
    assert lab.identical(2.4435, crossing, absolute=6e-5, refutes={"half the Laplace scale": crossing / 2, "C = 2.05": crossing * C / math.sqrt(4.2)})
    for psi, k, weight, r2, noise, bound in ((6.0, 5, 1.0, 1.0, 1.0, clip), (8.0, 3, 0.2, 2.0, 0.7, 3.0), (5.0, 2, 0.0, 1.5, 0.4, 6.0)):
        root = brentq(lambda e, s=(psi, k, weight, r2, noise, bound): theory.private_risk_limit(*s, e).risk - s[3], 1e-2, 1e3, xtol=1e-13)
        found = theory.null_predictor_epsilon(psi, k, weight, r2, noise, bound)
        wrong = {"half the scale": root / 2, "without label noise": theory.null_predictor_epsilon(psi, k, weight, r2, 0.0, bound)}
        assert lab.identical(found, root, relative=1e-9, refutes=wrong)
    never = theory.null_predictor_epsilon(6.0, 5, [0.1, 1.0], [[0.01], [1.0]], 1.0, 2.0)
    assert lab.identical(1.0 * np.isfinite(never), [[0, 0], [1, 1]], absolute=0.5, refutes={"strong enough epsilon always helps": 1})


@hidden
@pytest.mark.parametrize(("n", "d", "k", "weight"), [(120, 20, 5, 1.0), (60, 6, 3, 0.3)])
def test_null_predictor_on_raw_releases(lab: Laboratory, n: int, d: int, k: int, weight: float) -> None:
    """On both sides of that epsilon at finite size; the predictor 0 has risk r2 = 1."""
    clip = growing_clip(n)
    crossing = brentq(lambda epsilon: theory.private_risk_exact(n, d, k, weight, 1.0, 0.5, clip, epsilon).risk - 1.0, 0.05, 50.0)
    for factor in (0.8, 1.25):
        epsilon = factor * crossing
        run = lab.run(
            simulate.sample_private_risk,
            sample_size=n,
            dimension=d,
            bag_size=k,
            weight=weight,
            noise_variance=0.5,
            clip=clip,
            # Rounded, because it keys the stream and a root finder's last digits do not repeat everywhere.
            laplace_scale=float(f"{theory.laplace_scale(clip, k, epsilon):.6g}"),
            statistics=("risk",),
        )
        risk = run.mean("risk")
        halved = theory.private_risk_exact(n, d, k, weight, 1.0, 0.5, clip / 2, epsilon).risk
        if factor < 1.0:
            assert risk.greater_than(1.0, refutes={"half the Laplace scale": halved, "as good as 0": 1.0})
        else:
            assert risk.less_than(
                1.0, refutes={"twice the Laplace scale": theory.private_risk_exact(n, d, k, weight, 1.0, 0.5, 2 * clip, epsilon).risk}
            )


@hidden
def test_ridge_prefers_single_labels(lab: Laboratory) -> None:
    """The limit over random settings and bag sizes; at finite size from the exact Laguerre spectrum."""
    rng = np.random.default_rng([lab.seed, 15, 0])
    settings = 300
    psi, r2, noise, unit = np.exp(rng.uniform(np.log([0.3, 0.05, 0.05, 0.01]), np.log([40.0, 20.0, 20.0, 500.0]), size=(settings, 4))).T[..., None]
    risk = theory.private_ridge_risk_limit(psi, np.arange(1, 61), r2, noise, unit)
    least_growth = float((np.diff(risk, axis=1) / risk[:, 1:]).min())
    assert lab.exact(least_growth).greater_than(-1e-12, refutes={"some larger bag is better by a thousandth": -1e-3})
    assert lab.identical(np.zeros(settings), risk.argmin(axis=1), absolute=0.5, refutes={"bags of two": 1.0})
    for n, d, r2_, noise_, unit_ in ((60, 10, 1.0, 1.0, 20.0), (48, 15, 2.0, 0.3, 4.0), (36, 6, 0.5, 2.0, 100.0)):
        exact = [theory.ridge_risk_exact(n, d, k, r2_, noise_ + unit_ / k).risk for k in (1, 2, 3, 4, 6, 12)]
        assert lab.exact(float(np.diff(exact).min())).greater_than(0.0, refutes={"bag sizes are alike": 0.0})
        limits = theory.private_ridge_risk_limit(n / d, np.array([1, 2, 3, 4, 6, 12]), r2_, noise_, unit_)
        wrong = {"no privacy noise": theory.private_ridge_risk_limit(n / d, np.array([1, 2, 3, 4, 6, 12]), r2_, noise_, 0.0)}
        assert lab.identical(limits, exact, relative=0.04, refutes=wrong, question="limit against exact ridge")


@hidden
@pytest.mark.parametrize(
    ("unit", "ridge", "best", "bag_size"), [(2.0, 0.35890, 0.49392, 2), (20.0, 0.78405, 0.86667, 6), (200.0, 0.97115, 0.98431, 51)]
)
def test_best_pair_loses_to_ridge_on_single_labels(lab: Laboratory, unit: float, ridge: float, best: float, bag_size: int) -> None:
    """At psi = 6, r2 = sigma^2 = 1: the best (k, rho) uses bags and still loses to ridge on noisy single labels."""
    sizes, weights = np.arange(1, 121), np.concatenate([np.linspace(0.0, 0.02, 41), np.linspace(0.03, 1.0, 98)])[:, None]
    table = theory.private_risk_limit(6.0, sizes, weights, 1.0, 1.0, 1.0, math.sqrt(8 / unit)).risk
    row, column = np.unravel_index(np.argmin(table), table.shape)
    least_squares = theory.private_risk_limit(6.0, 1, 1.0, 1.0, 1.0, 1.0, math.sqrt(8 / unit)).risk
    assert lab.identical(best, table[row, column], absolute=1e-4, refutes={"least squares on single labels": least_squares, "ridge": ridge})
    assert lab.identical(bag_size, sizes[column], absolute=0.5, refutes={"single labels": 1, "one more": bag_size + 1})
    claimed = theory.private_ridge_risk_limit(6.0, 1, 1.0, 1.0, unit)
    assert lab.identical(ridge, claimed, absolute=6e-6, refutes={"half the scale": theory.private_ridge_risk_limit(6.0, 1, 1.0, 1.0, unit / 4)})
    assert lab.exact(claimed).less_than(float(table.min()), refutes={"least squares on single labels": least_squares})
    bagged = float(theory.private_ridge_risk_limit(6.0, sizes[1:], 1.0, 1.0, unit).min())
    lab.refutes(lab.exact(bagged).less_than(claimed), "a good private risk needs bags")
