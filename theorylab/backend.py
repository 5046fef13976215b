"""The array namespace (numpy or cupy) and its random generators.

On numpy a block draws from ``numpy.random.Generator(Philox)``. On cupy a `theorylab.device.DeviceGenerator` draws from the same counter-based
Philox 4x64-10 under the same key; it is written against an array namespace, so that it also runs, and is tested, on numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.device.generator import DeviceGenerator
from theorylab.validation import whole_number

__all__ = [
    "BACKENDS",
    "BackendError",
    "DeviceGenerator",
    "array_module",
    "check_backend",
    "check_draw",
    "generator",
    "namespace_of",
    "special_functions",
]

BACKENDS = ("numpy", "cupy")


class BackendError(RuntimeError):
    """The chosen array backend cannot be used on this machine."""


def check_backend(name: str) -> str:
    """Return ``name`` if that backend works here.

    Raises
    ------
    ValueError
        If there is no backend of that name.
    BackendError
        If cupy is not installed or finds no device.
    """
    if name not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(map(repr, BACKENDS))}; got {name!r}")
    if name == "cupy":
        try:
            import cupy

            count = cupy.cuda.runtime.getDeviceCount()
        except ImportError:
            raise BackendError('backend cupy needs the package cupy: pip install "theorylab[gpu]"') from None
        except Exception as error:  # cupy raises its own classes for a missing driver, which exist only if it is installed
            raise BackendError(f"backend cupy finds no usable GPU ({' '.join(str(error).split())})") from None
        if count == 0:
            raise BackendError("backend cupy finds no GPU on this machine")
    return name


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
    if backend == "numpy":
        return np.random.Generator(np.random.Philox(key=key, counter=block << 192))
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


def check_draw(rng: Any, size: Any, *, minimum: int = 1) -> int:
    """Return ``size`` as a plain int if ``rng`` is a generator and ``size`` a number of replicates, >= ``minimum``.

    Raises
    ------
    ValueError
        If one of them is not.
    """
    namespace_of(rng)
    return whole_number("size", size, minimum=minimum)


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
    if namespace is np:
        import scipy.special

        return scipy.special
    import cupyx.scipy.special

    return cupyx.scipy.special
