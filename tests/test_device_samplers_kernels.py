"""Functions without chance on a stand-in for a GPU: the numbers of numpy, from arrays of the device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import strict_device
from device_kernels import KERNELS


def parts(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


@pytest.mark.parametrize("name", KERNELS)
def test_the_device_finds_what_numpy_does(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    arrays, call = KERNELS[name]
    copies = [array.copy() for array in arrays]
    expected = parts(call(np, *copies))
    xp = strict_device.install(monkeypatch)
    found = parts(call(xp, *map(xp.asarray, arrays)))
    assert len(found) == len(expected)
    for first, second in zip(found, expected, strict=True):
        assert isinstance(first, strict_device.DeviceArray)
        assert first.shape == np.shape(second)
        np.testing.assert_allclose(1.0 * first.get(), 1.0 * np.asarray(second), rtol=1e-10, atol=1e-12)
