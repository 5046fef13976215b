"""Contests: our way to an answer beside the ways that a user would take instead, timed in turn in one run.

A paper's contests stand in ``bench_<slug>.py``, which offers ``contests() -> list[Contest]``. They are run by ``suite.py`` through pytest-benchmark.
The unit is the time to the answer, or, where the answer is an average, the time to a given standard error: seconds of a replicate times the
variance of its value, over the squared error that is asked for. All contenders have a turn in every round, so a neighbour's load hits all alike, and
the ratio of a round compares turns that lay side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = ["Contender", "Contest"]


@dataclass(frozen=True)
class Contender:
    """One way to the answer.

    Attributes
    ----------
    name
        Who it is: a library's function, a published algorithm, a sampler.
    call
        Does the work once.
    replicates
        How many replicates one call draws, where the answer is an average; else how many problems one call solves: the price is that of one. A part
        of one if only that is timed (and said so in the name).
    spread
        Standard deviation of a replicate's value, or a function that returns it; None where the answer is not an average.
    """

    name: str
    call: Callable[[], Any]
    replicates: float = 1
    spread: float | Callable[[], float] | None = None

    @cached_property
    def deviation(self) -> float | None:
        """The standard deviation, found once."""
        return self.spread() if callable(self.spread) else self.spread


@dataclass(frozen=True)
class Contest:
    """A question and the ways to its answer, ours first.

    Attributes
    ----------
    slug, title
        The paper, and what is asked at which sizes.
    contenders
        Ours first, then the others.
    standard_error
        What is asked for where the answer is an average; None where all give the same answer.
    answer
        In which sense the answers are equal, in a few words.
    target
        How many times faster than the first rival we mean to be; None if no target was set.
    check
        Raises AssertionError if the contenders do not give the same answer.
    rounds
        How many rounds are run.
    """

    slug: str
    title: str
    contenders: tuple[Contender, ...]
    answer: str
    check: Callable[[], None]
    standard_error: float | None = None
    target: float | None = None
    rounds: int = 5

    def price(self, contender: Contender, seconds: float) -> float:
        """Return the seconds to the answer (of one problem, if a call solves several) of a contender whose call took ``seconds``."""
        if self.standard_error is None or contender.deviation is None:
            return seconds / contender.replicates
        return seconds / contender.replicates * (contender.deviation / self.standard_error) ** 2
