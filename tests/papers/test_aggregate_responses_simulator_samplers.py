"""Samplers: the contract, short samplers equal in mean to raw ones, values that are known exactly, error messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_same_mean

from theorylab.montecarlo.samplers import LARGEST_BLOCK_SIZE, make_request
from theorylab.papers.aggregate_responses import monte_carlo as simulator

PLAIN: dict[str, Any] = {"sample_size": 24, "dimension": 6, "bag_size": 3}
CURVE: dict[str, Any] = {**PLAIN, "weights": (0.0, 0.2, 1.0)}
FEW: dict[str, Any] = {"sample_size": 24, "dimension": 10, "bag_size": 4, "weights": (0.1, 1.0)}
PARTS = {"bias_squared", "variance", "risk"}
RESCALED = {"rescaled_bias_squared", "rescaled_variance", "rescaled_risk"}

SAMPLERS: list[tuple[Any, dict[str, Any], set[str]]] = [
    (simulator.sample_raw_risk, CURVE, {"risk", "alignment", "risk_squared"}),
    (simulator.sample_raw_risk, {**FEW, "sample_size": 8, "weights": (0.0, 0.5)}, {"risk", "alignment", "risk_squared"}),
    (simulator.sample_conditional_risk, CURVE, {*PARTS, "alignment"}),
    (simulator.sample_conditional_risk, {**FEW, "sample_size": 8, "weights": (0.0, 0.5)}, {*PARTS, "alignment"}),
    (simulator.sample_wishart_risk, CURVE, PARTS),
    (simulator.sample_wishart_risk, {**FEW, "weights": (1e-9, 1.0)}, PARTS),
    (simulator.sample_wishart_risk, {**PLAIN, "bag_size": 1, "weights": (0.5,)}, PARTS),
    (simulator.sample_jacobi_risk, CURVE, {*PARTS, "risk_squared", "shrinkage"}),
    (simulator.sample_jacobi_risk, {**FEW, "weights": (1e-9, 1.0)}, {*PARTS, "risk_squared", "shrinkage"}),
    (simulator.sample_least_variance_risk, {"sample_size": 24, "dimension": 10, "bag_size": 4}, {*PARTS, "alignment"}),
    (simulator.sample_instance_parts, PLAIN, {*PARTS, *RESCALED, "alignment"}),
    (simulator.sample_bag_level_variance, PLAIN, {"variance"}),
    (simulator.sample_bag_level_variance, {**PLAIN, "dimension": 12}, {"variance"}),
]
SHORT = (simulator.sample_wishart_risk, simulator.sample_jacobi_risk)


@pytest.mark.parametrize(("sampler", "parameters", "names"), SAMPLERS)
def test_sampler_contract(sampler, parameters: dict[str, Any], names: set[str]) -> None:
    values = sampler(np.random.default_rng(5), 33, **parameters)
    shape = (33, len(parameters["weights"])) if "weights" in parameters else (33,)
    assert set(values) == names
    repeated = sampler(np.random.default_rng(5), 33, **parameters)
    device = sampler(DeviceGenerator(5), 33, **parameters)
    for name, column in values.items():
        assert column.shape == shape
        assert column.dtype == np.float64
        assert np.all(np.isfinite(column))
        np.testing.assert_array_equal(column, repeated[name])
        assert device[name].shape == shape
        # Spectra are drawn by a compiled loop where the generator is numpy's: another consumption of the same stream.
        if sampler is not simulator.sample_jacobi_risk:
            np.testing.assert_array_equal(column, device[name])
    assert 1 <= make_request(sampler, parameters).block <= LARGEST_BLOCK_SIZE


def test_every_sampler_of_these_files_is_under_contract() -> None:
    files = ("raw", "conditional", "wishart_pairs", "spectra", "shapes")
    public = {name for name in simulator.__all__ if getattr(simulator, name).__module__.rpartition(".")[2] in files and name.startswith("sample_")}
    assert public == {sampler.__name__ for sampler, _, _ in SAMPLERS}


@pytest.mark.parametrize("sampler", [simulator.sample_raw_risk, simulator.sample_conditional_risk, *SHORT])
def test_blocks_shrink_with_the_problem(sampler) -> None:
    small = make_request(sampler, {"sample_size": 12, "dimension": 2, "bag_size": 3, "weights": (0.5,)}).block
    large = make_request(sampler, {"sample_size": 6000, "dimension": 1000, "bag_size": 3, "weights": (0.5,)}).block
    assert small >= 4096
    # A spectrum takes time and memory in proportion to d, all others take their squares or cubes.
    assert 1 <= large <= (256 if sampler is simulator.sample_jacobi_risk else 8)


# (n, d, k, weights): ordinary; fewer bags than features; fewer deviations than features, odd number of free eigenvalues; one feature; bags of one.
MEANS = [
    (48, 4, 3, (0.0, 0.3, 1.0)),
    (32, 10, 4, (0.2, 1.0)),
    (24, 13, 2, (0.1, 0.7)),
    (36, 1, 3, (0.0, 0.3)),
    (16, 3, 1, (0.0, 0.4)),
    (32, 12, 8, (0.01, 0.5)),
]


@pytest.mark.parametrize(("n", "d", "k", "weights"), MEANS)
def test_short_samplers_have_the_means_of_raw_data(n: int, d: int, k: int, weights: tuple[float, ...]) -> None:
    setting = {"sample_size": n, "dimension": d, "bag_size": k, "weights": weights, "squared_signal_norm": 2.5, "noise_variance": 0.7}
    raw = simulator.sample_raw_risk(np.random.default_rng(), 12_000, **setting)
    given_features = simulator.sample_conditional_risk(np.random.default_rng(), 12_000, **setting)
    wishart = simulator.sample_wishart_risk(np.random.default_rng(), 12_000, **setting)
    jacobi = simulator.sample_jacobi_risk(np.random.default_rng(), 20_000, **setting)
    for j in range(len(weights)):
        assert_same_mean(raw["risk"][:, j], given_features["risk"][:, j], skewness=6.0)
        assert_same_mean(raw["risk"][:, j], jacobi["risk"][:, j], skewness=6.0)
        assert_same_mean(raw["alignment"][:, j], given_features["alignment"][:, j])
        assert_same_mean(given_features["alignment"][:, j], jacobi["shrinkage"][:, j])
        for part in ("bias_squared", "variance"):
            assert_same_mean(wishart[part][:, j], given_features[part][:, j], skewness=6.0)
            assert_same_mean(jacobi[part][:, j], wishart[part][:, j], skewness=6.0)


def test_small_counts_in_the_spectral_sampler() -> None:
    """With n d = 20 a missing -2 in E [tr S tr S^-1] moves the bias by 19 standard errors."""
    setting = {"sample_size": 10, "dimension": 2, "bag_size": 5, "weights": (0.1,)}
    given_features = simulator.sample_conditional_risk(np.random.default_rng(), 200_000, **setting)
    jacobi = simulator.sample_jacobi_risk(np.random.default_rng(), 200_000, **setting)
    assert_same_mean(given_features["bias_squared"][:, 0], jacobi["bias_squared"][:, 0])


@pytest.mark.parametrize(("n", "d", "k", "weight"), [(24, 13, 4, 0.0), (12, 20, 3, 0.4), (12, 20, 3, 0.0)])
def test_raw_errors_have_the_means_of_the_conditional_ones_where_nothing_shorter_exists(n: int, d: int, k: int, weight: float) -> None:
    setting = {"sample_size": n, "dimension": d, "bag_size": k, "weights": (weight,), "squared_signal_norm": 2.5, "noise_variance": 0.7}
    raw = simulator.sample_raw_risk(np.random.default_rng(), 12_000, **setting)
    given_features = simulator.sample_conditional_risk(np.random.default_rng(), 12_000, **setting)
    assert_same_mean(raw["risk"][:, 0], given_features["risk"][:, 0], skewness=6.0)
    assert_same_mean(raw["alignment"][:, 0], given_features["alignment"][:, 0])


def test_limit_of_small_weights_has_the_mean_of_the_spectral_sampler() -> None:
    setting = {"sample_size": 40, "dimension": 20, "bag_size": 4, "squared_signal_norm": 2.5, "noise_variance": 0.7}
    limit = simulator.sample_least_variance_risk(np.random.default_rng(), 12_000, **setting)
    for sampler in SHORT:
        small = sampler(np.random.default_rng(), 12_000, weights=(1e-9,), **setting)
        for part in ("bias_squared", "variance"):
            assert_same_mean(limit[part], small[part][:, 0], skewness=6.0)


def test_bag_level_variance_has_the_law_of_weight_zero() -> None:
    setting = {"sample_size": 60, "dimension": 6, "bag_size": 3, "noise_variance": 0.7}
    variance = simulator.sample_bag_level_variance(np.random.default_rng(), 20_000, **setting)["variance"]
    assert_same_mean(variance, simulator.sample_conditional_risk(np.random.default_rng(), 12_000, weights=(0.0,), **setting)["variance"][:, 0])
    # The mean of an inverse Wishart matrix with 20 degrees of freedom.
    assert_same_mean(variance, 0.7 * 6 / (20 - 6 - 1))
    few = simulator.sample_bag_level_variance(np.random.default_rng(), 20_000, **{**setting, "dimension": 32})["variance"]
    assert_same_mean(few, 0.7 * 20 / (32 - 20 - 1))


def test_bags_of_one_leave_nothing_to_chance_in_the_spectral_sampler() -> None:
    columns = simulator.sample_jacobi_risk(np.random.default_rng(), 50, **{**CURVE, "bag_size": 1})
    np.testing.assert_array_equal(columns["bias_squared"], 0.0)
    np.testing.assert_array_equal(columns["shrinkage"], 1.0)
    np.testing.assert_allclose(columns["variance"], 6 / (24 - 6 - 1), rtol=1e-14)


def test_weight_one_shrinks_by_the_bag_size() -> None:
    """E <theta_1, theta0> = r2 / k: every sample is in its bag's mean with weight 1 / k, the other k - 1 are independent of it."""
    for k, n in ((2, 24), (3, 24), (8, 24)):
        setting = {"sample_size": n, "dimension": 6, "bag_size": k, "weights": (1.0,)}
        assert_same_mean(simulator.sample_jacobi_risk(np.random.default_rng(), 12_000, **setting)["shrinkage"][:, 0], 1 / k)
        assert_same_mean(simulator.sample_raw_risk(np.random.default_rng(), 12_000, **setting)["alignment"][:, 0], 1 / k)


@pytest.mark.parametrize("sampler", [simulator.sample_conditional_risk, *SHORT])
def test_bias_scales_with_the_signal_and_variance_with_the_noise(sampler) -> None:
    unit = sampler(np.random.default_rng(7), 40, **CURVE)
    scaled = sampler(np.random.default_rng(7), 40, **CURVE, squared_signal_norm=2.5, noise_variance=0.7)
    np.testing.assert_allclose(scaled["bias_squared"], 2.5 * unit["bias_squared"], rtol=1e-12)
    np.testing.assert_allclose(scaled["variance"], 0.7 * unit["variance"], rtol=1e-12)
    np.testing.assert_allclose(scaled["risk"], scaled["bias_squared"] + scaled["variance"], rtol=1e-14)
    nothing = sampler(np.random.default_rng(7), 40, **CURVE, squared_signal_norm=0.0, noise_variance=0.0)
    assert np.all(nothing["risk"] == 0.0)


@pytest.mark.parametrize("sampler", SHORT)
def test_a_curve_is_the_same_replicates_at_every_weight(sampler) -> None:
    together = sampler(np.random.default_rng(7), 40, **CURVE)
    for j, weight in enumerate(CURVE["weights"]):
        alone = sampler(np.random.default_rng(7), 40, **{**CURVE, "weights": (weight,)})
        for name, column in alone.items():
            np.testing.assert_allclose(together[name][:, j], column[:, 0], rtol=1e-12, atol=1e-15)
    beyond = sampler(np.random.default_rng(7), 40, **{**CURVE, "weights": (1.5,)}, largest_weight=2.0)
    assert np.all(beyond["bias_squared"][:, 0] > together["bias_squared"][:, -1])


def test_risk_squared_is_centred() -> None:
    drawn = simulator.sample_jacobi_risk(np.random.default_rng(7), 40, **CURVE, centre=(0.1, 0.2, 0.3))
    np.testing.assert_allclose(drawn["risk_squared"], (drawn["risk"] - [0.1, 0.2, 0.3]) ** 2, rtol=1e-14)
    drawn = simulator.sample_jacobi_risk(np.random.default_rng(7), 40, **CURVE, centre=0.4)
    np.testing.assert_allclose(drawn["risk_squared"], (drawn["risk"] - 0.4) ** 2, rtol=1e-14)


ALL = [simulator.sample_raw_risk, simulator.sample_conditional_risk, *SHORT]
ENDS = [simulator.sample_least_variance_risk, simulator.sample_instance_parts, simulator.sample_bag_level_variance]
WRONG: list[tuple[list[Any], dict[str, Any], str]] = [
    ([*ALL, *ENDS], {"sample_size": 25}, "sample_size must be a multiple of the bag_size 3; got 25"),
    ([*ALL, *ENDS], {"sample_size": 0}, "sample_size must be .*>= 1; got 0"),
    ([*ALL, *ENDS], {"dimension": 2.5}, "dimension must be .*>= 1; got 2.5"),
    ([*ALL, *ENDS], {"bag_size": 0}, "bag_size must be .*>= 1; got 0"),
    ([*ALL, *ENDS], {"noise_variance": -1.0}, "noise_variance must be finite and >= 0; got -1.0"),
    ([*ALL, *ENDS[:2]], {"squared_signal_norm": float("nan")}, "squared_signal_norm must be finite and .*; got nan"),
    (ALL[:1], {"squared_signal_norm": 0.0}, "squared_signal_norm must be finite and > 0; got 0.0"),
    (ALL, {"weights": ()}, "weights must hold at least one number"),
    (ALL, {"weights": 0.5}, r"weights must have shape \(L,\)"),
    (ALL, {"weights": (0.5, 1.01)}, "weights must each be 0 or from 1e-09 to largest_weight = 1; got .*1.01"),
    (ALL, {"weights": (-0.1,)}, "weights must each be 0 or from"),
    (ALL, {"weights": (1e-12,)}, "weights must each be 0 or from"),
    (ALL, {"weights": (float("nan"),)}, "weights must be finite"),
    (ALL[1:], {"largest_weight": 0.5}, "largest_weight must be finite and >= 1; got 0.5"),
    (list(SHORT), {"dimension": 23}, "sample_size must be an integer >= 25 for dimension 23; got 24"),
    (list(SHORT), {"dimension": 8, "weights": (0.0, 1.0)}, "weights must be > 0 for 8 bags and dimension 8 .*sample_conditional_risk"),
    (ENDS[:1], {"dimension": 8}, "dimension must be an integer above the number of bags 8.*; got 8"),
    (ENDS[:2], {"dimension": 24}, "sample_size must be an integer >= 25 for dimension 24; got 24"),
    ([ALL[0], ALL[3]], {"centre": (0.1, 0.2, 0.3)}, r"centre must have shape \(1,\)"),
    ([ALL[0], ALL[3]], {"centre": float("inf")}, "centre must be finite"),
]


@pytest.mark.parametrize(("samplers", "wrong", "message"), WRONG)
def test_bad_input_is_named(samplers: list[Any], wrong: dict[str, Any], message: str) -> None:
    for sampler in samplers:
        setting = {**PLAIN, **({"weights": (0.5,)} if sampler in ALL else {}), **({"dimension": 12} if sampler is ENDS[0] else {}), **wrong}
        with pytest.raises(ValueError, match=message):
            sampler(np.random.default_rng(), 3, **setting)


def test_bad_data_are_named() -> None:
    X = np.ones((2, 6, 3))
    with pytest.raises(ValueError, match=r"bag_means must have shape \(2, 3\); got shape \(2, 2\)"):
        simulator.interpolating_coefficients(X, np.ones((2, 2)), bag_size=2, weights=(0.5,))
    with pytest.raises(ValueError, match=r"features must have shape \(size, n, d\); got shape \(6, 3\)"):
        simulator.interpolating_coefficients(X[0], np.ones((2, 3)), bag_size=2, weights=(0.5,))
    with pytest.raises(ValueError, match="sample_size must be a multiple of the bag_size 4; got 6"):
        simulator.interpolating_coefficients(X, np.ones((2, 3)), bag_size=4, weights=(0.5,))
