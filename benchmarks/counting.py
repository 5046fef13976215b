"""A random generator that writes down what is drawn from it, and the time that numpy takes for the same numbers.

`CountingGenerator` is a `numpy.random.Generator`, draws the same bits and keeps, for every call, the method, its parameters and how many numbers came
out. Numbers drawn inside compiled loops pass it by: such loops are replaced, while counting goes on, by ones that write down the same
(`compiled_draws`). Words of the bit generator are counted beside the calls, so nothing can be drawn unseen.
"""

from __future__ import annotations

import contextlib
import inspect
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

from theorylab.models import wishart_kernels

__all__ = ["KINDS", "CountingGenerator", "Draws", "compiled_draws", "numpy_seconds"]

# What a table calls the numbers of each method.
KINDS = {
    "random": "uniform",
    "uniform": "uniform",
    "standard_normal": "normal",
    "normal": "normal",
    "exponential": "exponential",
    "standard_exponential": "exponential",
    "standard_gamma": "gamma",
    "gamma": "gamma",
    "chisquare": "chi-squared",
    "noncentral_chisquare": "noncentral chi-squared",
    "integers": "integer",
    "choice": "choice",
    "binomial": "binomial",
    "multinomial": "multinomial",
    "laplace": "Laplace",
    "beta": "beta",
    "dirichlet": "Dirichlet",
    "poisson": "Poisson",
    "standard_t": "Student",
    "permuted": "permutation",
    "permutation": "permutation",
    "shuffle": "permutation",
}
# Numbers of a replay: 64 kB of them stay in the cache.
REPLAYED = 8192
# Methods whose numbers of one call depend on one another are called again as they were called.
WHOLE = ("choice", "multinomial", "dirichlet", "permuted", "permutation", "shuffle")


@dataclass
class Draws:
    """Numbers of one law: the method, its parameters at the largest call, and how many numbers and words of the bit generator it took."""

    method: str
    arguments: dict[str, Any]
    count: int = 0
    words: int = 0
    largest: int = 0

    @property
    def kind(self) -> str:
        """What a table calls these numbers."""
        single = self.arguments.get("dtype") is np.float32
        return KINDS[self.method] + (" (single)" if single else "")


class CountingGenerator(np.random.Generator):
    """A generator that writes down what is drawn from it.

    Parameters
    ----------
    bit_generator
        A Philox generator of numpy.
    """

    def __init__(self, bit_generator: np.random.Philox) -> None:
        super().__init__(bit_generator)
        self.draws: dict[Any, Draws] = {}
        self._start = self.words()
        # Some methods of numpy call others; only the outer call counts.
        self._inside = False

    def words(self) -> int:
        """Return how many 64-bit words the bit generator has given so far."""
        state = self.bit_generator.state
        quadruples = int(state["state"]["counter"][0])
        return 4 * quadruples - 4 + int(state["buffer_pos"])

    @property
    def unseen(self) -> int:
        """Words that were drawn by no call that was written down."""
        return self.words() - self._start - sum(law.words for law in self.draws.values())

    def note(self, method: str, arguments: dict[str, Any], draw: Callable[[], Any]) -> Any:
        """Draw, and write down what was drawn."""
        if self._inside:
            return draw()
        before, self._inside = self.words(), True
        try:
            values = draw()
        finally:
            self._inside = False
        count = _size_of(values, arguments)
        kept = {name: value for name, value in arguments.items() if name not in ("size", "out")}
        law = self.draws.setdefault((method, *(_signature(value) for value in kept.values())), Draws(method, kept))
        law.count += count
        law.words += self.words() - before
        if count > law.largest:
            law.largest, law.arguments = count, (dict(arguments) if method in WHOLE else kept)
        return values


def _size_of(values: Any, arguments: dict[str, Any]) -> int:
    # A shuffle in place returns nothing.
    return int(np.size(arguments["x"] if values is None else values))


def _signature(value: Any) -> Any:
    """Return what tells one law from another: numbers and names themselves, of arrays the shape."""
    return ("array", np.shape(value)) if np.ndim(value) else str(value)


def _written(method: str) -> Callable[..., Any]:
    original = getattr(np.random.Generator, method)
    signature = inspect.signature(original)

    def call(self: CountingGenerator, *args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(self, *args, **kwargs)
        arguments = {name: value for name, value in bound.arguments.items() if name != "self"}
        return self.note(method, arguments, lambda: original(self, *args, **kwargs))

    return call


for _method in KINDS:
    setattr(CountingGenerator, _method, _written(_method))


@contextlib.contextmanager
def compiled_draws() -> Iterator[None]:
    """Let the compiled loops that draw write down what they draw from a `CountingGenerator`."""
    original = wishart_kernels.chi_squared_rows

    def rows(rng: CountingGenerator, degrees: np.ndarray, size: int) -> np.ndarray:
        values: np.ndarray = rng.note("chisquare", {"df": np.broadcast_to(degrees, (size, len(degrees)))}, lambda: original(rng, degrees, size))
        return values

    with mock.patch.object(wishart_kernels, "chi_squared_rows", rows):
        yield


def numpy_seconds(law: Draws, rng: np.random.Generator, rounds: int = 3) -> float:
    """Return the processor time that numpy's generator takes for one number of a law, at a size that stays in the cache: the least of the rounds."""
    method = getattr(rng, law.method)
    if law.method in WHOLE:
        arguments, count = law.arguments, law.largest
    else:
        arguments, count = _cut(law.arguments), REPLAYED
    calls = max(1, REPLAYED * 8 // count)
    best = np.inf
    for _ in range(rounds):
        begin = time.process_time()
        for _ in range(calls):
            method(**arguments)
        best = min(best, time.process_time() - begin)
    return best / (calls * count)


def _cut(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return arguments for a call that gives `REPLAYED` numbers; of arrays of parameters a stretch as they came, repeated if it is short."""
    arrays = [value for value in arguments.values() if np.ndim(value)]
    if not arrays:
        return arguments | {"size": REPLAYED}
    shape = np.broadcast_shapes(*(np.shape(value) for value in arrays))

    def stretch(value: Any) -> Any:
        # An iterator, because the whole broadcast array may be large.
        return (
            np.resize(np.fromiter(np.broadcast_to(value, shape).flat, float, min(REPLAYED, math.prod(shape))), REPLAYED) if np.ndim(value) else value
        )

    return {name: stretch(value) for name, value in arguments.items()}
