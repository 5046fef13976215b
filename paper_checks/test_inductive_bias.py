"""arXiv:2406.15941: the law of the test error of interpolating hypotheses, its exact tail, and small balls."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2, multivariate_normal

from theorylab.laboratory import Laboratory
from theorylab.numerics.gaussian_process import interpolating_posterior, stationary_kernel
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias import monte_carlo as simulate
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.pytest_plugin import claim

law = claim(
    "IB-1",
    kind="identity",
    statement="The test error of a Gaussian process that interpolates is a weighted sum of noncentral chi-squared variables.",
    tex=r"L=\mathrm{off}+\sum_rw_r\chi'^2_k(\delta_r),\quad w_r=\tfrac{\lambda_r}{mk},\quad \kappa_q=2^{q-1}(q-1)!\sum w_r^q(h_r+q\delta_r)",
    source="standard conditioning, used in arXiv:2406.15941, Section 3; derived here",
)
PROBLEM = {"dimension": 2, "train": 6, "test": 8, "outputs": 3}


@law
@pytest.mark.parametrize("route", ["spectrum", "functions"])
def test_moments_and_tail(lab: Laboratory, route: str) -> None:
    """KRON(2, 6, 8) with three outputs: mean, variance and one tail probability, from functions drawn by pathwise conditioning, too."""
    distribution = theory.task_distribution(kronecker_task(2, 6, 8, outputs=3))
    mean, variance = distribution.mean(), distribution.var()
    w, delta = distribution.weights, distribution.noncentrality
    assert lab.identical([mean, variance], [0.628086, 0.037646], absolute=1e-6, refutes={"one degree": [mean, 3 * variance]}, question="printed")
    # What keys the random numbers has no last digits that differ between releases of the libraries.
    centre, eps = round(mean, 9), round(0.5 * mean, 9)
    run = lab.run(simulate.sample_errors, **PROBLEM, route=route, centre=centre, target_error=eps, statistics=("error", "squared", "hit"))
    wrong = {"w = lambda/m": 3 * mean, "without residuals": float((3 * w).sum()), "one degree each": float((w * (1 + delta)).sum())}
    assert run.mean("error").agrees_with(mean, relative=0.01, refutes=wrong)
    central = float(2 * (w**2 * 3).sum())
    assert run.mean("squared").agrees_with(
        variance, relative=0.05, refutes={"h = 1, w = lambda/m": variance - central + 3 * central, "central": central}
    )
    chance = float(np.exp(-theory.required_inductive_bias(distribution, eps)))
    doubled = float(GeneralizedChiSquared(w, 1.0, delta).cdf(eps))
    assert run.probability("hit").agrees_with(chance, relative=0.1, refutes={"one degree each": doubled})


@law
def test_printed_biases(lab: Laboratory) -> None:
    """1.8283, 3.6489, 5.1670 nats at .7, .5, .4 of the mean; cumulants by differences of the log Laplace transform."""
    distribution = theory.task_distribution(kronecker_task(2, 6, 8, outputs=3))
    shares = np.array([0.7, 0.5, 0.4])
    found = theory.required_inductive_bias(distribution, shares * distribution.mean())
    assert lab.identical(found, [1.8283, 3.6489, 5.1670], absolute=6e-5, refutes={"per output": np.array([1.8283, 3.6489, 5.1670]) / 3})
    step = 0.02 / float(distribution.weights.max())
    s = step * np.arange(-3, 4)
    values = np.asarray(distribution.log_laplace(s))
    # Derivatives at 0 from a polynomial through seven points: kappa_q = (-1)^q times the q-th one.
    polynomial = np.polynomial.Polynomial.fit(s, values, 6).convert()
    derived = [(-1) ** q * math.factorial(q) * polynomial.coef[q] for q in (1, 2, 3, 4)]
    claimed = distribution.cumulants(4)
    no_factorial = claimed / np.array([1, 1, 2, 6])
    assert lab.identical(np.array(derived) / claimed, np.ones(4), absolute=2e-2, refutes={"without (q - 1)!": no_factorial / claimed})


def near_fit_chance(training_error: float, target_error: float) -> float:
    """P(test error <= eps | training error <= eta) on the task (2, 2, 4): the exact tail given the training values, averaged over their residuals.

    The two residuals fill a disc of radius sqrt(2 eta); Gauss-Legendre in the radius and equal angles give ten digits.
    """
    task = kronecker_task(2, 2, 4)
    kernel = stationary_kernel(task.inputs, task.inputs)
    nodes, weights = np.polynomial.legendre.leggauss(10)
    total, both = 0.0, 0.0
    for radius, weight in zip((nodes + 1.0) / 2.0, weights, strict=True):
        for angle in 2.0 * np.pi * (np.arange(16) + 0.5) / 16:
            fitted = task.targets[:2] + math.sqrt(2.0 * training_error) * radius * np.array([[math.cos(angle)], [math.sin(angle)]])
            density = weight * radius * multivariate_normal([0.0, 0.0], kernel[:2, :2]).pdf(fitted.ravel())
            posterior = interpolating_posterior(kernel, 2, fitted)
            distribution = theory.error_spectrum(posterior.mean, posterior.covariance, task.targets[2:])
            total, both = total + density, both + density * math.exp(-float(theory.required_inductive_bias(distribution, target_error)))
    return both / total


@law
def test_nearly_fitting_functions(lab: Laboratory) -> None:
    """Functions of the prior with training error at most eta: 2.0602 nats at eta = .3, and the exact 2.0214 as eta falls."""
    distribution = theory.task_distribution(kronecker_task(2, 2, 4))
    eps = round(float(0.3 * distribution.mean()), 9)
    exact = float(theory.required_inductive_bias(distribution, eps))
    near = near_fit_chance(0.3, eps)
    assert lab.identical([exact, -math.log(near)], [2.0214, 2.0602], absolute=1e-4, refutes={"at eta = .05": [2.0282, 2.0282]})
    chances = {}
    for eta in (0.3, 0.05):
        run = lab.run(simulate.sample_near_fits, dimension=2, train=2, test=4, training_error=eta, target_error=eps)
        chances[eta] = (run.mean("both") / run.mean("near")).named(f"chance at eta = {eta}")
    assert chances[0.3].agrees_with(near, relative=0.03, refutes={"the prior": 0.5 * math.exp(-exact)})
    assert chances[0.05].agrees_with(math.exp(-exact), relative=0.06, refutes={"half of it": 0.5 * math.exp(-exact)})


@law
def test_offset_and_support(lab: Laboratory) -> None:
    """Test points equal to training points have no variance: their residual is an offset, below which no error lies."""
    task = kronecker_task(2, 4, 6)
    inputs = np.concatenate([task.inputs, task.inputs[:2]])
    posterior = interpolating_posterior(stationary_kernel(inputs, inputs), 4, task.targets[:4])
    targets = np.concatenate([task.targets[4:], task.targets[:2] + 0.5])
    distribution = theory.error_spectrum(posterior.mean, posterior.covariance, targets, relative_cutoff=1e-9)
    assert lab.identical(float(distribution.offset), 2 * 0.25 / 8, absolute=1e-9, refutes={"none": 0.0})
    assert np.isinf(theory.required_inductive_bias(distribution, 0.0624))
    assert np.isfinite(theory.required_inductive_bias(distribution, 0.07))


tail = claim(
    "IB-2",
    kind="identity",
    statement="The logarithm of either tail of the law is computed exactly in every regime by a contour through the saddle point.",
    tex=r"P(L\le x)=\tfrac1{2\pi i}\int e^{sx}M(s)\tfrac{ds}s,\qquad s(u)=s_0+iu+\tfrac{cu^2}{\sqrt{1+(cu/.5)^2}}",
    source="steepest descent, derived here; Ruben 1962, Imhof 1961, Lugannani and Rice 1980 for comparison",
)
MIXED = GeneralizedChiSquared([1, 0.5, 0.25, 0.1], [1, 2, 3, 1], [0.5, 0, 2, 1])


@tail
def test_contour_against_other_methods(lab: Laboratory) -> None:
    """Five printed values down to e^-325; Ruben's series agrees, Imhof's integral loses its digits, the saddle point is off by percents."""
    places = np.array([5, 0.5, 1e-4, 1e-10, 1e-40])
    printed = np.array([-0.29540050858690, -5.419189836751, -34.942108961134, -83.296348688904, -325.067783453232])
    found = np.asarray(MIXED.logcdf(places))
    below = places < 1
    saddle = printed.copy()
    saddle[below] = MIXED.logcdf(places[below], method="saddlepoint")
    assert lab.identical(found, printed, absolute=2e-12, refutes={"saddle point": saddle}, question="printed")
    ruben = np.asarray(MIXED.logcdf(places, method="ruben"))
    assert lab.identical(found / ruben, np.ones(5), absolute=1e-12, refutes={"saddle point": saddle / ruben}, question="Ruben")
    errors = abs(np.asarray([MIXED.logcdf(x, method="saddlepoint") for x in (0.5, 1e-40)]) - printed[[1, 4]])
    assert lab.identical(errors, [0.0070, 0.0236], absolute=1e-4, refutes={"exact": [0.0, 0.0]}, question="saddle point")
    with np.errstate(invalid="ignore", divide="ignore"):
        imhof = float(MIXED.logcdf(0.5, method="imhof"))
        deep = float(np.nan_to_num(MIXED.logcdf(1e-4, method="imhof"), nan=0.0, neginf=0.0))
    assert lab.exact(abs(imhof - printed[1])).less_than(1e-5, refutes={"useless": 1.0})
    assert lab.exact(abs(deep - printed[2])).greater_than(1.0, refutes={"it serves below 1e-9": 1e-6})


@tail
@pytest.mark.parametrize("degrees", [0.2, 1.0, 5.0, 100.0, 10_000.0])
def test_one_term(lab: Laboratory, degrees: float) -> None:
    """Chi-squared on both sides of the mean and at it, against scipy where doubles reach."""
    places = degrees * np.array([0.3, 0.7, 0.99, 1.0, 1.01, 1.3, 2.0])
    found = GeneralizedChiSquared([1.0], degrees)
    lower, upper = np.asarray(found.logcdf(places)), np.asarray(found.logsf(places))
    exact_lower, exact_upper = chi2.logcdf(places, degrees), chi2.logsf(places, degrees)
    reached = np.isfinite(exact_lower) & np.isfinite(exact_upper)
    assert reached.sum() >= 3
    for value, exact in ((lower, exact_lower), (upper, exact_upper)):
        scale = np.maximum(1.0, abs(exact[reached]))
        wrong = chi2.logcdf(places, degrees * 1.001) if value is lower else chi2.logsf(places, degrees * 1.001)
        # scipy's own logarithm near 0 ends at its rounding of 1.
        assert lab.identical(value[reached] / scale, exact[reached] / scale, absolute=1e-9, refutes={"other degrees": wrong[reached] / scale})


@tail
def test_random_spectra_against_draws(lab: Laboratory) -> None:
    """Batched spectra of 16 terms equal single ones, and their mean logarithm equals that of draws of the law."""
    rng = np.random.default_rng([lab.seed, 1])
    w, delta = rng.exponential(size=(40, 16)), rng.exponential(size=(40, 16))
    places = rng.uniform(0.05, 2.0, 40) * (w * (1 + delta)).sum(axis=1)
    batch = GeneralizedChiSquared(w, 1.0, delta).logcdf(places)
    single = [float(GeneralizedChiSquared(w[i], 1.0, delta[i]).logcdf(places[i])) for i in range(40)]
    merged = [float(GeneralizedChiSquared(np.repeat(w[i], 2), 0.5, np.repeat(delta[i] / 2, 2)).logcdf(places[i])) for i in range(40)]
    assert lab.identical(batch, single, absolute=1e-10, refutes={"next row": np.roll(single, 1)})
    assert lab.identical(batch, merged, absolute=1e-10, refutes={"next row": np.roll(single, 1)}, question="split terms")


balls = claim(
    "IB-9",
    kind="limit",
    statement="For small errors the bias is minus the log predictive density of the targets minus the log volume of a ball, with a first correction.",
    tex=r"I(\epsilon)=-\log N(y^*;\mu,C)-\log\mathrm{Vol}_m(\sqrt{m\epsilon})+\epsilon\tfrac{\sum(h_r-\delta_r)/w_r}{2(H+2)}+O(\epsilon^2)",
    source="derived here for arXiv:2406.15941",
)


@balls
def test_expansion(lab: Laboratory) -> None:
    """KRON(4, 32, 64): leading term by the density of a multivariate normal, first and second order by limits."""
    task = kronecker_task(4, 32, 64)
    mean, covariance = theory.task_posterior(task)
    distribution = theory.task_distribution(task)
    middle = distribution.mean()
    density = float(multivariate_normal(mean[:, 0], covariance).logpdf(task.targets[32:, 0]))
    assert lab.identical(density, -39.115516, absolute=1e-6, refutes={"prior mean": density - 1.0}, question="printed density")
    eps = 1e-4 * middle
    volume = 32 * math.log(math.pi * 64 * eps) - math.lgamma(33)
    leading = float(theory.small_ball_bias(distribution, eps, order=0))
    half = 0.5 * float(distribution.noncentrality.sum())
    assert lab.identical(leading, -density - volume, absolute=1e-7, refutes={"without half the sum of delta": -density - volume - half})
    sizes = np.array([1e2, 1e3, 1e4, 1e5])
    rest = [
        float(theory.required_inductive_bias(distribution, middle / s) - theory.small_ball_bias(distribution, middle / s, order=0)) for s in sizes
    ]
    assert lab.identical(rest[0], 0.399649, absolute=1e-6, refutes={"first order": 0.400124}, question="printed")
    assert lab.limit(sizes, rest, order=1.0, within=0.01, refutes={"1/2": 0.5})
    slope = float(theory.small_ball_bias(distribution, eps) - leading) / eps
    other = slope * 66 / 64
    assert lab.identical(rest[2] * 1e4 / middle, slope, relative=2e-4, refutes={"H for H + 2": other}, question="first correction")


@balls
def test_best_scale(lab: Laboratory) -> None:
    """Scaling the kernel by c, the leading term is least at c = mean of delta; the number depends on the prior's scale."""
    distribution = theory.task_distribution(kronecker_task(4, 32, 64))
    best = float(distribution.noncentrality.sum() / distribution.total_degrees)
    assert lab.identical(best, 0.08456, absolute=1e-5, refutes={"1": 1.0}, question="printed")
    eps = 1e-4 * distribution.mean()
    scales = best * np.array([0.9, 1.0, 1.1])
    biases = [
        float(theory.small_ball_bias(GeneralizedChiSquared(c * distribution.weights, 1.0, distribution.noncentrality / c), eps, order=0))
        for c in scales
    ]
    assert biases[1] < min(biases[0], biases[2])
    curvature = (biases[0] + biases[2] - 2 * biases[1]) / 0.01
    assert lab.identical(curvature, 32.0, relative=0.02, refutes={"H": 64.0}, question="curvature H/2 in log c")
    assert lab.exact(float(theory.small_ball_bias(distribution, eps, order=0)) - biases[1]).greater_than(40.0, refutes={"scale does not matter": 0.0})
