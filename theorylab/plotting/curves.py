"""Lines for theory, points with intervals for simulation; series differ in colour, dash and marker, so that they survive grey and colour blindness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

__all__ = ["SERIES", "Series", "mark_level", "panel_label", "simulation_points", "theory_line"]


@dataclass(frozen=True)
class Series:
    """How one series looks everywhere: colour (Okabe and Ito's palette, ordered by lightness contrast), dash and marker."""

    colour: str
    dash: Any
    marker: str


SERIES = (
    Series("#0072B2", "-", "o"),
    Series("#D55E00", (0, (5, 2)), "s"),
    Series("#009E73", (0, (1.5, 1.5)), "^"),
    Series("#CC79A7", (0, (6, 2, 1.5, 2)), "D"),
    Series("#E69F00", (0, (9, 3)), "v"),
    Series("#56B4E9", (0, (3, 1, 1, 1, 1, 1)), "P"),
    Series("#000000", (0, (1, 3)), "x"),
)


def theory_line(axes: Axes, x: ArrayLike, y: ArrayLike, series: int = 0, label: str | None = None, **options: Any) -> None:
    """Draw a closed form as a line."""
    look = SERIES[series % len(SERIES)]
    axes.plot(np.asarray(x), np.asarray(y), **{"color": look.colour, "linestyle": look.dash, "label": label, "zorder": 2, **options})


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
    look = SERIES[series % len(SERIES)]
    prefix = f"{value}_" if value else ""
    estimate, low, high = (np.array([row[prefix + name] for row in rows], dtype=float) for name in ("estimate", "low", "high"))
    settings: dict[str, Any] = {
        "color": look.colour,
        "marker": look.marker,
        "linestyle": "none",
        "markerfacecolor": "white",
        "markeredgewidth": 1.2,
        "label": label,
        "zorder": 3,
    }
    axes.errorbar(np.asarray(x, dtype=float), estimate, yerr=np.maximum([estimate - low, high - estimate], 0.0), **{**settings, **options})


def mark_level(axes: Axes, value: float, text: str, *, vertical: bool = False) -> None:
    """Draw a thin grey reference line with its name at the end of the line."""
    line = axes.axvline if vertical else axes.axhline
    line(value, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    if vertical:
        axes.annotate(text, (value, 1), xycoords=("data", "axes fraction"), xytext=(3, -2), textcoords="offset points", va="top", fontsize=7, color="0.3")
    else:
        axes.annotate(text, (1, value), xycoords=("axes fraction", "data"), xytext=(-2, 2), textcoords="offset points", ha="right", fontsize=7, color="0.3")


def panel_label(axes: Axes, text: str) -> None:
    """Write a panel's title at its left."""
    axes.set_title(text, loc="left")
