"""The stopping rule, the rules with known parameters and the library's fit: contracts, values that are known otherwise, error messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_drawn_alike, assert_same_mean
from scipy.stats import norm

from theorylab.montecarlo.samplers import LARGEST_BLOCK_SIZE, make_request
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulator

WALK: dict[str, Any] = {"gaps": (0.9,), "multiplicities": (10,), "target_error": 0.2, "step": 2}
THREE: dict[str, Any] = {**WALK, "class_positions": (0.0, 1.0, 2.5), "target_error": 0.3}
FOUR: dict[str, Any] = {**THREE, "class_positions": (0.0, 1.0, 2.5, 4.0), "test_points": 50}
POINTS: dict[str, Any] = {"class_means": ((1.0, 0.5), (0.0, 0.0), (-1.0, 3.0)), "covariance": ((1.0, 0.9), (0.9, 9.0))}
LINE: dict[str, Any] = {"gaps": (0.5, 0.1), "multiplicities": (4, 30), "class_positions": (0.0, 1.0, 3.0)}
LIBRARY: dict[str, Any] = {"gaps": (0.7,), "multiplicities": (4,), "sample_size": 8, "test_points": 5}
SAMPLERS: list[tuple[Any, dict[str, Any], dict[str, tuple[int, ...]]]] = [
    *((simulator.sample_stopping_size, walk, {"stopping_size": ()}) for walk in (WALK, THREE, FOUR, {**WALK, "averaged_fits": 3})),
    (simulator.sample_correlated_classes, POINTS, {"naive_bayes": (), "bayes": ()}),
    (simulator.sample_correlated_classes, {**POINTS, "label": 1}, {"naive_bayes": (), "bayes": ()}),
    (simulator.sample_collinear_classes, LINE, {"wrong": (3,), "error": ()}),
    (simulator.sample_library_error, LIBRARY, {"ours": (), "library": (), "disagreements": ()}),
]


@pytest.mark.parametrize(("sampler", "parameters", "shapes"), SAMPLERS)
def test_sampler_contract(sampler: Any, parameters: dict[str, Any], shapes: dict[str, tuple[int, ...]]) -> None:
    values = sampler(np.random.default_rng(5), 33, **parameters)
    repeated, device = sampler(np.random.default_rng(5), 33, **parameters), sampler(DeviceGenerator(5), 33, **parameters)
    assert set(values) == set(shapes)
    for name, column in values.items():
        assert column.shape == (33, *shapes[name])
        assert column.dtype == np.float64
        assert np.all(np.isfinite(column))
        np.testing.assert_array_equal(column, repeated[name])
        assert_drawn_alike(device[name], column, random_counts="class_counts" not in parameters)
    assert 1 <= make_request(sampler, parameters).block <= LARGEST_BLOCK_SIZE


# The walk ----------------------------------------------------------------------------------------------------------------------------------


def test_sizes_are_on_the_grid() -> None:
    sizes = simulator.sample_stopping_size(np.random.default_rng(), 400, **{**WALK, "step": 3})["stopping_size"]
    assert sizes.min() == 4
    assert set(np.unique((sizes - 4) % 3)) == {0.0}
    assert len(np.unique(sizes)) > 2


@pytest.mark.parametrize(("walk", "first"), [(WALK, 4), (THREE, 6), (FOUR, 8)])
def test_an_easy_target_is_reached_at_once(walk: dict[str, Any], first: int) -> None:
    sizes = simulator.sample_stopping_size(np.random.default_rng(), 50, **{**walk, "target_error": 0.999})["stopping_size"]
    np.testing.assert_array_equal(sizes, first)


@pytest.mark.parametrize(("walk", "positions"), [(WALK, (0.5, -0.5)), (THREE, THREE["class_positions"])])
def test_walks_stop_as_often_as_single_fits_are_good(walk: dict[str, Any], positions: tuple[float, ...]) -> None:
    """P(stop at the n-th point) is P(good there) times the product of P(not good) before, from another sampler."""
    size = 20_000
    sizes = simulator.sample_stopping_size(np.random.default_rng(), size, **walk)["stopping_size"]
    going = 1.0
    for samples in range(2 * len(positions), 2 * len(positions) + 8, 2):
        fit = {"gaps": walk["gaps"], "multiplicities": walk["multiplicities"], "class_positions": positions, "sample_size": samples}
        errors = simulator.sample_naive_bayes_error(np.random.default_rng(), size, variance="pooled", **fit)["error"]
        good = np.mean(errors < walk["target_error"])
        # Five standard deviations of each of at most four estimated factors, generously.
        assert abs(np.mean(sizes == samples) - going * good) < 8 * np.sqrt(4 * 0.25 / size)
        going *= 1.0 - good


def test_averaged_fits() -> None:
    """The mean of many fits is below the target where the expected error is: a walk over averages stops at that m."""
    sizes = simulator.sample_stopping_size(np.random.default_rng(), 20, **{**WALK, "averaged_fits": 3000, "step": 1})["stopping_size"]
    assert np.ptp(sizes) <= 1.0
    at = {"gaps": WALK["gaps"], "multiplicities": WALK["multiplicities"], "variance": "pooled"}
    for samples, below in ((int(sizes.min()) - 1, False), (int(sizes.max()) + 1, True)):
        errors = simulator.sample_naive_bayes_error(np.random.default_rng(), 30_000, sample_size=samples, **at)["error"]
        assert bool(errors.mean() < WALK["target_error"]) == below


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target_error": 0.0}, "target_error must be finite and > 0 and < 1"),
        ({"target_error": 0.01}, "target_error must exceed 0.0773645, the least error of any rule for these gaps; got 0.01"),
        ({"target_error": 0.0773646}, "target_error must be reached by a training size of at most 9504; got 0.0773646, which is not"),
        ({"step": 0}, "step must be an integer >= 1"),
        ({"averaged_fits": 0}, "averaged_fits must be an integer >= 1"),
        ({"test_points": 0.5}, "test_points must be an integer >= 1"),
        ({"standard_deviations": -1.0}, "standard_deviations must be finite and > 0"),
    ],
)
def test_bad_walks(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulator.sample_stopping_size(np.random.default_rng(), 2, **{**WALK, "step": 500, **changes})


# Rules with known parameters -----------------------------------------------------------------------------------------------------------------


def test_two_correlated_classes() -> None:
    """Gap on one of two features of correlation 0.6: the other helps the Bayes rule alone."""
    case = {"class_means": ((2.0, 0.0), (0.0, 0.0)), "covariance": ((1.0, 0.6), (0.6, 1.0))}
    for label in (None, 0, 1):
        values = simulator.sample_correlated_classes(np.random.default_rng(), 40_000, **case, label=label)
        assert_same_mean(values["naive_bayes"], norm.sf(1.0))
        assert_same_mean(values["bayes"], norm.sf(1.0 / 0.8))


def test_three_correlated_classes_by_the_densities() -> None:
    """The share of points whose own density is not the largest, from SciPy's densities on other points."""
    from scipy.stats import multivariate_normal

    rng, size = np.random.default_rng(), 20_000
    means, sigma = np.array(POINTS["class_means"]), np.array(POINTS["covariance"])
    values = simulator.sample_correlated_classes(rng, size, **POINTS)
    truth = rng.integers(0, 3, size)
    x = means[truth] + rng.multivariate_normal([0.0, 0.0], sigma, size)
    for rule, matrix in (("bayes", sigma), ("naive_bayes", np.diag(np.diag(sigma)))):
        densities = np.column_stack([multivariate_normal(mean, matrix).logpdf(x) for mean in means])
        assert_same_mean(values[rule], (densities.argmax(axis=1) != truth).astype(float))


def test_classes_on_a_line() -> None:
    values = simulator.sample_collinear_classes(np.random.default_rng(), 40_000, **LINE, standard_deviations=(3.0, 0.2))
    root = np.sqrt(4 * 0.25 + 30 * 0.01)
    near, far = norm.sf(root / 2), norm.sf(root)
    for label, share in enumerate((near, near + far, far)):
        assert_same_mean(values["wrong"][:, label], share)
    np.testing.assert_allclose(values["error"], values["wrong"].mean(axis=1))


@pytest.mark.parametrize(
    ("sampler", "parameters", "message"),
    [
        (simulator.sample_correlated_classes, {**POINTS, "label": 3}, "label must be an integer from 0 to 2; got 3"),
        (simulator.sample_correlated_classes, {**POINTS, "label": -1}, "label must be an integer >= 0"),
        (simulator.sample_correlated_classes, {**POINTS, "covariance": ((1.0, 2.0), (2.0, 1.0))}, "positive definite; got smallest eigenvalue -1"),
        (simulator.sample_correlated_classes, {**POINTS, "covariance": ((1.0,),)}, r"covariance must have shape \(2, 2\)"),
        (simulator.sample_correlated_classes, {**POINTS, "class_means": ((1.0, 2.0),)}, "class_means must have at least 2 rows; got 1"),
        (simulator.sample_collinear_classes, {**LINE, "multiplicities": (4,)}, r"multiplicities must have shape \(2,\)"),
        (simulator.sample_collinear_classes, {**LINE, "multiplicities": (4, 0)}, "multiplicities must be an integer >= 1"),
        (simulator.sample_collinear_classes, {**LINE, "class_positions": (1.0,)}, "class_positions must hold at least 2 numbers"),
        (simulator.sample_library_error, {**LIBRARY, "sample_size": 3}, "sample_size must be an integer >= 4"),
        (simulator.sample_library_error, {**LIBRARY, "test_points": 0}, "test_points must be an integer >= 1"),
        (simulator.sample_library_error, {**LIBRARY, "class_counts": (4, 4)}, "give one of sample_size and class_counts"),
    ],
)
def test_bad_parameters(sampler: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sampler(np.random.default_rng(), 3, **parameters)


# The library -------------------------------------------------------------------------------------------------------------------------------


def test_library_agrees_with_ours_and_with_the_raw_sampler() -> None:
    sizes = {"gaps": (0.7,), "multiplicities": (6,), "class_counts": (3, 5), "test_points": 16}
    values = simulator.sample_library_error(np.random.default_rng(), 600, **sizes)
    assert np.mean(values["disagreements"] > 0) < 0.01
    raw = simulator.sample_naive_bayes_error_raw(np.random.default_rng(), 6000, variance="class", **sizes)["error"]
    np.testing.assert_allclose(values["ours"].mean(), raw.mean(), atol=8 * np.sqrt(raw.var() / 600))
    np.testing.assert_allclose(values["library"].mean(), raw.mean(), atol=8 * np.sqrt(raw.var() / 600))
