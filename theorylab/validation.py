"""Argument checks with one voice: every message names the argument, the value and the valid range.

Each function returns the value in the form the caller computes with, or raises ``ValueError``. Scalars stay scalars and arrays
stay arrays, so a closed form that validates with these functions is vectorised for free.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "array_of_shape",
    "choice",
    "covariance",
    "flag",
    "instance",
    "integers",
    "plain",
    "probabilities",
    "real",
    "reals",
    "whole_number",
]


def plain(value: Any) -> Any:
    """Return a float for a single number, an array for an array: what a vectorised closed form gives back."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value)


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:77] + "..."


def _fail(name: str, value: Any, valid: str) -> ValueError:
    return ValueError(f"{name} must be {valid}; got {_shown(value)}")


def integers(name: str, value: ArrayLike, *, minimum: int = 1) -> Any:
    """Return ``value`` as int or int64 array if every entry is an integer >= ``minimum`` (5.0 counts as 5)."""
    valid = f"an integer >= {minimum}"
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf" or array.size == 0:
            raise TypeError
    except (TypeError, ValueError, OverflowError):
        raise _fail(name, value, valid) from None
    # What does not fit becomes some integer that it does not equal.
    with np.errstate(invalid="ignore"):
        whole = array.astype(np.int64)
        ok = np.isfinite(array) & (array == whole) & (whole >= minimum)
    if not np.all(ok):
        raise _fail(name, value, valid)
    return int(whole) if whole.ndim == 0 else whole


def whole_number(name: str, value: Any, *, minimum: int = 1, maximum: int | None = None) -> int:
    """Return ``value`` as a plain int if it is one integer >= ``minimum`` (and <= ``maximum``); arrays are refused."""
    valid = f"one integer >= {minimum}" + ("" if maximum is None else f" and <= {maximum}")
    if isinstance(value, list | tuple) or np.ndim(value) > 0:
        raise _fail(name, value, valid)
    whole = int(integers(name, value, minimum=minimum))
    if maximum is not None and whole > maximum:
        raise _fail(name, value, valid)
    return whole


def reals(
    name: str,
    value: ArrayLike,
    *,
    above: float | None = None,
    minimum: float | None = None,
    below: float | None = None,
    maximum: float | None = None,
) -> Any:
    """Return ``value`` as float or float64 array if every entry is finite and inside the range (``above``/``below`` are strict)."""
    bounds = [f"{sign} {bound:g}" for sign, bound in ((">", above), (">=", minimum), ("<", below), ("<=", maximum)) if bound is not None]
    valid = " ".join(["finite", "and" if bounds else "", " and ".join(bounds)]).strip()
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf" or array.size == 0:
            raise TypeError
        array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise _fail(name, value, valid) from None
    ok = np.isfinite(array)
    if above is not None:
        ok &= array > above
    if minimum is not None:
        ok &= array >= minimum
    if below is not None:
        ok &= array < below
    if maximum is not None:
        ok &= array <= maximum
    if not np.all(ok):
        raise _fail(name, value, valid)
    return plain(array)


def real(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    minimum: float | None = None,
    below: float | None = None,
    maximum: float | None = None,
) -> float:
    """Return ``value`` as a plain float if it is one number, finite and inside the range; arrays are refused."""
    if isinstance(value, list | tuple) or np.ndim(value) > 0:
        raise _fail(name, value, "one number")
    return float(reals(name, value, above=above, minimum=minimum, below=below, maximum=maximum))


def array_of_shape(name: str, value: ArrayLike, shape: tuple[int | str, ...]) -> np.ndarray:
    """Return ``value`` as a finite float64 array of ``shape``; a string in ``shape`` names a free length."""
    expected = "(" + ", ".join(str(length) for length in shape) + ("," if len(shape) == 1 else "") + ")"
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise TypeError
        array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise _fail(name, value, f"an array of real numbers of shape {expected}") from None
    fits = array.ndim == len(shape) and all(isinstance(want, str) or have == want for have, want in zip(array.shape, shape, strict=True))
    if not fits:
        raise ValueError(f"{name} must have shape {expected}; got shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite; got {int(np.sum(~np.isfinite(array)))} entries that are NaN or infinite")
    return array


def covariance(name: str, value: ArrayLike, *, dimension: int | None = None, definite: bool = True) -> np.ndarray:
    """Return ``value`` as a symmetric (d, d) float64 array that is positive definite (or semidefinite if not ``definite``)."""
    size: int | str = "d" if dimension is None else dimension
    array = array_of_shape(name, value, (size, size))
    if array.shape[0] != array.shape[1] or array.shape[0] == 0:
        raise ValueError(f"{name} must have shape (d, d) with d >= 1; got shape {array.shape}")
    scale = float(np.max(np.abs(array)))
    asymmetry = float(np.max(np.abs(array - array.T)))
    if asymmetry > 1e-12 * scale:
        raise ValueError(f"{name} must be symmetric; got a largest difference from its transpose of {asymmetry:.3g}")
    smallest = float(np.linalg.eigvalsh(array)[0])
    # Rounding moves a zero eigenvalue by about d * machine epsilon * scale, so that much is not evidence of indefiniteness.
    rounding = array.shape[0] * np.finfo(float).eps * scale
    if definite and smallest <= rounding:
        raise ValueError(f"{name} must be positive definite; got smallest eigenvalue {smallest:.3g}")
    if not definite and smallest < -10 * rounding:
        raise ValueError(f"{name} must be positive semidefinite; got smallest eigenvalue {smallest:.3g}")
    return array


def probabilities(name: str, value: ArrayLike, *, length: int | None = None) -> np.ndarray:
    """Return ``value`` as a float64 vector of numbers >= 0 that sum to 1."""
    array = array_of_shape(name, value, ("k" if length is None else length,))
    if array.size == 0 or np.any(array < 0.0) or abs(array.sum() - 1.0) > 1e-9:
        raise ValueError(f"{name} must be >= 0 and sum to 1; got {array.tolist()}")
    return array


def choice(name: str, value: Any, options: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of ``options``."""
    if not isinstance(value, str) or value not in options:
        raise _fail(name, value, "one of " + ", ".join(repr(option) for option in options))
    return str(value)


def flag(name: str, value: Any) -> bool:
    """Return ``value`` as a plain bool if it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise _fail(name, value, "True or False")
    return bool(value)


def instance(name: str, value: Any, kind: type | tuple[type, ...]) -> Any:
    """Return ``value`` if it is an object of this class, or of one of these."""
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        raise _fail(name, value, "a " + " or ".join(each.__name__ for each in kinds))
    return value
