"""Intervals of tilting and splitting: recomputed from their own draws, in few draws, with offsets, and over scripted runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias.estimators import network_loss, splitting_bias, tail_estimates, tilted_bias

LAW = GeneralizedChiSquared([1.0, 0.2], [1.0, 3.0], [0.5, 0.0], 0.4)


def test_tilted_interval_from_its_own_draws() -> None:
    """Empirical Bernstein: mean +- sqrt(2 v log(3/delta)/n) + 3 log(3/delta)/n for numbers in [0, 1], here weights over e^-J."""
    eps, n, delta = 0.45, 3000, 0.02
    found = tilted_bias(LAW, eps, draws=n, failure_probability=delta, random_state=7)
    relaxed = theory.kl_inductive_bias(LAW, eps)
    errors = theory.tilted_law(LAW, relaxed.tilt).rvs(n, 7)
    weights = np.where(errors <= eps, np.exp(relaxed.tilt * (errors - eps)), 0.0)
    width = math.sqrt(2 * weights.var() * math.log(3 / delta) / n) + 3 * math.log(3 / delta) / n
    exact = [relaxed.nats - math.log(value) for value in (weights.mean(), weights.mean() + width, weights.mean() - width)]
    assert [found.nats, found.low, found.high] == pytest.approx(exact, rel=1e-12)
    assert found.deviation == pytest.approx(weights.std() / weights.mean(), rel=1e-12)
    assert found.low < -LAW.logcdf(eps) < found.high


def test_few_tilted_draws_still_certify_the_relaxed_bias() -> None:
    for eps in (0.41, 0.7):
        relaxed = theory.kl_inductive_bias(LAW, eps)
        found = tilted_bias(LAW, eps, draws=2)
        assert found.low == pytest.approx(relaxed.nats, rel=1e-12)
        assert found.high == math.inf
    # A deep target needs no more draws.
    law = GeneralizedChiSquared(LAW.weights, LAW.degrees, LAW.noncentrality)
    deep = tilted_bias(law, 1e-120, draws=20_000)
    assert deep.low < -law.logcdf(1e-120) < deep.high
    assert deep.high - deep.low < 0.2


def test_student_interval_over_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    script = iter([3.0, 5.0, 4.0, 6.0])
    asked: list[tuple[float, ...]] = []

    def scripted(rng: object, loss: object, dimension: int, target_error: float, *, particles: int, level: float, moves: int) -> float:
        asked.append((dimension, target_error, particles, level, moves))
        return next(script)

    monkeypatch.setattr(tail_estimates, "splitting", scripted)
    found = splitting_bias(lambda z: z[:, 0], 3, 0.1, particles=50, level=0.2, moves=5, runs=4, failure_probability=0.1)
    deviation = math.sqrt(5 / 3)
    width = student.ppf(0.95, 3) * deviation / 2
    assert found == pytest.approx((4.5, 4.5 - width, 4.5 + width, deviation), rel=1e-12)
    assert asked == [(3, 0.1, 50, 0.2, 5)] * 4


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("nugget", [0.0, 0.25])
def test_network_loss_written_out(depth: int, nugget: float) -> None:
    rng, width = np.random.default_rng(1), 4
    x, y = rng.standard_normal((5, 3)), rng.standard_normal(5)
    space = network_loss(x, y, width=width, depth=depth, nugget=nugget)
    assert space.dimension == 3 * width + (depth - 1) * width**2 + width + (5 if nugget else 0)
    z = rng.standard_normal((6, space.dimension))
    for row, loss in zip(z, space.loss(z), strict=True):
        entries = iter(row)
        hidden = [list(point / math.sqrt(3)) for point in x]
        for _ in range(depth):
            weights = [[next(entries) for _ in range(width)] for _ in range(len(hidden[0]))]
            sums = [[sum(h * w[j] for h, w in zip(point, weights, strict=True)) for j in range(width)] for point in hidden]
            hidden = [[math.sqrt(2 / width) * max(0.0, value) for value in point] for point in sums]
        head = [next(entries) for _ in range(width)]
        outputs = [sum(h * v for h, v in zip(point, head, strict=True)) for point in hidden]
        if nugget:
            outputs = [output + math.sqrt(nugget) * next(entries) for output in outputs]
        assert loss == pytest.approx(sum((output - target) ** 2 for output, target in zip(outputs, y, strict=True)) / 5, rel=1e-10)
        assert not list(entries)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((LAW, 0.4), r"target_error must be finite and > 0.4; got 0.4"),
        ((LAW, 5.0), r"target_error must be below the mean 2.5; got 5"),
        ((GeneralizedChiSquared(np.ones((2, 2))), 0.1), r"distribution must be a single law; got a batch of shape \(2,\)"),
    ],
)
def test_bad_tilted_targets(arguments: tuple[GeneralizedChiSquared, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tilted_bias(*arguments)


def test_bad_tilted_numbers() -> None:
    with pytest.raises(ValueError, match="draws must be an integer >= 2; got 1"):
        tilted_bias(LAW, 0.5, draws=1)
    with pytest.raises(ValueError, match=r"failure_probability must be finite and > 0 and < 1; got 1.0"):
        tilted_bias(LAW, 0.5, failure_probability=1.0)
