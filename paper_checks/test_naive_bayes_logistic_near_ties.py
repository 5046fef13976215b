"""arXiv:2302.02334, how naive Bayes approaches its own best error: through near ties, with a union bound over features.

d dimension, m sample_size, delta mahalanobis_distance, g = delta^2/(2d) the evidence per feature, G(tau) the probability that the two largest scores
are within tau d of each other. R_inf is the error of naive Bayes with all parameters known. Classes are equally likely, features Gaussian.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.models.gaussian_mixture import grouped_mixture
from theorylab.montecarlo.samplers import above
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# NB-6 ------------------------------------------------------------------------------------------------------------------------------------

near_ties = claim(
    "NB-6",
    kind="bound",
    statement="Naive Bayes is within G(tau) + P(largest per-feature log-odds error > tau) of its best error; G has an exact form and falls with d.",
    tex=r"\mathbb{E}R-R_\infty\le G(\tau)+\mathbb{P}\big(\max_i|\hat\ell_i-\ell_i|>\tau\big),\quad "
    r"G(\tau)=\Phi\big(\tfrac{\tau d-M}{\sqrt V}\big)-\Phi\big(\tfrac{-\tau d-M}{\sqrt V}\big),\ "
    r"M=\tfrac12w^\top\Delta,\ V=w^\top\Sigma w,\ w=D^{-1}\Delta",
    source="arXiv:2302.02334 (bound and assumptions, after Ng and Jordan); exact forms derived here",
)


def excess(gaps: tuple[float, ...], multiplicities: tuple[int, ...], first: float, second: float, variance: str) -> float:
    """Return the exact expected error of naive Bayes minus that of its limit."""
    reached = theory.naive_bayes_expected_error(gaps, multiplicities, first, second, variance=variance)
    return reached - theory.grouped_bayes_error(gaps, multiplicities)


@near_ties
@pytest.mark.parametrize(("squared_distance", "tau", "relative"), [(9.0, 0.02, 0.05), (50.0, 0.1, 0.12)])
def test_near_ties_of_two_classes(lab: Laboratory, squared_distance: float, tau: float, relative: float) -> None:
    """Hundred independent features, raw test points."""
    d, delta = 100, np.sqrt(squared_distance)
    run = lab.run(simulate.sample_score_gaps, gaps=(delta / 10,), multiplicities=(d,))
    claimed = theory.isotropic_near_tie_probability(tau, d, delta)
    M, V, t = delta**2 / 2, delta**2, tau * d
    wrong = {
        "V = delta^2 / 2": norm.cdf((t - M) / np.sqrt(V / 2)) - norm.cdf((-t - M) / np.sqrt(V / 2)),
        "M = delta^2": norm.cdf((t - 2 * M) / delta) - norm.cdf((-t - 2 * M) / delta),
        "G not scaled by d": theory.isotropic_near_tie_probability(tau / d, d, delta),
        "half of it": claimed / 2,
    }
    if squared_distance == 9.0:
        wrong["only the true side"] = norm.cdf((t - M) / delta) - norm.cdf(-M / delta)
    assert run.probability_below(tau, "gap").agrees_with(claimed, relative=relative, refutes=wrong)
    assert lab.identical(
        theory.isotropic_near_tie_probability([0.02, 0.1], d, np.sqrt([9.0, 50.0])),
        [0.1871982, 0.0169471],
        absolute=5e-8,
        refutes={"the two exchanged": [0.0169471, 0.1871982]},
    )


@near_ties
@pytest.mark.parametrize("correlation", [None, 0.6, -0.7])
def test_near_ties_with_unequal_and_correlated_features(lab: Laboratory, correlation: float | None) -> None:
    """Any covariance: naive Bayes weighs by D^-1, so M and V are not those of the best rule, and the scale of a feature does not matter."""
    design = {"gaps": (1.2, 0.5, 0.1), "multiplicities": (2, 3, 5), "standard_deviations": (3.0, 0.2, 1.0), "pair_correlation": correlation}
    mixture = grouped_mixture(**design)
    gap, sigma, d = mixture.class_means[0] - mixture.class_means[1], mixture.covariance, mixture.dimension
    tau = 1.2 / d
    claimed = theory.near_tie_probability(tau, gap, sigma)
    run = lab.run(simulate.sample_score_gaps, **design)

    def inside(mean: float, variance: float) -> float:
        return float(norm.cdf((1.2 - mean) / np.sqrt(variance)) - norm.cdf((-1.2 - mean) / np.sqrt(variance)))

    def with_weights(weights: np.ndarray) -> float:
        return inside(weights @ gap / 2, weights @ sigma @ weights)

    wrong = {"w = Delta": with_weights(gap), "w = D^-1/2 Delta": with_weights(gap / np.sqrt(np.diag(sigma)))}
    if correlation is not None:
        wrong["w = Sigma^-1 Delta, the best rule's"] = with_weights(np.linalg.solve(sigma, gap))
    assert run.probability_below(tau, "gap").agrees_with(claimed, absolute=0.015, refutes=wrong)


@near_ties
def test_chernoff_bound_and_its_exponent(lab: Laboratory) -> None:
    """(1/2) exp(-d (g - tau)^2 / (4g)) is never too small, and its exponent is exact: near ties are exponentially rare in d."""
    rng = np.random.default_rng([lab.seed, 1])
    ratios, half_ratios = [], []
    for _ in range(lab.at_scale(60, 400)):
        d = int(rng.integers(1, 30))
        root = rng.normal(size=(d, d))
        sigma, gap = root @ root.T + 0.3 * np.eye(d), rng.normal(size=d)
        lead = float(gap / np.diag(sigma) @ gap) / 2 / d
        tau = rng.uniform(0, 1) * lead
        G, bound = theory.near_tie_probability(tau, gap, sigma), theory.near_tie_chernoff_bound(tau, gap, sigma)
        ratios.append(G / bound)
        half_ratios.append(G / bound**2)
    assert lab.exact(max(ratios)).at_most(1.0, tightness=0.5)
    assert lab.refutes(lab.exact(max(half_ratios)).at_most(1.0, tightness=0.0), "exponent d (g - tau)^2 / (2g)")
    g, tau = 0.5, 0.2
    dimensions = np.array([400, 800, 1600, 3200])
    logarithms = np.array([np.log(theory.isotropic_near_tie_probability(tau, int(d), np.sqrt(2 * g * d))) for d in dimensions])
    rates = -np.diff(logarithms) / np.diff(dimensions)
    exponent = (g - tau) ** 2 / (4 * g)
    assert lab.exact(rates[-1]).agrees_with(exponent, relative=0.02, refutes={"2g": 2 * exponent, "8g": exponent / 2, "tau = 0": g / 4})
    bound = [theory.near_tie_chernoff_bound(tau, np.full(d, np.sqrt(2 * g)), np.eye(d)) for d in (50, 100)]
    assert lab.identical(
        bound, 0.5 * np.exp(-exponent * np.array([50, 100])), relative=1e-10, refutes={"without 1/2": np.exp(-exponent * np.array([50, 100]))}
    )


@near_ties
@pytest.mark.parametrize(
    ("positions", "compared", "true_class"),
    [((-1.0, 1.0, 2.0), (0, 1), 2), ((-1.0, 1.0, 2.0), (1, 2), 1), ((-1.0, 0.0, 1.0), (0, 2), 1), ((-1.0, 1.0, 2.0, 4.0), (3, 0), 2)],
)
def test_assumed_moments_of_score_gaps(lab: Laboratory, positions: tuple[float, ...], compared: tuple[int, int], true_class: int) -> None:
    """Alpha and beta of the paper's assumption, over raw test points of one class; beta is 0 for the middle of three equally spaced classes."""
    design = {"gaps": (0.9, 0.3), "multiplicities": (4, 8), "standard_deviations": (2.0, 0.5), "class_positions": positions, "pair_correlation": 0.5}
    mixture = grouped_mixture(**design)
    first, second = compared
    beta = theory.score_gap_mean(mixture.class_means, mixture.covariance)[first, second, true_class]
    alpha = theory.score_gap_variance(mixture.class_means, mixture.covariance)[first, second]
    run = lab.run(simulate.sample_score_gaps, **design, true_class=true_class, compared=compared, centre=round(float(beta), 9))
    # The distance between the classes compared sets the scale.
    unit = theory.score_gap_mean(mixture.class_means, mixture.covariance)[first, second, first]
    wrong = (
        {"without 1/2": 2 * beta, "the other way round": -beta} if beta else {"a lead for the first": unit / 4, "a lead for the second": -unit / 4}
    )
    assert run.mean("difference").agrees_with(beta, absolute=0.05 * unit, refutes=wrong)
    independent = 2 * unit
    wrong = {"as if features were independent, best weights": independent / 0.75, "half": alpha / 2, "not divided by d": alpha * mixture.dimension}
    assert run.mean("squared_difference").agrees_with(alpha, relative=0.1, refutes=wrong)


@near_ties
@pytest.mark.parametrize("spaced", ["equal", "powers of two"])
def test_near_ties_of_several_classes(lab: Laboratory, spaced: str) -> None:
    """Classes on a line: exact G over raw points; the union bound is close, Chebyshev's far; what all triples have in common is not needed."""
    positions = (-1.0, 0.0, 1.0) if spaced == "equal" else (-0.5, 0.5, 1.0, 2.0)
    d, gap = 20, 1.0
    mixture = grouped_mixture((gap,), (d,), class_positions=positions)
    beta = theory.score_gap_mean(mixture.class_means, mixture.covariance)
    classes = len(positions)
    triples = [abs(beta[i, j, k]) for k in range(classes) for i in range(classes) for j in range(classes) if len({i, j, k}) == 3]
    pairs = [beta[k, j, k] for k in range(classes) for j in range(classes) if j != k]
    if spaced == "equal":
        assert lab.exact(min(triples)).agrees_with(0.0, absolute=1e-14, refutes={"bounded away from 0": 0.1 * min(pairs)})
    else:
        assert lab.exact(min(triples)).greater_than(0.4 * min(pairs), refutes={"one of them is 0": 0.0})
    tau = 0.25 * min(pairs)
    run = lab.run(simulate.sample_score_gaps, gaps=(gap,), multiplicities=(d,), class_positions=positions)
    claimed = theory.near_tie_probability_on_a_line(tau, positions, d * gap**2, d)
    union = theory.near_tie_union_bound(tau, mixture.class_means, mixture.covariance)
    chebyshev = theory.near_tie_chebyshev_bound(tau, mixture.class_means, mixture.covariance)
    beside = theory.isotropic_near_tie_probability(tau, d, np.sqrt(d) * gap * min(np.diff(positions)))
    error = theory.collinear_bayes_error(positions, d * gap**2)
    wrong = {"as of the closest two classes": beside, "without 1/K": classes * claimed, "wrong answers only": error, "the union bound": union}
    if spaced == "equal":
        # Every point has at most one close runner-up here, so the union bound is too near to tell.
        del wrong["the union bound"]
    assert run.probability_below(tau, "gap").agrees_with(claimed, relative=0.1, refutes=wrong)
    # In a triple the middle class leads neither outer class, yet it is told from each of them as from a neighbour.
    wrong = {"a middle class is a coin toss": 1 / 6, "as of two classes": 0.75 * error if spaced == "equal" else beside}
    assert run.probability("wrong").agrees_with(error, relative=0.15, refutes=wrong)
    assert lab.exact(claimed).at_most(union, tightness=0.5)
    assert lab.exact(union).at_most(chebyshev, tightness=0.0)
    assert lab.refutes(lab.exact(union).at_least(chebyshev / 2, tightness=0.0), "Chebyshev's bound is tight to a factor of 2")


@near_ties
def test_chebyshev_bound_term_by_term(lab: Laboratory) -> None:
    """Random classes and covariances: the bound against a sum over pairs of its own, and never below the union bound over Gaussian tails."""
    rng = np.random.default_rng([lab.seed, 2])
    largest = []
    for classes, d in ((2, 3), (3, 7), (5, 4)):
        root = rng.normal(size=(d, d))
        sigma, means = root @ root.T + 0.5 * np.eye(d), 3 * rng.normal(size=(classes, d))
        D = np.diag(sigma)
        leads = {(k, j): np.sum((means[k] - means[j]) ** 2 / D) / 2 for k in range(classes) for j in range(classes) if j != k}
        tau = 0.3 * min(leads.values()) / d
        total = flat = 0.0
        for (k, j), lead in leads.items():
            w = (means[k] - means[j]) / D
            total += w @ sigma @ w / (lead - tau * d) ** 2 / classes
            flat += w @ sigma @ w / lead**2 / classes
        bound = theory.near_tie_chebyshev_bound(tau, means, sigma)
        wrong = {"without tau": flat, "not divided by K": classes * total, "unordered pairs": total / 2}
        assert lab.identical(bound, total, relative=1e-10, refutes=wrong)
        largest.append(theory.near_tie_union_bound(tau, means, sigma) / bound)
        if classes == 2:
            G, union = theory.near_tie_probability(tau, means[0] - means[1], sigma), theory.near_tie_union_bound(tau, means, sigma)
            beyond = norm.cdf((-tau * d - leads[0, 1]) / np.sqrt(w @ sigma @ w))
            assert lab.identical(union - beyond, G, absolute=1e-13, refutes={"the wrong side counts twice": union - 2 * beyond - 1e-9})
    assert lab.exact(max(largest)).at_most(1.0, tightness=0.0)


@near_ties
@pytest.mark.parametrize(
    ("gaps", "multiplicities", "counts", "variance", "tau"),
    [((1.5,), (12,), (300, 300), "known", 0.4), ((1.0, 0.2), (3, 12), (40, 80), "known", 0.75), ((0.6,), (15,), (40, 40), "pooled", 1.0)],
)
def test_bound_end_to_end(
    lab: Laboratory, gaps: tuple[float, ...], multiplicities: tuple[int, ...], counts: tuple[int, int], variance: str, tau: float
) -> None:
    """Drawn training sets and test points: the law of the largest error, that it explains every disagreement, and the bound itself."""
    setting = {"gaps": gaps, "multiplicities": multiplicities, "class_counts": counts, "variance": variance}
    names = ("fitted_wrong", "limit_wrong", "unexplained", above("largest_error", tau))
    run = lab.run(simulate.sample_log_odds_errors, statistics=names, **setting)
    d, distance = sum(multiplicities), np.sqrt(np.dot(multiplicities, np.square(gaps)))
    claimed = theory.log_odds_error_probability(tau, gaps, multiplicities, *counts, variance=variance)
    other = "pooled" if variance == "known" else "known"
    wrong = {
        "one feature": 1 - (1 - claimed) ** (1 / d),
        f"{other} variances": theory.log_odds_error_probability(tau, gaps, multiplicities, *counts, variance=other),
        "twice the error": theory.log_odds_error_probability(tau / 2, gaps, multiplicities, *counts, variance=variance),
        "as many samples in each class": theory.log_odds_error_probability(tau, gaps, multiplicities, sum(counts), sum(counts), variance=variance),
    }
    assert run.probability_above(tau, "largest_error").agrees_with(claimed, absolute=0.02, refutes=wrong)
    # Disagreement needs log-odds smaller than their error.
    assert run.probability("unexplained").less_than(0.005, refutes={"one in a hundred": 0.01})
    difference = run.mean("fitted_wrong") - run.mean("limit_wrong")
    bounded = difference - run.mean(above("largest_error", tau))
    G = theory.isotropic_near_tie_probability(tau * (d + (counts[0] != counts[1])) / d, d, distance)
    exact = excess(gaps, multiplicities, *counts, variance)
    assert bounded.at_most(G, tightness=0.0)
    if counts == (300, 300):
        assert lab.exact(G + claimed).less_than(0.2, refutes={"a bound that says nothing": 1.0})
    wrong = {"the whole bound": G + claimed, "near ties alone": G, "no near tie needed": claimed}
    assert difference.agrees_with(exact, absolute=0.01, refutes=wrong)


@near_ties
def test_log_likelihood_errors_count_twice(lab: Laboratory) -> None:
    """If each class's per-feature log-likelihood is off by tau, the log-odds are off by 2 tau: G(tau) does not bound the excess, G(2 tau) does."""
    d, delta, tau = 50, 6.0, 0.1
    run = lab.run(simulate.sample_score_gaps, statistics=("wrong", "shifted_wrong"), gaps=(delta / np.sqrt(d),), multiplicities=(d,), shift=tau)
    single, double = (theory.isotropic_near_tie_probability(t, d, delta) for t in (tau, 2 * tau))
    found = run.mean("shifted_wrong") - run.mean("wrong")
    adversarial = (norm.cdf((2 * tau * d - delta**2 / 2) / delta) + norm.cdf((-2 * tau * d - delta**2 / 2) / delta)) / 2 - norm.cdf(-delta / 2)
    assert found.agrees_with(
        adversarial, absolute=0.008, refutes={"G(tau)": single, "G(2 tau)": double, "a shift of tau": single / 2 - norm.cdf(-delta / 2)}
    )
    assert found.at_most(double, tightness=0.3)
    assert lab.refutes(found.at_most(single, tightness=0.0), "G(tau) is enough for log-likelihoods known within tau")


@near_ties
@pytest.mark.parametrize(("dimension", "distance", "sample_size"), [(50, 10.0, 2000), (20, 8.0, 1000), (10, 6.0, 1000), (1000, 44.0, 2000)])
def test_bound_is_far_from_the_truth(lab: Laboratory, dimension: int, distance: float, sample_size: int) -> None:
    """The best tau, everything exact: the excess is below the bound by orders of magnitude wherever the bound says anything."""
    group = (distance / np.sqrt(dimension),), (dimension,)
    bound = theory.near_tie_excess_bound(*group, sample_size / 2, sample_size / 2, variance="known")
    G = theory.isotropic_near_tie_probability(bound.tau, dimension, distance)
    rest = theory.log_odds_error_probability(bound.tau, *group, sample_size / 2, sample_size / 2, variance="known")
    assert lab.identical(bound.value, G + rest, relative=1e-9, refutes={"near ties alone": G, "the largest error alone": rest})
    truth = lab.exact(excess(*group, sample_size / 2, sample_size / 2, "known"), 1e-12)
    assert truth.at_most(bound.value, tightness=0.0)
    assert lab.refutes(truth.at_least(bound.value / 100, tightness=0.0), "tight to a factor of 100")


@near_ties
def test_largest_log_odds_error_grows_like_log_d(lab: Laboratory) -> None:
    """Gaussian features are not bounded: the largest per-feature error is about (2/sqrt m) log d, not of order sqrt(log d / m)."""
    m, dimensions = 100, [10**k for k in (2, 4, 6, 8, 10)]

    def median(d: int, gap: float) -> float:
        return float(brentq(lambda t: theory.log_odds_error_probability(t, [gap], [d], m / 2, m / 2, variance="known") - 0.5, 0.05, 30, xtol=1e-9))

    for gap in (0.0, 0.5):
        medians = np.array([median(d, gap) for d in dimensions])
        assert lab.grows_like("logarithm", dimensions, [lab.exact(value) for value in medians], within=0.05)
        steps = np.diff(medians)
        root = np.diff(np.sqrt(np.log(dimensions)))
        assert lab.exact(steps[-1] / steps[0]).agrees_with(1.0, absolute=0.1, refutes={"sqrt(log d)": root[-1] / root[0], "(log d)^2": 9 / 3})
        slope = steps[-1] / np.log(100) * np.sqrt(m)
        assert lab.exact(slope).agrees_with(2.0, relative=0.04, refutes={"1/sqrt m": 1.0, "4/sqrt m": 4.0, "sqrt(2) / sqrt m": np.sqrt(2)})
    for d in (100, 800):
        run = lab.run(simulate.sample_log_odds_errors, gaps=(0.5,), multiplicities=(d,), class_counts=(m // 2, m // 2), variance="known")
        value = median(d, 0.5)
        wrong = {"sqrt(2 log d) of one error's deviation": np.sqrt(2 * np.log(d) * (4 / m)), "one feature": median(1, 0.5)}
        assert run.quantile_agrees_with(0.5, value, statistic="largest_error", relative=0.06, refutes=wrong)


@near_ties
def test_union_bound_itself_asks_for_log_squared_samples(lab: Laboratory) -> None:
    """The m at which no log-odds error exceeds 1/2 with probability 0.95: its root grows by 2/tau per unit of log d."""
    tau, dimensions = 0.5, [10**k for k in (2, 4, 6, 8, 10, 12)]

    def enough(d: int) -> float:
        def missing(log_size: float) -> float:
            half = np.exp(log_size) / 2
            return float(theory.log_odds_error_probability(tau, [0.0], [d], half, half, variance="known")) - 0.05

        return float(np.exp(brentq(missing, np.log(10), np.log(1e6), xtol=1e-8)))

    sizes = np.array([enough(d) for d in dimensions])
    assert lab.grows_like("logarithm", dimensions, [lab.exact(root) for root in np.sqrt(sizes)], within=0.05)
    assert lab.exact(np.diff(np.sqrt(sizes))[-1] / np.log(100)).agrees_with(2 / tau, relative=0.04, refutes={"1/tau": 1 / tau, "4/tau": 4 / tau})
    assert lab.refutes(lab.grows_like("logarithm", dimensions, [lab.exact(size) for size in sizes], within=0.1), "m grows like log d")


@near_ties
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_near_ties_on_a_line_between_crossings(lab: Laboratory, classes: int) -> None:
    """Scores are parabolas of one curvature, so their differences are straight lines: two are near between the crossings of these."""
    rng = np.random.default_rng([lab.seed, 7, classes])
    for tau in (0.0, 0.03, 0.4, 2.0):
        positions, kappa, d = np.sort(rng.uniform(-2, 2, classes)), float(rng.uniform(0.5, 6.0)), int(rng.integers(2, 7))
        cuts = []
        for i in range(classes):
            for j in range(i):
                middle, slope = (positions[i] + positions[j]) / 2, kappa * (positions[i] - positions[j])
                cuts += [middle, middle + tau * d / slope, middle - tau * d / slope]
        edges = np.concatenate([[-np.inf], np.unique(cuts), [np.inf]])
        inside = np.concatenate([[edges[1] - 1], (edges[1:-2] + edges[2:-1]) / 2, [edges[-2] + 1]])
        top = np.sort(-0.5 * kappa * (inside[:, None] - positions) ** 2, axis=1)
        near = top[:, -1] - top[:, -2] <= tau * d
        masses = np.diff(norm.cdf(np.sqrt(kappa) * (edges[:, None] - positions)), axis=0).mean(axis=1)
        seen = float(masses[near].sum())
        claimed = theory.near_tie_probability_on_a_line(tau, rng.permutation(positions), kappa, d)
        wrong = {
            "without 1/K": seen * classes + 0.01,
            "another dimension": theory.near_tie_probability_on_a_line(tau + 0.01, positions, kappa, d + 1),
            "another precision": theory.near_tie_probability_on_a_line(tau + 0.01, positions, 1.2 * kappa, d),
        }
        # Where everything is near, a near miss is none.
        wrong = {label: value for label, value in wrong.items() if abs(value - seen) > 1e-6}
        assert lab.identical(claimed, seen, absolute=1e-12, refutes=wrong, question=f"K = {classes}, tau = {tau:g}")


@near_ties
@pytest.mark.parametrize(("classes", "d"), [(2, 1), (3, 2), (4, 5)])
def test_score_gaps_and_union_bound_by_definition(lab: Laboratory, classes: int, d: int) -> None:
    """Means of the scores under the law of x, all triples; variances by the weights of x; and the union bound as a sum over ordered pairs."""
    rng = np.random.default_rng([lab.seed, 8, classes])
    root = rng.normal(size=(d, d))
    sigma, means = root @ root.T + 0.5 * np.eye(d), 2.0 * rng.normal(size=(classes, d))
    D = np.diag(sigma)
    # scores[c, k] = E[score of k | class c].
    scores = np.array([[-0.5 * np.sum(((means[c] - means[k]) ** 2 + D) / D) for k in range(classes)] for c in range(classes)])
    beta = np.array([[[(scores[c, i] - scores[c, j]) / d for c in range(classes)] for j in range(classes)] for i in range(classes)])
    slopes = (means[:, None] - means[None]) / D
    alpha = np.einsum("ijd,de,ije->ij", slopes, sigma, slopes) / d
    claimed = theory.score_gap_mean(means, sigma)
    wrong = {"the other way round": -beta, "without 1/2": 2 * beta, "not divided by d": d * beta + (d == 1)}
    assert lab.identical(claimed, beta, absolute=1e-12, refutes=wrong, question="beta of all triples")
    wrong = {"features independent": np.einsum("ijd,d,ije->ij", slopes, D, slopes) / d + 0.1, "half": alpha / 2}
    assert lab.identical(theory.score_gap_variance(means, sigma), alpha, absolute=1e-12 * float(alpha.max()), refutes=wrong, question="alpha")
    for tau in (0.0, 0.37, 3.1):
        pairs = [(k, j) for k in range(classes) for j in range(classes) if j != k]
        seen = sum(norm.cdf((tau - beta[k, j, k]) * np.sqrt(d / alpha[k, j])) for k, j in pairs) / classes
        wrong = {"not divided by K": classes * seen, "unordered pairs": seen / 2, "no d": theory.near_tie_union_bound(tau + 0.1, means, sigma)}
        assert lab.identical(theory.near_tie_union_bound(tau, means, sigma), seen, absolute=1e-12, refutes=wrong, question=f"union, tau = {tau:g}")


@near_ties
@pytest.mark.parametrize(("counts", "variance"), [((400.0, 400.0), "known"), ((380.0, 420.0), "known"), ((400.0, 300.0), "pooled")])
def test_prior_odds_count_as_one_more_feature(lab: Laboratory, counts: tuple[float, float], variance: str) -> None:
    """There are d terms for equal counts, d + 1 where the prior is off too: the bound at the threshold returned, and no threshold gives less."""
    gaps, multiplicities, d = (2.0, 1.4), (4, 2), 6
    distance = float(np.sqrt(np.dot(multiplicities, np.square(gaps))))

    def at(threshold: float, terms: int) -> float:
        rest = theory.log_odds_error_probability(threshold / terms, gaps, multiplicities, *counts, variance=variance)
        return float(theory.isotropic_near_tie_probability(threshold / d, d, distance) + rest)

    bound = theory.near_tie_excess_bound(gaps, multiplicities, *counts, variance=variance)
    terms, other = (d, d + 1) if counts[0] == counts[1] else (d + 1, d)
    threshold = bound.tau * d
    wrong = {"the other number of terms": at(threshold, other), "near ties alone": at(threshold, terms) / 2}
    assert lab.identical(bound.value, at(threshold, terms), relative=1e-10, refutes=wrong, question="at the threshold returned")
    around = [at(threshold * factor, terms) for factor in (0.3, 0.5, 0.7, 0.9, 0.97, 1.03, 1.1, 1.4, 2.0, 4.0)]
    assert lab.exact(min(around) - bound.value).greater_than(0.0, refutes={"a smaller one nearby": -1e-6})
    close = [at(threshold * factor, terms) for factor in (1 - 1e-3, 1 + 1e-3)]
    assert lab.exact(abs(close[1] - close[0]) / (close[0] + close[1] - 2 * bound.value)).less_than(0.2, refutes={"not at the bottom": 0.5})
