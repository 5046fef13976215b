"""Moments of blocks equal those of the raw data, however the data were cut."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from theorylab.montecarlo.moments import (
    CHUNK,
    MAXIMUM_STATISTICS,
    block_moments,
    block_moments_plain,
    checked_columns,
    pool_blocks,
    pooled_in_chunks,
    pooled_moments,
    variance_places,
)


def columns(k: int, size: int, seed: int, offset: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((k, k)) @ rng.exponential(size=(k, size)) + offset


def cut(data: np.ndarray, pieces: int) -> np.ndarray:
    return np.array([block_moments(piece) for piece in np.split(data, pieces, axis=1)])


def names(k: int) -> tuple[str, ...]:
    return tuple(f"s{index}" for index in range(k))


def assert_summary(summary: Any, data: np.ndarray, relative: float) -> None:
    assert summary.count == data.size
    assert summary.mean == pytest.approx(data.mean(), rel=1e-13)
    assert summary.variance == pytest.approx(data.var(ddof=1), rel=relative)
    assert summary.skewness == pytest.approx(stats.skew(data), rel=relative, abs=relative)
    assert summary.excess_kurtosis == pytest.approx(stats.kurtosis(data), rel=relative, abs=relative)


@pytest.mark.parametrize("k", range(1, MAXIMUM_STATISTICS + 1))
def test_every_combination_has_its_own_moments(k: int) -> None:
    data = columns(k, 1024, seed=k)
    vectors = cut(data, 8)
    assert vectors.shape == (8, comb(k + 4, 4))
    pooled = pooled_moments(names(k), vectors)
    for weights in [*np.eye(k), *np.random.default_rng(99).standard_normal((3, k))]:
        assert_summary(pooled.combination(dict(zip(names(k), weights, strict=True))), weights @ data, 1e-9)
    assert pooled.combination({"s0": 2.0}) == pooled.combination({"s0": 2.0, **dict.fromkeys(names(k)[1:], 0.0)})


@pytest.mark.parametrize("size", [1, 2, 511, 512, 513, 3000])
@pytest.mark.parametrize("k", range(1, MAXIMUM_STATISTICS + 1))
def test_compiled_moments_equal_those_of_the_gram_matrix(k: int, size: int) -> None:
    data = columns(k, size, seed=size)
    plain = block_moments_plain(data)
    np.testing.assert_allclose(block_moments(data), plain, rtol=1e-11, atol=1e-12 * np.abs(plain).max())
    # Rows need not lie together in memory.
    np.testing.assert_array_equal(block_moments(np.asfortranarray(data)), block_moments(data))


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6, -1e6])
def test_large_offsets_cost_no_more_digits_than_the_data_have_lost(offset: float) -> None:
    data = columns(3, 4096, seed=5, offset=offset)
    pooled = pooled_moments(names(3), cut(data, 16))
    weights = np.array([1.0, -2.0, 0.5])
    # The reference works on the same rounded data, but centred exactly (by integers), so that it has no error of its own.
    centred = (data - np.round(data.mean(axis=1, keepdims=True))).T @ weights
    summary = pooled.combination(dict(zip(names(3), weights, strict=True)))
    assert summary.variance == pytest.approx(centred.var(ddof=1), rel=1e-10)
    assert summary.skewness == pytest.approx(stats.skew(centred), rel=1e-9)
    assert summary.excess_kurtosis == pytest.approx(stats.kurtosis(centred), rel=1e-9)


def test_blocks_with_very_different_means_pool_to_the_moments_of_all() -> None:
    data = columns(2, 2048, seed=6)
    data[:, :1024] += 50.0
    pooled = pooled_moments(names(2), cut(data, 32))
    assert_summary(pooled.combination({"s0": 1.0, "s1": -1.0}), data[0] - data[1], 1e-10)
    assert_summary(pooled.combination({"s1": 3.0}), 3 * data[1], 1e-10)


@given(st.integers(1, 4), st.lists(st.integers(1, 60), min_size=1, max_size=12), st.integers(0, 2**32), st.sampled_from([0.0, 10.0, -1e4]))
@settings(max_examples=60, deadline=None)
def test_any_split_pools_to_the_same(k: int, sizes: list[int], seed: int, offset: float) -> None:
    data = columns(k, sum(sizes), seed, offset)
    pieces = np.split(data, np.cumsum(sizes)[:-1], axis=1)
    pooled = pool_blocks(np.array([block_moments(piece) for piece in pieces]), k)
    whole = block_moments(data)
    scale = np.abs(data - data.mean(axis=1, keepdims=True)).max()
    # A mean that happens to lie near 0 has the rounding error of its terms.
    np.testing.assert_allclose(pooled[: 1 + k], whole[: 1 + k], rtol=1e-13, atol=2e-15 * np.abs(data).max())
    np.testing.assert_allclose(pooled[1 + k :], whole[1 + k :], rtol=1e-9, atol=1e-11 * max(scale, scale**4))


def test_pooling_twice_is_pooling_once() -> None:
    vectors = cut(columns(3, 4096, seed=8), 64)
    halves = np.array([pool_blocks(vectors[:24], 3), pool_blocks(vectors[24:], 3)])
    np.testing.assert_allclose(pool_blocks(halves, 3), pool_blocks(vectors, 3), rtol=1e-10, atol=1e-13)


def test_equal_prefixes_pool_to_equal_bits() -> None:
    vectors = cut(columns(4, 8192, seed=9), 128)
    kept = vectors.copy()
    for blocks in (1, 2, 7, 64, 100):
        prefix = pool_blocks(np.ascontiguousarray(vectors[:blocks]), 4)
        again = pool_blocks(np.frombuffer(b"".join(row.tobytes() for row in vectors[:blocks])).reshape(blocks, -1), 4)
        assert prefix.tobytes() == pool_blocks(vectors[:blocks], 4).tobytes() == again.tobytes()
    np.testing.assert_array_equal(vectors, kept)  # and nothing was changed in place


@given(st.integers(0, 64 * 1000), st.integers(1, 1000))
@settings(max_examples=60, deadline=None)
def test_tallies_are_exact(ones: int, blocks: int) -> None:
    ones = min(ones, 64 * blocks)
    flags = np.zeros(64 * blocks)
    flags[:ones] = 1.0
    np.random.default_rng(ones).shuffle(flags)
    assert pooled_moments(("flag",), cut(flags[None], blocks)).tally("flag") == ones


def test_a_tally_of_something_else_than_zeros_and_ones_is_refused() -> None:
    flags = (np.arange(4096) % 3 == 0).astype(float)
    other = np.random.default_rng(1).standard_normal(4096)
    pooled = pooled_moments(("flag", "other"), cut(np.array([flags, other]), 4))
    assert pooled.tally("flag") == flags.sum()
    with pytest.raises(ValueError, match=r"^statistic 'other' must be an indicator, with values 0 and 1 only, to have a probability$"):
        pooled.tally("other")
    for off in (0.5, 2.0, -1.0, 1.01):
        flags[17] = off
        with pytest.raises(ValueError, match="must be an indicator"):
            pooled_moments(("flag",), np.tile(cut(flags[None], 1), (1024, 1))).tally("flag")


@pytest.mark.parametrize("value", [0.1, 1 / 3, -1e6 / 7, 0.0])
def test_a_constant_shows_no_variation(value: float) -> None:
    data = np.full((2, 3 * 4096), value)
    data[1] = np.random.default_rng(2).standard_normal(3 * 4096)
    summary = pooled_moments(names(2), cut(data, 3)).combination({"s0": 1.0})
    assert (summary.mean, summary.variance) == (value, 0.0)


def test_what_cancels_to_rounding_is_not_taken_for_knowledge() -> None:
    rng = np.random.default_rng(3)
    base = rng.standard_normal(2**14)
    for difference in (1e-3, 1e-9, 0.0):
        data = np.array([base, base + difference * rng.standard_normal(base.size)])
        summary = pooled_moments(names(2), cut(data, 4)).combination({"s0": 1.0, "s1": -1.0})
        if difference == 1e-3:
            # To rounding, which is moved away from 0 and never towards it.
            assert_summary(summary, data[0] - data[1], 0.2)
            assert abs(summary.excess_kurtosis) > abs(stats.kurtosis(data[0] - data[1]))
        else:
            # Fourth moments carry errors of 1e-16 of those of the parts, here larger than the square of the variance of the difference.
            assert summary.variance == 0.0 or abs(summary.excess_kurtosis) > 1e4


@pytest.mark.parametrize("scale", [1e80, 1e160, 1e-80, 1e-160])
def test_values_whose_fourth_powers_leave_the_range_are_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="return values of order one"):
        block_moments(scale * columns(2, 64, seed=1))


def test_far_scales_within_the_range_are_exact() -> None:
    data = columns(1, 4096, seed=4)
    reference = pooled_moments(("s0",), cut(data, 4)).combination({"s0": 1.0})
    for scale in (2.0**100, 2.0**-100):
        scaled = pooled_moments(("s0",), cut(scale * data, 4))
        assert scaled.combination({"s0": 1 / scale}) == reference
        assert scaled.combination({"s0": 1.0}).excess_kurtosis == pytest.approx(reference.excess_kurtosis, rel=1e-12)


@pytest.mark.parametrize("k", [0, 9])
def test_too_many_statistics_are_refused(k: int) -> None:
    with pytest.raises(ValueError, match=rf"^columns: a record holds 1 to 8 statistics; got {k}$"):
        block_moments(np.zeros((k, 16)))


def test_one_replicate_has_a_mean_and_no_variation() -> None:
    summary = pooled_moments(("x",), block_moments(np.array([[3.25]]))[None]).combination({"x": -2.0})
    assert (summary.count, summary.mean, summary.variance) == (1, -6.5, 0.0)
    assert (summary.skewness, summary.excess_kurtosis) == (0.0, 0.0)


@pytest.mark.parametrize("k", range(1, MAXIMUM_STATISTICS + 1))
def test_variances_stand_where_they_are_said_to(k: int) -> None:
    data = columns(k, 600, seed=k)
    places = variance_places(k)
    assert np.all(places >= 0)
    np.testing.assert_allclose(block_moments(data)[1 + k :][places], data.var(axis=1), rtol=1e-10)


def test_columns_are_a_matrix() -> None:
    with pytest.raises(ValueError, match=r"^columns must have shape \(statistics, size\)"):
        checked_columns(np.ones(5))
    given = np.arange(6.0).reshape(2, 3)
    assert checked_columns(given) is given


def test_unknown_statistics_are_refused() -> None:
    pooled = pooled_moments(("x",), cut(columns(1, 64, seed=1), 2))
    for ask in (pooled.mean, pooled.tally, lambda name: pooled.combination({name: 1.0})):
        with pytest.raises(ValueError, match=r"^statistic must be one of 'x'; got 'y'$"):
            ask("y")


@pytest.mark.parametrize("k", [1, 3, 8])
def test_pooling_in_chunks_holds_little_and_changes_nothing_but_rounding(k: int) -> None:
    rng = np.random.default_rng(0)
    blocks = 2 * CHUNK + 3
    vectors = np.array([block_moments(rng.standard_gamma(2.0, (k, 16))) for _ in range(blocks)])
    held: list[int] = []

    def read(first: int, last: int) -> np.ndarray:
        held.append(last - first)
        return vectors[first:last]

    chunks = pooled_in_chunks(read, blocks, lambda part: pool_blocks(part, k))
    assert held == [CHUNK, CHUNK, 3]
    np.testing.assert_allclose(pool_blocks(chunks, k), pool_blocks(vectors, k), rtol=1e-10, atol=1e-12)
    assert pooled_in_chunks(read, CHUNK, lambda part: pool_blocks(part, k)).shape == (CHUNK, vectors.shape[1])


def test_a_constant_pools_to_itself_in_chunks_too() -> None:
    vectors = np.array([block_moments(np.full((1, 8), 0.1)) for _ in range(3 * CHUNK)])
    pooled = pool_blocks(pooled_in_chunks(lambda first, last: vectors[first:last], len(vectors), lambda part: pool_blocks(part, 1)), 1)
    assert pooled.tolist() == [24 * CHUNK, 0.1, 0.0, 0.0, 0.0]
