"""Test errors of interpolating hypotheses: drawn as functions, and drawn from the weighted sum that they follow; fits to them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, gammaincc

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fetch, fitting_block
from theorylab.numerics.gaussian_process import conditioned_draws, stationary_kernel
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.validation import choice, flag, real, whole_number

__all__ = ["ROUTES", "sample_errors", "sample_gamma_fit", "sample_hits", "sample_near_fits"]

ROUTES = ("spectrum", "functions")
# The shape of a law of more degrees of freedom is lost in the rounding of its mean.
_MOST_POINTS = 10**8


def _spectrum(dimension: int, train: int, test: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what `_known_spectrum` returns for whole numbers in their range."""
    n, m = whole_number("train", train, minimum=0), whole_number("test", test)
    return _known_spectrum(whole_number("dimension", dimension), n, m, whole_number("outputs", outputs))


@lru_cache(maxsize=32)
def _known_spectrum(dimension: int, train: int, test: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (lambda, u^T (mu - y*)) of a task under the Laplace kernel by solves with the whole kernel, not by the closed form's route."""
    task = kronecker_task(dimension, train, test, outputs=outputs)
    inverse = np.linalg.inv(stationary_kernel(task.inputs, task.inputs, "laplace"))
    # The covariance given the first points is the inverse of the block of the inverse; the mean follows from the same block.
    covariance = np.linalg.inv(inverse[train:, train:])
    mean = -covariance @ inverse[train:, :train] @ task.targets[:train] if train else np.zeros((test, outputs))
    values, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    return values, vectors.T @ (mean - task.targets[train:])


def _errors(rng: Any, shape: tuple[int, ...], dimension: int, train: int, test: int, outputs: int) -> Any:
    values, shift = _spectrum(dimension, train, test, outputs)
    total = namespace_of(rng).zeros(shape)
    # One direction and output after the other, so that no array has more than the shape asked for.
    for value, row in zip(values, shift, strict=True):
        for entry in row:
            total += (math.sqrt(value) * rng.standard_normal(shape) + float(entry)) ** 2
    return total / (test * outputs)


def _error_block(**parameters: Any) -> int:
    entries = float((parameters["train"] + parameters["test"]) * parameters["outputs"])
    return fitting_block(numbers=4.0 * entries, nanoseconds=200.0 * entries)


def _fit_block(**parameters: Any) -> int:
    hypotheses = float(parameters["hypotheses"])
    return fitting_block(numbers=2.0 * hypotheses, nanoseconds=20.0 * hypotheses * parameters["test"])


@block_size(_error_block)
def sample_errors(
    rng: Any,
    size: int,
    *,
    dimension: int,
    train: int,
    test: int,
    outputs: int = 1,
    route: str = "spectrum",
    centre: float = 0.0,
    target_error: float = 0.0,
) -> dict[str, Any]:
    """Sample the test error of a hypothesis that interpolates KRON(d, n, m), Laplace kernel.

    Parameters
    ----------
    rng, size
        Generator and number of hypotheses.
    dimension, train, test, outputs
        d, n, m, k of the task.
    route
        "functions": a draw from the prior conditioned on the training values, squared and averaged; "spectrum": independent normals along the
        eigenvectors of the posterior.
    centre, target_error
        For the columns below.

    Returns
    -------
    dict
        "error", "squared" (error - centre)^2, "logarithm" of the error, "hit" 1 if error <= target_error.

    Raises
    ------
    ValueError
        If the route is unknown or a number is out of range.
    """
    size, train = check_draw(rng, size), whole_number("train", train, minimum=0)
    centre, target_error = real("centre", centre), real("target_error", target_error)
    xp = namespace_of(rng)
    if choice("route", route, ROUTES) == "functions":
        task = kronecker_task(dimension, train, test, outputs=outputs)
        kernel = stationary_kernel(task.inputs, task.inputs, "laplace")
        drawn = conditioned_draws(rng, size, kernel, train, task.targets[:train])
        errors = ((drawn - xp.asarray(task.targets[train:])) ** 2).mean(axis=(1, 2))
    else:
        errors = _errors(rng, (size,), dimension, train, test, outputs)
    return {"error": errors, "squared": (errors - centre) ** 2, "logarithm": xp.log(errors), "hit": 1.0 * (errors <= target_error)}


def _gamma_bias(mean: float, mean_log: float, target_error: float) -> float:
    """Return -log P(X <= eps) for the Gamma law of greatest likelihood, by a bracketed root and a continued tail."""
    gap = math.log(mean) - mean_log
    shape = brentq(lambda a: math.log(a) - digamma(a) - gap, 1e-3, 1e9, xtol=1e-12, rtol=1e-13)
    place = shape * target_error / mean
    upper = float(gammaincc(shape, place))
    if upper < 0.5:
        return -math.log1p(-upper)
    # Series of the lower incomplete Gamma function in logarithms.
    term, total, index = 1.0, 1.0, 0
    while term > 1e-17 * total:
        index += 1
        term *= place / (shape + index)
        total += term
    return -(shape * math.log(place) - place - math.lgamma(shape + 1.0) + math.log(total))


@block_size(_fit_block)
def sample_gamma_fit(
    rng: Any, size: int, *, dimension: int, train: int, test: int, hypotheses: int, target_error: float, equal: bool = False
) -> np.ndarray:
    """Sample the bias that a Gamma law of greatest likelihood reports from S sampled test errors.

    Parameters
    ----------
    rng, size
        Generator and number of fits.
    dimension, train, test
        Of the task KRON(d, n, m), one output.
    hypotheses
        S >= 3.
    target_error
        eps > 0.
    equal
        Replace the spectrum by m equal weights of total mean 1 (then d and n do not matter): the family is right.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    equal = flag("equal", equal)
    size = check_draw(rng, size)
    s, target_error = whole_number("hypotheses", hypotheses, minimum=3), real("target_error", target_error, above=0.0)
    dimension, train, test = (
        whole_number("dimension", dimension),
        whole_number("train", train, minimum=0),
        whole_number("test", test, maximum=_MOST_POINTS),
    )
    errors = rng.chisquare(test, (size, s)) / test if equal else _errors(rng, (size, s), dimension, train, test, 1)
    # Each fit is the root of one equation; only its two numbers come to the host.
    means, logs = fetch(errors.mean(axis=1)), fetch(namespace_of(rng).log(errors).mean(axis=1))
    return np.array([_gamma_bias(float(m), float(log), target_error) for m, log in zip(means, logs, strict=True)])


@block_size(4096)
def sample_near_fits(rng: Any, size: int, *, dimension: int, train: int, test: int, training_error: float, target_error: float) -> dict[str, Any]:
    """Sample functions of the prior and whether they nearly fit the training data, and predict well, too.

    Parameters
    ----------
    rng, size
        Generator and number of functions.
    dimension, train, test
        Of the task KRON(d, n, m), Laplace kernel, one output.
    training_error, target_error
        Largest mean squared errors that count.

    Returns
    -------
    dict
        "near" 1 if the training error is small enough, "both" 1 if the test error is, too.
    """
    size, train = check_draw(rng, size), whole_number("train", train)
    training_error, target_error = real("training_error", training_error), real("target_error", target_error)
    task = kronecker_task(dimension, train, test)
    kernel = stationary_kernel(task.inputs, task.inputs, "laplace")
    drawn = conditioned_draws(rng, size, kernel, 0, task.targets[:0])[..., 0] - namespace_of(rng).asarray(task.targets[:, 0])
    near = (drawn[:, :train] ** 2).mean(axis=1) <= training_error
    return {"near": 1.0 * near, "both": 1.0 * (near & ((drawn[:, train:] ** 2).mean(axis=1) <= target_error))}


@block_size(4096)
def sample_hits(rng: Any, size: int, *, probability: float, hypotheses: int, failure_probability: float) -> dict[str, Any]:
    """Sample what counting hits among S hypotheses certifies when the truth is p.

    Parameters
    ----------
    rng, size
        Generator and number of experiments.
    probability
        p, of a hit.
    hypotheses
        S.
    failure_probability
        delta.

    Returns
    -------
    dict
        "none" 1 if there is no hit; "share" of hits; "bound_holds" 1 if -log p is at least -log(share + sqrt(log(2/delta)/(2 S))).
    """
    size, hypotheses = check_draw(rng, size), whole_number("hypotheses", hypotheses)
    probability = real("probability", probability, minimum=0.0, maximum=1.0)
    failure_probability = real("failure_probability", failure_probability, above=0.0, below=1.0)
    share = rng.binomial(hypotheses, probability, size) / hypotheses
    level = share + math.sqrt(math.log(2.0 / failure_probability) / (2.0 * hypotheses))
    return {"none": 1.0 * (share == 0.0), "share": share, "bound_holds": 1.0 * (probability <= level)}
