"""Contests of the samplers of inductive_bias: test errors, tails by tilting and splitting, random and trained networks."""

from __future__ import annotations

import math

import numpy as np
from agreement import assert_means_agree
from contest import Contender, Contest
from peers_inductive_bias import (
    AdamSetting,
    function_errors,
    integrated_network_chances,
    network_errors,
    particle_by_particle,
    regressor_errors,
    trained_errors,
)

from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias import monte_carlo as simulate
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task

__all__ = ["sampler_contests"]

SLUG = "inductive_bias"


def mean_error() -> Contest:
    """Return the mean test error of an interpolating hypothesis: draws of the weighted sum, or of functions."""
    size = {"dimension": 4, "train": 32, "test": 64}
    task = kronecker_task(**size)
    law = theory.task_distribution(task)
    mean, spread = float(law.mean()), float(law.std())
    rng = np.random.default_rng(0)
    draws = 16_384

    def check() -> None:
        found = {route: simulate.sample_errors(rng, draws, **size, route=route)["error"] for route in simulate.ROUTES}
        found |= {"one by one": function_errors(rng, draws, task), "scikit-learn": regressor_errors(0, draws, task)}
        assert_means_agree(found, {"closed form": mean})

    return Contest(
        SLUG,
        "mean test error of hypotheses that interpolate KRON(4, 32, 64)",
        (
            Contender("sample_errors along the spectrum", lambda: simulate.sample_errors(rng, draws, **size), draws, spread),
            Contender("numpy, one function at a time", lambda: function_errors(rng, draws, task), draws, spread),
            Contender("sample_errors of functions, in batches", lambda: simulate.sample_errors(rng, draws, **size, route="functions"), draws, spread),
            Contender("scikit-learn GaussianProcessRegressor.sample_y", lambda: regressor_errors(0, draws, task), draws, spread),
        ),
        answer="means of the same law",
        check=check,
        standard_error=6e-4,
    )


def tail_by_simulation() -> Contest:
    """Return the bias of a small task at 9.4 nats by simulation: reweighted, by splitting, by counting."""
    size = {"dimension": 3, "train": 10, "test": 12}
    task = kronecker_task(**size)
    law = theory.task_distribution(task)
    target = 0.1 * float(law.mean())
    nats, tilt = float(theory.required_inductive_bias(law, target)), theory.kl_inductive_bias(law, target).tilt
    rng = np.random.default_rng(1)
    tilted, runs, draws = 65_536, 16, 65_536
    counting = math.sqrt(math.expm1(nats))

    def weights() -> np.ndarray:
        return simulate.sample_tilted_weight(rng, tilted, **size, target_error=target, tilt=tilt, nats=nats)

    def split() -> np.ndarray:
        return simulate.sample_splitting(rng, runs, **size, target_error=target, particles=300)

    def check() -> None:
        assert_means_agree({"tilted": weights()}, {"closed form": 1.0})
        assert_means_agree({"splitting": split()}, {"closed form": nats})
        # Where hits can be counted, at half the mean.
        errors = {"spectrum": simulate.sample_errors(rng, draws, **size)["error"], "one by one": function_errors(rng, draws, task)}
        assert_means_agree({name: 1.0 * (found <= 5.0 * target) for name, found in errors.items()}, {"closed form": law.cdf(5.0 * target)})

    return Contest(
        SLUG,
        "bias of KRON(3, 10, 12) at a tenth of the mean error by simulation",
        (
            Contender("sample_tilted_weight", weights, tilted, lambda: float(weights().std())),
            Contender("numpy, one function at a time, hits counted", lambda: function_errors(rng, draws, task), draws, counting),
            Contender("sample_errors along the spectrum, hits counted", lambda: simulate.sample_errors(rng, draws, **size), draws, counting),
            Contender("sample_splitting, 300 particles, for any hypothesis space", split, runs, lambda: float(split().std(ddof=1))),
        ),
        answer="nats, 9.446",
        check=check,
        standard_error=0.01,
    )


def deep_splitting() -> Contest:
    """Return splitting far down; the rival takes a few levels, which cost the same each."""
    law = theory.task_distribution(kronecker_task(4, 32, 64))
    weights, shift = law.weights, np.sqrt(law.noncentrality)
    target = 1e-21 * float(law.mean())
    nats = float(theory.required_inductive_bias(law, target))
    rng = np.random.default_rng(2)
    setting = {"particles": 200, "level": 0.2, "moves": 10}
    levels = 10
    booked = levels * sum(1.0 / rank for rank in range(40, 201))

    def one(z: np.ndarray) -> float:
        return float((weights * (z + shift) ** 2).sum())

    def batch(error: float) -> float:
        return simulate.splitting(rng, lambda z: (weights * (z + shift) ** 2).sum(axis=1), 64, error, **setting)

    def check() -> None:
        # Some hundred times less deep; a run's variance is about I/N, and twice that with moves that remember the past.
        error = 0.1 * float(law.mean())
        exact = float(theory.required_inductive_bias(law, error))
        noise = math.sqrt(2.0 * exact / setting["particles"])
        assert abs(batch(error) - exact) < 5.0 * noise
        assert abs(particle_by_particle(rng, one, 64, error, **setting, most_levels=1000) - exact) < 5.0 * noise

    return Contest(
        SLUG,
        "splitting to 1513 nats, KRON(4, 32, 64), 200 particles, 10 moves a level (at most 20 s asked)",
        (
            Contender("splitting, all particles at once", lambda: batch(target)),
            Contender(
                "numpy, one particle at a time (the first 16 nats timed)",
                lambda: particle_by_particle(rng, one, 64, target, **setting, most_levels=levels),
                booked / nats,
            ),
        ),
        answer="a run with equal levels and moves",
        check=check,
        rounds=3,
    )


def random_networks() -> Contest:
    """Return the chance of a small test error for networks of finite width: read-out integrated out, or forward passes counted."""
    sizes = {"width": 256, "depth": 3, "nugget": 0.01}
    error, networks, few = 0.3, 1000, 50
    task = kronecker_task(3, 0, 6, normalized=True)
    rng = np.random.default_rng(3)

    def ours() -> np.ndarray:
        return np.asarray(simulate.sample_finite_width(rng, networks, dimension=3, train=0, test=6, target_errors=(error,), **sizes)["chance_0"])

    def one_by_one() -> np.ndarray:
        return integrated_network_chances(rng, few, task, target_error=error, **sizes)

    def forward() -> np.ndarray:
        return np.asarray(simulate.sample_width_errors(rng, 4 * few, dimension=3, test=6, **sizes))

    def spread() -> float:
        return float(ours().std())

    def counting() -> float:
        chance = float(ours().mean())
        return math.sqrt(chance * (1.0 - chance))

    def check() -> None:
        assert_means_agree({"ours": ours(), "one by one": one_by_one()})
        # At the middle of the errors, where few passes tell much.
        middle = simulate.sample_finite_width(rng, networks, dimension=3, train=0, test=6, target_errors=(1.5,), **sizes)["chance_0"]
        passes = {"batches": forward(), "one by one": network_errors(rng, 4 * few, task, **sizes)}
        assert_means_agree({"ours": middle} | {name: 1.0 * (errors <= 1.5) for name, errors in passes.items()})

    return Contest(
        SLUG,
        "chance of a test error below .3 for random networks of width 256 and depth 3 (1e3 networks, at most 20 s asked)",
        (
            Contender("sample_finite_width, values in place of weights, read-out integrated out", ours, networks, spread),
            Contender("numpy, one forward pass at a time", lambda: network_errors(rng, few, task, **sizes), few, counting),
            Contender("sample_width_errors, forward passes in batches", forward, 4 * few, counting),
            Contender("numpy, weights drawn one network at a time, read-out integrated out", one_by_one, few, spread),
        ),
        answer="means of the same number; at this error ours takes about 1e3 networks",
        check=check,
        standard_error=1e-4,
    )


def trained_networks() -> Contest:
    """Return the mean test error of trained networks: one batched loop of Adam, or one network after the other."""
    size, setting = {"dimension": 2, "train": 16, "test": 64}, AdamSetting(8, 1500, 0.01)
    task = kronecker_task(**size)
    rng = np.random.default_rng(4)
    networks, few = 256, 4

    def ours(count: int = networks) -> np.ndarray:
        return np.asarray(simulate.sample_trained_errors(rng, count, **size, width=setting.width))

    def spread() -> float:
        return float(ours().std())

    def check() -> None:
        short = setting._replace(steps=150)
        batch = np.asarray(simulate.sample_trained_errors(rng, 400, **size, width=short.width, steps=short.steps))
        # Errors are skewed; their logarithms are nearly normal.
        assert_means_agree({"batch": np.log(batch), "one by one": np.log(trained_errors(rng, 60, task, short))})

    return Contest(
        SLUG,
        "mean test error of ReLU networks, 8 hidden units, after 1500 steps of Adam on KRON(2, 16, 64)",
        (
            Contender("sample_trained_errors, all networks in one loop", ours, networks, spread),
            Contender("numpy, one network at a time", lambda: trained_errors(rng, few, task, setting), few, spread),
        ),
        answer="means of the same law",
        check=check,
        standard_error=1e-3,
        rounds=3,
    )


def sampler_contests() -> list[Contest]:
    """Return the contests of the samplers."""
    return [mean_error(), tail_by_simulation(), deep_splitting(), random_networks(), trained_networks()]
