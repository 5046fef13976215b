"""The array namespace (numpy or cupy) and its random generators.

On numpy a block draws from ``numpy.random.Generator(Philox)``. On cupy a `theorylab.device.DeviceGenerator` draws from the same counter-based
Philox 4x64-10 under the same key; it is written against an array namespace, so that it also runs, and is tested, on numpy.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from theorylab.device.generator import DeviceGenerator
from theorylab.validation import array_of_shape, choice, reals, whole_number

__all__ = [
    "BACKENDS",
    "BackendError",
    "DeviceGenerator",
    "array_module",
    "check_backend",
    "check_broadcast",
    "check_draw",
    "checked_array",
    "generator",
    "namespace_of",
    "special_functions",
]

BACKENDS = ("numpy", "cupy")
# More at once fit no memory, and a sampler that goes through them one by one would never end.
_MOST_REPLICATES = 10**9


class BackendError(RuntimeError):
    """The chosen array backend cannot be used on this machine."""


def check_backend_name(backend: Any) -> str:
    """Return ``backend`` if there is one of that name, whether it works here or not."""
    return choice("backend", backend, BACKENDS)


def check_backend(backend: str) -> str:
    """Return ``backend`` if that backend works here.

    Raises
    ------
    ValueError
        If there is no backend of that name.
    BackendError
        If cupy is not installed or finds no device.
    """
    if check_backend_name(backend) == "cupy":
        try:
            import cupy

            count = cupy.cuda.runtime.getDeviceCount()
        except ImportError:
            raise BackendError('backend cupy needs the package cupy: pip install "theorylab[gpu]"') from None
        except Exception as error:  # cupy raises its own classes for a missing driver, which exist only if it is installed
            raise BackendError(f"backend cupy finds no usable GPU ({' '.join(str(error).split())})") from None
        if count == 0:
            raise BackendError("backend cupy finds no GPU on this machine")
    return backend


def generator(backend: str, key: int, block: int, blocks: int = 1, size: int | None = None) -> Any:
    """Return the generator of block number ``block`` of the experiment with this 128-bit key.

    Parameters
    ----------
    backend
        ``"numpy"`` or ``"cupy"``.
    key, block
        Of the experiment, and of the first block.
    blocks, size
        On a device several blocks may be drawn in one launch: their number, and the replicates of all of them together.
    """
    for name, value, end in (("key", key, 2**128), ("block", block, 2**64)):
        # Beyond int64, so only what is no integer at all goes through the common check.
        whole = value if isinstance(value, int | np.integer) and not isinstance(value, bool) else whole_number(name, value, minimum=0)
        if not 0 <= whole < end:
            raise ValueError(f"{name} must be an integer in [0, {end}); got {value!r:.80}")
    if check_backend_name(backend) == "numpy":
        return np.random.Generator(np.random.Philox(key=int(key), counter=int(block) << 192))
    check_backend(backend)
    import cupy

    return DeviceGenerator(cupy, key, block, blocks, size)


def namespace_of(rng: Any) -> Any:
    """Return the array module (numpy or cupy) whose arrays ``rng`` draws.

    Raises
    ------
    ValueError
        If ``rng`` is no generator.
    """
    if isinstance(rng, np.random.Generator):
        return np
    namespace = getattr(rng, "namespace", None)
    if namespace is None:
        raise ValueError(f"rng must be a numpy Generator or the generator of a device; got {type(rng).__name__}")
    return namespace


def check_draw(rng: Any, size: Any, *, minimum: int = 1, maximum: int | None = None) -> int:
    """Return ``size`` as a plain int if ``rng`` is a generator and ``size`` a number of replicates, >= ``minimum`` and <= ``maximum`` (10^9 if None).

    Raises
    ------
    ValueError
        If one of them is not.
    """
    namespace_of(rng)
    return whole_number("size", size, minimum=minimum, maximum=_MOST_REPLICATES if maximum is None else maximum)


def checked_array(
    name: str,
    value: Any,
    shape: tuple[int | str, ...] | None = None,
    *,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
) -> Any:
    """Return ``value`` as an array of real numbers of the module that it belongs to; what belongs to none becomes one of numpy.

    Parameters
    ----------
    name, value
        The argument.
    shape
        The shape that is wanted, where a text names a free length; any if None.
    minimum, above, maximum
        Range of the entries; they must be finite always. On a device only type and shape are looked at, since nobody should wait for it.

    Raises
    ------
    ValueError
        If the value is no such array.
    """
    for end, bound in (("minimum", minimum), ("above", above), ("maximum", maximum)):
        if bound is not None and (not isinstance(bound, int | float | np.integer | np.floating) or bound != bound):
            raise ValueError(f"{end} must be a number; got {bound!r:.80}")
    if shape is not None and not isinstance(shape, tuple):
        raise ValueError(f"shape must be a tuple of lengths and names; got {shape!r:.80}")
    if array_module(value) is np:
        return _host_array(name, value, shape, minimum, above, maximum)
    if value.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be an array of real numbers; got {value.dtype}")
    _check_shape(name, value.shape, shape)
    return value


def _check_shape(name: str, found: tuple[int, ...], shape: tuple[int | str, ...] | None) -> None:
    if shape is None:
        return
    if len(found) != len(shape) or not all(isinstance(want, str) or have == want for have, want in zip(found, shape, strict=True)):
        expected = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
        raise ValueError(f"{name} must have shape {expected}; got shape {found}")


def _host_array(
    name: str, value: Any, shape: tuple[int | str, ...] | None, minimum: float | None, above: float | None, maximum: float | None
) -> np.ndarray:
    # Most arrays come from inside and are what they should be; a copy of each would cost as much as what is done with them.
    if isinstance(value, np.ndarray) and value.dtype == np.float64 and type(value) is np.ndarray:
        array = value
    elif shape is None:
        array = np.asarray(reals(name, value))
    else:
        array = array_of_shape(name, value, shape)
    _check_shape(name, array.shape, shape)
    if array.size == 0:
        return array
    low, high = array.min(), array.max()
    # A NaN is the least and the largest of all.
    least, most = -_LARGEST if minimum is None else minimum, _LARGEST if maximum is None else maximum
    if not (least <= low and high <= most and (above is None or low > above)):
        bounds = [f"{sign} {bound:g}" for sign, bound in ((">=", minimum), (">", above), ("<=", maximum)) if bound is not None]
        raise ValueError(f"{name} must be finite{''.join(f' and {bound}' for bound in bounds)}; got {low:g} to {high:g}")
    return array


_LARGEST = float(np.finfo(np.float64).max)


def check_broadcast(**arrays: Any) -> tuple[int, ...]:
    """Return the common shape of arrays given by name.

    Raises
    ------
    ValueError
        If they have none.
    """
    shapes = {name: _shape(array) for name, array in arrays.items()}
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        shown = ", ".join(f"{name} of shape {shape}" for name, shape in shapes.items())
        raise ValueError(f"{', '.join(arrays)} must have shapes that broadcast; got {shown}") from None


def _shape(value: Any) -> tuple[int, ...]:
    """Return the shape of an argument; what has none, as a ragged list, is the business of other checks."""
    try:
        return tuple(value.shape) if hasattr(value, "shape") else np.shape(value)
    except (TypeError, ValueError):
        return ()


def array_module(array: Any) -> Any:
    """Return the array module (numpy or cupy) that an array belongs to."""
    if isinstance(array, np.ndarray):
        return np
    try:
        import cupy
    except ImportError:  # then there are no arrays but those of numpy
        return np
    return cupy.get_array_module(array)


def special_functions(namespace: Any) -> Any:
    """Return the module of special functions (`ndtr`, `expit`, `log_ndtr`, ...) that takes the arrays of an array module."""
    if not isinstance(namespace, ModuleType) and not hasattr(namespace, "asarray"):
        raise ValueError(f"namespace must be an array module, numpy or cupy; got {namespace!r:.80}")
    if namespace is np:
        import scipy.special

        return scipy.special
    import cupyx.scipy.special

    return cupyx.scipy.special
