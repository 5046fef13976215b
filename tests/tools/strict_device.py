"""An array module on the host that refuses what cupy refuses and counts what would wait for the device: the GPU path, tested without a GPU.

`install` puts `NAMESPACE` in the place of cupy for one test: `import cupy` finds it, ``cupyx.scipy.special`` holds its special functions, and
the backend "cupy" passes its check. Its arrays wrap numpy arrays and behave like those of cupy 13.3 to 14.2 where programs break:

* a numpy array in an operator or a function, as a value to store, or as the result of an implicit conversion is a TypeError; numbers of Python
  and of numpy, and numpy arrays as integer indices, are allowed;
* a function, a method or a keyword that cupy lacks is an AttributeError or a TypeError (`initial=` of reductions, `errstate`, ...);
* results are arrays always: a sum is a 0-dimensional array, and no ``__index__`` makes a length or the index of a list of it;
* batches of equations do not broadcast, singular matrices give nan instead of an exception, and nothing warns;
* a kernel compiled for the host cannot take the arrays.

It is stricter than cupy in that numpy's functions (not its ufuncs) of these arrays, and functions of this module of numpy's arrays, are refused
always; some of them cupy hands on to the module that the arrays belong to.

`waits` counts round trips, in which the host waits for the device: ``get``, ``item``, ``tolist``, ``float``, ``int``, ``bool``, boolean masks as
indices, and whatever else must know a size that the device computes. Uploads are not counted: the host does not wait for them.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.special

__all__ = ["NAMESPACE", "DeviceArray", "install", "waits"]

_DATA = tomllib.loads(Path(__file__).with_name("device_names.toml").read_text())
_NAMES = {kind: frozenset(text.split()) for kind, text in _DATA.items() if isinstance(text, str)}
_LACKING = {name: frozenset(text.split()) for name, text in _DATA["lacking"].items()}
_FUNCTIONS = _NAMES["creation"] | _NAMES["conversion"] | _NAMES["several"] | _NAMES["functions"]

_count = 0


def _wait() -> None:
    global _count
    _count += 1


@contextmanager
def waits() -> Iterator[Callable[[], int]]:
    """Count round trips: the function that this gives tells how many there were since."""
    start = _count
    yield lambda: _count - start


def _refused(value: Any) -> TypeError:
    return TypeError(f"Unsupported type {type(value)}: not an array of the device")


def _inside(value: Any) -> Any:
    """Return what numpy is to work on: device arrays, bare or in lists, are opened, and arrays of the host are refused."""
    if isinstance(value, DeviceArray):
        return value.host
    if isinstance(value, np.ndarray):
        raise _refused(value)
    if isinstance(value, tuple | list):
        return type(value)(_inside(entry) for entry in value)
    return value


def _outside(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return DeviceArray(np.asarray(value))
    if isinstance(value, tuple):  # several results, also named ones
        return tuple(_outside(entry) for entry in value)
    return [_outside(entry) for entry in value] if isinstance(value, list) else value


def _run(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    with np.errstate(all="ignore"):
        return _outside(function(*map(_inside, arguments), **{name: _inside(value) for name, value in keywords.items()}))


def _check_call(name: str, keywords: dict[str, Any]) -> None:
    unknown = _LACKING.get(name, frozenset()) & set(keywords)
    if unknown:
        raise TypeError(f"{name}() got an unexpected keyword argument {min(unknown)!r}")
    if name in _NAMES["waiting"]:
        _wait()


def _opened(index: Any) -> Any:
    parts = index if isinstance(index, tuple) else (index,)
    opened = tuple(part.host if isinstance(part, DeviceArray) else part for part in parts)
    return opened if isinstance(index, tuple) else opened[0]


def _has_mask(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, DeviceArray | np.ndarray) and part.dtype == bool for part in parts)


class DeviceArray:
    """An array that only `NAMESPACE` and its own methods can work on; `host` is what a device would hold."""

    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, host: np.ndarray) -> None:
        if host.dtype.kind not in "biufc" or host.dtype in (np.longdouble, np.clongdouble):
            raise ValueError(f"Unsupported dtype {host.dtype}")
        self.host = host

    shape = property(lambda self: self.host.shape)
    dtype = property(lambda self: self.host.dtype)
    ndim = property(lambda self: self.host.ndim)
    size = property(lambda self: self.host.size)
    nbytes = property(lambda self: self.host.nbytes)
    itemsize = property(lambda self: self.host.itemsize)
    strides = property(lambda self: self.host.strides)
    T = property(lambda self: DeviceArray(self.host.T))
    real = property(lambda self: DeviceArray(self.host.real))
    imag = property(lambda self: DeviceArray(self.host.imag))

    def __getattr__(self, name: str) -> Any:
        if name not in _NAMES["methods"]:
            raise AttributeError(f"'cupy.ndarray' object has no attribute {name!r}")

        def method(*arguments: Any, **keywords: Any) -> Any:
            _check_call(name, keywords)
            return _run(getattr(self.host, name), *arguments, **keywords)

        return method

    def __len__(self) -> int:
        return len(self.host)

    def __iter__(self) -> Iterator[Any]:
        return (self[position] for position in range(len(self)))

    def __repr__(self) -> str:
        return f"DeviceArray({self.host!r})"

    # To the host ---------------------------------------------------------------------------------------------------------------------

    def get(self) -> np.ndarray:
        _wait()
        return self.host.copy()

    def item(self, *index: int) -> Any:
        _wait()
        return self.host.item(*index)

    def tolist(self) -> Any:
        _wait()
        return self.host.tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __bool__(self) -> bool:
        _wait()
        return bool(self.host)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly.")

    def __array_function__(self, function: Callable[..., Any], *_: Any) -> Any:
        raise TypeError(f"numpy.{function.__name__} cannot take an array of the device")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        # This is how `np.float64(2) * array` arrives here.
        if method != "__call__" or ufunc.__name__ not in _NAMES["ufuncs"]:
            return NotImplemented
        return getattr(NAMESPACE, ufunc.__name__)(*inputs, **keywords)

    # Elements ------------------------------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Any:
        if _has_mask(index):
            _wait()
        return _outside(self.host[_opened(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, np.ndarray | list | tuple):
            raise _refused(value)
        # A mask alone and one value for all is the one case in which the device need not tell how many there are.
        if _has_mask(index) and (isinstance(index, tuple) or getattr(value, "size", 1) != 1):
            _wait()
        with np.errstate(all="ignore"):
            self.host[_opened(index)] = _inside(value)


def _operator(name: str) -> Callable[..., Any]:
    def operator(self: DeviceArray, *others: Any) -> Any:
        if not all(isinstance(other, DeviceArray | int | float | complex | np.generic) for other in others):
            raise _refused(others[0])
        result = _run(getattr(self.host, name), *others)
        return self if name.startswith("__i") and name != "__invert__" else result

    return operator


for _stem in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"):
    for _prefix in ("", "r", "i"):
        setattr(DeviceArray, f"__{_prefix}{_stem}__", _operator(f"__{_prefix}{_stem}__"))
for _stem in ("lt", "le", "gt", "ge", "eq", "ne", "neg", "pos", "abs", "invert"):
    setattr(DeviceArray, f"__{_stem}__", _operator(f"__{_stem}__"))


# The module ------------------------------------------------------------------------------------------------------------------------------


class _Ufunc:
    """A ufunc: called, or one of the methods that cupy has for the few ufuncs that need them most."""

    def __init__(self, ufunc: np.ufunc) -> None:
        self._ufunc = ufunc

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        if set(keywords) - {"out", "dtype", "casting"}:
            raise TypeError(f"Wrong arguments {sorted(keywords)}")
        for value in inputs:
            if isinstance(value, tuple | list):
                raise _refused(value)
        return _run(self._ufunc, *inputs, **keywords)

    def at(self, array: DeviceArray, indices: Any, values: Any) -> None:
        if self._ufunc not in (np.add, np.subtract, np.maximum, np.minimum):
            raise NotImplementedError(f"`{self._ufunc.__name__}.at` is not supported yet")
        self._ufunc.at(array.host, _opened(indices), _inside(values))

    def reduce(self, array: DeviceArray, **keywords: Any) -> Any:
        if self._ufunc not in (np.add, np.multiply):
            raise NotImplementedError(f"`{self._ufunc.__name__}.reduce` is not supported yet")
        return _run(self._ufunc.reduce, array, **keywords)


def _converted(name: str, value: Any, **keywords: Any) -> Any:
    # What is uploaded shares no memory with the host.
    host = value.copy() if isinstance(value, np.ndarray) else _inside(value)
    return _outside(getattr(np, name)(host, **keywords))


def _function(name: str) -> Callable[..., Any]:
    def function(*arguments: Any, **keywords: Any) -> Any:
        _check_call(name, keywords)
        if name in _NAMES["conversion"]:
            return _converted(name, *arguments, **keywords)
        if name in _NAMES["creation"]:
            numbers = arguments[:1] if name == "full" else arguments
            if any(isinstance(value, DeviceArray) for value in numbers):
                raise TypeError(f"{name}() needs numbers of the host")
        elif name in _NAMES["functions"] and not isinstance(arguments[0], DeviceArray):
            raise _refused(arguments[0])
        if (name == "where" and len(arguments) == 1) or (name == "repeat" and isinstance(arguments[1], DeviceArray)):
            _wait()
        return _run(getattr(np, name), *arguments, **keywords)

    return function


def _matrix_function(solver: Callable[..., Any]) -> Callable[..., Any]:
    """Let a solver give nan for the matrices that numpy gives up, since cupy looks at no error code, and refuse batches that do not match."""

    def solve(*operands: Any) -> Any:
        matrix, *right = map(_inside, operands)
        if right and right[0].shape[:-1] != matrix.shape[:-1] and not (matrix.ndim == 2 and right[0].shape == matrix.shape[:1]):
            raise ValueError(f"a must have (..., M, M) shape and b must have (..., M, K); got {matrix.shape} and {right[0].shape}")
        try:
            return _outside(solver(matrix, *right))
        except np.linalg.LinAlgError:
            result = np.full((right or [matrix])[0].shape, np.nan)
        for place in np.ndindex(matrix.shape[:-2]):
            try:
                result[place] = solver(matrix[place], *(sides[place] for sides in right))
            except np.linalg.LinAlgError:
                continue
        return _outside(result)

    return solve


class _Names(ModuleType):
    """A module whose members are made when they are asked for."""

    def __init__(self, name: str, make: Callable[[str], Any]) -> None:
        super().__init__(name)
        self._make = make

    def __getattr__(self, name: str) -> Any:
        made = None if name.startswith("_") else self._make(name)
        if made is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        setattr(self, name, made)
        return made


def _member(name: str) -> Any:
    if name in _NAMES["ufuncs"]:
        return _Ufunc(getattr(np, name))
    if name in _FUNCTIONS:
        return _function(name)
    if name in _NAMES["on_host"]:
        return lambda *arguments, **keywords: getattr(np, name)(*(getattr(value, "host", value) for value in arguments), **keywords)
    return getattr(np, name) if name in _NAMES["constants"] else None


def _linalg_member(name: str) -> Any:
    if name not in _NAMES["linalg"]:
        return None
    function = getattr(np.linalg, name)
    return (
        _matrix_function(function) if name in ("solve", "inv", "cholesky") else lambda *arguments, **keywords: _run(function, *arguments, **keywords)
    )


def _special_member(name: str) -> Any:
    function = getattr(scipy.special, name) if name in _NAMES["special"] else None
    return None if function is None else lambda *arguments, **keywords: _run(function, *arguments, **keywords)


# Not called "cupy", so that nobody asks it for a kernel written in CUDA.
NAMESPACE: Any = _Names("strict_device", _member)
NAMESPACE.linalg = _Names("strict_device.linalg", _linalg_member)
NAMESPACE.ndarray = DeviceArray
NAMESPACE.get_array_module = lambda *arrays: NAMESPACE if any(isinstance(array, DeviceArray) for array in arrays) else np
NAMESPACE.asnumpy = lambda array: array.get()
NAMESPACE.cuda = SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=lambda: 1))
_SPECIAL = _Names("cupyx.scipy.special", _special_member)
_SCIPY = SimpleNamespace(special=_SPECIAL)
_INSTALLED = {"cupy": NAMESPACE, "cupyx": SimpleNamespace(scipy=_SCIPY), "cupyx.scipy": _SCIPY, "cupyx.scipy.special": _SPECIAL}


def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let `import cupy` find `NAMESPACE` until the end of the test, and return it."""
    for name, module in _INSTALLED.items():
        monkeypatch.setitem(sys.modules, name, module)
    return NAMESPACE
