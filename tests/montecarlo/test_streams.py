"""Equal experiments draw equal numbers, different ones independent numbers, and blocks cannot overlap."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorylab.backend import generator
from theorylab.montecarlo.samplers import make_request
from theorylab.montecarlo.streams import block_counter, canonical_parameters, experiment_key, fill_defaults, sampler_name


def sample(rng: Any, size: int, *, a: Any, b: Any = 2, c: Any = None) -> np.ndarray:
    return rng.standard_normal(size)


def key_of(seed: int = 0, **parameters: Any) -> int:
    request = make_request(sample, parameters)
    return experiment_key(seed, request.name, request.canonical)


@pytest.mark.parametrize(
    "same",
    [
        [5, 5.0, np.int64(5), np.float32(5), np.uint8(5), np.array(5), np.array(5.0)],
        [0, 0.0, -0.0, np.float64(-0.0)],
        [[1, 2.5], (1, 2.5), np.array([1, 2.5]), [np.int32(1), np.float64(2.5)]],
        [[[1, 0], [0, 1]], np.eye(2), np.eye(2, dtype=int), (np.array([1, 0]), [0.0, 1])],
        [True, np.True_, np.bool_(True)],
        ["ridge", np.str_("ridge")],
        [{"x": 1, "y": [2]}, {"y": (2.0,), "x": 1.0}],
        [2**70, np.float64(2.0**70)],
        [0.1, np.float64(0.1), 0.1 + 0.0],
        [float("inf"), np.inf, np.float32("inf")],
    ],
)
def test_equal_parameters_have_equal_keys(same: list[Any]) -> None:
    assert len({key_of(a=value) for value in same}) == 1


def test_order_and_defaults_do_not_matter() -> None:
    assert key_of(a=1, b=3) == key_of(b=3, a=1)
    assert key_of(a=1) == key_of(a=1, b=2) == key_of(a=1, b=2.0, c=None)


def test_different_parameters_have_different_keys() -> None:
    values = [
        1, True, "1", [1], [[1]], (1, 1), None, False, 0, "", "None", "True", [], {"x": 1}, {"y": 1}, {"number": "1"}, {"mapping": {"x": 1}},
        1 + 2**-52, 0.1, np.float32(0.1), 1e-300, np.inf, -np.inf, -1, 2**53, 2**53 + 1, 10**400, np.eye(2), np.eye(3), [[1, 0, 0, 1]],
    ]  # fmt: skip
    keys = {key_of(a=value) for value in values}
    assert len(keys) == len(values)
    assert key_of(a=1, b=3) != key_of(a=3, b=1)
    assert key_of(seed=0, a=1) != key_of(seed=1, a=1)
    assert experiment_key(0, "one.sample", "{}") != experiment_key(0, "two.sample", "{}")


@given(st.one_of(st.integers(), st.floats(allow_nan=False)), st.one_of(st.integers(), st.floats(allow_nan=False)))
@settings(max_examples=200)
def test_numbers_share_a_key_just_when_they_are_equal(left: float, right: float) -> None:
    assert (canonical_parameters({"a": left}) == canonical_parameters({"a": right})) == (left == right)


def test_key_is_128_bits_and_the_seed_may_be_a_numpy_integer() -> None:
    keys = [experiment_key(seed, "m.sample", "{}") for seed in range(200)]
    assert all(0 <= key < 2**128 for key in keys)
    assert max(keys) > 2**120
    assert len(set(keys)) == 200
    seed: Any = np.int64(3)
    assert experiment_key(seed, "m.sample", "{}") == keys[3]


@pytest.mark.parametrize("bad", [float("nan"), np.array([1.0, np.nan]), [0, [1, float("nan")]], {"x": float("nan")}])
def test_nan_is_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^a must not contain NaN: it is part of the key of the random stream$"):
        make_request(sample, {"a": bad})


@pytest.mark.parametrize("bad", [abs, lambda x: x, 1j, {1, 2}, b"bytes", Fraction(1, 2), object(), range(3), np.datetime64("2020-01-01")])
def test_what_cannot_be_typed_exactly_is_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^a must be a number, a name, None, or an array or mapping of these, .*; got \w+ \(give a callable a name"):
        make_request(sample, {"a": bad})


def test_mapping_with_other_keys_than_strings_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a must have strings as its keys, because it keys the random stream; got \[1, '1'\]$"):
        make_request(sample, {"a": {1: 2, "1": 3}})


def test_fill_defaults_names_the_culprit() -> None:
    with pytest.raises(ValueError, match=r"^sample has no parameter 'd'; it takes a, b, c$"):
        fill_defaults(sample, {"a": 1, "d": 2})
    with pytest.raises(ValueError, match=r"^sample has no parameter 'size'; it takes a, b, c$"):
        fill_defaults(sample, {"a": 1, "size": 2})
    with pytest.raises(ValueError, match=r"^sample needs a value for a$"):
        fill_defaults(sample, {"b": 1})
    assert fill_defaults(sample, {"c": 7, "a": 1}) == {"a": 1, "b": 2, "c": 7}
    assert sampler_name(sample) == f"{__name__}.sample"


@pytest.mark.parametrize("block", [0, 1, 77, 2**63, 2**64 - 1])
def test_a_block_is_philox_at_its_counter(block: int) -> None:
    key = key_of(a=1)
    expected = np.random.Philox(key=key, counter=block_counter(block)).random_raw(64)
    assert block_counter(block) == block << 192
    np.testing.assert_array_equal(generator("numpy", key, block).bit_generator.random_raw(64), expected)


@pytest.mark.parametrize("block", [-1, 2**64])
def test_a_block_number_outside_the_counter_is_refused(block: int) -> None:
    with pytest.raises(ValueError, match=rf"^block must be an integer in \[0, 2\*\*64\); got {block}$"):
        block_counter(block)


def test_blocks_and_experiments_do_not_overlap() -> None:
    # 200 streams of 5,000 words of 64 bits: a chance collision has probability below 3e-8 (10^12 / 2 pairs of 2^64).
    words = [generator("numpy", key_of(a=a), block).bit_generator.random_raw(5000) for a in range(2) for block in range(100)]
    assert np.unique(np.concatenate(words)).size == 1_000_000


def test_jumping_far_inside_a_block_stays_inside_it() -> None:
    # The block owns the top word, so 2^192 - 1 steps of four words lead to the last counter before the next block's.
    key = key_of(a=1)
    last = np.random.Philox(key=key, counter=block_counter(1) - 1)
    following = generator("numpy", key, 1).bit_generator
    # Each generator steps its counter before the first output, so one output of four words later both stand at the same place.
    np.testing.assert_array_equal(last.random_raw(8)[4:], following.random_raw(4))
