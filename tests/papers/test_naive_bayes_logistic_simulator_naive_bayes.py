"""Simulators of naive Bayes: the fit against scikit-learn and loops, short samplers equal in law to raw data, known values, error messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_drawn_alike, assert_equal_in_law, assert_same_mean
from scipy.stats import norm
from sklearn.naive_bayes import GaussianNB

from theorylab.models.gaussian_mixture import draw_class_counts, draw_features, draw_labels, grouped_mixture
from theorylab.montecarlo.samplers import LARGEST_BLOCK_SIZE, make_request
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulator
from theorylab.papers.naive_bayes_logistic.estimators import PooledNaiveBayes
from theorylab.papers.naive_bayes_logistic.monte_carlo.fitted_rules import rule_error
from theorylab.papers.naive_bayes_logistic.monte_carlo.naive_bayes import standardised_fit

GROUPS: dict[str, Any] = {"gaps": (0.9, 0.4), "multiplicities": (3, 5)}
THREE: dict[str, Any] = {**GROUPS, "class_positions": (-0.5, 0.5, 1.5)}
FOUR: dict[str, Any] = {**GROUPS, "class_positions": (0.0, 1.0, 2.5, 4.0)}
SAMPLERS: list[tuple[Any, dict[str, Any]]] = [
    *((simulator.sample_naive_bayes_error, {**GROUPS, "variance": kind, "sample_size": 9}) for kind in ("known", "pooled", "class")),
    *((simulator.sample_naive_bayes_error_raw, {**GROUPS, "variance": kind, "class_counts": (3, 5)}) for kind in ("known", "pooled", "class")),
    *((simulator.sample_naive_bayes_error, {**THREE, "variance": kind, "class_counts": (2, 4, 3)}) for kind in ("known", "pooled", "class")),
    *((simulator.sample_naive_bayes_error, {**FOUR, "variance": kind, "sample_size": 15}) for kind in ("known", "pooled", "class")),
    (simulator.sample_naive_bayes_error_raw, {**FOUR, "variance": "pooled", "sample_size": 15, "pair_correlation": 0.5}),
    (simulator.sample_naive_bayes_error, {"gaps": (2.0,), "multiplicities": (1,), "variance": "known", "sample_size": 2}),
]


@pytest.mark.parametrize(("sampler", "parameters"), SAMPLERS)
def test_sampler_contract(sampler: Any, parameters: dict[str, Any]) -> None:
    values = sampler(np.random.default_rng(5), 33, **parameters)
    assert set(values) == {"error"}
    assert values["error"].shape == (33,)
    assert values["error"].dtype == np.float64
    assert np.all((values["error"] >= 0.0) & (values["error"] <= 1.0))
    assert np.ptp(values["error"]) > 0.0
    np.testing.assert_array_equal(values["error"], sampler(np.random.default_rng(5), 33, **parameters)["error"])
    assert_drawn_alike(sampler(DeviceGenerator(5), 33, **parameters)["error"], values["error"], random_counts="sample_size" in parameters)
    assert 1 <= make_request(sampler, parameters).block <= LARGEST_BLOCK_SIZE


def test_blocks_shrink_with_the_problem() -> None:
    def block(sampler: Any, count: int, variance: str, **sizes: Any) -> int:
        return make_request(sampler, {"gaps": (0.1,), "multiplicities": (count,), "variance": variance, **sizes}).block

    assert block(simulator.sample_naive_bayes_error, 25, "pooled", sample_size=20) == 4096
    assert block(simulator.sample_naive_bayes_error, 10_000, "pooled", sample_size=20) <= 64
    # With known variances nothing grows with the dimension.
    many, few = (block(simulator.sample_naive_bayes_error, count, "known", sample_size=20) for count in (10**6, 10))
    assert many == few >= 4096
    assert block(simulator.sample_naive_bayes_error_raw, 100, "pooled", sample_size=1000) <= 16
    assert block(simulator.sample_naive_bayes_error_raw, 100, "pooled", class_counts=(500, 500)) <= 16


# The fit -----------------------------------------------------------------------------------------------------------------------------------


def training_sets(seed: int, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features (6, 30, 5), labels (6, 30) and test points (6, 40, 5), far from zero and of different variances."""
    rng = np.random.default_rng(seed)
    labels = draw_labels(rng, 6, class_count=classes, sample_size=30, least_count=2)
    scales = np.array([0.1, 1.0, 3.0, 20.0, 1.0])
    features = 50.0 + scales * (rng.standard_normal((6, 30, 5)) + 0.7 * labels[:, :, None])
    return features, labels, 50.0 + 2.0 * scales * rng.standard_normal((6, 40, 5))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("variance", ["known", "pooled", "class"])
def test_fit_by_loops(classes: int, variance: str) -> None:
    features, labels, points = training_sets(1, classes)
    true = np.array([0.1, 1.0, 3.0, 20.0, 1.0])
    fit = simulator.fit_naive_bayes_batched(features, labels, classes, variance=variance, standard_deviations=true)
    scores = simulator.class_scores(fit, points)
    for r, (x, y) in enumerate(zip(features, labels, strict=True)):
        within = np.mean([(row - x[y == label].mean(axis=0)) ** 2 for row, label in zip(x, y, strict=True)], axis=0)
        for k in range(classes):
            own = x[y == k]
            spread = {"known": true**2, "pooled": within, "class": own.var(axis=0)}[variance]
            np.testing.assert_allclose(fit.means[r, k], own.mean(axis=0), rtol=1e-12)
            np.testing.assert_allclose(fit.variances[r, min(k, fit.variances.shape[1] - 1)], spread, rtol=1e-9)
            assert fit.class_counts[r, k] == len(own)
            density = norm.logpdf(points[r], own.mean(axis=0), np.sqrt(spread)).sum(axis=1)
            np.testing.assert_allclose(scores[r, :, k], np.log(len(own) / 30) + density + 5 * np.log(2 * np.pi) / 2, rtol=1e-9)


@pytest.mark.parametrize("classes", [2, 3])
def test_fit_is_that_of_scikit_learn_and_of_the_estimator(classes: int) -> None:
    features, labels, points = training_sets(2, classes)
    own = simulator.fit_naive_bayes_batched(features, labels, classes, variance="class")
    shared = simulator.fit_naive_bayes_batched(features, labels, classes, variance="pooled")
    weights, intercepts = simulator.linear_rule(shared)
    for r in range(6):
        library = GaussianNB(var_smoothing=0.0).fit(features[r], labels[r])
        np.testing.assert_allclose(own.means[r], library.theta_, rtol=1e-10)
        np.testing.assert_allclose(own.variances[r], library.var_, rtol=1e-8)
        np.testing.assert_array_equal(simulator.class_scores(own, points)[r].argmax(axis=1), library.predict(points[r]))
        model = PooledNaiveBayes().fit(features[r], labels[r])
        np.testing.assert_allclose(shared.variances[r, 0], model.var_, rtol=1e-10)
        np.testing.assert_array_equal((points[r] @ weights[r].T + intercepts[r]).argmax(axis=1), model.predict(points[r]))


def test_linear_rule_is_the_score_but_for_what_classes_share() -> None:
    features, labels, points = training_sets(3, 3)
    fit = simulator.fit_naive_bayes_batched(features, labels, 3, variance="pooled")
    weights, intercepts = simulator.linear_rule(fit)
    linear = points @ weights.swapaxes(1, 2) + intercepts[:, None, :]
    difference = simulator.class_scores(fit, points) - linear
    np.testing.assert_allclose(difference - difference[:, :, :1], 0.0, atol=1e-6)


# Equal in law ------------------------------------------------------------------------------------------------------------------------------

SIZES = pytest.mark.parametrize("sizes", [{"sample_size": 7}, {"class_counts": (3, 5)}], ids=["random counts", "fixed counts"])


@SIZES
@pytest.mark.parametrize("variance", ["known", "pooled"])
def test_statistics_have_the_law_of_fits_to_raw_data(sizes: dict[str, Any], variance: str) -> None:
    mixture = grouped_mixture(**GROUPS, standard_deviations=(5.0, 0.2))
    rng, size = np.random.default_rng(), 20_000
    labels = draw_labels(rng, size, class_count=2, **sizes)
    features = draw_features(rng, mixture, labels)
    fit = simulator.fit_naive_bayes_batched(features, labels, 2, variance=variance, standard_deviations=mixture.standard_deviations)
    raw = rule_error(rng, fit, mixture, test_points=1)
    short = simulator.sample_naive_bayes_error(rng, size, **GROUPS, variance=variance, standard_deviations=(5.0, 0.2), **sizes)["error"]
    assert_equal_in_law(raw, short)
    assert_same_mean(raw, short)


@pytest.mark.parametrize("variance", ["known", "pooled"])
def test_three_classes_have_the_law_of_fits_to_raw_data(variance: str) -> None:
    mixture = grouped_mixture(**THREE)
    rng, size = np.random.default_rng(), 10_000
    labels = draw_labels(rng, size, class_count=3, sample_size=8)
    features = draw_features(rng, mixture, labels)
    fit = simulator.fit_naive_bayes_batched(features, labels, 3, variance=variance, standard_deviations=np.ones(8))
    raw = rule_error(rng, fit, mixture, test_points=1)
    short = simulator.sample_naive_bayes_error(rng, size, **THREE, variance=variance, sample_size=8)["error"]
    assert_equal_in_law(raw, short)
    assert_same_mean(raw, short)


@pytest.mark.parametrize(
    ("groups", "sizes"),
    [
        (GROUPS, {"sample_size": 8}),
        (GROUPS, {"class_counts": (2, 5)}),
        (THREE, {"class_counts": (4, 2, 3)}),
        (FOUR, {"sample_size": 14}),
        ({**FOUR, "standard_deviations": 3.0}, {"class_counts": (3, 2, 4, 5)}),
    ],
)
@pytest.mark.parametrize("variance", ["known", "pooled", "class"])
def test_statistics_have_the_mean_of_raw_data(groups: dict[str, Any], sizes: dict[str, Any], variance: str) -> None:
    raw = simulator.sample_naive_bayes_error_raw(np.random.default_rng(), 6_000, **groups, **sizes, variance=variance)["error"]
    short = simulator.sample_naive_bayes_error(np.random.default_rng(), 10_000, **groups, **sizes, variance=variance)["error"]
    assert_same_mean(raw, short)


@pytest.mark.parametrize("groups", [GROUPS, THREE, FOUR, {"gaps": (1.5,), "multiplicities": (2,), "class_positions": (1.0, -1.0, 0.2)}])
def test_known_variances_in_few_coordinates(groups: dict[str, Any]) -> None:
    """The rotated fit against the fit in all d coordinates; also where there are fewer coordinates than classes."""
    rng, size = np.random.default_rng(), 10_000
    mixture = grouped_mixture(**groups)
    counts = draw_class_counts(rng, size, class_count=mixture.class_count, sample_size=9)
    whole = rule_error(rng, standardised_fit(rng, counts, mixture, variance="known"), mixture, test_points=20)
    short = simulator.sample_naive_bayes_error(rng, size, **groups, variance="known", sample_size=9, test_points=20)["error"]
    assert_equal_in_law(whole, short)
    assert_same_mean(whole, short)


def test_error_of_quadratic_rules_counts_scores() -> None:
    """The expanded scores against the definition, on one fit and many points."""
    rng = np.random.default_rng()
    mixture = grouped_mixture(**THREE)
    counts = draw_class_counts(rng, 1, class_count=3, class_counts=(3, 4, 6))
    fit = standardised_fit(rng, counts, mixture, variance="class")
    many = 40_000
    expanded = rule_error(rng, fit, mixture, test_points=many)[0]
    truth = np.repeat([0, 1, 2], many)[None]
    direct = (simulator.class_scores(fit, draw_features(rng, mixture, truth)).argmax(axis=2) != truth).mean()
    assert abs(expanded - direct) < 8 * np.sqrt(2 * 0.25 / many)


# Values that are known ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gap", "count", "counts", "variance", "value"),
    [
        (0.4, 25, (5, 5), "pooled", 0.329294455),
        (0.4, 25, (5, 5), "known", 0.306788760),
        (0.4, 25, (3, 9), "pooled", 0.3709744),
        (0.7, 12, (6, 6), "class", 0.277346476),
        (0.7, 12, (4, 9), "class", 0.360492833),
    ],
)
def test_expected_errors(gap: float, count: int, counts: tuple[int, int], variance: str, value: float) -> None:
    rng = np.random.default_rng()
    errors = simulator.sample_naive_bayes_error(rng, 40_000, gaps=(gap,), multiplicities=(count,), variance=variance, class_counts=counts)["error"]
    assert_same_mean(errors, value)


def test_unlimited_data_give_the_bayes_error() -> None:
    exact = norm.sf(0.5 * np.sqrt(3 * 0.9**2 + 5 * 0.4**2))
    for variance in ("known", "pooled"):
        errors = simulator.sample_naive_bayes_error(np.random.default_rng(), 100, **GROUPS, variance=variance, class_counts=(10**8, 10**8))["error"]
        np.testing.assert_allclose(errors, exact, rtol=1e-4)


def test_classes_at_one_place_cannot_be_told_apart() -> None:
    for variance in ("known", "pooled"):
        flat = {"gaps": (0.0,), "multiplicities": (6,), "variance": variance, "sample_size": 8}
        errors = simulator.sample_naive_bayes_error(np.random.default_rng(), 50, **flat)["error"]
        np.testing.assert_allclose(errors, 0.5, atol=1e-12)


# Bad input ---------------------------------------------------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("sampler", [simulator.sample_naive_bayes_error, simulator.sample_naive_bayes_error_raw])


@BOTH
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variance": "shared"}, "variance must be one of 'known', 'pooled', 'class'; got 'shared'"),
        ({"sample_size": None}, "give one of sample_size and class_counts"),
        ({"class_counts": (2, 3)}, "give one of sample_size and class_counts"),
        ({"sample_size": 2}, "sample_size must be >= 3 for 2 classes with variance 'pooled'; got 2"),
        ({"sample_size": 3, "variance": "class"}, "sample_size must be an integer >= 4"),
        ({"sample_size": None, "class_counts": (1, 1)}, "the sum of class_counts must be >= 3 for 2 classes with variance 'pooled'; got 2"),
        ({"sample_size": None, "class_counts": (0, 5)}, "class_counts must each be an integer >= 1; got 0 for class 0"),
        ({"sample_size": None, "class_counts": (4, 1), "variance": "class"}, "class_counts must each be an integer >= 2; got 1 for class 1"),
        ({"sample_size": None, "class_counts": (4, 1, 3)}, r"class_counts must have shape \(2,\)"),
        ({"test_points": 0}, "test_points must be an integer >= 1"),
        ({"class_positions": (1.0,)}, "class_positions must hold at least 2 numbers"),
        ({"gaps": (np.nan, 1.0)}, "gaps must be finite"),
        ({"multiplicities": (3,)}, "multiplicities must have shape"),
        ({"standard_deviations": 0.0}, "standard_deviations must be finite and > 0"),
    ],
)
def test_bad_parameters(sampler: Any, changes: dict[str, Any], message: str) -> None:
    parameters = {**GROUPS, "variance": "pooled", "sample_size": 9, **changes}
    with pytest.raises(ValueError, match=message):
        sampler(np.random.default_rng(), 4, **parameters)


def test_bad_training_sets() -> None:
    features, labels, _ = training_sets(4, 2)
    fit = simulator.fit_naive_bayes_batched
    with pytest.raises(ValueError, match=r"features must have shape \(R, m, d\)"):
        fit(features[0], labels[0], 2, variance="pooled")
    with pytest.raises(ValueError, match=r"labels must be in 0, \.\.\., 2 with at least 1 of every class"):
        fit(features, labels, 3, variance="pooled")
    with pytest.raises(ValueError, match=r"labels must be in 0, \.\.\., 1"):
        fit(features, labels * 2, 2, variance="pooled")
    with pytest.raises(ValueError, match="standard_deviations must be given"):
        fit(features, labels, 2, variance="known")
    constant = features.copy()
    constant[2, :, 1] = 7.0
    with pytest.raises(ValueError, match="got a feature of variance 0"):
        fit(constant, labels, 2, variance="pooled")
    with pytest.raises(ValueError, match="class_count must be an integer >= 2"):
        fit(features, labels, 1, variance="pooled")
    with pytest.raises(ValueError, match="variances must have shape"):
        simulator.linear_rule(fit(features, labels, 2, variance="class"))


def test_a_variance_floor_is_added_to_estimated_variances() -> None:
    features, labels = np.array([[[1.0, 5.0], [3.0, 5.0], [7.0, 5.0]]]), np.array([[0, 0, 1]])
    pooled, own = (simulator.fit_naive_bayes_batched(features, labels, 2, variance=kind, variance_floor=0.25) for kind in ("pooled", "class"))
    assert pooled.variances.tolist() == [[[2.0 / 3.0 + 0.25, 0.25]]]
    assert own.variances.tolist() == [[[1.25, 0.25], [0.25, 0.25]]]
    with pytest.raises(ValueError, match="a feature of variance 0"):
        simulator.fit_naive_bayes_batched(features, labels, 2, variance="pooled")
    with pytest.raises(ValueError, match="at least 2 of every class"):
        simulator.fit_naive_bayes_batched(features, labels, 2, variance="class")
    with pytest.raises(ValueError, match="variance_floor must be finite and >= 0"):
        simulator.fit_naive_bayes_batched(features, labels, 2, variance="pooled", variance_floor=-1.0)
