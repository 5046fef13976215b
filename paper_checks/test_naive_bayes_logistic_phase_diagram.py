"""arXiv:2302.02334: how the sample size of naive Bayes grows with the dimension depends on how the signal does, and is never a logarithm.

d features of equal gap, delta^2 = c d^alpha, known variances, m/2 points of either class with m real; the exact expected error is eps at m_eps(d).
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# NB-9 ------------------------------------------------------------------------------------------------------------------------------------

phase_diagram = claim(
    "NB-9",
    kind="rate",
    statement="With delta^2 = c d^alpha naive Bayes needs m of order d^(1 - 2 alpha) for alpha < 1/2 and a constant at 1/2: never log d.",
    tex=r"m_\varepsilon(d)\sim d^{\max(0,1-2\alpha)};\quad \alpha=0:\ \tfrac{m_\varepsilon}{d}\to\tfrac{16z^2}{c^2-4cz^2};\quad "
    r"\alpha=\tfrac12:\ c^2m^2=16z^2(m+1);\quad \tfrac dm\to\gamma:\ \mathbb E R\to\Phi\Big(-\tfrac{\delta^2/2}{\sqrt{\delta^2+4\gamma}}\Big)",
    source="derived here",
)


def real_size(target: float, strength: float, alpha: float, dimension: int) -> float:
    """Return m_eps(d)."""
    return theory.naive_bayes_real_sample_size(target, [math.sqrt(strength * dimension ** (alpha - 1.0))], [dimension])


def error(distance: float, dimension: int, sample_size: float, variance: str = "known") -> float:
    """Return the exact expected error with m/2 points of either class."""
    groups = [distance / math.sqrt(dimension)], [dimension]
    return float(theory.naive_bayes_expected_error(*groups, sample_size / 2, sample_size / 2, variance=variance))


@phase_diagram
@pytest.mark.parametrize(
    ("alpha", "strength", "dimensions", "expected"),
    [
        (0.0, 16.0, (10**2, 10**3, 10**4, 10**5), (55.4309, 525.784, 5228.52, 52255.8)),
        (0.5, 2.0, (10**3, 10**4, 10**5, 10**6), (14.33, 12.47, 11.97, 11.81)),
        (0.75, 2.5, (10**2, 10**3, 10**4), (2.0, 2.0, 2.0)),
    ],
)
def test_values_at_one_in_twenty(lab: Laboratory, alpha: float, strength: float, dimensions: tuple[int, ...], expected: tuple[float, ...]) -> None:
    """m_.05(d) itself, by the exact error; it is the error there."""
    sizes = [real_size(0.05, strength, alpha, d) for d in dimensions]
    wrong = {"like log d from the first": sizes[0] * np.log(dimensions) / np.log(dimensions[0])}
    assert lab.identical(sizes, expected, relative=4e-4, refutes=wrong, question=f"m_.05 at alpha = {alpha:g}")
    for d, m in zip(dimensions, sizes, strict=True):
        if m > 2.0:
            distance = math.sqrt(strength * d**alpha)
            more = {"a tenth more points": error(distance, d, 1.1 * m)}
            assert lab.identical(error(distance, d, m), 0.05, absolute=1e-12, refutes=more, question="the error there")
            if d <= 1000:
                witness = simulate.conditioned_class_error(distance, d, m / 2, m / 2, nodes=600)
                assert lab.identical(witness, 0.05, absolute=1e-7, refutes=more, question="and by quadrature over the fitted means")


@phase_diagram
@pytest.mark.parametrize(
    ("alpha", "strength", "margin"), [(0.0, 16.0, 0.001), (0.1, 12.0, 0.04), (0.25, 8.0, 0.02), (0.4, 4.0, 0.02), (0.5, 2.0, 0.02), (0.75, 2.5, 0.02)]
)
def test_exponents(lab: Laboratory, alpha: float, strength: float, margin: float) -> None:
    """The local exponent from d = 10^5 to 10^6 and, by the normal approximation that the exact sizes approach, from 10^13 to 10^15."""
    exponent, dimensions = theory.naive_bayes_sample_size_exponent(alpha), (10**5, 10**6)
    sizes = [real_size(0.05, strength, alpha, d) for d in dimensions]
    local = math.log(sizes[1] / sizes[0]) / math.log(10.0)
    wrong = {"1 - alpha": 1.0 - alpha, "d": 1.0, "log d": 1.0 / math.log(10**5.5), "max(0, 1 - 3 alpha)": max(0.0, 1.0 - 3.0 * alpha)}
    told = {label: value for label, value in wrong.items() if abs(value - exponent) > 2 * margin}
    assert lab.exact(local).agrees_with(exponent, absolute=margin, refutes=told)
    if alpha < 0.5:
        large = 10.0 ** np.array([13.0, 14.0, 15.0])
        approximate = theory.naive_bayes_normal_sample_size(0.05, np.sqrt(strength * large**alpha), large)
        assert lab.limit(
            large, approximate, order=-exponent, within=0.01, refutes={"log d": -1.0 / math.log(1e14), "constant": 0.0}, question="m grows"
        )


@phase_diagram
@pytest.mark.parametrize(("alpha", "strength", "first"), [(0.0, 16.0, 3), (0.1, 12.0, 7), (0.25, 8.0, 6), (0.4, 4.0, 7)])
def test_a_power_and_no_logarithm(lab: Laboratory, alpha: float, strength: float, first: int) -> None:
    """The curvature of log m in log d vanishes over three decades, that of m in log d does not: "log d at alpha = 0" is refuted."""
    dimensions = [10**power for power in range(first, first + 4)]
    sizes = [lab.exact(real_size(0.05, strength, alpha, d)) for d in dimensions]
    assert lab.grows_like("power", dimensions, sizes, within=0.1)


@phase_diagram
@pytest.mark.parametrize(("target", "strength"), [(0.05, 16.0), (0.1, 9.0), (0.2, 4.0)])
def test_a_fixed_signal_costs_points_in_proportion(lab: Laboratory, target: float, strength: float) -> None:
    """At alpha = 0 m/d tends to 16 z^2/(c^2 - 4 c z^2), at order 1/d; the whole signal stays the same and every feature must be measured."""
    d, z2 = np.array([10**3, 10**4, 10**5]), float(ndtri(target)) ** 2
    ratios = np.array([real_size(target, strength, 0.0, int(each)) for each in d]) / d
    rate = theory.naive_bayes_linear_sample_rate(target, strength)
    assert lab.limit(d, ratios - rate, order=1.0, within=0.02, refutes={"d^-1/2": 0.5, "d^-2": 2.0}, question="m/d approaches its limit")
    wrong = {
        "without the test point's noise, 16 z^2/c^2": 16 * z2 / strength**2,
        "variance delta^2 + 2 gamma": rate / 2,
        "fewer than one per cent": 0.01,
    }
    wrong["z for z^2"] = 16 * math.sqrt(z2) / (strength**2 - 4 * strength * z2)
    assert lab.exact(float(ratios[-1])).agrees_with(rate, relative=1e-3, refutes=wrong)
    approximate = theory.naive_bayes_normal_sample_size(target, math.sqrt(strength), d)
    assert lab.limit(d, approximate / (ratios * d) - 1, order=1.0, within=0.02, refutes={"d^-1/2": 0.5, "d^-2": 2.0}, question="normal approximation")


@phase_diagram
@pytest.mark.parametrize("strength", [4.0, 16.0])
def test_no_sample_beats_the_best_classifier(lab: Laboratory, strength: float) -> None:
    """At alpha = 0 the rate is finite only for targets above Phi(-sqrt(c)/2), and diverges there: with m = 10^9 the error is still above it."""
    best = float(ndtr(-0.5 * math.sqrt(strength)))
    targets = best * (1.0 + np.array([1e-3, 1e-4, 1e-5]))
    rates = theory.naive_bayes_linear_sample_rate(targets, strength)
    assert lab.limit([1e3, 1e4, 1e5], 1 / rates, order=1.0, within=0.02, refutes={"no divergence": 0.0, "of order 2": 2.0}, question="rate diverges")
    assert np.isinf(theory.naive_bayes_linear_sample_rate(best * (1 - 1e-9), strength))
    excess = error(math.sqrt(strength), 100, 1e9) - best
    assert lab.exact(excess).inside(0.0, 1e-7, refutes={"below": -1e-9, "far above": 1e-3})
    with pytest.raises(ValueError, match="no sample size reaches"):
        theory.naive_bayes_real_sample_size(best, [math.sqrt(strength) / 10], [100])


@phase_diagram
@pytest.mark.parametrize(("target", "strength"), [(0.05, 2.0), (0.2, 1.0), (0.01, 3.0)])
def test_a_constant_sample_size(lab: Laboratory, target: float, strength: float) -> None:
    """At alpha = 1/2 the positive root of c^2 m^2 = 16 z^2 (m + 1), approached at order d^-1/2, whatever d."""
    d, z2 = np.array([10**4, 10**5, 10**6]), float(ndtri(target)) ** 2
    sizes = np.array([real_size(target, strength, 0.5, int(each)) for each in d])
    limit = theory.naive_bayes_constant_sample_size(target, strength)
    assert lab.limit(
        d, sizes - limit, order=0.5, within=0.03, refutes={"d^-1": 1.0, "no limit": 0.0, "d^-1/4": 0.25}, question="m approaches its limit"
    )
    # Extrapolated in d^-1/2 the last two leave an error of order 1/d.
    extrapolated = (math.sqrt(10.0) * sizes[2] - sizes[1]) / (math.sqrt(10.0) - 1.0)
    wrong = {
        "drops the + 1, 16 z^2/c^2": 16 * z2 / strength**2,
        "half the noise": theory.naive_bayes_constant_sample_size(target, strength * math.sqrt(2)),
    }
    assert lab.exact(extrapolated).agrees_with(limit, relative=2e-3, refutes=wrong)
    approximate = theory.naive_bayes_normal_sample_size(target, np.sqrt(strength * d**0.5), d)
    assert lab.limit(d, approximate - sizes, order=1.0, within=0.05, refutes={"d^-1/2": 0.5, "no limit": 0.0}, question="normal approximation")
    root = np.roots([strength**2, -16 * z2, -16 * z2]).max()
    assert lab.identical(limit, root, relative=1e-12, refutes=wrong, question="root of the quadratic")


@phase_diagram
@pytest.mark.parametrize(("alpha", "strength"), [(0.6, 1.5), (0.75, 2.5), (1.0, 0.3)])
def test_a_strong_signal_needs_two_points(lab: Laboratory, alpha: float, strength: float) -> None:
    """For alpha > 1/2 m falls until one point of either class is enough, in the paper's simulation (alpha = 1) as well."""
    dimensions = (100, 1000, 10**4, 10**6)
    sizes = np.array([real_size(0.05, strength, alpha, d) for d in dimensions])
    assert lab.exact(float(sizes[-1])).agrees_with(2.0, absolute=1e-9, refutes={"grows": float(sizes[0]) * 3.0})
    assert lab.exact(float(np.diff(sizes).max())).at_most(0.0, tightness=0.0, refutes={"log d": math.log(10.0)})
    fewest = error(math.sqrt(strength * 10.0 ** (6 * alpha)), 10**6, 2.0)
    assert lab.exact(fewest).less_than(0.05, refutes={"chance": 0.5})


@phase_diagram
@pytest.mark.parametrize("key", range(6))
def test_proportional_limit(lab: Laboratory, key: int) -> None:
    """d/m = gamma at a fixed distance: the exact error approaches the limit at order 1/d. At (2, 1) the coefficient is .1167."""
    rng = np.random.default_rng([lab.seed, key])
    distance, gamma = (2.0, 1.0) if key == 0 else (float(rng.uniform(1.0, 4.0)), float(rng.uniform(0.2, 3.0)))
    d = np.array([1000, 2000, 4000, 8000])
    errors = np.array([error(distance, int(each), each / gamma) for each in d])
    limit = theory.naive_bayes_proportional_limit(distance, gamma)
    assert lab.limit(d, errors - limit, order=1.0, within=0.05, refutes={"d^-1/2": 0.5, "d^-2": 2.0}, question="error approaches its limit")
    half = 0.5 * distance**2
    wrong = {
        "variance delta^2 + 2 gamma": float(ndtr(-half / math.sqrt(distance**2 + 2 * gamma))),
        "variance delta^2 + gamma": float(ndtr(-half / math.sqrt(distance**2 + gamma))),
        "without the test point's noise": float(ndtr(-half / math.sqrt(4 * gamma))),
        "the best classifier": float(ndtr(-0.5 * distance)),
        "m/d for d/m": theory.naive_bayes_proportional_limit(distance, 1 / gamma) if gamma != 1.0 else 0.5,
    }
    told = {label: value for label, value in wrong.items() if abs(value - limit) > 1e-3}
    assert len(told) >= 3
    assert lab.exact(float(2 * errors[-1] - errors[-2])).agrees_with(limit, absolute=1e-5, refutes=told)
    if key == 0:
        assert lab.exact(float(2000 * (errors[1] - limit))).agrees_with(0.1167, absolute=1e-4, refutes={"exact at finite d": 0.0})


@phase_diagram
def test_proportional_limit_of_other_rules(lab: Laboratory) -> None:
    """Pooled variances and random labels have the same limit; only its approach is slower, by the coefficient of 1/d."""
    d, limit = np.array([100, 200, 400, 800]), theory.naive_bayes_proportional_limit(2.0, 1.0)
    known, pooled = (np.array([error(2.0, int(each), float(each), variance) for each in d]) for variance in ("known", "pooled"))
    labels = np.array([theory.naive_bayes_expected_error_random_counts([2 / math.sqrt(each)], [each], each, variance="known") for each in d.tolist()])
    for errors, coefficient in ((known, 0.11655), (pooled, 0.33645), (labels, 0.3914)):
        assert lab.limit(d, errors - limit, order=1.0, within=0.02, refutes={"d^-1/2": 0.5, "no limit": 0.0}, question="error approaches its limit")
        others = {f"coefficient {other}": other for other in (0.11655, 0.33645, 0.3914) if other != coefficient}
        assert lab.exact(float(800 * (errors[-1] - limit))).agrees_with(coefficient, absolute=3e-3, refutes=others)


@phase_diagram
@pytest.mark.parametrize(("distance", "dimension", "sample_size"), [(2.0, 2000, 2000), (3.0, 2000, 500)])
def test_fitted_rules_in_the_proportional_regime(lab: Laboratory, distance: float, dimension: int, sample_size: int) -> None:
    """Fitted rules in 2000 dimensions against the bare limit."""
    run = lab.run(
        simulate.sample_naive_bayes_error,
        gaps=(distance / math.sqrt(dimension),),
        multiplicities=(dimension,),
        variance="known",
        class_counts=(sample_size // 2, sample_size // 2),
    )
    gamma = dimension / sample_size
    wrong = {
        "the best classifier": float(ndtr(-0.5 * distance)),
        "variance delta^2 + 2 gamma": float(ndtr(-0.5 * distance**2 / math.sqrt(distance**2 + 2 * gamma))),
        "without the test point's noise": float(ndtr(-0.5 * distance**2 / math.sqrt(4 * gamma))),
    }
    assert run.mean("error").agrees_with(theory.naive_bayes_proportional_limit(distance, gamma), absolute=0.002, refutes=wrong)


@phase_diagram
@pytest.mark.parametrize("key", range(3))
def test_sizes_solve_their_equations(lab: Laboratory, key: int) -> None:
    """Random targets, signals weak and strong, from one feature to 10^12: each closed size put back into the equation that it solves."""
    rng = np.random.default_rng([lab.seed, 40 + key])
    target, square = rng.uniform(0.01, 0.45, 20), np.exp(rng.uniform(np.log(0.05), np.log(60.0), 20))
    d, z2 = np.floor(10 ** rng.uniform(0, 12, 20)), ndtri(target) ** 2
    d[:3] = 1.0
    room = square > 4 * z2 * (1 + 1e-3)
    m = theory.naive_bayes_normal_sample_size(target, np.sqrt(square), d)
    assert lab.identical(np.isinf(m).astype(float), (square <= 4 * z2).astype(float), absolute=0.5, refutes={"always reached": 0.0, "never": 1.0})
    m, c, n, z = m[room], square[room], d[room], z2[room]
    right = z * (c * (1 + 2 / m) + 4 * n / m * (1 + 1 / m))
    wrong = {"without 2/m": z * (c + 4 * n / m * (1 + 1 / m)) / right, "2d/m": z * (c * (1 + 2 / m) + 2 * n / m * (1 + 1 / m)) / right}
    assert lab.identical(0.25 * c**2 / right, np.ones(m.size), absolute=1e-9, refutes=wrong, question="the normal size")
    constant, strength = theory.naive_bayes_constant_sample_size(target, square), square
    left, right = strength**2 * constant**2, 16 * z2 * (constant + 1)
    assert lab.identical(left / right, np.ones(20), absolute=1e-11, refutes={"m for m + 1": 16 * z2 * constant / right}, question="the constant size")
    rate = theory.naive_bayes_linear_sample_rate(target, square)
    reached = theory.naive_bayes_proportional_limit(np.sqrt(square[room]), 1 / rate[room])
    wrong = {"half the points": theory.naive_bayes_proportional_limit(np.sqrt(square[room]), 2 / rate[room]) / target[room]}
    assert lab.identical(reached / target[room], np.ones(m.size), absolute=1e-9, refutes=wrong, question="the rate")
    assert lab.identical(np.isinf(rate).astype(float), (square <= 4 * z2).astype(float), absolute=0.5, refutes={"always": 0.0}, question="if at all")
    gamma = rng.uniform(0.01, 5.0, 20)
    limit = theory.naive_bayes_proportional_limit(np.sqrt(square), gamma)
    by_mean = norm.sf(0.5 * square / np.sqrt(square + 4 * gamma))
    wrong = {"gamma for 4 gamma": norm.sf(0.5 * square / np.sqrt(square + gamma)), "no noise": norm.sf(0.5 * np.sqrt(square))}
    assert lab.identical(limit, by_mean, absolute=1e-14, refutes=wrong, question="the limit")
    ends = theory.naive_bayes_proportional_limit([0.0, 0.0, 1.7], [0.0, 2.0, 0.0])
    assert lab.identical(
        ends, [0.5, 0.5, norm.sf(0.85)], absolute=1e-15, refutes={"a coin at the end": [0.5] * 3}, question="no signal, no dimension"
    )


@phase_diagram
def test_exponent_of_every_signal(lab: Laboratory) -> None:
    """From the normal sizes at d = 10^13 and 10^15, for alpha from 0 to 1/2; 0 beyond."""
    alphas = np.array([0.0, 0.12, 0.2, 0.3, 0.5, 0.7, 1.0])
    claimed, seen = theory.naive_bayes_sample_size_exponent(alphas), []
    for alpha in alphas[:4].tolist():
        sizes = theory.naive_bayes_normal_sample_size(0.05, np.sqrt(40.0 * 10.0 ** (np.array([13.0, 15.0]) * alpha)), [10**13, 10**15])
        seen.append(math.log10(sizes[1] / sizes[0]) / 2)
    wrong = {"1 - alpha": 1 - alphas, "1 - 3 alpha": np.maximum(1 - 3 * alphas, 0.0)}
    assert lab.identical(claimed, [*seen, 0.0, 0.0, 0.0], absolute=0.002, refutes=wrong)
