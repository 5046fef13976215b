"""Splitting and kill-the-worst runs with few particles, where what a level books counts; tilted draws against plain ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.tools.sampling import assert_same_mean
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias import monte_carlo as simulate
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task


@pytest.mark.parametrize(("particles", "level"), [(20, 0.1), (20, 0.5), (6, 0.5)])
def test_few_particles_book_the_mean_of_an_order_statistic(particles: int, level: float) -> None:
    """log(1/p0) a level, or the next harmonic number, would be off by 1/(2 p0 N) or 1/(p0 N) nats a level: 1/4 to 1/2, at two levels or more."""
    rng = np.random.default_rng()
    nats = -math.log(-math.expm1(-0.5 * 0.02))

    def loss(z: np.ndarray) -> np.ndarray:
        return (z**2).sum(axis=1)

    found = np.array([simulate.splitting(rng, loss, 2, 0.02, particles=particles, level=level, moves=60) for _ in range(400)])
    # Six standard errors, and a little for moves that forget slowly.
    assert abs(found.mean() - nats) < 6 * found.std() / math.sqrt(400) + 0.1


def test_last_particle_runs_are_poisson() -> None:
    n, nats = 5, 2.0
    found = simulate.sample_last_particle(np.random.default_rng(), 40_000, particles=n, nats=nats)
    assert_same_mean(found["estimate"], nats)
    assert_same_mean(found["probability"], 1.0)
    # The variance of a Poisson number is its mean, and its chance of 0 that of no kill.
    assert_same_mean(found["squared"], 1.0, skewness=6.0)
    assert_same_mean(1.0 * (found["kills"] <= 4), sum(math.exp(-n * nats) * (n * nats) ** k / math.factorial(k) for k in range(5)))
    assert found["estimate"] == pytest.approx(found["kills"] / n)
    with pytest.raises(ValueError, match="particles must be an integer >= 2; got 1"):
        simulate.sample_last_particle(np.random.default_rng(0), 3, particles=1, nats=1.0)


def test_squared_weights_have_the_stated_variance() -> None:
    law = theory.task_distribution(kronecker_task(3, 10, 12))
    eps = 0.1 * law.mean()
    nats, tilt = theory.required_inductive_bias(law, eps), theory.kl_inductive_bias(law, eps).tilt
    setting = {"dimension": 3, "train": 10, "test": 12, "target_error": eps, "nats": nats}
    for factor in (1.0, 1.112):
        weights = simulate.sample_tilted_weight(np.random.default_rng(), 100_000, tilt=factor * tilt, **setting)
        assert_same_mean(weights, 1.0)
        assert_same_mean(weights**2, 1.0 + theory.tilting_relative_variance(law, eps, tilt=factor * tilt), skewness=6.0)
    assert weights.max() <= math.exp(nats - theory.kl_inductive_bias(law, eps).nats) * 1.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"particles": 1}, "particles must be an integer >= 2; got 1"),
        ({"level": 1.0}, "level must be finite and > 0 and < 1; got 1.0"),
        ({"level": 0.0}, "level must be finite and > 0 and < 1; got 0.0"),
        ({"moves": 0}, "moves must be an integer >= 1; got 0"),
        ({"dimension": 0}, "dimension must be an integer >= 1; got 0"),
    ],
)
def test_bad_input_of_splitting(change: dict[str, float], message: str) -> None:
    arguments = {"dimension": 2, "target_error": 1e-3, "particles": 20} | change
    with pytest.raises(ValueError, match=message):
        simulate.splitting(np.random.default_rng(0), lambda z: (z**2).sum(axis=1), **arguments)


def test_splitting_reaches_a_task_of_its_own() -> None:
    """The sampler on a small task against the exact bias, on average over runs."""
    law = theory.task_distribution(kronecker_task(1, 2, 3))
    assert isinstance(law, GeneralizedChiSquared)
    eps = 0.05 * law.mean()
    found = simulate.sample_splitting(np.random.default_rng(), 40, dimension=1, train=2, test=3, target_error=eps, particles=100)
    assert found.shape == (40,)
    assert abs(found.mean() - theory.required_inductive_bias(law, eps)) < 6 * found.std() / math.sqrt(40) + 0.05
