"""The progress line of long commands; silent when the error stream is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from theorylab.montecarlo.engine import Progress

__all__ = ["progress_line"]


@contextmanager
def progress_line() -> Iterator[Callable[[Progress], None] | None]:
    """Yield a callback that shows one line with bar, replicates per second and time left, or None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("waiting", total=None, speed="")

        def show(progress: Progress) -> None:
            left = (progress.wanted - progress.done) / max(progress.replicates_per_second, 1e-9)
            width = f", half-width {progress.half_width:.2g}" if progress.half_width is not None else ""
            speed = f"{progress.replicates_per_second:,.0f} replicates/s{width}, {left:.0f} s left in this look"
            bar.update(task, description=progress.label[:48], total=progress.wanted, completed=progress.done, speed=speed)

        yield show
