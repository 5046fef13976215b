"""arXiv:2401.11081, what the proportional limit leaves out: the term of order 1/d of the risk, and how much the risk fluctuates.

n sample_size, d dimension, k bag_size, m = n/k bags, rho weight, r2 squared_signal_norm, sigma^2 noise_variance, psi = n/d samples_per_feature; u_i
the eigenvalues of the between-bag share of the scatter (a Jacobi ensemble), C = rho + (1 - rho) u, g = rho (1 - u) / C, and p = sum g, q = sum g^2,
t = sum u / C^2, from which the risk is made.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial.chebyshev import chebinterpolate
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.numerics.jacobi_ensemble import jacobi_ensemble, jacobi_linear_statistic_expansion
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# psi, k, rho, r2, sigma^2: more bags than features, as many, fewer.
FAMILIES = pytest.mark.parametrize(
    "family",
    [(6, 3, 0.3, 1.0, 1.0), (4, 2, 0.1, 1.0, 1.0), (2, 4, 0.2, 1.0, 0.5), (3, 3, 0.5, 2.5, 0.7), (10, 5, 0.05, 0.4, 1.0), (2, 2, 0.4, 1.0, 3.0)],
)
Family = tuple[int, int, float, float, float]

# AGG-6 -----------------------------------------------------------------------------------------------------------------------------------

finite_size_correction = claim(
    "AGG-6",
    kind="rate",
    statement="The risk approaches its limit at order 1/d with a known coefficient; the edge correction of the spectrum leaves order 1/d^2.",
    tex=r"\mathbb{E}\sum_if(u_i)=d\!\int\!f\,d\mu+\tfrac14[f(u_-)+f(u_+)]-\tfrac1{2\pi}\int\frac{f(u)\,du}{\sqrt{(u_+-u)(u-u_-)}}+O(1/d)",
    source="derived here",
)


def functions_of_spectrum(weight: float, u: np.ndarray) -> np.ndarray:
    """Return g, g^2 and u / C^2, one row each."""
    mixture = weight + (1 - weight) * u
    g = weight * (1 - u) / mixture
    return np.stack([g, g**2, u / mixture**2])


def without_edge_correction(family: Family, dimension: int) -> tuple[float, float]:
    """Return bias and variance as if the eigenvalues were those of complex matrices, whose means have no term of order one."""
    (psi, k, rho, r2, noise), d = family, dimension
    p, q, t = d * np.asarray(jacobi_linear_statistic_expansion(lambda u: functions_of_spectrum(rho, u), psi / k, psi - psi / k).per_dimension)
    y = (d * q - p * p) / (d * (d - 1) * (d + 2))
    bias = (p * p - 2 * d * y) / d**2 + y + y * (psi * d * d - 2) / (psi * d - d - 1)
    return r2 * float(bias), noise * float(t) / (psi * d - d - 1)


def exact_risks(family: Family, dimensions: tuple[int, ...]) -> np.ndarray:
    """Return the exact bias, variance and risk at each dimension, one row each."""
    psi, *rest = family
    return np.array([theory.interpolation_risk_exact(psi * d, d, *rest)[:3] for d in dimensions])


@finite_size_correction
@FAMILIES
def test_limit_is_approached_at_order_one(lab: Laboratory, family: Family) -> None:
    """Exact bias, variance and risk minus their limits, and the coefficient of 1/d by extrapolation."""
    dimensions = lab.at_scale((10, 20, 40, 80), (20, 40, 80, 160))
    d = np.array(dimensions)
    limit, coefficients = np.array(theory.asymptotic_risk(*family)[:3]), theory.second_order_coefficient(*family)[:3]
    gaps = exact_risks(family, dimensions) - limit
    large = 10**5
    uncorrected = large * (np.array(without_edge_correction(family, large)) - limit[:2])
    for j, part in enumerate(("bias", "variance", "risk")):
        orders = {"d^-1/2": 0.5, "d^-2": 2.0, "d^-2/3": 2 / 3}
        assert lab.limit(d, gaps[:, j], order=1.0, within=0.1, refutes=orders, question=f"{part} approaches its limit")
        extrapolated = 2 * d[-1] * gaps[-1, j] - d[-2] * gaps[-2, j]
        wrong = {
            "complex matrices": (uncorrected.sum() if j == 2 else uncorrected[j]),
            "no term of order 1/d": 0.0,
            "of the other sign": -coefficients[j],
        }
        assert lab.identical(coefficients[j], extrapolated, relative=0.005, refutes=wrong, question=f"coefficient of 1/d in the {part}")


@finite_size_correction
@FAMILIES
def test_correction_leaves_order_two(lab: Laboratory, family: Family) -> None:
    """The same with the edge correction: the rest is of order 1/d^2; with the means of complex matrices it is still of order 1/d."""
    psi, *rest = family
    dimensions = lab.at_scale((10, 20, 40, 80), (20, 40, 80, 160))
    d, exact = np.array(dimensions), exact_risks(family, dimensions)
    corrected = np.array([theory.risk_second_order(psi * int(i), int(i), *rest)[:3] for i in d])
    residuals = exact[:, 2] - corrected[:, 2]
    assert lab.limit(d, residuals, order=2.0, within=0.15, refutes={"d^-1": 1.0, "d^-3/2": 1.5, "d^-3": 3.0}, question="rest after the correction")
    uncorrected = exact[:, :2].sum(axis=1) - np.array([sum(without_edge_correction(family, int(i))) for i in d])
    assert lab.refutes(lab.limit(d, uncorrected, order=2.0, within=0.15), "the means of complex matrices are good to 1/d^2")
    assert lab.identical(
        corrected[-1], exact[-1], relative=2e-4, refutes={"the limit": theory.asymptotic_risk(*family)[:3]}, question=f"at d = {d[-1]}"
    )


@finite_size_correction
@pytest.mark.parametrize(
    ("family", "dimensions"),
    [((6, 3, 0.3, 1.0, 1.0), (5, 10, 20, 40)), ((4, 2, 0.1, 1.0, 1.0), (5, 10, 20, 40)), ((2, 4, 0.2, 1.0, 0.5), (6, 12, 24, 48))],
)
def test_orders_hold_from_five_features_on(lab: Laboratory, family: Family, dimensions: tuple[int, ...]) -> None:
    """Slopes of the logarithms over a ladder of small dimensions, and the rest after the correction below 0.1/d^2 on all of it."""
    psi, *rest = family
    d, exact = np.array(dimensions), exact_risks(family, dimensions)[:, 2]
    to_limit = exact - theory.asymptotic_risk(*family).risk
    to_corrected = exact - [theory.risk_second_order(psi * int(i), int(i), *rest).risk for i in d]
    slopes = [float(np.polyfit(np.log(d), np.log(np.abs(distances)), 1)[0]) for distances in (to_limit, to_corrected)]
    assert lab.exact(slopes[0]).agrees_with(-1.0, absolute=0.1, refutes={"d^-1/2": -0.5, "d^-2": -2.0})
    assert lab.exact(slopes[1]).agrees_with(-2.0, absolute=0.05, refutes={"no correction": -1.0, "d^-3/2": -1.5})
    assert lab.exact(float(np.max(d**2 * np.abs(to_corrected)))).less_than(0.1)
    assert lab.refutes(lab.exact(float(np.min(d**2 * np.abs(to_limit)))).less_than(0.1), "the limit is as good as its correction")


@finite_size_correction
@pytest.mark.parametrize(("first_ratio", "second_ratio"), [(2, 4), (3, 2), (1.5, 1.5)])
def test_spectral_means_that_are_known(lab: Laboratory, first_ratio: float, second_ratio: float) -> None:
    """E sum u = d m/n without any correction, E sum 1/u = d (n-d-1)/(m-d-1): the expansion is right to 1/d only with both parts of the correction."""
    c, psi, d = first_ratio, first_ratio + second_ratio, np.array([20, 40, 80, 160])
    mean = jacobi_linear_statistic_expansion(lambda u: u, c, second_ratio)
    assert lab.identical((mean.per_dimension, mean.correction), (c / psi, 0.0), relative=1e-12, refutes={"d/n for m/n": (1 / psi, 0.0)})
    inverse = jacobi_linear_statistic_expansion(lambda u: 1 / u, c, second_ratio)
    exact = d * (psi * d - d - 1) / (c * d - d - 1)
    ends = [np.sin(np.arcsin(np.sqrt(c / psi)) + sign * np.arcsin(np.sqrt(1 / psi))) ** 2 for sign in (-1, 1)]
    edges = np.mean(1 / np.array(ends)) / 2
    rest = exact - d * inverse.per_dimension
    orders = {"not smaller than the correction": 0.0, "d^-1/2": 0.5}
    assert lab.limit(d, rest - inverse.correction, order=1.0, within=0.1, refutes=orders, question="E sum 1/u")
    for label, wrong in {
        "no correction": 0.0,
        "edges alone": edges,
        "arcsine part alone": inverse.correction - edges,
        "twice": 2 * inverse.correction,
    }.items():
        assert lab.refutes(lab.limit(d, rest - wrong, order=1.0, within=0.1), f"E sum 1/u with {label}")
    whole = [jacobi_ensemble(int(c * i), int(second_ratio * i), int(i)).mean(lambda u: 1 / u).value for i in d]
    assert lab.identical(
        exact, whole, relative=1e-9, refutes={"n - d": exact * (psi * d - d) / (psi * d - d - 1)}, question="the Pfaffian's E sum 1/u"
    )


@finite_size_correction
@pytest.mark.parametrize(("psi", "k"), [(1.07, 3.0), (1.6, 1.04), (2.5, 7.5), (6.0, 2.0), (19.0, 4.0)])
def test_coefficient_at_the_instance_level(lab: Laboratory, psi: float, k: float) -> None:
    """At weight 1 the exact risk is rational, and so is its term of order 1/d, for bag sizes between the integers too."""
    frozen, spread = (k - 1) / (k * k * (psi - 1)), 1 - 2 / psi + 1 / (psi - 1)
    claimed = theory.second_order_coefficient(psi, k, 1.0, 1.7, 0.6)
    seen = 1.7 * frozen * spread, 0.6 / (k * (psi - 1) ** 2)
    wrong = {"no term of order 1/d": (0.0, 0.0), "that of the variance twice": (1.7 * frozen / (psi - 1), seen[1])}
    assert lab.identical(claimed[:2], seen, relative=1e-9, refutes=wrong)
    if k == int(k):
        d, n = 10**6, round(psi * 10**6 / k) * int(k)
        exact = theory.instance_level_risk_exact(n, d, int(k), 1.7, 0.6)
        limit = theory.instance_level_risk_limit(n / d, int(k), 1.7, 0.6)
        slopes = d * (np.array(exact[:2]) - np.array(limit[:2]))
        assert lab.identical(seen, slopes, relative=1e-3, refutes=wrong, question="from the rational form")
    single = theory.second_order_coefficient(psi, 1.0, 0.4, 1.7, 0.6)
    ordinary = 0.0, 0.6 / (psi - 1) ** 2
    assert lab.identical(single[:2], ordinary, absolute=1e-9 * ordinary[1], refutes={"with bags": seen}, question="bags of one")
    at_once = theory.risk_second_order(round(100 * psi), 100, 1, 0.4, 1.7, 0.6).variance
    assert lab.identical(at_once, 0.6 * 100 / (round(100 * psi) - 101), relative=1e-9, refutes={"the limit": 0.6 / (psi - 1)})


@finite_size_correction
@pytest.mark.parametrize(
    ("family", "dimension", "margins"),
    [((6, 3, 0.3, 1.0, 1.0), 40, (0.004, 0.0015)), ((2, 4, 0.2, 1.0, 0.5), 60, (0.0008, 0.0015)), ((3, 3, 0.5, 2.5, 0.7), 30, (0.004, 0.004))],
)
def test_correction_on_jacobi_spectra(lab: Laboratory, family: Family, dimension: int, margins: tuple[float, float]) -> None:
    """Random spectra of a few dozen features know the corrected bias and variance from the limit, and from complex matrices."""
    (psi, k, rho, r2, noise), d = family, dimension
    limit, corrected = theory.asymptotic_risk(*family), theory.risk_second_order(psi * d, d, k, rho, r2, noise)
    uncorrected = without_edge_correction(family, d)
    run = lab.run(
        simulate.sample_jacobi_risk,
        statistics=("bias_squared[0]", "variance[0]"),
        sample_size=psi * d,
        dimension=d,
        bag_size=k,
        weights=(rho,),
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    wrong = {"the limit": limit.bias_squared, "complex matrices": uncorrected[0]}
    assert run.mean("bias_squared[0]").agrees_with(corrected.bias_squared, relative=margins[0], refutes=wrong)
    wrong = {"the limit": limit.variance, "complex matrices": uncorrected[1]}
    assert run.mean("variance[0]").agrees_with(corrected.variance, relative=margins[1], refutes=wrong)


@finite_size_correction
@pytest.mark.parametrize("family", [(6, 3, 0.3, 1.0, 1.0), (4, 2, 0.1, 2.0, 1.0)])
def test_risk_given_a_spectrum_fluctuates_at_rate_one_over_d(lab: Laboratory, family: Family) -> None:
    """Its standard deviation times d settles, at the value that the variance of linear statistics gives (half the sum of j a_j^2)."""
    (psi, k, rho, r2, noise), dimensions = family, (6, 12, 24)
    runs = [
        lab.run(
            simulate.sample_jacobi_risk,
            sample_size=psi * d,
            dimension=d,
            bag_size=k,
            weights=(rho,),
            squared_signal_norm=r2,
            noise_variance=noise,
            # It keys the random numbers, and its last digits differ between releases of the libraries.
            centre=round(float(theory.interpolation_risk_exact(psi * d, d, k, rho, r2, noise).risk), 6),
        ).mean("risk_squared[0]")
        for d in dimensions
    ]
    wrong = {"standard deviation d^-1/2": -1.0, "standard deviation d^-2": -4.0, "standard deviation d^-3/4": -1.5}
    assert lab.exponent(dimensions, runs).agrees_with(-2.0, absolute=0.2, refutes=wrong)

    # To first order the risk is r2 [P^2 + psi/(psi-1) (Q - P^2)] + sigma^2 T/(psi-1), P = p/d and so on, so d times its deviation is that of some
    # sum h(u_i), whose variance is half the sum of j a_j^2 over the coefficients of h in Chebyshev polynomials between the edges of the spectrum.
    lost, factor = 1 - theory.asymptotic_shrinkage(psi, k, rho), psi / (psi - 1)
    inner, outer = (np.arcsin(np.sqrt(1 / k)) + sign * np.arcsin(np.sqrt(1 / psi)) for sign in (-1, 1))
    low, high = np.sin(inner) ** 2, np.sin(outer) ** 2

    def deviation(x: np.ndarray) -> np.ndarray:
        g, g_squared, trace = functions_of_spectrum(rho, (low + high) / 2 + (high - low) / 2 * x)
        return r2 * (2 * lost * (1 - factor) * g + factor * g_squared) + noise / (psi - 1) * trace

    coefficients = chebinterpolate(deviation, 60)
    settled = np.sum(np.arange(coefficients.size) * coefficients**2) / 2
    wrong = {
        "complex matrices": settled / 2,
        "independent eigenvalues": dimensions[-1] * settled,
        "without the factor j": np.sum(coefficients[1:] ** 2) / 2,
    }
    assert (dimensions[-1] ** 2 * runs[-1]).agrees_with(settled, relative=0.12, refutes=wrong)


@finite_size_correction
def test_realised_error_fluctuates_at_rate_root_d(lab: Laboratory) -> None:
    """On raw data the error is within 0.6 / sqrt(d) of its mean equally often at 4 and at 16 features: noise and direction fluctuate more."""
    psi, k, rho, beyond = 6, 3, 0.3, []
    for d in (4, 16):
        exact = theory.interpolation_risk_exact(psi * d, d, k, rho).risk
        run = lab.run(simulate.sample_raw_risk, sample_size=psi * d, dimension=d, bag_size=k, weights=(rho,), centre=round(float(exact), 6))
        beyond.append(run.probability_above(0.36 / d, "risk_squared[0]"))
    assert beyond[0].inside(0.15, 0.4)
    faster = 2 * norm.sf(1) - 2 * norm.sf(2)
    assert (beyond[1] - beyond[0]).agrees_with(0.0, absolute=0.1, refutes={"standard deviation 1/d": -faster, "standard deviation constant": faster})
