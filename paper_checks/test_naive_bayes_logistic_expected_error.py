"""arXiv:2302.02334: the expected error of fitted two-class naive Bayes after m training points, exactly.

delta_i gaps, d dimension, m1 and m2 the training points of the two classes, m = m1 + m2. Every closed form here is exact at finite size; it is
asked against quadratures that take other routes to 1e-10 and better, against fitted rules, and against scikit-learn's GaussianNB on the same data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# gaps, multiplicities, training points of the test point's class, of the other class
Setting = tuple[tuple[float, ...], tuple[int, ...], int, int]

# NB-4 ------------------------------------------------------------------------------------------------------------------------------------

exact_error = claim(
    "NB-4",
    kind="expectation",
    statement="The expected error of two-class naive Bayes at finite m is one integral over the characteristic function of its score.",
    tex=r"\mathbb{P}(T<0)=\tfrac12-\tfrac1\pi\int_0^\infty\mathrm{Im}\,\phi_T(t)\tfrac{dt}{t},\quad "
    r"\phi_T(t)=\left(\tfrac{m_1}{m_2}\right)^{it}\prod_i\mathbb{E}_{s}\left[\left(\tfrac{s_2}{s_1}\right)^{it}D^{-1/2}"
    r"\exp\left(\tfrac{i\delta_i^2}{2}\,\tfrac{a_2(1+i(1+\frac1{m_1})a_1)}{D}\right)\right],\ a_k=\tfrac{t}{s_k^2},"
    r"\ D=1+i(1+\tfrac1{m_1})a_1-i(1+\tfrac1{m_2})a_2+a_1a_2\left(\tfrac1{m_1}+\tfrac1{m_2}+\tfrac1{m_1m_2}\right)",
    source="derived here for the classifier of arXiv:2302.02334",
)


def draw_setting(lab: Laboratory, key: int, *, least: int = 2) -> Setting:
    """Return two random groups of 12 to 40 features together, of distance 0.7 to 3, and different random counts from ``least`` to 14."""
    rng = np.random.default_rng([lab.seed, key])
    features, gaps = rng.integers(6, 21, 2), rng.uniform(0.2, 1.0, 2)
    gaps *= rng.uniform(0.7, 3.0) / np.sqrt(features @ gaps**2)
    own, other = rng.choice(np.arange(least, 15), 2, replace=False)
    return (float(gaps[0]), float(gaps[1])), (int(features[0]), int(features[1])), int(own), int(other)


def misread(setting: Setting, variance: str) -> dict[str, Any]:
    """Return near misses of the error on one class by label."""
    gaps, multiplicities, own, other = setting
    total, dimension = own + other, sum(multiplicities)
    squared, spread = sum(k * g**2 for g, k in zip(gaps, multiplicities, strict=True)), 1 / own + 1 / other
    wrong = {
        "twice the training set": theory.naive_bayes_class_error(*setting[:2], 2 * own, 2 * other, variance=variance),
        "the error of the best classifier": float(ndtr(-0.5 * np.sqrt(squared))),
    }
    if own != other:
        wrong["the prior left out"] = theory.naive_bayes_class_error(*setting, variance=variance, log_prior_odds=0.0)
        wrong["the error on the other class"] = theory.naive_bayes_class_error(gaps, multiplicities, other, own, variance=variance)
    if variance == "known":
        mean = 0.5 * squared + np.log(own / other) - 0.5 * dimension * (1 / own - 1 / other)
        deviation = np.sqrt(squared * (1 + 1 / other) + dimension * (spread + 0.25 * (spread**2 + (1 / own - 1 / other) ** 2)))
        wrong["a normal score"] = float(ndtr(-mean / deviation))
    else:
        wrong["variances known"] = theory.naive_bayes_class_error(*setting, variance="known")
    if variance == "pooled":
        for label, degrees in {"m degrees of freedom": total, "m - 1 degrees of freedom": total - 1}.items():
            wrong[label] = theory.naive_bayes_class_error(*setting, variance="pooled", degrees_of_freedom=degrees)
    if variance == "class":
        wrong["one variance for both classes"] = theory.naive_bayes_class_error(*setting, variance="pooled")
    return wrong


@exact_error
@pytest.mark.parametrize(
    ("distance", "dimension", "own", "other"),
    [(2.0, 25, 5, 5), (2.0, 25, 3, 9), (2.0, 25, 9, 3), (2.6779, 17, 4, 7), (3.0, 1, 2, 1), (0.5, 1, 3, 9), (1.0, 2, 7, 3), (3.0, 1000, 30.5, 17.25)],
)
def test_known_variances_given_the_fitted_means(lab: Laboratory, distance: float, dimension: int, own: float, other: float) -> None:
    """No characteristic function: given the fit the score is normal, and only length and angle of the fitted difference matter; real counts too."""
    error = theory.naive_bayes_class_error([distance / np.sqrt(dimension)], [dimension], own, other, variance="known")
    witness = simulate.conditioned_class_error(distance, dimension, own, other)
    wrong = misread(((distance / np.sqrt(dimension),), (dimension,), own, other), "known")
    assert lab.identical(error, witness, absolute=1e-12, refutes=wrong, question="known variances")


@exact_error
@pytest.mark.parametrize("key", range(8))
def test_known_variances_of_random_mixtures(lab: Laboratory, key: int) -> None:
    """Random gaps in two groups: with known variances only the distance they make together matters."""
    setting = draw_setting(lab, key)
    gaps, multiplicities, own, other = setting
    distance = float(np.sqrt(np.dot(multiplicities, np.square(gaps))))
    witness = simulate.conditioned_class_error(distance, sum(multiplicities), own, other)
    error = theory.naive_bayes_class_error(*setting, variance="known")
    assert lab.identical(error, witness, absolute=1e-12, refutes=misread(setting, "known"), question="known variances")


@exact_error
@pytest.mark.parametrize(("gap", "own", "other"), [(0.5, 3, 9), (1.0, 7, 4), (1.5, 6, 2), (0.3, 12, 20)])
def test_pooled_variance_of_a_single_feature(lab: Laboratory, gap: float, own: int, other: int) -> None:
    """No characteristic function: the error given means and variance of one feature, over both; with equal counts the variance does not matter."""
    error = theory.naive_bayes_class_error([gap], [1], own, other, variance="pooled")
    witness = simulate.conditioned_class_error(gap, 1, own, other, degrees_of_freedom=own + other - 2)
    assert lab.identical(error, witness, absolute=1e-12, refutes=misread(((gap,), (1,), own, other), "pooled"), question="one feature, pooled")
    level = theory.naive_bayes_class_error([gap], [1], own, own, variance="pooled")
    known = theory.naive_bayes_class_error([gap], [1], own, own, variance="known")
    two = theory.naive_bayes_class_error([gap / np.sqrt(2)], [2], own, own, variance="pooled")
    assert lab.identical(level, known, absolute=1e-12, refutes={"of two features of that distance": two}, question="equal counts, one feature")


@exact_error
@pytest.mark.parametrize(
    "setting",
    [
        ((0.4,), (25,), 5, 5),
        ((0.4,), (25,), 3, 9),
        ((0.55, 0.9), (14, 3), 4, 7),
        ((0.55, 0.9), (14, 3), 7, 4),
        ((0.3,), (40,), 8, 8),
        ((0.2, 2.0), (50, 50), 3, 3),
        ((0.1, 0.4, 0.05), (100, 7, 300), 30, 21),
    ],
)
def test_pooled_variances_by_quadrature_in_the_variance(lab: Laboratory, setting: Setting) -> None:
    """Another way through: eigenvalues of each feature's quadratic form, quadrature in s and in t themselves."""
    error, degrees = theory.naive_bayes_class_error(*setting, variance="pooled"), (setting[2] + setting[3] - 2,)
    witness = simulate.inverted_class_error(*setting, variance="pooled", degrees_of_freedom=degrees, panels=100)
    assert lab.identical(error, witness, absolute=1e-11, refutes=misread(setting, "pooled"), question="pooled variances")


@exact_error
@pytest.mark.parametrize("key", range(100, 108))
def test_pooled_variances_of_random_mixtures(lab: Laboratory, key: int) -> None:
    """The same at random gaps and counts."""
    setting = draw_setting(lab, key, least=3)
    degrees = (setting[2] + setting[3] - 2,)
    witness = simulate.inverted_class_error(*setting, variance="pooled", degrees_of_freedom=degrees, panels=100)
    error = theory.naive_bayes_class_error(*setting, variance="pooled")
    assert lab.identical(error, witness, absolute=1e-11, refutes=misread(setting, "pooled"), question="pooled variances")


@exact_error
@pytest.mark.parametrize("setting", [((0.7,), (12,), 6, 6), ((0.7,), (12,), 5, 9), ((0.55, 0.9), (14, 3), 9, 6)])
def test_variances_of_each_class_by_quadrature_in_both(lab: Laboratory, setting: Setting) -> None:
    """The same with one variance per feature and class."""
    error, degrees = theory.naive_bayes_class_error(*setting, variance="class"), (setting[2] - 1, setting[3] - 1)
    nodes, panels, margin = lab.at_scale((44, 80, 1e-7), (100, 200, 2e-9))
    witness = simulate.inverted_class_error(*setting, variance="class", degrees_of_freedom=degrees, nodes=nodes, panels=panels)
    assert lab.identical(error, witness, absolute=margin, refutes=misread(setting, "class"), question="variances of each class")


@exact_error
@pytest.mark.parametrize(("variance", "least", "m"), [("known", 1, 9), ("known", 1, 8), ("pooled", 1, 9), ("pooled", 1, 8), ("class", 2, 8)])
def test_random_counts_are_a_binomial_average(lab: Laboratory, variance: str, least: int, m: int) -> None:
    """Over m1 from 1 (or 2, where each class has variances) to the rest, weighted by counting label vectors."""
    gaps, multiplicities = (0.5,), (14,)
    pascal = np.array([1.0])
    for _ in range(m):
        pascal = np.convolve(pascal, [1.0, 1.0])
    first = np.arange(least, m - least + 1)
    errors = theory.naive_bayes_expected_error(gaps, multiplicities, first, m - first, variance=variance)
    weights = pascal[first] / pascal[first].sum()
    wrong = {
        "counts as equal as can be": errors[first == m // 2][0],
        "all counts alike": errors.mean(),
        "a missing class errs in half the cases": (errors @ pascal[first] + 0.5 * (2**m - pascal[first].sum())) / 2**m,
    }
    mean = theory.naive_bayes_expected_error_random_counts(gaps, multiplicities, m, variance=variance)
    assert lab.identical(mean, errors @ weights, absolute=1e-13, refutes=wrong, question=f"random counts, {variance}")


@exact_error
@pytest.mark.parametrize(
    ("gaps", "multiplicities", "counts", "margin"),
    [
        ((0.4,), (25,), (5, 5), 0.0015),
        ((0.4,), (25,), (3, 9), 0.0015),
        ((0.55, 0.9), (14, 3), (4, 7), 0.0015),
        ((0.3,), (40,), (8, 8), 0.0011),
        ((0.8,), (1,), (2, 6), 0.0025),
        ((0.2, 2.0), (50, 50), (1, 2), 0.006),
        ((0.2, 2.0), (50, 50), (2, 2), 0.004),
    ],
)
def test_pooled_fits(lab: Laboratory, gaps: tuple[float, ...], multiplicities: tuple[int, ...], counts: tuple[int, int], margin: float) -> None:
    """Fitted rules, the error of each exact: refutes known variances, other degrees of freedom, no prior. With 1 + 2 points T has no mean."""
    setting, total = (gaps, multiplicities, *counts), sum(counts)
    run = lab.run(simulate.sample_naive_bayes_error, gaps=gaps, multiplicities=multiplicities, variance="pooled", class_counts=counts)
    error = theory.naive_bayes_expected_error(*setting, variance="pooled")
    known = theory.naive_bayes_expected_error(*setting, variance="known")

    def balanced(**details: float) -> float:
        pair = [theory.naive_bayes_class_error(gaps, multiplicities, *each, variance="pooled", **details) for each in (counts, counts[::-1])]
        return float(np.mean(pair))

    wrong = {"variances known": known, "m degrees of freedom": balanced(degrees_of_freedom=total), "the prior left out": balanced(log_prior_odds=0.0)}
    # A single feature knows little of its variance, and equal counts make no prior.
    told = {label: value for label, value in wrong.items() if abs(value - error) > margin}
    assert "variances known" in told or multiplicities == (1,)
    assert run.mean("error").agrees_with(error, absolute=margin, refutes=told)


@exact_error
def test_a_handful_of_degrees_of_freedom_weighs(lab: Laboratory) -> None:
    """Degrees of freedom m instead of m - 2, and a forgotten prior, are seen by fitted rules at the points where they matter."""
    for setting, counts, wrong in (
        (((0.3,), (40,)), (8, 8), {"m degrees of freedom": {"degrees_of_freedom": 16}}),
        (((0.55, 0.9), (14, 3)), (4, 7), {"m degrees of freedom": {"degrees_of_freedom": 11}, "the prior left out": {"log_prior_odds": 0.0}}),
        (((0.4,), (25,)), (3, 9), {"the prior left out": {"log_prior_odds": 0.0}}),
    ):
        run = lab.run(simulate.sample_naive_bayes_error, gaps=setting[0], multiplicities=setting[1], variance="pooled", class_counts=counts)
        for label, details in wrong.items():
            pair = [theory.naive_bayes_class_error(*setting, *each, variance="pooled", **details) for each in (counts, counts[::-1])]
            exact = theory.naive_bayes_expected_error(*setting, *counts, variance="pooled")
            margin = 0.6 * abs(float(np.mean(pair)) - exact)
            assert run.mean("error").agrees_with(exact, absolute=margin, refutes={label: float(np.mean(pair))})


@exact_error
@pytest.mark.parametrize("key", range(200, 203))
def test_known_variance_fits(lab: Laboratory, key: int) -> None:
    """Fitted rules with known variances at random gaps and counts."""
    setting = draw_setting(lab, key)
    gaps, multiplicities, *counts = setting
    run = lab.run(simulate.sample_naive_bayes_error, gaps=gaps, multiplicities=multiplicities, variance="known", class_counts=tuple(counts))
    pair = [theory.naive_bayes_class_error(gaps, multiplicities, *each, variance="known", log_prior_odds=0.0) for each in (counts, counts[::-1])]
    error, margin = theory.naive_bayes_expected_error(*setting, variance="known"), 0.0015
    squared, dimension, spread = float(np.dot(multiplicities, np.square(gaps))), sum(multiplicities), sum(1 / np.array(counts))
    wrong = {
        "the error of the best classifier": float(ndtr(-0.5 * np.sqrt(squared))),
        "means known but for their middle": float(ndtr(-0.5 * np.sqrt(squared) / np.sqrt(1 + 0.25 * spread))),
        "twice the training set": theory.naive_bayes_expected_error(gaps, multiplicities, *(2 * np.array(counts)), variance="known"),
        "the prior left out": float(np.mean(pair)),
        "no noise of the middle": float(ndtr(-0.5 * squared / np.sqrt(squared + dimension * spread))),
    }
    told = {label: value for label, value in wrong.items() if abs(value - error) > margin}
    assert "the error of the best classifier" in told
    assert run.mean("error").agrees_with(error, absolute=margin, refutes=told)


@exact_error
@pytest.mark.parametrize(("counts", "margin"), [((6, 6), 0.003), ((4, 9), 0.003), ((2, 5), 0.004)])
def test_fits_with_variances_of_each_class(lab: Laboratory, counts: tuple[int, int], margin: float) -> None:
    """Fitted quadratic rules, test points drawn; not the paper's classifier, but the one that libraries call Gaussian naive Bayes."""
    setting = ((0.7,), (12,), *counts)
    run = lab.run(simulate.sample_naive_bayes_error, gaps=(0.7,), multiplicities=(12,), variance="class", class_counts=counts, test_points=8)
    error = theory.naive_bayes_expected_error(*setting, variance="class")
    wrong = {
        "one variance for both classes": theory.naive_bayes_expected_error(*setting, variance="pooled"),
        "variances known": theory.naive_bayes_expected_error(*setting, variance="known"),
        "one point more of either class": theory.naive_bayes_expected_error(*setting[:2], *(np.array(counts) + 1), variance="class"),
    }
    assert run.mean("error").agrees_with(error, absolute=margin, refutes=wrong)


@exact_error
@pytest.mark.parametrize(("variance", "sample_size", "margin"), [("known", 6, 0.0025), ("pooled", 9, 0.0025), ("class", 9, 0.004)])
def test_fits_with_random_labels(lab: Laboratory, variance: str, sample_size: int, margin: float) -> None:
    """Labels drawn, training sets without a class (or with a single point of one, which has no variance) drawn again."""
    gaps, multiplicities = (0.5,), (18,)
    details = {"gaps": gaps, "multiplicities": multiplicities, "variance": variance, "sample_size": sample_size}
    run = lab.run(simulate.sample_naive_bayes_error, **details)
    error = theory.naive_bayes_expected_error_random_counts(gaps, multiplicities, sample_size, variance=variance)
    halves = theory.naive_bayes_expected_error(gaps, multiplicities, sample_size // 2, sample_size - sample_size // 2, variance=variance)
    assert abs(halves - error) > 2 * margin
    assert run.mean("error").agrees_with(error, absolute=margin, refutes={"equal counts": halves, "never better than chance": 0.5})


@exact_error
def test_raw_training_sets(lab: Laboratory) -> None:
    """Word for word: points, fit, test points; features of any standard deviation, classes in any order."""
    gaps, multiplicities, counts = (0.55, 0.9), (14, 3), (4, 7)
    run = lab.run(
        simulate.sample_naive_bayes_error_raw,
        gaps=gaps,
        multiplicities=multiplicities,
        variance="pooled",
        class_counts=counts,
        standard_deviations=(3.0, 0.2),
        class_positions=(-0.2, 0.8),
        test_points=8,
    )
    error = theory.naive_bayes_expected_error(gaps, multiplicities, *counts, variance="pooled")
    wrong = {"variances known": theory.naive_bayes_expected_error(gaps, multiplicities, *counts, variance="known"), "never better than chance": 0.5}
    wrong["standard deviations for 1"] = theory.naive_bayes_expected_error((0.55 * 3.0, 0.9 * 0.2), multiplicities, *counts, variance="pooled")
    assert run.mean("error").agrees_with(error, absolute=0.008, refutes=wrong)


@exact_error
def test_paper_design_with_three_points_of_either_class(lab: Laboratory) -> None:
    """At d = 100 3.5e-3, while known variances would make it 8e-9. Few fits make most of it, so fitted rules decide it at full scale only."""
    design = theory.paper_design(2, 100)
    gaps, multiplicities = design["gaps"], design["multiplicities"]
    error, known = (theory.naive_bayes_expected_error(gaps, multiplicities, 3, 3, variance=each) for each in ("pooled", "known"))
    witness = simulate.inverted_class_error(gaps, multiplicities, 3, 3, variance="pooled", degrees_of_freedom=(4,), panels=100)
    more = theory.naive_bayes_class_error(gaps, multiplicities, 3, 3, variance="pooled", degrees_of_freedom=6)
    assert lab.identical(error, witness, relative=1e-8, refutes={"variances known": known, "m degrees of freedom": more}, question="3 + 3 points")
    assert lab.identical(0.003471076, error, absolute=1e-9, refutes={"variances known": known}, question="the value")
    assert lab.exact(known).agrees_with(7.6386e-9, absolute=1e-12, refutes={"the error of the best classifier": 0.0})
    if lab.scale == "full":
        run = lab.run(simulate.sample_naive_bayes_error, gaps=gaps, multiplicities=multiplicities, variance="pooled", class_counts=(3, 3))
        assert run.mean("error").agrees_with(error, relative=0.05, refutes={"variances known": known, "m degrees of freedom": more})


@exact_error
@pytest.mark.parametrize("variance", ["known", "pooled", "class"])
def test_large_training_sets(lab: Laboratory, variance: str) -> None:
    """The excess over the best classifier falls like 1/m."""
    gaps, multiplicities, sizes = (0.4, 0.9), (6, 2), np.array([250, 500, 1000, 2000])
    errors = theory.naive_bayes_expected_error(gaps, multiplicities, sizes, sizes, variance=variance)
    best = theory.bayes_error(np.repeat(gaps, multiplicities), np.eye(8))
    orders = {"m^-1/2": 0.5, "m^-2": 2.0}
    assert lab.limit(sizes, errors - best, order=1.0, within=0.02, refutes=orders, question=f"excess, {variance}")


# scikit-learn as a witness ------------------------------------------------------------------------------------------------------------------

# GaussianNB has variances of each class, so it is not the paper's classifier.
GROUPS: dict[str, Any] = {"gaps": (0.7,), "multiplicities": (12,)}
COLUMNS = ("ours", "library", "disagreements")


def of_each_kind(sizes: dict[str, Any], variances: tuple[str, ...], **groups: Any) -> dict[str, float]:
    """Return the exact expected error by the kind of variances."""
    if "sample_size" in sizes:
        return {kind: float(theory.naive_bayes_expected_error_random_counts(**groups, **sizes, variance=kind)) for kind in variances}
    first, second = sizes["class_counts"]
    return {kind: float(theory.naive_bayes_expected_error(**groups, count_first=first, count_second=second, variance=kind)) for kind in variances}


@exact_error
@pytest.mark.parametrize("sizes", [{"class_counts": (6, 6)}, {"class_counts": (4, 9)}, {"sample_size": 10}], ids=["6 + 6", "4 + 9", "10 at random"])
def test_library_errs_as_the_engine_says(lab: Laboratory, sizes: dict[str, Any]) -> None:
    """The mean test error of scikit-learn's fits is the exact one for variances of each class; that of the paper's classifier is far below."""
    run = lab.run(simulate.sample_library_error, statistics=COLUMNS, **GROUPS, **sizes)
    exact = of_each_kind(sizes, ("class", "pooled", "known"), **GROUPS)
    wrong = {"pooled variances, the paper's classifier": exact["pooled"], "known variances": exact["known"], "Bayes": norm.sf(0.35 * 12**0.5)}
    assert run.mean("library").agrees_with(exact["class"], absolute=0.02, refutes=wrong)
    assert run.mean("ours").agrees_with(exact["class"], absolute=0.02, refutes=wrong)


@exact_error
@pytest.mark.parametrize(
    ("design", "sizes"),
    [
        (GROUPS, {"class_counts": (4, 9)}),
        (theory.paper_design(3, 20), {"sample_size": 15}),
        (theory.pairs_design(0.6, 8, 2.0), {"sample_size": 12}),
    ],
    ids=["two classes", "three classes", "correlated pairs"],
)
def test_library_gives_the_same_answers(lab: Laboratory, design: dict[str, Any], sizes: dict[str, Any]) -> None:
    """On the same data the two fits disagree on none of the 64 or 96 test points, in nearly all data sets (ties within rounding)."""
    run = lab.run(simulate.sample_library_error, **design, **sizes)
    # With one point in a thousand a data set would show a difference in six of a hundred.
    assert run.probability_above(0.0, "disagreements").less_than(0.05, refutes={"one point in a thousand differs": 1 - 0.999**64})
