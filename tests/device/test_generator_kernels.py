"""The CUDA sources of the generator draw what its array operations draw: their text is compiled for this processor and run thread by thread."""

from __future__ import annotations

import ctypes
from typing import Any

import host_cuda
import numpy as np
import pytest

from theorylab.device import DeviceGenerator, generator
from theorylab.device.sources import GENERATOR_SOURCE

KEY = int.from_bytes(np.random.default_rng().bytes(16), "little")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    if host_cuda.COMPILER is None:
        pytest.skip("no C++ compiler on this machine")
    return host_cuda.compile_for_host(GENERATOR_SOURCE, tmp_path_factory.mktemp("cuda"))


@pytest.fixture
def as_on_a_device(library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let generators of numpy's namespace launch the compiled kernels."""

    def kernel(name: str) -> Any:
        return lambda grid, block, arguments: host_cuda.run_kernel(library, name, grid[0], block[0], arguments)

    monkeypatch.setattr(generator, "_is_cupy", lambda namespace: True)
    monkeypatch.setattr(generator, "_kernel", kernel)


def draws(rng: DeviceGenerator, size: int) -> dict[str, np.ndarray]:
    """Draw from every kernel, in lengths that leave a rest, along both axes, with shapes of all kinds."""
    gamma = np.array([0.02, 0.7, 1.0, 3.5, 900.0])
    return {
        "words": rng.raw_words(7),
        "uniform": rng.random((size, 3)),
        "last axis": rng.random((3, size)),
        "normal": rng.standard_normal((size, 5)),
        "one normal each": rng.standard_normal(size),
        "gamma by place": rng.standard_gamma(gamma, (size, 5)),
        "gamma by replicate": rng.standard_gamma(np.linspace(0.1, 4.0, size)[:, None], (size, 2)),
        "gamma, last axis": rng.standard_gamma(gamma[:, None], (5, size)),
        "chi-squared": rng.chisquare(3.0, size),
        "binomial by place": rng.binomial([0, 7, 7, 30, 10**3, 10**6, 2**40], [0.3, 0.0, 1.0, 0.1, 0.9, 2e-6, 0.3], (size, 7)),
        "binomial by replicate": rng.binomial(np.arange(size), np.linspace(0.0, 1.0, size)),
        "binomial, last axis": rng.binomial([[9], [900]], 0.4, (2, size)),
        "multinomial": rng.multinomial(500, [0.01, 0.0, 0.3, 0.69], size),
        "after": rng.random(size),
    }


@pytest.mark.usefixtures("as_on_a_device")
@pytest.mark.parametrize(("blocks", "block"), [(1, 0), (1, 2**64 - 1), (4, 2**63 - 2)])
def test_kernels_draw_what_array_operations_draw(monkeypatch: pytest.MonkeyPatch, blocks: int, block: int) -> None:
    compiled = draws(DeviceGenerator(np, KEY, block, blocks, 64), 64)
    monkeypatch.setattr(generator, "_is_cupy", lambda namespace: False)
    plain = draws(DeviceGenerator(np, KEY, block, blocks, 64), 64)
    for name in [name for name in plain if plain[name].dtype.kind in "iu"]:
        np.testing.assert_array_equal(compiled.pop(name), plain.pop(name), err_msg=name)
    assert {"after", "normal"} <= set(plain)
    for name, values in plain.items():
        np.testing.assert_allclose(compiled[name], values, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.usefixtures("as_on_a_device")
@pytest.mark.parametrize("shape", [0.0, -1.0, float("nan"), float("inf")])
def test_a_shape_that_is_none_becomes_nan_on_a_device(monkeypatch: pytest.MonkeyPatch, shape: float) -> None:
    monkeypatch.setattr(generator, "_check", lambda *arguments: None)  # as for arrays that are on the device already
    assert np.isnan(DeviceGenerator(np, KEY, 0).standard_gamma(shape, 3)).all()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.usefixtures("as_on_a_device")
def test_trials_that_are_none_become_the_lowest_integer_on_a_device(monkeypatch: pytest.MonkeyPatch, compiled: bool) -> None:
    monkeypatch.setattr(generator, "_check", lambda *arguments: None)
    monkeypatch.setattr(generator, "_is_cupy", lambda namespace: compiled)
    nan = float("nan")
    found = DeviceGenerator(np, KEY, 0).binomial([-1.0, 2.5, 2.0**41, nan, 3, 3, 3, 3], [0.5, 0.5, 0.5, 0.5, -0.1, 1.1, nan, 1.0])
    assert found.tolist() == [*[-(2**63)] * 7, 3]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.usefixtures("as_on_a_device")
def test_without_attempts_there_is_no_count(monkeypatch: pytest.MonkeyPatch, compiled: bool) -> None:
    monkeypatch.setattr(generator, "_is_cupy", lambda namespace: compiled)
    monkeypatch.setattr(generator, "_ATTEMPTS", 0)
    assert DeviceGenerator(np, KEY, 0).binomial([5, 500, 5], [0.5, 0.5, 0.0]).tolist() == [-(2**63), -(2**63), 0]
