"""The array namespace (numpy or cupy) and its random generators.

On numpy a block draws from ``numpy.random.Generator(Philox)``. The generators that come with cupy keep 32 bits of a seed and size their
streams by the device, so on cupy a `DeviceGenerator` draws from the same counter-based Philox 4x64-10 under the same key: the raw words are
those of numpy bit for bit, the variates made from them equal numpy's in law. `DeviceGenerator` is written against an array namespace, so
that it also runs, and is tested, on numpy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theorylab.philox import philox_words

__all__ = ["BACKENDS", "BackendError", "DeviceGenerator", "array_module", "check_backend", "generator", "namespace_of", "special_functions"]

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


def generator(backend: str, key: int, block: int) -> Any:
    """Return the generator of block number ``block`` of the experiment with this 128-bit key."""
    if backend == "numpy":
        return np.random.Generator(np.random.Philox(key=key, counter=block << 192))
    import cupy

    return DeviceGenerator(cupy, key, block)


def namespace_of(rng: Any) -> Any:
    """Return the array module (numpy or cupy) whose arrays ``rng`` draws."""
    return np if isinstance(rng, np.random.Generator) else rng.namespace


def array_module(array: Any) -> Any:
    """Return the array module (numpy or cupy) that an array belongs to."""
    if isinstance(array, np.ndarray):
        return np
    import cupy

    return cupy.get_array_module(array)


def special_functions(namespace: Any) -> Any:
    """Return the module of special functions (`ndtr`, `expit`, `log_ndtr`, ...) that takes the arrays of an array module."""
    if namespace is np:
        import scipy.special

        return scipy.special
    import cupyx.scipy.special

    return cupyx.scipy.special


Shape = int | tuple[int, ...]


class DeviceGenerator:
    """Random variates from Philox 4x64-10 in any array namespace, with the method names of ``numpy.random.Generator``.

    Parameters
    ----------
    namespace
        The array module, cupy or numpy.
    key
        128-bit key of the experiment.
    block
        Block number, the top word of the counter.
    """

    def __init__(self, namespace: Any, key: int, block: int) -> None:
        self.namespace = namespace
        self._key = (key & (2**64 - 1), key >> 64)
        self._block = block
        self._drawn = 0

    def raw_words(self, count: int) -> Any:
        """Return the next ``count`` 64-bit words; a rest of fewer than four words is dropped between calls."""
        quadruples = -(-count // 4)
        words = philox_words(self.namespace, self._key, self._block, self._drawn, quadruples)
        self._drawn += quadruples
        return words[:count]

    def random(self, size: Shape) -> Any:
        """Return uniform variates on [0, 1) with 53 bits."""
        shape = _as_shape(size)
        words = self.raw_words(math.prod(shape))
        return ((words >> np.uint64(11)).astype(np.float64) * 2.0**-53).reshape(shape)

    def standard_normal(self, size: Shape) -> Any:
        """Return standard normal variates (Box and Muller)."""
        xp, shape = self.namespace, _as_shape(size)
        count = math.prod(shape)
        half = -(-count // 2)
        uniform = self.random((2, half))
        # 1 - u lies in (0, 1], so the logarithm is finite.
        radius = xp.sqrt(-2.0 * xp.log(1.0 - uniform[0]))
        angle = 2.0 * math.pi * uniform[1]
        return xp.concatenate([radius * xp.cos(angle), radius * xp.sin(angle)])[:count].reshape(shape)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Shape = ()) -> Any:
        """Return normal variates with mean ``loc`` and standard deviation ``scale``."""
        return loc + scale * self.standard_normal(size)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Shape = ()) -> Any:
        """Return uniform variates on [low, high)."""
        return low + (high - low) * self.random(size)

    def exponential(self, scale: Any = 1.0, size: Shape = ()) -> Any:
        """Return exponential variates with mean ``scale``."""
        return -scale * self.namespace.log(1.0 - self.random(size))

    def integers(self, low: int, high: int | None = None, size: Shape = ()) -> Any:
        """Return integers in [low, high), or [0, low) if ``high`` is None; each has its probability to within 2**-53."""
        first, last = (0, low) if high is None else (low, high)
        return first + self.namespace.floor(self.random(size) * (last - first)).astype(np.int64)

    def standard_gamma(self, shape: Any, size: Shape | None = None) -> Any:
        """Return gamma variates with unit scale (Marsaglia and Tsang, 2000); ``shape`` > 0 broadcasts against ``size``."""
        xp = self.namespace
        given = xp.asarray(shape, dtype=np.float64)
        _check_positive(xp, "shape", given)
        target = given.shape if size is None else _as_shape(size)
        alpha = xp.broadcast_to(given, target).reshape(-1)
        # For alpha < 1: Gamma(alpha) = Gamma(alpha + 1) U^(1/alpha).
        boosted = xp.where(alpha < 1.0, alpha + 1.0, alpha)
        d = boosted - 1.0 / 3.0
        c = 1.0 / xp.sqrt(9.0 * d)
        result = xp.empty_like(d)
        waiting = xp.arange(d.size)
        while waiting.size:
            x = self.standard_normal(int(waiting.size))
            v = (1.0 + c[waiting] * x) ** 3
            u = 1.0 - self.random(int(waiting.size))
            safe = xp.where(v > 0.0, v, 1.0)
            accepted = (v > 0.0) & (xp.log(u) < 0.5 * x * x + d[waiting] * (1.0 - safe + xp.log(safe)))
            result[waiting[accepted]] = (d[waiting] * safe)[accepted]
            waiting = waiting[~accepted]
        if bool((alpha < 1.0).any()):
            u = 1.0 - self.random(int(d.size))
            result = xp.where(alpha < 1.0, result * u ** (1.0 / alpha), result)
        return result.reshape(target)

    def chisquare(self, df: Any, size: Shape | None = None) -> Any:
        """Return chi-squared variates with ``df`` > 0 degrees of freedom."""
        given = self.namespace.asarray(df, dtype=np.float64)
        _check_positive(self.namespace, "df", given)
        return 2.0 * self.standard_gamma(given / 2.0, size)


def _check_positive(namespace: Any, name: str, value: Any) -> None:
    # A shape that is not positive would be rejected for ever.
    if not bool(((value > 0.0) & namespace.isfinite(value)).all()):
        raise ValueError(f"{name} must be finite and > 0; got {value}")


def _as_shape(size: Shape) -> tuple[int, ...]:
    return (int(size),) if isinstance(size, int | np.integer) else tuple(int(length) for length in size)
