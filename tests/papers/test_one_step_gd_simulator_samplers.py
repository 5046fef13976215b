"""Samplers: the contract, short samplers equal in law to raw ones, raw ones equal in mean to the exact enumerations, error messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sampling import DeviceGenerator

from theorylab.montecarlo.samplers import make_request
from theorylab.papers.one_step_gd import monte_carlo as simulator

LAYER = {"value_vector": (0.3, -0.2, 0.5), "key_query_matrix": ((0.05, 0.02), (0.01, 0.08), (0.1, -0.05))}
SIGMA, OMEGA = ((1.0, 0.3), (0.3, 0.6)), ((2.0, -0.5), (-0.5, 1.0))
GENERAL = {"feature_covariance": SIGMA, "task_covariance": OMEGA}
KEYS, QUERIES, VALUES, HEAD = simulator.raw_weights(**LAYER)
RAW = {"key_weights": KEYS, "query_weights": QUERIES, "value_weights": VALUES, "head": HEAD}
PLAIN = {"context_length": 3, "dimension": 2}
STEPS = (((0.2, 0.0), (0.0, 0.2)), ((0.1, 0.05), (0.0, 0.3)))

SAMPLERS: list[tuple[Any, dict[str, Any], set[str]]] = [
    (simulator.sample_layer_losses, {**RAW, "context_length": 3, "noise_variance": 0.5}, {"value"}),
    (simulator.sample_layer_losses, {**RAW, "context_length": 3, "noise_variance": 0.5, "include_query": True, **GENERAL}, {"value"}),
    (simulator.sample_prompt_losses, {**LAYER, "context_length": 3, "noise_variance": 0.5, **GENERAL}, {"loss", "odd", "even"}),
    (
        simulator.sample_pythagoras,
        {**LAYER, "preconditioner": STEPS[1], "context_length": 3, "noise_variance": 0.5, **GENERAL},
        {"layer_error", "step_error", "distance", "defect"},
    ),
    (
        simulator.sample_bayes_distance,
        {**LAYER, "context_length": 3, "noise_variance": 0.5, **GENERAL},
        {"layer_error", "distance", "bayes_error", "difference"},
    ),
    (
        simulator.sample_bayes_distance,
        {**LAYER, "context_length": 1, "noise_variance": 0.0},
        {"layer_error", "distance", "bayes_error", "difference"},
    ),
    (
        simulator.sample_prompt_terms,
        {
            **PLAIN,
            "noise_variance": 0.5,
            "covariate_law": "student_t",
            "student_degrees_of_freedom": 20.0,
            "prior": "one_hot",
            "noise_law": "rademacher",
        },
        {"correlation", "squared_gradient", "squared_task"},
    ),
    (simulator.sample_learning_rate_terms, {**PLAIN, "noise_variance": 0.5, "prior_variance": 2.5}, {"correlation", "squared_gradient"}),
    (simulator.sample_learning_rate_terms, {**PLAIN, "noise_variance": 0.0, "estimate": "task"}, {"correlation", "squared_gradient"}),
    (simulator.sample_bayes_gap, {**PLAIN, "noise_variance": 0.5, "learning_rate": 0.15}, {"gap", "step_error", "ridge_error"}),
    (
        simulator.sample_preconditioner_errors,
        {"preconditioners": STEPS, "context_length": 3, "noise_variance": 0.5, **GENERAL},
        {"error_0", "error_1"},
    ),
    (
        simulator.sample_conditional_preconditioner_errors,
        {"preconditioners": STEPS, "context_length": 3, "noise_variance": 0.5, **GENERAL},
        {"error_0", "error_1"},
    ),
    (
        simulator.sample_query_bias_gradient,
        {"prior_mean": (1.0, 0.5), "preconditioner": STEPS[0], "context_length": 3, "noise_variance": 0.5},
        {"entry_0", "entry_1"},
    ),
    (simulator.sample_wishart_traces, PLAIN, {"trace", "squared_trace", "trace_of_square"}),
    (simulator.sample_test_length_excess, {**PLAIN, "test_length": 5, "noise_variance": 0.5, "learning_rate": 0.15}, {"summed", "averaged"}),
    (simulator.sample_bayes_excess, {**PLAIN, "noise_variance": 0.5}, {"value"}),
    (simulator.sample_largest_step, {**PLAIN, "learning_rate": 0.15}, {"value"}),
    (simulator.sample_covariate_traces, {**PLAIN, "covariate_law": "laplace"}, {"trace", "squared_trace", "trace_of_square"}),
    (
        simulator.sample_teacher_terms,
        {**PLAIN, "link": "relu", "noise_variance": 0.5, "symmetrised": True},
        {"correlation", "query_correlation", "squared_gradient", "squared_label"},
    ),
    (
        simulator.sample_raw_teacher_terms,
        {**PLAIN, "link": "tanh", "noise_variance": 0.5},
        {"correlation", "query_correlation", "squared_gradient", "squared_label"},
    ),
    (simulator.sample_teacher_losses, {**LAYER, "link": "sign", "context_length": 3, "noise_variance": 0.5}, {"loss", "squared_error"}),
    (
        simulator.sample_network_terms,
        {**PLAIN, "width": 3, "noise_variance": 0.5, "output_law": "gaussian"},
        {"correlation", "query_correlation", "squared_gradient", "squared_label"},
    ),
    (
        simulator.sample_descent_outcomes,
        {**PLAIN, "noise_variance": 0.5, "initial_scale": 0.2},
        {"excess", "gradient_norm", "smallest_curvature", "learning_rate", "iterations"},
    ),
]


# Drawn by a compiled loop where the generator is numpy's: another consumption of the same stream.
SPECTRAL = (
    simulator.sample_wishart_traces,
    simulator.sample_test_length_excess,
    simulator.sample_bayes_excess,
    simulator.sample_largest_step,
)


def columns(values: Any) -> dict[str, np.ndarray]:
    return values if isinstance(values, dict) else {"value": values}


@pytest.mark.parametrize(("sampler", "parameters", "names"), SAMPLERS)
def test_sampler_contract(sampler, parameters: dict[str, Any], names: set[str]) -> None:
    values = columns(sampler(np.random.default_rng(5), 33, **parameters))
    assert set(values) == names
    for column in values.values():
        assert column.shape == (33,)
        assert column.dtype == np.float64
        assert np.all(np.isfinite(column))
    again = columns(sampler(DeviceGenerator(5), 33, **parameters))
    for name, column in values.items():
        if sampler in SPECTRAL:
            assert again[name].shape == (33,)
        else:
            np.testing.assert_array_equal(column, again[name])
    repeated = columns(sampler(np.random.default_rng(5), 33, **parameters))
    for name, column in values.items():
        np.testing.assert_array_equal(column, repeated[name])
    request = make_request(sampler, parameters)
    assert 8 <= request.block <= 4096


@pytest.mark.parametrize("sampler", [simulator.sample_prompt_terms, simulator.sample_bayes_excess, simulator.sample_wishart_traces])
def test_blocks_shrink_with_the_problem(sampler) -> None:
    noise = {} if sampler is simulator.sample_wishart_traces else {"noise_variance": 1.0}
    small = make_request(sampler, {"context_length": 4, "dimension": 4, **noise}).block
    large = make_request(sampler, {"context_length": 512, "dimension": 512, **noise}).block
    assert small == 4096
    assert large < small


def test_every_public_sampler_is_under_contract() -> None:
    public = {name for name in simulator.__all__ if name.startswith("sample_")}
    assert public - {sampler.__name__ for sampler, _, _ in SAMPLERS} == {"sample_trained_layers"}
    assert all(hasattr(simulator, name) for name in simulator.__all__)


@pytest.mark.parametrize(
    ("sampler", "parameters", "message"),
    [
        (simulator.sample_prompt_terms, {**PLAIN, "noise_variance": -1.0}, "noise_variance must be finite and >= 0"),
        (simulator.sample_prompt_terms, {**PLAIN, "noise_variance": 1.0, "prior_variance": 0.0}, "prior_variance must be finite and > 0"),
        (simulator.sample_learning_rate_terms, {**PLAIN, "noise_variance": 1.0, "estimate": "lasso"}, "estimate must be one of"),
        (simulator.sample_bayes_excess, {"context_length": 0, "dimension": 2, "noise_variance": 1.0}, "context_length must be"),
        (simulator.sample_wishart_traces, {"context_length": 2, "dimension": 2.5}, "dimension must be"),
        (simulator.sample_bayes_gap, {**PLAIN, "noise_variance": 1.0, "learning_rate": np.inf}, "learning_rate must be finite"),
        (
            simulator.sample_preconditioner_errors,
            {"preconditioners": np.ones((2, 2, 3)), "context_length": 3, "noise_variance": 0.5},
            r"preconditioners must have shape \(k, d, d\)",
        ),
        (
            simulator.sample_prompt_losses,
            {"value_vector": (1.0, 1.0, 1.0), "key_query_matrix": np.ones((2, 2)), "context_length": 3, "noise_variance": 0.5},
            r"key_query_matrix must have shape \(3, 2\)",
        ),
        (
            simulator.sample_prompt_losses,
            {"value_vector": (1.0,), "key_query_matrix": np.ones((1, 1)), "context_length": 3, "noise_variance": 0.5},
            r"value_vector must have shape \(d \+ 1,\) with d >= 1",
        ),
        (
            simulator.sample_layer_losses,
            {**RAW, "key_weights": np.eye(2), "context_length": 3, "noise_variance": 0.5},
            r"key_weights must have shape \(3, 3\)",
        ),
        (simulator.sample_teacher_terms, {**PLAIN, "link": "step", "noise_variance": 0.5}, "link must be one of"),
        (simulator.sample_network_terms, {**PLAIN, "width": 0, "noise_variance": 0.5}, "width must be"),
        (simulator.sample_covariate_traces, {**PLAIN, "covariate_law": "student_t"}, "student_degrees_of_freedom must be"),
    ],
)
def test_bad_input_is_named(sampler, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sampler(np.random.default_rng(), 4, **parameters)
