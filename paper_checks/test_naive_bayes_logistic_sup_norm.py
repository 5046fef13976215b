"""arXiv:2302.02334, the lemma under "m = O(log d)": how many samples until every parameter of naive Bayes is known to a tolerance at once.

d dimension, m sample_size, eps tolerance, p failure_probability, K class_count. Features are independent and Gaussian: probabilities are exact.
"""

from __future__ import annotations

from itertools import product
from math import factorial, prod

import mpmath
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# NB-5 ------------------------------------------------------------------------------------------------------------------------------------

parameters_at_once = claim(
    "NB-5",
    kind="probability",
    statement="All d means (variances, proportions) are within eps with probability 1 - p once m is about (2/eps^2) log d: log d is exact here.",
    tex=r"\mathbb{P}\Big(\max_{i\le d}|\hat\mu_i-\mu_i|\le\varepsilon\Big)=\big(2\Phi(\varepsilon\sqrt m)-1\big)^d,\qquad "
    r"\frac{dm^*}{d\log d}\to\frac{2}{\varepsilon^2},\qquad m^*\le\frac{2}{\varepsilon^2}\log\frac{2d}{p}",
    source="arXiv:2302.02334 (the order); probabilities, sample sizes and slopes derived here",
)


def draw_tolerance(lab: Laboratory, key: int) -> tuple[float, float]:
    """Return a random tolerance in (0.05, 0.5) and failure probability in (0.001, 0.3)."""
    rng = np.random.default_rng([lab.seed, key])
    return float(rng.uniform(0.05, 0.5)), float(np.exp(rng.uniform(np.log(1e-3), np.log(0.3))))


@parameters_at_once
@pytest.mark.parametrize(("dimension", "sample_size", "tolerance"), [(200, 800, 0.1), (10, 100, 0.2), (1, 25, 0.2), (2000, 1700, 0.1)])
def test_probability_that_all_means_are_close(lab: Laboratory, dimension: int, sample_size: int, tolerance: float) -> None:
    """The largest of d errors, drawn, against the d-th power."""
    run = lab.run(simulate.sample_largest_mean_error, dimension=dimension, sample_size=sample_size)
    one = theory.sup_norm_probability(1, sample_size, tolerance)
    union = max(1 - dimension * (1 - one), 0.0)
    wrong = {
        "one-sided errors": norm.cdf(tolerance * np.sqrt(sample_size)) ** dimension,
        "no root of m": (2 * norm.cdf(tolerance * sample_size) - 1) ** dimension,
    }
    if dimension > 1:
        wrong |= {"one feature's probability": one, "one feature too few, of ten": one ** (0.7 * dimension)}
    if one**dimension - union > 0.03:
        wrong["the union bound"] = union
    margin = lab.at_scale(0.02, 0.005)
    claimed = theory.sup_norm_probability(dimension, sample_size, tolerance)
    # In some of the settings a near miss is none.
    wrong = {label: value for label, value in wrong.items() if abs(value - claimed) > 1.5 * margin}
    assert run.probability_below(tolerance).agrees_with(claimed, absolute=margin, refutes=wrong)


@parameters_at_once
@pytest.mark.parametrize(("dimension", "degrees", "tolerance"), [(200, 400, 0.25), (60, 40, 0.6), (5, 12, 1.3)])
def test_probability_that_all_variances_are_close(lab: Laboratory, dimension: int, degrees: int, tolerance: float) -> None:
    """The same for unbiased variance estimates; a tolerance above 1 has no lower end."""
    run = lab.run(simulate.sample_largest_variance_error, dimension=dimension, degrees_of_freedom=float(degrees))
    claimed = theory.sup_norm_variance_probability(dimension, degrees, tolerance)
    gaussian = (2 * norm.cdf(tolerance * np.sqrt(degrees / 2)) - 1) ** dimension
    wrong = {
        "as if chi-squared were normal": gaussian,
        "variance of one mean": theory.sup_norm_probability(dimension, degrees, tolerance),
        "half the features": np.sqrt(claimed),
    }
    assert run.probability_below(tolerance).agrees_with(claimed, absolute=0.4 * abs(claimed - gaussian), refutes=wrong)


@parameters_at_once
def test_sample_size_is_the_root(lab: Laboratory) -> None:
    """The closed sample sizes against root finding on scipy's distribution functions, at the stated and at random parameters."""
    settings = [(100, 0.1, 0.05), (1000, 0.1, 0.05)] + [(d, *draw_tolerance(lab, d)) for d in (1, 7, 10**4, 10**9)]
    for d, eps, p in settings:
        per_feature = np.log1p(-p) / d

        def mean_excess(m: float, eps: float = eps, per_feature: float = per_feature) -> float:
            return float(np.log1p(-2 * norm.sf(eps * np.sqrt(m))) - per_feature)

        seen = brentq(mean_excess, 1e-3 / eps**2, 1e3 / eps**2, xtol=1e-9, rtol=1e-14)
        claimed = theory.sup_norm_sample_size(d, eps, p)
        wrong = {
            "one-sided": (norm.isf(-np.expm1(per_feature)) / eps) ** 2,
            "eps for eps^2": claimed * eps,
            "bound": theory.sup_norm_sample_size_bound(d, eps, p),
        }
        assert lab.identical(claimed, seen, relative=1e-8, refutes=wrong, question=f"means, d = {d}")

        def variance_excess(nu: float, eps: float = eps, per_feature: float = per_feature) -> float:
            return float(np.log1p(-chi2.cdf((1 - eps) * nu, nu) - chi2.sf((1 + eps) * nu, nu)) - per_feature)

        seen = brentq(variance_excess, 1e-2, 1e3 / eps**2, xtol=1e-9, rtol=1e-14)
        claimed = theory.sup_norm_variance_degrees_of_freedom(d, eps, p)
        wrong = {"as if chi-squared were normal": 2 * theory.sup_norm_sample_size(d, eps, p), "as for means": theory.sup_norm_sample_size(d, eps, p)}
        assert lab.identical(claimed, seen, relative=1e-8, refutes=wrong, question=f"variances, d = {d}")
    assert lab.identical(
        theory.sup_norm_sample_size([100, 1000], 0.1, 0.05),
        [1206.85, 1639.98],
        absolute=0.006,
        refutes={"confidence for failure": theory.sup_norm_sample_size([100, 1000], 0.1, 0.95)},
    )


@parameters_at_once
def test_growth_is_logarithmic(lab: Laboratory) -> None:
    """From d = 10^3 to 10^9: a straight line in log d, of slope near 2/eps^2; neither a power of d nor of log d."""
    eps, p, dimensions = 0.1, 0.05, np.array([10**3, 10**5, 10**7, 10**9])
    sizes = theory.sup_norm_sample_size(dimensions, eps, p)
    points = [lab.exact(size) for size in sizes]
    assert lab.grows_like("logarithm", dimensions, points, within=0.02)
    # Differences over equal steps of log d: constant for a logarithm, falling like 1/(2 sqrt) for its square root, growing for a power.
    steps = np.diff(sizes)
    rivals = {f: np.diff(g) for f, g in {"sqrt(log d)": np.sqrt(np.log(dimensions)), "d^0.1": dimensions**0.1}.items()}
    wrong = {label: step[-1] / step[0] for label, step in rivals.items()}
    assert lab.exact(steps[-1] / steps[0]).agrees_with(1.0, absolute=0.05, refutes=wrong)
    for each in (10, 10**3, 10**6, 10**9):
        slope = theory.sup_norm_sample_size_slope(each, eps, p)
        assert lab.exact(slope).inside(0.9 * 2 / eps**2, 2 / eps**2, refutes={"1/eps^2": 1 / eps**2, "4/eps^2": 4 / eps**2, "2/eps": 2 / eps})
    assert lab.identical(
        theory.sup_norm_sample_size_slope([10, 10**3, 10**6, 10**9], eps, p),
        [180.30, 189.54, 193.85, 195.65],
        absolute=0.006,
        refutes={"the decade slopes": [183.73, 190.60, 194.24, 195.85], "the limit": [200.0] * 4},
    )


@parameters_at_once
def test_slope_is_the_derivative_and_its_limit(lab: Laboratory) -> None:
    """Against central differences of the sample size; and 2/eps^2 minus the slope falls like 1/(m eps^2), so like 1/log d."""
    for key in range(4):
        eps, p = draw_tolerance(lab, key)
        d, step = 10 ** (4 + key), 10 ** (1 + key)
        seen = np.diff(theory.sup_norm_sample_size([d - step, d + step], eps, p))[0] / np.diff(np.log([d - step, d + step]))[0]
        claimed = theory.sup_norm_sample_size_slope(d, eps, p)
        wrong = {"the limit": 2 / eps**2, "1/eps^2": 1 / eps**2, "per decade": claimed * np.log(10)}
        assert lab.identical(claimed, seen, relative=1e-5, refutes=wrong)
        dimensions = np.array([10**6, 10**9, 10**12, 10**15])
        sizes, slopes = theory.sup_norm_sample_size(dimensions, eps, p), theory.sup_norm_sample_size_slope(dimensions, eps, p)
        rest = 2 / eps**2 - slopes
        assert lab.limit(sizes, rest, order=1.0, within=0.12, refutes={"sqrt": 0.5, "square": 2.0}, question="2/eps^2 - slope")
        last = rest[-1] * sizes[-1] * eps**4 / 2
        assert lab.exact(last).agrees_with(1.0, absolute=0.12, refutes={"half": 0.5, "twice": 2.0, "another limit": sizes[-1] * eps**2})


@parameters_at_once
def test_union_bound_is_enough_and_a_constant_away(lab: Laboratory) -> None:
    """2 log(2d/p)/eps^2 is never too small, its slope in log d is right, and it is tight to 80 % from d = 10^6 on; log(d/p) is enough as well."""
    rng = np.random.default_rng([lab.seed, 5])
    d, eps = np.floor(10 ** rng.uniform(0, 12, 400)), rng.uniform(0.01, 1.0, 400)
    p = 10 ** rng.uniform(-6, -0.1, 400)
    bound, exact = theory.sup_norm_sample_size_bound(d, eps, p), theory.sup_norm_sample_size(d, eps, p)
    assert lab.exact(float(np.max(exact / bound))).at_most(1.0, tightness=0.8)
    # P(|Z| > z) <= exp(-z^2/2), without the factor 2.
    assert lab.exact(float(np.max(exact * eps**2 / (2 * np.log(d / p))))).at_most(1.0, tightness=0.9)
    lab.refutes(lab.exact(float(np.max(exact / (0.5 * bound)))).at_most(1.0, tightness=0.0), "log(2d/p)/eps^2 samples are enough")
    lab.refutes(lab.exact(float(np.max(exact * eps / bound))).at_most(eps.min(), tightness=0.0), "2 log(2d/p)/eps samples are enough")
    large = np.array([1e6, 1e12])
    slope = np.diff(theory.sup_norm_sample_size_bound(large, 0.1, 0.05))[0] / np.diff(np.log(large))[0]
    assert lab.exact(slope).agrees_with(200.0, relative=1e-9, refutes={"log base 2": 200 * np.log(2), "4/eps^2": 400.0})


@parameters_at_once
@pytest.mark.parametrize("tolerance", [0.25, 0.4, 0.6])
def test_variances_need_more_than_their_normal_approximation(lab: Laboratory, tolerance: float) -> None:
    """Growth per unit of log d tends to 2/(eps - log(1 + eps)), which is 4/eps^2 only as eps -> 0: large deviations, not the central limit."""
    dimensions = np.array([1e4, 1e8, 1e12, 1e15]).astype(np.int64)
    degrees = theory.sup_norm_variance_degrees_of_freedom(dimensions, tolerance, 0.05)
    limit = 2 / (tolerance - np.log1p(tolerance))
    steps = np.diff(degrees) / np.diff(np.log(dimensions))
    assert lab.exact(steps[-1]).inside(
        0.95 * limit, limit, refutes={"means": 2 / tolerance**2, "the lower tail": 2 / (-tolerance - np.log1p(-tolerance))}
    )
    middle = 0.5 * (degrees[1:] + degrees[:-1])
    assert lab.limit(middle, limit - steps, order=1.0, within=0.15, refutes={"sqrt": 0.5, "square": 2.0}, question="limit - slope")
    central = lab.limit(middle, np.abs(4 / tolerance**2 - steps), order=1.0, within=0.15)
    assert lab.refutes(central, "4/eps^2, the central limit theorem's slope")


@parameters_at_once
@pytest.mark.parametrize(
    ("class_count", "dimension", "sample_size", "tolerance"), [(2, 5, 60, 0.3), (3, 8, 90, 0.35), (2, 3, 8, 0.9), (4, 4, 60, 0.4), (3, 40, 400, 0.22)]
)
def test_all_parameters_of_naive_bayes_at_once(lab: Laboratory, class_count: int, dimension: int, sample_size: int, tolerance: float) -> None:
    """Class means, pooled variances and proportions together, random counts: raw training sets (small ones) or sufficient statistics."""
    setting = {"class_count": class_count, "dimension": dimension, "sample_size": sample_size}
    sampler = simulate.sample_parameter_errors_raw if sample_size * dimension < 800 else simulate.sample_parameter_errors
    run = lab.run(sampler, **setting)
    claimed = theory.sup_norm_joint_probability(class_count, dimension, sample_size, tolerance)
    equal = sample_size / class_count
    means = theory.sup_norm_probability(class_count * dimension, equal, tolerance)
    variances = theory.sup_norm_variance_probability(dimension, sample_size - class_count, tolerance)
    wrong = {
        "one class's means": theory.sup_norm_probability(dimension, equal, tolerance) * variances,
        "m samples for every mean": theory.sup_norm_probability(class_count * dimension, sample_size, tolerance) * variances,
        "variances are known": means,
    }
    margin = lab.at_scale(0.02, 0.005)
    # In some of the settings a near miss is none.
    wrong = {label: value for label, value in wrong.items() if abs(value - claimed) > 1.5 * margin}
    assert run.probability_below(tolerance, "largest").agrees_with(claimed, absolute=margin, refutes=wrong)


@parameters_at_once
def test_joint_sample_size_grows_logarithmically(lab: Laboratory) -> None:
    """The least m with all within 0.3 of the truth with probability 0.95, two classes: a logarithm of d, whose slope the variances decide."""
    eps, p, dimensions = 0.3, 0.05, (10**3, 10**6, 10**9, 10**12)

    def least(d: int) -> int:
        low, high = 2, 4000
        while high - low > 1:
            middle = (low + high) // 2
            enough = theory.sup_norm_joint_probability(2, d, middle, eps) >= 1 - p
            low, high = (low, middle) if enough else (middle, high)
        return high

    sizes = [least(d) for d in dimensions]
    assert lab.grows_like("logarithm", dimensions, [lab.exact(float(m)) for m in sizes], within=0.15)
    slope, limit = (sizes[-1] - sizes[-2]) / np.log(1000), 2 / (eps - np.log1p(eps))
    # The means of both classes alone, with random counts: of the exponents of P(m_1 = q m) and of the tail of a mean of q m samples the best q.
    means = -1 / np.log1p(-0.5 * -np.expm1(-(eps**2) / 2))
    wrong = {"the means of both classes": means, "one class": 2 / eps**2, "the central limit theorem's variances": 4 / eps**2, "twice": 2 * limit}
    assert lab.exact(slope).inside(0.94 * limit, limit, refutes=wrong)


@parameters_at_once
@pytest.mark.parametrize(
    ("classes", "m", "eps"), [(2, 3, 0.9), (2, 7, 0.4), (2, 11, 0.1), (2, 20, 0.2), (3, 7, 0.35), (3, 9, 0.2), (4, 6, 0.9), (4, 11, 0.2)]
)
def test_joint_probability_by_counting_labels(lab: Laboratory, classes: int, m: int, eps: float) -> None:
    """A sum over all vectors of class counts, with multinomial weights by factorials, of what scipy says of every mean and variance."""
    dimensions, total, present = np.array([1, 3, 8]), np.zeros(3), 0.0
    variances = chi2.cdf((1 + eps) * m, m - classes) - chi2.cdf(max(1 - eps, 0) * m, m - classes)
    without_proportions = np.zeros(3)
    for counts in product(range(1, m), repeat=classes):
        if sum(counts) != m:
            continue
        weight = factorial(m) / prod(factorial(n) for n in counts) / classes**m
        present += weight
        means = np.prod([(2 * norm.cdf(eps * np.sqrt(n)) - 1) ** dimensions for n in counts], axis=0)
        without_proportions += weight * means * variances**dimensions
        if max(abs(n / m - 1 / classes) for n in counts) <= eps:
            total += weight * means * variances**dimensions
    wrong = {
        "absent classes allowed": total,
        "variances known": total / present / variances**dimensions,
        "divided by m - K": total
        / present
        / variances
        * (chi2.cdf((1 + eps) * (m - classes), m - classes) - chi2.cdf((1 - eps) * (m - classes), m - classes)),
    }
    if abs(without_proportions[0] / total[0] - 1) > 1e-3:
        wrong["proportions known"] = without_proportions / present
    wrong = {label: value for label, value in wrong.items() if np.max(np.abs(value - total / present)) > 1e-9}
    claimed = theory.sup_norm_joint_probability(classes, dimensions, m, eps)
    assert lab.identical(claimed, total / present, absolute=1e-12, refutes=wrong | {"one dimension": np.full(3, 0.5 * claimed[0])})


@parameters_at_once
def test_probabilities_in_forty_digits(lab: Laboratory) -> None:
    """Means and variances of up to 10^15 features, tolerances below and above 1, sample sizes that are no integers."""
    claimed, seen, wrong = [], [], []
    for d, size, eps in ((3, 0.5, 0.01), (7, 12.3, 0.4), (1, 2.5, 1.7), (10**4, 300.0, 0.3), (10**9, 4000.0, 0.1), (10**15, 1.0, 9.0)):
        with mpmath.workdps(40):
            x = mpmath.mpf(eps)
            mean = (1 - mpmath.erfc(x * mpmath.sqrt(mpmath.mpf(size) / 2))) ** d
            half = mpmath.mpf(size) / 2
            upper = mpmath.gammainc(half, (1 + x) * half, mpmath.inf, regularized=True)
            lower = mpmath.gammainc(half, 0, (1 - x) * half, regularized=True) if eps < 1 else 0
            seen += [float(mean), float((1 - upper - lower) ** d)]
            wrong += [float(mean) ** 0.9 + 1e-3, float((1 - upper) ** d)]
        claimed += [theory.sup_norm_probability(d, size, eps), theory.sup_norm_variance_probability(d, size, eps)]
    assert lab.identical(claimed, seen, absolute=1e-12, refutes={"no lower tail, a tenth fewer features": wrong})
    assert lab.exact(claimed[0] / seen[0]).agrees_with(1.0, absolute=1e-12, refutes={"two features": seen[0] ** (-1 / 3)})


@parameters_at_once
@pytest.mark.parametrize(("d", "eps", "p"), [(1, 0.3, 0.2), (40, 0.7, 0.6), (10**6, 0.05, 1e-6)])
def test_bound_and_slope_by_their_formulas(lab: Laboratory, d: int, eps: float, p: float) -> None:
    """In forty digits: the slope from the root itself, and the union bound."""
    with mpmath.workdps(40):
        tail = (1 - (1 - mpmath.mpf(p)) ** (mpmath.mpf(1) / d)) / 2
        z = mpmath.findroot(lambda x: mpmath.ncdf(-x) - tail, mpmath.mpf(float(norm.isf(float(tail)))))
        # Of 2 Phi(eps sqrt m) - 1 = (1 - p)^(1/d), differentiated in log d.
        slope = -mpmath.log(1 - mpmath.mpf(p)) / d * (1 - 2 * tail) * z / (mpmath.npdf(z) * mpmath.mpf(eps) ** 2)
        bound = 2 * mpmath.log(2 * d / mpmath.mpf(p)) / mpmath.mpf(eps) ** 2
    claimed = [theory.sup_norm_sample_size_slope(d, eps, p), theory.sup_norm_sample_size_bound(d, eps, p), theory.sup_norm_sample_size(d, eps, p)]
    seen = np.array([float(slope), float(bound), float((z / mpmath.mpf(eps)) ** 2)])
    wrong = {
        "twice the slope": 2.0,
        "the limit": 2 / eps**2 / seen[0],
        "d for 2d": np.array([1.0, 1.0 - np.log(2) / (bound * eps**2 / 2), 1.0]).astype(float),
    }
    assert lab.identical(np.array(claimed) / seen, np.ones(3), absolute=1e-11, refutes=wrong)
