"""arXiv:2302.02334: when logistic regression without a penalty has an estimate at all, for labels at random and for two Gaussian classes.

Mixture x = y mu + z, y = +-1, |mu| = r (half_distance), z standard normal in dimension d, m samples, kappa* the threshold of d/m.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import comb

import mpmath
import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# LR-2 ------------------------------------------------------------------------------------------------------------------------------------

existence = claim(
    "LR-2",
    kind="limit",
    statement="No finite estimate: with the probability of Cover's count for random labels; for two Gaussian classes iff d/m is above kappa*(r).",
    tex=r"P(\text{separable})=2^{1-m}\sum_{k<d}\binom{m-1}{k};\qquad \kappa^*(r)=\min_a\left[(u^2+v^2)\Phi(\tfrac uv)+uv\,\varphi(\tfrac uv)\right],"
    r"\ u=-ar,\ v=\sqrt{1+a^2};\quad \kappa^*=\Phi(-x),\ \frac{x\,\Phi(-x)}{\varphi(x)}=\frac{r^2}{1+r^2}",
    source="Cover (1965) for the count; threshold derived here by comparison of Gaussian processes, its short form too",
)


def cover(m: int, columns: int) -> float:
    """Return Cover's probability from the binomial law."""
    return float(stats.binom.cdf(columns - 1, m - 1, 0.5))


@existence
@pytest.mark.parametrize(("m", "d", "fit_intercept"), [(9, 3, False), (9, 3, True), (10, 5, False), (8, 1, True), (7, 4, True)])
def test_every_labeling_of_some_points(lab: Laboratory, m: int, d: int, fit_intercept: bool) -> None:
    """All 2^m labelings of one set of points, uniform or normal: the share that is separable is the same for every set in general position."""
    points, _ = lab.draw(simulate.draw_two_classes, 2, sample_size=m, dimension=d, half_distance=0.0)
    shares = []
    for x in (points[0], points[1] ** 3 + 0.3):
        design = np.column_stack([x, np.ones(m)]) if fit_intercept else x
        signs = itertools.product((-1.0, 1.0), repeat=m)
        shares.append(np.mean([simulate.strictly_separable(design * np.array(s)[:, None]) for s in signs]))
    exact = theory.separability_probability(m, d, fit_intercept=fit_intercept)
    columns = d + fit_intercept
    wrong = {
        "one column more": cover(m, columns + 1),
        "one column fewer": cover(m, columns - 1),
        "m for m - 1": cover(m + 1, columns),
        "half of it": exact / 2,
    }
    assert lab.identical(np.full(2, exact), shares, absolute=1e-12, refutes=wrong)


@existence
@pytest.mark.parametrize(
    ("m", "d", "fit_intercept", "margin"), [(30, 13, False, 0.05), (30, 13, True, 0.05), (50, 20, False, 0.03), (24, 12, False, 0.05)]
)
def test_cover_count_on_random_labels(lab: Laboratory, m: int, d: int, fit_intercept: bool, margin: float) -> None:
    """Gaussian features with labels that know nothing of them; d + 1 columns with an intercept. At m = 2d one half, without intercept."""
    run = lab.run(simulate.sample_separability, sample_size=m, dimension=d, half_distance=0.0, fit_intercept=fit_intercept)
    exact = theory.separability_probability(m, d, fit_intercept=fit_intercept)
    wrong = {"count of the other fit": cover(m, d if fit_intercept else d + 1), "never separable, as m > d + 1": 0.0}
    assert run.probability().agrees_with(exact, absolute=margin, refutes=wrong)
    assert lab.identical(exact, cover(m, d + fit_intercept), relative=1e-12, refutes={"k <= D": cover(m, d + fit_intercept + 1)})


@existence
def test_one_half_at_twice_as_many_samples_as_columns(lab: Laboratory) -> None:
    """Exactly 1/2 at m = 2D for every D, and a step there as D grows; 1 up to m = D."""
    sizes = np.array([1, 2, 5, 40, 300, 5000])
    assert lab.identical(
        theory.separability_probability(2 * sizes, sizes, fit_intercept=False), np.full(6, 0.5), absolute=1e-12, refutes={"m=2d-1": 0.6}
    )
    with_intercept = theory.separability_probability(2 * sizes + 2, sizes, fit_intercept=True)
    wrong = {"at m = 2d": theory.separability_probability(2 * sizes, sizes, fit_intercept=True)}
    assert lab.identical(with_intercept, np.full(6, 0.5), absolute=1e-12, refutes=wrong)
    few = theory.separability_probability(sizes + 1, sizes, fit_intercept=True)
    assert lab.identical(
        few, np.ones(6), absolute=1e-15, refutes={"without intercept": theory.separability_probability(sizes + 1, sizes, fit_intercept=False)}
    )
    sides = theory.separability_probability([9000, 11000], 5000, fit_intercept=False)
    assert lab.identical(sides, [1.0, 0.0], absolute=1e-6, refutes={"no step": 0.5})


@existence
@pytest.mark.parametrize("key", range(6))
def test_threshold_is_the_minimum(lab: Laboratory, key: int) -> None:
    """The least mean square of the positive part of u + v Z by quadrature and a bounded search over a, at r = .5, 1, 2 and random r."""
    r = (0.5, 1.0, 2.0, *np.random.default_rng([lab.seed, 1]).uniform(0.1, 3.0, 3))[key]

    def by_definition(a: float) -> float:
        u, v = -a * r, np.hypot(1.0, a)
        return quad(lambda z: (u + v * z) ** 2 * np.exp(-z * z / 2) / np.sqrt(2 * np.pi), -u / v, 12.0, epsabs=1e-13)[0]

    def closed(a: float) -> float:
        u, v = -a * r, np.hypot(1.0, a)
        return float((u * u + v * v) * stats.norm.cdf(u / v) + u * v * stats.norm.pdf(u / v))

    options = {"xatol": 1e-9}
    found = [minimize_scalar(function, bounds=(0.0, 10.0), method="bounded", options=options).fun for function in (by_definition, closed)]
    wrong = {
        "1/2 for all r": 0.5,
        "Bayes' error": stats.norm.cdf(-r),
        "at a = r": closed(r),
        "delta for r": theory.separability_threshold(2 * r),
        "r^2/(1+r)^2": stats.norm.cdf(-r / (1 + r)),
    }
    assert lab.identical(np.full(2, theory.separability_threshold(r)), found, absolute=1e-9, refutes=wrong)
    assert lab.identical(theory.separability_threshold(0.0), 0.5, absolute=1e-15, refutes={"1": 1.0}, question="r = 0")


@existence
def test_threshold_solves_its_equation(lab: Laboratory) -> None:
    """From r = 1e-6 to 20, in forty digits: x Phi(-x)/phi(x) = r^2/(1+r^2) at Phi(-x) = kappa*."""
    distances, seen = np.array([1e-6, 1e-3, 0.03, 0.3, 1.0, 2.7, 6.0, 20.0]), []
    for r in distances.tolist():
        with mpmath.workdps(40):
            share = mpmath.mpf(r) ** 2 / (1 + mpmath.mpf(r) ** 2)
            root = mpmath.findroot(
                lambda x, share=share: x * mpmath.ncdf(-x) / mpmath.npdf(x) - share, (share * 0.8, mpmath.mpf(r)), solver="anderson"
            )
            seen.append(float(mpmath.ncdf(-root)))
    wrong = {"Bayes' error": stats.norm.cdf(-distances) / seen, "1/2 - r^2/pi": (0.5 - distances**2 / np.pi) / seen}
    assert lab.identical(theory.separability_threshold(distances) / seen, np.ones(8), absolute=5e-11, refutes=wrong)


@existence
def test_count_in_exact_fractions(lab: Laboratory) -> None:
    """Cover's sum in whole numbers, from one point and one feature on, for both kinds of hyperplane."""
    m, d = np.array([1, 1, 2, 3, 6, 7, 40, 41, 300, 3000]), np.array([1, 4, 1, 1, 5, 5, 11, 29, 140, 1001])
    for fit_intercept in (False, True):
        columns = d + fit_intercept
        sums = [sum(comb(int(n) - 1, k) for k in range(min(int(c), int(n)))) for n, c in zip(m, columns, strict=True)]
        seen = np.array([float(Fraction(total, 2 ** (int(n) - 1))) for total, n in zip(sums, m, strict=True)])
        claimed = theory.separability_probability(m, d, fit_intercept=fit_intercept)
        wrong = {"the other fit": theory.separability_probability(m, d, fit_intercept=not fit_intercept) / seen}
        assert lab.identical(claimed / seen, np.ones(10), absolute=1e-12, refutes=wrong)


@existence
@pytest.mark.parametrize(("r", "d"), [(0.5, 60), (1.0, 40), (1.5, 20)])
def test_both_sides_of_the_threshold(lab: Laboratory, r: float, d: int) -> None:
    """At kappa* - .05 most data sets are not separable, at kappa* + .05 most are, though this is far below 1/2."""
    threshold = theory.separability_threshold(r)
    below, above = round(d / (threshold - 0.05)), round(d / (threshold + 0.05))
    sides = [
        lab.run(simulate.sample_separability, sample_size=m, dimension=d, half_distance=r, fit_intercept=False).probability() for m in (below, above)
    ]
    assert sides[0].less_than(0.5, refutes={"separable for every kappa > kappa* of twice the distance": 0.9})
    labels_unrelated = theory.separability_probability(above, d, fit_intercept=False)
    assert sides[1].greater_than(0.5, refutes={"the threshold is 1/2 for all r": labels_unrelated, "almost never, as kappa < 1/2": 0.05})


@existence
@pytest.mark.parametrize("r", [0.5, 1.0, 1.5])
def test_one_half_at_the_threshold(lab: Laboratory, r: float) -> None:
    """At kappa* the probability is near one half at d = 20 already, where random labels would be separable with probability below .16."""
    m = round(20 / theory.separability_threshold(r))
    run = lab.run(simulate.sample_separability, sample_size=m, dimension=20, half_distance=r, fit_intercept=False)
    wrong = {
        "labels that know nothing": theory.separability_probability(m, 20, fit_intercept=False),
        "kappa* is 10 % lower": 0.7,
        "kappa* is 10 % higher": 0.3,
    }
    assert run.probability().agrees_with(0.5, absolute=0.08, refutes=wrong)


@existence
def test_the_step_gets_steeper(lab: Laboratory) -> None:
    """At r = 1 and kappa = kappa* -+ .07 the probabilities move apart from d = 10 to d = 40 (to 80 at full scale), on either side."""
    threshold = theory.separability_threshold(1.0)
    large = lab.at_scale(40, 80)
    for side in (-1, 1):
        few, many = (
            lab.run(
                simulate.sample_separability, sample_size=round(d / (threshold + 0.07 * side)), dimension=d, half_distance=1.0, fit_intercept=False
            ).probability()
            for d in (10, large)
        )
        assert (side * (many - few)).greater_than(0.0, refutes={"no step in the limit": 0.0, "it gets flatter": -0.05})
