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
from typing import Any

import numpy as np

from theorylab.montecarlo.streams import canonical_parameters, fill_defaults, sampler_name

__all__ = [
    "DEFAULT_BLOCK_SIZE",
    "VALUE",
    "Request",
    "SamplerError",
    "above",
    "below",
    "block_size",
    "columns_of",
    "entries",
    "fetch",
    "fitting_block",
    "make_request",
]

DEFAULT_BLOCK_SIZE = 4096
# The name of the only column of a sampler that returns a bare array.
VALUE = "value"

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


def fitting_block(*, numbers: float, nanoseconds: float = 0.0) -> int:
    """Return the block size, a power of two up to 4096, that keeps a block below 2^22 numbers (32 MB) and near 40 ms.

    Parameters
    ----------
    numbers, nanoseconds
        What one replicate takes, roughly: float64 numbers held at once, and time on one core.
    """
    fitting = min(4e7 / max(nanoseconds, 1.0), 2.0**22 / max(numbers, 1.0), float(DEFAULT_BLOCK_SIZE))
    return 1 << max(int(fitting).bit_length() - 1, 0)


def _threshold(value: float) -> str:
    number = float(value)
    if number != number:
        raise ValueError("threshold must be a number; got nan")
    return repr(number)


def below(column: str, threshold: float) -> str:
    """Name the indicator of ``column <= threshold`` as a statistic; its mean is P(column <= threshold)."""
    return f"{column} <= {_threshold(threshold)}"


def above(column: str, threshold: float) -> str:
    """Name the indicator of ``column > threshold`` as a statistic; its mean is P(column > threshold)."""
    return f"{column} > {_threshold(threshold)}"


def entries(column: str, length: int) -> tuple[str, ...]:
    """Name the entries of a matrix column as statistics: ``column[0]`` to ``column[length - 1]``."""
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
    if not isinstance(block, int) or block < 1 or block & (block - 1):
        raise ValueError(f"block size of {sampler.__name__} must be a power of two; got {block!r}")
    return Request(sampler, filled, sampler_name(sampler), canonical_parameters(filled), block)


def fetch(array: Any) -> np.ndarray:
    """Bring a device array to the host; numpy arrays pass through."""
    return np.asarray(array.get() if hasattr(array, "get") else array)


def _column(table: Mapping[str, Any], column: str, size: int) -> np.ndarray:
    """Look up a column, or an entry of a matrix column."""
    entry = None if column in table else _ENTRY.match(column)
    name = entry["column"] if entry else column
    if name not in table:
        raise SamplerError(f"the sampler returns no statistic {column!r}; it returns {', '.join(map(repr, table))}")
    data = fetch(table[name])
    if entry is None:
        return data
    if data.ndim != 2 or len(data) != size or int(entry["number"]) >= data.shape[1]:
        raise SamplerError(f"statistic {column!r} needs a column {name!r} of shape ({size}, more than {entry['number']}); got {data.shape}")
    chosen: np.ndarray = data[:, int(entry["number"])]
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
    table = values if isinstance(values, Mapping) else {VALUE: values}
    columns = np.empty((len(statistics), size))
    for row, statistic in enumerate(statistics):
        match = None if statistic in table else _INDICATOR.match(statistic)
        column = match["column"] if match else statistic
        data = _column(table, column, size)
        if data.shape != (size,):
            raise SamplerError(f"statistic {column!r} must have shape ({size},); got {data.shape}")
        if data.dtype.kind not in "biuf":
            raise SamplerError(f"statistic {column!r} must be real numbers; got {data.dtype}")
        data = data.astype(np.float64, copy=False)
        finite = np.isfinite(data)
        if not finite.all():
            raise SamplerError(f"statistic {column!r} has {int(size - finite.sum())} of {size} values that are not finite")
        if match:
            threshold = float(match["threshold"])
            data = data <= threshold if match["sign"] == "<=" else data > threshold
        columns[row] = data
    return columns
