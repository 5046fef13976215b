"""Training of the real layer: minibatch Adam on W_K, W_Q, W_V, h with the layer's exact gradient on each batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.models.linear_regression import draw_prompts
from theorylab.montecarlo.samplers import block_size
from theorylab.papers.one_step_gd.monte_carlo.layer import checked, gram_apply, reduced_parameters
from theorylab.validation import array_of_shape, items, moderate, real, whole_number

__all__ = ["batch_gradient", "raw_weight_gradients", "sample_trained_layers", "train_linear_attention"]

_WEIGHTS = ("key_weights", "query_weights", "value_weights", "head")


def batch_gradient(
    value_vector: Any, key_query_matrix: Any, X: Any, y: Any, x_query: Any, y_query: Any, *, namespace: Any = np
) -> tuple[Any, Any, Any]:
    """Return mean squared error of a batch of prompts and its gradients with respect to v and M, for several layers at once.

    With residual r = (theta.x_q - y_q) x_q: dM = 2 mean (G v) r^T and dv = 2 mean G (M r).

    Parameters
    ----------
    value_vector, key_query_matrix
        v, (runs, d+1) and M, (runs, d+1, d).
    X, y, x_query, y_query
        Prompts, (runs, batch, n, d), (runs, batch, n), (runs, batch, d), (runs, batch).
    namespace
        The array module, numpy or cupy.

    Returns
    -------
    tuple
        Loss (runs,), gradients of the shapes of v and M.
    """
    X = checked("X", X, ("runs", "batch", "n", "d"))
    runs, batch, n, d = X.shape
    if 0 in X.shape:
        raise ValueError(f"X must have shape (runs, batch, n, d), no length 0; got shape {tuple(X.shape)}")
    y, x_query, y_query = checked("y", y, (runs, batch, n)), checked("x_query", x_query, (runs, batch, d)), checked("y_query", y_query, (runs, batch))
    value_vector, key_query_matrix = (
        checked("value_vector", value_vector, (runs, d + 1)),
        checked("key_query_matrix", key_query_matrix, (runs, d + 1, d)),
    )
    features, label = gram_apply(X, y, value_vector[:, None, :])
    hidden = namespace.concatenate([features, label[..., None]], axis=-1)
    error = ((hidden @ key_query_matrix) * x_query).sum(axis=-1) - y_query
    residual = error[..., None] * x_query
    matrix_gradient = (2.0 / batch) * hidden.swapaxes(1, 2) @ residual
    features, label = gram_apply(X, y, residual @ key_query_matrix.swapaxes(1, 2))
    value_gradient = 2.0 * namespace.concatenate([features.mean(axis=1), label.mean(axis=1)[:, None]], axis=-1)
    return (error**2).mean(axis=1), value_gradient, matrix_gradient


def raw_weight_gradients(
    value_gradient: Any, key_query_gradient: Any, key_weights: Any, query_weights: Any, value_weights: Any, head: Any
) -> tuple[Any, Any, Any, Any]:
    """Return the gradients with respect to W_K, W_Q, W_V and h from those with respect to v = W_V^T h and M, by the chain rule.

    Leading axes are batch axes. The last column of W_K^T W_Q is never read, so its gradient is 0.
    """
    head = checked("head", head)
    if head.ndim == 0 or head.shape[-1] < 2:
        raise ValueError(f"head must have shape (..., d + 1) with d >= 1; got shape {tuple(head.shape)}")
    length, square = head.shape[-1], (*head.shape, head.shape[-1])
    value_gradient = checked("value_gradient", value_gradient, head.shape)
    key_query_gradient = checked("key_query_gradient", key_query_gradient, (*head.shape, length - 1))
    key_weights, query_weights = checked("key_weights", key_weights, square), checked("query_weights", query_weights, square)
    value_weights = checked("value_weights", value_weights, square)
    product_gradient = 0.0 * key_weights
    product_gradient[..., :-1] += key_query_gradient
    return (
        query_weights @ product_gradient.swapaxes(-1, -2),
        key_weights @ product_gradient,
        head[..., :, None] * value_gradient[..., None, :],
        (value_weights @ value_gradient[..., :, None])[..., 0],
    )


def train_linear_attention(
    rng: Any,
    size: int,
    *,
    context_length: int,
    dimension: int,
    noise_variance: float,
    prior_variance: float = 1.0,
    batch_size: int = 256,
    steps: int = 4000,
    optimiser_step: float = 0.02,
    initial_scale: float = 0.2,
    initial_weights: Sequence[ArrayLike] | None = None,
) -> dict[str, Any]:
    """Train independent layers by minibatch Adam on raw prompts (Sigma = I, Omega = tau2 I), step sizes falling along a cosine to 0.

    Parameters
    ----------
    rng, size
        Generator and number of independent layers, trained side by side.
    context_length, dimension
        n >= 1 and d >= 1.
    noise_variance, prior_variance
        sigma2 >= 0 and tau2 > 0.
    batch_size, steps
        Fresh prompts per step and layer, and number of steps.
    optimiser_step
        Adam's largest step size, > 0.
    initial_scale
        Standard deviation of all entries of the initial weights, > 0.
    initial_weights
        W_K, W_Q, W_V (d+1, d+1) and h (d+1,) from which every run starts instead; `initial_scale` is then not used.

    Returns
    -------
    dict
        "key_weights", "query_weights", "value_weights" (size, d+1, d+1), "head" (size, d+1), "value_vector" v (size, d+1),
        "key_query_matrix" M (size, d+1, d), and "losses" (steps, size), the minibatch losses on the way.
    """
    size = check_draw(rng, size)
    n, d = whole_number("context_length", context_length), whole_number("dimension", dimension)
    batch, total = whole_number("batch_size", batch_size), whole_number("steps", steps)
    tau2 = moderate("prior_variance", real("prior_variance", prior_variance, above=0.0), least=1e-100)
    largest_step = moderate("optimiser_step", real("optimiser_step", optimiser_step, above=0.0), most=1e10)
    scale = moderate("initial_scale", real("initial_scale", initial_scale, above=0.0), most=1e10, least=1e-100)
    noise_variance = moderate("noise_variance", real("noise_variance", noise_variance, minimum=0.0), least=1e-100)
    xp = namespace_of(rng)
    shapes = [(d + 1, d + 1)] * 3 + [(d + 1,)]
    if initial_weights is None:
        weights = [scale * rng.standard_normal((size, *shape)) for shape in shapes]
    else:
        starts = [
            array_of_shape(f"{name} of initial_weights", start, shape)
            for name, start, shape in zip(_WEIGHTS, items("initial_weights", initial_weights, length=4), shapes, strict=True)
        ]
        weights = [xp.asarray(np.broadcast_to(start, (size, *start.shape)).copy()) for start in starts]
    first = [0.0 * weight for weight in weights]
    second = [0.0 * weight for weight in weights]
    losses = xp.empty((total, size))
    for step in range(total):
        prompts = draw_prompts(
            rng,
            size * batch,
            context_length=n,
            dimension=d,
            noise_variance=noise_variance,
            task_covariance=None if tau2 == 1.0 else tau2 * np.eye(d),
            with_query=True,
        )
        losses[step], value_gradient, matrix_gradient = batch_gradient(
            *reduced_parameters(*weights),
            prompts.features.reshape(size, batch, n, d),
            prompts.labels.reshape(size, batch, n),
            prompts.query.reshape(size, batch, d),
            prompts.query_label.reshape(size, batch),
            namespace=xp,
        )
        rate = 0.5 * largest_step * (1.0 + np.cos(np.pi * step / total))
        for j, gradient in enumerate(raw_weight_gradients(value_gradient, matrix_gradient, *weights)):
            first[j] = 0.9 * first[j] + 0.1 * gradient
            second[j] = 0.999 * second[j] + 0.001 * gradient**2
            mean = first[j] / (1.0 - 0.9 ** (step + 1))
            spread = xp.sqrt(second[j] / (1.0 - 0.999 ** (step + 1)))
            weights[j] = weights[j] - rate * mean / (spread + 1e-8)
    value_vector, key_query_matrix = reduced_parameters(*weights)
    result = dict(zip(_WEIGHTS, weights, strict=True))
    return result | {"value_vector": value_vector, "key_query_matrix": key_query_matrix, "losses": losses}


@block_size(8)
def sample_trained_layers(
    rng: Any,
    size: int,
    *,
    context_length: int,
    dimension: int,
    noise_variance: float,
    prior_variance: float = 1.0,
    batch_size: int = 256,
    steps: int = 4000,
    optimiser_step: float = 0.02,
    initial_scale: float = 0.2,
) -> dict[str, Any]:
    """Sample what independently trained layers have learned: some seconds a layer, for the full scale.

    Parameters
    ----------
    rng, size, context_length, dimension, noise_variance, prior_variance, batch_size, steps, optimiser_step, initial_scale
        As in `train_linear_attention`; `size` is the number of runs.

    Returns
    -------
    dict
        With P = c A^T + b a^T: "learning_rate" tr P / d; "anisotropy" the largest entry of |P - (tr P / d) I|; "value_share" |a| / |v|;
        "bias_share" |b| / |M|_F.
    """
    size = check_draw(rng, size)
    trained = train_linear_attention(
        rng,
        size,
        context_length=context_length,
        dimension=dimension,
        noise_variance=noise_variance,
        prior_variance=prior_variance,
        batch_size=batch_size,
        steps=steps,
        optimiser_step=optimiser_step,
        initial_scale=initial_scale,
    )
    xp = namespace_of(rng)
    vector, matrix = trained["value_vector"], trained["key_query_matrix"]
    step_matrix = vector[:, -1, None, None] * matrix[:, :-1].swapaxes(1, 2) + matrix[:, -1, :, None] * vector[:, None, :-1]
    learning_rate = xp.trace(step_matrix, axis1=1, axis2=2) / dimension
    deviation = step_matrix - learning_rate[:, None, None] * xp.eye(dimension)
    return {
        "learning_rate": learning_rate,
        "anisotropy": xp.abs(deviation).max(axis=(1, 2)),
        "value_share": xp.sqrt((vector[:, :-1] ** 2).sum(axis=1) / (vector**2).sum(axis=1)),
        "bias_share": xp.sqrt((matrix[:, -1] ** 2).sum(axis=1) / (matrix**2).sum(axis=(1, 2))),
    }
