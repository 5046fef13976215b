"""Samplers of the excess of logistic regression: their contract, replicate by replicate against other code, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_same_mean
from scipy.integrate import quad
from scipy.special import expit, log_softmax, softmax
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from theorylab.models.gaussian_mixture import draw_features, draw_labels, grouped_mixture
from theorylab.montecarlo.samplers import LARGEST_BLOCK_SIZE, make_request
from theorylab.numerics.logistic_regression import SeparableDataError
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulator

SETTING: dict[str, Any] = {"dimension": 3, "mahalanobis_distance": 1.3, "sample_size": 80}
CLASSES: dict[str, Any] = {"gaps": (1.1, 0.4), "multiplicities": (1, 2), "class_positions": (-1.0, 0.0, 1.0), "sample_size": 120}
EXCESS = ("excess", "loss_excess", "score_square", "parallel_score_square", "consistency_ratio", "weight_norm", "intercept_size")
SAMPLERS: list[tuple[Any, dict[str, Any], tuple[str, ...]]] = [
    (simulator.sample_score_squares, SETTING | {"random_counts": True}, ("score_square", "parallel_score_square")),
    (simulator.sample_score_squares, SETTING | {"random_counts": False}, ("score_square", "parallel_score_square")),
    (simulator.sample_logistic_excess, SETTING | {"random_counts": True}, EXCESS),
    (simulator.sample_logistic_excess, SETTING | {"random_counts": False, "dimension": 1}, EXCESS),
    (simulator.sample_multinomial_loss_excess, CLASSES | {"test_points": 5}, ("loss_excess",)),
    (simulator.sample_rademacher_average, SETTING | {"class_count": 3}, ("weights", "intercepts")),
]


@pytest.mark.parametrize(("sampler", "parameters", "names"), SAMPLERS)
def test_sampler_contract(sampler: Any, parameters: dict[str, Any], names: tuple[str, ...]) -> None:
    values = sampler(np.random.default_rng(5), 17, **parameters)
    again, repeated = sampler(DeviceGenerator(5), 17, **parameters), sampler(np.random.default_rng(5), 17, **parameters)
    assert tuple(values) == names
    for name, column in values.items():
        assert column.shape == (17,)
        assert column.dtype == np.float64
        assert np.all(np.isfinite(column))
        np.testing.assert_array_equal(column, again[name])
        np.testing.assert_array_equal(column, repeated[name])
    assert 32 <= make_request(sampler, parameters).block <= LARGEST_BLOCK_SIZE


def test_blocks_shrink_with_the_problem() -> None:
    large = {"dimension": 200, "mahalanobis_distance": 1.0, "sample_size": 4000, "random_counts": True}
    assert make_request(simulator.sample_logistic_excess, large).block == 1


@pytest.mark.parametrize("random_counts", [True, False])
def test_excess_replicate_by_replicate(random_counts: bool) -> None:
    """The same data, fitted by scikit-learn without a penalty; errors by the normal law, log losses by adaptive quadrature."""
    values = simulator.sample_logistic_excess(np.random.default_rng(8), 6, **SETTING, random_counts=random_counts)
    scores = simulator.sample_score_squares(np.random.default_rng(8), 6, **SETTING, random_counts=random_counts)
    rng, mixture = np.random.default_rng(8), grouped_mixture((1.3, 0.0), (1, 2))
    counts = {"sample_size": 80} if random_counts else {"class_counts": (40, 40)}
    labels = draw_labels(rng, 6, class_count=2, **counts)
    features = draw_features(rng, mixture, labels)

    def error_and_loss(normal: np.ndarray, offset: float) -> tuple[float, float]:
        spread, error, loss = np.linalg.norm(normal), 0.0, 0.0
        for sign in (1, -1):
            centre = sign * (normal[0] * sign * 0.65 + offset)
            error += norm.cdf(-centre / spread) / 2
            loss += quad(lambda z, c=centre: np.logaddexp(0.0, -c - spread * z) * norm.pdf(z), -10, 10, epsabs=1e-13)[0] / 2
        return error, loss

    truth = error_and_loss(np.array([1.3, 0.0, 0.0]), 0.0)
    for i, (x, y) in enumerate(zip(features, labels, strict=True)):
        model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000, solver="newton-cholesky").fit(x, y == 0)
        normal, offset = model.coef_[0], model.intercept_[0]
        error, loss = error_and_loss(normal, offset)
        assert values["excess"][i] == pytest.approx(80 * (error - truth[0]), rel=1e-5, abs=1e-9)
        assert values["loss_excess"][i] == pytest.approx(80 * (loss - truth[1]), rel=1e-5, abs=1e-8)
        assert values["consistency_ratio"][i] == pytest.approx((error - truth[0]) / np.sqrt(2 * (loss - truth[1])), rel=1e-5)
        assert values["weight_norm"][i] == pytest.approx(np.linalg.norm(normal) / 2, rel=1e-6)
        assert values["intercept_size"][i] == pytest.approx(abs(offset) / 2, rel=1e-5, abs=1e-8)
        residuals = (y == 0) - expit(1.3 * x[:, 0])
        sums = residuals @ x
        assert values["score_square"][i] == pytest.approx((np.sum(residuals) ** 2 + np.sum(sums[1:] ** 2)) / 80)
        assert values["parallel_score_square"][i] == pytest.approx(sums[0] ** 2 / 80)
        assert scores["score_square"][i] == values["score_square"][i]
        assert scores["parallel_score_square"][i] == values["parallel_score_square"][i]
    if not random_counts:
        assert np.all(labels.sum(axis=1) == 40)


@pytest.mark.parametrize("spread", [0.05, 1.0, 4.0])
def test_expected_log_loss_by_quadrature(spread: float) -> None:
    mixture = grouped_mixture((0.9, 0.4), (1, 1), standard_deviations=(2.0, 0.5))
    normal = spread * np.array([[0.4, 1.2]])
    computed = simulator.expected_log_loss(normal, np.array([0.3]), mixture)[0]
    deviation = np.hypot(normal[0, 0] * 2.0, normal[0, 1] * 0.5)
    expected = 0.0
    for sign, mean in zip((1, -1), mixture.class_means, strict=True):
        centre = sign * (normal[0] @ mean + 0.3)
        expected += quad(lambda z, c=centre: np.logaddexp(0.0, -c - deviation * z) * norm.pdf(z), -10, 10, epsabs=1e-13, limit=200)[0] / 2
    assert computed == pytest.approx(expected, abs=1e-11)


def test_multinomial_loss_replicate_by_replicate() -> None:
    """The same data and test points; the divergence from its definition, the fit by scikit-learn."""
    values = simulator.sample_multinomial_loss_excess(np.random.default_rng(8), 4, **CLASSES, test_points=50)["loss_excess"]
    rng, mixture = np.random.default_rng(8), grouped_mixture((1.1, 0.4), (1, 2), class_positions=(-1.0, 0.0, 1.0))
    labels = draw_labels(rng, 4, class_count=3, sample_size=120)
    features = draw_features(rng, mixture, labels)
    points = draw_features(rng, mixture, rng.integers(0, 3, (4, 50)))
    for i in range(4):
        model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000, solver="newton-cholesky").fit(features[i], labels[i])
        densities = np.array([-np.sum((points[i] - mean) ** 2, axis=1) / 2 for mean in mixture.class_means]).T
        true = softmax(densities, axis=1)
        divergence = np.sum(true * (log_softmax(densities, axis=1) - model.predict_log_proba(points[i])), axis=1)
        assert values[i] == pytest.approx(120 * divergence.mean(), rel=1e-4)


def test_rademacher_average_replicate_by_replicate() -> None:
    values = simulator.sample_rademacher_average(np.random.default_rng(8), 5, **SETTING, class_count=3)
    rng, mixture = np.random.default_rng(8), grouped_mixture((1.3, 0.0), (1, 2))
    labels = draw_labels(rng, 5, class_count=2, sample_size=80)
    features = draw_features(rng, mixture, labels)
    signs = 2 * rng.integers(0, 2, (5, 3, 80)) - 1
    for i in range(5):
        norms = [np.linalg.norm(sum(sign * x for sign, x in zip(row, features[i], strict=True))) for row in signs[i]]
        assert values["weights"][i] == pytest.approx(sum(norms) / np.sqrt(80))
        assert values["intercepts"][i] == pytest.approx(np.abs(signs[i].sum(axis=1)).sum() / np.sqrt(80))


def test_rademacher_signs_are_fair() -> None:
    values = simulator.sample_rademacher_average(np.random.default_rng(), 4000, **SETTING, class_count=2)
    # E |sum of 80 signs| by the binomial law: 80 C(79, 39) / 2^79... = sum of |80 - 2k| C(80, k) / 2^80.
    k = np.arange(81)
    weights = np.exp(-0.5 * ((2 * k - 80) ** 2) / 80)
    assert_same_mean(values["intercepts"], 2 * np.sum(np.abs(80 - 2 * k) * weights) / weights.sum() / np.sqrt(80), 1.0)


@pytest.mark.parametrize(
    ("sampler", "parameters", "message"),
    [
        (simulator.sample_score_squares, {**SETTING, "random_counts": False, "sample_size": 81}, "sample_size must be even for fixed counts"),
        (simulator.sample_score_squares, {**SETTING, "random_counts": True, "sample_size": 1}, "sample_size must be an integer >= 2"),
        (simulator.sample_score_squares, {**SETTING, "random_counts": True, "mahalanobis_distance": 0.0}, "mahalanobis_distance must be"),
        (simulator.sample_logistic_excess, {**SETTING, "random_counts": True, "dimension": 0}, "dimension must be an integer >= 1"),
        (simulator.sample_multinomial_loss_excess, {**CLASSES, "sample_size": 2}, "sample_size must be an integer >= 3"),
        (simulator.sample_multinomial_loss_excess, {**CLASSES, "test_points": 0}, "test_points"),
        (simulator.sample_rademacher_average, {**SETTING, "class_count": 1}, "class_count must be an integer >= 2"),
    ],
)
def test_bad_input(sampler: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sampler(np.random.default_rng(0), 3, **parameters)


def test_separable_data_have_no_fit() -> None:
    few = {"dimension": 5, "mahalanobis_distance": 2.0, "sample_size": 6, "random_counts": False}
    with pytest.raises(SeparableDataError):
        simulator.sample_logistic_excess(np.random.default_rng(0), 50, **few)
