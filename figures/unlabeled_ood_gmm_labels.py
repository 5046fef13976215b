"""The drawings of the labelled samples alone (arXiv:2310.00027): the rates of two rules, and the robust risk of a sample."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theorylab.papers.unlabeled_ood_gmm import closed_form
from theorylab.plotting import (
    POINTS,
    SERIES,
    column,
    distinct,
    new_figure,
    note,
    panel_label,
    select,
    series_legend,
    simulation_points,
    theory_line,
    write_level,
)
from theorylab.rows import Rows

__all__ = ["dro", "excess_against_size"]


def excess_against_size(rows: Rows) -> Figure:
    """Draw three rates of the excess risk in the plane, and the angle of the rule with the fewest training errors on its scale."""
    figure, (left, right) = new_figure(1, 2, height=3.2)
    _rates(left, select(rows, panel="excess"))
    _angles(right, select(rows, panel="angle"))
    note(figure, f"{POINTS}\n$d=2$. (a): $s=1$; the line of the mean is exact, that of the fewest errors a limit.")
    return figure


def _rates(axes: Axes, rows: Rows) -> None:
    sizes = np.unique(np.geomspace(min(column(rows, "labeled_size")) * 0.8, max(column(rows, "labeled_size")) * 1.25, 60).round())
    theory_line(axes, sizes, closed_form.mean_classifier_excess(2, sizes, 1.0), 0)
    theory_line(axes, sizes, closed_form.erm_cube_root_constant(1.0) * sizes ** (-2 / 3), 1)
    theory_line(axes, sizes, np.sqrt(2 / sizes), 2)
    for series, rule in enumerate(("mean", "fewest_errors")):
        chosen = select(rows, rule=rule)
        simulation_points(axes, column(chosen, "labeled_size"), chosen, series)
    axes.set(xscale="log", yscale="log", xlabel="labelled samples $m$", ylabel="excess risk", ylim=(None, 30))
    labels = ["labelled mean: exact, slope $-1$", "fewest errors: limit, slope $-2/3$", r"worst-case rate $\sqrt{d/m}$, slope $-1/2$"]
    series_legend(axes, labels, loc="upper right", fontsize=7)
    panel_label(axes, "(a) Three rates")


def _angles(axes: Axes, rows: Rows) -> None:
    for series, s in enumerate(distinct(rows, "half_distance")):
        chosen = select(rows, half_distance=s)
        m = np.array(column(chosen, "labeled_size"), dtype=float)
        unit = closed_form.erm_angle_scale(s) / m ** (1 / 3)
        scaled = [{key: row[key] / one for key in ("estimate", "low", "high")} for row, one in zip(chosen, unit, strict=True)]
        simulation_points(axes, m * 1.06**series, scaled, series)
    write_level(axes, closed_form.chernoff_moments().mean_absolute, r"$E|C|$ of Chernoff's law", below=True, distance=30.0)
    axes.set(xscale="log", xlabel="labelled samples $m$", ylabel=r"$E|\theta|$ in units of $(4b/k^2)^{1/3}m^{-1/3}$", ylim=(0.36, 0.5))
    series_legend(axes, [f"$s={s:g}$" for s in distinct(rows, "half_distance")], loc="upper right", fontsize=7, handlelength=1.0)
    panel_label(axes, "(b) Angle of the fewest errors")


def dro(rows: Rows) -> Figure:
    """Draw the worst error against the radius for one sample and for its law, and the bias of samples."""
    figure, (left, right) = new_figure(1, 2, height=3.2)
    _worst(left, select(rows, panel="sample"))
    _bias(right, select(rows, panel="bias"))
    note(
        figure,
        "(a): twelve margins of law $N(1,1)$; circles: a sample is moved completely; thin lines: $\\gamma\\epsilon$ + mean ramp, for three prices "
        "$\\gamma$.\n(b): points: simulation with 99 % intervals; lines: the limit.",
    )
    return figure


def _worst(axes: Axes, rows: Rows) -> None:
    margins = np.array(column(rows, "estimate"), dtype=float)
    radii = np.linspace(0.0, 0.8, 161)
    theory_line(axes, radii, [closed_form.wasserstein_dro_empirical(margins, radius).risk for radius in radii], 0)
    theory_line(axes, radii, closed_form.wasserstein_dro_risk(1.0, 1.0, radii).risk, 1)
    spent = np.cumsum(np.sort(np.maximum(margins, 0.0))) / margins.size
    shown = spent[spent <= radii[-1]]
    corners = [closed_form.wasserstein_dro_empirical(margins, float(radius)).risk for radius in shown]
    axes.plot(shown, corners, "o", color=SERIES[0].colour, markerfacecolor="white", markeredgewidth=1.2, markersize=4, zorder=3)
    for radius in (0.03, 0.15, 0.4):
        slope = closed_form.wasserstein_dro_empirical(margins, radius).slope
        tangent = slope * radii + np.mean(closed_form.ramp_loss(margins, slope))
        axes.plot(radii, tangent, color="0.6", linewidth=0.8, zorder=1)
    axes.set(xlabel=r"Wasserstein radius $\epsilon$", ylabel="worst error", xlim=(0.0, 0.8), ylim=(0.0, 1.05))
    series_legend(
        axes,
        [
            "sample of 12",
            r"law $N(1,1)$",
        ],
        loc="lower right",
        fontsize=7,
    )
    panel_label(axes, "(a) Worst error and its dual")


def _bias(axes: Axes, rows: Rows) -> None:
    settings = list(dict.fromkeys((row["margin_mean"], row["margin_deviation"], row["radius"]) for row in rows))
    ends = np.array([min(column(rows, "sample_size")) * 0.7, max(column(rows, "sample_size")) * 1.4])
    for series, (mean, deviation, radius) in enumerate(settings):
        chosen = select(rows, margin_mean=mean, margin_deviation=deviation, radius=radius)
        theory_line(axes, ends, np.full(2, closed_form.dro_bias_coefficient(mean, deviation, radius)), series)
        simulation_points(axes, column(chosen, "sample_size"), chosen, series)
    axes.set(xscale="log", xlabel="sample size $m$", ylabel="$m\\,(E v_m-v)$", ylim=(-0.18, -0.05), xlim=tuple(ends))
    labels = [rf"$M={mean:g},\ \sigma={deviation:g},\ \epsilon={radius:g}$" for mean, deviation, radius in settings]
    series_legend(axes, labels, loc="upper right", fontsize=7)
    panel_label(axes, "(b) Samples underestimate it")
