"""Values to try in place of a valid argument: wrong ones of every kind, and the same value in another form."""

from __future__ import annotations

import copy
import decimal
import fractions
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from hypothesis import strategies as st

__all__ = ["Attempt", "attempts", "is_numeric", "rounded"]


class Attempt(NamedTuple):
    """A value in place of a valid one.

    Attributes
    ----------
    label
        What it is, for messages.
    value
        The value.
    kind
        ``"never"``: no function of numbers can mean it; ``"other"``: another value, which may be valid; ``"same"``: the valid value in another
        form, which must give the same result; ``"maybe"``: the same in a form that may also be refused; ``"rounded"``: the value in single precision.
    huge
        Whether it asks for more memory than there is.
    """

    label: str
    value: Any
    kind: str
    huge: bool = False


class ArrayLike:
    """An object that numpy can turn into an array, as data frames are."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values.astype(dtype) if dtype is not None else self.values.copy()

    def __len__(self) -> int:
        return len(self.values)


class Opaque:
    """An object that means nothing to anybody."""

    def __repr__(self) -> str:
        return "<Opaque>"


HUGE = (10**13, 10**18, 2**63, 2**64, 10**30, -(10**18), -(2**63))
NEVER: tuple[tuple[str, Any], ...] = (
    ("nan", float("nan")),
    ("text", "abc"),
    ("empty text", ""),
    ("digits as text", "5"),
    ("bytes", b"5"),
    ("complex", 1.0 + 2.0j),
    ("opaque object", Opaque()),
    ("dict", {"a": 1}),
    ("set", {1.0, 2.0}),
    ("function", len),
    ("class", int),
    ("slice", slice(3)),
    ("date", np.datetime64("2020-01-01")),
    ("nan array", np.array([np.nan, np.nan])),
    ("text array", np.array(["a", "b"])),
    ("object array", np.array([None, Opaque()], dtype=object)),
    ("complex array", np.array([1j, 2.0])),
    ("ragged list", [[1.0], [1.0, 2.0]]),
    ("list of text", ["a", "b"]),
    ("list of None", [None, None]),
    ("structured array", np.zeros(2, dtype=[("a", float), ("b", int)])),
    ("series of text", pd.Series(["a", "b"])),
    ("series with a missing value", pd.Series([0.5, None], dtype="Float64")),
    ("frame of text", pd.DataFrame({"a": ["x", "y"], "b": [1.0, 2.0]})),
    ("categories", pd.Categorical(["a", "b"])),
    ("times", pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01"]))),
)
OTHER: tuple[tuple[str, Any], ...] = (
    ("None", None),
    ("True", True),
    ("False", False),
    ("zero", 0),
    ("zero float", 0.0),
    ("minus zero", -0.0),
    ("one", 1),
    ("minus one", -1),
    ("half", 0.5),
    ("inf", float("inf")),
    ("minus inf", -float("inf")),
    ("largest float", 1.7e308),
    ("tiny float", 5e-324),
    ("small float", 1e-300),
    ("minus largest", -1.7e308),
    ("float32 inf", np.float32("inf")),
    ("int8", np.int8(-128)),
    ("uint64", np.uint64(2**64 - 1)),
    ("empty list", []),
    ("empty tuple", ()),
    ("empty array", np.zeros(0)),
    ("empty rows", np.zeros((0, 3))),
    ("empty columns", np.zeros((3, 0))),
    ("nested", [[[1.0]]]),
    ("bool array", np.array([True, False])),
    ("int array", np.arange(3)),
    ("matrix", np.eye(2)),
    ("zero matrix", np.zeros((2, 2))),
    ("cube", np.ones((2, 2, 2))),
    ("0-d", np.array(0.5)),
    ("array with inf", np.array([0.5, np.inf])),
    ("masked", np.ma.masked_array([0.5, 0.25], mask=[True, False])),
    ("range", range(3)),
    ("wide unsigned", np.array([2**64 - 1], dtype=np.uint64)),
    ("half precision", np.float16(0.5)),
    ("long double", np.longdouble("0.5")),
    ("beyond double", np.longdouble("1e400")),
    ("decimal", decimal.Decimal("0.5")),
    ("fraction", fractions.Fraction(1, 2)),
    ("series", pd.Series([0.25, 0.75], index=[7, 3])),
    ("empty series", pd.Series([], dtype=float)),
    ("frame", pd.DataFrame({"a": [0.5, 0.25], "b": [1.0, 2.0]})),
    ("empty frame", pd.DataFrame()),
)


def is_numeric(value: Any) -> bool:
    """Tell whether a valid value is a number or an array of numbers: then text, for one, cannot be meant."""
    if isinstance(value, bool | str) or value is None:
        return False
    try:
        array = np.asarray(value)
    except ValueError:
        return False
    return array.dtype.kind in "iuf" and array.size > 0


def rounded(value: Any) -> Any:
    """Return numbers in double precision that are exact in single precision."""
    array = np.asarray(value, dtype=np.float32).astype(np.float64)
    return float(array) if array.ndim == 0 else array


def _touched(value: Any, change: Callable[[np.ndarray], None]) -> np.ndarray:
    array = np.array(value, dtype=np.float64)
    change(array)
    return array


def _set_entry(entry: float) -> Callable[[np.ndarray], None]:
    def change(array: np.ndarray) -> None:
        if array.size:
            array.flat[array.size // 2] = entry

    return change


def _changed_arrays(value: Any) -> list[Attempt]:
    array = np.asarray(value, dtype=np.float64)
    made = [
        Attempt("one entry nan", _touched(value, _set_entry(np.nan)), "never"),
        Attempt("one entry inf", _touched(value, _set_entry(np.inf)), "other"),
        Attempt("one entry negative", _touched(value, _set_entry(-3.0)), "other"),
        Attempt("one entry huge", _touched(value, _set_entry(1e300)), "other"),
        Attempt("negated", -array, "other"),
        Attempt("all zero", 0.0 * array, "other"),
        Attempt("scaled up", 1e200 * array, "other"),
        Attempt("scaled down", 1e-200 * array, "other"),
        Attempt("a little off", array * 1.001 + 1e-3, "other"),
        Attempt("shorter", array[..., :-1], "other"),
        Attempt("longer", np.concatenate([array, array[..., :1]], axis=-1), "other"),
        Attempt("one dimension more", array[None], "other"),
        Attempt("flattened", array.ravel(), "other"),
        Attempt("reversed", array[::-1].copy(), "other"),
        Attempt("emptied", array[:0], "other"),
        Attempt("first entry alone", float(array.flat[0]), "other"),
        Attempt("complex", array.astype(complex), "never"),
        Attempt("text", array.astype(str), "never"),
    ]
    if array.ndim > 1:
        made += [
            Attempt("transposed", array.T.copy(), "other"),
            Attempt("first row alone", array[0], "other"),
            Attempt("no columns", array[:, :0], "other"),
        ]
    return made


def _array_forms(value: Any) -> list[Attempt]:
    array = np.asarray(value)
    still = array.copy()
    still.flags.writeable = False
    strided = np.repeat(array, 2, axis=-1)[..., ::2]
    forms = [
        Attempt("read-only", still, "same"),
        Attempt("strided", strided, "same"),
        Attempt("negative strides", array[::-1].copy()[::-1], "same"),
        Attempt("Fortran order", np.asfortranarray(array), "same"),
        Attempt("list", array.tolist(), "same"),
        Attempt("array", array.copy(), "same"),
        Attempt("double precision", array.astype(np.float64), "same"),
        Attempt("other byte order", array.astype(array.dtype.newbyteorder()), "maybe"),
        Attempt("object array", array.astype(object), "maybe"),
        Attempt("array-like object", ArrayLike(array), "maybe"),
        Attempt("masked array", np.ma.masked_array(array), "maybe"),
    ]
    if array.ndim == 1:
        forms.append(Attempt("tuple", tuple(array.tolist()), "same"))
        forms.append(Attempt("series", pd.Series(array, index=range(len(array), 0, -1)), "maybe"))
        forms.append(Attempt("nullable series", pd.Series(array, dtype="Float64" if array.dtype.kind == "f" else "Int64"), "maybe"))
    if array.ndim == 2:
        forms.append(Attempt("frame", pd.DataFrame(array, index=range(len(array), 0, -1)), "maybe"))
        forms.append(Attempt("frame of columns", pd.DataFrame({f"x{column}": array[:, column] for column in range(array.shape[1])}), "maybe"))
    if array.dtype.kind == "f":
        forms.append(Attempt("single precision", array.astype(np.float32), "rounded"))
    return forms


def _number_forms(value: Any) -> list[Attempt]:
    forms = [Attempt("numpy scalar", np.asarray(value)[()], "same"), Attempt("0-d array", np.asarray(value), "maybe")]
    if float(value).is_integer() and abs(value) < 100:
        forms += [Attempt("int", int(value), "same"), Attempt("float", float(value), "same"), Attempt("np.int32", np.int32(value), "same")]
        forms += [Attempt("np.float32", np.float32(value), "same"), Attempt("object scalar", np.array(int(value), dtype=object), "maybe")]
        forms += [Attempt("np.int8", np.int8(value), "same"), Attempt("np.float16", np.float16(value), "same")]
        forms += [Attempt("fraction", fractions.Fraction(int(value)), "maybe"), Attempt("decimal", decimal.Decimal(int(value)), "maybe")]
    else:
        forms.append(Attempt("np.float32", np.float32(value), "rounded"))
    return forms


def _has_records(value: Any) -> bool:
    return hasattr(value, "_fields") or (isinstance(value, list | tuple) and any(hasattr(each, "_fields") for each in value))


def _forms(value: Any) -> list[Attempt]:
    """Return the valid value in other forms."""
    if isinstance(value, bool):
        return [Attempt("np.bool_", np.bool_(value), "maybe")]
    if isinstance(value, str):
        return [Attempt("np.str_", np.str_(value), "maybe")]
    if isinstance(value, int | float | np.number):
        return _number_forms(value) if isinstance(value, int) or np.isfinite(value) else []
    return _array_forms(value) if isinstance(value, list | tuple | np.ndarray) and not _has_records(value) and is_numeric(value) else []


def _fresh(attempt: Attempt) -> Attempt:
    return attempt._replace(value=copy.deepcopy(attempt.value))


def attempts(value: Any) -> st.SearchStrategy[Attempt]:
    """Return a strategy over what to try in place of a valid ``value``."""
    fixed = [Attempt(label, bad, "never") for label, bad in NEVER] + [Attempt(label, bad, "other") for label, bad in OTHER]
    huge = [Attempt(f"huge {count}", count, "other", True) for count in HUGE]
    drawn = st.one_of(
        st.floats(allow_nan=False).map(lambda number: Attempt("any float", number, "other")),
        st.floats(-3.0, 3.0).map(lambda number: Attempt("ordinary float", number, "other")),
        st.integers(-50, 50).map(lambda number: Attempt("ordinary int", number, "other")),
        st.lists(st.floats(width=32), max_size=4).map(
            lambda numbers: Attempt("list of floats", numbers, "never" if np.isnan(numbers).any() else "other")
        ),
        st.text(max_size=5).map(lambda text: Attempt("any text", text, "never")),
    )
    choices = [st.sampled_from(fixed), st.sampled_from(huge), drawn]
    forms = _forms(value)
    if forms:
        choices += [st.sampled_from(forms)] * 2
    if isinstance(value, list | tuple | np.ndarray) and not _has_records(value) and is_numeric(value):
        choices.append(st.sampled_from(_changed_arrays(value)))
    return st.one_of(choices).map(_fresh)
