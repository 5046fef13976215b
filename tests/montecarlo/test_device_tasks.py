"""Blocks drawn together on a device are the blocks drawn alone; what fails is named; memory decides how many go together.

The device here is numpy under a device's generator, with a memory that is told what to say.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theorylab.device import DeviceGenerator
from theorylab.device.memory import blocks_that_fit, measured_footprint
from theorylab.montecarlo import device_tasks, tasks
from theorylab.montecarlo.device_moments import device_moments
from theorylab.montecarlo.moments import block_moments
from theorylab.montecarlo.samplers import above, below, columns_of, entries
from theorylab.montecarlo.separate_moments import separate_block_moments
from theorylab.montecarlo.tasks import Task, run_task

KEY = int.from_bytes(np.random.default_rng().bytes(16), "little")
BLOCK = 64


@pytest.fixture
def drawn_together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make "cupy" mean numpy under a device's generator, with room for four blocks; return how many blocks each draw was for."""
    counts: list[int] = []

    def generator(backend: str, key: int, block: int, blocks: int = 1, size: int | None = None) -> Any:
        if size is not None:
            counts.append(blocks)
        return DeviceGenerator(np, key, block, blocks, size)

    def footprint(namespace: Any, call: Callable[[], Any]) -> tuple[Any, int, int]:
        return call(), 100, 850

    monkeypatch.setattr(device_tasks, "_together", {})
    monkeypatch.setattr(device_tasks, "generator", generator)
    monkeypatch.setattr(tasks, "generator", generator)
    monkeypatch.setattr(device_tasks, "measured_footprint", footprint)
    return counts


def task_of(sampler: Any, statistics: tuple[str, ...], count: int, *, separate: bool = False, block: int = BLOCK, **parameters: Any) -> Task:
    return Task(sampler, parameters, statistics, KEY, block, "cupy", 3, count, None, separate)


def sample_pair(rng: Any, size: int) -> dict[str, Any]:
    x = rng.standard_normal((size, 3))
    return {"first": x.sum(axis=1), "second": rng.chisquare([2.0, 5.0], (size, 2)), "flag": rng.random(size) < 0.3}


STATISTICS = ("first", "second[1]", below("first", 0.5), above("second[0]", 1.0), "flag")


@pytest.mark.parametrize("separate", [False, True])
def test_blocks_together_are_the_blocks_alone(drawn_together: list[int], separate: bool) -> None:
    result = run_task(task_of(sample_pair, STATISTICS, 11, separate=separate))
    assert result.failure is None
    assert drawn_together == [1, 4, 4, 2]  # the first shows how much memory one needs
    reduce = separate_block_moments if separate else block_moments
    for number, vector in enumerate(result.vectors):
        values = sample_pair(DeviceGenerator(np, KEY, 3 + number), BLOCK)
        np.testing.assert_allclose(vector, reduce(columns_of(values, STATISTICS, BLOCK)), rtol=1e-12, atol=1e-14)
    drawn_together.clear()
    again = run_task(task_of(sample_pair, STATISTICS, 3, separate=separate))
    assert drawn_together == [3]
    np.testing.assert_array_equal(again.vectors, result.vectors[:3])  # to the bit, however many go together


@given(st.integers(1, 8), st.integers(1, 5), st.integers(2, 40), st.booleans(), st.integers(0, 2**32 - 1))
def test_moments_on_a_device_are_those_of_the_host(k: int, blocks: int, size: int, separate: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = {f"s{i}": rng.normal(rng.normal(0, 100), 1.0, blocks * size) for i in range(k)}
    table["s0"] = np.full(blocks * size, 0.1)
    found = device_moments(np, table, tuple(table), blocks, size, separate=separate)
    assert found is not None
    columns = np.array(list(table.values())).reshape(k, blocks, size)
    for number in range(blocks):
        expected = (separate_block_moments if separate else block_moments)(columns[:, number])
        np.testing.assert_allclose(found[number], expected, rtol=1e-9, atol=1e-9)
    assert (found[:, 2 if separate else 1 + k] == 0.0).all()  # a constant shows no variation at all


def sample_without_place(rng: Any, size: int) -> Any:
    """Ask for arrays that do not show which replicate is whose."""
    return np.repeat(rng.standard_normal(size // 2), 2)


def test_a_sampler_whose_blocks_cannot_be_told_apart_draws_them_singly(drawn_together: list[int]) -> None:
    result = run_task(task_of(sample_without_place, ("value",), 5))
    assert result.failure is None
    assert len(result.vectors) == 5
    assert drawn_together == [1, 4, 1, 1, 1, 1]


def test_small_blocks_are_drawn_singly(drawn_together: list[int]) -> None:
    assert len(run_task(task_of(sample_pair, ("first",), 3, block=32)).vectors) == 3
    assert drawn_together == [1, 1, 1]


def sample_with_a_bad_block(rng: Any, size: int, *, how: str) -> Any:
    """Fail in block 8 alone, known by its first number."""
    x = rng.random(size)
    bad = DeviceGenerator(np, KEY, 8).random(BLOCK)[0]
    if bad not in x:
        return x
    if how == "raises":
        raise ValueError("the dog ate it")
    return np.where(x == bad, np.nan, x)


@pytest.mark.parametrize(
    ("how", "message"), [("raises", "ValueError: the dog ate it"), ("nan", "SamplerError: statistic 'value' has 1 of 64 values that are not finite")]
)
def test_the_block_that_fails_is_found_and_those_before_it_are_kept(drawn_together: list[int], how: str, message: str) -> None:
    result = run_task(task_of(sample_with_a_bad_block, ("value",), 9, how=how))
    assert result.failure == message
    assert len(result.vectors) == 5  # blocks 3 to 7
    for number, vector in enumerate(result.vectors):
        assert vector[1] == pytest.approx(DeviceGenerator(np, KEY, 3 + number).random(BLOCK).mean(), rel=1e-12)


def sample_greedy(rng: Any, size: int) -> Any:
    if size > 2 * BLOCK:
        raise MemoryError("out of memory allocating 1 byte")
    return rng.random(size)


def test_memory_that_is_too_small_halves_the_number(drawn_together: list[int]) -> None:
    assert len(run_task(task_of(sample_greedy, ("value",), 6)).vectors) == 6
    assert drawn_together == [1, 4, 2, 2, 1]


@pytest.mark.parametrize("statistics", [("absent",), ("second",), ("second[2]",), ("first[0]",)])
def test_a_statistic_that_is_not_there_is_named(drawn_together: list[int], statistics: tuple[str, ...]) -> None:
    result = run_task(task_of(sample_pair, statistics, 4))
    assert len(result.vectors) == 0
    assert result.failure is not None
    assert result.failure.startswith("SamplerError: ")
    assert statistics[0] in result.failure


def test_an_overflow_is_said_as_on_the_host(drawn_together: list[int]) -> None:
    def sample_huge(rng: Any, size: int) -> Any:
        return 1e200 * rng.standard_normal(size)

    result = run_task(task_of(sample_huge, ("value",), 4))
    assert result.failure is not None
    assert "fourth powers of the values leave the range of floating point" in result.failure


def test_other_indices_of_a_matrix_do_not_matter() -> None:
    names = entries("curve", 3)
    table = {"curve": np.arange(12.0).reshape(4, 3)}
    assert device_moments(np, table, names, 2, 2, separate=True) is not None
    assert device_moments(np, {"curve": np.full((4, 3), np.nan)}, names, 2, 2, separate=True) is None
    assert device_moments(np, {"value": np.array(["a", "b"])}, ("value",), 1, 2, separate=False) is None


@pytest.mark.parametrize(("footprint", "free", "expected"), [(0, 0, 1), (1, 10, 4), (100, 1700, 8), (1, 2**40, 4096), (10**9, 10, 1)])
def test_how_many_blocks_fit(footprint: int, free: int, expected: int) -> None:
    assert blocks_that_fit(footprint, free) == expected


def test_the_footprint_is_what_the_pool_grows_by() -> None:
    events: list[str] = []
    sizes = iter([1000, 1700])
    pool = SimpleNamespace(free_all_blocks=lambda: events.append("freed"), total_bytes=lambda: next(sizes))
    device = SimpleNamespace(mem_info=(5000, 8000))
    namespace = SimpleNamespace(get_default_memory_pool=lambda: pool, cuda=SimpleNamespace(Device=lambda: device))
    assert measured_footprint(namespace, lambda: events.append("drawn") or "result") == ("result", 700, 5000)
    assert events == ["freed", "drawn", "freed"]
