"""Compiled inner loop of `theorylab.models.jacobi`: eigenvalues of symmetric tridiagonal matrices; the plain version there is its reference."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["tridiagonal_eigenvalue_rows"]

_SWEEPS = 60


@njit(cache=True, nogil=True)
def tridiagonal_eigenvalue_rows(diagonal: np.ndarray, squared_off_diagonal: np.ndarray) -> np.ndarray:
    """Return the eigenvalues, ascending, of each symmetric tridiagonal matrix (size, k), (size, k - 1).

    The QL iteration without square roots of Pal, Walker and Kahan (Parlett, The Symmetric Eigenvalue Problem, section 8.15) with Wilkinson's
    shift: it needs only the squares of the off-diagonal, two divisions an element, which do not wait for each other, and about 1.7 sweeps
    an eigenvalue. Error a few machine precisions times the norm of the matrix.
    """
    size, k = diagonal.shape
    eigenvalues = np.empty((size, k))
    squares = np.empty(k)
    precision = 2.0**-52
    for row in range(size):
        d = eigenvalues[row]
        # The iteration finds the top corner first and is at its best when the small entries sit there.
        turned = abs(diagonal[row, 0]) > abs(diagonal[row, k - 1])
        norm = 0.0
        for i in range(k):
            d[i] = diagonal[row, k - 1 - i] if turned else diagonal[row, i]
            norm = max(norm, abs(d[i]))
        for i in range(k - 1):
            squares[i] = squared_off_diagonal[row, k - 2 - i] if turned else squared_off_diagonal[row, i]
            norm = max(norm, np.sqrt(squares[i]))
        squares[k - 1] = 0.0
        # Below this an element of the off-diagonal moves no eigenvalue by more than 2^-55 of the norm.
        floor = (0.125 * precision * norm) ** 2
        for first in range(k):
            sweeps = 0
            while True:
                last = first
                while last < k - 1:
                    scale = precision * (abs(d[last]) + abs(d[last + 1]))
                    if squares[last] <= max(0.0625 * scale * scale, floor):
                        break
                    last += 1
                if last == first:
                    break
                if sweeps == _SWEEPS:
                    raise ArithmeticError("the eigenvalues of a tridiagonal matrix did not converge")
                sweeps += 1
                # Wilkinson's shift: the eigenvalue of the leading 2 x 2 block next to d[first].
                root = np.sqrt(squares[first])
                half = (d[first + 1] - d[first]) / (2.0 * root)
                reach = np.sqrt(half * half + 1.0)
                shift = d[first] - root / (half + reach if half >= 0.0 else half - reach)
                cosine = 1.0
                sine = 0.0
                gamma = d[last] - shift
                p = gamma * gamma
                for i in range(last - 1, first - 1, -1):
                    square = squares[i]
                    r = p + square
                    if i != last - 1:
                        squares[i + 1] = sine * r
                    previous_cosine = cosine
                    inverse = 1.0 / r
                    cosine = p * inverse
                    sine = square * inverse
                    previous_gamma = gamma
                    gamma = cosine * (d[i] - shift) - sine * previous_gamma
                    d[i + 1] = previous_gamma + (d[i] - gamma)
                    p = gamma * gamma * (r / p) if cosine != 0.0 else previous_cosine * square
                squares[first] = sine * p
                d[first] = shift + gamma
        d.sort()
    return eigenvalues
