"""One check for all who take symmetric tridiagonal matrices row by row."""

from __future__ import annotations

from typing import Any

from theorylab.backend import checked_array

# Squares and fourth powers of larger entries would leave the range of floating point; those of matrices of order one do not.
LARGEST = 1e100


def checked_tridiagonal(diagonal: Any, squared_off_diagonal: Any, *, positive: bool = False, largest: float = LARGEST) -> tuple[Any, Any]:
    """Return diagonals (size, k) and squared off-diagonals (size, k - 1), which must be finite and >= 0 (> 0 if ``positive``).

    Raises
    ------
    ValueError
        If one of them is not.
    """
    diagonal = checked_array("diagonal", diagonal, ("size", "k"), minimum=-largest, maximum=largest)
    size, k = diagonal.shape
    if k == 0:
        raise ValueError(f"diagonal must have shape (size, k) with k >= 1; got shape {diagonal.shape}")
    bounds: dict[str, float] = {"above": 0.0} if positive else {"minimum": 0.0}
    return diagonal, checked_array("squared_off_diagonal", squared_off_diagonal, (size, k - 1), maximum=largest, **bounds)


def checked_bidiagonal(diagonal: Any, beside: Any) -> tuple[Any, Any]:
    """Return the squared entries of bidiagonal matrices, (size, k) and (size, k - 1), which must be finite and >= 0.

    Raises
    ------
    ValueError
        If one of them is not.
    """
    diagonal = checked_array("diagonal of bidiagonal", diagonal, ("size", "k"), minimum=0.0, maximum=LARGEST)
    size, k = diagonal.shape
    return diagonal, checked_array("entries beside the diagonal of bidiagonal", beside, (size, max(k - 1, 0)), minimum=0.0, maximum=LARGEST)
