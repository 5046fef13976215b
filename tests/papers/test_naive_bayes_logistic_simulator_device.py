"""Every sampler of arXiv:2302.02334 that is made for a device draws there what it draws on the host, in mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sampling import assert_same_mean, cupy_or_skip

from theorylab.backend import DeviceGenerator
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.papers.naive_bayes_logistic.closed_form import isotropic_design, pairs_design, paper_design

PAIR: dict[str, Any] = {"gaps": (0.4, 0.9), "multiplicities": (6, 2)}
CASES: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "known": (simulate.sample_naive_bayes_error, PAIR | {"variance": "known", "sample_size": 9}, "error"),
    "pooled": (simulate.sample_naive_bayes_error, PAIR | {"variance": "pooled", "class_counts": (4, 7)}, "error"),
    "class": (simulate.sample_naive_bayes_error, PAIR | {"variance": "class", "class_counts": (4, 7)}, "error"),
    "three classes": (simulate.sample_naive_bayes_error, paper_design(3, 6) | {"variance": "pooled", "sample_size": 12}, "error"),
    "raw": (simulate.sample_naive_bayes_error_raw, PAIR | {"variance": "pooled", "sample_size": 9}, "error"),
    "stopping": (simulate.sample_stopping_size, paper_design(2, 20) | {"target_error": 0.02, "step": 2}, "stopping_size"),
    "logistic": (simulate.sample_logistic_error, PAIR | {"ridge": 1.0, "sample_size": 20}, "error"),
    "logistic stopping": (simulate.sample_logistic_stopping_size, PAIR | {"target_error": 0.25, "step": 6}, "stopping_size"),
    "paired": (simulate.sample_paired_errors, pairs_design(0.4, 8, 2.0) | {"ridge": 1.0, "class_counts": (10, 10)}, "difference"),
    "isotropic": (simulate.sample_isotropic_logistic_error, isotropic_design(50) | {"ridge": 1.0, "class_counts": (4, 4)}, "error"),
}


@pytest.mark.gpu
@pytest.mark.parametrize("case", CASES)
def test_device_and_host_agree(case: str) -> None:
    sampler, parameters, column = CASES[case]
    cupy, size = cupy_or_skip(), 4096
    device = sampler(DeviceGenerator(cupy, int.from_bytes(np.random.default_rng().bytes(16), "little"), 0), size, **parameters)
    assert all(hasattr(values, "get") for values in device.values())
    assert_same_mean(device[column].get(), sampler(np.random.default_rng(), size, **parameters)[column])


@pytest.mark.parametrize("case", CASES)
def test_a_device_generator_on_the_host_agrees(case: str) -> None:
    """The same draws through the generator of devices, on numpy arrays."""
    sampler, parameters, column = CASES[case]
    key = int.from_bytes(np.random.default_rng().bytes(16), "little")
    values = sampler(DeviceGenerator(np, key, 0), 4096, **parameters)[column]
    assert_same_mean(values, sampler(np.random.default_rng(), 4096, **parameters)[column])
