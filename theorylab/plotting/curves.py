"""Lines for theory, points with intervals for simulation.

Series differ in colour, dash and marker, so that they survive grey paper and colour blindness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from theorylab.validation import choice, flag, instance, items, numbers, real, record, whole_number
from theorylab.validation import text as checked_text

__all__ = [
    "POINTS",
    "SERIES",
    "Series",
    "note",
    "panel_label",
    "plain_log_axis",
    "powers_of_two_axis",
    "series_legend",
    "simulation_points",
    "theory_line",
    "write_level",
    "write_place",
]

# What most figures say below their panels.
POINTS = "Lines: closed form. Points: simulation, with 99 % intervals (often smaller than the marker)."


@dataclass(frozen=True)
class Series:
    """How one series looks everywhere: colour, dash and marker."""

    colour: str
    dash: Any
    marker: str


# Okabe and Ito's palette, safe for colour-blind readers; without its yellow, which is too pale for lines. Neighbours differ in lightness.
SERIES = (
    Series("#0072B2", "-", "o"),
    Series("#D55E00", (0, (5, 2)), "s"),
    Series("#009E73", (0, (1.5, 1.5)), "^"),
    Series("#CC79A7", (0, (6, 2, 1.5, 2)), "D"),
    Series("#000000", (0, (9, 3)), "v"),
    Series("#E69F00", (0, (3, 1, 1, 1, 1, 1)), "P"),
    Series("#56B4E9", (0, (1, 3)), "X"),
)


def _look(series: int) -> Series:
    return SERIES[whole_number("series", series, minimum=0) % len(SERIES)]


def _line(axes: Axes, x: ArrayLike, label: str | None) -> np.ndarray:
    """Return the places on the horizontal axis, (k,), NaN where there is a gap."""
    instance("axes", axes, Axes)
    if label is not None:
        checked_text("label", label)
    places = np.atleast_1d(numbers("x", x))
    if places.ndim != 1:
        raise ValueError(f"x must be a number or have shape (k,); got shape {places.shape}")
    return places


def theory_line(axes: Axes, x: ArrayLike, y: ArrayLike, series: int = 0, label: str | None = None, **options: Any) -> None:
    """Draw a closed form as a line."""
    look, places, heights = _look(series), _line(axes, x, label), np.atleast_1d(numbers("y", y))
    if heights.shape[:1] != places.shape or heights.ndim > 2:
        raise ValueError(f"y must have the length of x, {places.size}; got shape {heights.shape}")
    axes.plot(places, heights, **{"color": look.colour, "linestyle": look.dash, "label": label, "zorder": 2, **options})


def simulation_points(
    axes: Axes, x: ArrayLike, rows: Sequence[dict[str, Any]], series: int = 0, label: str | None = None, *, value: str = "", **options: Any
) -> None:
    """Draw measured points with their intervals.

    Parameters
    ----------
    axes, x
        Where; one x per row.
    rows
        Dictionaries with ``estimate``, ``low`` and ``high``, or with these names behind the prefix ``value`` and an underscore.
    series, label
        Look and legend entry.
    value
        Prefix.
    **options
        Passed to ``Axes.errorbar``.
    """
    look, places = _look(series), _line(axes, x, label)
    prefix = f"{checked_text('value', value)}_" if value else ""
    fields = tuple(prefix + name for name in ("estimate", "low", "high"))
    listed = [record("rows", row, fields) for row in items("rows", rows, dict, length=len(places))]
    estimate, low, high = (numbers(f"{name} of rows", [row[name] for row in listed]) for name in fields)
    settings: dict[str, Any] = {
        "color": look.colour,
        "marker": look.marker,
        "linestyle": "none",
        "markerfacecolor": "white",
        "markeredgewidth": 1.2,
        "label": label,
        "zorder": 3,
    }
    axes.errorbar(places, estimate, yerr=np.maximum([estimate - low, high - estimate], 0.0), **{**settings, **options})


def series_legend(axes: Axes, labels: Sequence[str], *, first: int = 0, **options: Any) -> Legend:
    """Write one legend entry per series, its line and its marker together.

    Parameters
    ----------
    axes
        Where.
    labels
        Names of the series ``first``, ``first + 1``, ...
    **options
        Passed to ``Axes.legend``.
    """
    instance("axes", axes, Axes)
    labels, first = items("labels", labels, str), whole_number("first", first, minimum=0)
    handles = []
    for number in range(len(labels)):
        look = _look(first + number)
        handles.append(Line2D([], [], color=look.colour, linestyle=look.dash, marker=look.marker, markerfacecolor="white", markeredgewidth=1.2))
    return axes.legend(handles, list(labels), **{"handlelength": 2.8, **options})


def _named_line(axes: Axes, value: float, name: str, at: float, distance: float) -> tuple[float, float, float]:
    instance("axes", axes, Axes)
    checked_text("text", name)
    return real("value", value), real("at", at), real("distance", distance)


def write_level(axes: Axes, value: float, text: str, *, at: float = 0.99, below: bool = False, distance: float = 2.0) -> None:
    """Draw a thin grey level with its name along it.

    Parameters
    ----------
    axes, value, text
        Where, the height, and the name.
    at
        Where along the level the name ends, as a fraction of the axes.
    below
        Whether the name is written below the level.
    distance
        Between level and name, in points.
    """
    value, at, distance = _named_line(axes, value, text, at, distance)
    below = flag("below", below)
    axes.axhline(value, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    axes.annotate(
        text,
        (at, value),
        xycoords=("axes fraction", "data"),
        xytext=(0, -distance if below else distance),
        textcoords="offset points",
        va="top" if below else "bottom",
        ha="right",
        fontsize=7,
        color="0.25",
    )


def write_place(axes: Axes, value: float, text: str, *, at: float = 0.98, right: bool = True, distance: float = 2.0) -> None:
    """Draw a thin grey upright with its name along it.

    Parameters
    ----------
    axes, value, text
        Where, the place on the horizontal axis, and the name.
    at
        Where along the upright the name ends, as a fraction of the axes.
    right
        Whether the name stands right of the upright, or left of it.
    distance
        Between upright and name, in points.
    """
    value, at, distance = _named_line(axes, value, text, at, distance)
    right = flag("right", right)
    axes.axvline(value, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    axes.annotate(
        text,
        (value, at),
        xycoords=("data", "axes fraction"),
        xytext=(distance if right else -distance, 0),
        textcoords="offset points",
        rotation=90,
        va="top",
        ha="left" if right else "right",
        fontsize=7,
        color="0.25",
    )


def plain_log_axis(axes: Axes, ticks: Sequence[float], name: str = "x") -> None:
    """Make an axis logarithmic with plain numbers at ``ticks``."""
    instance("axes", axes, Axes)
    choice("name", name, ("x", "y"))
    ticks = [real("ticks", tick, above=0.0) for tick in items("ticks", ticks)]
    axis = axes.xaxis if name == "x" else axes.yaxis
    set_scale = axes.set_xscale if name == "x" else axes.set_yscale
    set_scale("log")
    axis.set_ticks(list(ticks), [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)


def powers_of_two_axis(axes: Axes, name: str = "x", *, least: float, most: float) -> None:
    """Make an axis logarithmic with plain numbers at powers of two, at most nine of them."""
    instance("axes", axes, Axes)
    choice("name", name, ("x", "y"))
    most = real("most", most, minimum=real("least", least, minimum=1e-300), maximum=1e300)
    axis = axes.xaxis if name == "x" else axes.yaxis
    set_scale = axes.set_xscale if name == "x" else axes.set_yscale
    set_scale("log", base=2)
    exponents = np.arange(np.floor(np.log2(least)), np.ceil(np.log2(most)) + 1)
    stride = -(-len(exponents) // 9)
    ticks = 2.0 ** exponents[exponents % stride == 0]
    axis.set_ticks(ticks, [f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)


def panel_label(axes: Axes, text: str) -> None:
    """Write a panel's title at its left."""
    instance("axes", axes, Axes).set_title(checked_text("text", text), loc="left")


def note(figure: Figure, text: str) -> None:
    """Write a small line below the panels that says what lines and points are."""
    instance("figure", figure, Figure).supxlabel(checked_text("text", text), x=0.005, ha="left", fontsize=7, color="0.25")
