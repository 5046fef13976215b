"""What else a user of inductive_bias could run: the published fit, functions and networks one at a time, splitting without batches."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import ncx2

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias.reference_tasks import Task

__all__ = [
    "AdamSetting",
    "function_errors",
    "integrated_network_chances",
    "network_errors",
    "particle_by_particle",
    "published_bias",
    "regressor_errors",
    "trained_errors",
]


def published_bias(errors: np.ndarray, target_error: float) -> float:
    """Return the nats read off a scaled noncentral chi-squared law of greatest likelihood, found by scipy's simplex search as in the paper's code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        degrees, noncentrality, _, scale = ncx2.fit(errors, floc=0)
    return -float(ncx2.logcdf(target_error, degrees, noncentrality, 0.0, scale))


def function_errors(rng: np.random.Generator, size: int, task: Task) -> np.ndarray:
    """Draw functions one at a time: the prior at all points by its Cholesky factor, then conditioned on the training values."""
    n = task.train
    kernel = np.exp(-cdist(task.inputs, task.inputs))
    factor = np.linalg.cholesky(kernel)
    weights = np.linalg.solve(kernel[:n, :n], kernel[:n, n:]).T
    y = task.targets[:, 0]
    found = np.empty(size)
    for row in range(size):
        prior = factor @ rng.standard_normal(len(y))
        found[row] = np.mean((prior[n:] + weights @ (y[:n] - prior[:n]) - y[n:]) ** 2)
    return found


def regressor_errors(seed: int, size: int, task: Task) -> np.ndarray:
    """Draw functions from scikit-learn's regressor with the Laplace kernel, all in one call of ``sample_y``."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Matern

    n = task.train
    regressor = GaussianProcessRegressor(Matern(nu=0.5), alpha=1e-10, optimizer=None).fit(task.inputs[:n], task.targets[:n, 0])
    drawn = regressor.sample_y(task.inputs[n:], size, random_state=seed)
    return np.asarray(((drawn - task.targets[n:]) ** 2).mean(axis=0))


def particle_by_particle(
    rng: np.random.Generator,
    loss: Callable[[np.ndarray], float],
    dimension: int,
    target_error: float,
    *,
    particles: int,
    level: float,
    moves: int,
    most_levels: int,
) -> float:
    """Return the nats of splitting with the same levels and moves, one particle after the other, up to the target or a number of levels."""
    kept = round(level * particles)
    z = [rng.standard_normal(dimension) for _ in range(particles)]
    losses = [loss(point) for point in z]
    per_level = sum(1.0 / rank for rank in range(kept, particles + 1))
    nats, step = 0.0, 0.5
    for _ in range(most_levels):
        order = np.argsort(losses)
        hits = sum(value <= target_error for value in losses)
        if hits >= kept:
            return nats + sum(1.0 / rank for rank in range(hits + 1, particles + 1))
        bound = losses[order[kept - 1]]
        nats += per_level
        chosen = order[rng.integers(0, kept, particles)]
        z, losses = [z[index] for index in chosen], [losses[index] for index in chosen]
        for _ in range(moves):
            accepted = 0
            shrink = math.sqrt(1.0 - step**2)
            for index in range(particles):
                proposed = shrink * z[index] + step * rng.standard_normal(dimension)
                found = loss(proposed)
                if found <= bound:
                    z[index], losses[index] = proposed, found
                    accepted += 1
            step = min(1.0, step * math.exp(0.2 * (accepted / particles - 0.3)))
    return nats


def network_errors(rng: np.random.Generator, size: int, task: Task, *, width: int, depth: int, nugget: float) -> np.ndarray:
    """Draw whole random networks one at a time and return the test error of each, from a plain forward pass."""
    found = np.empty(size)
    for row in range(size):
        outputs = _hidden(rng, task.inputs, width, depth) @ rng.standard_normal(width) + math.sqrt(nugget) * rng.standard_normal(len(task.inputs))
        found[row] = np.mean((outputs - task.targets[:, 0]) ** 2)
    return found


def _hidden(rng: np.random.Generator, inputs: np.ndarray, width: int, depth: int) -> np.ndarray:
    layer = inputs / math.sqrt(inputs.shape[1])
    for _ in range(depth):
        layer = math.sqrt(2.0 / width) * np.maximum(layer @ rng.standard_normal((layer.shape[1], width)), 0.0)
    return layer


def integrated_network_chances(
    rng: np.random.Generator, size: int, task: Task, *, width: int, depth: int, nugget: float, target_error: float
) -> np.ndarray:
    """Draw the hidden weights of networks one at a time and return the chance of a small test error with the read-out integrated out."""
    found = np.empty(size)
    y = task.targets[:, 0]
    for row in range(size):
        layer = _hidden(rng, task.inputs, width, depth)
        values, vectors = np.linalg.eigh(layer @ layer.T + nugget * np.eye(len(y)))
        found[row] = GeneralizedChiSquared(values / len(y), 1.0, (vectors.T @ y) ** 2 / values).cdf(target_error)
    return found


class AdamSetting(NamedTuple):
    """Hidden units, steps and step size of full-batch Adam."""

    width: int
    steps: int
    learning_rate: float


def trained_errors(rng: np.random.Generator, size: int, task: Task, setting: AdamSetting) -> np.ndarray:
    """Train one-hidden-layer ReLU networks one at a time by full-batch Adam, He's initialisation, and return their test errors."""
    n, width = task.train, setting.width
    x, y = task.inputs, task.targets
    d = x.shape[1]
    found = np.empty(size)
    for row in range(size):
        state = [rng.standard_normal((d, width)) * math.sqrt(2.0 / d), np.zeros(width)]
        state += [rng.standard_normal((width, 1)) * math.sqrt(2.0 / width), np.zeros(1)]
        first, second = [np.zeros_like(part) for part in state], [np.zeros_like(part) for part in state]
        for step in range(1, setting.steps + 1):
            before = x[:n] @ state[0] + state[1]
            hidden = np.maximum(before, 0.0)
            slope = 2.0 / n * (hidden @ state[2] + state[3] - y[:n])
            back = (slope @ state[2].T) * (before > 0.0)
            for index, gradient in enumerate((x[:n].T @ back, back.sum(axis=0), hidden.T @ slope, slope.sum(axis=0))):
                first[index] = 0.9 * first[index] + 0.1 * gradient
                second[index] = 0.999 * second[index] + 0.001 * gradient**2
                ascent = first[index] / (1.0 - 0.9**step) / (np.sqrt(second[index] / (1.0 - 0.999**step)) + 1e-8)
                state[index] = state[index] - setting.learning_rate * ascent
        outputs = np.maximum(x[n:] @ state[0] + state[1], 0.0) @ state[2] + state[3]
        found[row] = np.mean((outputs - y[n:]) ** 2)
    return found
