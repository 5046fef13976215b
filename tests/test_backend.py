"""Philox in any array namespace: the words are numpy's, the variates have their laws."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampling import cupy_or_skip
from scipy import stats

from theorylab.backend import BackendError, DeviceGenerator, check_backend, generator, namespace_of
from theorylab.device.philox import philox_words

SIZE = 40_000
# Chance that one of the assertions below fails although all is well, each.
LEVEL = 1e-10


def fresh(namespace: Any = np) -> DeviceGenerator:
    # Any key: the tests hold with probability above 1 - LEVEL for each.
    return DeviceGenerator(namespace, int.from_bytes(np.random.default_rng().bytes(16), "little"), 3)


def on_host(array: Any) -> np.ndarray:
    return array.get() if hasattr(array, "get") else array


keys = st.one_of(st.integers(0, 2**128 - 1), st.sampled_from([0, 1, 2**64 - 1, 2**64, 2**128 - 1]))
blocks = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 2**32, 2**63, 2**64 - 1]))


@given(keys, blocks, st.integers(0, 70))
@settings(max_examples=100, deadline=None)
def test_words_are_those_of_numpy(key: int, block: int, count: int) -> None:
    expected = np.random.Philox(key=key, counter=block << 192).random_raw(max(count, 1))[:count]
    words = DeviceGenerator(np, key, block).raw_words(count)
    assert words.dtype == np.uint64
    np.testing.assert_array_equal(words, expected)


def test_words_go_on_where_they_stopped_by_whole_quadruples() -> None:
    expected = np.random.Philox(key=9, counter=4 << 192).random_raw(40)
    rng = DeviceGenerator(np, 9, 4)
    np.testing.assert_array_equal(rng.raw_words(8), expected[:8])
    np.testing.assert_array_equal(rng.raw_words(5), expected[8:13])
    np.testing.assert_array_equal(rng.raw_words(3), expected[16:19])  # the rest of a quadruple is dropped
    np.testing.assert_array_equal(philox_words(np, (9, 0), 4, 2**40, 2), philox_words(np, (9, 0), 4, 2**40 - 1, 3)[4:])


def test_uniforms_are_the_top_53_bits_like_those_of_numpy() -> None:
    np.testing.assert_array_equal(DeviceGenerator(np, 5, 6).random(400), generator("numpy", 5, 6).random(400))


Draw = Callable[[DeviceGenerator], Any]


def gamma(shape: float) -> Draw:
    return lambda rng: rng.standard_gamma(shape, SIZE)


def chisquare(df: float) -> Draw:
    return lambda rng: rng.chisquare(df, SIZE)


LAWS: dict[str, tuple[Draw, Any]] = {
    "random": (lambda rng: rng.random(SIZE), stats.uniform()),
    "uniform": (lambda rng: rng.uniform(-2.0, 5.0, SIZE), stats.uniform(-2, 7)),
    "standard_normal": (lambda rng: rng.standard_normal(SIZE), stats.norm()),
    "standard_normal, odd": (lambda rng: rng.standard_normal((SIZE + 1,)), stats.norm()),
    "normal": (lambda rng: rng.normal(3.0, 0.5, SIZE), stats.norm(3, 0.5)),
    "exponential": (lambda rng: rng.exponential(2.5, SIZE), stats.expon(scale=2.5)),
    **{f"standard_gamma({a})": (gamma(a), stats.gamma(a)) for a in (0.05, 0.5, 0.999, 1.0, 1.001, 2.5, 400.0)},
    **{f"chisquare({df})": (chisquare(df), stats.chi2(df)) for df in (0.3, 1, 2, 37)},
}


def assert_law(values: np.ndarray, law: Any) -> None:
    # The distance of Kolmogorov and Smirnov at LEVEL, by the bound of Dvoretzky, Kiefer and Wolfowitz with Massart's constant.
    bound = np.sqrt(np.log(2 / LEVEL) / (2 * values.size))
    assert stats.kstest(values, law.cdf).statistic < bound


@pytest.mark.parametrize("name", LAWS)
def test_every_variate_has_its_law(name: str) -> None:
    draw, law = LAWS[name]
    values = draw(fresh())
    assert values.dtype == np.float64
    assert_law(values, law)


@pytest.mark.parametrize("name", LAWS)
def test_the_law_test_would_notice(name: str) -> None:
    draw, law = LAWS[name]
    values = draw(fresh())
    with pytest.raises(AssertionError):
        assert_law(values + 0.2 * law.std(), law)


def test_integers_are_uniform_and_stay_inside() -> None:
    values = fresh().integers(-3, 4, SIZE)
    assert values.dtype == np.int64
    counts = np.array([(values == value).sum() for value in range(-3, 4)])
    assert counts.sum() == SIZE
    assert stats.chisquare(counts).pvalue > LEVEL
    assert set(np.unique(fresh().integers(2, size=SIZE))) == {0, 1}
    assert fresh().integers(5, 6, 3).tolist() == [5, 5, 5]


BINOMIAL = [(5, 0.3), (3, 0.9), (1000, 0.002), (50, 0.2), (50, 0.1999), (100, 0.5), (300, 0.77), (40, 0.9999), (10**5, 0.01), (7, 0.0), (7, 1.0)]


def assert_binomial(values: np.ndarray, n: int, p: float) -> None:
    law = stats.binom(n, p)
    counts = np.bincount(values, minlength=n + 1)
    expected = law.pmf(np.arange(n + 1)) * values.size
    assert not counts[expected == 0.0].any()
    usual = expected > 10.0
    if usual.sum() > 1:
        statistic = ((counts - expected)[usual] ** 2 / expected[usual]).sum()
        assert stats.chi2.sf(statistic, usual.sum()) > LEVEL
    # Counts of rare values, all together.
    rare = expected[~usual].sum()
    assert stats.poisson.sf(counts[~usual].sum() - 1, rare) > LEVEL
    assert stats.poisson.cdf(counts[~usual].sum(), rare) > LEVEL


@pytest.mark.parametrize(("n", "p"), BINOMIAL)
def test_binomial_counts_have_their_law(n: int, p: float) -> None:
    values = fresh().binomial(n, p, SIZE)
    assert values.dtype == np.int64
    assert_binomial(values, n, p)
    if 0.0 < p < 1.0:
        shift = np.ceil(0.3 * np.sqrt(n * p * (1.0 - p))).astype(int) * (fresh().random(SIZE) < 0.5)
        with pytest.raises(AssertionError):
            assert_binomial(np.maximum(values - shift, 0), n, p)


@pytest.mark.parametrize(("n", "p"), [(10**6, 0.3), (2**33, 0.4), (2**40, 1e-3), (2**40, 0.5)])
def test_many_trials_are_normal_and_exact_in_their_moments(n: int, p: float) -> None:
    values = (fresh().binomial(n, p, SIZE) - n * p) / np.sqrt(n * p * (1.0 - p))
    assert_law(values, stats.norm())


def test_multinomial_counts_have_their_law() -> None:
    p = [0.2, 0.3, 0.0, 0.5]
    counts = fresh().multinomial(100, p, SIZE)
    assert counts.shape == (SIZE, 4)
    assert (counts.sum(axis=1) == 100).all()
    for kind, chance in enumerate(p):
        assert_binomial(counts[:, kind], 100, chance)
    assert_binomial(counts[:, 0] + counts[:, 3], 100, 0.7)
    assert fresh().multinomial(100, [1.0], 3).tolist() == [[100]] * 3
    assert fresh().multinomial(np.arange(6).reshape(2, 3), [0.0, 1.0], (2, 3))[..., 1].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("bad", [-1, 2.5, 2**41, float("nan"), [1, -1]])
def test_trials_outside_the_range_are_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^n must be a whole number from 0 to 2\^40; got "):
        fresh().binomial(bad, 0.5)


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan"), [0.5, 2.0]])
def test_chances_outside_the_range_are_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^p must be in \[0, 1\]; got "):
        fresh().binomial(3, bad)
    with pytest.raises(ValueError, match=r"^pvals must be probabilities \(k,\), k >= 1, whose sum is at most 1; got "):
        fresh().multinomial(3, np.append(bad, 0.1), 2)


def test_successive_and_neighbouring_draws_are_independent() -> None:
    rng = fresh()
    rows = np.array([rng.standard_normal(SIZE), rng.standard_normal(SIZE), rng.standard_gamma(2.0, SIZE), rng.random(SIZE)])
    other = DeviceGenerator(np, rng._key[0] | rng._key[1] << 64, 4).standard_normal(SIZE)
    correlations = np.corrcoef(np.vstack([rows, other, np.roll(rows[0], 1)]))[np.triu_indices(6, 1)]
    # 8 standard errors: 1e-15 for a normal law.
    assert np.abs(correlations).max() < 8 / np.sqrt(SIZE)


@pytest.mark.parametrize(
    "method", ["random", "standard_normal", "exponential", "uniform", "normal", "integers", "standard_gamma", "chisquare", "binomial"]
)
@pytest.mark.parametrize("shape", [0, 1, 7, (), (5,), (2, 3), (3, 0, 2), (2, 1, 4), np.int64(6)])
def test_shapes_are_those_of_numpy(method: str, shape: Any) -> None:
    first = {"integers": (0, 9), "standard_gamma": (1.5,), "chisquare": (3.0,), "binomial": (9, 0.4)}.get(method, ())
    rng, peer = fresh(), np.random.default_rng(0)
    if first or method in ("random", "standard_normal"):
        assert np.shape(getattr(rng, method)(*first, shape)) == np.shape(getattr(peer, method)(*first, shape))
    else:
        assert np.shape(getattr(rng, method)(size=shape)) == np.shape(getattr(peer, method)(size=shape))


def test_gamma_shapes_broadcast() -> None:
    shapes = np.array([[0.5], [40.0]])
    values = fresh().standard_gamma(shapes, (2, SIZE))
    assert_law(values[0], stats.gamma(0.5))
    assert_law(values[1], stats.gamma(40))
    assert fresh().standard_gamma(shapes).shape == (2, 1)
    degrees = fresh().chisquare(np.arange(5, 0, -1), (SIZE, 5))
    assert_law(degrees[:, 4], stats.chi2(1))
    assert_law(degrees[:, 0], stats.chi2(5))


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf"), [1.0, -2.0]])
def test_gamma_shapes_outside_the_range_are_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"^shape must be finite and > 0; got "):
        fresh().standard_gamma(bad, (3, 2))
    with pytest.raises(ValueError, match=r"^df must be finite and > 0; got "):
        fresh().chisquare(bad, (3, 2))


def test_backends_are_checked_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_backend("numpy") == "numpy"
    with pytest.raises(ValueError, match=r"^backend must be one of 'numpy', 'cupy'; got 'torch'$"):
        check_backend("torch")
    monkeypatch.setitem(sys.modules, "cupy", None)  # what an import finds where it is not installed
    with pytest.raises(BackendError, match=r'^backend cupy needs the package cupy: pip install "theorylab\[gpu\]"$'):
        check_backend("cupy")

    def no_driver() -> int:
        raise RuntimeError("cudaErrorInsufficientDriver:\nno driver")

    for count, message in (
        (no_driver, r"finds no usable GPU \(cudaErrorInsufficientDriver: no driver\)$"),
        (lambda: 0, r"finds no GPU on this mach"),
    ):
        runtime = SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=count))
        monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(cuda=runtime))
        with pytest.raises(BackendError, match=rf"^backend cupy {message}"):
            check_backend("cupy")


def test_namespaces() -> None:
    assert namespace_of(generator("numpy", 1, 2)) is np
    assert namespace_of(fresh()) is np
    assert namespace_of(np.random.default_rng(1)) is np


@pytest.mark.gpu
@pytest.mark.parametrize(("key", "block", "count"), [(0, 0, 1), (2**128 - 1, 2**64 - 1, 4099), (2**64 + 12345, 2**63, 100_000)])
def test_words_on_the_device_are_those_of_numpy(key: int, block: int, count: int) -> None:
    cupy = cupy_or_skip()
    expected = np.random.Philox(key=key, counter=block << 192).random_raw(count)
    rng = DeviceGenerator(cupy, key, block)
    np.testing.assert_array_equal(on_host(rng.raw_words(count)), expected)
    assert namespace_of(rng) is cupy


@pytest.mark.gpu
@pytest.mark.parametrize("name", LAWS)
def test_every_variate_on_the_device_has_its_law(name: str) -> None:
    draw, law = LAWS[name]
    values = draw(fresh(cupy_or_skip()))
    assert hasattr(values, "get")
    assert_law(on_host(values), law)


@pytest.mark.gpu
def test_the_engine_records_device_blocks_apart() -> None:
    cupy_or_skip()
    from theorylab.laboratory import Laboratory
    from theorylab.montecarlo.engine import Engine

    verdict = Laboratory(engine=Engine(backend="cupy")).run(sample_square).mean().agrees_with(1.0, relative=0.05)
    assert verdict.state == "holds"


def sample_square(rng: Any, size: int) -> Any:
    return rng.standard_normal(size) ** 2
