"""Estimates of the bias at any depth with intervals: by tilting where the law of the error is known, by splitting for any hypothesis space."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias.closed_form import kl_inductive_bias, tilted_law
from theorylab.papers.inductive_bias.monte_carlo import splitting
from theorylab.validation import array_of_shape, instance, real, whole_number

__all__ = ["NetworkLoss", "TailEstimate", "network_loss", "splitting_bias", "tilted_bias"]


class TailEstimate(NamedTuple):
    """Nats with an interval, and the relative standard deviation (tilting: of one draw; splitting: of one run, in nats).

    Where the draws are too few the upper end is infinite; where none is below the target, nats and deviation are, too.
    """

    nats: float
    low: float
    high: float
    deviation: float


class NetworkLoss(NamedTuple):
    """A loss of many networks at once, from standard normal weights (count, dimension) to (count,), and the dimension."""

    loss: Callable[[np.ndarray], np.ndarray]
    dimension: int


def tilted_bias(
    distribution: GeneralizedChiSquared,
    target_error: float,
    *,
    draws: int = 20_000,
    failure_probability: float = 0.05,
    random_state: int = 0,
) -> TailEstimate:
    """Estimate -log P(L <= eps) from draws reweighted towards small errors.

    Each draw of the law tilted by t weighs M(t) e^(t (L - offset)) if L <= eps, else 0: unbiased for the probability, at most e^-J
    (`kl_inductive_bias`), with a relative variance that does not grow with the nats. The interval is that of the empirical Bernstein inequality
    (Audibert, Munos and Szepesvari 2009) for numbers between 0 and e^-J, so it holds at every number of draws.

    Parameters
    ----------
    distribution
        A single law.
    target_error
        eps above the offset and below the mean.
    draws
        Number of draws, >= 2.
    failure_probability
        delta in (0, 1).
    random_state
        Seed.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    instance("distribution", distribution, GeneralizedChiSquared)
    n = whole_number("draws", draws, minimum=2)
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    relaxed = kl_inductive_bias(distribution, target_error)
    if relaxed.tilt == 0.0:
        raise ValueError(f"target_error must be below the mean {distribution.mean():.4g}; got {target_error:g}")
    errors = np.asarray(tilted_law(distribution, relaxed.tilt).rvs(n, whole_number("random_state", random_state, minimum=0)))
    # Relative to the largest possible weight.
    weights = np.where(errors <= target_error, np.exp(np.minimum(relaxed.tilt * (errors - target_error), 0.0)), 0.0)
    mean, variance = float(weights.mean()), float(weights.var())
    term = math.log(3.0 / delta)
    width = math.sqrt(2.0 * variance * term / n) + 3.0 * term / n
    low = relaxed.nats - math.log(min(1.0, mean + width))
    high = math.inf if mean <= width else relaxed.nats - math.log(mean - width)
    nats = math.inf if mean == 0.0 else relaxed.nats - math.log(mean)
    return TailEstimate(nats, low, high, math.sqrt(variance) / mean if mean else math.inf)


def splitting_bias(
    loss: Callable[[np.ndarray], np.ndarray],
    dimension: int,
    target_error: float,
    *,
    particles: int = 300,
    level: float = 0.1,
    moves: int = 20,
    runs: int = 8,
    failure_probability: float = 0.05,
    random_state: int = 0,
) -> TailEstimate:
    """Estimate -log P(loss(z) <= eps) for standard normal z by independent runs of splitting.

    Works for any hypothesis space whose random numbers can be made standard normal: networks with all their weights (`network_loss`). The interval is
    Student's over the runs, each nearly normal with variance near I/particles where moves forget the past; if they do not, runs are too low or too
    high together, which more moves would show.

    Parameters
    ----------
    loss
        From (count, dimension) to (count,).
    dimension
        Of z, >= 1.
    target_error
        eps.
    particles, level, moves
        As in `theorylab.papers.inductive_bias.monte_carlo.splitting`.
    runs
        >= 2.
    failure_probability
        delta in (0, 1).
    random_state
        Seed.

    Raises
    ------
    ValueError
        If a number is out of range.
    RuntimeError
        If the target is not reached.
    """
    count = whole_number("runs", runs, minimum=2)
    delta = real("failure_probability", failure_probability, above=0.0, below=1.0)
    rng = np.random.default_rng(whole_number("random_state", random_state, minimum=0))
    found = np.array([splitting(rng, loss, dimension, target_error, particles=particles, level=level, moves=moves) for _ in range(count)])
    deviation = float(found.std(ddof=1))
    width = float(student.isf(0.5 * delta, count - 1)) * deviation / math.sqrt(count)
    return TailEstimate(float(found.mean()), float(found.mean()) - width, float(found.mean()) + width, deviation)


def network_loss(X: ArrayLike, y: ArrayLike, *, width: int, depth: int = 1, nugget: float = 0.0) -> NetworkLoss:
    """Return the mean squared error of random ReLU networks on (X, y) as a function of all their weights.

    H_0 = X/sqrt(d), H_l = sqrt(2/N) relu(H_(l - 1) W_l), f = H v plus independent noise of variance tau^2 at each point, all weights standard normal.

    Parameters
    ----------
    X, y
        (m, d) and (m,).
    width, depth
        N and hidden layers, >= 1.
    nugget
        tau^2 >= 0.

    Raises
    ------
    ValueError
        If shapes do not fit or a number is out of range.
    """
    x = array_of_shape("X", X, ("m", "d"))
    target = array_of_shape("y", y, (len(x),))
    n, layers = whole_number("width", width), whole_number("depth", depth)
    noise = math.sqrt(real("nugget", nugget, minimum=0.0))
    sizes = [x.shape[1] * n] + [n * n] * (layers - 1) + [n] + ([len(x)] if noise else [])
    ends = np.cumsum(sizes)

    def loss(z: np.ndarray) -> np.ndarray:
        parts = np.split(z, ends[:-1], axis=1)
        hidden: np.ndarray = np.broadcast_to(x / math.sqrt(x.shape[1]), (len(z), *x.shape))
        for part in parts[:layers]:
            hidden = math.sqrt(2.0 / n) * np.maximum(hidden @ part.reshape(len(z), hidden.shape[2], n), 0.0)
        outputs = (hidden @ parts[layers][:, :, None])[..., 0]
        if noise:
            outputs = outputs + noise * parts[layers + 1]
        return np.asarray(((outputs - target) ** 2).mean(axis=1))

    return NetworkLoss(loss, int(ends[-1]))
