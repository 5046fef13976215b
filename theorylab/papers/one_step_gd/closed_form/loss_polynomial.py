r"""The exact population loss of one layer of linear self-attention as a polynomial in its weights, with gradient and Hessian.

Derived here. With G = sum of v_i v_i^T over the prompt, v = (a; c) and M = (A; b^T), the output is theta . x_q,

    theta = M^T G v = P X^T y + (A^T S a + c |y|^2 b),    P = c A^T + b a^T.

The first part is odd in y = X w + eps, the second even. (w, eps) -> (-w, -eps) leaves the law unchanged, so the parts do not interact:
L = L_odd(P) + L_even. With t = tr(Sigma Omega), B = A Sigma A^T and K = (n + 1) Sigma Omega Sigma + (t + sigma^2) Sigma, Isserlis' theorem gives

    E[X^T y y^T X] = n K,    E[X^T y w^T] = n Sigma Omega,
    L_odd  = sigma^2 + t - 2 n tr(Sigma P Sigma Omega) + n tr(Sigma P K P^T),
    L_even = a^T E[S B S] a + 2 c b^T Sigma A^T E[|y|^2 S] a + c^2 (b^T Sigma b) E|y|^4,
    E[S B S] = n (n + 1) Sigma B Sigma + n tr(Sigma B) Sigma,
    E[|y|^2 S] = n^2 (t + sigma^2) Sigma + 2 n Sigma Omega Sigma,
    E|y|^4 = n (n + 2) [t^2 + 2 tr((Sigma Omega)^2) + 2 sigma^2 t + sigma^4].
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.one_step_gd.closed_form._arguments import general_problem

__all__ = ["PopulationLoss"]


class PopulationLoss:
    """The polynomial L(v, M) with its coefficients worked out once, for optimisers and integrators.

    Parameters
    ----------
    context_length
        n >= 1.
    feature_covariance
        Sigma, (d, d), positive definite.
    task_covariance
        Omega, (d, d), positive semidefinite.
    noise_variance
        sigma^2 >= 0.

    Raises
    ------
    ValueError
        If an argument is out of range. The methods do not check their arguments: they are inner loops, and they also take complex weights.

    Notes
    -----
    Formulas in the module's docstring. All methods take float or complex arrays v of shape (..., d + 1) and M of shape (..., d + 1, d); the leading
    axes are a batch, the same for both.
    """

    def __init__(self, context_length: int, feature_covariance: ArrayLike, task_covariance: ArrayLike, noise_variance: float) -> None:
        n, sigma, omega, noise = general_problem(context_length, feature_covariance, task_covariance, noise_variance)
        product = sigma @ omega
        t = float(np.trace(product))
        sandwich = product @ sigma
        self.dimension = sigma.shape[0]
        self.zero_loss = noise + t
        self._n = float(n)
        self._sigma = sigma
        self._linear = n * sandwich
        self._gram = n * ((n + 1) * sandwich + (t + noise) * sigma)
        self._mixed = n**2 * (t + noise) * sigma + 2.0 * n * sandwich
        self._fourth = n * (n + 2.0) * (t**2 + 2.0 * float(np.sum(product * product.T)) + 2.0 * noise * t + noise**2)

    def odd(self, preconditioner: Any) -> Any:
        """Return L_odd(P), the loss of the linear predictor theta = P X^T y; P has shape (..., d, d)."""
        gradient = self._sigma @ preconditioner @ self._gram - 2.0 * self._linear
        return self.zero_loss + frobenius(gradient, preconditioner)[..., 0, 0]

    def parts(self, value_vector: Any, key_query_matrix: Any) -> tuple[Any, Any]:
        """Return L_odd and L_even."""
        a, c, big_a, b = self._split(value_vector, key_query_matrix)
        n, sigma = self._n, self._sigma
        sa, sb = sigma @ a, sigma @ b
        f = big_a.mT @ sa
        even = (
            n * (n + 1.0) * (f.mT @ (sigma @ f))
            + n * frobenius(sigma @ big_a @ sigma, big_a) * (a.mT @ sa)
            + 2.0 * c * (sb.mT @ (big_a.mT @ (self._mixed @ a)))
            + self._fourth * c**2 * (b.mT @ sb)
        )
        return self.odd(c * big_a.mT + b @ a.mT), even[..., 0, 0]

    def value(self, value_vector: Any, key_query_matrix: Any) -> Any:
        """Return L."""
        odd, even = self.parts(value_vector, key_query_matrix)
        return odd + even

    def gradient(self, value_vector: Any, key_query_matrix: Any) -> tuple[Any, Any]:
        """Return dL/dv and dL/dM, shaped like v and M."""
        a, c, big_a, b = self._split(value_vector, key_query_matrix)
        n, sigma = self._n, self._sigma
        # Rows instead of columns where they enter twice: a transpose is free, a product is not.
        a_row, big_a_t = a.mT, big_a.mT
        sa, sb, qa = sigma @ a, sigma @ b, self._mixed @ a
        scb = c * sb
        sandwich = sigma @ big_a @ sigma
        sf = sandwich.mT @ a
        # dL_odd/dP; P = c A^T + b a^T carries it to the four blocks.
        odd = 2.0 * (sigma @ (c * big_a_t + b @ a_row) @ self._gram - self._linear)
        grad_v, grad_m = np.empty_like(value_vector), np.empty_like(key_query_matrix)
        grad_v[..., :-1] = (
            odd.mT @ b
            + (2.0 * n * (n + 1.0)) * (sigma @ (big_a @ sf))
            + (2.0 * n * frobenius(sandwich, big_a)) * sa
            + 2.0 * (self._mixed @ (big_a @ scb))
        )[..., 0]
        grad_v[..., -1:] = (frobenius(odd, big_a_t) + 2.0 * (sb.mT @ (big_a_t @ qa) + self._fourth * (b.mT @ scb)))[..., 0]
        grad_m[..., :-1, :] = c * odd.mT + (2.0 * n * (n + 1.0)) * (sa @ sf.mT) + (2.0 * n * (a_row @ sa)) * sandwich + (2.0 * qa) @ scb.mT
        grad_m[..., -1, :] = (odd @ a + (2.0 * c) * (sigma @ (big_a_t @ qa) + self._fourth * scb))[..., 0]
        return grad_v, grad_m

    def hessian(self, value_vector: Any, key_query_matrix: Any) -> np.ndarray:
        """Return the Hessian in the coordinates (v, M row by row), shape ((d+1)^2, (d+1)^2), of one parameter setting.

        The gradient is a polynomial, so its derivative along each coordinate by a complex step is exact to rounding.
        """
        size, step = self.dimension + 1, 1e-30
        steps = 1j * step * np.eye(size * size)
        v = value_vector + steps[:, :size]
        m = key_query_matrix + steps[:, size:].reshape(-1, size, self.dimension)
        grad_v, grad_m = self.gradient(v, m)
        hessian = np.concatenate([grad_v, grad_m.reshape(size * size, -1)], axis=1).imag / step
        return np.asarray(0.5 * (hessian + hessian.T))

    @staticmethod
    def _split(value_vector: Any, key_query_matrix: Any) -> tuple[Any, Any, Any, Any]:
        """Return a (d, 1), c (1, 1), A (d, d), b (d, 1), with the batch axes in front."""
        return (
            value_vector[..., :-1, None],
            value_vector[..., -1:, None],
            key_query_matrix[..., :-1, :],
            key_query_matrix[..., -1, :, None],
        )


def prepared_loss(context_length: Any, feature_covariance: ArrayLike, task_covariance: ArrayLike, noise_variance: Any) -> PopulationLoss:
    """Return the polynomial of the problem, from a cache: inside an optimiser, checking the covariances would cost more than the gradient."""
    sigma, omega = np.asarray(feature_covariance), np.asarray(task_covariance)
    if "O" in (sigma.dtype.kind, omega.dtype.kind):
        # Objects have no bytes to key a cache with; the constructor says what is wrong with them.
        return PopulationLoss(context_length, sigma, omega, noise_variance)
    try:
        return _cached_loss(
            context_length, noise_variance, sigma.shape, sigma.dtype.str, sigma.tobytes(), omega.shape, omega.dtype.str, omega.tobytes()
        )
    except TypeError:
        # Only unhashable, so invalid, scalars come here.
        return PopulationLoss(context_length, sigma, omega, noise_variance)


@lru_cache(maxsize=64, typed=True)
def _cached_loss(
    context_length: Any,
    noise_variance: Any,
    sigma_shape: tuple[int, ...],
    sigma_type: str,
    sigma_bytes: bytes,
    omega_shape: tuple[int, ...],
    omega_type: str,
    omega_bytes: bytes,
) -> PopulationLoss:
    sigma = np.frombuffer(sigma_bytes, dtype=sigma_type).reshape(sigma_shape)
    omega = np.frombuffer(omega_bytes, dtype=omega_type).reshape(omega_shape)
    return PopulationLoss(context_length, sigma, omega, noise_variance)


def frobenius(first: Any, second: Any) -> Any:
    """Return the sum of the entrywise product of two matrices, as a (1, 1) matrix that broadcasts against batches."""
    return np.add.reduce(first * second, axis=(-2, -1), keepdims=True)
