"""One headline sampler at one size, with the arithmetic that a replicate cannot do without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Case"]


@dataclass(frozen=True)
class Case:
    """A sampler at one size.

    Attributes
    ----------
    name
        What the tables call it: sampler and sizes.
    sampler, parameters
        What is called.
    statistics
        What its figure or claim records of it.
    work
        Units of work of a replicate.
    reason
        What keeps it below a quarter of the limit, where something does.
    separate
        Whether the statistics are recorded each by itself.
    replicates
        How many are drawn at once where it is not a block: the sampler is asked for a few runs at a time.
    """

    name: str
    sampler: Callable[..., Any]
    parameters: Mapping[str, Any]
    statistics: tuple[str, ...]
    work: Mapping[str, float]
    reason: str = ""
    separate: bool = False
    replicates: int | None = None

    @property
    def slug(self) -> str:
        """The paper."""
        return self.sampler.__module__.split(".")[2]
