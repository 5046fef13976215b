"""Every sampler that draws on a device draws for a block the same, whether its launch holds one block or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from device_cases import CASES, Case

from theorylab.device import DeviceGenerator, UnbatchedDrawError

BLOCK, BLOCKS = 64, 3
# These draw for the replicates that have not stopped, or as many as are still needed, or rows in portions: whose the numbers are is then not seen
# from a shape, and their blocks are drawn one by one.
SINGLY = {"sample_stopping_size", "sample_logistic_stopping_size", "sample_empirical_gap", "sample_band_moments"}


def table(values: Any) -> dict[str, np.ndarray]:
    return {name: np.asarray(column) for name, column in (values if isinstance(values, Mapping) else {"value": values}).items()}


def name_of(case: Case) -> str:
    return case[0].__name__


DEVICE_CASES = [case for cases in CASES.values() for case in cases if not hasattr(case[0], "host_only")]


@pytest.mark.parametrize("case", DEVICE_CASES, ids=name_of)
def test_a_block_is_the_same_alone_and_with_others(case: Case) -> None:
    sampler, parameters = case
    if sampler.__name__ == "sample_logistic_excess":
        parameters = parameters | {"sample_size": 400}  # with few samples one data set in thousands is separable, and is refused
    key = int.from_bytes(np.random.default_rng().bytes(16), "little")
    try:
        together = table(sampler(DeviceGenerator(np, key, 4, BLOCKS, BLOCKS * BLOCK), BLOCKS * BLOCK, **parameters))
    except UnbatchedDrawError:
        assert sampler.__name__ in SINGLY
        return
    alone = [table(sampler(DeviceGenerator(np, key, 4 + number), BLOCK, **parameters)) for number in range(BLOCKS)]
    for name, values in together.items():
        # A product of matrices may round in another way when it has more rows.
        np.testing.assert_allclose(values, np.concatenate([block[name] for block in alone]), rtol=1e-12, atol=1e-13, err_msg=name)
