"""arXiv:2401.11081 at finite size: the exact bias, variance and mean of the interpolating estimator at every weight and at its two ends.

n sample_size, d dimension, k bag_size, m = n/k bags, rho weight, r2 = ||theta0||^2 squared_signal_norm, sigma^2 noise_variance, psi = n/d. A is the
scatter of the bag averages, B that within bags, S = A + B, u_i the eigenvalues of U = S^{-1/2} A S^{-1/2}, g(u) = rho (1 - u) / (rho + (1 - rho) u).
Bias is conditional on the features: E ||E[theta|X] - theta0||^2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import dblquad, quad

from theorylab.laboratory import Laboratory
from theorylab.montecarlo.samplers import entries
from theorylab.numerics.jacobi_ensemble import jacobi_ensemble
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.pytest_plugin import claim

PAPER = "arXiv:2401.11081"
Shape = tuple[int, int, int]

# AGG-3 -----------------------------------------------------------------------------------------------------------------------------------

one_spectrum = claim(
    "AGG-3",
    kind="expectation",
    statement="At every n > d + 1, bias, variance and mean of the interpolating estimator are means over one Jacobi spectrum, in closed form.",
    tex=r"\mathbb{E}\,\mathrm{bias}^2=r^2\,\mathbb{E}\Big[x+y+y\tfrac{nd-2}{n-d-1}\Big],\quad "
    r"\mathbb{E}\,\mathrm{var}=\tfrac{\sigma^2}{n-d-1}\mathbb{E}\sum_i\tfrac{u_i}{(\rho+(1-\rho)u_i)^2},\quad "
    r"\mathbb{E}\hat\theta_\rho=\big(1-\tfrac1d\mathbb{E}\sum_ig(u_i)\big)\theta_0",
    source=f"derived here for the estimator of {PAPER}",
)


def misread_bias(shape: Shape, weight: float, squared_signal_norm: float) -> dict[str, float]:
    """Return near misses of the expected squared bias by label."""
    (n, d, k), rho = shape, weight
    wrong = {
        "unbiased": 0.0,
        "features do not fluctuate, (E p / d)^2": squared_signal_norm * (1 - theory.expected_shrinkage_exact(n, d, k, rho)) ** 2,
    }
    if d > 1 and n < 8 * d and rho < 0.5:
        # Elsewhere it is no miss: the spectrum of S is narrow, or g nearly constant.
        squares = jacobi_ensemble(n // k, n - n // k, d).mean(lambda u: (rho * (1 - u) / (rho + (1 - rho) * u)) ** 2).value
        wrong["S a multiple of the identity, E q / d"] = squared_signal_norm * float(squares) / d
    return wrong


def misread_variance(shape: Shape, weight: float, noise_variance: float) -> dict[str, float]:
    """Return near misses of the expected variance by label."""
    (n, d, k), rho = shape, weight
    exact = theory.interpolation_risk_exact(n, d, k, rho, 0.0, noise_variance).variance
    inverse = jacobi_ensemble(n // k, n - n // k, d).mean(lambda u: 1 / (rho + (1 - rho) * u)).value
    return {
        "S its mean n I": exact * (n - d - 1) / n,
        "n - d + 1 for n - d - 1": exact * (n - d - 1) / (n - d + 1),
        "trace of the inverse of A + rho B": noise_variance * float(inverse) / (n - d - 1),
    }


@one_spectrum
@pytest.mark.parametrize(
    ("shape", "weight", "squared_signal_norm", "noise_variance"),
    [((60, 10, 5), 0.15, 2.5, 0.7), ((72, 12, 3), 0.3, 1.0, 1.0), ((40, 20, 4), 0.2, 1.6, 0.5)],
)
def test_exact_risk_on_raw_data(lab: Laboratory, shape: Shape, weight: float, squared_signal_norm: float, noise_variance: float) -> None:
    """Samples, bags, averages, least squares: the realised squared error, and the component of the estimator along theta0."""
    (n, d, k), r2, noise = shape, squared_signal_norm, noise_variance
    exact, shrinkage = theory.interpolation_risk_exact(n, d, k, weight, r2, noise), theory.expected_shrinkage_exact(n, d, k, weight)
    run = lab.run(
        simulate.sample_raw_risk,
        statistics=("risk[0]", "alignment[0]"),
        sample_size=n,
        dimension=d,
        bag_size=k,
        weights=(weight,),
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    still, inverse = misread_bias(shape, weight, r2), misread_variance(shape, weight, noise)
    wrong = {
        "features do not fluctuate": still["features do not fluctuate, (E p / d)^2"] + exact.variance,
        "trace of the inverse of A + rho B": exact.bias_squared + inverse["trace of the inverse of A + rho B"],
        "only noise": exact.variance,
    }
    assert run.mean("risk[0]").agrees_with(exact.risk, relative=lab.at_scale(0.03, 0.004), refutes=wrong)
    wrong = {"unbiased": 1.0, "as at weight 1": 1 / k, "share of bags per feature": min(n / k / d, 1.0)}
    assert run.mean("alignment[0]").agrees_with(shrinkage, relative=lab.at_scale(0.04, 0.01), refutes=wrong)


@one_spectrum
@pytest.mark.parametrize(
    ("shape", "squared_signal_norm", "noise_variance"),
    [((60, 10, 5), 2.5, 0.7), ((72, 12, 3), 1.0, 1.0), ((40, 20, 4), 1.6, 0.5), ((24, 7, 2), 0.4, 3.0), ((30, 8, 10), 1.0, 2.0)],
)
def test_exact_risk_on_two_wishart_matrices(lab: Laboratory, shape: Shape, squared_signal_norm: float, noise_variance: float) -> None:
    """The scatter between bags and the scatter within them, independent, m < d too; noise and the direction of theta0 integrated out."""
    (n, d, k), r2, noise, weights = shape, squared_signal_norm, noise_variance, (0.2, 0.6)
    exact = theory.interpolation_risk_exact(n, d, k, weights, r2, noise)
    run = lab.run(
        simulate.sample_wishart_risk,
        statistics=entries("bias_squared", 2) + entries("variance", 2),
        separate=True,
        sample_size=n,
        dimension=d,
        bag_size=k,
        weights=weights,
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    margin = lab.at_scale(0.015, 0.002)
    for j, rho in enumerate(weights):
        assert run.mean(f"bias_squared[{j}]").agrees_with(exact.bias_squared[j], relative=margin, refutes=misread_bias(shape, rho, r2))
        assert run.mean(f"variance[{j}]").agrees_with(exact.variance[j], relative=margin, refutes=misread_variance(shape, rho, noise))


@one_spectrum
@pytest.mark.parametrize(
    ("shape", "squared_signal_norm", "noise_variance"),
    [
        ((60, 10, 5), 2.5, 0.7),
        ((72, 12, 3), 1.0, 1.0),
        ((40, 20, 4), 1.6, 0.5),  # fewer bags than features: eigenvalues at 0
        ((8, 5, 2), 1.0, 1.0),  # on both sides, and barely more samples than features
        ((12, 8, 2), 0.7, 1.5),  # fewer degrees of freedom within bags than features: eigenvalues at 1
        ((15, 7, 3), 1.0, 0.4),
        ((12, 3, 4), 3.0, 1.0),  # an odd number of free eigenvalues
        ((18, 1, 3), 1.0, 1.0),
    ],
)
def test_exact_risk_on_jacobi_spectra(lab: Laboratory, shape: Shape, squared_signal_norm: float, noise_variance: float) -> None:
    """One spectrum a replicate, in all shapes, three weights: bias, variance, mean of the estimator."""
    (n, d, k), r2, noise, weights = shape, squared_signal_norm, noise_variance, (0.1, 0.3, 0.75)
    exact, shrinkage = theory.interpolation_risk_exact(n, d, k, weights, r2, noise), theory.expected_shrinkage_exact(n, d, k, weights)
    run = lab.run(
        simulate.sample_jacobi_risk,
        statistics=entries("bias_squared", 3) + entries("variance", 3) + entries("shrinkage", 3),
        separate=True,
        sample_size=n,
        dimension=d,
        bag_size=k,
        weights=weights,
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    margin = lab.at_scale(0.01, 0.006) if d < 4 else lab.at_scale(0.005, 0.002)
    for j, rho in enumerate(weights):
        assert run.mean(f"bias_squared[{j}]").agrees_with(exact.bias_squared[j], relative=margin, refutes=misread_bias(shape, rho, r2))
        assert run.mean(f"variance[{j}]").agrees_with(exact.variance[j], relative=margin, refutes=misread_variance(shape, rho, noise))
        at_one = {"unbiased": 1.0, "as at weight 1": 1 / k}
        assert run.mean(f"shrinkage[{j}]").agrees_with(shrinkage[j], relative=margin, refutes=at_one)


@one_spectrum
def test_exact_risk_on_larger_problems(lab: Laboratory) -> None:
    """Forty features with m > d and sixty with m < d; at full scale the grid of psi, k and d, twelve weights each, and raw data."""
    points = lab.at_scale([(6, 3, 40), (2, 4, 60)], [(psi, k, d) for psi in (1.2, 2, 6, 20) for k in (2, 3, 5, 10) for d in (10, 30, 100)])
    weights = lab.at_scale((0.2, 0.3), (0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0))
    for psi, k, d in points:
        n = int(-(-psi * d // k)) * k
        exact = theory.interpolation_risk_exact(n, d, k, weights)
        columns = entries("bias_squared", len(weights)) + entries("variance", len(weights))
        setting = {"sample_size": n, "dimension": d, "bag_size": k, "weights": weights}
        run = lab.run(simulate.sample_jacobi_risk, statistics=columns, separate=True, **setting)
        for j, rho in enumerate(weights):
            wrong = {"features do not fluctuate": (1 - theory.expected_shrinkage_exact(n, d, k, rho)) ** 2}
            assert run.mean(f"bias_squared[{j}]").agrees_with(exact.bias_squared[j], relative=0.005, refutes=wrong)
            assert run.mean(f"variance[{j}]").agrees_with(
                exact.variance[j], relative=0.005, refutes={"S its mean": exact.variance[j] * (n - d - 1) / n}
            )
    if lab.scale == "full":
        for n, d, k, rho, noise in ((240, 40, 3, 0.3, 1.0), (120, 60, 4, 0.2, 0.5)):
            raw = lab.run(simulate.sample_raw_risk, sample_size=n, dimension=d, bag_size=k, weights=(rho,), noise_variance=noise)
            exact = theory.interpolation_risk_exact(n, d, k, rho, 1.0, noise)
            wrong = {"features do not fluctuate": exact.variance + (1 - theory.expected_shrinkage_exact(n, d, k, rho)) ** 2}
            assert raw.mean("risk[0]").agrees_with(exact.risk, relative=0.01, refutes=wrong)


@one_spectrum
@pytest.mark.parametrize(("sample_size", "bag_size", "weight"), [(18, 3, 0.3), (12, 6, 0.05), (40, 2, 0.8), (9, 9, 0.5)])
def test_exact_risk_in_dimension_one(lab: Laboratory, sample_size: int, bag_size: int, weight: float) -> None:
    """A single eigenvalue of law Beta(m/2, (n-m)/2): bias E g^2, variance E[u/C^2]/(n-2), mean 1 - E g, by quadrature."""
    n, rho = sample_size, weight
    law = stats.beta(n / bag_size / 2, (n - n / bag_size) / 2)

    def mean(function: Callable[..., float]) -> float:
        # In sqrt(u) the density has no pole at 0, even for a single bag.
        return quad(lambda v: function(v * v) * law.pdf(v * v) * 2 * v, 0, 1, epsabs=0, epsrel=1e-12, limit=200)[0]

    seen = mean(lambda u: (rho * (1 - u) / (rho + (1 - rho) * u)) ** 2), mean(lambda u: u / (rho + (1 - rho) * u) ** 2) / (n - 2)
    exact = theory.interpolation_risk_exact(n, 1, bag_size, rho)
    squared_mean = (1 - theory.expected_shrinkage_exact(n, 1, bag_size, rho)) ** 2
    wrong = {"features do not fluctuate": (squared_mean, seen[1]), "n - 1 for n - 2": (seen[0], seen[1] * (n - 2) / (n - 1))}
    assert lab.identical((exact.bias_squared, exact.variance), seen, relative=1e-10, refutes=wrong)
    shrunk = 1 - mean(lambda u: rho * (1 - u) / (rho + (1 - rho) * u))
    assert lab.identical(theory.expected_shrinkage_exact(n, 1, bag_size, rho), shrunk, relative=1e-10, refutes={"as at weight 1": 1 / bag_size})


@one_spectrum
@pytest.mark.parametrize(("sample_size", "bag_size", "weight"), [(12, 2, 0.3), (16, 4, 0.1), (24, 3, 0.6)])
def test_exact_risk_in_dimension_two(lab: Laboratory, sample_size: int, bag_size: int, weight: float) -> None:
    """Two eigenvalues of density |u - v| and a reflection at a uniform angle: bias E (g+g')^2/4 + (n-1)/(n-3) E (g-g')^2/4, by quadrature."""
    # With D = a I + b Q, Q a reflection: tr(S D S^-1 D)/2 = a^2 + b^2 tr(S Q S^-1 Q)/2, and over the angle tr(S Q S^-1 Q) is tr S tr S^-1 / 2, of
    # mean 2 (n-1)/(n-3).
    n, rho, m = sample_size, weight, sample_size // bag_size
    first, second = (m - 3) / 2, (n - m - 3) / 2

    def mean(function: Callable[..., float]) -> float:
        def weighted(v: float, u: float) -> float:
            density = (u - v) * (u * v) ** first * ((1 - u) * (1 - v)) ** second
            return density * function(u, v)

        return dblquad(weighted, 0, 1, 0, lambda u: u, epsabs=1e-13, epsrel=1e-11)[0]

    def g(u: float) -> float:
        return rho * (1 - u) / (rho + (1 - rho) * u)

    total = mean(lambda u, v: 1.0)
    middle, apart = (mean(lambda u, v, sign=sign: (g(u) + sign * g(v)) ** 2 / 4) / total for sign in (1, -1))
    variance = mean(lambda u, v: u / (rho + (1 - rho) * u) ** 2 + v / (rho + (1 - rho) * v) ** 2) / total / (n - 3)
    exact = theory.interpolation_risk_exact(n, 2, bag_size, rho, 2.5, 0.7)
    claimed, seen = (exact.bias_squared, exact.variance), (2.5 * (middle + apart * (n - 1) / (n - 3)), 0.7 * variance)
    wrong = {"S a multiple of the identity": (2.5 * (middle + apart), seen[1]), "the mean of g alone": (2.5 * middle, seen[1])}
    assert lab.identical(claimed, seen, relative=1e-8, refutes=wrong | {"n - 2 for n - 3": (seen[0], seen[1] * (n - 3) / (n - 2))})


# AGG-4 -----------------------------------------------------------------------------------------------------------------------------------

both_ends = claim(
    "AGG-4",
    kind="expectation",
    statement="Bag level: no bias and variance sigma^2 d/(m-d-1). Instance level: mean theta0/k, variance sigma^2 d/(k(n-d-1)), a rational bias.",
    tex=r"\mathbb{E}\,\mathrm{bias}_1^2=r^2\Big\{\tfrac{(k-1)^2}{k^2}+\tfrac{(k-1)[dn^2-dn+2d+n^2-5n+2]}{k^2(n-1)(n+2)(n-d-1)}\Big\}"
    r"\to r^2\Big[(1-\tfrac1k)^2+\tfrac{k-1}{k^2(\psi-1)}\Big]",
    source=f"{PAPER}, corollary, for the limits of both variances; limit of the bias and all finite-size forms derived here",
)


@both_ends
@pytest.mark.parametrize(
    ("shape", "squared_signal_norm", "noise_variance"),
    [((24, 4, 3), 1.0, 1.0), ((20, 6, 4), 2.5, 0.7), ((15, 2, 5), 0.6, 3.0), ((18, 5, 2), 1.0, 1.0), ((12, 1, 3), 1.0, 2.0)],
)
def test_instance_level_on_raw_features(lab: Laboratory, shape: Shape, squared_signal_norm: float, noise_variance: float) -> None:
    """Least squares where every sample carries its bag's mean, on raw features: bias, variance, and theta0/k as the mean."""
    (n, d, k), r2, noise = shape, squared_signal_norm, noise_variance
    exact, limit = theory.instance_level_risk_exact(n, d, k, r2, noise), theory.instance_level_risk_limit(n / d, k, r2, noise)
    run = lab.run(
        simulate.sample_instance_parts,
        statistics=("bias_squared", "variance", "alignment"),
        sample_size=n,
        dimension=d,
        bag_size=k,
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    wrong = {"(1 - 1/k)^2 alone": r2 * (1 - 1 / k) ** 2, "the limit": limit.bias_squared, "unbiased": 0.0}
    assert run.mean("bias_squared").agrees_with(exact.bias_squared, relative=lab.at_scale(0.007, 0.003), refutes=wrong)
    wrong = {"without 1/k": k * exact.variance, "the limit": limit.variance, "n - d for n - d - 1": exact.variance * (n - d - 1) / (n - d)}
    assert run.mean("variance").agrees_with(exact.variance, relative=lab.at_scale(0.03, 0.01), refutes=wrong)
    assert run.mean("alignment").agrees_with(1 / k, relative=0.01, refutes={"unbiased": 1.0, "theta0/k^2": 1 / k**2, "1/(k-1)": 1 / (k - 1)})


@both_ends
@pytest.mark.parametrize(("shape", "noise_variance"), [((60, 4, 3), 1.0), ((60, 8, 2), 0.4), ((125, 5, 5), 2.0)])
def test_bag_level_on_raw_averages(lab: Laboratory, shape: Shape, noise_variance: float) -> None:
    """Least squares on the m bag averages: no bias on any data set, and the mean of the inverse Wishart matrix as variance."""
    n, d, k = shape
    exact, limit = theory.bag_level_risk_exact(n, d, k, 1.0, noise_variance), theory.bag_level_risk_limit(n / d, k, 1.0, noise_variance)
    run = lab.run(simulate.sample_bag_level_variance, sample_size=n, dimension=d, bag_size=k, noise_variance=noise_variance)
    wrong = {
        "divided by k too": exact.variance / k,
        "the limit": limit.variance,
        "from all n samples": theory.bag_level_risk_exact(n, d, 1, 1.0, noise_variance).variance,
    }
    assert run.mean("variance").agrees_with(exact.variance, relative=lab.at_scale(0.02, 0.004), refutes=wrong)
    seen = lab.draw(simulate.sample_conditional_risk, 20, sample_size=n, dimension=d, bag_size=k, weights=(0.0, 1.0))["bias_squared"]
    assert lab.identical(exact.bias_squared, seen[:, 0].max(), absolute=1e-20, refutes={"as the instance level": seen[:, 1].min()})


@both_ends
def test_both_ends_on_raw_data(lab: Laboratory) -> None:
    """The realised error and the component along theta0 of both estimators, on the same samples."""
    n, d, k, r2, noise = 80, 4, 4, 2.5, 1.6
    run = lab.run(
        simulate.sample_raw_risk,
        statistics=("risk[0]", "risk[1]", "alignment[0]", "alignment[1]"),
        sample_size=n,
        dimension=d,
        bag_size=k,
        weights=(0.0, 1.0),
        squared_signal_norm=r2,
        noise_variance=noise,
    )
    bag, instance = theory.bag_level_risk_exact(n, d, k, r2, noise), theory.instance_level_risk_exact(n, d, k, r2, noise)
    assert run.mean("risk[0]").agrees_with(
        bag.risk, relative=0.05, refutes={"divided by k too": bag.risk / k, "biased": bag.risk + r2 * (1 - 1 / k) ** 2}
    )
    wrong = {"without 1/k in the variance": instance.risk + (k - 1) * instance.variance, "unbiased": instance.variance}
    assert run.mean("risk[1]").agrees_with(instance.risk, relative=0.01, refutes=wrong)
    assert run.mean("alignment[0]").agrees_with(1.0, relative=0.01, refutes={"shrunk": 1 - 1 / k})
    assert run.mean("alignment[1]").agrees_with(1 / k, relative=0.02, refutes={"unbiased": 1.0, "theta0/k^2": 1 / k**2})


@both_ends
@pytest.mark.parametrize("shape", [(240, 40, 3), (24, 4, 3), (20, 6, 4), (15, 2, 5), (40, 20, 4), (12, 8, 2), (60, 11, 10), (14, 1, 7), (12, 10, 3)])
def test_ends_from_the_spectrum(lab: Laboratory, shape: Shape) -> None:
    """The rational forms against the Pfaffian: at weight 1, and with more bags than features as the weight goes to 0."""
    (n, d, k), r2, noise = shape, 2.5, 0.7
    from_spectrum, rational = theory.interpolation_risk_exact(n, d, k, 1.0, r2, noise), theory.instance_level_risk_exact(n, d, k, r2, noise)
    limit = theory.instance_level_risk_limit(n / d, k, r2, noise)
    wrong = {
        "the limit": limit[:2],
        "(1 - 1/k)^2 alone": (r2 * (1 - 1 / k) ** 2, rational.variance),
        "without 1/k in the variance": (rational.bias_squared, k * rational.variance),
    }
    assert lab.identical(rational[:2], from_spectrum[:2], relative=1e-10, refutes=wrong, question="instance level from the spectrum")
    shrinkage = theory.expected_shrinkage_exact(n, d, k, 1.0)
    assert lab.identical(1 / k, shrinkage, relative=1e-10, refutes={"unbiased": 1.0, "theta0/k^2": 1 / k**2})
    if n // k > d + 3:
        near, bag = theory.interpolation_risk_exact(n, d, k, 1e-9, r2, noise), theory.bag_level_risk_exact(n, d, k, r2, noise)
        wrong = {"divided by k too": (0.0, bag.variance / k), "the limit": theory.bag_level_risk_limit(n / d, k, r2, noise)[:2]}
        assert lab.identical(bag[:2], near[:2], relative=1e-6, refutes=wrong, question="bag level from the spectrum")


@both_ends
@pytest.mark.parametrize(("psi", "bag_size"), [(6, 3), (8, 2), (12, 5)])
def test_ends_approach_their_limits(lab: Laboratory, psi: int, bag_size: int) -> None:
    """At order 1/d; the limits of both variances are the paper's corollary."""
    d, k, r2, noise = np.array([50, 100, 200, 400]) * bag_size, bag_size, 2.5, 0.7
    wrong_orders = {"d^-1/2": 0.5, "d^-2": 2.0}
    ends = (
        (theory.bag_level_risk_exact, theory.bag_level_risk_limit, (0.0, noise / (psi / k - 1))),
        (
            theory.instance_level_risk_exact,
            theory.instance_level_risk_limit,
            (r2 * ((1 - 1 / k) ** 2 + (k - 1) / (k**2 * (psi - 1))), noise / (k * (psi - 1))),
        ),
    )
    for exact, limit, words in ends:
        finite, infinite = exact(psi * d, d, k, r2, noise), limit(psi, k, r2, noise)
        assert lab.limit(d, finite.risk - infinite.risk, order=1.0, within=0.05, refutes=wrong_orders)
        assert lab.limit(d, finite.variance - infinite.variance, order=1.0, within=0.05, refutes=wrong_orders)
        far = exact(psi * 10**6, 10**6, k, r2, noise)
        wrong = {
            "bias (1 - 1/k)^2": (r2 * (1 - 1 / k) ** 2, words[1]),
            "variance sigma^2/(psi - 1)": (words[0], noise / (psi - 1)),
            "variance over k again": (words[0], words[1] / k),
        }
        assert lab.identical(words, far[:2], relative=1e-5, refutes=wrong, question="limit of bias and variance")
        assert lab.identical(infinite[:2], words, relative=1e-13, refutes={"at d = 50 k": (finite.bias_squared[0], finite.variance[0])})


@both_ends
def test_bags_of_one_are_least_squares(lab: Laboratory) -> None:
    """All weights give ordinary least squares, on every data set and in every closed form."""
    rng, n, d = np.random.default_rng([lab.seed, 4]), 20, 6
    x, y = rng.normal(size=(n, d)), rng.normal(size=n)
    ordinary = np.linalg.lstsq(x, y, rcond=None)[0]
    fitted = [theory.interpolating_estimator(x, np.arange(n), y, rho) for rho in (0.0, 0.4, 1.0)]
    pairs = np.repeat(y.reshape(-1, 2).mean(axis=1), 2)
    assert lab.identical(fitted, [ordinary] * 3, relative=1e-11, refutes={"bags of two": [np.linalg.lstsq(x, pairs, rcond=None)[0]] * 3})
    risks = [theory.bag_level_risk_exact(n, d, 1, 2.5, 0.7)[:2], theory.instance_level_risk_exact(n, d, 1, 2.5, 0.7)[:2]]
    risks += [theory.interpolation_risk_exact(n, d, 1, rho, 2.5, 0.7)[:2] for rho in (0.0, 0.4, 1.0)]
    wrong = {"the limit": [(0.0, 0.7 / (n / d - 1))] * 5, "bags of two": [theory.bag_level_risk_exact(n, d, 2, 2.5, 0.7)[:2]] * 5}
    assert lab.identical(risks, [(0.0, 0.7 * d / (n - d - 1))] * 5, relative=1e-13, refutes=wrong)
    drawn = lab.draw(simulate.sample_conditional_risk, 10, sample_size=n, dimension=d, bag_size=1, weights=(0.0, 0.4, 1.0))["risk"]
    assert lab.identical(drawn[:, 1:], drawn[:, :1].repeat(2, axis=1), relative=1e-10, refutes={"the mean": 0.7 * d / (n - d - 1)})
