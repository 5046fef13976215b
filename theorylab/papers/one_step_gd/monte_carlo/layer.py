"""One layer of linear self-attention with one head, as arXiv:2307.03576 defines it.

Tokens v_i = (x_i; y_i) for i = 1..n, query token v_{n+1} = (x_q; 0). With key, query and value weights W_K, W_Q, W_V of shape (d+1, d+1) and
a head h of shape (d+1,),

    output = h^T sum_{i=1..n} (W_V v_i) (v_i^T W_K^T W_Q v_{n+1}).

The sum is not divided by n and the query token is not in it. Everything the layer can express is in v = W_V^T h, shape (d+1,), and M, the
first d columns of W_K^T W_Q, shape (d+1, d): output = theta.x_q with theta = M^T G v and G = sum_i v_i v_i^T.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import checked_array
from theorylab.validation import array_of_shape, flag, moderate

__all__ = ["attention_coefficients", "checked_parameters", "gram_apply", "linear_attention_predict", "raw_weights", "reduced_parameters"]


# Products of larger numbers would leave the range of floating point.
LARGEST = 1e60


def checked(name: str, value: Any, shape: tuple[int | str, ...] | None = None) -> Any:
    """Return an array of the module that it belongs to, of moderate numbers."""
    return checked_array(name, value, shape, minimum=-LARGEST, maximum=LARGEST)


def _expect(name: str, value: Any, shape: tuple[int, ...], meaning: str) -> Any:
    array = checked(name, value)
    if tuple(array.shape) != shape:
        raise ValueError(f"{name} must have shape {meaning} = {shape}; got shape {tuple(array.shape)}")
    return array


def _checked_prompts(X: Any, y: Any) -> tuple[Any, Any]:
    """Return examples (..., n, d) and (..., n)."""
    X, y = checked("X", X), checked("y", y)
    if len(X.shape) < 2 or tuple(y.shape) != tuple(X.shape[:-1]) or X.shape[-1] == 0:
        raise ValueError(f"X and y must have shapes (..., n, d) and (..., n); got shapes {tuple(X.shape)} and {tuple(y.shape)}")
    return X, y


def linear_attention_predict(
    key_weights: Any,
    query_weights: Any,
    value_weights: Any,
    head: Any,
    X: Any,
    y: Any,
    x_query: Any,
    *,
    include_query: bool = False,
) -> Any:
    """Return the layer's output for each prompt of a batch.

    The products are taken in the order that never forms keys, values or scores of token pairs: v = W_V^T h and q = W_K^T W_Q v_{n+1}, then
    sum_i (v.v_i) (q.v_i).

    Parameters
    ----------
    key_weights, query_weights, value_weights
        W_K, W_Q, W_V, each (d+1, d+1).
    head
        h, (d+1,).
    X, y
        Examples, (size, n, d) and (size, n).
    x_query
        Queries, (size, d).
    include_query
        Whether the sum also runs over the query token (x_q; 0), another layer that some papers use.

    Returns
    -------
    array of shape (size,)

    Raises
    ------
    ValueError
        If shapes do not fit together; the message names the expected shape.
    """
    include_query = flag("include_query", include_query)
    X = checked("X", X, ("size", "n", "d"))
    size, n, d = X.shape
    y, x_query = _expect("y", y, (size, n), "(size, n)"), _expect("x_query", x_query, (size, d), "(size, d)")
    head = _expect("head", head, (d + 1,), "(d + 1,)")
    named = {"key_weights": key_weights, "query_weights": query_weights, "value_weights": value_weights}
    key_weights, query_weights, value_weights = (_expect(name, weights, (d + 1, d + 1), "(d + 1, d + 1)") for name, weights in named.items())
    value = value_weights.T @ head
    # The query token ends in 0, so the last column of W_Q is never read.
    attended = x_query @ query_weights[:, :d].T @ key_weights
    values = X @ value[:d] + y * value[d]
    scores = (X @ attended[:, :d, None])[:, :, 0] + y * attended[:, d:]
    output = (values * scores).sum(axis=1)
    if include_query:
        output = output + (x_query @ value[:d]) * (x_query * attended[:, :d]).sum(axis=1)
    return output


def gram_apply(X: Any, y: Any, vector: Any) -> tuple[Any, Any]:
    """Return G u for each prompt, G = sum_i v_i v_i^T, as its first d entries and its last, without forming G.

    Parameters
    ----------
    X, y
        Examples, (..., n, d) and (..., n).
    vector
        u, either (d+1,) or one per prompt, (..., d+1).

    Returns
    -------
    tuple of arrays of shapes (..., d) and (...)
    """
    X, y = _checked_prompts(X, y)
    d, vector = X.shape[-1], checked("vector", vector)
    if vector.ndim == 0 or vector.shape[-1] != d + 1 or (vector.ndim > 1 and vector.ndim != X.ndim - 1):
        raise ValueError(f"vector must have shape ({d + 1},) or one row for each prompt; got shape {tuple(vector.shape)}")
    return _gram_apply(X, y, vector)


def _gram_apply(X: Any, y: Any, vector: Any) -> tuple[Any, Any]:
    d = X.shape[-1]
    values = X @ vector[:d] + y * vector[d] if vector.ndim == 1 else (X @ vector[..., :d, None])[..., 0] + y * vector[..., d:]
    return (values[..., None, :] @ X)[..., 0, :], (values * y).sum(axis=-1)


def attention_coefficients(value_vector: Any, key_query_matrix: Any, X: Any, y: Any) -> Any:
    """Return theta = M^T G v for each prompt: the layer without the query in the sum predicts theta.x_q.

    Parameters
    ----------
    value_vector, key_query_matrix
        v, (d+1,) and M, (d+1, d).
    X, y
        Examples, (size, n, d) and (size, n).

    Returns
    -------
    array of shape (size, d)
    """
    X, y = _checked_prompts(X, y)
    d = X.shape[-1]
    value_vector, matrix = checked("value_vector", value_vector, (d + 1,)), checked("key_query_matrix", key_query_matrix, (d + 1, d))
    features, label = _gram_apply(X, y, value_vector)
    return features @ matrix[:-1] + label[..., None] * matrix[-1]


def reduced_parameters(key_weights: Any, query_weights: Any, value_weights: Any, head: Any) -> tuple[Any, Any]:
    """Return (v, M) = (W_V^T h, first d columns of W_K^T W_Q); leading axes are batch axes."""
    head = checked("head", head)
    named = {"key_weights": key_weights, "query_weights": query_weights, "value_weights": value_weights}
    if head.ndim == 0 or head.shape[-1] < 2:
        raise ValueError(f"head must have shape (..., d + 1) with d >= 1; got shape {tuple(head.shape)}")
    shape = (*head.shape, head.shape[-1])
    key_weights, query_weights, value_weights = (_expect(name, weights, shape, "(..., d + 1, d + 1)") for name, weights in named.items())
    value_vector = (head[..., None, :] @ value_weights)[..., 0, :]
    return value_vector, (key_weights.swapaxes(-1, -2) @ query_weights)[..., :-1]


def raw_weights(value_vector: ArrayLike, key_query_matrix: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return one choice of (W_K, W_Q, W_V, h) that realises (v, M): W_K = I, W_Q = (M, 0), W_V = e_1 v^T, h = e_1."""
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    query_weights, value_weights, head = np.zeros((d + 1, d + 1)), np.zeros((d + 1, d + 1)), np.zeros(d + 1)
    query_weights[:, :d] = matrix
    value_weights[0] = vector
    head[0] = 1.0
    return np.eye(d + 1), query_weights, value_weights, head


def checked_parameters(value_vector: ArrayLike, key_query_matrix: ArrayLike) -> tuple[np.ndarray, np.ndarray, int]:
    """Return (v, M, d) as float arrays of shapes (d+1,) and (d+1, d).

    Raises
    ------
    ValueError
        If the shapes do not belong to one d >= 1.
    """
    vector = moderate("value_vector", array_of_shape("value_vector", value_vector, ("d + 1",)), most=LARGEST)
    d = vector.size - 1
    if d < 1:
        raise ValueError(f"value_vector must have shape (d + 1,) with d >= 1; got shape {vector.shape}")
    return vector, moderate("key_query_matrix", array_of_shape("key_query_matrix", key_query_matrix, (d + 1, d)), most=LARGEST), d
