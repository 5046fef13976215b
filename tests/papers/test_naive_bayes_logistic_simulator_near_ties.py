"""Samplers of largest errors and of near ties: their contract, replicate by replicate against plain loops, equality in law with raw data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_drawn_alike, assert_equal_in_law, assert_same_mean

from theorylab.models.gaussian_mixture import draw_features, draw_labels, grouped_mixture
from theorylab.montecarlo.samplers import LARGEST_BLOCK_SIZE, make_request
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulator

GAPS: dict[str, Any] = {"gaps": (0.8, 0.3), "multiplicities": (2, 3)}
PAIRS = GAPS | {"class_positions": (-1.0, 0.5, 2.0), "standard_deviations": (2.0, 0.5), "pair_correlation": 0.6}
PARAMETERS = {"class_count": 3, "dimension": 4}
SCORES = {"gap": float, "wrong": bool, "shifted_wrong": bool, "difference": float, "squared_difference": float}
ERRORS = {"first_error": float, "absolute_error": float, "largest_error": float, "total_error": float, "squared_total_error": float}
ERRORS |= {"limit_wrong": bool, "fitted_wrong": bool, "unexplained": bool}
LARGEST = dict.fromkeys(("mean", "variance", "proportion", "largest"), float)
SAMPLERS: list[tuple[Any, dict[str, Any], dict[str, type] | None]] = [
    (simulator.sample_largest_mean_error, {"dimension": 7, "sample_size": 12}, None),
    (simulator.sample_largest_variance_error, {"dimension": 7, "degrees_of_freedom": 4.5}, None),
    (simulator.sample_parameter_errors, {**PARAMETERS, "sample_size": 12}, LARGEST),
    (simulator.sample_parameter_errors, {**PARAMETERS, "class_counts": (1, 2, 3)}, LARGEST),
    (simulator.sample_parameter_errors_raw, {**PARAMETERS, "sample_size": 12}, LARGEST),
    (simulator.sample_parameter_errors_raw, {**PARAMETERS, "class_counts": (1, 2, 3)}, LARGEST),
    (simulator.sample_score_gaps, GAPS, SCORES),
    (simulator.sample_score_gaps, PAIRS | {"true_class": 1, "compared": (2, 0), "centre": 0.3, "shift": 0.1}, SCORES),
    (simulator.sample_log_odds_errors, GAPS | {"variance": "known", "sample_size": 9}, ERRORS),
    (simulator.sample_log_odds_errors, GAPS | {"variance": "pooled", "class_counts": (4, 7)}, ERRORS),
]


@pytest.mark.parametrize(("sampler", "parameters", "names"), SAMPLERS)
def test_sampler_contract(sampler: Any, parameters: dict[str, Any], names: dict[str, type] | None) -> None:
    def table(rng: Any) -> dict[str, np.ndarray]:
        values = sampler(rng, 33, **parameters)
        return {"value": values} if names is None else values

    values, again, repeated = table(np.random.default_rng(5)), table(DeviceGenerator(5)), table(np.random.default_rng(5))
    assert {name: column.dtype.type for name, column in values.items()} == {
        name: np.dtype(kind).type for name, kind in (names or {"value": float}).items()
    }
    for name, column in values.items():
        assert column.shape == (33,)
        assert np.all(np.isfinite(column))
        assert_drawn_alike(again[name], column, random_counts="sample_size" in parameters)
        np.testing.assert_array_equal(column, repeated[name])
    assert 64 <= make_request(sampler, parameters).block <= LARGEST_BLOCK_SIZE


# Largest errors --------------------------------------------------------------------------------------------------------------------------


def test_largest_errors_of_means_and_variances() -> None:
    """Against raw samples of every feature."""
    rng = np.random.default_rng()
    data = rng.standard_normal((3000, 15, 6))
    assert_equal_in_law(simulator.sample_largest_mean_error(rng, 3000, dimension=6, sample_size=15), np.abs(data.mean(axis=1)).max(axis=1))
    seen = simulator.sample_largest_variance_error(rng, 3000, dimension=6, degrees_of_freedom=14)
    assert_equal_in_law(seen, np.abs(data.var(axis=1, ddof=1) - 1).max(axis=1))


@pytest.mark.parametrize("counts", [{"sample_size": 9}, {"class_counts": (2, 3, 4)}])
def test_raw_parameter_errors_replicate_by_replicate(counts: dict[str, Any]) -> None:
    values = simulator.sample_parameter_errors_raw(np.random.default_rng(8), 12, **PARAMETERS, **counts)
    rng = np.random.default_rng(8)
    labels = draw_labels(rng, 12, class_count=3, **counts)
    features = rng.standard_normal((12, 9, 4))
    for i, (x, y) in enumerate(zip(features, labels, strict=True)):
        means = np.array([x[y == k].mean(axis=0) for k in range(3)])
        variances = np.mean([(row - means[label]) ** 2 for row, label in zip(x, y, strict=True)], axis=0)
        shares = np.array([np.mean(y == k) for k in range(3)])
        expected = [np.abs(means).max(), np.abs(variances - 1).max(), np.abs(shares - 1 / 3).max()]
        assert [values[name][i] for name in ("mean", "variance", "proportion")] == pytest.approx(expected)
        assert values["largest"][i] == pytest.approx(max(expected))


@pytest.mark.parametrize("counts", [{"sample_size": 9}, {"class_counts": (2, 3, 4)}])
def test_sufficient_statistics_have_the_law_of_raw_data(counts: dict[str, Any]) -> None:
    rng = np.random.default_rng()
    raw = simulator.sample_parameter_errors_raw(rng, 6000, **PARAMETERS, **counts)
    short = simulator.sample_parameter_errors(rng, 6000, **PARAMETERS, **counts)
    for name in LARGEST:
        assert_equal_in_law(raw[name], short[name])


# Near ties -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("true_class", [None, 2])
def test_score_gaps_replicate_by_replicate(true_class: int | None) -> None:
    values = simulator.sample_score_gaps(np.random.default_rng(8), 40, **PAIRS, shift=0.2, true_class=true_class, compared=(1, 2), centre=0.4)
    rng, mixture = np.random.default_rng(8), grouped_mixture(**PAIRS)
    labels = rng.integers(0, 3, (40, 1))
    if true_class is not None:
        labels[:] = true_class
    points = draw_features(rng, mixture, labels)[:, 0]
    D = np.diag(mixture.covariance)
    for i, x in enumerate(points):
        scores = np.array([-np.sum((x - mean) ** 2 / D) / 2 for mean in mixture.class_means])
        ordered = np.sort(scores)
        assert values["gap"][i] == pytest.approx((ordered[2] - ordered[1]) / 10)
        assert values["wrong"][i] == (np.argmax(scores) != labels[i, 0])
        assert values["shifted_wrong"][i] == (np.argmax(scores + 2.0 * np.array([1, -1, -1])) != labels[i, 0])
        assert values["difference"][i] == pytest.approx((scores[1] - scores[2]) / 10)
        assert values["squared_difference"][i] == pytest.approx(10 * ((scores[1] - scores[2]) / 10 - 0.4) ** 2)


@pytest.mark.parametrize("variance", ["known", "pooled"])
@pytest.mark.parametrize("counts", [{"sample_size": 11}, {"class_counts": (3, 8)}])
def test_log_odds_errors_have_the_law_of_raw_data(variance: str, counts: dict[str, Any]) -> None:
    """Against raw training sets, fitted by the definitions, and raw test points; log-odds from the two log densities."""
    size, mixture = 6000, grouped_mixture(**GAPS)
    rng = np.random.default_rng()
    seen = simulator.sample_log_odds_errors(rng, size, **GAPS, variance=variance, **counts)
    labels = draw_labels(rng, size, class_count=2, **counts)
    features = draw_features(rng, mixture, labels)
    truth = rng.integers(0, 2, (size, 1))
    points = draw_features(rng, mixture, truth)[:, 0]
    rows: dict[str, list[float]] = {name: [] for name in ERRORS}
    for x, y, point, label in zip(features, labels, points, truth[:, 0], strict=True):
        means = [x[y == k].mean(axis=0) for k in (0, 1)]
        pooled = np.concatenate([x[y == k] - means[k] for k in (0, 1)])
        squares = np.mean(pooled**2, axis=0) if variance == "pooled" else 1.0
        fitted = ((point - means[1 - label]) ** 2 - (point - means[label]) ** 2) / 2 / squares
        limit = ((point - mixture.class_means[1 - label]) ** 2 - (point - mixture.class_means[label]) ** 2) / 2
        errors = np.append(fitted - limit, np.log(np.mean(y == label) / np.mean(y != label)))
        rows["first_error"].append(errors[0])
        rows["absolute_error"].append(np.abs(errors).sum() / 5)
        rows["largest_error"].append(np.abs(errors).max())
        rows["total_error"].append(errors.sum())
        rows["squared_total_error"].append(errors.sum() ** 2)
        rows["limit_wrong"].append(limit.sum() < 0)
        rows["fitted_wrong"].append(limit.sum() + errors.sum() < 0)
        rows["unexplained"].append((rows["limit_wrong"][-1] != rows["fitted_wrong"][-1]) & (abs(limit.sum()) > abs(errors.sum())))
    for name, values in rows.items():
        if name.endswith("error"):
            # The prior term is an atom of the largest error, which must not be split by rounding.
            assert_equal_in_law(np.round(seen[name], 10), np.round(values, 10))
        else:
            assert_same_mean(seen[name].astype(float), np.array(values, dtype=float))
    assert not np.any(seen["unexplained"])


@pytest.mark.parametrize(
    ("sampler", "parameters", "message"),
    [
        (simulator.sample_largest_mean_error, {"dimension": 0, "sample_size": 5}, "dimension must be an integer >= 1"),
        (simulator.sample_largest_mean_error, {"dimension": 2, "sample_size": 0.5}, "sample_size"),
        (simulator.sample_largest_variance_error, {"dimension": 2, "degrees_of_freedom": 0.0}, "degrees_of_freedom"),
        (simulator.sample_parameter_errors, {**PARAMETERS, "sample_size": 3}, "sample_size must exceed class_count = 3; got 3"),
        (simulator.sample_parameter_errors, {**PARAMETERS, "sample_size": 8, "class_counts": (1, 2, 5)}, "give one of sample_size and class_counts"),
        (simulator.sample_parameter_errors_raw, {**PARAMETERS, "class_counts": (0, 2, 5)}, "class_counts must each be an integer >= 1"),
        (simulator.sample_parameter_errors_raw, {"class_count": 1, "dimension": 2, "sample_size": 5}, "class_count must be an integer >= 2"),
        (simulator.sample_score_gaps, {**GAPS, "true_class": 2}, "true_class must be below the number of classes, 2; got 2"),
        (simulator.sample_score_gaps, {**GAPS, "compared": (0, 2)}, "compared must be below the number of classes"),
        (simulator.sample_score_gaps, {**GAPS, "shift": np.nan}, "shift must be finite"),
        (simulator.sample_score_gaps, {"gaps": (1.0,), "multiplicities": (2, 3)}, "multiplicities must have shape"),
        (simulator.sample_log_odds_errors, {**GAPS, "variance": "class", "sample_size": 8}, "variance must be one of 'known', 'pooled'"),
        (simulator.sample_log_odds_errors, {**GAPS, "variance": "pooled", "class_counts": (1, 1)}, "sample_size must exceed 2 with pooled variances"),
    ],
)
def test_bad_input(sampler: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sampler(np.random.default_rng(0), 3, **parameters)
