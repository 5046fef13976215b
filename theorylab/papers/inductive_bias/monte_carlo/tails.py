"""Samplers that reach the tail: reweighting along the gradient of the error, and splitting, which counts nats; for any hypothesis space."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block, host_only
from theorylab.papers.inductive_bias.monte_carlo.error_draws import _spectrum
from theorylab.validation import function, instance, real, whole_number

# Of what is done one after the other.
_MOST = 10**6

__all__ = ["sample_last_particle", "sample_splitting", "sample_tilted_weight", "splitting"]


@block_size(lambda *, test, **_: fitting_block(numbers=4.0, nanoseconds=12.0 * test + 20.0))
def sample_tilted_weight(rng: Any, size: int, *, dimension: int, train: int, test: int, target_error: float, tilt: float, nats: float) -> Any:
    """Sample e^nats times the weight of one hypothesis drawn under exp(-t L) times the posterior, 0 if its error exceeds eps.

    Coordinates stay normal: with scaled eigenvalues w and shifts b in units of standard deviations, z + b ~ N(b v, v), v = 1/(1 + 2 t w).

    Parameters
    ----------
    rng, size
        Generator and number of draws.
    dimension, train, test
        Of the task KRON(d, n, m), Laplace kernel.
    target_error, tilt
        eps and t > 0.
    nats
        The bias by which weights are scaled, so that their mean is 1 if it is right.
    """
    size, tilt, nats = check_draw(rng, size), real("tilt", tilt, above=0.0, maximum=1e100), real("nats", nats, maximum=700.0)
    target_error = real("target_error", target_error, maximum=1e100)
    values, shift = _spectrum(dimension, train, test, 1)
    w, b = values / test, shift[:, 0] / np.sqrt(values)
    v = 1.0 / (1.0 + 2.0 * tilt * w)
    xp = namespace_of(rng)
    errors = xp.zeros(size)
    for weight, offset, shrink in zip(w, b, v, strict=True):
        errors += float(weight) * (float(offset * shrink) + math.sqrt(shrink) * rng.standard_normal(size)) ** 2
    log_m = 0.5 * float(np.log(v).sum()) - tilt * float((w * b**2 * v).sum())
    return xp.where(errors <= target_error, xp.exp(log_m + tilt * errors + nats), 0.0)


@host_only("redraws one particle of each run after the other")
@block_size(1024)
def sample_last_particle(rng: Any, size: int, *, particles: int, nats: float) -> dict[str, Any]:
    """Sample the number of kills of a run that always redraws the worst of N uniform losses below its level, until none exceeds e^-nats.

    Parameters
    ----------
    rng, size
        Generator and number of runs.
    particles
        N >= 2.
    nats
        I > 0, at most 500.

    Returns
    -------
    dict
        "kills" K, "estimate" K/N, "squared" (K - N I)^2/(N I), "probability" (1 - 1/N)^K e^I.
    """
    size, nats = check_draw(rng, size), real("nats", nats, above=0.0, maximum=500.0)
    n = whole_number("particles", particles, minimum=2)
    losses = rng.random((size, n))
    kills = np.zeros(size)
    level = math.exp(-nats)
    rows = np.arange(size)
    while rows.size:
        worst = losses[rows].argmax(axis=1)
        highest = losses[rows, worst]
        rows, worst, highest = rows[highest > level], worst[highest > level], highest[highest > level]
        kills[rows] += 1.0
        losses[rows, worst] = highest * rng.random(rows.size)
    return {
        "kills": kills,
        "estimate": kills / n,
        "squared": (kills - n * nats) ** 2 / (n * nats),
        "probability": np.exp(kills * math.log1p(-1.0 / n) + nats),
    }


def splitting(
    rng: np.random.Generator,
    loss: Callable[[np.ndarray], np.ndarray],
    dimension: int,
    target_error: float,
    *,
    particles: int = 300,
    level: float = 0.1,
    moves: int = 20,
    most_levels: int = 5000,
) -> float:
    """Return an estimate of -log P(loss(z) <= eps), z standard normal, by splitting with moves that keep the prior.

    At each level the best share of the particles is kept and copied; copies are moved by z' = sqrt(1 - b^2) z + b xi, accepted if their loss stays
    below the level, with b adapted to accept about a third. A level books psi(N + 1) - psi(p0 N) nats, not log(1/p0), which is low by 1/(2 p0 N).

    Parameters
    ----------
    rng
        Random generator.
    loss
        From (count, dimension) to (count,).
    dimension
        Of z, >= 1.
    target_error
        eps.
    particles
        N >= 2.
    level
        p0 in (0, 1), the share kept.
    moves
        Of each copy at each level, >= 1.
    most_levels
        After so many levels it gives up.

    Raises
    ------
    ValueError
        If a number is out of range.
    RuntimeError
        If the target is not reached.
    """
    instance("rng", rng, np.random.Generator)
    function("loss", loss)
    n, share = whole_number("particles", particles, minimum=2), real("level", level, above=0.0, below=1.0)
    target_error, moves = real("target_error", target_error), whole_number("moves", moves, maximum=_MOST)
    most_levels = whole_number("most_levels", most_levels, maximum=_MOST)
    kept = max(1, round(share * n))
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1.0, n + 1))])
    per_level = float(harmonic[n] - harmonic[kept - 1])
    z = rng.standard_normal((n, whole_number("dimension", dimension)))
    losses = np.asarray(loss(z), dtype=np.float64)
    if losses.shape != (n,):
        raise ValueError(f"loss must return an array of shape ({n},); got shape {losses.shape}")
    nats, step = 0.0, 0.5
    for _ in range(most_levels):
        order = np.argsort(losses)
        hits = int(np.sum(losses <= target_error))
        if hits >= kept:
            # A binomial number of hits: psi(N + 1) - psi(h + 1), since the mean of log h is low by 1/(2 h).
            return nats + float(harmonic[n] - harmonic[hits])
        bound = float(losses[order[kept - 1]])
        nats += per_level
        chosen = order[rng.integers(0, kept, n)]
        z, losses = z[chosen], losses[chosen]
        for _ in range(moves):
            proposed = math.sqrt(1.0 - step**2) * z + step * rng.standard_normal(z.shape)
            found = loss(proposed)
            accepted = found <= bound
            z, losses = np.where(accepted[:, None], proposed, z), np.where(accepted, found, losses)
            step = min(1.0, max(1e-300, step * math.exp(0.2 * (float(accepted.mean()) - 0.3))))
    raise RuntimeError(f"the target error {target_error:g} was not reached in {most_levels} levels")


@host_only("adapts its moves to one run after the other")
@block_size(16)
def sample_splitting(
    rng: Any, size: int, *, dimension: int, train: int, test: int, target_error: float, particles: int, moves: int = 20
) -> np.ndarray:
    """Sample the estimate of `splitting` for KRON(d, n, m), Laplace kernel, one output.

    Parameters
    ----------
    rng, size
        Generator and number of runs.
    dimension, train, test
        Of the task.
    target_error, particles, moves
        As in `splitting`.
    """
    size, test = check_draw(rng, size, maximum=_MOST), whole_number("test", test)
    target_error = real("target_error", target_error, minimum=1e-9)
    values, shift = _spectrum(dimension, train, test, 1)

    def loss(z: np.ndarray) -> np.ndarray:
        return ((np.sqrt(values) * z + shift[:, 0]) ** 2).mean(axis=1)

    return np.array([splitting(rng, loss, test, target_error, particles=particles, moves=moves) for _ in range(size)])
