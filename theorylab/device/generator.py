"""Random variates from Philox 4x64-10 in any array namespace, for one block or for several in one launch.

The generators that come with cupy keep 32 bits of a seed and size their streams by the device. Here the raw words are numpy's bit for bit under the
same key, and the variates made from them equal numpy's in law. What a block draws does not depend on how many blocks are drawn together: an array
that is asked for holds the replicates of all of them along one axis, and each part is filled from its own block's words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from theorylab.device.binomials import binomials
from theorylab.device.philox import philox_at, philox_words
from theorylab.device.sources import GENERATOR_SOURCE

__all__ = ["DeviceGenerator", "UnbatchedDrawError"]

Shape = int | Sequence[int]
_THREADS = 256
# An attempt fails with probability below 0.05, so no shape that is valid ever comes near.
_ATTEMPTS = 1000


class UnbatchedDrawError(RuntimeError):
    """An array was asked for in which the replicates of several blocks cannot be told apart."""


class DeviceGenerator:
    """Random variates with the method names of ``numpy.random.Generator``.

    Parameters
    ----------
    namespace
        The array module, cupy or numpy.
    key
        128-bit key of the experiment.
    block
        Number of the first block, the top word of the counter.
    blocks
        How many blocks are drawn together, from ``block`` on.
    size
        Replicates of all blocks together; may be left out for one block.

    Raises
    ------
    ValueError
        If there are several blocks and ``size`` is not a multiple of their number.
    """

    def __init__(self, namespace: Any, key: int, block: int, blocks: int = 1, size: int | None = None) -> None:
        if blocks < 1 or (blocks > 1 and (not size or size % blocks)):
            raise ValueError(f"size must be a positive multiple of the number of blocks, {blocks}; got {size}")
        self.namespace = namespace
        self._key = (key & (2**64 - 1), key >> 64)
        self._block, self._blocks, self._size = block, blocks, size
        self._drawn = 0

    # Where the values of a block lie ---------------------------------------------------------------------------------------------------

    def _axis(self, shape: tuple[int, ...]) -> int:
        """Return the axis of the replicates: the first one if its length is a multiple of their number, else the only one of that length."""
        if self._blocks == 1 or (shape and shape[0] % (self._size or 1) == 0):
            return 0
        found = [axis for axis, length in enumerate(shape) if length == self._size]
        if len(found) != 1:
            raise UnbatchedDrawError(f"an array of shape {shape} does not tell the {self._size} replicates of {self._blocks} blocks apart")
        return found[0]

    def _joined(self, values: Any, shape: tuple[int, ...], axis: int) -> Any:
        """Return values, one block after the other, as an array of ``shape`` with the blocks side by side along ``axis``."""
        if self._blocks == 1 or axis == 0:
            return values.reshape(shape)
        part = (*shape[:axis], shape[axis] // self._blocks, *shape[axis + 1 :])
        return self.namespace.moveaxis(values.reshape(self._blocks, *part), 0, axis).reshape(shape)

    def _split(self, values: Any, axis: int) -> Any:
        """Undo `_joined`: return the values of one block after the other."""
        if self._blocks == 1 or axis == 0:
            return values.reshape(-1)
        shape = values.shape
        apart = values.reshape(*shape[:axis], self._blocks, shape[axis] // self._blocks, *shape[axis + 1 :])
        return self.namespace.moveaxis(apart, axis, 0).reshape(-1)

    def _by_place(self, given: Any, target: tuple[int, ...], axis: int) -> Any:
        """Return parameters for the values of one block after the other; fewer if they repeat, which is looked up by place and not copied."""
        xp = self.namespace
        same = axis == 0 and (given.ndim < len(target) or (given.ndim > 0 and given.shape[0] == 1) or given.size == 1)
        if same and target:
            return xp.broadcast_to(given.reshape((1,) * (len(target) - given.ndim) + given.shape), (1, *target[1:])).reshape(-1)
        return self._split(xp.broadcast_to(given, target), axis)

    def _take(self, length: int) -> tuple[int, int]:
        """Reserve the quadruples for ``length`` words of each block; return the first of them and their number."""
        first, count = self._drawn, -(-length // 4)
        self._drawn += count
        return first, count

    # Variates --------------------------------------------------------------------------------------------------------------------------

    def raw_words(self, count: int) -> Any:
        """Return the next ``count`` 64-bit words of each block, one block after the other; a rest below four words is dropped between calls."""
        first, quadruples = self._take(count)
        if _is_cupy(self.namespace):
            drawn = self._launch("words", first, quadruples, np.uint64, 4 * quadruples)
        else:
            drawn = philox_words(self.namespace, self._key, self._block, first, quadruples, self._blocks)
        return drawn.reshape(self._blocks, -1)[:, :count].reshape(-1)

    def random(self, size: Shape) -> Any:
        """Return uniform variates on [0, 1) with 53 bits."""
        shape = _as_shape(size)
        axis, length = self._axis(shape), math.prod(shape) // self._blocks
        if _is_cupy(self.namespace):
            values = self._launch("uniforms", *self._take(length), np.float64, length, np.uint64(length))
        else:
            values = self._uniform_words(length)[:, :length]
        return self._joined(values, shape, axis)

    def _uniform_words(self, length: int) -> Any:
        """Return uniform variates, (blocks, a multiple of four), at least ``length`` of each block."""
        words = philox_words(self.namespace, self._key, self._block, *self._take(length), self._blocks)
        return ((words >> np.uint64(11)).astype(np.float64) * 2.0**-53).reshape(self._blocks, -1)

    def standard_normal(self, size: Shape) -> Any:
        """Return standard normal variates (Box and Muller)."""
        xp, shape = self.namespace, _as_shape(size)
        axis, length = self._axis(shape), math.prod(shape) // self._blocks
        if _is_cupy(xp):
            values = self._launch("normals", *self._take(length), np.float64, length, np.uint64(length))
        else:
            pairs = self._uniform_words(length)
            # 1 - u lies in (0, 1], so the logarithm is finite.
            radius, angle = xp.sqrt(-2.0 * xp.log(1.0 - pairs[:, ::2])), 2.0 * math.pi * pairs[:, 1::2]
            values = xp.stack([radius * xp.cos(angle), radius * xp.sin(angle)], axis=2).reshape(self._blocks, -1)[:, :length]
        return self._joined(values, shape, axis)

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
        """Return gamma variates with unit scale (Marsaglia and Tsang, 2000); ``shape`` > 0 broadcasts against ``size``.

        Raises
        ------
        ValueError
            If ``shape`` comes from the host and is not finite and > 0; on the device, where looking would make everything wait, NaN comes out.
        """
        xp = self.namespace
        given = xp.asarray(shape, dtype=np.float64)
        _check_positive(xp, "shape", shape, given)
        target = given.shape if size is None else _as_shape(size)
        axis, length = self._axis(target), math.prod(target) // self._blocks
        shapes = self._by_place(given, target, axis)
        first, self._drawn = self._drawn, self._drawn + length
        if _is_cupy(xp):
            shapes = xp.ascontiguousarray(shapes)
            values = self._launch("gammas", first, length, np.float64, length, shapes, np.uint64(max(shapes.size, 1)), np.uint64(_ATTEMPTS))
        else:
            values = self._gammas(shapes, first, length)
        return self._joined(values, target, axis)

    def _gammas(self, shapes: Any, first: int, length: int) -> Any:
        """Return what the kernel ``gammas`` returns, by array operations on those that still wait."""
        xp, total = self.namespace, length * self._blocks
        place = xp.arange(total)
        alpha = shapes[place % max(int(shapes.size), 1)] if total else shapes[:0]
        d = xp.where(alpha < 1.0, alpha + 1.0, alpha) - 1.0 / 3.0
        spread = 1.0 / xp.sqrt(9.0 * d)
        result, waiting = xp.full(total, math.nan), place
        lift = xp.ones(total)
        for attempt in range(_ATTEMPTS):
            if not len(waiting):
                break
            uniform = self._words_of_attempt(waiting, attempt, first, length)
            if attempt == 0:
                # For alpha < 1: Gamma(alpha) = Gamma(alpha + 1) U^(1/alpha).
                lift = xp.where(alpha < 1.0, (1.0 - uniform[:, 3]) ** (1.0 / alpha), 1.0)
            x = xp.sqrt(-2.0 * xp.log(1.0 - uniform[:, 0])) * xp.cos(2.0 * math.pi * uniform[:, 1])
            v = (1.0 + spread[waiting] * x) ** 3
            safe = xp.where(v > 0.0, v, 1.0)
            accepted = (v > 0.0) & (xp.log(1.0 - uniform[:, 2]) < 0.5 * x * x + d[waiting] * (1.0 - safe + xp.log(safe)))
            result[waiting[accepted]] = (d[waiting] * safe)[accepted]
            waiting = waiting[~accepted]
        return result * lift

    def chisquare(self, df: Any, size: Shape | None = None) -> Any:
        """Return chi-squared variates with ``df`` > 0 degrees of freedom, as in `standard_gamma`."""
        given = self.namespace.asarray(df, dtype=np.float64)
        _check_positive(self.namespace, "df", df, given)
        return 2.0 * self.standard_gamma(given / 2.0, size)

    def binomial(self, n: Any, p: Any, size: Shape | None = None) -> Any:
        """Return numbers of successes in ``n`` trials of probability ``p``; both broadcast against ``size``.

        Raises
        ------
        ValueError
            If ``n`` comes from the host and is not a whole number from 0 to 2^40, or ``p`` and is not in [0, 1]; on the device, where looking would
            make everything wait, the lowest integer comes out.
        """
        xp = self.namespace
        trials, chances = xp.asarray(n, dtype=np.float64), xp.asarray(p, dtype=np.float64)
        _check("n", "a whole number from 0 to 2^40", n, xp, lambda: (trials >= 0.0) & (trials <= 2.0**40) & (trials == xp.floor(trials)))
        _check("p", "in [0, 1]", p, xp, lambda: (chances >= 0.0) & (chances <= 1.0))
        target = np.broadcast_shapes(trials.shape, chances.shape) if size is None else _as_shape(size)
        axis, length = self._axis(target), math.prod(target) // self._blocks
        trials, chances = self._by_place(trials, target, axis), self._by_place(chances, target, axis)
        first, self._drawn = self._drawn, self._drawn + length
        if _is_cupy(xp):
            tables = [part for table in (trials, chances) for part in (xp.ascontiguousarray(table), np.uint64(max(table.size, 1)))]
            values = self._launch("binomials", first, length, np.int64, length, *tables, np.uint64(_ATTEMPTS))
        else:
            words = partial(self._words_of_attempt, first=first, length=length)
            values = binomials(xp, trials, chances, length * self._blocks, words, _ATTEMPTS)
        return self._joined(values, target, axis)

    def multinomial(self, n: Any, pvals: Any, size: Shape) -> Any:
        """Return counts (*size, k) of ``n`` trials by kind, as binomial counts of one kind after the other among those that are left.

        Parameters
        ----------
        n
            Number of trials, broadcasts against ``size``.
        pvals
            Probabilities of the k >= 1 kinds, numbers of the host; the last is what the others leave.
        size
            Shape without the kinds.

        Raises
        ------
        ValueError
            If ``n`` or ``pvals`` is out of range, as in `binomial`.
        """
        xp, shape = self.namespace, _as_shape(size)
        p = np.asarray(pvals, dtype=np.float64)
        if p.ndim != 1 or not p.size or not np.all((p >= 0.0) & (p <= 1.0)) or p[:-1].sum() > 1.0 + 1e-12:
            raise ValueError(f"pvals must be probabilities (k,), k >= 1, whose sum is at most 1; got {pvals}")
        left = np.cumsum(np.append(p[:-1], max(1.0 - p[:-1].sum(), 0.0))[::-1])[::-1]
        rest = xp.broadcast_to(xp.asarray(n), shape)
        counts = []
        for chance, among in zip(p[:-1], left[:-1], strict=True):
            counts.append(self.binomial(rest, min(chance / among, 1.0) if among > 0.0 else 0.0, shape))
            rest = rest - counts[-1]
        return xp.stack([*counts, rest], axis=-1)

    def _words_of_attempt(self, places: Any, attempt: int, first: int, length: int) -> Any:
        """Return uniform variates (count, 4) of an attempt for the values at these places."""
        quadruples = (first + places % length).astype(np.uint64)
        words = philox_at(self.namespace, self._key, quadruples, attempt, np.uint64(self._block) + (places // length).astype(np.uint64))
        return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def _launch(self, kernel: str, first: int, count: int, dtype: Any, length: int, *arguments: Any) -> Any:
        """Run a kernel, one thread for each of ``count`` quadruples of every block; return its array of ``length`` values a block."""
        values = self.namespace.empty(self._blocks * length, dtype=dtype)
        threads = self._blocks * count
        if threads:
            numbers = tuple(np.uint64(value) for value in (*self._key, self._block, self._blocks, first, count))
            _kernel(kernel)((-(-threads // _THREADS),), (_THREADS,), (*numbers, *arguments, values))
        return values


def _is_cupy(namespace: Any) -> bool:
    return bool(namespace.__name__ == "cupy")


@lru_cache(maxsize=8)
def _kernel(name: str) -> Any:
    import cupy

    return cupy.RawModule(code=GENERATOR_SOURCE).get_function(name)


def _check(name: str, must_be: str, value: Any, namespace: Any, valid: Callable[[], Any]) -> None:
    if hasattr(value, "get") and namespace is not np:
        return  # on a device
    if not bool(valid().all()):
        raise ValueError(f"{name} must be {must_be}; got {value}")


def _check_positive(namespace: Any, name: str, value: Any, array: Any) -> None:
    _check(name, "finite and > 0", value, namespace, lambda: (array > 0.0) & namespace.isfinite(array))


def _as_shape(size: Shape) -> tuple[int, ...]:
    return (int(size),) if isinstance(size, int | np.integer) else tuple(int(length) for length in size)
