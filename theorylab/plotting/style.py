"""Sizes, fonts and files of figures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from theorylab.names import file_name, file_path
from theorylab.validation import instance, items, real, text, whole_number

__all__ = ["DOUBLE_COLUMN", "SINGLE_COLUMN", "new_figure", "save_figure", "style"]

# Widths in inches of one and two columns of a page.
SINGLE_COLUMN = 3.5
DOUBLE_COLUMN = 7.0
# Of one figure.
_MOST_PANELS, _MOST_INCHES = 100, 1000.0

_SETTINGS: dict[str, Any] = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "0.9",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "errorbar.capsize": 2,
    "mathtext.fontset": "dejavusans",
    # Text stays text in PDF and SVG, and the same data give the same file.
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "theorylab",
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house style inside this context."""
    with mpl.rc_context(cast(Any, _SETTINGS)):
        yield


def new_figure(
    rows: int = 1, columns: int = 1, *, mosaic: str | None = None, width: float = DOUBLE_COLUMN, height: float = 2.8, **options: Any
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a constrained layout and the flat list of its axes; no window and no global state.

    Parameters
    ----------
    rows, columns
        Panels.
    mosaic
        Instead of rows and columns, a drawing of the panels such as ``"ab;cc"``; the axes come in the order of their letters.
    width, height
        Inches of the whole figure.
    **options
        Passed to ``Figure.subplots`` or ``Figure.subplot_mosaic``.
    """
    rows, columns = whole_number("rows", rows, maximum=_MOST_PANELS), whole_number("columns", columns, maximum=_MOST_PANELS)
    width, height = real("width", width, above=0.0, maximum=_MOST_INCHES), real("height", height, above=0.0, maximum=_MOST_INCHES)
    if mosaic is not None and not text("mosaic", mosaic, empty=False).replace(";", "").strip().isprintable():
        raise ValueError(f"mosaic must be a drawing of letters such as 'ab;cc'; got {mosaic!r}")
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    if mosaic is not None:
        try:
            panels = figure.subplot_mosaic(mosaic, **options)
        except ValueError as error:
            raise ValueError(f"mosaic must be a drawing of panels such as 'ab;cc' ({error}); got {mosaic!r}") from None
        return figure, [panels[letter] for letter in sorted(panels)]
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(axes.flat)


def save_figure(figure: Figure, folder: Path, name: str, formats: Sequence[str] = ("png", "pdf")) -> tuple[Path, ...]:
    """Write ``figure`` as ``folder/name.<format>`` for every format, each whole or not at all; return the files.

    Raises
    ------
    ValueError
        If ``name`` is not the name of one file.
    """
    file_name("name", name)
    instance("figure", figure, Figure)
    folder, formats = file_path("folder", folder), items("formats", formats, str)
    for kind in formats:
        if kind not in figure.canvas.get_supported_filetypes():
            raise ValueError(f"formats must be of {', '.join(figure.canvas.get_supported_filetypes())}; got {kind!r}")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for kind in formats:
        path = folder / f"{name}.{kind}"
        # A date in the file would make equal figures differ.
        metadata: dict[str, Any] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {})
        # Into a neighbour first, which then takes the place of what is there: of a link the link itself, not the file that it leads to.
        draft = folder / f".{name}.{kind}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        try:
            with draft.open("xb") as stream:
                figure.savefig(stream, format=kind, metadata=metadata)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        # The layout is found once: it takes as long as the drawing.
        figure.set_layout_engine("none")
        files.append(path)
    return tuple(files)
