"""arXiv:2302.02334: logistic regression without a penalty in high dimension: its estimate and its error at d/m -> kappa.

The O(d) of the paper is a bound on the sample size; here is what happens at a fixed ratio. Mixture x = y mu + z, y = +-1, |mu| = r (half_distance), z
standard normal in dimension d, m samples, kappa = d/m (dimension_ratio).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import fsolve

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.papers.naive_bayes_logistic.closed_form.proportional_limit import _residuals as system_at
from theorylab.pytest_plugin import claim

# LR-3 ------------------------------------------------------------------------------------------------------------------------------------

limit = claim(
    "LR-3",
    kind="limit",
    statement="At d/m -> kappa < kappa*(r) component a, norm sigma and error tend to the solution of three equations; at kappa* the error is kappa*.",
    tex=r"\gamma^2\,\mathbb{E}\,\ell'(p)^2=\kappa\sigma^2,\quad \mathbb{E}\tfrac{1}{1+\gamma\ell''(p)}=1-\kappa,\quad "
    r"r\,\mathbb{E}\,\ell'(p)+\tfrac{a\kappa}{\gamma}=0,\quad p=\mathrm{prox}_{\gamma\ell}(T),\ T\sim N(ar,a^2+\sigma^2);\quad "
    r"R\to\Phi\left(-\tfrac{ar}{\sqrt{a^2+\sigma^2}}\right)",
    source="derived here by comparison of Gaussian processes; such systems are known for other designs",
)


def proximal_by_halving(point: np.ndarray, gamma: float) -> np.ndarray:
    """Return the root of p - gamma / (1 + exp(p)) = T, between T and T + gamma."""
    low, high = point, point + gamma
    for _ in range(60):
        middle = 0.5 * (low + high)
        beyond = middle - gamma / (1 + np.exp(np.minimum(middle, 700.0))) > point
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return 0.5 * (low + high)


NORMAL = np.linspace(-9.0, 9.0, 3001)
MASSES = stats.norm.pdf(NORMAL) * (NORMAL[1] - NORMAL[0])


def equations(a: float, sigma: float, gamma: float, r: float, kappa: float) -> np.ndarray:
    """Return left minus right sides of the three equations, by a fine trapezoidal rule over T with a proximal point by halving."""
    p = proximal_by_halving(a * r + np.hypot(a, sigma) * NORMAL, gamma)
    weight = 1 / (1 + np.exp(np.minimum(p, 700.0)))
    third = MASSES @ (1 / (1 + gamma * weight * (1 - weight)))
    return np.array([gamma**2 * (MASSES @ weight**2) - kappa * sigma**2, third - 1 + kappa, -r * (MASSES @ weight) + a * kappa / gamma])


@limit
@pytest.mark.parametrize("key", range(5))
def test_system_by_another_solver(lab: Laboratory, key: int) -> None:
    """A general root finder on the equations over T, with a proximal point by halving, from the classical values; random (r, kappa) too."""
    rng = np.random.default_rng([lab.seed, 2])
    random = [(r, f * theory.separability_threshold(r)) for r, f in zip(rng.uniform(0.2, 1.8, 2), rng.uniform(0.1, 0.7, 2), strict=True)]
    r, kappa = [(1.0, 0.1), (0.5, 0.2), (0.8, 0.12), *random][key]
    claimed = theory.logistic_proportional_limit(r, kappa)
    solution = (claimed.alignment, claimed.orthogonal_norm, claimed.proximal_parameter)
    residuals = equations(*solution, r, kappa)
    near = {
        f"{name} 0.1 % larger": equations(*(value * (1 + 1e-3 * (name == other)) for other, value in zip("asg", solution, strict=True)), r, kappa)
        for name in "asg"
    }
    assert lab.identical(np.zeros(3), residuals, absolute=1e-9, refutes=near | {"kappa 0.1 % larger": equations(*solution, r, kappa * 1.001)})

    def relative(logs: np.ndarray) -> np.ndarray:
        a, sigma, gamma = np.exp(logs)
        return equations(a, sigma, gamma, r, kappa) / np.array([kappa * sigma**2, kappa, a * kappa / gamma])

    found, _, success, message = fsolve(relative, np.log([2 * r, 1.0, 1.0]), full_output=True, xtol=1e-10)
    assert success == 1, message
    wrong = {"the true log-odds, a = 2r": [2 * r, *solution[1:]], "a and sigma exchanged": [solution[1], solution[0], solution[2]]}
    assert lab.identical(np.array(solution), np.exp(found), relative=1e-7, refutes=wrong)
    a, sigma = np.exp(found[:2])
    error = stats.norm.cdf(-a * r / np.hypot(a, sigma))
    wrong = {
        "Bayes' error": stats.norm.cdf(-r),
        "naive Bayes": theory.naive_bayes_proportional_limit(2 * r, kappa),
        "sigma for the whole norm": stats.norm.cdf(-a * r / sigma),
        "delta for r": stats.norm.cdf(-2 * a * r / np.hypot(a, sigma)),
    }
    assert lab.identical(claimed.error, error, absolute=1e-8, refutes=wrong)


@limit
@pytest.mark.parametrize(
    ("r", "d", "m", "margin"),
    [(0.8, 60, 500, 0.0025), (1.0, 40, 400, 0.0025), (0.5, 30, 200, 0.004)],
)
def test_error_of_logistic_fits(lab: Laboratory, r: float, d: int, m: int, margin: float) -> None:
    """Raw data, Newton's method, the exact error of the fitted direction; no data set is separable at less than half the threshold."""
    run = lab.run(
        simulate.sample_proportional_logistic,
        statistics=("error", "alignment", "orthogonal_norm", "separable"),
        half_distance=r,
        sample_size=m,
        dimension=d,
    )
    claimed = theory.logistic_proportional_limit(r, d / m)
    slope = theory.logistic_excess_coefficient(d, 2 * r, random_counts=True) / m
    wrong = {
        "Bayes' error: the estimate is consistent": stats.norm.cdf(-r),
        "the limit of naive Bayes": theory.naive_bayes_proportional_limit(2 * r, d / m),
        "twice the ratio": theory.logistic_proportional_limit(r, 2 * d / m).error,
        "half the ratio": theory.logistic_proportional_limit(r, 0.5 * d / m).error,
    }
    if r == 0.5:
        wrong["fixed dimension: Bayes' error and the first order in d/m"] = stats.norm.cdf(-r) + slope
    assert run.mean("error").agrees_with(claimed.error, absolute=margin, refutes=wrong)
    assert run.probability("separable").less_than(0.05, refutes={"half of the data sets": 0.5})
    if r == 0.8:
        # Both have a bias of order 1/d, 1.3 % and 0.3 % at d = 60.
        small = np.sqrt(d / m / theory.mean_fisher_weight(2 * r))
        wrong = {"unbiased, a = 2r": 2 * r, "without the ratio a/r": claimed.alignment / r}
        assert run.mean("alignment").agrees_with(claimed.alignment, relative=0.045, refutes=wrong)
        wrong = {"fixed dimension, sqrt(kappa/A0)": small, "norm of the whole estimate": np.hypot(claimed.alignment, claimed.orthogonal_norm)}
        assert run.mean("orthogonal_norm").agrees_with(claimed.orthogonal_norm, relative=0.04, refutes=wrong)


@limit
def test_finite_dimension_is_a_little_better(lab: Laboratory) -> None:
    """At d = 10, m = 83, r = .8 the mean error is below the limit; at full scale the distance is seen to shrink like 1/d over d = 5, 10, 20."""
    sizes = lab.at_scale((10,), (5, 10, 20))
    gaps = []
    for d in sizes:
        m = round(d / 0.12)
        run = lab.run(simulate.sample_proportional_logistic, statistics=("error",), half_distance=0.8, sample_size=m, dimension=d)
        gaps.append(theory.logistic_proportional_limit(0.8, d / m).error - run.mean("error"))
    assert gaps[0].greater_than(0.0, refutes={"approached from above": -0.001})
    if len(gaps) > 2:
        assert lab.exponent(sizes, gaps).agrees_with(-1.0, absolute=0.4, refutes={"order d^-1/2": -0.5, "order d^-2": -2.0})


@limit
def test_large_samples_at_full_scale(lab: Laboratory) -> None:
    """At full scale d = 100, m = 1000, r = 1; at quick scale a smaller case, r = 1.5, d = 20, m = 400."""
    r, d, m, margin = lab.at_scale((1.5, 20, 400, 0.002), (1.0, 100, 1000, 0.001))
    run = lab.run(simulate.sample_proportional_logistic, statistics=("error",), half_distance=r, sample_size=m, dimension=d)
    wrong = {
        "Bayes' error": stats.norm.cdf(-r),
        "the limit of naive Bayes": theory.naive_bayes_proportional_limit(2 * r, d / m),
        "half the ratio": theory.logistic_proportional_limit(r, 0.5 * d / m).error,
    }
    assert run.mean("error").agrees_with(theory.logistic_proportional_limit(r, d / m).error, absolute=margin, refutes=wrong)


@limit
@pytest.mark.parametrize("r", [0.5, 1.0, 1.7])
def test_small_ratios_meet_the_fixed_dimension(lab: Laboratory, r: float) -> None:
    """(error - Bayes) / kappa tends at order kappa to the large-sample coefficient per feature, phi(r) / (8 r A0), A0 by quadrature here."""
    kappa = np.array([4e-3, 2e-3, 1e-3]) * theory.separability_threshold(r)
    solutions = [theory.logistic_proportional_limit(r, each) for each in kappa]
    slope = (np.array([each.error for each in solutions]) - stats.norm.cdf(-r)) / kappa
    weight = quad(lambda z: stats.norm.pdf(z - r) / (4 * np.cosh(r * z) ** 2), -15.0, 15.0, epsabs=1e-14)[0]
    coefficient = stats.norm.pdf(r) / (8 * r * weight)
    orders = {"order sqrt(kappa)": 0.5, "order kappa^2": 2.0, "no limit": 0.0}
    assert lab.limit(1 / kappa, slope - coefficient, order=1.0, within=0.05, refutes=orders, question="slope towards that of fixed dimension")
    wrong = {
        "A0 = 1/4": stats.norm.pdf(r) / (2 * r),
        "naive Bayes": float((theory.naive_bayes_proportional_limit(2 * r, kappa[2]) - stats.norm.cdf(-r)) / kappa[2]),
        "A0 at half the distance": stats.norm.pdf(r) / (8 * r * theory.mean_fisher_weight(r)),
    }
    assert lab.identical(2 * slope[2] - slope[1], coefficient, relative=1e-4, refutes=wrong)
    per_feature = theory.logistic_excess_coefficient(1, 2 * r, random_counts=True)
    assert lab.identical(
        per_feature, coefficient, relative=1e-9, refutes={"fixed counts": theory.logistic_excess_coefficient(1, 2 * r, random_counts=False)}
    )
    sizes = np.array([[each.alignment / (2 * r), each.orthogonal_norm**2 * weight / k] for each, k in zip(solutions, kappa, strict=True)])
    assert lab.identical(sizes[2], np.ones(2), absolute=0.01, refutes={"a = r": [0.5, 1.0], "sigma^2 = 4 kappa": [1.0, 4 * weight]})


def has_no_solution(r: float, kappa: float) -> bool:
    """Tell whether the limit is refused as that of separable data."""
    try:
        theory.logistic_proportional_limit(r, kappa)
    except theory.NoFiniteSolutionError:
        return True
    return False


@limit
@pytest.mark.parametrize("r", [0.5, 1.0, 2.0])
def test_at_the_threshold_the_error_is_the_threshold(lab: Laboratory, r: float) -> None:
    """As kappa -> kappa* the estimate grows beyond all bounds, while its direction settles, at the error kappa* itself."""
    threshold = theory.separability_threshold(r)
    closeness = np.array([1e-2, 3e-3, 1e-3, 3e-4])
    solutions = [theory.logistic_proportional_limit(r, (1 - each) * threshold) for each in closeness]
    errors = np.array([each.error for each in solutions])
    assert lab.exact(float(np.max(np.diff(threshold - errors)))).less_than(0.0, refutes={"no approach": 0.0})
    wrong = {
        "Bayes' error": stats.norm.cdf(-r),
        "no better than a coin": 0.5,
        "naive Bayes there": theory.naive_bayes_proportional_limit(2 * r, threshold),
        "the threshold of twice the distance": theory.separability_threshold(2 * r),
    }
    assert lab.identical(threshold, errors[-1], relative=0.01, refutes=wrong)
    norms = np.array([np.hypot(each.alignment, each.orthogonal_norm) for each in solutions])
    assert lab.exact(float(norms[-1] / norms[0])).greater_than(5.0, refutes={"a finite limit": 1.0})
    assert lab.exact(float(norms[0])).greater_than(2 * r * 3, refutes={"the true log-odds": 2 * r})
    refused = sum(has_no_solution(r, factor * threshold) for factor in (0.97, 0.999, 1.0, 1.001, 1.02, 2.0))
    wrong = {"a solution at the threshold": 3.0, "and a little beyond": 2.0, "none just below": 5.0}
    assert lab.identical(4.0, float(refused), absolute=0.5, refutes=wrong, question="ratios without a finite solution, of six")


@limit
def test_logistic_regression_is_behind_naive_bayes_at_every_ratio(lab: Laboratory) -> None:
    """With independent features naive Bayes has the smaller limit at every ratio, and both are above Bayes' error and grow with kappa."""
    for r in (0.3, 0.8, 1.3, 2.0):
        kappa = np.linspace(0.02, 0.98, 13) * theory.separability_threshold(r)
        errors = np.array([theory.logistic_proportional_limit(r, each).error for each in kappa])
        generative = theory.naive_bayes_proportional_limit(2 * r, kappa)
        assert lab.exact(float(np.min(errors / generative))).greater_than(1.0, refutes={"equal": 1.0, "logistic regression ahead somewhere": 0.99})
        assert lab.exact(float(np.min(np.diff(errors)))).greater_than(0.0, refutes={"no dependence on d/m": 0.0})


@limit
def test_proximal_point_by_halving(lab: Laboratory) -> None:
    """Points from -40 to 40 and parameters from 1e-3 to 10^5, all pairs at once: the root by plain halving; either alone in its row."""
    points = np.array([[-40.0], [-7.3], [-3.0], [-0.4], [0.0], [0.9], [5.1], [40.0]])
    gammas = np.array([1e-3, 0.3, 2.0, 17.0, 400.0, 3000.0, 1e5])
    claimed = theory.logistic_proximal_point(points, gammas)
    seen = np.stack([proximal_by_halving(points[:, 0], float(gamma)) for gamma in gammas], axis=1)
    wrong = {"no step": points + 0 * seen, "a whole step": points + gammas, "the exponent's other sign": points + gammas / (1 + np.exp(-seen))}
    assert lab.identical(claimed, seen, absolute=1e-11, refutes=wrong)
    scale = np.abs(points) + gammas
    rest = (claimed - gammas / (1 + np.exp(claimed)) - points) / scale
    assert lab.identical(rest, 0 * rest, absolute=1e-15, refutes={"a millionth off": 1e-6}, question="residual of its equation")


@limit
@pytest.mark.parametrize(("r", "kappa"), [(0.7, 0.15), (1.5, 0.08), (0.0, 0.3)])
def test_derivatives_of_the_system(lab: Laboratory, r: float, kappa: float) -> None:
    """The system and its derivatives in the logarithms of a/r, sigma and gamma, away from the solution, by quadrature over T and by differences."""
    at = np.log([2.3, 1.1, 0.9])

    def system(logs: np.ndarray) -> np.ndarray:
        ratio, sigma, gamma = np.exp(logs)
        p = proximal_by_halving(ratio * r * r + np.hypot(ratio * r, sigma) * NORMAL, float(gamma))
        weight = 1 / (1 + np.exp(p))
        kept = MASSES @ (1 / (1 + gamma * weight * (1 - weight)))
        # The third equation divided by r, which holds at r = 0 as well.
        return np.log([gamma**2 * (MASSES @ weight**2) / (kappa * sigma**2), (1 - kept) / kappa, gamma * (MASSES @ weight) / (kappa * ratio)])

    residuals, jacobian = system_at(at, r, kappa, 0.25)
    wrong = {"kappa 1 % larger": residuals - np.log(1.01), "exchanged": residuals[::-1]}
    assert lab.identical(residuals, system(at), absolute=1e-11, refutes=wrong, question="logarithms of left over right")
    steps = 1e-4 * np.eye(3)
    # Richardson's extrapolation of central differences.
    slopes = [np.stack([(system(at + size * step) - system(at - size * step)) / (2e-4 * size) for step in steps], axis=1) for size in (1, 2)]
    seen = (4 * slopes[0] - slopes[1]) / 3
    assert lab.identical(jacobian, seen, absolute=1e-8, refutes={"transposed": seen.T, "in a, not its logarithm": seen / [2.3, 1.1, 0.9]})
    assert lab.identical(jacobian[0, 1], seen[0, 1], absolute=1e-8, refutes={"sigma on one side only": seen[0, 1] + 2.0})
