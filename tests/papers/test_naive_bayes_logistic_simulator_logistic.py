"""Simulators of logistic regression: errors of the fits, the Gram factor against raw features, naive Bayes beside it on the same data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_drawn_alike, assert_equal_in_law, assert_same_mean
from scipy.special import ndtr
from sklearn.linear_model import LogisticRegression

from theorylab.models.gaussian_mixture import draw_features, draw_labels, grouped_mixture
from theorylab.montecarlo.samplers import LARGEST_BLOCK_SIZE, make_request
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.numerics.logistic_regression import SeparableDataError, fit_logistic_batched
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulator
from theorylab.papers.naive_bayes_logistic.monte_carlo.logistic import checked_convergence, fitted

TWO: dict[str, Any] = {"gaps": (0.9, 0.3), "multiplicities": (3, 5), "standard_deviations": (2.0, 0.7), "ridge": 1.0}
THREE: dict[str, Any] = {**TWO, "class_positions": (-1.0, 0.5, 1.5)}
FOUR: dict[str, Any] = {**TWO, "class_positions": (-1.0, 0.5, 1.5, 4.0)}
PAIRS: dict[str, Any] = {**TWO, "pair_correlation": 0.6}
ISOTROPIC: dict[str, Any] = {"gaps": (0.8,), "multiplicities": (30,), "standard_deviations": (2.0,), "ridge": 0.5}
ERRORS, BOTH = ("error", "root_error"), ("naive_bayes", "logistic", "difference")

SAMPLERS: list[tuple[Any, dict[str, Any], tuple[str, ...]]] = [
    (simulator.sample_logistic_error, {**TWO, "sample_size": 11}, ERRORS),
    (simulator.sample_logistic_error, {**THREE, "class_counts": (3, 4, 6)}, ERRORS),
    (simulator.sample_logistic_error, {**FOUR, "sample_size": 12}, ERRORS),
    (simulator.sample_logistic_error, {**PAIRS, "class_counts": (5, 7), "fit_intercept": False}, ERRORS),
    (simulator.sample_logistic_error, {**TWO, "gaps": (0.1, 0.0), "ridge": 0.0, "class_counts": (80, 80)}, ERRORS),
    (simulator.sample_isotropic_logistic_error, {**ISOTROPIC, "sample_size": 9}, ERRORS),
    (simulator.sample_isotropic_logistic_error, {**ISOTROPIC, "class_counts": (20, 25), "multiplicities": (4,)}, ERRORS),
    (simulator.sample_isotropic_logistic_error, {**ISOTROPIC, "class_positions": (0.0, 1.0, 2.0), "sample_size": 9}, ERRORS),
    (simulator.sample_paired_errors, {**PAIRS, "sample_size": 12, "partner_scale": 0.2}, BOTH),
    (simulator.sample_paired_errors, {**THREE, "class_counts": (3, 4, 6)}, BOTH),
]


@pytest.mark.parametrize(("sampler", "parameters", "names"), SAMPLERS)
def test_sampler_contract(sampler: Any, parameters: dict[str, Any], names: tuple[str, ...]) -> None:
    values = sampler(np.random.default_rng(5), 33, **parameters)
    repeated, device = sampler(np.random.default_rng(5), 33, **parameters), sampler(DeviceGenerator(5), 33, **parameters)
    assert tuple(values) == names
    for name, column in values.items():
        assert column.shape == (33,)
        assert column.dtype == np.float64
        np.testing.assert_array_equal(column, repeated[name])
        assert_drawn_alike(device[name], column, random_counts="sample_size" in parameters)
        assert np.all(np.abs(column) <= 1.0)
        assert np.ptp(column) > 0.0
        if name != "difference":
            assert np.all(column > 0.0)
    if names == ERRORS:
        np.testing.assert_allclose(values["root_error"] ** 2, values["error"], rtol=1e-12)
    block = make_request(sampler, parameters).block
    assert 1 <= block <= LARGEST_BLOCK_SIZE


@pytest.mark.parametrize("sampler", [simulator.sample_logistic_error, simulator.sample_paired_errors])
def test_blocks_shrink_with_the_problem(sampler: Any) -> None:
    sizes = [(10, 3), (200, 20), (1000, 100), (4000, 2000)]
    blocks = [make_request(sampler, {"gaps": (1.0,), "multiplicities": (d,), "ridge": 1.0, "sample_size": m}).block for m, d in sizes]
    assert blocks == sorted(blocks, reverse=True)
    assert blocks[0] >= 1024
    assert blocks[-1] == 1
    far = {"gaps": (1.0,), "multiplicities": (10**6,), "ridge": 1.0, "sample_size": 10}
    assert make_request(simulator.sample_isotropic_logistic_error, far).block >= 1024


@pytest.mark.parametrize("parameters", [TWO, PAIRS, THREE])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_error_is_that_of_scikit_learn_on_fresh_points(parameters: dict[str, Any], fit_intercept: bool) -> None:
    """The same stream drawn once more, fitted by the peer, and asked about 200 000 points of each class."""
    sizes = {"class_counts": (6, 9, 7)[: len(parameters.get("class_positions", (0, 1)))]}
    error = simulator.sample_logistic_error(np.random.default_rng(3), 2, **parameters, **sizes, fit_intercept=fit_intercept)["error"]
    mixture = grouped_mixture(**{name: value for name, value in parameters.items() if name != "ridge"})
    rng = np.random.default_rng(3)
    labels = draw_labels(rng, 2, class_count=mixture.class_count, **sizes)
    features = draw_features(rng, mixture, labels)
    truth = np.repeat(np.arange(mixture.class_count), 200_000)[None]
    points = draw_features(np.random.default_rng(), mixture, truth)[0]
    for r in range(2):
        peer = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000, fit_intercept=fit_intercept).fit(features[r], labels[r])
        share = np.mean(peer.predict(points) != truth[0])
        assert abs(error[r] - share) < 7 * math.sqrt(0.25 / truth.size)


def test_more_than_three_classes_are_counted_on_drawn_scores() -> None:
    """A fourth class that is never confused with the others changes the share, 3/4 of that of three classes."""
    positions = (-1.0, 0.5, 1.5, 60.0)
    settings = {**TWO, "ridge": 1e-3}
    counted = simulator.sample_logistic_error(
        np.random.default_rng(), 2000, **{**settings, "class_positions": positions}, class_counts=(15, 15, 15, 15)
    )
    exact = simulator.sample_logistic_error(
        np.random.default_rng(), 2000, **{**settings, "class_positions": positions[:3]}, class_counts=(15, 15, 15)
    )
    assert abs(counted["error"].mean() / (0.75 * exact["error"].mean()) - 1.0) < 0.1
    few = simulator.sample_logistic_error(np.random.default_rng(1), 50, **FOUR, sample_size=12, test_points=1)["error"]
    np.testing.assert_allclose(few * 4, np.round(few * 4), atol=1e-12)


@pytest.mark.parametrize("sizes", [{"sample_size": 9}, {"class_counts": (3, 8)}], ids=["random counts", "fixed counts"])
@pytest.mark.parametrize(("dimension", "fit_intercept"), [(30, True), (5, True), (30, False), (2, True)])
def test_gram_factor_has_the_law_of_raw_features(dimension: int, fit_intercept: bool, sizes: dict[str, Any]) -> None:
    setting = {**ISOTROPIC, "multiplicities": (dimension,), "fit_intercept": fit_intercept, **sizes}
    raw = simulator.sample_logistic_error(np.random.default_rng(), 8000, **setting)
    factor = simulator.sample_isotropic_logistic_error(np.random.default_rng(), 8000, **setting)
    for name in ERRORS:
        assert_equal_in_law(raw[name], factor[name])
        assert_same_mean(raw[name], factor[name], skewness=5.0)


def test_gram_factor_of_three_classes() -> None:
    setting = {**ISOTROPIC, "multiplicities": (12,), "class_positions": (-1.0, 0.0, 1.5), "class_counts": (4, 3, 5)}
    raw = simulator.sample_logistic_error(np.random.default_rng(), 6000, **setting)
    factor = simulator.sample_isotropic_logistic_error(np.random.default_rng(), 6000, **setting)
    assert_equal_in_law(raw["error"], factor["error"])


def test_groups_may_be_written_as_numbers() -> None:
    written = {**ISOTROPIC, "standard_deviations": 2.0, "sample_size": 9}
    one = simulator.sample_isotropic_logistic_error(np.random.default_rng(2), 20, **written)["error"]
    other = simulator.sample_isotropic_logistic_error(np.random.default_rng(2), 20, **ISOTROPIC, sample_size=9)["error"]
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("dimension", "sample_size", "value", "error"),
    [(50, 76, 0.01021, 0.0002), (100, 118, 0.01214, 0.0003)],
)
def test_known_errors_in_the_mixture_of_the_paper(dimension: int, sample_size: int, value: float, error: float) -> None:
    """Means of thousands of fits by another program, with their standard errors."""
    d = dimension
    design = {"gaps": (2 / math.sqrt(d), 2.0), "multiplicities": (d // 2, d // 2), "standard_deviations": (math.sqrt(d), 1.0)}
    drawn = simulator.sample_logistic_error(np.random.default_rng(), 1000, ridge=1.0, sample_size=sample_size, **design)["error"]
    assert abs(drawn.mean() - value) < 7 * math.hypot(error, drawn.std() / math.sqrt(drawn.size))


def test_unlimited_data_give_the_bayes_error() -> None:
    setting = {"gaps": (1.2, 0.4), "multiplicities": (1, 2), "pair_correlation": 0.5, "class_counts": (20_000, 20_000), "ridge": 1.0}
    drawn = simulator.sample_paired_errors(np.random.default_rng(), 4, **setting)
    squares = 1.2**2 + 2 * 0.4**2
    np.testing.assert_allclose(drawn["logistic"], ndtr(-0.5 * math.sqrt(squares / 0.75)), rtol=2e-3)
    # Not along the best direction, naive Bayes feels its fluctuations, of order m^(-1/2), at first order.
    np.testing.assert_allclose(drawn["naive_bayes"], ndtr(-0.5 * math.sqrt(squares)), rtol=0.04)
    np.testing.assert_array_equal(drawn["difference"], drawn["naive_bayes"] - drawn["logistic"])


def test_a_strong_penalty_gives_the_rule_of_mean_differences() -> None:
    """With balanced counts w is then in proportion to the difference of class means, and the cut is midway along it."""
    setting = {**TWO, "class_counts": (7, 7)}
    error = simulator.sample_logistic_error(np.random.default_rng(6), 5, **{**setting, "ridge": 1e7})["error"]
    mixture = grouped_mixture(TWO["gaps"], TWO["multiplicities"], standard_deviations=TWO["standard_deviations"])
    rng = np.random.default_rng(6)
    labels = draw_labels(rng, 5, class_count=2, class_counts=(7, 7))
    features = draw_features(rng, mixture, labels)
    first, second = features[:, :7].mean(axis=1), features[:, 7:].mean(axis=1)
    normal, middle = first - second, 0.5 * (first + second)
    spread = np.sqrt((normal**2) @ mixture.standard_deviations**2)
    ahead = [((mean - middle) * normal).sum(axis=1) / spread for mean in mixture.class_means]
    np.testing.assert_allclose(error, 0.5 * (ndtr(-ahead[0]) + ndtr(ahead[1])), rtol=1e-4)


def test_naive_bayes_beside_it_is_the_one_of_its_own_sampler() -> None:
    setting = {"gaps": (0.9, 0.3), "multiplicities": (3, 5), "sample_size": 14}
    beside = simulator.sample_paired_errors(np.random.default_rng(), 8000, ridge=1.0, **setting)["naive_bayes"]
    alone = simulator.sample_naive_bayes_error(np.random.default_rng(), 8000, variance="pooled", **setting)["error"]
    assert_equal_in_law(beside, alone)
    with_itself = simulator.sample_logistic_error(np.random.default_rng(), 8000, ridge=1.0, **setting)["error"]
    assert_equal_in_law(simulator.sample_paired_errors(np.random.default_rng(), 8000, ridge=1.0, **setting)["logistic"], with_itself)


def test_naive_bayes_does_not_notice_scales() -> None:
    setting = {"gaps": (0.5,), "multiplicities": (4,), "pair_correlation": 0.3, "ridge": 1.0, "sample_size": 12}
    one = simulator.sample_paired_errors(np.random.default_rng(9), 20, **setting)
    other = simulator.sample_paired_errors(np.random.default_rng(9), 20, **setting, partner_scale=0.01)
    np.testing.assert_allclose(one["naive_bayes"], other["naive_bayes"], rtol=1e-9)
    # Logistic regression loses the second features, which the penalty now keeps out.
    assert np.all(np.abs(one["logistic"] - other["logistic"]) > 1e-5)
    further = simulator.sample_paired_errors(np.random.default_rng(9), 20, **setting, partner_scale=0.001)
    np.testing.assert_allclose(other["logistic"], further["logistic"], rtol=1e-3)
    # Then it is the fit to the first features alone.
    first = simulator.sample_logistic_error(np.random.default_rng(), 6000, gaps=(0.5,), multiplicities=(4,), ridge=1.0, sample_size=12)["error"]
    assert_equal_in_law(simulator.sample_paired_errors(np.random.default_rng(), 6000, **setting, partner_scale=0.001)["logistic"], first)


def test_no_penalty_and_separable_data() -> None:
    setting = {**TWO, "ridge": 0.0, "class_counts": (5, 5)}
    for sampler in (simulator.sample_logistic_error, simulator.sample_paired_errors):
        with pytest.raises(SeparableDataError, match=r"replicate 0 .* separable and ridge is 0"):
            sampler(np.random.default_rng(), 3, **setting)


def test_fits_that_do_not_converge_are_not_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "theorylab.papers.naive_bayes_logistic.monte_carlo.logistic"
    whole = simulator.sample_logistic_error.__globals__["fit_logistic_batched"]

    def impatient(*arguments: Any, **options: Any) -> Any:
        return whole(*arguments, **options, maximum_iterations=1)

    monkeypatch.setattr(f"{module}.fit_logistic_batched", impatient)
    rng = np.random.default_rng(1)
    labels = draw_labels(rng, 4, class_count=2, class_counts=(6, 6))
    with pytest.raises(ConvergenceError, match="has not converged on 4 of 4 training sets"):
        fitted(rng.standard_normal((4, 12, 3)), labels, 2, ridge=1.0, namespace=np)


ALL = [simulator.sample_logistic_error, simulator.sample_isotropic_logistic_error, simulator.sample_paired_errors]
WRONG: list[tuple[list[Any], dict[str, Any], str]] = [
    (ALL, {"ridge": -1.0}, "ridge must be finite and >= 0; got -1.0"),
    (ALL, {"sample_size": 1}, "sample_size must be .*>= 2; got 1"),
    (ALL, {"sample_size": None}, "give one of sample_size and class_counts"),
    (ALL, {"class_counts": (3, 3)}, "give one of sample_size and class_counts"),
    (ALL, {"sample_size": None, "class_counts": (6, 0)}, "class_counts must each be an integer >= 1; got 0 for class 1"),
    (ALL, {"standard_deviations": 0.0}, "standard_deviations must be finite and > 0; got 0.0"),
    (ALL, {"multiplicities": (2.5,)}, "multiplicities must be .*got"),
    (ALL[:2], {"test_points": 0}, "test_points must be .*>= 1; got 0"),
    (ALL[1:2], {"gaps": (0.5, 1.0), "multiplicities": (3, 3)}, r"gaps must have shape \(1,\); got shape \(2,\)"),
    (ALL[1:2], {"multiplicities": (1,)}, "multiplicities must be .*>= 2; got 1"),
    (ALL[2:], {"class_positions": (0.0, 1.0, 2.0, 3.0), "sample_size": 12}, "class_positions must hold 2 or 3 numbers; got 4"),
    (ALL[2:], {"partner_scale": 2.0}, "partner_scale must be 1 for features that have no partners; got 2.0"),
    (ALL[2:], {"partner_scale": 0.0, "pair_correlation": 0.1}, "partner_scale must be finite and > 0; got 0.0"),
]


@pytest.mark.parametrize(("samplers", "wrong", "message"), WRONG)
def test_bad_parameters(samplers: list[Any], wrong: dict[str, Any], message: str) -> None:
    for sampler in samplers:
        with pytest.raises(ValueError, match=message):
            sampler(np.random.default_rng(), 3, **{"gaps": (0.5,), "multiplicities": (4,), "ridge": 1.0, "sample_size": 9, **wrong})


def test_only_fits_that_exist_must_converge() -> None:
    labels = np.array([[0, 0, 1, 1]] * 3)
    features = np.array([[[-2.0], [-1.0], [1.0], [2.0]], [[-2.0], [1.0], [-1.0], [2.0]], [[-1.0], [2.0], [0.5], [3.0]]])
    # The first data set is separable: it has no estimate to converge to, and is flagged instead.
    fit = checked_convergence(fit_logistic_batched(features, labels, 2, ridge=0.0, fit_intercept=False))
    assert fit.separable.tolist() == [True, False, False]
    with pytest.raises(ConvergenceError, match="has not converged on 1 of 3 training sets"):
        checked_convergence(fit._replace(converged=np.array([False, True, False])))
