"""Networks as hypothesis spaces: random hidden layers with the read-out integrated out, and ensembles trained in one batched loop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size
from theorylab.numerics.generalized_chi_squared.contour import Spectra, log_tails
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.validation import array_of_shape, choice, real, reals, whole_number

__all__ = ["INITIALISATIONS", "hidden_features", "sample_finite_width", "sample_trained_errors", "sample_width_errors"]

INITIALISATIONS = ("he", "uniform", "he_without_biases")
# Weights drawn at once on a processor.
_WEIGHTS = 2**17
_MOST_STEPS = 10**7
_MOST_LAYERS = 10_000


def hidden_features(rng: Any, size: int, inputs: np.ndarray, width: int, depth: int) -> Any:
    """Draw the last hidden layers of random ReLU networks, (size, n, width), scaled so that their Gram matrix tends to the kernel of infinite width.

    H_0 = X/sqrt(d), H_l = sqrt(2/N) relu(H_(l - 1) W_l) with standard normal W_l.
    """
    size, x = check_draw(rng, size), array_of_shape("inputs", inputs, ("n", "d"))
    if x.size == 0:
        raise ValueError(f"inputs must have shape (n, d) with n >= 1 and d >= 1; got shape {x.shape}")
    return _layers(rng, size, x, whole_number("width", width), whole_number("depth", depth, maximum=_MOST_LAYERS), short=False)


def _layers(rng: Any, size: int, inputs: np.ndarray, width: int, depth: int, *, short: bool) -> Any:
    """Draw the layers of `hidden_features`; if short, those wider than the number of inputs without their weights, equal in law.

    With H = R^T Q^T, Q of orthonormal columns, the columns of Q^T W are standard normal: n of them replace the N of W.
    """
    xp = namespace_of(rng)
    x = xp.asarray(inputs / math.sqrt(inputs.shape[1]))
    layer = xp.broadcast_to(x, (size, *x.shape))
    for _ in range(depth):
        if short and layer.shape[2] > len(x):
            layer = xp.swapaxes(xp.linalg.qr(xp.swapaxes(layer, 1, 2), mode="r"), 1, 2)
        sums = xp.empty((size, len(x), width))
        # A processor keeps the weights of some networks in its cache; a device takes all at once.
        chunk = max(1, _WEIGHTS // (layer.shape[2] * width)) if xp is np else max(size, 1)
        for begin in range(0, size, chunk):
            some = layer[begin : begin + chunk]
            xp.matmul(some, rng.standard_normal((len(some), layer.shape[2], width)), out=sums[begin : begin + chunk])
        layer = math.sqrt(2.0 / width) * xp.maximum(sums, 0.0)
    return layer


def _network_task(dimension: int, train: int, test: int) -> tuple[np.ndarray, np.ndarray]:
    task = kronecker_task(dimension, train, test, normalized=True)
    return task.inputs, task.targets[:, 0]


@block_size(256)
def sample_finite_width(
    rng: Any, size: int, *, dimension: int, train: int, test: int, width: int, depth: int, target_errors: tuple[float, ...], nugget: float
) -> dict[str, Any]:
    """Sample, for random hidden layers, the evidence of the training data and the chance of a small test error given the layers.

    Given the layers the function is Gaussian with kernel H H^T plus a nugget (in training and test), so both are exact; the posterior chance for a
    network of this width is the mean of evidence times chance over the mean of the evidence. Weights between layers wider than the number of points
    are not drawn, only what they make of the layer before.

    Parameters
    ----------
    rng, size
        Generator and number of networks.
    dimension, train, test
        Of the task, inputs normalised.
    width, depth
        N and hidden layers, >= 1.
    target_errors
        eps, at most 8 of them.
    nugget
        tau^2 > 0.

    Returns
    -------
    dict
        "evidence": N(y; 0, K_tt) relative to a standard normal's (1 without training points); "chance_0", "chance_1", ...: P(L <= eps | layers);
        "joint_0", ...: their products.

    Raises
    ------
    ValueError
        If a number is out of range.
    LinAlgError
        If the nugget is too small for the kernel of the training points.
    """
    size, nugget = check_draw(rng, size), real("nugget", nugget, above=0.0)
    target_errors = tuple(np.atleast_1d(reals("target_errors", target_errors)).ravel().tolist())
    n, m = whole_number("train", train, minimum=0), whole_number("test", test)
    x, y = _network_task(dimension, n, m)
    xp = namespace_of(rng)
    targets = xp.asarray(y)
    layers = _layers(rng, size, x, whole_number("width", width), whole_number("depth", depth, maximum=_MOST_LAYERS), short=True)
    kernel = layers @ xp.swapaxes(layers, 1, 2) + nugget * xp.eye(n + m)
    evidence, mean, covariance = xp.ones(size), xp.zeros((size, m)), kernel
    if n:
        factor = xp.linalg.cholesky(kernel[:, :n, :n])
        half = xp.linalg.solve(factor, xp.broadcast_to(targets[:n, None], (size, n, 1)))[..., 0]
        cross = xp.linalg.solve(factor, kernel[:, :n, n:])
        log_det = xp.log(xp.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
        evidence = xp.exp(-0.5 * (half**2).sum(axis=1) - log_det + 0.5 * float(y[:n] @ y[:n]))
        mean = (xp.swapaxes(cross, 1, 2) @ half[..., None])[..., 0]
        covariance = kernel[:, n:, n:] - xp.swapaxes(cross, 1, 2) @ cross
    values, vectors = xp.linalg.eigh(covariance)
    shift = (xp.swapaxes(vectors, 1, 2) @ (mean - targets[n:])[..., None])[..., 0]
    law = Spectra(values / m, xp.ones_like(values), shift**2 / values)
    found = {"evidence": evidence}
    for index, eps in enumerate(target_errors):
        chance = xp.exp(log_tails(law, xp.full(size, float(eps)))[0])
        found |= {f"chance_{index}": chance, f"joint_{index}": evidence * chance}
    return found


@block_size(4096)
def sample_width_errors(rng: Any, size: int, *, dimension: int, test: int, width: int, depth: int, nugget: float) -> Any:
    """Sample test errors of untrained networks by plain forward passes, read-out and nugget drawn too."""
    size, test, width, nugget = check_draw(rng, size), whole_number("test", test), whole_number("width", width), real("nugget", nugget, minimum=0.0)
    x, y = _network_task(dimension, 0, test)
    layers = hidden_features(rng, size, x, width, depth)
    outputs = (layers @ rng.standard_normal((size, width, 1)))[..., 0] + math.sqrt(nugget) * rng.standard_normal((size, test))
    return ((outputs - namespace_of(rng).asarray(y)) ** 2).mean(axis=1)


@block_size(256)
def sample_trained_errors(
    rng: Any,
    size: int,
    *,
    dimension: int,
    train: int,
    test: int,
    width: int,
    steps: int = 1500,
    learning_rate: float = 0.01,
    initialisation: str = "he",
) -> Any:
    """Sample test errors of one-hidden-layer ReLU networks trained on the task by full-batch Adam, all networks in one loop.

    Parameters
    ----------
    rng, size
        Generator and number of networks.
    dimension, train, test
        Of the task KRON(d, n, m), inputs as they are.
    width
        Hidden units.
    steps, learning_rate
        Of Adam (decays .9 and .999).
    initialisation
        "he": normal weights of variance 2/fan-in, biases 0; "uniform": weights and biases uniform on +-1/sqrt(fan-in); "he_without_biases".

    Raises
    ------
    ValueError
        If the initialisation is unknown.
    """
    size, train, width = check_draw(rng, size), whole_number("train", train), whole_number("width", width)
    dimension, steps = whole_number("dimension", dimension), whole_number("steps", steps, minimum=0, maximum=_MOST_STEPS)
    learning_rate = real("learning_rate", learning_rate, above=0.0, maximum=1e6)
    xp = namespace_of(rng)
    start = choice("initialisation", initialisation, INITIALISATIONS)
    task = kronecker_task(dimension, train, test)
    x, y, n = xp.asarray(task.inputs), xp.asarray(task.targets[:, 0]), train
    shapes = [(dimension, width), (1, width), (width, 1), (1, 1)]
    fans = [dimension, dimension, width, width]
    if start == "uniform":
        state = [(2.0 * rng.random((size, *shape)) - 1.0) / math.sqrt(fan) for shape, fan in zip(shapes, fans, strict=True)]
    else:
        state = [rng.standard_normal((size, *shape)) * math.sqrt(2.0 / fan) for shape, fan in zip(shapes, fans, strict=True)]
        state[1], state[3] = 0.0 * state[1], 0.0 * state[3]
    trained = (0, 2) if start == "he_without_biases" else (0, 1, 2, 3)
    first, second = [0.0 * part for part in state], [0.0 * part for part in state]
    for step in range(1, steps + 1):
        before = x[:n] @ state[0] + state[1]
        hidden = xp.maximum(before, 0.0)
        slope = (2.0 / n) * ((hidden @ state[2] + state[3])[..., 0] - y[:n])[..., None]
        back = (slope @ xp.swapaxes(state[2], 1, 2)) * (before > 0.0)
        gradients = [x[:n].T @ back, back.sum(axis=1, keepdims=True), xp.swapaxes(hidden, 1, 2) @ slope, slope.sum(axis=1, keepdims=True)]
        for index in trained:
            first[index] = 0.9 * first[index] + 0.1 * gradients[index]
            second[index] = 0.999 * second[index] + 0.001 * gradients[index] ** 2
            corrected = first[index] / (1.0 - 0.9**step)
            state[index] = state[index] - learning_rate * corrected / (xp.sqrt(second[index] / (1.0 - 0.999**step)) + 1e-8)
    outputs = (xp.maximum(x[n:] @ state[0] + state[1], 0.0) @ state[2] + state[3])[..., 0]
    return ((outputs - y[n:]) ** 2).mean(axis=1)
