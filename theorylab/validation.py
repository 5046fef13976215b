"""Argument checks with one voice: every message names the argument, the value and the valid range.

Each function returns the value in the form the caller computes with, or raises ``ValueError``. Scalars stay scalars and arrays
stay arrays, so a closed form that validates with these functions is vectorised for free.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "array_of_shape",
    "choice",
    "covariance",
    "flag",
    "function",
    "instance",
    "integers",
    "items",
    "mapping",
    "moderate",
    "numbers",
    "plain",
    "probabilities",
    "real",
    "reals",
    "record",
    "text",
    "whole_number",
]


_LARGEST = float(np.finfo(np.float64).max)


def plain(value: Any) -> Any:
    """Return a float for a single number, an array for an array: what a vectorised closed form gives back, NaN and infinity included."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biufc":
            raise TypeError
        return float(array) if array.ndim == 0 else array
    except (TypeError, ValueError):
        raise _fail("value", value, "a real number or an array of numbers") from None


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:77] + "..."


def _fail(name: str, value: Any, valid: str) -> ValueError:
    return ValueError(f"{name} must be {valid}; got {_shown(value)}")


def _bound(name: str, value: Any) -> None:
    """Refuse a bound that is no number: it is the caller's own mistake, and must not pass for the user's."""
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, bool) or value != value:
        raise _fail(name, value, "a number")


def integers(name: str, value: ArrayLike, *, minimum: int = 1) -> Any:
    """Return ``value`` as int or int64 array if every entry is an integer >= ``minimum`` (5.0 counts as 5)."""
    _bound("minimum", minimum)
    # Most values are plain already, and checks must cost nothing beside what they guard.
    if type(value) is int and minimum <= value < 2**63:
        return value
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
    if maximum is not None:
        _bound("maximum", maximum)
    if type(value) is int and type(minimum) is int and minimum <= value < 2**63 and (maximum is None or value <= maximum):
        return value
    valid = f"one integer >= {minimum}" + ("" if maximum is None else f" and <= {maximum}")
    if isinstance(value, list | tuple) or np.ndim(value) > 0:
        raise _fail(name, value, valid)
    whole = int(integers(name, value, minimum=minimum))
    if maximum is not None and whole > maximum:
        raise _fail(name, value, valid)
    return whole


def _plainly_inside(value: float, above: Any, minimum: Any, below: Any, maximum: Any) -> bool:
    """Tell whether a float lies inside bounds that are plain numbers; False sends it through the thorough check."""
    if not -_LARGEST <= value <= _LARGEST:
        return False
    for bound, sign in ((above, 1), (minimum, 2), (below, 3), (maximum, 4)):
        if bound is None:
            continue
        if type(bound) is not float and type(bound) is not int:
            return False
        inside = value > bound if sign == 1 else value >= bound if sign == 2 else value < bound if sign == 3 else value <= bound
        if not inside:
            return False
    return True


def reals(
    name: str,
    value: ArrayLike,
    *,
    above: float | None = None,
    minimum: float | None = None,
    below: float | None = None,
    maximum: float | None = None,
    finite: bool = True,
) -> Any:
    """Return ``value`` as float or float64 array if every entry is finite (or at least no NaN) and inside the range (``above``/``below`` strict)."""
    if isinstance(value, float) and _plainly_inside(value, above, minimum, below, maximum):
        return float(value)
    ends = {"above": above, "minimum": minimum, "below": below, "maximum": maximum}
    for end, bound in ends.items():
        if bound is not None:
            _bound(end, bound)
    bounds = [f"{sign} {bound:g}" for sign, bound in zip((">", ">=", "<", "<="), ends.values(), strict=True) if bound is not None]
    valid = " ".join(["finite" if finite else "not NaN", "and" if bounds else "", " and ".join(bounds)]).strip()
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf" or array.size == 0:
            raise TypeError
        with np.errstate(over="ignore"):  # numbers beyond double precision become infinite, and are refused as such
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise _fail(name, value, valid) from None
    ok = np.isfinite(array) if finite else ~np.isnan(array)
    if above is not None:
        ok &= array > above
    if minimum is not None:
        ok &= array >= minimum
    if below is not None:
        ok &= array < below
    if maximum is not None:
        ok &= array <= maximum
    if not finite and np.any(np.isnan(array)):
        raise ValueError(f"{name} must not be NaN; got {int(np.isnan(array).sum())} of {array.size}")
    if not np.all(ok):
        raise _fail(name, value, valid)
    return plain(array)


def moderate(name: str, value: Any, *, most: float = 1e100, least: float = 0.0) -> Any:
    """Return numbers if their magnitudes are <= ``most`` and 0 or >= ``least``, as a formula needs them in double precision.

    NaN and infinite ones pass: they are the business of `reals`.
    """
    sizes = np.abs(value)
    if np.any(((sizes > most) & (sizes < np.inf)) | ((sizes < least) & (sizes > 0.0))):
        small = f" and 0 or at least {least:g}" if least else ""
        raise ValueError(f"{name} must be at most {most:g}{small} in magnitude, else double precision does not do; got {_shown(value)}")
    return value


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
    if isinstance(value, float) and _plainly_inside(value, above, minimum, below, maximum):
        return float(value)
    if isinstance(value, list | tuple) or np.ndim(value) > 0:
        raise _fail(name, value, "one number")
    return float(reals(name, value, above=above, minimum=minimum, below=below, maximum=maximum))


def numbers(name: str, value: ArrayLike) -> np.ndarray:
    """Return ``value`` as a float64 array of its own shape, of real numbers not looked at yet: it may be empty, hold NaN or be infinite."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise TypeError
        with np.errstate(over="ignore"):
            return np.array(array, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise _fail(name, value, "a real number or an array of real numbers") from None


def array_of_shape(name: str, value: ArrayLike, shape: tuple[int | str, ...]) -> np.ndarray:
    """Return ``value`` as a finite float64 array of ``shape``; a string in ``shape`` names a free length."""
    if not isinstance(shape, tuple) or not all(isinstance(length, str | int | np.integer) for length in shape):
        raise _fail("shape", shape, "a tuple of lengths and names")
    expected = "(" + ", ".join(str(length) for length in shape) + ("," if len(shape) == 1 else "") + ")"
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise TypeError
        # In the order that compiled code is made for, whatever it was.
        with np.errstate(over="ignore"):
            array = np.array(array, dtype=np.float64, order="C")
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
    size: int | str = "d" if dimension is None else whole_number("dimension", dimension)
    definite = flag("definite", definite)
    array = array_of_shape(name, value, (size, size))
    if array.shape[0] != array.shape[1] or array.shape[0] == 0:
        raise ValueError(f"{name} must have shape (d, d) with d >= 1; got shape {array.shape}")
    scale = float(np.max(np.abs(array)))
    # Inverses and squares of others would leave the range of floating point.
    if not (1e-100 <= scale <= 1e100 or scale == 0.0):
        raise ValueError(f"{name} must have a largest entry from 1e-100 to 1e+100; got {scale:.3g}")
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
    if length is not None:
        length = whole_number("length", length)
    array = array_of_shape(name, value, ("k" if length is None else length,))
    if array.size == 0 or np.any(array < 0.0) or abs(array.sum() - 1.0) > 1e-9:
        raise ValueError(f"{name} must be >= 0 and sum to 1; got {array.tolist()}")
    return array


def choice(name: str, value: Any, options: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of ``options``."""
    if not isinstance(options, tuple | list) or not all(isinstance(option, str) for option in options):
        raise _fail("options", options, "a tuple of texts")
    if not isinstance(value, str) or value not in options:
        raise _fail(name, value, "one of " + ", ".join(repr(option) for option in options))
    return str(value)


def flag(name: str, value: Any) -> bool:
    """Return ``value`` as a plain bool if it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise _fail(name, value, "True or False")
    return bool(value)


def _kinds(kind: type | tuple[type, ...]) -> tuple[type, ...]:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not all(isinstance(each, type) for each in kinds):
        raise _fail("kind", kind, "a class or a tuple of classes")
    return kinds


def instance(name: str, value: Any, kind: type | tuple[type, ...]) -> Any:
    """Return ``value`` if it is an object of this class, or of one of these."""
    kinds = _kinds(kind)
    if not isinstance(value, kinds):
        raise _fail(name, value, "a " + " or ".join(each.__name__ for each in kinds))
    return value


def text(name: str, value: Any, *, empty: bool = True) -> str:
    """Return ``value`` as a plain text if it is one; a blank one only if ``empty``."""
    empty = flag("empty", empty)
    if not isinstance(value, str) or (not empty and not value.strip()):
        raise _fail(name, value, "a text" if empty else "a text that is not blank")
    return str(value)


def function(name: str, value: Any) -> Any:
    """Return ``value`` if it can be called."""
    if not callable(value):
        raise _fail(name, value, "a function")
    return value


def items(name: str, value: Any, kind: type | tuple[type, ...] = object, *, minimum: int = 0, length: int | None = None) -> list[Any]:
    """Return a list of what is in ``value``, which must be a list or the like, of objects of this class; ``minimum`` or ``length`` tells how many."""
    kinds, minimum = _kinds(kind), whole_number("minimum", minimum, minimum=0)
    if length is not None:
        length = whole_number("length", length, minimum=0)
    described = " or ".join(each.__name__ for each in kinds) if object not in kinds else "object"
    count = f"at least {minimum} " if length is None and minimum else "" if length is None else f"{length} "
    valid = f"a sequence of {count}{described}s"
    if isinstance(value, str | bytes | dict | set | frozenset):
        raise _fail(name, value, valid)
    try:
        found = list(value)
    except TypeError:
        raise _fail(name, value, valid) from None
    if len(found) < minimum or (length is not None and len(found) != length) or not all(isinstance(each, kinds) for each in found):
        raise _fail(name, value, valid)
    return found


def mapping(name: str, value: Any, kind: type | tuple[type, ...] = object) -> dict[str, Any]:
    """Return a dict of ``value``, which must map texts to objects of this class."""
    described = "anything" if kind is object else " or ".join(each.__name__ for each in _kinds(kind))
    if not isinstance(value, Mapping) or not all(isinstance(key, str) and isinstance(each, kind) for key, each in value.items()):
        raise _fail(name, value, f"a mapping from texts to {described}")
    return dict(value)


def record(name: str, value: Any, fields: tuple[str, ...]) -> Mapping[str, Any]:
    """Return ``value`` if it is a mapping that has these fields."""
    if not isinstance(fields, tuple):
        raise _fail("fields", fields, "a tuple of texts")
    if not isinstance(value, Mapping) or not all(each in value for each in fields):
        raise _fail(name, value, f"a record with the fields {', '.join(fields)}")
    return value
