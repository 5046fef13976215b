"""Every sampler on a stand-in for a GPU (`strict_device`): it draws there what it draws on numpy arrays, without a wait, or says why it cannot."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import strict_device
from device_cases import CASES, ONE_FETCH, PACKAGES, WAITING
from sampling import assert_equal_in_law

from theorylab.backend import DeviceGenerator
from theorylab.laboratory import Laboratory
from theorylab.montecarlo.engine import Engine
from theorylab.montecarlo.samplers import make_request
from theorylab.montecarlo.tasks import draw_once

SIZE = 24
ALL = [pytest.param(*case, id=f"{slug}-{case[0].__name__}-{number}") for slug, cases in CASES.items() for number, case in enumerate(cases)]
ON_DEVICE = [case for case in ALL if not hasattr(case.values[0], "host_only")]
ON_HOST = [case for case in ALL if hasattr(case.values[0], "host_only")]
# Newton's method and fixed points stop within this of one another; the two paths are different programs.
ITERATED = 1e-7


class CountedGenerator:
    """A device's generator whose own waits are counted apart: on a GPU its variates come from kernels that need none."""

    namespace = strict_device.NAMESPACE

    def __init__(self, key: int) -> None:
        self._generator, self.waited = DeviceGenerator(self.namespace, key, 0), 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._generator, name)

        def counted(*arguments: Any, **keywords: Any) -> Any:
            with strict_device.waits() as count:
                drawn = method(*arguments, **keywords)
            self.waited += count()
            return drawn

        return counted


def any_key() -> int:
    return int.from_bytes(np.random.default_rng().bytes(16), "little")


def columns(values: Any) -> dict[str, Any]:
    return values if isinstance(values, dict) else {"value": values}


def drawn_on_device(sampler: Any, parameters: dict[str, Any], key: int) -> tuple[dict[str, Any], int]:
    """Return what a sampler draws on the stand-in, and how often the host waited for it, its generator aside."""
    rng = CountedGenerator(key)
    with strict_device.waits() as count:
        values = columns(sampler(rng, SIZE, **parameters))
        return values, count() - rng.waited


def fetched(value: Any) -> np.ndarray:
    return 1.0 * (value.get() if hasattr(value, "get") else value)


def test_every_sampler_is_listed() -> None:
    for slug, package in PACKAGES.items():
        found = set()
        for name in package.__all__:
            function = getattr(package, name)
            if name.startswith("sample_") and list(inspect.signature(function).parameters)[:2] == ["rng", "size"]:
                found.add(name)
        assert found == {sampler.__name__ for sampler, _ in CASES[slug]}


@pytest.mark.parametrize("name", WAITING)
def test_no_sampler_is_excused_without_need(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    strict_device.install(monkeypatch)
    cases = [case.values for case in ON_DEVICE if case.values[0].__name__ == name]
    assert any(drawn_on_device(sampler, parameters, any_key())[1] for sampler, parameters in cases)


@pytest.mark.parametrize(("sampler", "parameters"), ON_DEVICE)
def test_the_device_draws_what_numpy_arrays_do(monkeypatch: pytest.MonkeyPatch, sampler: Any, parameters: dict[str, Any]) -> None:
    key = any_key()
    host = columns(sampler(DeviceGenerator(np, key, 0), SIZE, **parameters))
    strict_device.install(monkeypatch)
    device, waited = drawn_on_device(sampler, parameters, key)
    reason = WAITING.get(sampler.__name__, "")
    if reason == ONE_FETCH and not {"search", "certificate"} & set(parameters):
        assert waited == 1
    assert reason or waited == 0
    assert set(device) == set(host)
    relative = ITERATED if reason == "iterates until all have converged" or "logistic" in sampler.__name__ else 1e-10
    for name, column in device.items():
        assert isinstance(column, strict_device.DeviceArray) or "on the host" in reason
        assert column.shape == host[name].shape
        scale = np.abs(1.0 * host[name]).max()
        np.testing.assert_allclose(fetched(column), 1.0 * host[name], rtol=relative, atol=relative * scale)


@pytest.mark.parametrize(("sampler", "parameters"), ON_DEVICE)
def test_a_generator_of_devices_draws_the_law(sampler: Any, parameters: dict[str, Any]) -> None:
    size = 1024
    host = columns(sampler(np.random.default_rng(), size, **parameters))
    device = columns(sampler(DeviceGenerator(np, any_key(), 0), size, **parameters))
    for name, column in device.items():
        for first, second in zip(column.reshape(size, -1).T, host[name].reshape(size, -1).T, strict=True):
            assert_equal_in_law(1.0 * first, 1.0 * second)


@pytest.mark.parametrize(("sampler", "parameters"), ON_HOST)
def test_a_sampler_of_the_host_draws_on_the_host(monkeypatch: pytest.MonkeyPatch, sampler: Any, parameters: dict[str, Any]) -> None:
    strict_device.install(monkeypatch)
    assert re.match("[a-z].*[a-z.]$", sampler.host_only)
    request = make_request(sampler, parameters)
    on_device, on_host = Engine(backend="cupy").experiment(request, ("value",), 0), Engine().experiment(request, ("value",), 0)
    assert on_device.identity == on_host.identity  # the record says numpy, and whoever has it need not draw again
    drawn = columns(draw_once(request, "cupy", 0, 4))
    for name, column in columns(draw_once(request, "numpy", 0, 4)).items():
        np.testing.assert_allclose(drawn[name], column, rtol=1e-9, atol=1e-12)  # libraries that iterate may end in other last bits
    # What could run on a device must not stay on the host: nothing of it stays there.
    try:
        values = columns(sampler(DeviceGenerator(strict_device.NAMESPACE, any_key(), 0), 4, **parameters))
    except (AttributeError, TypeError, ValueError):
        return
    assert all(isinstance(column, np.ndarray) for column in values.values())


def test_an_engine_of_a_device_pools_its_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    strict_device.install(monkeypatch)
    sampler, parameters = CASES["one_step_gd"][0]
    request, engine = make_request(sampler, parameters), Engine(backend="cupy")
    experiment = engine.experiment(request, ("value",), 7)
    moments = engine.moments(experiment, 2)
    drawn = [sampler(DeviceGenerator(np, experiment.key, number), request.block, **parameters) for number in (0, 1)]
    assert moments.count == 2 * request.block
    assert moments.mean("value") == pytest.approx(np.mean(drawn), rel=1e-12)
    replicates = Laboratory(seed=7, engine=engine).replicates(sampler, least=1, **parameters)["value"]
    np.testing.assert_allclose(replicates, drawn[0], rtol=1e-12)
