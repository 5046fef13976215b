"""Learner, tests and certificate for many samples at once: the numbers and the decisions that each sample gets by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.tools import strict_device
from theorylab.backend import DeviceGenerator
from theorylab.papers.tester_learner.estimators import (
    averaging_direction,
    band_moments,
    batches,
    certificate_batches,
    fit_surrogate,
    judge_regions,
    massart_certificate,
    paper_regions,
    sample_disagreement_bound,
    summarise,
)
from theorylab.papers.tester_learner.monte_carlo import MARGINALS, SCENARIOS, draw_scenario, sample_marginal

SAMPLES, ROWS, DIMENSION, WIDTH = 5, 2400, 6, 0.4
SCENARIO = pytest.mark.parametrize("scenario", sorted(SCENARIOS))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng()


def samples(rng: np.random.Generator, scenario: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw data sets of a scenario, each with a direction that was learned from it."""
    draw = {"sample_size": ROWS, "dimension": DIMENSION, "ramp_width": WIDTH, "noise_rate": 0.2}
    x, y, _, _, _ = draw_scenario(rng, scenario, **draw, replicates=SAMPLES)
    w = np.array([fit_surrogate(x[r], y[r], ramp_width=WIDTH, noise_rate=0.2).direction for r in range(SAMPLES)])
    return x, y, w


@SCENARIO
def test_the_learner(rng: np.random.Generator, scenario: str) -> None:
    x, y, w = samples(rng, scenario)
    np.testing.assert_allclose(batches.learn_many(np, x, y, ramp_width=WIDTH, noise_rate=0.2), w, atol=1e-10)
    start = np.ones(DIMENSION)
    found = batches.learn_many(np, x, y, ramp_width=WIDTH, noise_rate=0.2, start=start)
    np.testing.assert_allclose(found[2], fit_surrogate(x[2], y[2], ramp_width=WIDTH, noise_rate=0.2, start=start).direction, atol=1e-10)


def test_rows_in_two_stages(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 17_000, 3))
    y = np.where(x[:, :, 1] + x[:, :, 2] >= 0.0, 1.0, -1.0) * np.where(rng.random((2, 17_000)) < 0.1, -1.0, 1.0)
    found = batches.learn_many(np, x, y, ramp_width=1.0, noise_rate=0.1)
    for r in range(2):
        np.testing.assert_allclose(found[r], fit_surrogate(x[r], y[r], ramp_width=1.0, noise_rate=0.1).direction, atol=1e-10)


def test_the_mean_of_nothing_is_the_first_axis(rng: np.random.Generator) -> None:
    x = rng.integers(-3, 4, (2, 40, 3)) + 0.5  # sums of these are exact
    x[0, 20:] = x[0, :20]
    y = np.where(np.arange(40) < 20, 1.0, -1.0) * np.ones((2, 1))
    found = batches.averaging_directions(np, x, y)
    assert found[0].tolist() == [1.0, 0.0, 0.0]
    np.testing.assert_allclose(found[1], averaging_direction(x[1], y[1]), rtol=1e-12)


@SCENARIO
@pytest.mark.parametrize("mode", ["tolerant", "calibrated"])
def test_every_decision_is_that_of_the_report(rng: np.random.Generator, scenario: str, mode: str) -> None:
    x, _, w = samples(rng, scenario)
    regions = paper_regions(WIDTH)
    table = batches.summarise_many(np, x, w, regions)
    each = [summarise(x[r], w[r], regions) for r in range(SAMPLES)]
    for found, expected in zip(table, batches.joined_summaries(each), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)
    level = float(rng.uniform(0.05, 0.9))
    judged = batches.judge_many(table, regions, rows=ROWS, dimension=DIMENSION, mode=mode, failure_probability=level)
    for r in range(SAMPLES):
        report = judge_regions(each[r], ROWS, mode=mode, failure_probability=level)
        assert report.accepted == batches.accepted(judged)[r]
        for result in report.results:
            name = next(name for name in judged if result.name.startswith(name))
            place = next(k for k, region in enumerate(regions) if region.name in result.name)
            assert judged[name][r, place] == result.passed, result
        assert sum(int((~passed[r]).sum()) for passed in judged.values()) == sum(not result.passed for result in report.results)


@pytest.mark.parametrize("level", [1e-11, 0.05])
def test_small_levels_and_few_rows(rng: np.random.Generator, level: float) -> None:
    x, regions = rng.standard_normal((3, 400, 3)), paper_regions(0.5)
    x[1, :, 2] *= np.where(abs(x[1, :, 0]) < 0.25, 1e-3, 1.0)
    x[2, :, 2] *= 5.0
    axis = np.eye(1, 3)[0]
    table = batches.summarise_many(np, x, np.tile(axis, (3, 1)), regions)
    found = batches.accepted(batches.judge_many(table, regions, rows=400, dimension=3, mode="calibrated", failure_probability=level))
    each = [judge_regions(summarise(x[r], axis, regions), 400, mode="calibrated", failure_probability=level).accepted for r in range(3)]
    assert found.tolist() == each


@SCENARIO
def test_moments_and_bounds_of_the_certificate(rng: np.random.Generator, scenario: str) -> None:
    x, y, w = samples(rng, scenario)
    numbers = certificate_batches.band_moments_of_many(np, x, y, w, half_width=0.15)
    tangents = np.geomspace(0.01, 2.0, SAMPLES)
    bounds = certificate_batches.strip_bounds_of_many(np, x, w, tangents)
    for r in range(SAMPLES):
        moments = band_moments(x[r], y[r], w[r], half_width=0.15)
        found = certificate_batches.band_moments_of(numbers[r], 0.15)
        np.testing.assert_allclose(found[:4], moments[:4], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.smallest, moments.smallest, rtol=1e-8, atol=1e-12)
        if moments.smallest > 1e-9:  # else rounding decides whether there is a bound
            np.testing.assert_allclose(found[5:], moments[5:], rtol=1e-8)
        assert bounds[r] == pytest.approx(sample_disagreement_bound(x[r], w[r], float(tangents[r])), abs=1e-10)


def test_certificates(rng: np.random.Generator) -> None:
    x = rng.standard_normal((3, 60_000, 3))
    y = np.where(x[:, :, 0] >= 0.0, 1.0, -1.0)
    y[2] = 1.0
    w = np.tile([math.cos(0.01), math.sin(0.01), 0.0], (3, 1))
    options: dict[str, Any] = {"ramp_width": 0.8, "noise_rate": 0.05, "failure_probability": 0.1}
    found = certificate_batches.certificates_of_many(np, x, y, w, **options)
    expected = [massart_certificate(x[r], y[r], w[r], **options) for r in range(3)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one[:3], other[:3], rtol=1e-9)
    assert found[0].disagreement < 0.5
    with pytest.raises(ValueError, match=r"^dimension must be at most 41 for many samples at once; got 42$"):
        certificate_batches.certificates_of_many(np, np.ones((1, 3, 42)), np.ones((1, 3)), np.eye(1, 42), **options)


def test_few_rows_certify_nothing(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((2, 6, 8)), np.ones((2, 6))
    found = certificate_batches.certificates_of_many(np, x, y, np.eye(2, 8), ramp_width=0.5, noise_rate=0.1, failure_probability=0.05)
    assert [one[:2] for one in found] == [(math.pi / 2.0, 1.0)] * 2


@pytest.mark.parametrize("name", sorted(MARGINALS))
def test_marginals_on_a_device(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    key = int.from_bytes(np.random.default_rng().bytes(16), "little")
    options: dict[str, Any] = {"half_width": 0.3} if name in ("pinched", "coupled") else {}
    choices = [options, options | {"edge_share": 0.4, "spread": 2, "balanced": True}] if name == "coupled" else [options]
    for chosen in choices:
        expected = sample_marginal(name, 50, 4, DeviceGenerator(np, key, 3), replicates=7, **chosen)
        assert expected.shape == (7, 50, 4)
        strict_device.install(monkeypatch)
        found = sample_marginal(name, 50, 4, DeviceGenerator(strict_device.NAMESPACE, key, 3), replicates=7, **chosen)
        np.testing.assert_allclose(found.get(), expected, rtol=1e-12, atol=1e-12)


@SCENARIO
def test_scenarios_on_a_device(monkeypatch: pytest.MonkeyPatch, scenario: str) -> None:
    key = int.from_bytes(np.random.default_rng().bytes(16), "little")
    draw: dict[str, Any] = {"sample_size": 40, "dimension": 6, "ramp_width": 0.4, "noise_rate": 0.2, "replicates": 3}
    expected = draw_scenario(DeviceGenerator(np, key, 3), scenario, **draw)
    strict_device.install(monkeypatch)
    found = draw_scenario(DeviceGenerator(strict_device.NAMESPACE, key, 3), scenario, **draw)
    for one, other in zip(found[:4], expected[:4], strict=True):
        np.testing.assert_allclose(one.get(), other, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(found[4], expected[4])
