"""Every sampler and kernel on a GPU: the numbers of numpy under the same key, and the law that numpy's own generator draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from device_cases import CASES, WAITING
from device_kernels import KERNELS
from sampling import assert_equal_in_law, cupy_or_skip

from theorylab.backend import DeviceGenerator

pytestmark = pytest.mark.gpu

ON_DEVICE = [
    pytest.param(*case, id=f"{slug}-{case[0].__name__}-{number}")
    for slug, cases in CASES.items()
    for number, case in enumerate(cases)
    if not hasattr(case[0], "host_only")
]


def any_key() -> int:
    return int.from_bytes(np.random.default_rng().bytes(16), "little")


def columns(values: Any) -> dict[str, Any]:
    return values if isinstance(values, dict) else {"value": values}


def fetched(value: Any) -> np.ndarray:
    return 1.0 * (value.get() if hasattr(value, "get") else np.asarray(value))


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_find_what_numpy_does(name: str) -> None:
    cupy = cupy_or_skip()
    arrays, call = KERNELS[name]
    expected, found = call(np, *(array.copy() for array in arrays)), call(cupy, *map(cupy.asarray, arrays))
    pairs = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
    for first, second in pairs:
        assert hasattr(first, "get")
        np.testing.assert_allclose(fetched(first), 1.0 * np.asarray(second), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("sampler", "parameters"), ON_DEVICE)
def test_the_same_key_draws_the_same(sampler: Any, parameters: dict[str, Any]) -> None:
    cupy, key, size = cupy_or_skip(), any_key(), 64
    host = columns(sampler(DeviceGenerator(np, key, 0), size, **parameters))
    device = columns(sampler(DeviceGenerator(cupy, key, 0), size, **parameters))
    reason = WAITING.get(sampler.__name__, "")
    relative = 1e-7 if reason == "iterates until all have converged" or "logistic" in sampler.__name__ else 1e-10
    assert set(device) == set(host)
    for name, column in device.items():
        assert hasattr(column, "get") or "on the host" in reason
        np.testing.assert_allclose(fetched(column), 1.0 * host[name], rtol=relative, atol=relative * np.abs(1.0 * host[name]).max())


@pytest.mark.parametrize(("sampler", "parameters"), ON_DEVICE)
def test_the_law_is_that_of_the_host(sampler: Any, parameters: dict[str, Any]) -> None:
    cupy, size = cupy_or_skip(), 4096
    host = columns(sampler(np.random.default_rng(), size, **parameters))
    device = columns(sampler(DeviceGenerator(cupy, any_key(), 0), size, **parameters))
    for name, column in device.items():
        for first, second in zip(fetched(column).reshape(size, -1).T, host[name].reshape(size, -1).T, strict=True):
            assert_equal_in_law(first, 1.0 * second)
