"""A sampler that breaks its contract is refused in words."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from theorylab.montecarlo.samplers import (
    DEFAULT_BLOCK_SIZE,
    SamplerError,
    above,
    below,
    block_size,
    columns_of,
    entries,
    fitting_block,
    is_indicator,
    make_request,
)


def sample(rng: Any, size: int, *, scale: float = 1.0) -> np.ndarray:
    return scale * rng.standard_normal(size)


class Host:
    scale = 1.0

    def sample(self, rng: Any, size: int) -> np.ndarray:
        return self.scale * rng.standard_normal(size)

    def __call__(self, rng: Any, size: int) -> np.ndarray:
        return rng.standard_normal(size)


def logged(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@logged
def sample_decorated(rng: Any, size: int, *, scale: float = 1.0) -> np.ndarray:
    return scale * rng.standard_normal(size)


def nested(scale: float) -> Any:
    def sample_nested(rng: Any, size: int) -> np.ndarray:
        return scale * rng.standard_normal(size)

    return sample_nested


def test_request_holds_all_that_fixes_the_numbers() -> None:
    request = make_request(sample, {})
    assert request.block == DEFAULT_BLOCK_SIZE
    assert request.parameters == {"scale": 1.0}
    assert request.canonical == make_request(sample, {"scale": 1}).canonical
    assert request.name == f"{__name__}.sample"
    assert make_request(sample_decorated, {"scale": 2}).parameters == {"scale": 2}


@pytest.mark.parametrize(
    ("bad", "kind"), [(Host().sample, "method"), (Host(), "Host"), (functools.partial(sample, scale=2.0), "partial"), (3, "int"), (len, "builtin_")]
)
def test_only_plain_functions_are_samplers(bad: Any, kind: str) -> None:
    with pytest.raises(ValueError, match=rf"^sampler must be a function \(rng, size, \*, parameters\.\.\.\); got {kind}"):
        make_request(bad, {})


def test_a_captured_variable_is_refused_because_it_would_not_key_the_stream() -> None:
    with pytest.raises(ValueError, match=r"^sampler sample_nested must not use variables of the function around it, .*; it uses scale: make them"):
        make_request(nested(2.0), {})


def test_a_lambda_is_refused_because_all_share_one_name() -> None:
    with pytest.raises(ValueError, match=r"^sampler must be a function with a name of its own, .*; got a lambda$"):
        make_request(lambda rng, size: rng.standard_normal(size), {})


@pytest.mark.parametrize("bad", [0, 3, 1000, -4, 2.0, "8", None, lambda scale: 48, True + 0.5])
def test_block_sizes_that_are_not_powers_of_two(bad: Any) -> None:
    def sample_in_blocks(rng: Any, size: int, *, scale: float = 1.0) -> np.ndarray:
        return np.zeros(size)

    shown = 48 if callable(bad) else bad
    with pytest.raises(ValueError, match=rf"^block size of sample_in_blocks must be a power of two; got {shown!r}$"):
        make_request(block_size(bad)(sample_in_blocks), {})


def test_block_size_may_depend_on_the_parameters_but_not_on_the_statistics() -> None:
    @block_size(lambda dimension: max(1, 4096 // dimension))
    def sample_wide(rng: Any, size: int, *, dimension: int = 4) -> np.ndarray:
        return np.zeros(size)

    assert make_request(sample_wide, {}).block == 1024
    assert make_request(sample_wide, {"dimension": 2**20}).block == 1


def test_columns_and_indicators() -> None:
    values = {"x": np.array([1.0, 2.0, 3.0]), "a b": np.array([1, 0, 1]), "flag": np.array([True, False, True]), "x <= 9": np.array([7.0, 7, 7])}
    columns = columns_of(values, ("x", below("x", 2), above("x", 2), below("a b", 0.5), "flag", "x <= 9"), 3)
    np.testing.assert_array_equal(columns, [[1, 2, 3], [1, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 1], [7, 7, 7]])
    assert columns.dtype == np.float64
    np.testing.assert_array_equal(columns_of(np.array([4.0, 5.0]), ("value", below("value", 4)), 2), [[4, 5], [1, 0]])


@pytest.mark.parametrize(
    ("numbers", "nanoseconds", "block"),
    [
        *[(1, 0, 4096), (1024, 0, 4096), (1025, 0, 2048), (2**22, 0, 1), (2**40, 0, 1), (1, 4e7 / 4096, 4096), (1, 1e4, 2048), (1, 1e12, 1)],
        # What is cheap comes in larger blocks, but for its memory.
        *[(1, 1400, 4096), (1, 1500, 4096), (1, 700, 8192), (1, 100, 32768), (1, 0.1, 65536), (1024, 100, 4096)],
    ],
)
def test_a_fitting_block_is_bounded_in_memory_and_time(numbers: float, nanoseconds: float, block: int) -> None:
    assert fitting_block(numbers=numbers, nanoseconds=nanoseconds) == block


def test_entries_of_a_matrix_column_are_statistics() -> None:
    values = {"risk": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), "flag[0]": np.array([7.0, 8.0, 9.0])}
    assert entries("risk", 2) == ("risk[0]", "risk[1]")
    columns = columns_of(values, (*entries("risk", 2), below("risk[1]", 4.0), "flag[0]"), 3)
    np.testing.assert_array_equal(columns, [[1, 3, 5], [2, 4, 6], [1, 1, 0], [7, 8, 9]])
    np.testing.assert_array_equal(columns_of(values["risk"], ("value[1]",), 3), [[2, 4, 6]])
    for wrong in ("risk[2]", "risk[-1]"):
        with pytest.raises(SamplerError, match="risk"):
            columns_of(values, (wrong,), 3)
    with pytest.raises(SamplerError, match=r"^statistic 'risk' must have shape \(3,\); got \(3, 2\)$"):
        columns_of(values, ("risk",), 3)
    with pytest.raises(SamplerError, match=r"^statistic 'risk\[0\]' needs a column 'risk' of shape \(2, more than 0\); got \(3, 2\)$"):
        columns_of(values, ("risk[0]",), 2)


def test_indicator_names_are_exact() -> None:
    third = 1 / 3
    assert below("x", third) == f"x <= {third!r}"
    assert above("x", 5) == "x > 5.0"
    assert is_indicator(below("x", -np.inf))
    assert is_indicator("P <= 3 > 1e-300")
    assert not is_indicator("x")
    np.testing.assert_array_equal(columns_of(np.array([third, np.nextafter(third, 1)]), (below("value", third),), 2), [[1, 0]])
    for name in (below, above):
        with pytest.raises(ValueError, match=r"^threshold must be a number; got nan$"):
            name("x", float("nan"))


@pytest.mark.parametrize(
    ("values", "statistic", "message"),
    [
        ({"x": np.zeros(4)}, "y", r"^the sampler returns no statistic 'y'; it returns 'x'$"),
        ({"x": np.zeros(4)}, "y <= 1.0", r"^the sampler returns no statistic 'y'; it returns 'x'$"),
        (np.zeros(4), "x", r"^the sampler returns no statistic 'x'; it returns 'value'$"),
        (np.zeros(3), "value", r"^statistic 'value' must have shape \(4,\); got \(3,\)$"),
        (np.zeros((4, 1)), "value", r"^statistic 'value' must have shape \(4,\); got \(4, 1\)$"),
        (1.5, "value", r"^statistic 'value' must have shape \(4,\); got \(\)$"),
        (np.array([0.0, np.nan, 1.0, np.inf]), "value", r"^statistic 'value' has 2 of 4 values that are not finite$"),
        (np.array([0.0, np.nan, 1.0, 2.0]), "value <= 3.0", r"^statistic 'value' has 1 of 4 values that are not finite$"),
        (np.array([0.0, -np.inf, 1.0, 2.0]), "value > 3.0", r"^statistic 'value' has 1 of 4 values that are not finite$"),
        (np.array([1j, 0, 0, 0]), "value", r"^statistic 'value' must be real numbers; got complex128$"),
        (np.array(["a", "b", "c", "d"]), "value", r"^statistic 'value' must be real numbers; got <U1$"),
        (None, "value", r"^statistic 'value' must have shape \(4,\); got \(\)$"),
    ],
)
def test_broken_values_are_named(values: Any, statistic: str, message: str) -> None:
    with pytest.raises(SamplerError, match=message):
        columns_of(values, (statistic,), 4)
