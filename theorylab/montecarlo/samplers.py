"""What a sampler is, how large its blocks are, and how its values become the columns of a block.

A sampler is a plain function ``(rng, size, *, parameters...)`` that returns the per-replicate values of one experiment: an array of shape
(size,), or a dict of such arrays when several statistics of the same replicate are wanted. A column of the dict may be a matrix (size, L), the
L points of a curve; its entries are the statistics ``column[0]``, ``column[1]``, ...
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from theorylab.backend import array_module, check_backend_name
from theorylab.montecarlo.streams import canonical_parameters, fill_defaults, sampler_name
from theorylab.validation import function, items, real, text, whole_number

__all__ = [
    "DEFAULT_BLOCK_SIZE",
    "LARGEST_BLOCK_SIZE",
    "VALUE",
    "Request",
    "SamplerError",
    "above",
    "backend_of",
    "below",
    "block_size",
    "columns_of",
    "entries",
    "fetch",
    "fitting_block",
    "host_only",
    "make_request",
]

DEFAULT_BLOCK_SIZE = 4096
LARGEST_BLOCK_SIZE = 2**16
# The name of the only column of a sampler that returns a bare array.
VALUE = "value"
# More entries than any record could hold.
MOST_ENTRIES = 2**20

_ENTRY = re.compile(r"^(?P<column>.+)\[(?P<number>\d+)\]$")
_INDICATOR = re.compile(r"^(?P<column>.+) (?P<sign><=|>) (?P<threshold>\S+)$")


class SamplerError(RuntimeError):
    """A sampler raised, returned the wrong shape, or returned a value that is not finite."""


def block_size(size: int | Callable[..., int]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Attach the number of replicates per block to a sampler.

    Parameters
    ----------
    size
        A power of two, or a function of the sampler's parameters (given by keyword) that returns one. The block is what is random and what
        is recorded, so it may depend on the parameters but never on a clock or a machine.
    """

    def attach(sampler: Callable[..., Any]) -> Callable[..., Any]:
        sampler.block_size = size  # type: ignore[attr-defined]
        return sampler

    return attach


def host_only(reason: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say that a sampler cannot draw on a device, and why; it then draws on the processor, whatever backend is asked for."""
    text("reason", reason, empty=False)

    def attach(sampler: Callable[..., Any]) -> Callable[..., Any]:
        sampler.host_only = reason  # type: ignore[attr-defined]
        return sampler

    return attach


def backend_of(sampler: Callable[..., Any], backend: str) -> str:
    """Return the backend that a sampler draws on where ``backend`` is asked for: that one, or numpy if it was declared `host_only`.

    So a whole paper can be run on a device, although a sampler in it fits by a library of the processor; what it draws is recorded as numpy's.
    """
    backend = check_backend_name(backend)
    return "numpy" if hasattr(function("sampler", sampler), "host_only") else backend


def fitting_block(*, numbers: float, nanoseconds: float = 0.0) -> int:
    """Return the block size, a power of two that keeps a block below 2^22 numbers (32 MB) and near 40 ms.

    It is at most 4096, or what takes 6 ms if that is more, up to 2^16: what is recorded of a block takes some 50 us, however short the block is.

    Parameters
    ----------
    numbers, nanoseconds
        What one replicate takes, roughly: float64 numbers held at once, and time on one core.
    """
    numbers, nanoseconds = real("numbers", numbers, minimum=0.0), real("nanoseconds", nanoseconds, minimum=0.0)
    most = min(max(6e6 / nanoseconds, DEFAULT_BLOCK_SIZE), LARGEST_BLOCK_SIZE) if nanoseconds > 0.0 else DEFAULT_BLOCK_SIZE
    fitting = min(4e7 / max(nanoseconds, 1.0), 2.0**22 / max(numbers, 1.0), most)
    return 1 << max(int(fitting).bit_length() - 1, 0)


def _threshold(value: float) -> str:
    # An infinite one is allowed, and means all or nothing.
    if isinstance(value, float | np.floating) and np.isinf(value):
        return repr(float(value))
    if np.ndim(value) == 0 and value != value:
        raise ValueError("threshold must be a number; got nan")
    return repr(real("threshold", value))


def below(column: str, threshold: float) -> str:
    """Name the indicator of ``column <= threshold`` as a statistic; its mean is P(column <= threshold)."""
    return f"{text('column', column)} <= {_threshold(threshold)}"


def above(column: str, threshold: float) -> str:
    """Name the indicator of ``column > threshold`` as a statistic; its mean is P(column > threshold)."""
    return f"{text('column', column)} > {_threshold(threshold)}"


def entries(column: str, length: int) -> tuple[str, ...]:
    """Name the entries of a matrix column as statistics: ``column[0]`` to ``column[length - 1]``."""
    column, length = text("column", column), whole_number("length", length, maximum=MOST_ENTRIES)
    return tuple(f"{column}[{number}]" for number in range(length))


def is_indicator(statistic: str) -> bool:
    """Tell whether ``statistic`` names an indicator made by `below` or `above`."""
    return _INDICATOR.match(statistic) is not None


@dataclass(frozen=True)
class Request:
    """Everything that fixes the random numbers of an experiment, apart from the seed.

    Attributes
    ----------
    sampler
        The sampling function.
    parameters
        All its parameters, defaults filled in.
    name, canonical
        The texts that key the stream.
    block
        Replicates per block.
    """

    sampler: Callable[..., Any]
    parameters: dict[str, Any]
    name: str
    canonical: str
    block: int


def is_module_level(sampler: Callable[..., Any]) -> bool:
    """Tell whether ``sampler`` is what its module holds under its name, so that name and source file stand for the function."""
    found: Any = sys.modules.get(sampler.__module__)
    for part in sampler.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is sampler


def _refuse_hidden_state(sampler: Callable[..., Any]) -> None:
    """Refuse a sampler that depends on more than its name and parameters: two such would share one stream and one record."""
    if not inspect.isfunction(sampler):
        raise ValueError(f"sampler must be a function (rng, size, *, parameters...); got {type(sampler).__name__}")
    if is_module_level(sampler):
        return
    if sampler.__name__ == "<lambda>":
        raise ValueError("sampler must be a function with a name of its own, because the name keys the random stream; got a lambda")
    if sampler.__closure__:
        captured = ", ".join(sampler.__code__.co_freevars)
        raise ValueError(
            f"sampler {sampler.__name__} must not use variables of the function around it, because they do not key the random stream; "
            f"it uses {captured}: make them parameters"
        )


def _power_of_two(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1 or value & (value - 1):
        raise ValueError(f"{name} must be a power of two; got {value!r:.80}")
    return value


def make_request(sampler: Callable[..., Any], parameters: Mapping[str, Any]) -> Request:
    """Bind ``parameters`` to ``sampler`` and work out its block size.

    Raises
    ------
    ValueError
        If the sampler is not a plain function, or is a lambda or uses variables of a function around it; if a parameter is unknown, missing,
        or cannot key a stream; or if the block size is not a power of two.
    """
    _refuse_hidden_state(sampler)
    filled = fill_defaults(sampler, parameters)
    declared = getattr(sampler, "block_size", DEFAULT_BLOCK_SIZE)
    block = declared(**filled) if callable(declared) else declared
    block = _power_of_two(f"block size of {sampler.__name__}", block)
    return Request(sampler, filled, sampler_name(sampler), canonical_parameters(filled), block)


def fetch(array: Any) -> np.ndarray:
    """Bring a device array to the host; numpy arrays pass through."""
    return np.asarray(array if array_module(array) is np else array.get())


class Place(NamedTuple):
    """Where a statistic stands in what a sampler returned.

    Attributes
    ----------
    column
        Name of the column.
    entry
        Number of the entry of a matrix column; None for a column of single values.
    sign, threshold
        Of an indicator, ``"<="`` or ``">"`` and a number; None where the values themselves are meant.
    """

    column: str
    entry: int | None
    sign: str | None
    threshold: float | None

    @property
    def label(self) -> str:
        """The column, with its entry."""
        return self.column if self.entry is None else f"{self.column}[{self.entry}]"


def place_of(table: Mapping[str, Any], statistic: str) -> Place:
    """Return where a statistic stands in a table of columns, or would stand if the table had such a column."""
    indicator = None if statistic in table else _INDICATOR.match(statistic)
    label = indicator["column"] if indicator else statistic
    entry = None if label in table else _ENTRY.match(label)
    sign, threshold = (indicator["sign"], float(indicator["threshold"])) if indicator else (None, None)
    return Place(entry["column"], int(entry["number"]), sign, threshold) if entry else Place(label, None, sign, threshold)


def _values_at(table: Mapping[str, Any], place: Place, size: int) -> np.ndarray:
    """Return the values of a column, or of an entry of a matrix column, on the host."""
    if place.column not in table:
        raise SamplerError(f"the sampler returns no statistic {place.label!r}; it returns {', '.join(map(repr, table))}")
    data = fetch(table[place.column])
    if place.entry is None:
        return data
    if data.ndim != 2 or len(data) != size or place.entry >= data.shape[1]:
        raise SamplerError(f"statistic {place.label!r} needs a column {place.column!r} of shape ({size}, more than {place.entry}); got {data.shape}")
    chosen: np.ndarray = data[:, place.entry]
    return chosen


def columns_of(values: Any, statistics: Sequence[str], size: int) -> np.ndarray:
    """Return the declared statistics of a block as a float64 array of shape (k, size).

    Parameters
    ----------
    values
        What the sampler returned.
    statistics
        Names of columns, or indicators made by `below` and `above`.
    size
        The number of replicates that was asked for.

    Raises
    ------
    SamplerError
        If a column is missing, has another shape, or holds a value that is not finite.
    """
    statistics, size = items("statistics", statistics, str, minimum=1), whole_number("size", size)
    table = values if isinstance(values, Mapping) else {VALUE: values}
    columns = np.empty((len(statistics), size))
    for row, statistic in enumerate(statistics):
        place = place_of(table, statistic)
        data = _values_at(table, place, size)
        if data.shape != (size,):
            raise SamplerError(f"statistic {place.label!r} must have shape ({size},); got {data.shape}")
        if data.dtype.kind not in "biuf":
            raise SamplerError(f"statistic {place.label!r} must be real numbers; got {data.dtype}")
        values = columns[row]
        values[:] = data
        # A value that is not finite makes the sum so; the values are looked at one by one only then, for a sum may also overflow.
        with np.errstate(over="ignore", invalid="ignore"):
            suspicious = not np.isfinite(values.sum())
        if suspicious and not (finite := np.isfinite(values)).all():
            raise SamplerError(f"statistic {place.label!r} has {int(size - finite.sum())} of {size} values that are not finite")
        if place.threshold is not None:
            values[:] = values <= place.threshold if place.sign == "<=" else values > place.threshold
    return columns
