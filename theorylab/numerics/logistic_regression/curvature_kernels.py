"""Compiled curvature of the logistic loss: factored Hessians, and the quasi-Newton directions upon them."""

from __future__ import annotations

import numpy as np
from numba import njit

from theorylab.numerics.logistic_regression.kernels import FAST, cholesky_in_place, cholesky_solve, weighted_gram
from theorylab.numerics.logistic_regression.loss_kernels import curvature_weights, sum_of_products

__all__ = ["MEMORY", "centred_product", "factored_hessian", "quasi_newton_direction"]

# Pairs of L-BFGS.
MEMORY = 8


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def centred_product(one: np.ndarray, other: np.ndarray, features: int) -> float:
    """Return sum_j v_j' (I - 11'/K) u_j over the penalised columns j."""
    free = one.shape[0]
    total = 0.0
    for j in range(features):
        a = b = 0.0
        for k in range(free):
            a += one[k, j]
            b += other[k, j]
            total += one[k, j] * other[k, j]
        total -= a * b / (free + 1.0)
    return total


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def factored_hessian(
    design: np.ndarray,
    single_design: np.ndarray,
    single: bool,
    shares: np.ndarray,
    whole: bool,
    size: tuple[int, int, int],
    ridge: float,
    weights: np.ndarray,
    gram: np.ndarray,
    factor: np.ndarray,
) -> float:
    """Write the Cholesky factor of the Hessian, or of A'A/K + penalty if not `whole`; return its least relative pivot.

    `size` is (samples, columns, penalised columns). Only entries of the lower triangle of `gram` are used, its own and the mirrored ones.
    """
    m, p, d = size
    free = shares.shape[0]
    blocks = free if whole else 1
    for one in range(blocks):
        for other in range(one + 1):
            if whole:
                curvature_weights(shares[one], shares[other], one == other, m, weights)
            else:
                for i in range(m):
                    weights[i] = 1.0 / (free + 1.0)
            if single:
                scaled = np.empty_like(single_design)
                for i in range(design.shape[0]):
                    w = np.float32(weights[i])
                    for j in range(design.shape[1]):
                        scaled[i, j] = w * single_design[i, j]
                product = np.dot(scaled.T, single_design)
                for j in range(p):
                    for i in range(j + 1):
                        gram[j, i] = product[j, i]
            else:
                weighted_gram(design, weights, gram)
            for j in range(p):
                for i in range(j + 1):
                    factor[one * p + j, other * p + i] = gram[j, i]
                    factor[one * p + i, other * p + j] = gram[j, i]
            shrinkage = 1.0 if not whole else (1.0 if one == other else 0.0) - 1.0 / (free + 1.0)
            for j in range(d):
                factor[one * p + j, other * p + j] += ridge * shrinkage
    return cholesky_in_place(factor, blocks * p)


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def _apply_inverse(factor: np.ndarray, p: int, whole: bool, flat: np.ndarray) -> None:
    """Overwrite flat (K - 1) p by the inverse of the factored matrix times it; if not `whole` that is (I - 11'/K) x (L L')."""
    if whole:
        cholesky_solve(factor, flat.size, flat)
        return
    free = flat.size // p
    for k in range(free):
        cholesky_solve(factor, p, flat[k * p : (k + 1) * p])
    for j in range(p):
        total = 0.0
        for k in range(free):
            total += flat[k * p + j]
        for k in range(free):
            flat[k * p + j] += total


@njit(cache=True, nogil=True, forceinline=True, error_model="numpy", fastmath=FAST)
def quasi_newton_direction(
    gradient: np.ndarray,
    factor: np.ndarray,
    p: int,
    whole: bool,
    changes: np.ndarray,
    responses: np.ndarray,
    products: np.ndarray,
    held: int,
    flat: np.ndarray,
    direction: np.ndarray,
) -> None:
    """Write minus the inverse Hessian times the gradient: the two loops of L-BFGS upon the factor, with the newest of `held` pairs."""
    free = gradient.shape[0]
    coefficients = np.empty(MEMORY)
    direction[:] = gradient
    first = max(0, held - MEMORY)
    for number in range(held - 1, first - 1, -1):
        row = number % MEMORY
        coefficients[row] = sum_of_products(changes[row], direction) / products[row]
        for k in range(free):
            for j in range(p):
                direction[k, j] -= coefficients[row] * responses[row, k, j]
    for k in range(free):
        for j in range(p):
            flat[k * p + j] = direction[k, j]
    _apply_inverse(factor, p, whole, flat)
    for k in range(free):
        for j in range(p):
            direction[k, j] = flat[k * p + j]
    for number in range(first, held):
        row = number % MEMORY
        correction = coefficients[row] - sum_of_products(responses[row], direction) / products[row]
        for k in range(free):
            for j in range(p):
                direction[k, j] += correction * changes[row, k, j]
    for k in range(free):
        for j in range(p):
            direction[k, j] = -direction[k, j]
