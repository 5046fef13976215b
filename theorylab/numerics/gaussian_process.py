"""Gaussian processes: kernels, the posterior that interpolates, and draws from it by conditioning a draw from the prior.

scikit-learn's regressor has the posterior mean and covariance for one output; here are covariances between all test points with their exact rank,
kernels of wide networks, and several outputs at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.spatial.distance import cdist

from theorylab.backend import check_draw, namespace_of
from theorylab.validation import array_of_shape, choice, moderate, real, whole_number

__all__ = ["KERNELS", "Posterior", "conditioned_draws", "interpolating_posterior", "relu_network_kernel", "stationary_kernel"]

KERNELS = ("laplace", "rbf", "matern_3/2", "matern_5/2", "linear", "polynomial")

# After so many the kernel is constant to all digits.
_MOST_LAYERS = 10_000


class Posterior(NamedTuple):
    """Mean (m, k) of k outputs at m test points, and the covariance (m, m) that they share."""

    mean: np.ndarray
    covariance: np.ndarray


def stationary_kernel(first: ArrayLike, second: ArrayLike, kind: str = "laplace", *, length_scale: float = 1.0, degree: int = 3) -> np.ndarray:
    """Return the kernel matrix K(x_i, x'_j), (a, b).

    "laplace" exp(-r), "rbf" exp(-r^2/2), "matern_3/2" (1 + sqrt 3 r) exp(-sqrt 3 r), "matern_5/2" (1 + sqrt 5 r + 5 r^2/3) exp(-sqrt 5 r) with
    r = |x - x'|/length scale; "linear" (1 + x.x'/l^2)/2 and "polynomial" its power, with x scaled by sqrt(d) as well, which are not stationary.

    Parameters
    ----------
    first, second
        (a, d) and (b, d).
    kind
        A name from `KERNELS`.
    length_scale
        > 0.
    degree
        Of the polynomial, >= 1.

    Raises
    ------
    ValueError
        If shapes do not fit, the kind is unknown or a number is out of range.
    """
    x = moderate("first", array_of_shape("first", first, ("a", "d")))
    z = moderate("second", array_of_shape("second", second, ("b", x.shape[1])))
    which, scale = choice("kind", kind, KERNELS), moderate("length_scale", real("length_scale", length_scale, above=0.0), least=1e-100)
    if which in ("linear", "polynomial"):
        base = 0.5 * (1.0 + x @ z.T / (scale**2 * x.shape[1]))
        return base if which == "linear" else base ** whole_number("degree", degree)
    r = cdist(x, z) / scale
    if which == "laplace":
        return np.asarray(np.exp(-r))
    if which == "rbf":
        return np.asarray(np.exp(-0.5 * r**2))
    if which == "matern_3/2":
        return np.asarray((1.0 + np.sqrt(3.0) * r) * np.exp(-np.sqrt(3.0) * r))
    return np.asarray((1.0 + np.sqrt(5.0) * r + 5.0 / 3.0 * r**2) * np.exp(-np.sqrt(5.0) * r))


def relu_network_kernel(inputs: ArrayLike, depth: int) -> np.ndarray:
    """Return the kernel of infinitely wide ReLU networks of some depth at inputs of length sqrt(d), (n, n).

    Formula: cosines rho between inputs, mapped at each layer by rho -> (sqrt(1 - rho^2) + rho (pi - arccos rho))/pi (Cho and Saul 2009); the diagonal
    stays 1 with weights of variance 2/width.

    Parameters
    ----------
    inputs
        (n, d), no row zero; they are normalised.
    depth
        Hidden layers, 0 to 10,000.

    Raises
    ------
    ValueError
        If a row is zero or the depth is not a natural number.
    """
    x = array_of_shape("inputs", inputs, ("n", "d"))
    # Rows of any size: the squares of the largest and smallest would leave the range of floating point.
    largest = np.abs(x).max(axis=1, initial=0.0)
    if x.size == 0 or np.any(largest == 0.0):
        raise ValueError(f"inputs must have no zero row, and at least one; got {int(np.sum(largest == 0.0))} zero rows of {len(x)}")
    x = x / largest[:, None]
    sizes = np.linalg.norm(x, axis=1)
    rho = np.clip((x / sizes[:, None]) @ (x / sizes[:, None]).T, -1.0, 1.0)
    np.fill_diagonal(rho, 1.0)
    for _ in range(whole_number("depth", depth, minimum=0, maximum=_MOST_LAYERS)):
        rho = np.clip((np.sqrt(1.0 - rho**2) + rho * (np.pi - np.arccos(rho))) / np.pi, -1.0, 1.0)
        np.fill_diagonal(rho, 1.0)
    return np.asarray(rho)


def interpolating_posterior(kernel: ArrayLike, train: int, targets: ArrayLike, *, nugget: float = 0.0) -> Posterior:
    """Return the posterior at the last points given the values at the first ones: mean K_st K_tt^-1 y, covariance K_ss - K_st K_tt^-1 K_ts.

    Parameters
    ----------
    kernel
        K at training and test points, in this order, (n + m, n + m), symmetric.
    train
        n >= 0; with 0 it is the prior.
    targets
        y, (n, k).
    nugget
        Added to the diagonal of K_tt, >= 0.

    Raises
    ------
    ValueError
        If the kernel is not symmetric, there is no test point, shapes do not fit or the nugget is negative.
    LinAlgError
        If K_tt is singular (equal training inputs?) or the covariance has an eigenvalue below -1e-10 of the largest: a nugget is needed.
    """
    k = array_of_shape("kernel", kernel, ("n + m", "n + m"))
    n, ridge = whole_number("train", train, minimum=0), real("nugget", nugget, minimum=0.0)
    if k.shape[0] != k.shape[1] or not np.allclose(k, k.T, rtol=1e-10, atol=1e-12 * np.abs(k).max(initial=1.0)):
        raise ValueError(f"kernel must be a symmetric (n + m, n + m) matrix; got shape {k.shape}")
    if n >= len(k):
        raise ValueError(f"train must leave at least one test point; got {n} of {len(k)}")
    y = array_of_shape("targets", targets, (n, "k"))
    if y.shape[1] == 0:
        raise ValueError("targets must have at least one output; got none")
    if n == 0:
        return Posterior(np.zeros((len(k), y.shape[1])), k.copy())
    try:
        factor = cho_factor(k[:n, :n] + ridge * np.eye(n), lower=True)
        # Rounding may leave a pivot of equal inputs above 0.
        if np.min(np.diagonal(factor[0])) ** 2 <= 10.0 * n * np.finfo(float).eps * np.max(np.diagonal(k[:n, :n])):
            raise LinAlgError
    except LinAlgError:
        raise LinAlgError("the kernel matrix of the training points is singular (equal inputs?): give a nugget, such as 1e-10") from None
    solved = cho_solve(factor, np.concatenate([y, k[:n, n:]], axis=1))
    covariance = k[n:, n:] - k[n:, :n] @ solved[:, y.shape[1] :]
    covariance = 0.5 * (covariance + covariance.T)
    values = np.linalg.eigvalsh(covariance)
    if values[0] < -1e-10 * max(values[-1], float(np.abs(k).max())):
        raise LinAlgError(f"the posterior covariance has an eigenvalue of {values[0]:.3g}: give a larger nugget")
    return Posterior(k[n:, :n] @ solved[:, : y.shape[1]], covariance)


def conditioned_draws(rng: Any, size: int, kernel: ArrayLike, train: int, targets: ArrayLike, *, nugget: float = 0.0) -> Any:
    """Draw functions that fit the targets at the test points, (size, m, k): prior draws f plus K_st K_tt^-1 (y - f_t).

    A route to the posterior that never forms its covariance (Matheron's rule).

    Parameters
    ----------
    rng, size
        Generator, numpy's or a device's, and number of functions.
    kernel, train, targets, nugget
        As in `interpolating_posterior`.

    Raises
    ------
    LinAlgError
        If the kernel is not positive definite, up to 1e-12 of its size.
    """
    size = check_draw(rng, size)
    k = array_of_shape("kernel", kernel, ("n + m", "n + m"))
    train, nugget = whole_number("train", train, minimum=0), real("nugget", nugget, minimum=0.0)
    y = array_of_shape("targets", targets, (train, "k"))
    if k.shape[0] != k.shape[1] or not np.allclose(k, k.T, rtol=1e-10, atol=1e-12 * np.abs(k).max(initial=1.0)):
        raise ValueError(f"kernel must be a symmetric (n + m, n + m) matrix; got shape {k.shape}")
    if train >= len(k):
        raise ValueError(f"train must leave at least one test point; got {train} of {len(k)}")
    values, vectors = np.linalg.eigh(k)
    if values[0] < -1e-10 * values[-1]:
        raise LinAlgError(f"the kernel has an eigenvalue of {values[0]:.3g}")
    xp = namespace_of(rng)
    root = xp.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
    prior = xp.einsum("ij,tjk->tik", root, rng.standard_normal((size, len(k), y.shape[1])))
    if train == 0:
        return prior
    weights = xp.asarray(np.linalg.solve(k[:train, :train] + nugget * np.eye(train), k[:train, train:]).T)
    return prior[:, train:] + weights @ (xp.asarray(y) - prior[:, :train] - np.sqrt(nugget) * rng.standard_normal(prior[:, :train].shape))
