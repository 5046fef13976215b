"""Tables of numbers as maps: shades that keep their order in grey, and the numbers written into the cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from theorylab.validation import instance, items, numbers, real, text

__all__ = ["number_map"]


def number_map(
    axes: Axes,
    values: ArrayLike,
    texts: Sequence[Sequence[str]],
    *,
    least: float,
    most: float,
    fontsize: float = 7.0,
    colours: str = "Blues",
) -> Any:
    """Draw a table as a map with a text in every cell; row 0 is at the top.

    Parameters
    ----------
    axes
        Where.
    values
        (rows, columns); they choose the shades. NaN leaves a cell blank.
    texts
        What is written into the cells.
    least, most
        The values of the palest and of the darkest shade.
    fontsize
        Of the texts.
    colours
        A sequential colour map that runs from pale to dark.

    Returns
    -------
    matplotlib.image.AxesImage
    """
    instance("axes", axes, Axes)
    table = numbers("values", values)
    if table.ndim != 2 or table.size == 0 or np.any(np.isinf(table)):
        raise ValueError(f"values must have shape (rows, columns), none infinite; got shape {table.shape}")
    texts = [items("texts", row, str, length=table.shape[1]) for row in items("texts", texts, length=len(table))]
    least, fontsize, colours = real("least", least), real("fontsize", fontsize, above=0.0, maximum=1000.0), text("colours", colours)
    most = real("most", most, above=least)
    if colours not in colormaps:
        raise ValueError(f"colours must be the name of a colour map; got {colours!r}")
    # Only the paler three quarters of the map, so that the lines over a cell stay visible.
    image = axes.imshow(table, cmap=colours, vmin=least, vmax=least + (most - least) / 0.8, aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        dark = (value - least) / (most - least) > 0.75
        axes.text(column, row, texts[row][column], ha="center", va="center", fontsize=fontsize, color="white" if dark else "black")
    axes.grid(False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image
